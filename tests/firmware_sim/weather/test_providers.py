"""Simulated providers say the scenario's own weather, worse the further ahead, and fail as they are told."""

from __future__ import annotations

import json
import statistics

import pytest

from firmware_sim.weather.faults import ProviderFaults, read_faults
from firmware_sim.weather.said import say_forecast, true_hour
from firmware_sim.weather.server import ProviderServer, WeatherSettings
from headland.agronomy.house_model.outside import Outside
from headland.errors import SettingsError
from headland.units_of_time import HOUR_MS

NOW_MS = 1_800_000_000_000
_METEO = "/v1/forecast?latitude=31.95&longitude=119.17&hourly=temperature_2m,precipitation&timeformat=unixtime"
_MET = "/weatherapi/locationforecast/2.0/complete?lat=31.95&lon=119.17"
_QWEATHER = "/v7/weather/72h?location=119.17,31.95"


class _Still:
    """The same weather at all times."""

    def at(self, time_ms: int) -> Outside:
        return Outside(15.0, 60.0, 0.008, 200.0, 2.0)


def test_an_error_grows_with_the_lead_and_an_issue_says_the_same_twice() -> None:
    # The same air at all times: the error alone changes.
    weather = _Still()
    errors: dict[int, list[float]] = {1: [], 24: [], 72: []}
    for issue in range(0, 60 * 24, 12):
        issued_ms = NOW_MS // HOUR_MS * HOUR_MS + issue * HOUR_MS
        said = say_forecast(weather, 5, issued_ms, issued_ms, 73)
        for lead, found in errors.items():
            truth = true_hour(weather, said.hours[lead].time_ms)
            found.append(said.hours[lead].temperature_degc - truth.temperature_degc)
    spread = {lead: statistics.pstdev(found) for lead, found in errors.items()}
    assert spread[1] < 0.65 * spread[24] < 0.65 * spread[72]
    again = [say_forecast(weather, 5, NOW_MS, NOW_MS, 24, members=2) for _ in range(2)]
    assert again[0] == again[1]


@pytest.fixture
def server() -> ProviderServer:
    settings = WeatherSettings(port=0, scenarios=("jurong-houses",), start_ms=NOW_MS, real_start_ms=NOW_MS)
    made = ProviderServer(settings, lambda: NOW_MS)
    made.close()
    return made


@pytest.mark.sockets
def test_each_provider_answers_in_its_own_form_and_304_where_nothing_changed(server: ProviderServer) -> None:
    for target, member in ((_METEO, "hourly"), (_MET, "properties"), (_QWEATHER, "hourly")):
        status, headers, body = server.answer(target, {})
        assert (status, member in json.loads(body)) == (200, True)
        for conditions in ({"If-None-Match": headers["ETag"]}, {"If-Modified-Since": headers["Last-Modified"]}):
            assert server.answer(target, conditions)[0] == 304
        assert server.answer(target, {"If-None-Match": '"other"'})[0] == 200
    assert server.answer("/v1/forecast?latitude=x&longitude=1", {})[0] == 404
    assert server.answer("/else", {})[0] == 404


@pytest.mark.sockets
def test_a_fault_replaces_what_is_said(server: ProviderServer) -> None:
    server.faults = ProviderFaults(status=429, retry_after="120")
    assert server.answer(_METEO, {})[:2] == (429, {"Retry-After": "120"})
    server.faults = ProviderFaults(garbage=True)
    with pytest.raises(ValueError, match="Unterminated"):
        json.loads(server.answer(_METEO, {})[2])
    server.faults = ProviderFaults(deprecated=True)
    assert server.answer(_METEO, {})[0] == 203
    server.faults = ProviderFaults(gap_h=3)
    hourly = json.loads(server.answer(_METEO, {})[2])["hourly"]
    assert hourly["time"][6] - hourly["time"][5] == 4 * 3600
    server.faults = ProviderFaults(late_s=7200.0)
    assert json.loads(server.answer(_METEO, {})[2])["hourly"]["time"][0] == hourly["time"][0] - 7200
    server.faults = ProviderFaults(dst=True, units=True)
    answer = json.loads(server.answer(_METEO, {})[2])
    assert answer["hourly"]["time"][4] == answer["hourly"]["time"][5]
    assert answer["hourly_units"]["temperature_2m"] == "°F"


def test_faults_are_read_from_words_and_others_refused() -> None:
    words = ["status=503:60", "late=60", "gap=2", "slow=5", "garbage", "other-place"]
    assert read_faults(words) == ProviderFaults(
        status=503, retry_after="60", late_s=60.0, gap_h=2, slow_s=5.0, garbage=True, other_place=True
    )
    for word in ("status=99", "status", "late=-1", "gap=0", "noise", "slow=x", "status=nan"):
        with pytest.raises(SettingsError, match="is not a fault"):
            read_faults([word])
