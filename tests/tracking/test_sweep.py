"""A sweep is a parent run that knows its best child, and can be looked at."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from inkmath.tracking import ModelFiles, training_run
from inkmath.tracking import sweep as sweep_module
from inkmath.tracking.__main__ import main
from inkmath.tracking.location import connect
from inkmath.tracking.sweep import PARENT, SAMPLES, note_best, parent_run, read_sweep

if TYPE_CHECKING:
    from mlflow import MlflowClient

    from inkmath.params import Params
    from inkmath.tracking.location import Location

EXPERIMENT = "inkmath-symbol"


def train(
    params: Params, units: int, rate: float, architecture: str, files: ModelFiles, validation_data: str = "inkml ink 0a"
) -> str:
    """One training of the sweep `widths`, better the wider the network is."""
    block = params.train.model_copy(update={"units": units, "learning_rate": rate, "architecture": architecture})
    track = params.track.model_copy(update={"sweep": "widths"})
    varied = params.model_copy(update={"train": block, "track": track})
    with training_run("symbol", varied, architecture=architecture, data={}) as run:
        for epoch in range(3):
            run.log_epoch(epoch, {"valid_accuracy": units / 100 + epoch / 10})
        run.log_model(files, metric="valid_accuracy", value=units / 100 + 0.2, validation_data=validation_data)
    return run.id


@pytest.fixture
def swept(client: MlflowClient, params: Params, model_files: ModelFiles) -> list[str]:
    """The ids of the runs of a sweep of three."""
    return [
        train(params, 16, 0.001, "lstm", model_files),
        train(params, 64, 0.01, "lstm", model_files),
        train(params, 32, 0.001, "conv", model_files),
    ]


def test_the_runs_of_a_sweep_are_children_of_one_run(client: MlflowClient, swept: list[str]) -> None:
    parents = {client.get_run(run_id).data.tags[PARENT] for run_id in swept}
    (parent_id,) = parents
    parent = client.get_run(parent_id)
    assert parent.info.run_name == "widths"
    assert parent.info.status == "FINISHED"


def test_the_parent_knows_the_best(client: MlflowClient, swept: list[str]) -> None:
    parent = client.get_run(client.get_run(swept[0]).data.tags[PARENT])
    assert parent.data.metrics["valid_accuracy"] == pytest.approx(0.84)
    assert parent.data.tags["best_run"] == swept[1]


def test_what_is_no_number_is_never_the_best(
    client: MlflowClient, location: Location, params: Params, model_files: ModelFiles
) -> None:
    run_id = train(params, 16, 0.001, "lstm", model_files)
    parent_id = client.get_run(run_id).data.tags[PARENT]
    note_best(client, location, run_id, "valid_exprate", float("nan"), "0a")
    note_best(client, location, run_id, "valid_exprate", 0.25, "0a")
    note_best(client, location, run_id, "valid_exprate", float("inf"), "0a")
    assert client.get_run(parent_id).data.metrics["valid_exprate"] == 0.25


def test_figures_on_other_samples_are_not_compared(
    client: MlflowClient, params: Params, model_files: ModelFiles, capsys: pytest.CaptureFixture[str]
) -> None:
    """Fewer classes, another seed or the place in the formula told: a higher figure, and nothing better."""
    first = train(params, 16, 0.001, "lstm", model_files)
    capsys.readouterr()
    train(params, 64, 0.001, "lstm", model_files, validation_data="inkml ink 0b")
    assert "sweep widths: valid_accuracy 0.84 is not compared with its best" in capsys.readouterr().err
    moved = train(params, 32, 0.001, "lstm", model_files, validation_data="inkml elsewhere/ink 0a")
    parent = client.get_run(client.get_run(first).data.tags[PARENT])
    assert parent.data.tags["best_run"] == moved
    assert parent.data.metrics["valid_accuracy"] == pytest.approx(0.52)
    assert main(["sweep", "widths", "--picture", "sweep.png"]) == 0
    printed = capsys.readouterr()
    assert [line.split()[-2] for line in printed.out.splitlines()] == [SAMPLES, "0a", "0b", "0a"]
    assert f"compare runs of the same {SAMPLES} only" in printed.err


def test_a_training_outside_a_sweep_has_no_parent(client: MlflowClient, params: Params) -> None:
    with training_run("symbol", params, architecture="lstm", data={}) as run:
        pass
    assert PARENT not in client.get_run(run.id).data.tags


def test_trainings_that_start_together_share_the_parent(location: Location) -> None:
    client, experiment_id = connect(location, EXPERIMENT)
    with ThreadPoolExecutor(6) as together:
        parents = list(together.map(lambda _: parent_run(client, location, experiment_id, "widths"), range(6)))
    assert len(set(parents)) == 1


def test_the_table_shows_what_was_varied(client: MlflowClient, swept: list[str]) -> None:
    sweep = read_sweep(client, EXPERIMENT, "widths", "valid_accuracy")
    assert list(sweep.varied) == ["train.architecture", "train.learning_rate", "train.units"]
    head, *lines = sweep.table().splitlines()
    assert head.split() == ["run", "status", *sweep.varied, "valid_accuracy"]
    assert [line.split()[1:] for line in lines] == [
        ["FINISHED", "lstm", "0.001", "16", "0.3600"],
        ["FINISHED", "lstm", "0.01", "64", "0.8400"],
        ["FINISHED", "conv", "0.001", "32", "0.5200"],
    ]
    assert sweep.curves[0] == [0.16, 0.26, 0.36]


def test_the_figure_of_the_kept_weights_is_no_point_of_the_curve(client: MlflowClient, params: Params) -> None:
    track = params.track.model_copy(update={"sweep": "one"})
    with training_run("symbol", params.model_copy(update={"track": track}), architecture="lstm", data={}) as run:
        for epoch, accuracy in enumerate([0.5, 0.9, 0.8]):
            run.log_epoch(epoch, {"valid_accuracy": accuracy})
        time.sleep(0.002)  # MLflow tells points of one step apart by the millisecond
        run.log_metrics({"valid_accuracy": 0.9})
    sweep = read_sweep(client, EXPERIMENT, "one", "valid_accuracy")
    assert (sweep.curves, sweep.values) == ([[0.5, 0.9, 0.8]], [0.9])


def test_a_sweep_is_drawn(client: MlflowClient, swept: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sweep", "widths", "--picture", "sweep.png"]) == 0
    assert Path("sweep.png").read_bytes().startswith(b"\x89PNG")
    Path("file").touch()
    assert main(["sweep", "widths", "--picture", "file/sweep.png"]) == 1
    assert capsys.readouterr().err.startswith("error: [Errno")


def test_a_sweep_that_two_machines_began_at_once_is_one(client: MlflowClient, swept: list[str]) -> None:
    """The lock that keeps its parent single is one machine's."""
    first = client.get_run(swept[0])
    other = client.create_run(first.info.experiment_id, tags={"sweep": "widths", "sweep_parent": "true"})
    client.set_tag(swept[0], PARENT, other.info.run_id)
    assert [run.info.run_id for run in read_sweep(client, EXPERIMENT, "widths", "valid_accuracy").runs] == swept


