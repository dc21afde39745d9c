"""The language model of layout trees: what stands where, and how likely that is."""

from __future__ import annotations

import numpy as np
import pytest

from inkmath.decoding.language import NOTHING, RELATIONS, ROOT, TreeLanguageModel, count_trigrams
from inkmath.layout.latex import parse_latex
from inkmath.layout.tree import Relation

LABELS = ["x", "y", "2", "+", "\\sum"]
RIGHT, SUP = RELATIONS.index(Relation.RIGHT), RELATIONS.index(Relation.SUP)


def model(*formulas: str, labels: list[str] = LABELS) -> TreeLanguageModel:
    return TreeLanguageModel(labels, count_trigrams(map(parse_latex, formulas)))


def test_every_symbol_counts_in_every_relation() -> None:
    counts = count_trigrams([parse_latex("x^{2}+x")])
    assert (NOTHING, ROOT, "x", 1) in counts
    assert ("x", "Sup", "2", 1) in counts
    assert ("x", "Sup", NOTHING, 1) in counts
    assert ("x", "Right", "+", 1) in counts
    assert sum(number for _, relation, _, number in counts if relation != ROOT) == 4 * len(RELATIONS)
    assert counts == sorted(counts)


def test_probabilities_sum_to_one() -> None:
    learned = model("x^{2}+y", "x+y+x", r"\sum x")
    assert np.exp(learned.edge).sum(axis=2) == pytest.approx(np.ones((len(LABELS), len(RELATIONS))))
    assert np.exp(learned.root).sum() == pytest.approx(1.0)
    assert np.isfinite(learned.edge).all()


def test_without_any_formula_everything_is_possible() -> None:
    ignorant = model()
    assert np.exp(ignorant.edge).sum(axis=2) == pytest.approx(np.ones((len(LABELS), len(RELATIONS))))
    assert np.exp(ignorant.root) == pytest.approx(np.full(len(LABELS), 1 / len(LABELS)))


def test_what_was_seen_is_likelier_than_what_was_not() -> None:
    learned = model(*["x^{2}+y"] * 5)
    x, y, two, plus, _ = range(len(LABELS))
    assert learned.edge[x, SUP, two] > learned.edge[x, SUP, y]
    assert learned.edge[x, RIGHT, plus] > learned.edge[x, RIGHT, two]
    assert learned.edge[y, RIGHT, -1] > learned.edge[x, RIGHT, -1], "a y ended the line, an x never did"
    assert learned.root.argmax() == x


def test_a_label_never_seen_falls_back_on_what_usually_stands_there() -> None:
    learned = model(*["x^{2}+y^{2}"] * 5)
    two, unseen = LABELS.index("2"), LABELS.index("\\sum")
    assert learned.edge[unseen, SUP, :-1].argmax() == two


def test_labels_outside_the_vocabulary_are_passed_over() -> None:
    known = model("x+y")
    assert (model("x+y", r"\alpha^{\beta}").edge == known.edge).all()
