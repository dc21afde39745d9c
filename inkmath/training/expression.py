"""Train a network of formulas: exact resumption, averaged weights, branches."""

from __future__ import annotations

import inspect
import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, fields, replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import tensorflow as tf

from inkmath.dataset.progress import progress
from inkmath.decoding.expression import of_like_length
from inkmath.decoding.readout import Scores, plain_readout
from inkmath.features.expression import IGNORE, SAME, FormulaSet, pad
from inkmath.layout.latex import canonical_tokens
from inkmath.layout.tree import LayoutError
from inkmath.synthesis.compose import Composer
from inkmath.training import TrainingError, say_now
from inkmath.training.batches import ahead, batches
from inkmath.training.checkpoint import Checkpoint, CheckpointError, fingerprint
from inkmath.training.teachers import DOUBT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from inkmath.models.strokes import StrokeNetwork
    from inkmath.training.batches import Batch
    from inkmath.training.checkpoint import Restored
    from inkmath.training.expression_teachers import ExpressionTeachers
    from inkmath.training.recipe import Recipe


HEADS = ("symbol", "early", "pair", "governor")
"""What :func:`losses` gives a loss of."""


def losses(
    answer: dict[str, Any],
    mask: Any,
    classes: Any,
    pairs: Any,
    smoothing: float,
    said: Sequence[Any] = (),
    share: float = 0.0,
) -> dict[str, Any]:
    """Mean loss a stroke of each head, as scalars; 0 for ``early`` where the network has no such answers.

    The governor of a stroke is found when any stroke of the governing symbol is named with the right relation, so the
    probabilities of those add up; a stroke of the outermost symbol is governed by the root.

    Args:
        answer: of the network. mask, classes, pairs: see `inkmath.training.batches.Batch`.
        smoothing: share of the truth of a class that is spread over all of them.
        said: what teachers say, an `Answer` of `inkmath.training.expression_teachers`. share: of what is learned, that,
            where they do not give the truth less than ``DOUBT``.
    """
    known = tf.cast(classes != IGNORE, tf.float32)
    strokes = tf.maximum(tf.reduce_sum(known), 1.0)

    def heard(truth: Any) -> Any:
        """The share of what is learned that is a teacher's, by the probability that it gives the truth."""
        return share * tf.cast(truth >= DOUBT, tf.float32)

    def classify(logits: Any) -> Any:
        plain = tf.nn.sparse_softmax_cross_entropy_with_logits(tf.maximum(classes, 0), logits)
        logs = tf.nn.log_softmax(logits)
        loss = (1.0 - smoothing) * plain - smoothing * tf.reduce_mean(logs, -1)
        if said:
            part = heard(tf.gather(said[0], tf.maximum(classes, 0), batch_dims=2))  # (B, S)
            loss = (1.0 - part) * loss - part * tf.reduce_sum(said[0] * logs, -1)
        return tf.reduce_sum(loss * known) / strokes

    symbol = classify(answer["symbol"])
    early = tf.reduce_mean([classify(logits) for logits in tf.unstack(answer["early"])]) if "early" in answer else 0.0

    targeted = tf.cast(pairs != IGNORE, tf.float32)
    pair = tf.nn.sparse_softmax_cross_entropy_with_logits(tf.maximum(pairs, 0), answer["pair"])
    if said:
        part = heard(tf.gather(said[1], tf.maximum(pairs, 0), batch_dims=3))  # (B, S, S)
        pair = (1.0 - part) * pair + part * tf.nn.softmax_cross_entropy_with_logits(said[1], answer["pair"])
    pair = tf.reduce_sum(pair * targeted) / strokes

    governor = answer["governor"] + ((mask - 1.0) * 1e9)[:, :, None, None]  # (B, i, j, R)
    right = tf.one_hot(pairs - SAME - 1, governor.shape[-1], dtype=tf.bool, on_value=True, off_value=False)
    chosen = tf.where(right, governor, -1e9)
    governed = tf.reduce_any(right, axis=(1, 3))  # (B, j)
    root = answer["root"]
    everything = tf.reduce_logsumexp(tf.concat([_over_governors(governor), root[:, :, None]], -1), -1)
    target = tf.where(governed, tf.reduce_logsumexp(_over_governors(chosen), -1), root)
    govern = everything - target
    if said:
        # The logarithms of what cannot govern are huge, and no teacher says it: nothing of them is left.
        expected = tf.reduce_sum(said[2] * governor, (1, 3)) + said[3] * root  # (B, j)
        part = heard(tf.where(governed, tf.reduce_sum(tf.where(right, said[2], 0.0), (1, 3)), said[3]))  # (B, j)
        govern = (1.0 - part) * govern + part * (everything - expected)
    govern = tf.reduce_sum(govern * known) / strokes
    return {"symbol": symbol, "early": early, "pair": pair, "governor": govern}


