"""Vocabularies: in order, fitted on training only, and no surprise when a test brings a new label."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from inkmath.labels import UNSEEN, Vocabulary, VocabularyError, encode_labels, one_hot

if TYPE_CHECKING:
    from pathlib import Path


def test_labels_become_sorted_classes_and_one_hot_rows() -> None:
    encoded = encode_labels(["x", r"\alpha", "2", "x"])
    assert encoded.vocabulary.words == ("2", r"\alpha", "x")
    assert encoded.ids.tolist() == [2, 1, 0, 2]
    assert encoded.one_hot.tolist() == [[0, 0, 1], [0, 1, 0], [1, 0, 0], [0, 0, 1]]
    assert encoded.one_hot.dtype == np.float32
    assert encoded.unseen == {}


@pytest.mark.parametrize("labels", [np.array(["2", "1", "2"]), [2, 1, 2], np.array([2, 1, 2])])
def test_labels_may_be_an_array_and_numbers(labels: Any) -> None:
    encoded = encode_labels(labels)
    assert encoded.vocabulary.words == ("1", "2")
    assert encoded.ids.tolist() == [1, 0, 1]
    assert encode_labels(labels, Vocabulary(("1",))).unseen == {"2": 2}


def test_an_unseen_label_is_counted_and_has_an_empty_row() -> None:
    vocabulary = encode_labels(["a", "b"]).vocabulary
    encoded = encode_labels(["b", r"\forall", "a", r"\forall"], vocabulary)
    assert encoded.vocabulary is vocabulary
    assert encoded.unseen == {r"\forall": 2}
    assert encoded.ids.tolist() == [1, UNSEEN, 0, UNSEEN]
    assert encoded.one_hot.sum(axis=1).tolist() == [1, 0, 1, 0]


def test_rare_labels_can_be_left_out_of_the_classes() -> None:
    encoded = encode_labels(["a", "a", "b"], min_count=2)
    assert encoded.vocabulary.words == ("a",)
    assert encoded.unseen == {"b": 1}


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([], r"says which strokes each symbol has.*LaTeX alone.*give data\.train ink whose truth has the symbols"),
        (["a"], r"no label occurs 2 times among 1 training symbols.*lower min_count of this stage"),
    ],
)
def test_no_class_is_an_error_that_names_cause_and_knob(labels: list[str], message: str) -> None:
    with pytest.raises(VocabularyError, match=message):
        encode_labels(labels, min_count=2)


def test_one_hot_of_ids() -> None:
    assert one_hot(np.array([1, UNSEEN]), 3).tolist() == [[0, 1, 0], [0, 0, 0]]


def test_a_vocabulary_survives_the_disk_in_its_order(tmp_path: Path) -> None:
    vocabulary = Vocabulary(("z", r"\sum", "<", "é"))
    vocabulary.save(tmp_path / "v.json")
    assert Vocabulary.load(tmp_path / "v.json") == vocabulary
    assert vocabulary.ids == {"z": 0, r"\sum": 1, "<": 2, "é": 3}
    assert len(vocabulary) == 4


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, r"no such file; .* \(dvc repro encode, for formulas encode_expression\)"),
        ("[1, 2", "is not JSON"),
        ('{"a": 1}', "a vocabulary is a list of strings"),
        ("[1, 2]", "a vocabulary is a list of strings"),
        ('["a", "b", "a"]', "twice here: a; run the stage"),
    ],
)
def test_what_is_no_vocabulary_is_refused(tmp_path: Path, content: str | None, message: str) -> None:
    path = tmp_path / "v.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(VocabularyError, match=rf"v\.json: .*{message}"):
        Vocabulary.load(path)
