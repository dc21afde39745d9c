"""From InkML wherever it lies to the ink table, on all cores, in memory that does not grow with the number of points.

The cores are those of this machine or of a Dask cluster; this process finds the files and writes the table.

Two passes: the first parses every file and keeps the rows in a temporary table; what decides about splits (writer,
source, digests of the ink) stays in memory, less than a kilobyte a file (docs/scaling.md). The second gives every row
its split.
"""

from __future__ import annotations

import gc
import tempfile
from collections import Counter
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pyarrow as pa

from inkmath.dataset.ink_table import (
    INK_COLUMNS,
    ROWS_PER_GROUP,
    add_splits,
    to_batch,
    write_inks,
    write_reasons,
)
from inkmath.dataset.progress import progress
from inkmath.dataset.sources import Document, Refusal, SourceError, count_files, find_documents
from inkmath.dataset.splits import Excluded, Role, Sample, assign_splits, ink_digest, ink_shapes, writer_of
from inkmath.dataset.workers import map_ordered
from inkmath.ink import TooManyStrokesError, check_size
from inkmath.inkml import InkMLError, parse_inkml
from inkmath.layout.latex import canonical_tokens
from inkmath.layout.tree import LayoutError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from inkmath.ink import Ink

CHUNK = 64
"""Files that a worker takes at a time: enough to hide the cost of handing over, few enough to keep all busy."""


@dataclass(frozen=True)
class Place:
    """Somewhere to take ink from.

    Attributes:
        path: directory, InkML file or archive.
        role: what it is for.
        source: name of the collection; None takes the name of each file's folder.
        optional: whether it may be absent or empty.
    """

    path: str
    role: Role
    source: str | None = None
    optional: bool = False


@dataclass(frozen=True)
class Summary:
    """What became of the files that were found: ``files == rows + rejected``, always.

    ``with_problems`` counts the rows of files whose truth could be used in part only, or not at all;
    ``without_writer``, by split, those whose writer nobody told, who may have written in another split too.
    """

    files: int
    rows: int
    rejected: int
    splits: dict[str, int]
    sources: dict[str, int]
    without_latex: int
    without_tree: int
    with_problems: int
    without_writer: dict[str, int]


class _Rejected(NamedTuple):
    """A file that is not used, what its place was given for, and why."""

    role: Role
    file: str
    reason: str


@dataclass(frozen=True)
class _Parsed:
    """What a worker made of a chunk of files; ``samples`` and ``problems`` belong to the rows of ``batch`` in order."""

    batch: pa.RecordBatch
    samples: list[Sample]
    problems: list[tuple[str, ...]]
    rejected: list[_Rejected]


def parse_places(
    places: Sequence[Place],
    ink_path: str | Path,
    rejected_path: str | Path,
    problems_path: str | Path,
    valid: float,
    seed: int,
    processes: int = 0,
    scheduler: str | None = None,
) -> Summary:
    """Write ``ink.parquet``, ``rejected.parquet`` and ``problems.parquet`` from everything found in ``places``.

    Args:
        places: where to look. The same files in the same places give the same tables, whoever works on them.
        ink_path: where the ink table goes.
        rejected_path: where the list of files that were not used goes.
        problems_path: where the list of what is wrong with the truth of the others goes.
        valid: share of the training ink that validates, in (0, 1).
        seed: of the choice of validation writers.
        processes: workers on this machine; 0 takes all cores, 1 works in this process.
        scheduler: address of a Dask scheduler whose workers parse instead; None has none.

    Raises:
        SourceError: a place that is not optional is missing, or no file of it can be used.
        SplitError: what was read cannot be split.
        WorkersError: a worker was killed, or the scheduler has none.
    """
    samples: list[Sample] = []
    problems: list[tuple[str, ...]] = []
    rejected: list[_Rejected] = []
    with tempfile.TemporaryDirectory(prefix="inkmath-") as scratch:
        rows = Path(scratch) / "rows.arrow"
        for parsed in _write_rows(rows, _parse_all(places, processes, scheduler)):
            samples += parsed.samples
            problems += parsed.problems
            rejected += parsed.rejected
        for place in places:
            if not place.optional and not any(sample.role is place.role for sample in samples):
                refused = [one for one in rejected if one.role is place.role]
                raise SourceError(
                    f"{place.path}: none of its {len(refused)} files can be used; "
                    f"the first: {refused[0].file}: {refused[0].reason}"
                )
        assigned = assign_splits(samples, valid, seed)
        for sample, split in zip(samples, assigned, strict=True):
            if isinstance(split, Excluded):
                rejected.append(_Rejected(sample.role, sample.file, split.reason))
        splits = [None if isinstance(split, Excluded) else split for split in assigned]
        counts: Counter[str] = Counter()

        def groups() -> Iterator[pa.RecordBatch]:
            position = 0
            for batch in _read_rows(rows):
                whole = add_splits(batch, splits[position : position + len(batch)])
                position += len(batch)
                counts["latex"] += whole["latex"].null_count
                counts["tree"] += whole["relations"].null_count
                yield whole

        write_inks(ink_path, groups())
        write_reasons(rejected_path, [(one.file, one.reason) for one in rejected])
        faulty = [
            (sample.file, found)
            for sample, split, found in zip(samples, splits, problems, strict=True)
            if found and split is not None
        ]
        write_reasons(problems_path, [(file, problem) for file, found in faulty for problem in found])
    kept = [(sample, split) for sample, split in zip(samples, splits, strict=True) if split is not None]
    return Summary(
        files=len(kept) + len(rejected),
        rows=len(kept),
        rejected=len(rejected),
        splits=_count(str(split) for _, split in kept),
        sources=_count(sample.source for sample, _ in kept),
        without_latex=counts["latex"],
        without_tree=counts["tree"],
        with_problems=len(faulty),
        without_writer=_count(str(split) for sample, split in kept if sample.writer is None),
    )


