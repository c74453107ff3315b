"""Rules on the weather to come over HTTP: what they say now, what is refused, and their preview by past issues."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import numpy as np
import pytest

from headland.registry.models.models import Farm, Site
from headland.registry.models.weather import ForecastIssue, ForecastProviderSetting
from headland.registry.registry import open_registry
from headland.registry.repositories.organisation_repositories import OrganisationRepositories
from headland.store.memory import MemoryStore
from headland.units_of_time import DAY_MS, HOUR_MS, MINUTE_MS
from tests.api.farm import OWN, write_series
from tests.api.server import body_of, own_app, serve
from tests.formats.weather.answers import met_case

ISSUE: ForecastIssue = met_case(hours=72).issue()
NOW_MS = ISSUE.fetched_ms + 3 * HOUR_MS
COLD: dict[str, Any] = {
    "name": "cold-to-come",
    "any_of": [[{"what": "air_temperature_degc", "below": 100.0, "within_h": 12, "chance_pct": 30}]],
}


class ForecastApi:
    """The API of a farm with one site, whose provider has said one issue."""

    def __init__(self, client: httpx.Client, repositories: OrganisationRepositories, store: MemoryStore) -> None:
        self.client, self.repositories, self.store = client, repositories, store

    def post(self, path: str, body: Any, status: int = 200, **query: Any) -> Any:
        return body_of(self.client.post(path, json=body, params=query), status)

    def standing(self) -> Any:
        (item,) = body_of(self.client.get("/v1/forecast-rules"))["items"]
        return item


@pytest.fixture
def api(tmp_path: Path) -> Iterator[ForecastApi]:
    registry = open_registry(f"sqlite:///{tmp_path}/registry.sqlite", lambda: NOW_MS)
    repositories = registry.repositories(registry.add_organisation(OWN, "Our farm", "test").id, "test")
    farm = repositories.farms.add(Farm(name="Home"))
    place = (119.1686, 31.9534)
    repositories.sites.add(
        Site(farm=farm.id, name="home", time_zone="Asia/Shanghai", longitude_deg=place[0], latitude_deg=place[1])
    )
    repositories.forecast_providers.add(ForecastProviderSetting(provider="met-norway", enabled=True))
    repositories.weather.add(ISSUE)
    store = MemoryStore()
    with serve(own_app(store, now_ms=lambda: NOW_MS, registry=registry)) as client:
        yield ForecastApi(client, repositories, store)
    registry.close()


def test_a_rule_says_what_the_forecast_says_now_with_its_source_and_licence(api: ForecastApi) -> None:
    assert body_of(api.client.get("/v1/forecast-rules")) == {"items": []}
    rule = api.post("/v1/alarm-rules", COLD, 201)
    said = api.standing()
    assert (said["rule"], said["site"], said["state"], said["reason"]) == (rule["id"], "home", "beyond", None)
    forecast = said["forecast"]
    assert (forecast["chance_pct"], forecast["least_chance_pct"], forecast["basis"]) == (100.0, 30.0, "provider")
    assert forecast["low"] < said["value"] < forecast["high"]
    assert (forecast["issued_ms"], forecast["title"]) == (ISSUE.issued_ms, "MET Norway Locationforecast 2.0")
    assert forecast["attribution"]["text"] == ISSUE.attribution.text
    assert NOW_MS - HOUR_MS <= forecast["start_ms"] < NOW_MS + 12 * HOUR_MS


def test_a_rule_that_cannot_be_judged_says_why(api: ForecastApi) -> None:
    api.post("/v1/alarm-rules", COLD, 201)
    (setting,) = api.repositories.forecast_providers.all()
    api.repositories.forecast_providers.change(msgspec.structs.replace(setting, enabled=False))
    said = api.standing()
    assert (said["state"], said["reason"], said["forecast"], said["value"]) == ("unknown", "off", None, None)
    assert "administrator" in said["text"]
    assert "管理员" in said["text_zh"]


def test_a_disabled_rule_and_a_rule_on_measured_values_have_no_standing(api: ForecastApi) -> None:
    api.post("/v1/alarm-rules", {**COLD, "enabled": False}, 201)
    api.post("/v1/alarm-rules", {"name": "heat", "any_of": [[{"what": "air_temperature_degc", "above": 30}]]}, 201)
    assert body_of(api.client.get("/v1/forecast-rules")) == {"items": []}


@pytest.mark.parametrize(
    ("test", "more", "sentence"),
    [
        ({"what": "vpd_kpa", "above": 1, "within_h": 12}, {}, "No forecast has 'vpd_kpa'"),
        ({"what": "air_temperature_degc", "below": 1, "chance_pct": 30}, {}, "give within_h, too"),
        ({"what": "precipitation_chance_pct", "above": 60, "within_h": 6, "chance_pct": 30}, {}, "is a chance itself"),
        ({"what": "wind_gust_m_s", "above": 15, "within_h": 6, "device": "wx-1"}, {}, "has no hours"),
        ({"what": "wind_gust_m_s", "above": 15, "within_h": 6}, {"device": "wx-1"}, "is for sites"),
        ({"what": "wind_gust_m_s", "above": 15, "within_h": 6}, {"kind": "weather"}, "is for sites"),
    ],
)
def test_a_rule_that_no_forecast_can_answer_is_refused_with_a_sentence(
    api: ForecastApi, test: dict[str, Any], more: dict[str, Any], sentence: str
) -> None:
    body = {"name": "coming", "any_of": [[test]], **more}
    assert sentence in api.post("/v1/alarm-rules", body, 400)["detail"]


def test_a_rule_on_a_forecast_and_on_measured_values_is_refused(api: ForecastApi) -> None:
    measured = {"what": "air_temperature_degc", "below": 2}
    body = {**COLD, "any_of": [[*COLD["any_of"][0], measured]]}
    assert "write two rules" in api.post("/v1/alarm-rules", body, 400)["detail"]


def test_a_draft_is_tried_on_the_issues_that_are_kept_and_on_what_was_measured(api: ForecastApi) -> None:
    times = np.arange(NOW_MS - 2 * DAY_MS, NOW_MS, 5 * MINUTE_MS)
    columns = {"air_temperature_degc": np.full(len(times), 3.0)}
    write_series(api.store, OWN, "home", "weather", "wx-1", times, columns)
    window = {"start": NOW_MS - DAY_MS, "end": NOW_MS + 1}
    told = api.post("/v1/alarm-rules/replay", COLD, **window)
    (site,) = told["devices"]
    assert (site["device"], site["reason"], told["alarms"]) == ("home", None, 1)
    preview = site["forecast"]
    # Only the last three hours have an issue that was known then; all that was measured is below 100 °C.
    assert (preview["judged"], preview["issues"], preview["every_h"]) == (3, 1, 1)
    assert (preview["hits"], preview["false_alarms"], preview["missed"], preview["lead_h"]) == (1, 0, 0, 0.0)
    assert site["alarms"][0]["forecast"]["issued_ms"] == ISSUE.issued_ms
    frost = {**COLD, "any_of": [[{"what": "air_temperature_degc", "below": -50.0, "within_h": 12, "chance_pct": 30}]]}
    assert api.post("/v1/alarm-rules/replay", frost, **window)["alarms"] == 0


def test_a_preview_on_hours_without_an_issue_says_that_too_little_is_known(api: ForecastApi) -> None:
    window = {"start": NOW_MS - 5 * DAY_MS, "end": NOW_MS - 2 * DAY_MS}
    (site,) = api.post("/v1/alarm-rules/replay", COLD, **window)["devices"]
    assert (site["judged"], site["reason"], site["forecast"]["not_judged"]) == (0, "insufficient_data", 72)
