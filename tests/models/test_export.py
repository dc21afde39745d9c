"""Export: the network in the file answers like the one in Keras, with half the bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from inkmath.decoding.network import Network
from inkmath.models import ARCHITECTURES, build_model

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_every_network_answers_the_same_outside_keras(tmp_path: Path, architecture: str) -> None:
    from inkmath.models.export import export_onnx

    model = build_model((16, 5), 7, architecture, units=32)
    export_onnx(model, tmp_path / "exact.onnx", {"ink": (None, 16, 5)}, half=False)
    export_onnx(model, tmp_path / "half.onnx", {"ink": (None, 16, 5)})
    features = np.random.default_rng(0).normal(size=(5, 16, 5)).astype(np.float32)
    wanted = np.asarray(model(features))
    for name, tolerance in (("exact", 1e-5), ("half", 5e-3)):
        (answer,) = Network(tmp_path / f"{name}.onnx")(ink=features).values()
        np.testing.assert_allclose(answer, wanted, atol=tolerance)
    assert (tmp_path / "half.onnx").stat().st_size < 0.8 * (tmp_path / "exact.onnx").stat().st_size
    assert [file.name for file in tmp_path.iterdir() if file.name.startswith(".")] == []


def test_a_network_that_onnx_cannot_hold_is_refused_by_its_operation(tmp_path: Path) -> None:
    import keras

    from inkmath.models.export import ExportError, export_onnx

    ink = keras.Input((16, 5))
    model = keras.Model(ink, keras.ops.gelu(keras.layers.Dense(7)(ink), approximate=False))
    with pytest.raises(ExportError, match=r"ONNX has no Erfc; build the network of other operations"):
        export_onnx(model, tmp_path / "own.onnx", {"ink": (None, 16, 5)})
    assert not list(tmp_path.iterdir())


def test_a_network_that_readers_cannot_load_is_refused(tmp_path: Path) -> None:
    import keras

    from inkmath.models.export import ExportError, ensure_exportable, export_onnx

    ink = keras.Input((16, 5))
    model = keras.Model(ink, keras.layers.Conv1D(8, 3, dtype="mixed_bfloat16")(ink))
    with pytest.raises(ExportError, match=r"readers cannot load the network \(.*bfloat16.*\); .* of float32"):
        ensure_exportable(model, {"ink": (None, 16, 5)})
    with pytest.raises(ExportError, match="readers cannot load the network"):
        export_onnx(model, tmp_path / "own.onnx", {"ink": (None, 16, 5)})
    assert not list(tmp_path.iterdir())


def test_a_saved_network_loads_without_its_code(tmp_path: Path) -> None:
    import keras

    model = build_model((16, 5), 7, "conv", units=16)
    model.save(tmp_path / "model.keras")
    features = np.random.default_rng(0).normal(size=(3, 16, 5)).astype(np.float32)
    again = keras.models.load_model(tmp_path / "model.keras", compile=False)
    np.testing.assert_array_equal(np.asarray(again(features)), np.asarray(model(features)))


def test_a_weight_beyond_half_precision_is_refused(tmp_path: Path) -> None:
    import keras

    from inkmath.models.export import export_onnx

    model = keras.Sequential([keras.layers.Input((16,)), keras.layers.Dense(32)])
    model.layers[0].kernel.assign(np.full((16, 32), 1e6))
    with pytest.raises(ValueError, match="export with half=False"):
        export_onnx(model, tmp_path / "m.onnx", {"x": (None, 16)})
    assert list(tmp_path.iterdir()) == []
