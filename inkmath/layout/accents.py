r"""Accents: marks over a letter or a digit, as in ``\vec { v }``, and over several symbols.

In a layout tree the letter governs, ``Above`` it, the line of the marks: an arrow, a bar, one dot or two. All else
keeps its place: scripts are the letter's, and so is its neighbour on the line.

A mark over several symbols, as in ``\overline { A B }``, governs what it spans: that line stands ``Inside`` it, as what
is under the bar of a root stands inside that. Scripts are the mark's then, and it is the mark that has neighbours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from inkmath.layout.symbols import CHARACTERS
from inkmath.layout.tree import Relation

if TYPE_CHECKING:
    from inkmath.layout.tree import LayoutTree

ACCENTS: dict[str, tuple[str, ...]] = {
    "\\bar": ("-",),
    "\\vec": ("\\rightarrow",),
    "\\hat": ("\\wedge",),
    "\\tilde": ("\\sim",),
    "\\dot": (".",),
    "\\ddot": (".", "."),
}
"""LaTeX's command -> the labels of the marks."""

WIDE: dict[str, str] = {
    "\\overline": "\\bar",
    "\\overrightarrow": "\\vec",
    "\\widehat": "\\hat",
    "\\widetilde": "\\tilde",
}
"""Commands that set an accent as wide as what is under it -> the one that says the same of a single letter."""

SPANNING: dict[str, str] = {ACCENTS[narrow][0]: wide for wide, narrow in WIDE.items()}
"""Label of a mark that may span several symbols -> LaTeX's command for it."""

SHOWN: dict[str, str] = {
    "\\bar": "\u00af",
    "\\vec": "\u2192",
    "\\hat": "^",
    "\\tilde": "~",
    "\\dot": "\u02d9",
    "\\ddot": "\u00a8",
    "\\overline": "\u203e",
    "\\overrightarrow": "\u2192",
    "\\widehat": "\u02c6",
    "\\widetilde": "\u02dc",
}
"""The character by which MathML shows an accent; those of wide ones browsers stretch."""

DOTTED = frozenset("ij")
"""Letters that lose their dot under an accent."""

_COMMANDS = {marks: command for command, marks in ACCENTS.items()}

# The characters that say a mark in files, spacing and combining ones.
_CHARACTERS: dict[str, str] = {
    **dict.fromkeys("\u00af\u02c9\u0304\u0305\u203e", "\\bar"),
    **dict.fromkeys("\u20d7", "\\vec"),
    **dict.fromkeys("^\u02c6\u0302", "\\hat"),
    **dict.fromkeys("~\u02dc\u0303", "\\tilde"),
    **dict.fromkeys("\u02d9\u0307", "\\dot"),
    **dict.fromkeys(("\u00a8", "\u0308", "..", "\u02d9\u02d9"), "\\ddot"),
}


def marks_of_mathml(text: str) -> tuple[str, ...]:
    """The labels of the marks that a text above a base stands for; none where it is not that of an accent."""
    return ACCENTS[_CHARACTERS[text]] if text in _CHARACTERS else ()


def bears_accent(label: str) -> bool:
    """Whether an accent may stand over a symbol: over letters, digits and the nabla."""
    return label == "\\nabla" or (len(character := CHARACTERS.get(label, label)) == 1 and character.isalnum())


def spanning_of(tree: LayoutTree, symbol: int) -> str | None:
    """The accent that a symbol is over what stands inside it, as LaTeX names it; None where it is none."""
    return SPANNING.get(tree.symbols[symbol].label) if Relation.INSIDE in tree.children[symbol] else None


def accent_of(tree: LayoutTree, symbol: int) -> str | None:
    """The accent over a symbol, as LaTeX names it; None where there is none, or what is above is something else."""
    first = tree.children[symbol].get(Relation.ABOVE)
    if first is None or not bears_accent(tree.symbols[symbol].label):
        return None
    marks = list(tree.line(first))
    if any(tree.children[mark].keys() - {Relation.RIGHT} for mark in marks):
        return None
    return _COMMANDS.get(tuple(tree.symbols[mark].label for mark in marks))
