"""The water of a field's soil over HTTP, by weather, gauge, meter and probes that the station has stored."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
import pytest

from headland.contract.records import Descriptor
from headland.registry.models.irrigation import IrrigationMethod, IrrigationRecord, IrrigationZone, SoilTexture
from headland.registry.models.models import Device, Field, Season, Site
from headland.store.memory import MemoryStore
from tests.api.farm import NOW_MS, OWN, write_series
from tests.api.registry_api import RegistryApi
from tests.api.spread_field import serve_spread_field

HOUR_MS, DAY_MS = 3_600_000, 86_400_000
DAYS: Final = 70
TODAY: Final = datetime.fromtimestamp(NOW_MS / 1000, UTC).date()
SOWN: Final = TODAY - timedelta(days=DAYS)
FIRST_MS: Final = int(datetime(SOWN.year, SOWN.month, SOWN.day, tzinfo=UTC).timestamp() * 1000)
TIME_MS: Final = np.arange(FIRST_MS, NOW_MS, 15 * 60_000)
DAY: Final = (TIME_MS - FIRST_MS) / DAY_MS
#: The usable area of the field [m2]: 199 m by 35 m.
AREA_M2: Final = 199.0 * 35.0
#: 12 mm on the tenth day, 20 mm on the fortieth, each within two hours.
RAIN_MM: Final = 12.0 * np.clip((DAY - 10.5) * 12, 0, 1) + 20.0 * np.clip((DAY - 40.5) * 12, 0, 1)
#: 30 mm on the thirtieth and the fifty-fifth day by the meter.
GIVEN_MM: Final = 30.0 * np.clip((DAY - 30.3) * 6, 0, 1) + 30.0 * np.clip((DAY - 55.3) * 6, 0, 1)


def moisture(depth_m: float, offset: float, seed: int) -> Any:
    """Readings that fall as roots reach the depth and rise by the water that was given, in per cent with noise."""
    draw = np.random.default_rng(seed)
    share, reached = np.exp(-3.0 * depth_m), 60.0 * depth_m
    lacks, since, left = np.zeros(len(DAY)), 0.0, 0.0
    for at, amount in ((10.5, 12.0), (30.3, 30.0), (40.5, 20.0), (55.3, 30.0), (DAYS + 1.0, 0.0)):
        rows = (since <= DAY) & (at > DAY)
        begun = max(since, reached)
        lacks[rows] = np.minimum(left + share * np.clip(DAY[rows] - begun, 0.0, None), 12.0)
        last = min(left + share * max(at - begun, 0.0), 12.0)
        since, left = at, max(last - 0.3 * share * amount, 0.0)
    return np.round(24.0 + offset - lacks + 0.2 * draw.standard_normal(len(DAY)), 1)


@pytest.fixture(scope="module")
def farm_api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RegistryApi]:
    with serve_watered_field(tmp_path_factory.mktemp("water")) as served:
        yield served


@contextmanager
def serve_watered_field(folder: Path) -> Iterator[RegistryApi]:
    """Yield an API on a field of maize with a station, a meter and three probes, of which the third is stuck."""
    store = MemoryStore()
    of_day = 2.0 * np.pi * (DAY - 0.25)
    weather = {
        "air_temperature_degc": 24.0 + 6.0 * np.sin(of_day),
        "relative_humidity_pct": 60.0 - 20.0 * np.sin(of_day),
        "global_radiation_w_m2": np.clip(900.0 * np.sin(of_day), 0.0, None),
        "wind_speed_m_s": np.full(len(DAY), 2.0) + 0.3 * np.sin(of_day * 3.0),
        "rain_total_mm": 100.0 + RAIN_MM,
    }
    write_series(store, OWN, "equator", "weather", "wx-2", TIME_MS, weather)
    names = {}
    for number in (1, 2, 3):
        name = f"probe-{number}"
        columns = {
            f"substrate_moisture_pct:{cm}cm": moisture(cm / 100.0, float(number), 10 * number + cm)
            for cm in (10, 30, 60)
        }
        if number == 3:
            # It hangs on its last value.
            columns = {channel: np.where(DAY > 45.0, 21.7, value) for channel, value in columns.items()}
            columns["substrate_moisture_pct"] = np.full(len(DAY), 20.0)
        write_series(store, OWN, "equator", "soil", name, TIME_MS, columns)
        names[name] = columns
    litres = 5000.0 + GIVEN_MM * AREA_M2
    write_series(store, OWN, "equator", "meter", "meter-1", TIME_MS, {"irrigation_volume_total_l": litres})
    with serve_spread_field(folder, store, NOW_MS) as served:
        farm = served.repositories.farms.list()[0]
        site = served.repositories.sites.add(
            Site(farm=farm.id, name="equator", time_zone="UTC", latitude_deg=0.0, longitude_deg=10.0)
        )
        field = served.repositories.fields.get(served.ids["field"])
        served.repositories.fields.change(msgspec.structs.replace(field, site=site.id))
        served.repositories.seasons.add(Season(field=field.id, name="2026", crop="玉米", sowing_date=SOWN))
        for name in (*names, "meter-1"):
            store.describe(OWN, "gw-1", Descriptor(device=name, kind="soil", site="equator", name=name))
            device = Device(name=name, kind="soil", gateway="gw-1", site="equator", field=field.id)
            served.repositories.devices.add(device)
        yield served


def ask(farm_api: RegistryApi, status: int = 200, **params: Any) -> Any:
    answer = farm_api.client.get(f"/v1/fields/{farm_api.ids['field']}/water", params=params)
    assert answer.status_code == status, answer.text
    return answer.json()


def day_of(water: Any, number: int) -> Any:
    return next(each for each in water["days"] if each["day"] == (SOWN + timedelta(days=number)).isoformat())


def test_rain_that_fell_and_water_of_the_meter_are_in_the_balance(farm_api: RegistryApi) -> None:
    water = ask(farm_api, texture="loam", start_depleted=0.3)
    assert water["reason"] is None
    assert len(water["days"]) == DAYS
    assert [day_of(water, number)["rain_mm"] for number in (10, 40)] == pytest.approx([12.0, 20.0], abs=0.01)
    assert [day_of(water, number)["irrigation_mm"] for number in (30, 55)] == pytest.approx([30.0, 30.0], abs=0.1)
    assert sum(each["rain_mm"] for each in water["days"]) == pytest.approx(32.0, abs=0.01)
    assert sum(each["irrigation_mm"] for each in water["days"]) == pytest.approx(60.0, abs=0.2)
    before, after = day_of(water, 54)["depletion_mm"], day_of(water, 55)["depletion_mm"]
    assert before - after > 12.0
    assert all(0.0 <= each["low_mm"] <= each["high_mm"] <= 1.6 * each["available_mm"] for each in water["days"])


def test_without_probes_the_depletion_falls_by_most_of_the_water_that_the_meter_counted(farm_api: RegistryApi) -> None:
    repositories = farm_api.repositories
    metered = IrrigationZone(field=farm_api.ids["field"], name="metered", devices=("meter-1",))
    zone = repositories.irrigation_zones.add(metered)
    try:
        water = ask(farm_api, texture="loam", start_depleted=0.3)
    finally:
        repositories.irrigation_zones.delete(zone.id, zone.version)
    assert water["probes"] == []
    before, after = day_of(water, 54)["depletion_mm"], day_of(water, 55)
    # Some of it goes to the soil below roots that are still growing.
    assert 20.0 < before - after["depletion_mm"] + after["et_mm"] < 30.5


def test_probes_are_used_with_fitted_readings_and_a_stuck_one_is_named(farm_api: RegistryApi) -> None:
    water = ask(farm_api, texture="loam")
    assert {each["device"] for each in water["left_out"] if each["left_out"]} == {"probe-3"}
    stuck = {(each["device"], each["test"], each["left_out"]) for each in water["left_out"] if each["test"] == "stuck"}
    assert stuck == {("probe-3", "stuck", True)}
    assert (
        min(each["first"] for each in water["left_out"] if each["test"] == "stuck")
        >= (SOWN + timedelta(days=44)).isoformat()
    )
    used = {(each["device"], each["depth_m"]) for each in water["probes"]}
    assert {("probe-1", 0.1), ("probe-1", 0.3), ("probe-2", 0.6)} <= used
    for probe in water["probes"]:
        assert probe["field_capacity"]["low"] < probe["field_capacity"]["value"] < probe["field_capacity"]["high"]
        assert probe["wilting_point"]["value"] < probe["field_capacity"]["value"]
    assert max(each["days"] for each in water["probes"]) > 50
    # The fourth sensor of the third probe names no depth.
    assert "probe_depth" in water["assumed"]


def test_what_nobody_said_is_said(farm_api: RegistryApi) -> None:
    assert "start" in ask(farm_api, texture="loam")["assumed"]
    assert "start" not in ask(farm_api, texture="loam", start_depleted=0.2)["assumed"]
    assert "irrigation" not in ask(farm_api, texture="loam")["assumed"]
    assert "losses" in ask(farm_api, texture="loam")["assumed"]
    assert "losses" not in ask(farm_api, texture="loam", efficiency=0.8)["assumed"]


def test_irrigation_whose_losses_are_declared_is_surer(farm_api: RegistryApi) -> None:
    def width_mm(**asked: Any) -> float:
        given = [f"{(SOWN + timedelta(days=day)).isoformat()}=40" for day in (20, 40)]
        depletion = ask(farm_api, texture="loam", irrigation=given, **asked)["depletion_mm"]
        return float(depletion["high"] - depletion["low"])

    assert width_mm(efficiency=1.0) < width_mm()


def test_forecast_rain_is_shown_apart_and_books_nothing(farm_api: RegistryApi) -> None:
    plain = ask(farm_api, texture="loam")
    rain = ask(farm_api, texture="loam", forecast_rain_mm=[40.0, 40.0])
    assert plain["advice"]["if_it_rains"] is None
    assert rain["days"] == plain["days"]
    assert rain["depletion_mm"] == plain["depletion_mm"]
    assert rain["advice"]["amount_mm"] == plain["advice"]["amount_mm"]
    booked = [sum(each["rain_mm"] for each in water["days"]) for water in (plain, rain)]
    assert booked[0] == booked[1] == pytest.approx(32.0, abs=0.01)
    assert rain["irrigations"] == plain["irrigations"]
    assert rain["advice"]["if_it_rains"]["rain_mm"] >= 40.0


def test_irrigation_that_was_recorded_elsewhere_counts(farm_api: RegistryApi) -> None:
    given = f"{(SOWN + timedelta(days=20)).isoformat()}=25"
    water = ask(farm_api, texture="loam", irrigation=[given], efficiency=0.8)
    assert day_of(water, 20)["irrigation_mm"] == pytest.approx(20.0)
    assert day_of(water, 30)["irrigation_mm"] == pytest.approx(24.0, abs=0.1)


def test_a_small_pump_divides_the_amount_and_a_mu_has_its_cubic_metres(farm_api: RegistryApi) -> None:
    advice = ask(farm_api, texture="loam", flow_m3_h=5.0, hours_a_day=8.0)["advice"]
    assert advice["limited_by"] == "pump"
    assert advice["turn_mm"] == pytest.approx(1000.0 * 40.0 / AREA_M2, rel=0.01)
    assert advice["turns"] == int(np.ceil(advice["amount_mm"]["value"] / advice["turn_mm"]))
    assert advice["amount_m3_mu"]["value"] == pytest.approx(advice["amount_mm"]["value"] * 10.0 / 15.0)


@pytest.fixture
def whole(farm_api: RegistryApi) -> Iterator[IrrigationZone]:
    """The field's own zone, as a page asks for it once."""
    repositories = farm_api.repositories
    zone = repositories.irrigation_zones.add(
        IrrigationZone(
            field=farm_api.ids["field"], name="all", texture=SoilTexture.LOAM, method=IrrigationMethod.DRIP,
            efficiency=0.8, flow_m3_h=5.0, hours_a_day=8.0,
        )
    )  # fmt: skip
    yield zone
    repositories.irrigation_zones.delete(zone.id, zone.version)


