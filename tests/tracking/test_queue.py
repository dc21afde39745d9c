"""DVC's queue, for real: its experiments run in copies that it deletes, and their runs must not go with them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from inkmath.tracking.location import locate, reach
from inkmath.tracking.model import EXAMPLE
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


SMALL = {
    "synthesize": {"train": 200, "test": 40, "writers": 12, "symbols": 8},
    "normalize": {"points": 32},
    "train": {"epochs": 4},
    "compute": {"threads": 1},
}


def run(*command: str) -> str:
    done = subprocess.run([sys.executable, "-m", *command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def queue_status() -> str:
    """What ``dvc queue status`` says; asked again where it read a message before it was written.

    DVC's workers talk through files that are made empty and then filled (treeverse/dvc#10428). Whoever reads one too
    early fails: this command, or a worker (it ends after its experiment, and the rest stays queued), or the part of a
    worker that ends it once the queue is empty (it stays, idle, for ever).
    """
    for _ in range(5):
        command = [sys.executable, "-m", "dvc", "queue", "status"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if "Expecting value" not in done.stderr:
            break
        time.sleep(2)
    assert done.returncode == 0, done.stderr
    return done.stdout


def start_workers(count: int) -> None:
    # Trap: whoever reads what this prints through a pipe waits until the last worker has ended.
    command = [sys.executable, "-m", "dvc", "queue", "start", "-j", str(count)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def stop_workers() -> None:
    run("dvc", "queue", "stop", "--kill")
    deadline = time.monotonic() + 120
    while any(is_alive(int(file.read_text())) for file in Path(".dvc/tmp/exps/celery").glob("dvc-exp-worker-*.pid")):
        assert time.monotonic() < deadline, "dvc queue stop --kill stopped no worker"
        time.sleep(1)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def run_queue(workers: int, seconds: float) -> None:
    """Work the queue off; where nobody works on it any more, start it again, as README.md says."""
    deadline = time.monotonic() + seconds
    start_workers(workers)
    idle = 0
    try:
        while (running := "Running" in (status := queue_status())) or "Queued" in status:
            assert time.monotonic() < deadline, status
            idle = 0 if running else idle + 1
            if idle and idle % 9 == 0:
                start_workers(workers)
            time.sleep(10)
    finally:
        stop_workers()


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
    run_queue(workers=2, seconds=900)

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


@pytest.mark.slow
@pytest.mark.long
def test_a_sweep_of_the_whole_pipeline_leaves_every_run_and_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fresh clone, 4 workers and 20 experiments, or ``SWEEP_RUNS=50`` of them: half an hour on two idle cores."""
    import mlflow
    import pandas as pd
    from ruamel.yaml import YAML

    wanted = int(os.environ.get("SWEEP_RUNS", "20"))
    for name in ("MLFLOW_TRACKING_URI", "DVC_ROOT", "DVC_EXP_NAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:/usr/bin:/bin")
    git("clone", str(Path(__file__).parents[2]), str(tmp_path / "clone"))
    monkeypatch.chdir(tmp_path / "clone")
    yaml = YAML()
    params = yaml.load(Path("params.yaml"))
    for block, values in SMALL.items():
        params[block].update(values)
    yaml.dump(params, Path("params.yaml"))
    git("commit", "-am", "Small settings")
    run("dvc", "repro", "encode")  # the experiments take it from the run cache

    architectures, rates = ["lstm", "conv"], ["0.0005", "0.001", "0.002", "0.004", "0.008"]
    units = ["16", "32", "24", "48", "64"][: wanted // (len(architectures) * len(rates))]
    run(
        *("dvc", "exp", "run", "--queue", "evaluate", "-S", "track.sweep=whole"),
        *("-S", f"train.architecture={','.join(architectures)}"),
        *("-S", f"train.learning_rate={','.join(rates)}"),
        *("-S", f"train.units={','.join(units)}"),
    )
    run_queue(workers=4, seconds=8 * 3600)

    client = reach(locate())
    sweep = read_sweep(client, "inkmath-symbol", "whole", "valid_accuracy")
    assert len(sweep.runs) == wanted
    assert {each.info.status for each in sweep.runs} == {"FINISHED"}
    assert {each.data.tags["evaluation"] for each in sweep.runs} == {"finished"}
    assert all("test_top1" in each.data.metrics for each in sweep.runs)
    assert len({each.data.tags["params_hash"] for each in sweep.runs}) == wanted, "no experiment ran twice"
    assert len({each.data.tags["dvc_exp_name"] for each in sweep.runs}) == wanted

    example = pd.DataFrame({"inkml": [EXAMPLE]})
    for each in sweep.runs:
        (output,) = each.outputs.model_outputs
        (answer,) = mlflow.pyfunc.load_model(f"models:/{output.model_id}").predict(example).to_dict("records")
        assert answer["error"] is None
    versions = client.search_model_versions("name = 'inkmath-symbol'", max_results=1000)
    assert len(versions) == wanted
    champion = client.get_model_version_by_alias("inkmath-symbol", "champion")
    assert float(champion.tags["value"]) == max(sweep.values)
    assert json.loads(run("dvc", "exp", "show", "--json"))
