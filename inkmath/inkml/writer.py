"""Writing ink as InkML in the way of the CROHME collections."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from lxml import etree

from inkmath.inkml.reader import LATEX_ANNOTATIONS, InkMLError
from inkmath.layout.latex import to_latex
from inkmath.layout.mathml import to_mathml
from inkmath.layout.quoting import quoted
from inkmath.layout.symbols import CROHME_LABELS
from inkmath.layout.xml import XML_ID, parse_xml

if TYPE_CHECKING:
    from inkmath.ink import Ink, Stroke

NAMESPACE = "http://www.w3.org/2003/InkML"


def write_inkml(ink: Ink) -> bytes:
    """Write strokes and truth as one InkML document, UTF-8.

    Coordinates keep every digit that single precision has, so that reading the document gives the same strokes (moved
    to the origin where they lie far from it); the tree comes back in reading order. ``source`` and ``problems`` are not
    written, nor is ``id`` where the ink brings a ``UI`` of its own: that stays, and the id is the file's name.

    Raises:
        InkMLError: there is no stroke, the truth names a stroke that is not there, or a text holds a character that
            XML cannot.
    """
    if not ink.strokes:
        raise InkMLError("ink without strokes cannot be written as InkML")
    try:
        return _document(ink)
    except ValueError as error:
        raise InkMLError(f"ink {ink.id!r} cannot be written as InkML: {error}") from error


def _document(ink: Ink) -> bytes:
    root = etree.Element(f"{{{NAMESPACE}}}ink", nsmap={None: NAMESPACE})  # type: ignore[dict-item]
    trace_format = _child(root, "traceFormat")
    for channel in "XY":
        _child(trace_format, "channel", name=channel, type="decimal")
    tree = ink.tree.ordered() if ink.tree else None
    known = {
        **{kind: text for kind, text in ink.annotations.items() if kind not in LATEX_ANNOTATIONS},
        "UI": ink.title or None,
        "writer": ink.writer,
        "truth": ink.latex if ink.latex is not None or tree is None else to_latex(tree),
    }
    for kind, text in known.items():
        if text:
            _child(root, "annotation", text, type=kind)
    if tree is not None:
        names = [f"s{index}" for index in range(len(tree.symbols))]
        holder = _child(root, "annotationXML", type="truth", encoding="Presentation-MathML")
        holder.append(parse_xml(to_mathml(tree, names, plain=True)))
    trace_ids = ink.trace_ids or tuple(map(str, range(len(ink.strokes))))
    for name, stroke in zip(trace_ids, ink.strokes, strict=True):
        _child(root, "trace", _points(stroke), id=name)
    _write_groups(root, ink, trace_ids)
    etree.indent(root)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8") + b"\n"


def _write_groups(root: etree._Element, ink: Ink, trace_ids: tuple[str, ...]) -> None:
    """A group for each symbol of the tree that owns strokes, then for each labelled group outside it."""
    symbols = ink.tree.ordered().symbols if ink.tree else ()
    named = [(f"s{index}", symbol) for index, symbol in enumerate(symbols) if symbol.strokes]
    outside = [("", group) for group in ink.outside]
    if not named and not outside:
        return
    container = _child(root, "traceGroup")
    container.set(XML_ID, "segmentation")
    _child(container, "annotation", "Segmentation", type="truth")
    for number, (name, symbol) in enumerate(named + outside):
        group = _child(container, "traceGroup")
        group.set(XML_ID, f"g{number}")
        _child(group, "annotation", CROHME_LABELS.get(symbol.label, symbol.label), type="truth")
        for stroke in symbol.strokes:
            if not 0 <= stroke < len(trace_ids):
                raise InkMLError(f"symbol {quoted(symbol.label)} owns stroke {stroke}, there are {len(trace_ids)}")
            _child(group, "traceView", traceDataRef=trace_ids[stroke])
        if name:
            _child(group, "annotationXML", href=name)


def _child(parent: etree._Element, tag: str, text: str | None = None, /, **attributes: str) -> etree._Element:
    element = etree.SubElement(parent, f"{{{NAMESPACE}}}{tag}", attributes)
    element.text = text
    return element


def _points(stroke: Stroke) -> str:
    """``x y, x y``, each number the shortest that reads back as the same float32; InkML knows no exponents."""
    numbers = [np.format_float_positional(value, unique=True, trim="-") for value in stroke.ravel()]
    return ", ".join(f"{x} {y}" for x, y in zip(numbers[::2], numbers[1::2], strict=True))
