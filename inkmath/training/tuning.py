"""Fit the search to the network on the validation split: what the language model counts, and what confidence means."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from inkmath.decoding.search import Search, Weights, evidence
from inkmath.layout.latex import canonical_tokens
from inkmath.layout.tree import LayoutError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inkmath.decoding.language import TreeLanguageModel
    from inkmath.decoding.readout import Scores
    from inkmath.decoding.search import Found

LANGUAGE = (0.0, 0.1, 0.2, 0.3, 0.45)
"""Factors of the language model that are tried."""


@dataclass(frozen=True)
class Tuned:
    """The weights found, and the ExpRate on validation (0..1) for each factor of the language model."""

    weights: Weights
    exprate: float
    tried: dict[float, float]


def tune(
    scores: Sequence[Scores],
    truths: Sequence[str],
    labels: Sequence[str],
    language: TreeLanguageModel,
    bent: Sequence[Scores] = (),
    scribbles: Sequence[Scores] = (),
) -> Tuned:
    """Choose the factor of the language model by ExpRate on both kinds of ink, then fit confidence to it.

    Args:
        scores: the network's answer to each validation formula. truths: canonical tokens of each, spaces between.
        labels: the symbol vocabulary. language: model of training formulas.
        bent: answers to the same formulas in stranger hands, all or none. Both count: users' hands and pens differ more
        from those of training than validation's do, and those alone would make confidence promise too much.
        scribbles: answers to what is no formula: whatever is read there is wrong, and confidence should know.
    """
    tried: dict[float, float] = {}
    best: tuple[float, Weights, list[list[Found]], list[bool]] | None = None
    answers, wanted = [*scores, *bent], [*truths, *truths[: len(bent)]]
    for factor in LANGUAGE:
        weights = replace(Weights(), language=factor)
        search = Search(labels, language, weights)
        found = [search.search(one, {}) for one in answers]
        right = [_latex(one[0], labels) == truth for one, truth in zip(found, wanted, strict=True)]
        tried[factor] = float(np.mean(right[: len(scores)]))
        if best is None or np.mean(right) > best[0]:
            best = float(np.mean(right)), weights, found, right
    assert best is not None
    _, weights, found, right = best
    search = Search(labels, language, weights)
    nonsense = [search.search(one, {}) for one in scribbles]
    confidence = fit_confidence([*found, *nonsense], [*right, *[False] * len(nonsense)])
    return Tuned(replace(weights, confidence=confidence), tried[weights.language], tried)


def fit_confidence(found: Sequence[Sequence[Found]], right: Sequence[bool]) -> tuple[float, float, float]:
    """Intercept and factors of the logistic model that says how likely a reading is right (Platt, 1999).

    Without both right and wrong readings there is nothing to fit: the usual values stay.
    """
    from sklearn.linear_model import LogisticRegression

    if len(set(right)) < 2:
        return Weights().confidence
    model = LogisticRegression(C=10.0).fit(np.array([evidence(one) for one in found]), np.array(right))
    by_score, by_lead = model.coef_[0].tolist()
    return float(model.intercept_[0]), by_score, by_lead


def _latex(found: Found, labels: Sequence[str]) -> str:
    try:
        return " ".join(canonical_tokens(found.tree(labels)))
    except LayoutError:
        return ""
