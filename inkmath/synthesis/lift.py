"""Lift the pen where others do: a stroke in two pieces, or two strokes of a symbol in one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from inkmath.ink import resample

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from inkmath.features.expression import Floats, Ints

SHORTEST = 0.4
"""No stroke shorter than this share of the median one is broken: half a dot is no pen lift."""

NEAREST = 0.6
"""Two strokes are joined if the pen moves no farther between them than this share of the larger one."""

LEAST = 0.4
"""A stroke smaller than this share of its neighbour is not joined to it: the dot of an i makes it an i."""


def relift(
    points: Floats, symbol_of: Ints, rng: np.random.Generator, broken: float = 0.06, joined: float = 0.25
) -> tuple[Floats, NDArray[np.int64]]:
    """Break some strokes, join some that follow each other in one symbol.

    Args:
        points: ``(S, P, 2)`` in the order of writing. symbol_of: ``(S,)``. rng: source of randomness.
        broken: probability that a stroke is written in two. joined: that two are written in one, where the pen is near.

    Returns:
        ``(S', P, 2)``, and ``(S',)`` the stroke that each comes from, the first of two that were joined.
    """
    count = points.shape[1]
    reach = np.ptp(points, axis=1).max(axis=1)  # (S,)
    enough = SHORTEST * np.median(reach)
    lots = rng.random((len(points), 2))
    made: list[NDArray[Any]] = []
    origin: list[int] = []
    stroke = 0
    while stroke < len(points):
        path, following = points[stroke], stroke + 1
        if following < len(points) and lots[stroke, 0] < joined and symbol_of[stroke] == symbol_of[following]:
            small, large = sorted((reach[stroke], reach[following]))
            apart = np.hypot(*(points[following, 0] - path[-1]))
            if small > LEAST * large and apart < NEAREST * large:
                made.append(resample(np.concatenate([path, points[following]]), count))
                origin.append(stroke)
                stroke += 2
                continue
        if lots[stroke, 1] < broken and reach[stroke] > enough:
            cut = int(rng.integers(count // 4, count - count // 4))
            made += [resample(path[: cut + 1], count), resample(path[cut:], count)]
            origin += [stroke, stroke]
        else:
            made.append(path)
            origin.append(stroke)
        stroke += 1
    return np.stack(made).astype(np.float32), np.array(origin)
