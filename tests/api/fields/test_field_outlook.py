"""The weather to come at a field over HTTP: hours that suit an application, with whose forecast it is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from headland.registry.models.models import Field
from headland.registry.models.weather import ForecastPlace, ForecastProviderSetting
from headland.units_of_time import HOUR_MS
from tests.api.farm import NOW_MS
from tests.api.registry_api import RegistryApi, serve_registry
from tests.formats.weather.answers import ISSUED_MS, met_case


@pytest.fixture
def api(tmp_path: Path) -> Iterator[RegistryApi]:
    with serve_registry(tmp_path) as made:
        yield made


def field_of(api: RegistryApi) -> Field:
    field = api.repositories.fields.get(api.ids["fields"])
    return api.repositories.fields.change(msgspec.structs.replace(field, site=api.ids["sites"]))


def add_issue(api: RegistryApi, hours_ago: int) -> int:
    """Keep an issue for the site's place that was made so many hours ago, in this farm's days; return its instant."""
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
    farm = api.repositories.farms.get(api.repositories.sites.get(api.ids["sites"]).farm)
    assert farm.latitude_deg is not None
    assert farm.longitude_deg is not None
    place = ForecastPlace(latitude_deg=round(farm.latitude_deg, 2), longitude_deg=round(farm.longitude_deg, 2))
    at_ms = ISSUED_MS + shift_ms
    assert api.repositories.weather.add(
        msgspec.structs.replace(issue, asked=place, issued_ms=at_ms, fetched_ms=at_ms, series=series)
    )
    return at_ms


def test_the_hours_to_come_have_verdicts_and_the_windows_are_their_runs(api: RegistryApi) -> None:
    field = field_of(api)
    issued_ms = add_issue(api, 1)
    url = f"/v1/fields/{field.id}/forecast-window"
    told = api.client.get(url, params={"hours": 48}).json()
    assert (told["kind"], told["rainfast_h"], told["rainfast_known"], told["wind_height_m"]) == (
        "liquid",
        6,
        False,
        2.0,
    )
    assert (told["source"]["basis"], told["source"]["issued_ms"]) == ("provider", issued_ms)
    assert told["source"]["attribution"]["licence"] == "CC BY 4.0"
    hours = told["hours"]
    assert len(hours) == 48
    assert hours[0]["start_ms"] == NOW_MS // HOUR_MS * HOUR_MS
    assert {hour["state"] for hour in hours} <= {"go", "caution", "stop"}
    said = api.client.get(f"/v1/sites/{api.ids['sites']}/weather-forecast").json()
    wind = next(line for line in said["lines"] if line["channel"] == "wind_speed_m_s")
    at = wind["ends_ms"].index(hours[5]["start_ms"])
    assert hours[5]["wind_speed_m_s"] == pytest.approx(0.748 * sum(wind["values"][at : at + 2]) / 2, abs=0.01)
    for window in told["windows"]:
        inside = [hour for hour in hours if window["start_ms"] <= hour["start_ms"] < window["end_ms"]]
        assert len(inside) == window["hours"]
        assert {hour["state"] for hour in inside} == {"go"}
    assert sum(window["hours"] for window in told["windows"]) == sum(hour["state"] == "go" for hour in hours)
    spread = api.client.get(url, params={"kind": "granular", "hours": 24}).json()
    assert (spread["rainfast_h"], len(spread["hours"])) == (0, 24)
    asked = api.client.get(url, params={"rainfast_h": 1}).json()
    assert (asked["rainfast_h"], asked["rainfast_known"]) == (1, True)


def test_without_a_forecast_there_are_no_hours_and_the_answer_says_why(api: RegistryApi) -> None:
    field = field_of(api)
    url = f"/v1/fields/{field.id}/forecast-window"
    waiting = api.client.get(url).json()
    assert (waiting["source"]["basis"], waiting["source"]["reason"], waiting["hours"]) == ("nothing", "waiting", [])
    assert waiting["source"]["text_zh"]
    for setting in api.repositories.forecast_providers.all():
        api.repositories.forecast_providers.change(msgspec.structs.replace(setting, enabled=False))
    assert api.client.get(url).json()["source"]["reason"] == "off"
    assert isinstance(setting, ForecastProviderSetting)
    assert api.client.get("/v1/fields/nothing/forecast-window").status_code == 404


def test_the_outlook_has_frost_heat_blight_and_harvest_with_what_is_measured_and_what_is_forecast(
    api: RegistryApi,
) -> None:
    field = field_of(api)
    url = f"/v1/fields/{field.id}/weather-outlook"
    none = api.client.get(url).json()
    assert (none["source"]["reason"], none["frost"]["reason"]) == ("waiting", "no_forecast")
    assert (none["heat"]["reason"], none["heat"]["spells"]) == ("no_forecast", [])
    assert {day["reason"] for day in none["disease"]} == {"insufficient_data"}
    assert {day["state"] for day in none["harvest"]} == {"insufficient_data"}
    issued_ms = add_issue(api, 1)
    told = api.client.get(url).json()
    assert (told["source"]["basis"], told["source"]["issued_ms"]) == ("provider", issued_ms)
    frost = told["frost"]
    assert (frost["reason"], frost["limit_degc"], frost["offset_of"], frost["days"]) == (None, 0.0, "none", 0)
    assert frost["is_expected"] == (frost["chance"] >= 0.5)
    assert told["heat"]["reason"] is None
    assert told["heat"]["hours"] >= 50
    whole = [day for day in told["disease"] if day["forecast_h"] == 24]
    assert whole
    assert all(day["missing_h"] == 0 and day["humid_h"] is not None for day in whole)
    # The night before the second such day is forecast from its noon on.
    assert whole[-1]["severity"] is not None or len(whole) == 1
    assert told["disease"][0]["measured_h"] == 0
    assert {day["state"] for day in told["harvest"]} & {"go", "caution", "stop"}


def test_tonight_says_what_the_forecast_says_and_whose_it_is_and_else_as_yesterday(api: RegistryApi) -> None:
    field = field_of(api)

    def statements() -> dict[str, dict[str, object]]:
        cards = api.client.get("/v1/tonight", params={"kind": "field"}).json()["items"]
        card = next(card for card in cards if card["id"] == field.id)
        return {each["kind"]: each for each in card["statements"]}

    before = statements()
    assert {each["basis"] for each in before.values()} == {"as_yesterday"}
    source = before["frost"]["source"]
    assert isinstance(source, dict)
    assert (source["basis"], source["reason"]) == ("nothing", "waiting")


def test_tonight_rests_on_an_issue_that_is_there(api: RegistryApi) -> None:
    field = field_of(api)
    issued_ms = add_issue(api, 1)
    cards = api.client.get("/v1/tonight", params={"kind": "field"}).json()["items"]
    card = next(card for card in cards if card["id"] == field.id)
    told = {each["kind"]: each for each in card["statements"]}
    assert set(told) == {"frost", "spray_window", "spread_window"}
    for each in told.values():
        assert each["basis"] == "provider"
        assert each["source"]["issued_ms"] == issued_ms
        assert each["source"]["attribution"]["text_zh"]
    window = api.client.get(f"/v1/fields/{field.id}/forecast-window", params={"hours": 24}).json()
    longest = max(window["windows"], key=lambda each: each["hours"], default=None)
    assert told["spray_window"]["occurs"] == (longest is not None or bool(window["with_care"]))
    if longest is not None:
        assert told["spray_window"]["start_ms"] == longest["start_ms"]
    outlook = api.client.get(f"/v1/fields/{field.id}/weather-outlook").json()
    assert told["frost"]["value"] == outlook["frost"]["lowest_degc"]
    assert told["frost"]["record"]["chance"] == outlook["frost"]["chance"]
