"""How well formulas are read, as the field counts it: ExpRate, token errors, symbols, relations, structure.

Two formulas are equal when their canonical tokens are; ExpRate is the share of formulas read so. ``within_1`` and
``within_2`` allow that many token edits, so compare them with figures of the same kind only: the competition's own
tools count wrong labels of strokes and of pairs of strokes instead.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from inkmath.dataset.results import write_json, write_table
from inkmath.evaluation import EvaluationError
from inkmath.evaluation.calibration import reliability
from inkmath.evaluation.comparison import Comparison, Tally, compare, edit_distance
from inkmath.layout.accents import accent_of, spanning_of
from inkmath.layout.canonical import canonical
from inkmath.layout.latex import canonical_tokens, parse_latex
from inkmath.layout.matrices import holds_matrix
from inkmath.layout.symbols import INTEGRALS, STACKING
from inkmath.layout.tree import LayoutError, LayoutTree, Relation

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from inkmath.decoding.reading import Reading
    from inkmath.evaluation.calibration import Reliability
    from inkmath.evaluation.comparison import Substitution
    from inkmath.ink import Ink

TOP = 5
"""``top5_exprate`` looks for the truth among so many readings."""

LENGTHS = (1, 4, 7, 11, 16, 21, 31)
"""Where the ranges of ``by_length`` begin, in symbols of the truth."""

STRUCTURES = ("fraction", "root", "scripts", "limits", "accent", "matrix", "line")
"""What a formula may have; ``line`` is one that has nothing but symbols side by side."""

RATES = ("exprate", "within_1", "within_2", "structure_rate")
"""The figures of each group of formulas."""


@dataclass(frozen=True)
class Outcome:
    """What became of one formula.

    Attributes:
        ink: what was read. reading: the best answer.
        truth, answer: canonical tokens.
        edits: token edits between them.
        place: where the truth stands among the readings, from 1, or None.
        symbols: how many the truth has. structures: those of ``STRUCTURES`` that it has.
        comparison: with the truth's symbols and relations, or None where they are not tied to strokes.
    """

    ink: Ink
    reading: Reading
    truth: tuple[str, ...]
    answer: tuple[str, ...]
    edits: int
    place: int | None
    symbols: int
    structures: tuple[str, ...]
    comparison: Comparison | None

    @property
    def right(self) -> bool:
        """Whether the formula was read as it is."""
        return self.edits == 0


def truth_of(ink: Ink) -> LayoutTree:
    """The layout tree to measure answers by: the ink's own, or that of its LaTeX, whose symbols own no strokes.

    Raises:
        LayoutError: there is neither, or the LaTeX cannot be read.
    """
    if ink.tree is not None:
        return ink.tree
    if ink.latex is None:
        # Ink of a table comes without what was wrong with the LaTeX of its file.
        raise LayoutError("; ".join(ink.problems) or "neither a layout tree nor LaTeX that can be read")
    return parse_latex(ink.latex)


def judge(ink: Ink, readings: Sequence[Reading]) -> Outcome:
    """Measure what was read against the truth that the ink brings.

    Args:
        ink: with truth. readings: at least one, the best first.

    Raises:
        LayoutError: there is no truth that could be compared.
    """
    tree = truth_of(ink)
    truth = tuple(canonical_tokens(tree))
    answers = [_written(reading.tree) for reading in readings]
    return Outcome(
        ink=ink,
        reading=readings[0],
        truth=truth,
        answer=answers[0],
        edits=edit_distance(truth, answers[0]),
        place=answers.index(truth) + 1 if truth in answers else None,
        symbols=len(tree.symbols),
        structures=structures(tree),
        comparison=compare(tree, readings[0].tree) if tree.has_strokes else None,
    )


def _written(tree: LayoutTree) -> tuple[str, ...]:
    """Canonical tokens of an answer; none at all where no LaTeX can say it, which equals no truth."""
    try:
        return tuple(canonical_tokens(tree))
    except LayoutError:
        return ()


def structures(tree: LayoutTree) -> tuple[str, ...]:
    """Those of ``STRUCTURES`` that a formula has in canonical form, in which it is compared."""
    tree = canonical(tree)
    found: set[str] = set()
    for number, (symbol, children) in enumerate(zip(tree.symbols, tree.children, strict=True)):
        beside = children.keys() - {Relation.RIGHT, Relation.CELL, Relation.ROW}
        if symbol.label in STACKING | INTEGRALS and beside:
            found.add("limits")
        elif beside & {Relation.SUB, Relation.SUP}:
            found.add("scripts")
        if symbol.label == "-" and beside & {Relation.ABOVE, Relation.BELOW}:
            found.add("fraction")
        if symbol.label == "\\sqrt":
            found.add("root")
        if accent_of(tree, number) or spanning_of(tree, number):
            found.add("accent")
    if holds_matrix(tree):
        found.add("matrix")
    if all(edge.relation is Relation.RIGHT for edge in tree.edges):
        found.add("line")
    return tuple(name for name in STRUCTURES if name in found)


@dataclass(frozen=True)
class Table:
    """Rows with a name for each column; None is a value that is not known."""

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]


@dataclass(frozen=True)
class Report:
    """Figures and tables over a data set.

    Attributes:
        outcomes: of every formula with truth, at least one.
        without_truth: id and reason of every other.
    """

    outcomes: tuple[Outcome, ...]
    without_truth: tuple[tuple[str, str], ...] = ()

    @cached_property
    def metrics(self) -> dict[str, float]:
        """Every figure by name. Shares are in 0..1 (``token_error_rate`` of an answer longer than its truth may be
        more); those of symbols and relations are over formulas with stroke truth only (``with_strokes`` of them), and
        are left out where there are none.
        """
        compared = self._compared
        table: dict[str, float] = {
            "formulas": len(self.outcomes),
            "without_truth": len(self.without_truth),
            "with_strokes": len(compared),
            **_rates(self.outcomes),
            "top5_exprate": _share(one.place is not None and one.place <= TOP for one in self.outcomes),
            "token_error_rate": sum(one.edits for one in self.outcomes) / sum(len(one.truth) for one in self.outcomes),
            "mean_confidence": float(np.mean([one.reading.confidence for one in self.outcomes])),
            "calibration_error": self.calibration.error,
        }
        for name, tallies in (
            ("segmentation", [one.segmentation for one in compared]),
            ("symbol", [one.classification for one in compared]),
            ("relation", [one.relations for one in compared]),
        ):
            if tallies:
                total = sum(tallies, Tally())
                table |= {f"{name}_recall": total.recall, f"{name}_precision": total.precision}
        return table

    @cached_property
    def tables(self) -> dict[str, Table]:
        """Every table by the name of its file."""
        bins = self.calibration
        return {
            "formulas": self._formulas(),
            "without_truth": Table(("id", "reason"), list(self.without_truth)),
            "by_length": self._by_length(),
            "by_structure": _grouped("structure", {name: self._having(name) for name in STRUCTURES}),
            "by_source": self._by_source(),
            "reliability": Table(
                ("confidence", "accuracy", "answers"),
                list(zip(bins.confidence.tolist(), bins.accuracy.tolist(), bins.answers.tolist(), strict=True)),
            ),
            "symbol_confusions": _counted(pair for one in self._compared for pair in one.symbols),
            "relation_confusions": _counted(pair for one in self._compared for pair in one.governors),
        }

    def write(self, directory: str | Path, more: Mapping[str, float] | None = None) -> None:
        """Write ``metrics.json``, with ``more`` figures in it, and a csv file for each table."""
        figures = {name: round(value, 5) for name, value in {**self.metrics, **(more or {})}.items()}
        write_json(Path(directory) / "metrics.json", figures)
        for name, table in self.tables.items():
            write_table(Path(directory) / f"{name}.csv", table.columns, table.rows)

    @cached_property
    def _compared(self) -> list[Comparison]:
        return [one.comparison for one in self.outcomes if one.comparison]

    @cached_property
    def calibration(self) -> Reliability:
        """Whether the confidence of the best reading is what it says."""
        confidence = np.array([one.reading.confidence for one in self.outcomes])
        return reliability(confidence, np.array([one.right for one in self.outcomes]))

    def _having(self, structure: str) -> list[Outcome]:
        return [one for one in self.outcomes if structure in one.structures]

    def _by_length(self) -> Table:
        groups = {
            f"{low}-{high - 1}" if high else f"{low}+": [
                one for one in self.outcomes if low <= one.symbols and (not high or one.symbols < high)
            ]
            for low, high in zip(LENGTHS, (*LENGTHS[1:], 0), strict=True)
        }
        return _grouped("symbols", groups)

    def _by_source(self) -> Table:
        sources = sorted({one.ink.source or "" for one in self.outcomes})
        return _grouped(
            "source", {name: [one for one in self.outcomes if (one.ink.source or "") == name] for name in sources}
        )

    def _formulas(self) -> Table:
        columns = ("id", "source", "writer", "symbols", "edits", "place", "structure", "confidence", "truth", "answer")
        return Table(
            columns,
            [
                (
                    one.ink.id,
                    one.ink.source,
                    one.ink.writer,
                    one.symbols,
                    one.edits,
                    one.place,
                    int(one.comparison.structure) if one.comparison else None,
                    round(one.reading.confidence, 4),
                    " ".join(one.truth),
                    " ".join(one.answer),
                )
                for one in self.outcomes
            ],
        )


def evaluate(pairs: Iterable[tuple[Ink, Sequence[Reading]]]) -> Report:
    """Measure readings against the truth of their inks; inks without truth are listed in the report.

    Args:
        pairs: each ink with its readings, at least one, the best first.

    Raises:
        EvaluationError: no ink has truth.
    """
    outcomes: list[Outcome] = []
    without: list[tuple[str, str]] = []
    for ink, readings in pairs:
        try:
            outcomes.append(judge(ink, readings))
        except LayoutError as error:
            without.append((ink.id, str(error)))
    if not outcomes:
        reasons = f" ({without[0][0]}: {without[0][1]})" if without else ""
        raise EvaluationError(f"none of {len(without)} inks has truth to measure by{reasons}; give labelled ink")
    return Report(tuple(outcomes), tuple(without))


def shuffled(ink: Ink, rng: np.random.Generator) -> Ink:
    """The same formula, its strokes written in another order."""
    return ink.reordered(rng.permutation(len(ink.strokes)).tolist())


def _grouped(name: str, groups: Mapping[str, Sequence[Outcome]]) -> Table:
    """The figures of each group that has any formula."""
    rows: list[tuple[Any, ...]] = []
    for group, members in groups.items():
        if members:
            rates = _rates(members)
            rows.append((group, len(members), *(rates.get(rate) for rate in RATES)))
    return Table((name, "formulas", *RATES), rows)


def _rates(outcomes: Sequence[Outcome]) -> dict[str, float]:
    """``RATES`` of some formulas; the structure rate is over those with stroke truth, and left out without any."""
    rates = {rate: _share(one.edits <= most for one in outcomes) for most, rate in enumerate(RATES[:3])}
    compared = [one.comparison.structure for one in outcomes if one.comparison]
    return rates | ({RATES[3]: _share(compared)} if compared else {})


def _share(answers: Iterable[bool]) -> float:
    counted = list(answers)
    return sum(counted) / len(counted)


def _counted(confusions: Iterable[Substitution]) -> Table:
    """Confusions and how often each occurs, the most frequent first."""
    counts = sorted(Counter(confusions).items(), key=lambda item: (-item[1], item[0]))
    return Table(("truth", "answer", "count"), [(*pair, count) for pair, count in counts])
