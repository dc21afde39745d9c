"""A search that learns from what it has seen: Optuna proposes, `dvc exp run` trains, MLflow tells how it goes.

A study of Optuna and a sweep in MLflow have one name. The parent run of the sweep names the study in its tag
``optuna_study``; the study names the parent run in ``mlflow_parent_run``, and each trial its own in ``mlflow_run``.
A trial that falls behind the others is stopped in the middle of its training; its run says ``pruned``.
"""

from __future__ import annotations

import math
import re
import subprocess
import sys
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from inkmath.params import load_params
from inkmath.tracking.location import Location, TrackingError, connect, discard_checkpoint
from inkmath.tracking.provenance import flatten, git
from inkmath.tracking.sweep import SAMPLES, parent_run

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import optuna
    from mlflow import MlflowClient
    from mlflow.entities import Run as MlflowRun

    from inkmath.tracking.model import Task


class Training(NamedTuple):
    """The stage that trains, the figure to raise, the one that tells meanwhile how it goes, and their parameters."""

    stage: str
    metric: str
    watched: str
    blocks: tuple[str, ...]


_DATA = ("base", "synthesize", "parse", "redraw")

TRAININGS = {
    "symbol": Training("train", "valid_accuracy", "valid_accuracy", (*_DATA, "normalize", "encode", "train")),
    "expression": Training(
        "train_expression",
        "valid_exprate",
        "valid_plain_exprate",
        (*_DATA, "normalize_expression", "encode_expression", "train_expression"),
    ),
}

LOOK_SECONDS = 2.0

_SPACE = re.compile(r"(?P<name>[\w.]+)\s*=\s*(?P<kind>choice|range|interval|log)\s*\((?P<values>[^()]+)\)")


@dataclass(frozen=True)
class Knob:
    """A parameter to vary: its name, ``choice``, ``range`` (of integers), ``interval`` or ``log``, and the values."""

    name: str
    kind: str
    values: tuple[str, ...]

    @classmethod
    def parse(cls, text: str) -> Knob:
        """From ``train.learning_rate=log(0.0005,0.01)``.

        Raises:
            TrackingError: the text is not like that.
        """
        match = _SPACE.fullmatch(text.strip())
        if match is None:
            raise TrackingError(
                f"{text}: is no space; write block.name=choice(a,b), range(1,9), interval(0,1) or log(1e-4,1e-2)"
            )
        knob = cls(match["name"], match["kind"], tuple(value.strip() for value in match["values"].split(",")))
        if knob.kind != "choice":
            number, needed = (int, "two whole numbers") if knob.kind == "range" else (float, "two numbers")
            try:
                low, high = map(number, knob.values)
            except ValueError:
                raise TrackingError(f"{text}: needs {needed}") from None
            if not -math.inf < low < high < math.inf or (knob.kind == "log" and low <= 0):
                raise TrackingError(f"{text}: the first number must be below the second, and above 0 for log")
        return knob

    @property
    def distribution(self) -> optuna.distributions.BaseDistribution:
        """The same to Optuna."""
        from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

        if self.kind == "choice":
            return CategoricalDistribution(self.values)
        if self.kind == "range":
            return IntDistribution(int(self.values[0]), int(self.values[1]))
        low, high = map(float, self.values)
        return FloatDistribution(low, high, log=self.kind == "log")

    def suggest(self, trial: optuna.Trial) -> Any:
        """A value of the trial."""
        from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

        match self.distribution:
            case CategoricalDistribution(choices=choices):
                return trial.suggest_categorical(self.name, choices)
            case IntDistribution(low=low, high=high):
                return trial.suggest_int(self.name, low, high)
            case FloatDistribution(low=low, high=high, log=log):
                drawn = float(f"{trial.suggest_float(self.name, low, high, log=log):.4g}")
                return min(max(drawn, low), high)


def search(
    location: Location,
    experiment: str,
    name: str,
    task: Task,
    knobs: Sequence[Knob],
    trials: int,
    *,
    storage: str,
    seed: int,
    warm_up: int = 5,
    log: Path,
) -> optuna.Study:
    """Run trials, each a DVC experiment in a copy of the repository; several machines may work on one study at once.

    Args:
        location: where runs go.
        experiment: the MLflow experiments, without the task; trainings hear of it.
        name: of the study and of the sweep.
        task: which model is trained.
        knobs: what varies.
        trials: how many to add to the study.
        storage: database that keeps the study, as SQLAlchemy names it; a server's for several machines.
        seed: of the proposals, with the number of trials that the study has already.
        warm_up: trials that run to their end before any is stopped early.
        log: what DVC says is added to it.

    Raises:
        TrackingError: MLflow or the storage cannot be used, the study was begun with another space or with other
            parameters, or an experiment fails.
    """
    import optuna

    client, experiment_id = connect(location, f"{experiment}-{task}")
    study = _study(name, storage, warm_up, knobs)
    _keep_parameters(study, task, knobs)
    parent = parent_run(client, location, experiment_id, name)
    study.sampler = optuna.samplers.TPESampler(seed=seed + len(study.trials))
    study.set_user_attr("mlflow_parent_run", parent)
    client.set_tag(parent, "optuna_study", name)
    given = {"track.sweep": name, "track.experiment": experiment}
    trial = partial(_trial, client=client, experiment_id=experiment_id, given=given, task=task, knobs=knobs, log=log)
    study.optimize(trial, n_trials=trials)
    # There is one: a trial that fails ends the search, and none is stopped early before another has come to its end.
    client.set_tag(parent, "optuna_best", str(study.best_trial.number))
    return study


