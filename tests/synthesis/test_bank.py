"""The ink at hand: every symbol where its formula has it, found by class and by who wrote it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from inkmath.features.expression import FormulaSet
from inkmath.ink import Ink
from inkmath.layout.tree import Edge, LayoutTree, Relation, Symbol
from inkmath.synthesis.bank import SymbolBank
from inkmath.synthesis.spelling import EACH

CLASSES = ["\\sin", "a", "i", "n", "s"]


def formula(writer: str, *labels: str) -> Ink:
    """Slanted strokes in a row, each a symbol."""
    strokes = [[[10.0 * at, -8.0], [10.0 * at + 6, 0.0]] for at in range(len(labels))]
    edges = tuple(Edge(at, at + 1, Relation.RIGHT) for at in range(len(labels) - 1))
    tree = LayoutTree(tuple(Symbol(label, (at,)) for at, label in enumerate(labels)), edges)
    return replace(Ink.from_points(strokes, id=writer, tree=tree), writer=writer)


@pytest.fixture(scope="module")
def bank() -> SymbolBank:
    inks = [formula("Ada", "a", "n"), formula("Emmy", "s", "i", "n"), formula("Sofia", "\\sin", "a")]
    return SymbolBank(FormulaSet.from_inks(inks, ["train"] * 3, 8), CLASSES)


def test_symbols_are_in_the_order_of_their_formulas(bank: SymbolBank) -> None:
    assert [CLASSES[number] for number in bank.classes[:7]] == ["a", "n", "s", "i", "n", "\\sin", "a"]
    assert bank.edges[:, :2].tolist() == [[0, 1], [2, 3], [3, 4], [5, 6]]
    for rows, low, high in zip(bank.rows, bank.low, bank.high, strict=True):
        assert (bank.points[rows].min(axis=(0, 1)) == low).all()
        assert (bank.points[rows].max(axis=(0, 1)) == high).all()


def test_spelled_names_follow_them_and_stand_in_no_class(bank: SymbolBank) -> None:
    assert (bank.classes[7:] == CLASSES.index("\\sin")).all()
    assert len(bank.classes) == len(bank.rows) == 7 + EACH
    assert [symbols.tolist() for symbols in bank.of_class] == [[5], [0, 6], [3], [1, 4], [2]]


def test_a_writer_gives_what_they_wrote_and_others_the_rest(bank: SymbolBank) -> None:
    ada, emmy, sofia = (int(bank.hands[symbol]) for symbol in (0, 2, 5))
    rng = np.random.default_rng(0)

    def drawn(label: str, hand: int | None, spelled: float = 0.0) -> set[int]:
        return {bank.draw(CLASSES.index(label), hand, spelled, rng) for _ in range(60)}

    assert drawn("n", ada) == {1}
    assert drawn("n", sofia) == {1, 4} == drawn("n", None)
    assert drawn("\\sin", sofia) == {5}
    assert drawn("\\sin", sofia, spelled=1.0) == drawn("\\sin", emmy, spelled=1.0) == set(range(7, 7 + EACH))
    assert drawn("a", emmy, spelled=1.0) == {0, 6}, "what is no name is not spelled"


def test_those_whose_writer_is_not_known_have_a_hand_each() -> None:
    inks = [
        replace(formula(name, "a"), writer=writer)
        for name, writer in (("1", None), ("2", None), ("3", "3"), ("4", "3"))
    ]
    hands = SymbolBank(FormulaSet.from_inks(inks, ["train"] * 4, 8), CLASSES).hands.tolist()
    assert len(set(hands)) == 3
    assert hands[2] == hands[3]
