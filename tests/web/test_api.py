"""The REST interface, asked as a client asks it."""

from __future__ import annotations

from typing import Any

import pytest
from asking import HERE, MINUS, ONE, X, assert_problem, client_of, formula, until_ready
from drawn_picture import picture
from fastapi.testclient import TestClient
from stub_reader import StubNamer, StubReader

from inkmath.ink import Ink
from inkmath.inkml import parse_inkml, write_inkml
from inkmath.recognizer import Recognizer
from inkmath.web.app import create_app
from inkmath.web.settings import Limits, Settings


def test_strokes_become_a_formula_with_its_symbols_and_the_next_best(client: TestClient) -> None:
    answer = client.post("/api/recognize", json={"strokes": [X, ONE, MINUS], "alternatives": 3}).json()

    assert answer["latex"] == "x 1 -"
    assert answer["compact"] == "x1-"
    assert [symbol["strokes"] for symbol in answer["symbols"]] == [[0], [1], [2]]
    assert answer["relations"][0] == {"parent": 0, "child": 1, "relation": "Right"}
    assert [formula["latex"] for formula in answer["alternatives"]] == ["x 1 -", "x 1 +", "x 1 y"]
    assert 'id="symbol-2"' in answer["mathml"]


def test_a_choice_of_the_person_is_obeyed(client: TestClient) -> None:
    choice = {"strokes": [0, 1], "label": "\\alpha"}
    answer = client.post("/api/recognize", json={"strokes": [X, ONE, MINUS], "constraints": [choice]}).json()
    assert answer["latex"] == "\\alpha -"
    assert answer["symbols"][0] == {**answer["symbols"][0], "label": "\\alpha", "strokes": [0, 1]}


def test_formulas_beneath_each_other_come_back_as_rows(client: TestClient) -> None:
    below = [[x, y + 100] for x, y in ONE]
    asked = {"strokes": [X, below, MINUS], "alternatives": 2, "constraints": [{"strokes": [1], "label": "y"}]}
    first, second = client.post("/api/rows", json=asked).json()["rows"]
    assert (first["latex"], second["latex"]) == ("x -", "y")
    assert [symbol["strokes"] for symbol in first["symbols"]] == [[0], [2]]
    assert second["symbols"][0]["strokes"] == [1]
    assert [formula["latex"] for formula in first["alternatives"]] == ["x -", "x +"]
    assert first["relations"] == [{"parent": 0, "child": 1, "relation": "Right"}]


def test_rows_are_joined_and_begun_as_asked(client: TestClient) -> None:
    asked = {"strokes": [X, ONE, [[x, y + 100] for x, y in ONE]]}
    for said, wanted in (
        ({"begins": [1]}, [[[0]], [[1]], [[2]]]),
        ({"joined": [[0, 2]]}, [[[0], [1], [2]]]),
    ):
        found = client.post("/api/rows", json=asked | said).json()["rows"]
        assert [sorted(symbol["strokes"] for symbol in row["symbols"]) for row in found] == wanted
    problem = assert_problem(client.post("/api/rows", json=asked | {"begins": [3]}), 422, "invalid")
    assert "begins names strokes [3]" in problem["detail"]
    assert_problem(client.post("/api/recognize", json=asked | {"begins": [1]}), 422, "invalid")


def test_a_file_in_rows_comes_back_with_its_strokes_and_what_it_says_they_are(client: TestClient) -> None:
    above = [[x, y - 100] for x, y in X]
    says_y = {"strokes": [above, ONE], "symbols": [{"label": "y", "strokes": [0, 1]}]}
    document = client.post("/api/inkml", json=says_y).content
    answer = client.post("/api/rows", content=document, headers={"Content-Type": "application/inkml+xml"}).json()
    assert [row["latex"] for row in answer["rows"]] == ["x", "1"]
    assert answer["strokes"] == [above, ONE]
    assert answer["truth"]["latex"] == "y"


def test_a_picture_is_read_in_rows(client: TestClient) -> None:
    body = picture(lines=[[(20, 10), (60, 10)], [(20, 150), (60, 150)]], size=(100, 160))
    answer = client.post("/api/rows", content=body, headers={"Content-Type": "image/png"}).json()
    assert [row["latex"] for row in answer["rows"]] == ["-", "-"]
    assert len(answer["strokes"]) == 2 and "truth" not in answer


def test_rows_refuse_choices_that_no_formula_takes(client: TestClient) -> None:
    unknown = {"strokes": [X], "constraints": [{"strokes": [3], "label": "x"}]}
    problem = assert_problem(client.post("/api/rows", json=unknown), 422, "invalid")
    assert "the ink has strokes 0..0" in problem["detail"]


def test_a_label_may_be_written_as_crohme_writes_it(recognizer: Recognizer) -> None:
    reader = StubReader()
    reader.labels = (*reader.labels, ",")
    with client_of(Recognizer(lambda: reader, StubNamer)) as client:
        until_ready(client)
        choice = {"strokes": [0], "label": "COMMA"}
        answer = client.post("/api/recognize", json={"strokes": [X], "constraints": [choice]}).json()
    assert answer["latex"] == ","


