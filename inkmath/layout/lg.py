"""CROHME label graphs (``.lg``): the form in which the competitions compare answers.

A line ``O, id, label, 1.0, strokes...`` is a symbol, a line ``R, parent, child, relation, 1.0`` a relation. Format:
Mouchere et al., "Advancing the state of the art for handwritten math recognition", IJDAR 2016, and the LgEval library.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from inkmath.layout.quoting import quoted
from inkmath.layout.symbols import CROHME_LABELS, canonical_label
from inkmath.layout.tree import MAX_SYMBOLS, Edge, LayoutError, LayoutTree, Relation, Symbol

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_CHARACTERS = 2 * 2**20
"""Longer label graphs are refused: one of a formula has some thousands of characters."""

_WRITTEN = CROHME_LABELS | {",": "COMMA"}
_RELATIONS = {relation.value: relation for relation in Relation} | {"R": Relation.RIGHT, "I": Relation.INSIDE}


def to_lg(tree: LayoutTree, stroke_ids: Sequence[str] = (), *, title: str = "", outside: Sequence[Symbol] = ()) -> str:
    """Write a tree as a label graph.

    Args:
        tree: each symbol must own strokes.
        stroke_ids: the file's name for each stroke; by default strokes are numbered from 0.
        title: a name for the comment in the first line.
        outside: labelled strokes that have no place in the tree; they become objects without relations.

    Raises:
        LayoutError: a symbol owns no strokes, or a stroke has a name that would be read as something else.
    """
    counts: Counter[str] = Counter()
    names: list[str] = []
    lines = [f"# IUD, {' '.join(title.split())}"] if title else []
    ordered = tree.ordered()
    symbols = (*ordered.symbols, *outside)
    lines.append(f"# Objects({len(symbols)}):")
    for symbol in symbols:
        if not symbol.strokes:
            raise LayoutError(f"{quoted(symbol.label)} owns no strokes, and a label graph is made of strokes")
        label = _WRITTEN.get(symbol.label, symbol.label)
        counts[label] += 1
        names.append(f"{label}_{counts[label]}")
        strokes = [stroke_ids[stroke] if stroke_ids else str(stroke) for stroke in symbol.strokes]
        if odd := [name for name in strokes if not can_name(name)]:
            raise LayoutError(f"a label graph cannot name the stroke {quoted(odd[0])}")
        lines.append(", ".join(["O", names[-1], label, "1.0", *strokes]))
    lines += ["", "# Relations from SRT:"]
    lines += [f"R, {names[edge.parent]}, {names[edge.child]}, {edge.relation}, 1.0" for edge in ordered.edges]
    return "\n".join(lines) + "\n"


def can_name(stroke: str) -> bool:
    """Whether a label graph can hold this name of a stroke."""
    return bool(stroke) and "," not in stroke and stroke == stroke.strip() and stroke.isprintable()


def parse_lg(text: str, stroke_ids: Sequence[str] = ()) -> LayoutTree:
    """Read the objects and relations of a label graph.

    The competition ties what stands inside a root to the root symbol by symbol; where such a symbol also stands to the
    right of another, that relation is kept. Where there are relations, objects that none of them names are labelled
    strokes outside the tree, as `to_lg` writes them, and are left out.

    Args:
        text: ``O`` and ``R`` lines (``EO`` is read as ``R``); comments, empty lines, a byte order mark do not matter.
        stroke_ids: the file's name for each stroke; by default stroke names are indices.

    Returns:
        The tree in reading order.

    Raises:
        LayoutError: a malformed line, an unknown stroke, id or relation, objects that are not one tree, or more than
            `MAX_CHARACTERS` or `MAX_SYMBOLS`.
    """
    if len(text) > MAX_CHARACTERS:
        raise LayoutError(f"over {MAX_CHARACTERS:,} characters are no label graph of a formula; give each its own file")
    strokes = {name: index for index, name in enumerate(stroke_ids)} if stroke_ids else None
    objects: dict[str, int] = {}
    symbols: list[Symbol] = []
    relations: list[tuple[int, str, str, str]] = []
    for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), start=1):
        fields = [field.strip() for field in line.split(",")]
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if fields[0] == "O" and len(fields) >= 4:
            if fields[1] in objects:
                raise LayoutError(f"line {number}: a second object {quoted(fields[1][:40])}")
            if len(symbols) == MAX_SYMBOLS:
                raise LayoutError(
                    f"line {number}: more than {MAX_SYMBOLS:,} objects are no formula; give each formula its own file"
                )
            objects[fields[1]] = len(symbols)
            symbols.append(_read_symbol(number, fields[2], fields[4:], strokes))
        elif fields[0] in ("R", "EO") and len(fields) >= 4:
            relations.append((number, fields[1], fields[2], fields[3]))
        else:
            raise LayoutError(f"line {number}: {quoted(line[:60])} is neither an object (O) nor a relation (R)")
    edges = [_read_edge(relation, objects) for relation in relations]
    followers = {edge.child for edge in edges if edge.relation is Relation.RIGHT}
    kept = tuple(edge for edge in edges if edge.relation is not Relation.INSIDE or edge.child not in followers)
    inside = {end for edge in kept for end in (edge.parent, edge.child)} or set(range(len(symbols)))
    place = {old: new for new, old in enumerate(sorted(inside))}
    related = tuple(Edge(place[edge.parent], place[edge.child], edge.relation) for edge in kept)
    return LayoutTree(tuple(symbols[old] for old in place), related).ordered()


def _read_symbol(number: int, label: str, names: list[str], strokes: dict[str, int] | None) -> Symbol:
    try:
        indices = [strokes[name] if strokes is not None else _index(name) for name in names]
        return Symbol(canonical_label(label), tuple(sorted(indices)))
    except KeyError as error:
        raise LayoutError(f"line {number}: there is no stroke {quoted(error.args[0][:40])}") from error
    except ValueError as error:
        raise LayoutError(f"line {number}: {error}") from error


def _index(name: str) -> int:
    if not name.isdecimal() or len(name) > 9:
        raise KeyError(name)
    return int(name)


def _read_edge(relation: tuple[int, str, str, str], objects: dict[str, int]) -> Edge:
    number, parent, child, name = relation
    for identity in (parent, child):
        if identity not in objects:
            raise LayoutError(f"line {number}: there is no object {quoted(identity[:40])}")
    if name not in _RELATIONS:
        raise LayoutError(f"line {number}: {quoted(name[:40])} is no relation; there are {', '.join(Relation)}")
    return Edge(objects[parent], objects[child], _RELATIONS[name])
