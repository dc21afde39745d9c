"""More work than the server can do, and work that takes too long."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from asking import HERE, LIMITS, X, assert_problem, until_ready
from fastapi.testclient import TestClient
from starlette.requests import ClientDisconnect, Request
from stub_reader import StubNamer, StubReader

from inkmath.recognizer import Recognizer
from inkmath.web.app import create_app
from inkmath.web.pool import WorkerPool
from inkmath.web.settings import Limits, Settings

if TYPE_CHECKING:
    from starlette.types import Message

    from inkmath.decoding.reading import Reading


class Held(StubReader):
    """Reads nothing, but for what the server itself reads when it starts, until it is let go on."""

    def __init__(self) -> None:
        super().__init__()
        self.let_go = threading.Event()

    def read(self, *args: Any, **kwargs: Any) -> list[list[Reading]]:
        if self.calls:
            assert self.let_go.wait(120)
        return super().read(*args, **kwargs)


def test_overload_is_answered_with_503_and_the_event_loop_stays_free() -> None:
    """Two may wait: of six slow recognitions four are turned away, and /healthz answers meanwhile."""
    reader = Held()
    app = create_app(Recognizer(lambda: reader, StubNamer), Settings(limits=LIMITS, workers=1))

    async def scenario() -> list[httpx.Response]:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, **HERE) as client, app.router.lifespan_context(app):
            while (await client.get("/readyz")).status_code != 200:
                await asyncio.sleep(0.02)
            asked = [asyncio.create_task(client.post("/api/recognize", json={"strokes": [X]})) for _ in range(6)]
            try:
                for _, answered in zip(range(4), asyncio.as_completed(asked), strict=False):
                    assert (await answered).status_code == 503
                assert (await client.get("/healthz")).status_code == 200
            finally:
                reader.let_go.set()
            return await asyncio.gather(*asked)

    responses = asyncio.run(scenario())
    assert sorted(response.status_code for response in responses) == [200, 200, 503, 503, 503, 503]
    refused = next(response for response in responses if response.status_code == 503)
    assert assert_problem(refused, 503, "overloaded")["limit"] == {"name": "waiting", "value": 2}
    assert int(refused.headers["Retry-After"]) >= 1


def test_who_only_waited_is_asked_to_come_again() -> None:
    """One worker is busy for longer than there is; the other formula's turn never came."""
    reader = Held()
    app = create_app(Recognizer(lambda: reader, StubNamer), Settings(limits=Limits(seconds=1.0), workers=1))

    async def scenario() -> list[httpx.Response]:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, **HERE) as client, app.router.lifespan_context(app):
            while (await client.get("/readyz")).status_code != 200:
                await asyncio.sleep(0.02)
            try:
                return await asyncio.gather(*(client.post("/api/recognize", json={"strokes": [X]}) for _ in range(2)))
            finally:
                reader.let_go.set()

    begun, waited = asyncio.run(scenario())
    assert_problem(begun, 503, "too-slow")
    assert assert_problem(waited, 503, "overloaded")["limit"] == {"name": "seconds", "value": 1.0}
    assert waited.headers["Retry-After"] == "1"


def test_work_that_has_not_begun_is_dropped_when_its_client_goes() -> None:
    done: list[str] = []

    async def gone() -> Message:
        return {"type": "http.disconnect"}

    async def scenario() -> None:
        pool, held = WorkerPool(1, LIMITS), threading.Event()
        pool.open()
        busy = asyncio.create_task(pool.run(lambda: held.wait(120)))
        await asyncio.sleep(0)  # until it is the first in the queue
        with pytest.raises(ClientDisconnect):
            await pool.run(lambda: done.append("begun"), Request({"type": "http"}, gone))
        held.set()
        assert await busy
        await pool.run(lambda: done.append("the next"))
        pool.close()

    asyncio.run(scenario())
    assert done == ["the next"]


def test_recognition_that_takes_too_long_is_given_up() -> None:
    reader = Held()
    limits = Limits(seconds=1.0)
    with TestClient(create_app(Recognizer(lambda: reader, StubNamer), Settings(limits=limits)), **HERE) as client:
        until_ready(client)
        try:
            response = client.post("/api/recognize", json={"strokes": [X]})
        finally:
            reader.let_go.set()
    assert assert_problem(response, 503, "too-slow")["limit"] == {"name": "seconds", "value": 1.0}
    assert "Retry-After" not in response.headers, "the same formula would take as long again"
