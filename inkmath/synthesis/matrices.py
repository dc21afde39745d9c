"""Formulas with matrices, as students of linear algebra write them, and functions that are defined case by case."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from inkmath.layout.tree import Relation
from inkmath.synthesis.expressions import Draft, Line, Node
from inkmath.synthesis.grammar import check_limit, to_tree

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

    from inkmath.layout.tree import LayoutTree

NAMES = "ABCMTRSX"
"""Letters for matrices."""

VECTORS = "vxbuwyae"
"""Letters for column vectors."""

_SHAPES = ((2, 2), (2, 3), (3, 3), (3, 2), (1, 3))  # rows and columns
_SHAPE_ODDS = (0.5, 0.15, 0.25, 0.06, 0.04)
_BRACKETS = (("(", ")"), ("[", "]"))
_COMPARED = ("<", ">", "\\leq", "\\geq", "\\neq", "=")
_COMPARED_ODDS = (0.27, 0.27, 0.18, 0.18, 0.05, 0.05)
_DIGITS, _DIGIT_ODDS = "0123456789", (4.0, 5.0, 4.0, 3.0, *[2.0] * 6)
_ATTEMPTS = 40

Cells = list[list[Line]]


def matrix_formula(rng: np.random.Generator, *, max_symbols: int = 24) -> LayoutTree:
    """Draw a formula with at least one matrix.

    Args:
        rng: source of all choices.
        max_symbols: the formula has no more symbols than this; at least `inkmath.synthesis.grammar.SMALLEST_LIMIT`.

    Returns:
        A tree in reading order whose symbols own no strokes.

    Raises:
        ValueError: ``max_symbols`` is too small.
    """
    check_limit(max_symbols)
    for _ in range(_ATTEMPTS):
        tree = to_tree(_Formula(rng).statement())
        if len(tree.symbols) <= max_symbols:
            return tree.ordered()
    # A column vector of two digits: it has room everywhere.
    return to_tree(matrix([[[Node("1")]], [[Node("0")]]], "(", ")")).ordered()


def matrix(rows: Cells, opening: str, closing: str | None) -> Line:
    """A matrix on a line.

    Args:
        rows: of cells, each a line of at least one node. Their first nodes are given the edges to the next.
        opening: the bracket that it stands inside of. closing: the one behind it, if any.
    """
    for row in rows:
        for cell, following in pairwise(row):
            cell[0].lines[Relation.CELL] = following
    for (first, *_), (following, *_) in pairwise(rows):
        first[0].lines[Relation.ROW] = following
    return [Node(opening, {Relation.INSIDE: rows[0][0]}), *([Node(closing)] if closing else ())]


class _Formula(Draft):
    """Statements about matrices, whose brackets are of one kind and whose entries are alike."""

    def __init__(self, rng: np.random.Generator) -> None:
        super().__init__(rng, ())
        self.brackets = self._weighted(_BRACKETS, (0.6, 0.4))
        self.name = self._weighted(NAMES, (4.0, 2.0, 1.0, 2.0, 1.0, 1.0, 1.0, 1.0))
        self.simple = self._weighted((1.0, 0.8, 0.3), (0.5, 0.3, 0.2))  # share of entries that are numbers

    def statement(self) -> Line:
        """A whole formula."""
        kinds: list[tuple[float, Callable[[], Line]]] = [
            (4.0, self.definition),
            (2.0, self.vector),
            (0.8, self.row),
            (2.0, self.system),
            (1.5, self.power),
            (2.0, self.determinant),
            (1.5, self.sum_or_product),
            (1.0, lambda: self.matrix(*self.shape())),
            (3.0, self.cases),
        ]
        return self.one_of(kinds)

    # Formulas.

    def definition(self) -> Line:
        """``A = M``, and ``A`` may have an index."""
        return [self.named(), Node("="), *self.matrix(*self.shape())]

    def vector(self) -> Line:
        """``v = (x, y)``, upright, or a multiple or sum of such."""
        size = self.size()
        line = self.column(size)
        if self.chance(0.3):
            line.insert(0, self.coefficient())
        if self.chance(0.25):
            line += [self.plus_or_minus(), *([self.coefficient()] if self.chance(0.5) else ()), *self.column(size)]
        if self.chance(0.15):
            line[-1].lines[Relation.SUP] = [Node("T")]
        return [Node(self._weighted(VECTORS, [1.0] * len(VECTORS))), Node("="), *line] if self.chance(0.75) else line

    def row(self) -> Line:
        """``v = (x y)``, level; perhaps transposed, or times a column vector."""
        size = self.size()
        line = self.matrix(1, size)
        if self.chance(0.25):
            line += self.column(size)
        elif self.chance(0.2):
            line[-1].lines[Relation.SUP] = [Node("T")]
        return [Node(self._weighted(VECTORS, [1.0] * len(VECTORS))), Node("="), *line] if self.chance(0.75) else line

    def system(self) -> Line:
        """``M v = b``: vectors by name or entry by entry."""
        size = self.size()
        line = self.matrix(size, size)
        line += self.column(size) if self.chance(0.7) else [Node(self._weighted("xvu", (3.0, 1.0, 1.0)))]
        if self.chance(0.8):
            line += [Node("="), *(self.column(size) if self.chance(0.7) else [Node("b")])]
        return line

    def power(self) -> Line:
        """The inverse, the transpose or a power of a matrix, by name or written out."""
        draw = self.rng.random()
        exponent = [Node("-"), Node("1")] if draw < 0.5 else [Node("T")] if draw < 0.8 else self.raised()
        rows, columns = self.shape()
        if exponent[0].label != "T":
            columns = rows = max(rows, 2)
        if self.chance(0.5):
            line = [Node(self.name, {Relation.SUP: exponent}), Node("=")]
            if self.chance(0.2):  # one over the determinant
                line.append(Node("-", {Relation.ABOVE: [Node("1")], Relation.BELOW: self.number()}))
            return [*line, *self.matrix(rows, columns)]
        line = self.matrix(rows, columns)
        line[-1].lines[Relation.SUP] = exponent
        if exponent[0].label == "T":
            rows, columns = columns, rows
        return [*line, Node("="), *self.matrix(rows, columns)] if self.chance(0.5) else line

    def determinant(self) -> Line:
        """Between bars, or after ``det``; of a matrix with as many rows as columns."""
        size = self.size()
        draw = self.rng.random()
        if draw < 0.6:
            line = self.matrix(size, size, ("|", "|"))
        elif draw < 0.85:
            line = [*map(Node, "det"), *self.matrix(size, size)]
        else:
            line = [*map(Node, "det"), Node(self.name), Node("="), *self.matrix(size, size, ("|", "|"))]
        return [*line, Node("="), *self.value()] if self.chance(0.6) else line

    def sum_or_product(self) -> Line:
        """Two matrices of one shape, or two that can be multiplied, and what comes of it."""
        shape = self.shape()
        if self.chance(0.6):
            line = [*self.matrix(*shape), self.plus_or_minus(), *self.matrix(*shape)]
        else:
            line = [*self.matrix(2, 2), *self.matrix(2, 2)]
            shape = 2, 2
        return [*line, Node("="), *self.matrix(*shape)] if self.chance(0.4) else line

    def cases(self) -> Line:
        """A function that is defined case by case; value and condition are two cells, or one with a comma."""
        name, argument = self._weighted("fghy", (5.0, 2.0, 1.0, 1.0)), self._weighted("xtn", (6.0, 1.0, 1.0))
        parted = self.chance(0.6)
        rows: Cells = []
        for _ in range(2 if self.chance(0.7) else 3):
            value, condition = self.branch(argument), self.condition(argument)
            rows.append([value, condition] if parted else [[*value, Node(","), *condition]])
        function = [Node(name)] if name == "y" else [Node(name), *self.fenced("(", [Node(argument)])]
        return [*function, Node("="), *matrix(rows, "\\{", None)]

    # Parts.

    def matrix(self, rows: int, columns: int, brackets: tuple[str, str] | None = None) -> Line:
        """A matrix of entries, in the formula's brackets or others."""
        return matrix([[self.entry() for _ in range(columns)] for _ in range(rows)], *(brackets or self.brackets))

    def column(self, size: int) -> Line:
        return self.matrix(size, 1)

    def shape(self) -> tuple[int, int]:
        return self._weighted(_SHAPES, _SHAPE_ODDS)

    def size(self) -> int:
        return 2 if self.chance(0.65) else 3

    def named(self) -> Node:
        """The letter of a matrix, at times with an index."""
        return Node(self.name, {Relation.SUB: self.index()} if self.chance(0.12) else {})

    def entry(self) -> Line:
        """What stands in a cell."""
        if self.chance(self.simple):
            digits = self.number() if self.chance(0.15) else [Node(self._weighted(_DIGITS, _DIGIT_ODDS))]
            return [Node("-"), *digits] if digits[0].label != "0" and self.chance(0.2) else digits
        kinds: list[tuple[float, Callable[[], Line]]] = [
            (5.0, lambda: [self.variable()]),
            (3.0, lambda: [Node(self.letter(), {Relation.SUB: [Node(self._weighted("123", (1.0, 1.0, 1.0)))]})]),
            (1.0, lambda: [Node("-"), self.variable()]),
            (1.2, lambda: [self.coefficient(), self.variable()]),
            (1.2, lambda: [self.variable(), self.plus_or_minus(), self.constant()]),
            (0.5, lambda: [Node(self.letter(), {Relation.SUP: self.raised()})]),
            (0.8, lambda: [Node("-", {Relation.ABOVE: self.atom(), Relation.BELOW: self.atom()})]),
            (0.4, lambda: [Node("\\sqrt", {Relation.INSIDE: self.atom()})]),
        ]
        return self.one_of(kinds)

    def branch(self, argument: str) -> Line:
        """The value of a function in one case."""
        kinds: list[tuple[float, Callable[[], Line]]] = [
            (3.0, self.number),
            (2.0, lambda: [Node(argument)]),
            (1.5, lambda: [Node("-"), Node(argument)]),
            (2.0, lambda: [Node(argument, {Relation.SUP: self.raised()})]),
            (1.5, lambda: [self.coefficient(), Node(argument)]),
            (1.5, lambda: [Node(argument), self.plus_or_minus(), self.constant()]),
            (0.7, lambda: [Node("-", {Relation.ABOVE: [self.constant()], Relation.BELOW: [Node(argument)]})]),
            (0.5, lambda: [Node("\\sqrt", {Relation.INSIDE: [Node(argument)]})]),
        ]
        return self.one_of(kinds)

    def condition(self, argument: str) -> Line:
        """When a case is the one, such as ``x < 0``."""
        compared = Node(self._weighted(_COMPARED, _COMPARED_ODDS))
        bound = Node("0") if self.chance(0.6) else self.constant()
        return [Node(argument), compared, *([Node("-")] if self.chance(0.1) and bound.label != "0" else ()), bound]

    def value(self) -> Line:
        """What a determinant comes to."""
        if self.chance(0.7):
            number = self.number()
            return [Node("-"), *number] if number[0].label != "0" and self.chance(0.3) else number
        return [self.variable(), self.variable(), Node("-"), self.variable(), self.variable()]

    def coefficient(self) -> Node:
        return Node(self._weighted("2345", (4.0, 3.0, 2.0, 1.0)))

    def constant(self) -> Node:
        return Node(self._weighted("12345", (4.0, 3.0, 2.0, 1.0, 1.0)))

    def raised(self) -> Line:
        return [Node(self._weighted("23n", (5.0, 2.0, 1.0)))]

    def plus_or_minus(self) -> Node:
        return Node(self._weighted("+-", (0.6, 0.4)))
