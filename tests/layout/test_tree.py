"""The symbol layout tree."""

from __future__ import annotations

from random import Random

import pytest
from formulas import trees, with_strokes
from hypothesis import given, settings
from hypothesis import strategies as st

from inkmath.layout import Edge, LayoutError, LayoutTree, Relation, Symbol
from inkmath.layout.latex import parse_latex

X, Y, Z = Symbol("x"), Symbol("y"), Symbol("z")


def test_lines_and_descendants() -> None:
    tree = parse_latex("x ^ { a b } + y")
    labels = [symbol.label for symbol in tree.symbols]

    assert labels == ["x", "a", "b", "+", "y"], "reading order: what a symbol governs comes before what follows it"
    assert [labels[symbol] for symbol in tree.line(tree.root)] == ["x", "+", "y"]
    assert sorted(tree.walk()) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ("symbols", "edges", "complaint"),
    [
        ((), (), "at least one symbol"),
        ((X, Y), (), "one root, this has 2"),
        ((X,), (Edge(0, 1, Relation.RIGHT),), "outside 0..0"),
        ((X, Y), (Edge(0, 1, Relation.RIGHT), Edge(0, 1, Relation.SUP)), "two parents"),
        ((X, Y, Z), (Edge(0, 1, Relation.SUP), Edge(0, 2, Relation.SUP)), "two children by Sup"),
        ((X, Y, Z), (Edge(1, 2, Relation.RIGHT), Edge(2, 1, Relation.RIGHT)), "cycle"),
        ((Symbol("x", (0,)), Symbol("y", (0,))), (Edge(0, 1, Relation.RIGHT),), "stroke 0 belongs to two"),
    ],
)
def test_what_is_no_tree_is_refused(symbols: tuple[Symbol, ...], edges: tuple[Edge, ...], complaint: str) -> None:
    with pytest.raises(LayoutError, match=complaint):
        LayoutTree(symbols, edges)


@given(trees, st.integers(0, 2**32))
@settings(deadline=None, max_examples=30)
def test_the_order_of_symbols_does_not_matter(tree: LayoutTree, seed: int) -> None:
    tree = with_strokes(tree)
    order = Random(seed).sample(range(len(tree.symbols)), len(tree.symbols))
    place = {old: new for new, old in enumerate(order)}
    edges = [Edge(place[edge.parent], place[edge.child], edge.relation) for edge in tree.edges]
    Random(seed).shuffle(edges)

    assert LayoutTree(tuple(tree.symbols[old] for old in order), tuple(edges)).ordered() == tree


def test_a_tree_knows_whether_each_symbol_has_strokes() -> None:
    bare = parse_latex("x + y")
    assert not bare.has_strokes
    whole = with_strokes(bare)
    assert whole.has_strokes
    assert not LayoutTree((*whole.symbols[:-1], bare.symbols[-1]), whole.edges).has_strokes, "all but one have"
