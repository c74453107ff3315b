"""The clock by which ingest judges instants, and what it hears of gateways' clocks in their messages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from headland.clock import wall_clock_ms
from headland.clock.station_clock.record import TimeLimits, trusted_limits
from headland.clock.station_clock.station_clock import StationClock
from headland.contract.records import Clock
from ingest.admission.admit import Admitted


@dataclass(frozen=True, slots=True)
class IngestClock:
    """`now_ms` tells the time; without the `station` clock nobody doubts it."""

    now_ms: Callable[[], int] = wall_clock_ms
    station: StationClock | None = None

    def limits(self) -> TimeLimits:
        """Return how instants are judged now."""
        return trusted_limits(self.now_ms()) if self.station is None else self.station.limits()

    def hear(self, admitted: Admitted) -> None:
        """Note the newest times in a message that has just come, by the gateway's clock and by satellites."""
        topic = admitted.topic
        if self.station is None or topic is None:
            return
        newest: dict[Clock, tuple[int, str]] = {}
        for block in admitted.blocks:
            if not block.simulated and block.dt:
                told = block.t0 + block.dt[-1], block.device
                newest[block.clock] = max(newest.get(block.clock, told), told)
        for clock, (time_ms, device) in newest.items():
            self.station.hear(topic.gateway, clock, time_ms, device)
        if admitted.status is not None and admitted.status.online:
            self.station.hear_status(topic.gateway, admitted.status.t)
