"""Two views of a symbol in one network: the path of the pen, and the picture that it leaves.

The path tells what the picture hides (which way round, what was written first), the picture what the path hides (what
lies beside what, however it was written). The picture is drawn by the network itself from the points of the path, as
maps of direction: where there is ink that runs level, upright, or along either diagonal (Bai and Huo, "A study on the
use of 8-directional features for online handwritten Chinese character recognition", ICDAR 2005). Which way the pen went
along them is left to the path.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras
import numpy as np
from keras import layers, ops

from inkmath.models.conv import along_the_pen

if TYPE_CHECKING:
    from keras import KerasTensor as Tensor

SIDE = 24
"""Cells along each side of a map."""

MARGIN = 1.15
"""The maps reach from minus this to this, so that ink at the edge of its box, -1..1, is seen whole."""

BETWEEN = 2
"""Places drawn on the way from a point to the next: they are farther apart than the cells."""

SPREAD = 0.7
"""Width of the pen: standard deviation of a drawn place, in cells."""

INK = 0.4
"""What a place in the middle of a cell leaves there before the ink saturates; two or three share a cell."""


def build(input_shape: tuple[int, int], num_classes: int, *, units: int = 128, dropout: float = 0.2) -> keras.Model:
    """``units`` is the width of the middle stage of `inkmath.models.conv`, and of the last one over the maps."""
    ink = layers.Input(input_shape, name="ink")  # (B, L, 5)
    x = DirectionMaps(name="maps")(ink)  # (B, 24, 24, 5)
    x = _block(x, units // 4)
    x = _block(layers.MaxPooling2D(2)(x), units // 2)  # (B, 12, 12, W)
    x = layers.MaxPooling2D(2)(x)
    for _ in range(2):
        x = _block(x, units)  # (B, 6, 6, W)
    x = layers.Flatten()(layers.AveragePooling2D(2)(x))  # (B, 9 * W)
    picture = layers.Dense(2 * units, activation="relu")(layers.Dropout(dropout)(x))
    both = layers.Dropout(dropout)(layers.Concatenate()([along_the_pen(ink, units), picture]))
    return keras.Model(ink, layers.Dense(num_classes, activation="softmax")(both), name="conv_maps")


@keras.saving.register_keras_serializable("inkmath")
class DirectionMaps(layers.Layer):  # type: ignore[misc]
    """Draw ``(B, L, C)`` points, channels as in `inkmath.features.symbol.CHANNELS`, as ``(B, 24, 24, 5)`` maps.

    All ink, then the ink that runs along each of four directions; 0 where there is none, towards 1 where there is. A
    drawn place spreads as a Gaussian, `SPREAD` cells wide. It is all sums and products of matrices: a picture is the
    product of where each place stands across and down.
    """

    def build(self, shape: Any) -> None:
        self.cells = np.linspace(-MARGIN, MARGIN, SIDE, dtype=np.float32)

    def call(self, ink: Tensor) -> Tensor:
        point, step = ink[..., 0:2], ink[..., 3:5]  # (B, L, 2)
        length = ops.sqrt(ops.sum(ops.square(step), -1, keepdims=True) + 1e-8)
        along = step / length
        level = ops.square(along[..., :1]) - ops.square(along[..., 1:])  # cosine and sine of twice the angle
        rising = 2.0 * along[..., :1] * along[..., 1:]
        moving = ops.cast(length > 1e-3, ink.dtype)
        directions = ops.relu(ops.concatenate([level, -level, rising, -rising], -1)) * moving  # (B, L, 4)
        # A step begins in the air where the pen left the paper after the point before; padding is no ink at all.
        lifted = ink[:, :, 2:3]
        before = ops.concatenate([ops.ones_like(lifted[:, :1]), lifted[:, :-1]], axis=1)
        left = ops.flip(ops.cumsum(ops.flip(lifted, 1), axis=1), 1)  # lifts still to come: none in the padding
        real = ops.cast(left > 0.5, ink.dtype)
        weight = ops.concatenate([ops.ones_like(length), directions], -1) * real  # (B, L, 5)
        drawn = weight * (1.0 - before)
        places = [point - step * (part / (BETWEEN + 1)) for part in range(1, BETWEEN + 1)]
        place = ops.concatenate([point, *places], axis=1)  # (B, 3 L, 2)
        strength = ops.concatenate([ops.concatenate([weight[..., :1], drawn[..., 1:]], -1), *[drawn] * BETWEEN], axis=1)

        spread = SPREAD * 2.0 * MARGIN / (SIDE - 1)

        def near(values: Tensor) -> Tensor:  # (B, N) -> (B, N, 24)
            return ops.exp(-0.5 * ops.square((ops.expand_dims(values, -1) - self.cells) / spread))

        across, down = near(place[..., 0]), near(place[..., 1])
        count = strength.shape[-1]
        rows = ops.expand_dims(down, 2) * ops.expand_dims(strength, 3)  # (B, N, 5, 24)
        rows = ops.reshape(rows, (-1, place.shape[1], count * SIDE))
        maps = ops.matmul(ops.transpose(rows, (0, 2, 1)), across)  # (B, 5 * 24, 24)
        maps = ops.transpose(ops.reshape(maps, (-1, count, SIDE, SIDE)), (0, 2, 3, 1))
        return ops.tanh(maps * INK)


def _block(x: Tensor, width: int) -> Tensor:
    x = layers.Conv2D(width, 3, padding="same", use_bias=False)(x)
    return layers.ReLU()(layers.BatchNormalization()(x))
