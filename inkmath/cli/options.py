"""Arguments and options that several commands share, so that they read and behave alike."""

from __future__ import annotations

from enum import StrEnum
from os.path import isfile
from pathlib import Path
from typing import Annotated

import typer


def directory(given: str) -> Path:
    """Take the path of a directory; it need not be there.

    Raises:
        typer.BadParameter: it is empty, as an unset variable leaves it, or that of a file.
    """
    if not given:  # `Path` would take it for the directory we are in
        raise typer.BadParameter("the path is empty")
    if isfile(given):  # noqa: PTH113 -- Path.is_file() raises where a folder is closed
        raise typer.BadParameter(f"{given} is a file; name a directory")
    return Path(given)


Paths = Annotated[
    list[str],
    typer.Argument(
        metavar="PATH",
        help="InkML files, directories to search for them, pictures (.png, .jpg), or - for standard input.",
    ),
]
Weights = Annotated[
    Path | None,
    typer.Option(metavar="DIR", parser=directory, help="Use the exported models in DIR rather than the released ones."),
]
Jsonl = Annotated[bool, typer.Option("--jsonl", help="Write one JSON object a line, failures among them.")]
Out = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR",
        parser=directory,
        help="Write NAME.tex, NAME.json and so on into DIR rather than to standard output.",
    ),
]


class Format(StrEnum):
    """How answers are written."""

    TEXT = "text"
    LATEX = "latex"
    MATHML = "mathml"
    JSON = "json"
    LG = "lg"


SUFFIXES = {
    Format.TEXT: ".txt",
    Format.LATEX: ".tex",
    Format.MATHML: ".mml",
    Format.JSON: ".json",
    Format.LG: ".lg",
}

FormatOption = Annotated[
    Format,
    typer.Option(
        "--format",
        "-f",
        help="text names each file when there are several; latex and mathml are bare; "
        "json is one document, of several files a list, failures among them; "
        "lg is the label graph of the CROHME competitions.",
    ),
]
