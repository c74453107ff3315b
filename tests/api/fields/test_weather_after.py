"""Nitrogen loss risks over HTTP, by the weather that the site's devices measured after a pass."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import numpy as np
import pytest

from headland.registry.models.models import Product, ProductKind, Site
from headland.store.memory import MemoryStore
from tests.api.farm import NOW_MS, OWN, START_MS, write_series
from tests.api.registry_api import RegistryApi, ask
from tests.api.spread_field import SPREADER, declaration, serve_spread_field

HOUR_MS, DAY_MS = 3_600_000, 86_400_000
STEP_MS = 600_000
FIRST_MS = START_MS // HOUR_MS * HOUR_MS - 30 * HOUR_MS
TIME_MS = FIRST_MS + STEP_MS * np.arange(33 * DAY_MS // STEP_MS)
SINCE_H = (TIME_MS - NOW_MS) / HOUR_MS
#: A shower of 4 mm after ten hours, 9.6 mm after thirty; between them the gauge is switched off and on; from the
#: twentieth to the twenty-second day 70 mm fall evenly.
SHOWERS_MM = 4.0 * np.clip(SINCE_H - 10, 0, 1) + 9.6 * np.clip(SINCE_H - 30, 0, 2) / 2
FALLEN_MM = SHOWERS_MM + 70.0 * np.clip(SINCE_H - 480, 0, 48) / 48
TOTAL_MM = np.where(SINCE_H < 20, 250.0 + FALLEN_MM, FALLEN_MM - 4.0)


@pytest.fixture(scope="module")
def farm_api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RegistryApi]:
    store = MemoryStore()
    columns = {
        "air_temperature_degc": 16.0 + 5.0 * np.sin(SINCE_H / 24 * 2 * np.pi),
        "relative_humidity_pct": np.full(len(TIME_MS), 60.0),
        "wind_speed_m_s": np.full(len(TIME_MS), 2.0),
        "rain_total_mm": TOTAL_MM,
    }
    write_series(store, OWN, "equator", "weather", "wx-2", TIME_MS, columns)
    # A drone's wind, and a house's warm air, are not the site's.
    write_series(store, OWN, "equator", "drone", SPREADER, TIME_MS[200:400], {"wind_speed_m_s": np.full(200, 30.0)})
    write_series(
        store, OWN, "equator", "greenhouse", "gh-2", TIME_MS, {"air_temperature_degc": np.full(len(TIME_MS), 40.0)}
    )
    with serve_spread_field(tmp_path_factory.mktemp("aftermath"), store, NOW_MS + 31 * DAY_MS) as served:
        farm = served.repositories.farms.list()[0]
        site = served.repositories.sites.add(
            Site(farm=farm.id, name="equator", time_zone="UTC", latitude_deg=0.0, longitude_deg=10.0)
        )
        field = served.repositories.fields.get(served.ids["field"])
        served.repositories.fields.change(msgspec.structs.replace(field, site=site.id))
        assert served.client.post("/v1/passes", json=declaration(served)).status_code == 201
        yield served


def test_scattered_showers_leave_urea_at_risk_and_the_figures_say_so(farm_api: RegistryApi) -> None:
    field_pass = ask(farm_api, f"/v1/fields/{farm_api.ids['field']}/nutrients")["passes"][0]
    assert field_pass["volatilisation"]["state"] == "high"
    assert field_pass["volatilisation"]["reasons"] == ["moist_surface", "warm"]
    assert field_pass["volatilisation"]["method"]["id"] == "urea_volatilisation"
    assert field_pass["volatilisation"]["window"] == {"start_ms": NOW_MS, "end_ms": NOW_MS + 72 * HOUR_MS}
    weather = field_pass["weather"]
    # The gauge began anew between the showers: 4 mm and 9.6 mm are 13.6 mm, and no single event.
    assert weather["rain_mm"] == pytest.approx(13.6, abs=0.1)
    assert weather["largest_rain_event_mm"] == pytest.approx(9.6, abs=0.1)
    assert weather["wind_speed_m_s"] == pytest.approx(2.0)
    assert weather["air_temperature_degc"] == pytest.approx(16.0, abs=0.3)
    assert field_pass["weather_devices"] == ["wx-2"]
    assert field_pass["leaching"]["reasons"] == ["little_nitrogen"]


def test_nitrate_leaches_only_where_the_soil_is_known_to_hold_no_more(farm_api: RegistryApi) -> None:
    repositories = farm_api.repositories
    nitrate = repositories.products.add(
        Product(
            name="nitrate", kind=ProductKind.GRANULAR, n_pct=90.0, p2o5_pct=0.0, k2o_pct=0.0, nitrate_n_pct=90.0,
            ammonium_n_pct=0.0, amide_n_pct=0.0,
        )
    )  # fmt: skip
    second = {**declaration(farm_api), "start_ms": START_MS + 1, "product": nitrate.id}
    created = farm_api.client.post("/v1/passes", json=second)
    assert created.status_code == 201, created.text

    def leaching(**params: Any) -> Any:
        passes = ask(farm_api, f"/v1/fields/{farm_api.ids['field']}/nutrients", **params)["passes"]
        return next(each for each in passes if each["pass_id"] == created.json()["id"])

    unknown = leaching()
    assert unknown["leaching"]["reasons"] == ["soil_water_not_known"]
    assert unknown["weather"]["most_drainage_mm"] == pytest.approx(83.6, abs=0.5)
    assert leaching(soil_deficit_mm=40)["leaching"]["reasons"] == ["little_drainage"]
    # Reference evapotranspiration of a month at the equator alone is more than what fell: nothing is certain.
    full = leaching(soil_deficit_mm=0)
    assert full["leaching"]["state"] == "insufficient_data"
    assert full["weather"]["least_drainage_mm"] == 0.0


def test_the_weather_of_the_days_has_the_rain_across_the_gauges_restart(farm_api: RegistryApi) -> None:
    body = ask(farm_api, "/v1/sites/equator/weather", start=NOW_MS - DAY_MS, end=NOW_MS + 30 * DAY_MS)
    days = [item["answers"]["rain_mm"] for item in body["items"]]
    assert sum(day["value"] or 0.0 for day in days) == pytest.approx(83.6, abs=0.1)
    assert days[3]["unit"] == "mm"
    assert days[3]["coverage"] == 1.0
    assert "Counted by wx-2." in body["notes"]["rain"]
    assert body["items"][3]["answers"]["temperature_degc"]["value"] == pytest.approx(16.0, abs=0.2)


def test_an_hour_with_rain_is_not_suitable_for_application(farm_api: RegistryApi) -> None:
    start_ms = (NOW_MS + 8 * HOUR_MS) // HOUR_MS * HOUR_MS
    path = f"/v1/fields/{farm_api.ids['field']}/weather-window"
    hours = ask(farm_api, path, start=start_ms, end=start_ms + 6 * HOUR_MS)["hours"]
    assert sum(hour["rain_mm"] for hour in hours) == pytest.approx(4.0, abs=0.05)
    wet = [hour["rain_mm"] > 0 for hour in hours]
    assert [hour["state"] == "stop" for hour in hours] == wet
    assert hours[0]["state"] == "go"
