"""Made-up handwriting: formulas drawn from a grammar, written by writers who do not exist.

`grammar` and `matrices` make layout trees, `font` and `allographs` hold the shapes of symbols, `style` bends them to
one writer's hand, `typeset` puts them in place and order.
"""

from __future__ import annotations

import zlib
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from inkmath.ink import Ink
from inkmath.layout.classes import FURTHER_CLASSES, SYMBOL_CLASSES
from inkmath.layout.latex import to_latex
from inkmath.synthesis.further import place_for, with_accents, with_further, with_wide_accent
from inkmath.synthesis.grammar import check_limit, random_formula
from inkmath.synthesis.matrices import matrix_formula
from inkmath.synthesis.style import Writer
from inkmath.synthesis.typeset import typeset

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["synthesize"]


def synthesize(
    count: int,
    seed: int,
    *,
    writers: int = 50,
    collection: str = "synthetic",
    max_symbols: int = 24,
    further: bool = False,
    matrices: bool = False,
) -> Iterator[Ink]:
    """Make formulas in made-up handwriting.

    Every class of `inkmath.layout.classes.SYMBOL_CLASSES` occurs at least twice in each 101 formulas of the usual
    length; with a low ``max_symbols`` a formula may have room for only one of the two classes that are due in it.

    Args:
        count: how many formulas.
        seed: the same arguments give the same ink in any process, and a larger ``count`` only adds to it.
        writers: how many hands share the work, evenly.
        collection: names the set; two collections of one seed share neither a writer nor the choice of formulas.
        max_symbols: the longest formula, in symbols.
        further: put classes of `inkmath.layout.classes.FURTHER_CLASSES` in the place of others of their kind, each in
            about two of any 54 formulas, accents over letters of three in ten, and a wide one over several symbols of
            one in seven or so; how often the other classes occur is chance then.
        matrices: make formulas that have a matrix each, or a function defined case by case. What classes occur is
            chance then; with ``further`` those of `FURTHER_CLASSES` stand in the place of others where they find one.

    Ids tell with which of the two a formula was made. Writers do not: the hands of a seed are the same with them and
    without, and must be known again where one would train and the other test.

    Returns:
        Ink with id, writer, LaTeX and tree, its source ``"synthetic"``.

    Raises:
        ValueError: ``count`` or ``seed`` is negative, ``writers`` is not positive, or ``max_symbols`` is below
            `inkmath.synthesis.grammar.SMALLEST_LIMIT`.
    """
    if count < 0 or seed < 0 or writers < 1:
        raise ValueError(f"count = {count}, seed = {seed}, writers = {writers}: there must be at least 0, 0 and 1")
    check_limit(max_symbols)
    key = seed, zlib.crc32(collection.encode())
    return _written(count, key, writers, f"{collection}-{seed}", max_symbols, further, matrices)


def _written(
    count: int, key: tuple[int, int], writers: int, name: str, max_symbols: int, further: bool, matrices: bool
) -> Iterator[Ink]:
    """The ink of `synthesize`; ``key`` is what all its random numbers come from."""
    hand = lru_cache(maxsize=256)(lambda number: Writer((*key, 1, number)))
    kind = name + "-further" * further + "-matrices" * matrices
    for index in range(count):
        rng = np.random.default_rng((*key, 0, index))
        number = index % writers
        wanted = _featured(key, index, FURTHER_CLASSES if further else SYMBOL_CLASSES)
        if matrices:
            formula = matrix_formula(rng, max_symbols=max_symbols)
        else:
            places = [place_for(label, rng) for label in wanted] if further else wanted
            formula = random_formula(rng, wanted=places, max_symbols=max_symbols)
        if further:
            formula = with_further(formula, wanted, rng)
            for accented in (with_accents, with_wide_accent):
                formula = accented(formula, max_symbols - len(formula.symbols), rng)
        strokes, tree = typeset(formula, hand(number), rng)
        yield Ink(
            strokes=strokes,
            id=f"{kind}-{index:06d}",
            source="synthetic",
            writer=f"{name}-w{number:03d}",
            latex=to_latex(tree),
            tree=tree,
        )


def _featured(key: tuple[int, int], index: int, classes: Sequence[str]) -> tuple[str, str]:
    """The two classes that formula ``index`` must show: in turn, each round in an order of its own."""
    turn, place = divmod(index, len(classes))
    order = np.random.default_rng((*key, 2, turn)).permutation(len(classes))
    # A second class half a round away: the two of one formula differ, and each class comes up twice a round.
    first, second = (classes[order[(place + shift) % len(classes)]] for shift in (0, len(classes) // 2))
    return first, second
