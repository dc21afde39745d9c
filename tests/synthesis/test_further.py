"""Symbols that CROHME's formulas lack, in made-up ones."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from inkmath.layout.accents import ACCENTS, accent_of
from inkmath.layout.classes import FURTHER_CLASSES, SYMBOL_CLASSES
from inkmath.layout.latex import canonical_tokens, parse_latex
from inkmath.layout.symbols import canonical_label
from inkmath.synthesis import synthesize
from inkmath.synthesis.further import ACCENTED, INSTEAD, place_for, with_accents, with_further

ALL = set(FURTHER_CLASSES)


def test_each_further_class_has_a_place_and_none_is_one_of_crohme() -> None:
    assert {label for others in INSTEAD.values() for label in others} == ALL
    assert set(INSTEAD) <= set(SYMBOL_CLASSES)
    assert not ALL & set(SYMBOL_CLASSES)
    assert [canonical_label(label) for label in FURTHER_CLASSES] == sorted(FURTHER_CLASSES)


@pytest.mark.parametrize("label", FURTHER_CLASSES)
def test_what_is_wanted_is_there_if_it_has_a_place(label: str) -> None:
    rng = np.random.default_rng(0)
    place = place_for(label, rng)
    tree = with_further(parse_latex(f"2 {place} 3"), [label], rng)
    assert [symbol.label for symbol in tree.symbols] == ["2", label, "3"]
    assert tree.edges == parse_latex(f"2 {place} 3").edges


def test_what_has_no_place_is_left_out() -> None:
    tree = parse_latex("\\frac { 1 } { 2 } - 3")
    assert with_further(tree, ["\\prod", "D"], np.random.default_rng(0)) == tree


def test_a_superscript_of_one_digit_may_be_the_sign_of_degrees() -> None:
    tree = parse_latex("3 ^ { 0 } + 2 ^ { 1 2 }")
    found = {" ".join(canonical_tokens(with_further(tree, [], np.random.default_rng(seed)))) for seed in range(60)}
    assert "3 ^ { \\circ } + 2 ^ { 1 2 }" in found
    assert all("2 ^ { 1 2 }" in latex for latex in found)


def test_some_formulas_have_accents_and_a_letter_the_same_everywhere() -> None:
    plain = parse_latex("x + y = 2 x")
    made = [with_accents(plain, 10, np.random.default_rng(seed)) for seed in range(300)]
    accented = [tree for tree in made if tree != plain]
    assert len(accented) / len(made) == pytest.approx(ACCENTED, abs=0.08)
    kinds = Counter[str]()
    for tree in accented:
        found = [(symbol.label, accent_of(tree, place)) for place, symbol in enumerate(tree.symbols)]
        assert len({accent for label, accent in found if label == "x"}) == 1
        assert {label for label, accent in found if accent} <= {"x", "y"}
        kinds.update(accent for _, accent in found if accent)
    assert set(kinds) == set(ACCENTS)


def test_accents_take_no_more_room_than_there_is_and_no_place_that_is_taken() -> None:
    for seed in range(60):
        rng = np.random.default_rng(seed)
        assert len(with_accents(parse_latex("x + y + z + a"), 2, rng).symbols) <= 9
        assert " . " not in " ".join(symbol.label for symbol in with_accents(parse_latex("i + j"), 9, rng).symbols)
        limits = parse_latex("\\overset { n } { x }")
        assert len(with_accents(limits, 9, rng).children[0]) == 1


def test_every_further_class_occurs_beside_those_of_crohme() -> None:
    inks = list(synthesize(len(FURTHER_CLASSES), 1, writers=10, further=True))
    counts = Counter(symbol.label for ink in inks if ink.tree for symbol in ink.tree.symbols)
    assert [label for label in FURTHER_CLASSES if counts[label] < 2] == []
    assert sum(counts[label] for label in SYMBOL_CLASSES) > sum(counts[label] for label in FURTHER_CLASSES)
    again = list(synthesize(5, 1, writers=10, further=True))
    assert [ink.latex for ink in again] == [ink.latex for ink in inks[:5]]


def test_they_are_made_when_asked_for_only() -> None:
    inks = list(synthesize(50, 1, writers=10))
    assert not ALL & {symbol.label for ink in inks if ink.tree for symbol in ink.tree.symbols}
    assert not any(accent in (ink.latex or "") for ink in inks for accent in ACCENTS)
