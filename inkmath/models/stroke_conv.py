"""Convolutions along the order of writing: each stroke sees those written shortly before and after it.

The baseline of formulas: what a stroke is told of the others depends on when they were written, not on where they lie;
only the description of each pair of strokes tells that. Residual blocks of gated convolutions (Dauphin et al.,
"Language modeling with gated convolutional networks", ICML 2017).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from keras import layers, ops

from inkmath.models.strokes import PairUpdate, StrokeNetwork

if TYPE_CHECKING:
    from keras import KerasTensor as Tensor

KERNEL = 5
"""Strokes that a convolution takes in: a block sees two to either side."""


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
    """``depth`` blocks; there is no attention, so ``heads`` says nothing."""
    return StrokeConv(classes, points, width, depth, pair_width, dropout, products)


class StrokeConv(StrokeNetwork):
    """Strokes that look at those written near them; what it takes and answers see `StrokeNetwork`.

    Args:
        depth: blocks of convolutions.
    """

    def __init__(
        self, classes: int, points: int, width: int, depth: int, pair_width: int, dropout: float, products: str
    ) -> None:
        super().__init__("stroke_conv", classes, points, width, pair_width, dropout, products, depth=depth)
        # Two-dimensional with a width of 1, as strokes of any number can be exported.
        self.blocks = [
            {
                "norm": layers.LayerNormalization(name=f"norm_{index}"),
                "near": layers.Conv2D(
                    2 * width,
                    (KERNEL, 1),
                    padding="same",
                    dtype=self.policy,
                    name=f"near_{index}",
                ),
                "out": layers.Dense(width, kernel_initializer="zeros", dtype=self.policy, name=f"out_{index}"),
            }
            for index in range(depth)
        ]
        self.update = PairUpdate(pair_width, name="pair_update")

    def mix(self, x: Tensor, pair: Tensor, mask: Tensor, training: bool) -> tuple[Tensor, Tensor, list[Tensor]]:
        there = ops.expand_dims(mask, -1)  # (B, S, 1)
        for block in self.blocks:
            seen = ops.expand_dims(block["norm"](x) * there, 2)  # (B, S, 1, width): padding is silence
            value, gate = ops.split(ops.squeeze(block["near"](seen), 2), 2, axis=-1)  # (B, S, width)
            added = ops.cast(block["out"](value * ops.sigmoid(gate)), x.dtype)
            x = x + self.drop(added, training=training)
        return x, self.update(pair, x), []
