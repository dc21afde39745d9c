"""Marks of an accent: over their letter, clear of it, and no larger than accents are."""

from __future__ import annotations

import numpy as np
import pytest

from inkmath.synthesis.marks import LARGEST_DOT, WIDTH, over_letter

LOW, HIGH = np.array([2.0, 1.0], np.float32), np.array([3.0, 2.5], np.float32)


@pytest.mark.parametrize("written", [(1.5, 0.05), (1.0, 1.2), (0.4, 0.4)], ids=["bar", "wedge", "small wedge"])
def test_a_mark_is_as_wide_as_its_letter_low_and_over_its_middle(written: tuple[float, float]) -> None:
    for seed in range(50):
        scale, corner = over_letter(LOW, HIGH, np.array([written], np.float32), np.random.default_rng(seed))
        (width, height), (left, top) = scale[0] * written, corner[0]
        assert WIDTH[0] - 1e-5 <= width <= WIDTH[1] + 1e-5
        assert height <= 0.35 * 1.5 + 1e-5
        assert height / width <= 2.0 * written[1] / written[0] + 1e-5, "a flat one stays flat"
        assert top + height < LOW[1], "clear of the letter"
        assert left + width / 2 == pytest.approx(2.5, abs=0.35)


def test_two_dots_stand_side_by_side_and_keep_their_shape() -> None:
    dots = np.array([[0.1, 0.05], [0.9, 0.9]], np.float32)
    for seed in range(50):
        scale, corner = over_letter(LOW, HIGH, dots, np.random.default_rng(seed))
        assert scale[0] == pytest.approx([1.0, 1.0])
        assert scale[1] == pytest.approx(np.full(2, LARGEST_DOT * 1.5 / 0.9)), "a large one is made smaller"
        assert corner[0, 0] + 0.1 < corner[1, 0]
        feet = corner[:, 1] + scale[:, 1] * [0.05, 0.9]
        assert feet[0] == pytest.approx(feet[1], abs=1e-5)
        assert feet[0] < LOW[1]


def test_a_dot_of_one_point_has_a_place() -> None:
    scale, corner = over_letter(LOW, HIGH, np.zeros((1, 2), np.float32), np.random.default_rng(0))
    assert np.isfinite([scale, corner]).all()
