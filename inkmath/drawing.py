"""Pictures of ink: SVG text and PNG bytes."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

import numpy as np

from inkmath.layout.symbols import CHARACTERS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from inkmath.ink import Ink

INK = "#1a1a2e"
# Hues of Okabe and Ito's palette, darkened until a label stands out from white by 4.5 or more (WCAG 2.2, 1.4.3).
COLOURS = ("#0072b2", "#b84a00", "#007a58", "#a8447c", "#7a5c00", "#5b4bb5")
MARGIN = 12.0  # pixels around the ink
LABEL_SIZE = 11.0  # pixels
SHOWN = CHARACTERS | {"\\perp": CHARACTERS["\\bot"]}  # which looks the same; matplotlib's font lacks its own
LETTER = 0.65 * LABEL_SIZE  # pixels that a letter of a label takes, rather too many


@dataclass(frozen=True)
class _Picture:
    """Ink placed on a canvas, in pixels."""

    width: float
    height: float
    curves: list[NDArray[np.float64]]  # each (points, 2)
    colours: list[str]  # one a stroke
    labels: list[tuple[float, float, str, str]]  # left, baseline, text, colour


def to_svg(
    ink: Ink,
    *,
    size: tuple[float, float] = (800, 240),
    pen: float = 2.5,
    colours: bool = False,
    labels: bool = False,
    background: str | None = "#ffffff",
) -> str:
    """Draw ink as a standalone SVG document.

    Args:
        ink: at least one stroke.
        size: the largest width and height of the ink, in pixels; its aspect ratio is kept.
        pen: width of the line in pixels.
        colours: give each symbol of the tree a colour of its own.
        labels: write each symbol's label above it.
        background: a colour, so that the picture is legible on a page of any colour; None leaves it transparent and
            draws in the text colour of the page.

    Raises:
        ValueError: there is no stroke.
    """
    picture = _arrange(ink, size, pen, colours, labels, INK if background else "currentColor")
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{picture.width:.0f}" height="{picture.height:.0f}"'
        f' viewBox="0 0 {picture.width:.1f} {picture.height:.1f}" role="img" aria-label={quoteattr(_title(ink))}>'
    ]
    if background:
        parts.append(f'<rect width="100%" height="100%" fill={quoteattr(background)}/>')
    parts.append(f'<g fill="none" stroke-width="{pen:g}" stroke-linecap="round" stroke-linejoin="round">')
    parts += [
        f'<path d="{_path(curve)}" stroke="{colour}"/>'
        for curve, colour in zip(picture.curves, picture.colours, strict=True)
    ]
    parts.append("</g>")
    parts += [
        f'<text x="{x:.1f}" y="{y:.1f}" font-family="sans-serif" font-size="{LABEL_SIZE:g}" fill="{colour}">'
        f"{escape(text)}</text>"
        for x, y, text, colour in picture.labels
    ]
    return "\n".join([*parts, "</svg>", ""])


def to_png(
    ink: Ink,
    *,
    size: tuple[float, float] = (800, 240),
    pen: float = 2.5,
    colours: bool = False,
    labels: bool = False,
    background: str | None = "#ffffff",
    scale: float = 2.0,
) -> bytes:
    """Draw ink as PNG; ``scale`` is the number of image pixels to a pixel of ``size``, the rest is as in SVG.

    Raises:
        ValueError: there is no stroke.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.patches import Circle, PathPatch
    from matplotlib.path import Path as Outline

    picture = _arrange(ink, size, pen, colours, labels, INK)
    points = 72.0  # an inch; one point of line width is one pixel of the picture
    figure = Figure(figsize=(picture.width / points, picture.height / points), dpi=points * scale)
    figure.patch.set_facecolor(background or "none")
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    axes.set_xlim(0, picture.width)
    axes.set_ylim(picture.height, 0)
    for curve, colour in zip(picture.curves, picture.colours, strict=True):
        if np.ptp(curve, axis=0).max() < 0.5:  # matplotlib shows nothing of a line without length
            axes.add_patch(Circle(tuple(curve.mean(axis=0)), pen / 2, facecolor=colour, edgecolor="none"))
            continue
        vertices, kinds = _bezier(curve)
        codes = np.where(kinds == 2, Outline.CURVE3, np.where(kinds == 1, Outline.LINETO, Outline.MOVETO))
        style = {"fill": False, "edgecolor": colour, "linewidth": pen, "capstyle": "round", "joinstyle": "round"}
        axes.add_patch(PathPatch(Outline(vertices, codes), **style))
    for x, y, text, colour in picture.labels:
        axes.text(x, y, text, color=colour, fontsize=LABEL_SIZE, parse_math=False)
    stream = io.BytesIO()
    FigureCanvasAgg(figure).print_png(stream)  # type: ignore[no-untyped-call]
    return stream.getvalue()


def _arrange(ink: Ink, size: tuple[float, float], pen: float, colours: bool, labels: bool, ink_colour: str) -> _Picture:
    if not ink.strokes:
        raise ValueError("there is no ink to draw")
    left, top, right, bottom = ink.bounds
    # A dot or a straight line has no extent in one direction or both.
    extent = max(right - left, bottom - top) or 1.0
    factor = min(size[0] / max(right - left, extent * 1e-3), size[1] / max(bottom - top, extent * 1e-3))
    margin = MARGIN + pen / 2
    headroom = LABEL_SIZE if labels else 0.0
    curves = [
        (stroke.astype(np.float64) - (left, top)) * factor + (margin, margin + headroom) for stroke in ink.strokes
    ]
    stroke_colours = [ink_colour] * len(curves)
    width = (right - left) * factor + 2 * margin
    written = []
    for index, symbol in enumerate(ink.tree.symbols if ink.tree else ()):
        colour = COLOURS[index % len(COLOURS)] if colours else ink_colour
        for stroke in symbol.strokes:
            stroke_colours[stroke] = colour
        if labels and symbol.strokes:
            corner = np.min([curves[stroke].min(axis=0) for stroke in symbol.strokes], axis=0)
            text = SHOWN.get(symbol.label, symbol.label.removeprefix("\\"))
            written.append((float(corner[0]), float(corner[1]) - pen - 1, text, colour))
            width = max(width, float(corner[0]) + LETTER * len(text))
    return _Picture(
        width=width,
        height=(bottom - top) * factor + 2 * margin + headroom,
        curves=curves,
        colours=stroke_colours,
        labels=written,
    )


def _bezier(curve: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Quadratic curves through the midpoints of a stroke: smooth, and never far from its points.

    Returns:
        Vertices and, for each, 0 for a move, 1 for a line's end, 2 for a control point or end of a curve.
    """
    if len(curve) < 3:
        ends = curve[[0, -1]]  # a dot is a line of no length, which round caps show
        return ends, np.array([0, 1])
    middles = (curve[1:-1] + curve[2:]) / 2
    middles[-1] = curve[-1]
    bends = np.stack([curve[1:-1], middles], axis=1).reshape(-1, 2)  # (2 * (points - 2), 2)
    return np.concatenate([curve[:1], bends]), np.concatenate([[0], np.full(len(bends), 2)])


def _path(curve: NDArray[np.float64]) -> str:
    vertices, kinds = _bezier(curve)
    numbers = [f"{x:.1f} {y:.1f}" for x, y in vertices]
    return f"M{numbers[0]}{'Q' if kinds[-1] == 2 else 'L'}{' '.join(numbers[1:])}"


def _title(ink: Ink) -> str:
    return f"Handwriting: {ink.latex}" if ink.latex else "Handwriting"
