"""Signs in the place of signs: of the same kind, brackets in pairs, and nothing else touched."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from inkmath.features.expression import RELATIONS
from inkmath.layout.tree import Relation
from inkmath.synthesis.signs import BRACKETS, SIGNS, SignExchange

LABELS = sorted({"a", "1", *SIGNS[0], *SIGNS[1], *(label for pair in BRACKETS for label in pair)})
RIGHT, ABOVE, BELOW, INSIDE = map(RELATIONS.index, (Relation.RIGHT, Relation.ABOVE, Relation.BELOW, Relation.INSIDE))


def drawn(labels: list[str], edges: list[tuple[int, int, int]], seed: int, known: tuple[str, ...] = ()) -> list[str]:
    """The labels after an exchange, from ink of all signs or of those ``known`` only."""
    signs = SignExchange(LABELS, np.array([not known or label in known for label in LABELS]))
    classes = np.array([LABELS.index(label) for label in labels])
    changed = signs.draw(classes, np.array(edges, np.int32).reshape(-1, 3), np.random.default_rng(seed))
    return [LABELS[changed.get(place, number)] for place, number in enumerate(classes.tolist())]


def row(labels: list[str]) -> list[tuple[int, int, int]]:
    return [(at, at + 1, RIGHT) for at in range(len(labels) - 1)]


def test_signs_become_others_of_their_kind_and_brackets_stay_pairs() -> None:
    formula = ["(", "a", "+", "a", ")", "=", "1"]
    seen = Counter[str]()
    for seed in range(200):
        opening, left, operator, right, closing, relation, one = drawn(formula, row(formula), seed)
        assert (left, right, one) == ("a", "a", "1")
        assert (opening, closing) in BRACKETS
        assert operator in SIGNS[0]
        assert relation in SIGNS[1]
        seen.update({opening, operator, relation})
    assert set(seen) == {*SIGNS[0], *SIGNS[1], *(opening for opening, _ in BRACKETS)}


def test_about_half_of_the_signs_are_drawn_anew() -> None:
    formula = ["<", ">"] * 200
    made = drawn(formula, row(formula), 0)
    others = sum(one != other for one, other in zip(made, formula, strict=True)) / len(formula)
    assert others == pytest.approx(0.5 * (1 - 1 / len(SIGNS[1])), abs=0.1)
    brackets = ["[", "]"] * 200
    others = sum(one != "[" for one in drawn(brackets, row(brackets), 0)[::2]) / 200
    assert others == pytest.approx(0.5 * (1 - 1 / len(BRACKETS)), abs=0.1)


@pytest.mark.parametrize(
    ("labels", "edges"),
    [
        pytest.param(["-", "a", "1"], [(0, 1, ABOVE), (0, 2, BELOW)], id="the bar of a fraction"),
        pytest.param(["-", "a", "1"], [(0, 1, INSIDE), (1, 2, RIGHT)], id="a bar over letters"),
        pytest.param(["a", "-", "1", "\\rightarrow"], [(0, 1, ABOVE), (0, 2, RIGHT), (2, 3, ABOVE)], id="accents"),
        pytest.param(["(", "a"], [(0, 1, RIGHT)], id="a bracket that nothing closes"),
        pytest.param(["(", "a", ")"], [(0, 1, RIGHT), (0, 2, ABOVE)], id="brackets on two lines"),
        pytest.param(["(", "a", "]"], [(0, 1, RIGHT), (1, 2, RIGHT)], id="brackets that do not match"),
    ],
)
def test_what_is_no_sign_stays(labels: list[str], edges: list[tuple[int, int, int]]) -> None:
    assert all(drawn(labels, edges, seed) == labels for seed in range(20))


def test_bars_enclose_too() -> None:
    formula = ["|", "a", "|"]
    assert {tuple(drawn(formula, row(formula), seed)[::2]) for seed in range(200)} == set(BRACKETS)


def test_no_sign_is_drawn_that_there_is_no_ink_of() -> None:
    formula = ["(", "a", "+", "a", ")", "=", "1"]
    known = ("(", ")", "+", "-", "=", "a", "1")
    for seed in range(30):
        made = drawn(formula, row(formula), seed, known)
        assert set(made) <= set(known)
