"""Stray taps: which strokes may be one, and that the reading without is offered where it is by far the likelier."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from released import needs_weights

from inkmath.decoding.expression import StrokeGraphReader
from inkmath.decoding.reading import Reading
from inkmath.decoding.search import AMONG_OTHERS
from inkmath.decoding.strays import GAIN, MOST, offered_beside, specks, with_offer
from inkmath.ink import Ink
from inkmath.layout.tree import Edge, LayoutTree, Relation, Symbol
from inkmath.recognizer import Recognizer
from inkmath.synthesis import synthesize

if TYPE_CHECKING:
    from inkmath.decoding.reading import Constraints

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


def test_a_reading_without_a_stroke_is_no_surer_than_what_the_best_one_leaves_to_others() -> None:
    assert offered_beside(line((0,)), line((0,))).confidence == pytest.approx(AMONG_OTHERS * 0.2)
    doubted = replace(line((0,)), confidence=0.01)
    assert offered_beside(line((0,)), doubted).confidence == 0.01


def test_what_is_offered_is_the_second_and_nothing_is_said_twice() -> None:
    best, other, offered = line((0,), (1,), (2,)), line((0,)), line((0,), (2,))
    assert with_offer([best, other], offered) == [best, offered, other]
    assert with_offer([best, line((0,), (1,))], offered) == [best, offered], "the same LaTeX"
    assert with_offer([best, other], line((0,), (1,), (3,))) == [best, other]


class Told(StrokeGraphReader):
    """A reader of strokes in a line, which likes ink without some of them; an ink is its own scores."""

    def __init__(self, gains: dict[float, float]) -> None:
        self.gains = gains
        self.decided: list[Constraints] = []

    def scores(self, inks: Any) -> Any:
        return inks

    def _worth(self, scores: Any) -> float:
        left = {float(stroke[0, 0]) for stroke in scores.strokes}
        return sum(gain for place, gain in self.gains.items() if place not in left)

    def _searched(self, ink: Ink, scores: Any, alternatives: int, fixed: Constraints) -> list[Reading]:
        self.decided.append(fixed)
        return [line(*((index,) for index in range(len(ink.strokes))))]


def test_of_several_dots_the_one_is_left_out_without_which_the_formula_is_likeliest_and_choices_hold() -> None:
    ink = Ink(tuple(stroke + np.array([10 * place, 0], np.float32) for place, stroke in enumerate([LETTER, DOT] * 3)))
    first, second, third = (float(ink.strokes[place][0, 0]) for place in (1, 3, 5))
    scores: Any = ink
    reader = Told({first: GAIN + 1, second: GAIN + 2, third: GAIN + 1})
    _, offered = reader._read(ink, scores, 5, {frozenset({4}): "x"})
    assert [symbol.strokes for symbol in offered.tree.symbols] == [(0,), (1,), (2,), (4,), (5,)]
    assert reader.decided == [{frozenset({4}): "x"}, {frozenset({3}): "x"}]
    assert len(Told({second: GAIN - 0.1})._read(ink, scores, 5, {})) == 1


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
def test_of_a_formula_with_a_tap_the_reading_without_is_offered_as_the_second(released: Recognizer) -> None:
    random = np.random.default_rng(5)
    offered = right = 0
    for ink in synthesize(40, seed=11, writers=20, max_symbols=14):
        with_tap, _ = tapped(ink, random)
        found = released.recognize(with_tap)
        every = set(range(len(with_tap.strokes)))
        best, second = (
            {stroke for symbol in formula.symbols for stroke in symbol.strokes} for formula in found.alternatives[:2]
        )
        assert best == every
        if second == every:
            continue
        offered += 1
        assert len(every - second) == 1
        right += found.alternatives[1].tokens == released.recognize(ink).tokens
        assert found.alternatives[1].confidence <= found.confidence
        assert len({formula.latex for formula in found.alternatives}) == 5
    assert offered >= 5
    assert right >= 0.7 * offered, "seldom another dot than the tap is doubted"


@needs_weights
def test_a_dot_that_a_person_called_one_is_in_every_reading(released: Recognizer) -> None:
    random = np.random.default_rng(5)
    for ink in synthesize(24, seed=11, writers=12, max_symbols=14):
        with_tap, place = tapped(ink, random)
        found = released.recognize(with_tap, constraints={frozenset({place}): "."})
        for formula in found.alternatives:
            assert (".", (place,)) in [(symbol.label, symbol.strokes) for symbol in formula.symbols]


@needs_weights
def test_who_asks_for_one_reading_gets_that_of_all_strokes(released: Recognizer) -> None:
    random = np.random.default_rng(5)
    for ink in synthesize(12, seed=11, writers=6, max_symbols=14):
        with_tap, _ = tapped(ink, random)
        alone = released.recognize(with_tap, alternatives=1)
        assert alone.tokens == released.recognize(with_tap).tokens
        assert len(alone.alternatives) == 1
