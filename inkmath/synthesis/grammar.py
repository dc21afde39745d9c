r"""Random formulas as layout trees, from a probabilistic grammar.

The formulas read like a textbook's: equations, polynomials, fractions, nested scripts, roots, sums and integrals with
limits, functions, sequences, sets and quantifiers. Every class of `inkmath.layout.classes` can be asked for by name.
"""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

from inkmath.layout.classes import SYMBOL_CLASSES
from inkmath.layout.symbols import FENCES
from inkmath.layout.tree import READING_ORDER, Edge, LayoutTree, Relation, Symbol
from inkmath.synthesis.expressions import DIGITS, FUNCTIONS, PRODUCTS, RELATIONS, SIGNS, Draft, Line, Node

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np

SMALLEST_LIMIT = 8
"""The least number of symbols a formula must be allowed, so that every construct finds room."""

_ATTEMPTS = 40


def check_limit(max_symbols: int) -> None:
    """Raise ValueError for a longest formula that is too short for what it must show."""
    if max_symbols < SMALLEST_LIMIT:
        raise ValueError(f"max_symbols = {max_symbols}: at least {SMALLEST_LIMIT} are needed")


def random_formula(rng: np.random.Generator, *, wanted: Sequence[str] = (), max_symbols: int = 30) -> LayoutTree:
    """Draw a formula.

    Args:
        rng: source of all choices.
        wanted: classes that must occur, at most two.
        max_symbols: the formula has no more symbols than this; at least `SMALLEST_LIMIT`.

    Returns:
        A tree in reading order whose symbols own no strokes.

    Raises:
        ValueError: more than two classes are wanted, one is unknown, or ``max_symbols`` is too small.
    """
    unknown = [label for label in wanted if label not in SYMBOL_CLASSES]
    if unknown or len(wanted) > 2:
        raise ValueError(f"at most two classes of SYMBOL_CLASSES can be wanted, not {list(wanted)}")
    check_limit(max_symbols)
    for attempt in count():
        # First whole formulas, then what is wanted side by side, then only the first of it, which is short enough.
        asked = wanted if attempt < 2 * _ATTEMPTS else wanted[:1]
        if attempt < _ATTEMPTS:
            line = _Formula(rng, asked).statement()
        else:
            line = [node for label in asked or "=" for node in (Node(","), *_Formula(rng, [label]).fragment(label))][1:]
        labels = _labels(line)
        if len(labels) <= max_symbols and set(asked) <= set(labels):
            break
    return to_tree(line)


