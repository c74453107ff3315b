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
from headland.contract.gateway_state import EXAMPLE_INSTANT
from headland.contract.records import Event

EVENT: Final = "flight_coverage"
_DRONE: Final = "drone"
_PAGE: Final = 5000
#: Events of one vehicle that are looked through, at most.
_MOST_EVENTS: Final = 100_000


class FlightCoverage(msgspec.Struct, frozen=True, kw_only=True):
    """How much of a flight is stored: what came by link, what was read from the vehicle's card, and what remains.

    A gap is a silence of the vehicle's positions of more than two seconds, unless its gateway has another limit.
    """

    device: Annotated[str, Meta(extra_json_schema={"example": "uav-484c53494d01"})]
    start_ms: Annotated[int, Meta(extra_json_schema=EXAMPLE_INSTANT)]
    end_ms: Annotated[int, Meta(extra_json_schema=EXAMPLE_INSTANT)]
    live_s: Annotated[float, "Came by link."]
    healed_s: Annotated[float, "Read from the vehicle's card after landing."]
    remaining_s: Annotated[float, "Not stored."]
    live_coverage: Annotated[float, "Share that came by link, 0 to 1."]
    coverage: Annotated[float, "Share that is stored, 0 to 1."]
    gaps: Annotated[int, "Gaps of the link in this flight."]
    state: Annotated[str, "open (the card is to be read), complete, or left (something remains)."]
    reason: Annotated[str | None, "Why something remains."]


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
    shares = dict.fromkeys(("live_coverage", "coverage"), 0.0)
    try:
        flight = msgspec.convert({"reason": None, **event.data, "device": event.device, **shares}, FlightCoverage)
    except msgspec.ValidationError:
        return None
    if min(flight.live_s, flight.healed_s, flight.remaining_s) < 0.0:
        return None
    total_s = (flight.end_ms - flight.start_ms) / 1000
    live, stored = (
        min(1.0, part_s / total_s) if total_s > 0 else 1.0
        for part_s in (flight.live_s, flight.live_s + flight.healed_s)
    )
    return msgspec.structs.replace(flight, live_coverage=live, coverage=stored)
