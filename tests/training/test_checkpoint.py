"""Checkpoints: what is restored is what was saved, and what cannot be restored is said."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

import numpy as np
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import keras

    from inkmath.training.checkpoint import Checkpoint

    Trained = Callable[..., tuple[keras.Model, keras.Optimizer]]

pytestmark = pytest.mark.slow


@pytest.fixture
def trained() -> Trained:
    """A function that gives a tiny network after so many steps, and its optimizer."""
    import keras

    def train(steps: int, units: int = 3) -> tuple[keras.Model, keras.Optimizer]:
        keras.utils.set_random_seed(0)
        model = keras.Sequential(
            [keras.layers.Input((2,)), keras.layers.Dense(units), keras.layers.Dropout(0.5), keras.layers.Dense(1)]
        )
        model.compile(keras.optimizers.Adam(0.1), "mse", jit_compile=False)
        advance(model, steps)
        return model, model.optimizer

    return train


def advance(model: keras.Model, steps: int) -> None:
    for _ in range(steps):
        model.train_on_batch(np.ones((4, 2)), np.zeros((4, 1)))


def kept(
    path: Path,
    trained: tuple[keras.Model, keras.Optimizer],
    fingerprint: str = "this one",
    say: Callable[[str], None] = lambda line: None,
) -> Checkpoint:
    from inkmath.training.checkpoint import Checkpoint

    return Checkpoint(path, *trained, fingerprint, say)


def test_training_goes_on_as_if_it_had_not_stopped(tmp_path: Path, trained: Trained) -> None:
    undisturbed, _ = trained(7)
    kept(tmp_path / "c.npz", trained(3)).save({"epoch": 3, "best": [0.5]}, {"average": [np.arange(3)], "grown": []})
    fresh, fresh_optimizer = trained(1)
    restored = kept(tmp_path / "c.npz", (fresh, fresh_optimizer)).resume()
    assert restored is not None
    assert restored.state == {"fingerprint": "this one", "epoch": 3, "best": [0.5]}
    assert [array.tolist() for array in restored.parts.pop("average")] == [[0, 1, 2]]
    assert not restored.parts
    advance(fresh, 4)
    for one, other in zip(fresh.variables, undisturbed.variables, strict=True):
        np.testing.assert_array_equal(one.numpy(), other.numpy())


def test_no_file_is_no_checkpoint(tmp_path: Path, trained: Trained) -> None:
    assert kept(tmp_path / "c.npz", trained(0)).resume() is None


def test_a_checkpoint_of_another_training_changes_nothing_and_is_told(tmp_path: Path, trained: Trained) -> None:
    kept(tmp_path / "c.npz", trained(1), "another").save({}, {})
    model, optimizer = trained(2)
    before = [variable.numpy().copy() for variable in model.variables]
    said: list[str] = []
    assert kept(tmp_path / "c.npz", (model, optimizer), say=said.append).resume() is None
    assert said == [
        f"{tmp_path / 'c.npz'} is of another training (data, seed, parameters or network differ): starting anew"
    ]
    for variable, value in zip(model.variables, before, strict=True):
        np.testing.assert_array_equal(variable.numpy(), value)


def test_a_checkpoint_of_another_network_changes_nothing(tmp_path: Path, trained: Trained) -> None:
    from inkmath.training.checkpoint import CheckpointError

    kept(tmp_path / "c.npz", trained(1)).save({}, {})
    model, optimizer = trained(1, units=4)
    before = [variable.numpy().copy() for variable in model.variables]
    with pytest.raises(CheckpointError, match="belongs to another model"):
        kept(tmp_path / "c.npz", (model, optimizer)).resume()
    for variable, value in zip(model.variables, before, strict=True):
        np.testing.assert_array_equal(variable.numpy(), value)


@pytest.mark.parametrize("damage", ["cut", "other", "no JSON", "no state"])
def test_a_damaged_file_is_named(tmp_path: Path, trained: Trained, damage: str) -> None:
    from inkmath.training.checkpoint import CheckpointError

    path, trunk = tmp_path / "c.npz", tmp_path / "c-trunk.npz"
    if damage == "cut":
        kept(path, trained(1)).save({}, {})
        path.write_bytes(path.read_bytes()[:200])
    elif damage == "other":
        np.savez(path, a=np.zeros(3))
    else:
        np.savez(path, state=np.frombuffer(b"[1]" if damage == "no state" else b"{", np.uint8))
    trunk.write_bytes(path.read_bytes())
    with pytest.raises(CheckpointError, match=r"c\.npz"):
        kept(path, trained(1)).resume()
    with pytest.raises(CheckpointError, match=r"c-trunk\.npz"):
        kept(path, trained(1)).require_trunk()


def test_a_checkpoint_is_due_when_the_last_one_is_old(
    tmp_path: Path, trained: Trained, monkeypatch: pytest.MonkeyPatch
) -> None:
    from inkmath.training import checkpoint

    now = 0.0
    monkeypatch.setattr(checkpoint, "time", SimpleNamespace(monotonic=lambda: now))
    one = kept(tmp_path / "c.npz", trained(1))
    for _ in range(2):
        now += 299
        assert not one.due
        now += 2
        assert one.due
        one.save({}, {})


def test_each_branch_drops_other_units_from_the_same_trunk(tmp_path: Path, trained: Trained) -> None:
    kept(tmp_path / "c.npz", trained(3)).save_trunk({}, {})
    model, optimizer = trained(5)

    def dropped(branch: int) -> list[bool]:
        kept(tmp_path / "c.npz", (model, optimizer)).branch_off(branch)
        return [value == 0 for value in model.layers[1](np.ones((1, 64)), training=True).numpy()[0].tolist()]

    masks = [dropped(branch) for branch in (0, 1, 2)]
    assert len(set(map(tuple, masks))) == 3
    assert [dropped(branch) for branch in (0, 1, 2)] == masks


def test_without_a_trunk_of_this_training_no_branch_begins(tmp_path: Path, trained: Trained) -> None:
    from inkmath.training.checkpoint import CheckpointError

    one, another = kept(tmp_path / "c.npz", trained(1)), kept(tmp_path / "c.npz", trained(1), "another")
    another.save_trunk({}, {})
    with pytest.raises(CheckpointError, match=r"c-trunk\.npz: not there, .*; delete .*c\.npz to start anew"):
        one.require_trunk()
    another.drop_trunk()
    with pytest.raises(CheckpointError, match=r"c-trunk\.npz: not there, .*; train less, or delete .*c\.npz to start"):
        one.branch_off(1, "train less")


def test_the_code_of_a_network_is_its_module_and_what_that_imports_of_the_room() -> None:
    from inkmath.training.checkpoint import NETWORKS, network_code

    modules = [(NETWORKS / f"{name}.py").read_bytes() for name in ("conv", "conv_maps", "maps")]
    assert network_code(NETWORKS / "conv_maps.py") == b"".join(modules)
    assert network_code(NETWORKS / "lstm.py") == (NETWORKS / "lstm.py").read_bytes()
