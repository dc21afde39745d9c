"""Formulas read from pictures, beside the same formulas read from their ink.

Run: ``python -m benchmarks.images [DIR] [--count 100] [--pen 5] [--as camera pencil ...]``. DIR holds InkML with truth;
without it, formulas are made up. Each is drawn, its strokes are recovered from the picture, and both inks are read with
the released weights. ``--as`` says what the picture is: the drawing itself, or what a camera or a scanner makes of it;
``--as all`` measures every kind.
"""

from __future__ import annotations

import argparse
import io
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import gaussian_filter
from skimage.transform import ProjectiveTransform, warp

from inkmath.drawing import to_png
from inkmath.evaluation.expressions import truth_of
from inkmath.images import ImageError, ink_from_image
from inkmath.ink import TooManyStrokesError, check_size
from inkmath.inkml import InkMLError, parse_inkml
from inkmath.layout.latex import canonical_tokens
from inkmath.layout.tree import LayoutError
from inkmath.recognizer import Recognizer
from inkmath.synthesis import synthesize

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from inkmath.ink import Ink

Cover = NDArray[np.float64]  # share of each pixel that ink covers, ``(height, width)``

SIZE = (1600.0, 480.0)  # pixels the ink is fitted into


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", type=Path, nargs="?")
    parser.add_argument("--count", type=int, default=100, help="formulas, drawn at random from DIR")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--symbols", type=int, help="most symbols of a formula")
    parser.add_argument("--pen", type=float, default=5.0, help="width of the line in pixels")
    parser.add_argument("--as", dest="kinds", nargs="+", choices=["all", *KINDS], default=["drawing"])
    parser.add_argument("--weights", type=Path, help="another directory of exported models")
    parser.add_argument("--list", action="store_true", help="print each formula that only one of the two gave")
    asked = parser.parse_args()

    kinds = list(KINDS) if "all" in asked.kinds else asked.kinds
    recognizer = Recognizer.load(asked.weights)
    formulas = list(formulas_of(asked.directory, asked.count, asked.seed, asked.symbols))
    own = {ink.id: recognizer.recognize(ink, alternatives=1).tokens == truth for ink, truth in formulas}
    where = asked.directory.name if asked.directory else f"made-up, seed {asked.seed}"
    print(f"{len(formulas)} formulas ({where}), drawn into {SIZE[0]:.0f} x {SIZE[1]:.0f}, pen {asked.pen:g} px")
    print(f"ExpRate of the ink itself  {sum(own.values()) / len(formulas):6.1%}\n")
    print(f"{'picture':10} {'ExpRate':>8} {'as many strokes':>16} {'no ink':>7} {'seconds':>8}")
    for kind in kinds:
        right, equal, failed, seconds = _measure(recognizer, formulas, KINDS[kind], asked, own)
        found = max(len(formulas) - failed, 1)
        print(
            f"{kind:10} {right / len(formulas):8.1%} {equal / len(formulas):16.1%} {failed:7} {seconds / found:8.3f}",
            flush=True,
        )


def _measure(
    recognizer: Recognizer,
    formulas: list[tuple[Ink, list[str]]],
    kind: Callable[[Cover, np.random.Generator], bytes],
    asked: argparse.Namespace,
    own: dict[str, bool],
) -> tuple[int, int, int, float]:
    """Formulas read right, with as many strokes as written, without ink; and the seconds that tracing took."""
    right = equal = failed = 0
    seconds = 0.0
    for number, (ink, truth) in enumerate(formulas):
        drawing = to_png(ink, size=SIZE, pen=asked.pen, scale=1.0)
        cover = 1 - np.asarray(Image.open(io.BytesIO(drawing)).convert("L"), np.float64) / 255
        picture = kind(cover / max(cover.max(), 1e-3), np.random.default_rng((asked.seed, number)))
        began = time.perf_counter()
        try:
            traced = ink_from_image(picture)
            check_size(traced)
        except (ImageError, TooManyStrokesError) as error:
            failed += 1
            if asked.list:
                print(f"{ink.id}: {error}")
            continue
        seconds += time.perf_counter() - began
        equal += len(traced.strokes) == len(ink.strokes)
        read = recognizer.recognize(traced, alternatives=1).tokens
        right += read == truth
        if asked.list and own[ink.id] != (read == truth):
            print(
                f"{ink.id} {len(ink.strokes)} -> {len(traced.strokes)} strokes\n  {' '.join(truth)}\n  {' '.join(read)}"
            )
    return right, equal, failed, seconds


