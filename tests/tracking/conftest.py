"""A tracking database of its own for each test, parameters, and a reader that needs no training."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import requests

from inkmath.params import Params, load_params
from inkmath.tracking import ModelFiles, team
from inkmath.tracking.location import Location, connect, locate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mlflow import MlflowClient

REPOSITORY = Path(__file__).parents[2]

READER = """
from inkmath.decoding.reading import Candidate


class Reader:
    def __init__(self, folder):
        self.labels = tuple((folder / "labels.txt").read_text().split())

    def classify(self, inks, *, top_k=3):
        return [[Candidate(label, 1 / (rank + 2)) for rank, label in enumerate(self.labels)][:top_k] for _ in inks]
"""


@pytest.fixture(scope="session")
def fresh_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An MLflow database as its migrations leave it: they take seconds, so they run once."""
    location = Location(uri=f"sqlite:///{tmp_path_factory.mktemp('mlflow') / 'mlflow.db'}", root=Path.cwd())
    connect(location, "Default")
    assert location.database is not None
    return location.database


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository without a pipeline as the working directory, with no setting of MLflow or DVC from outside."""
    for name in ("MLFLOW_TRACKING_URI", "DVC_ROOT", "DVC_EXP_NAME"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / ".dvc").mkdir()
    (tmp_path / "train.npz").write_bytes(b"arrays")
    shutil.copyfile(REPOSITORY / "params.yaml", tmp_path / "params.yaml")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def location(workspace: Path, fresh_database: Path) -> Location:
    """Where runs of this test go: ``mlflow.db`` in the workspace."""
    shutil.copyfile(fresh_database, workspace / "mlflow.db")
    return locate()


@pytest.fixture
def client(location: Location) -> MlflowClient:
    """A client of this test's database, with the experiment of the symbol task in it."""
    return connect(location, "inkmath-symbol")[0]


@pytest.fixture
def params() -> Params:
    """The parameters of the repository."""
    return load_params(REPOSITORY / "params.yaml")


@pytest.fixture
def model_files(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> ModelFiles:
    """A model that says x, then y, then z, whatever it is shown."""
    (workspace / "three_labels.py").write_text(READER)
    (workspace / "labels.txt").write_text("x y z")
    monkeypatch.syspath_prepend(str(workspace))
    return ModelFiles(reader="three_labels:Reader", files=(Path("labels.txt"),))


class Server:
    """A real `mlflow server`."""

    def __init__(self, backend: str) -> None:
        self.backend = backend
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        command = [sys.executable, "-m", "mlflow", "server", "--workers", "1", "--port", str(self.port)]
        self.process = subprocess.Popen(
            [*command, "--backend-store-uri", self.backend, "--artifacts-destination", "server-artifacts"],
            env={**os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        deadline = time.monotonic() + 600
        while time.monotonic() < deadline:
            try:
                if requests.get(self.url + "/health", timeout=1).ok:
                    return
            except requests.RequestException:
                assert self.process.poll() is None, "mlflow server ended"
                time.sleep(0.3)
        raise AssertionError("mlflow server did not start")

    def stop(self) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


@pytest.fixture
def mlflow_server(workspace: Path) -> Iterator[Callable[[str], Server]]:
    """Starts `mlflow server` on the backend it is given, in the workspace."""
    started: list[Server] = []

    def start(backend: str) -> Server:
        started.append(Server(backend))
        started[-1].start()
        return started[-1]

    yield start
    for server in started:
        server.stop()


@pytest.fixture
def postgres() -> Iterator[str]:
    """The address of an empty PostgreSQL database (Debian's package), started for one test."""
    if shutil.which("pg_ctl") is None and not any(Path("/usr/lib/postgresql").glob("*/bin")):
        pytest.skip("PostgreSQL is not installed (apt-get install postgresql)")
    # The user postgres, whom PostgreSQL runs as for root, cannot enter the folders of pytest.
    with tempfile.TemporaryDirectory(prefix="inkmath-postgres-") as folder:
        Path(folder).chmod(0o755)
        with team.postgres(Path(folder), free_port()) as address:
            yield address


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
