"""Work spread over processes, of this machine or of a Dask cluster: the same answers in the same order from either."""

from __future__ import annotations

import multiprocessing
import os
from collections import deque
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

FEW = 4
"""So many pieces are worked on in this process: starting others takes longer."""

AHEAD = 4
"""Pieces under way for each worker. Without a bound, those that wait would pile up in memory."""

WAIT_SECONDS = 60
"""How long a scheduler may take to answer, and to have its first worker."""

Piece = TypeVar("Piece")
Answer = TypeVar("Answer")


class WorkersError(RuntimeError):
    """Work broke off, or could not begin, for a reason that lies in no piece of it; the message says what to do."""


def usable_cores() -> int:
    """How many cores this process may run on, which may be fewer than the machine has: in many containers they are."""
    # From Python 3.13 on `os.process_cpu_count` tells.
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def map_ordered(
    function: Callable[[Piece], Answer], pieces: Iterable[Piece], processes: int = 0, scheduler: str | None = None
) -> Iterator[Answer]:
    """What ``function`` makes of each piece, in the order of the pieces, wherever and whenever it is made.

    Args:
        function: of a module, so that other processes can import it, and without side effects: of a worker that dies,
            Dask gives the pieces to others.
        pieces: taken only a little ahead of what has been answered.
        processes: workers on this machine; 0 takes all cores that it may, 1 works in this process.
        scheduler: address of a Dask scheduler (``tcp://host:8786``), whose workers then do it all. They need this
            library, but not this disk: pieces and answers travel.

    Raises:
        WorkersError: a worker of this machine was killed, a piece killed several of the cluster's, or the cluster
            cannot be reached or has no worker.
    """
    pieces = iter(pieces)
    processes = processes or usable_cores()
    if scheduler is None:
        first = list(islice(pieces, FEW + 1))
        if processes == 1 or len(first) <= FEW:
            yield from map(function, chain(first, pieces))
            return
        pieces = chain(first, pieces)
    with _executor(processes, scheduler) as (executor, workers), _killed_is_told(scheduler):
        under_way: deque[Future[Answer]] = deque()
        for piece in pieces:
            under_way.append(executor.submit(function, piece))
            while len(under_way) >= AHEAD * workers():
                yield under_way.popleft().result()
        while under_way:
            yield under_way.popleft().result()


@contextmanager
def _executor(processes: int, scheduler: str | None) -> Iterator[tuple[Executor, Callable[[], int]]]:
    """Where pieces go, and how many of them can be worked on at once, which for a cluster changes as it runs."""
    if scheduler is None:
        # Workers start anew rather than fork: a fork copies the locks of Arrow's and the progress bar's threads.
        pool = ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("spawn"))
        try:
            yield pool, lambda: processes
        finally:
            pool.shutdown(cancel_futures=True)
        return
    try:
        from distributed import Client
    except ImportError:
        raise WorkersError(
            "compute.scheduler needs Dask; install inkmath[team], or set it to null to use this machine"
        ) from None
    try:
        client: Any = Client(scheduler, timeout=WAIT_SECONDS, set_as_default=False)  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:
        raise WorkersError(
            f"compute.scheduler = {scheduler}: no Dask scheduler answers there ({error}); start one with "
            "`dask scheduler`, or set it to null to use this machine"
        ) from error
    with client:
        try:
            client.wait_for_workers(1, timeout=WAIT_SECONDS)
        except TimeoutError:
            raise WorkersError(
                f"the Dask scheduler {scheduler} has no worker; start some with `dask worker {scheduler} --nthreads 1`"
            ) from None
        # Equal pieces need no common name: without one, Dask does not read each of them once more to find it.
        yield client.get_executor(pure=False), lambda: max(1, sum(client.nthreads().values()))


@contextmanager
def _killed_is_told(scheduler: str | None) -> Iterator[None]:
    """Say what to do about a killed worker, whether its answer is waited for or others are given pieces."""
    killed: tuple[type[BaseException], ...] = (BrokenExecutor,)
    if scheduler is not None:
        from distributed import KilledWorker

        killed = (KilledWorker, CancelledError)
    try:
        yield
    except killed as error:
        remedy = "set compute.processes to fewer"
        if scheduler is not None:
            remedy = f"see the log of the scheduler {scheduler}, and whether it runs"
        raise WorkersError(f"a worker was killed, most likely for want of memory; {remedy}") from error
