"""From the ink table to the table of the same ink as it comes back from pictures, on any workers."""

from __future__ import annotations

import zlib
from collections import Counter
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from inkmath.dataset.ink_table import add_splits, read_batches, to_batch, to_inks, write_inks, write_reasons
from inkmath.dataset.splits import Role, Split
from inkmath.dataset.workers import map_ordered
from inkmath.images.redrawing import RedrawError, redrawn

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pyarrow as pa

ROWS = 32
"""Rows that a worker takes at a time: a formula takes it a quarter of a second or so."""

Redrawn = tuple["pa.RecordBatch", list[tuple[str, str]]]


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
        ImportError: there is no `scikit-image` or no `Pillow`.
    """
    counts: Counter[str] = Counter()
    reasons: list[tuple[str, str]] = []

    def groups() -> Iterator[pa.RecordBatch]:
        for batch, unlike in map_ordered(partial(_redraw, share, seed), _pieces(table, share), processes, scheduler):
            counts["redrawn"] += len(batch)
            reasons.extend(unlike)
            if len(batch):
                yield add_splits(batch, [Split.TRAIN] * len(batch))

    write_inks(path, groups())
    write_reasons(left_out, reasons)
    return Summary(counts["redrawn"] + len(reasons), counts["redrawn"], len(reasons))


def _pieces(table: str | Path, share: float) -> Iterator[pa.RecordBatch]:
    for batch in read_batches(table, Split.TRAIN) if share else ():
        yield from (batch.slice(start, ROWS) for start in range(0, len(batch), ROWS))


def _redraw(share: float, seed: int, batch: pa.RecordBatch) -> Redrawn:
    inks, reasons = [], []
    for ink in to_inks(batch):
        rng = np.random.default_rng([seed, zlib.crc32(ink.id.encode())])
        if rng.random() >= share:
            continue
        try:
            new = redrawn(ink, rng)
        except RedrawError as error:
            reasons.append((ink.id, str(error)))
            continue
        name = f"{Role.SHAPES}/{ink.id}+picture"
        inks.append(replace(new, id=name, writer=ink.writer and f"{ink.writer}, in pictures"))
    return to_batch(inks, [ink.latex for ink in inks]), reasons
