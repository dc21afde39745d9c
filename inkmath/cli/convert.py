"""``inkmath convert``: the truth that files hold, in another notation."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from inkmath.cli.options import Out, Paths  # noqa: TC001 -- typer reads annotations as it runs

if TYPE_CHECKING:
    from inkmath.ink import Ink
    from inkmath.layout.tree import LayoutTree


class Notation(StrEnum):
    """What a file can be converted to."""

    LG = "lg"
    LATEX = "latex"
    MATHML = "mathml"
    SVG = "svg"
    PNG = "png"
    JSON = "json"


_SUFFIXES = {Notation.LATEX: ".tex", Notation.MATHML: ".mml"}


def convert(
    paths: Paths,
    to: Annotated[
        Notation,
        typer.Option(
            "--to",
            "-t",
            help="lg is the label graph of the CROHME competitions; latex is canonical; mathml is for browsers; "
            "json holds strokes, symbols, relations and LaTeX; svg and png are pictures of the ink.",
        ),
    ],
    out: Out = None,
) -> None:
    """Convert the truth that InkML files hold, or draw their ink. Nothing is recognised.

    A file that cannot be converted is reported, the others are converted all the same, and the exit status is 1.

    Examples:

      inkmath convert formula.inkml --to latex

      inkmath convert test/ --to lg --out truth/

      inkmath convert - --to png < formula.inkml > formula.png
    """
    from inkmath.cli.outputs import Outputs
    from inkmath.cli.report import Report, progress
    from inkmath.cli.sources import InputError, find

    sources = find(paths)
    if to in (Notation.PNG, Notation.SVG) and out is None and len(sources) > 1:
        raise typer.BadParameter("several pictures do not fit on standard output; name a directory", param_hint="--out")
    report = Report()
    outputs = Outputs(out, sources)
    with progress("Converting", sources) as advance:
        for source in sources:
            try:
                outputs.write(source, _SUFFIXES.get(to, f".{to}"), _render(source.ink(), to))
                report.done += 1
            except InputError as error:
                report.fail(source.name, str(error))
            advance(1)
    report.finish()


def _render(ink: Ink, to: Notation) -> bytes:
    """One file's ink or truth in the notation, ending in a newline where it is text.

    Raises:
        InputError: it lacks the truth for that.
    """
    from inkmath.cli.sources import InputError
    from inkmath.layout.tree import LayoutError

    try:
        match to:
            case Notation.PNG:
                from inkmath.cli.outputs import png

                return png(ink)
            case Notation.SVG:
                from inkmath.drawing import to_svg

                text = to_svg(ink)
            case Notation.LG:
                from inkmath.layout.lg import to_lg

                text = to_lg(_truth(ink), ink.trace_ids, title=ink.title, outside=ink.outside)
            case Notation.LATEX:
                from inkmath.layout.latex import canonical_tokens

                text = " ".join(canonical_tokens(_truth(ink)))
            case Notation.MATHML:
                from inkmath.layout.mathml import to_mathml

                text = to_mathml(_truth(ink))
            case Notation.JSON:
                text = json.dumps(_as_dict(ink), ensure_ascii=False)
    except LayoutError as error:
        raise InputError(str(error)) from error
    # JSON has the file's name, which may be no text at all.
    return (text.rstrip("\n") + "\n").encode(errors="backslashreplace")


def _truth(ink: Ink) -> LayoutTree:
    from inkmath.cli.sources import InputError

    if ink.tree is None:
        reason = "; ".join(ink.problems) or "the file has no MathML or LaTeX"
        raise InputError(f"no layout tree to convert: {reason}")
    return ink.tree


def _as_dict(ink: Ink) -> dict[str, object]:
    """What the file holds; ``latex`` is canonical, ``symbols`` and ``relations`` are empty without a layout tree."""
    from inkmath.layout.latex import canonical_tokens

    tree = ink.tree
    return {
        "id": ink.id,
        "writer": ink.writer,
        "latex": " ".join(canonical_tokens(tree)) if tree else None,
        "strokes": [stroke.tolist() for stroke in ink.strokes],
        "symbols": [{"label": s.label, "strokes": list(s.strokes)} for s in tree.symbols] if tree else [],
        "relations": [
            {"parent": edge.parent, "child": edge.child, "relation": str(edge.relation)} for edge in tree.edges
        ]
        if tree
        else [],
        "problems": list(ink.problems),
    }
