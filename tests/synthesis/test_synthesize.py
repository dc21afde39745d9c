"""Made-up ink as a whole."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections import Counter, defaultdict
from typing import TYPE_CHECKING

import numpy as np
import pytest

from inkmath.inkml import parse_inkml, write_inkml
from inkmath.layout.classes import SYMBOL_CLASSES
from inkmath.layout.latex import canonical_tokens
from inkmath.synthesis import synthesize

if TYPE_CHECKING:
    from inkmath.ink import Ink
    from inkmath.layout.tree import LayoutTree


@pytest.fixture(scope="module")
def inks() -> list[Ink]:
    """Two rounds of the classes."""
    return list(synthesize(2 * len(SYMBOL_CLASSES), 1, writers=10))


def digest(inks: list[Ink]) -> str:
    sha = hashlib.sha256()
    for ink in inks:
        sha.update(f"{ink.id} {ink.writer} {ink.latex}".encode())
        for stroke in ink.strokes:
            sha.update(stroke.tobytes())
    return sha.hexdigest()


def relations(tree: LayoutTree) -> set[tuple[object, ...]]:
    """A tree as its symbols, named by their strokes, and how they stand to each other."""
    symbols = {(symbol.label, symbol.strokes) for symbol in tree.symbols}
    edges = {(tree.symbols[edge.parent], tree.symbols[edge.child], edge.relation) for edge in tree.edges}
    return symbols | edges


def test_every_class_occurs_often_enough_to_learn(inks: list[Ink]) -> None:
    counts = Counter(symbol.label for ink in inks if ink.tree for symbol in ink.tree.symbols)
    assert set(counts) == set(SYMBOL_CLASSES)
    assert min(counts.values()) >= 4


def test_every_class_is_written_by_several_writers(inks: list[Ink]) -> None:
    writers = defaultdict(set)
    for ink in inks:
        assert ink.tree is not None
        for symbol in ink.tree.symbols:
            writers[symbol.label].add(ink.writer)
    assert min(len(names) for names in writers.values()) >= 2
    assert len({ink.writer for ink in inks}) == 10


def test_formulas_vary_in_length_up_to_the_limit(inks: list[Ink]) -> None:
    lengths = [len(ink.tree.symbols) for ink in inks if ink.tree]
    assert max(lengths) <= 24
    assert 8 < np.mean(lengths) < 16
    assert all(len(ink.tree.symbols) <= 8 for ink in synthesize(30, 2, max_symbols=8) if ink.tree)


def test_ink_tells_what_it_is(inks: list[Ink]) -> None:
    assert len({ink.id for ink in inks}) == len(inks)
    assert {ink.source for ink in inks} == {"synthetic"}
    for ink in inks[:20]:
        assert ink.tree is not None
        assert ink.latex is not None
        assert canonical_tokens(ink.latex) == canonical_tokens(ink.tree)


def test_the_same_seed_gives_the_same_bytes_in_another_process(inks: list[Ink]) -> None:
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]);"
        "from test_synthesize import digest; from inkmath.synthesis import synthesize;"
        "print(digest(list(synthesize(30, 1, writers=10))))"
    )
    folder = __file__.rpartition("/")[0]
    command = [sys.executable, "-c", code, folder]
    other = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    assert other == digest(inks[:30])


def test_another_seed_and_another_collection_give_other_ink_and_writers() -> None:
    sets = [list(synthesize(10, seed, collection=name)) for seed, name in ((1, "a"), (2, "a"), (1, "b"))]
    assert len({digest(inks) for inks in sets}) == 3
    assert len({ink.writer for inks in sets for ink in inks}) == 30
    assert len({tuple(ink.latex for ink in inks) for inks in sets}) == 3


def test_inkml_gives_back_the_same_ink_and_tree(inks: list[Ink]) -> None:
    for ink in inks[:60]:
        again = parse_inkml(write_inkml(ink))
        assert ink.tree is not None
        assert again.tree is not None
        assert relations(again.tree) == relations(ink.tree)
        assert (again.writer, again.latex) == (ink.writer, ink.latex)
        for one, other in zip(again.strokes, ink.strokes, strict=True):
            np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    ("count", "seed", "writers", "symbols", "named"),
    [
        (-1, 0, 5, 24, "count = -1"),
        (1, -3, 5, 24, "seed = -3"),
        (1, 0, 0, 24, "writers = 0"),
        (0, 0, 5, 3, "max_symbols = 3"),
    ],
)
def test_impossible_orders_are_refused_before_any_ink_is_made(
    count: int, seed: int, writers: int, symbols: int, named: str
) -> None:
    with pytest.raises(ValueError, match=named):
        synthesize(count, seed, writers=writers, max_symbols=symbols)
