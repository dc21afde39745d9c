"""The symbol layout tree (SLT): which symbols a formula has, the strokes of each, and how they stand to each other.

The tree is the one used by the CROHME competitions (Mouchere et al., "Advancing the state of the art for handwritten
math recognition", IJDAR 2016): nodes are symbols, an edge leads from a symbol to the first symbol of the line it
governs, and a line is a chain of ``Right`` edges. A fraction is its bar, labelled ``-``, with ``Above`` and ``Below``;
a root is ``\\sqrt`` with ``Inside`` and, for its index, ``Above``. What a wide accent spans, as the bar of
``\\overline { A B }``, stands ``Inside`` it. Matrices, which their trees have not, stand
``Inside`` their opening bracket, first cell first. From the first symbol of a cell ``Cell`` leads to the next cell of
its row, and from the first symbol of a row ``Row`` to the next row.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence


class Relation(StrEnum):
    """How a child stands to its parent."""

    RIGHT = "Right"
    SUP = "Sup"
    SUB = "Sub"
    ABOVE = "Above"
    BELOW = "Below"
    INSIDE = "Inside"
    CELL = "Cell"
    ROW = "Row"

    __hash__ = str.__hash__  # Enum's own is Python code, and relations are dictionary keys everywhere


READING_ORDER = (
    *(Relation.ABOVE, Relation.BELOW, Relation.INSIDE, Relation.SUB, Relation.SUP),
    *(Relation.RIGHT, Relation.CELL, Relation.ROW),
)
"""The lines that a symbol governs, as they are read after it."""

MAX_SYMBOLS = 5_000
"""Label graphs and MathML of more symbols are refused, as such LaTeX is: they are no formula."""

COVERING = frozenset(("\\sqrt", "-", "\\rightarrow", "\\wedge", "\\sim"))
"""Symbols whose bar or mark is over the line that stands inside them; inside others, brackets, stands a matrix."""


class LayoutError(ValueError):
    """A set of symbols and relations is not a layout tree, or a notation cannot be read as one."""


@dataclass(frozen=True, slots=True)
class Symbol:
    """One written symbol: its class (``"x"``, ``"\\alpha"``, ``"<"``, ``","``, ``"-"``) and the strokes it owns."""

    label: str
    strokes: tuple[int, ...] = ()

    def renumbered(self, places: Mapping[int, int] | Sequence[int]) -> Symbol:
        """The same symbol of ink whose stroke ``i`` is ``places[i]`` elsewhere."""
        return Symbol(self.label, tuple(sorted(places[stroke] for stroke in self.strokes)))


@dataclass(frozen=True, slots=True)
class Edge:
    """``child`` stands in ``relation`` to ``parent``; both are indices into the tree's symbols."""

    parent: int
    child: int
    relation: Relation


