"""The stages of the symbol task, end to end on made-up symbols: what they write, and that no test symbol is learned."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from inkmath.dataset.arrays import ArraysError, read_arrays
from inkmath.evaluation import EvaluationError
from inkmath.features.symbol import normalize_and_pad_traces
from inkmath.features.symbol_context import with_context
from inkmath.features.symbol_set import SymbolSet
from inkmath.params import Params, load_params
from stages import encode, evaluate, train

pytestmark = pytest.mark.slow

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'mlflow.db'}")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def params() -> Params:
    given = load_params(REPOSITORY / "params.yaml").model_dump()
    tiny = {"architecture": "lstm", "units": 8, "epochs": 2, "batch_size": 8}
    return Params.model_validate(
        given | {"train": given["train"] | tiny, "normalize": given["normalize"] | {"points": 12}}
    )


def symbols() -> SymbolSet:
    """Bars and dashes; one test symbol of a label that training has not."""
    rng = np.random.default_rng(0)
    labels = np.array(["|", "-"] * 30 + ["/"])
    shapes = {"|": [(0, 0), (0, 9)], "-": [(0, 0), (9, 0)], "/": [(0, 9), (9, 0)]}
    samples = [[(np.array(shapes[label]) + rng.normal(0, 0.3, (2, 2))).astype(np.float32)] for label in labels]
    splits = np.array(["train"] * 32 + ["valid"] * 14 + ["test"] * 15)
    ids = np.array([f"made-up#{index}" for index in range(61)])
    return SymbolSet(normalize_and_pad_traces(samples, 12), labels, splits, ids)


def test_from_arrays_to_figures(workspace: Path, params: Params) -> None:
    honest = symbols()
    hidden = honest.features.copy()
    hidden[honest.of("test")] = np.nan
    # Whatever touched a test symbol would turn into nan: losses, weights, temperature.
    replace(honest, features=hidden).save("data/processed/symbol.npz")

    assert encode.main(params) == {"classes": 2, "unseen": {"train": 0, "valid": 0, "test": 1}}
    assert json.loads(encode.METRICS.read_text())["unseen"]["test"] == 1, "DVC has a column for each figure"
    assert encode.UNSEEN_LABELS.read_text() == "split,label,samples\ntest,/,1\n"
    assert read_arrays("data/processed/symbol_labels.npz")["ids"][-3:].tolist() == [1, 0, -1]

    figures = train.main(params)
    assert np.isfinite(list(figures.values())).all()
    assert json.loads(Path("results/train/metrics.json").read_text()) == figures
    written = {path.name for path in Path("models/symbol").iterdir()}
    assert written == {"model.keras", "symbol-weights.npz", "symbol.onnx", "symbol.json", "run.json"}
    assert not list(Path("checkpoints").iterdir())

    honest.save("data/processed/symbol.npz")
    report = evaluate.main(params)
    assert (report.samples, report.unseen) == (15, {"/": 1})
    assert json.loads(Path("results/evaluate/metrics.json").read_text())["unseen"] == 1
    written = {path.name for path in Path("results/evaluate").iterdir()}
    assert written >= {"classes.csv", "confusions.csv", "reliability.csv", "confusions.png", "confusion_matrix.png"}


def test_symbols_given_for_their_shapes_are_trained_on_and_bring_no_class_by_themselves(
    workspace: Path, params: Params
) -> None:
    known = symbols()
    ids = known.ids.copy()
    for place, label in ((0, "|"), (1, "w")):
        ids[place] = f"shapes/made-up#{place}"
        known.labels[place] = label
    replace(known, ids=ids).save("data/processed/symbol.npz")
    assert encode.main(params) == {"classes": 2, "unseen": {"train": 1, "valid": 0, "test": 1}}
    assert read_arrays("data/processed/symbol_labels.npz")["ids"][:3].tolist() == [1, -1, 1]
    block = params.encode.model_copy(update={"shapes": True})
    classes = {"classes": 3, "unseen": {"train": 0, "valid": 0, "test": 1}}
    assert encode.main(params.model_copy(update={"encode": block})) == classes, "if that is asked for, they do"


def test_without_a_test_symbol_there_is_nothing_to_measure_and_the_error_says_so(
    workspace: Path, params: Params
) -> None:
    known = symbols()
    unlabelled = known.splits != "test"
    replace(known, **{name: array[unlabelled] for name, array in known.arrays().items()}).save(
        "data/processed/symbol.npz"
    )
    encode.main(params)
    train.main(params)
    with pytest.raises(EvaluationError, match=r"no labelled symbol to test on; give data\.test ink with its truth"):
        evaluate.main(params)


def test_labels_of_other_symbols_are_refused_before_training(workspace: Path, params: Params) -> None:
    known = symbols()
    known.save("data/processed/symbol.npz")
    encode.main(params)
    replace(known, **{name: array[1:] for name, array in known.arrays().items()}).save("data/processed/symbol.npz")
    with pytest.raises(ArraysError, match=r"symbol_labels\.npz: 61 labels, but .* has 60; run dvc repro encode"):
        train.main(params)


def test_symbols_with_context_are_judged_with_and_without_it(workspace: Path, params: Params) -> None:
    plain = symbols()
    contexts = np.zeros((len(plain), 9), np.float32)
    replace(plain, features=with_context(plain.features, contexts)).save("data/processed/symbol.npz")
    encode.main(params)
    assert "valid_alone_accuracy" in train.main(params)
    report = evaluate.main(params)
    written = json.loads(Path("results/evaluate/metrics.json").read_text())
    assert written == report.metrics()
    # Here the context is unknown for every symbol, so that hiding it changes nothing.
    assert written["alone_top1"] == written["top1"]
