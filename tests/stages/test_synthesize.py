"""The stage that makes handwriting."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from inkmath.inkml import parse_inkml
from inkmath.params import load_params
from stages import synthesize

ROOT = Path(__file__).parents[2]


def test_training_and_test_ink_share_no_writer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    params = load_params(ROOT / "params.yaml")
    small = params.synthesize.model_copy(update={"train": 16, "test": 4, "writers": 8, "symbols": 10})
    assert synthesize.main(params.model_copy(update={"synthesize": small})) == {"train": 16, "test": 4}

    folders = {part: tmp_path / "data" / "raw" / "synthetic" / part for part in ("train", "test")}
    inks = {part: [parse_inkml(file) for file in sorted(folder.iterdir())] for part, folder in folders.items()}
    writers = {part: {ink.writer for ink in made} for part, made in inks.items()}
    assert len(writers["train"]) == 8
    assert len(writers["test"]) == 2
    assert not writers["train"] & writers["test"]
    assert all(ink.tree and len(ink.tree.symbols) <= 10 for made in inks.values() for ink in made)


@pytest.mark.parametrize(
    ("places", "files"),
    [
        ({"train": "crohme/train", "test": "crohme/test"}, 0),
        ({"train": "crohme/train", "test": "data/raw/synthetic/test"}, 8),
    ],
)
def test_ink_is_made_only_where_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, places: dict[str, str], files: int
) -> None:
    monkeypatch.chdir(tmp_path)
    params = load_params(ROOT / "params.yaml")
    small = params.synthesize.model_copy(update={"train": 8, "test": 8, "writers": 4, "symbols": 10})
    data = params.data.model_copy(update={"source": "inkml", **places})
    given = params.model_copy(update={"synthesize": small, "data": data})
    assert synthesize.main(given) == {"train": files, "test": files}
    for part in ("train", "test"):
        assert len(list((tmp_path / "data" / "raw" / "synthetic" / part).iterdir())) == files


def test_a_file_where_the_ink_goes_is_said_in_a_line(tmp_path: Path) -> None:
    shutil.copyfile(ROOT / "params.yaml", tmp_path / "params.yaml")
    place = tmp_path / synthesize.INK / "train"
    place.parent.mkdir(parents=True)
    place.touch()
    done = subprocess.run(
        [sys.executable, "-m", "stages.synthesize"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (1, "synthesize: data/raw/synthetic/train: is a file; name a directory\n")
