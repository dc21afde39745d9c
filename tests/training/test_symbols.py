"""Training: a function of data, settings and seed, whether or not it was stopped on the way."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from functools import partial
from pathlib import Path
from string import ascii_lowercase
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from inkmath.features.symbol import normalize_and_pad_traces
from inkmath.features.symbol_context import alone, with_context
from inkmath.ink import Ink
from inkmath.labels import UNSEEN, Vocabulary
from inkmath.models import build_model
from inkmath.params import Train, load_params

if TYPE_CHECKING:
    from collections.abc import Callable

    import keras

    from inkmath.training.symbols import SymbolData, Trained

pytestmark = pytest.mark.slow

REPOSITORY = Path(__file__).parents[2]
SEED = 3


def settings(**changes: object) -> Train:
    """A tiny training, with every kind of randomness in it."""
    given = load_params(REPOSITORY / "params.yaml").train
    tiny = {"architecture": "lstm", "units": 8, "epochs": 4, "batch_size": 16, "patience": 9, "dropout": 0.3}
    return Train.model_validate(given.model_dump() | tiny | changes)


def symbols(count: int, seed: int) -> SymbolData:
    """Bars, bows and crosses by a shaky hand, as the trainer takes them."""
    from inkmath.training.symbols import SymbolData

    rng = np.random.default_rng(seed)
    at = np.linspace(0, 1, 9)[:, None]
    shapes = [
        [at * [0, 9]],
        [np.concatenate([at * 9, 9 * (at - 0.5) ** 2], axis=1)],
        [at * [9, 9], at * [9, -9] + [0, 9]],
    ]
    ids = rng.integers(0, 3, count)
    samples = [[stroke + rng.normal(0, 0.4, stroke.shape) for stroke in shapes[index]] for index in ids]
    return SymbolData(normalize_and_pad_traces(samples, 12), ids)


def dense(shape: tuple[int, int], classes: int, *_: str, units: int = 8, dropout: float = 0.2) -> keras.Model:
    """A network with dropout that TensorFlow makes a graph of in a second; of the baseline, that takes it five."""
    import keras
    from keras import layers

    return keras.Sequential(
        [
            layers.Input(shape),
            layers.Flatten(),
            layers.Dense(units, activation="relu"),
            layers.Dropout(dropout),
            layers.Dense(classes, activation="softmax"),
        ],
        name="dense",
    )


def run(
    path: Path, chosen: Train, seed: int = SEED, build: Callable[..., keras.Model] = dense, **options: Any
) -> Trained:
    """A training; what happens in it is the same whatever the network, so it is of one that is soon built."""
    return train(symbols(96, 0), symbols(48, 1), chosen, path, seed, build, **options)


def train(
    data: SymbolData,
    valid: SymbolData,
    chosen: Train,
    path: Path,
    seed: int = SEED,
    build: Callable[..., keras.Model] = dense,
    **options: Any,
) -> Trained:
    from inkmath.training import symbols

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(symbols, "build_model", build)
        if build is dense:  # which can be had by readers; asking takes as long as the training
            patch.setattr(symbols, "ensure_exportable", lambda *_: None)
        return symbols.train_symbols(data, valid, "abc", chosen, seed, path, **options)


def keep(model: keras.Model, path: Path) -> None:
    """Write the weights of a model as a file to train on from."""
    from inkmath.training.symbols import named_weights
    from inkmath.training.weights import save_weights

    save_weights(path, named_weights(model), ascii_lowercase[: model.output_shape[-1]])


def weights(trained: Trained) -> list[np.ndarray]:
    return [variable.numpy() for variable in trained.model.variables]


def untrained(seed: int = SEED, classes: int = 3, build: Callable[..., keras.Model] = dense) -> keras.Model:
    import keras

    keras.utils.set_random_seed(seed)
    return build((12, 5), classes, units=8)


@pytest.mark.parametrize("build", [build_model, dense], ids=["baseline", "dense"])
def test_a_killed_training_goes_on_and_ends_with_the_weights_of_one_that_was_not(
    tmp_path: Path, build: Callable[..., keras.Model], capsys: pytest.CaptureFixture[str]
) -> None:
    def kill(epoch: int, figures: object) -> None:
        if epoch == 1:
            raise KeyboardInterrupt

    whole = run(tmp_path / "a.npz", settings(), build=build)
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "b.npz", settings(), build=build, on_epoch=kill)
    seen: list[int] = []
    capsys.readouterr()
    resumed = run(tmp_path / "b.npz", settings(), build=build, on_epoch=lambda epoch, _: seen.append(epoch))
    assert f"resuming after epoch 2 of 4, from {tmp_path / 'b.npz'}" in capsys.readouterr().out
    assert (resumed.began_at, seen) == (2, [0, 1, 2, 3])
    assert resumed.history == whole.history
    for one, other in zip(weights(resumed), weights(whole), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_network_that_no_reader_could_have_is_refused_before_the_first_step(tmp_path: Path) -> None:
    import keras

    from inkmath.models.export import ExportError

    def own(shape: tuple[int, int], classes: int, *_: str, **__: float) -> keras.Model:
        ink = keras.Input(shape)
        hidden = keras.ops.gelu(keras.layers.Dense(8)(ink), approximate=False)
        return keras.Model(ink, keras.layers.Dense(classes, "softmax")(hidden[:, -1]))

    seen: list[int] = []
    with pytest.raises(ExportError, match="ONNX has no Erfc"):
        run(tmp_path / "c.npz", settings(), build=own, on_epoch=lambda epoch, _: seen.append(epoch))
    assert not seen
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("end", "classes", "message"),
    [
        (None, 3, r"^the network lstm answers by no probabilities; let it end with a softmax"),
        ("softmax", 4, r"array of shape \(2, 4\); a probability of each of the 3 classes is wanted, \(2, 3\)"),
    ],
)
def test_a_network_without_a_probability_of_each_class_is_refused_before_the_first_step(
    tmp_path: Path, end: str | None, classes: int, message: str
) -> None:
    from inkmath.training import TrainingError

    def build(shape: tuple[int, int], *_: object, **__: object) -> keras.Model:
        import keras

        ink = keras.Input(shape)
        return keras.Model(ink, keras.layers.Dense(classes, activation=end)(keras.layers.Flatten()(ink)))

    with pytest.raises(TrainingError, match=message):
        run(tmp_path / "c.npz", settings(), build=build)
    assert not list(tmp_path.iterdir())


def test_two_processes_with_one_seed_make_the_same_weights(tmp_path: Path) -> None:
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); from pathlib import Path; import numpy as np\n"
        "from test_symbols import *\n"
        "np.savez(sys.argv[2], *weights(run(Path(sys.argv[3]), settings(epochs=1), build=build_model)))"
    )
    places = [str(Path(__file__).parent), str(tmp_path / "there.npz"), str(tmp_path / "a.npz")]
    subprocess.run([sys.executable, "-c", code, *places], check=True, cwd=REPOSITORY, capture_output=True)
    here = weights(run(tmp_path / "b.npz", settings(epochs=1), build=build_model))
    there = list(np.load(tmp_path / "there.npz").values())
    assert len(here) == len(there) > 0
    assert all(np.array_equal(one, other) for one, other in zip(here, there, strict=True))


def test_another_seed_makes_other_weights(tmp_path: Path) -> None:
    one, other = (run(tmp_path / f"{seed}.npz", settings(epochs=1), seed) for seed in (SEED, SEED + 1))
    assert not all(np.array_equal(mine, its) for mine, its in zip(weights(one), weights(other), strict=True))
    assert one.history != other.history


def test_it_learns_and_keeps_the_best_epoch(tmp_path: Path) -> None:
    trained = run(tmp_path / "c.npz", settings(epochs=12, units=16, learning_rate=0.02, dropout=0))
    accuracies = [row["valid_accuracy"] for row in trained.history]
    assert accuracies[trained.best_epoch] == max(accuracies) > 0.9
    losses = [row["valid_loss"] for row in trained.history if row["valid_accuracy"] == max(accuracies)]
    assert trained.history[trained.best_epoch]["valid_loss"] == min(losses) < max(losses), "of equals, the surest"
    valid = symbols(48, 1)
    answers = trained.model.predict(valid.features, verbose=0).argmax(axis=1)
    assert (answers == valid.ids).mean() == pytest.approx(max(accuracies))


def test_it_stops_when_nothing_gets_better(tmp_path: Path) -> None:
    trained = run(tmp_path / "c.npz", settings(learning_rate=1e-9, schedule="constant", patience=1, epochs=9))
    assert (len(trained.history), trained.best_epoch, trained.finished) == (2, 0, True)


def test_the_last_epoch_is_kept_where_that_is_asked_for(tmp_path: Path) -> None:
    chosen = settings(epochs=5, patience=1, learning_rate=0.5, schedule="constant")
    best, last = (run(tmp_path / f"{keep}.npz", chosen.model_copy(update={"keep": keep})) for keep in ("best", "last"))
    assert best.best_epoch < 4, "such steps lead nowhere, and patience ends it"
    assert (last.best_epoch, len(last.history)) == (4, 5)


def test_a_long_epoch_says_how_far_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from inkmath.training import keeper

    said: list[str] = []
    run(tmp_path / "c.npz", settings(epochs=1), say=said.append)
    assert len(said) == 1, "an epoch of a moment says what it gave"
    monkeypatch.setattr(keeper, "SECONDS_BETWEEN_LINES", -1.0)
    run(tmp_path / "d.npz", settings(epochs=1), say=said.append)
    assert said[1:-1] == [f"epoch 1/1: {step} of 6 steps" for step in range(1, 6)]


def branched(branches: int, **changes: object) -> Train:
    return settings(keep="last", branches=branches, **changes)


def test_branches_leave_one_trunk_and_the_mean_of_their_ends_is_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    single, both = (run(tmp_path / f"{count}.npz", branched(count)) for count in (1, 2))
    assert [len(one.history) for one in (single, both)] == [4, 6], "two epochs more, from where the second one ended"
    assert both.history[:4] == single.history
    assert both.history[4]["loss"] != both.history[2]["loss"], "a branch has draws of its own"
    assert both.history[4]["learning_rate"] == both.history[2]["learning_rate"]
    assert both.best_epoch == 5
    assert "epoch 4/4, branch 2/2" in capsys.readouterr().out
    # The end of the second branch is what the checkpoint holds.
    second = np.load(tmp_path / "2.npz")
    paths = [variable.path for variable in both.model.variables]
    seeds = [place for place, path in enumerate(paths) if path.endswith("seed_generator_state")]
    moved = [(second[f"model/{place}"] - single.model.variables[place].numpy()).tolist() for place in seeds]
    assert moved == [[1, 0]] * len(seeds) != [], "and dropout of its own"
    for first, mean in zip(single.model.weights, both.model.weights, strict=True):
        end = second[f"model/{paths.index(mean.path)}"]
        np.testing.assert_allclose(mean.numpy(), (first.numpy() + end) / 2, atol=1e-7)
    assert not np.array_equal(weights(single)[0], weights(both)[0])
    judged = both.model.evaluate(symbols(48, 1).features, np.eye(3)[symbols(48, 1).ids], verbose=0)
    assert both.kept["valid_accuracy"] == pytest.approx(judged[1])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["1.npz", "2.npz"], "the trunk is not needed any more"


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    return run(tmp_path_factory.mktemp("undisturbed") / "c.npz", branched(3, epochs=3))


@pytest.mark.parametrize("last", [0, 2, 3], ids=["at the fork", "at the end of a branch", "within a branch"])
def test_killed_it_ends_with_the_mean_of_undisturbed_branches(tmp_path: Path, undisturbed: Trained, last: int) -> None:
    def kill(row: int, figures: object) -> None:
        if row == last:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "c.npz", branched(3, epochs=3), on_epoch=kill)
    resumed = run(tmp_path / "c.npz", branched(3, epochs=3))
    assert (resumed.began_at, resumed.history) == (last + 1, undisturbed.history)
    for one, other in zip(weights(resumed), weights(undisturbed), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    ("saves", "where"),
    [
        (2, "epoch 0 of 7 and 2 steps"),
        (9, "epoch 1 of 7 and 2 steps"),
        (21, "epoch 3 of 7 and 2 steps"),
        (25, "epoch 4 of 7"),
    ],
    ids=["in the trunk", "in a branch", "in the first epoch of a further branch", "between two epochs"],
)
def test_killed_within_an_epoch_it_goes_on_with_the_next_step(
    tmp_path: Path,
    undisturbed: Trained,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    saves: int,
    where: str,
) -> None:
    """Six steps an epoch, a checkpoint after each, the sixth with the epoch's end; the trunk after the first epoch."""
    from inkmath.training import checkpoint
    from inkmath.training.checkpoint import Checkpoint

    write = Checkpoint._write
    written: list[str] = []

    def killed(kept: Checkpoint, path: Path, *given: Any) -> None:
        write(kept, path, *given)
        written.append(path.name)
        if len(written) == saves:
            raise KeyboardInterrupt

    monkeypatch.setattr(Checkpoint, "_write", killed)
    monkeypatch.setattr(checkpoint, "SECONDS_BETWEEN", -1.0)
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "c.npz", branched(3, epochs=3))
    monkeypatch.undo()
    resumed = run(tmp_path / "c.npz", branched(3, epochs=3))
    assert f"resuming after {where}, from" in capsys.readouterr().out
    assert resumed.history == undisturbed.history, "the figures of the broken epoch are those of all its steps"
    for one, other in zip(weights(resumed), weights(undisturbed), strict=True):
        np.testing.assert_array_equal(one, other)


