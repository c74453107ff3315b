"""A farm whose station asks a real provider on loopback for forecasts, with a clock that the test moves."""

from __future__ import annotations

from pathlib import Path

from firmware_sim.weather.server import ProviderServer, WeatherSettings
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.weather.provider_forecast import SiteForecast, answer_site_forecast
from headland.registry.models.models import Site
from headland.registry.models.weather import ForecastProviderSetting
from headland.registry.registry import Registry, open_registry
from headland.registry.repositories.organisation_repositories import OrganisationRepositories
from headland.store.memory import MemoryStore
from headland.units_of_time import HOUR_MS, MINUTE_MS
from station.server.organisation import ensure_organisation
from station.server.workers.weather_worker import ForecastAccess, WeatherWorker

START_MS = 1_800_000_000_000 // HOUR_MS * HOUR_MS + 5 * MINUTE_MS
HANDLE = "local"


class Farm:
    """A registry with a site, a simulated provider with a clock that the test moves, and the worker between them."""

    def __init__(self, folder: Path, provider: str = "open-meteo") -> None:
        self.now_ms = START_MS
        self.url = f"sqlite:///{folder}/registry.sqlite"
        self.registry: Registry = open_registry(self.url)
        self.repositories: OrganisationRepositories = ensure_organisation(self.registry, HANDLE, "test")
        farm = self.repositories.farms.list()[0]
        for name in ("home", "greenhouses"):  # both in one place
            self.repositories.sites.add(
                Site(farm=farm.id, name=name, time_zone="Asia/Shanghai", longitude_deg=119.1681, latitude_deg=31.9523)
            )
        self.setting = self.repositories.forecast_providers.add(
            ForecastProviderSetting(provider=provider, enabled=True, contact="office@farm.example")
        )
        settings = WeatherSettings(port=0, scenarios=("jurong-houses",), start_ms=START_MS, real_start_ms=START_MS)
        self.server = ProviderServer(settings, lambda: self.now_ms)
        self.server.start()
        self.worker = self.new_worker()

    def new_worker(self) -> WeatherWorker:
        access = ForecastAccess(simulated_url=self.server.url, keys={"qweather": "k3y"})
        return WeatherWorker(self.registry, HANDLE, access, lambda: self.now_ms, lambda: 0.5)

    def close(self) -> None:
        self.worker.stop()
        self.server.close()
        self.registry.close()

    def later(self, ms: int) -> int:
        """Let time go by and the worker look; return the number of requests."""
        self.now_ms += ms
        return self.worker.look()

    def said(self, site: str = "home", at_ms: int | None = None) -> SiteForecast:
        scope = OrgScope(MemoryStore(), self.registry, HANDLE, self.now_ms)
        return answer_site_forecast(scope, site, self.now_ms if at_ms is None else at_ms)


def line(answer: SiteForecast, channel: str) -> list[float | None]:
    (found,) = (each for each in answer.lines if each.channel == channel)
    return list(found.values)
