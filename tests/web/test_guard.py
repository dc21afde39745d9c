"""Who may ask, and what every answer says to the browser."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from asking import X, assert_problem, client_of, until_ready

if TYPE_CHECKING:
    from fastapi.testclient import TestClient

    from inkmath.recognizer import Recognizer


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


@pytest.mark.parametrize(
    ("given", "status"),
    [("bearer sesame", 200), ("BEARER  sesame", 200), ("sesame", 401), ("Basic sesame", 401), ("Bearer", 401)],
)
def test_the_scheme_of_a_token_is_bearer_in_any_case(recognizer: Recognizer, given: str, status: int) -> None:
    with client_of(recognizer, token="sesame", hosts=None) as client:
        assert client.get("/metrics", headers={"Authorization": given}).status_code == status


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
