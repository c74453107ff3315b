"""Thread that forecasts every greenhouse once an hour, stores the forecast and scores earlier ones.

Where the API is in its process it also makes what the first page takes longest for, before somebody asks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from headland.agronomy.climate.forecast_features import MOST_AHEAD_H
from headland.analysis.greenhouse.forecast_history import fill_measured, record_forecast
from headland.analysis.greenhouse.house import House, find_house
from headland.analysis.greenhouse.own_bands import crop_targets_of
from headland.analysis.inputs.errors import AnalysisError
from headland.analysis.inputs.result_cache import ResultCache
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.tonight.today.houses.strip import SEEN_FRESH_MS
from headland.analysis.tonight.today.prepared import prepare_page
from headland.analysis.weather.house_weather import forecast_by_station
from headland.clock import wall_clock_ms
from headland.registry.registry import Registry
from headland.registry.repositories.inactive_places import find_inactive_places
from headland.runtime.supervised_thread import SupervisedThread, SupervisedWorker
from headland.units_of_time import HOUR_MS
from station.server.organisation import ensure_organisation

if TYPE_CHECKING:
    from headland.store.port import Store

#: An hour's last samples are in the store some minutes after it has ended.
_AFTER_MS: Final = 300_000
_CHECK_EVERY_S: Final = 30.0


class ForecastWorker(SupervisedWorker):
    """Forecasts once an hour; retries while store or registry are not reachable. Several on one registry do no harm.

    `shared` is the cache from which this process answers requests, None where it answers none.
    """

    def __init__(
        self,
        registry: Registry,
        store: Store,
        handle: str,
        now_ms: Callable[[], int] = wall_clock_ms,
        shared: ResultCache | None = None,
    ) -> None:
        self._repositories = ensure_organisation(registry, handle, "station")
        self._store, self._registry, self._handle, self._now_ms = store, registry, handle, now_ms
        # What a site's stations taught of the weather forecast is learned once a day, not at each look.
        self._cache = ResultCache() if shared is None else shared
        self._is_shared = shared is not None
        self._step = 0
        self._thread = SupervisedThread("forecast-worker", self._check_hour, every_s=_CHECK_EVERY_S, waits_first=True)
        self._forecast_hour = 0
        self._forecasts = 0

    def counters(self) -> Mapping[str, int]:
        """Return the number of forecasts since the start."""
        return {"forecasts_made": self._forecasts}

    def prepare(self) -> None:
        """Make what the first page takes longest for. Raises HeadlandError."""
        prepare_page(self._scope(), self._thread.items.isolate, self._thread.stopping.is_set)

    def _scope(self) -> OrgScope:
        return OrgScope(self._store, self._registry, self._handle, self._now_ms(), by="station", cache=self._cache)

    def forecast_all(self) -> int:
        """Forecast each greenhouse, store the result, score earlier ones; return the number. Raises HeadlandError."""
        scope = self._scope()
        houses, count = self._houses(scope), 0
        for house in houses:
            if self._thread.stopping.is_set():
                break
            with self._thread.items.isolate(f"The forecast of greenhouse {house.id}"):
                targets = crop_targets_of(scope)
                forecast = forecast_by_station(scope, house, targets, scope.now_ms, MOST_AHEAD_H, with_skill=False)
                fill_measured(self._repositories, house, forecast)
                record_forecast(self._repositories, house, forecast, scope.now_ms)
                count += 1
            self._thread.succeed()
        self._forecasts += count
        return count

    def _houses(self, scope: OrgScope) -> list[House]:
        """Return the greenhouse devices in use, and the registry's greenhouses in use that have several devices."""
        inactive = find_inactive_places(self._repositories)
        described = [record.descriptor for record in scope.store.devices(scope.organisation)]
        in_use = [each for each in described if not inactive.has_device(each.device, each.site)]
        houses: list[House] = []
        for each in in_use:
            if each.kind == "greenhouse":
                # What a gateway says of one device keeps no other greenhouse from its forecast.
                with self._thread.items.isolate(f"Greenhouse {each.device}"):
                    houses.append(find_house(scope, each.device))
        for greenhouse in self._repositories.greenhouses.all():
            if greenhouse.id in inactive.greenhouses:
                continue
            with self._thread.items.isolate(f"Greenhouse {greenhouse.id}"), suppress(AnalysisError):  # without devices
                house = find_house(scope, greenhouse.id)
                if len(house.records) > 1:
                    houses.append(house)
        return houses

    def _check_hour(self) -> None:
        """Forecast where a new hour has begun, and prepare the first page where what it has measured is to be read."""
        hour = (self._now_ms() - _AFTER_MS) // HOUR_MS
        if hour != self._forecast_hour:
            self.forecast_all()
            self._forecast_hour = hour
        step = self._now_ms() // SEEN_FRESH_MS
        if self._is_shared and step != self._step:
            self.prepare()
            self._step = step
