"""Coverage of flights: how much of each came by link, was read from the vehicle's card, and remains.

Gateways report it as events `flight_coverage`; the newest of a flight counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from headland.analysis.inputs.scope import OrgScope
from headland.analysis.inputs.telemetry import read_events
from headland.analysis.inputs.window import Window
from headland.contract.records import Event

EVENT: Final = "flight_coverage"
_DRONE: Final = "drone"
_PAGE: Final = 5000
#: Events of one vehicle that are looked through, at most.
_MOST_EVENTS: Final = 100_000

_Duration = Annotated[float, Meta(ge=0)]


class FlightCoverage(msgspec.Struct, frozen=True):
    """One flight. `state` is `open` while the vehicle's card is to be read, `complete`, or `left`, with a `reason`."""

    device: str
    reported_ms: int
    start_ms: int
    end_ms: int
    live_s: _Duration
    healed_s: _Duration
    remaining_s: _Duration
    gaps: int
    state: str
    reason: str | None = None

    @property
    def live_coverage(self) -> float:
        """The share that came by link."""
        return self._share(self.live_s)

    @property
    def coverage(self) -> float:
        """The share that is stored."""
        return self._share(self.live_s + self.healed_s)

    def _share(self, part_s: float) -> float:
        total_s = (self.end_ms - self.start_ms) / 1000
        return min(1.0, part_s / total_s) if total_s > 0 else 1.0


def list_flights(scope: OrgScope, device: str, window: Window) -> list[FlightCoverage]:
    """Return the flights of a device that ended in a window, by their start."""
    newest: dict[int, FlightCoverage] = {}
    for event in _coverage_events(scope, device, window):
        flight = _flight_of(event)
        if flight is not None and window.start_ms <= flight.end_ms < window.end_ms:
            newest[flight.start_ms] = flight
    return [newest[start_ms] for start_ms in sorted(newest)]


def list_gateway_flights(scope: OrgScope, gateway: str, window: Window) -> list[FlightCoverage]:
    """Return the flights of a gateway's vehicles that ended in a window, the newest first."""
    vehicles = [
        record.descriptor.device
        for record in scope.store.devices(scope.organisation)
        if record.gateway == gateway and record.descriptor.kind == _DRONE
    ]
    flights = [flight for device in vehicles for flight in list_flights(scope, device, window)]
    return sorted(flights, key=lambda flight: (-flight.start_ms, flight.device))


def _coverage_events(scope: OrgScope, device: str, window: Window) -> Iterator[Event]:
    """Yield a device's reports since the begin of a window: one may come long after its flight."""
    start_ms, end_ms, seen = window.start_ms, max(window.end_ms, scope.now_ms + 1), 0
    while seen < _MOST_EVENTS:
        events, next_ms = read_events(scope, device, Window(start_ms, end_ms), _PAGE)
        yield from (event for event in events if event.kind == EVENT)
        if next_ms is None:
            return
        start_ms, seen = next_ms, seen + len(events)


def _flight_of(event: Event) -> FlightCoverage | None:
    """Return what an event reports, None where it is not of that form."""
    try:
        return msgspec.convert({**event.data, "device": event.device, "reported_ms": event.t}, FlightCoverage)
    except msgspec.ValidationError:
        return None
