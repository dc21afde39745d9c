"""Reading InkML: the dialects that people wrote, and what no reader should accept."""

from __future__ import annotations

import bz2
import gzip
import lzma
import re
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from work import python_lines

from inkmath.inkml import InkMLError, parse_inkml
from inkmath.layout import Edge, LayoutTree, Relation, Symbol
from inkmath.layout.latex import to_latex

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CROHME = r"""<ink xmlns="http://www.w3.org/2003/InkML">
<traceFormat><channel name="X" type="decimal"/><channel name="Y" type="decimal"/></traceFormat>
<annotation type="truth">$x^2\ltM$</annotation>
<annotation type="UI">made_up_1</annotation>
<annotation type="writer">w7</annotation>
<annotationXML type="truth" encoding="Content-MathML">
  <math xmlns='http://www.w3.org/1998/Math/MathML'><mrow>
    <msup><mi xml:id="x_1">x</mi><mn xml:id="2_1">2</mn></msup>
    <mrow><mo xml:id="&lt;_1">&lt;</mo><mi xml:id="M_1">M</mi></mrow>
  </mrow></math>
</annotationXML>
<trace id="0">
 1 2, 3 4, 5 6
</trace>
<trace id="1">7.5 -8</trace>
<trace id="2">1e1 2, 1e1 2,</trace>
<trace id="3">0 0, 1 1</trace>
<trace id="4">0 0, 1 1</trace>
<traceGroup xml:id="5">
  <annotation type="truth">Segmentation</annotation>
  <traceGroup xml:id="6:"><annotation type="truth">\lt</annotation>
    <traceView traceDataRef="2"/><annotationXML href="&lt;_1"/></traceGroup>
  <traceGroup xml:id="7"><annotation type="truth">x</annotation>
    <traceView traceDataRef="3"/><traceView traceDataRef="0"/><annotationXML href="x_1"/></traceGroup>
  <traceGroup xml:id="8"><annotation type="truth">2</annotation>
    <traceView traceDataRef="1"/><annotationXML href="2_1"/></traceGroup>
  <traceGroup xml:id="9"><annotation type="truth">M</annotation>
    <traceView traceDataRef="4"/><annotationXML href="M_1"/></traceGroup>
</traceGroup>
</ink>
"""

MATHWRITING = r"""<?xml version='1.0' encoding='utf-8'?>
<ink xmlns="http://www.w3.org/2003/InkML">
  <annotation type="sampleId">00a1</annotation>
  <annotation type="splitTagOriginal">train</annotation>
  <annotation type="inkCreationMethod">human</annotation>
  <annotation type="label">\frac{1}{n}</annotation>
  <annotation type="normalizedLabel">\frac{1}{n}</annotation>
  <traceFormat><channel name="X"/><channel name="Y"/><channel name="T"/></traceFormat>
  <trace id="0">1.0 2.0 0.0,3.5 4.0 12.0</trace>
  <trace id="1">5 6 900,7 8 1700000000000</trace>
</ink>
"""


def traces(*points: str) -> str:
    return "<ink>" + "".join(f'<trace id="{i}">{text}</trace>' for i, text in enumerate(points)) + "</ink>"


def test_crohme_dialect() -> None:
    ink = parse_inkml(CROHME)

    assert [stroke.tolist() for stroke in ink.strokes[:3]] == [
        [[1, 2], [3, 4], [5, 6]],
        [[7.5, -8]],
        [[10, 2], [10, 2]],
    ]
    assert all(stroke.dtype == np.float32 for stroke in ink.strokes)
    assert (ink.id, ink.writer, ink.latex) == ("made_up_1", "w7", r"$x^2\ltM$")
    assert ink.tree is not None
    assert ink.tree.symbols == (Symbol("x", (0, 3)), Symbol("2", (1,)), Symbol("<", (2,)), Symbol("M", (4,)))
    assert ink.tree.edges == (Edge(0, 1, Relation.SUP), Edge(0, 2, Relation.RIGHT), Edge(2, 3, Relation.RIGHT))
    assert ink.unowned == ()
    assert ink.problems == ()


def test_mathwriting_dialect() -> None:
    ink = parse_inkml(MATHWRITING)

    assert [stroke.tolist() for stroke in ink.strokes] == [[[1, 2], [3.5, 4]], [[5, 6], [7, 8]]], "time is dropped"
    assert ink.latex == r"\frac{1}{n}"
    assert ink.tree is not None
    assert to_latex(ink.tree) == r"\frac { 1 } { n }"
    assert not ink.tree.has_strokes
    assert ink.annotations["splitTagOriginal"] == "train"


