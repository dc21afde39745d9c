"""The stages of whole formulas beside training: nothing of validation or test is learned from, the test is measured."""

from __future__ import annotations

import csv
import json
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from matrix_ink import with_matrices

from inkmath.dataset.arrays import read_arrays
from inkmath.dataset.ink_table import add_splits, to_batch, write_inks
from inkmath.dataset.splits import Split
from inkmath.decoding.language import count_trigrams
from inkmath.decoding.lines import measure_lines
from inkmath.decoding.reading import Reading
from inkmath.features.expression import FormulaSet
from inkmath.ink import Ink
from inkmath.labels import Vocabulary
from inkmath.layout.latex import canonical_tokens, parse_latex
from inkmath.layout.tree import LayoutTree, Symbol
from inkmath.params import Params, load_params
from stages import encode_expression, evaluate_expression, normalize_expression

REPOSITORY = Path(__file__).parents[2]

FORMULAS = [
    ("train/a", Split.TRAIN, "x+1"),
    ("train/b", Split.TRAIN, "x^{2}"),
    ("train/c", Split.TRAIN, "y"),
    ("valid/d", Split.VALID, r"x+\alpha"),
    ("test/e", Split.TEST, r"\beta+\beta"),
    ("shapes/f", Split.TRAIN, r"\gamma-z"),  # nobody meant it: it shows how symbols look, and not what people write
]


@pytest.fixture
def params() -> Params:
    return load_params(REPOSITORY / "params.yaml")


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with an ink table of a few formulas; the stroke of ``y`` has a second one beside it, unexplained."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    inks, latex = [], []
    for name, split, formula in FORMULAS:
        tree = parse_latex(formula)
        written = LayoutTree(tuple(Symbol(s.label, (i,)) for i, s in enumerate(tree.symbols)), tree.edges)
        extra = formula == "y"
        strokes = [[[9.0 * i, 0.0], [9.0 * i + 5, 5.0]] for i in range(len(tree.symbols) + extra)]
        role = "train" if split is Split.VALID else name.partition("/")[0]
        known = {"id": f"{role}/{name.partition('/')[2]}", "source": "made-up", "tree": written}
        inks.append(Ink.from_points(strokes, groups=written.symbols, **known))
        latex.append(" ".join(canonical_tokens(tree)))
    table = pa.Table.from_batches([add_splits(to_batch(inks, latex), [split for _, split, _ in FORMULAS])])
    (tmp_path / "data" / "interim").mkdir(parents=True)
    pq.write_table(table, tmp_path / "data" / "interim" / "ink.parquet")
    write_inks(tmp_path / "data" / "interim" / "redrawn.parquet", [])
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_vocabulary_and_counts_are_of_the_training_split_alone(workspace: Path, params: Params) -> None:
    normalize_expression.main(params)
    formulas = read_arrays(normalize_expression.FORMULAS)
    assert formulas["splits"].tolist() == [str(split) for _, split, _ in FORMULAS]
    assert formulas["points"].shape[1:] == (params.normalize_expression.points, 2)

    metrics = encode_expression.main(params)
    assert Vocabulary.load("models/expression/labels.json").words == ("+", "1", "2", "x")
    trigrams = [tuple(row) for row in json.loads(Path("models/expression/trigrams.json").read_text())]
    told = count_trigrams(parse_latex(latex) for _, _, latex in FORMULAS[:3])
    assert trigrams == told, "truth teaches the language even where it does not explain every stroke"

    lines = json.loads(Path("models/expression/lines.json").read_text())
    assert set(lines["symbols"]) == {"+", "1", "2", "x", "y"}
    assert lines["symbols"]["x"][0] > lines["symbols"]["y"][0] == 0, "what has no stroke stands nowhere"
    known = FormulaSet(**formulas).select([0, 1, 2])
    assert lines == json.loads(json.dumps(measure_lines(known))), "of no other split, nor of shapes"

    assert metrics["training_formulas"] == 3
    assert metrics["trainable_formulas"] == 2
    assert metrics["unseen"] == {"train": 4, "valid": 1, "test": 2}
    by_label = ["train,-,1", r"train,\gamma,1", "train,y,1", "train,z,1", r"valid,\alpha,1", r"test,\beta,2"]
    assert encode_expression.UNSEEN_LABELS.read_text().splitlines() == ["split,label,samples", *by_label]
    assert json.loads(Path("results/encode_expression/metrics.json").read_text()) == metrics


