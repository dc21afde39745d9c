"""Training a classifier of isolated symbols, from arrays to the best weights seen.

A training is a function of its arrays, its settings and its seed: what is drawn for a step depends on seed, epoch and
step alone, so one that was killed and goes on from its checkpoint ends with the weights of one that never stopped.
"""

from __future__ import annotations

import hashlib
import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from inkmath.dataset.atomic import replacing
from inkmath.dataset.results import write_history, write_json
from inkmath.decoding.symbol import DESCRIPTION, NETWORK, write_description
from inkmath.evaluation.calibration import fit_temperature
from inkmath.features.symbol import CHANNELS
from inkmath.features.symbol_augment import augment_symbols
from inkmath.features.symbol_context import alone
from inkmath.labels import UNSEEN, one_hot
from inkmath.models import build_model
from inkmath.models.export import export_onnx
from inkmath.training import TrainingError, checkpoint
from inkmath.training.compute import all_devices
from inkmath.training.interpolation import mean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from numpy.typing import NDArray

    from inkmath.dataset.arrays import Array
    from inkmath.features.symbol import FloatArray
    from inkmath.labels import Vocabulary
    from inkmath.params import Augment, Train


PIECE = 1024
"""Samples that are judged at once."""


def say_now(line: str) -> None:
    """Print a line at once, also where the output is a file."""
    print(line, flush=True)


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
        model: with the weights of the best epoch, or the mean of them and those begun from.
        history: a row of figures per epoch, from the first, whichever start it was trained in.
        best_epoch: where the kept weights come from, counted from 0; the last one where that was asked for.
        kept: ``valid_accuracy`` and ``valid_loss`` of the model.
        began_at: the epoch that this start began with; above 0 where it went on from a checkpoint.
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
    num_classes: int,
    settings: Train,
    seed: int,
    checkpoint_path: str | Path,
    on_epoch: Callable[[int, Mapping[str, float]], None] | None = None,
    say: Callable[[str], None] = say_now,
) -> Trained:
    """Train until ``settings.epochs``, until ``settings.patience`` epochs brought nothing, or until time is up.

    Args:
        train: learned from.
        valid: chooses the best epoch, by top-1 accuracy and, where that is equal, by loss; with ``settings.keep`` the
            last one is kept instead.
        num_classes: how many classes there are.
        settings: architecture, optimiser, schedule and augmentation.
        seed: of the weights, the order of samples, dropout and augmentation.
        checkpoint_path: an ``.npz`` file, written after each epoch. If it is of this very training, that goes on from
            it; if of another one, it is written over. Whoever has stored the result removes it.
        on_epoch: takes the number of each epoch, counted from 0, and its figures; those of a checkpoint come again.
        say: takes the lines for the user.

    Raises:
        TrainingError: there is no sample to learn from or to validate on, or ``settings.init_from`` is unusable.
        CheckpointError: the checkpoint is damaged.
    """
    train, valid = train.known(), valid.known()
    for name, data in (("training", train), ("validation", valid)):
        if not len(data):
            raise TrainingError(
                f"the {name} split holds no symbol of a known class; see data.* and parse.valid in params.yaml"
            )
    keras.utils.set_random_seed(seed)
    batches = _Batches(train, num_classes, settings, seed)
    with all_devices().scope():
        model = build_model(
            train.features.shape[1:], num_classes, settings.architecture, units=settings.units, dropout=settings.dropout
        )
        begun = {} if settings.init_from is None else _initialise(model, settings.init_from, say)
        model.compile(
            optimizer=keras.optimizers.Adam(
                _schedule(settings, len(batches)), weight_decay=settings.weight_decay or None, clipnorm=1.0
            ),
            loss=keras.losses.CategoricalCrossentropy(label_smoothing=settings.label_smoothing),
            metrics=["accuracy"],
            # XLA made training slower on CPUs.
            jit_compile=False,
        )
    keeper = _Keeper(Path(checkpoint_path), _fingerprint(train, valid, settings, seed), settings, on_epoch, say)
    keeper.set_model(model)
    keeper.resume()
    if not keeper.done:
        model.fit(
            batches,
            initial_epoch=keeper.began_at,
            epochs=settings.epochs,
            validation_data=_Judged(valid, num_classes),
            callbacks=[keras.callbacks.LambdaCallback(on_epoch_begin=lambda epoch, _: batches.begin(epoch)), keeper],
            shuffle=False,  # Keras would shuffle the batches once more, by a generator of its own
            verbose=1 if sys.stdout.isatty() else 0,
        )
    checkpoint.assign(model.variables, keeper.best_weights, checkpoint_path)
    kept = keeper.history[keeper.best_epoch]
    if settings.init_share:
        arrived = [variable.numpy() for variable in model.weights]
        for variable, value in zip(model.weights, mean(arrived, begun, settings.init_share), strict=True):
            variable.assign(value)
        judged = model.evaluate(_Judged(valid, num_classes), return_dict=True, verbose=0)
        kept = {f"valid_{name}": float(judged[name]) for name in ("accuracy", "loss")}
    return Trained(model, keeper.history, keeper.best_epoch, kept, keeper.began_at, keeper.finished)


