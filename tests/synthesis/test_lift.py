"""The pen lifted elsewhere: strokes in two, two in one, and every drop of ink where it was."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inkmath.synthesis.lift import relift

LINE = np.stack([np.linspace(0, 1, 16), np.zeros(16)], axis=1).astype(np.float32)  # (P, 2), left to right
CORNER = np.stack([np.ones(16), np.linspace(0, 1, 16)], axis=1).astype(np.float32)  # down from where LINE ends
FAR = CORNER + np.array([3.0, 0.0], np.float32)
DOT = np.array([[1.0, 0.05]], np.float32) + 0.05 * LINE


def test_a_stroke_is_broken_into_two_that_follow_each_other() -> None:
    points, origin = relift(LINE[None], np.zeros(1, np.int32), np.random.default_rng(0), broken=1.0, joined=0.0)
    assert origin.tolist() == [0, 0]
    assert points[0, 0] == pytest.approx(LINE[0])
    assert points[0, -1] == pytest.approx(points[1, 0])
    assert points[1, -1] == pytest.approx(LINE[-1])
    assert 0.2 < points[0, -1, 0] < 0.8


def test_two_strokes_of_a_symbol_are_joined_where_the_pen_is_near() -> None:
    points, origin = relift(
        np.stack([LINE, CORNER]), np.zeros(2, np.int32), np.random.default_rng(0), broken=0.0, joined=1.0
    )
    assert origin.tolist() == [0]
    assert points[0, 0] == pytest.approx([0, 0])
    assert points[0, -1] == pytest.approx([1, 1])


@pytest.mark.parametrize(
    ("strokes", "symbol_of"),
    [
        pytest.param([LINE, CORNER], [0, 1], id="of two symbols"),
        pytest.param([LINE, FAR], [0, 0], id="far apart"),
        pytest.param([LINE, DOT], [0, 0], id="a dot"),
    ],
)
def test_strokes_that_no_hand_would_join_stay_two(strokes: list[np.ndarray], symbol_of: list[int]) -> None:
    given_points = np.stack(strokes)
    points, origin = relift(given_points, np.array(symbol_of), np.random.default_rng(0), broken=0.0, joined=1.0)
    assert origin.tolist() == [0, 1]
    assert points == pytest.approx(given_points)


def test_a_dot_is_not_broken() -> None:
    _, origin = relift(
        np.stack([LINE, CORNER, DOT]), np.arange(3, dtype=np.int32), np.random.default_rng(0), broken=1.0, joined=0.0
    )
    assert origin.tolist() == [0, 0, 1, 1, 2]


@settings(max_examples=40)
@given(st.integers(1, 12), st.integers(0, 2**32 - 1))
def test_ink_stays_in_its_order_and_within_its_bounds(strokes: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    points = np.cumsum(rng.normal(size=(strokes, 16, 2)), axis=1).astype(np.float32)
    symbol_of = np.sort(rng.integers(0, 3, strokes)).astype(np.int32)
    made, origin = relift(points, symbol_of, rng, broken=0.5, joined=0.5)
    assert (np.diff(origin) >= 0).all()
    assert set(symbol_of[origin]) == set(symbol_of)
    assert made.dtype == np.float32
    assert made.min() >= points.min() - 1e-5
    assert made.max() <= points.max() + 1e-5


def test_the_same_seed_lifts_the_same_way() -> None:
    points, symbol_of = np.stack([LINE, CORNER] * 6), np.repeat(np.arange(6, dtype=np.int32), 2)
    one, again, other = (relift(points, symbol_of, np.random.default_rng(seed), 0.5, 0.5) for seed in (1, 1, 2))
    assert one[1].tolist() == again[1].tolist()
    assert (one[0] == again[0]).all()
    assert one[1].tolist() != other[1].tolist()
