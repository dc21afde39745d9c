"""CROHME label graphs."""

from __future__ import annotations

from time import process_time

import pytest
from formulas import trees, with_strokes
from hypothesis import given, settings
from hypothesis import strategies as st

from inkmath.layout import Edge, LayoutError, LayoutTree, Relation, Symbol
from inkmath.layout.latex import parse_latex, to_latex
from inkmath.layout.lg import MAX_CHARACTERS, parse_lg, to_lg
from inkmath.layout.tree import MAX_SYMBOLS


def test_a_label_graph_has_a_line_for_each_symbol_and_each_relation() -> None:
    tree = with_strokes(parse_latex("x ^ { x } = 1"))

    assert to_lg(tree, title="made up") == (
        "# IUD, made up\n"
        "# Objects(4):\n"
        "O, x_1, x, 1.0, 0\n"
        "O, x_2, x, 1.0, 2\n"
        "O, =_1, =, 1.0, 4, 5\n"
        "O, 1_1, 1, 1.0, 6\n"
        "\n"
        "# Relations from SRT:\n"
        "R, x_1, x_2, Sup, 1.0\n"
        "R, x_1, =_1, Right, 1.0\n"
        "R, =_1, 1_1, Right, 1.0\n"
    )


def test_cells_and_rows_of_a_matrix_are_relations() -> None:
    tree = with_strokes(parse_latex(r"\begin{pmatrix} a & b \\ c \end{pmatrix}"))
    text = to_lg(tree)

    for relation in ("(_1, a_1, Inside", "a_1, b_1, Cell", "a_1, c_1, Row", "(_1, )_1, Right"):
        assert f"R, {relation}, 1.0" in text
    assert parse_lg(text) == tree


def test_labels_that_would_break_the_format_are_written_as_crohme_does() -> None:
    lines = to_lg(with_strokes(parse_latex("a < b , c > d"))).splitlines()

    assert r"O, \lt_1, \lt, 1.0, 2" in lines
    assert r"O, \gt_1, \gt, 1.0, 10" in lines
    assert "O, COMMA_1, COMMA, 1.0, 6" in lines


def test_strokes_go_by_the_names_their_file_gives_them() -> None:
    tree = LayoutTree((Symbol("x", (0, 1)), Symbol("y", (2,))), (Edge(0, 1, Relation.RIGHT),))
    names = ("7", "3", "12")

    text = to_lg(tree, names)

    assert "O, x_1, x, 1.0, 7, 3" in text
    assert parse_lg(text, names) == tree


def test_labelled_strokes_outside_the_tree_are_objects_without_relations() -> None:
    text = to_lg(LayoutTree((Symbol("x", (0,)),)), outside=[Symbol("x", (1,))])
    assert "O, x_2, x, 1.0, 1" in text
    assert "R," not in text


def test_objects_that_no_relation_names_are_no_part_of_the_tree_that_is_read() -> None:
    tree = with_strokes(parse_latex("x ^ { 2 }"))
    text = to_lg(tree, outside=[Symbol("y", (7,))])
    assert parse_lg("O, a_1, a, 1.0, 9\n" + text) == tree


@given(trees)
@settings(deadline=None, max_examples=50)
def test_reading_what_was_written_gives_the_same_tree(tree: LayoutTree) -> None:
    written = with_strokes(tree)
    assert parse_lg(to_lg(written)) == written


def test_what_the_competition_ties_to_a_root_twice_is_read_once() -> None:
    graph = r"""
    O, \sqrt_1, \sqrt, 1.0, 0
    O, a_1, a, 1.0, 1
    O, b_1, b, 1.0, 2
    EO, \sqrt_1, a_1, I, 1.0
    R, \sqrt_1, b_1, Inside, 1.0
    R, a_1, b_1, R, 1.0
    """
    assert to_latex(parse_lg(graph)) == r"\sqrt { a b }"


def test_a_byte_order_mark_is_no_part_of_the_first_line() -> None:
    assert parse_lg("\ufeffO, x_1, x, 1.0, 0") == LayoutTree((Symbol("x", (0,)),))
    assert parse_lg("\ufeff# IUD, x\nO, x_1, x, 1.0, 0") == LayoutTree((Symbol("x", (0,)),))


