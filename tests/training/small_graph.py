"""A network of formulas that TensorFlow makes a graph of in a moment; of the real one, that takes it ten seconds."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers, ops

from inkmath.features.expression import PAIR_LABELS, RELATIONS


class SmallGraph(keras.Model):  # type: ignore[misc]
    """Takes and answers what `inkmath.models.stroke_graph.StrokeGraph` does, and drops out some of it in training."""

    def __init__(self, classes: int, points: int, products: str = "float32") -> None:
        super().__init__(name="small_graph")
        self.settings: dict[str, Any] = {"classes": classes, "points": points}
        self.products = products
        self.shape_in = layers.Dense(8, activation="relu", name="shape_in")
        self.drop = layers.Dropout(0.2)
        self.by_stroke = layers.Dense(classes + 1, name="by_stroke")
        self.by_pair = layers.Dense(len(PAIR_LABELS) + len(RELATIONS), name="by_pair")

    def build(self, points_shape: tuple[int | None, ...]) -> None:
        self.call(ops.zeros((1, 2, *points_shape[2:])), ops.ones((1, 2)))
        self.built = True

    def call(self, points: Any, mask: Any, training: bool = False) -> dict[str, Any]:
        flat = ops.reshape(points, (ops.shape(points)[0], ops.shape(points)[1], 2 * points.shape[2]))
        x = self.drop(self.shape_in(flat), training=training) * ops.expand_dims(mask, -1)  # (B, S, 8)
        symbol, root = ops.split(self.by_stroke(x), [self.settings["classes"]], axis=-1)
        pair, governor = ops.split(
            self.by_pair(ops.expand_dims(x, 1) - ops.expand_dims(x, 2)), [len(PAIR_LABELS)], axis=-1
        )
        return {"symbol": symbol, "root": ops.squeeze(root, -1), "pair": pair, "governor": governor}
