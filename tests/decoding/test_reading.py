"""Readings of ink of which some strokes were read, perhaps in another order: strokes keep their names."""

from __future__ import annotations

from inkmath.decoding.reading import Reading, constraints_on
from inkmath.layout.tree import Edge, LayoutTree, Relation, Symbol


def test_a_reading_of_some_strokes_names_them_as_in_the_whole_ink() -> None:
    tree = LayoutTree(
        (Symbol("x", (0,)), Symbol("+", (1, 3)), Symbol("y", (2,))),
        (Edge(0, 1, Relation.RIGHT), Edge(1, 2, Relation.RIGHT)),
    )
    whole = Reading(tree, 0.8).renumbered([0, 4, 3, 2])
    assert [(symbol.label, symbol.strokes) for symbol in whole.tree.symbols] == [
        ("x", (0,)),
        ("+", (2, 4)),
        ("y", (3,)),
    ]
    assert (whole.tree.edges, whole.confidence) == (tree.edges, 0.8)


def test_constraints_on_some_strokes_name_them_by_their_new_places() -> None:
    decided = {frozenset({0, 3}): "x", frozenset({2}): "y"}
    assert constraints_on([3, 2, 0], decided) == {frozenset({0, 2}): "x", frozenset({1}): "y"}
