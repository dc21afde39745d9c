"""A sweep on a Ray cluster: Ray Tune chooses and places the trials, DVC trains, MLflow keeps the runs together.

Run in a clone of the repository, after ``pip install 'ray[tune]'``, with ``MLFLOW_TRACKING_URI`` set to a server that
every node reaches (``make team``)::

    python docs/ray_tune.py rates --trials 8 --at-once 2

Every node needs a clone with its ``.venv`` at the same path, and its data (``dvc pull``). Without a cluster, Ray starts
one of its own on this machine; ``ray start --head`` and ``RAY_ADDRESS`` make it larger.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import mlflow
import ray
from ray import tune

SPACE = {"train.learning_rate": tune.loguniform(5e-4, 1e-2), "train.dropout": tune.uniform(0.0, 0.5)}
"""What varies: change it to any parameters of params.yaml."""


def trial(chosen: dict[str, Any], *, root: Path, sweep: str) -> None:
    """Train with the values chosen as one DVC experiment, and report what MLflow has of it.

    Raises:
        RuntimeError: the experiment fails, or left no run in MLflow.
    """
    name = f"{sweep}-{tune.get_context().get_trial_id().replace('_', '-')}"
    command = [sys.executable, "-m", "dvc", "exp", "run", "train", "--temp", "--name", name]
    for key, value in {"track.sweep": sweep, **chosen}.items():
        command += ["--set-param", f"{key}={value}"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    runs = mlflow.search_runs(
        search_all_experiments=True, filter_string=f"tags.dvc_exp_name = '{name}'", output_format="list"
    )
    if done.returncode or not runs:
        raise RuntimeError(f"experiment {name} failed:\n{done.stdout}{done.stderr}")
    tune.report({"valid_accuracy": runs[0].data.metrics["valid_accuracy"], "mlflow_run": runs[0].info.run_id})


def main() -> None:
    """Run the sweep and print its best trial."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sweep", help="name of the parent run in MLflow")
    parser.add_argument("--trials", type=int, default=8)
    parser.add_argument("--at-once", type=int, default=2, help="trials that run at the same time, over all nodes")
    given = parser.parse_args()
    ray.init(runtime_env={"env_vars": {"MLFLOW_TRACKING_URI": os.environ["MLFLOW_TRACKING_URI"]}})
    found = tune.Tuner(
        tune.with_parameters(trial, root=Path.cwd(), sweep=given.sweep),
        param_space=SPACE,
        tune_config=tune.TuneConfig(
            metric="valid_accuracy", mode="max", num_samples=given.trials, max_concurrent_trials=given.at_once
        ),
    ).fit()
    best = found.get_best_result()
    print(f"{len(found) - found.num_errors} of {len(found)} trials well")
    print(f"the best has {best.metrics['valid_accuracy']:.4f}: run {best.metrics['mlflow_run']}, {best.config}")
    if found.num_errors:
        sys.exit(f"{found.num_errors} trials failed; see {found.experiment_path}")


if __name__ == "__main__":
    main()