def test_what_the_zones_record_says_holds_until_a_request_says_otherwise(
    farm_api: RegistryApi, whole: IrrigationZone
) -> None:
    by_record = ask(farm_api)
    assert (by_record["zone"], by_record["soil"], by_record["reason"]) == (whole.id, "zone", None)
    said = ask(farm_api, texture="loam", wetted=0.35, efficiency=0.8, flow_m3_h=5.0, hours_a_day=8.0)
    assert said["soil"] == "request"
    for part in ("depletion_mm", "advice", "days", "probes"):
        assert by_record[part] == said[part]
    assert by_record["advice"]["limited_by"] == "pump"
    other = ask(farm_api, texture="clay", efficiency=1.0, flow_m3_h=500.0)
    assert other["advice"]["limited_by"] is None
    assert other["days"][0]["available_mm"] != by_record["days"][0]["available_mm"]


def test_irrigation_that_a_person_wrote_down_counts_once_beside_the_meter(farm_api: RegistryApi) -> None:
    repositories, field = farm_api.repositories, farm_api.ids["field"]
    day = SOWN + timedelta(days=20)
    records = [
        repositories.irrigations.add(IrrigationRecord(field=field, day=day, volume_m3=AREA_M2 * 0.012, author="Li")),
        repositories.irrigations.add(IrrigationRecord(field=field, day=day, amount_mm=8.0)),
        # The meter counted 30 mm on this day.
        repositories.irrigations.add(IrrigationRecord(field=field, day=SOWN + timedelta(days=30), amount_mm=31.0)),
    ]
    try:
        water = ask(farm_api, texture="loam")
        assert day_of(water, 20)["irrigation_mm"] == pytest.approx(20.0, rel=1e-6)
        assert day_of(water, 30)["irrigation_mm"] == pytest.approx(30.0, abs=0.1)
        told = {(each["day"], each["source"], each["name"], each["counted"]) for each in water["irrigations"]}
        assert told == {
            (day.isoformat(), "record", records[0].id, True),
            (day.isoformat(), "record", records[1].id, True),
            ((SOWN + timedelta(days=30)).isoformat(), "record", records[2].id, False),
            ((SOWN + timedelta(days=30)).isoformat(), "meter", "meter-1", True),
            ((SOWN + timedelta(days=55)).isoformat(), "meter", "meter-1", True),
        }
        counted = sum(each["amount_mm"] for each in water["irrigations"] if each["counted"])
        assert counted == pytest.approx(sum(each["irrigation_mm"] for each in water["days"]))
    finally:
        for record in records:
            repositories.irrigations.delete(record.id, record.version)


