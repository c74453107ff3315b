"""Report of a greenhouse week: air, light, condensation, disease risk and irrigation by local day, and its sensors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from headland.agronomy.climate.air import AIR_TEMPERATURE
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
from headland.analysis.greenhouse.crop_targets import TargetBand
from headland.analysis.greenhouse.house import House, find_house, settle_origins
from headland.analysis.greenhouse.own_bands import crop_targets_of
from headland.analysis.inputs.answers import DeviceFinding
from headland.analysis.inputs.scope import OrgScope
from headland.contract.indices import INDICES, is_summable, unit_of_index
from headland.i18n import CatalogText, term_or_name
from headland.registry.models.errors import NotFound
from headland.reports.document import (
    Cell,
    Chart,
    ChartLine,
    Figure,
    Note,
    Part,
    Report,
    ReportInstant,
    ReportTable,
    Section,
    collect_methods,
    figure_of,
)
from headland.reports.forecast_section import forecast_section
from headland.reports.iso_weeks import Week, find_week, midnight_ms

#: The indices of each day, by section: with more columns a table would not fit on paper.
_COLUMNS: Final = {
    section: tuple(index.name for index in INDICES.values() if index.report and index.section == section)
    for section in ("air", "light", "condensation", "disease", "water")
}


def make_week_document(scope: OrgScope, greenhouse: str, week_name: str | None, zone: str | None) -> Report:
    """Return the report of a greenhouse's week; raises AnalysisError (unknown greenhouse, no such week)."""
    house = find_house(scope, greenhouse, zone)
    week = find_week(week_name, house.place.time_zone, scope.now_ms)
    house = settle_origins(scope, house, week.window)
    query = ClimateQuery(scope, house, week.window, "day", crop_targets_of(scope, week.window.end_ms))
    air, light, wet = answer_air(query), answer_light(query, None, None), answer_condensation(query)
    disease, water = answer_disease(query), answer_irrigation(query, None, 2.0)
    by_hour = replace(query, by="hour")
    hours, wet_hours = answer_air(by_hour), answer_condensation(by_hour)
    sections = [
        Section("the_house", tuple(_facts(scope, house, week, zone))),
        Section(
            "air",
            (
                *_chart("temperatures", week, hours, ("air_temperature_degc", "dew_point_degc")),
                *_chart("vpd_kpa", week, hours, ("vpd_kpa",)),
                *_days("air_by_day", air, _COLUMNS["air"]),
                *_range(air),
                *_targets(air),
            ),
        ),
        Section(
            "light", (*_days("light_by_day", light, _COLUMNS["light"]), *_notes(light, ("light",)), *_targets(light))
        ),
        Section(
            "condensation",
            (
                *_chart("condensation_margin_k", week, wet_hours, ("condensation_margin_k",)),
                *_days("condensation_by_day", wet, _COLUMNS["condensation"]),
                *_events(wet),
                *_notes(wet, ("leaf", "fruit", "cover")),
            ),
        ),
        Section(
            "disease",
            (*_days("disease_by_day", disease, (*_COLUMNS["disease"], *_downy(disease))), Note("disease_is_pressure")),
        ),
        Section("water", (*_days("water_by_day", water, _COLUMNS["water"]), *_notes(water, ("radiation", "drain")))),
        Section("sensors", tuple(_findings((air, light, wet, disease, water)))),
    ]
    if week.window.end_ms < week.end_ms and house.records:
        sections.append(forecast_section(scope, house.records[0].descriptor.site, house.place.time_zone))
    parameters = f"start={week.window.start_ms}&end={week.window.end_ms}" + ("" if zone is None else f"&zone={zone}")
    topics = ("climate?by=day&", "light?", "condensation?by=day&", "disease?", "irrigation?")
    return Report(
        title="week_report",
        subject=_name_of(scope, house, greenhouse),
        is_simulated=house.simulated,
        zone=house.place.time_zone,
        is_zone_known=house.place.time_zone_known,
        made_ms=scope.now_ms,
        start_ms=week.window.start_ms,
        end_ms=week.window.end_ms,
        sections=tuple(sections),
        sources=collect_methods(_shown_answers((air, light, wet, disease, water))),
        week=week.name,
        addresses=tuple(f"/v1/greenhouses/{greenhouse}/{topic}{parameters}" for topic in topics),
    )


