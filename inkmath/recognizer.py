"""Ink in, mathematics out: the one public entry to the released models.

>>> from inkmath.recognizer import Recognizer
>>> result = Recognizer.load().recognize(strokes)
>>> result.latex, result.confidence
('x ^ { 2 } + 1', 0.93)
"""

from __future__ import annotations

from collections.abc import Iterable, Set
from dataclasses import dataclass, replace
from functools import cache, cached_property, partial
from numbers import Integral
from pathlib import Path
from threading import Lock
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np

from inkmath.dataset.splits import ink_digest
from inkmath.decoding.reading import constraints_on
from inkmath.decoding.recent import Recent
from inkmath.ink import Ink, check_size
from inkmath.layout.quoting import quoted
from inkmath.parts import parts_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from numpy.typing import NDArray

    from inkmath.decoding.reading import Candidate, Constraints, ExpressionReader, Reading, SymbolReader
    from inkmath.layout.tree import LayoutTree

    Strokes = Ink | Iterable[Sequence[Sequence[float]] | NDArray[np.floating]]

WEIGHTS = Path(__file__).parent / "weights"
"""Where the released models lie."""

KEPT_ROWS = 200
"""The readings of so many rows are remembered: while a page is written, most of its rows stay as they are."""


@dataclass(frozen=True)
class RecognizedSymbol:
    """One symbol of a formula.

    Attributes:
        label: its class.
        strokes: indices into the ink's strokes.
        box: ``(left, top, right, bottom)`` of those strokes, in the ink's own unit.
        candidates: the label and what else the strokes may be: after the label the likeliest first, as the networks
            see the ink. The label is chosen by all that is known, and need not be the likeliest of them.
    """

    label: str
    strokes: tuple[int, ...]
    box: tuple[float, float, float, float]
    candidates: tuple[Candidate, ...]


@dataclass(frozen=True, repr=False)
class Formula:
    """One reading of ink, in every notation. In a notebook it shows itself as mathematics."""

    ink: Ink
    reading: Reading

    @property
    def tree(self) -> LayoutTree:
        """The symbol layout tree; its symbols own indices into ``ink.strokes``."""
        return self.reading.tree

    @property
    def confidence(self) -> float:
        """Estimated probability that the whole formula is right, in 0..1; no alternative has more than the first."""
        return self.reading.confidence

    @cached_property
    def tokens(self) -> list[str]:
        """Canonical LaTeX tokens: two formulas are equal when these are."""
        from inkmath.layout.latex import canonical_tokens

        return canonical_tokens(self.tree)

    @property
    def latex(self) -> str:
        """Canonical LaTeX, tokens separated by spaces."""
        return " ".join(self.tokens)

    @cached_property
    def mathml(self) -> str:
        """Presentation MathML."""
        from inkmath.layout.mathml import to_mathml

        return to_mathml(self.tree)

    @cached_property
    def symbols(self) -> tuple[RecognizedSymbol, ...]:
        """The symbols, in the order of ``tree.symbols``."""
        known = self.reading.alternatives or tuple(() for _ in self.tree.symbols)
        return tuple(
            RecognizedSymbol(
                label=symbol.label,
                strokes=symbol.strokes,
                box=replace(self.ink, strokes=tuple(self.ink.strokes[index] for index in symbol.strokes)).bounds,
                candidates=candidates,
            )
            for symbol, candidates in zip(self.tree.symbols, known, strict=True)
        )

    def to_ink(self) -> Ink:
        """The ink with this reading as its truth, in place of what it came with."""
        return replace(self.ink, tree=self.tree, latex=self.latex, groups=(), problems=())

    def to_inkml(self) -> bytes:
        """InkML with this reading as its truth: LaTeX, MathML, and the strokes of each symbol."""
        from inkmath.inkml import write_inkml

        return write_inkml(self.to_ink())

    def to_lg(self) -> str:
        """A label graph, as the CROHME competitions score it.

        Raises:
            LayoutError: the ink's file gave a stroke a name that a label graph cannot hold.
        """
        from inkmath.layout.lg import to_lg

        return to_lg(self.tree, self.ink.trace_ids, title=self.ink.title)

    def to_svg(self) -> str:
        """A picture of the ink, each symbol in a colour of its own with its label above it."""
        from inkmath.drawing import to_svg

        return to_svg(self.to_ink(), colours=True, labels=True)

    def to_sympy(self) -> Any:
        """A SymPy expression.

        Raises:
            ImportError: SymPy or Lark is not installed (``pip install 'inkmath[sympy]'``).
            LayoutError: the formula has no meaning that SymPy knows.
        """
        from inkmath.layout.algebra import to_sympy

        return to_sympy(self.tree)

    def as_formula_dict(self) -> dict[str, Any]:
        """What JSON says of this formula alone: LaTeX, tokens, confidence, symbols with their candidates, relations."""
        return {
            "latex": self.latex,
            "tokens": self.tokens,
            "confidence": round(self.confidence, 4),
            "symbols": [
                {
                    "label": symbol.label,
                    "strokes": list(symbol.strokes),
                    "alternatives": [
                        {"label": candidate.label, "probability": round(candidate.probability, 4)}
                        for candidate in symbol.candidates
                    ],
                }
                for symbol in self.symbols
            ],
            "relations": [
                {"parent": edge.parent, "child": edge.child, "relation": str(edge.relation)} for edge in self.tree.edges
            ],
        }

    def __repr__(self) -> str:
        return f"{type(self).__name__}(latex={self.latex!r}, confidence={self.confidence:.3f})"

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.latex}$"

    def _repr_svg_(self) -> str:
        return self.to_svg()


