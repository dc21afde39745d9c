"""Figures for Prometheus."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asking import X, client_of

if TYPE_CHECKING:
    from fastapi.testclient import TestClient

    from inkmath.recognizer import Recognizer


def test_figures_count_routes_rather_than_paths(client: TestClient) -> None:
    client.post("/api/recognize", json={"strokes": [X]})
    client.get("/guess/1")
    client.request("GUESS", "/healthz")
    text = client.get("/metrics").text
    assert 'inkmath_requests_total{method="POST",route="/api/recognize",status="200"} 1.0' in text
    assert 'inkmath_requests_total{method="other",route="/healthz",status="405"} 1.0' in text
    assert "guess" not in text.lower()
    assert "inkmath_recognitions_pending 0.0" in text


def test_what_the_guard_refuses_is_counted(recognizer: Recognizer) -> None:
    with client_of(recognizer, token="sesame") as client:
        client.post("/api/recognize", json={"strokes": [X]})
        client.get("/healthz", headers={"Host": "evil.example"})
        text = client.get("/metrics", headers={"Authorization": "Bearer sesame"}).text
    assert 'inkmath_requests_total{method="POST",route="other",status="401"} 1.0' in text
    assert 'inkmath_requests_total{method="GET",route="other",status="421"} 1.0' in text
