"""The layout tree as algebra: a SymPy expression. SymPy and Lark are optional (``pip install 'inkmath[sympy]'``)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from inkmath.layout.latex import canonical_tokens
from inkmath.layout.tree import LayoutError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from inkmath.layout.tree import LayoutTree


def to_sympy(tree: LayoutTree) -> Any:
    """Read a formula's meaning: ``\\frac { a } { b } + 1`` becomes ``a/b + 1``.

    Handwriting leaves out what algebra needs (is ``f ( x )`` a product?). Where SymPy's grammar allows several
    meanings, a function's argument ends at the next ``+`` or ``-``, and application is preferred to a product.

    Raises:
        ImportError: SymPy or Lark is not installed.
        LayoutError: the formula has no meaning that SymPy knows.
    """
    try:
        from lark import Tree
        from lark.exceptions import LarkError
        from sympy import Add, Function, Mul, preorder_traversal
        from sympy.parsing.latex import parse_latex
    except ImportError as missing:
        raise ImportError("to_sympy needs SymPy and Lark: pip install 'inkmath[sympy]'") from missing

    latex = compact(canonical_tokens(tree))
    try:
        meaning = parse_latex(latex, backend="lark")
    except (LarkError, ValueError, TypeError, AttributeError) as unknown:
        raise LayoutError(f"SymPy finds no meaning in {latex}") from unknown
    if not isinstance(meaning, Tree):
        return meaning

    def strain(expression: Any) -> tuple[int, int]:
        calls = [node for node in preorder_traversal(expression) if isinstance(node, Function)]
        sums = sum(isinstance(node, Add) for call in calls for node in preorder_traversal(call))
        return sums, sum(isinstance(node, Mul) for node in preorder_traversal(expression)) - len(calls)

    readings = [reading for reading in meaning.children if not isinstance(reading, Tree)]
    if not readings:
        raise LayoutError(f"SymPy finds no meaning in {latex}")
    return min(readings, key=strain)


def compact(tokens: Iterable[str]) -> str:
    """Tokens as one writes them by hand, ``\\frac{a}{b}``: a space only where a command would swallow a letter."""
    text = ""
    previous = ""
    for token in tokens:
        swallowed = previous[:1] == "\\" and previous[-1:].isalpha() and token[:1].isalpha()
        text += f" {token}" if swallowed else token
        previous = token
    return text
