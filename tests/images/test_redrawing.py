"""Ink as it comes back from its picture: other strokes, the same symbols in the same places."""

from __future__ import annotations

import numpy as np
import pytest

from inkmath.images import redrawing
from inkmath.images.redrawing import RedrawError, redrawn
from inkmath.ink import Ink
from inkmath.layout.tree import Edge, LayoutTree, Relation, Symbol
from inkmath.synthesis import synthesize


def line(*strokes: list[tuple[float, float]], owned: tuple[int, ...] | None = None) -> Ink:
    """Minus signs side by side, a stroke each; ``owned`` are the strokes that the tree knows."""
    symbols = tuple(Symbol("-", (stroke,)) for stroke in (range(len(strokes)) if owned is None else owned))
    edges = tuple(Edge(place, place + 1, Relation.RIGHT) for place in range(len(symbols) - 1))
    return Ink.from_points(strokes, tree=LayoutTree(symbols, edges))


def places(ink: Ink) -> np.ndarray:
    """Boxes of the symbols ``(symbols, 2, 2)``: corners, in sizes of the formula from its top left corner."""
    assert ink.tree is not None
    drawn = [np.concatenate([ink.strokes[stroke] for stroke in symbol.strokes]) for symbol in ink.tree.symbols]
    corners = np.array([(points.min(axis=0), points.max(axis=0)) for points in drawn])
    corners -= corners.min(axis=(0, 1))
    return np.asarray(corners / corners.max())


def test_every_symbol_is_where_it_was_and_every_stroke_is_owned() -> None:
    for number, ink in enumerate(synthesize(6, 5, max_symbols=8)):
        new = redrawn(ink, np.random.default_rng(number))
        assert new.tree is not None
        assert ink.tree is not None
        assert new.tree.edges == ink.tree.edges
        assert [symbol.label for symbol in new.tree.symbols] == [symbol.label for symbol in ink.tree.symbols]
        assert new.unowned == ()
        np.testing.assert_allclose(places(new), places(ink), atol=0.06)


def test_strokes_are_those_of_the_picture() -> None:
    """A stroke drawn from the right comes back from the left, and one over the tip of another as its continuation."""
    (new,) = redrawn(line([(90, 0), (10, 2)]), np.random.default_rng(0)).strokes
    assert new[0, 0] < new[-1, 0]
    plus = Ink.from_points([[(0, 0), (0, 50)], [(0, 50), (0, 90)]], tree=LayoutTree((Symbol("|", (0, 1)),)))
    assert len(redrawn(plus, np.random.default_rng(0)).strokes) == 1


def test_the_same_draws_give_the_same_strokes_and_others_other_sizes() -> None:
    ink = line([(0, 0), (50, 3)], [(80, 0), (130, 3)])
    one, again, other = (redrawn(ink, np.random.default_rng(seed)).strokes for seed in (1, 1, 2))
    np.testing.assert_array_equal(np.concatenate(one), np.concatenate(again))
    assert np.ptp(np.concatenate(one)[:, 0]) != np.ptp(np.concatenate(other)[:, 0])


@pytest.mark.parametrize("points", [[(5, 5)], [(0, 0), (40, 0)], [(0, 0), (0, 1e-6)], [(1e6, 0), (3e6, 0)]])
def test_dots_and_straight_lines_of_any_size_come_back(points: list[tuple[float, float]]) -> None:
    new = redrawn(line(points), np.random.default_rng(0))
    assert len(new.strokes) == 1
    assert np.isfinite(new.strokes[0]).all()


def test_a_picture_is_never_larger_than_its_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redrawing, "LONGEST", 200.0)
    ink = line(*([(100.0 * place, 0.0), (100.0 * place + 20, 5.0)] for place in range(5)))
    reach = np.ptp(np.concatenate(redrawn(ink, np.random.default_rng(0)).strokes), axis=0)
    assert 190 < reach.max() < 210


def test_a_line_through_two_symbols_is_refused() -> None:
    with pytest.raises(RedrawError, match="runs through - and -, which touch"):
        redrawn(line([(0, 0), (50, 0)], [(50, 0), (100, 0)]), np.random.default_rng(0))


def test_a_symbol_that_others_cover_is_refused() -> None:
    with pytest.raises(RedrawError, match="- has no line of its own"):
        redrawn(line([(0, 0), (100, 0)], [(40, 0), (44, 0)]), np.random.default_rng(0))


def test_what_no_picture_shows_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inkmath.images.skeleton.MAX_LINES", 1)
    with pytest.raises(RedrawError, match=r"cannot be read: .* crop the picture"):
        redrawn(line([(0, 0), (50, 0)], [(80, 0), (130, 0)]), np.random.default_rng(0))


@pytest.mark.parametrize(
    "ink",
    [
        Ink.from_points([[(0, 0), (9, 9)]]),
        line([(0, 0), (50, 0)], [(80, 0), (130, 0)], owned=(1,)),
        Ink.from_points(
            [[(0, 0), (9, 9)]], tree=LayoutTree((Symbol("x"), Symbol("1", (0,))), (Edge(0, 1, Relation.SUP),))
        ),
    ],
    ids=["no truth", "a stroke too many", "a symbol without strokes"],
)
def test_ink_that_its_truth_does_not_explain_is_refused(ink: Ink) -> None:
    with pytest.raises(RedrawError, match="does not explain"):
        redrawn(ink, np.random.default_rng(0))
