"""Weather to come at the sites of a farm, read again every few minutes and with each new hour."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from headland.analysis.inputs.result_cache import ResultCache
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.weather.hourly_forecast import USUAL_HOURS, HourlyForecast, hourly_forecast
from headland.units_of_time import HOUR_MS, MINUTE_MS

if TYPE_CHECKING:
    from headland.registry.registry import Registry
    from headland.store.port import Store

#: An issue that arrives is known to the rules after so long.
_READ_EVERY_MS: Final = 5 * MINUTE_MS


@dataclass(frozen=True, slots=True)
class _Read:
    """A forecast, and when it was read."""

    time_ms: int
    forecast: HourlyForecast


class SiteOutlooks:
    """Forecasts by site. Not safe to call from several threads at once; a forecast that cannot be read is not kept."""

    def __init__(self, store: Store, registry: Registry, organisation: str, cache: ResultCache | None = None) -> None:
        self._store, self._registry, self._organisation = store, registry, organisation
        # What a site's stations taught of a forecast is learned once a day, not at each reading.
        self._cache = ResultCache() if cache is None else cache
        self._read: dict[str, _Read] = {}

    def outlook(self, site: str, at_ms: int, hours: int) -> HourlyForecast:
        """Return the weather to come at a site, as it was known at `at_ms` or a few minutes before. Raises RetryLater.

        A clock that was set back reads it again.
        """
        known = self._read.get(site)
        is_recent = known is not None and 0 <= at_ms - known.time_ms < _READ_EVERY_MS
        if known is not None and is_recent and at_ms // HOUR_MS == known.time_ms // HOUR_MS:
            return known.forecast
        scope = OrgScope(self._store, self._registry, self._organisation, at_ms, by="station", cache=self._cache)
        forecast = hourly_forecast(scope, site, at_ms, max(hours, USUAL_HOURS + 1))
        self._read[site] = _Read(at_ms, forecast)
        return forecast

    def all(self, now_ms: int) -> dict[str, tuple[HourlyForecast, tuple[float, float] | None]]:
        """Return the weather to come at each site in use that has any, with its place if known. Raises RetryLater."""
        repositories = self._registry.repositories(self._registry.organisation(self._organisation).id, "station")
        sites = [site for site in repositories.sites.all() if site.active]
        if not any(setting.enabled for setting in repositories.forecast_providers.all()):
            return {}
        found: dict[str, tuple[HourlyForecast, tuple[float, float] | None]] = {}
        for site in sites:
            forecast = self.outlook(site.name, now_ms, USUAL_HOURS)
            if not forecast.hours:
                continue
            place = None
            if site.latitude_deg is not None and site.longitude_deg is not None:
                place = site.latitude_deg, site.longitude_deg
            found[site.name] = forecast, place
        return found
