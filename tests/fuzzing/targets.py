"""What every reader promises for any bytes: an answer that holds together, or its own error. All else is a find."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import numpy as np
from stub_reader import StubNamer, StubReader

from inkmath.dataset import sources
from inkmath.dataset.arrays import ArraysError, read_arrays
from inkmath.dataset.sources import Document, SourceError, find_documents
from inkmath.drawing import to_svg
from inkmath.inkml import InkMLError, parse_inkml, write_inkml
from inkmath.layout import LayoutError
from inkmath.layout.latex import canonical_tokens, parse_latex, to_latex
from inkmath.layout.lg import parse_lg, to_lg
from inkmath.layout.mathml import parse_mathml, to_mathml
from inkmath.recognizer import Recognizer
from inkmath.web.app import create_app
from inkmath.web.settings import Limits, Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from inkmath.ink import Ink

ROUTES = ("recognize", "classify", "inkml", "arrange", "corrections", "recognize", "rows", "recognize", "ink")
OF_FILES = 7  # routes before these are asked with JSON, the others with InkML
NAMES = ("a.zip", "a.tar", "a.tar.gz")
SECRETS = (b"root:x:", b"Traceback", b"site-packages")


class Escape(BaseException):
    """Input made the program write outside its folder, run a program, or reach for the network."""


class Watch:
    """Raises `Escape` while it is on. Python tells of all it does; what libxml2 does by itself has tests of its own."""

    _REFUSED = ("socket.connect", "socket.bind", "socket.getaddrinfo", "subprocess.Popen", "os.system", "os.exec")
    _CHANGES = ("os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.chmod", "os.truncate")

    def __init__(self) -> None:
        self.on = False
        self.home = ""
        sys.addaudithook(self._hear)

    @contextmanager
    def __call__(self, home: str | Path) -> Iterator[None]:
        """Watch the block; it may change what lies in ``home``."""
        self.home, self.on = str(home), True
        try:
            yield
        finally:
            self.on = False

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self.on:
            return
        if event in self._REFUSED:
            raise Escape(f"{event} {arguments}")
        writes = event == "open" and arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
        if (writes or event in self._CHANGES) and not str(arguments[0]).startswith((self.home, "/dev/null")):
            raise Escape(f"{event} {arguments}")


@cache
def watch() -> Watch:
    """The watch of this process; there is no taking it off again."""
    return Watch()


@cache
def home() -> Path:
    """The folder that a target may write to."""
    return Path(tempfile.mkdtemp(prefix="inkmath-fuzz-"))


def check_inkml(data: bytes) -> bool:
    """Read, and what was read can be drawn, written and read back."""
    try:
        ink = parse_inkml(data)
    except InkMLError as error:
        assert len(str(error)) < 600
        return False
    assert all(stroke.ndim == 2 and stroke.shape[1] == 2 and len(stroke) for stroke in ink.strokes)
    assert all(np.isfinite(stroke).all() for stroke in ink.strokes)
    to_svg(ink)
    _check_written(ink)
    return True


def _check_written(ink: Ink) -> None:
    for known in (ink, replace(ink, annotations={}, id="", writer=None, latex=None)):
        try:
            written = write_inkml(known)
        except (InkMLError, LayoutError):  # a character that XML cannot hold, a tree that LaTeX cannot say
            continue
        again = parse_inkml(written)
        assert len(again.strokes) == len(ink.strokes)
        assert all(np.array_equal(one, two) for one, two in zip(again.strokes, ink.strokes, strict=True))


def check_latex(data: bytes) -> bool:
    """Read, and the tree written as LaTeX is the tree; canonical tokens are their own canonical tokens."""
    try:
        tree = parse_latex(data.decode("utf-8", "replace"))
    except LayoutError as error:
        assert len(str(error)) < 600
        return False
    assert parse_latex(to_latex(tree)) == tree
    tokens = canonical_tokens(tree)
    assert canonical_tokens(" ".join(tokens)) == tokens
    to_mathml(tree)
    return True


def check_mathml(data: bytes) -> bool:
    """Read, and the tree written as MathML is the tree."""
    try:
        tree = parse_mathml(data)
    except LayoutError:
        return False
    assert parse_mathml(to_mathml(tree, plain=True)) == tree
    return True


def check_lg(data: bytes) -> bool:
    """Read, and the tree written as a label graph is the tree."""
    try:
        tree = parse_lg(data.decode("utf-8", "replace"))
    except LayoutError:
        return False
    if tree.has_strokes:
        assert parse_lg(to_lg(tree)) == tree
    return True


@cache
def _service() -> tuple[asyncio.Runner, httpx.AsyncClient]:
    # Time is limited by the fuzzer; on a busy machine the server's own limit would be met by sound requests.
    settings = Settings(hosts=None, workers=1, corrections=home() / "saved", limits=Limits(seconds=60.0))
    app = create_app(Recognizer(StubReader, StubNamer), settings)
    runner = asyncio.Runner()

    async def start() -> httpx.AsyncClient:
        await app.router.lifespan_context(app).__aenter__()
        client = httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://127.0.0.1")
        while (await client.get("/readyz")).status_code != 200:
            await asyncio.sleep(0.01)
        return client

    return runner, runner.run(start())


def check_web(data: bytes) -> bool:
    """Answered, with a problem where it is refused; the first byte chooses the route."""
    runner, client = _service()
    route, body = data[:1], data[1:]
    number = route[0] % len(ROUTES) if route else 0
    kind = "application/inkml+xml" if number >= OF_FILES else "application/json"
    headers = {"Content-Type": kind}
    answer = runner.run(_ask(client, f"/api/{ROUTES[number]}", body, headers))
    assert answer.status_code < 500 or answer.status_code == 507, answer.text
    assert not any(secret in answer.content for secret in (*SECRETS, bytes(home())))
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == "application/problem+json"
        assert len(answer.content) < 20_000
    if answer.headers["content-type"].endswith("json"):
        json.loads(answer.content, parse_constant=_no_number)
    if ROUTES[number] == "corrections" and answer.status_code == 201:
        (home() / "saved" / f"{answer.json()['name']}.inkml").unlink()
    return answer.status_code < 400


async def _ask(client: httpx.AsyncClient, path: str, body: bytes, headers: dict[str, str]) -> httpx.Response:
    return await client.post(path, content=body, headers=headers)


def _no_number(name: str) -> float:
    raise AssertionError(f"{name} is no JSON")


def check_archive(data: bytes) -> bool:
    """Searched without an error or a file; the first byte chooses the archive's name."""
    folder = home() / "archives"
    folder.mkdir(exist_ok=True)
    name = NAMES[data[0] % len(NAMES)] if data else NAMES[0]
    (folder / name).write_bytes(data[1:])
    total, read = 0, 0
    try:
        for found in find_documents(folder / name, required=False):
            if isinstance(found, Document):
                total, read = total + len(found.read()), read + 1
                assert ".." not in found.name.split("/") and not found.name.startswith("/")
    except SourceError:
        pass
    finally:
        assert [path.name for path in folder.iterdir()] == [name]
        (folder / name).unlink()
    assert total <= sources.MAX_EXPANSION * max(len(data), 2**17)
    return read > 0


