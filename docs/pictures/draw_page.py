"""Draw docs/pictures/page.png and page-phone.png: the page in a browser, reading a formula by a made-up writer.

Run from the root of the repository, with Chromium at /usr/bin/chromium: ``python docs/pictures/draw_page.py``.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import sync_playwright

from inkmath.ink import Ink
from inkmath.inkml import write_inkml
from inkmath.layout.latex import parse_latex
from inkmath.synthesis.style import Writer
from inkmath.synthesis.typeset import typeset

FORMULA = r"\sum \limits _ { n = 1 } ^ { \infty } \frac { 1 } { n ^ { 2 } } = \frac { \pi ^ { 2 } } { 6 }"
HAND = 5
KINDS: dict[str, dict[str, Any]] = {
    "page": {"viewport": {"width": 1280, "height": 900}},
    "page-phone": {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2, "color_scheme": "dark"},
}


def main() -> None:
    """Serve the page, open the formula on it in each kind of window, and save what is seen."""
    strokes, tree = typeset(parse_latex(FORMULA), Writer((8, HAND)), np.random.default_rng(HAND))
    command = [sys.executable, "-m", "inkmath", "serve", "--port", "0"]
    with (
        tempfile.TemporaryDirectory() as folder,
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server,
        sync_playwright() as playwright,
    ):
        path = Path(folder) / "formula.inkml"
        path.write_bytes(write_inkml(Ink(strokes, tree=tree)))
        assert server.stdout is not None
        address = next(word for line in server.stdout for word in line.split() if word.startswith("http://"))
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        for name, kind in KINDS.items():
            page = browser.new_page(**kind)
            page.goto(address)
            page.wait_for_selector('#status[data-state="ready"]', timeout=60_000)
            page.set_input_files("#file", path)
            page.wait_for_selector('#result[data-state="shown"]', timeout=60_000)
            page.wait_for_timeout(12_000)  # until the notice of what was opened has gone
            page.screenshot(path=Path(__file__).with_name(f"{name}.png"))
        browser.close()
        server.terminate()


if __name__ == "__main__":
    main()
