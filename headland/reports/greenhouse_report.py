"""The report of a greenhouse's week: its air, light, surfaces and pressure of disease by local day, and the sensors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from headland.agronomy.series.answer import Answer
from headland.analysis.greenhouse.climate import (
    ClimateQuery,
    HouseAnswers,
    answer_air,
    answer_condensation,
    answer_disease,
    answer_light,
)
from headland.analysis.greenhouse.control import answer_irrigation
from headland.analysis.greenhouse.crop_targets import load_crop_targets
from headland.analysis.greenhouse.house import House, find_house
from headland.analysis.greenhouse.samples import LeftOut
from headland.analysis.registry_access import repositories_of
from headland.analysis.scope import OrgScope
from headland.registry.models.errors import NotFound
from headland.reports.document import (
    Cell,
    Chart,
    Document,
    Figure,
    Line,
    Moment,
    Note,
    Part,
    Section,
    Table,
    collect_methods,
    figure_of,
)
from headland.reports.iso_weeks import Week, find_week, midnight_ms

#: What is told of each day, by section: with too many columns a page is wider than paper.
_AIR: Final = (
    "air_temperature_degc", "relative_humidity_pct", "vpd_kpa", "humidity_deficit_g_m3", "dif_degc",
    "degree_days_average",
)  # fmt: skip
_LIGHT: Final = ("dli_mol_m2", "photoperiod_h", "ptr_mol_m2_degc_d")
_WATER: Final = (
    "radiation_sum_j_cm2",
    "irrigation_l",
    "drain_l",
    "drain_share",
    "irrigation_ec_ms_cm",
    "drain_ec_ms_cm",
)
_WET: Final = ("condensation_margin_k", "condensation_h", "condensation_warning_h")
_DISEASE: Final = (
    "wet_h", "humid_h", "botrytis_index", "powdery_mildew_index", "late_blight_severity", "smith_period",
    "hutton_period",
)  # fmt: skip
#: What a week brings together: a sum over its days, where all of them are known.
_SUMS: Final = frozenset(
    {
        "degree_days_average", "dli_mol_m2", "radiation_sum_j_cm2", "irrigation_l", "drain_l", "condensation_h",
        "condensation_warning_h", "wet_h", "humid_h", "late_blight_severity",
    }
)  # fmt: skip


def make_week_document(scope: OrgScope, greenhouse: str, week: str | None, zone: str | None) -> Document:
    """Return the report of a greenhouse's week; raises AnalysisError (unknown house, no such week)."""
    house = find_house(scope, greenhouse, zone)
    found = find_week(week, house.place.time_zone, scope.now_ms)
    ask = ClimateQuery(scope, house, found.window, "day", load_crop_targets())
    air, light, wet = answer_air(ask), answer_light(ask, None, None), answer_condensation(ask)
    disease, water = answer_disease(ask), answer_irrigation(ask, None, 2.0)
    by_hour = replace(ask, by="hour")
    hours, wet_hours = answer_air(by_hour), answer_condensation(by_hour)
    sections = [
        Section("the_house", tuple(_facts(scope, house, found, zone))),
        Section(
            "air",
            (
                *_chart("temperatures", found, hours, ("air_temperature_degc", "dew_point_degc")),
                *_chart("vpd_kpa", found, hours, ("vpd_kpa",)),
                *_days("air_by_day", air, _AIR),
                *_range(air),
                *_targets(air),
            ),
        ),
        Section("light", (*_days("light_by_day", light, _LIGHT), *_notes(light, ("light",)), *_targets(light))),
        Section(
            "condensation",
            (
                *_chart("condensation_margin_k", found, wet_hours, ("condensation_margin_k",)),
                *_days("condensation_by_day", wet, _WET),
                *_events(wet),
                *_surfaces(wet),
            ),
        ),
        Section(
            "disease", (*_days("disease_by_day", disease, (*_DISEASE, *_downy(disease))), Note("disease_is_pressure"))
        ),
        Section("water", (*_days("water_by_day", water, _WATER), *_notes(water, ("radiation", "drain")))),
        Section("sensors", tuple(_left_out((air, light, wet, disease, water)))),
    ]
    query = f"start={found.window.start_ms}&end={found.window.end_ms}" + ("" if zone is None else f"&zone={zone}")
    topics = ("climate?by=day&", "light?", "condensation?by=day&", "disease?", "irrigation?")
    return Document(
        title="week_report",
        subject=_name_of(scope, house, greenhouse),
        is_simulated=house.simulated,
        zone=house.place.time_zone,
        is_zone_known=house.place.time_zone_known,
        made_ms=scope.now_ms,
        start_ms=found.window.start_ms,
        end_ms=found.window.end_ms,
        sections=tuple(sections),
        sources=collect_methods(_told((air, light, wet, disease, water))),
        week=found.name,
        addresses=tuple(f"/v1/greenhouses/{greenhouse}/{topic}{query}" for topic in topics),
    )


