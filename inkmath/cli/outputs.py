"""Answers as files of a directory, or as bytes on standard output."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from inkmath.cli.report import while_read
from inkmath.cli.sources import Source, SourceError
from inkmath.dataset.atomic import replacing

if TYPE_CHECKING:
    from pathlib import Path

    from inkmath.ink import Ink


class Outputs:
    """Writes one file a source; two sources of one name do not overwrite each other.

    Args:
        directory: where the files go; None writes everything to standard output.
    """

    def __init__(self, directory: Path | None) -> None:
        self.directory = directory
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
        file = source.stem + suffix
        if file in self._written:
            raise SourceError(f"{self.directory / file} already holds the answer for {self._written[file]}")
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
