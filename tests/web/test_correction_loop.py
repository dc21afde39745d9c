"""From a correction on the page to a model trained on it, through the pipeline as a user runs it."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest
from browsing import ONE, X, draw, expect_latex, needs_chromium, opened, serving, wait_for
from pipeline_copy import Copy

from inkmath.features.symbol_set import SymbolSet
from inkmath.web.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser

    from inkmath.recognizer import Recognizer

pytestmark = [needs_chromium, pytest.mark.slow]


def test_what_is_corrected_on_the_page_is_in_the_data_of_the_next_training(
    browser: Browser, recognizer: Recognizer, tmp_path: Path
) -> None:
    copy = Copy(tmp_path)
    copy.set({"redraw": {"share": 0.0}})  # or the ink may count twice
    user = copy.root / "data" / "raw" / "user"
    with serving(recognizer, Settings(corrections=user)) as address, opened(browser, address) as page:
        draw(page, X, ONE)
        expect_latex(page, "x1")
        page.locator("#symbols button").nth(1).click()
        page.locator('#choices [data-label="y"]').click()
        expect_latex(page, "xy")
        page.locator("#learn .switch").click()
        page.get_by_role("button", name="This is right").click()
        wait_for(page, lambda: any(user.glob("*.inkml")))
    (saved,) = user.glob("*.inkml")

    copy.repro("train")

    data = copy.root / "data" / "processed" / "symbol.npz"
    symbols = SymbolSet.load(data)
    mine = [row for row, name in enumerate(symbols.ids) if saved.stem in name]
    assert [str(symbols.labels[row]) for row in mine] == ["x", "y"]
    assert {str(symbols.splits[row]) for row in mine} == {"train"}

    import mlflow

    client = mlflow.MlflowClient(f"sqlite:///{copy.root}/mlflow.db")
    experiments = [experiment.experiment_id for experiment in client.search_experiments()]
    (run,) = client.search_runs(experiments, "tags.task = 'symbol'")
    md5 = hashlib.md5(data.read_bytes(), usedforsecurity=False).hexdigest()
    assert run.inputs is not None
    used = {tag.value for given in run.inputs.dataset_inputs for tag in given.tags if tag.key == "mlflow.data.context"}
    assert "train" in used
    assert md5 in str([given.dataset.to_dictionary() for given in run.inputs.dataset_inputs])
