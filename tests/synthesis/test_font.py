"""The shapes of symbols."""

from __future__ import annotations

import numpy as np
import pytest

from inkmath.layout.classes import FURTHER_CLASSES, SYMBOL_CLASSES
from inkmath.synthesis.allographs import ALLOGRAPHS, SPELLED
from inkmath.synthesis.font import CAPITAL_HEIGHT, X_HEIGHT, RecipeError, allographs, curve, read_recipe


def test_every_class_has_a_shape_is_spelled_or_is_drawn_to_fit() -> None:
    assert set(ALLOGRAPHS) | set(SPELLED) | {"\\sqrt"} == {*SYMBOL_CLASSES, *FURTHER_CLASSES}
    assert set("".join(SPELLED.values())) <= set(ALLOGRAPHS)


@pytest.mark.parametrize("label", sorted(ALLOGRAPHS))
def test_every_shape_has_finite_strokes_of_a_sensible_size(label: str) -> None:
    for weight, glyph in allographs(label):
        assert weight > 0
        points = np.concatenate(glyph.strokes)
        assert np.isfinite(points).all()
        assert np.ptp(points, axis=0).max() < 45
        assert all(index + 1 < len(glyph.strokes) for index in glyph.joinable)


@pytest.mark.parametrize(
    ("label", "strokes"),
    [("+", 2), ("=", 2), ("\\times", 2), ("\\neq", 3), ("\\pm", 3), ("\\div", 3), ("\\ldots", 3), ("!", 2), ("i", 2)],
)
def test_signs_have_the_strokes_that_people_make(label: str, strokes: int) -> None:
    assert {len(glyph.strokes) for _, glyph in allographs(label)} == {strokes}


@pytest.mark.parametrize("label", ["i", "j"])
def test_the_dot_of_an_i_is_short_and_above_and_may_come_first(label: str) -> None:
    first = 0
    for _, glyph in allographs(label):
        dot = min(glyph.strokes, key=len)
        assert np.ptp(dot, axis=0).max() < X_HEIGHT / 2
        assert (dot[:, 1] < -X_HEIGHT).all()
        first += dot is glyph.strokes[0]
    assert 0 < first < len(allographs(label)) / 2


@pytest.mark.parametrize("label", ["x", "n", "o", "s", "v"])
def test_small_letters_stand_on_the_baseline_and_are_as_high_as_an_x(label: str) -> None:
    drawn = [glyph for _, glyph in allographs(label) if not glyph.cursive]
    bottoms, tops = (
        np.array([extreme(np.concatenate(glyph.strokes)[:, 1]) for glyph in drawn]) for extreme in (np.max, np.min)
    )
    assert (np.abs(bottoms) < 1.5).all()
    assert (tops < 1.5 - X_HEIGHT).all()
    # A stem may stand above: some write an n like an h.
    assert np.median(tops) == pytest.approx(-X_HEIGHT, abs=0.5)
    assert (tops >= -CAPITAL_HEIGHT).all()


def test_a_recipe_joins_lifts_and_reverses_strokes() -> None:
    lifted, joined = read_recipe("futural x: 0 / 1"), read_recipe("futural v: 0+1r")
    assert (len(lifted.strokes), len(joined.strokes)) == (2, 1)
    forth, back = read_recipe("futural -: 0").strokes[0], read_recipe("futural -: 0r").strokes[0]
    np.testing.assert_allclose(forth, back[::-1])
    assert read_recipe("0,0 5,5 ? 3,3 / 9,9 8,8").joinable == {0}


@pytest.mark.parametrize("text", ["0,0 5;5", "futural x: 7", "futural x: a", "helvetica x: 0", ""])
def test_a_recipe_that_makes_no_sense_is_refused(text: str) -> None:
    with pytest.raises(RecipeError):
        read_recipe(text)


def test_a_curve_passes_its_points_and_breaks_only_at_corners() -> None:
    points = np.array([[0.0, 0.0], [10.0, 0.0], [10.0, 10.0]])
    smooth, sharp = (curve(points, np.array([False, corner, False])) for corner in (False, True))
    for path in (smooth, sharp):
        assert np.hypot(*(path[:, None] - points).transpose(2, 0, 1)).min(axis=0).max() < 1e-9

    def sharpest_turn(path: np.ndarray) -> float:
        headings = np.unwrap(np.arctan2(*np.diff(path, axis=0).T[::-1]))
        return float(np.abs(np.diff(headings)).max())

    assert sharpest_turn(sharp) == pytest.approx(np.pi / 2)
    assert sharpest_turn(smooth) < 0.5
