"""Killed at any moment, the pipeline goes on: the next run completes, with what it would have made undisturbed.

`make torture` kills `dvc repro` and trainings at 50 moments (or ``TORTURE_MOMENTS``, drawn from ``TORTURE_SEED``); CI
does so at a few.
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
from collections import Counter
from contextlib import suppress
from functools import partial
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import psutil
import pyarrow.parquet as pq
import pytest
from dvc.schema import COMPILED_LOCKFILE_SCHEMA
from pipeline_copy import Copy
from pipeline_outputs import assert_equal, keras_weights, outputs
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from voluptuous import Invalid

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.slow

SEED = int(os.environ.get("TORTURE_SEED", "20240"))
REPRO = ("dvc", "repro")
TRAIN = (sys.executable, "-m", "stages.train")


def kill(copy: Copy, command: tuple[str, ...], seconds: float, whom: str = "all") -> str:
    """Run a command and kill -9 after so many seconds; says what was going on.

    Args:
        whom: ``all``, as when the machine goes down; ``stage``, as when the kernel wants memory back; ``dvc`` alone:
            a training ends with it, other stages live on beside the next run.
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
                with suppress(psutil.NoSuchProcess):  # it ended meanwhile
                    child.kill()
        process.wait()
        return during
    return "nothing: it was done"


def kill_at(copy: Copy, command: tuple[str, ...], sign: Callable[[], bool]) -> None:
    """Run a command and kill -9 all of it as soon as a sign is seen; it must not have ended before."""
    process = copy.start(*command)
    while not sign():
        assert process.poll() is None, "it ended before"
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _command(process: psutil.Process) -> list[str]:
    try:
        return list(process.cmdline())
    except psutil.Error:
        return []


def mend_lock(copy: Copy, whole: Copy) -> bool:
    """Do what the README says where a kill met DVC while it wrote its lock, in place: take the one from before."""
    lock = copy.root / "dvc.lock"
    try:
        COMPILED_LOCKFILE_SCHEMA(YAML(typ="safe", pure=True).load(lock.read_text()) or {})
    except (YAMLError, Invalid):
        shutil.copyfile(whole.root / "dvc.lock", lock)
        return True
    except FileNotFoundError:
        pass
    return False


def mend_run_cache(copy: Copy) -> bool:
    """Do what the README says where a kill met DVC between the folder of a stage's run and the file in it."""
    folders = [folder for folder in (copy.root / ".dvc/cache/runs").glob("*/*") if not any(folder.iterdir())]
    for folder in folders:
        folder.rmdir()
    return bool(folders)


def assert_nothing_is_half_written(copy: Copy, whole: Copy) -> None:
    """Whatever has the name of an output is whole: the very bytes, or a file that opens."""
    lock = YAML(typ="safe", pure=True).load((whole.root / "dvc.lock").read_text())
    for stage in lock["stages"].values():
        for out in stage["outs"]:
            if (copy.root / out["path"]).is_dir():
                files = set(_visible(copy.root, copy.root / out["path"]))
                if out["path"] == "data/raw/synthetic":
                    for role in (Path(out["path"], "train"), Path(out["path"], "test")):
                        made = {file for file in files if role in file.parents}
                        assert made in (set(), set(_visible(whole.root, whole.root / role))), "all of it or nothing"
            else:
                files = {(copy.root / out["path"]).relative_to(copy.root)}
            for file in files:
                if (copy.root / file).is_file():
                    _assert_whole(copy.root / file, whole.root / file, same=out["path"] in outputs(whole))


def _visible(root: Path, folder: Path) -> Iterator[Path]:
    """What is in a folder of outputs, from the root; what is still being written is in hidden folders and files."""
    for path in folder.rglob("*"):
        within = path.relative_to(folder)
        if not any(part.startswith(".") for part in within.parts):
            yield path.relative_to(root)


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
        readers.get(path.suffix, Path.read_bytes)(path)


def assert_as_undisturbed(copy: Copy, whole: Copy) -> None:
    """Data, figures and weights."""
    assert outputs(copy) == outputs(whole)
    assert_same_symbol_weights(copy, whole)
    assert_equal(
        *(dict(np.load(one.root / "models/expression/trained/expression-weights.npz")) for one in (copy, whole))
    )


def assert_same_symbol_weights(copy: Copy, whole: Copy) -> None:
    assert_equal(*(keras_weights(one.root / "models/symbol/model.keras") for one in (copy, whole)))


def assert_mlflow_knows(copy: Copy, *tasks: str, evaluated: bool = False) -> None:
    """Runs of killed trainings say so, and those of the models that are there are complete."""
    runs = copy.runs()
    assert {status for status, _ in runs.values()} <= {"FINISHED", "KILLED"}, runs
    for task in tasks:
        about = json.loads((copy.root / "models" / task / "run.json").read_text())
        status, evaluation = runs[about["run_id"]]
        assert status == "FINISHED"
        assert evaluation == "finished" or not evaluated


def test_a_training_that_is_killed_again_and_again_ends_as_undisturbed(reproduced: Copy, disturbed: Copy) -> None:
    """Once as soon as it has a checkpoint, once while it writes its model."""
    for made in ("models/symbol", "results/train", "mlspool", "checkpoints"):
        shutil.rmtree(disturbed.root / made)
    model = disturbed.root / "models/symbol"
    for sign in ((disturbed.root / "checkpoints/symbol.npz").exists, lambda: model.exists() and any(model.iterdir())):
        kill_at(disturbed, TRAIN, sign)
        assert_nothing_is_half_written(disturbed, reproduced)
    done = disturbed.run(*TRAIN)
    assert done.returncode == 0, done.stderr
    assert_same_symbol_weights(disturbed, reproduced)
    assert_mlflow_knows(disturbed, "symbol")
    assert not (disturbed.root / "checkpoints/symbol.npz").exists()


