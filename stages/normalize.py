"""Stage normalize: data/interim/ink.parquet -> data/processed/symbol.npz, every labelled symbol as one row."""

from __future__ import annotations

import sys
from pathlib import Path

from inkmath.dataset.ink_table import InkTableError
from inkmath.dataset.workers import WorkersError
from inkmath.features.symbol_table import normalize_symbols
from inkmath.params import Params, ParamsError, load_params

INK = Path("data/interim/ink.parquet")
SYMBOLS = Path("data/processed/symbol.npz")


def main(params: Params) -> dict[str, int]:
    """Normalise all symbols and write them; returns how many each split has."""
    return normalize_symbols(INK, SYMBOLS, params.normalize, params.compute.processes, params.compute.scheduler)


if __name__ == "__main__":
    try:
        done = main(load_params())
    except (ParamsError, InkTableError, WorkersError, OSError) as error:
        sys.exit(f"normalize: {error}")
    splits = ", ".join(f"{count} {split}" for split, count in done.items())
    print(f"{sum(done.values())} symbols ({splits}) in {SYMBOLS}")
