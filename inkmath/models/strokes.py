"""What every network of formulas is made of: strokes and pairs of strokes described, and a label for each of them.

A formula is a complete graph over its strokes. Small convolutions read the shape of each stroke, its place and size
beside it; each pair is described by how it lies (offset, gap, size ratio, overlap, nearness, order). How the strokes
come to know of each other is what a network adds. Three heads answer at once: the class of the symbol each stroke
belongs to, what each ordered pair of strokes is to each other, and which stroke (under which relation) governs each
stroke, the last normalised over all candidates as in graph-based dependency parsing (Dozat and Manning, ICLR 2017).
"""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any

import keras
from keras import layers, ops

from inkmath.features.expression import PAIR_LABELS, RELATIONS

if TYPE_CHECKING:
    from keras import KerasTensor as Tensor

NEAR = 8
"""Points of each stroke that the distance between two strokes is measured on."""


def _bounded(x: Tensor, *scales: float) -> list[Tensor]:
    """A length at several ranges of resolution, each in (-1, 1)."""
    return [ops.tanh(x / scale) for scale in scales]


class StrokeGeometry(layers.Layer):  # type: ignore[misc]
    """Where strokes lie, how large they are, and how each pair of them stands; nothing here is learned.

    Input: points ``(B, S, P, 2)`` in units of the formula's typical stroke size, mask ``(B, S)`` with 1 for a stroke.
    Output: per point ``(B, S, P, 4)``, per stroke ``(B, S, 12)``, per pair ``(B, S, S, 24)``.
    """

    def call(self, points: Tensor, mask: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        low, high = ops.min(points, axis=2), ops.max(points, axis=2)  # (B, S, 2)
        size, centre = high - low, (low + high) / 2
        reach = ops.max(size, axis=-1, keepdims=True)  # (B, S, 1)
        real = ops.expand_dims(mask, -1)
        middle = ops.sum(centre * real, 1, keepdims=True) / ops.maximum(ops.sum(real, 1, keepdims=True), 1.0)
        order = ops.expand_dims(ops.cumsum(mask, axis=1) - 1.0, -1)  # (B, S, 1)

        own = ops.expand_dims(ops.maximum(reach, 0.15), 2)
        shape = (points - ops.expand_dims(centre, 2)) / own  # (B, S, P, 2)
        step = ops.concatenate([shape[:, :, 1:] - shape[:, :, :-1], ops.zeros_like(shape[:, :, :1])], axis=2)
        by_point = ops.concatenate([shape, step * (points.shape[2] / 4)], axis=-1)

        length = ops.sum(ops.sqrt(ops.sum(ops.square(points[:, :, 1:] - points[:, :, :-1]), -1) + 1e-9), 2)
        start, end = points[:, :, 0], points[:, :, -1]
        by_stroke = ops.concatenate(
            [
                (centre - middle) / 5.0,
                ops.tanh(centre - middle),
                ops.log(size + 0.05),
                ops.log(ops.expand_dims(length, -1) + 0.05),
                order / 10.0,
                start - centre,
                end - centre,
            ],
            axis=-1,
        )

        def across(x: Tensor) -> Tensor:  # (B, S, C) -> (B, S, S, C), value of j less value of i
            return ops.expand_dims(x, 1) - ops.expand_dims(x, 2)

        scale = ops.maximum(reach, 0.3)
        ratio = across(ops.log(scale))
        gap = ops.maximum(ops.expand_dims(low, 1), ops.expand_dims(low, 2)) - ops.minimum(
            ops.expand_dims(high, 1), ops.expand_dims(high, 2)
        )  # negative where the extents overlap
        later = across(order)
        pen = ops.expand_dims(start, 1) - ops.expand_dims(end, 2)  # from where i ends to where j begins
        near = ops.expand_dims(self._nearest(points), -1)
        by_pair = ops.concatenate(
            [
                *_bounded(across(centre) / ops.expand_dims(scale, 2), 2.0, 8.0),
                *_bounded(gap, 0.3, 1.0, 4.0),
                *_bounded(across(low), 1.0),
                *_bounded(across(high), 1.0),
                *_bounded(pen, 1.0),
                ops.log(near + 0.03),
                ops.tanh(near / 2.0),
                ratio,
                *_bounded(later, 2.0, 8.0),
                ops.cast(ops.equal(later, 1.0), later.dtype),
                ops.cast(ops.equal(later, -1.0), later.dtype),
                ops.cast(ops.equal(later, 0.0), later.dtype),
            ],
            axis=-1,
        )
        return by_point, by_stroke, by_pair

    @staticmethod
    def _nearest(points: Tensor) -> Tensor:
        """Smallest distance between the points of two strokes, ``(B, S, S)``."""
        total = points.shape[2]
        some = points[:, :, :: max(total // NEAR, 1)]  # (B, S, N, 2)
        flat = ops.reshape(some, (ops.shape(some)[0], -1, 2))  # (B, S*N, 2)
        square = ops.sum(ops.square(flat), -1)
        apart = ops.expand_dims(square, 2) + ops.expand_dims(square, 1)
        apart = apart - 2.0 * ops.matmul(flat, ops.transpose(flat, (0, 2, 1)))  # (B, S*N, S*N)
        count = some.shape[2]
        apart = ops.reshape(apart, (ops.shape(flat)[0], -1, count, ops.shape(some)[1], count))
        return ops.sqrt(ops.maximum(ops.min(apart, axis=(2, 4)), 0.0) + 1e-9)


class PairUpdate(layers.Layer):  # type: ignore[misc]
    """Refine the description of a pair from what its two strokes have become."""

    def __init__(self, width: int, **options: Any) -> None:
        super().__init__(**options)
        self.governor = layers.Dense(width, use_bias=False, name="governor")
        self.dependent = layers.Dense(width, use_bias=False, name="dependent")
        self.mix = layers.Dense(width, name="mix")
        self.act = layers.Activation("relu")
        self.out = layers.Dense(width, kernel_initializer="zeros", name="out")

    def call(self, pair: Tensor, x: Tensor) -> Tensor:
        hidden = self.mix(pair) + ops.expand_dims(self.governor(x), 2) + ops.expand_dims(self.dependent(x), 1)
        return pair + self.out(self.act(hidden))


class StrokeNetwork(keras.Model):  # type: ignore[misc]
    """Strokes in; class, pair and governor logits out. A network says in :meth:`mix` how strokes look at each other.

    Args:
        name: of the network, which begins the names of its weights.
        classes: number of symbol classes.
        points: points each stroke is resampled to (P).
        width: of a stroke token. pair_width: of a pair's description. dropout: rate in what layers add.
        products: type of the factors of the large matrix products, ``float32`` or ``bfloat16``; weights, sums and all
            else are float32 either way, and weights of one kind of network fit the other.
        sizes: of the network's own.

    Attributes:
        settings: all of these but ``name`` and ``products``: what weights are of.
        products: as above.

    Call with ``points (B, S, P, 2)`` and ``mask (B, S)``, both float. Returns a dict:
        ``symbol (B, S, classes)``: class logits of the symbol that owns the stroke;
        ``pair (B, S, S, 8)``: logits over ``PAIR_LABELS`` for the ordered pair (i, j);
        ``governor (B, S, S, 6)``: score of i governing j under each relation, to be normalised over i and relation
        together with ``root (B, S)``, the score of j's symbol being the root;
        in training also ``early (L, B, S, classes)``, where layers below the last answer too: their class logits.
    """

    def __init__(
        self,
        name: str,
        classes: int,
        points: int,
        width: int,
        pair_width: int,
        dropout: float,
        products: str,
        **sizes: Any,
    ) -> None:
        super().__init__(name=name)
        self.settings: dict[str, Any] = {
            "classes": classes,
            "points": points,
            "width": width,
            "pair_width": pair_width,
            "dropout": dropout,
            **sizes,
        }
        self.products = products
        # What large products are computed in.
        self.policy = "mixed_bfloat16" if products == "bfloat16" else products
        self.geometry = StrokeGeometry(dtype="float32", name="geometry")
        # A convolution along each stroke, written as a two-dimensional one with a kernel of height 1: that exports.
        self.convolutions = [
            layers.Conv2D(
                channels,
                (1, 5),
                (1, stride),
                "same",
                activation="relu",
                dtype=self.policy,
                name=f"convolution_{index}",
            )
            for index, (channels, stride) in enumerate(((32, 1), (64, 2), (128, 2), (128, 2)))
        ]
        self.shape_in = layers.Dense(width, dtype=self.policy, name="shape_in")
        self.place_in = layers.Dense(width, activation="relu", name="place_in")
        self.place_out = layers.Dense(width, name="place_out")
        self.pair_in = layers.Dense(pair_width, activation="relu", name="pair_in")
        self.pair_out = layers.Dense(pair_width, name="pair_out")
        self.drop = layers.Dropout(dropout)
        self.final_norm = layers.LayerNormalization(name="final_norm")
        self.symbol_head = layers.Dense(classes, dtype="float32", name="symbol_head")
        self.root_head = layers.Dense(1, dtype="float32", name="root_head")
        self.edge = PairUpdate(2 * pair_width, name="edge")
        self.edge_in = layers.Dense(2 * pair_width, name="edge_in")
        self.pair_head = layers.Dense(len(PAIR_LABELS) + len(RELATIONS), dtype="float32", name="pair_head")

    @abstractmethod
    def mix(self, x: Tensor, pair: Tensor, mask: Tensor, training: bool) -> tuple[Tensor, Tensor, list[Tensor]]:
        """Let the strokes look at each other.

        Args:
            x: ``(B, S, width)`` a token a stroke. pair: ``(B, S, S, pair_width)``. mask: ``(B, S)``.
            training: whether to drop out.

        Returns:
            Tokens and pairs of the same shapes, and the class logits ``(B, S, classes)`` of layers that answer early.
        """

    def build(self, points_shape: tuple[int | None, ...]) -> None:
        """Make the variables: what the layers hold does not depend on how many formulas or strokes there are."""
        self.call(ops.zeros((1, 2, *points_shape[2:])), ops.ones((1, 2)))
        self.built = True

    def call(self, points: Tensor, mask: Tensor, training: bool = False) -> dict[str, Tensor]:
        by_point, by_stroke, by_pair = self.geometry(points, mask)
        x = by_point  # (B, S, P, 4)
        for convolution in self.convolutions:
            x = convolution(x)
        x = ops.reshape(x, (ops.shape(x)[0], ops.shape(x)[1], x.shape[2] * x.shape[3]))  # (B, S, P/8*C)
        x = ops.cast(self.shape_in(x), mask.dtype) + self.place_out(self.place_in(by_stroke))  # (B, S, width)
        pair = self.pair_out(self.pair_in(by_pair))  # (B, S, S, pair_width)
        x, pair, early = self.mix(x, pair, mask, training)
        x = self.final_norm(x)
        edge = self.pair_head(self.edge(self.edge_in(pair), self.drop(x, training=training)))
        pair, governor = ops.split(edge, [len(PAIR_LABELS)], axis=-1)
        answer = {
            "symbol": self.symbol_head(x),
            "root": ops.squeeze(self.root_head(x), -1),
            "pair": pair,
            "governor": governor,
        }
        return {**answer, "early": ops.stack(early)} if training and early else answer
