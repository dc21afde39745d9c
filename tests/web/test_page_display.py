"""How the page looks and is used elsewhere: phones, long formulas, dark, forced colours, screen readers, a token."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from browsing import (
    MINUS,
    ONE,
    X,
    draw,
    expect_latex,
    load_with_ink,
    needs_chromium,
    opened,
    serving,
    wait_for,
    written_by_hand,
)

from inkmath.inkml import write_inkml
from inkmath.synthesis import synthesize
from inkmath.web.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser, Page, Route

    from inkmath.recognizer import Recognizer

pytestmark = needs_chromium


PHONES = pytest.mark.parametrize("width", [320, 360, 390])


@PHONES
def test_a_phone_shows_everything_without_scrolling_sideways(browser: Browser, address: str, width: int) -> None:
    with opened(
        browser,
        address,
        viewport={"width": width, "height": 740},
        has_touch=True,
        is_mobile=True,
        device_scale_factor=2,
    ) as page:
        draw(page, X, ONE, [(220, 120), (250, 121), (270, 120)])
        expect_latex(page, "x1-")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        for selector in ("#undo", "#clear", "#copy-latex", "#download", "#open"):
            box = page.locator(selector).bounding_box()
            assert box is not None
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= width
            assert box["height"] >= 40
        page.locator("#symbols button").first.click()
        panel = page.locator("#choices").bounding_box()
        assert panel is not None
        assert panel["x"] >= 0
        assert panel["x"] + panel["width"] <= width


def test_no_word_of_the_status_moves_the_sheet_under_the_pen(browser: Browser, address: str) -> None:
    problem = {
        "type": "urn:inkmath:problem:body-too-slow",
        "title": "Request took too long to arrive",
        "detail": "Wait.",
    }
    with opened(browser, address, viewport={"width": 320, "height": 640}) as page:
        before = page.locator("#ink").bounding_box()
        page.route("**/api/rows", lambda route: route.fulfill(status=408, json=problem))
        draw(page, ONE)
        page.wait_for_selector('#status[data-state="error"]')
        assert page.locator("#ink").bounding_box() == before
        assert problem["title"] in page.locator("#notice").inner_text()


def test_buttons_pressed_twice_zoom_no_tablet(page: Page) -> None:
    """Safari takes two taps on a button for a double tap."""
    draw(page, X)
    expect_latex(page, "x")
    actions = page.locator("button").evaluate_all("all => all.map((button) => getComputedStyle(button).touchAction)")
    assert set(actions) == {"manipulation"}


def test_a_long_word_in_a_refusal_breaks_on_a_phone(browser: Browser, address: str) -> None:
    """Else the name of a file would make the page as wide as itself."""
    with opened(browser, address, viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True) as page:
        draw(page, X)
        expect_latex(page, "x")
        page.locator("#edit").click()
        page.locator("#mend-latex").fill("\\" + "word" * 50)
        page.keyboard.press("Enter")
        page.wait_for_selector("#mend-wrong:not(:empty)")
        name = "scan_of_the_exercises_" * 6 + ".inkml"
        page.locator("#file").set_input_files({"name": name, "mimeType": "", "buffer": b"no ink"})
        page.wait_for_selector("#notice:not([hidden])")
        for selector in ("html", "#mend-wrong", "#notice"):
            assert page.locator(selector).evaluate("part => part.scrollWidth - part.clientWidth") <= 0, selector


@pytest.mark.parametrize(("width", "height"), [(568, 320), (640, 360), (667, 375), (844, 390), (932, 430)])
def test_on_a_phone_held_sideways_the_formula_stands_beside_the_paper(
    browser: Browser, address: str, width: int, height: int
) -> None:
    with opened(browser, address, viewport={"width": width, "height": height}, has_touch=True, is_mobile=True) as page:
        draw(page, X, ONE)
        expect_latex(page, "x1")
        written_by_hand(page, "x^1")
        expect_latex(page, "x^{1}")
        assert page.locator("#confidence").inner_text() == "as you wrote it"
        page.evaluate("scrollTo(0, 0)")
        assert page.evaluate("document.documentElement.scrollWidth") == width
        paper, formula = (page.locator(part).bounding_box() for part in ("#ink", "#formula"))
        assert paper is not None
        assert formula is not None
        assert paper["x"] + paper["width"] <= formula["x"]
        assert formula["y"] + formula["height"] <= height
        assert paper["y"] + paper["height"] <= height
        assert paper["height"] >= 180
        assert paper["width"] >= 300


def test_on_a_phone_held_sideways_the_choices_of_a_symbol_are_seen_whole(browser: Browser, address: str) -> None:
    with opened(browser, address, viewport={"width": 740, "height": 360}, has_touch=True, is_mobile=True) as page:
        draw(page, [(100, 60), (101, 140)])
        expect_latex(page, "1")
        page.locator("#formula [data-symbol='0']").click()
        panel, symbol = page.locator("#choices").bounding_box(), page.locator("#overlay rect").bounding_box()
        assert panel is not None
        assert symbol is not None
        assert panel["y"] + panel["height"] <= 360
        assert symbol["y"] + symbol["height"] > 0


@pytest.mark.parametrize(("width", "height"), [(1366, 700), (390, 700), (740, 360), (568, 320)])
def test_the_choices_of_a_symbol_and_the_symbol_are_seen_from_the_foot_of_the_page(
    browser: Browser, address: str, width: int, height: int
) -> None:
    with opened(browser, address, viewport={"width": width, "height": height}) as page:
        draw(page, [(100, 40), (101, 80)])
        expect_latex(page, "1")
        page.locator("#formula").evaluate("box => { box.style.minHeight = '800px'; }")
        page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
        page.locator("#symbols button").evaluate("button => button.click()")
        page.wait_for_function("scrollY < 500")
        panel, symbol = page.locator("#choices").bounding_box(), page.locator("#overlay rect").bounding_box()
        assert panel is not None and symbol is not None
        assert 0 < symbol["y"] < symbol["y"] + symbol["height"] < panel["y"]
        assert panel["y"] + panel["height"] <= height


def test_the_choices_of_a_symbol_stay_beside_it_when_the_phone_is_turned(browser: Browser, address: str) -> None:
    with opened(browser, address, viewport={"width": 844, "height": 390}, has_touch=True, is_mobile=True) as page:
        draw(page, X, [(440, 60), (441, 100)])
        expect_latex(page, "x1")
        page.locator("#symbols button").last.click()
        page.set_viewport_size({"width": 390, "height": 844})
        wait_for(page, lambda: page.locator("#overlay .open").count() == 1)
        panel = page.locator("#choices").bounding_box()
        assert panel is not None
        assert panel["x"] + panel["width"] <= 390
        assert page.evaluate("document.documentElement.scrollWidth") == 390


@pytest.mark.parametrize(("width", "height"), [(320, 480), (360, 740), (667, 375)])
def test_on_a_phone_the_tools_are_one_line_and_the_pencil_stands_beside_the_latex(
    browser: Browser, address: str, width: int, height: int
) -> None:
    with opened(browser, address, viewport={"width": width, "height": height}, has_touch=True, is_mobile=True) as page:
        draw(page, X, ONE)
        expect_latex(page, "x1")
        tops = page.locator(".tools button").evaluate_all("all => all.map(tool => tool.getBoundingClientRect().top)")
        assert len(set(tops)) == 1
        latex, pencil = (page.locator(part).bounding_box() for part in ("#latex", "#edit"))
        assert latex is not None
        assert pencil is not None
        assert latex["x"] + latex["width"] <= pencil["x"]


@pytest.mark.parametrize(
    ("width", "height"),
    [(320, 740), (360, 740), (390, 740), (667, 375), (844, 390), (768, 1024), (1180, 746), (1366, 650), (1440, 800)],
)
def test_a_message_covers_neither_ink_nor_buttons(
    browser: Browser, address: str, tmp_path: Path, width: int, height: int
) -> None:
    file = tmp_path / "IMG_20240512_123456789_HDR.inkml"
    file.write_bytes(write_inkml(next(synthesize(1, seed=1))))
    with opened(browser, address, viewport={"width": width, "height": height}, has_touch=True, is_mobile=True) as page:
        page.locator("#file").set_input_files(file)
        page.locator("#toast button").wait_for()
        page.locator("#alternatives button").first.wait_for()
        message = page.locator("#toast").bounding_box()
        assert message is not None
        assert 0 <= message["x"] <= message["x"] + message["width"] <= width
        others = page.locator("#ink, button:visible:not(#toast *)").all()
        assert len(others) > 20
        for other in others:
            box = other.bounding_box()
            assert box is not None
            assert not (
                message["y"] < box["y"] + box["height"]
                and box["y"] < message["y"] + message["height"]
                and message["x"] < box["x"] + box["width"]
                and box["x"] < message["x"] + message["width"]
            ), other.evaluate("element => element.outerHTML")


def test_a_long_formula_is_made_to_fit(browser: Browser, address: str) -> None:
    with opened(browser, address, viewport={"width": 360, "height": 740}) as page:
        draw(page, *([(20 + 20 * place, 60), (21 + 20 * place, 100)] for place in range(16)))
        expect_latex(page, "1" * 16)
        draw(page, *([(20 + 20 * place, 110), (36 + 20 * place, 111)] for place in range(9)))
        wait_for(page, lambda: page.locator("#symbols button").count() == 25)
        for box in ("#formula", "#alternatives .small-math >> nth=0"):
            assert page.locator(box).evaluate("box => box.scrollWidth <= box.clientWidth")


@pytest.mark.parametrize(("width", "height"), [(1024, 690), (1080, 736), (1180, 746), (390, 844), (360, 640)])
def test_on_a_tablet_held_sideways_or_a_phone_a_tall_formula_hides_no_buttons(
    browser: Browser, address: str, width: int, height: int
) -> None:
    with opened(browser, address, viewport={"width": width, "height": height}, has_touch=True) as page:
        draw(page, *([(20 + 14 * place, 60), (21 + 14 * place, 100)] for place in range(22)))
        expect_latex(page, "1" * 22)
        page.locator("#formula").evaluate("box => { box.style.height = '100px'; }")
        page.locator("#latex").evaluate("latex => { latex.textContent += '1'.repeat(500); }")
        for button in ("#copy-latex", "#copy-mathml", "#download", "#edit"):
            box = page.locator(button).bounding_box()
            assert box is not None
            assert box["y"] + box["height"] <= height, button
        page.evaluate("scrollTo(0, 0)")
        page.locator("#symbols button").last.focus()
        symbol, latex = (page.locator(part).bounding_box() for part in ("#symbols button >> nth=-1", ".latex"))
        assert symbol is not None and latex is not None
        assert symbol["y"] + symbol["height"] <= latex["y"], "what has the focus is seen"


FIT_ONCE_THE_FONT_IS_THERE = """async () => {
    await window.loaded;
    const formula = document.querySelector("#formula math");
    const size = formula.style.fontSize;
    window.dispatchEvent(new Event("resize"));
    return [size, formula.style.fontSize];
}"""


def test_a_long_formula_is_made_to_fit_once_more_when_the_font_comes_late(browser: Browser, address: str) -> None:
    held: list[Route] = []
    with browser.new_context(viewport={"width": 360, "height": 740}) as context:
        page = context.new_page()
        page.route("**/math.woff2", lambda route: held.append(route))
        page.goto(address, wait_until="commit")
        page.wait_for_selector('#status[data-state="ready"]')
        draw(page, *([(12 + 13 * place, 60), (13 + 13 * place, 100)] for place in range(24)))
        expect_latex(page, "1" * 24)
        wait_for(page, lambda: held)
        listen = "document.fonts.addEventListener('loadingdone', () => setTimeout(resolve), { once: true })"
        page.evaluate(f"() => {{ window.loaded = new Promise((resolve) => {listen}); }}")
        for route in held:
            route.continue_()
        size, right = page.evaluate(FIT_ONCE_THE_FONT_IS_THERE)
        assert size == right


@pytest.mark.parametrize("width", [390, 1366])
def test_letters_are_as_large_as_the_browser_is_set_to_show_them(browser: Browser, address: str, width: int) -> None:
    with opened(browser, address, viewport={"width": width, "height": 768}) as page:

        def sizes() -> list[float]:
            letters = ("body", "#copy-latex", "#latex", "#others-title")
            return [
                float(page.locator(part).evaluate("e => parseFloat(getComputedStyle(e).fontSize)")) for part in letters
            ]

        draw(page, X)
        expect_latex(page, "x")
        usual = sizes()
        page.context.new_cdp_session(page).send("Page.setFontSizes", {"fontSizes": {"standard": 24}})
        wait_for(page, lambda: sizes()[0] == 24)
        assert sizes() == pytest.approx([1.5 * size for size in usual], abs=2)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_letters_twice_as_large_leave_everything_on_a_phones_screen(browser: Browser, address: str) -> None:
    with opened(browser, address, viewport={"width": 390, "height": 740}) as page:
        session = page.context.new_cdp_session(page)
        session.send("Page.setFontSizes", {"fontSizes": {"standard": 32}})
        page.get_by_role("button", name="Show me an example").click()
        page.locator("#toast button").wait_for()
        page.wait_for_selector('#result[data-state="shown"]')
        page.locator("#download").click()
        assert page.locator("body").evaluate("e => getComputedStyle(e).fontSize") == "32px"
        assert page.evaluate("document.documentElement.scrollWidth") == 390
        for part in ("#open", "#theme", "#toast", "#download-menu", "#download-menu button >> nth=0"):
            box = page.locator(part).bounding_box()
            assert box is not None
            assert 0 <= box["x"] <= box["x"] + box["width"] <= 390, part
        assert page.locator("#toast span").evaluate("words => words.scrollHeight <= words.clientHeight")


def test_mathematics_comes_with_its_own_font_and_roots_stretch(page: Page) -> None:
    """Roots and brackets grow only in a font with a MATH table, and many systems have none."""
    page.get_by_role("button", name="Show me an example").click()
    wait_for(page, lambda: page.locator("#formula math").count())
    loaded = "document.fonts.check('20px \"inkmath Math\"') && [...document.fonts][0].status"
    wait_for(page, lambda: page.evaluate(loaded) == "loaded")
    page.locator("#formula").evaluate(
        """(box) => {
            const fraction = "<mfrac><mfrac><mn>1</mn><mn>2</mn></mfrac><mfrac><mn>3</mn><mn>4</mn></mfrac></mfrac>";
            box.innerHTML = `<math display="block"><mo id="small">(</mo><mn>1</mn></math>
                <math display="block"><mrow><mo id="tall">(</mo>${fraction}<mo>)</mo></mrow></math>`;
        }"""
    )
    small, tall = (page.locator(f"#{name}").bounding_box() for name in ("small", "tall"))
    assert small is not None and tall is not None
    assert tall["height"] > 2 * small["height"]


def test_the_dark_scheme_of_the_system_is_followed(browser: Browser, address: str) -> None:
    with opened(browser, address, color_scheme="dark") as page:
        assert page.locator("html").get_attribute("data-theme") == "dark"
        page.locator("#theme").click()
        assert page.locator("html").get_attribute("data-theme") == "light"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_browsers_own_bar_has_the_colour_of_the_page(browser: Browser, address: str, scheme: str) -> None:
    with opened(browser, address, color_scheme=scheme) as page:
        told = page.locator(f"meta[name=theme-color][media*={scheme}]").get_attribute("content")
        ground = page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--ground')")
        assert told == ground.strip()


def test_a_dark_page_is_never_light_first(browser: Browser, address: str) -> None:
    """While its scripts are on their way, it shows nothing until it knows its colours."""
    held: list[Route] = []
    with browser.new_context(color_scheme="dark") as context:
        page = context.new_page()
        for script in ("theme", "main"):
            page.route(f"**/{script}.js", lambda route: held.append(route))
        page.goto(address, wait_until="commit")
        wait_for(page, lambda: len(held) == 2)
        page.wait_for_timeout(500)
        painted = "performance.getEntriesByType('paint').length"
        assert page.evaluate(painted) == 0
        held.sort(key=lambda route: route.request.url)
        held.pop().continue_()  # theme.js
        wait_for(page, lambda: page.evaluate(painted))
        assert page.locator("html").get_attribute("data-theme") == "dark"
        held.pop().continue_()
        page.wait_for_selector('#status[data-state="ready"]')


def test_who_wants_no_motion_sees_none(browser: Browser, address: str) -> None:
    with opened(browser, address, reduced_motion="reduce") as page:
        moving = page.evaluate(
            """() => [...document.querySelectorAll("*")].flatMap((element) => [null, "::before", "::after"]
                .filter((part) => getComputedStyle(element, part).transitionDuration !== "0s")
                .map((part) => `${element.tagName} ${element.className} ${part}`))"""
        )
    assert moving == []


def test_the_latex_is_printed_also_while_other_is_being_written(page: Page) -> None:
    draw(page, X, ONE)
    expect_latex(page, "x1")
    page.locator("#edit").click()
    assert page.locator("#latex").is_hidden()
    page.emulate_media(media="print")
    assert page.locator("#mend").is_hidden()
    assert page.locator("#latex").is_visible()
    page.emulate_media(media="screen")
    assert page.locator("#mend").is_visible()


@pytest.mark.parametrize("rows", [1, 2])
def test_a_long_formula_is_printed_whole(browser: Browser, address: str, rows: int) -> None:
    """Paper is narrower than most windows, and nobody can scroll it."""
    with opened(browser, address, viewport={"width": 1800, "height": 1000}) as page:
        places = [*((20 * place, 60) for place in range(50)), *([(100, 260)] if rows == 2 else [])]
        points = [[[x, y, 0.5], [x + 2, y + 40, 0.5]] for x, y in places]
        kept = {"strokes": [{"id": number, "points": stroke} for number, stroke in enumerate(points)], "nextId": 99}
        load_with_ink(page, kept)
        page.wait_for_selector('#result[data-state="shown"]')
        size = page.locator("#formula math").first.evaluate("math => getComputedStyle(math).fontSize")
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        # As wide as on A4; a window of that width would tell the page so, which printing does not.
        page.locator("#result").evaluate("result => { result.style.maxWidth = '686px'; }")
        box = page.locator("#formula .line" if rows == 2 else "#formula").first
        assert box.evaluate("box => box.scrollWidth <= box.clientWidth")
        page.locator("#result").evaluate("result => { result.style.maxWidth = ''; }")
        page.evaluate("dispatchEvent(new Event('afterprint'))")
        assert page.locator("#formula math").first.evaluate("math => getComputedStyle(math).fontSize") == size


CONTRASTS = """() => {
    const light = (colour) => {
        const [r, g, b] = colour.match(/[\\d.]+/g).slice(0, 3).map((value) => value / 255)
            .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const behind = (element) => {
        const colour = getComputedStyle(element).backgroundColor;
        return /, 0\\)$/.test(colour) ? behind(element.parentElement) : colour;
    };
    const contrast = (colour, ground) => {
        const [dark, bright] = [light(colour), light(ground)].sort((a, b) => a - b);
        return (bright + 0.05) / (dark + 0.05);
    };
    const edge = (selector) => {
        const element = document.querySelector(selector);
        return contrast(getComputedStyle(element).borderTopColor, behind(element.parentElement));
    };
    const search = document.querySelector("#choices input");
    return {
        "switch": edge("#learn .switch span"),
        "chosen reading": edge("#alternatives button[aria-pressed=true]"),
        "tool": edge("button[data-tool=pen]"),
        "outlines": edge("#outlines"),
        "search": edge("#choices input"),
        "choice": edge("#choices li button[aria-pressed=true]"),
        "regrouping": edge("#choices .foot button"),
        "placeholder": contrast(getComputedStyle(search, "::placeholder").color, behind(search)),
    };
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_is_on_is_told_by_more_than_a_tint(browser: Browser, address: str, scheme: str) -> None:
    """3:1 for the edges of what is on or can be filled in, 4.5:1 for words (WCAG 2.2, 1.4.3 and 1.4.11)."""
    with opened(browser, address, color_scheme=scheme, reduced_motion="reduce") as page:
        draw(page, X)
        expect_latex(page, "x")
        page.locator("#symbols button").click()
        page.get_by_role("button", name="Change strokes").click()
        page.keyboard.press("p")
        contrasts = page.evaluate(CONTRASTS)
    low = {name: contrast for name, contrast in contrasts.items() if contrast < (4.5 if name == "placeholder" else 3)}
    assert not low


def test_ink_has_the_systems_colour_as_soon_as_the_system_forces_colours(browser: Browser, address: str) -> None:
    with opened(browser, address, color_scheme="dark") as page:
        draw(page, ONE)
        colour = """() => {
            const canvas = document.getElementById("ink");
            const ratio = canvas.width / canvas.clientWidth;
            return [...canvas.getContext("2d").getImageData(201 * ratio, 120 * ratio, 1, 1).data].join();
        }"""
        assert page.evaluate(colour) == "233,238,246,255"
        page.emulate_media(forced_colors="active")
        wait_for(page, lambda: page.evaluate(colour) == "255,255,255,255")


def test_in_forced_colours_on_differs_from_off(browser: Browser, address: str) -> None:
    """Windows' contrast themes take away all tints."""
    on_and_off = {
        "button[data-tool=pen]": "element.ariaChecked = String(element.ariaChecked !== 'true')",
        "#outlines": "element.ariaPressed = String(element.ariaPressed !== 'true')",
        "#alternatives li:first-child button": "element.ariaPressed = String(element.ariaPressed !== 'true')",
        "#confidence .gauge": "element.firstChild.style.width = '10%'",
        "#learn .switch": "element.firstChild.checked = !element.firstChild.checked",
        "#symbols button": "element.classList.toggle('chosen')",
    }
    with opened(browser, address, forced_colors="active", reduced_motion="reduce") as page:
        draw(page, X)
        expect_latex(page, "x")
        page.mouse.move(0, 0)
        for selector, change in on_and_off.items():
            before = page.locator(selector).screenshot()
            page.locator(selector).evaluate(f"element => {{ {change}; }}")
            assert page.locator(selector).screenshot() != before, selector


def test_symbols_are_walked_through_in_reading_order_whatever_was_written_first(page: Page) -> None:
    others = {"symbol-0": "symbol-1", "symbol-1": "symbol-0"}

    def exchange(route: Route) -> None:
        """The second symbol as the first of the answer."""
        answer = route.fetch().json()
        for reading in answer["rows"][0]["alternatives"]:
            reading["symbols"].reverse()
            reading["relations"] = [{"parent": 1, "child": 0, "relation": "Right"}]
            reading["reading_order"] = [1, 0]
            reading["mathml"] = re.sub("symbol-[01]", lambda mark: others[mark[0]], reading["mathml"])
        route.fulfill(json=answer)

    draw(page, X, ONE)
    expect_latex(page, "x1")
    page.route("**/api/rows", exchange)
    page.reload()
    expect_latex(page, "x1")
    assert page.locator("#symbols button").all_inner_texts() == ["x", "1"]
    page.locator("#symbols button").last.click()
    assert page.locator("#choices [aria-pressed=true]").inner_text().startswith("1")
    page.keyboard.press("Escape")
    assert page.locator("#symbols button").last.evaluate("button => button === document.activeElement")


def test_every_control_has_a_name(page: Page) -> None:
    draw(page, X)
    expect_latex(page, "x")
    nameless = page.evaluate(
        """() => [...document.querySelectorAll('button, input, canvas, [role]')].filter((element) =>
            element.checkVisibility() && !element.ariaLabel && !element.textContent.trim() && !element.title
            && !element.labels?.length && !element.hasAttribute('aria-labelledby')
            && !['status', 'alert'].includes(element.role)).map((element) => element.outerHTML)"""
    )
    assert nameless == []


def test_a_button_without_words_says_under_the_pointer_what_it_does(page: Page) -> None:
    silent = page.evaluate(
        """() => [...document.querySelectorAll('button')].filter((button) =>
            button.checkVisibility() && !button.textContent.trim() && !button.title).map((button) => button.id)"""
    )
    assert silent == []


def test_a_screen_reader_says_what_signs_are_called(page: Page) -> None:
    draw(page, X, MINUS)
    expect_latex(page, "x-")
    page.get_by_role("button", name="minus sign", exact=True).click()
    panel = page.get_by_role("dialog", name="What is this symbol?", exact=True)
    panel.get_by_role("button", name="plus sign, 4 %").click()
    expect_latex(page, "x+")
    assert page.get_by_role("button", name="plus sign, your choice").count() == 1


def test_a_screen_reader_says_the_latex(page: Page) -> None:
    """A plain code element can have no name, and one that has hides what it holds."""
    draw(page, X, ONE)
    expect_latex(page, "x1")
    field = page.get_by_role("textbox", name="LaTeX", exact=True)
    assert field.get_attribute("aria-readonly") == "true"
    assert field.inner_text() == "x1"


def test_a_token_is_asked_for_once(browser: Browser, recognizer: Recognizer) -> None:
    with serving(recognizer, Settings(token="sesame")) as address:
        context = browser.new_context()
        page = context.new_page()
        page.goto(address)
        page.get_by_role("textbox", name="Token").fill("poppy")
        assert page.locator("#token-wrong").is_hidden()
        page.get_by_role("button", name="Continue").click()
        page.locator("#token-wrong").wait_for()
        assert "was not accepted" in page.locator("#token-wrong").inner_text()
        page.get_by_role("textbox", name="Token").fill("\N{LEFT DOUBLE QUOTATION MARK}sesame\N{ZERO WIDTH SPACE} ")
        page.get_by_role("button", name="Continue").click()
        page.wait_for_selector('#status[data-state="ready"]')
        draw(page, X)
        expect_latex(page, "x")

        other = context.new_page()
        other.goto(f"{address}#token=sesame")
        other.wait_for_selector('#status[data-state="ready"]')
        assert "sesame" not in other.url
        context.close()


def test_a_token_is_taken_from_an_address_put_into_the_open_tab(browser: Browser, recognizer: Recognizer) -> None:
    with serving(recognizer, Settings(token="sesame")) as address, browser.new_context() as context:
        page = context.new_page()
        page.goto(f"{address}#token=of-the-server-before")
        page.get_by_role("textbox", name="Token").wait_for()
        page.goto(f"{address}#token=sesame")
        page.wait_for_selector('#status[data-state="ready"]')
        assert page.locator("#token").is_hidden()
        assert "sesame" not in page.url


def test_an_address_with_the_token_unlocks_the_tab_of_who_did_not_know_it(
    browser: Browser, recognizer: Recognizer
) -> None:
    with serving(recognizer, Settings(token="sesame")) as address, browser.new_context() as context:
        page = context.new_page()
        page.goto(address)
        page.get_by_role("button", name="Not now").click()
        draw(page, X)
        page.locator("#notice").wait_for()
        page.goto(f"{address}#token=sesame")
        expect_latex(page, "x")
        assert page.locator("#notice").is_hidden()


def test_a_token_that_is_given_for_a_file_unlocks_the_page(browser: Browser, recognizer: Recognizer) -> None:
    with serving(recognizer, Settings(token="sesame")) as address, browser.new_context() as context:
        page = context.new_page()
        page.goto(address)
        page.get_by_role("button", name="Not now").click()
        page.get_by_role("button", name="Show me an example").click()
        page.get_by_role("textbox", name="Token").fill("sesame")
        page.keyboard.press("Enter")
        page.wait_for_selector('#status[data-state="ready"]')
        wait_for(page, lambda: page.locator("#formula [data-symbol]").count() > 10)
        assert page.locator("#notice").is_hidden()


def test_who_does_not_know_the_token_is_let_go_and_can_keep_the_ink(browser: Browser, recognizer: Recognizer) -> None:
    with serving(recognizer, Settings(token="sesame")) as address, browser.new_context() as context:
        page = context.new_page()
        page.goto(f"{address}#token=of-the-server-before")
        dialog, notice = page.locator("#token"), page.locator("#notice")
        for way in ("Escape", "Not now"):
            dialog.wait_for()
            if way == "Escape":
                page.keyboard.press(way)
            else:
                page.get_by_role("button", name=way).click()
            notice.wait_for()
            assert dialog.is_hidden()
            draw(page, X)
            assert page.locator("#download").is_enabled()
            notice.get_by_role("button", name="Try again").click()
        page.get_by_role("textbox", name="Token").fill("sesame")
        page.keyboard.press("Enter")
        expect_latex(page, "xx")
        assert notice.is_hidden()


@pytest.mark.parametrize("action", ["confirm", "download"])
def test_the_token_of_a_server_that_started_again_is_asked_for_whatever_was_asked_of_it(
    browser: Browser, recognizer: Recognizer, tmp_path: Path, action: str
) -> None:
    settings = Settings(token="sesame", corrections=tmp_path / "user")
    with serving(recognizer, settings) as address, opened(browser, f"{address}#token=sesame") as page:
        draw(page, X)
        expect_latex(page, "x")
        page.locator(".switch", has=page.locator("#learn-on")).click()
        page.evaluate("sessionStorage.setItem('token', 'of-the-server-before')")
        page.locator(f"#{action}").click()
        if action == "download":
            page.locator("#download-inkml").click()
        page.get_by_role("textbox", name="Token").fill("sesame")
        if action == "download":
            with page.expect_download():
                page.keyboard.press("Enter")
        else:
            page.keyboard.press("Enter")
            wait_for(page, lambda: list((tmp_path / "user").glob("*.inkml")))
