"""Loggers and stations of every cadence over HTTP: with nothing missing every answer has a value, a hole stays one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import numpy as np
import pytest

from headland.analysis.greenhouse.crop_targets import load_crop_targets
from headland.analysis.greenhouse.forecast import forecast_house
from headland.analysis.greenhouse.house import House, HouseLocation
from headland.analysis.inputs.scope import OrgScope
from headland.contract.quantities import unit_of_name
from headland.contract.records import ChannelInfo, Descriptor
from headland.registry.models.models import Farm, Field, Site
from headland.registry.registry import open_registry
from headland.store.memory import MemoryStore
from headland.store.port import Times
from tests.api.farm import OWN, write_series
from tests.api.server import body_of, own_app, serve

#: 2026-03-01 00:00 in Shanghai, UTC+8.
START_MS = 1_772_294_400_000
MINUTE_MS, HOUR_MS, DAY_MS = 60_000, 3_600_000, 86_400_000
DAYS = 24
END_MS = START_MS + DAYS * DAY_MS
#: The day that is asked for.
DAY = {"start": START_MS + 20 * DAY_MS, "end": START_MS + 21 * DAY_MS}
AIR = ("air_temperature_degc", "relative_humidity_pct", "global_radiation_w_m2")
OF_KIND = {"greenhouse": (*AIR, "par_umol_m2_s"), "weather": (*AIR, "wind_speed_m_s", "rain_total_mm")}
OUTLINE = ((119.20, 32.03), (119.21, 32.03), (119.21, 32.04), (119.20, 32.04), (119.20, 32.03))


def course(time_ms: Times) -> dict[str, np.ndarray]:
    day = (time_ms - START_MS) / DAY_MS
    wave, sun = np.sin(2 * np.pi * (day - 0.3)), np.maximum(np.sin(2 * np.pi * (day - 0.25)), 0.0)
    noise = np.random.default_rng(7).normal(0.0, 0.05, len(day))
    return {
        "air_temperature_degc": 14.0 + 8.0 * wave + noise,
        "relative_humidity_pct": 75.0 - 20.0 * wave + noise,
        "par_umol_m2_s": 700.0 * sun,
        "wind_speed_m_s": 2.5 + noise,
        "global_radiation_w_m2": 450.0 * sun,
        "rain_total_mm": np.floor(4.0 * day),
    }


def get(client: httpx.Client, path: str, **params: Any) -> Any:
    return body_of(client.get(f"/v1/{path}", params={**DAY, **params}))


def unknown(body: Any) -> dict[str, tuple[str, float]]:
    return {
        name: (answer["reason"], answer["coverage"])
        for name, answer in body["items"][0]["answers"].items()
        if answer["value"] is None or answer["coverage"] < 0.97
    }


def every(minutes: float) -> Times:
    return np.arange(START_MS, END_MS, round(minutes * MINUTE_MS), dtype=np.int64)


HOLE_MS = DAY["start"] + 9 * HOUR_MS
COMPLETE = {
    "every-7": every(7),
    "every-15": every(15),
    "every-20": every(20),
    "every-30": every(30),
    "every-60": every(60),
    "every-60-late": every(60) + np.random.default_rng(3).integers(0, 8 * MINUTE_MS, DAYS * 24),
    "every-20-to-40": START_MS + np.cumsum(np.random.default_rng(4).uniform(20, 40, 1150) * MINUTE_MS).astype(np.int64),
    "every-5-then-60": np.concatenate((every(5)[: 20 * 288 + 144], every(60)[20 * 24 + 12 :])),
}
HOLED = every(60)[(every(60) <= HOLE_MS) | (every(60) >= HOLE_MS + 3 * HOUR_MS)]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[httpx.Client, dict[str, str]]]:
    """A site for each cadence, with a greenhouse, a weather station and a field; the fields' ids by site."""
    store = MemoryStore()
    registry = open_registry(f"sqlite:///{tmp_path_factory.mktemp('registry')}/registry.sqlite")
    repositories = registry.repositories(registry.add_organisation(OWN, "Own", "test").id, "test")
    home = repositories.farms.add(Farm(name="Home"))
    holed = {"holed": (HOLED, None), "holed-declared": (HOLED, 3600.0), "every-120": (every(120), None)}
    fields = {}
    for name, (time_ms, interval_s) in (holed | {name: (time_ms, None) for name, time_ms in COMPLETE.items()}).items():
        site = repositories.sites.add(
            Site(farm=home.id, name=name, time_zone="Asia/Shanghai", latitude_deg=32.0, longitude_deg=119.2,
                 altitude_m=20.0)
        )  # fmt: skip
        fields[name] = repositories.fields.add(Field(farm=home.id, site=site.id, name=name, geometry=((OUTLINE,),))).id
        values = course(time_ms)
        for kind in ("greenhouse", "weather"):
            device = f"{kind}-{name}"
            channels = {c: ChannelInfo(unit=unit_of_name(c) or "1", interval_s=interval_s) for c in values}
            write_series(store, OWN, name, kind, device, time_ms, {c: values[c] for c in OF_KIND[kind]})
            told = Descriptor(device=device, kind=kind, site=name, name=device, channels=channels)
            store.describe(OWN, "gw-1", told)
            repositories.record_descriptor("gw-1", told)
    app = own_app(store, now_ms=lambda: END_MS, registry=registry)
    with serve(app) as client:
        yield client, fields
    registry.close()


