"""A team's services for real, and two clones as two machines: what one pushed, the other neither repeats nor misses."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tracking.conftest import READER
from tracking.test_queue import TRAIN

from inkmath.tracking.location import Location, TrackingError, reach
from inkmath.tracking.sweep import PARENT, read_sweep
from inkmath.tracking.team import newest, postgres, team_services

if TYPE_CHECKING:
    from collections.abc import Iterator

REPOSITORY = Path(__file__).parents[2]

PREPARE = """
from pathlib import Path

Path("train.npz").write_bytes(b"arrays" * 1000)
Path("labels.txt").write_text("x y z")
"""

SLOW = """
from pathlib import Path
import time
from inkmath.params import load_params
from inkmath.tracking import training_run

params = load_params()
with training_run("symbol", params, architecture="lstm", data={"train": Path("train.npz")}) as run:
    for epoch in range(40):
        run.log_epoch(epoch, {"valid_accuracy": 0.9 - params.train.dropout})
        if params.train.dropout > 0.4:
            time.sleep(1)
    run.write_id("models/run.json")
"""

PIPELINE = """
stages:
  prepare:
    cmd: python prepare.py
    deps: [prepare.py]
    outs: [train.npz, labels.txt]
  train:
    cmd: python -m stages.train
    deps: [stages/train.py, train.npz, labels.txt]
    params: [train.units, train.dropout, track.sweep]
    outs: [models/run.json]
