"""Formulas as arrays: each stroke a row of evenly spaced points, each truth a label a stroke and a label a pair."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from inkmath.dataset.arrays import ArraysError, read_arrays
from inkmath.ink import resample, typical_size
from inkmath.layout.canonical import canonical
from inkmath.layout.latex import canonical_tokens
from inkmath.layout.matrices import holds_matrix
from inkmath.layout.tree import Edge, LayoutTree, Relation, Symbol

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from inkmath.ink import Ink

Floats = NDArray[np.float32]
Ints = NDArray[np.int32]

RELATIONS = tuple(relation for relation in Relation if relation not in (Relation.CELL, Relation.ROW))
"""Those that the networks know: of matrices they know nothing."""
NONE, SAME = 0, 1
PAIR_LABELS = ("none", "same", *(relation.value for relation in RELATIONS))
"""What stroke j is to stroke i: nothing, part of the same symbol, or a stroke of the symbol governed by i's."""
IGNORE = -1
"""Target of what has none: padding, a stroke without a label, the pair of a stroke with itself."""

FARTHEST = 1e4
"""No point lies farther out, in typical strokes: absurd coordinates must not become numbers that are none."""


def stroke_points(ink: Ink, points: int) -> Floats:
    """The strokes of a formula resampled and brought to a common measure.

    The unit is the median over strokes of the larger side of their boxes, the origin the mean of the boxes' centres, so
    that the result does not change with position, scale or sampling rate of the ink.

    Returns:
        float32 of shape ``(S, points, 2)``.
    """
    return rescale(np.stack([resample(stroke, points) for stroke in ink.strokes]))


def rescale(strokes: Floats) -> Floats:
    """Strokes ``(S, P, 2)`` in units of their median size, around the mean of their centres."""
    exact = strokes.astype(np.float64)  # tablets count in hundred thousands: float32 would lose the small strokes
    low, high = exact.min(axis=1), exact.max(axis=1)
    placed = (exact - ((low + high) / 2).mean(axis=0)) / typical_size(low, high)
    even: Floats = np.clip(placed, -FARTHEST, FARTHEST).astype(np.float32)
    return even


def pair_labels(symbol_of: NDArray[Any], edges: NDArray[Any], symbols: int) -> Ints:
    """The label of each ordered pair of strokes.

    Args:
        symbol_of: ``(S,)`` index of the symbol each stroke belongs to.
        edges: ``(E, 3)`` parent, child, index into ``RELATIONS``.
        symbols: how many there are.

    Returns:
        ``(S, S)`` indices into ``PAIR_LABELS``; the diagonal is ``IGNORE``.
    """
    between = np.zeros((symbols, symbols), np.int32)
    np.fill_diagonal(between, SAME)
    if len(edges):
        between[edges[:, 0], edges[:, 1]] = edges[:, 2] + 2
    labels: Ints = between[symbol_of][:, symbol_of]
    np.fill_diagonal(labels, IGNORE)
    return labels


def line_heads(edges: Ints, count: int) -> NDArray[np.int64]:
    """The first symbol of each symbol's line, ``(count,)``, from edges ``(E, 3)`` parent, child, relation."""
    heads = np.arange(count)
    rightward = edges[edges[:, 2] == RELATIONS.index(Relation.RIGHT)]
    heads[rightward[:, 1]] = rightward[:, 0]
    while (heads != heads[heads]).any():
        heads = heads[heads]
    return heads


def layout_tree(labels: Sequence[str], symbol_of: NDArray[Any], edges: NDArray[Any]) -> LayoutTree:
    """A layout tree from arrays: the label of each symbol, the symbol of each stroke, parent, child and relation."""
    symbols = [Symbol(label, tuple(np.flatnonzero(symbol_of == index))) for index, label in enumerate(labels)]
    return LayoutTree(tuple(symbols), tuple(Edge(p, c, RELATIONS[r]) for p, c, r in edges.tolist()))


