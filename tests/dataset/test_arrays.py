"""npz files: exact, free of pickles, whole or absent."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from inkmath.dataset.arrays import (
    ArraysError,
    mapped_arrays,
    read_arrays,
    write_arrays,
    write_chunks,
)
from inkmath.dataset.atomic import replacing, replacing_folder

REPOSITORY = Path(__file__).parents[2]


def test_arrays_come_back_as_they_were_without_pickle(tmp_path: Path) -> None:
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


def test_equal_arrays_make_equal_files(tmp_path: Path) -> None:
    for name in ("a.npz", "b.npz"):
        write_arrays(tmp_path / name, {"x": np.linspace(0, 1, 1000)})
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def test_chunks_make_the_file_of_the_joined_arrays(tmp_path: Path) -> None:
    chunks = [
        {"x": np.linspace(0, 1, 6 * count, dtype=np.float32).reshape(count, 2, 3), "label": np.array(["long"] * count)}
        for count in (0, 3, 500)
    ]
    chunks.append({"x": np.ones((1, 2, 3), np.float32), "label": np.array(["longer"])})
    write_chunks(tmp_path / "a.npz", chunks)
    write_arrays(tmp_path / "b.npz", {name: np.concatenate([chunk[name] for chunk in chunks]) for name in chunks[0]})
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


@pytest.mark.parametrize(
    ("chunks", "message"),
    [
        ([], "nothing to write"),
        ([{"a": np.zeros(1)}, {"b": np.zeros(1)}], "a chunk has arrays ['b'], the first had ['a']"),
        ([{"a": np.zeros((1, 2))}, {"a": np.zeros((1, 3))}], "'a' differ in more than their length"),
        ([{"a": np.array([None])}], "'a' holds Python objects"),
    ],
)
def test_chunks_that_do_not_fit_each_other_are_refused(
    tmp_path: Path, chunks: list[dict[str, np.ndarray]], message: str
) -> None:
    with pytest.raises(ArraysError, match=re.escape(message)):
        write_chunks(tmp_path / "a.npz", chunks)
    assert list(tmp_path.iterdir()) == []


def test_mapped_arrays_come_from_the_disk_and_cannot_be_written(tmp_path: Path) -> None:
    arrays = {"points": np.arange(12.0).reshape(2, 3, 2), "empty": np.zeros((0, 4)), "label": np.array(["x", "yz"])}
    write_arrays(tmp_path / "a.npz", arrays)
    with mapped_arrays(tmp_path / "a.npz") as mapped:
        assert mapped.keys() == arrays.keys()
        for name, array in mapped.items():
            assert isinstance(array, np.memmap) and not array.flags.writeable
            np.testing.assert_array_equal(array, arrays[name])


LARGE = """
import resource, sys
from pathlib import Path
import numpy as np
from inkmath.dataset.arrays import mapped_arrays, write_chunks

limit = 100 << 20
resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
chunk = np.arange(1 << 20, dtype=np.float32).reshape(-1, 64) % 7
write_chunks(sys.argv[1], ({"x": chunk + index} for index in range(60)))
with mapped_arrays(sys.argv[1]) as arrays:
    rows = arrays["x"]
    assert rows.nbytes > 2 * limit
    order = np.random.default_rng(0).permutation(len(rows))
    for start in range(0, len(rows), 12800):
        assert np.isfinite(rows[order[start : start + 128]]).all()
    try:
        np.array(rows)
    except MemoryError:
        print("too large")
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="limits the memory of a process as Linux does")
def test_arrays_may_be_larger_than_memory(tmp_path: Path) -> None:
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, "-c", LARGE, str(tmp_path / "a.npz")]
    done = subprocess.run(command, env=environment, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert (done.stdout, done.returncode) == ("too large\n", 0), done.stderr


def test_where_no_space_is_to_unpack_arrays_their_file_is_not_blamed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    write_arrays(tmp_path / "a.npz", {"x": np.zeros(3)})
    monkeypatch.setattr("shutil.copyfileobj", full)
    with (
        pytest.raises(ArraysError, match=r"a\.npz: cannot be unpacked in .* \(No space left .* set TMPDIR"),
        mapped_arrays(tmp_path / "a.npz"),
    ):
        pass


def test_damaged_arrays_are_not_mapped(tmp_path: Path) -> None:
    (tmp_path / "a.npz").write_bytes(b"PK")
    with pytest.raises(ArraysError, match="cannot be read as npz"), mapped_arrays(tmp_path / "a.npz"):
        pass


def test_python_objects_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ArraysError, match="'labels' holds Python objects"):
        write_arrays(tmp_path / "a.npz", {"labels": np.array(["x", None], dtype=object)})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut short", b"\x93NUMPY\x01\x00", b"no array at all"])
