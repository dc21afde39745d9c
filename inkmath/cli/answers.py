"""Answers of ``recognize`` and ``classify``, written in the format that was asked for."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import typer

from inkmath.cli.options import SUFFIXES, Format
from inkmath.cli.outputs import Outputs
from inkmath.cli.report import Report, name, progress, say
from inkmath.cli.sources import InputError, Source, find, is_single
from inkmath.layout.tree import LayoutError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from inkmath.ink import Ink
    from inkmath.recognizer import Formula, Rows

    Answer = tuple[Formula | Rows, str, dict[str, Any]]
    """What was read, what ``text`` says of it, and what JSON says of it."""

BATCH = 16


class Answers:
    """Writes answers one by one; JSON documents of several are one list."""

    def __init__(
        self, style: Format, *, jsonl: bool, single: bool, out: Path | None, sources: Sequence[Source]
    ) -> None:
        self.style = style
        self.jsonl = jsonl
        self.single = single
        self.out = Outputs(out, sources) if out else None
        self._listed: list[dict[str, Any]] = []

    def give(self, source: Source, answer: Answer) -> None:
        """Write the answer for one source.

        Raises:
            InputError: the format cannot hold it.
        """
        formula, text, record = answer
        record = {"file": source.name, **record}
        if self.jsonl:
            say(json.dumps(record, ensure_ascii=False))
        elif self.out:
            content = self._render(formula, text, record).rstrip("\n") + "\n"
            # A file's name may be no text at all; JSON holds it as the list on standard output does.
            self.out.write(source, SUFFIXES[self.style], content.encode(errors="backslashreplace"))
        elif self.style is Format.JSON and not self.single:
            self._listed.append(record)
        elif self.style is Format.TEXT and not self.single:
            say("\n".join(f"{name(source.name)}\t{line}" for line in text.splitlines()))
        else:
            say(self._render(formula, text, record).rstrip("\n"))

    def lack(self, source: Source, reason: str) -> None:
        """Say in the list of a JSON document that there is no answer for one source, and why."""
        if self.style is Format.JSON and not (self.single or self.jsonl or self.out):
            self._listed.append({"file": source.name, "error": reason})

    def close(self) -> None:
        """Write what had to wait for the last answer."""
        if self.style is Format.JSON and not (self.single or self.jsonl or self.out):
            say(json.dumps(self._listed, ensure_ascii=False, indent=2))

    def _render(self, formula: Formula | Rows, text: str, record: dict[str, Any]) -> str:
        match self.style:
            case Format.TEXT:
                return text
            case Format.LATEX:
                return formula.latex
            case Format.MATHML:
                return formula.mathml
            case Format.LG:
                try:
                    return formula.to_lg()
                except LayoutError as error:
                    raise InputError(f"{error}; ask for another --format") from error
            case Format.JSON:
                return json.dumps(record, ensure_ascii=False, indent=2)


def check_count(count: int | None, style: Format, option: str) -> None:
    """Raise typer.BadParameter for a number of answers that a format with room for one was asked for."""
    if count is not None and style not in (Format.TEXT, Format.JSON):
        raise typer.BadParameter(f"{style} holds one answer; ask for text or json, or leave it out", param_hint=option)


def answer_all(
    paths: list[str],
    answer: Callable[[list[Ink]], list[Answer]],
    *,
    style: Format,
    jsonl: bool,
    out: Path | None,
    what: str,
    take: Callable[[Source], Ink] = Source.formula,
) -> None:
    """Answer every source in order, in batches; what cannot be read is reported and the others go on.

    Args:
        answer: reads ink. take: gives that of a source; may raise an InputError. what: says what is done.

    Raises:
        typer.Exit: with status 1, at the end, when a source failed. typer.BadParameter: ``jsonl`` beside another form,
        or beside ``out``.
    """
    if jsonl and style not in (Format.TEXT, Format.JSON):
        raise typer.BadParameter("--jsonl writes JSON objects; for this format leave it out", param_hint="--format")
    if jsonl and out:
        raise typer.BadParameter("--jsonl writes to standard output; for files name a --format", param_hint="--out")
    report = Report(jsonl=jsonl)
    sources = find(paths)
    answers = Answers(style, jsonl=jsonl, single=is_single(paths), out=out, sources=sources)
    batches = [sources[start : start + BATCH] for start in range(0, len(sources), BATCH)]
    with progress(what, sources) as advance:
        for batch in batches:
            inks: dict[int, Ink] = {}
            problems: dict[int, str] = {}
            for place, source in enumerate(batch):
                try:
                    inks[place] = take(source)
                except InputError as error:
                    problems[place] = str(error)
            answered = dict(zip(inks, answer(list(inks.values())), strict=True)) if inks else {}
            for place, source in enumerate(batch):
                try:
                    if place in problems:
                        raise InputError(problems[place])
                    answers.give(source, answered[place])
                    report.done += 1
                except InputError as error:
                    answers.lack(source, str(error))
                    report.fail(source.name, str(error))
            advance(len(batch))
    answers.close()
    report.finish()
