"""Finding InkML: everything found is a document or a refusal with its reason, and archives are believed in nothing."""

from __future__ import annotations

import gzip
import io
import os
import struct
import tarfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from inkmath.dataset import sources
from inkmath.dataset.sources import Document, Refusal, SourceError, count_files, find_documents

if TYPE_CHECKING:
    from collections.abc import Callable

INK = b"<ink><trace>1 2, 3 4</trace></ink>"


def documents(place: Path) -> list[Document]:
    return [found for found in find_documents(place) if isinstance(found, Document)]


def refusals(place: Path) -> dict[str, str]:
    """Reason by file name."""
    return {Path(found.file).name: found.reason for found in find_documents(place) if isinstance(found, Refusal)}


def write_zip(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def write_tar(path: Path, members: dict[str, bytes], extra: tuple[tarfile.TarInfo, ...] = ()) -> Path:
    with tarfile.open(path, "w:gz" if path.name.endswith("gz") else "w") as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
        for info in extra:
            archive.addfile(info)
    return path


def test_a_directory_is_searched_with_all_below_it_in_sorted_order(tmp_path: Path) -> None:
    for name in ("KAIST/b.inkml", "KAIST/a.inkml", "HAMEX/deep/c.INKML", "top.inkml", ".hidden.inkml"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(INK)
    found = documents(tmp_path)
    assert [document.name for document in found] == ["HAMEX/deep/c", "KAIST/a", "KAIST/b", "top"]
    assert [document.source for document in found] == ["deep", "KAIST", "KAIST", tmp_path.name]
    assert [document.read() for document in found] == [INK] * 4
    assert count_files(tmp_path) == 4


def test_a_single_file_is_a_place(tmp_path: Path) -> None:
    (tmp_path / "one.inkml").write_bytes(INK)
    assert [document.name for document in documents(tmp_path / "one.inkml")] == ["one"]
    assert count_files(tmp_path / "one.inkml") == 1


def test_ink_in_the_root_has_a_source_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "a.inkml").write_bytes(INK)
    monkeypatch.setattr(Path, "resolve", lambda self: Path("/a.inkml"))
    (document,) = find_documents(tmp_path / "a.inkml")
    assert isinstance(document, Document)
    assert document.source == "/"


def test_the_order_of_a_zip_is_that_of_its_names(tmp_path: Path) -> None:
    write_zip(tmp_path / "a.zip", {"b.inkml": INK, "a.inkml": INK, "c/a.inkml": INK})
    assert [document.name for document in documents(tmp_path / "a.zip")] == ["a", "b", "c/a"]


@pytest.mark.parametrize("name", ["data.zip", "data.tar", "data.tar.gz", "data.tgz"])
def test_archives_read_like_directories_and_nothing_is_unpacked(tmp_path: Path, name: str) -> None:
    members = {"train/HAMEX/a.inkml": INK, "train/KAIST/b.inkml": INK + b" ", "c.inkml": INK}
    write = write_zip if name.endswith("zip") else write_tar
    found = documents(write(tmp_path / name, members))
    assert sorted((document.name, document.source) for document in found) == [
        ("c", "data"),
        ("train/HAMEX/a", "HAMEX"),
        ("train/KAIST/b", "KAIST"),
    ]
    assert {document.read() for document in found} == set(members.values())
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_archives_inside_directories_are_searched_too(tmp_path: Path) -> None:
    write_zip(tmp_path / "shard.zip", {"x/a.inkml": INK})
    (tmp_path / "b.inkml").write_bytes(INK)
    assert [document.name for document in documents(tmp_path)] == ["b", "shard.zip/x/a"]
    assert count_files(tmp_path) is None


@pytest.mark.parametrize("write", [write_zip, write_tar])
def test_members_that_are_no_plain_ink_are_refused_each_with_its_reason(
    tmp_path: Path, write: Callable[[Path, dict[str, bytes]], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "MAX_DOCUMENT_BYTES", 2**20)
    archive = write(
        tmp_path / ("a.zip" if write is write_zip else "a.tar.gz"),
        {
            "good.inkml": INK,
            "../escape.inkml": INK,
            "/absolute.inkml": INK,
            "folder\\..\\..\\windows.inkml": INK,
            "large.inkml": os.urandom(2**20 + 1),
            "notes.txt": b"hello",
            "inner.zip": b"PK",
            "__MACOSX/._good.inkml": b"resource fork",
        },
    )
    assert [document.name for document in documents(archive)] == ["good"]
    assert refusals(archive) == {
        "escape.inkml": "unsafe path inside an archive",
        "absolute.inkml": "unsafe path inside an archive",
        "windows.inkml": "unsafe path inside an archive",
        "large.inkml": "larger than 1 MB",
        "notes.txt": "not InkML by its name",
        "inner.zip": "archive within an archive; unpack it first",
    }


def test_links_and_devices_in_archives_are_not_followed(tmp_path: Path) -> None:
    links = []
    for name, kind in (("hard", tarfile.LNKTYPE), ("soft", tarfile.SYMTYPE), ("fifo", tarfile.FIFOTYPE)):
        info = tarfile.TarInfo(f"{name}.inkml")
        info.type, info.linkname = kind, "/etc/passwd"
        links.append(info)
    archive = write_tar(tmp_path / "a.tar", {"good.inkml": INK}, tuple(links))
    assert refusals(archive) == {
        "hard.inkml": "link inside an archive, not followed",
        "soft.inkml": "link inside an archive, not followed",
        "fifo.inkml": "not a regular file",
    }

    with zipfile.ZipFile(tmp_path / "a.zip", "w") as zipped:
        zipped.writestr("good.inkml", INK)
        link = zipfile.ZipInfo("link.inkml")
        link.external_attr = 0o120777 << 16
        zipped.writestr(link, "/etc/passwd")
    assert refusals(tmp_path / "a.zip") == {"link.inkml": "link inside an archive, not followed"}


def test_bombs_stop_before_they_fill_memory(tmp_path: Path) -> None:
    write_zip(tmp_path / "bomb.zip", {"good.inkml": INK, "bomb.inkml": bytes(12 * 2**20)})
    assert refusals(tmp_path / "bomb.zip") == {"bomb.inkml": "expands more than 200 times"}

    write_tar(tmp_path / "bomb.tar.gz", {"good.inkml": INK, "padding.txt": bytes(64 * 2**20), "late.inkml": INK})
    assert [document.name for document in documents(tmp_path / "bomb.tar.gz")] == ["good"]
    assert "after 1 InkML files (expands more than 200 times)" in refusals(tmp_path / "bomb.tar.gz")["bomb.tar.gz"]


def test_a_name_counts_once(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="Duplicate name"), zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a.inkml", INK)
        archive.writestr("a.inkml", INK)
    assert len(documents(tmp_path / "a.zip")) == 1
    assert refusals(tmp_path / "a.zip") == {"a.inkml": "a second file of this name"}

    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "a.inkml").write_bytes(INK)
    (tmp_path / "b" / "a.INKML").write_bytes(INK)
    assert len(documents(tmp_path / "b")) == 1
    assert refusals(tmp_path / "b") == {"a.inkml": "a second file of this name"}


def test_links_to_files_are_read_and_links_to_directories_are_listed(tmp_path: Path) -> None:
    (tmp_path / "cache.bin").write_bytes(INK)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.inkml").symlink_to(tmp_path / "cache.bin")
    (tmp_path / "data" / "gone.inkml").symlink_to(tmp_path / "nowhere")
    (tmp_path / "data" / "loop").symlink_to(tmp_path / "data")
    assert [document.read() for document in documents(tmp_path / "data")] == [INK]
    assert refusals(tmp_path / "data") == {
        "gone.inkml": "cannot be read (No such file or directory)",
        "loop": "link to a directory, not followed; name that directory itself",
    }


def test_special_and_oversized_files_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "MAX_DOCUMENT_BYTES", 2**20)
    os.mkfifo(tmp_path / "pipe.inkml")
    (tmp_path / "large.inkml").write_bytes(bytes(2**20 + 1))
    (tmp_path / "good.inkml").write_bytes(INK)
    assert refusals(tmp_path) == {"pipe.inkml": "not a regular file", "large.inkml": "larger than 1 MB"}


