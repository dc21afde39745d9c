"""Stage normalize_expression: the ink tables of data/interim -> data/processed/expression.npz, formulas as arrays."""

from __future__ import annotations

import sys
from pathlib import Path

from inkmath.dataset.ink_table import InkTableError
from inkmath.dataset.workers import WorkersError
from inkmath.features.expression_table import normalize_formulas
from inkmath.params import Params, ParamsError, load_params

INKS = Path("data/interim/ink.parquet"), Path("data/interim/redrawn.parquet")
FORMULAS = Path("data/processed/expression.npz")


def main(params: Params) -> dict[str, int]:
    """Resample the strokes of all formulas and write them with their truth; returns how many each split has."""
    points, compute = params.normalize_expression.points, params.compute
    return normalize_formulas(INKS, FORMULAS, points, compute.processes, compute.scheduler)


if __name__ == "__main__":
    try:
        done = main(load_params())
    except (ParamsError, InkTableError, WorkersError, OSError) as error:
        sys.exit(f"normalize_expression: {error}")
    splits = ", ".join(f"{count} {split}" for split, count in done.items())
    print(f"{sum(done.values())} formulas ({splits}) in {FORMULAS}")
