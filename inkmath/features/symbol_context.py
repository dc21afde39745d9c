"""What a symbol's formula tells of it: how large it is beside the other ink, and how it lies to what was written next.

The shape of a symbol alone cannot tell `X` from `x`, or a comma from a prime. Where the formula is at hand, these
numbers can stand beside the shape, the same at each point; a symbol alone has zeros in their place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from inkmath.features.symbol import CHANNELS
from inkmath.ink import boxes, typical_size

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from numpy.typing import NDArray

    from inkmath.features.symbol import FloatArray
    from inkmath.ink import Stroke

CONTEXT = (
    "known",
    "width",
    "height",
    "top_before",
    "bottom_before",
    "side_before",
    "top_after",
    "bottom_after",
    "side_after",
)
"""1 where the rest is known; the logarithms of the sides in typical strokes; how much lower its top and its bottom lie
than those of the stroke written just before and just after it, and how much farther right its middle, bounded to -1..1;
0 where nothing was."""

SMALLEST = 0.05
"""Added to a side, in typical strokes: a dot has a logarithm too."""


def symbol_contexts(strokes: Sequence[Stroke], symbols: Sequence[Collection[int]]) -> FloatArray:
    """The numbers of `CONTEXT` for the symbols of a formula; nothing depends on its place, its scale or its truth.

    Args:
        strokes: all strokes of the formula in writing order, each of shape ``(points, 2)``.
        symbols: the indices of the strokes of each symbol, at least one each.

    Returns:
        float32 of shape ``(symbols, 9)``; all zero for a symbol that owns every stroke: it stands alone.
    """
    low, high = boxes(strokes)  # (S, 2)
    unit = typical_size(low, high)
    out = np.zeros((len(symbols), len(CONTEXT)), np.float32)  # (N, 9)
    for row, owned in zip(out, symbols, strict=True):
        mine = np.array(sorted(owned))
        if len(mine) == len(strokes):
            continue
        top_left, bottom_right = low[mine].min(axis=0), high[mine].max(axis=0)
        row[0] = 1.0
        row[1:3] = np.log((bottom_right - top_left) / unit + SMALLEST)
        for first, other in ((3, mine[0] - 1), (6, mine[-1] + 1)):
            if 0 <= other < len(strokes):
                apart = (
                    top_left[1] - low[other, 1],
                    bottom_right[1] - high[other, 1],
                    (top_left[0] + bottom_right[0] - low[other, 0] - high[other, 0]) / 2,
                )
                row[first : first + 3] = np.tanh(np.array(apart) / unit / 2)
    return out


def with_context(features: FloatArray, contexts: FloatArray) -> FloatArray:
    """Features ``(N, L, C)`` with contexts ``(N, 9)`` repeated along the points: ``(N, L, C + 9)``."""
    spread = np.broadcast_to(contexts[:, None], (*features.shape[:2], contexts.shape[1]))
    return np.concatenate([features, spread.astype(np.float32)], axis=2)


def longer_side(features: FloatArray) -> NDArray[np.float32]:
    """The longer side of each symbol's box in typical strokes, at least `SMALLEST`; 1 where its context is unknown.

    Args:
        features: ``(N, L, 5)`` or ``(N, L, 14)``.

    Returns:
        shape ``(N,)``.
    """
    if features.shape[2] == len(CHANNELS):
        return np.ones(len(features), np.float32)
    known, width, height = np.moveaxis(features[:, 0, len(CHANNELS) : len(CHANNELS) + 3], 1, 0)
    side: NDArray[np.float32] = np.maximum(np.exp(np.maximum(width, height)) - SMALLEST, SMALLEST)
    return np.where(known > 0, side, np.float32(1.0))


def alone(features: FloatArray) -> FloatArray:
    """Features ``(N, L, 5)`` or ``(N, L, 14)`` with a context that is unknown: ``(N, L, 14)``."""
    unknown = np.zeros((len(features), len(CONTEXT)), np.float32)
    return with_context(features[..., : len(CHANNELS)], unknown)
