"""Flight that finishes a pass: the lines over its remaining ground, flown as a prescription's mission."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Final

from headland.agronomy.prescription.flight_lines import Place, share_loads
from headland.analysis.inputs.errors import AnalysisError, PreconditionError
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.inputs.telemetry import find_device
from headland.analysis.inputs.window import Window
from headland.analysis.passes.remaining_work import RemainingWork
from headland.analysis.passes.telemetry import load_pass_telemetry, refer_telemetry
from headland.analysis.prescriptions.mission import (
    FlightOptions,
    assemble_flight,
    capacity_of,
    describe_height,
    run_of,
    to_degrees,
)
from headland.formats.prescriptions.qgc_plan import HeightAbove, PlannedFlight

#: The vehicle was at home before its first product, at most so long before.
_BEFORE_MS: Final = 900_000
_USUAL_SPEED_M_S: Final = 5.0


def plan_remaining_flight(
    scope: OrgScope, remaining: RemainingWork, *, height_m: float, height_above: HeightAbove, speed_m_s: float | None
) -> PlannedFlight:
    """Return the flight over remaining ground, from the vehicle's first position before the pass.

    Raises PreconditionError where nothing remains to be flown, AnalysisError where the machine cannot make the rates.
    """
    if not remaining.lines:
        sentence = "No ground wide enough for a swath remains, so there is no mission to fly."
        raise PreconditionError("nothing-left", "Nothing remains", sentence)
    repositories, plane = scope.repositories, remaining.inputs.plane
    home_deg = _find_home(scope, remaining)
    plan, field_pass = remaining.plan, remaining.field_pass
    implement = field_pass.implement
    if plan is not None and plan.prescription is not None and implement is not None:
        options = FlightOptions(height_m, height_above, remaining.bearing_deg, speed_m_s, home_deg)
        flight = assemble_flight(
            repositories,
            plan.prescription,
            implement,
            remaining.lines,
            remaining.bearing_deg,
            plane,
            options,
            remaining.swath_m,
        )
        return replace(flight, properties={**flight.properties, "rest_of": field_pass.id})
    if plan is not None and plan.prescription is not None:
        sentence = "The pass names no implement, so the flow that makes the rates is unknown: declare it with one."
        raise PreconditionError("no-implement", "Implement unknown", sentence)
    speed = speed_m_s or _USUAL_SPEED_M_S
    product_id = None if field_pass.declared is None else field_pass.declared.product
    product = None if product_id is None else repositories.products.get(product_id, also_deleted=True)
    unit = f"{field_pass.unit or 'kg'}/ha"
    capacity = None if implement is None or plan is None else capacity_of(implement, unit, product)
    try:
        loads = share_loads(remaining.lines, remaining.swath_m, capacity)
    except ValueError as error:
        raise AnalysisError("no-flight", "Flight impossible", f"It cannot be flown: {error}.") from error
    return PlannedFlight(
        loads=loads,
        speed_m_s=lambda _rate_ha: speed,
        to_degrees=partial(to_degrees, plane),
        height_m=height_m,
        height_above=height_above,
        run_m=run_of(speed),
        turn_speed_m_s=speed,
        refill=home_deg,
        properties={
            "rest_of": field_pass.id,
            "planned_rate_ha": None if plan is None else plan.rate_ha,
            "unit": unit,
            "swath_m": remaining.swath_m,
            "bearing_deg": remaining.bearing_deg,
            "height": describe_height(height_m, height_above),
            "load_capacity": capacity,
        },
    )


def _find_home(scope: OrgScope, remaining: RemainingWork) -> Place:
    field_pass = remaining.field_pass
    window = Window(field_pass.start_ms - _BEFORE_MS, field_pass.end_ms + 1)
    ref = refer_telemetry(scope, find_device(scope, field_pass.device), window)
    track = load_pass_telemetry(scope, ref).vehicle.track
    return float(track.latitude_deg[0]), float(track.longitude_deg[0])
