"""How fast formulas are read: one by one with the full search and with the plain read-out, and in batches.

Times are of a warm reader on one thread, with ink in memory. Processor seconds are printed beside: on a
busy machine only they tell. How long a person waits for a cold start, `benchmarks.start` measures.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from inkmath.decoding.expression import StrokeGraphReader
from inkmath.decoding.reading import Reading
from inkmath.decoding.readout import plain_readout
from inkmath.evaluation import EvaluationError
from inkmath.evaluation.expressions import evaluate
from inkmath.inkml import InkMLError, parse_inkml
from inkmath.recognizer import Recognizer
from inkmath.synthesis import synthesize

if TYPE_CHECKING:
    from collections.abc import Callable

    from inkmath.ink import Ink

MADE_UP = 200
BATCH = 64
WARM_UP = 20
MEGABYTE = 1024  # kilobytes, as Linux counts


def main(inks: list[Ink], reader: StrokeGraphReader) -> None:
    """Measure and print."""
    strokes = [len(ink.strokes) for ink in inks]
    print(
        f"{len(inks)} formulas of {np.median(strokes):.0f} strokes (median; most {max(strokes)}); "
        f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, "
        f"Python {platform.python_version()}"
    )
    plain = each(inks, lambda ink: [Reading(plain_readout(reader.scores([ink])[0], reader.labels), 0.0)])
    full = each(inks, lambda ink: reader.read([ink])[0])
    for name, (readings, times) in (("plain read-out", plain), ("full search", full)):
        wall, work = 1000 * np.array(times).T
        print(
            f"  {name:15} median {np.median(wall):6.1f} ms, 99th percentile {np.percentile(wall, 99):6.1f} ms; "
            f"of processor {np.median(work):5.1f} and {np.percentile(work, 99):6.1f} ms{rate(inks, readings)}"
        )
    alone = np.array(full[1])[:, 1].sum() / len(inks)
    together = batches(inks, reader) / len(inks)
    print(f"  batches of {BATCH}: {1 / together:.0f} formulas a second of one core, one by one {1 / alone:.0f}")
    print(f"  rate in batches / one by one: {alone / together:.2f}")
    print(f"  full search / plain read-out, medians: {ratio(full[1], plain[1]):.2f}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MEGABYTE
    print(f"  peak memory of this process, all ink included: {peak:.0f} MB")


def each(
    inks: list[Ink], read: Callable[[Ink], list[Reading]]
) -> tuple[list[list[Reading]], list[tuple[float, float]]]:
    """What is read of each ink, and the seconds on the clock and of processor that it took."""
    for ink in inks[:WARM_UP]:
        read(ink)
    readings, times = [], []
    for ink in inks:
        wall, work = time.perf_counter(), time.process_time()
        readings.append(read(ink))
        times.append((time.perf_counter() - wall, time.process_time() - work))
    return readings, times


def batches(inks: list[Ink], reader: StrokeGraphReader) -> float:
    """Processor seconds to read everything in batches."""
    reader.read(inks[:BATCH])
    began = time.process_time()
    for start in range(0, len(inks), BATCH):
        reader.read(inks[start : start + BATCH])
    return time.process_time() - began


def ratio(one: list[tuple[float, float]], other: list[tuple[float, float]]) -> float:
    """Of the medians of processor seconds."""
    return float(np.median([work for _, work in one]) / np.median([work for _, work in other]))


def rate(inks: list[Ink], readings: list[list[Reading]]) -> str:
    """ExpRate in words, where there is truth."""
    try:
        return f"; ExpRate {100 * evaluate(zip(inks, readings, strict=True)).metrics['exprate']:.1f} %"
    except EvaluationError:
        return ""


def find(place: Path) -> list[Ink]:
    """Every ink below a directory; what is no ink is counted."""
    inks, unusable = [], 0
    for file in sorted(place.rglob("*.inkml")):
        try:
            inks.append(parse_inkml(file))
        except InkMLError:
            unusable += 1
    if unusable:
        print(f"{unusable} files cannot be used")
    return inks


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "place", nargs="?", type=Path, help=f"directory of InkML; without it {MADE_UP} made-up formulas"
    )
    parser.add_argument("weights", nargs="?", help="directory of exported weights; without it the released ones")
    asked = parser.parse_args()
    given = find(asked.place) if asked.place else list(synthesize(MADE_UP, 0, writers=20))
    chosen = Recognizer.load(asked.weights).expressions
    assert isinstance(chosen, StrokeGraphReader)
    main(given, chosen)