def formulas_of(directory: Path | None, count: int, seed: int, longest: int | None) -> Iterator[tuple[Ink, list[str]]]:
    """Ink and the canonical tokens of its truth; files without either are named and passed over."""
    if directory is None:
        for ink in synthesize(count, seed, collection="pictures", max_symbols=longest or 24):
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
            tree = truth_of(ink)
            truth = canonical_tokens(tree)
        except (InkMLError, LayoutError) as error:
            print(f"{files[index].name}: passed over: {error}")
            continue
        if longest and len(tree.symbols) > longest:
            continue
        given += 1
        yield ink, truth


def _drawing(cover: Cover, _: np.random.Generator) -> bytes:
    """The drawing itself."""
    return _png(1 - 0.9 * cover)


def _camera(cover: Cover, rng: np.random.Generator) -> bytes:
    """A photograph by a telephone: light that falls off."""
    across, down = _places(cover)
    light = 0.7 + 0.2 * across * rng.choice([-1, 1]) + 0.1 * down * rng.choice([-1, 1])
    return _photograph((1 - 0.85 * cover) * light, rng)


def _shadow(cover: Cover, rng: np.random.Generator) -> bytes:
    """The telephone's own shadow, with a straight edge, on half of the paper."""
    across, down = _places(cover)
    shadow = gaussian_filter((across + rng.uniform(-0.3, 0.3) * down > rng.uniform(-0.3, 0.3)).astype(float), 4)
    return _photograph((0.9 - 0.78 * cover) * (1 - 0.45 * shadow), rng)


def _fingers(cover: Cover, rng: np.random.Generator) -> bytes:
    """The soft shadow of a hand, its fingers narrower than the letters are large."""
    across, down = (axis * side / 2 for axis, side in zip(_places(cover), cover.shape[::-1], strict=True))
    height = cover.shape[0]
    shadow = np.zeros(cover.shape, np.bool_)
    for finger in range(4):
        middle = rng.uniform(-20, 20) + 95 * (finger - 1.5) + rng.uniform(-0.3, 0.3) * down
        shadow |= (np.abs(across - middle) < 31) & (down > rng.uniform(-0.4, -0.1) * height)
    return _photograph((0.9 - 0.78 * cover) * (1 - 0.5 * gaussian_filter(shadow.astype(float), 8)), rng)


def _desk(cover: Cover, rng: np.random.Generator) -> bytes:
    """A sheet whose left edge, a little aslant, is seen, and beside it a dark desk of grained wood."""
    page = np.pad(cover, 160)
    rows, columns = np.indices(page.shape)
    wood = gaussian_filter(rng.normal(size=page.shape), (1, 30))
    desk = 0.27 * (1 + 0.15 * wood / wood.std())
    return _photograph(np.where(columns > 100 + rng.uniform(-0.08, 0.08) * rows, 0.92 - 0.8 * page, desk), rng)


def _pencil(cover: Cover, rng: np.random.Generator) -> bytes:
    """Grey lines that skip the valleys of the paper."""
    return _photograph(0.85 - 0.35 * _grained(cover, 0.5, 1.0, rng), rng, noise=0.02)


def _chalk(cover: Cover, rng: np.random.Generator) -> bytes:
    """Light, broken lines on a blackboard that was wiped."""
    wiped = gaussian_filter(rng.normal(size=cover.shape), (25, 60))
    return _photograph(0.22 + 0.65 * _grained(cover, 0.6, 1.2, rng) + 0.03 * wiped / wiped.std(), rng)


def _neighbours(cover: Cover, rng: np.random.Generator) -> bytes:
    """A photograph with the lower ends of the line above, cut off by its edge."""
    page = np.pad(cover, [(60, 0), (0, 0)])
    ends = cover[np.flatnonzero((cover > 0.5).any(axis=1))[-1] - 24 :, ::-1]
    page[: len(ends)] = np.maximum(page[: len(ends)], ends)
    return _camera(page, rng)


def _scan(cover: Cover, rng: np.random.Generator) -> bytes:
    """A scan with the black of the lid at two of its sides."""
    page = 1 - 0.9 * np.pad(cover, 100)
    page[:9] = page[:, -14:] = 0.05
    return _photograph(page, rng, blur=0.7, noise=0.01)


def _ruled(cover: Cover, rng: np.random.Generator) -> bytes:
    """A ruled page with a margin that is not quite flat, the telephone not held quite straight."""
    cover = np.pad(cover, [(60, 60), (120, 120)])
    printed = 0.6 * _lines(cover, cover.shape[0], rng)
    printed[:, 125:128] = 0.7
    return _photograph(_aslant(0.9 - 0.8 * np.maximum(cover, printed), rng), rng)


