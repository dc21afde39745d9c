"""Strokes recovered from pictures: what a pen drew, told from the picture alone."""

from __future__ import annotations

import io
import warnings
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy.ndimage import gaussian_filter

from inkmath.drawing import to_png
from inkmath.images import ImageError, TooManyPixelsError, ink_from_image
from inkmath.images import picture as pictures
from inkmath.images.skeleton import HOLE, SPUR, Line, LineGraph, line_graph
from inkmath.images.tracing import trace
from inkmath.synthesis import synthesize

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from inkmath.ink import Ink

Picture = NDArray[np.uint8]
PEN = 5


def drawn(
    *lines: Sequence[tuple[float, float]],
    paper: int = 255,
    ink: int = 0,
    size: tuple[int, int] = (160, 120),
    pen: int = PEN,
) -> Picture:
    """Lines of a round pen on plain paper, ``(height, width)``."""
    canvas = Image.new("L", size, paper)
    draw = ImageDraw.Draw(canvas)
    for line in lines:
        draw.line(line, fill=ink, width=pen, joint="curve")
        for x, y in line:
            draw.ellipse((x - pen / 2, y - pen / 2, x + pen / 2, y + pen / 2), fill=ink)
    return np.asarray(canvas)


def arc(centre: tuple[float, float], radius: float, begin: float = 0, end: float = 360) -> list[tuple[float, float]]:
    """Points of an arc; degrees from the right, downward."""
    angles = np.deg2rad(np.linspace(begin, end, 40))
    return [(centre[0] + radius * np.cos(angle), centre[1] + radius * np.sin(angle)) for angle in angles]


def png(values: Picture) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(values).save(stream, "PNG")
    return stream.getvalue()


LINE = [(20.0, 60.0), (140.0, 60.0)]
UPRIGHT = [(80.0, 10.0), (80.0, 110.0)]


def ends(stroke: np.ndarray) -> list[list[float]]:
    return [stroke[0].tolist(), stroke[-1].tolist()]


def test_a_line_is_one_stroke_from_left_to_right() -> None:
    (stroke,) = ink_from_image(drawn(LINE)).strokes
    assert stroke.dtype == np.float32
    assert ends(stroke) == [pytest.approx(end, abs=PEN) for end in LINE]
    assert np.ptp(stroke[:, 1]) <= 1


def test_a_cross_is_two_strokes_that_go_straight_through_each_other() -> None:
    across, down = ink_from_image(drawn(LINE, UPRIGHT)).strokes
    assert ends(across) == [pytest.approx(end, abs=PEN) for end in LINE]
    assert ends(down) == [pytest.approx(end, abs=PEN) for end in UPRIGHT], "an upright stroke begins at the top"
    assert np.ptp(across[:, 1]) < 2
    assert np.ptp(down[:, 0]) < 2


@pytest.mark.parametrize(
    "line",
    [
        [(20.0, 80.0), (140.0, 40.0)],  # flat and rising: from the left, though that is the lower end
        [(20.0, 40.0), (140.0, 80.0)],
        [(110.0, 10.0), (50.0, 110.0)],  # a slash: from the top, though that is the right end
        [(50.0, 10.0), (110.0, 110.0)],
    ],
)
def test_a_slanted_line_begins_where_a_pen_does(line: list[tuple[float, float]]) -> None:
    for drawing in (drawn(line), drawn(line[::-1])):
        (stroke,) = ink_from_image(drawing).strokes
        assert ends(stroke) == [pytest.approx(end, abs=PEN) for end in line]


@pytest.mark.parametrize("turned", [False, True])
def test_whichever_way_a_line_was_found_its_stroke_begins_at_the_left(turned: bool) -> None:
    points = np.stack([np.arange(20.0, 100.0), np.linspace(60.0, 40.0, 80)], axis=1)
    (stroke,) = trace(LineGraph([Line(points[::-1] if turned else points, (None, None))], {}), PEN)
    assert stroke[0].tolist() == [20, 60]


