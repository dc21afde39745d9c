"""From the network's answer to layout trees: which strokes are one symbol, its class, and the tree of relations."""

from __future__ import annotations

import heapq
import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from inkmath.decoding.arborescence import maximum_arborescence
from inkmath.features.expression import RELATIONS, SAME
from inkmath.layout.tree import Edge, LayoutTree, Relation, Symbol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

RIVAL = 4.0
"""How far behind, in log-probability, another edge into a symbol is still tried."""

NEVER = -1e6
"""A score so low that the edge is taken only where no tree exists without it."""

Decisions = tuple[tuple[int, int, int, bool], ...]
"""Parents, children and relations of edges, each with whether a tree has that edge."""


@dataclass(frozen=True)
class Scores:
    """Logarithms of the probabilities that the network gives for one formula.

    Attributes:
        symbol: ``(S, C)`` class of the symbol of each stroke.
        pair: ``(S, S, 8)`` label of each ordered pair.
        governor: ``(S, S, 6)`` i governs j by a relation; with ``root`` it sums to one for each j.
        root: ``(S,)`` j's symbol is the root.
        extents: ``(S, 2)`` top and bottom of each stroke, downward, in typical strokes: not what the network says, but
            what the search goes by besides; None where that is not at hand.
    """

    symbol: NDArray[Any]
    pair: NDArray[Any]
    governor: NDArray[Any]
    root: NDArray[Any]
    extents: NDArray[Any] | None = None

    @classmethod
    def of(
        cls, answer: Mapping[str, NDArray[Any]], row: int, strokes: int, extents: NDArray[Any] | None = None
    ) -> Scores:
        """Of one formula of a batch, from the network's logits, padding cut off."""
        symbol = answer["symbol"][row, :strokes]
        pair = answer["pair"][row, :strokes, :strokes]
        governor = answer["governor"][row, :strokes, :strokes]
        root = answer["root"][row, :strokes]
        total = np.logaddexp(_log_sum_exp(governor, (0, 2)), root)  # (S,)
        return cls(
            symbol - _log_sum_exp(symbol, (-1,))[..., None],
            pair - _log_sum_exp(pair, (-1,))[..., None],
            governor - total[None, :, None],
            root - total,
            extents,
        )


def same_symbol(scores: Scores) -> NDArray[Any]:
    """``(S, S)`` probability that two strokes belong to one symbol, the same either way."""
    same = np.exp(scores.pair[:, :, SAME])
    return np.asarray((same + same.T) / 2)


def segment(same: NDArray[Any], threshold: float = 0.5) -> list[list[int]]:
    """Strokes joined into symbols wherever two are the same symbol with more than ``threshold`` probability."""
    group = list(range(len(same)))
    for one, two in zip(*np.nonzero(np.triu(same, 1) > threshold), strict=True):
        first, second = sorted((group[one], group[two]))
        if first != second:
            group = [first if member == second else member for member in group]
    return [[stroke for stroke in range(len(group)) if group[stroke] == lead] for lead in sorted(set(group))]


def relate(scores: Scores, symbols: Sequence[Sequence[int]]) -> tuple[NDArray[Any], NDArray[Any]]:
    """How well each symbol governs each other.

    Returns:
        ``(K, K, 6)`` log-probability that symbol p governs symbol c by a relation, and ``(K,)`` of being the root.
    """
    strokes = np.concatenate([np.array(own) for own in symbols])  # (S,), symbol after symbol
    sizes = np.array([len(own) for own in symbols])  # (K,)
    begins = np.cumsum(sizes) - sizes

    def summed(values: NDArray[Any], axis: int) -> NDArray[np.float64]:
        """Sums over the strokes of each symbol; not as products of matrices, almost all of whose terms would be 0."""
        return np.add.reduceat(np.take(values, strokes, axis), begins, axis, dtype=np.float64)

    by_governor = np.log(summed(np.exp(scores.governor), 0) + 1e-12)  # (K, S, 6)
    by_governor = summed(by_governor, 1) / sizes[:, None]  # (K, K, 6)
    by_pair = summed(summed(scores.pair[:, :, 2:], 0), 1) / np.multiply.outer(sizes, sizes)[..., None]
    return (by_governor + by_pair) / 2, summed(scores.root, 0) / sizes


