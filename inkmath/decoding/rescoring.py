"""A second pass over the best trees: what formulas are like that no symbol and its governor tell.

The search works with bigrams, which can be searched exhaustively. Its best trees are ranked once more by more than
that: by trigrams, by labels that come again (a cache: Kuhn and De Mori, "A cache-based natural language model for
speech recognition", IEEE Transactions on Pattern Analysis and Machine Intelligence 12(6), 1990), by scripts that
letters have wherever they occur, and by what is left incomplete: a bracket that has no partner, half a fraction.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from inkmath.features.expression import RELATIONS
from inkmath.layout.symbols import FENCES
from inkmath.layout.tree import Relation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inkmath.decoding.language import TreeLanguageModel

RIGHT, ABOVE, BELOW, INSIDE = map(RELATIONS.index, (Relation.RIGHT, Relation.ABOVE, Relation.BELOW, Relation.INSIDE))
BAR = "|"
FRACTION, ROOT = "-", "\\sqrt"

AGAIN = 0.3
"""Share of the labels of a formula that are drawn from its other labels rather than from all."""

HABIT = 0.2
"""Share of the scripts that a label has because it has them elsewhere in the formula."""


class Rescorer:
    """Tells of a labelled tree what the search could not; all answers are log-probabilities or their like.

    Args:
        labels: the symbol vocabulary. language: of formulas.
    """

    def __init__(self, labels: Sequence[str], language: TreeLanguageModel) -> None:
        self.language = language
        index = {label: number for number, label in enumerate(labels)}
        self._closes = {
            index[closing]: index[opening] for opening, closing in FENCES.items() if {opening, closing} <= index.keys()
        }
        self._opens = set(self._closes.values())
        self._bar, self._fraction, self._root = (index.get(label, -1) for label in (BAR, FRACTION, ROOT))
        self._usual = language.usual.tolist()
        # That a label governs nothing in a relation, and that it governs something.
        none = language.edge[:, :, -1]
        self._none, self._some = none.tolist(), (1.0 - np.exp(none)).tolist()  # (C, 6)

    def trigrams(self, classes: Sequence[int], parents: Sequence[int], relations: Sequence[int]) -> float:
        """What trigrams add to the bigrams that the search has counted."""
        tree = classes, parents, relations
        return self.language.log_probability(*tree) - self.language.bigram(*tree)

    def repetition(self, classes: Sequence[int]) -> float:
        """How much likelier the labels are for coming again, or less likely for not."""
        others = len(classes) - 1
        if others < 1:
            return 0.0
        return sum(
            times * math.log(1.0 - AGAIN + AGAIN * (times - 1) / (others * self._usual[label]))
            for label, times in Counter(classes).items()
        )

    def habit(self, classes: Sequence[int], parents: Sequence[int], relations: Sequence[int]) -> float:
        """How much likelier scripts and contents are for being where the same label has them elsewhere, or has none."""
        often = Counter(classes)
        having = Counter(
            (classes[parent], relation) for parent, relation in zip(parents, relations, strict=True) if parent >= 0
        )
        total = 0.0
        for label, times in often.items():
            if times < 2:
                continue
            for relation in range(len(RELATIONS)):
                if relation == RIGHT:
                    continue
                has = having[label, relation]
                chance, lack = self._some[label][relation], math.exp(self._none[label][relation])
                if has:
                    total += has * math.log(1.0 - HABIT + HABIT * (has - 1) / (times - 1) / chance)
                if has < times:
                    total += (times - has) * math.log(1.0 - HABIT + HABIT * (times - has - 1) / (times - 1) / lack)
        return total

    def incomplete(self, classes: Sequence[int], parents: Sequence[int], relations: Sequence[int]) -> int:
        """How many things lack what belongs to them: brackets a partner, fractions one side, roots what is inside."""
        has = set(zip(parents, relations, strict=True))
        count = self._unmatched(classes, parents, relations)
        for symbol, label in enumerate(classes):
            if label == self._fraction:
                count += ((symbol, ABOVE) in has) != ((symbol, BELOW) in has)
            elif label == self._root:
                count += (symbol, INSIDE) not in has
        return count

    def _unmatched(self, classes: Sequence[int], parents: Sequence[int], relations: Sequence[int]) -> int:
        """How many brackets have no partner on their line, an odd bar included."""
        following = {
            parent: child
            for child, (parent, relation) in enumerate(zip(parents, relations, strict=True))
            if parent >= 0 and relation == RIGHT
        }
        count = 0
        for first, (parent, relation) in enumerate(zip(parents, relations, strict=True)):
            if parent >= 0 and relation == RIGHT:
                continue  # not the first of its line
            open_brackets: list[int] = []
            bars, symbol = 0, first
            while True:
                label = classes[symbol]
                bars += label == self._bar
                if label in self._opens:
                    open_brackets.append(label)
                elif label in self._closes:
                    if open_brackets and open_brackets[-1] == self._closes[label]:
                        open_brackets.pop()
                    else:
                        count += 1
                if symbol not in following:
                    break
                symbol = following[symbol]
            count += len(open_brackets) + bars % 2
        return count
