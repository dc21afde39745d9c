"""From scores to trees: segmentation, relations between symbols, the best trees over them."""

from __future__ import annotations

import itertools
import tracemalloc

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from made_up_scores import LABELS, normalised, random_scores, scores_of

from inkmath.decoding.readout import Scores, best_trees, plain_readout, relate, same_symbol, segment
from inkmath.features.expression import RELATIONS, SAME
from inkmath.layout.tree import Edge, LayoutTree, Relation, Symbol

RIGHT, SUP, BELOW = Relation.RIGHT, Relation.SUP, Relation.BELOW

TREE = LayoutTree(  # x ^ 2 = y, with = in two strokes
    (Symbol("x", (0,)), Symbol("2", (1,)), Symbol("=", (2, 4)), Symbol("y", (3,))),
    (Edge(0, 1, SUP), Edge(0, 2, RIGHT), Edge(2, 3, RIGHT)),
)


def test_scores_are_log_probabilities() -> None:
    scores = random_scores(np.random.default_rng(1), 5)
    assert np.exp(scores.symbol).sum(axis=1) == pytest.approx(np.ones(5))
    assert np.exp(scores.pair).sum(axis=2) == pytest.approx(np.ones((5, 5)))
    governed = np.exp(scores.governor).sum(axis=(0, 2)) + np.exp(scores.root)
    assert governed == pytest.approx(np.ones(5)), "each stroke has one governor, or is of the root"


def test_padding_is_cut_off() -> None:
    rng = np.random.default_rng(2)
    short = {"symbol": (3, 8), "pair": (3, 3, 8), "governor": (3, 3, 6), "root": (3,)}
    logits = {name: rng.normal(size=shape) for name, shape in short.items()}
    padded = {name: np.full((2, *[7 if n == 3 else n for n in one.shape]), 50.0) for name, one in logits.items()}
    for name, one in logits.items():
        padded[name][1][tuple(slice(n) for n in one.shape)] = one
    alone, cut = normalised(**logits), Scores.of(padded, 1, 3)
    for name in short:
        assert getattr(cut, name) == pytest.approx(getattr(alone, name))


def test_what_a_sure_network_says_is_read_off() -> None:
    assert plain_readout(scores_of(TREE), LABELS).ordered() == TREE.ordered()


def test_strokes_are_joined_through_others() -> None:
    same = np.array([[1.0, 0.9, 0.1], [0.9, 1.0, 0.6], [0.1, 0.6, 1.0]])
    assert segment(same) == [[0, 1, 2]]
    assert segment(same, threshold=0.7) == [[0, 1], [2]]
    assert segment(np.zeros((2, 2))) == [[0], [1]]


def test_either_direction_of_a_pair_has_its_say() -> None:
    scores = random_scores(np.random.default_rng(3), 4)
    same, said = same_symbol(scores), np.exp(scores.pair[:, :, SAME])
    assert same == pytest.approx(same.T)
    assert same[0, 2] == pytest.approx((said[0, 2] + said[2, 0]) / 2), "one direction alone does not join strokes"
    assert (same >= 0).all()
    assert (same <= 1).all()


def test_relations_of_symbols_come_from_those_of_their_strokes() -> None:
    symbols = [list(symbol.strokes) for symbol in TREE.symbols]
    edges, root = relate(scores_of(TREE), symbols)
    assert root.argmax() == TREE.root
    for edge in TREE.edges:
        parent, relation = np.unravel_index(edges[:, edge.child].argmax(), edges[:, edge.child].shape)
        assert (int(parent), int(relation)) == (edge.parent, RELATIONS.index(edge.relation))


def trees_over(edges: np.ndarray, root: np.ndarray) -> dict[tuple[tuple[int, ...], tuple[int, ...]], float]:
    """Every layout tree over some symbols, with its score."""
    size, found = len(root), {}
    for parents in itertools.product(range(-1, size), repeat=size):
        if parents.count(-1) != 1 or any(child == parent for child, parent in enumerate(parents)):
            continue
        for relations in itertools.product(range(len(RELATIONS)), repeat=size):
            links = [(p, c, r) for c, (p, r) in enumerate(zip(parents, relations, strict=True)) if p >= 0]
            if any(r for p, r in zip(parents, relations, strict=True) if p < 0):
                continue
            symbols = tuple(Symbol("x", (index,)) for index in range(size))
            try:
                LayoutTree(symbols, tuple(Edge(p, c, RELATIONS[r]) for p, c, r in links))
            except ValueError:
                continue
            found[parents, relations] = sum(edges[link] for link in links) + root[parents.index(-1)]
    return found


@settings(max_examples=15)
@given(st.integers(1, 3), st.integers(0, 2**32 - 1), st.floats(0.1, 5.0))
def test_the_best_tree_is_the_best_of_all_layout_trees(size: int, seed: int, spread: float) -> None:
    edges, root = relate(random_scores(np.random.default_rng(seed), size, spread=spread), [[i] for i in range(size)])
    every = trees_over(edges, root)
    found = best_trees(edges, root, count=3)
    score, parents, relations = found[0]
    assert score == pytest.approx(max(every.values()))
    for score, parents, relations in found:
        named = tuple(int(r) if p >= 0 else 0 for p, r in zip(parents, relations, strict=True))
        assert every[tuple(parents.tolist()), named] == pytest.approx(score), "each is a layout tree with its own score"
    assert [one[0] for one in found] == sorted((one[0] for one in found), reverse=True)
    assert len({(tuple(p.tolist()), tuple(r.tolist())) for _, p, r in found}) == len(found), "no tree comes twice"


