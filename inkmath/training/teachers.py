"""Trained models that a training learns from, beside the truth.

What several models answer on average is right more often than any of them, and tells what else an ink could be. A
network that learns these answers, on ink bent anew each time it is seen, comes to know most of what all of them do at
the cost of one (Hinton, Vinyals, Dean: "Distilling the knowledge in a neural network", 2015; Beyer et al.: "Knowledge
distillation: a good teacher is patient and consistent", CVPR 2022).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from inkmath.decoding.network import NetworkError
from inkmath.training import TrainingError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

Reader = TypeVar("Reader")

DOUBT = 0.02
"""Teachers that give the truth a lower probability do not know it, and are not listened to there."""


def loaded(load: Callable[[Path], Reader], directory: str, stage: str) -> Reader:
    """The model of a directory that ``<stage>.teachers`` names.

    Raises:
        TrainingError: it cannot be read.
    """
    try:
        return load(Path(directory))
    except (OSError, NetworkError) as error:
        raise TrainingError(f"{stage}.teachers: {error}") from error


def places_of(ours: Sequence[str], its: Sequence[str], directory: str, stage: str) -> list[int]:
    """Where the teacher of a directory has each of our labels.

    Raises:
        TrainingError: it does not know one.
    """
    if unknown := sorted(set(ours) - set(its)):
        raise TrainingError(f"{stage}.teachers: {directory} does not know {', '.join(unknown)}; leave it out")
    return [its.index(label) for label in ours]


def mean_answer(answers: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    """What several teachers say on average; arrays of one shape."""
    return np.asarray(np.mean(answers, axis=0), np.float32)
