"""What commands print: answers on standard output, failures on standard error, and the exit status."""

from __future__ import annotations

import json
import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

EXIT_FAILED = 1
"""Some input could not be used; the others were."""


def say(text: str, *, err: bool = False, flush: bool = True) -> None:
    """Print, with colour only on a terminal whose user has not set ``NO_COLOR``."""
    stream = sys.stderr if err else sys.stdout
    with while_read():
        typer.echo(text, err=err, color=stream.isatty() and "NO_COLOR" not in os.environ)
        if flush:
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


def name(text: str) -> str:
    """A file's name, dressed for a terminal."""
    return typer.style(text, fg=typer.colors.CYAN)


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
            say(f"{name(file)}: {typer.style('error', fg=typer.colors.RED)}: {reason}", err=True)

    def finish(self) -> None:
        """End the command, with status 1 if anything failed."""
        total = self.done + self.failed
        if self.failed:
            if total > 1 and not self.jsonl:
                say(f"{self.failed} of {total} failed", err=True)
            raise typer.Exit(EXIT_FAILED)


@contextmanager
def progress(items: Sequence[Any], what: str) -> Iterator[Iterable[Any]]:
    """The same items, with a bar on standard error when answers go elsewhere and there is more than one to wait for."""
    if len(items) < 2 or not sys.stderr.isatty() or sys.stdout.isatty():
        yield items
        return
    from rich.console import Console
    from rich.progress import track

    yield track(items, description=what, console=Console(stderr=True), transient=True)
