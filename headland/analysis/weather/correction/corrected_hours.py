"""Values of a provider's hours corrected by what the site's stations taught, and what is said of that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Final, Literal

import msgspec
import numpy as np

from headland.agronomy.series.arrays import Mask, Values
from headland.agronomy.weather_forecast.forecast_record import LeadRecord, used_hours
from headland.agronomy.weather_forecast.station_correction import (
    MOST_AHEAD_H,
    ORIGIN_H,
    QUANTITIES,
    CorrectedBand,
    CorrectedQuantity,
    StationNow,
)
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.weather.correction.learned_site import (
    LearnedQuantity,
    learned_site,
    older_by_h,
)
from headland.analysis.weather.correction.said_origins import said_by_hour
from headland.analysis.weather.correction.teachers import measured_hours
from headland.analysis.weather.outdoor_weather import site_devices
from headland.i18n import LANGUAGES, CatalogText, Language
from headland.registry.models.models import Site
from headland.registry.models.weather import ForecastIssue
from headland.units_of_time import HOUR_MS, MINUTE_MS

CorrectionState = Literal[
    "corrected", "worse", "partly_worse", "few_pairs", "no_station", "sun", "sheltered", "stuck", "few_hours"
]
#: What a station measured of the hour that is just over arrives within some minutes.
_FRESH_MS: Final = 5 * MINUTE_MS
_DAY_H: Final = 24


class QuantityCorrection(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a quantity is corrected, by which station, and why not."""

    quantity: Annotated[CorrectedQuantity, "Name of the quantity among the values of an hour."]
    state: Annotated[CorrectionState, "`corrected`, `partly_worse` (not at all hours ahead), or why it is not."]
    station: Annotated[str | None, "The device that measures it; null without one."]
    hours: Annotated[str, "Hours ahead of which the correction is not used because of its record, as `25-48, 49-72`."]
    text: Annotated[str, "The state as a sentence."]
    text_zh: str


@dataclass(frozen=True, slots=True)
class CorrectedHours:
    """Corrected quantities by hours ahead of the hour of an instant, NaN where they are not used, and their states."""

    bands: dict[CorrectedQuantity, CorrectedBand]
    corrections: tuple[QuantityCorrection, ...]


def correct_hours(scope: OrgScope, site: Site, issue: ForecastIssue, at_ms: int) -> CorrectedHours:
    """Return the corrections of an issue of a site as they were known at an instant.

    They are of the day of the instant: learned from pairs whose hour was over when it began.
    """
    learned = learned_site(scope, site, issue)
    origin_ms = at_ms // HOUR_MS * HOUR_MS
    day = learned.day_of(at_ms)
    bands: dict[CorrectedQuantity, CorrectedBand] = {}
    corrections = []
    said: Values | None = None
    for at, (quantity, each) in enumerate(learned.quantities.items()):
        leads = each.leads(day) if day >= 0 else ()
        used = used_hours(leads)
        if each.learned is not None and used.any():
            if said is None:
                said = said_by_hour(issue, origin_ms, MOST_AHEAD_H)
                before = _said_before(scope, issue, origin_ms)
            now = _station_now(scope, site, each, quantity, origin_ms, float(before[at]))
            hour_of_day = origin_ms // HOUR_MS % _DAY_H
            older_h = older_by_h(learned, issue, origin_ms)
            bands[quantity] = _used(each.learned.correct(day, hour_of_day, said[at], now, older_h), used)
        corrections.append(correction_of(quantity, each, leads))
    return CorrectedHours(bands, tuple(corrections))


def correction_of(
    quantity: CorrectedQuantity, learned: LearnedQuantity, leads: tuple[LeadRecord, ...]
) -> QuantityCorrection:
    """Return the state of a quantity by its record."""
    worse = [lead for lead in leads if lead.is_worse]
    state: CorrectionState
    if learned.device is None:
        state = "no_station"
    elif learned.fault is not None:
        state = learned.fault.value
    elif not leads:
        state = "few_pairs"
    elif not worse:
        state = "corrected"
    else:
        state = "worse" if len(worse) == len(leads) else "partly_worse"
    hours = ", ".join(f"{lead.first_h}-{lead.last_h}" for lead in worse)
    texts = [_sentence(state, [quantity], learned.device, hours, language) for language in LANGUAGES]
    return QuantityCorrection(
        quantity=quantity, state=state, station=learned.device, hours=hours, text=texts[0], text_zh=texts[1]
    )


def sentences(corrections: Sequence[QuantityCorrection], language: Language) -> list[str]:
    """Return what is said of corrections, quantities of one state together; nothing of those that nobody measures."""
    groups: dict[tuple[CorrectionState, str | None, str], list[CorrectedQuantity]] = {}
    for each in corrections:
        if each.state != "no_station":
            groups.setdefault((each.state, each.station, each.hours), []).append(each.quantity)
    return [_sentence(state, some, station, hours, language) for (state, station, hours), some in groups.items()]


def _sentence(
    state: CorrectionState, quantities: list[CorrectedQuantity], station: str | None, hours: str, language: Language
) -> str:
    names = [CatalogText("forecast_quantities", each).text(language) for each in quantities]
    values = {"what": (", " if language == "en" else "、").join(names), "station": station or "", "hours": hours}
    return CatalogText("forecast_corrections", state, values).text(language)


def _used(band: CorrectedBand, used: Mask) -> CorrectedBand:
    return CorrectedBand(*(np.where(used, each, np.nan) for each in (band.value, band.low, band.high)))


def _said_before(scope: OrgScope, issue: ForecastIssue, origin_ms: int) -> Values:
    """Return by quantity what was said, three hours before an origin, of the last hour before it."""
    earlier_ms = origin_ms - ORIGIN_H * HOUR_MS
    family = ("weather-before", scope.organisation, issue.provider, issue.asked)

    def read() -> Values:
        earlier = scope.repositories.weather.said_at(issue.asked, earlier_ms, issue.provider)
        if earlier is None:
            return np.full(len(QUANTITIES), np.nan)
        return said_by_hour(earlier, origin_ms - HOUR_MS, 1)[:, 0]

    return scope.cache.get((*family, origin_ms), read, family)


def _station_now(
    scope: OrgScope, site: Site, learned: LearnedQuantity, quantity: CorrectedQuantity, origin_ms: int, of_last: float
) -> StationNow | None:
    """Return what the station that taught a quantity measured of the day before an origin."""
    records = {record.descriptor.device: record for record in site_devices(scope, site.name)}
    record = records.get(learned.device or "")
    if record is None:
        return None
    family = ("weather-now", scope.organisation, record.descriptor.device, quantity)
    key = (*family, origin_ms, min(scope.now_ms, origin_ms + HOUR_MS) // _FRESH_MS)
    first_ms = origin_ms - _DAY_H * HOUR_MS
    day = scope.cache.get(key, lambda: measured_hours(scope, record, quantity, first_ms, _DAY_H), family)
    return StationNow(float(day[-1]), np.resize(day, MOST_AHEAD_H), of_last)
