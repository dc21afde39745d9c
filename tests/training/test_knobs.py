"""Every knob of a training reaches what it is about; nothing is trained here."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from functools import cache
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from other_values import differing, knobs

from inkmath.features.symbol import normalize_and_pad_traces
from inkmath.features.symbol_context import with_context
from inkmath.params import Train, TrainExpression, load_params

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from functools import _lru_cache_wrapper

    from inkmath.features.expression import FormulaSet
    from inkmath.training.recipe import Recipe

    Cached = _lru_cache_wrapper  # what `cache` makes of a function

pytestmark = pytest.mark.slow  # TensorFlow is imported

PARAMS = load_params(Path(__file__).parents[2] / "params.yaml")
SEED = 3

EXPRESSION = TrainExpression.model_validate(
    PARAMS.train_expression.model_dump()
    | {"width": 12, "layers": 2, "heads": 2, "pair_width": 8, "init_from": "begun.npz", "init_share": 0.25}
    | {"teachers": ("teacher",), "teachers_share": 0.25}
)
SYMBOL = Train.model_validate(
    PARAMS.train.model_dump()
    | {"architecture": "lstm", "units": 8, "epochs": 7, "batch_size": 16, "patience": 2, "learning_rate": 0.004}
    | {"init_from": "begun.npz", "init_share": 0.25, "teachers": ("teacher",), "teachers_share": 0.25}
)


@dataclass
class ExpressionTraining:
    """What a training of expressions is made of."""

    network: list[dict[str, Any]]
    recipe: Recipe
    begun: dict[str, str]
    share: float
    teachers: tuple[str, ...]
    deadline: float


@pytest.fixture(scope="module")
def expression(formulas: FormulaSet, classes: list[str]) -> Iterator[Cached[ExpressionTraining]]:
    """Makes everything that a training of expressions takes, and stops there."""
    import keras

    from inkmath.models.strokes import StrokeNetwork
    from inkmath.training import expression_run
    from inkmath.training.weights import Begun

    split = replace(formulas, splits=np.array(["train"] * 6 + ["valid"] * 4))
    made: dict[str, Any] = {}

    class Trainer:
        history: Sequence[dict[str, float]] = ()

        def __init__(self, model: StrokeNetwork, *given: Any, begun: dict[str, str], teachers: tuple[str, ...]) -> None:
            made["network"] = [layer.get_config() for layer in model.layers]
            made["recipe"], made["begun"], made["teachers"] = given[2], begun, teachers

        def resume(self) -> None: ...

        def averaged(self) -> list[np.ndarray]:
            return []

        def run(self, deadline: float, *_: Any) -> bool:
            made["deadline"] = deadline
            return True

    def mean(trained: object, begun: object, share: float) -> list[np.ndarray]:
        made["share"] = share
        return []

    @cache
    def make(chosen: TrainExpression) -> ExpressionTraining:
        keras.utils.clear_session()
        expression_run.train_expression(split, classes, chosen, SEED, Path("c.npz"), say=lambda line: None)
        return ExpressionTraining(**made)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(StrokeNetwork, "build", lambda *_: None)  # makes no weights
        patch.setattr(expression_run, "ensure_exportable", lambda *_: None)
        patch.setattr(expression_run, "ExpressionTrainer", Trainer)
        patch.setattr(expression_run, "load_weights", lambda path, *_: Begun({0: np.array(str(path))}, []))
        patch.setattr(expression_run, "by_class", lambda model: {})
        patch.setattr(expression_run, "mean", mean)
        patch.setattr(expression_run, "ExpressionTeachers", lambda names, labels, points: names)
        patch.setattr(expression_run, "time", SimpleNamespace(monotonic=lambda: 0.0))
        yield make


def test_the_same_knobs_make_the_same_training_of_expressions(expression: Cached[ExpressionTraining]) -> None:
    assert expression(EXPRESSION) == expression.__wrapped__(EXPRESSION)


@pytest.mark.parametrize("knob", knobs(TrainExpression))
def test_each_knob_changes_the_training_of_expressions(expression: Cached[ExpressionTraining], knob: str) -> None:
    assert expression(EXPRESSION) != expression(differing(EXPRESSION, knob))


def test_the_recipe_has_the_knobs_under_their_own_names(expression: Cached[ExpressionTraining]) -> None:
    recipe = asdict(expression(EXPRESSION).recipe)
    assert recipe["seed"] == SEED
    assert recipe == recipe | EXPRESSION.model_dump(include=set(recipe))


@dataclass
class SymbolTraining:
    """What a training of symbols is made of, and how it goes where epochs come out as they are told to."""

    network: dict[str, Any]
    optimizer: dict[str, Any]
    rate: Callable[[int], float] = field(compare=False)
    loss: dict[str, Any]
    batch: list[Any]
    source: str | None
    share: float | None
    steps: int
    epochs: int
    kept: int
    finished: bool


class Teachers:
    """Those whose answer tells how many they are, and who know every label a little, to be listened to."""

    files = ()

    def __init__(self, names: Sequence[str]) -> None:
        self.answer: np.ndarray = 0.8 * np.eye(3, dtype=np.float32)[[len(names)]] + 0.2 / 3  # (1, C)

    def __call__(self, features: np.ndarray) -> np.ndarray:
        return self.answer


OUTCOMES = ((0.5, 2.0), (0.6, 1.5), (0.6, 1.2), (0.6, 1.4), (0.5, 0.1), (0.7, 1.1), (0.1, 9.0))
"""Accuracy and loss on the validation symbols, over again for more epochs."""


@pytest.fixture(scope="module")
def symbol(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cached[SymbolTraining]]:
    """Makes everything that a training of symbols takes, and goes through its epochs without learning."""
    import keras

    from inkmath.training import keeper, symbols

    folder = tmp_path_factory.mktemp("symbol")
    for name in ("begun.npz", "other-begun.npz"):
        (folder / name).write_bytes(b"weights")
    rng = np.random.default_rng(0)
    ids = rng.integers(0, 3, 48)
    shapes = normalize_and_pad_traces(
        [list(rng.normal(size=(1 + label, 9, 2)).astype(np.float32)) for label in ids], 12
    )
    data = symbols.SymbolData(with_context(shapes, np.ones((48, 9), np.float32)), ids)
    made: dict[str, Any] = {}

    def fit(
        model: keras.Model, batches: Any, *, initial_epoch: int, epochs: int, callbacks: Sequence[Any], **_: Any
    ) -> None:
        made["network"], made["optimizer"] = model.get_config(), model.optimizer.get_config()
        made["loss"], made["batch"] = model.loss.get_config(), [array.tolist() for array in batches[0]]

        def rate(step: int) -> float:
            model.optimizer.iterations.assign(step)
            return float(model.optimizer.learning_rate)

        made["rate"], made["steps"] = rate, len(batches) * epochs
        model.stop_training = False
        model.optimizer.build(model.trainable_variables)
        for callback in callbacks:
            callback.on_train_begin()
        for epoch in range(initial_epoch, epochs):
            accuracy, loss = OUTCOMES[epoch % len(OUTCOMES)]
            for callback in callbacks:
                callback.on_epoch_end(epoch, {"loss": loss, "val_accuracy": accuracy, "val_loss": loss})
            if model.stop_training:
                break

    def initialise(model: keras.Model, source: str, labels: object, say: object) -> dict[int, np.ndarray]:
        made["source"] = source
        return {}

    def mean(trained: list[np.ndarray], begun: object, share: float) -> list[np.ndarray]:
        made["share"] = share
        return trained

    @cache
    def make(chosen: Train) -> SymbolTraining:
        keras.utils.clear_session()
        patch.setattr(keeper, "time", SimpleNamespace(monotonic=count(0, 20).__next__))
        checkpoint = folder / "c.npz"
        checkpoint.unlink(missing_ok=True)
        trained = symbols.train_symbols(
            data,
            data,
            "abc",
            chosen,
            SEED,
            checkpoint,
            say=lambda line: None,
            teachers=Teachers(chosen.teachers),  # type: ignore[arg-type]
        )
        return SymbolTraining(**made, epochs=len(trained.history), kept=trained.best_epoch, finished=trained.finished)

    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr(keras.Model, "fit", fit)
        patch.setattr(keras.Model, "evaluate", lambda *_, **__: {"accuracy": 0.5, "loss": 1.0})
        patch.setattr(symbols, "_initialise", initialise)
        patch.setattr(symbols, "ensure_exportable", lambda *_: None)
        patch.setattr(symbols, "mean", mean)
        yield make


def test_the_same_knobs_make_the_same_training_of_symbols(symbol: Cached[SymbolTraining]) -> None:
    assert symbol(SYMBOL) == symbol.__wrapped__(SYMBOL)


@pytest.mark.parametrize("knob", knobs(Train))
def test_each_knob_changes_the_training_of_symbols(symbol: Cached[SymbolTraining], knob: str) -> None:
    # Branches are of those whose end is kept, and where that is kept no patience is lost.
    chosen = SYMBOL.model_copy(update={"keep": "last"}) if knob == "branches" else SYMBOL
    assert symbol(chosen) != symbol(differing(chosen, knob))


def test_of_epochs_that_are_equally_right_the_one_with_the_least_loss_is_kept(symbol: Cached[SymbolTraining]) -> None:
    training = symbol(SYMBOL)
    assert (training.kept, training.epochs) == (2, 5)


def test_a_constant_rate_is_constant(symbol: Cached[SymbolTraining]) -> None:
    training = symbol(SYMBOL.model_copy(update={"schedule": "constant"}))
    rates = [training.rate(step) for step in (0, training.steps // 2, training.steps)]
    assert rates == pytest.approx([SYMBOL.learning_rate] * 3)


def test_a_cosine_rises_for_a_twentieth_of_the_steps_and_then_falls_to_their_end(
    symbol: Cached[SymbolTraining],
) -> None:
    training = symbol(SYMBOL.model_copy(update={"schedule": "cosine", "epochs": 40, "patience": 99}))
    assert training.steps == 40 * 3
    rates = [training.rate(step) for step in range(training.steps + 1)]
    peak = training.steps // 20
    assert rates[peak] == max(rates) == pytest.approx(SYMBOL.learning_rate)
    assert (np.diff(rates[: peak + 1]) > 0).all()
    assert (np.diff(rates[peak:]) < 0).all()
    assert [rates[0], rates[-1]] == pytest.approx([SYMBOL.learning_rate / 50] * 2)
