"""Random changes of symbols: each knob does its own, nothing more, and the same seed does the same."""

from __future__ import annotations

import numpy as np
import pytest

from inkmath.features.symbol import normalize_and_pad_traces, stroke_indices
from inkmath.features.symbol_augment import augment_symbols, coarsen_symbols
from inkmath.features.symbol_context import SMALLEST, with_context
from inkmath.params import Augment

NOTHING = Augment(
    enabled=True,
    rotate=0,
    scale=0,
    shear=0,
    distort=0,
    stroke_shift=0,
    stroke_scale=0,
    drop=0,
    reorder=0,
    reverse=0,
    jitter=0,
    coarse=0,
    alone=0,
)
EVERYTHING = {
    "rotate": 6,
    "scale": 0.1,
    "shear": 0.1,
    "distort": 0.05,
    "stroke_shift": 0.05,
    "stroke_scale": 0.05,
    "drop": 0.1,
    "reorder": 0.5,
    "reverse": 0.5,
    "jitter": 0.01,
}


def knobs(**values: float) -> Augment:
    return NOTHING.model_copy(update=values)


@pytest.fixture
def batch() -> np.ndarray:
    """A cross, a bow, a dot over a bar, and a padded bar; 24 points each."""
    bow = np.stack([np.linspace(0, 9, 30), np.linspace(-3, 3, 30) ** 2], axis=1)
    samples = [
        [np.array([(0, 0), (10, 10)]), np.array([(10, 0), (0, 10)])],
        [bow],
        [np.array([(5, 0)]), np.array([(0, 9), (10, 9)])],
    ]
    full = normalize_and_pad_traces(samples, 24)
    return np.concatenate([full, normalize_and_pad_traces([[np.array([(0, 0), (0, 9)])]], 24, spacing=0.1)])


def test_without_a_knob_nothing_changes(batch: np.ndarray) -> None:
    np.testing.assert_allclose(augment_symbols(batch, NOTHING, np.random.default_rng(0)), batch, atol=1e-6)


@pytest.mark.parametrize("name", EVERYTHING)
def test_each_knob_changes_something(batch: np.ndarray, name: str) -> None:
    many = np.tile(batch, (8, 1, 1))
    changed = augment_symbols(many, knobs(**{name: EVERYTHING[name]}), np.random.default_rng(1))
    assert np.abs(changed - many).max() > 1e-3


def test_the_same_generator_changes_in_the_same_way(batch: np.ndarray) -> None:
    one, other, third = (augment_symbols(batch, knobs(**EVERYTHING), np.random.default_rng(seed)) for seed in (5, 5, 6))
    np.testing.assert_array_equal(one, other)
    assert np.abs(one - third).max() > 1e-3


def test_the_result_is_in_its_box_with_its_padding_and_strokes(batch: np.ndarray) -> None:
    changed = augment_symbols(batch, knobs(**EVERYTHING), np.random.default_rng(2))
    assert np.abs(changed[..., :2]).max() == pytest.approx(1.0, abs=1e-5)
    assert changed.dtype == np.float32
    np.testing.assert_array_equal(stroke_indices(changed) < 0, stroke_indices(batch) < 0)
    assert not changed[stroke_indices(batch) < 0].any()
    assert changed[..., 2].sum() == batch[..., 2].sum()


def test_reversal_writes_a_stroke_from_its_other_end(batch: np.ndarray) -> None:
    changed = augment_symbols(batch[1:2], knobs(reverse=1), np.random.default_rng(0))
    np.testing.assert_allclose(changed[0, :, :2], batch[1, ::-1, :2], atol=1e-6)
    np.testing.assert_array_equal(changed[0, :, 2], batch[1, :, 2])


def test_reordering_writes_whole_strokes_in_another_order(batch: np.ndarray) -> None:
    changed = augment_symbols(np.repeat(batch[:1], 40, axis=0), knobs(reorder=1), np.random.default_rng(0))
    swapped = np.abs(changed[:, 0, :2] - batch[0, 12, :2]).max(axis=1) < 1e-5
    assert 5 < swapped.sum() < 35
    np.testing.assert_allclose(changed[swapped][0, 12:, :2], batch[0, :12, :2], atol=1e-5)


def test_a_dot_stays_a_dot() -> None:
    dots = normalize_and_pad_traces([[np.array([(5, 5)])]] * 20, 24)
    changed = augment_symbols(dots, knobs(**EVERYTHING), np.random.default_rng(0))
    assert np.abs(changed[..., :2]).max() < 0.2


