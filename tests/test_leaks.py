"""No ink that is validated or tested with, and no writer of it, takes part in training, in the pipeline as a whole."""

from __future__ import annotations

import shutil
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from pipeline_copy import Copy
from pipeline_outputs import assert_equal, keras_weights

from inkmath.dataset.ink_table import read_inks
from inkmath.dataset.splits import Split
from inkmath.features.expression import FormulaSet
from inkmath.features.symbol_set import SymbolSet
from inkmath.ink import Ink, resample
from inkmath.synthesis.compose import Composer, Mix

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow

ALIKE = 0.01  # the most that a point of the same ink may lie apart, in sizes of the ink


def apart(one: Ink, two: Ink) -> float:
    """How far two inks lie apart at most, in sizes of the ink, whatever their sampling, place and size."""
    if len(one.strokes) != len(two.strokes):
        return np.inf
    shapes = []
    for ink in (one, two):
        points = np.stack([resample(stroke, 16) for stroke in ink.strokes])  # (S, 16, 2)
        points = points - points.min(axis=(0, 1))
        shapes.append(points / max(float(points.max()), 1e-9))
    return float(np.abs(shapes[0] - shapes[1]).max())


def strangers(inks: dict[Split, list[Ink]]) -> list[tuple[str, str]]:
    """Training inks and the equal ones of another split."""
    others = [ink for split in (Split.VALID, Split.TEST) for ink in inks[split]]
    return [(ink.id, other.id) for ink in inks[Split.TRAIN] for other in others if apart(ink, other) < ALIKE]


@pytest.fixture
def inks(reproduced: Copy) -> dict[Split, list[Ink]]:
    return {split: list(read_inks(reproduced.root / "data/interim/ink.parquet", split)) for split in Split}


def test_no_ink_and_no_writer_of_another_split_is_trained_on(inks: dict[Split, list[Ink]]) -> None:
    assert all(inks.values())
    assert strangers(inks) == []
    writers = {split: {ink.writer for ink in inks[split]} for split in Split}
    assert not writers[Split.TRAIN] & (writers[Split.VALID] | writers[Split.TEST])


def test_a_leak_would_be_found(inks: dict[Split, list[Ink]]) -> None:
    leak = inks[Split.TEST][0]
    resampled = Ink(tuple(resample(stroke, 40) * 3 + 5 for stroke in leak.strokes), id="leak")
    assert strangers({**inks, Split.TRAIN: [*inks[Split.TRAIN], resampled]}) == [("leak", leak.id)]


def test_training_formulas_alone_are_drawn_and_read_back(reproduced: Copy, inks: dict[Split, list[Ink]]) -> None:
    redrawn = list(read_inks(reproduced.root / "data/interim/redrawn.parquet"))
    begun = {ink.id.removeprefix("shapes/").removesuffix("+picture") for ink in redrawn}
    assert begun
    assert begun <= {ink.id for ink in inks[Split.TRAIN]}
    assert not {ink.writer for ink in redrawn} & {ink.writer for split in Split for ink in inks[split]}


def test_arrays_keep_every_sample_in_its_split(reproduced: Copy, inks: dict[Split, list[Ink]]) -> None:
    symbols = SymbolSet.load(reproduced.root / "data/processed/symbol.npz")
    formulas = FormulaSet.load(reproduced.root / "data/processed/expression.npz")
    redrawn = {ink.id for ink in read_inks(reproduced.root / "data/interim/redrawn.parquet")}
    for split in Split:
        known = {ink.id for ink in inks[split]} | (redrawn if split is Split.TRAIN else set())
        assert {name.rpartition("#")[0] or name for name in symbols.ids[symbols.of(split)].tolist()} <= known
        assert set(formulas.ids[formulas.splits == str(split)].tolist()) == known


def test_every_stroke_of_a_composition_is_one_of_the_training_split(reproduced: Copy) -> None:
    formulas = FormulaSet.load(reproduced.root / "data/processed/expression.npz")
    chosen = {split: formulas.select(np.flatnonzero(formulas.splits == str(split))) for split in Split}
    training = chosen[Split.TRAIN].select(np.flatnonzero(chosen[Split.TRAIN].trainable()))
    known, foreign = (
        shapes(training.points),
        shapes(np.concatenate([chosen[split].points for split in (Split.VALID, Split.TEST)])),
    )
    composer = Composer(training, sorted(set(training.labels.tolist())), Mix(exchange=1.0, join=1.0))
    drawn = np.concatenate([composer.draw(f, True, np.random.default_rng(f)).points for f in range(len(training))])
    made = shapes(drawn)
    assert len(made) > 100
    assert (nearest(made, known) < 1e-3).mean() > 0.95, "the others have lost their shape to rounding"
    # Straight lines are all alike: only what has a shape of its own can be told to come from elsewhere.
    crooked = foreign[nearest(foreign, known) > 0.05]
    assert len(crooked) > 20
    assert nearest(crooked, made).min() > 1e-3


def shapes(strokes: np.ndarray) -> np.ndarray:
    """Strokes ``(S, P, 2)`` without place and proportions, each as a row ``(S, 2 P)``."""
    low, high = strokes.min(axis=1, keepdims=True), strokes.max(axis=1, keepdims=True)
    return np.reshape((strokes - low) / np.maximum(high - low, 1e-3), (len(strokes), -1))


def nearest(rows: np.ndarray, known: np.ndarray) -> np.ndarray:
    """How far each row lies from the nearest known one, at its farthest coordinate."""
    return np.array([np.abs(known - row).max(axis=1).min() for row in rows])


def test_what_the_test_symbols_look_like_changes_no_weight(reproduced: Copy, tmp_path: Path) -> None:
    shutil.copytree(reproduced.root, tmp_path / "copy", symlinks=True)
    copy = Copy.at(tmp_path / "copy")
    symbols = SymbolSet.load(copy.root / "data/processed/symbol.npz")
    tested = symbols.splits == str(Split.TEST)
    assert tested.sum() > 20
    features = np.where(tested[:, None, None], np.float32(np.nan), symbols.features)
    replace(symbols, features=features, labels=np.where(tested, "x", symbols.labels)).save(
        copy.root / "data/processed/symbol.npz"
    )
    shutil.rmtree(copy.root / "models/symbol")
    done = copy.run(sys.executable, "-m", "stages.train")
    assert done.returncode == 0, done.stderr
    assert_equal(*(keras_weights(one.root / "models/symbol/model.keras") for one in (copy, reproduced)))