def write_model(
    trained: Trained, directory: Path, vocabulary: Vocabulary, normalize: Mapping[str, Any], valid: SymbolData
) -> tuple[Path, Path]:
    """Write the model as Keras has it (``model.keras``), and as `inkmath.decoding.symbol` reads it.

    Args:
        trained: what to write.
        directory: made if need be.
        vocabulary: the classes.
        normalize: keyword arguments of `normalize_and_pad_traces`, as the model was trained on.
        valid: its probabilities are calibrated on these.

    Returns:
        The two files that a reader needs.
    """
    model, valid = trained.model, valid.known()
    with replacing(directory / "model.keras") as temporary:
        model.save(temporary)
    export_onnx(model, directory / NETWORK, {"ink": (None, *valid.features.shape[1:])})
    judged = [_predict(model, valid)]
    if _takes_context(valid):
        judged.append(_predict(model, valid, hidden=True))
    temperature = fit_temperature(np.concatenate(judged), np.tile(valid.ids, len(judged)))
    write_description(directory, vocabulary.words, normalize, temperature)
    return directory / NETWORK, directory / DESCRIPTION


def write_results(trained: Trained, directory: Path, valid: SymbolData) -> dict[str, float]:
    """Write ``history.csv``, a row an epoch, and ``metrics.json``; returns the latter's figures.

    Where the network takes a symbol's context, they say how it reads the validation symbols without it, too.
    """
    write_history(directory / "history.csv", trained.history)
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


def _takes_context(data: SymbolData) -> bool:
    return bool(data.features.shape[2] > len(CHANNELS))


def _predict(model: keras.Model, data: SymbolData, *, hidden: bool = False) -> FloatArray:
    """Probabilities ``(N, classes)``; ``hidden`` keeps the context of each symbol from the network."""
    probabilities: FloatArray = model.predict(_Judged(data, model.output_shape[-1], hidden=hidden), verbose=0)
    return probabilities


class _Batches(keras.utils.PyDataset):  # type: ignore[misc]
    """The training set in an order of its own for each epoch, every batch changed by its own generator."""

    def __init__(self, data: SymbolData, num_classes: int, settings: Train, seed: int) -> None:
        super().__init__(workers=1, use_multiprocessing=False)
        self._data, self._num_classes, self._seed = data, num_classes, seed
        self._size = min(settings.batch_size, len(data))
        self._augment: Augment | None = settings.augment if settings.augment.enabled else None
        self.begin(0)

    def begin(self, epoch: int) -> None:
        """Make the batches those of an epoch. Keras's own signals to a data set do not tell which epoch it is."""
        self._epoch = epoch
        self._order = np.random.default_rng((self._seed, epoch)).permutation(len(self._data))

    def __len__(self) -> int:
        # A last, smaller batch would compile the step twice; what it leaves out differs from epoch to epoch.
        return len(self._data) // self._size

    def __getitem__(self, step: int) -> tuple[FloatArray, FloatArray]:
        chosen = self._order[step * self._size : (step + 1) * self._size]
        features = self._data.take(chosen)
        if self._augment is not None:
            features = augment_symbols(features, self._augment, np.random.default_rng((self._seed, self._epoch, step)))
        return features, one_hot(self._data.ids[chosen], self._num_classes)


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


