"""Reading InkML: traces as strokes, and whatever truth the file has as a layout tree."""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass, field
from itertools import accumulate
from itertools import count as counting
from pathlib import Path
from typing import NoReturn

import numpy as np
from lxml import etree
from numpy.typing import NDArray

from inkmath.ink import Ink, in_single_precision
from inkmath.layout.latex import parse_latex
from inkmath.layout.mathml import parse_mathml
from inkmath.layout.quoting import quoted
from inkmath.layout.symbols import canonical_label
from inkmath.layout.tree import LayoutError, LayoutTree, Symbol
from inkmath.layout.xml import XML_ID, XMLError, local_name, parse_xml

MAX_BYTES = 256 * 2**20
"""Larger files are refused: a formula of a million points takes a tenth of it."""

COMPRESSED_BEGIN = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"PK\x03\x04")
"""How files of gzip, bzip2, xz and zip begin; XML begins with none of them in any encoding."""

_PICTURE_BEGIN = re.compile(
    rb"(?P<PNG>\x89PNG)|(?P<JPEG>\xff\xd8\xff)|(?P<HEIC>.{4}ftyp(?:hei|hev|mif1|msf1))|(?P<AVIF>.{4}ftypavi)"
    rb"|(?P<WebP>RIFF.{4}WEBP)|(?P<GIF>GIF8)|(?P<TIFF>II\*\0|MM\0\*)|(?P<BMP>BM.{4}\0{4})|(?P<PDF>%PDF)",
    re.DOTALL,
)
"""How pictures begin, by their kind; people give them where ink is wanted."""

_IDENTITIES = etree.XPath(".//@xml:id | .//*[not(@xml:id)]/@id", smart_strings=False)
Points = NDArray[np.float64]
"""As a trace has them, shape ``(points, 2)``."""

_NUMBER = r"(?:[-+]\s*+)?(?:\#[0-9A-Fa-f]+|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?)"
_VALUE = re.compile(rf"(?:([!'\"])\s*+)?({_NUMBER})|([TF*?])")  # prefix and number, or a mark
_VALUES = re.compile(rf"(?:(?:[!'\"]\s*+)?{_NUMBER}|[TF*?\s,])*+")
LATEX_ANNOTATIONS = ("truth", "normalizedLabel", "label")
"""Annotations that hold the truth as LaTeX, the first that is there."""


class InkMLError(ValueError):
    """A file cannot be used as ink; the message says where it fails and what would mend it."""

    def __init__(self, message: str) -> None:
        # Messages quote the file, and a file may give anything a name of a million letters.
        super().__init__(message if len(message) <= 500 else f"{message[:500]}...")


def parse_inkml(source: str | Path | bytes) -> Ink:
    """Read one InkML document.

    The ink must be sound or the file is refused. Truth that is missing or no layout tree leaves ``tree`` None and says
    why in ``problems``; truth that contradicts the ink (a label without strokes, a view of no trace, an id used twice)
    refuses the file, since nobody can tell which half is right.

    Args:
        source: a path, or the document itself as text (beginning with ``<``) or bytes.

    Returns:
        Ink with strokes in file order, moved to the origin where they lie too far from it for single precision,
        ``id`` the file's stem (else its ``UI`` annotation), the tree from the MathML,
        else from the LaTeX; of one symbol it owns all strokes, where no group says otherwise. Channels other than X and
        Y are dropped, and so are traces of a pen that hovers (``type="penUp"``), which leave no ink. A trace that
        continues another belongs to the other's stroke.

    Raises:
        InkMLError: the document cannot be used.
        OSError: the file cannot be opened.
    """
    if isinstance(source, bytes):
        return _Document(_parse(source)).ink()
    if isinstance(source, str) and (text := source.lstrip("\ufeff \t\r\n")).startswith("<"):
        return _Document(_parse(text)).ink()
    path = Path(source)
    try:
        if path.stat().st_size > MAX_BYTES:
            raise InkMLError(f"over {MAX_BYTES:,} bytes: split the file")
        return _Document(_parse(path.read_bytes())).ink(path.stem)
    except InkMLError as error:
        raise InkMLError(f"{path}: {error}") from error.__cause__


