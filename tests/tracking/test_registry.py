"""The champion is the best that was ever registered, whoever comes when."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from inkmath.dataset.arrays import write_arrays
from inkmath.features.expression import FormulaSet
from inkmath.features.symbol_set import SymbolSet
from inkmath.synthesis import synthesize
from inkmath.tracking import ModelFiles, Run, training_run
from inkmath.tracking.registry import CHAMPION, challenge
from stages import encode, encode_expression, train, train_expression

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion

    from inkmath.params import Params
    from inkmath.tracking.location import Location

NAME = "inkmath-symbol"


@pytest.fixture
def registry(client: MlflowClient) -> MlflowClient:
    client.create_registered_model(NAME)
    return client


def register(registry: MlflowClient, value: float, **changes: str) -> ModelVersion:
    tags = {"metric": "valid_accuracy", "value": str(value), "validation_data": "ink"} | changes
    return registry.create_model_version(NAME, source="file:///model", tags=tags)


def champion(registry: MlflowClient) -> str:
    return str(registry.get_model_version_by_alias(NAME, CHAMPION).version)


def enter(registry: MlflowClient, *values: float, **changes: str) -> list[str]:
    """Register models with these figures one after the other; what is said of each."""
    return [challenge(registry, register(registry, value, **changes)) for value in values]


def test_the_first_is_champion(registry: MlflowClient) -> None:
    assert enter(registry, 0.1) == [f"{NAME} version 1 is the first champion (valid_accuracy 0.1)"]
    assert champion(registry) == "1"


def test_only_a_better_one_follows(registry: MlflowClient) -> None:
    said = enter(registry, 0.5, 0.4, 0.6)
    assert "is no better than champion version 1 (0.5)" in said[1]
    assert "version 3 is the new champion (valid_accuracy 0.6, before 0.5)" in said[2]
    assert champion(registry) == "3"


def test_a_champion_that_comes_again_stays_it(registry: MlflowClient) -> None:
    version = register(registry, 0.5)
    challenge(registry, version)
    assert challenge(registry, version) == f"{NAME} version 1 is the champion (valid_accuracy 0.5)"


def test_an_equal_one_does_not_follow(registry: MlflowClient) -> None:
    enter(registry, 0.5, 0.5)
    assert champion(registry) == "1"


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_no_number_is_no_champion(registry: MlflowClient, value: float) -> None:
    assert "can be no champion" in enter(registry, value)[0]
    enter(registry, 0.1, value)
    assert champion(registry) == "2"


@pytest.mark.parametrize("change", [{"validation_data": "other ink"}, {"metric": "valid_top3"}])
def test_figures_measured_otherwise_are_not_compared(registry: MlflowClient, change: dict[str, str]) -> None:
    enter(registry, 0.5)
    (said,) = enter(registry, 0.9, **change)
    assert f"python -m inkmath.tracking champion {NAME} 2" in said
    assert champion(registry) == "1"


def test_a_training_that_is_to_go_on_makes_no_champion(registry: MlflowClient) -> None:
    (said,) = enter(registry, 0.9, finished="false")
    assert "was stopped before its end and is to go on, so it moves no alias" in said
    assert f"python -m inkmath.tracking champion {NAME} 1" in said
    assert registry.get_registered_model(NAME).aliases == {}
    enter(registry, 0.5)
    enter(registry, 0.9, finished="false")
    assert champion(registry) == "2"


def test_a_champion_put_there_by_hand_is_respected(registry: MlflowClient) -> None:
    enter(registry, 0.7, 0.8)
    registry.set_registered_model_alias(NAME, CHAMPION, "1")
    enter(registry, 0.75)
    assert champion(registry) == "3"


def test_those_who_come_together_leave_the_best(registry: MlflowClient, location: Location) -> None:
    def compete(value: float) -> None:
        version = register(registry, value)
        with location.lock():
            challenge(registry, version)

    values = [0.3, 0.9, 0.1, 0.8, 0.5, 0.7]
    with ThreadPoolExecutor(6) as together:
        list(together.map(compete, values))
    assert registry.get_model_version_by_alias(NAME, CHAMPION).tags["value"] == "0.9"


class TestInterruptedDelivery:
    def log(self, params: Params, files: ModelFiles) -> str:
        with training_run("symbol", params, architecture="lstm", data={}) as run:
            run.log_model(files, metric="valid_accuracy", value=0.5, validation_data="ink")
            model = run.delivery.journal._records[-1]
            assert model["op"] == "model"
            # The acknowledgement was lost: the whole record is delivered again.
            run.delivery.record(**model)
        return run.id

    def test_a_version_knows_the_table_that_said_who_trains(
        self, client: MlflowClient, params: Params, model_files: ModelFiles
    ) -> None:
        Path("dvc.lock").write_text("stages: {parse: {outs: [{path: data/interim/ink.parquet, md5: 1a2b}]}}")
        self.log(params, model_files)
        assert client.get_model_version_by_alias(NAME, CHAMPION).tags["ink"] == "1a2b"

    def test_a_model_delivered_twice_is_there_once(
        self, client: MlflowClient, params: Params, model_files: ModelFiles
    ) -> None:
        run_id = self.log(params, model_files)
        outputs = client.get_run(run_id).outputs
        assert outputs is not None and len(outputs.model_outputs) == 1
        assert len(client.search_model_versions(f"name = '{NAME}'")) == 1

    def test_a_record_of_an_earlier_version_is_of_a_finished_training(
        self, client: MlflowClient, params: Params, model_files: ModelFiles
    ) -> None:
        with training_run("symbol", params, architecture="lstm", data={}) as run:
            model_files.pack(run.delivery.journal.folder, "symbol")
            known = {"task": "symbol", "requirements": model_files.pinned(), "registered_as": NAME}
            judged = {"metric": "valid_accuracy", "value": 0.5, "validation_data": "synthetic here 1a2b"}
            run.delivery.record("model", **known, **judged)
        assert client.get_model_version_by_alias(NAME, CHAMPION).run_id == run.id

    def test_what_an_interrupted_upload_left_is_replaced(
        self, client: MlflowClient, params: Params, model_files: ModelFiles
    ) -> None:
        with training_run("symbol", params, architecture="lstm", data={}) as run:
            experiment = client.get_run(run.id).info.experiment_id
            torn = client.create_logged_model(experiment, name="symbol", source_run_id=run.id)
            run.log_model(model_files, metric="valid_accuracy", value=0.5, validation_data="ink")
        (left,) = client.search_logged_models([experiment])
        assert left.model_id != torn.model_id
        assert left.status == "READY"
        assert Path(f"mlartifacts/models/{left.model_id}").is_dir()


@pytest.mark.slow
class TestStages:
    """What the trainings say of their models, on made-up ink; nothing is trained."""

    @pytest.fixture
    def told(self, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
        told: list[dict[str, Any]] = []
        monkeypatch.setattr(Run, "log_model", lambda _run, _files, **of_it: told.append(of_it))
        monkeypatch.setattr(Run, "log_file", lambda *_: None)
        return told

    def change(self, params: Params, block: str, **values: object) -> Params:
        return params.model_copy(update={block: getattr(params, block).model_copy(update=values)})

    def test_symbols(
        self, client: MlflowClient, params: Params, told: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from inkmath.evaluation import symbol_pictures
        from inkmath.training import symbols

        def train_at_once(*given: Any, **_more: Any) -> SimpleNamespace:
            return SimpleNamespace(finished=not given[3].max_minutes, history={}, best_epoch=0)

        monkeypatch.setattr(symbols, "train_symbols", train_at_once)
        monkeypatch.setattr(symbols, "write_model", lambda *_: ())
        monkeypatch.setattr(symbols, "write_results", lambda *_: {"valid_accuracy": 0.5})
        monkeypatch.setattr(symbol_pictures, "save", lambda *_: None)
        monkeypatch.setattr(symbol_pictures, "learning_curves", lambda *_: None)
        inks = [(ink, "train" if number < 20 else "valid") for number, ink in enumerate(synthesize(30, 6))]
        SymbolSet.from_inks(inks, params.normalize).save(train.SYMBOLS)
        encode.main(params)
        train.main(params)
        train.main(self.change(params, "train", units=9))
        encode.main(self.change(params, "encode", min_count=8))  # rare labels leave validation
        train.main(self.change(params, "train", max_minutes=1e-9))
        one, two, three = told
        assert one["validation_data"] == two["validation_data"] != three["validation_data"]
        assert [of_it["finished"] for of_it in told] == [True, True, False]

    def test_formulas(
        self, client: MlflowClient, params: Params, told: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from inkmath.training import expression_run

        def train_at_once(*given: Any, **_more: Any) -> SimpleNamespace:
            return SimpleNamespace(finished=not given[2].max_minutes)

        monkeypatch.setattr(expression_run, "train_expression", train_at_once)
        monkeypatch.setattr(expression_run, "write_model", lambda *_: ((), None))
        monkeypatch.setattr(expression_run, "write_results", lambda *_: {"valid_exprate": 0.5})
        made = FormulaSet.from_inks(synthesize(10, 6, max_symbols=8), ["train"] * 6 + ["valid"] * 4, points=8)
        write_arrays(train_expression.FORMULAS, made.arrays())
        encode_expression.main(params)
        train_expression.main(params)
        train_expression.main(self.change(params, "train_expression", width=12))
        write_arrays(train_expression.FORMULAS, made.select(range(9)).arrays())
        train_expression.main(self.change(params, "train_expression", max_minutes=1.0))
        one, two, three = told
        assert one["validation_data"] == two["validation_data"] != three["validation_data"]
        assert [of_it["finished"] for of_it in told] == [True, True, False]
