"""Random formulas for property tests: layout trees of every shape that all notations can hold."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from inkmath.features.expression import RELATIONS
from inkmath.layout import Edge, LayoutTree, Relation, Symbol
from inkmath.layout.accents import ACCENTS, SPANNING, bears_accent
from inkmath.layout.classes import SYMBOL_CLASSES
from inkmath.layout.matrices import ENVIRONMENTS, OPENING
from inkmath.layout.symbols import CHARACTERS, FUNCTIONS, INTEGRALS, STACKING

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn, SearchStrategy

LABELS = sorted({*SYMBOL_CLASSES, *CHARACTERS, *FUNCTIONS, ":", ";", "?", "*", "@", '"', "é", "中"})
# Where the notations have rules of their own, look more often.
SPECIAL = ["-", "\\sqrt", "\\prime", "]", ")", "<", ",", "*", *sorted(OPENING), *sorted(STACKING | INTEGRALS)]


@dataclass
class Node:
    """A symbol, the lines it governs, and the rows of cells inside a bracket."""

    label: str
    lines: dict[Relation, list[Node]] = field(default_factory=dict)
    rows: list[list[list[Node]]] = field(default_factory=list)


def _nodes(lines: SearchStrategy[list[Node]]) -> SearchStrategy[Node]:
    @st.composite
    def node(draw: DrawFn) -> Node:
        label = draw(st.sampled_from(LABELS) | st.sampled_from(SPECIAL))
        allowed: list[Relation] = [relation for relation in RELATIONS if relation is not Relation.RIGHT]
        if label != "\\sqrt":
            allowed.remove(Relation.INSIDE)
        governed = draw(st.dictionaries(st.sampled_from(allowed), lines, max_size=3))
        if label in SPANNING and draw(st.booleans()):
            governed[Relation.INSIDE] = [*draw(lines), Node("x")]  # over a lone letter it is a narrow accent
        if bears_accent(label) and draw(st.booleans()):
            governed[Relation.ABOVE] = [Node(mark) for mark in draw(st.sampled_from(sorted(ACCENTS.values())))]
        rows = draw(st.just([]) | _rows(lines)) if label in OPENING else []
        return Node(label, governed, rows)

    return node()


def _rows(lines: SearchStrategy[list[Node]]) -> SearchStrategy[list[list[list[Node]]]]:
    return st.lists(st.lists(lines, min_size=1, max_size=3), min_size=1, max_size=3)


def _matrices(lines: SearchStrategy[list[Node]]) -> SearchStrategy[list[Node]]:
    """Matrices between brackets that belong together, which random ones seldom do."""

    @st.composite
    def matrix(draw: DrawFn) -> list[Node]:
        opening, closing = draw(st.sampled_from(sorted(ENVIRONMENTS.values(), key=str)))
        ends = [Node(closing, draw(st.dictionaries(st.just(Relation.SUP), lines)))] if closing else []
        return [Node(opening, rows=draw(_rows(lines))), *ends]

    return matrix()


_leaves = st.sampled_from(LABELS).map(Node)
_lines = st.recursive(
    st.lists(_leaves, min_size=1, max_size=4),
    lambda lines: st.lists(_nodes(lines).map(lambda node: [node]) | _matrices(lines), min_size=1, max_size=4).map(
        lambda pieces: [node for piece in pieces for node in piece]
    ),
    max_leaves=8,
)


def tree_of(line: list[Node]) -> LayoutTree:
    """The layout tree of nested nodes, in reading order."""
    symbols: list[Symbol] = []
    edges: list[Edge] = []

    def place(nodes: list[Node]) -> int:
        first = previous = None
        for node in nodes:
            index = len(symbols)
            symbols.append(Symbol(node.label))
            if previous is not None:
                edges.append(Edge(previous, index, Relation.RIGHT))
            first = index if first is None else first
            previous = index
            edges.extend(Edge(index, place(below), relation) for relation, below in node.lines.items())
            above, relation = index, Relation.INSIDE
            for row in node.rows:
                cells = [place(cell) for cell in row]
                edges.append(Edge(above, cells[0], relation))
                edges.extend(Edge(one, following, Relation.CELL) for one, following in pairwise(cells))
                above, relation = cells[0], Relation.ROW
        assert first is not None
        return first

    place(line)
    return LayoutTree(tuple(symbols), tuple(edges)).ordered()


def with_strokes(tree: LayoutTree) -> LayoutTree:
    """The same formula, each symbol written in one or two strokes."""
    symbols = []
    for index, symbol in enumerate(tree.symbols):
        strokes = (2 * index, 2 * index + 1) if symbol.label == "=" else (2 * index,)
        symbols.append(replace(symbol, strokes=strokes))
    return LayoutTree(tuple(symbols), tree.edges)


trees: SearchStrategy[LayoutTree] = _lines.map(tree_of)
"""Layout trees in reading order, without strokes."""
