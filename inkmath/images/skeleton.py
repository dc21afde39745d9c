"""Lines thinned to one pixel, as a graph: nodes where lines meet, and the lines between them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from inkmath.images.picture import ImageError

if TYPE_CHECKING:
    from collections.abc import Iterator

Points = NDArray[np.float64]
"""A line of pixels ``(points, 2)``: x, y."""

MAX_LINES = 1200
"""Lines and meetings together; more is a page of text, a texture, a photograph of something else."""
BRIDGE = 5.0
"""Pen widths: two meetings nearer than this may be one crossing, torn where its lines run into each other."""
TOUCH = 1.2
"""Pen widths: two meetings nearer than this are one, as where bows touch; so short a line has no direction."""
INTO_BRIDGE = np.deg2rad(80)
"""Where a crossing was torn, each of its lines turns by less than this into the bridge; a bar stands across others."""
SPUR = 0.8
"""Pen widths: a loose end shorter than this (measured from the middle of the line) is a bump of the line's edge."""
HOLE = 2.5
"""Pen widths: a way round shorter than this is a hole in the ink."""
CLEAR = 0.6
"""Pen widths around a meeting in which thinned lines are drawn towards each other, and are not to be trusted."""
LOOK = 1.5
"""Pen widths along a line that tell which way it leaves a meeting."""


@dataclass
class Line:
    """A way between nodes.

    Attributes:
        points: its pixels without those of nodes, from the node ``nodes[0]`` to the node ``nodes[1]``.
        nodes: where it begins and ends; None is a loose end. A closed line without nodes has ``closed`` set.
    """

    points: Points
    nodes: tuple[int | None, int | None]
    closed: bool = False

    def length(self, places: dict[int, Points]) -> float:
        """In pixels, from node to node."""
        ends = [places[node][None] if node is not None else self.points[:0] for node in self.nodes]
        way = np.concatenate([ends[0], self.points, ends[1]])
        return float(np.hypot(*np.diff(way, axis=0).T).sum())


@dataclass
class LineGraph:
    """Lines and the places ``(2,)`` of the nodes they meet in."""

    lines: list[Line]
    places: dict[int, Points]


def line_graph(pixels: NDArray[np.bool_], pen: float, name: str = "image") -> LineGraph:
    """Thin ink ``(height, width)`` drawn with a pen of ``pen`` pixels to its graph.

    What thinning adds to the lines is taken back: bumps of the edge that became spurs, and crossings that were torn
    into two meetings with a bridge between them.

    Raises:
        ImageError: there are more lines than any formula has.
    """
    from scipy import ndimage
    from skimage.morphology import skeletonize

    thin = np.pad(skeletonize(pixels), 1)  # type: ignore[no-untyped-call]
    around = np.ones((3, 3), int)
    neighbours = ndimage.convolve(thin.astype(int), around, mode="constant") - 1
    meeting = thin & (neighbours >= 3)
    node_of, count = ndimage.label(meeting, structure=around)
    _, ways = ndimage.label(thin & ~meeting, structure=around)
    if count + ways > MAX_LINES:
        raise ImageError(
            f"{name}: {count + ways} lines and meetings found, more than the {MAX_LINES} a formula may have; "
            "crop the picture to one handwritten formula on plain paper"
        )
    rows, columns = np.nonzero(meeting)
    owner = node_of[rows, columns]
    places = {
        node: np.array([columns[owner == node].mean(), rows[owner == node].mean()]) for node in range(1, count + 1)
    }
    lines = list(_chains(thin & ~meeting, node_of))
    graph = LineGraph(lines, places)
    _prune(graph, pen)
    _contract(graph, pen)
    _prune(graph, pen)
    return graph


