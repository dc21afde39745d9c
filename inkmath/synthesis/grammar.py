r"""Random formulas as layout trees, from a probabilistic grammar.

The formulas read like a textbook's: equations, polynomials, fractions, nested scripts, roots, sums and integrals with
limits, functions, sequences, sets and quantifiers. Every class of `inkmath.layout.classes` can be asked for by name.
"""

from __future__ import annotations

import math
from bisect import bisect
from dataclasses import dataclass, field
from itertools import accumulate
from typing import TYPE_CHECKING, TypeVar

from inkmath.layout.classes import SYMBOL_CLASSES
from inkmath.layout.tree import Edge, LayoutTree, Relation, Symbol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np

SMALLEST_LIMIT = 8
"""The least number of symbols a formula must be allowed, so that every construct finds room."""

_VARIABLES = (
    *"xyzabcnktmpfirguvqdjehswloAXBCRYLFNVPSTHMEGI",
    *("\\theta", "\\pi", "\\alpha", "\\beta", "\\phi", "\\gamma", "\\sigma", "\\mu", "\\lambda", "\\Delta"),
)
_DIGITS = tuple("1230456798")
_VARIABLE_ODDS = tuple(math.exp(-0.05 * place) for place in range(len(_VARIABLES)))
_DIGIT_ODDS = tuple(math.exp(-0.12 * place) for place in range(len(_DIGITS)))
_SIGNS = ("+", "-", "\\pm")
_PRODUCTS = ("\\times", "\\div", "/")
_RELATIONS = ("=", "<", ">", "\\leq", "\\geq", "\\neq")
_FUNCTIONS = ("\\sin", "\\cos", "\\tan", "\\log")
_FENCES = {"(": ")", "[": "]", "\\{": "\\}"}
_ATTEMPTS = 40


@dataclass
class _Node:
    """A symbol and the lines that hang on it."""

    label: str
    lines: dict[Relation, list[_Node]] = field(default_factory=dict)


_Line = list[_Node]
_Choice = TypeVar("_Choice")


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
    if max_symbols < SMALLEST_LIMIT:
        raise ValueError(f"max_symbols = {max_symbols}: at least {SMALLEST_LIMIT} are needed")
    for asked in (tuple(wanted), tuple(wanted[:1])):
        for _ in range(_ATTEMPTS):
            draft = _Draft(rng, list(asked))
            line = draft.statement()
            if not draft.wanted and _size(line) <= max_symbols:
                return _tree(line)
        if asked:
            line = [node for label in asked for node in (_Node(","), *_Draft(rng, [label]).fragment(label))][1:]
            if _size(line) <= max_symbols:
                return _tree(line)
    return _tree(line)


