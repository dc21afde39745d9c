"""Checkpoints: what is restored is what was saved, and what cannot be restored is said."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import keras

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


def test_training_goes_on_as_if_it_had_not_stopped(tmp_path: Path, trained: Trained) -> None:
    from inkmath.training import checkpoint

    undisturbed, _ = trained(7)
    model, optimizer = trained(3)
    checkpoint.save(tmp_path / "c.npz", model, optimizer, {"epoch": 3, "best": [0.5]}, {"average": np.arange(3)})
    fresh, fresh_optimizer = trained(1)
    restored = checkpoint.restore(tmp_path / "c.npz", fresh, fresh_optimizer)
    assert restored is not None
    assert restored.state == {"epoch": 3, "best": [0.5]}
    assert restored.arrays["average"].tolist() == [0, 1, 2]
    advance(fresh, 4)
    for one, other in zip(fresh.variables, undisturbed.variables, strict=True):
        np.testing.assert_array_equal(one.numpy(), other.numpy())


def test_no_file_is_no_checkpoint(tmp_path: Path, trained: Trained) -> None:
    from inkmath.training import checkpoint

    assert checkpoint.restore(tmp_path / "c.npz", *trained(0)) is None
    assert checkpoint.peek(tmp_path / "c.npz") is None


def test_the_state_can_be_read_alone(tmp_path: Path, trained: Trained) -> None:
    from inkmath.training import checkpoint

    checkpoint.save(tmp_path / "c.npz", *trained(1), {"epoch": 9})
    assert checkpoint.peek(tmp_path / "c.npz") == {"epoch": 9}


def test_a_checkpoint_of_another_network_changes_nothing(tmp_path: Path, trained: Trained) -> None:
    from inkmath.training import checkpoint

    checkpoint.save(tmp_path / "c.npz", *trained(1), {})
    model, optimizer = trained(1, units=4)
    before = [variable.numpy().copy() for variable in model.variables]
    with pytest.raises(checkpoint.CheckpointError, match="belongs to another model"):
        checkpoint.restore(tmp_path / "c.npz", model, optimizer)
    for variable, value in zip(model.variables, before, strict=True):
        np.testing.assert_array_equal(variable.numpy(), value)


@pytest.mark.parametrize("damage", ["cut", "other", "no JSON", "no state"])
def test_a_damaged_file_is_named(tmp_path: Path, trained: Trained, damage: str) -> None:
    from inkmath.training import checkpoint

    path = tmp_path / "c.npz"
    if damage == "cut":
        checkpoint.save(path, *trained(1), {})
        path.write_bytes(path.read_bytes()[:200])
    elif damage == "other":
        np.savez(path, a=np.zeros(3))
    else:
        np.savez(path, state=np.frombuffer(b"[1]" if damage == "no state" else b"{", np.uint8))
    with pytest.raises(checkpoint.CheckpointError, match=r"c\.npz"):
        checkpoint.restore(path, *trained(1))
    with pytest.raises(checkpoint.CheckpointError, match=r"c\.npz"):
        checkpoint.peek(path)


def test_each_branch_drops_other_units_from_the_same_trunk(tmp_path: Path, trained: Trained) -> None:
    from inkmath.training import checkpoint

    checkpoint.save(tmp_path / "trunk.npz", *trained(3), {})
    model, optimizer = trained(5)

    def dropped(branch: int) -> list[bool]:
        checkpoint.restore(tmp_path / "trunk.npz", model, optimizer)
        checkpoint.draw_anew(model, branch)
        return [value == 0 for value in model.layers[1](np.ones((1, 64)), training=True).numpy()[0].tolist()]

    masks = [dropped(branch) for branch in (0, 1, 2)]
    assert len(set(map(tuple, masks))) == 3
    assert [dropped(branch) for branch in (0, 1, 2)] == masks


def test_the_code_of_a_network_is_its_module_and_what_that_imports_of_the_room() -> None:
    from inkmath.training.checkpoint import NETWORKS, network_code

    modules = [(NETWORKS / f"{name}.py").read_bytes() for name in ("conv", "conv_maps", "maps")]
    assert network_code(NETWORKS / "conv_maps.py") == b"".join(modules)
    assert network_code(NETWORKS / "lstm.py") == (NETWORKS / "lstm.py").read_bytes()
