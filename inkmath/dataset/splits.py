"""Who trains, who validates, who tests: by writer, and never the same ink twice.

The test set is given. From it follows what must leave the training set: ink that is also in the test set, and writers
who wrote it. Validation is drawn from the rest by writer, the same share of every source, so that it looks like the
whole. A name of a writer counts as the same person wherever it occurs: two people of one name then stand in one
split, which costs nothing, while one person in two would.
"""

from __future__ import annotations

import hashlib
import re
import zlib
from collections import defaultdict
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from inkmath.ink import Ink

_NOBODY = {"", "unknown", "none", "null", "anonymous", "n/a"}
_MATHBRUSH = re.compile(r"(20\d{4,6}-\d{3,4})-\d+")
# Of 8,873 formulas of CROHME these tell all apart that are not the same ink, and know 99 in 100 again when they are
# written in whole numbers up to 1,000.
_TERMS, _STEP = 6, 0.007


class Split(StrEnum):
    """The part of a data set that a sample belongs to."""

    TRAIN = "train"
    VALID = "valid"
    TEST = "test"


class Role(StrEnum):
    """What a place of ink was given for."""

    TRAIN = "train"
    TEST = "test"
    USER = "user"
    SHAPES = "shapes"
    """Training ink of which only the writing is learned: its formulas say nothing of what people write."""


def telling(ids: NDArray[np.str_]) -> NDArray[np.bool_]:
    """``(N,)`` whether what an ink of each id says counts, and not its writing alone; see `Role.SHAPES`."""
    return np.asarray(~np.char.startswith(ids, f"{Role.SHAPES}/"))


class SplitError(ValueError):
    """The data cannot be split as asked; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What decides about the split of one ink: :func:`ink_digest` and :func:`ink_shapes` of it, and who wrote it."""

    file: str
    role: Role
    source: str
    writer: str | None
    digest: bytes
    shapes: tuple[bytes, ...] = ()

    @property
    def inks(self) -> tuple[bytes, ...]:
        """Names of the ink; two samples that share one are the same ink."""
        return (self.digest, *self.shapes)

    @property
    def names(self) -> tuple[bytes | str, ...]:
        """What no sample of another split may have as well."""
        return self.inks if self.writer is None else (*self.inks, self.writer)


@dataclass(frozen=True, slots=True)
class Excluded:
    """A training sample that must not be used, and why."""

    reason: str


def writer_of(annotated: str | None, name: str) -> str | None:
    """The writer, as annotated or as the file's name tells, or None.

    MathBrush names no writers, but its files are called ``DATE-TIME-NUMBER`` by the session they were written in, and
    a session has one writer: ``200924-1331-195`` gives ``200924-1331``. ``Unknown`` and its like name nobody.
    """
    if annotated is not None and annotated.strip().lower() not in _NOBODY:
        return annotated.strip()
    session = _MATHBRUSH.fullmatch(name.rpartition("/")[2])
    return session[1] if session else None


def ink_digest(ink: Ink) -> bytes:
    """Equal for inks whose strokes are equal point by point, and for practical purposes only for those."""
    digest = hashlib.blake2b(digest_size=16)
    digest.update(np.array([len(stroke) for stroke in ink.strokes], dtype="<i8").tobytes())
    for stroke in ink.strokes:
        digest.update(np.ascontiguousarray(stroke, dtype="<f4").tobytes())
    return digest.digest()


def ink_shapes(ink: Ink) -> tuple[bytes, ...]:
    """Two digests, of which practically always one is equal for inks that differ in sampling, place and size alone.

    They are made of the ends of the strokes, which sampling keeps: of how these move from stroke to stroke in the long
    run (the first terms of a cosine transform), since the rounding of coordinates, to a thousandth of the ink's size
    say, evens out there. The second digest is rounded half a step off the first, for what lies at the edge of a step.
    Below three strokes the ends say too little and there are no digests: all upright lines would be one ink.
    """
    if len(ink.strokes) < 3:
        return ()
    ends = np.array([stroke[place] for stroke in ink.strokes for place in (0, -1)], np.float64)  # (2 S, 2)
    ends -= ends.min(axis=0)
    size = float(ends.max())
    if size == 0.0:
        return ()
    count = len(ends)
    waves = np.cos(np.pi * np.outer(np.arange(_TERMS), np.arange(count) + 0.5) / count)  # (T, 2 S)
    terms = waves @ ends / (count * size * _STEP)  # (T, 2)
    steps = [np.append(np.floor(terms + offset), count).astype("<i4") for offset in (0.25, 0.75)]
    return tuple(hashlib.blake2b(step.tobytes(), digest_size=16).digest() for step in steps)


