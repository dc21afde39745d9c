"""Pictures of handwriting as ink: the way back from a scan to strokes of a pen.

`picture` tells the ink from the paper, `skeleton` thins it to a graph of lines, `tracing` follows the lines as a pen
might have gone. How the pen really went is not in the picture: direction, order and retraced lines are guesses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from inkmath.images.picture import MAX_PIXELS, ImageError, TooManyPixelsError, find_ink, load_grey

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from inkmath.ink import Ink

__all__ = ["ImageError", "TooManyPixelsError", "ink_from_image"]


def ink_from_image(image: Path | str | bytes | NDArray[np.generic], *, most_pixels: int = MAX_PIXELS) -> Ink:
    """Recover pen strokes from the picture of one handwritten formula.

    The ink may be darker or lighter than its paper, the paper plain and unevenly lit, in part in a shadow, highlighted,
    or a sheet on a dark desk, dotted, or ruled or squared in a fainter colour than the pen's. What the upper or lower
    edge leaves of other lines is passed over. A formula that is askew stays askew.

    Args:
        image: a PNG or JPEG file or its bytes; or an array ``(height, width)`` or ``(height, width, 3 or 4)`` of
            uint8 (0..255), bool or float (0..1).
        most_pixels: files of larger pictures are refused before they are decoded.

    Returns:
        Strokes in pixels of the picture (a large one is shrunk first), in a plausible order of writing.

    Raises:
        ImageError: this is no picture, it is too large, or there is no handwriting in it.
        TooManyPixelsError: an ImageError; the picture has more than ``most_pixels``.
        ImportError: Pillow or scikit-image is not installed (``pip install 'inkmath[images]'``).
        OSError: the file cannot be read.
    """
    from inkmath.images.skeleton import line_graph
    from inkmath.images.tracing import trace
    from inkmath.ink import Ink

    grey, name = load_grey(image, most_pixels)
    mask = find_ink(grey, name)
    strokes = trace(line_graph(mask.pixels, mask.pen, name), mask.pen)
    return Ink.from_points(mask.in_picture(stroke).astype("float32") for stroke in strokes)
