"""The stroke graph network: what is its own beside what `test_strokes.py` asks of every network of formulas."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from models.stroke_networks import CLASSES, POINTS, answer, small
from released import needs_weights

from inkmath.features.expression import pad, stroke_points
from inkmath.ink import Ink
from inkmath.recognizer import WEIGHTS
from inkmath.synthesis import synthesize

pytestmark = pytest.mark.slow

ORDER_OF_STROKE, ORDER_OF_PAIR = [7], [19, 20, 21, 22]
"""Where the features of a stroke and of a pair tell when the strokes were written."""


@pytest.fixture(scope="module")
def model() -> Any:
    return small("stroke_graph")


@pytest.fixture(scope="module")
def inks() -> list[Ink]:
    return list(synthesize(3, 2, max_symbols=8))


def test_but_for_the_order_of_writing_strokes_are_a_set(model: Any, inks: list[Ink]) -> None:
    place, pair = model.place_in.kernel, model.pair_in.kernel
    before = np.asarray(place.value), np.asarray(pair.value)
    blind = before[0].copy(), before[1].copy()
    blind[0][ORDER_OF_STROKE] = 0.0
    blind[1][ORDER_OF_PAIR] = 0.0
    order = np.random.default_rng(3).permutation(len(inks[0].strokes))
    shuffled = Ink(tuple(inks[0].strokes[old] for old in order))
    try:
        place.assign(blind[0])
        pair.assign(blind[1])
        straight, mixed = answer(model, inks[0]), answer(model, shuffled)
    finally:
        place.assign(before[0])
        pair.assign(before[1])
    for name in ("symbol", "root"):
        np.testing.assert_allclose(mixed[name], straight[name][:, order], atol=1e-4)
    for name in ("pair", "governor"):
        np.testing.assert_allclose(mixed[name], straight[name][:, order][:, :, order], atol=1e-4)
    aware = answer(model, shuffled)["symbol"]
    assert np.abs(aware - answer(model, inks[0])["symbol"][:, order]).max() > 1e-3


def test_layers_below_the_last_answer_too_in_training_and_are_heard_above(model: Any, inks: list[Ink]) -> None:
    points, mask = pad([stroke_points(inks[0], POINTS)])
    assert model(points, mask, training=True)["early"].shape == (1, 1, points.shape[1], CLASSES)
    untouched = model.feedback.kernel.numpy()
    before = np.asarray(model(points, mask)["symbol"])
    model.feedback.kernel.assign(np.random.default_rng(0).normal(size=untouched.shape))
    after = np.asarray(model(points, mask)["symbol"])
    model.feedback.kernel.assign(untouched)
    assert not untouched.any(), "from nothing, so that older weights go on as they were"
    assert np.abs(after - before).max() > 1e-4


def test_a_deeper_network_begins_where_the_shallower_one_stands(model: Any, inks: list[Ink]) -> None:
    from inkmath.models.stroke_graph import StrokeGraph

    deeper = StrokeGraph(**{**model.settings, "depth": 5})
    deeper.build((None, None, POINTS, 2))
    trained = {variable.path: variable for variable in model.trainable_variables}
    for variable in deeper.trainable_variables:
        if variable.path in trained:
            variable.assign(trained[variable.path])
    for name, value in answer(model, inks[0]).items():
        assert answer(deeper, inks[0])[name] == pytest.approx(value, abs=1e-5)


@needs_weights
def test_the_released_network_is_this_one_with_the_released_weights(inks: list[Ink]) -> None:
    """A change to what it is shown would leave released weights behind that mean something else."""
    from inkmath.decoding.network import Network
    from inkmath.models.stroke_graph import StrokeGraph
    from inkmath.training.expression import by_class, named_weights
    from inkmath.training.weights import load_weights

    description = json.loads((WEIGHTS / "expression.json").read_text(encoding="utf-8"))
    labels, settings = description["labels"], description["network"]
    assert settings.pop("architecture") == "stroke_graph"
    released = StrokeGraph(**settings)
    points, mask = pad([stroke_points(ink, settings["points"]) for ink in inks], multiple=1)
    released(points, mask)
    weights = WEIGHTS / "expression-weights.npz"
    begun = load_weights(weights, named_weights(released), labels, by_class(released), "release them again")
    assert len(begun.arrays) == len(released.trainable_variables)
    wanted = Network(WEIGHTS / "expression.onnx")(points=points, mask=mask)
    made = {name: np.asarray(value) for name, value in released(points, mask).items()}
    there = mask > 0
    np.testing.assert_allclose(made["symbol"][there], wanted["symbol"][there], atol=0.05)
    np.testing.assert_allclose(made["root"][there], wanted["root"][there], atol=0.05)
