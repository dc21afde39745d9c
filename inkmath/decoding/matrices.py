r"""Matrices, and what else stands in rows and columns between tall brackets, told from where strokes stand.

Networks here know none. So the ink between two tall brackets, or behind one, is parted into rows (as formulas beneath
each other are, :mod:`inkmath.decoding.rows`) and these into cells, at gaps that run through all rows. Each cell is a
formula, and what is outside is one in which a zero stands in for what is inside. A matrix of one row, as in
``( 1 2 3 )``, is a line like any other, but that its symbols stand far apart.
"""

from __future__ import annotations

import bisect
import itertools
import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from inkmath.decoding.reading import Reading
from inkmath.decoding.rows import bands
from inkmath.ink import boxes, typical_size
from inkmath.layout.accents import bears_accent
from inkmath.layout.matrices import CLOSING, ENVIRONMENTS, OPENING
from inkmath.layout.symbols import FENCES, FUNCTIONS
from inkmath.layout.tree import Edge, LayoutTree, Relation, reading_order

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from inkmath.ink import Stroke

    Floats = NDArray[np.float64]

STAND_IN = "0"
"""Label of what stands in for the inside of brackets."""

UNCLOSED, _ = ENVIRONMENTS["cases"]
"""The bracket that nothing need close."""

DOUBTFUL = 0.95
"""Matrices are looked for where a reading without any is no surer than this."""

NARROW, TALL = 0.6, 1.8
"""A bracket is no wider for its height, and so many times as high as strokes inside of it usually are."""

ALIKE = 0.7
"""Brackets that belong together stand side by side over so much of the height of each."""

NEAREST, MOST = 3, 30
"""Of the brackets that may close one so many are tried, and of all blocks of a formula: ink may be all brackets."""

BEYOND = 0.25
"""What is inside reaches beyond a bracket by so much of its height at most, above or below."""

WORTH_ASKING = 7.5
"""Rows are looked for where a cut is to gain less than this, see :mod:`inkmath.decoding.rows`."""

EASE = 4.5
"""So much less than elsewhere is a cut between rows to gain, inside of tall brackets."""

GAP, GAP_OF_RAGGED, GAP_OF_CASES = 0.45, 1.0, 0.6
"""Gaps between columns are wider, in typical strokes; wider still where some rows end before one, and in cases."""

AROUND_ROW = frozenset("([")
"""Brackets that a single row stands behind."""

GAP_OF_VECTOR, CLEARLY = 0.8, 2.5
"""Gaps between the cells of a single row are wider, in typical strokes, and so many times any other in the row. So they
are, within brackets, in 3 of 8,829 formulas of CROHME's training set; and in 88 of 120 single rows of made-up hands."""

HELD_BY_BARS = frozenset({Relation.BELOW, Relation.INSIDE})
"""What a bar has that is no minus: a denominator, or what it is over."""

HIGH, WIDE, APART = 0.5, 0.35, 0.15
"""Height and width of the stand-in, and its distance from either bracket, in heights of the opening one."""


@dataclass(frozen=True)
class Block:
    """Brackets and what they enclose, each as its strokes; ``closing`` has none where nothing closes."""

    opening: tuple[int, ...]
    closing: tuple[int, ...]
    inside: tuple[int, ...]

    @property
    def strokes(self) -> frozenset[int]:
        """All of it."""
        return frozenset(self.opening + self.closing + self.inside)


def blocks(strokes: Sequence[Stroke], flat: LayoutTree) -> Iterator[Block]:
    """What may be brackets around rows, by where they stand: the leftmost first, and the narrowest of these.

    Args:
        strokes: at least one, each ``(points, 2)``, in any unit, level. flat: their reading without any matrix, whose
        brackets are looked at.
    """
    low, high = boxes(strokes)
    middle = (low + high) / 2
    kinds = OPENING | CLOSING
    labels = {symbol.strokes: symbol.label for symbol in flat.symbols if symbol.label in kinds}
    corners = {own: np.append(low[list(own)].min(axis=0), high[list(own)].max(axis=0)) for own in labels}
    tall = [own for own, (left, top, right, bottom) in corners.items() if right - left < NARROW * (bottom - top)]
    tall.sort(key=lambda own: float(corners[own][0]))
    for opening in (own for own in tall if labels[own] in OPENING):
        _, top, left, bottom = corners[opening]
        closings = [
            own
            for own in tall
            if labels[own] in CLOSING and corners[own][0] > left and _alike(corners[own], corners[opening]) >= ALIKE
        ]
        for closing in (*closings[:NEAREST], *([()] if labels[opening] == UNCLOSED else [])):
            right = corners[closing][0] if closing else np.inf
            within = (middle[:, 0] > left) & (middle[:, 0] < right) & (middle[:, 1] > top) & (middle[:, 1] < bottom)
            within[list(opening)] = False  # the foot of a bracket of several strokes
            inside = np.flatnonzero(within).tolist()
            if len(inside) < 2 or bottom - top < TALL * typical_size(low[inside], high[inside]):
                continue
            if max(top - low[inside, 1].min(), high[inside, 1].max() - bottom) > BEYOND * (bottom - top):
                continue
            if min(bands([strokes[index] for index in inside]).prices, default=np.inf) < WORTH_ASKING:
                yield Block(opening, closing, tuple(inside))


