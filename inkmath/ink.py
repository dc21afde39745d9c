"""Ink: the strokes of a piece of handwriting, and nothing but geometry."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from inkmath.layout.tree import LayoutTree, Symbol

Stroke = NDArray[np.float32]
"""One pen-down to pen-up movement, shape ``(points, 2)``: x to the right, y downward, in any unit."""

MAX_STROKES = 400
"""Strokes of one formula that are read: memory grows with their square, and 400 take some 350 MB."""

_FAR = 2.0**10
"""Ink farther from the origin than so many of its sizes is blurred: 14 of single precision's 24 bits tell its shape."""


class TooManyStrokesError(ValueError):
    """Ink has more strokes than one formula may have."""


@dataclass(frozen=True, eq=False)
class Ink:
    """Strokes in writing order, with what is known about them.

    Attributes:
        strokes: float32 arrays of shape ``(points, 2)``, each with at least one point, all finite.
        id: name of the sample, unique within its source.
        source: the collection it came from (``"KAIST"``, ``"synthetic"``), or None.
        writer: who wrote it, or None where unknown.
        latex: the LaTeX truth exactly as the file gives it, or None.
        tree: the symbol layout tree whose symbols own indices into ``strokes``, or None without truth.
        groups: the labelled stroke groups as the file lists them, also those that have no place in ``tree``.
        trace_ids: the file's own name of each stroke; empty for ink that comes from no file.
        annotations: the file's remaining annotations of the whole ink by type (``"UI"``, ``"splitTagOriginal"``).
        problems: what is wrong with the truth although the ink is good, a sentence each.
    """

    strokes: tuple[Stroke, ...]
    id: str = ""
    source: str | None = None
    writer: str | None = None
    latex: str | None = None
    tree: LayoutTree | None = None
    groups: tuple[Symbol, ...] = ()
    trace_ids: tuple[str, ...] = ()
    annotations: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[str, ...] = ()

    @classmethod
    def from_points(cls, strokes: Iterable[Sequence[Sequence[float]] | NDArray[np.floating]], **known: object) -> Ink:
        """Build ink from copies of anything that reads as lists of ``[x, y, ...]`` points; only x and y are kept.

        Ink far from the origin is moved to it, as `in_single_precision` does.

        Raises:
            ValueError: a stroke is no list of points, is empty, is not two-dimensional, or holds a number that is not
                finite in float32.
        """
        arrays = []
        for index, stroke in enumerate(strokes):
            try:
                points = np.asarray(stroke, dtype=np.float64)
            except (TypeError, ValueError, OverflowError) as error:
                raise ValueError(f"stroke {index} is no list of [x, y] points: {error}") from error
            if points.ndim != 2 or points.shape[0] == 0 or points.shape[1] < 2:
                raise ValueError(f"stroke {index} has shape {points.shape}; a stroke is a list of [x, y] points")
            points = points[:, :2]
            with np.errstate(over="ignore"):
                finite = np.isfinite(points.astype(np.float32)).all()
            if not finite:
                raise ValueError(f"stroke {index} holds a coordinate that is not a finite number of at most 3.4e38")
            arrays.append(points)
        return cls(strokes=in_single_precision(arrays), **known)  # type: ignore[arg-type]

    @property
    def title(self) -> str:
        """What CROHME's label graphs name it by: the ``UI`` that its file gives, else its id."""
        return self.annotations.get("UI", self.id)

    @property
    def unowned(self) -> tuple[int, ...]:
        """The strokes that no symbol of the tree owns: slips of the pen, junk, or all of them without a tree."""
        owned = {stroke for symbol in self.tree.symbols for stroke in symbol.strokes} if self.tree else set()
        return tuple(stroke for stroke in range(len(self.strokes)) if stroke not in owned)

    @property
    def outside(self) -> tuple[Symbol, ...]:
        """The labelled groups whose strokes have no place in the tree."""
        free = set(self.unowned)
        return tuple(group for group in self.groups if free.issuperset(group.strokes))

    def reordered(self, order: Sequence[int]) -> Ink:
        """The same ink, written in another order: first the stroke ``order[0]``, and so on through all of them."""
        places = {old: new for new, old in enumerate(order)}
        return replace(
            self,
            strokes=tuple(self.strokes[old] for old in order),
            tree=self.tree and self.tree.renumbered(places),
            groups=tuple(group.renumbered(places) for group in self.groups),
            trace_ids=tuple(self.trace_ids[old] for old in order) if self.trace_ids else (),
        )

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """``(left, top, right, bottom)`` over all points; all zero for ink without strokes."""
        if not self.strokes:
            return 0.0, 0.0, 0.0, 0.0
        low, high = boxes(self.strokes)
        (left, top), (right, bottom) = low.min(axis=0).tolist(), high.max(axis=0).tolist()
        return left, top, right, bottom


