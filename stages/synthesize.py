"""Stage synthesize: made-up handwriting -> data/raw/synthetic/{train,test}, a CROHME-style InkML file per formula.

None is made where no place of ``data`` is there.
"""

from __future__ import annotations

import sys
from pathlib import Path

from inkmath.params import Params, ParamsError, load_params
from inkmath.synthesis import synthesize
from inkmath.synthesis.collection import CollectionError, write_collection

INK = Path("data/raw/synthetic")


def main(params: Params) -> dict[str, int]:
    """Write the training and the test set, by different writers; returns the number of files of each."""
    knobs = params.synthesize
    train, test = (knobs.train, knobs.test) if params.data.reads(INK) else (0, 0)
    parts = {"train": (train, knobs.writers), "test": (test, max(knobs.writers // 4, 1))}
    return {
        part: write_collection(
            synthesize(count, params.base.seed, writers=writers, collection=part, max_symbols=knobs.symbols),
            INK / part,
            total=count,
            replace=True,
        )
        for part, (count, writers) in parts.items()
    }


if __name__ == "__main__":
    try:
        written = main(load_params())
    except (ParamsError, CollectionError, OSError) as error:
        sys.exit(f"synthesize: {error}")
    print(", ".join(f"{count} files in {INK / part}" for part, count in written.items()))
