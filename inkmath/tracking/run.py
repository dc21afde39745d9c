"""Runs: one for each training, resumed by the evaluation of what it trained."""

from __future__ import annotations

import json
import os
import shutil
import signal
import tempfile
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from inkmath.dataset.results import write_json
from inkmath.decoding.expression import NETWORK_FILE, SETTINGS_FILE
from inkmath.decoding.symbol import DESCRIPTION, NETWORK
from inkmath.tracking.delivery import Delivery, say, settle
from inkmath.tracking.journal import Journal
from inkmath.tracking.location import TrackingError, connect, locate
from inkmath.tracking.provenance import data_digest, file_md5, flatten, ink_split, run_tags
from inkmath.tracking.sweep import PARENT, parent_run

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mlflow import MlflowClient

    from inkmath.params import Params
    from inkmath.tracking.location import Location
    from inkmath.tracking.model import ModelFiles, Task

_STAGES = {"symbol": "train", "expression": "train_expression"}
_MODEL_FILES = {"symbol": (NETWORK, DESCRIPTION), "expression": (NETWORK_FILE, SETTINGS_FILE)}


class Run:
    """A run in MLflow that is being written; get it from :func:`training_run` or :func:`resume_run`.

    What is logged is kept on disk first. A server that goes away stops nothing: its records are sent when it is back.
    """

    def __init__(self, delivery: Delivery, task: Task, architecture: str, params: Params) -> None:
        self.delivery = delivery
        self._task = task
        self._architecture = architecture
        self._params = params
        self._epoch = 0

    @property
    def id(self) -> str:
        """The id of the run in MLflow."""
        return self.delivery.journal.run_id

    def log_epoch(self, epoch: int, metrics: Mapping[str, float]) -> None:
        """Log figures as they are after ``epoch`` (counted from 0)."""
        self._epoch = epoch
        self._metrics(metrics, step=epoch)

    def log_metrics(self, metrics: Mapping[str, float]) -> None:
        """Log figures of the finished training or of the test.

        One that was logged by the epoch too, such as the validation accuracy, is from now on that of the kept weights:
        it stands at the last epoch, and MLflow's tables show what was logged there last.
        """
        self._metrics(metrics, step=self._epoch)

    def log_file(self, path: str | Path, folder: str = "") -> None:
        """Log a file as it is now, under ``folder`` among the artifacts of the run.

        Raises:
            TrackingError: the file is missing, or there is no room for a copy.
        """
        journal = self.delivery.journal.folder
        try:
            (journal / "files").mkdir(exist_ok=True)
            # A folder of its own: names may repeat, and files of the training may wait when the evaluation logs more.
            copy = Path(tempfile.mkdtemp(dir=journal / "files"), Path(path).name)
            shutil.copyfile(path, copy)
        except OSError as error:
            raise TrackingError(f"{error.filename}: cannot be logged ({error.strerror})") from error
        self.delivery.record("file", file=str(copy.relative_to(journal)), folder=folder)

    def log_data(self, data: Mapping[str, Path], digests: Mapping[str, tuple[str, str]]) -> None:
        """Log data sets by what they are used for, each with its md5 and where that comes from."""
        for context, path in data.items():
            md5, md5_from = digests[context]
            # MLflow keeps one use of each name and md5 in a run; training and test may read the same file.
            self.delivery.record(
                "data", context=context, path=path.as_posix(), name=f"{path.stem}-{context}", md5=md5, md5_from=md5_from
            )

    def log_model(
        self,
        files: ModelFiles,
        *,
        metric: str,
        value: float,
        validation_data: str,
        finished: bool = True,
    ) -> None:
        """Log the trained model as one that reads InkML, register it, and crown it if it beats the champion.

        Args:
            files: the model outside this process; the example is read with a copy of it before anything is logged.
            metric: the validation figure that decides who is champion; more of it is better.
            value: the model's figure.
            validation_data: what it was measured on, as :func:`~inkmath.tracking.validation_data` names it.
            finished: False for a model whose training has been stopped and is to go on; it becomes no champion.

        Raises:
            TrackingError: a file or a requirement is missing.
        """
        files.pack(self.delivery.journal.folder, self._task)
        track = self._params.track
        self.delivery.record(
            "model",
            task=self._task,
            requirements=files.pinned(),
            registered_as=f"{track.experiment}-{self._task}" if track.register_model else None,
            metric=metric,
            value=float(value),
            validation_data=validation_data,
            ink=ink_split(),
            finished=finished,
        )

    def write_id(self, path: str | Path) -> None:
        """Write what :func:`resume_run` needs to find this run again."""
        about = {"run_id": self.id, "task": self._task, "architecture": self._architecture}
        write_json(path, about)

    def _metrics(self, metrics: Mapping[str, float], step: int) -> None:
        values = {key: float(value) for key, value in metrics.items()}
        self.delivery.record("metrics", values=values, step=step, time=_now())


