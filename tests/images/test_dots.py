"""Printed dots of paper, told from the dots of a formula."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy.ndimage import gaussian_filter, shift

from inkmath.images import ink_from_image
from inkmath.images.dots import FEWEST, without_printed_dots

Pixels = NDArray[np.bool_]

HEIGHT, WIDTH, APART = 300, 480, 40
STEM, BAR = [(100, 50), (100, 250)], [(140, 150), (300, 150)]
POINT = (330, 230)
"""Beside all printed dots."""


def written(*lines: list[tuple[int, int]], points: list[tuple[int, int]] | None = None) -> Pixels:
    canvas = Image.new("L", (WIDTH, HEIGHT), 0)
    for line in lines:
        ImageDraw.Draw(canvas).line(line, fill=255, width=6)
    for x, y in points or []:
        ImageDraw.Draw(canvas).ellipse((x - 3, y - 3, x + 3, y + 3), fill=255)
    ink: Pixels = np.asarray(canvas) > 0
    return ink


def dots(slope: float = 0.0, narrowing: float = 0.0, radius: float = 2.5) -> Pixels:
    """A grid of dots, aslant, and ``narrowing`` of its width narrower at the head than at the foot."""
    rows, columns = np.indices((HEIGHT, WIDTH)).astype(float)
    columns = (columns - WIDTH / 2) / (1 - narrowing * (1 - rows / HEIGHT)) + WIDTH / 2
    places = (columns + slope * rows + 10, rows - slope * columns + 10)
    off = np.hypot(*((place + APART / 2) % APART - APART / 2 for place in places))
    grid: Pixels = off <= radius
    return grid


@pytest.mark.parametrize(
    "printed",
    [dots(), dots(slope=0.05), dots(narrowing=0.15), dots(radius=1.5)],
    ids=["straight", "aslant", "seen from below", "fine"],
)
def test_dots_of_the_paper_go_and_the_handwriting_stays(printed: Pixels) -> None:
    ink = written(STEM, BAR, points=[POINT])
    left = without_printed_dots(ink | printed)
    assert (left & ink).sum() > 0.97 * ink.sum()
    assert (left & ~ink).sum() < 0.02 * ink.sum()


def test_a_dot_of_the_formula_between_those_of_the_paper_stays() -> None:
    ink = written(STEM, points=[POINT])
    left = without_printed_dots(ink | dots())
    assert left[POINT[1], POINT[0]]


def test_a_dot_that_a_line_touches_leaves_no_knob_on_it() -> None:
    """The line runs beside the middles of the dots, and over some that are cut off from their neighbours."""
    ink = written([(113, 20), (113, 280)])  # dots at 110: half of each shows
    left = without_printed_dots(ink | dots(radius=5))
    assert (left & ~ink).sum() < 0.03 * ink.sum()
    assert (left & ink).sum() > 0.95 * ink.sum()


@pytest.mark.parametrize("count", [3, 20])
def test_dots_in_one_row_are_no_paper(count: int) -> None:
    row = written(points=[(12 + 20 * place, 150) for place in range(count)])
    assert without_printed_dots(row) is row


def test_dots_here_and_there_are_no_paper() -> None:
    rng = np.random.default_rng(0)
    sprinkled = written(points=[(int(x), int(y)) for x, y in rng.uniform((5, 5), (WIDTH - 5, HEIGHT - 5), (80, 2))])
    assert without_printed_dots(sprinkled) is sprinkled


def test_a_few_dots_in_a_square_are_no_paper() -> None:
    square = written(points=[(100 + APART * (place % 4), 100 + APART * (place // 4)) for place in range(16)])
    assert FEWEST > 4  # of which have neighbours on all sides
    assert without_printed_dots(square) is square


def test_a_texture_of_dots_is_no_paper() -> None:
    texture = np.zeros((900, 900), np.bool_)
    texture[5::9, 5::9] = True
    assert without_printed_dots(texture) is texture


@pytest.mark.parametrize("nothing", [np.zeros((20, 30), np.bool_), np.ones((20, 30), np.bool_)], ids=["empty", "full"])
def test_without_dots_nothing_changes(nothing: Pixels) -> None:
    assert without_printed_dots(nothing) is nothing


@pytest.mark.parametrize("moved", [(0, 0), (7, 13)])
def test_a_photograph_of_a_dotted_page_is_read_as_what_was_written(moved: tuple[int, int]) -> None:
    printed = shift(dots(slope=0.02), moved, order=0, mode="wrap")
    cover = np.maximum(written(STEM, BAR, points=[POINT]), 0.7 * printed)
    seen = gaussian_filter(0.9 - 0.8 * cover, 1) + np.random.default_rng(0).normal(0, 0.02, cover.shape)
    strokes = ink_from_image(np.clip(seen, 0, 1)).strokes
    sizes = sorted(float(np.ptp(stroke, axis=0).max()) for stroke in strokes)
    assert sizes == [pytest.approx(3, abs=3), pytest.approx(160, abs=8), pytest.approx(200, abs=8)]