"""


class Clone:
    """A clone of the repository on what stands for a machine of its own: its own folder, cache and settings."""

    def __init__(self, root: Path, tracking: str) -> None:
        self.root = root
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("MLFLOW_", "DVC_", "AWS_"))}
        self.environment = kept | {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "PYTHONPATH": f"{root}:{REPOSITORY}",
            "MLFLOW_TRACKING_URI": tracking,
            "DVC_NO_ANALYTICS": "1",
            "GIT_AUTHOR_NAME": "t", "GIT_AUTHOR_EMAIL": "t@example.org",
            "GIT_COMMITTER_NAME": "t", "GIT_COMMITTER_EMAIL": "t@example.org",
        }  # fmt: skip

    def run(self, *command: str) -> str:
        done = subprocess.run(command, cwd=self.root, env=self.environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        return done.stdout + done.stderr

    def experiment(self, units: int) -> str:
        return self.run("dvc", "exp", "run", "-S", f"train.units={units}", "-S", "track.sweep=widths")

    def push(self) -> None:
        self.run("dvc", "push", "--run-cache", "--all-commits")  # an experiment has replaced what HEAD names
        self.run("git", "push", "--quiet", "origin", "HEAD")
        self.run("dvc", "exp", "push", "origin", "--all-commits")


@pytest.fixture
def services() -> Iterator[list[str]]:
    """What `make team` prints for each machine, its services running."""
    ports = [str(29000 + os.getpid() % 1000 + offset) for offset in (0, 1000, 2000)]
    # The user postgres cannot enter the folders of pytest.
    with tempfile.TemporaryDirectory(prefix="inkmath-team-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        command = [sys.executable, "-m", "inkmath.tracking", "team", "--folder", folder]
        command += ["--mlflow-port", ports[0], "--postgres-port", ports[1], "--store-port", ports[2]]
        process = subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        assert process.stdout is not None
        printed = []
        try:
            for line in process.stdout:
                printed.append(line.strip())
                if "secret_access_key" in line:
                    break
            assert any(line.startswith("ready") for line in printed), printed
            yield [line for line in printed if line.startswith(("export", "dvc"))]
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(120) == 0


@pytest.mark.slow
@pytest.mark.long
def test_two_machines_share_data_runs_and_a_sweep(services: list[str], tmp_path: Path) -> None:
    began = time.monotonic()
    tracking = services[0].partition("=")[2]
    remote = [line.split() for line in services[1:]]
    subprocess.run(["git", "init", "--quiet", "--bare", str(tmp_path / "origin.git")], check=True)

    one = Clone(tmp_path / "one", tracking)
    one.root.mkdir()
    (one.root / "stages").mkdir()
    for name, content in {
        "prepare.py": PREPARE, "three_labels.py": READER, "stages/train.py": TRAIN, "dvc.yaml": PIPELINE,
        "params.yaml": (REPOSITORY / "params.yaml").read_text(),
        ".gitignore": "__pycache__\n/mlspool\n/models\n/train.npz\n/labels.txt\n",
    }.items():  # fmt: skip
        (one.root / name).write_text(content)
    one.run("git", "init", "--quiet")
    one.run("dvc", "init", "--quiet")
    for command in remote:
        one.run(*command)
    one.run("git", "remote", "add", "origin", str(tmp_path / "origin.git"))
    one.run("dvc", "repro")
    one.run("git", "add", "--all")
    one.run("git", "commit", "--quiet", "--message", "A pipeline of two stages")
    one.experiment(8)
    one.push()

    two = Clone(tmp_path / "two", tracking)
    subprocess.run(["git", "clone", "--quiet", str(tmp_path / "origin.git"), str(two.root)], check=True)
    for command in remote:
        two.run(*command)
    two.run("dvc", "pull", "--run-cache")
    assert "Running stage" not in two.run("dvc", "repro"), "the other machine's results are taken as they are"
    two.experiment(16)
    two.push()

    client = reach(Location(uri=tracking, root=tmp_path))
    sweep = read_sweep(client, "inkmath-symbol", "widths", "valid_accuracy")
    assert sorted(sweep.values) == [0.08, 0.16]
    for clone in (one, two):
        clone.run("git", "fetch", "--quiet")
        listed = clone.run("dvc", "exp", "list", "origin", "--all-commits", "--name-only").split()
        assert len(listed) >= 2
    # What the second machine loads was stored by the first, through the server: neither holds a key of the store.
    load = "import mlflow, pandas, sys; from inkmath.tracking.model import EXAMPLE\n"
    load += "print(mlflow.pyfunc.load_model(sys.argv[1]).predict(pandas.DataFrame({'inkml': [EXAMPLE]})))"
    (first,) = [run for run in sweep.runs if run.data.params["train.units"] == "8"]
    assert first.outputs is not None
    two.run(sys.executable, "-c", load, f"models:/{first.outputs.model_outputs[0].model_id}")
    print(f"{time.monotonic() - began:.0f} s")


def slow_pipeline(root: Path, tracking: str) -> Clone:
    """A repository whose training takes long where ``train.dropout`` is high."""
    machine = Clone(root, tracking)
    (root / "stages").mkdir()
    for name, content in {
        "prepare.py": PREPARE, "stages/train.py": SLOW, "dvc.yaml": PIPELINE,
        "params.yaml": (REPOSITORY / "params.yaml").read_text(),
        ".gitignore": "__pycache__\n*.log\n/mlspool\n",
    }.items():  # fmt: skip
        (root / name).write_text(content)
    machine.run("git", "init", "--quiet")
    machine.run("dvc", "init", "--quiet")
    machine.run("git", "add", "--all")
    machine.run("git", "commit", "--quiet", "--message", "A slow pipeline")
    return machine


@pytest.mark.slow
@pytest.mark.long
def test_a_search_stops_trials_that_fall_behind(services: list[str], tmp_path: Path) -> None:
    tracking = services[0].partition("=")[2]
    machine = slow_pipeline(tmp_path, tracking)
    storage = f"sqlite:///{tmp_path / 'optuna.db'}"
    machine.run(
        *(sys.executable, "-m", "inkmath.tracking", "search", "drop", "train.dropout=choice(0.1,0.5)"),
        *("--trials", "6", "--warm-up", "1", "--storage", storage),
    )

    import optuna

    study = optuna.load_study(study_name="drop", storage=storage)
    assert study.best_value == pytest.approx(0.8)
    assert study.best_trial.user_attrs["settings"] == {"train.dropout": "0.1"}
    client = reach(Location(uri=tracking, root=tmp_path))
    sweep = read_sweep(client, "inkmath-symbol", "drop", "valid_accuracy")
    parent = client.get_run(study.user_attrs["mlflow_parent_run"])
    assert parent.data.tags["optuna_study"] == "drop"
    assert {run.data.tags[PARENT] for run in sweep.runs} == {parent.info.run_id}
    best, *_ = [run for run in sweep.runs if run.data.params["train.dropout"] == "0.1"]
    assert best.info.status == "FINISHED"
    pruned = [trial for trial in study.trials if trial.state == optuna.trial.TrialState.PRUNED]
    assert pruned, "base.seed lets the sampler try 0.1 first and 0.5 later"
    for trial in pruned:
        run = client.get_run(trial.user_attrs["mlflow_run"])
        assert (run.data.params["train.dropout"], run.data.tags["pruned"]) == ("0.5", "true")


@pytest.mark.slow
@pytest.mark.long
def test_ray_tune_runs_a_sweep_against_the_services(services: list[str], tmp_path: Path) -> None:
    pytest.importorskip("ray", reason="the recipe for Ray Tune: pip install 'ray[tune]'")
    tracking = services[0].partition("=")[2]
    machine = slow_pipeline(tmp_path, tracking)
    recipe = str(REPOSITORY / "docs" / "ray_tune.py")
    said = machine.run(sys.executable, recipe, "rays", "--trials", "3", "--at-once", "2")
    assert "3 of 3 trials well" in said
    sweep = read_sweep(reach(Location(uri=tracking, root=tmp_path)), "inkmath-symbol", "rays", "valid_accuracy")
    assert len(sweep.runs) == 3
    assert {run.info.status for run in sweep.runs} == {"FINISHED"}
    assert f"the best has {max(sweep.values):.4f}" in said


@pytest.mark.slow
@pytest.mark.long
def test_ray_tune_wants_a_server_that_every_node_reaches(tmp_path: Path) -> None:
    pytest.importorskip("ray", reason="the recipe for Ray Tune: pip install 'ray[tune]'")
    machine = slow_pipeline(tmp_path, f"sqlite:///{tmp_path / 'mlflow.db'}")
    recipe = [sys.executable, str(REPOSITORY / "docs" / "ray_tune.py"), "rays"]
    done = subprocess.run(recipe, cwd=tmp_path, env=machine.environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.strip().splitlines()[-1].startswith("no MLflow server is named")


def test_a_team_wants_an_address_that_its_machines_reach(tmp_path: Path) -> None:
    with (
        pytest.raises(TrackingError, match=r"'0\.0\.0\.0' is all addresses of this machine; name the one"),
        team_services(tmp_path / "team", host="0.0.0.0"),
    ):
        pass
    assert not (tmp_path / "team").exists()


def test_what_postgres_says_of_a_start_that_fails_is_in_the_log_that_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("pg_ctl", "initdb"):
        (programs / name).write_text('#!/bin/sh\necho "$0: invalid locale settings" >&2\nexit 1\n')
        (programs / name).chmod(0o755)
    monkeypatch.setattr("inkmath.tracking.team.Path.glob", lambda *_: iter([programs]))
    monkeypatch.setattr(os, "getuid", lambda: 1000)
    with (
        pytest.raises(TrackingError, match=rf"initdb .* failed; see {tmp_path}/logs/postgresql"),
        postgres(tmp_path, 1),
    ):
        pass
    assert "invalid locale settings" in (tmp_path / "logs" / "postgresql").read_text()


@pytest.mark.parametrize(("versions", "wanted"), [(["9.6", "15"], "15"), (["16", "17"], "17"), (["9.5", "9.6"], "9.6")])
def test_of_several_versions_of_postgres_the_newest_is_taken(versions: list[str], wanted: str) -> None:
    assert newest(Path(version, "bin") for version in versions) == Path(wanted, "bin")


def test_postgres_says_when_it_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inkmath.tracking.team.Path.glob", lambda *_: iter(()))
    monkeypatch.setenv("PATH", "")
    with pytest.raises(TrackingError, match="PostgreSQL is not installed"), postgres(tmp_path, 1):
        pass
