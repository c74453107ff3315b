"""What simulated providers would have said in a farm's past: added to its registry once, as of then."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from firmware_sim.weather.server import ProviderServer, WeatherSettings
from headland.errors import RetryLater
from headland.formats.weather.provider import DecodedForecast
from headland.formats.weather.providers import PROVIDERS
from headland.registry.models.weather import ForecastIssue, ForecastPlace, ForecastProviderSetting
from headland.registry.registry import Registry, open_registry
from headland.registry.repositories.organisation_repositories import OrganisationRepositories
from headland.units_of_time import DAY_MS, HOUR_MS
from station.local.past.issues import add_issues
from station.local.past.plan import ForecastJob
from station.server.organisation import add_demo, ensure_organisation
from station.server.scenarios import DEFAULT_FARM, FARMS
from station.server.workers.weather_worker import forecast_queries

pytestmark = pytest.mark.sockets

END_MS = 1_795_752_000_000 // HOUR_MS * HOUR_MS + 20 * 60_000
#: Two days and what is left of a third.
START_MS = END_MS // DAY_MS * DAY_MS - 2 * DAY_MS
ORIGINS_MS = range(START_MS + 3 * HOUR_MS, END_MS + 1, 3 * HOUR_MS)
JOB = ForecastJob("forecasts", FARMS[DEFAULT_FARM].houses, START_MS, END_MS)


class Farm:
    """The registry of a simulated farm, whose sites have places."""

    def __init__(self, folder: Path) -> None:
        self.url = f"sqlite:///{folder}/registry.sqlite"
        self.registry: Registry = open_registry(self.url)
        self.repositories: OrganisationRepositories = ensure_organisation(self.registry, "local", "test")
        add_demo(self.repositories, DEFAULT_FARM)

    @property
    def setting(self) -> ForecastProviderSetting:
        (setting,) = self.repositories.forecast_providers.all()
        return setting

    @property
    def place(self) -> ForecastPlace:
        (query,) = forecast_queries(self.repositories, PROVIDERS["open-meteo"], self.setting)
        return query.place

    def issues(self) -> list[ForecastIssue]:
        return self.repositories.weather.between(self.place, 0, END_MS + DAY_MS)

    def add(self, job: ForecastJob = JOB, stop: threading.Event | None = None) -> int:
        return add_issues(job, 1, self.url, stop or threading.Event())


@pytest.fixture
def farm(tmp_path: Path) -> Iterator[Farm]:
    made = Farm(tmp_path)
    yield made
    made.registry.close()


def test_a_past_has_an_issue_for_every_three_hours_marked_simulated_and_known_then(farm: Farm) -> None:
    assert farm.add() == len(ORIGINS_MS)
    issues = farm.issues()
    assert all(issue.simulated and issue.provider == "open-meteo" for issue in issues)
    for origin_ms, issue in zip(ORIGINS_MS, issues, strict=True):
        assert origin_ms - HOUR_MS < issue.fetched_ms <= origin_ms
        assert min(series.starts_ms[0] for series in issue.series) <= issue.fetched_ms
    assert farm.repositories.weather.said_at(farm.place, issues[3].fetched_ms) == issues[3]


def test_a_past_is_added_once(farm: Farm) -> None:
    assert farm.add() > 0
    before = farm.issues()
    assert farm.add() == 0
    assert farm.issues() == before


def test_an_interrupted_past_has_its_newest_issues_and_gets_the_rest(farm: Farm) -> None:
    stop = threading.Event()
    stop.set()
    with pytest.raises(RetryLater, match="has not all its forecasts yet"):
        farm.add(stop=stop)
    assert farm.issues() == []
    newest = ForecastJob("forecasts", JOB.houses, END_MS - DAY_MS, END_MS)
    some = farm.add(newest)
    assert some == len(farm.issues()) == 8
    assert farm.add() + some == len(farm.issues())


def test_a_provider_that_is_turned_off_gets_no_past(farm: Farm) -> None:
    farm.repositories.forecast_providers.change(msgspec.structs.replace(farm.setting, enabled=False))
    assert farm.add() == 0


def test_what_was_said_then_is_what_the_farm_s_simulated_provider_would_have_answered(farm: Farm) -> None:
    farm.add()
    issue = farm.issues()[4]
    settings = WeatherSettings(port=0, scenarios=("jurong-houses",), seed=1)
    server = ProviderServer(settings, lambda: issue.fetched_ms)
    provider = PROVIDERS["open-meteo"]
    (query,) = forecast_queries(farm.repositories, provider, farm.setting, simulated=True)
    _, _, body = server.answer(provider.request(query, "").target, {})
    server.close()
    decoded = provider.decode(body, query, issue.fetched_ms)
    assert isinstance(decoded, DecodedForecast)
    assert decoded.issue == issue


@pytest.mark.parametrize("provider", ["met-norway", "qweather"])
def test_every_simulated_provider_has_a_past(farm: Farm, provider: str) -> None:
    farm.repositories.forecast_providers.change(msgspec.structs.replace(farm.setting, provider=provider))
    assert farm.add() == len(ORIGINS_MS)
    assert {issue.provider for issue in farm.issues()} == {provider}
    assert all(issue.issued_ms is not None and issue.issued_ms <= issue.fetched_ms for issue in farm.issues())
