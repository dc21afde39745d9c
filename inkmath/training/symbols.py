"""Training a classifier of isolated symbols, from arrays to the best weights seen.

A training is a function of its arrays, its settings and its seed: what is drawn for a step depends on seed, pass and
step alone, so one that was killed and goes on from its checkpoint ends with the weights of one that never stopped.

With several branches, the second half of the epochs is trained several times from where the first half ended, each time
with draws of its own, and the mean of the weights is kept: `inkmath.training.expression` says why. The statistics of
batch normalisation are averaged like weights: computed anew they read no better (docs/experiments.md).
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from inkmath.dataset.atomic import replacing
from inkmath.dataset.results import write_history, write_json
from inkmath.decoding.symbol import DESCRIPTION, NETWORK, write_description
from inkmath.evaluation.calibration import fit_temperature
from inkmath.features.symbol import CHANNELS
from inkmath.features.symbol_augment import augment_symbols, coarsen_symbols
from inkmath.features.symbol_context import alone
from inkmath.labels import UNSEEN, one_hot
from inkmath.models import build_model
from inkmath.models.export import ensure_exportable, export_onnx
from inkmath.training import TrainingError, say_now
from inkmath.training.checkpoint import NETWORKS, Checkpoint, assign, fingerprint
from inkmath.training.compute import all_devices
from inkmath.training.keeper import Keeper
from inkmath.training.teachers import DOUBT
from inkmath.training.weights import load_weights, mean, save_weights

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from inkmath.dataset.arrays import Array
    from inkmath.features.symbol import FloatArray
    from inkmath.labels import Vocabulary
    from inkmath.params import Augment, Train
    from inkmath.training.symbol_teachers import SymbolTeachers


ORDER, BENDING = 1, 2
"""Streams of chance that share a seed: the order of a pass, and how its samples are bent."""

PIECE = 1024
"""Samples that are judged at once."""

WEIGHTS_FILE = "symbol-weights.npz"
"""To train on from; what a reader loads is the exported network."""


@dataclass(frozen=True)
class SymbolData:
    """Samples of one split, which may lie on disk: they are taken from there a batch at a time.

    Attributes:
        features: ``(M, length, 5 or 14)``, in memory or a map of a file; not all of its rows need be samples.
        ids: ``(N,)`` the class of each sample, `UNSEEN` where it has none.
        rows: ``(N,)`` where in ``features`` each sample stands; None where they are the same.
    """

    features: FloatArray
    ids: NDArray[np.integer[Any]]
    rows: NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(self.ids)

    def known(self) -> SymbolData:
        """Those samples that have a class."""
        seen = np.flatnonzero(self.ids != UNSEEN)
        return SymbolData(self.features, self.ids[seen], seen if self.rows is None else self.rows[seen])

    def take(self, samples: NDArray[np.integer[Any]] | slice) -> FloatArray:
        """The features of some samples, in memory."""
        return np.array(self.features[samples if self.rows is None else self.rows[samples]])

    def pieces(self) -> Iterator[FloatArray]:
        """The features of all samples in their order, a thousand or so at a time."""
        for start in range(0, len(self), PIECE):
            yield self.take(slice(start, start + PIECE))


@dataclass(frozen=True)
class Trained:
    """What a training gave.

    Attributes:
        model: with the weights of the best epoch, or the mean of where the branches ended; or the mean of either and
            those begun from.
        history: a row of figures per epoch, from the first, whichever start and branch it was trained in.
        best_epoch: the row of the kept weights, counted from 0; the last one where that was asked for.
        kept: ``valid_accuracy`` and ``valid_loss`` of the model.
        began_at: the row that this start began with; above 0 where it went on after an epoch.
        finished: False where ``max_minutes`` stopped it; then its checkpoint is there to go on from.
    """

    model: keras.Model
    history: list[dict[str, float]]
    best_epoch: int
    kept: Mapping[str, float]
    began_at: int
    finished: bool


def train_symbols(
    train: SymbolData,
    valid: SymbolData,
    labels: Sequence[str],
    settings: Train,
    seed: int,
    checkpoint_path: str | Path,
    on_epoch: Callable[[int, Mapping[str, float]], None] | None = None,
    say: Callable[[str], None] = say_now,
    teachers: SymbolTeachers | None = None,
) -> Trained:
    """Train until ``settings.epochs``, until ``settings.patience`` epochs brought nothing, or until time is up.

    Args:
        train: learned from.
        valid: chooses the best epoch, by top-1 accuracy and, where that is equal, by loss; with ``settings.keep`` the
            last one is kept instead.
        labels: of the classes.
        settings: architecture, optimiser, schedule, branches and augmentation.
        seed: of the weights, the order of samples, dropout and augmentation.
        checkpoint_path: an ``.npz`` file, written after each epoch and, within long ones, every five minutes. If it is
            of this very training, that goes on from it; if of another one, it is written over. Whoever has stored the
            result removes it. Where branches begin lies beside it, as ``-trunk``, until the last of them has ended.
        on_epoch: takes the row of each epoch, counted from 0, and its figures; those of a checkpoint come again.
        say: takes the lines for the user.
        teachers: those of ``settings.teachers``, whose answers are learned beside the labels.

    Raises:
        TrainingError: there is no sample to learn from or to validate on, the network gives no probabilities, or
            ``settings.init_from`` is unusable.
        ExportError: readers could not have the network.
        CheckpointError: the checkpoint is damaged, or what a further branch begins from is gone.
    """
    train, valid, num_classes = train.known(), valid.known(), len(labels)
    for name, data in (("training", train), ("validation", valid)):
        if not len(data):
            raise TrainingError(
                f"the {name} split holds no symbol of a known class; see data.* and parse.valid in params.yaml"
            )
    keras.utils.set_random_seed(seed)
    batches = _Batches(train, num_classes, settings, seed, teachers)
    with all_devices().scope():
        model = build_model(
            train.features.shape[1:], num_classes, settings.architecture, units=settings.units, dropout=settings.dropout
        )
        begun = {} if settings.init_from is None else _initialise(model, settings.init_from, labels, say)
        model.compile(
            optimizer=keras.optimizers.Adam(
                _schedule(settings, len(batches)), weight_decay=settings.weight_decay or None, clipnorm=1.0
            ),
            loss=keras.losses.CategoricalCrossentropy(label_smoothing=settings.label_smoothing),
            metrics=["accuracy"],
            # XLA made training slower on CPUs.
            jit_compile=False,
        )
    _ensure_probabilities(model, train.features.shape[1:], num_classes, settings.architecture)
    ensure_exportable(model, _inputs(train))
    made_with = _fingerprint(train, valid, settings, seed, teachers)
    checkpoint = Checkpoint(Path(checkpoint_path), model, model.optimizer, made_with, say)
    keeper = Keeper(checkpoint, settings, on_epoch, say)
    keeper.set_model(model)
    keeper.resume()
    begin = keras.callbacks.LambdaCallback(on_epoch_begin=lambda *_: batches.begin(len(keeper.history), keeper.step))
    while keeper.finished and not keeper.done:
        epoch = keeper.next_epoch()
        batches.begin(len(keeper.history), keeper.step)  # Keras asks for their number before an epoch begins
        model.fit(
            batches,
            initial_epoch=epoch,
            epochs=epoch + 1 if keeper.step else settings.epochs,
            validation_data=_Judged(valid, num_classes),
            callbacks=[begin, keeper],
            shuffle=False,  # Keras would shuffle the batches once more, by a generator of its own
            verbose=1 if sys.stdout.isatty() else 0,
        )
    assign(model.variables, keeper.best_weights, checkpoint_path)
    kept = keeper.history[keeper.best_epoch]
    if keeper.ended or settings.init_share:
        ends = [*keeper.ended, [variable.numpy() for variable in model.weights]]
        arrived = [np.mean(values, axis=0) for values in zip(*ends, strict=True)]
        for variable, value in zip(model.weights, mean(arrived, begun, settings.init_share), strict=True):
            variable.assign(value)
        judged = model.evaluate(_Judged(valid, num_classes), return_dict=True, verbose=0)
        kept = {f"valid_{name}": float(judged[name]) for name in ("accuracy", "loss")}
    return Trained(model, keeper.history, keeper.best_epoch, kept, keeper.began_at, keeper.finished)


def _ensure_probabilities(model: keras.Model, shape: tuple[int, ...], classes: int, architecture: str) -> None:
    """Refuse a network without a softmax at its end: it would train without complaint, and its figures mislead."""
    answers = np.asarray(model(np.random.default_rng(0).normal(size=(2, *shape)).astype(np.float32)))
    if answers.shape != (2, classes):
        raise TrainingError(
            f"the network {architecture} answers two symbols by an array of shape {answers.shape}; a probability of "
            f"each of the {classes} classes is wanted, (2, {classes})"
        )
    # What is no number the first step tells.
    if np.isfinite(answers).all() and (answers.min() < 0 or not np.allclose(answers.sum(axis=1), 1, atol=1e-3)):
        raise TrainingError(f"the network {architecture} answers by no probabilities; let it end with a softmax")


def write_model(
    trained: Trained, directory: Path, vocabulary: Vocabulary, normalize: Mapping[str, Any], valid: SymbolData
) -> tuple[Path, Path, Path]:
    """Write the model as Keras has it (``model.keras``), as `inkmath.decoding.symbol` reads it, and to train on from.

    Args:
        trained: what to write.
        directory: made if need be.
        vocabulary: the classes.
        normalize: keyword arguments of `normalize_and_pad_traces`, as the model was trained on.
        valid: its probabilities are calibrated on these.

    Returns:
        The two files that a reader needs, and the weights to train on from.
    """
    model, valid = trained.model, valid.known()
    with replacing(directory / "model.keras") as temporary:
        model.save(temporary)
    export_onnx(model, directory / NETWORK, _inputs(valid))
    judged = [_predict(model, valid)]
    if _takes_context(valid):
        judged.append(_predict(model, valid, hidden=True))
    temperature = fit_temperature(np.concatenate(judged), np.tile(valid.ids, len(judged)))
    write_description(directory, vocabulary.words, normalize, temperature)
    save_weights(directory / WEIGHTS_FILE, named_weights(model), vocabulary.words)
    return directory / NETWORK, directory / DESCRIPTION, directory / WEIGHTS_FILE


def write_results(trained: Trained, directory: Path, valid: SymbolData) -> dict[str, float]:
    """Write ``history.csv``, a row an epoch, and ``metrics.json``; returns the latter's figures.

    Where the network takes a symbol's context, they say how it reads the validation symbols without it, too.
    """
    write_history(directory / "history.csv", dict(enumerate(trained.history, 1)))
    metrics = {
        "valid_accuracy": round(trained.kept["valid_accuracy"], 5),
        "valid_loss": round(trained.kept["valid_loss"], 5),
        "best_epoch": float(trained.best_epoch + 1),
        "epochs": float(len(trained.history)),
    }
    if _takes_context(valid):
        known = valid.known()
        answers = _predict(trained.model, known, hidden=True).argmax(axis=1)
        metrics["valid_alone_accuracy"] = round(float((answers == known.ids).mean()), 5)
    write_json(directory / "metrics.json", metrics)
    return metrics


def _inputs(data: SymbolData) -> dict[str, tuple[int | None, ...]]:
    """Of the exported network."""
    return {"ink": (None, *data.features.shape[1:])}


def _takes_context(data: SymbolData) -> bool:
    return bool(data.features.shape[2] > len(CHANNELS))


def _predict(model: keras.Model, data: SymbolData, *, hidden: bool = False) -> FloatArray:
    """Probabilities ``(N, classes)``; ``hidden`` keeps the context of each symbol from the network."""
    probabilities: FloatArray = model.predict(_Judged(data, model.output_shape[-1], hidden=hidden), verbose=0)
    return probabilities


class _Batches(keras.utils.PyDataset):  # type: ignore[misc]
    """The training set in an order of its own for each pass, every batch changed by its own generator."""

    def __init__(
        self, data: SymbolData, num_classes: int, settings: Train, seed: int, teachers: SymbolTeachers | None
    ) -> None:
        super().__init__(workers=1, use_multiprocessing=False)
        self._data, self._num_classes, self._seed = data, num_classes, seed
        self._teachers, self._share = teachers, np.float32(settings.teachers_share)
        self._size = min(settings.batch_size, len(data))
        self._augment: Augment | None = settings.augment if settings.augment.enabled else None
        self.begin(0)

    def begin(self, number: int, done: int = 0) -> None:
        """Make the batches those of a pass, but for the first ``done`` of them.

        Keras's own signals to a data set do not tell which pass it is.
        """
        self._pass, self._done = number, done
        self._order = np.random.default_rng((ORDER, self._seed, number)).permutation(len(self._data))

    def __len__(self) -> int:
        # A last, smaller batch would compile the step twice; what it leaves out differs from pass to pass.
        return len(self._data) // self._size - self._done

    def __getitem__(self, step: int) -> tuple[FloatArray, FloatArray]:
        step += self._done
        chosen = self._order[step * self._size : (step + 1) * self._size]
        features = self._data.take(chosen)
        rng = np.random.default_rng((BENDING, self._seed, self._pass, step))
        if self._augment is not None:
            features = augment_symbols(features, self._augment, rng)
        target = one_hot(self._data.ids[chosen], self._num_classes)
        if self._teachers is not None:
            said = self._teachers(features)  # (N, C)
            known = (said * target).sum(axis=1, keepdims=True) >= DOUBT
            share = self._share * known.astype(np.float32)  # (N, 1)
            target = (1 - share) * target + share * said
        if self._augment is not None:
            # Teachers are shown the ink as it was written: what a digitiser lost of it, its reader must make up for.
            features = coarsen_symbols(features, self._augment.coarse, rng)
        return features, target


class _Judged(keras.utils.PyDataset):  # type: ignore[misc]
    """The validation set as it is, or with the context of each symbol hidden."""

    def __init__(self, data: SymbolData, num_classes: int, *, hidden: bool = False) -> None:
        super().__init__(workers=1, use_multiprocessing=False)
        self._data, self._num_classes, self._hidden = data, num_classes, hidden

    def __len__(self) -> int:
        return -(-len(self._data) // PIECE)

    def __getitem__(self, step: int) -> tuple[FloatArray, FloatArray]:
        chosen = slice(step * PIECE, (step + 1) * PIECE)
        features = self._data.take(chosen)
        return alone(features) if self._hidden else features, one_hot(self._data.ids[chosen], self._num_classes)


def _schedule(settings: Train, steps_per_epoch: int) -> float | keras.optimizers.schedules.LearningRateSchedule:
    """Constant, or a linear rise over the first twentieth and then half a cosine (Loshchilov and Hutter, ICLR 2017)."""
    if settings.schedule == "constant":
        return settings.learning_rate
    steps = steps_per_epoch * settings.epochs
    rise = max(1, steps // 20)
    return keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=settings.learning_rate / 50,
        decay_steps=max(1, steps - rise),
        alpha=0.02,
        warmup_target=settings.learning_rate,
        warmup_steps=rise,
    )


def _initialise(model: keras.Model, source: str, labels: Sequence[str], say: Callable[[str], None]) -> dict[int, Array]:
    """Take over the weights of a file, except those of other shapes; returns them by their place."""
    names = list(named_weights(model))
    begun = load_weights(
        source,
        named_weights(model),
        labels,
        dict.fromkeys(names[-2:], -1),  # networks end with the kernel and the bias of the classes
        f"set train.architecture and units to those of its network, or init_from to another {WEIGHTS_FILE}",
    )
    say(begun.told(len(names), source))
    return begun.arrays


def named_weights(model: keras.Model) -> dict[str, keras.Variable]:
    """All weights, those of batch normalisation too, by architecture and place: names Keras makes up count on."""
    return {f"{model.name}/{place}": one for place, one in enumerate(model.weights)}


def _fingerprint(
    train: SymbolData, valid: SymbolData, settings: Train, seed: int, teachers: SymbolTeachers | None
) -> str:
    """What a checkpoint must have been made with to be gone on from."""
    knobs = settings.model_dump(mode="json", exclude={"max_minutes"})
    begun = [Path(settings.init_from)] if settings.init_from is not None else []
    files = [*begun, *(teachers.files if teachers is not None else ())]  # a name says nothing of what is there today
    arrays = (array.data for data in (train, valid) for array in chain(data.pieces(), [data.ids]))
    network = NETWORKS / f"{settings.architecture}.py"
    return fingerprint([knobs, seed], network, chain((file.read_bytes() for file in files), arrays))
