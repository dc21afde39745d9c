"""How parsing grows with the number of files: seconds, peak memory, files a second of one core.

python -m benchmarks.scale [--counts 10000 100000 650000] [--seconds 900] [--picture FILE.png] [--folder DIR]

The files are variants of 500 made-up formulas, each of other ink (strokes shifted point by point), 100 a writer, in a
plain tar archive, which is deleted afterwards. Without arguments 1,000 and 10,000 files are parsed. A count that takes
longer than --seconds is ended, and said to be.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import platform
import re
import resource
import subprocess
import sys
import tarfile
import tempfile
import time
from functools import partial
from pathlib import Path

from inkmath.dataset.parsing import Place, parse_places
from inkmath.dataset.splits import Role
from inkmath.inkml import write_inkml
from inkmath.synthesis import synthesize

BASES = 500
POINT = re.compile(rb"(<trace id=[^>]*>)\s*(-?[\d.]+) (-?[\d.]+)")
WRITER = re.compile(rb'(<annotation type="writer">)[^<]*')


def pack(path: Path, count: int) -> None:
    """An archive of InkML, the first point of every stroke of each file another."""
    bases = [write_inkml(ink) for ink in synthesize(BASES, 0, writers=40)]
    with tarfile.open(path, "w") as archive:
        for number in range(count):
            moved, writer = float(number // BASES) * 0.01, b"w%d" % (number // 100)
            content = POINT.sub(partial(_shifted, by=moved), bases[number % BASES])
            content = WRITER.sub(rb"\g<1>" + writer, content)
            member = tarfile.TarInfo(f"part{number // 10000}/{number}.inkml")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))


def _shifted(found: re.Match[bytes], by: float) -> bytes:
    return b"%s%.3f %s" % (found[1], float(found[2]) + by, found[3])


def parse(archive: str, processes: int) -> None:
    """Parse in this process and its workers, and print what it took."""
    start = time.perf_counter()
    with tempfile.TemporaryDirectory(dir=Path(archive).parent) as folder:
        tempfile.tempdir = folder
        ink, rejected, problems = (Path(folder) / f"{name}.parquet" for name in ("ink", "rejected", "problems"))
        done = parse_places(
            [Place(archive, Role.TRAIN)], ink, rejected, problems, valid=0.06, seed=0, processes=processes
        )
        table = sum(part.stat().st_size for part in Path(folder, "ink.parquet").iterdir())
    mine, workers = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = [usage.ru_utime + usage.ru_stime for usage in (mine, workers)]
    print(
        json.dumps(
            {
                "files": done.files,
                "rejected": done.rejected,
                "seconds": time.perf_counter() - start,
                "core_seconds": sum(cpu),
                "leader_seconds": cpu[0],
                "peak_mb": mine.ru_maxrss / 1024,
                "worker_mb": workers.ru_maxrss / 1024,
                "table_mb": table / 1e6,
            }
        ),
        flush=True,
    )


def measure(count: int, seconds: float, processes: int, folder: str | None) -> dict[str, float] | None:
    with tempfile.TemporaryDirectory(dir=folder, prefix="inkmath-scale-") as made:
        archive = Path(made) / "ink.tar"
        pack(archive, count)
        size = archive.stat().st_size
        # A process of its own: a peak never goes down again.
        command = [sys.executable, "-m", "benchmarks.scale", "--parse", str(archive), "--processes", str(processes)]
        try:
            output = subprocess.run(
                command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=seconds
            )
        except subprocess.TimeoutExpired:
            return None
    figures: dict[str, float] = json.loads(output.stdout)
    return figures | {"archive_mb": size / 1e6}


def draw(rows: list[dict[str, float]], path: str) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 3.2), layout="constrained")
    counts = [row["files"] for row in rows]
    panels = {
        "seconds": {"on the clock": "seconds", "of cores": "core_seconds"},
        "files a second of one core": {"": "rate"},
        "peak memory of a process, MB": {"leader": "peak_mb", "worker": "worker_mb"},
    }
    for axes, (title, lines) in zip(figure.subplots(1, 3), panels.items(), strict=True):
        for name, column in lines.items():
            axes.plot(counts, [row[column] for row in rows], marker="o", label=name)
        axes.set(xscale="log", xlabel="files", title=title)
        axes.set_xticks(counts, [f"{count:,.0f}" for count in counts])
        axes.set_xticks([], minor=True)
        axes.margins(x=0.12)
        axes.grid(alpha=0.3)
        if title == "seconds":
            axes.set_yscale("log")
            axes.yaxis.set_major_formatter("{x:,.0f}")
            axes.yaxis.set_minor_formatter("")
        else:
            axes.set_ylim(0, None)
        if len(lines) > 1:
            axes.legend()
    figure.savefig(path, dpi=110)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--counts", type=int, nargs="+", default=[1000, 10000])
    parser.add_argument("--seconds", type=float, default=3600)
    parser.add_argument("--processes", type=int, default=0)
    parser.add_argument("--picture")
    parser.add_argument("--folder")
    parser.add_argument("--parse", metavar="ARCHIVE", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.parse:
        parse(chosen.parse, chosen.processes)
        return
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    rows = []
    for count in chosen.counts:
        load = os.getloadavg()[0]
        row = measure(count, chosen.seconds, chosen.processes, chosen.folder)
        if row is None:
            print(f"{count:7} files: not done after {chosen.seconds:.0f} s (load before: {load:.1f})", flush=True)
            continue
        row["rate"] = row["files"] / row["core_seconds"]
        rows.append(row)
        print(
            f"{row['files']:7.0f} files ({row['archive_mb']:.0f} MB): {row['seconds']:.0f} s on the clock, "
            f"{row['core_seconds']:.0f} s of cores, {row['leader_seconds']:.0f} of them of the leader; "
            f"{row['rate']:.0f} files a second of one core; peak {row['peak_mb']:.0f} MB, "
            f"a worker {row['worker_mb']:.0f} MB; table {row['table_mb']:.1f} MB, {row['rejected']:.0f} rejected "
            f"(load before: {load:.1f})",
            flush=True,
        )
    if chosen.picture and rows:
        draw(rows, chosen.picture)


if __name__ == "__main__":
    main()