@dataclass(frozen=True, repr=False)
class Recognition(Formula):
    """The best reading of ink, with the others.

    Attributes:
        alternatives: the best formulas, this one first.
        seconds: how long it took; in a batch, this ink's share.
    """

    alternatives: tuple[Formula, ...] = ()
    seconds: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        """What JSON says: the best formula in full, the others with their LaTeX and confidence."""
        return {
            **self.as_formula_dict(),
            "alternatives": [
                {"latex": formula.latex, "confidence": round(formula.confidence, 4)} for formula in self.alternatives
            ],
            "seconds": round(self.seconds, 4),
        }


@dataclass(frozen=True, repr=False)
class Rows:
    """Formulas written beneath each other. In a notebook they show themselves as mathematics.

    Attributes:
        rows: from the top down, at least one. Each has the whole ink, and its symbols own strokes of that; so do its
            InkML and its picture.
    """

    rows: tuple[Recognition, ...]

    @property
    def latex(self) -> str:
        """That of the one formula, or all of them as ``aligned`` of the package amsmath, canonical a line each."""
        from inkmath.layout.latex import aligned

        return aligned([row.latex for row in self.rows])

    @property
    def mathml(self) -> str:
        """Presentation MathML of the one formula, or of all of them as a table."""
        from inkmath.layout.mathml import aligned

        return self.rows[0].mathml if len(self.rows) == 1 else aligned([row.tree for row in self.rows])

    def to_lg(self) -> str:
        """The label graph of the one formula.

        Raises:
            LayoutError: there are several, or the ink's file gave a stroke a name that a label graph cannot hold.
        """
        from inkmath.layout.tree import LayoutError

        if len(self.rows) > 1:
            raise LayoutError(f"a label graph holds one formula, and these are {len(self.rows)}")
        return self.rows[0].to_lg()

    def as_dict(self) -> dict[str, Any]:
        """What JSON says: LaTeX of all, and each row as :meth:`Recognition.as_dict` has it."""
        return {"latex": self.latex, "rows": [row.as_dict() for row in self.rows]}

    def __repr__(self) -> str:
        return f"Rows({list(self.rows)})"

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.latex}$"


