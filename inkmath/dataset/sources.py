"""Where InkML is found: directories, single files, and archives read without unpacking them to disk.

Nothing an archive says is believed: sizes are limited while reading, names are only labels and never become paths,
links and devices are not followed. Whatever is found is either a :class:`Document` or a :class:`Refusal`, so that
nothing is lost in silence.
"""

from __future__ import annotations

import gzip
import lzma
import os
import stat
import tarfile
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path, PurePath, PurePosixPath
from tarfile import EOFHeaderError, HeaderError  # type: ignore[attr-defined]
from typing import IO, TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_DOCUMENT_BYTES = 16 * 2**20
"""Largest InkML file that is read; the largest of CROHME and MathWriting are below 1 MB."""

MAX_EXPANSION = 200
"""Largest ratio of unpacked to packed bytes; InkML packs about 5 to 1, a file made to fill memory 1000 to 1."""

_SMALL = 2**20  # Below this size a ratio is harmless.
_ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz")
_ENDS = 4  # A sound archive is asked for more at its end once or twice.
_DAMAGE = (zipfile.BadZipFile, EOFError, zlib.error, lzma.LZMAError, OSError, NotImplementedError, ValueError)
"""What unpacking raises; the last two for a zip archive of a later version of the format, and for one whose names are
no text or whose places are no numbers of bytes."""


class SourceError(ValueError):
    """A place that ink should come from is missing or holds none; the message says which and what to do."""


class ArchiveError(ValueError):
    """An archive expands beyond every measure, or is damaged between two members."""


@dataclass(frozen=True, slots=True)
class Document:
    """An InkML file that was found.

    Attributes:
        file: where it is, for people: ``data/train.zip/HAMEX/a.inkml``.
        name: its path within the place that was searched, without suffix: ``HAMEX/a``. Unique within the place.
        source: name of the folder or archive that holds it: ``HAMEX``.
        content: its bytes, or the path to read them from.
    """

    file: str
    name: str
    source: str
    content: bytes | Path

    def read(self) -> bytes:
        """The bytes of the file.

        Raises:
            SourceError: it cannot be read.
        """
        if isinstance(self.content, bytes):
            return self.content
        try:
            return self.content.read_bytes()
        except OSError as error:
            raise SourceError(f"cannot be read ({error.strerror})") from error


@dataclass(frozen=True, slots=True)
class Refusal:
    """A file that was found and is not used, and why."""

    file: str
    reason: str


def find_documents(place: str | Path, *, required: bool = True) -> Iterator[Document | Refusal]:
    """Everything found in a directory (with all below it), an InkML file or an archive, in a fixed order.

    Directories are searched by sorted name and zip archives by sorted member; a tar archive is read as a stream, in
    its own order. Hidden files are no data and are passed over. Archives inside directories are searched too.

    Args:
        place: where to search.
        required: whether it is an error that the place is missing or holds no InkML (raised when the search ends).

    Raises:
        SourceError: nothing was found though it is required, or the place is a file of another kind.
    """
    place = Path(place)
    if not place.exists():
        if not required:
            return
        raise SourceError(f"{place}: no such file or directory; correct the path, or get the data first")
    names: set[str] = set()
    others, first = 0, ""
    for found in _search(place):
        if isinstance(found, Document):
            if found.name in names:
                found = Refusal(found.file, "a second file of this name")
            else:
                names.add(found.name)
        if isinstance(found, Refusal):
            others += 1
            first = first or f"; the first: {found.file}: {found.reason}"
        yield found
    if required and not names:
        raise SourceError(f"{place}: no InkML found; it needs files named *.inkml ({others} other files{first})")


def count_files(place: str | Path) -> int | None:
    """How many files :func:`find_documents` will find, or None where only reading everything would tell."""
    place = Path(place)
    if place.is_file():
        if place.name.lower().endswith(".zip"):
            try:
                with zipfile.ZipFile(place) as archive:
                    return sum(not _ignored(member.filename) for member in archive.infolist())
            except _DAMAGE:
                return None
        return None if is_archive(place.name) else 1
    count = 0
    for _, folders, files in os.walk(place):
        folders[:] = [name for name in folders if not name.startswith(".")]
        if any(is_archive(name) for name in files):
            return None
        count += sum(not name.startswith(".") for name in files)
    return count


