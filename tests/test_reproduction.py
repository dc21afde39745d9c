"""The same parameters give the same data, weights and figures, in another place and another process."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING

import h5py
import numpy as np
import pytest
from pipeline_copy import Copy
from ruamel.yaml import YAML

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.slow, pytest.mark.long]

# Written anew at each run with other bytes and the same content (.keras, the MLflow run), or telling the speed.
NOT_BY_BYTES = ("models/symbol", "models/expression/trained", "results/train_expression/history.csv")


@pytest.fixture(scope="module")
def twins(tmp_path_factory: pytest.TempPathFactory) -> tuple[Copy, Copy]:
    """Two copies of the repository in which the whole pipeline has run."""
    copies = Copy(tmp_path_factory.mktemp("one")), Copy(tmp_path_factory.mktemp("two"))
    for copy in copies:
        copy.repro()
    return copies


def outputs(copy: Copy) -> dict[str, str]:
    """The md5 of every output that is compared by its bytes."""
    lock = YAML(typ="safe", pure=True).load((copy.root / "dvc.lock").read_text())
    found = {out["path"]: out["md5"] for stage in lock["stages"].values() for out in stage["outs"]}
    return {path: md5 for path, md5 in found.items() if not path.startswith(NOT_BY_BYTES) and not path.endswith(".png")}


def keras_weights(path: Path) -> dict[str, np.ndarray]:
    with zipfile.ZipFile(path) as archive, h5py.File(io.BytesIO(archive.read("model.weights.h5"))) as file:
        weights: dict[str, np.ndarray] = {}
        file.visititems(lambda name, item: weights.update({name: item[()]}) if isinstance(item, h5py.Dataset) else None)
        return weights


def assert_equal(one: dict[str, np.ndarray], two: dict[str, np.ndarray]) -> None:
    assert one.keys() == two.keys() and one
    different = [name for name, value in one.items() if not np.array_equal(value, two[name])]
    assert not different


def test_every_table_array_and_figure_is_equal(twins: tuple[Copy, Copy]) -> None:
    one, two = map(outputs, twins)
    assert {"data/processed/symbol.npz", "results/evaluate/metrics.json", "results/train/history.csv"} <= one.keys()
    assert one == two


def test_the_weights_of_the_symbol_model_are_equal(twins: tuple[Copy, Copy]) -> None:
    assert_equal(*(keras_weights(copy.root / "models/symbol/model.keras") for copy in twins))


def test_the_weights_of_the_expression_model_are_equal(twins: tuple[Copy, Copy]) -> None:
    assert_equal(*(dict(np.load(copy.root / "models/expression/trained/weights.npz")) for copy in twins))
