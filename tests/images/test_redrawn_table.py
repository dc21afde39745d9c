"""The table of redrawn ink: some formulas of the training split, whoever works on it, and a list of those left out."""

from __future__ import annotations

import pickle
import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pyarrow.parquet as pq
import pytest

from inkmath.dataset.ink_table import InkTableError, add_splits, read_batches, read_inks, to_batch, write_inks
from inkmath.dataset.splits import Split
from inkmath.images import redrawn_table
from inkmath.images.redrawn_table import Summary, redraw_table
from inkmath.layout.latex import canonical_tokens
from inkmath.synthesis import synthesize

if TYPE_CHECKING:
    from pathlib import Path

    from inkmath.ink import Ink

SPLITS = [Split.TRAIN, Split.VALID, Split.TRAIN, Split.TEST, Split.TRAIN, Split.TRAIN]


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Six formulas, four of them of the training split; the last has no truth."""
    inks = [replace(ink, id=f"train/{number}") for number, ink in enumerate(synthesize(6, 8, max_symbols=8))]
    inks[5] = replace(inks[5], tree=None, groups=())
    texts = [" ".join(canonical_tokens(ink.tree)) if ink.tree else None for ink in inks]
    write_inks(tmp_path / "ink.parquet", [add_splits(to_batch(inks, texts), SPLITS)])
    return tmp_path / "ink.parquet"


def redraw(
    table: Path, name: str = "redrawn.parquet", share: float = 1.0, seed: int = 1, processes: int = 1
) -> Summary:
    path, left_out = table.parent / name, table.parent / "not_redrawn.parquet"
    return redraw_table(table, path, left_out, share=share, seed=seed, processes=processes)


def inks_of(table: Path, name: str = "redrawn.parquet") -> list[Ink]:
    return list(read_inks(table.parent / name))


def test_training_formulas_alone_are_redrawn_as_ink_of_nobody(table: Path) -> None:
    assert redraw(table) == Summary(chosen=4, redrawn=3, left_out=1)
    known = {ink.id: ink for ink in read_inks(table)}
    new = inks_of(table)
    assert [ink.id for ink in new] == [f"shapes/train/{number}+picture" for number in (0, 2, 4)]
    assert [ink.id for ink in read_inks(table.parent / "redrawn.parquet", Split.TRAIN)] == [ink.id for ink in new]
    for ink in new:
        begun = known[ink.id.removeprefix("shapes/").removesuffix("+picture")]
        assert (ink.latex, ink.source) == (begun.latex, begun.source)
        assert ink.writer == f"{begun.writer}, in pictures"


def test_how_far_it_has_come_is_told_of_the_chosen_formulas(
    table: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("inkmath.dataset.progress.SECONDS_BETWEEN_LINES", 0.0)
    redraw(table)
    assert re.fullmatch(r"redraw: 4 of 4 \(\d+/s\)", capsys.readouterr().err.splitlines()[-1])


def test_what_is_left_out_is_listed_with_its_reason(table: Path) -> None:
    redraw(table)
    rows = pq.read_table(table.parent / "not_redrawn.parquet").to_pylist()
    assert rows == [{"file": "train/5", "reason": "its truth does not explain all of its ink"}]


def test_a_share_is_chosen_by_seed(table: Path) -> None:
    chosen = {seed: redraw(table, share=0.5, seed=seed) for seed in range(4)}
    assert len({summary.chosen for summary in chosen.values()}) > 1
    assert redraw(table, share=0.5, seed=2) == chosen[2]


def test_none_are_redrawn_where_none_are_asked_for(table: Path) -> None:
    assert redraw(table, share=0.0) == Summary(0, 0, 0)
    assert inks_of(table) == []


@pytest.mark.slow
def test_other_processes_and_pieces_write_the_same_ink(table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    redraw(table)
    monkeypatch.setattr(redrawn_table, "ROWS", 1)
    monkeypatch.setattr("inkmath.dataset.workers.FEW", 1)
    redraw(table, "pieces.parquet", processes=2)
    for one, other in zip(inks_of(table), inks_of(table, "pieces.parquet"), strict=True):
        assert one.id == other.id
        assert [stroke.tolist() for stroke in one.strokes] == [stroke.tolist() for stroke in other.strokes]


def test_pieces_leave_one_table_of_full_groups(table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redrawn_table, "ROWS", 1)
    redraw(table)
    assert [len(batch) for batch in read_batches(table.parent / "redrawn.parquet")] == [3]


def test_a_piece_travels_without_the_rest_of_its_table(table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (whole,) = redrawn_table._pieces(table, 1.0, 1)
    monkeypatch.setattr(redrawn_table, "ROWS", 1)
    assert max(len(pickle.dumps(piece)) for piece in redrawn_table._pieces(table, 1.0, 1)) < 0.6 * len(
        pickle.dumps(whole)
    )


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_without_a_table_the_error_names_it(tmp_path: Path, share: float) -> None:
    with pytest.raises(InkTableError, match=r"ink\.parquet: no such file"):
        redraw(tmp_path / "ink.parquet", share=share)
