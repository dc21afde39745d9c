"""The server as a process among clients that mean it harm, and through its own end."""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import httpx
import psutil
import pytest
from fuzzing import seeds
from serving import address_in, get, said, serving, wait_until_ready

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from ssl import SSLContext

pytestmark = pytest.mark.slow

STROKES = [[[0, 0], [10, 10]], [[20, 0], [20, 20]]]
GOOD = ("POST", "/api/recognize", "application/json", b'{"strokes": [[[0, 0], [10, 10]], [[20, 0], [20, 20]]]}')
INSIDE = ("Traceback", "site-packages", ".py", str(Path(__file__).parents[2]), str(Path.home()), sys.prefix, "sesame")
"""What no answer may hold."""


def port_of(address: str) -> int:
    return int(address.rpartition(":")[2])


def megabytes(process: int) -> float:
    return float(psutil.Process(process).memory_info().rss) / 2**20


def hostile(rng: Random) -> tuple[str, str, str, bytes]:
    """Method, path, type and body of a request that is wrong in one way or another."""
    body = rng.choice(seeds.web())[1:]
    kind = rng.choice(("application/json", "application/json", "application/inkml+xml", "text/plain", "a/b; c=\xe9"))
    path = rng.choice(
        ("recognize", "classify", "ink", "inkml", "arrange", "corrections", "symbols", "nothing", "../../etc/passwd")
    )
    method = rng.choice(("POST", "POST", "POST", "PUT", "DELETE", "PATCH"))
    if rng.random() < 0.1:
        body = b" " * (3 * 2**20)
    if rng.random() < 0.2:
        body, kind = rng.choice(seeds.inkml()), "application/inkml+xml"
    return method, f"/api/{path}", kind, body


async def ask(address: str, request: tuple[str, str, str, bytes], tls: SSLContext) -> httpx.Response | None:
    """The answer, or None where the server hung up on a body that it does not want to hear out.

    Each request has a client of its own: one with a thousand connections is so long in looking through them that a
    busy machine's server gives up waiting for bodies that it has not sent yet. What all would make anew is ``tls``.
    """
    method, path, kind, body = request
    async with httpx.AsyncClient(base_url=address, timeout=600, verify=tls) as client:
        try:
            return await client.request(method, path, content=body, headers={b"Content-Type": kind.encode("latin-1")})
        except (httpx.WriteError, httpx.RemoteProtocolError, httpx.ReadError):
            assert len(body) > 2**20
            return None


def test_a_thousand_good_and_hostile_requests_at_once(tmp_path: Path) -> None:
    rng = Random(1)
    requests = [GOOD if number % 2 else hostile(rng) for number in range(1000)]
    with serving("--save", str(tmp_path / "user")) as (process, line):
        address = address_in(line)
        wait_until_ready(address)
        before = megabytes(process.pid)

        async def all_at_once() -> list[httpx.Response | None]:
            tls = httpx.create_ssl_context()
            return await asyncio.gather(*(ask(address, request, tls) for request in requests))

        with ThreadPoolExecutor(1) as apart:  # a browser's tests leave their event loop running in this thread
            answers = apart.submit(asyncio.run, all_at_once()).result()
        assert get(f"{address}/readyz").status_code == 200
        assert megabytes(process.pid) - before < 400
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=120) == 0
        assert "Traceback" not in said(process)
    for request, answer in zip(requests, answers, strict=True):
        if answer is None:
            assert request is not GOOD
            continue
        # Among the hostile are bodies that are whole: sent to the right place they are read, or saved.
        allowed = {200, 503} if request is GOOD else {200, 201, 400, 404, 405, 413, 415, 422, 503, 507}
        allowed.add(408)  # where the machine stood still for as long as a body may take
        assert answer.status_code in allowed, (request, answer.text)
        if answer.status_code == 503 and "too-slow" not in answer.text:
            assert answer.headers["Retry-After"]
        assert not [secret for secret in INSIDE if secret in answer.text], answer.text
    saved = {answer.json()["name"] for answer in answers if answer is not None and answer.status_code == 201}
    assert saved == {path.stem for path in (tmp_path / "user").glob("*.inkml")}
    read = [answer for request, answer in zip(requests, answers, strict=True) if request is GOOD and answer]
    assert all("latex" in answer.json() for answer in read if answer.status_code == 200)
    assert sum(answer.status_code == 200 for answer in read) >= 30, "those who found room were served"


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[int, str]]:
    """Process and address of a server that ends well after all that is done to it."""
    with serving() as (process, line):
        address = address_in(line)
        wait_until_ready(address)
        yield process.pid, address
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=120) == 0
        assert "Traceback" not in said(process)


