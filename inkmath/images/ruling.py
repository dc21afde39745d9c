"""Printed lines of ruled and squared paper: straight, from edge to edge of the picture, evenly apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from inkmath.images.picture import Grey

Pixels = NDArray[np.bool_]

PARTS = 4
"""Parts of the picture's width that are looked at alone: within one, a line is straight though the page be curved."""
STEEPEST = 0.25
"""Rows per column, at most: the page lies nearly straight."""
EVERY = 3
"""Of so many columns one is looked at."""
SEEN = 0.7
"""Share of a part's width that a line is seen in, for noise hides the rest; and of the picture's."""
BESIDE = 0.85
"""The same, in that of the best within three rows: what is less runs across a line, not along it."""
PASSING = 0.1
"""The same of what leaves the picture above or below."""
FEWEST, FEWEST_FAINT = 4, 2
"""Lines that show what paper it is, three as dark as the rest may be an E; and lines that are fainter than the rest."""
FAINTER = 0.8
"""Their strength, in that of the rest, at most."""
UNEVEN, EVEN = 0.2, 0.6
"""Part of their distance by which distances differ, and share of them that differ by less: some lines are missed."""
STRONGER = 1.15
"""Strength of handwriting on a printed line, in that of the line."""
CROSSED = 1.6
"""Strength of a printed line where another crosses it, in its own."""
REACH = 3
"""Pixels, besides the width of what is printed, over which handwriting goes on behind it."""


@dataclass(frozen=True)
class PrintedLines:
    """Where printed lines run, each ``(height, width)``, and the least strength they were looked for with."""

    level: Pixels
    upright: Pixels
    least: float

    @classmethod
    def among(cls, ink: Grey, least: float) -> PrintedLines:
        """Those in ink ``(height, width)`` of at least this strength, by slope and row (Hough, 1962)."""
        level, upright = _level_lines(ink, least), _level_lines(ink.T, least).T
        if level.any() and not upright.any():
            upright = _level_lines(ink.T, least, margin=True).T
        return cls(level, upright, least)

    @property
    def pixels(self) -> Pixels:
        """Where any of them runs."""
        return self.level | self.upright

    def written_over(self, ink: Grey) -> Grey:
        """Ink ``(height, width)`` without them, but for where something stronger was written over them."""
        level, upright = (_typical(ink, lines & (ink >= self.least)) * lines for lines in (self.level, self.upright))
        printed = np.maximum(level, upright) * np.where(self.level & self.upright, CROSSED, 1)
        return np.where(ink < STRONGER * printed, 0, ink).astype(np.float32)

    def made_whole(self, written: Pixels) -> Pixels:
        """Handwriting that goes on behind the lines it was cut by, and without what is left of these."""
        from scipy import ndimage
        from skimage.measure import label

        printed = self.pixels
        width = max(_width(self.level), _width(self.upright.T))
        whole = going_on(written, printed, width)
        parts = label(whole, connectivity=2)  # type: ignore[no-untyped-call]
        beside = ~ndimage.binary_dilation(printed, np.ones((3, 3), np.bool_))
        # The picture's edge hides how wide lines are that run along it.
        within = np.zeros_like(whole)
        within[2 * width : -2 * width, 2 * width : -2 * width] = True
        sizes, besides, withins = (
            np.bincount(parts[where].ravel(), minlength=parts.max() + 1) for where in (..., beside, within)
        )
        kept: Pixels = ((besides > 0) | (sizes > width**2)) & (withins > 0)
        mended: Pixels = whole & kept[parts]
        return mended


def going_on(written: Pixels, printed: Pixels, width: int) -> Pixels:
    """Handwriting ``(height, width)``, and what of it goes on behind print that is so many pixels wide."""
    from scipy import ndimage

    size = width + REACH
    closed = ndimage.binary_closing(np.pad(written, size), np.ones((size, size), np.bool_))
    whole: Pixels = written | (closed[size:-size, size:-size] & printed)
    return whole