def _squared(cover: Cover, rng: np.random.Generator) -> bytes:
    """The same in pencil on a squared page."""
    cover = np.pad(cover, [(60, 60), (120, 120)])
    side = cover.shape[0]
    printed = 0.18 * np.maximum(_lines(cover, side, rng), _lines(cover.T, side, rng).T)
    page = 0.85 - np.maximum(0.35 * _grained(cover, 0.5, 1.0, rng), printed)
    return _photograph(_aslant(page, rng), rng, noise=0.02)


def _dotted(cover: Cover, rng: np.random.Generator) -> bytes:
    """A dotted page, its dots of nearly the pen's width, a little fainter."""
    cover = np.pad(cover, [(60, 60), (120, 120)])
    rows, columns = np.indices(cover.shape)
    apart, aslant = cover.shape[0] / rng.uniform(9, 14), rng.uniform(-0.02, 0.02)
    right, down = columns + aslant * rows + rng.uniform(0, apart), rows - aslant * columns + rng.uniform(0, apart)
    off = np.hypot(*((place + apart / 2) % apart - apart / 2 for place in (right, down)))
    printed = 0.6 * np.clip(2.5 - off, 0, 1)
    return _photograph(_aslant(0.9 - 0.8 * np.maximum(cover, printed), rng), rng)


KINDS: dict[str, Callable[[Cover, np.random.Generator], bytes]] = {
    "drawing": _drawing,
    "camera": _camera,
    "shadow": _shadow,
    "fingers": _fingers,
    "desk": _desk,
    "pencil": _pencil,
    "chalk": _chalk,
    "neighbours": _neighbours,
    "scan": _scan,
    "ruled": _ruled,
    "squared": _squared,
    "dotted": _dotted,
}


def _places(cover: Cover) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """How far to the right and down each pixel is, from -1 to 1."""
    height, width = cover.shape
    across, down = np.meshgrid(np.linspace(-1, 1, width), np.linspace(-1, 1, height))
    return across, down


def _lines(cover: Cover, side: int, rng: np.random.Generator) -> Cover:
    """Printed level lines of 2 pixels, a little aslant and bent, evenly apart, seven to ten of them to ``side``."""
    across, _ = _places(cover)
    rows, columns = np.indices(cover.shape)
    apart = side / rng.uniform(7, 10)
    place = rows + rng.uniform(-0.02, 0.02) * columns + rng.uniform(-4, 4) * across**2 + rng.uniform(0, apart)
    lines: Cover = np.clip(1.5 - np.abs((place + apart / 2) % apart - apart / 2), 0, 1)
    return lines


def _aslant(page: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """A page whose upper corners lie up to a twentieth of its sides off the picture's."""
    height, width = page.shape
    corners = np.array([(0, 0), (width, 0), (width, height), (0, height)])
    inwards = 0.05 * np.array([(1, 1), (-1, 1), (0, 0), (0, 0)]) * (width, height)
    to_page = ProjectiveTransform.from_estimate(corners, corners + rng.uniform(size=(4, 2)) * inwards)  # type: ignore[no-untyped-call]
    seen: NDArray[np.float64] = warp(page, to_page, mode="edge")  # type: ignore[no-untyped-call]
    return seen


def _grained(cover: Cover, depth: float, size: float, rng: np.random.Generator) -> Cover:
    """Ink with gaps of ``size`` pixels where the ground is low, ``depth`` of it missing there."""
    ground = gaussian_filter(rng.normal(size=cover.shape), size)
    ground /= ground.std()
    grained: Cover = np.clip(cover * (1 - depth * (ground > 0.6) - 0.15 * ground), 0, 1)
    return grained


def _photograph(grey: NDArray[np.float64], rng: np.random.Generator, blur: float = 1.0, noise: float = 0.03) -> bytes:
    """Blur, grain, JPEG."""
    seen = gaussian_filter(grey, blur) + rng.normal(0, noise, grey.shape)
    stream = io.BytesIO()
    _image(seen).save(stream, "JPEG", quality=80)
    return stream.getvalue()


def _png(grey: NDArray[np.float64]) -> bytes:
    stream = io.BytesIO()
    _image(grey).save(stream, "PNG")
    return stream.getvalue()


def _image(grey: NDArray[np.float64]) -> Image.Image:
    return Image.fromarray((np.clip(grey, 0, 1) * 255).astype(np.uint8))


if __name__ == "__main__":
    main()
