"""Formulas with a stray tap: how often the right reading is the first, among two and among five.

Run: ``python -m benchmarks.taps [DIR] [--count 250] [--seed 142] [--weights DIR]``. DIR holds InkML with truth; without
it, formulas are made up, by hands that no released weights have seen. A dot is put anywhere upon or beside each.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.images import formulas_of
from inkmath.ink import Ink, boxes, typical_size
from inkmath.recognizer import Recognizer

if TYPE_CHECKING:
    from collections.abc import Sequence

BESIDE = 0.5
"""So far beside the ink may a tap lie, in typical strokes."""

SHAKE = 0.03
"""Standard deviation of what the pen moves in a tap, in typical strokes."""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", type=Path, nargs="?")
    parser.add_argument("--count", type=int, default=250, help="formulas")
    parser.add_argument("--seed", type=int, default=142)
    parser.add_argument("--weights", help="directory of other weights than the released ones")
    asked = parser.parse_args()

    recognizer = Recognizer.load(asked.weights)
    random = np.random.default_rng(asked.seed)
    written = list(formulas_of(asked.directory, asked.count, asked.seed, 16))
    truths = [truth for _, truth in written]
    where = asked.directory.name if asked.directory else f"made-up, seed {asked.seed}"
    print(f"{len(written)} formulas ({where}) of at most 16 symbols\n")
    print(
        f"{'right reading':12}  {'the first':>9}  {'of two':>6}  {'of five':>7}  {'stroke left out of one of five':>30}"
    )
    plain = [ink for ink, _ in written]
    for name, inks in (("as written", plain), ("with a tap", [tapped(ink, random) for ink in plain])):
        ranks, offered = _ranks(recognizer, inks, truths)
        shares = [float(np.mean([rank < most for rank in ranks])) for most in (1, 2, 5)]
        print(
            f"{name:13}  {shares[0]:9.1%}  {shares[1]:6.1%}  {shares[2]:7.1%}  {offered / len(inks):30.1%}", flush=True
        )


def tapped(ink: Ink, random: np.random.Generator) -> Ink:
    """The ink with a tap more, at any time of its writing."""
    low, high = boxes(ink.strokes)
    size = typical_size(low, high)
    at = random.uniform(low.min(axis=0) - BESIDE * size, high.max(axis=0) + BESIDE * size)
    tap = np.stack([at, at + random.normal(0.0, SHAKE * size, 2)]).astype(np.float32)
    place = int(random.integers(0, len(ink.strokes) + 1))
    return Ink((*ink.strokes[:place], tap, *ink.strokes[place:]))


def _ranks(recognizer: Recognizer, inks: Sequence[Ink], truths: Sequence[Sequence[str]]) -> tuple[list[int], int]:
    """The place of the right reading among the five best, 5 where it is none; and how often a stroke is left out of
    one of them."""
    ranks, offered = [], 0
    for ink, truth in zip(inks, truths, strict=True):
        found = recognizer.recognize(ink).alternatives
        ranks.append(next((place for place, one in enumerate(found) if one.tokens == truth), 5))
        offered += any(sum(len(symbol.strokes) for symbol in one.symbols) < len(ink.strokes) for one in found)
    return ranks, offered


if __name__ == "__main__":
    main()
