"""How large letters are written, how they stand on their line, and what moves when they become others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from inkmath.features.expression import RELATIONS, line_heads
from inkmath.layout.tree import Relation

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from numpy.typing import NDArray

    from inkmath.features.expression import Floats, Ints

BESIDE = frozenset(RELATIONS.index(one) for one in (Relation.RIGHT, Relation.SUP, Relation.SUB))

TALL = frozenset("bdhABDEFGHILMNRT0123456789")
"""Symbols as tall as a capital; letters whose case only their size tells are no measure for others."""

LETTERS = frozenset(
    (
        *"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
        *("\\alpha", "\\beta", "\\gamma", "\\lambda", "\\mu", "\\phi", "\\pi", "\\sigma", "\\theta", "\\Delta"),
        *("\\infty", "\\forall", "\\exists"),
        *("\\delta", "\\epsilon", "\\zeta", "\\eta", "\\xi", "\\rho", "\\tau", "\\psi", "\\omega"),
        *("\\Gamma", "\\Omega", "\\Phi", "\\Psi", "\\partial", "\\nabla", "\\emptyset", "\\hbar"),
    )
)
"""Symbols that stand on a line in a size of their own, any of which may stand where another does."""

ENOUGH = 5
"""Fewer symbols of a class than this, on lines with a tall symbol, say nothing about how they are written."""


@dataclass(frozen=True)
class Stance:
    """How a letter stands on its line.

    Attributes:
        height: in tall symbols of the line. below: how far it hangs below the line, in its own heights.
    """

    height: float
    below: float


USUAL, LOW, HANGING = Stance(1.05, 0.05), Stance(0.6, 0.0), Stance(1.1, 0.45)
"""Where the ink at hand says nothing: of capitals, digits and tall letters, of low ones, of those that hang."""


class Stances:
    """Lets letters become others, in the size and place that the ink at hand has those in.

    Args:
        classes: the symbol vocabulary. symbols: ``(M,)`` classes of all symbols at hand. low, high: ``(M, 2)`` corners
            of their boxes. heads: ``(M,)`` first symbol of each one's line, as :func:`line_heads` finds it.

    Attributes:
        letters: ``(C,)`` which classes are letters.
    """

    def __init__(
        self, classes: Sequence[str], symbols: NDArray[Any], low: Floats, high: Floats, heads: NDArray[np.int64]
    ) -> None:
        self.letters = np.array([label in LETTERS for label in classes])
        tall = np.array([label in TALL for label in classes])[symbols]
        tops, feet = _medians(heads, high[:, 1] - low[:, 1], tall), _medians(heads, high[:, 1], tall)
        measured = np.flatnonzero((tops > 0) & (high[:, 1] > low[:, 1]))
        height = (high - low)[measured, 1]
        share, hang = height / tops[measured], (high[measured, 1] - feet[measured]) / height
        stances = []
        for number, label in enumerate(classes):
            own = symbols[measured] == number
            if own.sum() < ENOUGH:
                stances.append(_usual(label))
            else:
                stances.append(Stance(float(np.median(share[own])), float(np.median(hang[own]))))

        self._height = np.array([stance.height for stance in stances], np.float32)  # (C,)
        self._below = np.array([stance.below for stance in stances], np.float32)

    def of(self, number: int) -> Stance:
        """How letters of a class stand."""
        return Stance(float(self._height[number]), float(self._below[number]))

    def line(self, symbols: NDArray[Any], low: Floats, high: Floats) -> tuple[float, float] | None:
        """Where the line runs that some symbols stand on and how tall its tall symbols are, by its letters.

        Args:
            symbols: ``(K,)`` classes of the symbols of one line. low, high: ``(K, 2)`` corners.

        Returns:
            None where none is a letter.
        """
        letters = self.letters[symbols]
        if not letters.any():
            return None
        feet, height = self._feet(symbols, low, high), high[:, 1] - low[:, 1]
        tall = height / self._height[symbols]
        return float(np.median(feet[letters])), float(np.median(tall[letters]))

    def _feet(self, symbols: NDArray[Any], low: Floats, high: Floats) -> Floats:
        """Where the line runs by each symbol alone, ``(K,)``."""
        feet: Floats = high[:, 1] - self._below[symbols] * (high[:, 1] - low[:, 1])
        return feet

    def change(
        self,
        others: dict[int, int],
        proportions: NDArray[Any],
        symbols: NDArray[Any],
        low: Floats,
        high: Floats,
        edges: Ints,
        rng: np.random.Generator,
    ) -> tuple[Floats, Floats]:
        """The boxes of a formula in which some letters are others.

        They stand on the line that their neighbours stand on, a little higher or lower as hands do, and what follows
        them or hangs beside them makes room.

        Args:
            others: places of letters, each with its new class. proportions: ``(K,)`` how wide each symbol then is for
            its height. symbols: ``(K,)`` classes before. low, high: ``(K, 2)`` corners. edges: ``(E, 3)`` parent,
            child, relation. rng: source of randomness.

        Returns:
            The new ``low`` and ``high``.
        """
        feet = self._feet(symbols, low, high)
        kept = self.letters[symbols]
        kept[list(others)] = False
        line = _medians(line_heads(edges, len(symbols)), feet, kept)
        feet = np.where(line > -np.inf, line, feet)
        low, high = low.copy(), high.copy()
        hand = np.exp(rng.normal(0.0, 0.1))  # one hand writes them all
        for place, number in others.items():
            right = high[place, 0]
            height = (high[place, 1] - low[place, 1]) * hand * self._height[number] / self._height[symbols[place]]
            high[place, 1] = feet[place] + (self._below[number] + rng.normal(0.0, 0.08)) * height
            low[place, 1] = high[place, 1] - height
            high[place, 0] = low[place, 0] + proportions[place] * height
            behind = beside(place, edges, BESIDE)
            low[behind, 0] += high[place, 0] - right
            high[behind, 0] += high[place, 0] - right
        return low, high


def _usual(label: str) -> Stance:
    if label in {"g", "j", "p", "q", "y", "\\beta", "\\gamma", "\\mu", "\\phi"}:
        return HANGING
    return LOW if label in {*"aceimnorsuvwxz", "\\alpha", "\\pi", "\\sigma", "\\infty"} else USUAL


def _medians(heads: NDArray[np.int64], values: Floats, counted: NDArray[np.bool_]) -> Floats:
    """For each symbol the median of ``values`` over those of its line that are counted, -inf where none is."""
    found = np.full(len(heads), -np.inf, np.float32)
    rows = np.flatnonzero(counted)
    rows = rows[np.argsort(heads[rows], kind="stable")]
    for line in np.split(rows, np.flatnonzero(np.diff(heads[rows])) + 1):
        if len(line):
            found[heads[line[0]]] = np.median(values[line])
    return found[heads]


def beside(place: int, edges: Ints, relations: Collection[int]) -> list[int]:
    """Everything that a symbol governs by one of some relations, with all under that."""
    found = [child for parent, child, relation in edges.tolist() if parent == place and relation in relations]
    for one in found:
        found.extend(child for parent, child, _ in edges.tolist() if parent == one)
    return found
