"""Posture: how far the lines of a formula run uphill or downhill, how far its letters lean, and ink set upright.

People write uphill and slanted, and hold a tablet or a telephone askew. Networks have seen little of that: what goes
uphill by 15 degrees looks like scripts. Ink that stands as people's usually does is left alone: the networks were
trained on it as it is.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from inkmath.ink import boxes, typical_size

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from inkmath.ink import Ink, Stroke

    Floats = NDArray[np.float64]

LEVEL = 0.1
"""Lines that run less askew (6 degrees) are level enough."""

SURE = 2.0
"""So many of its standard deviations must the slope of lines be for them to be levelled."""

USUAL_LEAN = 0.09
"""Of CROHME's training formulas, their median: tops of letters lie so far to the right of their feet, per height."""

SLANTED = 0.5
"""Letters that lean so much more to either side than usual are set upright."""

ASKEW = 0.175
"""Standard deviation of slopes before any ink was seen: 10 degrees."""

SCATTER = 0.9
"""How far centres of strokes lie beside one line, in typical strokes: scripts, fractions, tall strokes and dots."""

OF_LINES = 0.0003
"""Variance that remains of what many centres tell of a slope: lines are not quite parallel."""

OF_BAR, OF_BARS = 0.02, 0.0005
"""Variance of one bar's slope, and what remains of it with many."""

DROOP = -0.026
"""How bars slope in level writing: a little uphill."""

FLAT = 0.5
"""A bar slopes no more than this; signs of multiplication and slashes do."""

LEAST_BAR, STRAIGHT, BEND = 0.25, 1.15, 0.12
"""A bar is so long at least, in typical strokes, its path so much longer than its chord at most, and bent so little."""

LONG = 4.0
"""In typical strokes: a longer bar counts as one of this length."""

STEEP = 1.2
"""So much farther down than aside, as letters lean, goes what tells of their lean."""

ENOUGH = 3.0
"""So long must that be together, in typical strokes, or nothing is told."""

ROUNDS = 5
"""How often the lean is found among what is steep as letters lean."""


@dataclass(frozen=True)
class Posture:
    """How a formula stands.

    Attributes:
        slope: how far down its lines run, per unit to the right. spread: standard deviation of that.
        lean: how far right of their feet the tops of its letters lie, per height; as usual where too little tells.
    """

    slope: float
    spread: float
    lean: float


def posture(strokes: Sequence[Stroke]) -> Posture:
    """How ink stands, told from the ink alone, whatever it says.

    Two witnesses tell of the slope: the line through the centres of strokes, and bars (of fractions, minus, equals).
    Each is a Gaussian of its own spread, and so is what is expected before any was heard; where they contradict each
    other, neither is trusted as much (by the ratio of Birge, Physical Review 40, 1932). Centres are looked at as if
    letters did not lean, or else scripts and fractions of slanted writing would seem to run aside.

    Args:
        strokes: at least one, each ``(points, 2)``, in any unit.
    """
    low, high = boxes(strokes)
    size = typical_size(low, high)
    lean, told = _lean(strokes, size)
    centres = (low + high) / 2 / size  # (S, 2)
    right, down = (centres - centres.mean(axis=0)).T
    right = right + lean * down
    width = float(right @ right)
    bars = _bars(strokes, size)
    told_by = [(0.0, ASKEW**2)]  # slopes and their variances
    if width > 0:
        told_by.append((float(right @ down) / width, SCATTER**2 / width + OF_LINES))
    if len(bars):
        middle = float(np.quantile(bars[:, 0], 0.5, weights=bars[:, 1], method="inverted_cdf"))
        told_by.append((middle - DROOP, OF_BAR / len(bars) + OF_BARS))
    slopes, variances = np.array(told_by).T
    slope = float((slopes / variances).sum() / (1 / variances).sum())
    spread = float((1 / variances).sum() ** -0.5)
    if len(told_by) == 3:
        spread *= max(1.0, (slopes[1] - slopes[2]) ** 2 / (variances[1] + variances[2])) ** 0.5
    return Posture(slope, spread, lean if told >= ENOUGH else USUAL_LEAN)


def levelled(ink: Ink) -> Ink:
    """The same ink turned level and its letters set as upright as usual; ink that stands as usual as it is.

    What is found askew is taken back whole: lines by turning, then letters by shearing.
    """
    strokes = ink.strokes
    found = posture(strokes)
    if abs(found.slope) > max(LEVEL, SURE * found.spread):
        angle = np.arctan(found.slope)
        cosine, sine = np.cos(angle), np.sin(angle)
        strokes = _mapped(strokes, np.array([[cosine, sine], [-sine, cosine]]))
        found = posture(strokes)
    if abs(aside := found.lean - USUAL_LEAN) > SLANTED:
        strokes = _mapped(strokes, np.array([[1.0, aside], [0.0, 1.0]]))
    return ink if strokes is ink.strokes else replace(ink, strokes=strokes)


def _lean(strokes: Sequence[Stroke], size: float) -> tuple[float, float]:
    """How letters lean by all that is steep in them, and how much that is in typical strokes.

    Least squares over what is steep as they lean, found anew as often as `ROUNDS` says (as trimmed estimators of
    regression are; Rousseeuw, "Least median of squares regression", JASA 79, 1984).
    """
    points = np.concatenate(strokes).astype(np.float64) / size
    owner = np.repeat(np.arange(len(strokes)), [len(stroke) for stroke in strokes])
    right, down = np.diff(points, axis=0)[np.diff(owner) == 0].T
    left, down = np.where(down < 0, right, -right), np.abs(down)
    lean, weight = USUAL_LEAN, np.zeros(0)
    for _ in range(ROUNDS):
        aside = left - lean * down
        weight = np.hypot(aside, down) * (down > STEEP * np.abs(aside))
        if not weight.any():
            return USUAL_LEAN, 0.0
        lean = float(weight @ left / (weight @ down))
    return lean, float(weight.sum())


def _bars(strokes: Sequence[Stroke], size: float) -> Floats:
    """Slopes and lengths, in typical strokes, of all that are straight and flat: ``(bars, 2)``."""
    ends = np.array([(stroke[0], stroke[-1]) for stroke in strokes], np.float64)  # (S, 2, 2)
    chords = ends[:, 1] - ends[:, 0]  # (S, 2)
    lengths = np.hypot(*chords.T)
    flat = (lengths >= LEAST_BAR * size) & (np.abs(chords[:, 1]) <= FLAT * np.abs(chords[:, 0]))
    found = []
    for index in np.flatnonzero(flat).tolist():
        points, (right, down), length = strokes[index].astype(np.float64), chords[index], lengths[index]
        beside = np.abs((points - points[0]) @ (-down, right)) / length
        if beside.max() <= BEND * length and np.hypot(*np.diff(points, axis=0).T).sum() <= STRAIGHT * length:
            found.append((down / right, min(length / size, LONG)))
    return np.array(found).reshape(-1, 2)


def _mapped(strokes: Sequence[Stroke], matrix: Floats) -> tuple[Stroke, ...]:
    """Strokes mapped linearly about the first of their points."""
    fixed, most = strokes[0][0].astype(np.float64), np.finfo(np.float32).max
    return tuple(np.clip((stroke - fixed) @ matrix.T + fixed, -most, most).astype(np.float32) for stroke in strokes)
