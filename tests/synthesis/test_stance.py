"""Letters that become others: as large as the ink at hand has those, on the line, and with room made for them."""

from __future__ import annotations

import numpy as np
import pytest

from inkmath.features.expression import RELATIONS
from inkmath.layout.tree import Relation
from inkmath.synthesis.stance import HANGING, LOW, USUAL, Stances

RIGHT, SUP, ABOVE, BELOW = (
    RELATIONS.index(one) for one in (Relation.RIGHT, Relation.SUP, Relation.ABOVE, Relation.BELOW)
)
LABELS = ["2", "P", "X", "p", "x"]
TWO, LARGE_P, LARGE_X, SMALL_P, SMALL_X = range(5)


def box(left: float, top: float, width: float, bottom: float) -> list[float]:
    return [left, top, left + width, bottom]


def written_by_ten() -> Stances:
    """Each of ten writes 2 (one high, on the line at 0) beside x, X, p or P, larger and larger."""
    symbols: list[int] = []
    corners: list[list[float]] = []
    heads: list[int] = []
    for hand in np.linspace(0.8, 1.2, 10):
        for label, top, bottom in (
            (SMALL_X, -0.5, 0.0),
            (LARGE_X, -1.0, 0.0),
            (SMALL_P, -0.5, 0.5),
            (LARGE_P, -1.0, 0.0),
        ):
            heads += [len(symbols)] * 2
            symbols += [TWO, label]
            corners += [box(0, -1, 0.6, 0), box(1, top * hand, 0.5, bottom * hand)]
    flat = np.array(corners, np.float32)
    return Stances(LABELS, np.array(symbols), flat[:, :2], flat[:, 2:], np.array(heads))


@pytest.fixture(scope="module")
def ten() -> Stances:
    return written_by_ten()


def changed(
    stances: Stances,
    symbols: list[int],
    corners: list[list[float]],
    edges: list[tuple[int, int, int]],
    others: dict[int, int],
) -> np.ndarray:
    """Boxes ``(20, K, 4)`` after letters became others, by 20 seeds; none becomes wider or narrower for its height."""
    flat = np.array(corners, np.float32)
    size = flat[:, 2:] - flat[:, :2]
    return np.stack(
        [
            np.concatenate(
                stances.change(
                    others,
                    size[:, 0] / size[:, 1],
                    np.array(symbols),
                    flat[:, :2],
                    flat[:, 2:],
                    np.array(edges, np.int32).reshape(-1, 3),
                    np.random.default_rng(seed),
                ),
                axis=1,
            )
            for seed in range(20)
        ]
    )


def test_a_small_letter_grows_to_what_capitals_are_and_stays_on_the_line(ten: Stances) -> None:
    corners = [box(0, -1, 0.6, 0), box(1, -0.5, 0.5, 0)]
    boxes = changed(ten, [TWO, SMALL_X], corners, [(0, 1, RIGHT)], {1: LARGE_X})
    heights = boxes[:, 1, 3] - boxes[:, 1, 1]
    assert np.median(heights) == pytest.approx(1.0, rel=0.1)
    assert (heights > 0.6).all()
    assert boxes[:, 1, 3] == pytest.approx(np.zeros(20), abs=0.3)
    assert 0.04 < (boxes[:, 1, 3] / heights).std() < 0.12, "a little higher or lower, as hands do"
    assert boxes[:, 1, 0] == pytest.approx(np.ones(20))


@pytest.mark.parametrize("bottom", [0.5, 0.0], ids=["hanging", "on the line"])
def test_a_p_becomes_a_capital_that_stands_on_the_line_however_it_hung(ten: Stances, bottom: float) -> None:
    corners = [box(0, -1, 0.6, 0), box(1, bottom - 1, 0.5, bottom)]
    boxes = changed(ten, [TWO, SMALL_P], corners, [(0, 1, RIGHT)], {1: LARGE_P})
    assert np.median(boxes[:, 1, 3]) == pytest.approx(0.0, abs=0.1)
    assert np.median(boxes[:, 1, 1]) == pytest.approx(-1.0, abs=0.15)


def test_a_p_with_nothing_beside_it_is_lifted_by_what_it_usually_hangs(ten: Stances) -> None:
    boxes = changed(ten, [SMALL_P], [box(1, -0.5, 0.5, 0.5)], [], {0: LARGE_P})
    assert np.median(boxes[:, 0, 3]) == pytest.approx(0.0, abs=0.1)


def test_a_capital_shrinks_and_what_follows_closes_up(ten: Stances) -> None:
    corners = [box(0, -1, 1.0, 0), box(1.1, -1.4, 0.3, -0.8), box(1.6, -1, 0.6, 0)]
    boxes = changed(ten, [LARGE_X, TWO, TWO], corners, [(0, 1, SUP), (0, 2, RIGHT)], {0: SMALL_X})
    wider = boxes[:, 0, 2] - 1.0
    assert (wider < -0.2).all()
    for place, left in ((1, 1.1), (2, 1.6)):
        assert boxes[:, place, 0] == pytest.approx(left + wider, abs=1e-5)
        assert boxes[:, place, 2] - boxes[:, place, 0] == pytest.approx(np.full(20, [0.3, 0.6][place - 1]), abs=1e-5)


def test_an_operand_does_not_move_what_lies_under_its_bar(ten: Stances) -> None:
    corners = [box(0, -0.1, 2, 0), box(0.5, -1, 0.5, -0.5), box(0.5, 0.5, 0.6, 1.5)]
    boxes = changed(ten, [TWO, SMALL_X, TWO], corners, [(0, 1, ABOVE), (0, 2, BELOW)], {1: LARGE_X})
    assert boxes[:, [0, 2]] == pytest.approx(np.array(corners)[None, [0, 2]].repeat(20, 0), abs=1e-6)


def test_a_class_of_which_there_is_little_ink_is_written_as_usual() -> None:
    corners = np.array([box(0, -1, 0.6, 0), box(1, -0.5, 0.5, 0)], np.float32)
    few = Stances(LABELS, np.array([TWO, SMALL_X]), corners[:, :2], corners[:, 2:], np.zeros(2, np.int64))
    boxes = changed(few, [TWO, SMALL_X], corners.tolist(), [(0, 1, RIGHT)], {1: LARGE_P})
    assert np.median(boxes[:, 1, 3] - boxes[:, 1, 1]) == pytest.approx(0.5 * 1.05 / 0.6, rel=0.1)
    for number, usual in ((TWO, USUAL), (LARGE_P, USUAL), (SMALL_P, HANGING), (SMALL_X, LOW)):
        stance = few.of(number)
        assert (stance.height, stance.below) == pytest.approx((usual.height, usual.below)), LABELS[number]


def test_all_letters_that_change_are_of_one_hand(ten: Stances) -> None:
    corners = [box(at, -0.5, 0.5, 0) for at in range(3)]
    line = [(0, 1, RIGHT), (1, 2, RIGHT)]
    boxes = changed(ten, [SMALL_X] * 3, corners, line, dict.fromkeys(range(3), LARGE_X))
    heights = boxes[..., 3] - boxes[..., 1]
    assert heights == pytest.approx(heights[:, :1].repeat(3, axis=1))
    assert heights[:, 0].std() > 0.03
