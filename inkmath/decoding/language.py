"""A language model of layout trees: which symbol follows which, and where, in the formulas of the training set.

Every symbol predicts, for each of the six relations, the label found there or that nothing is. A bigram along the
edges of the tree knows the symbol itself, a trigram its governor too; what either has seen seldom is smoothed towards
the next simpler one, and that towards what stands in a relation in general (interpolated in the manner of Witten and
Bell, IEEE Transactions on Information Theory 37(4), 1991).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from inkmath.features.expression import RELATIONS
from inkmath.layout.accents import ACCENTS, SPANNING, bears_accent
from inkmath.layout.canonical import canonical
from inkmath.layout.tree import Relation

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from inkmath.layout.tree import LayoutTree

ROOT = "root"
NOTHING = ""

STRANGE = 0.1
"""A class that no formula has is taken to be as likely as this quantile of the others: nobody was asked to write it."""

ACCENTED = 0.02
"""Such a share of the letters, whatever the formulas counted have, is taken to bear an accent, each as likely."""

SPANS, POINTS = 0.02, 0.5
"""Such a share of the signs that may be one is taken to be a wide accent, and so many of these to begin with a capital,
each as likely, as points of geometry have."""

OTHERWISE = 0.01
"""Share of what is above a letter that is taken to be something else."""

ABOVE, INSIDE = RELATIONS.index(Relation.ABOVE), RELATIONS.index(Relation.INSIDE)

Counts = list[tuple[str, str, str, str, str, int]]
"""Label of a symbol's governor, how it governs, the symbol's label, relation, child label and how often.

