"""The marks of an accent over a letter, or over several symbols: which they are, where they stand, and how large."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from inkmath.features.expression import RELATIONS
from inkmath.layout.accents import bears_accent
from inkmath.layout.tree import Relation

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from numpy.typing import NDArray

    from inkmath.features.expression import Floats, Ints

ABOVE = RELATIONS.index(Relation.ABOVE)

DOT = 0.2
"""Marks no larger than this, in typical strokes, are dots; others are set as wide as their letter."""

WIDTH, HEIGHT = (0.6, 1.3), (0.12, 0.35)
"""How wide and how high a mark is, in widths and heights of its letter, at least and at most."""

WIDE = (0.85, 1.15)
"""How wide a mark over several symbols is, in widths of what it spans."""

FLAT = 2.0
"""A mark becomes so many times as high for its width at most as it was written: a bar stays a bar."""

LARGEST_DOT = 0.2
"""Height of a dot at most, in heights of the letter."""

CLEAR, APART = (0.06, 0.3), (0.15, 0.4)
"""How far above the letter marks stand, in its heights, and how far from each other, in its widths."""

ASIDE = 0.08
"""Standard deviation of how far to the side of the letter's middle they stand, in its widths."""

LEAST = 0.3
"""No letter counts as narrower or lower, in typical strokes."""


def bearing(classes: Sequence[str]) -> NDArray[np.bool_]:
    """Over which of ``C`` classes an accent may stand, ``(C,)``."""
    return np.array([bears_accent(label) for label in classes], np.bool_)


def lead_to_marks(edges: Ints, classes: NDArray[Any], bearing: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which edges lead from a letter to the first mark of its accent, ``(E,)``.

    Args:
        edges: ``(E, 3)`` parent, child, relation. classes: ``(K,)`` of the symbols. bearing: as :func:`bearing` says.
    """
    found: NDArray[np.bool_] = (edges[:, 2] == ABOVE) & bearing[classes[edges[:, 0]]]
    return found


def over_letter(
    low: Floats, high: Floats, written: Floats, rng: np.random.Generator, width: tuple[float, float] = WIDTH
) -> tuple[Floats, Floats]:
    """Scale and place the marks of an accent side by side.

    Args:
        low, high: ``(2,)`` corners of the letter's box, in typical strokes, the second axis downward; of the box around
            all symbols that a wide accent spans.
        written: ``(N, 2)`` width and height of each mark as it was written.
        rng: source of randomness.
        width: how wide a mark that is no dot is, in widths of the box, at least and at most.

    Returns:
        ``scale (N, 2)`` of the marks and ``corner (N, 2)``, the upper left of each when scaled.
    """
    letter = np.maximum(high - low, LEAST)  # (2,)
    own = np.maximum(written, 1e-3)  # (N, 2)
    if len(own) == 1 and own.max() > DOT:
        size = letter * (rng.uniform(*width), rng.uniform(*HEIGHT))
        size[1] = min(size[1], FLAT * size[0] * own[0, 1] / own[0, 0])
        scale = size / own
    else:
        scale = np.minimum(1.0, LARGEST_DOT * letter[1] / own.max(axis=1))[:, None] * np.ones(2)
    sizes = scale * own  # (N, 2)
    steps = sizes[:, 0] + rng.uniform(*APART) * letter[0]
    lefts = np.cumsum(steps) - steps
    middle = (low[0] + high[0]) / 2 + rng.normal(0.0, ASIDE) * letter[0]
    foot = low[1] - rng.uniform(*CLEAR) * letter[1]
    corner = np.stack([lefts + middle - (lefts[-1] + sizes[-1, 0]) / 2, foot - sizes[:, 1]], axis=1)
    return scale.astype(np.float32), corner.astype(np.float32)
