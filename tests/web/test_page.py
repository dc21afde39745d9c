"""The page in a real browser: writing, and what is seen of it; strokes are drawn with the pointer."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from browsing import (
    MINUS,
    ONE,
    REST_WHEN_TOLD,
    Points,
    X,
    draw,
    expect_latex,
    kept_strokes,
    needs_chromium,
    opacity,
    opened,
    serving,
    tap,
    wait_for,
    written_by_hand,
)
from released import needs_weights

from inkmath.ink import Ink
from inkmath.layout.latex import parse_latex
from inkmath.recognizer import Recognizer
from inkmath.synthesis import synthesize
from inkmath.synthesis.style import Writer
from inkmath.synthesis.typeset import typeset
from inkmath.web.settings import Limits, Settings

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Route

pytestmark = needs_chromium


# Writing


def test_the_formula_follows_each_stroke(page: Page) -> None:
    assert page.locator("#hint").is_visible()
    draw(page, X)
    expect_latex(page, "x")
    assert page.locator("#hint").is_hidden()
    draw(page, ONE, MINUS)
    expect_latex(page, "x1-")
    assert page.locator("#formula math").text_content() == "x1\N{MINUS SIGN}"
    assert page.locator("#overlay rect").count() == 3
    assert page.locator("#alternatives li").count() == 5
    assert page.locator("#confidence").inner_text() == "90 % sure"
    assert page.locator("#live").inner_text() == "x1-, 90 % sure"


WATCH_FOR_FORMULAS = """
    window.painted = 0;
    new MutationObserver(() => requestAnimationFrame(() => setTimeout(() => { window.painted = performance.now(); })))
        .observe(document.getElementById("latex"), { childList: true });
"""
"""Notes when the frame that shows another formula has been painted."""

PAINTED_AFTER_ANSWER = """() => {
    const requests = performance.getEntriesByType("resource").filter((entry) => entry.name.endsWith("/api/rows"));
    return window.painted - requests.at(-1).responseEnd;
}"""
"""Milliseconds from the last answer's arrival to the formula on the screen."""


def test_a_formula_is_on_the_screen_within_a_tenth_of_a_second_of_the_answer(page: Page) -> None:
    """With a formula of 30 symbols already there. Three such answers do: the machine may have other work meanwhile."""
    page.evaluate(WATCH_FOR_FORMULAS)
    draw(page, *([(30 + 20 * place, 60), (31 + 20 * place, 100)] for place in range(30)))
    expect_latex(page, "1" * 30)
    delays: list[float] = []
    while sum(0 < delay < 100 for delay in delays) < 3:
        assert len(delays) < 25, delays
        page.evaluate("window.painted = 0")
        draw(page, [(30 + 20 * len(delays), 300), (31 + 20 * len(delays), 340)])
        wait_for(page, lambda: page.evaluate("window.painted"))
        delays.append(page.evaluate(PAINTED_AFTER_ANSWER))


def test_made_up_handwriting_arrives_at_the_recogniser_as_it_was_drawn(page: Page) -> None:
    ink = next(ink for ink in synthesize(20, seed=3) if 3 <= len(ink.strokes) <= 8)
    left, top, right, bottom = ink.bounds
    scale = min(700 / (right - left), 250 / (bottom - top))
    drawn = [[(60 + (x - left) * scale, 60 + (y - top) * scale) for x, y in stroke.tolist()] for stroke in ink.strokes]
    sent: list[Any] = []

    def note(route: Route) -> None:
        sent.append(route.request.post_data_json)
        route.continue_()

    page.route("**/api/rows", note)
    draw(page, *drawn)
    wait_for(page, lambda: sent and len(sent[-1]["strokes"]) == len(drawn))
    for given, received in zip(drawn, sent[-1]["strokes"], strict=True):
        for end in (0, -1):
            assert received[end][:2] == pytest.approx(given[end], abs=2.0)


def test_undo_and_redo_change_ink_and_formula(page: Page) -> None:
    draw(page, X, ONE)
    expect_latex(page, "x1")
    page.get_by_role("button", name="Undo", exact=True).click()
    expect_latex(page, "x")
    page.keyboard.press("Control+z")
    expect_latex(page, "")
    page.keyboard.press("Control+Shift+Z")
    page.keyboard.press("Control+y")
    expect_latex(page, "x1")
    assert page.locator("#redo").is_disabled()