def test_formulas_with_a_matrix_are_counted_and_nothing_is_learned_from_them(workspace: Path, params: Params) -> None:
    normalize_expression.main(params)
    plain = encode_expression.main(params)
    learned = [file.read_bytes() for file in (encode_expression.LABELS, encode_expression.TRIGRAMS)]
    splits = [Split.TRAIN, Split.TRAIN, Split.VALID]
    batch = add_splits(to_batch(with_matrices(3), [None] * 3), splits)
    write_inks(workspace / "data" / "interim" / "redrawn.parquet", [batch])
    normalize_expression.main(params)
    metrics = encode_expression.main(params)
    assert plain["with_matrix"] == {"train": 0, "valid": 0, "test": 0}
    assert metrics["with_matrix"] == {"train": 2, "valid": 1, "test": 0}
    assert metrics["trainable_formulas"] == plain["trainable_formulas"]
    assert learned == [file.read_bytes() for file in (encode_expression.LABELS, encode_expression.TRIGRAMS)]


def test_rare_labels_are_left_out(workspace: Path, params: Params) -> None:
    normalize_expression.main(params)
    block = params.encode_expression.model_copy(update={"min_count": 2})
    encode_expression.main(params.model_copy(update={"encode_expression": block}))
    assert Vocabulary.load("models/expression/labels.json").words == ("x",)


def test_labels_of_shapes_are_classes_if_that_is_asked_for(workspace: Path, params: Params) -> None:
    normalize_expression.main(params)
    block = params.encode_expression.model_copy(update={"shapes": True})
    encode_expression.main(params.model_copy(update={"encode_expression": block}))
    words = set(Vocabulary.load("models/expression/labels.json").words)
    trigrams = Path("models/expression/trigrams.json").read_text()
    assert {r"\gamma", "-", "z"} <= words
    assert "gamma" not in trigrams, "language is what people meant"


class OrderlyReader:
    """Reads what is written from left to right, and nothing but an x where it is not."""

    def read(self, inks: list[Ink], **_: Any) -> list[list[Reading]]:
        places = [[float(stroke[0, 0]) for stroke in ink.strokes] for ink in inks]
        trees = [ink.tree if at == sorted(at) else parse_latex("x") for ink, at in zip(inks, places, strict=True)]
        return [[Reading(tree, 0.5)] for tree in trees if tree]


def test_the_test_split_is_measured_as_it_is_and_with_its_strokes_in_any_order(
    workspace: Path, params: Params, monkeypatch: pytest.MonkeyPatch
) -> None:
    logged: dict[str, float] = {}
    run = SimpleNamespace(log_metrics=logged.update)
    monkeypatch.setattr(evaluate_expression, "resume_run", lambda *_, **__: nullcontext(run))
    monkeypatch.setattr(evaluate_expression, "load_expression_reader", lambda _: OrderlyReader())
    monkeypatch.setattr(evaluate_expression, "draw_report", lambda *_: [])
    figures = evaluate_expression.main(params)
    assert (figures["formulas"], figures["exprate"], figures["exprate_shuffled"]) == (1, 1.0, 0.0)
    assert logged == {f"test_{name}": value for name, value in figures.items()}
    results = Path("results/evaluate_expression")
    assert json.loads((results / "metrics.json").read_text()) == pytest.approx(figures, abs=1e-5)
    with (results / "formulas.csv").open(newline="") as stream:
        assert [row["id"] for row in csv.DictReader(stream)] == ["test/e"]
    assert [path.name for path in (results / "lg").rglob("*.lg")] == ["e.lg"]