def test_commands_look_where_the_parameters_say(
    workspace: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "")
    params = workspace / "params.yaml"
    params.write_text(params.read_text().replace("uri: null", "uri: sqlite:///other.db"))
    assert main(["where"]) == 0
    assert capsys.readouterr().out == f"sqlite:///{workspace}/other.db\n"
    assert main(["--uri", "sqlite:///given.db", "where"]) == 0
    assert capsys.readouterr().out == f"sqlite:///{workspace}/given.db\n"
    params.write_text("base: [")
    assert main(["where"]) == 1
    assert "params.yaml" in capsys.readouterr().err


def test_a_password_is_shown_to_programs_only(
    workspace: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    address = "postgresql://me:secret@host/runs"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
    assert main(["where"]) == 0
    assert capsys.readouterr().out == "postgresql://me:***@host/runs\n"
    assert main(["where", "--password"]) == 0
    assert capsys.readouterr().out == f"{address}\n"


def test_an_unknown_sweep_is_said(client: MlflowClient, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sweep", "nothing"]) == 1
    assert "has no sweep nothing; train with -S track.sweep=nothing" in capsys.readouterr().err
    assert main(["sweep", "it's"]) == 1
    assert 'track.sweep = "it\'s": only letters' in capsys.readouterr().err


def test_an_unknown_figure_is_said_with_those_that_are_there(
    client: MlflowClient, swept: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["sweep", "widths", "--metric", "valid_acuracy"]) == 1
    assert "has a figure valid_acuracy; they have valid_accuracy" in capsys.readouterr().err
    assert main(["sweep", "widths", "--task", "expression"]) == 1
    assert "the MLflow experiment inkmath-expression has no sweep widths" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["queue", "-j", "0"], "0 is no count; give 1 or more"),
        (["search", "s", "train.units=choice(8)", "--trials", "-1"], "-1 is no count"),
        (["sweep", "widths", "--picture", "s.foo"], "s.foo does not end in .png, .svg or .pdf"),
    ],
)
def test_what_no_command_can_do_is_refused_at_once(
    arguments: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(arguments)
    assert complaint in capsys.readouterr().err


def test_a_person_can_choose_the_champion(
    client: MlflowClient, swept: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert int(client.get_model_version_by_alias(EXPERIMENT, "champion").version) == 2
    assert main(["champion", EXPERIMENT, "3"]) == 0
    assert int(client.get_model_version_by_alias(EXPERIMENT, "champion").version) == 3
    assert main(["champion", EXPERIMENT, "9"]) == 1
    assert "error:" in capsys.readouterr().err


def test_a_picture_has_room_for_the_numbers_that_a_sampler_drew() -> None:
    heights, labels = sweep_module._positions(["0.0018063485674202043", "0.002", "0.0025"])
    assert heights == sorted(heights)
    assert list(labels) == ["0.001806", "0.002", "0.0025"]


def test_a_run_without_a_figure_takes_no_label_from_the_best_and_the_worst() -> None:
    values = ["0.5", "0.9", "nan", "0.1", "0.3", "0.7", "0.2", "0.6", "0.4", "0.8"]
    _, labels = sweep_module._positions(values)
    lowest, *_, highest = labels
    assert (lowest, highest) == ("0.1", "0.9")


def test_what_is_chosen_by_factors_stands_as_far_apart_as_they_say() -> None:
    assert sweep_module._positions(["0.001", "0.01", "0.1"])[0] == pytest.approx([0, 0.5, 1])
    assert sweep_module._positions(["0.1", "0.2", "0.4"])[0] == pytest.approx([0, 1 / 3, 1])
