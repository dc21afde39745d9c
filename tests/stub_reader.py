"""Readers without weights: they look at geometry only, so that what surrounds a model can be tested by itself."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

from inkmath.decoding.reading import Candidate, Constraints, Reading
from inkmath.layout.tree import Edge, LayoutTree, Relation, Symbol

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from inkmath.ink import Ink

LABELS = ("x", "1", "-", "+", "y", "2", "\\alpha")


class StubReader:
    """Every stroke is a symbol: a tall one ``1``, a flat one ``-``, any other ``x``; all on one line, left to right."""

    labels: tuple[str, ...] = LABELS

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds = seconds
        self.calls = 0

    def read(
        self, inks: Sequence[Ink], *, alternatives: int = 5, constraints: Sequence[Constraints] | None = None
    ) -> list[list[Reading]]:
        self.calls += 1
        time.sleep(self.seconds)
        chosen = constraints or [{}] * len(inks)
        return [
            [self._line(ink, decided, offset) for offset in range(min(alternatives, len(LABELS)))]
            for ink, decided in zip(inks, chosen, strict=True)
        ]

    def rows(
        self, ink: Ink, together: Collection[frozenset[int]] = (), begins: Collection[int] = ()
    ) -> list[tuple[int, ...]]:
        """What lies 100 or more below the topmost stroke is a second formula; from a beginning on, another."""
        tops = np.array([stroke[:, 1].min() for stroke in ink.strokes])
        below = tops >= tops.min() + 100
        for kept in together:
            below[list(kept)] = below[list(kept)].all()
        row = 1000 * below + [sum(stroke >= first for first in begins) for stroke in range(len(tops))]
        return [tuple(np.flatnonzero(row == one).tolist()) for one in np.unique(row)]

    def _line(self, ink: Ink, decided: Constraints, offset: int) -> Reading:
        """A line of symbols; reading ``offset`` calls the last undecided symbol something else."""
        free = [index for index in range(len(ink.strokes)) if not any(index in owned for owned in decided)]
        owners = [*decided, *(frozenset([index]) for index in free)]
        owners.sort(key=lambda owned: min(float(ink.strokes[index][:, 0].min()) for index in owned))
        symbols = []
        for owned in owners:
            label = decided.get(owned) or _shape(ink, min(owned))
            if owned == owners[-1] and owned not in decided:
                label = LABELS[(LABELS.index(label) + offset) % len(LABELS)]
            symbols.append(Symbol(label, tuple(sorted(owned))))
        edges = tuple(Edge(index, index + 1, Relation.RIGHT) for index in range(len(symbols) - 1))
        others = tuple((Candidate(symbol.label, 0.8), *_others(symbol.label)) for symbol in symbols)
        return Reading(LayoutTree(tuple(symbols), edges), 0.9 / (offset + 1), others)


class StubNamer:
    """Names a symbol by the shape of its first stroke."""

    labels = LABELS

    def classify(self, inks: Sequence[Ink], *, top_k: int = 3) -> list[list[Candidate]]:
        best = [_shape(ink, 0) for ink in inks]
        return [[Candidate(label, 0.8), *_others(label)][:top_k] for label in best]


def _shape(ink: Ink, index: int) -> str:
    wide, high = ink.strokes[index].max(axis=0) - ink.strokes[index].min(axis=0)
    if wide > 2 * high:
        return "-"
    return "1" if high > 2 * wide else "x"


def _others(label: str) -> tuple[Candidate, ...]:
    return tuple(Candidate(other, 0.04) for other in LABELS if other != label)[:4]