@pytest.mark.parametrize(
    ("graph", "complaint"),
    [
        ("", "at least one symbol"),
        ("O, x_1, x, 1.0, 0\nN, 1, x, 1.0", "line 2: .* is neither an object"),
        ("O, x_1", "neither an object"),
        ("O, x_1, x, 1.0, 0\nR, x_1, x_1", "line 2: .* nor a relation"),
        ("O, x_1, x, 1.0, 0\nO, x_1, y, 1.0, 1", "line 2: a second object 'x_1'"),
        ("O, x_1, foo, 1.0, 0", "line 1: 'foo' is no symbol"),
        ("O, x_1, x, 1.0, zero", "line 1: there is no stroke 'zero'"),
        ("O, x_1, x, 1.0, 0\nR, x_1, y_1, Right, 1.0", "there is no object 'y_1'"),
        ("O, x_1, x, 1.0, 0\nO, y_1, y, 1.0, 1\nR, x_1, y_1, Near, 1.0", "'Near' is no relation"),
        ("O, x_1, x, 1.0, 0\nO, y_1, y, 1.0, 1", "one root, this has 2"),
        (
            "".join(f"O, {name}_1, {name}, 1.0, {number}\n" for number, name in enumerate("abcd"))
            + "R, a_1, b_1, Right, 1.0\nR, c_1, d_1, Right, 1.0",
            "one root, this has 2",
        ),
        ("O, x_1, x, 1.0, 0\nO, y_1, y, 1.0, 0\nR, x_1, y_1, Right, 1.0", "stroke 0 belongs to two"),
        ("O, x_1, x, 1.0, 0\nR, x_1, x_1, Right, 1.0", "one root, this has 0"),
        ("O, x_1, x, 1.0, 0\nO, y_1, y, 1.0, 1\nR, x_1, y_1, Cell, 1.0", "part of no matrix"),
    ],
)
def test_what_is_no_tree_is_refused(graph: str, complaint: str) -> None:
    with pytest.raises(LayoutError, match=complaint):
        parse_lg(graph)


def test_a_graph_too_large_for_a_formula_is_refused_in_few_words_and_little_time() -> None:
    objects = "".join(f"O, x_{number}, x, 1.0, {number}\n" for number in range(MAX_SYMBOLS + 1))
    long, began = "over 2,097,152 characters", process_time()
    for graph, complaint in (
        (objects, f"line {MAX_SYMBOLS + 1}: more than 5,000 objects are no formula; give each formula its own file"),
        ("\n" * (MAX_CHARACTERS + 1), f"{long} are no label graph of a formula; give each its own file"),
        ("\n" * MAX_CHARACTERS, "a layout tree needs at least one symbol"),
        ("O, x_1, x, 1.0, " + "9" * 100_000, f"line 1: there is no stroke '{'9' * 40}'"),
        ("O, x_1, x, 1.0, " + "y" * 100_000, f"line 1: there is no stroke '{'y' * 40}'"),
    ):
        with pytest.raises(LayoutError) as refusal:
            parse_lg(graph)
        assert str(refusal.value) == complaint
    assert process_time() - began < 10, "2 s each"


def test_a_stroke_that_the_file_does_not_have_is_refused() -> None:
    with pytest.raises(LayoutError, match="line 1: there is no stroke '9'"):
        parse_lg("O, x_1, x, 1.0, 9", ["0", "1"])


def test_strokes_of_a_symbol_stand_in_writing_order() -> None:
    (symbol,) = parse_lg("O, x_1, x, 1.0, 2, 0, 1").symbols
    assert symbol.strokes == (0, 1, 2)


def test_strokes_are_counted_from_0() -> None:
    for name in ("-3", "1_0", "x", ""):
        with pytest.raises(LayoutError, match=f"there is no stroke '{name}'"):
            parse_lg(f"O, x_1, x, 1.0, {name}")


@pytest.mark.parametrize("name", ["a,b", " a", "a\nR", ""])
def test_a_stroke_whose_name_would_be_read_as_something_else_is_refused(name: str) -> None:
    with pytest.raises(LayoutError, match="cannot name the stroke"):
        to_lg(LayoutTree((Symbol("x", (0,)),), ()), [name])


def test_a_title_is_one_line() -> None:
    assert to_lg(LayoutTree((Symbol("x", (0,)),), ()), title="a\nb").startswith("# IUD, a b\n")


def test_a_tree_without_strokes_has_no_label_graph() -> None:
    with pytest.raises(LayoutError, match="owns no strokes"):
        to_lg(parse_latex("x"))


@given(st.text(alphabet="OREx_1,\n 0.RightSub#", max_size=80))
@settings(deadline=None)
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        tree = parse_lg(text)
    except LayoutError:
        return
    assert tree.symbols