def _facts(scope: OrgScope, house: House, week: Week, zone: str | None) -> list[Part]:
    facts: list[Part] = [
        _name("week", week.name),
        _name("greenhouse", house.id),
        _name("zone", zone or ""),
        _name("crop", house.crop),
        _name("stage", house.stage),
        _name("devices", ", ".join(record.descriptor.device for record in house.records)),
        Figure("floor_area_m2", house.floor_area_m2, "m2", reason=None if house.floor_area_m2 else "not_told"),
    ]
    if week.window.end_ms < week.end_ms:
        facts.append(Note("week_under_way", {"until": _clock(scope.now_ms, house.place.time_zone)}))
    return facts


def _days(name: str, found: HouseAnswers, wanted: Sequence[str]) -> list[Part]:
    """Return a row for each day, and the week's sums where every day is known; nothing where nothing was answered."""
    names = [each for each in wanted if any(each in span.answers for span in found.periods)]
    if not names:
        return [Note("nothing_measured")]
    units = {each: next(s.answers[each].unit for s in found.periods if each in s.answers) for each in names}
    rows: list[tuple[Cell, ...]] = []
    for span in found.periods:
        cells = [
            figure_of(each, span.answers[each], span.levels.get(each)) if each in span.answers else None
            for each in names
        ]
        shares = [cell.coverage for cell in cells if cell is not None and cell.coverage is not None]
        least = Figure("least_coverage", min(shares, default=0.0) * 100.0, "%")
        rows.append((Moment(span.window[0], is_day=True), *cells, least))
    if any(each in _SUMS for each in names):
        rows.append((Figure("week_sum", ""), *(_sum(found, each, units[each]) for each in names), None))
    columns = (("day", ""), *((each, units[each]) for each in names), ("least_coverage", "%"))
    return [Table(name, columns, tuple(rows))]


def _sum(found: HouseAnswers, name: str, unit: str) -> Figure | None:
    if name not in _SUMS:
        return None
    values = [span.answers[name].value if name in span.answers else None for span in found.periods]
    known = [value for value in values if value is not None]
    if len(known) < len(values):
        return Figure(name, None, unit, reason="not_all_days")
    return Figure(name, sum(known), unit)


def _range(found: HouseAnswers) -> list[Part]:
    """Return the lowest and highest temperature of the week, by the days that are known."""
    told = [span.answers["air_temperature_degc"] for span in found.periods if "air_temperature_degc" in span.answers]
    lows = [each.low for each in told if each.low is not None]
    highs = [each.high for each in told if each.high is not None]
    reason = "insufficient_data"
    return [
        Figure("lowest_air_degc", min(lows, default=None), "degC", reason=None if lows else reason),
        Figure("highest_air_degc", max(highs, default=None), "degC", reason=None if highs else reason),
    ]


def _chart(name: str, week: Week, found: HouseAnswers, wanted: Sequence[str]) -> list[Part]:
    lines = []
    unit = ""
    for each in wanted:
        told = [(span.window[0], span.answers[each]) for span in found.periods if each in span.answers]
        if any(answer.value is not None for _, answer in told):
            unit = told[0][1].unit
            lines.append(Line(each, tuple((time_ms, answer.value) for time_ms, answer in told)))
    if not lines:
        return []
    zone = found.house.place.time_zone
    monday = datetime.fromtimestamp(week.window.start_ms / 1000.0, zone).date()
    days = tuple(midnight_ms(monday + timedelta(days=day), zone) for day in range(8))
    target = found.targets.get(wanted[0]) if len(wanted) == 1 else None
    return [
        Chart(
            name, unit, week.window.start_ms, week.end_ms, days, tuple(lines),
            None if target is None else (target.low, target.high),
        )
    ]  # fmt: skip


