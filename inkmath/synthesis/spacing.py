"""Set the parts of a formula anew the way hands differ: gaps, how high and how large scripts and operands stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from inkmath.features.expression import RELATIONS
from inkmath.layout.tree import Relation

if TYPE_CHECKING:
    from inkmath.features.expression import Floats, Ints

ANCHOR = {
    Relation.RIGHT: (0.0, 0.5),
    Relation.SUP: (0.0, 1.0),
    Relation.SUB: (0.0, 0.0),
    Relation.ABOVE: (0.5, 1.0),
    Relation.BELOW: (0.5, 0.0),
    Relation.INSIDE: (0.0, 0.5),
}
"""The point of the governed symbol's box that stays when what hangs on it grows; shares of width and height."""

FREEDOM = {
    Relation.RIGHT: (0.08, 0.05, 0.05),
    Relation.SUP: (0.10, 0.12, 0.15),
    Relation.SUB: (0.10, 0.12, 0.15),
    Relation.ABOVE: (0.12, 0.12, 0.10),
    Relation.BELOW: (0.12, 0.12, 0.10),
    Relation.INSIDE: (0.04, 0.03, 0.03),
}
"""Standard deviation of the shift to the side and downward, as a share of the governing symbol, and of the log size."""

WIDER = 0.25
"""How much wider than written the gaps of a line become on average, in the most generous hand, as the same share."""


def respace(edges: Ints, low: Floats, high: Floats, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """A similarity for each symbol that moves and scales it together with all that hangs on it.

    Args:
        edges: ``(E, 3)`` parent, child, index into ``RELATIONS``; a tree or a forest over the symbols.
        low, high: ``(K, 2)`` corners of the symbols' boxes, in units of a typical stroke, the second axis downward.
        rng: source of randomness; how freely the formula is set is drawn too.

    Returns:
        ``scale (K, 1)`` and ``shift (K, 2)``: a point x of the symbol goes to ``scale * x + shift``.
    """
    count = len(low)
    scale, shift = np.ones((count, 1), np.float32), np.zeros((count, 2), np.float32)
    strength = float(rng.uniform(0.2, 1.5))
    generous = float(rng.exponential(WIDER)) if rng.random() < 0.5 else 0.0
    children: list[list[tuple[int, Relation]]] = [[] for _ in range(count)]
    for parent, child, relation in edges.tolist():
        children[parent].append((child, RELATIONS[relation]))
    governed = set(edges[:, 1].tolist())
    pending = [symbol for symbol in range(count) if symbol not in governed]
    while pending:
        symbol = pending.pop()
        unit = float(np.clip((high[symbol] - low[symbol]).max(), 0.4, 1.5))
        for child, relation in children[symbol]:
            aside, down, grow = FREEDOM[relation]
            moved = strength * unit * rng.normal(0.0, (aside, down))  # (2,)
            if relation is Relation.RIGHT:
                moved[0] += unit * generous * rng.uniform(0.5, 1.5)
            grown = np.exp(np.clip(strength * rng.normal(0.0, grow), -0.5, 0.5))
            anchor = low[child] + np.array(ANCHOR[relation]) * (high[child] - low[child])
            # First its own change about the anchor, then whatever the governing symbol underwent.
            scale[child] = scale[symbol] * grown
            shift[child] = scale[symbol] * (anchor + moved - grown * anchor) + shift[symbol]
            pending.append(child)
    return scale, shift
