"""A residual network of convolutions along the pen's path: no step waits for another, so it trains and runs fast.

Blocks with normalisation and activation before each convolution (He et al., "Identity mappings in deep residual
networks", ECCV 2016); the mean and the maximum over the path are what is classified.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import keras
from keras import layers, ops

if TYPE_CHECKING:
    from keras import KerasTensor as Tensor


def build(input_shape: tuple[int, int], num_classes: int, *, units: int = 128, dropout: float = 0.2) -> keras.Model:
    """``units`` is the width of the middle of three stages; the first has half, the last three halves of it."""
    ink = layers.Input(input_shape, name="ink")  # (B, L, 5 or 14)
    x = layers.Dropout(dropout)(along_the_pen(ink, units))
    return keras.Model(ink, layers.Dense(num_classes, activation="softmax")(x), name="conv")


def along_the_pen(ink: Tensor, units: int) -> Tensor:
    """What the convolutions make of the path as a whole: ``(B, L, C)`` -> ``(B, 3 * units)``."""
    x = layers.Conv1D(units // 2, 5, padding="same")(with_direction(ink))
    for stage, width in enumerate((units // 2, units, units * 3 // 2)):
        if stage:
            x = layers.Conv1D(width, 3, strides=2, padding="same", use_bias=False)(x)  # (B, L / 2, W), (B, L / 4, W)
        for _ in range(2):
            x = layers.Add()([x, _half_block(_half_block(x, width), width)])
    x = layers.ReLU()(layers.BatchNormalization()(x))
    return layers.Concatenate()([layers.GlobalAveragePooling1D()(x), layers.GlobalMaxPooling1D()(x)])


def with_direction(ink: Tensor) -> Tensor:
    """Add to the channels of `inkmath.features.symbol.CHANNELS` the direction of each step and its length."""
    step = ink[..., 3:5]
    length = ops.sqrt(ops.sum(ops.square(step), axis=-1, keepdims=True) + 1e-6)
    return ops.concatenate([ink, step / length, length], axis=-1)  # (B, L, C + 3)


def _half_block(x: Tensor, width: int) -> Tensor:
    x = layers.ReLU()(layers.BatchNormalization()(x))
    return layers.Conv1D(width, 3, padding="same", use_bias=False)(x)
