"""Stray taps: a palm or the pen touches the sheet, and a dot is left that is no part of the formula.

Where a formula would be likelier by far without a dot, as the search measures it, the reading without is offered beside
the best one. It is not taken: of strangers' ink decimal points would be lost (docs/experiments.md, "Stray taps").
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from inkmath.decoding.rows import SPECK
from inkmath.decoding.search import AMONG_OTHERS
from inkmath.ink import boxes, extents, typical_size
from inkmath.layout.latex import canonical_tokens

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from inkmath.decoding.reading import Reading
    from inkmath.ink import Stroke

MOST = 3
"""So many dots of a formula are looked at: more are dots of something."""

GAIN = 1.5
"""By so much, in log-probability, must a formula be likelier without a dot."""


def specks(strokes: Sequence[Stroke], reading: Reading, kept: Collection[frozenset[int]]) -> list[int]:
    """The strokes that may be taps: small ones that are read as a symbol by themselves, and that nobody decided on."""
    low, high = boxes(strokes)
    sizes = extents(low, high) / typical_size(low, high)
    alone = {symbol.strokes[0] for symbol in reading.tree.symbols if len(symbol.strokes) == 1}
    decided = frozenset().union(*kept)
    small = [index for index in sorted(alone - decided) if sizes[index] < SPECK]
    return small if 0 < len(small) <= MOST and len(reading.tree.symbols) > len(small) + 1 else []


def offered_beside(best: Reading, found: Reading) -> Reading:
    """A reading in which a stroke is of no symbol, to stand beside the best one.

    Its confidence is what that leaves to others at most.
    """
    sure = min(found.confidence, best.confidence, AMONG_OTHERS * (1.0 - best.confidence))
    return replace(found, confidence=sure)


def with_offer(readings: Sequence[Reading], offered: Reading) -> list[Reading]:
    """The readings with one more as the second, unless the first says the same; no two of the same LaTeX."""
    tokens = canonical_tokens(offered.tree)
    if canonical_tokens(readings[0].tree) == tokens:
        return list(readings)
    return [readings[0], offered, *(other for other in readings[1:] if canonical_tokens(other.tree) != tokens)]
