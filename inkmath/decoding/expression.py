"""Reading whole formulas with an exported network: ink in, readings out, no TensorFlow."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from functools import cached_property, partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from inkmath.dataset.atomic import replacing
from inkmath.dataset.splits import ink_digest
from inkmath.decoding.language import TreeLanguageModel
from inkmath.decoding.lines import LineModel, stroke_extents
from inkmath.decoding.matrices import (
    DOUBTFUL,
    EASE,
    MOST,
    STAND_IN,
    beside,
    blocks,
    cells,
    composed,
    encloses,
    likeliest,
    outside,
    with_row_vectors,
)
from inkmath.decoding.network import Network, NetworkError
from inkmath.decoding.opinion import SecondOpinion
from inkmath.decoding.reading import constraints_on
from inkmath.decoding.readout import Scores
from inkmath.decoding.recent import Recent
from inkmath.decoding.rows import rows
from inkmath.decoding.search import Search, Weights
from inkmath.decoding.strays import GAIN, offered_beside, specks, with_offer
from inkmath.features.expression import pad, stroke_points
from inkmath.features.posture import levelled
from inkmath.features.tremor import steadied
from inkmath.ink import Ink
from inkmath.writing_order import written_at_random

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from inkmath.decoding.language import Counts
    from inkmath.decoding.lines import Measures
    from inkmath.decoding.matrices import Block
    from inkmath.decoding.reading import Constraints, Reading
    from inkmath.decoding.symbol import OnnxSymbolReader
    from inkmath.layout.tree import LayoutTree

NETWORK_FILE = "expression.onnx"
SETTINGS_FILE = "expression.json"

BATCH_PAIRS = 40_000
"""Pairs of strokes that the network looks at in one call, one formula at least: bounds the memory of many formulas."""

KEPT_WORTHS = 1000
"""Of so many sets of strokes it is remembered how good a reading is: of a page of 26 rows some 90 are asked about."""

STRETCH = 1.25
"""How much longer than its shortest formula a batch may be: padding costs as much time as ink."""


class StrokeGraphReader:
    """Reads formulas: network, then search. Calls may come from several threads at once.

    Args:
        network: the exported stroke graph network. labels: its classes in order. points: points a stroke.
        search: what reads trees off the network's answer. opinion: what else is asked about symbols.
    """

    def __init__(
        self,
        network: Network,
        labels: Sequence[str],
        points: int,
        search: Search,
        opinion: SecondOpinion | None = None,
    ) -> None:
        self.network, self.points, self.search, self.opinion = network, points, search, opinion
        self._labels = tuple(labels)
        self._worths: Recent[float] = Recent(KEPT_WORTHS)

    @property
    def labels(self) -> tuple[str, ...]:
        """The symbol classes that a reading may hold."""
        return self._labels

    @cached_property
    def _glance(self) -> Search:
        """What tells how good a reading is; looking farther tells rows and stray taps no better."""
        search = self.search
        weights = replace(search.weights, segmentations=1, trees=1, labels=3, rescored=3)
        return Search(self._labels, search.language, weights, search.lines)

    def scores(self, inks: Sequence[Ink]) -> list[Scores]:
        """What the network says of each formula; inks of like length share a call."""
        found: dict[int, Scores] = {}
        for batch in of_like_length([len(ink.strokes) for ink in inks]):
            points, mask = pad([stroke_points(inks[place], self.points) for place in batch], multiple=1)
            answer = self.network(points=points, mask=mask)
            for row, place in enumerate(batch):
                count = len(inks[place].strokes)
                found[place] = Scores.of(answer, row, count, stroke_extents(points[row, :count]))
        return [found[place] for place in range(len(inks))]

    def read(
        self, inks: Sequence[Ink], *, alternatives: int = 5, constraints: Sequence[Constraints] | None = None
    ) -> list[list[Reading]]:
        """Read each ink, prepared; see :class:`inkmath.decoding.reading.ExpressionReader`."""
        orders, inks = zip(*map(_arranged, inks), strict=True) if inks else ((), ())
        given = [constraints_on(*of) for of in zip(orders, constraints or [{} for _ in inks], strict=True)]
        found = self._read_all(inks, given, alternatives)
        answers = []
        for ink, order, fixed, readings in zip(inks, orders, given, found, strict=True):
            all_of_ink = beside(self._with_matrices(ink, readings[0], fixed, alternatives), readings)
            best = with_row_vectors(ink.strokes, all_of_ink[:alternatives])[:alternatives]
            answers.append([reading.renumbered(order) for reading in best])
        return answers

    def _read_all(self, inks: Sequence[Ink], given: Sequence[Constraints], alternatives: int) -> list[list[Reading]]:
        """The best readings of each ink, prepared, without matrices."""
        return [
            self._read(ink, scores, alternatives, fixed)
            for ink, scores, fixed in zip(inks, self.scores(inks), given, strict=True)
        ]

    def _with_matrices(self, ink: Ink, flat: Reading, fixed: Constraints, alternatives: int) -> list[Reading]:
        """The best readings of prepared ink in which rows stand between brackets; none where none do.

        They are looked for where the best reading without any is doubtful, at the brackets that it has; and whenever a
        person decided something, which makes any reading surer.
        """
        if STAND_IN not in self.labels or (flat.confidence > DOUBTFUL and not fixed):
            return []
        found = self._tables(ink, flat.tree, fixed)
        if not found:
            return []
        outer = _around(ink, [*found], fixed, lambda rest, given: self._read_all([rest], [given], alternatives)[0])
        if not outer:
            return []
        owned = [cell for table in found.values() for row in table for cell in row]
        inks, given = [_part(ink, cell) for cell in owned], [constraints_on(cell, fixed) for cell in owned]
        parts = [
            [reading.renumbered(cell) for reading in readings]
            for cell, readings in zip(owned, self._read_all(inks, given, alternatives), strict=True)
        ]
        return [composed(one, [*found.values()], len(ink.strokes)) for one in likeliest([outer, *parts], alternatives)]

    def _tables(self, ink: Ink, flat: LayoutTree, fixed: Constraints) -> dict[Block, list[list[tuple[int, ...]]]]:
        """The brackets of a reading between which rows stand, and of each the strokes of its cells, row by row."""
        found: dict[Block, list[list[tuple[int, ...]]]] = {}
        for block in islice(blocks(ink.strokes, flat), MOST):
            torn = any(owned & set(block.inside) and not owned <= set(block.inside) for owned in fixed)
            taken = any(block.strokes & other.strokes for other in found)
            if torn or taken or not _around(ink, [block], fixed, self._glanced):
                continue
            inside = _part(ink, block.inside)
            together = constraints_on(block.inside, fixed)
            found_rows = rows(inside.strokes, partial(self._worths_of, inside), together, ease=EASE)
            of_rows = [tuple(block.inside[index] for index in row) for row in found_rows]
            table = cells(ink.strokes, of_rows, fixed, cases=not block.closing) if len(of_rows) > 1 else None
            if table is not None:
                found[block] = table
        return found

    def _glanced(self, ink: Ink, fixed: Constraints) -> list[Reading]:
        """The best reading of prepared ink at a glance, no other beside it."""
        (scores,) = self.scores([ink])
        return self._glance.read(scores, 1, fixed)

    def _read(self, ink: Ink, scores: Scores, alternatives: int, fixed: Constraints) -> list[Reading]:
        """The best readings; where one without a dot would be likelier by far, that is the second."""
        readings = self._searched(ink, scores, alternatives, fixed)
        small = specks(ink.strokes, readings[0], fixed) if alternatives > 1 else []
        if not small:
            return readings
        kept = [[index for index in range(len(ink.strokes)) if index != speck] for speck in small]
        rest = [_part(ink, others) for others in kept]
        scores_of_rest = self.scores(rest)
        gain, place = max((self._worth(one), place) for place, one in enumerate(scores_of_rest))
        if gain - self._worth(scores) < GAIN:
            return readings
        (found,) = self._searched(rest[place], scores_of_rest[place], 1, constraints_on(kept[place], fixed))
        return with_offer(readings, offered_beside(readings[0], found.renumbered(kept[place])))[:alternatives]

    def _searched(self, ink: Ink, scores: Scores, alternatives: int, fixed: Constraints) -> list[Reading]:
        return self.search.read(scores, alternatives, fixed, self.opinion.of(ink) if self.opinion else None)

    def _worth(self, scores: Scores) -> float:
        """How good the best reading is, a log-probability, whatever a person decided: in all that is compared."""
        return self._glance.search(scores, {})[0].score

    def rows(
        self, ink: Ink, together: Collection[frozenset[int]] = (), begins: Collection[int] = ()
    ) -> list[tuple[int, ...]]:
        """Find the formulas beneath each other; see :class:`inkmath.decoding.reading.ExpressionReader`."""
        return rows(ink.strokes, partial(self._worths_of, ink), together, begins)

    def _worths_of(self, ink: Ink, sets: Sequence[tuple[int, ...]]) -> list[float]:
        """How good the best reading is of each of some sets of strokes; see :func:`inkmath.decoding.rows.rows`."""
        parts = [_part(ink, one) for one in sets]

        def ask(places: Sequence[int]) -> list[float]:
            asked = [_arranged(parts[place])[1] for place in places]
            return [self._worth(scores) for scores in self.scores(asked)]

        return self._worths.answers([ink_digest(part) for part in parts], ask)


def prepared(ink: Ink) -> Ink:
    """Ink as the networks are asked about it: steadied where it trembles, levelled where it stands askew."""
    return levelled(steadied(ink))


def _arranged(ink: Ink) -> tuple[Sequence[int], Ink]:
    """Ink prepared, its strokes in an order that a hand may have written them in, and that order."""
    ready = prepared(ink)
    order = written_at_random(ready.strokes) or range(len(ready.strokes))
    return order, _part(ready, order)


def _part(ink: Ink, strokes: Sequence[int]) -> Ink:
    """Only these strokes, in this order."""
    return Ink(tuple(ink.strokes[stroke] for stroke in strokes))


def _around(
    ink: Ink, found: Sequence[Block], fixed: Constraints, read: Callable[[Ink, Constraints], list[Reading]]
) -> list[Reading]:
    """What ``read`` gives of ink with a zero in each block, but for those where one is not between its brackets."""
    strokes, names = outside(ink.strokes, found)
    zeros = {frozenset({len(ink.strokes) + number}): STAND_IN for number in range(len(found))}
    named = [reading.renumbered(names) for reading in read(Ink(strokes), constraints_on(names, {**fixed, **zeros}))]
    return [
        reading
        for reading in named
        if all(encloses(reading, block, len(ink.strokes) + number) for number, block in enumerate(found))
    ]


def load_expression_reader(directory: Path, symbols: OnnxSymbolReader | None = None) -> StrokeGraphReader:
    """Load what :func:`write_settings` and the export wrote into a directory.

    Args:
        directory: where the files lie. symbols: asked for a second opinion on symbols, if it takes context.

    Raises:
        FileNotFoundError: a file is missing.
        NetworkError: a file is damaged, or the two do not belong together.
    """
    path = Path(directory) / SETTINGS_FILE
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such file; train and export a model, or install the package again")
    try:
        settings = json.loads(path.read_text(encoding="utf-8"))
        weights = Weights(**settings["search"] | {"confidence": tuple(settings["search"]["confidence"])})
        labels = [str(label) for label in settings["labels"]]
        language, lines = TreeLanguageModel(labels, settings["trigrams"]), LineModel(labels, settings["lines"])
        search = Search(labels, language, weights, lines)
        points = int(settings["points"])
        if points < 2:
            raise ValueError(f"{points} points make no stroke")
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise NetworkError(f"{path}: cannot be read ({error!r}); export or install it again") from error
    opinion = SecondOpinion(symbols, labels) if symbols and symbols.takes_context else None
    network = Network(Path(directory) / NETWORK_FILE)
    tried = network.tried(points=np.zeros((1, 1, points, 2)), mask=np.ones((1, 1)))
    classes = tried["symbol"].shape[-1] if "symbol" in tried else 0
    if classes != len(labels):
        raise NetworkError(
            f"{path}: names {len(labels)} labels, but the network has {classes} classes; export it again"
        )
    return StrokeGraphReader(network, labels, points, search, opinion)


def load_reader_with_opinion(directory: Path, load_symbols: Callable[[], OnnxSymbolReader]) -> StrokeGraphReader:
    """Load a reader of formulas that asks a symbol model for a second opinion, where there is such a model.

    Raises:
        FileNotFoundError: a file of the expression model is missing.
        NetworkError: a file of either model is damaged.
    """
    try:
        symbols = load_symbols()
    except FileNotFoundError:
        symbols = None
    return load_expression_reader(directory, symbols)


def write_settings(
    directory: Path,
    labels: Sequence[str],
    points: int,
    trigrams: Counts,
    lines: Measures,
    weights: Weights,
    **more: Any,
) -> Path:
    """Write all that reading needs beside the network; ``more`` is kept for the curious."""
    path = Path(directory) / SETTINGS_FILE
    settings = {"labels": list(labels), "points": points, "search": asdict(weights), **more}
    settings |= {"lines": lines, "trigrams": trigrams}
    return _write(path, settings)


def write_weights(directory: Path, weights: Weights) -> None:
    """Let the model in a directory be searched with other weights; everything else about it stays."""
    path = Path(directory) / SETTINGS_FILE
    _write(path, json.loads(path.read_text(encoding="utf-8")) | {"search": asdict(weights)})


def _write(path: Path, settings: Mapping[str, Any]) -> Path:
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(settings, ensure_ascii=False, separators=(",", ":")), encoding="utf-8")
    return path


def of_like_length(lengths: Sequence[int]) -> list[list[int]]:
    """Places grouped so that like lengths stand together and no batch has more than ``BATCH_PAIRS`` pairs."""
    groups: list[list[int]] = []
    for place in np.argsort(lengths, kind="stable").tolist():
        length = lengths[place]
        if (
            not groups
            or (len(groups[-1]) + 1) * length**2 > BATCH_PAIRS
            or length > STRETCH * lengths[groups[-1][0]] + 1
        ):
            groups.append([])
        groups[-1].append(place)
    return groups
