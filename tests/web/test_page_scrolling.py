"""Sheets that are longer or broader than their place on the page: they are scrolled, by hand and by the page itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from browsing import (
    ONE,
    REST_WHEN_TOLD,
    Points,
    X,
    a_row_for_each_stroke,
    draw,
    expect_latex,
    focused,
    in_hand,
    kept_strokes,
    load_with_ink,
    needs_chromium,
    opacity,
    opened,
    wait_for,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Browser, Page

pytestmark = needs_chromium

ROWS = COLUMNS = 20
PITCH = 80


def row(number: int) -> Points:
    """The one stroke of a row, in the ink's coordinates."""
    return [(100, 20 + PITCH * number), (110, 40 + PITCH * number), (130, 60 + PITCH * number)]


def column(number: int) -> Points:
    """The same beside each other."""
    return [(20 + PITCH * number, 100), (40 + PITCH * number, 110), (60 + PITCH * number, 130)]


def with_ink(page: Page, *strokes: Points) -> None:
    """Have strokes on the sheet, each read for itself, and see the first."""
    page.route("**/api/rows", a_row_for_each_stroke)
    kept = [{"id": number, "points": [[x, y, 0.5] for x, y in points]} for number, points in enumerate(strokes)]
    load_with_ink(page, {"strokes": kept, "nextId": len(kept)})
    wait_for(page, lambda: page.locator(".row").count() == len(kept))
    page.locator("#formula [role=radio]").first.click()
    wait_for(page, lambda: scrolled(page) == scrolled_sideways(page) == 0)


def with_notes(page: Page, rows: int = ROWS) -> None:
    with_ink(page, *map(row, range(rows)))


def with_a_long_formula(page: Page) -> None:
    """It is 1.6 times as broad as the sheet at its smallest."""
    with_ink(page, *map(column, range(COLUMNS)))


def scrolled(page: Page) -> float:
    far: float = page.locator("#scroller").evaluate("scroller => scroller.scrollTop")
    return far


def scrolled_sideways(page: Page) -> float:
    far: float = page.locator("#scroller").evaluate("scroller => scroller.scrollLeft")
    return far


def outline(page: Page, number: int) -> dict[str, float]:
    """Where the outline of a row's symbol is, in pixels of what is in sight of the sheet."""
    sheet, box = page.locator("#ink").bounding_box(), page.locator("#overlay rect").nth(number).bounding_box()
    assert sheet is not None
    assert box is not None
    left, top = box["x"] - sheet["x"], box["y"] - sheet["y"]
    ends = {"right": left + box["width"], "bottom": top + box["height"]}
    return {"left": left, "top": top, **ends, "wide": sheet["width"], "high": sheet["height"]}


def is_in_sight(page: Page, number: int) -> bool:
    place = outline(page, number)
    return min(place["left"], place["top"], place["wide"] - place["right"], place["high"] - place["bottom"]) >= 0


def has_ink_in(page: Page, number: int) -> bool:
    """Whether the stroke is drawn where it is outlined."""
    place = outline(page, number)
    return opacity(page, place["left"] + 5, place["top"] + 6) > 0


def test_a_formula_somewhat_higher_than_the_sheet_is_seen_whole(page: Page) -> None:
    with_notes(page, 6)
    assert all(is_in_sight(page, number) for number in range(6))
    page.locator("#formula [role=radio]").last.click()
    assert scrolled(page) == 0


@pytest.mark.parametrize(("prepare", "end", "far"), [(with_notes, 12, [0, 560]), (with_a_long_formula, 19, [600, 0])])
def test_what_would_be_too_small_to_write_on_is_scrolled_instead(
    page: Page, prepare: Callable[[Page], None], end: int, far: list[int]
) -> None:
    prepare(page)
    place = outline(page, 0)
    size = max(place["right"] - place["left"], place["bottom"] - place["top"])
    assert size == pytest.approx(0.7 * 40 + 11, abs=1), "seven tenths of the size as written"
    assert has_ink_in(page, 0)
    assert not is_in_sight(page, end)
    sheet = page.locator("#ink").bounding_box()
    assert sheet is not None
    page.mouse.move(sheet["x"] + 300, sheet["y"] + 200)
    page.mouse.wheel(*far)
    wait_for(page, lambda: [scrolled_sideways(page), scrolled(page)] == far and is_in_sight(page, end))
    assert has_ink_in(page, end)
    assert not is_in_sight(page, 0)
    draw(page, [(300, 200), (310, 230), (330, 240)])
    assert kept_strokes(page)[-1][0][:2] == pytest.approx([(far[0] + 300) / 0.7, (far[1] + 200) / 0.7], abs=1)
    assert opacity(page, 310, 230) > 0


