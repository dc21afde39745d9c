"""Answers as files of a directory, or as bytes on standard output."""

from __future__ import annotations

import sys
from os.path import realpath
from typing import TYPE_CHECKING, Any

from inkmath.cli.report import while_read
from inkmath.cli.sources import InputError, Source, names_below
from inkmath.dataset.atomic import replacing

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from inkmath.ink import Ink


class Outputs:
    """Writes one file a source, named as it is; where two have one name, as `names_below` says.

    Args:
        directory: where the files go; None writes everything to standard output.
        sources: all that will be written.
    """

    def __init__(self, directory: Path | None, sources: Sequence[Source]) -> None:
        self.directory = directory
        alike = len({source.stem for source in sources}) < len(sources)
        self._names = names_below(sources) if alike else {source: source.stem for source in sources}
        self._given = {realpath(source.name) for source in sources}

    def write(self, source: Source, suffix: str, content: bytes) -> None:
        """Write the answer for one source.

        Raises:
            InputError: its place is that of one of the sources, which are never overwritten.
        """
        if self.directory is None:
            with while_read():
                sys.stdout.buffer.write(content)
                sys.stdout.buffer.flush()
            return
        file = self.directory / (self._names[source] + suffix)
        if realpath(file) in self._given:
            raise InputError(f"{file} is what was given; name another --out")
        with replacing(file) as temporary:
            temporary.write_bytes(content)


def png(ink: Ink, **options: Any) -> bytes:
    """Ink as PNG; options as for :func:`inkmath.drawing.to_png`.

    Raises:
        InputError: what draws PNG is not installed.
    """
    from inkmath.drawing import to_png

    try:
        return to_png(ink, **options)
    except ImportError as missing:
        raise InputError(f"PNG needs the package {missing.name}: pip install {missing.name}, or draw SVG") from missing