@dataclass(frozen=True)
class FormulaSet:
    """Many formulas, ragged data as values and offsets.

    Formula ``f`` has strokes ``stroke_offsets[f]:stroke_offsets[f + 1]`` of ``points`` and so on. Of one that holds a
    matrix the symbols are kept, not how they stand: it has no edge and no latex, and nothing is trained on it.

    Attributes:
        points: ``(N, P, 2)`` strokes in the measure of :func:`stroke_points`.
        stroke_offsets: ``(F + 1,)``.
        symbol_of: ``(N,)`` symbol of each stroke, counted from 0 within its formula, -1 where none owns it.
        labels: ``(M,)`` label of each symbol.
        symbol_offsets: ``(F + 1,)``.
        edges: ``(E, 3)`` parent, child, index into ``RELATIONS``, symbols counted within their formula.
        edge_offsets: ``(F + 1,)``.
        with_matrix: ``(F,)`` whether truth holds a matrix.
        ids, splits, writers, sources, latex: ``(F,)`` strings; latex is canonical tokens, empty without truth and of
            what holds a matrix.
    """

    points: Floats
    stroke_offsets: NDArray[np.int64]
    symbol_of: Ints
    labels: NDArray[np.str_]
    symbol_offsets: NDArray[np.int64]
    edges: Ints
    edge_offsets: NDArray[np.int64]
    with_matrix: NDArray[np.bool_]
    ids: NDArray[np.str_]
    splits: NDArray[np.str_]
    writers: NDArray[np.str_]
    sources: NDArray[np.str_]
    latex: NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.ids)

    @classmethod
    def from_inks(cls, inks: Iterable[Ink], splits: Iterable[str], points: int) -> FormulaSet:
        """Turn inks into arrays, in their order, trees in canonical form; ``splits`` gives the split of each."""
        strokes, symbol_of, labels, edges, text, with_matrix = [], [], [], [], [], []
        for ink, split in zip(inks, splits, strict=True):
            strokes.append(stroke_points(ink, points))
            owner = np.full(len(ink.strokes), -1, np.int32)
            tree = ink.tree and canonical(ink.tree)
            for index, symbol in enumerate(tree.symbols if tree else ()):
                owner[list(symbol.strokes)] = index
            symbol_of.append(owner)
            labels.append([symbol.label for symbol in tree.symbols] if tree else [])
            with_matrix.append(tree is not None and holds_matrix(tree))
            known = None if with_matrix[-1] else tree
            rows = [(e.parent, e.child, RELATIONS.index(e.relation)) for e in known.edges] if known else []
            edges.append(np.array(rows, np.int32).reshape(-1, 3))
            truth = " ".join(canonical_tokens(known)) if known else ""
            text.append((ink.id, split, ink.writer or "", ink.source or "", truth))
        if not strokes:
            raise ValueError("no formula to turn into arrays")
        columns = [np.array(column, dtype=np.str_) for column in zip(*text, strict=True)]
        return cls(
            np.concatenate(strokes),
            _offsets(strokes),
            np.concatenate(symbol_of),
            np.array([label for one in labels for label in one], dtype=np.str_),
            _offsets(labels),
            np.concatenate(edges),
            _offsets(edges),
            np.array(with_matrix, np.bool_),
            *columns,
        )

    @classmethod
    def load(cls, path: str | Path) -> FormulaSet:
        """Read an npz file of what :meth:`arrays` gave.

        Raises:
            ArraysError: the file is missing or damaged, or holds other arrays.
        """
        arrays = read_arrays(path)
        if set(arrays) != {field.name for field in fields(cls)}:
            remedy = "run the stage normalize_expression again"
            raise ArraysError(f"{path}: holds {sorted(arrays)}, no set of formulas; {remedy}")
        return cls(**arrays)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Every array by name, for an npz file."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def select(self, formulas: Sequence[int] | NDArray[Any]) -> FormulaSet:
        """The set of some formulas, in the order given."""

        def gather(values: NDArray[Any], offsets: NDArray[np.int64]) -> tuple[NDArray[Any], NDArray[np.int64]]:
            rows = [np.arange(offsets[formula], offsets[formula + 1]) for formula in formulas]
            return values[np.concatenate(rows)] if rows else values[:0], _offsets(rows)

        points, stroke_offsets = gather(self.points, self.stroke_offsets)
        symbol_of, _ = gather(self.symbol_of, self.stroke_offsets)
        labels, symbol_offsets = gather(self.labels, self.symbol_offsets)
        edges, edge_offsets = gather(self.edges, self.edge_offsets)
        columns = (self.ids, self.splits, self.writers, self.sources, self.latex)
        chosen = np.asarray(formulas, dtype=np.int64)
        return FormulaSet(
            points,
            stroke_offsets,
            symbol_of,
            labels,
            symbol_offsets,
            edges,
            edge_offsets,
            self.with_matrix[chosen],
            *(column[chosen] for column in columns),
        )

    def strokes(self, formula: int) -> Floats:
        """``(S, P, 2)``."""
        return self.points[self.stroke_offsets[formula] : self.stroke_offsets[formula + 1]]

    def owners(self, formula: int) -> NDArray[np.int32]:
        """``(S,)`` which symbol each stroke belongs to, -1 for none that truth tells."""
        return self.symbol_of[self.stroke_offsets[formula] : self.stroke_offsets[formula + 1]]

    def labels_of(self, formula: int) -> NDArray[np.str_]:
        """``(K,)`` the label of each symbol; empty without truth."""
        return self.labels[self.symbol_offsets[formula] : self.symbol_offsets[formula + 1]]

    def tree(self, formula: int) -> LayoutTree | None:
        """The layout tree, or None without truth and of what holds a matrix."""
        labels = self.labels_of(formula)
        if not len(labels) or self.with_matrix[formula]:
            return None
        edges = self.edges[self.edge_offsets[formula] : self.edge_offsets[formula + 1]]
        return layout_tree(labels.tolist(), self.owners(formula), edges)

    def trainable(self) -> NDArray[np.bool_]:
        """``(F,)`` whether truth explains the ink: each stroke has its symbol, each symbol a stroke, and no matrix."""
        answer = np.zeros(len(self), np.bool_)
        for formula in range(len(self)):
            owner, symbols = self.owners(formula), len(self.labels_of(formula))
            answer[formula] = symbols > 0 and (owner >= 0).all() and len(np.unique(owner)) == symbols
        answer &= ~self.with_matrix
        return answer


def pad(formulas: Sequence[Floats], multiple: int = 4) -> tuple[Floats, Floats]:
    """Formulas of ``(S, P, 2)`` as one batch, its length rounded up so that few shapes occur.

    Returns:
        points ``(B, S, P, 2)`` and mask ``(B, S)`` with 1 for a stroke and 0 for padding.
    """
    longest = max(len(strokes) for strokes in formulas)
    length = -(-longest // multiple) * multiple
    points = np.zeros((len(formulas), length, *formulas[0].shape[1:]), np.float32)
    mask = np.zeros((len(formulas), length), np.float32)
    for row, strokes in enumerate(formulas):
        points[row, : len(strokes)] = strokes
        mask[row, : len(strokes)] = 1.0
    return points, mask


def _offsets(parts: Sequence[Any]) -> NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum([len(part) for part in parts])]).astype(np.int64)
