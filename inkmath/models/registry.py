"""Symbol networks by name. TensorFlow is imported when one is built, not before."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, get_args

from inkmath.params import Train

if TYPE_CHECKING:
    import keras

ARCHITECTURES: tuple[str, ...] = get_args(Train.model_fields["architecture"].annotation)
"""What ``train.architecture`` may be; each is the module of that name in `inkmath.models`."""


def build_model(
    input_shape: tuple[int, int],
    num_classes: int,
    architecture: str = "lstm",
    *,
    units: int = 128,
    dropout: float = 0.2,
) -> keras.Model:
    """Build a classifier of isolated symbols, compiled with Adam, categorical cross-entropy and accuracy.

    With the defaults it is the baseline: LSTM 128 (return sequences), Dropout 0.2, LSTM 64, Dropout 0.2, Dense 64 ReLU,
    Dense softmax.

    Args:
        input_shape: ``(length, channels)`` of a symbol, as `normalize_and_pad_traces` gives it.
        num_classes: how many labels there are.
        architecture: one of `ARCHITECTURES`.
        units: the network's width; each architecture says which layers follow it.
        dropout: the share of activations dropped.

    Returns:
        A model from ``(batch, length, channels)`` to probabilities ``(batch, num_classes)``, both float32.

    Raises:
        ValueError: the architecture is unknown.
    """
    if architecture not in ARCHITECTURES:
        raise ValueError(f"architecture is {architecture!r}; known are {', '.join(ARCHITECTURES)}")
    module = importlib.import_module(f"inkmath.models.{architecture}")
    model: keras.Model = module.build(input_shape, num_classes, units=units, dropout=dropout)
    model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
    return model
