"""From a file to the pixels that are ink."""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from inkmath.images.dots import without_printed_dots
from inkmath.images.ruling import PrintedLines

if TYPE_CHECKING:
    from PIL.Image import Image

Grey = NDArray[np.float32]

MAX_BYTES = 32 * 2**20
MAX_PIXELS = 50_000_000  # more than most cameras give; to read it takes 270 MB, if transparent or of 16 bits 470 MB
LONGEST_SIDE = 2000  # pixels; larger pictures are shrunk to it, which leaves a pen line several pixels wide
SHORTEST_SIDE = 3
LEAST_CONTRAST = 0.12  # of the range from black to white, between ink and paper
SOFTNESS = 0.7  # pixels: standard deviation of the blur that takes the camera's noise
PRINTED = 0.4  # of the least that is ink: fainter lines of ruled paper are never taken for it
GRAIN_SOFTNESS = 0.3  # widths of the pen: blur that closes the gaps of pencil and chalk
GRAINY = 0.15  # of a line's middle, or more, that is fainter than it should be: the paper's grain shows through
FAINT = 0.7  # of the strongest ink within a pen's width
EDGE = 0.5  # of the same, where the line ends: less is the blur between lines
WIDEST_BLOT = 0.16  # of height and width together; what is wider is a shadow or a desk, no wide pen's lines that meet
NARROWER_BLOTS = 0.02, 0.055  # of the same, if what is wider is not lines: shadows of fingers, stains, punched holes
WIDEST_PEN = 0.33  # of such a blot: its lines leave no wider ones where they meet
LINES, ALL = 0.05, 0.85  # of what stands out, at least, where lines are narrow; and where all but grain is lines
RAGGED = 0.0225  # of height and width together: how far the dark beside an edge counts beyond it
DARKEST_SHADOW = 0.4  # of the light on the rest of the paper; what is darker is no paper
MOST_GAIN = 2.0  # that ink in a shadow is strengthened by
NOISE_RATIO = 6.0  # ink over the standard deviation of paper
THIN = 3.5  # pixels; of pens below it, dots are lost among the pixels
TIP = 0.5  # of the size of what is whole, at most; what is larger and reaches the edge is the formula itself
ENLARGED = 2  # times, where the pen is so thin
MOST_INK = 0.35  # of the picture's area; handwriting covers a few hundredths
OVERSHOOT = 2.0  # what resizing makes of white, 1, is below; what is above was never scaled to 0..1


class ImageError(ValueError):
    """A picture gives no ink; the message names it, says why, and what to do."""


class TooManyPixelsError(ImageError):
    """A picture has more pixels than are wanted; it was not decoded."""


@dataclass(frozen=True)
class Mask:
    """Where the ink is.

    Attributes:
        pixels: bool ``(height, width)``, of the picture or of an enlarged part of it.
        pen: width of the pen's line, in these pixels.
        scale: of these pixels along a pixel of the picture.
        corner: (x, y) of the part's first pixel in the picture.
    """

    pixels: NDArray[np.bool_]
    pen: float
    scale: int = 1
    corner: tuple[int, int] = (0, 0)

    def in_picture(self, points: NDArray[np.floating]) -> NDArray[np.float64]:
        """Points ``(P, 2)`` of the mask as points of the picture; in both, the middles of pixels are whole numbers."""
        return np.asarray((points + 0.5) / self.scale - 0.5 + self.corner, np.float64)


def load_grey(source: Path | str | bytes | NDArray[Any], most_pixels: int = MAX_PIXELS) -> tuple[Grey, str]:
    """Read a picture the right way up, its transparent parts filled in, shrunk to ``LONGEST_SIDE``.

    Returns:
        Brightness ``(height, width)`` from 0 (black) to 1, and what to call the picture in messages.

    Raises:
        ImageError: this is no picture, or it is too large.
    """
    if isinstance(source, np.ndarray):
        return _grey(_from_array(source)), "image"
    if not isinstance(source, bytes | str | PathLike):
        raise ImageError(
            f"image: give a file, its bytes, or an array such as numpy.asarray(image), no {type(source).__name__}"
        )
    name = "image" if isinstance(source, bytes) else str(source)
    if not isinstance(source, bytes):
        if Path(source).stat().st_size > MAX_BYTES:
            raise _too_large(name, f"more than {MAX_BYTES // 2**20} MB")
        source = Path(source).read_bytes()
    if len(source) > MAX_BYTES:
        raise _too_large(name, f"more than {MAX_BYTES // 2**20} MB")
    return _grey(_decode(source, name, most_pixels)), name