def _chains(thin: NDArray[np.bool_], node_of: NDArray[np.int32]) -> Iterator[Line]:
    """The ways between meetings: without these, each pixel has at most two neighbours."""
    free = {(int(row), int(column)) for row, column in zip(*np.nonzero(thin), strict=True)}
    for start in sorted(free):
        if start not in free:
            continue
        free.remove(start)
        chain = [start]
        for _ in range(2):  # forth from the first pixel, then back from it
            while step := next((pixel for pixel in _ring(chain[-1]) if pixel in free), None):
                free.remove(step)
                chain.append(step)
            chain.reverse()
        first, last = _nodes_at(chain[0], node_of), _nodes_at(chain[-1], node_of)
        ends: tuple[int | None, int | None] = (first[0] if first else None, last[0] if last else None)
        if len(chain) == 1 and len(first) > 1:
            ends = (first[0], first[1])
        elif len(chain) == 1:
            ends = (ends[0], None)
        closed = ends == (None, None) and len(chain) > 3 and chain[0] in _ring(chain[-1])
        yield Line(np.array(chain, float)[:, ::-1].copy(), ends, closed)


def _ring(pixel: tuple[int, int]) -> tuple[tuple[int, int], ...]:
    """The eight neighbours, those across an edge first."""
    row, column = pixel
    steps = ((0, 1), (1, 0), (0, -1), (-1, 0), (1, 1), (1, -1), (-1, 1), (-1, -1))
    return tuple((row + down, column + right) for down, right in steps)


def _nodes_at(pixel: tuple[int, int], node_of: NDArray[np.int32]) -> list[int]:
    return list(dict.fromkeys(int(node_of[near]) for near in _ring(pixel) if node_of[near]))


def _prune(graph: LineGraph, pen: float) -> None:
    """Drop spurs and the rims of holes; where nothing else is left of a blot, its place stays as a node."""

    def stays(line: Line) -> bool:
        loose = line.nodes.count(None)
        if loose == 1:
            return line.length(graph.places) >= SPUR * pen
        return loose == 2 or line.nodes[0] != line.nodes[1] or line.length(graph.places) >= HOLE * pen

    graph.lines = [line for line in graph.lines if stays(line)]


def _contract(graph: LineGraph, pen: float) -> None:
    """Make one node of the two that a crossing was torn into, the shortest bridges between them first."""
    while True:
        bridges = sorted(
            (line.length(graph.places), index)
            for index, line in enumerate(graph.lines)
            if None not in line.nodes and line.nodes[0] != line.nodes[1]
        )
        torn = (index for length, index in bridges if _is_torn(graph, index, length / pen, pen))
        bridge = next(torn, None)
        if bridge is None:
            return
        kept, gone = graph.lines.pop(bridge).nodes
        assert kept is not None and gone is not None
        graph.places[kept] = (graph.places[kept] + graph.places.pop(gone)) / 2
        for line in graph.lines:
            first, last = (kept if node == gone else node for node in line.nodes)
            line.nodes = (first, last)
        graph.lines = [
            line for line in graph.lines if line.nodes != (kept, kept) or line.length(graph.places) >= HOLE * pen
        ]


def _is_torn(graph: LineGraph, bridge: int, length: float, pen: float) -> bool:
    """Whether a line of ``length`` pen widths is the bridge of a torn crossing, and no bar such as that of an H."""
    if not TOUCH < length <= BRIDGE:
        return length <= TOUCH
    for side, node in enumerate(graph.lines[bridge].nodes):
        assert node is not None
        into = -direction(graph.lines[bridge], side, graph.places[node], pen)
        for index, line in enumerate(graph.lines):
            for end in (0, 1):
                if index == bridge or line.nodes[end] != node:
                    continue
                if into @ direction(line, end, graph.places[node], pen) < np.cos(INTO_BRIDGE):
                    return False
    return True


def direction(line: Line, side: int, place: Points, pen: float) -> Points:
    """The unit vector in which a line leaves a meeting, ``(2,)``."""
    points = line.points if side == 0 else line.points[::-1]
    away = np.hypot(*(points - place).T)
    travelled = np.arange(len(points))
    near = points[(away >= CLEAR * pen) & (travelled <= (CLEAR + LOOK) * pen)]
    if len(near) < 2:
        near = np.stack([place, points[-1]])
    way = near[-1] - near[0]
    # A line that bends right after the meeting leaves it the way its first half goes.
    if len(near) > 4:
        way = way + 2 * (near[len(near) // 2] - near[0])
    size = float(np.hypot(*way))
    return way / size if size else np.array([1.0, 0.0])
