"""All the symbols at hand, by class and by writer: the ink that formulas are composed of."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from inkmath.features.expression import line_heads
from inkmath.synthesis.spelling import spell
from inkmath.synthesis.stance import Stances

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from inkmath.features.expression import Floats, FormulaSet, Ints


class SymbolBank:
    """The M symbols of some formulas, in their order, and behind them names of functions that nobody wrote.

    Args:
        formulas: fully labelled formulas. classes: the symbol vocabulary; every label occurs in it.

    Attributes:
        points: ``(N, P, 2)`` of all strokes. rows: the strokes of each symbol. low, high: ``(M + K, 2)`` corners of
        their boxes. classes: ``(M + K,)``. hands: ``(M,)`` a number for the writer of each. of_class: the symbols of
        each class, without the K names that are spelled. edges: ``(E, 3)`` between symbols: parent, child, relation.
        stances: how letters stand on their line.
    """

    def __init__(self, formulas: FormulaSet, classes: Sequence[str]) -> None:
        index = {label: number for number, label in enumerate(classes)}
        counts = np.diff(formulas.stroke_offsets)
        symbol = formulas.symbol_of + np.repeat(formulas.symbol_offsets[:-1], counts)  # (N,) over all formulas
        self.points = formulas.points
        self.rows = np.split(np.argsort(symbol, kind="stable"), np.cumsum(np.bincount(symbol))[:-1])
        self.low, self.high = _corners([self.points[rows] for rows in self.rows])
        self.classes = np.array([index[str(label)] for label in formulas.labels], np.int32)
        self.of_class = [np.flatnonzero(self.classes == number) for number in range(len(classes))]
        self.hands = np.repeat(_hands(formulas), np.diff(formulas.symbol_offsets))
        self._of_hand = _by_pair(self.hands, self.classes)
        self.edges: Ints = formulas.edges.copy()
        self.edges[:, :2] += np.repeat(formulas.symbol_offsets[:-1], np.diff(formulas.edge_offsets))[:, None]
        self.stances = Stances(classes, self.classes, self.low, self.high, line_heads(self.edges, len(self.rows)))
        self._add_spelled(classes)

    def _add_spelled(self, classes: Sequence[str]) -> None:
        """Spell names with letters; they belong to no formula."""
        written = [self.points[rows] for rows in self.rows]
        # The same names whatever is drawn: they are ink at hand, as what people wrote is.
        names = spell(classes, self._of_hand, written, self.stances, np.random.default_rng(0))
        ink, symbols = [name.strokes for name in names], len(self.rows) + np.arange(len(names))
        numbers = np.array([name.number for name in names], np.int32)
        of_hand = _by_pair(np.array([name.hand for name in names], np.int32), numbers)
        self._spelled = {number: symbols[numbers == number] for number in set(numbers.tolist())}
        self._spelled_of_hand = {pair: symbols[places] for pair, places in of_hand.items()}
        ends = len(self.points) + np.cumsum([0, *map(len, ink)])
        self.rows += [np.arange(*bounds) for bounds in pairwise(ends)]
        low, high = _corners(ink)
        self.low, self.high = np.concatenate([self.low, low]), np.concatenate([self.high, high])
        self.points = np.concatenate([self.points, *ink])
        self.classes = np.concatenate([self.classes, numbers])

    def draw(self, number: int, hand: int | None, spelled: float, rng: np.random.Generator) -> int:
        """A symbol of a class by one writer, or by anyone where that writer wrote none or no writer is asked for.

        Args:
            number: the class. hand: the writer. spelled: probability that it is spelled, if it is a name that can be.
            rng: source of randomness.
        """
        bank, of_hand = self.of_class[number], self._of_hand
        if number in self._spelled and rng.random() < spelled:
            bank, of_hand = self._spelled[number], self._spelled_of_hand
        if hand is not None:
            bank = of_hand.get((hand, number), bank)
        return int(bank[int(rng.integers(len(bank)))])


def _hands(formulas: FormulaSet) -> Ints:
    """A number for the writer of each formula, ``(F,)``; one whose writer is not known is in a hand of its own."""
    names = [writer or f" {number}" for number, writer in enumerate(formulas.writers.tolist())]
    return np.unique(names, return_inverse=True)[1].astype(np.int32)


def _corners(ink: Sequence[Floats]) -> tuple[Floats, Floats]:
    """Corners ``(M, 2)`` of the boxes of symbols, each of strokes ``(S, P, 2)``."""
    low = [strokes.min(axis=(0, 1)) for strokes in ink]
    high = [strokes.max(axis=(0, 1)) for strokes in ink]
    return np.reshape(low, (-1, 2)).astype(np.float32), np.reshape(high, (-1, 2)).astype(np.float32)


def _by_pair(first: Ints, second: Ints) -> dict[tuple[int, int], NDArray[np.int64]]:
    """The places at which each pair of numbers occurs."""
    places: dict[tuple[int, int], list[int]] = {}
    for place, pair in enumerate(zip(first.tolist(), second.tolist(), strict=True)):
        places.setdefault(pair, []).append(place)
    return {pair: np.array(found, np.int64) for pair, found in places.items()}
