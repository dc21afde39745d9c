"""A whole training: from formulas of all splits to a reader, with no look at what it is tested on."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matrix_ink import with_matrices

from inkmath.decoding.expression import load_expression_reader
from inkmath.decoding.language import count_trigrams
from inkmath.decoding.lines import measure_lines
from inkmath.features.expression import FormulaSet
from inkmath.ink import Ink
from inkmath.params import TrainExpression, load_params
from inkmath.synthesis import synthesize
from inkmath.tracking.search import TRAININGS
from inkmath.training import TrainingError

pytestmark = pytest.mark.slow

REPOSITORY = Path(__file__).parents[2]
POINTS = 8


def knobs(**changes: Any) -> TrainExpression:
    given = load_params(REPOSITORY / "params.yaml").train_expression.model_dump()
    tiny = {"width": 12, "layers": 1, "heads": 2, "pair_width": 8, "epochs": 1, "batch_strokes": 96, "judge_every": 1}
    return TrainExpression.model_validate(given | tiny | changes)


@pytest.fixture(scope="module")
def formulas() -> FormulaSet:
    """Six formulas to train on, two to validate, two to test; the ink of the last is poison to whoever touches it.

    The first to validate has the text of the first to train on.
    """
    splits = ["train"] * 6 + ["valid"] * 2 + ["test"] * 2
    made = FormulaSet.from_inks(synthesize(10, 6, max_symbols=8), splits, POINTS)
    points, latex = made.points.copy(), made.latex.copy()
    points[made.stroke_offsets[8] :] = np.nan
    latex[6] = latex[0]
    return replace(made, points=points, latex=latex)


@pytest.fixture(scope="module")
def labels(formulas: FormulaSet) -> list[str]:
    return sorted(set(formulas.labels.tolist()))


class BegunError(Exception):
    """In place of a training."""


@pytest.fixture
def _stops_at_the_training(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is told of the formulas is told before it."""
    from inkmath.training import expression_run

    def begin(*_: Any) -> None:
        raise BegunError

    monkeypatch.setattr(expression_run, "ensure_exportable", begin)


@pytest.fixture(scope="module")
def trained(formulas: FormulaSet, labels: list[str], tmp_path_factory: pytest.TempPathFactory) -> Any:
    from inkmath.synthesis import compose
    from inkmath.training import expression, expression_run

    seen: list[FormulaSet] = []
    judged: list[FormulaSet] = []
    plain_exprate = expression.plain_exprate

    def judge(network: Any, those: FormulaSet, labels: list[str]) -> float:
        judged.append(those)
        return plain_exprate(network, those, labels)

    class Watched(compose.Composer):
        def __init__(self, formulas: FormulaSet, *options: Any) -> None:
            seen.append(formulas)
            super().__init__(formulas, *options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(expression, "Composer", Watched)
        patch.setattr(expression_run, "plain_exprate", judge)
        path = tmp_path_factory.mktemp("run") / "c.npz"
        result = expression_run.train_expression(formulas, labels, knobs(), 1, path, say=lambda line: None)
    return result, seen, judged


def test_only_training_ink_is_composed_and_test_ink_is_not_even_looked_at(trained: Any, formulas: FormulaSet) -> None:
    result, (composed,), _ = trained
    assert set(composed.ids.tolist()) == set(formulas.ids[:6].tolist())
    assert TRAININGS["expression"].watched in result.history[-1], "by this figure a search stops what falls behind"
    assert np.isfinite([value for row in result.history for value in row.values()]).all()
    assert all(np.isfinite(variable.numpy()).all() for variable in result.model.trainable_variables)


def test_judged_are_validation_and_what_is_new_of_it_as_written_and_bent(trained: Any, formulas: FormulaSet) -> None:
    *_, (watched, fresh, harder) = trained
    assert watched.ids.tolist() == formulas.ids[6:8].tolist()
    assert fresh.ids.tolist() == harder.ids.tolist() == formulas.ids[7:8].tolist()
    assert (fresh.points == formulas.strokes(7)).all()
    assert (harder.points != fresh.points).any()


def test_what_is_written_is_a_reader(
    trained: Any,
    formulas: FormulaSet,
    labels: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    from inkmath.decoding import tuning
    from inkmath.training.expression_run import known, write_model, write_results

    asked: list[Any] = []
    tune_reader = tuning.tune_reader

    def tune(*given: Any) -> tuning.Tuned:
        asked.extend(given)
        return tune_reader(*given)

    monkeypatch.setattr(tuning, "tune_reader", tune)
    monkeypatch.setattr("inkmath.dataset.progress.SECONDS_BETWEEN_LINES", 0.0)
    trees = [tree for number in range(6) if (tree := formulas.tree(number))]
    lines = measure_lines(formulas.select(range(6)))
    files, tuned = write_model(trained[0], tmp_path / "model", labels, count_trigrams(trees), lines, formulas)
    assert all(file.is_file() for file in files)
    assert [ink.tree for ink in asked[1]] == [formulas.tree(number) for number in (6, 7)]
    assert asked[3] == known(formulas), "its search is weighed as if what training says were not known"
    assert "Searches: 40 of 40" in capsys.readouterr().err, "five factors, each for two formulas and copies"
    assert 0.0 <= tuned.exprate <= 1.0
    metrics = write_results(trained[0], tuned, tmp_path / "results")
    assert metrics["valid_exprate"] == round(tuned.exprate, 5)
    history = (tmp_path / "results" / "history.csv").read_text().splitlines()
    assert history[0].startswith("epoch,loss,symbol_loss,early_loss,pair_loss,governor_loss,learning_rate")
    judged = (tmp_path / "results" / "judged.csv").read_text().splitlines()
    assert judged[0] == "epoch,valid_plain_exprate,valid_unseen_plain_exprate,valid_unseen_bent_plain_exprate"
    assert len(judged) == 2, "only epochs that were judged, or a plot shows the others as 0"
    assert all(cell for line in judged for cell in line.split(","))

    reader = load_expression_reader(tmp_path / "model")
    assert reader.labels == tuple(labels)
    assert reader.points == POINTS
    inks = [Ink.from_points([[[0, 0], [9, 9]], [[20, 0], [20, 9]]]), Ink.from_points([[[3, 3]]])]
    for ink, readings in zip(inks, reader.read(inks), strict=True):
        for reading in readings:
            owned = [stroke for symbol in reading.tree.symbols for stroke in symbol.strokes]
            assert sorted(owned) == list(range(len(ink.strokes)))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("trigrams.json", None),
        ("trigrams.json", '[["", "", "", "root", "x"]]'),
        ("lines.json", "{"),
        ("lines.json", '{"symbols": {}}'),
    ],
)
def test_counts_that_are_none_are_named_before_any_training(tmp_path: Path, name: str, content: str | None) -> None:
    from inkmath.training.expression_run import read_counts

    places = tmp_path / "trigrams.json", tmp_path / "lines.json"
    counts: Any = [["", "", "", "root", "x", 1]]
    lines = {"symbols": {}, "scripts": {}, "root": [1.0, 1.0], "usual": 0.0}
    for place, sound in zip(places, (counts, lines), strict=True):
        place.write_text(json.dumps(sound))
    assert read_counts(*places, ["x"]) == (counts, lines)
    (tmp_path / name).unlink()
    if content is not None:
        (tmp_path / name).write_text(content)
    with pytest.raises(TrainingError, match=rf"{name}: cannot be used .* run dvc repro encode_expression"):
        read_counts(*places, ["x"])


