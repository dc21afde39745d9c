"""The PATH arguments of commands: files, directories and ``-``, as ink."""

from __future__ import annotations

import os
import sys
from collections import Counter
from dataclasses import dataclass
from mimetypes import guess_type
from os.path import abspath, commonpath, isdir, realpath
from pathlib import Path
from typing import IO, TYPE_CHECKING

from inkmath.dataset.sources import is_archive
from inkmath.ink import TooManyStrokesError, check_size
from inkmath.inkml import MAX_BYTES, InkMLError, parse_inkml
from inkmath.parts import parts_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from inkmath.ink import Ink

STDIN = "-"
PICTURES = frozenset({".png", ".jpg", ".jpeg"})
PICTURES_BEGIN = (b"\x89PNG", b"\xff\xd8\xff")


class InputError(ValueError):
    """One input cannot be handled; the others can."""


@dataclass(frozen=True)
class Source:
    """One InkML document, or the picture of a formula.

    Attributes:
        name: what to call it in output: its path as the user would write it, or ``-``.
        problem: why there is no ink here, when that is known without reading.
    """

    name: str
    problem: str | None = None

    @property
    def stem(self) -> str:
        """A file name for what is made of it, without a suffix."""
        return "stdin" if self.name == STDIN else Path(self.name).stem

    def ink(self) -> Ink:
        """Read it.

        Raises:
            InputError: it cannot be used; the message says why, without the name.
        """
        if self.problem:
            raise InputError(self.problem)
        try:
            if self.name == STDIN:
                if sys.stdin is None:  # closed by whoever began the process
                    raise InputError("there is no standard input; name a file")
                return self._ink_of_stream(sys.stdin.buffer)
            if Path(self.name).suffix.lower() in PICTURES:
                return self._ink_of_picture(Path(self.name))
            if is_archive(self.name):
                raise InputError("is an archive; unpack it and name its directory")
            if (guess_type(self.name)[0] or "").startswith("image/"):
                raise InputError("is a picture in a format that is not supported; save it as PNG or JPEG")
            if Path(self.name).is_file():
                with Path(self.name).open("rb") as file:  # its name does not say what it is
                    picture = file.read(4).startswith(PICTURES_BEGIN)
                return self._ink_of_picture(Path(self.name)) if picture else parse_inkml(Path(self.name))
            with Path(self.name).open("rb") as stream:  # a pipe or a device, whose size nobody knows
                return self._ink_of_stream(stream)
        except InkMLError as broken:
            raise InputError(str(broken).removeprefix(f"{Path(self.name)}: ")) from broken
        except OSError as unreadable:
            raise InputError(unreadable.strerror or str(unreadable)) from unreadable

    def formula(self) -> Ink:
        """Read it as one formula for the recogniser.

        Raises:
            InputError: as :meth:`ink`, or it has more strokes than are read at once.
        """
        return self._checked(check_size, " (inkmath recognize --rows does)")

    def sheet(self) -> Ink:
        """Read it as formulas beneath each other for the recogniser.

        Raises:
            InputError: as :meth:`ink`, or there are more strokes than are read at once with no band between them.
        """
        return self._checked(parts_of)

    def _checked(self, check: Callable[[Ink], object], way_out: str = "") -> Ink:
        ink = self.ink()
        try:
            check(ink)
        except TooManyStrokesError as larger:
            raise InputError(f"{larger}{way_out}") from larger
        return ink

    def _ink_of_stream(self, stream: IO[bytes]) -> Ink:
        given = _bounded(stream)
        return self._ink_of_picture(given) if given.startswith(PICTURES_BEGIN) else parse_inkml(given)

    def _ink_of_picture(self, picture: Path | bytes) -> Ink:
        from inkmath.images import ImageError, ink_from_image

        try:
            return ink_from_image(picture)
        except ImageError as useless:
            raise InputError(str(useless).removeprefix(f"{Path(self.name)}: ").removeprefix("image: ")) from useless
        except ImportError as missing:
            raise InputError(f"pictures need {missing.name}; pip install 'inkmath[images]'") from missing


