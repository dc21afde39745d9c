"""An answer measured against truth, symbol by symbol and relation by relation."""

from __future__ import annotations

from formulas import trees, with_strokes
from hypothesis import given, settings
from hypothesis import strategies as st

from inkmath.evaluation.comparison import Tally, compare, edit_distance
from inkmath.layout.tree import Edge, LayoutTree, Relation, Symbol

RIGHT, SUP, SUB = Relation.RIGHT, Relation.SUP, Relation.SUB


def tree(symbols: str, *edges: tuple[int, int, Relation]) -> LayoutTree:
    """Symbols written `label:strokes`, as in ``x:0 =:1,2``."""
    owned = [one.rpartition(":") for one in symbols.split()]
    return LayoutTree(
        tuple(Symbol(label, tuple(map(int, strokes.split(",")))) for label, _, strokes in owned),
        tuple(Edge(*edge) for edge in edges),
    )


TRUTH = tree("x:0 =:1,2 y:3", (0, 1, RIGHT), (1, 2, RIGHT))


def test_the_truth_itself_is_right_throughout() -> None:
    found = compare(TRUTH, TRUTH)
    assert found.segmentation == found.classification == Tally(3, 3, 3)
    assert found.relations == Tally(2, 2, 2)
    assert found.structure
    assert not found.symbols
    assert not found.governors


def test_a_wrong_label_leaves_segmentation_relations_and_structure_right() -> None:
    found = compare(TRUTH, tree("x:0 =:1,2 g:3", (0, 1, RIGHT), (1, 2, RIGHT)))
    assert found.segmentation == Tally(3, 3, 3)
    assert found.classification == Tally(3, 3, 2)
    assert found.relations == Tally(2, 2, 2)
    assert found.structure
    assert found.symbols == (("y", "g"),)


def test_a_wrong_label_does_not_decide_where_scripts_stand() -> None:
    r"""A script below a \sum is its limit, and stands elsewhere in canonical form than that of a letter."""
    letter, operator = tree("E:0 1:1", (0, 1, SUB)), tree("\\sum:0 1:1", (0, 1, SUB))
    for truth, answer in ((letter, operator), (operator, letter)):
        found = compare(truth, answer)
        assert found.structure
        assert found.relations == Tally(1, 1, 1)
        assert not found.governors
    assert not compare(tree("l:0 1:1", (0, 1, SUP)), tree("\\int:0 1:1", (0, 1, Relation.ABOVE))).structure


def test_a_symbol_torn_apart_takes_its_relations_with_it() -> None:
    found = compare(TRUTH, tree("x:0 -:1 -:2 y:3", (0, 1, RIGHT), (1, 2, RIGHT), (2, 3, RIGHT)))
    assert found.segmentation == found.classification == Tally(3, 4, 2)
    assert found.segmentation.recall == 2 / 3
    assert found.segmentation.precision == 1 / 2
    assert found.relations == Tally(2, 3, 0)
    assert not found.structure
    assert found.symbols == (("=", "- -"),)
    assert not found.governors, "what hangs on a symbol that was not found is not held against the relations"


def test_symbols_merged_and_torn_across_each_other_are_one_confusion_in_writing_order() -> None:
    one = tree("a:0,3 b:1,2", (0, 1, RIGHT))
    other = tree("c:0 d:1 e:2,3", (0, 1, RIGHT), (1, 2, RIGHT))
    assert compare(one, other).symbols == (("a b", "c d e"),)


def test_the_order_in_which_a_symbol_lists_its_strokes_does_not_matter() -> None:
    found = compare(TRUTH, tree("x:0 =:2,1 y:3", (0, 1, RIGHT), (1, 2, RIGHT)))
    assert found.structure
    assert not found.symbols


def test_a_stroke_that_truth_does_not_explain_spoils_the_symbol_it_is_read_into() -> None:
    truth = tree("x:0 y:1", (0, 1, RIGHT))
    joined = compare(truth, tree("x:0,2 y:1", (0, 1, RIGHT)))
    assert joined.segmentation == Tally(2, 2, 1)
    assert joined.symbols == (("x", "x"),)
    apart = compare(truth, tree("x:0 y:1 .:2", (0, 1, RIGHT), (1, 2, RIGHT)))
    assert apart.segmentation == Tally(2, 3, 2)
    assert apart.symbols == (("", "."),)


def test_wrong_relations_are_told_by_what_they_are_instead() -> None:
    truth = tree("a:0 b:1 c:2 d:3", (0, 1, RIGHT), (1, 2, SUP), (1, 3, RIGHT))
    answer = tree("a:0 b:1 c:2 d:3", (0, 1, SUB), (1, 2, SUP), (2, 3, RIGHT))
    found = compare(truth, answer)
    assert found.relations == Tally(3, 3, 1)
    assert found.governors == (("Right", "Sub"), ("Right", "Right of another"))


def test_a_symbol_that_is_missing_or_too_many_breaks_the_structure() -> None:
    """With the relations as they should be: a symbol alone has none."""
    assert not compare(tree("x:0"), tree("x:0,1")).structure
    assert not compare(tree("x:0,1"), tree("x:0")).structure


def test_another_root_is_a_confusion_of_relations() -> None:
    found = compare(tree("a:0 b:1", (0, 1, RIGHT)), tree("a:0 b:1", (1, 0, RIGHT)))
    assert found.governors == (("root", "Right"), ("Right", "root"))


@settings(max_examples=30)
@given(trees, trees)
def test_any_two_trees_compare(one: LayoutTree, other: LayoutTree) -> None:
    found = compare(with_strokes(one), with_strokes(other))
    for tally in (found.segmentation, found.classification, found.relations):
        assert 0 <= tally.right <= min(tally.truth, tally.answer)
    assert found.classification.right <= found.segmentation.right
    assert compare(with_strokes(one), with_strokes(one)).structure


def test_a_tally_of_nothing_is_perfect() -> None:
    assert Tally().recall == Tally().precision == 1.0
    assert Tally(2, 3, 1) + Tally(1, 1, 1) == Tally(3, 4, 2)


def test_edits_between_tokens() -> None:
    assert edit_distance(["x", "^", "{", "2", "}"], ["x", "_", "{", "2", "}"]) == 1
    assert edit_distance([], ["a", "b"]) == 2
    assert edit_distance("kitten", "sitting") == 3


words = st.lists(st.sampled_from("ab"), max_size=6)


@given(words, words, words)
def test_edit_distance_is_a_distance(one: list[str], two: list[str], three: list[str]) -> None:
    assert edit_distance(one, one) == 0
    assert edit_distance(one, two) == edit_distance(two, one)
    assert edit_distance(one, three) <= edit_distance(one, two) + edit_distance(two, three)
    assert abs(len(one) - len(two)) <= edit_distance(one, two) <= max(len(one), len(two))
