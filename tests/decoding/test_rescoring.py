"""What a formula as a whole tells: labels and scripts that come again, and what lacks its other half."""

from __future__ import annotations

import math

import pytest

from inkmath.decoding.language import TreeLanguageModel, count_trigrams
from inkmath.decoding.rescoring import AGAIN, Rescorer
from inkmath.features.expression import RELATIONS
from inkmath.layout.latex import parse_latex

LABELS = ("x", "X", "y", "i", "1", "2", "+", "-", "(", ")", "[", "]", "|", "\\sqrt")

TEXTS = ("x+y", "X-1", "(x+2)y", "|x|", "[1]2", "x_{1}+y_{2}-i", "X_{i}+2", "i+1-y")


def rescorer(*formulas: str) -> Rescorer:
    return Rescorer(LABELS, TreeLanguageModel(LABELS, count_trigrams(map(parse_latex, formulas))))


def arrays(text: str) -> tuple[list[int], list[int], list[int]]:
    tree = parse_latex(text)
    parents, relations = [-1] * len(tree.symbols), [-1] * len(tree.symbols)
    for edge in tree.edges:
        parents[edge.child], relations[edge.child] = edge.parent, RELATIONS.index(edge.relation)
    return [LABELS.index(symbol.label) for symbol in tree.symbols], parents, relations


def test_a_letter_that_comes_again_is_likelier_than_its_twin() -> None:
    told = rescorer(*TEXTS)
    assert told.repetition(arrays("x+x-x")[0]) > told.repetition(arrays("x+X-x")[0])
    assert told.repetition(arrays("X+X-X")[0]) > told.repetition(arrays("x+X-X")[0])


def test_a_symbol_alone_repeats_nothing() -> None:
    assert rescorer(*TEXTS).repetition(arrays("x")[0]) == 0.0


def test_labels_that_do_not_come_again_are_a_little_less_likely() -> None:
    assert rescorer(*TEXTS).repetition(arrays("x+y")[0]) == pytest.approx(3 * math.log(1 - AGAIN))


def test_a_rare_label_that_comes_again_tells_more_than_a_usual_one() -> None:
    told = rescorer("x+x+x-x", "x+x+y")
    assert told.repetition(arrays("yy")[0]) > told.repetition(arrays("xx")[0]) > 0


@pytest.mark.parametrize(
    ("likely", "odd"),
    [("x_{1}+x_{2}", "x_{1}+x2"), ("x_{1}+x_{2}+x_{i}", "x_{1}+x_{2}+x^{i}"), ("x_{1}+x_{2}-y", "x_{1}+x2-y")],
)
def test_a_letter_has_scripts_where_it_has_them_elsewhere(likely: str, odd: str) -> None:
    told = rescorer(*TEXTS)
    assert told.habit(*arrays(likely)) > told.habit(*arrays(odd))


def test_nothing_can_be_a_habit_that_happens_once() -> None:
    assert rescorer(*TEXTS).habit(*arrays("x_{1}+y^{2}")) == 0.0


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("(x)", 0),
        ("([x]+y)", 0),
        ("(x", 1),
        ("x)", 1),
        ("(x]", 2),
        (")x(", 2),
        ("([x)]", 2),
        ("|x|", 0),
        ("|x", 1),
        ("x_{(i)}", 0),
        ("(x_{i)}", 2),
        ("x_{|i|}+|y", 1),
    ],
)
def test_a_bracket_has_its_partner_on_its_line(text: str, count: int) -> None:
    assert rescorer().incomplete(*arrays(text)) == count


@pytest.mark.parametrize(
    ("text", "count"),
    [
        (r"\frac{1}{2}", 0),
        (r"\frac{1}{}", 1),
        (r"\frac{}{x-1}", 1),
        (r"\frac{1}{\frac{}{2}}", 1),
        ("x-1", 0),
        (r"\sqrt{x}", 0),
        (r"\sqrt[2]{}+x", 1),
    ],
)
def test_a_fraction_has_two_sides_and_a_root_something_inside(text: str, count: int) -> None:
    assert rescorer().incomplete(*arrays(text)) == count


def test_a_vocabulary_without_brackets_will_do() -> None:
    only = Rescorer(("x",), TreeLanguageModel(("x",), []))
    assert only.incomplete([0, 0], [-1, 0], [-1, 0]) == 0
    assert only.trigrams([0, 0], [-1, 0], [-1, 0]) == pytest.approx(0.0)
