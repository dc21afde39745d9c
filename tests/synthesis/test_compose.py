"""New formulas from old ones: labels and layout stay whole, the ink stays in place, nothing leaks from other splits."""

from __future__ import annotations

from collections import Counter
from dataclasses import fields, replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inkmath.features.expression import IGNORE, RELATIONS, SAME, FormulaSet
from inkmath.ink import Ink
from inkmath.layout.accents import accent_of, spanning_of
from inkmath.layout.latex import parse_latex
from inkmath.layout.symbols import PRIME
from inkmath.layout.tree import Edge, LayoutTree, Relation, Symbol
from inkmath.synthesis import synthesize
from inkmath.synthesis.compose import STRETCHED, Composer, Composition, Mix
from inkmath.synthesis.stance import LETTERS
from inkmath.synthesis.style import Writer
from inkmath.synthesis.typeset import typeset

NOTHING = {field.name: 0.0 for field in fields(Mix)}
STILL = Mix(**NOTHING)
RIGHT = RELATIONS.index(Relation.RIGHT)


@pytest.fixture(scope="module")
def formulas() -> FormulaSet:
    return FormulaSet.from_inks(synthesize(12, 5, writers=4, max_symbols=12), ["train"] * 12, 8)


@pytest.fixture(scope="module")
def classes(formulas: FormulaSet) -> list[str]:
    return sorted(set(formulas.labels.tolist()))


def by_six_hands(one: str, other: str) -> FormulaSet:
    """Two formulas of LaTeX, each written by three hands."""
    latex = [one, other] * 3
    written = [typeset(parse_latex(text), Writer([at]), np.random.default_rng(at)) for at, text in enumerate(latex)]
    inks = [Ink(strokes, id=f"{at}", tree=tree) for at, (strokes, tree) in enumerate(written)]
    return FormulaSet.from_inks(inks, ["train"] * len(inks), 8)


def composer(formulas: FormulaSet, classes: list[str], **mix: float) -> Composer:
    return Composer(formulas, classes, Mix(**NOTHING | mix))


def tree_of(made: Composition, classes: list[str]) -> LayoutTree:
    """The layout tree of a composition: that there is one is a property worth testing by itself."""
    symbols = []
    for number in range(int(made.symbol_of.max()) + 1):
        strokes = np.flatnonzero(made.symbol_of == number)
        (label,) = set(made.classes[strokes].tolist())  # all strokes of a symbol say the same class
        symbols.append(Symbol(classes[label], tuple(strokes.tolist())))
    return LayoutTree(tuple(symbols), tuple(Edge(p, c, RELATIONS[r]) for p, c, r in made.edges.tolist()))


def edges_by_label(tree: LayoutTree) -> Counter[tuple[str, str, str]]:
    return Counter((tree.symbols[e.parent].label, e.relation.value, tree.symbols[e.child].label) for e in tree.edges)


def test_left_alone_a_formula_is_itself(formulas: FormulaSet, classes: list[str]) -> None:
    made = Composer(formulas, classes, STILL).draw(2, True, np.random.default_rng(0))
    assert tree_of(made, classes) == formulas.tree(2)
    assert made.points == pytest.approx(formulas.strokes(2), abs=1e-4)


@settings(max_examples=40)
@given(st.integers(0, 11), st.booleans(), st.integers(0, 2**32 - 1))
def test_whatever_is_done_the_result_is_a_formula(
    formulas: FormulaSet, classes: list[str], number: int, whole: bool, seed: int
) -> None:
    often = dict.fromkeys(("sign", "prime", "graft", "respace", "join", "swap", "shuffle", "lift"), 0.6)
    made = composer(formulas, classes, exchange=1.0, **often).draw(number, whole, np.random.default_rng(seed))
    tree = tree_of(made, classes)
    assert sorted(stroke for symbol in tree.symbols for stroke in symbol.strokes) == list(range(len(made.points)))
    assert np.isfinite(made.points).all()
    assert made.points.dtype == np.float32


@settings(max_examples=25)
@given(st.integers(0, 11), st.integers(0, 2**32 - 1))
def test_exchange_and_order_keep_every_label_and_relation(
    formulas: FormulaSet, classes: list[str], number: int, seed: int
) -> None:
    made = composer(formulas, classes, exchange=1.0, swap=0.5, shuffle=0.5).draw(
        number, True, np.random.default_rng(seed)
    )
    before, after = formulas.tree(number), tree_of(made, classes)
    assert before is not None
    assert [symbol.label for symbol in after.symbols] == [symbol.label for symbol in before.symbols]
    assert set(after.edges) == set(before.edges)


