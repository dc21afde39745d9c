"""A second opinion on symbols: asked of groups of strokes in their place, weighed against the first."""

from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from released import needs_weights

from inkmath.decoding.language import TreeLanguageModel, count_trigrams
from inkmath.decoding.opinion import LEAST, SecondOpinion
from inkmath.decoding.readout import Scores
from inkmath.decoding.search import Search, Weights
from inkmath.decoding.symbol import load_symbol_reader
from inkmath.features.expression import PAIR_LABELS, RELATIONS
from inkmath.features.symbol import normalize_and_pad_traces
from inkmath.features.symbol_context import symbol_contexts, with_context
from inkmath.ink import Ink
from inkmath.layout.latex import parse_latex, to_latex
from inkmath.recognizer import WEIGHTS

if TYPE_CHECKING:
    from collections.abc import Sequence

LABELS = ("x", "y", "\\times")
INK = Ink.from_points([[[0, 0], [9, 9]], [[9, 0], [0, 9]]])


class Fake:
    """Names labels in an order of its own, and counts what it is asked."""

    labels = ("y", "x")
    takes_context = True

    def __init__(self, *chances: float) -> None:
        self.chances, self.asked = chances, 0

    def in_formula(self, strokes: Sequence[Any], groups: Sequence[Sequence[int]]) -> np.ndarray:
        assert len(strokes) == len(INK.strokes)
        self.asked += len(groups)
        return np.array([self.chances] * len(groups), np.float32)


def test_it_speaks_in_the_classes_of_the_one_who_asks() -> None:
    (answer,) = SecondOpinion(Fake(0.25, 0.75), LABELS).of(INK)([(0, 1)])  # type: ignore[arg-type]
    assert answer[:2] == pytest.approx(np.log([0.75 + LEAST, 0.25 + LEAST]))
    assert np.isnan(answer[2]), "what it does not know it has no opinion on"


def test_the_same_group_is_looked_at_once() -> None:
    fake = Fake(0.5, 0.5)
    opinion = SecondOpinion(fake, LABELS).of(INK)  # type: ignore[arg-type]
    opinion([(0,), (1,)])
    opinion([(0,), (0, 1)])
    assert fake.asked == 3


def one_symbol(*chances: float) -> Scores:
    pair = np.full((1, 1, len(PAIR_LABELS)), 1 / len(PAIR_LABELS))
    return Scores(np.log([chances]), np.log(pair), np.full((1, 1, len(RELATIONS)), -9.0), np.zeros(1))


@pytest.mark.parametrize(
    ("share", "latex"), [(0.0, "x"), (0.2, "x"), (0.6, "y"), (1.0, "y")], ids=["unheard", "little", "more", "alone"]
)
def test_it_weighs_as_much_as_it_is_given(share: float, latex: str) -> None:
    language = TreeLanguageModel(LABELS, count_trigrams([parse_latex(label) for label in LABELS]))
    search = Search(LABELS, language, replace(Weights(), opinion=share))
    opinion = SecondOpinion(Fake(0.8, 0.2), LABELS).of(INK)  # type: ignore[arg-type]
    first, *_ = search.read(one_symbol(0.79, 0.2, 0.01), opinion=opinion)
    assert to_latex(first.tree) == latex


def test_it_is_heard_in_the_chances_of_other_labels_too() -> None:
    language = TreeLanguageModel(LABELS, count_trigrams([parse_latex(label) for label in LABELS]))
    search = Search(LABELS, language, replace(Weights(), opinion=1.0))
    opinion = SecondOpinion(Fake(0.0, 1.0), LABELS).of(INK)  # type: ignore[arg-type]
    for decided in ({}, {frozenset({0}): "x"}):  # what a person decided does not hide what the ink says
        first, *_ = search.read(one_symbol(0.6, 0.3, 0.1), 1, decided, opinion)
        (candidates,) = first.alternatives
        assert [candidate.label for candidate in candidates] == ["x", "\\times", "y"]
        assert candidates[0].probability == pytest.approx(0.9, abs=1e-3), "one of those that it knows"
        assert candidates[1].probability == pytest.approx(0.1, abs=1e-3)


def test_what_the_user_decided_outweighs_any_opinion() -> None:
    language = TreeLanguageModel(LABELS, count_trigrams([parse_latex(label) for label in LABELS]))
    search = Search(LABELS, language, replace(Weights(), opinion=1.0))
    opinion = SecondOpinion(Fake(0.99, 0.01), LABELS).of(INK)  # type: ignore[arg-type]
    first, *_ = search.read(one_symbol(0.5, 0.4, 0.1), 1, {frozenset({0}): "\\times"}, opinion)
    assert to_latex(first.tree) == "\\times"


def test_released_readers_share_their_opinions_and_either_works_alone(tmp_path: Any) -> None:
    from inkmath.decoding.expression import StrokeGraphReader, load_expression_reader
    from inkmath.recognizer import Recognizer

    for name in ("expression.onnx", "expression.json"):
        (tmp_path / name).write_bytes((WEIGHTS / name).read_bytes())
    both, alone = Recognizer.load().expressions, Recognizer.load(tmp_path).expressions
    assert isinstance(both, StrokeGraphReader)
    assert isinstance(alone, StrokeGraphReader)
    assert both.opinion is not None
    assert alone.opinion is None
    symbols: Any = SimpleNamespace(labels=both.labels, takes_context=False)
    assert load_expression_reader(tmp_path, symbols).opinion is None, "out of their place it is not asked about symbols"
    minus = Ink.from_points([[[0, 0], [10, 0], [20, 0], [30, 0]]])
    assert [to_latex(reader.read([minus])[0][0].tree) for reader in (both, alone)] == ["-", "-"]


@needs_weights
def test_a_symbol_in_its_formula_is_shown_as_in_training() -> None:
    symbols = load_symbol_reader(WEIGHTS)
    knobs = json.loads((WEIGHTS / "symbol.json").read_text(encoding="utf-8"))["normalize"]
    strokes = [np.array(stroke, np.float32) for stroke in ([[0, 0], [9, 9]], [[9, 0], [0, 9]], [[14, -6], [15, 3]])]
    groups = [(0, 1), (2,)]
    shown = normalize_and_pad_traces([[strokes[index] for index in group] for group in groups], **knobs)
    told = symbols.probabilities(with_context(shown, symbol_contexts(strokes, groups)))
    np.testing.assert_array_equal(symbols.in_formula(strokes, groups), told)
    assert np.abs(told - symbols.probabilities(shown)).max() > 0.01, "size and place say something"
