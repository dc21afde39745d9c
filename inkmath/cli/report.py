"""What commands print: answers on standard output, failures on standard error, and the exit status."""

from __future__ import annotations

import json
import os
import re
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from inkmath.cli.sources import Source

EXIT_FAILED = 1
"""Some input could not be used; the others were."""


def say(text: str, *, err: bool = False) -> None:
    """Print, with colour only on a terminal whose user has not set ``NO_COLOR``."""
    stream = sys.stderr if err else sys.stdout
    with while_read():
        typer.echo(text, err=err, color=stream.isatty() and "NO_COLOR" not in os.environ)
        stream.flush()


@contextmanager
def while_read() -> Iterator[None]:
    """Writing to whoever reads our output; when that one (``| head``) has had enough, the command ends well."""
    try:
        yield
    except BrokenPipeError:
        # Or Python would write what is left once more as it ends, and complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit from None


def plain(text: str) -> str:
    """The text as one field of one line: line breaks, tabs and what else steers a terminal are escaped."""
    return re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]", lambda found: repr(found[0])[1:-1], text)


def name(text: str) -> str:
    """A file's name, on one line and dressed for a terminal."""
    return typer.style(plain(text), fg=typer.colors.CYAN)


class Report:
    """Counts what failed while a command works through its inputs.

    Args:
        jsonl: failures are JSON objects among the answers rather than lines on standard error.
    """

    def __init__(self, *, jsonl: bool = False) -> None:
        self.jsonl = jsonl
        self.done = 0
        self.failed = 0

    def fail(self, file: str, reason: str) -> None:
        """Say that an input failed, and go on."""
        self.failed += 1
        if self.jsonl:
            say(json.dumps({"file": file, "error": reason}, ensure_ascii=False))
        else:
            say(f"{name(file)}: {typer.style('error', fg=typer.colors.RED)}: {plain(reason)}", err=True)

    def finish(self) -> None:
        """End the command, with status 1 if anything failed."""
        total = self.done + self.failed
        if self.failed:
            if total > 1 and not self.jsonl:
                say(f"{self.failed} of {total} failed", err=True)
            raise typer.Exit(EXIT_FAILED)


@contextmanager
def progress(what: str, sources: Sequence[Source]) -> Iterator[Callable[[int], None]]:
    """Show how far the sources are answered; call what is given with the number just done.

    Nothing is shown of one source alone, nor where the answers themselves come to the same terminal.
    """
    if len(sources) < 2 or (sys.stdout.isatty() and sys.stderr.isatty()):
        yield lambda _: None
        return
    from inkmath.dataset.progress import progress as shown

    with shown(what, len(sources)) as advance:
        yield advance
