"""A whole data set read: every ink with its readings, and the best of them as label graphs."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING

from inkmath.dataset.atomic import replacing
from inkmath.dataset.progress import progress
from inkmath.evaluation.expressions import TOP
from inkmath.layout.lg import can_name, to_lg

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from inkmath.decoding.reading import ExpressionReader, Reading
    from inkmath.evaluation.expressions import Outcome
    from inkmath.ink import Ink

BATCH = 64


def read_all(
    reader: ExpressionReader, inks: Sequence[Ink], label: str = "Reading"
) -> Iterator[tuple[Ink, list[Reading]]]:
    """Every ink with its ``TOP`` best readings, in order; shows progress under ``label``."""
    with progress(label, len(inks), unit="formulas") as advance:
        for start in range(0, len(inks), BATCH):
            batch = inks[start : start + BATCH]
            yield from zip(batch, reader.read(batch, alternatives=TOP), strict=True)
            advance(len(batch))


def write_lg(outcomes: Iterable[Outcome], directory: str | Path) -> None:
    """Write the best reading of each formula to ``directory/ID.lg``, as the competition's own tools score them.

    Strokes have the names that the InkML gave them; those of ink without names, or with one that a label graph cannot
    hold, are numbered from 0.
    """
    for outcome in outcomes:
        ink = outcome.ink
        with replacing(Path(directory) / f"{ink.id}.lg") as temporary:
            names = ink.trace_ids if all(map(can_name, ink.trace_ids)) else ()
            temporary.write_text(to_lg(outcome.reading.tree, names, title=ink.title), encoding="utf-8")


def remove_lg(report: Path) -> None:
    """Take away the label graphs of a report that is to be written over: those who score them score a whole folder."""
    try:
        with (report / "formulas.csv").open(newline="", encoding="utf-8", errors="replace") as stream:
            names = {row["id"] for row in csv.DictReader(stream)}
    except (FileNotFoundError, KeyError, csv.Error):
        return
    graphs = report / "lg"
    for graph in list(graphs.rglob("*.lg")):  # looked for here only: the table may be another's, with any path in it
        if str(graph.relative_to(graphs).with_suffix("")) in names:
            graph.unlink()
