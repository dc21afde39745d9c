"""``inkmath synthesize``: made-up handwriting."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from inkmath.cli.options import directory
from inkmath.cli.report import EXIT_FAILED, name, say
from inkmath.counting import counted

NewDirectory = Annotated[
    Path, typer.Option(metavar="DIR", parser=directory, help="A new or empty directory for the files.")
]


def synthesize(
    count: Annotated[int, typer.Argument(metavar="N", min=1, help="How many formulas.")],
    out: NewDirectory,
    seed: Annotated[int, typer.Option(min=0, help="Another seed gives other writers and other formulas.")] = 0,
    writers: Annotated[int, typer.Option(min=1, help="How many hands share the work.")] = 50,
    symbols: Annotated[int, typer.Option(min=8, help="The longest formula, in symbols.")] = 24,
    further: Annotated[
        bool,
        typer.Option("--further", help="Also what CROHME lacks: D, K, omega, equivalence signs, accents and more."),
    ] = False,
    matrices: Annotated[
        bool, typer.Option("--matrices", help="Formulas with matrices, determinants, column vectors and cases alone.")
    ] = False,
) -> None:
    """Make formulas in made-up handwriting, as CROHME-style InkML with full truth.

    The same numbers give the same files. A seed has the same writers with --further and --matrices as without.

    Examples:

      inkmath synthesize 100 --out made-up

      inkmath synthesize 2000 --out made-up --seed 7 --writers 80

      inkmath synthesize 1000 --out further --further

      inkmath synthesize 1000 --out matrices --matrices
    """
    from inkmath.synthesis import synthesize as make
    from inkmath.synthesis.collection import CollectionError, write_collection

    try:
        written = write_collection(
            make(count, seed, writers=writers, max_symbols=symbols, further=further, matrices=matrices),
            out,
            total=count,
        )
    except CollectionError as error:
        say(f"inkmath synthesize: {error}", err=True)
        raise typer.Exit(EXIT_FAILED) from error
    say(f"{counted(written, 'formula')} by {counted(min(writers, written), 'writer')} in {name(str(out))}")
