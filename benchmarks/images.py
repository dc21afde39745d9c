"""Formulas read from pictures, beside the same formulas read from their ink.

Run: ``python -m benchmarks.images [DIR] [--count 100] [--pen 5] [--camera]``. DIR holds InkML with truth; without it,
formulas are made up. Each is drawn, its strokes are recovered from the picture, and both inks are read with the
released weights. ``--camera`` adds what a photograph does: uneven light, blur, grain and JPEG.
"""

from __future__ import annotations

import argparse
import io
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from inkmath.drawing import to_png
from inkmath.images import ImageError, ink_from_image
from inkmath.inkml import InkMLError, parse_inkml
from inkmath.layout.latex import canonical_tokens
from inkmath.layout.tree import LayoutError
from inkmath.recognizer import Recognizer
from inkmath.synthesis import synthesize

if TYPE_CHECKING:
    from collections.abc import Iterator

    from inkmath.ink import Ink

SIZE = (1600.0, 480.0)  # pixels the ink is fitted into


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", type=Path, nargs="?")
    parser.add_argument("--count", type=int, default=100, help="formulas, drawn at random from DIR")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--pen", type=float, default=5.0, help="width of the line in pixels")
    parser.add_argument("--camera", action="store_true", help="uneven light, blur, grain, JPEG")
    parser.add_argument("--weights", type=Path, help="another directory of exported models")
    parser.add_argument("--list", action="store_true", help="print each formula that only one of the two gave")
    asked = parser.parse_args()

    rng = np.random.default_rng(asked.seed)
    recognizer = Recognizer.load(asked.weights)
    own_right = image_right = strokes_equal = failed = count = 0
    seconds = 0.0
    for ink, truth in _formulas(asked.directory, asked.count, asked.seed):
        count += 1
        own = recognizer.recognize(ink, alternatives=1).tokens
        picture = to_png(ink, size=SIZE, pen=asked.pen, scale=1.0)
        if asked.camera:
            picture = photograph(picture, rng)
        own_right += own == truth
        began = time.perf_counter()
        try:
            traced = ink_from_image(picture)
        except ImageError as error:
            failed += 1
            print(f"{ink.id}: {error}")
            continue
        seconds += time.perf_counter() - began
        strokes_equal += len(traced.strokes) == len(ink.strokes)
        read = recognizer.recognize(traced, alternatives=1).tokens
        image_right += read == truth
        if asked.list and (own == truth) != (read == truth):
            print(
                f"{ink.id} {len(ink.strokes)} -> {len(traced.strokes)} strokes\n  {' '.join(truth)}\n  {' '.join(read)}"
            )
    where = asked.directory.name if asked.directory else f"made-up, seed {asked.seed}"
    camera = ", camera" if asked.camera else ""
    print(f"{count} formulas ({where}), drawn into {SIZE[0]:.0f} x {SIZE[1]:.0f}, pen {asked.pen:g} px{camera}")
    print(f"ExpRate of the ink itself  {own_right / count:6.1%}")
    print(f"ExpRate of its picture     {image_right / count:6.1%}")
    print(f"as many strokes as written {strokes_equal / count:6.1%}; pictures without ink: {failed}")
    print(f"time to find the strokes   {seconds / max(count - failed, 1):6.3f} s a picture")


def _formulas(directory: Path | None, count: int, seed: int) -> Iterator[tuple[Ink, list[str]]]:
    """Ink and the canonical tokens of its truth; files without either are named and passed over."""
    if directory is None:
        for ink in synthesize(count, seed, collection="pictures"):
            assert ink.tree is not None
            yield ink, canonical_tokens(ink.tree)
        return
    files = sorted(directory.rglob("*.inkml"))
    if not files:
        raise SystemExit(f"{directory}: no .inkml file in this directory")
    given = 0
    for index in np.random.default_rng(seed).permutation(len(files)):
        if given == count:
            return
        try:
            ink = parse_inkml(files[index])
            if ink.tree is None and ink.latex is None:
                raise LayoutError("no truth")
            truth = canonical_tokens(ink.tree if ink.tree is not None else ink.latex or "")
        except (InkMLError, LayoutError) as error:
            print(f"{files[index].name}: passed over: {error}")
            continue
        given += 1
        yield ink, truth


def photograph(picture: bytes, rng: np.random.Generator) -> bytes:
    """The picture as a telephone might give it: light that falls off, blur, grain, JPEG."""
    from scipy.ndimage import gaussian_filter

    grey = np.asarray(Image.open(io.BytesIO(picture)).convert("L"), np.float64) / 255
    height, width = grey.shape
    across, down = np.meshgrid(np.linspace(-1, 1, width), np.linspace(-1, 1, height))
    light = 0.7 + 0.2 * across * rng.choice([-1, 1]) + 0.1 * down * rng.choice([-1, 1])
    seen = gaussian_filter(0.15 + 0.85 * grey, 1.0) * light + rng.normal(0, 0.03, grey.shape)
    stream = io.BytesIO()
    Image.fromarray((np.clip(seen, 0, 1) * 255).astype(np.uint8)).save(stream, "JPEG", quality=80)
    return stream.getvalue()


if __name__ == "__main__":
    main()
