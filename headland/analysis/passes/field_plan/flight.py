"""Product, rate and flight of a field's next dressing."""

from __future__ import annotations

import math
from typing import Final

import msgspec

from headland.analysis.inputs.errors import AnalysisError
from headland.analysis.inputs.field_geometry import bounds_of
from headland.analysis.passes.field_plan.need import Known, calculated
from headland.analysis.passes.field_plan.numbers import PlanChoice, PlanMission, PlanNeed, PlanNumber, PlanRates
from headland.analysis.prescriptions.build import make_prescription
from headland.analysis.prescriptions.grade import grade_of
from headland.analysis.prescriptions.mission import FlightOptions, plan_flight
from headland.analysis.prescriptions.order import PrescriptionOrder, ZonePlan
from headland.formats.prescriptions.qgc_plan import PlannedFlight
from headland.i18n.sentences import translate_sentence
from headland.registry.models.errors import NotFound
from headland.registry.models.models import Field, Implement, Product, ProductKind, Season
from headland.registry.models.prescriptions import Prescription
from headland.registry.repositories.organisation_repositories import OrganisationRepositories
from headland.registry.repositories.repository import Repository

#: As the export of a prescription has it.
HEIGHT_M: Final = 3.0
#: Of an implement whose highest speed is not told.
_USUAL_SPEED_M_S: Final = 5.0
_M_DEG: Final = 111_320.0
#: Cells of the box around a field: enough for one rate, whose edge the flight follows by the outline.
_CELLS: Final = 4000.0
_LEAST_CELL_M: Final = 0.5


def choose_record(
    repository: Repository[Product] | Repository[Implement],
    known: Known,
    name: str,
    last_used: str | None,
) -> PlanChoice | None:
    """Return a record of the farm: told, else that used last, else the only one.

    Raises NotFound for an id that is told and is none.
    """
    told = known.told.get(name)
    records = {each.id: each for each in repository.all()}
    if isinstance(told, str):
        return PlanChoice(id=told, name=repository.get(told).name, source="told", basis="entered")
    if last_used in records:
        return PlanChoice(id=last_used, name=records[last_used].name, source="as_before", basis=f"{name}_last_used")
    if len(records) == 1:
        only = next(iter(records.values()))
        return PlanChoice(id=only.id, name=only.name, source="default", basis=f"{name}_only")
    return None


def plan_rates(
    repositories: OrganisationRepositories,
    field: Field,
    season: Season,
    need: PlanNeed,
    known: Known,
    made: Prescription | None,
    last_used: tuple[str | None, str | None],
) -> tuple[PlanRates, PlanChoice | None]:
    """Return the dressing as a product, with the implement: `made` is the prescription that it has already.

    `last_used` are the ids of the product and the implement that were used last.
    """
    product = choose_record(repositories.products, known, "product", last_used[0])
    implement = choose_record(repositories.implements, known, "implement", last_used[1])
    record = None if product is None else repositories.products.get(product.id)
    unit = "L" if record is not None and record.kind is ProductKind.LIQUID else "kg"
    area_ha = field.usable_area_m2 / 10_000.0
    rate = _rate(need, known, record, f"{unit}/ha", made, area_ha)
    amount = None if rate.value is None else rate.value * area_ha
    if made is not None:
        amount = made.total
    order = None
    if product is not None and rate.value is not None and rate.value > 0.0:
        order = _order(field, season, need, known, product, implement, rate.value)
    rates = PlanRates(
        product=product,
        rate=rate,
        amount=calculated("amount", amount, unit, "rate_times_area"),
        area_ha=area_ha,
        order=order,
    )
    return rates, implement


def _rate(
    need: PlanNeed, known: Known, product: Product | None, unit: str, made: Prescription | None, area_ha: float
) -> PlanNumber:
    told = known.told.get("rate_ha")
    if isinstance(told, int | float):
        return PlanNumber(name="rate_ha", value=told, unit=unit, source="told", basis="entered", editable=True)
    value, basis = None, "need_over_product"
    if made is not None:
        value, basis = made.total / area_ha, "mean_of_prescription"
    elif product is not None and need.now.value is not None and product.n_pct > 0.0:
        value = grade_of(product).product_for_n(need.now.value)
        if unit == "L/ha":
            value = None if product.density_kg_l is None else value / product.density_kg_l
    number = calculated("rate_ha", value, unit, basis)
    return msgspec.structs.replace(number, editable=True)


