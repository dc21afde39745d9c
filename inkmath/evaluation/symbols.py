"""How well isolated symbols are named: figures, and the tables that plots are made from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from inkmath.dataset.results import write_json, write_table
from inkmath.evaluation.calibration import Reliability, reliability

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from inkmath.labels import EncodedLabels


class ClassFigures(NamedTuple):
    """How one class fares; a ratio without a denominator is 0."""

    label: str
    samples: int
    precision: float
    recall: float
    f1: float
    top3: float


class Confusion(NamedTuple):
    """Symbols of one class taken for another: ``rows`` of the evaluated samples, the surest mistakes first."""

    truth: str
    answer: str
    rows: tuple[int, ...]


@dataclass(frozen=True)
class SymbolReport:
    """Figures of a classifier on a set of symbols.

    Attributes:
        top1, top3: share of all samples whose label is the first, or among the first three, answers. A label that
            has no class cannot be answered and counts as a mistake.
        macro_f1: mean F1 over the labels that occur among truths; 0 for those that have no class. So networks of more
            classes are measured by the same labels.
        samples: how many there are.
        unseen: how often each label occurs that has no class: training has none or fewer than ``encode.min_count``.
        classes: a row per class of the vocabulary that occurs among truths or answers.
        matrix: int64 ``(classes + 1, classes)``: counts by truth (last: unseen) and answer.
        labels: what the columns of the matrix are.
        confusions: every pair of truth and wrong answer, the most frequent first.
        calibration: whether the confidence of first answers is what it says.
        alone: the same symbols read without their context, by a classifier that takes it; None for others.
    """

    top1: float
    top3: float
    macro_f1: float
    samples: int
    unseen: dict[str, int]
    classes: list[ClassFigures]
    matrix: NDArray[np.int64]
    labels: tuple[str, ...]
    confusions: list[Confusion]
    calibration: Reliability
    alone: SymbolReport | None = None

    def metrics(self) -> dict[str, float | int]:
        """The figures that ``dvc metrics`` compares."""
        figures: dict[str, float | int] = {
            "top1": round(self.top1, 5),
            "top3": round(self.top3, 5),
            "macro_f1": round(self.macro_f1, 5),
            "calibration_error": round(self.calibration.error, 5),
            "samples": self.samples,
            "unseen": sum(self.unseen.values()),
        }
        if self.alone is not None:
            without = self.alone.metrics()
            figures |= {f"alone_{name}": without[name] for name in ("top1", "top3", "macro_f1", "calibration_error")}
        return figures


def report_symbols(
    probabilities: NDArray[np.floating[Any]], encoded: EncodedLabels, truths: Sequence[str]
) -> SymbolReport:
    """Compare answers with truths.

    Args:
        probabilities: ``(N, classes)``, at least one row.
        encoded: the truths in the classifier's vocabulary.
        truths: their labels.

    Raises:
        ValueError: there is no sample, or the shapes differ.
    """
    labels = encoded.vocabulary.words
    if probabilities.shape != (len(truths), len(labels)) or not len(truths):
        raise ValueError(
            f"probabilities of shape {probabilities.shape} for {len(truths)} symbols of {len(labels)} classes"
        )
    ids = encoded.ids
    ranked = np.argsort(-probabilities, axis=1, kind="stable")[:, :3]  # (N, 3)
    answer, confidence = ranked[:, 0], probabilities.max(axis=1)
    right, among3 = answer == ids, (ranked == ids[:, None]).any(axis=1)

    matrix = np.zeros((len(labels) + 1, len(labels)), np.int64)
    np.add.at(matrix, (ids, answer), 1)  # the id of an unseen label, -1, is the last row
    hits, answered, present = np.diag(matrix), matrix.sum(axis=0), matrix[:-1].sum(axis=1)
    found3 = np.bincount(ids[among3], minlength=len(labels))
    classes = [
        ClassFigures(
            label=labels[index],
            samples=int(present[index]),
            precision=_share(hits[index], answered[index]),
            recall=_share(hits[index], present[index]),
            f1=_share(2 * hits[index], answered[index] + present[index]),
            top3=_share(found3[index], present[index]),
        )
        for index in range(len(labels))
        if present[index] or answered[index]
    ]
    return SymbolReport(
        top1=float(right.mean()),
        top3=float(among3.mean()),
        macro_f1=sum(row.f1 for row in classes) / (np.count_nonzero(present) + len(encoded.unseen)),
        samples=len(truths),
        unseen=encoded.unseen,
        classes=classes,
        matrix=matrix,
        labels=labels,
        confusions=_confusions(answer, ids, confidence, truths, labels),
        calibration=reliability(confidence, right),
    )


def write_tables(report: SymbolReport, directory: Path) -> None:
    """Write ``metrics.json`` and, behind the pictures, ``classes.csv``, ``confusions.csv`` and ``reliability.csv``."""
    write_json(directory / "metrics.json", report.metrics())
    _write_csv(directory / "classes.csv", ClassFigures._fields, report.classes)
    _write_csv(
        directory / "confusions.csv",
        ("truth", "answer", "count"),
        ((confusion.truth, confusion.answer, len(confusion.rows)) for confusion in report.confusions),
    )
    bins = report.calibration
    _write_csv(
        directory / "reliability.csv",
        ("confidence", "accuracy", "answers"),
        zip(bins.confidence.round(5), bins.accuracy.round(5), bins.answers, strict=True),
    )


def _share(part: np.int64, whole: np.int64) -> float:
    return float(part / whole) if whole else 0.0


def _confusions(
    answer: NDArray[np.int64],
    ids: NDArray[np.int64],
    confidence: NDArray[np.floating[Any]],
    truths: Sequence[str],
    labels: Sequence[str],
) -> list[Confusion]:
    wrong: dict[tuple[str, str], list[int]] = {}
    mistakes = np.flatnonzero(answer != ids)
    for row in mistakes[np.argsort(-confidence[mistakes], kind="stable")]:
        wrong.setdefault((truths[row], labels[answer[row]]), []).append(int(row))
    found = [Confusion(truth, taken_for, tuple(rows)) for (truth, taken_for), rows in wrong.items()]
    return sorted(found, key=lambda confusion: (-len(confusion.rows), confusion.truth, confusion.answer))


def _write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    write_table(
        path, header, ([round(value, 5) if isinstance(value, float) else value for value in row] for row in rows)
    )
