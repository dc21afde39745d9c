"""The language model of layout trees: what stands where, and how likely that is."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inkmath.decoding.language import (
    ABOVE,
    ACCENTED,
    INSIDE,
    NOTHING,
    POINTS,
    ROOT,
    SPANS,
    TreeLanguageModel,
    count_trigrams,
    without,
)
from inkmath.features.expression import RELATIONS
from inkmath.layout.latex import parse_latex
from inkmath.layout.tree import Edge, LayoutTree, Relation, Symbol

LABELS = ["x", "y", "2", "+", "\\sum"]
RIGHT, SUP = RELATIONS.index(Relation.RIGHT), RELATIONS.index(Relation.SUP)


def model(*formulas: str, labels: list[str] = LABELS) -> TreeLanguageModel:
    return TreeLanguageModel(labels, count_trigrams(map(parse_latex, formulas)))


def arrays(tree: LayoutTree) -> tuple[list[int], list[int], list[int]]:
    """Classes, parents and relations of a tree, as the search has them."""
    parents, relations = [-1] * len(tree.symbols), [-1] * len(tree.symbols)
    for edge in tree.edges:
        parents[edge.child], relations[edge.child] = edge.parent, RELATIONS.index(edge.relation)
    return [LABELS.index(symbol.label) for symbol in tree.symbols], parents, relations


def test_a_symbol_is_counted_with_its_governor_and_with_each_child() -> None:
    counts = count_trigrams([parse_latex("x^{2}+x")])
    assert counts == sorted(
        [
            (NOTHING, NOTHING, NOTHING, ROOT, "x", 1),
            (NOTHING, ROOT, "x", NOTHING, NOTHING, 1),
            (NOTHING, ROOT, "x", "Sup", "2", 1),
            (NOTHING, ROOT, "x", "Right", "+", 1),
            ("x", "Sup", "2", NOTHING, NOTHING, 1),
            ("x", "Right", "+", NOTHING, NOTHING, 1),
            ("x", "Right", "+", "Right", "x", 1),
            ("+", "Right", "x", NOTHING, NOTHING, 1),
        ]
    )


def test_a_formula_that_many_wrote_counts_once() -> None:
    assert count_trigrams(map(parse_latex, ["x+y"] * 9)) == count_trigrams([parse_latex("x+y")])
    assert count_trigrams(map(parse_latex, ["x+y", "x+2"])) != count_trigrams([parse_latex("x+y")])


def test_a_formula_counts_the_same_however_its_tree_was_written_down() -> None:
    """Limits beside a sum, not above and below it: two habits of files, one way to write."""
    limits = Symbol("\\sum", (0,)), Symbol("x", (1,)), Symbol("2", (2,)), Symbol("y", (3,))
    right = Edge(0, 3, Relation.RIGHT)
    beside = LayoutTree(limits, (Edge(0, 1, Relation.SUB), Edge(0, 2, Relation.SUP), right))
    stacked = LayoutTree(limits, (Edge(0, 1, Relation.BELOW), Edge(0, 2, Relation.ABOVE), right))
    assert count_trigrams([beside]) == count_trigrams([stacked]) == count_trigrams([beside, stacked])


def test_a_label_that_begins_more_formulas_is_likelier_to_begin_one() -> None:
    told = model("x+2", "x-2", "x=2", "y+2")
    x, y = LABELS.index("x"), LABELS.index("y")
    others = len(LABELS) - 2
    assert np.exp(told.root[x] - told.root[y]) == pytest.approx((1 + 3) / (1 + 1))
    assert np.exp(told.root).sum() == pytest.approx(1.0)
    assert np.exp(told.root[x]) == pytest.approx(4 / (4 + 2 + others))


def test_what_is_taken_out_of_the_counts_was_never_there() -> None:
    one, other = parse_latex("x^{2}+x"), parse_latex("x^{2}+y")
    assert without(count_trigrams([one, other]), [other, other]) == count_trigrams([one])
    assert without(count_trigrams([one]), []) == count_trigrams([one])
    assert without(count_trigrams([one]), [one]) == []


def test_probabilities_sum_to_one() -> None:
    learned = model("x^{2}+y", "x+y+x", r"\sum x")
    assert np.exp(learned.edge).sum(axis=2) == pytest.approx(np.ones((len(LABELS), len(RELATIONS))))
    assert np.exp(learned.root).sum() == pytest.approx(1.0)
    assert learned.usual.sum() == pytest.approx(1.0)
    assert learned.usual == pytest.approx((np.array([4, 2, 1, 3, 1]) + 0.5) / (11 + 5 * 0.5)), "as often as seen"
    assert np.isfinite(learned.edge).all()


def test_a_trigram_leans_on_the_bigram_by_as_many_kinds_as_it_has_seen() -> None:
    """The probability of x^2, by hand: an x that begins a formula was seen twice, with two kinds of superscript."""
    learned = model("x^{2}", "x^{y}", "y^{2}+x")
    x, two = LABELS.index("x"), LABELS.index("2")
    some = 1.0 - np.exp(learned.edge[:, :, -1])  # (C, 6)
    which = np.exp(learned.edge[x, SUP, two]) / some[x, SUP]
    governs = 2.0 * some[x] / (2.0 + 2.0)  # (6,) of two x none had anything there
    governs[SUP] = min((2.0 + 2.0 * some[x, SUP]) / (2.0 + 2.0), 0.9999)
    label = (1.0 + 2.0 * 3.0 * which) / (2.0 + 2.0 * 3.0)
    expected = learned.root[x] + np.log(np.delete(1.0 - governs, SUP)).sum() + np.log(governs[SUP] * label)
    expected += np.log(1.0 - 2.0 * some[two] / (1.0 + 2.0)).sum()  # the 2 above it was seen once, with nothing
    assert learned.log_probability(*arrays(parse_latex("x^{2}"))) == pytest.approx(expected)


def test_what_is_always_the_same_is_trusted_more_than_what_varies() -> None:
    """Above an x was a 2 each time, above a y something else each time: as many times, but not as many kinds."""
    learned = model("x^{2}", "x^{2}+2", "x^{2}+x", "y^{2}", "y^{x}", "y^{y}")
    x, y, two, _, other = range(len(LABELS))
    general = np.array([1.1, 1.1, 4.1, 0.1, 0.4]) / 6.8  # no formula has a sum: a tenth of the others are below 0.4
    for label, kinds in ((x, 1), (y, 3)):
        chances = np.exp(learned.edge[label, SUP, :-1])
        for child, seen in ((two, 3 if label == x else 1), (other, 0)):
            expected = (seen + (kinds + 1) * general[child]) / (3 + kinds + 1)
            assert chances[child] / chances.sum() == pytest.approx(expected)


def test_a_trigram_seen_often_is_of_one_kind_still() -> None:
    """By hand, as above: a y after an x had a 2 above it in three formulas."""
    learned = model("xy^{2}", "xy^{2}+2", "xy^{2}+x", "y^{x}")
    y, two = LABELS.index("y"), LABELS.index("2")
    gain = [learned.log_probability(*arrays(parse_latex(f"xy^{{{up}}}"))) for up in ("2", "y")]
    which = np.exp(learned.edge[y, SUP, :-1])
    which /= which.sum()
    # With weight 2 (1 + 1) of the bigram; below a 2 and a y that were never there nothing is known but bigrams.
    told = np.log((3.0 + 4.0 * which[two]) / 7.0) - np.log(4.0 * which[y] / 7.0)
    two_alone = np.log(1.0 - (1.0 - np.exp(learned.edge[two, :, -1])) * 2.0 / (3.0 + 2.0)).sum()
    assert gain[0] - gain[1] == pytest.approx(told + two_alone - learned.childless[y])


def test_a_trigram_knows_who_governs() -> None:
    """Under an x a 2 is followed by +, under a y by nothing; bigrams cannot tell."""
    learned = model("x^{2+y}", "y^{2}", "x^{2+x}", "y^{2}+x")

    def gain(text: str) -> float:
        tree = arrays(parse_latex(text))
        return learned.log_probability(*tree) - learned.bigram(*tree)

    assert gain("x^{2+x}") > gain("y^{2+x}")
    assert gain("y^{2}") > gain("x^{2}")


def test_bigrams_of_a_tree_are_the_sum_of_its_edges() -> None:
    learned = model("x^{2}+y", "x+y+x")
    x, y, two, plus, _ = range(len(LABELS))
    expected = learned.root[x] + learned.edge[x, SUP, two] + learned.edge[x, RIGHT, plus] + learned.edge[plus, RIGHT, y]
    for label, children in ((x, (SUP, RIGHT)), (two, ()), (plus, (RIGHT,)), (y, ())):
        expected += sum(learned.edge[label, r, -1] for r in range(len(RELATIONS)) if r not in children)
    assert learned.bigram(*arrays(parse_latex("x^{2}+y"))) == pytest.approx(expected)


@settings(max_examples=30)
@given(st.lists(st.sampled_from(["x", "y", "x^{2}", "x^{y+2}", r"\sum_{x}^{2}y", "2"]), min_size=1, max_size=6))
def test_where_no_governor_was_seen_trigrams_say_what_bigrams_say(parts: list[str]) -> None:
    tree = arrays(parse_latex("+".join(parts)))
    assert model().log_probability(*tree) == pytest.approx(model().bigram(*tree))


def test_without_any_formula_everything_is_possible() -> None:
    ignorant = model()
    assert np.exp(ignorant.edge).sum(axis=2) == pytest.approx(np.ones((len(LABELS), len(RELATIONS))))
    assert np.exp(ignorant.root) == pytest.approx(np.full(len(LABELS), 1 / len(LABELS)))


def test_what_was_seen_is_likelier_than_what_was_not() -> None:
    learned = model("x^{2}+y", "2+x^{2}+y")
    x, y, two, plus, _ = range(len(LABELS))
    assert learned.edge[x, SUP, two] > learned.edge[x, SUP, y]
    assert learned.edge[x, RIGHT, plus] > learned.edge[x, RIGHT, two]
    assert learned.edge[y, RIGHT, -1] > learned.edge[x, RIGHT, -1], "a y ended the line, an x never did"
    assert learned.root[x] == learned.root[two] > learned.root[y]


def test_a_label_never_seen_falls_back_on_what_usually_stands_there() -> None:
    learned = model("x^{2}+y^{2}", "y^{2}+x^{2}")
    two, unseen = LABELS.index("2"), LABELS.index("\\sum")
    chances = np.exp(learned.edge[unseen, SUP, :-1])
    assert chances.argmax() == two
    # All four superscripts seen were a 2; a tenth of a superscript is imagined of each label.
    assert chances / chances.sum() == pytest.approx(np.where(np.arange(5) == two, 4.1, 0.1) / 4.5)


def test_a_label_that_no_formula_has_is_about_as_likely_as_a_rare_one() -> None:
    labels = [*LABELS, "\\Omega"]
    told = model(*["x+x+x+x+y+2"] * 3, "x+\\sum", labels=labels).edge[labels.index("+"), RIGHT]
    strange = told[labels.index("\\Omega")]
    assert told[labels.index("\\sum")] > strange > told[labels.index("\\sum")] - 2.5
    assert told[labels.index("x")] - strange > 1.0


def test_letters_bear_accents_now_and_then_however_many_formulas_have_none() -> None:
    labels = [*LABELS, "-", "\\rightarrow"]
    without_any = ["x+y", r"\frac { x } { 2 }", *(f"x+{'y+' * times}2" for times in range(50))]
    few, many = (model(*without_any[:count], labels=labels) for count in (2, 52))
    x, plus, bar, arrow = map(labels.index, ("x", "+", "-", "\\rightarrow"))
    for told in (few, many):
        chances = np.exp(told.edge[x, ABOVE])
        assert chances[:-1].sum() == pytest.approx(ACCENTED)
        assert chances[[bar, arrow]] == pytest.approx(np.full(2, ACCENTED / 2), rel=0.02)
        assert chances[x] < 0.01 * ACCENTED, "what is a numerator of others is no accent"
        assert np.exp(told.edge[plus, ABOVE, :-1]).sum() != pytest.approx(ACCENTED)
        gain = [told.log_probability([x, arrow], [-1, 0], [-1, ABOVE]), told.log_probability([x], [-1], [-1])]
        alone = told.edge[arrow, :, -1].sum()
        assert gain[0] - gain[1] == pytest.approx(np.log(chances[arrow] / chances[-1]) + alone), "trigrams say no more"


def test_signs_are_wide_accents_now_and_then_however_many_formulas_have_none() -> None:
    labels = [*LABELS, "-", "\\rightarrow"]
    told = model("x-y", *(f"x-{'y+' * times}2" for times in range(50)), labels=labels)
    for sign in ("-", "\\rightarrow"):
        assert np.exp(told.edge[labels.index(sign), INSIDE, :-1]).sum() == pytest.approx(SPANS)
    bar, x, y = map(labels.index, ("-", "x", "y"))
    within = [x, bar, y], [-1, 0, 1], [-1, RIGHT, INSIDE]
    alone = [x, bar], [-1, 0], [-1, RIGHT]
    gain = told.log_probability(*within) - told.log_probability(*alone)
    bigrams = told.bigram(*within) - told.bigram(*alone)
    assert gain > np.log(SPANS) + np.log(0.01) + told.childless[y], "not as unlikely as what was never seen"
    assert bigrams < 0


def test_what_a_wide_accent_spans_begins_with_a_capital_half_of_the_time() -> None:
    labels = [*LABELS, "-", "A", "B"]
    chances = np.exp(model("x-y", *["x+y"] * 20, labels=labels).edge[labels.index("-"), INSIDE, :-1]) / SPANS
    assert chances.sum() == pytest.approx(1.0)
    one, other = (chances[labels.index(capital)] for capital in "AB")
    assert one == pytest.approx(other)
    assert one + other > POINTS


def test_labels_outside_the_vocabulary_are_passed_over() -> None:
    known = model("x+y")
    assert (model("x+y", r"\alpha^{\beta}").edge == known.edge).all()