def _over_governors(scores: Any) -> Any:
    """``(B, i, j, R)`` -> ``(B, j, i * R)``."""
    shape = tf.shape(scores)
    return tf.reshape(tf.transpose(scores, (0, 2, 1, 3)), (shape[0], shape[2], -1))


@dataclass
class Tally:
    """Figures of the steps of one epoch so far; part of a checkpoint, so that an interruption does not show in them."""

    steps: int = 0
    expressions: int = 0
    seconds: float = 0.0
    learning_rate: float = 0.0
    sums: dict[str, float] = field(default_factory=dict)

    def add(self, parts: Mapping[str, Any], expressions: int, seconds: float, learning_rate: float) -> None:
        """Count one step: its losses, how many expressions it had and how long it took."""
        self.steps, self.expressions = self.steps + 1, self.expressions + expressions
        self.seconds, self.learning_rate = self.seconds + seconds, learning_rate
        for name, value in parts.items():
            self.sums[name] = self.sums.get(name, 0.0) + float(value)

    def row(self) -> dict[str, float]:
        """Mean losses, the last learning rate, and the speed."""
        means = as_losses({name: value / self.steps for name, value in self.sums.items()})
        speed = self.expressions / self.seconds if self.seconds else 0.0
        return {**means, "learning_rate": self.learning_rate, "expressions_per_second": speed}


def as_losses(row: Mapping[str, float]) -> dict[str, float]:
    """The figures of a row, those of a head called its loss: ``symbol`` alone would be taken for a share read right."""
    return {f"{name}_loss" if name in HEADS else name: value for name, value in row.items()}


