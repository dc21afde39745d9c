"""The server inside this process, with a reader that needs no weights, and a client that asks it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from fastapi.testclient import TestClient

from inkmath.web.app import create_app
from inkmath.web.settings import Limits, Settings

if TYPE_CHECKING:
    import httpx

    from inkmath.recognizer import Recognizer

X = [[0, 0], [10, 10]]
ONE = [[20, 0], [20, 20]]
MINUS = [[30, 10], [60, 10]]

LIMITS = Limits(
    body_bytes=4000,
    strokes=5,
    points=200,
    sheet_bytes=8000,
    sheet_strokes=10,
    sheet_points=400,
    pixels=100_000,
    seconds=20.0,
    waiting=2,
)
HERE: dict[str, Any] = {"base_url": "http://127.0.0.1"}


def client_of(recognizer: Recognizer, **settings: object) -> TestClient:
    """A client of a server of small limits."""
    return TestClient(create_app(recognizer, Settings(limits=LIMITS, **settings)), **HERE)  # type: ignore[arg-type]


def until_ready(client: TestClient) -> None:
    """Wait until the models are loaded."""
    deadline = time.monotonic() + 120
    while client.get("/readyz").status_code != 200:
        assert time.monotonic() < deadline, "the server never became ready"
        time.sleep(0.01)


def assert_problem(response: httpx.Response, status: int, kind: str) -> dict[str, Any]:
    """The answer is a refusal of this kind, as RFC 9457 has it; returns it."""
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = response.json()
    assert problem["type"] == f"urn:inkmath:problem:{kind}"
    assert problem["status"] == status
    assert problem["detail"]
    return problem


def formula(**changes: object) -> dict[str, object]:
    """A body that says what was written: an x of two strokes."""
    return {"strokes": [X, ONE], "symbols": [{"label": "x", "strokes": [0, 1]}], "relations": [], **changes}
