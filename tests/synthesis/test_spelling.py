"""Names of functions in the hands of people who wrote their letters: on one line, in order, and their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from inkmath.synthesis.spelling import EACH, NAMES, spell
from inkmath.synthesis.stance import Stances

if TYPE_CHECKING:
    from inkmath.features.expression import Floats
    from inkmath.synthesis.spelling import Name

LABELS = ["\\sin", "\\tan", "i", "n", "s", "t"]
HEIGHTS = {"i": 0.6, "n": 0.6, "s": 0.6, "t": 1.05}


def spelled(written: dict[int, str], seed: int = 0) -> list[Name]:
    """Names by people who each wrote some letters, all of them boxes; those of i and t in two strokes."""
    letters: dict[tuple[int, int], np.ndarray] = {}
    ink: list[Floats] = []
    for hand, text in written.items():
        for letter in text:
            letters[hand, LABELS.index(letter)] = np.array([len(ink)])
            box = np.array([[0, 0], [3 + hand, 0], [3 + hand, 7], [0, 7]], np.float32)
            ink.append(np.stack([box + 100.0 * hand] * (2 if letter in "it" else 1)))
    nothing = np.zeros((0, 2), np.float32)
    stances = Stances(LABELS, np.zeros(0, np.int64), nothing, nothing, np.zeros(0, np.int64))
    return spell(LABELS, letters, ink, stances, np.random.default_rng(seed))


def test_who_wrote_all_letters_spells_and_nobody_else() -> None:
    names = spelled({1: "sin", 2: "sn", 3: "tsin"})
    assert [(LABELS[name.number], name.hand) for name in names] == [("\\sin", 1)] * EACH + [("\\sin", 3)] * EACH
    assert {"\\sin", "\\tan"} <= set(NAMES)


def test_letters_stand_in_order_on_one_line_each_as_large_as_it_is() -> None:
    for name in spelled({1: "sin"}):
        assert name.strokes.shape == (4, 4, 2), "s, the two strokes of i, n"
        assert name.strokes.dtype == np.float32
        s, i, dot, n = name.strokes
        assert s[:, 0].max() <= i[:, 0].min()
        assert i[:, 0].max() <= n[:, 0].min()
        assert (i == dot).all(), "the strokes of a letter stay together"
        for letter, strokes in (("s", s), ("i", i), ("n", n)):
            assert np.ptp(strokes[:, 1]) == pytest.approx(HEIGHTS[letter], rel=0.4)
            assert strokes[:, 1].max() == pytest.approx(0.0, abs=0.25)
            assert np.ptp(strokes[:, 0]) / np.ptp(strokes[:, 1]) == pytest.approx(4 / 7, rel=1e-3), "undistorted"


def test_spellings_differ_in_size_height_and_gaps_as_writing_does() -> None:
    strokes = np.stack([name.strokes for seed in range(100) for name in spelled({1: "sin"}, seed)])  # (400, 4, 4, 2)
    s, i, n = strokes[:, 0], strokes[:, 1], strokes[:, 3]
    assert np.log(np.ptp(n[..., 1], axis=1)).std() == pytest.approx(0.08, rel=0.15)
    assert n[..., 1].max(axis=1).std() == pytest.approx(0.03, rel=0.15)
    gaps = np.stack([i[..., 0].min(axis=1) - s[..., 0].max(axis=1), n[..., 0].min(axis=1) - i[..., 0].max(axis=1)])
    assert gaps.mean() == pytest.approx(0.12, abs=0.02)
    assert gaps.mean(axis=0).std() == pytest.approx(0.08, rel=0.2), "some write close, some wide"
    assert (gaps[0] - gaps[1]).std() == pytest.approx(0.05 * np.sqrt(2), rel=0.2), "and not evenly"


def test_the_same_seed_spells_the_same() -> None:
    first, second, other = (np.stack([name.strokes for name in spelled({1: "sin"}, seed)]) for seed in (1, 1, 2))
    assert (first == second).all()
    assert (first != other).any()
    assert len({name.tobytes() for name in first}) == EACH, "no two are alike"