@settings(max_examples=25)
@given(st.integers(0, 11), st.integers(0, 2**32 - 1))
def test_a_part_is_a_stretch_of_a_line_with_all_that_hangs_on_it(
    formulas: FormulaSet, classes: list[str], number: int, seed: int
) -> None:
    part = tree_of(Composer(formulas, classes, STILL).draw(number, False, np.random.default_rng(seed)), classes)
    whole = formulas.tree(number)
    assert whole is not None
    assert not edges_by_label(part) - edges_by_label(whole)
    assert not Counter(s.label for s in part.symbols) - Counter(s.label for s in whole.symbols)
    for symbol in part.walk():
        # A symbol is taken with every script: only a line may end early, and only the outermost one.
        if symbol not in set(part.line(part.root)):
            continue
        scripts = {r: part.symbols[c].label for r, c in part.children[symbol].items() if r is not Relation.RIGHT}
        assert any(
            whole.symbols[i].label == part.symbols[symbol].label
            and {r: whole.symbols[c].label for r, c in table.items() if r is not Relation.RIGHT} == scripts
            for i, table in enumerate(whole.children)
        )


def test_parts_differ_from_draw_to_draw(formulas: FormulaSet, classes: list[str]) -> None:
    still, rng = Composer(formulas, classes, STILL), np.random.default_rng(1)
    assert len({len(still.draw(0, False, rng).symbol_of) for _ in range(30)}) > 2


def boxes(made: Composition) -> np.ndarray:
    """Centre and size of each symbol, ``(K, 4)``, in units of how far the centres spread, around their middle."""
    strokes = [made.points[made.symbol_of == number] for number in range(int(made.symbol_of.max()) + 1)]
    low = np.stack([one.min(axis=(0, 1)) for one in strokes])
    high = np.stack([one.max(axis=(0, 1)) for one in strokes])
    centre = (low + high) / 2 - ((low + high) / 2).mean(axis=0)
    return np.asarray(np.concatenate([centre, high - low], axis=1) / np.sqrt((centre**2).sum(axis=1).mean()))


def test_an_exchanged_symbol_stands_where_the_old_one_stood(formulas: FormulaSet, classes: list[str]) -> None:
    changed = 0
    for number, seed in product(range(len(formulas)), range(3)):
        before = boxes(Composer(formulas, classes, STILL).draw(number, True, np.random.default_rng(0)))
        after = boxes(composer(formulas, classes, exchange=1.0).draw(number, True, np.random.default_rng(seed)))
        assert after[:, :2] == pytest.approx(before[:, :2], abs=1e-3)
        assert (after[:, 2:] < 4 * before[:, 2:] + 0.2).all()
        changed += int((np.abs(after - before) > 1e-3).any(axis=1).sum())
    assert changed > 5


def test_a_fraction_bar_keeps_its_length_whoever_writes_it() -> None:
    # A short bar takes the place of a long one: it is stretched to it. Letters keep their proportions.
    assert "-" in STRETCHED
    tree = LayoutTree((Symbol("-", (0,)), Symbol("x", (1,))), (Edge(0, 1, Relation.BELOW),))
    inks = [Ink.from_points([[[0, 0], [long, 0]], [[0, 5], [10, 15]]], tree=tree) for long in (10, 100)]
    formulas = FormulaSet.from_inks(inks, ["train", "train"], 8)
    drawn = [
        boxes(composer(formulas, ["-", "x"], exchange=1.0).draw(1, True, np.random.default_rng(seed)))
        for seed in range(12)
    ]
    assert {round(float(one[0, 2]), 3) for one in drawn} == {round(float(drawn[0][0, 2]), 3)}


def test_joined_formulas_stand_on_one_line_without_overlap(formulas: FormulaSet, classes: list[str]) -> None:
    made = composer(formulas, classes, join=1.0).draw(0, True, np.random.default_rng(4))
    first = formulas.tree(0)
    assert first is not None
    count, tree = len(first.symbols), tree_of(made, classes)
    assert len(tree.symbols) > count
    (bridge,) = [edge for edge in tree.edges if edge.parent < count <= edge.child]
    assert bridge.relation is Relation.RIGHT
    assert bridge.parent in set(tree.line(tree.root))
    left, right = made.points[made.symbol_of < count], made.points[made.symbol_of >= count]
    assert left[..., 0].max() < right[..., 0].min()