def test_a_line_that_bends_behind_a_meeting_goes_on_in_the_straight_one_before_it() -> None:
    """From the left into a bow that begins level, not into the branch: an integral's end keeps its curl."""
    far = np.arange(1.0, 60.0)
    level = np.stack([-far, np.zeros(59)], axis=1)
    bow = np.concatenate([np.stack([far[:9], np.zeros(9)], axis=1), np.stack([np.full(50, 9.0), far[:50]], axis=1)])
    branch = np.stack([far, 1.1 * far], axis=1)  # by 48 degrees; the bow by 59 in all, by 38 in its first half
    places = {0: np.zeros(2), 1: np.array([-60.0, 0.0]), 2: np.array([9.0, 51.0]), 3: np.array([60.0, 66.0])}
    lines = [Line(points, (0, end)) for end, points in enumerate((level, bow, branch), 1)]
    strokes = trace(LineGraph(lines, places), PEN)
    assert sorted(sorted(map(tuple, ends(stroke))) for stroke in strokes) == [
        [(-60, 0), (9, 51)],
        [(0, 0), (60, 66)],
    ]


@pytest.mark.parametrize(
    ("pen", "lines"),
    [
        (7, [[(43, 47), (25, 31), (21, 41)], [(31, 35), (32, 30)], [(41, 22), (33, 42), (47, 31)]]),
        (
            3,
            [
                [(52, 26), (38, 66), (63, 39)],
                [(41, 24), (56, 28), (37, 45)],
                [(53, 58), (32, 45), (55, 50)],
                [(20, 44), (65, 65)],
            ],
        ),
        (
            8,
            [
                [(38, 47), (73, 63), (37, 27)],
                [(53, 34), (56, 68), (42, 57)],
                [(39, 36), (64, 47)],
                [(38, 37), (67, 70), (54, 67)],
            ],
        ),
    ],
)
def test_no_bump_is_left_where_torn_meetings_were_made_one(pen: int, lines: list[list[tuple[float, float]]]) -> None:
    """Tangled lines, found by chance: once two meetings are one, an end that was long enough is a bump after all."""
    graph = line_graph(drawn(*lines, pen=pen) < 128, pen)
    loose = [line.length(graph.places) for line in graph.lines if line.nodes.count(None) == 1]
    rings = [line.length(graph.places) for line in graph.lines if None not in line.nodes and len(set(line.nodes)) == 1]
    assert all(length >= SPUR * pen for length in loose), "each would be a stroke that nobody wrote"
    assert all(length >= HOLE * pen for length in rings)


def test_where_two_lines_meet_the_pen_goes_round_the_sharpest_corner() -> None:
    """A narrow v, whose tip was a meeting until its spur was taken away, is one stroke and not two."""
    down = np.stack([np.linspace(70.0, 79.0, 90), np.arange(10.0, 100.0)], axis=1)
    up = down * (-1, 1) + (160, 0)
    places = {0: np.array([80.0, 101.0])}
    (stroke,) = trace(LineGraph([Line(down, (None, 0)), Line(up, (None, 0))], places), PEN)
    assert sorted(map(tuple, ends(stroke))) == [(70, 10), (90, 10)]


def test_a_plus_hardly_longer_than_its_wide_pen_is_two_strokes() -> None:
    pen, arm = 16, 20
    plus = [(80 - arm, 60), (80 + arm, 60)], [(80, 60 - arm), (80, 60 + arm)]
    across, down = ink_from_image(drawn(*plus, pen=pen, size=(320, 240))).strokes
    assert ends(across) == [pytest.approx(end, abs=pen / 2) for end in plus[0]]
    assert ends(down) == [pytest.approx(end, abs=pen / 2) for end in plus[1]]


def test_a_letter_in_a_small_picture_may_have_a_wide_pen() -> None:
    (stroke,) = ink_from_image(drawn([(25, 15), (50, 85), (68, 15)], size=(100, 100), pen=12)).strokes
    assert ends(stroke) == [pytest.approx(end, abs=6) for end in [(25, 15), (68, 15)]]
    assert stroke[:, 1].max() == pytest.approx(85, abs=9)
    bent, down = ink_from_image(
        drawn([(30, 20), (30, 50), (70, 50)], [(60, 20), (60, 85)], size=(100, 100), pen=12)
    ).strokes
    assert ends(down) == [pytest.approx(end, abs=6) for end in [(60, 20), (60, 85)]]
    assert bent[0].tolist() == pytest.approx([30, 20], abs=6)