def _parse(source: str | bytes) -> etree._Element:
    if not source.strip():
        raise InkMLError("the file is empty")
    if isinstance(source, bytes) and source.startswith(COMPRESSED_BEGIN):
        raise InkMLError("the file is compressed; unpack it first")
    if isinstance(source, bytes) and (picture := _PICTURE_BEGIN.match(source)):
        kind = picture.lastgroup
        remedy = "give it as a picture" if kind in ("PNG", "JPEG") else "save it as PNG or JPEG"
        raise InkMLError(f"the file is {kind}, no InkML; {remedy}")
    try:
        root = parse_xml(source)
    except XMLError as error:
        raise InkMLError(f"no InkML, or damaged: broken XML ({error}); export or download it again") from error
    if local_name(root) != "ink":
        raise InkMLError(f"the root element is <{local_name(root)[:40]}>, InkML's is <ink>")
    return root


@dataclass
class _Document:
    """One InkML document, taken apart; libxml2 looks the elements up, which is faster than meeting each here."""

    root: etree._Element
    traces: dict[str, int] = field(default_factory=dict)  # name to index of the stroke
    strokes: list[str] = field(default_factory=list)  # names of the traces that they begin with
    lengths: dict[str, int] = field(default_factory=dict)  # points of each trace
    names: dict[etree._Element, str] = field(default_factory=dict)  # of traces
    hovering: set[str] = field(default_factory=set)  # names of traces that left no ink
    texts: list[str] = field(default_factory=list)
    inked: int = 0  # groups that hold strokes, those too whose label is missing or no symbol
    annotations: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        traces = list(self.root.iter("{*}trace"))
        given = set(map(_identity, traces))
        numbers = (number for number in map(str, counting()) if number not in given)
        continued: set[str] = set()
        for element in traces:
            identity = _identity(element) or next(numbers)
            if identity in self.traces or identity in self.hovering:
                raise InkMLError(f"line {element.sourceline}: two traces have the id {identity!r}: give each its own")
            if len(element):
                raise InkMLError(f"line {element.sourceline}: trace {identity!r} holds more than points")
            self.names[element] = identity
            if element.get("type") == "penUp":
                self.hovering.add(identity)
                continue
            prior = element.get("priorRef", "").removeprefix("#")
            if element.get("continuation") not in ("middle", "end") or prior in self.hovering:
                self.traces[identity] = len(self.strokes)
                self.strokes.append(identity)
            elif prior in self.traces and prior not in continued:
                self.traces[identity] = self.traces[prior]
                continued.add(prior)
            else:
                fault = "which another one does" if prior in continued else "which is no trace before it"
                raise InkMLError(f"line {element.sourceline}: trace {identity!r} continues {prior!r}, {fault}")
            self.texts.append(element.text or "")
        for element in self.root.iterchildren("{*}annotation"):
            text = (element.text or "").strip()
            if text:
                self.annotations.setdefault(element.get("type", ""), text)

    def ink(self, name: str = "") -> Ink:
        if not self.texts:
            raise InkMLError(
                "no ink: no <trace> element but of a hovering pen" if self.hovering else "no ink: no <trace> element"
            )
        axes, signs, channels = self._axes()
        varying = any(True for _ in self.root.iter("{*}intermittentChannels"))
        names = list(self.traces)
        texts = [_with_commas(text, name, axes, channels) for text, name in zip(self.texts, names, strict=True)]
        pieces = _parse_points(texts, names, axes, varying)
        self.lengths = dict(zip(self.traces, map(len, pieces), strict=True))
        strokes = in_single_precision(self._joined(pieces))
        if signs != (1, 1):
            strokes = tuple(stroke * np.array(signs, np.float32) for stroke in strokes)
        known = self.annotations
        latex = next((known[kind] for kind in LATEX_ANNOTATIONS if kind in known), None)
        groups, bound = self._symbols()
        tree = self._tree(latex, groups, bound)
        if tree is not None and len(tree.symbols) == 1 and not (self.inked or self.problems):
            # Nothing but this symbol can have been written: data sets of isolated symbols often have no groups.
            tree = LayoutTree((Symbol(tree.symbols[0].label, tuple(range(len(strokes)))),))
        return Ink(
            strokes=strokes,
            id=name or known.get("UI", ""),
            writer=known.get("writer"),
            latex=latex,
            tree=tree,
            groups=tuple(groups),
            trace_ids=tuple(self.strokes),
            annotations=known,
            problems=tuple(self.problems),
        )

    def _joined(self, pieces: list[Points]) -> list[Points]:
        """The strokes: a trace each, but for one that goes on in others."""
        if len(self.strokes) == len(pieces):
            return pieces
        parts: list[list[Points]] = [[] for _ in self.strokes]
        for stroke, piece in zip(self.traces.values(), pieces, strict=True):
            parts[stroke].append(piece)
        return list(map(np.concatenate, parts))

    def _axes(self) -> tuple[tuple[int, int], tuple[int, int], int]:
        """The places of X and Y in a point, -1 for one that grows to the left or upward, and the most channels told."""
        formats, most = set(), 2
        for element in self.root.iter("{*}traceFormat"):
            channels = list(element.iter("{*}channel"))
            names = [channel.get("name", "").upper() for channel in channels]
            most = max(most, len(channels))
            if {"X", "Y"} <= set(names):
                x, y = names.index("X"), names.index("Y")
                formats.add(((x, y), (_sign(channels[x]), _sign(channels[y]))))
        if len(formats) > 1:
            raise InkMLError("the trace formats do not agree on X and Y: keep the one that the traces are written in")
        axes, signs = formats.pop() if formats else ((0, 1), (1, 1))
        return axes, signs, most

    def _symbols(self) -> tuple[list[Symbol], dict[str, Symbol]]:
        """The labelled groups as symbols, and those among them that name a MathML element."""
        symbols: list[Symbol] = []
        bound: dict[str, Symbol] = {}
        owners: dict[int, str] = {}
        seen: set[str] = set()
        for group in self.root.iter("{*}traceGroup"):
            label, strokes, href, nested = self._read_group(group)
            identity = _identity(group)
            if identity is not None:
                if identity in seen:
                    raise InkMLError(f"line {group.sourceline}: two trace groups have the id {identity!r}")
                seen.add(identity)
            if not strokes and (nested or not label):
                continue
            if not strokes:
                raise InkMLError(
                    f"line {group.sourceline}: the label {quoted(label)} has no strokes: remove it or add a traceView"
                )
            self.inked += 1
            if not label:
                self.problems.append(f"line {group.sourceline}: a trace group without a label")
                continue
            for stroke in strokes:
                if stroke in owners:
                    raise InkMLError(
                        f"line {group.sourceline}: stroke {stroke} belongs to {quoted(owners[stroke])} "
                        f"and to {quoted(label)}"
                    )
                owners[stroke] = label
            try:
                symbol = Symbol(canonical_label(label), strokes)
            except LayoutError as error:
                self.problems.append(f"line {group.sourceline}: {error}")
                continue
            symbols.append(symbol)
            if href:
                if href in bound:
                    raise InkMLError(f"line {group.sourceline}: two trace groups name the MathML element {href!r}")
                bound[href] = symbol
        for view in self.root.iter("{*}traceView"):
            annotation = view.find("{*}annotation[@type='truth']") if len(view) else None
            if annotation is not None and next(view.iterancestors("{*}traceGroup"), None) is None:
                label = (annotation.text or "").strip()
                self.problems.append(
                    f"line {annotation.sourceline}: the label {quoted(label)} of a traceView that is in no traceGroup "
                    "is passed over: symbols are labelled traceGroups"
                )
        return symbols, bound

    def _read_group(self, group: etree._Element) -> tuple[str, tuple[int, ...], str, bool]:
        """Label, strokes, id of the MathML element, and whether the group holds other than strokes."""
        label, href, nested, hovers = "", "", False, False
        strokes: set[int] = set()
        for child in group:
            name = local_name(child)
            if name in ("traceView", "trace"):
                named = child.get("traceDataRef") or child.get("traceRef") or ""
                reference = self.names[child] if name == "trace" else named.removeprefix("#")
                if reference in self.hovering:
                    hovers = True
                    continue
                if reference not in self.traces:
                    raise InkMLError(f"line {child.sourceline}: {name} of {reference!r}, and no trace has that id")
                first, last = child.get("from", "1"), child.get("to", str(self.lengths[reference]))
                if (first, last) != ("1", str(self.lengths[reference])):
                    raise InkMLError(
                        f"line {child.sourceline}: the view of points {first} to {last} of trace {reference!r}, which "
                        f"has {self.lengths[reference]}: a symbol is made of whole traces; split the trace"
                    )
                strokes.add(self.traces[reference])
            elif name == "annotation" and child.get("type", "truth") == "truth":
                label = label or (child.text or "").strip()
            elif name == "annotationXML":
                href = href or child.get("href", "").removeprefix("#")
            elif name == "traceGroup":
                nested = True
        if hovers and not strokes:
            self.problems.append(f"line {group.sourceline}: a trace group of a hovering pen")
        return label, tuple(sorted(strokes)), href, nested or hovers

    def _tree(self, latex: str | None, groups: list[Symbol], bound: dict[str, Symbol]) -> LayoutTree | None:
        math = next(self.root.iter("{*}math"), None)
        if math is not None:
            if sum(1 for _ in self.root.iter("{*}math")) > sum(1 for _ in math.iter("{*}math")):
                self.problems.append("a second <math> is passed over: the truth of a file is one formula")
            self._check_identities(math, bound)
            try:
                tree = parse_mathml(math, bound)
            except LayoutError as error:
                self.problems.append(f"MathML: {error}")
            else:
                bare = [symbol.label for symbol in tree.symbols if not symbol.strokes]
                if groups and bare:
                    self.problems.append(
                        f"symbols of the MathML that no trace group names: {len(bare)}, the first {quoted(bare[0])}"
                    )
                return tree
        if latex is not None:
            try:
                return self._with_strokes(parse_latex(latex), groups)
            except LayoutError as error:
                self.problems.append(str(error))
        elif math is None and groups and len(groups[0].strokes) == len(self.strokes):
            return LayoutTree((groups[0],))
        return None

    def _with_strokes(self, tree: LayoutTree, groups: list[Symbol]) -> LayoutTree:
        """Give each symbol of a tree read from LaTeX the strokes of the one group with its label."""
        by_label = {group.label: group for group in groups}
        labels = sorted(symbol.label for symbol in tree.symbols)
        if labels != sorted(group.label for group in groups):
            if groups:
                self.problems.append("the LaTeX has other symbols than the trace groups: the tree owns no strokes")
            return tree
        if len(by_label) < len(groups):
            self.problems.append("the LaTeX repeats symbols, so their trace groups are not told apart")
            return tree
        return LayoutTree(tuple(by_label[symbol.label] for symbol in tree.symbols), tree.edges)

    def _check_identities(self, math: etree._Element, bound: dict[str, Symbol]) -> None:
        identities: list[str] = _IDENTITIES(math)  # type: ignore[assignment]
        known = set(identities)
        if len(known) < len(identities):
            twice = Counter(identities).most_common(1)[0][0]
            raise InkMLError(f"two MathML elements have the id {twice!r}: give each its own")
        self.problems += [f"the trace group {href!r} names no MathML element" for href in bound if href not in known]