def test_joined_formulas_stand_on_the_line_that_their_letters_stand_on() -> None:
    """x and p hang differently: the one is not written half way up the other."""

    def letter(label: str, top: float, bottom: float, name: str) -> Ink:
        strokes = [[(0.0, top), (6.0, bottom)], [(10.0, -10.0), (16.0, 0.0)]]
        tree = LayoutTree((Symbol(label, (0,)), Symbol("2", (1,))), (Edge(0, 1, Relation.RIGHT),))
        return Ink.from_points(strokes, id=name, tree=tree)

    small = [letter("x", -6, 0, f"x {number}") for number in range(6)]
    hanging = [letter("p", -6, 6, f"p {number}") for number in range(6)]
    formulas = FormulaSet.from_inks([*small, *hanging], ["train"] * 12, 8)
    for number, seed in product((0, 6), range(20)):
        made = composer(formulas, ["2", "p", "x"], join=1.0).draw(number, True, np.random.default_rng(seed))
        boxes = [made.points[made.symbol_of == one][..., 1] for one in range(int(made.symbol_of.max()) + 1)]
        kinds = [int(made.classes[made.symbol_of == one][0]) for one in range(len(boxes))]
        feet = [
            float(box.max()) - (0.5 if kind == 1 else 0.0) * float(np.ptp(box))
            for box, kind in zip(boxes, kinds, strict=True)
        ]
        assert np.ptp(feet) < 0.35 * np.ptp(boxes[1])


def test_shuffling_disturbs_the_order_and_nothing_else(formulas: FormulaSet, classes: list[str]) -> None:
    made = composer(formulas, classes, shuffle=1.0).draw(1, True, np.random.default_rng(2))
    still = Composer(formulas, classes, STILL).draw(1, True, np.random.default_rng(2))
    assert made.symbol_of.tolist() != still.symbol_of.tolist()
    assert boxes(made) == pytest.approx(boxes(still), abs=1e-4)


def test_where_two_symbols_change_places_the_order_is_not_lost_besides(
    formulas: FormulaSet, classes: list[str]
) -> None:
    one, other = (
        composer(formulas, classes, swap=1.0, shuffle=shuffle).draw(1, True, np.random.default_rng(2))
        for shuffle in (0.0, 1.0)
    )
    assert one.symbol_of.tolist() == other.symbol_of.tolist()


def test_strokes_of_a_symbol_keep_their_order_when_writing_is_shuffled(
    formulas: FormulaSet, classes: list[str]
) -> None:
    made = composer(formulas, classes, shuffle=1.0).draw(1, True, np.random.default_rng(2))
    still = Composer(formulas, classes, STILL).draw(1, True, np.random.default_rng(2))
    for number in range(int(made.symbol_of.max()) + 1):
        one, other = made.points[made.symbol_of == number], still.points[still.symbol_of == number]
        assert one == pytest.approx(other, abs=1e-4)


def test_the_same_seed_draws_the_same_formula(formulas: FormulaSet, classes: list[str]) -> None:
    everything = composer(formulas, classes, exchange=1.0, join=1.0, swap=1.0)
    one, again, other = (everything.draw(3, False, np.random.default_rng(seed)) for seed in (8, 8, 9))
    for name in ("points", "symbol_of", "classes", "edges"):
        assert (getattr(one, name) == getattr(again, name)).all()
    assert one.points.shape != other.points.shape or (one.points != other.points).any()


def test_pairs_follow_from_symbols_and_relations(formulas: FormulaSet, classes: list[str]) -> None:
    made = Composer(formulas, classes, STILL).draw(0, True, np.random.default_rng(0))
    for i, j in np.ndindex(made.pairs.shape):
        together = made.symbol_of[i] == made.symbol_of[j]
        assert (made.pairs[i, j] == IGNORE) == (i == j)
        assert (made.pairs[i, j] == SAME) == (together and i != j)


@pytest.mark.parametrize("split", ["valid", "test", ""])
def test_formulas_of_another_split_are_refused(split: str) -> None:
    inks = list(synthesize(3, 5, max_symbols=8))
    mixed = FormulaSet.from_inks(inks, ["train", "train", split], 8)
    with pytest.raises(ValueError, match="only formulas of the training split"):
        Composer(mixed, sorted(set(mixed.labels.tolist())), Mix())


def test_all_ink_that_is_drawn_is_training_ink(formulas: FormulaSet, classes: list[str]) -> None:
    """Every symbol of a composition is, but for place and proportion, a symbol of the training set."""

    def shape(strokes: np.ndarray) -> bytes:
        low, high = strokes.min(axis=(0, 1)), strokes.max(axis=(0, 1))
        size = np.where(high - low > 1e-3, high - low, 1.0)
        return np.asarray(((strokes - low) / size).round(1), np.float32).tobytes()

    everything = composer(formulas, classes, exchange=1.0, join=1.0)
    known = {shape(formulas.points[rows]) for rows in everything.ink.rows}
    strange = total = 0
    for seed in range(10):
        made = everything.draw(seed, True, np.random.default_rng(seed))
        for number in range(int(made.symbol_of.max()) + 1):
            total += 1
            strange += shape(made.points[made.symbol_of == number]) not in known
    assert strange < 0.1 * total, "rounding may fall either way, in few of them"