def _alike(one: Floats, other: Floats) -> float:
    """How much of the heights of two boxes is beside the other, of the higher of the two."""
    common = min(one[3], other[3]) - max(one[1], other[1])
    return max(0.0, float(common / max(one[3] - one[1], other[3] - other[1], 1e-9)))


def outside(strokes: Sequence[Stroke], found: Sequence[Block]) -> tuple[tuple[Stroke, ...], list[int]]:
    """The formula with a zero in each block, what stands to the right of it moved up to it.

    Args:
        strokes: of the whole formula. found: its blocks, which share no stroke.

    Returns:
        The strokes in writing order, and the number of each among ``strokes``; zeros are numbered on from those.
    """
    low, high = boxes(strokes)
    shift = np.zeros(len(strokes))
    zeros: dict[int, tuple[int, Stroke]] = {}  # by the last stroke of the opening bracket, after which it is written
    for block in sorted(found, key=lambda block: float(low[list(block.opening), 0].min())):
        own = list(block.opening)
        top, bottom, left = low[own, 1].min(), high[own, 1].max(), high[own, 0].max()
        height = bottom - top
        turn = np.linspace(-np.pi / 2, -5 * np.pi / 2, 24)
        circle = np.stack([np.cos(turn) * WIDE, np.sin(turn) * HIGH], axis=1) * height / 2
        middle = left + shift[own[0]] + (APART + WIDE / 2) * height, (top + bottom) / 2
        zeros[own[-1]] = len(strokes) + found.index(block), (circle + middle).astype(np.float32)
        if block.closing:
            right = low[list(block.closing), 0].min()
            shift[low[:, 0] >= right] -= max(right - left - (WIDE + 2 * APART) * height, 0.0)
    gone = {index for block in found for index in block.inside}
    made: list[Stroke] = []
    names: list[int] = []
    for index, stroke in enumerate(strokes):
        if index not in gone:
            made.append(stroke + np.array([shift[index], 0.0], np.float32))
            names.append(index)
        if index in zeros:
            name, zero = zeros[index]
            made.append(zero)
            names.append(name)
    return tuple(made), names


def cells(
    strokes: Sequence[Stroke], rows: Sequence[tuple[int, ...]], together: Iterable[frozenset[int]], *, cases: bool
) -> list[list[tuple[int, ...]]] | None:
    """Rows parted into cells at gaps that run through all of them.

    Args:
        strokes: of the formula. rows: those that are of each row, from the top. together: sets of strokes that are of
        one cell, if they are of these rows. cases: whether nothing closes the rows: they are a value each, and perhaps
        a condition.

    Returns:
        The strokes of each cell, row by row; a row may have fewer cells than others at its end. None where a row has
        nothing in a column and something in a later one, or what is together would be parted.
    """
    within = list(itertools.chain(*rows))
    low, high = boxes([strokes[index] for index in within])
    order = np.argsort(low[:, 0], kind="stable")
    gaps = (low[order][1:, 0] - np.maximum.accumulate(high[order][:, 0])[:-1]) / typical_size(low, high)
    left = dict(zip(within, low[:, 0].tolist(), strict=True))
    begins: list[float] = []  # of all columns but the first
    for place in np.argsort(-gaps, kind="stable").tolist():
        more = sorted([*begins, float(low[order][place + 1, 0])])
        full = all(map(all, parted(rows, left, more)))
        enough = gaps[place] > (GAP_OF_CASES if cases else GAP if full else GAP_OF_RAGGED)
        if enough and (not begins or (full and not cases)):
            begins = more
    table = [row[: max(place + 1 for place, cell in enumerate(row) if cell)] for row in parted(rows, left, begins)]
    owned = [set(cell) for row in table for cell in row]
    torn = any(kept & set(within) and not any(kept <= cell for cell in owned) for kept in together)
    return table if all(owned) and not torn else None


