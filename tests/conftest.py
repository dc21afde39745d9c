"""What many tests need."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings
from stub_reader import StubNamer, StubReader

from inkmath.recognizer import Recognizer

if TYPE_CHECKING:
    from pipeline_copy import Copy

# That the machine is busy is no fault of what is tested.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


@pytest.fixture
def recognizer() -> Recognizer:
    """A recogniser that needs no weights."""
    return Recognizer(StubReader, StubNamer)


@pytest.fixture(scope="session")
def reproduced(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    """A copy of the repository in which the whole pipeline has run on tiny settings; nobody changes anything in it."""
    from pipeline_copy import Copy

    copy = Copy(tmp_path_factory.mktemp("whole"))
    copy.repro()
    return copy
