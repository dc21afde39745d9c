"""A coarse digitiser: few points along the stroke, a little beside it, and the ends where they were."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from inkmath.features.digitiser import SPACING, TREMOR, coarsen
from inkmath.ink import boxes, typical_size

if TYPE_CHECKING:
    import pytest

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
    told = coarsen(given_, rng(seed))
    assert told.dtype == np.float32
    assert told.shape == given_.shape
    radii = np.linalg.norm(told / unit - places, axis=2)
    assert (np.abs(radii - 1) < 0.5).all()


def test_ends_stay_within_the_tremor() -> None:
    size = typical_size(*boxes(list(INK)))
    for seed in range(50):
        told = coarsen(INK, rng(seed))
        assert np.abs(told[:, [0, -1]] - INK[:, [0, -1]]).max() < 5 * TREMOR * SPACING[1] * size


def test_the_same_draws_tell_the_same_ink() -> None:
    assert (coarsen(INK, rng(1)) == coarsen(INK, rng(1))).all()
    assert (coarsen(INK, rng(1)) != coarsen(INK, rng(2))).any()


def test_a_circle_becomes_a_polygon_of_fewer_corners() -> None:
    """Resampled, a corner lies between two points and turns at both."""
    coarsest = min(corners(coarsen(CIRCLE[None], rng(seed))[0]) for seed in range(50))
    assert coarsest <= 2 * 2 * np.pi / (2 * SPACING[1]) < corners(CIRCLE)


def test_without_tremor_a_dot_stays_a_dot_and_ends_stay_where_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inkmath.features.digitiser.TREMOR", 0.0)
    told = coarsen(INK, rng())
    assert (told[2] == DOT).all()
    np.testing.assert_allclose(told[:, [0, -1]], INK[:, [0, -1]], atol=1e-6)
