"""The recogniser alone, installed as the README says: with the newest libraries that its bounds allow.

``PYTHONS='python3.12 python3.13'`` names other interpreters than the one that runs the tests.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.long]

REPOSITORY = Path(__file__).parents[1]


@pytest.mark.parametrize("python", os.environ.get("PYTHONS", sys.executable).split())
def test_it_reads_without_tensorflow_right_after_installing(python: str, tmp_path: Path) -> None:
    def run(*command: str | Path) -> str:
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    run(python, "-m", "venv", "own")
    bin_ = tmp_path / "own/bin"
    run(bin_ / "pip", "install", "--quiet", "--disable-pip-version-check", REPOSITORY)
    self_test = run(bin_ / "inkmath", "doctor")
    assert "read as written" in self_test
    assert re.search("tensorflow +not installed", self_test)
    assert str(tmp_path) in self_test, "the weights come with it"
    assert "Copy LaTeX" in run(bin_ / "python", "-c", READ_PAGE)


READ_PAGE = """
from importlib.resources import files
print((files("inkmath.web") / "page/index.html").read_text(encoding="utf-8"))
"""
