"""How long a person waits for a command, as whole processes from a cold start.

Run: ``python -m benchmarks.start``. Processor seconds are printed beside: on a busy machine only they tell.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

EXAMPLE = Path(__file__).parents[1] / "inkmath" / "web" / "page" / "example.inkml"
COMMANDS = {
    "inkmath --help": ["--help"],
    "inkmath recognize FILE": ["recognize", str(EXAMPLE)],
    "inkmath convert FILE --to latex": ["convert", str(EXAMPLE), "--to", "latex"],
}
RUNS = 7


def main() -> None:
    """Measure and print."""
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, {RUNS} runs each")
    for name, arguments in COMMANDS.items():
        waited, worked = zip(*(_run(arguments) for _ in range(RUNS)), strict=True)
        print(
            f"{name}: {min(waited):.2f} s at best, {statistics.median(waited):.2f} s median, "
            f"{statistics.median(worked):.2f} s of processor"
        )


def _run(arguments: list[str]) -> tuple[float, float]:
    """Seconds on the clock and of processor."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    subprocess.run([sys.executable, "-m", "inkmath", *arguments], check=True, stdout=subprocess.DEVNULL)
    waited = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return waited, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


if __name__ == "__main__":
    main()
