"""The search: known answers from hand-made scores, constraints obeyed, and some valid reading of any scribble."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_up_scores import LABELS, normalised, random_scores, scores_of

from inkmath.decoding.language import TreeLanguageModel, count_trigrams
from inkmath.decoding.lines import LineModel
from inkmath.decoding.search import AMONG_OTHERS, Found, Search, Weights, evidence
from inkmath.features.expression import RELATIONS, SAME
from inkmath.layout.latex import canonical_tokens, parse_latex
from inkmath.layout.tree import Edge, LayoutTree, Relation, Symbol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from inkmath.decoding.reading import Constraints, Reading
    from inkmath.decoding.readout import Scores

    Tree = tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]  # classes, parents, relations

RIGHT, SUP, INSIDE = Relation.RIGHT, Relation.SUP, Relation.INSIDE

TREE = LayoutTree(  # x ^ 2 = y, with = in two strokes
    (Symbol("x", (0,)), Symbol("2", (1,)), Symbol("=", (2, 3)), Symbol("y", (4,))),
    (Edge(0, 1, SUP), Edge(0, 2, RIGHT), Edge(2, 3, RIGHT)),
)


def search(*formulas: str, **weights: Any) -> Search:
    """A search whose language model has seen some formulas."""
    return Search(LABELS, TreeLanguageModel(LABELS, count_trigrams(map(parse_latex, formulas))), Weights(**weights))


def latex(reading: Reading) -> str:
    return " ".join(canonical_tokens(reading.tree))


def doubtful(scores: Scores, stroke: int, one: str, other: str) -> Scores:
    """The same scores, but a stroke may as well be of another class, a hair likelier even."""
    scores.symbol[stroke] = -9.0
    scores.symbol[stroke, [LABELS.index(one), LABELS.index(other)]] = np.log(0.49), np.log(0.5)
    return scores


def test_what_a_sure_network_says_comes_first() -> None:
    best, *_ = search().read(scores_of(TREE))
    assert best.tree.ordered() == TREE.ordered()


def test_language_decides_what_the_ink_leaves_open() -> None:
    by_ink = search().read(doubtful(scores_of(TREE), 0, "x", "2"))[0]
    assert latex(by_ink) == "2 ^ { 2 } = y"
    by_language = search(*["x^{2}=y"] * 20, language=0.5).read(doubtful(scores_of(TREE), 0, "x", "2"))[0]
    assert latex(by_language) == "x ^ { 2 } = y"


def test_heights_decide_what_ink_and_language_leave_open() -> None:
    tree = LayoutTree((Symbol("\\sum", (0,)), Symbol("x", (1,))), (Edge(0, 1, RIGHT),))
    measures = {
        "symbols": {label: [9, height, 0.0, 0.02, 0.0, 0.02] for label, height in (("\\sum", 1), ("2", 1), ("x", 0.6))},
        "scripts": {},
        "root": [1.4, 0.4],
        "usual": 0.8,
    }
    plain, model = search(), LineModel(LABELS, measures)
    by_height = Search(LABELS, plain.language, Weights(), model)
    open_to_both = doubtful(scores_of(tree), 1, "x", "2")
    low, tall = np.array([(0.0, 1.4), (0.55, 1.4)]), np.array([(0.0, 1.4), (0.02, 1.4)])
    for heights, meant in ((low, "\\sum x"), (tall, "\\sum 2")):
        told = replace(open_to_both, extents=heights)
        assert latex(by_height.read(told)[0]) == meant
        assert latex(plain.read(told)[0]) == "\\sum 2", "the likelier by a hair"
        assert latex(Search(LABELS, plain.language, Weights(lines=0.0), model).read(told)[0]) == "\\sum 2"
    assert latex(by_height.read(open_to_both)[0]) == "\\sum 2", "heights that nobody knows do not count"


@settings(max_examples=60)
@given(st.integers(1, 5), st.integers(0, 2**32 - 1), st.floats(0.0, 1.0))
def test_no_labels_of_a_tree_score_more_than_those_found(size: int, seed: int, language: float) -> None:
    rng = np.random.default_rng(seed)
    reader = search("x^{2}=y", "x+y", r"\sqrt{x}-2", language=language, labels=3)
    classes = np.log(rng.dirichlet(np.ones(len(LABELS)), size))
    parents = np.array([rng.integers(-1 if child == 0 else 0, max(child, 1)) if child else -1 for child in range(size)])
    relations = np.where(parents < 0, 0, rng.integers(0, len(RELATIONS), size))
    model = reader.language

    def score(labels: Sequence[int]) -> float:
        words = model.root[labels[0]] + model.childless[list(labels)].sum()
        for child, parent in enumerate(parents.tolist()):
            if parent >= 0:
                known = model.edge[labels[parent], relations[child]]
                words += known[labels[child]] - known[-1]
        return 7.0 + float(classes[range(size), labels].sum() + language * words)

    found = reader._label([(number,) for number in range(size)], classes, parents, relations, 7.0)
    kept = np.argsort(-classes, axis=1)[:, :3].tolist()
    assert found[0].score == pytest.approx(max(map(score, itertools.product(*kept))))
    for one in found:
        assert one.score == pytest.approx(score(one.classes))
        assert one.ink == pytest.approx(7.0 + float(classes[range(size), one.classes].sum()))


def test_all_that_is_known_of_a_formula_ranks_the_best_once_more() -> None:
    scores = random_scores(np.random.default_rng(3), 6, spread=2.0)
    knobs = {"language": 0.3, "habit": 0.0, "repetition": 0.0, "incomplete": 0.0}
    none = search("x^{2}", "x+y", **(knobs | {"rescored": 0}))
    before = {(one.symbols, one.classes, one.parents, one.relations): one.score for one in none.search(scores, {})}

    def gains(**factors: float) -> list[tuple[float, Tree]]:
        again = search("x^{2}", "x+y", **(knobs | factors)).search(scores, {})[:24]
        return [
            (
                one.score - before[one.symbols, one.classes, one.parents, one.relations],
                (one.classes, one.parents, one.relations),
            )
            for one in again
        ]

    told = none.rescorer
    for gain, tree in gains():
        assert gain == pytest.approx(0.3 * told.trigrams(*tree))
    worths: tuple[tuple[dict[str, float], Callable[[Tree], float]], ...] = (
        ({"habit": 0.5}, lambda tree: 0.5 * told.habit(*tree)),
        ({"repetition": 0.4}, lambda tree: 0.4 * told.repetition(tree[0])),
        ({"incomplete": 3.0}, lambda tree: -3.0 * told.incomplete(*tree)),
    )
    for factors, worth in worths:
        found = gains(**factors)
        assert any(worth(tree) for _, tree in found), factors
        for gain, tree in found:
            assert gain == pytest.approx(0.3 * told.trigrams(*tree) + worth(tree)), factors


def test_labels_are_chosen_together() -> None:
    # Neither label is sure, but where one is x the other is y, and where one is y the other is x.
    tree = LayoutTree((Symbol("x", (0,)), Symbol("y", (1,))), (Edge(0, 1, RIGHT),))
    scores = doubtful(doubtful(scores_of(tree), 0, "x", "2"), 1, "y", "2")
    assert latex(search(*["xy"] * 20, language=1.0).read(scores)[0]) == "x y"


def test_the_rest_of_the_formula_decides_between_twins() -> None:
    # The middle letter is in doubt: the other two tell.
    labels = ("x", "-", "y", "-", "x")
    tree = LayoutTree(
        tuple(Symbol(label, (at,)) for at, label in enumerate(labels)),
        tuple(Edge(at, at + 1, RIGHT) for at in range(len(labels) - 1)),
    )
    scores = doubtful(scores_of(tree), 2, "x", "y")
    assert latex(search(language=0.0, habit=0.0, repetition=0.0).read(scores)[0]) == "x - y - x"
    assert latex(search(language=0.0, habit=0.0, repetition=1.0).read(scores)[0]) == "x - x - x"


def test_what_is_not_ranked_again_keeps_its_order_behind() -> None:
    scores = random_scores(np.random.default_rng(3), 6, spread=2.0)
    few, none = search("x^{2}", rescored=3), search("x^{2}", rescored=0)
    once, again = none.search(scores, {}), few.search(scores, {})
    assert len(once) > 5
    assert {one.classes for one in again[:3]} == {one.classes for one in once[:3]}
    assert [one.classes for one in again[3:]] == [one.classes for one in once[3:]]
    assert [one.score for one in again] == sorted((one.score for one in again), reverse=True)


def test_the_other_label_and_the_other_segmentation_are_among_the_readings() -> None:
    scores = doubtful(scores_of(TREE), 4, "y", "x")
    scores.pair[2, 3, SAME] = scores.pair[3, 2, SAME] = np.log(0.55)
    scores.pair[2, 3, 2] = scores.governor[2, 3, 0] = np.log(0.4)
    scores.governor[3, 4, 0] = np.log(0.5)
    readings = search().read(scores)
    assert latex(readings[0]) == "x ^ { 2 } = x"
    assert "x ^ { 2 } = y" in [latex(one) for one in readings]
    assert any((2,) in [symbol.strokes for symbol in one.tree.symbols] for one in readings)


@pytest.mark.parametrize("together", [0.75, 0.9])
def test_strokes_that_are_rather_surely_one_symbol_may_still_be_two(together: float) -> None:
    scores = scores_of(TREE)
    scores.pair[2, 3, SAME] = scores.pair[3, 2, SAME] = np.log(together)
    readings = search(segmentation=0.0).read(scores, 99)
    assert readings[0].tree.ordered() == TREE.ordered()
    assert any((2,) in [symbol.strokes for symbol in one.tree.symbols] for one in readings)


def test_each_symbol_has_its_candidates_the_chosen_one_first() -> None:
    (best, *_) = search().read(doubtful(scores_of(TREE), 0, "x", "2"))
    assert len(best.alternatives) == len(best.tree.symbols)
    for symbol, candidates in zip(best.tree.symbols, best.alternatives, strict=True):
        assert candidates[0].label == symbol.label
        assert len({candidate.label for candidate in candidates}) == len(candidates)
        assert sum(candidate.probability for candidate in candidates) <= 1 + 1e-6
    first = next(c for s, c in zip(best.tree.symbols, best.alternatives, strict=True) if s.strokes == (0,))
    assert [candidate.label for candidate in first[:2]] == ["2", "x"]


def test_a_choice_of_the_person_changes_labels_and_strokes_of_every_reading() -> None:
    decided = {frozenset({2}): "-", frozenset({3}): "-", frozenset({0}): "y"}
    for reading in search().read(scores_of(TREE), 5, decided):
        assert {(frozenset(s.strokes), s.label) for s in reading.tree.symbols} >= set(decided.items())


def test_what_no_notation_can_write_is_not_read() -> None:
    tree = LayoutTree((Symbol("x", (0,)), Symbol("y", (1,))), (Edge(0, 1, INSIDE),))
    (reading,) = search().read(scores_of(tree, sure=30.0))
    assert latex(reading) == "x y", "but its symbols are, one behind the other"


def test_an_opinion_that_does_not_know_a_class_says_nothing_against_it() -> None:
    """Sure of an x among the classes that it knows, it is heard as far as the symbol is likely to be one of these."""
    known = np.array([label != "y" for label in LABELS])

    def opinion(symbols: Sequence[tuple[int, ...]]) -> np.ndarray:
        said = np.where(np.array(LABELS) == "x", 0.0, -9.0)
        return np.tile(np.where(known, said, np.nan), (len(symbols), 1))

    scores = scores_of(LayoutTree((Symbol("y", (0,)),)), sure=4.0)
    reader = search(opinion=0.6)
    classes = reader._classes(scores, [(0,)], {}, opinion)[0]
    by_itself = reader._classes(scores, [(0,)], {})[0]
    assert LABELS[int(classes.argmax())] == "y"
    assert classes[~known] == by_itself[~known]
    share = np.log(np.exp(by_itself[known]).sum() / np.exp(by_itself).sum())
    x = LABELS.index("x")
    assert classes[x] == pytest.approx(0.4 * by_itself[x] + 0.6 * share)


@pytest.mark.parametrize(("relation", "read"), [(Relation.INSIDE, "\\wedge x"), (Relation.BELOW, "- x")])
def test_a_second_opinion_is_not_asked_which_accent_it_is_that_spans_others(relation: Relation, read: str) -> None:
    """It sees a hat over several letters without them, and takes it for a bar."""
    labels = (*LABELS, "\\wedge")
    tree = LayoutTree((Symbol("\\wedge", (0,)), Symbol("x", (1,))), (Edge(0, 1, relation),))
    scores = scores_of(tree, sure=4.0, labels=labels)

    def opinion(symbols: Sequence[tuple[int, ...]]) -> np.ndarray:
        said = ["x" if own == (1,) else "-" for own in symbols]
        return np.array([[0.0 if label == one else -9.0 for label in labels] for one in said])

    reader = Search(labels, TreeLanguageModel(labels, count_trigrams([parse_latex("x")])), Weights(opinion=0.6))
    classes = reader._classes(scores, [(0,), (1,)], {}, opinion).argmax(axis=1)
    assert " ".join(labels[number] for number in classes.tolist()) == read


def test_the_last_resort_hears_the_second_opinion_too() -> None:
    tree = LayoutTree((Symbol("x", (0,)), Symbol("y", (1,))), (Edge(0, 1, INSIDE),))
    scores = doubtful(scores_of(tree, sure=30.0), 0, "x", "y")

    def opinion(symbols: Sequence[tuple[int, ...]]) -> np.ndarray:
        said = np.full((len(symbols), len(LABELS)), -9.0)
        said[:, LABELS.index("x")] = 0.0
        return said

    reader = search(opinion=0.5)
    assert latex(reader.read(scores)[0]) == "y y"
    (heard,) = reader.read(scores, opinion=opinion)
    assert heard.confidence == 0.0, "the last resort"
    assert heard.tree.symbols[0].label == heard.alternatives[0][0].label == "x"


def test_a_symbol_of_three_strokes_is_parted_where_it_holds_least() -> None:
    """At the higher level it falls into three, so that only the lower one parts it in two."""
    inside = {(0, 1): 0.9, (0, 2): 0.7, (1, 2): 0.7, (0, 3): 0.01, (1, 3): 0.01, (2, 3): 0.01}
    tried = search(segmentations=9)._segmentations(four_strokes(inside), {})
    assert [[0, 1], [2], [3]] in [[list(group) for group in groups] for groups, _ in tried]


def test_six_labels_stand_beside_the_one_chosen() -> None:
    for reading in search().read(random_scores(np.random.default_rng(5), 3)):
        for candidates in reading.alternatives:
            assert len(candidates) >= 6


def test_a_lead_makes_sure_and_a_rival_unsure() -> None:
    sure = search().read(scores_of(TREE))[0].confidence
    unsure = search().read(doubtful(scores_of(TREE), 4, "y", "x"))[0].confidence
    assert 0.0 < unsure < sure < 1.0


def test_a_lead_counts_up_to_ten_even_where_there_is_no_other() -> None:
    """Or one formula without a rival outweighs all others in the fit of the confidence, being infinitely sure."""
    first = Found(((0,),), (0,), (-1,), (0,), -2.0, 50.0)
    assert evidence([first]) == (-2.0, 10.0)
    assert evidence([first, replace(first, score=-80.0)]) == (-2.0, 10.0)
    assert evidence([first, replace(first, score=47.0)]) == (-2.0, 3.0)


def four_strokes(same: dict[tuple[int, int], float]) -> Scores:
    """Scores of strokes that are of one symbol with the probabilities given, else as good as never."""
    scores = random_scores(np.random.default_rng(0), 4)
    scores.pair[:, :, SAME] = -40.0
    for (one, other), chance in same.items():
        scores.pair[one, other, SAME] = scores.pair[other, one, SAME] = np.log(chance)
    return scores


def worth_of(scores: Scores, *groups: tuple[int, ...]) -> float | None:
    """How much less likely a segmentation is than the first, or None where it is not tried."""
    return {tuple(tried): worth for tried, worth in search(segmentations=9)._segmentations(scores, {})}.get(groups)


def test_strokes_join_a_symbol_by_the_mean_of_their_odds_as_many_times_as_the_smaller_has_strokes() -> None:
    inside = {(0, 1): 0.99, (0, 2): 0.99, (1, 2): 0.99}
    between = {(0, 3): 0.3, (1, 3): 0.2, (2, 3): 0.4}
    odds = [np.log(chance / (1 - chance)) for chance in between.values()]
    assert worth_of(four_strokes(inside | between), (0, 1, 2, 3)) == pytest.approx(np.mean(odds), abs=1e-3)


def test_a_symbol_is_parted_by_the_mean_of_the_odds_as_many_times_as_the_smaller_part_has_strokes() -> None:
    inside = {(0, 1): 0.99, (0, 2): 0.99, (1, 2): 0.99}
    between = {(0, 3): 0.6, (1, 3): 0.7, (2, 3): 0.55}
    odds = [np.log(chance / (1 - chance)) for chance in between.values()]
    assert worth_of(four_strokes(inside | between), (0, 1, 2), (3,)) == pytest.approx(-np.mean(odds), abs=1e-3)


def test_one_pair_of_strokes_that_the_network_is_sure_of_does_not_decide_for_all() -> None:
    """A network that says never means seldom: the dot of an i lies far from one part of it and near the other two."""
    inside = {(0, 1): 0.99, (0, 2): 0.99, (1, 2): 0.99}
    least = np.log(1e-4 / (1 - 1e-4))
    worth = worth_of(four_strokes(inside | {(1, 3): 0.45, (2, 3): 0.45}), (0, 1, 2, 3))
    assert worth == pytest.approx((least + 2 * np.log(0.45 / 0.55)) / 3, abs=0.01)


def test_the_others_leave_room_for_what_was_not_found() -> None:
    readings = search().read(doubtful(scores_of(TREE), 4, "y", "x"), 24)
    first, *others = [reading.confidence for reading in readings]
    assert others
    assert sum(others) <= AMONG_OTHERS * (1.0 - first) + 1e-9


def test_no_more_readings_than_asked_for() -> None:
    scores = random_scores(np.random.default_rng(5), 6)
    assert len(search().read(scores, 1)) == 1
    assert len(search().read(scores, 3)) <= 3


def check(readings: list[Reading], strokes: int) -> None:
    assert readings
    for reading in readings:
        assert sorted(stroke for symbol in reading.tree.symbols for stroke in symbol.strokes) == list(range(strokes))
        assert 0.0 <= reading.confidence <= 1.0
        assert len(reading.alternatives) == len(reading.tree.symbols)
    assert len({latex(reading) for reading in readings}) == len(readings), "no two say the same"
    certainty = [reading.confidence for reading in readings]
    assert certainty == sorted(certainty, reverse=True)


@settings(max_examples=40)
@given(st.integers(1, 12), st.integers(0, 2**32 - 1), st.sampled_from([0.0, 1.0, 4.0, 50.0]), st.floats(0.0, 2.0))
def test_any_scribble_has_a_reading_that_owns_every_stroke_once(
    strokes: int, seed: int, spread: float, language: float
) -> None:
    scores = random_scores(np.random.default_rng(seed), strokes, spread=spread)
    check(search("x^{2}+y", language=language).read(scores), strokes)


@settings(max_examples=40)
@given(st.integers(1, 8), st.integers(0, 2**32 - 1), st.data())
def test_constraints_hold_whatever_the_network_says(strokes: int, seed: int, data: st.DataObject) -> None:
    owner = data.draw(st.lists(st.integers(0, 3), min_size=strokes, max_size=strokes))
    groups = [frozenset(i for i in range(strokes) if owner[i] == group) for group in sorted({*owner} - {0})]
    decided: Constraints = {group: data.draw(st.sampled_from(LABELS)) for group in groups}  # 0: nothing was decided
    readings = search().read(random_scores(np.random.default_rng(seed), strokes, spread=4.0), 5, decided)
    check(readings, strokes)
    for reading in readings:
        symbols = {frozenset(symbol.strokes): symbol.label for symbol in reading.tree.symbols}
        assert symbols.items() >= decided.items()


def test_every_relation_says_nothing_of_a_lone_stroke() -> None:
    nothing = np.zeros((1, 1, len(RELATIONS)))
    (reading, *_) = search().read(normalised(np.eye(len(LABELS))[:1] * 9, np.zeros((1, 1, 8)), nothing, np.zeros(1)))
    assert latex(reading) == "x"


def test_a_vocabulary_of_one_label_will_do() -> None:
    only = Search(("x",), TreeLanguageModel(("x",), []), Weights())
    readings = only.read(random_scores(np.random.default_rng(0), 4, classes=1))
    assert {symbol.label for symbol in readings[0].tree.symbols} == {"x"}
