"""Calibration: whether a probability of 0.9 is right nine times in ten, and how to make it so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from inkmath.decoding.symbol import tempered

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Reliability(NamedTuple):
    """Answers by how sure they were.

    Attributes:
        confidence: ``(bins,)`` mean confidence of the answers in each bin that has any.
        accuracy: ``(bins,)`` share of them that is right.
        answers: ``(bins,)`` how many there are.
        error: expected calibration error: the mean gap between the two, weighted by number (Naeini et al., AAAI 2015).
    """

    confidence: NDArray[np.float64]
    accuracy: NDArray[np.float64]
    answers: NDArray[np.int64]
    error: float


def reliability(confidence: NDArray[np.floating[Any]], right: NDArray[np.bool_], bins: int = 15) -> Reliability:
    """Sort answers into ``bins`` equal ranges of confidence.

    Args:
        confidence: ``(N,)`` in 0..1. right: ``(N,)``.
        bins: ranges; those without an answer are left out.
    """
    edges = np.linspace(0.0, 1.0, bins + 1)[1:-1]
    bin_of = np.digitize(confidence, edges, right=True)
    count = np.bincount(bin_of, minlength=bins)
    used = count > 0
    mean = np.bincount(bin_of, weights=confidence, minlength=bins)[used] / count[used]
    accuracy = np.bincount(bin_of, weights=right, minlength=bins)[used] / count[used]
    error = float(np.abs(mean - accuracy) @ count[used] / len(confidence)) if len(confidence) else 0.0
    return Reliability(mean, accuracy, count[used], error)


def fit_temperature(probabilities: NDArray[np.floating[Any]], ids: NDArray[np.integer[Any]]) -> float:
    """The temperature in 0.25..4 at which held-out samples are likeliest, to 0.01 or finer.

    Args:
        probabilities: ``(N, classes)``. ids: ``(N,)`` the right classes; at least one.
    """
    from scipy.optimize import minimize_scalar

    rows = np.arange(len(ids))

    def surprise(exponent: float) -> float:
        chosen = tempered(probabilities, float(np.exp(exponent)))[rows, ids]
        return float(-np.log(np.maximum(chosen, 1e-12)).mean())

    # It has one minimum.
    found = minimize_scalar(surprise, bounds=(np.log(0.25), np.log(4.0)), method="bounded", options={"xatol": 1e-3})
    return float(np.exp(found.x))
