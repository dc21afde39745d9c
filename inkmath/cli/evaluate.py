"""``inkmath evaluate``: how well formulas are read, measured against the truth their files hold."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path  # noqa: TC003 -- typer reads it
from typing import TYPE_CHECKING, Annotated

import typer

from inkmath.cli.options import Weights, directory
from inkmath.counting import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from inkmath.cli.report import Report
    from inkmath.cli.sources import Source
    from inkmath.decoding.reading import Reading
    from inkmath.evaluation.expressions import Report as Figures
    from inkmath.ink import Ink
    from inkmath.recognizer import Recognizer

NAMES = {
    "exprate": "ExpRate: read exactly",
    "within_1": "at most 1 token edit away",
    "within_2": "at most 2 token edits away",
    "top5_exprate": "right among the best 5",
    "structure_rate": "structure right, labels aside",
    "token_error_rate": "token error rate",
    "segmentation_recall": "strokes grouped right, recall",
    "segmentation_precision": "strokes grouped right, precision",
    "symbol_recall": "symbols right, recall",
    "symbol_precision": "symbols right, precision",
    "relation_recall": "relations right, recall",
    "relation_precision": "relations right, precision",
    "mean_confidence": "mean confidence",
    "calibration_error": "calibration error",
}

CONFUSIONS = 10
"""How many of each kind are printed; the files have them all."""


def evaluate(
    paths: Annotated[
        list[str],
        typer.Argument(
            metavar="PATH",
            help="InkML files with truth, directories to search for them, or - for standard input.",
        ),
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as one JSON object.")] = False,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            parser=directory,
            help="Also write metrics.json, tables as csv, pictures, and the answers as lg/NAME.lg.",
        ),
    ] = None,
    truth: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            parser=directory,
            help="Take the truth from label graphs, DIR/NAME.lg as convert writes them, not from the InkML files.",
        ),
    ] = None,
    weights: Weights = None,
) -> None:
    """Measure the recogniser on files that hold their truth, or on any with --truth.

    ExpRate is the share of formulas whose canonical LaTeX is exactly the truth's.
    Files without truth, or with LaTeX that cannot be read, are counted and left out: --out lists them with the reason.
    A file that cannot be read is reported, and the exit status is 1.

    Examples:

      inkmath evaluate test/

      inkmath evaluate test/ --json

      inkmath evaluate test/ --out report/

      inkmath evaluate test/ --truth test-lg/
    """
    from inkmath.cli.report import EXIT_FAILED, Report, say
    from inkmath.cli.sources import find
    from inkmath.evaluation import EvaluationError
    from inkmath.evaluation.expressions import evaluate as measure
    from inkmath.recognizer import Recognizer

    if truth is not None and not truth.is_dir():
        raise typer.BadParameter(f"{truth}: no such directory of label graphs", param_hint="--truth")
    report = Report()
    try:
        figures = measure(_read(find(paths), truth, Recognizer.load(weights), report))
    except EvaluationError as nothing:
        if report.failed and not report.done:  # what is amiss has been said
            report.finish()
        say(f"inkmath evaluate: {nothing}", err=True)
        raise typer.Exit(EXIT_FAILED) from nothing
    if out:  # before anything is printed: whoever reads that may stop at the first line
        _write(figures, out)
    if as_json:
        say(json.dumps({name: round(value, 5) for name, value in figures.metrics.items()}, indent=2))
    else:
        _print(figures)
    report.finish()


def _read(
    sources: list[Source], truth: Path | None, recognizer: Recognizer, report: Report
) -> Iterator[tuple[Ink, tuple[Reading, ...]]]:
    from inkmath.cli.answers import BATCH
    from inkmath.cli.sources import InputError, folder_of, names_below
    from inkmath.dataset.progress import progress
    from inkmath.dataset.sources import printable

    names = names_below(sources)
    folders = Counter(stem for stem, _ in {(source.stem, folder_of(source)) for source in sources})
    with progress("Reading", len(sources)) as advance:
        for start in range(0, len(sources), BATCH):
            batch, inks = sources[start : start + BATCH], []
            for source in batch:
                try:
                    ink = source.formula()
                    if truth is not None:
                        # Where files of several folders have one name, that does not say whose the truth is.
                        called = [names[source], source.stem][: 1 if folders[source.stem] > 1 else 2]
                        ink = _told(ink, [truth / f"{name}.lg" for name in called])
                    folder = folder_of(source).name
                    # Tables and label graphs hold these names, which may be no text at all.
                    inks.append(replace(ink, id=printable(names[source]), source=printable(ink.source or folder)))
                    report.done += 1
                except InputError as error:
                    report.fail(source.name, str(error))
            for result in recognizer.recognize_many(inks):
                yield result.ink, tuple(formula.reading for formula in result.alternatives)
            advance(len(batch))


def _told(ink: Ink, files: Sequence[Path]) -> Ink:
    """The ink with the truth of a label graph, in place of what it came with.

    The strokes of a picture are not those that were written, so that its symbols own none.

    Args:
        files: the label graph, the first that is there.

    Raises:
        InputError: none is there, or it is not one of this ink.
    """
    from inkmath.cli.sources import InputError
    from inkmath.layout.lg import MAX_CHARACTERS, parse_lg
    from inkmath.layout.tree import LayoutError, LayoutTree, Symbol

    file = next((file for file in files if file.is_file()), None)
    if file is None:
        raise InputError(f"no truth: there is no {files[0]}")
    try:
        with file.open(encoding="utf-8", errors="replace") as stream:
            tree = parse_lg(stream.read(MAX_CHARACTERS + 1), ink.trace_ids)  # one more is refused as too long
    except LayoutError as error:
        raise InputError(f"{file}: {error}") from error
    except OSError as error:
        raise InputError(f"{file}: {error.strerror}") from error
    if not ink.trace_ids:  # of a picture
        tree = LayoutTree(tuple(Symbol(symbol.label) for symbol in tree.symbols), tree.edges)
    return replace(ink, tree=tree, latex=None, groups=(), problems=())


def _write(figures: Figures, directory: Path) -> None:
    from inkmath.cli.report import say
    from inkmath.evaluation.reading import remove_lg, write_lg

    remove_lg(directory)
    figures.write(directory)
    write_lg(figures.outcomes, directory / "lg")
    try:
        from inkmath.evaluation.expression_pictures import draw_report

        draw_report(figures, directory)
    except ImportError as missing:
        say(f"no pictures: they need the package {missing.name}", err=True)


def _print(figures: Figures) -> None:
    """The figures, and what they are made of, as tables."""
    from rich.console import Console
    from rich.table import Table

    from inkmath.cli.report import plain, say

    # Folders may be named [bold], and by more letters than a narrow terminal or a file has columns for.
    counts, console = figures.metrics, Console(markup=False, width=1000)
    say(counted(int(counts["formulas"]), "formula"))
    if figures.without_truth:  # some may have a truth, but none that an answer can be compared with
        name, reason = figures.without_truth[0]
        say(f"{len(figures.without_truth)} without truth left out; the first: {plain(f'{name}: {reason}')}")
    say("")
    for name, text in NAMES.items():
        if name in counts:
            say(f"{counts[name]:8.2%}  {text}")
    for name in ("by_length", "by_structure", "by_source"):
        if len(figures.tables[name].rows) < 2:
            continue  # one group is what stands above
        title, _, *rates = figures.tables[name].columns
        table = Table(title, "formulas", *rates, box=None)
        for column in table.columns[1:]:
            column.justify = "right"
        for group, count, *shares in figures.tables[name].rows:
            table.add_row(plain(group), str(count), *("" if share is None else f"{share:.1%}" for share in shares))
        with console.capture() as drawn:
            console.print(table)
        say("\n" + drawn.get().rstrip("\n"))
    for name in ("symbol_confusions", "relation_confusions"):
        rows = figures.tables[name].rows[:CONFUSIONS]
        if rows:
            say(f"\nmost frequent {name.replace('_', ' ')}")
        for truth, answer, count in rows:
            say(f"{count:6}  {truth or 'nothing'}  read as  {answer or 'nothing'}")
