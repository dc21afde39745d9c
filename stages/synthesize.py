"""Stage synthesize: made-up handwriting -> data/raw/synthetic/{train,test}, a CROHME-style InkML file per formula.

None is made where no place of ``data`` is there.
"""

from __future__ import annotations

import sys
from pathlib import Path

from inkmath.params import Data, Params, ParamsError, load_params
from inkmath.synthesis import synthesize
from inkmath.synthesis.collection import write_collection

INK = Path("data/raw/synthetic")


def main(params: Params) -> dict[str, int]:
    """Write the training and the test set, by different writers; returns the number of files of each."""
    knobs = params.synthesize
    train, test = (knobs.train, knobs.test) if _is_read(params.data) else (0, 0)
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


def _is_read(data: Data) -> bool:
    """Whether a place of ink is, holds or lies in where made-up ink is written."""
    made = INK.resolve()
    places = [Path(place).resolve() for place in (data.train, data.test, data.user, data.shapes)]
    return any(place.is_relative_to(made) or made.is_relative_to(place) for place in places)


if __name__ == "__main__":
    try:
        written = main(load_params())
    except (ParamsError, OSError) as error:
        sys.exit(f"synthesize: {error}")
    print(", ".join(f"{count} files in {INK / part}" for part, count in written.items()))
