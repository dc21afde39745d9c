"""Symbols that CROHME's formulas lack, in made-up ones."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from inkmath.layout.accents import ACCENTS, SPANNING, accent_of, spanning_of
from inkmath.layout.classes import FURTHER_CLASSES, SYMBOL_CLASSES
from inkmath.layout.latex import canonical_tokens, parse_latex, to_latex
from inkmath.layout.symbols import canonical_label
from inkmath.layout.tree import Relation
from inkmath.synthesis import synthesize
from inkmath.synthesis.further import ACCENTED, INSTEAD, place_for, with_accents, with_further, with_wide_accent

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


def test_a_wide_accent_stands_over_capitals_in_the_place_of_a_letter_or_over_a_stretch() -> None:
    plain = parse_latex(r"x ^ { 2 } + y < \frac { a } { 3 b } \rightarrow ( c )")
    found, points = Counter[str](), 0
    for seed in range(400):
        tree = with_wide_accent(plain, 9, np.random.default_rng(seed))
        wide = [place for place in range(len(tree.symbols)) if spanning_of(tree, place)]
        if not wide:
            assert tree == plain
            continue
        (mark,) = wide
        under = [tree.symbols[place].label for place in tree.line(tree.children[mark][Relation.INSIDE])]
        found[tree.symbols[mark].label] += 1
        if all(label.isupper() for label in under):
            points += 1
            assert len(set(under)) == len(under) == len(tree.symbols) - len(plain.symbols)
        else:
            assert under in (["x", "+", "y"], ["3", "b"])
    assert set(found) == set(SPANNING)
    assert found["-"] > found["\\sim"]
    assert 0 < points < sum(found.values())


def test_a_wide_accent_keeps_scripts_neighbours_and_cells_and_takes_no_more_room_than_there_is() -> None:
    made = {
        to_latex(
            with_wide_accent(
                parse_latex(r"\begin{pmatrix} x ^ { 2 } & 1 \end{pmatrix}"), 2, np.random.default_rng(seed)
            )
        )
        for seed in range(60)
    }
    assert all(len(latex.split("&")) == 2 for latex in made)
    assert any("{ x ^ { 2 } }" not in latex and "} ^ { 2 } & 1" in latex for latex in made)
    full = parse_latex("a b + c d")
    assert all(with_wide_accent(full, 0, np.random.default_rng(seed)) == full for seed in range(60))


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