def _targets(found: HouseAnswers) -> list[Part]:
    if not found.targets:
        return []
    columns = (("index", ""), ("target_low", ""), ("target_high", ""), ("crop", ""), ("source", ""))
    rows = tuple(
        (
            Figure("index", name),
            Figure("target_low", band.low),
            Figure("target_high", band.high),
            Figure("crop", f"{band.crop} {band.stage}".strip(), is_name=True),
            Figure("source", band.source, is_name=True),
        )
        for name, band in found.targets.items()
    )
    return [Table("targets", columns, rows)]


def _events(found: HouseAnswers) -> list[Part]:
    if not found.events:
        return [Note("no_condensation")] if found.events is not None else []
    columns = (("begins", ""), ("ends", ""), ("surface", ""), ("lasted_h", "h"), ("least_margin_k", "K"))
    rows = tuple(
        (
            Moment(each.start_ms),
            Moment(each.end_ms),
            Figure("surface", each.surface),
            Figure("lasted_h", each.hours, "h"),
            Figure("least_margin_k", each.least_margin_k, "K"),
        )
        for each in found.events
    )
    return [Table("condensation_events", columns, rows)]


def _notes(found: HouseAnswers, names: Sequence[str]) -> list[Part]:
    """Return how things were made, as the answers say it."""
    return [Note(f"how_{name}", {"detail": found.notes[name]}) for name in names if name in found.notes]


def _surfaces(found: HouseAnswers) -> list[Part]:
    """Return whether each surface was measured, or how it was estimated."""
    notes = []
    for name in ("leaf", "fruit", "cover"):
        how, _, detail = found.notes.get(name, "").partition(": ")
        if how:
            notes.append(Note(f"{name}_{how}", {"detail": detail}))
    return [*notes]


def _downy(found: HouseAnswers) -> list[str]:
    names = {name for span in found.periods for name in span.answers if name.startswith("downy_mildew_share")}
    return sorted(names)[:2]


def _left_out(answers: Sequence[HouseAnswers]) -> list[Part]:
    """Return which samples were left out or doubted, each finding once."""
    seen: dict[tuple[str, str, str, int], LeftOut] = {}
    for found in answers:
        for each in found.left_out:
            seen.setdefault((each.device, each.finding.channel, each.finding.test, each.finding.start_ms), each)
    if not seen:
        return [Note("no_doubt")]
    names = ("device", "channel", "test", "samples", "begins", "ends", "done")
    rows = tuple(
        (
            Figure("device", each.device, is_name=True),
            Figure("channel", each.finding.channel),
            Figure("test", each.finding.test),
            Figure("samples", each.finding.n),
            Moment(each.finding.start_ms),
            Moment(each.finding.end_ms),
            Figure("done", "left_out" if each.finding.left_out else "used_in_doubt"),
        )
        for each in seen.values()
    )
    return [Table("findings", tuple((name, "") for name in names), rows)]


def _told(answers: Sequence[HouseAnswers]) -> list[Answer]:
    shown = {*_AIR, *_LIGHT, *_WET, *_DISEASE, *_WATER}
    return [
        answer
        for found in answers
        for span in found.periods
        for name, answer in span.answers.items()
        if name in shown or name.startswith("downy_mildew_share")
    ]


def _name_of(scope: OrgScope, house: House, greenhouse: str) -> str:
    if scope.registry is not None:
        try:
            return repositories_of(scope).greenhouses.get(house.id).name
        except NotFound:
            pass
    named = next((r.descriptor.name for r in house.records if r.descriptor.device == house.id), "")
    return named or greenhouse


def _clock(time_ms: int, zone: ZoneInfo) -> str:
    return datetime.fromtimestamp(time_ms / 1000.0, UTC).astimezone(zone).strftime("%Y-%m-%d %H:%M")


def _name(name: str, text: str) -> Figure:
    return Figure(name, text or None, reason=None if text else "not_told", is_name=True)
