"""The journal keeps what the server has not taken, whatever happens to the process that writes it."""

from __future__ import annotations

import json
import os
import resource
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inkmath.tracking import TrackingError
from inkmath.tracking.journal import Journal


def open_journal(spool: Path, run_id: str = "run", seconds: float = 0.0) -> Journal:
    return Journal.open(spool, run_id, uri="http://server", by="training", seconds=seconds)


def abandon(journal: Journal) -> None:
    """What the system does when the process is killed: the lock goes, the files stay."""
    journal._lock.release()


def test_nobody_else_looks_into_it(tmp_path: Path) -> None:
    """It holds the server's address, which may hold a password."""
    spool = tmp_path / "mlspool"
    open_journal(spool)
    assert spool.stat().st_mode & 0o077 == 0


def test_what_was_taken_is_no_longer_pending(tmp_path: Path) -> None:
    journal = open_journal(tmp_path)
    journal.append({"op": "metrics", "step": 0})
    journal.append({"op": "metrics", "step": 1})
    journal.acknowledge()
    journal.acknowledge()
    assert journal.pending == [{"op": "metrics", "step": 1}]


def test_nothing_remains_of_a_journal_that_was_sent(tmp_path: Path) -> None:
    journal = open_journal(tmp_path)
    journal.acknowledge()
    journal.close()
    assert not (tmp_path / "run").exists()


def test_what_is_pending_outlives_the_process(tmp_path: Path) -> None:
    journal = open_journal(tmp_path)
    journal.acknowledge()
    journal.append({"op": "metrics", "step": 7})
    journal.close()
    (found,) = Journal.abandoned(tmp_path)
    assert found.run_id == "run"
    assert found.uri == "http://server"
    assert found.pending == [{"op": "metrics", "step": 7}]


def test_a_journal_in_use_is_left_alone(tmp_path: Path) -> None:
    journal = open_journal(tmp_path)
    assert Journal.abandoned(tmp_path) == []
    with pytest.raises(TrackingError, match="another process is writing to run"):
        open_journal(tmp_path)
    abandon(journal)
    assert len(Journal.abandoned(tmp_path)) == 1


def test_a_killed_process_leaves_its_journal_open(tmp_path: Path) -> None:
    abandon(open_journal(tmp_path, "killed"))
    ended = open_journal(tmp_path, "ended")
    ended.append({"op": "end", "status": "FINISHED"})
    abandon(ended)
    found = {journal.run_id: journal.left_open for journal in Journal.abandoned(tmp_path)}
    assert found == {"killed": {"op": "open", "uri": "http://server", "by": "training"}, "ended": None}


def test_a_torn_line_does_not_change_when_the_process_wrote_last(tmp_path: Path) -> None:
    abandon(open_journal(tmp_path))
    file = tmp_path / "run" / "journal.jsonl"
    file.write_bytes(file.read_bytes() + b'{"op": "met')
    os.utime(file, (1000.0, 1000.0))
    (found,) = Journal.abandoned(tmp_path)
    assert found.last_write == 1_000_000


def test_a_full_disk_is_one_clear_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = open_journal(tmp_path)
    journal._path = Path("/dev/full")
    with pytest.raises(TrackingError, match="No space left on device"):
        journal.append({"op": "metrics"})


def test_a_record_that_found_no_room_takes_no_other_with_it(tmp_path: Path) -> None:
    journal = open_journal(tmp_path)
    unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (journal._path.stat().st_size + 5, unlimited[1]))
    try:
        with pytest.raises(TrackingError, match="free some space"):
            journal.append({"op": "metrics", "step": 0})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)
    journal.append({"op": "metrics", "step": 1})
    journal.acknowledge()
    abandon(journal)
    (found,) = Journal.abandoned(tmp_path)
    assert found.pending == journal.pending == [{"op": "metrics", "step": 1}]


@given(steps=st.lists(st.booleans(), max_size=12), cut=st.floats(0, 1))
def test_a_journal_cut_anywhere_gives_the_records_before_the_cut(
    tmp_path_factory: pytest.TempPathFactory, steps: list[bool], cut: float
) -> None:
    spool = tmp_path_factory.mktemp("spool")
    journal = open_journal(spool)
    for number, taken in enumerate(steps):
        journal.append({"op": "metrics", "step": number})
        if taken:
            journal.acknowledge()
    abandon(journal)
    file = spool / "run/journal.jsonl"
    whole = file.read_bytes()
    file.write_bytes(whole[: int(cut * len(whole))])
    survived = [json.loads(line) for line in file.read_bytes().split(b"\n")[:-1]]
    (found,) = Journal.abandoned(spool)
    found.append({"op": "end"})
    abandon(found)
    (again,) = Journal.abandoned(spool)
    written = [record for record in survived if record["op"] != "sent"]
    sent = sum(record["op"] == "sent" for record in survived)
    kept = again.pending[:-1]
    # A last line that lost only its line break still counts.
    assert kept[: len(written[sent:])] == written[sent:] or kept == written[sent + 1 :]
    assert len(kept) - len(written[sent:]) in (-1, 0, 1)
    assert again.pending[-1] == {"op": "end"}