class _Draft:
    """One attempt at a formula: its stock of variables, and the classes still to be placed."""

    def __init__(self, rng: np.random.Generator, wanted: list[str]) -> None:
        self.rng, self.wanted = rng, wanted
        self.stock: list[str] = [self._weighted(_VARIABLES, _VARIABLE_ODDS) for _ in range(3)]

    def statement(self) -> _Line:
        """A whole formula."""
        for label in self.wanted:
            special = self._statement_for(label)
            if special and self._chance(0.8):
                return special()
        kinds: list[tuple[float, Callable[[], _Line]]] = [
            (5.0, self.equation),
            (2.5, lambda: self.expression(2 if self._chance(0.5) else 1)),
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
        return self._one_of(kinds)

    def fragment(self, label: str) -> _Line:
        """The shortest natural formula with this class."""
        special = self._statement_for(label)
        if label in ("\\times", "\\div", "/"):
            return [*self.atom(), self.product_sign(), *self.atom()]
        if label in _SIGNS:
            return [*self.atom(), self.sign(), *self.atom()]
        if label in _RELATIONS:
            return [*self.atom(), self.relation(), *self.atom()]
        if label in _FUNCTIONS:
            return self.application(0)
        if label in _FENCES or label in _FENCES.values() or label == "|":
            return self.group(0)
        if label == "\\sqrt":
            return self.root(0)
        if label == "!":
            return [*self.atom(), _Node("!")]
        if label == "\\infty":
            return [_Node("\\infty")]
        if label == "\\prime":
            return [self.primed()]
        if label == ".":
            return self.decimal()
        return special() if special else self.atom()

    def _statement_for(self, label: str) -> Callable[[], _Line] | None:
        """The statement that is sure to use a class which expressions seldom hold."""
        special: dict[str, Callable[[], _Line]] = {
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

    def equation(self) -> _Line:
        line = [
            *self.expression(2 if self._chance(0.4) else 1),
            self.relation(),
            *self.expression(0 if self._chance(0.5) else 1),
        ]
        return [*line, self.relation(), *self.expression(0)] if self._chance(0.08) else line

    def definition(self) -> _Line:
        name = self.primed() if "\\prime" in self.wanted or self._chance(0.4) else self.variable()
        return [name, *self._fenced("(", self.argument()), _Node("="), *self.expression(1)]

    def sequence(self) -> _Line:
        """``a_1, a_2, ..., a_n`` or its sum."""
        separator = "+" if "," not in self.wanted and self._chance(0.35) else ","
        name, last = self._letter(), self._letter()
        members = [[_Node(name, {Relation.SUB: end})] for end in ([_Node("1")], [_Node("2")], [_Node(last)])]
        if self._chance(0.3):
            members = [[_Node("1")], [_Node("2")], [_Node(last)]]
        self._place(separator, "\\ldots")
        line = [*members[0], _Node(separator), *members[1], _Node(separator), _Node("\\ldots")]
        line += [_Node(separator), *members[2]]
        return [*line, _Node("="), *self.expression(0)] if separator == "+" else line

    def limit(self) -> _Line:
        self._place("\\lim", "\\rightarrow")
        approached = self.number() if self._chance(0.4) else [_Node("\\infty")] if self._chance(0.6) else self.atom()
        under = [_Node(self._letter()), _Node("\\rightarrow"), *approached]
        if "\\infty" in self.wanted:
            self._place("\\infty")
            under = [*under[:2], _Node("\\infty")]
        place = Relation.BELOW if self._chance(0.8) else Relation.SUB
        return [_Node("\\lim", {place: under}), *self.term(1), *self.equals()]

    def quantified(self) -> _Line:
        line: _Line = []
        quantifiers = [label for label in ("\\forall", "\\exists") if label in self.wanted]
        for quantifier in quantifiers or [("\\forall", "\\exists")[self.rng.integers(2)]]:
            self._place(quantifier)
            line += [_Node(","), _Node(quantifier), *self.atom(), *self._belongs()]
        if self._chance(0.4):
            line += [_Node(","), *self.expression(0), self.relation(), *self.expression(0)]
        return line[1:]

    def _belongs(self) -> _Line:
        if "\\in" in self.wanted or self._chance(0.7):
            self._place("\\in")
            return [_Node("\\in"), _Node("RNACXIEBVS"[self.rng.integers(10)])]
        return [self.relation(), *self.number()]

    def membership(self) -> _Line:
        """An element and a set: an interval, or its members one by one."""
        self._place("\\in")
        line = [*self.atom(), _Node("\\in")]
        if {"\\{", "\\}"} & set(self.wanted) or self._chance(0.5):
            members = [*self.atom(), _Node(","), *self.atom()]
            if self._chance(0.4):
                self._place("\\ldots")
                members += [_Node(","), _Node("\\ldots"), _Node(","), *self.atom()]
            self._place(",")
            return [*line, *self._fenced("\\{", members)]
        opening, closing = (("[", "]"), ("[", ")"), ("(", "]"), ("(", ")"))[self.rng.integers(4)]
        self._place(",", opening, closing)
        return [*line, _Node(opening), *self.bound(), _Node(","), *self.bound(), _Node(closing)]

    def decimals(self) -> _Line:
        """A sum or product of decimal fractions."""
        sign = self.product_sign() if self._chance(0.5) else self.sign()
        return [*self.decimal(), sign, *self.decimal(), self.relation(), *self.decimal()]

    def binomial(self) -> _Line:
        """Factorials as counting uses them."""
        n, k = self._letter(), self._letter()
        self._place("!", "(", ")")
        below = [_Node(k), _Node("!"), *self._fenced("(", [_Node(n), _Node("-"), _Node(k)]), _Node("!")]
        return [_Node("-", {Relation.ABOVE: [_Node(n), _Node("!")], Relation.BELOW: below}), *self.equals()]

    def equals(self) -> _Line:
        return [self.relation(), *self.expression(0)] if self._chance(0.4) else []

    # Expressions; `depth` counts how many more may be nested.

    def expression(self, depth: int) -> _Line:
        line = self.term(depth)
        if self._chance(0.12):
            line.insert(0, _Node("-"))
        for _ in range(self._weighted((0, 1, 2, 3), (0.55, 0.33, 0.09, 0.03))):
            line += [self.sign(), *self.term(depth)]
        return line

    def term(self, depth: int) -> _Line:
        """Factors, perhaps with a coefficient; where two numbers would run together, a sign parts them."""
        line = self.number() if self._chance(0.3) else []
        if line and (line[0].label == "0" or self._chance(0.3)):
            return line
        for _ in range(self._weighted((1, 2, 3), (0.78, 0.19, 0.03))):
            factor = self.factor(depth)
            line += [self.product_sign(), *factor] if line and factor[0].label in _DIGITS else factor
        if self._chance(0.06) or set(_PRODUCTS) & set(self.wanted):
            line += [self.product_sign(), *self.factor(0)]
        return line

    def factor(self, depth: int) -> _Line:
        if depth <= 0:
            return [self.scripted(0)] if self._chance(0.3) else self.atom()
        kinds: list[tuple[float, Callable[[], _Line]]] = [
            (5.0, self.atom),
            (4.5, lambda: [self.scripted(depth - 1)]),
            (1.8 if "-" not in self.wanted else 4.0, lambda: [self.fraction(depth - 1)]),
            (1.0 if "\\sqrt" not in self.wanted else 30.0, lambda: self.root(depth - 1)),
            (1.0 if not {*_FUNCTIONS} & {*self.wanted} else 30.0, lambda: self.application(depth - 1)),
            (1.2 if not {"(", ")", "[", "]", "|"} & {*self.wanted} else 30.0, lambda: self.group(depth - 1)),
            (0.15 if "!" not in self.wanted else 30.0, lambda: [*self.atom(), self._placed("!")]),
            (0.12 if "\\infty" not in self.wanted else 30.0, lambda: [self._placed("\\infty")]),
            (0.2, lambda: self.integral(depth - 1)),
            (0.2, lambda: self.summation(depth - 1)),
            (0.15, lambda: [self.primed()]),
        ]
        return self._one_of(kinds)

    def scripted(self, depth: int) -> _Node:
        """A variable with a subscript, a superscript or both."""
        lines: dict[Relation, _Line] = {}
        draw = self.rng.random()
        if draw < 0.45:
            lines[Relation.SUB] = self.index()
        if draw > 0.38:
            lines[Relation.SUP] = self.exponent(depth)
        return _Node(self._letter(), lines)

    def index(self) -> _Line:
        draw = self.rng.random()
        if draw < 0.45:
            return self.number()
        if draw < 0.8:
            return [self.variable()]
        if draw < 0.9:
            return [self.variable(), self.sign(), *self.number()]
        self._place(",")
        return [self.variable(), _Node(","), self.variable()]

    def exponent(self, depth: int) -> _Line:
        draw = self.rng.random()
        if draw < 0.5:
            return self.number()
        if draw < 0.75:
            return [self.variable()]
        if draw < 0.85:
            return [_Node("-"), *self.number()]
        if depth > 0 and draw < 0.93:
            return [self.scripted(depth - 1)]
        if depth > 0 and draw < 0.96:
            return [self.fraction(0)]
        return [self.variable(), self.sign(), *self.number()]

    def fraction(self, depth: int) -> _Node:
        self._place("-")
        above, below = (self.expression(depth) if self._chance(0.5) else self.atom() for _ in range(2))
        return _Node("-", {Relation.ABOVE: above, Relation.BELOW: below})

    def root(self, depth: int) -> _Line:
        self._place("\\sqrt")
        lines = {Relation.INSIDE: self.expression(depth) if self._chance(0.6) else self.atom()}
        if self._chance(0.25):
            lines[Relation.ABOVE] = [_Node("345"[self.rng.integers(3)])] if self._chance(0.5) else [self.variable()]
        return [_Node("\\sqrt", lines)]

    def application(self, depth: int) -> _Line:
        """A named function and its argument."""
        name = self._pick(_FUNCTIONS)
        lines: dict[Relation, _Line] = {}
        if name == "\\log":
            if self._chance(0.5):
                lines[Relation.SUB] = self.number() if self._chance(0.6) else [self.variable()]
        elif self._chance(0.25):
            lines[Relation.SUP] = self.number()
        argument = self._fenced("(", self.expression(depth)) if self._chance(0.35) else self.argument()
        return [_Node(name, lines), *argument]

    def argument(self) -> _Line:
        return [*self.number(), self.variable()] if self._chance(0.2) else [self.variable()]

    def group(self, depth: int) -> _Line:
        """Something in parentheses, brackets or bars, perhaps raised to a power."""
        asked = [label for label in self.wanted if label in {"(", ")", "[", "]", "\\{", "\\}", "|"}]
        if "|" in asked or (not asked and self._chance(0.2)):
            self._place("|")
            return [_Node("|"), *self.expression(depth), _Node("|")]
        if asked:
            opening = next(left for left, right in _FENCES.items() if asked[0] in (left, right))
        else:
            opening = "[" if self._chance(0.12) else "("
        line = self._fenced(opening, self.expression(depth))
        if self._chance(0.35):
            line[-1].lines[Relation.SUP] = self.exponent(0)
        return line

    def integral(self, depth: int) -> _Line:
        self._place("\\int")
        lines: dict[Relation, _Line] = {}
        if self._chance(0.7):
            low, high = (Relation.SUB, Relation.SUP) if self._chance(0.8) else (Relation.BELOW, Relation.ABOVE)
            lines = {low: self.bound(), high: self.bound()}
        variable = self._letter()
        line = [_Node("\\int", lines), *self.expression(depth), _Node("d"), _Node(variable)]
        self._place("d")
        return line

    def summation(self, depth: int) -> _Line:
        self._place("\\sum")
        low, high = (Relation.BELOW, Relation.ABOVE) if self._chance(0.8) else (Relation.SUB, Relation.SUP)
        start = [self.variable(), _Node("="), *self.number()] if self._chance(0.8) else [self.variable()]
        lines = {low: start}
        if len(start) > 1:
            lines[high] = self.bound()
        return [_Node("\\sum", lines), *self.term(depth)]

    def bound(self) -> _Line:
        if "\\infty" in self.wanted or self._chance(0.2):
            self._place("\\infty")
            return [_Node("\\infty")]
        return [_Node("-"), *self.number()] if self._chance(0.1) else self.atom()

    # Atoms.

    def atom(self) -> _Line:
        asks_digit = any(label in _DIGITS for label in self.wanted)
        return self.number() if asks_digit or self._chance(0.25) else [self.variable()]

    def variable(self) -> _Node:
        return _Node(self._letter())

    def primed(self) -> _Node:
        self._place("\\prime")
        return _Node(self._letter(), {Relation.SUP: [_Node("\\prime") for _ in range(2 if self._chance(0.25) else 1)]})

    def number(self) -> _Line:
        digits = [self._pick(_DIGITS, _DIGIT_ODDS) for _ in range(self._weighted((1, 2, 3), (0.78, 0.16, 0.06)))]
        if len(digits) > 1 and digits[0] == "0":
            digits = digits[::-1] if digits[-1] != "0" else ["1", *digits[1:]]
        return [_Node(digit) for digit in digits]

    def decimal(self) -> _Line:
        self._place(".")
        return [*self.number(), _Node("."), *(_Node(self._pick(_DIGITS)) for _ in range(self.rng.integers(1, 3)))]

    def sign(self) -> _Node:
        return _Node(self._pick(_SIGNS, weights=(0.52, 0.42, 0.06)))

    def product_sign(self) -> _Node:
        return _Node(self._pick(_PRODUCTS, weights=(0.5, 0.2, 0.3)))

    def relation(self) -> _Node:
        return _Node(self._pick(_RELATIONS, weights=(0.7, 0.06, 0.06, 0.07, 0.06, 0.05)))

    # Choices.

    def _letter(self) -> str:
        """A variable: one that is wanted, else mostly one that the formula already has."""
        if not any(label in _VARIABLES for label in self.wanted) and self._chance(0.85):
            return self._weighted(self.stock, (1.0, 1.0, 1.0))
        return self._pick(_VARIABLES, _VARIABLE_ODDS)

    def _pick(self, labels: Sequence[str], weights: Sequence[float] | None = None) -> str:
        """One of ``labels``: one that is wanted, else at random."""
        for label in self.wanted:
            if label in labels:
                self.wanted.remove(label)
                return label
        return self._weighted(labels, weights or [1.0] * len(labels))

    def _weighted(self, choices: Sequence[_Choice], weights: Sequence[float]) -> _Choice:
        reached = list(accumulate(weights))
        return choices[bisect(reached, self.rng.random() * reached[-1], hi=len(choices) - 1)]

    def _one_of(self, kinds: list[tuple[float, Callable[[], _Line]]]) -> _Line:
        return self._weighted([kind for _, kind in kinds], [weight for weight, _ in kinds])()

    def _chance(self, probability: float) -> bool:
        return bool(self.rng.random() < probability)

    def _place(self, *labels: str) -> None:
        """Note that these classes are in the formula now."""
        self.wanted[:] = [label for label in self.wanted if label not in labels]

    def _placed(self, label: str) -> _Node:
        self._place(label)
        return _Node(label)

    def _fenced(self, opening: str, content: _Line) -> _Line:
        self._place(opening, _FENCES[opening])
        return [_Node(opening), *content, _Node(_FENCES[opening])]


def _size(line: _Line) -> int:
    return sum(1 + sum(_size(below) for below in node.lines.values()) for node in line)


_READING_ORDER = (Relation.ABOVE, Relation.INSIDE, Relation.BELOW, Relation.SUB, Relation.SUP)


def _tree(line: _Line) -> LayoutTree:
    symbols: list[Symbol] = []
    edges: list[Edge] = []

    def add(line: _Line, parent: int | None, relation: Relation) -> None:
        for node in line:
            index = len(symbols)
            symbols.append(Symbol(node.label))
            if parent is not None:
                edges.append(Edge(parent, index, relation))
            for below in sorted(node.lines, key=_READING_ORDER.index):
                add(node.lines[below], index, below)
            parent, relation = index, Relation.RIGHT

    add(line, None, Relation.RIGHT)
    return LayoutTree(tuple(symbols), tuple(edges))
