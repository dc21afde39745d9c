"""A client for the tests of the interface; for those of the page a browser, and the page in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from asking import client_of, until_ready
from browsing import CHROMIUM, FLAGS, MESSAGES_STAY, SECONDS, serving
from stub_reader import StubNamer, StubReader

from inkmath.recognizer import Recognizer
from inkmath.web.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fastapi.testclient import TestClient
    from playwright.sync_api import Browser, Page


@pytest.fixture
def client(recognizer: Recognizer, tmp_path: Path) -> Iterator[TestClient]:
    """A client of a server that saves corrections in ``user``, its models loaded."""
    with client_of(recognizer, corrections=tmp_path / "user") as client:
        until_ready(client)
        yield client


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One for each module: as long as Playwright runs, nothing else in the process can run an event loop."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS, timeout=1000 * SECONDS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("corrections") / "user"


@pytest.fixture(scope="module")
def address(saved: Path) -> Iterator[str]:
    with serving(Recognizer(StubReader, StubNamer), Settings(corrections=saved)) as address:
        yield address


@pytest.fixture(scope="module")
def window(browser: Browser) -> Iterator[Page]:
    """One window for most tests: opening one costs more than a test."""
    context = browser.new_context(accept_downloads=True, viewport={"width": 1200, "height": 900})
    context.set_default_timeout(1000 * SECONDS)
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    context.add_init_script(MESSAGES_STAY)
    yield context.new_page()
    context.close()


@pytest.fixture
def page(window: Page, address: str) -> Iterator[Page]:
    """The page as it is when first opened; a test fails when a script of the page does."""
    failures: list[str] = []
    window.on("pageerror", lambda error: failures.append(str(error)))
    window.goto(f"{address}healthz")  # of the same origin, and sooner there than the page
    window.evaluate("localStorage.clear(); sessionStorage.clear()")
    window.goto(address)
    window.wait_for_selector('#status[data-state="ready"]')
    yield window
    window.unroute_all()
    window.context.set_offline(False)
    window.goto("about:blank")
    assert not failures
