"""Report of a field pass: amount applied, its distribution, comparison with the plan, nutrients, weather, ledger."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import asdict, dataclass
from typing import Final
from urllib.parse import urlencode

from headland.agronomy.application.deviation import DEVIATION
from headland.agronomy.application.pass_areas import TREATED_GROUND
from headland.agronomy.climate.air import AIR_TEMPERATURE, RELATIVE_HUMIDITY
from headland.agronomy.prescription.loss_risk import LEACHING, VOLATILISATION
from headland.agronomy.prescription.nutrients import MU_PER_HA
from headland.agronomy.prescription.weather_window import Kind
from headland.agronomy.series.answer import Method
from headland.analysis.cooperative.owners import read_owners
from headland.analysis.greenhouse.house import HouseLocation, find_site
from headland.analysis.inputs.errors import AnalysisError
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.inputs.window import Window
from headland.analysis.passes.as_applied import AppliedPass, compute_as_applied
from headland.analysis.passes.detection import FieldPass, find_pass
from headland.analysis.passes.deviation import PassDeviation, compare_with_plan
from headland.analysis.passes.nutrients import PassNutrients, nutrients_of_pass, share_by_plot
from headland.analysis.passes.options import PassOptions
from headland.analysis.passes.pass_state import PassState, state_of_pass
from headland.analysis.passes.plan import find_plan
from headland.analysis.passes.verdict.sentences import sentence_of
from headland.analysis.passes.verdict.strips import find_missed_strips
from headland.analysis.weather.spray_window import assess_weather
from headland.contract.indices import unit_of
from headland.i18n import CatalogText, term_or_name
from headland.registry.models.models import Season
from headland.registry.repositories.organisation_repositories import OrganisationRepositories
from headland.reports.document import (
    Cell,
    Figure,
    Note,
    Part,
    Report,
    ReportInstant,
    ReportTable,
    Section,
    collect_methods,
    figure_of,
    share_of,
)
from headland.reports.pass_map import draw_deviation_map, draw_map

_M2_PER_HA: Final = 10_000.0
_M2_PER_MU: Final = _M2_PER_HA / MU_PER_HA


@dataclass(frozen=True, slots=True)
class _ReportData:
    """The data of a pass report; what could not be computed is the problem with its reason."""

    scope: OrgScope
    repositories: OrganisationRepositories
    field_pass: FieldPass
    place: HouseLocation
    applied: AppliedPass | AnalysisError
    deviation: PassDeviation | AnalysisError
    nutrients: PassNutrients
    options: PassOptions
    state: PassState


def make_pass_document(scope: OrgScope, pass_id: str, options: PassOptions) -> Report:
    """Return the report of a pass with the options of a request; raises AnalysisError for an unknown pass."""
    data = _read(scope, find_pass(scope, pass_id), options)
    field_pass, applied = data.field_pass, data.applied
    sections = [
        Section("the_pass", tuple(_facts(data))),
        Section("what_was_applied", tuple(_amounts(data))),
        Section("against_the_plan", tuple(_against_plan(data))),
        Section("settlement", tuple(_settlement(data))),
        Section("nutrients", tuple(_nutrients(data))),
        Section("weather_during", tuple(_weather(data))),
        Section("how_time_went", tuple(_segments(field_pass))),
        Section("record", tuple(_record(data))),
    ]
    methods: list[Method] = []
    addresses = [f"/v1/passes/{field_pass.id}"]
    if isinstance(applied, AppliedPass):
        methods += [*collect_methods((applied.amount, applied.rate)), TREATED_GROUND]
        addresses.append(_address(data, "as-applied", applied.map.grid.cell_m))
    if isinstance(data.deviation, PassDeviation):
        methods.append(DEVIATION)
        addresses.append(_address(data, "deviation", data.deviation.applied.map.grid.cell_m))
    methods += [VOLATILISATION, LEACHING]
    return Report(
        title="pass_report",
        subject=field_pass.field.name,
        is_simulated=field_pass.simulated,
        zone=data.place.time_zone,
        is_zone_known=data.place.time_zone_known,
        made_ms=scope.now_ms,
        start_ms=field_pass.start_ms,
        end_ms=field_pass.end_ms,
        sections=tuple(sections),
        sources=tuple(methods),
        addresses=(*addresses, f"/v1/fields/{field_pass.field.id}/nutrients"),
    )


def _address(data: _ReportData, answer: str, cell_m: float) -> str:
    """Return the request that returns the same figures."""
    options, plan = data.options, data.options.plan
    given = {"cell_m": cell_m, "swath_m": options.swath_m, "latency_s": options.latency_s}
    if answer == "deviation":
        given |= {"planned_rate_ha": plan.rate_ha}
    query = {name: f"{value:g}" for name, value in given.items() if value is not None}
    if answer == "deviation" and plan.prescription is not None:
        query["prescription"] = plan.prescription
    return f"/v1/passes/{data.field_pass.id}/{answer}?{urlencode(query)}"


def _read(scope: OrgScope, field_pass: FieldPass, options: PassOptions) -> _ReportData:
    repositories = scope.repositories
    applied: AppliedPass | AnalysisError
    deviation: PassDeviation | AnalysisError
    try:
        applied = compute_as_applied(
            scope, field_pass, cell_m=options.cell_m, swath_m=options.swath_m, latency_s=options.latency_s
        )
    except AnalysisError as error:
        applied = deviation = error
    else:
        try:
            deviation = compare_with_plan(scope, applied, find_plan(scope, field_pass, options.plan))
        except AnalysisError as error:
            deviation = error
    place = HouseLocation()
    if field_pass.field.site is not None:
        place = find_site(scope, repositories.sites.get(field_pass.field.site, also_deleted=True).name)[1]
    return _ReportData(
        scope,
        repositories,
        field_pass,
        place,
        applied,
        deviation,
        nutrients_of_pass(scope, repositories, field_pass, None, applied),
        options,
        state_of_pass(scope, field_pass),
    )


def _facts(data: _ReportData) -> list[Part]:
    """Return field, machine, product and season of the pass."""
    field_pass, repositories = data.field_pass, data.repositories
    declared, field = field_pass.declared, field_pass.field
    product = data.nutrients.product
    named = None if declared is None else declared.season
    season = None if named is None else repositories.seasons.get(named, also_deleted=True)
    parts: list[Part] = [
        Figure("verdict", _verdict(data)),
        _name("field", field.name),
        _name("owner", read_owners(repositories, [field], field_pass.start_ms)[field.id]),
        Figure("field_area_ha", field.area_m2 / _M2_PER_HA, "ha"),
        Figure("field_area_mu", field.area_m2 / _M2_PER_MU, "mu"),
        Figure("usable_area_ha", field.usable_area_m2 / _M2_PER_HA, "ha"),
        _name("vehicle", field_pass.device),
        _name("implement", "" if field_pass.implement is None else field_pass.implement.name),
        *_swath(data),
        _name("product", "" if product is None else product.name),
        _name("season", "" if season is None else _season_name(season)),
        Figure("told_by", "declared_by_a_person" if declared is not None else "found_in_telemetry"),
        Figure("pass_state", data.state),
    ]
    if declared is not None and declared.note:
        parts.append(_name("note", declared.note))
    return parts


def _verdict(data: _ReportData) -> CatalogText:
    """Return the sentence that the pass's page begins with."""
    missed = None
    if isinstance(data.applied, AppliedPass) and data.state != "flying":
        missed = find_missed_strips(data.scope, data.field_pass, data.options.plan, data.options.swath_m)
    return sentence_of(data.state, data.applied, data.deviation, missed)


