"""Pictures of how formulas were read: failures as ink beside what they are, ExpRate by length, confusions."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from inkmath.counting import counted
from inkmath.drawing import COLOURS
from inkmath.evaluation.symbol_pictures import QUIET, RIGHT, WRONG, new_figure, reliability_diagram, save
from inkmath.layout.latex import compact
from inkmath.layout.matrices import ENVIRONMENTS, cells_of
from inkmath.layout.symbols import CHARACTERS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from inkmath.evaluation.comparison import Substitution
    from inkmath.evaluation.expressions import Outcome, Report, Table

NEARLY, ALMOST = "#6aaed6", "#cfe3f1"
COLUMNS = 3
CELL = (4.4, 2.3)
"""Width and height of one failure on the page, in inches."""

FORMULA_SIZE = 13.0
"""Points of a formula; one that does not fit its place is set smaller."""
TEXT_SIZE = 6.0
"""Points of a formula that is shown as text."""

EXPLAINED = 80
"""Letters, at most, of the confusions that are named under a failure."""
NAMED = 40
"""Letters, at most, of the name of a failure."""
SIDE = 30, 16
"""Letters, at most, of either side of a confusion: under a failure, and beside a bar."""


def draw_report(report: Report, directory: Path, failures: int = 24) -> list[Path]:
    """Write every picture as PNG and return the files; ``failures`` is how many formulas their page shows."""
    figures = {
        "failures.png": failure_page(report.outcomes, failures),
        "by_length.png": rates_by_length(report.tables["by_length"]),
        "reliability.png": reliability_diagram(report.calibration),
        "confusions.png": confusion_bars(report.tables["symbol_confusions"], report.tables["relation_confusions"]),
    }
    return [save(figure, directory / name) for name, figure in figures.items()]


def failure_page(outcomes: Sequence[Outcome], count: int = 24) -> Figure:
    """Formulas that were misread, from nearly right to hopeless: ink in the colours of the symbols read, truth, answer.

    Args:
        outcomes: of all formulas. count: how many to show; where there are more, evenly picked by token edits.
    """
    wrong = sorted((one for one in outcomes if not one.right), key=lambda one: (one.edits, one.ink.id))
    shown = [wrong[place * len(wrong) // min(count, len(wrong))] for place in range(min(count, len(wrong)))]
    rows = max(math.ceil(len(shown) / COLUMNS), 1)
    figure = new_figure(COLUMNS * CELL[0], rows * CELL[1] + 0.5, layout=None)
    share = f"{len(wrong)} of {counted(len(outcomes), 'formula')} misread"
    title = f"{share}; {len(shown)} of them, from few token edits to many" if wrong else "no formula was misread"
    figure.suptitle(title, fontsize=11, x=0.01, y=1 - 0.15 / figure.get_figheight(), ha="left", va="top")
    grid = figure.subplots(rows, COLUMNS, squeeze=False)
    figure.subplots_adjust(left=0.01, right=0.99, bottom=0.01, top=1 - 0.5 / figure.get_figheight(), wspace=0, hspace=0)
    for axes in grid.flat:
        axes.axis("off")
    for axes, outcome in zip(grid.flat, shown, strict=False):
        _draw_failure(axes, outcome)
    return figure


def _draw_failure(axes: Axes, outcome: Outcome) -> None:
    _draw_ink(axes.inset_axes((0.0, 0.57, 0.95, 0.36)), outcome)
    axes.plot([0.0, 0.97], [0.99, 0.99], color=QUIET, linewidth=0.3, transform=axes.transAxes)
    width, height = (72 * side for side in CELL)
    box: dict[str, Any] = {"transform": axes.transAxes, "va": "center"}
    for middle, name, tokens, colour in ((0.44, "truth", outcome.truth, RIGHT), (0.25, "read", outcome.answer, WRONG)):
        axes.text(0.0, middle, name, fontsize=7, color=QUIET, **box)
        text, size = typeset(tokens, 0.86 * width, 0.18 * height)
        mathematics = text.startswith("$")
        axes.text(0.09, middle, text, fontsize=size, color=colour, parse_math=mathematics, math_fontfamily="cm", **box)
    edits = f"{outcome.edits} token {'edit' if outcome.edits == 1 else 'edits'}"
    line = f"{_cut(outcome.ink.id.rpartition('/')[2], NAMED)}   {edits}, {100 * outcome.reading.confidence:.0f} % sure"
    if outcome.place and outcome.place > 1:
        line += f", right in place {outcome.place}"
    axes.text(0.0, 0.115, line, fontsize=6, color=QUIET, parse_math=False, **box)
    pairs = (*outcome.comparison.symbols, *outcome.comparison.governors) if outcome.comparison else ()
    axes.text(0.0, 0.045, explanation(pairs), fontsize=6, color=QUIET, parse_math=False, **box)


def explanation(pairs: Sequence[Substitution]) -> str:
    """As many of the confusions as fit in a line, and how many more there are."""
    line = ""
    for named, pair in enumerate(pairs):
        words = _in_words(pair, SIDE[0])
        longer = f"{line};   {words}" if line else words
        if line and len(longer) > EXPLAINED:
            return f"{line};   and {len(pairs) - named} more"
        line = longer
    return line


def _draw_ink(axes: Axes, outcome: Outcome) -> None:
    """The strokes, each symbol of the answer in a colour of its own."""
    for index, symbol in enumerate(outcome.reading.tree.symbols):
        for stroke in symbol.strokes:
            points = outcome.ink.strokes[stroke]
            dot = len(points) == 1 or not np.ptp(points, axis=0).any()
            style: dict[str, Any] = (
                {"marker": "o", "markersize": 2} if dot else {"linewidth": 1.3, "solid_capstyle": "round"}
            )
            # Unclipped: the axes around an upright or a level line have no width, or no height.
            axes.plot(*points.T, color=COLOURS[index % len(COLOURS)], clip_on=False, **style)
    axes.set(aspect="equal", anchor="W")
    axes.invert_yaxis()
    axes.axis("off")


@lru_cache(maxsize=512)
def typeset(tokens: tuple[str, ...], width: float, height: float) -> tuple[str, float]:
    """A formula as matplotlib can show it within ``width`` and ``height`` points: its text and its font size.

    The text is between ``$`` where matplotlib can set the formula; else it is the LaTeX itself, cut to fit.
    """
    from matplotlib.font_manager import FontProperties
    from matplotlib.mathtext import MathTextParser

    latex = compact(tokens)  # matplotlib hangs a script on a space
    mathematics = "$" + compact(with_stacked_rows(tokens)).replace("{}", r"{\;}") + "$"
    try:
        font = FontProperties(size=FORMULA_SIZE, math_fontfamily="cm")
        wide, high, *_ = MathTextParser("path").parse(mathematics, dpi=72, prop=font)
    except ValueError:  # what matplotlib's mathematics lacks
        letters = int(width / (0.6 * TEXT_SIZE))
        return _cut(latex, letters), TEXT_SIZE
    return mathematics, FORMULA_SIZE * min(1.0, width / max(wide, 1.0), height / max(high, 1.0))


def with_stacked_rows(tokens: Sequence[str]) -> list[str]:
    """The tokens with the rows of matrices, which matplotlib lacks, as halves of a fraction without a bar."""
    told: list[str] = []
    place = 0
    while place < len(tokens):
        begin = tokens[place]
        if not begin.startswith("\\begin"):
            told.append(begin)
            place += 1
            continue
        table, place = cells_of(tokens, place)
        opening, closing = ENVIRONMENTS.get(begin[len("\\begin{") : -1], (None, None))
        rows = [[token for cell in row for token in ("\\quad", *with_stacked_rows(cell))][1:] for row in table]
        told += ["\\left", opening or ".", *_stacked(rows), "\\right", closing or "."]
    return told


def _stacked(rows: Sequence[list[str]]) -> list[str]:
    if len(rows) == 1:
        return rows[0]
    half = (len(rows) + 1) // 2
    above, below = _stacked(rows[:half]), _stacked(rows[half:])
    return ["\\genfrac{.}{.}{0}{0}", "{", *above, "}", "{", *below, "}"]


def rates_by_length(table: Table) -> Figure:
    """ExpRate, and what is within one and two token edits, by the number of symbols."""
    figure = new_figure(6.4, 3.4)
    axes = figure.add_subplot()
    places = range(len(table.rows))
    for rate, colour, name in (
        ("within_2", ALMOST, "within 2 token edits"),
        ("within_1", NEARLY, "within 1"),
        ("exprate", RIGHT, "right"),
    ):
        column = table.columns.index(rate)
        heights = [100 * row[column] for row in table.rows]
        axes.bar(places, heights, width=0.75, color=colour, label=name)
    for place, height in enumerate(heights):
        axes.text(place, 2, f"{height:.0f}", ha="center", fontsize=8, color="white" if height > 8 else "black")
    axes.set_xticks(places, [f"{row[0]}\n({row[1]})" for row in table.rows], fontsize=8)
    axes.set(xlabel="symbols in the formula (how many formulas)", ylabel="% of the formulas", ylim=(0, 106))
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, fontsize=8, ncols=3, loc="lower center", bbox_to_anchor=(0.5, 1.0))
    return figure


def confusion_bars(symbols: Table, relations: Table, most: int = 25) -> Figure:
    """The most frequent confusions of symbols (with groups of them that were put together wrongly) and of relations."""
    rows = [table.rows[:most] for table in (symbols, relations)]
    longest = max(1, *map(len, rows))
    figure = new_figure(8.4, 0.8 + 0.21 * longest)
    for axes, shown, name in zip(figure.subplots(1, 2), rows, ("symbols", "relations"), strict=True):
        names = [_in_words((truth, answer), SIDE[1]) for truth, answer, _ in shown]
        counts = [count for _, _, count in shown]
        axes.barh(range(len(shown)), counts, height=0.7, color=WRONG)
        axes.set_yticks(range(len(shown)), names, fontsize=8, parse_math=False)
        for place, count in enumerate(counts):
            axes.text(count, place, f" {count}", va="center", fontsize=7, color=QUIET)
        axes.set_ylim(longest - 0.4, -0.6)
        axes.set_title(f"{name}, and what they are read as" if shown else f"no {name} confused", fontsize=9)
        axes.tick_params(axis="y", length=0)
        axes.set_xticks([])
        axes.spines[["top", "right", "bottom"]].set_visible(False)
    return figure


def _in_words(confusion: Substitution, most: int) -> str:
    """Truth and answer, at most ``most`` letters each, as characters that need no mathematics; nothing at all has a
    word of its own.
    """
    truth, answer = (
        _cut(" ".join(CHARACTERS.get(label, label.removeprefix("\\")) for label in side.split()) or "nothing", most)
        for side in confusion
    )
    return f"{truth} read as {answer}"


def _cut(text: str, most: int) -> str:
    """The text, or as much of it as ``most`` letters hold."""
    return text if len(text) <= most else f"{text[: most - 1]}…"
