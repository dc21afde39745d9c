"""What a formula as a whole tells: labels and scripts that come again, and what lacks its other half."""

from __future__ import annotations

import math

import numpy as np
import pytest

from inkmath.decoding.language import TreeLanguageModel, count_trigrams
from inkmath.decoding.rescoring import AGAIN, HABIT, Rescorer
from inkmath.features.expression import RELATIONS
from inkmath.layout.latex import parse_latex
from inkmath.layout.tree import Relation

LABELS = ("x", "X", "y", "i", "1", "2", "+", "-", "(", ")", "[", "]", "|", "\\sqrt")

TEXTS = ("x+y", "X-1", "(x+2)y", "|x|", "[1]2", "x_{1}+y_{2}-i", "X_{i}+2", "i+1-y")


def rescorer(*formulas: str) -> Rescorer:
    return Rescorer(LABELS, TreeLanguageModel(LABELS, count_trigrams(map(parse_latex, formulas))))


def arrays(text: str) -> tuple[list[int], list[int], list[int]]:
    """Classes, parents and relations; that of the root says nothing, as where the search has found a tree."""
    tree = parse_latex(text)
    parents, relations = [-1] * len(tree.symbols), [RELATIONS.index(Relation.RIGHT)] * len(tree.symbols)
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


def drawn(others: float, chance: float, share: float) -> float:
    """How much likelier something is that a ``share`` of draws takes from the ``others``, instead of all by chance."""
    return math.log((1 - share) + share * others / chance)


def test_a_label_is_drawn_from_all_labels_or_from_the_others_of_its_formula() -> None:
    told = rescorer(*TEXTS)
    x, plus = (told.language.usual[LABELS.index(label)] for label in "x+")
    # Each x finds two more among its four others, each plus one.
    expected = 3 * drawn(2 / 4, x, AGAIN) + 2 * drawn(1 / 4, plus, AGAIN)
    assert told.repetition(arrays("x+x+x")[0]) == pytest.approx(expected)


def test_a_script_comes_by_chance_or_from_the_other_symbols_of_its_label() -> None:
    told = rescorer(*TEXTS)
    lacks = np.exp(told.language.edge[LABELS.index("x"), :, -1])  # how likely an x has none, by relation
    expected = 0.0
    for relation, lack in zip(RELATIONS, lacks, strict=True):
        if relation is Relation.SUB:  # of the two that have one, each sees one and none; the third sees two
            expected += 2 * drawn(1 / 2, 1 - lack, HABIT) + drawn(0, lack, HABIT)
        elif relation is not Relation.RIGHT:
            expected += 3 * drawn(1, lack, HABIT)
    assert told.habit(*arrays("x_{1}+x_{2}-x")) == pytest.approx(expected)


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
        (r"\sqrt{}+x", 1),
        (r"\sqrt[2]{x}", 0),
    ],
)
def test_a_fraction_has_two_sides_and_a_root_something_inside(text: str, count: int) -> None:
    assert rescorer().incomplete(*arrays(text)) == count


def test_a_vocabulary_without_brackets_will_do() -> None:
    only = Rescorer(("x",), TreeLanguageModel(("x",), []))
    assert only.incomplete([0, 0], [-1, 0], [-1, 0]) == 0
    assert only.trigrams([0, 0], [-1, 0], [-1, 0]) == pytest.approx(0.0)
