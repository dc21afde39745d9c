"""What the pipeline wrote, compared: by bytes where they are the same each time, else by what they hold."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING

import h5py
import numpy as np
from ruamel.yaml import YAML

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline_copy import Copy

# Written anew at each run with other bytes and the same content (.keras, the MLflow run), or telling the speed.
NOT_BY_BYTES = ("models/symbol", "models/expression/trained", "results/train_expression/history.csv")


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
