"""DVC's queue, for real: its experiments run in copies that it deletes, and their runs must not go with them."""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from inkmath.tracking import TrackingError, queue
from inkmath.tracking.__main__ import main
from inkmath.tracking.location import locate, reach
from inkmath.tracking.model import EXAMPLE
from inkmath.tracking.queue import work_off
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
    run.log_model(files, metric="valid_accuracy", value=params.train.units / 100, validation_data="ink")
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

CELERY = Path(".dvc/tmp/exps/celery")

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


@pytest.mark.parametrize(
    ("ended", "status", "said"),
    [
        ({"Success": 0, "Failed": 0}, 0, "nothing was queued; dvc exp run --queue"),
        ({"Success": 2, "Failed": 1}, 1, "ended: 2 well, 1 not; dvc queue logs NAME says why"),
    ],
)
def test_what_became_of_the_queue_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], ended: dict[str, int], status: int, said: str
) -> None:
    monkeypatch.setattr("inkmath.tracking.__main__.work_off", lambda jobs, tell: Counter(ended))
    assert main(["queue"]) == status
    assert capsys.readouterr().out.startswith(said)


def test_experiments_of_the_queue_log_where_its_command_is_told_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "sqlite:///another.db")
    heard: list[str] = []

    def note(workers: int, tell: object) -> Counter[str]:
        heard.append(os.environ["MLFLOW_TRACKING_URI"])
        return Counter()

    monkeypatch.setattr("inkmath.tracking.__main__.work_off", note)
    assert main(["--uri", "sqlite:///told.db", "queue"]) == 0
    assert heard == ["sqlite:///told.db"]


def work_off_all(workers: int) -> Counter[str]:
    """Work the queue off, and see its workers end."""
    try:
        ended = work_off(workers)
    finally:
        run("dvc", "queue", "stop", "--kill")
    deadline = time.monotonic() + 120
    while alive := [pid for pid in map(Path.read_text, CELERY.glob("dvc-exp-worker-*.pid")) if is_alive(int(pid))]:
        assert time.monotonic() < deadline, alive
        time.sleep(1)
    return ended


def lose_workers(count: int) -> None:
    """Give each of DVC's workers a message that is still empty, as happens by itself on a busy machine.

    Of two that begin in one moment, one may overwrite what tells of the other: then that other is left alone.
    """
    boxes: list[str] = []
    known = math.inf
    while len(boxes) < count and time.monotonic() < known + 3:
        time.sleep(0.1)
        if boxes:
            known = min(known, time.monotonic())
        with suppress(OSError, ValueError):
            boxes = [box for _, _, box in json.loads((CELERY / "broker/control/celery.pidbox.exchange").read_text())]
    for number, box in enumerate(boxes):
        (CELERY / f"broker/in/{number}_{number}.{box}.msg").touch()


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def git(*arguments: str) -> None:
    identity = ["-c", "user.name=Test", "-c", "user.email=test@example.org"]
    subprocess.run(["git", *identity, *arguments], check=True, capture_output=True)


