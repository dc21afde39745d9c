"""The best tree over a directed graph (Chu and Liu 1965; Edmonds 1967)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def maximum_arborescence(scores: NDArray[Any]) -> NDArray[np.int64]:
    """Choose a parent for every node so that all hang together and the scores of the edges add up to the most.

    Args:
        scores: ``(n, n)``; ``scores[i, j]`` is what the edge from i to j is worth, ``-inf`` where there is none.
            Node 0 is the root; edges into it are not used.

    Returns:
        ``(n,)`` parent of each node; that of the root is 0.

    Raises:
        ValueError: some node cannot be reached from the root.
    """
    weights = np.array(scores, dtype=np.float64)
    count = len(weights)
    np.fill_diagonal(weights, -np.inf)
    weights[:, 0] = -np.inf
    if count == 1:
        return np.zeros(1, np.int64)
    parents: NDArray[np.int64] = weights.argmax(axis=0)
    parents[0] = 0
    if np.isneginf(weights[parents[1:], np.arange(1, count)]).any():
        raise ValueError("a node cannot be reached from the root")
    cycle = _cycle(parents)
    if cycle is None:
        return parents
    inside = np.zeros(count, np.bool_)
    inside[cycle] = True
    outer = np.flatnonzero(~inside)  # node 0 stays first
    # The cycle becomes one node: entering it at j costs the edge of the cycle into j.
    contracted = np.full((len(outer) + 1, len(outer) + 1), -np.inf)
    contracted[:-1, :-1] = weights[outer[:, None], outer]
    entering = weights[outer[:, None], cycle] - weights[parents[cycle], cycle]
    contracted[:-1, -1] = entering.max(axis=1)
    leaving = weights[cycle[:, None], outer]
    contracted[-1, :-1] = leaving.max(axis=0)
    solved = maximum_arborescence(contracted)
    answer: NDArray[np.int64] = parents.copy()
    for place, node in enumerate(outer):
        if node == 0:
            continue
        parent = solved[place]
        answer[node] = cycle[leaving[:, place].argmax()] if parent == len(outer) else outer[parent]
    from_outside = solved[-1]
    opened = cycle[entering[from_outside].argmax()]
    answer[opened] = outer[from_outside]
    return answer


def _cycle(parents: NDArray[np.int64]) -> NDArray[np.int64] | None:
    """Nodes of some cycle among the chosen parents, or None."""
    state = np.zeros(len(parents), np.int64)
    state[0] = -1
    for start in range(1, len(parents)):
        node = start
        while state[node] == 0:
            state[node] = start
            node = int(parents[node])
        if state[node] == start:
            cycle = [node]
            while (node := int(parents[node])) != cycle[0]:
                cycle.append(node)
            return np.array(cycle)
        node = start
        while state[node] == start:
            state[node] = -1
            node = int(parents[node])
    return None
