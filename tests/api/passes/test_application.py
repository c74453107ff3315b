from typing import Any

import httpx
import numpy as np
import pytest

from headland.store.memory import MemoryStore
from tests.api.farm import (
    DRONE,
    EAST_DEG_M,
    HOUSE,
    NOW_MS,
    OWN,
    START_MS,
    fill_farm,
    write_drone_flight,
    write_series,
    write_spreader_flight,
)
from tests.api.server import own_app, serve

WINDOW = {"start": START_MS, "end": NOW_MS}


def climate(client: httpx.Client, **params: Any) -> Any:
    return client.get(f"/v1/greenhouses/{HOUSE}/climate", params={**WINDOW, **params}).json()


def test_the_climate_of_known_air_has_its_published_values(client: httpx.Client) -> None:
    # 25 degC and 60 %: VPD 1.268 kPa, dew point 16.70 degC, deficit 9.213 g/m3 (psychrolib 2.5.0).
    answers = climate(client)
    assert answers["vpd_kpa"]["value"] == pytest.approx(1.268, rel=0.0015)
    assert answers["dew_point_degc"]["value"] == pytest.approx(16.70, abs=0.05)
    assert answers["humidity_deficit_g_m3"]["value"] == pytest.approx(9.213, rel=0.0015)
    assert answers["frost_point_degc"] is None
    assert (answers["greenhouse"], answers["simulated"]) == (HOUSE, False)


def test_an_answer_has_window_coverage_method_and_evidence(client: httpx.Client) -> None:
    answer = climate(client)["vpd_kpa"]
    assert answer["unit"] == "kPa"
    assert answer["window"] == {"start_ms": START_MS, "end_ms": NOW_MS}
    # 400 samples, of which one failed its check.
    assert (answer["n"], answer["quality"], answer["evidence"], answer["reason"]) == (399, 1, "measured", None)
    assert answer["coverage"] == pytest.approx(1.0, abs=0.01)
    assert answer["method"]["id"] == "vapour_pressure_deficit"
    assert "FAO" in answer["method"]["source"]
    assert answer["inputs"] == ["air_temperature_degc", "relative_humidity_pct"]
    assert answer["low"] == pytest.approx(answer["high"])


def test_a_window_that_is_mostly_empty_has_no_number(client: httpx.Client) -> None:
    answer = climate(client, start=START_MS - 3_600_000)["vpd_kpa"]
    assert (answer["value"], answer["reason"]) == (None, "insufficient_data")
    assert answer["n"] == 399
    # Two of the window's fourteen steps of five minutes have samples.
    assert answer["coverage"] == pytest.approx(2 / 14)


def test_without_a_start_the_window_begins_with_the_first_sample_of_the_hour(client: httpx.Client) -> None:
    answers = client.get(f"/v1/greenhouses/{HOUSE}/climate", params={"end": NOW_MS}).json()
    assert answers["vpd_kpa"]["window"] == {"start_ms": START_MS, "end_ms": NOW_MS}
    assert answers["vpd_kpa"]["value"] is not None
    assert answers["vpd_kpa"]["coverage"] > 0.9


def test_a_drone_is_no_greenhouse(client: httpx.Client) -> None:
    response = client.get(f"/v1/greenhouses/{DRONE}/climate")
    assert response.status_code == 404
    assert response.json()["type"] == "urn:headland:problem:not-a-greenhouse"


def test_the_sprayed_amount_has_its_evidence(client: httpx.Client) -> None:
    params = {**WINDOW, "swath_m": 5}
    answers = client.get(f"/v1/devices/{DRONE}/application", params=params).json()
    # Eight swaths of 195 m by 5 m side by side; 3 L/min for 39 s of each.
    assert answers["product_applied_l"]["value"] == pytest.approx(15.6)
    assert answers["area_treated_m2"]["value"] == pytest.approx(7800, rel=0.001)
    assert answers["area_treated_ha"]["value"] == pytest.approx(0.78, rel=0.001)
    assert answers["overlap_m2"]["value"] == pytest.approx(0, abs=1)
    assert answers["mean_rate_l_ha"]["value"] == pytest.approx(20.0, rel=0.001)
    assert {answers[name]["evidence"] for name in answers if isinstance(answers[name], dict)} == {"measured_flow"}
    assert answers["area_treated_ha"]["simulated"] is True


def test_a_command_to_a_pump_gives_ground_but_never_litres() -> None:
    store = fill_farm()
    write_drone_flight(store, "uav-nometer", metered=False)
    app = own_app(store)
    params = {**WINDOW, "swath_m": 5}
    with serve(app) as client:
        answers = client.get("/v1/devices/uav-nometer/application", params=params).json()
    assert (answers["product_applied_l"]["value"], answers["product_applied_l"]["reason"]) == (None, "no_flow_meter")
    assert answers["area_treated_m2"]["value"] == pytest.approx(7800, rel=0.001)
    assert answers["area_treated_m2"]["evidence"] == "pump_pwm"
    assert answers["mean_rate_l_ha"]["value"] is None


