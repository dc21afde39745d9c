"""Training the formula reader: losses that mean what they should, and weights that are a function of the seed."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from made_up_scores import LABELS

from inkmath.dataset.arrays import write_arrays
from inkmath.features.expression import IGNORE, RELATIONS, FormulaSet, pair_labels
from inkmath.layout.tree import Edge, LayoutTree, Relation, Symbol

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.slow

POINTS = 8
RIGHT, SUP = (RELATIONS.index(relation) for relation in (Relation.RIGHT, Relation.SUP))


def recipe(**changes: Any) -> Any:
    from inkmath.training.recipe import Recipe

    return replace(Recipe(seed=4, epochs=2, batch_strokes=48, warmup=2, decay=0.5), **changes)


def trainer(
    formulas: FormulaSet,
    classes: list[str],
    path: Path,
    seed: int = 0,
    products: str = "float32",
    teachers: Any = None,
    real: bool = False,
    begun: dict[int, np.ndarray] | None = None,
    say: Callable[[str], None] = lambda line: None,
    **changes: Any,
) -> Any:
    """A trainer of the stroke graph network, or, as most of what it does is the same with any, of a small one."""
    import keras
    from training.small_graph import SmallGraph

    from inkmath.models.stroke_graph import StrokeGraph
    from inkmath.training.expression import ExpressionTrainer

    keras.utils.set_random_seed(seed)
    given: dict[str, Any] = {"points": POINTS, "products": products}
    sizes: dict[str, Any] = {"width": 16, "depth": 2, "heads": 2, "pair_width": 8}
    model = StrokeGraph(len(classes), **given, **sizes) if real else SmallGraph(len(classes), **given)
    chosen = recipe(**changes)
    return ExpressionTrainer(model, formulas, classes, chosen, path, say, begun, teachers)


def batches(formulas: FormulaSet, classes: list[str], epoch: int) -> list[Any]:
    from inkmath.synthesis.compose import Composer
    from inkmath.training import batches

    return list(batches.batches(Composer(formulas, classes, recipe().mix), recipe(), epoch))


class KilledError(Exception):
    """As if the process had been."""


def weights(trained: Any) -> list[np.ndarray]:
    return [*(variable.numpy() for variable in trained.model.trainable_variables), *trained.averaged()]


# Losses ---------------------------------------------------------------------------------------------------------------

TREE = LayoutTree(  # x ^ 2 = y, with = in two strokes
    (Symbol("x", (0,)), Symbol("2", (1,)), Symbol("=", (2, 3)), Symbol("y", (4,))),
    (Edge(0, 1, Relation.SUP), Edge(0, 2, Relation.RIGHT), Edge(2, 3, Relation.RIGHT)),
)
OWNER = np.array([0, 1, 2, 2, 3])
TARGETS = (
    np.array([[LABELS.index(TREE.symbols[symbol].label) for symbol in OWNER]], np.int32),
    pair_labels(OWNER, np.array([[0, 1, SUP], [0, 2, RIGHT], [2, 3, RIGHT]]), 4)[None],
)


def logits(sure: float) -> dict[str, np.ndarray]:
    """What a network that is so sure of ``TREE`` answers."""
    classes, pairs = TARGETS
    governor = np.zeros((1, 5, 5, len(RELATIONS)), np.float32)
    for i, j in np.argwhere(pairs[0] >= 2):
        governor[0, i, j, pairs[0, i, j] - 2] = sure
    return {
        "symbol": sure * np.eye(len(LABELS), dtype=np.float32)[classes],
        "pair": sure * np.eye(8, dtype=np.float32)[np.maximum(pairs, 0)],
        "governor": governor,
        "root": np.array([[sure, 0, 0, 0, 0]], np.float32),
    }


def loss(answer: dict[str, np.ndarray], smoothing: float = 0.0, **changes: Any) -> dict[str, float]:
    from inkmath.training.expression import losses

    given = {"mask": np.ones((1, 5), np.float32), "classes": TARGETS[0], "pairs": TARGETS[1]} | changes
    return {name: float(value) for name, value in losses(answer, **given, smoothing=smoothing).items()}


def probabilities(answer: dict[str, np.ndarray]) -> tuple[np.ndarray, ...]:
    """What teachers say, if they answer so."""
    from inkmath.decoding.readout import Scores

    scores = Scores.of(answer, 0, 5)
    return tuple(np.exp(part)[None] for part in (scores.symbol, scores.pair, scores.governor, scores.root))


def test_a_network_that_is_sure_and_right_has_no_loss() -> None:
    assert loss(logits(30.0)) == pytest.approx({"symbol": 0, "early": 0, "pair": 0, "governor": 0}, abs=1e-4)


def test_a_network_that_knows_nothing_guesses_evenly() -> None:
    found = loss(logits(0.0))
    assert found["symbol"] == pytest.approx(np.log(len(LABELS)), abs=1e-5)
    assert found["early"] == 0, "nothing below the last layer answers here"
    assert found["pair"] == pytest.approx(4 * np.log(8), abs=1e-5), "a stroke has four pairs"
    # Of 5 * 6 governors and the root, one is right, or two where the governing symbol has two strokes.
    assert found["governor"] == pytest.approx(np.log(31) - np.log(2) / 5, abs=1e-5)


def test_either_stroke_of_the_governing_symbol_will_do() -> None:
    answer = logits(30.0)
    answer["governor"][0, 3] = 0.0  # the second stroke of = says nothing of y; the first does
    assert loss(answer)["governor"] == pytest.approx(0.0, abs=1e-4)
    answer["governor"][0, 2, 4] = 0.0
    assert loss(answer)["governor"] > 0.3


def test_smoothing_has_a_floor_that_certainty_does_not_pass() -> None:
    assert loss(logits(3.0), smoothing=0.1)["symbol"] < loss(logits(30.0), smoothing=0.1)["symbol"]


def test_padding_has_no_loss() -> None:
    plain = loss(logits(1.0))
    rng = np.random.default_rng(0)
    sizes = {"symbol": (0, 3, 0), "pair": (0, 3, 3, 0), "governor": (0, 3, 3, 0), "root": (0, 3)}
    padded = {}
    for name, value in logits(1.0).items():
        padded[name] = rng.normal(size=[n + more for n, more in zip(value.shape, sizes[name], strict=True)]).astype(
            "f4"
        )
        padded[name][tuple(slice(n) for n in value.shape)] = value
    found = loss(
        padded,
        mask=np.array([[1] * 5 + [0] * 3], np.float32),
        classes=np.pad(TARGETS[0], ((0, 0), (0, 3)), constant_values=IGNORE),
        pairs=np.pad(TARGETS[1], ((0, 0), (0, 3), (0, 3)), constant_values=IGNORE),
    )
    assert found == pytest.approx(plain, rel=1e-5)


def test_a_network_that_says_what_its_teachers_say_has_the_least_loss() -> None:
    rng = np.random.default_rng(1)
    teacher = {name: rng.normal(size=value.shape).astype("f4") for name, value in logits(0.0).items()}
    least = loss(teacher, said=probabilities(teacher), share=1.0)
    for name in teacher:
        for _ in range(5):
            other = teacher | {name: teacher[name] + 0.3 * rng.normal(size=teacher[name].shape).astype("f4")}
            head = "governor" if name == "root" else name
            assert loss(other, said=probabilities(teacher), share=1.0)[head] > least[head]


def test_layers_below_learn_the_classes_too_and_from_teachers_as_well() -> None:
    early = np.stack([logits(1.0)["symbol"], logits(3.0)["symbol"]])  # (L, B, S, C)
    said = probabilities(logits(0.5))
    taught: dict[str, Any] = {"said": said, "share": 0.4}
    for more in ({}, taught):
        each = [loss(logits(sure), **more)["symbol"] for sure in (1.0, 3.0)]
        assert loss(logits(2.0) | {"early": early}, **more)["early"] == pytest.approx(np.mean(each), rel=1e-5)


def test_what_teachers_say_counts_for_its_share_and_truth_for_the_rest() -> None:
    said = probabilities(logits(0.5))
    answer = logits(2.0)
    truth, teachers = loss(answer), loss(answer, said=said, share=1.0)
    wanted = {name: 0.75 * truth[name] + 0.25 * teachers[name] for name in truth}
    assert loss(answer, said=said, share=0.25) == pytest.approx(wanted, rel=1e-5)
    assert all(teachers[name] > truth[name] for name in ("symbol", "pair", "governor")), "they are less sure"


@pytest.mark.parametrize("head", ["symbol", "pair", "governor", "root"])
def test_a_teacher_that_knows_nothing_of_the_truth_is_not_listened_to_there(head: str) -> None:
    """It is sure of something else for the first stroke, or its pairs, or what governs it, and right of all others."""
    teacher, answer = logits(9.0), logits(2.0)
    if head == "governor":
        teacher[head][0, :, 1] = 0.0
        teacher["root"][0, 1] = 9.0
    elif head == "root":
        teacher[head][0, 0] = 0.0
        teacher["governor"][0, 1, 0, RIGHT] = 9.0
    else:
        teacher[head][0, 0] = 9.0 * np.eye(teacher[head].shape[-1], dtype=np.float32)[-1]
    known = probabilities(logits(9.0))
    each: list[dict[str, Any]] = [{"said": probabilities(teacher), "share": 0.5}, {"said": known, "share": 0.5}, {}]
    loss_of = "governor" if head == "root" else head
    told, right, truth = (loss(answer, **more)[loss_of] for more in each)
    assert min(truth, right) - 1e-4 <= told <= max(truth, right) + 1e-4, "what it says wrongly adds nothing"
    assert told != pytest.approx(right, abs=1e-6)


# Training -------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def single(formulas: FormulaSet, classes: list[str], tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Of one training that nothing stopped."""
    return _whole(formulas, classes, tmp_path_factory, branches=1)


