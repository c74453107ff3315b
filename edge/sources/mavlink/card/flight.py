"""Flights and their gaps, as they are kept on the gateway's disk."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

Interval = tuple[int, int]

#: UTC less time since boot differs by no more within one run of an autopilot.
_SAME_BOOT_MS: Final = 2000


class Edge(msgspec.Struct, frozen=True):
    """What was known at an end of a gap. `run` is the gateway's run and the autopilot's session in it."""

    time_ms: int
    boot_ms: int
    clock: str
    run: str = ""
    latitude_deg: float | None = None
    longitude_deg: float | None = None

    @property
    def offset_ms(self) -> int:
        """UTC less time since boot."""
        return self.time_ms - self.boot_ms


class Silences(msgspec.Struct):
    """Open intervals in which none of these channels came; no channels stands for all that never came at all."""

    channels: list[str]
    intervals: list[Interval]


class Gap(msgspec.Struct):
    """A silence in a flight. `state` is `open`, `healed` or `left`; `reason` says why something remains."""

    before: Edge
    after: Edge
    silences: list[Silences] = []
    covered_ms: int = 0
    state: str = "open"
    reason: str = ""

    @property
    def duration_ms(self) -> int:
        """How long it is."""
        return self.after.time_ms - self.before.time_ms

    @property
    def is_one_boot(self) -> bool:
        """Whether the autopilot ran on through it."""
        is_same_run = bool(self.before.run) and self.before.run == self.after.run
        return is_same_run or abs(self.before.offset_ms - self.after.offset_ms) <= _SAME_BOOT_MS


class Flight(msgspec.Struct):
    """A flight. `end_ms` is None while it lasts; `reported` is the coverage that was last sent."""

    device: str
    start_ms: int
    end_ms: int | None = None
    gaps: list[Gap] = []
    newest: Edge | None = None
    groups: list[list[str]] = []
    site: str = ""
    simulated: bool = False
    attempts: int = 0
    reported: list[int] = []
    #: Gaps that are not in `gaps`, since there were too many.
    uncounted_ms: int = 0

    @property
    def key(self) -> str:
        """What distinguishes it from others."""
        return f"{self.device}-{self.start_ms}"

    @property
    def until_ms(self) -> int:
        """Its end, or the newest row while it lasts."""
        return self.end_ms if self.end_ms is not None else self.newest.time_ms if self.newest else self.start_ms

    @property
    def is_open(self) -> bool:
        """Whether something of it is still to be read from the card."""
        return any(gap.state == "open" for gap in self.gaps)

    @property
    def is_left(self) -> bool:
        """Whether something of it remains for good."""
        return self.end_ms is not None and not self.is_open and self.coverage_ms()[2] > 0

    def coverage_ms(self) -> tuple[int, int, int]:
        """Return how much of it came by link, was read from the card, and remains."""
        missing_ms = self.uncounted_ms + sum(gap.duration_ms for gap in self.gaps)
        healed_ms = sum(gap.covered_ms for gap in self.gaps)
        return max(0, self.until_ms - self.start_ms - missing_ms), healed_ms, missing_ms - healed_ms


def intervals_by_channel(silences: Sequence[Silences]) -> Mapping[str, list[Interval]]:
    """Return the intervals of each channel: where it comes in several kinds of message, those common to all."""
    found: dict[str, list[Interval]] = {}
    for entry in silences:
        for channel in entry.channels:
            known = found.get(channel)
            found[channel] = entry.intervals if known is None else _common(known, entry.intervals)
    return found


def clip(intervals: Iterable[Interval], span: Interval) -> list[Interval]:
    """Return the parts of intervals that lie in a span."""
    clipped = [(max(begin, span[0]), min(end, span[1])) for begin, end in intervals]
    return [(begin, end) for begin, end in clipped if begin < end]


def _common(one: Sequence[Interval], other: Sequence[Interval]) -> list[Interval]:
    return [part for interval in one for part in clip(other, interval)]
