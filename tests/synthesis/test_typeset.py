"""Where symbols are put, and when they are written."""

from __future__ import annotations

import dataclasses
import itertools
from typing import Any

import numpy as np
import pytest

from inkmath.ink import Ink
from inkmath.layout.accents import ACCENTS, WIDE, spanning_of
from inkmath.layout.classes import FURTHER_CLASSES, SYMBOL_CLASSES
from inkmath.layout.latex import parse_latex
from inkmath.layout.tree import LayoutTree, Relation, Symbol
from inkmath.synthesis.expressions import Line, Node
from inkmath.synthesis.grammar import random_formula, to_tree
from inkmath.synthesis.matrices import matrix
from inkmath.synthesis.style import Writer
from inkmath.synthesis.typeset import typeset

DRIFT = 6.0
"""So much higher or lower than by the rules a symbol may stand since lines wander, in font units."""


def write(tree: LayoutTree, number: int) -> Ink:
    strokes, owned = typeset(tree, Writer([number]), np.random.default_rng(number))
    return Ink(strokes, tree=owned)


def bounds(ink: Ink, symbol: int) -> tuple[float, float, float, float]:
    assert ink.tree is not None
    owned = ink.tree.symbols[symbol].strokes
    return Ink(tuple(ink.strokes[index] for index in owned)).bounds


@pytest.mark.parametrize("label", [*SYMBOL_CLASSES, *FURTHER_CLASSES])
def test_every_class_can_be_written(label: str) -> None:
    ink = write(LayoutTree((Symbol(label),)), 1)
    assert ink.strokes
    assert all(np.isfinite(stroke).all() and len(stroke) for stroke in ink.strokes)


def test_every_stroke_belongs_to_one_symbol_and_the_tree_is_kept() -> None:
    for seed in range(30):
        tree = random_formula(np.random.default_rng(seed))
        ink = write(tree, seed)
        assert ink.tree is not None
        assert all(stroke.dtype == np.float32 and stroke.min() >= 0.0 for stroke in ink.strokes)
        owned = [stroke for symbol in ink.tree.symbols for stroke in symbol.strokes]
        assert sorted(owned) == list(range(len(ink.strokes)))
        assert all(symbol.strokes for symbol in ink.tree.symbols)
        assert ink.tree.edges == tree.edges
        assert [symbol.label for symbol in ink.tree.symbols] == [symbol.label for symbol in tree.symbols]


def test_children_stand_where_their_relation_says() -> None:
    """Right lies further right, Sup higher, Sub lower, and so on, by the centres of the symbols."""
    signs = {
        Relation.RIGHT: lambda dx, dy: dx,
        Relation.SUP: lambda dx, dy: -dy,
        Relation.SUB: lambda dx, dy: dy,
        Relation.ABOVE: lambda dx, dy: -dy,
        Relation.BELOW: lambda dx, dy: dy,
    }
    held: dict[Relation, list[bool]] = {relation: [] for relation in signs}
    for seed in range(60):
        ink = write(random_formula(np.random.default_rng(seed)), seed)
        assert ink.tree is not None
        for edge in ink.tree.edges:
            if edge.relation in signs:
                parent, child = bounds(ink, edge.parent), bounds(ink, edge.child)
                dx, dy = ((child[axis] + child[axis + 2] - parent[axis] - parent[axis + 2]) / 2 for axis in (0, 1))
                held[edge.relation].append(signs[edge.relation](dx, dy) > 0)
    assert {relation: np.mean(told) > 0.97 for relation, told in held.items()} == dict.fromkeys(signs, True)


@pytest.mark.parametrize("number", range(8))
def test_a_fraction_bar_spans_what_it_divides(number: int) -> None:
    ink = write(parse_latex(r"\frac { a + b } { c }"), number)
    assert ink.tree is not None
    bar = next(index for index, symbol in enumerate(ink.tree.symbols) if symbol.label == "-")
    left, _, right, _ = bounds(ink, bar)
    unit = Writer([number]).style.unit
    for index in range(len(ink.tree.symbols)):
        if index != bar:
            inner = bounds(ink, index)
            assert left - 3 * unit < inner[0]
            assert inner[2] < right + 3 * unit


@pytest.mark.parametrize("number", range(8))
def test_a_root_covers_its_content_and_fences_grow(number: int) -> None:
    ink = write(parse_latex(r"\sqrt { x + 1 }"), number)
    root, first, last = bounds(ink, 0), bounds(ink, 1), bounds(ink, 3)
    assert root[0] < first[0]
    assert root[1] < first[1]
    assert last[0] < root[2]
    plain, tall = (write(parse_latex(text), number) for text in (r"( x )", r"( \frac { x } { y } )"))
    height_of = [bounds(ink, 0)[3] - bounds(ink, 0)[1] for ink in (plain, tall)]
    assert height_of[1] > 1.2 * height_of[0]


