"""The ink table: one row per expression, in parquet, checked where it is written.

``ink.parquet`` is a folder of parts, ``part-00000.parquet`` and so on, each of at most 32,768 rows in groups of 2,048;
together and in the order of their names they are the table. Readers take it group after group, so that no table is too
large for them; they also read a table that is a single file.

Columns of ``ink.parquet``:

- ``id``: unique name, ``ROLE/PATH`` without suffix (``train/HAMEX/formulaire001-equation001``);
- ``split``: ``train``, ``valid`` or ``test``;
- ``source``: the collection (``HAMEX``); ``writer``: a name, or null where unknown;
- ``latex``: canonical tokens, space separated; null without truth;
- ``strokes``: list of strokes, a stroke a list of ``[x, y]`` float32;
- ``symbols``: list of ``{label, strokes}``, strokes being indices; null without truth;
- ``relations``: list of ``{parent, child, relation}``, indices into ``symbols``; null without a layout tree. ``n``
  relations make a tree of the first ``n + 1`` symbols; further symbols are labelled groups that stand outside it.

``redrawn.parquet`` is another such table, of training formulas as they come back from their pictures.

``rejected.parquet`` has a row per file that was not used: ``file`` and ``reason``. ``problems.parquet`` has the same
columns and a row for each thing that is wrong with the truth of a file that was used, ``not_redrawn.parquet`` a row for
each formula that did not come back.
"""

from __future__ import annotations

from itertools import chain, count, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from inkmath.dataset.atomic import replacing, replacing_folder
from inkmath.dataset.splits import Split, telling
from inkmath.ink import Ink
from inkmath.layout.tree import Edge, LayoutTree, Relation, Symbol

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

ROWS_PER_GROUP = 2048
GROUPS_PER_PART = 16
ROWS_PER_BATCH = 1024  # that readers take at a time

POINT = pa.list_(pa.float32(), 2)
STROKES = pa.list_(pa.list_(POINT))
SYMBOLS = pa.list_(pa.struct([("label", pa.string()), ("strokes", pa.list_(pa.int32()))]))
RELATIONS = pa.list_(pa.struct([("parent", pa.int32()), ("child", pa.int32()), ("relation", pa.string())]))

INK_COLUMNS = pa.schema(
    [
        pa.field("id", pa.string(), nullable=False),
        pa.field("split", pa.string(), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("writer", pa.string()),
        pa.field("latex", pa.string()),
        pa.field("strokes", STROKES, nullable=False),
        pa.field("symbols", SYMBOLS),
        pa.field("relations", RELATIONS),
    ]
)
REASON_COLUMNS = pa.schema(
    [pa.field("file", pa.string(), nullable=False), pa.field("reason", pa.string(), nullable=False)]
)


class InkTableError(ValueError):
    """An ink table is missing, damaged or not as promised; the message names the file and what to do."""


def to_batch(inks: Sequence[Ink], latex: Sequence[str | None]) -> pa.RecordBatch:
    """Rows of the ink table without their split, one per ink, with canonical ``latex`` beside each."""
    symbols = [_symbols(ink) for ink in inks]
    trees = [ink.tree for ink in inks]
    columns = {
        "id": pa.array([ink.id for ink in inks], pa.string()),
        "source": pa.array([ink.source for ink in inks], pa.string()),
        "writer": pa.array([ink.writer for ink in inks], pa.string()),
        "latex": pa.array(latex, pa.string()),
        "strokes": _strokes_column(inks),
        "symbols": pa.array(
            [[{"label": symbol.label, "strokes": symbol.strokes} for symbol in row] or None for row in symbols],
            SYMBOLS,
        ),
        "relations": pa.array(
            [
                tree and [{"parent": e.parent, "child": e.child, "relation": str(e.relation)} for e in tree.edges]
                for tree in trees
            ],
            RELATIONS,
        ),
    }
    fields = [INK_COLUMNS.field(name) for name in columns]
    return pa.RecordBatch.from_arrays(list(columns.values()), schema=pa.schema(fields))


def _symbols(ink: Ink) -> list[Symbol]:
    """The symbols of the tree, then the labelled groups that stand outside it."""
    return [*(ink.tree.symbols if ink.tree is not None else ()), *ink.outside]


def _strokes_column(inks: Sequence[Ink]) -> pa.ListArray:
    strokes = [stroke for ink in inks for stroke in ink.strokes]
    points = np.concatenate(strokes) if strokes else np.zeros((0, 2), np.float32)  # (points of all strokes, 2)
    ends_of_strokes = _offsets([len(stroke) for stroke in strokes])
    ends_of_inks = _offsets([len(ink.strokes) for ink in inks])
    pairs = pa.FixedSizeListArray.from_arrays(pa.array(points.reshape(-1)), type=POINT)
    return pa.ListArray.from_arrays(ends_of_inks, pa.ListArray.from_arrays(ends_of_strokes, pairs))


def _offsets(lengths: Sequence[int]) -> pa.Array:
    return pa.array(np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32), pa.int32())


def add_splits(batch: pa.RecordBatch, splits: Sequence[Split | None]) -> pa.RecordBatch:
    """Rows of the ink table, whole: those whose split is None are left out.

    Raises:
        InkTableError: the rows are not as promised.
    """
    column = pa.array([None if split is None else str(split) for split in splits], pa.string())
    whole = batch.add_column(1, INK_COLUMNS.field("split"), column).filter(pc.is_valid(column))
    flat = {name: whole[name] for name in ("id", "split", "source", "writer", "latex")}
    flat["strokes"] = pc.list_value_length(whole["strokes"]).cast(pa.int64())
    flat["symbols"] = pc.list_value_length(whole["symbols"]).cast(pa.float64())
    _check("INK", flat)
    return whole.cast(INK_COLUMNS)


