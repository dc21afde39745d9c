"""Looking at the page as a person does: a real browser, a pointer that draws, and a server to talk to."""

from __future__ import annotations

import json
import os
import socket
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import uvicorn
from stub_reader import StubNamer, StubReader

from inkmath.recognizer import Recognizer
from inkmath.web.app import create_app
from inkmath.web.problems import limit_problem
from inkmath.web.settings import Limits, Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from playwright.sync_api import Browser, Page, Route

CHROMIUM = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium"))
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-dev-shm-usage"]

needs_chromium = pytest.mark.skipif(not CHROMIUM.exists(), reason=f"needs Chromium at {CHROMIUM} (or set CHROMIUM)")

SECONDS = 120.0
"""How long a page may take for anything; most takes a hundredth of a second, but machines stand still at times."""

MESSAGES_STAY = """{
    const wait = window.setTimeout;
    const longer = (milliseconds) => [2500, 6000].includes(milliseconds) ? 10 * 60_000 : milliseconds;
    window.setTimeout = (work, milliseconds, ...given) => wait(work, longer(milliseconds), ...given);
}"""
"""Else a message of the page may go by itself before a test on a busy machine comes to it."""

REST_WHEN_TOLD = """{
    const wait = window.setTimeout;
    window.setTimeout = (work, milliseconds, ...given) => {
        if (milliseconds !== 1000) return wait(work, milliseconds, ...given);
        window.rest = work;
    };
}"""
"""Nothing has been written for a while only when a test says ``rest()``, however slow the machine is."""

Points = list[tuple[float, float]]

X: Points = [(100, 100), (115, 118), (130, 135), (140, 145)]
ONE: Points = [(200, 80), (201, 120), (202, 160)]
MINUS: Points = [(250, 120), (280, 121), (320, 120)]


@contextmanager
def serving(recognizer: Recognizer, settings: Settings) -> Iterator[str]:
    """The application on a free port; gives its address."""
    server = uvicorn.Server(uvicorn.Config(create_app(recognizer, settings), log_level="warning"))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}/"
        finally:
            server.should_exit = True
            thread.join()


@contextmanager
def opened(browser: Browser, address: str, **device: object) -> Iterator[Page]:
    """The page in a window of another kind."""
    context = browser.new_context(**device)  # type: ignore[arg-type]
    context.set_default_timeout(1000 * SECONDS)
    context.add_init_script(MESSAGES_STAY)
    page = context.new_page()
    page.goto(address)
    page.wait_for_selector('#status[data-state="ready"]')
    yield page
    context.close()


@contextmanager
def page_of_limits(browser: Browser, **limits: int) -> Iterator[Page]:
    """The page of a server that has these limits, and a reader without weights."""
    settings = Settings(limits=Limits(**limits))
    with serving(Recognizer(StubReader, StubNamer), settings) as address, opened(browser, address) as page:
        yield page


def too_slow(route: Route) -> None:
    """Refuse as a server does that runs out of time."""
    problem = limit_problem(
        503, "too-slow", "Took too long", limit="seconds", value=10, unit="seconds", remedy="Try less at once."
    ).response()
    route.fulfill(status=problem.status_code, headers=dict(problem.headers), body=bytes(problem.body))


def draw(page: Page, *strokes: Sequence[tuple[float, float]]) -> None:
    """Move the mouse along each stroke, in pixels of the sheet."""
    sheet = page.locator("#ink").bounding_box()
    assert sheet is not None
    for stroke in strokes:
        page.mouse.move(sheet["x"] + stroke[0][0], sheet["y"] + stroke[0][1])
        page.mouse.down()
        for x, y in stroke[1:]:
            page.mouse.move(sheet["x"] + x, sheet["y"] + y)
        page.mouse.up()


def tap(page: Page, x: float, y: float) -> None:
    draw(page, [(x, y)])


def expect_latex(page: Page, latex: str) -> None:
    from playwright.sync_api import expect

    expect(page.locator("#latex")).to_have_text(latex, timeout=1000 * SECONDS)
    state = "shown" if latex else "empty"
    expect(page.locator("#result")).to_have_attribute("data-state", state, timeout=1000 * SECONDS)


def written_by_hand(page: Page, latex: str) -> None:
    """Write what no reading says, of the one row there is."""
    page.get_by_role("button", name="Write the LaTeX yourself").click()
    page.locator("#mend-latex").fill(latex)
    page.keyboard.press("Enter")


