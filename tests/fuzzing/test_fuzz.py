"""A slice of `make fuzz`, the same at each run: hostile input as it is, and drawn damage to it."""

from __future__ import annotations

import resource
import socket
import threading
import time
from random import Random
from typing import TYPE_CHECKING

import pytest

from fuzzing import seeds
from fuzzing.mutation import mutate
from fuzzing.targets import TARGETS, Escape, check, home, watch
from inkmath.dataset.ink_table import read_inks
from inkmath.dataset.parsing import Place, parse_places
from inkmath.dataset.splits import Role
from inkmath.inkml import InkMLError, parse_inkml

if TYPE_CHECKING:
    from pathlib import Path

SECONDS = 2.0
MEGABYTES = 300  # that a target may add to the process
DRAWN = {"inkml": 600, "latex": 400, "mathml": 400, "lg": 200}
DRAWN |= {"web": 300, "archive": 200, "arrays": 200, "reading": 150}


def held() -> float:
    """Megabytes that this process has held at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def timed(target: str, data: bytes) -> tuple[float, bool]:
    """Seconds of processor time that a check takes, and whether the data got as far as being used."""
    began = time.process_time()
    used = check(target, data)
    return time.process_time() - began, used


@pytest.mark.parametrize("target", TARGETS)
def test_damaged_input_is_read_or_refused_within_its_limits(target: str) -> None:
    sound = seeds.of(target, home())
    rng = Random(20240)
    check(target, sound[0])  # loads what is loaded once
    before = held()
    taken = 0
    for data in (*sound, *(mutate(rng, sound) for _ in range(DRAWN[target]))):
        seconds, used = timed(target, data)
        if seconds >= SECONDS:  # whatever else the process does counts too: slow input is slow again
            seconds, used = timed(target, data)
        assert seconds < SECONDS, data
        taken += used
    assert held() - before < MEGABYTES
    assert taken > 10, "some of it gets as far as being used"


def test_the_watch_sees_what_it_is_for(tmp_path: Path) -> None:
    with watch()(home()), pytest.raises(Escape):
        (tmp_path / "outside").write_text("")
    with watch()(home()), pytest.raises(Escape), socket.socket() as asking:
        asking.connect(("127.0.0.1", 9))
    (tmp_path / "outside").write_text("")


def test_nothing_is_fetched_from_the_network() -> None:
    """Not by libxml2 either, which asks nobody: what entities, style sheets and inclusions name stays unvisited."""
    visitors: list[object] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"http://127.0.0.1:{server.getsockname()[1]}/x"
        server.settimeout(0.3)

        def wait() -> None:
            try:
                visitors.append(server.accept())
            except TimeoutError:
                return

        waiting = threading.Thread(target=wait)
        waiting.start()
        for document in seeds.inkml():
            try:
                parse_inkml(document.replace(b"http://127.0.0.1:9/", address.encode()))
            except InkMLError:
                continue
        waiting.join()
    assert visitors == []


def test_a_folder_of_hostile_files_becomes_rows_and_rejections(tmp_path: Path) -> None:
    train, test = tmp_path / "train", tmp_path / "test"
    for folder in (train, test):
        folder.mkdir()
    for number, document in enumerate(seeds.inkml()):
        (train / f"{number:03}\n\x1b[31m.inkml").write_bytes(document)
    for number, archive in enumerate(seeds.archives()):
        (train / f"{number}{('.zip', '.tar', '.tar.gz')[archive[0]]}").write_bytes(archive[1:])
    (test / "a.inkml").write_bytes(seeds.inkml()[11])
    ink, rejected, problems = (tmp_path / f"{name}.parquet" for name in ("ink", "rejected", "problems"))
    before, began = held(), time.process_time()
    places = [Place(str(train), Role.TRAIN), Place(str(test), Role.TEST)]
    summary = parse_places(places, ink, rejected, problems, valid=0.1, seed=1, processes=1)
    assert time.process_time() - began < SECONDS * summary.files / 10
    assert held() - before < MEGABYTES
    assert summary.files == summary.rows + summary.rejected > len(seeds.inkml())
    assert sum(1 for _ in read_inks(ink)) == summary.rows > 10
    assert sorted(tmp_path.iterdir()) == sorted([ink, rejected, problems, test, train])
