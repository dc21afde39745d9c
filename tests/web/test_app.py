"""The application as a whole: routes, failures, health, its own description."""

from __future__ import annotations

import json
import re
import time
from typing import TYPE_CHECKING, Any

import pytest
from asking import HERE, X, assert_problem, client_of, until_ready
from fastapi.testclient import TestClient
from stub_reader import StubNamer, StubReader

from inkmath.recognizer import Recognizer
from inkmath.web.app import PAGE, create_app
from inkmath.web.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from inkmath.decoding.reading import Reading

IMPORTED = re.compile(r"""\bfrom "\./(\w+\.js)";""")


def test_unknown_paths_and_methods_are_problems_too(client: TestClient) -> None:
    assert_problem(client.get("/api/nothing"), 404, "not-found")
    assert_problem(client.get("/api/recognize"), 405, "method-not-allowed")
    assert client.put("/api/corrections").headers["Allow"] == "GET, HEAD, POST"
    assert client.put("/api/corrections/x").headers["Allow"] == "DELETE"
    assert client.get("/..%2f..%2fapp.py").status_code == 404


def test_what_is_asked_of_the_page_in_a_query_is_nothing(client: TestClient) -> None:
    assert client.get("/", params={"name": "main.js"}).content == client.get("/").content


@pytest.mark.parametrize("fault", [RuntimeError, ValueError])  # of the reader, never of the client
def test_a_failure_inside_tells_nothing_of_the_inside(tmp_path: Path, fault: type[Exception]) -> None:
    class Broken(StubReader):
        def read(self, *args: Any, **kwargs: Any) -> list[list[Reading]]:
            if self.calls:
                raise fault(f"secret at {tmp_path}")
            return super().read(*args, **kwargs)

    app = create_app(Recognizer(Broken, StubNamer), Settings())
    with TestClient(app, raise_server_exceptions=False, **HERE) as client:
        until_ready(client)
        response = client.post("/api/recognize", json={"strokes": [X]})
    assert_problem(response, 500, "internal")
    assert "secret" not in response.text
    assert "Traceback" not in response.text


def test_missing_weights_are_told_and_the_page_still_comes() -> None:
    def missing() -> StubReader:
        raise FileNotFoundError("/somewhere/secret/expression.onnx")

    with TestClient(create_app(Recognizer(missing, StubNamer), Settings()), **HERE) as client:
        deadline = time.monotonic() + 120
        while "no-model" not in (response := client.get("/readyz")).text and time.monotonic() < deadline:
            time.sleep(0.01)
        assert_problem(response, 503, "no-model")
        for what in ("recognize", "classify"):
            assert_problem(client.post(f"/api/{what}", json={"strokes": [X]}), 503, "no-model")
        assert "secret" not in response.text
        assert client.get("/").status_code == 200


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_a_probe_may_ask_with_head(client: TestClient, path: str) -> None:
    response = client.head(path)
    assert (response.status_code, response.content) == (200, b"")
    assert client.post(path).status_code == 405


def test_head_is_answered_wherever_get_is(client: TestClient) -> None:
    paths = client.get("/api/openapi.json").json()["paths"]
    for path in (path for path, operations in paths.items() if "get" in operations):
        response = client.head(path)
        assert (response.status_code, response.content) == (200, b""), path
        assert {"GET", "HEAD"} <= set(client.put(path).headers["Allow"].split(", ")), path


@pytest.mark.parametrize("path", ["/", "/main.js", "/style.css", "/api/openapi.json"])
def test_what_shrinks_is_sent_compressed_to_who_takes_it(client: TestClient, path: str) -> None:
    whole = client.get(path, headers={"Accept-Encoding": "identity"})
    small = client.get(path, headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in whole.headers
    assert small.headers["content-encoding"] == "gzip"
    assert small.headers["vary"] == whole.headers["vary"] == "Accept-Encoding"
    assert small.num_bytes_downloaded < len(whole.content) / 2
    assert small.content == whole.content
    if path != "/api/openapi.json":
        assert client.get(path, headers={"If-None-Match": small.headers["etag"]}).status_code == 304


@pytest.mark.parametrize("name", ["math.woff2", "example.png"])
def test_what_is_compressed_already_is_sent_as_it_is(client: TestClient, name: str) -> None:
    response = client.get(f"/{name}")
    assert "content-encoding" not in response.headers
    assert response.content == (PAGE / name).read_bytes()


def test_a_browser_learns_of_all_modules_from_the_page_itself() -> None:
    """Else it would learn of those that others import only once it has read these, a round trip each."""
    page = (PAGE / "index.html").read_text()
    named = re.findall(r'(?:<link rel="modulepreload" href|<script type="module" src)="(\w+\.js)"', page)
    assert sorted(named) == sorted(module.name for module in PAGE.glob("*.js"))
    imported = {name for module in PAGE.glob("*.js") for name in IMPORTED.findall(module.read_text())}
    assert imported <= set(named)


def test_openapi_describes_every_route_with_an_example_of_each_body(client: TestClient) -> None:
    document = client.get("/api/openapi.json").json()
    assert set(document["paths"]) >= {
        "/api/recognize",
        "/api/rows",
        "/api/ink",
        "/api/classify",
        "/api/symbols",
        "/healthz",
        "/readyz",
    }
    known = document["components"]["schemas"]
    assert json.dumps(document).count("#/components/schemas/") > 5
    for reference in set(_references(document)):
        assert reference.removeprefix("#/components/schemas/") in known
    paths = {"RecognizeRequest": "recognize", "RowsRequest": "rows", "ClassifyRequest": "classify"}
    for name, path in {**paths, "WrittenInk": "inkml", "WrittenFormula": "inkml", "MeantFormula": "arrange"}.items():
        for example in known[name]["examples"]:
            assert client.post(f"/api/{path}", json=example).status_code == 200
    bodies = document["paths"]["/api/recognize"]["post"]["requestBody"]["content"]
    assert set(bodies) == {"application/json", "application/inkml+xml", "image/png", "image/jpeg"}
    assert set(document["paths"]["/api/ink"]["post"]["requestBody"]["content"]) == set(bodies) - {"application/json"}
    ink = bodies["application/inkml+xml"]["example"]
    shown = client.get(bodies["image/png"]["examples"]["formula"]["externalValue"])
    assert shown.headers["Content-Type"] == "image/png"
    for content, media in ((ink, "application/inkml+xml"), (shown.content, "image/png")):
        for path in ("recognize", "ink"):
            response = client.post(f"/api/{path}", content=content, headers={"Content-Type": media})
            assert response.status_code in (200, 413), "of the limits here the picture breaks one"


def test_openapi_says_what_needs_the_token(client: TestClient, recognizer: Recognizer) -> None:
    assert "securitySchemes" not in client.get("/api/openapi.json").json()["components"]
    with client_of(recognizer, token="sesame") as guarded:
        bearer = {"Authorization": "Bearer sesame"}
        document = guarded.get("/api/openapi.json", headers=bearer).json()
        assert document["components"]["securitySchemes"] == {"token": {"type": "http", "scheme": "bearer"}}
        for path, operations in document["paths"].items():
            wanted = guarded.head(path).status_code == 401
            for operation in operations.values():
                assert operation.get("security") == ([{"token": []}] if wanted else None), path
                assert not wanted or "401" in operation["responses"], path


def _references(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for value in node.values():
            yield from _references(value)
    elif isinstance(node, list):
        for value in node:
            yield from _references(value)