def test_killed_between_the_writes_of_trunk_and_checkpoint_it_goes_on(
    tmp_path: Path, undisturbed: Trained, monkeypatch: pytest.MonkeyPatch
) -> None:
    from inkmath.training.checkpoint import Checkpoint

    write = Checkpoint._write
    written: list[str] = []

    def killed(kept: Checkpoint, path: Path, *given: Any) -> None:
        if any(name.endswith("-trunk.npz") for name in written):
            raise KeyboardInterrupt
        write(kept, path, *given)
        written.append(path.name)

    monkeypatch.setattr(Checkpoint, "_write", killed)
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "c.npz", branched(3, epochs=3))
    monkeypatch.undo()
    assert run(tmp_path / "c.npz", branched(3, epochs=3)).history == undisturbed.history


def test_a_checkpoint_of_an_earlier_version_is_gone_on_from(
    tmp_path: Path, undisturbed: Trained, capsys: pytest.CaptureFixture[str]
) -> None:
    """They were written between epochs only, say nothing of steps, and how many arrays there are of what."""

    def kill(row: int, figures: object) -> None:
        if row == 3:
            raise KeyboardInterrupt

    path, chosen = tmp_path / "c.npz", branched(3, epochs=3)
    with pytest.raises(KeyboardInterrupt):
        run(path, chosen, on_epoch=kill)
    content = dict(np.load(path))
    state = json.loads(content["state"].tobytes())
    assert state.pop("step") == 0
    assert not any(name.startswith("array/sums/") for name in content)
    state["arrays"] = {"best": len(weights(undisturbed)), "ended0": len(undisturbed.model.weights)}
    content["state"] = np.frombuffer(json.dumps(state).encode(), np.uint8)
    np.savez(path, **content)
    resumed = run(path, chosen)
    assert f"resuming after epoch 4 of 7, from {path}" in capsys.readouterr().out
    assert resumed.history == undisturbed.history
    for one, other in zip(weights(resumed), weights(undisturbed), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_loss_that_is_no_number_ends_the_training_with_what_to_do(tmp_path: Path) -> None:
    from inkmath.training import TrainingError

    model = untrained()
    model.set_weights([np.full(weight.shape, np.nan) for weight in model.get_weights()])
    keep(model, tmp_path / "m.npz")
    with pytest.raises(TrainingError, match=r"epoch 1: the loss is infinite or no number; lower train\.learning_rate"):
        run(tmp_path / "c.npz", settings(init_from=str(tmp_path / "m.npz")))
    assert not (tmp_path / "c.npz").exists(), "nothing of it is kept"


def test_out_of_time_no_further_branch_is_begun(tmp_path: Path) -> None:
    bounded = branched(2, epochs=2, max_minutes=1e-6)
    assert [len(run(tmp_path / "c.npz", bounded).history) for _ in range(3)] == [1, 2, 3]
    assert run(tmp_path / "c.npz", bounded).finished


def test_without_its_trunk_no_branch_is_begun(tmp_path: Path) -> None:
    from inkmath.training.checkpoint import CheckpointError

    bounded = branched(2, epochs=2, max_minutes=1e-6)
    run(tmp_path / "c.npz", bounded)
    (tmp_path / "c-trunk.npz").unlink()
    with pytest.raises(CheckpointError, match=r"c-trunk\.npz: not there, .* delete .*c\.npz to start anew"):
        run(tmp_path / "c.npz", bounded)


def test_out_of_time_it_stops_and_goes_on_when_started_again(tmp_path: Path) -> None:
    bounded = settings(max_minutes=1e-6, epochs=2)
    first = run(tmp_path / "c.npz", bounded)
    assert (len(first.history), first.finished) == (1, False)
    second = run(tmp_path / "c.npz", bounded)
    assert (second.began_at, len(second.history), second.finished) == (1, 2, True)


def test_a_checkpoint_of_another_training_is_not_gone_on_from(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(tmp_path / "c.npz", settings(epochs=1))
    other = run(tmp_path / "c.npz", settings(epochs=1, learning_rate=0.01))
    assert other.began_at == 0
    assert "is of another training" in capsys.readouterr().out


def test_a_checkpoint_is_of_another_training_when_the_network_was_built_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from inkmath.training import checkpoint

    run(tmp_path / "c.npz", settings(epochs=1))
    assert run(tmp_path / "c.npz", settings(epochs=1)).began_at == 1
    monkeypatch.setattr(checkpoint, "network_code", lambda network: b"otherwise")
    assert run(tmp_path / "c.npz", settings(epochs=1)).began_at == 0
    assert "is of another training" in capsys.readouterr().out


def test_given_weights_are_begun_with(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    known = untrained(SEED + 1)
    keep(known, tmp_path / "m.npz")
    given = settings(init_from=str(tmp_path / "m.npz"), epochs=1, learning_rate=1e-9)
    again = run(tmp_path / "d.npz", given)
    for one, other in zip(again.model.weights, known.weights, strict=True):
        np.testing.assert_allclose(one.numpy(), other.numpy(), rtol=1e-3, atol=1e-6)
    assert "began with 4 of 4 weight arrays" in capsys.readouterr().out


def test_given_weights_of_other_classes_are_begun_with_but_for_classes_they_do_not_know(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for classes, said in ((4, "began with 4 of 4 weight arrays"), (2, "began with 2 of 4 weight arrays")):
        keep(untrained(classes=classes), tmp_path / "m.npz")
        run(tmp_path / "c.npz", settings(init_from=str(tmp_path / "m.npz"), epochs=1))
        told = capsys.readouterr().out
        assert said in told
        assert ("; new to them: c\n" in told) == (classes == 2)


def test_the_weights_kept_lie_between_those_begun_from_and_those_arrived_at(tmp_path: Path) -> None:
    from inkmath.training.symbols import write_results

    first = untrained()
    keep(first, tmp_path / "m.npz")
    given = settings(init_from=str(tmp_path / "m.npz"), epochs=2)
    arrived = run(tmp_path / "b.npz", given)
    between = run(tmp_path / "c.npz", given.model_copy(update={"init_share": 0.75}))
    for start, end, kept in zip(*(one.weights for one in (first, arrived.model, between.model)), strict=True):
        np.testing.assert_allclose(kept.numpy(), 0.75 * start.numpy() + 0.25 * end.numpy(), rtol=1e-3, atol=1e-6)
    assert between.history == arrived.history
    valid = symbols(48, 1)
    said = write_results(between, tmp_path, valid)["valid_accuracy"]
    read = between.model.predict(valid.features, verbose=0).argmax(axis=1)
    assert said == pytest.approx((read == valid.ids).mean(), abs=1e-5), "figures are those of the weights kept"


def test_a_checkpoint_is_of_another_training_when_the_weights_begun_from_were_overwritten(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keep(untrained(), tmp_path / "m.npz")
    given = settings(init_from=str(tmp_path / "m.npz"), epochs=1)
    run(tmp_path / "c.npz", given)
    keep(untrained(SEED + 1), tmp_path / "m.npz")
    assert run(tmp_path / "c.npz", given).began_at == 0
    assert "is of another training" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("architecture", "message"),
    [
        ("conv", r"holds no weight of this network; set train\.architecture and units"),
        ("conv_maps", r"holds no weight of this network; set train\.architecture and units"),
        ("missing", "no such file"),
        ("empty", "cannot be read|holds no weight"),
        ("damaged", "cannot be read"),
    ],
)
def test_given_weights_that_do_not_fit_are_refused(tmp_path: Path, architecture: str, message: str) -> None:
    if architecture == "empty":
        zipfile.ZipFile(tmp_path / "m.npz", "w").close()
    elif architecture == "damaged":
        keep(untrained(), tmp_path / "m.npz")
        content = (tmp_path / "m.npz").read_bytes()
        (tmp_path / "m.npz").write_bytes(content[:300] + bytes(100) + content[400:])
    elif architecture != "missing":
        keep(untrained(build=partial(build_model, architecture=architecture)), tmp_path / "m.npz")
    with pytest.raises(ValueError, match=rf"m\.npz: {message}"):
        run(tmp_path / "c.npz", settings(init_from=str(tmp_path / "m.npz")), build=build_model)


def test_what_teachers_say_is_learned_for_its_share_and_the_label_for_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("inkmath.training.symbols.DOUBT", 0.0)  # these teachers know no label but the second
    exactly = {"label_smoothing": 0.0, "dropout": 0.0, "keep": "last", "patience": 99}
    taught = settings(teachers=["a"], teachers_share=0.9, epochs=12, learning_rate=0.02, **exactly)
    trained = run(tmp_path / "c.npz", taught, teachers=AlwaysSecond())
    answers = trained.model.predict(symbols(48, 1).features, verbose=0)
    assert (answers.argmax(axis=1) == 1).all()
    assert answers[:, 1].mean() == pytest.approx(0.9 + 0.1 / 3, abs=0.05), "the label keeps a tenth"


def test_teachers_are_not_listened_to_where_they_do_not_know_the_label() -> None:
    """As one that has never met a wide hat, and is sure that it is a bar."""
    from inkmath.training.symbols import _Batches

    plain = settings(augment=settings().augment.model_copy(update={"enabled": False}))
    taught = plain.model_copy(update={"teachers": ["a"], "teachers_share": 0.5})
    labels = _Batches(symbols(96, 0), 3, plain, SEED, None)[0][1]
    target = _Batches(symbols(96, 0), 3, taught, SEED, AlwaysSecond())[0][1]  # type: ignore[arg-type]
    np.testing.assert_allclose(target, labels)

    class NearlyAlwaysSecond(AlwaysSecond):
        def __call__(self, features: np.ndarray) -> np.ndarray:
            return np.tile(np.array([0.05, 0.9, 0.05], np.float32), (len(features), 1))

    target = _Batches(symbols(96, 0), 3, taught, SEED, NearlyAlwaysSecond())[0][1]  # type: ignore[arg-type]
    np.testing.assert_allclose(target, 0.5 * labels + [0.025, 0.45, 0.025], rtol=1e-6)


def test_teachers_see_the_ink_as_it_was_written_and_the_network_what_the_digitiser_told() -> None:
    from inkmath.training.symbols import _Batches

    class Seeing(AlwaysSecond):
        seen: np.ndarray

        def __call__(self, features: np.ndarray) -> np.ndarray:
            self.seen = features
            return super().__call__(features)

    coarse, fine = (settings(augment=settings().augment.model_copy(update={"coarse": share})) for share in (1.0, 0.0))
    teachers = Seeing()
    told = _Batches(symbols(96, 0), 3, coarse, SEED, teachers)[2][0]  # type: ignore[arg-type]
    written = _Batches(symbols(96, 0), 3, fine, SEED, None)[2][0]
    np.testing.assert_array_equal(teachers.seen, written)
    assert (told != written).any(axis=(1, 2)).all()


def test_a_checkpoint_is_of_another_training_when_a_teacher_was_overwritten(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = settings(teachers=["a"], teachers_share=0.5, epochs=1)
    (tmp_path / "symbol.onnx").write_bytes(b"network")
    teachers = AlwaysSecond(tmp_path / "symbol.onnx")
    run(tmp_path / "c.npz", given, teachers=teachers)
    assert run(tmp_path / "c.npz", given, teachers=teachers).began_at == 1
    (tmp_path / "symbol.onnx").write_bytes(b"other")
    assert run(tmp_path / "c.npz", given, teachers=teachers).began_at == 0
    assert "is of another training" in capsys.readouterr().out


class AlwaysSecond:
    """Teachers that take every symbol for the second label."""

    def __init__(self, *files: Path) -> None:
        self.files = files

    def __call__(self, features: np.ndarray) -> np.ndarray:
        return np.tile(np.array([0, 1, 0], np.float32), (len(features), 1))


def test_samples_without_a_class_are_not_learned_from(tmp_path: Path) -> None:
    from inkmath.training import TrainingError
    from inkmath.training.symbols import SymbolData

    known, valid = symbols(32, 0), symbols(32, 1)
    strange = SymbolData(np.full_like(known.features, np.nan), np.full(32, UNSEEN))
    both = SymbolData(np.concatenate([known.features, strange.features]), np.concatenate([known.ids, strange.ids]))
    trained = train(both, valid, settings(epochs=1), tmp_path / "c.npz")
    assert np.isfinite(trained.history[0]["loss"])
    with pytest.raises(TrainingError, match="the training split holds no symbol of a known class"):
        train(strange, valid, settings(), tmp_path / "c.npz")


def test_what_is_written_answers_like_what_was_trained(tmp_path: Path) -> None:
    from inkmath.decoding.symbol import load_symbol_reader
    from inkmath.training.symbols import write_model, write_results

    trained, valid = run(tmp_path / "c.npz", settings(epochs=2), build=build_model), symbols(48, 1)
    write_model(trained, tmp_path, Vocabulary(("|", "u", "x")), {"length": 12}, valid)
    reader = load_symbol_reader(tmp_path)
    assert reader.labels == ("|", "u", "x")
    inside = trained.model.predict(valid.features, verbose=0)
    assert (reader.probabilities(valid.features).argmax(axis=1) == inside.argmax(axis=1)).all()

    metrics = write_results(trained, tmp_path, symbols(48, 1))
    assert json.loads((tmp_path / "metrics.json").read_text()) == metrics
    rows = (tmp_path / "history.csv").read_text().splitlines()
    assert rows[0].startswith("epoch,accuracy,loss,valid_accuracy,valid_loss")
    assert len(rows) == 3


def test_a_network_that_takes_context_reads_symbols_with_and_without_it(tmp_path: Path) -> None:
    from inkmath.decoding.symbol import load_symbol_reader
    from inkmath.training.symbols import SymbolData, write_model, write_results

    def told(data: SymbolData) -> SymbolData:
        """Symbols of one shape each, so that only the context tells the classes apart."""
        contexts = np.zeros((len(data.ids), 9), np.float32)
        contexts[np.arange(len(data.ids)), data.ids] = 1
        same = np.repeat(data.features[:1], len(data.ids), axis=0)
        return SymbolData(with_context(same, contexts), data.ids)

    valid = told(symbols(48, 1))
    chosen = settings(epochs=30, units=32, learning_rate=0.02, patience=30)
    trained = train(told(symbols(96, 0)), valid, chosen, tmp_path / "c.npz")
    metrics = write_results(trained, tmp_path, valid)
    assert metrics["valid_accuracy"] == 1
    assert metrics["valid_alone_accuracy"] < 0.6

    write_model(trained, tmp_path, Vocabulary(("|", "u", "x")), {"length": 12}, valid)
    reader = load_symbol_reader(tmp_path)
    assert reader.takes_context
    assert (reader.probabilities(valid.features).argmax(axis=1) == valid.ids).all()
    without = reader.probabilities(valid.features[..., :5])
    np.testing.assert_array_equal(without, reader.probabilities(alone(valid.features)))
    assert len(reader.classify([Ink.from_points([[(0, 0), (0, 9)]])])[0]) == 3