def _sign(channel: etree._Element) -> int:
    return -1 if channel.get("orientation") == "-ve" else 1


def _identity(element: etree._Element) -> str | None:
    return element.get("id") or element.get(XML_ID)


def _with_commas(text: str, name: str, axes: tuple[int, int], channels: int) -> str:
    """The text of a trace, with commas between its points where line breaks alone part them.

    InkML wants commas, and to it a line break is a blank: as many values as there are channels are one point.

    Raises:
        InkMLError: there is no comma, more values than a point has, and lines are no points either.
    """
    points = text.strip().removesuffix(",")
    if "\n" not in points or "," in points:
        return text
    lines = [line for line in map(str.strip, points.split("\n")) if line]
    lengths = [len(line.split()) for line in lines]
    if sum(lengths) <= channels:
        return text
    wanted = max(lengths[0], max(axes) + 1)
    for line, length in zip(lines, lengths, strict=True):
        if length != wanted:
            raise InkMLError(
                f"trace {name!r}: without a comma each line is a point, and line {line[:40]!r} has {length} values, "
                f"expected {wanted}: write a comma between points"
            )
    return ",".join(lines)


def _parse_points(texts: list[str], names: list[str], axes: tuple[int, int], varying: bool) -> list[Points]:
    """The strokes of all traces: in one go where all points are plain numbers, as many in each, else trace by trace.

    Args:
        texts: of the traces. names: of the same, for messages. axes: the places of X and Y in a point.
        varying: points may leave out the last of their values.

    Raises:
        InkMLError: an empty trace, something that is no number, NaN or infinity, points of unequal length.
    """
    texts = [text.strip().removesuffix(",") for text in texts]
    counts = [text.count(",") + 1 for text in texts]  # points in each trace
    together = _read_points(",".join(texts), sum(counts), axes)
    if together is not None:
        ends = list(accumulate(counts))
        return [together[end - count : end] for count, end in zip(counts, ends, strict=True)]
    strokes = []
    for text, name, count in zip(texts, names, counts, strict=True):
        points = _read_points(text, count, axes)
        strokes.append(_decode(text, name, axes, varying) if points is None else points)
    return strokes


