"""A language model of layout trees: which symbol follows which, and where, in the formulas of the training set.

Every symbol predicts, for each of the six relations, the label found there or that nothing is: a bigram model along
the edges of the tree, smoothed towards what stands in that relation in general (interpolated in the manner of Witten
and Bell, IEEE Transactions on Information Theory 37(4), 1991).
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

from inkmath.layout.tree import Relation

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from inkmath.layout.tree import LayoutTree

RELATIONS = tuple(Relation)
ROOT = "root"
NOTHING = ""
Counts = list[tuple[str, str, str, int]]
"""Parent label, relation, child label and how often; ``ROOT`` has no parent, ``NOTHING`` means no child."""


def count_bigrams(trees: Iterable[LayoutTree]) -> Counts:
    """Count what stands where in some trees, in sorted order."""
    counts: Counter[tuple[str, str, str]] = Counter()
    for tree in trees:
        counts[NOTHING, ROOT, tree.symbols[tree.root].label] += 1
        for symbol, children in zip(tree.symbols, tree.children, strict=True):
            for relation in RELATIONS:
                child = children.get(relation)
                counts[symbol.label, relation.value, NOTHING if child is None else tree.symbols[child].label] += 1
    return [(*key, number) for key, number in sorted(counts.items())]


class TreeLanguageModel:
    """Log-probabilities of labels given the governing label and the relation.

    Args:
        labels: the symbol vocabulary, C labels. counts: from :func:`count_bigrams`; other labels are passed over.

    Attributes:
        edge: ``(C, 6, C + 1)`` log-probability of each child label; the last means that there is no child.
        root: ``(C,)`` log-probability that a formula begins with the label.
    """

    def __init__(self, labels: Sequence[str], counts: Iterable[Sequence[Any]]) -> None:
        size = len(labels)
        index: Mapping[str, int] = {label: number for number, label in enumerate(labels)}
        place = {relation.value: number for number, relation in enumerate(RELATIONS)}
        edge = np.zeros((size, len(RELATIONS), size + 1))
        root = np.ones(size)
        for parent, relation, child, number in counts:
            if relation == ROOT:
                if child in index:
                    root[index[child]] += number
            elif parent in index and (child == NOTHING or child in index):
                edge[index[parent], place[relation], index.get(child, size)] += number
        # How often there is a child depends on the parent; which, when unseen, on the relation in general.
        general = edge[:, :, :size].sum(axis=0) + 0.1  # (6, C)
        general /= general.sum(axis=1, keepdims=True)
        seen = edge[:, :, :size].sum(axis=2)  # (C, 6)
        kinds = (edge[:, :, :size] > 0).sum(axis=2) + 1.0
        which = (edge[:, :, :size] + kinds[..., None] * general) / (seen + kinds)[..., None]
        usual = (seen.sum(axis=0) + 0.5) / (edge.sum(axis=(0, 2)) + 1.0)  # (6,)
        some = (seen + 2.0 * usual) / (edge.sum(axis=2) + 2.0)  # (C, 6)
        self.edge: NDArray[np.float64] = np.log(
            np.concatenate([some[..., None] * which, 1.0 - np.minimum(some, 0.9999)[..., None]], axis=2)
        )
        self.root: NDArray[np.float64] = np.log(root / root.sum())