@pytest.mark.parametrize(("total_l", "reason"), [(100.5, None), (110.0, "insufficient_data")])
def test_a_rise_of_the_meter_in_a_silence_at_the_windows_end_lowers_the_coverage(
    total_l: float, reason: str | None
) -> None:
    store = MemoryStore()
    seconds = START_MS + 1000 * np.arange(31)
    along = np.minimum(np.arange(31), 10) * 5.0
    columns = {
        "latitude_deg": np.zeros(31),
        "longitude_deg": along / EAST_DEG_M,
        "pump_on": (np.arange(31) < 10).astype(np.float64),
        "flow_l_min": np.where(np.arange(31) < 10, 3.0, 0.0),
        "flow_volume_total_l": 100.0 + np.minimum(np.arange(31), 10) * 0.05,
    }
    write_series(store, OWN, "home", "drone", "uav-1", seconds, columns)
    later = np.array([START_MS + 600_000])
    write_series(store, OWN, "home", "drone", "uav-1", later, {"flow_volume_total_l": np.array([total_l])})
    app = own_app(store)
    with serve(app) as client:
        window = {"start": START_MS, "end": START_MS + 300_000, "swath_m": 5}
        product = client.get("/v1/devices/uav-1/application", params=window).json()["product_applied_l"]
    assert product["reason"] == reason
    assert product["value"] == (None if reason else pytest.approx(0.5))


def test_a_device_without_a_sprayer_has_no_application(client: httpx.Client) -> None:
    answers = client.get(f"/v1/devices/{HOUSE}/application", params={**WINDOW, "swath_m": 5}).json()
    assert answers["area_treated_m2"]["value"] is None
    assert answers["product_applied_l"]["value"] is None


def test_a_window_with_too_many_samples_is_refused_in_one_sentence(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("headland.analysis.passes.application.MAX_SAMPLES", 100)
    response = client.get(f"/v1/devices/{DRONE}/application", params={**WINDOW, "swath_m": 5})
    assert response.status_code == 400
    assert response.json()["type"] == "urn:headland:problem:too-many-samples"


def test_simulated_and_real_samples_are_never_joined() -> None:
    store = fill_farm()
    write_drone_flight(store, HOUSE)
    app = own_app(store)
    with serve(app) as client:
        answers = client.get(f"/v1/devices/{HOUSE}/application", params={**WINDOW, "swath_m": 5}).json()
        co2 = client.get(f"/v1/devices/{HOUSE}/series", params={**WINDOW, "channel": "co2_ppm"}).json()
    assert answers["simulated"] is True
    assert (co2["simulated"], co2["left_out"]) == (False, None)
    assert len(co2["time_ms"]) > 100


def test_an_empty_farm_has_no_devices() -> None:
    app = own_app()
    with serve(app) as client:
        assert client.get("/v1/devices").json() == {"items": [], "next": None}


SPREAD_KG = 8 * 39 / 60 * 18.0


@pytest.mark.parametrize(
    ("sensed", "told", "evidence", "ground"),
    [
        (True, "measured_flow", "measured_flow", "measured_flow"),
        (True, None, "measured_flow", "measured_flow"),
        (False, None, "tank_mass", "pump_pwm"),
        # A flow that was made of the hopper's weight, half of the true one here, is not taken for a sensor's.
        (False, "tank_mass", "tank_mass", "pump_pwm"),
    ],
)
def test_the_spread_amount_is_in_kilograms_with_its_evidence(
    sensed: bool, told: str | None, evidence: str, ground: str
) -> None:
    store = fill_farm()
    write_spreader_flight(store, "uav-spreader", sensed=sensed, evidence=told)
    app = own_app(store)
    params = {**WINDOW, "end": NOW_MS + 1000, "swath_m": 5}
    with serve(app) as client:
        answers = client.get("/v1/devices/uav-spreader/application", params=params).json()
    assert answers["product_applied_l"] is None
    assert answers["mean_rate_l_ha"] is None
    product, rate = answers["product_applied_kg"], answers["mean_rate_kg_ha"]
    assert product["value"] == pytest.approx(SPREAD_KG, rel=1e-3)
    assert (product["unit"], product["evidence"]) == ("kg", evidence)
    assert rate["value"] == pytest.approx(SPREAD_KG / 0.78, rel=0.005)
    assert (rate["unit"], rate["evidence"]) == ("kg/ha", ground)
    assert answers["area_treated_m2"]["evidence"] == ground