def test_a_damaged_file_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.npz").write_bytes(content)
    with pytest.raises(ArraysError, match=r"a\.npz: cannot be read"):
        read_arrays(tmp_path / "a.npz")


@pytest.mark.parametrize(("at", "byte"), [(6, 1), (8, 77)], ids=["encrypted", "packed in another way"])
def test_a_zip_that_python_cannot_unpack_is_named(tmp_path: Path, at: int, byte: int) -> None:
    write_arrays(tmp_path / "a.npz", {"x": np.zeros(3)})
    content = bytearray((tmp_path / "a.npz").read_bytes())
    for place in (at, content.index(b"PK\x01\x02") + 2 + at):  # the member says so, and the directory of the archive
        content[place] = byte
    (tmp_path / "a.npz").write_bytes(content)
    with pytest.raises(ArraysError, match=r"a\.npz: cannot be read"):
        read_arrays(tmp_path / "a.npz")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ArraysError, match="no such file"):
        read_arrays(tmp_path / "a.npz")


def test_a_writer_that_fails_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "file.txt"
    path.write_text("old")
    with pytest.raises(RuntimeError), replacing(path) as temporary:
        temporary.write_text("half of the n")
        raise RuntimeError("killed")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_writer_that_does_not_say_where_it_failed_is_helped_out(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"No space left on device: '.*a\.npz'"), replacing(tmp_path / "a.npz"):
        raise OSError(28, "No space left on device")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_takes_no_file_is_told_by_the_name_that_was_asked_for(tmp_path: Path) -> None:
    with (
        pytest.raises(PermissionError, match=r"Permission denied: '[^']*/a\.npz'"),
        replacing(tmp_path / "a.npz") as file,
    ):
        raise PermissionError(13, "Permission denied", str(file))
    with pytest.raises(FileNotFoundError, match="elsewhere"), replacing(tmp_path / "a.npz"):
        raise FileNotFoundError(2, "No such file", "elsewhere")


def test_a_folder_behind_a_link_is_written_where_it_is(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "disk" / "old.txt").write_text("old")
    (tmp_path / "link").symlink_to(tmp_path / "disk")
    with replacing_folder(tmp_path / "link") as temporary:
        (temporary / "new.txt").write_text("new")
    assert (tmp_path / "link").is_symlink()
    assert [file.name for file in (tmp_path / "disk").iterdir()] == ["new.txt"]
    assert sorted(file.name for file in tmp_path.iterdir()) == ["disk", "link"]


def test_a_name_that_a_folder_has_is_told_by_itself(tmp_path: Path) -> None:
    (tmp_path / "a.npz").mkdir()
    with pytest.raises(OSError, match=r"'[^']*/a\.npz'$"), replacing(tmp_path / "a.npz") as temporary:
        temporary.write_text("content")


def test_one_array_is_no_archive(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.zeros(3))
    with pytest.raises(ArraysError, match=r"a\.npy: cannot be read as npz"):
        read_arrays(tmp_path / "a.npy")