def test_lines_that_cross_at_an_angle_are_two_strokes() -> None:
    one, other = ink_from_image(drawn([(50, 20), (110, 100)], [(110, 20), (50, 100)])).strokes
    assert {stroke[0, 0] < 80 for stroke in (one, other)} == {True, False}
    assert all(np.ptp(stroke[:, 1]) > 70 for stroke in (one, other))


def test_lines_that_run_together_for_long_are_two_strokes() -> None:
    """At 25 degrees the line that both have in common is four pen widths long."""
    one, other = ink_from_image(drawn([(60, 10), (100, 190)], [(100, 10), (60, 190)], size=(160, 200), pen=8)).strokes
    assert {stroke[0, 0] < 80 for stroke in (one, other)} == {True, False}
    assert all(np.ptp(stroke[:, 1]) > 165 for stroke in (one, other))


@pytest.mark.parametrize("apart", [20, 32, 60])
def test_the_bar_of_an_h_by_a_wide_pen_is_a_stroke(apart: int) -> None:
    left, right = 80 - apart / 2, 80 + apart / 2
    lines = [[(left, 20.0), (left, 100.0)], [(right, 20.0), (right, 100.0)], [(left, 60.0), (right, 60.0)]]
    strokes = ink_from_image(drawn(*lines, pen=10)).strokes
    assert sorted(map(ends, strokes)) == [[pytest.approx(end, abs=5) for end in line] for line in sorted(lines)]


@pytest.mark.parametrize("apart", [20, 32, 60])
def test_the_legs_of_a_pi_by_a_wide_pen_stand_side_by_side(apart: int) -> None:
    left, right = 80 - apart / 2, 80 + apart / 2
    lines = [[(left - 15, 30), (right + 15, 30)], [(left, 30), (left, 100)], [(right, 30), (right, 100)]]
    legs = [stroke for stroke in ink_from_image(drawn(*lines, pen=10)).strokes if np.ptp(stroke[:, 1]) > 50]
    assert [np.ptp(leg[:, 0]) < 6 for leg in legs] == [True, True]


def test_bows_that_touch_as_in_a_round_x_stay_two_strokes() -> None:
    strokes = ink_from_image(drawn(arc((40, 60), 36, -60, 60), arc((112, 60), 36, 120, 240))).strokes
    assert [np.ptp(stroke[:, 1]) > 55 for stroke in strokes] == [True, True]


def test_a_2_with_a_loop_at_its_foot_is_one_stroke() -> None:
    foot = [(64.0, 88.0), (48.0, 98.0), (40.0, 92.0), (48.0, 86.0), (70.0, 94.0), (110.0, 100.0)]
    (stroke,) = ink_from_image(drawn([*arc((80, 40), 25, 180, 400), *foot])).strokes
    assert ends(stroke) == [pytest.approx(end, abs=PEN) for end in ([55, 40], foot[-1])]


