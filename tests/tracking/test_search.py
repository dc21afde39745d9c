"""A search: what is proposed is run once, what falls behind is stopped, what fails is told."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import optuna
import pytest
from mlflow import MlflowClient
from mlflow.entities import Metric, RunTag
from mlflow.exceptions import MlflowException
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import TrialState
from ruamel.yaml import YAML

from inkmath.tracking import search as search_module
from inkmath.tracking.__main__ import main
from inkmath.tracking.location import TrackingError, checkpoint_file, connect, locate
from inkmath.tracking.search import TRAININGS, Knob, experiment_command, run_of, search
from inkmath.tracking.sweep import SAMPLES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from inkmath.tracking.location import Location
    from inkmath.tracking.model import Task

EXPERIMENT = "inkmath-symbol"
FIGURE = TRAININGS["symbol"].metric
DROPOUT = Knob.parse("train.dropout=interval(0,0.9)")

DVC = """
import subprocess, sys
print("Running stage", sys.argv[1], flush=True)
sys.exit(subprocess.run([sys.executable, "-m", f"stages.{sys.argv[1]}"]).returncode or int(sys.argv[2]))
"""
"""What stands for DVC: runs a stage, and ends as it is told where the stage ends well."""

STAGE = """
import os, time
time.sleep(float(os.environ["STAGE_SECONDS"]))
"""

TRAINING = """
import sys
from mlflow import MlflowClient
uri, experiment, name, figure, *curve = sys.argv[1:]
client = MlflowClient(uri)
run = client.create_run(experiment, tags={"dvc_exp_name": name}).info.run_id
for epoch, value in enumerate(curve):
    client.log_metric(run, figure, float(value), step=epoch)
