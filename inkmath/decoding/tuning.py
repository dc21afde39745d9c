"""Fit the search to the networks on validation ink: what each part of the score counts, and what confidence means."""

from __future__ import annotations

import itertools
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from inkmath.decoding.expression import prepared
from inkmath.decoding.language import TreeLanguageModel, without
from inkmath.decoding.search import Search, Weights, evidence
from inkmath.features.expression import FormulaSet, rescale
from inkmath.ink import Ink
from inkmath.layout.latex import canonical_tokens
from inkmath.layout.tree import LayoutError
from inkmath.synthesis.augment import Bend, bend

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from inkmath.decoding.expression import StrokeGraphReader
    from inkmath.decoding.language import Counts
    from inkmath.decoding.lines import LineModel
    from inkmath.decoding.opinion import Opinion
    from inkmath.decoding.readout import Scores
    from inkmath.decoding.search import Found

LANGUAGE = (0.0, 0.1, 0.2, 0.35, 0.5)
"""Factors of the language model that are tried."""

OPINION = (0.0, 0.2, 0.4, 0.6)
"""Shares of a second opinion that are tried, where there is one."""

COPIES = 3
"""Bent copies of each formula that the search is fitted to: those of one are too few to trust a point."""

POINTS = 64
"""Points a stroke of bent ink has: twice what the released network asks for."""


@dataclass(frozen=True)
class Answer:
    """What the networks say of one formula."""

    scores: Scores
    opinion: Opinion | None = None


@dataclass(frozen=True)
class Tuned:
    """The weights found, and the ExpRate on validation ink as written (0..1) by factor of language and share."""

    weights: Weights
    exprate: float
    tried: dict[tuple[float, float], float]


def searches(reader: StrokeGraphReader, inks: Sequence[Ink]) -> int:
    """How many searches :func:`tune_reader` tries its factors and shares with."""
    return len(LANGUAGE) * (len(OPINION) if reader.opinion else 1) * (1 + COPIES) * len(inks)


def tune_reader(
    reader: StrokeGraphReader,
    inks: Sequence[Ink],
    counts: Counts,
    training: Collection[str],
    advance: Callable[[int], None] = lambda count: None,
) -> Tuned:
    """What the search of a reader should weigh, found on validation ink with trees, as written and bent, and scribble.

    What users write is seldom in a training set, so the language model is weighed as if no formula of validation had
    been, and confidence is fitted to those alone that were not: the network knows the others too.

    Args:
        reader: its networks are asked, and it knows how lines run; its language model and weights play no part.
        inks: validation ink. counts: of all training formulas, for the language model.
        training: canonical tokens of each training formula, spaces between.
        advance: is told after every search of :func:`searches`: a thousand formulas take minutes.
    """

    def ask(some: Sequence[Ink]) -> list[Answer]:
        some = [prepared(ink) for ink in some]
        return [
            Answer(scores, reader.opinion.of(ink) if reader.opinion else None)
            for ink, scores in zip(some, reader.scores(some), strict=True)
        ]

    truths = [" ".join(canonical_tokens(ink.tree)) if ink.tree else "" for ink in inks]
    language = unaware(reader.labels, counts, inks, training)
    strange = ask(in_stranger_hands(inks))
    answers, lines = ask(inks), reader.search.lines
    fresh = unseen(truths, training)
    return tune(answers, truths, reader.labels, language, strange, ask(scribbles()), fresh, lines, advance)


