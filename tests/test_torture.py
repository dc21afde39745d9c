"""Killed at any moment, the pipeline goes on: the next run completes, with what it would have made undisturbed.

`make torture` kills `dvc repro` and trainings at 50 moments (``TORTURE_MOMENTS`` of them, drawn from
``TORTURE_SEED``); CI does so at a few.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from random import Random
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import psutil
import pyarrow.parquet as pq
import pytest
from pipeline_copy import Copy
from pipeline_outputs import assert_equal, keras_weights, outputs
from ruamel.yaml import YAML

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.slow

SEED = int(os.environ.get("TORTURE_SEED", "20240"))
REPRO = ("dvc", "repro")
TRAIN = (sys.executable, "-m", "stages.train")


def kill(copy: Copy, command: tuple[str, ...], seconds: float, whom: str = "all") -> str:
    """Run a command and kill -9 after so many seconds; says what was going on.

    Args:
        whom: ``all``, as when the machine goes down; ``stage``, as when the kernel wants memory back; ``dvc`` alone, so
            that the stage lives on beside the next run.
    """
    process = copy.start(*command)
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        below = psutil.Process(process.pid).children(recursive=True)
        names = [part for child in below for part in _command(child) if part.startswith("stages.")]
        during = names[0] if names else " ".join(command[-2:])
        if whom == "all" or not below:
            os.killpg(process.pid, signal.SIGKILL)
        elif whom == "dvc":
            process.kill()
        else:
            for child in below:
                child.kill()
        process.wait()
        return during
    return "nothing: it was done"


def _command(process: psutil.Process) -> list[str]:
    try:
        return list(process.cmdline())
    except psutil.Error:
        return []


def assert_nothing_is_half_written(copy: Copy, whole: Copy) -> None:
    """Whatever has the name of an output is whole: the very bytes, or a file that opens."""
    lock = YAML(typ="safe", pure=True).load((whole.root / "dvc.lock").read_text())
    for stage in lock["stages"].values():
        for out in stage["outs"]:
            if (copy.root / out["path"]).is_dir():
                files = {path.relative_to(copy.root) for path in (copy.root / out["path"]).rglob("[!.]*")}
                if out["path"] == "data/raw/synthetic/train":
                    assert files == {path.relative_to(whole.root) for path in (whole.root / out["path"]).rglob("*")}
            else:
                files = {(copy.root / out["path"]).relative_to(copy.root)}
            for file in files:
                if (copy.root / file).is_file():
                    _assert_whole(copy.root / file, whole.root / file, same=out["path"] in outputs(whole))


def _assert_whole(path: Path, known: Path, *, same: bool) -> None:
    readers: dict[str, Callable[[Path], Any]] = {
        ".parquet": pq.read_table,
        ".npz": lambda npz: dict(np.load(npz)),
        ".json": lambda text: json.loads(text.read_text()),
        ".keras": lambda archive: zipfile.ZipFile(archive).testzip(),
        ".onnx": onnx.load,
    }
    if same:
        assert path.read_bytes() == known.read_bytes(), path
    elif path.suffix == ".png":
        assert path.read_bytes()[-8:-4] == b"IEND", path
    else:
        readers.get(path.suffix, lambda other: other.read_bytes())(path)


def assert_as_undisturbed(copy: Copy, whole: Copy) -> None:
    """Data, figures and weights."""
    assert outputs(copy) == outputs(whole)
    assert_same_symbol_weights(copy, whole)
    assert_equal(*(dict(np.load(one.root / "models/expression/trained/weights.npz")) for one in (copy, whole)))


def assert_same_symbol_weights(copy: Copy, whole: Copy) -> None:
    assert_equal(*(keras_weights(one.root / "models/symbol/model.keras") for one in (copy, whole)))


def assert_mlflow_knows(copy: Copy, *tasks: str, evaluated: bool) -> None:
    """Runs of killed trainings say so, and those of the models that are there are complete."""
    runs = copy.runs()
    assert {status for status, _ in runs.values()} <= {"FINISHED", "KILLED"}, runs
    for task in tasks:
        about = json.loads((copy.root / "models" / task / "run.json").read_text())
        assert runs[about["run_id"]] == ("FINISHED", "finished" if evaluated else None)


@pytest.fixture
def disturbed(reproduced: Copy, tmp_path: Path) -> Copy:
    """A second copy of what the pipeline made, to do harm to."""
    shutil.copytree(reproduced.root, tmp_path / "copy", symlinks=True)
    return Copy.at(tmp_path / "copy")


def test_a_training_that_is_killed_again_and_again_ends_as_undisturbed(reproduced: Copy, disturbed: Copy) -> None:
    for made in ("models/symbol", "results/train", "mlspool", "checkpoints"):
        shutil.rmtree(disturbed.root / made)
    rng = Random(SEED)
    began = time.monotonic()
    assert disturbed.run(*TRAIN).returncode == 0
    whole = time.monotonic() - began
    assert_same_symbol_weights(disturbed, reproduced)
    shutil.rmtree(disturbed.root / "models/symbol")

    moments = [rng.uniform(0.4, 0.95) * whole for _ in range(3)]
    said = [kill(disturbed, TRAIN, seconds) for seconds in moments]
    assert_nothing_is_half_written(disturbed, reproduced)
    done = disturbed.run(*TRAIN)
    assert done.returncode == 0, (said, done.stderr)
    assert_same_symbol_weights(disturbed, reproduced)
    assert_mlflow_knows(disturbed, "symbol", evaluated=False)
    assert not (disturbed.root / "checkpoints/symbol.npz").exists()


def test_repro_that_is_killed_again_and_again_ends_as_undisturbed(reproduced: Copy, disturbed: Copy) -> None:
    disturbed.forget()
    rng = Random(SEED)
    said = []
    for whom in ("all", "stage", "all"):
        said.append(kill(disturbed, (*REPRO, "encode"), rng.uniform(2.0, 8.0), whom))
        assert_nothing_is_half_written(disturbed, reproduced)
    disturbed.repro("encode")
    made, wanted = outputs(disturbed), outputs(reproduced)
    assert made == {path: wanted[path] for path in made}, said
    assert {"data/processed/symbol_vocabulary.json", "data/interim/ink.parquet"} <= made.keys()


@pytest.mark.long
def test_whatever_moment_it_is_killed_at_the_next_repro_ends_as_undisturbed(
    tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    """Half of the moments lie in ``dvc repro``, half in a training by itself, with checkpoints every half second."""
    moments = int(os.environ.get("TORTURE_MOMENTS", "50"))
    rng = Random(SEED)
    whole, copy = (Copy(tmp_path_factory.mktemp(name)) for name in ("whole", "killed"))
    trainer = copy.root / "inkmath/training/expression.py"
    text = trainer.read_text()
    assert "SECONDS_BETWEEN_CHECKPOINTS = 300.0" in text
    for root in (whole.root, copy.root):
        (root / "inkmath/training/expression.py").write_text(text.replace("CHECKPOINTS = 300.0", "CHECKPOINTS = 0.5"))
    began = time.monotonic()
    whole.repro()
    lasts = time.monotonic() - began
    trainings = {"train": "stages.train", "train_expression": "stages.train_expression"}
    for number in range(moments):
        if number % 2 == 0:
            copy.forget()
            whom = rng.choice(("all", "all", "all", "stage", "dvc"))
            seconds = rng.uniform(0.0, lasts)
            during = kill(copy, REPRO, seconds, whom)
        else:
            # What is in the cache would be taken from there instead of being trained again.
            stage = rng.choice(list(trainings))
            whom, seconds = "all", rng.uniform(3.0, lasts / 3)
            shutil.rmtree(copy.root / ".dvc/cache/runs", ignore_errors=True)
            _forget_stage(copy, stage)
            during = kill(copy, (sys.executable, "-m", trainings[stage]), seconds)
        assert_nothing_is_half_written(copy, whole)
        copy.repro()
        assert_as_undisturbed(copy, whole)
        assert_mlflow_knows(copy, "symbol", "expression/trained", evaluated=True)
        with capsys.disabled():
            print(f"{number + 1:3} killed {whom} after {seconds:5.1f} s of {lasts:.0f}, during {during}", flush=True)
    statuses = [status for status, _ in copy.runs().values()]
    with capsys.disabled():
        print({status: statuses.count(status) for status in set(statuses)}, "MLflow runs")


def _forget_stage(copy: Copy, stage: str) -> None:
    """Make DVC believe that a stage never ran."""
    yaml = YAML()
    lock = yaml.load((copy.root / "dvc.lock").read_text())
    for out in lock["stages"].pop(stage)["outs"]:
        path = copy.root / out["path"]
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    with (copy.root / "dvc.lock").open("w") as file:
        yaml.dump(lock, file)
