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

from edge.sources.mavlink.protocol.signing_stamps import SECOND, SigningStamps, Stream
from headland.errors import SettingsError

#: Signature time stamps count from 2015-01-01 UTC (MAVLink 2, message signing).
_EPOCH_US: Final = 1_420_070_400_000_000

KEY_BYTES: Final = 32
#: How much of the SHA-256 a signature has.
SIGNATURE_HASH_BYTES: Final = 6
_TAIL_BYTES: Final = 13
#: A sender that is new here may lag by a minute, and no sender may be ahead of a set clock by more than a day.
_NEW_STREAM_SLACK: Final = 60 * SECOND
_MOST_AHEAD: Final = 86_400 * SECOND
#: 2024-01-01: an earlier clock was never set.
CLOCK_SET_FROM_MS: Final = 1_704_067_200_000
#: Streams of one peer, at most; each needs the key.
_MOST_STREAMS: Final = 1000
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
    """Accepts or rejects the frames of one link. Its reader sets `now_ms`, and whether the machine's clock is set.

    A stream's stamps only grow. One that is new on this link begins after the newest stamp of it that the gateway knows
    (`stamps`), and not more than a minute before a set clock. No stamp more than a day ahead of a set clock is trusted;
    while the clock is not set, what is new is judged by the last time at which it was.
    """

    def __init__(self, key: bytes, *, accept_unsigned: bool, stamps: SigningStamps | None = None) -> None:
        self.counts: Counter[str] = Counter()
        self.now_ms = 0
        self.has_set_clock = True
        self._key = key
        self._accept_unsigned = accept_unsigned
        self._stamps = SigningStamps() if stamps is None else stamps
        self._newest = 0
        self._streams: dict[Stream, int] = {}

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
        clock = timestamp_of(self.now_ms) if self.is_clock_set else None
        if clock is not None and stamp > clock + _MOST_AHEAD:
            self.counts["signed_ahead"] += 1
            return False
        if stamp <= self._newest_of(stream, clock):
            self.counts["replayed"] += 1
            return False
        self._streams[stream] = stamp
        self._stamps.note(self._key, stream, stamp, clock)
        self._newest = max(self._newest, stamp)
        self.counts["signed"] += 1
        return True

    @property
    def is_clock_set(self) -> bool:
        """Whether the machine's clock can judge a stamp."""
        return self.has_set_clock and self.now_ms >= CLOCK_SET_FROM_MS

    def _newest_of(self, stream: Stream, clock: int | None) -> int:
        """Return the stamp after which a stream goes on; `clock` is the time of a set clock."""
        most = None if clock is None else clock + _MOST_AHEAD
        known = self._streams.get(stream)
        if known is None or (most is not None and known > most):
            if len(self._streams) >= _MOST_STREAMS:
                self._streams.clear()  # what they had reached is in `_stamps`
            known = self._stamps.newest(self._key, stream, most)
            known = max(known, (self._stamps.clock if clock is None else clock) - _NEW_STREAM_SLACK)
            self._streams[stream] = known
        return known

    @property
    def newest(self) -> int:
        """The newest time stamp of any sender; a frame that is sent must have a later one."""
        return self._newest
