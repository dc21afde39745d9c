"""Correcting what was read, by pointer and keyboard, and saving it for the next training."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from browsing import (
    MINUS,
    ONE,
    X,
    draw,
    expect_latex,
    focused,
    kept_ink,
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
from stub_reader import LABELS, StubNamer, StubReader

from inkmath.inkml import parse_inkml
from inkmath.layout.latex import parse_latex
from inkmath.recognizer import Recognizer
from inkmath.synthesis.style import Writer
from inkmath.synthesis.typeset import typeset
from inkmath.web.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser, Page

pytestmark = needs_chromium


# Correcting


def test_a_chosen_label_stays_while_writing_goes_on(page: Page) -> None:
    draw(page, X, ONE)
    expect_latex(page, "x1")
    page.keyboard.press("s")
    tap(page, 201, 120)
    page.locator('#choices [data-label="y"]').click()
    expect_latex(page, "xy")
    page.keyboard.press("p")
    draw(page, MINUS)
    expect_latex(page, "xy-")
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    expect_latex(page, "x1")


def test_a_symbol_of_the_formula_opens_its_choices_and_any_symbol_can_be_found(page: Page) -> None:
    draw(page, X)
    expect_latex(page, "x")
    page.locator("#formula [data-symbol='0']").click()
    page.get_by_role("searchbox").fill("alph")
    page.keyboard.press("Enter")
    expect_latex(page, "\\alpha")
    page.locator("#symbols button").first.click()
    page.get_by_role("button", name="Undo my choice").click()
    expect_latex(page, "x")


@pytest.mark.parametrize("above", [-7, 0, 3])
@pytest.mark.parametrize("latex", [r"\overline{x1}", r"\bar{x}1", r"\overrightarrow{x1}"])
def test_an_accent_is_chosen_where_it_is_seen_and_close_above(page: Page, latex: str, above: float) -> None:
    """Its element is as thin as its ink, and where it is stretched may have no width."""
    draw(page, X, ONE, MINUS)
    expect_latex(page, "x1-")
    written_by_hand(page, latex)
    expect_latex(page, latex)
    whole = page.locator("#formula mover").bounding_box()
    accent = page.locator("#formula mover > mo").bounding_box()
    assert whole is not None and accent is not None
    x = whole["x"] + 0.8 * whole["width"]
    y = accent["y"] + above
    page.mouse.move(x, y)
    assert page.locator("#formula mover > mo.near").count() == 1
    page.mouse.click(x, y)
    opened = page.locator("#choices [aria-pressed=true]").first
    assert opened.get_attribute("data-label") == (r"\rightarrow" if "arrow" in latex else "-")
    page.keyboard.press("Escape")
    letter = page.locator("#formula [data-symbol]", has_text="x").last.bounding_box()
    assert letter is not None
    page.mouse.click(letter["x"] + letter["width"] / 2, letter["y"] + 6)
    page.locator("#choices [data-label=x][aria-pressed=true]").wait_for()


def test_strokes_can_be_put_together_as_one_symbol(page: Page) -> None:
    draw(page, X, ONE)
    expect_latex(page, "x1")
    page.keyboard.press("s")
    tap(page, 115, 118)
    page.get_by_role("button", name="Change strokes").click()
    tap(page, 201, 120)
    assert "2 now" in page.locator("#choices").inner_text()
    page.locator('#choices [data-label="+"]').click()
    expect_latex(page, "+")


def test_strokes_that_are_of_the_symbol_stand_out_while_they_are_changed(page: Page) -> None:
    draw(page, X, ONE)
    expect_latex(page, "x1")
    places = [(115, 118), (201, 120)]  # on the x, on the 1

    def opaque() -> list[bool]:
        return [opacity(page, *place) > 0.9 for place in places]

    page.keyboard.press("s")
    tap(page, *places[0])
    assert opaque() == [True, True]
    page.get_by_role("button", name="Change strokes").click()
    assert opaque() == [True, False]
    tap(page, *places[1])
    assert opaque() == [True, True]
    tap(page, *places[0])
    assert opaque() == [False, True]
    page.get_by_role("button", name="Close").click()
    assert opaque() == [True, True]


def test_no_stroke_is_covered_while_those_of_a_symbol_are_changed(page: Page) -> None:
    draw(page, X, ONE)
    expect_latex(page, "x1")
    page.locator("#symbols button").first.click()
    sheet, panel = (page.locator(name).bounding_box() for name in ("#ink", "#choices"))
    assert sheet and panel
    assert panel["y"] < sheet["y"] + sheet["height"]  # beside its symbol
    page.get_by_role("button", name="Change strokes").click()
    panel = page.locator("#choices").bounding_box()
    assert panel
    assert panel["y"] >= sheet["y"] + sheet["height"]


def test_the_symbol_whose_choices_are_open_stays_marked(page: Page) -> None:
    draw(page, X, ONE)
    expect_latex(page, "x1")
    page.locator("#symbols button").first.click()
    marked = page.locator("#overlay .open")
    assert marked.count() == 1
    for key in ("o", "o", "e", "s"):  # outlines off and on again, other tools
        page.keyboard.press(key)
        assert marked.count() == 1
    page.keyboard.press("Escape")
    assert marked.count() == 0


def test_another_reading_can_be_taken_and_is_kept(page: Page) -> None:
    draw(page, X)
    expect_latex(page, "x")
    page.locator("#alternatives button").nth(2).click()
    expect_latex(page, "-")
    draw(page, ONE)
    expect_latex(page, "-1")


def test_everything_but_writing_works_by_keyboard(page: Page) -> None:
    draw(page, X, ONE, MINUS)
    expect_latex(page, "x1-")
    page.locator("#symbols button").first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    assert page.locator("#choices").is_visible()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect_latex(page, "xx-")
    page.keyboard.press("Backspace")
    wait_for(page, lambda: page.locator("#symbols button").count() == 2)
    page.keyboard.press("2")
    wait_for(page, lambda: page.locator("#symbols button.chosen").count() == 1)
    page.keyboard.press("?")
    assert page.locator("#shortcuts").is_visible()
    page.keyboard.press("Escape")
    assert page.locator("#shortcuts").is_hidden()


def test_arrows_go_round_the_tools(page: Page) -> None:
    page.get_by_role("radio", name="Pen").focus()
    for key, tool in (("ArrowRight", "Eraser"), ("ArrowDown", "Select"), ("ArrowRight", "Pen"), ("ArrowUp", "Select")):
        page.keyboard.press(key)
        assert page.evaluate("document.activeElement.ariaChecked + document.activeElement.textContent") == f"true{tool}"
        assert page.locator("#paper").get_attribute("data-tool") == tool.lower()


def test_shortcuts_of_one_character_can_be_switched_off(page: Page) -> None:
    """WCAG 2.1.4: else whoever speaks rather than types sets off whatever the words contain."""
    draw(page, X)
    expect_latex(page, "x")
    page.keyboard.press("?")
    page.get_by_role("switch", name="without Ctrl").press("Space")
    page.keyboard.press("Escape")
    page.reload()
    expect_latex(page, "x")
    for key in ("e", "o", "2", "?"):
        page.keyboard.press(key)
    assert page.locator("[data-tool=pen][aria-checked=true]").is_visible()
    assert page.locator("#outlines[aria-pressed=true]").is_visible()
    assert page.locator("#shortcuts").is_hidden()
    expect_latex(page, "x")
    page.keyboard.press("Backspace")
    expect_latex(page, "")
    page.keyboard.press("Control+z")
    expect_latex(page, "x")

    page.get_by_role("button", name="Keyboard shortcuts").click()
    assert focused(page) == "shortcuts-title", "on a low screen the list begins at its top"
    page.get_by_role("switch", name="without Ctrl").press("Space")
    page.keyboard.press("Escape")
    page.keyboard.press("e")
    assert page.locator("[data-tool=eraser][aria-checked=true]").is_visible()


@pytest.mark.parametrize("letters", ["яу", "ζε"])
def test_shortcuts_are_where_they_are_on_keyboards_of_other_alphabets(page: Page, letters: str) -> None:
    draw(page, X)
    expect_latex(page, "x")

    def press(key: str, code: str, *, control: bool = False) -> None:
        event = {"key": key, "code": code, "ctrlKey": control, "bubbles": True}
        page.evaluate("event => { document.body.dispatchEvent(new KeyboardEvent('keydown', event)); }", event)

    press(letters[0], "KeyZ", control=True)
    expect_latex(page, "")
    press(letters[1], "KeyE")
    assert page.locator("[data-tool=eraser][aria-checked=true]").is_visible()
    press("p", "KeyR")  # Dvorak: it is what it says
    assert page.locator("[data-tool=pen][aria-checked=true]").is_visible()


def test_the_focus_stays_where_something_was_corrected(page: Page) -> None:
    draw(page, X, ONE, MINUS)
    expect_latex(page, "x1-")
    page.locator("#symbols button").nth(1).focus()
    for key in ("Enter", "ArrowRight", "Enter"):
        page.keyboard.press(key)
    expect_latex(page, "xx-")
    wait_for(page, lambda: focused(page) == "symbol 1")
    assert page.locator("#overlay rect").nth(1).get_attribute("class") == "chosen near"

    page.locator("#alternatives button").nth(1).focus()
    page.keyboard.press("Enter")
    expect_latex(page, "xx+")
    assert focused(page) == "reading 1"

    page.locator("#edit").focus()
    page.keyboard.press("Enter")
    page.locator("#mend-latex").fill("x x^2")
    page.keyboard.press("Enter")
    expect_latex(page, "xx^{2}")
    assert focused(page) == "edit"


def test_all_symbols_can_be_looked_through_and_found_by_what_people_call_them(page: Page) -> None:
    draw(page, X)
    expect_latex(page, "x")
    page.locator("#symbols button").first.click()
    search, found = page.get_by_role("searchbox"), page.locator("#choices .found button")
    search.focus()
    known = page.evaluate("fetch('api/symbols').then((answer) => answer.json())")["symbols"]
    assert found.count() == len(known)
    search.fill("no such symbol")
    assert (
        page.locator("#choices .found").inner_text()
        == "No such symbol. Close this and write the LaTeX yourself instead."
    )
    search.fill("plus")
    assert "+" in found.all_inner_texts()
    search.press("Enter")
    expect_latex(page, "+")
    page.wait_for_timeout(100)  # a panel that opens once more would by now
    assert page.locator("#choices").is_hidden()
    assert focused(page) == "symbol 0"


def test_after_strokes_were_changed_the_pen_writes_again(page: Page) -> None:
    draw(page, X, ONE)
    expect_latex(page, "x1")
    page.locator("#symbols button").first.click()
    page.get_by_role("button", name="Change strokes").click()
    assert page.locator("[data-tool=select]").first.get_attribute("aria-checked") == "true"
    page.get_by_role("button", name="Close").click()
    draw(page, MINUS)
    expect_latex(page, "x1-")


def test_what_is_gone_gives_the_focus_to_the_writing_area(page: Page) -> None:
    draw(page, X, ONE)
    expect_latex(page, "x1")
    page.locator("#symbols button").first.focus()
    page.keyboard.press("Backspace")
    expect_latex(page, "1")
    assert focused(page) == "symbol 0"
    page.keyboard.press("Backspace")
    expect_latex(page, "")
    assert focused(page) == "ink"

    page.locator("#undo").focus()
    for _ in range(4):
        assert focused(page) == "undo"
        page.keyboard.press("Enter")
    assert page.locator("#undo").is_disabled()
    assert focused(page) == "ink"


def test_choices_that_no_key_opened_give_the_focus_to_the_writing_area(page: Page) -> None:
    draw(page, X, ONE)
    expect_latex(page, "x1")
    page.locator("#formula [data-symbol='0']").click()
    page.locator("#choices input").click()
    page.keyboard.press("Escape")
    assert focused(page) == "ink"
    page.locator("#formula [data-symbol='0']").click()
    page.locator("#choices input").fill("y")
    page.keyboard.press("Enter")
    expect_latex(page, "y1")
    assert focused(page) == "ink"


def test_keys_go_to_what_was_written_last_not_to_what_was_corrected_before(page: Page) -> None:
    draw(page, X, ONE)
    expect_latex(page, "x1")
    page.locator("#symbols button").first.click()
    page.locator('#choices [data-label="y"]').click()
    expect_latex(page, "y1")
    draw(page, MINUS)
    expect_latex(page, "y1-")
    page.keyboard.press("Backspace")
    expect_latex(page, "y1")


def test_undo_while_the_choices_of_a_symbol_are_open_closes_them(page: Page) -> None:
    draw(page, X, ONE)
    expect_latex(page, "x1")
    page.locator("#symbols button").nth(1).focus()
    page.keyboard.press("Enter")
    assert page.locator("#choices").is_visible()
    page.keyboard.press("Control+z")
    expect_latex(page, "x")
    assert page.locator("#choices").is_hidden()
    assert focused(page) == "symbol 0"
    assert page.locator("#overlay rect").count() == 1


def test_both_dots_of_an_accent_stand_beside_their_letter(page: Page) -> None:
    draw(page, X, [(115, 85)], [(125, 85)], ONE)
    wait_for(page, lambda: page.locator("#symbols button").count() == 4)
    written_by_hand(page, r"\ddot x 1")
    expect_latex(page, r"\ddot{x}1")
    assert page.locator("#symbols button").all_inner_texts() == ["x", ".", ".", "1"]
    assert page.locator("#formula mover[accent=true] > mo").text_content() == "\u00a8", "one element for both"
    page.locator("#symbols button").nth(2).click()
    assert page.locator("#choices [data-label]").count() > 1


def draw_made_up(page: Page, latex: str) -> None:
    """Have a made-up hand write a formula on the sheet."""
    strokes, _ = typeset(parse_latex(latex), Writer([7]), np.random.default_rng(1))
    scale = 240 / max(float(stroke.max()) for stroke in strokes)
    draw(page, *((stroke * scale + 60).tolist() for stroke in strokes))


@needs_weights
def test_a_matrix_is_read_row_by_row_and_mended_cell_by_cell(browser: Browser) -> None:
    wanted = r"\begin{pmatrix}1&-2\\3&4\end{pmatrix}^{-1}"
    with serving(Recognizer.load(), Settings()) as address, opened(browser, address) as page:
        draw_made_up(page, wanted)
        expect_latex(page, wanted)
        assert page.locator("#formula mtable > mtr").count() == 2
        chips = page.locator("#symbols button")
        assert chips.all_inner_texts() == ["(", "1", "\u2212", "2", "3", "4", ")", "\u2212", "1"]
        chips.nth(4).click()
        page.locator("#choices [data-label]").nth(1).click()
        wait_for(page, lambda: page.locator("#symbols button.chosen").count() == 1)
        wait_for(page, lambda: r"\\3&4" not in page.locator("#latex").inner_text())
        assert page.locator("#formula mtable > mtr").count() == 2, "the other cells stay as they were"
        written_by_hand(page, r"[\begin{matrix}1&-2\\3&5\end{matrix}]^{-1}")
        expect_latex(page, r"\begin{bmatrix}1&-2\\3&5\end{bmatrix}^{-1}")


@needs_weights
def test_an_accent_over_two_letters_is_read_and_mended(browser: Browser) -> None:
    wanted = r"\overline{AB}=3"
    with serving(Recognizer.load(), Settings()) as address, opened(browser, address) as page:
        draw_made_up(page, wanted)
        expect_latex(page, wanted)
        assert page.locator("#formula mover[accent=true] > mo").text_content() == "\u203e"
        assert page.locator("#formula mover[accent=true] > mrow > mi").all_text_contents() == ["A", "B"]
        chips = page.locator("#symbols button")
        assert chips.all_inner_texts() == ["\u2212", "A", "B", "=", "3"]
        written_by_hand(page, r"\overrightarrow{AC}=3")
        expect_latex(page, r"\overrightarrow{AC}=3")


@needs_weights
def test_a_reading_without_a_dot_is_called_so_and_erases_the_dot_when_it_is_taken(browser: Browser) -> None:
    one = [(100, 60), (100, 140)]
    formula = [one, [(140, 100), (180, 100)], [(160, 80), (160, 120)], [(230, 60), (230, 140)]]
    dot = [(60, 100), (61, 100)]
    with serving(Recognizer.load(), Settings()) as address, opened(browser, address) as page:
        draw(page, *formula)
        expect_latex(page, "1+1")
        draw(page, dot)
        offered = page.locator("#alternatives button", has_text="without a dot")
        wait_for(page, lambda: offered.count() == 1)
        label = offered.get_attribute("aria-label")
        assert label == "1+1, without a dot"
        assert len(kept_strokes(page)) == 5
        offered.click()
        expect_latex(page, "1+1")
        assert len(kept_strokes(page)) == 4
        page.locator("#toast button").click()
        wait_for(page, lambda: len(kept_strokes(page)) == 5)


def test_taking_the_best_reading_gives_the_arrangement_back_to_the_reader(page: Page) -> None:
    draw(page, X, ONE)
    expect_latex(page, "x1")
    written_by_hand(page, "x^1")
    expect_latex(page, "x^{1}")
    page.keyboard.press("2")
    expect_latex(page, "x1")
    assert kept_ink(page)["readings"] == []


def test_another_arrangement_is_shown_without_asking_again(page: Page) -> None:
    draw(page, X, ONE)
    expect_latex(page, "x1")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    written_by_hand(page, "x_1")
    expect_latex(page, "x_{1}")
    page.keyboard.press("Control+z")
    expect_latex(page, "x1")
    assert [url.rsplit("/", 1)[-1] for url in asked] == ["arrange"]


def test_a_choice_that_other_models_of_the_server_do_not_know_is_left_out(browser: Browser) -> None:
    """Nothing would be read any more but for a word that nobody can do anything about."""
    reader = StubReader()
    with serving(Recognizer(lambda: reader, StubNamer), Settings()) as address, opened(browser, address) as page:
        draw(page, X)
        expect_latex(page, "x")
        page.locator("#symbols button").click()
        page.locator('#choices [data-label="y"]').click()
        expect_latex(page, "y")
        reader.labels = tuple(label for label in LABELS if label != "y")  # As after a restart; the page is not told.
        draw(page, ONE)
        expect_latex(page, "x1")
        assert page.locator("#symbols button.chosen").count() == 0
        assert page.locator("#notice").is_hidden()
        page.reload()
        expect_latex(page, "x1")
        reader.labels = LABELS
        page.reload()
        expect_latex(page, "y1")


# The correction loop


def test_nothing_is_saved_until_the_person_says_so_and_then_with_its_correction(page: Page, saved: Path) -> None:
    assert str(saved) in page.locator("#learn-notice").inner_text()
    draw(page, X, ONE)
    expect_latex(page, "x1")
    assert not page.locator("#learn-on").is_checked()
    assert page.get_by_role("button", name="This is right").is_disabled()

    page.locator("#symbols button").nth(1).click()
    page.locator('#choices [data-label="y"]').click()
    expect_latex(page, "xy")
    page.locator("#learn .switch").click()
    page.get_by_role("button", name="This is right").click()
    wait_for(page, lambda: saved.is_dir() and any(saved.glob("user-*.inkml")))
    (file,) = saved.glob("user-*.inkml")
    ink = parse_inkml(file)
    assert ink.latex == "x y"
    assert ink.tree is not None
    assert [symbol.label for symbol in ink.tree.symbols] == ["x", "y"]

    # The notice comes when the answer does, a moment after the file; the sheet has an Undo of its own.
    take_back = page.locator("#toast").get_by_role("button", name="Undo")
    take_back.wait_for()
    assert "(1 so far)" in page.locator("#learn-notice").inner_text()
    draw(page, MINUS)
    expect_latex(page, "xy-")
    take_back.click()
    wait_for(page, lambda: "(0 so far)" in page.locator("#learn-notice").inner_text())
    assert not file.exists()


def test_a_formula_that_comes_back_is_saved_already(page: Page, saved: Path) -> None:
    draw(page, X)
    expect_latex(page, "x")
    written_by_hand(page, "x")
    wait_for(page, lambda: page.locator("#confidence").inner_text() == "as you wrote it")
    page.locator("#learn .switch").click()
    page.get_by_role("button", name="This is right").click()
    wait_for(page, lambda: page.locator("#toast").inner_text().startswith("Saved for learning"))
    for key in ("Control+z", "Control+y"):
        page.keyboard.press(key)
    page.get_by_role("button", name="This is right").click()
    wait_for(page, lambda: page.locator("#toast").inner_text().startswith("Saved already"))
    for file in saved.iterdir():
        file.unlink()


def test_a_formula_is_saved_once(page: Page, saved: Path) -> None:
    draw(page, X)
    expect_latex(page, "x")
    page.locator("#learn .switch").click()
    page.get_by_role("button", name="This is right").dblclick()
    wait_for(page, lambda: page.locator("#toast").inner_text().startswith("Saved already"))
    assert len(list(saved.glob("user-*.inkml"))) == 1

    # However often it was asked to, the way back stays.
    page.locator("#toast").get_by_role("button", name="Undo").click()
    wait_for(page, lambda: "(0 so far)" in page.locator("#learn-notice").inner_text())
    assert not list(saved.glob("user-*.inkml"))
    page.get_by_role("button", name="This is right").click()
    wait_for(page, lambda: page.locator("#toast").inner_text().startswith("Saved for learning"))

    # Another formula is saved beside it; one that was taken back can be saved again.
    draw(page, ONE)
    expect_latex(page, "x1")
    for _ in range(2):
        page.get_by_role("button", name="This is right").click()
        wait_for(page, lambda: "(2 so far)" in page.locator("#learn-notice").inner_text())  # its message is the new one
        page.locator("#toast").get_by_role("button", name="Undo").click()
        wait_for(page, lambda: "(1 so far)" in page.locator("#learn-notice").inner_text())
    for file in saved.iterdir():
        file.unlink()
