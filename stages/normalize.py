"""Stage normalize: data/interim/ink.parquet -> data/processed/symbol.npz, every labelled symbol as one row."""

from __future__ import annotations

import sys
from pathlib import Path

from inkmath.dataset.ink_table import InkTableError
from inkmath.features.symbol_set import SymbolSet
from inkmath.params import Params, ParamsError, load_params

INK = Path("data/interim/ink.parquet")
SYMBOLS = Path("data/processed/symbol.npz")


def main(params: Params) -> SymbolSet:
    """Normalise all symbols and write them."""
    symbols = SymbolSet.from_table(INK, params.normalize)
    symbols.save(SYMBOLS)
    return symbols


if __name__ == "__main__":
    try:
        done = main(load_params())
    except (ParamsError, InkTableError) as error:
        sys.exit(f"normalize: {error}")
    print(f"{len(done)} symbols of {done.features.shape[1]} points in {SYMBOLS}")
