"""What many tests need."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings
from stub_reader import StubNamer, StubReader

from inkmath.recognizer import Recognizer

# That the machine is busy is no fault of what is tested.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


@pytest.fixture
def recognizer() -> Recognizer:
    """A recogniser that needs no weights."""
    return Recognizer(StubReader, StubNamer)
