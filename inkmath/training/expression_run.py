"""A whole training of an expression model: from formulas and knobs to the files that a reader loads."""

from __future__ import annotations

import csv
import json
import math
import time
from dataclasses import asdict, dataclass, replace
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from inkmath.dataset.atomic import replacing
from inkmath.dataset.splits import Split
from inkmath.decoding.expression import NETWORK_FILE, write_settings
from inkmath.decoding.language import TreeLanguageModel
from inkmath.features.expression import FormulaSet, rescale
from inkmath.ink import Ink
from inkmath.models.export import export_onnx
from inkmath.models.stroke_graph import StrokeGraph
from inkmath.synthesis.augment import Bend, bend
from inkmath.synthesis.compose import Mix
from inkmath.training import TrainingError
from inkmath.training.expression import (
    ExpressionTrainer,
    Recipe,
    load_weights,
    plain_exprate,
    predict,
    save_weights,
)
from inkmath.training.tuning import Tuned, tune

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from inkmath.decoding.language import Counts
    from inkmath.params import TrainExpression

WEIGHTS_FILE = "weights.npz"


@dataclass(frozen=True)
class Trained:
    """What a training gave.

    Attributes:
        model: with the averaged weights. history: a row of figures an epoch, whichever start it was trained in.
        finished: False where ``max_minutes`` stopped it; then its checkpoint is there to go on from.
        began_at: the epoch this start began with. seconds: in training, over all starts.
    """

    model: StrokeGraph
    history: list[dict[str, float]]
    finished: bool
    began_at: int
    seconds: float


def train_expression(
    formulas: FormulaSet,
    labels: Sequence[str],
    knobs: TrainExpression,
    seed: int,
    checkpoint: Path,
    on_epoch: Callable[[int, dict[str, float]], None] | None = None,
    say: Callable[[str], None] = print,
) -> Trained:
    """Train on the formulas of the training split that truth explains, watch those of validation.

    Raises:
        TrainingError: there is nothing to train on. CheckpointError, ArraysError: a file to begin from does not fit.
    """
    candidates = np.flatnonzero((formulas.splits == str(Split.TRAIN)) & formulas.trainable()).tolist()
    known = np.isin(formulas.labels, list(labels))
    usable = [f for f in candidates if known[formulas.symbol_offsets[f] : formulas.symbol_offsets[f + 1]].all()]
    if not usable:
        raise TrainingError("no training formula has a label for each stroke; give data.train ink with full truth")
    training, watched, fresh = formulas.select(usable), validation(formulas), unseen(formulas)
    harder = bent(fresh)
    say(f"{len(training)} formulas to train on, {len(watched)} to validate on")
    keras.utils.set_random_seed(seed)
    points = formulas.points.shape[1]
    shape = {
        "points": points,
        "width": knobs.width,
        "depth": knobs.layers,
        "heads": knobs.heads,
        "pair_width": knobs.pair_width,
        "dropout": knobs.dropout,
    }
    model = StrokeGraph(len(labels), products=knobs.products, **shape)
    # What is judged and kept: the averaged weights, always in single precision.
    kept = StrokeGraph(len(labels), **shape)
    kept(np.zeros((1, 2, points, 2), np.float32), np.ones((1, 2), np.float32))
    recipe = Recipe(
        seed=seed,
        epochs=knobs.epochs,
        batch_strokes=knobs.batch_strokes,
        learning_rate=knobs.learning_rate,
        warmup=knobs.warmup,
        decay=knobs.decay,
        judge_every=knobs.judge_every,
        mix=Mix(**knobs.mix.model_dump()),
    )
    if knobs.init_from:
        model(np.zeros((1, 2, points, 2), np.float32), np.ones((1, 2), np.float32))
        say(load_weights(Path(knobs.init_from), model))
    trainer = ExpressionTrainer(model, training, labels, recipe, checkpoint, say)
    trainer.resume()

    def judge() -> dict[str, float]:
        _assign(kept, trainer.averaged())
        return {
            "valid_plain_exprate": plain_exprate(kept, watched, labels),
            "valid_unseen_plain_exprate": plain_exprate(kept, fresh, labels),
            "valid_unseen_bent_plain_exprate": plain_exprate(kept, harder, labels),
        }

    deadline = time.monotonic() + 60 * knobs.max_minutes if knobs.max_minutes else math.inf
    finished = trainer.run(deadline, judge, on_epoch)
    if not finished:
        say("stopped by max_minutes; started again, the training goes on from here")
    _assign(kept, trainer.averaged())
    return Trained(kept, trainer.history, finished, trainer.began_at, trainer.seconds)


