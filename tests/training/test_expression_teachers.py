"""Expression models that a training learns from: what they say of its batches, and which of them cannot."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from released import needs_weights

from inkmath.decoding.expression import load_expression_reader
from inkmath.features.expression import pad, stroke_points
from inkmath.recognizer import WEIGHTS
from inkmath.synthesis import synthesize
from inkmath.training import TrainingError
from inkmath.training.expression_teachers import ExpressionTeachers

if TYPE_CHECKING:
    from pathlib import Path


@needs_weights
def test_a_network_that_teaches_says_what_it_says_when_it_reads() -> None:
    reader = load_expression_reader(WEIGHTS)
    inks = list(synthesize(3, 5, writers=2, max_symbols=8))
    points, mask = pad([stroke_points(ink, reader.points) for ink in inks], multiple=1)
    assert len({len(ink.strokes) for ink in inks}) > 1, "some are padded"
    labels = reader.labels[::-1]
    answer = ExpressionTeachers([str(WEIGHTS)], labels, reader.points)(points, mask)
    assert {part.dtype for part in answer} == {np.dtype(np.float32)}
    for row, scores in enumerate(reader.scores(inks)):
        count = len(scores.root)
        symbol, pair, governor, root = (part[row] for part in answer)
        np.testing.assert_allclose(symbol[:count, ::-1], np.exp(scores.symbol), atol=1e-4)
        np.testing.assert_allclose(pair[:count, :count], np.exp(scores.pair), atol=1e-4)
        np.testing.assert_allclose(governor[:count, :count], np.exp(scores.governor), atol=1e-4)
        np.testing.assert_allclose(root[:count], np.exp(scores.root), atol=1e-4)
        assert not governor[count:].any()


@needs_weights
def test_what_an_expression_model_gives_to_other_labels_is_left_out() -> None:
    reader = load_expression_reader(WEIGHTS)
    points, mask = np.zeros((1, 2, reader.points, 2), np.float32), np.ones((1, 2), np.float32)
    some = ExpressionTeachers([str(WEIGHTS)], reader.labels[:5], reader.points)(points, mask)[0]
    every = ExpressionTeachers([str(WEIGHTS)], reader.labels, reader.points)(points, mask)[0][:, :, :5]
    np.testing.assert_allclose(some, every / every.sum(axis=-1, keepdims=True), rtol=1e-4)


@needs_weights
def test_expression_models_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    labels = load_expression_reader(WEIGHTS).labels
    with pytest.raises(TrainingError, match=r"train_expression\.teachers: .*weights takes 32 points .*not 8"):
        ExpressionTeachers([str(WEIGHTS)], labels, 8)
    with pytest.raises(TrainingError, match=r"train_expression\.teachers: .*weights does not know \\wp; leave it out"):
        ExpressionTeachers([str(WEIGHTS)], [*labels, "\\wp"], 32)
    with pytest.raises(TrainingError, match=r"train_expression\.teachers: .*no such file"):
        ExpressionTeachers([str(tmp_path)], labels, 32)