def tune(
    answers: Sequence[Answer],
    truths: Sequence[str],
    labels: Sequence[str],
    language: TreeLanguageModel,
    bent: Sequence[Answer] = (),
    scribbles: Sequence[Answer] = (),
    fresh: Collection[int] | None = None,
    lines: LineModel | None = None,
    advance: Callable[[int], None] = lambda count: None,
) -> Tuned:
    """Choose factor and share by ExpRate on both kinds of ink, then fit confidence to it.

    Args:
        answers: to each validation formula. truths: canonical tokens of each, spaces between.
        labels: the symbol vocabulary. language: model of other formulas.
        bent: answers to the same formulas in stranger hands, all of them any number of times over. Together they count
        as much as those as written: users' hands and pens differ more from those of training than validation's do, and
        those alone would make confidence promise too much.
        scribbles: answers to what is no formula: whatever is read there is wrong, and confidence should know.
        fresh: places of the formulas that confidence is fitted to; None means all.
        lines: how symbols stand on their lines, which counts as much as it does in all searches.
        advance: is told after every search that factors and shares are tried with.
    """
    tried: dict[tuple[float, float], float] = {}
    best: tuple[float, Search, list[list[Found]], list[bool]] | None = None
    copies = len(bent) // max(len(answers), 1)
    asked, wanted = [*answers, *bent], [*truths] * (1 + copies)
    counts = np.repeat([1.0, 1.0 / max(copies, 1)], [len(answers), len(bent)])
    shares = OPINION if any(one.opinion for one in asked) else (Weights().opinion,)
    for factor, share in itertools.product(LANGUAGE, shares):
        search = Search(labels, language, replace(Weights(), language=factor, opinion=share), lines)
        found = []
        for one in asked:
            found.append(search.search(one.scores, {}, one.opinion))
            advance(1)
        right = [_latex(one[0], labels) == truth for one, truth in zip(found, wanted, strict=True)]
        tried[factor, share] = float(np.mean(right[: len(answers)]))
        merit = float(np.average(right, weights=counts))
        if best is None or merit > best[0]:
            best = merit, search, found, right
    assert best is not None
    _, search, found, right = best
    nonsense = [search.search(one.scores, {}, one.opinion) for one in scribbles]
    kept = [place for place in range(len(found)) if fresh is None or place % len(answers) in fresh]
    confidence = fit_confidence(
        [*(found[place] for place in kept), *nonsense],
        [*(right[place] for place in kept), *[False] * len(nonsense)],
        [*counts[kept], *[1.0] * len(nonsense)],
    )
    weights = replace(search.weights, confidence=confidence)
    return Tuned(weights, tried[weights.language, weights.opinion], tried)


def fit_confidence(
    found: Sequence[Sequence[Found]], right: Sequence[bool], counts: Sequence[float]
) -> tuple[float, float, float]:
    """Intercept and factors of the logistic model that says how likely a reading is right (Platt, 1999).

    Each formula counts as much as ``counts`` says.

    Without both right and wrong readings there is nothing to fit: the usual values stay.
    """
    from sklearn.linear_model import LogisticRegression

    if len(set(right)) < 2:
        return Weights().confidence
    model = LogisticRegression(C=10.0).fit(
        np.array([evidence(one) for one in found]), np.array(right), sample_weight=np.array(counts)
    )
    by_ink, by_lead = model.coef_[0].tolist()
    return float(model.intercept_[0]), by_ink, by_lead


def unseen(truths: Sequence[str], training: Collection[str]) -> list[int]:
    """Places of the formulas whose text no training formula has; all places where fewer than a tenth are such."""
    fresh = [place for place, latex in enumerate(truths) if latex not in training]
    return fresh if len(fresh) * 10 >= len(truths) else list(range(len(truths)))


def unaware(labels: Sequence[str], counts: Counts, inks: Sequence[Ink], training: Collection[str]) -> TreeLanguageModel:
    """The language model as it were without the training formulas that say the same as some validation formula.

    Args:
        labels: the symbol vocabulary. counts: of all training formulas. inks: validation ink with trees.
        training: canonical tokens of each training formula, spaces between.
    """
    known = [ink.tree for ink in inks if ink.tree and " ".join(canonical_tokens(ink.tree)) in training]
    return TreeLanguageModel(labels, without(counts, known))


def bent(formulas: FormulaSet, strength: float = 1.5, seed: int = 0) -> FormulaSet:
    """The same formulas in stranger hands: each bent ``strength`` times as much as for training on average."""
    how = replace(Bend(**{name: strength * value for name, value in asdict(Bend()).items()}), vary=0.0)
    rng = np.random.default_rng(seed)
    made = [
        rescale(bend(strokes[None], np.unique(owners, return_inverse=True)[1][None], how, rng)[0])
        for strokes, owners in ((formulas.strokes(number), formulas.owners(number)) for number in range(len(formulas)))
    ]
    return replace(formulas, points=np.concatenate(made) if made else formulas.points)


def in_stranger_hands(inks: Sequence[Ink], copies: int = COPIES) -> list[Ink]:
    """All ink as :func:`bent` bends it, then all of it bent another way, and so on."""
    if not inks:
        return []
    formulas = FormulaSet.from_inks(inks, [""] * len(inks), POINTS)
    return [
        replace(ink, strokes=tuple(strange.strokes(number)))
        for strange in (bent(formulas, seed=copy) for copy in range(copies))
        for number, ink in enumerate(inks)
    ]


def scribbles(count: int = 40, seed: int = 0) -> list[Ink]:
    """Ink that is no formula: strokes of random walks, 3 to 12 of them."""
    rng = np.random.default_rng(seed)
    return [
        Ink(tuple(np.cumsum(rng.normal(size=(40, 2)), axis=0).astype(np.float32) for _ in range(rng.integers(3, 13))))
        for _ in range(count)
    ]


def _latex(found: Found, labels: Sequence[str]) -> str:
    try:
        return " ".join(canonical_tokens(found.tree(labels)))
    except LayoutError:
        return ""
