"""The recogniser as a Python user meets it. Its readers here look at geometry only; models have their own tests."""

from __future__ import annotations

import pickle
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from drawn_picture import picture
from released import needs_weights
from stub_reader import StubNamer, StubReader

from inkmath.decoding import symbol
from inkmath.decoding.network import NetworkError
from inkmath.decoding.reading import Candidate, Reading
from inkmath.decoding.rows import rows
from inkmath.images import ImageError
from inkmath.ink import Ink, TooManyStrokesError
from inkmath.inkml import parse_inkml
from inkmath.layout.lg import parse_lg
from inkmath.layout.tree import LayoutError, LayoutTree, Symbol
from inkmath.recognizer import WEIGHTS, Formula, Recognizer

X = [[0, 0], [10, 10]]
ONE = [[20, 0], [20, 20]]
MINUS = [[30, 10], [60, 10]]


def test_strokes_become_latex_tokens_mathml_and_symbols(recognizer: Recognizer) -> None:
    result = recognizer.recognize([X, ONE])
    assert result.latex == "x 1"
    assert result.tokens == ["x", "1"]
    assert result.mathml.startswith("<math")
    assert [symbol.label for symbol in result.symbols] == ["x", "1"]
    assert result.symbols[1].strokes == (1,)
    assert result.symbols[1].box == (20, 0, 20, 20)
    assert result.symbols[1].candidates[0] == Candidate("1", 0.8)
    assert result.confidence == pytest.approx(0.9)
    assert result.seconds >= 0


def test_alternatives_begin_with_the_answer_itself(recognizer: Recognizer) -> None:
    result = recognizer.recognize([X], alternatives=3)
    assert [formula.latex for formula in result.alternatives] == ["x", "1", "-"]
    assert result.alternatives[0].confidence == result.confidence


@pytest.mark.parametrize(
    "strokes",
    [
        [X, ONE],
        [tuple(map(tuple, X)), ONE],
        [np.array(X), np.array(ONE, dtype=np.float64)],
        [[[*point, 17.5] for point in X], ONE],
        Ink.from_points([X, ONE]),
        iter([X, ONE]),
    ],
    ids=["lists", "tuples", "arrays", "with time", "ink", "iterator"],
)
def test_strokes_may_be_anything_that_reads_as_points(recognizer: Recognizer, strokes: object) -> None:
    assert recognizer.recognize(strokes).latex == "x 1"  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("strokes", "complaint"),
    [
        ([], "no stroke"),
        (None, "this is no ink"),
        ([[]], "stroke 0"),
        ([X, [[1]]], "stroke 1"),
        ([[[0, float("nan")]]], "not a finite number"),
        ([[[0, 1e39]]], "not a finite number of at most 3.4e38"),
        (Ink((np.array([[0, np.inf]], np.float32),)), "not a finite number"),
        (Ink((np.zeros((0, 2), np.float32),)), "stroke 0"),
        ([ONE] * 401, "401 strokes are more than the 400 that one formula may have"),
    ],
)
def test_what_is_no_ink_is_refused_with_its_place(recognizer: Recognizer, strokes: object, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        recognizer.recognize(strokes)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=complaint):
        recognizer.classify(strokes)  # type: ignore[arg-type]


def test_a_picture_is_read_with_the_strokes_found_in_it(recognizer: Recognizer, tmp_path: Path) -> None:
    (tmp_path / "scan.png").write_bytes(picture())
    pixels = np.full((100, 160), 255, np.uint8)
    pixels[10:90, 38:43] = 0
    result = recognizer.recognize_image(tmp_path / "scan.png", alternatives=2)
    assert result.latex == "1 -"
    assert len(result.alternatives) == 2
    assert result.symbols[0].box == pytest.approx((40, 10, 40, 90), abs=4), "in pixels of the picture"
    assert recognizer.recognize_image(picture()).latex == "1 -"
    assert recognizer.recognize_image(pixels).latex == "1"
    with pytest.raises(ImageError, match="no PNG or JPEG"):
        recognizer.recognize_image(b"no picture")