def _is_hidden(path: PurePath) -> bool:
    """Whether a file or a folder above it, as far as the path tells, is hidden: what is, is no data."""
    return any(part.startswith(".") and part != ".." for part in path.parts)


def is_archive(name: str) -> bool:
    """Whether a file of this name is searched as an archive."""
    return name.lower().endswith(_ARCHIVES)


def _search(place: Path) -> Iterator[Document | Refusal]:
    if place.is_dir():
        yield from _search_directory(place, printable(str(place)), (), printable(_folder_name(place.resolve())))
    elif is_archive(place.name):
        yield from _search_archive(place, printable(str(place)), ())
    elif _is_inkml(place.name):
        yield from _found_file(place, printable(str(place)), (), printable(_folder_name(place.resolve().parent)))
    else:
        raise SourceError(f"{place}: neither a directory, an .inkml file nor an archive ({', '.join(_ARCHIVES)})")


def _folder_name(folder: Path) -> str:
    return folder.name or str(folder)  # the root has no name


def _search_directory(folder: Path, shown: str, within: tuple[str, ...], source: str) -> Iterator[Document | Refusal]:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        yield Refusal(shown, f"directory cannot be read ({error.strerror})")
        return
    for entry in entries:
        name, path = printable(entry.name), Path(entry.path)
        if name.startswith("."):
            continue
        if entry.is_dir():
            if entry.is_symlink():
                yield Refusal(f"{shown}/{name}", "link to a directory, not followed; name that directory itself")
            else:
                yield from _search_directory(path, f"{shown}/{name}", (*within, name), name)
        elif is_archive(name):
            yield from _search_archive(path, f"{shown}/{name}", (*within, name))
        else:
            yield from _found_file(path, f"{shown}/{name}", within, source)


def _found_file(path: Path, shown: str, within: tuple[str, ...], source: str) -> Iterator[Document | Refusal]:
    try:
        status = path.stat()
    except OSError as error:
        yield Refusal(shown, f"cannot be read ({error.strerror})")
        return
    if not stat.S_ISREG(status.st_mode):
        yield Refusal(shown, "not a regular file")
    elif not _is_inkml(path.name):
        yield Refusal(shown, "not InkML by its name")
    elif status.st_size > MAX_DOCUMENT_BYTES:
        yield Refusal(shown, _too_large())
    else:
        yield Document(shown, "/".join((*within, printable(path.stem))), source, path)


def _search_archive(path: Path, shown: str, within: tuple[str, ...]) -> Iterator[Document | Refusal]:
    search = _search_zip if path.name.lower().endswith(".zip") else _search_tar
    used = 0
    try:
        for name, found in search(path):
            member = PurePosixPath(printable(name).replace("\\", "/"))
            if member.is_absolute() or ".." in member.parts:
                yield Refusal(f"{shown}/{member}", "unsafe path inside an archive")
            elif isinstance(found, str):
                yield Refusal(f"{shown}/{member}", found)
            else:
                used += 1
                source = member.parent.name or path.name.partition(".")[0] or path.name
                yield Document(f"{shown}/{member}", "/".join((*within, *member.with_suffix("").parts)), source, found)
    except (*_DAMAGE, tarfile.TarError) as error:  # ArchiveError is a ValueError
        yield Refusal(shown, f"archive cannot be read {f'after {used} InkML files ' if used else ''}({error})")


