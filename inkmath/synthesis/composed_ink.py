"""Composed formulas as ink, for whatever learns from ink: symbols of any label, in a size and place that is theirs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from inkmath.dataset.splits import Role, Split
from inkmath.features.expression import FormulaSet, layout_tree
from inkmath.ink import Ink
from inkmath.synthesis.augment import Bend, bend
from inkmath.synthesis.compose import Composer, Mix

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MIX = Mix(exchange=0.7, case=0.5, relabel=0.5, sign=0.25, prime=0.06, accent=0.3, graft=0.25, respace=0.45, lift=0.15)
"""How often what is done: labels are evened out, so that how often each occurs in training decides less."""

POINTS = 64
"""Points a stroke of composed ink has: enough for every bend that a pen makes in one stroke."""


def composed_inks(inks: Iterable[Ink], times: int, seed: int) -> Iterator[Ink]:
    """Each formula whose truth explains its ink, composed anew and bent.

    Args:
        inks: of the training split; those without full truth take no part. times: how often each is composed.
        seed: the same arguments give the same ink.

    Yields:
        Ink with a tree, of `Role.SHAPES`: what is composed says nothing of what people write. Its id is that of the
        formula it began with, ``+`` and the round.
    """
    known = [ink for ink in inks if ink.tree is not None] if times else []
    if not known:
        return
    formulas = FormulaSet.from_inks(known, [str(Split.TRAIN)] * len(known), POINTS)
    formulas = formulas.select(np.flatnonzero(formulas.trainable()))
    if not len(formulas):
        return
    classes = sorted(set(formulas.labels.tolist()))
    composer = Composer(formulas, classes, MIX)
    for again in range(times):
        for number, name in enumerate(formulas.ids.tolist()):
            rng = np.random.default_rng([seed, again, number])
            made = composer.draw(number, True, rng)
            points = bend(made.points[None], made.symbol_of[None], Bend(), rng)[0]
            _, first = np.unique(made.symbol_of, return_index=True)  # a stroke of each symbol
            labels = [classes[one] for one in made.classes[first].tolist()]
            tree = layout_tree(labels, made.symbol_of, made.edges)
            yield Ink(tuple(points), id=f"{Role.SHAPES}/{name}+{again}", tree=tree)
