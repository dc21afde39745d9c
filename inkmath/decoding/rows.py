"""Rows: formulas written beneath each other, told apart.

Ink is cut where an empty band runs across it, or where the pen went back to the left and further down, and where two
formulas are a better reading than one. Bands and returns lie inside formulas, too: above and below the bar of a
fraction, or over a limit. How good a reading is says the search, in the logarithm of a probability; for every cut it is
to gain what the band or the return asks for.
"""

from __future__ import annotations

import bisect
import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from inkmath.decoding.readout import NEVER
from inkmath.ink import boxes, extents, typical_size

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from numpy.typing import NDArray

    from inkmath.ink import Stroke

    Floats = NDArray[np.float64]
    Worth = Callable[[Sequence[tuple[int, ...]]], Sequence[float]]
    """How good the best reading is of each of some sets of strokes, a log-probability."""

SLOPES = np.linspace(-0.15, 0.15, 13)
"""How far down per unit to the right a band may run."""

GAIN = 0.2
"""So much wider, in typical strokes, are bands to be together to run less level."""

TRIM = 0.1
"""So much of the height of a stroke, at either end, may reach into a band: descenders do."""

EMPTY = 0.1
"""A band is so wide at least, in typical strokes."""

WIDE = 3.0
"""A band that is wider tells no more than one of this width."""

MOST = 8.0
"""A cut that is to gain more, in log-probability, is not tried."""

MOST_CUTS, MOST_JOINED = 60, 100
"""So many cuts are tried at most, those that cost least, and so many strokes are joined at most to the longest of the
parts of a formula: ink may be all dots, and reading takes time by the square of the strokes."""

REACH = 5
"""A formula lies across so many bands at most."""

SLACK = 8.0
"""Parts that are so much less likely one formula than several, in log-probability, are not tried with one more."""

PRICE, BY_WIDTH, BY_BAR = 2.2, 3.3, 5.5
"""What a cut is to gain, in log-probability: at a band one typical stroke wide; less for each unit of its width's
logarithm; more where a bar lies along it. Of logistic regression on bands of 1,233 formulas of CROHME's training set
and of pairs of them beneath each other."""

RETURN, BENEATH, OVERLAP = 1.0, 0.3, 1.0
"""A return: so far to the left the pen goes back for a row, so far beneath the middles of what came before lie those of
what follows, all but a fifth of either, and so far they reach into each other at most; in typical strokes."""

BY_RETURN = 4.0
"""What a cut at a return is to gain, in log-probability; also where a band is so narrow that it asks for more."""

MOST_RETURNS = 3
"""So many returns are tried between two bands, those that lie furthest beneath."""

DECIDED = 2 * NEVER
"""What a cut that a person asked for is to gain: less than anything could cost."""

SPECK = 0.3
"""Strokes that are smaller, in typical strokes, are no formula by themselves."""

BAR_LENGTH, BAR_SLOPE = 0.8, 0.3
"""A bar is longer, in typical strokes, and less high for its length."""

NEARER, APART = 2.0, 0.4
"""A bar that is more than so many times as far from one part, and so many typical strokes, as from what lies on its
other side is no bar of a fraction with that part."""


@dataclass(frozen=True)
class Bands:
    """Ink parted by empty bands that run across it, and by returns of the pen.

    Attributes:
        parts: the strokes between them, by index, from the top down. prices: what a cut after each but the last is to
        gain. levels: how many bands lie above each part.
        sizes: the larger side of each stroke's box, in typical strokes.
    """

    parts: tuple[tuple[int, ...], ...]
    prices: tuple[float, ...]
    levels: tuple[int, ...]
    sizes: Floats


