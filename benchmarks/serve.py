"""The REST interface under load: many clients at once, and what becomes of time, memory and refusals.

Run: ``python -m benchmarks.serve [--clients 50] [--seconds 60]``. It starts ``inkmath serve`` on a free port of this
machine with the released weights and stops it again. Each client sends made-up formulas, one after the other; a client
that is turned away waits as long as Retry-After says, as a well-behaved one does.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import httpx
import numpy as np

from inkmath.synthesis import synthesize

FORMULAS = 40
WARM_SECONDS = 5.0


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--weights", type=Path, help="another directory of exported models")
    asked = parser.parse_args()

    options = ["--weights", str(asked.weights)] if asked.weights else []
    with subprocess.Popen(
        [sys.executable, "-m", "inkmath", "serve", "--port", "0", *options], stdout=subprocess.PIPE, text=True
    ) as server:
        try:
            assert server.stdout is not None
            found = re.search(r"http://[\d.]+:\d+", server.stdout.readline())
            if not found:
                raise SystemExit("the server did not start")
            asyncio.run(_measure(found[0], server.pid, asked.clients, asked.seconds))
        finally:
            server.terminate()
    print(f"the server ended with status {server.returncode}")


async def _measure(address: str, pid: int, clients: int, seconds: float) -> None:
    bodies: list[dict[str, object]] = [
        {"strokes": [stroke.round(1).tolist() for stroke in ink.strokes]} for ink in synthesize(FORMULAS, seed=0)
    ]
    limits = httpx.Limits(max_connections=clients, max_keepalive_connections=clients)
    async with httpx.AsyncClient(base_url=address, limits=limits, timeout=60) as client:
        while (ready := await client.get("/readyz")).status_code != 200:
            if "no-model" in ready.text:
                raise SystemExit(ready.json()["detail"])
            await asyncio.sleep(0.1)
        alone = await _load(client, bodies, 1, WARM_SECONDS)
        before = _memory(pid)
        loaded = await _load(client, bodies, clients, seconds)
        after = _memory(pid)
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; {FORMULAS} made-up formulas in turn")
    print(_line("1 client", *alone))
    print(_line(f"{clients} clients", *loaded))
    print(f"memory of the server: {before:.0f} MB before, {after:.0f} MB after ({after / before:.2f} times)")


async def _load(
    client: httpx.AsyncClient, bodies: list[dict[str, object]], clients: int, seconds: float
) -> tuple[np.ndarray, Counter[int], float]:
    """Seconds of each answered request, how often each status came, and how long it all took."""
    times: list[float] = []
    statuses: Counter[int] = Counter()
    began = time.perf_counter()

    async def one(number: int) -> None:
        turn = number
        while time.perf_counter() - began < seconds:
            asked = time.perf_counter()
            response = await client.post("/api/recognize", json=bodies[turn % len(bodies)])
            statuses[response.status_code] += 1
            turn += 1
            if response.status_code == 503:
                await asyncio.sleep(float(response.headers.get("Retry-After", "1")))
            else:
                times.append(time.perf_counter() - asked)

    await asyncio.gather(*(one(number) for number in range(clients)))
    return np.array(times), statuses, time.perf_counter() - began


def _line(what: str, times: np.ndarray, statuses: Counter[int], seconds: float) -> str:
    median, high = np.percentile(times, [50, 99]) * 1000
    told = ", ".join(f"{count} x {status}" for status, count in sorted(statuses.items()))
    rate = len(times) / seconds
    return f"{what}: {rate:.0f} answers/s, median {median:.0f} ms, 99th percentile {high:.0f} ms; {told}"


def _memory(pid: int) -> float:
    """Resident memory of a process in MB."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024  # type: ignore[index]


if __name__ == "__main__":
    main()
