"""Public data sets of handwritten mathematics: fetched from where their owners publish them, resumed and verified.

CROHME comes through the records API of Zenodo (https://developers.zenodo.org), which gives the MD5 of each file;
MathWriting from Google's public archive, whose answers carry theirs in the header ``x-goog-hash``.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import shutil
import time
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests
from requests.exceptions import ChunkedEncodingError, InvalidSchema, InvalidURL, MissingSchema, ProxyError, SSLError

from inkmath.dataset.progress import progress

if TYPE_CHECKING:
    from collections.abc import Callable

ATTEMPTS = 6
"""How often a server is asked before giving up, busy or out of reach; progress in between starts the count anew."""

_BUSY = frozenset({429, 500, 502, 503, 504})
"""What a server answers that is overloaded, starts again, or stands before one that does."""

_TIMEOUT = (10.0, 60.0)  # Seconds to connect, and to wait for more.
_CONNECTION_FAILURES = (requests.ConnectionError, requests.Timeout, ChunkedEncodingError)
_BLOCK = 2**18  # Bytes that are received before they are kept.
_NON_COMMERCIAL = "https://creativecommons.org/licenses/by-nc-sa/4.0/"
_LATEX_ALONE = (
    "Unpack the archive in {out}; test/ in it can test formulas: inkmath evaluate DIR, or data.test of dvc exp run "
    "evaluate_expression. It cannot train: training wants the strokes of each symbol, and its truth is LaTeX alone."
)


class FetchError(RuntimeError):
    """A data set could not be fetched; the message says what is wrong and what to do. What was fetched is kept."""


class _BusyError(RuntimeError):
    """The server may answer later, in ``wait`` seconds if it knows."""

    def __init__(self, answer: requests.Response) -> None:
        super().__init__(f"{answer.url}: the server is busy or failing ({answer.status_code})")
        asked = answer.headers.get("Retry-After", "")
        self.wait = float(asked) if asked.isdecimal() else 1.0


class UnknownDataSetError(FetchError):
    """There is no data set of that name; the message names those that are known."""


@dataclass(frozen=True)
class Published:
    """A data set that others publish."""

    title: str
    server: str
    terms: str
    advice: str
    list_files: Callable[[requests.Session, str], list[RemoteFile]]


@dataclass(frozen=True)
class RemoteFile:
    """A file to fetch. Size and MD5 are None where only the answer that brings the file tells them."""

    name: str
    url: str
    size: int | None = None
    md5: str | None = None


def fetch(name: str, out: str | Path, say: Callable[[str], None] = print, server: str | None = None) -> list[Path]:
    """Fetch a data set into a directory; files that are there, whole and right, are not fetched again.

    A file arrives as ``NAME.part`` and takes its name when size and checksum are right. Interrupted, the next call
    goes on where this one stopped.

    Args:
        name: a key of :data:`PUBLISHED`.
        out: the directory, made if need be.
        say: takes each line meant for a person: terms, progress, what to do next.
        server: another server that offers the same paths; None takes the owner's.

    Returns:
        The files, in the owner's order.

    Raises:
        FetchError: the name is unknown, the server cannot be reached or answers nonsense, a checksum is wrong, or the
            disk is too small.
    """
    if name not in PUBLISHED:
        raise UnknownDataSetError(f"no data set {name!r}; known are {', '.join(PUBLISHED)}")
    data_set = PUBLISHED[name]
    say(f"{data_set.title}\nTerms: {data_set.terms}")
    folder = Path(out)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with requests.Session() as session:
            session.headers["Accept-Encoding"] = "identity"
            files = data_set.list_files(session, (server or data_set.server).rstrip("/"))
            paths = [_fetch_file(session, file, folder, say) for file in files]
    except (MissingSchema, InvalidSchema, InvalidURL) as error:
        raise FetchError(f"{error}; give a server with its scheme, such as https://zenodo.org") from error
    except requests.HTTPError as error:
        raise FetchError(f"{error}; the server answers, but not with the file: it may have moved") from error
    except requests.RequestException as error:
        failure = _failure(error, server or data_set.server)
        raise FetchError(
            f"{failure}; check the connection and run the same command again, it goes on from here"
        ) from error
    except OSError as error:
        raise FetchError(f"{error.filename or folder}: cannot be written ({error.strerror})") from error
    say(data_set.advice.format(out=folder))
    return paths


def _zenodo_files(record: int) -> Callable[[requests.Session, str], list[RemoteFile]]:
    def list_files(session: requests.Session, server: str) -> list[RemoteFile]:
        url = f"{server}/api/records/{record}"
        answer = _ask(session, "GET", url, {"Accept": "application/json"})
        try:
            files = [_zenodo_file(entry) for entry in answer.json()["files"]]
        except (requests.JSONDecodeError, KeyError, TypeError, ValueError) as error:
            raise FetchError(f"{url}: the answer is no record with files ({error!r}); has the API changed?") from error
        if not files:
            raise FetchError(f"{url}: the record lists no files; it may have been withdrawn")
        return files

    return list_files


def _zenodo_file(entry: Any) -> RemoteFile:
    name, checksum = str(entry["key"]), str(entry["checksum"])
    # The name becomes a path on this disk, so it must be nothing but a name.
    if name != PurePosixPath(name).name or "\\" in name or name in {"", ".", ".."}:
        raise ValueError(f"{name!r} is no plain file name")
    if not checksum.startswith("md5:"):
        raise ValueError(f"unknown kind of checksum {checksum!r}")
    return RemoteFile(name, str(entry["links"]["self"]), int(entry["size"]), checksum.removeprefix("md5:"))


def _google_file(path: str) -> Callable[[requests.Session, str], list[RemoteFile]]:
    def list_files(session: requests.Session, server: str) -> list[RemoteFile]:
        url = f"{server}/{path}"
        answer = _ask(session, "HEAD", url)
        size = answer.headers.get("Content-Length", "")
        return [
            RemoteFile(
                PurePosixPath(path).name, url, int(size) if size.isdecimal() else None, _google_md5(answer.headers)
            )
        ]

    return list_files


def _google_md5(headers: Any) -> str | None:
    """The MD5 in ``x-goog-hash: crc32c=...,md5=BASE64``; None for objects that were uploaded in parts."""
    for part in headers.get("x-goog-hash", "").split(","):
        kind, _, value = part.strip().partition("=")
        if kind == "md5":
            try:
                return base64.b64decode(value, validate=True).hex()
            except binascii.Error:
                return None
    return None


def _fetch_file(session: requests.Session, file: RemoteFile, folder: Path, say: Callable[[str], None]) -> Path:
    path, part = folder / file.name, folder / f"{file.name}.part"
    if path.exists() and _is_whole(path, file):
        say(f"{path}: already there, verified")
        return path
    had = part.stat().st_size if part.exists() else 0
    if had and file.size is not None and had > file.size:
        part.unlink()
        had = 0
    if file.size is not None and shutil.disk_usage(folder).free < file.size - had:
        raise FetchError(f"{folder}: {(file.size - had) / 1e9:.1f} GB are needed, less is free; choose another place")
    if had:
        say(f"{path}: going on at {had / 1e6:.1f} MB")
    with progress(file.name, file.size, unit="MB", scale=1e6) as advance:
        advance(had)
        _download(session, file, part, advance)
    if not _is_whole(part, file):
        part.unlink()
        raise FetchError(f"{path}: what arrived is not what the owner published (size or MD5 differ); run again")
    part.replace(path)
    say(f"{path}: {path.stat().st_size / 1e6:.1f} MB, " + ("MD5 verified" if file.md5 else "no MD5 is published"))
    return path


def _is_whole(path: Path, file: RemoteFile) -> bool:
    if file.size is not None and path.stat().st_size != file.size:
        return False
    if file.md5 is None:
        # Without size and checksum nothing speaks for the file that is there.
        return file.size is not None or path.suffix == ".part"
    with path.open("rb") as content:
        return hashlib.file_digest(content, lambda: hashlib.md5(usedforsecurity=False)).hexdigest() == file.md5


def _ask(session: requests.Session, method: str, url: str, headers: dict[str, str] | None = None) -> requests.Response:
    """What a server says of its files. Where no connection is had, that is told at once: nothing has begun yet."""
    failures = 0
    while True:
        try:
            return _checked(session.request(method, url, headers=headers, timeout=_TIMEOUT, allow_redirects=True))
        except _BusyError as busy:
            failures += 1
            _wait(failures, busy.wait, str(busy))


def _checked(answer: requests.Response) -> requests.Response:
    if answer.status_code in _BUSY:
        raise _BusyError(answer)
    answer.raise_for_status()
    return answer


def _wait(failures: int, seconds: float, problem: str) -> None:
    """Wait before the next attempt, longer after each, as a busy server asks, 1 to 60 s; give up after the last."""
    if failures >= ATTEMPTS:
        raise FetchError(f"{problem}; {ATTEMPTS} attempts failed, run the same command again to go on from here")
    time.sleep(min(max(seconds, 1.0) * 2 ** (failures - 1), 60.0))


def _download(session: requests.Session, file: RemoteFile, part: Path, advance: Callable[[int], None]) -> None:
    """Bring ``part`` to its full size, taking up broken connections."""
    failures = 0
    while True:
        before = part.stat().st_size if part.exists() else 0
        if before == file.size:
            return
        try:
            _receive(session, file, part, advance)
            return
        except _BusyError as busy:
            wait, problem = busy.wait, str(busy)
        except _CONNECTION_FAILURES as error:
            wait, problem = 1.0, _failure(error, file.url)
        grown = part.exists() and part.stat().st_size > before
        failures = 1 if grown else failures + 1
        _wait(failures, wait, problem)


def _failure(error: requests.RequestException, url: str) -> str:
    """What failed; of a connection in our words, since those of requests are the insides of urllib3."""
    if not isinstance(error, _CONNECTION_FAILURES):
        return str(error)
    secure = " secure" if isinstance(error, SSLError) else ""
    way = " through the proxy" if isinstance(error, ProxyError) else ""
    host = urlsplit(url).netloc.rpartition("@")[2]  # without a password
    return f"the{secure} connection to {host}{way} failed"


def _receive(session: requests.Session, file: RemoteFile, part: Path, advance: Callable[[int], None]) -> None:
    """One request for what is missing."""
    had = part.stat().st_size if part.exists() else 0
    headers = {"Range": f"bytes={had}-"} if had else {}
    with session.get(file.url, headers=headers, stream=True, timeout=_TIMEOUT) as answer:
        if answer.status_code == 416:
            # Nothing lies behind what is here: it is all there is, which size and checksum will judge.
            return
        _checked(answer)
        if had and answer.status_code != 206:
            advance(-had)
            had = 0
        with part.open("ab" if had else "wb") as target:
            for block in answer.iter_content(_BLOCK):
                target.write(block)
                advance(len(block))
        expected = answer.headers.get("Content-Length", "")
        if expected.isdecimal() and part.stat().st_size < had + int(expected):
            raise requests.ConnectionError(f"{file.url}: the connection broke off")


PUBLISHED: dict[str, Published] = {
    "crohme": Published(
        title="CROHME 2023, with the data of all earlier competitions (https://zenodo.org/records/8428035)",
        server="https://zenodo.org",
        terms="non-commercial research only; cite the CROHME competition and IAPR TC11 (see the record for how).",
        advice="Unpack the archive in {out}, then: dvc exp run -S data.source=inkml -S data.train=DIR -S data.test=DIR",
        list_files=_zenodo_files(8428035),
    ),
    "mathwriting": Published(
        title="MathWriting 2024, Google LLC, 230,000 human and 400,000 synthetic formulas (2.9 GB)",
        server="https://storage.googleapis.com",
        terms=f"CC BY-NC-SA 4.0, non-commercial ({_NON_COMMERCIAL}).",
        advice=_LATEX_ALONE,
        list_files=_google_file("mathwriting_data/mathwriting-2024.tgz"),
    ),
    "mathwriting-excerpt": Published(
        title="An excerpt of MathWriting 2024, Google LLC (1.5 MB)",
        server="https://storage.googleapis.com",
        terms=f"CC BY-NC-SA 4.0, non-commercial ({_NON_COMMERCIAL}).",
        advice=_LATEX_ALONE,
        list_files=_google_file("mathwriting_data/mathwriting-2024-excerpt.tgz"),
    ),
}
"""What can be fetched, by name."""
