"""Flight of a prescription: its lines, speeds, loads and height."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import Final

import numpy as np
import shapely

from headland.agronomy.geometry.local_plane import Plane
from headland.agronomy.prescription.flight_lines import FlightLine, Place, draw_lines, long_side_deg, share_loads
from headland.agronomy.prescription.treatment_zones import MachineLimits, check_machine, fastest_m_s, steady_flow
from headland.agronomy.series.arrays import Values
from headland.analysis.inputs.errors import AnalysisError
from headland.analysis.inputs.field_geometry import outline_of, plane_of
from headland.analysis.prescriptions.build import machine_limits_of
from headland.formats.prescriptions.qgc_plan import HeightAbove, PlannedFlight
from headland.registry.models.models import Implement, Product
from headland.registry.models.prescriptions import Prescription
from headland.registry.repositories.organisation_repositories import OrganisationRepositories

#: Half of a multirotor's strongest braking, for the run beyond a line in which it turns.
_ACCELERATION_M_S2: Final = 2.5
_LEAST_RUN_M: Final = 5.0


@dataclass(frozen=True, slots=True)
class FlightOptions:
    """Options of a flight; None for Headland's choice. `load` selects a single load, from 1."""

    height_m: float
    height_above: HeightAbove
    bearing_deg: float | None = None
    speed_m_s: float | None = None
    home_deg: Place | None = None
    load: int | None = None


def plan_flight(
    repositories: OrganisationRepositories, prescription: Prescription, options: FlightOptions
) -> PlannedFlight:
    """Return the flight; raises AnalysisError (no-flight) with what is missing or what the machine cannot do."""
    if prescription.implement is None:
        raise _refuse("The prescription names no implement, so its swath is unknown: make one with an implement.")
    field = repositories.fields.get(prescription.field, also_deleted=True)
    implement = repositories.implements.get(prescription.implement, also_deleted=True)
    plane = plane_of(field)
    outline = outline_of(field, plane)
    bearing_deg = long_side_deg(outline.whole) if options.bearing_deg is None else options.bearing_deg
    barred = shapely.union(outline.buffer, outline.exclusion)
    rates = partial(rate_at, prescription, plane)
    lines = draw_lines(outline.whole, barred, implement.swath_m, bearing_deg, rates)
    if not lines:
        raise _refuse("No part of the field can be treated along this bearing without reaching buffers or exclusions.")
    return assemble_flight(repositories, prescription, implement, lines, bearing_deg, plane, options)


def assemble_flight(
    repositories: OrganisationRepositories,
    prescription: Prescription,
    implement: Implement,
    lines: list[FlightLine],
    bearing_deg: float,
    plane: Plane,
    options: FlightOptions,
    swath_m: float | None = None,
) -> PlannedFlight:
    """Return the flight over given lines; raises AnalysisError (no-flight) for what the machine cannot do.

    `swath_m` replaces the implement's.
    """
    product = (
        None if prescription.product is None else repositories.products.get(prescription.product, also_deleted=True)
    )
    rates = np.array([zone.rate_ha for zone in prescription.zones])
    machine = machine_limits_of(implement, prescription.unit, product)
    fastest_m_s = machine.most_speed_m_s if options.speed_m_s is None else options.speed_m_s
    machine = replace(machine, swath_m=swath_m or machine.swath_m, most_speed_m_s=fastest_m_s)
    flow = _settle_flow(rates, machine, prescription.unit)
    capacity = capacity_of(implement, prescription.unit, product)
    try:
        loads = share_loads(lines, machine.swath_m, capacity)
    except ValueError as error:
        raise _refuse(f"It cannot be flown: {error}.") from error
    amounts = [sum(piece.amount(machine.swath_m) for line in load for piece in line.pieces) for load in loads]
    if options.load is not None and options.load > len(loads):
        raise _refuse(f"The flight has {len(loads)} loads: there is no load {options.load}.")
    fastest = float(machine.most_speed_m_s or 0.0)
    run_m = run_of(fastest)
    return PlannedFlight(
        loads=loads if options.load is None else [loads[options.load - 1]],
        speed_m_s=partial(_speed, machine, flow),
        to_degrees=partial(to_degrees, plane),
        height_m=options.height_m,
        height_above=options.height_above,
        run_m=run_m,
        turn_speed_m_s=fastest,
        refill=options.home_deg or to_degrees(plane, _first_place(loads, run_m)),
        properties={
            "prescription": prescription.id,
            "unit": prescription.unit,
            "steady_flow_min": flow,
            "swath_m": machine.swath_m,
            "bearing_deg": bearing_deg,
            "height": describe_height(options.height_m, options.height_above),
            "loads": amounts,
            "load_capacity": capacity,
            "load": options.load,
        },
    )


