"""Formulas in trembling ink, read as it is and steadied.

Run: ``python -m benchmarks.tremor [--count 250] [--seed 94]``. Made-up formulas, by hands that no released weights have
seen, are shaken (every point by itself) or put into whole pixels under ever smaller writing, and read with the released
weights. Shake is the standard deviation in typical strokes; pixels are those of a typical stroke.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from typing import TYPE_CHECKING, cast

import numpy as np

from inkmath.features.tremor import steadied, tremor
from inkmath.ink import boxes, typical_size
from inkmath.layout.latex import canonical_tokens
from inkmath.recognizer import Recognizer
from inkmath.synthesis import synthesize

if TYPE_CHECKING:
    from inkmath.decoding.expression import StrokeGraphReader
    from inkmath.ink import Ink

SHAKES = 0.01, 0.02, 0.03, 0.04, 0.06
PIXELS = 25, 18, 12, 8


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=250, help="formulas")
    parser.add_argument("--seed", type=int, default=94)
    asked = parser.parse_args()

    reader = cast("StrokeGraphReader", Recognizer.load().expressions)
    rng = np.random.default_rng(asked.seed)
    written = list(synthesize(asked.count, asked.seed, writers=max(1, asked.count // 2), max_symbols=16))
    kinds = {"as written": written}
    kinds |= {f"shaken by {shake:.2f}": [shaken(ink, shake, rng) for ink in written] for shake in SHAKES}
    kinds |= {f"{pixels} pixels": [in_pixels(ink, pixels) for ink in written] for pixels in PIXELS}
    print(f"ExpRate of {asked.count} made-up formulas, seed {asked.seed}\n\n{'':16}  tremor  as it is  steadied")
    for name, inks in kinds.items():
        found = float(np.median([tremor(ink.strokes) for ink in inks]))
        left, led = (exprate(reader, some) for some in (inks, [steadied(ink) for ink in inks]))
        print(f"{name:16}  {found:6.4f}  {left:8.1%}  {led:8.1%}", flush=True)


def shaken(ink: Ink, shake: float, rng: np.random.Generator) -> Ink:
    """Every point moved by itself, by so many typical strokes."""
    size = shake * typical_size(*boxes(ink.strokes))
    return replace(ink, strokes=tuple(one + rng.normal(0, size, one.shape).astype(np.float32) for one in ink.strokes))


def in_pixels(ink: Ink, pixels: float) -> Ink:
    """The ink in whole pixels, so many to a typical stroke."""
    scale = pixels / typical_size(*boxes(ink.strokes))
    return replace(ink, strokes=tuple(np.round(one * np.float32(scale)) for one in ink.strokes))


def exprate(reader: StrokeGraphReader, inks: list[Ink]) -> float:
    """Share of formulas read exactly, without what `StrokeGraphReader.read` does to trembling ink."""
    assert reader.opinion is not None
    right = 0
    for ink, scores in zip(inks, reader.scores(inks), strict=True):
        (reading,) = reader.search.read(scores, 1, None, reader.opinion.of(ink))
        assert ink.tree is not None
        right += canonical_tokens(reading.tree) == canonical_tokens(ink.tree)
    return right / len(inks)


if __name__ == "__main__":
    main()
