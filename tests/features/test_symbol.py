"""Symbols as arrays: what stays the same however a symbol was written down, and what each cleaning step does."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from inkmath.features.symbol import normalize_and_pad_traces, stroke_indices

X, Y, PEN_UP, DX, DY = range(5)


def stroke(*points: tuple[float, float]) -> np.ndarray:
    return np.array(points, np.float32)


CROSS = [stroke((0, 0), (10, 10)), stroke((10, 0), (0, 10))]
HOOK = [stroke((0, 0), (0, 100), (1, 95))]


def curve(points: int) -> list[np.ndarray]:
    at = np.linspace(0, 3, points)
    return [np.stack([np.cos(at) * 7, np.sin(2 * at) * 4], axis=1).astype(np.float32)]


def test_a_cross_has_two_strokes_with_the_pen_up_after_each() -> None:
    row = normalize_and_pad_traces([CROSS], 12)[0]
    assert row.shape == (12, 5)
    assert row.dtype == np.float32
    assert np.flatnonzero(row[:, PEN_UP]).tolist() == [5, 11]
    np.testing.assert_allclose(row[[0, 5, 6, 11], :2], [(-1, -1), (1, 1), (1, -1), (-1, 1)], atol=1e-6)


def test_steps_lead_from_point_to_point_across_pen_lifts_too() -> None:
    row = normalize_and_pad_traces([CROSS], 12)[0]
    assert row[0, DX:].tolist() == [0, 0]
    np.testing.assert_allclose(row[1:, DX:], np.diff(row[:, :2], axis=0), atol=1e-6)


def test_the_longer_side_spans_the_box_and_the_aspect_ratio_is_kept() -> None:
    row = normalize_and_pad_traces([[stroke((3, 5), (43, 5), (43, 15))]], 51)[0]
    assert np.ptp(row[:, X]) == pytest.approx(2.0)
    assert np.ptp(row[:, Y]) == pytest.approx(0.5)


@pytest.mark.parametrize("spacing", [0.0, 0.05])
def test_place_and_size_do_not_matter(spacing: float) -> None:
    moved = [part * 250 + np.array([-3000, 12000], np.float32) for part in CROSS]
    one, other = (normalize_and_pad_traces([sample], 24, spacing=spacing) for sample in (CROSS, moved))
    np.testing.assert_allclose(one, other, atol=1e-3)


def test_the_sampling_rate_does_not_matter() -> None:
    coarse, fine = (normalize_and_pad_traces([curve(points)], 32)[0] for points in (150, 2000))
    np.testing.assert_allclose(coarse, fine, atol=0.01)


def test_points_are_evenly_spread() -> None:
    row = normalize_and_pad_traces([curve(500)], 40)[0]
    steps = np.hypot(row[1:, DX], row[1:, DY])
    assert steps.std() < 0.02 * steps.mean()


def test_each_sample_is_what_it_is_alone() -> None:
    together = normalize_and_pad_traces([CROSS, curve(80), [stroke((1, 1))]], 20, smooth=1)
    for row, sample in zip(together, [CROSS, curve(80), [stroke((1, 1))]], strict=True):
        np.testing.assert_allclose(row, normalize_and_pad_traces([sample], 20, smooth=1)[0], atol=1e-5)


def test_a_dot_rests_in_the_middle() -> None:
    row = normalize_and_pad_traces([[stroke((7, 7))]], 8)[0]
    assert not row[:, :2].any()
    assert np.flatnonzero(row[:, PEN_UP]).tolist() == [7]


def test_a_small_stroke_gets_points_of_its_own() -> None:
    row = normalize_and_pad_traces([[stroke((5, 20), (5, 60)), stroke((5, 0))]], 48)[0]
    assert (stroke_indices(row[None])[0] == 1).sum() >= 4


def test_points_that_are_left_over_go_to_the_longest_stroke() -> None:
    ticks = [stroke((20 * i, 0), (20 * i, 37)) for i in range(4)]
    owner = stroke_indices(normalize_and_pad_traces([[*ticks, stroke((0, 50), (100, 50))]], 24))[0]
    *short, longest = np.bincount(owner).tolist()
    assert len(set(short)) == 1, "strokes as long as each other have as many points"
    assert longest > 100 / 37 * short[0]


def test_spacing_leaves_the_rest_of_the_row_empty() -> None:
    row = normalize_and_pad_traces([[stroke((0, 0), (0, 100))]], 32, spacing=0.1)[0]
    assert stroke_indices(row[None])[0].tolist() == [0] * 11 + [-1] * 21
    assert not row[11:].any()


def test_spacing_widens_where_a_symbol_would_not_fit() -> None:
    zigzag = [stroke(*((x, 100 * (x % 2)) for x in range(40)))]
    row = normalize_and_pad_traces([zigzag], 32, spacing=0.01)[0]
    assert (stroke_indices(row[None])[0] >= 0).sum() >= 30


def test_stroke_indices_read_the_strokes_back() -> None:
    assert stroke_indices(normalize_and_pad_traces([CROSS], 12))[0].tolist() == [0] * 6 + [1] * 6


def test_of_too_many_strokes_the_longest_are_kept() -> None:
    dust = [stroke((i, 0), (i, 0.1)) for i in range(30)]
    row = normalize_and_pad_traces([[*dust, stroke((0, 0), (40, 0)), stroke((0, 5), (20, 5))]], 8)[0]
    owner = stroke_indices(row[None])[0]
    assert owner.max() == 3
    assert np.ptp(row[:, X]) == pytest.approx(2.0)
    assert np.ptp(row[owner == 2, X]) == pytest.approx(2.0), "the bars, not the dust, and in their order"
    assert np.ptp(row[owner == 3, X]) == pytest.approx(1.0)


def test_deduplication_drops_points_where_the_pen_rested() -> None:
    trembling = [stroke((0, 0), (50, 0), *((50 + 0.2 * (i % 2), 0) for i in range(40)), (100, 0))]
    still = [stroke((0, 0), (50, 0), (100, 0))]
    raw, cleaned = (normalize_and_pad_traces([trembling], 21, deduplicate=flag)[0] for flag in (False, True))
    wanted = normalize_and_pad_traces([still], 21)[0]
    assert np.abs(cleaned - wanted).max() < 0.01 < np.abs(raw - wanted).max()


def test_smoothing_flattens_noise_and_keeps_both_ends() -> None:
    noise = np.random.default_rng(0).normal(0, 0.5, (60, 2))
    rough = [(np.stack([np.linspace(0, 100, 60), np.zeros(60)], axis=1) + noise).astype(np.float32)]
    raw, smooth = (normalize_and_pad_traces([rough], 60, smooth=width)[0] for width in (0, 2))
    assert smooth[1:, DY].std() < 0.7 * raw[1:, DY].std()
    np.testing.assert_allclose(smooth[[0, -1], :2], raw[[0, -1], :2], atol=0.05)


@pytest.mark.parametrize("width", [1, 2])
def test_smoothing_is_the_mean_of_so_many_points_on_either_side(width: int) -> None:
    zigzag = [stroke(*((x, 9 * (x % 2)) for x in range(31)))]
    raw, smooth = (normalize_and_pad_traces([zigzag], 31, smooth=wide)[0, :, :2] for wide in (0, width))
    mean = np.mean(np.lib.stride_tricks.sliding_window_view(raw, 2 * width + 1, axis=0), axis=2)
    apart = smooth[width:-width] - mean
    np.testing.assert_allclose(apart, np.broadcast_to(apart[0], apart.shape), atol=1e-6)
    assert np.ptp(smooth[:, X]) == np.ptp(raw[:, X]), "of the same size, and so no more than moved"


def test_smoothing_ends_where_the_pen_was_lifted() -> None:
    bars = [np.array([[x, 0.0], [x, 10.0]], np.float32) for x in (0.0, 10.0)]
    raw, smooth = (normalize_and_pad_traces([bars], 20, smooth=width)[0] for width in (0, 2))
    np.testing.assert_allclose(smooth, raw, atol=1e-6)


def test_dehooking_cuts_a_sharp_turn_at_the_end_but_no_corner() -> None:
    for hooked in (HOOK[0], HOOK[0][::-1]):
        cut = hooked[hooked[:, X] == 0]
        np.testing.assert_array_equal(
            normalize_and_pad_traces([[hooked]], 16, dehook=True), normalize_and_pad_traces([[cut]], 16)
        )
    for whole in ([stroke((0, 0), (0, 100), (60, 100))], curve(80)):
        np.testing.assert_array_equal(
            normalize_and_pad_traces([whole], 16, dehook=True), normalize_and_pad_traces([whole], 16)
        )


def test_dehooking_does_not_eat_a_small_stroke_beside_a_large_one() -> None:
    """A tick as small as a hook: beside itself, half of it is no hook."""
    sample = [stroke((0, 0), (0, 100)), stroke((20, 0), (22, 6), (24, 0))]
    np.testing.assert_array_equal(
        normalize_and_pad_traces([sample], 24, dehook=True), normalize_and_pad_traces([sample], 24)
    )


def test_dehooking_leaves_what_is_too_short_to_have_hooks() -> None:
    tick = [stroke((0, 0), (5, 5), (10, 0)), stroke((3, 3))]
    assert stroke_indices(normalize_and_pad_traces([tick], 16, dehook=True))[0].max() == 1


def test_deslanting_stands_a_leaning_stroke_upright() -> None:
    row = normalize_and_pad_traces([[stroke((0, 100), (30, 0))]], 16, deslant=True)[0]
    assert np.ptp(row[:, X]) == pytest.approx(0, abs=1e-5)


def test_deslanting_takes_steps_that_are_as_tall_as_wide_for_the_same_at_any_size() -> None:
    stairs = stroke(*((x, 7 * x // 5) for x in range(40)))
    one, other = (normalize_and_pad_traces([[ink]], 32, deslant=True) for ink in (stairs, stairs * np.float32(3.7)))
    np.testing.assert_allclose(one, other, atol=1e-3)


def test_in_deslanting_a_long_step_counts_as_much_as_it_is_long() -> None:
    long, short = (0, 90), (90, 100)  # upright for nine tenths, leaning for one
    bent = stroke((0, long[0]), (0, long[1]), (5, short[1]))
    row = normalize_and_pad_traces([[bent]], 16, deslant=True)[0]
    sheared = bent - np.outer(bent[:, 1], [5 / 100, 0])
    expected = normalize_and_pad_traces([[sheared.astype(np.float32)]], 16)[0]
    np.testing.assert_allclose(row[:, X], expected[:, X], atol=1e-5)


def test_nothing_gives_an_empty_array() -> None:
    assert normalize_and_pad_traces([], 16).shape == (0, 16, 5)


def test_symbols_of_as_many_strokes_and_points_may_be_one_array() -> None:
    ink: Any = np.random.default_rng(0).normal(size=(4, 2, 7, 2))
    np.testing.assert_array_equal(normalize_and_pad_traces(ink, 16), normalize_and_pad_traces([*map(list, ink)], 16))


@pytest.mark.parametrize(
    ("samples", "length", "message"),
    [
        ([[]], 16, "sample 0 has no stroke"),
        ([CROSS, [np.zeros((0, 2), np.float32)]], 16, "sample 1"),
        ([CROSS], 3, "at least 4 points"),
        ([CROSS, [np.array([[0, 0, 100], [9, 9, 200]])]], 16, r"sample 1 has a stroke of shape \(2, 3\)"),  # and a time
        ([[[1.0, 2.0]]], 16, r"sample 0 has a stroke of shape \(2,\)"),
        ([CROSS, [[[0, 0], [np.nan, 9]]]], 16, "sample 1 holds a coordinate that is not a finite number"),
        ([[[[1e308, 0], [-1e308, 5]]]], 16, r"sample 0 holds a coordinate .* of at most 3\.4e38"),
        ([[[[0, -np.inf]]]], 16, "sample 0 holds a coordinate"),
    ],
)
def test_what_is_no_symbol_is_refused(samples: list[Any], length: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        normalize_and_pad_traces(samples, length)


finite = st.floats(-1e6, 1e6, width=32)
strokes = st.integers(1, 12).flatmap(lambda points: arrays(np.float32, (points, 2), elements=finite))


@settings(deadline=None, max_examples=40)
@given(
    sample=st.lists(strokes, min_size=1, max_size=9),
    knobs=st.fixed_dictionaries(
        {
            "spacing": st.sampled_from([0.0, 0.02, 0.3]),
            "deduplicate": st.booleans(),
            "smooth": st.integers(0, 3),
            "dehook": st.booleans(),
            "deslant": st.booleans(),
        }
    ),
)
def test_any_finite_ink_lands_in_its_box(sample: list[np.ndarray], knobs: dict[str, Any]) -> None:
    row = normalize_and_pad_traces([sample], 12, **knobs)[0]
    assert np.isfinite(row).all()
    assert np.abs(row[:, :2]).max() <= 1.0 + 1e-5
    assert row[:, PEN_UP].sum() == min(len(sample), 6)
