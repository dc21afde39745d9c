"""How far long work has come: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SECONDS_BETWEEN_LINES = 10.0


@contextmanager
def progress(
    label: str, total: int | None = None, *, unit: str = "", scale: float = 1.0
) -> Iterator[Callable[[int], None]]:
    """Show progress on standard error while the block runs; call what is given with the amount just done.

    On a terminal a bar; elsewhere, of work that takes so long, a line every ten seconds and one at the end.

    Args:
        label: what is being done.
        total: how much there is to do, or None where that is not known.
        unit: what is counted, shown behind the numbers.
        scale: how much of what is counted makes one unit: 1e6 with unit MB for bytes.
    """
    unit = unit and f" {unit}"
    of = f" of {total / scale:.0f}" if total is not None else ""
    if sys.stderr.isatty():
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[count]}"),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=Console(stderr=True)) as bar:
            task = bar.add_task(label, total=total, count="")

            def move(count: int) -> None:
                bar.advance(task, count)
                bar.update(task, count=f"{bar.tasks[0].completed / scale:.0f}{of}{unit}")

            yield move
        return

    started = last = time.monotonic()
    done = 0
    told = False

    def line() -> None:
        rate = done / scale / max(time.monotonic() - started, 1e-9)
        print(f"{label}: {done / scale:.0f}{of}{unit} ({rate:.0f}{unit}/s)", file=sys.stderr, flush=True)

    def advance(count: int) -> None:
        nonlocal done, last, told
        done += count
        if time.monotonic() - last >= SECONDS_BETWEEN_LINES:
            last, told = time.monotonic(), True
            line()

    yield advance
    if told:
        line()
