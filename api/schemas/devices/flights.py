"""Response models of flights and their coverage."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import msgspec
from msgspec import Meta

from api.schemas.model import EXAMPLE_MS, fill
from headland.analysis.inputs.flights import FlightCoverage


class FlightCoverageBody(msgspec.Struct, frozen=True, kw_only=True):
    """How much of a flight is stored: what came by link, what was read from the vehicle's card, and what remains.

    A gap is a silence of the vehicle's positions of more than two seconds, unless its gateway has another limit.
    """

    device: Annotated[str, Meta(extra_json_schema={"example": "uav-484c53494d01"})]
    start_ms: Annotated[int, Meta(extra_json_schema={"example": EXAMPLE_MS})]
    end_ms: Annotated[int, Meta(extra_json_schema={"example": EXAMPLE_MS})]
    live_s: Annotated[float, "Came by link."]
    healed_s: Annotated[float, "Read from the vehicle's card after landing."]
    remaining_s: Annotated[float, "Not stored."]
    live_coverage: Annotated[float, "Share that came by link, 0 to 1."]
    coverage: Annotated[float, "Share that is stored, 0 to 1."]
    gaps: Annotated[int, "Gaps of the link in this flight."]
    state: Annotated[str, "open (the card is to be read), complete, or left (something remains)."]
    reason: Annotated[str | None, "Why something remains."]


class FlightList(msgspec.Struct, frozen=True, kw_only=True):
    """The flights of a device that ended in [start, end), by their start."""

    device: str
    items: list[FlightCoverageBody]


def flight_bodies(flights: Sequence[FlightCoverage]) -> list[FlightCoverageBody]:
    """Return the bodies of flights."""
    return [fill(FlightCoverageBody, flight) for flight in flights]