def test_inkml_is_read_and_its_strokes_come_back(client: TestClient) -> None:
    document = "<ink xmlns='http://www.w3.org/2003/InkML'><trace id='0'>0 0, 10 10</trace></ink>"
    answer = client.post("/api/recognize", content=document, headers={"Content-Type": "application/inkml+xml"}).json()
    assert answer["latex"] == "x"
    assert answer["strokes"] == [[[0, 0], [10, 10]]]
    assert "truth" not in answer


def test_what_inkml_says_of_all_its_strokes_comes_back_beside_what_is_read(client: TestClient) -> None:
    def recognized(written: dict[str, object]) -> dict[str, Any]:
        document = client.post("/api/inkml", json=written).content
        headers = {"Content-Type": "application/inkml+xml"}
        answer: dict[str, Any] = client.post("/api/recognize", content=document, headers=headers).json()
        return answer

    says_y = {"strokes": [X], "symbols": [{"label": "y", "strokes": [0]}]}
    answer = recognized(says_y)
    assert (answer["latex"], answer["truth"]["latex"]) == ("x", "y")
    assert answer["truth"]["symbols"][0]["strokes"] == [0]
    assert "truth" not in recognized({**says_y, "strokes": [X, ONE]}), "of one stroke it says nothing"


@pytest.mark.parametrize("media", ["image/png", "image/jpeg"])
def test_a_picture_is_read_and_the_strokes_found_in_it_come_back(client: TestClient, media: str) -> None:
    body = picture(form=media.removeprefix("image/"))
    answer = client.post("/api/recognize", content=body, headers={"Content-Type": media}).json()
    assert answer["latex"] == "1 -"
    assert [len(stroke) > 1 for stroke in answer["strokes"]] == [True, True]


def test_what_a_file_holds_is_told_without_reading_it_though_it_is_more_than_is_read_at_once() -> None:
    reader = StubReader()
    with client_of(Recognizer(lambda: reader, StubNamer)) as client:
        until_ready(client)
        before = reader.calls
        document = write_inkml(Ink.from_points([X] * 6))
        headers = {"Content-Type": "application/inkml+xml"}
        assert_problem(client.post("/api/rows", content=document, headers=headers), 413, "too-many-strokes")
        assert client.post("/api/ink", content=document, headers=headers).json() == {"strokes": [X] * 6}
        assert reader.calls == before


def test_what_inkml_says_of_all_its_strokes_is_told_though_they_are_not_read(client: TestClient) -> None:
    document = client.post("/api/inkml", json=formula()).content
    answer = client.post("/api/ink", content=document, headers={"Content-Type": "application/inkml+xml"}).json()
    assert set(answer) == {"strokes", "truth"}
    assert answer["truth"]["latex"] == "x"


def test_the_strokes_in_a_picture_are_told_though_they_are_not_read(client: TestClient) -> None:
    body = picture(lines=[[(20 * i, 10), (20 * i, 90)] for i in range(1, 8)])
    answer = client.post("/api/ink", content=body, headers={"Content-Type": "image/png"}).json()
    assert set(answer) == {"strokes"}
    assert len(answer["strokes"]) == 7


def test_ink_is_told_where_there_are_no_models() -> None:
    def missing() -> StubReader:
        raise FileNotFoundError("expression.onnx")

    with client_of(Recognizer(missing, StubNamer)) as client:
        document = write_inkml(Ink.from_points([X]))
        answer = client.post("/api/ink", content=document, headers={"Content-Type": "application/inkml+xml"})
        assert answer.json() == {"strokes": [X]}


def test_a_symbol_is_named(client: TestClient) -> None:
    answer = client.post("/api/classify", json={"strokes": [ONE], "top_k": 2}).json()
    assert [candidate["label"] for candidate in answer["candidates"]] == ["1", "x"]


def test_the_known_symbols_come_with_the_character_that_shows_them_and_its_name(client: TestClient) -> None:
    symbols = client.get("/api/symbols").json()["symbols"]
    alpha = "\N{GREEK SMALL LETTER ALPHA}"
    assert {"label": "\\alpha", "text": alpha, "name": "greek small letter alpha"} in symbols
    assert {"label": "x", "text": "x", "name": ""} in symbols


def test_without_weights_for_symbols_formulas_are_read_all_the_same() -> None:
    def missing() -> StubNamer:
        raise FileNotFoundError("symbol.json")

    with client_of(Recognizer(StubReader, missing)) as client:
        until_ready(client)
        assert client.post("/api/recognize", json={"strokes": [X]}).status_code == 200
        response = client.post("/api/classify", json={"strokes": [X]})
    assert_problem(response, 503, "no-model")
    assert "no weights for single symbols" in response.json()["detail"]