class ExpressionTrainer:
    """Holds the network, its optimizer and averaged weights, and takes them through the epochs.

    With several branches, the epochs in which the learning rate falls are trained several times from one trunk. Where
    each ends is chance; their mean lies in the middle of the flat region that all are led to, which owes less to chance
    and reads strangers' ink well (Izmailov et al., "Averaging weights leads to wider optima and better generalization",
    UAI 2018; Wortsman et al., "Model soups", ICML 2022).

    Args:
        model: the network, its weights random or given.
        formulas: the training set, fully labelled. classes: symbol vocabulary. recipe: how to train.
        path: checkpoint to go on from if it is there and of this training, and to write.
        say: takes lines for the user. begun: the weights given, by their place: part of what makes a training this one.
        teachers: whose answers are learned beside the truth, for the share that the recipe says.
    """

    def __init__(
        self,
        model: StrokeNetwork,
        formulas: FormulaSet,
        classes: Sequence[str],
        recipe: Recipe,
        path: Path,
        say: Callable[[str], None] = say_now,
        begun: Mapping[int, NDArray[np.float32]] | None = None,
        teachers: ExpressionTeachers | None = None,
    ) -> None:
        self.model, self.recipe, self.say, self.teachers = model, recipe, say, teachers
        self.composer = Composer(formulas, classes, recipe.mix)
        points = model.settings["points"]
        model.build((None, None, points, 2))
        self.optimizer = keras.optimizers.AdamW(
            recipe.learning_rate, weight_decay=recipe.weight_decay, beta_2=0.98, clipnorm=1.0
        )
        self.optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
        self.optimizer.build(model.trainable_variables)
        made_with = _fingerprint(model, self.composer.formulas, classes, recipe, begun or {}, teachers)
        self.checkpoint = Checkpoint(path, model, self.optimizer, made_with, say)
        self.averages = [tf.Variable(variable.value, trainable=False) for variable in model.trainable_variables]
        self.steps = tf.Variable(0, dtype=tf.int64, trainable=False)
        self.grown: list[NDArray[np.float32]] = []  # what the branches before this one arrived at, summed
        self.branch, self.epoch, self.batch = 0, 0, 0
        self.tally = Tally()
        self.history: list[dict[str, float]] = []
        said = [(None, None, len(classes)), (None, None, None, None), (None, None, None, None), (None, None)]
        self._step = tf.function(
            self._one_step,
            input_signature=[
                tf.TensorSpec(()),
                tf.TensorSpec((None, None, points, 2)),
                tf.TensorSpec((None, None)),
                tf.TensorSpec((None, None), tf.int32),
                tf.TensorSpec((None, None, None), tf.int32),
                *(tf.TensorSpec(shape) for shape in said if teachers is not None),
            ],
        )

    def _one_step(self, rate: Any, points: Any, mask: Any, classes: Any, pairs: Any, *said: Any) -> dict[str, Any]:
        smoothing, share = self.recipe.smoothing, self.recipe.teachers_share
        with tf.GradientTape() as tape:
            answer = self.model(points, mask, training=True)
            parts = losses(answer, mask, classes, pairs, smoothing, said, share)
            total = parts["symbol"] + 0.3 * parts["early"] + 0.5 * parts["pair"] + parts["governor"]
        variables = self.model.trainable_variables
        gradients = tape.gradient(total, variables)
        self.optimizer.learning_rate.assign(rate)
        self.optimizer.apply_gradients(zip(gradients, variables, strict=True))
        self.steps.assign_add(1)
        # Young averages forget faster, or the random start would linger in them.
        done = tf.cast(self.steps, tf.float32)
        keep = tf.minimum(self.recipe.average, (1.0 + done) / (10.0 + done))
        for average, variable in zip(self.averages, variables, strict=True):
            average.assign(keep * average + (1.0 - keep) * variable.value)
        return {"loss": total, **parts}

    def rate(self, done: float) -> float:
        """Learning rate when ``done`` (0..1) of all epochs is done: warm-up, plateau, cosine descent."""
        recipe = self.recipe
        warm = min(1.0, (int(self.steps) + 1) / max(recipe.warmup, 1))
        left = (1.0 - done) / recipe.decay if recipe.decay > 0 else 1.0
        fall = 0.5 * (1.0 - math.cos(math.pi * min(1.0, max(0.0, left))))
        return recipe.learning_rate * warm * max(fall, 1e-3)

    def run(
        self,
        deadline: float = math.inf,
        judge: Callable[[], dict[str, float]] = dict,
        on_epoch: Callable[[int, dict[str, float]], None] | None = None,
    ) -> bool:
        """Train until the epochs are done (True) or ``time.monotonic()`` passes ``deadline`` (False).

        Args:
            judge: gives further figures; called every ``recipe.judge_every`` epochs and after the last one.
            on_epoch: takes each epoch, counted from 0, with its figures, those before a resumption too.
        """
        report = on_epoch or (lambda epoch, row: None)
        for epoch, row in enumerate(self.history):
            report(epoch, row)
        finished = self._run_branch(deadline, judge, report)
        while finished and self.branch + 1 < self.recipe.branches:
            self._branch_off()
            finished = self._run_branch(deadline, judge, report)
        self.save()
        if finished:
            self.checkpoint.drop_trunk()
        return finished

    def _run_branch(
        self,
        deadline: float,
        judge: Callable[[], dict[str, float]],
        report: Callable[[int, dict[str, float]], None],
    ) -> bool:
        recipe = self.recipe
        while self.epoch < recipe.epochs:
            if recipe.branches > 1 and (self.branch, self.epoch, self.batch) == (0, recipe.fork, 0):
                self.checkpoint.save_trunk(*self._kept())
            named = f"{self.epoch + 1}/{recipe.epochs}"
            if recipe.branches > 1 and self.epoch >= recipe.fork:
                named += f", branch {self.branch + 1}/{recipe.branches}"
            counted = time.monotonic()
            with progress(f"Epoch {named}", 2 * len(self.composer.formulas)) as advance:
                upcoming = ahead(self._taught(batches(self.composer, recipe, self.epoch, self.branch), self.batch))
                for number, (share, batch, said) in enumerate(upcoming):
                    size = int(batch.mask[:, 0].sum())
                    advance(size)
                    if number < self.batch:  # done before the interruption
                        counted = time.monotonic()
                        continue
                    rate = self.rate((self.epoch + share) / recipe.epochs)
                    given = (tf.constant(array) for array in (*batch[:4], *said))
                    parts = self._step(tf.constant(rate, tf.float32), *given)
                    self.batch, now = number + 1, time.monotonic()
                    self.tally.add(parts, size, now - counted, rate)
                    if not math.isfinite(self.tally.sums["loss"]):
                        raise TrainingError(
                            f"epoch {self.epoch + 1}, step {self.batch}: the loss is infinite or no number; lower "
                            "train_expression.learning_rate"
                        )
                    counted = now
                    if now > deadline:
                        return False
                    if self.checkpoint.due:
                        self.save()
            row, spent = self.tally.row(), self.tally.seconds
            self.epoch, self.batch, self.tally = self.epoch + 1, 0, Tally()
            if self.epoch % recipe.judge_every == 0 or self.epoch == recipe.epochs:
                row |= judge()
            self.history.append(row)
            report(len(self.history) - 1, row)
            figures = "  ".join(f"{name} {value:.4g}" for name, value in row.items())
            self.say(f"epoch {named}  {spent:.1f} s  {figures}")
        return True

    def _taught(
        self, items: Iterator[tuple[float, Batch]], done: int
    ) -> Iterator[tuple[float, Batch, tuple[NDArray[np.float32], ...]]]:
        """The same batches, each but the first ``done``, which are learned, with what the teachers say of it.

        They are shown the ink as it was written: what a digitiser lost of it, its reader must make up for.
        """
        for number, (share, batch) in enumerate(items):
            if self.teachers is None or number < done:
                yield share, batch, ()
            else:
                yield share, batch, self.teachers(batch.written, batch.mask)

    def _branch_off(self) -> None:
        """Go back to the trunk, keeping what this branch arrived at.

        Raises:
            CheckpointError: the file of the trunk is gone or of another training.
        """
        arrived = [average.numpy() for average in self.averages]
        self._take(self.checkpoint.branch_off(self.branch + 1, self._fewer_branches()))
        self.grown = [sum_ + one for sum_, one in zip(self.grown, arrived, strict=True)] if self.grown else arrived
        self.branch, self.epoch, self.batch = self.branch + 1, self.recipe.fork, 0

    def _fewer_branches(self) -> str:
        """What can be done where no further branch can begin, other than to start anew."""
        return f"set train_expression.branches to {self.branch + 1}"

    def averaged(self) -> list[NDArray[np.float32]]:
        """The averaged weights, the mean of all branches so far, in the order of ``model.trainable_variables``."""
        arrived = [average.numpy() for average in self.averages]
        if not self.grown:
            return arrived
        return [(before + one) / (self.branch + 1) for before, one in zip(self.grown, arrived, strict=True)]

    def save(self) -> None:
        """Write everything that the next step depends on, whole or not at all."""
        self.checkpoint.save(*self._kept())

    def _kept(self) -> tuple[dict[str, Any], dict[str, list[NDArray[np.float32]]]]:
        """What a checkpoint has beside model and optimizer."""
        state = {
            "branch": self.branch,
            "epoch": self.epoch,
            "batch": self.batch,
            "steps": int(self.steps),
            "epochs": self.recipe.epochs,
            "decay": self.recipe.decay,
            "tally": asdict(self.tally),
            "history": self.history,
        }
        return state, {"average": [average.numpy() for average in self.averages], "grown": self.grown}

    def resume(self) -> None:
        """Take up the checkpoint, if there is one of this training, and say so.

        A training whose epochs or decay were changed goes on all the same, as long as the learning rate has not begun
        to fall: nothing before depended on them. Branches not yet begun can always be left out.

        Raises:
            CheckpointError: they were changed after that, or the trunk that branches leave from is gone.
        """
        restored = self.checkpoint.resume()
        if restored is None:
            return
        state = restored.state
        now, was = self.recipe, replace(self.recipe, epochs=state["epochs"], decay=state["decay"])
        descending = state["branch"] > 0 or (state["epoch"], state["batch"]) > (min(was.fork, now.fork), 0)
        if (descending and now != was) or state["branch"] >= now.branches:
            raise CheckpointError(
                f"{self.checkpoint.path}: in epoch {state['epoch'] + 1} of branch {state['branch'] + 1} of a training "
                f"of epochs {was.epochs}, decay {was.decay}, too late to change those or have fewer branches in "
                "train_expression; set them to what they were, or delete the file to start anew"
            )
        self._take(restored)
        self.branch, self.epoch, self.batch = state["branch"], state["epoch"], state["batch"]
        self.grown = restored.parts.get("grown", [])
        # In checkpoints of earlier versions, losses of heads bear the name of the head alone.
        self.history, self.tally = [as_losses(row) for row in state["history"]], Tally(**state["tally"])
        if descending and self.branch + 1 < self.recipe.branches:
            self.checkpoint.require_trunk(self._fewer_branches())
        self.say(f"resuming at epoch {self.epoch + 1}, step {self.batch + 1}, from {self.checkpoint.path}")

    def _take(self, restored: Restored) -> None:
        """Set averages and steps to those of a checkpoint."""
        for average, value in zip(self.averages, restored.parts["average"], strict=True):
            average.assign(value)
        self.steps.assign(restored.state["steps"])


