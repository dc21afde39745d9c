"""A coarse digitiser: few points along the stroke, a little beside it, and the ends where they were."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inkmath.features.digitiser import SPACING, TREMOR, UNEVEN, coarsen, told
from inkmath.ink import boxes, typical_size

POINTS = 32
ANGLE = np.linspace(0, 2 * np.pi, POINTS)
CIRCLE = np.stack([np.cos(ANGLE), np.sin(ANGLE)], axis=1).astype(np.float32)  # (P, 2)
BAR = np.stack([np.linspace(-2, 2, POINTS), np.zeros(POINTS)], axis=1).astype(np.float32)
DOT = np.full((POINTS, 2), 3.0, np.float32)
INK = np.stack([CIRCLE, BAR, DOT])


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def corners(stroke: np.ndarray) -> int:
    """Points where a line turns."""
    steps = np.diff(stroke.astype(np.float64), axis=0)
    turn = steps[:-1, 0] * steps[1:, 1] - steps[:-1, 1] * steps[1:, 0]
    return int((np.abs(turn) > 1e-6).sum())


@settings(max_examples=60)
@given(st.integers(1, 12), st.integers(0, 2**32 - 1), st.floats(1e-3, 1e5))
def test_strokes_stay_as_near_as_tremor_and_chords_allow(strokes: int, seed: int, unit: float) -> None:
    """The circle's chords are the largest miss: a spacing of 0.4 diameters, drawn out by uneven time."""
    places = rng(seed).uniform(-10, 10, (strokes, 1, 2))
    given_ = ((CIRCLE + places) * unit).astype(np.float32)
    coarse = coarsen(given_, rng(seed))
    assert coarse.dtype == np.float32
    assert coarse.shape == given_.shape
    radii = np.linalg.norm(coarse / unit - places, axis=2)
    assert (np.abs(radii - 1) < 0.5).all()


def test_ends_stay_within_the_tremor() -> None:
    size = typical_size(*boxes(list(INK)))
    for seed in range(50):
        coarse = coarsen(INK, rng(seed))
        assert np.abs(coarse[:, [0, -1]] - INK[:, [0, -1]]).max() < 5 * TREMOR * SPACING[1] * size


def test_the_same_draws_tell_the_same_ink() -> None:
    assert (coarsen(INK, rng(1)) == coarsen(INK, rng(1))).all()
    assert (coarsen(INK, rng(1)) != coarsen(INK, rng(2))).any()


def test_a_circle_becomes_a_polygon_of_fewer_corners() -> None:
    """Resampled, a corner lies between two points and turns at both."""
    coarsest = min(corners(coarsen(CIRCLE[None], rng(seed))[0]) for seed in range(50))
    assert coarsest <= 2 * 2 * np.pi / (2 * SPACING[1]) < corners(CIRCLE)


def test_without_tremor_a_dot_stays_a_dot_and_ends_stay_where_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inkmath.features.digitiser.TREMOR", 0.0)
    coarse = coarsen(INK, rng())
    assert (coarse[2] == DOT).all()
    np.testing.assert_allclose(coarse[:, [0, -1]], INK[:, [0, -1]], atol=1e-6)


def test_points_lie_beside_the_line_by_the_tremor() -> None:
    beside = np.concatenate([told(BAR, 0.2, 0.03, rng(seed))[:, 1] for seed in range(50)])
    assert beside.mean() == pytest.approx(0.0, abs=0.005)
    assert 0.02 < beside.std() < 0.03, "between its points a line lies nearer"


def test_points_come_early_or_late() -> None:
    """Of chords all alike, none would come nearer to the middle of a circle than the others."""
    steps = round(2 * np.pi / 0.7)
    nearest = [np.linalg.norm(told(CIRCLE, 0.7, 0.0, rng(seed)), axis=1).min() for seed in range(50)]
    assert min(nearest) > np.cos((1 + 2 * UNEVEN) * np.pi / steps) - 0.02
    assert np.median(nearest) < np.cos(1.3 * np.pi / steps)
