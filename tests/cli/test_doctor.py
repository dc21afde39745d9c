"""``inkmath doctor``: what it says of a sound and of a broken installation."""

from __future__ import annotations

import sys
import tomllib
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from released import needs_weights
from typer.testing import CliRunner

from inkmath.cli import app
from inkmath.cli.doctor import NEEDED, doctor
from inkmath.recognizer import WEIGHTS

if TYPE_CHECKING:
    import pytest

PROJECT = Path(__file__).parents[2] / "pyproject.toml"


def run(*arguments: str) -> tuple[int, dict[str, str]]:
    """The exit status, and each line's mark under what it speaks of."""
    result = CliRunner().invoke(app, ["doctor", *arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit)
    lines = [line.split() for line in result.stdout.splitlines()[1:]]
    return result.exit_code, {line[1]: line[0] for line in lines}


@needs_weights
def test_a_sound_installation_reads_the_example() -> None:
    code, marks = run()
    assert code == 0
    assert "FAIL" not in marks.values()
    assert set(marks) > {"numpy", "onnxruntime", "weights", "formula", "symbol", "speed", "self-test"}


def test_missing_weights_are_a_failure_and_named(tmp_path: Path) -> None:
    code, marks = run("--weights", str(tmp_path))
    assert code == 1
    assert marks["weights"] == marks["self-test"] == "FAIL"
    assert "formula" not in marks


def test_all_that_installing_brings_is_looked_for() -> None:
    declared = tomllib.loads(PROJECT.read_text(encoding="utf-8"))["project"]["dependencies"]
    assert sorted(NEEDED) == sorted(requirement.partition(">=")[0] for requirement in declared)


@needs_weights
def test_what_only_some_features_need_may_be_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    def without_sympy(package: str) -> str:
        if package == "sympy":
            raise PackageNotFoundError(package)
        return version(package)

    monkeypatch.setattr(sys.modules[doctor.__module__], "version", without_sympy)
    code, marks = run()
    assert code == 0
    assert marks["sympy"] == "-"
    assert marks["numpy"] == "ok"


@needs_weights
def test_a_model_of_formulas_alone_is_sound_too(tmp_path: Path) -> None:
    for name in ("expression.onnx", "expression.json"):
        (tmp_path / name).write_bytes((WEIGHTS / name).read_bytes())
    code, marks = run("--weights", str(tmp_path))
    assert code == 0
    assert marks["symbol"] == "-"
