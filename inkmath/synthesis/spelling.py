"""Names of functions spelled with letters: a sine in the hand of people who wrote s, i and n, but perhaps no sine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from inkmath.features.expression import Floats
    from inkmath.synthesis.stance import Stances

NAMES = ("\\cos", "\\lim", "\\log", "\\sin", "\\tan")
"""Symbols that are written as the letters of their names."""

EACH = 4
"""So often every writer who wrote all its letters spells a name, with other ones each time."""


@dataclass(frozen=True)
class Name:
    """A name that nobody wrote.

    Attributes:
        number: its class. hand: who wrote its letters. strokes: ``(S, P, 2)``, in tall symbols of their line.
    """

    number: int
    hand: int
    strokes: Floats


def spell(
    labels: Sequence[str],
    letters: Mapping[tuple[int, int], NDArray[np.int64]],
    ink: Sequence[Floats],
    stances: Stances,
    rng: np.random.Generator,
) -> list[Name]:
    """Spell all names of the vocabulary in every hand that wrote their letters.

    Args:
        labels: the symbol vocabulary. letters: by hand and class, which symbols those are. ink: ``(S, P, 2)`` strokes
            of each symbol. stances: how letters stand on their line. rng: source of randomness.
    """
    index = {label: number for number, label in enumerate(labels)}
    hands = sorted({hand for hand, _ in letters})
    names = []
    for name in NAMES:
        spelling = [index.get(letter, -1) for letter in name.removeprefix("\\")]
        for hand in hands if name in index else ():
            if all((hand, letter) in letters for letter in spelling):
                for _ in range(EACH):
                    chosen = [ink[int(rng.choice(letters[hand, letter]))] for letter in spelling]
                    names.append(Name(index[name], hand, _in_a_row(chosen, spelling, stances, rng)))
    return names


def _in_a_row(letters: Sequence[Floats], classes: Sequence[int], stances: Stances, rng: np.random.Generator) -> Floats:
    """Letters on one line, each as large as its class is, close to each other: all their strokes in order."""
    written: list[Floats] = []
    end, near = 0.0, rng.normal(0.12, 0.08)
    for ink, number in zip(letters, classes, strict=True):
        low, high = ink.min(axis=(0, 1)), ink.max(axis=(0, 1))
        stance = stances.of(number)
        height = stance.height * np.exp(rng.normal(0.0, 0.08))
        scale = height / max(float(high[1] - low[1]), 1e-3)
        feet = stance.below * height + rng.normal(0.0, 0.03)
        corner = np.array([low[0], high[1]], np.float32)
        written.append((ink - corner) * np.float32(scale) + np.array([end, feet], np.float32))
        end += scale * float(high[0] - low[0]) + max(0.0, near + rng.normal(0.0, 0.05))
    return np.concatenate(written).astype(np.float32)
