"""Stage redraw: as many training formulas as the parameters ask for, with figures of what became of them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from inkmath.dataset.ink_table import add_splits, read_inks, to_batch, write_inks
from inkmath.dataset.splits import Split
from inkmath.layout.latex import canonical_tokens
from inkmath.params import Params, Redraw, load_params
from inkmath.synthesis import synthesize
from stages import redraw

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture
def params(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Params:
    """Parameters, and an ink table of four training formulas."""
    monkeypatch.chdir(tmp_path)
    inks = [replace(ink, id=f"train/{number}") for number, ink in enumerate(synthesize(4, 9, max_symbols=8))]
    texts = [" ".join(canonical_tokens(ink.tree)) for ink in inks if ink.tree]
    redraw.INK.parent.mkdir(parents=True)
    write_inks(redraw.INK, [add_splits(to_batch(inks, texts), [Split.TRAIN] * 4)])
    given = load_params(REPOSITORY / "params.yaml")
    return given.model_copy(update={"compute": given.compute.model_copy(update={"processes": 1})})


@pytest.mark.parametrize(("share", "wanted"), [(0.0, 0), (1.0, 4)])
def test_as_many_are_redrawn_as_asked_for(params: Params, share: float, wanted: int) -> None:
    summary = redraw.main(params.model_copy(update={"redraw": Redraw(share=share)}))
    assert (summary.chosen, summary.redrawn + summary.left_out) == (wanted, wanted)
    assert summary.redrawn >= 0.75 * wanted, "symbols touch in few formulas"
    assert len(list(read_inks(redraw.REDRAWN))) == summary.redrawn
    assert json.loads(redraw.METRICS.read_text()) == {
        "chosen": wanted,
        "redrawn": summary.redrawn,
        "left_out": summary.left_out,
    }


def test_without_a_package_for_pictures_the_remedy_is_named(params: Params) -> None:
    code = "import sys, runpy; sys.modules['skimage'] = None; runpy.run_module('stages.redraw', run_name='__main__')"
    shutil.copy(REPOSITORY / "params.yaml", "params.yaml")
    Path("params.yaml").write_text(Path("params.yaml").read_text().replace("  share: 0.1 ", "  share: 1.0 "))
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
    )
    assert done.returncode == 1
    assert "redraw: pictures need skimage" in done.stderr
    assert "pip install 'inkmath[train]', or set redraw.share to 0" in done.stderr
    assert "Traceback" not in done.stderr


def test_another_seed_redraws_others_in_another_way(params: Params) -> None:
    made = []
    for seed in (1, 1, 2):
        redraw.main(
            params.model_copy(
                update={"redraw": Redraw(share=0.5), "base": params.base.model_copy(update={"seed": seed})}
            )
        )
        made.append([(ink.id, [stroke.tolist() for stroke in ink.strokes]) for ink in read_inks(redraw.REDRAWN)])
    assert made[0] == made[1] != made[2]
