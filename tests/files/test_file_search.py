"""Search of files: what cannot be read whole is said, never taken for free of the text."""

from __future__ import annotations

import gzip
import io
import random
import zipfile
from pathlib import Path

import pytest

from headland.files.file_search import search_files
from headland.files.zip_members import pack_zip
from tests.floors.modules import PACKAGES, ROOT

NAME = "Quillfeather"
#: Packed, it is half as long, and no text of it is in the file as it is.
PLAIN = random.Random(7).randbytes(100_000).hex().encode()


def spoiled(data: bytes) -> bytes:
    return data[:50_000] + bytes(200) + data[50_200:]


def bzip2() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_BZIP2) as archive:
        archive.writestr("a.txt", NAME)
    return packed.getvalue()


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("damaged.zip", spoiled(pack_zip({"a.bin": PLAIN, "b.txt": NAME.encode()}))),
        ("cut.gz", gzip.compress(PLAIN + NAME.encode())[:60_000] + b"\0" * 50),
        ("filled.gz", gzip.compress(b"x" * 100) + bytes(100) + b"x" * 10),
        ("damaged.gz", spoiled(gzip.compress(PLAIN + NAME.encode()))),
        ("unusual.zip", bzip2()),
    ],
)
def test_an_archive_that_is_damaged_or_unusual_is_named_as_not_read(tmp_path: Path, name: str, data: bytes) -> None:
    (tmp_path / name).write_bytes(data)
    assert search_files(tmp_path, [NAME], 10_000_000).unread == (name,)


def test_names_in_whole_archives_are_found(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(pack_zip({"a.bin": PLAIN, "b.txt": NAME.encode()}))
    (tmp_path / "b.gz").write_bytes(gzip.compress(PLAIN) + gzip.compress(NAME.encode()) + bytes(1000))
    found = search_files(tmp_path, [NAME], 10_000_000)
    assert (found.found, found.unread) == (("a.zip", "b.gz"), ())


def test_one_module_reads_zip_archives() -> None:
    files = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    readers = [path.relative_to(ROOT).as_posix() for path in files if "zipfile.ZipFile(" in path.read_text("utf-8")]
    # A person's copy is written while it is sent.
    assert sorted(readers) == ["headland/analysis/person_data/copy.py", "headland/files/zip_members.py"]
