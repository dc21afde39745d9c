"""``inkmath serve`` as a process."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
PROGRAM = """
import sys
from stub_reader import StubNamer, StubReader
from inkmath.recognizer import Recognizer
Recognizer.load = lambda path=None: Recognizer(lambda: StubReader(seconds={seconds}), StubNamer)
import inkmath.cli
inkmath.cli.main()
"""


@contextmanager
def serving(*options: str, seconds: float = 0.0) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The process, and the line it printed once it listens."""
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM.format(seconds=seconds), "serve", "--port", "0", *options],
        env={**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        yield process, process.stdout.readline()
    finally:
        process.kill()
        process.wait()


def address_in(line: str) -> str:
    found = re.search(r"http://127\.0\.0\.1:\d+", line)
    assert found, line
    return found[0]


def wait_until_ready(address: str) -> None:
    for _ in range(600):
        try:
            if httpx.get(f"{address}/readyz").status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.05)
    pytest.fail("the server never became ready")


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_lets_requests_finish_and_ends_with_status_0(ending: signal.Signals) -> None:
    with serving(seconds=1.0) as (process, line):
        address = address_in(line)
        wait_until_ready(address)
        answers: list[int] = []

        def ask() -> None:
            strokes = [[[0, 0], [9, 9]]]
            answers.append(httpx.post(f"{address}/api/recognize", json={"strokes": strokes}, timeout=30).status_code)

        asking = threading.Thread(target=ask)
        asking.start()
        time.sleep(0.4)
        process.send_signal(ending)
        asking.join()
        assert answers == [200]
        assert process.wait(timeout=30) == 0
        assert process.stderr is not None
        assert "Traceback" not in process.stderr.read()


def test_the_address_is_loopback_and_without_a_token_unless_asked_for() -> None:
    with serving() as (_, line):
        address = address_in(line)
        assert "token" not in line
        wait_until_ready(address)
        assert httpx.get(f"{address}/api/symbols").status_code == 200


def test_a_given_token_is_asked_for_and_stands_in_the_address_after_the_hash() -> None:
    with serving("--token", "sesame") as (_, line):
        address = address_in(line)
        assert f"{address}/#token=sesame" in line
        wait_until_ready(address)
        assert httpx.get(f"{address}/api/symbols").status_code == 401
        given = {"Authorization": "Bearer sesame"}
        assert httpx.get(f"{address}/api/symbols", headers=given).status_code == 200


def test_a_port_in_use_is_said_in_a_line() -> None:
    with serving() as (_, line):
        port = address_in(line).rpartition(":")[2]
        done = subprocess.run(
            [sys.executable, "-m", "inkmath.cli", "serve", "--port", port, "--weights", str(ROOT)],
            capture_output=True,
            text=True,
            cwd=ROOT,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr.startswith("inkmath: ")
    assert "Traceback" not in done.stderr
