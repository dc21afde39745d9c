"""Ink as a coarse digitiser tells it: few points a stroke, each a little beside the line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from inkmath.ink import resample, typical_size

if TYPE_CHECKING:
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
    count = points.shape[1]
    unit = typical_size(points.min(axis=1), points.max(axis=1))
    spacing = unit * np.exp(rng.uniform(*np.log(SPACING)))
    tremor = spacing * rng.uniform(0.0, TREMOR)
    lengths = np.hypot(*np.moveaxis(np.diff(points, axis=1), -1, 0)).sum(axis=1)  # (S,)
    told = np.empty_like(points)
    for stroke, length in enumerate(lengths):
        steps = int(np.clip(round(length / spacing), 1, count - 1))
        at = np.arange(steps + 1, dtype=np.float64)
        at[1:-1] += rng.uniform(-UNEVEN, UNEVEN, steps - 1)
        at *= (count - 1) / steps
        line = np.stack([np.interp(at, np.arange(count), points[stroke, :, axis]) for axis in (0, 1)], axis=1)
        line += rng.normal(0.0, tremor, line.shape)
        told[stroke] = resample(line.astype(np.float32), count)
    return told