def test_names_that_are_no_text_become_text(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"caf\xe9.inkml")).write_bytes(INK)
    (document,) = documents(tmp_path)
    assert document.name == "caf\\xe9"
    assert document.read() == INK


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda path: None, "no such file or directory"),
        (lambda path: path.mkdir(), r"no InkML found; it needs files named \*\.inkml"),
        (lambda path: path.write_bytes(INK), "neither a directory, an .inkml file nor an archive"),
    ],
)
def test_a_place_without_ink_is_an_error_that_names_it(
    tmp_path: Path, make: Callable[[Path], object], message: str
) -> None:
    make(tmp_path / "place")
    with pytest.raises(SourceError, match=f"place: {message}"):
        list(find_documents(tmp_path / "place"))


def test_an_optional_place_may_be_missing_or_empty(tmp_path: Path) -> None:
    assert list(find_documents(tmp_path / "none", required=False)) == []
    assert list(find_documents(tmp_path, required=False)) == []


@pytest.mark.parametrize("name", ["a.zip", "a.tar", "a.tar.gz"])
def test_an_archive_that_is_none_is_an_error(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"this is no archive" * 100)
    with pytest.raises(SourceError, match="archive cannot be read"):
        list(find_documents(tmp_path / name))


def test_a_zip_archive_of_a_later_version_is_refused(tmp_path: Path) -> None:
    content = bytearray(write_zip(tmp_path / "a.zip", {"a.inkml": INK}).read_bytes())
    content[content.index(b"PK\x01\x02") + 6] = 99
    (tmp_path / "a.zip").write_bytes(content)
    (tmp_path / "good.inkml").write_bytes(INK)
    assert refusals(tmp_path) == {"a.zip": "archive cannot be read (zip file version 9.9)"}
    assert count_files(tmp_path / "a.zip") is None