"""


@dataclass
class Outcome:
    """How an experiment comes out: the figure after each epoch, nothing where no run is begun."""

    curve: tuple[float, ...] = ()
    seconds: float = 0.0
    status: int = 0
    figure: str = FIGURE
    samples: str = "0a"


@dataclass
class Search:
    """Searches of one study whose experiments come out as they are told to, one after the other.

    Attributes:
        started: the settings of each experiment, by its name.
    """

    run: Callable[..., optuna.Study]
    outcomes: list[Outcome]
    started: dict[str, Mapping[str, Any]]
    trained_in: str


@pytest.fixture
def searching(location: Location, client: MlflowClient, workspace: Path, monkeypatch: pytest.MonkeyPatch) -> Search:
    (workspace / "stages").mkdir()
    (workspace / "stages" / "train.py").write_text(STAGE)
    monkeypatch.setattr(search_module, "LOOK_SECONDS", 0.05)
    experiment_id = connect(location, EXPERIMENT)[1]

    def command(stage: str, name: str, settings: Mapping[str, Any]) -> list[str]:
        outcome = made.outcomes.pop(0)
        made.started[name] = settings
        if outcome.curve:
            run = client.create_run(made.trained_in).info.run_id
            points = [Metric(outcome.figure, value, 0, epoch) for epoch, value in enumerate(outcome.curve)]
            tags = {"dvc_exp_name": name, SAMPLES: outcome.samples, "params_hash": name}
            client.log_batch(run, points, tags=[RunTag(key, value) for key, value in tags.items()])
        monkeypatch.setenv("STAGE_SECONDS", str(outcome.seconds))
        return [sys.executable, "-c", DVC, stage, str(outcome.status)]

    def run(trials: int, *knobs: Knob, warm_up: int = 5, storage: str = "", task: Task = "symbol") -> optuna.Study:
        given: dict[str, Any] = {
            "storage": storage or f"sqlite:///{workspace / 'optuna.db'}",
            "seed": 1,
            "warm_up": warm_up,
            "log": workspace / "search.log",
        }
        return search(location, "inkmath", "drop", task, knobs, trials, **given)

    monkeypatch.setattr(search_module, "experiment_command", command)
    made = Search(run, [], {}, experiment_id)
    return made


@pytest.mark.parametrize(
    ("space", "distribution"),
    [
        ("a=choice(lstm,conv)", CategoricalDistribution(("lstm", "conv"))),
        (" a = choice( /my ink/a , b ) ", CategoricalDistribution(("/my ink/a", "b"))),
        ("a=range(8, 64)", IntDistribution(8, 64)),
        ("a=interval(0,0.5)", FloatDistribution(0.0, 0.5)),
        ("a=log(1e-4,1e-2)", FloatDistribution(1e-4, 1e-2, log=True)),
    ],
)
def test_values_are_drawn_as_the_space_says(space: str, distribution: object) -> None:
    trial = optuna.create_study().ask()
    value = Knob.parse(space).suggest(trial)
    assert trial.distributions == {"a": distribution}
    drawn = trial.params["a"]
    assert value == (drawn if isinstance(drawn, str) else pytest.approx(drawn, rel=1e-3))


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("train.units", "is no space; write block.name=choice"),
        ("a=range(1)", "needs two whole numbers"),
        ("a=range(x,y)", "needs two whole numbers"),
        ("a=range(1 2,64)", "needs two whole numbers"),
        ("a=range(1.5,64)", "needs two whole numbers"),
        ("a=range(1,1e2)", "needs two whole numbers"),
        ("a=interval(2,1)", "the first number must be below the second"),
        ("a=interval(0,inf)", "the first number must be below the second"),
        ("a=log(nan,1)", "the first number must be below the second"),
        ("a=log(0,1)", "above 0 for log"),
    ],
)
def test_a_space_that_is_none_is_refused(text: str, complaint: str) -> None:
    with pytest.raises(TrackingError, match=complaint):
        Knob.parse(text)


def test_the_best_trial_has_the_highest_figure(searching: Search, client: MlflowClient) -> None:
    searching.outcomes += [Outcome((0.5,)), Outcome((0.2, 0.9)), Outcome((0.7,))]
    study = searching.run(3, DROPOUT)
    assert study.best_trial.number == 1
    assert [trial.value for trial in study.trials] == [0.5, 0.9, 0.7]
    assert [trial.intermediate_values for trial in study.trials] == [{0: 0.5}, {0: 0.2, 1: 0.9}, {0: 0.7}]
    parent = client.get_run(study.user_attrs["mlflow_parent_run"])
    assert parent.info.run_name == "drop"
    assert (parent.data.tags["optuna_study"], parent.data.tags["optuna_best"]) == ("drop", "1")


def test_each_trial_knows_its_experiment_and_its_run(searching: Search, client: MlflowClient) -> None:
    searching.outcomes += [Outcome((0.5,)), Outcome((0.6,))]
    study = searching.run(2, DROPOUT, Knob.parse("train.units=range(8,64)"))
    for trial in study.trials:
        name, settings = trial.user_attrs["dvc_experiment"], trial.user_attrs["settings"]
        assert settings == pytest.approx(trial.params, rel=1e-3)
        assert searching.started[name] == {"track.sweep": "drop", "track.experiment": "inkmath", **settings}
        assert client.get_run(trial.user_attrs["mlflow_run"]).data.tags["dvc_exp_name"] == name
    assert list(searching.started) == ["drop-0", "drop-1"]


@pytest.mark.slow
def test_what_falls_behind_is_stopped_and_nothing_else(
    searching: Search, client: MlflowClient, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (workspace / "checkpoints").mkdir()
    monkeypatch.setenv("DVC_ROOT", str(workspace))
    monkeypatch.chdir(workspace / "stages")  # as in a copy of the repository, where each has its own
    others = [("symbol", "drop-1", "drap"), ("expression", "drop-1", "drop"), ("symbol", "drop-0", "drop")]
    kept = sorted(checkpoint_file(*other) for other in others)
    pruned = checkpoint_file("symbol", "drop-1", "drop")
    for file in (*kept, pruned, pruned.with_stem(f"{pruned.stem}-trunk")):
        file.touch()
    monkeypatch.chdir(workspace)
    searching.outcomes += [
        Outcome((0.6, 0.7, 0.8), seconds=1),
        Outcome((0.1, 0.2, 0.3), seconds=300),
        Outcome((0.7, 0.8, 0.9), seconds=1),
    ]
    study = searching.run(3, DROPOUT, warm_up=1)
    assert [trial.state for trial in study.trials] == [TrialState.COMPLETE, TrialState.PRUNED, TrialState.COMPLETE]
    tags = [client.get_run(trial.user_attrs["mlflow_run"]).data.tags for trial in study.trials]
    assert [tag.get("pruned") for tag in tags] == [None, "true", None]
    assert sorted((workspace / "checkpoints").iterdir()) == kept


def test_a_setting_that_comes_again_is_answered_from_the_earlier_trial(searching: Search) -> None:
    searching.outcomes.append(Outcome((0.5, 0.6)))
    study = searching.run(2, Knob.parse("train.architecture=choice(lstm)"))
    assert list(searching.started) == ["drop-0"]
    first, again = study.trials
    assert (again.state, again.value) == (TrialState.COMPLETE, first.value)
    for name in ("settings", "mlflow_run"):
        assert again.user_attrs[name] == first.user_attrs[name]


@pytest.mark.slow
def test_a_setting_that_was_stopped_early_is_not_trained_again(searching: Search) -> None:
    searching.outcomes += [Outcome((0.6, 0.7, 0.8), seconds=1), Outcome((0.1, 0.2, 0.3), seconds=300)]
    study = searching.run(20, Knob.parse("train.architecture=choice(lstm,conv)"), warm_up=1)
    assert len(searching.started) == 2
    stopped = [trial for trial in study.trials if trial.state == TrialState.PRUNED]
    assert len(stopped) > 1
    first, *others = [(trial.user_attrs, trial.intermediate_values) for trial in stopped]
    for attributes, values in others:
        assert values == first[1]
        for name in ("settings", "mlflow_run"):
            assert attributes[name] == first[0][name]


def test_a_later_search_goes_on_with_other_settings(searching: Search) -> None:
    searching.outcomes += [Outcome((0.5,)), Outcome((0.6,))]
    searching.run(1, DROPOUT)
    assert len(searching.run(1, DROPOUT).trials) == 2
    one, other = searching.started.values()
    assert one != other


@pytest.mark.parametrize(
    "outcome",
    [Outcome((0.5,), status=1), Outcome(), Outcome((0.5,), figure="loss")],
    ids=["exit status", "no run", "no figure"],
)
def test_an_experiment_that_fails_ends_the_search(searching: Search, workspace: Path, outcome: Outcome) -> None:
    searching.outcomes += [outcome, Outcome((0.5,))]
    with pytest.raises(
        TrackingError,
        match=r"trial 0 \(track.sweep=drop, track.experiment=inkmath, train.dropout=0.*\) failed; see .*search.log",
    ):
        searching.run(2, DROPOUT)
    assert list(searching.started) == ["drop-0"]
    assert (workspace / "search.log").read_text() == "Running stage train\n"


def test_trials_measured_on_different_samples_end_the_search(searching: Search) -> None:
    searching.outcomes += [Outcome((0.5,)), Outcome((0.6,)), Outcome((0.9,), samples="0b")]
    searching.run(2, DROPOUT)
    with pytest.raises(TrackingError, match="study drop: its trials are measured on different validation samples"):
        searching.run(1, DROPOUT)


@pytest.mark.parametrize(
    ("space", "complaint"),
    [
        ("train.lerning_rate=log(1e-4,1e-2)", "did you mean learning_rate"),
        ("train.units=choice(8,many)", "train.units = 'many'"),
        ("train.dropout=interval(0,2)", "train.dropout"),
        ("train.units.more=range(1,2)", "unknown parameter"),
    ],
)
def test_a_space_that_no_training_takes_is_told_before_any_trial(
    searching: Search, capsys: pytest.CaptureFixture[str], space: str, complaint: str
) -> None:
    assert main(["search", "drop", space]) == 1
    assert complaint in capsys.readouterr().err
    assert not searching.started


def test_without_the_package_that_searches_the_user_learns_what_to_install(
    workspace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    assert main(["search", "drop", "train.dropout=interval(0,0.9)"]) == 1
    assert capsys.readouterr().err == "error: search needs optuna; pip install 'inkmath[train,team]'\n"


def test_values_that_belong_together_are_left_to_the_trial(searching: Search) -> None:
    searching.outcomes += [Outcome((0.5,))]
    assert main(["search", "drop", "train.branches=choice(2,3)", "--trials", "1"]) == 0


@pytest.mark.parametrize("other", ["train.dropout=choice(0.1,0.2)", "train.dropout=log(0.1,0.9)"])
def test_a_study_of_another_space_is_not_gone_on_with(searching: Search, other: str) -> None:
    searching.outcomes += [Outcome((0.5,))]
    searching.run(1, DROPOUT)
    with pytest.raises(
        TrackingError, match=r"study drop was begun with another space of train.dropout .*name of its own"
    ):
        searching.run(1, Knob.parse(other))
    assert len(searching.started) == 1
    searching.outcomes += [Outcome((0.6,))]
    assert len(searching.run(1, Knob.parse("train.dropout=interval(0,0.5)")).trials) == 2, "a narrower one is the same"


def test_a_study_of_other_parameters_is_not_gone_on_with(searching: Search, workspace: Path) -> None:
    """Its trials would be compared with those of other trainings, and be answered from them."""
    architecture = Knob.parse("train.architecture=choice(lstm)")
    searching.outcomes += [Outcome((0.5,))]
    searching.run(1, architecture)
    file = workspace / "params.yaml"
    params = YAML().load(file)
    params["train"]["epochs"] += 1
    YAML().dump(params, file)
    with pytest.raises(TrackingError, match=r"study drop was begun with train.epochs = \d+, and now it is .*its own"):
        searching.run(1, architecture)
    params["train"]["epochs"] -= 1
    for block, name, other in (
        ("base", "seed", 99),
        ("synthesize", "writers", 99),
        ("parse", "valid", 0.3),
        ("normalize", "points", 99),
        ("redraw", "share", 0.5),
        ("encode", "min_count", 99),
        ("data", "source", "inkml"),
    ):
        before, params[block][name] = params[block][name], other
        YAML().dump(params, file)
        with pytest.raises(TrackingError, match=rf"begun with {block}\.{name} = .*, and now it is {other}"):
            searching.run(1, architecture)
        params[block][name] = before
    YAML().dump(params, file)
    with pytest.raises(TrackingError, match="study drop was begun with --task = symbol, and now it is expression"):
        searching.run(1, architecture, task="expression")
    # What varies, what another model is trained with, and where ink lies may be as they like.
    params["train"]["architecture"], params["data"]["user"] = "conv", "elsewhere"
    params["train_expression"]["epochs"] += 1
    YAML().dump(params, file)
    assert len(searching.run(1, architecture).trials) == 2


def test_a_storage_that_cannot_be_used_is_one_sentence(searching: Search) -> None:
    for storage in ("sqlite:////nowhere/optuna.db", "nosuch://place", "nosuch://me:secret@place"):
        with pytest.raises(TrackingError) as told:
            searching.run(1, DROPOUT, storage=storage)
        assert str(told.value).startswith(f"{storage.replace('secret', '***')}: cannot keep a study (")
        assert "secret" not in str(told.value)


def test_a_study_in_the_database_of_the_runs_is_refused(searching: Search, location: Location) -> None:
    """Optuna and MLflow note the versions of their tables in one place."""
    with pytest.raises(
        TrackingError, match=r"mlflow\.db: cannot keep a study .*; give --storage a database of its own"
    ):
        searching.run(1, DROPOUT, storage=location.uri)


def test_ink_that_only_this_directory_has_is_read_from_it(workspace: Path) -> None:
    (workspace / "data" / "raw" / "user").mkdir(parents=True)
    (workspace / "data" / "raw" / "user" / ".gitkeep").touch()
    assert not [part for part in experiment_command("train", "one", {}) if part.startswith("data.")]
    (workspace / "data" / "raw" / "user" / "a.inkml").touch()
    command = experiment_command("train", "one", {"train.units": 8})
    assert command[-4:] == ["--set-param", f"data.user='{workspace}/data/raw/user'", "--set-param", "train.units=8"]

    def places(**data: str) -> dict[str, str]:
        given = YAML(typ="safe", pure=True).load((workspace / "params.yaml").read_text())
        given["data"] |= {"user": "nowhere"} | data
        YAML().dump(given, workspace / "params.yaml")
        told = [part for part in experiment_command("train", "one", {}) if part.startswith("data.")]
        return {key: value.strip("'") for key, _, value in (part.partition("=") for part in told)}

    for name in ("mine.zip", "own (1)/a.inkml", "test/a.inkml", "kept/ä.inkml", "all/kept/a.inkml"):
        (workspace / name).parent.mkdir(parents=True, exist_ok=True)
        (workspace / name).touch()
    (workspace / "all.dvc").touch()
    here = str(workspace)
    assert places(shapes="mine.zip") == {"data.shapes": f"{here}/mine.zip"}
    real = places(source="inkml", train="own (1)", test="test", shapes="nowhere")
    assert real == {"data.train": f"{here}/own (1)", "data.test": f"{here}/test"}
    assert places(train="all/kept", test=f"{here}/test") == {}, "tracked by DVC, and found from everywhere"
    subprocess.run(["git", "init", "--quiet"], cwd=workspace, check=True)
    subprocess.run(["git", "add", "kept"], cwd=workspace, check=True)
    assert places(train="kept") == {}, "tracked by git"


def test_models_that_only_this_directory_has_are_read_from_it(workspace: Path) -> None:
    (workspace / "kept").mkdir()
    for name in ("begun.npz", "kept/symbol.onnx", "teacher/symbol.onnx"):
        (workspace / name).parent.mkdir(exist_ok=True)
        (workspace / name).touch()
    subprocess.run(["git", "init", "--quiet"], cwd=workspace, check=True)
    subprocess.run(["git", "add", "kept"], cwd=workspace, check=True)
    given = YAML(typ="safe", pure=True).load((workspace / "params.yaml").read_text())
    given["train"] |= {"init_from": "begun.npz", "teachers": ["teacher", "kept"], "teachers_share": 0.5}
    YAML().dump(given, workspace / "params.yaml")
    told = [part for part in experiment_command("train", "one", {}) if part.startswith("train.")]
    assert told == [
        f"train.init_from='{workspace}/begun.npz'",
        f"train.teachers=['{workspace}/teacher','kept']",
    ]


def test_dvc_reads_places_of_any_name_as_they_are(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from dvc.utils.hydra import to_hydra_overrides
    from hydra.core.override_parser.overrides_parser import OverridesParser

    place = workspace / "a (1), b=c's #2 {ü}"
    (place / "data" / "raw" / "user").mkdir(parents=True)
    (place / "data" / "raw" / "user" / "a.inkml").touch()
    shutil.copyfile(workspace / "params.yaml", place / "params.yaml")
    monkeypatch.chdir(place)
    given = [part for part in experiment_command("train", "one", {}) if part.startswith("data.user=")]
    (override,) = OverridesParser.create().parse_overrides(given)
    assert override.value() == str(place / "data" / "raw" / "user")
    assert to_hydra_overrides(given)


def test_a_run_of_that_name_from_before_is_not_the_trials(searching: Search, client: MlflowClient) -> None:
    experiment = client.get_experiment_by_name(EXPERIMENT)
    assert experiment is not None
    client.create_run(experiment.experiment_id, start_time=1, tags={"dvc_exp_name": "drop-0"})
    searching.outcomes += [Outcome((0.5, 0.6))]
    (trial,) = searching.run(1, DROPOUT).trials
    assert trial.value == 0.6
    assert trial.intermediate_values == {0: 0.5, 1: 0.6}


@pytest.mark.parametrize("options", [[], ["--experiment", "other"]])
def test_the_command_searches_where_its_trials_train(
    searching: Search, client: MlflowClient, capsys: pytest.CaptureFixture[str], options: list[str]
) -> None:
    searching.outcomes += [Outcome((0.5,))]
    base = options[-1] if options else "inkmath"
    searching.trained_in = connect(locate(), f"{base}-symbol")[1]
    assert main(["search", "drop", "train.dropout=interval(0,0.9)", "--trials", "1", *options]) == 0
    assert "best of 1 trials: 0.5000" in capsys.readouterr().out
    assert searching.started["drop-0"]["track.experiment"] == base
    for name, other, complaint in (
        ("a/b", base, "leave out the slash"),
        ("a b'", base, "track.sweep"),
        ("drop", "a/b", "track.experiment"),
    ):
        assert main(["search", name, "train.dropout=interval(0,0.9)", "--experiment", other]) == 1
        assert complaint in capsys.readouterr().err
    assert client.get_experiment_by_name("a/b-symbol") is None


def test_a_value_that_was_rounded_stays_within_its_bounds() -> None:
    knob = Knob.parse("train.dropout=interval(0,0.99999)")
    trial = optuna.trial.FixedTrial({"train.dropout": 0.99998})
    assert knob.suggest(trial) == 0.99999  # type: ignore[arg-type]


@pytest.mark.slow
def test_a_server_that_is_away_for_a_while_stops_no_trial(searching: Search, monkeypatch: pytest.MonkeyPatch) -> None:
    ask, looks = MlflowClient.get_metric_history, []

    def away_at_first(client: MlflowClient, run_id: str, figure: str) -> list[Metric]:
        looks.append(run_id)
        if len(looks) == 1:
            raise MlflowException("API request failed")
        return ask(client, run_id, figure)

    monkeypatch.setattr(MlflowClient, "get_metric_history", away_at_first)
    searching.outcomes += [Outcome((0.5, 0.6), seconds=1)]
    (trial,) = searching.run(1, DROPOUT).trials
    assert trial.value == 0.6
    assert len(looks) > 1


@pytest.mark.slow
def test_a_run_that_is_begun_late_is_found(
    searching: Search, location: Location, client: MlflowClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    experiment_id = connect(location, EXPERIMENT)[1]

    def command(stage: str, name: str, settings: Mapping[str, Any]) -> list[str]:
        assert run_of(client, experiment_id, name) is None
        return [sys.executable, "-c", TRAINING, location.uri, experiment_id, name, FIGURE, "0.2", "0.4", "0.3"]

    monkeypatch.setattr(search_module, "experiment_command", command)
    monkeypatch.setattr(search_module, "LOOK_SECONDS", 0.5)  # looks at once would hold up the run
    (trial,) = searching.run(1, DROPOUT).trials
    assert trial.intermediate_values == {0: 0.2, 1: 0.4, 2: 0.3}
    assert trial.value == 0.3
