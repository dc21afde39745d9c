"""One tree for what is written in several ways and means the same."""

from __future__ import annotations

from functools import partial

import pytest
from formulas import trees
from hypothesis import given
from work import python_lines

from inkmath.layout.canonical import canonical
from inkmath.layout.latex import canonical_tokens, parse_latex, to_latex
from inkmath.layout.tree import Edge, LayoutTree, Relation, Symbol


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (r"\sum \nolimits_i^n a_i", r"\sum _ { i } ^ { n } a _ { i }"),
        (r"\lim \nolimits_n", r"\lim _ { n }"),
        (r"\int \limits_0^1 x", r"\int _ { 0 } ^ { 1 } x"),
        # Scripts besides limits are scripts.
        (r"{\sum_i}_j", r"{ \sum _ { i } } _ { j }"),
        # What stands above anything else is no limit.
        (r"\overset{a}{=}", r"\overset { a } { = }"),
        (r"x \prime \sin ( w \prime \prime + 1 )", r"x ^ { \prime } \sin ( w ^ { \prime \prime } + 1 )"),
        (r"\frac{x \prime}{\sqrt{y \prime + 1}}", r"\frac { x ^ { \prime } } { \sqrt { y ^ { \prime } + 1 } }"),
        (r"x_{y \prime}", r"x _ { y ^ { \prime } }"),
        (r"x^2 \prime", r"x ^ { 2 \prime }"),
        (r"x^{2 \prime}", r"x ^ { 2 \prime }"),
        (r"\prime x", r"\prime x"),
        (r"\sum_k \prime a", r"\sum _ { k } ^ { \prime } a"),
        (r"\sum_k^n \prime \prime a", r"{ \sum _ { k } ^ { n } } ^ { \prime \prime } a"),
        (r"\sum'_k^n \prime a", r"{ \sum _ { k } ^ { n } } ^ { \prime \prime } a"),
        (r"\sum^{'} \prime", r"\sum ^ { \prime \prime }"),
        (r"\sum_k^{n \prime} a", r"\sum _ { k } ^ { n \prime } a"),
        # The first symbol of a cell, which others follow, changes as any other does; a prime that is one is none of it.
        (
            r"\begin{pmatrix} x \prime & \prime \\ \sum \nolimits_i & \prime y \end{pmatrix} \prime",
            r"\begin{pmatrix} x ^ { \prime } & \prime \\ \sum _ { i } & \prime y \end{pmatrix} ^ { \prime }",
        ),
        (
            r"\begin{cases} a \\ b \end{cases} \prime c",
            r"\{ ^ { \prime } \begin{matrix} a \\ b \end{matrix} c",
        ),
    ],
)
def test_what_means_the_same_has_one_tree(written: str, meant: str) -> None:
    tree = canonical(parse_latex(written))

    assert to_latex(tree) == meant
    assert canonical(tree) is tree
    assert canonical_tokens(written) == meant.split()


def test_the_work_for_a_row_of_primes_grows_as_the_row_does() -> None:
    short, long = (parse_latex("x" + "'" * primes) for primes in (500, 4000))
    little, much = (python_lines(partial(canonical, tree)) for tree in (short, long))

    assert 500 < little < much < 9 * little


def test_symbols_keep_their_order_and_their_strokes() -> None:
    symbols = (Symbol("2", (3,)), Symbol("\\prime", (1, 2)), Symbol("x", (0,)))
    tree = LayoutTree(symbols, (Edge(2, 1, Relation.RIGHT), Edge(1, 0, Relation.RIGHT)))

    raised = canonical(tree)

    assert raised.symbols == symbols
    assert set(raised.edges) == {Edge(2, 1, Relation.SUP), Edge(2, 0, Relation.RIGHT)}


@pytest.mark.parametrize("mark", [0, 1])
def test_a_wide_accent_over_a_lone_letter_is_a_narrow_one(mark: int) -> None:
    letter, script, following = 1 - mark, 2, 3
    symbols = tuple(Symbol("x" if place == letter else "-" if place == mark else "1", (place,)) for place in range(4))
    hanging = Edge(mark, script, Relation.SUB), Edge(mark, following, Relation.RIGHT)

    narrow = canonical(LayoutTree(symbols, (Edge(mark, letter, Relation.INSIDE), *hanging)))

    assert narrow.symbols == symbols
    assert to_latex(narrow) == r"\bar { x } _ { 1 } 1"
    wide = LayoutTree(
        (*symbols, Symbol("2")), (Edge(mark, letter, Relation.INSIDE), Edge(letter, 4, Relation.SUP), *hanging)
    )
    assert canonical(wide) is wide


@pytest.mark.parametrize(
    ("wide", "narrow"),
    [
        (r"\overline { a x } \widehat { b x } c", r"\bar { a } \hat { b } c"),
        (r"\underset { k } { \overline { a x } }", r"\underset { k } { \bar { a } }"),
        (r"\overline { a x } ^ { \widehat { b x } }", r"\bar { a } ^ { \hat { b } }"),
        (
            r"\begin{pmatrix} \overline { a x } & b \\ \overline { c x } & d \end{pmatrix}",
            r"\begin{pmatrix} \bar { a } & b \\ \bar { c } & d \end{pmatrix}",
        ),
    ],
)
def test_wide_accents_are_narrow_ones_beside_each_other_and_in_cells_too(wide: str, narrow: str) -> None:
    tree = parse_latex(wide)  # LaTeX reads lone letters as narrow already
    kept = [index for index, symbol in enumerate(tree.symbols) if symbol.label != "x"]
    edges = (
        Edge(kept.index(edge.parent), kept.index(edge.child), edge.relation)
        for edge in tree.edges
        if {edge.parent, edge.child} <= set(kept)
    )

    form = canonical(LayoutTree(tuple(tree.symbols[index] for index in kept), tuple(edges)))

    assert to_latex(form) == narrow
    assert canonical(form) is form


@given(trees)
def test_any_tree_has_a_canonical_form_of_the_same_symbols(tree: LayoutTree) -> None:
    form = canonical(tree)

    assert form.symbols == tree.symbols
    assert canonical(form) is form