def test_slow_clients_keep_nobody_waiting(server: tuple[int, str]) -> None:
    _, address = server
    slow = [socket.create_connection(("127.0.0.1", port_of(address))) for _ in range(300)]
    try:
        for number, client in enumerate(slow):
            head = b"POST /api/recognize HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            # A third has said nothing, a third half of the head, a third the head and a bit of the body.
            client.sendall((b"", head, head + b'Content-Length: 500\r\n\r\n{"strokes"')[number % 3])
        for _ in range(20):
            answer = httpx.post(f"{address}/api/recognize", json={"strokes": STROKES}, timeout=120)
            assert answer.status_code == 200
        slow[2].settimeout(120)
        assert slow[2].recv(20).startswith(b"HTTP/1.1 408"), "who promised a body and does not send it is told"
    finally:
        for client in slow:
            client.close()


@pytest.mark.parametrize("framing", [b"Content-Length: 100000000000", b"Transfer-Encoding: chunked"])
def test_a_body_without_end_is_refused_and_not_kept(framing: bytes, server: tuple[int, str]) -> None:
    process, address = server
    before = megabytes(process)
    with socket.create_connection(("127.0.0.1", port_of(address)), timeout=120) as client:
        client.sendall(b"POST /api/recognize HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n")
        client.sendall(framing + b"\r\n\r\n")
        chunk = b" " * 2**16
        sent = 0
        with suppress(OSError):  # the server hangs up
            while sent < 64 * 2**20:
                client.sendall(b"10000\r\n" + chunk + b"\r\n" if b"chunked" in framing else chunk)
                sent += len(chunk)
        with suppress(ConnectionResetError):
            answer = client.recv(20)
            assert not answer or answer.startswith(b"HTTP/1.1 413")
    assert sent < 64 * 2**20
    assert megabytes(process) - before < 60
    assert get(f"{address}/healthz").status_code == 200


def test_what_is_no_http_is_turned_away(server: tuple[int, str]) -> None:
    garbage = (
        b"\x16\x03\x01\x02\x00\x01",
        b"GET / HTTP/9.9\r\n\r\n",
        b"\r\n" * 1000,
        b"A" * 200_000,
        b"GET " + b"/" * 90_000,
    )
    _, address = server
    for words in garbage:
        with socket.create_connection(("127.0.0.1", port_of(address)), timeout=120) as client:
            with suppress(OSError):  # the server may hang up before it has all
                client.sendall(words)
                client.shutdown(socket.SHUT_WR)
            with suppress(ConnectionResetError):
                answer = client.recv(4096)
                assert not answer or answer.startswith(b"HTTP/1.1 4")
    assert get(f"{address}/readyz").status_code == 200


def until(done: Callable[[], bool]) -> None:
    """Wait for something to come true."""
    deadline = time.monotonic() + 120
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_restart_under_load_loses_no_request_that_was_taken() -> None:
    """Whoever is connected gets a whole answer; in between connections are refused; afterwards all is as before."""
    answered: list[tuple[float, int]] = []  # when, and the status
    refused: list[float] = []  # when they were begun
    broken: list[str] = []
    over = threading.Event()

    def load(address: str) -> None:
        while not over.is_set():
            began = time.monotonic()
            try:
                answer = httpx.post(
                    f"{address}/api/recognize", json={"strokes": STROKES}, timeout=120, headers={"Connection": "close"}
                )
                answer.json()
                answered.append((time.monotonic(), answer.status_code))
            except (httpx.ConnectError, httpx.WriteError, httpx.ReadError, httpx.RemoteProtocolError) as error:
                # Connected, but still in the queue of the kernel when the server stopped listening: nobody took it.
                refused.append(began)
                if "incomplete" in str(error):
                    broken.append(str(error))
                time.sleep(0.02)

    with serving(seconds=0.05) as (first, line):
        address = address_in(line)
        wait_until_ready(address)
        clients = [threading.Thread(target=load, args=(address,)) for _ in range(8)]
        for client in clients:
            client.start()
        until(lambda: len(answered) >= 20)
        first.send_signal(signal.SIGTERM)
        assert first.wait(timeout=120) == 0
        with serving("--port", str(port_of(address)), seconds=0.05) as (_, _):
            wait_until_ready(address)
            ready = time.monotonic()
            until(lambda: sum(moment > ready and status == 200 for moment, status in answered) >= 20)
            over.set()
            for client in clients:
                client.join()
    assert broken == []
    assert {status for _, status in answered} <= {200, 503}, "503 while the second loads its models"
    assert [moment for moment in refused if moment > ready] == []