class _Formula(Draft):
    """Statements made of expressions."""

    def statement(self) -> Line:
        """A whole formula."""
        for label in self.wanted:
            special = self._statement_for(label)
            if special and self.chance(0.8):
                return special()
        kinds: list[tuple[float, Callable[[], Line]]] = [
            (5.0, self.equation),
            (2.5, lambda: self.expression(2 if self.chance(0.5) else 1)),
            (1.0, self.definition),
            (0.7, self.sequence),
            (0.7, self.limit),
            (0.8, lambda: [*self.integral(1), *self.equals()]),
            (0.8, lambda: [*self.summation(1), *self.equals()]),
            (0.3, self.quantified),
            (0.4, self.membership),
            (0.4, self.decimals),
            (0.3, self.binomial),
            (0.5, lambda: [*self.application(1), *self.equals()]),
        ]
        return self.one_of(kinds)

    def fragment(self, label: str) -> Line:
        """The shortest natural formula with this class."""
        special = self._statement_for(label)
        if label in PRODUCTS:
            return [*self.atom(), self.product_sign(), *self.atom()]
        if label in SIGNS:
            return [*self.atom(), self.sign(), *self.atom()]
        if label in RELATIONS:
            return [*self.atom(), self.relation(), *self.atom()]
        if label in FUNCTIONS:
            return self.application(0)
        if label in FENCES or label in FENCES.values() or label == "|":
            return self.group(0)
        if label == "\\sqrt":
            return self.root(0)
        if label == "!":
            return [*self.atom(), Node("!")]
        if label == "\\infty":
            return [Node("\\infty")]
        if label == "\\prime":
            return [self.primed()]
        if label == ".":
            return self.decimal()
        if label in DIGITS:
            return self.number()
        return special() if special else [self.variable()]

    def _statement_for(self, label: str) -> Callable[[], Line] | None:
        """The statement that is sure to use a class which expressions seldom hold."""
        special: dict[str, Callable[[], Line]] = {
            "\\forall": self.quantified,
            "\\exists": self.quantified,
            "\\in": self.membership,
            "\\{": self.membership,
            "\\}": self.membership,
            "\\ldots": self.sequence,
            ",": self.sequence,
            "\\lim": self.limit,
            "\\rightarrow": self.limit,
            "\\int": lambda: self.integral(0),
            "\\sum": lambda: self.summation(0),
            ".": self.decimals,
            "\\prime": self.definition,
        }
        return special.get(label)

    # Statements.

    def equation(self) -> Line:
        line = [
            *self.expression(2 if self.chance(0.4) else 1),
            self.relation(),
            *self.expression(0 if self.chance(0.5) else 1),
        ]
        return [*line, self.relation(), *self.expression(0)] if self.chance(0.08) else line

    def definition(self) -> Line:
        name = self.primed() if "\\prime" in self.wanted or self.chance(0.4) else self.variable()
        return [name, *self.fenced("(", self.argument()), Node("="), *self.expression(1)]

    def sequence(self) -> Line:
        """``a_1, a_2, ..., a_n`` or its sum."""
        separator = "+" if "," not in self.wanted and self.chance(0.35) else ","
        members = [Node("1"), Node("2"), self.variable()]
        if self.chance(0.7):
            name = self.letter()
            members = [Node(name, {Relation.SUB: [end]}) for end in members]
        self.place(separator, "\\ldots")
        line = [members[0], Node(separator), members[1], Node(separator), Node("\\ldots")]
        line += [Node(separator), members[2]]
        return [*line, Node("="), *self.expression(0)] if separator == "+" else line

    def limit(self) -> Line:
        self.place("\\lim", "\\rightarrow")
        under = [self.variable(), Node("\\rightarrow")]
        if "\\infty" in self.wanted or self.chance(0.4):
            under.append(self.placed("\\infty"))
        else:
            under += self.number() if self.chance(0.6) else self.atom()
        place = Relation.BELOW if self.chance(0.8) else Relation.SUB
        return [Node("\\lim", {place: under}), *self.term(1), *self.equals()]

    def quantified(self) -> Line:
        line: Line = []
        quantifiers = [label for label in ("\\forall", "\\exists") if label in self.wanted]
        for quantifier in quantifiers or [("\\forall", "\\exists")[self.rng.integers(2)]]:
            self.place(quantifier)
            line += [Node(","), Node(quantifier), *self.atom(), *self._belongs()]
        if self.chance(0.4):
            line += [Node(","), *self.expression(0), self.relation(), *self.expression(0)]
        return line[1:]

    def _belongs(self) -> Line:
        if "\\in" in self.wanted or self.chance(0.7):
            self.place("\\in")
            return [Node("\\in"), Node("RNACXIEBVS"[self.rng.integers(10)])]
        return [self.relation(), *self.number()]

    def membership(self) -> Line:
        """An element and a set: an interval, or its members one by one."""
        self.place("\\in")
        line = [*self.atom(), Node("\\in")]
        if {"\\{", "\\}"} & set(self.wanted) or self.chance(0.5):
            members = [*self.atom(), Node(","), *self.atom()]
            if self.chance(0.4):
                self.place("\\ldots")
                members += [Node(","), Node("\\ldots"), Node(","), *self.atom()]
            self.place(",")
            return [*line, *self.fenced("\\{", members)]
        opening, closing = (("[", "]"), ("[", ")"), ("(", "]"), ("(", ")"))[self.rng.integers(4)]
        self.place(",", opening, closing)
        return [*line, Node(opening), *self.bound(), Node(","), *self.bound(), Node(closing)]

    def decimals(self) -> Line:
        """A sum or product of decimal fractions."""
        sign = self.product_sign() if self.chance(0.5) else self.sign()
        return [*self.decimal(), sign, *self.decimal(), self.relation(), *self.decimal()]

    def binomial(self) -> Line:
        """Factorials as counting uses them."""
        n, k = self.letter(), self.letter()
        self.place("!", "(", ")")
        below = [Node(k), Node("!"), *self.fenced("(", [Node(n), Node("-"), Node(k)]), Node("!")]
        return [Node("-", {Relation.ABOVE: [Node(n), Node("!")], Relation.BELOW: below}), *self.equals()]

    def equals(self) -> Line:
        return [self.relation(), *self.expression(0)] if self.chance(0.4) else []


def _labels(line: Line) -> list[str]:
    below = (child for node in line for child in node.lines.values())
    return [*(node.label for node in line), *(label for child in below for label in _labels(child))]


def to_tree(line: Line) -> LayoutTree:
    """The layout tree of a line, its symbols in reading order where no matrix is in it."""
    symbols: list[Symbol] = []
    edges: list[Edge] = []

    def add(line: Line, parent: int | None, relation: Relation) -> None:
        for node in line:
            index = len(symbols)
            symbols.append(Symbol(node.label))
            if parent is not None:
                edges.append(Edge(parent, index, relation))
            for below in sorted(node.lines, key=READING_ORDER.index):
                add(node.lines[below], index, below)
            parent, relation = index, Relation.RIGHT

    add(line, None, Relation.RIGHT)
    return LayoutTree(tuple(symbols), tuple(edges))