def _facts(scope: OrgScope, house: House, week: Week, zone: str | None) -> list[Part]:
    facts: list[Part] = [
        _name("week", week.name),
        _name("greenhouse", house.id),
        _name("zone", zone or ""),
        _name("crop", term_or_name("crops", house.crop)),
        _name("stage", term_or_name("crop_stages", house.stage)),
        _name("devices", ", ".join(record.descriptor.device for record in house.records)),
        Figure("floor_area_m2", house.floor_area_m2, "m2", reason=None if house.floor_area_m2 else "not_told"),
    ]
    if week.window.end_ms < week.end_ms:
        facts.append(Note("week_under_way", {"until": _clock(scope.now_ms, house.place.time_zone)}))
    return facts


def _days(table: str, answers: HouseAnswers, wanted: Sequence[str]) -> list[Part]:
    """Return a row for each day, and the week's sums where every day is known; a note where nothing was answered."""
    names = [name for name in wanted if any(name in day.answers for day in answers.periods)]
    if not names:
        return [Note("nothing_measured")]
    units = {name: next(day.answers[name].unit for day in answers.periods if name in day.answers) for name in names}
    rows: list[tuple[Cell, ...]] = []
    for day in answers.periods:
        cells = [
            figure_of(name, day.answers[name], day.levels.get(name)) if name in day.answers else None for name in names
        ]
        shares = [cell.coverage for cell in cells if cell is not None and cell.coverage is not None]
        lowest = Figure("least_coverage", min(shares, default=0.0) * 100.0, "%")
        rows.append((ReportInstant(day.window[0], is_day=True), *cells, lowest))
    if any(is_summable(name) for name in names):
        rows.append((Figure("week_sum", ""), *(_sum(answers, name, units[name]) for name in names), None))
    columns = (("day", ""), *((name, units[name]) for name in names), ("least_coverage", "%"))
    return [ReportTable(table, columns, tuple(rows))]


def _sum(answers: HouseAnswers, name: str, unit: str) -> Figure | None:
    if not is_summable(name):
        return None
    values = [day.answers[name].value if name in day.answers else None for day in answers.periods]
    known = [value for value in values if value is not None]
    if len(known) < len(values):
        return Figure(name, None, unit, reason="not_all_days")
    return Figure(name, sum(known), unit)


def _range(answers: HouseAnswers) -> list[Part]:
    """Return the lowest and highest temperature of the week, of the days that are known."""
    days = [day.answers[AIR_TEMPERATURE] for day in answers.periods if AIR_TEMPERATURE in day.answers]
    lows = [answer.low for answer in days if answer.low is not None]
    highs = [answer.high for answer in days if answer.high is not None]
    reason = "insufficient_data"
    return [
        Figure("lowest_air_degc", min(lows, default=None), "degC", reason=None if lows else reason),
        Figure("highest_air_degc", max(highs, default=None), "degC", reason=None if highs else reason),
    ]


def _chart(chart: str, week: Week, answers: HouseAnswers, wanted: Sequence[str]) -> list[Part]:
    lines = []
    unit = ""
    for name in wanted:
        hours = [(hour.window[0], hour.answers[name]) for hour in answers.periods if name in hour.answers]
        if any(answer.value is not None for _, answer in hours):
            unit = hours[0][1].unit
            lines.append(ChartLine(name, tuple((time_ms, answer.value) for time_ms, answer in hours)))
    if not lines:
        return []
    zone = answers.house.place.time_zone
    monday = datetime.fromtimestamp(week.window.start_ms / 1000.0, zone).date()
    days = tuple(midnight_ms(monday + timedelta(days=day), zone) for day in range(8))
    target = answers.targets.get(wanted[0]) if len(wanted) == 1 else None
    return [
        Chart(
            chart, unit, week.window.start_ms, week.end_ms, days, tuple(lines),
            None if target is None else (target.low, target.high),
        )
    ]  # fmt: skip


