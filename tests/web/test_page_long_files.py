"""Files of more than the server reads at once, and sheets of many rows kept as one file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from browsing import (
    MINUS,
    ONE,
    Points,
    X,
    beside,
    choose,
    draw,
    expect_latex,
    expect_rows,
    focused,
    kept_strokes,
    needs_chromium,
    page_of_limits,
    too_slow,
    wait_for,
    write_two_rows,
)
from drawn_picture import picture

from inkmath.ink import Ink
from inkmath.inkml import parse_inkml, write_inkml
from inkmath.layout.tree import Edge, LayoutTree, Relation, Symbol
from inkmath.web.settings import Limits

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser, Page, Route

pytestmark = needs_chromium


def rows_of_three(count: int) -> list[Points]:
    """``x 1 -``, so many times beneath each other."""
    return [[(x, y + 150 * row) for x, y in stroke] for row in range(count) for stroke in (X, ONE, MINUS)]


def open_file(page: Page, content: bytes, name: str = "notes.inkml") -> None:
    page.locator("#file").set_input_files({"name": name, "mimeType": "", "buffer": content})


def keep(page: Page, what: str, target: Path) -> Path:
    """Download an item of the menu."""
    page.get_by_role("button", name="Download").click()
    with page.expect_download() as download:
        page.get_by_role("menuitem", name=what).click()
    download.value.save_as(target / download.value.suggested_filename)
    return target / download.value.suggested_filename


ALL_INK = "InkML all ink, and your choices"


# Into the page


def test_a_file_of_more_strokes_than_the_server_reads_at_once_is_read_in_parts(browser: Browser) -> None:
    with page_of_limits(browser, strokes=4) as page:
        open_file(page, write_inkml(Ink.from_points(rows_of_three(3))))
        expect_rows(page, "x1-", "x1-", "x1-")
        assert page.locator("#ink").get_attribute("aria-label") == "Writing area, 9 strokes"
        assert page.locator("#toast").inner_text().startswith("Opened notes.inkml")
        assert page.locator("#notice").is_hidden()
        page.keyboard.press("Control+z")
        expect_latex(page, "")


def test_a_picture_of_more_strokes_than_the_server_reads_at_once_is_read_in_parts(browser: Browser) -> None:
    row = [[(40, 10), (40, 90)], [(70, 50), (140, 50)], [(170, 10), (170, 90)]]
    lines = [[(x, y + 150 * number) for x, y in line] for number in range(3) for line in row]
    with page_of_limits(browser, strokes=4) as page:
        open_file(page, picture(lines, size=(210, 400)), "scan.png")
        expect_rows(page, "1-1", "1-1", "1-1")


def test_a_file_of_more_points_than_the_server_reads_at_once_is_read_in_parts(browser: Browser) -> None:
    row = [[(5 * number, 0), (5 * number, 40)] for number in range(60)]
    ink = Ink.from_points([*row, *([(x, y + 150) for x, y in stroke] for stroke in row)])
    with page_of_limits(browser, points=200) as page:
        open_file(page, write_inkml(ink))
        expect_rows(page, "1" * 60, "1" * 60)


def test_a_file_that_says_that_more_than_can_be_read_at_once_is_one_formula_is_read_in_rows(browser: Browser) -> None:
    strokes = rows_of_three(2)
    symbols = tuple(Symbol("y", (place,)) for place in range(6))
    tree = LayoutTree(symbols, tuple(Edge(place, place + 1, Relation.RIGHT) for place in range(5)))
    with page_of_limits(browser, strokes=4) as page:
        open_file(page, write_inkml(Ink(Ink.from_points(strokes).strokes, tree=tree)))
        expect_rows(page, "x1-", "x1-")
        assert page.locator("#whole").inner_text() == "Read as one formula"


def test_a_file_over_the_servers_limit_of_bytes_is_not_sent_to_be_read(page: Page) -> None:
    """The server would hang up on it, and nobody can tell that from a connection that is lost."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url.partition("/api/")[2]))
    comment = b"<!--" + b" " * Limits().body_bytes + b"-->"
    open_file(page, write_inkml(Ink.from_points([X, ONE])).replace(b"</ink>", comment + b"</ink>"))
    expect_latex(page, "x1")
    assert [path for path in asked if path] == ["ink", "rows"], "the file, and its ink"


def test_a_file_that_says_that_what_takes_too_long_is_one_formula_is_read_in_rows(page: Page) -> None:
    symbols = tuple(Symbol("y", (place,)) for place in range(6))
    tree = LayoutTree(symbols, tuple(Edge(place, place + 1, Relation.RIGHT) for place in range(5)))
    page.route("**/api/recognize", too_slow)
    open_file(page, write_inkml(Ink(Ink.from_points(rows_of_three(2)).strokes, tree=tree)))
    expect_rows(page, "x1-", "x1-")
    assert page.locator("#whole").inner_text() == "Read as one formula"


def test_a_file_that_takes_too_long_to_be_read_at_once_is_read_in_parts(page: Page) -> None:
    def slow(route: Route) -> None:
        of_file = "json" not in route.request.headers["content-type"]
        if of_file or len((route.request.post_data_json or {})["strokes"]) > 60:
            too_slow(route)
        else:
            route.continue_()

    page.route("**/api/rows", slow)
    page.route("**/api/recognize", slow)
    row = [[(5 * number, 0), (5 * number, 40)] for number in range(60)]
    strokes = [*row, *([(x, y + 150) for x, y in stroke] for stroke in row)]
    open_file(page, write_inkml(Ink.from_points(strokes)))
    expect_rows(page, "1" * 60, "1" * 60)
    assert page.locator("#notice").is_hidden()


