"""How long a training may live: no longer than the DVC that runs it."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from pathlib import Path

from inkmath.training import TrainingError

_PR_SET_PDEATHSIG = 1


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
