"""The REST interface, asked as a client asks it."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
from drawn_picture import picture
from fastapi.testclient import TestClient
from stub_reader import StubNamer, StubReader

from inkmath.inkml import parse_inkml
from inkmath.recognizer import Recognizer
from inkmath.web import corrections
from inkmath.web.app import create_app
from inkmath.web.problems import limit_problem
from inkmath.web.settings import Limits, Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

X = [[0, 0], [10, 10]]
ONE = [[20, 0], [20, 20]]
MINUS = [[30, 10], [60, 10]]

LIMITS = Limits(body_bytes=4000, strokes=5, points=200, pixels=100_000, seconds=20.0, waiting=2)
HERE = {"base_url": "http://127.0.0.1"}


def client_of(recognizer: Recognizer, **settings: object) -> TestClient:
    return TestClient(create_app(recognizer, Settings(limits=LIMITS, **settings)), **HERE)  # type: ignore[arg-type]


def until_ready(client: TestClient) -> None:
    for _ in range(100):
        if client.get("/readyz").status_code == 200:
            return
        time.sleep(0.01)
    pytest.fail("the server never became ready")


@pytest.fixture
def client(recognizer: Recognizer, tmp_path: Path) -> Iterator[TestClient]:
    with client_of(recognizer, corrections=tmp_path / "user") as client:
        until_ready(client)
        yield client


def assert_problem(response: httpx.Response, status: int, kind: str) -> dict[str, object]:
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert problem["type"] == f"urn:inkmath:problem:{kind}"
    assert problem["status"] == status
    assert problem["detail"]
    return problem


# Reading


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


@pytest.mark.parametrize("media", ["image/png", "image/jpeg"])
def test_a_picture_is_read_and_the_strokes_found_in_it_come_back(client: TestClient, media: str) -> None:
    body = picture(form=media.removeprefix("image/"))
    answer = client.post("/api/recognize", content=body, headers={"Content-Type": media}).json()
    assert answer["latex"] == "1 -"
    assert [len(stroke) > 1 for stroke in answer["strokes"]] == [True, True]


def test_a_symbol_is_named(client: TestClient) -> None:
    answer = client.post("/api/classify", json={"strokes": [ONE], "top_k": 2}).json()
    assert [candidate["label"] for candidate in answer["candidates"]] == ["1", "x"]


def test_the_known_symbols_come_with_the_character_that_shows_them(client: TestClient) -> None:
    symbols = client.get("/api/symbols").json()["symbols"]
    assert {"label": "\\alpha", "text": "\N{GREEK SMALL LETTER ALPHA}"} in symbols
    assert {"label": "x", "text": "x"} in symbols


# Refusals


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
    ("value", "words"), [(2 * 2**20, "2,097,152"), (20_000_000, "20,000,000"), (10.0, "10"), (0.2, "0.2")]
)
def test_a_limit_is_written_as_people_write_numbers(value: float, words: str) -> None:
    assert limit_problem(413, "kind", "Title", "name", value, "units").detail == f"The limit is {words} units."


def test_a_body_of_unknown_length_is_cut_off_at_the_limit(client: TestClient) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(1000):
            yield b" " * 1000

    response = client.post("/api/recognize", content=endless(), headers={"Content-Type": "application/json"})
    assert_problem(response, 413, "body-too-large")


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


@pytest.mark.parametrize("document", ["", "no xml", "<ink/>", "<ink><trace>nan 1</trace></ink>", "<html/>"])
def test_unusable_inkml_is_refused(client: TestClient, document: str) -> None:
    response = client.post("/api/recognize", content=document, headers={"Content-Type": "application/inkml+xml"})
    assert_problem(response, 422, "inkml")


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


def test_other_types_are_refused(client: TestClient) -> None:
    response = client.post("/api/recognize", content="{}", headers={"Content-Type": "text/plain"})
    assert_problem(response, 415, "media-type")


def test_unknown_paths_and_methods_are_problems_too(client: TestClient) -> None:
    assert_problem(client.get("/api/nothing"), 404, "not-found")
    assert_problem(client.get("/api/recognize"), 405, "method-not-allowed")
    assert client.put("/api/corrections").headers["Allow"] == "GET, POST"
    assert client.put("/api/corrections/x").headers["Allow"] == "DELETE"
    assert client.get("/..%2f..%2fapp.py").status_code == 404


def test_a_failure_inside_tells_nothing_of_the_inside(tmp_path: Path) -> None:
    class Broken(StubReader):
        def read(self, *args: object, **kwargs: object) -> list[object]:  # type: ignore[override]
            if self.calls:
                raise RuntimeError(f"secret at {tmp_path}")
            return super().read(*args, **kwargs)  # type: ignore[arg-type,return-value]

    app = create_app(Recognizer(Broken, StubNamer), Settings())
    with TestClient(app, raise_server_exceptions=False, **HERE) as client:
        until_ready(client)
        response = client.post("/api/recognize", json={"strokes": [X]})
    assert_problem(response, 500, "internal")
    assert "secret" not in response.text
    assert "Traceback" not in response.text


def test_without_weights_for_symbols_formulas_are_read_all_the_same() -> None:
    def missing() -> StubNamer:
        raise FileNotFoundError("symbol.json")

    with client_of(Recognizer(StubReader, missing)) as client:
        until_ready(client)
        assert client.post("/api/recognize", json={"strokes": [X]}).status_code == 200
        response = client.post("/api/classify", json={"strokes": [X]})
    assert_problem(response, 503, "no-model")
    assert "no weights for single symbols" in response.json()["detail"]


# Load


def test_overload_is_answered_with_503_and_the_event_loop_stays_free() -> None:
    """Two may wait: of six slow recognitions four are turned away, and /healthz answers meanwhile."""
    recognizer = Recognizer(lambda: StubReader(seconds=0.4), StubNamer)
    app = create_app(recognizer, Settings(limits=LIMITS, workers=1))

    async def scenario() -> tuple[list[httpx.Response], float]:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, **HERE) as client, app.router.lifespan_context(app):
            while (await client.get("/readyz")).status_code != 200:
                await asyncio.sleep(0.02)
            asked = [asyncio.create_task(client.post("/api/recognize", json={"strokes": [X]})) for _ in range(6)]
            await asyncio.sleep(0.05)
            began = time.perf_counter()
            assert (await client.get("/healthz")).status_code == 200
            return await asyncio.gather(*asked), time.perf_counter() - began

    responses, _ = asyncio.run(scenario())
    assert sorted(response.status_code for response in responses) == [200, 200, 503, 503, 503, 503]
    refused = next(response for response in responses if response.status_code == 503)
    assert assert_problem(refused, 503, "overloaded")["limit"] == {"name": "waiting", "value": 2}
    assert int(refused.headers["Retry-After"]) >= 1


def test_recognition_that_takes_too_long_is_given_up() -> None:
    class Slow(StubReader):
        def read(self, *args: object, **kwargs: object) -> list[object]:  # type: ignore[override]
            self.seconds = 0.6 if self.calls else 0.0
            return super().read(*args, **kwargs)  # type: ignore[arg-type,return-value]

    limits = Limits(seconds=0.2)
    with TestClient(create_app(Recognizer(Slow, StubNamer), Settings(limits=limits)), **HERE) as client:
        until_ready(client)
        response = client.post("/api/recognize", json={"strokes": [X]})
    assert assert_problem(response, 503, "too-slow")["limit"] == {"name": "seconds", "value": 0.2}
    assert "Retry-After" not in response.headers, "the same formula would take as long again"


def test_missing_weights_are_told_and_the_page_still_comes() -> None:
    def missing() -> StubReader:
        raise FileNotFoundError("/somewhere/secret/expression.onnx")

    with TestClient(create_app(Recognizer(missing, StubNamer), Settings()), **HERE) as client:
        for _ in range(100):
            response = client.get("/readyz")
            if "no-model" in response.text:
                break
            time.sleep(0.01)
        assert_problem(response, 503, "no-model")
        assert_problem(client.post("/api/recognize", json={"strokes": [X]}), 503, "no-model")
        assert "secret" not in response.text
        assert client.get("/").status_code == 200


# Who may ask


def test_a_token_is_asked_for_where_ink_is_read(recognizer: Recognizer) -> None:
    with client_of(recognizer, token="open sesame", hosts=None) as client:
        until_ready(client)
        refused = client.post("/api/recognize", json={"strokes": [X]})
        assert_problem(refused, 401, "token")
        assert refused.headers["WWW-Authenticate"] == "Bearer"
        assert_problem(client.get("/metrics", headers={"Authorization": "Bearer wrong"}), 401, "token")
        assert client.get("/healthz").status_code == 200
        given = {"Authorization": "Bearer open sesame"}
        assert client.post("/api/recognize", json={"strokes": [X]}, headers=given).status_code == 200


def test_foreign_host_names_are_refused(client: TestClient) -> None:
    """A page elsewhere could make its own name lead to 127.0.0.1."""
    assert_problem(client.get("/api/symbols", headers={"Host": "evil.example"}), 421, "wrong-host")
    assert client.get("/api/symbols", headers={"Host": "localhost:8000"}).status_code == 200


@pytest.mark.parametrize("path", ["/", "/api/symbols", "/api/nothing", "/main.js"])
def test_every_answer_has_the_security_headers_and_none_allows_other_origins(client: TestClient, path: str) -> None:
    headers = client.get(path, headers={"Origin": "https://elsewhere.example"}).headers
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert "access-control-allow-origin" not in headers


def test_the_page_takes_nothing_from_elsewhere(client: TestClient) -> None:
    page = Path("inkmath/web/page")
    for file in (Path(__file__).parents[2] / page).iterdir():
        text = file.read_bytes().replace(b"http://www.w3.org/", b"")
        assert b"http://" not in text and b"https://" not in text, file.name
        assert client.get(f"/{file.name}").status_code == 200


def test_answers_are_kept_by_nobody_and_the_page_is_checked_before_it_is_shown_again(client: TestClient) -> None:
    assert client.get("/api/symbols").headers["cache-control"] == "no-store"
    assert client.get("/main.js").headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_a_probe_may_ask_with_head(client: TestClient, path: str) -> None:
    response = client.head(path)
    assert (response.status_code, response.content) == (200, b"")
    assert client.post(path).status_code == 405


# Corrections


def formula(**changes: object) -> dict[str, object]:
    return {"strokes": [X, ONE], "symbols": [{"label": "x", "strokes": [0, 1]}], "relations": [], **changes}


def test_a_confirmed_formula_is_kept_as_inkml_with_its_truth_and_can_be_taken_back(
    client: TestClient, tmp_path: Path
) -> None:
    assert client.get("/api/corrections").json() == {
        "enabled": True,
        "directory": str(tmp_path / "user"),
        "saved": 0,
    }
    saved = client.post("/api/corrections", json=formula())
    assert saved.status_code == 201
    (file,) = (tmp_path / "user").iterdir()
    ink = parse_inkml(file)
    assert file.stem == saved.json()["name"]
    assert ink.tree is not None
    assert ink.tree.symbols[0].label == "x"
    assert ink.tree.symbols[0].strokes == (0, 1)
    assert ink.writer == "user"

    assert client.delete(f"/api/corrections/{file.stem}").status_code == 204
    assert not file.exists()
    assert_problem(client.delete(f"/api/corrections/{file.stem}"), 404, "not-found")


@pytest.mark.parametrize(
    "changes",
    [
        {"symbols": [{"label": "x", "strokes": [0]}]},
        {"symbols": [{"label": "x", "strokes": [0, 2]}]},
        {"symbols": [{"label": "x", "strokes": [0]}, {"label": "1", "strokes": [1]}]},
        {"symbols": [{"label": "x y", "strokes": [0, 1]}]},
        {"relations": [{"parent": 0, "child": 0, "relation": "Right"}]},
        {"relations": [{"parent": 0, "child": 1, "relation": "Beside"}]},
    ],
)
def test_a_truth_that_does_not_fit_the_ink_is_not_kept(
    client: TestClient, tmp_path: Path, changes: dict[str, object]
) -> None:
    assert_problem(client.post("/api/corrections", json=formula(**changes)), 422, "invalid")
    assert not (tmp_path / "user").exists()


@pytest.mark.parametrize("name", ["mine", "../mine", "..%2Fmine", "user-1", "mine.inkml"])
def test_only_saved_formulas_can_be_deleted(client: TestClient, tmp_path: Path, name: str) -> None:
    (tmp_path / "user").mkdir()
    others = [tmp_path / "mine.inkml", tmp_path / "user" / "mine.inkml", tmp_path / "user" / "user-1.inkml"]
    for file in others:
        file.write_text("<ink/>")
    assert client.delete(f"/api/corrections/{name}").status_code in (404, 405)
    assert all(file.exists() for file in others)


def test_a_full_directory_takes_no_more(client: TestClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(corrections, "CAPACITY", 1)
    assert client.post("/api/corrections", json=formula()).status_code == 201
    assert_problem(client.post("/api/corrections", json=formula()), 507, "full")
    assert len(list((tmp_path / "user").iterdir())) == 1


def test_nothing_is_saved_unless_the_server_was_told_where(recognizer: Recognizer) -> None:
    with client_of(recognizer) as client:
        until_ready(client)
        assert client.get("/api/corrections").json()["enabled"] is False
        assert_problem(client.post("/api/corrections", json=formula()), 403, "saving-off")


def test_a_formula_is_written_as_inkml_for_download(client: TestClient) -> None:
    response = client.post("/api/inkml", json=formula())
    assert response.headers["content-type"] == "application/inkml+xml"
    assert parse_inkml(response.content).latex == "x"


def test_strokes_are_given_to_the_formula_that_was_meant(client: TestClient) -> None:
    read = {"strokes": [X, ONE], "symbols": [{"label": "x", "strokes": [0]}, {"label": "1", "strokes": [1]}]}
    read["relations"] = [{"parent": 0, "child": 1, "relation": "Right"}]
    meant = client.post("/api/arrange", json={**read, "latex": "x^2"}).json()
    assert meant["latex"] == "x ^ { 2 }"
    assert [symbol["strokes"] for symbol in meant["symbols"]] == [[0], [1]]
    for latex in ("x + 2", "\\frac{", ""):
        assert_problem(client.post("/api/arrange", json={**read, "latex": latex}), 422, "invalid")


# The interface itself


def test_figures_count_routes_rather_than_paths(client: TestClient) -> None:
    client.post("/api/recognize", json={"strokes": [X]})
    client.get("/guess/1")
    client.request("GUESS", "/healthz")
    text = client.get("/metrics").text
    assert 'inkmath_requests_total{method="POST",route="/api/recognize",status="200"} 1.0' in text
    assert 'inkmath_requests_total{method="other",route="/healthz",status="405"} 1.0' in text
    assert "guess" not in text.lower()
    assert "inkmath_recognitions_pending 0.0" in text


def test_openapi_describes_every_route_with_an_example_of_each_body(client: TestClient) -> None:
    document = client.get("/api/openapi.json").json()
    assert set(document["paths"]) >= {"/api/recognize", "/api/classify", "/api/symbols", "/healthz", "/readyz"}
    known = document["components"]["schemas"]
    assert json.dumps(document).count("#/components/schemas/") > 5
    for reference in set(_references(document)):
        assert reference.removeprefix("#/components/schemas/") in known
    for name in ("RecognizeRequest", "ClassifyRequest", "WrittenFormula"):
        for example in known[name]["examples"]:
            path = {"RecognizeRequest": "recognize", "ClassifyRequest": "classify", "WrittenFormula": "inkml"}[name]
            assert client.post(f"/api/{path}", json=example).status_code == 200
    bodies = document["paths"]["/api/recognize"]["post"]["requestBody"]["content"]
    assert set(bodies) == {"application/json", "application/inkml+xml", "image/png", "image/jpeg"}
    ink = bodies["application/inkml+xml"]["example"]
    shown = client.get(bodies["image/png"]["examples"]["formula"]["externalValue"])
    assert shown.headers["Content-Type"] == "image/png"
    for content, media in ((ink, "application/inkml+xml"), (shown.content, "image/png")):
        response = client.post("/api/recognize", content=content, headers={"Content-Type": media})
        assert response.status_code in (200, 413), "of the limits here the picture breaks one"


def _references(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for value in node.values():
            yield from _references(value)
    elif isinstance(node, list):
        for value in node:
            yield from _references(value)
