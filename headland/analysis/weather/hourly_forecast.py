"""Forecast of a site by whole hours: the one place from which every use has the weather to come.

`headland.analysis.weather.issue_hours` states what an hour gets of the provider's instants, means and amounts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final, Literal

import msgspec
import numpy as np

from headland.agronomy.weather_forecast.station_correction import CorrectedBand, CorrectedQuantity
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.weather.correction.corrected_hours import (
    CorrectedHours,
    QuantityCorrection,
    correct_hours,
    sentences,
)
from headland.analysis.weather.issue_hours import (
    AmountQuantity,
    HourBand,
    HourQuantity,
    IssueHours,
    SaidAmount,
    hours_of_issue,
)
from headland.analysis.weather.provider_forecast import SiteForecast, find_forecast_site, read_said
from headland.i18n import LANGUAGES, CatalogText
from headland.registry.models.weather import Attribution, ForecastIssue
from headland.units_of_time import HOUR_MS

#: Hours that are answered without a wish, and the most.
USUAL_HOURS: Final = 72
MOST_HOURS: Final = 384
_DECIMALS: Final = 3
#: Below this wind the ratio of a gust to it says nothing [m/s].
_LEAST_WIND_M_S: Final = 0.5
ValueBasis = Literal["provider", "corrected"]
ForecastBasis = Literal["provider", "corrected", "nothing"]


class ForecastValue(msgspec.Struct, frozen=True, kw_only=True):
    """A quantity of an hour: its mean, of a gust its greatest."""

    value: Annotated[float, "What is expected."]
    low: Annotated[float | None, "Lower end of the 90 % interval; null where none is known."]
    high: Annotated[float | None, "Its upper end."]
    basis: Annotated[ValueBasis, "As the provider says it, or corrected by the farm's own station."]


class ForecastAmount(msgspec.Struct, frozen=True, kw_only=True):
    """An amount or a chance of all of its step, which several hours may share: it is never split."""

    value: Annotated[float, "What is expected."]
    low: Annotated[float | None, "Lower end of the 90 % interval; null where none is known."]
    high: Annotated[float | None, "Its upper end."]
    basis: Annotated[ValueBasis, "As the provider says it."]
    start_ms: Annotated[int, "Begin of the step of the provider."]
    end_ms: Annotated[int, "End of the step."]


class ForecastHour(msgspec.Struct, frozen=True, kw_only=True):
    """The weather to come in [start_ms, start_ms + 1 h); what is not said is null."""

    start_ms: Annotated[int, "Begin of the hour, a whole hour of epoch time."]
    lead_h: Annotated[float, "From the issue to the end of the hour; from the fetch where no issue is stated."]
    temperature_degc: Annotated[ForecastValue | None, "Of the air, at 2 m."]
    humidity_pct: Annotated[ForecastValue | None, "Relative humidity of the air, at 2 m."]
    wind_speed_m_s: Annotated[ForecastValue | None, "At 10 m above the ground."]
    wind_gust_m_s: Annotated[ForecastValue | None, "At 10 m above the ground."]
    cloud_cover_pct: Annotated[ForecastValue | None, "Share of the sky that clouds cover."]
    global_radiation_w_m2: Annotated[ForecastValue | None, "On a horizontal plane."]
    rain_mm: Annotated[ForecastAmount | None, "Of the shortest step of the provider that contains the hour."]
    rain_chance_pct: Annotated[ForecastAmount | None, "Of the shortest step of the provider that contains the hour."]


class HourlyForecast(msgspec.Struct, frozen=True, kw_only=True):
    """The weather to come at a site by hour, as it was known at `at_ms`."""

    site: str
    at_ms: Annotated[int, "The instant at which it was known."]
    basis: Annotated[ForecastBasis, "`corrected` where any value is; `nothing` where there is no forecast."]
    reason: Annotated[
        str | None, "off, no_site, no_adapter, no_position, no_key, waiting or over; null where there is a forecast."
    ]
    text: Annotated[str, "Why there is no forecast, or how old it is."]
    text_zh: str
    provider: Annotated[str | None, "Name of the provider's adapter; null without a forecast."]
    title: Annotated[str | None, "Name of the provider for people; null without a forecast."]
    simulated: bool
    issued_ms: Annotated[int | None, "Null where the provider does not say it: leads are from `fetched_ms` then."]
    fetched_ms: Annotated[int | None, "When the station received it."]
    attribution: Annotated[Attribution | None, "To be shown wherever a number of it is."]
    corrections: Annotated[
        tuple[QuantityCorrection, ...], "Whether each quantity is corrected by a station of the site, and why not."
    ]
    hours: Annotated[
        tuple[ForecastHour, ...],
        "One after the other from that of `at_ms` on, up to the last with a value.",
    ]


def hourly_forecast(
    scope: OrgScope, site_name: str, at_ms: int, hours: int = USUAL_HOURS, *, is_as_said: bool = False
) -> HourlyForecast:
    """Return the forecast of a site for `hours` hours from that of `at_ms` on; without one, why there is none.

    `is_as_said`: without the station's correction, for a use that corrects in its own way.
    """
    site = None if scope.registry is None else find_forecast_site(scope.repositories, site_name)
    if site is None:
        return _nothing(site_name, at_ms, "off" if scope.registry is None else "no_site")
    said, issue = read_said(scope, site, at_ms)
    if issue is None:
        return _answer(said, (), ())
    corrected = CorrectedHours({}, ()) if is_as_said else correct_hours(scope, site, issue, at_ms)
    found = hours_from_issue(issue, at_ms, hours, corrected.bands)
    if not found:
        return _nothing(site.name, at_ms, "over", said)
    return _answer(said, found, corrected.corrections)


def hours_from_issue(
    issue: ForecastIssue, at_ms: int, hours: int, corrected: Mapping[CorrectedQuantity, CorrectedBand] | None = None
) -> tuple[ForecastHour, ...]:
    """Return what a provider's issue says of the hours from that of `at_ms` on, with the corrected values in place."""
    first_ms = at_ms // HOUR_MS * HOUR_MS
    said = hours_of_issue(issue, first_ms, min(max(hours, 0), MOST_HOURS))
    count = len(said.amounts["rain_mm"])
    known = np.zeros(count, bool)
    for band in said.bands.values():
        known |= np.isfinite(band.value)
    for column in said.amounts.values():
        known |= np.array([each is not None for each in column], bool)
    last = int(np.flatnonzero(known)[-1]) + 1 if known.any() else 0
    return tuple(_hour(said, at, issue.said_ms, corrected or {}) for at in range(last))