def test_a_file_is_named_by_its_stem(tmp_path: Path) -> None:
    path = tmp_path / "formula.inkml"
    path.write_text(CROHME, encoding="utf-8")

    assert parse_inkml(path).id == parse_inkml(str(path)).id == "formula"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "iso-8859-1"])
def test_encodings(encoding: str, tmp_path: Path) -> None:
    declared = "" if encoding.startswith("utf") else f'<?xml version="1.0" encoding="{encoding}"?>'
    path = tmp_path / "a.inkml"
    path.write_bytes((declared + CROHME.replace("w7", "Zoé")).encode(encoding))

    assert parse_inkml(path).writer == "Zoé"
    assert parse_inkml(path.read_bytes()).writer == "Zoé"


def test_a_byte_of_another_encoding_costs_no_ink() -> None:
    ink = parse_inkml(CROHME.replace("w7", "Zoé").encode("latin-1"))
    assert ink.unowned == ()


def test_a_trace_without_an_id_takes_none_that_another_has() -> None:
    ink = parse_inkml('<ink><trace>0 0, 1 1</trace><trace id="0">2 2</trace><trace>3 3</trace></ink>')
    assert ink.trace_ids == ("1", "0", "2")
    assert [stroke[0].tolist() for stroke in ink.strokes] == [[0, 0], [2, 2], [3, 3]]


def test_a_pen_that_hovers_leaves_no_ink() -> None:
    """``type`` is W3C InkML's; such a trace lies between the strokes, and groups may name it."""
    hovered = CROHME.replace(
        '<trace id="1">', '<trace id="air" type="penUp">5 6, 7 -8</trace><trace id="1" type="penDown">'
    )
    hovered = hovered.replace(
        '<traceView traceDataRef="1"/>', '<traceView traceDataRef="air"/><traceView traceDataRef="1"/>'
    )
    plain, ink = parse_inkml(CROHME), parse_inkml(hovered)
    assert ink.tree == plain.tree
    assert ink.trace_ids == plain.trace_ids
    assert all(map(np.array_equal, ink.strokes, plain.strokes))
    inside = hovered.replace('<traceView traceDataRef="air"/>', '<trace type="penUp">5 6</trace>')
    assert parse_inkml(inside).tree == plain.tree
    alone = hovered.replace("</ink>", '<traceGroup><traceView traceDataRef="air"/></traceGroup></ink>')
    assert parse_inkml(alone).tree == plain.tree
    assert "a trace group of a hovering pen" in parse_inkml(alone).problems[-1]
    unnamed = parse_inkml('<ink><trace type="penUp">0 0</trace><trace>1 1</trace></ink>')
    assert unnamed.trace_ids == ("1",), "as the file counts them"
    with pytest.raises(InkMLError, match="no ink: no <trace> element but of a hovering pen"):
        parse_inkml('<ink><trace type="penUp">0 0, 1 1</trace></ink>')
    with pytest.raises(InkMLError, match="two traces have the id 'a'"):
        parse_inkml('<ink><trace id="a" type="penUp">0 0</trace><trace id="a">0 0</trace></ink>')


def test_a_trace_that_goes_on_in_others_is_one_stroke() -> None:
    """``continuation`` and ``priorRef`` are W3C InkML's: the channels change while the pen is down."""
    ink = parse_inkml(
        '<ink><trace id="a" continuation="begin">0 0, 1 1</trace><trace id="b">9 9</trace>'
        '<trace id="c" continuation="middle" priorRef="#a">2 2 5, 3 3 6</trace>'
        '<trace id="d" continuation="end" priorRef="#c">4 4</trace>'
        '<traceGroup><annotation type="truth">x</annotation>'
        '<traceView traceDataRef="#a"/><traceView traceDataRef="#c"/><traceView traceDataRef="#d"/></traceGroup></ink>'
    )
    assert [stroke.tolist() for stroke in ink.strokes] == [[[0, 0], [1, 1], [2, 2], [3, 3], [4, 4]], [[9, 9]]]
    assert ink.trace_ids == ("a", "b")
    assert ink.groups == (Symbol("x", (0,)),)
    landed = parse_inkml(
        '<ink><trace id="a" type="penUp" continuation="begin">0 0</trace>'
        '<trace id="b" continuation="end" priorRef="#a">1 1</trace></ink>'
    )
    assert landed.trace_ids == ("b",), "what follows the hovering is a stroke of its own"


