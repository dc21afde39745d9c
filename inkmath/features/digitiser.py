"""Ink as a coarse digitiser tells it: few points a stroke, each a little beside the line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from inkmath.ink import resample, typical_size

if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray

    from inkmath.features.expression import Floats

SPACING = 0.1, 0.4
"""Distance between points, in typical strokes, from fine to coarse: six points or so tell a letter at worst."""

UNEVEN = 0.4
"""By how much of that distance a point comes early or late at most: the pen's speed varies, the clock's does not."""

TREMOR = 0.15
"""Standard deviation of the points at most, as a share of their distance: what trembles more is seen to and steadied
before it is read (`inkmath.features.tremor`)."""


def coarsen(points: Floats, rng: np.random.Generator) -> Floats:
    """The strokes of a formula as one coarse digitiser tells them, resampled as a reader does.

    Args:
        points: ``(S, P, 2)``, evenly spaced along each stroke, in any unit. rng: source of randomness.

    Returns:
        float32 of shape ``(S, P, 2)``.
    """
    spacing, tremor = drawn_digitiser(typical_size(points.min(axis=1), points.max(axis=1)), rng)
    return np.stack([told(stroke, spacing, tremor, rng) for stroke in points])


def drawn_digitiser(unit: float, rng: np.random.Generator) -> tuple[float, float]:
    """What a coarse digitiser does to ink: the distance between its points, and the standard deviation of each.

    Args:
        unit: a typical stroke; both numbers come in its unit. rng: source of randomness.
    """
    spacing = unit * np.exp(rng.uniform(*np.log(SPACING)))
    return spacing, spacing * rng.uniform(0.0, TREMOR)


def told(stroke: NDArray[np.floating[Any]], spacing: float, tremor: float, rng: np.random.Generator) -> Floats:
    """One stroke as a digitiser tells it.

    Args:
        stroke: ``(P, 2)``, evenly spaced. spacing, tremor: as `drawn_digitiser` has them. rng: source of randomness.

    Returns:
        float32 of shape ``(P, 2)``, evenly spaced along the line that the digitiser's points make.
    """
    count = len(stroke)
    length = float(np.hypot(*np.diff(stroke, axis=0).T).sum())
    steps = max(1, min(round(length / spacing), count - 1))
    at = np.arange(steps + 1, dtype=np.float64)
    at[1:-1] += rng.uniform(-UNEVEN, UNEVEN, steps - 1)
    at *= (count - 1) / steps
    line = np.stack([np.interp(at, np.arange(count), stroke[:, axis]) for axis in (0, 1)], axis=1)
    line += rng.normal(0.0, tremor, line.shape)
    return resample(line.astype(np.float32), count)
