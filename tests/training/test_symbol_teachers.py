"""Symbol models that a training learns from: what they say of its samples, and which of them cannot."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from onnx import TensorProto, helper, save

from inkmath.decoding.symbol import NETWORK, write_description
from inkmath.training import TrainingError
from inkmath.training.symbol_teachers import SymbolTeachers

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NORMALIZE = {"length": 4}


@pytest.fixture
def taught(tmp_path: Path) -> Callable[..., str]:
    """Makes a model that answers with the same probabilities always, but for ink whose context it is told."""

    def make(name: str, answers: dict[str, float], channels: int = 5, temperature: float = 1.0) -> str:
        folder = tmp_path / name
        folder.mkdir()
        nodes = [
            helper.make_node("ReduceMax", ["ink", "axes"], ["told"], keepdims=0),
            helper.make_node("Slice", ["told", "last", "end", "one"], ["hint"]),
            helper.make_node("Mul", ["hint", "nothing"], ["zeros"]),
            helper.make_node("Add", ["zeros", "answers"], ["p"]),
        ]
        constants = [
            helper.make_tensor("axes", TensorProto.INT64, [1], [1]),
            helper.make_tensor("last", TensorProto.INT64, [1], [channels - 1]),
            helper.make_tensor("end", TensorProto.INT64, [1], [channels]),
            helper.make_tensor("one", TensorProto.INT64, [1], [1]),
            helper.make_tensor("nothing", TensorProto.FLOAT, [1], [0.0]),
            helper.make_tensor("answers", TensorProto.FLOAT, [1, len(answers)], list(answers.values())),
        ]
        ink = helper.make_tensor_value_info("ink", TensorProto.FLOAT, ["n", 4, channels])
        out = helper.make_tensor_value_info("p", TensorProto.FLOAT, ["n", len(answers)])
        graph = helper.make_graph(nodes, "always", [ink], [out], constants)
        save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9), folder / NETWORK)
        write_description(folder, list(answers), NORMALIZE, temperature)
        return str(folder)

    return make


def samples(channels: int = 5) -> np.ndarray:
    return np.zeros((3, 4, channels), np.float32)


def test_their_answer_is_the_mean_of_all(taught: Callable[..., str]) -> None:
    teachers = SymbolTeachers(
        [taught("a", {"x": 0.8, "y": 0.2}), taught("b", {"x": 0.4, "y": 0.6})], ["x", "y"], NORMALIZE
    )
    answers = teachers(samples())
    assert answers.dtype == np.float32
    np.testing.assert_allclose(answers, [[0.6, 0.4]] * 3, atol=1e-6)


def test_labels_stand_in_the_order_of_the_training(taught: Callable[..., str]) -> None:
    teachers = SymbolTeachers([taught("a", {"x": 0.8, "y": 0.2})], ["y", "x"], NORMALIZE)
    np.testing.assert_allclose(teachers(samples()), [[0.2, 0.8]] * 3, atol=1e-6)


def test_what_a_teacher_gives_to_labels_that_the_training_lacks_is_left_out(taught: Callable[..., str]) -> None:
    teachers = SymbolTeachers([taught("a", {"x": 0.3, "z": 0.5, "y": 0.2})], ["x", "y"], NORMALIZE)
    np.testing.assert_allclose(teachers(samples()), [[0.6, 0.4]] * 3, atol=1e-6)


def test_a_teacher_that_is_sure_of_a_label_that_the_training_lacks_says_nothing_of_the_others(
    taught: Callable[..., str],
) -> None:
    sure = taught("a", {"x": 0.0, "z": 1.0, "y": 0.0}, temperature=0.25)
    teachers = SymbolTeachers([sure, taught("b", {"x": 0.9, "y": 0.1})], ["x", "y"], NORMALIZE)
    answers = teachers(samples())
    assert answers.dtype == np.float32
    np.testing.assert_allclose(answers, [[0.7, 0.3]] * 3, atol=1e-6)


def test_a_teacher_is_as_sure_as_it_is_when_it_reads(taught: Callable[..., str]) -> None:
    teachers = SymbolTeachers([taught("a", {"x": 0.8, "y": 0.2}, temperature=0.5)], ["x", "y"], NORMALIZE)
    np.testing.assert_allclose(teachers(samples()), [[16 / 17, 1 / 17]] * 3, atol=1e-6)


@pytest.mark.parametrize(("its", "ours"), [(5, 14), (14, 5), (14, 14)])
def test_size_and_place_are_told_to_those_that_take_them(taught: Callable[..., str], its: int, ours: int) -> None:
    teachers = SymbolTeachers([taught("a", {"x": 0.8, "y": 0.2}, channels=its)], ["x", "y"], NORMALIZE)
    np.testing.assert_allclose(teachers(samples(ours)), [[0.8, 0.2]] * 3, atol=1e-6)


def test_a_teacher_must_know_every_label(taught: Callable[..., str]) -> None:
    with pytest.raises(TrainingError, match=r"train\.teachers: .*a does not know u, v; leave it out"):
        SymbolTeachers([taught("a", {"x": 0.8, "y": 0.2})], ["v", "x", "u"], NORMALIZE)


def test_a_teacher_must_be_of_ink_normalised_alike(taught: Callable[..., str]) -> None:
    with pytest.raises(
        TrainingError,
        match=r"train\.teachers: .*a reads ink normalised with points 4, here it is points 8; set normalize",
    ):
        SymbolTeachers([taught("a", {"x": 0.8, "y": 0.2})], ["x", "y"], {"length": 8})


def test_a_folder_without_a_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"train\.teachers: .*gone.*no such file"):
        SymbolTeachers([str(tmp_path / "gone")], ["x"], NORMALIZE)
