"""What many tests need."""

from __future__ import annotations

import pytest
from stub_reader import StubNamer, StubReader

from inkmath.recognizer import Recognizer


@pytest.fixture
def recognizer() -> Recognizer:
    """A recogniser that needs no weights."""
    return Recognizer(StubReader, StubNamer)
