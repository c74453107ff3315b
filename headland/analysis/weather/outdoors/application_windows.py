"""Hours to come that suit spraying or spreading at a field, by the forecast of its site."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Final

import msgspec

from headland.agronomy.prescription.forecast_window import (
    ForecastHourWeather,
    ForecastVerdict,
    assess_forecast,
    suitable_runs,
)
from headland.agronomy.prescription.weather_window import CAUTION, GO, USUAL_RAINFAST_H, Kind
from headland.agronomy.series.answer import Method
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.weather.hourly_forecast import ForecastHour, ValueBasis, hourly_forecast
from headland.analysis.weather.outdoor_weather import site_devices
from headland.analysis.weather.outdoors.forecast_hours import WIND_HEIGHT_M, hours_to_judge
from headland.analysis.weather.outdoors.forecast_origin import ForecastOrigin, source_of
from headland.analysis.weather.spray_window import altitude_of, calm_times_of, pressure_at
from headland.registry.models.models import Field
from headland.units_of_time import HOUR_MS

USUAL_HOURS: Final = 72
METHOD: Final = Method(
    "forecast_application_window", 1,
    "the rule of measured hours (Bureau of Meteorology and GRDC, APVMA) on the forecast, wind from 10 m to 2 m by "
    "FAO-56 eq 47; a limit within the 90 % interval, or 20 % of chance of rain, is a caution; rain before the product "
    "is rainfast stops",
)  # fmt: skip


class ForecastWindowHour(msgspec.Struct, frozen=True, kw_only=True):
    """An hour to come, as the forecast has it, and whether it suits the work."""

    start_ms: int
    lead_h: Annotated[float, "From the issue to the end of the hour."]
    basis: Annotated[ValueBasis | None, "Of its wind: as the provider says it, or corrected; null without one."]
    state: Annotated[str, "go, caution, stop or insufficient_data."]
    reasons: Annotated[tuple[str, ...], "What decided it."]
    doubts: Annotated[tuple[str, ...], "What may come within the 90 % intervals, or by the chance of rain."]
    missing: Annotated[tuple[str, ...], "What is not forecast: wind, delta_t or rain."]
    chance: Annotated[float | None, "That nothing stops it, 0 to 1; null where no interval is known."]
    air_temperature_degc: Annotated[float | None, "Mean of the hour; null where it is not forecast."]
    relative_humidity_pct: Annotated[float | None, "Mean of the hour; null where it is not forecast."]
    wind_speed_m_s: Annotated[float | None, "At 2 m."]
    wind_gust_m_s: Annotated[float | None, "At 2 m."]
    rain_mm: Annotated[float | None, "In the hour, for sure; that of a longer step is a doubt."]
    rain_ahead_mm: Annotated[float | None, "After it, before the product is rainfast."]
    rain_chance_pct: Annotated[float | None, "Highest of the hour and those before the product is rainfast."]
    delta_t_k: Annotated[float | None, "Temperature less wet-bulb temperature; null where it is not known."]


class SuitableWindow(msgspec.Struct, frozen=True, kw_only=True):
    """Hours one after the other that suit the work."""

    start_ms: int
    end_ms: int
    hours: Annotated[int, "Number of hours."]
    state: Annotated[str, "go; caution where an hour of it is."]
    chance: Annotated[float | None, "Of its least sure hour, that nothing stops it; null where it is not known."]


class ForecastWindows(msgspec.Struct, frozen=True, kw_only=True):
    """The hours to come in which an application is advisable, by the forecast of the field's site."""

    field: str
    kind: Annotated[str, "What is to be applied."]
    rainfast_h: Annotated[int, "Hours without rain that the product needs after the application."]
    rainfast_known: Annotated[bool, "Whether the request says it; else the usual hours are taken."]
    wind_height_m: Annotated[float, "Height of the wind that is judged and told."]
    altitude_m: Annotated[
        float | None, "Of the site, or a device there: Delta-T is at its pressure. Null: not known, sea level."
    ]
    source: Annotated[ForecastOrigin, "Whose forecast it is; basis nothing where there is none."]
    windows: Annotated[list[SuitableWindow], "Runs of hours that are go."]
    with_care: Annotated[list[SuitableWindow], "Runs of hours that are go or caution, with at least one caution."]
    hours: Annotated[list[ForecastWindowHour], "Hours by time; none without a forecast."]
    method: Annotated[Method, "Method."]


