"""The command line. Commands are imported by name only; what they need is imported when they run."""

from __future__ import annotations

import os
import signal
import sys
from typing import Annotated, NoReturn

import typer

from inkmath import __version__
from inkmath.cli.classify import classify
from inkmath.cli.convert import convert
from inkmath.cli.doctor import doctor
from inkmath.cli.evaluate import evaluate
from inkmath.cli.fetch import fetch
from inkmath.cli.recognize import recognize
from inkmath.cli.render import render
from inkmath.cli.report import EXIT_FAILED
from inkmath.cli.serve import serve
from inkmath.cli.synthesize import synthesize

app = typer.Typer(
    name="inkmath",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)

for command in (recognize, classify, serve, evaluate, render, convert, synthesize, fetch, doctor):
    app.command()(command)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"inkmath {__version__}")
        raise typer.Exit


@app.callback()
def inkmath(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Handwriting to mathematics: pen strokes in, LaTeX out.

    Exit status: 0 when everything went well, 1 when an input failed (the others were still handled),
    2 when the command line itself is wrong, 130 when interrupted, 143 when terminated.

    Begin with:

      inkmath doctor

      inkmath serve

      inkmath recognize formula.inkml
    """


def _terminated(*_: object) -> NoReturn:
    sys.exit(128 + signal.SIGTERM)


def main() -> None:
    """Run the command line."""
    # As an exception, so that what was half written is removed, as after Ctrl+C.
    signal.signal(signal.SIGTERM, _terminated)
    # What is said on a stream that whoever began the process closed goes nowhere.
    sys.stdout = sys.stdout or open(os.devnull, "w")  # noqa: PTH123, SIM115 -- open as long as the process runs
    sys.stderr = sys.stderr or open(os.devnull, "w")  # noqa: PTH123, SIM115
    # A file's name may be no text at all; it is shown as well as can be, as JSON would.
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    try:
        app()
    except OSError as unusable:
        # Without the number that Python puts before what the system says.
        told = f"{unusable.filename}: {unusable.strerror}" if unusable.filename and unusable.strerror else unusable
        typer.echo(f"inkmath: {told}", err=True)
        sys.exit(EXIT_FAILED)
    except ValueError as error:
        # Imported here: numpy comes with it, and --help needs none.
        from inkmath.decoding.network import NetworkError

        if not isinstance(error, NetworkError):
            raise
        typer.echo(f"inkmath: {error}", err=True)
        sys.exit(EXIT_FAILED)
