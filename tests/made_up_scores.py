"""What a network might say of a formula, made up: sure of a given tree, or of nothing at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from inkmath.decoding.readout import Scores
from inkmath.features.expression import PAIR_LABELS, RELATIONS, pair_labels

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inkmath.layout.tree import LayoutTree

LABELS = ("x", "y", "2", "+", "=", "-", "\\sqrt", "\\sum")


def scores_of(tree: LayoutTree, labels: Sequence[str] = LABELS, sure: float = 6.0) -> Scores:
    """Logits of ``sure`` for what is in the tree, and 0 for everything else; its symbols own strokes 0..S-1."""
    owner = np.empty(sum(len(symbol.strokes) for symbol in tree.symbols), np.int32)
    for number, symbol in enumerate(tree.symbols):
        owner[list(symbol.strokes)] = number
    edges = np.array([(e.parent, e.child, RELATIONS.index(e.relation)) for e in tree.edges], np.int32).reshape(-1, 3)
    pairs = pair_labels(owner, edges, len(tree.symbols))
    count = len(owner)
    classes = np.array([labels.index(symbol.label) for symbol in tree.symbols])[owner]
    symbol = sure * np.eye(len(labels))[classes]
    pair = sure * np.eye(len(PAIR_LABELS))[np.maximum(pairs, 0)]
    governor = np.zeros((count, count, len(RELATIONS)))
    for i, j in np.argwhere(pairs >= 2):
        governor[i, j, pairs[i, j] - 2] = sure
    root = np.where(owner == tree.root, sure, 0.0)
    return normalised(symbol, pair, governor, root)


def random_scores(rng: np.random.Generator, strokes: int, classes: int = len(LABELS), spread: float = 3.0) -> Scores:
    """What a network might say of scribble."""
    return normalised(
        spread * rng.standard_normal((strokes, classes)),
        spread * rng.standard_normal((strokes, strokes, len(PAIR_LABELS))),
        spread * rng.standard_normal((strokes, strokes, len(RELATIONS))),
        spread * rng.standard_normal(strokes),
    )


def normalised(symbol: np.ndarray, pair: np.ndarray, governor: np.ndarray, root: np.ndarray) -> Scores:
    """Logits of one formula as the log-probabilities that the read-out takes."""
    answer = {"symbol": symbol, "pair": pair, "governor": governor, "root": root}
    return Scores.of({name: logits[None] for name, logits in answer.items()}, 0, len(root))