def test_a_zone_of_the_field_has_its_own_probe_meter_area_and_water(farm_api: RegistryApi) -> None:
    repositories, field = farm_api.repositories, farm_api.ids["field"]
    west = repositories.irrigation_zones.add(
        IrrigationZone(
            field=field, name="west", area_m2=AREA_M2 / 2.0, devices=("probe-1", "meter-1"), texture=SoilTexture.LOAM
        )
    )
    east = repositories.irrigation_zones.add(
        IrrigationZone(field=field, name="east", area_m2=AREA_M2 / 2.0, devices=("probe-2",), texture=SoilTexture.CLAY)
    )
    day = SOWN + timedelta(days=20)
    given = repositories.irrigations.add(IrrigationRecord(field=field, zone=east.id, day=day, volume_m3=70.0))
    try:
        of_west, of_east, of_field = ask(farm_api, zone=west.id), ask(farm_api, zone=east.id), ask(farm_api)
        assert {each["device"] for each in of_west["probes"]} == {"probe-1"}
        assert {each["device"] for each in of_east["probes"]} == {"probe-2"}
        # All of the meter's water fell on half of the field.
        assert day_of(of_west, 30)["irrigation_mm"] == pytest.approx(60.0, abs=0.2)
        assert day_of(of_west, 20)["irrigation_mm"] == 0.0
        assert day_of(of_east, 20)["irrigation_mm"] == pytest.approx(70_000.0 / (AREA_M2 / 2.0), rel=1e-6)
        assert day_of(of_east, 30)["irrigation_mm"] == 0.0
        # No zone is all of the field, so nobody said what its soil is.
        assert (of_field["zone"], of_field["reason"]) == (None, "soil_not_known")
        of_field = ask(farm_api, texture="loam")
        assert day_of(of_field, 20)["irrigation_mm"] == pytest.approx(70_000.0 / AREA_M2, rel=1e-6)
    finally:
        repositories.irrigations.delete(given.id, given.version)
        for zone in (west, east):
            repositories.irrigation_zones.delete(zone.id, zone.version)


