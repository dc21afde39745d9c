"""Stray taps: a palm or the pen touches the sheet, and a dot is left that is no part of the formula.

A dot is left out where what remains is by far the likelier formula, as the search measures it. Decimal points, dots of
multiplication and commas are expected where they stand, and are not.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from inkmath.decoding.rows import SPECK
from inkmath.ink import boxes, typical_size

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from inkmath.decoding.reading import Reading
    from inkmath.ink import Stroke


MOST = 3
"""So many dots of a formula are looked at: more are dots of something."""

GAIN = 3.0
"""By so much, in log-probability, must a formula be likelier without a dot: tried were 1 to 4 (docs/experiments.md)."""


def specks(strokes: Sequence[Stroke], reading: Reading, kept: Collection[frozenset[int]]) -> list[int]:
    """The strokes that may be taps: small ones that are read as a symbol by themselves, and that nobody decided on."""
    low, high = boxes(strokes)
    reach = (high - low).max(axis=1) / typical_size(low, high)
    alone = {symbol.strokes[0] for symbol in reading.tree.symbols if len(symbol.strokes) == 1}
    decided = frozenset().union(*kept)
    small = [index for index in sorted(alone - decided) if reach[index] < SPECK]
    return small if 0 < len(small) <= MOST and len(reading.tree.symbols) > len(small) + 1 else []


def of_all(reading: Reading, left_out: int) -> Reading:
    """A reading of ink without one stroke, as one of the whole ink, in which that is of no symbol."""
    symbols = tuple(
        replace(symbol, strokes=tuple(index + (index >= left_out) for index in symbol.strokes))
        for symbol in reading.tree.symbols
    )
    return replace(reading, tree=replace(reading.tree, symbols=symbols))
