"""The pipeline as a user meets it: one `dvc repro` in a fresh copy of the repository, on tiny settings."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
from made_up_ink import inkml
from pipeline_copy import Copy
from ruamel.yaml import YAML

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow


@pytest.fixture
def parsed(tmp_path: Path) -> Copy:
    """A copy with a little InkML of our own, in which nothing has run yet."""
    copy = Copy(tmp_path)
    for place, writers in (("train", "abc"), ("test", "z")):
        for number, writer in enumerate(writers):
            path = copy.root / "mine" / place / f"{number}.inkml"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(inkml(shift=10 * ord(writer), writer=writer))
    copy.set({"data": {"source": "inkml", "train": "mine/train", "test": "mine/test"}})
    return copy


def test_one_command_makes_every_output(reproduced: Copy) -> None:
    lock = YAML(typ="safe", pure=True).load((reproduced.root / "dvc.lock").read_text())
    stages = YAML(typ="safe", pure=True).load((reproduced.root / "dvc.yaml").read_text())["stages"]
    assert set(lock["stages"]) == set(stages)
    for stage in lock["stages"].values():
        assert all((reproduced.root / out["path"]).exists() for out in stage["outs"])


def test_a_second_run_does_nothing_and_says_so(reproduced: Copy) -> None:
    said = reproduced.repro()
    assert "Data and pipelines are up to date." in said
    assert "Running stage" not in said
    assert reproduced.run("git", "status", "--porcelain").stdout == "?? dvc.lock\n"


def test_every_file_found_is_a_row_or_a_rejection(reproduced: Copy) -> None:
    found = list((reproduced.root / "data/raw/synthetic").rglob("*.inkml"))
    assert len(reproduced.rows()) + len(reproduced.rejected()) == len(found) == 72


def test_no_writer_stands_in_two_splits(reproduced: Copy) -> None:
    splits: dict[str, set[str]] = {}
    for row in reproduced.rows():
        splits.setdefault(row["writer"], set()).add(row["split"])
    assert all(len(found) == 1 for found in splits.values())
    assert set.union(*splits.values()) == {"train", "valid", "test"}


def plots_of(root: Path) -> list[dict[str, object]]:
    plots: list[dict[str, object]] = YAML(typ="safe", pure=True).load((root / "dvc.yaml").read_text())["plots"]
    return plots


def test_figures_and_plots_can_be_shown(reproduced: Copy) -> None:
    shown = reproduced.run("dvc", "metrics", "show", "--json")
    figures = json.loads(shown.stdout)[""]["data"]
    assert 0 <= figures["results/evaluate/metrics.json"]["data"]["top1"] <= 1
    plots = reproduced.run("dvc", "plots", "show")
    assert plots.returncode == 0, plots.stderr
    page = (reproduced.root / "dvc_plots" / "index.html").read_text()
    drawn = set(re.findall(r'id = "([^"]+)"', page))
    named = {name.replace(" ", "_") for plot in plots_of(reproduced.root) for name in plot}
    assert drawn == named, "a table that is no more than listed is drawn as its last column by row"
    assert "dvc_plots" not in reproduced.run("git", "status", "--porcelain").stdout


def test_own_ink_takes_the_place_of_made_up_ink(parsed: Copy) -> None:
    parsed.repro("parse")
    assert sorted(row["id"] for row in parsed.rows()) == ["test/0", "train/0", "train/1", "train/2"]


def test_ink_that_comes_or_goes_is_noticed(parsed: Copy) -> None:
    parsed.repro("parse")
    (parsed.root / "data/raw/user/kept.inkml").write_bytes(inkml("y", shift=7))
    (parsed.root / "mine/train/broken.inkml").write_text("<ink><trace>1 2")
    assert "Running stage 'parse'" in parsed.repro("parse")
    assert {"id": "user/kept", "split": "train", "source": "user", "writer": None} in parsed.rows()
    assert "broken XML" in parsed.rejected()["broken.inkml"]

    (parsed.root / "data/raw/user/kept.inkml").unlink()
    parsed.repro("parse")
    assert all(row["source"] != "user" for row in parsed.rows())


@pytest.mark.parametrize(
    ("data", "other", "message"),
    [
        ({"train": "mine/nowhere"}, {}, "mine/nowhere"),
        ({"train": "data/raw/user"}, {}, "data/raw/user: no InkML found"),
        ({"source": "synthetic"}, {}, "set source: inkml to read ink from there"),
        ({"sauce": "inkml"}, {}, "data.sauce = 'inkml': unknown parameter; did you mean source?"),
        ({}, {"parse": {"valid": 0.9}}, "parse.valid = 0.9: input should be less than 0.5"),
        ({}, {"parse": {"valid": None}}, "parse.valid = None"),
    ],
)
def test_what_cannot_work_is_said_without_a_traceback(
    parsed: Copy, data: dict[str, str], other: dict[str, dict[str, float | None]], message: str
) -> None:
    parsed.set({"data": data, **other})
    done = parsed.run("dvc", "repro", "parse")
    assert done.returncode != 0
    said = done.stdout + done.stderr
    assert message in said
    assert "Traceback" not in said
    assert not (parsed.root / "data/interim/ink.parquet").exists()
