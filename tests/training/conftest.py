"""Few small formulas to train on, and their classes."""

from __future__ import annotations

import pytest

from inkmath.features.expression import FormulaSet
from inkmath.synthesis import synthesize

POINTS = 8
"""A stroke has so many."""


@pytest.fixture(scope="module")
def formulas() -> FormulaSet:
    return FormulaSet.from_inks(synthesize(10, 5, writers=2, max_symbols=8), ["train"] * 10, POINTS)


@pytest.fixture(scope="module")
def classes(formulas: FormulaSet) -> list[str]:
    return sorted(set(formulas.labels.tolist()))
