"""Made-up formulas with matrices."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from inkmath.layout.classes import FURTHER_CLASSES, SYMBOL_CLASSES
from inkmath.layout.matrices import OPENING
from inkmath.layout.tree import Edge, LayoutTree, Relation
from inkmath.synthesis import synthesize
from inkmath.synthesis.expressions import Node
from inkmath.synthesis.grammar import SMALLEST_LIMIT, to_tree
from inkmath.synthesis.matrices import matrix, matrix_formula


def openings(tree: LayoutTree) -> list[int]:
    """The brackets that a matrix stands inside of."""
    return [symbol for symbol in range(len(tree.symbols)) if tree.matrix(symbol)]


@pytest.fixture(scope="module")
def formulas() -> list[LayoutTree]:
    return [matrix_formula(np.random.default_rng(seed)) for seed in range(400)]


def test_cells_lead_to_cells_and_rows_to_rows() -> None:
    rows = [[[Node("1")], [Node("2"), Node("x")]], [[Node("3")], [Node("4")]]]
    tree = to_tree(matrix(rows, "(", ")")).ordered()
    assert "".join(symbol.label for symbol in tree.symbols) == "(12x34)"
    edges = {
        *(Edge(0, 1, Relation.INSIDE), Edge(1, 2, Relation.CELL), Edge(2, 3, Relation.RIGHT)),
        *(Edge(1, 4, Relation.ROW), Edge(4, 5, Relation.CELL), Edge(0, 6, Relation.RIGHT)),
    }
    assert set(tree.edges) == edges
    assert tree.matrix(0) == [[1, 2], [4, 5]]


def test_each_formula_has_a_matrix_in_full_rows_and_is_in_reading_order(formulas: list[LayoutTree]) -> None:
    for tree in formulas:
        assert openings(tree)
        assert {tree.symbols[symbol].label for symbol in openings(tree)} <= OPENING
        assert all(len({len(row) for row in tree.matrix(symbol)}) == 1 for symbol in openings(tree))
        assert tree == tree.ordered()
        assert {symbol.label for symbol in tree.symbols} <= set(SYMBOL_CLASSES)


def test_they_are_as_students_write_them(formulas: list[LayoutTree]) -> None:
    shapes = Counter(
        (len(rows), len(rows[0])) for tree in formulas for one in openings(tree) if (rows := tree.matrix(one))
    )
    brackets = Counter(tree.symbols[one].label for tree in formulas for one in openings(tree))
    assert {(2, 1), (3, 1), (2, 2), (2, 3), (3, 3), (3, 2), (1, 2), (1, 3)} == set(shapes)
    assert shapes.most_common(1)[0][0] == (2, 2)
    assert set(brackets) == {"(", "[", "|", "\\{"}
    assert brackets["("] + brackets["["] > 2 * (brackets["|"] + brackets["\\{"])
    for entry in ("\\sqrt", "-"):
        assert any(symbol.label == entry for tree in formulas for symbol in tree.symbols)


def test_what_is_inverted_has_as_many_rows_as_columns(formulas: list[LayoutTree]) -> None:
    inverted = 0
    for tree in formulas:
        for one in openings(tree):
            closing = tree.children[one].get(Relation.RIGHT)
            raised = tree.children[closing].get(Relation.SUP) if closing is not None else None
            if raised is not None and tree.symbols[raised].label == "-":
                inverted += 1
                assert len(tree.matrix(one)) == len(tree.matrix(one)[0])
    assert inverted


def test_cases_have_no_closing_bracket(formulas: list[LayoutTree]) -> None:
    braces = [(tree, one) for tree in formulas for one in openings(tree) if tree.symbols[one].label == "\\{"]
    assert braces
    assert not any(Relation.RIGHT in tree.children[one] for tree, one in braces)
    assert {len(tree.matrix(one)[0]) for tree, one in braces} == {1, 2}, "value and condition are two cells or one"


@pytest.mark.parametrize("limit", [SMALLEST_LIMIT, 12, 40])
def test_a_formula_is_no_longer_than_allowed(limit: int) -> None:
    made = [matrix_formula(np.random.default_rng(seed), max_symbols=limit) for seed in range(60)]
    assert all(openings(tree) and len(tree.symbols) <= limit for tree in made)
    with pytest.raises(ValueError, match="at least 8"):
        matrix_formula(np.random.default_rng(0), max_symbols=SMALLEST_LIMIT - 1)


def test_they_are_made_when_asked_for_only_and_the_same_each_time() -> None:
    inks = list(synthesize(12, 1, writers=4, matrices=True))
    assert all(ink.tree and openings(ink.tree) and ink.tree.has_strokes and not ink.unowned for ink in inks)
    again = list(synthesize(5, 1, writers=4, matrices=True))
    assert [ink.tree for ink in again] == [ink.tree for ink in inks[:5]]
    assert all((one == other).all() for one, other in zip(again[4].strokes, inks[4].strokes, strict=True))
    plain = list(synthesize(12, 1, writers=4))
    assert not any(openings(ink.tree) for ink in plain if ink.tree)
    assert [ink.writer for ink in plain] == [ink.writer for ink in inks], "the hands are the same"
    further = [synthesize(12, 1, writers=4, further=True, matrices=matrices) for matrices in (False, True)]
    assert len({ink.id for made in (plain, inks, *further) for ink in made}) == 4 * 12, "so that files can be mixed"


def test_further_symbols_stand_in_matrices_too() -> None:
    inks = list(synthesize(12, 1, matrices=True, further=True))
    assert all(ink.tree and openings(ink.tree) for ink in inks)
    assert {symbol.label for ink in inks if ink.tree for symbol in ink.tree.symbols} & set(FURTHER_CLASSES)