def _decode(content: bytes, name: str, most_pixels: int) -> Image:
    try:
        from PIL import Image, UnidentifiedImageError
    except ImportError as missing:
        raise ImportError("pictures need Pillow: pip install 'inkmath[images]'", name=missing.name) from missing

    try:
        with warnings.catch_warnings():
            # Pillow's own guard against bombs only warns below twice its limit; the size is checked here instead.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            warnings.simplefilter("ignore", UserWarning)  # what a camera wrote beside the picture may be cut off
            picture = Image.open(io.BytesIO(content), formats=("PNG", "JPEG"))
            if picture.width * picture.height > most_pixels:
                raise _too_large(name, f"{picture.width} x {picture.height} pixels", TooManyPixelsError)
            picture.load()
            if picture.mode == "P" and picture.palette is None:
                raise ValueError("its colours are missing")
            return _upright(picture)
    except Image.DecompressionBombError as bomb:
        raise _too_large(name, "more pixels than any camera gives", TooManyPixelsError) from bomb
    except UnidentifiedImageError as unknown:
        raise ImageError(f"{name}: this is no PNG or JPEG picture; convert it to one of them") from unknown
    except (OSError, SyntaxError, ValueError) as broken:
        if isinstance(broken, ImageError):
            raise
        raise ImageError(f"{name}: the picture is damaged ({broken}); save it anew") from broken


def _upright(picture: Image) -> Image:
    """Turned as its camera was held.

    Pillow's own function for this also writes the EXIF anew, which fails where a camera wrote it in its own way.
    """
    from PIL.ExifTags import Base
    from PIL.Image import Transpose

    try:
        held = picture.getexif().get(Base.Orientation, 1)
    except Exception:  # whatever is wrong with what a camera says, the picture is whole  # noqa: BLE001
        return picture
    turns = {
        2: Transpose.FLIP_LEFT_RIGHT,
        3: Transpose.ROTATE_180,
        4: Transpose.FLIP_TOP_BOTTOM,
        5: Transpose.TRANSPOSE,
        6: Transpose.ROTATE_270,
        7: Transpose.TRANSVERSE,
        8: Transpose.ROTATE_90,
    }
    return picture.transpose(turns[held]) if held in turns else picture


def _too_large(name: str, size: str, kind: type[ImageError] = ImageError) -> ImageError:
    return kind(
        f"{name}: the picture is too large ({size}); crop it to the formula, "
        f"or shrink it to at most {LONGEST_SIDE} pixels a side"
    )


def _from_array(values: NDArray[Any]) -> Image:
    from PIL import Image

    if values.ndim not in (2, 3) or (values.ndim == 3 and values.shape[2] not in (3, 4)) or not values.size:
        raise ImageError(
            f"image: an array of shape {values.shape} is no picture; give (height, width) or (height, width, 3 or 4)"
        )
    if values.shape[0] * values.shape[1] > MAX_PIXELS:
        raise _too_large("image", f"{values.shape[1]} x {values.shape[0]} pixels")
    if np.issubdtype(values.dtype, np.floating) and np.nanmax(values, initial=0.0) > OVERSHOOT:
        raise ImageError("image: an array of float is a picture from 0 to 1; divide by 255, or give uint8")
    if values.dtype == np.bool_ or np.issubdtype(values.dtype, np.floating):
        values = np.nan_to_num(np.clip(values.astype(np.float32), 0, 1)) * 255
    elif values.dtype != np.uint8:
        raise ImageError(f"image: an array of {values.dtype} is no picture; give uint8, bool or float from 0 to 1")
    return Image.fromarray(np.ascontiguousarray(values.astype(np.uint8)))


def _grey(picture: Image) -> Grey:
    from PIL import Image

    if picture.mode.startswith("I"):  # grey in 16 bits, which Pillow would clip to the lowest 8
        picture = Image.fromarray((np.asarray(picture, np.float32) / 257).clip(0, 255).astype(np.uint8))
    elif picture.mode in {"1", "P"}:  # which Pillow makes smaller by leaving pixels out, and thin lines with them
        picture = picture.convert("RGBA" if picture.has_transparency_data else "RGB")
    picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.BOX, reducing_gap=2.0)
    if not picture.has_transparency_data:
        return np.asarray(picture.convert("L"), np.float32) / np.float32(255)
    layered = picture.convert("RGBA")
    alpha = np.asarray(layered.getchannel("A"), np.float32) / 255
    grey = np.asarray(layered.convert("L"), np.float32) / 255
    seen = float((grey * alpha).sum() / max(alpha.sum(), 1e-6))
    # Where little is opaque, that is the ink, and needs paper to stand out from; else it is the paper itself.
    paper = seen if alpha.mean() > 0.5 else (1.0 if seen < 0.5 else 0.0)
    filled: Grey = (grey * alpha + paper * (1 - alpha)).astype(np.float32)
    return filled


