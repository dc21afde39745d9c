"""Presentation MathML: reading it as a layout tree, and writing a tree so that a browser shows it well.

The reader takes what CROHME files hold, right-leaning ``mrow`` chains whose symbols carry ``xml:id``, and ordinary
Presentation MathML. Namespaces do not matter, and nothing here recurses: a deep file cannot exhaust the stack.
"""

from __future__ import annotations

import re
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

from inkmath.layout.accents import SHOWN, SPANNING, accent_of, marks_of_mathml, spanning_of
from inkmath.layout.builder import Span, TreeBuilder
from inkmath.layout.matrices import OPENING, environment_of
from inkmath.layout.quoting import quoted
from inkmath.layout.symbols import (
    CHARACTERS,
    FENCES,
    FUNCTIONS,
    INTEGRALS,
    PRIME,
    SEVERAL_PRIMES,
    STACKING,
    label_of_mathml,
)
from inkmath.layout.tree import MAX_SYMBOLS, LayoutError, LayoutTree, Relation, Symbol
from inkmath.layout.xml import XML_ID, XMLError, local_name, parse_xml

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from lxml import etree

NAMESPACE = "http://www.w3.org/1998/Math/MathML"

MAX_ELEMENTS = 20_000
"""MathML of more elements is refused: `to_mathml` writes less than four for a token of LaTeX."""

_LEAVES = frozenset({"mi", "mo", "mn"})
_ROWS = frozenset({"math", "mrow", "mstyle", "mpadded", "semantics"})
_NOTES = frozenset({"annotation", "annotation-xml"})
_IGNORED = frozenset({"mspace", "annotation"})
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
    "msqrt": ("\\sqrt", (Relation.INSIDE,)),
    "mfrac": ("-", (Relation.ABOVE, Relation.BELOW)),
    "mroot": ("\\sqrt", (Relation.INSIDE, Relation.ABOVE)),
}
# Part of a table -> what its own parts are, and the relation of each to the one before it.
_TABLES: dict[str, tuple[str, Relation]] = {"mtable": ("mtr", Relation.ROW), "mtr": ("mtd", Relation.CELL)}
_WHOLES = {"mtr": "mtable", "mtd": "mtr"}
_BARLESS = re.compile(r"\s*[0.]+\s*[a-z%]*\s*")  # a thickness of nothing, in any unit
# Function application, invisible times and the like say how a formula reads, not what is written.
_SPELT_OUT: dict[int, str | None] = dict.fromkeys(map(ord, "\u2061\u2062\u2063\u2064\u200b"))
_SPELT_OUT |= {ord(character): primes for character, primes in SEVERAL_PRIMES.items()}

_CLOSING = frozenset(FENCES.values())
_BARS = frozenset({"|", "\\|"})
_SIGNS = frozenset({"+", "-", "\\pm", "\\mp"})
_POSTFIXES = frozenset({"!", PRIME})
_IDENTIFIERS = frozenset({"\\infty", "\\partial", "\\emptyset", "\\ldots", "\\cdots", "\\nabla", "\\aleph"})
_THIN_SPACE = '<mspace width="0.1667em"/>'
_LIMITS = {(True, True): "munderover", (True, False): "munder", (False, True): "mover"}
_SIDES = {(True, True): "msubsup", (True, False): "msub", (False, True): "msup"}

_Piece = str | int
"""Text that is written, or the first symbol of a line that is still to be written."""


def parse_mathml(source: str | bytes | etree._Element, bound: Mapping[str, Symbol] | None = None) -> LayoutTree:
    """Read Presentation MathML as a layout tree.

    Args:
        source: MathML text, or an element that `parse_xml` gave, which leaves comments out.
        bound: for an ``xml:id``, the symbol (true label and strokes) that it stands for. Symbols without an entry
            take the label their text spells and own no strokes. Of what ``semantics`` says in several ways the
            presentation is read.

    Returns:
        The tree in reading order.

    Raises:
        LayoutError: not XML, an element no layout tree has (a binomial), a table that is not right after an opening
            bracket or has an empty cell, a script without a base, two scripts of one kind on one symbol, or more than
            a formula has.
    """
    if isinstance(source, (str, bytes)):
        try:
            root = parse_xml(source)
        except XMLError as error:
            raise LayoutError(f"not MathML: {error}") from error
    else:
        root = source
    reader = _Reader(bound or {})
    elements: list[tuple[etree._Element, int]] = []  # each before its children, and how many these are
    pending = [root]
    while pending:
        element = pending.pop()
        within = _shown(element)
        elements.append((element, len(within)))
        pending += reversed(within)
        if len(elements) + len(pending) > MAX_ELEMENTS:
            raise LayoutError(f"MathML of more than {MAX_ELEMENTS:,} elements is no formula")
    # Backwards, an element comes right after its children: theirs are the topmost spans, the first one on top.
    spans: list[Span | None] = []
    for element, count in reversed(elements):
        children = spans[: -count - 1 : -1]
        del spans[len(spans) - len(children) :]
        spans.append(reader.read(element, children))
    reader.refuse_tables(spans)
    return reader.builder.build()


