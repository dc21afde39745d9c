"""Files and folders that are either whole or absent, however a writer ends."""

from __future__ import annotations

import os
import shutil
import uuid
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Give a temporary path beside ``path`` to write to; rename it to ``path`` if the block ends well, else remove it.

    The folder of ``path`` is made if need be. The temporary name keeps the suffix, by which some writers choose their
    format. The file is on disk before it takes the name, so that even a crash of the machine leaves the old or the new.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{uuid.uuid4().hex}.{path.name}")
    try:
        with naming(path, temporary):
            yield temporary
            with temporary.open("rb") as written:
                os.fsync(written.fileno())
            temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def replacing_folder(path: str | Path) -> Iterator[Path]:
    """The same for a folder: give a temporary one, whose files take the place of ``path`` if the block ends well.

    Where ``path`` is a link to a folder, that one is written. A folder cannot be renamed over another. What was at
    ``path`` steps aside first, so that a kill in that moment leaves nothing under the name; it never leaves a mixture.
    """
    path = Path(os.path.realpath(path))
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary, aside = (path.with_name(f".{uuid.uuid4().hex}.{path.name}") for _ in range(2))
    try:
        with naming(path, temporary):
            temporary.mkdir()
            yield temporary
            for written in temporary.iterdir():
                with written.open("rb") as file:
                    os.fsync(file.fileno())
            if path.exists():
                path.rename(aside)
            temporary.rename(path)
    finally:
        for leftover in (temporary, aside):
            if leftover.is_dir():
                shutil.rmtree(leftover)
            else:
                leftover.unlink(missing_ok=True)


@contextmanager
def naming(path: str | Path, temporary: Path) -> Iterator[None]:
    """Let an `OSError` of the block that names no file, or the temporary one, name ``path``.

    On a full disk few writers say where; in a read-only folder all name a file that nobody asked for.
    """
    try:
        yield
    except OSError as error:
        if error.errno is None or error.filename not in (None, temporary, str(temporary)):
            raise
        raise OSError(error.errno, error.strerror, str(path)) from error