class Recognizer:
    """Reads ink with exported models, each loaded when it is first needed.

    Of a call nothing is kept but how rows were read, by digests of their ink, for the next call on the same page.

    One that :meth:`load` gave may be pickled, as sending it to another process does; models are loaded anew there.

    Args:
        load_expressions: gives what reads whole formulas.
        load_symbols: gives what names isolated symbols.
    """

    def __init__(
        self, load_expressions: Callable[[], ExpressionReader], load_symbols: Callable[[], SymbolReader]
    ) -> None:
        self._load_expressions = load_expressions
        self._load_symbols = load_symbols
        self._directory: Path | None = None
        self._rows: Recent[list[Reading]] = Recent(KEPT_ROWS)

    @classmethod
    def load(cls, path: Path | str | None = None) -> Recognizer:
        """Take exported models from a directory; without ``path``, the released ones.

        Raises:
            FileNotFoundError: there is no such directory. A model that is missing in it raises the same, one that is
                damaged a `NetworkError`, when it is first needed.
        """
        directory = WEIGHTS if path is None else Path(path)
        if not directory.is_dir():
            raise FileNotFoundError(f"{directory}: no directory of weights")
        from inkmath.decoding.expression import load_reader_with_opinion
        from inkmath.decoding.symbol import load_symbol_reader

        place = directory.absolute()  # models are loaded later, when the working directory may be another
        symbols = cache(partial(load_symbol_reader, place))  # read once, for either use
        recognizer = cls(partial(load_reader_with_opinion, place, symbols), symbols)
        recognizer._directory = place
        return recognizer

    def __reduce__(self) -> str | tuple[Any, ...]:
        # A loaded network cannot be pickled; where it lies can.
        return super().__reduce__() if self._directory is None else (type(self).load, (self._directory,))

    @cached_property
    def expressions(self) -> ExpressionReader:
        """What reads whole formulas."""
        return self._load_expressions()

    @cached_property
    def symbols(self) -> SymbolReader:
        """What names isolated symbols."""
        return self._load_symbols()

    def recognize(
        self, strokes: Strokes, *, constraints: Constraints | None = None, alternatives: int = 5
    ) -> Recognition:
        """Read one formula.

        Args:
            strokes: ink, or strokes in writing order as lists of ``[x, y]`` points (y downward, any unit).
            constraints: sets of stroke indices that are one symbol, each with its label; every answer obeys them.
            alternatives: how many formulas to return at most.

        Raises:
            ValueError: no stroke or too many (`check_size`), a stroke without points, a coordinate that is not finite,
                ``alternatives`` no whole number from 1, or constraints that overlap, name a stroke that is not there,
                or a label that the model does not know (it knows canonical ones: ``<``, not ``\\lt``).
        """
        return self.recognize_many([strokes], constraints=[constraints or {}], alternatives=alternatives)[0]

    def recognize_many(
        self,
        inks: Iterable[Strokes],
        *,
        constraints: Sequence[Constraints] | None = None,
        alternatives: int = 5,
    ) -> list[Recognition]:
        """Read several formulas as one batch; arguments and errors as for :meth:`recognize`."""
        _check_count("alternatives", alternatives)
        read = _as_inks(inks)
        decided = [{}] * len(read) if constraints is None else list(constraints)
        if len(decided) != len(read):
            raise ValueError(f"{len(read)} inks and {len(decided)} sets of constraints; give one for each ink")
        for ink, chosen in zip(read, decided, strict=True):
            self._check(chosen, len(ink.strokes))
        if not read:
            return []
        reader = self.expressions  # loaded before the clock runs
        began = perf_counter()
        answers = reader.read(read, alternatives=alternatives, constraints=decided)
        seconds = (perf_counter() - began) / len(read)
        return [_recognition(ink, readings, seconds) for ink, readings in zip(read, answers, strict=True)]

    def recognize_rows(
        self,
        strokes: Strokes,
        *,
        constraints: Constraints | None = None,
        alternatives: int = 5,
        joined: Collection[Set[int]] = (),
        begins: Collection[int] = (),
    ) -> Rows:
        """Read formulas written beneath each other, each for itself.

        What is a formula of its own is told by the ink (:mod:`inkmath.decoding.rows`), as far as nobody says it. Rows
        of the same strokes as in one of the last calls are not read again.

        Args:
            strokes: as for :meth:`recognize`, and as many as there are where bands part them (:mod:`inkmath.parts`).
            constraints, alternatives: as for :meth:`recognize`; strokes of one constraint are of one formula.
            joined: sets of stroke indices that are of one formula each; what overlaps, constraints too, is of one.
            begins: strokes that begin a formula each: what was written before and lies beside them is of the one above.

        Raises:
            ValueError: as for :meth:`recognize`; ``joined`` or ``begins`` name a stroke that is not there, or what
                begins a formula is to be of one with strokes before it.
        """
        _check_count("alternatives", alternatives)
        ink, chosen = _as_ink(strokes), constraints or {}
        self._check(chosen, len(ink.strokes), joined, begins)
        reader = self.expressions  # loaded before the clock runs
        began = perf_counter()
        owned = self._rows_of(ink, _united([*chosen, *joined]), begins)
        parts = [replace(ink, strokes=tuple(ink.strokes[index] for index in row)) for row in owned]
        decided = [constraints_on(row, chosen) for row in owned]

        def read(places: Sequence[int]) -> list[list[Reading]]:
            of, by = [parts[place] for place in places], [decided[place] for place in places]
            return reader.read(of, alternatives=alternatives, constraints=by)

        keys = [(ink_digest(part), alternatives, *by.items()) for part, by in zip(parts, decided, strict=True)]
        answers = self._rows.answers(keys, read)
        seconds = (perf_counter() - began) / len(owned)
        return Rows(
            tuple(
                _recognition(ink, [reading.renumbered(row) for reading in readings], seconds)
                for row, readings in zip(owned, answers, strict=True)
            )
        )

    def _rows_of(
        self, ink: Ink, together: Collection[frozenset[int]], begins: Collection[int]
    ) -> list[tuple[int, ...]]:
        """Which strokes are formulas of their own; what is too much for one formula is looked at in parts."""
        found: list[tuple[int, ...]] = []
        for part in parts_of(ink, together):
            places = {stroke: place for place, stroke in enumerate(part)}
            kept = [frozenset(places[stroke] for stroke in one) for one in together if one <= places.keys()]
            first = [places[stroke] for stroke in begins if stroke in places]
            alone = replace(ink, strokes=tuple(ink.strokes[stroke] for stroke in part))
            found += [tuple(part[place] for place in row) for row in self.expressions.rows(alone, kept, first)]
        return found

    def recognize_image(self, image: Path | str | bytes | NDArray[Any], *, alternatives: int = 5) -> Recognition:
        """Read the picture of one handwritten formula; the result's ink is what was recovered from it.

        Raises:
            ImageError, ImportError, OSError: as :func:`inkmath.images.ink_from_image`, which says what is accepted.
        """
        from inkmath.images import ink_from_image

        return self.recognize(ink_from_image(image), alternatives=alternatives)

    def classify(self, strokes: Strokes, top_k: int = 3) -> list[Candidate]:
        """Name one isolated symbol: its ``top_k`` likeliest labels, the likeliest first.

        Raises:
            ValueError: no stroke or too many (`check_size`), a stroke without points, a coordinate that is not finite,
                or ``top_k`` no whole number from 1.
        """
        return self.classify_many([strokes], top_k)[0]

    def classify_many(self, inks: Iterable[Strokes], top_k: int = 3) -> list[list[Candidate]]:
        """Name several isolated symbols as one batch; arguments and errors as for :meth:`classify`."""
        _check_count("top_k", top_k)
        read = _as_inks(inks)
        return self.symbols.classify(read, top_k=top_k) if read else []

    def session(self, alternatives: int = 5) -> Session:
        """Begin a formula that grows stroke by stroke."""
        return Session(self, alternatives)

    def check_choice(self, strokes: Collection[int], label: str) -> None:
        """Raise ValueError where no reading could have these strokes as one symbol of this label."""
        if not strokes:
            raise ValueError(f"a constraint names no stroke for the label {quoted(str(label))}")
        if label not in self.expressions.labels:
            raise ValueError(f"a constraint asks for the label {quoted(str(label))}, which the model does not know")

    def check(
        self,
        strokes: Strokes,
        constraints: Constraints,
        *,
        joined: Collection[Set[int]] = (),
        begins: Collection[int] = (),
    ) -> None:
        """Raise ValueError where :meth:`recognize` would for ink, or :meth:`recognize_rows` for what is said of it."""
        self._check(constraints, len(_as_inks([strokes])[0].strokes), joined, begins)

    def _check(
        self,
        constraints: Constraints,
        strokes: int,
        joined: Collection[Set[int]] = (),
        begins: Collection[int] = (),
    ) -> None:
        """Raise ValueError for what no reading could obey."""
        taken: set[int] = set()
        for owned, label in constraints.items():
            if not isinstance(owned, Set):
                raise ValueError(f"a constraint names strokes {owned!r}; write frozenset({owned!r})")
            self.check_choice(owned, label)
            _check_indices("a constraint", owned, strokes)
            if taken & owned:
                raise ValueError(f"two constraints name stroke {min(taken & owned)}")
            taken |= owned
        if not all(joined):
            raise ValueError("joined holds a set without strokes; leave it out")
        for what, named in (*(("joined", one) for one in joined), ("begins", begins)):
            _check_indices(what, named, strokes)
        for together in _united([*constraints, *joined]):
            if late := together.intersection(begins) - {first := min(together)}:
                raise ValueError(
                    f"stroke {min(late)} begins a formula, and is to be of one with stroke {first} before it"
                )