def kept_strokes(page: Page) -> list[list[list[float]]]:
    """Strokes on the sheet as [x, y, pressure] points."""
    kept = kept_ink(page)
    return [stroke["points"] for stroke in kept["strokes"]] if kept else []


def kept_ink(page: Page) -> dict[str, Any]:
    """What the tab would have if it were loaded again now."""
    page.evaluate("dispatchEvent(new Event('pagehide'))")
    kept: dict[str, Any] = json.loads(page.evaluate("sessionStorage.getItem('ink')") or "{}")
    return kept


def load_with_ink(page: Page, kept: dict[str, Any]) -> None:
    """Load the tab again as if it had kept other ink than it shows."""
    kept_ink(page)  # else the page would keep its own as it goes
    page.evaluate("kept => sessionStorage.setItem('ink', JSON.stringify(kept))", kept)
    page.reload()


def wait_for(page: Page, condition: Callable[[], object]) -> None:
    """Let the page work until something holds. Waiting through the page keeps its requests and routes going."""
    end = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < end, "nothing happened"
        page.wait_for_timeout(20)


def copied(page: Page, begins: str) -> str:
    """What the clipboard holds, once the browser has put there what begins so."""
    read = "navigator.clipboard.readText()"
    wait_for(page, lambda: page.evaluate(read).startswith(begins))
    text: str = page.evaluate(read)
    return text


def focused(page: Page) -> str:
    """What keys go to: an id, or ``symbol 0`` and ``reading 0`` of the lists."""
    told: str = page.evaluate(
        """() => {
            const active = document.activeElement;
            const reading = [...document.querySelectorAll("#alternatives button")].indexOf(active);
            return reading >= 0 ? `reading ${reading}`
                : active.matches("#symbols *") ? `symbol ${active.dataset.symbol}` : active.id;
        }"""
    )
    return told


def opacity(page: Page, x: float, y: float) -> float:
    """How opaque ink is at its most near a place of the sheet, 0 to 1."""
    most: float = page.locator("#ink").evaluate(
        """(canvas, [x, y]) => {
            const ratio = canvas.width / canvas.clientWidth;
            const { data } = canvas.getContext("2d").getImageData(x * ratio - 3, y * ratio - 3, 7, 7);
            return Math.max(...data.filter((_, place) => place % 4 === 3)) / 255;
        }""",
        [x, y],
    )
    return most


def below(stroke: Points) -> Points:
    """The stroke written so far beneath the others that it is of a second row."""
    return [(x, y + 150) for x, y in stroke]


def beside(stroke: Points, by: int) -> Points:
    """The stroke written so far to the right."""
    return [(x + by, y) for x, y in stroke]


def expect_rows(page: Page, *rows: str) -> None:
    """The page shows these rows, of more than one, in the LaTeX box."""
    lines = " \\\\ ".join(f"&{row}" for row in rows)
    expect_latex(page, f"\\begin{{aligned}} {lines} \\end{{aligned}}")


def write_two_rows(page: Page) -> None:
    draw(page, X, ONE, below(ONE), below(MINUS))
    expect_rows(page, "x1", "1-")


def in_hand(page: Page) -> str:
    """The number of the row in hand, and what its symbols' buttons say."""
    number = page.locator("#formula [role=radio][aria-checked=true]").inner_text()
    return f"{number}: {''.join(page.locator('#symbols button').all_inner_texts())}"


def choose(page: Page, symbol: int, what: str) -> None:
    """In the choices of a symbol of the row in hand."""
    page.locator("#symbols button").nth(symbol).click()
    page.get_by_role("button", name=what).click()


def a_row_for_each_stroke(route: Route) -> None:
    """More rows than the reader of the tests tells apart."""
    math = '<math xmlns="http://www.w3.org/1998/Math/MathML"><mi id="symbol-0">x</mi></math>'
    rows = []
    asked = route.request.post_data_json
    assert asked is not None
    for index in range(len(asked["strokes"])):
        symbols = [{"label": "x", "strokes": [index], "alternatives": []}]
        formula = {"latex": "x", "compact": "x", "mathml": math, "confidence": 0.9, "symbols": symbols, "relations": []}
        formula["reading_order"] = [0]
        rows.append({**formula, "alternatives": [formula]})
    route.fulfill(json={"rows": rows})
