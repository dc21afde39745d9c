"""From a Keras model to an ONNX file, which runs without TensorFlow (see `inkmath.decoding.network`)."""

from __future__ import annotations

import tempfile
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from inkmath.dataset.atomic import replacing
from inkmath.decoding.network import Network, NetworkError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import keras
    import onnx

HALF_FROM = 256
"""Weight arrays with at least so many numbers are stored in half precision; small ones gain nothing."""


class ExportError(ValueError):
    """A network cannot be written as ONNX; the message says why and what to do."""


def export_onnx(
    model: keras.Model, path: str | Path, inputs: Mapping[str, Sequence[int | None]], *, half: bool = True
) -> None:
    """Write a model as ONNX.

    Names of outputs are the keys of the dict the model returns, or Keras's own. Recurrent layers over a length that is
    not known do not export.

    Args:
        model: a built Keras model; its positional arguments are ``inputs`` in their order.
        path: the file, which should end in ``.onnx``.
        inputs: name and shape of each float32 input; None is a length known only at the call, such as the batch.
        half: store the weights in half precision, which halves the file. Computation stays in single precision: the
            runtime widens the weights once, when it loads them.

    Raises:
        ExportError: a weight is too large for half precision, ONNX lacks an operation, or readers cannot load the file.
    """
    import onnx
    import tensorflow as tf

    # Keras refuses to export a model that was never called; a softmax over one element would warn.
    model(*(np.zeros([size or 2 for size in shape], np.float32) for shape in inputs.values()))
    signature = [tf.TensorSpec(shape, tf.float32, name=name) for name, shape in inputs.items()]
    with replacing(path) as temporary, warnings.catch_warnings():
        # Keras's bridge to tf2onnx looks for a name that NumPy is about to change.
        warnings.filterwarnings("ignore", "In the future `np.object`", FutureWarning)
        model.export(temporary, format="onnx", verbose=False, input_signature=signature)
        graph = onnx.load(temporary)
        unknown = {node.op_type for node in graph.graph.node if not onnx.defs.has(node.op_type, node.domain)}
        if unknown:  # tf2onnx leaves it as it is
            raise ExportError(f"ONNX has no {', '.join(sorted(unknown))}; build the network of other operations")
        if half:
            _halve(graph)
        onnx.save(graph, temporary)
        try:
            Network(temporary)
        except NetworkError as error:
            raise ExportError(
                f"readers cannot load the network ({error.__cause__}); build it of other operations, or of float32"
            ) from error


def ensure_exportable(model: keras.Model, inputs: Mapping[str, Sequence[int | None]]) -> None:
    """Refuse before a training what `export_onnx` would refuse after it, whatever the weights will be.

    Raises:
        ExportError: ONNX lacks an operation, or readers cannot load the file.
    """
    with tempfile.TemporaryDirectory() as directory:
        export_onnx(model, Path(directory) / "network.onnx", inputs, half=False)


def _halve(model: onnx.ModelProto) -> None:
    """Store large weights as float16, each followed by a cast back to float32 under its old name."""
    from onnx import TensorProto, helper, numpy_helper

    kept, casts = [], []
    for weight in model.graph.initializer:
        values = numpy_helper.to_array(weight)
        if weight.data_type != TensorProto.FLOAT or values.size < HALF_FROM:
            kept.append(weight)
            continue
        with np.errstate(over="ignore"):
            halved = values.astype(np.float16)
        if not np.isfinite(values).all():
            raise ExportError(f"weight {weight.name} holds what is no number; train with a lower learning rate")
        if not np.isfinite(halved).all():
            raise ExportError(f"weight {weight.name} does not fit half precision; export with half=False")
        kept.append(numpy_helper.from_array(halved, f"{weight.name}/half"))
        casts.append(helper.make_node("Cast", [f"{weight.name}/half"], [weight.name], to=TensorProto.FLOAT))
    nodes = [*casts, *model.graph.node]
    del model.graph.initializer[:], model.graph.node[:]
    model.graph.initializer.extend(kept)
    model.graph.node.extend(nodes)
