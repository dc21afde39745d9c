"""Networks by name: the baseline is exactly what it is said to be, and every network learns, saves and exports."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from inkmath.models import ARCHITECTURES, build_model
from inkmath.models.expression_registry import build_expression_model


def test_asking_for_networks_does_not_import_tensorflow() -> None:
    code = (
        "import sys, inkmath.models, inkmath.models.expression_registry; "
        "sys.exit('tensorflow' in sys.modules or 'keras' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_an_unknown_network_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"'none_such'; known are lstm, .*conv_maps"):
        build_model((48, 5), 10, "none_such")
    with pytest.raises(ValueError, match=r"'lstm'; known are stroke_graph, stroke_conv"):
        build_expression_model(10, 32, "lstm", width=24, depth=1, heads=1, pair_width=12, dropout=0.0)


@pytest.mark.slow
def test_the_default_is_the_baseline_exactly() -> None:
    model = build_model((48, 5), 101)
    layers = [(type(layer).__name__, layer.get_config()) for layer in model.layers]
    assert [name for name, _ in layers] == ["LSTM", "Dropout", "LSTM", "Dropout", "Dense", "Dense"]
    first, drop1, second, drop2, dense, out = (config for _, config in layers)
    assert (first["units"], first["return_sequences"]) == (128, True)
    assert (second["units"], second["return_sequences"]) == (64, False)
    assert (drop1["rate"], drop2["rate"]) == (0.2, 0.2)
    assert (dense["units"], dense["activation"]) == (64, "relu")
    assert (out["units"], out["activation"]) == (101, "softmax")
    assert type(model.optimizer).__name__ == "Adam"
    assert model.loss == "categorical_crossentropy"
    assert model.count_params() == 128741


@pytest.mark.slow
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_every_network_gives_probabilities_and_learns_one_batch_by_heart(architecture: str) -> None:
    import keras

    keras.utils.set_random_seed(0)
    model = build_model((16, 5), 4, architecture, units=32, dropout=0.0)
    model.optimizer.learning_rate = 0.01
    rng = np.random.default_rng(0)
    features = rng.normal(size=(16, 16, 5)).astype(np.float32)
    truths = np.eye(4, dtype=np.float32)[rng.integers(0, 4, 16)]
    assert np.asarray(model(features)).sum(axis=1) == pytest.approx(np.ones(16), abs=1e-5)
    for _ in range(60):
        loss, accuracy = model.train_on_batch(features, truths)
    assert accuracy == 1.0
    assert loss < 0.5