def test_a_zone_and_a_record_that_cannot_be_are_refused(farm_api: RegistryApi, whole: IrrigationZone) -> None:
    def post(path: str, **body: Any) -> Any:
        answer = farm_api.client.post(f"/v1/{path}", json={"field": farm_api.ids["field"], **body})
        assert answer.status_code in (400, 404, 409, 422), answer.text
        return answer.json()["detail"]

    assert "all of the field already" in post("irrigation-zones", name="other")
    assert "larger than its field" in post("irrigation-zones", name="other", area_m2=1e6)
    assert "both, or none" in post("irrigation-zones", name="other", area_m2=10.0, field_capacity_pct=30)
    assert "not above" in post(
        "irrigation-zones", name="other", area_m2=10.0, field_capacity_pct=20, wilting_point_pct=30
    )
    assert "not both" in post("irrigations", day="2026-07-01")
    assert "not both" in post("irrigations", day="2026-07-01", amount_mm=5, volume_m3=5)
    farm = farm_api.repositories.farms.list()[0]
    plot = farm_api.repositories.fields.get(farm_api.ids["field"]).geometry
    other = farm_api.repositories.fields.add(Field(farm=farm.id, name="another", geometry=plot))
    theirs = farm_api.repositories.irrigation_zones.add(IrrigationZone(field=other.id, name="theirs"))
    assert "another field" in post("irrigations", day="2026-07-01", amount_mm=5, zone=theirs.id)
    assert ask(farm_api, 400, zone=theirs.id)["type"].endswith("other-field")


