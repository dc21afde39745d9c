"""Writing InkML that reads back as the same ink."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from formulas import trees, with_strokes
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from lxml import etree

from inkmath.ink import Ink
from inkmath.inkml import InkMLError, parse_inkml, write_inkml
from inkmath.layout import LayoutTree, Symbol
from inkmath.layout.latex import parse_latex, to_latex

if TYPE_CHECKING:
    from pathlib import Path

SINGLE = st.floats(width=32, allow_nan=False, allow_infinity=False)


def ink_of(tree: LayoutTree) -> Ink:
    count = 1 + max(stroke for symbol in tree.symbols for stroke in symbol.strokes)
    return Ink.from_points([[[index, 0], [index, 1]] for index in range(count)], tree=tree)


def test_everything_that_is_known_comes_back() -> None:
    ink = replace(
        ink_of(with_strokes(parse_latex("a<b=\\sum_i i"))),
        id="sample",
        writer="Zoé & <co>",
        latex=r"$a \lt b$",
        annotations={"hand": "left"},
    )

    back = parse_inkml(write_inkml(ink))

    assert (back.id, back.writer, back.latex, back.tree) == (ink.id, ink.writer, ink.latex, ink.tree)
    assert back.annotations["hand"] == "left"
    assert back.problems == ()


def test_a_file_keeps_the_name_that_it_gives_itself(tmp_path: Path) -> None:
    path = tmp_path / "formula.inkml"
    path.write_bytes(write_inkml(Ink.from_points([[[0, 0], [1, 1]]], id="formula", annotations={"UI": "2013_F1_E2"})))

    back = parse_inkml(path)

    assert (back.id, back.title) == ("formula", "2013_F1_E2")


def test_no_truth_of_another_dialect_is_left_beside_the_one_that_is_written() -> None:
    annotations = {"label": "x+1", "normalizedLabel": "x+1", "age": "9"}
    ink = Ink.from_points([[[0, 0], [1, 1]]], annotations=annotations, latex="y")
    again = parse_inkml(write_inkml(ink))
    assert again.latex == "y"
    assert "label" not in again.annotations
    assert again.annotations["age"] == "9"
    assert parse_inkml(write_inkml(replace(ink, latex=None))).latex is None


def test_the_document_is_valid_xml_in_crohmes_way() -> None:
    root = etree.fromstring(write_inkml(ink_of(with_strokes(parse_latex("x<y")))))

    assert [annotation.text for annotation in root.iterfind(".//{*}traceGroup/{*}annotation")] == [
        *("Segmentation", "x", "\\lt", "y")
    ]
    assert [trace.get("id") for trace in root.iterfind("{*}trace")] == [str(i) for i in range(5)]
    assert next(root.iterfind(".//{*}traceGroup//{*}annotationXML")).get("href") == "s0"
    assert root.findtext("{*}annotation[@type='truth']") == "x < y"


@given(trees)
@settings(deadline=None, max_examples=40)
def test_trees_come_back(tree: LayoutTree) -> None:
    written = with_strokes(tree)
    back = parse_inkml(write_inkml(ink_of(written)))
    assert back.tree == written
    assert back.latex == to_latex(tree)


@given(st.lists(arrays.arrays(np.float32, st.tuples(st.integers(1, 5), st.just(2)), elements=SINGLE), min_size=1))
@settings(deadline=None, max_examples=40)
def test_coordinates_come_back_to_the_last_digit(strokes: list[np.ndarray]) -> None:
    ink = Ink.from_points(strokes)
    document = write_inkml(ink)
    back = parse_inkml(document)

    assert b"e" not in b"".join(line for line in document.splitlines() if b"<trace " in line).replace(b"trace", b"")
    for stroke, same in zip(ink.strokes, back.strokes, strict=True):
        np.testing.assert_array_equal(stroke, same)


def test_labelled_strokes_outside_the_tree_and_ink_without_truth_come_back() -> None:
    strokes = [[[0, 0]], [[1, 1]], [[2, 2]]]
    outside = Symbol("z", (1, 2))
    ink = Ink.from_points(strokes, tree=LayoutTree((Symbol("x", (0,)),)), groups=(Symbol("x", (0,)), outside))

    assert parse_inkml(write_inkml(ink)).outside == (outside,)
    assert parse_inkml(write_inkml(Ink.from_points(strokes))).tree is None


@pytest.mark.parametrize(
    ("ink", "complaint"),
    [
        (Ink(()), "without strokes"),
        (Ink.from_points([[[0, 0]]], tree=LayoutTree((Symbol("x", (1,)),))), "owns stroke 1"),
        (Ink.from_points([[[0, 0]]], writer="\x00"), "cannot be written"),
        (Ink.from_points([[[0, 0]]], trace_ids=("a", "b")), "cannot be written"),
    ],
)
def test_what_cannot_be_written_is_refused(ink: Ink, complaint: str) -> None:
    with pytest.raises(InkMLError, match=complaint):
        write_inkml(ink)
