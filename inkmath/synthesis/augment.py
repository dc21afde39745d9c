"""Bend ink the way hands differ: slant, proportion, wobble, placement, order and direction of strokes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from inkmath.features.expression import Floats


@dataclass(frozen=True)
class Bend:
    """How strongly ink is bent; standard deviations unless said otherwise, lengths in units of a typical stroke.

    Attributes:
        rotate: of a formula, radians. shear: of a formula, sideways by height. stretch: log of a formula's width and
        height. bow: how far the ends of a line stand above or below its middle, as a share of half its length.
        taper: growth of writing from the middle to the end of a line, as a share. symbol_shift: placement of each
        symbol. symbol_stretch: log of each symbol's width and height. symbol_rotate: radians. symbol_shear: sideways by
        height. stroke_shift: placement of each stroke within its symbol. wave: amplitude of a smooth wobble along each
        stroke, as a share of its size. reverse: probability that a stroke is drawn backwards. vary: by how much of
        itself the strength of all but ``reverse`` differs from formula to formula, in 0..1: some hands are tidy.
    """

    rotate: float = 0.05
    shear: float = 0.14
    stretch: float = 0.14
    bow: float = 0.02
    taper: float = 0.05
    symbol_shift: float = 0.05
    symbol_stretch: float = 0.1
    symbol_rotate: float = 0.06
    symbol_shear: float = 0.07
    stroke_shift: float = 0.02
    wave: float = 0.035
    reverse: float = 0.02
    vary: float = 0.8


def bend(points: Floats, symbol_of: NDArray[Any], how: Bend, rng: np.random.Generator) -> Floats:
    """Bend a padded batch of formulas.

    Args:
        points: ``(B, S, P, 2)``. symbol_of: ``(B, S)`` symbol of each stroke, below S; padding may have any.
        how: strengths. rng: source of randomness.

    Returns:
        float32 of shape ``(B, S, P, 2)``.
    """
    batch, strokes, count, _ = points.shape

    strength = np.ones(batch, np.float32)  # (B,)
    strength += how.vary * (2.0 * rng.random(batch, dtype=np.float32) - 1.0)

    def normal(*shape: int) -> Floats:  # (B, ...)
        drawn = rng.standard_normal(shape, dtype=np.float32)
        drawn *= strength.reshape(batch, *[1] * (len(shape) - 1))
        return drawn

    def by_symbol(values: Floats) -> Floats:  # (B, S, ...) one value a symbol -> the value of each stroke's symbol
        spread: Floats = np.take_along_axis(values, symbol_of.reshape(batch, strokes, *[1] * (values.ndim - 2)), 1)
        return spread

    centre = (points.min(axis=2, keepdims=True) + points.max(axis=2, keepdims=True)) / 2  # (B, S, 1, 2)
    local = points - centre
    reach = np.ptp(local, axis=2).max(axis=-1)[..., None, None]  # (B, S, 1, 1)
    local += _wave(normal, batch, strokes, count) * (how.wave * reach)

    # Strokes of one symbol turn and grow about the symbol's middle, so that they stay together.
    member = (symbol_of[:, :, None] == symbol_of[:, None, :]).astype(np.float32)  # (B, S, S)
    middle = (member @ centre[:, :, 0] / member.sum(axis=2, keepdims=True))[:, :, None]  # (B, S, 1, 2)
    local += centre - middle
    turn = _rotation(how.symbol_rotate * by_symbol(normal(batch, strokes, 1))[..., 0])
    lean = np.zeros_like(turn)
    lean[..., 0, 0] = lean[..., 1, 1] = 1.0
    lean[..., 1, 0] = how.symbol_shear * by_symbol(normal(batch, strokes, 1))[..., 0]
    grow = np.exp(how.symbol_stretch * by_symbol(normal(batch, strokes, 2)))[:, :, None]
    local = (local @ (turn @ lean)) * grow
    moved = how.symbol_shift * by_symbol(normal(batch, strokes, 2)) + how.stroke_shift * normal(batch, strokes, 2)
    bent = local + middle + moved[:, :, None]

    slant = np.zeros((batch, 2, 2), np.float32)
    slant[:, 0, 0], slant[:, 1, 1] = np.exp(how.stretch * normal(batch, 2)).T
    slant[:, 1, 0] = how.shear * normal(batch)
    whole = slant @ _rotation(how.rotate * normal(batch))  # (B, 2, 2)
    bent = bent @ whole[:, None]
    half = np.maximum(np.abs(bent[..., 0]).max(axis=(1, 2)), 1.0)[:, None, None]  # (B, 1, 1)
    along = bent[..., 0] / half  # (B, S, P), from -1 to 1
    grown = 1.0 + np.clip(how.taper * normal(batch, 1, 1), -0.4, 0.4) * along
    bent = np.stack(
        [
            bent[..., 0] * grown,
            bent[..., 1] * grown
            + half * how.bow * (normal(batch, 1, 1) * along**2 + normal(batch, 1, 1) * np.sin(np.pi * along) / 2),
        ],
        axis=-1,
    )
    backwards = rng.random((batch, strokes)) < how.reverse
    bent[backwards] = bent[backwards][:, ::-1]
    return np.asarray(bent, np.float32)


def _wave(normal: Any, batch: int, strokes: int, count: int) -> Floats:
    """A smooth wobble along each stroke, about 1 in amplitude: ``(B, S, P, 2)``."""
    at = np.linspace(0.0, 1.0, count, dtype=np.float32)
    basis = np.stack([np.sin(np.pi * k * at) for k in (1, 2, 3)] + [np.cos(np.pi * k * at) for k in (1, 2)])  # (5, P)
    weights = normal(batch, strokes, 2, 5) / np.sqrt(5.0).astype(np.float32)
    wave: Floats = np.swapaxes(weights @ basis, 2, 3)
    return wave


def _rotation(angle: NDArray[Any]) -> Floats:
    """Rotation matrices ``(..., 2, 2)`` for row vectors."""
    sine, cosine = np.sin(angle), np.cos(angle)
    matrix: Floats = np.stack([np.stack([cosine, sine], -1), np.stack([-sine, cosine], -1)], -2).astype(np.float32)
    return matrix