def _swath(data: _ReportData) -> list[Part]:
    """Return the swath that the figures rest on, and where it comes from."""
    given_m, own_m = data.options.swath_m, data.field_pass.swath_m
    if given_m is None and own_m is None:
        return [Figure("swath_m", None, "m", reason="no_implement")]
    source = "entered_here" if given_m is not None else "of_the_implement"
    return [Figure("swath_m", given_m or own_m, "m"), Figure("swath_by", source)]


def _amounts(data: _ReportData) -> list[Part]:
    """Return the amount released, its distribution over places, and its reconciliation."""
    applied = data.applied
    if isinstance(applied, AnalysisError):
        return [_sentence(applied)]
    unit, applied_map = applied.unit, applied.map
    amount, rate = figure_of("amount", applied.amount), figure_of("mean_rate_ha", applied.rate)
    reason = applied.amount.reason
    totals, areas, known = applied_map.totals, applied_map.areas, applied.reconciliation
    places = ("released", "usable", "buffer", "exclusion", "outside", "unlocated")
    parts: list[Part] = [
        amount,
        Figure("cell_m", applied_map.grid.cell_m, "m"),
        rate,
        share_of(rate, "mean_rate_mu", 1.0 / MU_PER_HA, f"{unit}/mu"),
        Figure("covered_ha", areas.treated_m2 / _M2_PER_HA, "ha"),
        Figure("covered_mu", areas.treated_m2 / _M2_PER_MU, "mu"),
        Figure("overlap_m2", areas.overlap_m2, "m2"),
        Figure("skipped_m2", None, "m2", reason="pass_under_way")
        if data.state == "flying"
        else Figure("skipped_m2", areas.skipped_m2, "m2"),
        Figure("remaining_m2", None, "m2", reason="pass_under_way")
        if data.state == "flying"
        else Figure("remaining_m2", areas.remaining_m2, "m2"),
        Figure("beside_m2", areas.beside_m2, "m2"),
        Figure(
            "field_cv_pct",
            applied_map.field_cv_pct,
            "%",
            reason=None if applied_map.field_cv_pct is not None else reason,
        ),
        draw_map(applied, data.deviation.planned_ha if isinstance(data.deviation, PassDeviation) else None),
        _pairs(
            "evidence_of_ground",
            "evidence",
            "m2",
            {name: m2 for name, m2 in applied_map.evidence_m2.items() if m2 > 0.0},
        ),
    ]
    if reason is None:
        parts.append(_pairs("where_it_went", "place", unit, {name: getattr(totals, name) for name in places}))
        parts.append(Figure("closure_share", totals.closure, "1"))
    ways = {"by_flow": known.by_flow, "by_tank": known.by_tank, "by_pump_curve": known.by_pump_curve}
    residuals = {"flow_residual": known.flow_residual, "pump_curve_residual": known.pump_curve_residual}
    parts.append(_pairs("ways_to_know", "way", unit, {**ways, **residuals}, "not_measured"))
    parts.append(Note("commanded_is_not_applied"))
    return parts


