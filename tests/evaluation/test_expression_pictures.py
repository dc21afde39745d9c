"""Pictures of a report on formulas: drawn from any report, whole files, legible formulas."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np
import pytest
from matplotlib.mathtext import MathTextParser
from PIL import Image

from inkmath.decoding.reading import Reading
from inkmath.drawing import COLOURS
from inkmath.evaluation.expression_pictures import (
    FORMULA_SIZE,
    confusion_bars,
    draw_report,
    explanation,
    failure_page,
    typeset,
)
from inkmath.evaluation.expressions import Table, evaluate
from inkmath.evaluation.symbol_pictures import save
from inkmath.ink import Ink
from inkmath.layout.latex import canonical_tokens, parse_latex
from inkmath.layout.tree import LayoutTree, Symbol
from inkmath.synthesis import synthesize

if TYPE_CHECKING:
    from pathlib import Path


def misread(ink: Ink) -> Reading:
    """The truth with another first symbol."""
    assert ink.tree is not None
    first, *others = ink.tree.symbols
    label = "x" if first.label != "x" else "y"
    return Reading(LayoutTree((Symbol(label, first.strokes), *others), ink.tree.edges), 0.4)


@pytest.mark.slow
def test_every_picture_is_written(tmp_path: Path) -> None:
    report = evaluate((ink, [misread(ink)]) for ink in synthesize(4, 1, max_symbols=8))
    files = draw_report(report, tmp_path, failures=2)
    assert {file.name for file in files} == {"failures.png", "by_length.png", "reliability.png", "confusions.png"}
    for file in files:
        assert file.read_bytes().startswith(b"\x89PNG")
    assert sorted(tmp_path.iterdir()) == sorted(files)


def test_the_page_shows_failures_only_and_no_more_than_asked() -> None:
    inks = list(synthesize(5, 1, max_symbols=8))
    assert inks[0].tree is not None
    right = (inks[0], [Reading(inks[0].tree, 0.9)])
    page = failure_page(evaluate([right, *((ink, [misread(ink)]) for ink in inks[1:])]).outcomes, count=2)
    words = [text.get_text() for axes in page.axes for text in axes.texts]
    assert words.count("truth") == words.count("read") == 2
    assert page.get_suptitle() == "4 of 5 formulas misread; 2 of them, from few token edits to many"


def test_confusions_are_named_as_far_as_the_line_goes() -> None:
    symbol, relation = ("P", "p"), ("Right", "Right of another")
    assert explanation([symbol, ("\\alpha", "")]) == "P read as p;   \N{GREEK SMALL LETTER ALPHA} read as nothing"
    cut = explanation([symbol, *[relation] * 4])
    assert cut == "P read as p;   Right read as Right of another;   Right read as Right of another;   and 2 more"
    assert explanation([]) == ""


def test_what_was_put_together_of_many_symbols_is_cut(tmp_path: Path) -> None:
    many = " ".join("a" * 60)
    assert explanation([(many, "x")]) == f"{many[:29]}… read as x"
    table = Table(("truth", "answer", "count"), [(many, many, 1)])
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # matplotlib's, where names leave no room for the bars
        save(confusion_bars(table, table), tmp_path / "confusions.png")


def test_a_page_without_failures_says_so() -> None:
    (ink,) = synthesize(1, 1, max_symbols=8)
    assert ink.tree is not None
    page = failure_page(evaluate([(ink, [Reading(ink.tree, 0.9)])]).outcomes)
    assert page.get_suptitle() == "no formula was misread"


def test_no_confusion_is_no_bar() -> None:
    nothing = Table(("truth", "answer", "count"), [])
    titles = [axes.get_title() for axes in confusion_bars(nothing, nothing).axes]
    assert titles == ["no symbols confused", "no relations confused"]


@pytest.mark.parametrize("latex", ["x_{i}^{2}", r"\frac{}{b}", r"\sin x\alpha b", r"\lim_{x\rightarrow 0}\sqrt[3]{x}"])
def test_formulas_are_set_as_mathematics(latex: str) -> None:
    text, size = typeset(tuple(canonical_tokens(parse_latex(latex))), 300, 60)
    assert text.startswith("$")
    assert size == FORMULA_SIZE


@pytest.mark.parametrize(
    "latex",
    [
        r"2\begin{vmatrix}a&\frac{1}{2}\\c&d\end{vmatrix}+1",
        r"f(x)=\begin{cases}x^{2}&x>0\\-x&x\leq 0\end{cases}",
        r"(\begin{matrix}1\\2\end{matrix}]\begin{bmatrix}1&2&3\end{bmatrix}",
        r"\begin{pmatrix}x&\begin{vmatrix}1&2\\3&4\end{vmatrix}\\1&0\end{pmatrix}",
    ],
)
def test_rows_of_matrices_are_set_above_each_other(latex: str) -> None:
    def height(text: str) -> float:
        return float(MathTextParser("path").parse(text, dpi=72)[1])

    text, _ = typeset(tuple(canonical_tokens(parse_latex(latex))), 300, 60)
    assert height(text) > 1.5 * height("$d$")


def test_a_long_formula_is_set_smaller() -> None:
    _, size = typeset(tuple("x" * 200), 300, 60)
    assert size < FORMULA_SIZE / 2


def test_what_cannot_be_set_is_shown_as_text_cut_to_fit() -> None:
    text, _ = typeset(("\\nosuchcommand",) * 30, 100, 60)
    assert text.startswith("\\nosuch")
    assert text.endswith("…")


def test_an_upright_line_is_seen_in_its_whole_width(tmp_path: Path) -> None:
    ink = Ink.from_points([[[0, 0], [0, 9]]], latex="x")
    page = failure_page(evaluate([(ink, [Reading(LayoutTree((Symbol("1", (0,)),)), 0.1)])]).outcomes)
    for text in page.axes[0].texts:
        text.set_visible(False)
    pixels = np.asarray(Image.open(save(page, tmp_path / "page.png")).convert("RGB"), int)[60:]  # without the title
    blue = [int(COLOURS[0][place : place + 2], 16) for place in (1, 3, 5)]
    _, columns = np.nonzero(np.abs(pixels - blue).max(axis=-1) < 60)
    assert len(set(columns.tolist())) >= 2


def test_a_dot_and_a_line_have_a_picture() -> None:
    strokes = [np.array([[0, 0]], np.float32), np.array([[2, 0], [5, 0]], np.float32)]
    ink = Ink(tuple(strokes), id="dot", latex=".")
    tree = LayoutTree((Symbol("-", (0, 1)),))
    page = failure_page(evaluate([(ink, [Reading(tree, 0.1)])]).outcomes)
    assert any(axes.lines for axes in page.axes)