def test_what_is_nearly_as_likely_comes_second() -> None:
    """One edge of a line has a rival that is less likely, but not by much: with it, the tree is the second best."""
    edges, root = np.full((3, 3, len(RELATIONS)), -20.0), np.array([0.0, -20.0, -20.0])
    right, sup = RELATIONS.index(RIGHT), RELATIONS.index(Relation.SUP)
    edges[0, 1, right] = edges[1, 2, right] = 0.0
    edges[0, 1, sup] = -1.5
    every = trees_over(edges, root)
    first, second, *_ = sorted(every, key=lambda tree: -every[tree])
    found = best_trees(edges, root, count=4)
    assert [(tuple(p.tolist()), tuple(r.tolist())) for _, p, r in found[:2]] == [first, second]
    assert second[1][1] == sup


@settings(max_examples=60)
@given(st.integers(2, 8), st.integers(0, 2**32 - 1), st.floats(0.1, 5.0))
@example(3, 36, 3.0)  # the trees after a clash
def test_no_tree_comes_twice(size: int, seed: int, spread: float) -> None:
    scores = random_scores(np.random.default_rng(seed), size, spread=spread)
    found = best_trees(*relate(scores, [[i] for i in range(size)]), count=4)
    assert len({(tuple(p.tolist()), tuple(r[p >= 0].tolist())) for _, p, r in found}) == len(found)
    assert [one[0] for one in found] == sorted((one[0] for one in found), reverse=True)


def test_the_trees_that_are_looked_at_do_not_fill_the_memory() -> None:
    size = 60
    edges, root = relate(random_scores(np.random.default_rng(0), size), [[i] for i in range(size)])
    tracemalloc.start()
    best_trees(edges, root, count=4)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 6 * edges.nbytes, "not a table of edges for each of them"


def test_pairs_and_governors_have_an_equal_say_in_relations() -> None:
    scores = random_scores(np.random.default_rng(1), 5)
    symbols = [[0, 2], [1], [3, 4]]
    edges, root = relate(scores, symbols)
    for p, governor in enumerate(symbols):
        for c, child in enumerate(symbols):
            chosen = np.exp(scores.governor[np.ix_(governor, child)]).sum(axis=0)  # whichever stroke of it is named
            by_governor = np.log(chosen + 1e-12).mean(axis=0)
            by_pair = scores.pair[np.ix_(governor, child)][..., 2:].mean(axis=(0, 1))
            np.testing.assert_allclose(edges[p, c], (by_governor + by_pair) / 2)
    np.testing.assert_allclose(root, [scores.root[strokes].mean() for strokes in symbols])


def test_no_symbol_governs_two_by_one_relation() -> None:
    # Both y and 2 want to stand to the right of x; the less certain gives way, at the least cost, however much that is.
    edges = np.full((3, 3, len(RELATIONS)), -9.0)
    edges[0, 1, 0], edges[0, 2, 0] = -0.1, -0.2
    edges[1, 2, 0] = -6.0
    root = np.array([-0.1, -8.0, -8.0])
    ((score, parents, relations),) = best_trees(edges, root)
    assert parents.tolist() == [-1, 0, 1]
    assert relations[1:].tolist() == [0, 0]
    assert score == pytest.approx(-6.2)


def test_what_is_repaired_follows_a_line_to_its_end_and_costs_what_it_costs() -> None:
    """1 and 2 both want to follow 0, and 3 follows 1: the line of the first is not torn apart to let the second in."""
    edges = np.full((4, 4, len(RELATIONS)), -9.0)
    edges[0, 1, 0], edges[0, 2, 0], edges[1, 3, 0] = -0.1, -0.2, -0.3
    edges[1, 2, 0], edges[2, 3, 0], edges[3, 2, 0] = -5.0, -6.0, -7.0
    ((score, parents, relations),) = best_trees(edges, np.array([-0.4, -9.0, -9.0, -9.0]), tries=0)
    assert parents.tolist() == [-1, 0, 3, 1]
    assert relations[1:].tolist() == [0, 0, 0]
    assert score == pytest.approx(-0.4 - 0.1 - 0.3 - 7.0), "or a repaired tree would pass for better than a sound one"


@settings(max_examples=40)
@given(st.integers(2, 7), st.integers(0, 2**32 - 1), st.floats(0.1, 5.0))
def test_a_repaired_tree_is_one_and_has_its_own_score(size: int, seed: int, spread: float) -> None:
    scores = random_scores(np.random.default_rng(seed), size, spread=spread)
    edges, root = relate(scores, [[index] for index in range(size)])
    ((score, parents, relations),) = best_trees(edges, root, tries=0)
    links = [(p, c, r) for c, (p, r) in enumerate(zip(parents.tolist(), relations.tolist(), strict=True)) if p >= 0]
    symbols = tuple(Symbol("x", (index,)) for index in range(size))
    tree = LayoutTree(symbols, tuple(Edge(p, c, RELATIONS[r]) for p, c, r in links))  # which refuses what is no tree
    assert score == pytest.approx(root[tree.root] + sum(edges[link] for link in links))


def test_one_symbol_is_a_tree() -> None:
    ((score, parents, _),) = best_trees(np.zeros((1, 1, len(RELATIONS))), np.array([-0.5]), count=4)
    assert score == -0.5
    assert parents.tolist() == [-1]


@settings(max_examples=25)
@given(st.integers(1, 14), st.integers(0, 2**32 - 1), st.sampled_from([0.0, 1.0, 30.0]))
def test_scribble_is_read_as_some_tree_with_every_stroke_once(strokes: int, seed: int, spread: float) -> None:
    tree = plain_readout(random_scores(np.random.default_rng(seed), strokes, spread=spread), LABELS)
    assert sorted(stroke for symbol in tree.symbols for stroke in symbol.strokes) == list(range(strokes))