def test_the_eraser_takes_whole_strokes_in_one_step(page: Page) -> None:
    draw(page, X, ONE, MINUS)
    expect_latex(page, "x1-")
    page.keyboard.press("e")
    draw(page, [(190, 120), (230, 120), (285, 121)])
    expect_latex(page, "x")
    page.keyboard.press("Control+z")
    expect_latex(page, "x1-")


def test_ink_that_comes_back_is_fitted_to_a_sheet_that_became_narrower(browser: Browser, address: str) -> None:
    with opened(browser, address, viewport={"width": 1200, "height": 900}) as page:
        draw(page, X, [(600, 80), (601, 160)])
        expect_latex(page, "x1")
        page.get_by_role("button", name="Clear", exact=True).click()
        expect_latex(page, "")
        page.set_viewport_size({"width": 400, "height": 900})
        page.keyboard.press("Control+z")
        expect_latex(page, "x1")
        sheet, last = page.locator("#ink").bounding_box(), page.locator("#overlay rect").last.bounding_box()
        assert sheet is not None
        assert last is not None
        assert last["x"] + last["width"] <= sheet["x"] + sheet["width"]


WIDE = b"<ink><trace>0 0, 500 3, 1000 0</trace></ink>"


def test_the_sheet_follows_a_pen_that_writes_over_its_edge_once_it_rests(page: Page) -> None:
    page.evaluate(REST_WHEN_TOLD)
    sheet = page.locator("#ink").bounding_box()
    assert sheet is not None
    edge = sheet["width"]
    draw(page, [(edge - 50, 120), (edge - 10, 121), (edge + 5, 120)])
    expect_latex(page, "-")
    page.mouse.move(sheet["x"] + edge - 30, sheet["y"] + 90)
    page.mouse.down()
    page.evaluate("rest()")
    page.mouse.move(sheet["x"] + edge - 30, sheet["y"] + 150)
    page.mouse.up()
    wait_for(page, lambda: len(kept_strokes(page)) == 2)
    assert kept_strokes(page)[1][-1][0] == pytest.approx(edge - 30), "it met the first where that was seen"
    page.wait_for_selector('#result[data-state="shown"]')
    page.evaluate("rest()")
    for outline in page.locator("#overlay rect").all():
        box = outline.bounding_box()
        assert box is not None
        assert box["x"] + box["width"] < sheet["x"] + edge - 80, "there is room to write on"


@pytest.mark.parametrize(
    "over",
    [[(60, 120), (20, 121), (-15, 120)], [(120, 40), (121, 10), (120, -15)]],
)
def test_the_sheet_follows_a_pen_over_its_left_and_upper_edge_too(page: Page, over: Points) -> None:
    page.evaluate(REST_WHEN_TOLD)
    draw(page, ONE, over)
    wait_for(page, lambda: page.locator("#overlay rect").count() == 2)
    page.evaluate("rest()")
    sheet, outline = page.locator("#ink").bounding_box(), page.locator("#overlay rect").first.bounding_box()
    assert sheet is not None and outline is not None
    assert outline["x"] > sheet["x"] and outline["y"] > sheet["y"]
    assert max(outline["x"] - sheet["x"], outline["y"] - sheet["y"]) > 100, "there is room to write on"
    assert opacity(page, outline["x"] - sheet["x"] + 5, outline["y"] - sheet["y"] + 5) > 0

    draw(page, MINUS)
    wait_for(page, lambda: page.locator("#overlay rect").count() == 3)
    lefts = page.locator("#overlay rect").evaluate_all("all => all.map(box => box.getBoundingClientRect().left)")
    assert any(abs(left + 5 - sheet["x"] - MINUS[0][0]) < 2 for left in lefts), "it is where the pen was"
    page.locator("#file").set_input_files({"name": "a.inkml", "mimeType": "", "buffer": WIDE})
    expect_latex(page, "-")
    box = page.locator("#overlay rect").bounding_box()
    assert box is not None
    assert box["x"] + box["width"] / 2 == pytest.approx(sheet["x"] + sheet["width"] / 2, abs=3), "in the middle"

    for _ in range(3):
        page.keyboard.press("Control+z")
    draw(page, MINUS)
    expect_latex(page, "1-")
    assert kept_strokes(page)[1][0][:2] == pytest.approx(MINUS[0], abs=1), "the sheet is where it was"


