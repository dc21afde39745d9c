"""Printed dots of dotted paper: small, alike, and on a grid that is nearly square wherever one looks at it."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import numpy as np

from inkmath.images.ruling import going_on

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Pixels = NDArray[np.bool_]
    Points = NDArray[np.float64]

ROUND = 2.0
"""How much longer than wide a dot is at most, in whole pixels one more: in few of them nothing is quite round."""
ALIKE = 2.0
"""How much larger or smaller than the middle one of all that is round a dot may be, in area."""
OFF = 0.2
"""How far off its place a dot may be, in distances of the grid: pages bend, and are seen from aside."""
FEWEST = 12
"""Dots with neighbours on all four sides that show what paper it is; no formula has so many."""
MOST = 4_000
"""More dots than a page has are the texture of something else."""
HIDDEN = 2
"""So many dots in a row may be below handwriting."""


def without_printed_dots(pixels: Pixels) -> Pixels:
    """Ink ``(height, width)`` without the dots of a grid; all of it where there is no such grid.

    A dot whose four neighbours lie as far from it as each other, and opposite each other, is of the grid, and so is
    every dot to which its steps to them lead, from dot to dot. Where a step leads to handwriting, there is a dot below
    it: of what lies there stays what handwriting on both sides leads to, and steps go on from there.
    """
    from scipy import ndimage
    from skimage.measure import label
    from skimage.morphology import disk

    parts = label(pixels, connectivity=2)  # type: ignore[no-untyped-call]
    boxes = ndimage.find_objects(parts)
    if len(boxes) < FEWEST:
        return pixels
    corners = np.array([[(axis.start, axis.stop) for axis in box] for box in boxes], np.float64)  # (N, 2, 2)
    sides = np.ptp(corners, axis=2)  # (N, 2)
    areas = np.bincount(parts.ravel())[1:]
    compact = sides.max(axis=1) <= ROUND * sides.min(axis=1) + 1
    largest = ALIKE * float(np.median(areas[compact])) if compact.any() else 0.0
    small = np.flatnonzero(compact & (areas <= largest))
    found, missed = _grid((corners[small].sum(axis=2) - 1) / 2, areas[small] >= largest / ALIKE**2)
    if not len(found):
        return pixels
    printed = np.zeros(len(boxes) + 1, np.bool_)
    printed[small[found] + 1] = True
    written: Pixels = pixels & ~printed[parts]
    rows, columns = np.rint(missed).astype(int).T
    inside = (rows >= 0) & (rows < pixels.shape[0]) & (columns >= 0) & (columns < pixels.shape[1])
    below = np.zeros_like(pixels)
    below[rows[inside], columns[inside]] = True
    radius = round(float(np.median(sides[small[found]])) / 2) + 1  # blur makes handwriting and dots run into each other
    below = ndimage.binary_dilation(below, disk(radius))  # type: ignore[no-untyped-call]
    return going_on(written & ~below, written & below, 2 * radius + 1)


def _grid(places: Points, sure: NDArray[np.bool_]) -> tuple[NDArray[np.int64], Points]:
    """Which of some places ``(N, 2)`` lie on a square grid, and where on it there is none of them, ``(M, 2)``.

    Those that are ``sure``, ``(N,)``, shall show that there is one; else there are none of either.
    """
    from scipy.spatial import KDTree

    known = np.flatnonzero(sure)
    nothing = known[:0], places[:0]
    if not FEWEST < len(known) <= MOST:
        return nothing
    distances, near = KDTree(places[known]).query(places[known], 5)
    distances, steps = distances[:, 1:], places[known][near[:, 1:]] - places[known][:, None]  # (K, 4), (K, 4, 2)
    apart = distances.mean(axis=1)  # (K,)
    even = np.abs(distances / apart[:, None] - 1).max(axis=1) < OFF
    # Of each step, how far the most nearly opposite one is from being so.
    askew = np.hypot(*np.moveaxis(steps[:, :, None] + steps[:, None], -1, 0)).min(axis=2).max(axis=1)  # (K,)
    crosses = np.flatnonzero(even & (askew < OFF * apart))
    if len(crosses) < FEWEST:
        return nothing
    tree = KDTree(places)
    own = {int(known[cross]): steps[cross] for cross in crosses}
    reached = set(own)
    missed: dict[tuple[int, int], Points] = {}
    cell = 2 * OFF * float(np.median(apart))
    pending = deque((places[dot], ways, 0) for dot, ways in own.items())
    while pending:
        here, ways, hidden = pending.popleft()
        for there, near in zip(here + ways, OFF * np.hypot(*ways.T), strict=True):
            distance, dot = tree.query(there)
            if distance >= near:
                row, column = np.floor(there / cell).astype(int).tolist()
                if hidden < HIDDEN and (row, column) not in missed:
                    missed[row, column] = there
                    pending.append((there, ways, hidden + 1))
            elif dot not in reached:
                reached.add(int(dot))
                pending.append((places[dot], ways, 0))
    return np.array(sorted(reached), np.int64), np.array(list(missed.values())).reshape(-1, 2)
