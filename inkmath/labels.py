"""Vocabularies: what a network's outputs stand for, in order, fitted on training truths only."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from inkmath.dataset.results import write_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

UNSEEN = -1
"""The id of a label that the vocabulary does not hold."""


class VocabularyError(ValueError):
    """A vocabulary cannot be fitted or read; the message says why and what to do."""


@dataclass(frozen=True)
class Vocabulary:
    """Distinct words and their ids, which are their places.

    Raises:
        VocabularyError: a word occurs twice.
    """

    words: tuple[str, ...]

    def __post_init__(self) -> None:
        twice = [word for word, count in Counter(self.words).items() if count > 1]
        if twice:
            raise VocabularyError(f"a vocabulary holds each word once; twice here: {' '.join(sorted(twice))}")

    def __len__(self) -> int:
        return len(self.words)

    @cached_property
    def ids(self) -> dict[str, int]:
        """The id of each word."""
        return {word: index for index, word in enumerate(self.words)}

    def save(self, path: str | Path) -> None:
        """Write the words as a JSON list, in order."""
        write_json(path, self.words, indent=0)

    @classmethod
    def load(cls, path: str | Path) -> Vocabulary:
        """Read what :meth:`save` wrote.

        Raises:
            VocabularyError: the file is missing, or is no JSON list of distinct strings.
        """
        try:
            words = json.loads(Path(path).read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise VocabularyError(
                f"{path}: no such file; run the stage that writes it (dvc repro encode, for formulas encode_expression)"
            ) from None
        except (OSError, ValueError) as error:
            raise VocabularyError(f"{path}: is not JSON ({error}); run the stage that writes it again") from error
        if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
            raise VocabularyError(f"{path}: a vocabulary is a list of strings; run the stage that writes it again")
        try:
            return cls(tuple(words))
        except VocabularyError as error:
            raise VocabularyError(f"{path}: {error}; run the stage that writes it again") from error


class EncodedLabels(NamedTuple):
    """Labels as a classifier learns them.

    Attributes:
        ids: int64 of shape ``(labels,)``; `UNSEEN` where the vocabulary does not hold the label.
        vocabulary: the classes, in the order of the columns.
        unseen: how often each label occurs that the vocabulary does not hold.
    """

    ids: NDArray[np.int64]
    vocabulary: Vocabulary
    unseen: dict[str, int]

    @property
    def one_hot(self) -> NDArray[np.float32]:
        """float32 of shape ``(labels, classes)``, made when asked for; the row of an unseen label is zero."""
        return one_hot(self.ids, len(self.vocabulary))


def encode_labels(labels: Sequence[str], vocabulary: Vocabulary | None = None, *, min_count: int = 1) -> EncodedLabels:
    """Encode symbol labels by a vocabulary, such as scikit-learn's ``LabelEncoder`` fits to them.

    Args:
        labels: a label per sample; what is no text, such as a number, stands for its text.
        vocabulary: the one fitted on the training labels, to encode others by; None fits one, with the distinct labels
            in sorted order.
        min_count: labels that occur less often do not enter a vocabulary that is fitted.

    Raises:
        VocabularyError: a vocabulary is to be fitted and there is no label, or none occurs often enough.
    """
    labels = [str(label) for label in labels]
    if vocabulary is None:
        from sklearn.preprocessing import LabelEncoder

        if not labels:
            raise VocabularyError(
                "no training ink says which strokes each symbol has, so there is no class to learn; LaTeX alone, such "
                "as MathWriting's, can only test formulas: give data.train ink whose truth has the symbols"
            )
        frequent = [label for label, count in Counter(labels).items() if count >= min_count]
        if not frequent:
            raise VocabularyError(
                f"no label occurs {min_count} times among {len(labels)} training symbols, so there is no class to "
                "learn; lower min_count of this stage in params.yaml, or give data.train more ink"
            )
        encoder = LabelEncoder().fit(np.asarray(frequent, dtype=object))
        vocabulary = Vocabulary(tuple(map(str, encoder.classes_)))
    ids = np.array([vocabulary.ids.get(label, UNSEEN) for label in labels], np.int64)
    unseen = Counter(label for label, index in zip(labels, ids, strict=True) if index == UNSEEN)
    return EncodedLabels(ids, vocabulary, dict(sorted(unseen.items())))


def one_hot(ids: NDArray[np.integer], classes: int) -> NDArray[np.float32]:
    """float32 of shape ``(len(ids), classes)``: 1 at each id, nothing in the row of an `UNSEEN` one."""
    return np.asarray(ids[:, None] == np.arange(classes), np.float32)