@pytest.mark.parametrize(
    ("attributes", "complaint"),
    [
        ('continuation="end" priorRef="#z"', "trace 'c' continues 'z', which is no trace before it"),
        ('continuation="end" priorRef="#c"', "trace 'c' continues 'c', which is no trace before it"),
        ('continuation="middle"', "trace 'c' continues '', which is no trace before it"),
        ('continuation="end" priorRef="#a"', "trace 'c' continues 'a', which another one does"),
    ],
)
def test_a_trace_that_continues_nothing_is_refused(attributes: str, complaint: str) -> None:
    with pytest.raises(InkMLError, match=complaint):
        parse_inkml(
            '<ink><trace id="a">0 0</trace><trace id="b" continuation="middle" priorRef="#a">1 1</trace>'
            f'<trace id="c" {attributes}>2 2</trace></ink>'
        )


def test_comments_part_no_text() -> None:
    said = CROHME.replace('<trace id="0">', '<trace id="0"><!-- the first --><?pen fine?>')
    said = said.replace('<annotation type="truth">', '<annotation type="truth"><!-- a label -->')
    said = said.replace("1 2, 3 4, 5 6", "1 2, 3 <!-- still going -->4, 5 6")
    plain, ink = parse_inkml(CROHME), parse_inkml(said)
    assert ink.tree == plain.tree
    assert ink.latex == plain.latex
    assert all(map(np.array_equal, ink.strokes, plain.strokes))


def test_a_view_of_a_part_of_a_trace_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "parts.inkml"
    for part in ('from="2"', 'to="2"', 'from="2" to="3"', 'from="1:2"', 'from="a"'):
        path.write_text(CROHME.replace('<traceView traceDataRef="0"/>', f'<traceView traceDataRef="0" {part}/>'))
        with pytest.raises(InkMLError, match=r"parts\.inkml: line 24: .* points .* of trace '0', which has 3: "):
            parse_inkml(path)
    whole = CROHME.replace('<traceView traceDataRef="0"/>', '<traceView traceDataRef="0" from="1" to="3"/>')
    assert parse_inkml(whole).tree == parse_inkml(CROHME).tree


def test_problems_are_told_in_the_order_of_the_file() -> None:
    names = [f"{letter}_1" for letter in "qwertyuiop"]
    groups = (
        f'<traceGroup><annotation type="truth">x</annotation><traceView traceDataRef="{number}"/>'
        f'<annotationXML href="{name}"/></traceGroup>'
        for number, name in enumerate(names)
    )
    ink = parse_inkml(f"<ink>{'<trace>1 2</trace>' * 10}{''.join(groups)}<math><mi>x</mi></math></ink>")
    *told, last = ink.problems
    assert told == [f"the trace group '{name}' names no MathML element" for name in names]
    assert last == "symbols of the MathML that no trace group names: 1, the first 'x'"


def test_channels_are_found_by_name() -> None:
    channels = "".join(f'<channel name="{name}"/>' for name in ("T", "Y", "X", "F"))
    ink = parse_inkml(f'<ink><traceFormat>{channels}</traceFormat><trace id="a">9 2 1 5, 9 4 3 5</trace></ink>')
    assert ink.strokes[0].tolist() == [[1, 2], [3, 4]]


def test_a_channel_may_grow_upward() -> None:
    channels = '<channel name="X" orientation="+ve"/><channel name="Y" orientation="-ve"/>'
    ink = parse_inkml(f"<ink><traceFormat>{channels}</traceFormat><trace>1 2, 3 4</trace></ink>")
    np.testing.assert_array_equal(ink.strokes[0], np.array([[1, -2], [3, -4]], np.float32))
    assert ink.strokes[0].dtype == np.float32


def test_formats_that_contradict_each_other_are_refused() -> None:
    def ink(*formats: str) -> str:
        channels = ("".join(f'<channel name="{name}"/>' for name in each) for each in formats)
        return f"<ink>{''.join(f'<traceFormat>{each}</traceFormat>' for each in channels)}<trace>1 2 3</trace></ink>"

    assert parse_inkml(ink("XYT", "XY")).strokes[0].tolist() == [[1, 2]], "they agree on what is read"
    with pytest.raises(InkMLError, match="do not agree on X and Y"):
        parse_inkml(ink("YX", "XY"))


