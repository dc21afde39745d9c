"""Isolated symbols as arrays of one shape: what `normalize_and_pad_traces` of the symbol task gives.

A symbol becomes a sequence of points spread evenly along its ink, in writing order, in a box of its own. Nothing that
depends on where, how large or how fast it was written is left. The cleaning steps that come before are the customary
ones of online recognition (Jaeger et al., "Online handwriting recognition: the NPen++ recognizer", IJDAR 2001).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inkmath.ink import Stroke

FloatArray = NDArray[np.float32]

CHANNELS = ("x", "y", "pen_up", "dx", "dy")
"""Of each point: place in -1..1 with y downward, 1 where the pen leaves the paper after it; the step that led to it."""

REPEAT_DISTANCE = 0.005
"""Points nearer than this to the last one kept, in sides of the symbol's box, repeat it."""

HOOK_LENGTH = 0.08
"""The longest hook, in sides of the symbol's box."""

HOOK_ANGLE = np.pi / 2
"""A hook turns away from the stroke by more than this."""

STEEP = 1.001
"""A step is near-vertical where it is more than so many times as tall as wide: ink in whole pixels has many steps that
are just as tall as wide, and rounding, which differs from one size to another, must not choose among them."""

PEN_DOWN = 0.1
"""Setting the pen down counts as so much ink, in sides of the box, where points are shared out among the strokes: the
dot of an i gets a few, however small it is."""

DOT = 0.1
"""Points that reach no further than this from their middle, where a symbol has side 1 or 2, are not spread over the
box. Only ink without any extent is so small here, and what augmentation makes it tremble is nothing to be enlarged."""


