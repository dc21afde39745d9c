r"""Random expressions, the material of formulas: sums of terms of factors, nested to a given depth."""

from __future__ import annotations

import math
from bisect import bisect
from dataclasses import dataclass, field
from itertools import accumulate
from typing import TYPE_CHECKING, TypeVar

from inkmath.layout.symbols import FENCES
from inkmath.layout.tree import Relation

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np

VARIABLES = (
    *"xyzabcnktmpfirguvqdjehswloAXBCRYLFNVPSTHMEGI",
    *("\\theta", "\\pi", "\\alpha", "\\beta", "\\phi", "\\gamma", "\\sigma", "\\mu", "\\lambda", "\\Delta"),
)
DIGITS = tuple("1230456798")
_VARIABLE_ODDS = tuple(math.exp(-0.05 * place) for place in range(len(VARIABLES)))
_DIGIT_ODDS = tuple(math.exp(-0.12 * place) for place in range(len(DIGITS)))
SIGNS = ("+", "-", "\\pm")
PRODUCTS = ("\\times", "\\div", "/")
RELATIONS = ("=", "<", ">", "\\leq", "\\geq", "\\neq")
FUNCTIONS = ("\\sin", "\\cos", "\\tan", "\\log")


@dataclass
class Node:
    """A symbol and the lines that hang on it."""

    label: str
    lines: dict[Relation, Line] = field(default_factory=dict)


Line = list[Node]
_Choice = TypeVar("_Choice")


