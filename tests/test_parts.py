"""Ink of more strokes than one formula may have, in parts."""

from __future__ import annotations

import pytest

from inkmath.ink import MAX_STROKES, Ink, TooManyStrokesError
from inkmath.parts import parts_of


def row(count: int, top: float, slope: float = 0.0) -> list[list[tuple[float, float]]]:
    """Upright strokes of height 40 beside each other."""
    return [[(10.0 * x, top + 10.0 * x * slope), (10.0 * x, top + 10.0 * x * slope + 40)] for x in range(count)]


def sizes(found: list[tuple[int, ...]]) -> list[int]:
    return [len(part) for part in found]


def test_ink_of_one_formula_is_one_part() -> None:
    ink = Ink.from_points([*row(MAX_STROKES - 1, 0), *row(1, 100)])
    assert parts_of(ink) == [tuple(range(MAX_STROKES))]


@pytest.mark.parametrize("slope", [0.0, 0.08, -0.12])
def test_a_sheet_is_parted_between_rows_in_the_order_of_the_sheet(slope: float) -> None:
    tops = (200, 0, 100)  # the uppermost row was not written first
    ink = Ink.from_points([stroke for top in tops for stroke in row(150, top, slope)])
    assert parts_of(ink) == [tuple(range(150, 300)), (*range(150), *range(300, 450))]


def test_a_sheet_is_parted_in_its_middle_rather_than_at_a_wider_band_near_an_end() -> None:
    """There a fraction may just be written."""
    ink = Ink.from_points([*row(150, 0), *row(150, 60), *row(120, 120), *row(2, 220)])
    assert sizes(parts_of(ink)) == [150, 272]


def test_strokes_that_are_together_stay_in_one_part() -> None:
    ink = Ink.from_points([*row(200, 0), *row(200, 100), *row(50, 200)])
    assert sizes(parts_of(ink)) == [200, 250]
    assert sizes(parts_of(ink, [frozenset({0, 250})])) == [400, 50]


def test_more_strokes_than_a_formula_may_have_are_refused_where_no_band_parts_them() -> None:
    ink = Ink.from_points([*row(20, -100), *row(MAX_STROKES + 1, 0)])
    with pytest.raises(TooManyStrokesError, match="401 strokes are more than the 400 that one formula may have"):
        parts_of(ink)
