"""Answers on samples that cannot be: null with a sentence and the change that mends them, through the store."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
import pytest

from headland.agronomy.climate.air import Thresholds
from headland.agronomy.series.clear_sky import clear_sky_w_m2
from headland.analysis.greenhouse.climate import ClimateQuery, HouseAnswers, answer_air, answer_light
from headland.analysis.greenhouse.crop_targets import load_crop_targets
from headland.analysis.greenhouse.house import House, HouseLocation
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.inputs.window import Window
from headland.analysis.weather.outdoor_weather import hourly_means
from headland.analysis.weather.site_weather import SiteWeather, answer_weather
from headland.contract.records import Descriptor
from headland.contract.sun import sine_of_elevation
from headland.store.memory import MemoryStore
from tests.api.farm import OWN, write_series
from tests.api.registry_api import fill_registry

STEP_MS, DAY_MS = 300_000, 86_400_000
#: Midnight of Zhengzhou, 1 June 2026; two days with half a day beside them.
START_MS = 1_780_243_200_000
TIME_MS = START_MS - DAY_MS // 2 + STEP_MS * np.arange(3 * 288, dtype=np.int64)
WINDOW = Window(START_MS, START_MS + 2 * DAY_MS)
ZHENGZHOU = HouseLocation(ZoneInfo("Asia/Shanghai"), True, 34.7, 113.6, 100.0)
_DAY = np.sin(2 * np.pi * (TIME_MS - START_MS - DAY_MS // 4) / DAY_MS)
SKY = clear_sky_w_m2(sine_of_elevation(TIME_MS.astype(np.float64), 34.7, 113.6, np))
HOUSE = {
    "air_temperature_degc": 9.0 + 6.0 * _DAY,
    "relative_humidity_pct": 75.0 - 12.0 * _DAY,
    "par_umol_m2_s": 1.1 * SKY,
}
STATION = {
    "air_temperature_degc": 24.0 + 6.0 * _DAY, "relative_humidity_pct": 55.0 - 15.0 * _DAY,
    "global_radiation_w_m2": 0.9 * SKY, "wind_speed_m_s": 2.5 + _DAY,
}  # fmt: skip
Ask = Callable[[ClimateQuery], HouseAnswers]


def house_answer(columns: dict[str, np.ndarray], place: HouseLocation, ask: Ask) -> HouseAnswers:
    store = MemoryStore()
    write_series(store, OWN, "wuhan", "greenhouse", "gh-a", TIME_MS, columns)
    house = House("gh-a", list(store.devices(OWN)), place, {})
    scope = OrgScope(store, None, OWN, int(TIME_MS[-1]))
    return ask(ClimateQuery(scope, house, WINDOW, "day", load_crop_targets()))


def weather_answer(columns: dict[str, np.ndarray], place: HouseLocation) -> SiteWeather:
    store = MemoryStore()
    write_series(store, OWN, "wuhan", "weather", "st", TIME_MS, columns)
    house = House("wuhan", list(store.devices(OWN)), place, {})
    return answer_weather(OrgScope(store, None, OWN, int(TIME_MS[-1])), house, WINDOW, Thresholds(10.0, 30.0), 2.0)


def light(query: ClimateQuery) -> HouseAnswers:
    return answer_light(query, None, None)


def test_the_light_of_a_place_is_summed_and_that_of_another_is_null_with_its_noon() -> None:
    right = house_answer(HOUSE, ZHENGZHOU, light)
    assert [day.answers["dli_mol_m2"].quality for day in right.periods] == [1, 1]
    assert right.left_out == []
    wrong = house_answer(HOUSE, replace(ZHENGZHOU, longitude_deg=-113.6), light)
    assert [day.answers["dli_mol_m2"].value for day in wrong.periods] == [None, None]
    assert {day.answers["dli_mol_m2"].coverage for day in wrong.periods} == {0.0}
    (told,) = wrong.left_out
    assert (told.test, told.cause) == ("sun", "longitude_sign")
    assert "wrong sign: noon by the light is at 20:5" in told.detail
    assert told.detail_zh == told.text_zh


def test_a_cool_house_in_fahrenheit_has_no_vpd_and_no_degree_days() -> None:
    assert house_answer(HOUSE, ZHENGZHOU, answer_air).periods[0].answers["vpd_kpa"].value is not None
    cool = {**HOUSE, "air_temperature_degc": 1.8 * HOUSE["air_temperature_degc"] + 32.0}
    answers = house_answer(cool, ZHENGZHOU, answer_air)
    assert {day.answers["vpd_kpa"].value for day in answers.periods} == {None}
    assert {(each.cause, each.left_out) for each in answers.left_out} == {("unit_fahrenheit", True)}


@pytest.mark.parametrize(
    ("place", "cause"),
    [
        (replace(ZHENGZHOU, latitude_deg=-62.0), "latitude_sign"),
        (replace(ZHENGZHOU, latitude_deg=-34.7), "latitude_sign"),
        (replace(ZHENGZHOU, longitude_deg=-113.6), "longitude_sign"),
    ],
)
def test_no_evapotranspiration_rests_on_the_sun_of_another_place(place: HouseLocation, cause: str) -> None:
    right = weather_answer(STATION, ZHENGZHOU)
    assert right.days[0][1]["et0_fao56_mm"].value is not None
    wrong = weather_answer(STATION, place)
    answers = wrong.days[0][1]
    assert all(answers[name].value is None for name in answers if name.startswith(("et", "radiation")))
    assert cause in {each.cause for each in wrong.left_out} or place.latitude_deg == -62.0
    assert any(each.left_out for each in wrong.left_out)


def test_the_mend_of_a_longitude_names_the_site_that_has_it(tmp_path: Path) -> None:
    registry, repositories, _ = fill_registry(tmp_path)
    site = next(each for each in repositories.sites.all() if each.name == "wuhan")
    site = repositories.sites.change(msgspec.structs.replace(site, latitude_deg=34.7, longitude_deg=-113.6))
    store = MemoryStore()
    write_series(store, OWN, "wuhan", "greenhouse", "gh-a", TIME_MS, HOUSE)
    house = House("gh-a", list(store.devices(OWN)), replace(ZHENGZHOU, longitude_deg=-113.6), {})
    scope = OrgScope(store, registry, OWN, int(TIME_MS[-1]))
    told = answer_light(ClimateQuery(scope, house, WINDOW, "day", load_crop_targets()), None, None).left_out
    registry.close()
    assert told[0].mend is not None
    assert (told[0].mend.target, told[0].mend.target_id, told[0].mend.after) == ("site", site.id, 113.6)


def test_hours_of_a_station_in_fahrenheit_are_left_out_for_spraying() -> None:
    store = MemoryStore()
    columns = {**STATION, "air_temperature_degc": 1.8 * STATION["air_temperature_degc"] + 32.0}
    write_series(store, OWN, "wuhan", "weather", "st", TIME_MS, columns)
    store.describe(OWN, "gw-1", Descriptor(device="st", kind="weather", site="wuhan", name="st"))
    records = list(store.devices(OWN))
    hourly = hourly_means(OrgScope(store, None, OWN, int(TIME_MS[-1])), records, ("temperature", "humidity"), WINDOW)
    assert hourly["temperature"].means == {}
    assert {each.cause for each in hourly["temperature"].findings} == {"unit_fahrenheit"}
    assert len(hourly["humidity"].means) == 48
