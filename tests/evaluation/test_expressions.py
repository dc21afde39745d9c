"""How well formulas are read, on cases counted by hand."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from formulas import with_strokes

from inkmath.decoding.reading import Reading
from inkmath.evaluation import EvaluationError
from inkmath.evaluation.expressions import evaluate, judge, shuffled, structures
from inkmath.ink import Ink
from inkmath.layout.latex import canonical_tokens, parse_latex
from inkmath.layout.tree import Edge, LayoutTree, Relation, Symbol
from inkmath.synthesis.expressions import Node
from inkmath.synthesis.grammar import to_tree
from inkmath.synthesis.matrices import matrix

if TYPE_CHECKING:
    from pathlib import Path


def tree(latex: str) -> LayoutTree:
    return with_strokes(parse_latex(latex))


def ink(latex: str, name: str = "f", source: str = "made-up", *, strokes: bool = True) -> Ink:
    """A formula whose strokes lie anywhere; without ``strokes`` its truth is not tied to them."""
    written = tree(latex)
    count = 1 + max(stroke for symbol in written.symbols for stroke in symbol.strokes)
    truth: dict[str, object] = {"tree": written} if strokes else {"latex": latex}
    return Ink.from_points([[[float(i), 0.0]] for i in range(count)], id=name, source=source, **truth)


def read(*latex: str, confidence: float = 0.5) -> list[Reading]:
    return [Reading(tree(one), confidence) for one in latex]


def test_a_formula_is_right_when_its_tokens_are() -> None:
    # Limits at the side and limits stacked are the same formula.
    outcome = judge(ink(r"\sum\limits_{i}x"), read(r"\sum\nolimits_{i}x"))
    assert outcome.right
    assert outcome.place == 1
    assert outcome.comparison is not None
    assert outcome.comparison.structure


def test_rates_counted_by_hand() -> None:
    report = evaluate(
        [
            (ink("x+1"), read("x+1")),
            (ink("x^{2}"), read("x_{2}", "x^{2}")),  # one edit, and the truth comes second
            (ink("a+b"), read("c+d")),  # two edits, structure right
            (ink("a+b"), read("7")),
        ]
    )
    assert report.metrics["exprate"] == 1 / 4
    assert report.metrics["within_1"] == 2 / 4
    assert report.metrics["within_2"] == 3 / 4
    assert report.metrics["top5_exprate"] == 2 / 4
    assert report.metrics["structure_rate"] == 2 / 4
    assert report.metrics["token_error_rate"] == (0 + 1 + 2 + 3) / (3 + 5 + 3 + 3)
    assert report.metrics["segmentation_recall"] == 9 / 11
    assert report.metrics["segmentation_precision"] == 9 / 9
    assert report.metrics["symbol_recall"] == 6 / 11
    assert report.metrics["relation_recall"] == 4 / 7
    assert report.metrics["relation_precision"] == 4 / 5


def test_the_fifth_reading_is_among_the_top_five_and_the_sixth_is_not() -> None:
    fifth = evaluate([(ink("x"), read("a", "b", "c", "d", "x", "e"))])
    sixth = evaluate([(ink("x"), read("a", "b", "c", "d", "e", "x"))])
    assert [report.outcomes[0].place for report in (fifth, sixth)] == [5, 6]
    assert [report.metrics["top5_exprate"] for report in (fifth, sixth)] == [1.0, 0.0]


def test_latex_without_strokes_gives_token_figures_only() -> None:
    report = evaluate([(ink("x+1", strokes=False), read("x+1"))])
    assert report.metrics["exprate"] == 1.0
    assert report.metrics["with_strokes"] == 0
    assert not {"structure_rate", "symbol_recall", "relation_precision"} & report.metrics.keys()
    assert report.tables["by_structure"].rows == [("line", 1, 1.0, 1.0, 1.0, None)]


def test_an_answer_that_no_latex_can_say_is_wrong_and_counts() -> None:
    inside = LayoutTree((Symbol("x", (0,)), Symbol("2", (2,))), (Edge(0, 1, Relation.INSIDE),))
    report = evaluate([(ink("x^{2}"), [Reading(inside, 0.5)])])
    assert report.metrics["formulas"] == 1
    assert report.metrics["exprate"] == 0.0
    assert report.metrics["symbol_recall"] == 1.0
    assert report.metrics["token_error_rate"] == 1.0


def test_inks_without_truth_are_counted_and_listed() -> None:
    bare, broken = Ink.from_points([[[0, 0]]], id="bare"), Ink.from_points([[[0, 0]]], id="broken", latex="x ^")
    report = evaluate([(bare, read("x")), (broken, read("x")), (ink("x"), read("x"))])
    assert report.metrics["formulas"] == 1
    assert report.metrics["without_truth"] == 2
    assert [name for name, _ in report.without_truth] == ["bare", "broken"]
    assert report.without_truth[0][1] == "neither a layout tree nor LaTeX that can be read"


def test_nothing_to_measure_is_an_error() -> None:
    with pytest.raises(EvaluationError, match=r"none of 1 inks has truth .*bare: neither"):
        evaluate([(Ink.from_points([[[0, 0]]], id="bare"), read("x"))])
    with pytest.raises(EvaluationError, match="none of 0 inks"):
        evaluate([])


@pytest.mark.parametrize(
    ("latex", "expected"),
    [
        ("x+1", ("line",)),
        (r"f \prime (x)", ("scripts",)),
        ("x", ("line",)),
        (r"\frac{a}{b}", ("fraction",)),
        (r"a-b", ("line",)),
        (r"\sqrt{x^2}", ("root", "scripts")),
        (r"\int_0^1 x", ("limits",)),
        (r"\sum\limits_{i}\frac{1}{x_i}", ("fraction", "scripts", "limits")),
        (r"\vec{x}+\bar{y}", ("accent",)),
    ],
)
def test_structures_of_a_formula(latex: str, expected: tuple[str, ...]) -> None:
    assert structures(parse_latex(latex)) == expected


def test_a_matrix_is_a_structure_whatever_stands_in_it() -> None:
    plain = matrix([[[Node("1")], [Node("x")]], [[Node("2")], [Node("y")]]], "(", ")")
    sums = matrix([[[Node("\\sum")], [Node("x")]]], "[", "]")  # whose cell has a neighbour, and no limits
    power = matrix([[[Node("x", {Relation.SUP: [Node("2")]})], [Node("1")]]], "\\{", None)
    found = [structures(to_tree(line).ordered()) for line in (plain, sums, power)]
    assert found == [("matrix",), ("matrix",), ("scripts", "matrix")]


def test_groups_hold_every_formula_with_their_own_rates() -> None:
    report = evaluate(
        [
            (ink("x", source="A"), read("x")),
            (ink("a+b+c+d+e", source="A"), read("a+b+c+d+c")),
            (ink(r"\frac{a}{b}", source="B"), read(r"\frac{a}{b}")),
        ]
    )
    assert report.tables["by_source"].rows == [("A", 2, 0.5, 1.0, 1.0, 1.0), ("B", 1, 1.0, 1.0, 1.0, 1.0)]
    assert [row[:3] for row in report.tables["by_length"].rows] == [("1-3", 2, 1.0), ("7-10", 1, 0.0)]
    assert [row[:3] for row in report.tables["by_structure"].rows] == [("fraction", 1, 1.0), ("line", 2, 0.5)]
    sources = evaluate([(ink("x", source=source), read("x")) for source in "DFBAEC"])
    assert [row[0] for row in sources.tables["by_source"].rows] == list("ABCDEF")
    bounds = evaluate([(ink("+".join("a" * count)), read("a")) for count in (2, 4)])  # 3 and 7 symbols
    assert [row[:2] for row in bounds.tables["by_length"].rows] == [("1-3", 1), ("7-10", 1)]
    lone = evaluate([(ink("aaaa"), read("a"))])
    assert [row[:2] for row in lone.tables["by_length"].rows] == [("4-6", 1)]


def test_confusions_are_listed_by_how_often_they_occur() -> None:
    report = evaluate(
        [(ink("y"), read("z")), (ink("x+c"), read("x+C")), (ink("c"), read("C")), (ink("x^2"), read("z2"))]
    )
    assert report.tables["symbol_confusions"].rows == [("c", "C", 2), ("x", "z", 1), ("y", "z", 1)]
    assert report.tables["relation_confusions"].rows == [("Sup", "Right", 1)]


def test_calibration_is_that_of_the_best_reading() -> None:
    surely_right, unsurely_wrong = read("x", confidence=0.9), read("y", confidence=0.3)
    report = evaluate([(ink("x"), [*surely_right, *unsurely_wrong]), (ink("x"), [*unsurely_wrong, *surely_right])])
    assert report.tables["reliability"].rows == [(0.3, 0.0, 1), (0.9, 1.0, 1)]
    assert report.metrics["calibration_error"] == pytest.approx((0.3 + 0.1) / 2)
    assert report.metrics["mean_confidence"] == pytest.approx(0.6)


def test_the_report_as_files(tmp_path: Path) -> None:
    report = evaluate([(ink("x+1", "one"), read("x+7")), (Ink.from_points([[[0, 0]]], id="bare"), read("x"))])
    report.write(tmp_path, {"seconds": 0.1234567})
    metrics = json.loads((tmp_path / "metrics.json").read_text())
    assert (metrics["exprate"], metrics["token_error_rate"], metrics["seconds"]) == (0.0, 0.33333, 0.12346)
    assert {path.stem for path in tmp_path.glob("*.csv")} == set(report.tables)
    with (tmp_path / "formulas.csv").open(newline="") as stream:
        (row,) = csv.DictReader(stream)
    assert row["id"] == "one"
    assert (row["truth"], row["answer"], row["edits"], row["place"]) == ("x + 1", "x + 7", "1", "")
    assert row["structure"] == "1", "right, whatever the labels"
    for name, table in report.tables.items():
        assert (tmp_path / f"{name}.csv").read_text().splitlines()[0] == ",".join(table.columns)


def test_shuffled_strokes_are_the_same_formula() -> None:
    before = ink("x=y")
    after = shuffled(before, np.random.default_rng(1))
    assert before.tree is not None
    assert after.tree is not None
    assert canonical_tokens(after.tree) == canonical_tokens(before.tree)
    # Stroke i of the ink lies at x = i.
    places = [stroke[0, 0] for stroke in after.strokes]
    assert places != sorted(places) == [stroke[0, 0] for stroke in before.strokes]
