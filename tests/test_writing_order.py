"""The order of writing, told from places; ink that no hand wrote in the order it has."""

from __future__ import annotations

import numpy as np
import pytest

from inkmath.ink import Ink
from inkmath.synthesis import synthesize
from inkmath.writing_order import writing_order, written_at_random

Ends = list[tuple[float, float]]


def drawn(*strokes: Ends) -> Ink:
    return Ink.from_points(strokes)


MINUS: Ends = [(10, 60), (40, 60)]
NUMERATOR: Ends = [(100, 10), (100, 45)]
BAR: Ends = [(60, 60), (140, 60)]
DENOMINATOR: Ends = [(100, 75), (100, 110)]


def test_left_to_right_and_from_above() -> None:
    assert writing_order(drawn(DENOMINATOR, BAR, MINUS, NUMERATOR).strokes) == [2, 3, 1, 0]


def test_a_root_comes_before_what_stands_in_it() -> None:
    hook: Ends = [(0, 20), (5, 40), (10, 0), (60, 0)]
    assert writing_order(drawn([(40, 10), (40, 35)], [(20, 10), (20, 35)], hook).strokes) == [2, 1, 0]


@pytest.mark.parametrize(
    "mark",
    [
        pytest.param([(20, 2)], id="the dot of an i"),
        pytest.param([(15, 4), (26, 0)], id="an accent"),
    ],
)
def test_a_mark_comes_after_its_letter(mark: Ends) -> None:
    stem: Ends = [(20, 10), (22, 40)]
    bow: Ends = [(21, 14), (28, 34)]
    assert writing_order(drawn([(60, 5), (60, 40)], mark, bow, stem).strokes) == [3, 2, 1, 0]


def test_what_is_as_high_or_far_wider_is_no_mark() -> None:
    lines = drawn([(0, 10), (30, 10)], [(0, 0), (30, 0)])
    assert writing_order(lines.strokes) == [1, 0], "an equals sign"
    assert writing_order(drawn([(0, 0), (50, 3)], [(25, 10), (25, 40)]).strokes) == [0, 1], "a bar over a letter"


def test_a_hand_may_go_back_but_not_to_and_fro() -> None:
    digits: list[Ends] = [[(20.0 * place, 0), (20.0 * place, 20)] for place in range(8)]
    assert written_at_random(drawn(*digits).strokes) is None
    assert written_at_random(drawn(*digits[:4], *digits[5:], digits[4]).strokes) is None, "what was forgotten"
    assert written_at_random(drawn(*digits[::-1]).strokes) is None, "no longer way than the usual one"
    order = [0, 5, 1, 6, 2, 7, 3, 4]
    assert written_at_random(drawn(*(digits[place] for place in order)).strokes) == [order.index(p) for p in range(8)]


@pytest.mark.parametrize("strokes", [[], [[(0, 0), (1, 1)]], [[(3, 3)]] * 5, [[(0, 0), (4, 0)]] * 3])
def test_ink_without_places_to_go_keeps_its_order(strokes: list[Ends]) -> None:
    ink = drawn(*strokes)
    assert written_at_random(ink.strokes) is None
    assert sorted(writing_order(ink.strokes)) == list(range(len(strokes)))


def test_handwriting_keeps_its_order_and_gets_one_back() -> None:
    random = np.random.default_rng(0)
    inks = [ink for ink in synthesize(60, seed=3, writers=30, max_symbols=14) if len(ink.strokes) > 8]
    assert sum(written_at_random(ink.strokes) is not None for ink in inks) <= 0.05 * len(inks)
    mixed = [ink.reordered(random.permutation(len(ink.strokes)).tolist()) for ink in inks]
    assert sum(written_at_random(ink.strokes) is None for ink in mixed) <= 0.05 * len(inks)
    assert writing_order(mixed[0].strokes) == [
        [stroke.tobytes() for stroke in mixed[0].strokes].index(inks[0].strokes[place].tobytes())
        for place in writing_order(inks[0].strokes)
    ]
