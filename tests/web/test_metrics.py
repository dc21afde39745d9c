"""Figures for Prometheus."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asking import X

if TYPE_CHECKING:
    from fastapi.testclient import TestClient


def test_figures_count_routes_rather_than_paths(client: TestClient) -> None:
    client.post("/api/recognize", json={"strokes": [X]})
    client.get("/guess/1")
    client.request("GUESS", "/healthz")
    text = client.get("/metrics").text
    assert 'inkmath_requests_total{method="POST",route="/api/recognize",status="200"} 1.0' in text
    assert 'inkmath_requests_total{method="other",route="/healthz",status="405"} 1.0' in text
    assert "guess" not in text.lower()
    assert "inkmath_recognitions_pending 0.0" in text
