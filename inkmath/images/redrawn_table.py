"""From the ink table to the table of the same ink as it comes back from pictures, on any workers."""

from __future__ import annotations

import zlib
from collections import Counter
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from inkmath.dataset.ink_table import (
    ROWS_PER_GROUP,
    add_splits,
    read_batches,
    to_batch,
    to_inks,
    write_inks,
    write_reasons,
)
from inkmath.dataset.progress import progress
from inkmath.dataset.splits import Role, Split
from inkmath.dataset.workers import map_ordered
from inkmath.images.redrawing import RedrawError, redrawn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

ROWS = 32
"""Rows that a worker takes at a time: a formula takes it a quarter of a second or so."""

Redrawn = tuple[pa.RecordBatch, list[tuple[str, str]]]


@dataclass(frozen=True)
class Summary:
    """What became of the formulas that were to be redrawn: ``chosen == redrawn + left_out``, always."""

    chosen: int
    redrawn: int
    left_out: int


def redraw_table(
    table: str | Path,
    path: str | Path,
    left_out: str | Path,
    *,
    share: float,
    seed: int,
    processes: int = 0,
    scheduler: str | None = None,
) -> Summary:
    """Write some formulas of the training split as they come back from their pictures.

    Their ids are ``shapes/ID+picture`` (what they say is said by the formula itself already, see `Role.SHAPES`), and
    their writers are others: no pen has written like that.

    Args:
        table: ``ink.parquet``. Formulas of validation and test stay what they are: nothing is made of them.
        path: the ink table to write; its bytes do not depend on the workers.
        left_out: where to list the chosen formulas that were not redrawn, and why.
        share: of the training formulas, chosen at random.
        seed: the same arguments make the same table.
        processes: as for `map_ordered`.
        scheduler: as for `map_ordered`.

    Raises:
        InkTableError: the table is missing or damaged.
        WorkersError: the work broke off.
        ImportError: a package that draws or reads pictures is missing; the extra ``train`` has them all.
    """
    counts: Counter[str] = Counter()
    reasons: list[tuple[str, str]] = []

    total = sum(len(_chosen(batch, share, seed)) for batch in read_batches(table, Split.TRAIN, ["id"]))

    def groups(advance: Callable[[int], None]) -> Iterator[pa.RecordBatch]:
        held: list[pa.RecordBatch] = []
        for batch, unlike in map_ordered(partial(_redraw, seed), _pieces(table, share, seed), processes, scheduler):
            counts["redrawn"] += len(batch)
            reasons.extend(unlike)
            advance(len(batch) + len(unlike))
            held.append(batch)
            if sum(map(len, held)) >= ROWS_PER_GROUP:
                yield _whole(held)
                held = []
        if any(map(len, held)):
            yield _whole(held)

    with progress("redraw", total) as advance:
        write_inks(path, groups(advance))
    write_reasons(left_out, reasons)
    return Summary(counts["redrawn"] + len(reasons), counts["redrawn"], len(reasons))


def _whole(batches: list[pa.RecordBatch]) -> pa.RecordBatch:
    (batch,) = pa.Table.from_batches(batches).combine_chunks().to_batches()
    return add_splits(batch, [Split.TRAIN] * len(batch))


def _pieces(table: str | Path, share: float, seed: int) -> Iterator[pa.RecordBatch]:
    """The chosen rows, a few at a time; copied, since a slice travels to a worker with all that it is a slice of."""
    for batch in read_batches(table, Split.TRAIN):
        rows = _chosen(batch, share, seed)
        yield from (batch.take(pa.array(rows[start : start + ROWS])) for start in range(0, len(rows), ROWS))


def _chosen(batch: pa.RecordBatch, share: float, seed: int) -> NDArray[np.int64]:
    drawn = np.array([_generator(seed, name).random() for name in batch["id"].to_pylist()])
    return np.flatnonzero(drawn < share)


def _generator(seed: int, name: str) -> np.random.Generator:
    return np.random.default_rng([seed, zlib.crc32(name.encode())])


def _redraw(seed: int, batch: pa.RecordBatch) -> Redrawn:
    inks, reasons = [], []
    for ink in to_inks(batch):
        rng = _generator(seed, ink.id)
        rng.random()  # this draw has chosen it
        try:
            new = redrawn(ink, rng)
        except RedrawError as error:
            reasons.append((ink.id, str(error)))
            continue
        name = f"{Role.SHAPES}/{ink.id}+picture"
        inks.append(replace(new, id=name, writer=ink.writer and f"{ink.writer}, in pictures"))
    return to_batch(inks, [ink.latex for ink in inks]), reasons