def answer_forecast_windows(
    scope: OrgScope, field: Field, kind: Kind, rainfast_h: int | None = None, hours: int = USUAL_HOURS
) -> ForecastWindows:
    """Return the next hours of a field with their verdicts; without a forecast no hours, and why."""
    site = None if field.site is None else scope.repositories.sites.get(field.site)
    dry_h = USUAL_RAINFAST_H[kind] if rainfast_h is None else rainfast_h
    forecast = hourly_forecast(scope, "" if site is None else site.name, scope.now_ms, hours + dry_h)
    altitude_m = altitude_of(site, site_devices(scope, None if site is None else site.name))
    judged, verdicts = judge_forecast(forecast.hours, field, kind, dry_h, altitude_m)
    told = [_hour(*each) for each in zip(forecast.hours, judged, verdicts, strict=True)][:hours]
    return ForecastWindows(
        field=field.id,
        kind=kind,
        rainfast_h=dry_h,
        rainfast_known=rainfast_h is not None,
        wind_height_m=WIND_HEIGHT_M,
        altitude_m=altitude_m,
        source=source_of(forecast),
        windows=_windows(verdicts[:hours], frozenset({GO})),
        with_care=[each for each in _windows(verdicts[:hours], frozenset({GO, CAUTION})) if each.state == CAUTION],
        hours=told,
        method=METHOD,
    )


def judge_forecast(
    hours: Sequence[ForecastHour], field: Field, kind: Kind, rainfast_h: int, altitude_m: float | None
) -> tuple[list[ForecastHourWeather], list[ForecastVerdict]]:
    """Return the weather and the verdict of each hour of a forecast at a field."""
    calm = calm_times_of(field, [hour.start_ms for hour in hours])
    judged = hours_to_judge(hours, calm, rainfast_h)
    return judged, assess_forecast(judged, kind, pressure_at(altitude_m))


def _hour(said: ForecastHour, judged: ForecastHourWeather, verdict: ForecastVerdict) -> ForecastWindowHour:
    likely = judged.likely
    return ForecastWindowHour(
        start_ms=said.start_ms,
        lead_h=said.lead_h,
        basis=None if said.wind_speed_m_s is None else said.wind_speed_m_s.basis,
        state=verdict.state,
        reasons=tuple(_told(reason) for reason in verdict.likely.reasons),
        doubts=verdict.doubts,
        missing=verdict.likely.missing,
        chance=None if verdict.chance is None else round(verdict.chance, 3),
        air_temperature_degc=likely.temperature_degc,
        relative_humidity_pct=likely.humidity_pct,
        wind_speed_m_s=_rounded(likely.wind_m_s),
        wind_gust_m_s=_rounded(likely.gust_m_s),
        rain_mm=likely.rain_mm,
        rain_ahead_mm=_rounded(likely.rain_ahead_mm) if likely.rainfast_h else None,
        rain_chance_pct=None if judged.rain_chance is None else round(100.0 * judged.rain_chance, 1),
        delta_t_k=_rounded(verdict.likely.delta_t_k),
    )


def _told(reason: str) -> str:
    """Return the reason of a forecast hour: of what nobody measures yet, it is not known."""
    return "rain_not_forecast" if reason == "rain_not_measured" else reason


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


def _windows(verdicts: Sequence[ForecastVerdict], states: frozenset[str]) -> list[SuitableWindow]:
    return [
        SuitableWindow(
            start_ms=verdicts[run.first].likely.hour.start_ms,
            end_ms=verdicts[run.end - 1].likely.hour.start_ms + HOUR_MS,
            hours=run.end - run.first,
            state=GO if all(each.state == GO for each in verdicts[run.first : run.end]) else CAUTION,
            chance=None if run.chance is None else round(run.chance, 3),
        )
        for run in suitable_runs(verdicts, states)
    ]
