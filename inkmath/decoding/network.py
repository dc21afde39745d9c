"""Exported networks: arrays in, arrays out, without TensorFlow."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


class NetworkError(ValueError):
    """A file holds no network that can be run; the message names it and says what to do."""


class Network:
    """A network in an ONNX file. Calls may come from several threads at once.

    Args:
        path: the file that `inkmath.models.export.export_onnx` wrote.

    Attributes:
        path: the file. shapes: of each input by its name; a size that is free is no number.

    Raises:
        FileNotFoundError: there is no such file.
        NetworkError: the file is damaged, or is no ONNX.
    """

    def __init__(self, path: str | Path) -> None:
        import onnxruntime
        from onnxruntime.capi import onnxruntime_pybind11_state as faults

        if not Path(path).is_file():
            raise FileNotFoundError(f"{path}: no such file; train and export a model, or install the package again")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1  # more help large batches only
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            # A second try would be with the same provider, and is announced on standard output.
            self._session = onnxruntime.InferenceSession(
                path, options, providers=["CPUExecutionProvider"], enable_fallback=False
            )
        except (
            faults.InvalidProtobuf,
            faults.InvalidGraph,
            faults.InvalidArgument,
            faults.NotImplemented,
            faults.Fail,
            UnicodeDecodeError,
        ) as error:
            raise NetworkError(f"{path}: cannot be loaded as ONNX ({error}); export or install it again") from error
        self.path = Path(path)
        self.shapes = {given.name: tuple(given.shape) for given in self._session.get_inputs()}
        self._outputs = [output.name for output in self._session.get_outputs()]

    def __call__(self, **inputs: NDArray[Any]) -> dict[str, NDArray[np.float32]]:
        """Run on float32 arrays by the names of the inputs; gives the outputs by theirs."""
        given = {name: np.asarray(array, np.float32) for name, array in inputs.items()}
        return dict(zip(self._outputs, self._session.run(self._outputs, given), strict=True))

    def tried(self, **inputs: NDArray[Any]) -> dict[str, NDArray[np.float32]]:
        """Run for the first time, on arrays like those that will come.

        Raises:
            NetworkError: it takes other inputs.
        """
        from onnxruntime.capi import onnxruntime_pybind11_state as faults

        try:
            return self(**inputs)
        except (faults.InvalidArgument, faults.Fail, faults.RuntimeException, ValueError) as error:
            shapes = ", ".join(f"{name} {np.shape(array)}" for name, array in inputs.items())
            raise NetworkError(
                f"{self.path}: does not take {shapes}; export it again with what lies beside it"
            ) from error
