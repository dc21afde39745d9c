"""``inkmath fetch``: public data sets."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from inkmath.cli.options import directory
from inkmath.cli.report import EXIT_FAILED, say

Directory = Annotated[Path, typer.Option(metavar="DIR", parser=directory, help="Where the files go.")]


def fetch(
    name: Annotated[str, typer.Argument(metavar="NAME", help="crohme, mathwriting or mathwriting-excerpt.")],
    out: Directory,
    server: Annotated[
        str | None,
        typer.Option(metavar="URL", envvar="INKMATH_FETCH_SERVER", help="A mirror with the same paths."),
    ] = None,
) -> None:
    """Fetch a public data set from its owner, showing its terms.

    Interrupted, the same command goes on where it stopped. Checksums are verified where the owner publishes them.

    Examples:

      inkmath fetch crohme --out data/raw/crohme

      inkmath fetch mathwriting-excerpt --out data/raw/mathwriting
    """
    from inkmath.dataset.fetch import FetchError, UnknownDataSetError
    from inkmath.dataset.fetch import fetch as fetch_data_set

    try:
        fetch_data_set(name, out, say, server)
    except UnknownDataSetError as error:
        raise typer.BadParameter(str(error), param_hint="NAME") from error
    except FetchError as error:
        say(f"inkmath fetch: {error}", err=True)
        raise typer.Exit(EXIT_FAILED) from error
