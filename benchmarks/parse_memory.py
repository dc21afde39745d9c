"""How much memory parsing takes as files become more: it should hardly grow."""

from __future__ import annotations

import argparse
import io
import resource
import subprocess
import sys
import tarfile
import tempfile
import time
from pathlib import Path

from inkmath.dataset.parsing import Place, parse_places
from inkmath.dataset.splits import Role

FORMULA = """<ink xmlns="http://www.w3.org/2003/InkML"><annotation type="writer">w{writer}</annotation>
<annotation type="label">x</annotation><trace id="0">{x} 0, {x} 1</trace>
<trace id="1">{x} 5, {x} 7</trace></ink>"""


def pack(path: Path, files: int) -> None:
    """An archive of small files, each of other ink."""
    with tarfile.open(path, "w:gz", compresslevel=1) as archive:
        for number in range(files):
            content = FORMULA.format(writer=number // 50, x=number).encode()
            member = tarfile.TarInfo(f"part{number % 7}/{number}.inkml")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))


def parse(archive: Path) -> None:
    """Parse in this process and print what it took."""
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        done = parse_places(
            [Place(str(archive), Role.TRAIN)],
            Path(folder) / "ink.parquet",
            Path(folder) / "rejected.parquet",
            Path(folder) / "problems.parquet",
            valid=0.06,
            seed=0,
            processes=1,
        )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"  {done.rows:7} files: {peak:5.0f} MB at most, {time.perf_counter() - start:.0f} s", flush=True)


def main(files: int) -> None:
    print("peak memory of parsing an archive in one process")
    for count in (files // 10, files):
        with tempfile.TemporaryDirectory() as folder:
            archive = Path(folder) / "small.tar.gz"
            pack(archive, count)
            # A process of its own: a peak never goes down again.
            command = [sys.executable, "-m", "benchmarks.parse_memory", "--parse", str(archive)]
            subprocess.run(command, check=True, stderr=subprocess.DEVNULL)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "files", nargs="?", type=int, default=20_000, help="in the larger archive (default: %(default)s)"
    )
    parser.add_argument("--parse", metavar="ARCHIVE", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.parse:
        parse(asked.parse)
    else:
        main(asked.files)
