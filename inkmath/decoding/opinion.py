"""A second opinion on symbols: the network for isolated symbols is asked what each group of strokes of a formula is.

The stroke graph network sees the whole formula, the symbol network one symbol in finer detail, with its size and place.
They err apart; the search weighs them as the log-linear mean of their probabilities (Hinton, "Training products of
experts by minimizing contrastive divergence", Neural Computation 14(8), 2002).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from inkmath.decoding.symbol import OnnxSymbolReader
    from inkmath.ink import Ink

    Opinion = Callable[[Sequence[tuple[int, ...]]], NDArray[np.float64]]
    """Groups of strokes -> log-probability of each class for each, ``(K, C)``; NaN for a class it does not know."""

LEAST = 1e-4
"""No class is thought less likely than this: a network may be sure of what it never saw."""


class SecondOpinion:
    """Asks a symbol network in terms of the classes of an expression network.

    Args:
        symbols: a reader that takes context. labels: the classes of the expression network, C labels.
    """

    def __init__(self, symbols: OnnxSymbolReader, labels: Sequence[str]) -> None:
        self._symbols = symbols
        place = {label: number for number, label in enumerate(symbols.labels)}
        self._known = np.array([label in place for label in labels])
        self._places = np.array([place.get(label, 0) for label in labels])

    def of(self, ink: Ink) -> Opinion:
        """What to ask of one formula; the same group is looked at once."""
        seen: dict[tuple[int, ...], NDArray[np.float64]] = {}

        def opinion(groups: Sequence[tuple[int, ...]]) -> NDArray[np.float64]:
            fresh = [group for group in groups if group not in seen]
            if fresh:
                chances = self._symbols.in_formula(ink.strokes, fresh)[:, self._places].astype(np.float64)
                seen.update(zip(fresh, np.where(self._known, np.log(chances + LEAST), np.nan), strict=True))
            return np.stack([seen[group] for group in groups])

        return opinion