@contextmanager
def training_run(task: Task, params: Params, *, architecture: str, data: Mapping[str, Path]) -> Iterator[Run]:
    """A new run that lasts as long as the block: FINISHED, or FAILED by an exception, or KILLED by Ctrl-C or SIGTERM.

    Runs that were left open by a process killed outright are marked KILLED first, and what they could not send is sent.

    Args:
        task: which of the two models is trained.
        params: all of them are logged; ``track`` says where, and in which sweep.
        architecture: the name of the network.
        data: the files or directories that are read, by what for (``{"train": ...}``).

    Raises:
        TrackingError: no server answers (said within seconds), or something that is to be logged is missing.
    """
    location = locate(params.track.uri)
    experiment = f"{params.track.experiment}-{task}"
    client, experiment_id = connect(location, experiment)
    settle(location.spool)
    digests = {context: data_digest(path) for context, path in data.items()}
    tags = run_tags(task, architecture, params) | _given_weights(task, params)
    with _beginning(location):
        if params.track.sweep:
            tags["sweep"] = params.track.sweep
            tags[PARENT] = parent_run(client, location, experiment_id, params.track.sweep)
        name = os.environ.get("DVC_EXP_NAME") or f"{architecture}-{tags['params_hash']}"
        run_id = client.create_run(experiment_id, tags=tags, run_name=name).info.run_id
    run = _open(location, run_id, "training", task, architecture, params)
    say(f"run {run_id} ({name}) in experiment {experiment} at {location.shown}")
    # The address as it may be shown: all who see the runs see this, and it may hold a password.
    values = flatten(params.model_dump(mode="json")) | {"track.uri": location.shown}
    run.delivery.record("params", values=values)
    run.log_data(data, digests)
    status = "FAILED"
    try:
        with _stopped_by_sigterm():
            yield run
        status = "FINISHED"
    except (KeyboardInterrupt, _Terminated):
        status = "KILLED"
        raise
    finally:
        run.delivery.record("end", status=status, time=_now())
        run.delivery.close()
    say(
        "the same parameters again are answered from DVC's run cache, without a new run here; "
        f"`dvc repro -f -s {_STAGES[task]}` or `dvc exp run -f -s {_STAGES[task]}` trains again"
    )


