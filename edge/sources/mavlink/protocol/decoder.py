"""Bytes to MAVLink frames: checks each frame, counts what is lost, damaged or unknown."""

from __future__ import annotations

import contextlib
import re
import struct
from collections import Counter
from collections.abc import Container
from typing import Final

from fastcrc.crc16 import mcrf4xx

from edge.sources.mavlink.mapping.dialect import CRC_EXTRA
from edge.sources.mavlink.protocol.frame import (
    AUTOPILOT,
    HEADER_V1,
    HEADER_V2,
    MAGIC_V1,
    MAGIC_V2,
    MIN_FRAME_BYTES,
    SIGNED,
    STAMP_BYTES,
    Frame,
    RawFrame,
    frame_end,
    is_valid_frame,
)
from edge.sources.mavlink.protocol.signing import SignatureCheck

_MAGIC: Final = re.compile(b"[\xfd\xfe]")
#: A whole frame of MAVLink 2, by its payload's length: magic, flags, sequence, system and component as one number, id,
#: payload, CRC.
_WHOLE_V2: Final = tuple(struct.Struct(f"<BxBxBHHB{length}sH").unpack_from for length in range(256))
#: The sequence number after each.
_AFTER: Final = (*range(1, 256), 0)
#: A larger gap is a late frame, not 200 lost ones; one of 255 is a repeated frame.
_LATE_GAP: Final = 200
_DUPLICATE_GAP: Final = 255
#: So many frames of unknown ids in a row, each where it is due, are frames although nothing known follows.
_UNKNOWN_RUN: Final = 6