def test_turning_turns_by_about_as_much_as_asked(batch: np.ndarray) -> None:
    bars = np.repeat(batch[3:4], 2000, axis=0)
    changed = augment_symbols(bars, knobs(rotate=6), np.random.default_rng(0))
    ends = changed[:, 9, :2] - changed[:, 0, :2]
    assert np.degrees(np.arctan2(ends[:, 0], ends[:, 1])).std() == pytest.approx(6, rel=0.1)


def test_a_distortion_bends_both_halves_of_a_bar_each_in_its_way(batch: np.ndarray) -> None:
    bars = np.repeat(batch[3:4], 200, axis=0)
    drawn = stroke_indices(bars[:1])[0] >= 0
    points = augment_symbols(bars, knobs(distort=0.1), np.random.default_rng(0))[:, drawn, :2]
    assert np.abs(points + points[:, ::-1]).max(axis=(1, 2)).mean() > 0.02


def test_dropped_points_lie_between_their_neighbours(batch: np.ndarray) -> None:
    changed = augment_symbols(batch[:1], knobs(drop=0.9), np.random.default_rng(0))
    np.testing.assert_allclose(changed[..., :2], batch[:1, :, :2], atol=1e-5)  # on straight lines nothing is lost


def test_context_is_hidden_for_a_share_of_the_symbols_and_else_stays(batch: np.ndarray) -> None:
    many = with_context(np.tile(batch, (250, 1, 1)), np.full((1000, 9), 0.5, np.float32))
    changed = augment_symbols(many, knobs(**EVERYTHING, alone=0.3), np.random.default_rng(0))
    assert changed.dtype == np.float32
    hidden = ~changed[..., 5:].any(axis=(1, 2))
    assert hidden.mean() == pytest.approx(0.3, abs=0.05)
    assert (changed[~hidden][..., 5:] == 0.5).all()


def test_a_share_of_the_symbols_comes_from_coarse_digitisers_and_the_others_stay(batch: np.ndarray) -> None:
    many = np.tile(batch, (250, 1, 1))
    told = coarsen_symbols(many, 0.3, np.random.default_rng(0))
    assert told.dtype == np.float32
    changed = (told != many).any(axis=(1, 2))
    assert changed.mean() == pytest.approx(0.3, abs=0.05)
    np.testing.assert_array_equal(coarsen_symbols(many, 0.0, np.random.default_rng(0)), many)
    np.testing.assert_array_equal(coarsen_symbols(many, 0.3, np.random.default_rng(0)), told)
    assert (coarsen_symbols(many, 0.3, np.random.default_rng(1)) != told).any()


def test_what_a_coarse_digitiser_tells_is_in_its_box_with_its_padding_strokes_and_context(batch: np.ndarray) -> None:
    many = with_context(np.tile(batch, (20, 1, 1)), np.full((80, 9), 0.5, np.float32))
    told = coarsen_symbols(many, 1.0, np.random.default_rng(2))
    np.testing.assert_allclose(np.abs(told[..., :2]).max(axis=(1, 2)), 1.0, atol=1e-5)
    np.testing.assert_array_equal(stroke_indices(told), stroke_indices(many))
    np.testing.assert_array_equal(told[..., 5:], many[..., 5:])


def test_a_small_symbol_of_a_formula_is_told_by_fewer_points_than_a_large_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """A digitiser's points are as far apart everywhere on the paper."""
    monkeypatch.setattr("inkmath.features.digitiser.TREMOR", 0.0)
    around = np.linspace(0, 2 * np.pi, 100)
    circle = normalize_and_pad_traces([[np.stack([np.cos(around), np.sin(around)], axis=1)]], 48)
    corners = []
    for side in (0.3, 3.0):
        context = np.full((40, 9), np.log(side + SMALLEST), np.float32)
        context[:, 0] = 1.0
        told = coarsen_symbols(with_context(circle.repeat(40, axis=0), context), 1.0, np.random.default_rng(3))
        steps = told[:, 1:, 3:5].astype(np.float64)
        turns = np.abs(steps[:, :-1, 0] * steps[:, 1:, 1] - steps[:, :-1, 1] * steps[:, 1:, 0]) > 1e-6
        corners.append(turns.sum(axis=1).mean())
    assert corners[0] < corners[1] / 3


def test_a_dot_of_a_coarse_digitiser_stays_a_dot() -> None:
    dots = normalize_and_pad_traces([[np.array([(5, 5)])]] * 20, 24)
    trembling = augment_symbols(dots, knobs(**EVERYTHING), np.random.default_rng(0))
    np.testing.assert_array_equal(coarsen_symbols(trembling, 1.0, np.random.default_rng(0)), trembling)
