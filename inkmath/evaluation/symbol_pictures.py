"""Pictures of a symbol report: the confusion matrix, the worst confusions as ink, reliability, classes, learning."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from inkmath.dataset.atomic import replacing
from inkmath.features.symbol import stroke_indices

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from inkmath.evaluation.calibration import Reliability
    from inkmath.evaluation.symbols import Confusion, SymbolReport
    from inkmath.features.symbol import FloatArray

INK, RIGHT, WRONG, QUIET = "#1a1a2e", "#0072b2", "#d55e00", "#8a8a94"
EXAMPLES = 8
"""Samples shown of each confusion."""


def draw_report(report: SymbolReport, features: FloatArray, directory: Path, confusions: int = 20) -> list[Path]:
    """Write every picture as PNG.

    Args:
        report: what to draw.
        features: ``(N, length, 5)`` of the samples of the report, in its order.
        directory: where to.
        confusions: the most confusions to show as ink.

    Returns:
        The files written.
    """
    figures = {
        "confusion_matrix.png": confusion_matrix(report),
        "confusions.png": confusions_as_ink(report.confusions[:confusions], features),
        "reliability.png": reliability_diagram(report.calibration),
        "classes.png": class_recall(report),
    }
    return [save(figure, directory / name) for name, figure in figures.items()]


def new_figure(width: float, height: float, layout: Literal["constrained"] | None = "constrained") -> Figure:
    """A figure of its own, in inches, known to no global state, so that it can be drawn in any thread."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout=layout)


def save(figure: Figure, path: Path) -> Path:
    """Write a figure whole or not at all."""
    with replacing(path) as temporary:
        figure.savefig(temporary, dpi=110, facecolor="white")
    return path


def confusion_matrix(report: SymbolReport) -> Figure:
    """Truth by answer among the classes of the vocabulary that occur, as shares of the truth."""
    shown = [report.labels.index(row.label) for row in report.classes]
    counts = report.matrix[np.ix_(shown, shown)].astype(float)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    size = max(4.0, 0.145 * len(shown) + 1.6)
    figure = new_figure(size, size)
    axes = figure.add_subplot()
    # The square root brings out the rare confusions beside a diagonal near 1.
    axes.imshow(np.sqrt(shares), cmap="Blues", vmin=0, vmax=1)
    names = [report.labels[index] for index in shown]
    axes.set_xticks(range(len(shown)), names, rotation=90, fontsize=6, parse_math=False)
    axes.set_yticks(range(len(shown)), names, fontsize=6, parse_math=False)
    axes.tick_params(length=0)
    for truth, answer in np.argwhere(shares >= 0.1).tolist():
        if truth != answer:
            share = shares[truth, answer]
            axes.text(
                answer,
                truth,
                f"{100 * share:.0f}",
                ha="center",
                va="center",
                fontsize=4.5,
                color="white" if share > 0.3 else INK,
            )
    axes.set(xlabel="answer", ylabel="truth")
    axes.set_title(
        f"{report.samples} symbols, top-1 {100 * report.top1:.2f} %; off the diagonal: % of the truth, from 10",
        fontsize=9,
    )
    return figure


def confusions_as_ink(confusions: Sequence[Confusion], features: FloatArray) -> Figure:
    """A row per confusion: its surest mistakes."""
    rows = max(len(confusions), 1)
    figure = new_figure(1.7 + 0.72 * EXAMPLES, 0.5 + 0.72 * rows)
    grid = figure.subplots(rows, EXAMPLES + 1, width_ratios=[2.2] + [1.0] * EXAMPLES, squeeze=False)
    figure.suptitle("most frequent confusions: truth → answer (how often), the surest mistakes first", fontsize=9)
    for axes in grid.flat:
        axes.axis("off")
    for axes, confusion in zip(grid, confusions, strict=False):
        text = f"{confusion.truth}  →  {confusion.answer}   ({len(confusion.rows)})"
        axes[0].text(1.0, 0.5, text, ha="right", va="center", fontsize=9, transform=axes[0].transAxes, parse_math=False)
        for place, row in zip(axes[1:], confusion.rows, strict=False):
            draw_symbol(place, features[row])
    return figure


