"""All labelled symbols of an ink table as arrays of one shape, with their truths and where they come from."""

from __future__ import annotations

import itertools
from contextlib import contextmanager
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from inkmath.dataset.arrays import ArraysError, mapped_arrays, read_arrays, write_arrays
from inkmath.dataset.splits import Split
from inkmath.features.symbol import CHANNELS, normalize_and_pad_traces
from inkmath.features.symbol_context import CONTEXT, symbol_contexts, with_context

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from inkmath.features.symbol import FloatArray
    from inkmath.ink import Ink, Stroke
    from inkmath.params import Normalize

CHUNK = 4096
"""Symbols resampled at once: enough for NumPy, too few to fill the memory with raw ink."""


@dataclass(frozen=True)
class SymbolSet:
    """Isolated symbols, a row each.

    Attributes:
        features: float32 of shape ``(N, length, 5)``, as `normalize_and_pad_traces` gives it; with
            ``normalize.context`` the channels of `CONTEXT` follow, ``(N, length, 14)``.
        labels: ``(N,)`` canonical labels.
        splits: ``(N,)`` ``train``, ``valid`` or ``test``.
        ids: ``(N,)`` id of the ink, ``#``, and the index of the symbol in it.
    """

    features: FloatArray
    labels: NDArray[np.str_]
    splits: NDArray[np.str_]
    ids: NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.ids)

    def of(self, split: Split | str) -> NDArray[np.int64]:
        """The rows of a split."""
        rows: NDArray[np.int64] = np.flatnonzero(self.splits == str(Split(split)))
        return rows

    @classmethod
    def from_inks(cls, inks: Iterable[tuple[Ink, str]], settings: Normalize) -> SymbolSet:
        """Every labelled symbol of inks, each ink with its split."""
        knobs = normalize_knobs(settings)
        channels = len(CHANNELS) + len(CONTEXT) * settings.context
        features: list[FloatArray] = [np.zeros((0, settings.points, channels), np.float32)]
        text: list[tuple[str, str, str]] = []
        symbols = _symbols(inks)
        while rows := list(itertools.islice(symbols, CHUNK)):
            shapes = normalize_and_pad_traces([strokes for strokes, *_ in rows], **knobs)
            contexts = np.stack([context for _, context, *_ in rows])
            features.append(with_context(shapes, contexts) if settings.context else shapes)
            text += [(label, split, name) for *_, label, split, name in rows]
        labels, splits, ids = (np.array([row[i] for row in text], np.str_) for i in range(3))
        return cls(np.concatenate(features), labels, splits, ids)

    def save(self, path: str | Path) -> None:
        """Write as npz."""
        write_arrays(path, self.arrays())

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Every array by name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @classmethod
    def load(cls, path: str | Path) -> SymbolSet:
        """Read what :meth:`save` wrote.

        Raises:
            ArraysError: the file is missing or damaged, or holds other arrays.
        """
        return cls._of_arrays(path, read_arrays(path))

    @classmethod
    @contextmanager
    def mapped(cls, path: str | Path) -> Iterator[SymbolSet]:
        """The same as maps of files, for as long as the block lasts; see `mapped_arrays`."""
        with mapped_arrays(path) as arrays:
            yield cls._of_arrays(path, arrays)

    @classmethod
    def _of_arrays(cls, path: str | Path, arrays: dict[str, Any]) -> SymbolSet:
        if set(arrays) != {field.name for field in fields(cls)}:
            raise ArraysError(f"{path}: holds {sorted(arrays)}, no set of symbols; run the normalize stage again")
        return cls(**arrays)


def normalize_knobs(settings: Normalize) -> dict[str, Any]:
    """The knobs of ``params.yaml`` as keyword arguments of `normalize_and_pad_traces`."""
    return {
        "length": settings.points,
        "spacing": settings.spacing,
        "deduplicate": settings.deduplicate,
        "smooth": settings.smooth,
        "dehook": settings.dehook,
        "deslant": settings.deslant,
    }


def _symbols(inks: Iterable[tuple[Ink, str]]) -> Iterator[tuple[list[Stroke], FloatArray, str, str, str]]:
    for ink, split in inks:
        symbols = ink.groups or (ink.tree.symbols if ink.tree else ())
        inked = [(index, symbol) for index, symbol in enumerate(symbols) if symbol.strokes]
        contexts = symbol_contexts(ink.strokes, [symbol.strokes for _, symbol in inked])
        for (index, symbol), context in zip(inked, contexts, strict=True):
            strokes = [ink.strokes[stroke] for stroke in sorted(symbol.strokes)]
            yield strokes, context, symbol.label, str(split), f"{ink.id}#{index}"
