"""Other operators, signs of relation and brackets in place of those of a formula."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from inkmath.features.expression import RELATIONS
from inkmath.layout.symbols import FENCES
from inkmath.layout.tree import Relation
from inkmath.synthesis.marks import bearing, lead_to_marks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from inkmath.features.expression import Ints

SIGNS = (
    ("+", "-", "\\times", "\\div", "\\pm"),
    ("=", "\\neq", "<", ">", "\\leq", "\\geq", "\\in", "\\rightarrow"),
)
"""Operators and signs of relation: within a row each may stand where another does."""

BRACKETS = (*FENCES.items(), ("|", "|"))
"""Pairs that may enclose whatever another pair does."""

RIGHT = RELATIONS.index(Relation.RIGHT)
ABOVE, BELOW, INSIDE = map(RELATIONS.index, (Relation.ABOVE, Relation.BELOW, Relation.INSIDE))


class SignExchange:
    """Draws other signs for a formula.

    Args:
        classes: the symbol vocabulary. known: ``(C,)`` whether there is ink of each class.
    """

    def __init__(self, classes: Sequence[str], known: NDArray[np.bool_]) -> None:
        index = {label: number for number, label in enumerate(classes) if known[number]}
        self._kinds: dict[int, NDArray[np.int64]] = {}
        for row in SIGNS:
            kind = np.array([index[label] for label in row if label in index], np.int64)
            self._kinds |= dict.fromkeys(kind.tolist(), kind)
        self._bearing = bearing(classes)
        self._brackets = [
            (index[opening], index[closing]) for opening, closing in BRACKETS if {opening, closing} <= index.keys()
        ]

    def draw(self, classes: NDArray[Any], edges: Ints, rng: np.random.Generator) -> dict[int, int]:
        """The places of signs that become others, about half of them, each with its new class.

        The bar of a fraction is no minus, nor is a bar over letters; a bracket that closes nothing stays itself.

        Args:
            classes: ``(K,)`` of the symbols. edges: ``(E, 3)`` parent, child, relation. rng: source of randomness.
        """
        changed: dict[int, int] = {}
        bars = set(edges[np.isin(edges[:, 2], (ABOVE, BELOW, INSIDE)), 0].tolist())
        accents = set(edges[lead_to_marks(edges, classes, self._bearing), 1].tolist())
        for place, number in enumerate(classes.tolist()):
            if number in self._kinds and place not in bars | accents and rng.random() < 0.5:
                changed[place] = int(rng.choice(self._kinds[number]))
        for opening, closing in self._enclosures(classes, edges):
            if rng.random() < 0.5:
                changed[opening], changed[closing] = self._brackets[int(rng.integers(len(self._brackets)))]
        return changed

    def _enclosures(self, classes: NDArray[Any], edges: Ints) -> list[tuple[int, int]]:
        """The places of brackets that enclose something on their line, opening and closing."""
        following = {parent: child for parent, child, relation in edges.tolist() if relation == RIGHT}
        closing = dict(self._brackets)
        found = []
        for start in sorted(set(range(len(classes))) - set(following.values())):
            pending: list[int] = []
            place: int | None = start
            while place is not None:
                number = int(classes[place])
                if pending and closing[int(classes[pending[-1]])] == number:
                    found.append((pending.pop(), place))
                elif number in closing:
                    pending.append(place)
                place = following.get(place)
        return found