class Session:
    """A formula being written: strokes come and go, choices stay as long as their strokes do.

    A stroke is known by the key that :meth:`add` returns, which no later change moves. One thread may read while
    another goes on writing: an answer to what has changed meanwhile is given to whoever asked, and not kept.
    """

    def __init__(self, recognizer: Recognizer, alternatives: int = 5) -> None:
        self._recognizer = recognizer
        self._alternatives = alternatives
        self._strokes: dict[int, NDArray[np.float64]] = {}  # all of them together may have to be moved to the origin
        self._choices: dict[frozenset[int], str] = {}
        self._next_key = 0
        self._changing = Lock()
        self._answer: Recognition | None = None

    @property
    def keys(self) -> tuple[int, ...]:
        """Keys of the strokes, in writing order: the place of a key is the stroke's index in the result."""
        return tuple(self._strokes)

    def add(self, stroke: Sequence[Sequence[float]] | NDArray[np.floating]) -> int:
        """Take one more stroke and return its key.

        Raises:
            ValueError: the stroke has no points, or a coordinate that is not finite.
        """
        Ink.from_points([stroke])  # refuses what is no stroke
        points = np.array(stroke, np.float64)[:, :2]
        with self._changing:
            key = self._next_key
            self._next_key += 1
            self._strokes = {**self._strokes, key: points}
            self._answer = None
        return key

    def remove(self, key: int) -> None:
        """Forget a stroke, and every choice made for a symbol it belonged to.

        Raises:
            KeyError: there is no such stroke.
        """
        with self._changing:
            if key not in self._strokes:
                raise KeyError(key)
            self._strokes = {other: points for other, points in self._strokes.items() if other != key}
            self._choices = {keys: label for keys, label in self._choices.items() if key not in keys}
            self._answer = None

    def choose(self, keys: Iterable[int], label: str) -> None:
        """Decide that these strokes are one symbol with this label, in place of earlier choices for any of them.

        Raises:
            KeyError: there is no such stroke.
            ValueError: no stroke is given, or the model does not know the label.
        """
        decided = frozenset(keys)
        self._recognizer.check_choice(decided, label)
        with self._changing:
            for key in decided:
                if key not in self._strokes:
                    raise KeyError(key)
            kept = {other: chosen for other, chosen in self._choices.items() if not other & decided}
            self._choices = {**kept, decided: label}
            self._answer = None

    @property
    def recognition(self) -> Recognition | None:
        """The formula as it stands, or None while nothing is written; computed once after each change."""
        with self._changing:  # strokes and choices are replaced, never changed: what is held here stays as it is
            strokes, choices, known = self._strokes, self._choices, self._answer
        if not strokes or known is not None:
            return known
        place = {key: index for index, key in enumerate(strokes)}
        constraints: Mapping[frozenset[int], str] = {
            frozenset(place[key] for key in keys): label for keys, label in choices.items()
        }
        answer = self._recognizer.recognize(
            list(strokes.values()), constraints=constraints, alternatives=self._alternatives
        )
        with self._changing:
            if self._strokes is strokes and self._choices is choices:
                self._answer = answer
        return answer


