"""MAVLink 2 message signing: check of received frames with the key that is shared with the vehicle.

A signed frame ends in 13 bytes: link id, a 48-bit time stamp in units of 10 us since 2015, and the first 48 bits of
SHA-256 over the key, the frame up to its CRC, link id and time stamp (MAVLink guide, "Message Signing").
"""

from __future__ import annotations

import hashlib
import hmac
from collections import Counter
from pathlib import Path
from typing import Final

from headland.errors import SettingsError

#: Signature time stamps count from 2015-01-01 UTC (MAVLink 2, message signing).
_EPOCH_US: Final = 1_420_070_400_000_000

KEY_BYTES: Final = 32
#: How much of the SHA-256 a signature has.
SIGNATURE_HASH_BYTES: Final = 6
_TAIL_BYTES: Final = 13
#: A sender that is new here may lag by a minute (units of 10 us).
_NEW_STREAM_SLACK: Final = 6_000_000
#: Radios report on their own link and cannot sign; these are always accepted.
_NEVER_SIGNED: Final = frozenset((109, 166))


def read_key(path: Path) -> bytes:
    """Return the key in a file: 64 hex digits, or a passphrase, whose SHA-256 ground stations use.

    Raises SettingsError where there is no key.
    """
    try:
        text = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"the signing key {path} cannot be read: {error}") from error
    if not text:
        raise SettingsError(f"the signing key {path} is empty: write the passphrase of the vehicle into it")
    if len(text) == 2 * KEY_BYTES:
        try:
            return bytes.fromhex(text)
        except ValueError:
            pass
    return hashlib.sha256(text.encode()).digest()


def timestamp_of(now_ms: int) -> int:
    """Return a UTC in ms as a signature's time stamp."""
    return max(0, now_ms * 100 - _EPOCH_US // 10)


class SignatureCheck:
    """Accepts or rejects the frames of one link. The reader of the link sets `now_ms`."""

    def __init__(self, key: bytes, *, accept_unsigned: bool) -> None:
        self.counts: Counter[str] = Counter()
        self.now_ms = 0
        self._key = key
        self._accept_unsigned = accept_unsigned
        self._newest = 0
        self._streams: dict[tuple[int, int, int], int] = {}

    def accepts(self, message_id: int, system: int, component: int, raw: bytes, *, is_signed: bool) -> bool:
        """Return whether a whole frame is accepted, and count it."""
        if not is_signed:
            if self._accept_unsigned or message_id in _NEVER_SIGNED:
                self.counts["unsigned"] += 1
                return True
            self.counts["unsigned_refused"] += 1
            return False
        expected = hashlib.sha256(self._key + raw[:-SIGNATURE_HASH_BYTES]).digest()[:SIGNATURE_HASH_BYTES]
        if not hmac.compare_digest(expected, raw[-SIGNATURE_HASH_BYTES:]):
            self.counts["bad_signature"] += 1
            return False
        tail = raw[-_TAIL_BYTES:]
        stamp = int.from_bytes(tail[1:7], "little")
        stream = (tail[0], system, component)
        newest = max(self._newest, timestamp_of(self.now_ms))
        if stamp <= self._streams.get(stream, newest - _NEW_STREAM_SLACK):
            self.counts["replayed"] += 1
            return False
        self._streams[stream] = stamp
        self._newest = max(self._newest, stamp)
        self.counts["signed"] += 1
        return True

    @property
    def newest(self) -> int:
        """The newest time stamp of any sender; a frame that is sent must have a later one."""
        return self._newest