def test_case_changes_for_all_letters_of_a_kind_and_size_with_it() -> None:
    def line(*letters: tuple[str, float], name: str) -> Ink:
        strokes = [[[10.0 * at, -height], [10.0 * at + 6, 0.0]] for at, (_, height) in enumerate(letters)]
        symbols = tuple(Symbol(label, (at,)) for at, (label, _) in enumerate(letters))
        edges = tuple(Edge(at, at + 1, Relation.RIGHT) for at in range(len(letters) - 1))
        return Ink.from_points(strokes, id=name, tree=LayoutTree(symbols, edges))

    inks = [line(("x", 6), ("+", 6), ("x", 6), name="small"), line(("X", 9), ("+", 6), name="large")]
    formulas = FormulaSet.from_inks(inks, ["train"] * 2, 8)
    case = composer(formulas, ["+", "X", "x"], case=1.0)
    seen: Counter[str] = Counter()
    for seed in range(30):
        made = case.draw(0, True, np.random.default_rng(seed))
        labels = [symbol.label for symbol in tree_of(made, ["+", "X", "x"]).symbols]
        seen[" ".join(labels)] += 1
        heights = np.ptp(made.points[..., 1], axis=1)[np.argsort(made.points[..., 0].min(axis=1))]
        assert heights[0] > 1.1 * heights[1] if labels[0] == "X" else heights[0] == pytest.approx(heights[1], rel=0.05)
    assert set(seen) == {"x + x", "X + X"}


def test_other_letters_take_the_place_of_letters_and_nothing_else_changes(
    formulas: FormulaSet, classes: list[str]
) -> None:
    mixed = composer(formulas, classes, relabel=1.0)
    changed = 0
    for number in range(len(formulas)):
        before, made = formulas.tree(number), mixed.draw(number, True, np.random.default_rng(number))
        after = tree_of(made, classes)
        assert before is not None
        assert set(after.edges) == set(before.edges)
        for old, new in zip(before.symbols, after.symbols, strict=True):
            assert old.label == new.label or {old.label, new.label} <= LETTERS
            changed += old.label != new.label
    assert changed > 3


def written(*labels: str, name: str, edges: tuple[Edge, ...] | None = None) -> Ink:
    """Slanted strokes of one size, one a symbol, in a row unless edges say otherwise."""
    strokes = [[[10.0 * at, -8.0], [10.0 * at + 6, 0.0]] for at in range(len(labels))]
    line = tuple(Edge(at, at + 1, Relation.RIGHT) for at in range(len(labels) - 1))
    symbols = tuple(Symbol(label, (at,)) for at, label in enumerate(labels))
    return Ink.from_points(strokes, id=name, tree=LayoutTree(symbols, line if edges is None else edges))


def test_all_that_is_exchanged_is_in_one_hand() -> None:
    """Each writer draws all letters with a number of corners of their own, so the ink tells whose it is."""

    def by(writer: str, teeth: int) -> Ink:
        zigzag = [[x * 8.0 / teeth, -8.0 * (x % 2)] for x in range(teeth + 1)]
        strokes = [[[10.0 * at + x, y] for x, y in zigzag] for at in range(3)]
        symbols = tuple(Symbol(label, (at,)) for at, label in enumerate(("a", "+", "b")))
        edges = (Edge(0, 1, Relation.RIGHT), Edge(1, 2, Relation.RIGHT))
        return Ink.from_points(strokes, id=writer, writer=writer, tree=LayoutTree(symbols, edges))

    teeth = (1, 3, 5, 7)
    formulas = FormulaSet.from_inks([by(f"writer {many}", many) for many in teeth], ["train"] * len(teeth), 32)

    def hands(made: Composition) -> list[int]:
        turns = np.diff(np.sign(np.diff(made.points[..., 1], axis=1)), axis=1) != 0
        return [int(turned) for turned in turns.sum(axis=1)]

    for knobs in ({"exchange": 1.0}, {"exchange": 1.0, "relabel": 1.0}, {"relabel": 1.0}):
        seen = set()
        for seed in range(20):
            made = composer(formulas, ["+", "a", "b"], hand=1.0, **knobs).draw(0, True, np.random.default_rng(seed))
            (hand,) = set(hands(made))
            seen.add(hand)
        assert len(seen) == (len(teeth) if "exchange" in knobs else 1), "what is not exchanged stays in its own hand"
    mixed = [
        composer(formulas, ["+", "a", "b"], exchange=1.0).draw(0, True, np.random.default_rng(seed))
        for seed in range(20)
    ]
    assert max(len(set(hands(made))) for made in mixed) > 1


