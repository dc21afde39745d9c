"""Two layout trees over the same strokes compared: which symbols and relations are found, and what is taken for what.

A symbol is its set of strokes, a relation joins two of them, as in the competitions (Mouchere et al., "Advancing the
state of the art for handwritten math recognition", IJDAR 2016).
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from inkmath.layout.canonical import canonical

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inkmath.layout.tree import LayoutTree, Symbol

Substitution = tuple[str, str]
"""What truth says and what was read instead."""

ROOT = "root"
"""Said of a symbol that no other governs."""


@dataclass(frozen=True, slots=True)
class Tally:
    """How many things there are in truth, how many in the answer, and how many of those are right."""

    truth: int = 0
    answer: int = 0
    right: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(self.truth + other.truth, self.answer + other.answer, self.right + other.right)

    @property
    def recall(self) -> float:
        """Share of truth that was found; 1 where there is nothing to find."""
        return self.right / self.truth if self.truth else 1.0

    @property
    def precision(self) -> float:
        """Share of the answer that is right; 1 where nothing was answered."""
        return self.right / self.answer if self.answer else 1.0


@dataclass(frozen=True)
class Comparison:
    """An answer measured against truth.

    Attributes:
        segmentation: symbols by their strokes. classification: by strokes and label. relations: by the strokes of
            parent and child and the relation.
        structure: segmentation and relations are right throughout; labels do not matter, nor do they to relations.
        symbols: labels taken for others. Where strokes were put together otherwise than in truth, the labels of all
            symbols involved, in writing order: ``("=", "- -")``.
        governors: relations taken for others, of symbols found along with their parents; the answer's other parent
            shows as ``"Right of another"``.
    """

    segmentation: Tally
    classification: Tally
    relations: Tally
    structure: bool
    symbols: tuple[Substitution, ...]
    governors: tuple[Substitution, ...]


def compare(truth: LayoutTree, answer: LayoutTree) -> Comparison:
    """Measure an answer against truth, both in canonical form; every symbol of both owns strokes.

    A stroke that no symbol of the truth owns spoils the symbol of the answer that it is read into.
    """
    wanted = {frozenset(symbol.strokes): symbol.label for symbol in truth.symbols}
    given = {frozenset(symbol.strokes): symbol.label for symbol in answer.symbols}
    symbols = _misread(truth.symbols, answer.symbols)
    # Where the scripts of a symbol stand in canonical form goes by its label: by the true one, wherever it was found.
    named = tuple(replace(one, label=wanted.get(frozenset(one.strokes), one.label)) for one in answer.symbols)
    truth, answer = canonical(truth), canonical(replace(answer, symbols=named))
    relations, answered = _relations(truth), _relations(answer)
    shared = wanted.keys() & given.keys()
    related = relations & answered
    return Comparison(
        segmentation=Tally(len(wanted), len(given), len(shared)),
        classification=Tally(len(wanted), len(given), sum(wanted[strokes] == given[strokes] for strokes in shared)),
        relations=Tally(len(relations), len(answered), len(related)),
        structure=wanted.keys() == given.keys() and relations == answered,
        symbols=symbols,
        governors=_misplaced(truth, answer),
    )


def edit_distance(one: Sequence[str], other: Sequence[str]) -> int:
    """Fewest insertions, deletions and replacements of tokens that turn one into the other (Levenshtein 1966)."""
    row = list(range(len(other) + 1))
    for place, token in enumerate(one, start=1):
        diagonal, row[0] = row[0], place
        for column, against in enumerate(other, start=1):
            best = min(row[column] + 1, row[column - 1] + 1, diagonal + (token != against))
            diagonal, row[column] = row[column], best
    return row[-1]


def _relations(tree: LayoutTree) -> set[tuple[frozenset[int], frozenset[int], str]]:
    strokes = [frozenset(symbol.strokes) for symbol in tree.symbols]
    return {(strokes[edge.parent], strokes[edge.child], edge.relation.value) for edge in tree.edges}


def _misread(truth: Sequence[Symbol], answer: Sequence[Symbol]) -> tuple[Substitution, ...]:
    """Confusions of each cluster of symbols that share strokes, directly or through others."""
    members: dict[int, list[tuple[int, tuple[int, ...], str]]] = defaultdict(
        list
    )  # stroke -> who owns it, on each side
    for side, symbols in enumerate((truth, answer)):
        for symbol in symbols:
            for stroke in symbol.strokes:
                members[stroke].append((side, tuple(sorted(symbol.strokes)), symbol.label))
    confusions: list[Substitution] = []
    seen: set[int] = set()
    for first in sorted(members):
        if first in seen:
            continue
        seen.add(first)
        pending = [first]
        cluster: tuple[dict[tuple[int, ...], str], dict[tuple[int, ...], str]] = ({}, {})
        while pending:
            for side, strokes, label in members[pending.pop()]:
                cluster[side][strokes] = label
                pending.extend(stroke for stroke in strokes if stroke not in seen)
                seen.update(strokes)
        wanted, given = cluster
        if wanted != given:
            confusions.append(
                (" ".join(wanted[one] for one in sorted(wanted)), " ".join(given[one] for one in sorted(given)))
            )
    return tuple(confusions)


def _misplaced(truth: LayoutTree, answer: LayoutTree) -> tuple[Substitution, ...]:
    wanted, given = _governors(truth), _governors(answer)
    confusions: list[Substitution] = []
    for symbol, (parent, relation) in wanted.items():
        if symbol not in given or (parent is not None and parent not in given):
            continue  # what was not found as a symbol has no place to be wrong about
        other, found = given[symbol]
        if (other, found) != (parent, relation):
            elsewhere = other is not None and parent is not None and other != parent
            confusions.append((relation, f"{found} of another" if elsewhere else found))
    return tuple(confusions)


def _governors(tree: LayoutTree) -> dict[frozenset[int], tuple[frozenset[int] | None, str]]:
    """For the strokes of each symbol, the strokes of its parent and the relation."""
    strokes = [frozenset(symbol.strokes) for symbol in tree.symbols]
    table: dict[frozenset[int], tuple[frozenset[int] | None, str]] = dict.fromkeys(strokes, (None, ROOT))
    for edge in tree.edges:
        table[strokes[edge.child]] = (strokes[edge.parent], edge.relation.value)
    return table
