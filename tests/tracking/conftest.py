"""A tracking database of its own for each test, parameters, and a reader that needs no training."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from inkmath.params import Params, load_params
from inkmath.tracking import ModelFiles
from inkmath.tracking.location import Location, connect, locate

if TYPE_CHECKING:
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
    """An empty repository as the working directory, with no setting of MLflow or DVC from outside."""
    for name in ("MLFLOW_TRACKING_URI", "DVC_ROOT", "DVC_EXP_NAME"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / ".dvc").mkdir()
    (tmp_path / "train.npz").write_bytes(b"arrays")
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
