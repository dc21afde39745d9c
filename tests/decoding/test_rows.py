"""Rows: where ink may be cut, at what price, and that the best of all ways to cut is taken."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from released import needs_weights

from inkmath.decoding.rows import (
    BY_BAR,
    BY_RETURN,
    MOST,
    MOST_CUTS,
    MOST_JOINED,
    MOST_RETURNS,
    PRICE,
    SLACK,
    bands,
    rows,
)
from inkmath.recognizer import Recognizer
from inkmath.synthesis import synthesize

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inkmath.decoding.rows import Worth
    from inkmath.ink import Ink, Stroke

    Set = tuple[int, ...]


def tall(x: float, y: float) -> Stroke:
    """A stroke of height 1, the typical one, with its top at ``(x, y)``."""
    return np.array([[x, y], [x + 0.2, y + 1]], np.float32)


def bar(left: float, right: float, y: float) -> Stroke:
    return np.array([[left, y], [right, y]], np.float32)


def line(y: float, count: int = 4) -> list[Stroke]:
    return [tall(x, y) for x in range(count)]


def never(sets: Sequence[Set]) -> list[float]:
    raise AssertionError(f"asked about {sets}")


def gaining(gain: float) -> Worth:
    """Strokes 0 to 3 and 4 to 7 are better read apart, by so much."""

    def worth(sets: Sequence[Set]) -> list[float]:
        return [0.0 if not (min(one) < 4 <= max(one)) else -gain for one in sets]

    return worth


def test_ink_that_neither_a_band_nor_a_return_parts_is_one_formula_and_nothing_is_read() -> None:
    crossed = [*line(0), tall(3, 0.5), *(tall(3 - place / 2, 0.9) for place in range(4))]
    assert rows(crossed, never) == [tuple(range(9))]


def test_lines_beneath_each_other_are_formulas_of_their_own_where_reading_them_so_gains_the_price() -> None:
    page = [*line(0), *line(2)]
    price = bands(page).prices[0]
    # What is read apart gains a cut's price, or not quite.
    assert rows(page, gaining(price + 0.1)) == [(0, 1, 2, 3), (4, 5, 6, 7)]
    assert rows(page, gaining(price - 0.1)) == [tuple(range(8))]


def test_strokes_of_a_row_are_named_in_writing_order_and_rows_from_the_top_down() -> None:
    page = [tall(0, 2), tall(0, 0), tall(1, 2), tall(1, 0)]

    def worth(sets: Sequence[Set]) -> list[float]:
        return [-100.0 if len(one) == 4 else 0.0 for one in sets]

    assert rows(page, worth) == [(1, 3), (0, 2)]


def test_a_dot_is_no_formula_whatever_it_would_gain() -> None:
    dot = np.array([[1, 4]], np.float32)
    page = [*line(0), *line(2), dot]
    assert len(bands(page).parts) == 3

    def worth(sets: Sequence[Set]) -> list[float]:
        return [-100.0 * (len(one) - 1) ** 2 for one in sets]

    assert rows(page, worth) == [(0, 1, 2, 3), (4, 5, 6, 7, 8)]
    one_stroke = [*line(0), tall(0, 2)]
    assert rows(one_stroke, gaining(10)) == [(0, 1, 2, 3), (4,)], "one that is larger may be the beginning of one"


def test_a_wide_band_costs_less_than_a_narrow_one_up_to_three_typical_strokes() -> None:
    by_width = {width: bands([*line(0), *line(1 + width)]).prices[0] for width in (0.3, 0.8, 2.0, 3.0, 9.0)}
    prices = list(by_width.values())
    assert prices == sorted(prices, reverse=True)
    assert by_width[3.0] == by_width[9.0]
    # Strokes are trimmed by a tenth of their height at either end.
    assert by_width[0.8] == pytest.approx(PRICE)


def test_each_band_has_its_own_price_and_those_that_cost_most_are_left_out_where_there_are_too_many() -> None:
    narrow, wide = bands([*line(0), *line(1.3), *line(4.3)]).prices
    assert narrow > wide + 1
    assert bands([*line(0), *line(3), *line(4.3)]).prices == pytest.approx((wide, narrow), abs=1e-5)
    ladder = bands([tall(0, 1.3 * place + 2 * (place > MOST_CUTS)) for place in range(MOST_CUTS + 2)])
    assert len(ladder.prices) == MOST_CUTS
    assert ladder.prices[-1] < min(ladder.prices[:-1]), "the widest, at the bottom"


def test_a_bar_along_the_band_makes_a_cut_dear_from_either_side() -> None:
    plain = bands([*line(0), *line(2)]).prices[0]
    fraction = [*line(0), bar(-0.2, 3.4, 1.4), *line(2)]
    assert bands(fraction).prices == (), f"either cut costs more than {MOST}"
    short = bands([*line(0), bar(-0.2, 0.9, 1.5), *line(2)]).prices
    assert all(price > plain for price in short), "a minus lies along a part of it"


@pytest.mark.parametrize(("top", "over"), [(1.75, True), (1.9, True), (2.55, False), (3.0, False)])
def test_a_bar_much_nearer_to_letters_beneath_lies_over_those_and_makes_no_cut_above_dear(
    top: float, over: bool
) -> None:
    """As an accent over the first letters of a row does; that of a fraction is about as far from either side."""
    page, plain = (bands([*line(0), bar(-0.2, end, 1.7), *line(top)]) for end in (0.9, 0.2))  # 0.4 long is no bar
    assert page.parts[0] == plain.parts[0] == (0, 1, 2, 3)
    assert (page.prices[0] == pytest.approx(plain.prices[0])) is over


def test_a_bar_much_nearer_to_letters_above_makes_no_cut_below_dear() -> None:
    page, plain = (bands([*line(0), bar(-0.2, end, 0.95), *line(2)]) for end in (0.9, 0.2))
    assert page.parts == plain.parts == ((0, 1, 2, 3, 4), (5, 6, 7, 8))
    assert page.prices == pytest.approx(plain.prices)


def test_what_is_short_or_slants_is_no_bar() -> None:
    letters = [tall(0, 0), tall(0.1, 0), tall(0.2, 0)]
    for dear, below in ((False, bar(0, 0.7, 2)), (True, bar(0, 0.9, 2)), (False, np.array([[0, 2], [0.9, 2.5]]))):
        (price,) = bands([*letters, below.astype(np.float32)]).prices or (np.inf,)
        assert (price > PRICE + 1) == dear


def test_rows_that_reach_into_each_other_are_parted_where_the_pen_went_back() -> None:
    page = [*line(0), *line(0.8)]
    found = bands(page)
    assert (found.parts, found.prices, found.levels) == (((0, 1, 2, 3), (4, 5, 6, 7)), (BY_RETURN,), (0, 0))
    assert rows(page, gaining(BY_RETURN + 0.1)) == [(0, 1, 2, 3), (4, 5, 6, 7)]
    assert rows(page, gaining(BY_RETURN - 0.1)) == [tuple(range(8))]
    together = [stroke for pair in zip(line(0), line(0.8), strict=True) for stroke in pair]
    assert bands(together).parts == (tuple(range(8)),), "of strokes written in turns no return tells"


@pytest.mark.parametrize(
    ("second", "why"),
    [
        ([tall(2.5 - x / 2, 0.8) for x in range(3)], "the pen went back by less than a typical stroke"),
        (line(0.2), "hardly beneath the first"),
        ([*line(0.8), tall(4, -0.5)], "reaches into the first by more than a typical stroke"),
    ],
)
def test_a_return_goes_back_and_down_to_what_is_nearly_free_of_the_row_before(second: list[Stroke], why: str) -> None:
    page = [*line(0), *second]
    assert bands(page).parts == (tuple(range(len(page))),), why


def test_where_a_band_is_its_own_price_counts_and_not_that_of_a_return() -> None:
    page = [*line(0), *line(2), *line(2.8)]
    found = bands(page)
    assert found.prices == pytest.approx((bands([*line(0), *line(2)]).prices[0], BY_RETURN))
    assert found.levels == (0, 1, 1)


def test_a_bar_along_a_return_makes_a_cut_dear_too() -> None:
    minus, fraction = ([*line(0), bar(-0.2, end, 0.9), *line(1.0)] for end in (0.9, 3.4))
    assert bands(minus).prices == pytest.approx((BY_RETURN + BY_BAR * 0.9 / 3.2,), abs=0.01)
    assert bands(fraction).prices == (), f"it costs more than {MOST}"


def test_the_clearest_returns_are_tried_where_there_are_many() -> None:
    page = [stroke for row in range(MOST_RETURNS + 3) for stroke in line(0.8 * row)]
    assert len(bands(page).parts) == MOST_RETURNS + 1
    clearer = [*line(0), *line(0.88), *line(1.68), *line(2.48), *line(3.28), *line(4.08)]
    assert bands(clearer).parts[0] == (0, 1, 2, 3), "the others lie a little less beneath what is above them"


def test_a_formula_may_have_returns_beside_five_bands() -> None:
    ladder = [stroke for step in range(6) for stroke in (tall(2, 2.2 * step), tall(0, 2.2 * step + 0.8))]
    found = bands(ladder)
    assert (len(found.parts), found.levels[-1]) == (12, 5)
    assert rows(ladder, lambda sets: [0.0 for _ in sets]) == [tuple(range(12))]


def test_strokes_that_a_person_joined_are_never_parted_at_a_return() -> None:
    page = [*line(0), *line(0.8)]
    assert bands(page, [frozenset({1, 6})]).parts == (tuple(range(8)),)
    assert bands(page, [frozenset({0, 1}), frozenset({6, 7})]).parts == bands(page).parts


def test_strokes_that_a_person_joined_are_never_parted() -> None:
    page = [*line(0), *line(2), *line(4)]
    joined = frozenset({1, 6})
    assert len(bands(page).parts) == 3
    assert bands(page, [joined]).parts == (tuple(range(8)), (8, 9, 10, 11))


@pytest.mark.parametrize("slope", [-0.1, 0.1])
def test_rows_that_run_askew_are_parted_along_their_lines(slope: float) -> None:
    level = [*line(0, 12), *line(1.6, 12)]
    askew = [np.stack([one[:, 0], one[:, 1] + slope * one[:, 0]], axis=1) for one in level]
    assert bands(askew).parts == bands(level).parts == (tuple(range(12)), tuple(range(12, 24)))


@pytest.mark.parametrize("apart", ["upper", "lower", "neither"])
def test_three_parts_are_tried_as_one_where_two_of_them_may_be_one(apart: str) -> None:
    """A fraction's numerator and bar are no likely formula, but bar and denominator may be, and all three are one."""
    page = [tall(0, 0), tall(0, 2), tall(0, 4)]
    far, near = -SLACK - 5.0, -SLACK + 5.0
    known: dict[Set, float] = {(0,): 0.0, (1,): 0.0, (2,): 0.0, (0, 1): far, (1, 2): far, (0, 1, 2): 100.0}
    if apart != "neither":
        known[(1, 2) if apart == "upper" else (0, 1)] = near
    whole = rows(page, lambda sets: [known[one] for one in sets])
    assert whole == ([(0,), (1,), (2,)] if apart == "neither" else [(0, 1, 2)])


