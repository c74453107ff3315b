"""Record of a site's weather forecast: errors of the provider's and the corrected one, beside simple expectations."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec

from headland.agronomy.series.answer import Method
from headland.agronomy.weather_forecast.forecast_record import LeadRecord
from headland.agronomy.weather_forecast.station_correction import ERROR_DAYS, CorrectedQuantity
from headland.analysis.inputs.errors import AnalysisError
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.inputs.window import Window
from headland.analysis.weather.correction.corrected_hours import CorrectionState, correction_of
from headland.analysis.weather.correction.learned_site import learned_site
from headland.analysis.weather.provider_forecast import find_forecast_site, read_said
from headland.registry.models.weather import Attribution
from headland.units_of_time import DAY_MS

METHOD: Final = Method(
    "forecast_correction",
    1,
    "ensemble model output statistics by least squares, shrunk towards the provider's forecast (Gneiting et al. 2005, "
    "eq 2; Hoerl and Kennard 1970, eq 2.1), with the spread of its own errors of 30 days; learned anew each day",
)
_UNITS: Final[dict[CorrectedQuantity, str]] = {
    "temperature_degc": "degC",
    "humidity_pct": "%",
    "wind_speed_m_s": "m/s",
}


class QuantityRecord(msgspec.Struct, frozen=True, kw_only=True):
    """Record of a quantity, by hours ahead; empty where nothing was learned."""

    quantity: Annotated[CorrectedQuantity, "Name of the quantity among the values of an hour."]
    unit: Annotated[str, "Unit of the errors."]
    state: Annotated[CorrectionState, "`corrected`, `partly_worse` (not at all hours ahead), or why it is not."]
    station: Annotated[str | None, "The device that measures it; null without one."]
    text: Annotated[str, "The state as a sentence."]
    text_zh: str
    leads: Annotated[tuple[LeadRecord, ...], "By hours ahead; those with too few hours that came lack."]


class WeatherForecastRecord(msgspec.Struct, frozen=True, kw_only=True):
    """Errors of the forecasts that were known at past instants, in the last 30 days of which all is measured."""

    site: str
    window: Annotated[Window, "The days that are judged."]
    reason: Annotated[str | None, "Why there is no forecast and no record; null with one."]
    text: Annotated[str, "Why there is no forecast, or how old it is."]
    text_zh: str
    provider: Annotated[str | None, "Name of the provider's adapter; null without a forecast."]
    title: Annotated[str | None, "Name of the provider for people; null without a forecast."]
    simulated: bool
    attribution: Annotated[Attribution | None, "To be shown wherever a number of it is."]
    quantities: Annotated[list[QuantityRecord], "A record for each; none without a forecast."]
    method: Annotated[Method, "Method."]


def answer_forecast_record(scope: OrgScope, site_name: str, at_ms: int) -> WeatherForecastRecord:
    """Return the record of a site's forecast as it was known at the begin of a day; raises AnalysisError."""
    site = find_forecast_site(scope.repositories, site_name)
    if site is None:
        raise AnalysisError("unknown-site", "No such site", f"There is no site {site_name}.")
    said, issue = read_said(scope, site, at_ms)
    day_ms = at_ms // DAY_MS * DAY_MS
    quantities = []
    if issue is not None:
        learned = learned_site(scope, site, issue)
        day = learned.day_of(at_ms)
        for quantity, each in learned.quantities.items():
            leads = each.leads(day) if day >= 0 else ()
            state = correction_of(quantity, each, leads)
            quantities.append(
                QuantityRecord(
                    quantity=quantity,
                    unit=_UNITS[quantity],
                    state=state.state,
                    station=state.station,
                    text=state.text,
                    text_zh=state.text_zh,
                    leads=leads,
                )
            )
    return WeatherForecastRecord(
        site=site.name,
        window=Window(day_ms - ERROR_DAYS * DAY_MS, day_ms),
        reason=said.reason,
        text=said.text,
        text_zh=said.text_zh,
        provider=said.provider,
        title=said.title,
        simulated=said.simulated,
        attribution=said.attribution,
        quantities=quantities,
        method=METHOD,
    )
