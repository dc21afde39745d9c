"""Matrices: brackets around rows, their cells, what is outside of them, and the reading put together again."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from matrix_ink import with_matrices
from released import needs_weights

from inkmath.decoding.matrices import (
    Block,
    beside,
    blocks,
    cells,
    composed,
    encloses,
    likeliest,
    outside,
    with_row_vectors,
)
from inkmath.decoding.reading import Candidate, Reading
from inkmath.ink import boxes
from inkmath.layout.latex import canonical_tokens, parse_latex, to_latex
from inkmath.layout.tree import Edge, LayoutTree, Relation, Symbol
from inkmath.recognizer import Recognizer
from inkmath.synthesis.style import Writer
from inkmath.synthesis.typeset import typeset

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inkmath.ink import Stroke

RIGHT, INSIDE, CELL, ROW = Relation.RIGHT, Relation.INSIDE, Relation.CELL, Relation.ROW


def bar(left: float, top: float, height: float = 10, width: float = 1) -> Stroke:
    return np.array([[left, top], [left + width, top + height]], np.float32)


def line(*symbols: tuple[str, tuple[int, ...]], sure: float = 0.8) -> Reading:
    tree = LayoutTree(
        tuple(Symbol(label, strokes) for label, strokes in symbols),
        tuple(Edge(place, place + 1, RIGHT) for place in range(len(symbols) - 1)),
    )
    return Reading(tree, sure, tuple((Candidate(label, 0.9),) for label, _ in symbols))


def numbers(*places: tuple[float, float]) -> list[Stroke]:
    return [bar(left, top, width=5) for left, top in places]


GRID = [(10, 0), (30, 0), (10, 18), (30, 18)]
"""Where the numbers of a matrix of two rows and two columns stand."""

MATRIX = [bar(0, -3, 34), *numbers(*GRID), bar(42, -3, 34)]
FLAT = line(("(", (0,)), *(("1", (index,)) for index in range(1, 5)), (")", (5,))).tree


def test_tall_brackets_around_rows_are_a_block() -> None:
    assert list(blocks(MATRIX, FLAT)) == [Block((0,), (5,), (1, 2, 3, 4))]


def test_nothing_need_close_a_brace() -> None:
    flat = line(("\\{", (0,)), *(("1", (index,)) for index in range(1, 5))).tree
    assert list(blocks(MATRIX[:-1], flat)) == [Block((0,), (), (1, 2, 3, 4))]


@pytest.mark.parametrize(
    "strokes",
    [
        pytest.param([bar(0, 0, 12), *numbers((10, 0), (20, 0), (30, 0)), bar(40, 0, 12)], id="one line"),
        pytest.param([bar(0, -3, 12), *numbers(*GRID), bar(42, -3, 12)], id="brackets of its first line"),
        pytest.param([bar(0, -3, 34), *numbers(*GRID)[:1], bar(42, -3, 34)], id="one stroke inside"),
        pytest.param([bar(0, 0, 14), *numbers(*GRID), bar(42, -3, 34)], id="brackets of different heights"),
    ],
)
def test_other_brackets_are_none(strokes: Sequence[Stroke]) -> None:
    middle = (("1", (index,)) for index in range(1, len(strokes) - 1))
    flat = line(("(", (0,)), *middle, (")", (len(strokes) - 1,))).tree
    assert not [block for block in blocks(strokes, flat) if block.closing]


def test_what_is_read_as_no_bracket_is_none() -> None:
    assert list(blocks(MATRIX, line(*(("1", (index,)) for index in range(6))).tree)) == []


def test_a_bracket_may_have_several_strokes() -> None:
    foot = np.array([[0, 31], [6, 31]], np.float32)
    flat = line(("[", (0, 6)), *(("1", (index,)) for index in range(1, 5)), ("]", (5,))).tree
    first, *_ = blocks([*MATRIX, foot], flat)
    assert first == Block((0, 6), (5,), (1, 2, 3, 4))


def test_of_many_brackets_the_nearest_are_tried() -> None:
    far = [bar(60 + 20 * place, -3, 34) for place in range(9)]
    flat = line(
        *((symbol.label, symbol.strokes) for symbol in FLAT.symbols), *((")", (6 + place,)) for place in range(9))
    )
    assert [block.closing for block in blocks([*MATRIX, *far], flat.tree)] == [(5,), (6,), (7,)]


def test_a_zero_stands_in_for_what_is_inside_and_what_follows_moves_up() -> None:
    power = bar(50, -12, width=4)
    made, names = outside([*MATRIX, power], [Block((0,), (5,), (1, 2, 3, 4))])
    assert names == [0, 7, 5, 6]
    (left, right), (top, bottom) = zip(*(corner.T for corner in boxes(made)), strict=True)
    assert left[0] < left[1] < right[1] < left[2] < left[3], "between the brackets"
    assert top[0] < top[1] < bottom[1] < bottom[0]
    assert left[3] - left[2] == pytest.approx(8), "as far from each other as before"
    assert right[3] < 50


def test_zeros_are_numbered_as_their_blocks_are() -> None:
    shift = np.array([60, 0], np.float32)
    twice = [*MATRIX, *(stroke + shift for stroke in MATRIX)]
    one, two = Block((0,), (5,), (1, 2, 3, 4)), Block((6,), (11,), (7, 8, 9, 10))
    assert outside(twice, [one, two])[1] == [0, 12, 5, 6, 13, 11]
    made, names = outside(twice, [two, one])
    assert names == [0, 13, 5, 6, 12, 11]
    left = boxes(made)[0][:, 0].tolist()
    assert left == sorted(left)


def test_cells_are_parted_where_a_gap_runs_through_all_rows() -> None:
    assert cells(MATRIX, [(1, 2), (3, 4)], [], cases=False) == [[(1,), (2,)], [(3,), (4,)]]
    near = [bar(0, 0, 34), *numbers((10, 0), (17, 0), (10, 18), (22, 18)), bar(42, 0, 34)]
    assert cells(near, [(1, 2), (3, 4)], [], cases=False) == [[(1, 2)], [(3, 4)]], "only the lower gap is wide"


def test_a_row_may_end_before_others() -> None:
    assert cells(MATRIX, [(1, 2), (3,)], [], cases=False) == [[(1,), (2,)], [(3,)]]
    assert cells(MATRIX, [(1, 2), (4,)], [], cases=False) is None, "but not begin after them"


def test_cases_have_two_columns_at_most_and_a_wide_gap_between_them() -> None:
    wide = [bar(0, 0, 34), *numbers((10, 0), (30, 0), (44, 0), (10, 18), (30, 18), (44, 18))]
    assert cells(wide, [(1, 2, 3), (4, 5, 6)], [], cases=True) == [[(1,), (2, 3)], [(4,), (5, 6)]]
    near = [bar(0, 0, 34), *numbers((10, 0), (20, 0), (30, 0), (10, 18), (20, 18), (30, 18))]
    assert cells(near, [(1, 2, 3), (4, 5, 6)], [], cases=True) == [[(1, 2, 3)], [(4, 5, 6)]]


def test_what_a_person_keeps_together_is_of_one_cell() -> None:
    assert cells(MATRIX, [(1, 2), (3, 4)], [frozenset({1})], cases=False) is not None
    assert cells(MATRIX, [(1, 2), (3, 4)], [frozenset({1, 2})], cases=False) is None
    assert cells(MATRIX, [(1, 2), (3, 4)], [frozenset({8, 9})], cases=False) is not None, "elsewhere"


@pytest.mark.parametrize(
    ("read", "closing", "found"),
    [
        (line(("(", (0,)), ("0", (9,)), (")", (5,))), (5,), True),
        (line(("[", (0,)), ("0", (9,)), (")", (5,))), (5,), True),
        (line(("1", (0,)), ("0", (9,)), (")", (5,))), (5,), False),
        (line(("(", (0,)), ("0", (9,)), ("x", (5,))), (5,), False),
        (line(("(", (0,)), ("0", (9, 5)), (")", (6,))), (6,), False),
        (line(("(", (0,)), ("0", (9,)), ("1", (4,)), (")", (5,))), (5,), False),
        (line(("x", (1,)), ("\\{", (0,)), ("0", (9,))), (), True),
        (line(("(", (0,)), ("0", (9,))), (), False),
    ],
)
def test_a_zero_is_enclosed_where_it_stands_alone_between_brackets(
    read: Reading, closing: tuple[int, ...], found: bool
) -> None:
    assert encloses(read, Block((0,), closing, (1, 2, 3)), 9) is found


def test_of_several_readings_one_part_at_a_time_is_read_otherwise() -> None:
    one = [line(("a", ()), sure=0.8), line(("b", ()), sure=0.1)]
    two = [line(("c", ()), sure=0.5), line(("d", ()), sure=0.4), line(("e", ()), sure=0.01)]
    chosen = [[part.tree.symbols[0].label for part in parts] for parts in likeliest([one, two], 3)]
    assert chosen == [["a", "c"], ["a", "d"], ["b", "c"]]
    assert len(likeliest([one, two], 1)) == 1


def test_a_reading_is_put_together_from_what_is_outside_and_the_cells() -> None:
    outer = line(("A", (0,)), ("(", (1,)), ("0", (9,)), (")", (6,)), sure=0.5)
    parts = [line((label, (stroke,)), sure=0.5) for stroke, label in ((2, "a"), (3, "b"), (4, "c"), (5, "d"))]
    whole = composed([outer, *parts], [[[(2,), (3,)], [(4,), (5,)]]], 9)
    labels = [symbol.label for symbol in whole.tree.symbols]
    assert labels == ["A", "(", "a", "b", "c", "d", ")"], "in the order of writing"
    assert [candidates[0].label for candidates in whole.alternatives] == labels
    assert whole.confidence == pytest.approx(0.5**5)
    assert set(whole.tree.edges) == {
        *(Edge(0, 1, RIGHT), Edge(1, 6, RIGHT), Edge(1, 2, INSIDE)),
        *(Edge(2, 3, CELL), Edge(2, 4, ROW), Edge(4, 5, CELL)),
    }


def test_readings_without_a_matrix_are_no_surer_than_those_with_one_leave() -> None:
    found = [line(("a", ()), sure=0.6), line(("b", ()), sure=0.1)]
    flat = [line(("c", ()), sure=0.8), line(("d", ()), sure=0.4)]
    assert [reading.confidence for reading in beside(found, flat)] == pytest.approx([0.6, 0.1, 0.2, 0.1])
    assert [reading.confidence for reading in beside([line(("a", ()), sure=0.3)], flat)] == pytest.approx(
        [0.3, 0.3, 0.7 / 3]
    )
    assert beside([], flat[1:]) == flat[1:]


def far_apart(*labels: str, gap: float = 15, opening: str = "(", closing: str = ")") -> tuple[list[Stroke], Reading]:
    """A line in brackets, its symbols of one stroke of ten units each; "" is a wide gap between two of them."""
    strokes, symbols, right = [bar(0, -3, 16)], [(opening, (0,))], 4.0
    for label in labels:
        if label:
            symbols.append((label, (len(strokes),)))
            strokes.append(bar(right, 0, width=5))
        right += 7 if label else gap - 2
    return [*strokes, bar(right + 2, -3, 16)], line(*symbols, (closing, (len(strokes),)))


def test_a_row_whose_entries_stand_far_apart_is_a_matrix() -> None:
    strokes, flat = far_apart("1", "", "x", "2", "", "-", "3")
    row, read_before = with_row_vectors(strokes, [flat])
    assert to_latex(row.tree) == r"\begin{pmatrix} 1 & x 2 & - 3 \end{pmatrix}"
    assert read_before.tree is flat.tree
    assert row.confidence == flat.confidence
    assert read_before.confidence == pytest.approx(1.0 - row.confidence), "not both are right"


def test_every_reading_is_looked_at_and_the_best_stays_the_best() -> None:
    strokes, flat = far_apart("a", "", "b", opening="[", closing="]")
    other = line(("1", (0,)), ("a", (1,)), ("b", (2,)), ("1", (3,)), sure=0.1)
    found = [to_latex(reading.tree) for reading in with_row_vectors(strokes, [flat, flat, other])]
    row = r"\begin{bmatrix} a & b \end{bmatrix}"
    assert found == [row, "[ a b ]", row, "1 a b 1"]
    assert with_row_vectors(strokes, [other]) == [other]


def test_scripts_are_of_the_entry_that_they_stand_at() -> None:
    strokes, flat = far_apart("a", "2", "", "b")
    edges = (Edge(0, 1, RIGHT), Edge(1, 2, Relation.SUB), Edge(1, 3, RIGHT), Edge(3, 4, RIGHT))
    row, _ = with_row_vectors(strokes, [replace(flat, tree=LayoutTree(flat.tree.symbols, edges))])
    assert to_latex(row.tree) == r"\begin{pmatrix} a _ { 2 } & b \end{pmatrix}"


def test_an_entry_may_have_a_bar_over_it() -> None:
    strokes, flat = far_apart("-", "a", "", "b")
    edges = (Edge(0, 1, RIGHT), Edge(1, 2, Relation.INSIDE), Edge(1, 3, RIGHT), Edge(3, 4, RIGHT))
    row, _ = with_row_vectors(strokes, [replace(flat, tree=LayoutTree(flat.tree.symbols, edges))])
    assert to_latex(row.tree) == r"\begin{pmatrix} \overline { a } & b \end{pmatrix}"


@pytest.mark.parametrize(
    ("labels", "how"),
    [
        pytest.param("1 2 3", {}, id="as near as in a number"),
        pytest.param("1  2", {"gap": 7}, id="not far enough"),
        pytest.param("a  +  b", {}, id="a sum"),
        pytest.param("a  - b", {}, id="a difference"),
        pytest.param("- a  - b", {}, id="a difference with a sign"),
        pytest.param("a ,  b", {}, id="a list"),
        pytest.param("a  =  b", {}, id="an equation"),
        pytest.param("1  2", {"closing": "]"}, id="brackets that are no pair"),
        pytest.param("1  2", {"opening": "|", "closing": "|"}, id="bars"),
        pytest.param("1  ( 2", {}, id="brackets in it"),
    ],
)
def test_other_lines_in_brackets_are_none(labels: str, how: dict[str, Any]) -> None:
    strokes, flat = far_apart(*labels.split(" "), **how)
    assert with_row_vectors(strokes, [flat]) == [flat]


def test_what_is_behind_the_name_of_a_function_is_its_argument() -> None:
    strokes, flat = far_apart("n", "", "x")
    first, *others = ((symbol.label, symbol.strokes) for symbol in flat.tree.symbols)
    name = bar(-20, 0, width=10)
    for before, found in (("a", 2), (r"\sin", 1)):
        reading = line((before, (4,)), first, *others)
        assert len(with_row_vectors([*strokes, name], [reading])) == found


@pytest.fixture(scope="module")
def released() -> Recognizer:
    return Recognizer.load()


def shape(tree: LayoutTree) -> list[list[int]]:
    """How many cells the rows of each matrix have."""
    tree = tree.ordered()
    return [[len(row) for row in rows] for symbol in range(len(tree.symbols)) if (rows := tree.matrix(symbol))]


@needs_weights
def test_matrices_are_read(released: Recognizer) -> None:
    inks = with_matrices(30, 500, max_symbols=16)
    found = [released.recognize(ink).tree for ink in inks]
    right = [shape(tree) == shape(ink.tree) for tree, ink in zip(found, inks, strict=True) if ink.tree]
    assert sum(right) >= 20
    for tree, ink in zip(found, inks, strict=True):
        owned = sorted(stroke for symbol in tree.symbols for stroke in symbol.strokes)
        assert owned == list(range(len(ink.strokes)))


@needs_weights
def test_row_vectors_are_read(released: Recognizer) -> None:
    truth = parse_latex(r"v=\begin{pmatrix}1&4&3\end{pmatrix}")
    found = [released.recognize(typeset(truth, Writer([hand]), np.random.default_rng(hand))[0]) for hand in range(20)]
    assert sum(answer.tokens == canonical_tokens(truth) for answer in found) >= 12


@needs_weights
def test_in_a_matrix_too_every_reading_obeys_what_a_person_decided(released: Recognizer) -> None:
    for ink in with_matrices(10, 600, max_symbols=16):
        assert ink.tree is not None
        chosen = {frozenset(symbol.strokes): symbol.label for symbol in ink.tree.symbols}
        (truth, *others) = released.recognize(ink, constraints=chosen).alternatives
        assert truth.confidence >= max((other.confidence for other in others), default=0.0)
        assert truth.confidence + sum(other.confidence for other in others) <= 1 + 1e-9, "one of them at most is right"
        if all(len(rows) > 1 for rows in shape(ink.tree)):  # one row by itself may be read as a line
            assert shape(truth.tree) == shape(ink.tree), "however sure the labels alone make a reading without rows"
        kept = dict(list(chosen.items())[::3])
        for formula in released.recognize(ink, constraints=kept).alternatives:
            assert kept.items() <= {frozenset(symbol.strokes): symbol.label for symbol in formula.symbols}.items()
        first, last = ink.tree.symbols[0].strokes, ink.tree.symbols[-1].strokes
        across = {frozenset(first + last): "x"}
        (formula, *_) = released.recognize(ink, constraints=across).alternatives
        assert any(frozenset(symbol.strokes) in across for symbol in formula.symbols), "across brackets and cells"


@needs_weights
def test_a_matrix_is_one_formula_of_a_page(released: Recognizer) -> None:
    inks = with_matrices(20, 700, max_symbols=16)
    assert sum(len(released.expressions.rows(ink)) == 1 for ink in inks) >= 18
