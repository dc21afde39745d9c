"""What leaves the page and comes to it: copies, downloads, files, pictures, the clipboard."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pytest
from browsing import (
    MINUS,
    ONE,
    X,
    copied,
    draw,
    expect_latex,
    focused,
    kept_ink,
    load_with_ink,
    needs_chromium,
    wait_for,
)
from drawn_picture import picture
from PIL import Image

from inkmath.ink import Ink
from inkmath.inkml import parse_inkml, write_inkml
from inkmath.layout.tree import Edge, LayoutTree, Relation, Symbol
from inkmath.synthesis import synthesize
from inkmath.web.app import PAGE
from inkmath.web.settings import Limits

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page, Route

pytestmark = needs_chromium


def test_latex_and_mathml_are_copied(page: Page) -> None:
    draw(page, X, ONE)
    expect_latex(page, "x1")
    page.get_by_role("button", name="Copy LaTeX").click()
    assert copied(page, "x1") == "x1"
    page.get_by_role("button", name="Copy MathML").click()
    assert "symbol-" not in copied(page, "<math")


def test_where_a_page_has_no_clipboard_the_old_way_copies(page: Page) -> None:
    """As over plain HTTP from another machine."""
    draw(page, X, ONE)
    expect_latex(page, "x1")
    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('none')); }")
    for name, begins in (("Copy LaTeX", "x1"), ("Copy MathML", "<math")):
        page.get_by_role("button", name=name).click()
        wait_for(page, lambda: "copied" in page.locator("#toast").inner_text())
        assert copied(page, begins).startswith(begins)
        assert page.evaluate("document.activeElement.id") == name.lower().replace(" ", "-"), "the focus stays"


def test_a_file_opened_without_a_connection_can_be_tried_again(page: Page) -> None:
    document = write_inkml(Ink.from_points([X]))
    page.context.set_offline(True)
    page.locator("#file").set_input_files({"name": "a.inkml", "mimeType": "", "buffer": document})
    wait_for(page, lambda: "No connection" in page.locator("#notice").inner_text())
    page.context.set_offline(False)
    page.get_by_role("button", name="Try again").click()
    expect_latex(page, "x")
    assert page.locator("#notice").is_hidden()


@pytest.mark.parametrize(("format", "begins"), [("inkml", b"<?xml"), ("svg", b"<svg"), ("png", b"\x89PNG")])
def test_downloads(page: Page, tmp_path: Path, format: str, begins: bytes) -> None:
    draw(page, X, ONE)
    expect_latex(page, "x1")
    page.get_by_role("button", name="Download").click()
    with page.expect_download() as download:
        page.get_by_role("menuitem", name=re.compile(format, re.IGNORECASE)).click()
    target = tmp_path / download.value.suggested_filename
    download.value.save_as(target)
    assert target.name == f"formula.{format}"
    assert target.read_bytes().startswith(begins)
    if format == "inkml":
        ink = parse_inkml(target)
        assert ink.latex == "x 1"
        assert len(ink.strokes) == 2


def test_ink_of_many_screens_is_kept_as_a_picture_too(page: Page, tmp_path: Path) -> None:
    """An iPad makes no canvas of more than 16 million pixels, no browser one of 40,000 a side."""
    draw(page, ONE)
    expect_latex(page, "1")
    kept = kept_ink(page)
    for end in ([20_000, 80], [20_000, 1_500]):
        kept["strokes"] = [{"id": 0, "points": [[0, 80, 0.5], [*end, 0.5]]}]
        load_with_ink(page, kept)
        page.wait_for_selector('#status[data-state="ready"]')
        page.get_by_role("button", name="Download").click()
        with page.expect_download() as download:
            page.get_by_role("menuitem", name="PNG").click()
        download.value.save_as(tmp_path / "formula.png")
        with Image.open(tmp_path / "formula.png") as picture:
            assert picture.width * picture.height < 2**24
            assert picture.width == pytest.approx(16_000 if end[1] == 80 else 14_700, rel=0.05)
            assert picture.getcolors() != [(picture.width * picture.height, (255, 255, 255))], "there is ink on it"


def test_the_menu_of_downloads_closes_behind_who_leaves_it(page: Page) -> None:
    draw(page, X)
    expect_latex(page, "x")
    page.get_by_role("button", name="Download").click()
    for _ in range(3):
        assert page.get_by_role("menu").is_visible()
        page.keyboard.press("Tab")
    assert page.get_by_role("menu").is_hidden()
    assert page.get_by_role("button", name="Download").get_attribute("aria-expanded") == "false"


def test_the_menu_of_downloads_gives_the_focus_back_to_its_button(page: Page) -> None:
    draw(page, X)
    expect_latex(page, "x")
    button = page.get_by_role("button", name="Download")
    for key in ("Escape", "Enter"):
        button.press("Enter")
        page.keyboard.press("ArrowDown")
        page.keyboard.press(key)
        assert page.get_by_role("menu").is_hidden()
        assert focused(page) == "download"


def test_an_inkml_file_is_opened_and_fitted_to_the_sheet(page: Page, tmp_path: Path) -> None:
    ink = next(synthesize(1, seed=1))
    (tmp_path / "formula.inkml").write_bytes(write_inkml(ink))
    page.locator("#file").set_input_files(tmp_path / "formula.inkml")
    wait_for(
        page, lambda: page.locator("#ink").get_attribute("aria-label") == f"Writing area, {len(ink.strokes)} strokes"
    )
    outlines = page.locator("#overlay rect").first
    outlines.wait_for(state="attached")
    assert page.locator("#toast").inner_text().startswith("Opened formula.inkml")


def test_what_a_file_says_of_its_ink_is_shown_beside_what_the_reader_takes_it_for(page: Page, tmp_path: Path) -> None:
    """A formula that its writer corrected and saved comes back as it was, and stays decided while writing goes on."""
    tree = LayoutTree((Symbol("y", (0,)), Symbol("1", (1,))), (Edge(0, 1, Relation.SUP),))
    (tmp_path / "formula.inkml").write_bytes(write_inkml(replace(Ink.from_points([X, ONE]), tree=tree)))
    draw(page, MINUS)
    page.locator("#file").set_input_files(tmp_path / "formula.inkml")
    expect_latex(page, "y^{1}")
    assert page.locator("#confidence").inner_text() == "as the file says"
    assert page.locator('#alternatives [aria-pressed="true"] .share').inner_text() == "the file's"
    page.locator("#alternatives button").nth(1).click()
    expect_latex(page, "y1")
    page.keyboard.press("Control+z")
    expect_latex(page, "y^{1}")
    draw(page, MINUS)
    wait_for(page, lambda: "y" in page.locator("#latex").inner_text() and "-" in page.locator("#latex").inner_text())
    for _ in range(2):
        page.keyboard.press("Control+z")
    expect_latex(page, "-")


def test_a_file_that_says_what_is_read_is_shown_as_read(page: Page, tmp_path: Path) -> None:
    tree = LayoutTree((Symbol("x", (0,)), Symbol("1", (1,))), (Edge(0, 1, Relation.RIGHT),))
    (tmp_path / "formula.inkml").write_bytes(write_inkml(replace(Ink.from_points([X, ONE]), tree=tree)))
    page.locator("#file").set_input_files(tmp_path / "formula.inkml")
    expect_latex(page, "x1")
    assert page.locator("#confidence").inner_text().endswith("sure")


def test_a_file_opened_in_place_of_a_formula_can_be_undone(page: Page, tmp_path: Path) -> None:
    (tmp_path / "formula.inkml").write_bytes(write_inkml(Ink.from_points([ONE, MINUS])))
    draw(page, X)
    expect_latex(page, "x")
    page.locator("#file").set_input_files(tmp_path / "formula.inkml")
    expect_latex(page, "1-")
    page.locator("#toast").get_by_role("button", name="Undo").click()
    expect_latex(page, "x")


def test_a_file_that_is_no_inkml_is_refused_with_its_name(page: Page, tmp_path: Path) -> None:
    (tmp_path / "notes.inkml").write_text("these are no strokes")
    page.locator("#file").set_input_files(tmp_path / "notes.inkml")
    page.wait_for_selector('#notice[data-kind="error"]')
    assert "notes.inkml cannot be read" in page.locator("#notice").inner_text()
    page.get_by_role("button", name="Dismiss").click()
    assert page.locator("#notice").is_hidden()
    assert focused(page) == "ink"
    page.locator("#file").set_input_files(tmp_path / "notes.inkml")
    page.wait_for_selector('#notice[data-kind="error"]')  # the same once more is said once more


def test_the_page_is_not_called_ready_by_a_file_that_is_refused_while_ink_is_read(page: Page, tmp_path: Path) -> None:
    held: list[Route] = []
    page.route("**/api/rows", lambda route: held.append(route))
    draw(page, X)
    wait_for(page, lambda: held)
    (tmp_path / "notes.inkml").write_text("these are no strokes")
    page.locator("#file").set_input_files(tmp_path / "notes.inkml")
    wait_for(page, lambda: len(held) == 2)
    held[1].continue_()
    page.wait_for_selector('#notice[data-kind="error"]')
    assert page.locator("#status").get_attribute("data-state") == "reading"
    held[0].continue_()
    page.wait_for_selector('#status[data-state="ready"]')


def give_picture(page: Page, event: str, content: bytes) -> None:
    """Let an event bring a file, as a person who drops or pastes does."""
    page.evaluate(
        """([type, bytes]) => {
            const given = new DataTransfer();
            given.items.add(new File([new Uint8Array(bytes)], "scan.png", { type: "image/png" }));
            const make = type === "paste"
                ? new ClipboardEvent(type, { clipboardData: given, bubbles: true })
                : new DragEvent(type, { dataTransfer: given, bubbles: true });
            document.body.dispatchEvent(make);
        }""",
        [event, list(content)],
    )


def test_of_several_files_dropped_the_first_is_opened_and_that_is_said(page: Page) -> None:
    page.evaluate(
        """(documents) => {
            const dataTransfer = new DataTransfer();
            documents.forEach((text, index) => dataTransfer.items.add(new File([text], `${index}.inkml`)));
            document.body.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true }));
        }""",
        [write_inkml(Ink.from_points(strokes)).decode() for strokes in ([ONE, MINUS], [X], [X])],
    )
    expect_latex(page, "1-")
    assert page.locator("#toast span").inner_text() == "Opened 0.inkml, the first of 3 files"


def paste_text(page: Page, text: str, into: str = "body") -> None:
    page.locator(into).evaluate(
        """(target, text) => {
            const given = new DataTransfer();
            given.setData("text/plain", text);
            target.dispatchEvent(new ClipboardEvent("paste", { clipboardData: given, bubbles: true }));
        }""",
        text,
    )


@pytest.mark.parametrize("encoding", ["UTF-8", "UTF-16"])
def test_pasted_inkml_is_opened_whatever_encoding_it_states(page: Page, encoding: str) -> None:
    text = write_inkml(Ink.from_points([ONE, MINUS])).decode().replace("UTF-8", encoding)
    assert encoding in text
    paste_text(page, text)
    expect_latex(page, "1-")
    assert page.locator("#toast").inner_text().startswith("Opened InkML from the clipboard")


def test_other_pasted_text_is_refused_in_words_but_not_where_text_belongs(page: Page) -> None:
    draw(page, X)
    expect_latex(page, "x")
    page.locator("#edit").click()
    paste_text(page, "x+1", into="#mend-latex")
    assert page.locator("#toast").is_hidden()
    paste_text(page, "x+1")
    assert page.locator("#toast").inner_text() == "Only InkML and pictures can be pasted"
    paste_text(page, "<p>1</p>")
    page.wait_for_selector('#notice[data-kind="error"]')
    assert "InkML from the clipboard cannot be read" in page.locator("#notice").inner_text()


def test_each_refusal_names_its_own_file(page: Page, tmp_path: Path) -> None:
    def refused(name: str) -> bool:
        return f"{name} cannot be read" in page.locator("#notice").inner_text()

    for name in ("first.inkml", "second.inkml"):
        (tmp_path / name).write_text("no ink")
        page.locator("#file").set_input_files(tmp_path / name)
        wait_for(page, partial(refused, name))


def test_a_folder_is_refused_with_a_reason(page: Page, tmp_path: Path) -> None:
    """Sent, it would fail as if the server did not answer."""
    (tmp_path / "notes").mkdir()
    hand = page.context.new_cdp_session(page)
    dragged = {"items": [], "files": [str(tmp_path / "notes")], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        hand.send("Input.dispatchDragEvent", {"type": kind, "x": 400, "y": 300, "data": dragged})
    wait_for(page, lambda: "notes cannot be read. It is a folder" in page.locator("#notice").inner_text())
    assert page.locator("#status").inner_text() == "Ready"


def test_a_file_that_is_gone_when_it_is_tried_again_is_refused_with_a_reason(page: Page, tmp_path: Path) -> None:
    (tmp_path / "a.inkml").write_bytes(write_inkml(Ink.from_points([X])))
    page.context.set_offline(True)
    page.locator("#file").set_input_files(tmp_path / "a.inkml")
    wait_for(page, lambda: "No connection" in page.locator("#notice").inner_text())
    (tmp_path / "a.inkml").unlink()
    page.context.set_offline(False)
    wait_for(page, lambda: "a.inkml cannot be read" in page.locator("#notice").inner_text())
    assert "was moved" in page.locator("#notice").inner_text()


def test_of_two_files_the_last_is_opened_however_slow_the_first_is(page: Page, tmp_path: Path) -> None:
    first = True

    def slowly(route: Route) -> None:
        nonlocal first
        if first:
            first = False
            waiting.append(route)
        else:
            route.continue_()

    waiting: list[Route] = []
    page.route("**/api/rows", slowly)
    for name, stroke in (("a.inkml", X), ("b.inkml", ONE)):
        (tmp_path / name).write_bytes(write_inkml(Ink.from_points([stroke])))
        page.locator("#file").set_input_files(tmp_path / name)
        wait_for(page, lambda: len(waiting) == 1)
    expect_latex(page, "1")
    waiting[0].continue_()
    page.wait_for_timeout(400)
    assert page.locator("#latex").inner_text() == "1"


def test_text_that_comes_with_a_picture_of_itself_is_text_where_text_belongs(page: Page) -> None:
    draw(page, X)
    expect_latex(page, "x")
    page.locator("#edit").click()
    page.locator("#mend-latex").evaluate(
        """(target, content) => {
            const given = new DataTransfer();
            given.setData("text/plain", "x+1");
            given.items.add(new File([new Uint8Array(content)], "image.png", { type: "image/png" }));
            target.dispatchEvent(new ClipboardEvent("paste", { clipboardData: given, bubbles: true }));
        }""",
        list(picture()),
    )
    page.wait_for_timeout(400)
    assert page.locator("#mend").is_visible()
    assert page.locator("#latex").text_content() == "x"


@pytest.mark.parametrize("way", ["chosen", "drop", "paste"])
def test_a_picture_of_a_formula_is_opened(page: Page, tmp_path: Path, way: str) -> None:
    if way == "chosen":
        (tmp_path / "scan.png").write_bytes(picture())
        page.locator("#file").set_input_files(tmp_path / "scan.png")
    else:
        give_picture(page, way, picture())
    expect_latex(page, "1-")
    assert page.locator("#toast").inner_text().startswith("Opened scan.png")
    page.keyboard.press("Control+z")
    expect_latex(page, "")


def test_a_photograph_is_shrunk_before_it_is_sent(page: Page, tmp_path: Path) -> None:
    """Telephones take larger pictures than the server accepts."""
    lines = [[(40 * 25, 10 * 25), (40 * 25, 90 * 25)], [(70 * 25, 50 * 25), (140 * 25, 50 * 25)]]
    (tmp_path / "photo.jpg").write_bytes(picture(lines, size=(4000, 2500), form="jpeg"))
    page.evaluate(
        """() => {
            const send = window.fetch;
            window.fetch = async (path, options) => {
                if (options.body instanceof Blob) window.sent = await createImageBitmap(options.body);
                return send(path, options);
            };
        }"""
    )
    page.locator("#file").set_input_files(tmp_path / "photo.jpg")
    expect_latex(page, "1-")
    assert page.evaluate("[sent.width, sent.height]") == [2000, 1250]


def test_a_scan_over_the_servers_limit_of_bytes_is_sent_smaller(page: Page, tmp_path: Path) -> None:
    """Paper with a grain, which PNG cannot compress; a third of it is seen through."""
    grain = np.random.default_rng(1).integers(225, 256, (1000, 1600, 4), dtype=np.uint8)
    grain[:, 1100:, 3] = 0
    lines = Image.open(io.BytesIO(picture([[(400, 100), (400, 900)], [(600, 300), (900, 300)]], size=(1600, 1000))))
    grain[np.asarray(lines) < 128] = (0, 0, 0, 255)
    Image.fromarray(grain).save(tmp_path / "scan.png")
    assert (tmp_path / "scan.png").stat().st_size > Limits().body_bytes
    page.locator("#file").set_input_files(tmp_path / "scan.png")
    expect_latex(page, "1-")


@pytest.mark.parametrize("form", ["png", "jpeg", "webp"])
def test_a_picture_that_says_nothing_of_its_type_is_known_by_its_content(page: Page, form: str) -> None:
    for name, media in (("scan", ""), ("scan.bin", "application/octet-stream")):
        page.evaluate(
            """([name, type, bytes]) => {
                const dataTransfer = new DataTransfer();
                dataTransfer.items.add(new File([new Uint8Array(bytes)], name, { type }));
                document.body.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true }));
            }""",
            [name, media, list(picture(form=form))],
        )
        expect_latex(page, "1-")
        page.keyboard.press("Control+z")
        expect_latex(page, "")


@pytest.mark.parametrize("form", ["bmp", "gif", "webp"])
def test_pictures_that_only_the_browser_can_decode_are_opened(page: Page, tmp_path: Path, form: str) -> None:
    (tmp_path / f"scan.{form}").write_bytes(picture(form=form))
    page.locator("#file").set_input_files(tmp_path / f"scan.{form}")
    expect_latex(page, "1-")


@pytest.mark.parametrize("format", ["InkML", "SVG", "PNG"])
def test_what_was_downloaded_can_be_opened_again(page: Page, tmp_path: Path, format: str) -> None:
    draw(page, ONE, MINUS)
    expect_latex(page, "1-")
    page.get_by_role("button", name="Download").click()
    with page.expect_download() as download:
        page.get_by_role("menuitem", name=format).click()
    file = tmp_path / download.value.suggested_filename
    download.value.save_as(file)
    page.get_by_role("button", name="Clear").click()
    expect_latex(page, "")
    page.locator("#file").set_input_files(file)
    expect_latex(page, "1-")


HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"


@pytest.mark.parametrize(
    ("media", "content", "reason"),
    [
        ("image/heic", HEIC, "This browser cannot decode HEIC: save it as PNG or JPEG."),
        ("", HEIC + bytes(2**22), "This browser cannot decode HEIC: save it as PNG or JPEG."),
        ("image/png", HEIC, "This browser cannot decode HEIC: save it as PNG or JPEG."),
        ("image/jxl", b"whatever", "This browser cannot decode such a picture: save it as PNG or JPEG."),
        ("", b"%PDF-1.7", "This browser cannot decode PDF: save it as PNG or JPEG."),
        ("", picture()[:60], "The picture is damaged"),
    ],
)
def test_a_picture_that_nobody_can_decode_is_refused_with_what_to_do(
    page: Page, media: str, content: bytes, reason: str
) -> None:
    """Systems that do not know a kind of picture give its files no type."""
    page.locator("#file").set_input_files({"name": "photo", "mimeType": media, "buffer": content})
    page.wait_for_selector('#notice[data-kind="error"]')
    assert f"photo cannot be read. {reason}" in page.locator("#notice").inner_text()
    assert page.locator("#status").inner_text() == "Ready"


def test_the_page_knows_the_servers_limit_of_bytes() -> None:
    (mebibytes,) = re.findall(r"const LARGEST_BODY = (\d+) \* 2 \*\* 20;", (PAGE / "files.js").read_text())
    assert int(mebibytes) * 2**20 == Limits().body_bytes


def test_a_picture_without_handwriting_is_refused_with_a_reason(page: Page, tmp_path: Path) -> None:
    (tmp_path / "blank.png").write_bytes(picture(lines=[]))
    page.locator("#file").set_input_files(tmp_path / "blank.png")
    page.wait_for_selector('#notice[data-kind="error"]')
    assert "blank.png cannot be read. There is no handwriting" in page.locator("#notice").inner_text()


def test_a_file_opened_while_the_server_is_busy_is_read_a_little_later(page: Page, tmp_path: Path) -> None:
    (tmp_path / "scan.png").write_bytes(picture())
    problem = {"type": "urn:inkmath:problem:starting", "title": "Starting", "status": 503, "detail": "Wait."}
    tries: list[Route] = []

    def starting_once(route: Route) -> None:
        tries.append(route)
        if len(tries) == 1:
            route.fulfill(status=503, headers={"Retry-After": "1"}, json=problem)
        elif len(tries) > 2:
            route.continue_()

    page.route("**/api/rows", starting_once)
    page.locator("#file").set_input_files(tmp_path / "scan.png")
    page.wait_for_selector('#status[data-state="starting"]')
    wait_for(page, lambda: len(tries) == 2)
    tries[1].continue_()
    expect_latex(page, "1-")


def test_the_example_is_there_for_those_who_cannot_write(page: Page) -> None:
    page.get_by_role("button", name="Show me an example").click()
    wait_for(page, lambda: page.locator("#formula [data-symbol]").count() > 10)
