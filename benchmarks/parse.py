"""How fast InkML becomes the ink table, beside what XML and numbers alone cost on the same files."""

from __future__ import annotations

import argparse
import os
import platform
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from lxml import etree

from inkmath.dataset.parsing import Place, parse_places
from inkmath.dataset.splits import Role
from inkmath.synthesis import synthesize
from inkmath.synthesis.collection import write_collection

if TYPE_CHECKING:
    from collections.abc import Callable

ROUNDS = 3


def xml_alone(files: list[Path]) -> None:
    for file in files:
        read_xml(file)


def xml_and_arrays(files: list[Path]) -> None:
    """Every trace as a float32 array: the least that any reader of ink must do."""
    for file in files:
        root = read_xml(file)
        if root is None:
            continue
        for trace in root.iter("{*}trace"):
            points = [[float(number) for number in point.split()] for point in (trace.text or "").split(",")]
            np.array(points, dtype=np.float32)


def read_xml(file: Path) -> etree._Element | None:
    try:
        return etree.fromstring(file.read_bytes(), etree.XMLParser(recover=True, resolve_entities=False))
    except etree.XMLSyntaxError:
        return None


def to_table(place: Path, processes: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        parse_places(
            [Place(str(place), Role.TRAIN)],
            Path(folder) / "ink.parquet",
            Path(folder) / "rejected.parquet",
            Path(folder) / "problems.parquet",
            valid=0.06,
            seed=0,
            processes=processes,
        )


def seconds(work: Callable[[], None]) -> tuple[float, float]:
    """On the clock, and of this process on any core."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu


def main(place: Path) -> None:
    files = sorted(place.rglob("*.inkml"))
    work = {
        "lxml alone": lambda: xml_alone(files),
        "lxml and float arrays": lambda: xml_and_arrays(files),
        "parse, 1 process": lambda: to_table(place, 1),
        "parse, 2 processes": lambda: to_table(place, 2),
    }
    work["parse, 1 process"]()  # Imports and the disk cache are warm for all alike.
    # In turn, and the best of each: what else the machine does then disturbs all alike.
    times = [{name: seconds(run) for name, run in work.items()} for _ in range(ROUNDS)]
    wall, cpu = ({name: min(round_[name][clock] for round_ in times) for name in work} for clock in (0, 1))

    size = sum(file.stat().st_size for file in files) / max(len(files), 1)
    print(
        f"{len(files)} files of {size / 1000:.1f} kB, best of {ROUNDS} rounds; {platform.machine()}, "
        f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, Python {platform.python_version()}"
    )
    for name in work:
        of_core = "" if name.endswith("processes") else f", {len(files) / cpu[name]:6.0f} a second of one core"
        print(f"  {name:22} {len(files) / wall[name]:6.0f} files a second{of_core}")
    share = cpu["lxml and float arrays"] / cpu["parse, 1 process"]
    print(f"  parse / (lxml and float arrays), per second of one core: {share:.2f}")
    print(f"  2 processes / 1, on the clock: {wall['parse, 1 process'] / wall['parse, 2 processes']:.2f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("place", nargs="?", type=Path, help="directory of InkML; without it 2,000 made-up formulas")
    if (place := parser.parse_args().place) is not None:
        main(place)
    else:
        with tempfile.TemporaryDirectory() as made:
            write_collection(synthesize(2000, 0, writers=40), Path(made) / "ink", total=2000)
            main(Path(made) / "ink")