def run_of(fastest_m_s: float) -> float:
    """Return the run before and after a line in which a vehicle gains speed and turns [m]."""
    return max(_LEAST_RUN_M, fastest_m_s**2 / (2.0 * _ACCELERATION_M_S2) + 1.0)


def describe_height(height_m: float, height_above: HeightAbove) -> str:
    """Return the height as a text for people, for the file."""
    frame = "terrain, MAV_FRAME 10" if height_above == "terrain" else "home, MAV_FRAME 3"
    return f"{height_m:g} m above {frame}"


def _settle_flow(rates: Values, machine: MachineLimits, unit: str) -> float | None:
    """Return the steady flow with which the speed makes each rate; None where one rate is flown at one speed."""
    if machine.most_speed_m_s is None:
        raise _refuse("The implement's highest speed is unknown: give speed_m_s.")
    flow = steady_flow(rates, machine)
    if flow is None:
        if len(set(rates[rates > 0.0].tolist())) > 1:
            raise _refuse("Several rates need the implement's largest flow: give it max_flow_kg_min or max_flow_l_min.")
        return None
    result = check_machine(rates, machine, unit[:-3])
    if result.holds is False:
        raise _refuse(f"The machine cannot make the rates: {result.detail}.")
    return flow


def _speed(machine: MachineLimits, flow: float | None, rate_ha: float) -> float:
    fastest = float(machine.most_speed_m_s or 0.0)
    return fastest if flow is None else min(fastest, fastest_m_s(rate_ha, machine.swath_m, flow))


def capacity_of(implement: Implement, unit: str, product: Product | None) -> float | None:
    """Return the capacity of a load in the prescription's unit, None where it is unknown."""
    if implement.tank_l is None or unit == "L/ha":
        return implement.tank_l
    density = None if product is None else product.density_kg_l
    return None if density is None else implement.tank_l * density


def rate_at(prescription: Prescription, plane: Plane, east_m: Values, north_m: Values) -> Values:
    """Return the rate at places of a plane; NaN where none is prescribed, as in the half cells along the field's edge.

    0 where the prescription leaves ground out on purpose.
    """
    rates = prescription.rate_of_zone(prescription.zone_at(*plane.to_degrees(east_m, north_m)))
    return np.nan_to_num(rates) if _leaves_ground_out(prescription) else rates


def untreated_ground(prescription: Prescription, plane: Plane) -> shapely.Geometry:
    """Return the ground on which a prescription wants nothing: zones of rate 0, and what it leaves out on purpose."""
    rates = prescription.rate_of_cell()
    is_none = (np.nan_to_num(rates) if _leaves_ground_out(prescription) else rates) == 0.0
    edges = np.diff(np.pad(is_none, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    row, first = (each.astype(np.float64) for each in np.nonzero(edges == 1))
    last = np.nonzero(edges == -1)[1].astype(np.float64)
    south_deg = prescription.south_deg + row * prescription.cell_north_deg
    west, south = plane.to_metres(south_deg, prescription.west_deg + first * prescription.cell_east_deg)
    east, north = plane.to_metres(
        south_deg + prescription.cell_north_deg, prescription.west_deg + last * prescription.cell_east_deg
    )
    return shapely.union_all(shapely.box(west, south, east, north), grid_size=1e-4)


def _leaves_ground_out(prescription: Prescription) -> bool:
    """Return whether ground without a zone is to get nothing: a person drew the zones, or a pass treated it already.

    Elsewhere ground without a zone is what the middle of no cell is on, and gets the rate beside it.
    """
    return prescription.method.get("zones") == "drawn" or "rest of" in prescription.method


def _first_place(loads: list[list[FlightLine]], run_m: float) -> Place:
    return loads[0][0].beyond(run_m)[0]


def to_degrees(plane: Plane, place: Place) -> Place:
    """Return the latitude and longitude of a place of a plane."""
    latitude, longitude = plane.to_degrees(np.array(place[0]), np.array(place[1]))
    return round(float(latitude), 9), round(float(longitude), 9)


def _refuse(sentence: str) -> AnalysisError:
    return AnalysisError("no-flight", "Flight impossible", sentence)
