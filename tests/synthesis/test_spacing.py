"""Formulas set anew: each part moves as one with all that hangs on it, nothing turns, and the layout stays legible."""

from __future__ import annotations

import numpy as np
import pytest

from inkmath.features.expression import RELATIONS
from inkmath.layout.tree import Relation
from inkmath.synthesis.spacing import respace

RIGHT, SUP, ABOVE = (RELATIONS.index(one) for one in (Relation.RIGHT, Relation.SUP, Relation.ABOVE))

# x ^ {y + z} = : a base, a script of three symbols, and what follows the base.
EDGES = np.array([[0, 1, SUP], [1, 2, RIGHT], [2, 3, RIGHT], [0, 4, RIGHT]], np.int32)
LOW = np.array([[0, 0], [1.1, -0.6], [1.7, -0.6], [2.3, -0.6], [3.2, 0.3]], np.float32)
HIGH = LOW + np.array([[1, 1], [0.5, 0.5], [0.5, 0.5], [0.5, 0.5], [1, 0.4]], np.float32)


def moved(seed: int) -> tuple[np.ndarray, np.ndarray]:
    scale, shift = respace(EDGES, LOW, HIGH, np.random.default_rng(seed))
    return scale * LOW + shift, scale * HIGH + shift


def test_the_outermost_symbol_stays_and_the_others_move() -> None:
    low, high = moved(0)
    assert low[0] == pytest.approx(LOW[0])
    assert high[0] == pytest.approx(HIGH[0])
    assert (np.abs(low - LOW)[1:] > 1e-4).any(axis=1).all()


def test_what_hangs_on_a_symbol_goes_where_it_goes() -> None:
    """The script's symbols keep their place relative to its first one, but for their own gaps."""
    apart = []
    for seed in range(200):
        low, _ = moved(seed)
        apart.append([low[1, 1] - LOW[1, 1], low[3, 1] - LOW[3, 1]])
    first, last = np.array(apart).T
    assert np.corrcoef(first, last)[0, 1] > 0.6


def test_where_a_formula_stands_does_not_change_how_it_is_set() -> None:
    """Parts grow about a point of their own, not about the corner of the page, which would send them across it."""
    for seed in range(5):
        away = np.array([500, -300], np.float32)
        scale, shift = respace(EDGES, LOW + away, HIGH + away, np.random.default_rng(seed))
        assert scale * (LOW + away) + shift - away == pytest.approx(moved(seed)[0], abs=1e-3)


def test_the_same_seed_sets_alike() -> None:
    assert (moved(3)[0] == moved(3)[0]).all()
    assert (moved(3)[0] != moved(4)[0]).any()


def test_scripts_stay_above_the_middle_and_lines_in_their_order() -> None:
    tangled = 0
    for seed in range(300):
        low, high = moved(seed)
        middle = (low + high) / 2
        assert (high > low).all()
        assert 0.3 < (high - low)[1, 0] / 0.5 < 3
        # The far tail of the wildest hands may go astray, as hands do.
        tangled += middle[1, 1] > middle[0, 1] or not middle[1, 0] < middle[2, 0] < middle[3, 0]
    assert tangled < 6


def test_lines_of_generous_hands_become_wider_and_scripts_stay_near() -> None:
    """Gaps of a line do, in some formulas; a script stands no farther away on average."""
    gaps = []
    for seed in range(400):
        low, high = moved(seed)
        size = (high - low)[1, 0] / (HIGH - LOW)[1, 0]  # of the script
        gaps.append([low[1, 0] - high[0, 0] - 0.1, (low[2, 0] - high[1, 0]) / size - 0.1])
    script, line = np.array(gaps).T
    assert abs(script.mean()) < 0.02
    assert 0.03 < line.mean() < 0.1
    assert 0.35 < (line < 0.05).mean() < 0.75, "no hand is generous always"


def test_scripts_differ_in_size_more_than_the_symbols_of_a_line() -> None:
    sizes = np.log([respace(EDGES, LOW, HIGH, np.random.default_rng(seed))[0][:, 0] for seed in range(400)])  # (400, K)
    script, beside = sizes[:, 1].std(), sizes[:, 4].std()  # both hang on the first symbol, which stays
    assert 0.1 < script < 0.18
    assert 0.03 < beside < 0.06


def test_scripts_move_up_and_down_and_aside() -> None:
    """By the corner that stays when they grow: the lower left one of a superscript."""
    low, high = (np.stack([moved(seed)[side] for seed in range(400)]) for side in (0, 1))
    assert 0.07 < low[:, 1, 0].std() < 0.12
    assert 0.08 < high[:, 1, 1].std() < 0.14


def test_one_symbol_alone_is_left_as_it_is() -> None:
    scale, shift = respace(np.zeros((0, 3), np.int32), LOW[:1], HIGH[:1], np.random.default_rng(0))
    assert scale.tolist() == [[1.0]]
    assert shift.tolist() == [[0.0, 0.0]]
