"""A disk that is full or cannot be written to: one sentence that names it, and nothing that was there is harmed."""

from __future__ import annotations

import shlex
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pipeline_copy import Copy

pytestmark = pytest.mark.slow

ALONE = ("unshare", "--mount", "--map-root-user")
"""Runs a command that may mount what nobody else sees."""


@pytest.fixture(autouse=True)
def _mounts() -> None:
    if subprocess.run([*ALONE, "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True, check=False).returncode:
        pytest.skip("this machine lets nobody mount a small disk (user namespaces are off)")


@pytest.mark.parametrize(
    ("stage", "place"),
    [
        ("synthesize", "data/raw/synthetic"),
        ("parse", "data/interim"),
        ("redraw", "data/interim"),
        ("normalize", "data/processed"),
        ("encode", "results/encode"),
        ("encode_expression", "models/expression"),
        ("train", "checkpoints"),
    ],
)
@pytest.mark.parametrize(
    ("limit", "reason"),
    [
        ("cat /dev/zero > {}/filler 2> /dev/null", "No space left on device"),
        ("mount -o remount,ro {}", "Read-only file system"),
    ],
    ids=["full", "read-only"],
)
def test_it_is_said_in_a_sentence_and_what_was_there_stays(
    disturbed: Copy, stage: str, place: str, limit: str, reason: str
) -> None:
    if stage in ("redraw", "train") and "remount" in limit:
        pytest.skip("the same path as when it is full")
    inside = shlex.quote(place)
    steps = [
        f"mkdir -p {inside} kept && cp -a {inside}/. kept && mount -t tmpfs -o size=8m none {inside}",
        f"cp -a kept/. {inside}; {limit.format(inside)}",
        f"{shlex.quote(sys.executable)} -m stages.{stage}; echo status $?",
        f"diff -r --exclude=filler kept {inside} && echo unharmed",
    ]
    done = disturbed.run(*ALONE, "sh", "-c", "\n".join(steps))
    assert "status 1" in done.stdout, done.stdout + done.stderr
    assert "unharmed" in done.stdout, done.stdout
    assert "Traceback" not in done.stderr
    (sentence,) = [line for line in done.stderr.splitlines() if reason in line]
    assert sentence.startswith(f"{stage}: ")
    assert place in sentence
