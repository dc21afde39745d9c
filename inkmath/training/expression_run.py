"""A whole training of an expression model: from formulas and knobs to the files that a reader loads."""

from __future__ import annotations

import json
import math
import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from inkmath.counting import counted
from inkmath.dataset.progress import progress
from inkmath.dataset.results import write_history, write_json
from inkmath.dataset.splits import Split, telling
from inkmath.decoding import tuning
from inkmath.decoding.expression import NETWORK_FILE, load_expression_reader, write_settings, write_weights
from inkmath.decoding.language import TreeLanguageModel
from inkmath.decoding.lines import LineModel
from inkmath.decoding.search import Weights
from inkmath.ink import Ink
from inkmath.models.export import ensure_exportable, export_onnx
from inkmath.models.expression_registry import build_expression_model
from inkmath.synthesis.compose import Mix
from inkmath.training import TrainingError, say_now
from inkmath.training.batches import LENGTHS
from inkmath.training.expression import (
    ExpressionTrainer,
    by_class,
    forward,
    named_weights,
    plain_exprate,
)
from inkmath.training.expression_teachers import ExpressionTeachers
from inkmath.training.recipe import Recipe
from inkmath.training.weights import load_weights, mean, save_weights

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from inkmath.decoding.language import Counts
    from inkmath.decoding.lines import Measures
    from inkmath.decoding.tuning import Tuned
    from inkmath.features.expression import FormulaSet
    from inkmath.models.strokes import StrokeNetwork
    from inkmath.params import TrainExpression

WEIGHTS_FILE = "expression-weights.npz"
"""To train on from; what a reader loads is the exported network."""

JUDGED = ("valid_plain_exprate", "valid_unseen_plain_exprate", "valid_unseen_bent_plain_exprate")
"""Figures of the plain read-out: of validation, of its formulas with new text, and of those bent."""


@dataclass(frozen=True)
class Trained:
    """What a training gave.

    Attributes:
        model: with the averaged weights. history: a row of figures an epoch, whichever start it was trained in.
        finished: False where ``max_minutes`` stopped it; then its checkpoint is there to go on from.
    """

    model: StrokeNetwork
    history: list[dict[str, float]]
    finished: bool


def train_expression(
    formulas: FormulaSet,
    labels: Sequence[str],
    knobs: TrainExpression,
    seed: int,
    checkpoint: Path,
    on_epoch: Callable[[int, dict[str, float]], None] | None = None,
    say: Callable[[str], None] = say_now,
) -> Trained:
    """Train on the formulas of the training split that truth explains, watch those of validation.

    Raises:
        TrainingError: there is nothing to train on, or nothing to validate on, or a teacher is unusable.
        CheckpointError, ArraysError: a file to begin from does not fit.
        ExportError: readers could not have the network.
    """
    training, watched = _to_train_on(formulas, labels, say), validation(formulas)
    if not len(watched):
        raise TrainingError("no validation formula has a truth; see data.train and parse.valid in params.yaml")
    say(f"{counted(len(watched), 'formula')} to validate on")
    if matrices := int((formulas.with_matrix & (formulas.splits == str(Split.VALID))).sum()):
        say(f"{matrices} more hold a matrix and are left out")
    fresh = unseen(formulas)
    harder = tuning.bent(fresh)
    keras.utils.set_random_seed(seed)
    points = formulas.points.shape[1]
    network = partial(
        build_expression_model,
        len(labels),
        points,
        knobs.architecture,
        width=knobs.width,
        depth=knobs.layers,
        heads=knobs.heads,
        pair_width=knobs.pair_width,
        dropout=knobs.dropout,
    )
    model = network(products=knobs.products)
    kept = network(products="float32")  # what is judged and kept: the averaged weights
    recipe = Recipe(
        seed=seed,
        epochs=knobs.epochs,
        batch_strokes=knobs.batch_strokes,
        learning_rate=knobs.learning_rate,
        warmup=knobs.warmup,
        decay=knobs.decay,
        branches=knobs.branches,
        judge_every=knobs.judge_every,
        teachers_share=knobs.teachers_share,
        mix=Mix(**knobs.mix.model_dump()),
    )
    begun: dict[int, NDArray[np.float32]] = {}
    if knobs.init_from:
        found = load_weights(
            knobs.init_from,
            named_weights(model),
            labels,
            by_class(model),
            "set train_expression.width and layers to those of its network, or init_from to another file",
        )
        begun = found.arrays
        say(found.told(len(model.trainable_variables), knobs.init_from))
        if len(begun) < len(model.trainable_variables):
            say("the others differ or are not there: look at width, layers, heads, pair_width, points and classes")
    teachers = ExpressionTeachers(knobs.teachers, labels, points) if knobs.teachers else None
    ensure_exportable(kept, _inputs(points))
    trainer = ExpressionTrainer(model, training, labels, recipe, checkpoint, say, begun=begun, teachers=teachers)
    trainer.resume()

    judged = forward(kept)

    def keep() -> None:
        for variable, value in zip(
            kept.trainable_variables, mean(trainer.averaged(), begun, knobs.init_share), strict=True
        ):
            variable.assign(value)

    def judge() -> dict[str, float]:
        keep()
        return {
            name: plain_exprate(judged, those, labels)
            for name, those in zip(JUDGED, (watched, fresh, harder), strict=True)
        }

    deadline = time.monotonic() + 60 * knobs.max_minutes if knobs.max_minutes else math.inf
    finished = trainer.run(deadline, judge, on_epoch)
    if not finished:
        say("stopped by max_minutes; it goes on with: dvc repro -f -s train_expression")
    keep()
    return Trained(kept, trainer.history, finished)


