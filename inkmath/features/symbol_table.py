"""From ink tables to the arrays of isolated symbols: in pieces, so that no table is too large, on any workers."""

from __future__ import annotations

from collections import Counter
from functools import partial
from itertools import chain, islice
from typing import TYPE_CHECKING

from inkmath.dataset.arrays import write_chunks
from inkmath.dataset.ink_table import read_batches, to_inks
from inkmath.dataset.splits import Split
from inkmath.dataset.workers import map_ordered
from inkmath.features.symbol_set import SymbolSet

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    import pyarrow as pa

    from inkmath.dataset.arrays import Array
    from inkmath.ink import Ink
    from inkmath.params import Normalize


INKS = 512
"""Further inks that are turned into arrays at once."""


def normalize_symbols(
    tables: Sequence[str | Path],
    path: str | Path,
    settings: Normalize,
    processes: int = 0,
    scheduler: str | None = None,
    more: Iterable[Ink] = (),
) -> dict[str, int]:
    """Write every labelled symbol of some ink tables, those outside a layout tree too, as `SymbolSet.load` reads them.

    Splits follow each other in the order of `Split`; within each the order is that of the tables.

    Args:
        tables: ``ink.parquet`` and its like, one after the other.
        path: the npz file to write; its bytes do not depend on the workers.
        settings: how symbols are resampled.
        processes: as for `map_ordered`.
        scheduler: as for `map_ordered`.
        more: further ink to train on, which follows all else.

    Returns:
        How many symbols each split has.

    Raises:
        InkTableError: a table is missing or damaged.
        WorkersError: the work broke off.
    """
    rows = (batch for split in Split for table in tables for batch in read_batches(table, split))
    counts: Counter[str] = Counter()

    def chunks() -> Iterator[dict[str, Array]]:
        yield SymbolSet.from_inks([], settings).arrays()  # shapes and types, should there be no symbol at all
        for chunk in chain(
            map_ordered(partial(_symbols, settings), rows, processes, scheduler), _further(more, settings)
        ):
            counts.update(chunk["splits"].tolist())
            yield chunk

    write_chunks(path, chunks())
    return dict(counts)


def _symbols(settings: Normalize, batch: pa.RecordBatch) -> dict[str, Array]:
    return SymbolSet.from_inks(zip(to_inks(batch), batch["split"].to_pylist(), strict=True), settings).arrays()


def _further(inks: Iterable[Ink], settings: Normalize) -> Iterator[dict[str, Array]]:
    given = iter(inks)
    while some := list(islice(given, INKS)):
        yield SymbolSet.from_inks(((ink, str(Split.TRAIN)) for ink in some), settings).arrays()
