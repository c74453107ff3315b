"""Questions that samples raise, over HTTP: the light tells a wrong place, which a button mends or a person confirms."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest

from headland.agronomy.series.clear_sky import clear_sky_w_m2
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.inputs.window import Window
from headland.analysis.weather.outdoor_weather import Quantity, hourly_means
from headland.contract.sun import sine_of_elevation
from headland.registry.models.models import Farm, Greenhouse, Scope, Site
from headland.store.memory import MemoryStore
from headland.units_of_time import DAY_MS
from tests.api.auth.test_middleware import KeyedApi, serve_api
from tests.api.farm import NOW_MS, OWN, Columns, write_series
from tests.api.server import UNLIMITED, body_of

#: The site is in Cyprus. Its zone, UTC, is as near to the same longitude west: only the light tells.
LATITUDE_DEG, LONGITUDE_DEG = 34.7, 33.0
STEP_MS: Final = 300_000
TIME_MS = np.arange(NOW_MS - 4 * DAY_MS, NOW_MS, STEP_MS, dtype=np.int64)
DAY: Final = np.sin(2 * np.pi * (TIME_MS % DAY_MS / DAY_MS - 0.3))
SKY: Final = clear_sky_w_m2(sine_of_elevation(TIME_MS.astype(np.float64), LATITUDE_DEG, LONGITUDE_DEG, np))
HOUSE: Final[Columns] = {
    "air_temperature_degc": 17.0 + 6.0 * DAY,
    "relative_humidity_pct": 75.0 - 12.0 * DAY,
    "par_umol_m2_s": 1.1 * SKY,
}
STATION: Final[Columns] = {
    "air_temperature_degc": 16.0 + 6.0 * DAY, "relative_humidity_pct": 55.0 - 15.0 * DAY,
    "global_radiation_w_m2": 0.9 * SKY, "wind_speed_m_s": 2.5 + DAY,
}  # fmt: skip
WINDOW: Final = {"start": NOW_MS // DAY_MS * DAY_MS - 2 * DAY_MS, "end": NOW_MS // DAY_MS * DAY_MS}
DOUBTED: Final = ("target", "target_id", "cause", "value")


class DoubtedFarm:
    """An API on a farm with one site, of which it asks as a grower's page does."""

    def __init__(self, api: KeyedApi, store: MemoryStore) -> None:
        self.api, self.store = api, store

    def add_site(self, latitude_deg: float | None, longitude_deg: float | None, *, house: bool = True) -> str:
        repositories = self.api.repositories
        farm = repositories.farms.add(Farm(name="Limassol"))
        place = Site(
            farm=farm.id, name="slope", time_zone="UTC", latitude_deg=latitude_deg, longitude_deg=longitude_deg
        )
        site = repositories.sites.add(place).id
        if house:
            repositories.greenhouses.add(Greenhouse(farm=farm.id, site=site, name="gh-1"))
        return site

    def get(self, path: str, **query: Any) -> Any:
        return body_of(self.api.ask("GET", path, Scope.READ, params=query))

    def doubts(self, **query: Any) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = self.get("/v1/doubts", **query)["items"]
        return items

    def confirm(self, question: dict[str, Any], scope: Scope = Scope.ADMIN) -> int:
        said = {**{name: question[name] for name in DOUBTED}, "author": "李娜"}
        return self.api.ask("POST", "/v1/confirmations", scope, json=said).status_code

    def mend(self, question: dict[str, Any], scope: Scope = Scope.ADMIN) -> int:
        """Make all changes of a question by the record's own route, as the button of the page does."""
        path = f"/v1/{question['target']}s/{question['target_id']}"
        changes = {change["field"]: change["after"] for change in question["changes"]}
        return self.api.ask("PUT", path, scope, json={**self.get(path), **changes}).status_code

    def dli(self) -> list[dict[str, Any]]:
        days = self.get("/v1/greenhouses/gh-1/light", **WINDOW)["items"]
        return [day["answers"]["dli_mol_m2"] for day in days]

    def weather(self) -> Any:
        return self.get("/v1/sites/slope/weather", **WINDOW)

    def hours(self, quantity: Quantity) -> dict[int, float]:
        """Return the hourly means of a quantity outdoors, with which spraying and the forecast are judged."""
        scope = OrgScope(self.store, self.api.registry, OWN, NOW_MS)
        window = Window(WINDOW["start"], WINDOW["end"])
        return hourly_means(scope, self.store.devices(OWN), (quantity,), window)[quantity].means

    def causes(self) -> set[str | None]:
        """Return the causes of all findings about house and station."""
        light, weather = self.get("/v1/greenhouses/gh-1/light", **WINDOW), self.weather()
        health = self.get("/v1/greenhouses/gh-1/data-quality", **WINDOW)["devices"]
        of_health = [each for device in health for channel in device["channels"] for each in channel["findings"]]
        return {each["cause"] for each in (*light["left_out"], *weather["left_out"], *of_health)} - {None}


def write(store: MemoryStore, *, house: Columns | None = None, station: Columns | None = None) -> None:
    if house is not None:
        write_series(store, OWN, "slope", "greenhouse", "gh-1", TIME_MS, house)
    if station is not None:
        write_series(store, OWN, "slope", "weather", "st", TIME_MS, station)


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def farm(tmp_path: Path, store: MemoryStore) -> Iterator[DoubtedFarm]:
    with serve_api(tmp_path, store, limits=UNLIMITED) as api:
        yield DoubtedFarm(api, store)


