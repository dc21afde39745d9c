"""Calibration, on answers counted by hand."""

from __future__ import annotations

import numpy as np
import pytest

from inkmath.decoding.symbol import tempered
from inkmath.evaluation.calibration import fit_temperature, reliability


def test_answers_are_sorted_by_confidence_and_the_gaps_averaged() -> None:
    found = reliability(np.array([0.9, 0.9, 0.9, 0.3]), np.array([True, True, False, True]), bins=5)
    np.testing.assert_allclose(found.confidence, [0.3, 0.9])
    np.testing.assert_allclose(found.accuracy, [1.0, 2 / 3])
    assert found.answers.tolist() == [1, 3]
    assert found.error == pytest.approx((0.7 * 1 + (0.9 - 2 / 3) * 3) / 4)


def test_certainty_and_its_opposite_have_a_bin() -> None:
    found = reliability(np.array([0.0, 1.0]), np.array([False, True]), bins=10)
    assert found.answers.tolist() == [1, 1]
    assert found.error == 0


def test_ranges_are_equal_in_number_as_asked_and_hold_their_upper_ends() -> None:
    found = reliability(np.array([0.1, 0.25, 0.3, 0.5, 0.51]), np.array([True, True, False, False, True]), bins=4)
    np.testing.assert_allclose(found.confidence, [0.175, 0.4, 0.51])
    np.testing.assert_allclose(found.accuracy, [1.0, 0.0, 1.0])
    assert found.answers.tolist() == [2, 2, 1]


def test_tempering_keeps_the_order_and_the_sum() -> None:
    probabilities = np.array([[0.7, 0.2, 0.1], [0.0, 1.0, 0.0]])
    for temperature in (0.5, 3.0):
        row = tempered(probabilities, temperature)
        np.testing.assert_allclose(row.sum(axis=1), 1, atol=1e-6)
        assert row[0].argsort().tolist() == [2, 1, 0]
    np.testing.assert_allclose(tempered(probabilities, 1.0), probabilities, atol=1e-6)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_the_temperature_that_spoilt_probabilities_is_found_again(temperature: float) -> None:
    rng = np.random.default_rng(0)
    true = rng.dirichlet([0.3] * 4, 8000)
    ids = (true.cumsum(axis=1) < rng.random((8000, 1))).sum(axis=1)
    spoilt = tempered(true, 1 / temperature)
    assert fit_temperature(spoilt, ids) == pytest.approx(temperature, rel=0.05)


@pytest.mark.parametrize(("ids", "temperature"), [([0] * 20, 0.25), ([0, 1] * 10, 4.0)])
def test_however_right_or_wrong_they_are_the_temperature_stays_between_a_quarter_and_four(
    ids: list[int], temperature: float
) -> None:
    surely_the_first = np.tile([0.9, 0.1], (20, 1))
    assert fit_temperature(surely_the_first, np.array(ids)) == pytest.approx(temperature, abs=0.01)
