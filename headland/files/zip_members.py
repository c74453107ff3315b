"""Members of a ZIP archive: those of others read within limits, whatever is damaged is DataDamaged; ours written.

Python's reader raises what its parts raise (`zlib.error`, NotImplementedError, RuntimeError, EOFError, struct.error,
UnicodeDecodeError, OSError of a seek before the file, ...): here all of it is one thing, with one sentence.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

from headland.errors import DataDamaged

#: Others, such as LZMA, take as much memory as the file asks for.
_METHODS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
#: Members that are looked at; each takes a few hundred bytes of memory.
_MOST_MEMBERS: Final = 20_000
_CHUNK_BYTES: Final = 4 * 1024 * 1024
#: The time of each member that is written: the same contents make the same archive.
STAMP: Final = (1980, 1, 1, 0, 0, 0)


class ZipMembers:
    """The members of an open archive, in its order."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        #: Whether it has more members than are looked at.
        self.is_cut = len(archive.infolist()) > _MOST_MEMBERS
        #: Unpacked bytes that the archive says of each member, by its name; the last of a name counts.
        self.sizes: dict[str, int] = {
            entry.filename: entry.file_size for entry in archive.infolist()[:_MOST_MEMBERS] if not entry.is_dir()
        }

    def read(self, name: str, most_bytes: int) -> bytes:
        """Return a member. Raises DataDamaged where it is not there, damaged, encrypted or above `most_bytes`."""
        return b"".join(self.chunks(name, most_bytes))

    def chunks(self, name: str, most_bytes: int) -> Iterator[bytes]:
        """Yield a member in pieces of up to 4 MB. Raises DataDamaged as `read` does, perhaps after some."""
        entry = self._archive.NameToInfo.get(name)
        if entry is None:
            raise DataDamaged(f"{name} is not in the archive")
        if entry.file_size > most_bytes:
            raise DataDamaged(f"{name} would be larger than {most_bytes // 1_000_000} MB")
        if entry.compress_type not in _METHODS:
            raise DataDamaged(f"{name} is packed by an unusual method: pack it anew, by deflation")
        try:
            with self._archive.open(entry) as file:
                left = entry.file_size
                while left and (piece := file.read(min(left, _CHUNK_BYTES))):
                    left -= len(piece)
                    yield piece
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


def pack_zip(contents: Mapping[str, bytes]) -> bytes:
    """Return an archive with these members, in their order."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in contents.items():
            archive.writestr(zipfile.ZipInfo(name, STAMP), content, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def names_in_zip(path: Path) -> list[str]:
    """Return the names of an archive's members; none of what is no archive that can be read."""
    try:
        with open_zip(path) as members:
            return list(members.sizes)
    except DataDamaged:
        return []


def _say(error: Exception) -> str:
    return str(error)[:200] or type(error).__name__
