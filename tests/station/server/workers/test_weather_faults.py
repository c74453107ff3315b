"""Days of a provider that fails: what the station says at each, in both languages, and what of the forecast remains."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from email.utils import formatdate
from pathlib import Path

import msgspec
import pytest

from firmware_sim.weather.faults import ProviderFaults
from headland.formats.weather import providers
from headland.units_of_time import DAY_MS, HOUR_MS, MINUTE_MS
from station.server.workers import weather_worker
from station.server.workers.weather_worker import ForecastAccess, WeatherWorker
from tests.formats.weather.valley import install_valley
from tests.station.server.workers.forecast_farm import HANDLE, START_MS, Farm, line

pytestmark = pytest.mark.sockets


@pytest.fixture
def farm(tmp_path: Path) -> Iterator[Farm]:
    made = Farm(tmp_path)
    yield made
    made.close()


@pytest.fixture
def met_farm(tmp_path: Path) -> Iterator[Farm]:
    made = Farm(tmp_path, "met-norway")
    yield made
    made.close()


def test_a_week_of_a_provider_is_told_at_each_of_its_faults(met_farm: Farm) -> None:
    farm = met_farm
    waiting = farm.said()
    assert (waiting.basis, waiting.reason, waiting.fault, waiting.age_s) == ("nothing", "waiting", None, None)
    assert waiting.text == "No weather forecast yet: MET Norway Locationforecast 2.0 has not answered so far."
    assert waiting.text_zh == "暂无天气预报：挪威气象研究所（MET Norway Locationforecast 2.0） 尚未应答。"

    assert farm.later(0) == 1
    fresh = farm.said()
    assert (fresh.basis, fresh.reason, fresh.fault, fresh.age_s) == ("provider", None, None, 300.0)
    assert fresh.text == "MET Norway Locationforecast 2.0 (simulated): issued 5 min ago, confirmed 0 s ago."
    assert fresh.text_zh == "挪威气象研究所（MET Norway Locationforecast 2.0）（模拟）：5 分钟前起报，0 秒前确认。"

    # The provider's issue is late: nothing is new, and the page says how old it is.
    farm.server.faults = ProviderFaults(late_s=2 * 3600.0)
    assert farm.later(2 * HOUR_MS) == 1
    late = farm.said()
    assert (late.fault, late.age_s, late.fetched_ms) == (None, 7500.0, fresh.fetched_ms)
    assert late.text.endswith("issued 2 h 5 min ago, confirmed 0 s ago.")
    assert late.text_zh.endswith("2 小时 5 分前起报，0 秒前确认。")

    # 429 with a date: nothing is asked before it.
    farm.server.faults = ProviderFaults(
        status=429, retry_after=formatdate((farm.now_ms + 9 * HOUR_MS) / 1000, usegmt=True)
    )
    assert farm.later(2 * HOUR_MS) == 1
    assert [farm.later(HOUR_MS) for _ in range(6)] == [0] * 6
    told = farm.said()
    assert (told.basis, told.fault) == ("provider", "too_many_requests")
    assert told.text.endswith("the station waits. What was found: “simulated”.")
    assert told.text_zh.endswith("正在等待。内容：“simulated”。")
    assert farm.later(HOUR_MS) == 1

    # Two days without an answer, and back.
    farm.server.faults = ProviderFaults(status=503)
    for _ in range(48):
        farm.later(HOUR_MS)
    dead = farm.said()
    assert (dead.basis, dead.fault, dead.fetched_ms) == ("provider", "server_error", fresh.fetched_ms)
    assert dead.text.startswith("MET Norway Locationforecast 2.0 (simulated) was last heard 2 d")
    assert "it reports an error of its own" in dead.text.lower()
    assert "已 2 天" in dead.text_zh
    assert "对方服务出错" in dead.text_zh
    farm.server.faults = ProviderFaults()
    while not farm.later(HOUR_MS):
        assert farm.now_ms < START_MS + 4 * DAY_MS
    back = farm.said()
    assert (back.basis, back.fault, back.detail, back.fetched_ms) == ("provider", None, None, farm.now_ms)
    assert back.text.endswith("confirmed 0 s ago.")


@pytest.mark.parametrize(
    ("faults", "en", "zh"),
    [
        (ProviderFaults(garbage=True), "was cut off or is no document", "应答不完整"),
        (ProviderFaults(other_place=True), "It is of another place. What was found: “557 km away”", "应答属于另一地点"),
        (ProviderFaults(dst=True), "repeated or go back", "重复或倒退"),
        (ProviderFaults(body=b'{"error":true,"reason":"Out of range."}'), "“Out of range.”", "“Out of range.”"),
        (ProviderFaults(body=b'{"hourly":{},"hourly_units":{}}'), "not built as this provider", "结构与其文档不符"),
    ],
)
def test_what_is_wrong_with_an_answer_is_said_with_what_was_found(
    farm: Farm, faults: ProviderFaults, en: str, zh: str
) -> None:
    farm.later(0)
    said = farm.said()
    farm.server.faults = faults
    assert farm.later(2 * HOUR_MS) == 1
    told = farm.said()
    assert (told.basis, told.fault, told.fetched_ms) == ("provider", "unreadable", said.fetched_ms)
    assert en in told.text
    assert zh in told.text_zh


def test_fahrenheit_knots_and_inches_are_the_same_forecast(tmp_path: Path) -> None:
    lines = []
    for faults in (ProviderFaults(), ProviderFaults(units=True)):
        folder = tmp_path / f"{faults.units}"
        folder.mkdir()
        farm = Farm(folder)
        farm.server.faults = faults
        farm.later(0)
        lines.append(
            [line(farm.said(), name) for name in ("air_temperature_degc", "wind_speed_m_s", "precipitation_mm")]
        )
        farm.close()
    for one, other in zip(*lines, strict=True):
        assert one == pytest.approx(other, abs=0.15)


def test_an_hour_that_the_provider_left_out_is_missing(farm: Farm) -> None:
    farm.server.faults = ProviderFaults(gap_h=3)
    farm.later(0)
    (temperature,) = (each for each in farm.said().lines if each.channel == "air_temperature_degc")
    gaps = [later - before for before, later in zip(temperature.ends_ms, temperature.ends_ms[1:], strict=False)]
    assert sorted(set(gaps)) == [HOUR_MS, 4 * HOUR_MS]


def test_no_network_is_said_and_asked_again_ever_more_seldom(farm: Farm) -> None:
    farm.later(0)
    farm.server.close()
    asked = [farm.later(10 * MINUTE_MS) for _ in range(36)]
    told = farm.said()
    assert 2 <= sum(asked) <= 8
    assert (told.basis, told.fault) == ("provider", "no_answer")
    assert told.text.endswith("It did not answer: check the station's network.")
    assert told.text_zh.endswith("未应答：请检查本站网络。")


def test_bytes_that_trickle_end_at_the_deadline(farm: Farm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weather_worker, "_WITHIN_S", 0.2)
    farm.server.faults = ProviderFaults(slow_s=3600.0)
    assert farm.later(0) == 1
    assert (farm.said().reason, farm.said().fault) == ("waiting", "no_answer")


def test_an_answer_without_an_end_is_not_read(farm: Farm, monkeypatch: pytest.MonkeyPatch) -> None:
    small = replace(providers.PROVIDERS["open-meteo"], most_bytes=1000)
    monkeypatch.setitem(providers.PROVIDERS, "open-meteo", small)
    assert farm.later(0) == 1
    told = farm.said()
    assert (told.basis, told.fault) == ("nothing", "too_large")
    assert told.text.endswith("Its answer was too large and was not read.")
    assert told.text_zh.endswith("应答过大，未读取。")


def test_a_code_of_qweather_in_a_good_answer_is_its_fault_and_no_data_is_no_error_of_the_station(
    tmp_path: Path,
) -> None:
    farm = Farm(tmp_path, "qweather")
    try:
        for body, fault, en in (
            (b'{"code":"429"}', "too_many_requests", "asked less often"),
            (b'{"code":"402"}', "not_permitted", "check the provider's key"),
            (b'{"code":"204"}', "no_data", "check the position of the site"),
        ):
            farm.server.faults = ProviderFaults(body=body)
            assert farm.later(DAY_MS) == 1
            told = farm.said()
            assert (told.basis, told.fault) == ("nothing", fault)
            assert en in told.text
    finally:
        farm.close()


def test_what_the_provider_wrote_of_a_refusal_is_quoted_without_the_key(tmp_path: Path) -> None:
    farm = Farm(tmp_path, "qweather")
    try:
        body = b'{"error":{"status":403,"title":"Invalid Host","detail":"An unknown API host for k3y."}}'
        farm.server.faults = ProviderFaults(status=403, body=body)
        farm.later(0)
        told = farm.said()
        assert (told.fault, told.detail) == ("not_permitted", "Invalid Host: An unknown API host for ….")
        assert told.text.endswith("What was found: “Invalid Host: An unknown API host for ….”.")
        assert told.text_zh.endswith("内容：“Invalid Host: An unknown API host for ….”。")
        # Of a page without an end the begin is read.
        farm.server.faults = ProviderFaults(status=500, body=b"x" * 1_000_000)
        assert farm.later(6 * HOUR_MS) == 1
        assert farm.said().detail == "x" * 159 + "…"
    finally:
        farm.close()


def test_a_service_that_ends_is_said_while_its_forecast_is_shown(farm: Farm) -> None:
    farm.server.faults = ProviderFaults(deprecated=True)
    farm.later(0)
    told = farm.said()
    assert (told.basis, told.fault, told.is_deprecated) == ("provider", None, True)
    assert told.text.endswith(
        "The provider says that it will end this service: update Headland, or choose another provider."
    )
    assert told.text_zh.endswith("对方声明将停止此服务：请升级 Headland 或另选预报来源。")


def test_a_provider_of_another_distribution_is_asked_as_those_of_this_one(
    farm: Farm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install_valley(tmp_path, monkeypatch)
    farm.repositories.forecast_providers.change(msgspec.structs.replace(farm.setting, provider="valley"))
    farm.server.faults = ProviderFaults(body=b"2027-01-15T09:00Z 12.5\n2027-01-15T10:00Z 13\n")
    assert farm.later(0) == 1
    told = farm.said()
    assert (told.basis, told.provider, told.title) == ("provider", "valley", "Valley")
    assert line(told, "air_temperature_degc") == [12.5, 13.0]
    assert farm.server.requests == ["/valley/31.95/119.17"]


def test_a_provider_without_its_key_is_not_asked_and_asked_at_once_with_it(tmp_path: Path) -> None:
    farm = Farm(tmp_path, "qweather")
    try:
        farm.worker.stop()
        # Not a simulated one: those need no key.
        farm.worker = WeatherWorker(farm.registry, HANDLE, ForecastAccess(), lambda: farm.now_ms, lambda: 0.5)
        assert [farm.later(HOUR_MS) for _ in range(3)] == [0, 0, 0]
        told = farm.said()
        assert (told.basis, told.reason, told.fault, farm.server.requests) == ("nothing", "no_key", "no_key", [])
        assert told.text == (
            "No weather forecast: QWeather needs a key. Enter it in HEADLAND_FORECAST_KEYS and start the station again."
        )
        assert "需要密钥" in told.text_zh
        farm.worker.stop()
        farm.worker = farm.new_worker()
        assert farm.later(0) == 1
        assert (farm.said().basis, farm.said().fault) == ("provider", None)
    finally:
        farm.close()
