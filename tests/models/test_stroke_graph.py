"""The stroke graph network: what it must not depend on, whatever its weights are."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from released import needs_weights

from inkmath.features.expression import pad, stroke_points
from inkmath.ink import Ink
from inkmath.recognizer import WEIGHTS
from inkmath.synthesis import synthesize

pytestmark = pytest.mark.slow

CLASSES, POINTS = 7, 16
ORDER_OF_STROKE, ORDER_OF_PAIR = [7], [19, 20, 21, 22]
"""Where the features of a stroke and of a pair tell when the strokes were written."""


@pytest.fixture(scope="module")
def model() -> Any:
    import keras

    from inkmath.models.stroke_graph import StrokeGraph

    keras.utils.set_random_seed(1)
    model = StrokeGraph(CLASSES, points=POINTS, width=24, depth=3, heads=3, pair_width=12)
    model(np.zeros((1, 2, POINTS, 2), np.float32), np.ones((1, 2), np.float32))
    stir(model)
    return model


def stir(model: Any) -> None:
    """Give what begins at nothing, biases and the output of every layer, random values: nothing may hide behind it."""
    rng = np.random.default_rng(0)
    for variable in model.trainable_variables:
        if not np.asarray(variable.value).any() and "feedback" not in variable.path:
            variable.assign(0.3 * rng.standard_normal(variable.shape) / max(1, variable.shape[0] ** 0.5))


@pytest.fixture(scope="module")
def inks() -> list[Ink]:
    return list(synthesize(3, 2, max_symbols=8))


def answer(model: Any, *inks: Ink) -> dict[str, np.ndarray]:
    points, mask = pad([stroke_points(ink, POINTS) for ink in inks], multiple=1)
    return {name: np.asarray(value) for name, value in model(points, mask).items()}


def test_every_stroke_and_every_pair_has_its_logits(model: Any, inks: list[Ink]) -> None:
    strokes = max(len(ink.strokes) for ink in inks)
    shapes = {name: value.shape for name, value in answer(model, *inks).items()}
    assert shapes == {
        "symbol": (3, strokes, CLASSES),
        "root": (3, strokes),
        "pair": (3, strokes, strokes, 8),
        "governor": (3, strokes, strokes, 6),
    }


def test_padding_changes_nothing_whatever_it_holds(model: Any, inks: list[Ink]) -> None:
    alone = answer(model, inks[0])
    points, mask = pad([stroke_points(inks[0], POINTS)], multiple=1)
    count = points.shape[1]
    junk = np.random.default_rng(0).normal(size=(1, 5, POINTS, 2)).astype(np.float32) * 9
    padded = model(np.concatenate([points, junk], axis=1), np.pad(mask, ((0, 0), (0, 5))))
    for name, value in alone.items():
        pairs = name in ("pair", "governor")
        cut = np.asarray(padded[name])[:, :count, :count] if pairs else np.asarray(padded[name])[:, :count]
        np.testing.assert_allclose(cut, value, atol=1e-4)


def test_formulas_of_a_batch_do_not_see_each_other(model: Any, inks: list[Ink]) -> None:
    together, alone = answer(model, *inks), answer(model, inks[1])
    count = len(inks[1].strokes)
    np.testing.assert_allclose(together["symbol"][1, :count], alone["symbol"][0], atol=1e-4)
    np.testing.assert_allclose(together["pair"][1, :count, :count], alone["pair"][0], atol=1e-4)


def test_place_and_size_of_the_ink_change_nothing(model: Any, inks: list[Ink]) -> None:
    moved = Ink(tuple((stroke * 20 + (3000, -70)).astype(np.float32) for stroke in inks[0].strokes))
    for name, value in answer(model, moved).items():
        np.testing.assert_allclose(value, answer(model, inks[0])[name], atol=2e-2)


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


def test_one_stroke_and_a_dot_are_formulas(model: Any) -> None:
    for strokes in ([[[0, 0]]], [[[0, 0], [5, 5]]]):
        for value in answer(model, Ink.from_points(strokes)).values():
            assert np.isfinite(value).all()


def test_dropout_acts_in_training_only(model: Any, inks: list[Ink]) -> None:
    points, mask = pad([stroke_points(inks[0], POINTS)])
    still, again = model(points, mask)["symbol"], model(points, mask)["symbol"]
    np.testing.assert_array_equal(np.asarray(still), np.asarray(again))
    assert np.abs(np.asarray(model(points, mask, training=True)["symbol"]) - np.asarray(still)).max() > 1e-3


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
    deeper(np.zeros((1, 2, POINTS, 2), np.float32), np.ones((1, 2), np.float32))
    trained = {variable.path: variable for variable in model.trainable_variables}
    for variable in deeper.trainable_variables:
        if variable.path in trained:
            variable.assign(trained[variable.path])
    for name, value in answer(model, inks[0]).items():
        assert answer(deeper, inks[0])[name] == pytest.approx(value, abs=1e-5)


def test_products_in_bfloat16_answer_nearly_alike_from_the_same_weights(model: Any, inks: list[Ink]) -> None:
    from inkmath.models.stroke_graph import StrokeGraph

    coarse = StrokeGraph(**model.settings, products="bfloat16")
    coarse(np.zeros((1, 2, POINTS, 2), np.float32), np.ones((1, 2), np.float32))
    for mine, its in zip(model.trainable_variables, coarse.trainable_variables, strict=True):
        its.assign(mine)
        assert its.dtype == "float32"
    for name, value in answer(model, inks[0]).items():
        rough = answer(coarse, inks[0])[name]
        assert rough.dtype == np.float32
        apart = np.abs(rough - value).max()
        assert 0 < apart < 0.05 * np.abs(value).max()


def test_at_its_usual_size_it_has_fewer_than_five_million_parameters() -> None:
    from inkmath.models.stroke_graph import StrokeGraph

    usual = StrokeGraph(101)
    usual(np.zeros((1, 2, 32, 2), np.float32), np.ones((1, 2), np.float32))
    assert usual.count_params() < 5_000_000


def test_the_exported_network_answers_like_keras_at_any_length(model: Any, inks: list[Ink], tmp_path: Any) -> None:
    from inkmath.decoding.network import Network
    from inkmath.models.export import export_onnx

    inputs = {"points": (None, None, POINTS, 2), "mask": (None, None)}
    export_onnx(model, tmp_path / "graph.onnx", inputs, half=False)
    network = Network(tmp_path / "graph.onnx")
    for chosen in ([inks[0]], inks):
        points, mask = pad([stroke_points(ink, POINTS) for ink in chosen], multiple=1)
        wanted = answer(model, *chosen)
        for name, value in network(points=points, mask=mask).items():
            np.testing.assert_allclose(value, wanted[name], atol=1e-3)


@needs_weights
def test_the_released_network_is_this_one_with_the_released_weights(inks: list[Ink]) -> None:
    """A change to what it is shown would leave released weights behind that mean something else."""
    from inkmath.decoding.network import Network
    from inkmath.models.stroke_graph import StrokeGraph
    from inkmath.training.expression import by_class, named_weights
    from inkmath.training.weights import load_weights

    description = json.loads((WEIGHTS / "expression.json").read_text(encoding="utf-8"))
    labels, settings = description["labels"], description["network"]
    released = StrokeGraph(settings.pop("classes"), **settings)
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