def find_ink(grey: Grey, name: str = "image") -> Mask:
    """Tell ink from paper.

    Ink differs from the paper around it, which is a median over a wide neighbourhood: so uneven light and yellowed
    edges vanish. It is narrow, too: darker than the picture after a closing (or lighter than after an opening) that is
    wider than any line, so that no edge of a shadow, a sheet or a scan is ink; nor, where much narrower lines stand out
    beside them, are shadows of fingers, a highlighter's bands and punched holes. What passes Otsu's threshold (IEEE
    Trans. SMC 9, 1979) is ink, and fainter ink where it touches such (hysteresis), without the printed lines of ruled
    and squared paper and the dots of dotted paper. The sign that weighs most tells dark ink from light. Where lines are
    faint in places, of pencil or chalk, they are looked for once more in a softer picture; all others end where ink is
    half as strong as in their middle, or the blur would fill the holes of small letters. Thin lines are looked for in
    an enlarged picture.

    Raises:
        ImageError: nothing stands out from the paper, or far too much does.
    """
    if min(grey.shape) < SHORTEST_SIDE:
        raise ImageError(
            f"{name}: too little of the picture is left when its longer side has {max(grey.shape)} pixels "
            f"({grey.shape[1]} x {grey.shape[0]}); give a larger picture, cropped to the formula"
        )
    mask = _find_ink(grey, name)
    if mask.pen >= THIN:
        return mask
    top, left, part = 0, 0, grey
    if part.size * ENLARGED**2 > LONGEST_SIDE**2:
        rows, columns = np.flatnonzero(mask.pixels.any(axis=1)), np.flatnonzero(mask.pixels.any(axis=0))
        margin = 10 + round(0.1 * max(np.ptp(rows), np.ptp(columns)))
        top, left = max(int(rows[0]) - margin, 0), max(int(columns[0]) - margin, 0)
        part = grey[top : rows[-1] + margin, left : columns[-1] + margin]
    if part.size * ENLARGED**2 > LONGEST_SIDE**2:
        return mask
    try:
        fine = _find_ink(_enlarge(part, ENLARGED), name)
    except ImageError:  # of so small a part the ink may be too much, and there is nothing wrong with the picture
        return mask
    return replace(fine, scale=ENLARGED, corner=(left, top))


def _enlarge(grey: Grey, times: int) -> Grey:
    from PIL import Image

    height, width = grey.shape
    large = Image.fromarray(grey).resize((width * times, height * times), Image.Resampling.BICUBIC)
    return np.asarray(large, np.float32)


def _find_ink(grey: Grey, name: str) -> Mask:
    nothing = ImageError(
        f"{name}: there is no handwriting to be seen; give a picture with clear lines, dark on light or light on dark"
    )
    ground, ink, pixels = _on_ground(grey)
    if not pixels.any():
        raise nothing
    if pixels.mean() > MOST_INK:
        raise ImageError(
            f"{name}: {pixels.mean():.0%} of the picture stand out from the rest, which is no handwriting; "
            "crop it to one formula on plain paper"
        )
    pen = pen_width(pixels)
    strength = _strength(ink, pen)
    if (strength[_thinned(pixels)] < FAINT).mean() < GRAINY:
        pixels &= strength >= EDGE
    elif GRAIN_SOFTNESS * pen > SOFTNESS:
        # A blur takes contrast from a line, too.
        softer = _standing_out(_contrast(grey, ground, GRAIN_SOFTNESS * pen), 0.6 * LEAST_CONTRAST)
        if softer.any():
            pixels = softer
    pixels = _without_specks(pixels, pen_width(pixels))
    if not pixels.any():
        raise nothing
    pixels = _without_tips(_without_frame(pixels, pen_width(pixels)))
    return Mask(pixels, pen_width(pixels))


