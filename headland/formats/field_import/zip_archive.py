"""Reading of zip archives within size limits."""

from __future__ import annotations

import io
from typing import Final

from headland.errors import DataDamaged
from headland.files.zip_members import open_zip
from headland.formats.field_import.outline import RefusedFile

#: Size limit of all unpacked files of a zip.
MOST_UNPACKED: Final = 128 * 1024 * 1024


def unpack(data: bytes, endings: tuple[str, ...]) -> dict[str, bytes]:
    """Return the files of a zip with these endings by their lower-case name; raises RefusedFile.

    The extra files of macOS are left out.
    """
    try:
        with open_zip(io.BytesIO(data)) as members:
            names = [name for name in members.sizes if name.lower().endswith(endings) and "__MACOSX" not in name]
            if sum(members.sizes[name] for name in names) > MOST_UNPACKED:
                raise RefusedFile.whole(f"The zip unpacks to more than {MOST_UNPACKED // 1024 // 1024} MB")
            return {name.lower(): members.read(name, MOST_UNPACKED) for name in names}
    except DataDamaged as error:
        raise RefusedFile.whole(f"The zip cannot be read ({error}): pack it anew, without a password") from error
