"""Pictures of ink."""

from __future__ import annotations

import io

import numpy as np
import pytest
from lxml import etree
from PIL import Image

from inkmath.drawing import COLOURS, INK, to_png, to_svg
from inkmath.ink import Ink
from inkmath.layout import Edge, LayoutTree, Relation, Symbol
from inkmath.layout.symbols import CHARACTERS

SVG = "{http://www.w3.org/2000/svg}"
TREE = LayoutTree((Symbol("\\alpha", (0, 1)),))
INK_OF_TWO = Ink.from_points([[[0, 0], [50, 100], [100, 0]], [[200, 50]]], tree=TREE, latex='a < "b"')


def test_svg_holds_a_path_for_each_stroke_in_a_box_of_the_right_shape() -> None:
    root = etree.fromstring(to_svg(INK_OF_TWO, size=(400, 400)))

    assert [path.get("d") for path in root.iter(f"{SVG}path")] == [
        "M13.2 13.2Q113.2 213.2 213.2 13.2",
        "M413.2 113.2L413.2 113.2",
    ], "a curve bends around its middle point; a dot is a line of no length"
    left, top, width, height = map(float, root.attrib["viewBox"].split())
    assert (left, top) == (0, 0)
    assert width - 26.5 == pytest.approx(2 * (height - 26.5)), "the aspect ratio is kept"
    assert root.get("aria-label") == 'Handwriting: a < "b"'


def test_svg_is_legible_on_any_page() -> None:
    assert f'stroke="{INK}"' in to_svg(INK_OF_TWO)
    assert '<rect width="100%" height="100%" fill="#ffffff"/>' in to_svg(INK_OF_TWO)

    transparent = to_svg(INK_OF_TWO, background=None)
    assert "<rect" not in transparent
    assert 'stroke="currentColor"' in transparent


def test_symbols_can_be_coloured_and_labelled() -> None:
    text = to_svg(INK_OF_TWO, colours=True, labels=True)
    assert text.count(f'stroke="{COLOURS[0]}"') == 2
    assert ">\u03b1</text>" in text


@pytest.mark.filterwarnings("error:Glyph:UserWarning")
def test_png_has_a_character_for_each_label() -> None:
    symbols = tuple(Symbol(label, (place,)) for place, label in enumerate(CHARACTERS))
    tree = LayoutTree(symbols, tuple(Edge(place, place + 1, Relation.RIGHT) for place in range(len(symbols) - 1)))
    to_png(Ink.from_points([[[place, 0]] for place in range(len(symbols))], tree=tree), labels=True, scale=1)


def test_a_word_at_the_right_edge_is_shown_whole() -> None:
    tree = LayoutTree((Symbol("\\liminf", (0,)),))
    picture = to_png(Ink.from_points([[[0, 0], [0, 100]]], tree=tree), pen=1, colours=True, labels=True)
    paper = Image.open(io.BytesIO(picture)).convert("L")
    assert np.asarray(paper)[:, -4:].min() > 200


def test_png_has_the_size_of_the_svg_and_shows_the_ink() -> None:
    image = Image.open(io.BytesIO(to_png(INK_OF_TWO, size=(200, 200), scale=1, colours=True, labels=True)))
    assert image.size[0] == pytest.approx(226.5, abs=1)
    colours = {tuple(colour) for colour in np.asarray(image.convert("RGB")).reshape(-1, 3).tolist()}
    assert (255, 255, 255) in colours
    assert tuple(bytes.fromhex(COLOURS[0][1:])) in colours

    clear = Image.open(io.BytesIO(to_png(INK_OF_TWO, background=None)))
    assert np.asarray(clear.convert("RGBA"))[0, 0, 3] == 0


@pytest.mark.parametrize("dot", [[[50, 0]], [[50, 0]] * 2, [[50, 0]] * 4, [[50, 0], [50.02, 0]]])
def test_png_shows_dots(dot: list[list[float]]) -> None:
    image = Image.open(io.BytesIO(to_png(Ink.from_points([dot, [[0, 50], [100, 50]]]), pen=4, scale=1)))
    upper = image.convert("L").crop((0, 0, image.width, image.height // 2))
    dark = (np.asarray(upper) < 128).sum()
    assert 8 <= dark <= 18, "a disc as wide as the pen"


@pytest.mark.parametrize(
    "strokes",
    [
        [[[5, 5]]],
        [[[5, 5], [5, 5], [5, 5]]],
        [[[0, 0], [1000, 0]]],
        [[[0, -3], [0, 3]]],
        [[[-3e38, 3e38], [3e38, -3e38]]],
        [[[0, 0], [1e-30, 1e-30]]],
    ],
)
def test_ink_without_extent_or_with_an_enormous_one_is_drawn(strokes: list[list[list[float]]]) -> None:
    ink = Ink.from_points(strokes)
    root = etree.fromstring(to_svg(ink))
    assert 0 < float(root.attrib["width"]) < 1000
    assert 0 < float(root.attrib["height"]) < 1000
    assert "nan" not in to_svg(ink)
    assert to_png(ink).startswith(b"\x89PNG")


def test_nothing_to_draw_is_refused() -> None:
    with pytest.raises(ValueError, match="no ink"):
        to_svg(Ink(()))
