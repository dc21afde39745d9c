"""Stage redraw: data/interim/ink.parquet -> redrawn.parquet, training ink as it comes back from its picture."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path

from inkmath.dataset.ink_table import InkTableError
from inkmath.dataset.results import write_json
from inkmath.dataset.workers import WorkersError
from inkmath.images.redrawn_table import Summary, redraw_table
from inkmath.params import Params, ParamsError, load_params

INK = Path("data/interim/ink.parquet")
REDRAWN = Path("data/interim/redrawn.parquet")
LEFT_OUT = Path("data/interim/not_redrawn.parquet")
METRICS = Path("results/redraw/metrics.json")


def main(params: Params) -> Summary:
    """Draw a share of the training formulas and read them back; returns what became of them."""
    summary = redraw_table(
        INK,
        REDRAWN,
        LEFT_OUT,
        share=params.redraw.share,
        seed=params.base.seed,
        processes=params.compute.processes,
        scheduler=params.compute.scheduler,
    )
    write_json(METRICS, asdict(summary))
    return summary


if __name__ == "__main__":
    try:
        done = main(load_params())
    except ImportError as missing:
        sys.exit(f"redraw: pictures need {missing.name}; pip install 'inkmath[train]', or set redraw.share to 0")
    except (ParamsError, InkTableError, WorkersError, OSError) as error:
        sys.exit(f"redraw: {error}")
    print(f"{done.redrawn} of {done.chosen} formulas in {REDRAWN}; {done.left_out} listed in {LEFT_OUT}")