def check_size(ink: Ink) -> None:
    """Refuse ink that is too much for one formula.

    Raises:
        TooManyStrokesError: it has more than `MAX_STROKES` strokes.
    """
    if (count := len(ink.strokes)) > MAX_STROKES:
        raise TooManyStrokesError(
            f"{count} strokes are more than the {MAX_STROKES} that one formula may have; read it in parts"
        )


def in_single_precision(strokes: Sequence[NDArray[np.float64]]) -> tuple[Stroke, ...]:
    """Strokes of one ink as float32, each a copy.

    Ink that lies so far from the origin for its size, along x or y, that its shape would suffer, is moved to it; whole
    numbers too, which single precision can hold there, but not the points between them that `resample` finds.
    """
    if not strokes:
        return ()
    points = np.concatenate(strokes)
    low, high = points.min(axis=0), points.max(axis=0)
    size = (high - low).max()
    away = np.abs([low, high]).max(axis=0)  # (2,)
    far = (away > _FAR * size) & (size > 0)  # a dot has no shape, wherever it lies
    if far.any():
        strokes = [stroke - np.where(far, low, 0) for stroke in strokes]
    return tuple(stroke.astype(np.float32, order="C") for stroke in strokes)


def boxes(strokes: Sequence[NDArray[Any]]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Top left and bottom right corners of the boxes of strokes, each ``(S, 2)``."""
    low = np.array([stroke.min(axis=0) for stroke in strokes], np.float64).reshape(-1, 2)
    high = np.array([stroke.max(axis=0) for stroke in strokes], np.float64).reshape(-1, 2)
    return low, high


def extents(low: NDArray[Any], high: NDArray[Any]) -> NDArray[Any]:
    """The larger side of each of the boxes of ``(S, 2)`` corners, ``(S,)``, in their unit."""
    larger: NDArray[Any] = (high - low).max(axis=1, initial=0.0)
    return larger


def typical_size(low: NDArray[Any], high: NDArray[Any]) -> float:
    """The median over strokes of the larger side of their boxes, without those that have no extent.

    Args:
        low, high: as :func:`boxes` gives them.

    Returns:
        Above 0, in the unit of the corners; 1 where no stroke has any extent.
    """
    larger = extents(low, high)
    return float(np.median(larger[larger > 0])) if (larger > 0).any() else 1.0


def resample(stroke: Stroke, points: int) -> Stroke:
    """Spread ``points`` points evenly along a stroke by arc length, both ends kept.

    Returns:
        float32 of shape ``(points, 2)``; a stroke without length repeats its first point.
    """
    steps = np.hypot(*np.diff(stroke.astype(np.float64), axis=0).T)
    travelled = np.concatenate([[0.0], np.cumsum(steps)])
    if travelled[-1] == 0.0:
        return np.repeat(stroke[:1], points, axis=0)
    at = np.linspace(0.0, travelled[-1], points)
    return np.stack([np.interp(at, travelled, stroke[:, axis]) for axis in (0, 1)], axis=1).astype(np.float32)