def test_letters_of_a_kind_become_of_a_kind_or_each_its_own() -> None:
    inks = [written("x", "+", "x", "+", "x", name="formula"), written("a", "b", "c", "d", name="others")]
    formulas = FormulaSet.from_inks(inks, ["train"] * 2, 8)
    classes = sorted(set(formulas.labels.tolist()))
    mixed, kinds = composer(formulas, classes, relabel=1.0), Counter[int]()
    for seed in range(200):
        letters = mixed.draw(0, True, np.random.default_rng(seed)).classes[[0, 2, 4]]
        fresh = [classes[one] for one in letters if classes[one] != "x"]
        if len(fresh) == 3:
            kinds[len(set(fresh))] += 1
    assert kinds[1] > 5
    assert kinds[2] + kinds[3] > 5


def test_another_sign_is_as_large_and_stands_where_the_old_one_stood() -> None:
    def sum_of(sign: str, width: float, height: float) -> Ink:
        middle = [(20, 5 - height / 2), (20 + width, 5 + height / 2)]
        strokes = [[(0.0, 0.0), (10.0, 10.0)], middle, [(50.0, 0.0), (60.0, 10.0)]]
        symbols = tuple(Symbol(label, (at,)) for at, label in enumerate(("1", sign, "2")))
        edges = (Edge(0, 1, Relation.RIGHT), Edge(1, 2, Relation.RIGHT))
        return Ink.from_points(strokes, id=sign, tree=LayoutTree(symbols, edges))

    formulas = FormulaSet.from_inks([sum_of("-", 20, 0), sum_of("+", 10, 10)], ["train"] * 2, 8)
    mixed, seen = composer(formulas, ["+", "-", "1", "2"], sign=1.0), set()
    for number, seed in product(range(2), range(20)):
        made = mixed.draw(number, True, np.random.default_rng(seed))
        seen.add(int(made.classes[1]))
        before = Composer(formulas, ["+", "-", "1", "2"], STILL).draw(number, True, np.random.default_rng(0))
        assert np.ptp(made.points[1], axis=0).max() == pytest.approx(np.ptp(before.points[1], axis=0).max(), rel=0.05)
        assert made.points[1].mean(axis=0) == pytest.approx(before.points[1].mean(axis=0), abs=0.05)
    assert seen == {0, 1}


def test_a_prime_stands_at_a_letter_and_the_rest_makes_room() -> None:
    inks = [written("f", "(", "1", ")", name="formula"), written(PRIME, name="prime")]
    formulas = FormulaSet.from_inks(inks, ["train"] * 2, 8)
    classes = sorted(set(formulas.labels.tolist()))
    for seed in range(20):
        made = composer(formulas, classes, prime=1.0).draw(0, True, np.random.default_rng(seed))
        tree = tree_of(made, classes)
        assert [symbol.label for symbol in tree.symbols] == ["f", "(", "1", ")", PRIME]
        assert tree.children[0] == {Relation.RIGHT: 1, Relation.SUP: 4}
        letter, bracket, prime = (made.points[made.symbol_of == number] for number in (0, 1, 4))
        assert letter[..., 0].max() <= prime[..., 0].min()
        assert prime[..., 0].max() <= bracket[..., 0].min()
        assert prime[..., 1].min() <= letter[..., 1].min() + 1e-4
        assert made.symbol_of.tolist() == [0, 4, 1, 2, 3], "it is written right after its letter"


