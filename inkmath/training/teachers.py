"""Trained symbol models that a training learns from, beside the labels.

What several models answer on average is right more often than any of them, and tells which other labels an ink could
be. A network that learns these answers, on ink bent anew each time it is seen, comes to know most of what all of them
do at the cost of one (Hinton, Vinyals, Dean: "Distilling the knowledge in a neural network", 2015; Beyer et al.:
"Knowledge distillation: a good teacher is patient and consistent", CVPR 2022).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from inkmath.decoding.network import NetworkError
from inkmath.decoding.symbol import load_symbol_reader
from inkmath.features.symbol import CHANNELS
from inkmath.training import TrainingError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from inkmath.features.symbol import FloatArray


class Teachers:
    """What trained symbol models think of a training's samples.

    Args:
        directories: of the models, as the training of symbols writes them and the package has them.
        labels: the classes of the training. A teacher may have others too: what it gives to those is left out.
        normalize: keyword arguments of `normalize_and_pad_traces` that the samples were made with.

    Raises:
        TrainingError: a model cannot be read, does not know a label, or was trained on ink normalised otherwise.
    """

    def __init__(self, directories: Sequence[str], labels: Sequence[str], normalize: Mapping[str, Any]) -> None:
        self._readers = []
        for directory in directories:
            try:
                reader = load_symbol_reader(directory)
            except (OSError, NetworkError) as error:
                raise TrainingError(f"train.teachers: {error}") from error
            if unknown := sorted(set(labels) - set(reader.labels)):
                raise TrainingError(f"train.teachers: {directory} does not know {', '.join(unknown)}; leave it out")
            if reader.normalize != normalize:
                raise TrainingError(
                    f"train.teachers: {directory} reads ink normalised with {reader.normalize} and not {normalize}; "
                    "set normalize in params.yaml to that, or leave it out"
                )
            self._readers.append((reader, [reader.labels.index(label) for label in labels]))

    def __call__(self, features: FloatArray) -> FloatArray:
        """The mean of their probabilities: ``(N, length, 5 or 14)`` to ``(N, classes)``."""
        shapes = features[:, :, : len(CHANNELS)]
        answers = [
            reader.probabilities(features if reader.takes_context else shapes)[:, places]
            for reader, places in self._readers
        ]
        shares = [answer / answer.sum(axis=1, keepdims=True) for answer in answers]
        return np.asarray(np.mean(shares, axis=0), np.float32)
