"""New formulas from the ones at hand: parts taken or put in, set anew, symbols exchanged, lines joined, reordered.

Sub-expressions as extra samples follow Le and Nakagawa ("Pattern generation strategies for improving recognition of
handwritten mathematical expressions", Pattern Recognition Letters 128, 2019); the exchange of symbols keeps a formula
and its layout while the hand changes from symbol to symbol, so that no network can learn formulas by heart.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from inkmath.features.expression import RELATIONS, FormulaSet, pair_labels, rescale
from inkmath.layout.accents import ACCENTS, DOTTED, SPANNING
from inkmath.layout.symbols import PRIME
from inkmath.layout.tree import Relation
from inkmath.synthesis.bank import SymbolBank
from inkmath.synthesis.lift import relift
from inkmath.synthesis.marks import WIDE, WIDTH, bearing, lead_to_marks, over_letter
from inkmath.synthesis.signs import SignExchange
from inkmath.synthesis.spacing import respace
from inkmath.synthesis.stance import beside

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from inkmath.features.expression import Floats, Ints

RIGHT, SUP, ABOVE, INSIDE = map(RELATIONS.index, (Relation.RIGHT, Relation.SUP, Relation.ABOVE, Relation.INSIDE))
STRETCHED = frozenset(("-", "\\sqrt", "(", ")", "[", "]", "\\{", "\\}", "|", "/", "\\int", "\\rightarrow"))
"""Symbols that people draw as long or tall as the place asks, so an exchanged one takes the old box as it is."""


SPAN = 0.35
"""Share of the accents that are wide."""

LONGER = 0.5
"""So often one symbol more is spanned by a wide accent."""

ROOM_ABOVE = 0.1
"""So far from what is above them marks stay, in typical strokes."""

ALIKE = "ckopsuvwxyz"
"""Letters whose two cases differ in size and place only."""


@dataclass(frozen=True)
class Mix:
    """How often what is done to a formula; probabilities.

    Attributes:
        exchange: some symbols are exchanged for the same symbol by any writer; how many is drawn anew each time.
        case: letters that look alike in both cases change theirs, and with it their size and place, all of a kind
        together: only those tell the cases apart, so how often each occurs must not decide.
        relabel: some letters and digits become others, whichever: shape must tell what neighbours do not; how many, and
        whether those of a kind become of a kind, is drawn anew each time.
        hand: all symbols that are exchanged come from one writer, as far as that writer wrote them, and letters that
        become others come from the same: a formula is in one hand, which tells of each symbol by the others.
        spell: a name of a function that is exchanged is spelled with the letters of one writer, who may never have
        written it, instead of being one that somebody wrote.
        sign: some operators, signs of relation and pairs of brackets become others. prime: a letter gets a prime.
        accent: a letter gets an accent, half of the time wherever it stands, or a stretch of a line gets a wide one.
        graft: what hangs on a symbol, if it is no accent, gives way to what hangs on another in the same relation.
        respace: gaps, and where and how large scripts and operands stand, change. join: another part follows on the
        same line. swap: two neighbouring symbols change places in the order of writing. shuffle: the order of writing
        is lost altogether, a share of the formulas in which no two change places. lift: the pen is lifted elsewhere, so
        that a stroke becomes two or two become one. coarse: it comes from a coarse digitiser
        (`inkmath.features.digitiser`).
    """

    exchange: float = 0.6
    case: float = 0.25
    relabel: float = 0.15
    hand: float = 0.5
    spell: float = 0.3
    sign: float = 0.15
    prime: float = 0.05
    accent: float = 0.0
    graft: float = 0.2
    respace: float = 0.4
    join: float = 0.15
    swap: float = 0.1
    shuffle: float = 0.03
    lift: float = 0.1
    coarse: float = 0.1


@dataclass(frozen=True)
class Composition:
    """A composed formula.

    Attributes:
        points: ``(S, P, 2)`` in the measure of the features.
        symbol_of: ``(S,)`` symbol of each stroke.
        classes: ``(S,)`` class of the symbol of each stroke.
        edges: ``(E, 3)`` parent, child, relation.
    """

    points: Floats
    symbol_of: Ints
    classes: Ints
    edges: Ints

    @cached_property
    def pairs(self) -> Ints:
        """``(S, S)`` indices into ``PAIR_LABELS``."""
        return pair_labels(self.symbol_of, self.edges, int(self.symbol_of.max()) + 1)


@dataclass
class _Draft:
    """Symbols to compose, each with its place in time and the similarity it is moved by.

    Attributes:
        symbols: ``(K,)`` over all formulas. edges: ``(E, 3)`` between them, counted from 0. begins: ``(K,)`` when each
        is begun, in strokes. pace: ``(K,)`` time from one of its strokes to the next. scale: ``(K, 1)``. shift:
        ``(K, 2)``.
    """

    symbols: NDArray[Any]
    edges: Ints
    begins: NDArray[np.float64]
    pace: NDArray[np.float64]
    scale: Floats
    shift: Floats


class Composer:
    """Draws formulas from a training set.

    Args:
        formulas: fully labelled formulas, all of the training split.
        classes: the symbol vocabulary; every label occurs in it.
        mix: how often what is done.
    """

    def __init__(self, formulas: FormulaSet, classes: Sequence[str], mix: Mix) -> None:
        if len(formulas) and set(formulas.splits) != {"train"}:
            raise ValueError("only formulas of the training split may be composed")
        self.formulas, self.mix = formulas, mix
        self.ink = SymbolBank(formulas, classes)
        known = np.array([len(symbols) > 0 for symbols in self.ink.of_class])
        index = {label: number for number, label in enumerate(classes)}
        self.twins = {
            index[one]: index[other]
            for letter in ALIKE
            for one, other in ((letter, letter.upper()), (letter.upper(), letter))
            if {one, other} <= index.keys() and known[index[other]]
        }
        self.letters = np.array([len(label) == 1 and label.isalpha() for label in classes])
        self.choices = np.flatnonzero(self.ink.stances.letters & known)
        self.signs = SignExchange(classes, known)
        self.primes = self.ink.of_class[index[PRIME]] if PRIME in index else np.zeros(0, np.int64)
        self.bearing = bearing(classes)
        self.bare = self.bearing & [label not in DOTTED and not label.isdigit() for label in classes]
        self.accents = [
            [index[mark] for mark in marks]
            for marks in ACCENTS.values()
            if all(mark in index and known[index[mark]] for mark in marks)
        ]
        self.spanning = [index[mark] for mark in SPANNING if mark in index and known[index[mark]]]
        self.stretched = np.array([label in STRETCHED for label in classes])
        self.children: list[list[tuple[int, int]]] = [[] for _ in formulas.labels]  # (child, relation) of each symbol
        for parent, child, relation in self.ink.edges.tolist():
            self.children[parent].append((child, relation))
        self.hanging = [self._hanging(relation) for relation in range(len(RELATIONS))]

    def draw(self, formula: int, whole: bool, rng: np.random.Generator) -> Composition:
        """Compose from one formula: all of it, or some stretch of one of its lines with everything that hangs on it."""
        made = self._take(self._all(formula) if whole else self._stretch(formula, rng), rng)
        if rng.random() < self.mix.join:
            other = int(rng.integers(len(self.formulas)))
            made = self._join(made, self._take(self._stretch(other, rng), rng), rng)
        points, symbol_of, classes = made.points, made.symbol_of, made.classes
        if rng.random() < self.mix.lift:
            points, origin = relift(points, symbol_of, rng)
            symbol_of, classes = symbol_of[origin], classes[origin]
        return Composition(rescale(points), symbol_of, classes, made.edges)

    def _join(self, first: Composition, second: Composition, rng: np.random.Generator) -> Composition:
        """Write ``second`` behind ``first`` on the same line, in the same size."""
        left, right = rescale(first.points), rescale(second.points)
        one, other = _main_line(first), _main_line(second)
        here, there = self._line(left, first, one), self._line(right, second, other)
        if here is None or there is None:  # no letter tells: middle by middle, as large as strokes usually are
            here, there = (
                (_middle(left[first.symbol_of == one[-1]]), 1.0),
                (_middle(right[second.symbol_of == other[0]]), 1.0),
            )
        scale = float(np.clip(here[1] / there[1] * np.exp(rng.normal(0.0, 0.1)), 0.4, 2.5))
        right = scale * right
        shift = (
            left[..., 0].max() - right[..., 0].min() + rng.uniform(0.1, 0.9),
            here[0] - scale * there[0] + rng.normal(0.0, 0.05) * here[1],
        )
        before = int(first.symbol_of.max()) + 1
        moved = second.edges + np.array([before, before, 0], np.int32)
        link = np.array([[one[-1], other[0] + before, RIGHT]], np.int32)
        return Composition(
            np.concatenate([left, right + np.array(shift)]).astype(np.float32),
            np.concatenate([first.symbol_of, second.symbol_of + before]),
            np.concatenate([first.classes, second.classes]),
            np.concatenate([first.edges, link, moved]),
        )

    def _line(self, points: Floats, made: Composition, symbols: list[int]) -> tuple[float, float] | None:
        """Where a line of a composition runs and how tall its tall symbols are, by its letters, if it has any."""
        strokes = [made.symbol_of == symbol for symbol in symbols]
        return self.ink.stances.line(
            np.array([made.classes[chosen][0] for chosen in strokes]),
            np.stack([points[chosen].min(axis=(0, 1)) for chosen in strokes]),
            np.stack([points[chosen].max(axis=(0, 1)) for chosen in strokes]),
        )

    def _hanging(self, relation: int) -> tuple[NDArray[Any], NDArray[Any]]:
        """All parts that stand in a relation, by their first symbol, and how wide for their height, in this order."""
        edges = self.ink.edges[np.argsort(self.ink.edges[:, 0], kind="stable")]
        marks = lead_to_marks(edges, self.ink.classes, self.bearing)
        roots = edges[(edges[:, 2] == relation) & ~marks, 1].tolist()
        proportions = []
        for root in roots if relation != RIGHT else ():
            symbols = self._under(root)
            proportions.append(_proportion(self.ink.high[symbols].max(axis=0) - self.ink.low[symbols].min(axis=0)))
        order = np.argsort(proportions, kind="stable")
        return np.array(proportions)[order], np.array(roots, np.int64)[order]

    def _all(self, formula: int) -> list[int]:
        first, last = self.formulas.symbol_offsets[formula : formula + 2]
        return list(range(int(first), int(last)))

    def _stretch(self, formula: int, rng: np.random.Generator) -> list[int]:
        """Symbols of a random stretch of a line, with their scripts and contents but not what follows the stretch."""
        everything = self._all(formula)
        for _ in range(3):  # a symbol by itself says nothing of layout: rarely take one
            start = everything[int(rng.integers(len(everything)))]
            if self.children[start]:
                break
        line = [start]
        while (following := self._following(line[-1])) is not None:
            line.append(following)
        length = int(rng.integers(1, len(line) + 1))
        if length == 1 and len(line) > 1 and len(self.children[start]) == 1:
            length = 2
        taken = []
        for symbol in line[:length]:
            taken.append(symbol)
            pending = [child for child, relation in self.children[symbol] if relation != RIGHT]
            while pending:
                taken.append(pending.pop())
                pending.extend(child for child, _ in self.children[taken[-1]])
        return sorted(taken)

    def _following(self, symbol: int) -> int | None:
        return next((child for child, relation in self.children[symbol] if relation == RIGHT), None)

    def _take(self, symbols: list[int], rng: np.random.Generator) -> Composition:
        """The ink of some symbols of one formula, perhaps with parts of others, set anew, in other hands and order."""
        draft = self._draft(symbols)
        if rng.random() < self.mix.graft:
            draft = self._graft(draft, rng)
        if rng.random() < self.mix.prime and len(self.primes):
            draft = self._prime(draft, rng)
        if self.mix.accent and self.accents and rng.random() < self.mix.accent:
            wide = self.spanning and rng.random() < SPAN
            draft = self._wide_accent(draft, rng) if wide else self._accent(draft, rng)
        low, high = self._boxes(draft)
        if rng.random() < self.mix.respace:
            scale, shift = respace(draft.edges, low, high, rng)
            draft.scale, draft.shift = scale * draft.scale, scale * draft.shift + shift
            low, high = self._boxes(draft)
        donors, classes = draft.symbols.copy(), self.ink.classes[draft.symbols]
        one_hand = rng.random() < self.mix.hand
        hand = int(self.ink.hands[symbols[0]]) if one_hand else None
        if rng.random() < self.mix.exchange:
            rate = rng.random()
            if one_hand:
                hand, rate = int(self.ink.hands[int(rng.integers(len(self.ink.hands)))]), 1.0
            for place in np.flatnonzero(rng.random(len(donors)) < rate).tolist():
                donors[place] = self.ink.draw(int(classes[place]), hand, self.mix.spell, rng)
        others = self._others(classes, rng)
        if others:
            for place, other in others.items():
                donors[place] = self.ink.draw(other, hand, self.mix.spell, rng)
            width, height = np.maximum(self.ink.high[donors] - self.ink.low[donors], 0.02).T
            low, high = self.ink.stances.change(others, width / height, classes, low, high, draft.edges, rng)
            classes[list(others)] = list(others.values())
        signs = self.signs.draw(classes, draft.edges, rng) if rng.random() < self.mix.sign else {}
        for place, sign in signs.items():
            classes[place], donors[place] = sign, rng.choice(self.ink.of_class[sign])
        scale, shift = self._fit(donors, draft, low, high, list(signs))
        rows = [self.ink.rows[donor] for donor in donors]
        symbol_of = np.repeat(np.arange(len(donors), dtype=np.int32), [len(one) for one in rows])
        points = self.ink.points[np.concatenate(rows)] * scale[symbol_of][:, None] + shift[symbol_of][:, None]
        order = self._order(draft, donors, rows, rng)
        return Composition(points[order], symbol_of[order], classes[symbol_of][order], draft.edges)

    def _others(self, classes: NDArray[Any], rng: np.random.Generator) -> dict[int, int]:
        """The places of letters and digits that become others, each with its new class."""
        others: dict[int, int] = {}
        if rng.random() < self.mix.case:
            for number in sorted(set(classes.tolist()) & self.twins.keys()):
                if rng.random() < 0.5:
                    others |= dict.fromkeys(np.flatnonzero(classes == number).tolist(), self.twins[number])
        if rng.random() < self.mix.relabel:
            rate, alike = rng.random(), rng.random() < 0.5
            fresh: dict[int, int] = {}  # what all letters of a class become, where they stay alike
            for place in np.flatnonzero(self.ink.stances.letters[classes] & (rng.random(len(classes)) < rate)).tolist():
                other = int(rng.choice(self.choices))
                others[place] = fresh.setdefault(int(classes[place]), other) if alike else other
        return others

    def _draft(self, symbols: Sequence[int]) -> _Draft:
        """Symbols of one formula as they were written."""
        local = {symbol: place for place, symbol in enumerate(symbols)}
        edges = [
            (place, local[child], relation)
            for symbol, place in local.items()
            for child, relation in self.children[symbol]
            if child in local
        ]
        return _Draft(
            np.array(symbols),
            np.array(edges, np.int32).reshape(-1, 3),
            np.array([self.ink.rows[symbol][0] for symbol in symbols], np.float64),
            np.ones(len(symbols)),
            np.ones((len(symbols), 1), np.float32),
            np.zeros((len(symbols), 2), np.float32),
        )

    def _boxes(self, draft: _Draft) -> tuple[Floats, Floats]:
        """Corners ``(K, 2)`` of the symbols where they stand now."""
        return (
            draft.scale * self.ink.low[draft.symbols] + draft.shift,
            draft.scale * self.ink.high[draft.symbols] + draft.shift,
        )

    def _graft(self, draft: _Draft, rng: np.random.Generator) -> _Draft:
        """Put what hangs on a symbol of some formula, in the same relation, in the place of what hangs on one here.

        The new part is of about the same proportions, and is scaled as a whole to the size of the old one.
        """
        marks = lead_to_marks(draft.edges, self.ink.classes[draft.symbols], self.bearing)
        hanging = draft.edges[(draft.edges[:, 2] != RIGHT) & ~marks]
        if not len(hanging):
            return draft
        parent, child, relation = hanging[int(rng.integers(len(hanging)))].tolist()
        old = [child, *beside(child, draft.edges, range(len(RELATIONS)))]
        low, high = self._boxes(draft)
        corner, size = low[old].min(axis=0), high[old].max(axis=0) - low[old].min(axis=0)
        proportions, roots = self.hanging[relation]
        near = int(np.searchsorted(proportions, _proportion(size)))
        window = max(8, len(roots) // 10)
        root = int(roots[int(rng.integers(max(0, near - window), min(len(roots), near + window)))])
        fresh = self._draft(sorted(self._under(root)))
        new_corner = self.ink.low[fresh.symbols].min(axis=0)
        new_size = self.ink.high[fresh.symbols].max(axis=0) - new_corner
        fit = np.exp(np.log(np.maximum(size, 0.3) / np.maximum(new_size, 0.3)).mean())
        # A part of one symbol in the place of many must not become a giant.
        reach = np.median((high[old] - low[old]).max(axis=1))
        new_reach = np.median((self.ink.high[fresh.symbols] - self.ink.low[fresh.symbols]).max(axis=1))
        scale = min(fit, 1.2 * max(reach, 0.2) / max(new_reach, 0.2))
        fresh.scale *= scale
        # Scripts begin where the old ones did, operands of a bar or an operator stand in its middle.
        stacked = RELATIONS[relation] in (Relation.ABOVE, Relation.BELOW)
        across = (size[0] - scale * new_size[0]) / 2 if stacked else 0.0
        into = np.array([across, (size[1] - scale * new_size[1]) / 2], np.float32)
        fresh.shift += corner + into - scale * new_corner
        # They are written when the old part was, however many strokes they have.
        pace = 1.0 / (1.0 + float(np.ptp(fresh.begins)) + len(self.ink.rows[int(fresh.symbols[fresh.begins.argmax()])]))
        fresh.begins = draft.begins[old].min() + (fresh.begins - fresh.begins.min()) * pace
        fresh.pace *= pace
        kept = np.setdiff1d(np.arange(len(draft.symbols)), old)
        place = np.full(len(draft.symbols), -1)
        place[kept] = np.arange(len(kept))
        edges = place[draft.edges[:, :2]]  # (E, 2)
        whole = (edges >= 0).all(axis=1)
        grown = np.array([[place[parent], len(kept) + fresh.symbols.tolist().index(root), relation]])
        moved = fresh.edges + np.array([len(kept), len(kept), 0])
        return _Draft(
            np.concatenate([draft.symbols[kept], fresh.symbols]),
            np.concatenate([np.c_[edges, draft.edges[:, 2]][whole], grown, moved]).astype(np.int32),
            np.concatenate([draft.begins[kept], fresh.begins]),
            np.concatenate([draft.pace[kept], fresh.pace]),
            np.concatenate([draft.scale[kept], fresh.scale]),
            np.concatenate([draft.shift[kept], fresh.shift]),
        )

    def _prime(self, draft: _Draft, rng: np.random.Generator) -> _Draft:
        """Write a prime at a letter that has no superscript; what follows on its line makes room."""
        raised = set(draft.edges[draft.edges[:, 2] == SUP, 0].tolist())
        number = self.ink.classes[draft.symbols]
        letters = [place for place in np.flatnonzero(self.letters[number]).tolist() if place not in raised]
        if not letters:
            return draft
        letter = letters[int(rng.integers(len(letters)))]
        low, high = self._boxes(draft)
        donor = int(rng.choice(self.primes))
        height = float(high[letter, 1] - low[letter, 1]) * rng.uniform(0.25, 0.6)
        scale = height / max(float(self.ink.high[donor, 1] - self.ink.low[donor, 1]), 1e-3)
        width = scale * float(self.ink.high[donor, 0] - self.ink.low[donor, 0])
        corner = np.array(
            [
                high[letter, 0] + height * rng.uniform(0.0, 0.5),
                low[letter, 1] - height * rng.uniform(0.0, 0.7),
            ],
            np.float32,
        )
        behind = beside(letter, draft.edges, (RIGHT,))
        if behind:
            room = max(0.0, float(corner[0]) + width + 0.1 - float(low[behind, 0].min()))
            draft.shift[behind, 0] += room
        strokes = self.ink.rows[int(draft.symbols[letter])]
        begin = draft.begins[letter] + draft.pace[letter] * (strokes[-1] - strokes[0] + 0.5)
        return _Draft(
            np.append(draft.symbols, donor),
            np.concatenate([draft.edges, [[letter, len(number), SUP]]]).astype(np.int32),
            np.append(draft.begins, begin),
            np.append(draft.pace, 1e-3),
            np.concatenate([draft.scale, np.full((1, draft.scale.shape[1]), scale)]).astype(np.float32),
            np.concatenate([draft.shift, [corner - scale * self.ink.low[donor]]]).astype(np.float32),
        )

    def _accent(self, draft: _Draft, rng: np.random.Generator) -> _Draft:
        """Write an accent over a letter, or over all of its class, where nothing is above."""
        number = self.ink.classes[draft.symbols]
        topped = set(draft.edges[draft.edges[:, 2] == ABOVE, 0].tolist())
        letters = [place for place in np.flatnonzero(self.bare[number]).tolist() if place not in topped]
        if not letters:
            return draft
        marks = self.accents[int(rng.integers(len(self.accents)))]
        letter, everywhere = letters[int(rng.integers(len(letters)))], rng.random() < 0.5
        for place in letters:
            if place == letter or (everywhere and number[place] == number[letter]):
                draft = self._accented(draft, place, marks, rng)
        return draft

    def _accented(self, draft: _Draft, letter: int, marks: Sequence[int], rng: np.random.Generator) -> _Draft:
        """Write the marks of an accent over a letter; what is above it keeps them away."""
        count = len(draft.symbols)
        edges = [[letter, count, ABOVE], *([count + at, count + at + 1, RIGHT] for at in range(len(marks) - 1))]
        return self._marked(draft, [letter], marks, np.concatenate([draft.edges, edges]), WIDTH, rng)

    def _wide_accent(self, draft: _Draft, rng: np.random.Generator) -> _Draft:
        """Write an accent over a stretch of a line, from a letter or digit to another, with all that hangs on them."""
        following = {parent: child for parent, child, how in draft.edges.tolist() if how == RIGHT}
        ends = set(np.flatnonzero(self.bearing[self.ink.classes[draft.symbols]]).tolist())
        starts = sorted(ends & following.keys())
        if not starts:
            return draft
        line = [starts[int(rng.integers(len(starts)))]]
        while line[-1] in following and (len(line) < 2 or line[-1] not in ends or rng.random() < LONGER):
            line.append(following[line[-1]])
        if line[-1] not in ends:
            return draft
        hanging = [
            one for place in line for one in beside(place, draft.edges, sorted({*range(len(RELATIONS))} - {RIGHT}))
        ]
        mark, (first, last) = len(draft.symbols), (line[0], line[-1])
        edges = draft.edges.copy()
        edges[edges[:, 1] == first, 1] = mark
        edges[(edges[:, 0] == last) & (edges[:, 2] == RIGHT), 0] = mark
        label = self.spanning[int(rng.integers(len(self.spanning)))]
        edges = np.concatenate([edges, [[mark, first, INSIDE]]])
        return self._marked(draft, [*line, *hanging], [label], edges, WIDE, rng)

    def _marked(
        self,
        draft: _Draft,
        under: Sequence[int],
        marks: Sequence[int],
        edges: Ints,
        width: tuple[float, float],
        rng: np.random.Generator,
    ) -> _Draft:
        """Write marks, which ``edges`` has already, over some symbols right after these; ink above keeps them off."""
        low, high = self._boxes(draft)
        donors = [int(rng.choice(self.ink.of_class[mark])) for mark in marks]
        written = self.ink.high[donors] - self.ink.low[donors]  # (N, 2)
        scale, corner = over_letter(low[under].min(axis=0), high[under].max(axis=0), written, rng, width)
        first, last = corner.min(axis=0) - ROOM_ABOVE, (corner + scale * written).max(axis=0)
        others = ~np.isin(np.arange(len(low)), under)
        if (others & (low < last).all(axis=1) & (high > first).all(axis=1)).any():
            return draft
        rows = [self.ink.rows[int(draft.symbols[place])] for place in under]
        begin = max(
            draft.begins[place] + draft.pace[place] * (strokes[-1] - strokes[0] + 0.5)
            for place, strokes in zip(under, rows, strict=True)
        )
        return _Draft(
            np.append(draft.symbols, donors),
            edges.astype(np.int32),
            np.append(draft.begins, begin + 1e-2 * np.arange(len(marks))),
            np.append(draft.pace, np.full(len(marks), 1e-3)),
            np.concatenate([np.broadcast_to(draft.scale, (len(low), 2)), scale]).astype(np.float32),
            np.concatenate([draft.shift, corner - scale * self.ink.low[donors]]).astype(np.float32),
        )

    def _under(self, symbol: int) -> list[int]:
        """The symbol and everything that hangs on it, what follows it on its line too."""
        found = [symbol]
        for one in found:
            found.extend(child for child, _ in self.children[one])
        return found

    def _order(
        self, draft: _Draft, donors: NDArray[Any], rows: list[NDArray[Any]], rng: np.random.Generator
    ) -> NDArray[np.int64]:
        """The order of writing: as in the formula, a donor's strokes where the old symbol began."""
        begins = draft.begins.copy()
        if rng.random() < self.mix.swap and len(begins) > 1:
            one = int(rng.integers(len(begins) - 1))
            ranked = np.argsort(begins)
            begins[ranked[one]], begins[ranked[one + 1]] = begins[ranked[one + 1]], begins[ranked[one]]
        elif rng.random() < self.mix.shuffle:
            begins = rng.permutation(begins)
        when = []
        for symbol, donor, begin, pace, strokes in zip(draft.symbols, donors, begins, draft.pace, rows, strict=True):
            if donor == symbol:  # keep its own pauses, such as the late dot of an i
                when.append(begin + pace * (strokes - strokes[0]))
            else:
                when.append(begin + pace * np.arange(len(strokes)) * 1e-3)
        return np.argsort(np.concatenate(when), kind="stable")

    def _fit(
        self, donors: NDArray[Any], draft: _Draft, low: Floats, high: Floats, shaped: list[int]
    ) -> tuple[Floats, Floats]:
        """Scale and shift ``(K, 2)`` that bring each donor into the box ``low``, ``high`` of the place it takes.

        Those at the places ``shaped`` are of another shape than the box: they become as large as it is and keep theirs.
        """
        own = (donors == draft.symbols)[:, None]
        old = np.maximum(high - low, 1e-3)  # (K, 2)
        new = np.maximum(self.ink.high[donors] - self.ink.low[donors], 1e-3)
        even = np.sqrt(np.prod(np.maximum(old, 0.2), axis=1) / np.prod(np.maximum(new, 0.2), axis=1))[:, None]
        uneven = np.clip(old / new / even, 0.75, 1.33)
        stretched = self.stretched[self.ink.classes[donors]][:, None] & (new > 0.1)
        scale = np.where(own, draft.scale, np.where(stretched, old / new, even * uneven))
        scale[shaped] = (old[shaped].max(axis=1) / new[shaped].max(axis=1))[:, None]
        middle = (self.ink.high[donors] + self.ink.low[donors]) / 2
        shift = (high + low) / 2 - middle * scale
        return scale.astype(np.float32), shift.astype(np.float32)


def _proportion(size: Floats) -> float:
    """Log of width over height, a side no less than the third of a stroke."""
    return float(np.log(max(size[0], 0.3) / max(size[1], 0.3)))


def _main_line(made: Composition) -> list[int]:
    """Symbols of the outermost line, first to last."""
    governed = set(made.edges[:, 1].tolist())
    line = [next(symbol for symbol in range(int(made.symbol_of.max()) + 1) if symbol not in governed)]
    rightward = {int(parent): int(child) for parent, child, relation in made.edges if relation == RIGHT}
    while line[-1] in rightward:
        line.append(rightward[line[-1]])
    return line


def _middle(points: Floats) -> float:
    """Half way from the top to the bottom of a symbol."""
    return float((points[..., 1].min() + points[..., 1].max()) / 2)
