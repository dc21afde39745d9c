"""Printed lines of paper, told from what was written on them."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy.ndimage import gaussian_filter

from inkmath.images import ink_from_image
from inkmath.images.ruling import PrintedLines

Picture = NDArray[np.float64]

HEIGHT, WIDTH = 400, 640
ACROSS, DOWN, SLANT = [(90, 190), (330, 190)], [(210, 70), (210, 310)], [(400, 320), (560, 90)]
"""A plus, with its bar between printed lines, and a slash."""
APART = 50


def written(*lines: list[tuple[int, int]], pen: int = 6) -> Picture:
    """Share of each pixel that handwriting covers, ``(HEIGHT, WIDTH)``."""
    canvas = Image.new("L", (WIDTH, HEIGHT), 0)
    for line in lines or (ACROSS, DOWN, SLANT):
        ImageDraw.Draw(canvas).line(line, fill=255, width=pen)
    covered: Picture = np.asarray(canvas) / 255
    return covered


def printed(slope: float = 0.01, bend: float = 0.0, first: int = 20, apart: int = APART) -> Picture:
    """The same of level printed lines of two pixels, ``bend`` pixels lower at both edges than in the middle."""
    rows, columns = np.indices((HEIGHT, WIDTH))
    place = rows - first - slope * columns - bend * (2 * columns / WIDTH - 1) ** 2
    lines: Picture = np.clip(1.5 - np.abs((place + apart / 2) % apart - apart / 2), 0, 1)
    return lines


def upright(spread: float = 0.0) -> Picture:
    """The same of upright ones, ``spread`` times as far apart at the foot as at the head, and once more."""
    rows, columns = np.indices((HEIGHT, WIDTH))
    place = 15 + (columns - WIDTH / 2) / (1 + spread * rows / HEIGHT)
    lines: Picture = np.clip(1.5 - np.abs((place + APART / 2) % APART - APART / 2), 0, 1)
    return lines


def photograph(cover: Picture) -> Picture:
    """Brightness of paper so covered, as a camera sees it."""
    seen = gaussian_filter(0.9 - 0.8 * cover, 1) + np.random.default_rng(0).normal(0, 0.02, cover.shape)
    brightness: Picture = np.clip(seen, 0, 1)
    return brightness


def strokes_of(cover: Picture) -> list[list[tuple[float, float]]]:
    """Both ends of each stroke that is read from the photograph."""
    return [[(float(x), float(y)) for x, y in stroke[[0, -1]]] for stroke in ink_from_image(photograph(cover)).strokes]


WRITTEN = [[pytest.approx(end, abs=8) for end in line] for line in (ACROSS, DOWN, [SLANT[1], SLANT[0]])]


@pytest.mark.parametrize("strength", [0.2, 0.5, 0.8])
@pytest.mark.parametrize(
    "lines",
    [
        printed(),
        printed(-0.03),
        printed(bend=5),
        np.maximum(printed(), upright()),
        np.maximum(printed(), upright(spread=0.15)),
    ],
    ids=["ruled", "aslant", "a page that is not flat", "squared", "squared and seen from below"],
)
def test_printed_lines_are_not_ink(lines: Picture, strength: float) -> None:
    assert strokes_of(np.maximum(written(), strength * lines)) == WRITTEN


def test_pencil_is_told_from_printed_lines() -> None:
    assert strokes_of(np.maximum(0.35 * written(), 0.2 * np.maximum(printed(), upright()))) == WRITTEN


def test_the_line_of_a_margin_is_not_ink() -> None:
    margin = np.zeros((HEIGHT, WIDTH))
    margin[:, 60:63] = 0.8
    assert strokes_of(np.maximum.reduce([written(), 0.5 * printed(), margin])) == WRITTEN


def test_two_lines_are_enough_if_they_are_fainter_than_the_handwriting() -> None:
    assert strokes_of(np.maximum(written(), 0.6 * printed(first=110, apart=230))) == WRITTEN


def test_a_bar_written_on_a_printed_line_stays() -> None:
    bar = [(90, 220), (330, 220)]
    assert strokes_of(np.maximum(written(bar), 0.5 * printed(0))) == [[pytest.approx(end, abs=8) for end in bar]]


@pytest.mark.parametrize(
    "lines",
    [
        [[(0, 20), (640, 20)], [(0, 200), (640, 200)], [(0, 380), (640, 380)], [(8, 0), (8, 400)]],
        [[(20, 0), (20, 400)], [(220, 0), (220, 400)], [(420, 0), (420, 400)], [(120, 90), (120, 310)]],
        [[(0, 40), (640, 40)], [(0, 140), (640, 140)], [(0, 240), (640, 240)], [(0, 340), (640, 340)]],
        [[(60, 80), (580, 80)], [(60, 180), (580, 180)], [(60, 280), (580, 280)], [(60, 380), (580, 380)]],
    ],
    ids=["E, cropped to its ink", "bars from edge to edge", "nothing but lines", "lines that end before the edge"],
)
def test_handwriting_is_no_ruled_paper(lines: list[list[tuple[int, int]]]) -> None:
    found = ink_from_image(photograph(written(*lines)))
    for line in lines:
        x, y = np.mean(line, axis=0)
        assert min(float(np.hypot(*(stroke - (x, y)).T).min()) for stroke in found.strokes) < 12


def test_lines_are_found_where_they_run() -> None:
    rows, columns = np.nonzero(PrintedLines.among(printed(0.02).astype(np.float32), 0.5).pixels)
    off = (rows - 20 - 0.02 * columns + APART / 2) % APART - APART / 2
    assert np.abs(off).max() <= 4
    assert len(np.unique(columns)) == WIDTH


@pytest.mark.parametrize("shape", [(3, 3), (3, 400), (400, 3), (5, 11)])
def test_pictures_of_any_shape_have_none(shape: tuple[int, int]) -> None:
    assert not PrintedLines.among(np.random.default_rng(0).random(shape).astype(np.float32), 0.9).pixels.any()
