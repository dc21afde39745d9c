"""How a training uses the machine: memory that it frees serves the next array."""

from __future__ import annotations

import subprocess
import sys

import pytest

FREED_AGAIN_AND_AGAIN = """
import ctypes, resource, threading
import numpy as np
from inkmath.training.compute import hold_memory
ctypes.CDLL(None).mallopt(-1, 128 << 10)  # M_TRIM_THRESHOLD, as TensorFlow's data sets do
{call}
def work(times):
    for _ in range(times):
        np.ones({megabytes} << 17)
def in_a_thread(times):
    thread = threading.Thread(target=work, args=(times,))
    thread.start()
    thread.join()
def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for run in (work, in_a_thread):
    run(1)
    begun = faults()
    run(40)
    print(faults() - begun)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="glibc alone has these bounds")
@pytest.mark.parametrize("megabytes", [1, 48])
@pytest.mark.parametrize(("call", "anew"), [("", True), ("hold_memory()", False)])
def test_an_array_takes_the_memory_of_the_one_before(megabytes: int, call: str, anew: bool) -> None:
    """Else each of its pages, of four kilobytes or two megabytes, would be a fault."""
    code = FREED_AGAIN_AND_AGAIN.format(call=call, megabytes=megabytes)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    faults = [int(line) for line in done.stdout.split()]
    assert all((count > 40 * 10) == anew for count in faults), faults
