"""A server that goes away costs nothing: work goes on, and what was logged is sent when it is back."""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests

from inkmath.tracking import ModelFiles, TrackingError, delivery, resume_run, training_run
from inkmath.tracking.__main__ import main
from inkmath.tracking.delivery import Delivery
from inkmath.tracking.journal import Journal
from inkmath.tracking.location import Location

if TYPE_CHECKING:
    from mlflow import MlflowClient

    from inkmath.params import Params


class Outage:
    """Cuts the way to the server, and opens it again."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.down = False
        self.attempts = 0
        monkeypatch.setattr(Location, "answers", lambda _location, _seconds=3.0: not self.down)
        for op, send in list(delivery._SENDERS.items()):
            monkeypatch.setitem(delivery._SENDERS, op, self._cut(send))

    def _cut(self, send: Any) -> Any:
        def attempt(*arguments: Any) -> None:
            self.attempts += 1
            if self.down:
                raise ConnectionError("connection refused")
            send(*arguments)

        return attempt


@pytest.fixture
def outage(monkeypatch: pytest.MonkeyPatch) -> Outage:
    return Outage(monkeypatch)


def train(params: Params) -> Any:
    return training_run("symbol", params, architecture="lstm", data={"train": Path("train.npz")})


def steps(client: MlflowClient, run_id: str) -> list[int]:
    return [point.step for point in client.get_metric_history(run_id, "loss")]


def test_epochs_logged_during_an_outage_arrive_after_it(
    client: MlflowClient,
    params: Params,
    outage: Outage,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(delivery, "_RETRY_SECONDS", 0.0)
    with train(params) as run:
        run.log_epoch(0, {"loss": 3.0})
        outage.down = True
        run.log_epoch(1, {"loss": 2.0})
        run.log_epoch(2, {"loss": 1.0})
        assert steps(client, run.id) == [0]
        outage.down = False
        run.log_epoch(3, {"loss": 0.0})
        assert steps(client, run.id) == [0, 1, 2, 3]
    said = capsys.readouterr().err
    assert said.count("takes no records (connection refused); work goes on") == 1
    assert said.count("has taken 3 records that waited") == 1


def test_a_dead_server_is_not_asked_at_every_epoch(client: MlflowClient, params: Params, outage: Outage) -> None:
    with train(params) as run:
        outage.down = True
        before = outage.attempts
        for epoch in range(50):
            run.log_epoch(epoch, {"loss": 1.0})
        assert outage.attempts - before == 1
        outage.down = False
    assert steps(client, run.id) == list(range(50)), "at the end it is asked once more, however soon"


class TestTheServerStaysAway:
    def test_the_next_training_sends_everything(
        self,
        client: MlflowClient,
        params: Params,
        outage: Outage,
        model_files: ModelFiles,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        with train(params) as lost:
            outage.down = True
            lost.log_epoch(0, {"loss": 1.0})
            lost.log_model(model_files, metric="valid_accuracy", value=0.5, validation_data="ink")
        assert f"records of run {lost.id}, kept in" in capsys.readouterr().err
        assert client.get_run(lost.id).info.status == "RUNNING"
        Path("labels.txt").unlink()  # the model is sent as it was
        outage.down = False
        with train(params):
            pass
        assert client.get_run(lost.id).info.status == "FINISHED"
        assert steps(client, lost.id) == [0]
        assert client.get_model_version_by_alias("inkmath-symbol", "champion").run_id == lost.id

    def test_the_command_that_is_named_sends_it(
        self, client: MlflowClient, params: Params, outage: Outage, capsys: pytest.CaptureFixture[str]
    ) -> None:
        with train(params) as lost:
            outage.down = True
            lost.log_epoch(0, {"loss": 1.0})
        assert "`python -m inkmath.tracking send`" in capsys.readouterr().err
        assert main(["send"]) == 1
        assert "1 left by earlier runs, 0 sent, 1 still waiting" in capsys.readouterr().out
        outage.down = False
        assert main(["send"]) == 0
        assert "1 left by earlier runs, 1 sent, 0 still waiting" in capsys.readouterr().out
        assert client.get_run(lost.id).info.status == "FINISHED"

    def test_an_evaluation_goes_on_and_its_figures_wait(
        self, client: MlflowClient, params: Params, outage: Outage
    ) -> None:
        with train(params) as trained:
            trained.write_id("run.json")
        outage.down = True
        with resume_run("run.json", params, data={}) as run:
            run.log_metrics({"test_top1": 0.5})
        assert "test_top1" not in client.get_run(trained.id).data.metrics
        outage.down = False
        assert main(["send"]) == 0
        assert client.get_run(trained.id).data.metrics["test_top1"] == 0.5
        assert client.get_run(trained.id).data.tags["evaluation"] == "finished"

    def test_files_of_the_evaluation_wait_beside_those_of_the_training(
        self, client: MlflowClient, params: Params, outage: Outage
    ) -> None:
        """They may even bear one name."""
        names = ("train/figure.png", "test/figure.png")
        for name in names:
            Path(name).parent.mkdir()
            Path(name).write_text(name)
        with train(params) as trained:
            trained.write_id("run.json")
            outage.down = True
            trained.log_file(names[0], folder="train")
        with resume_run("run.json", params, data={}) as run:
            run.log_file(names[1], folder="test")
        outage.down = False
        assert main(["send"]) == 0
        for name in names:
            assert Path(client.download_artifacts(trained.id, name)).read_text() == name

    def test_a_training_does_not_begin(self, workspace: Path, params: Params, outage: Outage) -> None:
        outage.down = True
        with pytest.raises(TrackingError, match="nothing was begun"), train(params):
            pass


@pytest.mark.parametrize(
    ("by", "status", "outcome"), [("training", "KILLED", None), ("evaluation", "RUNNING", "killed")]
)
def test_what_was_killed_outright_is_marked_as_of_its_last_record(
    client: MlflowClient, location: Location, by: str, status: str, outcome: str | None
) -> None:
    run_id = client.create_run("0").info.run_id
    victim = Journal.open(location.spool, run_id, uri=location.uri, by=by)
    os.utime(victim.folder / "journal.jsonl", (2e9, 2e9))
    victim._lock.release()  # as the system does
    assert delivery.settle(location.spool) == (1, 0)
    found = client.get_run(run_id)
    assert (found.info.status, found.data.tags.get("evaluation")) == (status, outcome)
    assert found.info.end_time == (2e12 if by == "training" else None)


def test_a_record_that_is_refused_is_listed_and_the_rest_goes_on(
    client: MlflowClient, params: Params, capsys: pytest.CaptureFixture[str]
) -> None:
    with train(params) as run:
        run.log_metrics({"a metric with a \n line break": 1.0})
        run.log_metrics({"loss": 1.0})
    assert client.get_run(run.id).data.metrics == {"loss": 1.0}
    assert "MLflow refused a record: metrics:" in capsys.readouterr().err


def test_what_mlflow_says_of_a_dead_server_tells_no_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        dead = Location(uri=f"http://me:secret@127.0.0.1:{unused.getsockname()[1]}", root=tmp_path)
    lost = Delivery(Journal.open(dead.spool, "0" * 32, uri=dead.uri, by="training"), dead)
    lost.record("metrics", values={"loss": 1.0}, step=0, time=0)
    lost.close()
    said = capsys.readouterr().err
    assert f"takes no records (API request to {dead.shown}" in said
    assert "secret" not in said


def answered(status: int, of: str) -> Exception:
    """How MLflow's client tells that a server has answered so: to a request, or to the upload of an artifact."""
    from mlflow.exceptions import MlflowException, get_error_code

    if of == "request":
        return MlflowException("refused", error_code=get_error_code(status))  # type: ignore[no-untyped-call]
    response = requests.Response()
    response.status_code = status
    return requests.HTTPError("refused", response=response)


