"""LaTeX of one's own, where no reading is right: it keeps the strokes, and the choices, of what was read."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest
from browsing import (
    MINUS,
    ONE,
    X,
    draw,
    expect_latex,
    needs_chromium,
    opened,
    wait_for,
    written_by_hand,
)

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Route

pytestmark = needs_chromium


def test_what_no_reading_says_can_be_written_and_keeps_its_strokes(page: Page) -> None:
    draw(page, X, ONE)
    expect_latex(page, "x1")
    page.get_by_role("button", name="Write the LaTeX yourself").click()
    page.locator("#mend-latex").fill("x + 1")
    page.keyboard.press("Enter")
    wait_for(page, lambda: "in this formula: 3" in page.locator("#mend-wrong").inner_text())
    page.wait_for_timeout(3000)
    assert page.locator("#mend-wrong").is_visible(), "the reason stays until it is mended"
    page.locator("#mend-latex").fill("")
    page.keyboard.press("Enter")
    assert page.locator("#mend").is_visible()
    page.locator("#mend-latex").fill("x^2")
    page.keyboard.press("Enter")
    expect_latex(page, "x^{2}")
    assert page.locator("#confidence").inner_text() == "as you wrote it"
    assert page.locator("#overlay rect").count() == 2


@pytest.mark.parametrize("width", [320, 820])
def test_own_latex_is_left_alone_without_a_keyboard(browser: Browser, address: str, width: int) -> None:
    """A tablet's keyboard has no Escape."""
    with opened(browser, address, viewport={"width": width, "height": 740}, has_touch=True, is_mobile=True) as page:
        draw(page, X, ONE)
        expect_latex(page, "x1")
        page.locator("#edit").tap()
        page.locator("#mend-latex").fill("x + 1 +")
        page.get_by_role("button", name="Leave it as it is").tap()
        assert page.locator("#mend").is_hidden()
        assert page.locator("#latex").inner_text() == "x1"
        assert page.locator("#confidence").inner_text() == "90 % sure"
        page.locator("#edit").tap()
        assert page.locator("#mend-latex").input_value() == "x1"
        latex, leave = (page.locator(part).bounding_box() for part in ("#mend-latex", "#mend-close"))
        assert latex is not None and leave is not None
        assert latex["y"] == pytest.approx(leave["y"], abs=4), "in one line"
        assert latex["width"] > 140


def test_own_latex_can_be_undone_comes_back_and_outlives_a_reload(page: Page) -> None:
    draw(page, X, ONE)
    expect_latex(page, "x1")
    written_by_hand(page, "x^1")
    expect_latex(page, "x^{1}")
    page.keyboard.press("Control+z")
    expect_latex(page, "x1")
    page.keyboard.press("Control+y")
    expect_latex(page, "x^{1}")
    page.reload()
    expect_latex(page, "x^{1}")
    assert page.locator("#confidence").inner_text() == "as you wrote it"
    assert page.locator('#alternatives [aria-pressed="true"] .share').inner_text() == "yours"
    page.locator("#alternatives button").nth(1).click()
    expect_latex(page, "x1")
    page.keyboard.press("Control+z")
    expect_latex(page, "x^{1}")


def test_symbols_of_own_latex_stay_decided_while_writing_goes_on(page: Page) -> None:
    draw(page, X, ONE)
    expect_latex(page, "x1")
    written_by_hand(page, "x^2")
    expect_latex(page, "x^{2}")
    assert page.locator("#symbols button.chosen").all_inner_texts() == ["2"]
    written_by_hand(page, "x 2")
    expect_latex(page, "x2")
    assert page.locator("#confidence").inner_text() == "as you wrote it", "though the reader says the same"
    page.keyboard.press("Control+z")
    expect_latex(page, "x^{2}")
    page.locator("#symbols button").nth(1).click()
    assert page.locator("#choices [data-label]").count() > 1, "what the reader takes the strokes for is offered still"
    page.keyboard.press("Escape")
    draw(page, MINUS)
    expect_latex(page, "x2-")
    page.keyboard.press("Control+z")
    expect_latex(page, "x^{2}")


def test_own_latex_may_have_symbols_that_the_reader_does_not_know(page: Page) -> None:
    draw(page, X, ONE)
    expect_latex(page, "x1")
    page.locator("#symbols button").first.click()
    page.locator('#choices [data-label="y"]').click()
    expect_latex(page, "y1")
    written_by_hand(page, "W_1")
    expect_latex(page, "W_{1}")
    assert page.locator("#confidence").inner_text() == "as you wrote it"
    assert page.locator("#symbols button.chosen, #symbols button.doubt").count() == 0
    page.reload()
    expect_latex(page, "W_{1}")
    draw(page, MINUS)
    expect_latex(page, "x1-")


def test_own_latex_that_a_reading_says_is_listed_once_in_whatever_order_it_was_written(page: Page) -> None:
    def other_way_round(route: Route) -> None:
        """The same answer, its symbols named from right to left."""
        response = route.fetch()
        answer = response.json()
        for formula in answer["rows"][0]["alternatives"]:
            last = len(formula["symbols"]) - 1
            formula["symbols"].reverse()
            for edge in formula["relations"]:
                edge["parent"], edge["child"] = last - edge["parent"], last - edge["child"]
        route.fulfill(response=response, json=answer)

    page.route("**/api/rows", other_way_round)
    draw(page, X, ONE)
    expect_latex(page, "x1")
    count = page.locator("#alternatives button").count()
    written_by_hand(page, "x1")
    wait_for(page, lambda: page.locator("#confidence").inner_text() == "as you wrote it")
    assert page.locator("#alternatives button").count() == count
    assert page.locator("#live").inner_text() == "x1, as you wrote it"
    assert page.locator("#alternatives button").first.get_attribute("aria-label") == "x1, yours"


def held(page: Page, path: str) -> list[Route]:
    """Requests to a path that wait until they are let go on."""
    waiting: list[Route] = []
    page.route(f"**/{path}", lambda route: waiting.append(route))
    return waiting


def test_own_latex_that_comes_too_late_changes_nothing(page: Page) -> None:
    draw(page, X, ONE)
    expect_latex(page, "x1")
    waiting = held(page, "api/arrange")
    written_by_hand(page, "x^1")
    wait_for(page, lambda: len(waiting) == 1)
    page.keyboard.press("Escape")
    assert page.locator("#mend").is_hidden()
    written_by_hand(page, "x_1")
    wait_for(page, lambda: len(waiting) == 2)
    draw(page, MINUS)
    expect_latex(page, "x1-")
    from playwright.sync_api import Error as PlaywrightError

    for route in waiting:
        with contextlib.suppress(PlaywrightError):  # what was given up has nobody to go on to
            route.continue_()
    page.wait_for_timeout(300)
    assert page.locator("#latex").inner_text() == "x1-"


def test_own_latex_is_asked_for_once_the_formula_is_read(page: Page) -> None:
    draw(page, X)
    expect_latex(page, "x")
    waiting = held(page, "api/rows")
    draw(page, ONE)
    wait_for(page, lambda: len(waiting) == 1)
    page.get_by_role("button", name="Write the LaTeX yourself").click()
    assert page.locator("#mend").is_hidden()
    waiting[0].continue_()
    wait_for(page, lambda: page.locator("#mend").is_visible())
    assert page.locator("#mend-latex").input_value() == "x1"
