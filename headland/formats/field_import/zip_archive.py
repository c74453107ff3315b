"""Reading of zip archives within size limits."""

from __future__ import annotations

import io
import zipfile
import zlib
from typing import Final

from headland.formats.field_import.outline import RefusedFile

#: Size limit of all unpacked files of a zip.
MOST_UNPACKED: Final = 128 * 1024 * 1024
#: Others, such as LZMA, take as much memory as the file asks for, and fail in ways of their own.
_METHODS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


def unpack(data: bytes, endings: tuple[str, ...]) -> dict[str, bytes]:
    """Return the files of a zip with these endings by their lower-case name; raises RefusedFile.

    The extra files of macOS are left out.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = [
                entry
                for entry in archive.infolist()
                if entry.filename.lower().endswith(endings) and "__MACOSX" not in entry.filename
            ]
            if sum(entry.file_size for entry in entries) > MOST_UNPACKED:
                raise RefusedFile.whole(f"The zip unpacks to more than {MOST_UNPACKED // 1024 // 1024} MB")
            if any(entry.compress_type not in _METHODS for entry in entries):
                raise RefusedFile.whole("The zip is packed by an unusual method: pack it anew, by deflation")
            return {entry.filename.lower(): _read(archive, entry) for entry in entries}
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError) as error:
        raise RefusedFile.whole(f"The zip cannot be read ({error}): pack it anew, without a password") from error


def _read(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    with archive.open(entry) as file:
        return file.read(entry.file_size)
