"""The symbol report, on five symbols counted by hand."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from inkmath.evaluation.symbols import Confusion, report_symbols, write_tables
from inkmath.labels import Vocabulary, encode_labels

if TYPE_CHECKING:
    from pathlib import Path

    from inkmath.evaluation.symbols import SymbolReport

LABELS = Vocabulary(("a", "b", "c", "d"))
TRUTHS = ["a", "a", "b", "b", r"\forall"]
PROBABILITIES = np.array(
    [
        [0.7, 0.1, 0.1, 0.1],  # right
        [0.3, 0.5, 0.1, 0.1],  # a taken for b, second answer right
        [0.1, 0.8, 0.05, 0.05],  # right
        [0.4, 0.05, 0.3, 0.25],  # b taken for a, right nowhere among three
        [0.9, 0.05, 0.03, 0.02],  # never seen in training
    ]
)


@pytest.fixture
def report() -> SymbolReport:
    return report_symbols(PROBABILITIES, encode_labels(TRUTHS, LABELS), TRUTHS)


def test_the_figures(report: SymbolReport) -> None:
    assert report.top1 == pytest.approx(2 / 5)
    assert report.top3 == pytest.approx(3 / 5)
    assert report.macro_f1 == pytest.approx((2 / 5 + 2 / 4 + 0) / 3), "what training never saw counts as a class"
    assert (report.samples, report.unseen) == (5, {r"\forall": 1})
    assert report.calibration.answers.sum() == 5


def test_a_class_that_is_only_ever_answered_has_a_row_and_no_part_in_the_mean() -> None:
    truths = ["a", "a"]
    report = report_symbols(np.eye(4)[[0, 1]], encode_labels(truths, LABELS), truths)
    assert report.macro_f1 == pytest.approx(2 / 3)
    b = report.classes[1]
    assert (b.label, b.samples, b.precision, b.recall, b.f1, b.top3) == ("b", 0, 0, 0, 0, 0), "not what is no number"


def test_a_row_per_class_that_occurs(report: SymbolReport) -> None:
    a, b = report.classes
    assert (a.label, a.samples, b.label, b.samples) == ("a", 2, "b", 2)
    assert a.precision == pytest.approx(1 / 3)
    assert (a.recall, a.top3) == (0.5, 1.0)
    assert (b.precision, b.recall, b.top3) == (0.5, 0.5, 0.5)


def test_the_matrix_counts_truth_by_answer_and_keeps_the_unseen_apart(report: SymbolReport) -> None:
    assert report.matrix.tolist() == [[1, 1, 0, 0], [1, 1, 0, 0], [0] * 4, [0] * 4, [1, 0, 0, 0]]


def test_confusions_name_their_samples(report: SymbolReport) -> None:
    assert report.confusions == [
        Confusion(r"\forall", "a", (4,)),
        Confusion("a", "b", (1,)),
        Confusion("b", "a", (3,)),
    ]


def test_frequent_confusions_come_first_and_in_them_the_surest_mistakes() -> None:
    truths = ["b", "a", "a"]
    probabilities = np.array([[0.9, 0.1, 0, 0], [0.4, 0.6, 0, 0], [0.2, 0.8, 0, 0]])
    report = report_symbols(probabilities, encode_labels(truths, LABELS), truths)
    assert report.confusions == [Confusion("a", "b", (2, 1)), Confusion("b", "a", (0,))]


def test_tables_on_disk_say_the_same(report: SymbolReport, tmp_path: Path) -> None:
    write_tables(report, tmp_path)
    assert json.loads((tmp_path / "metrics.json").read_text()) == {
        "top1": 0.4,
        "top3": 0.6,
        "macro_f1": 0.3,
        "calibration_error": 0.46,
        "samples": 5,
        "unseen": 1,
    }
    tables = {path.stem: list(csv.DictReader(path.open())) for path in tmp_path.glob("*.csv")}
    assert [row["label"] for row in tables["classes"]] == ["a", "b"]
    assert (tables["classes"][0]["precision"], tables["classes"][0]["recall"]) == ("0.33333", "0.5")
    assert tables["confusions"][0] == {"truth": r"\forall", "answer": "a", "count": "1"}
    assert list(tables["reliability"][-1].values()) == ["0.9", "0.0", "1"]


@pytest.mark.parametrize(("rows", "columns"), [(0, 4), (5, 3), (4, 4)])
def test_arrays_that_do_not_match_are_refused(rows: int, columns: int) -> None:
    truths = TRUTHS[:rows] if rows == 0 else TRUTHS
    with pytest.raises(ValueError, match="probabilities of shape"):
        report_symbols(np.ones((rows, columns)), encode_labels(truths, LABELS), truths)


def test_figures_without_context_stand_beside_those_with_it(report: SymbolReport) -> None:
    figures = replace(report, alone=report).metrics()
    assert figures["alone_top1"] == figures["top1"]
    assert set(figures) - set(report.metrics()) == {
        "alone_top1",
        "alone_top3",
        "alone_macro_f1",
        "alone_calibration_error",
    }
