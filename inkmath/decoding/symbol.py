"""Reading isolated symbols with an exported network."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from inkmath.dataset.results import write_json
from inkmath.decoding.network import Network, NetworkError
from inkmath.decoding.reading import Candidate
from inkmath.features.symbol import CHANNELS, normalize_and_pad_traces
from inkmath.features.symbol_context import CONTEXT, alone, symbol_contexts, with_context
from inkmath.features.tremor import steadied

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from inkmath.features.symbol import FloatArray
    from inkmath.ink import Ink, Stroke

NETWORK, DESCRIPTION = "symbol.onnx", "symbol.json"
"""The two files of a symbol model, in one directory."""

CHUNK = 256
"""Symbols that go through the network at once: more gain nothing and fill the memory."""


class OnnxSymbolReader:
    """Names isolated symbols; a `inkmath.decoding.reading.SymbolReader`. May be used by several threads at once.

    Attributes:
        normalize: keyword arguments of `normalize_and_pad_traces`, as the network was trained on.
        takes_context: whether the network was trained with `inkmath.features.symbol_context`; then it reads symbols
            with and without their context.
    """

    def __init__(self, directory: str | Path) -> None:
        path = Path(directory) / DESCRIPTION
        if not path.is_file():
            raise FileNotFoundError(f"{path}: no such file; train a model, or install the package again")
        try:
            described: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            self._labels = tuple(map(str, described["labels"]))
            self.normalize: dict[str, Any] = dict(described["normalize"])
            self._temperature = float(described["temperature"])
            if not 0 < self._temperature < math.inf:
                raise ValueError(f"temperature {self._temperature}")
            # A knob that this version does not know, or cannot use, shows here and not at the first symbol.
            stroke = np.array([[0, 0], [1, 9], [2, 9]], np.float32)
            length = normalize_and_pad_traces([[stroke]], **self.normalize).shape[1]
        except (ValueError, KeyError, TypeError, IndexError, OverflowError) as error:
            raise NetworkError(f"{path}: does not describe a symbol model ({error!r}); export it again") from error
        try:
            self._network = Network(Path(directory) / NETWORK)
        except FileNotFoundError as error:  # damaged: where there is no model at all, neither is its description
            raise NetworkError(f"{path}: the network that belongs to it is gone; export it again") from error
        channels = self._network.shapes.get("ink", (0,))[-1]
        if channels not in (len(CHANNELS), len(CHANNELS) + len(CONTEXT)):
            raise NetworkError(
                f"{path}: the network takes {channels} numbers a point, which nothing gives; train again"
            )
        self.takes_context = channels > len(CHANNELS)
        shape = next(iter(self._network.tried(ink=np.zeros((1, length, channels))).values())).shape
        if shape != (1, len(self._labels)):
            raise NetworkError(f"{path}: names {len(self._labels)} labels, but the network has {shape[1]} classes")

    @property
    def labels(self) -> tuple[str, ...]:
        """The classes, in the order of the network's output."""
        return self._labels

    def probabilities(self, features: FloatArray) -> FloatArray:
        """Calibrated probabilities ``(N, classes)`` of features ``(N, length, 5)``, or 14 channels with context."""
        if self.takes_context and features.shape[2] == len(CHANNELS):
            features = alone(features)
        chunks = [
            next(iter(self._network(ink=features[start : start + CHUNK]).values()))
            for start in range(0, len(features), CHUNK)
        ]
        return tempered(np.concatenate(chunks), self._temperature)

    def in_formula(self, strokes: Sequence[Stroke], groups: Sequence[Sequence[int]]) -> FloatArray:
        """Probabilities ``(N, classes)`` of groups of a formula's strokes, each read as one symbol in its place."""
        inks = [[strokes[index] for index in group] for group in groups]
        features = normalize_and_pad_traces(inks, **self.normalize)
        if self.takes_context:
            features = with_context(features, symbol_contexts(strokes, groups))
        return self.probabilities(features)

    def classify(self, inks: Sequence[Ink], *, top_k: int = 3) -> list[list[Candidate]]:
        """For each ink (all its strokes are one symbol) the ``top_k`` likeliest labels, the likeliest first.

        Trembling ink is steadied before it is read.
        """
        if not inks:
            return []
        strokes = [steadied(ink).strokes for ink in inks]
        probabilities = self.probabilities(normalize_and_pad_traces(strokes, **self.normalize))
        best = np.argsort(-probabilities, axis=1, kind="stable")[:, :top_k]
        return [
            [Candidate(self._labels[index], float(row[index])) for index in chosen]
            for row, chosen in zip(probabilities, best, strict=True)
        ]


def load_symbol_reader(directory: str | Path) -> OnnxSymbolReader:
    """The symbol model whose files lie in ``directory``.

    Raises:
        FileNotFoundError: there is no model.
        NetworkError: a file is damaged, one of the two is missing, or they do not belong together.
    """
    return OnnxSymbolReader(directory)


def write_description(
    directory: str | Path, labels: Sequence[str], normalize: Mapping[str, Any], temperature: float
) -> None:
    """Write what a reader must know beside the network.

    Args:
        directory: where the network lies too.
        labels: the classes, in the order of the network's output.
        normalize: keyword arguments of `normalize_and_pad_traces`.
        temperature: see `tempered`.
    """
    described = {"labels": list(labels), "normalize": dict(normalize), "temperature": round(temperature, 4)}
    write_json(Path(directory) / DESCRIPTION, described, indent=1)


def tempered(probabilities: NDArray[np.floating[Any]], temperature: float) -> FloatArray:
    """Sharpen (below 1) or soften probabilities without changing their order (Guo et al., ICML 2017)."""
    logits = np.log(np.maximum(probabilities.astype(np.float64), 1e-12)) / temperature
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), np.float32)
