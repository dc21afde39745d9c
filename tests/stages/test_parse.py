"""Stage parse: what the parameters name becomes the ink table, with figures of what became of the files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from made_up_ink import inkml

from inkmath.dataset.ink_table import read_inks
from inkmath.params import Params, load_params
from stages import parse


@pytest.fixture
def params(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Params:
    """Parameters that name own ink in an empty working directory, one file of it broken."""
    original = load_params()
    monkeypatch.chdir(tmp_path)
    for name, content in {
        "train/a.inkml": inkml(shift=1, writer="a"),
        "train/b.inkml": inkml(shift=2, writer="b"),
        "train/broken.inkml": b"<ink>",
        "test/c.inkml": inkml(shift=3, writer="c"),
    }.items():
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).write_bytes(content)
    places = {"source": "inkml", "train": "train", "test": "test", "user": "user", "shapes": "shapes"}
    changed = {"data": places, "compute": {"processes": 1, "scheduler": None, "threads": 0}}
    return Params.model_validate(original.model_dump() | changed)


def test_own_ink_is_parsed_and_counted(params: Params) -> None:
    summary = parse.main(params)
    assert (summary.files, summary.rows, summary.rejected) == (4, 3, 1)
    assert sorted(ink.id for ink in read_inks(parse.INK)) == ["test/c", "train/a", "train/b"]
    figures = json.loads(parse.METRICS.read_text())
    assert figures["splits"] == {"train": 1, "valid": 1, "test": 1}
    assert "sources" not in figures, "there may be hundreds, and DVC would have a column for each"
    assert parse.SOURCES.read_text() == "source,formulas\ntrain,2\ntest,1\n"


def test_ink_for_its_shapes_is_trained_on_whoever_wrote_it(params: Params) -> None:
    Path("shapes").mkdir()
    Path("shapes/d.inkml").write_bytes(inkml(shift=4, writer="d"))
    Path("shapes/copy.inkml").write_bytes(Path("test/c.inkml").read_bytes())
    assert parse.main(params).splits == {"train": 2, "valid": 1, "test": 1}
    (kept,) = [ink for ink in read_inks(parse.INK) if ink.id.startswith("shapes/")]
    assert (kept.id, kept.source) == ("shapes/d", "shapes"), "and the copy of test ink is left out"


def test_made_up_ink_is_one_source(params: Params, monkeypatch: pytest.MonkeyPatch) -> None:
    made_up = params.data.model_copy(update={"source": "synthetic"})
    parse.main(params.model_copy(update={"data": made_up}))
    assert {ink.source for ink in read_inks(parse.INK)} == {"synthetic"}