def best_trees(
    edges: NDArray[Any], root: NDArray[Any], count: int = 1, tries: int = 30
) -> list[tuple[float, NDArray[np.int64], NDArray[np.int64]]]:
    """The best trees in which no symbol governs two others by the same relation.

    Branch and bound: the best tree of all is found; where it breaks the rule, the trees to come lack one of the two
    edges, or have it and lack the other, and the best outcome is looked at first. Further trees lack a doubtful edge;
    they too are parted by the first that they lack, so that none comes twice (Murty, "An algorithm for ranking all the
    assignments in order of increasing cost", Operations Research 16, 1968). Another root than the best tree's comes of
    that only, not for being likely itself. When all tries are spent and none will do, the last is repaired: the second
    of two rivals follows the first on its line.

    Args:
        edges: ``(K, K, 6)`` and root ``(K,)`` from :func:`relate`.
        count: how many trees at most. tries: how many trees are looked at.

    Returns:
        For each tree its score, ``(K,)`` parents (-1 for the root) and ``(K,)`` relations, the best first.
    """
    size = len(root)
    highest = edges.max(axis=2)
    order = itertools.count()
    # What is decided is kept and not the tables that follow from it: those of many trees would fill the memory.
    queue: list[tuple[float, int, NDArray[np.int64], NDArray[np.int64], Decisions]] = []

    def tables(decided: Decisions) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
        """The edges that are allowed, their maximum over the relations, and the roots that are."""
        allowed, most, outermost = edges.copy(), highest.copy(), root.copy()
        for parent, child, relation, taken in decided:
            if taken:
                kept = allowed[parent, child, relation]
                allowed[:, child], most[:, child], outermost[child] = NEVER, NEVER, NEVER
                allowed[parent, child, relation] = most[parent, child] = kept
            else:
                allowed[parent, child, relation] = NEVER
                most[parent, child] = allowed[parent, child].max()
        return allowed, most, outermost

    def solve(decided: Decisions) -> None:
        """Queue the best tree for which all that is decided holds."""
        allowed, most, outermost = tables(decided)
        table = np.full((size + 1, size + 1), -np.inf)
        table[1:, 1:] = most
        table[0, 1:] = outermost
        parents = maximum_arborescence(table)[1:] - 1
        if (parents < 0).sum() > 1:  # seldom, and then the root becomes part of circle upon circle, which takes long
            table[0, 1:] += size * NEVER  # a second root costs more than any edge
            parents = maximum_arborescence(table)[1:] - 1
        relations = allowed[parents, np.arange(size)].argmax(axis=1)
        score = sum(outermost[c] if p < 0 else allowed[p, c, relations[c]] for c, p in enumerate(parents))
        heapq.heappush(queue, (-float(score), next(order), parents, relations, decided))

    solve(())
    found: list[tuple[float, NDArray[np.int64], NDArray[np.int64]]] = []
    for attempt in range(tries + 1):
        if not queue or (attempt == tries and found):
            break
        score, _, parents, relations, decided = heapq.heappop(queue)
        if attempt == tries:
            score -= _repair(edges, parents, relations)
        clash = _clash(parents, relations)
        if clash is None:
            found.append((-score, parents, relations))
            if len(found) == count:
                break
        for child in clash or _doubtful(tables(decided)[0], parents, relations):
            edge = int(parents[child]), child, int(relations[child])
            solve((*decided, (*edge, False)))
            decided = (*decided, (*edge, True))
    return found


def _repair(edges: NDArray[Any], parents: NDArray[np.int64], relations: NDArray[np.int64]) -> float:
    """Make a tree obey the rule, in place; returns by how much its score rises (it falls, so this is negative)."""
    right = RELATIONS.index(Relation.RIGHT)
    change = 0.0
    while (clash := _clash(parents, relations)) is not None:
        last, moved = clash
        while len(after := np.flatnonzero((parents == last) & (relations == right))):
            last = int(after[0])
        change += float(edges[last, moved, right] - edges[parents[moved], moved, relations[moved]])
        parents[moved], relations[moved] = last, right
    return change


def _doubtful(edges: NDArray[Any], parents: NDArray[np.int64], relations: NDArray[np.int64]) -> list[int]:
    """Children whose edge has a rival less than ``RIVAL`` behind it, the closest first."""
    count = len(parents)
    rivals = edges.copy()
    governed = parents >= 0
    rivals[parents[governed], np.flatnonzero(governed), relations[governed]] = NEVER
    own = edges[parents, np.arange(count), relations]
    behind = np.where(governed, own - rivals.max(axis=(0, 2)), np.inf)
    return [int(child) for child in np.argsort(behind)[:6] if behind[child] < RIVAL]


def _clash(parents: NDArray[np.int64], relations: NDArray[np.int64]) -> tuple[int, int] | None:
    """Two symbols governed by the same one in the same relation, or None."""
    seen: dict[tuple[int, int], int] = {}
    for child, (parent, relation) in enumerate(zip(parents.tolist(), relations.tolist(), strict=True)):
        if parent >= 0 and (other := seen.setdefault((parent, relation), child)) != child:
            return other, child
    return None


def plain_readout(scores: Scores, labels: Sequence[str]) -> LayoutTree:
    """The tree read off without search: strokes joined, the likeliest class of each, the best tree."""
    symbols = segment(same_symbol(scores))
    classes = [int(scores.symbol[strokes].mean(axis=0).argmax()) for strokes in symbols]
    _, parents, relations = best_trees(*relate(scores, symbols))[0]
    return layout([labels[one] for one in classes], symbols, parents.tolist(), relations.tolist())


def layout(
    labels: Sequence[str], symbols: Sequence[Sequence[int]], parents: Sequence[int], relations: Sequence[int]
) -> LayoutTree:
    """A layout tree of the label and the strokes of each symbol, its parent (-1 for the outermost) and the relation."""
    return LayoutTree(
        tuple(Symbol(label, tuple(strokes)) for label, strokes in zip(labels, symbols, strict=True)),
        tuple(
            Edge(parent, child, RELATIONS[relation])
            for child, (parent, relation) in enumerate(zip(parents, relations, strict=True))
            if parent >= 0
        ),
    )


def _log_sum_exp(values: NDArray[Any], axes: tuple[int, ...]) -> Any:
    top = values.max(axis=axes, keepdims=True)
    return np.log(np.exp(values - top).sum(axis=axes)) + np.squeeze(top, axes)
