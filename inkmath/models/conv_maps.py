"""Two views of a symbol in one network: the path of the pen, and the picture that it leaves.

The path tells what the picture hides (which way round, what was written first), the picture what the path hides (what
lies beside what, however it was written). The picture is drawn by the network itself from the points of the path, as
maps of direction (see `inkmath.models.maps`): where there is ink that runs level, upright, or along either diagonal.
Which way the pen went along them is left to the path.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import keras
from keras import layers, ops

from inkmath.models.conv import along_the_pen
from inkmath.models.maps import directions, draw

if TYPE_CHECKING:
    from keras import KerasTensor as Tensor

SIDE = 24
"""Cells along each side of a map."""

MARGIN = 1.15
"""The maps reach from minus this to this, so that ink at the edge of its box, -1..1, is seen whole."""

BETWEEN = 2
"""Places drawn on the way from a point to the next: they are farther apart than the cells."""

INK = 0.4
"""What a place in the middle of a cell leaves there before the ink saturates; two or three share a cell."""


def build(input_shape: tuple[int, int], num_classes: int, *, units: int = 128, dropout: float = 0.2) -> keras.Model:
    """``units`` is the width of the middle stage of `inkmath.models.conv`, and of the last one over the maps."""
    ink = layers.Input(input_shape, name="ink")  # (B, L, 5 or 14)
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

    All ink, then the ink that runs along each direction of `inkmath.models.maps.directions`.
    """

    def call(self, ink: Tensor) -> Tensor:
        point, step = ink[..., 0:2], ink[..., 3:5]  # (B, L, 2)
        # A step begins in the air where the pen left the paper after the point before; padding is no ink at all.
        lifted = ink[:, :, 2:3]
        in_air = ops.concatenate([ops.ones_like(lifted[:, :1]), lifted[:, :-1]], axis=1)
        still_to_come = ops.flip(ops.cumsum(ops.flip(lifted, 1), axis=1), 1)
        real = ops.cast(still_to_come > 0.5, ink.dtype)  # (B, L, 1)
        drawn = ops.concatenate([ops.ones_like(real), directions(step)], -1) * real * (1.0 - in_air)  # (B, L, 5)
        spots = ops.concatenate([real, drawn[..., 1:]], -1)
        places = [point - step * (part / (BETWEEN + 1)) for part in range(1, BETWEEN + 1)]
        return draw(
            ops.concatenate([point, *places], axis=1) / MARGIN,  # (B, 3 L, 2)
            ops.concatenate([spots, *[drawn] * BETWEEN], axis=1),
            SIDE,
            INK,
        )


def _block(x: Tensor, width: int) -> Tensor:
    x = layers.Conv2D(width, 3, padding="same", use_bias=False)(x)
    return layers.ReLU()(layers.BatchNormalization()(x))