@pytest.mark.parametrize("end", [0, 512, 300], ids=["between two members", "after a header", "within a header"])
def test_what_a_tar_that_was_cut_off_has_lost_is_told(tmp_path: Path, end: int) -> None:
    content = write_tar(tmp_path / "a.tar", {f"{i}.inkml": INK for i in range(3)}).read_bytes()
    (tmp_path / "a.tar").write_bytes(content[: 2 * 1024 + end])
    assert [document.name for document in documents(tmp_path)] == ["a.tar/0", "a.tar/1"]
    (reason,) = refusals(tmp_path).values()
    assert reason.startswith("archive cannot be read after 2 InkML files (")


@pytest.mark.parametrize("name", ["a.tar", "a.tar.gz"])
def test_a_tar_with_a_damaged_header_is_not_taken_for_a_shorter_one(tmp_path: Path, name: str) -> None:
    content = bytearray(write_tar(tmp_path / "a.tar", {f"{i}.inkml": INK for i in range(3)}).read_bytes())
    content[1024 + 150] ^= 1  # in the checksum of the second header
    (tmp_path / "a.tar").unlink()
    (tmp_path / name).write_bytes(gzip.compress(content) if name.endswith("gz") else content)
    assert [document.name for document in documents(tmp_path)] == [f"{name}/0"]
    assert "after 1 InkML files (damaged or cut off: " in refusals(tmp_path)[name]


@pytest.mark.parametrize("name", ["a.tar", "a.tar.gz"])
@pytest.mark.parametrize(
    ("headers", "content"),
    [
        ({"GNU.sparse.map": "a,b"}, b""),
        ({"GNU.sparse.realsize": "many"}, b""),
        ({"GNU.sparse.realsize": "-5", "GNU.sparse.map": "0,1"}, b""),
        ({"GNU.sparse.major": "1", "GNU.sparse.minor": "0"}, b"no map"),
        ({"GNU.sparse.major": "1", "GNU.sparse.minor": "0"}, b"99999999\n0\n"),
        ({"size": "-5"}, b""),
        ({"size": "9" * 23}, b""),
    ],
)
def test_extended_headers_of_a_tar_are_not_believed(
    tmp_path: Path, name: str, headers: dict[str, str], content: bytes
) -> None:
    """tarfile ends in a ValueError of its own, or skips or reads on without end."""
    info = tarfile.TarInfo("1.inkml")
    info.pax_headers, info.size = headers, len(content)
    plain = write_tar(tmp_path / "0.tar", {"0.inkml": INK}).read_bytes()[:1024]
    plain += info.tobuf(tarfile.PAX_FORMAT) + content
    (tmp_path / "0.tar").unlink()
    (tmp_path / name).write_bytes(gzip.compress(plain) if name.endswith("gz") else plain)
    assert [document.name for document in documents(tmp_path)] == [f"{name}/0"]
    assert refusals(tmp_path)[name].startswith("archive cannot be read after 1 InkML files (")


