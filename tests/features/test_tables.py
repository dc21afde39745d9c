"""From the ink table to arrays: what is written in pieces, by any workers, is what one go would have made."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from matrix_ink import with_matrices

from inkmath.dataset import ink_table
from inkmath.dataset.arrays import read_arrays, write_arrays
from inkmath.dataset.ink_table import add_splits, read_inks, to_batch, write_inks
from inkmath.dataset.splits import Split
from inkmath.features import symbol_table
from inkmath.features.expression import FormulaSet
from inkmath.features.expression_table import normalize_formulas
from inkmath.features.symbol_set import SymbolSet
from inkmath.features.symbol_table import normalize_symbols
from inkmath.ink import Ink
from inkmath.params import load_params
from inkmath.synthesis import synthesize

NORMALIZE = load_params(Path(__file__).parents[2] / "params.yaml").normalize


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Thirty formulas in three parts, a split after the other and over again."""
    inks = [
        Ink(ink.strokes, f"train/{number}", "made-up", f"w{number}", None, ink.tree)
        for number, ink in enumerate(synthesize(30, 3, max_symbols=8))
    ]
    splits = list(itertools.islice(itertools.cycle(Split), 30))
    batches = [add_splits(to_batch(inks[at : at + 10], [None] * 10), splits[at : at + 10]) for at in range(0, 30, 10)]
    path = tmp_path / "ink.parquet"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ink_table, "GROUPS_PER_PART", 1)
        write_inks(path, batches)
    return path


@pytest.mark.parametrize("rows", [4, 1000])
def test_symbols_written_in_pieces_are_those_of_one_go(
    table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: int
) -> None:
    whole = SymbolSet.from_inks([(ink, split) for split in Split for ink in read_inks(table, split)], NORMALIZE)
    monkeypatch.setattr(ink_table, "ROWS_PER_BATCH", rows)
    counts = normalize_symbols((table,), tmp_path / "symbol.npz", NORMALIZE, processes=1)
    assert counts == {split: len(whole.of(split)) for split in Split}
    written = read_arrays(tmp_path / "symbol.npz")
    np.testing.assert_allclose(written.pop("features"), whole.features, atol=1e-6)  # sums depend on who sums together
    for name, array in written.items():
        np.testing.assert_array_equal(array, getattr(whole, name))


@pytest.mark.parametrize("rows", [4, 1000])
def test_formulas_written_in_pieces_are_those_of_one_go(
    table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: int
) -> None:
    whole = FormulaSet.from_inks(read_inks(table), pq.read_table(table)["split"].to_pylist(), 8)
    monkeypatch.setattr(ink_table, "ROWS_PER_BATCH", rows)
    assert normalize_formulas((table,), tmp_path / "formulas.npz", 8, processes=1) == dict.fromkeys(Split, 10)
    write_arrays(tmp_path / "whole.npz", whole.arrays())
    assert (tmp_path / "formulas.npz").read_bytes() == (tmp_path / "whole.npz").read_bytes()


@pytest.mark.slow
def test_other_processes_write_the_same_bytes(table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ink_table, "ROWS_PER_BATCH", 2)
    for processes in (1, 2):
        normalize_symbols((table,), tmp_path / f"symbol-{processes}.npz", NORMALIZE, processes)
        normalize_formulas((table,), tmp_path / f"formula-{processes}.npz", 8, processes)
    assert (tmp_path / "symbol-1.npz").read_bytes() == (tmp_path / "symbol-2.npz").read_bytes()
    assert (tmp_path / "formula-1.npz").read_bytes() == (tmp_path / "formula-2.npz").read_bytes()


def test_matrices_come_back_from_the_table_and_their_symbols_are_learned_from(tmp_path: Path) -> None:
    inks = with_matrices(6)
    write_inks(tmp_path / "ink.parquet", [add_splits(to_batch(inks, [None] * 6), [*Split] * 2)])
    back = list(read_inks(tmp_path / "ink.parquet"))
    assert [ink.tree for ink in back] == [ink.tree for ink in inks]

    symbols = normalize_symbols((tmp_path / "ink.parquet",), tmp_path / "symbol.npz", NORMALIZE, processes=1)
    assert sum(symbols.values()) == sum(len(ink.tree.symbols) for ink in inks if ink.tree)
    normalize_formulas((tmp_path / "ink.parquet",), tmp_path / "formulas.npz", 8, processes=1)
    formulas = FormulaSet.load(tmp_path / "formulas.npz")
    assert formulas.with_matrix.all()
    assert not formulas.trainable().any()


def test_further_ink_is_trained_on_after_all_else(table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(symbol_table, "INKS", 2)
    plain = normalize_symbols((table,), tmp_path / "plain.npz", NORMALIZE, processes=1)
    further = list(synthesize(5, 4, max_symbols=8))
    counts = normalize_symbols((table,), tmp_path / "more.npz", NORMALIZE, processes=1, more=further)
    before, after = SymbolSet.load(tmp_path / "plain.npz"), SymbolSet.load(tmp_path / "more.npz")
    added = SymbolSet.from_inks([(ink, "train") for ink in further], NORMALIZE)
    assert counts == {**plain, Split.TRAIN: plain[Split.TRAIN] + len(added)}
    assert after.ids.tolist() == [*before.ids.tolist(), *added.ids.tolist()]
    assert set(after.splits[len(before) :]) == {"train"}


def test_a_table_without_labels_gives_no_symbol(tmp_path: Path) -> None:
    ink = Ink.from_points([[(0, 0), (1, 1)]], id="train/a", source="s")
    write_inks(tmp_path / "ink.parquet", [add_splits(to_batch([ink], [None]), [Split.TRAIN])])
    assert normalize_symbols((tmp_path / "ink.parquet",), tmp_path / "symbol.npz", NORMALIZE) == {}
    assert SymbolSet.load(tmp_path / "symbol.npz").features.shape == (0, NORMALIZE.points, 5)


def test_a_mapped_set_holds_the_same(table: Path, tmp_path: Path) -> None:
    normalize_symbols((table,), tmp_path / "symbol.npz", NORMALIZE, processes=1)
    with SymbolSet.mapped(tmp_path / "symbol.npz") as mapped:
        assert isinstance(mapped.features, np.memmap)
        for name, array in read_arrays(tmp_path / "symbol.npz").items():
            np.testing.assert_array_equal(getattr(mapped, name), array)