def parted(
    rows: Sequence[tuple[int, ...]], left: Mapping[int, float], begins: Sequence[float]
) -> list[list[tuple[int, ...]]]:
    """The strokes of each row in each column, perhaps none, where columns begin so far to the right."""
    column = {index: bisect.bisect(begins, at) for index, at in left.items()}
    columns = range(len(begins) + 1)
    return [[tuple(index for index in row if column[index] == place) for place in columns] for row in rows]


def encloses(reading: Reading, block: Block, zero: int) -> bool:
    """Whether, as a reading has it, the zero that stands in for a block's inside stands alone between its brackets."""
    tree = reading.tree
    owner = {symbol.strokes: number for number, symbol in enumerate(tree.symbols)}
    opening, inside = owner.get(block.opening), owner.get((zero,))
    if opening is None or inside is None or tree.symbols[opening].label not in OPENING:
        return False
    lines = tree.children[inside]
    if tree.children[opening].get(Relation.RIGHT) != inside:
        return False
    if not block.closing:
        return not lines and tree.symbols[opening].label == UNCLOSED
    closing = owner.get(block.closing)
    return closing is not None and tree.symbols[closing].label in CLOSING and lines == {Relation.RIGHT: closing}


def beside(found: Sequence[Reading], flat: Sequence[Reading]) -> list[Reading]:
    """Readings that hold a matrix, then those of the same ink that hold none, which share what the others leave.

    Either kind was judged without the other: as they are, they may promise more than one right reading.
    """
    left = max(0.0, 1.0 - sum(reading.confidence for reading in found))
    share = min(1.0, left / max(sum(reading.confidence for reading in flat), 1e-12))
    most = found[0].confidence if found else 1.0
    lowered = [replace(reading, confidence=min(most, share * reading.confidence)) for reading in flat]
    return [*found, *lowered]


def with_row_vectors(strokes: Sequence[Stroke], readings: Sequence[Reading]) -> list[Reading]:
    """Readings with a matrix of one row wherever brackets enclose symbols far apart.

    Args:
        strokes: of the formula, each ``(points, 2)``, in any unit, level. readings: of all of it, the best first.

    Returns:
        As many readings, or one more: a best one that holds such a matrix is followed by what it is without, which
        is no likelier than that all others are wrong.
    """
    best, *others = [_with_row_vectors(strokes, reading) for reading in readings]
    line = readings[0]
    if best is line:
        return [best, *others]
    left = max(0.0, 1.0 - best.confidence - sum(other.confidence for other in others))
    return [best, replace(line, confidence=min(line.confidence, left)), *others]


def _with_row_vectors(strokes: Sequence[Stroke], reading: Reading) -> Reading:
    tree = reading.tree
    edges = set(tree.edges)
    before = {edge.child: edge.parent for edge in tree.edges if edge.relation is Relation.RIGHT}
    for opening in range(len(tree.symbols)):
        line = _bracketed(tree, opening)
        argument = opening in before and tree.symbols[before[opening]].label in FUNCTIONS
        row = [] if argument or len(line) < 4 else _cells_of_line(strokes, tree, line[1:-1])
        if row:
            edges -= {Edge(one, other, Relation.RIGHT) for one, other in itertools.pairwise(line)}
            edges |= {Edge(one, other, Relation.RIGHT) for cell in row for one, other in itertools.pairwise(cell)}
            edges |= {Edge(one, other, Relation.CELL) for (one, *_), (other, *_) in itertools.pairwise(row)}
            edges |= {Edge(opening, line[1], Relation.INSIDE), Edge(opening, line[-1], Relation.RIGHT)}
    if edges == set(tree.edges):
        return reading
    return replace(reading, tree=LayoutTree(tree.symbols, tuple(sorted(edges, key=lambda edge: edge.child))))


def _bracketed(tree: LayoutTree, opening: int) -> list[int]:
    """A line from a round or square bracket, at which nothing else stands, to the next if that closes it; else none."""
    bracket = tree.symbols[opening].label
    if bracket not in AROUND_ROW or tree.children[opening].keys() != {Relation.RIGHT}:
        return []
    line = [opening]
    for symbol in itertools.islice(tree.line(opening), 1, None):
        line.append(symbol)
        if (label := tree.symbols[symbol].label) in OPENING | CLOSING:
            return line if label == FENCES[bracket] else []
    return []


