"""Weights to begin another training with: a file of arrays by name, and means of what was begun from and arrived at."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from inkmath.dataset.arrays import read_arrays, write_arrays
from inkmath.models.export import HALF_FROM
from inkmath.training import TrainingError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import keras

    from inkmath.features.symbol import FloatArray


LABELS = "labels"
"""What the classes are called, in their order; names of arrays have a slash."""


class Begun(NamedTuple):
    """What a training begins with.

    Attributes:
        arrays: those that were taken whole, by the place of their variable.
        new: labels that the weights know nothing of.
    """

    arrays: dict[int, FloatArray]
    new: list[str]

    def told(self, variables: int, path: str | Path) -> str:
        """In a sentence."""
        said = f"began with {len(self.arrays)} of {variables} weight arrays from {path}"
        if self.new:
            said += f"; new to them: {', '.join(self.new)}"
        return said


def save_weights(path: str | Path, variables: Mapping[str, keras.Variable], labels: Sequence[str]) -> None:
    """Write weights by name and the classes as npz, arrays of `HALF_FROM` numbers or more in half precision."""
    arrays = {name: np.asarray(one.value, np.float32) for name, one in variables.items()}
    kept = {name: x.astype(np.float16) if x.size >= HALF_FROM else x for name, x in arrays.items()}
    write_arrays(path, {LABELS: np.array(labels, np.str_), **kept})


def load_weights(
    path: str | Path,
    variables: Mapping[str, keras.Variable],
    labels: Sequence[str],
    by_class: Mapping[str, int],
    remedy: str,
) -> Begun:
    """Set those variables that have the name and shape of an array in a file of `save_weights`.

    What belongs to a class goes to the class of the same label, wherever that stands; classes that the file does not
    know stay as they are.

    Args:
        path: the file; one without labels has the classes of ``labels``, or of another number.
        variables: by name.
        labels: of the classes.
        by_class: names of the variables that have something for each class, and along which of their axes.
        remedy: what to do where none fits.

    Raises:
        ArraysError: the file cannot be read.
        TrainingError: none of its arrays fits.
    """
    given = read_arrays(path)
    theirs = {label: place for place, label in enumerate(given.pop(LABELS, np.array(labels)).tolist())}
    known = [place for place, label in enumerate(labels) if label in theirs]
    rows = [theirs[labels[place]] for place in known]
    arrays: dict[int, FloatArray] = {}
    for place, (name, variable) in enumerate(variables.items()):
        array = given[name].astype(np.float32) if name in given else np.zeros(0, np.float32)
        axis = by_class.get(name)
        if axis is not None and array.ndim == len(variable.shape) and array.shape[axis] == len(theirs):
            fitted = variable.numpy().copy()
            array = np.moveaxis(array, axis, 0)[rows]
            whole = np.moveaxis(fitted, axis, 0)
            if whole[known].shape == array.shape:
                whole[known] = array
                variable.assign(fitted)
                if len(known) == len(labels):
                    arrays[place] = fitted
        elif array.shape == tuple(variable.shape):
            arrays[place] = array
            variable.assign(array)
    if not arrays:
        raise TrainingError(f"{path}: holds no weight of this network; {remedy}")
    return Begun(arrays, [label for label in labels if label not in theirs])


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
