"""The picture that a network draws of a symbol: ink where the pen was, each direction in its own map."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from released import needs_weights

from inkmath.decoding.network import Network
from inkmath.decoding.symbol import load_symbol_reader
from inkmath.features.symbol import normalize_and_pad_traces
from inkmath.features.symbol_context import CONTEXT, with_context
from inkmath.recognizer import WEIGHTS

if TYPE_CHECKING:
    from numpy.typing import NDArray

pytestmark = pytest.mark.slow

ALL, LEVEL, UPRIGHT, FALLING, RISING = range(5)


def maps(*strokes: list[tuple[float, float]], spacing: float = 0.0) -> NDArray[np.float32]:
    from inkmath.models.conv_maps import DirectionMaps

    features = normalize_and_pad_traces([[np.array(stroke, np.float32) for stroke in strokes]], 48, spacing=spacing)
    drawn: NDArray[np.float32] = np.asarray(DirectionMaps()(features))[0]  # (24, 24, 5)
    return drawn


@pytest.mark.parametrize(
    ("end", "direction"), [((10, 0), LEVEL), ((0, 10), UPRIGHT), ((10, 10), FALLING), ((10, -10), RISING)]
)
def test_a_straight_line_is_in_the_map_of_its_direction_alone(end: tuple[float, float], direction: int) -> None:
    drawn = maps([(0, 0), end])
    ink = drawn.sum(axis=(0, 1))
    assert ink[direction] > 0.9 * ink[ALL] > 10
    assert all(ink[other] < 0.02 * ink[ALL] for other in {LEVEL, UPRIGHT, FALLING, RISING} - {direction})


def test_which_way_the_pen_went_is_not_seen() -> None:
    there, back = maps([(0, 0), (6, 3), (10, 10)]), maps([(10, 10), (6, 3), (0, 0)])
    assert there == pytest.approx(back, abs=0.2), "but for the ends, whose direction is that of one step"


def test_the_way_through_the_air_leaves_no_ink() -> None:
    drawn = maps([(0, 0), (0, 10)], [(10, 0), (10, 10)])
    assert drawn[:, 10:14].max() < 0.01
    assert drawn[:, :4, UPRIGHT].max() > 0.5 < drawn[:, -4:, UPRIGHT].max()


def test_a_dot_is_a_spot_without_direction() -> None:
    drawn = maps([(5, 5)])
    assert drawn[..., ALL].max() > 0.9
    assert drawn[..., 1:].max() < 0.01


def test_padding_is_no_ink() -> None:
    padded, full = maps([(0, 0), (10, 0)], spacing=0.05), maps([(0, 0), (10, 0)])
    assert (padded[..., ALL] > 0.1).sum() == pytest.approx((full[..., ALL] > 0.1).sum(), rel=0.2)
    assert padded[:9].max() < 0.01 > padded[15:].max()


@needs_weights
def test_the_released_network_is_this_one_with_the_released_weights() -> None:
    """A change to what it is shown would leave released weights behind that mean something else."""
    from inkmath.models import build_model
    from inkmath.training.symbols import named_weights
    from inkmath.training.weights import load_weights

    reader = load_symbol_reader(WEIGHTS)
    points = np.random.default_rng(3).normal(size=(64, 2, 9, 2)).cumsum(axis=2)
    symbols = with_context(normalize_and_pad_traces(list(points), 48), np.ones((64, len(CONTEXT)), np.float32))
    released = build_model(symbols.shape[1:], len(reader.labels), "conv_maps")
    begun = load_weights(
        WEIGHTS / "symbol-weights.npz", named_weights(released), reader.labels, {}, "release them again"
    )
    assert len(begun.arrays) == len(released.weights)
    (wanted,) = Network(WEIGHTS / "symbol.onnx")(ink=symbols).values()
    np.testing.assert_allclose(released.predict(symbols, verbose=0), wanted, atol=0.01)