def _cells_of_line(strokes: Sequence[Stroke], tree: LayoutTree, line: Sequence[int]) -> list[list[int]]:
    """Symbols of a line parted at gaps far wider than its others, between two that an entry may end and begin with.

    Entries may have a minus sign each, but not all from the second on, as in a difference.
    """

    def corners(symbols: Sequence[int]) -> tuple[Floats, Floats]:
        return boxes([strokes[stroke] for symbol in symbols for stroke in tree.symbols[symbol].strokes])

    parts = [corners(_governed(tree, symbol)) for symbol in line]
    left, right = np.array([(low[:, 0].min(), high[:, 0].max()) for low, high in parts]).T
    gaps = (left[1:] - np.maximum.accumulate(right)[:-1]) / typical_size(*corners(line))
    wide = gaps > GAP_OF_VECTOR
    if not wide.any() or gaps[wide].min() <= CLEARLY * gaps[~wide].max(initial=0.0):
        return []
    begins = [0, *(np.flatnonzero(wide) + 1).tolist(), len(line)]
    row = [list(line[one:two]) for one, two in itertools.pairwise(begins)]
    entries = [cell[_is_sign(tree, cell[0]) :] for cell in row]
    if all(len(entry) < len(cell) for entry, cell in zip(entries[1:], row[1:], strict=True)):
        return []  # a difference
    return row if all(entry and _is_entry(tree, entry[0]) and _is_entry(tree, entry[-1]) for entry in entries) else []


def _governed(tree: LayoutTree, symbol: int) -> list[int]:
    """A symbol with all that it governs, without what follows it on its line."""
    lines = tree.children[symbol]
    parts = [reading_order(tree.children, child) for how, child in lines.items() if how is not Relation.RIGHT]
    return [symbol, *itertools.chain(*parts)]


def _is_sign(tree: LayoutTree, symbol: int) -> bool:
    return tree.symbols[symbol].label == "-" and tree.children[symbol].keys().isdisjoint(HELD_BY_BARS)


def _is_entry(tree: LayoutTree, symbol: int) -> bool:
    """Whether a symbol may begin or end an entry: a letter, a digit, a fraction, a root or a bar over an entry."""
    label = tree.symbols[symbol].label
    return bears_accent(label) or label == "\\sqrt" or (label == "-" and not _is_sign(tree, symbol))


def likeliest(parts: Sequence[Sequence[Reading]], count: int) -> list[list[Reading]]:
    """Of each part one reading: the best of all, then those in which one part is read otherwise, the likeliest first.

    Args:
        parts: the readings of each, the best first. count: so many choices at most.
    """
    best = [readings[0] for readings in parts]
    others = [
        (other.confidence / max(readings[0].confidence, 1e-9), place, number)
        for place, readings in enumerate(parts)
        for number, other in enumerate(readings)
        if number
    ]
    chosen = sorted(others, key=lambda one: -one[0])[: count - 1]
    return [best, *([*best[:place], parts[place][number], *best[place + 1 :]] for _, place, number in chosen)]


def composed(parts: Sequence[Reading], tables: Sequence[Sequence[Sequence[object]]], zero: int) -> Reading:
    """One reading of the whole out of those of its parts.

    Args:
        parts: of what is outside, which :func:`encloses` zeros, and of each cell, row by row, block by block; in the
        numbers of the whole formula's strokes. tables: how many cells the rows of each block have. zero: the number of
        the first block's zero; those of the others follow.

    Returns:
        The reading, as sure as all its parts are together.
    """
    outer, *others = parts
    symbols, alternatives = list(outer.tree.symbols), list(outer.alternatives)
    edges = list(outer.tree.edges)
    of_cells = iter(others)
    gone: set[int] = set()
    for number, rows in enumerate(tables):
        inside = next(place for place, symbol in enumerate(symbols) if symbol.strokes == (zero + number,))
        (opening,) = (edge.parent for edge in edges if edge.child == inside)
        gone.add(inside)
        edges = [
            replace(edge, parent=opening) if edge.parent == inside else edge for edge in edges if edge.child != inside
        ]
        first = opening
        for row in rows:
            before, relation = first, Relation.INSIDE if first == opening else Relation.ROW
            for place, cell in enumerate(itertools.islice(of_cells, len(row))):
                offset = len(symbols)
                root = cell.tree.root + offset
                symbols += cell.tree.symbols
                alternatives += cell.alternatives
                edges += [Edge(e.parent + offset, e.child + offset, e.relation) for e in cell.tree.edges]
                edges.append(Edge(before, root, relation))
                before, relation = root, Relation.CELL
                first = first if place else root
    kept = sorted(set(range(len(symbols))) - gone, key=lambda place: symbols[place].strokes)  # as they were written
    place_of = {old: new for new, old in enumerate(kept)}
    tree = LayoutTree(
        tuple(symbols[place] for place in kept),
        tuple(Edge(place_of[e.parent], place_of[e.child], e.relation) for e in edges),
    )
    sure = math.prod(part.confidence for part in parts)
    return Reading(tree, sure, tuple(alternatives[place] for place in kept))