def _against_plan(data: _ReportData) -> list[Part]:
    deviation = data.deviation
    if isinstance(deviation, AnalysisError):
        return [_sentence(deviation)]
    unit, cells = deviation.applied.unit, deviation.cells
    totals = deviation.applied.map.totals
    balance = {
        "released": totals.released,
        **{f"less_{name}": getattr(totals, name) for name in ("outside", "buffer", "exclusion", "unlocated")},
        "is_usable": totals.usable,
        "less_unplanned": deviation.unplanned,
        "less_not_to_treat": deviation.not_to_treat,
        "is_compared": cells.applied,
    }
    parts: list[Part] = [
        Figure("plan_by", deviation.plan.source),
        Figure("planned_rate_ha", deviation.planned_ha, f"{unit}/ha"),
        Figure("planned_rate_mu", deviation.planned_ha / MU_PER_HA, f"{unit}/mu"),
        draw_deviation_map(deviation),
        _pairs("balance", "amount_of", unit, balance),
        Figure("planned", cells.planned, unit),
        Figure("applied", cells.applied, unit, evidence=deviation.applied.amount.evidence),
        Figure("mean_deviation_pct", cells.mean_deviation_pct, "%"),
        Figure("on_target_share", cells.on_target_share * 100.0, "%"),
        _pairs("ground_by_class", "class", "m2", cells.class_m2),
        _pairs("ground_by_cause", "cause", "m2", cells.cause_m2),
    ]
    if deviation.plan.prescription is not None:
        columns = (
            ("zone", ""), ("area", "m2"), ("planned_rate", f"{unit}/ha"), ("applied_rate", f"{unit}/ha"), ("class", ""),
        )  # fmt: skip
        rows = tuple(
            (
                Figure("zone", zone.zone),
                Figure("area", zone.area_m2, "m2"),
                Figure("planned_rate", zone.planned_rate_ha, f"{unit}/ha"),
                Figure(
                    "applied_rate",
                    zone.applied_rate_ha,
                    f"{unit}/ha",
                    reason=_unless(zone.applied_rate_ha, "not_measured"),
                ),
                Figure("class", zone.kind, reason=_unless(zone.kind, "not_measured")),
            )
            for zone in deviation.zones
        )
        parts.append(ReportTable("zones", columns, rows))
    return parts


def _settlement(data: _ReportData) -> list[Part]:
    """Return each plot's treated ground and amount, with its owner."""
    applied = data.applied
    if isinstance(applied, AnalysisError):
        return [_sentence(applied)]
    unit = applied.unit
    try:
        shares = share_by_plot(data.scope, data.repositories, data.field_pass, options=data.options)
    except AnalysisError as error:
        return [_sentence(error)]
    owners = read_owners(data.repositories, [share.field for share in shares], data.field_pass.start_ms)
    columns = (("field", ""), ("owner", ""), ("treated_ha", "ha"), ("treated_mu", "mu"), ("plot_amount", unit))
    rows = tuple(
        (
            _name("field", share.field.name),
            _name("owner", owners[share.field.id]),
            Figure("treated_ha", share.treated_m2 / _M2_PER_HA, "ha"),
            Figure("treated_mu", share.treated_m2 / _M2_PER_MU, "mu"),
            Figure("plot_amount", share.amount, unit, evidence=applied.amount.evidence),
        )
        for share in sorted(shares, key=lambda share: (owners[share.field.id], share.field.name))
    )
    return [ReportTable("plots", columns, rows)]


