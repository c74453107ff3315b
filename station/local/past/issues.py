"""Issues of weather forecasts that simulated providers would have said in a farm's past."""

from __future__ import annotations

import logging
import threading
from http import HTTPStatus
from typing import Final

from firmware_sim.weather.server import ProviderServer, WeatherSettings
from headland.errors import HeadlandError, RetryLater
from headland.formats.weather.provider import DecodedForecast, ForecastProvider, ForecastQuery
from headland.formats.weather.providers import source_named
from headland.registry.models.weather import ForecastIssue
from headland.units_of_time import HOUR_MS, MINUTE_MS
from ingest.settings import OWN_ORGANISATION
from station.local.past.plan import ForecastJob
from station.server.organisation import ensure_organisation
from station.server.storage.registries import open_registry
from station.server.workers.weather_worker import forecast_queries

_LOGGER = logging.getLogger(__name__)

#: A forecast is looked at every three hours, and was fetched within the hour before, as it is now.
_EVERY_MS: Final = 3 * HOUR_MS
_BEFORE_MS: Final = 30 * MINUTE_MS


def add_issues(job: ForecastJob, seed: int, url: str, stop: threading.Event) -> int:
    """Add to a registry what the providers that are asked would have said; return the number of new issues.

    The newest come first: the first day of issues, from which corrections are learned, then changes last. An issue that
    is there already stays as it is. Raises RetryLater where `stop` came first, HeadlandError for an issue of our own
    that is refused.
    """
    registry = open_registry(url)
    said = _SaidThen(job, seed)
    try:
        repositories = ensure_organisation(registry, OWN_ORGANISATION, "past")
        added = 0
        for setting in repositories.forecast_providers.all():
            provider = source_named(setting.provider)
            if not setting.enabled or not isinstance(provider, ForecastProvider):
                continue
            queries = list(forecast_queries(repositories, provider, setting, simulated=True))
            for at_ms in range(job.end_ms // _EVERY_MS * _EVERY_MS - _BEFORE_MS, job.start_ms, -_EVERY_MS):
                for query in queries:
                    if stop.is_set():
                        raise RetryLater("The simulated past has not all its forecasts yet: the farm stopped.")
                    issue = said.issue(provider, query, at_ms)
                    added += issue is not None and repositories.weather.add(issue)
        _LOGGER.info("%d issues of weather forecasts", added)
        return added
    finally:
        said.close()
        registry.close()


class _SaidThen:
    """Simulated providers whose clock stands at an instant: the station's request, answer and decoder, without HTTP."""

    def __init__(self, job: ForecastJob, seed: int) -> None:
        self._now_ms = job.end_ms
        scenarios = tuple(dict.fromkeys(house.scenario for house in job.houses))
        settings = WeatherSettings(port=0, scenarios=scenarios, seed=seed)
        self._server = ProviderServer(settings, lambda: self._now_ms)

    def issue(self, provider: ForecastProvider, query: ForecastQuery, at_ms: int) -> ForecastIssue | None:
        """Return what a provider said at an instant, None of one that is not simulated; raises HeadlandError."""
        self._now_ms = at_ms
        status, _, body = self._server.answer(provider.request(query, "").target, {})
        if status == HTTPStatus.NOT_FOUND:
            return None
        decoded = provider.decode(body, query, at_ms)
        if not isinstance(decoded, DecodedForecast):
            raise HeadlandError(f"The simulated past has an unreadable forecast of {provider.title}: {decoded.reason}.")
        return decoded.issue

    def close(self) -> None:
        """Free the port that was not listened on."""
        self._server.close()