def test_accents_stand_over_letters_with_nothing_above() -> None:
    formulas = by_six_hands(r"x + \frac { a } { x } \bar { y } i", r"\hat { u } \rightarrow 1 . 2")
    classes = sorted(set(formulas.labels.tolist()))
    before = formulas.tree(0)
    assert before is not None
    found, together = Counter[str](), 0
    for seed in range(120):
        made = composer(formulas, classes, accent=1.0).draw(0, True, np.random.default_rng(seed))
        tree = tree_of(made, classes)
        if any(spanning_of(tree, place) for place in range(len(tree.symbols))):
            continue
        assert edges_by_label(before) <= edges_by_label(tree)
        accents = [(place, accent_of(tree, place)) for place in range(len(tree.symbols))]
        assert {tree.symbols[place].label for place, accent in accents if accent} <= {"x", "a", "y"}
        assert accents[[symbol.label for symbol in tree.symbols].index("y")][1] == "\\bar", "it has one already"
        found.update(accent for place, accent in accents if accent and tree.symbols[place].label != "y")
        together += sum(accent is not None for place, accent in accents if tree.symbols[place].label == "x") == 2
        for place, accent in accents:
            if accent is None:
                continue
            mark = made.points[made.symbol_of == tree.children[place][Relation.ABOVE]]
            letter = made.points[made.symbol_of == place]
            assert mark[..., 1].max() <= letter[..., 1].min() + 1e-4
            assert mark[..., 0].min() < letter[..., 0].max()
            assert mark[..., 0].max() > letter[..., 0].min()
    assert set(found) == {"\\bar", "\\vec", "\\hat", "\\dot", "\\ddot"}, "no tilde is at hand"
    assert together > 5


def test_wide_accents_stand_over_stretches_of_a_line_and_over_what_hangs_on_them() -> None:
    formulas = by_six_hands(r"x _ { 1 } + y ^ { 2 } = \frac { a b } { 3 }", r"\hat { u } \rightarrow v \sim - \wedge 1")
    classes = sorted(set(formulas.labels.tolist()))
    before = formulas.tree(0)
    assert before is not None
    main = [before.symbols[place].label for place in before.line(before.root)]
    found, spanned = Counter[str](), Counter[str]()
    for seed in range(200):
        made = composer(formulas, classes, accent=1.0).draw(0, True, np.random.default_rng(seed))
        tree = tree_of(made, classes)
        wide = [place for place in range(len(tree.symbols)) if spanning_of(tree, place)]
        if not wide:
            continue
        (mark,) = wide
        line = list(tree.line(tree.children[mark][Relation.INSIDE]))
        under = [tree.symbols[place].label for place in line]
        found[tree.symbols[mark].label] += 1
        spanned[" ".join(under)] += 1
        kept = [tree.symbols[place].label for place in tree.line(tree.root)]
        if mark in list(tree.line(tree.root)):
            at = list(tree.line(tree.root)).index(mark)
            assert kept[:at] + under + kept[at + 1 :] == main
        else:
            assert under == ["a", "b"]
        strokes, below = made.points[made.symbol_of == mark], made.points[np.isin(made.symbol_of, line)]
        assert strokes[..., 1].max() < below[..., 1].min()
        assert strokes[..., 0].min() < below[..., 0].mean() < strokes[..., 0].max()
        assert made.symbol_of.tolist().index(mark) > made.symbol_of.tolist().index(line[-1]), "it is written last"
    assert set(found) == {"-", "\\rightarrow", "\\wedge", "\\sim"}
    assert set(spanned) == {"x + y", "a b"}


def test_a_pen_lifted_elsewhere_leaves_symbols_and_relations(formulas: FormulaSet, classes: list[str]) -> None:
    strokes = set()
    for number, seed in product(range(len(formulas)), range(5)):
        made = composer(formulas, classes, lift=1.0).draw(number, True, np.random.default_rng(seed))
        before, after = formulas.tree(number), tree_of(made, classes)
        assert before is not None
        assert [symbol.label for symbol in after.symbols] == [symbol.label for symbol in before.symbols]
        assert set(after.edges) == set(before.edges)
        strokes.add(np.sign(len(made.points) - sum(len(symbol.strokes) for symbol in before.symbols)))
    assert strokes >= {0, 1}


def hanging(tree: LayoutTree) -> Counter[str]:
    return Counter(edge.relation.value for edge in tree.edges if edge.relation is not Relation.RIGHT)