@pytest.fixture(scope="module")
def branched(formulas: FormulaSet, classes: list[str], tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The same with a second branch."""
    return _whole(formulas, classes, tmp_path_factory, branches=2)


def _whole(formulas: FormulaSet, classes: list[str], places: pytest.TempPathFactory, branches: int) -> Any:
    whole = trainer(formulas, classes, places.mktemp("whole") / "c.npz", branches=branches)
    rows: list[int] = []
    assert whole.run(on_epoch=lambda number, row: rows.append(number))
    assert rows == list(range(branches + 1)), "an epoch of the trunk, and one of each branch"
    return whole


def test_the_learning_rate_rises_stays_and_falls(formulas: FormulaSet, classes: list[str], tmp_path: Path) -> None:
    one = trainer(formulas, classes, tmp_path / "c.npz", warmup=10)
    assert one.rate(0.0) == pytest.approx(1e-4)
    one.steps.assign(100)
    assert one.rate(0.0) == one.rate(0.5) == pytest.approx(1e-3)
    assert one.rate(0.75) == pytest.approx(5e-4)
    assert one.rate(1.0) == pytest.approx(1e-6)


def test_a_batch_can_be_learned_by_heart_and_every_weight_takes_part(
    formulas: FormulaSet, classes: list[str], tmp_path: Path
) -> None:
    import tensorflow as tf

    one = trainer(formulas, classes, tmp_path / "c.npz", real=True)
    before = weights(one)
    _, batch = batches(formulas, classes, 0)[0]
    arrays = [tf.constant(array) for array in batch[:4]]
    first = {name: float(value) for name, value in one._step(tf.constant(0.0), *arrays).items()}
    for _ in range(150):
        last = one._step(tf.constant(0.01), *arrays)
    assert float(last["pair"]) < 0.3 * first["pair"]
    assert float(last["governor"]) < 0.3 * first["governor"]
    assert float(last["symbol"]) < 0.5 * first["symbol"]
    for name, old, new in zip([v.path for v in one.model.trainable_variables], before, weights(one), strict=False):
        assert (old != new).any(), f"no gradient reached {name}"


class FirstClass:
    """Teachers who take every stroke for a symbol of its own, of the first class, that is the root."""

    def __init__(self, classes: int, *files: Path) -> None:
        self.classes, self.files = classes, files

    def __call__(self, points: np.ndarray, mask: np.ndarray) -> tuple[np.ndarray, ...]:
        shape = mask.shape
        symbol, pair = np.zeros((*shape, self.classes), np.float32), np.zeros((*shape, shape[1], 8), np.float32)
        symbol[..., 0] = pair[..., 0] = 1.0
        return symbol, pair, np.zeros((*shape, shape[1], 6), np.float32), np.ones(shape, np.float32)


def test_what_teachers_say_is_learned(
    formulas: FormulaSet, classes: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("inkmath.training.expression.DOUBT", 0.0)  # these teachers know no truth
    teachers = FirstClass(len(classes))
    one = trainer(
        formulas, classes, tmp_path / "c.npz", teachers=teachers, teachers_share=1.0, epochs=12, learning_rate=0.02
    )
    one.run()
    points = np.zeros((1, 4, POINTS, 2), np.float32)
    points[0, :, :, 0] = np.arange(4)[:, None] + np.linspace(0, 0.5, POINTS)
    answer = one.model(points, np.ones((1, 4), np.float32))
    assert (answer["symbol"].numpy().argmax(-1) == 0).all()
    assert (answer["root"].numpy()[0] > np.logaddexp.reduce(answer["governor"].numpy(), axis=(1, 3))[0]).all()


def test_decay_spares_biases_and_gains_and_a_gradient_is_clipped(
    formulas: FormulaSet, classes: list[str], tmp_path: Path
) -> None:
    import tensorflow as tf

    one = trainer(formulas, classes, tmp_path / "c.npz", real=True)
    variables = one.model.trainable_variables
    for variable in variables:
        variable.assign(tf.ones(variable.shape))
    one.optimizer.learning_rate.assign(0.1)
    one.optimizer.apply_gradients([(tf.zeros(variable.shape), variable) for variable in variables])
    for variable in variables:
        spared = variable.path.rpartition("/")[2] in ("bias", "gamma", "beta")
        assert (float(tf.reduce_max(variable)) == 1.0) == spared, variable.path

    one.optimizer.apply_gradients([(1e6 * tf.ones(variable.shape), variable) for variable in variables])
    moved = [float(tf.norm(momentum)) for momentum in one.optimizer._momentums]
    assert max(moved) <= 0.1 + 1e-6, "the first moment of a gradient of length 1"


def test_young_averages_do_not_keep_the_random_start(formulas: FormulaSet, classes: list[str], tmp_path: Path) -> None:
    import tensorflow as tf

    one = trainer(formulas, classes, tmp_path / "c.npz")
    start = [variable.numpy() for variable in one.model.trainable_variables]
    _, batch = batches(formulas, classes, 0)[0]
    one._step(tf.constant(0.01), *(tf.constant(array) for array in batch[:4]))
    for old, average, variable in zip(start, one.averaged(), one.model.trainable_variables, strict=True):
        np.testing.assert_allclose(average, 2 / 11 * old + 9 / 11 * variable.numpy(), atol=1e-5)


def test_a_loss_that_is_no_number_ends_the_training_with_what_to_do(
    formulas: FormulaSet, classes: list[str], tmp_path: Path
) -> None:
    from inkmath.training import TrainingError

    one = trainer(formulas, classes, tmp_path / "c.npz")
    for variable in one.model.trainable_variables:
        variable.assign(np.full(variable.shape, np.nan))
    with pytest.raises(
        TrainingError, match=r"epoch 1, step 1: the loss is infinite or no number; lower train_expression"
    ):
        one.run()
    assert not list(tmp_path.iterdir()), "nothing of it is kept"


def test_stopped_and_resumed_it_ends_with_the_weights_of_an_undisturbed_training(
    formulas: FormulaSet, classes: list[str], tmp_path: Path
) -> None:
    single = trainer(formulas, classes, tmp_path / "c.npz", real=True)
    assert single.run()
    stopped = trainer(formulas, classes, tmp_path / "other.npz", real=True)
    assert not stopped.run(deadline=time.monotonic()), "the time is up after one batch"
    assert (stopped.epoch, stopped.batch) == (0, 1)
    resumed = trainer(formulas, classes, tmp_path / "other.npz", seed=9, real=True)  # other weights, until it resumes
    resumed.resume()
    assert (resumed.epoch, resumed.batch) == (0, 1)
    assert resumed.run()

    for one, other in zip(weights(single), weights(resumed), strict=True):
        np.testing.assert_array_equal(one, other)
    assert [row["loss"] for row in resumed.history] == [row["loss"] for row in single.history]


def test_teachers_see_the_ink_as_it_was_written_and_the_network_what_the_digitiser_told(
    formulas: FormulaSet, classes: list[str], tmp_path: Path
) -> None:
    from inkmath.synthesis.compose import Mix
    from inkmath.training.batches import batches

    class Seeing(FirstClass):
        seen: np.ndarray

        def __call__(self, points: np.ndarray, mask: np.ndarray) -> tuple[np.ndarray, ...]:
            self.seen = points
            return super().__call__(points, mask)

    teachers = Seeing(len(classes))
    one = trainer(formulas, classes, tmp_path / "c.npz", teachers=teachers, mix=Mix(coarse=1.0))
    for _, batch, said in one._taught(batches(one.composer, one.recipe, 0), 0):
        np.testing.assert_array_equal(teachers.seen, batch.written)
        assert (batch.points != batch.written).any()
        assert len(said) == 4


def test_resumed_it_does_not_ask_teachers_of_what_was_learned(
    formulas: FormulaSet, classes: list[str], tmp_path: Path
) -> None:
    class Counting(FirstClass):
        asked = 0

        def __call__(self, points: np.ndarray, mask: np.ndarray) -> tuple[np.ndarray, ...]:
            self.asked += 1
            return super().__call__(points, mask)

    taught: dict[str, Any] = {"teachers_share": 0.5, "epochs": 1, "decay": 0.0}
    undisturbed = trainer(formulas, classes, tmp_path / "one.npz", teachers=Counting(len(classes)), **taught)
    assert undisturbed.run()
    stopped = trainer(formulas, classes, tmp_path / "other.npz", teachers=Counting(len(classes)), **taught)
    assert not stopped.run(deadline=time.monotonic())
    resumed = trainer(formulas, classes, tmp_path / "other.npz", teachers=Counting(len(classes)), **taught)
    resumed.resume()
    assert resumed.run()
    assert resumed.teachers.asked == undisturbed.teachers.asked - 1
    for one, other in zip(weights(undisturbed), weights(resumed), strict=True):
        np.testing.assert_array_equal(one, other)


def test_killed_after_the_last_step_of_an_epoch_its_figures_are_whole(
    formulas: FormulaSet, classes: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from inkmath.training import checkpoint

    monkeypatch.setattr(checkpoint, "SECONDS_BETWEEN", 0.0)
    killed = trainer(formulas, classes, tmp_path / "c.npz")
    rows: list[dict[str, float]] = []

    def note(number: int, row: dict[str, float]) -> None:
        rows.append(row)
        raise KilledError

    with pytest.raises(KilledError):
        killed.run(on_epoch=note)
    resumed = trainer(formulas, classes, tmp_path / "c.npz")
    resumed.resume()
    assert resumed.batch == len(batches(formulas, classes, 0))
    assert resumed.run()
    assert resumed.history[0] == rows[0]
    assert rows[0]["expressions_per_second"] > 0


def test_losses_of_an_earlier_version_are_gone_on_with_under_their_names_of_today(
    formulas: FormulaSet, classes: list[str], tmp_path: Path
) -> None:
    begun = trainer(formulas, classes, tmp_path / "c.npz")
    begun.history = [{"loss": 3.0, "symbol": 1.0, "governor": 2.0, "learning_rate": 0.1}]
    begun.save()
    resumed = trainer(formulas, classes, tmp_path / "c.npz")
    resumed.resume()
    assert resumed.history == [{"loss": 3.0, "symbol_loss": 1.0, "governor_loss": 2.0, "learning_rate": 0.1}]


def test_branches_leave_one_trunk_and_the_mean_of_their_ends_is_kept(single: Any, branched: Any) -> None:
    loss = [row["loss"] for row in branched.history]
    assert loss[:2] == [row["loss"] for row in single.history]
    assert loss[2] != loss[1], "a branch draws formulas of its own"
    ends = [
        np.array([v.numpy() for v in one.model.variables if v.name == "seed_generator_state"])
        for one in (single, branched)
    ]
    assert (ends[1] - ends[0])[:, 0].tolist() == [1] * len(ends[0]), "and has dropout of its own"
    second = [average.numpy() for average in branched.averages]
    for one, other, mean in zip(single.averaged(), second, branched.averaged(), strict=True):
        np.testing.assert_array_equal(mean, (one + other) / 2)
    assert any(np.abs(one - other).max() > 1e-5 for one, other in zip(single.averaged(), second, strict=True))
    left = [path.name for path in branched.checkpoint.path.parent.iterdir()]
    assert left == ["c.npz"], "the trunk is not needed any more"


@pytest.mark.parametrize("epochs", [1, 2], ids=["in the first branch", "in the second branch"])
def test_killed_it_ends_with_the_mean_of_undisturbed_branches(
    formulas: FormulaSet,
    classes: list[str],
    tmp_path: Path,
    branched: Any,
    monkeypatch: pytest.MonkeyPatch,
    epochs: int,
) -> None:
    from inkmath.training import checkpoint

    monkeypatch.setattr(checkpoint, "SECONDS_BETWEEN", 0.0)
    killed = trainer(formulas, classes, tmp_path / "killed.npz", branches=2)
    steps = iter(range(sum(len(batches(formulas, classes, epoch)) for epoch in range(epochs)) + 1))
    step = killed._step

    def until_killed(*given: Any) -> Any:
        if next(steps, None) is None:
            raise KilledError
        return step(*given)

    killed._step = until_killed
    with pytest.raises(KilledError):
        killed.run()
    resumed = trainer(formulas, classes, tmp_path / "killed.npz", seed=9, branches=2)
    resumed.resume()
    assert (resumed.branch, resumed.epoch, resumed.batch) == (epochs - 1, 1, 1)
    assert resumed.run()
    for one, other in zip(weights(branched), weights(resumed), strict=True):
        np.testing.assert_array_equal(one, other)


def test_without_its_trunk_no_branch_is_begun(formulas: FormulaSet, classes: list[str], tmp_path: Path) -> None:
    from inkmath.training.checkpoint import CheckpointError

    stopped = trainer(formulas, classes, tmp_path / "c.npz", epochs=1, branches=2)
    assert not stopped.run(deadline=time.monotonic())
    stopped.checkpoint.drop_trunk()
    with pytest.raises(CheckpointError, match=r"c-trunk\.npz: not there, .* set train_expression\.branches to 1"):
        trainer(formulas, classes, tmp_path / "c.npz", epochs=1, branches=2).resume()
    remedied = trainer(formulas, classes, tmp_path / "c.npz", epochs=1, branches=1)
    remedied.resume()
    assert remedied.batch == 1


@pytest.mark.parametrize("changes", [{"epochs": 1}, {"epochs": 9}, {"decay": 0.9}, {"branches": 2}])
def test_what_decides_the_descent_can_be_changed_until_it_begins(
    formulas: FormulaSet, classes: list[str], tmp_path: Path, changes: dict[str, Any]
) -> None:
    from inkmath.training.checkpoint import CheckpointError

    before = trainer(formulas, classes, tmp_path / "c.npz", epochs=4)
    before.epoch = 2  # as if two epochs were done
    before.save()
    later = trainer(formulas, classes, tmp_path / "c.npz", **{"epochs": 4} | changes)
    if later.recipe.fork < 2:
        with pytest.raises(CheckpointError, match=r"epoch 3 of branch 1 of a training of epochs 4, decay 0\.5, too"):
            later.resume()
    else:
        later.resume()
        assert later.epoch == 2
    before.batch = 1
    before.save()
    remedy = "set train_expression.branches to 1" if "branches" in changes else "set them to what they were"
    with pytest.raises(CheckpointError, match=remedy):
        later.resume()


def test_a_checkpoint_of_another_training_is_left_alone(
    formulas: FormulaSet, classes: list[str], tmp_path: Path
) -> None:
    trainer(formulas, classes, tmp_path / "c.npz").save()
    said: list[str] = []
    other = trainer(formulas, classes, tmp_path / "c.npz", seed=1, say=said.append, smoothing=0.2)
    fresh = weights(other)
    other.resume()
    assert "is of another training" in said[0]
    assert all((a == b).all() for a, b in zip(weights(other), fresh, strict=True))
    trainer(formulas, classes, tmp_path / "c.npz", begun={0: fresh[0]}, say=said.append).resume()
    assert "is of another training" in said[1], "it began from weights that this one was not begun from"
    (tmp_path / "network").write_bytes(b"another")
    others: dict[str, dict[str, Any]] = {
        "hands": {"formulas": replace(formulas, writers=formulas.writers[::-1].copy())},
        "classes": {"classes": classes[::-1]},
        "products": {"products": "bfloat16"},
        "teachers": {"teachers": FirstClass(len(classes), tmp_path / "network")},
    }
    for name, changes in others.items():
        given: dict[str, Any] = {"formulas": formulas, "classes": classes, **changes}
        trainer(**given, path=tmp_path / "c.npz", say=said.append).resume()
        assert "is of another training" in said[-1], name
    assert len(said) == 2 + len(others)


def test_a_checkpoint_of_a_network_that_was_built_otherwise_is_left_alone(
    formulas: FormulaSet, classes: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from inkmath.training import checkpoint

    said: list[str] = []
    for code in (b"", b"otherwise"):
        monkeypatch.setattr(checkpoint, "network_code", lambda network, code=code: code)
        one = trainer(formulas, classes, tmp_path / "c.npz", say=said.append)
        one.resume()
        one.save()
    assert len(said) == 1
    assert "is of another training" in said[0]


def test_weights_go_to_a_file_and_come_back(formulas: FormulaSet, classes: list[str], tmp_path: Path) -> None:
    from inkmath.training.expression import by_class, named_weights
    from inkmath.training.weights import load_weights, save_weights

    one = trainer(formulas, classes, tmp_path / "c.npz", real=True).model
    other = trainer(formulas, classes, tmp_path / "c.npz", seed=1, real=True).model
    save_weights(tmp_path / "w.npz", named_weights(one), classes)
    count = len(one.trainable_variables)
    begun = load_weights(tmp_path / "w.npz", named_weights(other), classes, by_class(other), "stop")
    assert sorted(begun.arrays) == list(range(count))
    assert not begun.new
    for mine, its in zip(one.trainable_variables, other.trainable_variables, strict=True):
        np.testing.assert_allclose(np.asarray(its.value), np.asarray(mine.value), rtol=1e-3, atol=1e-6)


def test_of_another_network_only_what_fits_is_taken(formulas: FormulaSet, classes: list[str], tmp_path: Path) -> None:
    from inkmath.models.stroke_graph import StrokeGraph
    from inkmath.training import TrainingError
    from inkmath.training.expression import by_class, named_weights
    from inkmath.training.weights import load_weights, save_weights

    begun_from = trainer(formulas, classes, tmp_path / "c.npz", real=True).model
    save_weights(tmp_path / "w.npz", named_weights(begun_from), classes)
    wide = StrokeGraph(3, points=16, width=20, depth=1, heads=2, pair_width=10)
    wide(np.zeros((1, 2, 16, 2), np.float32), np.ones((1, 2), np.float32))
    # Convolutions along a stroke are of one size in every network, most other arrays are not.
    begun = load_weights(tmp_path / "w.npz", named_weights(wide), "xyz", by_class(wide), "stop")
    assert 8 <= len(begun.arrays) < len(wide.trainable_variables)
    write_arrays(tmp_path / "other.npz", {"something": np.zeros(3, np.float32)})
    with pytest.raises(TrainingError, match=r"other\.npz: holds no weight of this network; set the width"):
        load_weights(tmp_path / "other.npz", named_weights(wide), "xyz", by_class(wide), "set the width")
