"""Bent ink: every strength does what it says, nothing else moves, and the same seed bends alike."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from inkmath.synthesis.augment import Bend, bend

if TYPE_CHECKING:
    from collections.abc import Callable

STRAIGHT = Bend(**{field.name: 0.0 for field in fields(Bend)})


@pytest.fixture
def ink() -> tuple[np.ndarray, np.ndarray]:
    """Two formulas of four strokes in three symbols, ``(2, 4, 8, 2)``."""
    rng = np.random.default_rng(0)
    points = np.cumsum(rng.normal(size=(2, 4, 8, 2)) * 0.3, axis=2) + rng.normal(size=(2, 4, 1, 2)) * 5
    return points.astype(np.float32), np.array([[0, 0, 1, 2], [0, 1, 1, 2]], np.int32)


def bent(ink: tuple[np.ndarray, np.ndarray], **how: float) -> np.ndarray:
    return bend(ink[0].copy(), ink[1], replace(STRAIGHT, **how), np.random.default_rng(1))


def centres(points: np.ndarray) -> np.ndarray:
    return np.asarray((points.min(axis=2) + points.max(axis=2)) / 2)


def test_without_strength_nothing_is_bent(ink: tuple[np.ndarray, np.ndarray]) -> None:
    assert bent(ink) == pytest.approx(ink[0], abs=1e-5)


def test_the_ink_given_is_left_as_it_is(ink: tuple[np.ndarray, np.ndarray]) -> None:
    before = ink[0].copy()
    bend(*ink, Bend(), np.random.default_rng(0))
    assert (ink[0] == before).all()


def test_the_same_seed_bends_alike(ink: tuple[np.ndarray, np.ndarray]) -> None:
    assert (bend(*ink, Bend(), np.random.default_rng(3)) == bend(*ink, Bend(), np.random.default_rng(3))).all()
    assert (bend(*ink, Bend(), np.random.default_rng(3)) != bend(*ink, Bend(), np.random.default_rng(4))).any()


def test_the_usual_strength_keeps_ink_legible(ink: tuple[np.ndarray, np.ndarray]) -> None:
    moved = bend(*ink, Bend(), np.random.default_rng(3))
    assert moved.dtype == np.float32
    assert moved.shape == ink[0].shape
    assert np.isfinite(moved).all()
    assert np.abs(moved - ink[0]).max() > 0.01
    wide = np.ptp(moved, axis=2) / np.ptp(ink[0], axis=2)
    assert wide.min() > 0.4
    assert wide.max() < 2.5


@pytest.mark.parametrize("how", ["rotate", "shear", "stretch"])
def test_a_whole_formula_is_changed_by_one_linear_map(ink: tuple[np.ndarray, np.ndarray], how: str) -> None:
    moved = bent(ink, **{how: 0.3})
    for before, after in zip(ink[0], moved, strict=True):
        matrix, *_ = np.linalg.lstsq(before.reshape(-1, 2), after.reshape(-1, 2), rcond=None)
        assert after.reshape(-1, 2) == pytest.approx(before.reshape(-1, 2) @ matrix, abs=1e-4)
        assert np.abs(matrix - np.eye(2)).max() > 1e-3
        if how == "rotate":
            assert matrix @ matrix.T == pytest.approx(np.eye(2), abs=1e-4)
        if how == "shear":
            assert np.linalg.det(matrix) == pytest.approx(1.0, abs=1e-4)
            assert matrix[0] == pytest.approx([1, 0], abs=1e-4), "sideways, by height: no line rises or falls"


@pytest.mark.parametrize("how", ["bow", "taper"])
def test_a_line_bends_or_grows_along_its_length_and_not_across(how: str) -> None:
    line = np.zeros((1, 9, 2, 2), np.float32)  # nine upright strokes in a row
    line[0, :, :, 0] = np.linspace(-8, 8, 9)[:, None]
    line[0, :, 1, 1] = 1.0
    moved = bend(line, np.arange(9)[None], replace(STRAIGHT, **{how: 0.1}), np.random.default_rng(1))[0]
    height, foot = moved[:, 1, 1] - moved[:, 0, 1], moved[:, 0, 1]
    assert (np.diff(moved[:, 0, 0]) > 0).all()
    if how == "bow":
        assert height == pytest.approx(np.ones(9), abs=1e-4)
        assert np.ptp(foot) > 0.05
    else:
        assert foot == pytest.approx(np.zeros(9), abs=1e-4)
        assert np.ptp(height) > 0.02
        assert (np.diff(height) > 0).all() or (np.diff(height) < 0).all()


def test_symbols_lean_each_on_its_own_and_keep_their_middle(ink: tuple[np.ndarray, np.ndarray]) -> None:
    leaning = bent(ink, symbol_shear=0.4) - ink[0]
    assert leaning[..., 1] == pytest.approx(np.zeros_like(leaning[..., 1]), abs=1e-5), "sideways only"
    assert np.abs(leaning[..., 0]).max() > 0.02


def test_some_hands_are_tidy_and_some_wild() -> None:
    ink = np.tile(np.linspace(0, 1, 8, dtype=np.float32)[None, None, :, None], (400, 1, 1, 2))
    own = np.zeros((400, 1), np.int64)

    def moves(vary: float) -> np.ndarray:
        how = replace(STRAIGHT, symbol_shift=0.1, vary=vary)
        return np.asarray(np.abs((bend(ink, own, how, np.random.default_rng(3)) - ink)[:, 0, 0, 0]))

    even, varied = moves(0.0), moves(1.0)
    assert varied.mean() == pytest.approx(even.mean(), rel=0.15)
    assert (varied < 0.01).mean() > 1.5 * (even < 0.01).mean()


def test_formulas_of_a_batch_are_changed_each_in_its_own_way(ink: tuple[np.ndarray, np.ndarray]) -> None:
    same = (np.repeat(ink[0][:1], 2, axis=0), np.repeat(ink[1][:1], 2, axis=0))
    one, other = bent(same, rotate=0.3)
    assert np.abs(one - other).max() > 1e-3


def test_the_strokes_of_a_symbol_move_together(ink: tuple[np.ndarray, np.ndarray]) -> None:
    shift = bent(ink, symbol_shift=1.0) - ink[0]
    assert shift == pytest.approx(np.broadcast_to(shift[:, :, :1], shift.shape), abs=1e-5)
    assert shift[0, 0, 0] == pytest.approx(shift[0, 1, 0], abs=1e-5), "strokes 0 and 1 of formula 0 are one symbol"
    assert np.abs(shift[0, 1, 0] - shift[0, 2, 0]).max() > 0.1


def test_strokes_move_by_themselves_too(ink: tuple[np.ndarray, np.ndarray]) -> None:
    shift = (bent(ink, stroke_shift=1.0) - ink[0])[:, :, 0]
    assert np.abs(shift[0, 0] - shift[0, 1]).max() > 0.1


def test_a_symbol_turns_and_grows_about_its_middle(ink: tuple[np.ndarray, np.ndarray]) -> None:
    for how in ({"symbol_rotate": 0.5}, {"symbol_stretch": 0.5}):
        moved = bent(ink, **how)
        middle = centres(ink[0])[0, :2].mean(axis=0)
        before, after = ink[0][0, :2] - middle, moved[0, :2] - middle
        matrix, *_ = np.linalg.lstsq(before.reshape(-1, 2), after.reshape(-1, 2), rcond=None)
        assert after.reshape(-1, 2) == pytest.approx(before.reshape(-1, 2) @ matrix, abs=1e-4)


CROSS = np.array([[1, 0], [-1, 0], [0, 1], [0, -1]], np.float32)
LINE = np.stack([np.linspace(-8, 8, 5), np.zeros(5)], axis=1).astype(np.float32)

MEASURES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "rotate": lambda cross: np.arctan2(cross[:, 0, 1], cross[:, 0, 0]),
    "shear": lambda cross: (cross[:, 2] - cross[:, 3])[:, 0] / 2,
    "stretch": lambda cross: np.log(np.stack([cross[:, 0, 0], cross[:, 2, 1]])),
    "shift": lambda cross: cross.mean(axis=1).T,
    "bow": lambda line: np.stack([line[:, 4, 1], line[:, 3, 1] - line[:, 1, 1]]) / 8,  # even, and odd
    "taper": lambda line: line[:, 4, 0] / 8 - 1,
}
"""What a strength is the standard deviation of, from the points ``(B, P, 2)`` of `CROSS` or `LINE`."""


@pytest.mark.parametrize("how", [field.name for field in fields(Bend) if field.name not in ("wave", "reverse", "vary")])
def test_strengths_are_the_standard_deviations_that_they_say(how: str) -> None:
    stroke = LINE if how in ("bow", "taper") else CROSS
    many = np.tile(stroke, (4000, 1, 1, 1))
    moved = bend(many, np.zeros((4000, 1), np.int32), replace(STRAIGHT, **{how: 0.1}), np.random.default_rng(1))[:, 0]
    for spread in np.atleast_2d(MEASURES[how.rpartition("_")[2]](moved)):
        assert spread.std() == pytest.approx(0.1, rel=0.05)
        assert spread.mean() == pytest.approx(0.0, abs=0.01)


def test_waves_are_as_large_beside_the_stroke_as_they_say() -> None:
    along = np.linspace(0, 3, 64, dtype=np.float32)
    many = np.tile(np.stack([along, 0 * along], axis=1), (2000, 1, 1, 1))
    moved = (
        bend(many, np.zeros((2000, 1), np.int32), replace(STRAIGHT, wave=0.05), np.random.default_rng(1)) - many
    ) / 3
    assert moved.std(axis=(0, 1, 2)) == pytest.approx(np.full(2, 0.05 / np.sqrt(2)), rel=0.05), "of sines as large"
    assert np.abs(np.diff(moved, axis=2)).max() < 0.05, "smooth"


def test_some_strokes_are_drawn_backwards(ink: tuple[np.ndarray, np.ndarray]) -> None:
    assert bent(ink, reverse=1.0) == pytest.approx(ink[0][:, :, ::-1], abs=1e-5)


def test_dots_and_padding_stay_finite() -> None:
    points, symbols = np.zeros((1, 3, 8, 2), np.float32), np.array([[0, 2, 2]], np.int32)
    assert np.isfinite(bend(points, symbols, Bend(), np.random.default_rng(0))).all()