def _on_ground(grey: Grey) -> tuple[Ground, Grey, NDArray[np.bool_]]:
    """The ground that ink stands out from, how far, and where: narrow lines, if wider blots are beside them."""
    *narrower, widest = Ground.under(grey)
    all_blots = _contrast(grey, widest, SOFTNESS)
    for ground, blot in zip(narrower, NARROWER_BLOTS, strict=True):
        lines = _contrast(grey, ground, SOFTNESS)
        share = _weight(lines.ink) / max(_weight(all_blots.ink), 1e-9)
        if share > ALL:
            break
        if share >= LINES:
            pixels = _standing_out(lines, LEAST_CONTRAST)
            if pixels.any() and pen_width(pixels) <= WIDEST_PEN * blot * sum(grey.shape):
                return ground, lines.ink, pixels
    return widest, all_blots.ink, _standing_out(all_blots, LEAST_CONTRAST)


@dataclass(frozen=True)
class Ground:
    """What ink stands out from, each ``(height, width)``.

    Attributes:
        paper: brightness of the paper around.
        closed: brightness without dark lines.
        opened: brightness without light lines.
    """

    paper: Grey
    closed: Grey
    opened: Grey

    @classmethod
    def under(cls, grey: Grey) -> list[Ground]:
        """The ground of a picture under lines of each width, found in a smaller one of medians.

        These know neither noise nor thin lines.
        """
        from PIL import Image
        from scipy import ndimage

        side = max(1, round(max(grey.shape) / 160))
        whole = np.pad(grey, [(0, -length % side) for length in grey.shape], mode="edge")
        rows, columns = whole.shape[0] // side, whole.shape[1] // side
        blocks = whole.reshape(rows, side, columns, side).swapaxes(1, 2).reshape(rows, columns, -1)
        small = np.median(blocks, axis=-1)

        def enlarged(values: Grey) -> Grey:
            large = Image.fromarray(values).resize(whole.shape[::-1], Image.Resampling.BILINEAR)
            return np.asarray(large, np.float32)[: grey.shape[0], : grey.shape[1]]

        size = max(round(WIDEST_BLOT * sum(small.shape)), 15)
        paper = enlarged(ndimage.median_filter(small[::2, ::2], size=size, mode="reflect"))
        wide = np.pad(small, size, mode="edge")
        # Edges are ragged: what is darker on one side of them holds for a little beyond.
        beyond, inner = max(round(RAGGED * sum(small.shape)), 4) + 1, (slice(size, -size), slice(size, -size))
        grounds = []
        for blot in (*(max(round(share * sum(small.shape)), 1) for share in NARROWER_BLOTS), size):
            closed = ndimage.minimum_filter(ndimage.grey_closing(wide, (blot, blot)), beyond)[inner]
            opened = ndimage.maximum_filter(ndimage.grey_opening(wide, (blot, blot)), beyond)[inner]
            grounds.append(cls(paper, enlarged(closed), enlarged(opened)))
        return grounds


class Contrast(NamedTuple):
    """How far a blurred picture stands out as dark ink or as light, ``(height, width)``, and the paper's noise."""

    ink: Grey
    noise: float


def _contrast(grey: Grey, ground: Ground, softness: float) -> Contrast:
    from scipy import ndimage

    smooth = ndimage.gaussian_filter(grey, softness)
    difference = smooth - ground.paper
    some = difference[::3, ::3]
    noise = 1.48 * float(np.median(np.abs(some - np.median(some))))  # standard deviation, by the median
    dark = np.maximum(np.minimum(-difference, ground.closed - smooth), 0)
    light = np.maximum(np.minimum(difference, smooth - ground.opened), 0)
    if _weight(dark) < _weight(light):
        return Contrast(light, noise)
    # Shadow dims paper and ink alike.
    lit = max(float(np.quantile(ground.closed, 0.9)), 1e-3)
    gain = np.clip(lit / np.maximum(ground.closed, 1e-3), 1, MOST_GAIN)
    return Contrast(np.where(ground.closed >= DARKEST_SHADOW * lit, gain * dark, 0), noise)


def _standing_out(contrast: Contrast, least_contrast: float) -> NDArray[np.bool_]:
    """Where what stands out is ink, ``(height, width)``: nowhere if all of it is below the least contrast."""
    from skimage.filters import apply_hysteresis_threshold, threshold_otsu

    ink, noise = contrast
    if float(ink.max()) < least_contrast:
        return np.zeros(ink.shape, np.bool_)
    least = float(np.clip(NOISE_RATIO * noise, LEAST_CONTRAST / 2, LEAST_CONTRAST))

    def least_ink(of: Grey) -> float:
        # The paper's noise would draw it down: only what could be ink has a say, and the paper as one value.
        return max(float(threshold_otsu(np.clip(of, LEAST_CONTRAST / 4, None))), least)  # type: ignore[no-untyped-call]

    def standing_out(of: Grey, threshold: float) -> NDArray[np.bool_]:
        pixels: NDArray[np.bool_] = apply_hysteresis_threshold(of, 0.7 * threshold, threshold)  # type: ignore[no-untyped-call]
        return pixels

    threshold = least_ink(ink)
    lines = PrintedLines.among(ink, PRINTED * threshold)
    if lines.pixels.any():
        written = lines.written_over(ink)
        pixels = lines.made_whole(standing_out(written, least_ink(written[~lines.pixels])))
        if pixels.any():
            return pixels
    return without_printed_dots(standing_out(ink, threshold))