def test_an_o_is_one_closed_stroke_written_from_the_top_to_the_left() -> None:
    (stroke,) = ink_from_image(drawn(arc((80, 60), 30))).strokes
    assert stroke[0].tolist() == stroke[-1].tolist()
    assert stroke[0] == pytest.approx((80, 30), abs=10), "the top is flat"
    assert stroke[len(stroke) // 4] == pytest.approx((50, 60), abs=15)


def test_the_lines_of_an_equals_sign_come_from_above() -> None:
    upper, lower = ink_from_image(drawn([(30, 75), (120, 75)], [(30, 45), (120, 45)])).strokes
    assert upper[:, 1].mean() == pytest.approx(45, abs=1)
    assert lower[:, 1].mean() == pytest.approx(75, abs=1)


def test_a_dot_is_a_stroke_without_extent() -> None:
    line, dot = ink_from_image(drawn([(20, 60), (100, 60)], [(130, 60), (130, 60)])).strokes
    assert dot.mean(axis=0) == pytest.approx((130, 60), abs=1.5)
    assert np.ptp(dot, axis=0).max() <= PEN / 2
    assert len(line) > 10


@pytest.mark.parametrize("side", [1, 2])
def test_a_dot_of_the_thinnest_pen_is_a_stroke_in_its_place(side: int) -> None:
    picture = drawn([(120, 160), (200, 160)], pen=1, size=(400, 300)).copy()
    picture[160 : 160 + side, 230 : 230 + side] = 0
    line, dot = ink_from_image(picture).strokes
    middle = (side - 1) / 2
    assert dot.mean(axis=0) == pytest.approx((230 + middle, 160 + middle), abs=0.6)
    assert ends(line) == [pytest.approx(end, abs=1) for end in ([120, 160], [200, 160])]


def test_of_a_large_picture_the_part_with_thin_lines_is_enlarged_if_it_is_not_large_itself() -> None:
    for far, scale in ((900, 2), (1900, 1)):
        grey = np.asarray(drawn([(800, 700), (far, 1400)], size=(2000, 1500), pen=1), np.float32) / np.float32(255)
        mask = pictures.find_ink(grey)
        assert mask.scale == scale
        rows, columns = np.nonzero(mask.pixels)
        first, last = mask.in_picture(np.array([[columns.min(), rows.min()], [columns.max(), rows.max()]]))
        assert [*first, *last] == pytest.approx([800, 700, far, 1400], abs=3)


def test_ink_of_an_enlarged_part_is_where_it_is_in_the_picture() -> None:
    for size in ((400, 300), (2000, 1500)):
        picture = drawn([(120, 160), (200, 160)], pen=1, size=size)
        mask = pictures.find_ink(np.asarray(picture, np.float32) / np.float32(255))
        assert mask.scale == 2
        assert (mask.corner == (0, 0)) == (size == (400, 300)), "of the larger picture a part"
        middles = [np.argwhere(ink)[:, ::-1].mean(axis=0) for ink in (mask.pixels, picture == 0)]
        assert mask.in_picture(middles[0]) == pytest.approx(middles[1], abs=0.1)


def test_a_stem_that_the_pen_went_up_and_down_is_part_of_one_stroke() -> None:
    """An n: down, up the same way, and over."""
    over = arc((80, 60), 30, 180, 360)
    (stroke,) = ink_from_image(drawn([(50, 20), (50, 100)], [(50, 70), *over, (110, 100)])).strokes
    assert ends(stroke) == [pytest.approx((50, 20), abs=PEN), pytest.approx((110, 100), abs=PEN)]
    assert np.hypot(*np.diff(stroke, axis=0).T).sum() > 220, "the stem counts twice"


def test_neither_polarity_nor_transparency_matters() -> None:
    dark = ink_from_image(drawn(LINE, UPRIGHT))
    for other in (drawn(LINE, UPRIGHT, paper=0, ink=255), drawn(LINE, UPRIGHT, paper=200, ink=90)):
        again = ink_from_image(other)
        assert len(again.strokes) == 2
        for one, two in zip(dark.strokes, again.strokes, strict=True):
            assert ends(one) == [pytest.approx(end, abs=2) for end in ends(two)]
    for colour in (0, 255):
        layers = np.full((120, 160, 4), colour, np.uint8)
        layers[..., 3] = 255 - drawn(LINE, UPRIGHT)
        assert len(ink_from_image(layers).strokes) == 2


def test_grey_in_sixteen_bits_is_read_as_in_eight(tmp_path: Path) -> None:
    grey = drawn([(20, 20), (140, 100)], paper=150, ink=40)
    Image.fromarray(grey.astype(np.uint16) * 257).save(tmp_path / "deep.png")
    deep, plain = ink_from_image(tmp_path / "deep.png"), ink_from_image(grey)
    for one, other in zip(deep.strokes, plain.strokes, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("mode", ["1", "P"])
def test_a_thin_line_of_a_large_scan_stays_whole(mode: str) -> None:
    scan = Image.new("L", (5000, 1500), 255)
    ImageDraw.Draw(scan).line([(200, 200), (4700, 1300)], fill=0, width=3)
    stream = io.BytesIO()
    scan.convert(mode).save(stream, "PNG")
    assert len(ink_from_image(stream.getvalue()).strokes) == 1


def test_shadow_and_grain_are_not_ink() -> None:
    rng = np.random.default_rng(0)
    light = np.linspace(0.5, 1.0, 160)[None, :]
    seen = drawn(LINE, UPRIGHT, ink=40) * light + rng.normal(0, 5, (120, 160))
    assert len(ink_from_image(np.clip(seen, 0, 255).astype(np.uint8)).strokes) == 2


WIDE = (640, 400)
ACROSS, DOWN = [(200.0, 200.0), (460.0, 200.0)], [(330.0, 80.0), (330.0, 320.0)]
"""A plus in the middle of ``WIDE``."""


def seen(brightness: NDArray[Any], seed: int = 0) -> Picture:
    """What a camera gives of it: noise, and values that end at black and white."""
    noisy = brightness + np.random.default_rng(seed).normal(0, 4, brightness.shape)
    return np.clip(noisy, 0, 255).astype(np.uint8)


def is_the_plus(ink: Ink) -> bool:
    across, down = ink.strokes
    return bool(
        all(np.allclose(found, end, atol=2 * PEN) for found, end in zip(ends(across), ACROSS, strict=True))
        and all(np.allclose(found, end, atol=2 * PEN) for found, end in zip(ends(down), DOWN, strict=True))
    )


@pytest.mark.parametrize("edge", [200, 260, 330], ids=["through an end", "across a line", "through the crossing"])
def test_the_edge_of_a_shadow_is_not_ink(edge: int) -> None:
    rows, columns = np.indices(WIDE[::-1])
    light = np.where(columns + 0.3 * (rows - 200) < edge, 1.0, 0.45)
    assert is_the_plus(ink_from_image(seen(drawn(ACROSS, DOWN, paper=230, ink=30, size=WIDE) * light)))


def test_a_sheet_may_lie_on_a_dark_desk() -> None:
    rows, columns = np.indices(WIDE[::-1])
    sheet = (columns > 70 + 0.05 * rows) & (rows < 370)
    wood = 60 + 15 * np.sin(rows / 4 + columns / 90)
    assert is_the_plus(ink_from_image(seen(np.where(sheet, drawn(ACROSS, DOWN, paper=235, ink=30, size=WIDE), wood))))


def test_the_black_border_of_a_scan_is_not_ink() -> None:
    scan = drawn(ACROSS, DOWN, paper=250, ink=20, size=WIDE).astype(np.float64)
    scan[:8] = scan[:, -12:] = 5
    assert is_the_plus(ink_from_image(seen(scan)))


@pytest.mark.parametrize("depth", [0.3, 0.6])
def test_a_shadow_of_fingers_is_not_ink(depth: float) -> None:
    """Fingers are narrower than what a wide pen may draw in a picture of this size."""
    fingers = drawn([(250.0, 420.0), (230.0, 60.0)], [(390.0, 420.0), (400.0, 30.0)], size=WIDE, pen=50) < 128
    shadow = gaussian_filter(fingers.astype(float), 3)
    assert is_the_plus(ink_from_image(seen(drawn(ACROSS, DOWN, ink=30, size=WIDE, pen=4) * (1 - depth * shadow))))


def test_what_all_of_the_writing_was_highlighted_with_is_not_ink() -> None:
    page = drawn([(120.0, 200.0), (540.0, 200.0)], ink=170, size=WIDE, pen=130)
    plus = [(280.0, 200.0), (380.0, 200.0)], [(330.0, 155.0), (330.0, 245.0)]
    across, down = ink_from_image(seen(np.minimum(page, drawn(*plus, size=WIDE)).astype(float))).strokes
    assert ends(across) == [pytest.approx(end, abs=2 * PEN) for end in plus[0]]
    assert ends(down) == [pytest.approx(end, abs=2 * PEN) for end in plus[1]]


def test_punched_holes_are_not_ink() -> None:
    page = drawn(ACROSS, DOWN, size=WIDE).astype(float)
    for y in (90, 310):
        page = np.minimum(page, drawn([(60.0, y), (60.0, y)], ink=60, size=WIDE, pen=56))
    assert is_the_plus(ink_from_image(seen(page)))


TIPS = [[(x, -20.0), (x + 30.0, 20.0)] for x in (150.0, 240.0, 420.0)]
"""Lower ends of letters of the line above."""


@pytest.mark.parametrize("below", [False, True])
@pytest.mark.parametrize("count", [1, 3])
def test_what_the_edge_leaves_of_other_lines_is_not_ink(count: int, below: bool) -> None:
    tips = [[(x, WIDE[1] - y if below else y) for x, y in tip] for tip in TIPS[:count]]
    assert is_the_plus(ink_from_image(drawn(*tips, ACROSS, DOWN, size=WIDE)))


def test_letters_that_the_edge_cuts_off_stay() -> None:
    cut = [[(x, -20.0), (x + 30.0, 150.0)] for x in (120.0, 420.0)]
    assert len(ink_from_image(drawn(*cut, ACROSS, DOWN, size=WIDE)).strokes) == 4


def test_of_a_picture_cropped_to_its_ink_what_reaches_the_edge_stays() -> None:
    picture = drawn(TIPS[0], ACROSS, DOWN, size=WIDE)[:, int(TIPS[0][0][0]) + 20 : int(ACROSS[1][0]) + 2]
    assert len(ink_from_image(picture).strokes) == 3


BOX = [(20.0, 24.0), (620.0, 20.0), (620.0, 376.0), (20.0, 380.0), (20.0, 24.0)]


def test_a_frame_around_the_formula_is_not_ink() -> None:
    assert is_the_plus(ink_from_image(drawn(BOX, ACROSS, DOWN, size=WIDE)))
    upright = [(20.0, 20.0), (620.0, 20.0), (620.0, 380.0), (20.0, 380.0), (20.0, 20.0)]
    assert is_the_plus(ink_from_image(drawn(upright, ACROSS, DOWN, paper=20, ink=230, size=WIDE, pen=3)))


@pytest.mark.parametrize(
    "lines",
    [[BOX], [BOX[:-1], ACROSS], [BOX[1:], ACROSS], [ACROSS, DOWN, [(20.0, 20.0), (620.0, 20.0)]]],
    ids=["alone", "open on the left", "open above", "one line"],
)
def test_what_is_no_frame_around_ink_stays(lines: list[list[tuple[float, float]]]) -> None:
    left, top, right, bottom = ink_from_image(drawn(*lines, size=WIDE)).bounds
    assert (left, top, right) == pytest.approx((20, 20, 620), abs=2 * PEN)
    assert bottom == pytest.approx(max(y for line in lines for _, y in line), abs=2 * PEN)


@pytest.mark.parametrize("noise", [0, 4], ids=["drawing", "camera"])
def test_letters_little_larger_than_the_pen_keep_their_holes(noise: int) -> None:
    """Rings that nearly touch: neither blur nor a lenient threshold makes one blot of them."""
    rings = [arc((20 + 19 * place, 30), 6.5) for place in range(6)]
    clean = drawn(*(ring[:-1] for ring in rings), size=(135, 60), pen=3).astype(np.float64)
    grey = np.asarray(seen(clean) if noise else clean, np.float32) / np.float32(255)
    strokes = ink_from_image(grey).strokes
    assert len(strokes) == len(rings)
    for stroke, ring in zip(strokes, rings, strict=True):
        assert stroke[0].tolist() == stroke[-1].tolist(), "closed"
        assert stroke.mean(axis=0) == pytest.approx(np.mean(ring, axis=0), abs=1)


def test_the_ink_of_a_small_drawing_is_no_wider_than_drawn() -> None:
    for formula in synthesize(4, seed=96):
        grey, _ = pictures.load_grey(to_png(formula, size=(220, 100), pen=3, scale=1))
        mask = pictures.find_ink(grey)
        assert mask.pixels.sum() / mask.scale**2 == pytest.approx((grey < 0.5).sum(), rel=0.1)


@pytest.mark.parametrize(("paper", "ink"), [(210, 120), (50, 200)], ids=["pencil", "chalk"])
def test_lines_that_skip_the_grain_of_the_ground_are_whole(paper: int, ink: int) -> None:
    grain = np.random.default_rng(1).random((WIDE[1] // 2, WIDE[0] // 2))
    skipped = np.kron(grain, np.ones((2, 2))) < 0.3
    line = drawn(ACROSS, DOWN, size=WIDE, pen=7) < 128
    assert is_the_plus(ink_from_image(seen(np.where(line & ~skipped, float(ink), float(paper)))))


def test_a_photograph_is_read_the_right_way_up(tmp_path: Path) -> None:
    turned = Image.fromarray(np.rot90(drawn(LINE)).copy())
    exif = Image.Exif()
    exif[0x0112] = 6  # to be shown turned clockwise by a quarter
    turned.save(tmp_path / "photo.jpg", exif=exif)
    (stroke,) = ink_from_image(tmp_path / "photo.jpg").strokes
    assert np.ptp(stroke[:, 0]) > 100 > np.ptp(stroke[:, 1])


@pytest.mark.parametrize("held", range(1, 9))
def test_every_way_of_holding_a_camera_is_undone(held: int) -> None:
    shown = drawn([(20.0, 20.0), (140.0, 30.0)], [(30.0, 60.0), (30.0, 110.0)])
    kept = [
        shown,
        np.fliplr(shown),
        np.rot90(shown, 2),
        np.flipud(shown),
        shown.T,
        np.rot90(shown),
        np.rot90(shown, 2).T,
        np.rot90(shown, -1),
    ][held - 1]
    exif = Image.Exif()
    exif[0x0112] = held
    stream = io.BytesIO()
    Image.fromarray(kept.copy()).save(stream, "PNG", exif=exif)
    for one, other in zip(ink_from_image(stream.getvalue()).strokes, ink_from_image(shown).strokes, strict=True):
        np.testing.assert_array_equal(one, other)


def test_what_else_a_camera_says_does_not_matter() -> None:
    """Its resolution as text, which Pillow reads but cannot write again."""
    exif = Image.Exif()
    exif[0x0112], exif[0x011A] = 6, 72.0
    said = exif.tobytes()
    fraction = bytes.fromhex("011a0005")
    assert fraction in said
    stream = io.BytesIO()
    odd = said.replace(fraction, bytes.fromhex("011a0002"))
    Image.fromarray(np.rot90(drawn(LINE)).copy()).save(stream, "JPEG", exif=odd)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        (stroke,) = ink_from_image(stream.getvalue()).strokes
    assert np.ptp(stroke[:, 0]) > 100 > np.ptp(stroke[:, 1])


def test_symbols_come_in_order_of_writing() -> None:
    fraction = [[(60, 60), (140, 60)], [(100, 75), (100, 110)], [(100, 10), (100, 45)], [(10, 60), (40, 60)]]
    minus, numerator, bar, denominator = ink_from_image(drawn(*fraction)).strokes
    assert [float(stroke[:, 1].mean()) for stroke in (numerator, bar, denominator)] == sorted(
        float(stroke[:, 1].mean()) for stroke in (numerator, bar, denominator)
    )
    assert minus[:, 0].max() < 45


def test_the_same_picture_gives_the_same_ink() -> None:
    (formula,) = synthesize(1, seed=3)
    content = to_png(formula, size=(400, 200), pen=3, scale=1)
    one, two = ink_from_image(content), ink_from_image(content)
    assert all(np.array_equal(first, second) for first, second in zip(one.strokes, two.strokes, strict=True))
    left, top, right, bottom = one.bounds
    assert (right - left) / (bottom - top) == pytest.approx(_aspect(formula), rel=0.1)


def _aspect(ink: Ink) -> float:
    left, top, right, bottom = ink.bounds
    return (right - left) / (bottom - top)


@pytest.mark.parametrize(
    "values",
    [
        pytest.param(np.full((60, 80), 255, np.uint8), id="blank"),
        pytest.param(np.zeros((60, 80), np.uint8), id="black"),
        pytest.param(np.random.default_rng(1).normal(200, 6, (120, 160)).astype(np.uint8), id="grain of paper"),
        pytest.param(np.linspace(0, 255, 160, dtype=np.uint8)[None].repeat(120, 0), id="gradient"),
    ],
)
def test_a_picture_without_handwriting_is_refused(values: Picture) -> None:
    with pytest.raises(ImageError, match=r"image: .*; (give|crop)"):
        ink_from_image(values)


def test_noise_is_refused() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (300, 400), dtype=np.uint8)
    with pytest.raises(ImageError, match="crop"):
        ink_from_image(noise)


def test_what_is_no_picture_is_refused_by_name(tmp_path: Path) -> None:
    file = tmp_path / "notes.png"
    file.write_text("not a picture")
    with pytest.raises(ImageError, match=r"notes\.png: this is no PNG or JPEG picture; convert"):
        ink_from_image(file)
    file.write_bytes(png(drawn(LINE))[:120])
    with pytest.raises(ImageError, match=r"notes\.png: the picture is damaged"):
        ink_from_image(file)
    with pytest.raises(ImageError, match=r"such as numpy\.asarray\(image\), no Image"):
        ink_from_image(Image.new("L", (9, 9)))  # type: ignore[arg-type]
    with pytest.raises(ImageError, match="shape"):
        ink_from_image(np.zeros((3, 4, 5, 6), np.uint8))
    with pytest.raises(ImageError, match="int64"):
        ink_from_image(np.zeros((30, 40), np.int64))
    with pytest.raises(ImageError, match="divide by 255"):
        ink_from_image(np.full((30, 40), 255.0))


def test_a_picture_without_its_palette_is_damaged() -> None:
    content = bytearray(png(drawn(LINE)))
    header = content.index(b"IHDR")
    content[header + 13] = 3  # each pixel is a place in a palette, and there is none
    content[header + 17 : header + 21] = zlib.crc32(bytes(content[header : header + 17])).to_bytes(4, "big")
    with pytest.raises(ImageError, match=r"damaged \(its colours are missing\); save it anew"):
        ink_from_image(bytes(content))


@pytest.mark.parametrize(("size", "left"), [((2, 9), "9 x 2"), ((8, 20_000), "2000 x 1"), ((1, 1), "1 x 1")])
def test_a_picture_too_small_or_too_long_is_refused(size: tuple[int, int], left: str) -> None:
    with pytest.raises(ImageError, match=rf"longer side has .* \({left}\); give a larger picture, cropped to"):
        ink_from_image(np.zeros(size, np.uint8))


def test_a_huge_picture_is_refused_before_it_is_decoded() -> None:
    content = png(np.zeros((10, 10), np.uint8))
    header = content.index(b"IHDR")
    with pytest.raises(TooManyPixelsError, match=r"too large \(10 x 10 pixels\); crop"):
        ink_from_image(content, most_pixels=99)
    lying = bytearray(content)
    lying[header + 4 : header + 12] = (60_000).to_bytes(4, "big") * 2
    lying[header + 17 : header + 21] = zlib.crc32(bytes(lying[header : header + 17])).to_bytes(4, "big")
    with pytest.raises(ImageError, match="too large"):
        ink_from_image(bytes(lying))
    with pytest.raises(ImageError, match=r"too large \(more than"):
        ink_from_image(b"\0" * (pictures.MAX_BYTES + 1))


def test_a_large_picture_is_shrunk() -> None:
    large = np.kron(drawn(LINE, UPRIGHT), np.ones((20, 20), np.uint8))
    ink = ink_from_image(large)
    assert len(ink.strokes) == 2
    assert max(ink.bounds) < pictures.LONGEST_SIDE
