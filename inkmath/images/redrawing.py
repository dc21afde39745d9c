"""Ink as it comes back from its own picture, with its truth: what a reader of pictures learns from.

The lines of a picture show how they run, not how the pen went: strokes come back in another order, drawn from another
end, parted at meetings or joined over them. A reader that has seen only pens knows little of that.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from inkmath.drawing import MARGIN, to_png
from inkmath.images import ImageError, ink_from_image
from inkmath.ink import boxes, resample, typical_size

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from inkmath.ink import Ink, Stroke

PEN = 2.5, 7.0
"""Width of the pen's line, in pixels."""

FINENESS = 0.02, 0.2
"""The same in typical strokes, from a fine pen in large writing to a felt pen in small."""

SIZES = 30.0, 250.0
"""Smallest and largest size of a typical stroke, in pixels."""

LONGEST = 1800.0
"""Pixels of the longer side of the ink at most; long formulas are drawn smaller for it, whatever `SIZES` says."""

OWN = 0.85
"""Share of a line that one symbol must have drawn: less is a line through symbols that touch."""

SPACING = 2.0
"""Pixels between the points that tell which symbol drew a line."""


class RedrawError(ValueError):
    """Ink does not come back from its picture with its truth; the message says why."""


def redrawn(ink: Ink, rng: np.random.Generator) -> Ink:
    """Draw ink, recover its strokes from the picture, and give each to the symbol that drew it.

    Args:
        ink: of a tree whose symbols own all of its strokes.
        rng: chooses how large the ink is drawn, and how wide the pen's line.

    Returns:
        The same formula in strokes as `ink_from_image` finds them, in pixels. Parts of one symbol that the pen's line
        covers come back as one, such as the dot of an i that sits on its stem.

    Raises:
        RedrawError: the truth leaves strokes or symbols out; the picture cannot be read; one of its lines runs through
            two symbols, or a symbol has none.
    """
    if ink.tree is None or not ink.tree.has_strokes or ink.unowned:
        raise RedrawError("its truth does not explain all of its ink")
    pen = float(np.exp(rng.uniform(*np.log(PEN))))
    left, top, right, bottom = ink.bounds
    extent = max(right - left, bottom - top) or 1.0
    size = float(np.clip(pen / np.exp(rng.uniform(*np.log(FINENESS))), *SIZES))
    typical = typical_size(*boxes(ink.strokes))
    scale = min(size / typical, LONGEST / extent)
    pen = max(PEN[0], min(pen, FINENESS[1] * typical * scale))
    margin = MARGIN + pen / 2
    placed = ((stroke.astype(np.float64) - (left, top)) * scale + margin for stroke in ink.strokes)
    drawn = replace(ink, strokes=tuple(stroke.astype(np.float32) for stroke in placed))
    picture = to_png(drawn, size=(extent * scale, extent * scale), pen=pen, scale=1.0)  # a pixel is a unit of `drawn`
    try:
        strokes = ink_from_image(picture).strokes
    except ImageError as error:
        raise RedrawError(f"its picture cannot be read: {error}") from error
    owners = _owners(strokes, drawn)
    symbols = tuple(
        replace(symbol, strokes=tuple(np.flatnonzero(owners == number).tolist()))
        for number, symbol in enumerate(ink.tree.symbols)
    )
    if lost := [symbol.label for symbol in symbols if not symbol.strokes]:
        raise RedrawError(f"{lost[0]} has no line of its own in the picture")
    tree = replace(ink.tree, symbols=symbols)
    return replace(ink, strokes=strokes, tree=tree, groups=(), trace_ids=(), problems=())


def _owners(strokes: tuple[Stroke, ...], drawn: Ink) -> NDArray[np.int64]:
    """Which symbol drew each recovered stroke, ``(S,)``: the one that drew what lies nearest to most of it."""
    from scipy.spatial import KDTree

    assert drawn.tree is not None
    symbol_of = {stroke: number for number, symbol in enumerate(drawn.tree.symbols) for stroke in symbol.strokes}
    lines = [_dense(stroke) for stroke in drawn.strokes]
    number = np.repeat([symbol_of[index] for index in range(len(lines))], [len(line) for line in lines])
    nearest = KDTree(np.concatenate(lines))
    owners = np.zeros(len(strokes), np.int64)
    for index, stroke in enumerate(strokes):
        points = _dense(stroke)
        counts = np.bincount(number[nearest.query(points)[1]])
        owners[index] = counts.argmax()
        if counts.max() < OWN * len(points):
            one, other = (drawn.tree.symbols[place].label for place in np.argsort(-counts, kind="stable")[:2])
            raise RedrawError(f"a line of the picture runs through {one} and {other}, which touch")
    return owners


def _dense(stroke: Stroke) -> Stroke:
    length = float(np.hypot(*np.diff(stroke, axis=0).T).sum())
    return resample(stroke, max(2, round(length / SPACING)))