def _fingerprint(
    model: StrokeNetwork,
    formulas: FormulaSet,
    classes: Sequence[str],
    recipe: Recipe,
    begun: Mapping[int, NDArray[np.float32]],
    teachers: ExpressionTeachers | None,
) -> str:
    """What a checkpoint must have been made with to be gone on from."""
    knobs = {**asdict(recipe), "model": model.settings, "products": model.products, "classes": list(classes)}
    for name in ("epochs", "decay", "branches", "judge_every"):
        del knobs[name]
    # Which formulas these are, composing does not look at; and none of them holds a matrix.
    named = {"ids", "splits", "sources", "latex", "with_matrix"}
    arrays = [getattr(formulas, one.name) for one in fields(formulas) if one.name not in named]
    files = teachers.files if teachers is not None else ()
    data = (np.ascontiguousarray(array).data for array in (*arrays, *begun.values()))
    network = Path(inspect.getfile(type(model)))
    return fingerprint(knobs, network, chain(data, (file.read_bytes() for file in files)))


Forward = Callable[[Any, Any], dict[str, Any]]


def forward(model: StrokeNetwork) -> Forward:
    """The network as one graph for batches of any size: traced once, it answers as its weights are at each call."""
    signature = [tf.TensorSpec((None, None, model.settings["points"], 2)), tf.TensorSpec((None, None))]
    traced: Forward = tf.function(lambda points, mask: model(points, mask), input_signature=signature)
    return traced


