"""`make fuzz`: damaged input by the hundred thousand, counted; what breaks a promise is kept as a file.

    python -m fuzzing [--runs N] [--only NAME] [REAL]

REAL is a directory of real InkML to begin with, beside what is made up. Inputs are found by atheris, guided by the
branches they reach; where that is not installed, they are drawn from a seed.
"""

from __future__ import annotations

import argparse
import itertools
import random
import re
import resource
import subprocess
import sys
import tempfile
import time
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

SECONDS = 2  # that one input may take
MEGABYTES = 2048  # that a process may hold; the largest of them holds the released models

SHARES = {
    "inkml": 0.36,
    "latex": 0.12,
    "mathml": 0.12,
    "lg": 0.04,
    "web": 0.14,
    "archive": 0.1,
    "arrays": 0.04,
    "reading": 0.08,
}
"""Of the runs, by target."""


def main() -> int:
    """Fuzz every target in a process of its own; 0 when none found anything."""
    parser = argparse.ArgumentParser(prog="make fuzz")
    parser.add_argument("real", nargs="?", type=Path, help="directory of real InkML to begin with as well")
    parser.add_argument("--runs", type=int, default=120_000, help="inputs in all")
    parser.add_argument("--only", choices=SHARES, help="one target")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--finds", type=Path, default=Path("fuzz-finds"), help="where finds are kept")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.child:
        _fuzz(asked.child, asked)
        return 0
    shares = {asked.only: 1.0} if asked.only else SHARES
    total, broken = 0, []
    for target, share in shares.items():
        runs, took, line = _run(target, max(1, round(share * asked.runs)), asked)
        total += runs
        print(f"{target:8} {runs:7,} inputs  {took:5.0f} s  {line}", flush=True)
        if "find" in line:
            broken.append(target)
    print(f"{total:,} inputs in all, {SECONDS} s and {MEGABYTES:,} MB at most for each; finds: {broken or 'none'}")
    return 1 if broken else 0


def _run(target: str, runs: int, asked: argparse.Namespace) -> tuple[int, float, str]:
    """How many inputs a target had, how long that took, and what came of it."""
    began = time.monotonic()
    command = [sys.executable, "-m", "fuzzing", "--child", target, "--runs", str(runs), "--seed", str(asked.seed)]
    command += ["--finds", str(asked.finds), *([str(asked.real)] if asked.real else [])]
    # In English and in one file, whichever fuzzer writes it.
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    output = done.stdout.decode("utf-8", "replace")
    counted = re.findall(r"stat::number_of_executed_units:\s+(\d+)", output) or re.findall(r"#(\d+)", output)
    accepted = re.findall(r"taken as sound: (\d+)", output)
    kept = re.findall(r"Test unit written to (\S+)", output)
    if done.returncode == 0:
        return int(counted[-1]), time.monotonic() - began, f"{int((accepted or ['0'])[-1]):,} taken as sound"
    print(output[-6000:])
    return int((counted or ["0"])[-1]), time.monotonic() - began, f"find: {kept[-1] if kept else 'see above'}"


def _fuzz(target: str, asked: argparse.Namespace) -> None:
    """Fuzz one target in this process, until it is through or something is found."""
    # Imported here, and nowhere before: what is to tell of its branches must be imported by atheris.
    try:
        import atheris
    except ImportError:
        atheris = None
    with atheris.instrument_imports(include=["inkmath"]) if atheris else nullcontext():
        from fuzzing import seeds, targets
        from fuzzing.mutation import LONGEST, mutate

    rng = random.Random(asked.seed)
    sound = seeds.of(target, targets.home())
    if asked.real and target in ("inkml", "reading"):
        files = sorted(asked.real.rglob("*.inkml"))
        sound += [path.read_bytes()[:LONGEST] for path in rng.sample(files, min(2000, len(files)))]
    elif asked.real and target in ("latex", "mathml"):
        sound += _truths(target, sorted(asked.real.rglob("*.inkml")), rng)
    accepted = 0

    def check(data: bytes) -> None:
        nonlocal accepted
        accepted += targets.check(target, data)

    check(sound[0])  # models are loaded, and modules imported, before time counts
    asked.finds.mkdir(parents=True, exist_ok=True)
    if atheris is None:
        drawn = (mutate(rng, sound) for _ in range(asked.runs - len(sound)))
        _draw(check, itertools.chain(sound, drawn), asked.finds / target)
        print(f"taken as sound: {accepted}", flush=True)
        return

    def custom(data: bytes, most: int, seed: int) -> Any:
        own = random.Random(seed)
        if own.random() < 0.3:
            return atheris.Mutate(data, most)
        return mutate(own, [data[:most] or b" ", own.choice(sound)])[:most]

    seen = 0

    def counted(data: bytes) -> None:
        check(data)
        nonlocal seen
        seen += 1
        if seen % 100 == 0 or seen == asked.runs:
            print(f"taken as sound: {accepted}", flush=True)

    with tempfile.TemporaryDirectory() as corpus:
        for number, data in enumerate(sound):
            (Path(corpus) / f"{number:05}").write_bytes(data[:LONGEST])
        options = [f"-runs={asked.runs}", f"-seed={asked.seed}", f"-timeout={SECONDS}", f"-rss_limit_mb={MEGABYTES}"]
        options += [f"-max_len={LONGEST}", f"-artifact_prefix={asked.finds / target}-", "-print_final_stats=1"]
        atheris.Setup([sys.argv[0], *options, corpus], counted, custom_mutator=custom)
        atheris.Fuzz()


def _draw(check: Callable[[bytes], None], inputs: Iterable[bytes], finds: Path) -> None:
    """Check inputs one by one, each within its limits."""
    number = 0
    for number, data in enumerate(inputs, 1):
        began = time.process_time()
        try:
            check(data)
            assert time.process_time() - began < SECONDS, f"took more than {SECONDS} s"
            held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            assert held < MEGABYTES, f"the process holds {held:.0f} MB"
        except BaseException:
            find = finds.with_name(f"{finds.name}-drawn-{number}")
            find.write_bytes(data)
            print(f"#{number} Test unit written to {find}", flush=True)
            raise
    print(f"#{number}", flush=True)


def _truths(target: str, files: list[Path], rng: random.Random) -> list[bytes]:
    """LaTeX or MathML of real files."""
    from inkmath.inkml import InkMLError, parse_inkml

    found = []
    for path in rng.sample(files, min(1000, len(files))):
        try:
            ink = parse_inkml(path)
        except InkMLError:
            continue
        if target == "latex":
            found += [ink.latex.encode()] if ink.latex else []
        else:
            math = re.search(rb"<math.*</math>", path.read_bytes(), re.DOTALL)
            found += [math[0]] if math else []
    return found


if __name__ == "__main__":
    sys.exit(main())
