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


@pytest.mark.parametrize(
    ("text", "label"),
    [
        *(("\U0001d465", "x"), ("\u210e", "h"), ("\U0001d7d0", "2"), ("\U0001d5ab", "L")),
        *(("\U0001d6fc", "\\alpha"), ("\U0001d719", "\\phi"), ("\U0001d711", "\\varphi"), ("\U0001d6c1", "\\nabla")),
        *(("\u211d", "\u211d"), ("\U0001d53b", "\U0001d53b"), ("\U0001d4d0", "\U0001d4d0"), ("\u210f", "\\hbar")),
    ],
)
def test_fonts_are_passed_over_and_letters_of_another_shape_are_not(text: str, label: str) -> None:
    assert canonical_label(text) == label_of_mathml(text) == label


def test_a_function_may_be_in_italics() -> None:
    assert label_of_mathml("\U0001d460\U0001d456\U0001d45b") == "\\sin"


@pytest.mark.parametrize("label", ["", " ", "ab", "\\foo", "$", "{", "\u0000", "\u00a0", "\u2033", "\u20d7", "\ufe0e"])
def test_what_is_no_symbol_is_refused(label: str) -> None:
    with pytest.raises(LayoutError, match="no symbol"):
        canonical_label(label)
