"""The layout tree as algebra: a SymPy expression. SymPy and Lark are optional (``pip install 'inkmath[sympy]'``)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from inkmath.layout.latex import canonical_tokens
from inkmath.layout.tree import LayoutError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from inkmath.layout.tree import LayoutTree


UNREAD = ("\\pi", "\\sigma", "\\Delta")
"""Letters of the vocabulary that SymPy's grammar has no rule for."""

STAND_INS = ("\\xi", "\\psi", "\\kappa", "\\zeta")
"""Letters that it reads and handwriting here has not: more than there are to stand in for."""


def to_sympy(tree: LayoutTree) -> Any:
    """Read a formula's meaning: ``\\frac { a } { b } + 1`` becomes ``a/b + 1``.

    Handwriting leaves out what algebra needs (is ``f ( x )`` a product?). Where SymPy's grammar allows several
    meanings, a function's argument ends at the next ``+`` or ``-`` or function, and application is preferred to a
    product.

    Numbers of more than some 300 digits, such as ``9 ^ { 9 ^ { 9 } }``, are left as they are written.

    Raises:
        ImportError: SymPy or Lark is not installed.
        LayoutError: the formula has no meaning that SymPy knows.
    """
    try:
        # Its grammar imports this where two factors meet, and there, unevaluated, it could not be initialised.
        import sympy.physics.units  # noqa: F401
        from lark import Tree
        from lark.exceptions import LarkError
        from sympy import Add, Function, Mul, Symbol, evaluate, pi, preorder_traversal
        from sympy.parsing.latex import parse_latex
    except ImportError as missing:
        raise ImportError("to_sympy needs SymPy and Lark: pip install 'inkmath[sympy]'") from missing

    tokens = canonical_tokens(tree)
    free = (letter for letter in STAND_INS if letter not in tokens)
    read_as = {letter: next(free) for letter in UNREAD if letter in tokens}
    latex = compact(read_as.get(token, token) for token in tokens)
    try:
        # SymPy works numbers out while it reads, however long they are; so it is looked first whether it may.
        with evaluate(False):
            meaning = parse_latex(latex, backend="lark")
        unevaluated = meaning.children if isinstance(meaning, Tree) else [meaning]
        if all(magnitude(reading) < math.inf for reading in unevaluated if not isinstance(reading, Tree)):
            meaning = parse_latex(latex, backend="lark")
    except (LarkError, ValueError, TypeError, AttributeError) as unknown:
        raise LayoutError(f"SymPy finds no meaning in {compact(tokens)}") from unknown
    meant = {Symbol(other[1:]): pi if letter == "\\pi" else Symbol(letter[1:]) for letter, other in read_as.items()}
    if not isinstance(meaning, Tree):
        return meaning.xreplace(meant)

    def strain(expression: Any) -> tuple[int, int, int]:
        calls = [node for node in preorder_traversal(expression) if isinstance(node, Function)]
        within = [node for call in calls for node in preorder_traversal(call)]
        sums, nested = (sum(isinstance(node, kind) for node in within) for kind in (Add, Function))
        return sums, sum(isinstance(node, Mul) for node in preorder_traversal(expression)) - len(calls), nested

    readings = [reading for reading in meaning.children if not isinstance(reading, Tree)]
    if not readings:
        raise LayoutError(f"SymPy finds no meaning in {compact(tokens)}")
    return min(readings, key=strain).xreplace(meant)


def magnitude(expression: Any) -> float:
    """A bound of the largest number in an expression, symbols and functions counted as 1; infinite beyond a float."""
    from sympy import Add, Mul, Number, Pow, factorial

    parts = [magnitude(part) for part in getattr(expression, "args", ())]
    if math.inf in parts:
        return math.inf
    try:
        match expression:
            case Number():
                return abs(float(expression))
            case Add():
                return math.fsum(parts)
            case Mul():
                return math.prod(parts)
            case Pow():
                return float(max(parts[0], 1.0) ** parts[1])
            case factorial():
                return math.gamma(parts[0] + 1.0)
    except (OverflowError, TypeError):
        return math.inf
    return max(parts, default=1.0)


def compact(tokens: Iterable[str]) -> str:
    """Tokens as one writes them by hand, ``\\frac{a}{b}``: a space only where a command would swallow a letter."""
    text = ""
    previous = ""
    for token in tokens:
        swallowed = previous[:1] == "\\" and previous[-1:].isalpha() and token[:1].isalpha()
        text += f" {token}" if swallowed else token
        previous = token
    return text
