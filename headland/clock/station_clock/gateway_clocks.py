"""Clocks of gateways, as their messages tell them: only those with a clock that satellites or a time server set. Pure.

A message may have waited, on the gateway's disk or in the broker: its time is a lower bound. Where the times of a
gateway advance as this machine's own seconds do, they are of now.
"""

from __future__ import annotations

from typing import Final

import msgspec

from headland.clock.station_clock.record import AGREE_MS, GatewayClock
from headland.contract.records import Clock

#: Clocks that something outside of the gateway sets.
DISCIPLINED: Final = frozenset((Clock.GPS, Clock.NTP))
#: Gateway names come from outside: beyond this number none is followed.
_MOST_GATEWAYS: Final = 256
#: Messages of now differ by no more on their way, and a gateway that runs is seen for so long.
_JITTER_MS: Final = 10_000
_RUNS_S: Final = 3.0
#: Where a clock is set back, nothing has its former time for so long.
_SET_BACK_S: Final = 30.0


class GatewayClocks:
    """Not thread-safe: its owner locks. Seconds are those since the boot of this machine."""

    def __init__(self) -> None:
        self._clocks: dict[str, GatewayClock] = {}
        self._steady_since_s: dict[str, float] = {}
        self._lower: dict[str, tuple[int, float]] = {}

    def load(self, clocks: dict[str, GatewayClock]) -> None:
        """Set what was known of them, in the same boot."""
        self._clocks = {name: msgspec.structs.replace(clock, is_live=False) for name, clock in clocks.items()}
        self._steady_since_s.clear()
        self._lower.clear()

    def all(self) -> dict[str, GatewayClock]:
        """Return the clocks by gateway."""
        return dict(self._clocks)

    def add(self, gateway: str, time_ms: int, now_s: float, vehicle: str = "") -> None:
        """Add the newest time in a message of a gateway, of its own clock or of a vehicle's satellites."""
        origin_ms = time_ms - round(now_s * 1000)
        known = self._clocks.get(gateway)
        if known is None and len(self._clocks) >= _MOST_GATEWAYS:
            return
        if known is None or (known.vehicle and not vehicle):
            self._begin(gateway, origin_ms, now_s, now_s, vehicle)
            return
        later_ms = origin_ms - known.origin_ms
        if later_ms > AGREE_MS:
            self._begin(gateway, origin_ms, now_s, now_s, vehicle)
        elif later_ms > _JITTER_MS:
            # Still catching up, or a small correction: the same clock, which is not yet seen to run.
            self._begin(gateway, origin_ms, known.known_s, now_s, vehicle)
        elif later_ms >= -_JITTER_MS:
            self._lower.pop(gateway, None)
            since_s = self._steady_since_s.setdefault(gateway, now_s)
            is_live = known.is_live or now_s - since_s >= _RUNS_S
            origin_ms = max(origin_ms, known.origin_ms)
            self._clocks[gateway] = GatewayClock(
                origin_ms=origin_ms, known_s=known.known_s, seen_s=now_s, is_live=is_live, vehicle=known.vehicle
            )
        else:
            self._add_lower(gateway, origin_ms, known, now_s, vehicle)

    def _begin(self, gateway: str, origin_ms: int, known_s: float, now_s: float, vehicle: str) -> None:
        self._clocks[gateway] = GatewayClock(origin_ms=origin_ms, known_s=known_s, seen_s=now_s, vehicle=vehicle)
        self._steady_since_s[gateway] = now_s
        self._lower.pop(gateway, None)

    def _add_lower(self, gateway: str, origin_ms: int, known: GatewayClock, now_s: float, vehicle: str) -> None:
        """Add an earlier time: a message that waited, or a clock that was set back and runs on from there."""
        lower_ms, since_s = self._lower.get(gateway, (origin_ms, now_s))
        if abs(origin_ms - lower_ms) > _JITTER_MS:
            lower_ms, since_s = origin_ms, now_s
        self._lower[gateway] = (lower_ms, since_s)
        if now_s - since_s >= _RUNS_S and now_s - known.seen_s >= _SET_BACK_S:
            self._begin(gateway, lower_ms, now_s, now_s, vehicle)
