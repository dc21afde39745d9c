"""Batches of formulas: composed on the fly, the same for the same seed, prepared ahead of the step."""

from __future__ import annotations

import math
import queue
import threading
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from inkmath.features.digitiser import coarsen
from inkmath.features.expression import IGNORE
from inkmath.synthesis.augment import bend

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from inkmath.synthesis.compose import Composer, Composition
    from inkmath.training.recipe import Recipe

LENGTHS = (2, 4, 6, 8, 10, 12, 14, 16, 20, 24, 28, 32, 40, 48, 56, 72)
"""Batches are padded to one of these numbers of strokes: new shapes cost their set-up, padded strokes their time."""

PAIRS_PER_STROKE = 32
"""A batch of long formulas is cut smaller so that its pairs do not outgrow memory and time."""


class Batch(NamedTuple):
    """Formulas to learn from, padded; `IGNORE` where nothing is asked.

    Attributes:
        points: ``(B, S, P, 2)`` as a digitiser gives them. mask: ``(B, S)`` 1 for a stroke. classes: ``(B, S)``.
        pairs: ``(B, S, S)``. written: ``(B, S, P, 2)`` as the pen drew them, finer than some digitisers tell: what
        teachers are shown.
    """

    points: NDArray[np.float32]
    mask: NDArray[np.float32]
    classes: NDArray[np.int32]
    pairs: NDArray[np.int32]
    written: NDArray[np.float32]


def batches(composer: Composer, recipe: Recipe, epoch: int, branch: int = 0) -> Iterator[tuple[float, Batch]]:
    """The batches of an epoch, each with the share of the epoch before it: the same for recipe, epoch and branch."""
    rng = np.random.default_rng([recipe.seed, epoch, branch])
    count = len(composer.formulas)
    waiting: dict[int, list[Composition]] = {length: [] for length in LENGTHS}
    for done, sample in enumerate(rng.permutation(2 * count).tolist()):
        one = composer.draw(sample % count, sample < count, rng)
        length = next((length for length in LENGTHS if length >= len(one.points)), None)
        if length is None:
            continue  # written or joined to more than a batch is worth; its parts are drawn all the same
        waiting[length].append(one)
        if len(waiting[length]) == batch_size(length, recipe.batch_strokes):
            yield done / (2 * count), collate(waiting[length], length, recipe, rng)
            waiting[length] = []
    for length, group in waiting.items():
        if group:
            yield 1.0, collate(group, length, recipe, rng)


def batch_size(length: int, batch_strokes: int) -> int:
    """Formulas of ``length`` strokes in a batch: one size a length, since each new shape costs its set-up."""
    return max(1, batch_strokes // (length * max(1, math.ceil(length / PAIRS_PER_STROKE))))


def collate(group: Sequence[Composition], longest: int, recipe: Recipe, rng: np.random.Generator) -> Batch:
    """Formulas as one bent batch, padded to ``longest`` strokes and to the number of formulas usual at that length.

    The share ``recipe.mix.coarse`` of them comes as coarse digitisers tell it, one for each.
    """
    size = batch_size(longest, recipe.batch_strokes)
    points = np.zeros((size, longest, *group[0].points.shape[1:]), np.float32)
    mask = np.zeros((size, longest), np.float32)
    classes = np.full((size, longest), IGNORE, np.int32)
    symbol_of = np.full((size, longest), longest - 1, np.int32)
    pairs = np.full((size, longest, longest), IGNORE, np.int32)
    for row, one in enumerate(group):
        strokes = len(one.points)
        points[row, :strokes], mask[row, :strokes] = one.points, 1.0
        classes[row, :strokes], symbol_of[row, :strokes] = one.classes, one.symbol_of
        pairs[row, :strokes, :strokes] = one.pairs
    written = bend(points, symbol_of, recipe.bend, rng) * mask[:, :, None, None]
    points = written.copy()
    for row in np.flatnonzero(rng.random(len(group)) < recipe.mix.coarse).tolist():
        strokes = len(group[row].points)
        points[row, :strokes] = coarsen(written[row, :strokes], rng)
    return Batch(points, mask, classes, pairs, written)


def ahead(items: Iterator[Any], depth: int = 4) -> Iterator[Any]:
    """The same items, prepared by a thread while the one before is in use."""
    done = object()
    ready: queue.Queue[Any] = queue.Queue(depth)
    stop = threading.Event()

    def put(item: Any) -> bool:
        while not stop.is_set():
            try:
                ready.put(item, timeout=0.5)
            except queue.Full:
                continue
            return True
        return False

    def prepare() -> None:
        try:
            for item in items:
                if not put(item):
                    return
        except Exception as error:  # handed on to the consumer, which raises it  # noqa: BLE001
            put(error)
        put(done)

    threading.Thread(target=prepare, daemon=True).start()
    try:
        while (item := ready.get()) is not done:
            if isinstance(item, Exception):
                raise item
            yield item
    finally:
        stop.set()
