"""``inkmath render``: pictures of ink and of what is read in it."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path  # noqa: TC003 -- typer reads annotations as it runs
from typing import TYPE_CHECKING, Annotated

import typer

from inkmath.cli.options import Paths, Weights, directory

if TYPE_CHECKING:
    from inkmath.cli.sources import Source
    from inkmath.ink import Ink
    from inkmath.recognizer import Recognizer


class Picture(StrEnum):
    """How pictures are written."""

    SVG = "svg"
    PNG = "png"


class Show(StrEnum):
    """What a picture shows beside the ink."""

    READ = "read"
    TRUTH = "truth"
    INK = "ink"


def render(
    paths: Paths,
    to: Annotated[Picture, typer.Option("--to", "-t", help="The kind of picture.")] = Picture.SVG,
    show: Annotated[
        Show,
        typer.Option(help="Colour and name each symbol as it is read, or as the file's truth says; or the bare ink."),
    ] = Show.READ,
    width: Annotated[int, typer.Option(min=40, max=8000, help="The largest width of the ink, in pixels.")] = 800,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", parser=directory, help="Write NAME.svg or NAME.png into DIR rather than to standard output."
        ),
    ] = None,
    weights: Weights = None,
) -> None:
    """Draw handwriting, each symbol in a colour of its own under the label it is read as.

    A file that cannot be drawn is reported, the others are drawn all the same, and the exit status is 1.

    Examples:

      inkmath render formula.inkml > formula.svg

      inkmath render notes/ --to png --out pictures/

      inkmath render formula.inkml --show truth --to png > truth.png
    """
    from inkmath.cli.outputs import Outputs
    from inkmath.cli.report import Report, progress
    from inkmath.cli.sources import InputError, find
    from inkmath.recognizer import Recognizer

    sources = find(paths)
    if out is None and len(sources) > 1:
        raise typer.BadParameter("several pictures do not fit on standard output; name a directory", param_hint="--out")
    recognizer = Recognizer.load(weights)
    report = Report()
    outputs = Outputs(out, sources)
    with progress("Drawing", sources) as advance:
        for source in sources:
            try:
                ink = _dressed(source, show, recognizer)
                outputs.write(source, f".{to}", _draw(ink, to, dressed=show is not Show.INK, width=width))
                report.done += 1
            except InputError as error:
                report.fail(source.name, str(error))
            advance(1)
    report.finish()


def _dressed(source: Source, show: Show, recognizer: Recognizer) -> Ink:
    """The ink with the tree to show.

    Raises:
        InputError: it cannot be read, or its truth is wanted and it has none.
    """
    from inkmath.cli.sources import InputError

    ink = source.formula() if show is Show.READ else source.ink()
    if show is Show.READ:
        return recognizer.recognize(ink).to_ink()
    if show is Show.TRUTH and (ink.tree is None or not any(symbol.strokes for symbol in ink.tree.symbols)):
        raise InputError("the file does not say which strokes are which symbol")
    return ink


def _draw(ink: Ink, to: Picture, *, dressed: bool, width: int) -> bytes:
    from inkmath.cli.outputs import png
    from inkmath.drawing import to_svg

    size = (float(width), width * 0.6)
    if to is Picture.SVG:
        return to_svg(ink, size=size, colours=dressed, labels=dressed).encode()
    return png(ink, size=size, colours=dressed, labels=dressed, scale=1.0)
