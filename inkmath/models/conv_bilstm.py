"""Convolutions that shorten the pen's path, then LSTMs that read it from both ends."""

from __future__ import annotations

import keras
from keras import layers

from inkmath.models.conv import with_direction


def build(input_shape: tuple[int, int], num_classes: int, *, units: int = 128, dropout: float = 0.2) -> keras.Model:
    """``units`` is the width of the second convolution and of both directions of the LSTM together."""
    ink = layers.Input(input_shape, name="ink")  # (B, L, 5 or 14)
    x = with_direction(ink)
    for width, stride in ((units // 2, 1), (units, 2)):
        x = layers.Conv1D(width, 5, strides=stride, padding="same", use_bias=False)(x)
        x = layers.ReLU()(layers.BatchNormalization()(x))  # (B, L, W), (B, L / 2, W)
    x = layers.Bidirectional(layers.LSTM(units // 2, return_sequences=True))(x)
    x = layers.Dropout(dropout)(x)
    x = layers.Bidirectional(layers.LSTM(units // 2, return_sequences=True))(x)
    x = layers.Concatenate()([layers.GlobalAveragePooling1D()(x), layers.GlobalMaxPooling1D()(x)])
    x = layers.Dropout(dropout)(x)
    return keras.Model(ink, layers.Dense(num_classes, activation="softmax")(x), name="conv_bilstm")
