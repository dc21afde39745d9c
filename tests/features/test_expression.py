"""Formulas as arrays: alike whatever the place, size and sampling of the ink; truth survives there and back."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matrix_ink import with_matrices

from inkmath.dataset.arrays import ArraysError, write_arrays
from inkmath.features.expression import (
    FARTHEST,
    IGNORE,
    NONE,
    RELATIONS,
    SAME,
    FormulaSet,
    line_heads,
    pad,
    pair_labels,
    rescale,
    stroke_points,
)
from inkmath.ink import Ink, resample
from inkmath.layout.latex import canonical_tokens
from inkmath.layout.tree import Edge, LayoutTree, Relation, Symbol
from inkmath.synthesis import synthesize

if TYPE_CHECKING:
    from pathlib import Path

POINTS = 8
RIGHT, SUP = (RELATIONS.index(relation) for relation in (Relation.RIGHT, Relation.SUP))


@pytest.fixture(scope="module")
def inks() -> list[Ink]:
    return list(synthesize(6, 3, max_symbols=10))


@pytest.fixture(scope="module")
def formulas(inks: list[Ink]) -> FormulaSet:
    return FormulaSet.from_inks(inks, ["train", "valid"] * 3, POINTS)


def test_a_set_tells_of_each_ink_what_was_known(inks: list[Ink], formulas: FormulaSet) -> None:
    told = zip(formulas.ids, formulas.writers, formulas.sources, strict=True)
    assert [tuple(map(str, row)) for row in told] == [(ink.id, ink.writer, ink.source) for ink in inks]
    unknown = FormulaSet.from_inks([Ink(inks[0].strokes)], [""], POINTS)
    assert (unknown.writers.tolist(), unknown.sources.tolist()) == ([""], [""])


def test_place_and_size_do_not_matter(inks: list[Ink]) -> None:
    there = stroke_points(inks[0], POINTS)
    moved = Ink(tuple((stroke * 37 + (1e4, -500)).astype(np.float32) for stroke in inks[0].strokes))
    assert stroke_points(moved, POINTS) == pytest.approx(there, abs=2e-3)


def test_the_sampling_rate_does_not_matter(inks: list[Ink]) -> None:
    dense = Ink(tuple(resample(stroke, 400) for stroke in inks[0].strokes))
    assert stroke_points(dense, POINTS) == pytest.approx(stroke_points(inks[0], POINTS), abs=5e-2)


def test_the_unit_is_a_typical_stroke(inks: list[Ink]) -> None:
    points = stroke_points(inks[0], POINTS)
    low, high = points.min(axis=1), points.max(axis=1)
    assert np.median((high - low).max(axis=1)) == pytest.approx(1.0, rel=1e-5)
    assert ((low + high) / 2).mean(axis=0) == pytest.approx([0, 0], abs=1e-5)


@settings(max_examples=25)
@given(
    st.lists(st.lists(st.tuples(*[st.floats(-1e6, 1e6, width=32)] * 2), min_size=1, max_size=5), min_size=1, max_size=4)
)
def test_any_ink_has_finite_points(strokes: list[list[tuple[float, float]]]) -> None:
    points = stroke_points(Ink.from_points(strokes), POINTS)
    assert points.shape == (len(strokes), POINTS, 2)
    assert points.dtype == np.float32
    assert np.isfinite(points).all()


def test_dots_have_no_size_and_no_harm() -> None:
    assert not stroke_points(Ink.from_points([[[5, 5]], [[5, 5]]]), POINTS).any()


def test_small_strokes_far_from_the_origin_are_as_exact_as_near_it() -> None:
    """A tablet that counts in hundred thousands, in steps of 1/32: there single precision knows no finer ones."""
    near = np.random.default_rng(0).integers(0, 64, (3, POINTS, 2)).astype(np.float32) / np.float32(32)
    far = near + np.float32(2**18)
    assert (far - np.float32(2**18) == near).all(), "no coordinate is rounded"
    assert rescale(far) == pytest.approx(rescale(near), abs=1e-6)


def test_an_absurd_coordinate_goes_no_farther_than_the_farthest() -> None:
    low = np.zeros((3, POINTS, 2), np.float32)
    low[0, -1], low[1, -1], low[2] = 1e-3, 1e-3, 1e9
    points = rescale(low)
    assert np.abs(points).max() == FARTHEST


def test_dots_do_not_change_the_unit(inks: list[Ink]) -> None:
    """Or a formula with many dots would be read as if written larger than it is."""
    dots = [np.full((1, 2), 5, np.float32)] * (3 * len(inks[0].strokes))
    points = stroke_points(Ink((*inks[0].strokes, *dots)), POINTS)[: len(inks[0].strokes)]
    assert np.ptp(points, axis=1) == pytest.approx(np.ptp(stroke_points(inks[0], POINTS), axis=1), abs=1e-5)


def test_pairs_of_strokes_carry_what_their_symbols_are_to_each_other() -> None:
    # x ^ =, the = in strokes 1 and 3; y, stroke 2, to the right of x.
    labels = pair_labels(np.array([0, 1, 2, 1]), np.array([[0, 1, SUP], [0, 2, RIGHT]]), 3)
    assert labels.tolist() == [
        [IGNORE, SUP + 2, RIGHT + 2, SUP + 2],
        [NONE, IGNORE, NONE, SAME],
        [NONE, NONE, IGNORE, NONE],
        [NONE, SAME, NONE, IGNORE],
    ]


def test_trees_come_back_as_they_were(inks: list[Ink], formulas: FormulaSet) -> None:
    for number, ink in enumerate(inks):
        assert formulas.tree(number) == ink.tree
        assert ink.tree is not None
        assert formulas.latex[number].split() == canonical_tokens(ink.tree)
        assert (formulas.strokes(number) == stroke_points(ink, POINTS)).all()
    assert formulas.trainable().all()


def test_a_set_survives_its_file(formulas: FormulaSet, tmp_path: Path) -> None:
    write_arrays(tmp_path / "set.npz", formulas.arrays())
    again = FormulaSet.load(tmp_path / "set.npz")
    for name, array in formulas.arrays().items():
        assert (getattr(again, name) == array).all()
        assert getattr(again, name).dtype == array.dtype


def test_a_file_of_other_arrays_or_that_lacks_one_is_no_set_of_formulas(formulas: FormulaSet, tmp_path: Path) -> None:
    """Files of earlier versions do not tell what holds a matrix."""
    earlier = formulas.arrays()
    del earlier["with_matrix"]
    for arrays in ({"a": np.zeros(1)}, earlier):
        write_arrays(tmp_path / "other.npz", arrays)
        told = f"other.npz: holds {sorted(arrays)}, no set of formulas; run the stage normalize_expression again"
        with pytest.raises(ArraysError, match=re.escape(told)):
            FormulaSet.load(tmp_path / "other.npz")


def test_a_selection_keeps_what_belongs_together(inks: list[Ink], formulas: FormulaSet) -> None:
    some = formulas.select([4, 1])
    assert some.ids.tolist() == [inks[4].id, inks[1].id]
    assert some.splits.tolist() == ["train", "valid"]
    assert [some.tree(0), some.tree(1)] == [inks[4].tree, inks[1].tree]
    assert (some.strokes(1) == formulas.strokes(1)).all()
    nothing = formulas.select([])
    assert len(nothing) == len(nothing.points) == len(nothing.labels) == 0


def test_only_ink_that_truth_explains_is_trained_on(inks: list[Ink]) -> None:
    whole = inks[0].tree
    assert whole is not None
    lone = LayoutTree((Symbol("x", (0,)),))
    unwritten = LayoutTree((Symbol("x", (0,)), Symbol("y")), (Edge(0, 1, Relation.RIGHT),))
    two = (np.zeros((1, 2), np.float32), np.ones((1, 2), np.float32))
    cases = [
        (inks[0], True),
        (Ink(two, tree=lone), False),  # a stroke without a symbol
        (Ink(two[:1], tree=unwritten), False),  # a symbol without a stroke
        (Ink(two, tree=unwritten), False),  # one of each
        (Ink(two), False),  # no truth
        (Ink(two[:1], tree=lone), True),
    ]
    made = FormulaSet.from_inks([ink for ink, _ in cases], ["train"] * len(cases), POINTS)
    assert made.trainable().tolist() == [expected for _, expected in cases]
    assert made.tree(4) is None
    assert made.latex[4] == ""


def test_of_a_formula_with_a_matrix_the_symbols_alone_are_kept(inks: list[Ink]) -> None:
    """Networks know nothing of rows and columns: it is no formula to train on, to validate on or to count."""
    matrices = with_matrices(3)
    alone = LayoutTree((Symbol("(", (0,)), Symbol("x", (1,))), (Edge(0, 1, Relation.INSIDE),))  # of a single cell
    of_one_cell = Ink.from_points([[[0, 0], [0, 9]], [[2, 2], [5, 6]]], tree=alone)
    lone, bare = (Ink(inks[0].strokes[:1], tree=tree) for tree in (LayoutTree((Symbol("x", (0,)),)), None))
    made = FormulaSet.from_inks([inks[0], *matrices, of_one_cell, lone, bare], ["train"] * 7, POINTS)
    assert made.with_matrix.tolist() == [False, True, True, True, True, False, False]
    assert made.trainable().tolist() == [True, False, False, False, False, True, False]
    for number, ink in enumerate([*matrices, of_one_cell], 1):
        assert ink.tree is not None
        assert made.labels_of(number).tolist() == [symbol.label for symbol in ink.tree.symbols]
        assert (made.owners(number) >= 0).all()
        assert made.tree(number) is None
        assert made.latex[number] == ""
    assert made.tree(0) == inks[0].tree
    assert made.select([3, 0]).with_matrix.tolist() == [True, False]


def test_trees_are_in_canonical_form() -> None:
    beside = LayoutTree((Symbol("\\sum", (0,)), Symbol("i", (1,))), (Edge(0, 1, Relation.SUB),))
    made = FormulaSet.from_inks([Ink.from_points([[[0, 0]], [[0, 9]]], tree=beside)], ["train"], POINTS)
    tree = made.tree(0)
    assert tree is not None
    assert [edge.relation for edge in tree.edges] == [Relation.BELOW]


def test_no_formula_is_an_error() -> None:
    with pytest.raises(ValueError, match="no formula"):
        FormulaSet.from_inks([], [], POINTS)


def test_batches_are_padded_to_few_lengths() -> None:
    formulas = [np.ones((3, POINTS, 2), np.float32), np.ones((5, POINTS, 2), np.float32)]
    points, mask = pad(formulas)
    assert points.shape == (2, 8, POINTS, 2)
    assert mask.tolist() == [[1] * 3 + [0] * 5, [1] * 5 + [0] * 3]
    assert points.sum(axis=(2, 3)).tolist() == (mask * 2 * POINTS).tolist()
    assert pad(formulas, multiple=1)[0].shape == (2, 5, POINTS, 2)


def test_a_line_is_named_by_its_first_symbol() -> None:
    edges = np.array([[2, 0, RIGHT], [0, 3, RIGHT], [0, 1, SUP], [1, 4, RIGHT]])
    assert line_heads(edges, 5).tolist() == [2, 1, 2, 2, 1]
