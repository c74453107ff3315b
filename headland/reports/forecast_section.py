"""Section of a report on the weather to come: the next 72 hours by local day, who said so, when, and the licence."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

from headland.analysis.inputs.scope import OrgScope
from headland.analysis.weather.hourly_forecast import ForecastAmount, ForecastHour, ForecastValue, hourly_forecast
from headland.i18n import CatalogText
from headland.reports.document import Cell, Figure, Note, Part, ReportInstant, ReportTable, Section
from headland.reports.iso_weeks import midnight_ms

_COLUMNS: Final = (
    ("day", ""),
    ("forecast_lowest", "degC"),
    ("forecast_highest", "degC"),
    ("forecast_rain", "mm"),
    ("forecast_rain_chance", "%"),
    ("forecast_wind", "m/s"),
    ("forecast_gust", "m/s"),
    ("forecast_hours", "h"),
)


def forecast_section(scope: OrgScope, site: str, zone: ZoneInfo) -> Section:
    """Return the weather to come at a site by local day, as it is known now; without a forecast why there is none."""
    told = hourly_forecast(scope, site, scope.now_ms)
    said = Note("forecast_said", detail=_both(told.text, told.text_zh))
    if not told.hours:
        return Section("weather_to_come", (said,))
    days: dict[int, list[ForecastHour]] = {}
    for hour in told.hours:
        local = datetime.fromtimestamp(hour.start_ms / 1000.0, UTC).astimezone(zone).date()
        days.setdefault(midnight_ms(local, zone), []).append(hour)
    rows = tuple(_row(day_ms, hours) for day_ms, hours in days.items())
    parts: list[Part] = [ReportTable("forecast_by_day", _COLUMNS, rows), said, Note(f"forecast_is_{told.basis}")]
    said_ms = told.fetched_ms if told.issued_ms is None else told.issued_ms
    if said_ms is not None:
        # A paper is read later: "an hour ago" says nothing then.
        when = datetime.fromtimestamp(said_ms / 1000.0, UTC).astimezone(zone).strftime("%Y-%m-%d %H:%M %Z")
        parts.append(Note("forecast_read_at" if told.issued_ms is None else "forecast_issued_at", {"when": when}))
    if told.attribution is not None:
        parts.append(Note("forecast_said", detail=_both(told.attribution.text, told.attribution.text_zh)))
    return Section("weather_to_come", tuple(parts))


def _row(day_ms: int, hours: Sequence[ForecastHour]) -> tuple[Cell, ...]:
    """Return a day's extremes of the hours' means, its rain by the steps that begin in it, and how many hours count."""
    warm = _known([hour.temperature_degc for hour in hours])
    wind, gust = _known([hour.wind_speed_m_s for hour in hours]), _known([hour.wind_gust_m_s for hour in hours])
    rain = _amounts([hour.rain_mm for hour in hours], day_ms)
    chance = _amounts([hour.rain_chance_pct for hour in hours], day_ms)
    return (
        ReportInstant(day_ms, is_day=True),
        _figure("forecast_lowest", min((each.value for each in warm), default=None), "degC"),
        _figure("forecast_highest", max((each.value for each in warm), default=None), "degC"),
        _figure("forecast_rain", sum(rain) if rain else None, "mm"),
        _figure("forecast_rain_chance", max(chance, default=None), "%"),
        _figure("forecast_wind", max((each.value for each in wind), default=None), "m/s"),
        _figure("forecast_gust", max((each.value for each in gust), default=None), "m/s"),
        Figure("forecast_hours", len(hours), "h"),
    )


def _known(values: Sequence[ForecastValue | None]) -> list[ForecastValue]:
    return [value for value in values if value is not None]


def _amounts(amounts: Sequence[ForecastAmount | None], day_ms: int) -> list[float]:
    """Return the amounts of the steps that begin in a day, each once: a step of two days is of its first."""
    steps = {(each.start_ms, each.end_ms): each.value for each in amounts if each is not None}
    return [value for (start_ms, _), value in steps.items() if start_ms >= day_ms]


def _figure(name: str, value: float | None, unit: str) -> Figure:
    return Figure(name, value, unit, reason=None if value is not None else "not_forecast")


def _both(english: str, chinese: str) -> CatalogText:
    return CatalogText("answer_notes", "target_source", {"en": english, "zh": chinese})