def _shown(element: etree._Element) -> list[etree._Element]:
    """What an element holds; of ``semantics``, which says one thing several times, its presentation."""
    children = list(element)
    if local_name(element) != "semantics":
        return children
    for child in element.iterchildren("{*}annotation-xml"):
        if "presentation" in child.get("encoding", "").lower():
            return list(child)
    return [child for child in children if local_name(child) not in _NOTES] or children


class _Reader:
    """Reads elements from the leaves up: takes in their symbols and relates them to what was read before."""

    def __init__(self, bound: Mapping[str, Symbol]) -> None:
        self.bound = bound
        self.builder = TreeBuilder()
        self.tables: set[int] = set()  # first symbols of tables that still want the bracket before them

    def read(self, element: etree._Element, children: list[Span | None]) -> Span | None:
        """The element's line: its first and last symbol, None where it shows nothing."""
        name = local_name(element)
        try:
            if name in _ROWS:
                return self.row(children)
            if name in _LEAVES:
                return self.leaf(element, name)
            if name in ("msqrt", "mtd"):  # take any number of children as one row
                children = [self.row(children)]
            self.refuse_tables(children)
            if name in _TABLES or name in _WHOLES:
                return self.part_of_table(element, name, children)
            if name in _SCRIPTS:
                base = children[0] if children else None
                if base is None:
                    raise LayoutError("scripts without a base")
                if name == "mover" and (spanning := self.spanning(base, children[-1])) is not None:
                    return spanning
                if base[0] != base[1] and _marks(element[-1]):
                    raise LayoutError("dots stand over one letter or digit")
                self.govern(base[1], _SCRIPTS[name], children[1:])
                return base
            if name in _GOVERNORS:
                if _BARLESS.fullmatch(element.get("linethickness", "")):
                    raise LayoutError("a fraction without a bar, as of a binomial, has no symbol that holds its halves")
                label, relations = _GOVERNORS[name]
                symbol = self.builder.add(self.bound.get(_identity(element), Symbol(label)))
                return self.govern(symbol, relations, children)
        except LayoutError as error:
            raise LayoutError(f"line {element.sourceline}, <{name}>: {error}") from error
        if name in _IGNORED:
            return None
        raise LayoutError(f"line {element.sourceline}: a layout tree has no place for MathML's <{name}>")

    def spanning(self, base: Span, accent: Span | None) -> Span | None:
        """An accent over several symbols, which it governs; None where it stands over a single one."""
        if accent is None or accent[0] != accent[1] or self.builder.symbols[accent[0]].label not in SPANNING:
            return None
        if self.builder.children[accent[0]] or (base[0] == base[1] and not self.builder.children[base[0]]):
            return None
        self.builder.relate(accent[0], Relation.INSIDE, base[0])
        return accent

    def leaf(self, element: etree._Element, name: str) -> Span | None:
        """One symbol where strokes are bound to it or the text is a word, else one a digit of a number, one a prime."""
        identity = _identity(element)
        if identity in self.bound:
            symbol = self.builder.add(self.bound[identity])
            return symbol, symbol
        if len(element):
            raise LayoutError("holds more than text")
        text = "".join((element.text or "").split())
        if not text and not identity:
            return None
        shown = text.translate(_SPELT_OUT)
        apart = bool(text) and (name == "mn" or not shown.strip("\u2032"))
        parts = shown if apart else [shown]
        if len(self.builder.symbols) + len(parts) > MAX_SYMBOLS:  # A number of a million digits is one element.
            raise LayoutError(f"MathML of more than {MAX_SYMBOLS:,} symbols is no formula")
        labels = _marks(element) or map(label_of_mathml, parts)
        symbols = [self.builder.add(Symbol(label)) for label in labels]
        return self.builder.chain([(symbol, symbol) for symbol in symbols])

    def row(self, spans: list[Span | None]) -> Span | None:
        """Join what a row shows; a table goes into the bracket before it, and may be all that its row shows."""
        shown = [span for span in spans if span is not None]
        line: list[Span] = []
        for span in shown if len(shown) > 1 else ():
            if span[0] in self.tables and line and self.builder.symbols[line[-1][1]].label in OPENING:
                self.builder.relate(line[-1][1], Relation.INSIDE, span[0])
                self.tables.remove(span[0])
            else:
                self.refuse_tables([span])
                line.append(span)
        return self.builder.chain(line or shown)

    def refuse_tables(self, spans: list[Span | None]) -> None:
        """Raise LayoutError where a table is among what has no place for one."""
        if any(span is not None and span[0] in self.tables for span in spans):
            raise LayoutError("a table stands right after an opening bracket, as the rows of a matrix do")

    def part_of_table(self, element: etree._Element, name: str, children: list[Span | None]) -> Span:
        """A table, a row or a cell: its first symbol, twice."""
        whole, (part, relation) = element.getparent(), _TABLES.get(name, ("", Relation.RIGHT))
        if name in _WHOLES and (whole is None or local_name(whole) != _WHOLES[name]):
            raise LayoutError(f"is no part of <{_WHOLES[name]}>")
        if part and any(local_name(child) != part for child in element):
            raise LayoutError(f"holds something else than <{part}>")
        firsts = [span[0] for span in children if span is not None]
        if not firsts:
            raise LayoutError("a cell of a matrix is empty; a layout tree holds only what is written")
        for one, following in pairwise(firsts):
            self.builder.relate(one, relation, following)
        if name == "mtable":
            self.tables.add(firsts[0])
        return firsts[0], firsts[0]

    def govern(self, symbol: int, relations: tuple[Relation, ...], children: list[Span | None]) -> Span:
        if len(children) != len(relations):
            raise LayoutError(f"{len(relations)} children expected beside the base, found {len(children)}")
        for relation, span in zip(relations, children, strict=True):
            if span is not None:
                self.builder.relate(symbol, relation, span[0])
        return symbol, symbol


