"""Networks of formulas: what none of them may depend on, whatever its weights are, and that each learns and exports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from models.stroke_networks import CLASSES, POINTS, answer, small

from inkmath.features.expression import pad, stroke_points
from inkmath.ink import Ink
from inkmath.models.expression_registry import EXPRESSION_ARCHITECTURES, build_expression_model
from inkmath.synthesis import synthesize

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", params=EXPRESSION_ARCHITECTURES)
def architecture(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def model(architecture: str) -> Any:
    return small(architecture)


@pytest.fixture(scope="module")
def inks() -> list[Ink]:
    return list(synthesize(3, 2, max_symbols=8))


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


def test_one_stroke_and_a_dot_are_formulas(model: Any) -> None:
    for strokes in ([[[0, 0]]], [[[0, 0], [5, 5]]]):
        for value in answer(model, Ink.from_points(strokes)).values():
            assert np.isfinite(value).all()


def test_dropout_acts_in_training_only(model: Any, inks: list[Ink]) -> None:
    points, mask = pad([stroke_points(inks[0], POINTS)])
    still, again = model(points, mask)["symbol"], model(points, mask)["symbol"]
    np.testing.assert_array_equal(np.asarray(still), np.asarray(again))
    assert np.abs(np.asarray(model(points, mask, training=True)["symbol"]) - np.asarray(still)).max() > 1e-3


def test_each_size_is_one_of_the_network(architecture: str) -> None:
    sizes = {"width": 36, "depth": 4, "pair_width": 16}
    shapes = {
        name: [tuple(one.shape) for one in small(architecture, **{name: size}).trainable_variables]
        for name, size in sizes.items()
    }
    usual = [tuple(one.shape) for one in small(architecture).trainable_variables]
    assert all(found != usual for found in shapes.values())


def test_products_in_bfloat16_answer_nearly_alike_from_the_same_weights(
    model: Any, architecture: str, inks: list[Ink]
) -> None:
    coarse = small(architecture, products="bfloat16")
    for mine, its in zip(model.trainable_variables, coarse.trainable_variables, strict=True):
        its.assign(mine)
        assert its.dtype == "float32"
    for name, value in answer(model, inks[0]).items():
        rough = answer(coarse, inks[0])[name]
        assert rough.dtype == np.float32
        apart = np.abs(rough - value).max()
        assert 0 < apart < 0.05 * np.abs(value).max()


def test_the_exported_network_answers_like_keras_at_any_length(model: Any, inks: list[Ink], tmp_path: Path) -> None:
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


def test_as_large_as_the_released_one_it_has_fewer_than_five_million_parameters(architecture: str) -> None:
    sizes: dict[str, Any] = {"width": 192, "depth": 6, "heads": 6, "pair_width": 48, "dropout": 0.15}
    assert build_expression_model(155, 32, architecture, **sizes).count_params() < 5_000_000
