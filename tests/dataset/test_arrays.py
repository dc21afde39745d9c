"""npz files: exact, free of pickles, whole or absent."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from inkmath.dataset.arrays import ArraysError, pack_ragged, read_arrays, unpack_ragged, write_arrays
from inkmath.dataset.atomic import replacing


def test_arrays_come_back_as_they_were_without_pickle(tmp_path):
    arrays = {
        "points": np.arange(12, dtype=np.float32).reshape(2, 3, 2),
        "labels": np.array(["x", "\\alpha"]),
        "offsets": np.array([0, 2], dtype=np.int64),
        "empty": np.zeros((0, 4), dtype=np.float32),
    }
    write_arrays(tmp_path / "deep" / "a.npz", arrays)
    with np.load(tmp_path / "deep" / "a.npz", allow_pickle=False) as plain:
        assert set(plain.files) == set(arrays)
    for name, array in read_arrays(tmp_path / "deep" / "a.npz").items():
        assert array.dtype == arrays[name].dtype
        np.testing.assert_array_equal(array, arrays[name])


def test_equal_arrays_make_equal_files(tmp_path):
    for name in ("a.npz", "b.npz"):
        write_arrays(tmp_path / name, {"x": np.linspace(0, 1, 1000)})
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def test_python_objects_are_refused(tmp_path):
    with pytest.raises(ArraysError, match="'labels' holds Python objects"):
        write_arrays(tmp_path / "a.npz", {"labels": np.array(["x", None], dtype=object)})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut short", b"\x93NUMPY\x01\x00", b"no array at all"])
def test_a_damaged_file_is_named(tmp_path, content):
    (tmp_path / "a.npz").write_bytes(content)
    with pytest.raises(ArraysError, match=r"a\.npz: cannot be read"):
        read_arrays(tmp_path / "a.npz")


@pytest.mark.parametrize(("at", "byte"), [(6, 1), (8, 77)], ids=["encrypted", "packed in another way"])
def test_a_zip_that_python_cannot_unpack_is_named(tmp_path, at, byte):
    write_arrays(tmp_path / "a.npz", {"x": np.zeros(3)})
    content = bytearray((tmp_path / "a.npz").read_bytes())
    for place in (at, content.index(b"PK\x01\x02") + 2 + at):  # the member says so, and the directory of the archive
        content[place] = byte
    (tmp_path / "a.npz").write_bytes(content)
    with pytest.raises(ArraysError, match=r"a\.npz: cannot be read"):
        read_arrays(tmp_path / "a.npz")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ArraysError, match="no such file"):
        read_arrays(tmp_path / "a.npz")


@given(st.lists(hnp.arrays(np.float32, st.tuples(st.integers(0, 5), st.just(2))), min_size=1, max_size=6))
def test_ragged_arrays_survive_packing(arrays):
    values, offsets = pack_ragged(arrays)
    assert offsets[-1] == len(values)
    for before, after in zip(arrays, unpack_ragged(values, offsets), strict=True):
        np.testing.assert_array_equal(before, after)


def test_packing_nothing_is_an_error():
    with pytest.raises(ArraysError, match="nothing to pack"):
        pack_ragged([])


def test_a_writer_that_fails_leaves_the_old_file(tmp_path):
    path = tmp_path / "file.txt"
    path.write_text("old")
    with pytest.raises(RuntimeError), replacing(path) as temporary:
        temporary.write_text("half of the n")
        raise RuntimeError("killed")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
