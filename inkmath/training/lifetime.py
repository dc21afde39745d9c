"""How a training ends: with the DVC that runs it, and with the status that tells why."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from inkmath.training import TrainingError

if TYPE_CHECKING:
    from collections.abc import Iterator

_PR_SET_PDEATHSIG = 1


@contextmanager
def ending_at_once() -> Iterator[None]:
    """End this process as soon as the block exits or is interrupted, with the status that Python would give it.

    A process that Python takes down while TensorFlow prepares the next batches may wait for the threads that do so for
    ever, or is aborted by them: to whoever began it, it would have crashed, and not been stopped.
    """
    try:
        yield
    except (SystemExit, KeyboardInterrupt) as ending:
        code = ending.code if isinstance(ending, SystemExit) else 128 + signal.SIGINT
        if isinstance(code, str):
            print(code, file=sys.stderr)
            code = 1
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code or 0)


def end_with_dvc() -> None:
    """Have the kernel end this process when the DVC that started it as a stage is killed.

    The next ``dvc repro`` begins by taking away what the stage wrote and starts it again: two trainings would share one
    checkpoint and one folder of results. What was begun by hand lives on as it likes, and so does all where the kernel
    has no such service: on Linux it is ``PR_SET_PDEATHSIG``, see prctl(2). Call it before anything is written.

    A DVC that was killed before the call is noticed by the first process of the system or container, which has taken
    its place, unless that is a DVC too. Where another process takes in orphans (a subreaper), it is not noticed.

    Raises:
        TrainingError: that DVC is gone already.
    """
    if "DVC_STAGE" not in os.environ or sys.platform != "linux":
        return
    parent = os.getppid()
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent or (parent == 1 and not _is_dvc(parent)):
        raise TrainingError("the DVC that started this stage was killed; run dvc repro again")


def _is_dvc(process: int) -> bool:
    """Whether a process was begun as ``dvc ...`` or ``python -m dvc ...``, as the only one of a container may be."""
    try:
        words = Path(f"/proc/{process}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return any(Path(os.fsdecode(word)).name == "dvc" for word in words)