``ROOT`` governs as nothing else does: the outermost symbol is the child of ``NOTHING``, which is its governor too. A
row whose relation and child are ``NOTHING`` counts the symbols of that label under that governor.
"""


def count_trigrams(trees: Iterable[LayoutTree]) -> Counts:
    """Count what stands where in some trees, each in canonical form, in sorted order.

    Trees that say the same count once: how many people were asked to write a formula says nothing of how formulas are.
    """
    distinct = {tuple(sorted(_rows(canonical(tree)).items())) for tree in trees}
    counts: Counter[tuple[str, str, str, str, str]] = Counter()
    for rows in distinct:
        counts.update(dict(rows))
    return [(*key, number) for key, number in sorted(counts.items())]


def without(counts: Iterable[Sequence[Any]], trees: Iterable[LayoutTree]) -> Counts:
    """The counts as they were had some of the trees not been among those counted."""
    less = {row[:5]: row[5] for row in count_trigrams(trees)}
    rows = ((tuple(row[:5]), row[5] - less.get(tuple(row[:5]), 0)) for row in counts)
    return [(*key, number) for key, number in rows if number > 0]


def _rows(tree: LayoutTree) -> Counter[tuple[str, str, str, str, str]]:
    """What one tree adds to the counts."""
    rows: Counter[tuple[str, str, str, str, str]] = Counter()
    governors = {edge.child: (tree.symbols[edge.parent].label, edge.relation.value) for edge in tree.edges}
    rows[NOTHING, NOTHING, NOTHING, ROOT, tree.symbols[tree.root].label] += 1
    for number, (symbol, children) in enumerate(zip(tree.symbols, tree.children, strict=True)):
        above = governors.get(number, (NOTHING, ROOT))
        rows[*above, symbol.label, NOTHING, NOTHING] += 1
        for relation, child in children.items():
            rows[*above, symbol.label, relation.value, tree.symbols[child].label] += 1
    return rows


class TreeLanguageModel:
    """Log-probabilities of labels given the governing label and the relation.

    Args:
        labels: the symbol vocabulary, C labels. counts: from :func:`count_trigrams`; other labels are passed over.

    Attributes:
        edge: ``(C, 6, C + 1)`` log-probability of each child label, by bigrams; the last means that there is no child.
        childless: ``(C,)`` log-probability that a symbol governs nothing, by bigrams.
        root: ``(C,)`` log-probability that a formula begins with the label.
        usual: ``(C,)`` share of the symbols that have the label.

    Raises:
        ValueError, KeyError, TypeError: the counts, which may come from a file, are none that formulas could have.
    """

    def __init__(self, labels: Sequence[str], counts: Iterable[Sequence[Any]]) -> None:
        size = len(labels)
        index: Mapping[str, int] = {label: number for number, label in enumerate(labels)}
        place = {relation.value: number for number, relation in enumerate(RELATIONS)}
        contexts: dict[tuple[int, int, int], int] = {}  # governor, how it governs, label; -1 where there is none
        times: list[float] = []  # how often each context occurs
        children: Counter[tuple[int, int, int]] = Counter()  # context, relation, child
        root, usual = np.ones(size), np.full(size, 0.5)
        for governor, way, parent, relation, child, number in counts:
            if not 0 < number < np.inf:
                raise ValueError(f"{number} is no number of times that a symbol occurs")
            if relation == ROOT:
                if child in index:
                    root[index[child]] += number
                continue
            if parent not in index:
                continue
            context = contexts.setdefault((index.get(governor, -1), place.get(way, -1), index[parent]), len(contexts))
            if context == len(times):
                times.append(0.0)
            if child in index:
                children[context, place[relation], index[child]] += number
            elif child == NOTHING:
                times[context] += number
                usual[index[parent]] += number
        parents = np.array([parent for _, _, parent in contexts], np.int64)  # (T,)
        rows = np.array(list(children), np.int64).reshape(-1, 3)
        numbers = np.array(list(children.values()), np.float64)
        edge = np.zeros((size, len(RELATIONS), size))
        np.add.at(edge, (parents[rows[:, 0]], rows[:, 1], rows[:, 2]), numbers)
        occurs = np.bincount(parents, times, size)[:, None]  # (C, 1)
        # How often there is a child depends on the parent; which, when unseen, on the relation in general.
        general = edge.sum(axis=0) + 0.1  # (6, C)
        known = general.max(axis=0) > 0.1
        if known.any():
            general[:, ~known] = np.quantile(general[:, known], STRANGE, axis=1)[:, None]
        general /= general.sum(axis=1, keepdims=True)
        seen = edge.sum(axis=2)  # (C, 6)
        kinds = (edge > 0).sum(axis=2) + 1.0
        which = (edge + kinds[..., None] * general) / (seen + kinds)[..., None]
        marks = sorted({index[first] for first, *_ in ACCENTS.values() if first in index})
        bearing = np.array([bool(marks) and bears_accent(label) for label in labels])  # (C,)
        accent = OTHERWISE * general[ABOVE]
        accent[marks] += (1.0 - OTHERWISE) / max(len(marks), 1)
        which[bearing, ABOVE] = accent
        unusual = (seen.sum(axis=0) + 0.5) / (occurs.sum() + 1.0)  # (6,)
        some = np.minimum((seen + 2.0 * unusual) / (occurs + 2.0), 0.9999)  # (C, 6)
        given = np.full((size, len(RELATIONS)), np.nan)  # (C, 6), what is not told by counts
        given[bearing, ABOVE] = ACCENTED
        spanning = [index[mark] for mark in SPANNING if mark in index]
        given[spanning, INSIDE] = SPANS
        if capitals := [number for number, label in enumerate(labels) if len(label) == 1 and label.isupper()]:
            spanned = (1.0 - POINTS) * general[INSIDE]
            spanned[capitals] += POINTS / len(capitals)
            which[spanning, INSIDE] = spanned
        some = np.where(np.isnan(given), some, given)
        self.edge: NDArray[np.float64] = np.log(
            np.concatenate([some[..., None] * which, 1.0 - some[..., None]], axis=2)
        )
        self.childless: NDArray[np.float64] = self.edge[:, :, -1].sum(axis=1)
        self.root: NDArray[np.float64] = np.log(root / root.sum())
        self.usual: NDArray[np.float64] = usual / usual.sum()
        # What the search asks for again and again, as lists: their single elements are read faster than an array's.
        self._alone = self.childless.tolist()  # (C,)
        self._governs = (self.edge[:, :, :-1] - self.edge[:, :, -1:]).tolist()  # (C, 6, C)
        self._which = np.log(which).tolist()  # (C, 6, C)
        self._root = self.root.tolist()
        self._contexts = contexts
        counted = np.isnan(given[parents[rows[:, 0]], rows[:, 1]])
        self._trigrams = _trigrams(np.array(times), parents, rows[counted], numbers[counted], some, which, given)

    def bigram(self, classes: Sequence[int], parents: Sequence[int], relations: Sequence[int]) -> float:
        """Log-probability of a labelled tree when every symbol knows its own label only.

        Args:
            classes: label of each symbol. parents: of each symbol, -1 for the root. relations: to the parent.
        """
        total = sum(self._alone[label] for label in classes)
        for label, parent, relation in zip(classes, parents, relations, strict=True):
            total += self._governs[classes[parent]][relation][label] if parent >= 0 else self._root[label]
        return float(total)

    def log_probability(self, classes: Sequence[int], parents: Sequence[int], relations: Sequence[int]) -> float:
        """Log-probability of a labelled tree when every symbol knows its own label, its governor's and the relation.

        Args: as of :meth:`bigram`.
        """
        contexts = [
            self._contexts.get((classes[parent] if parent >= 0 else -1, relation if parent >= 0 else -1, label), -1)
            for label, parent, relation in zip(classes, parents, relations, strict=True)
        ]
        total = 0.0
        for label, context in zip(classes, contexts, strict=True):
            total += self._alone[label] if context < 0 else self._trigrams.childless[context]
        for label, parent, relation in zip(classes, parents, relations, strict=True):
            if parent < 0:
                total += self._root[label]
            elif (context := contexts[parent]) < 0:
                total += self._governs[classes[parent]][relation][label]
            else:
                total += self._trigrams.child[context][relation] + self._which[classes[parent]][relation][label]
                total += self._trigrams.label.get((context, relation, label), 0.0)
        return float(total)


@dataclass(frozen=True)
class _Trigrams:
    """What the contexts that were seen, each a governor, how it governs and a label, add to the bigrams.

    Attributes:
        childless: ``(T,)`` log-probability that the symbol governs nothing.
        child: ``(T, 6)`` what a child changes: that it is there, and, of a label not seen there, what the bigram says.
        label: by context, relation and label, what is known more of one that was seen there.
    """

    childless: list[float]
    child: list[list[float]]
    label: dict[tuple[int, int, int], float]


def _trigrams(
    times: NDArray[np.float64],
    parents: NDArray[np.int64],
    rows: NDArray[np.int64],
    numbers: NDArray[np.float64],
    some: NDArray[np.float64],
    which: NDArray[np.float64],
    given: NDArray[np.float64],
) -> _Trigrams:
    """Smooth what was counted in each context towards the bigrams.

    Args:
        times: ``(T,)`` how often each context occurs. parents: ``(T,)`` its label. rows: ``(N, 3)`` context, relation,
            child. numbers: ``(N,)`` how often. some, which: ``(C, 6)`` and ``(C, 6, C)``, that there is a child and
            which, by bigrams. given: ``(C, 6)`` how often there is a child where no counts tell, else NaN.
    """
    seen, kinds = np.zeros((2, len(times), len(RELATIONS)))  # (T, 6)
    np.add.at(seen, (rows[:, 0], rows[:, 1]), numbers)
    np.add.at(kinds, (rows[:, 0], rows[:, 1]), 1.0)
    weight = 2.0 * (kinds + 1.0)  # of the bigram
    there = np.minimum((seen + 2.0 * some[parents]) / (times[:, None] + 2.0), 0.9999)
    there = np.where(np.isnan(given[parents]), there, given[parents])
    child = np.log(there / (1.0 - there)) + np.log(weight / (seen + weight))
    told = which[parents[rows[:, 0]], rows[:, 1], rows[:, 2]]
    more = np.log1p(numbers / (weight[rows[:, 0], rows[:, 1]] * told)).tolist()
    return _Trigrams(
        np.log(1.0 - there).sum(axis=1).tolist(),
        child.tolist(),
        dict(zip(map(tuple, rows.tolist()), more, strict=True)),
    )
