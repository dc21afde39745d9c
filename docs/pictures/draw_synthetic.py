"""Draw docs/pictures/synthetic.png: a formula in eight hands, then formulas by many writers.

Run from the root of the repository: ``python docs/pictures/draw_synthetic.py``.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from PIL import Image

from inkmath.drawing import INK
from inkmath.ink import Ink
from inkmath.layout.latex import parse_latex
from inkmath.synthesis import synthesize
from inkmath.synthesis.style import Writer
from inkmath.synthesis.typeset import typeset

PICTURE = Path(__file__).with_name("synthetic.png")
FORMULA = r"x = \frac { - b \pm \sqrt { b ^ { 2 } - 4 a c } } { 2 a }"
COLUMNS, ROWS_OF_ONE, ROWS_OF_MANY = 4, 2, 8
CELL = np.array([260.0, 84.0])  # pixels, at one pixel a point of the page
TALLEST = 34.0  # pixels for a usual stroke, so that short formulas are not blown up


def page() -> list[Ink]:
    """The ink of every cell, row by row."""
    tree = parse_latex(FORMULA)
    hands = []
    for number in range(COLUMNS * ROWS_OF_ONE):
        strokes, owned = typeset(tree, Writer((8, number)), np.random.default_rng(number))
        hands.append(Ink(strokes, tree=owned))
    return [*hands, *synthesize(COLUMNS * ROWS_OF_MANY, 8, writers=COLUMNS * ROWS_OF_MANY, max_symbols=16)]


def main() -> None:
    """Draw and save the page."""
    rows = ROWS_OF_ONE + ROWS_OF_MANY
    width, height = CELL * (COLUMNS, rows)
    figure = Figure(figsize=(width / 72, height / 72), dpi=72 * 1.7)
    canvas = FigureCanvasAgg(figure)
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0), xlim=(0, width), ylim=(height, 0))
    axes.axis("off")
    lines = []
    for cell, ink in enumerate(page()):
        left, top, right, bottom = ink.bounds
        usual = np.median([np.ptp(stroke, axis=0).max() for stroke in ink.strokes])
        scale = min(*(0.86 * CELL / (right - left, bottom - top)), TALLEST / usual)
        middle = CELL * (cell % COLUMNS + 0.5, cell // COLUMNS + 0.5)
        centre = np.array([left + right, top + bottom]) / 2
        lines += [(stroke - centre) * scale + middle for stroke in ink.strokes]
    # A stroke of one point, or of points all alike, is drawn as a very short line, which round caps make a dot.
    lines = [line if np.ptp(line, axis=0).any() else line[0] + np.array([[-0.2, 0.0], [0.2, 0.0]]) for line in lines]
    axes.add_collection(LineCollection(lines, colors=INK, linewidths=1.15, capstyle="round", joinstyle="round"))
    canvas.draw()  # type: ignore[no-untyped-call]
    # Sixteen greys are enough for ink, at a third of the size.
    drawn = np.asarray(canvas.buffer_rgba())  # type: ignore[no-untyped-call]
    Image.fromarray(drawn).convert("L").quantize(16).save(PICTURE, optimize=True)


if __name__ == "__main__":
    main()
