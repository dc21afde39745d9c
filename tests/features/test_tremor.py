"""Trembling ink: how much it trembles is told from the ink alone, and it is led along the lines it trembles about."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from inkmath.features.tremor import MOST_POINTS, STEADY, steadied, tremor
from inkmath.ink import Ink
from inkmath.synthesis import synthesize

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

SIZE = 100.0
"""Of a typical stroke below."""


def circle(points: int) -> NDArray[np.float64]:
    at = np.linspace(0, 2 * np.pi, points)
    return np.stack([np.cos(at), np.sin(at)], axis=1) * SIZE / 2


def formula(points: int = 60) -> list[NDArray[np.float64]]:
    """A ring, a bar and a corner, the pen now slow, now fast."""
    slow = np.linspace(0, 1, points)[:, None] ** 2
    corner = np.concatenate([slow * [0, SIZE], [0, SIZE] + slow[1:] * [SIZE, 0]])
    return [circle(points), slow * [SIZE, 0], corner]


def shaken(strokes: Sequence[NDArray[np.float64]], shake: float, seed: int = 0) -> list[NDArray[np.float64]]:
    rng = np.random.default_rng(seed)
    return [stroke + rng.normal(0, shake * SIZE, stroke.shape) for stroke in strokes]


def single(strokes: Sequence[NDArray[np.float64]]) -> list[NDArray[np.float32]]:
    return [stroke.astype(np.float32) for stroke in strokes]


def off_the_ring(stroke: NDArray[np.float32]) -> float:
    """How far points lie beside the circle, in its diameters."""
    return float(np.sqrt(np.mean((np.hypot(*stroke.T) / SIZE - 0.5) ** 2)))


@pytest.mark.parametrize("shake", [0.01, 0.03, 0.06])
def test_tremor_is_the_standard_deviation_of_the_points_in_typical_strokes(shake: float) -> None:
    assert tremor(single(shaken(formula(), shake))) == pytest.approx(shake, rel=0.2)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda stroke: stroke * 7 + 300, id="larger, elsewhere"),
        pytest.param(lambda stroke: stroke[::-1], id="backward"),
        pytest.param(lambda stroke: np.repeat(stroke, 2, axis=0), id="each point twice"),
    ],
)
def test_place_size_direction_and_repeated_points_do_not_count(
    change: Callable[[NDArray[np.float64]], NDArray[np.float64]],
) -> None:
    ink = shaken(formula(), 0.03)
    assert tremor(single([change(stroke) for stroke in ink])) == pytest.approx(tremor(single(ink)), rel=1e-3)


@pytest.mark.parametrize("points", [7, 15, 60, 300])
def test_a_steady_hand_has_none_however_it_is_sampled(points: int) -> None:
    assert tremor(single(formula(points))) < STEADY / 2


def test_a_pen_that_goes_round_and_round_hides_no_tremor() -> None:
    """Three steps on, it is where it was, and so on no line that points could lie beside."""
    ink, circling = shaken(formula(), 0.03), np.tile([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]], (20, 1))
    assert tremor(single([*ink, circling])) == pytest.approx(tremor(single(ink)), rel=0.05)


@pytest.mark.parametrize(
    "strokes", [[np.zeros((1, 2))], [np.zeros((9, 2))], [np.eye(2)], [np.eye(2).repeat(3, axis=0)]]
)
def test_dots_and_dashes_tell_nothing_and_stay(strokes: list[NDArray[np.float64]]) -> None:
    ink = Ink.from_points(strokes)
    assert tremor(ink.strokes) == 0
    assert steadied(ink) is ink


def test_corners_of_letters_are_no_tremor() -> None:
    letters = [[[0, 0], [30, 100], [50, 40], [70, 100], [100, 0]], [[0, 0], [90, 10], [5, 95], [100, 100]]]  # w, z
    ink = Ink.from_points([np.add(letter, [120 * place, 0]) for place in range(20) for letter in letters])
    assert tremor(ink.strokes) == 0
    assert steadied(ink) is ink


def test_made_up_formulas_stay_as_they_are() -> None:
    for ink in synthesize(20, 3, writers=10, max_symbols=12):
        assert steadied(ink) is ink


@pytest.mark.parametrize("shake", [0.02, 0.04, 0.06])
def test_trembling_strokes_are_led_along_their_lines(shake: float) -> None:
    ink = Ink.from_points(shaken(formula(120), shake))
    led = steadied(ink)
    assert off_the_ring(led.strokes[0]) < off_the_ring(ink.strokes[0]) * 0.6
    for stroke, line in zip(ink.strokes, led.strokes, strict=True):
        assert np.linalg.norm(line[[0, -1]] - stroke[[0, -1]], axis=1).max() < 3 * shake * SIZE, "ends stay ends"
        assert line.dtype == np.float32


def test_all_but_the_points_stays() -> None:
    ink = Ink.from_points(shaken(formula(), 0.04), id="f", trace_ids=("a", "b", "c"))
    led = steadied(ink)
    assert (led.id, led.trace_ids, len(led.strokes)) == (ink.id, ink.trace_ids, len(ink.strokes))


@pytest.mark.parametrize("few", [[[3.0, 4.0], [4.0, 4.0]], [[3.0, 4.0], [5.0, 9.0], [7.0, 4.0]]])
def test_a_dot_or_a_tick_among_trembling_strokes_stays_where_it_is(few: list[list[float]]) -> None:
    led = steadied(Ink.from_points([*shaken(formula(), 0.04), few]))
    np.testing.assert_array_equal(led.strokes[-1], few)


def test_a_point_far_from_all_others_of_its_stroke_stays() -> None:
    far = np.concatenate([*shaken([circle(60)], 0.04), [[9 * SIZE, 0]]])
    led = steadied(Ink.from_points([*shaken(formula(), 0.04), far]))
    np.testing.assert_allclose(led.strokes[-1][-1], far[-1], atol=1e-3)


def test_long_strokes_become_fewer_points_of_the_same_line() -> None:
    ink = Ink.from_points(shaken(formula(20_000), 0.04))
    led = steadied(ink)
    assert [len(stroke) for stroke in led.strokes] == [MOST_POINTS] * 3
    assert off_the_ring(led.strokes[0]) < off_the_ring(ink.strokes[0]) / 4
