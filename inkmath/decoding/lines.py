"""How symbols stand on their lines: the heights of a whole line fitted together, as an eye does that tells 9 from q.

Every line of a formula has a place and a size, and every symbol has a usual top and bottom on it: digits reach from the
line to one above it, an x to 0.66, a q from 0.66 to 0.64 below. Given a layout tree, place and size of each line are
what its symbols' boxes ask for, weighed against where lines of scripts usually lie beside what governs them; how well
the boxes then agree is the log-likelihood of the ink's heights. What a wide accent spans is on the accent's line, and
the accent above that. Whatever labels a text makes likely play no part in it.

Lines are linear Gaussian models with two unknowns each, their sizes' spread with the size itself solved for by a second
look; boxes that fit nowhere are expected now and then (a mixture with a flat density, as Hogg, Bovy and Lang,
"Data analysis recipes: Fitting a model to data", arXiv 1008.4686, 2010, treat outliers). Tops and bottoms are learned
from training formulas by expectation and maximisation (Dempster, Laird and Rubin, 1977).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from inkmath.features.expression import RELATIONS, line_heads
from inkmath.layout.accents import SPANNING
from inkmath.layout.tree import Relation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from inkmath.features.expression import FormulaSet

    Measures = dict[str, Any]
    """What :func:`measure_lines` found, as JSON holds it.

    ``symbols``: for each label how often it was measured, its mean top and bottom above its line, in heights of the
    line's digits, and their variances and covariance (top, both, bottom). ``scripts``: for each relation the size of a
    line beside the governor's, that share's spread, how far below the governor's side it stands, in sizes of the
    governor's line, and that spread. ``root``: size of a formula's main line in typical strokes, and its spread.
    ``usual``: mean log-likelihood a symbol.
    """

RIGHT, INSIDE = RELATIONS.index(Relation.RIGHT), RELATIONS.index(Relation.INSIDE)
ANCHORED_ABOVE = np.array([relation in (Relation.SUP, Relation.ABOVE) for relation in RELATIONS])
"""By relation: whether a line stands where the top of its governor is, rather than its bottom."""

DIGITS = frozenset("0123456789")

OUTLIERS = 0.03
"""Share of the boxes that stand anywhere."""

ANYWHERE = np.log(1 / 4)
"""Log-density of those, over squares of typical strokes."""

LOOKS = 2
"""How often place and size are solved for, the spread being that of the size found before."""

SMALLEST = 0.15
"""No line is smaller, in typical strokes."""

EVERYWHERE = 9.0
"""Variance of the place of a main line, in squares of typical strokes: it is anywhere."""

ROUNDS = 6
"""How often lines are fitted and measured in turn."""

FEW = 20
"""Scripts of a relation that were seen less often stand as `BESIDE` says."""

LIKE_ALL, AS_SPREAD = 2, 10
"""As many symbols that stand like all of them are imagined of each label, and as many that are spread like all."""

SPREAD, LEAST_SPREAD = 0.03, 0.003
"""Variance of tops and bottoms of a label, in squares of digits' heights: as it is usually, and as it is at least."""

FLAT = 0.1
"""What is less tall on average, in sizes of its line, is no measure of size."""

UNMEASURED = (0, 1.0, 0.0, 0.1, 0.0, 0.1)
"""How symbols stand that nothing is known of: as tall as digits, more or less."""

OVER = (0, 1.6, 1.45, 0.2, 0.17, 0.2)
"""How a wide accent stands over what it spans: above digits, near or far."""

BESIDE = (0.7, 0.3, 0.0, 0.4)
"""Size, its spread, place and its spread of scripts that nothing is known of."""


@dataclass(frozen=True)
class Lines:
    """The lines of some trees, symbols and lines counted through all of them.

    Attributes:
        line: ``(M,)`` the line of each symbol. governor: ``(L,)`` the symbol that governs each line, -1 for a root's.
        relation: ``(L,)`` how. depth: ``(L,)`` how many lines it hangs from.
    """

    line: NDArray[np.int64]
    governor: NDArray[np.int64]
    relation: NDArray[np.int64]
    depth: NDArray[np.int64]

    @classmethod
    def joined(cls, parts: Sequence[Lines]) -> Lines:
        """Those of all trees, one after the other."""
        symbols = np.cumsum([0, *(len(part.line) for part in parts)])
        lines = np.cumsum([0, *(len(part.governor) for part in parts)])
        return cls(
            np.concatenate([part.line + lines[tree] for tree, part in enumerate(parts)]),
            np.concatenate(
                [np.where(part.governor < 0, -1, part.governor + symbols[tree]) for tree, part in enumerate(parts)]
            ),
            np.concatenate([part.relation for part in parts]),
            np.concatenate([part.depth for part in parts]),
        )


