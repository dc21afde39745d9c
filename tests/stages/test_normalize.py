"""The stage normalize: what params.yaml says of symbols is what is done to them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from other_values import differing, knobs

from inkmath.dataset.ink_table import add_splits, to_batch, write_inks
from inkmath.dataset.splits import Split
from inkmath.features.symbol_set import SymbolSet
from inkmath.ink import Ink
from inkmath.layout import LayoutTree, Symbol
from inkmath.layout.latex import canonical_tokens
from inkmath.params import Normalize, Params, load_params
from inkmath.synthesis import synthesize
from stages import normalize

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture
def params(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Params:
    """Parameters, and a leaning stroke with a hook at its end, on which the pen rested and trembled."""
    monkeypatch.chdir(tmp_path)
    tremble = np.random.default_rng(0).normal(0, 1, (30, 2))
    drawn = np.linspace((0, 100), (40, 0), 30) + tremble
    rest, hook = drawn[14] + tremble[:9] / 9, drawn[-1:] + 3
    stroke = np.concatenate([drawn[:15], rest, drawn[15:], hook])
    ink = Ink.from_points([stroke], id="train/a", source="made-up", tree=LayoutTree((Symbol("/", (0,)),)))
    normalize.INK.parent.mkdir(parents=True)
    write_inks(normalize.INK, [add_splits(to_batch([ink], ["/"]), [Split.TRAIN])])
    write_inks(normalize.REDRAWN, [])
    given = load_params(REPOSITORY / "params.yaml")
    return given.model_copy(update={"compute": given.compute.model_copy(update={"processes": 1})})


def normalized(params: Params, settings: Normalize) -> np.ndarray:
    normalize.main(params.model_copy(update={"normalize": settings}))
    return SymbolSet.load(normalize.SYMBOLS).features


def test_the_same_knobs_make_the_same_arrays(params: Params) -> None:
    one, again = (normalized(params, params.normalize) for _ in range(2))
    np.testing.assert_array_equal(one, again)


@pytest.mark.parametrize("knob", knobs(Normalize))
def test_each_knob_changes_the_arrays(params: Params, knob: str) -> None:
    plain, changed = (normalized(params, block) for block in (params.normalize, differing(params.normalize, knob)))
    assert plain.shape != changed.shape or np.abs(plain - changed).max() > 1e-3


def test_only_training_formulas_are_composed(params: Params) -> None:
    inks = [replace(ink, id=f"train/{number}") for number, ink in enumerate(synthesize(6, 3, writers=2, max_symbols=8))]
    splits = [Split.TRAIN, Split.VALID, Split.TEST] * 2
    texts = [" ".join(canonical_tokens(ink.tree)) for ink in inks if ink.tree]
    write_inks(normalize.INK, [add_splits(to_batch(inks, texts), splits)])
    normalize.main(params.model_copy(update={"normalize": params.normalize.model_copy(update={"composed": 1})}))
    ids = SymbolSet.load(normalize.SYMBOLS).ids.tolist()
    composed = {name.partition("+")[0] for name in ids if name.startswith("shapes/")}
    assert composed == {"shapes/train/0", "shapes/train/3"}


def test_symbols_of_redrawn_formulas_are_trained_on_too(params: Params) -> None:
    ink = Ink.from_points(
        [[(0, 0), (0, 9)]], id="shapes/train/a+picture", source="s", tree=LayoutTree((Symbol("1", (0,)),))
    )
    write_inks(normalize.REDRAWN, [add_splits(to_batch([ink], ["1"]), [Split.TRAIN])])
    assert normalize.main(params) == {Split.TRAIN: 2}
    assert SymbolSet.load(normalize.SYMBOLS).labels.tolist() == ["/", "1"]