def test_a_formula_is_written_as_inkml_for_download(client: TestClient) -> None:
    response = client.post("/api/inkml", json=formula())
    assert response.headers["content-type"] == "application/inkml+xml"
    assert parse_inkml(response.content).latex == "x"


def test_what_was_read_of_as_many_strokes_as_are_read_at_once_is_written(recognizer: Recognizer) -> None:
    strokes = [[[20 * number, 0], [20 * number, 20]] for number in range(Limits.strokes)]
    with TestClient(create_app(recognizer, Settings()), **HERE) as client:
        until_ready(client)
        read = client.post("/api/recognize", json={"strokes": strokes}).json()
        symbols = [{"label": symbol["label"], "strokes": symbol["strokes"]} for symbol in read["symbols"]]
        written = {"strokes": strokes, "symbols": symbols, "relations": read["relations"]}
        assert len(symbols) == Limits.strokes
        assert parse_inkml(client.post("/api/inkml", json=written).content).latex == read["latex"]


def test_ink_of_more_strokes_than_are_read_at_once_is_written_as_inkml_without_a_formula(client: TestClient) -> None:
    sheet = [[[x + 0.3 * number, y] for x, y in X] for number in range(10)]
    response = client.post("/api/inkml", json={"strokes": sheet})
    ink = parse_inkml(response.content)
    assert (ink.tree, ink.latex, ink.problems) == (None, None, ())
    headers = {"Content-Type": "application/inkml+xml"}
    told = client.post("/api/ink", content=response.content, headers=headers).json()["strokes"]
    assert told == [[[pytest.approx(x), pytest.approx(y)] for x, y in stroke] for stroke in sheet]
    related = {"strokes": sheet, "relations": [{"parent": 0, "child": 1, "relation": "Right"}]}
    assert_problem(client.post("/api/inkml", json=related), 422, "invalid")


def test_what_was_decided_about_symbols_of_a_sheet_is_written_and_told_again(client: TestClient) -> None:
    decided = [{"label": "2", "strokes": [1]}, {"label": "+", "strokes": [2, 4]}]
    document = client.post("/api/inkml", json={"strokes": [X] * 5, "constraints": decided}).content
    ink = parse_inkml(document)
    assert (ink.tree, ink.problems) == (None, ())
    for path in ("ink", "rows", "recognize"):
        told = client.post(f"/api/{path}", content=document, headers={"Content-Type": "application/inkml+xml"}).json()
        assert told["constraints"] == decided
        assert "truth" not in told


@pytest.mark.parametrize(
    ("decided", "what"),
    [
        ([{"label": "2", "strokes": [2]}], "a symbol names stroke 2; there are 2"),
        ([{"label": "2", "strokes": [1]}, {"label": "x", "strokes": [0, 1]}], "the constraints name stroke 1 twice"),
        ([{"label": "two", "strokes": [1]}], "is no symbol"),
    ],
)
def test_what_cannot_be_decided_about_a_sheet_is_refused(client: TestClient, decided: object, what: str) -> None:
    answer = client.post("/api/inkml", json={"strokes": [X, ONE], "constraints": decided})
    assert_problem(answer, 422, "invalid")
    assert what in answer.json()["detail"]


def test_strokes_are_given_to_the_formula_that_was_meant(client: TestClient) -> None:
    read = {"strokes": [X, ONE], "symbols": [{"label": "x", "strokes": [0]}, {"label": "1", "strokes": [1]}]}
    read["relations"] = [{"parent": 0, "child": 1, "relation": "Right"}]
    meant = client.post("/api/arrange", json={**read, "latex": "x^2"}).json()
    assert meant["latex"] == "x ^ { 2 }"
    assert [symbol["strokes"] for symbol in meant["symbols"]] == [[0], [1]]
    for latex in ("x + 2", "\\frac{", ""):
        assert_problem(client.post("/api/arrange", json={**read, "latex": latex}), 422, "invalid")


@pytest.mark.parametrize(
    ("latex", "order"),
    [
        (r"\frac{a}{b}c", "- a b c"),
        (r"\sum_{i}^{n}x^{2}", r"\sum i n x 2"),
        (r"\sqrt[3]{x}y", r"\sqrt x 3 y"),
        (r"\ddot{x}_{1}y", "x . . 1 y"),
        (r"(\begin{matrix}a_{1}\\b\end{matrix})", "( a 1 b )"),
    ],
)
def test_a_formula_tells_the_order_in_which_it_is_read(client: TestClient, latex: str, order: str) -> None:
    symbols = [{"label": label, "strokes": [place]} for place, label in enumerate(reversed(order.split()))]
    edges = [{"parent": place, "child": place + 1, "relation": "Right"} for place in range(len(symbols) - 1)]
    strokes = [[[x, y] for x, y, *_ in X] for _ in symbols]
    body = {"strokes": strokes, "symbols": symbols, "relations": edges, "latex": latex}
    meant = client.post("/api/arrange", json=body).json()
    assert " ".join(meant["symbols"][place]["label"] for place in meant["reading_order"]) == order
