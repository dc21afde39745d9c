"""Ink drawn by a network itself: maps of where there is ink, and of which way it runs.

A map is the sum of Gaussian spots along the ink, so it is sums and products of matrices: how near each spot is to each
row, times how near it is to each column. Maps of direction are those of Bai and Huo ("A study on the use of
8-directional features for online handwritten Chinese character recognition", ICDAR 2005), of the four directions that
a picture shows: which way the pen went along them is not told.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from keras import ops

if TYPE_CHECKING:
    from keras import KerasTensor as Tensor

SPREAD = 0.7
"""Width of the pen: standard deviation of a spot, in cells."""


def directions(step: Tensor) -> Tensor:
    """How much a step ``(..., 2)`` runs level, upright, falling and rising: ``(..., 4)``, 0..1; 0 where it is none."""
    across, down = step[..., :1], step[..., 1:]
    square = ops.square(across) + ops.square(down)
    # Cosine and sine of twice the angle: the same for a step and the step back.
    level = (ops.square(across) - ops.square(down)) / (square + 1e-8)
    falling = 2.0 * across * down / (square + 1e-8)
    moving = ops.cast(square > 1e-6, step.dtype)
    return ops.relu(ops.concatenate([level, -level, falling, -falling], -1)) * moving


def draw(place: Tensor, strength: Tensor, cells: int, ink: float) -> Tensor:
    """Draw spots as maps.

    Args:
        place: ``(B, N, 2)`` where each spot is; the maps reach from -1 to 1, with y downward.
        strength: ``(B, N, K)`` how strong it is in each map, 0..1.
        cells: along each side of a map. ink: what a spot leaves in its own cell before the ink saturates.

    Returns:
        ``(B, cells, cells, K)``, rows first; 0 where there is no ink, towards 1 where there is.
    """
    at = np.linspace(-1.0, 1.0, cells, dtype=np.float32)
    width = SPREAD * 2.0 / (cells - 1)

    def near(values: Tensor) -> Tensor:  # (B, N) -> (B, N, cells)
        return ops.exp(-0.5 * ops.square((ops.expand_dims(values, -1) - at) / width))

    across, down = near(place[..., 0]), ops.transpose(near(place[..., 1]), (0, 2, 1))  # (B, N, cells), (B, cells, N)
    maps = [ops.matmul(down * ops.expand_dims(strength[..., k], 1), across) for k in range(strength.shape[-1])]
    return ops.tanh(ink * ops.stack(maps, axis=-1))
