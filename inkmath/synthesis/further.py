"""Symbols that CROHME's formulas lack, in the place of ones that they have, and accents, which they lack, too."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

from inkmath.layout.accents import ACCENTS, DOTTED, SPANNING, accent_of, bears_accent
from inkmath.layout.classes import FURTHER_CLASSES, SYMBOL_CLASSES
from inkmath.layout.symbols import FENCES
from inkmath.layout.tree import Edge, LayoutTree, Relation, Symbol
from inkmath.synthesis.expressions import DIGITS, PRODUCTS, RELATIONS, SIGNS, VARIABLES

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

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

ACCENTED = 0.3
"""So many of the formulas have accents, on half of their letters or one."""

_ACCENT_ODDS = (0.24, 0.3, 0.16, 0.12, 0.12, 0.06)  # of `ACCENTS`, in their order
_ANOTHER = 0.2  # share of the letters whose accent is not the formula's usual one

SPANNED = 0.25
"""So many of the formulas have a wide accent, if they have a place for it."""

_SPANNING_ODDS = (0.5, 0.3, 0.14, 0.06)  # of `SPANNING`, in their order
_POINTS = 0.5  # share of the wide accents that stand over two or three capitals, as over points of geometry
_LONGER = 0.5  # so often a wide accent spans one symbol more
_APART = frozenset(
    (*RELATIONS, "\\in", *COMPARISONS, *ARROWS, *",;:|", *FENCES, *FENCES.values())
)  # no accent spans those
_CAPITALS = tuple(label for label in sorted((*SYMBOL_CLASSES, *FURTHER_CLASSES)) if len(label) == 1 and label.isupper())

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


def with_accents(tree: LayoutTree, room: int, rng: np.random.Generator) -> LayoutTree:
    """The formula, or one time in three or so the formula with accents; a letter has the same wherever it stands.

    Args:
        tree: a formula. room: so many symbols more it may have. rng: makes the choices.
    """
    labels = [symbol.label for symbol in tree.symbols]
    letters = sorted({label for label in labels if bears_accent(label) and label not in DIGITS})
    if rng.random() >= ACCENTED or not letters:
        return tree
    usual = str(rng.choice(list(ACCENTS), p=_ACCENT_ODDS))
    drawn = [letter for letter in letters if rng.random() < 0.5] or [str(rng.choice(letters))]
    accents = {one: str(rng.choice(list(ACCENTS))) if rng.random() < _ANOTHER else usual for one in drawn}
    symbols, edges = list(tree.symbols), list(tree.edges)
    for place, label in enumerate(labels):
        marks = ACCENTS[accents[label]] if label in accents else ()
        dotted = label in DOTTED and marks[:1] == (".",)
        if dotted or Relation.ABOVE in tree.children[place] or len(symbols) + len(marks) > len(labels) + room:
            continue
        governor, how = place, Relation.ABOVE
        for mark in marks:
            edges.append(Edge(governor, len(symbols), how))
            governor, how = len(symbols), Relation.RIGHT
            symbols.append(Symbol(mark))
    return LayoutTree(tuple(symbols), tuple(edges)).ordered()


def with_wide_accent(tree: LayoutTree, room: int, rng: np.random.Generator) -> LayoutTree:
    """The formula, or one time in four, if it has a place for it, the formula with an accent over several symbols.

    They are capitals in the place of a letter, or a stretch of a line that begins and ends with a letter or digit and
    has no brackets and no sign of relation.

    Args: as of :func:`with_accents`.
    """
    labels = [symbol.label for symbol in tree.symbols]
    bare = [place for place, label in enumerate(labels) if bears_accent(label) and accent_of(tree, place) is None]
    if rng.random() >= SPANNED or not bare:
        return tree
    mark = str(rng.choice(list(SPANNING), p=_SPANNING_ODDS))
    letters = [place for place in bare if labels[place] not in DIGITS]
    if letters and rng.random() < _POINTS:
        points = [str(label) for label in rng.choice(_CAPITALS, 3 if mark == "\\wedge" else 2, replace=False)]
        place = int(rng.choice(letters))
        return _spanned(tree, place, place, mark, points) if len(points) <= room else tree
    first = int(rng.choice(bare))
    stretch = [first]
    for place in list(tree.line(first))[1:]:
        if len(stretch) > 1 and stretch[-1] in bare and rng.random() >= _LONGER:
            break
        stretch.append(place)
        if labels[place] in _APART:
            break
    return _spanned(tree, first, stretch[-1], mark) if room and len(stretch) > 1 and stretch[-1] in bare else tree


def _spanned(tree: LayoutTree, first: int, last: int, mark: str, points: Sequence[str] = ()) -> LayoutTree:
    """The formula with a mark over a stretch of a line, or over some labels in the place of the one symbol of that."""
    over = len(tree.symbols)
    symbols = [*tree.symbols, Symbol(mark), *map(Symbol, points[1:])]
    symbols[first] = Symbol(points[0]) if points else symbols[first]
    edges = [Edge(over, first, Relation.INSIDE)]
    for edge in tree.edges:
        beyond = edge.parent == last and (points or edge.relation is Relation.RIGHT)
        beside = edge.parent == first and edge.relation in (Relation.CELL, Relation.ROW)
        parent = over if beyond or beside else edge.parent
        edges.append(Edge(parent, over if edge.child == first else edge.child, edge.relation))
    edges += [Edge(*pair, Relation.RIGHT) for pair in pairwise([first, *range(over + 1, len(symbols))])]
    return LayoutTree(tuple(symbols), tuple(edges)).ordered()
