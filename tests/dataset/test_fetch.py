"""Fetching public data sets, against a stand-in for their servers: resumed, verified, and never half."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest
import requests

from inkmath.dataset.fetch import PUBLISHED, FetchError, fetch

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CONTENT = bytes(range(256)) * 4096  # 1 MiB


class StandIn(ThreadingHTTPServer):
    """Serves one file as Zenodo and as Google would, with the faults a test asks for."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.name = "CROHME23.zip"
        self.md5 = hashlib.md5(CONTENT).hexdigest()
        self.requests: list[tuple[str, str | None]] = []
        self.break_after: list[int] = []  # Each request for the file breaks off after so many bytes, in turn.
        self.statuses: list[int] = []  # Of the next answers, in turn; 200 is a whole answer, as all later ones are.
        self.retry_after: str | None = None  # What it asks for when it is busy.
        self.waits: list[float] = []  # Before each attempt but the first.
        self.ranges = True
        self.record: object = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: StandIn

    def log_message(self, *_: object) -> None:
        pass

    def do_HEAD(self) -> None:
        if self._is_busy():
            return
        if not self.path.startswith("/mathwriting_data/"):
            self.send_error(404)
            return
        self.send_response(200)
        self._google_headers()
        self.send_header("Content-Length", str(len(CONTENT)))
        self.end_headers()

    def do_GET(self) -> None:
        self.server.requests.append((self.path, self.headers.get("Range")))
        if self._is_busy():
            return
        if self.path == "/api/records/8428035":
            self._send_record()
        elif self.path.endswith("/content") or self.path.startswith("/mathwriting_data/"):
            self._send_file()
        else:
            self.send_error(404)

    def _is_busy(self) -> bool:
        status = self.server.statuses.pop(0) if self.server.statuses else 200
        if status == 200:
            return False
        self.send_response(status)
        if self.server.retry_after is not None:
            self.send_header("Retry-After", self.server.retry_after)
        self.send_header("Content-Length", "0")
        self.end_headers()
        return True

    def _google_headers(self) -> None:
        self.send_header("x-goog-hash", "crc32c=AAAAAA==")
        self.send_header("x-goog-hash", "md5=" + base64.b64encode(bytes.fromhex(self.server.md5)).decode())

    def _send_record(self) -> None:
        name, link = self.server.name, f"{self.server.url}/api/records/8428035/files/CROHME23.zip/content"
        entry = {"key": name, "size": len(CONTENT), "checksum": f"md5:{self.server.md5}", "links": {"self": link}}
        body = json.dumps(self.server.record or {"id": 8428035, "files": [entry]}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _send_file(self) -> None:
        start = 0
        if self.server.ranges and (asked := self.headers.get("Range")):
            start = int(asked.removeprefix("bytes=").removesuffix("-"))
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(CONTENT) - start))
        self.end_headers()
        stop = start + self.server.break_after.pop(0) if self.server.break_after else len(CONTENT)
        self.wfile.write(CONTENT[start:stop])
        if stop < len(CONTENT):
            self.connection.close()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    with StandIn() as stand_in:
        monkeypatch.setattr("inkmath.dataset.fetch.time.sleep", stand_in.waits.append)
        threading.Thread(target=stand_in.serve_forever, args=(0.01,), daemon=True).start()
        yield stand_in
        stand_in.shutdown()


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("crohme", "CROHME23.zip"),
        ("mathwriting", "mathwriting-2024.tgz"),
        ("mathwriting-excerpt", "mathwriting-2024-excerpt.tgz"),
    ],
)
def test_a_data_set_arrives_whole_with_its_terms(server: StandIn, tmp_path: Path, name: str, file: str) -> None:
    said: list[str] = []
    (path,) = fetch(name, tmp_path / "raw", said.append, server.url)
    assert path == tmp_path / "raw" / file
    assert path.read_bytes() == CONTENT
    assert [found.name for found in path.parent.iterdir()] == [file]
    assert "non-commercial" in said[0]
    assert any("MD5 verified" in line for line in said)


def test_every_data_set_names_its_terms_and_what_to_do_next() -> None:
    for published in PUBLISHED.values():
        assert "non-commercial" in published.terms
        assert "Unpack" in published.advice


@pytest.mark.parametrize("name", ["mathwriting", "mathwriting-excerpt"])
def test_latex_alone_is_not_advised_to_train_on(server: StandIn, tmp_path: Path, name: str) -> None:
    said: list[str] = []
    fetch(name, tmp_path, said.append, server.url)
    assert f"{tmp_path}; test/ in it can test formulas" in said[-1]
    assert "It cannot train" in said[-1]
    assert "data.train" not in said[-1]


def test_a_broken_connection_is_taken_up_where_it_broke(server: StandIn, tmp_path: Path) -> None:
    server.break_after = [300_000, 300_000, 300_000]
    (path,) = fetch("crohme", tmp_path, lambda _: None, server.url)
    assert path.read_bytes() == CONTENT
    assert [asked for _, asked in server.requests[1:]] == [None, "bytes=262144-", "bytes=524288-", "bytes=786432-"]


def test_an_interrupted_fetch_goes_on_with_the_next_command(server: StandIn, tmp_path: Path) -> None:
    (tmp_path / "CROHME23.zip.part").write_bytes(CONTENT[:700_000])
    said: list[str] = []
    (path,) = fetch("crohme", tmp_path, said.append, server.url)
    assert path.read_bytes() == CONTENT
    assert server.requests[-1][1] == "bytes=700000-"
    assert any("going on at 0.7 MB" in line for line in said)


