"""Expression models that a training of expressions learns from; `inkmath.training.teachers` says why."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import softmax

from inkmath.decoding.expression import NETWORK_FILE, SETTINGS_FILE, load_expression_reader
from inkmath.training import TrainingError
from inkmath.training.teachers import loaded, mean_answer, places_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

Answer = tuple["NDArray[np.float32]", "NDArray[np.float32]", "NDArray[np.float32]", "NDArray[np.float32]"]
"""Probabilities: symbol ``(B, S, C)``, pair ``(B, S, S, 8)``, governor ``(B, S, S, 6)`` and root ``(B, S)``; the last
two sum to one for each governed stroke, see `inkmath.decoding.readout.Scores`."""


class ExpressionTeachers:
    """What trained expression models think of a batch of formulas; of each the network alone is asked.

    Args:
        directories: of the models, as the training of expressions writes them and the package has them.
        labels: the classes of the training. A teacher may have others too: what it gives to those is left out.
        points: a stroke has in the training.

    Attributes:
        files: that hold what the teachers know.

    Raises:
        TrainingError: a model cannot be read, does not know a label, or takes another number of points.
    """

    def __init__(self, directories: Sequence[str], labels: Sequence[str], points: int) -> None:
        self.files = [Path(directory) / name for directory in directories for name in (NETWORK_FILE, SETTINGS_FILE)]
        self._networks = []
        for directory in directories:
            reader = loaded(load_expression_reader, directory, "train_expression")
            if reader.points != points:
                raise TrainingError(
                    f"train_expression.teachers: {directory} takes {reader.points} points a stroke and not {points}; "
                    "set normalize_expression.points to that, or leave it out"
                )
            self._networks.append((reader.network, places_of(labels, reader.labels, directory, "train_expression")))

    def __call__(self, points: NDArray[np.float32], mask: NDArray[np.float32]) -> Answer:
        """The mean of their answers to points ``(B, S, P, 2)`` with mask ``(B, S)``; padding governs nothing."""
        answers = [
            _probabilities(network(points=points, mask=mask), mask, places) for network, places in self._networks
        ]
        symbol, pair, governor, root = (mean_answer(parts) for parts in zip(*answers, strict=True))
        return symbol, pair, governor, root


def _probabilities(logits: Mapping[str, NDArray[np.float32]], mask: NDArray[np.float32], places: list[int]) -> Answer:
    governor = logits["governor"] + ((mask - 1.0) * 1e9)[:, :, None, None]  # (B, i, j, R)
    root = logits["root"]
    highest = np.maximum(governor.max(axis=(1, 3)), root)  # (B, j)
    governs, is_root = np.exp(governor - highest[:, None, :, None]), np.exp(root - highest)
    total = governs.sum(axis=(1, 3)) + is_root
    return (
        softmax(logits["symbol"][:, :, places], axis=-1),
        softmax(logits["pair"], axis=-1),
        governs / total[:, None, :, None],
        is_root / total,
    )
