"""Where symbols go, and in what order they are written: a layout tree becomes strokes.

A handwriter's version of TeX's rules (Knuth, The TeXbook, appendix G): scripts shrink and move up or down, a fraction
is centred on the axis, a root is drawn around its content, limits stand above and below, fences grow with what they
enclose, the cells of a matrix stand in rows and columns. Lengths are in font units times the size of the line, y
downward from the baseline.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from inkmath.layout.accents import DOTTED, accent_of, spanning_of
from inkmath.layout.matrices import closing_of
from inkmath.layout.symbols import FENCES
from inkmath.layout.tree import LayoutTree, Relation
from inkmath.synthesis.allographs import SPELLED
from inkmath.synthesis.font import curve
from inkmath.synthesis.further import ARROWS, COMPARISONS, OPERATORS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from inkmath.ink import Stroke
    from inkmath.synthesis.font import Path
    from inkmath.synthesis.style import Writer

_AXIS = -8.0
_DRAWN_AS = {"\\|": "\\parallel"}
# Room before and after a symbol beyond the usual gap.
_ROOM: dict[str, tuple[float, float]] = {
    **dict.fromkeys(("=", "<", ">", "\\leq", "\\geq", "\\neq", "\\rightarrow", "\\in"), (4.0, 4.0)),
    **dict.fromkeys(("+", "-", "\\pm", "\\times", "\\div"), (2.5, 2.5)),
    **dict.fromkeys((*COMPARISONS, *ARROWS), (4.0, 4.0)),
    **dict.fromkeys(OPERATORS, (2.5, 2.5)),
    **dict.fromkeys(SPELLED, (2.5, 2.0)),
    **dict.fromkeys(("\\sum", "\\prod", "\\int"), (1.5, 2.0)),
    **dict.fromkeys((",", ";"), (-1.0, 4.0)),
    ".": (-0.5, 0.0),
    "\\ldots": (2.0, 2.0),
    "!": (-0.5, 2.0),
}
# Least and most width of a mark over a letter, in widths of that, and its height, in font units.
_MARKS: dict[str, tuple[float, float, float, float]] = {
    "-": (0.7, 1.3, 0.0, 0.0),
    "\\rightarrow": (0.9, 1.5, 3.5, 7.0),
    "\\wedge": (0.5, 1.0, 3.5, 7.0),
    "\\sim": (0.6, 1.1, 2.0, 4.5),
}
_NARROWEST = 5.0
# Least and most width of a mark over several symbols, in widths of what it spans, and how much higher than over one.
_SPANNING, _HIGHER = (0.85, 1.12), 1.4
_HARPOONS = 0.25  # share of the arrows over letters that have half a head
_GAP = 3.2
# Gaps of a matrix: between columns, at least so many usual ones, and between rows.
_COLUMNS, _USUAL, _ROWS = 20.0, 4.5, 9.0
_SMALLEST = 0.36


@dataclass
class _Mark:
    """A symbol on the page: its strokes in place and the size they are written at."""

    symbol: int
    strokes: list[Path]
    size: float


@dataclass
class _Box:
    """Marks in writing order, and the rectangle they fill."""

    marks: list[_Mark]
    left: float
    top: float
    right: float
    bottom: float

    @classmethod
    def around(cls, mark: _Mark) -> _Box:
        points = np.concatenate(mark.strokes)
        (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0)
        return cls([mark], float(left), float(top), float(right), float(bottom))

    @classmethod
    def of(cls, parts: Iterable[_Box]) -> _Box:
        """The parts together, written in the order they come."""
        parts = list(parts)
        return cls(
            [mark for part in parts for mark in part.marks],
            min(part.left for part in parts),
            min(part.top for part in parts),
            max(part.right for part in parts),
            max(part.bottom for part in parts),
        )

    @property
    def width(self) -> float:
        return self.right - self.left

    @property
    def centre(self) -> float:
        return (self.left + self.right) / 2

    def shift(self, right: float, down: float) -> None:
        for mark in self.marks:
            for stroke in mark.strokes:
                stroke += (right, down)
        self.left, self.right = self.left + right, self.right + right
        self.top, self.bottom = self.top + down, self.bottom + down


def typeset(tree: LayoutTree, writer: Writer, rng: np.random.Generator) -> tuple[tuple[Stroke, ...], LayoutTree]:
    """Have a writer write a formula.

    Args:
        tree: the formula; strokes its symbols may own are ignored.
        writer: whose hand it is.
        rng: source of everything that differs between two writings.

    Returns:
        The strokes in writing order, in the writer's device units with the origin at the top left of the ink, and the
        same tree with each symbol owning its strokes.

    Raises:
        KeyError: a label is none of `inkmath.layout.classes.SYMBOL_CLASSES` or ``FURTHER_CLASSES``.
    """
    page = _Hand(tree, writer, rng).line(tree.root, 1.0)
    style = writer.style
    page.shift(-page.left, 0.0)
    phase = rng.uniform(0.0, 2 * np.pi)
    period = rng.uniform(120.0, 300.0)
    strokes: list[Path] = []
    owned: dict[int, tuple[int, ...]] = {}
    for mark in page.marks:
        first = len(strokes)
        for path in mark.strokes:
            path[:, 1] += style.slope * path[:, 0] + style.drift * np.sin(path[:, 0] / period * 2 * np.pi + phase)
            strokes.append(writer.pen(path, mark.size, rng))
        owned[mark.symbol] = tuple(range(first, len(strokes)))
    corner = np.min([stroke.min(axis=0) for stroke in strokes], axis=0)
    symbols = tuple(replace(symbol, strokes=owned[index]) for index, symbol in enumerate(tree.symbols))
    recorded = tuple(np.round(stroke - corner, writer.decimals).astype(np.float32) for stroke in strokes)
    return recorded, LayoutTree(symbols, tree.edges)


class _Hand:
    """One writing of one formula."""

    def __init__(self, tree: LayoutTree, writer: Writer, rng: np.random.Generator) -> None:
        self.tree, self.writer, self.style, self.rng = tree, writer, writer.style, rng

    def line(self, first: int, size: float) -> _Box:
        """A chain of symbols from left to right, its baseline at 0."""
        indices = list(self.tree.line(first))
        boxes: list[_Box] = []
        open_at: list[int] = []
        ends: dict[int, tuple[float, float]] = {}  # brackets that close a matrix, and how far that reaches
        for place, index in enumerate(indices):
            label = self._label(index)
            if place in ends:
                boxes.append(self.symbol(index, size, ends[place]))
                continue
            if rows := self.tree.matrix(index):
                grid = self._grid(rows, size, aligned=label == "\\{")
                boxes.append(self._beside(self.symbol(index, size, (grid.top, grid.bottom)), grid, size))
                if closing_of(self.tree, index) is not None:
                    ends[place + 1] = grid.top, grid.bottom
                continue
            closes = label in FENCES.values() or (
                label == "|" and any(self._label(indices[at]) == "|" for at in open_at)
            )
            if closes and open_at:
                start = open_at.pop()
                content = boxes[start + 1 :]
                cover = (min(box.top for box in content), max(box.bottom for box in content)) if content else None
                boxes[start] = self.symbol(indices[start], size, cover)
                boxes.append(self.symbol(index, size, cover))
            else:
                if label in FENCES or label == "|":
                    open_at.append(place)
                boxes.append(self.symbol(index, size))
        right = 0.0
        for place, (index, box) in enumerate(zip(indices, boxes, strict=True)):
            gap = self._gap(indices[place - 1], index, first=place == 1) * size if place else 0.0
            if place in ends:
                gap += 2.0 * size
            stray = 0.0 if len(indices) == 1 else self._jitter(self.style.raise_jitter, size)
            box.shift(right + gap - box.left, stray)
            right = max(right, box.right)
        return _Box.of(boxes)

    def symbol(self, index: int, size: float, cover: tuple[float, float] | None = None) -> _Box:
        """A symbol with everything that hangs on it; ``cover`` is the height that a fence must enclose."""
        children = self.tree.children[index]
        label = self._label(index)
        if label == "\\sqrt":
            box = self._root(index, size)
        elif spanning_of(self.tree, index) is not None:
            box = self._limits(self._spanning(index, size), index, size)
        elif label == "-" and (Relation.ABOVE in children or Relation.BELOW in children):
            box = self._fraction(index, size)
        else:
            strokes = self.writer.symbol(_DRAWN_AS.get(label, label), self.rng)
            accented = accent_of(self.tree, index) is not None
            if accented and label in DOTTED:
                # The mark takes the place of the dot.
                strokes = [max(strokes, key=lambda stroke: float(np.ptp(stroke[:, 1])))]
            scale = size * (1.0 + self._jitter(self.style.size_jitter))
            box = _Box.around(_Mark(index, [stroke * scale for stroke in strokes], size))
            if cover is not None:
                box = self._stretched(box, cover, size)
            if accented:
                return self._scripts(box, index, size, self._accent(box, index, size))
            box = self._limits(box, index, size)
        return self._scripts(box, index, size)

    def _label(self, index: int) -> str:
        return self.tree.symbols[index].label

    def _jitter(self, spread: float, size: float = 1.0) -> float:
        """Normal noise, without its rare far values."""
        return min(max(self.rng.normal(), -2.0), 2.0) * spread * size

    def _gap(self, before: int, after: int, *, first: bool) -> float:
        """Room between neighbours; a sign that opens a line belongs to what follows it."""
        bare = self.tree.children[before].keys() <= {Relation.RIGHT, Relation.CELL, Relation.ROW}
        sign = first and bare and self._label(before) in ("+", "-", "\\pm")
        room = 0.0 if sign else _ROOM.get(self._label(before), (0.0, 0.0))[1]
        room += _ROOM.get(self._label(after), (0.0, 0.0))[0]
        return max((_GAP + room) * self.style.spacing * (1.0 + self._jitter(0.25)), 0.8)

    def _below_size(self, size: float, ratio: float) -> float:
        return max(size * ratio * (1.0 + self._jitter(0.06)), _SMALLEST)

    def _stretched(self, box: _Box, cover: tuple[float, float], size: float) -> _Box:
        """A fence grown to enclose ``cover``, and moved to its height."""
        top, bottom = min(cover[0], -14.0 * size) - 2.0 * size, max(cover[1], 0.0) + 2.0 * size
        grow = max((bottom - top) / (box.bottom - box.top), 0.75)
        mark = box.marks[0]
        middle = (top + bottom) / 2
        centre = (box.top + box.bottom) / 2
        widen = grow**0.3
        grown = [(stroke - (0.0, centre)) * (widen, grow) + (0.0, middle) for stroke in mark.strokes]
        return _Box.around(replace(mark, strokes=grown))

    def _grid(self, rows: list[list[int]], size: float, *, aligned: bool) -> _Box:
        """The cells of a matrix around the axis, row by row; ``aligned`` where columns are aligned on the left."""
        small = self._below_size(size, self.style.fraction)
        cells = [[self.line(first, small) for first in row] for row in rows]
        aligned = aligned or self.rng.random() >= self.style.centred
        left = down = 0.0
        for column in range(max(map(len, cells))):
            parts = [row[column] for row in cells if column < len(row)]
            width = max(part.width for part in parts)
            for part in parts:
                spare = width - part.width
                right = self._jitter(1.0, small) if aligned else spare / 2 + self._jitter(1.5, small)
                part.shift(left + right - part.left, 0.0)
            gap = max(_COLUMNS * self.style.apart, _USUAL * _GAP * self.style.spacing)
            left += width + gap * (1.0 + self._jitter(0.12)) * small
        for number, row in enumerate(cells):
            if number:
                # A row of small letters is as high as any other.
                top = min(-14.0 * small, *(part.top for part in row))
                down += _ROWS * self.style.apart * (1.0 + self._jitter(0.2)) * small - top
            for part in row:
                part.shift(0.0, down + self._jitter(0.5 * self.style.raise_jitter, small))
            down = max(down, *(part.bottom for part in row))
        grid = _Box.of(part for row in cells for part in row)
        grid.shift(0.0, (_AXIS + self._jitter(0.7)) * size - (grid.top + grid.bottom) / 2)
        return grid

    def _beside(self, box: _Box, grid: _Box, size: float) -> _Box:
        """A matrix behind its opening bracket, which is written first."""
        gap = (4.0 + abs(self._jitter(2.0))) * size * max(self.style.spacing, 0.8)
        grid.shift(box.right + gap - grid.left, 0.0)
        return _Box.of((box, grid))

    def _limits(self, box: _Box, index: int, size: float) -> _Box:
        """What stands above and below a big operator."""
        children = self.tree.children[index]
        parts = [box]
        for relation in (Relation.BELOW, Relation.ABOVE):
            if relation not in children:
                continue
            limit = self.line(children[relation], self._below_size(size, self.style.script))
            gap = (3.0 + self._jitter(0.7)) * size
            down = box.bottom + gap - limit.top if relation is Relation.BELOW else box.top - gap - limit.bottom
            limit.shift(box.centre - limit.centre + self._jitter(1.5, size), down)
            parts.append(limit)
        return _Box.of(parts)

    def _accent(self, box: _Box, index: int, size: float) -> _Box:
        """The marks over a letter, whose box is given."""
        right, boxes = 0.0, []
        for mark in self.tree.line(self.tree.children[index][Relation.ABOVE]):
            part = self._over(mark, box, size)
            part.shift(right - part.left, -part.bottom)
            right = part.right + (2.0 + abs(self._jitter(1.5))) * size
            boxes.append(part)
        accent = _Box.of(boxes)
        gap = (1.2 + abs(self._jitter(1.8))) * size
        accent.shift(box.centre - accent.centre + self._jitter(1.2, size), box.top - gap - accent.bottom)
        return accent

    def _spanning(self, index: int, size: float) -> _Box:
        """What a wide accent spans, and the accent over it, most often written last."""
        content = self.line(self.tree.children[index][Relation.INSIDE], size)
        mark = self._over(index, content, size)
        gap = (1.5 + abs(self._jitter(1.5))) * size
        mark.shift(content.centre - mark.centre + self._jitter(1.5, size), content.top - gap - mark.bottom)
        first = self.rng.random() < self.style.bar_first / 2
        return _Box.of((mark, content) if first else (content, mark))

    def _over(self, mark: int, box: _Box, size: float) -> _Box:
        """A mark over a letter or over all that it spans, whose box is given, in the size that it has there."""
        label = self._label(mark)
        if label not in _MARKS:
            return _Box.around(_Mark(mark, [stroke * size for stroke in self.writer.symbol(label, self.rng)], size))
        narrow, wide, low, high = _MARKS[label]
        if Relation.INSIDE in self.tree.children[mark]:
            (narrow, wide), high = _SPANNING, high * _HIGHER
        width = max(box.width * self.rng.uniform(narrow, wide), _NARROWEST * size)
        height = self.rng.uniform(low, high) * size
        if label == "-":
            return self._drawn(mark, [[(0.0, 0.0), (width, 0.0)]], size)
        if label == "\\rightarrow" and self.rng.random() < _HARPOONS:
            return self._drawn(mark, [[(0.0, 0.0), (width, 0.0), (width - height, -height / 2)]], size)
        drawn = _Box.around(_Mark(mark, self.writer.symbol(label, self.rng), size))
        stretch = width / max(drawn.width, 1.0), height / max(drawn.bottom - drawn.top, 1.0)
        return _Box.around(_Mark(mark, [stroke * stretch for stroke in drawn.marks[0].strokes], size))

    def _scripts(self, box: _Box, index: int, size: float, accent: _Box | None = None) -> _Box:
        children = self.tree.children[index]
        low, high = None, None
        right = box.right + (1.5 + abs(self._jitter(1.0))) * size * self.style.spacing
        integral = self._label(index) == "\\int"
        if Relation.SUB in children:
            low = self.line(children[Relation.SUB], self._below_size(size, self.style.script))
            foot = max(box.bottom, 0.0)
            down = max(foot - (5.0 + self._jitter(1.0)) * size - low.top, 2.0 * size)
            low.shift((box.centre + 2.0 * size if integral else right) - low.left, down)
        if Relation.SUP in children:
            high = self.line(children[Relation.SUP], self._below_size(size, self.style.script))
            head = min(box.top, -13.0 * size)
            up = min(head + (4.0 + self._jitter(1.2)) * size, head + 8.0 * size - high.bottom)
            high.shift(right - high.left, up)
        if low and high and low.top - high.bottom < 1.5 * size:
            apart = (1.5 * size - low.top + high.bottom) / 2
            low.shift(0.0, apart)
            high.shift(0.0, -apart)
        scripts = [high, low] if self.style.sup_first else [low, high]
        return _Box.of(part for part in (box, accent, *scripts) if part)

    def _fraction(self, index: int, size: float) -> _Box:
        children = self.tree.children[index]
        small = self._below_size(size, self.style.fraction)
        above = self.line(children[Relation.ABOVE], small) if Relation.ABOVE in children else None
        below = self.line(children[Relation.BELOW], small) if Relation.BELOW in children else None
        width = max(part.width for part in (above, below) if part) + (5.0 + abs(self._jitter(4.0))) * size
        axis = (_AXIS + self._jitter(0.7)) * size
        bar = self._drawn(index, [[(0.0, axis), (width, axis)]], size)
        for part in (above, below):
            if part:
                gap = (3.2 + abs(self._jitter(1.0))) * size
                down = bar.top - gap - part.bottom if part is above else bar.bottom + gap - part.top
                part.shift(bar.centre - part.centre + self._jitter(0.03) * width, down)
        draw = self.rng.random()
        if draw < self.style.bar_first:
            order = [bar, above, below]
        elif draw < self.style.bar_first + 0.03:
            order = [above, below, bar]
        else:
            order = [above, bar, below]
        return _Box.of(part for part in order if part)

    def _root(self, index: int, size: float) -> _Box:
        """The sign drawn around what it governs, and the index in its crook."""
        children = self.tree.children[index]
        content = self.line(children[Relation.INSIDE], size) if Relation.INSIDE in children else None
        top = min(content.top if content else 0.0, -14.0 * size) - (3.5 + abs(self._jitter(1.0))) * size
        bottom = max(content.bottom if content else 0.0, 0.0) + self._jitter(0.5, size)
        height, width = bottom - top, (content.width if content else 10.0 * size)
        hook = (6.0 + abs(self._jitter(1.5))) * size + 0.1 * height
        crook = top + (0.55 + self._jitter(0.05)) * height
        if content:
            content.shift(hook + 2.0 * size - content.left, 0.0)
        reach = hook + 2.0 * size + width + (2.0 + abs(self._jitter(2.0))) * size
        corners = [
            (0.0, crook + 0.04 * height),
            (0.28 * hook, crook - 0.04 * height),
            (0.55 * hook, bottom),
            (hook, top),
        ]
        sign = [[*corners, (reach, top)]] if self.style.root_strokes == 1 else [corners, [(hook, top), (reach, top)]]
        parts = [self._drawn(index, sign, size)]
        if content:
            parts.insert(0 if self.rng.random() < self.style.root_last else 1, content)
        if Relation.ABOVE in children:
            degree = self.line(children[Relation.ABOVE], self._below_size(size, 0.8 * self.style.script))
            degree.shift(0.45 * hook - degree.right, crook - 2.5 * size - degree.bottom)
            parts.insert(0 if self.rng.random() < 0.5 else len(parts), degree)
        return _Box.of(parts)

    def _drawn(self, index: int, strokes: list[list[tuple[float, float]]], size: float) -> _Box:
        """Straight lines between corners, in the writer's hand."""
        paths = [curve(np.array(points) / size, np.ones(len(points), dtype=bool)) for points in strokes]
        return _Box.around(_Mark(index, [path * size for path in self.writer.free_hand(paths, self.rng)], size))
