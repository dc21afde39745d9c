"""Building a layout tree piece by piece, as the readers of every notation do."""

from __future__ import annotations

from itertools import pairwise

from inkmath.layout.matrices import OPENING
from inkmath.layout.quoting import quoted
from inkmath.layout.symbols import PRIME
from inkmath.layout.tree import COVERING, LayoutError, LayoutTree, Relation, Symbol, along_line, in_reading_order

Span = tuple[int, int]
"""First and last symbol of a line."""

_IN_WORDS = {
    Relation.RIGHT: "something to its right",
    Relation.SUP: "a superscript",
    Relation.SUB: "a subscript",
    Relation.ABOVE: "something above it",
    Relation.BELOW: "something below it",
    Relation.INSIDE: "something inside",
    Relation.CELL: "a next cell",
    Relation.ROW: "a next row",
}


class TreeBuilder:
    """Symbols and relations on their way to a tree, with the rules that hold in each notation."""

    def __init__(self) -> None:
        self.symbols: list[Symbol] = []
        self.children: list[dict[Relation, int]] = []  # of each symbol

    def add(self, symbol: Symbol) -> int:
        """Take a symbol in and return its index."""
        self.symbols.append(symbol)
        self.children.append({})
        return len(self.symbols) - 1

    def relate(self, parent: int, relation: Relation, child: int) -> None:
        """Let ``child`` begin the line that stands in ``relation`` to ``parent``.

        A prime shares its line with another superscript, as ``y'^2`` does in TeX.

        Raises:
            LayoutError: the parent governs such a line already, or should hold something inside and is no root, no
                bracket that may hold a matrix and no accent that may be wide.
        """
        if relation is Relation.INSIDE and self.symbols[parent].label not in COVERING | OPENING:
            raise LayoutError(f"nothing stands inside {quoted(self.symbols[parent].label)}")
        taken = self.children[parent].setdefault(relation, child)
        if taken == child:
            return
        *_, last = along_line(self.children, taken)
        primes = PRIME in (self.symbols[last].label, self.symbols[child].label)
        if relation is not Relation.SUP or not primes:
            raise LayoutError(f"{quoted(self.symbols[parent].label)} has {_IN_WORDS[relation]} already")
        self.children[last][Relation.RIGHT] = child

    def chain(self, spans: list[Span]) -> Span | None:
        """Join pieces of a line from left to right."""
        for left, right in pairwise(spans):
            self.relate(left[1], Relation.RIGHT, right[0])
        return (spans[0][0], spans[-1][1]) if spans else None

    def build(self) -> LayoutTree:
        """The tree in reading order.

        Raises:
            LayoutError: there is no symbol, not every symbol but one has a parent, or two symbols own one stroke.
        """
        governed = {child for lines in self.children for child in lines.values()}
        root = next((symbol for symbol in range(len(self.symbols)) if symbol not in governed), None)
        if root is None:
            return LayoutTree(())
        tree = in_reading_order(self.symbols, self.children, root)
        if len(tree.symbols) < len(self.symbols):
            raise LayoutError(f"symbols with no place in the formula: {len(self.symbols) - len(tree.symbols)}")
        return tree
