"""Response models of flights and their coverage."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from api.schemas.model import EXAMPLE_MS, Model
from headland.analysis.inputs.flights import FlightCoverage


class FlightCoverageBody(Model):
    """How much of a flight is stored: what came by link, what was read from the vehicle's card, and what remains.

    A gap is a silence of the vehicle's positions of more than two seconds, unless its gateway has another limit.
    """

    device: Annotated[str, Field(json_schema_extra={"example": "uav-484c53494d01"})]
    start_ms: Annotated[int, Field(json_schema_extra={"example": EXAMPLE_MS})]
    end_ms: Annotated[int, Field(json_schema_extra={"example": EXAMPLE_MS})]
    live_s: Annotated[float, Field(description="Came by link.")]
    healed_s: Annotated[float, Field(description="Read from the vehicle's card after landing.")]
    remaining_s: Annotated[float, Field(description="Not stored.")]
    live_coverage: Annotated[float, Field(description="Share that came by link, 0 to 1.")]
    coverage: Annotated[float, Field(description="Share that is stored, 0 to 1.")]
    gaps: Annotated[int, Field(description="Gaps of the link in this flight.")]
    state: Annotated[str, Field(description="open (the card is to be read), complete, or left (something remains).")]
    reason: Annotated[str | None, Field(description="Why something remains.")]


class FlightList(Model):
    """The flights of a device that ended in [start, end), by their start."""

    device: str
    items: list[FlightCoverageBody]


def flight_bodies(flights: Sequence[FlightCoverage]) -> list[FlightCoverageBody]:
    """Return the bodies of flights."""
    return [
        FlightCoverageBody(
            device=flight.device,
            start_ms=flight.start_ms,
            end_ms=flight.end_ms,
            live_s=flight.live_s,
            healed_s=flight.healed_s,
            remaining_s=flight.remaining_s,
            live_coverage=flight.live_coverage,
            coverage=flight.coverage,
            gaps=flight.gaps,
            state=flight.state,
            reason=flight.reason,
        )
        for flight in flights
    ]