def test_traces_of_one_file_may_have_different_channels() -> None:
    ink = parse_inkml(traces("1 2 3, 4 5 6", "7 8"))
    assert [stroke.tolist() for stroke in ink.strokes] == [[[1, 2], [4, 5]], [[7, 8]]]


def test_values_may_be_told_as_differences() -> None:
    """The example of the recommendation: explicit, then first, then second differences, each until told otherwise."""
    ink = parse_inkml(traces("1125 18432,'23'43,\"7\"-8,3-5,7 -3,6 2,6 8,3 6", "1 2, !3 '4, 5 6, ! 7 !-8"))
    assert ink.strokes[0].tolist() == [
        *([1125, 18432], [1148, 18475], [1178, 18510], [1211, 18540]),
        *([1251, 18567], [1297, 18596], [1349, 18633], [1404, 18676]),
    ]
    assert ink.strokes[1].tolist() == [[1, 2], [3, 6], [5, 12], [7, -8]]


def test_a_channel_goes_on_as_it_did_where_nothing_new_is_told() -> None:
    ink = parse_inkml(traces("1 1, 2 *, 3 '2, 4 *, 5 *, 6 \"1, 7 *, 8 *"))
    assert ink.strokes[0][:, 1].tolist() == [1, 1, 3, 5, 7, 10, 14, 19]


def test_numbers_may_be_hexadecimal_and_stand_without_a_space() -> None:
    assert parse_inkml(traces("#1F-#a, 3.5-5, 3.5.5, 1e1-1")).strokes[0].tolist() == [
        *([31, -10], [3.5, -5], [3.5, 0.5], [10, -1])
    ]


def test_points_may_stand_on_a_line_each_without_commas() -> None:
    ink = parse_inkml(traces("\n1 2\r\n 3 4\n\n5 6\n", "7 8 0\n9 10 5,", "11\n12", "1 2,\n3\n4"))
    assert [stroke.tolist() for stroke in ink.strokes] == [
        *([[1, 2], [3, 4], [5, 6]], [[7, 8], [9, 10]], [[11, 12]], [[1, 2], [3, 4]])
    ]


def test_the_values_of_one_point_may_stand_on_several_lines() -> None:
    channels = "".join(f'<channel name="{name}"/>' for name in "XYTF")
    ink = parse_inkml(f"<ink><traceFormat>{channels}</traceFormat><trace>1 2\n3 4</trace></ink>")
    assert ink.strokes[0].tolist() == [[1, 2]]


def test_intermittent_channels_may_be_left_out() -> None:
    """Those of the recommendation's example are two buttons."""
    head = (
        '<ink><traceFormat><channel name="X"/><channel name="Y"/><intermittentChannels>'
        '<channel name="B1" type="boolean"/><channel name="B2" type="boolean"/></intermittentChannels></traceFormat>'
    )
    ink = parse_inkml(f"{head}<trace>1 2,'3'4 T,5 6*T,7 8 F F</trace></ink>")
    assert ink.strokes[0].tolist() == [[1, 2], [4, 6], [9, 12], [16, 20]]
    with pytest.raises(InkMLError, match=r"point 2 \('3'\) has 1 values, expected 2 or more"):
        parse_inkml(f"{head}<trace>1 2, 3</trace></ink>")


def test_ink_far_from_the_origin_keeps_its_shape() -> None:
    ink = parse_inkml(traces("1000000000 5, 1000000001 6", "1000000007 9"))
    assert [stroke.tolist() for stroke in ink.strokes] == [[[0, 5], [1, 6]], [[7, 9]]]


def test_without_mathml_symbols_are_matched_by_their_labels() -> None:
    start, end = CROHME.index("<annotationXML type"), CROHME.index("<trace id")
    ink = parse_inkml(CROHME[:start] + CROHME[end:])

    assert ink.tree == parse_inkml(CROHME).tree


def test_repeated_symbols_without_mathml_are_not_guessed() -> None:
    group = '<traceGroup><annotation type="truth">x</annotation><traceView traceDataRef="{}"/></traceGroup>'
    ink = parse_inkml(
        '<ink><annotation type="truth">x x</annotation><trace id="0">1 1</trace><trace id="1">2 2</trace>'
        f"<traceGroup>{group.format(0)}{group.format(1)}</traceGroup></ink>"
    )

    assert ink.tree is not None
    assert not ink.tree.has_strokes
    assert "repeats" in ink.problems[0]
    assert ink.groups == (Symbol("x", (0,)), Symbol("x", (1,)))


