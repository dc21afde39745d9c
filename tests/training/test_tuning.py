"""What the search learns on validation: how much language counts, and how sure a reading may be."""

from __future__ import annotations

import numpy as np
import pytest

from inkmath.decoding.language import TreeLanguageModel, count_bigrams
from inkmath.decoding.readout import Scores
from inkmath.decoding.search import Search
from inkmath.features.expression import PAIR_LABELS, RELATIONS
from inkmath.layout.latex import parse_latex
from inkmath.layout.tree import Relation
from inkmath.training.tuning import LANGUAGE, tune

LABELS = ("x", "X", "y")
RIGHT = RELATIONS.index(Relation.RIGHT)


def in_a_row(*strokes: tuple[float, float, float]) -> Scores:
    """The network's answer to strokes one behind the other, with the probabilities of their classes."""
    count = len(strokes)
    pair = np.full((count, count, len(PAIR_LABELS)), 1e-3)
    pair[..., 0] = 0.99
    governor, root = np.full((count, count, len(RELATIONS)), 1e-4), np.full(count, 1e-3)
    root[0] = 0.99
    for stroke in range(1, count):
        governor[stroke - 1, stroke, RIGHT] = 0.99
        pair[stroke - 1, stroke] = 1e-3
        pair[stroke - 1, stroke, RIGHT + 2] = 0.99
    return Scores(np.log(np.array(strokes)), np.log(pair), np.log(governor), np.log(root))


CLEAR = in_a_row((0.97, 0.02, 0.01), (0.01, 0.01, 0.98))
DOUBTFUL = in_a_row((0.49, 0.5, 0.01), (0.01, 0.01, 0.98))


def language(*formulas: str) -> TreeLanguageModel:
    return TreeLanguageModel(LABELS, count_bigrams(map(parse_latex, formulas)))


def confidence(weights: object, scores: Scores) -> float:
    search = Search(LABELS, language("x y"), weights)  # type: ignore[arg-type]
    return search.read(scores)[0].confidence


def test_the_language_model_counts_when_it_helps() -> None:
    tuned = tune([CLEAR, DOUBTFUL], ["x y", "x y"], LABELS, language(*["x y"] * 50, "X"))
    assert tuned.tried.keys() == set(LANGUAGE)
    assert tuned.tried[0.0] == 0.5
    assert tuned.exprate == 1.0
    assert tuned.weights.language > 0


def test_doubtful_readings_get_less_confidence() -> None:
    tuned = tune([CLEAR, DOUBTFUL] * 20, ["x y", "x y"] * 20, LABELS, language("y"))
    assert confidence(tuned.weights, CLEAR) > 0.8
    assert confidence(tuned.weights, DOUBTFUL) < confidence(tuned.weights, CLEAR) - 0.2


def test_wrong_readings_of_bent_ink_and_of_scribble_lower_confidence() -> None:
    truths = ["x y", "x y"] * 20
    plain = tune([CLEAR, DOUBTFUL] * 20, truths, LABELS, language("y"))
    # In stranger hands half of what looks clear is wrong.
    strange = tune(
        [CLEAR, DOUBTFUL] * 20, truths, LABELS, language("y"), bent=[CLEAR, in_a_row((0.02, 0.97, 0.01))] * 20
    )
    scribbled = tune([CLEAR, DOUBTFUL] * 20, truths, LABELS, language("y"), scribbles=[CLEAR] * 20)
    before = confidence(plain.weights, CLEAR)
    assert confidence(strange.weights, CLEAR) < before - 0.02
    assert confidence(scribbled.weights, CLEAR) < before - 0.02


@pytest.mark.parametrize("truth", ["x y", "y"])
def test_with_nothing_to_compare_the_usual_confidence_stays(truth: str) -> None:
    tuned = tune([CLEAR], [truth], LABELS, language("x y"))
    assert tuned.weights.confidence == type(tuned.weights)().confidence