def rows(
    strokes: Sequence[Stroke],
    worth: Worth,
    together: Collection[frozenset[int]] = (),
    begins: Collection[int] = (),
    ease: float = 0.0,
) -> list[tuple[int, ...]]:
    """Which strokes are formulas of their own.

    Of all ways to cut, the best is found by dynamic programming over the parts, as lines of a paragraph are (Knuth and
    Plass, "Breaking paragraphs into lines", Software: Practice and Experience 11, 1981).

    Args:
        strokes: at least one, each ``(points, 2)``, in any unit. worth: tells how good a reading is. together: sets of
        strokes that no cut may part. begins: strokes that begin a row each, and are the first of what they are together
        with: what no band parts from them and was written before is of the row above, what was written after of theirs.
        ease: so much less is a cut to gain than elsewhere, where rows are to be expected.

    Returns:
        Indices in writing order, the uppermost formula first; every stroke is of one.
    """
    found = bands(strokes, together, begins)
    parts, count = found.parts, len(found.parts)
    if count == 1:
        return list(parts)
    owned = {
        (begin, end): tuple(sorted(itertools.chain(*parts[begin:end])))
        for end in range(1, count + 1)
        for begin in range(end)
        if found.levels[end - 1] - found.levels[begin] <= REACH and DECIDED not in found.prices[begin : end - 1]
    }
    values: dict[tuple[int, int], float] = {}  # how good the reading of so many parts as one formula is
    best: dict[tuple[int, int], tuple[float, int]] = {}  # and as the best formulas, and where the last of them begins

    def near(span: tuple[int, int]) -> bool:
        return span in values and values[span] >= best[span][0] - SLACK

    for length in range(1, count + 1):
        spans = [(begin, begin + length) for begin in range(count - length + 1)]
        asked = [
            (begin, end)
            for begin, end in spans
            if length == 1
            or (
                (begin, end) in owned
                and len(owned[begin, end]) - max(map(len, parts[begin:end])) <= MOST_JOINED
                and (length == 2 or near((begin, end - 1)) or near((begin + 1, end)))
            )
        ]
        for span, value in zip(asked, worth([owned[span] for span in asked]) if asked else (), strict=True):
            values[span] = value + (NEVER if found.sizes[list(owned[span])].max() < SPECK else 0.0)
        for begin, end in spans:
            options = [
                (best[begin, cut][0] + values[cut, end] - found.prices[cut - 1] + ease, cut)
                for cut in range(begin + 1, end)
                if (cut, end) in values
            ]
            if (begin, end) in values:
                options.append((values[begin, end], begin))
            best[begin, end] = max(options)
    cuts = [count]
    while cuts[-1]:
        cuts.append(best[0, cuts[-1]][1])
    return [owned[begin, end] for end, begin in zip(cuts[-2::-1], cuts[:0:-1], strict=True)]


def bands(strokes: Sequence[Stroke], together: Collection[frozenset[int]] = (), begins: Collection[int] = ()) -> Bands:
    """The bands across ink at which a cut may be worth its price, at the slope at which they are widest together.

    Between them it is parted where the pen went back to begin a row, or a person said so. Arguments as of :func:`rows`.
    """
    low, high = boxes(strokes)
    size = typical_size(low, high)
    points = np.concatenate(strokes).astype(np.float64)  # (all points, 2)
    starts = np.cumsum([0, *map(len, strokes[:-1])])
    sizes = extents(low, high) / size
    parted: list[tuple[int, ...]] = [tuple(range(len(strokes)))]
    asked: list[float] = []
    steepness, most = 0.0, 0.0
    for slope in sorted(SLOPES, key=abs):
        down = points[:, 1] - slope * points[:, 0]
        top, bottom = np.minimum.reduceat(down, starts) / size, np.maximum.reduceat(down, starts) / size
        parts, widths = _parted(top, bottom, together)
        bars = [_bar_between(low, high, above, part, size) for above, part in itertools.pairwise(parts)]
        widths = np.minimum(widths, WIDE)
        returned = [_goes_back(strokes, above, part, size) for above, part in itertools.pairwise(parts)]
        plain = PRICE - BY_WIDTH * np.log(widths)
        prices = np.where(returned, np.minimum(plain, BY_RETURN), plain) + BY_BAR * np.array(bars)
        kept = [place for place in np.argsort(prices, kind="stable")[:MOST_CUTS].tolist() if prices[place] <= MOST]
        room = float(widths[kept].sum())
        if room > most + GAIN:
            ends = [0, *sorted(place + 1 for place in kept), len(parts)]
            parted = [tuple(sorted(itertools.chain(*parts[one:two]))) for one, two in itertools.pairwise(ends)]
            asked, steepness, most = prices[sorted(kept)].tolist(), slope, room
    parts_of_all: list[tuple[int, ...]] = []
    prices_of_all: list[float] = []
    levels: list[int] = []
    for number, between in enumerate(parted):
        prices_of_all += [asked[number - 1]] if number else []
        for place, written in enumerate(_apart(between, begins, together)):
            returns = _returns(strokes, written, steepness, size, together)
            cuts = [0, *returns, len(written)]
            parts_of_all += [written[one:two] for one, two in itertools.pairwise(cuts)]
            prices_of_all += ([DECIDED] if place else []) + list(returns.values())
            levels += [number] * (len(returns) + 1)
    for stroke in begins:
        first = next(number for number, part in enumerate(parts_of_all) if stroke in part)
        while first and min(parts_of_all[first - 1]) > stroke:  # its scripts, and the like
            first -= 1
        if first:
            prices_of_all[first - 1] = DECIDED
    return Bands(tuple(parts_of_all), tuple(prices_of_all), tuple(levels), sizes)