@lru_cache(maxsize=1024)
def lines_of(parents: tuple[int, ...], relations: tuple[int, ...]) -> Lines:
    """The lines of one tree: parents of its symbols, -1 for the root, and their relations to them."""
    edges = [(parent, child, how) for child, (parent, how) in enumerate(zip(parents, relations, strict=True))]
    within = np.array([edge for edge in edges if edge[0] >= 0], np.int32).reshape(-1, 3)
    heads = line_heads(within, len(parents)).tolist()
    first = sorted(set(heads))
    number = {head: place for place, head in enumerate(first)}

    def depth(head: int) -> int:
        hangs = 0
        while parents[head] >= 0:
            head = heads[parents[head]]
            hangs += 1
        return hangs

    return Lines(
        np.array([number[head] for head in heads], np.int64),
        np.array([parents[head] for head in first], np.int64),
        np.array([relations[head] for head in first], np.int64),
        np.array([depth(head) for head in first], np.int64),
    )


@dataclass(frozen=True)
class Fitted:
    """Lines as their symbols ask for them.

    Attributes:
        base, size: ``(L,)`` where each line runs, downward, and how tall its digits are, in typical strokes.
        apart: ``(M, 2)`` how much higher than usual the top and the bottom of each symbol are, in sizes of its line.
        symbol: ``(M,)`` log-density of each box given its line. script: ``(L,)`` of each line given its governor, all
        places and sizes near the best counted.
        sure: ``(M,)`` how likely it is that the box stands as its class does, and not just anywhere.
    """

    base: NDArray[np.float64]
    size: NDArray[np.float64]
    apart: NDArray[np.float64]
    symbol: NDArray[np.float64]
    script: NDArray[np.float64]
    sure: NDArray[np.float64]