def _study(name: str, storage: str, warm_up: int, knobs: Sequence[Knob]) -> optuna.Study:
    """Begin a study, or go on with one of the same space."""
    import optuna
    from sqlalchemy.exc import SQLAlchemyError

    try:
        study = optuna.create_study(
            study_name=name,
            storage=storage,
            direction="maximize",
            load_if_exists=True,
            pruner=optuna.pruners.MedianPruner(n_startup_trials=warm_up),
        )
    except (SQLAlchemyError, optuna.exceptions.StorageInternalError, ImportError, RuntimeError) as error:
        # The last of them where it finds tables of another make, as MLflow's are.
        database = Location(uri=storage, root=Path.cwd())  # which knows what of an address may be shown
        cause = database.masked(str(error.__cause__ or error)).splitlines()[0]
        raise TrackingError(
            f"{database.shown}: cannot keep a study ({cause}); give --storage a database of its own"
        ) from error
    known = {name: one for trial in study.get_trials(deepcopy=False) for name, one in trial.distributions.items()}
    for knob in knobs:
        if knob.name not in known:
            continue
        try:
            optuna.distributions.check_distribution_compatibility(known[knob.name], knob.distribution)
        except ValueError as error:
            raise TrackingError(
                f"study {name} was begun with another space of {knob.name} ({known[knob.name]}); write that, or give "
                "this search a name of its own"
            ) from error
    return study


def _keep_parameters(study: optuna.Study, task: Task, knobs: Sequence[Knob]) -> None:
    """Note what does not vary; a study that goes on compares with its earlier trials, and answers from them.

    Places of ink are not among it: each machine has its own.

    Raises:
        TrackingError: a parameter is another than when the study was begun.
    """
    params = load_params().model_dump(mode="json")
    now = flatten(
        {block: params[block] for block in TRAININGS[task].blocks} | {"data.source": params["data"]["source"]}
    )
    now["--task"] = task
    begun = study.user_attrs.get("params", now)
    for key in sorted(begun.keys() & now.keys() - {knob.name for knob in knobs}):
        if begun[key] != now[key]:
            raise TrackingError(
                f"study {study.study_name} was begun with {key} = {begun[key]}, and now it is {now[key]}, so that its "
                "figures are no measure for new ones; set it back, or give this search a name of its own"
            )
    study.set_user_attr("params", begun)


def _trial(
    trial: optuna.Trial,
    *,
    client: MlflowClient,
    experiment_id: str,
    given: Mapping[str, str],
    task: Task,
    knobs: Sequence[Knob],
    log: Path,
) -> float:
    import optuna
    from mlflow.exceptions import MlflowException

    stage, metric, watched, _ = TRAININGS[task]
    settings = {knob.name: knob.suggest(trial) for knob in knobs}
    trial.set_user_attr("settings", settings)
    ended = (optuna.trial.TrialState.COMPLETE, optuna.trial.TrialState.PRUNED)
    for earlier in trial.study.get_trials(deepcopy=False, states=ended):
        # DVC would answer from its run cache, without a run in MLflow, or train what was stopped early once more.
        if earlier.user_attrs["settings"] != settings:
            continue
        trial.set_user_attr("mlflow_run", earlier.user_attrs["mlflow_run"])
        if earlier.state == optuna.trial.TrialState.PRUNED:
            for step, value in earlier.intermediate_values.items():
                trial.report(value, step)
            raise optuna.TrialPruned
        assert earlier.value is not None
        return earlier.value
    dvc_name = f"{trial.study.study_name}-{trial.number}"
    trial.set_user_attr("dvc_experiment", dvc_name)
    varied, began = {**given, **settings}, int(1000 * time.time())
    with log.open("ab") as output:
        process = subprocess.Popen(experiment_command(stage, dvc_name, varied), stdout=output, stderr=subprocess.STDOUT)
    run, reported = None, 0

    def report(run: MlflowRun) -> int:
        points = {point.step: point.value for point in client.get_metric_history(run.info.run_id, watched)}
        for step in sorted(points)[reported:]:
            trial.report(points[step], step)
        return len(points)

    try:
        while process.poll() is None:
            time.sleep(LOOK_SECONDS)
            try:
                run = run or run_of(client, experiment_id, dvc_name, began)
                if run is None:
                    continue
                reported = report(run)
            except MlflowException:
                continue  # a server that is away stops no training, which keeps what it logs until then
            if trial.should_prune() and _end_training(process.pid, stage):
                process.wait()
                client.set_tag(run.info.run_id, "pruned", "true")
                discard_checkpoint(task, run.data.tags["params_hash"], given["track.sweep"])
                trial.set_user_attr("mlflow_run", run.info.run_id)
                raise optuna.TrialPruned
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait()
    run = run_of(client, experiment_id, dvc_name, began)
    if process.returncode or run is None or metric not in run.data.metrics:
        tried = ", ".join(f"{key}={value}" for key, value in varied.items())
        raise TrackingError(f"trial {trial.number} ({tried}) failed; see {log}")
    trial.set_user_attr("mlflow_run", run.info.run_id)
    _check_samples(trial.study, run.data.tags.get(SAMPLES))
    report(run)  # what came after the last look: later trials are compared with it
    return float(run.data.metrics[metric])