def write_inks(path: str | Path, groups: Iterable[pa.RecordBatch]) -> None:
    """Write ``ink.parquet`` from whole rows, a batch being a group of rows in it.

    Coordinates are stored byte by byte of the float, which packs tighter and faster.
    """
    coordinates = "strokes.list.element.list.element.list.element"
    names = ["id", "split", "source", "writer", "latex"]
    names += ["symbols.list.element.label", "relations.list.element.relation"]
    groups = iter(groups)
    with replacing_folder(path) as folder:
        for number in count():
            first = list(islice(groups, 1))
            if number and not first:
                return
            with pq.ParquetWriter(
                folder / f"part-{number:05}.parquet",
                INK_COLUMNS,
                compression="zstd",
                use_dictionary=names,
                use_byte_stream_split=[coordinates],
            ) as writer:
                for group in chain(first, islice(groups, GROUPS_PER_PART - 1)):
                    writer.write_batch(group)


def write_reasons(path: str | Path, reasons: Iterable[tuple[str, str]]) -> None:
    """Write ``rejected.parquet`` and its like from pairs of file and reason."""
    rows = list(reasons)
    table = pa.Table.from_arrays(
        [pa.array([row[column] for row in rows], pa.string()) for column in (0, 1)], schema=REASON_COLUMNS
    )
    _check("REASONS", {name: table[name] for name in table.column_names})
    with replacing(path) as temporary:
        pq.write_table(table, temporary, compression="zstd")


def _check(schema: Literal["INK", "REASONS"], columns: dict[str, Any]) -> None:
    # Imported here since pandera and pandas take seconds, which neither parse workers nor readers should pay.
    from pandera.errors import SchemaError

    from inkmath.dataset import schemas

    try:
        getattr(schemas, schema).validate(pa.table(columns).to_pandas())
    except SchemaError as error:
        raise InkTableError(f"a row breaks the schema of the table: {error}") from error


def read_inks(path: str | Path, split: Split | str | None = None) -> Iterator[Ink]:
    """The inks of a table, in its order; of one split, or of all. ``Ink.latex`` is the canonical tokens.

    Raises:
        InkTableError: the table is missing or damaged, or is no ink table.
    """
    for batch in read_batches(path, split):
        yield from to_inks(batch)


def read_training_texts(path: str | Path) -> set[str]:
    """The canonical LaTeX of the training formulas, of those whose text counts (see :func:`~.splits.telling`).

    Raises:
        InkTableError: as for :func:`read_inks`.
    """
    texts: set[str] = set()
    for batch in read_batches(path, Split.TRAIN, columns=["id", "latex"]):
        counted = telling(np.array(batch["id"].to_pylist(), np.str_))
        texts |= {text for text, counts in zip(batch["latex"].to_pylist(), counted, strict=True) if text and counts}
    return texts


def read_batches(
    path: str | Path, split: Split | str | None = None, columns: list[str] | None = None
) -> Iterator[pa.RecordBatch]:
    """The rows of a table in its order, a thousand or fewer at a time; which of them together lies in the table alone.

    Raises:
        InkTableError: as for :func:`read_inks`.
    """
    path = Path(path)
    wanted = None if split is None else pc.field("split") == str(Split(split))
    try:
        parts = sorted(path.glob("*.parquet")) if path.is_dir() else [path]
        if not parts:
            raise InkTableError(f"{path}: has no parts; run the stage that writes it again")
        table = ds.dataset([str(part) for part in parts], format="parquet")
        if table.schema.names != INK_COLUMNS.names:
            raise InkTableError(f"{path}: has columns {table.schema.names}, an ink table has {INK_COLUMNS.names}")
        batches = table.to_batches(
            columns, wanted, ROWS_PER_BATCH, batch_readahead=2, fragment_readahead=1, use_threads=False
        )
        yield from filter(len, batches)
    except FileNotFoundError:
        raise InkTableError(f"{path}: no such file; run the stage that writes it (dvc repro)") from None
    except (pa.ArrowInvalid, OSError) as error:
        raise InkTableError(f"{path}: is not parquet ({error}); run the stage that writes it again") from error


def to_inks(batch: pa.RecordBatch) -> Iterator[Ink]:
    """The inks of whole rows, as :func:`read_batches` gives them."""
    strokes = batch["strokes"]
    flat = strokes.flatten()
    points = flat.flatten().flatten().to_numpy().reshape(-1, 2)  # (points of all strokes, 2)
    in_stroke = _starts(flat)
    in_ink = _starts(strokes)
    rows = batch.drop_columns(["strokes"]).to_pylist()
    for row, first, last in zip(rows, in_ink[:-1], in_ink[1:], strict=True):
        symbols = tuple(Symbol(symbol["label"], tuple(symbol["strokes"])) for symbol in row["symbols"] or ())
        tree = None
        if row["relations"] is not None:
            edges = [Edge(e["parent"], e["child"], Relation(e["relation"])) for e in row["relations"]]
            tree = LayoutTree(symbols[: len(edges) + 1], tuple(edges))
        yield Ink(
            strokes=tuple(points[in_stroke[i] : in_stroke[i + 1]].copy() for i in range(first, last)),
            id=row["id"],
            source=row["source"],
            writer=row["writer"],
            latex=row["latex"],
            tree=tree,
            groups=tuple(symbol for symbol in symbols if symbol.strokes),
        )


def _starts(lists: pa.ListArray) -> NDArray[np.int64]:
    """Where each list begins in the flattened values, and where the last ends."""
    lengths = lists.value_lengths().to_numpy(zero_copy_only=False)
    return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