def test_one_labelled_group_alone_is_an_isolated_symbol() -> None:
    ink = parse_inkml(
        '<ink><trace id="0">1 1</trace><trace id="1">2 2</trace><traceGroup><annotation type="truth">=</annotation>'
        '<traceView traceDataRef="#0"/><traceView traceDataRef="#1"/></traceGroup></ink>'
    )
    assert ink.tree is not None
    assert ink.tree.symbols == (Symbol("=", (0, 1)),)


def test_one_labelled_group_among_other_strokes_is_no_truth_of_all() -> None:
    ink = parse_inkml(
        '<ink><trace id="0">1 1</trace><trace id="1">2 2</trace><traceGroup><annotation type="truth">-</annotation>'
        '<traceView traceDataRef="#1"/></traceGroup></ink>'
    )
    assert ink.tree is None
    assert ink.groups == (Symbol("-", (1,)),)


@pytest.mark.parametrize(
    "truth",
    [
        '<annotation type="truth">$=$</annotation>',
        '<annotation type="label">=</annotation>',
        '<annotationXML type="truth"><math><mo>=</mo></math></annotationXML>',
    ],
)
def test_truth_of_one_symbol_owns_all_strokes_where_there_are_no_groups(truth: str) -> None:
    ink = parse_inkml(f'<ink>{truth}<trace id="0">1 1</trace><trace id="1">2 2</trace></ink>')

    assert ink.tree is not None
    assert ink.tree.symbols == (Symbol("=", (0, 1)),)
    assert ink.problems == ()


def test_truth_of_one_symbol_that_the_groups_contradict_owns_no_strokes() -> None:
    ink = parse_inkml(
        '<ink><annotation type="truth">=</annotation><trace id="0">1 1</trace><trace id="1">2 2</trace>'
        '<traceGroup><annotation type="truth">x</annotation><traceView traceDataRef="0"/></traceGroup></ink>'
    )
    assert ink.tree is not None
    assert not ink.tree.has_strokes


@pytest.mark.parametrize(
    ("label", "problem"),
    [
        ("<annotation>foo</annotation>", "'foo' is no symbol"),
        ("<annotation>\u00a0</annotation>", "a trace group without a label"),
        ("", "a trace group without a label"),
    ],
)
def test_a_symbol_beside_one_that_is_not_known_is_not_alone(label: str, problem: str) -> None:
    ink = parse_inkml(
        '<ink><trace id="0">1 1</trace><trace id="1">2 2</trace><traceGroup><annotation>x</annotation>'
        f'<traceView traceDataRef="0"/></traceGroup><traceGroup>{label}<traceView traceDataRef="1"/></traceGroup></ink>'
    )
    assert ink.tree is None
    assert ink.groups == (Symbol("x", (0,)),)
    assert problem in ink.problems[0]


def test_a_trace_inside_a_group_needs_no_name() -> None:
    ink = parse_inkml("<ink><traceGroup><annotation>x</annotation><trace>0 0, 1 1</trace></traceGroup></ink>")
    assert ink.tree == LayoutTree((Symbol("x", (0,)),))


def test_traces_inside_a_group_belong_to_it() -> None:
    ink = parse_inkml('<ink><traceGroup><annotation>x</annotation><trace id="t">1 1, 2 2</trace></traceGroup></ink>')
    assert ink.groups == (Symbol("x", (0,)),)


def test_a_group_of_nothing_without_a_label_costs_no_ink() -> None:
    ink = parse_inkml(traces("1 2").replace("</ink>", "<traceGroup/></ink>"))
    assert (len(ink.strokes), ink.groups, ink.problems) == (1, (), ())