def test_many_inks_are_one_batch() -> None:
    reader = StubReader()
    recognizer = Recognizer(lambda: reader, StubNamer)
    results = recognizer.recognize_many([[X], [ONE, MINUS]])
    assert [result.latex for result in results] == ["x", "1 -"]
    assert reader.calls == 1
    assert recognizer.recognize_many([]) == []


def test_a_symbol_is_named(recognizer: Recognizer) -> None:
    assert [candidate.label for candidate in recognizer.classify([ONE], top_k=2)] == ["1", "x"]


@pytest.mark.parametrize("number", [0, -3, 1.5, "2", None])
def test_how_many_answers_is_a_whole_number(recognizer: Recognizer, number: Any) -> None:
    with pytest.raises(ValueError, match=f"top_k is {number}; ask for a whole number"):
        recognizer.classify([ONE], top_k=number)
    with pytest.raises(ValueError, match=f"alternatives is {number}; ask for a whole number"):
        recognizer.recognize([ONE], alternatives=number)


def test_how_many_answers_may_be_a_number_of_numpy(recognizer: Recognizer) -> None:
    two: Any = np.int64(2)
    assert len(recognizer.classify([ONE], top_k=two)) == 2


# Constraints


def test_constraints_are_obeyed_by_every_alternative(recognizer: Recognizer) -> None:
    result = recognizer.recognize([X, ONE, MINUS], constraints={frozenset({0, 1}): "\\alpha"})
    for formula in result.alternatives:
        assert Symbol("\\alpha", (0, 1)) in formula.tree.symbols


