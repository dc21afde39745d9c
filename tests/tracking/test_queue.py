"""DVC's queue, for real: its experiments run in copies that it deletes, and their runs must not go with them."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from inkmath.tracking.location import locate, reach
from inkmath.tracking.sweep import read_sweep

if TYPE_CHECKING:
    from inkmath.tracking import ModelFiles

TRAIN = """
from pathlib import Path
from inkmath.params import load_params
from inkmath.tracking import ModelFiles, training_run

params = load_params()
with training_run("symbol", params, architecture="lstm", data={"train": Path("train.npz")}) as run:
    run.log_epoch(0, {"valid_accuracy": params.train.units / 100})
    files = ModelFiles(reader="three_labels:Reader", files=(Path("labels.txt"),))
    run.log_model(files, metric="valid_accuracy", value=params.train.units / 100)
    run.write_id("models/run.json")
"""

PIPELINE = """
stages:
  train:
    cmd: python train.py
    deps: [train.py, train.npz, labels.txt]
    params: [train.units, track.sweep]
    outs: [models/run.json]
"""


def run(*command: str) -> str:
    done = subprocess.run([sys.executable, "-m", *command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def git(*arguments: str) -> None:
    identity = ["-c", "user.name=Test", "-c", "user.email=test@example.org"]
    subprocess.run(["git", *identity, *arguments], check=True, capture_output=True)


@pytest.mark.slow
def test_queued_experiments_leave_runs_and_models_in_the_repository(
    workspace: Path, fresh_database: Path, model_files: ModelFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    (workspace / ".dvc").rmdir()
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:/usr/bin:/bin")
    monkeypatch.setenv("PYTHONPATH", str(workspace))
    git("init")
    run("dvc", "init")
    Path("train.py").write_text(TRAIN)
    Path("dvc.yaml").write_text(PIPELINE)
    Path("params.yaml").write_text((Path(__file__).parents[2] / "params.yaml").read_text())
    Path(".gitignore").write_text("/mlflow.db*\n/mlartifacts\n/mlspool\n__pycache__\n/models/run.json\n")
    git("add", "-A")
    git("commit", "-m", "A pipeline of one stage")

    run("dvc", "exp", "run", "--queue", "-S", "train.units=8,16,32", "-S", "track.sweep=widths")
    run("dvc", "queue", "start", "-j", "2")
    deadline = time.monotonic() + 900
    while "Running" in (status := run("dvc", "queue", "status")) or "Queued" in status:
        assert time.monotonic() < deadline, status
        time.sleep(2)
    assert status.count("Success") == 3, status

    client = reach(locate())
    sweep = read_sweep(client, "inkmath-symbol", "widths", "valid_accuracy")
    assert sorted(sweep.values) == [0.08, 0.16, 0.32]
    names = {each.data.tags["dvc_exp_name"] for each in sweep.runs}
    assert names == set(run("dvc", "exp", "list", "--name-only").split())
    for each in sweep.runs:
        (output,) = each.outputs.model_outputs
        assert Path(f"mlartifacts/models/{output.model_id}/artifacts/MLmodel").is_file()

    # Trap: DVC answers what it has seen before without running anything, so MLflow hears nothing of it.
    said = run("dvc", "exp", "run", "-S", "train.units=8", "-S", "track.sweep=widths")
    assert "is cached - skipping run" in said
    assert len(read_sweep(client, "inkmath-symbol", "widths", "valid_accuracy").runs) == 3
    run("dvc", "exp", "run", "-f", "-s", "train", "-S", "train.units=8", "-S", "track.sweep=widths")
    assert len(read_sweep(client, "inkmath-symbol", "widths", "valid_accuracy").runs) == 4