def test_labelled_strokes_without_a_place_in_the_formula_are_kept_apart() -> None:
    ink = parse_inkml(CROHME.replace('<annotationXML href="M_1"/>', "").replace('<mi xml:id="M_1">M</mi>', ""))

    assert ink.tree is not None
    assert to_latex(ink.tree) == "x ^ { 2 } <"
    assert ink.outside == (Symbol("M", (4,)),)
    assert ink.unowned == (4,)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('<annotationXML href="2_1"/>', ""),
        ('<msup><mi xml:id="x_1">x</mi><mn xml:id="2_1">', '<msup xml:id="2_1"><mi xml:id="x_1">x</mi><mn>'),
    ],
)
def test_a_symbol_that_no_trace_group_names_is_said_to_own_no_strokes(old: str, new: str) -> None:
    assert old in CROHME
    ink = parse_inkml(CROHME.replace(old, new))
    assert ink.tree is not None
    assert [symbol.label for symbol in ink.tree.symbols if not symbol.strokes] == ["2"]
    assert ink.problems == ("symbols of the MathML that no trace group names: 1, the first '2'",)


def test_ids_of_mathml_may_lack_their_prefix() -> None:
    plain = re.sub(r'(<m[ion]) xml:(id="[^"]*")', r"\1 \2", CROHME)
    assert plain != CROHME
    ink = parse_inkml(plain)
    assert (ink.tree, ink.problems) == (parse_inkml(CROHME).tree, ())
    with pytest.raises(InkMLError, match="two MathML elements have the id 'x_1'"):
        parse_inkml(plain.replace('<mi id="M_1">', '<mi id="x_1">'))


def test_labels_of_views_outside_groups_are_named() -> None:
    views = '<traceView><traceView traceDataRef="4"/><annotation type="truth">y</annotation></traceView></ink>'
    ink = parse_inkml(CROHME.replace("</ink>", views))
    assert ink.tree == parse_inkml(CROHME).tree
    assert "the label 'y' of a traceView that is in no traceGroup is passed over" in ink.problems[-1]


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("<msup>", "<mover>", "broken XML"),
        ('href="2_1"', 'href="2_9"', "names no MathML element"),
        ('<annotation type="truth">M</annotation>', "", "without a label"),
        ('<annotation type="truth">M</annotation>', '<annotation type="truth">MM</annotation>', "'MM' is no symbol"),
        ("<mrow>\n", "<mtable>\n", "broken XML"),
    ],
)
def test_truth_that_cannot_be_used_leaves_good_ink(old: str, new: str, problem: str) -> None:
    assert old in CROHME
    try:
        ink = parse_inkml(CROHME.replace(old, new, 1))
    except InkMLError as error:
        assert problem in str(error)
    else:
        assert len(ink.strokes) == 5
        assert any(problem in text for text in ink.problems)


def test_ink_without_truth_is_ink() -> None:
    ink = parse_inkml(traces("1 2, 3 4"))
    assert (ink.latex, ink.tree, ink.problems) == (None, None, ())


def test_a_prefix_that_nobody_declared_costs_no_truth() -> None:
    start, end = CROHME.index("<annotationXML type"), CROHME.index("<trace id")
    mathml = CROHME[start:end]
    for name in ("math", "mrow", "msup", "mi", "mn", "mo"):
        mathml = mathml.replace(f"<{name}", f"<m:{name}").replace(f"</{name}", f"</m:{name}")
    ink = parse_inkml(CROHME[:start] + mathml.replace(' xmlns="http://www.w3.org/1998/Math/MathML"', "") + CROHME[end:])
    assert ink.tree == parse_inkml(CROHME).tree
    assert ink.problems == ()
    for name in ("<m:1x/>", "<m:/>", "<:x/>", "<a:b:c/>"):
        assert parse_inkml(CROHME.replace("<trace id", f"{name}<trace id", 1)).tree == ink.tree


def test_of_two_formulas_the_second_is_said_to_be_passed_over() -> None:
    ink = "<ink><annotationXML>{}</annotationXML><trace>1 2</trace></ink>"
    both = parse_inkml(ink.format("<math><mi>x</mi></math><math><mi>y</mi></math>"))
    assert both.tree == LayoutTree((Symbol("x"),))
    assert both.problems == ("a second <math> is passed over: the truth of a file is one formula",)
    assert parse_inkml(ink.format("<math><math><mi>x</mi></math></math>")).problems == ()


def test_mathml_that_is_no_tree_gives_way_to_latex() -> None:
    ink = parse_inkml(
        '<ink><annotation type="truth">i_{e_V}</annotation><annotationXML><math><msub><msub><mi>i</mi><mi>V</mi></msub>'
        '<mi>e</mi></msub></math></annotationXML><trace id="0">1 2</trace></ink>'
    )
    assert ink.tree is not None
    assert to_latex(ink.tree) == "i _ { e _ { V } }"
    assert "'i' has a subscript already" in ink.problems[0]


