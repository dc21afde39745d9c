"""Formulas as other digitisers would have told them, read as they are and steadied.

Run: ``python -m benchmarks.digitisers [--count 250] [--seed 94] [--weights DIR]``. Made-up formulas, by hands that no
released weights have seen, are shaken (every point by itself), put into whole pixels under ever smaller writing, lose
points, or have some strokes drawn from the other end. Shake is the standard deviation in typical strokes; pixels are
those of a typical stroke. Both networks read, and the expression network alone; and the symbol network reads the
formulas' symbols, each alone (top-1).
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from typing import TYPE_CHECKING, cast

import numpy as np

from inkmath.features.symbol import normalize_and_pad_traces
from inkmath.features.tremor import steadied, tremor
from inkmath.ink import Ink, boxes, resample, typical_size
from inkmath.layout.latex import canonical_tokens
from inkmath.recognizer import Recognizer
from inkmath.synthesis import synthesize

if TYPE_CHECKING:
    from inkmath.decoding.expression import StrokeGraphReader
    from inkmath.decoding.symbol import OnnxSymbolReader
    from inkmath.ink import Stroke

SHAKES = 0.01, 0.02, 0.03, 0.04, 0.06
PIXELS = 25, 18, 12, 8
KEPT = 3, 4, 6, 8
POINTS = 12, 9, 7
FEW_SHAKES = 0.02, 0.04
BACKWARD = 0.3


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=250, help="formulas")
    parser.add_argument("--seed", type=int, default=94)
    parser.add_argument("--weights", help="directory of other weights than the released ones")
    asked = parser.parse_args()

    recognizer = Recognizer.load(asked.weights)
    reader, namer = cast("StrokeGraphReader", recognizer.expressions), cast("OnnxSymbolReader", recognizer.symbols)
    written = list(synthesize(asked.count, asked.seed, writers=max(1, asked.count // 2), max_symbols=16))
    print(f"ExpRate of {asked.count} made-up formulas, seed {asked.seed}, and top-1 of their symbols\n")
    print(f"{'':26}  tremor  as it is  steadied  alone  symbols: as they are, steadied")
    for name, inks in digitised(written, np.random.default_rng(asked.seed)).items():
        found = float(np.median([tremor(ink.strokes) for ink in inks]))
        led = [steadied(ink) for ink in inks]
        left, both, alone = exprate(reader, inks), exprate(reader, led), exprate(reader, led, alone=True)
        symbols, truth = isolated(inks)
        each, each_led = (top1(namer, some, truth) for some in (symbols, [steadied(ink) for ink in symbols]))
        formulas = f"{left:8.1%}  {both:8.1%}  {alone:5.1%}"
        print(f"{name:26}  {found:6.4f}  {formulas}  {each:20.1%}  {each_led:8.1%}", flush=True)


def digitised(written: list[Ink], rng: np.random.Generator) -> dict[str, list[Ink]]:
    """The formulas by each digitiser."""
    kinds = {"as written": written}
    kinds |= {f"shaken by {shake:.2f}": [shaken(ink, shake, rng) for ink in written] for shake in SHAKES}
    kinds |= {f"{pixels} pixels": [in_pixels(ink, pixels) for ink in written] for pixels in PIXELS}
    kinds |= {f"every {kept}th point": [sparse(ink, kept) for ink in written] for kept in KEPT}
    few = {points: [evenly(ink, points) for ink in written] for points in POINTS}
    kinds |= {f"{points} points a stroke": inks for points, inks in few.items()}
    for shake in FEW_SHAKES:
        kinds[f"9 points, shaken by {shake:.2f}"] = [shaken(ink, shake, rng) for ink in few[9]]
    kinds[f"{BACKWARD:.0%} of strokes backward"] = [backward(ink, BACKWARD, rng) for ink in written]
    return kinds


def shaken(ink: Ink, shake: float, rng: np.random.Generator) -> Ink:
    """Every point moved by itself, by so many typical strokes."""
    size = shake * typical_size(*boxes(ink.strokes))
    return replace(ink, strokes=tuple(one + rng.normal(0, size, one.shape).astype(np.float32) for one in ink.strokes))


def in_pixels(ink: Ink, pixels: float) -> Ink:
    """The ink in whole pixels, so many to a typical stroke."""
    scale = pixels / typical_size(*boxes(ink.strokes))
    return replace(ink, strokes=tuple(np.round(one * np.float32(scale)) for one in ink.strokes))


def sparse(ink: Ink, kept: int) -> Ink:
    """One in so many points of each stroke, and its last."""
    return replace(ink, strokes=tuple(_ends_kept(one, kept) for one in ink.strokes))


def _ends_kept(stroke: Stroke, kept: int) -> Stroke:
    return np.concatenate([stroke[:-1:kept], stroke[-1:]])


def evenly(ink: Ink, points: int) -> Ink:
    """So many points a stroke, evenly spaced; a dot stays one."""
    return replace(ink, strokes=tuple(resample(one, points) if len(one) > 1 else one for one in ink.strokes))


def backward(ink: Ink, share: float, rng: np.random.Generator) -> Ink:
    """Some strokes drawn from their other end."""
    return replace(ink, strokes=tuple(one[::-1] if rng.random() < share else one for one in ink.strokes))


def exprate(reader: StrokeGraphReader, inks: list[Ink], alone: bool = False) -> float:
    """Share of formulas read exactly, without what `StrokeGraphReader.read` does to ink that trembles or is askew."""
    right = 0
    for ink, scores in zip(inks, reader.scores(inks), strict=True):
        opinion = None if alone or reader.opinion is None else reader.opinion.of(ink)
        (reading,) = reader.search.read(scores, 1, None, opinion)
        assert ink.tree is not None
        right += canonical_tokens(reading.tree) == canonical_tokens(ink.tree)
    return right / len(inks)


def isolated(inks: list[Ink]) -> tuple[list[Ink], list[str]]:
    """The symbols of formulas, each an ink of its own, and their labels."""
    symbols = [(ink, symbol) for ink in inks if ink.tree for symbol in ink.tree.symbols]
    alone = [Ink(tuple(ink.strokes[index] for index in symbol.strokes)) for ink, symbol in symbols]
    return alone, [symbol.label for _, symbol in symbols]


def top1(namer: OnnxSymbolReader, symbols: list[Ink], truth: list[str]) -> float:
    """Share of symbols named right, without what `OnnxSymbolReader.classify` does to trembling ink."""
    best = namer.probabilities(normalize_and_pad_traces([ink.strokes for ink in symbols], **namer.normalize)).argmax(1)
    return float(np.mean([namer.labels[index] == label for index, label in zip(best, truth, strict=True)]))


if __name__ == "__main__":
    main()