def _read_points(text: str, count: int, axes: tuple[int, int]) -> Points | None:
    """float64 of shape ``(count, 2)``, or None where the text is not ``count`` finite points of equal length.

    An infinity stands in for each comma: one call reads all numbers, and the shape can still be checked afterwards.
    """
    try:
        flat = np.fromstring(text.replace(",", " inf ") + " inf", sep=" ")
    except ValueError:
        return None
    width = flat.size // count
    if width <= max(axes) + 1 or flat.size != count * width:
        return None
    table = flat.reshape(count, width)  # (points, channels + 1), the last column all infinite
    if not (np.isinf(table[:, -1]).all() and np.isfinite(table[:, :-1]).all()):
        return None
    points = table[:, list(axes)]
    return points if _is_finite(points).all() else None


def _decode(text: str, name: str, axes: tuple[int, int], varying: bool) -> Points:
    """The points of one trace value by value, as the grammar of InkML has them: with differences and wildcards.

    Raises:
        InkMLError: the trace is not that, or does not tell X and Y of each point; the message names the point.
    """
    if not text:
        raise InkMLError(f"trace {name!r}: has no points: remove the trace")
    texts = text.split(",")

    def refuse(point: int, fault: str) -> NoReturn:
        raise InkMLError(f"trace {name!r}: point {point + 1} ({texts[point].strip()[:40]!r}) {fault}")

    sound = _VALUES.match(text).end()  # type: ignore[union-attr]
    if sound < len(text):
        refuse(text.count(",", 0, sound), "is not numbers as InkML writes them")
    channels = tuple(zip([_Channel(), _Channel()], axes, strict=True))
    points = np.empty((len(texts), 2))
    least = max(axes) + 1
    for point, values in enumerate(map(_VALUE.findall, texts)):
        if not point and not varying:
            least = max(least, len(values))
        if len(values) < least or (len(values) > least and not varying):
            refuse(point, f"has {len(values)} values, expected {least}{' or more' if varying else ''}")
        points[point] = [channel.take(*values[axis]) for channel, axis in channels]
    told = _is_finite(points).all(axis=1)
    if not told.all():
        refuse(int(told.argmin()), "does not tell an X and Y that are finite in single precision")
    return points


