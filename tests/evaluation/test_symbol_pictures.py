"""Pictures of a report: each is drawn, whatever is in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from inkmath.evaluation.calibration import Reliability
from inkmath.evaluation.symbol_pictures import draw_report, learning_curves, reliability_diagram
from inkmath.evaluation.symbols import report_symbols
from inkmath.features.symbol import normalize_and_pad_traces
from inkmath.labels import Vocabulary, encode_labels

if TYPE_CHECKING:
    from pathlib import Path

    from inkmath.evaluation.symbols import SymbolReport

pytestmark = pytest.mark.slow

LABELS = Vocabulary(("$", r"\sum", "x"))


def draw(truths: list[str], answers: list[str], directory: Path) -> tuple[SymbolReport, list[Path]]:
    features = normalize_and_pad_traces([[np.array([(0, 0), (9, 9)]), np.array([(4, 0)])] for _ in truths], 16)
    probabilities = np.eye(3)[[LABELS.ids[answer] for answer in answers]]
    report = report_symbols(probabilities, encode_labels(truths, LABELS), truths)
    return report, draw_report(report, features, directory, confusions=2)


def test_every_picture_is_a_png(tmp_path: Path) -> None:
    _, files = draw(["$", "x", r"\sum", "x"], ["x", "$", r"\sum", "x"], tmp_path)
    assert {file.name for file in files} == {"confusion_matrix.png", "confusions.png", "reliability.png", "classes.png"}
    assert all(file.read_bytes().startswith(b"\x89PNG") for file in files)


@pytest.mark.parametrize("truths", [["x"], [r"\forall", r"\forall"]])
def test_no_confusion_and_nothing_but_unseen_labels_can_be_drawn(tmp_path: Path, truths: list[str]) -> None:
    draw(truths, ["x"] * len(truths), tmp_path)


def test_learning_is_drawn_from_one_epoch_on() -> None:
    row = {"loss": 1.0, "valid_loss": 1.1, "accuracy": 0.5, "valid_accuracy": 0.4}
    assert len(learning_curves([row], 0).axes) == 2


@pytest.mark.parametrize(
    ("most", "ticks"), [(90, ["1", "3", "10", "30", "100"]), (5000, ["1", "10", "100", "1000", "10000"])]
)
def test_the_number_of_answers_can_be_read_off(most: int, ticks: list[str]) -> None:
    confidence = np.array([0.3, 0.9])
    figure = reliability_diagram(Reliability(confidence, confidence, np.array([1, most]), 0.02))
    figure.canvas.draw()
    axes = figure.axes[1]
    low, high = axes.get_ylim()
    shown = [label.get_text() for label in axes.get_yticklabels() if low <= label.get_position()[1] <= high]
    assert shown == ticks
