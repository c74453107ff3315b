"""Greenhouse analytics over HTTP: periods, places, crops, missing data and refusals."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import msgspec
import numpy as np
import pytest

from headland.agronomy.climate.exchange import co2_g_m3, condensed_g_m2_h
from headland.agronomy.climate.psychrometrics import absolute_humidity_g_m3
from headland.agronomy.climate.surface_estimates import estimate_cover_degc
from headland.agronomy.series.clear_sky import clear_sky_w_m2
from headland.analysis.greenhouse.house import HouseLocation, hour_starts
from headland.analysis.greenhouse.overview_answer import OverviewAnswer
from headland.analysis.inputs.window import Window
from headland.contract.records import ChannelInfo, Descriptor
from headland.contract.sun import sine_of_elevation
from headland.store.memory import MemoryStore
from tests.api.farm import OWN, write_series
from tests.api.registry_api import fill_registry, serve_registry
from tests.api.server import own_app, serve

#: 2026-03-01 00:00 in Shanghai, UTC+8.
START_MS = 1_772_294_400_000
HOUR_MS, DAY_MS = 3_600_000, 86_400_000
DAYS = 12
END_MS = START_MS + DAYS * DAY_MS
STEP_MS = 300_000
TIME_MS = START_MS + STEP_MS * np.arange(DAYS * DAY_MS // STEP_MS)
DAY = (TIME_MS - START_MS) / DAY_MS
WAVE = np.sin(2 * np.pi * (DAY - 0.3))
SUN = np.maximum(np.sin(2 * np.pi * (DAY - 0.25)), 0.0)
RANDOM = np.random.default_rng(11)


def house_columns(shift_k: float = 0.0) -> dict[str, np.ndarray]:
    air = 19.0 + 5.0 * WAVE + shift_k + RANDOM.normal(0, 0.05, len(DAY))
    return {
        "air_temperature_degc": air,
        "relative_humidity_pct": 75.0 - 15.0 * WAVE + RANDOM.normal(0, 0.3, len(DAY)),
        "par_umol_m2_s": 500.0 * SUN,
        "heating_setpoint_degc": np.full(len(DAY), 16.0),
        "vent_open_pct": np.where(WAVE > 0.5, 40.0, 0.0),
        "heating_power_w_m2": np.where(WAVE < 0.0, 50.0, 0.0),
        "irrigation_volume_total_l": 1000.0 + 400.0 * DAY,
        "drain_volume_total_l": 300.0 + 100.0 * DAY,
        "irrigation_ec_ms_cm": np.full(len(DAY), 2.0),
        "drain_ec_ms_cm": np.full(len(DAY), 4.0),
        "outside_temperature_degc": 8.0 + 4.0 * WAVE,
        "outside_humidity_pct": 70.0 + RANDOM.normal(0, 0.5, len(DAY)),
        "global_radiation_w_m2": 400.0 * SUN,
        "wind_speed_m_s": np.full(len(DAY), 2.0),
    }


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[httpx.Client, dict[str, str]]]:
    registry, repositories, ids = fill_registry(tmp_path_factory.mktemp("registry"))
    greenhouse = repositories.greenhouses.get(ids["greenhouses"])
    repositories.greenhouses.change(msgspec.structs.replace(greenhouse, cover="film"))
    store = MemoryStore()
    for device, shift in (("gh-a", 0.0), ("gh-b", 1.0)):
        write_series(store, OWN, "wuhan", "greenhouse", device, TIME_MS, house_columns(shift))
        told = Descriptor(
            device=device, kind="greenhouse", site="wuhan", name=device, latitude_deg=30.55, longitude_deg=114.35,
            altitude_m=25.0, channels={"co2_ppm": ChannelInfo(unit="ppm", interval_s=60.0)},
        )  # fmt: skip
        store.describe(OWN, "gw-1", told)
        device_record = repositories.record_descriptor("gw-1", told)
        repositories.devices.change(msgspec.structs.replace(device_record, zone=ids["zones"]))
    write_series(
        store,
        OWN,
        "moor",
        "greenhouse",
        "gh-c",
        TIME_MS,
        {**house_columns(), "co2_ppm": 600.0 + RANDOM.normal(0, 2, len(DAY))},
    )
    write_series(
        store, OWN, "moor", "greenhouse", "gh-nowhere", TIME_MS[-300:], {"air_temperature_degc": np.full(300, 20.0)}
    )
    app = own_app(store, now_ms=lambda: END_MS, registry=registry)
    with serve(app) as client:
        yield client, ids
    registry.close()


def ask(known: tuple[httpx.Client, dict[str, str]], about: str, house: str = "gh-a", **params: Any) -> Any:
    response = known[0].get(
        f"/v1/greenhouses/{house}/{about}", params={"start": START_MS, "end": END_MS, **params}
    )  # fmt: skip
    assert response.status_code == 200, response.text
    return response.json()


def values(body: Any, name: str) -> list[Any]:
    return [item["answers"][name]["value"] for item in body["items"]]


Known = tuple[httpx.Client, dict[str, str]]


def test_days_are_those_of_the_sites_time_zone(known: Known) -> None:
    body = ask(known, "climate", by="day")
    assert (body["time_zone"], body["time_zone_known"], body["crop"]) == ("Asia/Shanghai", True, "tomato")
    assert len(body["items"]) == DAYS
    assert body["items"][0]["window"] == {"start_ms": START_MS, "end_ms": START_MS + DAY_MS}
    assert values(body, "air_temperature_degc")[3] == pytest.approx(19.0, abs=0.05)
    assert values(body, "degree_days_average")[3] == pytest.approx(9.0, abs=0.1)
    assert values(body, "dif_degc")[3] > 4.0
    assert body["targets"]["vpd_kpa"]["crop"] == "tomato"
    assert body["items"][3]["levels"]["vpd_kpa"] in ("below", "within", "above")


def test_without_by_the_window_is_one_period_whose_answers_are_also_at_the_top(known: Known) -> None:
    start_ms, end_ms = START_MS + 3 * DAY_MS, START_MS + 4 * DAY_MS
    body = ask(known, "climate", start=start_ms, end=end_ms)
    day = ask(known, "climate", start=start_ms, end=end_ms, by="day")
    (period,) = body["items"]
    assert (body["by"], period["window"]) == ("window", {"start_ms": start_ms, "end_ms": end_ms})
    for name in ("vpd_kpa", "dew_point_degc", "humidity_deficit_g_m3"):
        assert body[name] == period["answers"][name] == day["items"][0]["answers"][name]
        assert (body[name]["method"]["version"], day[name]) == (2, None)
    assert "degree_days_average" not in period["answers"]


def test_without_by_all_devices_of_a_registry_greenhouse_are_in_the_one_period(known: Known) -> None:
    body = ask(known, "climate", known[1]["greenhouses"], start=START_MS + 3 * DAY_MS, end=START_MS + 4 * DAY_MS)
    assert (body["devices"], len(body["items"])) == (["gh-a", "gh-b"], 1)
    assert body["items"][0]["answers"]["air_temperature_degc"]["value"] == pytest.approx(19.5, abs=0.05)


def test_samples_before_a_window_that_begins_within_a_step_are_not_used(known: Known) -> None:
    start_ms = START_MS + 3 * DAY_MS
    whole = ask(known, "climate", start=start_ms, end=start_ms + 600_000)["vpd_kpa"]
    part = ask(known, "climate", start=start_ms + 1, end=start_ms + 600_000)["vpd_kpa"]
    assert part["window"] == {"start_ms": start_ms + 1, "end_ms": start_ms + 600_000}
    assert (part["n"], whole["n"]) == (1, 2)


def test_a_house_without_a_site_has_the_days_of_the_only_zone_of_the_farm(known: Known) -> None:
    body = ask(known, "climate", "gh-nowhere", by="day")
    assert (body["time_zone"], body["time_zone_known"]) == ("Asia/Shanghai", True)
    assert body["items"][2]["answers"]["vpd_kpa"]["reason"] == "insufficient_data"


def test_a_greenhouse_of_the_registry_is_all_of_its_devices(known: Known) -> None:
    body = ask(known, "climate", known[1]["greenhouses"], by="day")
    assert body["devices"] == ["gh-a", "gh-b"]
    assert values(body, "air_temperature_degc")[3] == pytest.approx(19.5, abs=0.05)
    assert ask(known, "climate", known[1]["greenhouses"], zone="east", by="hour")["crop"] == "tomato"
    response = known[0].get(f"/v1/greenhouses/{known[1]['greenhouses']}/light", params={"zone": "west"})
    assert (response.status_code, response.json()["type"]) == (404, "urn:headland:problem:unknown-zone")


def test_the_light_of_a_day_is_its_integral_by_the_sensor_that_is_there(known: Known) -> None:
    body = ask(known, "light")
    # A half wave of 500 umol/m2/s over 12 h: 500 * 43,200 * 2 / pi / 1e6 mol/m2.
    assert values(body, "dli_mol_m2")[5] == pytest.approx(500 * 43_200 * 2 / np.pi / 1e6, rel=0.01)
    assert values(body, "photoperiod_h")[5] == pytest.approx(12.0, abs=0.25)
    assert body["items"][5]["levels"]["dli_mol_m2"] == "below"
    assert body["notes"]["light"] == "from the PAR sensor in the house"
    assert body["notes_zh"]["light"] == "温室内光量子传感器实测"
    assert values(body, "light_24_h_mol_m2")[0] is not None


def test_the_light_of_a_day_under_way_is_not_yet_too_little(known: Known) -> None:
    whole = ask(known, "light")
    noon_ms = whole["items"][5]["window"]["start_ms"] + DAY_MS // 2
    so_far = ask(known, "light", end=noon_ms)["items"]
    assert so_far[5]["answers"]["dli_mol_m2"]["value"] < whole["items"][5]["answers"]["dli_mol_m2"]["value"]
    assert "dli_mol_m2" not in so_far[5]["levels"]
    assert so_far[4]["levels"]["dli_mol_m2"] == "below"


def test_light_that_is_not_measured_is_not_guessed(known: Known) -> None:
    body = ask(known, "light", "gh-nowhere")
    assert body["notes"]["light"] == "No light is measured."
    assert body["items"][0]["answers"] == {}


def test_estimated_surfaces_are_marked_as_estimated(known: Known) -> None:
    body = ask(known, "condensation")
    assert all(body["notes"][surface].startswith("estimated") for surface in ("leaf", "cover", "fruit"))
    assert values(body, "cover_condensation_h")[3] > 0.0
    assert body["events"][0]["least_margin_k"] < 0.0
    assert "cover" in body["items"][0]["answers"]["condensation_margin_k"]["method"]["source"]


def test_disease_has_drivers_levels_and_validity(known: Known) -> None:
    body = ask(known, "disease", start=START_MS + 2 * DAY_MS)
    assert len(body["items"]) == DAYS - 2
    day = body["items"][4]
    assert {"botrytis_index", "powdery_mildew_index", "smith_period", "hutton_period", "wet_h", "humid_h"} <= set(
        day["answers"]
    )
    assert day["levels"]["botrytis_index"] in ("low", "moderate", "high")
    assert "grape" in body["notes"]["botrytis_index"]


def test_irrigation_follows_radiation_and_meters(known: Known) -> None:
    body = ask(known, "irrigation", dose_l_m2=0.25)
    # A half wave of 400 W/m2 over 12 h is 11 MJ/m2: 1100 J/cm2, 2.2 L/m2 at 2 ml a J/cm2.
    assert values(body, "radiation_sum_j_cm2")[3] == pytest.approx(400 * 43_200 * 2 / np.pi / 1e4, rel=0.01)
    assert values(body, "uptake_l_m2")[3] == pytest.approx(2.2, rel=0.01)
    assert values(body, "trigger_j_cm2")[3] == pytest.approx(250 * 0.75 / 2)
    assert values(body, "drain_share")[3] == pytest.approx(0.25, abs=0.001)
    # (2 * 400 - 4 * 100) / 300
    assert values(body, "uptake_ec_ms_cm")[3] == pytest.approx(4 / 3, abs=0.01)


def test_balances_are_by_the_hour_and_days_are_sums_of_hours(known: Known) -> None:
    declared = {"leaf_area_index": 3.0, "height_m": 4.0, "start": START_MS + 3 * DAY_MS, "end": START_MS + 5 * DAY_MS}
    hours = ask(known, "exchange", "gh-c", **declared)
    assert len(hours["items"]) == 48
    transpired = values(hours, "transpiration_g_m2_h")
    assert transpired[12] > 5 * max(transpired[0], 1.0)
    exchange = values(hours, "air_exchange_by_vapour_m3_m2_h")
    noon = hours["items"][12]["answers"]
    assert "height_m = 4 (declared)" in noon["air_exchange_by_vapour_m3_m2_h"]["inputs"]
    # In from the canopy, out with the air: grams an hour over grams a cubic metre.
    inside, outside = (absolute_humidity_g_m3(*pair) for pair in ((19.0 + 5 * 0.951, 60.7), (11.8, 70.0)))
    air, dew_kpa = 19.0 + 5 * 0.951, 1.785
    dripped = condensed_g_m2_h(air, dew_kpa, estimate_cover_degc(air, 11.8, 5.5))
    assert 5.0 < dripped < 30.0
    assert exchange[12] == pytest.approx((transpired[12] - dripped) / (inside - outside), rel=0.05)
    dark = values(hours, "air_exchange_by_co2_m3_m2_h")
    assert dark[12] is None  # by day the crop takes it up
    assert values(hours, "co2_used_g_m2_h")[12] == pytest.approx(
        -exchange[12] * (co2_g_m3(600.0, 23.8) - co2_g_m3(420.0, 23.8)), rel=0.05
    )
    days = ask(known, "exchange", "gh-c", by="day", **declared)
    assert values(days, "transpired_l_m2")[0] == pytest.approx(sum(transpired[:24]) / 1000.0, rel=1e-3)
    assert ask(known, "exchange", "gh-a", **declared)["notes"]["co2"].startswith("co2_ppm is not measured")


def test_warmer_air_complies_with_a_set_point_that_binds_from_below(known: Known) -> None:
    body = ask(known, "compliance")
    in_band = values(body, "heating_in_band")[3]
    # Air is below 15 degC, a kelvin under the set point, where the wave is below -0.8.
    assert in_band == pytest.approx(1.0 - np.mean(WAVE[:288] < -0.8), abs=0.02)
    assert values(body, "heat_and_vent_h")[3] == 0.0
    # It is away from the band for as long in one piece, from before midnight on; the set point never stepped.
    assert values(body, "heating_recovery_h")[3] == pytest.approx(24 * (1.0 - in_band), abs=0.5)
    assert body["items"][3]["answers"]["heating_rise_h"]["reason"] == "not_defined"
    assert values(body, "heating_unreached")[3] == 0.0
    assert values(body, "vent_travel_pct")[3] == pytest.approx(80.0, abs=45.0)


def test_places_of_a_house_are_compared(known: Known) -> None:
    body = ask(known, "uniformity", known[1]["greenhouses"])
    assert values(body, "air_temperature_degc_span")[3] == pytest.approx(1.0, abs=0.05)
    assert "places" in ask(known, "uniformity", "gh-a")["notes"]


def test_a_described_channel_without_samples_is_silent(known: Known) -> None:
    (device,) = ask(known, "data-quality")["devices"]
    states = {channel["channel"]: channel["state"] for channel in device["channels"]}
    assert states["co2_ppm"] == "silent"
    assert states["air_temperature_degc"] == "good"


def test_a_forecast_has_the_errors_of_the_past_days(known: Known) -> None:
    body = known[0].get("/v1/greenhouses/gh-a/forecast", params={"hours": 6}).json()
    assert [item["ahead_h"] for item in body["items"]] == [1, 2, 3, 4, 5, 6]
    hour = body["items"][5]
    really = 19.0 + 5.0 * np.sin(2 * np.pi * (5.5 / 24 - 0.3))
    assert hour["answers"]["air_temperature_degc"]["value"] == pytest.approx(really, abs=0.5)
    assert hour["answers"]["condensation_margin_k"]["value"] is not None
    skill = hour["skill"]["air_temperature_degc"]
    assert skill["rmse"] < skill["persistence_rmse"]
    told = known[0].get(
        "/v1/greenhouses/gh-a/forecast",
        params={"hours": 2, "outside_temperature_degc": [5.0, 5.0], "outside_humidity_pct": [70.0, 70.0]},
    )
    assert told.json()["weather_forecast"] == ["outside_temperature_degc", "outside_vapour_kpa"]
    assert told.json()["basis"]["basis"] == "request"
    assert (body["basis"]["basis"], body["verdicts"], hour["weather_record"]) == ("own_past", {}, {})
    assert "No weather forecast yet" in body["basis"]["text"]


def test_a_recorded_forecast_is_returned_unchanged(known: Known) -> None:
    now = known[0].get("/v1/greenhouses/gh-b/forecast", params={"hours": 3}).json()
    assert now["items"][0]["record"] == {}  # its hours have not come
    past = (
        known[0]
        .get("/v1/greenhouses/gh-b/forecast/past", params={"start": END_MS, "end": END_MS + 6 * HOUR_MS, "ahead_h": 2})
        .json()
    )
    told = past["quantities"]["air_temperature_degc"]
    assert (told["unit"], told["time_ms"], told["measured"]) == ("degC", [END_MS + HOUR_MS], [None])
    assert told["made"] == [round(now["items"][1]["answers"]["air_temperature_degc"]["value"], 3)]


def test_too_little_history_gives_no_forecast(known: Known) -> None:
    body = known[0].get("/v1/greenhouses/gh-nowhere/forecast").json()
    answer = body["items"][0]["answers"]["air_temperature_degc"]
    assert (answer["value"], answer["reason"]) == (None, "insufficient_data")


def test_the_weather_of_a_site_has_its_evapotranspiration_and_degree_days_by_name(known: Known) -> None:
    response = known[0].get("/v1/sites/wuhan/weather", params={"start": START_MS, "end": END_MS, "base_degc": 5})
    body = response.json()
    assert (body["site"], body["time_zone"], len(body["items"])) == ("wuhan", "Asia/Shanghai", DAYS)
    assert values(body, "temperature_degc")[3] == pytest.approx(8.0, abs=0.05)
    assert values(body, "degree_days_average")[3] == pytest.approx(3.0, abs=0.05)
    assert values(body, "degree_days_single_sine")[3] > 3.0
    assert 1.0 < values(body, "et0_fao56_mm")[3] < 4.0
    assert 1.0 < values(body, "et0_hargreaves_mm")[3] < 4.0
    assert known[0].get("/v1/sites/atlantis/weather").status_code == 404


def test_temperature_sums_use_the_requested_thresholds(known: Known) -> None:
    path, window = "/v1/sites/wuhan/weather", {"start": START_MS + 2 * DAY_MS, "end": END_MS}
    usual = known[0].get(path, params=window).json()
    assert {"cold_hours_minus_2_degc", "cold_degree_hours_0_degc", "chill_units"} <= set(usual["items"][0]["answers"])
    # Five to eleven degrees all day: every hour below 7.2 is one of chill.
    course = 8.0 + 4.0 * np.sin(2 * np.pi * ((np.arange(288) + 0.5) / 288 - 0.3))
    assert values(usual, "chill_hours")[3] == pytest.approx((course <= 7.2).sum() / 12, abs=1.0)
    portions = values(usual, "chill_portions_since")
    assert portions == sorted(portions)
    assert portions[-1] > 3.0
    asked = known[0].get(
        path,
        params={**window, "base_degc": 4, "upper_degc": 10, "cutoff": "vertical", "degree_days": ["single_sine"],
                "heat_degc": [11], "cold_degc": [5, 6]},
    ).json()["items"][3]["answers"]  # fmt: skip
    names = {name for name in asked if name.startswith(("degree_days", "heat_", "cold_"))}
    assert names == {
        "degree_days_single_sine", "heat_hours_11_degc", "heat_degree_hours_11_degc", "cold_hours_5_degc",
        "cold_degree_hours_5_degc", "cold_hours_6_degc", "cold_degree_hours_6_degc",
    }  # fmt: skip
    assert "vertical cutoff" in asked["degree_days_single_sine"]["method"]["source"]
    assert asked["degree_days_single_sine"]["value"] < usual["items"][3]["answers"]["degree_days_single_sine"]["value"]
    house = ask(known, "climate", by="day", base_degc=0, degree_days=["average"])
    assert values(house, "degree_days_average")[3] == pytest.approx(19.0, abs=0.1)


def test_a_site_with_rain_has_blitecasts_advice(tmp_path: Path) -> None:
    store, days = MemoryStore(), 20
    time_ms = START_MS + STEP_MS * np.arange(days * 288)
    day = (time_ms - START_MS) / DAY_MS
    night = (day % 1.0) > 0.5
    weather = {
        "air_temperature_degc": 16.0 + 0.6 * np.sin(2 * np.pi * day) + 0.1 * RANDOM.normal(0, 1, len(day)),
        "relative_humidity_pct": np.where(night, 95.0, 70.0) + RANDOM.normal(0, 0.2, len(day)),
        "rain_total_mm": np.floor(5.0 * day) * 1.0,
    }
    write_series(store, OWN, "moor", "weather", "mast", time_ms, weather)
    store.describe(OWN, "gw-1", Descriptor(device="mast", kind="weather", site="moor", name="mast"))
    app = own_app(store, now_ms=lambda: int(time_ms[-1]) + STEP_MS)
    with serve(app) as client:
        body = client.get(
            "/v1/sites/moor/weather", params={"start": START_MS + 18 * DAY_MS, "end": START_MS + 20 * DAY_MS}
        ).json()
    last = {name: answer["value"] for name, answer in body["items"][-1]["answers"].items()}
    # Twelve humid hours at 16 degC are a severity of 1 a day, and 50 mm in ten days make each day favourable.
    assert (last["late_blight_severity"], last["late_blight_severity_7_d"]) == (1.0, 7.0)
    assert (last["rain_favourable_day"], last["blitecast_code"]) == (1.0, 2.0)
    assert body["items"][-1]["answers"]["blitecast_code"]["inputs"][-1] == "rain_total_mm"


def test_weather_sensors_that_lie_are_named_and_left_out() -> None:
    store, days = MemoryStore(), 2
    time_ms = START_MS + STEP_MS * np.arange(days * 288)
    day = (time_ms - START_MS) / DAY_MS
    weather = {
        "air_temperature_degc": 16.0 + 5.0 * np.sin(2 * np.pi * day),
        "relative_humidity_pct": 60.0 + 8.0 * np.cos(2 * np.pi * day),
        "wind_speed_m_s": 2.0 + np.sin(9.0 * day),
        "global_radiation_w_m2": 0.7 * clear_sky_w_m2(sine_of_elevation(time_ms.astype(np.float64), 32.0, 119.2, np)),
        "rain_total_mm": np.floor(3.0 * day),
        "rain_on": (day % 1.0 < 0.2) * 1.0,
    }
    faults = {
        "good": {},
        "calm": {"wind_speed_m_s": np.zeros(len(day))},
        "share": {"relative_humidity_pct": weather["relative_humidity_pct"] / 100.0},
        "degf": {"air_temperature_degc": 1.8 * weather["air_temperature_degc"] + 32.0},
        "blocked": {"rain_total_mm": np.full(len(day), 7.0)},
    }
    for name, fault in faults.items():
        write_series(store, OWN, name, "weather", f"mast-{name}", time_ms, {**weather, **fault})
        descriptor = Descriptor(
            device=f"mast-{name}", kind="weather", site=name, name="m", latitude_deg=32.0, longitude_deg=119.2
        )
        store.describe(OWN, "gw-1", descriptor)
    app = own_app(store, now_ms=lambda: int(time_ms[-1]) + STEP_MS)
    window = {"start": START_MS, "end": START_MS + 2 * DAY_MS}
    with serve(app) as client:
        found = {name: client.get(f"/v1/sites/{name}/weather", params=window).json() for name in faults}
    tests = {name: {item["test"] for item in body["left_out"]} for name, body in found.items()}
    assert tests == {
        "good": set(), "calm": {"flat_line"}, "share": {"unit_fraction"}, "degf": {"unit_fahrenheit"},
        "blocked": {"blocked_gauge"},
    }  # fmt: skip
    et0 = {name: [item["answers"]["et0_fao56_mm"]["value"] for item in body["items"]] for name, body in found.items()}
    assert all(any(value is not None for value in et0[name]) for name in ("good", "blocked"))
    assert all(value is None for name in ("calm", "share", "degf") for value in et0[name])
    assert "blocked" in found["blocked"]["notes"]["rain"]


def test_a_crop_stage_is_a_period_by_the_registrys_history(tmp_path: Path) -> None:
    registry, repositories, ids = fill_registry(tmp_path)
    store = MemoryStore()
    write_series(store, OWN, "wuhan", "greenhouse", "gh-a", TIME_MS, house_columns())
    told = Descriptor(device="gh-a", kind="greenhouse", site="wuhan", name="gh-a")
    store.describe(OWN, "gw-1", told)
    repositories.devices.change(
        msgspec.structs.replace(repositories.record_descriptor("gw-1", told), zone=ids["zones"])
    )
    zone = repositories.zones.get(ids["zones"])
    repositories.zones.change(msgspec.structs.replace(zone, stage="fruiting"))
    entry = repositories.audit_entries(ids["zones"])[0]
    app = own_app(store, now_ms=lambda: END_MS, registry=registry)
    with serve(app) as client:
        # The registry's clock stands still in these tests: the stage began before this window.
        params: dict[str, Any] = {"start": entry.time_ms + 1, "end": entry.time_ms + DAY_MS, "by": "stage"}
        body = client.get("/v1/greenhouses/gh-a/climate", params=params).json()
        nowhere = client.get("/v1/greenhouses/gh-a/climate", params={**params, "end": entry.time_ms + 400 * DAY_MS})
    registry.close()
    assert [item["stage"] for item in body["items"]] == ["fruiting"]
    assert nowhere.status_code == 400


def test_the_overview_has_the_same_values_as_the_single_answers(known: Known) -> None:
    start = START_MS + 5 * DAY_MS + 6 * HOUR_MS
    body = ask(known, "overview", known[1]["greenhouses"], start=start, end=start + DAY_MS)
    msgspec.convert(body, OverviewAnswer, dec_hook=lambda _, values: np.array(values, np.float64))
    targets = ask(known, "climate", known[1]["greenhouses"], by="day", start=start, end=start + DAY_MS)["targets"]
    assert targets
    assert {name: body["bands"][0]["targets"][name] for name in targets} == targets
    samples = body["samples"]
    assert (samples["step_ms"], samples["chosen_by"], len(samples["time_ms"])) == (STEP_MS, None, 288)
    assert samples["time_ms"][0] == start
    assert all(len(column) == 288 for column in [*samples["channels"].values(), samples["coldest"]])
    surfaces = [surface["name"] for surface in body["surfaces"]]
    assert surfaces == ["leaf", "cover", "fruit"]
    coldest = samples["channels"]["coldest_surface_degc"]
    assert coldest[0] - samples["channels"]["dew_point_degc"][0] == pytest.approx(
        samples["channels"]["condensation_margin_k"][0], abs=2e-4
    )
    assert [part["targets"]["vpd_kpa"]["crop"] for part in body["bands"]] == ["tomato"]
    days = body["days"]
    assert days["start_ms"] == [START_MS + 5 * DAY_MS, START_MS + 6 * DAY_MS]
    for about in ("climate", "condensation", "light", "disease"):
        whole = ask(known, about, known[1]["greenhouses"], start=start, end=start + DAY_MS, **({} if about == "disease"
                    else {"by": "day"}))  # fmt: skip
        for name, answer in whole["items"][0]["answers"].items():
            if name == "light_24_h_mol_m2":  # by hour in the light's own answer
                continue
            assert days["answers"][name]["value"][0] == pytest.approx(answer["value"]), name
            assert days["answers"][name]["inputs"] == answer["inputs"]
            assert days["answers"][name]["level"][0] == whole["items"][0]["levels"].get(name)


def test_growers_notes_are_on_the_chart_of_their_house(known: Known) -> None:
    note = {"greenhouse": known[1]["greenhouses"], "time_ms": START_MS + HOUR_MS, "author": "Wang", "text": "晨间结露"}
    made = known[0].post("/v1/notes", json=note).json()
    shown = {"id": made["id"], **{name: note[name] for name in ("time_ms", "author", "text")}, "photos": []}
    for house in (known[1]["greenhouses"], "gh-a"):
        assert ask(known, "overview", house, end=START_MS + DAY_MS)["grower_notes"] == [shown]
    assert ask(known, "overview", start=START_MS + DAY_MS, end=START_MS + 2 * DAY_MS)["grower_notes"] == []


def test_the_map_of_a_house_has_a_row_for_each_place_by_local_hour(known: Known) -> None:
    body = ask(known, "overview", known[1]["greenhouses"], start=START_MS, end=START_MS + DAY_MS)["map"]
    (place,) = body["places"]
    assert (place["name"], place["devices"], place["crop"]) == ("east", ["gh-a", "gh-b"], "tomato")
    assert len(body["time_ms"]) == 24
    assert all(len(column) == 24 for column in place["channels"].values())
    assert place["channels"]["air_temperature_degc"][7] == pytest.approx(
        19.5 + 5.0 * np.sin(2 * np.pi * (7.458 / 24 - 0.3)), abs=0.05
    )
    assert set(place["channels"]) <= set(body["units"])


def test_a_surface_with_samples_whenever_the_air_has_some_is_measured(tmp_path: Path) -> None:
    store, end = MemoryStore(), START_MS + DAY_MS
    columns = {name: value[:60] for name, value in house_columns().items() if not name.startswith("outside")}
    columns["leaf_temperature_degc"] = columns["air_temperature_degc"] - 1.0
    write_series(store, OWN, "wuhan", "greenhouse", "House 1", end - STEP_MS * np.arange(60, 0, -1), columns)
    store.describe(OWN, "gw-1", Descriptor(device="House 1", kind="greenhouse", site="wuhan", name="House 1"))
    registry, _, ids = fill_registry(tmp_path)
    app = own_app(store, now_ms=lambda: end, registry=registry)
    with serve(app) as client:
        # A device in no zone is the greenhouse that is called like it, with its only zone's crop.
        body = client.get(f"/v1/greenhouses/{ids['greenhouses']}/overview", params={"end": end}).json()
    registry.close()
    assert (body["devices"], body["crop"]) == (["House 1"], "tomato")
    assert [surface["estimated"] is None for surface in body["surfaces"]] == [True, False]
    assert [place["name"] for place in body["map"]["places"]] == ["east"]


def test_a_device_is_assigned_to_a_zone_over_the_api(tmp_path: Path) -> None:
    with serve_registry(tmp_path) as known:
        place = "/v1/devices/greenhouse-1/place"
        (device,) = known.repositories.devices.list(name="greenhouse-1")
        nowhere_yet = {"device": "greenhouse-1", "id": device.id, "zone": None, "field": None}
        assert known.client.get(place).json() == nowhere_yet
        moved = known.client.put(place, json={"zone": known.ids["zones"]})
        assert (moved.status_code, moved.json()["zone"]) == (200, known.ids["zones"])
        assert known.repositories.devices.list(name="greenhouse-1")[0].zone == known.ids["zones"]
        nowhere = known.client.put(place, json={"zone": known.ids["fields"]})
        assert (nowhere.status_code, nowhere.json()["type"]) == (400, "urn:headland:problem:unknown-zone")
        assert known.client.get("/v1/devices/gh-9/place").status_code == 404


def test_a_narrow_chart_shows_its_peaks(known: Known) -> None:
    whole = ask(known, "overview", start=START_MS, end=START_MS + 7 * DAY_MS, width=5000)["samples"]
    narrow = ask(known, "overview", start=START_MS, end=START_MS + 7 * DAY_MS, width=50)["samples"]
    assert (len(whole["time_ms"]), narrow["chosen_by"]) == (7 * 288, "min_max")
    assert len(narrow["time_ms"]) <= 3 * 102
    for name in ("vpd_kpa", "air_temperature_degc", "condensation_margin_k"):
        assert max(narrow["channels"][name]) == max(whole["channels"][name])
        assert min(narrow["channels"][name]) == min(whole["channels"][name])


def test_a_narrow_chart_tells_a_gap_from_steps_that_were_left_out(known: Known) -> None:
    window: dict[str, Any] = {"start": START_MS - 2 * DAY_MS, "end": START_MS + 12 * DAY_MS}
    whole, narrow = (ask(known, "overview", width=width, **window)["samples"] for width in (5000, 50))
    assert narrow["chosen_by"] == "min_max"
    assert len(narrow["time_ms"]) < 400
    values = dict(zip(whole["time_ms"], whole["channels"]["vpd_kpa"], strict=True))
    drawn = list(zip(narrow["time_ms"], narrow["channels"]["vpd_kpa"], strict=True))
    joined = [(one, other) for (one, a), (other, b) in pairwise(drawn) if a is not None and b is not None]
    # A pixel has this many steps; a gap within one cannot be seen.
    pixel = len(values) // 50
    for one, other in joined:
        assert sum(values[at] is None for at in range(one, other, STEP_MS)) < pixel
    assert any(value is None for _, value in drawn)


def test_hours_are_local_where_clocks_are_half_an_hour_off(known: Known) -> None:
    place = HouseLocation(ZoneInfo("Asia/Kolkata"), True)
    starts = hour_starts(place, Window(START_MS, START_MS + 3 * HOUR_MS))
    assert starts == [START_MS - HOUR_MS // 2 + HOUR_MS * hour for hour in range(4)]
    # Lord Howe turns its clocks back by half an hour at this instant: one hour is cut short, none is lost.
    turned_ms = 1_775_314_800_000
    hours = hour_starts(
        HouseLocation(ZoneInfo("Australia/Lord_Howe"), True), Window(turned_ms - 7_200_000, turned_ms + 9_000_000)
    )
    assert np.diff(hours).tolist() == [HOUR_MS, HOUR_MS // 2, HOUR_MS, HOUR_MS]


def test_the_answer_names_the_cover_that_it_estimated(known: Known) -> None:
    inputs = ask(known, "condensation")["items"][0]["answers"]["cover_condensation_h"]["inputs"]
    assert any(each.startswith("cover_u_w_m2_k = 6.5 (film") for each in inputs)


def test_a_cover_that_is_not_known_is_a_question_and_makes_no_hour_red(known: Known) -> None:
    body = ask(known, "condensation", "gh-c")
    for day in body["items"]:
        cover = day["answers"]["cover_condensation_h"]
        assert (cover["value"], cover["reason"], cover["quality"]) == (None, "cover_not_known", 9)
    assert body["notes"]["cover"].startswith("What is your cover?")
    assert {event["surface"] for event in body["events"]} <= {"leaf", "fruit"}
    overview = ask(known, "overview", "gh-c", start=END_MS - DAY_MS)
    assert "cover" not in [surface["name"] for surface in overview["surfaces"]]
    assert overview["notes"]["cover"] == body["notes"]["cover"] != overview["notes_zh"]["cover"]
    # Of a film the same days are wet.
    film, none = values(ask(known, "condensation"), "cover_condensation_h"), values(body, "condensation_h")
    assert sum(value or 0.0 for value in film) > sum(value or 0.0 for value in none) + 1.0


def test_an_own_band_is_used_by_answers_and_chart_as_long_as_it_is_valid(known: Known) -> None:
    client, _ = known
    before = ask(known, "climate")["targets"]["vpd_kpa"]
    defaults = client.get("/v1/crop-bands/defaults", headers={"Accept-Language": "zh"}).json()["items"]
    general = next(
        band for band in defaults if (band["crop"], band["stage"], band["index"]) == ("tomato", "", "vpd_kpa")
    )
    assert (general["low"], general["high"]) == (before["low"], before["high"])
    assert general["source"] != before["source"]
    band = {"crop": "tomato", "index": "vpd_kpa", "low": 0.55, "high": 1.05, "author": "Li Na", "source": "our trial"}
    upside_down = client.post("/v1/crop-bands", json={**band, "low": 2}, headers={"Accept-Language": "zh"})
    assert (upside_down.status_code, "高于上限" in upside_down.json()["detail"]) == (400, True)
    over = client.post("/v1/crop-bands", json={**band, "low": 0.9, "valid_until": "2026-02-01"})
    added = client.post("/v1/crop-bands", json=band)
    assert (over.status_code, added.status_code) == (201, 201)
    used = ask(known, "climate")["targets"]["vpd_kpa"]
    assert (used["low"], used["high"]) == (0.55, 1.05)
    assert used["source"].startswith("set by Li Na on ")
    assert used["source_zh"].startswith("Li Na 于 ")
    assert ask(known, "overview")["bands"][-1]["targets"]["vpd_kpa"]["low"] == 0.55
    for answer in (over, added):
        gone = client.delete(answer.headers["location"], headers={"If-Match": answer.headers["etag"]})
        assert gone.status_code == 204
    assert ask(known, "climate")["targets"]["vpd_kpa"] == before
