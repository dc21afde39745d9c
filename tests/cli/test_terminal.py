"""What a person sees at a terminal: colour, progress, completion, and the status after Ctrl+C."""

from __future__ import annotations

import fcntl
import os
import pty
import signal
import subprocess
import sys
import termios
import time
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from inkmath.ink import Ink
from inkmath.inkml import write_inkml
from inkmath.layout.tree import LayoutTree, Symbol

ROOT = Path(__file__).parents[2]
SCRIPT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"]["inkmath"]
PROGRAM = """
from stub_reader import StubNamer, StubReader
from inkmath.recognizer import Recognizer
Recognizer.load = lambda path=None: Recognizer(StubReader, StubNamer)
import inkmath.cli
inkmath.cli.main()
"""
ENVIRONMENT = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}", "TERM": "xterm", "COLUMNS": "100"}


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    """More formulas than one batch holds."""
    for number in range(40):
        ink = replace(Ink.from_points([[[0, 0], [10, 10]]]), tree=LayoutTree((Symbol("x", (0,)),), ()), latex="x")
        (tmp_path / f"{number}.inkml").write_bytes(write_inkml(ink))
    return tmp_path


def at_terminal(*arguments: object, answers_elsewhere: bool = False, **environment: str) -> str:
    """What the command writes to a terminal; its answers too, unless they go elsewhere."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *map(str, arguments)],
        env={**ENVIRONMENT, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL if answers_elsewhere else theirs,
        stderr=theirs,
    ) as process:
        os.close(theirs)
        seen = b""
        while True:
            try:
                seen += os.read(ours, 4096)
            except OSError:  # so Linux says that the other side has closed the terminal
                break
        os.close(ours)
    assert process.returncode == 0
    return seen.decode()


def test_a_terminal_shows_colour_unless_its_user_wants_none(notes: Path) -> None:
    assert "\x1b[36m" in at_terminal("recognize", notes)
    assert "\x1b" not in at_terminal("recognize", notes, NO_COLOR="1")


def test_a_directory_shows_progress_while_its_answers_go_to_a_file(notes: Path) -> None:
    assert "Reading" in at_terminal("recognize", notes, "--jsonl", answers_elsewhere=True)
    assert at_terminal("recognize", notes / "1.inkml", answers_elsewhere=True) == ""
    assert "Reading" not in at_terminal("recognize", notes), "answers that are seen are progress enough"


def test_a_measurement_shows_progress_before_its_figures(notes: Path) -> None:
    shown = at_terminal("evaluate", notes)
    assert shown.index("Reading") < shown.index("ExpRate")


def test_ctrl_c_ends_with_status_130(notes: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, "recognize", notes, "-"],
        env=ENVIRONMENT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A shell that runs tests in the background has its children ignore Ctrl-C.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        assert process.stdout.readline(), "the first batch is answered"
        process.stdin.write("<")
        process.stdin.flush()
        while any(fcntl.ioctl(process.stdin, termios.FIONREAD, bytes(4))):  # until it is taken, and the rest waited for
            assert process.poll() is None
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=120)
    assert process.returncode == 130, err
    assert "Traceback" not in err


@pytest.mark.parametrize(("ending", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_command_that_is_stopped_leaves_nothing_half_written(
    tmp_path: Path, ending: signal.Signals, status: int
) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "inkmath", "synthesize", "100000", "--out", "made-up"],
        cwd=tmp_path,
        env=ENVIRONMENT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        # A shell that runs tests in the background has its children ignore Ctrl-C.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as process:
        while process.poll() is None and not any(tmp_path.glob(".*.made-up/*")):
            time.sleep(0.05)
        process.send_signal(ending)
    assert process.returncode == status
    assert not list(tmp_path.iterdir())


def test_ctrl_c_while_the_command_line_is_still_being_loaded_is_no_traceback(tmp_path: Path) -> None:
    (tmp_path / "typer.py").write_text("raise KeyboardInterrupt\n", encoding="utf-8")
    for command in (
        [sys.executable, "-m", "inkmath"],
        [sys.executable, "-c", f"from {SCRIPT.replace(':', ' import ')}; main()"],
    ):
        done = subprocess.run(
            [*command, "doctor"],
            env={**ENVIRONMENT, "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stderr) == (130, "")


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("rec", ["recognize"]),
        ("recognize --jso", ["--jsonl"]),
        ("convert --to m", ["mathml"]),
        ("serve --po", ["--port"]),
    ],
)
def test_the_shell_completes_commands_options_and_their_values(typed: str, offered: list[str]) -> None:
    words = f"inkmath {typed}"
    completing = {"_INKMATH_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(len(words.split()) - 1)}
    # The variable's name is that of the script as the shell knows it.
    program = f"import sys; sys.argv[0] = 'inkmath'\n{PROGRAM}"
    done = subprocess.run(
        [sys.executable, "-c", program], env={**ENVIRONMENT, **completing}, capture_output=True, text=True, check=False
    )
    assert done.stdout.split() == offered


def test_a_reader_that_has_enough_ends_the_command_well(notes: Path) -> None:
    command = f"'{sys.executable}' -c \"$PROGRAM\" recognize '{notes}' --jsonl"
    script = f"set -o pipefail; {command} | head -n 1 > /dev/null"
    done = subprocess.run(
        ["bash", "-c", script], env={**ENVIRONMENT, "PROGRAM": PROGRAM}, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


STOPS_READING = """
import io, sys
class Stops(io.TextIOWrapper):
    def write(self, text):
        if "structure_rate" in text:
            raise BrokenPipeError
        return super().write(text)
sys.stdout = Stops(sys.stdout.buffer)
"""


def test_a_reader_that_has_enough_at_a_table_ends_the_command_well(notes: Path) -> None:
    (notes / "other").mkdir()
    (notes / "0.inkml").rename(notes / "other" / "0.inkml")  # figures by source are a table
    done = subprocess.run(
        [sys.executable, "-c", STOPS_READING + PROGRAM, "evaluate", notes],
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "mean confidence" in done.stdout


def test_a_name_that_is_no_text_is_shown_as_well_as_can_be(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"caf\xe9.inkml")).write_bytes(write_inkml(Ink.from_points([[[0, 0], [10, 10]]])))
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, "recognize", tmp_path],
        env={**ENVIRONMENT, "PYTHONIOENCODING": "utf-8:strict"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "caf\\udce9.inkml\tx" in done.stdout
