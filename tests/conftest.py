"""What many tests need."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from filelock import FileLock
from hypothesis import HealthCheck, settings
from stub_reader import StubNamer, StubReader

from inkmath.recognizer import Recognizer

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline_copy import Copy

# That the machine is busy is no fault of what is tested. The same examples each time: what fails is of the change at
# hand. Others, each time new ones, are looked at with --hypothesis-profile=explore.
settings.register_profile("explore", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("repeat", settings.get_profile("explore"), derandomize=True)
settings.load_profile("repeat")


@pytest.hookimpl(trylast=True)  # when those that are left out are gone
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that take long begin first: else one worker would still be at the last of them when the others are done.

    Before all others comes one of those that want the pipeline to have run: they would all wait for each other.
    """
    slow = Counter(item.path for item in items if item.get_closest_marker("slow"))
    every = Counter(item.path for item in items)
    wanting = [item.path for item in items if "reproduced" in getattr(item, "fixturenames", ())]
    first = max(wanting, key=lambda path: slow[path], default=None)
    items.sort(key=lambda item: (item.path != first, -slow[item.path], -every[item.path], item.path))


@pytest.fixture
def recognizer() -> Recognizer:
    """A recogniser that needs no weights."""
    return Recognizer(StubReader, StubNamer)


@pytest.fixture(scope="session")
def reproduced(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    """A copy of the repository in which the whole pipeline has run on tiny settings; nobody changes anything in it.

    Where tests run in several processes, the first that asks makes it for all.
    """
    from pipeline_copy import Copy

    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    made = shared / "whole-is-made"
    with FileLock(shared / "whole.lock"):
        if made.exists():
            return Copy.at(shared / "whole")
        copy = Copy(shared / "whole")
        copy.repro()
        made.touch()
        return copy


@pytest.fixture
def disturbed(reproduced: Copy, tmp_path: Path) -> Copy:
    """A second copy of what the pipeline made, to do harm to."""
    from pipeline_copy import Copy

    shutil.copytree(reproduced.root, tmp_path / "copy", symlinks=True)
    return Copy.at(tmp_path / "copy")
