"""Named arrays on disk: plain npz, no pickles, ragged data as values and offsets."""

from __future__ import annotations

import itertools
import zipfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from inkmath.dataset.atomic import replacing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Array = NDArray[Any]


class ArraysError(ValueError):
    """A file of arrays cannot be written or read; the message names the file and what to do."""


def write_arrays(path: str | Path, arrays: Mapping[str, Array]) -> None:
    """Write arrays to an npz file, under a temporary name until it is whole.

    Raises:
        ArraysError: an array holds Python objects, which only a pickle could keep.
    """
    for name, array in arrays.items():
        if np.asarray(array).dtype.hasobject:
            raise ArraysError(f"{path}: array {name!r} holds Python objects; give strings a type such as <U32")
    with (
        replacing(path) as temporary,
        # Fast compression: pen channels shrink to a third at next to no cost.
        zipfile.ZipFile(temporary, "w", compression=zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
    ):
        for name, array in arrays.items():
            # Members opened by name carry a fixed date: equal arrays are equal in bytes, and DVC sees no change.
            with archive.open(f"{name}.npy", "w", force_zip64=True) as target:
                np.lib.format.write_array(target, np.asarray(array), allow_pickle=False)


def read_arrays(path: str | Path) -> dict[str, Array]:
    """Read every array of an npz file.

    Raises:
        ArraysError: the file is missing, damaged, or would need a pickle.
    """
    try:
        with np.load(Path(path), allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except FileNotFoundError:
        raise ArraysError(f"{path}: no such file; run the stage that writes it (dvc repro)") from None
    except (OSError, ValueError, EOFError, AttributeError, RuntimeError, zipfile.BadZipFile, zlib.error) as error:
        raise ArraysError(f"{path}: cannot be read as npz ({error}); remove it and run dvc repro") from error


def pack_ragged(arrays: Sequence[Array]) -> tuple[Array, NDArray[np.int64]]:
    """Join arrays that differ in their first axis only.

    Returns:
        values of shape ``(sum of lengths, ...)`` and offsets of shape ``(len(arrays) + 1,)``: array ``i`` is
        ``values[offsets[i]:offsets[i + 1]]``.

    Raises:
        ArraysError: there is no array, so that neither type nor shape is known.
    """
    if not arrays:
        raise ArraysError("nothing to pack: values of no array have neither type nor shape")
    offsets = np.zeros(len(arrays) + 1, dtype=np.int64)
    np.cumsum([len(array) for array in arrays], out=offsets[1:])
    return np.concatenate(arrays), offsets


def unpack_ragged(values: Array, offsets: NDArray[np.int64]) -> list[Array]:
    """The arrays that :func:`pack_ragged` joined, as views."""
    return [values[start:stop] for start, stop in itertools.pairwise(offsets)]