def test_a_member_of_a_zip_that_lies_nowhere_costs_no_other(tmp_path: Path) -> None:
    nowhere = zipfile.ZipInfo("1.inkml")
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("0.inkml", INK)
        archive.writestr(nowhere, INK)
        nowhere.extra = struct.pack("<HHQ", 1, 8, 2**64 - 1)  # of which the directory says that the place is there
    content = bytearray((tmp_path / "a.zip").read_bytes())
    directory = content.rindex(b"PK\x01\x02")
    content[directory + 42 : directory + 46] = b"\xff" * 4
    (tmp_path / "a.zip").write_bytes(content)
    assert [document.name for document in documents(tmp_path)] == ["a.zip/0"]
    assert refusals(tmp_path)["1.inkml"].startswith("cannot be unpacked (")


def test_a_gzip_whose_content_was_changed_is_told_by_its_checksum(tmp_path: Path) -> None:
    """The zeros that end a tar come before the checksum, and tarfile looks no further."""
    content = bytearray(write_tar(tmp_path / "a.tar", {f"{i}.inkml": INK for i in range(3)}).read_bytes())
    packed = bytearray(gzip.compress(content, compresslevel=0))  # stored as it is, so that any byte may be changed
    packed[packed.index(INK, packed.index(b"1.inkml")) + 5] ^= 1
    (tmp_path / "a.tar").unlink()
    (tmp_path / "a.tar.gz").write_bytes(packed)
    (reason,) = refusals(tmp_path).values()
    assert reason.startswith("archive cannot be read after 3 InkML files (CRC check failed")


@pytest.mark.parametrize("method", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2, zipfile.ZIP_DEFLATED])
def test_a_damaged_member_of_a_zip_costs_no_other(tmp_path: Path, method: int) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w", method) as archive:
        for i in range(3):
            archive.writestr(f"{i}.inkml", os.urandom(2000))
    content = bytearray((tmp_path / "a.zip").read_bytes())
    start = content.index(b"1.inkml") + len("1.inkml")
    content[start + 20 : start + 400] = bytes(255 - byte for byte in content[start + 20 : start + 400])
    (tmp_path / "a.zip").write_bytes(content)
    assert [document.name for document in documents(tmp_path)] == ["a.zip/0", "a.zip/2"]
    assert refusals(tmp_path)["1.inkml"].startswith("cannot be unpacked (")


def test_a_zip_whose_names_are_not_what_it_says_is_refused(tmp_path: Path) -> None:
    content = write_zip(tmp_path / "a.zip", {"né.inkml": INK}).read_bytes()
    (tmp_path / "a.zip").write_bytes(content.replace("né".encode(), b"n\xff\xff"))
    (tmp_path / "good.inkml").write_bytes(INK)
    assert [document.name for document in documents(tmp_path)] == ["good"]
    assert refusals(tmp_path)["a.zip"].startswith("archive cannot be read (")
    assert count_files(tmp_path / "a.zip") is None


def test_hidden_folders_are_passed_over_in_archives_too(tmp_path: Path) -> None:
    write_zip(tmp_path / "a.zip", {".git/x.inkml": INK, "./b.inkml": INK, "c/.d/e.inkml": INK})
    assert [document.name for document in documents(tmp_path)] == ["a.zip/b"]
    assert refusals(tmp_path) == {}
    assert count_files(tmp_path / "a.zip") == 1


@pytest.mark.parametrize("name", ["a.zip", "a.tar.gz"])
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(cut=st.integers(0, 400), at=st.integers(0, 400), byte=st.integers(0, 255))
@example(cut=0, at=94, byte=0)  # two members lost, and all else in order but for the checksum
def test_a_damaged_archive_never_breaks_the_search(tmp_path: Path, name: str, cut: int, at: int, byte: int) -> None:
    write = write_zip if name.endswith("zip") else write_tar
    content = bytearray(write(tmp_path / name, {f"{i}.inkml": INK + bytes([i]) for i in range(3)}).read_bytes())
    content[at % len(content)] = byte
    (tmp_path / name).write_bytes(content[: len(content) - cut % len(content)])
    (tmp_path / "good.inkml").write_bytes(INK)
    found = list(find_documents(tmp_path))
    assert any(isinstance(item, Document) and item.name == "good" for item in found)
    if name.endswith("gz"):  # in a zip, one byte can make a name one of a hidden file
        kept = {item.name for item in found if isinstance(item, Document)} & {f"{name}/{i}" for i in range(3)}
        assert len(kept) == 3 or any(isinstance(item, Refusal) for item in found)
