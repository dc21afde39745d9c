"""Where runs go: the tracking server or database, and the directory beside it for models and for what waits."""

from __future__ import annotations

import hashlib
import os
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from inkmath.dataset.atomic import replacing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlflow import MlflowClient

_DATABASES = ("sqlite", "postgresql", "mysql", "mssql")
_LOCK_SECONDS = 600.0


class TrackingError(RuntimeError):
    """MLflow cannot be used as it is set up; the message says what is wrong and what to do."""


@dataclass(frozen=True)
class Location:
    """A tracking server or database.

    Attributes:
        uri: what MLflow is given; a SQLite path in it is absolute.
        root: the repository. Inside a DVC experiment that is still the real one, not the copy DVC deletes afterwards.
    """

    uri: str
    root: Path

    @property
    def is_server(self) -> bool:
        """True when runs travel over HTTP, so that the other side may be away."""
        return self.uri.startswith(("http://", "https://"))

    @property
    def database(self) -> Path | None:
        """The SQLite file, or None."""
        if not self.uri.startswith("sqlite:///"):
            return None
        return Path(self.uri.removeprefix("sqlite:///").partition("?")[0])

    @property
    def artifact_root(self) -> str | None:
        """An absolute URI for models and figures; None where a server decides itself."""
        if urlsplit(self.uri).scheme.split("+")[0] not in _DATABASES:
            return None
        return ((self.database.parent if self.database else self.root) / "mlartifacts").as_uri()

    @property
    def spool(self) -> Path:
        """Where records wait that the server has not taken yet."""
        return self.root / "mlspool"

    @property
    def shown(self) -> str:
        """The URI without a password, for messages."""
        return self.masked(self.uri)

    def masked(self, text: str) -> str:
        """A text without the password of the URI; what MLflow says of an error quotes the whole address."""
        address = urlsplit(self.uri)
        if address.password:
            text = text.replace(f":{address.password}@", ":***@")
        for name, _, value in (part.partition("=") for part in address.query.split("&")):
            if "password" in name.lower() and value:  # as PostgreSQL's own library takes it
                text = text.replace(f"{name}={value}", f"{name}=***")
        return text

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold what processes of this machine must do one at a time: making the database, an experiment, a champion.

        Raises:
            TrackingError: another process held it for ten minutes.
        """
        from filelock import FileLock, Timeout

        if self.database:
            path = self.database.with_name(self.database.name + ".lock")
        else:
            name = hashlib.sha256(self.uri.encode()).hexdigest()[:16]
            path = Path(tempfile.gettempdir()) / f"inkmath-{os.getuid()}-{name}.lock"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with FileLock(path, timeout=_LOCK_SECONDS):
                yield
        except Timeout as error:
            raise TrackingError(
                f"another process has held {path} for {_LOCK_SECONDS:.0f} s; end it and start again"
            ) from error
        except PermissionError as error:
            raise TrackingError(
                f"{error.filename}: cannot be written; make it writable or point MLFLOW_TRACKING_URI elsewhere"
            ) from error

    def answers(self, seconds: float = 3.0) -> bool:
        """Whether the server can be reached now; a database always can."""
        if not self.is_server:
            return True
        import requests

        try:
            return requests.get(self.uri.rstrip("/") + "/health", timeout=seconds).status_code < 500
        except requests.RequestException:
            return False


def repository_root() -> Path:
    """The root of the repository: ``DVC_ROOT`` in a DVC stage, else the next folder upward with ``.dvc``, or here."""
    if os.environ.get("DVC_ROOT"):
        return Path(os.environ["DVC_ROOT"]).resolve()
    here = Path.cwd()
    return next((folder for folder in (here, *here.parents) if (folder / ".dvc").is_dir()), here)


def checkpoint_file(task: str, parameters: str, sweep: str | None) -> Path:
    """Where a training keeps its checkpoint: ``checkpoints/TASK.npz``, or one of its own for a queued experiment.

    DVC works such experiments off in copies of the repository that it deletes with all that is in them, several at
    once. Theirs stand in the real one, told apart by ``parameters``, a name for all that was set, and by their sweep:
    DVC trains a point of each anew. Those that differ in where their runs go, ``track.experiment``, are one training
    to DVC, and share it. An experiment that is applied there goes on from its own.
    """
    root = repository_root()
    inside = Path.cwd().resolve() == root
    folder = Path("checkpoints") if inside else root / "checkpoints"
    own = folder / f"{_own(task, parameters, sweep)}.npz"
    return folder / f"{task}.npz" if inside and not own.exists() else own


def discard_checkpoint(task: str, parameters: str, sweep: str) -> None:
    """Remove what a queued experiment of a sweep keeps, if it does, that nobody will go on with."""
    for file in (repository_root() / "checkpoints").glob(f"{_own(task, parameters, sweep)}*.npz"):
        file.unlink()


def _own(task: str, parameters: str, sweep: str | None) -> str:
    """The name of an experiment's own checkpoint; that of a sweep may be too long for a file's."""
    name = f"{task}-{parameters}"
    return name if sweep is None else f"{name}-{hashlib.sha256(sweep.encode()).hexdigest()[:8]}"


def locate(configured: str | None = None) -> Location:
    """Find out where runs go.

    Args:
        configured: ``track.uri`` of the parameters. ``MLFLOW_TRACKING_URI`` overrides it; without both it is
            ``mlflow.db`` in the root of the repository.

    Raises:
        TrackingError: the address is none, or a plain directory, which MLflow no longer takes.
    """
    root = repository_root()
    uri = os.environ.get("MLFLOW_TRACKING_URI") or configured or f"sqlite:///{root / 'mlflow.db'}"
    try:
        scheme = urlsplit(uri).scheme
    except ValueError as error:
        # Without the address itself, whose password could not be told apart.
        raise TrackingError(f"MLFLOW_TRACKING_URI, or else track.uri, is no address ({error}); mend it") from error
    if scheme in ("", "file"):
        raise TrackingError(
            f"MLflow keeps no runs in plain directories ({uri}); give sqlite:///mlflow.db or a server's http address"
        )
    if uri.startswith("sqlite:///"):
        # A relative path would lie in the directory that DVC deletes after the experiment.
        uri = f"sqlite:///{root / uri.removeprefix('sqlite:///')}"
    return Location(uri=uri, root=root)


def reach(location: Location) -> MlflowClient:
    """A client for the store, which is also MLflow's default from now on; a database that is missing is made.

    Raises:
        TrackingError: no server answers there (said within seconds), or what is there cannot be used.
    """
    if not location.answers(5.0):
        raise TrackingError(
            f"no MLflow server answers at {location.shown}, and nothing was begun; start it, or unset "
            f"MLFLOW_TRACKING_URI and track.uri to keep runs in {location.root / 'mlflow.db'}"
        )
    import mlflow
    from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import SQLAlchemyError

    quiet_mlflow()
    mlflow.set_tracking_uri(location.uri)
    try:
        # Processes that start together on a fresh database would each run its migrations.
        with location.lock():
            if location.database and not location.database.exists():
                # Killed half-way through its migrations, a database would be of no use to anyone.
                with replacing(location.database) as temporary:
                    mlflow.MlflowClient(tracking_uri=f"sqlite:///{temporary}")
            return mlflow.MlflowClient(tracking_uri=location.uri)
    except (MlflowException, SQLAlchemyError) as error:
        raise _unusable(location, error) from error


def connect(location: Location, experiment: str) -> tuple[MlflowClient, str]:
    """Reach the store, and make the experiment if it is missing.

    Returns:
        The client, and the id of the experiment.

    Raises:
        TrackingError: as for :func:`reach`, or the experiment was deleted.
    """
    client = reach(location)
    from mlflow.exceptions import MlflowException

    try:
        with location.lock():
            found = client.get_experiment_by_name(experiment)
            if found is None:
                return client, client.create_experiment(experiment, artifact_location=location.artifact_root)
    except MlflowException as error:
        raise _unusable(location, error) from error
    if found.lifecycle_stage == "deleted":
        raise TrackingError(
            f"the MLflow experiment {experiment} was deleted; bring it back with `mlflow experiments restore "
            f"-x {found.experiment_id}` or name another one in track.experiment"
        )
    return client, found.experiment_id


def _unusable(location: Location, error: Exception) -> TrackingError:
    reason = location.masked(str(error)).splitlines()[0]
    return TrackingError(f"MLflow at {location.shown} cannot be used ({reason}); mend it or set MLFLOW_TRACKING_URI")


def quiet_mlflow() -> None:
    """Keep MLflow's own waiting within seconds (unless set otherwise), and its migrations from filling the screen."""
    import logging

    os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "15")
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.WARNING)