def _apart(
    part: tuple[int, ...], begins: Collection[int], together: Collection[frozenset[int]]
) -> list[tuple[int, ...]]:
    """What no band parts, parted before each stroke that begins a row, in writing order.

    What is together is of the row in which it begins.
    """
    decided = [0, *sorted(set(begins) & set(part))]
    row_of = {stroke: bisect.bisect(decided, stroke) for stroke in part}
    for kept in together:
        row_of |= dict.fromkeys(kept & row_of.keys(), bisect.bisect(decided, min(kept)))
    rows_of_part = itertools.groupby(sorted(part, key=lambda stroke: (row_of[stroke], stroke)), row_of.__getitem__)
    return [tuple(strokes) for _, strokes in rows_of_part]


def _returns(
    strokes: Sequence[Stroke], part: tuple[int, ...], slope: float, size: float, together: Collection[frozenset[int]]
) -> dict[int, float]:
    """Where, between two bands, the pen went back to the left and further down for a row, and what a cut is to gain."""
    low, high = boxes([strokes[index] for index in part])
    down = [stroke[:, 1].astype(np.float64) - slope * stroke[:, 0] for stroke in (strokes[index] for index in part)]
    top, bottom = (np.array([end(one) for one in down]) / size for end in (np.min, np.max))
    middle, trimmed = (top + bottom) / 2, TRIM * (bottom - top)
    found = []
    for cut in range(1, len(part)):
        before, after = part[:cut], part[cut:]
        if not _goes_back(strokes, before, after, size):
            continue
        beneath = np.quantile(middle[cut:], 0.2) - np.quantile(middle[:cut], 0.8)
        overlap = (bottom - trimmed)[:cut].max() - (top + trimmed)[cut:].min()
        beside = bottom[:cut].max() >= np.median(bottom[cut:])  # a bracket around rows
        parts_some = any(kept & set(before) and kept & set(after) for kept in together)
        price = BY_RETURN + BY_BAR * _bar_between(low, high, range(cut), range(cut, len(part)), size)
        if beneath >= BENEATH and overlap <= OVERLAP and price <= MOST and not (beside or parts_some):
            found.append((float(beneath), cut, price))
    return dict(sorted((cut, price) for _, cut, price in sorted(found)[-MOST_RETURNS:]))


def _goes_back(strokes: Sequence[Stroke], before: Sequence[int], after: Sequence[int], size: float) -> bool:
    """Whether strokes were written before others, and the pen then went back to the left."""
    last, first = before[-1], after[0]
    return last < first and bool(strokes[last][-1, 0] - strokes[first][0, 0] >= RETURN * size)


def _parted(top: Floats, bottom: Floats, together: Collection[frozenset[int]]) -> tuple[list[list[int]], Floats]:
    """Strokes parted by level bands, from the top down, and how wide each band is; all in typical strokes."""
    top, bottom = top + TRIM * (bottom - top), bottom - TRIM * (bottom - top)
    for kept in together:
        inside = list(kept)
        top[inside], bottom[inside] = top[inside].min(), bottom[inside].max()
    order = np.argsort(top, kind="stable")
    widths = top[order][1:] - np.maximum.accumulate(bottom[order])[:-1]  # (S - 1,)
    cuts = np.flatnonzero(widths > EMPTY)
    return [sorted(part.tolist()) for part in np.split(order, cuts + 1)], widths[cuts]


def _bar_between(low: Floats, high: Floats, above: Sequence[int], below: Sequence[int], size: float) -> float:
    """How much a bar of the one or the other lies along what parts them, in 0..1.2."""
    return max(_bar(low, high, above, below, size), _bar(low, high, below, above, size))


def _bar(low: Floats, high: Floats, part: Sequence[int], other: Sequence[int], size: float) -> float:
    """How much of another part's width a bar of a part lies along, in 0..1.2: that of a fraction all of it.

    A bar that is much nearer to something else lies over that, as an accent does, and is left out.
    """
    left, right = low[list(other), 0].min(), high[list(other), 0].max()
    width, height = (high[list(part)] - low[list(part)]).T
    along = np.minimum(right, high[list(part), 0]) - np.maximum(left, low[list(part), 0])
    along = np.where((width > BAR_LENGTH * size) & (height < BAR_SLOPE * width), along, 0.0)
    for place in np.flatnonzero(along > 0).tolist():
        gaps = _gaps(low, high, part[place])
        away = gaps[list(other)].min()
        if away > max(NEARER * np.delete(gaps, list(other)).min(), APART * size):
            along[place] = 0.0
    return float(np.clip(along.max() / max(right - left, 0.3 * size), 0.0, 1.2))


def _gaps(low: Floats, high: Floats, bar: int) -> Floats:
    """How far above or below a bar each stroke is, ``(S,)``; infinity where it is beside, and for the bar itself."""
    gaps = np.maximum(0.0, np.maximum(low[:, 1] - high[bar, 1], low[bar, 1] - high[:, 1]))
    beside = (low[:, 0] >= high[bar, 0]) | (high[:, 0] <= low[bar, 0])
    beside[bar] = True
    return np.where(beside, np.inf, gaps)
