"""Ink: strokes and nothing but geometry."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from inkmath.ink import Ink, resample
from inkmath.layout import Edge, LayoutTree, Relation, Symbol


def test_points_become_single_precision_and_lose_further_channels() -> None:
    ink = Ink.from_points([[[1, 2, 99], [3, 4, 98]], np.ones((1, 2))], id="a")

    assert [stroke.tolist() for stroke in ink.strokes] == [[[1, 2], [3, 4]], [[1, 1]]]
    assert all(stroke.dtype == np.float32 and stroke.flags.c_contiguous for stroke in ink.strokes)
    assert ink.bounds == (1, 1, 3, 4)
    assert Ink(()).bounds == (0, 0, 0, 0)


@pytest.mark.parametrize(
    "stroke",
    [
        [],
        [[1]],
        "ink",
        None,
        [{"x": 0, "y": 1}],
        [[0, 0], [1]],
        [[1, float("nan")]],
        [[1, 1e39]],
        [[1, 10**400]],
        [1, 2],
    ],
)
def test_what_is_no_stroke_is_refused(stroke: Any) -> None:
    with pytest.raises(ValueError, match="stroke 1"):
        Ink.from_points([[[0, 0]], stroke])


def test_a_buffer_that_is_used_again_changes_no_ink() -> None:
    buffer = np.array([[1, 2], [3, 4]], np.float32)
    ink = Ink.from_points([buffer])
    buffer *= 100
    assert ink.strokes[0].tolist() == [[1, 2], [3, 4]]


def test_ink_in_another_order_says_the_same() -> None:
    tree = LayoutTree((Symbol("x", (0, 2)), Symbol("2", (1,))), (Edge(0, 1, Relation.SUP),))
    ink = Ink.from_points(
        [[[place, 0]] for place in range(3)], tree=tree, groups=tree.symbols, trace_ids=("a", "b", "c")
    )

    after = ink.reordered([2, 0, 1])
    assert [stroke[0, 0] for stroke in after.strokes] == [2, 0, 1]
    assert after.trace_ids == ("c", "a", "b")
    assert after.tree == LayoutTree((Symbol("x", (0, 1)), Symbol("2", (2,))), tree.edges)
    assert after.groups == after.tree.symbols
    assert Ink(ink.strokes).reordered([2, 0, 1]).tree is None, "without truth"


def test_ink_far_from_the_origin_keeps_its_shape() -> None:
    strokes = [[[5e9, -7e8], [5e9 + 1, -7e8 + 0.5]], [[5e9 + 30.25, -7e8 - 20]]]
    ink = Ink.from_points(strokes)
    assert [stroke.tolist() for stroke in ink.strokes] == [[[0, 20], [1, 20.5]], [[30.25, 0]]]
    assert all(stroke.dtype == np.float32 for stroke in ink.strokes)
    one_axis = Ink.from_points([[[1e8, 7.1], [1e8 + 1, 9]]])
    np.testing.assert_array_equal(one_axis.strokes[0], np.array([[0, 7.1], [1, 9]], np.float32))


@pytest.mark.parametrize("away", [1e3, 1e4, 1e6, -1e7])
def test_small_ink_keeps_its_shape_where_that_is_far_for_its_size(away: float) -> None:
    """Some measure in centimetres, some in pages: a stroke of an x is a fifth of a unit."""
    near = np.array([[0, 0.25], [0.1, 0.15], [0.2, 0]])
    (stroke,) = Ink.from_points([near + away]).strokes
    np.testing.assert_allclose(stroke - stroke.min(axis=0), near, atol=0.2 / 1000)


def test_whole_numbers_far_from_the_origin_are_resampled_as_near_it() -> None:
    """Single precision holds them there, but not what lies between them."""
    near = np.array([[0, 7], [100, 0], [300, 50]])
    (stroke,) = Ink.from_points([near + 10_000_000]).strokes
    np.testing.assert_allclose(resample(stroke, 24), resample(near.astype(np.float32), 24), atol=300 / 10_000)


def test_ink_near_the_origin_or_on_both_its_sides_stays_where_it_is() -> None:
    for points in (
        [[1.1, 16777215.0], [2.0, 3.0]],
        [[-1e9, 5.0], [1e9, 6.0]],
        [[3e38, -3e38], [1.0, 0.0]],
        [[30_000.1, 20_000.7], [30_250.3, 20_200.9]],
        [[123.4, 567.8]],
    ):
        np.testing.assert_array_equal(Ink.from_points([points]).strokes[0], np.array(points, np.float32))


def test_what_the_truth_explains() -> None:
    tree = LayoutTree((Symbol("x", (0,)), Symbol("y", (2,))), (Edge(0, 1, Relation.RIGHT),))
    ink = Ink.from_points([[[0, 0]]] * 4, tree=tree, groups=(Symbol("x", (0,)), Symbol("z", (3,))))

    assert ink.unowned == (1, 3)
    assert ink.outside == (Symbol("z", (3,)),)
    assert Ink.from_points([[[0, 0]]] * 3).unowned == (0, 1, 2)


def test_resampling_spreads_points_by_arc_length() -> None:
    corner = np.array([[0, 0], [0, 3], [0, 3], [1, 3]], dtype=np.float32)

    assert resample(corner, 5).tolist() == [[0, 0], [0, 1], [0, 2], [0, 3], [1, 3]]
    assert resample(corner[:1], 3).tolist() == [[0, 0]] * 3
    assert resample(corner, 5).dtype == np.float32