@contextmanager
def resume_run(path: str | Path, params: Params, *, data: Mapping[str, Path]) -> Iterator[Run]:
    """The run that trained a model, opened again to add what its evaluation found; its status stays as it is.

    The tag ``evaluation`` says ``finished``, ``failed`` or ``killed``. Where MLflow does not know the run (a fresh
    database, a model from another machine), a new run is begun that names it in the tag ``evaluation_of``.

    Args:
        path: the file that :meth:`Run.write_id` wrote.
        params: as for :func:`training_run`.
        data: the files or directories that are read, by what for (``{"test": ...}``).

    Raises:
        TrackingError: the file is missing or broken, or MLflow cannot be used. A server that is merely away is no
            error: the figures wait for it.
    """
    try:
        about = json.loads(Path(path).read_text(encoding="utf-8"))
        run_id, task, architecture = about["run_id"], about["task"], about["architecture"]
    except FileNotFoundError as error:
        raise TrackingError(f"{path}: no such file; run the training stage, which writes it") from error
    except (ValueError, KeyError, TypeError) as error:
        raise TrackingError(f"{path}: does not name a run; run the training stage again") from error
    location = locate(params.track.uri)
    digests = {context: data_digest(path) for context, path in data.items()}
    reachable = location.answers()
    if reachable:
        client, experiment_id = connect(location, f"{params.track.experiment}-{task}")
        settle(location.spool)
        if not _is_known(client, location, run_id):
            tags = run_tags(task, architecture, params) | {"evaluation_of": run_id}
            with _beginning(location):
                created = client.create_run(experiment_id, tags=tags, run_name=f"evaluation of {run_id[:8]}")
                client.set_terminated(created.info.run_id)
            say(f"{location.shown} does not know run {run_id}; its evaluation goes to a new run, {created.info.run_id}")
            run_id = created.info.run_id
    run = _open(location, run_id, "evaluation", task, architecture, params, away=not reachable)
    run.log_data(data, digests)
    outcome = "failed"
    try:
        yield run
        outcome = "finished"
    except KeyboardInterrupt:
        outcome = "killed"
        raise
    finally:
        run.delivery.record("evaluated", outcome=outcome)
        run.delivery.close()


def _given_weights(task: Task, params: Params) -> dict[str, str]:
    """Tags that say which weights the training begins from and learns from: the parameters hold no more than names."""
    stage, tags = _STAGES[task], {}
    if (weights := getattr(params, stage).init_from) is not None:
        try:
            tags["init_from_md5"] = file_md5(Path(weights))
        except OSError as error:
            raise TrackingError(
                f"{stage}.init_from = {weights}: cannot be read ({error.strerror}); name the weights to begin from "
                "(in a queued experiment by an absolute path), or null"
            ) from error
    if teachers := getattr(params, stage).teachers:
        files = [Path(teacher) / name for teacher in teachers for name in _MODEL_FILES[task]]
        try:
            tags["teachers_md5"] = ",".join(map(file_md5, files))
        except OSError as error:
            raise TrackingError(
                f"{stage}.teachers: {error.filename} cannot be read ({error.strerror}); name folders of {task} models "
                "(in a queued experiment by absolute paths), or []"
            ) from error
    return tags


@contextmanager
def _beginning(location: Location) -> Iterator[None]:
    """Raise TrackingError where MLflow does not begin a run."""
    from mlflow.exceptions import MlflowException

    try:
        yield
    except MlflowException as error:
        said = location.masked(str(error))
        raise TrackingError(f"MLflow at {location.shown} does not start a run: {said}") from error


def _open(
    location: Location, run_id: str, by: str, task: Task, architecture: str, params: Params, *, away: bool = False
) -> Run:
    journal = Journal.open(location.spool, run_id, uri=location.uri, by=by)
    return Run(Delivery(journal, location, away=away), task, architecture, params)


def _is_known(client: MlflowClient, location: Location, run_id: str) -> bool:
    from mlflow.exceptions import MlflowException

    try:
        return bool(client.get_run(run_id).info.lifecycle_stage == "active")
    except MlflowException as error:
        if error.error_code == "RESOURCE_DOES_NOT_EXIST":
            return False
        raise TrackingError(f"MLflow cannot be asked for run {run_id}: {location.masked(str(error))}") from error


class _Terminated(SystemExit):
    """SIGTERM arrived."""


@contextmanager
def _stopped_by_sigterm() -> Iterator[None]:
    """Let SIGTERM end the block as an exception, so that the run is closed; the exit status stays 143."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(_signal: int, _frame: Any) -> NoReturn:
        raise _Terminated(128 + signal.SIGTERM)

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _now() -> int:
    return int(time.time() * 1000)
