"""Answers as files of a directory, or as bytes on standard output."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from inkmath.cli.report import while_read
from inkmath.cli.sources import Source, SourceError, names_below
from inkmath.dataset.atomic import replacing

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from inkmath.ink import Ink


class Outputs:
    """Writes one file a source, named as it is; where two have one name, below folders as they are.

    Args:
        directory: where the files go; None writes everything to standard output.
        sources: all that will be written.
    """

    def __init__(self, directory: Path | None, sources: Sequence[Source]) -> None:
        self.directory = directory
        alike = len({source.stem for source in sources}) < len(sources)
        self._names = names_below(sources) if alike else {source: source.stem for source in sources}
        self._written: dict[str, str] = {}

    def write(self, source: Source, suffix: str, content: bytes) -> None:
        """Write the answer for one source.

        Raises:
            SourceError: a file of that name was already written, for another source.
        """
        if self.directory is None:
            with while_read():
                sys.stdout.buffer.write(content)
                sys.stdout.buffer.flush()
            return
        file = self._names[source] + suffix
        if file in self._written:
            held = f"{self.directory / file} already holds the answer for {self._written[file]}"
            raise SourceError(f"{held}; rename one of them")
        self._written[file] = source.name
        with replacing(self.directory / file) as temporary:
            temporary.write_bytes(content)


def png(ink: Ink, **options: Any) -> bytes:
    """Ink as PNG; options as for :func:`inkmath.drawing.to_png`.

    Raises:
        SourceError: what draws PNG is not installed.
    """
    from inkmath.drawing import to_png

    try:
        return to_png(ink, **options)
    except ImportError as missing:
        raise SourceError(f"PNG needs the package {missing.name}: pip install {missing.name}, or draw SVG") from missing