def _weight(ink: Grey) -> float:
    """How much of what could be ink stands out well."""
    return float((np.maximum(ink - LEAST_CONTRAST / 2, 0) ** 3).sum())


def _strength(ink: Grey, pen: float) -> Grey:
    """Ink as a part of the strongest within a pen's width, ``(height, width)``."""
    from scipy import ndimage

    strongest = ndimage.maximum_filter(ink, 2 * max(round(pen), 1) + 1)
    return np.asarray(ink / np.maximum(strongest, 1e-6), np.float32)


def _thinned(pixels: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The middle of each line, one pixel wide."""
    from skimage.morphology import skeletonize

    thin: NDArray[np.bool_] = skeletonize(pixels)  # type: ignore[no-untyped-call]
    return thin


def pen_width(pixels: NDArray[np.bool_]) -> float:
    """Typical width of the lines, in pixels: area over length of the thinned lines."""
    return float(pixels.sum() / max(_thinned(pixels).sum(), 1))


def _without_specks(pixels: NDArray[np.bool_], pen: float) -> NDArray[np.bool_]:
    """Without blobs smaller than a dot of the pen, and without pinholes in lines."""
    from skimage.measure import label

    def large(area: NDArray[np.bool_], least: float, connectivity: int) -> NDArray[np.bool_]:
        parts = label(area, connectivity=connectivity)  # type: ignore[no-untyped-call]
        sizes = np.bincount(parts.ravel())
        sizes[0] = 0
        kept: NDArray[np.bool_] = (sizes >= least)[parts]
        return kept

    filled = ~large(~pixels, 0.15 * pen**2, 1)
    # A dot of the pen covers pi/4 of its width squared; grain of the paper covers a few pixels.
    return large(filled, max(0.25 * pen**2, 3), 2)


def _without_frame(pixels: NDArray[np.bool_], pen: float) -> NDArray[np.bool_]:
    """Without a rectangle around all the rest, as screenshots and boxes of forms have."""
    from skimage.measure import label

    parts = label(pixels, connectivity=2)  # type: ignore[no-untyped-call]
    rows, columns = np.flatnonzero(pixels.any(axis=1)), np.flatnonzero(pixels.any(axis=0))
    whole = (slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1))
    # Frames are seldom quite upright.
    height, width = parts[whole].shape
    depth = round(2 * pen + 0.02 * max(height, width))
    if min(height, width) <= 2 * depth:
        return pixels
    for part in set(parts[whole][0]) - {0}:
        line = parts[whole] == part
        sides = [
            line[:depth].any(axis=0),
            line[-depth:].any(axis=0),
            line[:, :depth].any(axis=1),
            line[:, -depth:].any(axis=1),
        ]
        hollow = not line[depth:-depth, depth:-depth].any()
        if hollow and min(side.mean() for side in sides) > 0.95 and pixels.sum() > line.sum():
            framed: NDArray[np.bool_] = pixels & (parts != part)
            return framed
    return pixels


def _without_tips(pixels: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Without the ends of letters that the upper or lower edge has cut off: other lines of the page are no formula."""
    from scipy import ndimage
    from skimage.measure import label

    parts = label(pixels, connectivity=2)  # type: ignore[no-untyped-call]
    down, across = ([(box[axis].start, box[axis].stop) for box in ndimage.find_objects(parts)] for axis in (0, 1))
    (top, bottom), (left, right) = np.transpose(down), np.transpose(across)
    above, below = top == 0, bottom == len(pixels)
    whole = ~above & ~below
    cropped = left.min() == 0 and right.max() == pixels.shape[1]  # to the ink: what reaches an edge ends there
    if cropped or not whole.any():
        return pixels
    low = bottom - top <= TIP * np.median(np.maximum(bottom - top, right - left)[whole])
    kept: NDArray[np.bool_] = pixels & ~np.concatenate([[False], low & ~whole])[parts]
    return kept