def check_arrays(data: bytes) -> bool:
    """Read as plain arrays, or refused."""
    path = home() / "a.npz"
    path.write_bytes(data)
    try:
        read_arrays(path)
    except ArraysError:
        return False
    return True


@cache
def _released() -> Recognizer:
    recognizer = Recognizer.load()
    recognizer.recognize([[[0.0, 0.0], [1.0, 10.0]]])  # loads the models
    recognizer.classify([[[0.0, 0.0], [1.0, 10.0]]])
    return recognizer


def check_reading(data: bytes) -> bool:
    """InkML, read by the released models: a formula with a probability, or a plain error."""
    try:
        ink = parse_inkml(data)
    except InkMLError:
        return False
    if len(ink.strokes) > 30:  # long formulas take longer than the limit by right
        return False
    result = _released().recognize(ink, alternatives=2)
    assert 0.0 <= result.confidence <= 1.0
    assert sorted(stroke for symbol in result.tree.symbols for stroke in symbol.strokes) == [*range(len(ink.strokes))]
    assert all(0.0 <= one.probability <= 1.0 for one in _released().classify(ink))
    return True


TARGETS: dict[str, Callable[[bytes], bool]] = {
    "inkml": check_inkml,
    "latex": check_latex,
    "mathml": check_mathml,
    "lg": check_lg,
    "web": check_web,
    "archive": check_archive,
    "arrays": check_arrays,
    "reading": check_reading,
}
"""By name: what to call with any bytes."""


def check(name: str, data: bytes) -> bool:
    """Run one target under watch; returns whether it took the input as sound."""
    with watch()(home()):
        return TARGETS[name](data)
