r"""One tree for what is written in several ways and means the same.

Files differ in how they say where limits stand (CROHME's laboratories call the lower limit of ``\int`` ``Sub`` or
``Below``, whatever the ink is like) and what a prime is. Formulas are compared, and networks trained, in one form.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from inkmath.layout.accents import bears_accent, spanning_of
from inkmath.layout.symbols import INTEGRALS, PRIME, STACKING
from inkmath.layout.tree import Edge, LayoutTree, Relation, along_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inkmath.layout.tree import Symbol

    Children = list[dict[Relation, int]]

STACKED = {Relation.SUB: Relation.BELOW, Relation.SUP: Relation.ABOVE}
"""Where a script stands that is a limit below or above."""

_BESIDE = {stacked: script for script, stacked in STACKED.items()}


def canonical(tree: LayoutTree) -> LayoutTree:
    r"""The tree in the form in which formulas are compared; the same object where it is in that form already.

    Limits of ``\sum``, ``\lim`` and the like stand below and above, those of integrals are scripts, as in a displayed
    formula of TeX; only a script besides limits stays what it is. A prime on the line is a superscript of what it
    follows. A wide accent over a lone letter is a narrow one. Symbols keep their order and their strokes.
    """
    children = [dict(lines) for lines in tree.children]
    for symbol, lines in zip(tree.symbols, children, strict=True):
        moves = STACKED if symbol.label in STACKING else _BESIDE if symbol.label in INTEGRALS else {}
        for found, proper in moves.items():
            if found in lines and proper not in lines:
                lines[proper] = lines.pop(found)
    _raise_primes(tree.symbols, children)
    _narrow(tree.symbols, children, [mark for mark in range(len(tree.symbols)) if spanning_of(tree, mark) is not None])
    if children == list(tree.children):
        return tree
    return LayoutTree(
        tree.symbols,
        tuple(Edge(parent, child, how) for parent, lines in enumerate(children) for how, child in lines.items()),
    )


def _narrow(symbols: Sequence[Symbol], children: Children, marks: Sequence[int]) -> None:
    """Let lone letters take the places of the accents that span them, which then stand above the letters."""
    if not marks:
        return
    places = {child: (parent, how) for parent, lines in enumerate(children) for how, child in lines.items()}
    for mark in marks:
        letter, others = children[mark][Relation.INSIDE], children[mark].keys() - {Relation.INSIDE}
        taken = children[letter] or not bears_accent(symbols[letter].label)
        if taken or Relation.ABOVE in others:
            continue
        children[letter] = {how: children[mark][how] for how in others} | {Relation.ABOVE: mark}
        children[mark] = {}
        places |= {children[letter][how]: (letter, how) for how in others}  # which may be marks still to come
        if mark in places:
            parent, how = places[mark]
            children[parent][how] = letter


def _raise_primes(symbols: Sequence[Symbol], children: Children) -> None:
    """Move primes from lines into superscripts; within a superscript they are where they belong."""
    primes = {number for number, symbol in enumerate(symbols) if symbol.label == PRIME}
    uppers = [(Relation.ABOVE, Relation.SUP) if symbol.label in STACKING else (Relation.SUP,) for symbol in symbols]
    settled = set(primes)  # symbols that what follows them on the line is no superscript of
    for upper, lines in zip(uppers, children, strict=True) if primes else ():
        for place in upper:
            if place in lines:
                settled.update(along_line(children, lines[place]))
    for base, (upper, lines) in enumerate(zip(uppers, children, strict=True)):
        first = lines.get(Relation.RIGHT)
        if first not in primes or base in settled:
            continue
        last = next(prime for prime in along_line(children, first) if children[prime].get(Relation.RIGHT) not in primes)
        # Beside a limit above, a prime is a script, as `'` makes it; other primes there are no limit.
        place = upper[-1] if lines.get(upper[0], first) not in primes else upper[0]
        following = children[last].pop(Relation.RIGHT, None)
        del lines[Relation.RIGHT]
        if place in lines:
            *_, end = along_line(children, lines[place])
            children[end][Relation.RIGHT] = first
        else:
            lines[place] = first
        if following is not None:
            lines[Relation.RIGHT] = following
