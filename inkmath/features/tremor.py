"""Trembling ink: how far points lie beside the line they were drawn about, and that line.

Coarse or noisy digitisers, and small writing in whole pixels, move every point by itself. Resampled by arc length such
a stroke is a zigzag that no network has seen. Ink that trembles no more than people's usually does is left alone: the
networks were trained on it as it is.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from inkmath.ink import boxes, typical_size

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from inkmath.ink import Ink, Stroke

STEADY = 0.012
"""Ink that trembles less is left as it is: 99 % of CROHME's 2013 test do, and reading suffers little from it."""

NEAR = 0.6
"""How far, in typical strokes, four points in a row may lead: a zigzag of longer steps is the corners of a letter."""

FEWEST = 40
"""So many times four points in a row must tell, or nothing is told."""

WINDOW = 2.5
"""Standard deviation, in those of the tremor, of the part of a stroke that tells where its line runs at a point."""

PASSES = 3
"""Tremor makes a stroke longer than its line; each pass measures along the line that the one before found."""

MOST_POINTS = 128
"""Of a stroke with more, neighbours are averaged first: time and memory grow with the square of their number."""


def tremor(strokes: Sequence[Stroke]) -> float:
    """Standard deviation of the points across the lines they were drawn about, in typical strokes (`typical_size`).

    Where points move by themselves, the second differences of neighbours have opposite signs; where a line bends, the
    same sign. With independent noise of variance v across the line their covariance is -4 v. Only what lies across
    counts: points are spaced unevenly along any line, as the pen's speed varies.

    Args:
        strokes: at least one, each ``(points, 2)``, in any unit.

    Returns:
        0 or more; 0 also where there are too few points, or too far apart, to tell.
    """
    points = np.concatenate(strokes).astype(np.float64)  # (N, 2)
    owner = np.repeat(np.arange(len(strokes)), [len(stroke) for stroke in strokes])
    new = np.ones(len(points), np.bool_)
    new[1:] = (np.diff(points, axis=0) != 0).any(axis=1) | (np.diff(owner) != 0)
    points, owner = points[new] / typical_size(*boxes(strokes)), owner[new]
    if len(points) < 4:
        return 0.0
    chord = points[3:] - points[:-3]  # (N - 3, 2)
    length, steps = np.hypot(*chord.T), np.hypot(*np.diff(points, axis=0).T)
    told = (owner[3:] == owner[:-3]) & (length > 0) & (np.convolve(steps, np.ones(3), "valid") < NEAR)
    if told.sum() < FEWEST:
        return 0.0
    across = np.stack([-chord[:, 1], chord[:, 0]], axis=1)[told] / length[told, None]
    bends = np.diff(points, 2, axis=0)  # (N - 2, 2)
    first, second = ((part[told] * across).sum(axis=1) for part in (bends[:-1], bends[1:]))
    return float(np.sqrt(max(0.0, -(first * second).mean() / 4.0)))


def steadied(ink: Ink) -> Ink:
    """The same ink, its strokes led along the lines that their points tremble about; ink that is steady as it is.

    Each point moves to where a straight line fitted to its neighbours, weighted by their distance along the stroke,
    passes it: local linear regression (Cleveland, "Robust locally weighted regression and smoothing scatterplots",
    JASA 74, 1979), which does not draw in the ends of a stroke as averaging would. Strokes of more than `MOST_POINTS`
    points come back with so many.
    """
    trembling = tremor(ink.strokes)
    if trembling < STEADY:
        return ink
    width = WINDOW * trembling * typical_size(*boxes(ink.strokes))
    return replace(ink, strokes=tuple(_line(stroke, width) for stroke in ink.strokes))


def _line(stroke: Stroke, width: float) -> Stroke:
    """The line that the points of a stroke tremble about, at each of them."""
    moved = np.ones(len(stroke), np.bool_)
    moved[1:] = (np.diff(stroke, axis=0) != 0).any(axis=1)
    points = _averaged(stroke[moved].astype(np.float64))
    if len(points) < 4:
        return stroke
    line = points
    for _ in range(PASSES):
        travelled = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(line, axis=0).T))])
        apart = (travelled[None] - travelled[:, None]) / width  # (N, N)
        weight = np.exp(-0.5 * apart**2)
        moments = [(weight * apart**power).sum(axis=1)[:, None] for power in range(3)]
        here, along = weight @ points, (weight * apart) @ points  # (N, 2)
        spread = moments[2] + 1e-9  # a point far from all others stays where it is
        line = (spread * here - moments[1] * along) / (moments[0] * spread - moments[1] ** 2)
    return line.astype(np.float32)


def _averaged(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """At most `MOST_POINTS` points: the means of neighbours."""
    starts = np.linspace(0, len(points), min(len(points), MOST_POINTS) + 1).astype(int)
    means: NDArray[np.float64] = np.add.reduceat(points, starts[:-1]) / np.diff(starts)[:, None]
    return means