@pytest.mark.parametrize(
    ("document", "complaint"),
    [
        ("<", "broken XML"),
        ("<ink>", "broken XML"),
        ('<ink><trace id="0">1 2</trace>', "broken XML"),
        ('<ink><trace id="0">1 2</trce></ink>', "broken XML"),
        ("<html/>", "root element is <html>"),
        ("<ink/>", "no <trace>"),
        (traces(""), "trace '0': has no points"),
        (traces("1 2", " , "), "trace '1': has no points"),
        (traces("1"), "point 1 ('1') has 1 values, expected 2"),
        (traces("1 2, 3"), "point 2 ('3') has 1 values, expected 2"),
        (traces("1 2,, 3 4"), "point 2 ('') has 0 values"),
        (traces("1 2 3, 4 5"), "point 2 ('4 5') has 2 values, expected 3"),
        (traces("1 2, NaN 4"), "point 2 ('NaN 4') is not numbers"),
        (traces("1 inf"), "is not numbers as InkML writes them"),
        (traces("1 2, inf"), "point 2 ('inf') is not numbers"),
        (traces("1 2 3, 4 5 inf"), "point 2 ('4 5 inf') is not numbers"),
        (traces("1 2 inf 3 4"), "is not numbers"),
        (traces("1 1e39"), "does not tell an X and Y that are finite in single precision"),
        (traces("1 #" + "F" * 40), "finite in single precision"),
        (traces("1 one"), "is not numbers as InkML writes them"),
        (traces("'1 2"), 'point 1 ("\'1 2") does not tell an X and Y'),
        (traces('1 2, "3"4'), "point 2 ('\"3\"4') does not tell an X and Y"),
        (traces("1 2, 3 ?"), "point 2 ('3 ?') does not tell an X and Y"),
        (traces("1 2, 3 T"), "point 2 ('3 T') does not tell an X and Y"),
        (traces("* 2"), "point 1 ('* 2') does not tell an X and Y"),
        (traces("1 2, '3 '4 '5"), "has 3 values, expected 2"),
        (traces("1 2\n3 4 5"), "'0': without a comma each line is a point, and line '3 4 5' has 3 values, expect"),
        (traces("1 2", "1\n2\n3\n4"), "'1': without a comma each line is a point, and line '1' has 1 values, expect"),
        (traces("<b>1 2</b>"), "holds more than points"),
        ('<ink><trace id="a">1 2</trace><trace id="a">3 4</trace></ink>', "two traces have the id 'a'"),
        (CROHME.replace('traceDataRef="2"', 'traceDataRef="9"'), "'9', and no trace has that id"),
        (CROHME.replace('<traceView traceDataRef="1"/>', ""), "label '2' has no strokes"),
        (CROHME.replace('traceDataRef="1"', 'traceDataRef="0"'), "stroke 0 belongs to 'x' and to '2'"),
        (CROHME.replace('href="2_1"', 'href="x_1"'), "two trace groups name the MathML element 'x_1'"),
        (CROHME.replace('xml:id="2_1"', 'xml:id="x_1"'), "two MathML elements have the id 'x_1'"),
        (CROHME.replace('xml:id="8"', 'xml:id="7"'), "two trace groups have the id '7'"),
        ('<!DOCTYPE ink [<!ENTITY a "1 2">]><ink><trace id="0">&a;</trace></ink>', "entities"),
        ('<ink><trace id="0">1 2&a;</trace></ink>', "broken XML"),
    ],
)
def test_unusable_documents_are_refused_with_place_and_remedy(document: str, complaint: str) -> None:
    with pytest.raises(InkMLError) as error:
        parse_inkml(document)
    assert complaint in str(error.value)


def test_a_refusal_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "empty.inkml"
    path.touch()
    with pytest.raises(InkMLError, match=r"empty\.inkml: the file is empty"):
        parse_inkml(path)
    with pytest.raises(FileNotFoundError):
        parse_inkml(tmp_path / "missing.inkml")


@pytest.mark.parametrize("compress", [gzip.compress, bz2.compress, lzma.compress])
def test_compressed_ink_is_told_from_damaged_ink(compress: Callable[[bytes], bytes]) -> None:
    with pytest.raises(InkMLError, match="the file is compressed; unpack it first"):
        parse_inkml(compress(b'<ink><trace id="0">1 1</trace></ink>'))