def _check_samples(study: optuna.Study, samples: str | None) -> None:
    """Raise TrackingError where a figure was not measured on what the study's others were; None is not known yet."""
    if samples is None:
        return
    known = study.user_attrs.get(SAMPLES, samples)
    if samples != known:
        raise TrackingError(
            f"study {study.study_name}: its trials are measured on different validation samples, so that the highest "
            "figure need not be the best; give the search a name of its own, and leave out of its space what changes "
            "these samples, such as base.seed, parse.valid, encode.min_count and normalize.context"
        )
    study.set_user_attr(SAMPLES, known)


def experiment_command(stage: str, name: str, settings: Mapping[str, Any]) -> list[str]:
    """What runs a stage as a DVC experiment of some name in a copy of the repository, with some parameters set.

    The copy has what git and DVC track: ink and models that neither does are read from where they are.
    """
    from hydra.core.override_parser.types import Quote, QuotedString  # which DVC reads parameters by

    def from_here(place: str) -> str:
        """Quoted as DVC reads it, by Hydra's grammar, in which brackets and commas mean something."""
        path = Path(place)
        return QuotedString(str(path.absolute() if _only_here(path) else path), Quote.single).with_quotes()

    command = [sys.executable, "-m", "dvc", "exp", "run", stage, "--temp", "--name", name]
    params = load_params()
    own = {}
    for key in ("user", "shapes", *(("train", "test") if params.data.source == "inkml" else ())):
        if _only_here(Path(place := getattr(params.data, key))):
            own[f"data.{key}"] = from_here(place)
    for block, learning in (("train", params.train), ("train_expression", params.train_expression)):
        if learning.init_from is not None:
            own[f"{block}.init_from"] = from_here(learning.init_from)
        if learning.teachers:
            own[f"{block}.teachers"] = f"[{','.join(map(from_here, learning.teachers))}]"
    for key, value in {**own, **settings}.items():
        command += ["--set-param", f"{key}={value}"]
    return command


def _only_here(place: Path) -> bool:
    """Whether ink or a model lies at a relative place and is tracked neither by git nor by DVC."""
    if place.is_absolute() or not (place.is_file() or any(_counts(file) for file in place.rglob("*"))):
        return False
    if any(above.with_name(f"{above.name}.dvc").exists() for above in (place, *place.parents) if above.name):
        return False
    return not any(_counts(Path(name)) for name in (git("ls-files", "-z", "--", str(place)) or "").split("\0"))


def _counts(file: Path) -> bool:
    return file.is_file() and not file.name.startswith(".")


def run_of(client: MlflowClient, experiment_id: str, dvc_name: str, since: int = 0) -> MlflowRun | None:
    """The run of a DVC experiment that began at ``since`` (ms) or after, or None where there is none yet.

    Experiments of one name may have been run before: by another clone, or by a study that was removed.
    """
    wanted = f"tags.dvc_exp_name = '{dvc_name}' and attributes.start_time >= {since}"
    found = client.search_runs([experiment_id], filter_string=wanted, max_results=1)
    return found[0] if found else None


def _end_training(pid: int, stage: str) -> bool:
    """Ask the training that a DVC process began to stop, which closes its run; False if there is none any more.

    DVC itself is left to find that its stage has failed and to clear up.
    """
    import psutil

    try:
        children = psutil.Process(pid).children(recursive=True)
        training = [child for child in children if child.cmdline()[-2:] == ["-m", f"stages.{stage}"]]
        for child in training:
            child.terminate()
    except psutil.NoSuchProcess:
        return False
    return bool(training)
