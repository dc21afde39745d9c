"""The same parameters give the same data, weights and figures, in another place and another process."""

from __future__ import annotations

import numpy as np
import pytest
from pipeline_copy import Copy
from pipeline_outputs import assert_equal, keras_weights, outputs

pytestmark = [pytest.mark.slow, pytest.mark.long]


@pytest.fixture(scope="module")
def twins(tmp_path_factory: pytest.TempPathFactory) -> tuple[Copy, Copy]:
    """Two copies of the repository in which the whole pipeline has run."""
    copies = Copy(tmp_path_factory.mktemp("one")), Copy(tmp_path_factory.mktemp("two"))
    for copy in copies:
        copy.repro()
    return copies


def test_every_table_array_and_figure_is_equal(twins: tuple[Copy, Copy]) -> None:
    one, two = map(outputs, twins)
    assert {"data/processed/symbol.npz", "results/evaluate/metrics.json", "results/train/history.csv"} <= one.keys()
    assert one == two


def test_the_weights_of_the_symbol_model_are_equal(twins: tuple[Copy, Copy]) -> None:
    assert_equal(*(keras_weights(copy.root / "models/symbol/model.keras") for copy in twins))


def test_the_weights_of_the_expression_model_are_equal(twins: tuple[Copy, Copy]) -> None:
    assert_equal(*(dict(np.load(copy.root / "models/expression/trained/expression-weights.npz")) for copy in twins))