def _hour(
    said: IssueHours, at: int, said_ms: int, corrected: Mapping[CorrectedQuantity, CorrectedBand]
) -> ForecastHour:
    start_ms = said.first_ms + at * HOUR_MS

    def value(quantity: HourQuantity) -> ForecastValue | None:
        return _value(said.bands[quantity], at)

    def best(quantity: CorrectedQuantity) -> ForecastValue | None:
        own = value(quantity)
        band = corrected.get(quantity)
        if own is None or band is None or at >= len(band.value):
            return own
        return _value(band, at, "corrected") or own

    def amount(quantity: AmountQuantity) -> ForecastAmount | None:
        return _amount(said.amounts[quantity][at])

    wind = best("wind_speed_m_s")
    return ForecastHour(
        start_ms=start_ms,
        lead_h=round((start_ms + HOUR_MS - said_ms) / HOUR_MS, _DECIMALS),
        temperature_degc=best("temperature_degc"),
        humidity_pct=best("humidity_pct"),
        wind_speed_m_s=wind,
        wind_gust_m_s=_gust(value("wind_gust_m_s"), value("wind_speed_m_s"), wind),
        cloud_cover_pct=value("cloud_cover_pct"),
        global_radiation_w_m2=value("global_radiation_w_m2"),
        rain_mm=amount("rain_mm"),
        rain_chance_pct=amount("rain_chance_pct"),
    )


def _gust(gust: ForecastValue | None, said: ForecastValue | None, wind: ForecastValue | None) -> ForecastValue | None:
    """Return a gust, which no station teaches, in the same ratio to the wind as the provider says it."""
    if gust is None or said is None or wind is None or wind.basis == "provider":
        return gust
    ratio = gust.value / max(said.value, _LEAST_WIND_M_S)
    scaled = max(wind.value, ratio * wind.value) if said.value >= _LEAST_WIND_M_S else max(wind.value, gust.value)
    return ForecastValue(value=round(scaled, _DECIMALS), low=None, high=None, basis="corrected")


def _value(band: HourBand | CorrectedBand, at: int, basis: ValueBasis = "provider") -> ForecastValue | None:
    if not np.isfinite(band.value[at]):
        return None
    return ForecastValue(
        value=round(float(band.value[at]), _DECIMALS),
        low=_bound(band.low[at]),
        high=_bound(band.high[at]),
        basis=basis,
    )


def _bound(number: float) -> float | None:
    return round(float(number), _DECIMALS) if np.isfinite(number) else None


def _amount(said: SaidAmount | None) -> ForecastAmount | None:
    if said is None:
        return None
    low, high = (None if each is None else round(each, _DECIMALS) for each in (said.low, said.high))
    return ForecastAmount(
        value=said.value, low=low, high=high, basis="provider", start_ms=said.start_ms, end_ms=said.end_ms
    )


def _answer(
    said: SiteForecast, hours: tuple[ForecastHour, ...], corrections: tuple[QuantityCorrection, ...]
) -> HourlyForecast:
    values = [each for hour in hours for each in (hour.temperature_degc, hour.humidity_pct, hour.wind_speed_m_s)]
    is_corrected = any(each is not None and each.basis == "corrected" for each in values)
    return HourlyForecast(
        site=said.site,
        at_ms=said.at_ms,
        basis="corrected" if is_corrected else said.basis,
        reason=said.reason,
        text=" ".join([said.text, *sentences(corrections, "en")]),
        text_zh="".join([said.text_zh, *sentences(corrections, "zh")]),
        provider=said.provider,
        title=said.title,
        simulated=said.simulated,
        issued_ms=said.issued_ms,
        fetched_ms=said.fetched_ms,
        attribution=said.attribution,
        corrections=corrections,
        hours=hours,
    )


def _nothing(site: str, at_ms: int, reason: str, said: SiteForecast | None = None) -> HourlyForecast:
    """Return that nothing is known of the hours to come, and why."""
    titles = ("", "") if said is None else (said.title or "", said.title_zh or "")
    text, text_zh = (
        CatalogText("forecast_states", reason, {"name": title}).text(language)
        for title, language in zip(titles, LANGUAGES, strict=True)
    )
    return HourlyForecast(
        site=site,
        at_ms=at_ms,
        basis="nothing",
        reason=reason,
        text=text,
        text_zh=text_zh,
        provider=None if said is None else said.provider,
        title=None if said is None else said.title,
        simulated=said is not None and said.simulated,
        issued_ms=None if said is None else said.issued_ms,
        fetched_ms=None if said is None else said.fetched_ms,
        attribution=None,
        corrections=(),
        hours=(),
    )