def test_the_sheet_has_its_size_again_when_a_stroke_over_its_edge_is_undone(page: Page) -> None:
    page.evaluate(REST_WHEN_TOLD)
    sheet = page.locator("#ink").bounding_box()
    assert sheet is not None
    draw(page, ONE, [(sheet["width"] - 50, 120), (sheet["width"] + 200, 121)])
    expect_latex(page, "1-")
    page.evaluate("rest()")
    page.keyboard.press("Control+z")
    draw(page, MINUS)
    expect_latex(page, "1-")
    assert kept_strokes(page)[1][0][:2] == pytest.approx(MINUS[0], abs=1)


def test_what_is_erased_is_outlined_no_more_while_the_rest_is_being_read(page: Page) -> None:
    draw(page, X, MINUS, ONE)
    wait_for(page, lambda: page.locator("#overlay rect").count() == 3)
    page.route("**/api/rows", lambda _: None)
    page.keyboard.press("Backspace")
    assert page.locator("#overlay rect").count() == 2
    page.keyboard.press("Control+z")
    page.unroute_all()
    wait_for(page, lambda: page.locator("#overlay rect").count() == 3)


def room_beneath(page: Page) -> float:
    """How much of the sheet is left beneath all outlines."""
    room: float = page.evaluate(
        """() => document.getElementById("ink").getBoundingClientRect().bottom - Math.max(
            ...[...document.querySelectorAll("#overlay rect")].map((box) => box.getBoundingClientRect().bottom))"""
    )
    return room


def test_under_a_row_at_the_lower_edge_there_is_room_for_another_once_the_pen_rests(page: Page) -> None:
    """Where no stroke can be begun, none can go over the edge either."""
    page.evaluate(REST_WHEN_TOLD)
    sheet = page.locator("#ink").bounding_box()
    assert sheet is not None
    low = sheet["height"] - 15
    draw(page, X, [(100, low - 40), (101, low)])
    wait_for(page, lambda: page.locator("#overlay rect").count() == 2)
    assert room_beneath(page) == pytest.approx(10, abs=1), "between two strokes nothing moves"
    page.evaluate("rest()")
    assert room_beneath(page) > 60
    page.reload()
    wait_for(page, lambda: page.locator("#overlay rect").count() == 2)
    assert room_beneath(page) > 60


def test_a_tablet_that_is_turned_has_room_under_what_was_written(browser: Browser, address: str) -> None:
    with opened(browser, address, viewport={"width": 820, "height": 1180}, has_touch=True) as page:
        draw(page, X, [(100, 400), (101, 440)])
        wait_for(page, lambda: page.locator("#overlay rect").count() == 2)
        assert room_beneath(page) == pytest.approx(75, abs=1)
        page.set_viewport_size({"width": 1180, "height": 820})
        wait_for(page, lambda: room_beneath(page) > 60)


def test_ink_over_the_edge_stays_where_it_is_after_a_reload(browser: Browser, address: str) -> None:
    with opened(browser, address) as page:
        page.clock.install()
        draw(page, ONE, [(60, 120), (20, 121), (-15, 120)])
        expect_latex(page, "-1")
        page.reload()
        expect_latex(page, "-1")
        before = page.locator("#overlay rect").first.bounding_box()
        page.clock.fast_forward(2000)
        page.wait_for_timeout(100)
        assert page.locator("#overlay rect").first.bounding_box() == before


def along(a: tuple[float, float], b: tuple[float, float]) -> Points:
    return [(a[0] + (b[0] - a[0]) * step / 4, a[1] + (b[1] - a[1]) * step / 4) for step in range(5)]