def validation(formulas: FormulaSet) -> FormulaSet:
    """The validation formulas that have a truth."""
    return formulas.select(np.flatnonzero((formulas.splits == str(Split.VALID)) & (formulas.latex != "")))


def unseen(formulas: FormulaSet) -> FormulaSet:
    """The validation formulas whose text no training formula has: what users write is seldom in a training set.

    All validation formulas where fewer than a tenth are such.
    """
    watched = validation(formulas)
    known = set(formulas.latex[formulas.splits == str(Split.TRAIN)].tolist())
    fresh = [number for number, latex in enumerate(watched.latex.tolist()) if latex not in known]
    return watched.select(fresh) if len(fresh) * 10 >= len(watched) else watched


def bent(formulas: FormulaSet, strength: float = 1.5, seed: int = 0) -> FormulaSet:
    """The same formulas in stranger hands: each bent ``strength`` times as much as for training on average."""
    how = replace(Bend(**{name: strength * value for name, value in asdict(Bend()).items()}), vary=0.0)
    rng = np.random.default_rng(seed)
    made = [
        rescale(bend(strokes[None], np.maximum(owners, 0)[None], how, rng)[0])
        for strokes, owners in (
            (formulas.strokes(number), formulas.symbol_of[slice(*formulas.stroke_offsets[number : number + 2])])
            for number in range(len(formulas))
        )
    ]
    return replace(formulas, points=np.concatenate(made))


def scribbles(points: int, count: int = 40, seed: int = 0) -> FormulaSet:
    """Ink that is no formula: strokes of random walks, 3 to 12 of them."""
    rng = np.random.default_rng(seed)
    inks = [
        Ink(tuple(np.cumsum(rng.normal(size=(40, 2)), axis=0).astype(np.float32) for _ in range(rng.integers(3, 13))))
        for _ in range(count)
    ]
    return FormulaSet.from_inks(inks, [str(Split.VALID)] * count, points)


def write_model(
    trained: Trained, directory: Path, labels: Sequence[str], bigrams: Counts, formulas: FormulaSet
) -> tuple[tuple[Path, Path], Tuned]:
    """Tune the search on unseen validation formulas and write what a reader loads, and the weights to train on from.

    Returns:
        The two files that a reader needs, and what tuning found.
    """
    model, watched = trained.model, unseen(formulas)
    points = formulas.points.shape[1]
    plain, harder, nonsense = (
        [scores for _, scores in sorted(predict(model, one), key=itemgetter(0))]
        for one in (watched, bent(watched), scribbles(points))
    )
    tuned = tune(plain, watched.latex.tolist(), labels, TreeLanguageModel(labels, bigrams), harder, nonsense)
    directory.mkdir(parents=True, exist_ok=True)
    export_onnx(model, directory / NETWORK_FILE, {"points": (None, None, points, 2), "mask": (None, None)})
    more: dict[str, Any] = {"parameters": int(model.count_params()), "network": model.settings}
    settings = write_settings(directory, labels, points, bigrams, tuned.weights, **more)
    save_weights(directory / WEIGHTS_FILE, model)
    return (directory / NETWORK_FILE, settings), tuned


def write_results(trained: Trained, tuned: Tuned, directory: Path) -> dict[str, float]:
    """Write ``history.csv``, a row an epoch, and ``metrics.json``; returns the latter's figures."""
    names = list(dict.fromkeys(name for row in trained.history for name in row))
    with replacing(directory / "history.csv") as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["epoch", *names])
        for epoch, row in enumerate(trained.history, 1):
            writer.writerow([epoch, *(f"{row[name]:.6g}" if name in row else "" for name in names)])
    metrics = {
        "valid_exprate": round(tuned.exprate, 5),
        "language_weight": tuned.weights.language,
        "epochs": float(len(trained.history)),
        "parameters": float(trained.model.count_params()),
    }
    with replacing(directory / "metrics.json") as temporary:
        temporary.write_text(json.dumps(metrics, indent=2) + "\n", encoding="utf-8")
    return metrics


def _assign(model: StrokeGraph, values: Sequence[Any]) -> None:
    for variable, value in zip(model.trainable_variables, values, strict=True):
        variable.assign(value)
