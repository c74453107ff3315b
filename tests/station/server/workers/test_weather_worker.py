"""The station asks a real provider on loopback: what it keeps, what it says, and when it asks again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from firmware_sim.weather.faults import ProviderFaults
from headland.formats.weather import providers
from headland.registry.models.models import Site
from headland.units_of_time import DAY_MS, HOUR_MS, MINUTE_MS
from tests.station.server.workers.forecast_farm import START_MS, Farm, line
from tests.waiting import wait_until

pytestmark = pytest.mark.sockets


@pytest.fixture
def farm(tmp_path: Path) -> Iterator[Farm]:
    made = Farm(tmp_path)
    yield made
    made.close()


def test_two_sites_of_one_place_are_asked_for_once_and_an_hour_later_again(farm: Farm) -> None:
    assert farm.later(0) == 1
    assert [farm.later(10 * MINUTE_MS) for _ in range(7)] == [0, 0, 0, 0, 0, 0, 1]
    home, houses = farm.said("home"), farm.said("greenhouses")
    assert line(home, "air_temperature_degc") == line(houses, "air_temperature_degc")
    assert home.basis == "provider"
    assert home.simulated
    assert home.attribution is not None
    assert "Simulated" in home.attribution.text
    assert home.asked is not None
    assert (home.asked.latitude_deg, home.asked.longitude_deg) == (31.95, 119.17)
    assert all("31.9523" not in target for target in farm.server.requests)
    assert len(line(home, "air_temperature_degc")) == 72


def test_nothing_is_asked_until_an_administrator_turns_it_on(farm: Farm) -> None:
    off = farm.repositories.forecast_providers.change(msgspec.structs.replace(farm.setting, enabled=False))
    assert farm.later(DAY_MS) == 0
    assert (farm.said().basis, farm.said().reason, farm.server.requests) == ("nothing", "off", [])
    assert "administrator" in farm.said().text
    farm.repositories.forecast_providers.change(msgspec.structs.replace(off, enabled=True))
    assert farm.later(0) == 1


def test_304_confirms_the_issue_and_adds_none(farm: Farm) -> None:
    farm.server.faults = ProviderFaults(late_s=6 * 3600.0)
    farm.later(0)
    first = farm.said()
    # The provider still has the issue of six hours ago: only its own hour has gone on.
    farm.server.faults = ProviderFaults(late_s=6 * 3600.0 + 2 * 3600)
    assert farm.later(2 * HOUR_MS) == 1
    again = farm.said()
    assert farm.worker.counters()["weather_unchanged"] == 1
    assert (again.fetched_ms, again.confirmed_ms) == (first.fetched_ms, farm.now_ms)
    assert again.text.startswith("Open-Meteo (simulated): read 2 h ago, confirmed 0 s ago.")


def test_429_waits_as_long_as_it_is_asked_to_and_says_so(farm: Farm) -> None:
    farm.later(0)
    farm.server.faults = ProviderFaults(status=429, retry_after=str(5 * 3600))
    assert farm.later(2 * HOUR_MS) == 1
    told = farm.said()
    assert told.fault == "too_many_requests"
    assert "asked less often" in told.text
    assert "降低请求频率" in told.text_zh
    farm.server.faults = ProviderFaults()
    assert farm.later(5 * HOUR_MS - MINUTE_MS) == 0
    assert farm.later(MINUTE_MS) == 1
    assert farm.said().fault is None


def test_a_provider_that_is_dead_for_two_days_leaves_its_last_forecast_with_its_age(farm: Farm) -> None:
    farm.later(0)
    said = line(farm.said(), "air_temperature_degc")
    farm.server.faults = ProviderFaults(status=503)
    asked = sum(farm.later(MINUTE_MS * 30) for _ in range(96))
    # 1 min, doubled up to 6 h: no hundred requests.
    assert 5 <= asked <= 20
    told = farm.said()
    assert (told.basis, told.fault) == ("provider", "server_error")
    assert told.text.startswith("Open-Meteo (simulated) was last heard 2 d ago: this is its last forecast")
    assert told.text_zh.startswith("Open-Meteo（模拟）已 2 天没有新消息")
    # What is left of the last issue is what it said.
    assert line(told, "air_temperature_degc")[:24] == said[48:]


def test_garbage_is_counted_and_what_is_kept_stays(farm: Farm) -> None:
    farm.later(0)
    said = farm.said()
    for faults in (ProviderFaults(garbage=True), ProviderFaults(other_place=True), ProviderFaults(dst=True)):
        farm.server.faults = faults
        assert farm.later(7 * HOUR_MS) == 1
        told = farm.said()
        assert (told.fault, told.fetched_ms) == ("unreadable", said.fetched_ms)
    farm.server.faults = ProviderFaults()
    assert farm.later(7 * HOUR_MS) == 1
    assert farm.said().fault is None
    assert farm.worker.counters() == {
        "weather_requests": 5, "weather_issues": 2, "weather_unchanged": 0, "weather_failures": 3,
        "weather_files": 0, "weather_files_refused": 0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("status", "fault", "en", "zh"),
    [
        (401, "not_permitted", "check the provider's key", "检查密钥"),
        (403, "not_permitted", "check the provider's key", "检查密钥"),
        (400, "wrong_request", "check the provider's model", "检查模式"),
        (301, "moved", "moved to another address", "更换网址"),
    ],
)
def test_what_only_a_person_can_correct_is_named(farm: Farm, status: int, fault: str, en: str, zh: str) -> None:
    farm.server.faults = ProviderFaults(status=status)
    assert farm.later(0) == 1
    told = farm.said()
    assert (told.basis, told.reason, told.fault) == ("nothing", "waiting", fault)
    assert en in told.text
    assert zh in told.text_zh
    assert farm.later(6 * HOUR_MS - MINUTE_MS) == 0


def test_a_deprecated_answer_is_used(farm: Farm) -> None:
    farm.server.faults = ProviderFaults(deprecated=True)
    farm.later(0)
    assert farm.said().basis == "provider"


@pytest.mark.parametrize("provider", ["met-norway", "qweather"])
def test_every_provider_is_read_from_request_to_answer(tmp_path: Path, provider: str) -> None:
    farm = Farm(tmp_path, provider)
    try:
        farm.later(0)
        told = farm.said()
        assert (told.basis, told.provider, told.issued_ms) == ("provider", provider, START_MS - 5 * MINUTE_MS)
        assert line(told, "relative_humidity_pct")
    finally:
        farm.close()


def test_a_restart_asks_no_sooner_and_another_model_at_once(farm: Farm) -> None:
    farm.later(0)
    farm.worker.stop()
    farm.worker = farm.new_worker()
    assert farm.later(10 * MINUTE_MS) == 0
    farm.repositories.forecast_providers.change(msgspec.structs.replace(farm.setting, model="ecmwf_ifs025_ensemble"))
    assert farm.later(0) == 1
    told = farm.said()
    assert told.model == "ecmwf_ifs025_ensemble"
    (temperature,) = (each for each in told.lines if each.channel == "air_temperature_degc")
    low, middle, high = (column[20] for column in (*list(temperature.quantiles.values())[:1], temperature.values,
                                                     temperature.quantiles["90"]))  # fmt: skip
    assert temperature.members == 21
    assert low is not None and middle is not None and high is not None  # noqa: PT018 - for mypy
    assert low < middle < high


def test_what_was_said_yesterday_is_told_as_it_was(farm: Farm) -> None:
    farm.later(0)
    yesterday = farm.said()
    farm.later(DAY_MS)
    assert farm.said().fetched_ms == farm.now_ms
    then = farm.said(at_ms=yesterday.at_ms)
    # When the station asks again is not of the past.
    assert then == msgspec.structs.replace(yesterday, next_ms=None)


def test_no_day_has_more_requests_than_the_quota(farm: Farm, monkeypatch: pytest.MonkeyPatch) -> None:
    few = replace(providers.PROVIDERS["open-meteo"], quota_a_day=3)
    monkeypatch.setitem(providers.PROVIDERS, "open-meteo", few)
    day_end_ms = (farm.now_ms // DAY_MS + 1) * DAY_MS
    asked = 0
    while farm.now_ms + HOUR_MS < day_end_ms:
        asked += farm.later(HOUR_MS)
    assert asked == 3
    assert farm.said().fault == "quota"
    farm.now_ms = day_end_ms
    assert farm.later(HOUR_MS // 2) == 1


def test_slow_bytes_do_not_keep_the_station_from_stopping(farm: Farm) -> None:
    farm.server.faults = ProviderFaults(slow_s=3600.0)
    farm.worker.start()
    farm.worker._thread.wake()
    wait_until(lambda: farm.server.requests)
    farm.worker.stop()
    assert not farm.worker._thread.is_alive()


def test_a_site_without_a_position_says_so(farm: Farm) -> None:
    place = farm.repositories.farms.list()[0]
    farm.repositories.sites.add(Site(farm=place.id, name="new", time_zone="Asia/Shanghai"))
    assert (farm.said("new").reason, farm.said("new").basis) == ("no_position", "nothing")