def test_a_worker_that_hears_no_stop_is_asked_to_end_and_nobody_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(queue, "SECONDS_TO_STOP", 0.5)
    monkeypatch.setattr(queue, "_dvc", lambda *command, read=True: "")
    CELERY.mkdir(parents=True)
    sleep = [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(600)"]
    worker, other = (
        subprocess.Popen([*sleep, *named], stdout=subprocess.PIPE)
        for named in (["queue-worker", "dvc-exp-1@localhost"], [])
    )
    try:
        for process in (worker, other):  # the system tells the arguments of a process only once it has begun
            assert process.stdout is not None
            assert process.stdout.readline() == b"up\n"
        for name, pid in (("1", worker.pid), ("2", other.pid), ("3", 2**22 + 1), ("4", "")):
            (CELERY / f"dvc-exp-worker-{name}.pid").write_text(str(pid))
        monkeypatch.chdir(CELERY)  # DVC answers in any folder of its repository
        assert work_off(2) == {"Success": 0, "Failed": 0}
        assert worker.wait(120) == -signal.SIGTERM
        assert other.poll() is None, "its number was in a file that was left behind"
    finally:
        for process in (worker, other):
            process.kill()
            process.communicate()


def test_experiments_whose_worker_was_killed_hold_nothing_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """To DVC they run for ever; where all workers are gone, others take what is still queued."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(queue, "LOOK_SECONDS", 0.0)
    states, asked = ["Running", "Queued"], []

    def dvc(*command: str, read: bool = True) -> str:
        asked.append(command[0])
        if command[0] == "start":
            states[1] = "Success"
        return "\n".join(f"1234567  name  05:36 AM  {state}" for state in states)

    monkeypatch.setattr(queue, "_dvc", dvc)
    with pytest.raises(TrackingError, match=r"counts 1 as running whose worker was killed.*dvc queue kill NAME"):
        work_off(1)
    assert asked[:3] == ["status", "status", "start"], "what is queued is begun at once"
    assert asked.count("start") == 1


def test_the_last_experiments_need_no_more_workers_than_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And what had ended before is not counted."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(queue, "LOOK_SECONDS", 0.0)
    monkeypatch.setattr(queue, "_workers", lambda: [object()])
    monkeypatch.setattr(queue, "_end_forgotten", lambda: None)
    asked = []

    def dvc(*command: str, read: bool = True) -> str:
        asked.append(command[0])
        state = "Running" if len(asked) < 4 * queue.LOOKS_TO_MISS else "Failed"
        return f"1234567  earlier  05:36 AM  Success\n89abcde  last  05:40 AM  {state}"

    monkeypatch.setattr(queue, "_dvc", dvc)
    assert work_off(2) == {"Success": 0, "Failed": 1}
    assert set(asked) == {"status", "stop"}


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_queued_experiments_leave_runs_and_models_in_the_repository(
    workspace: Path, fresh_database: Path, model_files: ModelFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    (workspace / ".dvc").rmdir()
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:/usr/bin:/bin")
    monkeypatch.setenv("PYTHONPATH", str(workspace))
    monkeypatch.setenv("DVC_NO_ANALYTICS", "1")
    git("init")
    run("dvc", "init")
    Path("train.py").write_text(TRAIN)
    Path("dvc.yaml").write_text(PIPELINE)
    Path("params.yaml").write_text((Path(__file__).parents[2] / "params.yaml").read_text())
    Path(".gitignore").write_text("/mlflow.db*\n/mlartifacts\n/mlspool\n__pycache__\n/models/run.json\n")
    git("add", "-A")
    git("commit", "-m", "A pipeline of one stage")

    run("dvc", "exp", "run", "--queue", "-S", "train.units=8,16,32", "-S", "track.sweep=widths")
    monkeypatch.setattr(queue, "LOOK_SECONDS", 2.0)
    with ThreadPoolExecutor() as pool:
        losing = pool.submit(lose_workers, 2)
        assert work_off_all(2) == {"Success": 3, "Failed": 0}
        losing.result()
    assert any("Unrecoverable error" in each.read_text() for each in CELERY.glob("*.out"))

    client = reach(locate())
    sweep = read_sweep(client, "inkmath-symbol", "widths", "valid_accuracy")
    assert sorted(sweep.values) == [0.08, 0.16, 0.32]
    names = {each.data.tags["dvc_exp_name"] for each in sweep.runs}
    assert names == set(run("dvc", "exp", "list", "--name-only").split())
    for each in sweep.runs:
        assert each.outputs is not None
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
@pytest.mark.timeout(8 * 3600)
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
    assert work_off_all(4) == {"Success": wanted, "Failed": 0}

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
        assert each.outputs is not None
        (output,) = each.outputs.model_outputs
        (answer,) = mlflow.pyfunc.load_model(f"models:/{output.model_id}").predict(example).to_dict("records")
        assert answer["error"] is None
    versions = client.search_model_versions("name = 'inkmath-symbol'", max_results=1000)
    assert len(versions) == wanted
    champion = client.get_model_version_by_alias("inkmath-symbol", "champion")
    assert float(champion.tags["value"]) == max(sweep.values)
    assert json.loads(run("dvc", "exp", "show", "--json"))
