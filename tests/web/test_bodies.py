"""What clients send: bounded, and refused with the place and the remedy."""

from __future__ import annotations

import gzip
import json
import sys
from typing import TYPE_CHECKING

import pytest
from asking import HERE, X, assert_problem, formula
from drawn_picture import picture
from fastapi.testclient import TestClient

from inkmath.ink import Ink
from inkmath.inkml import write_inkml
from inkmath.web.app import create_app
from inkmath.web.problems import limit_problem
from inkmath.web.settings import Limits, Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from inkmath.recognizer import Recognizer


@pytest.mark.parametrize(
    ("strokes", "kind", "limit"),
    [
        ([X] * 6, "too-many-strokes", {"name": "strokes", "value": 5}),
        ([[[0, 0]] * 201], "too-many-points", {"name": "points", "value": 200}),
        ([[[0.123456789, 0.123456789]] * 300], "body-too-large", {"name": "body_bytes", "value": 4000}),
    ],
)
def test_what_is_too_large_is_refused_with_its_limit(
    client: TestClient, strokes: list[object], kind: str, limit: dict[str, object]
) -> None:
    problem = assert_problem(client.post("/api/recognize", json={"strokes": strokes}), 413, kind)
    assert problem["limit"] == limit
    assert f"{limit['value']:,}" in str(problem["detail"])


@pytest.mark.parametrize(
    ("strokes", "kind", "limit"),
    [
        ([X] * 11, "too-many-strokes", {"name": "strokes", "value": 10}),
        ([[[0, 0]] * 401], "too-many-points", {"name": "points", "value": 400}),
        ([[[0.123456789, 0.123456789]] * 600], "body-too-large", {"name": "body_bytes", "value": 8000}),
    ],
)
def test_a_sheet_that_is_only_told_or_written_has_limits_of_its_own(
    client: TestClient, strokes: list[list[list[float]]], kind: str, limit: dict[str, object]
) -> None:
    document = write_inkml(Ink.from_points(strokes))
    as_file = client.post("/api/ink", content=document, headers={"Content-Type": "application/inkml+xml"})
    for response in (as_file, client.post("/api/inkml", json={"strokes": strokes})):
        assert assert_problem(response, 413, kind)["limit"] == limit


@pytest.mark.parametrize("strokes", [[X] * 10, [[[0, 0]] * 400]])
def test_a_sheet_just_as_large_as_its_limit_is_told_and_written(
    client: TestClient, strokes: list[list[list[float]]]
) -> None:
    written = client.post("/api/inkml", json={"strokes": strokes})
    told = client.post("/api/ink", content=written.content, headers={"Content-Type": "application/inkml+xml"})
    assert told.json() == {"strokes": strokes}


def test_a_sheet_as_large_as_its_limits_is_no_larger_body_than_they_allow(recognizer: Recognizer) -> None:
    """Written as the page writes it, to a tenth of a unit."""
    limits = Limits()
    each = limits.sheet_points // limits.sheet_strokes
    sheet = [[[1234.5, 1234.5]] * each] * limits.sheet_strokes
    body = json.dumps({"strokes": sheet}, separators=(",", ":"))
    with TestClient(create_app(recognizer, Settings()), **HERE) as client:
        written = client.post("/api/inkml", content=body, headers={"Content-Type": "application/json"})
        assert written.status_code == 200
        told = client.post("/api/ink", content=written.content, headers={"Content-Type": "application/inkml+xml"})
        assert told.json() == {"strokes": sheet}


@pytest.mark.parametrize(
    ("value", "words"), [(2 * 2**20, "2,097,152"), (20_000_000, "20,000,000"), (10.0, "10"), (0.2, "0.2")]
)
def test_a_limit_is_written_as_people_write_numbers(value: float, words: str) -> None:
    problem = limit_problem(413, "kind", "Title", limit="name", value=value, unit="units", remedy="Less.")
    assert problem.detail == f"The limit is {words} units. Less."


@pytest.mark.parametrize("strokes", [[X] * 5, [[[0, 0]] * 200]])
def test_what_is_just_as_large_as_its_limit_is_read(client: TestClient, strokes: list[object]) -> None:
    assert client.post("/api/recognize", json={"strokes": strokes}).status_code == 200


def test_what_a_pen_tells_beside_x_and_y_is_ignored_though_not_every_point_has_it(client: TestClient) -> None:
    with_pressure = [[*X[0], 0.5], *X[1:]]
    plain, ragged = (client.post("/api/recognize", json={"strokes": [one]}) for one in (X, with_pressure))
    assert ragged.json()["latex"] == plain.json()["latex"]


def test_a_body_of_unknown_length_is_cut_off_at_the_limit(client: TestClient) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(1000):
            yield b" " * 1000

    response = client.post("/api/recognize", content=endless(), headers={"Content-Type": "application/json"})
    assert_problem(response, 413, "body-too-large")
    assert response.headers["Connection"] == "close", "what is left of it is not waited for"


