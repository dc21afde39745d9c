"""The best tree over a directed graph (Chu and Liu 1965; Edmonds 1967)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def maximum_arborescence(scores: NDArray[Any]) -> NDArray[np.int64]:
    """Choose a parent for every node so that all hang together and the scores of the edges add up to the most.

    Every node takes its best parent. Nodes that then go round in a circle become one node, which takes its best parent
    in turn, until all lead to the root; at the end each circle is opened where its parent enters it. Nothing but the
    edges of the new node changes, so that time grows with the square of the nodes however many circles there are.

    Args:
        scores: ``(n, n)``; ``scores[i, j]`` is what the edge from i to j is worth, ``-inf`` where there is none.
            Node 0 is the root; edges into it are not used.

    Returns:
        ``(n,)`` parent of each node; that of the root is 0.

    Raises:
        ValueError: some node cannot be reached from the root.
    """
    count = len(scores)
    # Circles are numbered behind the nodes, and are fewer. What has become part of one has no edges any more.
    weights = np.full((2 * count, 2 * count), -np.inf)
    weights[:count, :count] = scores
    np.fill_diagonal(weights, -np.inf)
    weights[:, 0] = -np.inf
    parents = np.zeros(2 * count, np.int64)
    parents[:count] = weights[:, :count].argmax(axis=0)
    if np.isneginf(weights[parents[1:count], np.arange(1, count)]).any():
        raise ValueError("a node cannot be reached from the root")
    inside = np.zeros(2 * count, np.bool_)  # what is part of a circle
    circles: list[tuple[list[int], NDArray[np.float64], NDArray[np.float64]]] = []
    settled = {0}  # what leads to the root, or is part of a circle
    start, end = 1, count
    while start < end:
        members = _circle(parents, start, settled)
        if not members:
            start += 1
            continue
        # Entering it at a member costs the edge that the member has in the circle.
        entering = weights[:end, members] - weights[parents[members], members]
        leaving = weights[members, :end]
        weights[:end, end], weights[end, :end] = entering.max(axis=1), leaving.max(axis=0)
        weights[members], weights[:, members] = -np.inf, -np.inf
        inside[members] = True
        if weights[:, end].max() == -np.inf:
            raise ValueError("a node cannot be reached from the root")
        circles.append((members, entering, leaving))
        settled.update(members)
        # What followed a member follows the circle: nothing else became worth more.
        parents[:end][inside[parents[:end]] & ~inside[:end]] = end
        parents[end] = weights[:, end].argmax()
        end += 1
    for number, (members, entering, leaving) in reversed(list(enumerate(circles, count))):
        below = np.flatnonzero(parents[:number] == number)
        parents[below] = np.array(members)[leaving[:, below].argmax(axis=0)]
        parents[members[int(entering[parents[number]].argmax())]] = parents[number]
    return parents[:count]


def _circle(parents: NDArray[np.int64], start: int, settled: set[int]) -> list[int]:
    """The circle that the way from a node upward ends in; empty if it does not, and all on the way is settled now."""
    way: list[int] = []
    seen: set[int] = set()
    node = start
    while node not in settled and node not in seen:
        seen.add(node)
        way.append(node)
        node = int(parents[node])
    if node in settled:
        settled.update(seen)
        return []
    return way[way.index(node) :]
