"""Batches of formulas: a function of seed and epoch, in few shapes, with nothing asked of padding."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from inkmath.features.expression import IGNORE, FormulaSet
from inkmath.synthesis.compose import Composer, Mix
from inkmath.training.batches import LENGTHS, batch_size
from inkmath.training.batches import batches as batches_of
from inkmath.training.recipe import Recipe

RECIPE = Recipe(seed=4, batch_strokes=48)


def batches(
    formulas: FormulaSet, classes: list[str], epoch: int, branch: int = 0, recipe: Recipe = RECIPE
) -> list[Any]:
    return list(batches_of(Composer(formulas, classes, recipe.mix), recipe, epoch, branch))


def test_an_epoch_is_the_same_each_time_and_no_two_are_alike(formulas: FormulaSet, classes: list[str]) -> None:
    first, again, second, branch = (batches(formulas, classes, *which) for which in ((0,), (0,), (1,), (0, 1)))
    assert len(first) == len(again)
    for (_, one), (_, other) in zip(first, again, strict=True):
        assert all((a == b).all() for a, b in zip(one, other, strict=True))
    for another in (second, branch):
        pairs = zip(first, another, strict=False)
        assert any((a[0].shape != b[0].shape) or (a[0] != b[0]).any() for (_, a), (_, b) in pairs)


def test_every_formula_comes_twice_an_epoch(formulas: FormulaSet, classes: list[str]) -> None:
    found = batches(formulas, classes, 0)
    assert sum(int(mask[:, 0].sum()) for _, (_, mask, *_) in found) == 2 * len(formulas)
    shares = [share for share, _ in found]
    assert shares == sorted(shares)


def test_batches_come_in_few_shapes_and_ask_nothing_of_padding(formulas: FormulaSet, classes: list[str]) -> None:
    for _, (points, mask, targets, pairs, written) in batches(formulas, classes, 0):
        size, length = mask.shape
        assert length in LENGTHS
        assert size == batch_size(length, 48)
        assert points.shape == (size, length, formulas.points.shape[1], 2)
        assert not points[mask == 0].any()
        assert written.shape == points.shape
        assert ((targets == IGNORE) == (mask == 0)).all()
        both = mask[:, :, None] * mask[:, None] * (1 - np.eye(length))
        assert ((pairs == IGNORE) == (both == 0)).all()


@pytest.mark.parametrize(("coarse", "share"), [(0.0, 0.0), (1.0, 1.0)])
def test_the_share_asked_for_comes_from_coarse_digitisers(
    formulas: FormulaSet, classes: list[str], coarse: float, share: float
) -> None:
    told = [
        (points[row] != written[row]).any()
        for _, (points, mask, _, _, written) in batches(
            formulas, classes, 0, recipe=replace(RECIPE, mix=Mix(coarse=coarse))
        )
        for row in np.flatnonzero(mask[:, 0])
    ]
    assert np.mean(told) == share
