"""The search over segmentations, trees and labels together, and the confidence in what it finds.

Segmentations near the likeliest one are tried, the best trees over each are found, and the labels of each tree are
chosen jointly by dynamic programming over the tree, the network's classes weighed against a language model. All that
comes out is ranked by one linear score, and the best once more in the light of the whole formula.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from inkmath.decoding.lines import extents
from inkmath.decoding.reading import Candidate, Reading
from inkmath.decoding.readout import NEVER, best_trees, layout, relate, same_symbol, segment
from inkmath.decoding.rescoring import Rescorer
from inkmath.features.expression import RELATIONS
from inkmath.layout.accents import SPANNING
from inkmath.layout.latex import canonical_tokens
from inkmath.layout.tree import LayoutError, LayoutTree, Relation

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from inkmath.decoding.language import TreeLanguageModel
    from inkmath.decoding.lines import LineModel
    from inkmath.decoding.opinion import Opinion
    from inkmath.decoding.reading import Constraints
    from inkmath.decoding.readout import Scores


LEAST_ODDS = -4.0
"""A change of the segmentation with lower log-odds is not tried."""

HOLDS = 0.5
"""What holds another symbol inside it with a higher probability is no accent for a second opinion to tell from others:
in a hat over three letters whoever sees one symbol at a time sees a bar."""

PARTING = 0.8, 0.95
"""Probabilities of belonging together that strokes joined at a half may fall short of, and the symbol be two."""

AMONG_OTHERS = 0.4
"""How often the truth is among the other trees when the best one is wrong: of laboratories left out of training, the
best reads 57.9 % and 24 trees hold 74.5 % (docs/experiments.md, "Laboratories left out")."""


@dataclass(frozen=True)
class Weights:
    """What counts how much, and how far is looked; tuned on validation.

    Attributes:
        segmentation, symbol, relation, language: factors of the parts of the score. opinion: share of a second opinion
        in what symbols are taken for, where there is one. lines: factor of how well heights agree with the best trees,
        as :class:`~inkmath.decoding.lines.LineModel` says. repetition, habit, incomplete: factors of what
        :class:`~inkmath.decoding.rescoring.Rescorer` says of those, the last of how many things lack a part.
        segmentations, trees: how many are tried. labels: how many classes of each symbol. rescored: how many of the
        best. confidence: intercept and factors of :func:`evidence`, of a logistic model.
    """

    segmentation: float = 0.3
    symbol: float = 1.0
    relation: float = 1.0
    language: float = 0.25
    opinion: float = 0.5
    lines: float = 0.3
    repetition: float = 0.4
    habit: float = 0.5
    incomplete: float = 3.0
    segmentations: int = 4
    trees: int = 4
    labels: int = 5
    rescored: int = 24
    confidence: tuple[float, float, float] = (2.0, 0.3, 0.5)

    def __post_init__(self) -> None:
        """Raise ValueError for what no search could use: they are read from files."""
        counts = self.segmentations, self.trees, self.labels
        if not all(isinstance(count, int) for count in (*counts, self.rescored)) or min(*counts, self.rescored + 1) < 1:
            raise ValueError(f"segmentations, trees, labels {counts} and rescored {self.rescored} are no counts")
        rest = [getattr(self, one.name) for one in fields(self) if type(one.default) is float]
        if len(self.confidence) != 3 or not all(
            isinstance(value, int | float) and math.isfinite(value) for value in (*rest, *self.confidence)
        ):
            raise ValueError(f"factors {rest} and three of confidence {self.confidence} are to be numbers")


@dataclass(frozen=True)
class Found:
    """A labelled tree: strokes of each symbol, labels as classes, parents (-1 for the root), relations.

    ``ink`` is what the networks say of it, a log-probability; ``score`` is what all things say together.
    """

    symbols: tuple[tuple[int, ...], ...]
    classes: tuple[int, ...]
    parents: tuple[int, ...]
    relations: tuple[int, ...]
    ink: float
    score: float

    def tree(self, labels: Sequence[str]) -> LayoutTree:
        """As a layout tree."""
        return layout([labels[one] for one in self.classes], self.symbols, self.parents, self.relations)


def evidence(found: Sequence[Found]) -> tuple[float, float]:
    """What confidence rests on: what the networks say of the best, and its lead over the next, at most 10."""
    lead = found[0].score - found[1].score if len(found) > 1 else math.inf
    return found[0].ink, min(lead, 10.0)


class Search:
    """Reads formulas off the network's answer.

    Args:
        labels: the symbol vocabulary. language: of formulas. weights: what counts how much. lines: how symbols stand on
        their lines; None where heights are not to count.
    """

    def __init__(
        self, labels: Sequence[str], language: TreeLanguageModel, weights: Weights, lines: LineModel | None = None
    ) -> None:
        self.labels, self.language, self.weights, self.lines = tuple(labels), language, weights, lines
        self.index = {label: number for number, label in enumerate(self.labels)}
        self._spanning = np.array([self.index[mark] for mark in SPANNING if mark in self.index], np.int64)
        self.rescorer = Rescorer(self.labels, language)

    def read(
        self,
        scores: Scores,
        count: int = 5,
        constraints: Constraints | None = None,
        opinion: Opinion | None = None,
    ) -> list[Reading]:
        """The ``count`` best readings, no two of the same canonical LaTeX, the best first."""
        found = self.search(scores, constraints or {}, opinion)
        readings: list[Reading] = []
        seen: set[str] = set()

        @cache  # most readings have the same symbols
        def chances(symbols: tuple[tuple[int, ...], ...]) -> NDArray[np.float64]:
            return self._chances(scores, symbols, opinion)

        certainty = self.confidence(found)
        for one, sure in zip(found, certainty, strict=True):
            tree = one.tree(self.labels)
            try:
                latex = " ".join(canonical_tokens(tree))
            except LayoutError:  # what no notation can write, such as a symbol inside one that is no root
                continue
            if latex in seen:
                continue
            seen.add(latex)
            readings.append(Reading(tree, sure, self._alternatives(one, chances(one.symbols))))
            if len(readings) == count:
                break
        return readings or [self._in_a_row(scores, constraints or {}, opinion)]

    def search(self, scores: Scores, constraints: Constraints, opinion: Opinion | None = None) -> list[Found]:
        """All labelled trees that were looked at, the best first."""
        found: list[Found] = []
        for symbols, worth in self._segmentations(scores, constraints):
            classes = self._classes(scores, symbols, constraints, opinion)
            edges, root = relate(scores, symbols)
            for score, parents, relations in best_trees(edges, root, self.weights.trees):
                structure = self.weights.segmentation * worth + self.weights.relation * score
                found += self._label(symbols, classes, parents, relations, structure)
        return self._rescore(sorted(found, key=lambda one: -one.score), scores)

    def _rescore(self, found: list[Found], scores: Scores) -> list[Found]:
        """The best ranked once more; the others follow them in their order, as far behind as they were."""
        weights, rescorer = self.weights, self.rescorer
        best, rest = found[: weights.rescored], found[weights.rescored :]
        again = []
        for one, heights in zip(best, self._heights(best, scores), strict=True):
            tree = one.classes, one.parents, one.relations
            score = one.score + weights.language * rescorer.trigrams(*tree) + weights.lines * heights
            score += weights.repetition * rescorer.repetition(one.classes) + weights.habit * rescorer.habit(*tree)
            again.append(replace(one, score=score - weights.incomplete * rescorer.incomplete(*tree)))
        again.sort(key=lambda one: -one.score)
        fall = again[-1].score - best[-1].score if again else 0.0
        return again + [replace(one, score=one.score + fall) for one in rest]

    def _heights(self, found: Sequence[Found], scores: Scores) -> list[float]:
        """How well the heights of the strokes agree with each tree, a log-likelihood; 0 where nothing is known."""
        if self.lines is None or scores.extents is None or self.weights.lines == 0:
            return [0.0] * len(found)
        boxes = {symbols: extents(scores.extents, symbols) for symbols in {one.symbols for one in found}}
        trees = [(one.classes, one.parents, one.relations) for one in found]
        told: list[float] = self.lines.log_likelihoods(trees, [boxes[one.symbols] for one in found]).tolist()
        return told

    def confidence(self, found: Sequence[Found]) -> list[float]:
        """How sure each is, in 0..1: of the best by :func:`evidence`; the others share by their scores what is left.

        They get `AMONG_OTHERS` of it, for often the truth is none of them, and none gets more than the best.
        """
        if not found:
            return []
        intercept, by_ink, by_lead = self.weights.confidence
        ink, lead = evidence(found)
        sure = 1.0 / (1.0 + math.exp(-min(50.0, max(-50.0, intercept + by_ink * ink + by_lead * lead))))
        others = np.exp(np.array([one.score - found[0].score for one in found[1:]]))
        share = AMONG_OTHERS * (1.0 - sure) * others / max(others.sum(), 1e-12)
        return [sure, *(min(sure, float(value)) for value in share)]

    def _in_a_row(self, scores: Scores, constraints: Constraints, opinion: Opinion | None) -> Reading:
        """The last resort: the likeliest symbols one behind the other, without any confidence."""
        symbols, _ = self._segmentations(scores, constraints)[0]
        classes = self._classes(scores, symbols, constraints, opinion).argmax(axis=1).tolist()
        count = len(symbols)
        right = RELATIONS.index(Relation.RIGHT)
        one = Found(tuple(symbols), tuple(classes), tuple(range(-1, count - 1)), (right,) * count, 0.0, 0.0)
        chances = self._chances(scores, one.symbols, opinion)
        return Reading(one.tree(self.labels), 0.0, self._alternatives(one, chances))

    def _segmentations(self, scores: Scores, constraints: Constraints) -> list[tuple[list[tuple[int, ...]], float]]:
        """Likely segmentations and how much less likely each is than the first, in log-probability."""
        same = np.clip(same_symbol(scores), 1e-4, 1 - 1e-4)  # (S, S)
        for fixed in constraints:
            inside = np.zeros(len(same), np.bool_)
            inside[list(fixed)] = True
            same[inside] = same[:, inside] = 0.0
            same[np.ix_(inside, inside)] = 1.0
        odds = np.log(same + 1e-6) - np.log(1.0 - same + 1e-6)  # (S, S)
        first = segment(same)
        options = [*_joined(first, odds), *_parted(first, same, odds)]
        options.sort(key=lambda option: -option[0])
        chosen = [(0.0, first), *options[: self.weights.segmentations - 1]]
        return [([tuple(group) for group in sorted(groups)], worth) for worth, groups in chosen]

    def _classes(
        self,
        scores: Scores,
        symbols: Sequence[tuple[int, ...]],
        constraints: Constraints,
        opinion: Opinion | None = None,
    ) -> NDArray[np.float64]:
        """Log-probability of each class for each symbol, ``(K, C)``."""
        classes = np.stack([scores.symbol[list(strokes)].mean(axis=0) for strokes in symbols]).astype(np.float64)
        if opinion is not None and self.weights.opinion > 0:
            other = opinion(symbols)
            other[np.ix_(_spans(scores, symbols), self._spanning)] = np.nan
            told = ~np.isnan(other)
            if not told.all():
                # Nor does it tell how likely it is that a symbol is of a class that it knows.
                within = np.where(told, classes, -np.inf)
                share = np.logaddexp.reduce(within, axis=1) - np.logaddexp.reduce(classes, axis=1)  # (K,)
                other = np.where(told, other + share[:, None], classes)
            classes += self.weights.opinion * (other - classes)
        for number, strokes in enumerate(symbols):
            label = constraints.get(frozenset(strokes))
            if label in self.index:
                classes[number] = NEVER
                classes[number, self.index[label]] = 0.0
        return classes

    def _label(
        self,
        symbols: list[tuple[int, ...]],
        classes: NDArray[np.float64],
        parents: NDArray[np.int64],
        relations: NDArray[np.int64],
        structure: float,
    ) -> list[Found]:
        """The tree with its best labels, and with the best change of one label at a time."""
        weights, edge = self.weights, self.language.edge
        kept = np.argsort(-classes, axis=1)[:, : weights.labels]  # (K, L)
        own = weights.symbol * np.take_along_axis(classes, kept, axis=1)  # (K, L)
        order, children = _from_the_root(parents.tolist(), relations.tolist())
        root = order[0]
        own[root] += weights.language * self.language.root[kept[root]]
        # The best score of a symbol and all below it, by its label; and which label of it is best, by its governor's.
        best, choice = own.copy(), {}
        for symbol in reversed(order):
            for child, relation in children[symbol]:
                words = edge[kept[symbol], relation]  # (L, C + 1)
                words = words[:, kept[child]] - words[:, -1:]
                joint = weights.language * words + best[child][None]  # (L, L)
                choice[child] = joint.argmax(axis=1)
                best[symbol] += joint.max(axis=1)
            best[symbol] += weights.language * self.language.childless[kept[symbol]]

        places = {root: int(best[root].argmax())}  # of each symbol's label among its L
        for symbol in order:
            places |= {child: int(choice[child][places[symbol]]) for child, _ in children[symbol]}
        labels = [int(kept[symbol, places[symbol]]) for symbol in range(len(symbols))]
        ink = structure + weights.symbol * float(classes[range(len(symbols)), labels].sum())
        top = Found(
            tuple(symbols),
            tuple(labels),
            tuple(parents.tolist()),
            tuple(relations.tolist()),
            ink,
            structure + float(best[root].max()),
        )
        return [top, *self._changed(top, classes, kept, own, children)]

    def _changed(
        self,
        top: Found,
        classes: NDArray[np.float64],
        kept: NDArray[np.int64],
        own: NDArray[np.float64],
        children: Sequence[Sequence[tuple[int, int]]],
    ) -> Iterator[Found]:
        """The tree with another label of one symbol, the two or three best for each; all else stays as it is.

        Args:
            top: the tree with its best labels. classes: ``(K, C)`` log-probabilities. kept: ``(K, L)`` the labels
            looked at. own: ``(K, L)`` what they score by themselves. children: of each symbol, and how governed.
        """
        weights, edge, labels = self.weights, self.language.edge, top.classes
        for symbol, parent in enumerate(top.parents):
            words = self.language.childless[kept[symbol]]
            for child, relation in children[symbol]:
                words = words + edge[kept[symbol], relation, labels[child]] - edge[kept[symbol], relation, -1]
            if parent >= 0:
                words = words + edge[labels[parent], top.relations[symbol], kept[symbol]]
            local = own[symbol] + weights.language * words
            current = local[kept[symbol].tolist().index(labels[symbol])]
            for place in np.argsort(-local)[:3].tolist():
                other = int(kept[symbol, place])
                if other != labels[symbol] and classes[symbol, other] > NEVER / 2:
                    ink = top.ink + weights.symbol * float(classes[symbol, other] - classes[symbol, labels[symbol]])
                    score = top.score + float(local[place] - current)
                    changed = (*labels[:symbol], other, *labels[symbol + 1 :])
                    yield Found(top.symbols, changed, top.parents, top.relations, ink, score)

    def _chances(
        self, scores: Scores, symbols: Sequence[tuple[int, ...]], opinion: Opinion | None
    ) -> NDArray[np.float64]:
        """Probability of each class for each symbol by its ink, whatever a person decided, ``(K, C)``."""
        chances = np.exp(self._classes(scores, symbols, {}, opinion))
        return np.asarray(chances / chances.sum(axis=1, keepdims=True))

    def _alternatives(self, one: Found, chances: NDArray[np.float64]) -> tuple[tuple[Candidate, ...], ...]:
        """For each symbol the likeliest labels by its `_chances`, the one chosen first."""
        table: list[tuple[Candidate, ...]] = []
        for row, likeliest, chosen in zip(chances, np.argsort(-chances, axis=1)[:, :6], one.classes, strict=True):
            order = [chosen, *(other for other in likeliest.tolist() if other != chosen)]
            table.append(tuple(Candidate(self.labels[place], float(row[place])) for place in order))
        return tuple(table)


def _spans(scores: Scores, symbols: Sequence[tuple[int, ...]]) -> NDArray[np.int64]:
    """The numbers of the symbols that hold another inside them."""
    inside = np.exp(scores.governor[:, :, RELATIONS.index(Relation.INSIDE)])  # (S, S)
    held = np.array([inside[list(strokes)].sum(axis=0).max() for strokes in symbols])  # (K,)
    return np.flatnonzero(held > HOLDS)


def _joined(groups: list[list[int]], odds: NDArray[Any]) -> Iterator[tuple[float, list[list[int]]]]:
    """Segmentations in which two groups are one, each with its log-odds.

    These are the mean over the pairs of their strokes, as many times over as the smaller group has strokes.
    """
    member = np.zeros((len(groups), len(odds)))  # (K, S)
    for number, group in enumerate(groups):
        member[number, group] = 1.0
    size = member.sum(axis=1)  # (K,)
    join = member @ odds @ member.T / np.maximum.outer(size, size)  # (K, K)
    for one, two in zip(*np.nonzero(np.triu(join > LEAST_ODDS, 1)), strict=True):
        rest = [group for number, group in enumerate(groups) if number not in (one, two)]
        yield float(join[one, two]), [*rest, sorted(groups[one] + groups[two])]


def _parted(groups: list[list[int]], same: NDArray[Any], odds: NDArray[Any]) -> Iterator[tuple[float, list[list[int]]]]:
    """Segmentations in which a group is two, parted where it holds least, each with its log-odds as of `_joined`."""
    for number, group in enumerate(groups):
        if len(group) == 1:
            continue
        within = np.ix_(group, group)
        for level in PARTING:
            parts = segment(same[within], level)
            if len(parts) == 2:
                change = -odds[within][np.ix_(*parts)].sum() / max(map(len, parts))
                if change > LEAST_ODDS:
                    split = [[group[stroke] for stroke in part] for part in parts]
                    yield float(change), [*groups[:number], *split, *groups[number + 1 :]]
                break


def _from_the_root(parents: Sequence[int], relations: Sequence[int]) -> tuple[list[int], list[list[tuple[int, int]]]]:
    """The symbols of a tree, each after its parent, and the children of each with their relations to it."""
    children: list[list[tuple[int, int]]] = [[] for _ in parents]
    for child, (parent, relation) in enumerate(zip(parents, relations, strict=True)):
        if parent >= 0:
            children[parent].append((child, relation))
    order = [parents.index(-1)]
    for symbol in order:
        order.extend(child for child, _ in children[symbol])
    return order, children
