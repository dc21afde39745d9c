"""Only a champion that reads better than what is released takes its place."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from matrix_ink import with_matrices
from released import needs_weights

from inkmath.dataset.ink_table import add_splits, to_batch, write_inks
from inkmath.dataset.splits import Split
from inkmath.decoding.expression import load_expression_reader, write_weights
from inkmath.decoding.search import Weights
from inkmath.decoding.tuning import OPINION, scribbles
from inkmath.ink import Ink
from inkmath.inkml import write_inkml
from inkmath.layout.latex import canonical_tokens
from inkmath.layout.tree import Edge, LayoutTree, Relation, Symbol
from inkmath.recognizer import WEIGHTS, Recognizer
from inkmath.synthesis import synthesize
from inkmath.tracking import ModelFiles, TrackingError, release, training_run
from inkmath.tracking.__main__ import main
from inkmath.tracking.provenance import INK as INK_TABLE
from inkmath.tracking.release import Merit, Release, ReleaseRefusedError

if TYPE_CHECKING:
    from mlflow import MlflowClient

    from inkmath.params import Params
    from inkmath.tracking.model import Task

REPOSITORY = Path(__file__).parents[2]
TREE = LayoutTree((Symbol("x", (0,)), Symbol("y", (1,))), (Edge(0, 1, Relation.RIGHT),))
INK = Ink.from_points([[[0, 0], [1, 1]], [[2, 0], [3, 1]]], tree=TREE)
"""Half of its symbols are an x, as the champion of these tests says of everything."""


@pytest.fixture
def crowned(client: MlflowClient, params: Params, model_files: ModelFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(release, "load_symbol_reader", import_module("three_labels").Reader)
    with training_run("symbol", params, architecture="lstm", data={"train": Path("train.npz")}) as run:
        run.log_model(model_files, metric="valid_accuracy", value=0.5, validation_data="ink")


def released(weights: Path, labels: str) -> Path:
    weights.mkdir()
    (weights / "labels.txt").write_text(labels)
    return weights


@pytest.mark.slow
@pytest.mark.usefixtures("crowned")
def test_the_better_is_released(client: MlflowClient, workspace: Path) -> None:
    weights = released(workspace / "weights", "z x y")
    done = release.release(client, "inkmath-symbol", "symbol", [INK], weights)
    assert done.before is not None
    assert (done.champion.share, done.before.share) == (0.5, 0.0)
    assert (weights / "labels.txt").read_text() == "x y z"
    assert done.files == (weights / "labels.txt",)
    assert done.given == ()


@pytest.mark.slow
@pytest.mark.usefixtures("crowned")
def test_what_other_weights_a_champion_was_given_is_told(client: MlflowClient, workspace: Path) -> None:
    champion = client.get_model_version_by_alias("inkmath-symbol", "champion")
    weights = released(workspace / "weights", "z x y")
    for name, known in (("teachers", ("teachers",)), ("init_from", ("init_from", "teachers"))):
        client.set_tag(str(champion.run_id), f"{name}_md5", "1a2b")
        assert release.release(client, "inkmath-symbol", "symbol", [INK], weights, replace=True).given == known


@pytest.mark.slow
@pytest.mark.usefixtures("crowned")
def test_an_equal_or_worse_one_changes_nothing_unless_asked_for(client: MlflowClient, workspace: Path) -> None:
    weights = released(workspace / "weights", "y x z")
    with pytest.raises(
        ReleaseRefusedError,
        match=r"reads 50\.00% of 2 validation symbols, what is released 50\.00%: nothing is changed",
    ):
        release.release(client, "inkmath-symbol", "symbol", [INK], weights)
    assert (weights / "labels.txt").read_text() == "y x z"
    done = release.release(client, "inkmath-symbol", "symbol", [INK], weights, replace=True)
    assert done.before is not None
    assert (done.champion.share, done.before.share) == (0.5, 0.5)
    assert (weights / "labels.txt").read_text() == "x y z", "asked for, it is changed all the same"


@pytest.mark.slow
@pytest.mark.usefixtures("crowned")
def test_a_champion_of_another_split_is_no_match_for_this_ink(client: MlflowClient, workspace: Path) -> None:
    weights = released(workspace / "weights", "z x y")
    refused = pytest.raises(TrackingError, match="was trained on another split of the ink")
    with refused:
        release.release(client, "inkmath-symbol", "symbol", [INK], weights, table="1a2b")
    champion = client.get_model_version_by_alias("inkmath-symbol", "champion")
    client.set_model_version_tag("inkmath-symbol", champion.version, "ink", "3c4d")
    for table in ("1a2b", None):
        with refused:
            release.release(client, "inkmath-symbol", "symbol", [INK], weights, table=table)
    assert (weights / "labels.txt").read_text() == "z x y"
    release.release(client, "inkmath-symbol", "symbol", [INK], weights, replace=True, table="1a2b")
    assert (weights / "labels.txt").read_text() == "x y z"


def test_symbols_are_judged_that_have_strokes(model_files: ModelFiles, workspace: Path) -> None:
    reader = import_module("three_labels").Reader(workspace)
    more = LayoutTree((*TREE.symbols, Symbol("x", ())), (*TREE.edges, Edge(1, 2, Relation.RIGHT)))
    assert release.merit(reader, "symbol", [INK, replace(INK, tree=more)]) == (2, 4, "symbols")


def test_the_command_judges_on_validation_ink_by_language_of_training(
    workspace: Path, client: MlflowClient, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    inks = [replace(ink, id=f"train/{number}") for number, ink in enumerate(synthesize(3, 3, max_symbols=8))]
    texts = [" ".join(canonical_tokens(ink.tree)) for ink in inks if ink.tree]
    INK_TABLE.parent.mkdir(parents=True)
    write_inks(INK_TABLE, [add_splits(to_batch(inks, texts), [Split.TRAIN, Split.VALID, Split.TEST])])
    monkeypatch.setattr("inkmath.tracking.__main__.data_digest", lambda path: (f"md5 of {path}", "file"))
    asked: dict[str, Any] = {}

    def stub(_client: object, name: str, task: str, judged: list[Ink], weights: Path, **more: Any) -> Release:
        asked.update(more, name=name, task=task, judged=[ink.id for ink in judged], weights=weights)
        return Release(Merit(1, 2, "symbols"), None, (Path("a.onnx"),), given=("init_from", "teachers"))

    monkeypatch.setattr(release, "release", stub)
    assert main(["release", "symbol", "--experiment", "mine", "--keep-search"]) == 0
    assert asked == {
        "name": "mine-symbol",
        "task": "symbol",
        "judged": ["train/1"],
        "weights": WEIGHTS,
        "training": {texts[0]},
        "replace": False,
        "keep_search": True,
        "table": f"md5 of {INK_TABLE}",
    }
    said = "mine-symbol reads 50.00% of 2 validation symbols, nothing was released before\na.onnx\n"
    printed = capsys.readouterr()
    assert printed.out == said
    assert "its training was given weights of others (init_from, teachers)" in printed.err


def test_without_champion_or_ink_it_is_said_what_to_do(client: MlflowClient, workspace: Path) -> None:
    with pytest.raises(TrackingError, match="has no champion: train a model first"):
        release.release(client, "inkmath-symbol", "symbol", [INK], workspace)
    with pytest.raises(TrackingError, match="no validation ink"):
        release.release(client, "inkmath-symbol", "symbol", [Ink(INK.strokes)], workspace)


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
def test_a_refusal_of_one_task_does_not_keep_the_other_back(tmp_path: Path) -> None:
    for name in ("Makefile", "pyproject.toml", "requirements.lock"):
        shutil.copyfile(REPOSITORY / name, tmp_path / name)
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text('#!/bin/sh\necho "$@" >> asked\ntest "$4" != symbol\n')
    python.chmod(0o755)
    (tmp_path / ".venv" / ".installed").touch()
    done = subprocess.run(["make", "release", "ARGS=--replace"], cwd=tmp_path, capture_output=True, check=False)
    assert (tmp_path / "asked").read_text().splitlines() == [
        f"-m inkmath.tracking release {task} --replace" for task in ("symbol", "expression")
    ]
    assert done.returncode != 0


@needs_weights
@pytest.mark.slow
def test_formulas_are_searched_as_suits_both_networks(tmp_path: Path) -> None:
    weights = Path(shutil.copytree(WEIGHTS, tmp_path / "weights"))
    before = json.loads((weights / "expression.json").read_text())
    inks = list(synthesize(6, 2, max_symbols=8))
    release.fit_search(weights, weights, [*inks, *with_matrices(2)], ())
    after = json.loads((weights / "expression.json").read_text())
    release.fit_search(weights, weights, inks, ())
    assert after == json.loads((weights / "expression.json").read_text()), "nothing is fitted to matrices"
    assert after["search"]["opinion"] in OPINION
    assert after["search"]["confidence"] != before["search"]["confidence"]
    assert {**after, "search": None} == {**before, "search": None}
    assert release.merit(release._load("expression", weights, weights), "expression", inks).right > 0


def make_champion(task: Task, params: Params) -> None:
    """Log the weights of the package as a model, the first and so the champion."""
    files = tuple(WEIGHTS / f"{task}.{kind}" for kind in ("onnx", "json"))
    reader = ModelFiles(f"inkmath.decoding.{task}:load_{task}_reader", files, ("onnxruntime",))
    with training_run(task, params, architecture="any", data={"train": Path("train.npz")}) as run:
        run.log_model(reader, metric="valid", value=0.5, validation_data="ink")


@needs_weights
@pytest.mark.slow
def test_a_formula_reader_is_released_with_its_own_search_or_that_of_before(
    client: MlflowClient, params: Params, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_champion("expression", params)
    weights = Path(shutil.copytree(WEIGHTS, workspace / "weights"))
    before = Weights(language=0.3, confidence=(1.0, 2.0, 3.0))
    write_weights(weights, before)
    inks = list(synthesize(4, 2, max_symbols=8))
    load, heard = release._load, set()

    def listening(task: Task, directory: Path, symbols: Path) -> Any:
        heard.add(symbols)
        return load(task, directory, symbols)

    monkeypatch.setattr(release, "_load", listening)
    for keep_search in (True, False):
        done = release.release(
            client, "inkmath-expression", "expression", inks, weights, replace=True, keep_search=keep_search
        )
        assert {file.name for file in done.files} == {"expression.onnx", "expression.json"}
        kept = json.loads((weights / "expression.json").read_text())["search"]["confidence"] == [1.0, 2.0, 3.0]
        assert kept is keep_search
    assert heard == {weights}, "each is fitted and judged beside the symbol reader that ships"


@pytest.mark.slow
@pytest.mark.usefixtures("crowned")
def test_an_interrupted_release_changes_nothing(
    client: MlflowClient, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights = released(workspace / "weights", "z x y")
    for name in ("expression.json", "expression.onnx"):
        (weights / name).write_text("as it was")
    before = {file.name: file.read_text() for file in weights.iterdir()}

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(release, "fit_search", interrupted)
    with pytest.raises(KeyboardInterrupt):
        release.release(client, "inkmath-symbol", "symbol", [INK], weights)
    assert {file.name: file.read_text() for file in weights.iterdir()} == before


@needs_weights
@pytest.mark.slow
def test_what_is_released_and_damaged_is_replaced_if_asked_for(
    client: MlflowClient, params: Params, workspace: Path
) -> None:
    make_champion("symbol", params)
    weights = workspace / "weights"
    weights.mkdir()
    for name in ("symbol.onnx", "symbol.json"):
        (weights / name).write_text("{")
    with pytest.raises(TrackingError, match=r"what is released: .*symbol\.json.*; --replace ships the champion"):
        release.release(client, "inkmath-symbol", "symbol", [INK], weights)
    done = release.release(client, "inkmath-symbol", "symbol", [INK], weights, replace=True)
    assert done.before is None
    assert (weights / "symbol.onnx").read_bytes() == (WEIGHTS / "symbol.onnx").read_bytes()


@needs_weights
@pytest.mark.slow
def test_a_damaged_symbol_model_beside_formulas_is_told(client: MlflowClient, params: Params, workspace: Path) -> None:
    make_champion("expression", params)
    weights = workspace / "weights"
    weights.mkdir()
    (weights / "symbol.json").write_text("{")
    with pytest.raises(TrackingError, match=r"the symbol model it would read beside: .*symbol\.json"):
        release.release(client, "inkmath-expression", "expression", [INK], weights)


@needs_weights
def test_formulas_are_searched_as_before_where_that_is_asked_for(tmp_path: Path) -> None:
    other = Path(shutil.copytree(WEIGHTS, tmp_path / "other"))
    before = json.loads((other / "expression.json").read_text())
    write_weights(other, Weights(language=0.5, confidence=(1.0, 2.0, 3.0)))
    release.take_search(other, WEIGHTS)
    assert json.loads((other / "expression.json").read_text()) == before
    (tmp_path / "expression.json").write_text("{")
    for nothing in (tmp_path / "nowhere", tmp_path):
        with pytest.raises(TrackingError, match=r"no search to keep .*; release without --keep-search"):
            release.take_search(other, nothing)


@pytest.mark.slow
@pytest.mark.usefixtures("crowned")
def test_formulas_are_searched_as_suits_a_new_symbol_network(
    client: MlflowClient, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights = released(workspace / "weights", "z x y")
    for name in ("expression.json", "expression.onnx"):
        (weights / name).write_text("as it was")

    def fit(directory: Path, symbols: Path, inks: list[Ink], training: set[str]) -> None:
        assert (directory / "expression.onnx").read_text() == "as it was"
        said = (symbols / "labels.txt").read_text()
        (directory / "expression.json").write_text(f"{said} on {len(inks)} ink, {training} known")

    monkeypatch.setattr(release, "fit_search", fit)
    done = release.release(client, "inkmath-symbol", "symbol", [INK, Ink(INK.strokes)], weights, training={"x"})
    assert {file.name for file in done.files} == {"labels.txt", "expression.json"}
    assert (weights / "expression.json").read_text() == "x y z on 1 ink, {'x'} known"


@pytest.mark.slow
@pytest.mark.usefixtures("crowned")
def test_a_damaged_formula_model_beside_symbols_is_told(client: MlflowClient, workspace: Path) -> None:
    weights = released(workspace / "weights", "z x y")
    (weights / "expression.json").write_text("{")
    for content in (None, ""):
        if content is not None:
            (weights / "expression.onnx").write_text(content)
        with pytest.raises(TrackingError, match=r"the formula model .*expression.*; --keep-search leaves its search"):
            release.release(client, "inkmath-symbol", "symbol", [INK], weights)
    assert (weights / "labels.txt").read_text() == "z x y", "nothing is changed"


@pytest.mark.slow
@pytest.mark.usefixtures("crowned")
def test_a_new_symbol_network_leaves_a_search_that_is_kept_alone(client: MlflowClient, workspace: Path) -> None:
    weights = released(workspace / "weights", "z x y")
    (weights / "expression.json").write_text("as it was")
    release.release(client, "inkmath-symbol", "symbol", [INK], weights, keep_search=True)
    assert (weights / "labels.txt").read_text() == "x y z"
    assert (weights / "expression.json").read_text() == "as it was"


@needs_weights
def test_confidence_is_fitted_to_ink_and_scribble(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    weights, made = tmp_path / "weights", tmp_path / "made"
    shutil.copytree(WEIGHTS, weights)
    made.mkdir()
    for ink in synthesize(12, 5, max_symbols=8):
        (made / f"{ink.id}.inkml").write_bytes(write_inkml(ink))
    (made / "bad.inkml").write_text("no ink")
    before = load_expression_reader(weights).search.weights
    assert main(["confidence", str(made), "--weights", str(weights)]) == 0
    words = r"(\d+) of 12 formulas are read right; promised were [\d.]+ and are ([\d.]+) now"
    told = capsys.readouterr()
    assert "left out:" in told.err and "bad.inkml" in told.err
    said = re.match(words, told.out)
    assert said is not None
    assert abs(float(said[2]) - int(said[1])) < 1.5, "as many are promised as are read"
    after = load_expression_reader(weights).search.weights
    assert after.confidence != before.confidence
    assert replace(after, confidence=before.confidence) == before, "nothing else is fitted"
    scribble = Recognizer.load(weights).recognize(scribbles(1)[0])
    assert scribble.confidence < 0.2


def test_confidence_is_not_fitted_to_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["confidence", str(tmp_path)]) == 1
    assert "no ink with truth to fit confidence to" in capsys.readouterr().err
    (tmp_path / "bad.inkml").write_text("no ink")
    assert main(["confidence", str(tmp_path)]) == 1
    assert "bad.inkml" in capsys.readouterr().err
