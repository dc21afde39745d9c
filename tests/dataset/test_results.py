"""Figures and tables as files."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from inkmath.dataset.results import write_history, write_json, write_table, write_unseen

if TYPE_CHECKING:
    from pathlib import Path


def test_figures_are_json_of_a_line_each(tmp_path: Path) -> None:
    write_json(tmp_path / "new" / "metrics.json", {"é": 0.5, "n": [1]})
    text = (tmp_path / "new" / "metrics.json").read_text(encoding="utf-8")
    assert json.loads(text) == {"é": 0.5, "n": [1]}
    assert text.startswith('{\n  "é": 0.5')
    write_json(tmp_path / "one.json", [1, 2], indent=None)
    assert (tmp_path / "one.json").read_text() == "[1, 2]\n"


def test_a_table_has_its_columns_in_the_first_line(tmp_path: Path) -> None:
    write_table(tmp_path / "table.csv", ("truth", "count"), [("a, b", 2), (",", 1)])
    assert (tmp_path / "table.csv").read_text() == 'truth,count\n"a, b",2\n",",1\n'


def test_labels_without_a_class_are_listed_by_split_and_counted(tmp_path: Path) -> None:
    counts = write_unseen(tmp_path / "unseen.csv", {"train": {}, "test": {"x": 2, ",": 1}})
    assert counts == {"train": 0, "test": 3}
    assert (tmp_path / "unseen.csv").read_text() == 'split,label,samples\ntest,x,2\ntest,",",1\n'


def test_a_history_has_a_row_for_each_epoch(tmp_path: Path) -> None:
    write_history(tmp_path / "history.csv", {4: {"loss": 1 / 3, "valid": 0.5}, 6: {"loss": 0.25, "valid": 0.75}})
    assert (tmp_path / "history.csv").read_text() == "epoch,loss,valid\n4,0.333333,0.5\n6,0.25,0.75\n"
    write_history(tmp_path / "none.csv", {})
    assert (tmp_path / "none.csv").read_text() == "epoch\n"
