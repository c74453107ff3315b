"""The forecast of a site by hour: what is told, from when, and why there is none."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from headland.analysis.inputs.scope import OrgScope
from headland.analysis.weather.hourly_forecast import HourlyForecast, hourly_forecast
from headland.registry.models.models import Site
from headland.registry.models.weather import ForecastProviderSetting
from headland.registry.registry import Registry, open_registry
from headland.store.memory import MemoryStore
from headland.units_of_time import DAY_MS, HOUR_MS
from station.server.organisation import ensure_organisation
from tests.analysis.weather.test_issue_hours import START_MS
from tests.formats.weather.answers import ISSUED_MS, met_case, meteo_case

HANDLE = "local"


class Farm:
    """A registry with a site of a known place, and a provider that is turned on."""

    def __init__(self, folder: Path) -> None:
        self.registry: Registry = open_registry(f"sqlite:///{folder}/registry.sqlite")
        self.repositories = ensure_organisation(self.registry, HANDLE, "test")
        self.farm = self.repositories.farms.list()[0]
        self.site = self.repositories.sites.add(
            Site(
                farm=self.farm.id, name="home", time_zone="Asia/Shanghai", longitude_deg=119.1686, latitude_deg=31.9534
            )
        )
        self.setting = self.repositories.forecast_providers.add(
            ForecastProviderSetting(provider="met-norway", enabled=True)
        )

    def told(self, at_ms: int, site: str = "home", hours: int = 72) -> HourlyForecast:
        return hourly_forecast(OrgScope(MemoryStore(), self.registry, HANDLE, at_ms), site, at_ms, hours)


@pytest.fixture
def farm(tmp_path: Path) -> Iterator[Farm]:
    made = Farm(tmp_path)
    yield made
    made.registry.close()


def test_a_forecast_by_hour_has_values_of_the_provider_with_its_issue_and_its_licence(farm: Farm) -> None:
    issue = met_case(hours=72).issue()
    assert farm.repositories.weather.add(issue)
    told = farm.told(issue.fetched_ms + 10)
    assert (told.basis, told.reason, told.provider) == ("provider", None, "met-norway")
    assert (told.issued_ms, told.fetched_ms, told.simulated) == (issue.issued_ms, issue.fetched_ms, issue.simulated)
    assert told.attribution == issue.attribution
    assert "MET Norway" in told.text
    (first, second, *_) = told.hours
    instants = next(s for s in issue.series if s.channel == "air_temperature_degc" and s.aggregation == "instant")
    at = instants.ends_ms.index(first.start_ms)
    one, other = instants.values[at : at + 2]
    assert one is not None
    assert other is not None
    assert first.temperature_degc is not None
    assert first.temperature_degc.value == pytest.approx((one + other) / 2, abs=1e-3)
    assert first.temperature_degc.low is not None
    assert first.temperature_degc.low < first.temperature_degc.value
    assert first.rain_mm is not None
    assert first.rain_mm.end_ms - first.rain_mm.start_ms == HOUR_MS
    assert first.global_radiation_w_m2 is None
    assert second.lead_h == pytest.approx(first.lead_h + 1)
    # Its steps are six hours long from the third day on: no temperature of their hours, and rain of the whole step.
    late = told.hours[-3]
    assert late.temperature_degc is None
    assert late.rain_mm is not None
    assert late.rain_mm.end_ms - late.rain_mm.start_ms == 6 * HOUR_MS


def test_what_was_known_then_is_told_and_nothing_later(farm: Farm) -> None:
    early, late = (msgspec.structs.replace(meteo_case().issue(), provider="met-norway", fetched_ms=ISSUED_MS + ms)
                   for ms in (0, 6 * HOUR_MS))  # fmt: skip
    late = msgspec.structs.replace(late, model="another")
    farm.repositories.weather.add(early)
    farm.repositories.weather.add(late)
    assert farm.told(ISSUED_MS + HOUR_MS).fetched_ms == early.fetched_ms
    assert farm.told(ISSUED_MS + 6 * HOUR_MS).fetched_ms == late.fetched_ms
    assert farm.told(ISSUED_MS - 1).reason == "waiting"


def test_hours_that_are_over_are_no_forecast(farm: Farm) -> None:
    farm.repositories.weather.add(msgspec.structs.replace(meteo_case().issue(), provider="met-norway"))
    over = farm.told(ISSUED_MS + 10 * DAY_MS)
    assert (over.basis, over.reason, over.hours) == ("nothing", "over", ())
    assert "are over" in over.text
    assert "已过" in over.text_zh


def test_why_there_is_no_forecast(farm: Farm) -> None:
    assert farm.told(START_MS).reason == "waiting"
    assert farm.told(START_MS, site="elsewhere").reason == "no_site"
    farm.repositories.forecast_providers.change(msgspec.structs.replace(farm.setting, enabled=False))
    off = farm.told(START_MS)
    assert (off.basis, off.reason, off.hours) == ("nothing", "off", ())
    assert "administrator" in off.text
    without = hourly_forecast(OrgScope(MemoryStore(), None, HANDLE, START_MS), "home", START_MS)
    assert (without.basis, without.reason) == ("nothing", "off")