def test_scratching_out_erases_what_lies_beneath(page: Page) -> None:
    draw(page, X, ONE, MINUS)
    expect_latex(page, "x1-")
    scratch: Points = [(190 + 25 * (turn % 2), 80 + 9 * turn) for turn in range(10)]
    draw(page, [point for a, b in itertools.pairwise(scratch) for point in along(a, b)])
    expect_latex(page, "x-")
    assert "Scratched out 1 stroke" in page.locator("#toast").inner_text()
    page.locator("#toast button").click()
    expect_latex(page, "x1-")


def test_an_m_over_a_dot_is_ink(page: Page) -> None:
    """Its stroke turns as often as a scratch, and the dot lies in its box."""
    draw(page, [(200, 112)])
    page.wait_for_function("document.getElementById('ink').ariaLabel.includes('1 stroke')")
    corners = [(140, 140), (140, 80), (165, 140), (190, 80), (215, 140), (240, 80), (265, 140), (290, 80)]
    draw(page, [point for a, b in itertools.pairwise(corners) for point in along(a, b)])
    page.wait_for_function("document.getElementById('ink').ariaLabel.includes('2 strokes')")


def test_a_stroke_that_is_traced_again_is_ink(page: Page) -> None:
    """It turns as often as a scratch that lies where it lies."""
    down, up = along((150, 80), (175, 150)), along((175, 150), (200, 80))
    draw(page, down + up)
    page.wait_for_function("document.getElementById('ink').ariaLabel.includes('1 stroke')")
    once = down + up
    draw(page, [(x + 2, y + 1) for x, y in [*once, *once[::-1], *once]])
    page.wait_for_function("document.getElementById('ink').ariaLabel.includes('2 strokes')")


def test_a_zigzag_beside_the_ink_is_ink(page: Page) -> None:
    draw(page, X)
    expect_latex(page, "x")
    draw(page, [(400 + 20 * (turn % 2), 80 + 4 * turn) for turn in range(16)])
    wait_for(page, lambda: page.locator("#symbols button").count() == 2)


def test_clear_can_be_undone(page: Page) -> None:
    draw(page, X, ONE)
    expect_latex(page, "x1")
    page.get_by_role("button", name="Clear").click()
    expect_latex(page, "")
    assert page.locator("#hint").is_visible()
    page.keyboard.press("Control+z")
    expect_latex(page, "x1")


def test_a_message_offers_undo_only_until_the_ink_changes_again(page: Page) -> None:
    draw(page, X)
    expect_latex(page, "x")
    page.get_by_role("button", name="Clear").click()
    assert page.locator("#toast").inner_text() == "Cleared\nUndo"
    draw(page, ONE)
    expect_latex(page, "1")
    assert page.locator("#toast").is_hidden()


def test_caps_lock_does_not_turn_undo_into_redo(page: Page) -> None:
    draw(page, X, ONE)
    expect_latex(page, "x1")
    for shift, latex in ((False, "x"), (True, "x1")):
        event = {"key": "Z", "ctrlKey": True, "shiftKey": shift, "bubbles": True}
        page.evaluate("event => { document.body.dispatchEvent(new KeyboardEvent('keydown', event)); }", event)
        expect_latex(page, latex)


@pytest.mark.parametrize("pause", [0, 1700])
def test_ink_outlives_a_reload(page: Page, pause: float) -> None:
    draw(page, X, ONE)
    expect_latex(page, "x1")
    page.wait_for_timeout(pause)
    page.reload()
    expect_latex(page, "x1")


COUNT_KEEPING = """() => {
    window.kept = 0;
    const set = Storage.prototype.setItem;
    Storage.prototype.setItem = function (key, value) {
        if (key === "ink") window.kept++;
        set.call(this, key, value);
    };
}"""


def test_long_notes_are_not_kept_anew_at_every_stroke(browser: Browser, address: str) -> None:
    """All of them are written each time: under the pen of a tablet that would be felt."""
    with opened(browser, address) as page:
        page.clock.install()
        page.evaluate(COUNT_KEEPING)
        draw(page, X, ONE, MINUS)
        expect_latex(page, "x1-")
        assert page.evaluate("kept") == 0
        page.mouse.move(500, 300)
        page.mouse.down()
        page.clock.fast_forward(1500)
        assert page.evaluate("kept") == 0, "the pen writes"
        page.mouse.up()
        page.clock.fast_forward(1500)
        assert page.evaluate("[kept, JSON.parse(sessionStorage.ink).strokes.length]") == [1, 4]


