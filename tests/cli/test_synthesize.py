"""``inkmath synthesize``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from typer.testing import CliRunner

from inkmath.cli import app
from inkmath.inkml import parse_inkml

if TYPE_CHECKING:
    from pathlib import Path


def test_formulas_are_written_and_counted(tmp_path: Path) -> None:
    out = tmp_path / "made-up"
    done = CliRunner().invoke(app, ["synthesize", "4", "--out", str(out), "--seed", "3", "--writers", "2"])
    assert done.exit_code == 0
    assert "4 formulas by 2 writers" in done.stdout
    inks = [parse_inkml(file) for file in sorted(out.iterdir())]
    assert len(inks) == 4
    assert {ink.writer for ink in inks} == {"synthetic-3-w000", "synthetic-3-w001"}


def test_one_formula_is_one(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["synthesize", "1", "--out", str(tmp_path / "made-up")])
    assert done.stdout.startswith("1 formula by 1 writer in ")


def test_a_directory_in_use_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("kept")
    done = CliRunner().invoke(app, ["synthesize", "4", "--out", str(tmp_path)])
    assert done.exit_code == 1
    assert "not empty" in done.stderr
    assert [file.name for file in tmp_path.iterdir()] == ["mine.txt"]
