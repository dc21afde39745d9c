"""Symbol models that a training of symbols learns from; `inkmath.training.teachers` says why."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from inkmath.decoding.symbol import DESCRIPTION, NETWORK, load_symbol_reader
from inkmath.features.symbol import CHANNELS
from inkmath.training import TrainingError
from inkmath.training.teachers import loaded, mean_answer, places_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from inkmath.features.symbol import FloatArray


class SymbolTeachers:
    """What trained symbol models think of a training's samples.

    Args:
        directories: of the models, as the training of symbols writes them and the package has them.
        labels: the classes of the training. A teacher may have others too: what it gives to those is left out.
        normalize: keyword arguments of `normalize_and_pad_traces` that the samples were made with.

    Attributes:
        files: that hold what the teachers know.

    Raises:
        TrainingError: a model cannot be read, does not know a label, or was trained on ink normalised otherwise.
    """

    def __init__(self, directories: Sequence[str], labels: Sequence[str], normalize: Mapping[str, Any]) -> None:
        self.files = [Path(directory) / name for directory in directories for name in (NETWORK, DESCRIPTION)]
        self._readers = []
        for directory in directories:
            reader = loaded(load_symbol_reader, directory, "train")
            if other := [name for name in normalize if reader.normalize.get(name) != normalize[name]]:
                its, ours = (
                    # `length` is what params.yaml has as `points`.
                    ", ".join(f"{name.replace('length', 'points')} {knobs.get(name)}" for name in other)
                    for knobs in (reader.normalize, normalize)
                )
                raise TrainingError(
                    f"train.teachers: {directory} reads ink normalised with {its}, here it is {ours}; set normalize in "
                    "params.yaml to that, or leave it out"
                )
            self._readers.append((reader, places_of(labels, reader.labels, directory, "train")))

    def __call__(self, features: FloatArray) -> FloatArray:
        """The mean of their probabilities: ``(N, length, 5 or 14)`` to ``(N, classes)``."""
        shapes = features[:, :, : len(CHANNELS)]
        answers = [
            reader.probabilities(features if reader.takes_context else shapes)[:, places]
            for reader, places in self._readers
        ]
        return mean_answer([_of_ours(answer) for answer in answers])


def _of_ours(answer: FloatArray) -> FloatArray:
    """Probabilities of our labels alone; even ones where a teacher is sure of a label that is not ours."""
    total = answer.sum(axis=-1, keepdims=True)
    share: FloatArray = np.where(total > 0, answer, 1.0) / np.where(total > 0, total, answer.shape[-1])
    return share
