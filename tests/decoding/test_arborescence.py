"""The best tree over a directed graph, against another implementation and against all trees there are."""

from __future__ import annotations

import itertools

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inkmath.decoding.arborescence import maximum_arborescence


def total(scores: np.ndarray, parents: np.ndarray) -> float:
    return float(sum(scores[parents[node], node] for node in range(1, len(parents))))


def is_tree(parents: np.ndarray) -> bool:
    """Every node leads back to the root."""
    for start in range(len(parents)):
        node, steps = start, 0
        while node != 0 and steps <= len(parents):
            node, steps = int(parents[node]), steps + 1
        if node != 0:
            return False
    return True


@settings(max_examples=60)
@given(st.integers(2, 25), st.integers(0, 2**32 - 1), st.booleans())
def test_as_good_as_networkx_finds_it(nodes: int, seed: int, ties: bool) -> None:
    rng = np.random.default_rng(seed)
    scores = rng.integers(-3, 4, (nodes, nodes)).astype(float) if ties else rng.normal(size=(nodes, nodes))
    parents = maximum_arborescence(scores)
    assert is_tree(parents)
    graph = nx.DiGraph()
    graph.add_weighted_edges_from((i, j, scores[i, j]) for i, j in itertools.permutations(range(nodes), 2) if j)
    best = nx.maximum_spanning_arborescence(graph, preserve_attrs=False)
    assert total(scores, parents) == pytest.approx(sum(weight for _, _, weight in best.edges.data("weight")))


@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1))
def test_no_other_tree_is_better(seed: int) -> None:
    scores = np.random.default_rng(seed).normal(size=(5, 5))
    candidates = (np.array([0, *parents]) for parents in itertools.product(range(5), repeat=4))
    best = max(total(scores, one) for one in candidates if is_tree(one))
    assert total(scores, maximum_arborescence(scores)) == pytest.approx(best)


def test_a_cycle_that_is_worth_more_than_any_tree_is_broken_where_that_costs_least() -> None:
    scores = np.full((3, 3), -np.inf)
    scores[1, 2] = scores[2, 1] = 10.0
    scores[0, 1], scores[0, 2] = 1.0, 2.0
    assert maximum_arborescence(scores).tolist() == [0, 2, 0]


@pytest.mark.parametrize("hanging", [0, 1100])
def test_circles_within_circles_may_be_many_and_much_may_hang_on_the_innermost(hanging: int) -> None:
    """Each node would best follow the one before, and the first of them the second: circle upon circle, to the last."""
    count = 1100
    scores = np.full((count + hanging, count + hanging), -np.inf)
    at = np.arange(1, count - 1)
    scores[at, at + 1], scores[at + 1, at], scores[0, 1:], scores[1, count:] = 10.0, 9.0, -1e6, 5.0
    assert maximum_arborescence(scores).tolist() == [0, *range(count - 1), *[1] * hanging]


def test_edges_that_are_not_there_are_not_taken() -> None:
    scores = np.full((4, 4), -np.inf)
    scores[0, 1], scores[1, 2], scores[2, 3] = -5.0, -5.0, -5.0
    assert maximum_arborescence(scores).tolist() == [0, 0, 1, 2]


def test_the_root_alone_is_a_tree() -> None:
    assert maximum_arborescence(np.zeros((1, 1))).tolist() == [0]


def test_a_node_out_of_reach_is_an_error() -> None:
    scores = np.zeros((3, 3))
    scores[:, 2] = -np.inf
    with pytest.raises(ValueError, match="cannot be reached"):
        maximum_arborescence(scores)


def test_the_scores_are_left_as_they_are() -> None:
    scores = np.random.default_rng(0).normal(size=(4, 4))
    before = scores.copy()
    maximum_arborescence(scores)
    assert (scores == before).all()
