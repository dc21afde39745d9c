"""Strokes of what was read, given to what was meant."""

from __future__ import annotations

from dataclasses import replace

import pytest

from inkmath.layout.alignment import with_strokes_of
from inkmath.layout.latex import parse_latex
from inkmath.layout.tree import LayoutError, LayoutTree


def read_as(latex: str) -> LayoutTree:
    """A formula whose symbols own one stroke each, in the order of its symbols."""
    tree = parse_latex(latex)
    return replace(tree, symbols=tuple(replace(symbol, strokes=(i,)) for i, symbol in enumerate(tree.symbols)))


def owners(tree: LayoutTree) -> list[tuple[str, tuple[int, ...]]]:
    return sorted(((symbol.label, symbol.strokes) for symbol in tree.symbols), key=lambda pair: pair[1])


@pytest.mark.parametrize(
    ("read", "meant", "expected"),
    [
        ("x 2", "x ^ { 2 }", ["x", "2"]),
        ("x ^ { z }", "x ^ { 2 }", ["x", "2"]),
        ("a + b", "a + 6", ["a", "+", "6"]),
        (r"\sqrt { x } + 1", r"\sqrt { x + 1 }", ["\\sqrt", "x", "+", "1"]),
        ("( a 6 c )", r"\begin{pmatrix} a & b \\ c \end{pmatrix}", ["(", "a", "b", "c", ")"]),
    ],
)
def test_each_symbol_gets_the_strokes_it_was_written_with(read: str, meant: str, expected: list[str]) -> None:
    tree = with_strokes_of(read_as(read), parse_latex(meant))
    assert [label for label, _ in owners(tree)] == expected
    assert tree.edges == parse_latex(meant).edges


def test_equal_labels_are_paired_before_misread_ones() -> None:
    tree = with_strokes_of(read_as("a b c x"), parse_latex("x a b c"))
    assert dict(owners(tree)) == {"a": (0,), "b": (1,), "c": (2,), "x": (3,)}


def test_another_number_of_symbols_means_that_strokes_are_grouped_wrongly() -> None:
    with pytest.raises(LayoutError, match="symbols in the ink: 2, in this formula: 3"):
        with_strokes_of(read_as("x 2"), parse_latex("x + 2"))