def test_without_fully_labelled_training_ink_there_is_no_training(formulas: FormulaSet, labels: list[str]) -> None:
    from inkmath.training.expression_run import train_expression

    untold = replace(formulas, symbol_of=np.full_like(formulas.symbol_of, -1))
    with pytest.raises(TrainingError, match="no training formula has a label for each stroke"):
        train_expression(untold, labels, knobs(), 1, Path("nowhere.npz"), say=lambda line: None)


def test_where_rare_labels_leave_no_formula_the_knob_is_named(formulas: FormulaSet) -> None:
    from inkmath.training.expression_run import train_expression

    with pytest.raises(TrainingError, match=r"holds a label that has no class; lower encode_expression\.min_count"):
        train_expression(formulas, ["="], knobs(), 1, Path("nowhere.npz"), say=lambda line: None)


def test_what_made_up_ink_says_is_not_known_text(formulas: FormulaSet) -> None:
    from inkmath.training.expression_run import known

    said = known(formulas)
    shapes = replace(formulas, ids=np.array([f"shapes/{name}" for name in formulas.ids]))
    assert said == set(formulas.latex[formulas.splits == "train"].tolist())
    assert known(shapes) == set(), "of data.shapes the writing counts, and nothing that it says"


def test_without_validation_truth_there_is_no_training(formulas: FormulaSet, labels: list[str]) -> None:
    from inkmath.training.expression_run import train_expression

    unwatched = replace(formulas, splits=np.where(formulas.splits == "valid", "train", formulas.splits))
    with pytest.raises(TrainingError, match=r"no validation formula has a truth; see data\.train and parse\.valid"):
        train_expression(unwatched, labels, knobs(), 1, Path("nowhere.npz"), say=lambda line: None)


def test_what_is_said_is_in_a_file_at_once(
    formulas: FormulaSet, labels: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from inkmath.training.expression_run import train_expression

    unwatched = replace(formulas, latex=np.where(formulas.splits == "valid", "", formulas.latex))
    file = io.BytesIO()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(file))
    with pytest.raises(TrainingError, match="no validation formula"):
        train_expression(unwatched, labels, knobs(), 1, Path("nowhere.npz"))
    assert file.getvalue() == b"6 formulas to train on\n"


@pytest.mark.usefixtures("_stops_at_the_training")
def test_formulas_with_labels_that_have_no_class_are_told(
    formulas: FormulaSet, labels: list[str], tmp_path: Path
) -> None:
    from inkmath.training.expression_run import train_expression

    rare = labels[-1]
    training = formulas.select(np.flatnonzero(formulas.splits == "train"))
    trees = filter(None, map(training.tree, range(len(training))))
    held = sum(rare in [symbol.label for symbol in tree.symbols] for tree in trees)
    said: list[str] = []
    with pytest.raises(BegunError):
        train_expression(formulas, labels[:-1], knobs(), 1, tmp_path / "c.npz", say=said.append)
    assert 0 < held < len(training)
    assert f"{held} more hold labels that have no class, which encode_expression lists, and are left out" in said