class Draft:
    """One attempt at a formula: its stock of variables, and the classes that it is still to use where it can.

    Args:
        rng: source of all choices.
        wanted: classes; each is struck out once it is used.
    """

    def __init__(self, rng: np.random.Generator, wanted: Sequence[str]) -> None:
        self.rng, self.wanted = rng, list(wanted)
        self.stock: list[str] = [self._weighted(VARIABLES, _VARIABLE_ODDS) for _ in range(3)]

    # Expressions; `depth` counts how many more levels may follow.

    def expression(self, depth: int) -> Line:
        line = self.term(depth)
        if self.chance(0.12):
            line.insert(0, Node("-"))
        for _ in range(self._weighted((0, 1, 2, 3), (0.55, 0.33, 0.09, 0.03))):
            line += [self.sign(), *self.term(depth)]
        return line

    def term(self, depth: int) -> Line:
        """Factors, perhaps with a coefficient; where two numbers would run together, a sign parts them."""
        line = self.number() if self.chance(0.3) else []
        if line and (line[0].label == "0" or self.chance(0.3)):
            return line
        for _ in range(self._weighted((1, 2, 3), (0.78, 0.19, 0.03))):
            factor = self.factor(depth)
            line += [self.product_sign(), *factor] if line and factor[0].label in DIGITS else factor
        if self.chance(0.06) or set(PRODUCTS) & set(self.wanted):
            line += [self.product_sign(), *self.factor(0)]
        return line

    def factor(self, depth: int) -> Line:
        if depth <= 0:
            return [self.scripted(0)] if self.chance(0.3) else self.atom()
        kinds: list[tuple[float, Callable[[], Line]]] = [
            (5.0, self.atom),
            (4.5, lambda: [self.scripted(depth - 1)]),
            (1.8 if "-" not in self.wanted else 4.0, lambda: [self.fraction(depth - 1)]),
            (1.0 if "\\sqrt" not in self.wanted else 30.0, lambda: self.root(depth - 1)),
            (1.0 if not {*FUNCTIONS} & {*self.wanted} else 30.0, lambda: self.application(depth - 1)),
            (1.2 if not {"(", ")", "[", "]", "|"} & {*self.wanted} else 30.0, lambda: self.group(depth - 1)),
            (0.15 if "!" not in self.wanted else 30.0, lambda: [*self.atom(), self.placed("!")]),
            (0.12 if "\\infty" not in self.wanted else 30.0, lambda: [self.placed("\\infty")]),
            (0.2, lambda: self.integral(depth - 1)),
            (0.2, lambda: self.summation(depth - 1)),
            (0.15, lambda: [self.primed()]),
        ]
        return self.one_of(kinds)

    def scripted(self, depth: int) -> Node:
        """A variable with a subscript, a superscript or both."""
        lines: dict[Relation, Line] = {}
        draw = self.rng.random()
        if draw < 0.45:
            lines[Relation.SUB] = self.index()
        if draw > 0.38:
            lines[Relation.SUP] = self.exponent(depth)
        return Node(self.letter(), lines)

    def index(self) -> Line:
        draw = self.rng.random()
        if draw < 0.45:
            return self.number()
        if draw < 0.8:
            return [self.variable()]
        if draw < 0.9:
            return [self.variable(), self.sign(), *self.number()]
        self.place(",")
        return [self.variable(), Node(","), self.variable()]

    def exponent(self, depth: int) -> Line:
        draw = self.rng.random()
        if draw < 0.5:
            return self.number()
        if draw < 0.75:
            return [self.variable()]
        if draw < 0.85:
            return [Node("-"), *self.number()]
        if depth > 0 and draw < 0.93:
            return [self.scripted(depth - 1)]
        if depth > 0 and draw < 0.96:
            return [self.fraction(0)]
        return [self.variable(), self.sign(), *self.number()]

    def fraction(self, depth: int) -> Node:
        self.place("-")
        above, below = (self.expression(depth) if self.chance(0.5) else self.atom() for _ in range(2))
        return Node("-", {Relation.ABOVE: above, Relation.BELOW: below})

    def root(self, depth: int) -> Line:
        self.place("\\sqrt")
        lines = {Relation.INSIDE: self.expression(depth) if self.chance(0.6) else self.atom()}
        if self.chance(0.25):
            lines[Relation.ABOVE] = [Node("345"[self.rng.integers(3)])] if self.chance(0.5) else [self.variable()]
        return [Node("\\sqrt", lines)]

    def application(self, depth: int) -> Line:
        """A named function and its argument."""
        name = self._pick(FUNCTIONS)
        lines: dict[Relation, Line] = {}
        if name == "\\log":
            if self.chance(0.5):
                lines[Relation.SUB] = self.number() if self.chance(0.6) else [self.variable()]
        elif self.chance(0.25):
            lines[Relation.SUP] = self.number()
        argument = self.fenced("(", self.expression(depth)) if self.chance(0.35) else self.argument()
        return [Node(name, lines), *argument]

    def argument(self) -> Line:
        return [*self.number(), self.variable()] if self.chance(0.2) else [self.variable()]

    def group(self, depth: int) -> Line:
        """Something in parentheses, brackets or bars, perhaps raised to a power."""
        asked = [label for label in self.wanted if label in {"(", ")", "[", "]", "\\{", "\\}", "|"}]
        if "|" in asked or (not asked and self.chance(0.2)):
            self.place("|")
            return [Node("|"), *self.expression(depth), Node("|")]
        if asked:
            opening = next(left for left, right in FENCES.items() if asked[0] in (left, right))
        else:
            opening = "[" if self.chance(0.12) else "("
        line = self.fenced(opening, self.expression(depth))
        if self.chance(0.35):
            line[-1].lines[Relation.SUP] = self.exponent(0)
        return line

    def integral(self, depth: int) -> Line:
        self.place("\\int")
        lines: dict[Relation, Line] = {}
        if self.chance(0.7):
            low, high = (Relation.SUB, Relation.SUP) if self.chance(0.8) else (Relation.BELOW, Relation.ABOVE)
            lines = {low: self.bound(), high: self.bound()}
        variable = self.letter()
        line = [Node("\\int", lines), *self.expression(depth), Node("d"), Node(variable)]
        self.place("d")
        return line

    def summation(self, depth: int) -> Line:
        self.place("\\sum")
        low, high = (Relation.BELOW, Relation.ABOVE) if self.chance(0.8) else (Relation.SUB, Relation.SUP)
        start = [self.variable(), Node("="), *self.number()] if self.chance(0.8) else [self.variable()]
        lines = {low: start}
        if len(start) > 1:
            lines[high] = self.bound()
        return [Node("\\sum", lines), *self.term(depth)]

    def bound(self) -> Line:
        if "\\infty" in self.wanted or self.chance(0.2):
            return [self.placed("\\infty")]
        return [Node("-"), *self.number()] if self.chance(0.1) else self.atom()

    # Atoms.

    def atom(self) -> Line:
        asks_digit = any(label in DIGITS for label in self.wanted)
        return self.number() if asks_digit or self.chance(0.25) else [self.variable()]

    def variable(self) -> Node:
        return Node(self.letter())

    def primed(self) -> Node:
        self.place("\\prime")
        return Node(self.letter(), {Relation.SUP: [Node("\\prime") for _ in range(2 if self.chance(0.25) else 1)]})

    def number(self) -> Line:
        digits = [self._pick(DIGITS, _DIGIT_ODDS) for _ in range(self._weighted((1, 2, 3), (0.78, 0.16, 0.06)))]
        if len(digits) > 1 and digits[0] == "0":
            digits = digits[::-1] if digits[-1] != "0" else ["1", *digits[1:]]
        return [Node(digit) for digit in digits]

    def decimal(self) -> Line:
        self.place(".")
        return [*self.number(), Node("."), *(Node(self._pick(DIGITS)) for _ in range(self.rng.integers(1, 3)))]

    def sign(self) -> Node:
        return Node(self._pick(SIGNS, weights=(0.52, 0.42, 0.06)))

    def product_sign(self) -> Node:
        return Node(self._pick(PRODUCTS, weights=(0.5, 0.2, 0.3)))

    def relation(self) -> Node:
        return Node(self._pick(RELATIONS, weights=(0.7, 0.06, 0.06, 0.07, 0.06, 0.05)))

    # Choices.

    def letter(self) -> str:
        """A variable: one that is wanted, else mostly one that the formula already has."""
        if not any(label in VARIABLES for label in self.wanted) and self.chance(0.85):
            return self._weighted(self.stock, (1.0, 1.0, 1.0))
        return self._pick(VARIABLES, _VARIABLE_ODDS)

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

    def one_of(self, kinds: list[tuple[float, Callable[[], Line]]]) -> Line:
        return self._weighted([kind for _, kind in kinds], [weight for weight, _ in kinds])()

    def chance(self, probability: float) -> bool:
        return bool(self.rng.random() < probability)

    def place(self, *labels: str) -> None:
        """Note that these classes are in the formula now."""
        self.wanted[:] = [label for label in self.wanted if label not in labels]

    def placed(self, label: str) -> Node:
        self.place(label)
        return Node(label)

    def fenced(self, opening: str, content: Line) -> Line:
        self.place(opening, FENCES[opening])
        return [Node(opening), *content, Node(FENCES[opening])]
