"""Recognition off the event loop: a few threads, a bounded queue, and a time limit."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from starlette.requests import ClientDisconnect

from inkmath.web.problems import Problem, limit_problem

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from starlette.requests import Request

    from inkmath.web.settings import Limits

T = TypeVar("T")


class WorkerPool:
    """Runs recognitions in ``workers`` threads; the networks release the interpreter lock while they compute."""

    def __init__(self, workers: int, limits: Limits) -> None:
        self._workers = workers
        self._limits = limits
        self._threads: ThreadPoolExecutor | None = None
        self.pending = 0

    def open(self) -> None:
        """Take up work."""
        self._threads = ThreadPoolExecutor(self._workers, thread_name_prefix="recognize")
        self.pending = 0

    async def run(self, work: Callable[[], T], request: Request | None = None) -> T:
        """Run ``work`` in a thread.

        Args:
            work: what to compute.
            request: whose answer it is; when its client goes away, work that has not begun is dropped.

        Raises:
            Problem: 503 with Retry-After when too many wait already, or the time was up before the work began; without,
                when it was up before the work was done: the same would take as long again.
            ClientDisconnect: the client went away.
        """
        assert self._threads is not None, "the pool is not open"
        if self.pending >= self._limits.waiting:
            most = self._limits.waiting
            raise _overloaded(f"{most} recognitions are waiting already.", "waiting", most)
        self.pending += 1
        future = self._threads.submit(work)
        future.add_done_callback(self._ended(asyncio.get_running_loop()))
        answer = asyncio.ensure_future(asyncio.wrap_future(future))
        gone = asyncio.ensure_future(_disconnected(request)) if request else None
        try:
            await asyncio.wait(
                [task for task in (answer, gone) if task],
                timeout=self._limits.seconds,
                return_when=asyncio.FIRST_COMPLETED,
            )
            if answer.done():
                return answer.result()
            if gone and gone.done():
                raise ClientDisconnect
            if future.cancel():
                reason = "All the time that there is for a formula went by before its turn came."
                raise _overloaded(reason, "seconds", self._limits.seconds)
            raise limit_problem(
                503,
                "too-slow",
                "Took too long",
                limit="seconds",
                value=self._limits.seconds,
                unit="seconds",
                remedy="Try less at once.",
            )
        finally:
            # A thread cannot be stopped: work that has begun keeps its place in the queue until it ends.
            future.cancel()
            for task in (answer, gone):
                if task:
                    task.cancel()

    def close(self) -> None:
        """Drop what has not begun, and wait for what has."""
        if self._threads is not None:
            self._threads.shutdown(wait=True, cancel_futures=True)
            self._threads = None

    def _ended(self, loop: asyncio.AbstractEventLoop) -> Callable[[Future[T]], None]:
        def count() -> None:
            self.pending -= 1

        def ended(_: Future[T]) -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(count)

        return ended


def _overloaded(reason: str, name: str, value: float) -> Problem:
    retry, limit = {"Retry-After": "1"}, {"name": name, "value": value}
    return Problem(503, "overloaded", "Too busy", f"{reason} Try again in a second.", headers=retry, limit=limit)


async def _disconnected(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