@pytest.mark.parametrize(
    ("constraints", "complaint"),
    [
        ({frozenset({2}): "x"}, r"strokes 0\.\.1"),
        ({frozenset({0.5, 1.0}): "x"}, r"strokes 0\.\.1"),
        ({frozenset({True}): "x"}, r"strokes 0\.\.1"),
        ({frozenset({"a", 0}): "x"}, r"strokes 0\.\.1"),
        ({frozenset(): "x"}, "names no stroke"),
        ({frozenset(): 5}, "names no stroke for the label '5'"),
        ({(0, 1): "x"}, r"write frozenset\(\(0, 1\)\)"),
        ({frozenset({0}): "x", frozenset({0, 1}): "y"}, "two constraints name stroke 0"),
        ({frozenset({0}): 5}, "asks for the label '5', which the model does not know"),
        ({frozenset({0}): "\\unknown"}, "unknown"),
    ],
)
def test_constraints_that_cannot_hold_are_refused(recognizer: Recognizer, constraints: Any, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        recognizer.recognize([X, ONE], constraints=constraints)


# Notations


def test_a_result_is_written_as_inkml_with_its_truth(recognizer: Recognizer) -> None:
    written = parse_inkml(recognizer.recognize([X, ONE]).to_inkml())
    assert written.latex == "x 1"
    assert written.tree is not None
    assert [symbol.strokes for symbol in written.tree.symbols] == [(0,), (1,)]


def test_what_the_ink_came_with_as_its_truth_gives_way_to_the_reading(recognizer: Recognizer) -> None:
    labelled = replace(Ink.from_points([X, ONE]), groups=(Symbol("z", (0,)),), problems=("no tree",))
    written = recognizer.recognize(labelled).to_ink()
    assert (written.groups, written.problems) == ((), ())


def test_a_label_graph_names_the_strokes_as_their_file_does(recognizer: Recognizer) -> None:
    document = "<ink xmlns='http://www.w3.org/2003/InkML'><trace id='7'>0 0, 10 10</trace></ink>"
    graph = recognizer.recognize(parse_inkml(document)).to_lg()
    assert "O, x_1, x, 1.0, 7" in graph


def test_a_label_graph_has_the_title_that_the_file_gives(recognizer: Recognizer) -> None:
    ink = Ink.from_points([X], id="a", annotations={"UI": "2013_F1"})
    assert recognizer.recognize(ink).to_lg().startswith("# IUD, 2013_F1\n")
    assert recognizer.recognize(replace(ink, annotations={})).to_lg().startswith("# IUD, a\n")


def test_a_label_graph_reads_back_as_the_same_formula(recognizer: Recognizer) -> None:
    result = recognizer.recognize([X, ONE])
    assert parse_lg(result.to_lg()) == result.tree


def test_a_notebook_shows_mathematics_and_ink(recognizer: Recognizer) -> None:
    result = recognizer.recognize([X, ONE])
    assert result._repr_latex_() == r"$\displaystyle x 1$"
    assert result._repr_svg_().startswith("<svg")
    assert repr(result) == "Recognition(latex='x 1', confidence=0.900)"


def formula(latex: str) -> Formula:
    from inkmath.layout.latex import parse_latex

    return Formula(Ink(()), Reading(parse_latex(latex), 1.0))


def test_a_formula_becomes_a_sympy_expression() -> None:
    sympy = pytest.importorskip("sympy")
    a, b, x, y = sympy.symbols("a b x y")
    assert formula(r"\frac { a } { b } + x ^ { 2 }").to_sympy() == a / b + x**2
    assert formula(r"\sqrt { x } = y").to_sympy() == sympy.Eq(sympy.sqrt(x), y)
    assert formula(r"\int _ { 0 } ^ { 1 } x d x").to_sympy() == sympy.Integral(x, (x, 0, 1))
    assert formula("x _ { 1 } + 1").to_sympy() == sympy.Symbol("x_{1}") + 1


def test_of_several_inks_the_wrong_one_is_named(recognizer: Recognizer) -> None:
    with pytest.raises(ValueError, match="ink 1: there is no stroke to read"):
        recognizer.recognize_many([[[[0, 0], [1, 1]]], []])
    with pytest.raises(ValueError, match="ink 1: stroke 0 has shape"):
        recognizer.recognize_many(iter([[X], [[[0]]]]))
    with pytest.raises(ValueError, match=r"^there is no stroke to read"):
        recognizer.recognize_many([[]])


@pytest.mark.parametrize("file", ["formula.inkml", Path("formula.inkml"), b"<ink/>"])
def test_what_reads_a_file_is_said_to_who_gives_a_file_for_ink(recognizer: Recognizer, file: Any) -> None:
    for read in (recognizer.recognize, recognizer.classify):
        with pytest.raises(ValueError, match="this is no ink: read a file with"):
            read(file)


# Sessions


def test_an_answer_to_what_changed_meanwhile_is_not_kept() -> None:
    reader = StubReader()
    session = Recognizer(lambda: reader, StubNamer).session()
    session.add(X)
    read = reader.read

    def interrupted(*given: Any, **options: Any) -> Any:
        reader.read = read  # type: ignore[method-assign]
        session.add(ONE)
        return read(*given, **options)

    reader.read = interrupted  # type: ignore[method-assign]
    first, second = session.recognition, session.recognition
    assert first is not None and second is not None
    assert (first.latex, second.latex) == ("x", "x 1")
    assert session.recognition is second, "what has not changed is read once"


def test_a_session_follows_the_pen(recognizer: Recognizer) -> None:
    session = recognizer.session()
    assert session.recognition is None
    session.add(X)
    one = session.add(ONE)
    assert session.recognition is not None
    assert session.recognition.latex == "x 1"
    session.remove(one)
    assert session.recognition.latex == "x"
    assert session.keys == (0,)


def test_a_session_far_from_the_origin_reads_as_one_near_it() -> None:
    reader = StubReader()
    session = Recognizer(lambda: reader, StubNamer).session()
    given: list[Ink] = []
    read = reader.read

    def noted(inks: Any, *others: Any, **options: Any) -> Any:
        given.extend(inks)
        return read(inks, *others, **options)

    reader.read = noted  # type: ignore[method-assign]
    for stroke in (X, ONE):
        session.add([[x + 3e9, y - 8e9] for x, y, *_ in stroke])
    assert session.recognition is not None
    near, far = Ink.from_points([X, ONE]), given[-1]
    for one, other in zip(near.strokes, far.strokes, strict=True):
        np.testing.assert_allclose(one - near.bounds[:2], other, atol=1e-3)


def test_a_choice_stays_while_strokes_come_and_ends_with_its_own(recognizer: Recognizer) -> None:
    session = recognizer.session()
    first, second = session.add(X), session.add(ONE)
    session.choose([second], "y")
    third = session.add(MINUS)
    session.remove(first)
    assert session.recognition is not None
    assert session.recognition.latex == "y -"
    session.choose([second, third], "+")
    assert session.recognition.latex == "+"
    session.remove(third)
    assert session.recognition.latex == "1"


def test_a_session_reads_once_for_each_change() -> None:
    reader = StubReader()
    session = Recognizer(lambda: reader, StubNamer).session()
    session.add(X)
    assert session.recognition is session.recognition
    assert reader.calls == 1


def test_a_session_knows_no_foreign_strokes(recognizer: Recognizer) -> None:
    session = recognizer.session()
    with pytest.raises(KeyError):
        session.remove(0)
    with pytest.raises(KeyError):
        session.choose([0], "x")


@pytest.mark.parametrize(("keys", "label"), [([], "x"), ([0], "\\unknown")])
def test_a_choice_that_no_reading_could_obey_is_refused_and_changes_nothing(
    recognizer: Recognizer, keys: list[int], label: str
) -> None:
    session = recognizer.session()
    session.add(X)
    with pytest.raises(ValueError, match="constraint"):
        session.choose(keys, label)
    assert session.recognition is not None
    assert session.recognition.latex == "x"


# Loading


def test_models_are_loaded_when_they_are_first_needed(tmp_path: object) -> None:
    recognizer = Recognizer.load(str(tmp_path))
    with pytest.raises(FileNotFoundError, match="expression"):
        recognizer.recognize([X])
    with pytest.raises(FileNotFoundError, match="symbol"):
        recognizer.classify([X])


def test_a_directory_that_is_not_there_is_named() -> None:
    with pytest.raises(FileNotFoundError, match="no/such/place"):
        Recognizer.load("no/such/place")


def below(stroke: list[list[int]]) -> list[list[int]]:
    """So far down that it is of a second row."""
    return [[x, y + 100] for x, y in stroke]


def test_formulas_beneath_each_other_are_read_each_for_itself(recognizer: Recognizer) -> None:
    found = recognizer.recognize_rows([X, below(ONE), ONE, below(MINUS)], alternatives=2)
    assert [row.latex for row in found.rows] == ["x 1", "1 -"]
    assert [[symbol.strokes for symbol in row.symbols] for row in found.rows] == [[(0,), (2,)], [(1,), (3,)]]
    assert found.rows[1].symbols[0].box == (20, 100, 20, 120), "symbols own strokes of the whole ink"
    assert [formula.latex for formula in found.rows[1].alternatives] == ["1 -", "1 +"]
    assert all(len(row.ink.strokes) == 4 for row in found.rows)
    assert found.rows[0].seconds >= 0


def test_rows_are_one_formula_of_several_lines_in_every_notation_but_the_label_graph(recognizer: Recognizer) -> None:
    found = recognizer.recognize_rows([X, below(ONE)])
    assert found.latex == "\\begin{aligned}\n& x \\\\\n& 1\n\\end{aligned}"
    assert found._repr_latex_() == f"$\\displaystyle {found.latex}$"
    assert found.mathml.count("<mtr>") == 2
    assert [row["latex"] for row in found.as_dict()["rows"]] == ["x", "1"]
    assert repr(found) == "Rows([Recognition(latex='x', confidence=0.900), Recognition(latex='1', confidence=0.900)])"
    with pytest.raises(LayoutError, match="a label graph holds one formula, and these are 2"):
        found.to_lg()


def test_one_row_is_what_it_would_be_as_a_formula(recognizer: Recognizer) -> None:
    found, formula = recognizer.recognize_rows([X, ONE]), recognizer.recognize([X, ONE])
    assert (found.latex, found.mathml, found.to_lg()) == (formula.latex, formula.mathml, formula.to_lg())


def test_choices_hold_in_their_rows_and_keep_strokes_together(recognizer: Recognizer) -> None:
    found = recognizer.recognize_rows([X, below(X), below(MINUS)], constraints={frozenset({1, 2}): "y"})
    assert [row.latex for row in found.rows] == ["x", "y"]
    assert found.rows[1].symbols[0].strokes == (1, 2)
    across = recognizer.recognize_rows([X, below(X)], constraints={frozenset({0, 1}): "y"})
    assert [row.latex for row in across.rows] == ["y"]


def test_rows_are_joined_and_begun_where_a_person_says_so(recognizer: Recognizer) -> None:
    page = [X, ONE, below(ONE), below(MINUS)]
    joined = recognizer.recognize_rows(page, joined=[{0, 3}])
    assert [row.latex for row in joined.rows] == ["x 1 -", "1"]
    begun = recognizer.recognize_rows(page, begins=[1])
    assert [row.latex for row in begun.rows] == ["x", "1", "1 -"]


def test_rows_refuse_beginnings_that_cannot_be() -> None:
    recognizer = Recognizer(StubReader, StubNamer)
    with pytest.raises(ValueError, match=r"begins names strokes \[2\]; the ink has strokes 0\.\.1"):
        recognizer.recognize_rows([X, ONE], begins=[2])
    with pytest.raises(ValueError, match=r"joined names strokes \[0, 2\]; the ink has strokes 0\.\.1"):
        recognizer.recognize_rows([X, ONE], joined=[{0, 2}])
    with pytest.raises(ValueError, match="joined holds a set without strokes"):
        recognizer.recognize_rows([X, ONE], joined=[set()])
    for more in ({"joined": [{0, 1}]}, {"constraints": {frozenset({0, 1}): "x"}}):
        with pytest.raises(ValueError, match="stroke 1 begins a formula, and is to be of one with stroke 0 before it"):
            recognizer.recognize_rows([X, ONE], begins=[1], **more)


def test_what_is_joined_through_others_is_of_one_row_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def parted(_: object, ink: Ink, together: Any, begins: Any) -> list[tuple[int, ...]]:
        return rows(ink.strokes, lambda sets: [0.0 for _ in sets], together, begins)

    monkeypatch.setattr(StubReader, "rows", parted)
    recognizer = Recognizer(StubReader, StubNamer)
    line = [[[20 * place, 0], [20 * place, 20]] for place in range(6)]
    chosen, joined = {frozenset({0, 5}): "y"}, [{4, 5}]
    found = recognizer.recognize_rows(line, constraints=chosen, joined=joined, begins=[3])
    owned = [[symbol.strokes for symbol in row.symbols] for row in found.rows]
    assert owned == [[(0, 5), (1,), (2,), (4,)], [(3,)]]
    with pytest.raises(ValueError, match="stroke 4 begins a formula, and is to be of one with stroke 0 before it"):
        recognizer.recognize_rows(line, constraints=chosen, joined=joined, begins=[4])


def test_rows_of_more_strokes_than_a_formula_may_have_are_read_in_parts(recognizer: Recognizer) -> None:
    page = [[[10 * x, 100 * y], [10 * x, 100 * y + 20]] for y in range(5) for x in range(100)]
    constraints = {frozenset({299, 298}): "x", frozenset({0, 100}): "y"}
    found = recognizer.recognize_rows(page, constraints=constraints, begins=[150, 450], joined=[{310, 320}])
    owned = [sorted(stroke for symbol in row.symbols for stroke in symbol.strokes) for row in found.rows]
    assert sorted(stroke for row in owned for stroke in row) == list(range(500))
    assert {150, 450} <= {row[0] for row in owned}
    labels = {symbol.strokes: symbol.label for row in found.rows for symbol in row.symbols}
    assert (labels[298, 299], labels[0, 100], labels[499,]) == ("x", "y", "1")
    with pytest.raises(TooManyStrokesError, match="401 strokes"):
        recognizer.recognize_rows(page[:100] * 4 + page[:1])


def test_rows_refuse_what_a_formula_refuses(recognizer: Recognizer) -> None:
    with pytest.raises(ValueError, match="there is no stroke to read"):
        recognizer.recognize_rows([])
    with pytest.raises(ValueError, match="alternatives is 0"):
        recognizer.recognize_rows([X], alternatives=0)
    with pytest.raises(ValueError, match=r"the ink has strokes 0\.\.0"):
        recognizer.recognize_rows([X], constraints={frozenset({1}): "x"})


@needs_weights
def test_a_recogniser_can_be_sent_to_another_process(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """As a pool of processes does with what it maps; by the place of its models, wherever that process works."""
    monkeypatch.chdir(WEIGHTS.parent)
    loaded = Recognizer.load(WEIGHTS.name)
    answer = loaded.recognize([X])
    sent = pickle.dumps(loaded)
    monkeypatch.chdir(tmp_path)
    assert pickle.loads(sent).recognize([X]).latex == answer.latex


@needs_weights
def test_models_that_are_loaded_later_are_found_from_another_working_directory(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(WEIGHTS.parent)
    loaded = Recognizer.load(WEIGHTS.name)
    monkeypatch.chdir(tmp_path)
    assert loaded.recognize([X]).latex
    assert loaded.classify([X])


def test_the_recogniser_comes_without_tensorflow() -> None:
    loaded = "import sys, inkmath.recognizer as r, inkmath.cli; r.Recognizer.load('.'); print(*sys.modules)"
    modules = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True).stdout.split()
    assert not {"tensorflow", "keras", "mlflow", "pandas", "matplotlib", "sympy"} & set(modules)


def test_a_formula_says_the_same_in_json(recognizer: Recognizer) -> None:
    record = recognizer.recognize([X, ONE], alternatives=2).as_dict()
    assert set(record) == {"latex", "tokens", "confidence", "alternatives", "symbols", "relations", "seconds"}
    assert record["alternatives"] == [{"latex": "x 1", "confidence": 0.9}, {"latex": "x -", "confidence": 0.45}]
    assert record["relations"] == [{"parent": 0, "child": 1, "relation": "Right"}]
    assert record["symbols"][0]["alternatives"][0] == {"label": "x", "probability": 0.8}


def test_a_reading_without_candidates_is_a_formula_too() -> None:
    known = Formula(Ink.from_points([X]), Reading(LayoutTree((Symbol("x", (0,)),)), 0.5))
    assert known.symbols[0].candidates == ()


@needs_weights
def test_the_symbol_model_is_read_from_its_files_once_for_either_use(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: list[Path] = []
    load = symbol.OnnxSymbolReader

    def counted(path: Path) -> symbol.OnnxSymbolReader:
        loaded.append(path)
        return load(path)

    monkeypatch.setattr(symbol, "OnnxSymbolReader", counted)
    recognizer = Recognizer.load()
    assert recognizer.recognize([X, ONE]).latex
    assert recognizer.symbols.labels
    assert loaded == [WEIGHTS]


@needs_weights
def test_formulas_are_not_read_worse_in_silence_where_the_symbol_model_is_damaged(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(WEIGHTS, tmp_path / "weights"))
    (folder / "symbol.onnx").unlink()
    with pytest.raises(NetworkError, match="the network that belongs to it is gone"):
        Recognizer.load(folder).recognize([X, ONE])
    (folder / "symbol.json").unlink()
    assert Recognizer.load(folder).recognize([X, ONE]).latex
