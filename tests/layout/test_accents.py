"""Marks over letters, and what is something else."""

from __future__ import annotations

import pytest

from inkmath.layout.accents import ACCENTS, WIDE, accent_of, bears_accent, marks_of_mathml
from inkmath.layout.latex import parse_latex
from inkmath.layout.symbols import canonical_label


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


def test_letters_and_digits_bear_accents() -> None:
    assert all(map(bears_accent, ("x", "A", "0", "\\theta", "\\nabla", "\\ell")))
    assert not any(map(bears_accent, ("=", "-", "\\sum", "\\sin", "\\sqrt", "\\infty", "(")))


def test_characters_of_files_say_marks() -> None:
    assert marks_of_mathml("\u203e") == ("-",)
    assert marks_of_mathml("\u00a8") == marks_of_mathml("..") == (".", ".")
    assert marks_of_mathml("x") == ()
