"""The page while its server is slow, busy or away: nothing written is lost, and nothing stale is shown as new."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from browsing import ONE, SECONDS, X, copied, draw, expect_latex, focused, needs_chromium, opened, too_slow, wait_for

from inkmath.ink import Ink
from inkmath.inkml import parse_inkml, write_inkml

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser, Page, Route

pytestmark = needs_chromium


def test_what_is_written_while_the_server_starts_is_read_once_it_is_ready(page: Page) -> None:
    problem = {"type": "urn:inkmath:problem:starting", "title": "Starting", "status": 503, "detail": "Wait."}
    starting = True

    def answer(route: Route) -> None:
        if starting:
            route.fulfill(status=503, headers={"Retry-After": "1"}, json=problem)
        else:
            route.continue_()

    page.route("**/api/symbols", answer)
    page.reload()
    page.wait_for_selector("text=Getting ready; you can start writing.")
    assert page.locator("#learn").is_hidden()
    draw(page, X)
    page.wait_for_selector("text=Getting ready; you can start writing.")
    starting = False
    expect_latex(page, "x")
    assert page.locator("#learn").is_visible()
    page.locator("#symbols button").click()
    page.get_by_role("searchbox").fill("alpha")
    page.locator("#choices .found button").wait_for()


def test_what_the_page_begins_with_is_asked_for_at_once(page: Page) -> None:
    """One after the other would take as many round trips."""
    held: list[str] = []
    for name in ("symbols", "corrections"):
        page.route(f"**/api/{name}", lambda route: held.append(route.request.url.rpartition("/")[2]))
    page.reload(wait_until="commit")
    wait_for(page, lambda: sorted(held) == ["corrections", "symbols"])


def test_what_was_written_before_is_asked_for_once_when_the_page_opens_again(page: Page) -> None:
    asked: list[Route] = []

    def count(route: Route) -> None:
        asked.append(route)
        route.continue_()

    draw(page, X)
    expect_latex(page, "x")
    page.route("**/api/rows", count)
    page.reload()
    page.locator("#learn").wait_for()
    expect_latex(page, "x")
    page.wait_for_load_state("networkidle")
    assert len(asked) == 1


def test_a_late_answer_never_replaces_a_newer_one(page: Page) -> None:
    held: list[Route] = []

    def hold_first(route: Route) -> None:
        if not held:
            held.append(route)
        else:
            route.continue_()

    page.route("**/api/rows", hold_first)
    draw(page, X)
    wait_for(page, lambda: held)
    draw(page, ONE)
    expect_latex(page, "x1")
    held[0].fulfill(json={"latex": "stale"})
    page.wait_for_timeout(150)
    expect_latex(page, "x1")


def test_without_a_server_the_ink_stays_and_reading_goes_on_by_itself(page: Page) -> None:
    page.context.set_offline(True)
    draw(page, X)
    page.wait_for_selector('#status[data-state="offline"]')
    assert "Your ink is safe" in page.locator("#notice").inner_text()
    assert page.locator("#copy-latex").is_disabled()
    assert page.get_by_role("button", name="Try again").is_visible()
    page.context.set_offline(False)
    # By itself the page tries again every two seconds; if it just did, there is no button any more to point at.
    page.locator("#notice button").evaluate("button => button.click()")
    expect_latex(page, "x")
    assert page.locator("#notice").is_hidden()


def test_a_file_that_could_not_be_sent_is_opened_when_the_server_is_back(page: Page, tmp_path: Path) -> None:
    (tmp_path / "x.inkml").write_bytes(write_inkml(Ink.from_points([X])))
    page.context.set_offline(True)
    page.locator("#file").set_input_files(tmp_path / "x.inkml")
    page.wait_for_selector('#status[data-state="offline"]')
    assert page.get_by_role("button", name="Try again").is_visible()
    page.context.set_offline(False)
    expect_latex(page, "x")
    page.wait_for_selector('#status[data-state="ready"]')
    assert page.locator("#notice").is_hidden()


def test_a_file_that_could_not_be_sent_does_not_replace_what_was_written_since(
    browser: Browser, address: str, tmp_path: Path
) -> None:
    (tmp_path / "x.inkml").write_bytes(write_inkml(Ink.from_points([X])))
    with opened(browser, address) as page:
        page.clock.install()
        page.context.set_offline(True)
        page.locator("#file").set_input_files(tmp_path / "x.inkml")
        page.wait_for_selector('#status[data-state="offline"]')
        draw(page, ONE)
        page.context.set_offline(False)
        page.clock.fast_forward(2_000)
        expect_latex(page, "1")
        page.clock.fast_forward(10_000)
        page.wait_for_timeout(200)
        expect_latex(page, "1")


BREAK_OFF_THE_NEXT_ANSWER = """() => {
    const whole = window.fetch;
    window.fetch = async () => {
        window.fetch = whole;
        const pull = (answer) => {
            answer.enqueue(new TextEncoder().encode('{"latex": '));
            answer.error(new TypeError("network error"));
        };
        return new Response(new ReadableStream({ pull }));
    };
}"""


def test_an_answer_that_breaks_off_is_asked_for_again(page: Page) -> None:
    held: list[Route] = []
    page.route("**/api/rows", lambda route: held.append(route))
    page.evaluate(BREAK_OFF_THE_NEXT_ANSWER)
    draw(page, X)
    page.wait_for_selector('#status[data-state="offline"]')
    wait_for(page, lambda: held)
    held[0].continue_()
    expect_latex(page, "x")


def test_an_answer_that_never_comes_is_asked_for_again(browser: Browser, address: str) -> None:
    """As when a tablet leaves one network for another: nothing tells it that the connection is gone."""
    with opened(browser, address) as page:
        page.clock.install()
        held: list[Route] = []
        page.route("**/api/rows", lambda route: held.append(route))
        draw(page, X)
        wait_for(page, lambda: held)
        page.clock.fast_forward(30_000)
        page.wait_for_selector('#status[data-state="offline"]')
        page.clock.fast_forward(2_000)
        wait_for(page, lambda: len(held) == 2)
        held[1].continue_()
        expect_latex(page, "x")


def test_a_beginning_or_a_file_that_is_never_answered_is_given_up_too(
    browser: Browser, address: str, tmp_path: Path
) -> None:
    (tmp_path / "x.inkml").write_bytes(write_inkml(Ink.from_points([X])))
    with browser.new_context() as context:
        context.set_default_timeout(1000 * SECONDS)  # what is held as well by chance is given up as late as the first
        page = context.new_page()
        page.clock.install()
        held: list[Route] = []
        page.route("**/api/*", lambda route: held.append(route))
        page.goto(address)
        wait_for(page, lambda: held)
        page.clock.fast_forward(30_000)
        page.wait_for_selector('#status[data-state="offline"]')
        page.unroute_all()
        page.clock.fast_forward(2_000)
        page.wait_for_selector('#status[data-state="ready"]')

        held.clear()
        page.route("**/api/*", lambda route: held.append(route))
        page.locator("#file").set_input_files(tmp_path / "x.inkml")
        wait_for(page, lambda: held)
        page.clock.fast_forward(30_000)
        page.wait_for_selector('#status[data-state="offline"]')
        page.unroute_all()
        page.clock.fast_forward(2_000)
        expect_latex(page, "x")


@pytest.mark.parametrize(
    ("status", "body"),
    [(200, "<h1>Bad gateway</h1>"), (502, "<h1>Bad gateway</h1>"), (502, '{"message": "Bad gateway"}'), (502, "null")],
)
def test_what_stands_in_the_servers_place_gives_no_answer_of_the_server(page: Page, status: int, body: str) -> None:
    page.route("**/api/rows", lambda route: route.fulfill(status=status, body=body))
    draw(page, X)
    page.wait_for_selector('#status[data-state="offline"]')
    page.unroute_all()
    expect_latex(page, "x")


def test_ink_can_be_kept_while_there_is_no_server(page: Page, tmp_path: Path) -> None:
    page.context.set_offline(True)
    draw(page, X)
    page.wait_for_selector('#status[data-state="offline"]')
    assert "when the server is back" in page.locator("#formula-empty").inner_text()
    page.get_by_role("button", name="Download").click()
    assert page.get_by_role("menuitem", name="InkML ink and formula").is_disabled()
    with page.expect_download() as download:
        page.get_by_role("menuitem", name="PNG").click()
    assert download.value.suggested_filename == "formula.png"


def test_a_long_wait_for_the_first_formula_is_not_silent(page: Page) -> None:
    held: list[Route] = []
    page.route("**/api/rows", lambda route: held.append(route))
    draw(page, X)
    wait_for(page, lambda: page.locator("#status").inner_text() == "Reading")
    words = "getComputedStyle(document.getElementById('formula-empty'), '::after')"
    wait_for(page, lambda: page.evaluate(f"{words}.content + {words}.visibility") == '"Reading…"visible')
    held[0].continue_()
    expect_latex(page, "x")


def test_a_refusal_says_which_limit_was_met(page: Page) -> None:
    problem = {
        "type": "urn:inkmath:problem:too-many-strokes",
        "title": "Too many strokes",
        "status": 413,
        "detail": "The limit is 200 strokes. Split the ink into parts.",
        "limit": {"name": "strokes", "value": 200},
    }
    page.route("**/api/rows", lambda route: route.fulfill(status=413, json=problem))
    draw(page, X)
    page.wait_for_selector('#notice[data-kind="error"]')
    assert "No more than 200 can be read as one formula." in page.locator("#notice").inner_text()
    assert page.get_by_role("button", name="Try again").count() == 0, "the same ink would be refused again"


def test_overload_is_waited_out(page: Page) -> None:
    problem = {"type": "urn:inkmath:problem:overloaded", "title": "Too busy", "status": 503, "detail": "Wait."}
    tries: list[Route] = []

    def busy_once(route: Route) -> None:
        tries.append(route)
        if len(tries) == 1:
            route.fulfill(status=503, headers={"Retry-After": "1"}, json=problem)

    page.route("**/api/rows", busy_once)
    draw(page, X)
    page.wait_for_selector('#notice[data-kind="busy"]')
    wait_for(page, lambda: len(tries) == 2)
    tries[1].continue_()
    expect_latex(page, "x")


def test_what_takes_too_long_is_said_and_not_asked_again_unasked(page: Page) -> None:
    tries: list[int] = []

    def slow(route: Route) -> None:
        tries.append(1)
        too_slow(route)

    page.route("**/api/rows", slow)
    draw(page, X)
    page.wait_for_selector('#notice[data-kind="error"]')
    assert "Reading took too long. The limit is 10 seconds." in page.locator("#notice").inner_text()
    page.wait_for_timeout(1500)
    assert len(tries) == 1
    page.unroute_all()
    page.get_by_role("button", name="Try again").focus()
    page.keyboard.press("Enter")
    expect_latex(page, "x")
    assert focused(page) == "ink"


def test_nothing_stale_is_copied(page: Page) -> None:
    draw(page, X)
    expect_latex(page, "x")
    page.evaluate("navigator.clipboard.writeText('before')")
    page.context.set_offline(True)
    draw(page, ONE)
    page.wait_for_selector('#result[data-state="stale"]')
    page.keyboard.press("Control+c")
    page.locator("#toast", has_text="What you wrote last has not been read yet").wait_for()
    page.wait_for_timeout(100)
    assert page.evaluate("navigator.clipboard.readText()") == "before"


def test_what_is_asked_for_while_the_last_stroke_is_read_is_done_with_that_stroke(
    page: Page, tmp_path: Path, saved: Path
) -> None:
    draw(page, X)
    expect_latex(page, "x")
    page.locator("#learn .switch").click()
    held: list[Route] = []
    page.route("**/api/rows", lambda route: held.append(route))
    draw(page, ONE)
    wait_for(page, lambda: held)
    page.keyboard.press("Control+c")
    page.get_by_role("button", name="This is right").click()
    page.get_by_role("button", name="Download").click()
    with page.expect_download() as download:
        page.get_by_role("menuitem", name="InkML").click()
        page.wait_for_timeout(100)
        assert page.locator("#toast").is_hidden()
        held[0].continue_()
    expect_latex(page, "x1")
    download.value.save_as(tmp_path / "formula.inkml")
    assert parse_inkml(tmp_path / "formula.inkml").latex == "x 1"
    assert copied(page, "x1") == "x1"
    wait_for(page, lambda: list(saved.glob("*.inkml")))
    assert [parse_inkml(file).latex for file in saved.glob("*.inkml")] == ["x 1"]


@pytest.mark.parametrize("where", ["#ink", "#symbols button", "#formula [data-symbol]"])
def test_a_symbol_tapped_while_the_last_stroke_is_read_offers_its_choices_then(page: Page, where: str) -> None:
    draw(page, X)
    expect_latex(page, "x")
    held: list[Route] = []
    page.route("**/api/rows", lambda route: held.append(route))
    draw(page, ONE)
    wait_for(page, lambda: held)
    page.keyboard.press("s")
    page.locator(where).first.click(position={"x": 115, "y": 118} if where == "#ink" else None)
    assert page.locator("#choices").is_hidden(), "of what is not read yet"
    held[0].continue_()
    expect_latex(page, "x1")
    page.locator('#choices [data-label="x"][aria-pressed="true"]').wait_for()


@pytest.mark.parametrize("where", ["#ink", "#symbols button", "#formula [data-symbol]", "number of a reading"])
def test_who_taps_what_cannot_be_read_now_is_told(page: Page, where: str) -> None:
    draw(page, X)
    expect_latex(page, "x")
    page.context.set_offline(True)
    draw(page, ONE)
    page.wait_for_selector('#result[data-state="stale"]')
    if where == "number of a reading":
        page.keyboard.press("2")
    else:
        page.keyboard.press("s")
        page.locator(where).first.click(position={"x": 115, "y": 118} if where == "#ink" else None)
    page.locator("#toast", has_text="What you wrote last has not been read yet").wait_for()
    page.context.set_offline(False)
    expect_latex(page, "x1")
    assert page.locator("#choices").is_hidden(), "who knows what the person does now"


def test_what_was_asked_for_is_done_also_when_the_server_is_busy_at_first(page: Page) -> None:
    problem = {"type": "urn:inkmath:problem:overloaded", "title": "Too busy", "status": 503, "detail": "Wait."}
    draw(page, X)
    expect_latex(page, "x")
    held: list[Route] = []
    page.route("**/api/rows", lambda route: held.append(route))
    draw(page, ONE)
    wait_for(page, lambda: held)
    page.locator("#symbols button").click()
    held[0].fulfill(status=503, headers={"Retry-After": "1"}, json=problem)
    page.wait_for_selector('#notice[data-kind="busy"]')
    page.keyboard.press("Control+c")
    wait_for(page, lambda: len(held) == 2)
    held[1].continue_()
    expect_latex(page, "x1")
    page.locator('#choices [data-label="x"][aria-pressed="true"]').wait_for()
    assert copied(page, "x1") == "x1"


def test_what_was_asked_for_is_forgotten_when_something_else_is_written(page: Page) -> None:
    draw(page, X)
    expect_latex(page, "x")
    page.evaluate("navigator.clipboard.writeText('before')")
    held: list[Route] = []
    page.route("**/api/rows", lambda route: held.append(route))
    draw(page, ONE)
    wait_for(page, lambda: held)
    page.keyboard.press("Control+c")
    page.keyboard.press("Control+z")  # What x is read as is known.
    expect_latex(page, "x")
    page.wait_for_timeout(100)
    assert page.evaluate("navigator.clipboard.readText()") == "before"


def test_the_choices_of_a_symbol_do_not_open_under_a_pen_that_writes(page: Page) -> None:
    """They would scroll the page, and the stroke would have a jump in it."""
    draw(page, X)
    expect_latex(page, "x")
    held: list[Route] = []
    page.route("**/api/rows", lambda route: held.append(route))
    draw(page, ONE)
    wait_for(page, lambda: held)
    page.locator("#symbols button").click()
    page.mouse.move(500, 300)
    page.mouse.down()
    page.mouse.move(501, 340)
    held[0].continue_()
    expect_latex(page, "x1")
    page.wait_for_timeout(100)
    assert page.locator("#choices").is_hidden()
    page.mouse.up()
