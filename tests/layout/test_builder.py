"""Trees built piece by piece."""

from __future__ import annotations

import pytest

from inkmath.layout.accents import SPANNING
from inkmath.layout.builder import TreeBuilder
from inkmath.layout.matrices import OPENING
from inkmath.layout.tree import LayoutError, Relation, Symbol


@pytest.mark.parametrize("holder", ["\\sqrt", *sorted(OPENING), *SPANNING])
def test_something_stands_inside_roots_opening_brackets_and_wide_accents(holder: str) -> None:
    builder = TreeBuilder()
    parent, child = (builder.add(Symbol(label)) for label in (holder, "x"))
    builder.relate(parent, Relation.INSIDE, child)
    assert builder.build().children[0] == {Relation.INSIDE: 1}


def test_nothing_stands_inside_other_symbols() -> None:
    builder = TreeBuilder()
    parent, child = (builder.add(Symbol(label)) for label in (")", "x"))
    with pytest.raises(LayoutError, match=r"nothing stands inside '\)'"):
        builder.relate(parent, Relation.INSIDE, child)


@pytest.mark.parametrize(
    ("relation", "complaint"), [(Relation.CELL, "'x' has a next cell already"), (Relation.ROW, "'x' has a next row")]
)
def test_a_cell_has_one_next_cell_and_one_next_row(relation: Relation, complaint: str) -> None:
    builder = TreeBuilder()
    cell, following, another = (builder.add(Symbol(label)) for label in "xyz")
    builder.relate(cell, relation, following)
    with pytest.raises(LayoutError, match=complaint):
        builder.relate(cell, relation, another)