def draw_symbol(axes: Axes, features: FloatArray) -> None:
    """One symbol from its ``(length, 5)`` features, its strokes as lines and its dots as dots."""
    stroke_of = stroke_indices(features[None])[0]
    for stroke in range(stroke_of.max() + 1):
        points = features[stroke_of == stroke, :2]
        dot = np.ptp(points, axis=0).max() < 0.02
        axes.plot(
            *points.T, color=INK, linewidth=1.3, solid_capstyle="round", marker="o" if dot else "", markersize=2.5
        )
    axes.set(xlim=(-1.15, 1.15), ylim=(1.15, -1.15), aspect="equal")


def reliability_diagram(bins: Reliability) -> Figure:
    """Accuracy by confidence, and below it how many answers there are of each."""
    from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

    figure = new_figure(4.6, 4.8)
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=[3, 1])
    upper.plot([0, 1], [0, 1], color=QUIET, linewidth=1, linestyle="--", label="perfectly calibrated")
    upper.plot(bins.confidence, bins.accuracy, color=RIGHT, marker="o", markersize=4, label="this model")
    upper.set(ylabel="share that is right", xlim=(0, 1), ylim=(0, 1.02))
    upper.set_title(f"expected calibration error {100 * bins.error:.2f} %", fontsize=10)
    upper.legend(frameon=False, fontsize=8, loc="best")
    lower.bar(bins.confidence, bins.answers, width=0.045, color=RIGHT)
    lower.set(xlabel="confidence of the first answer", ylabel="answers", yscale="log")
    most = max(bins.answers, default=1)
    lower.set_ylim(0.7, 2 * most)
    # As many as the little height has room for; left to itself it has none where there are many answers.
    lower.yaxis.set_major_locator(LogLocator(subs=(1, 3) if most <= 300 else (1,), numticks=9))
    lower.yaxis.set_major_formatter(StrMethodFormatter("{x:.0f}"))
    lower.yaxis.set_minor_formatter(NullFormatter())
    for axes in (upper, lower):
        axes.spines[["top", "right"]].set_visible(False)
    return figure


def class_recall(report: SymbolReport) -> Figure:
    """Every class by its recall, the worst first, with how often it occurs."""
    rows = sorted((row for row in report.classes if row.samples), key=lambda row: (row.recall, row.samples))
    tall = (len(rows) + 1) // 2
    figure = new_figure(9.0, max(2.0, 0.15 * tall + 1.2))
    for axes, part in zip(figure.subplots(1, 2), (rows[:tall], rows[tall:]), strict=True):
        places = np.arange(len(part))
        axes.barh(places, [100 * row.top3 for row in part], height=0.7, color="#cfe3f1", label="among the first three")
        axes.barh(places, [100 * row.recall for row in part], height=0.7, color=RIGHT, label="first answer")
        axes.set_yticks(places, [row.label for row in part], fontsize=7, parse_math=False)
        for place, row in enumerate(part):
            axes.text(101, place, str(row.samples), va="center", fontsize=6, color=QUIET)
        axes.set(xlim=(0, 108), ylim=(tall - 0.2, -0.8), xlabel="% of the symbols of the class")
        axes.tick_params(axis="y", length=0)
        axes.spines[["top", "right", "left"]].set_visible(False)
    figure.suptitle("recall by class; at the right how many there are", fontsize=9)
    axes.legend(frameon=False, fontsize=8, loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=2)
    return figure


def learning_curves(history: Sequence[Mapping[str, float]], best_epoch: int) -> Figure:
    """Loss and accuracy by epoch, training and validation; the kept epoch is marked."""
    figure = new_figure(8.0, 3.2)
    epochs = np.arange(1, len(history) + 1)
    for axes, name in zip(figure.subplots(1, 2), ("loss", "accuracy"), strict=True):
        axes.plot(epochs, [row[name] for row in history], color=QUIET, marker=".", label="training")
        axes.plot(epochs, [row[f"valid_{name}"] for row in history], color=RIGHT, marker=".", label="validation")
        axes.axvline(best_epoch + 1, color=WRONG, linewidth=1, linestyle=":", label="kept")
        axes.set(xlabel="epoch", ylabel=name)
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, fontsize=8)
    return figure
