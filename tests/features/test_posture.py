"""Posture: how lines run and letters lean is told from the ink alone, and what stands askew is set upright."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inkmath.features.posture import LEVEL, SLANTED, USUAL_LEAN, levelled, posture
from inkmath.ink import Ink
from inkmath.synthesis import synthesize

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from inkmath.ink import Stroke

FORMULAS = list(synthesize(30, 7, max_symbols=20))


def mapped(ink: Ink, matrix: list[list[float]]) -> Ink:
    return Ink(tuple((stroke @ np.array(matrix).T).astype(np.float32) for stroke in ink.strokes))


def turned(ink: Ink, degrees: float) -> Ink:
    cosine, sine = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    return mapped(ink, [[cosine, -sine], [sine, cosine]])


def leaning(ink: Ink, lean: float) -> Ink:
    return mapped(ink, [[1, -lean], [0, 1]])


def ink(*strokes: Sequence[tuple[float, float]]) -> Ink:
    return Ink.from_points(strokes)


def bars(slope: float, count: int = 6) -> Ink:
    """Level bars in a row, all of which slope."""
    return ink(*([(x, slope * x), (x + 8, slope * (x + 8))] for x in range(0, 10 * count, 10)))


def stems(lean: float, count: int = 6) -> Ink:
    """Upright strokes in a row that lean."""
    return ink(*([(x + 10 * lean, 0), (x, 10)] for x in range(0, 10 * count, 10)))


@pytest.mark.parametrize("slope", [-0.3, -0.1, 0.0, 0.2, 0.4])
def test_bars_in_a_row_tell_how_lines_run(slope: float) -> None:
    assert posture(bars(slope).strokes).slope == pytest.approx(slope, abs=0.06)


def test_arcs_are_no_bars() -> None:
    """They are hardly longer than their chords, but bent."""
    at = np.linspace(0, 1, 9)
    one = np.stack([8 * at, 3.2 * at], axis=1) + np.outer(4 * 0.18 * at * (1 - at), (-3.2, 8))  # (9, 2)
    arcs = Ink.from_points([np.add(one, (x, 0)) for x in range(0, 60, 10)])
    assert posture(arcs.strokes).slope == pytest.approx(0.0, abs=0.02)


@pytest.mark.parametrize("lean", [-0.6, 0.0, 0.09, 0.5])
def test_stems_tell_how_letters_lean(lean: float) -> None:
    assert posture(stems(lean).strokes).lean == pytest.approx(lean, abs=0.01)


@pytest.mark.parametrize("degrees", [-15, 10])
def test_most_formulas_that_are_turned_are_found_so(degrees: float) -> None:
    before = [posture(ink.strokes).slope for ink in FORMULAS]
    after = [posture(turned(ink, degrees).strokes).slope for ink in FORMULAS]
    assert np.median(np.subtract(after, before)) == pytest.approx(np.tan(np.deg2rad(degrees)), rel=0.2)


def test_slanted_writing_runs_no_more_askew_than_upright_writing() -> None:
    """Scripts and fractions of slanted writing lie aside, without its lines running uphill."""
    upright, slanted = (
        np.array([posture(leaning(ink, lean).strokes).slope for ink in FORMULAS]) for lean in (0.0, 0.7)
    )
    assert np.abs(slanted - upright).mean() < 0.025


def test_what_bars_and_places_say_is_trusted_less_where_they_contradict_each_other() -> None:
    stairs = ink(*([(x, 0.4 * x), (x + 8, 0.4 * x)] for x in range(0, 60, 10)))  # level bars, each below the one before
    assert posture(stairs.strokes).spread > 2 * posture(bars(0.4).strokes).spread
    assert levelled(stairs) is stairs


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda stroke: stroke * 7 + 300, id="larger, elsewhere"),
        pytest.param(lambda stroke: stroke[::-1], id="backward"),
        pytest.param(lambda stroke: np.repeat(stroke, 2, axis=0), id="each point twice"),
    ],
)
def test_posture_is_of_the_ink_and_not_of_how_it_was_told(change: Callable[[Stroke], Stroke]) -> None:
    for formula in FORMULAS[:5]:
        one, other = posture(formula.strokes), posture([change(stroke) for stroke in formula.strokes][::-1])
        assert (other.slope, other.spread, other.lean) == pytest.approx((one.slope, one.spread, one.lean), abs=2e-3)


def test_ink_that_stands_as_usual_stays_the_very_same() -> None:
    assert sum(levelled(formula) is formula for formula in FORMULAS) >= 0.9 * len(FORMULAS)


@pytest.mark.parametrize("degrees", [-20, -12, 12, 20])
def test_formulas_that_are_turned_come_back_level(degrees: float) -> None:
    """Two of three at least: those of few strokes do not tell."""
    slopes = np.array([posture(levelled(turned(formula, degrees)).strokes).slope for formula in FORMULAS])
    assert np.mean(np.abs(slopes) < LEVEL) > 2 / 3


@pytest.mark.parametrize("lean", [-0.8, 0.9])
def test_slanted_letters_come_back_as_upright_as_usual(lean: float) -> None:
    assert posture(levelled(stems(lean)).strokes).lean == pytest.approx(USUAL_LEAN, abs=0.01)
    leans = np.array([posture(levelled(leaning(formula, lean)).strokes).lean for formula in FORMULAS])
    assert np.mean(np.abs(leans - USUAL_LEAN) < SLANTED) > 0.9


def test_levelled_ink_keeps_its_strokes_their_order_and_all_that_is_known() -> None:
    known = Ink(bars(0.3).strokes, id="one", latex="-")
    level = levelled(known)
    assert level is not known
    assert (level.id, level.latex) == ("one", "-")
    assert [stroke.shape for stroke in level.strokes] == [stroke.shape for stroke in known.strokes]
    assert all(stroke.dtype == np.float32 for stroke in level.strokes)


@pytest.mark.parametrize(
    "few",
    [
        pytest.param(ink([(3, 3)]), id="a dot"),
        pytest.param(ink([(0, 0), (0, 10)]), id="a stem"),
        pytest.param(ink([(0, 10), (6, 0)]), id="a slash"),
        pytest.param(ink([(0, 0), (8, 8)], [(0, 8), (8, 0)]), id="a sign of multiplication"),
        pytest.param(ink([(0, 5), (10, 5)], [(5, 0), (5, 10)]), id="a plus"),
    ],
)
def test_a_stroke_or_two_do_not_stand_askew(few: Ink) -> None:
    assert levelled(few) is few


NUMBERS = st.floats(width=32, allow_nan=False, allow_infinity=False)


@given(st.lists(st.lists(st.tuples(NUMBERS, NUMBERS), min_size=1, max_size=6), min_size=1))
def test_any_ink_has_a_posture_of_finite_numbers(strokes: list[list[tuple[float, float]]]) -> None:
    hostile = Ink.from_points(strokes)
    found = posture(hostile.strokes)
    assert np.isfinite([found.slope, found.spread, found.lean]).all()
    assert all(np.isfinite(stroke).all() for stroke in levelled(hostile).strokes)