@dataclass(frozen=True)
class LayoutTree:
    """Symbols and the edges between them, checked to form one tree.

    Attributes:
        root: index of the symbol that no edge leads to.
        children: for each symbol, its child by relation.

    Raises:
        LayoutError: no symbol, an index out of range, two edges of one relation from one symbol, a symbol with two
            parents, no or several roots, a cycle, a stroke owned by two symbols, or a cell or row of no matrix.
    """

    symbols: tuple[Symbol, ...]
    edges: tuple[Edge, ...] = ()
    root: int = field(init=False, repr=False, compare=False)
    children: tuple[dict[Relation, int], ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        count = len(self.symbols)
        if not count:
            raise LayoutError("a layout tree needs at least one symbol")
        parents: dict[int, int] = {}
        children: tuple[dict[Relation, int], ...] = tuple({} for _ in range(count))
        for edge in self.edges:
            parent, child, relation = edge.parent, edge.child, edge.relation
            if not (0 <= parent < count and 0 <= child < count):
                raise LayoutError(f"edge {parent} to {child} ({relation}) names a symbol outside 0..{count - 1}")
            if child in parents:
                raise LayoutError(f"symbol {child} has two parents, {parents[child]} and {parent}")
            if relation in children[parent]:
                raise LayoutError(f"symbol {parent} has two children by {relation}")
            parents[child] = parent
            children[parent][relation] = child
        roots = [index for index in range(count) if index not in parents]
        if len(roots) != 1:
            raise LayoutError(f"a layout tree has one root, this has {len(roots)}")
        object.__setattr__(self, "root", roots[0])
        object.__setattr__(self, "children", children)
        if sum(1 for _ in self.walk()) != count:
            raise LayoutError("the relations form a cycle")
        if between := sum(edge.relation in (Relation.CELL, Relation.ROW) for edge in self.edges):
            matrices = [rows for symbol in range(count) if (rows := self.matrix(symbol))]
            if sum(len(row) for rows in matrices for row in rows) - len(matrices) != between:
                raise LayoutError("a cell or a row is part of no matrix")
        owners: set[int] = set()
        for symbol in self.symbols:
            for stroke in symbol.strokes:
                if stroke in owners:
                    raise LayoutError(f"stroke {stroke} belongs to two symbols")
                owners.add(stroke)

    @cached_property
    def has_strokes(self) -> bool:
        """Whether every symbol owns at least one stroke."""
        return all(symbol.strokes for symbol in self.symbols)

    def ordered(self) -> LayoutTree:
        """The same tree with its symbols in reading order: trees are equal when their ordered forms are.

        A symbol comes before what it governs, and that in `READING_ORDER`.
        """
        return in_reading_order(self.symbols, self.children, self.root)

    def renumbered(self, places: Mapping[int, int] | Sequence[int]) -> LayoutTree:
        """The same tree over ink whose stroke ``i`` is ``places[i]`` elsewhere."""
        return LayoutTree(tuple(symbol.renumbered(places) for symbol in self.symbols), self.edges)

    def line(self, first: int) -> Iterator[int]:
        """The symbols of the line that begins with ``first``, left to right."""
        return along_line(self.children, first)

    def matrix(self, opening: int) -> list[list[int]]:
        """The first symbol of each cell, row by row, of the matrix inside a bracket; empty where there is none."""
        first = None if self.symbols[opening].label in COVERING else self.children[opening].get(Relation.INSIDE)
        rows = along(self.children, first, Relation.ROW)
        return [list(along(self.children, row, Relation.CELL)) for row in rows]

    def walk(self) -> Iterator[int]:
        """Every symbol, parents before children."""
        pending = [self.root]
        while pending:
            symbol = pending.pop()
            yield symbol
            pending.extend(self.children[symbol].values())


def along_line(children: Sequence[Mapping[Relation, int]], first: int) -> Iterator[int]:
    """The symbols of a line from ``first`` on, left to right."""
    return along(children, first, Relation.RIGHT)


def along(children: Sequence[Mapping[Relation, int]], first: int | None, relation: Relation) -> Iterator[int]:
    """The symbols that a relation leads to, one after the other, from ``first`` on, which is one of them."""
    symbol = first
    while symbol is not None:
        yield symbol
        symbol = children[symbol].get(relation)


def reading_order(
    children: Sequence[Mapping[Relation, int]],
    root: int,
    order_at: Callable[[int], Sequence[Relation]] = lambda _: READING_ORDER,
) -> Iterator[int]:
    """The symbols at and below ``root``, each before what it governs, and that in the order at this symbol."""
    pending = [root]
    while pending:
        symbol = pending.pop()
        yield symbol
        lines = children[symbol]
        # A stack gives back last what was pushed first.
        pending.extend(lines[relation] for relation in reversed(order_at(symbol)) if relation in lines)


def in_reading_order(symbols: Sequence[Symbol], children: Sequence[Mapping[Relation, int]], root: int) -> LayoutTree:
    """The tree of symbols whose children by relation are known, in reading order."""
    order = list(reading_order(children, root))
    place = {old: new for new, old in enumerate(order)}
    edges = (
        Edge(parent, place[child], relation)
        for parent, old in enumerate(order)
        for relation, child in sorted(children[old].items(), key=lambda line: place[line[1]])
    )
    return LayoutTree(tuple(symbols[old] for old in order), tuple(edges))
