"""Where runs go, and that they stay there."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import requests

from inkmath.tracking import TrackingError
from inkmath.tracking.location import Location, checkpoint_file, connect, locate


class TestLocate:
    def test_runs_stay_in_the_repository_by_default(self, workspace: Path) -> None:
        assert locate().uri == f"sqlite:///{workspace}/mlflow.db"

    def test_the_root_is_found_from_a_folder_inside(self, workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (workspace / "stages").mkdir()
        monkeypatch.chdir("stages")
        assert locate().root == workspace

    def test_a_queued_experiment_uses_the_real_repository(
        self, workspace: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # DVC runs it in a copy, which is a whole repository of its own, and deletes that afterwards.
        copy = workspace / ".dvc/tmp/exps/standalone/tmp1"
        (copy / ".dvc").mkdir(parents=True)
        monkeypatch.chdir(copy)
        monkeypatch.setenv("DVC_ROOT", str(workspace))
        location = locate()
        assert location.uri == f"sqlite:///{workspace}/mlflow.db"
        assert location.artifact_root == (workspace / "mlartifacts").as_uri()
        assert location.spool == workspace / "mlspool"

    def test_the_environment_overrides_the_parameter(self, workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        assert locate("http://parameter").uri == "http://parameter"
        monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://environment")
        assert locate("http://parameter").uri == "http://environment"

    def test_a_relative_database_lies_in_the_root(self, workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (workspace / "stages").mkdir()
        monkeypatch.chdir("stages")
        assert locate("sqlite:///runs/own.db").uri == f"sqlite:///{workspace}/runs/own.db"

    def test_what_is_no_address_is_refused_without_its_password(self, workspace: Path) -> None:
        with pytest.raises(TrackingError, match=r"MLFLOW_TRACKING_URI, or else track\.uri, is no address") as told:
            locate("http://me:secret@[mlflow")
        assert "secret" not in str(told.value)

    @pytest.mark.parametrize("uri", ["mlruns", "/srv/mlruns", "file:///srv/mlruns"])
    def test_a_plain_directory_is_refused(self, workspace: Path, uri: str) -> None:
        with pytest.raises(TrackingError, match="no runs in plain directories"):
            locate(uri)


class TestLocation:
    def test_models_lie_beside_the_database(self) -> None:
        beside = Location(uri="sqlite:////srv/team/runs.db", root=Path("/home/me/inkmath"))
        assert beside.artifact_root == "file:///srv/team/mlartifacts"

    def test_models_of_a_remote_database_lie_in_the_repository(self) -> None:
        remote = Location(uri="postgresql+psycopg2://me:secret@db/runs", root=Path("/home/me/inkmath"))
        assert remote.artifact_root == "file:///home/me/inkmath/mlartifacts"

    def test_a_server_decides_itself_where_models_lie(self) -> None:
        assert Location(uri="https://mlflow.example", root=Path("/home/me")).artifact_root is None

    def test_no_password_is_shown(self) -> None:
        location = Location(uri="https://me:secret@mlflow.example", root=Path())
        assert location.shown == "https://me:***@mlflow.example"
        assert (
            location.masked(f"API request to {location.uri}/api failed")
            == f"API request to {location.shown}/api failed"
        )

    def test_no_password_in_the_query_is_shown(self) -> None:
        location = Location(uri="postgresql://host/runs?user=me&password=secret&sslmode=require", root=Path())
        assert location.shown == "postgresql://host/runs?user=me&password=***&sslmode=require"
        assert Location(uri="sqlite:////tmp/a.db?password=", root=Path()).shown == "sqlite:////tmp/a.db?password="

    def test_a_lock_is_held_by_one_at_a_time(self, location: Location) -> None:
        with location.lock():
            held = subprocess.run(
                ["flock", "--nonblock", f"{location.database}.lock", "true"], check=False, capture_output=True
            )
        assert held.returncode == 1


class TestCheckpointFile:
    def test_it_lies_in_the_repository(self, workspace: Path) -> None:
        assert checkpoint_file("symbol", "1a2b", None) == Path("checkpoints/symbol.npz")

    def test_that_of_an_experiment_in_a_copy_outlives_the_copy(
        self, workspace: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        copy = workspace / ".dvc/tmp/exps/temp"
        copy.mkdir(parents=True)
        monkeypatch.chdir(copy)
        monkeypatch.setenv("DVC_ROOT", str(workspace))
        file = checkpoint_file("symbol", "1a2b", None)
        assert file == workspace / "checkpoints/symbol-1a2b.npz"
        sweeps = [checkpoint_file("symbol", "1a2b", sweep) for sweep in ("one", "two", "a name of " * 20)]
        assert len({file, *sweeps}) == 4, "each sweep trains its points itself"

        file.parent.mkdir()
        for kept in (file, *sweeps):
            kept.touch()
        monkeypatch.chdir(workspace)
        assert checkpoint_file("symbol", "1a2b", None).resolve() == file, "applied, it goes on"
        assert checkpoint_file("symbol", "1a2b", "two").resolve() == sweeps[1]
        assert checkpoint_file("symbol", "1a2b", "three") == Path("checkpoints/symbol.npz")
        assert checkpoint_file("symbol", "3c4d", None) == Path("checkpoints/symbol.npz")


class TestConnect:
    def test_models_have_an_absolute_place(self, location: Location) -> None:
        client, experiment_id = connect(location, "inkmath-symbol")
        assert client.get_experiment(experiment_id).artifact_location == location.artifact_root
        assert connect(location, "inkmath-symbol")[1] == experiment_id

    def test_a_database_may_be_given_with_options(self, workspace: Path) -> None:
        location = locate("sqlite:///own.db?timeout=60")
        assert connect(location, "inkmath-symbol")[1] == connect(location, "inkmath-symbol")[1]
        assert location.database == workspace / "own.db"
        assert location.database.is_file()

    def test_a_deleted_experiment_is_named_with_the_way_back(self, location: Location) -> None:
        client, experiment_id = connect(location, "inkmath-symbol")
        client.delete_experiment(experiment_id)
        with pytest.raises(TrackingError, match=f"mlflow experiments restore -x {experiment_id}"):
            connect(location, "inkmath-symbol")

    def test_a_file_that_is_no_database_is_said(self, workspace: Path) -> None:
        Path("mlflow.db").write_text("a text")
        with pytest.raises(TrackingError, match=r"mlflow\.db cannot be used"):
            connect(locate(), "inkmath-symbol")

    @pytest.fixture
    def asked(self, monkeypatch: pytest.MonkeyPatch) -> list[float]:
        """How long each question to a server waits for an answer, in seconds; who asks once is done at once."""
        waits: list[float] = []
        send = requests.Session.request

        def note(*given: Any, **how: Any) -> requests.Response:
            waits.append(how["timeout"])
            return send(*given, **how)

        monkeypatch.setattr(requests.Session, "request", note)
        return waits

    def test_a_dead_server_is_said_at_once(self, workspace: Path, asked: list[float]) -> None:
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))  # held, so that nobody else comes to listen there
            address = f"http://127.0.0.1:{unused.getsockname()[1]}"
            with pytest.raises(TrackingError, match=f"no MLflow server answers at {address}"):
                connect(locate(address), "inkmath-symbol")
        assert len(asked) == 1

    def test_a_server_that_takes_calls_and_says_nothing_is_dead_too(self, workspace: Path, asked: list[float]) -> None:
        with (
            socket.create_server(("127.0.0.1", 0)) as silent,
            pytest.raises(TrackingError, match="no MLflow server answers"),
        ):
            connect(locate(f"http://127.0.0.1:{silent.getsockname()[1]}"), "inkmath-symbol")
        assert len(asked) == 1
        assert asked[0] <= 5

    @pytest.mark.slow
    def test_processes_that_start_together_on_no_database_do_not_collide(self, workspace: Path) -> None:
        script = "from inkmath.tracking.location import connect, locate; print(connect(locate(), 'inkmath-symbol')[1])"
        together = [
            subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            for _ in range(4)
        ]
        outputs = [process.communicate(timeout=900) for process in together]
        assert [process.returncode for process in together] == [0] * 4, outputs
        assert len({out for out, _ in outputs}) == 1, "all of them work in the same experiment"


def test_nothing_of_its_use_is_reported_to_the_makers_of_mlflow() -> None:
    ask = "import inkmath.tracking, mlflow; print(mlflow.telemetry.get_telemetry_client())"
    # Without the variables by which MLflow knows a test, where it would report nothing by itself.
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, env=environment, check=True)
    assert done.stdout == "None\n"
