"""The page in WebKit, the engine of every browser of iPads and iPhones; what these tests try works there, too."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from browsing import MINUS, ONE, SECONDS, Points, X, below, beside

from inkmath.ink import Ink
from inkmath.inkml import write_inkml
from inkmath.layout.latex import parse_latex
from inkmath.web.app import PAGE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from selenium.webdriver import WebKitGTK

DRIVER = Path("/usr/bin/WebKitWebDriver")
BROWSERS = "webkit2gtk-4.*/MiniBrowser"

pytestmark = pytest.mark.skipif(
    not (DRIVER.exists() and shutil.which("Xvfb")), reason=f"needs Xvfb, and WebKit's driver at {DRIVER}"
)


@pytest.fixture(scope="module")
def display() -> Iterator[str]:
    """A screen that nobody sees: WebKit's browser has no other way to run without one."""
    reading, writing = os.pipe()
    command = ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1400x1200x24", "-nolisten", "tcp"]
    with subprocess.Popen(command, pass_fds=[writing], stderr=subprocess.DEVNULL) as server:
        os.close(writing)
        with os.fdopen(reading) as told:
            yield f":{told.readline().strip()}"
        server.terminate()


@pytest.fixture(scope="module")
def window(display: str) -> Iterator[WebKitGTK]:
    from selenium.webdriver import WebKitGTK
    from selenium.webdriver.webkitgtk.options import Options
    from selenium.webdriver.webkitgtk.service import Service

    options = Options()
    options.binary_location = str(next(Path("/usr/lib").glob(f"*/{BROWSERS}")))
    options.add_argument("--automation")
    window = WebKitGTK(options=options, service=Service(str(DRIVER), env={**os.environ, "DISPLAY": display}))
    window.set_window_size(1200, 1000)
    yield window
    window.quit()


@pytest.fixture
def page(window: WebKitGTK, address: str) -> WebKitGTK:
    """The page as it is when first opened."""
    open_with(window, address, {})
    return window


def open_with(window: WebKitGTK, address: str, kept: dict[str, object]) -> None:
    """Open the page with nothing in the tab's storage but this."""
    window.get(f"{address}healthz")  # of the same origin
    window.execute_script("localStorage.clear(); sessionStorage.clear()")
    for key, value in kept.items():
        window.execute_script("sessionStorage.setItem(...arguments)", key, json.dumps(value))
    window.get(address)
    wait_for(window, lambda: tell(window, "$('status').dataset.state") == "ready")


def wait_for(page: WebKitGTK, condition: Callable[[], object]) -> None:
    from selenium.webdriver.support.wait import WebDriverWait

    WebDriverWait(page, SECONDS).until(lambda _: condition())


def tell(page: WebKitGTK, script: str) -> Any:
    return page.execute_script(f"const $ = (id) => document.getElementById(id); return {script}")


def draw(page: WebKitGTK, *strokes: Points) -> None:
    """Move the mouse along each stroke, in pixels of the sheet."""
    from selenium.webdriver.common.actions.action_builder import ActionBuilder

    left, top = tell(page, "(({ left, top }) => [left, top])($('ink').getBoundingClientRect())")
    for (x, y), *others in strokes:
        actions = ActionBuilder(page, duration=1)
        mouse: Any = actions.pointer_action
        mouse.move_to_location(round(left + x), round(top + y)).pointer_down()
        for further_x, further_y in others:
            mouse.move_to_location(round(left + further_x), round(top + further_y))
        mouse.pointer_up()
        actions.perform()


def expect_latex(page: WebKitGTK, *parts: str) -> None:
    """The page shows LaTeX of these parts, which space parts."""
    wait_for(page, lambda: tell(page, "$('latex').textContent").split() == [*parts])


def opened(page: WebKitGTK, file: Path) -> None:
    """Open a file as if it were chosen; the browser's own dialogue cannot be tested."""
    tell(page, "$('file').style.display = 'block', $('file').hidden = false")
    page.find_element("id", "file").send_keys(str(file))
    wait_for(page, lambda: tell(page, "$('toast').textContent").startswith(f"Opened {file.name}"))


def test_what_is_written_is_read_and_corrected_and_kept(page: WebKitGTK) -> None:
    draw(page, X, ONE, MINUS)
    expect_latex(page, "x1-")
    page.find_element("css selector", "#symbols button").click()
    page.find_element("css selector", '#choices [data-label="y"]').click()
    expect_latex(page, "y1-")
    page.find_element("id", "copy-latex").click()
    wait_for(page, lambda: tell(page, "$('toast').textContent").startswith("LaTeX copied"))
    page.refresh()
    expect_latex(page, "y1-")


def test_rows_are_told_apart(page: WebKitGTK) -> None:
    draw(page, X, ONE, below(ONE), below(MINUS))
    expect_latex(page, "\\begin{aligned}", "&x1", "\\\\", "&1-", "\\end{aligned}")


def outlines(page: WebKitGTK) -> list[float]:
    """How far to the right of the sheet's left edge each outline begins, in pixels."""
    lefts: list[float] = tell(
        page,
        """[...document.querySelectorAll("#overlay rect")]
            .map((box) => box.getBoundingClientRect().left - $("ink").getBoundingClientRect().left)""",
    )
    return lefts


def test_a_long_formula_is_scrolled_sideways_and_written_on(page: WebKitGTK, address: str) -> None:
    strokes = [{"id": number, "points": [[*point, 0.5] for point in beside(X, 80 * number)]} for number in range(20)]
    open_with(page, address, {"ink": {"strokes": strokes, "nextId": 20}})
    wait_for(page, lambda: len(outlines(page)) == 20)
    tell(page, "$('scroller').scrollLeft = 300")
    wait_for(page, lambda: outlines(page)[0] < 0)
    draw(page, [(200, 250), (201, 270), (202, 300)])
    wait_for(page, lambda: len(outlines(page)) == 21)
    assert any(left + 5 == pytest.approx(200, abs=2) for left in outlines(page))


def test_a_picture_is_opened(page: WebKitGTK) -> None:
    opened(page, PAGE / "example.png")
    wait_for(page, lambda: tell(page, "$('latex').textContent"))


def test_a_bar_over_several_letters_lies_on_them(page: WebKitGTK, tmp_path: Path) -> None:
    tree = parse_latex("\\overline { A B }")
    symbols = tuple(replace(symbol, strokes=(number,)) for number, symbol in enumerate(tree.symbols))
    ink = replace(Ink.from_points([MINUS, X, ONE]), tree=replace(tree, symbols=symbols))
    (tmp_path / "bar.inkml").write_bytes(write_inkml(ink))
    opened(page, tmp_path / "bar.inkml")
    expect_latex(page, "\\overline{AB}")
    gap = tell(
        page,
        """(({ firstElementChild: letters, lastElementChild: bar }) =>
            (letters.getBoundingClientRect().top - bar.getBoundingClientRect().top)
                / parseFloat(getComputedStyle(bar).fontSize)
        )(document.querySelector("#formula mover"))""",
    )
    assert 0 < gap < 0.3, "of the size of letters; WebKit by itself leaves 0.8"
