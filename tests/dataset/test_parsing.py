"""From files to the ink table: nothing lost, nothing invented, the same table whatever the way."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow.parquet as pq
import pytest
from made_up_ink import inkml

from inkmath.dataset.ink_table import (
    INK_COLUMNS,
    InkTableError,
    add_splits,
    read_batches,
    read_inks,
    read_training_texts,
)
from inkmath.dataset.parsing import Place, Summary, parse_places
from inkmath.dataset.sources import SourceError
from inkmath.dataset.splits import Role, Split
from inkmath.ink import MAX_STROKES
from inkmath.layout.tree import Edge, Relation, Symbol

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

BAD_FILES = {
    "broken.inkml": b"<ink><trace>1 2, 3",
    "empty.inkml": b"",
    "no_traces.inkml": b"<ink></ink>",
    "empty_trace.inkml": b"<ink><trace> </trace></ink>",
    "nan.inkml": b"<ink><trace>1 2, NaN 3</trace></ink>",
    "infinite.inkml": b"<ink><trace>1 2, inf 3</trace></ink>",
    "huge_number.inkml": b"<ink><trace>1 2, 1e99 3</trace></ink>",
    "label_without_strokes.inkml": b'<ink><trace id="0">1 2</trace><traceGroup><traceGroup>'
    b'<annotation type="truth">x</annotation></traceGroup></traceGroup></ink>',
    "reference_to_nothing.inkml": b'<ink><trace id="0">1 2</trace><traceGroup><traceGroup>'
    b'<annotation type="truth">x</annotation><traceView traceDataRef="7"/></traceGroup></traceGroup></ink>',
    "duplicate_ids.inkml": b'<ink><trace id="0">1 2</trace><trace id="0">3 4</trace></ink>',
    "not_inkml.inkml": b"<html><body/></html>",
    "notes.txt": b"not ink",
}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Six training formulas by three writers, two test formulas, and every kind of bad file."""
    for number in range(6):
        path = tmp_path / "train" / f"set{number % 2}" / f"{number}.inkml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(inkml(shift=number, writer=f"w{number // 2}"))
    (tmp_path / "test").mkdir()
    for number in range(2):
        (tmp_path / "test" / f"{number}.inkml").write_bytes(inkml("y", shift=100 + number, writer="tester"))
    for name, content in BAD_FILES.items():
        (tmp_path / "train" / name).write_bytes(content)
    return tmp_path


def parse(data: Path, processes: int = 1, **places: Path) -> Summary:
    return parse_places(
        [
            Place(str(places.get("train", data / "train")), Role.TRAIN),
            Place(str(places.get("test", data / "test")), Role.TEST),
            Place(str(data / "user"), Role.USER, "user", optional=True),
            Place(str(data / "shapes"), Role.SHAPES, "shapes", optional=True),
        ],
        data / "out" / "ink.parquet",
        data / "out" / "rejected.parquet",
        data / "out" / "problems.parquet",
        valid=0.2,
        seed=1,
        processes=processes,
    )


def content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def splits_of(table: Path) -> list[str]:
    splits: list[str] = pq.read_table(table, columns=["split"])["split"].to_pylist()
    return splits


def rejected(data: Path) -> dict[str, str]:
    return {
        Path(row["file"]).name: row["reason"] for row in pq.read_table(data / "out" / "rejected.parquet").to_pylist()
    }


def test_every_file_is_a_row_or_a_rejection(data: Path) -> None:
    summary = parse(data)
    assert summary.rows == len(splits_of(data / "out" / "ink.parquet")) == 8
    assert summary.rejected == len(rejected(data)) == len(BAD_FILES)
    assert summary.files == sum(path.is_file() for path in data.glob("t*/**/*")) == summary.rows + summary.rejected
    assert summary.splits == {"train": 4, "valid": 2, "test": 2}


@pytest.mark.parametrize("name", BAD_FILES)
def test_a_bad_file_is_listed_with_a_reason_that_a_person_understands(data: Path, name: str) -> None:
    parse(data)
    reason = rejected(data)[name]
    assert len(reason) > 10
    assert "Traceback" not in reason
    assert "Error" not in reason


@pytest.mark.parametrize("place", ["train", "test"])
def test_ink_with_more_strokes_than_are_read_is_listed_and_neither_trained_on_nor_measured(
    data: Path, place: str
) -> None:
    for name, strokes in (("most.inkml", MAX_STROKES), ("page.inkml", MAX_STROKES + 1)):
        (data / place / name).write_bytes(b"<ink>" + strokes * b"<trace>1 2, 3 4</trace>" + b"</ink>")
    parse(data)
    reason = rejected(data)["page.inkml"]
    assert reason == "401 strokes are more than the 400 that one formula may have; read it in parts"
    assert max(len(ink.strokes) for ink in read_inks(data / "out" / "ink.parquet")) == MAX_STROKES


def test_the_table_has_the_promised_columns(data: Path) -> None:
    parse(data)
    table = pq.read_table(data / "out" / "ink.parquet")
    assert table.schema.equals(INK_COLUMNS)
    row = table.to_pylist()[0]
    assert row["id"] == "train/set0/0"
    assert row["source"] == "set0"
    assert row["writer"] == "w0"
    assert row["latex"] == "x ^ { 2 }"
    assert row["strokes"] == [[[0, 10], [4, 14], [8, 18]], [[9, 2], [11, 4]]]
    assert row["symbols"] == [{"label": "x", "strokes": [0]}, {"label": "2", "strokes": [1]}]
    assert row["relations"] == [{"parent": 0, "child": 1, "relation": "Sup"}]


def test_ink_comes_back_from_the_table_as_it_was_read(data: Path) -> None:
    parse(data)
    (first, second) = read_inks(data / "out" / "ink.parquet", "test")
    assert (first.id, second.id) == ("test/0", "test/1")
    assert first.writer == "tester"
    assert first.latex == "y ^ { 2 }"
    assert first.tree is not None
    assert first.tree.symbols == (Symbol("y", (0,)), Symbol("2", (1,)))
    assert first.tree.edges == (Edge(0, 1, Relation.SUP),)
    assert first.strokes[0].dtype == np.float32
    np.testing.assert_array_equal(second.strokes[1], [[110, 2], [112, 4]])


def test_reading_by_split_gives_each_row_once(data: Path) -> None:
    parse(data)
    path = data / "out" / "ink.parquet"
    by_split = [ink.id for split in Split for ink in read_inks(path, split)]
    assert sorted(by_split) == sorted(ink.id for ink in read_inks(path))


@pytest.mark.slow
def test_one_process_and_two_write_the_same_bytes(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inkmath.dataset.parsing.CHUNK", 2)
    monkeypatch.setattr("inkmath.dataset.workers.FEW", 1)  # for so few pieces no process would be started
    tables = []
    for processes in (1, 2):
        parse(data, processes)
        tables.append(content(data / "out"))
    assert tables[0] == tables[1]


def test_a_large_table_is_written_in_parts_and_read_as_one(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parse(data)
    path = data / "out" / "ink.parquet"
    whole, splits = [ink.id for ink in read_inks(path)], splits_of(path)
    monkeypatch.setattr("inkmath.dataset.parsing.ROWS_PER_GROUP", 2)
    monkeypatch.setattr("inkmath.dataset.parsing.CHUNK", 2)
    monkeypatch.setattr("inkmath.dataset.ink_table.GROUPS_PER_PART", 2)
    parse(data)
    assert sorted(part.name for part in path.iterdir()) == [f"part-{number:05}.parquet" for number in range(5)]
    assert [ink.id for ink in read_inks(path)] == whole
    assert splits_of(path) == splits
    assert sum(batch.num_rows for batch in read_batches(path, "test")) == 2


def test_a_table_without_parts_is_named(tmp_path: Path) -> None:
    with pytest.raises(InkTableError, match=r"ink\.parquet: has no parts; run the stage that writes it again"):
        (tmp_path / "ink.parquet").mkdir()
        list(read_inks(tmp_path / "ink.parquet"))


def test_an_archive_gives_the_ink_of_its_directory(data: Path) -> None:
    with zipfile.ZipFile(data / "train.zip", "w") as archive:
        for path in sorted((data / "train").rglob("*")):
            if path.is_file():
                archive.write(path, path.relative_to(data / "train"))
    from_directory = parse(data)
    first = pq.read_table(data / "out" / "ink.parquet")
    from_archive = parse(data, train=data / "train.zip")
    assert from_archive == from_directory
    assert pq.read_table(data / "out" / "ink.parquet").equals(first)


def test_a_name_that_begins_with_a_line_break_costs_no_other_file(data: Path) -> None:
    """It may come from the archive of a stranger."""
    with zipfile.ZipFile(data / "test.zip", "w") as archive:
        archive.writestr("\nodd.inkml", inkml("y", shift=100, writer="tester"))
    assert parse(data, test=data / "test.zip").rows == 7
    assert [ink.id for ink in read_inks(data / "out" / "ink.parquet", Split.TEST)] == ["test/\nodd"]


def test_training_ink_that_is_also_test_ink_is_listed(data: Path) -> None:
    (data / "train" / "copy.inkml").write_bytes(inkml("y", shift=100))
    parse(data)
    assert rejected(data)["copy.inkml"] == f"same ink as {data / 'test' / '0.inkml'} of the test set"


def test_saved_ink_of_a_user_is_trained_on(data: Path) -> None:
    (data / "user").mkdir()
    (data / "user" / "mine.inkml").write_bytes(inkml("z", shift=50))
    parse(data)
    (mine,) = [ink for ink in read_inks(data / "out" / "ink.parquet", Split.TRAIN) if ink.source == "user"]
    assert mine.id == "user/mine"


def test_texts_are_those_of_training_ink_that_says_something(data: Path) -> None:
    (data / "shapes").mkdir()
    (data / "shapes" / "made.inkml").write_bytes(inkml("z", shift=50))
    parse(data)
    assert {ink.latex for ink in read_inks(data / "out" / "ink.parquet", Split.TRAIN)} == {"x ^ { 2 }", "z ^ { 2 }"}
    assert read_training_texts(data / "out" / "ink.parquet") == {"x ^ { 2 }"}


def test_ink_without_truth_is_a_row_without_truth(data: Path) -> None:
    (data / "train" / "bare.inkml").write_bytes(b"<ink><trace>1 2, 3 4, 7 8</trace></ink>")
    summary = parse(data)
    assert (summary.without_latex, summary.without_tree) == (1, 1)
    (bare,) = [ink for ink in read_inks(data / "out" / "ink.parquet") if ink.id == "train/bare"]
    assert (bare.latex, bare.tree, bare.groups, bare.writer) == (None, None, (), None)


def test_rows_of_unknown_writers_are_counted_by_split(data: Path) -> None:
    assert parse(data).without_writer == {}
    (data / "train" / "own").mkdir()
    (data / "train" / "own" / "bare.inkml").write_bytes(b"<ink><trace>1 2, 3 4, 7 8</trace></ink>")
    (data / "train" / "set0" / "bare.inkml").write_bytes(b"<ink><trace>1 2, 8 4, 7 8</trace></ink>")
    (data / "test" / "bare.inkml").write_bytes(inkml(shift=200, writer="Unknown"))
    assert parse(data).without_writer == {"train": 1, "valid": 1, "test": 1}, "one is alone in its folder"


def test_a_truth_that_is_used_in_part_or_not_at_all_is_listed_with_what_is_wrong(data: Path) -> None:
    (data / "train" / "circuit.inkml").write_bytes(inkml("resistor", shift=300))
    (data / "train" / "latex.inkml").write_bytes(
        b'<ink><annotation type="truth">$\\frac{a}$</annotation><trace>1 2, 3 9</trace></ink>'
    )
    (data / "train" / "unlabelled.inkml").write_bytes(b"<ink><trace>1 2, 9 3</trace></ink>")  # says nothing wrong
    (data / "train" / "unused.inkml").write_bytes(inkml("resistor", shift=100))  # the ink of a test file
    summary = parse(data)
    problems = pq.read_table(data / "out" / "problems.parquet").to_pylist()
    assert {Path(row["file"]).name for row in problems} == {"circuit.inkml", "latex.inkml"}
    assert any("'resistor' is no symbol" in row["reason"] for row in problems)
    assert "unused.inkml" in rejected(data)
    assert (summary.rows, summary.with_problems) == (11, 2)


def test_labelled_groups_outside_the_tree_are_kept(data: Path) -> None:
    extra = b'<trace id="2">50 50, 51 51</trace><traceGroup><traceGroup><annotation type="truth">7</annotation>'
    extra += b'<traceView traceDataRef="2"/></traceGroup></traceGroup></ink>'
    (data / "train" / "extra.inkml").write_bytes(inkml(shift=9).replace(b"</ink>", extra))
    parse(data)
    (ink,) = [ink for ink in read_inks(data / "out" / "ink.parquet") if ink.id == "train/extra"]
    assert ink.tree is not None
    assert [symbol.label for symbol in ink.tree.symbols] == ["x", "2"]
    assert Symbol("7", (2,)) in ink.groups


def test_a_place_of_bad_files_only_is_an_error_that_names_the_first(data: Path) -> None:
    for path in (data / "train").glob("set*/*"):
        path.unlink()
    with pytest.raises(SourceError, match=r"train: none of its 12 files can be used; the first: .*broken.inkml: "):
        parse(data)
    assert not (data / "out" / "ink.parquet").exists()


def test_a_test_set_of_bad_files_only_is_found_before_anything_is_trained(data: Path) -> None:
    for path in (data / "test").iterdir():
        path.write_bytes(b"")
    with pytest.raises(SourceError, match=r"test: none of its 2 files can be used; the first: .*0.inkml: "):
        parse(data)
    assert not (data / "out" / "ink.parquet").exists()


def test_a_missing_place_is_an_error_that_names_it(data: Path) -> None:
    with pytest.raises(SourceError, match="nowhere: no such file or directory"):
        parse(data, train=data / "nowhere")


@pytest.mark.parametrize(
    ("content", "message"), [(None, "no such file; run the stage that writes it"), (b"x", "is not parquet")]
)
def test_a_table_that_cannot_be_read_is_named(tmp_path: Path, content: bytes | None, message: str) -> None:
    if content is not None:
        (tmp_path / "ink.parquet").write_bytes(content)
    with pytest.raises(InkTableError, match=rf"ink\.parquet: {message}"):
        list(read_inks(tmp_path / "ink.parquet"))


def test_a_table_of_something_else_is_named(data: Path) -> None:
    parse(data)
    with pytest.raises(InkTableError, match="has columns"):
        list(read_inks(data / "out" / "rejected.parquet"))


def test_the_scratch_file_of_the_rows_is_read_and_not_mapped(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mapped file counts as memory of the process: 2 GB of it for 650,000 formulas."""
    mapped = []

    def watched(batch: pa.RecordBatch, splits: Sequence[Split | None]) -> pa.RecordBatch:
        mapped.append("rows.arrow" in Path("/proc/self/maps").read_text())
        return add_splits(batch, splits)

    monkeypatch.setattr("inkmath.dataset.parsing.add_splits", watched)
    parse(data)
    assert mapped == [False]
