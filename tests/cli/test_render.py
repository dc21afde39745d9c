"""``inkmath render``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from drawn_picture import picture
from typer.testing import CliRunner

from inkmath.cli import app
from inkmath.ink import Ink
from inkmath.inkml import write_inkml
from inkmath.recognizer import Recognizer

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def file(tmp_path: Path, recognizer: Recognizer, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(Recognizer, "load", lambda path=None: recognizer)
    path = tmp_path / "formula.inkml"
    path.write_bytes(write_inkml(Ink.from_points([[[0, 0], [10, 10]], [[20, 0], [20, 20]]])))
    return path


def test_a_picture_names_each_symbol_as_it_is_read(file: Path) -> None:
    result = CliRunner().invoke(app, ["render", str(file)])
    assert result.exit_code == 0
    assert result.stdout.startswith("<svg")
    assert result.stdout.count("<text") == 2


def test_the_bare_ink_needs_no_recognition(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Recognizer, "recognize", None)
    result = CliRunner().invoke(app, ["render", str(file), "--show", "ink"])
    assert result.exit_code == 0
    assert "<text" not in result.stdout


def test_truth_that_a_file_lacks_is_not_invented(file: Path) -> None:
    result = CliRunner().invoke(app, ["render", str(file), "--show", "truth"])
    assert result.exit_code == 1
    assert "which strokes are which symbol" in result.stderr


def test_several_pictures_need_a_directory(file: Path, tmp_path: Path) -> None:
    (tmp_path / "other.inkml").write_bytes(file.read_bytes())
    assert CliRunner().invoke(app, ["render", str(tmp_path)]).exit_code == 2
    out = tmp_path / "pictures"
    result = CliRunner().invoke(app, ["render", str(tmp_path), "--to", "png", "--out", str(out)])
    assert result.exit_code == 0
    assert {path.name for path in out.iterdir()} == {"formula.png", "other.png"}
    assert (out / "formula.png").read_bytes().startswith(b"\x89PNG")


def test_the_width_of_a_png_is_that_asked_for(file: Path, tmp_path: Path) -> None:
    (tmp_path / "wide.inkml").write_bytes(write_inkml(Ink.from_points([[[0, 0], [100, 1]]])))
    arguments = ["render", str(tmp_path / "wide.inkml"), "--show", "ink", "--to", "png", "--width", "400"]
    width = int.from_bytes(CliRunner().invoke(app, arguments).stdout_bytes[16:20], "big")
    assert 400 <= width <= 400 + 2 * 15, "and the margins"


@pytest.mark.parametrize("command", ["render", "convert"])
def test_a_picture_that_was_given_is_not_overwritten(file: Path, command: str) -> None:
    scan = file.with_name("scan.png")
    scan.write_bytes(picture())
    arguments = [command, str(scan), str(file), "--to", "png", "--out", str(scan.parent)]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 1
    assert "scan.png is what was given; name another --out" in result.stderr
    assert scan.read_bytes() == picture()
    assert file.with_suffix(".png").is_file()