def _recognition(ink: Ink, readings: Sequence[Reading], seconds: float) -> Recognition:
    formulas = tuple(Formula(ink, reading) for reading in readings)
    return Recognition(ink=ink, reading=readings[0], alternatives=formulas, seconds=seconds)


def _check_count(name: str, number: object) -> None:
    if not isinstance(number, Integral) or number < 1:
        raise ValueError(f"{name} is {number}; ask for a whole number, at least 1")


def _check_indices(what: str, named: Collection[object], count: int) -> None:
    if not all(isinstance(one, Integral) and not isinstance(one, bool) and 0 <= int(one) < count for one in named):
        raise ValueError(f"{what} names strokes {sorted(named, key=str)}; the ink has strokes 0..{count - 1}")


def _united(sets: Iterable[Set[int]]) -> list[frozenset[int]]:
    """The sets, those that have a stroke in common as one."""
    united: dict[int, frozenset[int]] = {}  # by each of their strokes
    for one in sets:
        whole = frozenset(one).union(*(united[stroke] for stroke in one if stroke in united))
        united |= dict.fromkeys(whole, whole)
    return list(dict.fromkeys(united.values()))


def _as_ink(strokes: Strokes) -> Ink:
    if isinstance(strokes, str | bytes | Path) or not isinstance(strokes, Ink | Iterable):
        raise ValueError("this is no ink: read a file with inkmath.inkml.parse_inkml, a picture with recognize_image")
    checked = Ink.from_points(strokes.strokes if isinstance(strokes, Ink) else strokes)
    if not checked.strokes:
        raise ValueError("there is no stroke to read")
    return strokes if isinstance(strokes, Ink) else checked


def _as_inks(given: Iterable[Strokes]) -> list[Ink]:
    """As ink of one formula each; what is wrong with one of several is said with its number."""
    several = list(given)
    inks = []
    for number, strokes in enumerate(several):
        try:
            ink = _as_ink(strokes)
            check_size(ink)
            inks.append(ink)
        except ValueError as error:
            raise ValueError(f"ink {number}: {error}" if len(several) > 1 else str(error)) from error
    return inks