def _nutrients(data: _ReportData) -> list[Part]:
    """Return the nutrients of the measured product on the usable field, and the risks of their loss."""
    nutrients = data.nutrients
    parts: list[Part] = []
    if nutrients.per_ha is None:
        parts.append(Figure("nutrients_per_area", None, "kg/ha", reason=nutrients.reason))
    else:
        elements = asdict(nutrients.per_ha.elements)
        rows = tuple(
            (
                Figure("nutrient", name),
                Figure("per_ha", value, "kg/ha"),
                Figure("per_mu", value / MU_PER_HA, "kg/mu"),
            )
            for name, value in elements.items()
        )
        parts.append(Figure("product_kg", nutrients.product_kg, "kg"))
        parts.append(
            ReportTable("nutrients_per_area", (("nutrient", ""), ("per_ha", "kg/ha"), ("per_mu", "kg/mu")), rows)
        )
    for name, risk, method in (
        ("volatilisation", nutrients.volatilisation, VOLATILISATION),
        ("leaching", nutrients.leaching, LEACHING),
    ):
        parts.append(Figure(name, risk.state, method=method.id))
        parts += [Figure("because", reason) for reason in risk.reasons]
    return parts


#: The weather of an hour of a pass, in the order of the table.
_HOURLY: Final = (AIR_TEMPERATURE, RELATIVE_HUMIDITY, "wind_speed_m_s", "rain_mm")


def _weather(data: _ReportData) -> list[Part]:
    field_pass = data.field_pass
    kind: Kind = "liquid" if field_pass.unit == "L" else "granular"
    weather = assess_weather(
        data.scope,
        data.repositories,
        field_pass.field,
        Window(field_pass.start_ms, max(field_pass.end_ms, field_pass.start_ms + 1)),
        kind,
    )
    measured = [(name, unit_of(name) or "") for name in _HOURLY]
    rows: list[tuple[Cell, ...]] = []
    for verdict in weather.verdicts:
        hour = verdict.hour
        values = (hour.temperature_degc, hour.humidity_pct, hour.wind_m_s, hour.rain_mm)
        cells = [
            Figure(name, value, unit, reason=_unless(value, "not_measured"))
            for (name, unit), value in zip(measured, values, strict=True)
        ]
        rows.append((ReportInstant(hour.start_ms), *cells, Figure("suits", verdict.state)))
    columns = (("hour", ""), *measured, ("suits", ""))
    return [ReportTable("hours", columns, tuple(rows)), _name("measured_by", ", ".join(weather.devices))]


def _segments(field_pass: FieldPass) -> list[Part]:
    if field_pass.detected is None:
        return [Figure("work_s", None, "s", reason="nothing_heard")]
    times: dict[str, float] = defaultdict(float)
    lengths: dict[str, float] = defaultdict(float)
    for segment in field_pass.detected.segments:
        times[segment.kind] += (segment.end_ms - segment.start_ms) / 1000.0
        lengths[segment.kind] += segment.length_m
    rows = tuple(
        (Figure("segment", kind), Figure("time", times[kind], "s"), Figure("length", lengths[kind], "m"))
        for kind in times
    )
    return [ReportTable("segments", (("segment", ""), ("time", "s"), ("length", "m")), rows)]


def _record(data: _ReportData) -> list[Part]:
    """Return the ledger entry of the applied amount, whose hash proves that it is unchanged."""
    entries = data.repositories.ledger.read(field=data.field_pass.field.id, pass_id=data.field_pass.id)
    closed = [entry for entry in entries if entry.kind == "as_applied"]
    if not closed:
        return [Figure("ledger_hash", None, reason="not_closed")]
    return [_name("ledger_hash", closed[-1].hash), Figure("ledger_seq", closed[-1].seq)]


def _pairs(
    name: str, column: str, unit: str, values: dict[str, float] | dict[str, float | None], reason: str | None = None
) -> ReportTable:
    rows = tuple(
        (Figure(column, key), Figure("value", value, unit, reason=reason if value is None else None))
        for key, value in values.items()
    )
    return ReportTable(name, ((column, ""), ("value", unit)), rows)


def _season_name(season: Season) -> CatalogText:
    return CatalogText("answer_notes", "season", {"name": season.name, "crop": term_or_name("crops", season.crop)})


def _name(name: str, text: str | CatalogText) -> Figure:
    return Figure(name, text or None, reason=None if text else "not_told", is_name=True)


def _sentence(error: AnalysisError) -> Note:
    return Note(error.reason, detail=error.detail)


def _unless(value: object, reason: str) -> str | None:
    return None if value is not None else reason
