"""Names of symbols."""

from __future__ import annotations

import pytest

from inkmath.layout import LayoutError
from inkmath.layout.classes import SYMBOL_CLASSES
from inkmath.layout.symbols import ALIASES, CHARACTERS, canonical_label, label_of_mathml


def test_every_crohme_class_is_its_own_canonical_label() -> None:
    assert [canonical_label(label) for label in SYMBOL_CLASSES] == list(SYMBOL_CLASSES)


def test_each_command_has_a_character_of_its_own() -> None:
    assert len(set(CHARACTERS.values())) == len(CHARACTERS)
    assert all(label_of_mathml(character) == command for command, character in CHARACTERS.items())


def test_aliases_lead_to_canonical_labels() -> None:
    assert all(canonical_label(alias) == label == canonical_label(label) for alias, label in ALIASES.items())


@pytest.mark.parametrize(
    ("text", "label"), [("sin", "\\sin"), ("im", "\\lim"), ("∑", "\\sum"), ("|", "|"), ("\\lt", "<"), ("x", "x")]
)
def test_mathml_text_names_a_symbol(text: str, label: str) -> None:
    assert label_of_mathml(text) == label


@pytest.mark.parametrize("label", ["", " ", "ab", "\\foo", "$", "{", "\u0000", "\u00a0"])
def test_what_is_no_symbol_is_refused(label: str) -> None:
    with pytest.raises(LayoutError, match="no symbol"):
        canonical_label(label)
