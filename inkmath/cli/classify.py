"""``inkmath classify``: isolated symbols."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from inkmath.cli.options import Format, FormatOption, Jsonl, Out, Paths, Weights

if TYPE_CHECKING:
    from inkmath.cli.answers import Answer
    from inkmath.decoding.reading import Candidate
    from inkmath.ink import Ink

LISTED = 3
"""How many labels are listed unless the user says otherwise."""


def classify(
    paths: Paths,
    style: FormatOption = Format.TEXT,
    jsonl: Jsonl = False,
    top_k: Annotated[
        int | None, typer.Option("--top-k", "-k", min=1, help="How many labels to list for each symbol, 3 unless told.")
    ] = None,
    out: Out = None,
    weights: Weights = None,
) -> None:
    """Name isolated symbols: all strokes of a file are one symbol.

    A file that cannot be read is reported, the others are named all the same, and the exit status is 1.

    Examples:

      inkmath classify alpha.inkml

      inkmath classify symbols/ --top-k 5 --jsonl
    """
    from inkmath.cli.answers import answer_all, check_count
    from inkmath.recognizer import Recognizer

    check_count(top_k, style, "--top-k")
    recognizer = Recognizer.load(weights)

    def answer(inks: list[Ink]) -> list[Answer]:
        named = recognizer.classify_many(inks, top_k or LISTED)
        return [_answer(ink, candidates) for ink, candidates in zip(inks, named, strict=True)]

    answer_all(paths, answer, style=style, jsonl=jsonl, out=out, what="Naming")


def _answer(ink: Ink, candidates: list[Candidate]) -> Answer:
    from inkmath.decoding.reading import Reading
    from inkmath.layout.tree import LayoutTree, Symbol
    from inkmath.recognizer import Formula

    best = candidates[0]
    tree = LayoutTree((Symbol(best.label, tuple(range(len(ink.strokes)))),))
    text = "\n".join(f"{candidate.probability:6.1%}\t{candidate.label}" for candidate in candidates)
    record = {
        "label": best.label,
        "confidence": round(best.probability, 4),
        "top_k": [
            {"label": candidate.label, "probability": round(candidate.probability, 4)} for candidate in candidates
        ],
    }
    return Formula(ink, Reading(tree, best.probability, (tuple(candidates),))), text, record