def find(paths: Iterable[str]) -> list[Source]:
    """What the arguments stand for: files themselves, the ``*.inkml`` files in and below directories (sorted), ``-``.

    Hidden files and directories are searched only where they are named.
    A file that is named twice, or by its directory too, is one source. A path that leads nowhere, a directory without
    InkML or closed to us, or a link out of a directory to another, is one source with a problem.
    """
    found: list[Source] = []
    for path in paths:
        if path == STDIN:
            found.append(Source(STDIN))
        elif problem := _unreachable(path):
            found.append(Source(path, problem))
        elif Path(path).is_dir():
            found.extend(_below(path) or [Source(path, _nothing_in(path))])
        else:
            found.append(Source(path))
    once: dict[str, Source] = {}
    for source in found:
        once.setdefault(source.name if source.name in (STDIN, "") else realpath(source.name), source)
    return list(once.values())


def _below(directory: str) -> list[Source]:
    """The ``*.inkml`` files in and below a directory, none of them hidden, and after them what is not searched."""
    files: list[Path] = []
    passed: list[Source] = []
    inside = realpath(directory)
    for folder, folders, names in os.walk(
        directory, onerror=lambda error: passed.append(Source(str(error.filename), error.strerror))
    ):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for link in (path for name in folders if (path := Path(folder, name)).is_symlink()):
            if commonpath([inside, realpath(link)]) != inside:  # or what it leads to is searched already
                passed.append(Source(str(link), "link to a directory, not followed; name that directory itself"))
        files += [Path(folder, name) for name in names if name.lower().endswith(".inkml") and not name.startswith(".")]
    return [*(Source(str(file)) for file in sorted(files)), *passed]


def _nothing_in(directory: str) -> str:
    """What to say of a directory without InkML; it may be one that a data set was fetched into."""
    packed = any(is_archive(name) for _, _, names in os.walk(directory) for name in names)
    return "no .inkml file in this directory" + ("; unpack the archives in it first" if packed else "")


def folder_of(source: Source) -> Path:
    """The directory it was found in; links are not followed, one that leads to itself is reported when it is read."""
    return Path(abspath(source.name)).parent  # noqa: PTH100 -- resolve() raises there


def names_below(sources: Sequence[Source]) -> dict[Source, str]:
    """What to call each that can be reached: its path below the directory that holds them all.

    Without suffix, unless two would have one name.
    """
    folders = {source: folder_of(source) for source in sources if source.name != STDIN and not source.problem}
    top = commonpath(folders.values()) if folders else ""
    names = {source: source.stem for source in sources}
    names |= {source: str((folder / source.stem).relative_to(top)) for source, folder in folders.items()}
    whole = {source: str((folder / Path(source.name).name).relative_to(top)) for source, folder in folders.items()}
    while True:  # with its suffix, one may have the name of another without
        times = Counter(name for source, name in names.items() if not source.problem)
        longer = {source: name for source, name in whole.items() if times[names[source]] > 1 and names[source] != name}
        if not longer:
            return names
        names |= longer


def _bounded(stream: IO[bytes]) -> bytes:
    """All that a stream of unknown length gives, unless it is more than any document has.

    Raises:
        InputError: it is.
    """
    content = stream.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise InputError(f"over {MAX_BYTES:,} bytes: no document is that long")
    return content


def _unreachable(path: str) -> str:
    """Why there is nothing at a path; empty where something is."""
    if not path:  # an unset variable; `Path` would take it for the directory we are in
        return "the path is empty"
    try:
        return "" if Path(path).exists() else "no such file or directory"
    except OSError as error:  # a name that is too long, a directory that is closed to us
        return error.strerror or str(error)


def is_single(paths: list[str]) -> bool:
    """True when the user named one document, so that its answer needs no label."""
    return len(paths) == 1 and not isdir(paths[0])  # noqa: PTH112 -- Path.is_dir() raises where a folder is closed