def _search_zip(path: Path) -> Iterator[tuple[str, bytes | str]]:
    """Members by sorted name: the bytes of InkML, or why a member is not used."""
    with zipfile.ZipFile(path) as archive:
        for member in sorted(archive.infolist(), key=lambda member: member.filename):
            name = member.filename
            if _ignored(name):
                continue
            if stat.S_ISLNK(member.external_attr >> 16):
                yield name, "link inside an archive, not followed"
            elif not _is_inkml(name):
                yield name, _not_inkml(name)
            elif member.flag_bits & 1:
                yield name, "encrypted; unpack the archive yourself"
            elif member.file_size > MAX_DOCUMENT_BYTES:
                yield name, _too_large()
            elif member.file_size > max(_SMALL, MAX_EXPANSION * member.compress_size):
                yield name, f"expands more than {MAX_EXPANSION} times"
            else:
                try:
                    with archive.open(member) as file:
                        # The size in the directory of the archive is a claim; what is read is limited by itself.
                        content = file.read(MAX_DOCUMENT_BYTES + 1)
                except _DAMAGE as error:
                    yield name, f"cannot be unpacked ({error})"
                    continue
                yield name, content if len(content) <= MAX_DOCUMENT_BYTES else _too_large()


def _search_tar(path: Path) -> Iterator[tuple[str, bytes | str]]:
    """Members in the order of the stream: the bytes of InkML, or why a member is not used."""
    with path.open("rb") as packed:
        plain = _Limited(packed, packed if path.suffix.lower() == ".tar" else gzip.GzipFile(fileobj=packed))
        with tarfile.open(fileobj=plain, mode="r|", tarinfo=_Header) as archive:  # type: ignore[call-overload]
            for member in archive:
                name = member.name
                if member.isdir() or _ignored(name):
                    continue
                if member.issym() or member.islnk():
                    yield name, "link inside an archive, not followed"
                elif not member.isreg():
                    yield name, "not a regular file"
                elif not _is_inkml(name):
                    yield name, _not_inkml(name)
                elif member.size > MAX_DOCUMENT_BYTES:
                    yield name, _too_large()
                else:
                    file = archive.extractfile(member)
                    assert file is not None
                    yield name, file.read(member.size)
                # tarfile keeps every member it has seen; forgetting them keeps memory flat.
                archive.members = []
        # What follows the last member is read as well: only at its end does gzip tell whether all before was sound.
        while plain.read(_SMALL):
            pass


class _Header(tarfile.TarInfo):
    """A tar header that says so when it is damaged or missing: tarfile would take it for the end of the archive."""

    @classmethod
    def fromtarfile(cls, tarfile: tarfile.TarFile) -> Self:
        try:
            header = super().fromtarfile(tarfile)
        except (EOFHeaderError, ArchiveError):  # the block of zeros that ends an archive; what was said already
            raise
        except (HeaderError, ValueError) as error:  # the latter: what should be a number in an extended header
            raise ArchiveError(f"damaged or cut off: {error}") from error
        if header.size < 0:
            raise ArchiveError(f"damaged: {printable(header.name)} has {header.size} bytes")
        return header


class _Limited:
    """The stream of a tar archive: it refuses to expand beyond :data:`MAX_EXPANSION`, and to be read on at its end.

    tarfile would go on without end, or as good as: past a file that says it is as large as no disk, or for the rest of
    a list that is not there.
    """

    def __init__(self, packed: IO[bytes], stream: IO[bytes] | gzip.GzipFile) -> None:
        self._packed = packed
        self._stream = stream
        self._unpacked = self._ends = 0

    def read(self, size: int = -1) -> bytes:
        data = self._stream.read(size)
        self._ends += not data
        if self._ends > _ENDS:
            raise ArchiveError("damaged or cut off: it ends within a file")
        self._unpacked += len(data)
        if self._unpacked > max(16 * _SMALL, MAX_EXPANSION * self._packed.tell()):
            raise ArchiveError(f"expands more than {MAX_EXPANSION} times")
        return data


def printable(name: str) -> str:
    """A file name that can be written as UTF-8, whatever bytes the file system or archive holds."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _not_inkml(name: str) -> str:
    return "archive within an archive; unpack it first" if is_archive(name) else "not InkML by its name"


def _ignored(member: str) -> bool:
    """Folders, and hidden files and what lies in hidden folders, as in directories."""
    return member.endswith("/") or _is_hidden(PurePosixPath(member))


def _is_inkml(name: str) -> bool:
    return name.lower().endswith(".inkml")


def _too_large() -> str:
    return f"larger than {MAX_DOCUMENT_BYTES // 2**20} MB"
