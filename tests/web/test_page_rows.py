"""Formulas written beneath each other on the page: all are shown, and one is in hand to be corrected and kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from browsing import (
    MINUS,
    ONE,
    X,
    a_row_for_each_stroke,
    below,
    beside,
    choose,
    copied,
    draw,
    expect_latex,
    expect_rows,
    focused,
    in_hand,
    kept_ink,
    load_with_ink,
    needs_chromium,
    opened,
    serving,
    tap,
    too_slow,
    wait_for,
    write_two_rows,
    written_by_hand,
)
from released import needs_weights

from inkmath.ink import Ink
from inkmath.inkml import parse_inkml, write_inkml
from inkmath.layout.latex import parse_latex
from inkmath.layout.tree import Edge, LayoutTree, Relation, Symbol
from inkmath.recognizer import Recognizer
from inkmath.synthesis.style import Writer
from inkmath.synthesis.typeset import typeset
from inkmath.web.settings import Limits, Settings

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser, Page, Route

pytestmark = needs_chromium


# What is shown


def test_formulas_beneath_each_other_are_shown_so_and_the_one_written_last_is_in_hand(page: Page) -> None:
    draw(page, X, ONE)
    expect_latex(page, "x1")
    assert page.locator("#formula [role=radio]").count() == 0
    draw(page, below(ONE), below(MINUS))
    expect_rows(page, "x1", "1-")
    assert page.locator(".row math").evaluate_all("all => all.map(math => math.textContent)") == [
        "x1",
        "1\N{MINUS SIGN}",
    ]
    lefts = page.locator(".row math").evaluate_all("all => all.map(math => math.getBoundingClientRect().left)")
    assert lefts[0] == lefts[1]
    assert in_hand(page) == "2: 1\N{MINUS SIGN}"
    assert page.locator("#overlay rect").count() == 4, "symbols of all rows are outlined"
    assert page.locator("#live").inner_text() == "Row 2 of 2: 1-, 90 % sure"
    assert page.locator("#others-title").inner_text() == "Row 2 read as"
    draw(page, [(x + 150, y) for x, y in MINUS])
    expect_rows(page, "x1-", "1-")
    assert in_hand(page) == "1: x1\N{MINUS SIGN}"


def test_the_row_that_was_changed_last_is_in_hand_whatever_way_it_was_changed(page: Page) -> None:
    write_two_rows(page)
    page.keyboard.press("e")
    draw(page, [(190, 120), (230, 120)])
    expect_rows(page, "x", "1-")
    assert in_hand(page).startswith("1"), "something of it was erased"
    page.locator("#formula [role=radio]").last.click()
    page.keyboard.press("Control+z")
    expect_rows(page, "x1", "1-")
    assert in_hand(page).startswith("1"), "that came back"
    page.locator("#formula [role=radio]").last.click()
    page.keyboard.press("2")
    expect_rows(page, "x1", "1+")
    page.locator("#formula [role=radio]").first.click()
    page.keyboard.press("Control+z")
    expect_rows(page, "x1", "1-")
    assert in_hand(page).startswith("2"), "its reading was another"


def test_rows_become_one_formula_again_when_all_others_are_erased(page: Page) -> None:
    write_two_rows(page)
    page.locator("#formula [role=radio]").last.focus()
    for _ in range(2):
        page.keyboard.press("Control+z")
    expect_latex(page, "x1")
    assert page.locator("#formula").get_attribute("role") is None
    assert page.locator("#whole").is_hidden()
    assert page.locator("#others-title").inner_text() == "Read as"
    assert focused(page) == "ink"
    assert page.locator("#live").inner_text() == "x1, 90 % sure"


def test_the_row_in_hand_stays_so_when_one_above_it_is_erased(page: Page) -> None:
    page.route("**/api/rows", a_row_for_each_stroke)
    draw(page, *([(x, y + 60 * place) for x, y in X] for place in range(4)))
    expect_rows(page, "x", "x", "x", "x")
    page.locator("#formula [role=radio]").nth(2).click()
    page.keyboard.press("e")
    draw(page, [(90, 120), (150, 120)])
    expect_rows(page, "x", "x", "x")
    assert in_hand(page).startswith("2"), "the third of four is the second of three"


# Taking a row in hand


@pytest.mark.parametrize("way", ["its number", "beside it", "its symbol", "its ink"])
def test_a_row_is_taken_in_hand_where_it_is_tapped(page: Page, way: str) -> None:
    write_two_rows(page)
    if way == "its number":
        page.locator("#formula [role=radio]").first.click()
    elif way == "beside it":
        page.locator(".row").first.click()
    elif way == "its symbol":
        page.locator("#formula [data-symbol='1']").click()
    else:
        page.keyboard.press("s")
        tap(page, 201, 120)
    wait_for(page, lambda: in_hand(page) == "1: x1")
    if way in ("its symbol", "its ink"):
        page.locator('#choices [data-label="1"][aria-pressed="true"]').wait_for()
        page.locator('#choices [data-label="y"]').click()
        expect_rows(page, "xy", "1-")
        assert in_hand(page) == "1: xy"


def test_rows_are_reached_and_told_by_keyboard(page: Page) -> None:
    write_two_rows(page)
    rows = page.get_by_role("radiogroup", name="Rows").get_by_role("radio")
    assert [row.get_attribute("aria-label") for row in rows.all()] == ["Row 1: x1", "Row 2: 1-"]
    assert [row.get_attribute("tabindex") for row in rows.all()] == ["-1", "0"]
    rows.last.focus()
    page.keyboard.press("ArrowUp")
    wait_for(page, lambda: in_hand(page) == "1: x1")
    assert rows.first.evaluate("row => row === document.activeElement")
    assert page.locator("#live").inner_text() == "Row 1 of 2: x1, 90 % sure"
    page.keyboard.press("ArrowUp")
    wait_for(page, lambda: in_hand(page) == "2: 1\N{MINUS SIGN}")

    page.locator("#symbols button").last.focus()
    page.keyboard.press("ArrowDown")
    wait_for(page, lambda: in_hand(page) == "1: x1")
    assert focused(page) == "symbol 1", "the focus stays among the symbols"
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect_rows(page, "xx", "1-")
    wait_for(page, lambda: focused(page) == "symbol 1")
    page.keyboard.press("Delete")
    expect_rows(page, "x", "1-")


def test_the_choices_of_a_symbol_close_when_another_row_is_taken_in_hand(page: Page) -> None:
    write_two_rows(page)
    page.locator("#symbols button").last.focus()
    page.keyboard.press("Enter")
    page.locator("#choices").wait_for()
    page.locator("#formula [role=radio]").first.click()
    wait_for(page, lambda: in_hand(page) == "1: x1")
    assert page.locator("#choices").is_hidden()
    assert page.locator("#formula [role=radio]").first.evaluate("row => row === document.activeElement")
    page.locator("#formula [data-symbol='0']").click()
    page.locator('#choices [data-label="x"][aria-pressed="true"]').wait_for()
    page.locator("#formula [data-symbol='3']").click()
    page.locator('#choices [data-label="-"][aria-pressed="true"]').wait_for()
    assert in_hand(page).startswith("2")


def test_a_row_that_is_tapped_while_the_last_stroke_is_read_is_in_hand_then(page: Page) -> None:
    write_two_rows(page)
    held: list[Route] = []
    page.route("**/api/rows", lambda route: held.append(route))
    draw(page, [(x + 60, y) for x, y in below(ONE)])
    wait_for(page, lambda: held)
    page.locator("#formula [role=radio]").first.click()
    held[0].continue_()
    expect_rows(page, "x1", "1-1")
    wait_for(page, lambda: in_hand(page) == "1: x1")


def test_the_row_in_hand_is_so_after_a_reload(page: Page) -> None:
    write_two_rows(page)
    page.locator("#formula [role=radio]").first.click()
    wait_for(page, lambda: in_hand(page) == "1: x1")
    page.reload()
    expect_rows(page, "x1", "1-")
    assert in_hand(page) == "1: x1"


def test_arrows_pressed_while_the_last_stroke_is_read_count_each(page: Page) -> None:
    held: list[Route] = []
    page.route("**/api/rows", a_row_for_each_stroke)
    draw(page, *([(x, y + 60 * place) for x, y in X] for place in range(4)))
    wait_for(page, lambda: page.locator(".row").count() == 4 and in_hand(page).startswith("4"))
    page.route("**/api/rows", lambda route: held.append(route))
    draw(page, [(x, y + 240) for x, y in X])
    wait_for(page, lambda: held)
    page.locator("#formula [role=radio]").last.focus()
    for _ in range(2):
        page.keyboard.press("ArrowUp")
    a_row_for_each_stroke(held[0])
    wait_for(page, lambda: in_hand(page).startswith("2"))


# What holds for each row


def test_each_row_has_a_reading_of_its_own_until_something_is_written_in_it(page: Page) -> None:
    write_two_rows(page)
    page.locator("#edit").click()
    assert page.locator("#mend-latex").input_value() == "1-"
    page.locator("#mend-latex").fill("1^-")
    page.keyboard.press("Enter")
    expect_rows(page, "x1", "1^{-}")
    assert page.locator("#confidence").inner_text() == "as you wrote it"
    page.locator("#formula [role=radio]").first.click()
    assert page.locator("#confidence").inner_text() == "90 % sure"
    page.locator("#alternatives button").nth(1).click()
    expect_rows(page, "x-", "1^{-}")
    page.reload()
    expect_rows(page, "x-", "1^{-}")
    draw(page, [(x + 150, y) for x, y in MINUS])
    expect_rows(page, "x--", "1^{-}")
    draw(page, below([(x + 150, y) for x, y in ONE]))
    expect_rows(page, "x--", "1-1")
    for _ in range(2):
        page.keyboard.press("Control+z")
    expect_rows(page, "x-", "1^{-}")


def test_choosing_a_symbol_leaves_the_reading_of_another_row(page: Page) -> None:
    write_two_rows(page)
    page.locator("#edit").click()
    page.locator("#mend-latex").fill("1^-")
    page.keyboard.press("Enter")
    expect_rows(page, "x1", "1^{-}")
    page.locator("#formula [data-symbol='0']").click()
    page.locator('#choices [data-label="y"]').click()
    expect_rows(page, "y1", "1^{-}")
    page.locator("#formula [data-symbol='2']").click()
    page.locator('#choices [data-label="y"]').click()
    expect_rows(page, "y1", "y-")


def test_the_field_for_latex_closes_when_another_row_is_taken_in_hand(page: Page) -> None:
    write_two_rows(page)
    page.get_by_role("button", name="Write the LaTeX of this row yourself").click()
    page.locator("#formula [role=radio]").first.click()
    wait_for(page, lambda: page.locator("#mend").is_hidden())
    page.locator("#edit").click()
    assert page.locator("#mend-latex").input_value() == "x1"
    page.get_by_role("button", name="Read as one formula").click()
    expect_latex(page, "x11-")
    assert page.get_by_role("button", name="Write the LaTeX yourself").is_visible()


# Rows begun and joined by hand


def test_a_row_begins_where_the_person_says_and_is_joined_again(page: Page) -> None:
    draw(page, X, ONE, beside(MINUS, 40), beside(ONE, 160))
    expect_latex(page, "x1-1")
    choose(page, 2, "New row from here")
    expect_rows(page, "x1", "-1")
    assert in_hand(page) == "2: \N{MINUS SIGN}1"
    choose(page, 1, "Join the row above")
    expect_latex(page, "x1-1")
    page.keyboard.press("Control+z")
    expect_rows(page, "x1", "-1")
    page.keyboard.press("Control+z")
    expect_latex(page, "x1-1")
    page.keyboard.press("Control+Shift+z")
    expect_rows(page, "x1", "-1")
    page.reload()
    expect_rows(page, "x1", "-1")


def test_rows_that_the_ink_parts_are_joined_and_parted_again(page: Page) -> None:
    write_two_rows(page)
    choose(page, 1, "Join the row above")
    expect_latex(page, "x11-")
    assert page.locator("#whole").is_hidden(), "what is written beneath may be a row of its own"
    choose(page, 2, "New row from here")
    expect_rows(page, "x1", "1-")


def test_a_row_whose_beginning_is_erased_begins_with_what_follows(page: Page) -> None:
    draw(page, X, ONE, beside(MINUS, 40), beside(ONE, 160))
    choose(page, 2, "New row from here")
    expect_rows(page, "x1", "-1")
    choose(page, 0, "Erase")
    expect_rows(page, "x1", "1")
    draw(page, beside(X, 180))
    wait_for(page, lambda: page.locator("#symbols button").count() == 2)
    assert page.locator("#formula [role=radio]").count() == 2


def test_strokes_made_one_symbol_across_the_beginning_of_a_row_undo_it(page: Page) -> None:
    draw(page, X, ONE, MINUS)
    choose(page, 2, "New row from here")
    expect_rows(page, "x1", "-")
    choose(page, 0, "Change strokes")
    tap(page, 200, 120)
    assert page.get_by_role("button", name="Join the row above").is_hidden(), "there is to be room for taps"
    page.locator("#choices [data-label='+']").click()
    expect_latex(page, "x+")


def test_where_no_row_can_begin_or_be_joined_none_is_offered(page: Page) -> None:
    draw(page, X, ONE)
    expect_latex(page, "x1")
    for symbol, offered in ((0, 0), (1, 1)):
        page.locator("#symbols button").nth(symbol).click()
        page.locator("#choices").get_by_role("button", name="Erase").wait_for()
        assert page.get_by_role("button", name="New row from here").count() == offered
        assert page.get_by_role("button", name="Join the row above").count() == 0
        page.keyboard.press("Escape")


# All rows as one formula


def test_rows_can_be_read_as_one_formula_and_as_rows_again(page: Page) -> None:
    write_two_rows(page)
    page.get_by_role("button", name="Read as one formula").click()
    expect_latex(page, "x11-")
    assert focused(page) == "whole"
    page.reload()
    expect_latex(page, "x11-")
    draw(page, below(X))
    wait_for(page, lambda: page.locator("#symbols button").count() == 5)
    page.keyboard.press("Control+z")
    expect_latex(page, "x11-")
    page.get_by_role("button", name="Read rows separately").click()
    expect_rows(page, "x1", "1-")
    assert focused(page) == "whole", "it never went away"
    page.keyboard.press("Control+z")
    expect_latex(page, "x11-")
    page.get_by_role("button", name="Clear").click()
    expect_latex(page, "")
    assert page.locator("#whole").is_hidden()
    write_two_rows(page)


# Out of the page and into it


def test_all_rows_are_copied(page: Page) -> None:
    write_two_rows(page)
    page.get_by_role("button", name="Copy LaTeX").click()
    assert copied(page, "\\begin") == "\\begin{aligned}\n&x1 \\\\\n&1-\n\\end{aligned}"
    page.get_by_role("button", name="Copy MathML").click()
    math = copied(page, "<math")
    assert math.count("<math") == math.count("</math>") == math.count("<mtable") == 1
    assert math.count("<mtr>") == 2
    assert "symbol-" not in math
    other = page.context.new_page()  # as no style of another page is let in here
    other.set_content(math)
    cells = other.locator("mtd").evaluate_all(
        "all => all.map(cell => [cell.textContent, cell.firstElementChild.getBoundingClientRect().left])"
    )
    other.close()
    assert [text for text, _ in cells] == ["x1", "1\N{MINUS SIGN}"]
    assert cells[0][1] == cells[1][1]


def test_what_is_kept_as_inkml_is_the_row_in_hand(page: Page, tmp_path: Path, saved: Path) -> None:
    write_two_rows(page)
    page.get_by_role("button", name="Download").click()
    with page.expect_download() as download:
        page.get_by_role("menuitem", name="InkML ink and formula of this row").click()
    download.value.save_as(tmp_path / "row.inkml")
    ink = parse_inkml(tmp_path / "row.inkml")
    assert ink.latex == "1 -"
    assert [stroke[0].tolist() for stroke in ink.strokes] == [
        pytest.approx(below(one)[0], abs=1) for one in (ONE, MINUS)
    ]

    page.locator("#formula [role=radio]").first.click()
    page.locator("#learn .switch").click()
    page.get_by_role("button", name="This row is right").click()
    wait_for(page, lambda: list(saved.glob("[!.]*.inkml")))  # a file that is still being written has a dot before it
    (file,) = saved.glob("[!.]*.inkml")
    assert parse_inkml(file).latex == "x 1"
    assert len(parse_inkml(file).strokes) == 2
    file.unlink()


def test_what_is_drawn_as_a_picture_is_all_ink(page: Page, tmp_path: Path) -> None:
    write_two_rows(page)
    page.get_by_role("button", name="Download").click()
    with page.expect_download() as download:
        page.get_by_role("menuitem", name="SVG").click()
    download.value.save_as(tmp_path / "formula.svg")
    assert (tmp_path / "formula.svg").read_text().count("<path") == 4


HIGH = [X, ONE, below(ONE), below(MINUS)]


def test_a_file_without_a_formula_is_read_in_rows_the_first_of_which_is_in_hand(page: Page) -> None:
    document = write_inkml(Ink.from_points(HIGH))
    page.locator("#file").set_input_files({"name": "a.inkml", "mimeType": "", "buffer": document})
    expect_rows(page, "x1", "1-")
    assert in_hand(page).startswith("1")


def test_a_file_of_rows_is_sent_once(page: Page) -> None:
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url.rpartition("/")[2]))
    document = write_inkml(Ink.from_points(HIGH))
    page.locator("#file").set_input_files({"name": "a.inkml", "mimeType": "", "buffer": document})
    expect_rows(page, "x1", "1-")
    assert [name for name in sent if name in {"rows", "recognize"}] == ["rows", "rows"], "the file, and its ink"


def test_a_file_that_says_what_all_its_ink_is_is_read_as_one_formula(page: Page) -> None:
    symbols = tuple(Symbol(label, (index,)) for index, label in enumerate("x121"))
    edges = (Edge(0, 1, Relation.RIGHT), Edge(0, 2, Relation.BELOW), Edge(2, 3, Relation.RIGHT))
    ink = Ink(Ink.from_points(HIGH).strokes, tree=LayoutTree(symbols, edges))
    page.locator("#file").set_input_files({"name": "a.inkml", "mimeType": "", "buffer": write_inkml(ink)})
    wait_for(page, lambda: page.locator("#confidence").inner_text() == "as the file says")
    assert page.locator("#symbols button").count() == 4
    page.get_by_role("button", name="Read rows separately").click()
    expect_rows(page, "x1", "21")


def test_what_a_file_says_holds_where_the_reader_cannot_tell_rows_in_time(page: Page) -> None:
    page.route("**/api/rows", too_slow)
    tree = LayoutTree((Symbol("y", (0,)), Symbol("1", (1,))), (Edge(0, 1, Relation.SUP),))
    ink = Ink(Ink.from_points([X, ONE]).strokes, tree=tree)
    page.locator("#file").set_input_files({"name": "a.inkml", "mimeType": "", "buffer": write_inkml(ink)})
    expect_latex(page, "y^{1}")
    assert page.locator("#whole").inner_text() == "Read rows separately"


def test_beneath_a_file_of_one_row_another_can_be_written(page: Page) -> None:
    tree = LayoutTree((Symbol("-", (0,)),))
    ink = Ink(Ink.from_points([[(0, 0), (300, 1)]]).strokes, tree=tree)
    page.locator("#file").set_input_files({"name": "a.inkml", "mimeType": "", "buffer": write_inkml(ink)})
    expect_latex(page, "-")
    assert page.locator("#whole").is_hidden()
    draw(page, [(x, y + 250) for x, y in X])
    expect_rows(page, "-", "x")


# Kept by the page before


def test_ink_that_the_page_kept_before_there_were_rows_comes_back_as_it_was_read(page: Page) -> None:
    draw(page, X, ONE)
    expect_latex(page, "x1")
    written_by_hand(page, "x^1")
    expect_latex(page, "x^{1}")
    kept = kept_ink(page)
    (reading,) = kept.pop("readings")
    del kept["whole"]
    places = {stroke["id"]: place for place, stroke in enumerate(kept["strokes"])}
    for symbol in reading["symbols"]:
        symbol["strokes"] = [places[stroke] for stroke in symbol["strokes"]]
    for earlier, latex in ((reading, "x^{1}"), (None, "x1")):
        load_with_ink(page, {**kept, "reading": earlier})
        expect_latex(page, latex)


# How it looks


@pytest.mark.parametrize(("width", "height"), [(320, 640), (390, 844), (667, 375)])
def test_on_a_phone_rows_fit_and_can_be_tapped(browser: Browser, address: str, width: int, height: int) -> None:
    with opened(browser, address, viewport={"width": width, "height": height}, has_touch=True, is_mobile=True) as page:
        draw(page, [(x, y - 80) for x, y in X], [(x, y + 25) for x, y in X], [(x, y + 50) for x, y in ONE])
        expect_rows(page, "x", "x1")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        for row in page.locator("#formula [role=radio]").all():
            box = row.bounding_box()
            assert box is not None
            assert box["width"] >= 40 and box["height"] >= 40
        if height > width:  # else the foot of the page is not at that of the screen
            foot = page.locator(".latex").bounding_box()
            last = page.locator(".row").last.bounding_box()
            assert foot is not None and last is not None
            assert last["y"] + last["height"] <= foot["y"], "no row is covered"
        page.locator(".row").first.tap()
        wait_for(page, lambda: in_hand(page) == "1: x")


@pytest.mark.parametrize(("width", "height"), [(375, 667), (390, 700), (1024, 768), (1366, 768)])
def test_of_four_rows_the_one_in_hand_is_not_covered(browser: Browser, address: str, width: int, height: int) -> None:
    with opened(browser, address, viewport={"width": width, "height": height}) as page:
        page.route("**/api/rows", a_row_for_each_stroke)
        draw(page, *([(x - 60, y - 60 + 45 * place) for x, y in X] for place in range(4)))
        wait_for(page, lambda: page.locator(".row").count() == 4)
        last, foot = page.locator(".row").last.bounding_box(), page.locator(".latex").bounding_box()
        assert last is not None and foot is not None
        assert last["y"] + last["height"] <= foot["y"] + 1


def test_a_long_row_stays_where_it_was_scrolled_to(browser: Browser, address: str) -> None:
    with opened(browser, address, viewport={"width": 320, "height": 640}, has_touch=True, is_mobile=True) as page:
        draw(page, *([(10 + 9 * place, 50), (16 + 9 * place, 50)] for place in range(30)), below(X))
        expect_rows(page, "-" * 30, "x")
        line = page.locator(".line").first
        line.evaluate("line => line.scrollLeft = 40")
        page.locator("#formula [role=radio]").first.click()
        wait_for(page, lambda: in_hand(page).startswith("1"))
        assert line.evaluate("line => line.scrollLeft") == 40


def test_of_many_rows_the_one_in_hand_is_seen_and_the_page_stays_where_it_is(page: Page) -> None:
    page.route("**/api/rows", a_row_for_each_stroke)
    draw(page, *([(x + 50 * place, y) for x, y in X] for place in range(12)))
    wait_for(page, lambda: page.locator(".row").count() == 12)
    assert page.locator("#formula").evaluate("box => box.scrollHeight > box.clientHeight")
    scrolled = page.evaluate("scrollY")
    seen = """row => {
        const { top, bottom } = row.getBoundingClientRect(), box = row.closest("#formula").getBoundingClientRect();
        return top >= box.top - 1 && bottom <= box.bottom + 1;
    }"""
    assert page.locator(".row").last.evaluate(seen)
    latex = page.locator("#latex")
    latex.evaluate("box => Object.assign(box.style, { height: '3em', overflow: 'auto' })")
    page.locator("#symbols button").evaluate("button => button.focus({ preventScroll: true })")
    page.keyboard.press("ArrowDown")
    wait_for(page, lambda: in_hand(page) == "1: x")
    assert page.locator(".row").first.evaluate(seen)
    page.keyboard.press("ArrowUp")
    wait_for(page, lambda: in_hand(page) == "12: x")
    assert latex.evaluate("box => box.scrollTop > 5 * parseFloat(getComputedStyle(box).lineHeight)")
    page.keyboard.press("ArrowDown")
    wait_for(page, lambda: in_hand(page) == "1: x")
    assert latex.evaluate("box => box.scrollTop < 2 * parseFloat(getComputedStyle(box).lineHeight)")
    assert page.evaluate("scrollY") == scrolled


def test_in_forced_colours_only_the_row_in_hand_is_marked(browser: Browser, address: str) -> None:
    with opened(browser, address, forced_colors="active") as page:
        write_two_rows(page)
        canvas = page.evaluate("getComputedStyle(document.body).backgroundColor")
        marks = page.locator("#formula [role=radio]").evaluate_all(
            "all => all.map(row => getComputedStyle(row).borderColor)"
        )
        assert marks[0] == canvas != marks[1]


def test_rows_are_printed_all_alike(page: Page) -> None:
    draw(page, X, ONE)
    expect_latex(page, "x1")
    page.emulate_media(media="print")
    assert page.locator("#confidence").is_visible()
    page.emulate_media(media="screen")
    draw(page, below(ONE), below(MINUS))
    expect_rows(page, "x1", "1-")
    page.emulate_media(media="print")
    assert page.locator(".row math").last.is_visible()
    assert page.locator("#confidence").is_hidden(), "of which row?"
    page.emulate_media(media="screen")


# With the released models


@needs_weights
def test_made_up_handwriting_in_two_rows_is_read_as_it_was_meant(browser: Browser) -> None:
    strokes: list[list[tuple[float, float]]] = []
    for place, meant in enumerate(("a + b = 5", "a - b = 1")):
        ink = Ink.from_points(typeset(parse_latex(meant), Writer((7, 21)), np.random.default_rng(21))[0])
        left, top, _, bottom = ink.bounds
        scale = 80 / (bottom - top)
        strokes += (((stroke - (left, top)) * scale + (80, 40 + 160 * place)).tolist() for stroke in ink.strokes)
    patient = Settings(limits=Limits(seconds=60.0))
    with serving(Recognizer.load(), patient) as address, opened(browser, address) as page:
        draw(page, *strokes)
        expect_rows(page, "a+b=5", "a-b=1")
