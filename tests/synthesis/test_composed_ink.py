"""Composed formulas as ink: whole truth, other labels, the same for the same seed, and nothing but training ink."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hash_seeds import printed_by_each
from matrix_ink import with_matrices

from inkmath.dataset.splits import telling
from inkmath.ink import Ink
from inkmath.layout.accents import accent_of, spanning_of
from inkmath.synthesis import synthesize
from inkmath.synthesis.composed_ink import composed_inks

if TYPE_CHECKING:
    from inkmath.layout.tree import LayoutTree


@pytest.fixture(scope="module")
def inks() -> list[Ink]:
    return list(synthesize(20, 3, writers=4, max_symbols=10))


def test_each_formula_is_composed_as_often_as_asked(inks: list[Ink]) -> None:
    made = list(composed_inks(inks, 2, seed=1))
    assert [ink.id for ink in made] == [f"shapes/{ink.id}+{again}" for again in range(2) for ink in inks]


def test_formulas_with_matrices_are_not_composed(inks: list[Ink]) -> None:
    made = list(composed_inks([*with_matrices(3), *inks], 1, seed=1))
    assert [ink.id for ink in made] == [f"shapes/{ink.id}+0" for ink in inks]
    assert not list(composed_inks(with_matrices(3), 1, seed=1))


def test_what_is_composed_says_nothing_of_what_people_write(inks: list[Ink]) -> None:
    """Else a label that only ink given for its shapes has would become a class by being exchanged."""
    assert not telling(np.array([ink.id for ink in composed_inks(inks, 1, seed=1)])).any()


def test_a_composed_formula_has_a_symbol_for_each_stroke(inks: list[Ink]) -> None:
    for ink in composed_inks(inks, 3, seed=1):
        assert ink.tree is not None
        owned = Counter(stroke for symbol in ink.tree.symbols for stroke in symbol.strokes)
        assert owned == Counter(range(len(ink.strokes)))
        assert all(np.isfinite(stroke).all() for stroke in ink.strokes)


def test_letters_that_look_alike_in_both_cases_occur_in_both(inks: list[Ink]) -> None:
    """Of each formula with an x some come with an X, and the other way round."""
    labels = [
        {symbol.label for symbol in ink.tree.symbols} & {"x", "X"}
        for ink in composed_inks(_of_x(inks), 40, seed=1)
        if ink.tree
    ]
    small, large = (sum(label in found for found in labels) for label in "xX")
    assert min(small, large) > 0.2 * len(labels)


def test_some_get_accents_narrow_and_wide_where_their_marks_are_known() -> None:
    """A hat over three letters is a line with a kink: as a symbol it must have been met to be told from a bar."""
    bare = [ink for ink in synthesize(200, 5, max_symbols=12, further=True) if ink.tree and not _accents(ink.tree)]
    found = Counter(accent for ink in composed_inks(bare, 1, seed=1) if ink.tree for accent in _accents(ink.tree))
    assert {"\\bar", "\\vec", "\\overline", "\\overrightarrow"} <= found.keys()
    assert found.total() > 0.1 * len(bare)


def _accents(tree: LayoutTree) -> list[str]:
    names = [name(tree, symbol) for symbol in range(len(tree.symbols)) for name in (accent_of, spanning_of)]
    return [name for name in names if name]


def _of_x(inks: list[Ink]) -> list[Ink]:
    """One formula with x and no X, and one the other way round, to draw capitals from."""
    found: dict[str, Ink] = {}
    for ink in [*inks, *synthesize(101, 4, max_symbols=8)]:
        here = {symbol.label for symbol in ink.tree.symbols} & {"x", "X"} if ink.tree else set()
        if len(here) == 1:
            found.setdefault(here.pop(), ink)
    return [found["x"], found["X"]]


def test_the_same_seed_composes_the_same_ink(inks: list[Ink]) -> None:
    one, again, other = (list(composed_inks(inks, 1, seed)) for seed in (1, 1, 2))
    for left, right in zip(one, again, strict=True):
        assert left.tree == right.tree
        assert all((a == b).all() for a, b in zip(left.strokes, right.strokes, strict=True))
    assert [ink.tree for ink in one] != [ink.tree for ink in other]


def test_ink_without_full_truth_takes_no_part(inks: list[Ink]) -> None:
    bare = Ink(inks[0].strokes, id="bare")
    assert {ink.id for ink in composed_inks([bare, inks[1]], 1, seed=1)} == {f"shapes/{inks[1].id}+0"}
    assert not list(composed_inks([bare], 1, seed=1))
    half = Ink((*inks[0].strokes, inks[0].strokes[0]), id="half", tree=inks[0].tree)  # a stroke of no symbol
    assert not list(composed_inks([half], 1, seed=1))
    assert not list(composed_inks(inks, 0, seed=1))


COMPOSE = """
from inkmath.synthesis import synthesize
from inkmath.synthesis.composed_ink import composed_inks
inks = synthesize(8, 3, writers=2, max_symbols=8)
for ink in composed_inks(inks, 1, 1):
    print([symbol.label for symbol in ink.tree.symbols], float(sum(stroke.sum() for stroke in ink.strokes)))
"""


def test_every_process_composes_the_same_ink() -> None:
    assert len(printed_by_each(COMPOSE)) == 1
