"""Choice of the clock that stamps a vehicle's rows: its UTC, the gateway's clock, or arrival."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from edge.sources.mavlink.timing.clock import HostMap, UtcMap
from headland.contract.records import Clock

#: A vehicle's UTC further from a disciplined gateway's clock than a link can delay is wrong.
_DISAGREES_MS: Final = 1000


@dataclass(frozen=True, slots=True)
class HoldPolicy:
    """How long rows may wait for a clock.

    `wait_ms`: None waits to the end (a file). `rows`: when more wait, all are stamped by arrival, counted as
    `held_overflow`. `utc`, `fix`: False where it is known beforehand that none will come. `host`: a time server
    disciplines the gateway's clock, so that a vehicle's UTC that is seconds away from it is not used.
    """

    wait_ms: int | None
    rows: int
    utc: bool = True
    fix: bool = True
    host: bool = False


class ClockSelector:
    """The clocks of one vehicle's session, and which of them is in use."""

    def __init__(self, policy: HoldPolicy) -> None:
        self._policy = policy
        #: From time since boot to the vehicle's UTC, and to the gateway's.
        self.map = UtcMap()
        self.host = HostMap()
        self.by_arrival = not policy.utc
        self.has_fix = False
        self.without_fix = not policy.fix
        #: The vehicle's UTC is away from the gateway's, which is known to be right.
        self.is_distrusted = False

    @property
    def clock(self) -> Clock:
        """The clock of rows that are stamped now."""
        if self.is_distrusted:
            return Clock.NTP
        if self.by_arrival or not self.map.known:
            return Clock.NTP if self._policy.host and self.host.known else Clock.ARRIVAL
        return Clock.GPS if self.has_fix else Clock.RTC

    @property
    def is_known(self) -> bool:
        """Whether rows may be stamped: the clock they wait for is known, or nothing better will come."""
        return self.by_arrival or (self.map.known and (self.has_fix or self.without_fix))

    @property
    def in_use(self) -> UtcMap | HostMap:
        """The map from time since boot to UTC; rows stamped by arrival do not use it."""
        is_by_host = self.is_distrusted or (self.by_arrival and self._policy.host and self.host.known)
        return self.host if is_by_host else self.map

    def forget_utc(self) -> None:
        """Stamp by arrival until the vehicle sends its UTC again."""
        self.by_arrival = True
        self.map = UtcMap()

    def compare(self, boot_ms: int, arrival_ms: int) -> int | None:
        """Compare the vehicle's UTC with the gateway's, where that is disciplined.

        Returns how far the vehicle is ahead where the result changed whether its UTC is used, else None.
        """
        if not self._policy.host:
            return None
        self.host.observe(boot_ms, arrival_ms)
        offset_ms = self.host.constant_offset_ms
        if offset_ms is None or not self.map.known:
            return None
        ahead_ms = round(self.map.offset_ms - offset_ms)
        is_distrusted = abs(ahead_ms) > _DISAGREES_MS
        if is_distrusted == self.is_distrusted:
            return None
        self.is_distrusted = is_distrusted
        return ahead_ms