def _marks(element: etree._Element) -> Sequence[str]:
    """The marks of an accent, where an element is what stands above another."""
    marks = marks_of_mathml("".join((element.text or "").split()))
    whole = element.getparent() if marks else None
    if whole is None:
        return ()
    place = whole.index(element) - 1  # among what stands at the base, which comes first
    relations = _SCRIPTS.get(local_name(whole), ())
    return marks if relations[max(place, 0) : place + 1] == (Relation.ABOVE,) else ()


def _identity(element: etree._Element) -> str:
    return element.get(XML_ID) or element.get("id") or ""


def to_mathml(tree: LayoutTree, ids: Sequence[str] | None = None, *, plain: bool = False) -> str:
    """Write a tree as a ``math`` element.

    Args:
        tree: any layout tree.
        ids: a name for each of ``tree.symbols``, given to the element that shows it.
        plain: write what CROHME files hold: ids are ``xml:id``, and there is no spacing, grouping of fences or
            attribute that only serves to show the formula.

    Raises:
        LayoutError: something stands inside a symbol that is no root, no opening bracket and no wide accent.
    """
    writer = _Writer(tree, ids, plain)
    head = f'<math xmlns="{NAMESPACE}"' + (">" if plain else ' display="block">')
    return "".join([head, *writer.write(), "</math>"])


def aligned(trees: Sequence[LayoutTree]) -> str:
    """Write formulas beneath each other, flush left, as one ``math`` element; errors as of :func:`to_mathml`."""
    # Browsers know the style only, other programs the attributes.
    rows = (
        f'<mtr><mtd style="text-align: left">{"".join(_Writer(tree, None, False).write())}</mtd></mtr>'
        for tree in trees
    )
    table = f'<mtable columnalign="left" displaystyle="true">{"".join(rows)}</mtable>'
    return f'<math xmlns="{NAMESPACE}" display="block">{table}</math>'


