"""Formulas written beneath each other, told apart and read.

Run: ``python -m benchmarks.rows [DIR] [--count 200] [--seed 130] [--symbols 3] [--begins]
[--weights DIR]``. DIR holds InkML with
truth; without it, formulas are made up, by hands that no released weights have seen. Pages of two to four formulas, of
like size of writing, are put together from them, at several distances from the bottom of one to the top of the next, in
typical strokes (where it is negative they reach into each other), and running uphill; formulas that stand alone are to
stay whole. With ``--begins`` a person has said with which stroke each row begins.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.images import formulas_of
from inkmath.ink import boxes, typical_size
from inkmath.recognizer import Recognizer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inkmath.ink import Ink, Stroke

DISTANCES = -0.3, 0.1, 0.3, 0.5, 1.0
UPHILL = 0.05, 0.1


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", type=Path, nargs="?")
    parser.add_argument("--count", type=int, default=200, help="pages, and formulas that stand alone")
    parser.add_argument("--seed", type=int, default=130)
    parser.add_argument("--symbols", type=int, default=3, help="least symbols of a formula on a page")
    parser.add_argument("--begins", action="store_true", help="say with which stroke each row begins")
    parser.add_argument("--weights", help="directory of other weights than the released ones")
    asked = parser.parse_args()

    recognizer = Recognizer.load(asked.weights)
    random = np.random.default_rng(asked.seed)
    written = [
        (replace(ink, id=str(number)), truth)
        for number, (ink, truth) in enumerate(formulas_of(asked.directory, asked.count, asked.seed, None))
    ]
    where = asked.directory.name if asked.directory else f"made-up, seed {asked.seed}"
    whole, apart, slower = _alone(recognizer, [ink for ink, _ in written])
    print(
        f"{len(written)} formulas ({where}), each alone: {apart} of them parted, {slower:.2f} times the time of reading"
    )

    long_enough = [(ink, truth) for ink, truth in written if ink.tree and len(ink.tree.symbols) >= asked.symbols]
    pages = [
        [long_enough[place] for place in random.integers(0, len(long_enough), random.integers(2, 5))]
        for _ in range(asked.count)
    ]
    print(f"{asked.count} pages of 2 to 4 of those with {asked.symbols} symbols or more\n")
    print(f"{'':24}  pages parted right  rows found  ExpRate, as on the page / alone  times the reading")
    kinds = [(f"{distance:g} apart", distance, 0.0) for distance in DISTANCES]
    kinds += [(f"1 apart, uphill by {slope:g}", 1.0, slope) for slope in UPHILL]
    for name, distance, slope in kinds:
        right, found, exact, before, times = _paged(
            recognizer, pages, whole, distance, slope, random, told=asked.begins
        )
        print(f"{name:24}  {right:18.1%}  {found:10.1%}  {exact:22.1%} / {before:6.1%}  {times:17.2f}", flush=True)


def _alone(recognizer: Recognizer, inks: Sequence[Ink]) -> tuple[dict[str, list[str]], int, float]:
    """What each formula is read as, how many are parted, and how many times longer telling rows takes."""
    tokens, apart = {}, 0
    recognizer.recognize(inks[0], alternatives=1)  # loads the networks, which takes as long as many formulas
    began = time.perf_counter()
    for ink in inks:
        tokens[ink.id] = recognizer.recognize(ink, alternatives=1).tokens
    read = time.perf_counter()
    for ink in inks:
        apart += len(recognizer.recognize_rows(ink, alternatives=1).rows) > 1
    return tokens, apart, (time.perf_counter() - read) / (read - began)


def _paged(
    recognizer: Recognizer,
    pages: Sequence[Sequence[tuple[Ink, list[str]]]],
    whole: dict[str, list[str]],
    distance: float,
    slope: float,
    random: np.random.Generator,
    *,
    told: bool,
) -> tuple[float, float, float, float, float]:
    """Shares of pages parted right, rows found, formulas read right on the page and alone; times the reading alone."""
    pages_right = found = exact = before = count = 0
    seconds = alone = 0.0
    for page in pages:
        strokes, ends = page_of([ink for ink, _ in page], distance, slope, random)
        began = time.perf_counter()
        rows = recognizer.recognize_rows(strokes, alternatives=1, begins=ends[:-1] if told else ()).rows
        read_at = time.perf_counter()
        recognizer.recognize_many([ink for ink, _ in page], alternatives=1)
        seconds, alone = seconds + read_at - began, alone + time.perf_counter() - read_at
        read = {frozenset(index for symbol in row.symbols for index in symbol.strokes): row.tokens for row in rows}
        true = [frozenset(range(begin, end)) for begin, end in zip([0, *ends], ends, strict=False)]
        pages_right += set(read) == set(true)
        count += len(page)
        for own, (ink, truth) in zip(true, page, strict=True):
            found += own in read
            exact += read.get(own) == truth
            before += whole[ink.id] == truth
    return pages_right / len(pages), found / count, exact / count, before / count, seconds / alone


def page_of(
    inks: Sequence[Ink], distance: float, slope: float, random: np.random.Generator
) -> tuple[list[Stroke], list[int]]:
    """Formulas beneath each other, flush left but for chance, and where the strokes of each end among all."""
    placed: list[Stroke] = []
    ends: list[int] = []
    top = 0.0
    for ink in inks:
        size = typical_size(*boxes(ink.strokes)) * np.exp(random.normal(0.0, 0.1))
        left, above, _, below = ink.bounds
        aside = random.normal(0.0, 0.5)
        placed += [(stroke - (left, above)) / size + (aside, top) for stroke in ink.strokes]
        top += (below - above) / size + distance
        ends.append(len(placed))
    return [np.stack([one[:, 0], one[:, 1] - slope * one[:, 0]], axis=1) for one in placed], ends


if __name__ == "__main__":
    main()
