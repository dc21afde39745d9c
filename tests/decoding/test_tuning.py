"""What the search learns on validation: how much language counts, and how sure a reading may be."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from inkmath.decoding import tuning
from inkmath.decoding.expression import prepared
from inkmath.decoding.language import TreeLanguageModel, count_trigrams
from inkmath.decoding.lines import LineModel
from inkmath.decoding.readout import Scores
from inkmath.decoding.search import Search, Weights
from inkmath.decoding.tuning import (
    COPIES,
    LANGUAGE,
    OPINION,
    Answer,
    bent,
    in_stranger_hands,
    scribbles,
    searches,
    tune,
    tune_reader,
    unaware,
    unseen,
)
from inkmath.features.expression import PAIR_LABELS, RELATIONS, FormulaSet
from inkmath.ink import Ink
from inkmath.layout.latex import parse_latex
from inkmath.layout.tree import Edge, LayoutTree, Relation, Symbol
from inkmath.synthesis import synthesize

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from inkmath.decoding.opinion import Opinion

LABELS = ("x", "X", "y")
RIGHT = RELATIONS.index(Relation.RIGHT)


def in_a_row(*strokes: tuple[float, float, float]) -> Answer:
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
    return Answer(Scores(np.log(np.array(strokes)), np.log(pair), np.log(governor), np.log(root)))


CLEAR = in_a_row((0.97, 0.02, 0.01), (0.01, 0.01, 0.98))
DOUBTFUL = in_a_row((0.49, 0.5, 0.01), (0.01, 0.01, 0.98))


def language(*formulas: str) -> TreeLanguageModel:
    return TreeLanguageModel(LABELS, count_trigrams(map(parse_latex, formulas)))


def confidence(weights: object, answer: Answer) -> float:
    search = Search(LABELS, language("x y"), weights)  # type: ignore[arg-type]
    return search.read(answer.scores)[0].confidence


def test_the_language_model_counts_when_it_helps() -> None:
    tuned = tune([CLEAR, DOUBTFUL], ["x y", "x y"], LABELS, language(*["x y"] * 50, "X"))
    assert {factor for factor, _ in tuned.tried} == set(LANGUAGE)
    assert tuned.tried[0.0, Weights().opinion] == 0.5
    assert tuned.exprate == 1.0
    assert tuned.weights.language > 0


def test_a_second_opinion_counts_when_it_helps() -> None:
    def opinion(chance: float) -> Opinion:
        return lambda groups: np.log(np.tile([chance, 1 - chance - 0.01, 0.01], (len(groups), 1)))

    blind = in_a_row((0.3, 0.69, 0.01))
    for chance in (0.9, 0.1):
        told = replace(blind, opinion=opinion(chance))
        truth = "x" if chance > 0.5 else "X"
        tuned = tune([told], [truth], LABELS, language("y"))
        assert {share for _, share in tuned.tried} == set(OPINION)
        assert tuned.exprate == 1.0
    misled = replace(blind, opinion=opinion(0.9))
    tuned = tune([misled], ["X"], LABELS, language("y"))
    assert tuned.weights.opinion < 0.4


def test_heights_count_as_they_do_in_all_searches() -> None:
    stands = (("x", 0.6, 0.0), ("X", 1.0, 0.0), ("y", 0.6, -0.4))
    measures = {
        "symbols": {label: [9, top, bottom, 0.02, 0.0, 0.02] for label, top, bottom in stands},
        "scripts": {},
        "root": [1.4, 0.4],
        "usual": 0.8,
    }
    low = Answer(replace(DOUBTFUL.scores, extents=np.array([(0.4, 1.0), (0.4, 1.4)])))
    for lines, exprate in ((None, 0.0), (LineModel(LABELS, measures), 1.0)):
        assert tune([low], ["x y"], LABELS, language("y"), lines=lines).exprate == exprate


def test_a_reader_is_tuned_to_ink_as_written_and_bent_and_to_scribble(monkeypatch: pytest.MonkeyPatch) -> None:
    """By language to which the text of validation is new, and for confidence to those alone that are."""
    texts, asked = ["x y", "X X"], list[Ink]()
    counts = count_trigrams(map(parse_latex, texts))
    strokes = [[[0.0, 0.0], [5.0, 5.0]], [[6.0, 0.0], [7.0, 3.0]]]
    inks = [Ink.from_points(strokes, id=text, tree=parse_latex(text)) for text in ("x y", "X y")]

    def scores(some: list[Ink]) -> list[Scores]:
        asked.extend(some)
        return [CLEAR.scores] * len(some)

    reader: Any = SimpleNamespace(
        labels=LABELS,
        scores=scores,
        opinion=SimpleNamespace(of=lambda ink: ink.id),
        search=SimpleNamespace(lines="how they run", language=language(*texts)),
    )
    monkeypatch.setattr(tuning, "tune", lambda *given: given)
    given: Any = tune_reader(reader, inks, counts, set(texts))
    answers, truths, labels, known, strange, nonsense, fresh, lines, _ = given
    assert [one.opinion for one in answers] == truths == ["x y", "X y"]
    assert [one.opinion for one in strange] == truths * COPIES
    assert len(nonsense) == len(scribbles())
    assert {id(ink) for ink in inks} < {id(ink) for ink in asked}
    assert all(prepared(ink) is ink for ink in asked), "what is read is prepared, too"
    assert len(asked) == len(answers) + len(strange) + len(nonsense)
    assert (known.edge == language("X X").edge).all()
    assert (labels, fresh, lines) == (LABELS, [1], "how they run")


def test_every_search_is_told_of() -> None:
    def undecided(groups: list[tuple[int, ...]]) -> NDArray[np.float64]:
        return np.full((len(groups), len(LABELS)), np.log(1 / 3))

    for opinion in (None, SimpleNamespace(of=lambda ink: undecided)):
        reader: Any = SimpleNamespace(
            labels=LABELS,
            scores=lambda some: [CLEAR.scores] * len(some),
            opinion=opinion,
            search=SimpleNamespace(lines=None, language=language("x y")),
        )
        ink = Ink.from_points([[[0.0, 0.0], [5.0, 5.0]], [[6.0, 0.0], [7.0, 3.0]]], tree=parse_latex("x y"))
        told: list[int] = []
        tune_reader(reader, [ink], count_trigrams([parse_latex("x y")]), set(), told.append)
        assert sum(told) == searches(reader, [ink]) > 0


def test_language_is_weighed_as_if_the_text_of_validation_were_new() -> None:
    texts = ["x y", "X y x", "x X"]
    counts, inks = count_trigrams(map(parse_latex, texts)), [Ink((), tree=parse_latex(text)) for text in ("x y", "X y")]
    innocent = unaware(LABELS, counts, inks, set(texts))
    assert (innocent.edge == language("X y x", "x X").edge).all(), "X y was not learned, only a longer text that has it"
    assert (unaware(LABELS, counts, [], set(texts)).edge == language(*texts).edge).all()


def test_formulas_that_training_has_as_text_are_left_out_unless_few_others_remain() -> None:
    assert unseen(["a", "b", "c"], {"b"}) == [0, 2]
    assert unseen(["a"] * 19 + ["b"], {"a"}) == list(range(20))
    assert unseen(["a"] * 9 + ["b"], {"a"}) == [9], "a tenth is not few"


def test_confidence_is_fitted_to_what_the_network_cannot_know() -> None:
    """Every second formula looks clear and is right; of the others, as clear, half are wrong."""
    wrong = in_a_row((0.02, 0.97, 0.01), (0.01, 0.01, 0.98))
    answers, truths = [CLEAR, CLEAR, CLEAR, wrong] * 10, ["x y"] * 40
    everything = tune(answers, truths, LABELS, language("y"))
    new = tune(answers, truths, LABELS, language("y"), fresh=range(1, 40, 2))
    assert confidence(new.weights, CLEAR) < confidence(everything.weights, CLEAR) - 0.1


def test_bent_copies_of_what_is_new_are_part_of_that() -> None:
    wrong = in_a_row((0.02, 0.97, 0.01), (0.01, 0.01, 0.98))
    answers, truths = [CLEAR, wrong] * 10, ["x y", "X y"] * 10  # all right, as written
    strange = [wrong, wrong] * 10  # but each first one wrong in stranger hands
    first, second = (
        tune(answers, truths, LABELS, language("y"), bent=strange, scribbles=[wrong], fresh=range(place, 20, 2))
        for place in (0, 1)
    )
    assert confidence(first.weights, wrong) < confidence(second.weights, wrong) - 0.1


def test_many_bent_copies_count_no_more_than_one_of_each() -> None:
    """Language gives three formulas as written and takes one in stranger hands, however many copies there are."""
    misread = in_a_row((0.97, 0.02, 0.01), (0.01, 0.01, 0.98))
    answers, truths = [DOUBTFUL, DOUBTFUL, DOUBTFUL, misread], ["x y", "x y", "x y", "X y"]
    tuned = tune(answers, truths, LABELS, language(*["x y"] * 50, "X"), bent=[CLEAR, CLEAR, CLEAR, DOUBTFUL] * 9)
    assert tuned.weights.language > 0
    assert tuned.tried[0.0, Weights().opinion] == 0.0, "of ink as written, though without language all copies are right"


def test_bent_formulas_are_the_same_formulas_in_other_ink() -> None:
    sound = FormulaSet.from_inks(synthesize(8, 6, max_symbols=8), ["valid"] * 8, 8)
    after, again, more = bent(sound), bent(sound), bent(sound, strength=4.0)
    assert after.latex.tolist() == sound.latex.tolist()
    assert (after.points == again.points).all()
    moved, farther = (np.abs(one.points - bent(sound, strength=0.0).points).mean() for one in (after, more))
    assert 0 < moved < farther


def test_ink_in_stranger_hands_says_the_same() -> None:
    inks = list(synthesize(3, 4, max_symbols=8))
    strange = in_stranger_hands(inks, copies=2)
    assert [len(one.strokes) for one in strange] == [len(one.strokes) for one in [*inks, *inks]]
    assert [one.tree for one in strange] == [one.tree for one in [*inks, *inks]]
    assert (strange[0].strokes[0] != strange[3].strokes[0]).any(), "each copy is bent its own way"
    assert in_stranger_hands([]) == []
    assert all(np.isfinite(stroke).all() for ink in [*strange, *scribbles(5)] for stroke in ink.strokes)


def test_ink_that_is_labelled_in_part_is_bent_too() -> None:
    tree = LayoutTree(
        (Symbol("x"), Symbol("+"), Symbol("y", (0,)), Symbol("2", (1,))),
        (Edge(0, 1, Relation.RIGHT), Edge(1, 2, Relation.RIGHT), Edge(2, 3, Relation.SUP)),
    )
    (strange,) = in_stranger_hands([Ink.from_points([[[0, 0], [5, 5]], [[6, 0], [7, 3]]], tree=tree)], copies=1)
    assert [len(stroke) > 0 for stroke in strange.strokes] == [True, True]


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
    again = tune([CLEAR, DOUBTFUL] * 20, truths, LABELS, language("y"), bent=[CLEAR, in_a_row((0.02, 0.97, 0.01))] * 60)
    scribbled = tune([CLEAR, DOUBTFUL] * 20, truths, LABELS, language("y"), scribbles=[CLEAR] * 20)
    before = confidence(plain.weights, CLEAR)
    assert confidence(strange.weights, CLEAR) < before - 0.02
    assert confidence(again.weights, CLEAR) == pytest.approx(confidence(strange.weights, CLEAR), abs=1e-3)
    assert confidence(scribbled.weights, CLEAR) < before - 0.02


@pytest.mark.parametrize("truth", ["x y", "y"])
def test_with_nothing_to_compare_the_usual_confidence_stays(truth: str) -> None:
    tuned = tune([CLEAR], [truth], LABELS, language("x y"))
    assert tuned.weights == Weights(language=LANGUAGE[0]), "and language counts no more than it has to"