def test_ink_is_kept_when_the_page_is_hidden(page: Page) -> None:
    """A phone may end what is hidden without a further word."""
    draw(page, X)
    page.evaluate(
        """() => {
            sessionStorage.clear();
            document.dispatchEvent(new Event("visibilitychange"));
        }"""
    )
    assert page.evaluate("JSON.parse(sessionStorage.ink).strokes.length") == 1


FORBID_STORAGE = """
    for (const name of ["localStorage", "sessionStorage"]) {
        Object.defineProperty(window, name, { get() { throw new DOMException("forbidden", "SecurityError"); } });
    }
"""


def test_a_browser_that_keeps_nothing_for_pages_can_be_written_in(browser: Browser, address: str) -> None:
    with browser.new_context() as context:
        page = context.new_page()
        page.add_init_script(FORBID_STORAGE)
        page.goto(f"{address}#token=any")
        page.wait_for_selector('#status[data-state="ready"]')
        draw(page, X)
        expect_latex(page, "x")
        page.locator("#theme").click()
        assert page.locator("#theme").get_attribute("aria-label") == "Colours: light"


SAFARI_15 = "for (const name of ['with', 'toReversed', 'toSorted', 'toSpliced']) delete Array.prototype[name];"


def test_a_tablet_that_gets_no_newer_system_can_be_written_on(browser: Browser, address: str) -> None:
    """Schools have iPads that stay at iPadOS 15."""
    with browser.new_context() as context:
        page = context.new_page()
        page.add_init_script(SAFARI_15)
        page.goto(address)
        page.wait_for_selector('#status[data-state="ready"]')
        draw(page, X)
        expect_latex(page, "x")
        written_by_hand(page, "x")
        expect_latex(page, "x")
        page.locator("#confidence", has_text="as you wrote it").wait_for()


def test_a_choice_holds_though_the_browser_has_no_room_for_it(browser: Browser, address: str) -> None:
    with opened(browser, address) as page:
        page.evaluate(
            """() => {
                for (let size = 2 ** 22; size; size >>= 1) {
                    try { for (let n = 0; ; n++) localStorage.setItem(`${size} ${n}`, "x".repeat(size)); } catch {}
                }
            }"""
        )
        for colours in ("light", "dark"):
            page.locator("#theme").click()
            assert page.locator("#theme").get_attribute("aria-label") == f"Colours: {colours}"


def test_ink_stays_under_the_pen_when_the_browser_zooms(browser: Browser, address: str) -> None:
    """On a large screen the sheet keeps its size then, and has more pixels all the same."""
    with opened(browser, address, viewport={"width": 2560, "height": 1440}) as page:
        draw(page, X)
        zoomed = {"width": 2048, "height": 1152, "deviceScaleFactor": 1.25, "mobile": False}
        page.context.new_cdp_session(page).send("Emulation.setDeviceMetricsOverride", zoomed)
        canvas = page.locator("#ink")
        wait_for(page, lambda: canvas.evaluate("canvas => canvas.width > 1.2 * canvas.clientWidth"))
        draw(page, ONE)
        painted = canvas.evaluate(
            """canvas => {
                const { data, width, height } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
                let right = 0;
                for (let place = 3; place < data.length; place += 4)
                    if (data[place]) right = Math.max(right, (place >> 2) % width);
                return right * canvas.clientWidth / width;
            }"""
        )
        assert painted == pytest.approx(ONE[-1][0], abs=8)


COUNT_LINES = """() => {
    const stroke = CanvasRenderingContext2D.prototype.stroke;
    window.lines = 0;
    CanvasRenderingContext2D.prototype.stroke = function () { window.lines++; stroke.call(this); };
}"""


def test_a_movement_of_the_pen_draws_only_what_it_writes(page: Page) -> None:
    """Else it lags the more the more there is: 60 letters drawn again for each movement took four frames."""
    draw(page, *[[(x + dx, y) for x, y in X] for dx in range(0, 600, 30)])
    page.mouse.move(100, 500)
    page.evaluate(COUNT_LINES)
    page.mouse.down()
    page.mouse.move(200, 500)
    assert 2 <= page.evaluate("window.lines") <= 3, "the point where it came down, and the line"
    page.mouse.up()
    assert page.evaluate("window.lines") > 20, "all of it, once"


