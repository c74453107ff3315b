"""Clock of a log's span by what the link knew at the ends of a gap: UTC of a time since boot."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from edge.imports.log_clock import LogClock
from edge.sources.mavlink.card.flight import Edge, Gap
from headland.contract.records import Clock

#: The vehicle's UTC and its receiver's own differ by less, else a log is of another run of the autopilot.
_SAME_UTC_MS: Final = 3000
#: An offset between UTC and time since boot that moves by more was set, and did not drift.
_STEP_MS: Final = 500
#: How far apart the link and the log may have a vehicle at one time since boot.
_SAME_PLACE_M: Final = 30.0
_M_PER_DEG: Final = 111_195.0


@dataclass(frozen=True, slots=True)
class BootSpan:
    """A part of a gap within one run of the autopilot: which times since boot, their clock, an edge to compare with."""

    from_us: int
    until_us: int | None
    clock: LogClock
    edge: Edge

    def matches_utc(self, boot_us: int, utc_us: int) -> bool:
        """Return whether the log's own UTC of a time since boot is that of the link."""
        expected_ms = self.clock.utc_ms(boot_us)
        return expected_ms is not None and abs(expected_ms - utc_us / 1000) <= _SAME_UTC_MS

    def matches_place(self, latitude_deg: float, longitude_deg: float) -> bool | None:
        """Return whether the log has the vehicle at the edge where the link had it, None where that is not known."""
        edge = self.edge
        if edge.latitude_deg is None or edge.longitude_deg is None:
            return None
        east_deg = (longitude_deg - edge.longitude_deg + 180) % 360 - 180
        north_m = (latitude_deg - edge.latitude_deg) * _M_PER_DEG
        east_m = east_deg * _M_PER_DEG * math.cos(math.radians(latitude_deg))
        return math.hypot(north_m, east_m) <= _SAME_PLACE_M

    @property
    def is_utc_known(self) -> bool:
        """Whether the vehicle itself sent UTC, by its satellites."""
        return self.clock.source is Clock.GPS


def boot_spans(gap: Gap) -> list[BootSpan]:
    """Return the parts of a gap: one, or two where the autopilot restarted in it."""
    before, after = gap.before, gap.after
    if gap.is_one_boot:
        # A clock that was found or set during the gap dates all of it: the later one is the better one.
        is_steady = abs(before.offset_ms - after.offset_ms) <= _STEP_MS and before.clock == after.clock
        if is_steady:
            return [BootSpan(before.boot_ms * 1000, after.boot_ms * 1000, _clock((before, after)), before)]
        from_ms = min(before.boot_ms, after.boot_ms - gap.duration_ms)
        return [BootSpan(max(0, from_ms) * 1000, after.boot_ms * 1000, _clock((after,)), after)]
    return [
        BootSpan(max(0, after.boot_ms - gap.duration_ms) * 1000, after.boot_ms * 1000, _clock((after,)), after),
        BootSpan(before.boot_ms * 1000, None, _clock((before,)), before),
    ]


def _clock(edges: tuple[Edge, ...]) -> LogClock:
    nodes = [(edge.boot_ms * 1000, edge.offset_ms * 1000.0) for edge in edges]
    return LogClock([(float("-inf"), nodes)], Clock(edges[-1].clock))
