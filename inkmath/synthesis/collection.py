"""Made-up handwriting as files: a directory of CROHME-style InkML, written whole or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from inkmath.dataset.atomic import replacing_folder
from inkmath.dataset.progress import progress
from inkmath.inkml import write_inkml

if TYPE_CHECKING:
    from collections.abc import Iterable

    from inkmath.ink import Ink


class CollectionError(ValueError):
    """A directory cannot take a collection; the message says which and why."""


def write_collection(inks: Iterable[Ink], directory: str | Path, *, total: int, replace: bool = False) -> int:
    """Write each ink to ``directory/ID.inkml``.

    The files are written beside the directory and get its name when all are there.

    Args:
        inks: what to write, with different ids.
        directory: where to; its parents are made if need be.
        total: how many there will be, for the progress shown.
        replace: take the place of a directory that exists, with all that is in it.

    Returns:
        How many files were written.

    Raises:
        CollectionError: ``directory`` is a file, or holds something and ``replace`` is not set.
    """
    directory = Path(directory)
    if directory.exists():
        if not directory.is_dir():
            raise CollectionError(f"{directory}: is a file; name a directory")
        if not replace and any(directory.iterdir()):
            raise CollectionError(f"{directory}: is not empty; name a new directory")
    count = 0
    with replacing_folder(directory) as temporary, progress(f"Writing {directory}", total) as advance:
        for ink in inks:
            (temporary / f"{ink.id}.inkml").write_bytes(write_inkml(ink))
            count += 1
            advance(1)
    return count
