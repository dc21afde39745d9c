"""One run for each training, resumed by its evaluation, and true about how it ended."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from mlflow.exceptions import MlflowException

from inkmath.tracking import ModelFiles, Run, TrackingError, resume_run, training_run
from inkmath.tracking.location import Location

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from mlflow import MlflowClient

    from inkmath.params import Params

DATA = {"train": Path("train.npz")}


def train(params: Params, architecture: str = "lstm") -> AbstractContextManager[Run]:
    return training_run("symbol", params, architecture=architecture, data=DATA)


def refuse(*_: object, **__: object) -> None:
    raise MlflowException("attempt to write a readonly database")


def recorded(client: MlflowClient) -> int:
    """How many runs of the symbol task there are."""
    experiment = client.get_experiment_by_name("inkmath-symbol")
    assert experiment is not None
    return len(client.search_runs([experiment.experiment_id]))


def test_a_training_is_one_run_with_all_there_is_to_know(client: MlflowClient, params: Params) -> None:
    with train(params) as run:
        for epoch, loss in enumerate([2.0, 1.0]):
            run.log_epoch(epoch, {"loss": loss})
        run.log_metrics({"valid_accuracy": 0.75})
    logged = client.get_run(run.id)
    assert logged.info.status == "FINISHED"
    assert logged.data.params["train.learning_rate"] == str(params.train.learning_rate)
    assert logged.data.params["train.augment.enabled"] == str(params.train.augment.enabled).lower()
    assert [(point.step, point.value) for point in client.get_metric_history(run.id, "loss")] == [(0, 2.0), (1, 1.0)]
    assert logged.data.metrics["valid_accuracy"] == 0.75
    assert logged.data.tags["architecture"] == "lstm"
    assert logged.inputs is not None
    (data,) = logged.inputs.dataset_inputs
    assert data.dataset.digest == hashlib.md5(b"arrays").hexdigest()
    assert {tag.key: tag.value for tag in data.tags} == {"mlflow.data.context": "train", "md5_from": "file"}


def test_no_password_is_logged(client: MlflowClient, params: Params, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Location, "shown", "http://me:***@host")
    with train(params) as run:
        pass
    assert client.get_run(run.id).data.params["track.uri"] == "http://me:***@host"


def test_the_figure_of_the_kept_weights_is_the_one_that_is_shown(client: MlflowClient, params: Params) -> None:
    with train(params) as run:
        for epoch, accuracy in enumerate([0.5, 0.9, 0.8]):
            run.log_epoch(epoch, {"valid_accuracy": accuracy})
        time.sleep(0.002)  # MLflow tells points of one step apart by the millisecond
        run.log_metrics({"valid_accuracy": 0.9})
    assert client.get_run(run.id).data.metrics["valid_accuracy"] == 0.9


def test_files_are_logged_as_they_were_then(client: MlflowClient, params: Params) -> None:
    Path("notes.txt").write_text("early")
    with train(params) as run:
        run.log_file("notes.txt", folder="figures")
        Path("notes.txt").write_text("late")
    assert [file.path for file in client.list_artifacts(run.id, "figures")] == ["figures/notes.txt"]
    assert Path(client.download_artifacts(run.id, "figures/notes.txt")).read_text() == "early"


def begun_from(params: Params, weights: str) -> Params:
    return params.model_copy(update={"train": params.train.model_copy(update={"init_from": weights})})


def test_the_weights_begun_from_are_known_by_what_is_in_them(client: MlflowClient, params: Params) -> None:
    """Their name stays the same when the file does not."""
    Path("begun.npz").write_bytes(b"weights")
    with train(begun_from(params, "begun.npz")) as run:
        pass
    assert client.get_run(run.id).data.tags["init_from_md5"] == hashlib.md5(b"weights").hexdigest()
    with train(params) as run:
        pass
    assert "init_from_md5" not in client.get_run(run.id).data.tags


def test_weights_that_are_not_there_begin_no_run(client: MlflowClient, params: Params) -> None:
    with (
        pytest.raises(TrackingError, match=r"train\.init_from = gone\.npz: cannot be read \(No such file.*or null"),
        train(begun_from(params, "gone.npz")),
    ):
        pass
    assert recorded(client) == 0


def taught_by(params: Params, *teachers: str) -> Params:
    return params.model_copy(
        update={"train": params.train.model_copy(update={"teachers": teachers, "teachers_share": 0.5})}
    )


def test_teachers_are_known_by_their_networks(client: MlflowClient, params: Params) -> None:
    files = [f"{folder}/symbol.{kind}" for folder in ("one", "two") for kind in ("onnx", "json")]
    for file in files:
        Path(file).parent.mkdir(exist_ok=True)
        Path(file).write_bytes(file.encode())
    with train(taught_by(params, "one", "two")) as run:
        pass
    digests = [hashlib.md5(file.encode()).hexdigest() for file in files]
    assert client.get_run(run.id).data.tags["teachers_md5"] == ",".join(digests)


def test_teachers_that_are_not_there_begin_no_run(client: MlflowClient, params: Params) -> None:
    with (
        pytest.raises(TrackingError, match=r"train\.teachers: gone/symbol\.onnx cannot be read \(No such.*or \[\]"),
        train(taught_by(params, "gone")),
    ):
        pass
    assert recorded(client) == 0


def test_nothing_stays_behind_when_the_server_has_all(client: MlflowClient, params: Params) -> None:
    with train(params):
        pass
    assert [path.name for path in Path("mlspool").iterdir()] == [".lock"]


def test_the_run_cache_is_announced(client: MlflowClient, params: Params, capsys: pytest.CaptureFixture[str]) -> None:
    with train(params):
        pass
    said = capsys.readouterr().err
    assert "the same parameters again are answered from DVC's run cache, without a new run here" in said
    assert "`dvc repro -f -s train`" in said


class TestHowItEnds:
    def test_an_exception_is_a_failure(self, client: MlflowClient, params: Params) -> None:
        with pytest.raises(ZeroDivisionError), train(params) as run:
            _ = 1 / 0
        assert client.get_run(run.id).info.status == "FAILED"

    def test_an_interrupt_is_a_kill(self, client: MlflowClient, params: Params) -> None:
        with pytest.raises(KeyboardInterrupt), train(params) as run:
            raise KeyboardInterrupt
        assert client.get_run(run.id).info.status == "KILLED"

    def test_sigterm_is_a_kill_and_exits_as_usual(self, client: MlflowClient, params: Params) -> None:
        with pytest.raises(SystemExit) as ended, train(params) as run:
            os.kill(os.getpid(), signal.SIGTERM)
        assert ended.value.code == 143
        assert client.get_run(run.id).info.status == "KILLED"
        assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL

    def test_missing_data_begins_no_run(self, client: MlflowClient, params: Params) -> None:
        with (
            pytest.raises(TrackingError, match=r"nothing\.npz: no such data"),
            training_run("symbol", params, architecture="lstm", data={"train": Path("nothing.npz")}),
        ):
            pass
        assert recorded(client) == 0

    @pytest.mark.slow
    def test_the_next_training_marks_a_killed_one(self, client: MlflowClient, params: Params) -> None:
        Path("victim.py").write_text(
            "import time; from pathlib import Path; from inkmath.params import load_params\n"
            "from inkmath.tracking import training_run\n"
            f"params = load_params({str(Path(__file__).parents[2] / 'params.yaml')!r})\n"
            "with training_run('symbol', params, architecture='lstm', data={'train': Path('train.npz')}) as run:\n"
            "    run.log_epoch(0, {'loss': 2.0})\n"
            "    Path('id').write_text(run.id)\n"
            "    time.sleep(600)\n"
        )
        with subprocess.Popen([sys.executable, "victim.py"]) as victim:
            while not Path("id").exists() or not Path("id").read_text():
                assert victim.poll() is None
                time.sleep(0.1)
            victim.kill()
        killed = Path("id").read_text()
        assert client.get_run(killed).info.status == "RUNNING", "nobody was there to say otherwise"
        with train(params) as run:
            assert client.get_run(killed).info.status == "KILLED"
        assert client.get_run(run.id).info.status == "FINISHED"
        assert client.get_run(killed).data.metrics == {"loss": 2.0}


class TestResume:
    def trained(self, params: Params) -> str:
        with train(params) as run:
            run.write_id("models/run.json")
        return run.id

    def test_the_evaluation_adds_to_the_run_of_the_training(self, client: MlflowClient, params: Params) -> None:
        trained = self.trained(params)
        with resume_run("models/run.json", params, data={"test": Path("train.npz")}) as run:
            run.log_metrics({"test_top1": 0.5})
        logged = client.get_run(trained)
        assert run.id == trained
        assert logged.info.status == "FINISHED"
        assert logged.data.metrics["test_top1"] == 0.5
        assert logged.data.tags["evaluation"] == "finished"
        assert logged.inputs is not None
        contexts = [tag.value for data in logged.inputs.dataset_inputs for tag in data.tags if "context" in tag.key]
        assert sorted(contexts) == ["test", "train"]

    @pytest.mark.parametrize(("error", "outcome"), [(ZeroDivisionError, "failed"), (KeyboardInterrupt, "killed")])
    def test_an_evaluation_that_ends_early_leaves_the_training_finished(
        self, client: MlflowClient, params: Params, error: type[BaseException], outcome: str
    ) -> None:
        trained = self.trained(params)
        with pytest.raises(error), resume_run("models/run.json", params, data={}):
            raise error
        assert client.get_run(trained).info.status == "FINISHED"
        assert client.get_run(trained).data.tags["evaluation"] == outcome

    def test_a_model_from_elsewhere_gets_a_run_that_names_its_own(self, client: MlflowClient, params: Params) -> None:
        about = {"run_id": "0" * 32, "task": "symbol", "architecture": "conv"}
        Path("run.json").write_text(json.dumps(about))
        with resume_run("run.json", params, data={}) as run:
            run.log_metrics({"test_top1": 0.5})
        logged = client.get_run(run.id)
        assert logged.data.tags["evaluation_of"] == "0" * 32
        assert logged.data.tags["architecture"] == "conv"
        assert logged.info.status == "FINISHED"

    def test_the_evaluation_of_a_run_that_was_deleted_gets_one_of_its_own(
        self, client: MlflowClient, params: Params
    ) -> None:
        trained = self.trained(params)
        client.delete_run(trained)
        with resume_run("models/run.json", params, data={}) as run:
            pass
        assert run.id != trained
        assert client.get_run(run.id).data.tags["evaluation_of"] == trained

    def test_a_run_that_mlflow_does_not_begin_is_no_traceback(
        self, client: MlflowClient, params: Params, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        trained = self.trained(params)
        client.delete_run(trained)
        monkeypatch.setattr("mlflow.MlflowClient.create_run", refuse)
        for begun in (resume_run("models/run.json", params, data={}), train(params)):
            with pytest.raises(TrackingError, match="does not start a run: attempt to write a readonly"), begun:
                pass

    @pytest.mark.parametrize(("text", "problem"), [(None, "no such file"), ("{", "does not name"), ("[]", "does not")])
    def test_an_unusable_file_names_the_remedy(
        self, workspace: Path, params: Params, text: str | None, problem: str
    ) -> None:
        if text is not None:
            Path("run.json").write_text(text)
        with (
            pytest.raises(TrackingError, match=rf"run\.json: {problem}.*run the training stage"),
            resume_run("run.json", params, data={}),
        ):
            pass


class TestModel:
    def test_the_model_belongs_to_the_run_and_is_registered(
        self, client: MlflowClient, params: Params, model_files: ModelFiles
    ) -> None:
        with train(params) as run:
            run.log_model(model_files, metric="valid_accuracy", value=0.75, validation_data="ink")
        version = client.get_model_version_by_alias("inkmath-symbol", "champion")
        assert version.run_id == run.id
        assert version.tags["value"] == "0.75"
        outputs = client.get_run(run.id).outputs
        assert outputs is not None
        (model,) = outputs.model_outputs
        assert client.get_logged_model(model.model_id).status == "READY"

    def test_one_whose_training_is_to_go_on_is_registered_and_no_champion(
        self, client: MlflowClient, params: Params, model_files: ModelFiles
    ) -> None:
        with train(params) as run:
            judged: dict[str, Any] = {"metric": "valid_accuracy", "value": 0.75, "validation_data": "ink"}
            run.log_model(model_files, **judged, finished=False)
        (version,) = client.search_model_versions("name = 'inkmath-symbol'")
        assert (version.run_id, version.tags["finished"]) == (run.id, "false")
        assert client.get_registered_model("inkmath-symbol").aliases == {}

    def test_registering_can_be_left_off(self, client: MlflowClient, params: Params, model_files: ModelFiles) -> None:
        unregistered = params.track.model_copy(update={"register_model": False})
        with train(params.model_copy(update={"track": unregistered})) as run:
            run.log_model(model_files, metric="valid_accuracy", value=0.75, validation_data="ink")
        outputs = client.get_run(run.id).outputs
        assert outputs is not None and len(outputs.model_outputs) == 1
        assert client.search_registered_models() == []