@pytest.mark.parametrize("number", range(8))
@pytest.mark.parametrize("command", ACCENTS)
def test_an_accent_is_low_and_wide_and_stands_close_over_its_letter(command: str, number: int) -> None:
    ink = write(parse_latex(f"1 {command} {{ M }} ^ {{ 2 }} 1"), number)
    assert ink.tree is not None
    unit = Writer([number]).style.unit
    letter, *marks = range(1, 2 + len(ACCENTS[command]))
    left, top, right, _ = bounds(ink, letter)
    for mark in marks:
        over = bounds(ink, mark)
        assert over[3] < top + 2 * unit
        assert top - over[3] < 10 * unit
        assert over[3] - over[1] < 10 * unit
        assert left - 14 * unit < over[0] <= over[2] < right + 14 * unit


@pytest.mark.parametrize("number", range(8))
@pytest.mark.parametrize("command", WIDE)
def test_a_wide_accent_stands_over_all_that_it_spans(command: str, number: int) -> None:
    ink = write(parse_latex(f"1 {command} {{ A + B }} ^ {{ 2 }} 1"), number)
    assert ink.tree is not None
    unit = Writer([number]).style.unit
    (mark,) = [place for place in range(len(ink.tree.symbols)) if spanning_of(ink.tree, place)]
    under = [bounds(ink, place) for place in ink.tree.line(ink.tree.children[mark][Relation.INSIDE])]
    left, top, right, bottom = bounds(ink, mark)
    assert bottom < min(box[1] for box in under) + 2 * unit
    assert bottom - top < 14 * unit
    width = under[-1][2] - under[0][0]
    assert 0.7 * width < right - left < 1.3 * width
    assert left < under[0][2]
    assert right > under[-1][0]


def line(text: str) -> Line:
    return [Node(label) for label in text]


def rows(*texts: str) -> list[list[Line]]:
    """``rows("1 2x", "0 -1")`` are two rows of two cells."""
    return [[line(cell) for cell in text.split()] for text in texts]


def cells(ink: Ink, opening: int) -> list[list[tuple[float, float, float, float]]]:
    """The bounds of each cell, left, top, right and bottom, row by row."""
    tree = ink.tree
    assert tree is not None

    def bounds_of(first: int) -> tuple[float, float, float, float]:
        strokes = [stroke for symbol in tree.line(first) for stroke in tree.symbols[symbol].strokes]
        return Ink(tuple(ink.strokes[stroke] for stroke in strokes)).bounds

    return [[bounds_of(first) for first in row] for row in tree.matrix(opening)]


def find(ink: Ink, label: str) -> int:
    assert ink.tree is not None
    return next(index for index, symbol in enumerate(ink.tree.symbols) if symbol.label == label)


@pytest.mark.parametrize("number", range(8))
def test_the_cells_of_a_matrix_stand_in_rows_and_columns(number: int) -> None:
    tree = to_tree([*line("A="), *matrix(rows("10 -x 3", "7 1 12", "x+1 0 -4"), "[", "]")]).ordered()
    ink = write(tree, number)
    unit = Writer([number]).style.unit
    found = cells(ink, find(ink, "["))
    for row in found:
        for before, after in itertools.pairwise(row):
            assert after[0] - before[2] > 10 * unit, "apart, where the symbols of a cell are not"
    for upper, lower in itertools.pairwise(found):
        assert max(cell[3] for cell in upper) < min(cell[1] for cell in lower)
    lefts, rights = np.array(found)[..., 0], np.array(found)[..., 2]
    assert (rights.max(axis=0)[:-1] < lefts.min(axis=0)[1:]).all()


@pytest.mark.parametrize("number", range(8))
@pytest.mark.parametrize(("opening", "closing"), [("(", ")"), ("[", "]"), ("|", "|"), (r"\|", r"\|"), (r"\{", r"\}")])
def test_brackets_are_as_tall_as_their_matrix_and_around_the_middle_of_the_line(
    opening: str, closing: str, number: int
) -> None:
    written = matrix(rows("1 2", "3 4", "5 6"), opening, closing)
    written[-1].lines[Relation.SUP] = line("T")
    written[-1].lines[Relation.SUB] = line("B")
    ink = write(to_tree([*line("-"), *written]).ordered(), number)
    assert ink.tree is not None
    unit = Writer([number]).style.unit
    start = ink.tree.children[ink.tree.root][Relation.RIGHT]
    end = ink.tree.children[start][Relation.RIGHT]
    found = np.array(cells(ink, start))
    left, right = bounds(ink, start), bounds(ink, end)
    for bracket in (left, right):
        assert bracket[1] < found[..., 1].min() + DRIFT * unit
        assert bracket[3] > found[..., 3].max() - DRIFT * unit
    assert left[0] < found[..., 0].min()
    assert right[2] > found[..., 2].max()
    minus = bounds(ink, ink.tree.root)
    assert (left[1] + left[3]) / 2 == pytest.approx((minus[1] + minus[3]) / 2, abs=0.15 * (left[3] - left[1]))
    above, below = bounds(ink, find(ink, "T")), bounds(ink, find(ink, "B"))
    assert above[0] > (right[0] + right[2]) / 2 < below[0]
    assert above[1] < found[0, 0, 1] + 10 * unit
    assert below[3] > found[2, 0, 3] - 10 * unit