def _targets(answers: HouseAnswers) -> list[Part]:
    if not answers.targets:
        return []
    columns = (("index", ""), ("target_low", ""), ("target_high", ""), ("crop", ""), ("stage", ""), ("source", ""))
    rows = tuple(
        (
            Figure("index", name),
            Figure("target_low", band.low, unit_of_index(name)),
            Figure("target_high", band.high, unit_of_index(name)),
            Figure("crop", term_or_name("crops", band.crop), is_name=True),
            Figure("stage", term_or_name("crop_stages", band.stage), is_name=True),
            Figure("source", _source_of(band), is_name=True),
        )
        for name, band in answers.targets.items()
    )
    return [ReportTable("targets", columns, rows)]


def _source_of(band: TargetBand) -> str | CatalogText:
    """Return the source of a target band, in both languages where the file of targets has both."""
    if not band.source_zh:
        return band.source
    return CatalogText("answer_notes", "target_source", {"en": band.source, "zh": band.source_zh})


def _events(answers: HouseAnswers) -> list[Part]:
    if not answers.events:
        return [Note("no_condensation")] if answers.events is not None else []
    columns = (("begins", ""), ("ends", ""), ("surface", ""), ("lasted_h", "h"), ("least_margin_k", "K"))
    rows = tuple(
        (
            ReportInstant(event.start_ms),
            ReportInstant(event.end_ms),
            Figure("surface", event.surface),
            Figure("lasted_h", event.hours, "h"),
            Figure("least_margin_k", event.least_margin_k, "K"),
        )
        for event in answers.events
    )
    return [ReportTable("condensation_events", columns, rows)]


def _notes(answers: HouseAnswers, names: Sequence[str]) -> list[Part]:
    """Return the notes on how values were computed, measured or estimated."""
    return [Note(f"how_{name}", detail=answers.notes[name]) for name in names if name in answers.notes]


def _downy(answers: HouseAnswers) -> list[str]:
    names = {name for day in answers.periods for name in day.answers if name.startswith("downy_mildew_share")}
    return sorted(names)[:2]


def _findings(answers: Sequence[HouseAnswers]) -> list[Part]:
    """Return which samples were left out or doubted, each finding once."""
    seen: dict[tuple[str, str, str, int], DeviceFinding] = {}
    for answer in answers:
        for entry in answer.left_out:
            seen.setdefault((entry.device, entry.channel, entry.test, entry.start_ms), entry)
    if not seen:
        return [Note("no_doubt")]
    names = ("device", "channel", "test", "samples", "begins", "ends", "done")
    rows = tuple(
        (
            Figure("device", entry.device, is_name=True),
            Figure("channel", entry.channel),
            Figure("test", entry.test),
            Figure("samples", entry.n),
            ReportInstant(entry.start_ms),
            ReportInstant(entry.end_ms),
            Figure("done", "left_out" if entry.left_out else "used_in_doubt"),
        )
        for entry in seen.values()
    )
    return [ReportTable("findings", tuple((name, "") for name in names), rows)]


def _shown_answers(answers: Sequence[HouseAnswers]) -> list[Answer]:
    shown = {name for names in _COLUMNS.values() for name in names}
    return [
        answer
        for topic in answers
        for day in topic.periods
        for name, answer in day.answers.items()
        if name in shown or name.startswith("downy_mildew_share")
    ]


def _name_of(scope: OrgScope, house: House, greenhouse: str) -> str:
    if scope.registry is not None:
        try:
            return scope.repositories.greenhouses.get(house.id).name
        except NotFound:
            pass
    named = next((r.descriptor.name for r in house.records if r.descriptor.device == house.id), "")
    return named or greenhouse


def _clock(time_ms: int, zone: ZoneInfo) -> str:
    return datetime.fromtimestamp(time_ms / 1000.0, UTC).astimezone(zone).strftime("%Y-%m-%d %H:%M")


def _name(name: str, text: str | CatalogText) -> Figure:
    return Figure(name, text or None, reason=None if text else "not_told", is_name=True)
