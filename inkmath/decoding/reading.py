"""What reading ink gives, and what can read it: the words spoken between the models and those who use them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from inkmath.ink import Ink
    from inkmath.layout.tree import LayoutTree

Constraints = Mapping[frozenset[int], str]
"""What a person decided: exactly these strokes are one symbol, and this is its label."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A label that a symbol may have, and how likely it is, in 0..1."""

    label: str
    probability: float


@dataclass(frozen=True)
class Reading:
    """One way to read a formula.

    Attributes:
        tree: every stroke of the ink belongs to at most one of its symbols; one that belongs to none is a stray tap.
        confidence: estimated probability that the whole formula is right, in 0..1.
        alternatives: for each of ``tree.symbols``, in that order, the labels its strokes may have: first the one in
            the tree, then the likeliest as the networks see the ink, whatever language says.
    """

    tree: LayoutTree
    confidence: float
    alternatives: tuple[tuple[Candidate, ...], ...] = ()

    def renumbered(self, places: Sequence[int]) -> Reading:
        """The same reading of ink whose stroke ``i`` is ``places[i]`` elsewhere."""
        return replace(self, tree=self.tree.renumbered(places))


def constraints_on(strokes: Sequence[int], constraints: Constraints) -> Constraints:
    """The constraints on ink that has these strokes only, in this order; those that name others are left out."""
    places = {old: new for new, old in enumerate(strokes)}
    return {
        frozenset(places[stroke] for stroke in owned): label
        for owned, label in constraints.items()
        if owned <= places.keys()
    }


class ExpressionReader(Protocol):
    """Reads whole formulas."""

    @property
    def labels(self) -> tuple[str, ...]:
        """The symbol classes that a reading may hold."""

    def read(
        self, inks: Sequence[Ink], *, alternatives: int = 5, constraints: Sequence[Constraints] | None = None
    ) -> list[list[Reading]]:
        """Read each ink (at least one stroke each), as one batch.

        Args:
            inks: formulas, strokes in writing order.
            alternatives: how many readings to return for each at most, at least 1.
            constraints: one mapping for each ink; every returned reading obeys it.

        Returns:
            For each ink at least one reading, the best first, no two with the same canonical LaTeX.
        """

    def rows(
        self, ink: Ink, together: Collection[frozenset[int]] = (), begins: Collection[int] = ()
    ) -> list[tuple[int, ...]]:
        """Which strokes of ink (at least one) are formulas of their own, written beneath each other.

        Args:
            ink: one formula or several. together: sets of strokes that are of one formula. begins: strokes that begin
            one, each the first of what it is together with.

        Returns:
            Indices in writing order, the uppermost formula first; every stroke is of one formula.
        """


class SymbolReader(Protocol):
    """Names isolated symbols."""

    @property
    def labels(self) -> tuple[str, ...]:
        """The classes, in the order of the model's output."""

    def classify(self, inks: Sequence[Ink], *, top_k: int = 3) -> list[list[Candidate]]:
        """For each ink (all its strokes are one symbol) the ``top_k`` likeliest labels, the likeliest first."""
