"""A provider's past forecasts of a place, three hours apart, read once for each day that is over."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import Final

import numpy as np

from headland.agronomy.series.arrays import Values
from headland.agronomy.weather_forecast.station_correction import (
    MOST_AHEAD_H,
    ORIGIN_H,
    ORIGINS_A_DAY,
    QUANTITIES,
)
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.weather.issue_hours import bands_of
from headland.registry.models.weather import ForecastIssue, ForecastPlace
from headland.registry.repositories.weather import name_of_place
from headland.units_of_time import DAY_MS, HOUR_MS

#: Days that are read: those that teach, those of the record, and the first ones that only teach.
READ_DAYS: Final = 75
#: An issue that is older than this is not what a provider usually says [h].
_OLDEST_H: Final = 18.0
_MOST_ISSUES: Final = 20_000


@dataclass(frozen=True, slots=True)
class SaidDays:
    """What was said by origin (from `first_ms` on, `ORIGIN_H` hours apart) and hours ahead.

    `values` are by quantity, origin and hours ahead, `cloud_pct` by origin and the first hours ahead; `age_h` is the
    age of the issue that was the newest known one at each origin; NaN without one.
    """

    first_ms: int
    values: Values
    cloud_pct: Values
    age_h: Values

    @property
    def usual_age_h(self) -> float:
        """The age that nine of ten issues have at an origin at most [h]."""
        known = self.age_h[np.isfinite(self.age_h)]
        return float(np.quantile(known, 0.9)) if len(known) else 0.0


def first_said_ms(scope: OrgScope, place: ForecastPlace, provider: str, end_ms: int) -> int | None:
    """Return the begin of the first day of which `read_said_days` reads issues; None where it reads none."""
    first = scope.repositories.weather.fetched(place, provider, end_ms - READ_DAYS * DAY_MS, end_ms, 1)
    return first[0][0] // DAY_MS * DAY_MS if first else None


def read_said_days(scope: OrgScope, place: ForecastPlace, provider: str, end_ms: int) -> SaidDays | None:
    """Return what was said in the days before `end_ms`, the begin of a day; None where nothing was."""
    weather = scope.repositories.weather
    first_ms = end_ms - READ_DAYS * DAY_MS
    fetched = weather.fetched(place, provider, first_ms - DAY_MS, end_ms, _MOST_ISSUES)
    inside = [fetched_ms for fetched_ms, _ in fetched if fetched_ms >= first_ms]
    if not inside:
        return None
    first_ms = inside[0] // DAY_MS * DAY_MS
    blocks = []
    for day_ms in range(first_ms, end_ms, DAY_MS):
        family = ("weather-said", scope.organisation, provider, name_of_place(place), day_ms)
        chosen = _newest_known(fetched, day_ms)
        # Issues of a day that is over are added by a simulated past alone, but the oldest are deleted.
        read = lambda day_ms=day_ms, chosen=chosen: _read_day(scope, day_ms, chosen)  # noqa: E731
        blocks.append(scope.cache.get((*family, tuple(chosen)), read, family))
    values, cloud_pct, age_h = (np.concatenate([block[at] for block in blocks]) for at in range(3))
    return SaidDays(first_ms, np.moveaxis(values, 1, 0), cloud_pct, age_h)


def said_by_hour(issue: ForecastIssue, first_ms: int, count: int) -> Values:
    """Return the corrected quantities of an issue by quantity and hour."""
    edges_ms = first_ms + HOUR_MS * np.arange(count + 1, dtype=np.int64)
    return np.stack([bands_of(issue, quantity, edges_ms).value for quantity in QUANTITIES])


def _newest_known(fetched: list[tuple[int, str]], day_ms: int) -> list[str | None]:
    """Return the digest of the newest issue that was known at each origin of a day."""
    times = [fetched_ms for fetched_ms, _ in fetched]
    at = [bisect_right(times, day_ms + origin * ORIGIN_H * HOUR_MS) for origin in range(ORIGINS_A_DAY)]
    return [fetched[each - 1][1] if each else None for each in at]


def _read_day(scope: OrgScope, day_ms: int, chosen: list[str | None]) -> tuple[Values, Values, Values]:
    """Return by origin of a day: quantities by hours ahead, cloud cover of the first hours, and the issue's age."""
    issues = scope.repositories.weather.issues([each for each in dict.fromkeys(chosen) if each is not None])
    values = np.full((ORIGINS_A_DAY, len(QUANTITIES), MOST_AHEAD_H), np.nan)
    cloud_pct = np.full((ORIGINS_A_DAY, ORIGIN_H), np.nan)
    age_h = np.full(ORIGINS_A_DAY, np.nan)
    for origin, digest in enumerate(chosen):
        issue = None if digest is None else issues.get(digest)
        if issue is None:
            continue
        origin_ms = day_ms + origin * ORIGIN_H * HOUR_MS
        hours_old = max(0.0, (origin_ms - issue.said_ms) / HOUR_MS)
        if hours_old > _OLDEST_H:
            continue
        age_h[origin] = hours_old
        values[origin] = said_by_hour(issue, origin_ms, MOST_AHEAD_H)
        edges_ms = origin_ms + HOUR_MS * np.arange(ORIGIN_H + 1, dtype=np.int64)
        cloud_pct[origin] = bands_of(issue, "cloud_cover_pct", edges_ms).value
    return values, cloud_pct, age_h