class FrameDecoder:
    """Decodes a stream of bytes, cut anywhere, into frames. Never raises, whatever the bytes are.

    Frames whose id is not `wanted` are checked and counted, but not returned. `signatures` accepts or rejects frames.
    """

    def __init__(
        self, *, stamped: bool = False, wanted: Container[int] | None = None, signatures: SignatureCheck | None = None
    ) -> None:
        self._gap_bytes = STAMP_BYTES if stamped else 0
        self._wanted: Container[int] = CRC_EXTRA if wanted is None else wanted
        self._signatures = signatures
        self._rest = b""  # from the end of the last frame (or the last bytes that can still be the next one's stamp)
        self._next_at = self._gap_bytes  # where in `_rest` the next frame should start
        self._in_sync = True
        self._unknown_until = 0  # where in the bytes under way a run of frames of unknown ids ends
        self._next_sequence: dict[int, int] = {}
        self._late: set[int] = set()
        self._counts: Counter[str] = Counter()
        #: Frames lost by the sequence numbers, by (system, component); late ones are in both counts.
        self.lost: Counter[tuple[int, int]] = Counter()

    def feed(self, data: bytes) -> list[Frame]:
        """Return the frames that `data` completes."""
        return list(map(Frame._make, self.read(data)))

    def read(self, data: bytes, ends: list[int] | None = None) -> list[RawFrame]:
        """Return the frames that `data` completes, as plain tuples; append to `ends` where in `data` each ends."""
        self._counts["bytes"] += len(data)
        rest_bytes = len(self._rest)
        frames = self._scan(self._rest + data, ends, final=False)
        if ends is not None and rest_bytes:
            ends[:] = [end - rest_bytes for end in ends]
        return frames

    def finish(self) -> list[Frame]:
        """Return the whole frames after one that was cut off by the end of the stream."""
        frames = list(map(Frame._make, self._scan(self._rest, None, final=True)))
        if not self._in_sync:  # too short to be a frame
            self._counts["junk_bytes"] += len(self._rest)
            self._rest, self._next_at = b"", self._gap_bytes
        return frames

    @property
    def begun_bytes(self) -> int:
        """How many bytes wait of a frame, and of its stamp, that has begun and whose end has not come."""
        rest, at = self._rest, self._next_at
        has_begun = self._in_sync and (at >= len(rest) or rest[at] in (MAGIC_V1, MAGIC_V2))
        return len(rest) if has_begun else 0

    def counters(self, autopilots: Container[tuple[int, int]] = ()) -> dict[str, int]:
        """Return bytes, frames, what was left out by reason, and `lost`: frames of autopilots that did not arrive.

        `autopilots` are their (system, component), component 1 in any case. Other losses are in
        `lost_sys<system>_comp<component>` only: a link carries only a part of a ground station's traffic.
        """
        lost = self.lost.copy()
        total = sum(count for sender, count in lost.items() if sender[1] == AUTOPILOT or sender in autopilots)
        by_source = {f"lost_sys{system}_comp{component}": count for (system, component), count in lost.items() if count}
        signed = {} if self._signatures is None else self._signatures.counts.copy()
        return {**self._counts, "lost": total, **by_source, **signed}

    def _scan(  # noqa: C901 - one loop: calls would double its time
        self, buffer: bytes, ends: list[int] | None, *, final: bool
    ) -> list[RawFrame]:
        """Scan the buffer once: `free` is the end of the last frame, `at` where the next one may start."""
        frames: list[RawFrame] = []
        append, extras, wanted, next_sequence = frames.append, CRC_EXTRA, self._wanted, self._next_sequence
        unpack_v1, unpack_v2, crc16, from_bytes = (
            HEADER_V1.unpack_from,
            HEADER_V2.unpack_from,
            mcrf4xx,
            int.from_bytes,
        )
        size, gap_bytes, signatures = len(buffer), self._gap_bytes, self._signatures
        last_v1, last_v2 = size - MIN_FRAME_BYTES, size - 12
        free, at, in_sync, valid_count, not_read = 0, self._next_at, self._in_sync, 0, 0
        self._unknown_until = 0
        is_plain = in_sync and signatures is None
        while True:
            if is_plain:
                at = self._scan_plain(buffer, at, frames, ends)
                free = at - gap_bytes
            if at > last_v1:
                break
            magic = buffer[at]
            is_plain = False
            if magic == 0xFD and at <= last_v2:
                length, flags, sequence, system, component, message_id, high = unpack_v2(buffer, at + 1)
                if high:
                    message_id |= high << 16
                start = at + 10
                crc_at = start + length
                end = crc_at + (15 if flags & 1 else 2)
            elif magic == 0xFE:
                length, sequence, system, component, message_id = unpack_v1(buffer, at + 1)
                flags, start = 0, at + 6
                crc_at = start + length
                end = crc_at + 2
            else:
                if magic == 0xFD and not final:
                    break
                at, in_sync = self._resync(buffer, free, at), False
                continue
            if end > size:
                if not final:
                    break
                at, in_sync = self._resync(buffer, free, at), False
                continue
            extra = extras.get(message_id)
            if extra is None:
                accepted = at < self._unknown_until or self._is_unknown_frame(buffer, at, end, flags, final=final)
                if accepted is None and not final:
                    break
                if not accepted:
                    at, in_sync = self._resync(buffer, free, at), False
                    continue
            elif crc16(buffer[at + 1 : crc_at] + extra) != buffer[crc_at] | buffer[crc_at + 1] << 8:
                self._note_bad()
                at, in_sync = self._resync(buffer, free, at), False
                continue
            source = system << 8 | component
            if next_sequence.get(source) == sequence:
                next_sequence[source] = (sequence + 1) & 255
            else:
                self._note_gap(source, sequence)
            if extra is None or flags > 1:
                self._counts["unknown_id" if extra is None else "incompatible"] += 1
            elif signatures is None or signatures.accepts(
                message_id, system, component, buffer[at:end], is_signed=flags > 0
            ):
                valid_count += 1
                if message_id in wanted:
                    stamp_us = from_bytes(buffer[at - 8 : at]) if gap_bytes and at - free >= STAMP_BYTES else None
                    append((message_id, system, component, sequence, buffer[start:crc_at], 1 + (magic & 1), stamp_us))
                    if ends is not None:
                        ends.append(end)
                else:
                    not_read += 1
            if not in_sync:
                self._counts["junk_bytes"] += max(0, at - free - gap_bytes)
                self._in_sync = in_sync = True
            free, at = end, end + gap_bytes
            is_plain = signatures is None and magic == 0xFD and not flags
        self._keep(buffer, free, at)
        self._count(valid_count, not_read)
        return frames

    def _scan_plain(self, buffer: bytes, at: int, frames: list[RawFrame], ends: list[int] | None) -> int:
        """Scan consecutive frames of the usual sort: MAVLink 2, unsigned, of a known id, valid.

        Returns the place of the first that is anything else, or incomplete.
        """
        append, wanted, next_sequence, gap_bytes = frames.append, self._wanted, self._next_sequence, self._gap_bytes
        extras, whole, after, crc16, from_bytes = CRC_EXTRA, _WHOLE_V2, _AFTER, mcrf4xx, int.from_bytes
        last_pair = system = component = source = expected = -1
        read, not_read, stamp_us, step = len(frames), 0, None, 2 + gap_bytes
        with contextlib.suppress(IndexError, struct.error, KeyError):  # the end; an incomplete frame; an unknown id
            while True:
                length = buffer[at + 1]
                magic, flags, sequence, pair, message_id, high, payload, checksum = whole[length](buffer, at)
                crc_at = at + length + 10
                crc = crc16(buffer[at + 1 : crc_at] + extras[message_id])
                if crc != checksum or magic != 0xFD or flags or high:
                    break
                if sequence == expected and pair == last_pair:
                    expected = after[sequence]
                else:
                    if source >= 0:
                        next_sequence[source] = expected
                    last_pair, system, component = pair, pair & 255, pair >> 8
                    source = system << 8 | component
                    if next_sequence.get(source) == sequence:
                        expected = after[sequence]
                    else:
                        self._note_gap(source, sequence)
                        expected = next_sequence[source]
                if message_id in wanted:
                    if gap_bytes:
                        stamp_us = from_bytes(buffer[at - 8 : at])
                    append((message_id, system, component, sequence, payload, 2, stamp_us))
                    if ends is not None:
                        ends.append(crc_at + 2)
                else:
                    not_read += 1
                at = crc_at + step
        if source >= 0:
            next_sequence[source] = expected
        self._count(len(frames) - read + not_read, not_read)
        return at

    def _count(self, valid_count: int, not_read: int) -> None:
        self._counts["frames"] += valid_count
        if not_read:
            self._counts["not_read"] += not_read

    def _resync(self, buffer: bytes, free: int, at: int) -> int:
        """Return where the next frame may start, given that none starts at `at`.

        Only one byte is skipped, never the length that a damaged frame claims. The first time after a valid frame of a
        stamped stream the search begins right after that frame: the stamp itself may be missing.
        """
        start = free if self._in_sync and self._gap_bytes else at + 1
        self._in_sync = False
        match = _MAGIC.search(buffer, start)
        return match.start() if match else len(buffer)

    def _is_unknown_frame(self, buffer: bytes, at: int, end: int, flags: int, *, final: bool) -> bool | None:
        """Return whether bytes of an unknown id are a frame; None while that depends on bytes still to come.

        They are where a frame is due, none begins inside, and a valid frame follows, or `_UNKNOWN_RUN` of unknown ids
        in a row, or the stream ends with them: noise and texts contain bytes that look like frames.
        """
        if not self._in_sync or flags > SIGNED:
            return False
        for _ in range(_UNKNOWN_RUN):
            inside = [is_valid_frame(buffer, match.start()) for match in _MAGIC.finditer(buffer, at + 1, end)]
            if True in inside:
                return False
            at = end + self._gap_bytes
            if at >= len(buffer):
                return True if final and end == len(buffer) else None
            if None in inside and not final:
                return None
            follows = is_valid_frame(buffer, at)
            if follows is not False:
                self._unknown_until = at if follows else 0
                return follows
            next_end = frame_end(buffer, at)
            if not next_end:
                return False if next_end is None or final else None
            end = next_end
        self._unknown_until = at
        return True

    def _keep(self, buffer: bytes, free: int, at: int) -> None:
        """Keep the bytes that the next ones may complete."""
        if self._in_sync:
            start = free
        else:
            start = max(free, min(at, len(buffer)) - self._gap_bytes)
            self._counts["junk_bytes"] += start - free
        self._rest = buffer[start:]
        self._next_at = at - start

    def _note_bad(self) -> None:
        # In a stamped stream the first failure is checked once more from the end of the last frame.
        if not (self._in_sync and self._gap_bytes):
            self._counts["bad_crc"] += 1

    def _note_gap(self, source: int, sequence: int) -> None:
        """Count a frame whose sequence number is not the next one.

        The gap is modulo 256: a loss of 256 frames in a row is not visible. Two late frames in a row are a sender that
        has restarted.
        """
        expected = self._next_sequence.get(source)
        if expected is not None:
            gap = (sequence - expected) & 255
            if gap == _DUPLICATE_GAP:
                self._counts["duplicate"] += 1
                return
            if gap > _LATE_GAP and source not in self._late:
                self._late.add(source)
                self._counts["late"] += 1
                return
            if gap <= _LATE_GAP:
                self.lost[source >> 8, source & 255] += gap
        self._late.discard(source)
        self._next_sequence[source] = (sequence + 1) & 255
