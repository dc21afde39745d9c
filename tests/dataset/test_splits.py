"""Splits: no writer and no ink on two sides, whatever the data look like."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hash_seeds import printed_by_each
from hypothesis import assume, given
from hypothesis import strategies as st

from inkmath.dataset.splits import (
    Excluded,
    Role,
    Sample,
    Split,
    SplitError,
    assign_splits,
    ink_digest,
    ink_shapes,
    writer_of,
)
from inkmath.ink import Ink, resample
from inkmath.synthesis import synthesize

if TYPE_CHECKING:
    from collections.abc import Callable


def sample(
    number: int, writer: str | None, source: str = "HAMEX", role: Role = Role.TRAIN, ink: int | None = None
) -> Sample:
    return Sample(f"{number}.inkml", role, source, writer, str(number if ink is None else ink).encode())


def test_every_source_gives_its_share_to_validation_by_writer() -> None:
    samples = [
        sample(1000 * place + i, f"{source}-{i // 10}", source)
        for place, source in enumerate(["HAMEX", "KAIST", "MathBrush"])
        for i in range(400)
    ]
    splits = assign_splits(samples, valid=0.1, seed=3)
    for source in ("HAMEX", "KAIST", "MathBrush"):
        chosen = [s.writer for s, split in zip(samples, splits, strict=True) if split == "valid" and s.source == source]
        assert len(chosen) == 40
        assert len(set(chosen)) == 4


@pytest.mark.parametrize(
    ("writers", "folder"),
    [
        pytest.param(200, lambda writer: writer, id="a folder for each writer"),
        pytest.param(200, lambda writer: writer // 4, id="a folder for four writers"),
        pytest.param(0, lambda number: number // 8, id="folders of eight files by nobody known"),
    ],
)
def test_folders_too_small_to_give_of_their_own_give_together(writers: int, folder: Callable[[int], int]) -> None:
    samples = [
        sample(i, f"w{i // 10}" if writers else None, f"folder{folder(i // 10 if writers else i)}") for i in range(2000)
    ]
    splits = assign_splits(samples, valid=0.06, seed=3)
    assert splits.count(Split.VALID) == 120


def test_the_choice_follows_the_seed_and_not_the_order_of_sources() -> None:
    large = [sample(i, f"w{i // 4}", "HAMEX" if i < 100 else "KAIST") for i in range(200)]
    small = [sample(1000 + i, f"v{i // 10}", f"folder{i // 10}") for i in range(200)]  # which give together
    samples = large + small
    splits = assign_splits(samples, 0.2, seed=1)
    assert splits == assign_splits(samples, 0.2, seed=1)
    assert splits != assign_splits(samples, 0.2, seed=2)
    backwards = sorted(range(len(samples)), key=lambda i: samples[i].source, reverse=True)
    assert [splits[i] for i in backwards] == assign_splits([samples[i] for i in backwards], 0.2, seed=1)


def test_ink_of_the_test_set_leaves_the_training_set() -> None:
    samples = [sample(1, "a"), sample(2, "b"), sample(3, "c", ink=9), sample(9, None, role=Role.TEST)]
    splits = assign_splits(samples, 0.3, seed=0)
    assert splits[2] == Excluded("same ink as 9.inkml of the test set")
    assert splits[3] == Split.TEST


def copied(
    ink: Ink,
    *,
    points: int | None = None,
    factor: float = 1.0,
    shift: tuple[float, float] = (0.0, 0.0),
    whole: int | None = None,
) -> Ink:
    """The same ink, sampled anew, scaled and moved, or in whole numbers up to ``whole``."""
    strokes = [resample(stroke, points) if points else stroke for stroke in ink.strokes]
    if whole:
        low, high = np.concatenate(strokes).min(axis=0), np.concatenate(strokes).max(axis=0)
        strokes = [np.round((stroke - low) * whole / (high - low).max()) for stroke in strokes]
    return Ink(tuple((stroke * factor + np.array(shift)).astype(np.float32) for stroke in strokes))


def test_sampling_place_and_size_do_not_make_another_ink() -> None:
    inks = [ink for ink in synthesize(60, 3) if len(ink.strokes) >= 3]
    copies: list[dict[str, Any]] = [{"points": 9}, {"factor": 0.1}, {"shift": (4000.0, 0.0)}]
    copies += [{"points": 20, "factor": 7.3, "shift": (-50.0, 200.0)}]
    copies += [{"whole": 1000}, {"whole": 30000, "factor": 0.01}]
    for knobs in copies:
        same = sum(bool({*ink_shapes(ink)} & {*ink_shapes(copied(ink, **knobs))}) for ink in inks)
        assert same >= 0.98 * len(inks), knobs
    shapes = [shape for ink in inks for shape in ink_shapes(ink)]
    assert len(set(shapes)) == len(shapes), "different inks are told apart"


def test_a_copy_of_test_ink_leaves_the_training_set_and_copies_stay_together() -> None:
    inks = [ink for ink in synthesize(12, 4) if len(ink.strokes) >= 3]

    def made(ink: Ink, number: int, role: Role = Role.TRAIN) -> Sample:
        return Sample(f"{number}.inkml", role, "HAMEX", f"w{number}", ink_digest(ink), ink_shapes(ink))

    training = [made(ink, number) for number, ink in enumerate(inks)]
    training += [made(copied(ink, points=9), 100 + number) for number, ink in enumerate(inks)]
    tested = made(copied(inks[0], points=20), 200, Role.TEST)
    splits = assign_splits([*training, tested], 0.3, seed=0)
    same = Excluded("same ink as 200.inkml of the test set")
    assert [splits[0], splits[len(inks)]] == [same, same]
    assert splits[1 : len(inks)] == splits[len(inks) + 1 : -1]
    assert {*splits[1 : len(inks)]} == {Split.TRAIN, Split.VALID}


def test_lines_are_not_all_one_ink() -> None:
    assert ink_shapes(Ink.from_points([[[0, 0], [0, 9]]])) == ()
    assert ink_shapes(Ink.from_points([[[3, 3]], [[3, 3]], [[3, 3]]])) == ()


def test_writers_of_the_test_set_leave_the_training_set() -> None:
    samples = [sample(1, "a"), sample(2, "b"), sample(3, "c"), sample(9, "c", role=Role.TEST)]
    assert assign_splits(samples, 0.3, seed=0)[2] == Excluded("writer c also wrote 9.inkml of the test set")


def test_what_leads_to_the_test_set_over_other_files_leaves_the_training_set_too() -> None:
    samples = [sample(1, "a"), sample(2, "b", ink=9), sample(3, "b"), sample(4, "c"), sample(9, None, role=Role.TEST)]
    splits = assign_splits([*samples, sample(5, "d")], 0.3, seed=0)
    assert splits[1] == Excluded("same ink as 9.inkml of the test set")
    assert splits[2] == Excluded("its writer or its ink leads, by way of other files, to 9.inkml of the test set")
    assert Excluded not in map(type, (splits[0], splits[3], splits[5]))


def test_unknown_writers_train_where_others_are_known() -> None:
    samples = [sample(i, None) for i in range(50)] + [sample(100 + i, f"w{i % 5}") for i in range(50)]
    splits = assign_splits(samples, 0.3, seed=0)
    assert set(splits[:50]) == {Split.TRAIN}
    assert splits.count(Split.VALID) == 30


def test_without_any_writer_each_sample_is_its_own_group() -> None:
    splits = assign_splits([sample(i, None) for i in range(100)], 0.1, seed=0)
    assert splits.count(Split.VALID) == 10


@pytest.mark.parametrize("role", [Role.USER, Role.SHAPES])
def test_ink_that_a_user_saved_or_that_shows_shapes_is_always_trained_on(role: Role) -> None:
    samples = [sample(i, None) for i in range(20)] + [sample(100 + i, None, role, role) for i in range(20)]
    assert set(assign_splits(samples, 0.4, seed=0)[20:]) == {Split.TRAIN}


def test_so_is_training_ink_of_the_same_writer_or_the_same_strokes() -> None:
    known = [sample(i, f"w{i}") for i in range(4)]
    saved = [sample(100, "w0", "user", Role.USER), sample(101, None, "user", Role.USER, ink=1)]
    for seed in range(8):
        splits = assign_splits([*known, *saved], 0.5, seed=seed)
        assert splits[:2] == splits[4:] == [Split.TRAIN] * 2
        assert Split.VALID in splits[2:4]


def test_a_data_set_too_small_for_its_share_still_validates() -> None:
    """With the writer of the fewest formulas, or of the first source of those."""
    few = [sample(1, "a"), sample(2, "a"), sample(3, "b"), sample(4, "c", "HAMEX/more")]
    for order in ([0, 1, 2, 3], [3, 2, 1, 0]):
        splits = assign_splits([few[place] for place in order], 0.06, seed=0)
        assert splits.index(Split.VALID) == order.index(2)
        assert splits.count(Split.TRAIN) == 3


@pytest.mark.parametrize(
    ("samples", "message"),
    [
        ([sample(1, "a"), sample(2, "a")], "add ink of another writer to data.train"),
        ([sample(1, "a"), sample(2, "b"), sample(1, "a", role=Role.USER), sample(2, "b", role=Role.USER)], "data.user"),
        ([sample(1, "a", role=Role.TEST)], "nothing to train on"),
        ([sample(1, "a"), sample(2, "a", role=Role.TEST)], "give data.train other data than data.test"),
    ],
)
def test_what_cannot_be_split_is_an_error_with_its_remedy(samples: list[Sample], message: str) -> None:
    with pytest.raises(SplitError, match=message):
        assign_splits(samples, 0.06, seed=0)


any_sample = st.builds(
    Sample,
    file=st.just("f"),
    role=st.sampled_from([Role.TRAIN, Role.TRAIN, Role.TRAIN, Role.TEST, Role.USER, Role.SHAPES]),
    source=st.sampled_from("ABC"),
    writer=st.none() | st.sampled_from("uvwxyz"),
    digest=st.integers(0, 60).map(lambda number: str(number).encode()),
    shapes=st.integers(0, 90).map(lambda number: (b"shape" + str(number).encode(),)),
)


@given(st.lists(any_sample, min_size=1, max_size=60), st.floats(0.01, 0.49), st.integers(0, 5))
def test_no_writer_and_no_ink_stands_in_two_splits(samples: list[Sample], valid: float, seed: int) -> None:
    try:
        splits = assign_splits(samples, valid, seed)
    except SplitError:
        assume(False)
    seen: dict[object, set[str]] = defaultdict(set)
    for s, split in zip(samples, splits, strict=True):
        for name in s.names:  # nothing that is used belongs together with what had to go
            seen[name].add("excluded or test" if isinstance(split, Excluded) or split == Split.TEST else split)
        assert (split == Split.TEST) == (s.role == Role.TEST)
        assert split != Split.VALID or s.role == Role.TRAIN
    assert all(len(found) == 1 for found in seen.values())
    assert Split.TRAIN in splits
    assert Split.VALID in splits


@pytest.mark.parametrize(
    ("annotated", "name", "writer"),
    [
        ("depart018", "HAMEX/formulaire018-equation047", "depart018"),
        (None, "MathBrush/200924-1331-195", "200924-1331"),
        (None, "MathBrush/2009210-947-0", "2009210-947"),
        (None, "MfrDB/MfrDB3175", None),
        (" Unknown ", "MfrDB/MfrDB3175", None),
        ("", "a", None),
    ],
)
def test_the_writer_is_who_the_file_or_its_name_says(annotated: str | None, name: str, writer: str | None) -> None:
    assert writer_of(annotated, name) == writer


def test_digests_tell_strokes_apart() -> None:
    one = Ink.from_points([[[0, 0], [1, 1]], [[2, 2]]])
    same = Ink.from_points([[[0, 0], [1, 1]], [[2, 2]]], id="other")
    divided = Ink.from_points([[[0, 0]], [[1, 1], [2, 2]]])
    moved = Ink(strokes=tuple(stroke + np.float32(1e-6) for stroke in one.strokes))
    assert ink_digest(one) == ink_digest(same)
    assert len({ink_digest(ink) for ink in (one, divided, moved)}) == 3


CHOOSE = """
from inkmath.dataset.splits import Role, Sample, assign_splits
samples = [
    Sample(f"{n}", Role.TRAIN, source, f"{source}-{n // 5}", f"{source}{n}".encode())
    for source in "abc"
    for n in range(60)
]
print([n for n, split in enumerate(assign_splits(samples, valid=0.1, seed=3)) if split == "valid"])
"""


def test_every_process_chooses_the_same_writers() -> None:
    (chosen,) = printed_by_each(CHOOSE)
    assert len(json.loads(chosen)) == 15, "a writer of five formulas of each source"