def test_a_formula_lies_across_five_bands_at_most() -> None:
    def ladder(steps: int) -> list[Stroke]:
        return [tall(0, 1.2 * step) for step in range(steps)]

    def worth(sets: Sequence[Set]) -> list[float]:
        return [0.0 for _ in sets]

    assert min(bands(ladder(3)).prices) > 0
    assert len(rows(ladder(6), worth)) == 1
    assert len(rows(ladder(7), worth)) == 2


def test_a_long_formula_is_joined_to_its_limits_and_not_to_another_as_long() -> None:
    def worth(sets: Sequence[Set]) -> list[float]:
        return [-100.0 * (min(one) > 0) for one in sets]

    long = line(0, MOST_JOINED + 20)
    assert len(rows([*long, *line(2)], worth)) == 1
    assert len(rows([*long, *line(2, MOST_JOINED + 10)], worth)) == 2


def test_of_ink_full_of_bands_few_are_asked_about() -> None:
    dots = [tall(0, 3 * place) for place in range(300)]
    asked: list[Set] = []

    def worth(sets: Sequence[Set]) -> list[float]:
        asked.extend(sets)
        return [0.0 for _ in sets]

    rows(dots, worth)
    assert len(bands(dots).prices) == MOST_CUTS
    assert len(asked) <= 6 * (MOST_CUTS + 1)


