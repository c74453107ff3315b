"""Members of a ZIP archive of others, read whole within limits; whatever is damaged is DataDamaged.

Python's reader raises what its parts raise (`zlib.error`, NotImplementedError, RuntimeError, EOFError, struct.error,
UnicodeDecodeError, OSError of a seek before the file, ...): here all of it is one thing, with one sentence.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

from headland.errors import DataDamaged

#: Others, such as LZMA, take as much memory as the file asks for.
_METHODS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
#: Members that are looked at; each takes a few hundred bytes of memory.
_MOST_MEMBERS: Final = 20_000


class ZipMembers:
    """The members of an open archive, in its order."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        #: Unpacked bytes that the archive says of each member, by its name; the last of a name counts.
        self.sizes: dict[str, int] = {
            entry.filename: entry.file_size for entry in archive.infolist()[:_MOST_MEMBERS] if not entry.is_dir()
        }

    def read(self, name: str, most_bytes: int) -> bytes:
        """Return a member. Raises DataDamaged where it is not there, damaged, encrypted or above `most_bytes`."""
        entry = self._archive.NameToInfo.get(name)
        if entry is None:
            raise DataDamaged(f"{name} is not in the archive")
        if entry.file_size > most_bytes:
            raise DataDamaged(f"{name} would be larger than {most_bytes // 1_000_000} MB")
        if entry.compress_type not in _METHODS:
            raise DataDamaged(f"{name} is packed by an unusual method: pack it anew, by deflation")
        try:
            with self._archive.open(entry) as file:
                return file.read(entry.file_size)
        except Exception as error:
            raise DataDamaged(f"{name} cannot be unpacked: {_say(error)}") from error


@contextmanager
def open_zip(file: Path | BinaryIO) -> Iterator[ZipMembers]:
    """Open an archive for the length of the block. Raises DataDamaged where it is none, or damaged."""
    try:
        archive = zipfile.ZipFile(file)
    except Exception as error:
        raise DataDamaged(f"it cannot be read as a ZIP archive: {_say(error)}") from error
    with archive:
        yield ZipMembers(archive)


def names_in_zip(path: Path) -> list[str]:
    """Return the names of an archive's members; none of what is no archive that can be read."""
    try:
        with open_zip(path) as members:
            return list(members.sizes)
    except DataDamaged:
        return []


def _say(error: Exception) -> str:
    return str(error)[:200] or type(error).__name__
