"""Progress of long work, where there is no terminal: lines, not too many, and a last one; none of short work."""

from __future__ import annotations

import pytest

from inkmath.dataset.progress import progress


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, which a test moves by hand."""
    now = [0.0]
    monkeypatch.setattr("inkmath.dataset.progress.time.monotonic", lambda: now[0])
    return now


def test_a_line_every_ten_seconds_and_one_at_the_end(clock: list[float], capsys: pytest.CaptureFixture[str]) -> None:
    with progress("parse", 100) as advance:
        for _ in range(25):
            clock[0] += 1
            advance(4)
    assert capsys.readouterr().err.splitlines() == [
        "parse: 40 of 100 (4/s)",
        "parse: 80 of 100 (4/s)",
        "parse: 100 of 100 (4/s)",
    ]


def test_work_that_is_soon_done_says_nothing(clock: list[float], capsys: pytest.CaptureFixture[str]) -> None:
    with progress("parse", 100) as advance:
        clock[0] += 9
        advance(100)
    assert capsys.readouterr().err == ""


def test_bytes_are_told_in_megabytes(clock: list[float], capsys: pytest.CaptureFixture[str]) -> None:
    with progress("CROHME23.zip", 3_000_000, unit="MB", scale=1e6) as advance:
        clock[0] += 10
        advance(2_000_000)
    assert capsys.readouterr().err.splitlines()[0] == "CROHME23.zip: 2 of 3 MB (0 MB/s)"


def test_without_a_total_only_what_is_done_is_told(clock: list[float], capsys: pytest.CaptureFixture[str]) -> None:
    with progress("parse") as advance:
        clock[0] += 10
        advance(30)
    assert capsys.readouterr().err.splitlines()[0] == "parse: 30 (3/s)"
