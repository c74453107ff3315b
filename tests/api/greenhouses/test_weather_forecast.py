"""The route of the weather to come: by site, with its source and age, and what was said before."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from headland.formats.weather.providers import PROVIDERS
from headland.network.polite_requests import RequestState
from headland.registry.models.weather import ForecastPlace
from headland.registry.repositories.weather import name_of_place
from headland.units_of_time import DAY_MS, HOUR_MS
from tests.api.farm import NOW_MS
from tests.api.registry_api import RegistryApi, serve_registry
from tests.formats.weather.answers import ISSUED_MS, met_case


@pytest.fixture
def api(tmp_path: Path) -> Iterator[RegistryApi]:
    with serve_registry(tmp_path) as made:
        yield made


def add_issue(api: RegistryApi, hours_ago: int) -> None:
    """Keep an issue for the site's place that was made and read so many hours ago, in this farm's days."""
    issue = met_case().issue()
    shift_ms = NOW_MS // HOUR_MS * HOUR_MS - hours_ago * HOUR_MS - ISSUED_MS
    series = tuple(
        msgspec.structs.replace(
            each,
            starts_ms=tuple(time_ms + shift_ms for time_ms in each.starts_ms),
            ends_ms=tuple(time_ms + shift_ms for time_ms in each.ends_ms),
        )
        for each in issue.series
    )
    site = api.repositories.sites.get(api.ids["sites"])
    assert site.latitude_deg is None
    farm = api.repositories.farms.get(site.farm)
    assert farm.latitude_deg is not None
    assert farm.longitude_deg is not None
    place = ForecastPlace(latitude_deg=round(farm.latitude_deg, 2), longitude_deg=round(farm.longitude_deg, 2))
    at_ms = ISSUED_MS + shift_ms
    api.repositories.weather.add(
        msgspec.structs.replace(issue, asked=place, issued_ms=at_ms, fetched_ms=at_ms, series=series)
    )


def test_a_site_s_forecast_has_its_source_age_and_steps(api: RegistryApi) -> None:
    url = f"/v1/sites/{api.ids['sites']}/weather-forecast"
    waiting = api.client.get(url).json()
    assert (waiting["reason"], waiting["title"]) == ("waiting", "MET Norway Locationforecast 2.0")
    # What the provider is told of the place, before it is told.
    farm = api.repositories.farms.get(api.repositories.sites.get(api.ids["sites"]).farm)
    assert farm.latitude_deg is not None
    assert waiting["asked"]["latitude_deg"] == round(farm.latitude_deg, 2)
    add_issue(api, 30)
    add_issue(api, 2)
    told = api.client.get(url).json()
    assert (told["basis"], told["provider"], told["model"]) == ("provider", "met-norway", "complete")
    assert told["attribution"]["licence"] == "CC BY 4.0"
    assert told["text"].startswith("MET Norway Locationforecast 2.0: issued 2 h")
    temperature = next(
        line for line in told["lines"] if line["channel"] == "air_temperature_degc" and line["aggregation"] == "instant"
    )
    assert temperature["unit"] == "degC"
    assert told["text_zh"].startswith("挪威气象研究所（MET Norway Locationforecast 2.0）：2 小时")
    assert told["next_ms"] is None  # nobody has asked: the issues were put there
    assert temperature["ends_ms"][0] > NOW_MS
    assert temperature["leads_h"][0] == pytest.approx((temperature["ends_ms"][0] - told["issued_ms"]) / HOUR_MS)
    assert len(temperature["quantiles"]["10"]) == len(temperature["values"]) > 40
    yesterday = api.client.get(url, params={"at": NOW_MS - DAY_MS}).json()
    assert yesterday["issued_ms"] == told["issued_ms"] - 28 * HOUR_MS
    nobody = api.client.get(url, params={"at": NOW_MS - 40 * HOUR_MS}).json()
    assert (nobody["basis"], nobody["lines"]) == ("nothing", [])
    some = api.client.get(url, params={"start": NOW_MS + DAY_MS, "end": NOW_MS + DAY_MS + 3 * HOUR_MS}).json()
    assert {len(line["values"]) for line in some["lines"]} <= {1, 2, 3}


def test_a_site_s_forecast_says_when_the_station_asks_again_and_not_of_the_past(api: RegistryApi) -> None:
    url = f"/v1/sites/{api.ids['sites']}/weather-forecast"
    add_issue(api, 30)
    add_issue(api, 2)
    asked = api.client.get(url).json()["asked"]
    place = name_of_place(ForecastPlace(latitude_deg=asked["latitude_deg"], longitude_deg=asked["longitude_deg"]))
    state = RequestState(asked_ms=NOW_MS - HOUR_MS, good_ms=NOW_MS - HOUR_MS, next_ms=NOW_MS + 600_000)
    api.repositories.weather.save_state("met-norway", place, msgspec.to_builtins(state), NOW_MS)
    assert api.client.get(url).json()["next_ms"] == NOW_MS + 600_000
    assert api.client.get(url, params={"at": NOW_MS - DAY_MS}).json()["next_ms"] is None


def test_the_hours_to_come_are_those_of_the_issue_that_was_known_at_an_instant(api: RegistryApi) -> None:
    url = f"/v1/sites/{api.ids['sites']}/weather-forecast"
    nothing = api.client.get(f"{url}/hours").json()
    assert (nothing["basis"], nothing["reason"], nothing["hours"]) == ("nothing", "waiting", [])
    add_issue(api, 30)
    add_issue(api, 2)
    told, hours = api.client.get(url).json(), api.client.get(f"{url}/hours", params={"hours": 24}).json()
    assert (hours["issued_ms"], hours["attribution"]) == (told["issued_ms"], told["attribution"])
    first_ms = NOW_MS // HOUR_MS * HOUR_MS
    assert [each["start_ms"] for each in hours["hours"]] == [first_ms + at * HOUR_MS for at in range(24)]
    before = api.client.get(f"{url}/hours", params={"at": NOW_MS - DAY_MS}).json()
    assert before["issued_ms"] == told["issued_ms"] - 28 * HOUR_MS
    assert before["hours"][0]["start_ms"] == first_ms - DAY_MS
    assert api.client.get("/v1/sites/nowhere/weather-forecast/hours").status_code == 404


def test_the_record_of_a_forecast_without_a_station_says_that_nothing_measures(api: RegistryApi) -> None:
    url = f"/v1/sites/{api.ids['sites']}/weather-forecast/record"
    nothing = api.client.get(url).json()
    assert (nothing["reason"], nothing["quantities"]) == ("waiting", [])
    add_issue(api, 30)
    add_issue(api, 2)
    told = api.client.get(url).json()
    assert [each["quantity"] for each in told["quantities"]] == ["temperature_degc", "humidity_pct", "wind_speed_m_s"]
    assert {each["state"] for each in told["quantities"]} == {"no_station"}
    assert all("no station" in each["text"] and "没有室外实测" in each["text_zh"] for each in told["quantities"])
    assert told["window"]["end_ms"] - told["window"]["start_ms"] == 30 * DAY_MS
    assert told["attribution"]["licence"] == "CC BY 4.0"
    assert api.client.get("/v1/sites/nowhere/weather-forecast/record").status_code == 404


def test_every_provider_that_can_be_chosen_says_what_leaves_the_station(api: RegistryApi) -> None:
    kinds = {each["name"]: each for each in api.client.get("/v1/forecast-providers/catalog").json()["items"]}
    assert kinds.keys() >= set(PROVIDERS)
    for name, provider in PROVIDERS.items():
        told = kinds[name]
        assert (told["decimals"], told["needs_key"]) == (provider.decimals, provider.needs_key)
        assert told["attribution"] == msgspec.to_builtins(provider.attribution)
        assert told["title"]
        assert told["title_zh"]
    # Of files in a folder nobody is asked.
    assert kinds["files"]["host"] == ""
    assert kinds["qweather"]["title_zh"] == "和风天气（QWeather）"


def test_an_unknown_site_and_a_provider_s_bad_address_are_refused_with_the_remedy(api: RegistryApi) -> None:
    assert api.client.get("/v1/sites/nowhere/weather-forecast").status_code == 404
    body = {"provider": "open-meteo", "enabled": True}
    hosts = {"http://169.254.169.254": 400, "https://w.example/path": 400, "https://a:b@w.example": 400, "x": 400}
    for url, status in hosts.items():
        assert api.client.post("/v1/forecast-providers", json={**body, "url": url}).status_code == status, url
    chinese = {"Accept-Language": "zh"}
    refused = api.client.post("/v1/forecast-providers", json={**body, "contact": "张"}, headers=chinese)
    assert refused.status_code == 400
    assert refused.json()["detail"] == "联系方式只能用可打印的 ASCII 字符，请填写邮箱或网页地址。"
    assert api.client.post("/v1/forecast-providers", json=body).status_code == 201
    assert api.client.post("/v1/forecast-providers", json=body).status_code == 409