def test_too_little_is_an_answer_with_its_reason(farm_api: RegistryApi) -> None:
    assert ask(farm_api)["reason"] == "soil_not_known"
    unknown = ask(farm_api)
    assert (unknown["advice"], unknown["depletion_mm"], unknown["days"]) == (None, None, [])
    repositories, field = farm_api.repositories, farm_api.ids["field"]
    kinds = {
        "crop_not_known": Season(field=field, name="a", crop="dragon fruit", sowing_date=date(2020, 1, 1)),
        "sowing_not_known": Season(field=field, name="b", crop="maize"),
        "not_sown": Season(field=field, name="e", crop="maize", sowing_date=TODAY + timedelta(days=3)),
        "season_over": Season(field=field, name="c", crop="maize", sowing_date=TODAY - timedelta(days=300)),
        # The station's record begins with the season: before it there is no weather.
        "insufficient_data": Season(field=field, name="d", crop="maize", sowing_date=SOWN - timedelta(days=40)),
    }
    for reason, season in kinds.items():
        made = repositories.seasons.add(season)
        assert ask(farm_api, season=made.id, texture="loam")["reason"] == reason


def test_what_cannot_be_is_refused(farm_api: RegistryApi) -> None:
    assert ask(farm_api, 400, field_capacity_pct=20, wilting_point_pct=30)["type"].endswith("impossible-soil")
    assert ask(farm_api, 400, texture="loam", irrigation=["2026-02-31=10"])["type"].endswith("impossible-day")
    assert ask(farm_api, 422, texture="mud")["status"] == 422
