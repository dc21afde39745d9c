"""Stage parse: InkML from wherever it lies -> data/interim/ink.parquet, rejected.parquet and problems.parquet."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path

from inkmath.dataset.ink_table import InkTableError
from inkmath.dataset.parsing import Place, Summary, parse_places
from inkmath.dataset.results import write_json, write_table
from inkmath.dataset.sources import SourceError
from inkmath.dataset.splits import Role, SplitError
from inkmath.dataset.workers import WorkersError
from inkmath.params import Params, ParamsError, load_params

INK = Path("data/interim/ink.parquet")
REJECTED = Path("data/interim/rejected.parquet")
PROBLEMS = Path("data/interim/problems.parquet")
METRICS = Path("results/parse/metrics.json")
SOURCES = Path("results/parse/sources.csv")


def main(params: Params) -> Summary:
    """Read every place named in ``data``; returns what became of the files."""
    collection = "synthetic" if params.data.source == "synthetic" else None
    summary = parse_places(
        [
            Place(params.data.train, Role.TRAIN, collection),
            Place(params.data.test, Role.TEST, collection),
            Place(params.data.user, Role.USER, "user", optional=True),
            Place(params.data.shapes, Role.SHAPES, "shapes", optional=True),
        ],
        INK,
        REJECTED,
        PROBLEMS,
        valid=params.parse.valid,
        seed=params.base.seed,
        processes=params.compute.processes,
        scheduler=params.compute.scheduler,
    )
    figures = asdict(summary)
    write_table(SOURCES, ("source", "formulas"), figures.pop("sources").items())
    write_json(METRICS, figures)
    return summary


if __name__ == "__main__":
    try:
        done = main(load_params())
    except (ParamsError, SourceError, SplitError, WorkersError, InkTableError, OSError) as error:
        sys.exit(f"parse: {error}")
    print(
        f"{done.files} files: {done.rows} rows in {INK} {done.splits}, {done.rejected} listed in {REJECTED}; "
        f"{done.with_problems} rows without some of their truth, as {PROBLEMS} says"
    )
    if done.without_writer:
        print(f"rows of unknown writers, who may stand in several splits: {done.without_writer}")
