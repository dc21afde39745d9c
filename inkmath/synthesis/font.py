"""Single-line glyphs: recipes of `inkmath.synthesis.allographs` become pen movements.

The strokes come from A. V. Hershey's fonts (PyPI package Hershey-Fonts) or are drawn in the recipe itself.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import numpy as np
from HersheyFonts import HersheyFonts
from numpy.typing import NDArray

from inkmath.synthesis.allographs import ALLOGRAPHS

Path = NDArray[np.float64]
"""A pen movement of shape ``(points, 2)`` in font units: x to the right, y downward from the baseline."""

X_HEIGHT = 14.0
"""Height of an ``x`` in font units."""

CAPITAL_HEIGHT = 21.0
"""Height of capitals and digits, and of the ascenders of small letters, in font units."""

_HERSHEY_BASELINE = 9.0
_SCRIPT_LOWER_CASE = 1.3  # the small letters of the font "scripts" are lower than those of the others
_SHARP = np.deg2rad(50.0)
_STEP = 0.5


class RecipeError(ValueError):
    """A recipe cannot be read; the message quotes it."""


@dataclass(frozen=True, eq=False)
class Glyph:
    """One way to write a symbol.

    Attributes:
        strokes: the pen movements in writing order, sampled about every half unit; a dot has one point.
        joinable: indices of strokes after which some writers leave the pen down.
        cursive: whether it belongs to a running hand.
    """

    strokes: tuple[Path, ...]
    joinable: frozenset[int] = frozenset()
    cursive: bool = False


@cache
def allographs(label: str) -> tuple[tuple[float, Glyph], ...]:
    """The ways to write a class, each with its relative frequency.

    Raises:
        KeyError: the class has no shape of its own: it is spelled (``\\sin``) or fitted to its content (``\\sqrt``).
    """
    return tuple((weight, read_recipe(text)) for weight, text in ALLOGRAPHS[label])


def read_recipe(text: str) -> Glyph:
    """Turn a recipe, in the notation of `inkmath.synthesis.allographs`, into a glyph.

    Raises:
        RecipeError: the text is not in that notation, or names a glyph or stroke that the font does not have.
    """
    source = re.fullmatch(r"(\w+) (\S): (.+)", text)
    if not source:
        parts, joinable = _split(text)
        return Glyph(tuple(_drawn(part) for part in parts), joinable)
    font, character, order = source.groups()
    parts, joinable = _split(order)
    return Glyph(tuple(_hershey(font, character, part) for part in parts), joinable, cursive=font == "scripts")


def curve(points: Path, corners: NDArray[np.bool_]) -> Path:
    """Run a smooth curve (centripetal Catmull-Rom) through points, breaking it at corners.

    Args:
        points: shape ``(points, 2)``, none equal to the one before it.
        corners: shape ``(points,)``; the curve may change direction sharply where true.

    Returns:
        A path of points about half a unit apart, through all of ``points``.
    """
    if len(points) == 1:
        return points
    breaks = [0, *(np.flatnonzero(corners[1:-1]) + 1), len(points) - 1]
    runs = [_spline(points[start : stop + 1]) for start, stop in pairwise(breaks)]
    return np.concatenate([runs[0], *(run[1:] for run in runs[1:])])


def _spline(points: Path) -> Path:
    chords = np.hypot(*np.diff(points, axis=0).T)
    knots = np.concatenate([[0.0], np.cumsum(np.sqrt(chords))])
    slopes = np.diff(points, axis=0) / np.diff(knots)[:, None]
    tangents = np.empty_like(points)
    tangents[0], tangents[-1] = slopes[0], slopes[-1]
    if len(points) > 2:
        before, after = np.diff(knots)[:-1, None], np.diff(knots)[1:, None]
        tangents[1:-1] = (slopes[:-1] * after + slopes[1:] * before) / (before + after)
    spans = np.maximum(np.ceil(chords / _STEP).astype(int), 1)
    segment = np.repeat(np.arange(len(chords)), spans)
    at = np.concatenate([np.arange(count) / count for count in spans])[:, None]
    width = np.diff(knots)[segment, None]
    start, stop = points[segment], points[segment + 1]
    inner = (
        start * (1 + 2 * at) * (1 - at) ** 2
        + tangents[segment] * width * at * (1 - at) ** 2
        + stop * at**2 * (3 - 2 * at)
        + tangents[segment + 1] * width * at**2 * (at - 1)
    )
    return np.concatenate([inner, points[-1:]])


def _split(text: str) -> tuple[list[str], frozenset[int]]:
    """The strokes of a recipe, and after which of them the pen may stay down."""
    pieces = re.split(r"\s([/?])\s", text.strip())
    joinable = frozenset(index for index, mark in enumerate(pieces[1::2]) if mark == "?")
    return pieces[::2], joinable


def _drawn(text: str) -> Path:
    points, corners = [], []
    for word in text.split() or [""]:
        read = re.fullmatch(r"(-?\d+),(-?\d+)(\^?)", word)
        if not read:
            raise RecipeError(f"{word!r} in {text!r} is not a point x,y or x,y^")
        points.append((float(read[1]), -float(read[2])))
        corners.append(bool(read[3]))
    return curve(np.array(points), np.array(corners))


def _hershey(font: str, character: str, order: str) -> Path:
    strokes = _hershey_font(font).get(character, ())
    parts = []
    for word in order.split("+"):
        read = re.fullmatch(r"(\d+)(r?)", word)
        if not read or int(read[1]) >= len(strokes):
            raise RecipeError(f"{font} {character!r} has strokes 0 to {len(strokes) - 1}, not {word!r}")
        part = strokes[int(read[1])]
        parts.append(part[::-1] if read[2] else part)
    points = np.concatenate(parts)
    points = points[np.concatenate([[True], (np.diff(points, axis=0) != 0).any(axis=1)])]
    directions = np.unwrap(np.arctan2(*np.diff(points, axis=0).T[::-1]))
    corners = np.zeros(len(points), dtype=bool)
    corners[1:-1] = np.abs(np.diff(directions)) > _SHARP
    return curve(points, corners)


@cache
def _hershey_font(name: str) -> dict[str, tuple[Path, ...]]:
    fonts = HersheyFonts()
    if name not in fonts.default_font_names:
        raise RecipeError(f"there is no Hershey font {name!r}; there are {', '.join(fonts.default_font_names)}")
    fonts.load_default_font(name)
    glyphs = {}
    for character, glyph in fonts.all_glyphs.items():
        scale = _SCRIPT_LOWER_CASE if name == "scripts" and character.islower() else 1.0
        glyphs[character] = tuple(scale * (np.array(stroke) - (0.0, _HERSHEY_BASELINE)) for stroke in glyph.strokes)
    return glyphs
