"""A graph of lines followed as a pen might have gone: strokes, their directions, their order."""

from __future__ import annotations

from collections import defaultdict
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from inkmath.images.skeleton import CLEAR, Line, direction
from inkmath.writing_order import writing_order

if TYPE_CHECKING:
    from inkmath.images.skeleton import LineGraph, Points

    Arm = tuple[int, int]
    """One end of a line: its index, and 0 for its beginning or 1 for its end."""

SHARPEST_TURN = np.deg2rad(140)
"""A pen goes through a meeting within this angle, the straightest ways first; what turns more is another stroke."""
RETRACED_TURN = np.deg2rad(50)
"""A pen that comes into a loose end within this angle, as in the stems of a, d and n, goes to its tip and back."""


def trace(graph: LineGraph, pen: float) -> list[Points]:
    """Strokes ``(points, 2)`` in pixels, in order of writing."""
    partner = _continuations(graph, pen)
    strokes: list[Points] = []
    visited: set[int] = set()
    open_arms = [(line, side) for line in range(len(graph.lines)) for side in (0, 1) if (line, side) not in partner]
    for arm in open_arms:
        if arm[0] not in visited:
            strokes.append(_open_stroke(_walk(graph, partner, arm, visited, pen), pen))
    for index in range(len(graph.lines)):
        if index not in visited:
            strokes.append(_ring_stroke(_walk(graph, partner, (index, 0), visited, pen), pen))
    used = {node for line in graph.lines for node in line.nodes}
    strokes += [place[None] for node, place in graph.places.items() if node not in used]
    return [strokes[index] for index in writing_order(strokes)]


def _continuations(graph: LineGraph, pen: float) -> dict[Arm, Arm]:
    """Which arm a pen that comes along another goes on with: the straightest pairs of each meeting."""
    arms: dict[int, list[Arm]] = defaultdict(list)
    partner: dict[Arm, Arm] = {}
    for index, line in enumerate(graph.lines):
        if line.closed:
            partner[index, 0], partner[index, 1] = (index, 1), (index, 0)
        for side, node in enumerate(line.nodes):
            if node is not None:
                arms[node].append((index, side))
    for node, meeting in arms.items():
        ways = {arm: direction(graph.lines[arm[0]], arm[1], graph.places[node], pen) for arm in meeting}
        turns = sorted(
            (float(np.arccos(np.clip(-ways[one] @ ways[other], -1, 1))), one, other)
            for one, other in combinations(meeting, 2)
        )
        for turn, one, other in turns:
            # Where only two lines meet, a spur or hole was taken away: the line simply goes on, round any corner.
            if (turn <= SHARPEST_TURN or len(meeting) == 2) and one not in partner and other not in partner:
                partner[one], partner[other] = other, one
        if len(meeting) == 3:
            _retrace(graph, partner, turns)
    return partner


def _retrace(graph: LineGraph, partner: dict[Arm, Arm], turns: list[tuple[float, Arm, Arm]]) -> None:
    """Let the line that is left alone at a meeting of three go on along a loose end, to its tip and back."""
    for turn, one, other in turns:
        for alone, stem in ((one, other), (other, one)):
            if turn > RETRACED_TURN or alone in partner or stem not in partner:
                continue
            line = graph.lines[stem[0]]
            if line.nodes[1 - stem[1]] is not None:
                continue
            out = line.points if stem[1] == 0 else line.points[::-1]
            node = line.nodes[stem[1]]
            graph.lines[stem[0]] = Line(np.concatenate([out, out[-2::-1]]), (node, node))
            onward = partner.pop(stem)
            partner[stem[0], 0], partner[alone] = alone, (stem[0], 0)
            partner[stem[0], 1], partner[onward] = onward, (stem[0], 1)
            return


def _walk(graph: LineGraph, partner: dict[Arm, Arm], arm: Arm, visited: set[int], pen: float) -> Points:
    """All points of the stroke that begins with ``arm``, until no line goes on or it is back at its beginning."""
    parts: list[Points] = []
    begun = graph.lines[arm[0]].nodes[arm[1]]
    if arm not in partner and begun is not None:
        parts.append(graph.places[begun][None])
    while arm[0] not in visited:
        visited.add(arm[0])
        line = graph.lines[arm[0]]
        parts.append(_trusted(line, graph, pen) if arm[1] == 0 else _trusted(line, graph, pen)[::-1])
        leaving = (arm[0], 1 - arm[1])
        if leaving not in partner:
            node = line.nodes[leaving[1]]
            if node is not None:
                parts.append(graph.places[node][None])
            break
        arm = partner[leaving]
    return np.concatenate(parts)


def _trusted(line: Line, graph: LineGraph, pen: float) -> Points:
    """The points of a line that lie clear of its meetings, at least its middle one."""
    clear = np.ones(len(line.points), np.bool_)
    for node in line.nodes:
        if node is not None:
            clear &= np.hypot(*(line.points - graph.places[node]).T) >= CLEAR * pen
    return line.points[clear] if clear.any() else line.points[[len(line.points) // 2]]


def _open_stroke(points: Points, pen: float) -> Points:
    """Smooth, from the end where a pen begins: the upper, or the left one of a flat stroke."""
    right, down = points[-1] - points[0]
    if right + 2 * down < 0:
        points = points[::-1]
    return _smooth(points, pen, closed=False)


def _ring_stroke(points: Points, pen: float) -> Points:
    """Smooth, from the top, counter-clockwise, as an o is written; begun and ended at the same point."""
    x, y = points.T
    if float(np.sum(x * np.roll(y, -1) - y * np.roll(x, -1))) > 0:  # y points down: positive is clockwise
        points = points[::-1]
    points = np.roll(points, -int(np.argmin(points[:, 1])), axis=0)
    smooth = _smooth(points, pen, closed=True)
    return np.concatenate([smooth, smooth[:1]])


def _smooth(points: Points, pen: float, *, closed: bool) -> Points:
    """Without the stairs of pixels: evenly spaced by half a pen width, weighted over about one."""
    from scipy.ndimage import gaussian_filter1d

    way = np.concatenate([points, points[:1]]) if closed else points
    travelled = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(way, axis=0).T))])
    if travelled[-1] == 0:
        return points[:1]
    dense = np.linspace(0, travelled[-1], max(round(travelled[-1]), 2) + 1)
    even = np.stack([np.interp(dense, travelled, way[:, axis]) for axis in (0, 1)], axis=1)
    width = 0.4 * max(pen, 1.5)
    if closed:
        even = even[:-1]
        smooth = gaussian_filter1d(even, width, axis=0, mode="wrap")
    else:
        smooth = gaussian_filter1d(even, width, axis=0, mode="nearest")
        smooth[[0, -1]] = even[[0, -1]]
    step = max(round(pen / 2), 1)
    kept = np.unique(np.append(np.arange(0, len(smooth), step), len(smooth) - 1))
    chosen: Points = smooth[kept]
    return chosen
