"""Marks over letters, and what is something else."""

from __future__ import annotations

import pytest

from inkmath.layout.accents import ACCENTS, SPANNING, WIDE, accent_of, bears_accent, marks_of_mathml, spanning_of
from inkmath.layout.latex import parse_latex
from inkmath.layout.symbols import canonical_label
from inkmath.layout.tree import COVERING, Relation


@pytest.mark.parametrize("command", [*ACCENTS, *WIDE])
def test_an_accent_is_a_line_of_marks_above_a_letter(command: str) -> None:
    tree = parse_latex(f"{command} {{ x }} + y")
    assert accent_of(tree, 0) == WIDE.get(command, command)
    marks = [symbol.label for symbol in tree.symbols[1:-2]]
    assert tuple(marks) == ACCENTS[WIDE.get(command, command)]
    assert marks == [canonical_label(mark) for mark in marks]
    assert accent_of(tree, len(tree.symbols) - 1) is None


@pytest.mark.parametrize(
    "latex",
    [
        "\\frac { - } { x }",
        "\\overset { \\rightarrow } { = }",
        "\\overset { a } { x }",
        "\\overset { - 1 } { x }",
        "\\overset { - ^ { 2 } } { x }",
        "\\sum \\limits ^ { - }",
        "x ^ { - }",
    ],
)
def test_what_is_above_something_need_be_no_accent(latex: str) -> None:
    tree = parse_latex(latex)
    assert [accent_of(tree, place) for place in range(len(tree.symbols))] == [None] * len(tree.symbols)


@pytest.mark.parametrize("command", WIDE)
def test_an_accent_over_several_symbols_governs_them(command: str) -> None:
    tree = parse_latex(f"{command} {{ x + y }} ^ {{ 2 }} = z")
    assert spanning_of(tree, 0) == command
    assert [tree.symbols[place].label for place in tree.line(tree.children[0][Relation.INSIDE])] == ["x", "+", "y"]
    assert tree.children[0].keys() == {Relation.INSIDE, Relation.SUP, Relation.RIGHT}
    assert parse_latex(f"{WIDE[command]} {{ x + y }} ^ {{ 2 }} = z") == tree
    assert [spanning_of(tree, place) for place in range(1, len(tree.symbols))] == [None] * (len(tree.symbols) - 1)


def test_what_covers_a_line_is_a_root_or_a_wide_accent() -> None:
    assert {"\\sqrt", *SPANNING} == COVERING


def test_roots_and_brackets_are_no_accents() -> None:
    tree = parse_latex(r"\sqrt { x } - \begin{pmatrix} x \end{pmatrix}")
    assert [spanning_of(tree, place) for place in range(len(tree.symbols))] == [None] * len(tree.symbols)


def test_letters_and_digits_bear_accents() -> None:
    assert all(map(bears_accent, ("x", "A", "0", "\\theta", "\\nabla", "\\ell")))
    assert not any(map(bears_accent, ("=", "-", "\\sum", "\\sin", "\\sqrt", "\\infty", "(")))


def test_characters_of_files_say_marks() -> None:
    assert marks_of_mathml("\u203e") == ("-",)
    assert marks_of_mathml("\u00a8") == marks_of_mathml("..") == (".", ".")
    assert marks_of_mathml("x") == ()
