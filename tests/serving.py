"""``inkmath serve`` as a process, with a reader that needs no weights."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
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
    """The process, its ``stderr`` a file, and the line it printed once it listens."""
    # A pipe that nobody empties would stop a server with much to say.
    log = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115 -- closed below
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM.format(seconds=seconds), "serve", "--port", "0", *options],
        env={**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}"},
        stdout=subprocess.PIPE,
        stderr=log,
        text=True,
    )
    process.stderr = log
    try:
        assert process.stdout is not None
        yield process, process.stdout.readline()
    finally:
        process.kill()
        process.wait()
        log.close()


def said(process: subprocess.Popen[str]) -> str:
    """What a process of `serving` has written to its log."""
    assert process.stderr is not None
    process.stderr.seek(0)
    return process.stderr.read()


def address_in(line: str) -> str:
    found = re.search(r"http://127\.0\.0\.1:\d+", line)
    assert found, line
    return found[0]


def get(address: str, **options: Any) -> httpx.Response:
    """The answer, waited for as long as a busy machine may take."""
    return httpx.get(address, timeout=120, **options)


def wait_until_ready(address: str) -> None:
    deadline = time.monotonic() + 120
    while True:
        with suppress(httpx.TransportError):
            if get(f"{address}/readyz").status_code == 200:
                return
        assert time.monotonic() < deadline, "the server never became ready"
        time.sleep(0.05)
