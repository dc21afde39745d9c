"""Stray taps: which strokes may be one, and that a formula is read without it where it is by far the likelier so."""

from __future__ import annotations

import numpy as np
import pytest
from released import needs_weights

from inkmath.decoding.reading import Reading
from inkmath.decoding.strays import MOST, of_all, specks
from inkmath.ink import Ink
from inkmath.layout.tree import Edge, LayoutTree, Relation, Symbol
from inkmath.recognizer import Recognizer
from inkmath.synthesis import synthesize

LETTER = np.array([[0, 0], [6, 10]], np.float32)
DOT = np.array([[3, 4], [3.2, 4.1]], np.float32)


def line(*groups: tuple[int, ...]) -> Reading:
    symbols = tuple(Symbol("x", group) for group in groups)
    return Reading(LayoutTree(symbols, tuple(Edge(i, i + 1, Relation.RIGHT) for i in range(len(groups) - 1))), 0.8, ())


def test_a_small_stroke_that_is_a_symbol_by_itself_may_be_a_tap() -> None:
    strokes = [LETTER, DOT, LETTER, LETTER]
    assert specks(strokes, line((0,), (1,), (2,), (3,)), []) == [1]
    assert specks(strokes, line((0, 1), (2,), (3,)), []) == [], "the dot of an i"
    assert specks([LETTER] * 4, line((0,), (1,), (2,), (3,)), []) == []
    assert specks([LETTER * 0.2, *[LETTER] * 3], line((0,), (1,), (2,), (3,)), []) == [0], "small for this writing"


def test_what_a_person_decided_is_no_tap() -> None:
    read = line((0,), (1,), (2,), (3,))
    assert specks([LETTER, DOT, LETTER, DOT], read, [frozenset({1})]) == [3]


def test_many_dots_are_dots_of_something_and_dots_alone_are_the_formula() -> None:
    dotted = [LETTER, LETTER, LETTER, *[DOT] * (MOST + 1)]
    every = [(index,) for index in range(len(dotted))]
    assert specks(dotted, line(*every), []) == []
    assert specks(dotted[:-1], line(*every[:-1]), []) == [3, 4, 5]
    assert specks([LETTER, DOT], line((0,), (1,)), []) == [], "one symbol would be left"


def test_a_reading_without_a_stroke_names_the_strokes_of_the_whole_ink() -> None:
    moved = of_all(line((0,), (1, 3), (2,)), 1)
    assert [symbol.strokes for symbol in moved.tree.symbols] == [(0,), (2, 4), (3,)]
    assert moved.confidence == 0.8


@pytest.fixture(scope="module")
def released() -> Recognizer:
    return Recognizer.load()


def tapped(ink: Ink, random: np.random.Generator) -> tuple[Ink, int]:
    """The ink with a tap somewhere upon it or near by, and its place in writing order."""
    left, top, right, bottom = ink.bounds
    place = int(random.integers(0, len(ink.strokes) + 1))
    at = random.uniform((left, top - 10), (right + 10, bottom + 10))
    tap = np.stack([at, at + 0.3]).astype(np.float32)
    return Ink((*ink.strokes[:place], tap, *ink.strokes[place:])), place


@needs_weights
def test_taps_are_left_out_and_the_reading_with_the_tap_comes_second(released: Recognizer) -> None:
    random = np.random.default_rng(5)
    dropped = []
    for ink in synthesize(40, seed=11, writers=20, max_symbols=14):
        with_tap, place = tapped(ink, random)
        found = released.recognize(with_tap)
        owned = {stroke for symbol in found.symbols for stroke in symbol.strokes}
        if place in owned:
            continue
        dropped.append(found)
        assert owned == set(range(len(with_tap.strokes))) - {place}
        second = found.alternatives[1]
        assert {stroke for symbol in second.symbols for stroke in symbol.strokes} == owned | {place}
        assert second.confidence <= min(found.confidence, 1 - found.confidence)
        assert len({formula.latex for formula in found.alternatives}) == len(found.alternatives)
    assert len(dropped) >= 5


@needs_weights
def test_a_dot_that_a_person_called_one_stays(released: Recognizer) -> None:
    random = np.random.default_rng(5)
    kept = 0
    for ink in synthesize(24, seed=11, writers=12, max_symbols=14):
        with_tap, place = tapped(ink, random)
        chosen = {frozenset({place}): "."}
        found = released.recognize(with_tap, constraints=chosen, alternatives=1)
        kept += (".", (place,)) in [(symbol.label, symbol.strokes) for symbol in found.symbols]
    assert kept == 24


@needs_weights
def test_two_taps_are_left_out_one_after_the_other(released: Recognizer) -> None:
    random = np.random.default_rng(3)
    left = []
    for ink in synthesize(16, seed=12, writers=8, max_symbols=12):
        once, _ = tapped(ink, random)
        twice, _ = tapped(once, random)
        found = released.recognize(twice, alternatives=3)
        left.append(len(twice.strokes) - sum(len(symbol.strokes) for symbol in found.symbols))
    assert 2 in left
    assert max(left) <= 2


@needs_weights
def test_decimal_points_and_commas_of_made_up_formulas_stay(released: Recognizer) -> None:
    dots = lost = 0
    for ink in synthesize(150, seed=13, writers=50, max_symbols=12):
        assert ink.tree is not None
        if not {".", ","} & {symbol.label for symbol in ink.tree.symbols}:
            continue
        dots += 1
        found = released.recognize(ink, alternatives=1)
        lost += sum(len(symbol.strokes) for symbol in found.symbols) < len(ink.strokes)
    assert dots >= 10
    assert lost == 0