def _count(values: Iterable[str]) -> dict[str, int]:
    return dict(Counter(values).most_common())


def _write_rows(path: Path, chunks: Iterator[_Parsed]) -> Iterator[_Parsed]:
    """Store the rows of each chunk on disk, and hand each chunk on."""
    fields = [field for field in INK_COLUMNS if field.name != "split"]
    # Arrow's own format: parquet takes ten times as long to write, and nobody else reads this.
    options = pa.ipc.IpcWriteOptions(compression="lz4")
    with pa.ipc.new_stream(path, pa.schema(fields), options=options) as writer:
        for parsed in chunks:
            writer.write_batch(parsed.batch)
            yield parsed


def _read_rows(path: Path) -> Iterator[pa.RecordBatch]:
    """The stored rows, in larger batches."""
    # Given the path, Arrow would map the file, and all of it would count as memory of this process.
    with pa.OSFile(str(path)) as file, pa.ipc.open_stream(file) as reader:
        while batches := list(islice(reader, ROWS_PER_GROUP // CHUNK)):
            yield pa.concat_batches(batches)


def _parse_all(places: Sequence[Place], processes: int, scheduler: str | None) -> Iterator[_Parsed]:
    """Parse chunk after chunk, in the order of finding."""
    counts = [count_files(place.path) for place in places]
    total = None if None in counts else sum(count for count in counts if count is not None)
    chunks = _chunks(places, carried=scheduler is not None)
    with progress("parse", total) as advance:
        for parsed in map_ordered(_parse_chunk, chunks, processes, scheduler):
            yield parsed
            advance(len(parsed.samples) + len(parsed.rejected))


def _chunks(places: Sequence[Place], *, carried: bool) -> Iterator[list[tuple[Place, Document | Refusal]]]:
    found = ((place, item) for place in places for item in find_documents(place.path, required=not place.optional))
    if carried:
        found = ((place, _carried(item)) for place, item in found)
    while chunk := list(islice(found, CHUNK)):
        yield chunk


def _carried(item: Document | Refusal) -> Document | Refusal:
    """A document that carries its bytes, for those who may not see this disk."""
    if isinstance(item, Refusal):
        return item
    try:
        return replace(item, content=item.read())
    except SourceError as error:
        return Refusal(item.file, str(error))


def _parse_chunk(chunk: list[tuple[Place, Document | Refusal]]) -> _Parsed:
    # Nothing here refers to itself, so the collector of such garbage would only cost time, a tenth of it.
    collecting = gc.isenabled()
    gc.disable()
    try:
        return _parse_files(chunk)
    finally:
        if collecting:
            gc.enable()


def _parse_files(chunk: list[tuple[Place, Document | Refusal]]) -> _Parsed:
    inks: list[Ink] = []
    latex: list[str | None] = []
    samples: list[Sample] = []
    problems: list[tuple[str, ...]] = []
    rejected: list[_Rejected] = []
    for place, item in chunk:
        if isinstance(item, Refusal):
            rejected.append(_Rejected(place.role, item.file, item.reason))
            continue
        try:
            ink = parse_inkml(item.read())
            check_size(ink)
        except (SourceError, InkMLError, TooManyStrokesError) as error:
            rejected.append(_Rejected(place.role, item.file, str(error)))
            continue
        ink = replace(
            ink,
            id=f"{place.role}/{item.name}",
            source=place.source or item.source,
            writer=writer_of(ink.writer, item.name),
        )
        inks.append(ink)
        latex.append(_canonical_latex(ink))
        problems.append(ink.problems)
        samples.append(Sample(item.file, place.role, ink.source or "", ink.writer, ink_digest(ink), ink_shapes(ink)))
    return _Parsed(to_batch(inks, latex), samples, problems, rejected)


def _canonical_latex(ink: Ink) -> str | None:
    """The truth in canonical tokens: the tree's where there is one, else the annotation's where it can be read."""
    truth = ink.tree if ink.tree is not None else ink.latex
    if truth is None:
        return None
    try:
        return " ".join(canonical_tokens(truth)) or None
    except LayoutError:
        return None
