"""Separation of two autopilots that share a system id in one stream of bytes.

A frame is assigned by its time since boot, where it has one and the two differ, else by the sequence number, which each
counts for itself. A frame that fits both equally is counted and left out, never assigned to the wrong one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from edge.sources.mavlink.mapping.rows import ROW_KINDS, Stamp
from edge.sources.mavlink.protocol.frame import RawFrame

_SYSTEM_TIME: Final = 2
_NAMED_VALUES: Final = (251, 252)
#: Boot times that are closer than this do not distinguish two vehicles.
APART_MS: Final = 2000
#: A frame belongs to a vehicle whose clock it misses by less.
_NEAR_MS: Final = 5000
#: How many frames may be lost between two of one sender.
_MAX_LOST: Final = 16
#: The very next number is a sender's although the other could have lost so many before it.
_UNLIKELY: Final = 4


@dataclass(slots=True)
class _Sender:
    """The last frame of one of them."""

    boot_ms: int | None = None
    arrival_ms: int = 0
    next_sequence: int | None = None

    def misses_ms(self, boot_ms: int, now_ms: int) -> int | None:
        """Return how far a boot time is from this sender's clock; None where no boot time of it is known."""
        return None if self.boot_ms is None else abs(boot_ms - self.boot_ms - (now_ms - self.arrival_ms))

    def gap(self, sequence: int) -> int | None:
        """Return how many frames are missing before `sequence`, None before the first."""
        return None if self.next_sequence is None else (sequence - self.next_sequence) & 255


class SenderSplit:
    """Assigns frames to one of two senders."""

    def __init__(self, sequences: tuple[int | None, int | None] = (None, None)) -> None:
        self._senders = tuple(_Sender(next_sequence=sequence) for sequence in sequences)

    def assign(self, frame: RawFrame, now_ms: int) -> int | None:
        """Return the sender of a frame, 0 or 1, None where it may be either."""
        boot_ms = boot_time_ms(frame)
        chosen = None if boot_ms is None else self._by_boot(boot_ms, now_ms)
        if chosen is None:
            chosen = self._by_sequence(frame[3], boot_ms, now_ms)
        if chosen is not None:
            sender = self._senders[chosen]
            sender.next_sequence = (frame[3] + 1) & 255
            if boot_ms is not None:
                sender.boot_ms, sender.arrival_ms = boot_ms, now_ms
        return chosen

    def _by_boot(self, boot_ms: int, now_ms: int) -> int | None:
        first, second = (sender.misses_ms(boot_ms, now_ms) for sender in self._senders)
        if first is None and second is None:
            return None
        if first is None or second is None:
            known = 0 if second is None else 1
            missed_ms = first if first is not None else second
            return 1 - known if missed_ms is not None and missed_ms > _NEAR_MS else None
        if abs(first - second) < APART_MS or min(first, second) > _NEAR_MS:
            return None
        return 0 if first < second else 1

    def _by_sequence(self, sequence: int, boot_ms: int | None, now_ms: int) -> int | None:
        gaps: list[int] = []
        unknown: list[int] = []
        for number, sender in enumerate(self._senders):
            gap = sender.gap(sequence)
            misses_ms = None if boot_ms is None else sender.misses_ms(boot_ms, now_ms)
            if gap is None:
                unknown.append(number)
            gaps.append(255 if gap is None or (misses_ms is not None and misses_ms > _NEAR_MS) else gap)
        if len(unknown) == 2:
            return 0
        if unknown:
            known = 1 - unknown[0]
            return known if gaps[known] == 0 else unknown[0] if gaps[known] > _MAX_LOST else None
        near, far = sorted((0, 1), key=lambda number: gaps[number])
        if gaps[near] > _MAX_LOST or gaps[far] - gaps[near] < _UNLIKELY or (gaps[near] and gaps[far] <= _MAX_LOST):
            return None
        return near


def boot_time_ms(frame: RawFrame) -> int | None:
    """Return the time since boot that a frame carries, None where its message has none."""
    message_id = frame[0]
    kind = ROW_KINDS.get(message_id)
    if message_id == _SYSTEM_TIME:
        at = 8
    elif message_id in _NAMED_VALUES or (kind is not None and kind.stamp == Stamp.BOOT_MS):
        at = 0  # MAVLink sorts fields by size: a uint32 stamp comes first
    else:
        return None
    return int.from_bytes(frame[4][at : at + 4], "little")