def _is_finite(points: Points) -> NDArray[np.bool_]:
    """Of each coordinate, whether it is finite in single precision."""
    with np.errstate(over="ignore"):
        return np.isfinite(points.astype(np.float32))


class _Channel:
    """A channel on its way through a trace, whose values may be told as first or second differences."""

    def __init__(self) -> None:
        self.order = 0  # of the differences that are told without saying so anew
        self.state = [math.nan] * 3  # value, its change, the change of that; NaN until told

    def take(self, prefix: str, number: str, mark: str) -> float:
        """The value at the next point, NaN where it is not told.

        Args:
            prefix: ``!`` for a value, ``'`` for a difference, ``"`` for a difference of differences, empty for what
                the last prefix said.
            number: what follows it, or empty where a ``mark`` stands.
            mark: ``*`` where the channel goes on as it did, ``?`` where it is not known, ``T`` or ``F``.
        """
        if prefix:
            self.order = "!'\"".index(prefix)
        if number:
            self.state[self.order :] = [_number(number), math.nan, math.nan][: 3 - self.order]
        elif mark != "*":
            return math.nan
        for order in range(self.order, 0, -1):
            self.state[order - 1] += self.state[order]
        return self.state[0]


def _number(text: str) -> float:
    """A decimal, or with ``#`` hexadecimal, number; infinite where it is beyond single precision by far."""
    sign, hexadecimal, digits = "".join(text.split()).rpartition("#")
    if not hexadecimal:
        return float(digits)
    return math.inf if len(digits) > 32 else float(int(sign + digits, 16))
