"""The journal of a run: every record is written here first, and stays until the tracking server has taken it.

A run's folder under ``mlspool/`` holds ``journal.jsonl``, copies of the files to be sent, and a lock that its process
holds. The lock goes with the process, however that ends: a folder whose lock is free belongs to nobody, and what is in
it can be sent by the next who comes by.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from filelock import FileLock, Timeout

from inkmath.tracking.location import TrackingError

if TYPE_CHECKING:
    from pathlib import Path

Record = dict[str, Any]
"""One thing to tell the server: ``op`` says which, the other keys are its arguments."""

_FILE = "journal.jsonl"


class Journal:
    """The records of one run that this process owns; make it with :meth:`open` or get it from :meth:`abandoned`."""

    def __init__(self, folder: Path, lock: FileLock) -> None:
        self.folder = folder
        self._lock = lock
        self._path = folder / _FILE
        self._records, self._sent = _read(self._path)
        self.last_write = int(self._path.stat().st_mtime * 1000) if self._path.exists() else 0
        """When the process before this one wrote the last record, in milliseconds since 1970; 0 if there was none."""
        self._end_torn_line()

    @classmethod
    def open(cls, spool: Path, run_id: str, *, uri: str, by: str, seconds: float = 60.0) -> Journal:
        """Own the journal of a run, new or with records that still wait.

        Args:
            spool: the directory of all journals.
            run_id: the run.
            uri: where its records go.
            by: who writes it, ``training`` or ``evaluation``.
            seconds: how long to wait for another process that owns it.

        Raises:
            TrackingError: another process has owned it all the ``seconds``.
        """
        _make_private(spool)
        deadline = time.monotonic() + seconds
        while True:
            with _directory_lock(spool):
                folder = spool / run_id
                folder.mkdir(exist_ok=True)
                if (lock := _take(folder)) is not None:
                    journal = cls(folder, lock)
                    journal.append({"op": "open", "uri": uri, "by": by})
                    return journal
            if time.monotonic() > deadline:
                raise TrackingError(f"another process is writing to run {run_id}; wait for it to end and start again")
            time.sleep(0.2)

    @classmethod
    def abandoned(cls, spool: Path) -> list[Journal]:
        """Own every journal that its process has left behind."""
        if not spool.is_dir():
            return []
        with _directory_lock(spool):
            folders = sorted(folder for folder in spool.iterdir() if folder.is_dir())
            return [cls(folder, lock) for folder in folders if (lock := _take(folder)) is not None]

    @property
    def run_id(self) -> str:
        """The id of the run in MLflow."""
        return self.folder.name

    @property
    def uri(self) -> str | None:
        """Where the records go; None if its process was killed before it wrote any."""
        return self._records[0]["uri"] if self._records else None

    @property
    def left_open(self) -> Record | None:
        """The ``open`` record of a process that never wrote how its work ended."""
        for record in reversed(self._records):
            if record["op"] in ("end", "evaluated"):
                return None
            if record["op"] == "open":
                return record
        return None

    @property
    def pending(self) -> list[Record]:
        """The records that the server has not taken, in order."""
        return self._records[self._sent :]

    def append(self, record: Record) -> None:
        """Keep a record.

        Raises:
            TrackingError: there is no room for it; nothing of it is kept then.
        """
        self._write(record)
        self._records.append(record)

    def acknowledge(self) -> None:
        """The server has taken the first pending record."""
        self._sent += 1
        self._write({"op": "sent", "count": self._sent})

    def close(self) -> None:
        """Give the journal up, and remove it when nothing waits in it."""
        with _directory_lock(self.folder.parent):
            if not self.pending:
                shutil.rmtree(self.folder)
            self._lock.release()

    def _write(self, record: Record) -> None:
        whole = self._path.stat().st_size if self._path.exists() else 0
        try:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(record) + "\n")
        except OSError as error:
            with suppress(OSError):  # the next record, should there be room again, begins a line of its own
                os.truncate(self._path, whole)
            raise TrackingError(f"{self._path}: cannot be written ({error.strerror}); free some space there") from error

    def _end_torn_line(self) -> None:
        """A process killed in mid-write left half a line: end it, so that the next record stands on its own."""
        if self._path.exists() and not self._path.read_bytes().endswith((b"\n",)) and self._path.stat().st_size:
            with self._path.open("a", encoding="utf-8") as file:
                file.write("\n")


def _read(path: Path) -> tuple[list[Record], int]:
    """The records of a journal, and how many of them were sent."""
    records: list[Record] = []
    sent = 0
    if path.exists():
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
            try:
                record = json.loads(line)
            except json.JSONDecodeError:
                continue  # torn: whoever wrote it was killed before the write was done
            if record["op"] == "sent":
                sent = record["count"]
            else:
                records.append(record)
    return records, sent


def _make_private(spool: Path) -> None:
    # Records name the server, whose address may hold a password.
    spool.mkdir(parents=True, exist_ok=True, mode=0o700)


def _directory_lock(spool: Path) -> FileLock:
    return FileLock(spool / ".lock", timeout=60)


def _take(folder: Path) -> FileLock | None:
    lock = FileLock(folder / "lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return None
    return lock
