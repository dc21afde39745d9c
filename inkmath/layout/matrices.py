r"""Matrices, and what else stands in rows and columns: which brackets hold one, and what LaTeX calls them.

In a layout tree the opening bracket governs, ``Inside``, the first cell (see :mod:`inkmath.layout.tree`); the closing
one, if there is any, is the bracket's neighbour on its line. The scripts of a matrix are those of its closing bracket.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from inkmath.layout.tree import Relation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inkmath.layout.tree import LayoutTree

ENVIRONMENTS: dict[str, tuple[str, str | None]] = {
    "pmatrix": ("(", ")"),
    "bmatrix": ("[", "]"),
    "Bmatrix": ("\\{", "\\}"),
    "vmatrix": ("|", "|"),
    "Vmatrix": ("\\|", "\\|"),
    "cases": ("\\{", None),
}
"""LaTeX's environment -> the brackets that it sets around its rows; ``cases`` has none at its end."""

OPENING = frozenset(opening for opening, _ in ENVIRONMENTS.values())
"""Brackets that may hold a matrix."""

CLOSING = frozenset(closing for _, closing in ENVIRONMENTS.values() if closing is not None)
"""Brackets that may close one, be it that of another pair."""

_MIXED = dict.fromkeys("([", frozenset({")", "]", "\\}"}))
"""Brackets that people close by one of another pair, too, and what by."""


def holds_matrix(tree: LayoutTree) -> bool:
    """Whether a matrix stands in a formula, if only one of a single cell."""
    return any(tree.matrix(edge.parent) for edge in tree.edges if edge.relation is Relation.INSIDE)


def closing_of(tree: LayoutTree, opening: int) -> int | None:
    """The bracket that closes a matrix, the neighbour of the one that it stands inside of; None where none does.

    Braces and bars are closed by their partners only: what follows those of cases is another's. Round and square
    brackets are closed by one another, too.
    """
    closing = tree.children[opening].get(Relation.RIGHT)
    if closing is None or tree.matrix(closing):
        return None
    label, other = tree.symbols[opening].label, tree.symbols[closing].label
    closes = (label, other) in ENVIRONMENTS.values() or other in _MIXED.get(label, ())
    return closing if closes else None


def environment_of(tree: LayoutTree, opening: int) -> str | None:
    r"""The environment that says a matrix together with its brackets.

    None where there is no matrix, and where no environment says it: the bracket has scripts, or what closes it is not
    its partner. Such a matrix is LaTeX's ``matrix``, between brackets that stand for themselves.

    Args:
        tree: a formula. opening: the symbol that the matrix stands inside of.
    """
    lines = tree.children[opening]
    if Relation.INSIDE not in lines or lines.keys() - {Relation.INSIDE, Relation.RIGHT}:
        return None
    closing = closing_of(tree, opening)
    brackets = tree.symbols[opening].label, None if closing is None else tree.symbols[closing].label
    return next((name for name, pair in ENVIRONMENTS.items() if pair == brackets), None)


def cells_of(tokens: Sequence[str], begin: int) -> tuple[list[list[list[str]]], int]:
    r"""The cells, row by row, of the matrix whose ``\begin`` is at a place, each as its tokens, and the place after it.

    Args:
        tokens: of a formula, as `inkmath.layout.latex.canonical_tokens` gives them. begin: a place among them.
    """
    rows: list[list[list[str]]] = [[[]]]
    depth = 1
    for place, token in enumerate(tokens[begin + 1 :], begin + 1):
        depth += token.startswith("\\begin") - token.startswith("\\end")
        if not depth:
            return rows, place + 1
        if depth > 1 or token not in ("&", "\\\\"):
            rows[-1][-1].append(token)
        elif token == "&":
            rows[-1].append([])
        else:
            rows.append([[]])
    raise AssertionError("what begins has an end")
