"""Weights to begin with, of networks whose classes are others or stand elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from inkmath.dataset.arrays import write_arrays

if TYPE_CHECKING:
    from pathlib import Path

    import keras

HEAD = {"head/kernel": 1, "head/bias": 0}


def network(classes: int, value: float = 0.0) -> dict[str, keras.Variable]:
    """Arrays of a network in which each class has numbers of its own: ``value``, ``value`` + 1 and so on."""
    import keras

    told = value + np.arange(classes, dtype=np.float32)
    arrays = {"shared": np.full((2, 3), value), "head/kernel": np.tile(told, (3, 1)), "head/bias": told}
    return {name: keras.Variable(np.float32(array)) for name, array in arrays.items()}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Weights of a network that knows x (10), y (11) and z (12)."""
    from inkmath.training.weights import save_weights

    save_weights(tmp_path / "w.npz", network(3, 10.0), ("x", "y", "z"))
    return tmp_path / "w.npz"


def test_what_belongs_to_a_class_goes_to_the_class_of_the_same_label(file: Path) -> None:
    from inkmath.training.weights import load_weights

    for labels, wanted in ((("z", "x"), [12, 10]), (("y", "z", "x"), [11, 12, 10])):
        mine = network(len(labels))
        begun = load_weights(file, mine, labels, HEAD, "stop")
        assert mine["head/bias"].numpy().tolist() == wanted
        assert mine["head/kernel"].numpy().tolist() == [wanted] * 3
        assert mine["shared"].numpy().tolist() == [[10.0] * 3] * 2
        assert begun.new == []
        assert [array.tolist() for array in begun.arrays.values()] == [one.numpy().tolist() for one in mine.values()]


def test_classes_that_the_weights_do_not_know_stay_as_they_are_and_are_named(file: Path) -> None:
    from inkmath.training.weights import load_weights

    mine = network(3)
    begun = load_weights(file, mine, ("x", "\\pi", "z"), HEAD, "stop")
    assert mine["head/bias"].numpy().tolist() == [10, 1, 12]
    assert list(begun.arrays) == [0], "what is known in part takes no part in a mean with what was begun from"
    assert begun.told(3, "w.npz") == "began with 1 of 3 weight arrays from w.npz; new to them: \\pi"


def test_a_file_that_does_not_name_its_classes_is_taken_to_have_the_same_ones(tmp_path: Path) -> None:
    from inkmath.training.weights import load_weights

    write_arrays(tmp_path / "w.npz", {name: one.numpy() for name, one in network(3, 10.0).items()})
    mine, fewer = network(3), network(2)
    assert list(load_weights(tmp_path / "w.npz", mine, ("a", "b", "c"), HEAD, "stop").arrays) == [0, 1, 2]
    assert list(load_weights(tmp_path / "w.npz", fewer, ("a", "b"), HEAD, "stop").arrays) == [0]
    assert fewer["head/bias"].numpy().tolist() == [0, 1]