def test_repro_that_is_killed_again_and_again_ends_as_undisturbed(reproduced: Copy, disturbed: Copy) -> None:
    disturbed.forget()
    rng = Random(SEED)
    said = []
    for whom in ("all", "stage"):
        said.append(kill(disturbed, (*REPRO, "encode"), rng.uniform(2.0, 8.0), whom))
        mend_lock(disturbed, reproduced)
        mend_run_cache(disturbed)
        assert_nothing_is_half_written(disturbed, reproduced)
    disturbed.repro("encode")
    made, wanted = outputs(disturbed), outputs(reproduced)
    assert made == {path: wanted[path] for path in made}, said
    assert {"data/processed/symbol_vocabulary.json", "data/interim/ink.parquet"} <= made.keys()


def test_a_lock_that_a_kill_cut_short_is_refused_by_name_and_one_from_before_mends_it(
    reproduced: Copy, disturbed: Copy
) -> None:
    lock = (reproduced.root / "dvc.lock").read_text()
    (disturbed.root / "dvc.lock").write_text(lock[: lock.index("    cmd:")])
    assert "'./dvc.lock' validation failed" in disturbed.run("dvc", "status").stderr
    assert mend_lock(disturbed, reproduced)
    assert disturbed.run("dvc", "status").returncode == 0
    assert not mend_lock(disturbed, reproduced)


def test_an_empty_folder_that_a_kill_left_of_a_run_is_mended_by_taking_it_away(disturbed: Copy) -> None:
    disturbed.forget()
    disturbed.repro("parse")
    (disturbed.root / "dvc.lock").unlink()
    for run in (disturbed.root / ".dvc/cache/runs").glob("*/*/*"):
        run.unlink()
    assert "join() argument must be str, bytes, or os.PathLike object" in disturbed.run("dvc", "repro", "parse").stderr
    assert mend_run_cache(disturbed)
    disturbed.repro("parse")
    assert not mend_run_cache(disturbed)


STAGES = (
    *("synthesize", "parse", "redraw", "normalize", "encode", "train", "evaluate"),
    *("normalize_expression", "encode_expression", "train_expression", "evaluate_expression"),
)


@pytest.mark.long
def test_whatever_moment_it_is_killed_at_the_next_repro_ends_as_undisturbed(
    tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    """Moments are drawn from the time of the whole pipeline; trainings have checkpoints every second."""
    moments = int(os.environ.get("TORTURE_MOMENTS", "50"))
    rng = Random(SEED)
    whole = Copy(tmp_path_factory.mktemp("whole"))
    checkpoints = whole.root / "inkmath/training/checkpoint.py"
    assert "SECONDS_BETWEEN = 300.0" in checkpoints.read_text()
    checkpoints.write_text(checkpoints.read_text().replace("SECONDS_BETWEEN = 300.0", "SECONDS_BETWEEN = 1.0"))
    lasts = [_seconds(partial(whole.repro, stage)) for stage in STAGES]
    copy = Copy.at(tmp_path_factory.mktemp("killed") / "copy")
    shutil.copytree(whole.root, copy.root, symlinks=True)
    for number in range(moments):
        (stage,) = rng.choices(STAGES, lasts)
        seconds = rng.uniform(0.0, lasts[STAGES.index(stage)])
        whom = rng.choice(("all", "all", "all", "stage", "dvc"))
        command = (*REPRO, stage)
        if stage.startswith("train") and rng.random() < 0.5:
            command, whom = (sys.executable, "-m", f"stages.{stage}"), "all"
        _forget(copy, stage)
        during = kill(copy, command, seconds, whom)
        mend_lock(copy, whole)
        mend_run_cache(copy)
        assert_nothing_is_half_written(copy, whole)
        copy.repro(stage)
        assert_as_undisturbed(copy, whole)
        assert_mlflow_knows(copy, "symbol", "expression/trained")
        with capsys.disabled():
            print(f"{number + 1:3} {stage}: killed {whom} after {seconds:.1f} s, during {during}", flush=True)
    copy.repro()
    assert_as_undisturbed(copy, whole)
    assert_mlflow_knows(copy, "symbol", "expression/trained", evaluated=True)
    statuses = Counter(status for status, _ in copy.runs().values())
    with capsys.disabled():
        print(f"{moments} moments; runs in MLflow: {dict(statuses)}", flush=True)


def _seconds(work: Callable[[], object]) -> float:
    began = time.monotonic()
    work()
    return time.monotonic() - began


def _forget(copy: Copy, stage: str) -> None:
    """Make DVC believe that a stage never ran, here or anywhere."""
    yaml = YAML()
    lock = yaml.load((copy.root / "dvc.lock").read_text())
    for out in lock["stages"].pop(stage)["outs"]:
        path = copy.root / out["path"]
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    with (copy.root / "dvc.lock").open("w") as file:
        yaml.dump(lock, file)
    shutil.rmtree(copy.root / ".dvc/cache/runs", ignore_errors=True)