class _Writer:
    """Writes a tree from the outside inward; a stack of what is still to come keeps deep trees from recursing."""

    def __init__(self, tree: LayoutTree, ids: Sequence[str] | None, plain: bool) -> None:
        self.tree = tree
        self.ids = ids
        self.plain = plain
        self.prefixes: set[int] = set()  # signs that stand before what they belong to, rather than between two

    def write(self) -> list[str]:
        written: list[str] = []
        pending: list[_Piece] = [self.tree.root]
        while pending:
            piece = pending.pop()
            if isinstance(piece, str):
                written.append(piece)
            else:
                pending.extend(reversed(self.line(piece)))
        return written

    def line(self, first: int) -> list[_Piece]:
        symbols = list(self.tree.line(first))
        if len(symbols) == 1 and not self.holds_table(first):
            return self.symbol(first)
        labels = [self.tree.symbols[symbol].label for symbol in symbols]
        full = {place for place, symbol in enumerate(symbols) if self.holds_table(symbol)}
        pairs = {} if self.plain else _pair_fences(labels, full)
        self.prefixes |= {symbols[place] for place in range(1, len(labels)) if self.is_prefix(symbols, pairs, place)}
        tall_before = [0, *accumulate(map(self.is_tall, symbols))]  # how many tall symbols, before each place
        pieces: list[_Piece] = ["<mrow>"]
        for place, symbol in enumerate(symbols):
            partner = pairs.get(place, place)
            if partner == place:
                element = self.symbol(symbol, stretches=place in full)
                if place in full:
                    element += self.table(symbol)
                    element = element if self.plain or len(symbols) == 1 else ["<mrow>", *element, "</mrow>"]
                if not self.plain and labels[place] in FUNCTIONS:
                    element = self.spaced(element, labels, place)
                pieces += element
                continue
            # Fences are a group of their own, so that they are as tall as what they hold and as each other; what
            # stands at the closing one stands at the group.
            stretches = tall_before[place] != tall_before[partner]
            if place < partner:
                before, _ = self.scripts(symbols[partner])
                pieces += [*before, "<mrow>", *self.symbol(symbol, stretches=stretches)]
                pieces += self.table(symbol) if place in full else []
            else:
                _, after = self.scripts(symbol)
                pieces += [*self.base(symbol, stretches=stretches), "</mrow>", *after]
        return [*pieces, "</mrow>"]

    def is_prefix(self, symbols: list[int], pairs: Mapping[int, int], place: int) -> bool:
        """Whether a sign has nothing of its line before it, as behind a sign of relation."""
        before, sign = (self.tree.symbols[symbols[other]].label for other in (place - 1, place))
        if sign not in _SIGNS or before == "\\sqrt" or _held(before, self.tree.children[symbols[place - 1]]):
            return False
        if self.holds_table(symbols[place - 1]):
            return False
        if before in _BARS:
            return pairs.get(place - 1, 0) > place
        return _leaf_of(before) == "mo" and before not in _CLOSING | _POSTFIXES

    def is_tall(self, symbol: int) -> bool:
        """Whether a symbol is taller than a letter: a fraction, a root, a matrix, an operator large or with limits."""
        limits = {Relation.ABOVE, Relation.BELOW} & self.tree.children[symbol].keys()
        label = self.tree.symbols[symbol].label
        if self.holds_table(symbol):
            return True
        return bool(limits) or label == "\\sqrt" or (label in STACKING | INTEGRALS and _leaf_of(label) == "mo")

    def holds_table(self, symbol: int) -> bool:
        return self.tree.symbols[symbol].label in OPENING and Relation.INSIDE in self.tree.children[symbol]

    def table(self, opening: int) -> list[_Piece]:
        """The matrix that a bracket holds."""
        left = environment_of(self.tree, opening) == "cases" and not self.plain
        pieces: list[_Piece] = ['<mtable columnalign="left">' if left else "<mtable>"]
        for row in self.tree.matrix(opening):
            pieces.append("<mtr>")
            for cell in row:
                pieces += ['<mtd style="text-align: left">' if left else "<mtd>", cell, "</mtd>"]
            pieces.append("</mtr>")
        return [*pieces, "</mtable>"]

    def spaced(self, element: list[_Piece], labels: list[str], place: int) -> list[_Piece]:
        """A function's name stands apart from the letters and digits beside it."""
        if place and (_leaf_of(labels[place - 1]) != "mo" or labels[place - 1] in _CLOSING):
            element = [_THIN_SPACE, *element]
        if place + 1 < len(labels) and labels[place + 1] not in FENCES.keys() | _CLOSING:
            element = [*element, _THIN_SPACE]
        return element

    def symbol(self, symbol: int, *, stretches: bool = False) -> list[_Piece]:
        before, after = self.scripts(symbol)
        return [*before, *self.base(symbol, stretches=stretches), *after]

    def base(self, symbol: int, *, stretches: bool) -> list[_Piece]:
        """A symbol without its scripts and limits."""
        label, lines = self.tree.symbols[symbol].label, self.tree.children[symbol]

        def show(relation: Relation) -> _Piece:
            return lines.get(relation, "<mrow/>")

        if (spanning := spanning_of(self.tree, symbol)) is not None:
            accent = f"{self.tag('mo', symbol)}{SHOWN[spanning]}</mo>"
            return ["<mover>" if self.plain else '<mover accent="true">', show(Relation.INSIDE), accent, "</mover>"]
        if Relation.INSIDE in lines and label != "\\sqrt" and label not in OPENING:
            raise LayoutError(f"MathML has no form for something inside {quoted(label)}")
        if label == "-" and _held(label, lines):
            return [self.tag("mfrac", symbol), show(Relation.ABOVE), show(Relation.BELOW), "</mfrac>"]
        if label == "\\sqrt" and Relation.ABOVE in lines:
            return [self.tag("mroot", symbol), show(Relation.INSIDE), show(Relation.ABOVE), "</mroot>"]
        if label == "\\sqrt":
            return [self.tag("msqrt", symbol), show(Relation.INSIDE), "</msqrt>"]
        return [self.leaf(symbol, label, stretches, Relation.BELOW in lines or Relation.ABOVE in lines)]

    def scripts(self, symbol: int) -> tuple[list[_Piece], list[_Piece]]:
        """What is written before and after a symbol's base for its limits and its scripts."""
        label, children = self.tree.symbols[symbol].label, self.tree.children[symbol]
        held = _held(label, children)
        lines: dict[Relation, _Piece] = {how: line for how, line in children.items() if how not in held}
        accent = None if self.plain else accent_of(self.tree, symbol)
        if accent:  # two dots are one character, which is the first one's
            lines[Relation.ABOVE] = f"{self.tag('mo', children[Relation.ABOVE], '')}{SHOWN[accent]}</mo>"
        before: list[_Piece] = []
        after: list[_Piece] = []
        for names, low, high in ((_LIMITS, Relation.BELOW, Relation.ABOVE), (_SIDES, Relation.SUB, Relation.SUP)):
            if low in lines or high in lines:
                name = names[low in lines, high in lines]
                before.insert(0, f'<{name} accent="true">' if accent and high is Relation.ABOVE else f"<{name}>")
                after += [*(lines[relation] for relation in (low, high) if relation in lines), f"</{name}>"]
        return before, after

    def leaf(self, symbol: int, label: str, stretches: bool, has_limits: bool) -> str:
        name = _leaf_of(label)
        text = label[1:] if label in FUNCTIONS else CHARACTERS.get(label, "\u2212" if label == "-" else label)
        attributes = ""
        if not self.plain and label in FENCES.keys() | _CLOSING | _BARS and not stretches:
            attributes = ' stretchy="false"'
        elif not self.plain and has_limits and label in STACKING | INTEGRALS and name == "mo":
            attributes = ' movablelimits="false"'
        elif not self.plain and symbol in self.prefixes:
            attributes = ' form="prefix"'  # in the middle of a row browsers take it for one between two
        return f"{self.tag(name, symbol, attributes)}{escape(text)}</{name}>"

    def tag(self, name: str, symbol: int, attributes: str = "") -> str:
        identity = ""
        if self.ids is not None:
            identity = f" {'xml:id' if self.plain else 'id'}={quoteattr(self.ids[symbol])}"
        return f"<{name}{identity}{attributes}>"


