"""Requests of file imports: a file, and its digest."""

from __future__ import annotations

from typing import Annotated, ClassVar

import msgspec
from msgspec import Meta

#: A larger file is imported on the station's machine.
MOST_FILE_BYTES = 2 * 1024**3


class NewImport(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A file to import: its name and size; the parts follow."""

    EXAMPLE: ClassVar = {"name": "flight.bin", "bytes": 12_582_912}

    name: Annotated[str, Meta(min_length=1, max_length=200)]
    bytes: Annotated[int, Meta(ge=1, le=MOST_FILE_BYTES)]


class FileDigest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The file's SHA-256, which the received bytes must have."""

    EXAMPLE: ClassVar = {"sha256": "9f86d081" * 8}

    sha256: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