class _Keeper(keras.callbacks.Callback):  # type: ignore[misc]
    """Keeps the best weights and a checkpoint after each epoch, says how it goes, and stops when it is time."""

    def __init__(
        self,
        path: Path,
        fingerprint: str,
        settings: Train,
        on_epoch: Callable[[int, Mapping[str, float]], None] | None,
        say: Callable[[str], None],
    ) -> None:
        super().__init__()
        self._path, self._fingerprint, self._settings = path, fingerprint, settings
        self._on_epoch, self._say = on_epoch, say
        self.history: list[dict[str, float]] = []
        self.best_epoch = 0
        self.best_weights: list[Array] = []
        self.began_at = 0
        self.finished = True

    @property
    def done(self) -> bool:
        """Whether no further epoch is wanted."""
        waited = len(self.history) - 1 - self.best_epoch
        return len(self.history) >= self._settings.epochs or waited >= self._settings.patience

    def resume(self) -> None:
        state = checkpoint.peek(self._path)
        if state is None:
            return
        if state.get("fingerprint") != self._fingerprint:
            self._say(f"{self._path} is of another training (data, seed or parameters differ): starting anew")
            return
        restored = checkpoint.restore(self._path, self.model, self.model.optimizer)
        assert restored is not None
        self.history, self.best_epoch = restored.state["history"], restored.state["best_epoch"]
        self.best_weights = [restored.arrays[f"best/{index}"] for index in range(len(restored.arrays))]
        self.began_at = len(self.history)
        if self._on_epoch is not None:
            for epoch, row in enumerate(self.history):
                self._on_epoch(epoch, row)
        self._say(f"resuming after epoch {self.began_at} of {self._settings.epochs}, from {self._path}")

    def on_train_begin(self, logs: Mapping[str, float] | None = None) -> None:
        self._started = self._last = time.monotonic()

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        row = {name.replace("val_", "valid_", 1): float(value) for name, value in (logs or {}).items()}
        # On several devices a constant rate is a variable of each of them, which is no number.
        row["learning_rate"] = float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate))
        self.history.append(row)
        better = not self.best_weights or _merit(row) > _merit(self.history[self.best_epoch])
        if better or self._settings.keep == "last":
            self.best_epoch = epoch
            self.best_weights = [variable.value.numpy() for variable in self.model.variables]
        now = time.monotonic()
        checkpoint.save(
            self._path,
            self.model,
            self.model.optimizer,
            {
                "fingerprint": self._fingerprint,
                "history": self.history,
                "best_epoch": self.best_epoch,
            },
            {f"best/{index}": value for index, value in enumerate(self.best_weights)},
        )
        if self._on_epoch is not None:
            self._on_epoch(epoch, row)
        if not sys.stdout.isatty():
            figures = "  ".join(f"{name} {value:.4g}" for name, value in row.items())
            self._say(f"epoch {epoch + 1}/{self._settings.epochs}  {now - self._last:.1f} s  {figures}")
        duration, self._last = now - self._last, now
        if self.done:
            self.model.stop_training = True
        elif self._settings.max_minutes and now - self._started + duration > 60 * self._settings.max_minutes:
            self.model.stop_training = True
            self.finished = False
            self._say(f"stopped after epoch {epoch + 1}: another would pass max_minutes")
            self._say("it goes on with: dvc repro -f -s train")


def _merit(row: Mapping[str, float]) -> tuple[float, float]:
    return row["valid_accuracy"], -row["valid_loss"]


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


def _initialise(model: keras.Model, source: str, say: Callable[[str], None]) -> dict[int, Array]:
    """Take over the weights of a Keras model file, except those of other shapes; returns them by their place."""
    try:
        given = keras.models.load_model(source, compile=False)
    except (OSError, ValueError) as error:
        raise TrainingError(f"train.init_from = {source}: cannot be read as a .keras model ({error})") from error
    if len(given.weights) != len(model.weights):
        raise TrainingError(
            f"train.init_from = {source}: is of another architecture; set train.architecture to its own"
        )
    begun: dict[int, Array] = {}
    for place, (mine, its) in enumerate(zip(model.weights, given.weights, strict=True)):
        if mine.shape == its.shape:
            mine.assign(its)
            begun[place] = its.numpy()
    if not begun:
        raise TrainingError(f"train.init_from = {source}: no weight has the shape of one here")
    say(f"began with {len(begun)} of {len(model.weights)} weight arrays from {source}")
    return begun


def _fingerprint(train: SymbolData, valid: SymbolData, settings: Train, seed: int) -> str:
    """What a checkpoint must have been made with to be gone on from."""
    digest = hashlib.blake2b(digest_size=16)
    knobs = settings.model_dump(mode="json", exclude={"max_minutes"})
    digest.update(json.dumps([knobs, seed], sort_keys=True).encode())
    if settings.init_from is not None:  # the name says nothing of what is in the file today
        digest.update(Path(settings.init_from).read_bytes())
    for data in (train, valid):
        for piece in data.pieces():
            digest.update(piece.data)
        digest.update(np.ascontiguousarray(data.ids).data)
    return digest.hexdigest()