def refuse(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    """Let the server refuse files, and nothing else."""

    def send(*_arguments: Any) -> None:
        raise error

    monkeypatch.setitem(delivery._SENDERS, "file", send)


@pytest.mark.parametrize("of", ["request", "artifact"])
@pytest.mark.parametrize("status", [401, 403, 429, 503])
def test_what_may_be_taken_later_waits(
    client: MlflowClient, params: Params, monkeypatch: pytest.MonkeyPatch, status: int, of: str
) -> None:
    with monkeypatch.context() as patch:
        refuse(patch, answered(status, of))
        with train(params) as run:
            run.log_file("train.npz")
            run.log_metrics({"loss": 1.0})
        assert client.get_run(run.id).info.status == "RUNNING"
    assert main(["send"]) == 0
    assert client.get_run(run.id).info.status == "FINISHED"
    assert client.get_run(run.id).data.metrics == {"loss": 1.0}
    assert [file.path for file in client.list_artifacts(run.id)] == ["train.npz"]


@pytest.mark.parametrize("of", ["request", "artifact"])
@pytest.mark.parametrize("status", [400, 404])
def test_what_is_never_taken_holds_nothing_up(
    client: MlflowClient,
    params: Params,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    status: int,
    of: str,
) -> None:
    refuse(monkeypatch, answered(status, of))
    with train(params) as run:
        run.log_file("train.npz")
        run.log_metrics({"loss": 1.0})
    assert client.get_run(run.id).info.status == "FINISHED"
    assert client.get_run(run.id).data.metrics == {"loss": 1.0}
    assert "MLflow refused a record: file: refused" in capsys.readouterr().err


@pytest.mark.slow
def test_a_real_server_may_die_in_the_middle(
    mlflow_server: Any, params: Params, model_files: ModelFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    import mlflow

    server = mlflow_server("sqlite:///server.db")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", server.url)
    with train(params) as run:
        run.log_epoch(0, {"loss": 2.0})
        server.stop()
        began = time.monotonic()
        run.log_epoch(1, {"loss": 1.0})
        assert time.monotonic() - began < 60, "MLflow by itself asks again for minutes"
        run.log_model(model_files, metric="valid_accuracy", value=0.5, validation_data="ink")
    server.start()
    assert main(["send"]) == 0
    client = mlflow.MlflowClient(server.url)
    assert client.get_run(run.id).info.status == "FINISHED"
    assert steps(client, run.id) == [0, 1]
    version = client.get_model_version_by_alias("inkmath-symbol", "champion")
    assert version.run_id == run.id
    mlflow.set_tracking_uri(server.url)
    assert mlflow.pyfunc.load_model("models:/inkmath-symbol@champion").metadata.signature is not None
    assert not (Path("mlspool") / run.id).exists()