def test_a_file_of_more_than_a_sheet_is_refused_with_its_limit(browser: Browser) -> None:
    with page_of_limits(browser, strokes=4, sheet_strokes=8) as page:
        open_file(page, write_inkml(Ink.from_points(rows_of_three(3))))
        wait_for(page, lambda: "notes.inkml cannot be read" in page.locator("#notice").inner_text())
        assert "Too many strokes. The limit is 8 strokes." in page.locator("#notice").inner_text()
        assert page.locator("#status").inner_text() == "Ready"


def test_the_tab_keeps_as_many_points_of_a_file_as_of_a_pen(page: Page) -> None:
    """It keeps five million letters, and points that were fitted onto the sheet may have forty each."""
    strokes = [[(x + place / 7, y + place / 3) for place in range(100)] for x, y in X]
    open_file(page, write_inkml(Ink.from_points(strokes)))
    wait_for(page, lambda: len(kept_strokes(page)) == 4)
    kept: int = page.evaluate("sessionStorage.getItem('ink').length")
    assert kept < 25 * 400
    written = kept_strokes(page)
    page.reload()
    assert kept_strokes(page) == written


# Out of the page


def test_all_ink_is_kept_as_one_file_that_can_be_opened_again(page: Page, tmp_path: Path) -> None:
    write_two_rows(page)
    file = keep(page, ALL_INK, tmp_path)
    assert file.name == "ink.inkml"
    ink = parse_inkml(file)
    assert (ink.tree, ink.problems) == (None, ())
    written = kept_strokes(page)
    assert [stroke.tolist() for stroke in ink.strokes] == [
        [pytest.approx(point[:2], abs=0.1) for point in stroke] for stroke in written
    ]
    page.get_by_role("button", name="Clear").click()
    expect_latex(page, "")
    page.locator("#file").set_input_files(file)
    expect_rows(page, "x1", "1-")
    assert len(kept_strokes(page)) == 4


def test_what_was_chosen_in_any_row_is_in_the_file_of_all_ink_and_can_be_undone(page: Page, tmp_path: Path) -> None:
    write_two_rows(page)
    choose(page, 0, "y, 4 %")
    expect_rows(page, "x1", "y-")
    page.locator("#formula [role=radio]").first.click()
    choose(page, 1, "y, 4 %")
    expect_rows(page, "xy", "y-")
    file = keep(page, ALL_INK, tmp_path)
    ink = parse_inkml(file)
    assert (ink.tree, ink.groups) == (None, (Symbol("y", (2,)), Symbol("y", (1,))))
    page.get_by_role("button", name="Clear").click()
    expect_latex(page, "")
    page.locator("#file").set_input_files(file)
    expect_rows(page, "xy", "y-")
    assert page.locator("#overlay rect.chosen").count() == 2
    page.locator("#symbols button").last.click()
    page.get_by_role("button", name="Undo my choice").click()
    expect_rows(page, "x1", "y-")


def test_a_sheet_of_more_strokes_than_the_server_reads_at_once_is_kept_and_opened_again(
    browser: Browser, tmp_path: Path
) -> None:
    with page_of_limits(browser, strokes=4) as page:
        open_file(page, write_inkml(Ink.from_points(rows_of_three(3))))
        expect_rows(page, "x1-", "x1-", "x1-")
        file = keep(page, ALL_INK, tmp_path)
        assert len(parse_inkml(file).strokes) == 9
        page.get_by_role("button", name="Clear").click()
        expect_latex(page, "")
        page.locator("#file").set_input_files(file)
        expect_rows(page, "x1-", "x1-", "x1-")


def test_ink_of_which_nothing_can_be_read_is_kept(browser: Browser, tmp_path: Path) -> None:
    with page_of_limits(browser, strokes=1) as page:
        draw(page, X, beside(X, 20))
        page.wait_for_selector('#notice[data-kind="error"]')
        assert len(parse_inkml(keep(page, ALL_INK, tmp_path)).strokes) == 2
        page.get_by_role("button", name="Download").click()
        assert page.get_by_role("menuitem", name="InkML ink and formula").is_disabled()


def test_all_ink_is_offered_only_where_the_file_of_the_formula_does_not_have_it(page: Page) -> None:
    write_two_rows(page)
    page.get_by_role("button", name="Download").click()
    kinds = [text.split()[0] for text in page.get_by_role("menuitem").all_inner_texts()]
    assert kinds == ["InkML", "InkML", "SVG", "PNG"]
    page.get_by_role("button", name="Read as one formula").click()
    wait_for(page, lambda: page.locator("#whole").inner_text() == "Read rows separately")
    page.wait_for_selector('#result[data-state="shown"]')
    button = page.get_by_role("button", name="Download")
    button.press("Enter")
    assert [text.split()[0] for text in page.get_by_role("menuitem").all_inner_texts()] == ["InkML", "SVG", "PNG"]
    for _ in range(3):
        page.keyboard.press("ArrowDown")
    assert focused(page) == "download-inkml", "the keys do not stop at what is hidden"