def test_a_matrix_is_written_from_bracket_to_bracket_row_by_row() -> None:
    ink = write(to_tree([*matrix(rows("1 2", "3 4"), "(", ")"), *line("+5")]).ordered(), 1)
    assert ink.tree is not None
    assert "".join(symbol.label for symbol in sorted(ink.tree.symbols, key=lambda one: one.strokes)) == "(1234)+5"


@pytest.mark.parametrize("number", range(8))
def test_cases_are_aligned_on_the_left_behind_a_brace_that_nothing_closes(number: int) -> None:
    written = matrix(rows("x+1 x<0", "1 x=0", "-x x>0"), r"\{", None)
    ink = write(to_tree([*line("(f="), *written, *line(")")]).ordered(), number)
    unit = Writer([number]).style.unit
    brace, found = bounds(ink, find(ink, r"\{")), np.array(cells(ink, find(ink, r"\{")))
    assert brace[1] < found[..., 1].min() + DRIFT * unit
    assert brace[3] > found[..., 3].max() - DRIFT * unit
    assert np.ptp(found[..., 0], axis=0).max() < 8 * unit
    for outer in "()":
        box = bounds(ink, find(ink, outer))
        assert box[3] - box[1] > 0.9 * (brace[3] - brace[1]), "it is enclosed by what stands around it"


def test_matrices_stand_wherever_a_layout_tree_has_them() -> None:
    def unit_matrix() -> Line:
        return matrix(rows("1 0", "0 1"), "(", ")")

    indexed = matrix(rows("1 2", "3"), "(", "]")  # rows of two lengths, brackets of two kinds
    indexed[0].lines[Relation.SUB] = line("k")
    for written in (
        matrix([[unit_matrix(), line("0")], [line("0"), unit_matrix()]], "[", "]"),
        [Node("-", {Relation.ABOVE: unit_matrix(), Relation.BELOW: line("2")})],
        [Node("\\sqrt", {Relation.INSIDE: unit_matrix()})],
        [Node("x", {Relation.SUP: unit_matrix(), Relation.SUB: unit_matrix()})],
        [*matrix([[line("x")]], "|", None), *matrix([[line("y")]], "|", "|")],
        [*line("("), *indexed, *line(")")],
        matrix([[unit_matrix()]], "(", None),
    ):
        tree = to_tree(written).ordered()
        ink = write(tree, 1)
        assert ink.tree is not None
        assert ink.tree.has_strokes
        assert not ink.unowned
        assert ink.tree.edges == tree.edges


def test_the_dot_of_an_i_gives_way_to_an_accent() -> None:
    counts = {latex: len(write(parse_latex(latex), 1).strokes) for latex in ("i", r"\bar { i }", r"\bar { x }", "x")}
    assert counts["i"] == counts[r"\bar { i }"] == 2
    assert counts[r"\bar { x }"] == counts["x"] + 1


def test_symbols_stray_from_the_line_and_differ_in_size_as_the_hand_has_it() -> None:
    steady: dict[str, Any] = {
        "variation": 0.0,
        "constancy": 1.0,
        "slope": 0.0,
        "drift": 0.0,
        "tremor": 0.0,
        "hook": 0.0,
        "unit": 40.0,
    }
    writer = Writer([3])
    for raised, sizes in ((0.0, 0.0), (2.0, 0.0), (0.0, 0.1)):
        writer.style = dataclasses.replace(writer.style, **steady, raise_jitter=raised, size_jitter=sizes)
        strokes, owned = typeset(parse_latex("< " * 200), writer, np.random.default_rng(0))
        boxes = np.array([bounds(Ink(strokes, tree=owned), symbol) for symbol in range(200)]) / 40.0
        heights, middles = boxes[:, 3] - boxes[:, 1], (boxes[:, 1] + boxes[:, 3]) / 2
        assert np.log(heights).std() == pytest.approx(sizes, rel=0.2, abs=0.01)
        if not sizes:
            assert middles.std() == pytest.approx(raised, rel=0.2, abs=0.05)
        assert (boxes[1:, 0] - boxes[:-1, 2]).std() > 0.3, "gaps are never even"


def test_writing_order_follows_the_writer() -> None:
    tree = parse_latex(r"\frac { a } { b }")
    for first, bar_first in (("a", 0.0), ("-", 1.0)):
        writer = Writer([7])
        writer.style = dataclasses.replace(writer.style, bar_first=bar_first)
        _, owned = typeset(tree, writer, np.random.default_rng(0))
        assert next(symbol.label for symbol in owned.symbols if 0 in symbol.strokes) == first


def test_unbalanced_fences_are_written_all_the_same() -> None:
    for text in ("[ 0 , 1 )", ") x (", "( x", "| x", "x ]"):
        assert write(parse_latex(text), 2).strokes


def test_an_unknown_class_is_refused() -> None:
    with pytest.raises(KeyError):
        write(LayoutTree((Symbol("\\aleph"),)), 0)