def assign_splits(samples: Sequence[Sample], valid: float, seed: int) -> list[Split | Excluded]:
    """Give each sample its split.

    Samples belong together that share a writer or are the same ink, over any number of steps; so are inks that differ
    only in sampling, place and size, from three strokes on (`ink_shapes`). Test samples are ``test``, and what belongs
    together with one is excluded. Of the rest, those of users and shapes are ``train``; of the others about the share
    ``valid`` of every source becomes ``valid``, of sources too lopsided for that (a folder for each writer) about that
    share of all of them together, in whole groups. A sample without a known writer is a group of its own, and validates
    only if no writer of its source is known: otherwise its writer might be one who trains.

    Raises:
        SplitError: there is nothing to train on, or nothing that validation can be drawn from.
    """
    tested = _first_holders(sample for sample in samples if sample.role is Role.TEST)
    splits: list[Split | Excluded] = [Split.TEST] * len(samples)
    for group in _groups(samples, range(len(samples))):
        test = next((samples[index] for index in group if samples[index].role is Role.TEST), None)
        for index in group:
            if samples[index].role is not Role.TEST:
                splits[index] = Split.TRAIN if test is None else _excluded(samples[index], tested, test)
    training = [index for index, split in enumerate(splits) if split is Split.TRAIN]
    if not training:
        raise SplitError(
            f"nothing to train on: of {len(samples)} samples none is for training whose ink and writer are not also in "
            "the test set; give data.train other data than data.test"
        )
    for index in _choose_valid(samples, training, valid, seed):
        splits[index] = Split.VALID
    return splits


def _excluded(sample: Sample, tested: Mapping[bytes | str, Sample], linked: Sample) -> Excluded:
    """Why a sample that belongs together with one of the test set must not be used."""
    if known := [tested[name] for name in sample.inks if name in tested]:
        return Excluded(f"same ink as {known[0].file} of the test set")
    if sample.writer is not None and sample.writer in tested:
        return Excluded(f"writer {sample.writer} also wrote {tested[sample.writer].file} of the test set")
    return Excluded(f"its writer or its ink leads, by way of other files, to {linked.file} of the test set")


def _first_holders(samples: Iterable[Sample]) -> dict[bytes | str, Sample]:
    """For every ink and every writer, the first sample that has it."""
    holders: dict[bytes | str, Sample] = {}
    for sample in samples:
        for name in sample.names:
            holders.setdefault(name, sample)
    return holders


def _choose_valid(samples: Sequence[Sample], training: list[int], valid: float, seed: int) -> list[int]:
    known = {samples[index].source for index in training if samples[index].writer is not None}
    eligible: dict[str, list[list[int]]] = defaultdict(list)
    sizes: dict[str, int] = defaultdict(int)
    for index in training:
        sizes[samples[index].source] += 1
    for group in _groups(samples, training):
        first = samples[group[0]]
        fixed = any(samples[index].role is not Role.TRAIN for index in group)
        anonymous = all(samples[index].writer is None for index in group)
        if not fixed and not (anonymous and first.source in known):
            eligible[first.source].append(group)

    chosen: list[int] = []
    lopsided: list[str] = []
    for source in sorted(eligible):
        given = _draw(eligible[source], valid * sizes[source], [seed, zlib.crc32(source.encode())])
        chosen += given
        lopsided += [] if given else [source]
    # Sources that can give nothing of their own, such as a folder for each writer, give together.
    together = [group for source in lopsided for group in eligible[source]]
    chosen += _draw(together, valid * sum(sizes[source] for source in lopsided), [seed])
    if not chosen:
        # A small or lopsided data set: one group, the smallest, validates if another remains to train.
        groups = [group for source in sorted(eligible) for group in eligible[source]]
        smallest = min(groups, key=len, default=[])
        if not smallest or len(smallest) == len(training):
            raise SplitError(
                f"no validation set can be split off {len(training)} training samples: by their writer annotations or "
                "equal ink they all belong together, or with those of data.user and data.shapes, which only train; "
                "add ink of another writer to data.train"
            )
        chosen = smallest
    return chosen


def _draw(groups: Sequence[list[int]], wanted: float, seed: Sequence[int]) -> list[int]:
    """About ``wanted`` members, in whole groups; nothing where even one group is far too much."""
    chosen: list[int] = []
    for place in np.random.default_rng(seed).permutation(len(groups)):
        # A group is taken if that brings the size nearer to what is wanted.
        if len(groups[place]) < 2 * wanted:
            chosen += groups[place]
            wanted -= len(groups[place])
    return chosen


def _groups(samples: Sequence[Sample], members: Sequence[int]) -> list[list[int]]:
    """Members that must stand in one split, each group and the list of groups in order of first appearance."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    known: dict[bytes | str, int] = {}
    ties = [
        (place, len(members) + known.setdefault(name, len(known)))
        for place, index in enumerate(members)
        for name in samples[index].names
    ]
    ends = np.array(ties, np.int64).reshape(-1, 2).T  # of each tie a member and a name, numbered together
    size = len(members) + len(known)
    _, group_of = connected_components(coo_array((np.ones(len(ties)), tuple(ends)), (size, size)), directed=False)
    groups: dict[int, list[int]] = defaultdict(list)
    for place, index in enumerate(members):
        groups[int(group_of[place])].append(index)
    return list(groups.values())
