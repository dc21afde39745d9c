"""Made-up ink as a directory of files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from inkmath.inkml import parse_inkml
from inkmath.synthesis import synthesize
from inkmath.synthesis.collection import CollectionError, write_collection

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from inkmath.ink import Ink


def test_each_formula_becomes_a_file_that_reads_back(tmp_path: Path) -> None:
    inks = list(synthesize(5, 0))
    assert write_collection(inks, tmp_path / "deep" / "set", total=5) == 5
    files = sorted((tmp_path / "deep" / "set").iterdir())
    assert [file.name for file in files] == [f"{ink.id}.inkml" for ink in inks]
    assert [parse_inkml(file).latex for file in files] == [ink.latex for ink in inks]


def test_the_same_seed_writes_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_collection(synthesize(3, 0), tmp_path / name, total=3)
    one, two = ([file.read_bytes() for file in sorted((tmp_path / name).iterdir())] for name in ("one", "two"))
    assert one == two


def test_a_directory_in_use_is_kept_unless_it_may_be_replaced(tmp_path: Path) -> None:
    target = tmp_path / "set"
    target.mkdir()
    (target / "mine.txt").write_text("kept")
    with pytest.raises(CollectionError, match="not empty"):
        write_collection(synthesize(1, 0), target, total=1)
    assert (target / "mine.txt").read_text() == "kept"
    assert write_collection(synthesize(2, 0), target, total=2, replace=True) == 2
    assert len(list(target.iterdir())) == 2
    with pytest.raises(CollectionError, match="is a file"):
        write_collection(synthesize(1, 0), next(target.iterdir()), total=1, replace=True)


def test_an_interrupted_collection_leaves_nothing_new(tmp_path: Path) -> None:
    target = tmp_path / "set"
    write_collection(synthesize(2, 0), target, total=2)
    before = {file: file.read_bytes() for file in target.iterdir()}

    def broken() -> Iterator[Ink]:
        yield next(synthesize(1, 5))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_collection(broken(), target, total=2, replace=True)
    assert {file: file.read_bytes() for file in target.iterdir()} == before
    assert list(tmp_path.iterdir()) == [target]