class LineModel:
    """Tells how well the heights of ink agree with a labelled tree.

    Args:
        labels: the symbol vocabulary; after these the last of C classes is that of wide accents.
        measures: from :func:`measure_lines`.

    Raises:
        ValueError, KeyError, TypeError: the measures, which may come from a file, are none that lines could have.
    """

    def __init__(self, labels: Sequence[str], measures: Measures) -> None:
        known = measures["symbols"]
        rows = np.array([*(known.get(label, UNMEASURED) for label in labels), OVER], np.float64)
        self._spanning = {number for number, label in enumerate(labels) if label in SPANNING}
        self.mean = rows[:, 1:3]  # (C, 2)
        self.spread = rows[:, [3, 4, 4, 5]].reshape(-1, 2, 2)  # (C, 2, 2)
        beside = [measures["scripts"].get(relation.value, BESIDE) for relation in RELATIONS]
        self.scripts = np.array(beside, np.float64).reshape(len(RELATIONS), 4)
        size, size_spread = map(float, measures["root"])
        self.root = size, size_spread
        self.usual = float(measures["usual"])
        told = np.concatenate([self.mean.ravel(), self.spread.ravel(), self.scripts.ravel(), self.root, [self.usual]])
        # By Sylvester's criterion, what is above 0 here makes each spread a covariance.
        minors = [self.spread[:, 0, 0], np.linalg.det(self.spread)]
        above_nothing = np.concatenate([*minors, self.scripts[:, [0, 1, 3]].ravel(), self.root])
        if not (np.isfinite(told).all() and (above_nothing > 0).all()):
            raise ValueError("some of lines is no number, or a size or a spread not above 0")
        self._certain = np.linalg.inv(self.spread)  # (C, 2, 2)
        self._volume = np.log(np.linalg.det(self.spread)) / 2 + np.log(2 * np.pi)  # (C,)
        # What a symbol of each class adds to the equations of its line's place and size.
        self._by_place = self._certain.sum(axis=1)  # (C, 2)
        self._by_size = np.einsum("ci,cij->cj", self.mean, self._certain)  # (C, 2)
        self._square = np.stack(
            [
                self._by_place.sum(axis=1),
                -np.einsum("ci,ci->c", self._by_place, self.mean),
                np.einsum("ci,ci->c", self._by_size, self.mean),
            ]
        )  # (3, C)

    def log_likelihoods(
        self,
        trees: Sequence[tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]],
        boxes: Sequence[NDArray[np.float64]],
    ) -> NDArray[np.float64]:
        """How well the heights of some ink agree with each of some trees, beside what is usual for so many symbols.

        Args:
            trees: classes, parents (-1 for the root) and relations of the symbols of each.
            boxes: ``(K, 2)`` top and bottom of the symbols of each, downward, in typical strokes.

        Returns:
            ``(N,)`` log-likelihoods.
        """
        if not trees:
            return np.zeros(0)
        trees = [self.level(*tree) for tree in trees]
        lines = Lines.joined([lines_of(parents, relations) for _, parents, relations in trees])
        sizes = np.array([len(classes) for classes, _, _ in trees])
        of = np.repeat(np.arange(len(trees)), sizes)  # (M,)
        found = self.fit(np.concatenate([np.array(tree[0]) for tree in trees]), np.concatenate(boxes), lines)
        tree_of_line = np.zeros(len(lines.governor), np.int64)
        tree_of_line[lines.line] = of
        total = _summed(found.symbol, of, len(trees)) + _summed(found.script, tree_of_line, len(trees))
        return total - self.usual * sizes

    def level(
        self, classes: tuple[int, ...], parents: tuple[int, ...], relations: tuple[int, ...]
    ) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
        """A tree in which wide accents are a class of their own, and the line that one spans follows it."""
        spanned = [
            place for place, how in enumerate(relations) if how == INSIDE and classes[parents[place]] in self._spanning
        ]
        if not spanned:
            return classes, parents, relations
        over, along = list(classes), list(relations)
        for place in spanned:
            over[parents[place]], along[place] = len(self.mean) - 1, RIGHT
        return tuple(over), parents, tuple(along)

    def fit(self, classes: NDArray[np.int64], boxes: NDArray[np.float64], lines: Lines) -> Fitted:
        """Place and size of each line, and how well all then agrees.

        Args:
            classes: ``(M,)``. boxes: ``(M, 2)``. lines: which symbols share one, and what governs it. Wide accents are
            as :meth:`level` tells them.
        """
        count = len(lines.governor)
        base, size, script = np.zeros((3, count))
        place_pull = np.einsum("mi,mi->m", self._by_place[classes], boxes)  # (M,)
        size_pull = -np.einsum("mi,mi->m", self._by_size[classes], boxes)
        for depth in range(int(lines.depth.max(initial=0)) + 1):
            at = np.flatnonzero(lines.depth == depth)
            members = np.flatnonzero(lines.depth[lines.line] == depth)
            local = np.searchsorted(at, lines.line[members])
            mean, variance = self._expected(at, depth, boxes, lines, size)  # (A, 2)
            square = np.stack([_summed(row[classes[members]], local, len(at)) for row in self._square])  # (3, A)
            pull = np.stack([_summed(row[members], local, len(at)) for row in (place_pull, size_pull)])  # (2, A)
            solved, openness = _solved(square, pull, mean, variance)  # (A, 2), (A,)
            base[at], size[at] = solved.T
            script[at] = openness
            if depth:
                away = (np.square(solved - mean) / variance).sum(axis=1) / 2
                script[at] += _expecting_outliers(-away - np.log(variance).sum(axis=1) / 2 - np.log(2 * np.pi))[0]
        scale = size[lines.line]
        apart = (base[lines.line, None] - boxes) / scale[:, None] - self.mean[classes]  # (M, 2)
        away = np.einsum("mi,mij,mj->m", apart, self._certain[classes], apart) / 2
        symbol, sure = _expecting_outliers(-away - self._volume[classes] - 2 * np.log(scale))
        return Fitted(base, size, apart, symbol, script, sure)

    def _expected(
        self,
        at: NDArray[np.int64],
        depth: int,
        boxes: NDArray[np.float64],
        lines: Lines,
        size: NDArray[np.float64],
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Place and size that lines of one depth are expected to have before their own ink, and both variances."""
        if depth == 0:
            members = np.flatnonzero(lines.depth[lines.line] == 0)
            local = np.searchsorted(at, lines.line[members])
            bottom = _summed(boxes[members, 1], local, len(at)) / np.bincount(local, minlength=len(at))
            mean = np.stack([bottom, np.full(len(at), self.root[0])], axis=1)
            return mean, np.tile([EVERYWHERE, self.root[1] ** 2], (len(at), 1))
        governor, relation = lines.governor[at], lines.relation[at]
        above = size[lines.line[governor]]
        share, share_spread, place, place_spread = self.scripts[relation].T
        side = np.where(ANCHORED_ABOVE[relation], boxes[governor, 0], boxes[governor, 1])
        mean = np.stack([side + place * above, share * above], axis=1)
        return mean, np.square(np.stack([place_spread * above, share_spread * share * above], axis=1))


def measure_lines(formulas: FormulaSet) -> Measures:
    """Learn from formulas whose trees are known how symbols stand on their lines, and lines beside each other.

    Args:
        formulas: the training formulas; those without a tree, or with a symbol without strokes, teach nothing.

    Returns:
        What :class:`LineModel` needs, for the labels that occur.
    """
    labels = sorted(set(formulas.labels.tolist()))
    measures: Measures = {
        "symbols": {},
        "scripts": {},
        "root": [1.3, 1.0],
        "usual": 0.0,
    }
    classes, boxes, lines = _all(formulas, LineModel(labels, measures), labels)
    # A symbol that is a line by itself tells where the line is, not how its class stands on it.
    telling = (np.bincount(lines.line)[lines.line] > 1) & (classes < len(labels))
    if not telling.any():
        return measures
    for _ in range(ROUNDS):
        model = LineModel(labels, measures)
        found = model.fit(classes, boxes, lines)
        measures = {
            **_standing(labels, classes[telling], (found.apart + model.mean[classes])[telling], found.sure[telling]),
            **_beside(lines, boxes, found),
            "usual": round(float(found.symbol.sum() + found.script.sum()) / len(classes), 4),
        }
    return measures


def extents(strokes: NDArray[Any], symbols: Sequence[Sequence[int]]) -> NDArray[np.float64]:
    """Top and bottom ``(K, 2)`` of symbols, downward, from those of strokes ``(S, 2)``."""
    return np.array([(strokes[list(own), 0].min(), strokes[list(own), 1].max()) for own in symbols], np.float64)


def stroke_extents(points: NDArray[Any]) -> NDArray[Any]:
    """Top and bottom ``(S, 2)`` of strokes ``(S, P, 2)``."""
    return np.stack([points[..., 1].min(axis=1), points[..., 1].max(axis=1)], axis=1)


def _summed(values: NDArray[np.float64], group: NDArray[np.int64], count: int) -> NDArray[np.float64]:
    """Sums of values by group."""
    return np.bincount(group, values, count).astype(np.float64)


def _solved(
    square: NDArray[np.float64], pull: NDArray[np.float64], mean: NDArray[np.float64], variance: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Place and size ``(A, 2)`` of lines, by the normal equations of two unknowns each, and how open both still are.

    The latter ``(A,)``, the logarithm of the volume of a Gaussian, makes of the density at the best place and size the
    integral over all of them (Laplace's approximation): a line of one symbol fits well whatever that is, and gains
    nothing by it.

    Args:
        square: ``(3, A)`` what the symbols say of place and place, place and size, size and size, on a line of size 1.
        pull: ``(2, A)`` where to. mean, variance: ``(A, 2)`` of both before any symbol was seen.
    """
    size = mean[:, 1]
    for _ in range(LOOKS):
        share = 1.0 / np.square(size)  # how much less boxes tell on a larger line
        place_place, place_size, size_size = square * share
        place_place, size_size = place_place + 1.0 / variance[:, 0], size_size + 1.0 / variance[:, 1]
        to_place, to_size = pull * share + (mean / variance).T
        determinant = place_place * size_size - place_size**2
        place = (size_size * to_place - place_size * to_size) / determinant
        size = np.maximum((place_place * to_size - place_size * to_place) / determinant, SMALLEST)
    return np.stack([place, size], axis=1), np.log(2 * np.pi) - np.log(determinant) / 2


def _expecting_outliers(inside: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Log-densities where some stand anywhere, and how likely each is not one of those."""
    inside = inside + np.log(1.0 - OUTLIERS)
    both = np.logaddexp(inside, np.log(OUTLIERS) + ANYWHERE)
    return both, np.exp(inside - both)


def _all(
    formulas: FormulaSet, model: LineModel, labels: Sequence[str]
) -> tuple[NDArray[np.int64], NDArray[np.float64], Lines]:
    """Classes, boxes and lines of all formulas that can be measured."""
    index = {label: number for number, label in enumerate(labels)}
    classes: list[NDArray[np.int64]] = [np.zeros(0, np.int64)]
    boxes: list[NDArray[np.float64]] = [np.zeros((0, 2))]
    parts: list[Lines] = [lines_of((), ())]
    for number in range(len(formulas)):
        tree = formulas.tree(number)
        if tree is None or not tree.has_strokes:
            continue
        parents, relations = [-1] * len(tree.symbols), [RIGHT] * len(tree.symbols)
        for edge in tree.edges:
            parents[edge.child], relations[edge.child] = edge.parent, RELATIONS.index(edge.relation)
        own, *edges = model.level(
            tuple(index[symbol.label] for symbol in tree.symbols), tuple(parents), tuple(relations)
        )
        classes.append(np.array(own))
        boxes.append(extents(stroke_extents(formulas.strokes(number)), [symbol.strokes for symbol in tree.symbols]))
        parts.append(lines_of(*edges))
    return np.concatenate(classes), np.concatenate(boxes), Lines.joined(parts)


def _standing(
    labels: Sequence[str], classes: NDArray[np.int64], stands: NDArray[np.float64], sure: NDArray[np.float64]
) -> Measures:
    """Mean and spread of tops and bottoms ``(M, 2)`` by class; a class seen seldom stands like all, more or less."""
    count = len(labels)

    def by_class(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return _summed(sure * values, classes, count)

    times = by_class(np.ones(len(classes)))  # (C,)
    general = np.average(stands, axis=0, weights=sure + 1e-9)
    mean = np.stack([by_class(column) for column in stands.T], axis=1) + LIKE_ALL * general  # (C, 2)
    mean /= times[:, None] + LIKE_ALL
    apart = stands - mean[classes]
    square = np.einsum("mi,mj->mij", apart, apart)  # (M, 2, 2)
    spread = np.stack([by_class(square[:, i, j]) for i in range(2) for j in range(2)], axis=1).reshape(-1, 2, 2)
    spread = (spread + AS_SPREAD * SPREAD * np.eye(2)) / (times + AS_SPREAD)[:, None, None] + LEAST_SPREAD * np.eye(2)
    # Of a label seen seldom it is not known where it stands: perhaps where any other does.
    between = np.einsum("c,ci,cj->ij", times, mean - general, mean - general) / max(times.sum(), 1.0)
    spread += between * (LIKE_ALL / (times + LIKE_ALL))[:, None, None]
    # Digits stand on the line and are one size tall; without any, so does what there is.
    digits = np.array([label in DIGITS for label in labels]) & (times > 0)
    top, bottom = np.average(mean, axis=0, weights=times * digits if digits.any() else times + 1e-9)
    if top - bottom > FLAT:
        mean, spread = (mean - bottom) / (top - bottom), spread / (top - bottom) ** 2
    rows = np.column_stack([mean, spread[:, 0, 0], spread[:, 0, 1], spread[:, 1, 1]]).round(4).tolist()
    return {"symbols": {label: [round(n), *row] for label, n, row in zip(labels, times.tolist(), rows, strict=True)}}


def _beside(lines: Lines, boxes: NDArray[np.float64], found: Fitted) -> Measures:
    """How lines lie to what governs them, and how large the main lines are; medians, and spreads by their like."""
    scripts = {}
    for number, relation in enumerate(RELATIONS):
        at = np.flatnonzero((lines.governor >= 0) & (lines.relation == number))
        if len(at) < FEW:
            continue
        governor = lines.governor[at]
        above = found.size[lines.line[governor]]
        side = boxes[governor, 0 if ANCHORED_ABOVE[number] else 1]
        share, share_spread = _middle(found.size[at] / above)
        scripts[relation.value] = [share, round(share_spread / share, 4), *_middle((found.base[at] - side) / above)]
    return {"scripts": scripts, "root": list(_middle(found.size[lines.governor < 0]))}


def _middle(values: NDArray[np.float64]) -> tuple[float, float]:
    """Median, and a standard deviation by the median of the distances from it."""
    middle = np.median(values)
    return round(float(middle), 4), round(float(1.4826 * np.median(np.abs(values - middle)) + 0.05), 4)