@pytest.mark.parametrize(
    "body",
    [
        "",
        "{",
        "[]",
        "{}",
        '{"strokes": []}',
        '{"strokes": [[]]}',
        '{"strokes": [[[1]]]}',
        '{"strokes": [[[1, "secret"]]]}',
        '{"strokes": [[[1, NaN]]]}',
        '{"strokes": [[[1, 1e300]]]}',
        '{"strokes": [[[1, 1]]], "alternatives": 0}',
        '{"strokes": [[[1, 1]]], "unknown": 1}',
        '{"strokes": [[[1, 1]]], "constraints": [{"strokes": [7], "label": "x"}]}',
        '{"strokes": [[[1, 1]]], "constraints": [{"strokes": [0], "label": "no such"}]}',
        '{"strokes": [[[1, 1]]], "constraints": [{"strokes": [0, 0], "label": "x"}]}',
        '{"strokes": [[[1, 1]]], "constraints": [{"strokes": [0], "label": "x"}, {"strokes": [0], "label": "1"}]}',
    ],
)
def test_nonsense_is_refused_and_not_repeated(client: TestClient, body: str) -> None:
    response = client.post("/api/recognize", content=body, headers={"Content-Type": "application/json"})
    assert_problem(response, 422, "invalid")
    assert "secret" not in response.text


def test_of_a_name_that_is_not_known_no_more_is_repeated_than_finds_it(client: TestClient) -> None:
    response = client.post("/api/recognize", json={"strokes": [X], "alternativs" * 300: 1})
    assert "alternativs" in assert_problem(response, 422, "invalid")["detail"]
    assert len(response.text) < 500


@pytest.mark.parametrize("document", ["", "no xml", "<ink/>", "<ink><trace>nan 1</trace></ink>", "<html/>"])
def test_unusable_inkml_is_refused(client: TestClient, document: str) -> None:
    response = client.post("/api/recognize", content=document, headers={"Content-Type": "application/inkml+xml"})
    assert_problem(response, 422, "inkml")


@pytest.mark.parametrize(
    ("begin", "detail"),
    [
        (b"\x89PNG\r\n\x1a\n", "the file is PNG, no InkML; give it as a picture"),
        (b"\0\0\0\x18ftypheic", "the file is HEIC, no InkML; save it as PNG or JPEG"),
    ],
)
def test_a_picture_sent_as_inkml_is_called_what_it_is(client: TestClient, begin: bytes, detail: str) -> None:
    response = client.post("/api/recognize", content=begin, headers={"Content-Type": "application/inkml+xml"})
    assert assert_problem(response, 422, "inkml")["detail"] == detail


@pytest.mark.parametrize(
    ("content", "status", "kind", "limit"),
    [
        pytest.param(b"no picture", 422, "picture", None, id="no picture"),
        pytest.param(b"", 422, "picture", None, id="nothing"),
        pytest.param(lambda: picture(lines=[]), 422, "picture", None, id="blank"),
        pytest.param(lambda: picture()[:60], 422, "picture", None, id="cut off"),
        pytest.param(
            lambda: picture(size=(400, 300)), 413, "too-many-pixels", {"name": "pixels", "value": 100_000}, id="pixels"
        ),
        pytest.param(
            lambda: picture(lines=[[(20 * i, 10), (20 * i, 90)] for i in range(1, 8)]),
            413,
            "too-many-strokes",
            {"name": "strokes", "value": 5},
            id="strokes",
        ),
        pytest.param(bytes(5000), 413, "body-too-large", {"name": "body_bytes", "value": 4000}, id="bytes"),
    ],
)
def test_unusable_pictures_are_refused(
    client: TestClient, content: bytes | Callable[[], bytes], status: int, kind: str, limit: object
) -> None:
    body = content if isinstance(content, bytes) else content()
    response = client.post("/api/recognize", content=body, headers={"Content-Type": "image/png"})
    problem = assert_problem(response, status, kind)
    assert problem.get("limit") == limit
    assert "image:" not in str(problem["detail"])


def test_a_server_without_the_packages_for_pictures_says_which_it_lacks(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = picture()
    monkeypatch.setitem(sys.modules, "PIL", None)
    response = client.post("/api/recognize", content=body, headers={"Content-Type": "image/png"})
    assert "inkmath[images]" in str(assert_problem(response, 415, "media-type")["detail"])


def test_a_byte_order_mark_before_json_is_no_hindrance(client: TestClient) -> None:
    body = b"\xef\xbb\xbf" + json.dumps({"strokes": [X]}).encode()
    assert client.post("/api/recognize", content=body, headers={"Content-Type": "application/json"}).status_code == 200


def test_a_compressed_body_is_refused_with_what_to_do(client: TestClient) -> None:
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    response = client.post("/api/recognize", content=gzip.compress(b'{"strokes": []}'), headers=headers)
    assert "without Content-Encoding" in str(assert_problem(response, 415, "content-coding")["detail"])
    assert response.headers["Accept-Encoding"] == "identity"


@pytest.mark.parametrize("path", ["recognize", "rows", "classify", "ink", "arrange", "inkml", "corrections"])
@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
def test_other_types_are_refused(client: TestClient, path: str, kind: str) -> None:
    """Browsers let any page on the web send these here without asking; what is JSON by its type they ask about first.

    Else such a page could save what the next training learns from.
    """
    body = json.dumps({"strokes": [X]} if path in ("recognize", "classify") else formula(latex="x"))
    response = client.post(f"/api/{path}", content=body, headers={"Content-Type": kind})
    assert_problem(response, 415, "media-type")
