"""Reading symbols with an exported network: a made-up one that answers by where the ink lies."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import inkmath
from inkmath.decoding.network import NetworkError
from inkmath.decoding.symbol import load_symbol_reader, write_description
from inkmath.features.symbol import normalize_and_pad_traces
from inkmath.features.tremor import steadied
from inkmath.ink import Ink

BAR = Ink.from_points([[(0, 0), (0, 50)]])
DASH = Ink.from_points([[(0, 0), (50, 0)]])


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A network of two classes that weighs how far the ink goes down against how far it goes sideways."""
    import onnx
    from onnx import TensorProto, helper

    nodes = [
        helper.make_node("ReduceL1", ["ink", "axes"], ["sums"], keepdims=0),
        helper.make_node("Slice", ["sums", "from", "to"], ["sizes"]),
        helper.make_node("Softmax", ["sizes"], ["p"]),
    ]
    constants = [
        helper.make_tensor("axes", TensorProto.INT64, [1], [1]),
        helper.make_tensor("from", TensorProto.INT64, [2], [0, 3]),
        helper.make_tensor("to", TensorProto.INT64, [2], [9999, 5]),
    ]
    ink = helper.make_tensor_value_info("ink", TensorProto.FLOAT, ["n", 16, 5])
    out = helper.make_tensor_value_info("p", TensorProto.FLOAT, ["n", 2])
    graph = helper.make_graph(nodes, "by_size", [ink], [out], constants)
    onnx.save(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9), tmp_path / "symbol.onnx"
    )
    write_description(tmp_path, ["-", "|"], {"length": 16}, 1.0)
    return tmp_path


def test_symbols_are_named_with_the_likeliest_first(model: Path) -> None:
    reader = load_symbol_reader(model)
    assert reader.labels == ("-", "|")
    answers = reader.classify([BAR, DASH, BAR], top_k=2)
    assert [[candidate.label for candidate in row] for row in answers] == [["|", "-"], ["-", "|"], ["|", "-"]]
    assert sum(candidate.probability for candidate in answers[0]) == pytest.approx(1)
    assert [len(row) for row in reader.classify([BAR], top_k=1)] == [1]
    assert len(reader.classify([BAR], top_k=99)[0]) == 2
    assert reader.classify([]) == []


def test_trembling_symbols_are_read_as_the_line_they_tremble_about(model: Path) -> None:
    shaken = np.stack([np.zeros(60), np.linspace(0, 50, 60)], axis=1) + np.random.default_rng(0).normal(0, 2, (60, 2))
    ink = Ink.from_points([shaken])
    reader = load_symbol_reader(model)
    as_it_is, steady = (
        reader.probabilities(normalize_and_pad_traces([strokes], **reader.normalize))[0].max()
        for strokes in (ink.strokes, steadied(ink).strokes)
    )
    assert steady > as_it_is
    assert reader.classify([ink])[0][0].probability == pytest.approx(steady)


def test_many_symbols_are_read_as_one_would_be(model: Path) -> None:
    reader = load_symbol_reader(model)
    features = np.random.default_rng(0).normal(size=(600, 16, 5)).astype(np.float32)
    together = reader.probabilities(features)
    np.testing.assert_allclose(together[599:], reader.probabilities(features[599:]), atol=1e-6)


def test_probabilities_are_tempered(model: Path) -> None:
    plain = load_symbol_reader(model).classify([BAR])[0][0].probability
    write_description(model, ["-", "|"], {"length": 16}, 2.0)
    assert 0.5 < load_symbol_reader(model).classify([BAR])[0][0].probability < plain


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"labels": ["-"]}, "names 1 labels, but the network has 2 classes"),
        ({"normalize": {"length": 16, "magic": 1}}, "magic"),
        ({"temperature": "warm"}, "does not describe a symbol model"),
        ({"temperature": 0}, "does not describe a symbol model"),
        ({"temperature": 10**400}, "does not describe a symbol model"),
        ({"normalize": {"length": 16, "spacing": "a"}}, "does not describe a symbol model"),
        ({"normalize": {"length": 16, "spacing": []}}, "does not describe a symbol model"),
        ({"normalize": {"length": 40}}, "does not take ink \\(1, 40, 5\\)"),
        ({"normalize": {}}, "does not take ink"),
    ],
)
def test_a_description_that_does_not_fit_is_refused(model: Path, change: dict[str, object], message: str) -> None:
    described = json.loads((model / "symbol.json").read_text()) | change
    (model / "symbol.json").write_text(json.dumps(described))
    with pytest.raises(NetworkError, match=message):
        load_symbol_reader(model)


def test_the_network_of_another_task_is_refused(model: Path) -> None:
    (model / "symbol.onnx").write_bytes((Path(inkmath.__file__).parent / "weights" / "expression.onnx").read_bytes())
    with pytest.raises(NetworkError, match="takes 0 numbers a point"):
        load_symbol_reader(model)


def test_where_there_is_no_model_its_file_is_named(model: Path) -> None:
    (model / "symbol.json").unlink()
    with pytest.raises(FileNotFoundError, match=r"symbol\.json"):
        load_symbol_reader(model)


def test_a_model_without_its_network_is_damaged(model: Path) -> None:
    """Whoever reads formulas does without a model that is not there, but not without one that was lost in part."""
    (model / "symbol.onnx").unlink()
    with pytest.raises(NetworkError, match=r"symbol\.json: the network that belongs to it is gone; export it again"):
        load_symbol_reader(model)
