"""Stage normalize_expression: data/interim/ink.parquet -> data/processed/expression.npz, every formula as arrays."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

from inkmath.dataset.arrays import write_arrays
from inkmath.dataset.ink_table import InkTableError, read_inks, read_splits
from inkmath.features.expression import FormulaSet
from inkmath.params import Params, ParamsError, load_params

INK = Path("data/interim/ink.parquet")
FORMULAS = Path("data/processed/expression.npz")


def main(params: Params) -> FormulaSet:
    """Resample the strokes of all formulas and write them with their truth."""
    formulas = FormulaSet.from_inks(read_inks(INK), map(str, read_splits(INK)), params.normalize_expression.points)
    write_arrays(FORMULAS, formulas.arrays())
    return formulas


if __name__ == "__main__":
    try:
        done = main(load_params())
    except (ParamsError, InkTableError) as error:
        sys.exit(f"normalize_expression: {error}")
    splits = ", ".join(f"{count} {split}" for split, count in Counter(done.splits.tolist()).items())
    print(f"{len(done)} formulas ({splits}), {len(done.points)} strokes of {done.points.shape[1]} points in {FORMULAS}")
