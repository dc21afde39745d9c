"""From ink tables to the arrays of formulas: in pieces, so that no table is too large, on any workers."""

from __future__ import annotations

from collections import Counter
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING

from inkmath.dataset.arrays import write_chunks
from inkmath.dataset.ink_table import read_batches, to_inks
from inkmath.dataset.workers import map_ordered
from inkmath.features.expression import FormulaSet

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import pyarrow as pa

    from inkmath.dataset.arrays import Array


def normalize_formulas(
    tables: Sequence[str | Path], path: str | Path, points: int, processes: int = 0, scheduler: str | None = None
) -> dict[str, int]:
    """Write every formula of some ink tables, in their order, as `FormulaSet.load` takes them.

    Args:
        tables: ``ink.parquet`` and its like, one after the other.
        path: the npz file to write; its bytes do not depend on the workers.
        points: of a stroke, to which it is resampled.
        processes: as for `map_ordered`.
        scheduler: as for `map_ordered`.

    Returns:
        How many formulas each split has.

    Raises:
        InkTableError: a table is missing or damaged.
        WorkersError: the work broke off.
    """
    counts: Counter[str] = Counter()

    def chunks() -> Iterator[dict[str, Array]]:
        ends = dict.fromkeys(("stroke_offsets", "symbol_offsets", "edge_offsets"), 0)
        rows = chain.from_iterable(map(read_batches, tables))
        for chunk in map_ordered(partial(_formulas, points), rows, processes, scheduler):
            for name, end in ends.items():
                # Each chunk counts from 0; the 0 of the first begins the whole.
                moved = chunk[name] + end
                chunk[name] = moved[1:] if counts else moved
                ends[name] = int(moved[-1])
            counts.update(chunk["splits"].tolist())
            yield chunk

    write_chunks(path, chunks())
    return dict(counts)


def _formulas(points: int, batch: pa.RecordBatch) -> dict[str, Array]:
    return FormulaSet.from_inks(to_inks(batch), batch["split"].to_pylist(), points).arrays()
