"""Formulas that a person confirmed or corrected, kept on the server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from asking import assert_problem, client_of, formula, until_ready

from inkmath.inkml import parse_inkml
from inkmath.web import corrections

if TYPE_CHECKING:
    from pathlib import Path

    from fastapi.testclient import TestClient

    from inkmath.recognizer import Recognizer


def test_a_confirmed_formula_is_kept_as_inkml_with_its_truth_and_can_be_taken_back(
    client: TestClient, tmp_path: Path
) -> None:
    assert client.get("/api/corrections").json() == {
        "enabled": True,
        "directory": str(tmp_path / "user"),
        "saved": 0,
    }
    saved = client.post("/api/corrections", json=formula())
    assert saved.status_code == 201
    (file,) = (tmp_path / "user").iterdir()
    ink = parse_inkml(file)
    assert file.stem == saved.json()["name"]
    assert ink.tree is not None
    assert ink.tree.symbols[0].label == "x"
    assert ink.tree.symbols[0].strokes == (0, 1)
    assert ink.writer == "user"

    assert client.delete(f"/api/corrections/{file.stem}").status_code == 204
    assert_problem(client.delete(f"/api/corrections/{file.stem}"), 404, "not-found")
    assert not file.exists()
    assert_problem(client.delete(f"/api/corrections/{file.stem}"), 404, "not-found")


@pytest.mark.parametrize(
    "changes",
    [
        {"symbols": [{"label": "x", "strokes": [0]}]},
        {"symbols": [{"label": "x", "strokes": [0, 2]}]},
        {"symbols": [{"label": "x", "strokes": [0]}, {"label": "1", "strokes": [1]}]},
        {"symbols": [{"label": "x y", "strokes": [0, 1]}]},
        {"relations": [{"parent": 0, "child": 0, "relation": "Right"}]},
        {"relations": [{"parent": 0, "child": 1, "relation": "Beside"}]},
        {  # a tree, but one that no LaTeX can say
            "symbols": [{"label": "x", "strokes": [0]}, {"label": "1", "strokes": [1]}],
            "relations": [{"parent": 0, "child": 1, "relation": "Inside"}],
        },
    ],
)
def test_a_truth_that_does_not_fit_the_ink_is_not_kept(
    client: TestClient, tmp_path: Path, changes: dict[str, object]
) -> None:
    assert_problem(client.post("/api/corrections", json=formula(**changes)), 422, "invalid")
    assert not (tmp_path / "user").exists()


@pytest.mark.parametrize("name", ["mine", "../mine", "..%2Fmine", "user-1", "mine.inkml"])
def test_only_saved_formulas_can_be_deleted(client: TestClient, tmp_path: Path, name: str) -> None:
    (tmp_path / "user").mkdir()
    others = [tmp_path / "mine.inkml", tmp_path / "user" / "mine.inkml", tmp_path / "user" / "user-1.inkml"]
    for file in others:
        file.write_text("<ink/>")
    assert client.delete(f"/api/corrections/{name}").status_code in (404, 405)
    assert all(file.exists() for file in others)


def test_a_full_directory_takes_no_more(client: TestClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(corrections, "CAPACITY", 1)
    assert client.post("/api/corrections", json=formula()).status_code == 201
    assert_problem(client.post("/api/corrections", json=formula()), 507, "full")
    assert len(list((tmp_path / "user").iterdir())) == 1


def test_nothing_is_saved_unless_the_server_was_told_where(recognizer: Recognizer) -> None:
    with client_of(recognizer) as client:
        until_ready(client)
        assert client.get("/api/corrections").json()["enabled"] is False
        assert_problem(client.post("/api/corrections", json=formula()), 403, "saving-off")
