"""The flight that finishes a pass: the lines of the rest, as a prescription's mission flies them."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Final

from headland.agronomy.prescription.flight_lines import Place, share_loads
from headland.analysis.errors import AnalysisError, PreconditionError
from headland.analysis.passes.remaining_work import RemainingWork
from headland.analysis.passes.telemetry import load_pass_telemetry
from headland.analysis.prescriptions.mission import (
    FlightWishes,
    assemble_flight,
    capacity_of,
    run_of,
    to_degrees,
    told_height,
)
from headland.analysis.registry_access import repositories_of
from headland.analysis.scope import OrgScope
from headland.analysis.telemetry import find_device
from headland.analysis.window import Window
from headland.formats.qgc_plan import Flight, HeightAbove

#: The vehicle stood at home before its first product, at most so long before.
_BEFORE_MS: Final = 900_000
_USUAL_SPEED_M_S: Final = 5.0


def plan_rest(
    scope: OrgScope, left: RemainingWork, *, height_m: float, height_above: HeightAbove, speed_m_s: float | None
) -> Flight:
    """Return the flight over a rest, from where the vehicle was first heard before the pass.

    Raises PreconditionError where nothing is left to fly, AnalysisError where the machine cannot make the rates.
    """
    if not left.lines:
        sentence = "Nothing is left that is wide enough for a swath: there is no mission to fly."
        raise PreconditionError("nothing-left", "Nothing is left", sentence)
    repositories, plane = repositories_of(scope), left.work.plane
    home_deg = _home_of(scope, left)
    plan, implement = left.plan, left.one.implement
    if plan is not None and plan.prescription is not None and implement is not None:
        wishes = FlightWishes(height_m, height_above, left.bearing_deg, speed_m_s, home_deg)
        flight = assemble_flight(
            repositories, plan.prescription, implement, left.lines, left.bearing_deg, plane, wishes, left.swath_m
        )
        return replace(flight, told={**flight.told, "rest_of": left.one.id})
    if plan is not None and plan.prescription is not None:
        sentence = "The pass names no implement, so nobody knows what flow makes the rates: declare it with one."
        raise PreconditionError("no-implement", "The machine is not known", sentence)
    speed = speed_m_s or _USUAL_SPEED_M_S
    product_id = None if left.one.declared is None else left.one.declared.product
    product = None if product_id is None else repositories.products.get(product_id, also_deleted=True)
    unit = f"{left.one.unit or 'kg'}/ha"
    capacity = None if implement is None or plan is None else capacity_of(implement, unit, product)
    try:
        loads = share_loads(left.lines, left.swath_m, capacity)
    except ValueError as error:
        raise AnalysisError("no-flight", "This cannot be flown", f"It cannot be flown: {error}.") from error
    return Flight(
        loads=loads,
        speed_m_s=lambda _rate_ha: speed,
        to_degrees=partial(to_degrees, plane),
        height_m=height_m,
        height_above=height_above,
        run_m=run_of(speed),
        turn_speed_m_s=speed,
        refill=home_deg,
        told={
            "rest_of": left.one.id,
            "planned_rate_ha": None if plan is None else plan.rate_ha,
            "unit": unit,
            "swath_m": left.swath_m,
            "bearing_deg": left.bearing_deg,
            "height": told_height(height_m, height_above),
            "load_capacity": capacity,
        },
    )


def _home_of(scope: OrgScope, left: RemainingWork) -> Place:
    record = find_device(scope, left.one.device)
    track = load_pass_telemetry(scope, record, Window(left.one.start_ms - _BEFORE_MS, left.one.end_ms + 1)).told.track
    return float(track.latitude_deg[0]), float(track.longitude_deg[0])
