"""Content sums: by them a commit ack shows which content of a record was stored.

The payload of a native batch ends with zlib's Adler-32 of the inflated text (RFC 1950), big-endian: it is the same
however the text was compressed, so nothing has to be inflated. Two machines with copies of one spool send different
records under one number; a gateway deletes none of its own for which an ack shows the content of another.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Final

#: Sum of a record of which none is known; Adler-32 is never 0.
UNKNOWN: Final = 0
#: Most sums that an ack carries.
MAX_SUMS: Final = 128
_BYTES: Final = 4


def content_sum(payload: bytes) -> int:
    """Return the sum of a native batch's payload; `UNKNOWN` for one that is too short to have it."""
    return int.from_bytes(payload[-_BYTES:], "big") if len(payload) >= _BYTES else UNKNOWN


def pack_sums(sums: Sequence[int]) -> str:
    """Return the field `sums` of an ack: 4 bytes big-endian each, the last for the record `seq`, in base64.

    Empty where none is known.
    """
    if not any(sums):
        return ""
    return base64.b64encode(b"".join(each.to_bytes(_BYTES, "big") for each in sums)).decode("ascii")


def read_sums(text: str, seq: int) -> dict[int, int]:
    """Return the known sums of an ack for `seq` by record; none where the field cannot be read."""
    try:
        packed = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return {}
    count = len(packed) // _BYTES
    if len(packed) % _BYTES or not 0 < count <= MAX_SUMS:
        return {}
    sums = (int.from_bytes(packed[at : at + _BYTES], "big") for at in range(0, len(packed), _BYTES))
    return {number: each for number, each in enumerate(sums, seq - count + 1) if each != UNKNOWN and number > 0}
