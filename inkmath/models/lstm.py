"""The baseline: two LSTM layers that read the pen's path once, from first point to last."""

from __future__ import annotations

import keras
from keras import layers


def build(input_shape: tuple[int, int], num_classes: int, *, units: int = 128, dropout: float = 0.2) -> keras.Model:
    """``units`` is the width of the first LSTM; the second and the dense layer have half of it."""
    return keras.Sequential(
        [
            layers.Input(input_shape),
            layers.LSTM(units, return_sequences=True),
            layers.Dropout(dropout),
            layers.LSTM(units // 2),
            layers.Dropout(dropout),
            layers.Dense(units // 2, activation="relu"),
            layers.Dense(num_classes, activation="softmax"),
        ],
        name="lstm",
    )
