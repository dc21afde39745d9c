"""Sets of symbols: every labelled symbol of an ink, with its own strokes, in its own split."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from inkmath.dataset.arrays import ArraysError, write_arrays
from inkmath.features.symbol import normalize_and_pad_traces, stroke_indices
from inkmath.features.symbol_context import symbol_contexts
from inkmath.features.symbol_set import SymbolSet
from inkmath.ink import Ink
from inkmath.layout import LayoutTree, Symbol
from inkmath.params import load_params

NORMALIZE = load_params(Path(__file__).parents[2] / "params.yaml").normalize
STROKES = [[(0, 0), (9, 9)], [(30, 0), (30, 9)], [(9, 0), (0, 9)]]
FORMULA = Ink.from_points(STROKES, id="train/a", groups=(Symbol("x", (2, 0)), Symbol("1", (1,)), Symbol("2", ())))


@pytest.fixture
def symbols() -> SymbolSet:
    plain = Ink.from_points(STROKES[:1], id="test/b", tree=LayoutTree((Symbol("/", (0,)),)))
    return SymbolSet.from_inks([(FORMULA, "train"), (plain, "test")], NORMALIZE)


def test_a_row_per_symbol_that_has_strokes(symbols: SymbolSet) -> None:
    assert symbols.labels.tolist() == ["x", "1", "/"]
    assert symbols.splits.tolist() == ["train", "train", "test"]
    assert symbols.ids.tolist() == ["train/a#0", "train/a#1", "test/b#0"]
    assert symbols.features.shape == (3, NORMALIZE.points, 5)
    assert [row.max() for row in stroke_indices(symbols.features)] == [1, 0, 0]


def test_strokes_of_a_symbol_come_in_writing_order(symbols: SymbolSet) -> None:
    wanted = normalize_and_pad_traces([[FORMULA.strokes[0], FORMULA.strokes[2]]], NORMALIZE.points)
    np.testing.assert_array_equal(symbols.features[:1], wanted)


def test_on_demand_the_context_stands_beside_the_shape(symbols: SymbolSet) -> None:
    settings = NORMALIZE.model_copy(update={"context": True})
    plain = Ink.from_points(STROKES[:1], tree=LayoutTree((Symbol("/", (0,)),)))
    features = SymbolSet.from_inks([(FORMULA, "train"), (plain, "test")], settings).features
    np.testing.assert_array_equal(features[..., :5], symbols.features)
    np.testing.assert_array_equal(features[:2, 0, 5:], symbol_contexts(FORMULA.strokes, [(0, 2), (1,)]))
    assert not features[2, :, 5:].any()
    assert SymbolSet.from_inks([], settings).features.shape == (0, NORMALIZE.points, 14)


def test_rows_of_a_split(symbols: SymbolSet) -> None:
    assert symbols.of("train").tolist() == [0, 1]
    assert symbols.of("valid").tolist() == []


def test_a_set_survives_the_disk(symbols: SymbolSet, tmp_path: Path) -> None:
    symbols.save(tmp_path / "s.npz")
    again = SymbolSet.load(tmp_path / "s.npz")
    for name in ("features", "labels", "splits", "ids"):
        np.testing.assert_array_equal(getattr(again, name), getattr(symbols, name))


def test_no_ink_makes_an_empty_set() -> None:
    assert len(SymbolSet.from_inks([], NORMALIZE)) == 0


def test_other_arrays_are_refused(tmp_path: Path) -> None:
    write_arrays(tmp_path / "s.npz", {"a": np.zeros(2)})
    with pytest.raises(ArraysError, match="no set of symbols; run the normalize stage again"):
        SymbolSet.load(tmp_path / "s.npz")
