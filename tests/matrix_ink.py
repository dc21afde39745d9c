"""Ink of formulas that hold a matrix."""

from __future__ import annotations

import numpy as np

from inkmath.ink import Ink
from inkmath.synthesis.matrices import matrix_formula
from inkmath.synthesis.style import Writer
from inkmath.synthesis.typeset import typeset


def with_matrices(count: int, seed: int = 1, max_symbols: int = 24) -> list[Ink]:
    """Formulas with truth, each by a hand of its own."""
    inks = []
    for number in range(count):
        rng = np.random.default_rng([seed, number])
        strokes, tree = typeset(matrix_formula(rng, max_symbols=max_symbols), Writer([seed, number]), rng)
        inks.append(Ink(strokes, id=f"train/matrix-{number}", source="made-up", writer=f"m{number}", tree=tree))
    return inks
