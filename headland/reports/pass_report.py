"""The report of a field pass: what was applied, where it went, against which plan, and what it all rests on."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Final

from headland.agronomy.application.deviation import CLASSES
from headland.agronomy.prescription.loss_risk import LEACHING, VOLATILISATION
from headland.agronomy.prescription.nutrients import MU_PER_HA
from headland.agronomy.prescription.weather_window import Kind
from headland.agronomy.series.answer import Method
from headland.analysis.errors import AnalysisError
from headland.analysis.greenhouse.house import Place, find_site
from headland.analysis.passes.as_applied import AppliedPass, compute_as_applied, fine_cell_m
from headland.analysis.passes.detection import FieldPass, find_pass
from headland.analysis.passes.deviation import PassDeviation, compare_with_plan
from headland.analysis.passes.nutrients import PassNutrients, nutrients_of_pass
from headland.analysis.passes.plan import PlanRequest, find_plan
from headland.analysis.registry_access import repositories_of
from headland.analysis.scope import OrgScope
from headland.analysis.weather.spray_window import assess_weather
from headland.analysis.window import Window
from headland.registry.repositories.organisation_repositories import OrganisationRepositories
from headland.reports.document import (
    Cell,
    Document,
    Figure,
    Moment,
    Note,
    Part,
    Section,
    Table,
    collect_methods,
    figure_of,
    share_of,
)
from headland.reports.pass_map import draw_map

_M2_PER_HA: Final = 10_000.0
_M2_PER_MU: Final = _M2_PER_HA / MU_PER_HA
_DEVIATION: Final = Method(
    "deviation_from_plan",
    1,
    "cells of the usable field against their plan: skip under 50 %, under to 90 %, on target to 110 %, over to 150 %, "
    "double beyond",
)


@dataclass(frozen=True, slots=True)
class _Told:
    """All that a report of a pass is made of; what could not be had is the problem that says why."""

    scope: OrgScope
    repositories: OrganisationRepositories
    one: FieldPass
    place: Place
    applied: AppliedPass | AnalysisError
    judged: PassDeviation | AnalysisError
    nutrients: PassNutrients


def make_pass_document(scope: OrgScope, pass_id: str) -> Document:
    """Return the report of a pass; raises AnalysisError where it is unknown."""
    told = _gather(scope, find_pass(scope, pass_id))
    one, applied = told.one, told.applied
    sections = [
        Section("the_pass", tuple(_facts(told))),
        Section("what_was_applied", tuple(_amounts(told))),
        Section("against_the_plan", tuple(_against_plan(told))),
        Section("nutrients", tuple(_nutrients(told))),
        Section("weather_during", tuple(_weather(told))),
        Section("how_time_went", tuple(_segments(one))),
        Section("record", tuple(_record(told))),
    ]
    methods: list[Method] = []
    addresses = [f"/v1/passes/{one.id}"]
    if isinstance(applied, AppliedPass):
        methods += collect_methods((applied.amount, applied.rate))
        addresses.append(f"/v1/passes/{one.id}/as-applied?cell_m={applied.map.grid.cell_m:g}")
    if isinstance(told.judged, PassDeviation):
        methods.append(_DEVIATION)
        addresses.append(f"/v1/passes/{one.id}/deviation?cell_m={told.judged.applied.map.grid.cell_m:g}")
    methods += [VOLATILISATION, LEACHING]
    return Document(
        title="pass_report",
        subject=one.field.name,
        is_simulated=one.simulated,
        zone=told.place.time_zone,
        is_zone_known=told.place.time_zone_known,
        made_ms=scope.now_ms,
        start_ms=one.start_ms,
        end_ms=one.end_ms,
        sections=tuple(sections),
        sources=tuple(methods),
        addresses=(*addresses, f"/v1/fields/{one.field.id}/nutrients"),
    )


def _gather(scope: OrgScope, one: FieldPass) -> _Told:
    repositories = repositories_of(scope)
    applied: AppliedPass | AnalysisError
    judged: PassDeviation | AnalysisError
    try:
        applied = compute_as_applied(scope, one, cell_m=fine_cell_m(one))
    except AnalysisError as error:
        applied = judged = error
    else:
        try:
            judged = compare_with_plan(scope, applied, find_plan(scope, one, PlanRequest()))
        except AnalysisError as error:
            judged = error
    place = Place()
    if one.field.site is not None:
        place = find_site(scope, repositories.sites.get(one.field.site, also_deleted=True).name)[1]
    return _Told(
        scope, repositories, one, place, applied, judged, nutrients_of_pass(scope, repositories, one, None, applied)
    )


def _facts(told: _Told) -> list[Part]:
    """Return who did what, where and with which machine."""
    one, repositories = told.one, told.repositories
    declared, field = one.declared, one.field
    product = told.nutrients.product
    named = None if declared is None else declared.season
    season = None if named is None else repositories.seasons.get(named, also_deleted=True)
    found: list[Part] = [
        _name("field", field.name),
        _name("owner", field.owner),
        Figure("field_area_ha", field.area_m2 / _M2_PER_HA, "ha"),
        Figure("field_area_mu", field.area_m2 / _M2_PER_MU, "mu"),
        Figure("usable_area_ha", field.usable_area_m2 / _M2_PER_HA, "ha"),
        _name("vehicle", one.device),
        _name("implement", "" if one.implement is None else one.implement.name),
        Figure("swath_m", one.swath_m, "m", reason=None if one.swath_m else "no_implement"),
        _name("product", "" if product is None else product.name),
        _name("season", "" if season is None else f"{season.name}, {season.crop}"),
        Figure("told_by", "declared_by_a_person" if declared is not None else "found_in_telemetry"),
    ]
    if declared is not None and declared.note:
        found.append(_name("note", declared.note))
    return found


def _amounts(told: _Told) -> list[Part]:
    """Return what left the machine, where it went and how the ways to know it agree."""
    applied = told.applied
    if isinstance(applied, AnalysisError):
        return [_sentence(applied)]
    unit, drawn = applied.unit, applied.map
    amount, rate = figure_of("amount", applied.amount), figure_of("mean_rate_ha", applied.rate)
    reason = applied.amount.reason
    totals, cover, known = drawn.totals, drawn.cover, applied.reconciliation
    places = ("released", "usable", "buffer", "exclusion", "outside", "unlocated")
    found: list[Part] = [
        amount,
        rate,
        share_of(rate, "mean_rate_mu", 1.0 / MU_PER_HA, f"{unit}/mu"),
        Figure("covered_ha", cover.covered_m2 / _M2_PER_HA, "ha"),
        Figure("covered_mu", cover.covered_m2 / _M2_PER_MU, "mu"),
        Figure("overlap_m2", cover.overlap_m2, "m2"),
        Figure("skipped_m2", cover.skipped_m2, "m2"),
        Figure("field_cv_pct", drawn.field_cv_pct, "%", reason=None if drawn.field_cv_pct is not None else reason),
        draw_map(applied, told.judged.planned_ha if isinstance(told.judged, PassDeviation) else None),
        _pairs(
            "evidence_of_ground", "evidence", "m2", {name: m2 for name, m2 in applied.evidence_m2.items() if m2 > 0.0}
        ),
    ]
    if reason is None:
        found.append(_pairs("where_it_went", "place", unit, {name: getattr(totals, name) for name in places}))
        found.append(Figure("closure_share", totals.closure, "1"))
    ways = {"by_flow": known.by_flow, "by_tank": known.by_tank, "by_pump_curve": known.by_pump_curve}
    residuals = {"flow_residual": known.flow_residual, "pump_curve_residual": known.pump_curve_residual}
    found.append(_pairs("ways_to_know", "way", unit, {**ways, **residuals}, "not_measured"))
    found.append(Note("commanded_is_not_applied"))
    return found


def _against_plan(told: _Told) -> list[Part]:
    judged = told.judged
    if isinstance(judged, AnalysisError):
        return [_sentence(judged)]
    unit, deviation = judged.applied.unit, judged.cells
    cell_m2 = judged.applied.map.grid.cell_m**2
    found: list[Part] = [
        Figure("plan_by", judged.plan.source),
        Figure("planned_rate_ha", judged.planned_ha, f"{unit}/ha"),
        Figure("planned_rate_mu", judged.planned_ha / MU_PER_HA, f"{unit}/mu"),
        Figure("planned", deviation.planned, unit),
        Figure("applied", deviation.applied, unit, evidence=judged.applied.amount.evidence),
        Figure("mean_deviation_pct", deviation.mean_deviation_pct, "%"),
        Figure("on_target_share", deviation.on_target_share * 100.0, "%"),
        _pairs(
            "ground_by_class",
            "class",
            "m2",
            {name: float((deviation.classes == code).sum()) * cell_m2 for code, name in enumerate(CLASSES) if code},
        ),
    ]
    if judged.plan.prescription is not None:
        columns = (
            ("zone", ""), ("area", "m2"), ("planned_rate", f"{unit}/ha"), ("applied_rate", f"{unit}/ha"), ("class", ""),
        )  # fmt: skip
        rows = tuple(
            (
                Figure("zone", each.zone),
                Figure("area", each.area_m2, "m2"),
                Figure("planned_rate", each.rate_ha, f"{unit}/ha"),
                Figure("applied_rate", each.applied_ha, f"{unit}/ha", reason=_unless(each.applied_ha, "not_measured")),
                Figure("class", each.kind, reason=_unless(each.kind, "not_measured")),
            )
            for each in judged.zones
        )
        found.append(Table("zones", columns, rows))
    return found


def _nutrients(told: _Told) -> list[Part]:
    """Return what the product brought, by what was metered on the usable field, and what may have been lost of it."""
    counted = told.nutrients
    found: list[Part] = []
    if counted.per_ha is None:
        found.append(Figure("nutrients_per_area", None, "kg/ha", reason=counted.reason))
    else:
        per_ha = counted.per_ha
        elements = {"n": per_ha.n, "p2o5": per_ha.p2o5, "k2o": per_ha.k2o, "p": per_ha.p, "k": per_ha.k}
        rows = tuple(
            (
                Figure("nutrient", name),
                Figure("per_ha", value, "kg/ha"),
                Figure("per_mu", value / MU_PER_HA, "kg/mu"),
            )
            for name, value in elements.items()
        )
        found.append(Figure("product_kg", counted.product_kg, "kg"))
        found.append(Table("nutrients_per_area", (("nutrient", ""), ("per_ha", "kg/ha"), ("per_mu", "kg/mu")), rows))
    for name, risk, method in (
        ("volatilisation", counted.volatilisation, VOLATILISATION),
        ("leaching", counted.leaching, LEACHING),
    ):
        found.append(Figure(name, risk.state, method=method.id))
        found += [Figure("because", reason) for reason in risk.reasons]
    return found


def _weather(told: _Told) -> list[Part]:
    one = told.one
    kind: Kind = "liquid" if one.unit == "L" else "granular"
    verdicts, devices = assess_weather(
        told.scope, told.repositories, one.field, Window(one.start_ms, max(one.end_ms, one.start_ms + 1)), kind
    )
    columns = (
        ("hour", ""), ("air_temperature_degc", "degC"), ("relative_humidity_pct", "%"), ("wind_speed_m_s", "m/s"),
        ("rain_mm", "mm"), ("suits", ""),
    )  # fmt: skip
    rows: list[tuple[Cell, ...]] = []
    for verdict in verdicts:
        hour = verdict.hour
        measured = {
            "air_temperature_degc": (hour.temperature_degc, "degC"),
            "relative_humidity_pct": (hour.humidity_pct, "%"),
            "wind_speed_m_s": (hour.wind_m_s, "m/s"),
            "rain_mm": (hour.rain_mm, "mm"),
        }
        cells = [
            Figure(name, value, unit, reason=_unless(value, "not_measured")) for name, (value, unit) in measured.items()
        ]
        rows.append((Moment(hour.start_ms), *cells, Figure("suits", verdict.state)))
    return [Table("hours", columns, tuple(rows)), _name("measured_by", ", ".join(devices))]


def _segments(one: FieldPass) -> list[Part]:
    if one.detected is None:
        return [Figure("work_s", None, "s", reason="nothing_heard")]
    times: dict[str, float] = defaultdict(float)
    lengths: dict[str, float] = defaultdict(float)
    for each in one.detected.segments:
        times[each.kind] += (each.end_ms - each.start_ms) / 1000.0
        lengths[each.kind] += each.length_m
    rows = tuple(
        (Figure("segment", kind), Figure("time", times[kind], "s"), Figure("length", lengths[kind], "m"))
        for kind in times
    )
    return [Table("segments", (("segment", ""), ("time", "s"), ("length", "m")), rows)]


def _record(told: _Told) -> list[Part]:
    """Return the ledger's entry of what was applied, which shows whether anybody changed it."""
    entries = told.repositories.ledger.read(field=told.one.field.id, pass_id=told.one.id)
    closed = [entry for entry in entries if entry.kind == "as_applied"]
    if not closed:
        return [Figure("ledger_hash", None, reason="not_closed")]
    return [_name("ledger_hash", closed[-1].hash), Figure("ledger_seq", closed[-1].seq)]


def _pairs(
    name: str, column: str, unit: str, values: dict[str, float] | dict[str, float | None], reason: str | None = None
) -> Table:
    rows = tuple(
        (Figure(column, key), Figure("value", value, unit, reason=reason if value is None else None))
        for key, value in values.items()
    )
    return Table(name, ((column, ""), ("value", unit)), rows)


def _name(name: str, text: str) -> Figure:
    return Figure(name, text or None, reason=None if text else "not_told", is_name=True)


def _sentence(error: AnalysisError) -> Note:
    return Note(error.reason, detail=error.detail)


def _unless(value: object, reason: str) -> str | None:
    return None if value is not None else reason
