"""The REST interface keeps the promises of its own OpenAPI document, asked with whatever the document allows."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings
from starlette.testclient import TestClient
from stub_reader import StubNamer, StubReader

from inkmath.recognizer import Recognizer
from inkmath.web.app import create_app
from inkmath.web.settings import Settings

schemathesis = pytest.importorskip("schemathesis")
positive_data_acceptance = pytest.importorskip("schemathesis.specs.openapi.checks").positive_data_acceptance

if TYPE_CHECKING:
    from collections.abc import Iterator

application = create_app(Recognizer(StubReader, StubNamer), Settings(hosts=None))
schema = schemathesis.openapi.from_asgi("/api/openapi.json", application)


@pytest.fixture(scope="module", autouse=True)
def _started() -> Iterator[None]:
    with TestClient(application) as client:
        while client.get("/readyz").status_code != 200:
            time.sleep(0.01)
        yield


@schema.parametrize()  # type: ignore[untyped-decorator]
@settings(max_examples=8, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_answers_are_what_the_document_says(case: Any) -> None:
    # JSON Schema cannot say which strokes there are for a symbol to own, nor what InkML is.
    case.call_and_validate(excluded_checks=[positive_data_acceptance])
