"""Real samples of a device and a simulator's: never joined, never hidden, each answer says which it has."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import numpy as np
import pytest

from headland.alarms.rules.samples import read_samples
from headland.analysis.inputs.origin import for_window
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.inputs.telemetry import find_device
from headland.analysis.inputs.window import Window
from headland.analysis.passes.telemetry import find_visits, refer_telemetry
from headland.analysis.weather.outdoor_weather import hourly_means, read_rain
from headland.contract.records import Descriptor
from headland.store.memory import MemoryStore
from tests.api.farm import OWN, START_MS, write_series
from tests.api.server import own_app, serve

DRONE = "uav-1"
PLACE = ("latitude_deg", "longitude_deg")
#: A real flight of 1,756 positions, a simulator's after it, and one that is imported for the time of the real one.
REAL = Window(START_MS, START_MS + 1_756_000)
LATER = Window(START_MS + 36_000_000, START_MS + 36_300_000)


def store_with(*flights: tuple[Window, bool]) -> MemoryStore:
    store = MemoryStore()
    for window, simulated in flights:
        times_ms = np.arange(window.start_ms, window.end_ms, 1000)
        columns = {
            "latitude_deg": np.full(len(times_ms), 49.5 if simulated else 49.4),
            "longitude_deg": np.full(len(times_ms), 8.0),
            "altitude_m": np.full(len(times_ms), 500.0 if simulated else 120.0),
        }
        write_series(store, OWN, "home", "drone", DRONE, times_ms, columns, simulated=simulated)
        store.describe(OWN, "gw-1", Descriptor(device=DRONE, kind="drone", site="home", name="", simulated=simulated))
    return store


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    store = store_with((REAL, False), (Window(REAL.start_ms, REAL.start_ms + 233_000), True), (LATER, True))
    with serve(own_app(store)) as client:
        yield client


def series(client: httpx.Client, window: Window, accept: str = "application/json", **more: str) -> httpx.Response:
    params: dict[str, Any] = {
        "channel": ["altitude_m", "latitude_deg"],
        "start": window.start_ms,
        "end": window.end_ms,
        **more,
    }
    return client.get(f"/v1/devices/{DRONE}/series", params=params, headers={"Accept": accept})


def test_a_simulators_log_hides_no_real_sample_and_is_named(client: httpx.Client) -> None:
    answer = series(client, REAL).json()
    assert (len(answer["time_ms"]), answer["simulated"]) == (1756, False)
    assert set(answer["channels"]["altitude_m"]) == {120.0}
    assert answer["left_out"] == {"simulated": True, "samples": 2 * 233}


def test_simulated_samples_are_given_where_they_are_asked_for_and_where_they_are_alone(client: httpx.Client) -> None:
    asked = series(client, REAL, simulated="true").json()
    assert (len(asked["time_ms"]), asked["simulated"]) == (233, True)
    assert asked["left_out"] == {"simulated": False, "samples": 2 * 1756}
    alone = series(client, LATER).json()
    assert (len(alone["time_ms"]), alone["simulated"], alone["left_out"]) == (300, True, None)
    assert series(client, LATER, simulated="false").json()["time_ms"] == []


def test_means_and_charts_are_of_one_origin(client: httpx.Client) -> None:
    for more in ({"max_points": "100"}, {"width": "100"}):
        answer = series(client, REAL, **more).json()
        assert set(answer["channels"]["altitude_m"]) == {120.0}
        assert answer["left_out"]["samples"] == 2 * 233


def test_a_table_marks_its_rows_and_names_what_it_leaves_out(client: httpx.Client) -> None:
    table = series(client, REAL, "text/csv")
    assert table.text.count("\r\n") == 1757
    assert ",true," not in table.text
    assert table.headers["Headland-Left-Out"] == "466 simulated"
    assert "Headland-Left-Out" not in series(client, LATER, "text/csv").headers


def test_the_newest_value_of_a_channel_is_marked_by_its_own_origin(client: httpx.Client) -> None:
    for answer in (client.get(f"/v1/devices/{DRONE}/latest").json(), client.get("/v1/latest").json()["items"][0]):
        assert answer["simulated"] is True
        assert answer["channels"]["altitude_m"]["simulated"] is True
        assert answer["channels"]["altitude_m"]["time_ms"] == LATER.end_ms - 1000


def test_sensorthings_give_the_real_samples_of_a_channel_that_has_any(client: httpx.Client) -> None:
    url = f"/sta/v1.1/Datastreams('{DRONE}:altitude_m')"
    stream = client.get(url).json()
    assert stream["properties"]["simulated"] is False
    answer = client.get(f"{url}/Observations", params={"$count": "true", "$top": 1}).json()
    assert answer["@iot.count"] == 1756


def test_flights_of_either_origin_are_found_each_where_it_was() -> None:
    scope = OrgScope(store_with((REAL, False), (LATER, True)), None, OWN, LATER.end_ms)
    record = find_device(scope, DRONE)
    everything = Window(REAL.start_ms, LATER.end_ms)
    real = find_visits(scope, record, (7.9, 49.3, 8.1, 49.45), everything)
    simulated = find_visits(scope, record, (7.9, 49.45, 8.1, 49.6), everything)
    assert real[0].start_ms <= REAL.start_ms < real[-1].end_ms <= simulated[0].start_ms <= LATER.start_ms
    origins = [refer_telemetry(scope, record, window).record.descriptor.simulated for window in (REAL, LATER)]
    assert origins == [False, True]


def test_alarms_rest_on_real_samples_where_there_are_any() -> None:
    store = store_with((REAL, False), (REAL, True))
    samples = read_samples(store, OWN, frozenset(("altitude_m",)), REAL.start_ms, REAL.end_ms)
    assert set(samples[DRONE]["altitude_m"].value.tolist()) == {120.0}


def test_a_mark_of_a_device_without_simulated_samples_hides_nothing() -> None:
    store = store_with((REAL, False))
    store.describe(OWN, "gw-1", Descriptor(device=DRONE, kind="drone", site="home", name="", simulated=True))
    scope = OrgScope(store, None, OWN, REAL.end_ms)
    assert for_window(scope, find_device(scope, DRONE), REAL).descriptor.simulated is False


def test_rain_and_wind_of_a_site_rest_on_one_origin() -> None:
    store = MemoryStore()
    hour = Window(START_MS // 3_600_000 * 3_600_000, START_MS // 3_600_000 * 3_600_000 + 3_600_000)
    times_ms = np.arange(hour.start_ms, hour.end_ms, 60_000)
    for simulated, wind, rain in ((False, 2.0, 0.1), (True, 30.0, 5.0)):
        columns = {"wind_speed_m_s": np.full(60, wind), "rain_total_mm": np.arange(60) * rain}
        write_series(store, OWN, "home", "weather", "station-1", times_ms, columns, simulated=simulated)
    store.describe(OWN, "gw-1", Descriptor(device="station-1", kind="weather", site="home", name=""))
    scope = OrgScope(store, None, OWN, hour.end_ms)
    records = [find_device(scope, "station-1")]
    assert set(hourly_means(scope, records, ("wind",), hour)["wind"].means.values()) == {2.0}
    assert read_rain(scope, records, hour).sum(*hour.pair).mm == pytest.approx(5.9)