def test_a_pen_at_the_lower_edge_has_half_of_the_sheet_before_it_once_it_rests(page: Page) -> None:
    with_notes(page)
    page.evaluate(REST_WHEN_TOLD)
    for _ in range(3):
        page.locator("#formula [role=radio]").last.click()
        count = len(kept_strokes(page))
        high = outline(page, 0)["high"]
        page.locator("#scroller").evaluate("scroller => { scroller.scrollTop = scroller.scrollHeight; }")
        before = scrolled(page)
        draw(page, [(100, high - 60), (110, high - 20), (130, high - 20)])
        page.locator("#overlay rect").nth(count).wait_for()
        assert scrolled(page) == before, "between two strokes nothing moves"
        page.evaluate("rest()")
        assert scrolled(page) > before
        place = outline(page, count)
        assert place["bottom"] - 5 == pytest.approx(high / 2, abs=2)
        assert has_ink_in(page, count)


def test_a_pen_at_the_right_edge_has_half_of_the_sheet_before_it_once_it_rests(page: Page) -> None:
    with_a_long_formula(page)
    page.evaluate(REST_WHEN_TOLD)
    for _ in range(3):
        count = len(kept_strokes(page))
        wide = outline(page, 0)["wide"]
        page.locator("#scroller").evaluate("scroller => { scroller.scrollLeft = scroller.scrollWidth; }")
        before = scrolled_sideways(page)
        draw(page, [(wide - 60, 100), (wide - 20, 110), (wide - 20, 130)])
        page.locator("#overlay rect").nth(count).wait_for()
        assert scrolled_sideways(page) == before, "between two strokes nothing moves"
        page.evaluate("rest()")
        assert scrolled_sideways(page) > before
        assert outline(page, count)["right"] - 5 == pytest.approx(wide / 2, abs=15)  # Chromium counts the bar's gutter.
        assert has_ink_in(page, count)


def test_of_a_stroke_as_long_as_half_of_the_sheet_the_beginning_stays_in_sight(page: Page) -> None:
    """It may be the bar of a fraction."""
    with_a_long_formula(page)
    page.evaluate(REST_WHEN_TOLD)
    wide = outline(page, 0)["wide"]
    draw(page, [(0.3 * wide, 200), (0.6 * wide, 201), (wide - 10, 200)])
    wait_for(page, lambda: page.locator("#overlay rect").count() == COLUMNS + 1)
    page.evaluate("rest()")
    assert 0 < outline(page, COLUMNS)["left"] < 40


def test_in_the_midst_of_a_sheet_it_follows_the_pen_too(page: Page) -> None:
    with_notes(page)
    page.evaluate(REST_WHEN_TOLD)
    high = outline(page, 0)["high"]
    draw(page, [(300, high - 60), (310, high - 20), (330, high - 15)])
    wait_for(page, lambda: page.locator("#overlay rect").count() == ROWS + 1)
    page.evaluate("rest()")
    assert outline(page, ROWS)["bottom"] - 5 == pytest.approx(high / 2, abs=2)


def test_a_row_that_is_taken_in_hand_comes_into_sight(page: Page) -> None:
    with_notes(page)
    assert not is_in_sight(page, 15)
    page.locator("#formula [role=radio]").nth(15).click()
    wait_for(page, lambda: is_in_sight(page, 15))
    wait_for(page, lambda: has_ink_in(page, 15))
    before = scrolled(page)
    page.locator("#formula [role=radio]").nth(14).click()
    assert scrolled(page) == before, "it is in sight already"