def test_a_movement_of_the_eraser_draws_only_when_it_meets_a_stroke(page: Page) -> None:
    draw(page, X, ONE)
    page.keyboard.press("e")
    page.mouse.move(100, 500)
    page.mouse.down()
    page.evaluate(COUNT_LINES)
    page.mouse.move(200, 500)
    assert page.evaluate("window.lines") == 0
    sheet = page.locator("#ink").bounding_box()
    assert sheet is not None
    page.mouse.move(sheet["x"] + ONE[1][0], sheet["y"] + ONE[1][1])
    assert page.evaluate("window.lines") > 0, "what will go is pale"
    page.mouse.up()


NOTE_CANVASES = """() => {
    const copy = CanvasRenderingContext2D.prototype.drawImage;
    CanvasRenderingContext2D.prototype.drawImage = function (image, ...place) {
        window.canvases = [this.canvas, image];
        copy.call(this, image, ...place);
    };
}"""


@pytest.mark.parametrize("canvas", [0, 1])
def test_ink_is_drawn_again_when_the_system_took_a_canvas_away(page: Page, canvas: int) -> None:
    page.evaluate(NOTE_CANVASES)
    draw(page, ONE)
    lose = "canvas => { canvases[canvas].width = canvases[canvas].width; }"
    page.evaluate(lose, canvas)
    page.evaluate("canvas => canvases[canvas].dispatchEvent(new Event('contextrestored'))", canvas)
    assert opacity(page, *ONE[1]) == 1
    page.mouse.move(500, 300)
    page.mouse.down()
    page.mouse.move(501, 340)
    assert opacity(page, *ONE[1]) == 1
    page.mouse.up()


def test_what_draws_nothing_leaves_the_invitation(page: Page) -> None:
    for tool in ("e", "s"):
        page.keyboard.press(tool)
        tap(page, 300, 200)
        assert page.locator("#hint").is_visible()


def test_the_invitation_does_not_come_back_under_the_first_stroke(page: Page) -> None:
    """As when the server has started meanwhile."""
    held: list[Route] = []
    page.route("**/api/symbols", lambda route: held.append(route))
    page.reload()
    wait_for(page, lambda: held)
    page.mouse.move(500, 300)
    page.mouse.down()
    page.mouse.move(520, 340)
    held[0].continue_()
    page.wait_for_selector('#status[data-state="ready"]')
    assert page.locator("#hint").is_hidden()
    page.mouse.up()
    wait_for(page, lambda: len(kept_strokes(page)) == 1)


def test_erasing_what_is_gone_is_no_step_of_the_history(page: Page) -> None:
    draw(page, X, ONE)
    expect_latex(page, "x1")
    page.locator("#symbols button").nth(1).focus()
    page.evaluate(
        """() => { for (let n = 0; n < 2; n++) document.activeElement.dispatchEvent(
            new KeyboardEvent("keydown", { key: "Delete", bubbles: true })); }"""
    )
    expect_latex(page, "x")
    page.keyboard.press("Control+z")
    expect_latex(page, "x1")


# With the released models


@needs_weights
def test_made_up_handwriting_drawn_with_the_pointer_is_read_as_it_was_meant(browser: Browser) -> None:
    meant = r"x ^ { 2 } + \frac { 1 } { 2 }"
    strokes, _ = typeset(parse_latex(meant), Writer((7, 21)), np.random.default_rng(21))
    ink = Ink.from_points(strokes)
    left, top, right, bottom = ink.bounds
    scale = min(600 / (right - left), 240 / (bottom - top))
    patient = Settings(limits=Limits(seconds=60.0))
    with serving(Recognizer.load(), patient) as address, opened(browser, address) as page:
        draw(page, *(((stroke - (left, top)) * scale + 80).tolist() for stroke in ink.strokes))
        expect_latex(page, r"x^{2}+\frac{1}{2}")
        assert page.locator("#overlay rect").count() == 6
