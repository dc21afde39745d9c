"""Formulas drawn from the grammar."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from inkmath.layout.classes import SYMBOL_CLASSES
from inkmath.layout.latex import canonical_tokens, parse_latex, to_latex
from inkmath.layout.tree import Relation
from inkmath.synthesis.grammar import SMALLEST_LIMIT, random_formula


@pytest.mark.parametrize("label", SYMBOL_CLASSES)
def test_a_wanted_class_occurs_however_short_the_formula_must_be(label: str) -> None:
    for limit in (SMALLEST_LIMIT, 12, 30):
        tree = random_formula(np.random.default_rng(limit), wanted=[label], max_symbols=limit)
        assert label in {symbol.label for symbol in tree.symbols}
        assert len(tree.symbols) <= limit


def test_two_wanted_classes_occur_together() -> None:
    labels = np.random.default_rng(0).permutation(np.array(SYMBOL_CLASSES))
    for seed, (one, other) in enumerate(zip(labels, np.roll(labels, 17), strict=True)):
        tree = random_formula(np.random.default_rng(seed), wanted=[str(one), str(other)])
        assert {str(one), str(other)} <= {symbol.label for symbol in tree.symbols}


def test_formulas_use_every_relation_and_construct() -> None:
    relations: Counter[str] = Counter()
    constructs: Counter[str] = Counter()
    for seed in range(400):
        tree = random_formula(np.random.default_rng(seed))
        relations.update(edge.relation for edge in tree.edges)
        for symbol, children in zip(tree.symbols, tree.children, strict=True):
            constructs.update(f"{symbol.label} {relation}" for relation in children)
    assert set(relations) == set(Relation) - {Relation.CELL, Relation.ROW}
    assert {"- Above", "- Below", "\\sqrt Inside", "\\sqrt Above", "\\int Sub", "\\int Above", "\\sum Above"} <= set(
        constructs
    )
    assert {"\\lim Below", "\\log Sub", "\\sin Sup", ") Sup", "x Sub", "x Sup"} <= set(constructs)


def test_formulas_read_back_from_their_latex() -> None:
    for seed in range(200):
        tree = random_formula(np.random.default_rng(seed))
        again = parse_latex(to_latex(tree))
        assert canonical_tokens(again) == canonical_tokens(tree)
        assert len(again.symbols) == len(tree.symbols)


def test_symbols_stand_in_reading_order_and_own_no_strokes() -> None:
    tree = random_formula(np.random.default_rng(3))
    assert tree.root == 0
    assert all(edge.parent < edge.child for edge in tree.edges)
    assert all(symbol.strokes == () for symbol in tree.symbols)


def test_the_same_seed_draws_the_same_formula() -> None:
    assert random_formula(np.random.default_rng(5)) == random_formula(np.random.default_rng(5))
    assert random_formula(np.random.default_rng(5)) != random_formula(np.random.default_rng(6))


@pytest.mark.parametrize(
    ("wanted", "limit", "message"),
    [
        (["\\lt"], 30, "SYMBOL_CLASSES"),
        (["a", "b", "c"], 30, "at most two"),
        ([], SMALLEST_LIMIT - 1, "max_symbols"),
    ],
)
def test_what_cannot_be_drawn_is_refused(wanted: list[str], limit: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        random_formula(np.random.default_rng(0), wanted=wanted, max_symbols=limit)
