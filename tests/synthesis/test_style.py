"""Writers and their hands."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from inkmath.ink import resample
from inkmath.synthesis.style import Style, Writer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inkmath.synthesis.font import Path

LETTERS = "abcdeghknpqrstuvwxyz"


def shape(strokes: list[Path]) -> np.ndarray:
    """A symbol as 32 points, without its place and size."""
    points = resample(np.concatenate(strokes).astype(np.float32), 32)
    points = points - points.mean(axis=0)
    return np.asarray(points / np.abs(points).max())


def test_a_writer_is_the_same_whatever_was_written_before() -> None:
    fresh, used = Writer([1, 2]), Writer([1, 2])
    for letter in LETTERS:
        used.symbol(letter, np.random.default_rng(0))
    for one, other in zip(
        fresh.symbol("x", np.random.default_rng(9)), used.symbol("x", np.random.default_rng(9)), strict=True
    ):
        np.testing.assert_array_equal(one, other)


def test_two_symbols_of_one_writer_differ_less_than_those_of_two_writers() -> None:
    writers = [Writer([number]) for number in range(12)]
    rng = np.random.default_rng(0)
    within, between = [], []
    for letter in LETTERS:
        first, second = ([shape(writer.symbol(letter, rng)) for writer in writers] for _ in range(2))
        within += [np.abs(one - other).mean() for one, other in zip(first, second, strict=True)]
        between += [np.abs(one - other).mean() for one, other in zip(first, second[1:] + second[:1], strict=True)]
    assert min(within) > 0.0
    assert 2 * np.median(within) < np.median(between)


def height(strokes: Sequence[Path]) -> float:
    return float(np.ptp(np.concatenate(strokes)[:, 1]))


def unbent(seed: int = 8, **habits: Any) -> Writer:
    """A writer upright and exact but for some habits."""
    writer = Writer([seed])
    exact: dict[str, Any] = {
        "personality": 0.0,
        "variation": 0.0,
        "slant": 0.0,
        "constancy": 1.0,
        "x_height": 1.0,
        "digit_height": 1.0,
    }
    writer.style = dataclasses.replace(writer.style, **{**exact, **habits})
    return writer


def test_the_height_of_small_letters_is_a_habit_that_leaves_ascenders_and_capitals_alone() -> None:
    def heights(writer: Writer) -> dict[str, float]:
        return {label: height(writer.symbol(label, np.random.default_rng(0))) for label in "xshkXS2"}

    usual, low = heights(unbent()), heights(unbent(x_height=0.75))
    for label in "xs":
        assert low[label] == pytest.approx(0.75 * usual[label], rel=0.01), label
    for label in "hkXS2":
        assert low[label] == pytest.approx(usual[label], rel=0.01), label


def test_the_height_of_digits_is_a_habit_of_its_own() -> None:
    usual, low = unbent(), unbent(digit_height=0.8)
    for digit in "0123456789":
        one, other = (height(writer.symbol(digit, np.random.default_rng(0))) for writer in (usual, low))
        assert other == pytest.approx(0.8 * one)


def test_each_shape_of_a_writer_has_a_width_of_its_own() -> None:
    """Signs with one shape each, so that nothing but the width differs between writers who bend no shape."""

    def width(writer: Writer, label: str) -> float:
        return float(np.ptp(np.concatenate(writer.symbol(label, np.random.default_rng(0)))[:, 0]))

    writers = [unbent(seed=seed) for seed in range(60)]
    ratios = [width(writer, "<") / width(writer, ">") for writer in writers]
    assert 0.15 < np.log(ratios).std() < 0.4


def test_no_two_symbols_are_the_same() -> None:
    writer, rng = Writer([3]), np.random.default_rng(0)
    assert not np.array_equal(shape(writer.symbol("s", rng)), shape(writer.symbol("s", rng)))


def test_function_names_are_spelled_from_left_to_right() -> None:
    writer = Writer([4])
    strokes = writer.symbol("\\sin", np.random.default_rng(0))
    starts = [stroke[:, 0].min() for stroke in strokes]
    assert len(strokes) >= 3
    assert starts[-1] == max(starts)


def test_hands_differ_in_every_habit() -> None:
    styles = [dataclasses.asdict(Style.draw(np.random.default_rng(seed))) for seed in range(200)]
    assert all(len({style[habit] for style in styles}) > 1 for habit in styles[0])


@pytest.mark.parametrize("size", [0.36, 1.0])
def test_the_pen_keeps_to_the_path_and_slows_at_its_ends(size: float) -> None:
    writer = Writer([5])
    path = np.stack([np.linspace(0.0, 60.0 * size, 120), np.zeros(120)], axis=1)
    ink = writer.pen(path, size, np.random.default_rng(0)) / writer.style.unit
    assert np.abs(ink[:, 1]).max() < 3.0
    assert ink[-1, 0] == pytest.approx(60.0 * size, abs=1.0 + 1.0 / writer.style.unit)
    steps = np.hypot(*np.diff(ink, axis=0).T)
    assert steps[-1] < np.median(steps)


def test_a_dot_is_a_small_stroke() -> None:
    for number in range(20):
        writer = Writer([number])
        dot = writer.pen(np.array([[5.0, 5.0]]), 1.0, np.random.default_rng(0)) / writer.style.unit
        assert 1 <= len(dot) <= 6
        assert np.ptp(dot, axis=0).max() < 12.0
