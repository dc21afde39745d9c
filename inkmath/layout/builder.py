"""Building a layout tree piece by piece, as the readers of every notation do."""

from __future__ import annotations

from itertools import pairwise

from inkmath.layout.tree import Edge, LayoutError, LayoutTree, Relation, Symbol

Span = tuple[int, int]
"""First and last symbol of a line."""


class TreeBuilder:
    """Symbols and relations on their way to a tree, with the rules that hold in each notation."""

    def __init__(self) -> None:
        self.symbols: list[Symbol] = []
        self._child: dict[tuple[int, Relation], int] = {}

    def add(self, symbol: Symbol) -> int:
        """Take a symbol in and return its index."""
        self.symbols.append(symbol)
        return len(self.symbols) - 1

    def relate(self, parent: int, relation: Relation, child: int) -> None:
        """Let ``child`` begin the line that stands in ``relation`` to ``parent``.

        A prime shares its line with another superscript, as ``y'^2`` does in TeX.

        Raises:
            LayoutError: the parent governs such a line already.
        """
        taken = self._child.get((parent, relation))
        if taken is None:
            self._child[parent, relation] = child
            return
        last = self._last(taken)
        primes = "\\prime" in (self.symbols[last].label, self.symbols[child].label)
        if relation is not Relation.SUP or not primes:
            raise LayoutError(f"two lines stand {relation} to one {self.symbols[parent].label!r}")
        self._child[last, Relation.RIGHT] = child

    def chain(self, spans: list[Span]) -> Span | None:
        """Join pieces of a line from left to right."""
        for left, right in pairwise(spans):
            self.relate(left[1], Relation.RIGHT, right[0])
        return (spans[0][0], spans[-1][1]) if spans else None

    def has(self, parent: int, relation: Relation) -> bool:
        """Whether ``parent`` governs a line by ``relation``."""
        return (parent, relation) in self._child

    def build(self) -> LayoutTree:
        """The tree in reading order.

        Raises:
            LayoutError: there is no symbol, or the symbols are not one tree.
        """
        edges = tuple(Edge(parent, child, relation) for (parent, relation), child in self._child.items())
        return LayoutTree(tuple(self.symbols), edges).ordered()

    def _last(self, symbol: int) -> int:
        while (symbol, Relation.RIGHT) in self._child:
            symbol = self._child[symbol, Relation.RIGHT]
        return symbol