def predict(network: Forward, formulas: FormulaSet) -> Iterator[tuple[int, Scores]]:
    """The network's answer to each formula, with its number; formulas of like length share a call."""
    lengths = np.diff(formulas.stroke_offsets)
    for chosen in of_like_length(lengths.tolist()):
        answer = network(*pad([formulas.strokes(number) for number in chosen]))
        arrays = {name: value.numpy() for name, value in answer.items()}
        for row, number in enumerate(chosen):
            yield number, Scores.of(arrays, row, int(lengths[number]))


def plain_exprate(network: Forward, formulas: FormulaSet, classes: Sequence[str]) -> float:
    """Share of formulas whose plain read-out has the canonical LaTeX of the truth, in 0..1."""
    right = 0
    for number, scores in predict(network, formulas):
        try:
            right += canonical_tokens(plain_readout(scores, classes)) == formulas.latex[number].split()
        except LayoutError:  # a reading that no LaTeX can say is a wrong one
            continue
    return right / max(len(formulas), 1)


def named_weights(model: StrokeNetwork) -> dict[str, keras.Variable]:
    """What is trained, by name: networks of other sizes share the names of what they have in common."""
    return {one.path: one for one in model.trainable_variables}


def by_class(model: StrokeNetwork) -> dict[str, int]:
    """What is trained that has something for each class, by name, and along which axis."""
    axes = {"symbol_head/kernel": 1, "symbol_head/bias": 0, "feedback/kernel": 0}
    return {name: axis for name in named_weights(model) for layer, axis in axes.items() if name.endswith(f"/{layer}")}