@pytest.mark.usefixtures("_stops_at_the_training")
def test_formulas_with_strokes_that_have_no_label_are_told(
    formulas: FormulaSet, labels: list[str], tmp_path: Path
) -> None:
    from inkmath.training.expression_run import train_expression

    owners = formulas.symbol_of.copy()
    owners[formulas.stroke_offsets[:2]] = -1  # a slip of the pen in each of the first two
    said: list[str] = []
    slips = replace(formulas, symbol_of=owners)
    with pytest.raises(BegunError):
        train_expression(slips, labels, knobs(), 1, tmp_path / "c.npz", say=said.append)
    assert said[:2] == [
        "4 formulas to train on",
        "2 more have strokes without a label, or labels without a stroke, and are left out",
    ]


@pytest.mark.usefixtures("_stops_at_the_training")
def test_formulas_with_a_matrix_are_told(labels: list[str], tmp_path: Path) -> None:
    from inkmath.training.expression_run import train_expression

    inks = [*with_matrices(3), *synthesize(10, 6, max_symbols=8)]
    mixed = FormulaSet.from_inks(inks, ["train", "train", "valid", *["train"] * 6, *["valid"] * 4], POINTS)
    said: list[str] = []
    with pytest.raises(BegunError):
        train_expression(mixed, sorted(set(mixed.labels.tolist())), knobs(), 1, tmp_path / "c.npz", say=said.append)
    assert said == [
        "6 formulas to train on",
        "2 more hold a matrix, which the network does not read, and are left out",
        "4 formulas to validate on",
        "1 more hold a matrix and are left out",
    ]


@pytest.mark.usefixtures("_stops_at_the_training")
def test_formulas_too_long_for_a_batch_are_told(
    formulas: FormulaSet, labels: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from inkmath.training import batches, expression_run

    for module in (batches, expression_run):
        monkeypatch.setattr(module, "LENGTHS", (2, 4, 6, 8))
    said: list[str] = []
    with pytest.raises(BegunError):
        expression_run.train_expression(formulas, labels, knobs(), 1, tmp_path / "c.npz", say=said.append)
    of = np.flatnonzero(formulas.splits == "train")
    long = int((np.diff(formulas.stroke_offsets)[of] > 8).sum())
    assert long > 0
    assert f"{long} of them have more than 8 strokes: of those, parts only are trained on" in said


def test_a_training_learns_from_a_model_that_was_written(
    trained: Any, formulas: FormulaSet, labels: list[str], tmp_path: Path
) -> None:
    from inkmath.training.expression_run import train_expression, write_model

    trees = [tree for number in range(6) if (tree := formulas.tree(number))]
    lines = measure_lines(formulas.select(range(6)))
    write_model(trained[0], tmp_path / "teacher", labels, count_trigrams(trees), lines, formulas)
    taught = knobs(teachers=[str(tmp_path / "teacher")], teachers_share=0.5)
    result = train_expression(formulas, labels, taught, 1, tmp_path / "c.npz", say=lambda line: None)
    (first, *_), (plain, *_) = result.history, trained[0].history
    assert first["loss"] != plain["loss"]
    gone = knobs(teachers=[str(tmp_path / "gone")], teachers_share=0.5)
    with pytest.raises(TrainingError, match=r"train_expression\.teachers: .*gone.*no such file"):
        train_expression(formulas, labels, gone, 1, tmp_path / "d.npz", say=lambda line: None)


def test_the_weights_kept_lie_between_those_begun_from_and_those_arrived_at(
    trained: Any, formulas: FormulaSet, labels: list[str], tmp_path: Path
) -> None:
    from inkmath.training.expression import named_weights
    from inkmath.training.expression_run import train_expression
    from inkmath.training.weights import save_weights

    first = trained[0].model
    said: list[str] = []
    save_weights(tmp_path / "first.npz", named_weights(first), labels)
    deeper, begun = {"layers": 2, "warmup": 0, "decay": 0.0}, {"init_from": str(tmp_path / "first.npz")}
    ends = [
        train_expression(formulas, labels, knobs(**begun, **more, **deeper), 1, tmp_path / "c.npz", say=said.append)
        for more in ({}, {"init_share": 0.75})
    ]
    assert any(f"from {tmp_path / 'first.npz'}" in line for line in said)
    start = {one.path: one.numpy() for one in first.trainable_variables}
    arrived, between = ({one.path: one.numpy() for one in end.model.trainable_variables} for end in ends)
    assert start.keys() < arrived.keys(), "the second layer is new"
    for name, values in arrived.items():
        wanted = 0.75 * start[name] + 0.25 * values if name in start else values
        np.testing.assert_allclose(between[name], wanted, atol=2e-3)
    moved = max(np.abs(arrived[name] - values).max() for name, values in start.items())
    assert moved > 5e-3
