"""Pens and fingers on the page: pressure, palms, and the gestures that are no ink."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from browsing import MINUS, ONE, Points, X, draw, expect_latex, kept_strokes, needs_chromium, opened, wait_for

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = needs_chromium


def write_with_pen(page: Page, stroke: Points, pressure: float, at: float | None = None) -> None:
    """Write now, or at another moment as far as the page is told (in seconds, as `time.time` has them)."""
    moment = {} if at is None else {"timestamp": at}
    device = page.context.new_cdp_session(page)
    sheet = page.locator("#ink").bounding_box()
    assert sheet is not None
    kinds = ["mousePressed", *["mouseMoved"] * (len(stroke) - 2), "mouseReleased"]
    for kind, (x, y) in zip(kinds, stroke, strict=True):
        force = 0 if kind == "mouseReleased" else pressure
        place = {"x": sheet["x"] + x, "y": sheet["y"] + y, "button": "left", "buttons": 1, "clickCount": 1}
        device.send("Input.dispatchMouseEvent", {"type": kind, "pointerType": "pen", "force": force, **place, **moment})


def write_with_finger(page: Page, stroke: Points, at: float | None = None) -> None:
    moment = {} if at is None else {"timestamp": at}
    device = page.context.new_cdp_session(page)
    sheet = page.locator("#ink").bounding_box()
    assert sheet is not None
    for place, (x, y) in enumerate(stroke):
        kind = "touchMove" if place else "touchStart"
        touch = {"x": sheet["x"] + x, "y": sheet["y"] + y}
        device.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [touch], **moment})
    device.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": [], **moment})


def test_the_pressure_of_a_pen_is_in_its_ink(page: Page) -> None:
    write_with_pen(page, ONE, 0.25)
    write_with_pen(page, [(x + 60, y) for x, y in ONE], 0.75)
    expect_latex(page, "11")
    for stroke, pressure in zip(kept_strokes(page), (0.25, 0.75), strict=True):
        assert [point[2] for point in stroke] == pytest.approx([pressure] * 3, abs=0.02), "to its end"


RUB = """points => {
    const sheet = document.getElementById("ink").getBoundingClientRect();
    for (const [place, [x, y]] of points.entries()) {
        const type = place === 0 ? "pointerdown" : place < points.length - 1 ? "pointermove" : "pointerup";
        document.getElementById("ink").dispatchEvent(new PointerEvent(type, {
            pointerId: 1, pointerType: "pen", isPrimary: true, button: type === "pointermove" ? -1 : 5, buttons: 32,
            clientX: sheet.x + x, clientY: sheet.y + y, bubbles: true,
        }));
    }
}"""
"""Moves the far end of a pen along points of the sheet."""


def test_the_far_end_of_a_pen_erases(page: Page) -> None:
    page.evaluate(RUB, [(100, 300), (200, 300), (300, 300)])
    assert page.locator("#hint").is_visible(), "nothing was written"
    draw(page, X, ONE)
    expect_latex(page, "x1")
    page.evaluate(RUB, [(190, 100), (200, 120), (210, 120)])
    expect_latex(page, "x")


def test_a_finger_writes_and_does_not_scroll(browser: Browser, address: str) -> None:
    with opened(browser, address, viewport={"width": 360, "height": 640}, has_touch=True, is_mobile=True) as page:
        write_with_finger(page, ONE)
        expect_latex(page, "1")
        assert page.evaluate("scrollY") == 0
        assert [point[2] for point in kept_strokes(page)[0]] == [0.5] * 3, "phones tell no pressure of a finger"


def test_the_page_keeps_the_movements_of_a_touch_to_itself(page: Page) -> None:
    """Nothing less keeps the system of an iPad from taking strokes of the pencil for itself."""
    move = "new TouchEvent('touchmove', { bubbles: true, cancelable: true })"
    assert not page.evaluate(f"document.getElementById('ink').dispatchEvent({move})")


def test_a_hand_that_rests_while_the_pen_writes_leaves_no_ink(browser: Browser, address: str) -> None:
    with opened(browser, address, has_touch=True) as page:
        now = time.time()
        write_with_pen(page, ONE, 0.5, at=now)
        write_with_finger(page, MINUS, at=now + 0.7)
        expect_latex(page, "1")
        write_with_finger(page, MINUS, at=now + 0.9)
        expect_latex(page, "1-")


def test_a_hand_that_rests_before_the_pen_writes_leaves_no_ink_and_takes_none(browser: Browser, address: str) -> None:
    with opened(browser, address, has_touch=True) as page:
        hand = page.context.new_cdp_session(page)
        sheet = page.locator("#ink").bounding_box()
        assert sheet is not None
        palm = {"x": sheet["x"] + 400, "y": sheet["y"] + 300}
        hand.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [palm]})
        write_with_pen(page, ONE, 0.5)
        hand.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        expect_latex(page, "1")
        assert len(kept_strokes(page)) == 1


def test_two_fingers_draw_nothing(browser: Browser, address: str) -> None:
    with opened(browser, address, has_touch=True) as page:
        hand = page.context.new_cdp_session(page)
        sheet = page.locator("#ink").bounding_box()
        assert sheet is not None

        def fingers(kind: str, *places: tuple[int, int]) -> None:
            points = [{"x": sheet["x"] + x, "y": sheet["y"] + y, "id": number} for number, (x, y) in enumerate(places)]
            hand.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

        fingers("touchStart", (200, 200))
        fingers("touchStart", (200, 200), (300, 300))
        fingers("touchMove", (150, 150), (350, 350))
        fingers("touchEnd")
        hand.send("Emulation.setPageScaleFactor", {"pageScaleFactor": 1})
        write_with_finger(page, ONE)
        expect_latex(page, "1")
        assert len(kept_strokes(page)) == 1

        # Nor does a hand that rests in several places, one of which comes and goes.
        fingers("touchStart", (400, 300))
        fingers("touchStart", (400, 300), (450, 320))
        fingers("touchStart", (400, 300), (450, 320), (350, 320))
        fingers("touchEnd", (400, 300), (450, 320))
        fingers("touchStart", (400, 300), (450, 320), (350, 320))
        fingers("touchMove", (400, 310), (450, 330), (350, 330))
        fingers("touchEnd")
        write_with_finger(page, MINUS)
        expect_latex(page, "1-")
        assert len(kept_strokes(page)) == 2


ZOOM = "visualViewport.scale"


def test_two_fingers_on_the_sheet_zoom_the_page_in_and_out(browser: Browser, address: str) -> None:
    """Of a page that was zoomed in beside the sheet, nothing but the sheet may be on the screen."""
    with opened(browser, address, viewport={"width": 800, "height": 1000}, has_touch=True, is_mobile=True) as page:
        hand = page.context.new_cdp_session(page)

        def fingers(*distances: int) -> None:
            for place, distance in enumerate(distances):
                points = [{"x": 400 + side * distance, "y": 400, "id": side} for side in (0, 1)]
                hand.send(
                    "Input.dispatchTouchEvent", {"type": "touchMove" if place else "touchStart", "touchPoints": points}
                )
            hand.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

        fingers(*range(100, 200, 10))
        wait_for(page, lambda: page.evaluate(ZOOM) > 1.2)
        fingers(*range(300, 100, -10))
        wait_for(page, lambda: page.evaluate(ZOOM) == 1)
        assert kept_strokes(page) == []

        write_with_pen(page, ONE, 0.5)
        fingers(*range(100, 200, 10))
        page.wait_for_timeout(200)
        assert page.evaluate(ZOOM) == 1, "a hand that rests while the pen writes"
        expect_latex(page, "1")
        assert len(kept_strokes(page)) == 1


def test_two_fingers_that_zoom_choose_no_symbol(browser: Browser, address: str) -> None:
    with opened(browser, address, has_touch=True) as page:
        draw(page, X)
        expect_latex(page, "x")
        page.keyboard.press("s")
        hand = page.context.new_cdp_session(page)
        sheet = page.locator("#ink").bounding_box()
        assert sheet is not None
        first, second = ({"x": sheet["x"] + x, "y": sheet["y"] + 118, "id": x} for x in (115, 300))
        for kind, touches in (("touchStart", [first]), ("touchStart", [first, second]), ("touchEnd", [])):
            hand.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})
        page.wait_for_timeout(100)
        assert page.locator("#choices").is_hidden()
        for kind, touches in (("touchStart", [first]), ("touchEnd", [])):
            hand.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})
        page.locator("#choices").wait_for()
