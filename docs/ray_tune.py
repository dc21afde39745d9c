"""A sweep on a Ray cluster: Ray Tune chooses and places the trials, DVC trains, MLflow keeps the runs together.

Run in a clone of the repository, after ``pip install 'ray[tune]'``, with ``MLFLOW_TRACKING_URI`` set to a server that
every node reaches (``make team``)::

    python docs/ray_tune.py rates --trials 8 --at-once 2

Every node needs a clone with its ``.venv`` at the same path, and its data (``dvc pull``). Without a cluster, Ray starts
one of its own on this machine; ``ray start --head`` and ``RAY_ADDRESS`` make it larger.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from typing import Any

import ray
from ray import tune

from inkmath.params import load_params
from inkmath.tracking.location import Location, connect, locate
from inkmath.tracking.search import TRAININGS, experiment_command, run_of

SPACE = {"train.learning_rate": tune.loguniform(5e-4, 1e-2), "train.dropout": tune.uniform(0.0, 0.5)}
"""What varies: change it to any parameters of params.yaml."""

STAGE, METRIC = TRAININGS["symbol"].stage, TRAININGS["symbol"].metric


def trial(chosen: dict[str, Any], *, location: Location, experiment: str, sweep: str) -> None:
    """Train with the values chosen as one DVC experiment, and report what MLflow has of it.

    Raises:
        RuntimeError: the experiment fails, or left no run in MLflow.
    """
    name = f"{sweep}-{tune.get_context().get_trial_id().replace('_', '-')}"
    command = experiment_command(STAGE, name, {"track.sweep": sweep, **chosen})
    done = subprocess.run(command, cwd=location.root, capture_output=True, text=True, check=False)
    run = run_of(*connect(location, experiment), name)
    if done.returncode or run is None:
        raise RuntimeError(f"experiment {name} failed:\n{done.stdout}{done.stderr}")
    tune.report({METRIC: run.data.metrics[METRIC], "mlflow_run": run.info.run_id})


def main() -> None:
    """Run the sweep and print its best trial."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sweep", help="name of the parent run in MLflow")
    parser.add_argument("--trials", type=int, default=8)
    parser.add_argument("--at-once", type=int, default=2, help="trials that run at the same time, over all nodes")
    given = parser.parse_args()
    location, experiment = locate(), f"{load_params().track.experiment}-symbol"
    if not location.is_server:
        sys.exit("no MLflow server is named: set MLFLOW_TRACKING_URI to one that every node reaches (make team)")
    ray.init(runtime_env={"env_vars": {"MLFLOW_TRACKING_URI": location.uri}})
    found = tune.Tuner(
        tune.with_parameters(trial, location=location, experiment=experiment, sweep=given.sweep),
        param_space=SPACE,
        tune_config=tune.TuneConfig(
            metric=METRIC, mode="max", num_samples=given.trials, max_concurrent_trials=given.at_once
        ),
    ).fit()
    print(f"{len(found) - found.num_errors} of {len(found)} trials well")
    if found.num_errors < len(found):
        best = found.get_best_result()
        print(f"the best has {best.metrics[METRIC]:.4f}: run {best.metrics['mlflow_run']}, {best.config}")
    if found.num_errors:
        sys.exit(f"{found.num_errors} trials failed; see {found.experiment_path}")


if __name__ == "__main__":
    main()