def test_the_unit_of_the_ink_does_not_matter() -> None:
    page = [*line(0), *line(1.7), bar(0, 1, 3.2), *line(4)]
    larger = [stroke * 250 + 1000 for stroke in page]
    assert bands(larger).parts == bands(page).parts
    assert bands(larger).prices == pytest.approx(bands(page).prices, abs=1e-3)


def nothing(sets: Sequence[Set]) -> list[float]:
    """No way to read is better than another."""
    return [0.0 for _ in sets]


def test_a_stroke_that_is_to_begin_a_row_does_whatever_reading_it_so_costs() -> None:
    beneath = [*line(0), *line(2)]
    assert rows(beneath, gaining(-1000.0), begins=[4]) == [(0, 1, 2, 3), (4, 5, 6, 7)], "at the band above it"
    within = [*line(0), *line(0.3)]
    assert rows(within, nothing) == [tuple(range(8))], "neither a band nor a return parts them"
    assert rows(within, nothing, begins=[4]) == [(0, 1, 2, 3), (4, 5, 6, 7)]
    assert rows(within, nothing, begins=[2, 4]) == [(0, 1), (2, 3), (4, 5, 6, 7)]
    assert rows(within, nothing, begins=[0]) == [tuple(range(8))], "it does anyway"


def test_what_was_written_after_the_beginning_of_a_row_and_lies_right_above_it_is_of_that_row() -> None:
    exponent = np.array([[3.5, 1.2], [3.7, 1.7]], np.float32)
    page = [*line(0), *line(2), exponent]
    assert len(bands(page).parts) == 3, "bands lie above and below it"
    assert rows(page, nothing, begins=[4]) == [(0, 1, 2, 3), (4, 5, 6, 7, 8)]


