"""``inkmath recognize``: whole formulas."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from inkmath.cli.options import Format, FormatOption, Jsonl, Out, Paths, Weights
from inkmath.cli.report import say
from inkmath.counting import counted

if TYPE_CHECKING:
    from inkmath.cli.answers import Answer
    from inkmath.ink import Ink
    from inkmath.recognizer import Recognition, Recognizer

LISTED = 5
"""How many readings JSON holds unless the user says otherwise."""

DOUBTED = 0.5
"""A reading of less confidence may be of several formulas: whoever does not know of ``--rows`` is told.

Of some that are read with more nobody is told; to look at all would take as long as reading them once more.
"""


def recognize(
    paths: Paths,
    style: FormatOption = Format.TEXT,
    jsonl: Jsonl = False,
    alternatives: Annotated[
        int | None,
        typer.Option("--alternatives", "-n", min=1, max=50, help="Show the N best readings with their confidence."),
    ] = None,
    rows: Annotated[
        bool, typer.Option("--rows", help="Read formulas written beneath each other, each for itself.")
    ] = False,
    out: Out = None,
    weights: Weights = None,
) -> None:
    """Read handwritten formulas as LaTeX.

    A .png or .jpg picture of one formula is read as well: its strokes are recovered first (needs the extra images).
    A file that cannot be read is reported, the others are read all the same, and the exit status is 1.

    Examples:

      inkmath recognize formula.inkml

      inkmath recognize scan.png

      inkmath recognize - < scan.png

      inkmath recognize notes/ --jsonl > notes.jsonl

      inkmath recognize derivation.inkml --rows

      inkmath recognize - --format mathml < formula.inkml

      inkmath recognize test/ --format lg --out predicted/
    """
    from inkmath.cli.answers import answer_all, check_count
    from inkmath.cli.sources import Source
    from inkmath.recognizer import Recognizer

    check_count(alternatives, style, "--alternatives")
    recognizer = Recognizer.load(weights)

    parted = 0

    def answer(inks: list[Ink]) -> list[Answer]:
        nonlocal parted
        if rows:
            return [_answer_of_rows(recognizer, ink, alternatives) for ink in inks]
        results = recognizer.recognize_many(inks, alternatives=alternatives or LISTED)
        doubted = [ink for ink, result in zip(inks, results, strict=True) if result.confidence < DOUBTED]
        parted += sum(len(recognizer.expressions.rows(ink)) > 1 for ink in doubted)
        return [(result, _text(result, alternatives), result.as_dict()) for result in results]

    try:
        take = Source.sheet if rows else Source.formula
        answer_all(paths, answer, style=style, jsonl=jsonl, out=out, what="Reading", take=take)
    finally:
        if parted:
            say(
                f"{counted(parted, 'file')} may hold formulas beneath each other: --rows reads each for itself",
                err=True,
            )


def _text(result: Recognition, alternatives: int | None) -> str:
    if alternatives is None:
        return result.latex
    return "\n".join(f"{formula.confidence:6.1%}\t{formula.latex}" for formula in result.alternatives)


def _answer_of_rows(recognizer: Recognizer, ink: Ink, alternatives: int | None) -> Answer:
    read = recognizer.recognize_rows(ink, alternatives=alternatives or LISTED)
    if alternatives is None:
        return read, "\n".join(row.latex for row in read.rows), read.as_dict()
    lines = (f"{n}\t{line}" for n, row in enumerate(read.rows, 1) for line in _text(row, alternatives).splitlines())
    return read, "\n".join(lines), read.as_dict()
