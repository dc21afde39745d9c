"""Pictures of pen lines, for tests of whatever reads pictures."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw

if TYPE_CHECKING:
    from collections.abc import Sequence

ONE_MINUS = ([(40, 10), (40, 90)], [(70, 50), (140, 50)])
"""A tall line and a flat one, which readers without weights call ``1 -``."""


def picture(
    lines: Sequence[Sequence[tuple[int, int]]] = ONE_MINUS, size: tuple[int, int] = (160, 100), form: str = "png"
) -> bytes:
    """Lines of a black pen on white paper, as a file of that form."""
    canvas = Image.new("L", size, 255)
    for line in lines:
        ImageDraw.Draw(canvas).line(line, fill=0, width=5)
    stream = io.BytesIO()
    canvas.save(stream, form)
    return stream.getvalue()