def test_what_is_taken_in_hand_of_a_broad_sheet_comes_into_sight(page: Page) -> None:
    with_a_long_formula(page)
    for number in (19, 0):
        assert not is_in_sight(page, number)
        page.locator("#formula [role=radio]").nth(number).click()
        wait_for(page, lambda number=number: is_in_sight(page, number) and has_ink_in(page, number))  # type: ignore[misc]
    page.locator("#formula [data-symbol='19']").click()
    page.locator("#choices").wait_for()
    panel, paper = page.locator("#choices").bounding_box(), page.locator("#paper").bounding_box()
    assert panel is not None
    assert paper is not None
    assert panel["x"] <= paper["x"] + outline(page, 19)["left"]
    assert panel["x"] + panel["width"] <= paper["x"] + paper["width"]


def test_the_choices_of_a_symbol_stand_beside_it_and_stay_on_the_sheet_when_that_is_scrolled(page: Page) -> None:
    with_notes(page)
    page.locator("#formula [data-symbol='15']").click()
    page.locator("#choices").wait_for()
    wait_for(page, lambda: is_in_sight(page, 15))

    def gap() -> float:
        sheet, panel = page.locator("#ink").bounding_box(), page.locator("#choices").bounding_box()
        assert sheet is not None
        assert panel is not None
        place = outline(page, 15)
        below = panel["y"] - sheet["y"] - place["bottom"]
        return below if below >= 0 else place["top"] - (panel["y"] + panel["height"] - sheet["y"])

    wait_for(page, lambda: 0 <= gap() < 20)
    page.locator("#scroller").evaluate("scroller => { scroller.scrollTop -= 40; }")
    wait_for(page, lambda: 0 <= gap() < 20)
    page.locator("#scroller").evaluate("scroller => { scroller.scrollTop = 0; }")
    wait_for(page, lambda: not is_in_sight(page, 15))
    sheet, panel = page.locator("#ink").bounding_box(), page.locator("#choices").bounding_box()
    assert sheet is not None
    assert panel is not None
    assert panel["y"] <= sheet["y"] + sheet["height"] + 20


def test_what_is_undone_out_of_sight_is_shown(page: Page) -> None:
    with_notes(page)
    page.locator("#formula [role=radio]").nth(16).click()
    page.locator("#symbols button").first.focus()
    page.keyboard.press("Backspace")
    wait_for(page, lambda: page.locator("#overlay rect").count() == ROWS - 1)
    page.locator("#scroller").evaluate("scroller => { scroller.scrollTop = 0; }")
    page.keyboard.press("Control+z")
    wait_for(page, lambda: page.locator("#overlay rect").count() == ROWS)
    assert is_in_sight(page, 16)


def test_of_a_sheet_that_comes_back_the_row_in_hand_is_in_sight(page: Page) -> None:
    with_notes(page)
    page.get_by_role("button", name="Clear", exact=True).click()
    expect_latex(page, "")
    page.keyboard.press("Control+z")
    wait_for(page, lambda: page.locator("#overlay rect").count() == ROWS)
    assert in_hand(page).startswith(str(ROWS))
    assert is_in_sight(page, ROWS - 1)


def test_the_row_in_hand_is_in_sight_when_the_tab_is_loaded_again(page: Page) -> None:
    with_notes(page)
    page.locator("#formula [role=radio]").nth(16).click()
    page.reload()
    wait_for(page, lambda: page.locator("#overlay rect").count() == ROWS)
    assert is_in_sight(page, 16)
    assert has_ink_in(page, 16)


def test_with_select_the_sheet_is_dragged_and_a_tap_still_chooses(page: Page) -> None:
    with_notes(page)
    page.keyboard.press("s")
    draw(page, [(400, 300), (400, 200), (400, 100)])
    assert scrolled(page) == 200
    assert page.locator("#choices").is_hidden()
    place = outline(page, 7)
    draw(page, [(place["left"] + 10, place["top"] + 10)])
    page.locator("#choices").wait_for()


def test_from_the_end_of_a_row_there_is_a_way_back_to_the_left_edge(page: Page) -> None:
    with_a_long_formula(page)
    back = page.get_by_role("button", name="Back to the left edge")
    assert back.is_hidden()
    page.locator("#formula [role=radio]").nth(19).click()
    back.click()
    assert scrolled_sideways(page) == 0
    wait_for(page, lambda: is_in_sight(page, 0) and has_ink_in(page, 0))
    wait_for(page, back.is_hidden)
    assert focused(page) == "ink"