def test_what_other_rows_are_written_in_counts_for_nothing() -> None:
    page = [tall(0, 0), *line(2), tall(1, 0), tall(2, 0)]
    assert rows(page, nothing, begins=[1]) == [(0, 5, 6), (1, 2, 3, 4)], "the first was written on later"


def test_what_is_together_is_of_the_row_in_which_it_begins() -> None:
    page = [*line(0), *line(0.3)]
    assert rows(page, nothing, [frozenset({1, 6})], begins=[4]) == [(0, 1, 2, 3, 6), (4, 5, 7)]


@given(st.integers(0, 2**32 - 1), st.integers(2, 12), st.data())
@settings(max_examples=60)
def test_whatever_is_to_begin_rows_no_stroke_is_lost_and_nothing_lies_across(
    seed: int, count: int, data: st.DataObject
) -> None:
    random = np.random.default_rng(seed)
    page = [tall(*random.uniform(0, 5, 2)) for _ in range(count)]
    begins = data.draw(st.lists(st.integers(0, count - 1), unique=True))
    found = rows(page, nothing, begins=begins)
    assert sorted(stroke for row in found for stroke in row) == list(range(count))
    groups = bands(page).parts
    for stroke in begins:
        row = next(one for one in found if stroke in one)
        beside = next(set(one) for one in groups if stroke in one)
        assert all(other >= stroke for other in beside & set(row))


@given(st.integers(0, 2**32 - 1), st.integers(1, 12))
@settings(max_examples=60)
def test_any_ink_is_cut_in_the_best_of_all_ways(seed: int, count: int) -> None:
    """Against all ways there are, where a formula may lie across all bands."""
    random = np.random.default_rng(seed)
    page = [tall(*random.uniform(0, 5, 2)) for _ in range(count)]
    found = bands(page)
    luck: dict[Set, float] = {}

    def worth(sets: Sequence[Set]) -> list[float]:
        return [luck.setdefault(one, float(random.normal(0, 5))) for one in sets]

    given_back = rows(page, worth)
    assert sorted(stroke for row in given_back for stroke in row) == list(range(count))

    def total(cuts: Sequence[int]) -> float:
        ends = [*cuts, len(found.parts)]
        gained = -sum(found.prices[cut - 1] for cut in cuts)
        for begin, end in zip([0, *cuts], ends, strict=True):
            one = tuple(sorted(sum(found.parts[begin:end], ())))
            if one not in luck and len(found.parts) > 1:
                return -np.inf  # across more bands than any formula lies
            gained += luck.get(one, 0.0)
        return gained

    places = range(1, len(found.parts))
    ways = [cuts for size in range(len(found.parts)) for cuts in itertools.combinations(places, size)]
    best = max(ways, key=total)
    parted = [tuple(sorted(sum(found.parts[b:e], ()))) for b, e in itertools.pairwise([0, *best, len(found.parts)])]
    assert given_back == parted


def written_beneath(inks: Sequence[Ink], distance: float) -> list[Stroke]:
    placed: list[Stroke] = []
    top = 0.0
    for ink in inks:
        left, above, _, below = ink.bounds
        placed += [stroke - np.array([left, above - top], np.float32) for stroke in ink.strokes]
        top += below - above + distance
    return placed


@needs_weights
def test_made_up_formulas_are_told_apart_and_those_that_stand_alone_stay_whole() -> None:
    inks = list(synthesize(12, seed=7, writers=3, max_symbols=14))
    reader = Recognizer.load().expressions
    whole = [len(reader.rows(ink)) for ink in inks]
    assert whole.count(1) >= 11
    right = 0
    for one, two in itertools.pairwise(inks):
        height = np.median([np.ptp(stroke, axis=0).max() for ink in (one, two) for stroke in ink.strokes])
        count = len(one.strokes)
        page = one.from_points(written_beneath([one, two], float(height)))
        right += reader.rows(page) == [tuple(range(count)), tuple(range(count, len(page.strokes)))]
    assert right >= 9
