"""``inkmath serve`` as a process."""

from __future__ import annotations

import errno
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import httpx
import pytest
import uvicorn
from serving import ROOT, address_in, get, said, serving, wait_until_ready
from stub_reader import StubNamer, StubReader
from typer.testing import CliRunner

from inkmath.cli import app
from inkmath.cli.serve import serve
from inkmath.recognizer import Recognizer

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_lets_requests_finish_and_ends_with_status_0(ending: signal.Signals) -> None:
    with serving(seconds=1.0) as (process, line):
        address = address_in(line)
        wait_until_ready(address)
        answers: list[int] = []

        def ask() -> None:
            strokes = [[[0, 0], [9, 9]]]
            answers.append(httpx.post(f"{address}/api/recognize", json={"strokes": strokes}, timeout=120).status_code)

        asking = threading.Thread(target=ask)
        asking.start()
        while "inkmath_recognitions_pending 1.0" not in get(f"{address}/metrics").text:
            if not asking.is_alive():  # it came and went while this process did not look
                asking = threading.Thread(target=ask)
                asking.start()
            time.sleep(0.02)
        process.send_signal(ending)
        asking.join()
        assert set(answers) == {200}
        assert process.wait(timeout=120) == 0
        assert "Traceback" not in said(process)


def test_the_address_is_loopback_and_without_a_token_unless_asked_for() -> None:
    with serving() as (_, line):
        address = address_in(line)
        assert "token" not in line
        wait_until_ready(address)
        assert get(f"{address}/api/symbols").status_code == 200


def test_a_given_token_is_asked_for_and_stands_in_the_address_after_the_hash() -> None:
    token = "s+m/=&#%"  # as `openssl rand -base64` may make them; the page takes the fragment for a query
    with serving("--token", token) as (_, line):
        address = address_in(line)
        assert f"{address}/#token=s%2Bm%2F%3D%26%23%25 " in line
        wait_until_ready(address)
        assert get(f"{address}/api/symbols").status_code == 401
        given = {"Authorization": f"Bearer {token}"}
        assert get(f"{address}/api/symbols", headers=given).status_code == 200


def test_an_empty_token_is_none() -> None:
    with serving("--token", "") as (_, line):
        address = address_in(line)
        wait_until_ready(address)
        assert get(f"{address}/api/symbols").status_code == 200


@pytest.mark.parametrize("token", ["ключ", "open sesame", "sesame\n"])
def test_a_token_that_no_client_could_send_is_refused(token: str) -> None:
    result = CliRunner().invoke(app, ["serve", "--token", token])
    assert result.exit_code == 2
    assert "--token" in result.output


def test_an_empty_address_is_not_all_addresses() -> None:
    result = CliRunner().invoke(app, ["serve", "--host", ""])
    assert result.exit_code == 2
    assert "the address is empty" in result.output


@pytest.mark.parametrize("host", ["ä..b", "a..b", "\udcff"])
def test_an_address_that_no_machine_can_have_is_a_wrong_command_line(host: str) -> None:
    result = CliRunner().invoke(app, ["serve", "--host", host])
    assert result.exit_code == 2
    assert "neither an address nor the name of a machine" in " ".join(result.output.replace("│", " ").split())


def test_answers_on_a_kept_connection_do_not_wait_for_acknowledgements(monkeypatch: pytest.MonkeyPatch) -> None:
    accepted: list[int] = []

    def accept_one(_: uvicorn.Server, sockets: list[socket.socket]) -> None:
        (listening,) = sockets
        with listening, socket.create_connection(listening.getsockname()), listening.accept()[0] as connection:
            accepted.append(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))

    monkeypatch.setattr(uvicorn.Server, "run", accept_one)
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    monkeypatch.setattr(Recognizer, "load", lambda _: Recognizer(StubReader, StubNamer))
    serve(port=0)
    assert accepted == [1]


def test_weights_that_are_missing_are_said_in_a_line(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "inkmath", "serve", "--port", "0", "--weights", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"inkmath: {tmp_path / 'expression.json'}: no such file")


def test_a_port_in_use_is_said_in_a_line() -> None:
    with serving() as (_, line):
        port = address_in(line).rpartition(":")[2]
        done = subprocess.run(
            [sys.executable, "-m", "inkmath", "serve", "--port", port, "--weights", str(ROOT)],
            capture_output=True,
            text=True,
            cwd=ROOT,
            check=False,
        )
    assert done.returncode == 1
    reason = os.strerror(errno.EADDRINUSE)
    assert done.stderr == f"inkmath: cannot listen on 127.0.0.1, port {port}: {reason}; name another --port or --host\n"


def test_the_address_for_other_machines_is_one_that_they_reach() -> None:
    with serving("--host", "0.0.0.0") as (_, line):
        said_so = re.search(r"(http://(.+):\d+)/#token=", line)
        assert said_so is not None
        wait_until_ready(said_so[1])
    assert said_so[2] not in ("0.0.0.0", "127.0.0.1")


def test_a_file_is_no_place_to_save_formulas_in(tmp_path: Path) -> None:
    (tmp_path / "notes").write_text("")
    result = CliRunner().invoke(app, ["serve", "--save", str(tmp_path / "notes")])
    assert result.exit_code == 2
    assert "Invalid value for '--save'" in result.stderr


def test_a_place_that_takes_no_formulas_is_said_before_anyone_writes_one(tmp_path: Path) -> None:
    (tmp_path / "notes").write_text("")
    command = [sys.executable, "-m", "inkmath", "serve", "--port", "0", "--save", str(tmp_path / "notes" / "user")]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False, timeout=60)
    reason = os.strerror(errno.ENOTDIR)
    expected = f"inkmath: cannot save formulas in {tmp_path}/notes/user: {reason}; name another --save\n"
    assert (done.returncode, done.stdout, done.stderr) == (1, "", expected)