def test_a_graft_puts_another_part_into_the_same_relation(formulas: FormulaSet, classes: list[str]) -> None:
    """What hangs on some symbol changes; the line it hangs on does not, nor does where the new part stands."""
    changed = 0
    for number, seed in product(range(len(formulas)), range(5)):
        before = formulas.tree(number)
        assert before is not None
        made = composer(formulas, classes, graft=1.0).draw(number, True, np.random.default_rng(seed))
        after = tree_of(made, classes)
        if not hanging(before):
            assert edges_by_label(after) == edges_by_label(before)
            continue
        assert [after.symbols[one].label for one in after.line(after.root)] == [
            before.symbols[one].label for one in before.line(before.root)
        ]
        where = [
            sorted(r.value for r in tree.children[one]) for tree in (before, after) for one in tree.line(tree.root)
        ]
        assert where[: len(where) // 2] == where[len(where) // 2 :]
        changed += edges_by_label(after) != edges_by_label(before)
    assert changed > 10


def test_an_accent_is_grafted_nowhere_and_gives_way_to_nothing() -> None:
    """What is above a letter is no numerator, and no numerator is an accent."""
    formulas = by_six_hands(r"\vec { x } + \frac { 1 } { y }", r"\bar { y } - \frac { 2 } { x }")
    classes = sorted(set(formulas.labels.tolist()))
    grafting = composer(formulas, classes, graft=1.0)
    above = Counter[tuple[str, str]]()
    for number, seed in product(range(len(formulas)), range(20)):
        made = tree_of(grafting.draw(number, True, np.random.default_rng(seed)), classes)
        above.update((parent, child) for parent, how, child in edges_by_label(made) if how == Relation.ABOVE)
    assert set(above) == {("x", "\\rightarrow"), ("y", "-"), ("-", "1"), ("-", "2")}


def test_a_grafted_script_has_the_place_and_size_of_the_old_one() -> None:
    def power(name: str, size: float) -> Ink:
        script = [[[20, -5 - size], [20 + size, -5]], [[20 + size, -5 - size], [20 + 2 * size, -5]]]
        symbols = tuple(Symbol(label, (at,)) for at, label in enumerate("abc"))
        edges = (Edge(0, 1, Relation.SUP), Edge(1, 2, Relation.RIGHT))
        return Ink.from_points([[[0, 0], [20, 20]], *script], id=name, tree=LayoutTree(symbols, edges))

    formulas = FormulaSet.from_inks([power("small", 6), power("large", 18)], ["train"] * 2, 8)
    before = boxes(composer(formulas, ["a", "b", "c"]).draw(0, True, np.random.default_rng(0)))
    for seed in range(8):
        after = boxes(composer(formulas, ["a", "b", "c"], graft=1.0).draw(0, True, np.random.default_rng(seed)))
        assert after == pytest.approx(before, rel=0.05, abs=0.05)


def test_one_symbol_in_the_place_of_many_does_not_become_a_giant() -> None:
    def power(name: str, scripts: str, size: float) -> Ink:
        marks = [[[0.0, 0.0], [20.0, 20.0]]]
        marks += [[[22 + 10.0 * at, -size], [22 + 10.0 * at + size, 0.0]] for at in range(len(scripts))]
        symbols = tuple(Symbol(label, (at,)) for at, label in enumerate("a" + scripts))
        edges = [Edge(at, at + 1, Relation.RIGHT if at else Relation.SUP) for at in range(len(scripts))]
        return Ink.from_points(marks, id=name, tree=LayoutTree(symbols, tuple(edges)))

    formulas = FormulaSet.from_inks([power("many", "bcbcb", 9), power("one", "d", 9)], ["train"] * 2, 8)
    single = 0
    for seed in range(20):
        made = composer(formulas, ["a", "b", "c", "d"], graft=1.0).draw(0, True, np.random.default_rng(seed))
        base, script = (np.ptp(made.points[made.symbol_of == number], axis=1).max() for number in (0, 1))
        assert script < 0.6 * base
        single += int(made.symbol_of.max()) == 1
    assert single > 3


def test_a_grafted_symbol_of_many_strokes_is_written_before_what_follows() -> None:
    def power(name: str, script: str, strokes: int) -> Ink:
        marks = [[[22.0, -9 + 2.0 * at], [31.0, -8 + 2.0 * at]] for at in range(strokes)]
        symbols = Symbol("a", (0,)), Symbol(script, tuple(range(1, strokes + 1))), Symbol("e", (strokes + 1,))
        edges = Edge(0, 1, Relation.SUP), Edge(0, 2, Relation.RIGHT)
        points = [[[0.0, 0.0], [20.0, 20.0]], *marks, [[40.0, 0.0], [60.0, 20.0]]]
        return Ink.from_points(points, id=name, tree=LayoutTree(symbols, edges))

    formulas = FormulaSet.from_inks([power("one", "b", 1), power("many", "d", 4)], ["train"] * 2, 8)
    orders = set()
    for seed in range(12):
        made = composer(formulas, ["a", "b", "d", "e"], graft=1.0).draw(0, True, np.random.default_rng(seed))
        orders.add("".join("abde"[label] for label in made.classes))
    assert orders == {"abe", "adddde"}


def test_a_grafted_part_is_written_in_one_go_and_in_its_own_order() -> None:
    def power(name: str, scripts: str) -> Ink:
        last = len(scripts) + 1
        marks = [[[12.0 + 10 * at, -9.0], [21.0 + 10 * at, -1.0]] for at in range(1, last)]
        points = [[[0.0, 0.0], [20.0, 20.0]], *marks, [[70.0, 0.0], [90.0, 20.0]]]
        edges = [Edge(0, 1, Relation.SUP), Edge(0, last, Relation.RIGHT)]
        edges += [Edge(at, at + 1, Relation.RIGHT) for at in range(1, last - 1)]
        symbols = tuple(Symbol(label, (at,)) for at, label in enumerate(f"a{scripts}e"))
        return Ink.from_points(points, id=name, tree=LayoutTree(symbols, tuple(edges)))

    formulas = FormulaSet.from_inks([power("one", "b"), power("many", "bcd")], ["train"] * 2, 8)
    orders = set()
    for seed in range(12):
        made = composer(formulas, list("abcde"), graft=1.0).draw(0, True, np.random.default_rng(seed))
        orders.add("".join("abcde"[label] for label in made.classes))
    assert orders == {"abe", "abcde"}


def test_the_late_dot_of_an_i_stays_late_and_comes_into_no_other_hand() -> None:
    """Whoever dots at the end of the line does so in their own formula; elsewhere the dot would part other symbols."""

    def line(name: str, dot: int) -> Ink:
        marks = [[[0.0, 0.0], [0.0, 10.0]], [[10.0, 0.0], [20.0, 10.0]], [[30.0, 0.0], [40.0, 10.0]]]
        marks.insert(dot, [[0.0, -6.0], [1.0, -5.0]])
        others = [at for at in range(1, 4) if at != dot]
        symbols = Symbol("i", (0, dot)), *(Symbol(label, (at,)) for label, at in zip("xy", others, strict=True))
        edges = Edge(0, 1, Relation.RIGHT), Edge(1, 2, Relation.RIGHT)
        return Ink.from_points(marks, id=name, tree=LayoutTree(symbols, edges))

    formulas, classes = FormulaSet.from_inks([line("late", 3), line("at once", 1)], ["train"] * 2, 8), ["i", "x", "y"]
    for number, order in enumerate(([0, 1, 2, 0], [0, 0, 1, 2])):
        left = Composer(formulas, classes, STILL).draw(number, True, np.random.default_rng(0))
        assert left.symbol_of.tolist() == order
    for seed in range(20):
        made = composer(formulas, classes, exchange=1.0).draw(1, True, np.random.default_rng(seed))
        assert made.symbol_of.tolist() == [0, 0, 1, 2]


def test_a_grafted_part_is_written_when_the_old_one_was(formulas: FormulaSet, classes: list[str]) -> None:
    """The symbols of the outermost line keep their order."""
    for number, seed in product(range(len(formulas)), range(3)):
        plain = composer(formulas, classes).draw(number, True, np.random.default_rng(seed))
        made = composer(formulas, classes, graft=1.0).draw(number, True, np.random.default_rng(seed))

        def line_order(one: Composition) -> list[str]:
            tree = tree_of(one, classes)
            first = {symbol: min(tree.symbols[symbol].strokes) for symbol in tree.line(tree.root)}
            return [tree.symbols[symbol].label for symbol in sorted(first, key=first.__getitem__)]

        assert line_order(made) == line_order(plain)


def test_setting_anew_keeps_labels_relations_and_order(formulas: FormulaSet, classes: list[str]) -> None:
    for number in range(len(formulas)):
        made = composer(formulas, classes, respace=1.0).draw(number, True, np.random.default_rng(number))
        before, after = formulas.tree(number), tree_of(made, classes)
        assert before is not None
        assert after.symbols == before.symbols
        assert set(after.edges) == set(before.edges)


def test_names_are_spelled_with_letters_where_they_are_exchanged() -> None:
    inks = [written("\\sin", "a", name="in one stroke"), written("s", "i", "n", name="letters")]
    inks = [replace(ink, writer=ink.id) for ink in inks]
    formulas = FormulaSet.from_inks(inks, ["train"] * 2, 8)
    classes = sorted(set(formulas.labels.tolist()))

    def strokes_of_the_sine(**mix: float) -> int:
        made = composer(formulas, classes, **mix).draw(0, True, np.random.default_rng(0))
        tree = tree_of(made, classes)
        assert [symbol.label for symbol in tree.symbols] == ["\\sin", "a"]
        assert np.isfinite(made.points).all()
        return len(tree.symbols[0].strokes)

    assert strokes_of_the_sine(exchange=1.0, hand=1.0, spell=1.0) == 3
    assert strokes_of_the_sine(exchange=1.0, hand=1.0) == 1
    assert strokes_of_the_sine(spell=1.0) == 1, "what is not exchanged stays"