def _leaf_of(label: str) -> str:
    """The element that shows a label: number, identifier or operator."""
    if label.isdigit() or label == ".":
        return "mn"
    character = CHARACTERS.get(label, label)
    return "mi" if character.isalpha() or label in FUNCTIONS or label in _IDENTIFIERS else "mo"


def _held(label: str, lines: Collection[Relation]) -> frozenset[Relation]:
    """The lines that the element of a symbol holds itself: a fraction's, a root's, a wide accent's."""
    if label == "\\sqrt":
        return frozenset({Relation.INSIDE, Relation.ABOVE})
    if label in SPANNING and Relation.INSIDE in lines:
        return frozenset({Relation.INSIDE})
    sides = frozenset({Relation.ABOVE, Relation.BELOW})
    return sides if label == "-" and not sides.isdisjoint(lines) else frozenset()


def _pair_fences(labels: list[str], full: Collection[int]) -> dict[int, int]:
    """Which fence of a line closes which: place of each to place of its partner. Bars pair among themselves.

    Those at the places ``full`` hold a matrix, and open.
    """
    pairs: dict[int, int] = {}
    waiting: list[int] = []
    for place, label in enumerate(labels):
        partner = None
        if label in _BARS and place not in full:
            inner = [other for other in waiting[-1:] if labels[other] == label]
            partner = inner[0] if inner else None
        elif label in _CLOSING:
            partner = next((other for other in reversed(waiting) if labels[other] in FENCES), None)
        if partner is not None:
            pairs |= {partner: place, place: partner}
            while waiting.pop() != partner:
                pass
        elif label in FENCES or label in _BARS:
            waiting.append(place)
    return pairs
