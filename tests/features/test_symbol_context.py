"""What a formula tells of its symbols: sizes and places beside other ink, and nothing for a symbol alone."""

from __future__ import annotations

import numpy as np
import pytest

from inkmath.features.symbol_context import CONTEXT, SMALLEST, alone, longer_side, symbol_contexts, with_context

NAMED = {name: index for index, name in enumerate(CONTEXT)}


def box(left: float, top: float, right: float, bottom: float) -> np.ndarray:
    return np.array([(left, top), (right, bottom)], np.float32)


LINE = [box(0, 0, 10, 10), box(12, 4, 18, 10), box(20, -4, 24, 0), box(26, 9, 26, 9)]
"""A letter, a smaller one, an exponent and a dot."""


@pytest.fixture
def contexts() -> np.ndarray:
    return symbol_contexts(LINE, [(0,), (1,), (2,), (3,)])


def test_sizes_are_in_typical_strokes(contexts: np.ndarray) -> None:
    # The median of 10, 6 and 4; the dot has no size to count.
    np.testing.assert_allclose(contexts[:, NAMED["height"]], np.log(np.array([10, 6, 4, 0]) / 6 + 0.05), atol=1e-6)


def test_neighbours_in_writing_order_tell_the_place(contexts: np.ndarray) -> None:
    letter, smaller, exponent, dot = contexts
    for name, expected in {"top": (4, 8), "bottom": (0, 10), "side": (10, -7)}.items():
        told = [smaller[NAMED[f"{name}_{when}"]] for when in ("before", "after")]
        assert told == pytest.approx(np.tanh(np.array(expected) / 6 / 2)), name
    assert exponent[NAMED["side_before"]] == pytest.approx(np.tanh(7 / 6 / 2)), "not beside the letter"
    assert not letter[[NAMED["top_before"], NAMED["bottom_before"], NAMED["side_before"]]].any()
    assert not dot[[NAMED["top_after"], NAMED["bottom_after"], NAMED["side_after"]]].any()


def test_a_symbol_of_several_strokes_has_the_box_of_them_all() -> None:
    context = symbol_contexts(LINE, [(1, 0)])[0]
    assert context[NAMED["width"]] == pytest.approx(np.log(18 / 6 + 0.05))
    assert context[NAMED["side_before"]] == 0
    assert context[NAMED["side_after"]] < 0


def test_neither_place_nor_scale_of_the_formula_matters(contexts: np.ndarray) -> None:
    moved = [stroke * 1000 + 70000 for stroke in LINE]
    np.testing.assert_allclose(symbol_contexts(moved, [(0,), (1,), (2,), (3,)]), contexts, atol=1e-3)


def test_a_symbol_that_is_all_the_ink_stands_alone() -> None:
    assert not symbol_contexts(LINE[:2], [(0, 1)]).any()
    assert symbol_contexts(LINE[:2], [(0,)])[0, NAMED["known"]] == 1
    assert symbol_contexts([], []).shape == (0, 9)


def test_ink_without_any_extent_has_finite_numbers() -> None:
    dots = [box(3, 3, 3, 3), box(3, 3, 3, 3)]
    assert np.isfinite(symbol_contexts(dots, [(0,), (1,)])).all()


def test_contexts_stand_beside_the_shape_and_can_be_taken_away(contexts: np.ndarray) -> None:
    shapes = np.random.default_rng(0).normal(size=(4, 7, 5)).astype(np.float32)
    both = with_context(shapes, contexts)
    assert both.shape == (4, 7, 14)
    assert both.dtype == np.float32
    np.testing.assert_array_equal(both[:, 3, 5:], contexts)
    for features in (both, shapes):
        without = alone(features)
        np.testing.assert_array_equal(without[..., :5], shapes)
        assert not without[..., 5:].any()


def test_the_longer_side_is_read_back_in_typical_strokes(contexts: np.ndarray) -> None:
    shapes = np.zeros((4, 7, 5), np.float32)
    np.testing.assert_allclose(longer_side(with_context(shapes, contexts)), [10 / 6, 1, 4 / 6, SMALLEST], rtol=1e-5)
    for unknown in (shapes, alone(shapes)):
        np.testing.assert_array_equal(longer_side(unknown), np.ones(4, np.float32))
