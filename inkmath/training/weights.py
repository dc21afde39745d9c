"""Weights to begin another training with: a file of arrays by name, and means of what was begun from and arrived at."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from inkmath.dataset.arrays import read_arrays, write_arrays
from inkmath.models.export import HALF_FROM
from inkmath.training import TrainingError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import keras

    from inkmath.features.symbol import FloatArray


def save_weights(path: str | Path, variables: Mapping[str, keras.Variable]) -> None:
    """Write weights by name as npz, arrays of `HALF_FROM` numbers or more in half precision."""
    arrays = {name: np.asarray(one.value, np.float32) for name, one in variables.items()}
    write_arrays(path, {name: x.astype(np.float16) if x.size >= HALF_FROM else x for name, x in arrays.items()})


def load_weights(path: str | Path, variables: Mapping[str, keras.Variable], remedy: str) -> dict[int, FloatArray]:
    """Set those variables that have the name and shape of an array in a file of `save_weights`.

    Args:
        path: the file.
        variables: by name.
        remedy: what to do where none fits.

    Returns:
        What was taken, by the place of its variable.

    Raises:
        ArraysError: the file cannot be read.
        TrainingError: none of its arrays fits.
    """
    given = read_arrays(path)
    taken: dict[int, FloatArray] = {}
    for place, (name, variable) in enumerate(variables.items()):
        if name in given and given[name].shape == tuple(variable.shape):
            taken[place] = given[name].astype(np.float32)
            variable.assign(taken[place])
    if not taken:
        raise TrainingError(f"{path}: holds no weight of this network; {remedy}")
    return taken


def mean(trained: Sequence[FloatArray], begun: Mapping[int, FloatArray], share: float) -> list[FloatArray]:
    """The weights on the way from those begun from to those trained, ``share`` of the way short of the latter.

    What training adds and what it forgets lie on one line; between its ends much of both is there (Wortsman et al.,
    "Robust fine-tuning of zero-shot models", CVPR 2022).

    Args:
        trained: all weight arrays. begun: those that were begun from, by their place; the others stay as trained.
        share: of the weights begun from, in 0..1.
    """
    return [
        share * begun[place] + (1.0 - share) * values if place in begun else values
        for place, values in enumerate(trained)
    ]
