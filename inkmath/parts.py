"""Ink in parts: a sheet of more strokes than one formula may have is read in parts, and rows hardly need each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from inkmath.ink import MAX_STROKES, Ink, check_size

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

SLOPES = (0.0, 0.04, -0.04, 0.08, -0.08, 0.12, -0.12)
"""How far down per unit to the right a row may run."""

TRIM = 0.1
"""So much of the height of a stroke, at either end, may reach between rows: descenders do."""


def parts_of(ink: Ink, together: Collection[frozenset[int]] = ()) -> list[tuple[int, ...]]:
    """Which strokes of ink to look at for themselves, if they are too many for one formula.

    They are parted where an empty band runs across all of them.

    Args:
        together: sets of strokes that no band may part.

    Returns:
        Indices in writing order, the uppermost part first; every stroke is of one, and no part has more than
        :data:`~inkmath.ink.MAX_STROKES`.

    Raises:
        TooManyStrokesError: no band parts what is too much.
    """
    pending = [tuple(range(len(ink.strokes)))]
    found = []
    while pending:
        part = pending.pop()
        sides = _sides(ink, part, together) if len(part) > MAX_STROKES else ()
        pending += sides[::-1]
        if not sides:
            check_size(Ink(tuple(ink.strokes[stroke] for stroke in part)))
            found.append(part)
    return found


def _sides(ink: Ink, part: tuple[int, ...], together: Collection[frozenset[int]]) -> tuple[tuple[int, ...], ...]:
    """The strokes above a band and those below it: the widest that leaves a quarter of them on either side, or else of
    all; none without one."""
    places = {stroke: place for place, stroke in enumerate(part)}
    sets = [[places[stroke] for stroke in one if stroke in places] for one in together]
    points = np.concatenate([ink.strokes[stroke] for stroke in part]).astype(np.float64)  # (all points, 2)
    starts = np.cumsum([0, *(len(ink.strokes[stroke]) for stroke in part[:-1])])
    best = (False, 0.0)  # whether it leaves a quarter on either side, and how wide it is
    above: NDArray[np.intp] | None = None
    for slope in SLOPES:
        down = points[:, 1] - slope * points[:, 0]
        top, bottom = np.minimum.reduceat(down, starts), np.maximum.reduceat(down, starts)
        top, bottom = top + TRIM * (bottom - top), bottom - TRIM * (bottom - top)
        for one in filter(None, sets):
            top[one], bottom[one] = top[one].min(), bottom[one].max()
        order = np.argsort(top, kind="stable")
        widths = top[order][1:] - np.maximum.accumulate(bottom[order])[:-1]  # (S - 1,)
        counts = np.arange(1, len(part))
        fair = np.minimum(counts, len(part) - counts) >= len(part) / 4
        for place in np.flatnonzero(widths > 0).tolist():
            if (rank := (bool(fair[place]), float(widths[place]))) > best:
                best, above = rank, order[: place + 1]
    if above is None:
        return ()
    upper = set(above.tolist())
    return (
        tuple(stroke for place, stroke in enumerate(part) if place in upper),
        tuple(stroke for place, stroke in enumerate(part) if place not in upper),
    )
