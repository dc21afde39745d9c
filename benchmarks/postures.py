"""Formulas turned, slanted and written uphill, read as they stand and levelled.

Run: ``python -m benchmarks.postures [--count 250] [--seed 120] [--weights DIR]``. Made-up formulas, by hands that no
released weights have seen. Turned by 10 is by 10 degrees clockwise; letters that lean by 25 have their tops so many
degrees to the right; uphill by 10 are lines that rise by so many under upright letters.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from typing import TYPE_CHECKING, cast

import numpy as np

from benchmarks.digitisers import exprate
from inkmath.features.posture import levelled
from inkmath.recognizer import Recognizer
from inkmath.synthesis import synthesize

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from inkmath.decoding.expression import StrokeGraphReader
    from inkmath.ink import Ink

TURNS = -20, -15, -10, -5, 5, 10, 15, 20
LEANS = -40, -25, 25, 40
UPHILL = -10, 10


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=250, help="formulas")
    parser.add_argument("--seed", type=int, default=120)
    parser.add_argument("--weights", help="directory of other weights than the released ones")
    asked = parser.parse_args()

    reader = cast("StrokeGraphReader", Recognizer.load(asked.weights).expressions)
    written = list(synthesize(asked.count, asked.seed, writers=max(1, asked.count // 2), max_symbols=16))
    print(f"ExpRate of {asked.count} made-up formulas, seed {asked.seed}\n")
    print(f"{'':16}  as it is  levelled  moved")
    for name, matrix in postures().items():
        inks = [mapped(ink, matrix) for ink in written]
        level = [levelled(ink) for ink in inks]
        moved = sum(after is not before for before, after in zip(inks, level, strict=True)) / len(inks)
        print(f"{name:16}  {exprate(reader, inks):8.1%}  {exprate(reader, level):8.1%}  {moved:5.0%}", flush=True)


def postures() -> dict[str, NDArray[np.float64]]:
    """What maps ``(x, y)``, y downward, to each posture."""
    kinds = {"as written": np.eye(2)}
    for angle in np.deg2rad(TURNS):
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        kinds[f"turned by {np.rad2deg(angle):.0f}"] = turn
    for angle in np.deg2rad(LEANS):
        kinds[f"leaning by {np.rad2deg(angle):.0f}"] = np.array([[1, -np.tan(angle)], [0, 1]])
    for angle in np.deg2rad(UPHILL):
        kinds[f"uphill by {np.rad2deg(angle):.0f}"] = np.array([[1, 0], [-np.tan(angle), 1]])
    return kinds


def mapped(ink: Ink, matrix: NDArray[np.float64]) -> Ink:
    """The ink with every point ``p`` at ``matrix @ p``."""
    return replace(ink, strokes=tuple((stroke @ matrix.T).astype(np.float32) for stroke in ink.strokes))


if __name__ == "__main__":
    main()
