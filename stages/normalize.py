"""Stage normalize: the ink tables of data/interim -> data/processed/symbol.npz, every labelled symbol as one row."""

from __future__ import annotations

import sys
from pathlib import Path

from inkmath.dataset.ink_table import InkTableError, read_inks
from inkmath.dataset.splits import Split
from inkmath.dataset.workers import WorkersError
from inkmath.features.symbol_table import normalize_symbols
from inkmath.params import Params, ParamsError, load_params
from inkmath.synthesis.composed_ink import composed_inks

INK = Path("data/interim/ink.parquet")
REDRAWN = Path("data/interim/redrawn.parquet")
SYMBOLS = Path("data/processed/symbol.npz")


def main(params: Params) -> dict[str, int]:
    """Normalise all symbols, and those of composed formulas, and write them; returns how many each split has."""
    settings, compute = params.normalize, params.compute
    more = composed_inks(read_inks(INK, Split.TRAIN), settings.composed, params.base.seed)
    return normalize_symbols((INK, REDRAWN), SYMBOLS, settings, compute.processes, compute.scheduler, more)


if __name__ == "__main__":
    try:
        done = main(load_params())
    except (ParamsError, InkTableError, WorkersError, OSError) as error:
        sys.exit(f"normalize: {error}")
    splits = ", ".join(f"{count} {split}" for split, count in done.items())
    print(f"{sum(done.values())} symbols ({splits}) in {SYMBOLS}")