def test_a_longitude_that_the_light_contradicts_is_one_question_and_its_change_gives_the_answers(
    farm: DoubtedFarm, store: MemoryStore
) -> None:
    write(store, house=HOUSE, station=STATION)
    site = farm.add_site(LATITUDE_DEG, -LONGITUDE_DEG)
    (question,) = farm.doubts()
    assert [question[name] for name in DOUBTED[:3]] == ["site", site, "longitude_sign"]
    assert "longitude -33 has the wrong sign" in question["text"]
    assert "场区经度 -33 的正负号错误" in question["text_zh"]
    assert question["effect"]
    assert question["effect_zh"]
    assert question["changes"] == [{"field": "longitude_deg", "before": -33.0, "after": 33.0}]
    assert question["remedy"] is None
    # What rests on the place is null, and says so.
    assert [(day["value"], day["coverage"]) for day in farm.dli()] == [(None, 0.0)] * 2
    weather = farm.weather()
    assert [day["answers"]["radiation_mj_m2"]["value"] for day in weather["items"]] == [None, None]
    assert [name for day in weather["items"] for name in day["answers"] if name.startswith("et")] == []
    assert weather["notes"]["place"].startswith(question["text"])
    assert weather["notes_zh"]["place"].startswith(question["text_zh"])
    # The light of a house has another noon, and behind a cover its length does not tell the hemisphere.
    assert farm.causes() == {"longitude_sign", "place_swapped"}
    # Who only reads changes nothing.
    assert farm.mend(question, Scope.READ) == 403
    assert farm.confirm(question, Scope.READ) == 403
    assert farm.doubts() == [question]

    assert farm.mend(question) == 200
    assert farm.doubts(answered=True) == []
    assert farm.causes() == set()
    assert [(day["value"] > 1.0, day["coverage"], day["quality"]) for day in farm.dli()] == [(True, 1.0, 1)] * 2
    weather = farm.weather()
    assert all(day["answers"]["et0_fao56_mm"]["value"] > 0.3 for day in weather["items"])
    assert "place" not in weather["notes"] | weather["notes_zh"]


def test_a_longitude_that_a_person_confirmed_is_believed_everywhere_until_the_word_is_taken_back(
    farm: DoubtedFarm, store: MemoryStore
) -> None:
    write(store, house=HOUSE, station=STATION)
    farm.add_site(LATITUDE_DEG, -LONGITUDE_DEG)
    (question,) = farm.doubts()
    assert farm.confirm(question) == 201
    assert farm.doubts() == []
    assert farm.causes() == set()
    assert [day["coverage"] for day in farm.dli()] == [1.0, 1.0]
    weather = farm.weather()
    assert "place" not in weather["notes"]
    assert all(day["answers"]["et0_fao56_mm"]["value"] > 0.3 for day in weather["items"])
    (answered,) = farm.doubts(answered=True)
    assert answered["confirmed"]["author"] == "李娜"
    path = f"/v1/confirmations/{answered['confirmed']['id']}"
    assert farm.api.ask("DELETE", path, Scope.ADMIN, params={"version": 1}).status_code == 204
    assert farm.doubts() == [question]
    assert farm.causes() == {"longitude_sign", "place_swapped"}


def test_what_a_person_answered_is_listed_after_the_samples_were_judged_again(
    farm: DoubtedFarm, store: MemoryStore
) -> None:
    """The answer comes before anybody asked for the questions, as after an hour."""
    write(store, house=HOUSE)
    site = farm.add_site(LATITUDE_DEG, -LONGITUDE_DEG)
    said = {"target": "site", "target_id": site, "cause": "longitude_sign", "value": "longitude_deg -33.0"}
    assert farm.confirm(said) == 201
    assert farm.doubts() == []
    assert [each["confirmed"]["author"] for each in farm.doubts(answered=True)] == ["李娜"]


def test_latitude_and_longitude_that_the_light_shows_exchanged_are_mended_together(
    farm: DoubtedFarm, store: MemoryStore
) -> None:
    time_ms = TIME_MS.astype(np.float64)
    sky = clear_sky_w_m2(sine_of_elevation(time_ms, -20.0, 30.0, np))
    write(store, station={"global_radiation_w_m2": 0.9 * sky})
    site = farm.add_site(30.0, -20.0, house=False)
    (question,) = farm.doubts()
    assert [question[name] for name in DOUBTED[:3]] == ["site", site, "place_swapped"]
    assert question["changes"] == [
        {"field": "latitude_deg", "before": 30.0, "after": -20.0},
        {"field": "longitude_deg", "before": -20.0, "after": 30.0},
    ]
    assert farm.mend(question) == 200
    mended = farm.api.repositories.sites.get(site)
    assert (mended.latitude_deg, mended.longitude_deg, mended.version) == (-20.0, 30.0, 2)
    assert farm.doubts(answered=True) == []


def test_a_station_in_fahrenheit_is_asked_about_with_a_remedy_and_no_change_and_believed_when_confirmed(
    farm: DoubtedFarm, store: MemoryStore
) -> None:
    write(store, station={**STATION, "air_temperature_degc": 48.2 + 10.8 * DAY})
    farm.add_site(LATITUDE_DEG, LONGITUDE_DEG, house=False)
    (question,) = farm.doubts()
    assert [question[name] for name in DOUBTED[:3]] == ["channel", "st/air_temperature_degc", "unit_fahrenheit"]
    assert question["changes"] == []
    for language in ("remedy", "remedy_zh"):
        assert "sources.toml" in question[language]
        assert 'unit = "°F"' in question[language]
    assert farm.weather()["items"][0]["answers"]["temperature_degc"]["value"] is None
    assert farm.hours("temperature") == {}
    assert farm.confirm(question) == 201
    assert farm.doubts() == []
    assert farm.weather()["items"][0]["answers"]["temperature_degc"]["value"] == pytest.approx(48.2, abs=1.0)
    assert len(farm.hours("temperature")) == 48
