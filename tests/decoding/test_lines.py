"""Heights on lines: what tells 9 from q, C from c and a script from what stands beside, whatever the text."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inkmath.decoding.lines import BESIDE, LineModel, Lines, extents, lines_of, measure_lines, stroke_extents
from inkmath.features.expression import RELATIONS, FormulaSet
from inkmath.ink import Ink
from inkmath.layout.tree import Edge, LayoutTree, Relation, Symbol
from inkmath.synthesis import synthesize

if TYPE_CHECKING:
    from inkmath.decoding.lines import Measures

LABELS = ("1", "9", "q", "C", "c", "x", "-")
RIGHT, SUP, BELOW, INSIDE = map(RELATIONS.index, (Relation.RIGHT, Relation.SUP, Relation.BELOW, Relation.INSIDE))
MEASURES: Measures = {
    "symbols": {
        "1": [900, 1.0, 0.0, 0.02, 0.0, 0.02],
        "9": [300, 1.0, 0.0, 0.02, 0.0, 0.02],
        "q": [300, 0.66, -0.64, 0.02, 0.0, 0.02],
        "C": [300, 1.1, 0.0, 0.02, 0.0, 0.02],
        "c": [300, 0.68, 0.0, 0.02, 0.0, 0.02],
        "x": [900, 0.66, 0.0, 0.02, 0.0, 0.02],
        "-": [900, 0.4, 0.35, 0.02, 0.0, 0.02],
    },
    "scripts": {"Sup": [0.6, 0.2, 0.0, 0.2], "Below": [0.7, 0.2, 1.0, 0.3]},
    "root": [1.4, 0.4],
    "usual": 0.8,
}
MODEL = LineModel(LABELS, MEASURES)
Box = tuple[float, float]


def likelihood(labels: str, *boxes: Box, parents: tuple[int, ...] = (), relations: tuple[int, ...] = ()) -> float:
    """Of labels, one a letter, in a row or in another tree."""
    count = len(labels)
    tree = (
        tuple(LABELS.index(label) for label in labels),
        parents or tuple(range(-1, count - 1)),
        relations or (RIGHT,) * count,
    )
    (value,) = MODEL.log_likelihoods([tree], [np.array(boxes)])
    return float(value)


TALL: Box = (0.0, 1.4)
"""Of a digit on a line of size 1.4, downward."""


def test_what_hangs_below_the_line_is_a_q_and_what_stands_on_it_a_nine() -> None:
    hanging, standing = (0.48, 2.3), (0.05, 1.4)
    assert likelihood("1q1", TALL, hanging, TALL) > likelihood("191", TALL, hanging, TALL) + 2
    assert likelihood("191", TALL, standing, TALL) > likelihood("1q1", TALL, standing, TALL) + 2


def test_a_capital_is_as_tall_as_the_digits_of_its_line() -> None:
    low, tall = (0.45, 1.4), (-0.1, 1.4)
    assert likelihood("1c", TALL, low) > likelihood("1C", TALL, low) + 1
    assert likelihood("1C", TALL, tall) > likelihood("1c", TALL, tall) + 1


def test_letters_that_go_together_are_read_together() -> None:
    # Both could be of either case; beside a bar that runs through the middle of low letters they are low.
    boxes = (0.0, 1.0), (0.5, 0.55), (0.02, 0.98)
    mixed = max(likelihood("C-c", *boxes), likelihood("c-C", *boxes))
    assert likelihood("C-C", *boxes) > mixed
    assert likelihood("c-c", *boxes) > mixed


def test_a_script_stands_where_scripts_stand() -> None:
    high, level = (-0.6, 0.2), (0.5, 1.4)
    two = {"parents": (-1, 0)}
    assert likelihood("xx", (0.5, 1.4), high, **two, relations=(RIGHT, SUP)) > likelihood("xx", (0.5, 1.4), high)
    assert likelihood("xx", (0.5, 1.4), level) > likelihood("xx", (0.5, 1.4), level, **two, relations=(RIGHT, SUP))


def test_a_numerator_stands_from_the_top_of_its_bar_and_a_denominator_from_its_bottom() -> None:
    measures = MEASURES | {"scripts": {"Above": [1.0, 0.1, -0.2, 0.1], "Below": [1.0, 0.1, 1.2, 0.1]}}
    model = LineModel(LABELS, measures)
    thick = (0.0, 2.0)  # a bar in a hand that draws it down the sheet: top and bottom are far apart

    def told(above: Box) -> float:
        (value,) = model.log_likelihoods(
            [((6, 0), (-1, 0), (RIGHT, RELATIONS.index(Relation.ABOVE)))], [np.array([thick, above])]
        )
        return float(value)

    assert told((-1.7, -0.3)) > told((0.3, 1.7)) + 1


def test_what_a_wide_accent_spans_stands_on_the_line_that_the_accent_is_part_of() -> None:
    over, letters = (-0.35, -0.3), (TALL, TALL)
    tree = {"parents": (-1, 0, 1, 2), "relations": (RIGHT, RIGHT, INSIDE, RIGHT)}
    spanning = likelihood("1-11", TALL, over, *letters, **tree)
    assert spanning > likelihood("111", TALL, *letters) - 2
    assert spanning > likelihood("1-11", TALL, (0.6, 0.65), *letters, **tree), "the accent stands above"
    lower = ((1.0, 2.4), (1.0, 2.4))
    assert spanning > likelihood("1-11", TALL, over, *lower, **tree) + 2


def test_place_tells_nothing() -> None:
    boxes = np.array([TALL, (0.5, 1.4), (0.4, 2.2)])
    moved = [tuple(box) for box in (boxes + 70.0).tolist()]
    assert likelihood("1xq", *moved) == pytest.approx(likelihood("1xq", *map(tuple, boxes.tolist())))


def test_one_symbol_that_fits_nowhere_costs_no_more_than_an_outlier() -> None:
    near, far = likelihood("1x1", TALL, (-4.0, -3.0), TALL), likelihood("1x1", TALL, (-400.0, -300.0), TALL)
    assert np.isfinite(far)
    assert likelihood("1x1", TALL, (0.5, 1.4), TALL) > near + 2
    fitted = MODEL.fit(np.array([0, 5, 0]), np.array([TALL, (-4.0, -3.0), TALL]), lines_of((-1, 0, 1), (RIGHT,) * 3))
    assert fitted.symbol[1] == pytest.approx(np.log(0.03 / 4), abs=0.1)
    assert fitted.sure[1] < 0.01


def test_lines_of_a_fraction_under_a_root_know_what_they_hang_from() -> None:
    inside, above = (RELATIONS.index(one) for one in (Relation.INSIDE, Relation.ABOVE))
    # sqrt, 1 after it; within, a fraction of two symbols over one
    lines = lines_of((-1, 0, 0, 2, 3, 2), (RIGHT, RIGHT, inside, above, RIGHT, BELOW))
    assert lines.line.tolist() == [0, 0, 1, 2, 2, 3]
    assert lines.governor.tolist() == [-1, 0, 2, 2]
    assert lines.relation.tolist()[1:] == [inside, above, BELOW]
    assert lines.depth.tolist() == [0, 1, 2, 2]


def test_trees_are_judged_together_as_one_by_one() -> None:
    row = ((0, 5, 2), (-1, 0, 1), (RIGHT,) * 3), np.array([TALL, (0.5, 1.4), (0.4, 2.2)])
    script = ((5, 0), (-1, 0), (RIGHT, SUP)), np.array([(0.5, 1.4), (-0.6, 0.3)])
    together = MODEL.log_likelihoods([row[0], script[0], row[0]], [row[1], script[1], row[1]])
    one, two = (MODEL.log_likelihoods([tree], [boxes])[0] for tree, boxes in (row, script))
    assert together == pytest.approx([one, two, one])
    assert MODEL.log_likelihoods([], []).shape == (0,)


def densities(tops: list[Box], base: np.ndarray, size: np.ndarray, spread: float, means: list[Box]) -> np.ndarray:
    """Log-density of boxes given place and size of their line, straight from the definition: some are anywhere."""
    total = np.zeros(np.broadcast_shapes(base.shape, size.shape))
    for box, mean in zip(tops, means, strict=True):
        apart = [(base - at) / size - usual for at, usual in zip(box, mean, strict=True)]
        near = np.exp(-(apart[0] ** 2 + apart[1] ** 2) / (2 * spread)) / (2 * np.pi * spread * size**2)
        total += np.log(0.97 * near + 0.03 / 4)
    return total


@pytest.mark.parametrize("script_size", [0.9, 1.3])
@pytest.mark.parametrize("size", [0.7, 2.5])
def test_a_likelihood_is_that_of_all_places_and_sizes_of_the_lines_together(size: float, script_size: float) -> None:
    """Against the sum over a fine grid: or readings of few large lines and of many small ones do not compare."""
    spread, script = 0.0004, (0.6, 0.3, 0.1, 0.3)  # share, its spread, place, its spread
    standing = {"1": (1.0, 0.0), "x": (0.66, 0.0), "q": (0.66, -0.64)}
    model = LineModel(
        tuple(standing),
        {
            "symbols": {label: [900, *mean, spread, 0.0, spread] for label, mean in standing.items()},
            "scripts": {"Sup": list(script)},
            "root": [1.4, 30.0],
            "usual": 0.8,
        },
    )

    def written(labels: str, base: float, tall: float) -> list[Box]:
        off = iter((0.01, -0.015, 0.02, 0.0, -0.01, 0.01))
        return [
            (base - tall * (top + next(off)), base - tall * (bottom + next(off)))
            for top, bottom in map(standing.__getitem__, labels)
        ]

    row, raised = written("1xq", 5.0, size), written("q1", 5.0 - 0.9 * size, script_size * 0.7 * size)
    grid = np.linspace(-1.0, 1.0, 201)
    around, cell = 0.12, 0.12 / 100  # of the size of the line: many standard deviations

    def fit(labels: str, base: float, tall: float, boxes: list[Box]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        places, sizes = base + around * tall * grid[:, None], tall * (1 + around * grid)
        return places, sizes, densities(boxes, places, sizes, spread, [standing[label] for label in labels])

    places, sizes, inner = fit("q1", 5.0 - 0.9 * size, script_size * 0.7 * size, raised)
    _, outer_sizes, outer = fit("1xq", 5.0, size, row)
    total, side = 0.0, row[1][0]  # a superscript is measured from the top of what governs it
    for column, above in enumerate(outer_sizes):
        share, share_spread, place, place_spread = script
        deviations = place_spread * above, share_spread * share * above
        away = ((places - side - place * above) / deviations[0]) ** 2 + ((sizes - share * above) / deviations[1]) ** 2
        prior = 0.97 * np.exp(-away / 2) / (2 * np.pi * deviations[0] * deviations[1]) + 0.03 / 4
        within = (np.exp(inner) * prior).sum() * (cell * script_size * 0.7 * size) ** 2
        total += np.exp(outer[:, column]).sum() * (cell * size) ** 2 * within
    tree = ((0, 1, 2, 2, 0), (-1, 0, 1, 1, 3), (RIGHT, RIGHT, RIGHT, SUP, RIGHT))
    (told,) = model.log_likelihoods([tree], [np.array([*row, *raised])])
    assert told == pytest.approx(np.log(total) - 5 * 0.8, abs=0.03)


@given(st.data())
def test_any_tree_over_any_ink_has_a_finite_likelihood(data: st.DataObject) -> None:
    count = data.draw(st.integers(1, 9))
    parents = tuple(data.draw(st.integers(-1 if not symbol else 0, max(symbol - 1, -1))) for symbol in range(count))
    relations = tuple(data.draw(st.lists(st.sampled_from(range(6)), min_size=count, max_size=count)))
    classes = tuple(data.draw(st.lists(st.sampled_from(range(7)), min_size=count, max_size=count)))
    number = st.floats(-1e4, 1e4)
    boxes = np.sort(np.array(data.draw(st.lists(st.tuples(number, number), min_size=count, max_size=count))), axis=1)
    assert np.isfinite(MODEL.log_likelihoods([(classes, parents, relations)], [boxes])).all()


# What training formulas teach -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def formulas() -> FormulaSet:
    inks = list(synthesize(150, seed=3, writers=10))
    return FormulaSet.from_inks(inks, ["train"] * len(inks), 24)


@pytest.fixture(scope="module")
def measures(formulas: FormulaSet) -> Measures:
    return measure_lines(formulas)


def test_digits_are_the_measure_and_letters_stand_as_people_write_them(measures: Measures) -> None:
    symbols = measures["symbols"]
    for digit in "0123456789":
        assert symbols[digit][1:3] == pytest.approx([1.0, 0.0], abs=0.15), digit
    assert symbols["x"][1] == pytest.approx(0.65, abs=0.15)
    assert symbols["y"][2] < -0.2 < symbols["x"][2]
    assert symbols["-"][1] - symbols["-"][2] < 0.3


def test_scripts_are_smaller_and_stand_where_they_belong(measures: Measures) -> None:
    assert 0.4 < measures["scripts"]["Sup"][0] < 1
    assert measures["scripts"]["Sub"][2] > 0, "lower than the bottom of what governs it"
    assert measures["scripts"]["Below"][2] > measures["scripts"]["Above"][2]


def test_truth_fits_better_than_other_letters(formulas: FormulaSet, measures: Measures) -> None:
    labels = sorted(measures["symbols"])
    model, better, seen = LineModel(labels, measures), 0, 0
    for number in range(len(formulas)):
        tree = formulas.tree(number)
        assert tree is not None
        parents, relations = [-1] * len(tree.symbols), [RIGHT] * len(tree.symbols)
        for edge in tree.edges:
            parents[edge.child], relations[edge.child] = edge.parent, RELATIONS.index(edge.relation)
        boxes = extents(stroke_extents(formulas.strokes(number)), [symbol.strokes for symbol in tree.symbols])
        said = [symbol.label for symbol in tree.symbols]
        other = ["y" if label == "4" else "4" if label == "y" else label for label in said]
        if other == said:
            continue
        trees = [(tuple(map(labels.index, one)), tuple(parents), tuple(relations)) for one in (said, other)]
        truth, changed = model.log_likelihoods(trees, [boxes, boxes])
        seen, better = seen + 1, better + (truth > changed)
    assert seen > 20
    assert better / seen > 0.8


def in_a_row(labels: str, heights: dict[str, Box], scripts: str = "", number: int = 0) -> Ink:
    """Upright strokes on a line of size 10; the scripts hang on the last of them, on a line half as large."""
    marks = [(label, heights[label], 10.0, 0.0) for label in labels] + [
        (one, heights[one], 5.0, -8.0) for one in scripts
    ]
    strokes = [
        [(9.0 * at, line - tall * top), (9.0 * at, line - tall * bottom)]
        for at, (_, (top, bottom), tall, line) in enumerate(marks)
    ]
    edges = [
        Edge(at, at + 1, Relation.SUP if at + 1 == len(labels) else Relation.RIGHT) for at in range(len(marks) - 1)
    ]
    symbols = tuple(Symbol(label, (at,)) for at, (label, *_) in enumerate(marks))
    return Ink.from_points(strokes, id=str(number), tree=LayoutTree(symbols, tuple(edges)))


def taught(inks: list[Ink]) -> Measures:
    return measure_lines(FormulaSet.from_inks(inks, ["train"] * len(inks), 8))


def test_scripts_spread_by_a_share_of_their_own_size() -> None:
    """As the model takes it: all scripts here are half as large, give or take the 0.05 that is always granted."""
    heights = {"1": (1.0, 0.0), "2": (1.0, 0.0)}
    found = taught([in_a_row("12", heights, "21", number) for number in range(30)])
    assert found["scripts"]["Sup"][:2] == pytest.approx([0.5, 0.05 / 0.5], abs=0.015)


@pytest.mark.parametrize("times", [19, 20])
def test_scripts_that_were_seen_seldom_stand_as_scripts_do(times: int) -> None:
    heights = {"1": (1.0, 0.0), "2": (1.0, 0.0)}
    found = taught([in_a_row("12", heights, "21", number) for number in range(times)])
    assert set(found["scripts"]) == ({"Sup"} if times == 20 else set())
    if times < 20:
        assert (LineModel(("1", "2"), found).scripts == BESIDE).all()


def test_a_symbol_alone_on_its_line_does_not_teach_how_its_like_stand() -> None:
    """Its line goes wherever it is: it would only confirm what was believed before."""
    heights = {"1": (1.0, 0.0), "x": (0.6, 0.0)}
    found = taught([in_a_row("11", heights, "x", number) for number in range(30)])
    assert {label: row[0] for label, row in found["symbols"].items()} == {"1": 60, "x": 0}


def test_of_a_letter_seen_once_anything_is_believed_that_others_do() -> None:
    """Or the first y of a new writer counts as an outlier, wherever it hangs."""
    heights = {"1": (1.0, 0.0), "q": (0.6, -0.9), "x": (0.6, 0.0)}
    inks = [in_a_row("1q1q", heights, number=number) for number in range(30)]
    symbols = taught([*inks, in_a_row("11x", heights, number=99)])["symbols"]
    depths = np.repeat([symbols["1"][2], symbols["q"][2]], 60)
    assert symbols["x"][5] > 0.5 * depths.var() > 5 * symbols["1"][5]


def test_the_same_formulas_give_the_same_measures(formulas: FormulaSet, measures: Measures) -> None:
    assert measure_lines(formulas) == measures


def test_formulas_without_a_tree_or_the_strokes_of_a_symbol_teach_nothing() -> None:
    """Truth may be LaTeX alone, and a tree may name a symbol that nobody labelled."""
    rows = [in_a_row("11", {"1": (1.0, 0.0), "x": (0.6, 0.0)}, "x", number) for number in range(30)]
    tree = rows[0].tree
    assert tree is not None
    unlabelled = replace(tree, symbols=(*tree.symbols[:-1], Symbol("x", ())))
    inks = [*rows, replace(rows[0], id="bare", tree=None), replace(rows[0], id="in part", tree=unlabelled)]
    assert taught(inks) == taught(rows)


def test_without_formulas_everything_is_as_tall_as_a_digit(formulas: FormulaSet) -> None:
    nothing = measure_lines(formulas.select([]))
    assert nothing["symbols"] == {}
    assert LineModel(("x", "1"), nothing).mean[:-1].tolist() == [[1.0, 0.0], [1.0, 0.0]]


def test_joined_lines_count_on() -> None:
    two = lines_of((-1, 0), (RIGHT, SUP))
    joined = Lines.joined([two, two])
    assert joined.line.tolist() == [0, 1, 2, 3]
    assert joined.governor.tolist() == [-1, 0, -1, 2]


@pytest.mark.parametrize(
    "symbols",
    [
        [[("x", 0.6, 0.0)]],  # one symbol alone
        [[("-", 0.5, 0.5), ("-", 0.5, 0.5)]],  # of no height at all
        [[("x", 0.6, 0.0), ("x", 0.6, 0.0)]] * 30,  # one label
        [[(".", 0.0, 0.0), ("1", 1.0, 0.0)], [("x", 900.0, 0.0), ("1", 1.0, 0.0)]],  # one far too large
    ],
)
def test_little_or_strange_ink_teaches_something_finite(symbols: list[list[tuple[str, float, float]]]) -> None:
    inks = []
    for number, row in enumerate(symbols):
        strokes = [[(2 * place, -top), (2 * place, -bottom)] for place, (_, top, bottom) in enumerate(row)]
        tree = LayoutTree(
            tuple(Symbol(label, (place,)) for place, (label, *_) in enumerate(row)),
            tuple(Edge(place, place + 1, Relation.RIGHT) for place in range(len(row) - 1)),
        )
        inks.append(Ink.from_points(strokes, id=str(number), tree=tree))
    found = measure_lines(FormulaSet.from_inks(inks, ["train"] * len(inks), 8))
    model = LineModel(("x", "1", "-", ".", "q"), found)
    assert np.isfinite(model.mean).all()
    assert (np.linalg.eigvalsh(model.spread) > 0).all()
    line = ((0, 1, 2), (-1, 0, 1), (RIGHT,) * 3)
    assert np.isfinite(model.log_likelihoods([line], [np.array([(0.0, 1.0), (-1.0, 1.0), (0.3, 0.3)])])).all()
