"""Two sweeps at once, with several processes each, on one SQLite file and on a server with PostgreSQL behind it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from inkmath.tracking.location import locate, reach
from inkmath.tracking.sweep import read_sweep

if TYPE_CHECKING:
    from inkmath.tracking import ModelFiles

WORKERS, TRAININGS = 2, 3

WORKER = """
import sys
from pathlib import Path
from inkmath.params import load_params
from inkmath.tracking import ModelFiles, training_run

params = load_params(sys.argv[1])
track = params.track.model_copy(update={"sweep": sys.argv[2]})
files = ModelFiles(reader="three_labels:Reader", files=(Path("labels.txt"),))
for seed in range(int(sys.argv[3]), int(sys.argv[4])):
    base = params.base.model_copy(update={"seed": seed})
    varied = params.model_copy(update={"base": base, "track": track})
    with training_run("symbol", varied, architecture="lstm", data={"train": Path("train.npz")}) as run:
        for epoch in range(10):
            run.log_epoch(epoch, {"valid_accuracy": epoch / 10})
        run.log_model(files, metric="valid_accuracy", value=seed / 100, validation_data="ink")
"""


@pytest.mark.slow
@pytest.mark.parametrize("store", ["sqlite", "postgresql"])
def test_two_sweeps_at_once_lose_nothing(
    store: str,
    workspace: Path,
    model_files: ModelFiles,
    mlflow_server: Any,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> None:
    if store == "postgresql":
        pytest.importorskip("psycopg2")
        monkeypatch.setenv("MLFLOW_TRACKING_URI", mlflow_server(request.getfixturevalue("postgres")).url)
    params = Path(__file__).parents[2] / "params.yaml"
    monkeypatch.setenv("PYTHONPATH", f"{workspace}:{Path(__file__).parents[2]}")
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", WORKER, str(params), sweep, str(number * TRAININGS), str((number + 1) * TRAININGS)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for sweep in ("one", "two")
        for number in range(WORKERS)
    ]
    outputs = [worker.communicate(timeout=1800)[0] for worker in workers]
    assert [worker.returncode for worker in workers] == [0] * len(workers), outputs
    assert not any("takes no records" in output or "refused" in output for output in outputs), outputs

    client = reach(locate())
    for name in ("one", "two"):
        sweep = read_sweep(client, "inkmath-symbol", name, "valid_accuracy")
        assert sorted(int(run.data.tags["seed"]) for run in sweep.runs) == list(range(WORKERS * TRAININGS))
        assert {run.info.status for run in sweep.runs} == {"FINISHED"}
        assert all(len(curve) == 10 for curve in sweep.curves)
        assert all(run.outputs and len(run.outputs.model_outputs) == 1 for run in sweep.runs)
    assert len(client.search_model_versions("name = 'inkmath-symbol'")) == 2 * WORKERS * TRAININGS
