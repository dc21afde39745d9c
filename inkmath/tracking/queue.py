"""DVC's queue of experiments, worked off to its end.

DVC's workers talk through files that are made empty and then filled (treeverse/dvc#10428). Whoever reads one too early
fails, the more often the busier the machine: ``dvc queue status``; or a worker, which ends after its experiment, so
that the rest stays queued; or the part of a worker that ends it once the queue is empty, so that it stays for ever.
Of two workers that begin in one moment, one may also overwrite what tells of the other, which then hears no ``stop``.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING

from inkmath.tracking.location import TrackingError, repository_root

if TYPE_CHECKING:
    from collections.abc import Callable

    import psutil

LOOK_SECONDS = 10.0
LOOKS_TO_MISS = 4
"""Workers are started again when at so many looks in a row fewer of them were at work than there could be."""

SECONDS_TO_STOP = 20.0
"""A worker that was told to stop has ended by then."""

_CELERY = ".dvc/tmp/exps/celery"
_TOO_EARLY = "Expecting value"
_STATES = {"Queued", "Running", "Success", "Failed"}


def work_off(workers: int, tell: Callable[[str], None] = print) -> Counter[str]:
    """Start DVC's workers, again when one was lost, until nothing is queued and nothing runs; then stop them.

    Args:
        workers: how many experiments run at once.
        tell: is given a line whenever the figures change.

    Returns:
        How many have ended meanwhile as ``Success`` and as ``Failed``.

    Raises:
        TrackingError: DVC says no, or experiments are left whose worker was killed: to DVC they run for ever.
    """
    before, told = queue_states(), ""
    missed = LOOKS_TO_MISS if before["Queued"] else 0
    while (states := queue_states())["Queued"] or states["Running"]:
        if (line := _in_words(states)) != told:
            tell(told := line)
        at_work = states["Running"] if _workers() else 0
        missed = missed + 1 if at_work < (workers if states["Queued"] else 1) else 0
        if missed > LOOKS_TO_MISS:
            if not states["Queued"]:
                raise TrackingError(
                    f"DVC counts {states['Running']} as running whose worker was killed; "
                    "end each with dvc queue kill NAME (dvc queue status names them) and queue it again"
                )
            # Those that answer are left alone. Trap: a pipe for what this prints stays open until the last worker ends.
            _dvc("start", "--jobs", str(workers), read=False)
            missed = 0
        time.sleep(LOOK_SECONDS)
    _dvc("stop")
    _end_forgotten()
    return Counter({state: states[state] - before[state] for state in ("Success", "Failed")})


def _end_forgotten() -> None:
    """Ask the workers that are still there after their time to end, as the system asks a process."""
    import psutil

    deadline = time.monotonic() + SECONDS_TO_STOP
    while alive := _workers():
        if time.monotonic() > deadline:
            for worker in alive:
                with suppress(psutil.NoSuchProcess):
                    worker.terminate()
            return
        time.sleep(0.5)


def _workers() -> list[psutil.Process]:
    """DVC's workers in this repository that are alive."""
    import psutil

    found = []
    for file in (repository_root() / _CELERY).glob("dvc-exp-worker-*.pid"):
        # A number in a file that was left behind may be another process by now.
        with suppress(OSError, ValueError, psutil.NoSuchProcess, psutil.AccessDenied):
            process = psutil.Process(int(file.read_text()))
            if "queue-worker" in process.cmdline():
                found.append(process)
    return found


def queue_states() -> Counter[str]:
    """How many experiments of DVC's queue are in each state."""
    lines = (line.split() for line in _dvc("status").splitlines())
    return Counter(words[-1] for words in lines if words and words[-1] in _STATES)


def _in_words(states: Counter[str]) -> str:
    return ", ".join(f"{states[state]} {state.lower()}" for state in sorted(states))


def _dvc(*command: str, read: bool = True) -> str:
    """What ``dvc queue`` printed; asked again where it read a message too early."""
    output = subprocess.PIPE if read else subprocess.DEVNULL
    for _ in range(5):
        whole = [sys.executable, "-m", "dvc", "queue", *command]
        done = subprocess.run(whole, stdout=output, stderr=output, text=True, check=False)
        if done.returncode == 0:
            return done.stdout or ""
        if read and _TOO_EARLY not in done.stderr:
            break
        time.sleep(1.0)
    raise TrackingError(f"dvc queue {' '.join(command)}: {(done.stderr or 'failed').strip()}")
