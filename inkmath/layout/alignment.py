"""Giving the strokes of a formula as it was read to the formula as a person says it should be."""

from __future__ import annotations

from dataclasses import replace
from difflib import SequenceMatcher

from inkmath.layout.tree import LayoutError, LayoutTree, reading_order


def with_strokes_of(read: LayoutTree, meant: LayoutTree) -> LayoutTree:
    """The formula ``meant``, its symbols owning the strokes of ``read``'s.

    Symbols are paired in reading order, equal labels first; what is left over are the labels that were misread, and is
    paired in the same order.

    Raises:
        LayoutError: the two have a different number of symbols, so that some strokes are grouped wrongly.
    """
    wanted, given = (list(reading_order(tree.children, tree.root)) for tree in (meant, read))
    if len(wanted) != len(given):
        raise LayoutError(
            f"symbols in the ink: {len(given)}, in this formula: {len(wanted)}; first say which strokes belong together"
        )
    matcher = SequenceMatcher(
        None, [read.symbols[index].label for index in given], [meant.symbols[index].label for index in wanted], False
    )
    pairs: dict[int, int] = {}
    for block in matcher.get_matching_blocks():
        for step in range(block.size):
            pairs[wanted[block.b + step]] = given[block.a + step]
    taken = set(pairs.values())
    left = (index for index in given if index not in taken)
    for index in wanted:
        if index not in pairs:
            pairs[index] = next(left)
    symbols = tuple(
        replace(symbol, strokes=read.symbols[pairs[index]].strokes) for index, symbol in enumerate(meant.symbols)
    )
    return LayoutTree(symbols, meant.edges)
