"""Weights between those that a training began from and those that it arrived at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray


def mean(trained: Sequence[NDArray[Any]], begun: Mapping[int, NDArray[Any]], share: float) -> list[NDArray[Any]]:
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
