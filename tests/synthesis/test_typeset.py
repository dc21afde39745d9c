"""Where symbols are put, and when they are written."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from inkmath.ink import Ink
from inkmath.layout.accents import ACCENTS
from inkmath.layout.classes import FURTHER_CLASSES, SYMBOL_CLASSES
from inkmath.layout.latex import parse_latex
from inkmath.layout.tree import LayoutTree, Relation, Symbol
from inkmath.synthesis.grammar import random_formula
from inkmath.synthesis.style import Writer
from inkmath.synthesis.typeset import typeset


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
