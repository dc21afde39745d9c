"""Work spread over processes and machines: the answers in order, whoever gives them and whoever dies."""

from __future__ import annotations

import itertools
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from made_up_ink import inkml

from inkmath.dataset.parsing import Place, parse_places
from inkmath.dataset.splits import Role
from inkmath.dataset.workers import AHEAD, FEW, WorkersError, map_ordered, usable_cores
from inkmath.features.expression_table import normalize_formulas
from inkmath.features.symbol_table import normalize_symbols
from inkmath.images.redrawn_table import redraw_table
from inkmath.params import load_params

if TYPE_CHECKING:
    from collections.abc import Iterator

REPOSITORY = Path(__file__).parents[2]
NORMALIZE = load_params(REPOSITORY / "params.yaml").normalize
QUIET: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}


def test_of_a_machines_cores_those_count_that_the_process_may_run_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 64)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _process: {3, 5}, raising=False)
    assert usable_cores() == 2
    monkeypatch.delattr(os, "sched_getaffinity")
    assert usable_cores() == 64


def die(number: int) -> int:
    if number == 9:
        os.kill(os.getpid(), signal.SIGKILL)
    return -number


def test_one_process_takes_pieces_as_they_are_wanted() -> None:
    taken = itertools.count()
    answers = map_ordered(abs, taken, processes=1)
    assert [next(answers) for _ in range(20)] == list(range(20))
    assert next(taken) <= 20 + FEW


@pytest.mark.slow
def test_processes_answer_in_order_and_take_little_ahead() -> None:
    taken = itertools.count()
    answers = map_ordered(abs, taken, processes=2)
    assert [next(answers) for _ in range(20)] == list(range(20))
    assert next(taken) <= 20 + AHEAD * 2
    assert isinstance(answers, Generator)
    answers.close()


@pytest.mark.slow
def test_a_killed_process_of_this_machine_is_told() -> None:
    with pytest.raises(WorkersError, match="a worker was killed, most likely for want of memory"):
        list(map_ordered(die, range(20), processes=2))


@pytest.mark.slow
def test_so_is_one_that_was_killed_before_further_pieces_came() -> None:
    def pieces() -> Iterator[int]:
        yield from (9, *range(FEW))  # fewer than are taken ahead
        while multiprocessing.active_children():  # a broken pool ends all its processes
            time.sleep(0.05)
        yield 10

    with pytest.raises(WorkersError, match="a worker was killed, most likely for want of memory"):
        list(map_ordered(die, pieces(), processes=2))


@pytest.mark.slow
def test_a_scheduler_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inkmath.dataset.workers.WAIT_SECONDS", 1)
    with pytest.raises(WorkersError, match=r"compute.scheduler = tcp://127.0.0.1:1: no Dask scheduler answers there"):
        list(map_ordered(abs, range(3), scheduler="tcp://127.0.0.1:1"))


class Cluster:
    """A Dask scheduler and workers, each a process of its own."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
        self.folder = folder
        self.workers: list[subprocess.Popen[bytes]] = []
        port = self.address.rpartition(":")[2]
        self.scheduler = self._start("scheduler", "--host", "127.0.0.1", "--port", port, "--no-dashboard")

    def _start(self, kind: str, *arguments: str) -> subprocess.Popen[bytes]:
        # Workers stand elsewhere, so that a relative path of this process leads them nowhere.
        environment = {**os.environ, "PYTHONPATH": f"{REPOSITORY}:{REPOSITORY / 'tests'}"}
        command = [sys.executable, "-m", f"distributed.cli.dask_{kind}", *arguments]
        started: subprocess.Popen[bytes] = subprocess.Popen(command, cwd=self.folder, env=environment, **QUIET)
        return started

    def add_worker(self) -> None:
        self.workers.append(self._start("worker", self.address, "--nthreads", "1", "--no-nanny", "--no-dashboard"))

    def close(self) -> None:
        for process in (*self.workers, self.scheduler):
            process.kill()
            process.wait()


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    (tmp_path / "elsewhere").mkdir()
    started = Cluster(tmp_path / "elsewhere")
    yield started
    started.close()


def content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.slow
def test_a_cluster_that_loses_a_worker_writes_what_one_process_writes(
    tmp_path: Path, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    from distributed import Client

    monkeypatch.chdir(tmp_path)
    for number in range(700):
        path = Path("ink", str(number % 7), f"{number}.inkml")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"<ink>" if number % 100 == 99 else inkml(shift=number, writer=f"w{number // 50}"))
    monkeypatch.setattr("inkmath.dataset.parsing.CHUNK", 16)
    monkeypatch.setattr("inkmath.dataset.ink_table.ROWS_PER_BATCH", 50)
    for _ in range(3):
        cluster.add_worker()
    with Client(cluster.address, timeout=120) as client:  # type: ignore[no-untyped-call]
        client.wait_for_workers(3, timeout=300)

    killed: list[float] = []

    def kill_one(chunks: Iterator[object]) -> Iterator[object]:
        """The chunks, and in the middle of them the end of a worker."""
        for number, chunk in enumerate(chunks):
            if number == 20:
                cluster.workers[0].kill()
                killed.append(time.monotonic())
            yield chunk

    def run(folder: str, scheduler: str | None) -> None:
        summary = parse_places(
            [Place("ink", Role.TRAIN)],
            f"{folder}/ink.parquet",
            f"{folder}/rejected.parquet",
            f"{folder}/problems.parquet",
            valid=0.1,
            seed=1,
            processes=1,
            scheduler=scheduler,
        )
        assert (summary.files, summary.rows, summary.rejected) == (700, 693, 7)
        tables = f"{folder}/ink.parquet", f"{folder}/redrawn.parquet"
        left_out = f"{folder}/not_redrawn.parquet"
        assert redraw_table(*tables, left_out, share=0.02, seed=1, processes=1, scheduler=scheduler).redrawn > 5
        normalize_symbols(tables, f"{folder}/symbol.npz", NORMALIZE, 1, scheduler)
        normalize_formulas(tables, f"{folder}/expression.npz", 8, 1, scheduler)

    run("alone", None)
    from inkmath.dataset import parsing

    chunks = parsing._chunks
    monkeypatch.setattr(parsing, "_chunks", lambda *places, **how: kill_one(chunks(*places, **how)))
    run("cluster", cluster.address)
    assert killed
    assert cluster.workers[0].wait() == -signal.SIGKILL
    assert [worker.poll() for worker in cluster.workers[1:]] == [None, None]
    assert content(tmp_path / "alone") == content(tmp_path / "cluster")
