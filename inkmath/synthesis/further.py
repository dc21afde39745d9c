"""Symbols that CROHME's formulas lack, in the place of ones that they have."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from inkmath.layout.tree import Relation
from inkmath.synthesis.expressions import DIGITS, PRODUCTS, RELATIONS, SIGNS, VARIABLES

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from inkmath.layout.tree import LayoutTree

LETTERS = (
    *"DJKOQUWZ",
    *("\\delta", "\\epsilon", "\\zeta", "\\eta", "\\xi", "\\rho", "\\tau", "\\psi", "\\omega"),
    *("\\Gamma", "\\Omega", "\\Phi", "\\Psi", "\\partial", "\\nabla", "\\emptyset", "\\hbar"),
)
OPERATORS = ("\\cup", "\\cap", "\\wedge", "\\vee", "\\mp", "\\ast", "\\circ", ":")
ARROWS = ("\\Rightarrow", "\\Leftrightarrow", "\\leftarrow", "\\mapsto")
COMPARISONS = (
    *("\\approx", "\\sim", "\\equiv", "\\subset", "\\supset", "\\subseteq", "\\notin"),
    *("\\propto", "\\perp", "\\parallel", "\\ll", "\\gg"),
)

INSTEAD: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(VARIABLES, LETTERS),
    **dict.fromkeys({*SIGNS, *PRODUCTS} - {"-"}, OPERATORS),
    **dict.fromkeys((*RELATIONS, "\\in"), (*COMPARISONS, *ARROWS)),
    **dict.fromkeys(("\\rightarrow",), ARROWS),
    **dict.fromkeys(("\\forall", "\\exists"), ("\\neg", "\\angle")),
    ",": (";",),
    "!": ("\\%",),
    "\\sum": ("\\prod",),
}
"""For a class, what may stand in its place."""

SHARE = 0.3
"""So many of the symbols that others may stand for give way to one."""

_DEGREES = 0.1  # share of the superscripts of one digit that become the sign of degrees


def place_for(label: str, rng: np.random.Generator) -> str:
    """A class that ``label`` may stand in the place of."""
    return str(rng.choice(sorted(place for place, others in INSTEAD.items() if label in others)))


def with_further(tree: LayoutTree, wanted: Sequence[str], rng: np.random.Generator) -> LayoutTree:
    """The formula with further symbols in the place of some of its own.

    Args:
        tree: a formula. wanted: classes that it shall have, where it has a place for them. rng: makes the choices.
    """
    labels = [symbol.label for symbol in tree.symbols]
    chosen: dict[int, str] = {}
    for label in wanted:
        places = [place for place, own in enumerate(labels) if label in INSTEAD.get(own, ()) and place not in chosen]
        if places:
            chosen[int(rng.choice(places))] = label
    for place, own in enumerate(labels):
        if place not in chosen and own in INSTEAD and rng.random() < SHARE:
            chosen[place] = str(rng.choice(INSTEAD[own]))
    for edge in tree.edges:
        alone = edge.relation is Relation.SUP and not tree.children[edge.child]
        if alone and labels[edge.child] in DIGITS and rng.random() < _DEGREES:
            chosen[edge.child] = "\\circ"
    symbols = (replace(symbol, label=chosen.get(place, symbol.label)) for place, symbol in enumerate(tree.symbols))
    return replace(tree, symbols=tuple(symbols))
