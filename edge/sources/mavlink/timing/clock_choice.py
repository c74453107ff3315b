"""What a vehicle's rows are stamped with: its UTC, the gateway's where only that is right, or their arrival."""

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
    `held_overflow`. `utc`, `fix`: False where it is known beforehand that none will come. `host`: arrival is told by a
    clock that a time server keeps right, so that a vehicle whose UTC is seconds away from it is not believed.
    """

    wait_ms: int | None
    rows: int
    utc: bool = True
    fix: bool = True
    host: bool = False


class ClockSelector:
    """The clocks of one vehicle's session, and which of them is in use."""

    def __init__(self, patience: HoldPolicy) -> None:
        self._patience = patience
        #: The vehicle's UTC by its time since boot, and the gateway's.
        self.map = UtcMap()
        self.host = HostMap()
        self.by_arrival = not patience.utc
        self.has_fix = False
        self.without_fix = not patience.fix
        #: The vehicle's UTC is away from the gateway's, which is known to be right.
        self.is_distrusted = False

    @property
    def clock(self) -> Clock:
        """What rows are stamped by that leave now."""
        if self.is_distrusted:
            return Clock.NTP
        if self.by_arrival or not self.map.known:
            return Clock.NTP if self._patience.host and self.host.known else Clock.ARRIVAL
        return Clock.GPS if self.has_fix else Clock.RTC

    @property
    def is_known(self) -> bool:
        """Whether there is anything to stamp rows with, as far as patience goes."""
        return self.by_arrival or (self.map.known and (self.has_fix or self.without_fix))

    @property
    def in_use(self) -> UtcMap | HostMap:
        """What tells UTC by time since boot; rows that are stamped by arrival do not ask it."""
        is_by_host = self.is_distrusted or (self.by_arrival and self._patience.host and self.host.known)
        return self.host if is_by_host else self.map

    def forget_utc(self) -> None:
        """Stamp by arrival from now on, until the vehicle says its UTC again."""
        self.by_arrival = True
        self.map = UtcMap()

    def compare(self, boot_ms: int, arrival_ms: int) -> int | None:
        """Hold the vehicle's UTC against the gateway's, where that is known to be right.

        Returns how far it is ahead where it has come to be believed or not, else None.
        """
        if not self._patience.host:
            return None
        self.host.observe(boot_ms, arrival_ms)
        rest_ms = self.host.rest_ms
        if rest_ms is None or not self.map.known:
            return None
        ahead_ms = round(self.map.offset_ms - rest_ms)
        is_distrusted = abs(ahead_ms) > _DISAGREES_MS
        if is_distrusted == self.is_distrusted:
            return None
        self.is_distrusted = is_distrusted
        return ahead_ms