def test_with_select_a_broad_sheet_is_dragged_sideways(page: Page) -> None:
    with_a_long_formula(page)
    page.keyboard.press("s")
    draw(page, [(400, 300), (300, 280), (150, 250)])
    assert scrolled_sideways(page) == 250
    assert page.locator("#choices").is_hidden()


@pytest.mark.parametrize(("prepare", "far"), [(with_notes, scrolled), (with_a_long_formula, scrolled_sideways)])
def test_two_fingers_scroll_the_sheet_and_draw_nothing(
    browser: Browser, address: str, prepare: Callable[[Page], None], far: Callable[[Page], float]
) -> None:
    with opened(browser, address, viewport={"width": 800, "height": 1000}, has_touch=True, is_mobile=True) as page:
        prepare(page)
        hand = page.context.new_cdp_session(page)
        sheet = page.locator("#ink").bounding_box()
        assert sheet is not None

        def fingers(kind: str, count: int, moved: float = 0) -> None:
            points: list[dict[str, Any]] = [
                {"x": sheet["x"] + 400 + 80 * number - moved, "y": sheet["y"] + 300 - moved, "id": number}
                for number in range(count)
            ]
            hand.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

        fingers("touchStart", 1)
        fingers("touchStart", 2)
        for moved in (20, 60, 100, 140):
            fingers("touchMove", 2, moved)
        fingers("touchEnd", 0)
        wait_for(page, lambda: far(page) > 80)
        assert len(kept_strokes(page)) == ROWS


@pytest.mark.parametrize(("prepare", "side"), [(with_notes, "height"), (with_a_long_formula, "width")])
def test_all_of_a_sheet_is_printed(page: Page, prepare: Callable[[Page], None], side: str) -> None:
    prepare(page)
    size = f"document.getElementById('ink').{side}"
    before = page.evaluate(size)
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.evaluate(size) > 1.5 * before
    inked = """(canvas, side) => {
        const { width, height } = canvas;
        const end = side === "width" ? [width - 120, 0, 100, height] : [0, height - 120, width, 100];
        return canvas.getContext("2d").getImageData(...end).data.some((value) => value > 0);
    }"""
    assert page.locator("#ink").evaluate(inked, side), "to its end"
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.evaluate(size) == before
    assert has_ink_in(page, 0)


@pytest.mark.parametrize("columns", [1, 10])
def test_a_file_of_many_rows_is_opened_at_its_first_and_large_enough_to_write_on(page: Page, columns: int) -> None:
    traces = [
        ", ".join(f"{(x + 50 * column) / 50} {y / 50}" for x, y in row(number))
        for number in range(ROWS)
        for column in range(columns)
    ]
    document = f"<ink>{''.join(f'<trace>{trace}</trace>' for trace in traces)}</ink>".encode()
    with_notes(page)
    page.locator("#scroller").evaluate("scroller => { scroller.scrollTop = 700; }")
    page.unroute_all()
    page.locator("#file").set_input_files({"name": "notes.inkml", "mimeType": "", "buffer": document})
    wait_for(page, lambda: page.locator("#toast").inner_text().startswith("Opened"))
    wait_for(page, lambda: page.locator("#overlay rect").count() == ROWS * columns)
    assert is_in_sight(page, 0)
    place = outline(page, 0)
    assert place["bottom"] - place["top"] == pytest.approx(0.7 * 28 + 11, abs=1)
    assert page.locator("#scroller").evaluate("scroller => scroller.scrollHeight > scroller.clientHeight")


def test_a_new_sheet_is_as_long_as_its_place(page: Page) -> None:
    with_notes(page)
    page.locator("#scroller").evaluate("scroller => { scroller.scrollTop = 700; }")
    page.unroute_all()
    page.get_by_role("button", name="Clear", exact=True).click()
    expect_latex(page, "")
    assert page.locator("#scroller").evaluate("scroller => scroller.scrollHeight <= scroller.clientHeight")
    draw(page, X, ONE)
    expect_latex(page, "x1")
    assert kept_strokes(page)[0][0][:2] == pytest.approx(X[0], abs=1)
