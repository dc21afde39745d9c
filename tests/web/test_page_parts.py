"""Sheets of more strokes than the server takes at once are read in parts, parted between rows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from browsing import (
    MINUS,
    ONE,
    Points,
    X,
    below,
    beside,
    choose,
    draw,
    expect_latex,
    expect_rows,
    in_hand,
    load_with_ink,
    needs_chromium,
    page_of_limits,
    too_slow,
    wait_for,
    write_two_rows,
)

from inkmath.web.app import PAGE
from inkmath.web.settings import Limits

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Request, Route

pytestmark = needs_chromium


def test_rows_of_more_strokes_than_the_server_takes_are_read_in_parts(browser: Browser) -> None:
    with page_of_limits(browser, strokes=4) as page:
        write_two_rows(page)
        draw(page, below(X))
        expect_rows(page, "x1", "x1-")
        assert page.locator("#notice").is_hidden()
        assert in_hand(page) == "2: x1\N{MINUS SIGN}"
        choose(page, 0, "y, 4 %")
        expect_rows(page, "x1", "y1-")
        page.reload()
        expect_rows(page, "x1", "y1-")


def test_of_ink_in_parts_only_that_is_read_anew_which_was_written_in(browser: Browser) -> None:
    with page_of_limits(browser, strokes=4) as page:
        write_two_rows(page)
        draw(page, below(X))
        expect_rows(page, "x1", "x1-")
        sent: list[Request] = []
        page.on("request", lambda request: sent.append(request))
        draw(page, [(x + 100, y) for x, y in below(ONE)])
        expect_rows(page, "x1", "x1-1")
        (asked,) = [request.post_data_json or {} for request in sent]
        assert len(asked["strokes"]) == 4


def test_of_ink_in_parts_the_status_says_how_much_of_it_has_been_read(browser: Browser) -> None:
    with page_of_limits(browser, strokes=4) as page:
        write_two_rows(page)
        held: list[Route] = []

        def hold_the_second(route: Route) -> None:
            if len((route.request.post_data_json or {})["strokes"]) == 3:
                held.append(route)
            else:
                route.continue_()

        page.route("**/api/rows", hold_the_second)
        draw(page, below(X))
        status = page.locator("#status")
        wait_for(page, lambda: status.inner_text() == "Reading 40 %")
        wait_for(page, lambda: held)
        held[-1].continue_()
        expect_rows(page, "x1", "x1-")
        assert status.inner_text() == "Ready"


def test_rows_that_were_joined_stay_in_one_part(browser: Browser) -> None:
    with page_of_limits(browser, strokes=4) as page:
        row = [[(100, 20), (101, 60)], [(140, 20), (141, 60)]]
        draw(page, *row, *([(x, y + 130) for x, y in one] for one in row), [(100, 280), (130, 310)])
        expect_rows(page, "11", "11", "x")
        page.locator("#formula [role=radio]").nth(1).click()
        choose(page, 0, "Join the row above")
        expect_rows(page, "1111", "x")


def test_more_strokes_of_one_formula_than_the_server_takes_are_refused_with_what_to_do(browser: Browser) -> None:
    with page_of_limits(browser, strokes=4) as page:
        draw(page, X, ONE, MINUS, beside(MINUS, 100))
        expect_latex(page, "x1--")
        draw(page, beside(MINUS, 200))
        page.wait_for_selector('#notice[data-kind="error"]')
        words = "No more than 4 can be read as one formula. Leave room between rows, and let them be read separately."
        assert page.locator("#notice span").inner_text() == f"Too many strokes {words}"
        page.keyboard.press("Control+z")
        expect_latex(page, "x1--")
        assert page.locator("#notice").is_hidden()

        page.keyboard.press("Control+z")
        draw(page, below(X), below(ONE))
        expect_rows(page, "x1-", "x1")
        page.get_by_role("button", name="Read as one formula").click()
        page.wait_for_selector('#notice[data-kind="error"]')
        page.get_by_role("button", name="Read rows separately").click()
        expect_rows(page, "x1-", "x1")


MANY = [(100 + 5 * number, 100) for number in range(60)]


def write_two_rows_of_sixty(page: Page) -> None:
    """Upright strokes, as the tab would have them if they had been written."""
    tops = [(x, y + down) for down in (0, 150) for x, y in MANY]
    strokes = [{"id": place, "points": [[x, y, 0.5], [x, y + 40, 0.5]]} for place, (x, y) in enumerate(tops)]
    kept = {"strokes": strokes, "choices": [], "readings": [], "begins": [], "joined": [], "whole": False}
    load_with_ink(page, {**kept, "nextId": len(strokes)})


def test_what_takes_too_long_at_once_is_read_in_parts(page: Page) -> None:
    asked: list[int] = []

    def slow(route: Route) -> None:
        asked.append(len((route.request.post_data_json or {})["strokes"]))
        if asked[-1] > 60:
            too_slow(route)
        else:
            route.continue_()

    page.route("**/api/rows", slow)
    write_two_rows_of_sixty(page)
    expect_rows(page, "1" * 60, "1" * 60)
    assert asked == [120, 60, 60]
    assert page.locator("#notice").is_hidden()


def test_rows_of_more_points_than_the_server_takes_are_read_in_parts(browser: Browser) -> None:
    with page_of_limits(browser, points=200) as page:
        write_two_rows_of_sixty(page)
        expect_rows(page, "1" * 60, "1" * 60)
        assert page.locator("#notice").is_hidden()


def test_parts_are_read_one_after_the_other(browser: Browser) -> None:
    """Together, each would take as long as all of them, and the server's time is limited for each."""
    with page_of_limits(browser, strokes=60) as page:
        held: list[Route] = []
        page.route("**/api/rows", lambda route: held.append(route))
        write_two_rows_of_sixty(page)
        for count in (1, 2, 3):  # all of it, which is refused, and each of the parts
            wait_for(page, lambda count=count: len(held) == count)  # type: ignore[misc]
            page.wait_for_timeout(100)
            assert len(held) == count
            held[-1].continue_()
        expect_rows(page, "1" * 60, "1" * 60)


def test_the_page_knows_the_servers_limit_of_strokes() -> None:
    (most,) = re.findall(r"const LARGEST_PART = (\d+);", (PAGE / "api.js").read_text())
    assert int(most) == Limits().strokes


PARTS = "async given => (await import('./parts.js')).partsOf(...given).map(part => part.map(({ id }) => id))"


def parts_of(page: Page, strokes: list[Points], most: int) -> list[list[int]]:
    """Which strokes are read together."""
    ink = [{"id": place, "points": points} for place, points in enumerate(strokes)]
    parts: list[list[int]] = page.evaluate(PARTS, [ink, most, []])
    return parts


def test_parts_are_parted_between_rows_that_run_downhill(page: Page) -> None:
    def row(top: float) -> list[Points]:
        return [[(x, top + 0.1 * x), (x + 5, top + 0.1 * x + 40)] for x in (0.0, 150.0, 300.0, 450.0)]

    assert parts_of(page, row(0) + row(60) + row(120), 8) == [[0, 1, 2, 3], [*range(4, 12)]]
    assert parts_of(page, row(0) + row(60) + row(120), 5) == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11]]


def test_parts_are_parted_in_their_middle_rather_than_at_a_wider_band_near_an_end(page: Page) -> None:
    """There a fraction may just be written."""
    tops = [0, 0, 60, 60, 120, 120, 180, 260]
    assert [len(part) for part in parts_of(page, [[(0, top), (9, top + 40)] for top in tops], 6)] == [2, 6]