Served = tuple[httpx.Client, dict[str, str]]


@pytest.mark.parametrize("name", COMPLETE)
def test_a_complete_logger_of_any_cadence_has_every_answer(name: str, served: Served) -> None:
    client, fields = served
    house = f"greenhouses/greenhouse-{name}"
    for about, params in (("climate", {"by": "day"}), ("climate", {}), ("disease", {}), ("light", {})):
        assert unknown(get(client, f"{house}/{about}", **params)) == {}, (about, params)
    assert unknown(get(client, f"{house}/irrigation")) == {}
    assert unknown(get(client, f"sites/{name}/weather")) == {}
    hours = get(client, f"{house}/climate", by="hour")["items"]
    assert [unknown({"items": [hour]}) for hour in hours] == [{}] * 24
    window = get(client, f"fields/{fields[name]}/weather-window", kind="liquid")
    # A gauge tells the rain of an hour, whatever its cadence.
    assert len(window["hours"]) == 24
    assert not [hour for hour in window["hours"] if hour["state"] == "insufficient_data" or hour["missing"]]


@pytest.mark.parametrize("name", ["holed", "holed-declared"])
def test_three_hours_without_samples_are_a_hole_on_every_path(name: str, served: Served) -> None:
    client, fields = served
    path = f"greenhouses/greenhouse-{name}/climate"
    by_day = get(client, path, by="day")["items"][0]["answers"]
    whole = get(client, path)["items"][0]["answers"]
    assert by_day["vpd_kpa"]["coverage"] == pytest.approx(22 / 24, abs=0.01)
    assert whole["vpd_kpa"] == by_day["vpd_kpa"]
    span = {"start": HOLE_MS - HOUR_MS, "end": HOLE_MS + 4 * HOUR_MS}
    hours = get(client, path, by="hour", **span)["items"]
    coverages = [hour["answers"]["vpd_kpa"]["coverage"] for hour in hours]
    assert coverages == pytest.approx([1.0, 0.58, 0.0, 0.5, 1.0], abs=0.09)
    for at, hour in enumerate(hours):
        window = hour["window"]
        alone = get(client, path, start=window["start_ms"], end=window["end_ms"])["vpd_kpa"]
        assert (alone["coverage"], alone["value"]) == (coverages[at], hour["answers"]["vpd_kpa"]["value"])
    spraying = get(client, f"fields/{fields[name]}/weather-window", kind="liquid", **span)
    assert [hour["state"] == "insufficient_data" for hour in spraying["hours"]] == [False, True, True, True, False]


