"""Named arrays on disk: plain npz, no pickles, ragged data as values and offsets."""

from __future__ import annotations

import errno
import math
import shutil
import tempfile
import zipfile
import zlib
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from inkmath.dataset.atomic import replacing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

Array = NDArray[Any]


class ArraysError(ValueError):
    """A file of arrays cannot be written or read; the message names the file and what to do."""


def write_arrays(path: str | Path, arrays: Mapping[str, Array]) -> None:
    """Write arrays to an npz file, under a temporary name until it is whole.

    Raises:
        ArraysError: an array holds Python objects, which only a pickle could keep.
    """
    for name, array in arrays.items():
        _refuse_objects(path, name, np.asarray(array))
    with _archive(path) as archive:
        for name, array in arrays.items():
            with _member(archive, name) as target:
                np.lib.format.write_array(target, np.asarray(array), allow_pickle=False)


def write_chunks(path: str | Path, chunks: Iterable[Mapping[str, Array]]) -> None:
    """Write an npz file whose arrays are those of all chunks, joined along the first axis.

    Memory holds a chunk at a time; the temporary directory (``TMPDIR``) holds all of them meanwhile. Strings may differ
    in length between chunks. The file is that of :func:`write_arrays` with the joined arrays, byte by byte.

    Raises:
        ArraysError: there is no chunk, their names or shapes differ, or an array holds Python objects.
    """
    with tempfile.TemporaryDirectory(prefix="inkmath-") as folder, ExitStack() as open_files:
        stored: dict[str, _Stored] = {}
        for chunk in chunks:
            if not stored:
                stored = {
                    name: _Stored(open_files.enter_context(Path(folder, name).open("w+b")), [], []) for name in chunk
                }
            if chunk.keys() != stored.keys():
                raise ArraysError(f"{path}: a chunk has arrays {sorted(chunk)}, the first had {sorted(stored)}")
            for name, array in chunk.items():
                _refuse_objects(path, name, array)
                stored[name].types.append(array.dtype)
                stored[name].shapes.append(array.shape)
                stored[name].file.write(array.tobytes())
        if not stored:
            raise ArraysError(f"{path}: nothing to write: of no array type and shape are known")
        for name, (_, _, shapes) in stored.items():
            if len({shape[1:] for shape in shapes}) > 1:
                raise ArraysError(f"{path}: chunks of array {name!r} differ in more than their length")
        with _archive(path) as archive:
            for name, pieces in stored.items():
                with _member(archive, name) as target:
                    _write_joined(target, pieces)


class _Stored(NamedTuple):
    """The pieces of an array, one after the other in a file."""

    file: IO[bytes]
    types: list[np.dtype[Any]]
    shapes: list[tuple[int, ...]]


def _write_joined(target: IO[bytes], pieces: _Stored) -> None:
    kind = np.result_type(*pieces.types)
    shape = (sum(shape[0] for shape in pieces.shapes), *pieces.shapes[0][1:])
    header = {"descr": np.lib.format.dtype_to_descr(kind), "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(target, header)
    pieces.file.seek(0)
    for its_kind, its_shape in zip(pieces.types, pieces.shapes, strict=True):
        content = pieces.file.read(its_kind.itemsize * math.prod(its_shape))
        target.write(np.frombuffer(content, its_kind).astype(kind).tobytes())


@contextmanager
def _archive(path: str | Path) -> Iterator[zipfile.ZipFile]:
    with (
        replacing(path) as temporary,
        # Fast compression: pen channels shrink to a third at next to no cost.
        zipfile.ZipFile(temporary, "w", compression=zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
    ):
        yield archive


def _member(archive: zipfile.ZipFile, name: str) -> IO[bytes]:
    # Members opened by name carry a fixed date: equal arrays are equal in bytes, and DVC sees no change.
    return archive.open(f"{name}.npy", "w", force_zip64=True)


def _refuse_objects(path: str | Path, name: str, array: Array) -> None:
    if array.dtype.hasobject:
        raise ArraysError(f"{path}: array {name!r} holds Python objects; give strings a type such as <U32")


def read_arrays(path: str | Path) -> dict[str, Array]:
    """Read every array of an npz file.

    Raises:
        ArraysError: the file is missing, damaged, or would need a pickle.
    """
    with _naming(path), np.load(Path(path), allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}


@contextmanager
def mapped_arrays(path: str | Path) -> Iterator[dict[str, Array]]:
    """The arrays of an npz file as read-only maps of files, for as long as the block lasts.

    They are unpacked to the temporary directory (``TMPDIR``), and what is read of them comes from there: no array needs
    to fit into memory.

    Raises:
        ArraysError: as for :func:`read_arrays`.
    """
    with tempfile.TemporaryDirectory(prefix="inkmath-") as folder:
        arrays: dict[str, Array] = {}
        with _naming(path), zipfile.ZipFile(path) as archive:
            for number, member in enumerate(archive.namelist()):
                unpacked = Path(folder, f"{number}.npy")
                with archive.open(member) as packed, unpacked.open("wb") as target:
                    shutil.copyfileobj(packed, target, 1 << 20)
                arrays[member.removesuffix(".npy")] = np.load(unpacked, mmap_mode="r", allow_pickle=False)
        yield arrays


@contextmanager
def _naming(path: str | Path) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise ArraysError(f"{path}: no such file; run the stage that writes it (dvc repro)") from None
    except (
        OSError,
        ValueError,
        TypeError,  # a .npy file: one array, which is no archive
        EOFError,
        AttributeError,
        RuntimeError,
        zipfile.BadZipFile,
        zlib.error,
    ) as error:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):  # nothing is amiss with the file
            raise ArraysError(
                f"{path}: cannot be unpacked in {tempfile.gettempdir()} ({error.strerror}); free space there, or set "
                "TMPDIR to a folder on another disk"
            ) from error
        raise ArraysError(f"{path}: cannot be read as npz ({error}); remove it and run dvc repro") from error
