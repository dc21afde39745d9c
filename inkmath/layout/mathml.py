"""Presentation MathML: reading it as a layout tree.

The reader takes what CROHME files hold, right-leaning ``mrow`` chains whose symbols carry ``xml:id``, and ordinary
Presentation MathML. Namespaces do not matter, and nothing here recurses: a deep file cannot exhaust the stack.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from lxml import etree

from inkmath.layout.symbols import label_of_mathml
from inkmath.layout.tree import Edge, LayoutError, LayoutTree, Relation, Symbol

if TYPE_CHECKING:
    from collections.abc import Mapping

XML_ID = "{http://www.w3.org/XML/1998/namespace}id"

_LEAVES = frozenset({"mi", "mo", "mn"})
_ROWS = frozenset({"math", "mrow", "mstyle", "mpadded", "semantics"})
_IGNORED = frozenset({"mspace", "annotation", "annotation-xml"})
# Element -> the relation of each child after the base.
_SCRIPTS: dict[str, tuple[Relation, ...]] = {
    "msub": (Relation.SUB,),
    "msup": (Relation.SUP,),
    "msubsup": (Relation.SUB, Relation.SUP),
    "munder": (Relation.BELOW,),
    "mover": (Relation.ABOVE,),
    "munderover": (Relation.BELOW, Relation.ABOVE),
}
# Element that is itself a symbol -> its label and the relation of each child.
_GOVERNORS: dict[str, tuple[str, tuple[Relation, ...]]] = {
    "mfrac": ("-", (Relation.ABOVE, Relation.BELOW)),
    "mroot": ("\\sqrt", (Relation.INSIDE, Relation.ABOVE)),
}
_INVISIBLE = frozenset("\u2061\u2062\u2063\u2064\u200b")

_Span = tuple[int, int]
"""First and last symbol of a line."""


def parse_mathml(source: str | bytes | etree._Element, bound: Mapping[str, Symbol] | None = None) -> LayoutTree:
    """Read Presentation MathML as a layout tree.

    Args:
        source: MathML text, or an element already parsed.
        bound: for an ``xml:id``, the symbol (true label and strokes) that it stands for. Symbols without an entry
            take the label their text spells and own no strokes.

    Returns:
        The tree in reading order.

    Raises:
        LayoutError: not XML, an element no layout tree has (tables, fences with separators), a script without a base,
            or two scripts of one kind on one symbol.
    """
    root = source if isinstance(source, etree._Element) else _parse_xml(source)
    reader = _Reader(bound or {})
    spans: dict[etree._Element, _Span | None] = {}
    elements = [element for element in root.iter() if isinstance(element.tag, str)]
    symbols_of = {element: reader.symbols_of(element) for element in elements}
    # Children come after their parents in document order, so the reverse meets every child first.
    for element in reversed(elements):
        spans[element] = reader.read(element, symbols_of[element], [spans[c] for c in element if c in spans])
    if not reader.symbols:
        raise LayoutError("the MathML holds no symbol")
    return LayoutTree(tuple(reader.symbols), tuple(reader.edges)).ordered()


class _Reader:
    """Collects symbols in document order, and edges as elements are read from the leaves up."""

    def __init__(self, bound: Mapping[str, Symbol]) -> None:
        self.bound = bound
        self.symbols: list[Symbol] = []
        self.edges: list[Edge] = []

    def symbols_of(self, element: etree._Element) -> list[int]:
        """Indices of the symbols that the element itself is, as the text of a leaf or the bar of a fraction."""
        name = _local_name(element)
        first = len(self.symbols)
        identity = element.get(XML_ID) or element.get("id")
        if identity is not None and identity in self.bound:
            self.symbols.append(self.bound[identity])
        elif name in _LEAVES:
            self.symbols.extend(_symbols_of_text(element, identified=element.get(XML_ID) is not None))
        elif name in _GOVERNORS:
            self.symbols.append(Symbol(_GOVERNORS[name][0]))
        elif name == "msqrt":
            self.symbols.append(Symbol("\\sqrt"))
        return list(range(first, len(self.symbols)))

    def read(self, element: etree._Element, own: list[int], children: list[_Span | None]) -> _Span | None:
        """Relate an element to its children, which were read before; its own line's first and last symbol."""
        name = _local_name(element)
        if name in _LEAVES:
            return self._chain([(symbol, symbol) for symbol in own])
        if name in _ROWS:
            return self._chain(children)
        if name == "msqrt":
            return self._govern(own[0], (Relation.INSIDE,), [self._chain(children)])
        if name in _GOVERNORS:
            relations = _GOVERNORS[name][1]
            _check_children(element, children, len(relations))
            return self._govern(own[0], relations, children)
        if name in _SCRIPTS:
            relations = _SCRIPTS[name]
            _check_children(element, children, len(relations) + 1)
            base = children[0]
            if base is None:
                raise LayoutError(f"line {element.sourceline}: {name} has scripts but no base")
            self._govern(base[1], relations, children[1:])
            return base
        if name in _IGNORED:
            return None
        raise LayoutError(f"line {element.sourceline}: a layout tree has no place for MathML's <{name}>")

    def _chain(self, spans: list[_Span | None]) -> _Span | None:
        present = [span for span in spans if span is not None]
        for left, right in pairwise(present):
            self.edges.append(Edge(left[1], right[0], Relation.RIGHT))
        return (present[0][0], present[-1][1]) if present else None

    def _govern(self, symbol: int, relations: tuple[Relation, ...], children: list[_Span | None]) -> _Span:
        for relation, span in zip(relations, children, strict=True):
            if span is not None:
                self.edges.append(Edge(symbol, span[0], relation))
        return symbol, symbol


def _local_name(element: etree._Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _check_children(element: etree._Element, children: list[_Span | None], wanted: int) -> None:
    if len(children) != wanted:
        raise LayoutError(
            f"line {element.sourceline}: {_local_name(element)} takes {wanted} children, this has {len(children)}"
        )


def _symbols_of_text(element: etree._Element, identified: bool) -> list[Symbol]:
    """The symbols a leaf spells: one when it carries an id or is a word, a digit each when it is a number."""
    text = "".join(character for character in (element.text or "").strip() if character not in _INVISIBLE)
    if not text and not identified:
        return []
    parts = list(text) if _local_name(element) == "mn" and not identified else [text]
    return [Symbol(label_of_mathml(part)) for part in parts if not part.isspace()]


def _parse_xml(source: str | bytes) -> etree._Element:
    # Entities stay unread and the network unasked; recovery is for ids that are no XML name, as CROHME writes them.
    data = source.encode() if isinstance(source, str) else source
    encoding = "utf-8" if isinstance(source, str) else None
    parser = etree.XMLParser(encoding=encoding, recover=True, resolve_entities=False, no_network=True, huge_tree=True)
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise LayoutError(f"not MathML: {error}") from error
    fatal = next((entry for entry in parser.error_log if entry.level == etree.ErrorLevels.FATAL), None)
    if root is None or fatal is not None:
        raise LayoutError(f"not MathML: {fatal.message if fatal else 'no element'}")
    return root