def test_a_server_without_ranges_starts_anew(server: StandIn, tmp_path: Path) -> None:
    server.ranges = False
    (tmp_path / "CROHME23.zip.part").write_bytes(b"x" * 1000)
    (path,) = fetch("crohme", tmp_path, lambda _: None, server.url)
    assert path.read_bytes() == CONTENT


@pytest.mark.parametrize("name", ["crohme", "mathwriting"])
def test_a_busy_or_failing_server_is_asked_again_later_and_later(server: StandIn, tmp_path: Path, name: str) -> None:
    server.statuses = [502, 500, 200, 503, 429, 504]  # asked which files there are, then for one
    (path,) = fetch(name, tmp_path, lambda _: None, server.url)
    assert path.read_bytes() == CONTENT
    assert server.waits == [1, 2, 1, 2, 4]


@pytest.mark.parametrize(
    ("asked", "waited"),
    [("7", 7), ("0", 1), ("3600", 60), ("Wed, 21 Oct 2015 07:28:00 GMT", 1), ("\u00b2", 1)],
)
def test_a_busy_server_says_how_long_to_wait(server: StandIn, tmp_path: Path, asked: str, waited: float) -> None:
    server.statuses, server.retry_after = [503], asked
    fetch("crohme", tmp_path, lambda _: None, server.url)
    assert server.waits == [waited]


@pytest.mark.parametrize("name", ["crohme", "mathwriting"])
@pytest.mark.parametrize("before", [[], [200]])
def test_a_server_that_stays_busy_is_not_asked_for_ever(
    server: StandIn, tmp_path: Path, name: str, before: list[int]
) -> None:
    server.statuses = [*before, *[502] * 100]
    with pytest.raises(FetchError, match=r"busy or failing \(502\); 6 attempts failed, run the same command again"):
        fetch(name, tmp_path, lambda _: None, server.url)
    assert server.waits == [1, 2, 4, 8, 16]


def test_a_file_that_is_there_is_verified_and_not_fetched(server: StandIn, tmp_path: Path) -> None:
    fetch("crohme", tmp_path, lambda _: None, server.url)
    server.requests.clear()
    fetch("crohme", tmp_path, lambda _: None, server.url)
    assert [path for path, _ in server.requests] == ["/api/records/8428035"]


def test_a_file_that_was_changed_is_fetched_again(server: StandIn, tmp_path: Path) -> None:
    (tmp_path / "CROHME23.zip").write_bytes(b"x" * len(CONTENT))
    (path,) = fetch("crohme", tmp_path, lambda _: None, server.url)
    assert path.read_bytes() == CONTENT


def test_a_wrong_checksum_leaves_nothing_that_looks_right(server: StandIn, tmp_path: Path) -> None:
    server.md5 = "0" * 32
    with pytest.raises(FetchError, match="not what the owner published"):
        fetch("crohme", tmp_path, lambda _: None, server.url)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["../evil.zip", "/etc/evil", "a/b.zip", "..", "a\\b.zip"])
def test_a_name_that_is_a_path_is_refused(server: StandIn, tmp_path: Path, name: str) -> None:
    server.name = name
    with pytest.raises(FetchError, match="no plain file name"):
        fetch("crohme", tmp_path / "raw", lambda _: None, server.url)
    assert list((tmp_path / "raw").iterdir()) == []


@pytest.mark.parametrize("record", [{"message": "moved"}, {"files": [{}]}, {"files": []}, ["files"]])
def test_an_answer_of_another_shape_is_an_error(server: StandIn, tmp_path: Path, record: object) -> None:
    server.record = record
    with pytest.raises(FetchError, match=r"/api/records/8428035: "):
        fetch("crohme", tmp_path, lambda _: None, server.url)


def test_an_unknown_name_lists_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(FetchError, match="known are crohme, mathwriting"):
        fetch("mnist", tmp_path)


def test_without_a_network_the_error_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(FetchError) as failed:
        fetch("crohme", tmp_path, lambda _: None, "http://user:secret@127.0.0.1:9")
    remedy = "check the connection and run the same command again, it goes on from here"
    assert str(failed.value) == f"the connection to 127.0.0.1:9 failed; {remedy}"


def test_a_proxy_that_is_not_there_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "")
    with pytest.raises(FetchError, match=r"^the connection to mirror\.example through the proxy failed; "):
        fetch("crohme", tmp_path, lambda _: None, "http://mirror.example")


def test_a_connection_that_keeps_breaking_is_told_in_a_line(
    server: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise requests.exceptions.ChunkedEncodingError(("Connection broken: IncompleteRead(...)", "inner"))

    monkeypatch.setattr("inkmath.dataset.fetch._receive", broken)
    host = server.url.removeprefix("http://")
    with pytest.raises(FetchError, match=f"^the connection to {host} failed; 6 attempts failed, run the same"):
        fetch("crohme", tmp_path, lambda _: None, server.url)


def test_a_server_that_has_no_such_file_is_not_blamed_on_the_connection(server: StandIn, tmp_path: Path) -> None:
    with pytest.raises(FetchError, match=r"404.*it may have moved"):
        fetch("crohme", tmp_path, lambda _: None, f"{server.url}/elsewhere")


@pytest.mark.parametrize("address", ["mirror", "ftp://mirror.example", "http://"])
def test_an_address_that_is_none_says_what_one_looks_like(tmp_path: Path, address: str) -> None:
    with pytest.raises(FetchError, match="give a server with its scheme, such as https://"):
        fetch("crohme", tmp_path, lambda _: None, address)


def test_a_place_that_cannot_be_written_is_named(server: StandIn, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(FetchError, match="file: cannot be written"):
        fetch("crohme", tmp_path / "file", lambda _: None, server.url)
