"""Networks of formulas by name. TensorFlow is imported when one is built, not before."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, get_args

from inkmath.params import TrainExpression

if TYPE_CHECKING:
    from inkmath.models.strokes import StrokeNetwork

EXPRESSION_ARCHITECTURES: tuple[str, ...] = get_args(TrainExpression.model_fields["architecture"].annotation)
"""What ``train_expression.architecture`` may be; each is the module of that name in `inkmath.models`."""


def build_expression_model(
    num_classes: int,
    points: int,
    architecture: str,
    *,
    width: int,
    depth: int,
    heads: int,
    pair_width: int,
    dropout: float,
    products: str = "float32",
) -> StrokeNetwork:
    """Build a network of formulas, its weights there and random.

    Args:
        num_classes: how many labels a symbol may have.
        points: points a stroke is resampled to.
        architecture: one of `EXPRESSION_ARCHITECTURES`.
        width: of what is known of a stroke. depth: layers in which strokes look at each other. heads: of attention,
            where there is any. pair_width: of what is known of a pair. dropout: share dropped of what layers add.
        products: ``float32`` or ``bfloat16``, the factors of large matrix products.

    Returns:
        A model from strokes ``(B, S, points, 2)`` and mask ``(B, S)`` to the answers that `StrokeNetwork` names.

    Raises:
        ValueError: the architecture is unknown.
    """
    if architecture not in EXPRESSION_ARCHITECTURES:
        raise ValueError(f"architecture is {architecture!r}; known are {', '.join(EXPRESSION_ARCHITECTURES)}")
    module = importlib.import_module(f"inkmath.models.{architecture}")
    model: StrokeNetwork = module.build(
        num_classes,
        points,
        width=width,
        depth=depth,
        heads=heads,
        pair_width=pair_width,
        dropout=dropout,
        products=products,
    )
    model.build((None, None, points, 2))
    return model
