"""Small networks of formulas, and what they are asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from inkmath.features.expression import pad, stroke_points
from inkmath.models.expression_registry import build_expression_model

if TYPE_CHECKING:
    from inkmath.ink import Ink

CLASSES, POINTS = 7, 16


def small(architecture: str, **sizes: Any) -> Any:
    """A small network whose every weight is random: what begins at nothing, biases and the output of every layer, too.

    Nothing may hide behind a zero. What layers below the last feed to those above stays silent.
    """
    import keras

    keras.utils.set_random_seed(1)
    chosen: dict[str, Any] = {"width": 24, "depth": 3, "heads": 3, "pair_width": 12, "dropout": 0.1} | sizes
    model = build_expression_model(CLASSES, POINTS, architecture, **chosen)
    rng = np.random.default_rng(0)
    for variable in model.trainable_variables:
        if not np.asarray(variable.value).any() and "feedback" not in variable.path:
            variable.assign(0.3 * rng.standard_normal(variable.shape) / max(1, variable.shape[0] ** 0.5))
    return model


def answer(model: Any, *inks: Ink) -> dict[str, np.ndarray]:
    """What a network says of formulas that share a batch."""
    points, mask = pad([stroke_points(ink, POINTS) for ink in inks], multiple=1)
    return {name: np.asarray(value) for name, value in model(points, mask).items()}