def _to_train_on(formulas: FormulaSet, labels: Sequence[str], say: Callable[[str], None]) -> FormulaSet:
    """The training formulas whose every stroke has a label with a class; says how many others there are.

    Raises:
        TrainingError: there is none.
    """
    given = formulas.splits == str(Split.TRAIN)
    candidates = np.flatnonzero(given & formulas.trainable()).tolist()
    if not candidates:
        raise TrainingError("no training formula has a label for each stroke; give data.train ink with full truth")
    usable = [number for number in candidates if set(formulas.labels_of(number).tolist()) <= set(labels)]
    if not usable:
        raise TrainingError(
            "each training formula holds a label that has no class; lower encode_expression.min_count, or give "
            "data.train more ink"
        )
    training = formulas.select(usable)
    say(f"{counted(len(training), 'formula')} to train on")
    if left := len(candidates) - len(usable):
        say(f"{left} more hold labels that have no class, which encode_expression lists, and are left out")
    matrices = int((given & formulas.with_matrix).sum())
    if matrices:
        say(f"{matrices} more hold a matrix, which the network does not read, and are left out")
    if untold := int(given.sum()) - len(candidates) - matrices:
        say(f"{untold} more have strokes without a label, or labels without a stroke, and are left out")
    if long := int((np.diff(training.stroke_offsets) > LENGTHS[-1]).sum()):
        say(f"{long} of them have more than {LENGTHS[-1]} strokes: of those, parts only are trained on")
    return training


def _inputs(points: int) -> dict[str, tuple[int | None, ...]]:
    """Of the exported network."""
    return {"points": (None, None, points, 2), "mask": (None, None)}


def validation(formulas: FormulaSet) -> FormulaSet:
    """The validation formulas that have a truth."""
    return formulas.select(np.flatnonzero((formulas.splits == str(Split.VALID)) & (formulas.latex != "")))


def unseen(formulas: FormulaSet) -> FormulaSet:
    """The validation formulas whose text no training formula has; all of them where fewer than a tenth are such."""
    watched = validation(formulas)
    return watched.select(tuning.unseen(watched.latex.tolist(), known(formulas)))


def known(formulas: FormulaSet) -> set[str]:
    """The text of the training formulas, as far as it counts."""
    return set(formulas.latex[(formulas.splits == str(Split.TRAIN)) & telling(formulas.ids)].tolist())


def read_counts(trigrams: Path, lines: Path, labels: Sequence[str]) -> tuple[Counts, Measures]:
    """What was counted and measured of the training formulas, from files; read before a training, not after it.

    Raises:
        TrainingError: a file is missing, damaged or something else.
    """
    found = []
    for path, model in ((trigrams, TreeLanguageModel), (lines, LineModel)):
        try:
            found.append(json.loads(path.read_text(encoding="utf-8")))
            model(labels, found[-1])
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise TrainingError(f"{path}: cannot be used ({error!r}); run dvc repro encode_expression") from error
    return found[0], found[1]


def write_model(
    trained: Trained,
    directory: Path,
    labels: Sequence[str],
    trigrams: Counts,
    lines: Measures,
    formulas: FormulaSet,
) -> tuple[tuple[Path, ...], Tuned]:
    """Tune the search on validation formulas and write what a reader loads, and the weights to train on from.

    Returns:
        The files, and what tuning found.
    """
    model, points = trained.model, formulas.points.shape[1]
    directory.mkdir(parents=True, exist_ok=True)
    export_onnx(model, directory / NETWORK_FILE, _inputs(points))
    more: dict[str, Any] = {
        "parameters": int(model.count_params()),
        "network": {"architecture": model.name, **model.settings},
    }
    settings = write_settings(directory, labels, points, trigrams, lines, Weights(), **more)
    save_weights(directory / WEIGHTS_FILE, named_weights(model), labels)
    watched = validation(formulas)
    inks = [Ink(tuple(watched.strokes(number)), tree=watched.tree(number)) for number in range(len(watched))]
    reader = load_expression_reader(directory)
    say_now(f"fitting the search to {counted(len(watched), 'formula')}")
    with progress("Searches", tuning.searches(reader, inks)) as advance:
        tuned = tuning.tune_reader(reader, inks, trigrams, known(formulas), advance)
    write_weights(directory, tuned.weights)
    return (directory / NETWORK_FILE, settings, directory / WEIGHTS_FILE), tuned


def write_results(trained: Trained, tuned: Tuned, directory: Path) -> dict[str, float]:
    """Write what a training gave; returns the figures in ``metrics.json``.

    ``history.csv`` has a row for each epoch, ``judged.csv`` one for each that was judged on validation.
    """
    parts = [{name: row[name] for name in row if name not in JUDGED} for row in trained.history]
    write_history(directory / "history.csv", dict(enumerate(parts, 1)))
    judged = [{name: row[name] for name in row if name in JUDGED} for row in trained.history]
    write_history(directory / "judged.csv", {epoch: row for epoch, row in enumerate(judged, 1) if row})
    metrics = {
        "valid_exprate": round(tuned.exprate, 5),
        "language_weight": tuned.weights.language,
        "epochs": float(len(trained.history)),
        "parameters": float(trained.model.count_params()),
    }
    write_json(directory / "metrics.json", metrics)
    return metrics