def normalize_and_pad_traces(
    samples: Sequence[Sequence[Stroke]],
    length: int = 48,
    *,
    spacing: float = 0.0,
    deduplicate: bool = False,
    smooth: int = 0,
    dehook: bool = False,
    deslant: bool = False,
) -> FloatArray:
    """Resample, scale and pad the strokes of symbols to one array.

    The result does not change when a symbol is moved or enlarged, nor (up to the resampling) when it was sampled at
    another rate. All samples are resampled by one interpolation, so the cost is that of NumPy passes over the points.

    Args:
        samples: for each symbol its strokes in writing order, each of shape ``(points, 2)``; at least one stroke each.
        length: points of a result row. Of a symbol with more than ``length // 2`` strokes the longest are kept.
        spacing: distance of neighbouring points in sides of the symbol's box (the longer side is 1). The rest of
            the row is padded; a symbol that would not fit is spaced wider. 0 spreads ``length`` points over any symbol.
        deduplicate: drop points that stay within `REPEAT_DISTANCE` of the last.
        smooth: half width in resampled points of a moving average along each stroke; its ends stay. 0 is none.
        dehook: cut short sharp turns off both ends of each stroke.
        deslant: shear the symbol so that its near-vertical strokes stand upright.

    Returns:
        float32 of shape ``(samples, length, 5)`` with the channels of `CHANNELS`; a padded point is zero in all.

    Raises:
        ValueError: a sample without strokes, a stroke without points or of another shape, a coordinate that is not
            finite in float32, or a ``length`` below 4.
    """
    if length < 4:
        raise ValueError(f"length is {length}; a symbol needs at least 4 points")
    for index, sample in enumerate(samples):
        if not len(sample) or any(len(stroke) == 0 for stroke in sample):
            raise ValueError(f"sample {index} has no stroke, or a stroke without points; leave it out")
        for stroke in sample:
            if np.shape(stroke)[1:] != (2,):
                raise ValueError(f"sample {index} has a stroke of shape {np.shape(stroke)}; give its points as [x, y]")
            if not (np.abs(stroke) <= np.finfo(np.float32).max).all():
                raise ValueError(
                    f"sample {index} holds a coordinate that is not a finite number of at most 3.4e38; leave it out"
                )
    if not len(samples):
        return np.zeros((0, length, len(CHANNELS)), np.float32)
    cleaned = [_clean(sample, length // 2, deduplicate=deduplicate, dehook=dehook) for sample in samples]
    if deslant:
        cleaned = [_deslant(sample) for sample in cleaned]
    points, stroke_of = _resample_all(cleaned, length, spacing)
    if smooth:
        points = _smooth(points, stroke_of, smooth)
    return symbol_channels(points, stroke_of)


def symbol_channels(points: NDArray[np.floating], stroke_of: NDArray[np.integer]) -> FloatArray:
    """The channels of points that are in place but not yet in their box.

    Args:
        points: shape ``(samples, length, 2)``, the longer side of each symbol about 1 or 2, unless it is a dot.
        stroke_of: shape ``(samples, length)``: the stroke each point belongs to; -1 where padded, always at the end.

    Returns:
        float32 of shape ``(samples, length, 5)``.
    """
    valid = (stroke_of >= 0)[..., None]  # (N, L, 1)
    low = np.min(points, axis=1, keepdims=True, where=valid, initial=np.inf)  # (N, 1, 2)
    high = np.max(points, axis=1, keepdims=True, where=valid, initial=-np.inf)
    half = (high - low).max(axis=2, keepdims=True) / 2
    placed = (points - (low + high) / 2) / np.where(half > DOT, half, 1.0)

    following = np.concatenate([stroke_of[:, 1:], np.full_like(stroke_of[:, :1], -1)], axis=1)
    out = np.zeros((*points.shape[:2], len(CHANNELS)), np.float32)  # (N, L, 5)
    out[..., 0:2] = placed
    out[..., 2] = stroke_of != following
    out[:, 1:, 3:5] = np.diff(placed, axis=1)
    out *= valid
    return out


def stroke_indices(features: FloatArray) -> NDArray[np.int64]:
    """The stroke each point belongs to, read back from the channels; -1 where padded.

    Args:
        features: shape ``(samples, length, 5)``, as `normalize_and_pad_traces` gives it.

    Returns:
        shape ``(samples, length)``.
    """
    lifts = features[..., 2] > 0.5
    before: NDArray[np.int64] = np.cumsum(lifts, axis=1) - lifts
    return np.where(before < lifts.sum(axis=1, keepdims=True), before, -1)


def _clean(sample: Sequence[Stroke], most: int, *, deduplicate: bool, dehook: bool) -> list[NDArray[np.float64]]:
    strokes = [np.asarray(stroke, np.float64) for stroke in sample]
    if len(strokes) > most:
        ink = [np.hypot(*np.diff(stroke, axis=0).T).sum() for stroke in strokes]
        longest = sorted(np.argsort(ink, kind="stable")[-most:])
        strokes = [strokes[index] for index in longest]
    if not (deduplicate or dehook):
        return strokes
    everything = np.concatenate(strokes)
    side = float((everything.max(axis=0) - everything.min(axis=0)).max())
    if deduplicate:
        strokes = [_without_repeats(stroke, REPEAT_DISTANCE * side) for stroke in strokes]
    if dehook:
        strokes = [_without_hooks(stroke, HOOK_LENGTH * side) for stroke in strokes]
    return strokes


def _without_repeats(stroke: NDArray[np.float64], nearest: float) -> NDArray[np.float64]:
    kept = [0]
    for index in range(1, len(stroke)):
        if np.hypot(*(stroke[index] - stroke[kept[-1]])) > nearest:
            kept.append(index)
    return stroke[kept]


def _without_hooks(stroke: NDArray[np.float64], longest: float) -> NDArray[np.float64]:
    """Cut each end at its sharpest turn, if that is within ``longest`` of the end and sharp enough."""
    for _ in range(2):
        stroke = stroke[::-1]
        steps = np.diff(stroke, axis=0)
        moving = np.hypot(*steps.T) > 0
        stroke, steps = np.concatenate([stroke[:1], stroke[1:][moving]]), steps[moving]
        travelled = np.cumsum(np.hypot(*steps.T))
        # A hook is small beside its own stroke too: a short stroke is not eaten from both ends.
        near = int(np.searchsorted(travelled, min(longest, 0.2 * travelled[-1]))) if len(steps) else 0
        turns = np.abs(np.diff(np.unwrap(np.arctan2(steps[: near + 1, 1], steps[: near + 1, 0]))))
        if turns.max(initial=0.0) > HOOK_ANGLE:
            stroke = stroke[int(turns.argmax()) + 1 :]
    return stroke


def _deslant(sample: list[NDArray[np.float64]]) -> list[NDArray[np.float64]]:
    """Shear by the mean slope, weighted by length, of the steps that are within 45 degrees of the vertical."""
    steps = np.concatenate([np.diff(stroke, axis=0) for stroke in sample])
    steep = steps[np.abs(steps[:, 1]) > STEEP * np.abs(steps[:, 0])]
    height = np.abs(steep[:, 1]).sum()
    if height == 0:
        return sample
    slope = (steep[:, 0] * np.sign(steep[:, 1])).sum() / height
    return [stroke - np.outer(stroke[:, 1], [slope, 0.0]) for stroke in sample]


def _resample_all(
    samples: list[list[NDArray[np.float64]]], length: int, spacing: float
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Spread points along all strokes of all samples; ``(N, length, 2)`` and ``(N, length)``, -1 where padded."""
    strokes = [stroke for sample in samples for stroke in sample]  # S strokes of T points in all
    stroke_counts = np.array([len(sample) for sample in samples])  # (N,)
    sample_of = np.repeat(np.arange(len(samples)), stroke_counts)  # (S,)
    first_stroke = np.cumsum(stroke_counts) - stroke_counts  # (N,)
    sizes = np.array([len(stroke) for stroke in strokes])  # (S,)
    starts = np.cumsum(sizes) - sizes
    ink = np.concatenate(strokes)  # (T, 2)

    # In units of each sample's own box, the arc lengths of all samples fit on one axis without loss of precision.
    begin = starts[first_stroke]
    low, high = np.minimum.reduceat(ink, begin), np.maximum.reduceat(ink, begin)
    side = (high - low).max(axis=1)  # (N,)
    side[side == 0] = 1.0
    ink = (ink - np.repeat(low[sample_of], sizes, axis=0)) / np.repeat(side[sample_of], sizes)[:, None]
    steps = np.zeros(len(ink))
    steps[1:] = np.hypot(*np.diff(ink, axis=0).T)
    steps[starts] = 0.0
    arcs = np.add.reduceat(steps, starts)  # (S,)

    shares = arcs + PEN_DOWN if spacing == 0 else arcs  # (S,)
    step = np.maximum(spacing, np.add.reduceat(shares, first_stroke) / (length - stroke_counts))  # (N,)
    counts = 1 + np.floor(shares / step[sample_of] + 1e-9).astype(np.int64)  # (S,)
    if spacing == 0:
        # What rounding down left over goes to each sample's longest stroke, so that every row is full.
        missing = length - np.add.reduceat(counts, first_stroke)
        order = np.lexsort((-arcs, sample_of))
        counts[order[first_stroke]] += missing

    # Each stroke has its own stretch of the axis, a gap of 1 after it, so one interpolation serves them all.
    origin = np.concatenate([[0.0], np.cumsum(arcs + 1.0)[:-1]])  # (S,)
    axis = np.cumsum(steps) - np.repeat((np.cumsum(arcs) - arcs), sizes) + np.repeat(origin, sizes)  # (T,)
    within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    at = np.repeat(origin, counts) + within * np.repeat(arcs / np.maximum(counts - 1, 1), counts)
    spread = np.stack([np.interp(at, axis, ink[:, column]) for column in (0, 1)], axis=1)

    points = np.zeros((len(samples), length, 2))
    stroke_of = np.full((len(samples), length), -1, np.int64)
    filled = np.arange(length) < np.add.reduceat(counts, first_stroke)[:, None]
    points[filled] = spread
    stroke_of[filled] = np.repeat(np.arange(len(strokes)) - np.repeat(first_stroke, stroke_counts), counts)
    return points, stroke_of


def _smooth(points: NDArray[np.float64], stroke_of: NDArray[np.int64], half_width: int) -> NDArray[np.float64]:
    """Average each point with its neighbours as far as both sides reach within the stroke, ``half_width`` at most."""
    length = points.shape[1]
    total = points.copy()
    weight = np.ones(points.shape[:2])
    for offset in range(1, half_width + 1):
        before = np.maximum(np.arange(length) - offset, 0)
        after = np.minimum(np.arange(length) + offset, length - 1)
        inside = (np.arange(length) >= offset) & (np.arange(length) < length - offset)
        reaches = inside & (stroke_of[:, before] == stroke_of) & (stroke_of[:, after] == stroke_of)
        total += reaches[..., None] * (points[:, before] + points[:, after])
        weight += 2.0 * reaches
    return total / weight[..., None]
