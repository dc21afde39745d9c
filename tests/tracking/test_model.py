"""The logged model reads InkML text, says what it could not read, and needs nothing from where it was trained."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from stub_reader import StubNamer, StubReader

from inkmath.decoding.reading import Reading
from inkmath.ink import MAX_STROKES
from inkmath.layout.tree import Edge, LayoutTree, Relation, Symbol
from inkmath.tracking import ModelFiles, TrackingError, training_run
from inkmath.tracking.model import COLUMNS, EXAMPLE, InkModel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inkmath.ink import Ink
    from inkmath.params import Params
    from inkmath.tracking.location import Location

UPRIGHT = "<ink><trace>0 0, 0 10, 0 20</trace></ink>"
TWO_STROKES = "<ink><trace>0 0, 0 10</trace><trace>20 5, 40 5</trace></ink>"


def table(*documents: object) -> pd.DataFrame:
    return pd.DataFrame({"inkml": documents})


class TestInkModel:
    def test_a_symbol_gets_a_label_and_the_best_few(self) -> None:
        (row,) = InkModel(StubNamer(), "symbol").predict(table(UPRIGHT), {"top_k": 2}).to_dict("records")
        assert row == {
            "label": "1",
            "probability": 0.8,
            "top_labels": ["1", "x"],
            "top_probabilities": [0.8, 0.04],
            "error": None,
        }

    def test_a_formula_gets_latex_and_a_confidence(self) -> None:
        (row,) = InkModel(StubReader(), "expression").predict(table(TWO_STROKES), {"top_k": 2}).to_dict("records")
        assert row["latex"] == "1 -"
        assert row["confidence"] == 0.9
        assert row["top_latex"][0] == "1 -"
        assert row["top_confidences"] == [0.9, 0.45]

    def test_a_formula_is_written_as_everywhere_else(self) -> None:
        class Primed(StubReader):
            def read(self, inks: Sequence[Ink], **_: Any) -> list[list[Reading]]:
                tree = LayoutTree((Symbol("x", (0,)), Symbol("\\prime", (1,))), (Edge(0, 1, Relation.RIGHT),))
                return [[Reading(tree, 0.9)] for _ in inks]

        (row,) = InkModel(Primed(), "expression").read([TWO_STROKES], 1)
        assert row["latex"] == "x ^ { \\prime }"

    def test_more_strokes_than_one_formula_may_have_are_not_read(self) -> None:
        many = f"<ink>{(MAX_STROKES + 1) * '<trace>0 0, 0 9</trace>'}</ink>"
        first, second = InkModel(StubReader(), "expression").read([many, TWO_STROKES], 1)
        assert first["error"] == "401 strokes are more than the 400 that one formula may have; read it in parts"
        assert (first["latex"], second["error"], second["latex"]) == (None, None, "1 -")

    def test_rows_that_cannot_be_read_say_why_and_the_others_are_read(self) -> None:
        rows = InkModel(StubNamer(), "symbol").predict(table(UPRIGHT, "<ink/>", "<ink", None, UPRIGHT))
        assert list(rows["label"]) == ["1", None, None, None, "1"]
        assert list(rows["error"].isna()) == [True, False, False, False, True]
        assert list(rows.columns) == [*COLUMNS["symbol"], "error"]

    def test_a_path_is_no_document(self, tmp_path: Path) -> None:
        secret = tmp_path / "secret.inkml"
        secret.write_text(UPRIGHT)
        (row,) = InkModel(StubNamer(), "symbol").predict(table(str(secret))).to_dict("records")
        assert row["label"] is None
        assert row["error"]

    @pytest.mark.parametrize("declared", ["utf-8", "utf-16", "latin-1"])
    def test_text_is_read_whatever_encoding_it_declares(self, declared: str) -> None:
        document = f'\ufeff<?xml version="1.0" encoding="{declared}"?>\n{UPRIGHT}'
        (row,) = InkModel(StubNamer(), "symbol").predict(table(document)).to_dict("records")
        assert row["label"] == "1"

    def test_an_empty_table_gives_an_empty_one(self) -> None:
        assert len(InkModel(StubNamer(), "symbol").predict(table())) == 0

    @pytest.mark.parametrize("top_k", [0, -1, 101])
    def test_top_k_has_limits(self, top_k: int) -> None:
        with pytest.raises(ValueError, match=f"top_k = {top_k}: must be 1 to 100"):
            InkModel(StubNamer(), "symbol").predict(table(UPRIGHT), {"top_k": top_k})


class TestModelFiles:
    def test_a_missing_file_is_named(self, workspace: Path) -> None:
        with pytest.raises(TrackingError, match=r"nothing\.onnx: cannot be logged with the model \(No such file"):
            ModelFiles("three_labels:Reader", (Path("nothing.onnx"),)).pack(workspace / "packed", "symbol")

    def test_two_files_of_one_name_are_refused(self, workspace: Path) -> None:
        (workspace / "other").mkdir()
        files = (Path("train.npz"), Path("other/train.npz"))
        files[1].write_bytes(b"")
        with pytest.raises(TrackingError, match="two files named train"):
            ModelFiles("three_labels:Reader", files).pack(workspace / "packed", "symbol")

    def test_a_reader_that_fails_is_not_logged(self, workspace: Path, model_files: ModelFiles) -> None:
        without_labels = ModelFiles(model_files.reader, ())
        with pytest.raises(FileNotFoundError, match=r"labels\.txt"):
            without_labels.pack(workspace / "packed", "symbol")

    def test_the_code_travels_without_weights(self, workspace: Path, model_files: ModelFiles) -> None:
        model_files.pack(workspace / "packed", "symbol")
        shipped = {path.suffix for path in (workspace / "packed/code").rglob("*") if path.is_file()}
        assert shipped == {".py"}
        assert (workspace / "packed/code/inkmath/inkml").exists()

    def test_requirements_are_pinned_as_installed(self, model_files: ModelFiles) -> None:
        import numpy as np

        assert f"numpy=={np.__version__}" in model_files.pinned()
        with pytest.raises(TrackingError, match="requires no-such-distribution, which is not installed"):
            ModelFiles("three_labels:Reader", (), requirements=("no-such-distribution",)).pinned()


CLEAN_PROCESS = """
import json, sys
import mlflow, pandas
mlflow.set_tracking_uri(sys.argv[1])
model = mlflow.pyfunc.load_model("models:/inkmath-symbol@champion")
rows = model.predict(pandas.DataFrame({"inkml": [sys.argv[2], "<ink/>"]}), params={"top_k": 2})
import inkmath
print(json.dumps({"rows": rows.to_dict("records"), "code": inkmath.__file__}))
"""


@pytest.mark.slow
def test_the_champion_answers_in_a_clean_process(
    location: Location, params: Params, model_files: ModelFiles, tmp_path: Path
) -> None:
    with training_run("symbol", params, architecture="lstm", data={"train": Path("train.npz")}) as run:
        run.log_model(model_files, metric="valid_accuracy", value=0.5, validation_data="ink")
    # Only the reader of this test is on the path beside the installed packages; a real reader is part of inkmath.
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/three_labels.py").write_text((tmp_path / "three_labels.py").read_text())
    done = subprocess.run(
        [sys.executable, "-c", CLEAN_PROCESS, location.uri, EXAMPLE],
        cwd="/",
        env={"PYTHONPATH": str(tmp_path / "elsewhere")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout.splitlines()[-1])
    assert [row["label"] for row in answer["rows"]] == ["x", None]
    assert answer["rows"][0]["top_labels"] == ["x", "y"]
    assert Path(answer["code"]).is_relative_to(tmp_path / "mlartifacts"), "it runs the code it was logged with"


@pytest.mark.slow
def test_a_served_model_answers_a_document(location: Location, params: Params, model_files: ModelFiles) -> None:
    import mlflow
    from mlflow.pyfunc import scoring_server
    from starlette.testclient import TestClient

    with training_run("symbol", params, architecture="lstm", data={"train": Path("train.npz")}) as run:
        run.log_model(model_files, metric="valid_accuracy", value=0.5, validation_data="ink")
    served = TestClient(scoring_server.init(mlflow.pyfunc.load_model("models:/inkmath-symbol@champion")))
    records = [{"inkml": EXAMPLE}, {"inkml": None}]
    answer = served.post("/invocations", json={"dataframe_records": records, "params": {"top_k": 1}})
    assert answer.status_code == 200
    read, empty = answer.json()["predictions"]
    assert read == {"label": "x", "probability": 0.5, "top_labels": ["x"], "top_probabilities": [0.5], "error": None}
    assert (empty["label"], empty["error"].partition(":")[0]) == (None, "no document")
