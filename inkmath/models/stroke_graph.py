"""The stroke graph network: one token a stroke, attention steered by geometry, and a label for every pair of strokes.

A transformer lets the strokes look at each other, its attention biased by how each pair lies in the manner of
Graphormer (Ying et al., "Do transformers really perform badly for graph representation?",
NeurIPS 2021). The description of a pair is itself refined between layers, so that what an early layer finds out about
two strokes steers where a later one looks. What the layers below would answer for each stroke is fed to those above,
as in self-conditioned CTC (Nozaki and Komatsu, Interspeech 2021): a stroke then knows what its neighbours are taken
for, not only how they look. `inkmath.models.strokes` has what it shares with other networks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from keras import layers, ops

from inkmath.models.strokes import PairUpdate, StrokeNetwork

if TYPE_CHECKING:
    from keras import KerasTensor as Tensor


def build(
    classes: int,
    points: int,
    *,
    width: int,
    depth: int,
    heads: int,
    pair_width: int,
    dropout: float,
    products: str,
) -> StrokeNetwork:
    """``depth`` layers of a transformer with ``heads``, which divide ``width``."""
    return StrokeGraph(classes, points, width, depth, heads, pair_width, dropout, products)


class PairBiasedAttention(layers.Layer):  # type: ignore[misc]
    """Self-attention whose logits take a learned term from each pair's description."""

    def __init__(self, width: int, heads: int, products: str, **options: Any) -> None:
        super().__init__(**options)
        self.heads, self.size = heads, width // heads
        self.qkv = layers.Dense(3 * width, dtype=products, name="qkv")
        self.bias = layers.Dense(heads, name="bias")
        self.out = layers.Dense(width, kernel_initializer="zeros", dtype=products, name="out")

    def call(self, x: Tensor, pair: Tensor, closed: Tensor) -> Tensor:
        batch, strokes = ops.shape(x)[0], ops.shape(x)[1]

        def by_head(values: Tensor) -> Tensor:  # (B, S, width) -> (B, H, S, D)
            split = ops.reshape(values, (batch, strokes, self.heads, self.size))
            return ops.transpose(ops.cast(split, x.dtype), (0, 2, 1, 3))

        # Split rather than indexed: the gradient of an index writes zeros as large as the whole.
        q, k, v = (by_head(values) for values in ops.split(self.qkv(x), 3, axis=-1))
        logits = ops.matmul(q, ops.transpose(k, (0, 1, 3, 2))) * (self.size**-0.5)  # (B, H, S, S)
        logits = logits + ops.transpose(self.bias(pair), (0, 3, 1, 2)) + ops.cast(closed, logits.dtype)
        mixed = ops.matmul(ops.softmax(logits), v)  # (B, H, S, D)
        joined = ops.reshape(ops.transpose(mixed, (0, 2, 1, 3)), (batch, strokes, self.heads * self.size))
        return ops.cast(self.out(joined), x.dtype)


class StrokeGraph(StrokeNetwork):
    """Strokes that look at each other by attention; what it takes and answers see `StrokeNetwork`.

    Args:
        depth: layers of the transformer. heads: of its attention; they divide ``width``.
    """

    def __init__(
        self,
        classes: int,
        points: int = 32,
        width: int = 192,
        depth: int = 5,
        heads: int = 6,
        pair_width: int = 48,
        dropout: float = 0.1,
        products: str = "float32",
    ) -> None:
        super().__init__(
            "stroke_graph", classes, points, width, pair_width, dropout, products, depth=depth, heads=heads
        )
        # What a layer adds begins at nothing: a network grows deeper without forgetting what it was trained to do.
        self.blocks = [
            {
                "attention_norm": layers.LayerNormalization(name=f"attention_norm_{index}"),
                "attention": PairBiasedAttention(width, heads, self.policy, name=f"attention_{index}"),
                "feed_norm": layers.LayerNormalization(name=f"feed_norm_{index}"),
                "feed_in": layers.Dense(4 * width, activation="relu", dtype=self.policy, name=f"feed_in_{index}"),
                "feed_out": layers.Dense(
                    width, kernel_initializer="zeros", dtype=self.policy, name=f"feed_out_{index}"
                ),
            }
            for index in range(depth)
        ]
        # A pair is refined after every second layer: often enough to steer, cheap enough for S * S of them.
        self.updates = {index: PairUpdate(pair_width, name=f"pair_update_{index}") for index in range(1, depth, 2)}
        # From nothing, so that a network trained without it goes on as it was.
        self.feedback = layers.Dense(width, use_bias=False, kernel_initializer="zeros", name="feedback")

    def mix(self, x: Tensor, pair: Tensor, mask: Tensor, training: bool) -> tuple[Tensor, Tensor, list[Tensor]]:
        closed = ops.expand_dims(ops.expand_dims((mask - 1.0) * 1e9, 1), 1)  # (B, 1, 1, S)
        early = []
        for index, block in enumerate(self.blocks):
            attended = block["attention"](block["attention_norm"](x), pair, closed)
            x = x + self.drop(attended, training=training)
            fed = ops.cast(block["feed_out"](block["feed_in"](block["feed_norm"](x))), x.dtype)
            x = x + self.drop(fed, training=training)
            if index in self.updates:
                pair = self.updates[index](pair, x)
            if 0 < index < len(self.blocks) - 1:
                early.append(self.symbol_head(self.final_norm(x)))  # (B, S, classes)
                x = x + self.feedback(ops.softmax(early[-1]))
        return x, pair, early