@pytest.mark.parametrize(
    ("begin", "complaint"),
    [
        (b"\0\0\0\x18ftypheic\0\0\0\0", "the file is HEIC, no InkML; save it as PNG or JPEG"),
        (b"\0\0\0\x18ftypmif1\0\0\0\0", "the file is HEIC"),
        (b"\0\0\0\x1cftypavif\0\0\0\0", "the file is AVIF"),
        (b"RIFF\x0a\0\0\0WEBPVP8 ", "the file is WebP"),
        (b"GIF89a", "the file is GIF"),
        (b"II*\0\x08", "the file is TIFF"),
        (b"MM\0*\0", "the file is TIFF"),
        (b"BM\x36\0\x0c\0\0\0\0\0", "the file is BMP"),
        (b"%PDF-1.7", "the file is PDF"),
        (b"\x89PNG\r\n\x1a\n", "the file is PNG, no InkML; give it as a picture"),
        (b"\xff\xd8\xff\xe0", "the file is JPEG, no InkML; give it as a picture"),
        (b"BMX is no picture", "no InkML, or damaged"),
    ],
)
def test_a_picture_is_told_from_damaged_ink(begin: bytes, complaint: str) -> None:
    with pytest.raises(InkMLError, match=complaint):
        parse_inkml(begin)


def test_a_refusal_is_short_whatever_the_file_holds() -> None:
    name = "x" * 1_000_000
    with pytest.raises(InkMLError) as error:
        parse_inkml(f'<ink><trace id="{name}">1 2</trace><trace id="{name}">1 2</trace></ink>')
    assert len(str(error.value)) < 600


def test_entity_bombs_do_not_go_off() -> None:
    layers = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 12))
    bomb = f'<!DOCTYPE ink [<!ENTITY l0 "1 2,">{layers}]><ink><trace id="0">&l11;</trace></ink>'
    with pytest.raises(InkMLError):
        parse_inkml(bomb)


def test_nothing_outside_is_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("1 2")
    external = f'<!DOCTYPE ink [<!ENTITY s SYSTEM "{secret.as_uri()}">]><ink><trace id="0">&s;</trace></ink>'
    with pytest.raises(InkMLError, match="entities"):
        parse_inkml(external)


@pytest.mark.parametrize("depth", [1_000, 100_000])
def test_deep_nesting_is_read_or_refused(depth: int) -> None:
    for element in ("traceGroup", "a"):
        document = f'<ink><trace id="0">1 2</trace>{f"<{element}>" * depth}{f"</{element}>" * depth}</ink>'
        try:
            parse_inkml(document)
        except InkMLError as error:
            assert "broken XML" in str(error) or "no strokes" in str(error)


@pytest.mark.slow
def test_a_million_points_are_no_more_work_for_python_than_ten() -> None:
    few, many = (traces(",".join(f"{i} {i % 977}.25" for i in range(count))) for count in (10, 1_000_000))
    parse_inkml(few)  # loads what is loaded once

    assert 50 < python_lines(lambda: parse_inkml(many)) < 2 * python_lines(lambda: parse_inkml(few))
    assert parse_inkml(many).strokes[0].shape == (1_000_000, 2)


@given(st.data())
@settings(deadline=None, max_examples=150)
def test_a_damaged_file_is_read_or_refused(data: st.DataObject) -> None:
    document = bytearray(CROHME.encode())
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(document)))
        end = data.draw(st.integers(start, min(start + 40, len(document))))
        document[start:end] = data.draw(
            st.binary(max_size=6) | st.sampled_from([b"<", b">", b"&", b"nan", b"1e999", b"</trace>", b"x_1", b"\xff"])
        )
    if data.draw(st.booleans()):
        del document[data.draw(st.integers(0, len(document))) :]
    try:
        ink = parse_inkml(bytes(document))
    except InkMLError:
        return
    assert ink.strokes
    assert all(np.isfinite(stroke).all() and stroke.shape[1] == 2 and len(stroke) for stroke in ink.strokes)
    if ink.tree:
        assert all(0 <= stroke < len(ink.strokes) for symbol in ink.tree.symbols for stroke in symbol.strokes)


@given(st.binary(max_size=200))
@settings(deadline=None, max_examples=50)
def test_any_bytes_are_read_or_refused(document: bytes) -> None:
    with pytest.raises(InkMLError):
        parse_inkml(document)
