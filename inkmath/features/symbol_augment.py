"""Random changes of symbols while a network learns: the same symbol, written by another hand.

All changes work on whole batches of the arrays of `inkmath.features.symbol`, and a batch is changed in the same way
whenever its generator is in the same state.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from inkmath.features.digitiser import drawn_digitiser, told
from inkmath.features.symbol import CHANNELS, DOT, stroke_indices, symbol_channels
from inkmath.features.symbol_context import longer_side

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from inkmath.features.symbol import FloatArray
    from inkmath.params import Augment

    Points = NDArray[np.float64]
    Indices = NDArray[np.int64]

WAVES = 3
"""Waves that a smooth distortion is the sum of."""


def augment_symbols(features: FloatArray, settings: Augment, rng: np.random.Generator) -> FloatArray:
    """Change each symbol of a batch by its own random draw.

    Args:
        features: shape ``(batch, length, 5)``, as `normalize_and_pad_traces` gives it; channels of the context may
            follow, which stay as they are or, for the share ``alone``, become zero.
        settings: how much of each change, as ``params.yaml`` explains; a zero leaves that change out.
        rng: every draw comes from it.

    Returns:
        float32 of the same shape, each symbol in its box again.
    """
    points = features[..., 0:2].astype(np.float64)  # (B, L, 2)
    stroke_of = stroke_indices(features)  # (B, L)
    if settings.reorder or settings.reverse:
        points, stroke_of = _rewrite(points, stroke_of, settings.reorder, settings.reverse, rng)
    if settings.drop:
        points, stroke_of = _drop(points, stroke_of, settings.drop, rng)
    if settings.distort:
        points = _distort(points, settings.distort, rng)
    if settings.stroke_shift or settings.stroke_scale:
        points = _move_strokes(points, stroke_of, settings.stroke_shift, settings.stroke_scale, rng)
    points = _affine(points, settings, rng)
    if settings.jitter:
        points = points + rng.normal(0.0, settings.jitter, points.shape)
    changed = symbol_channels(points, stroke_of)
    context = features[..., len(CHANNELS) :]
    if context.shape[2] == 0:
        return changed
    known = rng.random((len(features), 1, 1)) >= settings.alone
    return np.concatenate([changed, context * known], axis=2, dtype=np.float32)


def coarsen_symbols(features: FloatArray, share: float, rng: np.random.Generator) -> FloatArray:
    """Tell some symbols of a batch as coarse digitisers would, one for each (`inkmath.features.digitiser`).

    Args:
        features: as `augment_symbols` gives them. share: of the symbols. rng: every draw comes from it.

    Returns:
        float32 of the same shape, each symbol in its box again; dots and the others are as they were.
    """
    dots = np.abs(features[..., 0:2]).max(axis=(1, 2), initial=0.0) <= 2 * DOT  # (B,): what tremor would enlarge
    coarse = np.flatnonzero((rng.random(len(features)) < share) & ~dots)
    if not len(coarse):
        return features
    out = features.copy()
    points, stroke_of = out[coarse, :, 0:2], stroke_indices(out[coarse])  # (C, L, 2), (C, L)
    for line, owner, side in zip(points, stroke_of, longer_side(out[coarse]), strict=True):
        spacing, tremor = drawn_digitiser(2 / side, rng)  # the box has side 2
        for stroke in range(owner.max() + 1):
            mine = owner == stroke
            if mine.sum() > 1:
                line[mine] = told(line[mine], spacing, tremor, rng)
    out[coarse, :, : len(CHANNELS)] = symbol_channels(points, stroke_of)
    return out


def _rewrite(
    points: Points, stroke_of: Indices, reorder: float, reverse: float, rng: np.random.Generator
) -> tuple[Points, Indices]:
    """Write strokes of some symbols in another order, and some strokes from the other end."""
    batch, length = stroke_of.shape
    padded = stroke_of < 0
    stroke = np.where(padded, 0, stroke_of)
    most = int(stroke.max()) + 1
    rank = np.tile(np.arange(most), (batch, 1))  # (B, S): the place of each stroke in the new order
    shuffled = rng.random(batch) < reorder
    rank[shuffled] = rng.permuted(rank[shuffled], axis=1)
    direction = np.where(rng.random((batch, most)) < reverse, -1, 1)  # (B, S)
    key = np.take_along_axis(rank, stroke, axis=1) * 2 * length
    key += np.take_along_axis(direction, stroke, axis=1) * np.arange(length)
    key[padded] = 2 * length * (most + 1)
    order = np.argsort(key, axis=1, kind="stable")
    return (
        np.take_along_axis(points, order[..., None], axis=1),
        np.take_along_axis(stroke_of, order, axis=1),
    )


def _drop(points: Points, stroke_of: Indices, share: float, rng: np.random.Generator) -> tuple[Points, Indices]:
    """Lose points, each replaced by the middle of its neighbours: what a coarser pen would have left out."""
    lost = rng.random(stroke_of.shape) < share  # (B, L)
    same = stroke_of[:, :-2] == stroke_of[:, 2:]
    inner = lost[:, 1:-1] & same & (stroke_of[:, 1:-1] >= 0)
    middle = (points[:, :-2] + points[:, 2:]) / 2
    points = points.copy()
    points[:, 1:-1] = np.where(inner[..., None], middle, points[:, 1:-1])
    return points, stroke_of


def _distort(points: Points, strength: float, rng: np.random.Generator) -> Points:
    """Bend the plane by a few long waves, as a hand does that is not a font."""
    batch = len(points)
    shift = np.zeros_like(points)
    for _ in range(WAVES):
        wave = rng.normal(0.0, 1.5, (batch, 1, 2))  # radians per unit of length
        phase = rng.uniform(0.0, 2 * np.pi, (batch, 1))
        reach = rng.normal(0.0, strength, (batch, 1, 2))
        shift += np.sin((points * wave).sum(axis=2) + phase)[..., None] * reach
    return points + shift


def _move_strokes(points: Points, stroke_of: Indices, shift: float, scale: float, rng: np.random.Generator) -> Points:
    """Move and stretch each stroke a little on its own; a symbol of one stroke is boxed again, so nothing changes."""
    batch = len(points)
    stroke = np.maximum(stroke_of, 0)
    most = int(stroke.max()) + 1
    moves = rng.normal(0.0, shift, (batch, most, 2))
    stretches = np.exp(rng.normal(0.0, scale, (batch, most, 1)))
    belongs = stroke_of[:, :, None] == np.arange(most)  # (B, L, S)
    count = np.maximum(belongs.sum(axis=1), 1)[..., None]  # (B, S, 1)
    centre = np.einsum("bls,blc->bsc", belongs, points) / count  # (B, S, 2)
    offset = centre * (1 - stretches) + moves
    picked = stroke[..., None]
    moved: Points = points * np.take_along_axis(stretches, picked, axis=1) + np.take_along_axis(offset, picked, axis=1)
    return moved


def _affine(points: Points, settings: Augment, rng: np.random.Generator) -> Points:
    """Turn, shear and stretch about the middle; ``scale`` is the spread of the proportions, size itself is lost."""
    batch = len(points)
    angle = np.radians(rng.normal(0.0, settings.rotate, batch))
    slope = rng.normal(0.0, settings.shear, batch)
    stretch = np.exp(rng.normal(0.0, settings.scale, (batch, 2)))
    turn = np.stack([np.cos(angle), np.sin(angle), -np.sin(angle), np.cos(angle)], axis=1).reshape(batch, 2, 2)
    lean = np.zeros((batch, 2, 2))
    lean[:, 0, 0] = lean[:, 1, 1] = 1.0
    lean[:, 1, 0] = slope
    changed: Points = points * stretch[:, None] @ lean @ turn
    return changed