def _order(
    field: Field,
    season: Season,
    need: PlanNeed,
    known: Known,
    product: PlanChoice,
    implement: PlanChoice | None,
    rate_ha: float,
) -> PrescriptionOrder:
    """Return the order of one rate; what a person told of the need goes with it, for the next plan."""
    numbers = (*need.inputs, need.total, need.elsewhere, need.later)
    figures = {
        each.name: each.value
        for each in numbers
        if each.value is not None and each.source in ("told", "as_before") and each.name != "target_yield_t_ha"
    }
    ceiling = known.number("legal_n_kg_ha", "kg/ha").value
    if ceiling is not None:
        figures["legal_n_kg_ha"] = ceiling
    return PrescriptionOrder(
        field=field.id,
        name=f"{product.name} {season.name}"[:200],
        zones=ZonePlan(by="one_rate"),
        rates_ha=[rate_ha],
        cell_m=_cell_m(field),
        product=product.id,
        implement=None if implement is None else implement.id,
        season=season.id,
        legal_n_kg_ha=ceiling,
        n_given_kg_ha=min((need.given_n.value or 0.0) + (need.elsewhere.value or 0.0), 1000.0),
        figures=figures,
    )


def _cell_m(field: Field) -> float:
    west, south, east, north = bounds_of(field)
    box_m2 = (east - west) * math.cos(math.radians(south)) * _M_DEG * (north - south) * _M_DEG
    return min(max(math.ceil(math.sqrt(box_m2 / _CELLS) / _LEAST_CELL_M) * _LEAST_CELL_M, _LEAST_CELL_M), 100.0)


def plan_mission(
    repositories: OrganisationRepositories,
    rates: PlanRates,
    implement: PlanChoice | None,
    known: Known,
    made: Prescription | None,
) -> PlanMission:
    """Return the flight of the prescription, or of the one rate that would become one."""
    prescription, flight, error = made, None, None
    flown_with = None if implement is None else implement.id
    speed_m_s = _speed(repositories, flown_with if made is None else made.implement)
    try:
        if prescription is None and rates.order is not None:
            prescription = make_prescription(repositories, rates.order)
        if prescription is not None:
            flight = plan_flight(repositories, prescription, FlightOptions(HEIGHT_M, "terrain", speed_m_s=speed_m_s))
    except AnalysisError as refused:
        error = refused
    reason = None if flight is not None else "no_prescription" if error is None else error.reason
    loads = None if flight is None or flight.properties["load_capacity"] is None else float(len(flight.loads))
    minutes = None if flight is None else _minutes(flight)
    swath_m = None if flight is None else float(flight.properties["swath_m"])
    lines = None if flight is None else float(sum(len(load) for load in flight.loads))
    return PlanMission(
        implement=implement,
        prescription=None if made is None else made.id,
        prescription_name=None if made is None else made.name,
        loads=calculated("loads", loads, "1", "tank"),
        lines=calculated("lines", lines, "1", "swath"),
        minutes=calculated("minutes", minutes, "min", "way_and_speed"),
        swath=calculated("swath_m", swath_m, "m", "implement"),
        speed=calculated(
            "speed_m_s",
            None if flight is None else flight.turn_speed_m_s,
            "m/s",
            "implement" if speed_m_s is None else "usual_speed",
            "calculated" if speed_m_s is None else "default",
        ),
        height=calculated("height_m", HEIGHT_M, "m", "usual_height", "default"),
        checks=() if prescription is None else prescription.checks,
        legal_n=known.number("legal_n_kg_ha", "kg/ha"),
        speed_m_s=speed_m_s,
        reason=reason,
        detail="" if error is None else error.detail,
        detail_zh="" if error is None else translate_sentence(error.detail, "zh") or "",
    )


def _speed(repositories: OrganisationRepositories, implement: str | None) -> float | None:
    """Return the speed that the export needs because the implement has none."""
    if implement is None:
        return None
    try:
        known = repositories.implements.get(implement, also_deleted=True).max_speed_m_s
    except NotFound:
        return None
    return _USUAL_SPEED_M_S if known is None else None


def _minutes(flight: PlannedFlight) -> float:
    """Return the time in the air over the lines, with the ways between them, in minutes."""
    seconds, fast, at = 0.0, flight.turn_speed_m_s, None
    for line in (line for load in flight.loads for line in load):
        first, last = line.beyond(flight.run_m)
        seconds += (2.0 * flight.run_m + (0.0 if at is None else math.dist(at, first))) / fast
        seconds += sum(piece.length_m / flight.speed_m_s(piece.rate_ha) for piece in line.pieces if piece.rate_ha > 0.0)
        at = last
    return seconds / 60.0