def test_samples_every_two_hours_are_named_as_too_rare(served: Served) -> None:
    answer = get(served[0], "greenhouses/greenhouse-every-120/climate", by="day")["items"][0]["answers"]["vpd_kpa"]
    assert (answer["value"], answer["reason"]) == (None, "sampled_too_rarely")


def test_an_index_that_needs_more_samples_says_so(served: Served) -> None:
    def reasons(minutes: int) -> dict[str, str | None]:
        body = get(served[0], f"greenhouses/greenhouse-every-{minutes}/condensation")
        assert bool(body["events"]) == (minutes <= 30)
        return {name: answer["reason"] for name, answer in body["items"][0]["answers"].items()}

    assert set(reasons(30).values()) == {None}
    hourly = reasons(60)
    assert [hourly.pop(name) for name in ("condensation_margin_k", "leaf_condensation_margin_k")] == [None, None]
    assert set(hourly.values()) == {"sampled_too_rarely"}


def test_evapotranspiration_is_by_the_hour_too_and_a_day_is_the_sum_of_its_hours(served: Served) -> None:
    for name in ("every-15", "every-60"):
        hours = get(served[0], f"sites/{name}/weather", by="hour")["items"]
        assert [unknown({"items": [hour]}) for hour in hours] == [{}] * 24
        day = get(served[0], f"sites/{name}/weather")["items"][0]["answers"]
        for index in ("et0_fao56_hourly_mm", "et_asce_short_hourly_mm", "et_asce_tall_hourly_mm"):
            values = [hour["answers"][index]["value"] for hour in hours]
            assert max(values) > 10 * abs(values[0])
            assert day[index]["value"] == pytest.approx(sum(values), rel=1e-9)
        # FAO-56: hourly steps and a daily one differ by some per cent.
        assert day["et0_fao56_hourly_mm"]["value"] == pytest.approx(day["et0_fao56_mm"]["value"], rel=0.15)


def test_the_mean_of_an_hour_that_a_station_stores_is_that_hours_mean(served: Served) -> None:
    stored = dict(zip(every(60).tolist(), course(every(60))["global_radiation_w_m2"].tolist(), strict=True))
    for stamps, stamp_ms in (("before", HOUR_MS), ("after", 0)):
        body = get(served[0], "sites/every-60/weather", by="hour", stamps=stamps)
        for hour in body["items"]:
            told = hour["answers"]["global_radiation_w_m2"]["value"]
            assert told == pytest.approx(stored[hour["window"]["start_ms"] + stamp_ms], abs=1e-9)
        assert "as declared" in body["notes"]["stamps"]
    # Samples of a quarter of an hour are instants, whatever is declared.
    fast = [get(served[0], "sites/every-15/weather", by="hour", **p)["items"] for p in ({}, {"stamps": "before"})]
    assert fast[0] == fast[1]


def test_a_forecast_of_a_past_hour_does_not_look_ahead(served: Served) -> None:
    path = "/v1/greenhouses/greenhouse-every-60/forecast"
    origin_ms = START_MS + 20 * DAY_MS + 7 * HOUR_MS
    hour = served[0].get(path, params={"end": origin_ms, "hours": 1}).json()["items"][0]
    really = 14.0 + 8.0 * np.sin(2 * np.pi * (7.5 / 24 - 0.3))
    assert hour["answers"]["air_temperature_degc"]["value"] == pytest.approx(really, abs=1.0)
    changed = MemoryStore()
    time_ms = every(60)
    time_ms = time_ms[time_ms < origin_ms]
    write_series(
        changed, OWN, "cut", "greenhouse", "gh", time_ms, {c: course(time_ms)[c] for c in OF_KIND["greenhouse"]}
    )
    house = House("gh", changed.devices(OWN), HouseLocation(latitude_deg=32.0, longitude_deg=119.2), {})
    alone = forecast_house(OrgScope(changed, None, OWN, origin_ms), house, load_crop_targets(), origin_ms, 1)
    assert alone.ahead[0].answers["air_temperature_degc"].value == pytest.approx(
        hour["answers"]["air_temperature_degc"]["value"], abs=1e-9
    )