def _width(level: Pixels) -> int:
    """Rows that level lines typically take, 0 if there are none."""
    begun = np.diff(level, axis=0, prepend=False) & level
    return round(int(level.sum()) / max(int(begun.sum()), 1))


def _typical(ink: Grey, lines: Pixels) -> float:
    """Strength of the middles of lines; 0 if there are none."""
    from scipy import ndimage

    middles = lines & (ink == ndimage.maximum_filter(ink, 3))
    return float(np.median(ink[middles])) if middles.any() else 0.0


def _level_lines(ink: Grey, least: float, *, margin: bool = False) -> Pixels:
    """Where level lines run; nowhere if they do not show that the paper is ruled.

    With ``margin`` it is known to be, and one line that marks it off will do, if no part of it is missed.
    """
    from scipy import ndimage
    from skimage.measure import label

    dark = ink >= least
    nowhere, found = np.zeros_like(dark), np.zeros_like(dark)
    height, width = dark.shape
    for part in np.array_split(np.arange(width), PARTS):
        found[:, part] = _lines_across(dark[:, part]) if len(part) else False
        if not found[:, part].any():
            return nowhere
    lines = label(found, connectivity=2)  # type: ignore[no-untyped-call]
    boxes = ndimage.find_objects(lines)
    whole = np.array([across.stop - across.start >= (1 if margin else SEEN) * width for _, across in boxes], np.bool_)
    leaving = np.array([down.start == 0 or down.stop == height for down, _ in boxes], np.bool_)
    kept: Pixels = np.concatenate([[False], whole if margin else whole | leaving])[lines]
    if margin:
        return kept
    middles = sorted(down.start + down.stop for (down, _), long in zip(boxes, whole, strict=True) if long)
    apart = np.diff(middles)
    rest = dark & ~ndimage.binary_dilation(kept, np.ones((5, 5), np.bool_))
    faint = _typical(ink, kept & dark) < FAINTER * _typical(ink, rest)
    if len(middles) < (FEWEST_FAINT if faint else FEWEST):
        return nowhere
    if np.mean(np.abs(apart / np.median(apart) - 1) < UNEVEN) < EVEN:
        return nowhere
    return kept


def _lines_across(dark: Pixels) -> Pixels:
    """Where lines run from one side to the other, each in its own direction: a camera seldom looks straight down."""
    from scipy import ndimage

    height, width = dark.shape
    # Pixels have stairs, and pages bend: a row above or below will do.
    rows, columns = np.nonzero(ndimage.binary_dilation(dark, np.ones((3, 1), np.bool_))[:, ::EVERY])
    looked_at = np.arange(0, width, EVERY)
    reach = int(np.ceil(STEEPEST * width / 2))
    middles = height + 2 * reach  # rows a line may have in the middle column, those above and below the picture too
    drops = np.arange(-2 * reach, 2 * reach + 1)
    falls = np.rint((np.arange(width) - width / 2) * (drops[:, None] / width)).astype(int)  # (drops, width)
    seen = np.zeros((len(drops), middles))
    for drop, fall in enumerate(falls[:, looked_at]):
        covered = np.bincount(rows - fall[columns] + reach, minlength=middles)
        first = reach - fall  # the middle of what runs through the top row of each column
        inside = np.cumsum(
            np.bincount(first, minlength=middles) - np.bincount(first + height, minlength=middles)[:middles]
        )
        seen[drop] = np.where(inside > PASSING * len(looked_at), covered / np.maximum(inside, 1), 0)
    most, best = seen.max(axis=0), seen.argmax(axis=0)
    lines = np.zeros_like(dark)
    for middle in np.flatnonzero((most >= SEEN) & (most >= BESIDE * ndimage.maximum_filter1d(most, 7))):
        row = middle - reach + falls[best[middle]]
        within = (row >= 0) & (row < height)
        lines[row[within], np.flatnonzero(within)] = True
    widened: Pixels = ndimage.binary_dilation(lines, np.ones((3, 1), np.bool_))
    return widened
