"""``inkmath fetch`` as it is typed; how data sets are fetched is tested in ``tests/dataset/test_fetch.py``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from typer.testing import CliRunner

from inkmath.cli import app

if TYPE_CHECKING:
    from pathlib import Path


def test_an_unknown_data_set_is_a_wrong_command_line_that_names_the_known(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["fetch", "mnist", "--out", str(tmp_path / "raw")], env={"COLUMNS": "200"})
    assert done.exit_code == 2
    assert "no data set 'mnist'; known are crohme, mathwriting, mathwriting-excerpt" in done.stderr
    assert not (tmp_path / "raw").exists()


def test_a_server_that_is_not_there_is_a_failure(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["fetch", "crohme", "--out", str(tmp_path), "--server", "http://127.0.0.1:9"])
    assert done.exit_code == 1
    assert "inkmath fetch: " in done.stderr
