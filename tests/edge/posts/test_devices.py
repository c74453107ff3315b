"""Shelly devices, a WeatherLink Live, and JSON by a map, read by the fields of their makers."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.posts.devices import read_shelly, read_weatherlink
from edge.posts.json_bodies import read_json
from headland.contract.posts.consoles import BodyMap
from headland.contract.posts.packs import PostedBody
from headland.contract.refusals import Reason
from headland.errors import SettingsError

#: Current conditions as the maker's documentation has them (weatherlink-live-local-api), without what is null there.
CONDITIONS: dict[str, Any] = {
    "data": {
        "did": "001D0A700002",
        "ts": 1_531_754_005,
        "conditions": [
            {
                "lsid": 48308,
                "data_structure_type": 1,
                "txid": 1,
                "temp": 62.7,
                "hum": 1.1,
                "wet_bulb": None,
                "wind_speed_last": 2,
                "wind_speed_hi_last_10_min": 8,
                "rain_size": 2,
                "rain_rate_last": 0,
                "solar_rad": 747,
                "rainfall_daily": 63,
                "rx_state": 2,
                "trans_battery_flag": 0,
            },
            {
                "lsid": 3187671188,
                "data_structure_type": 2,
                "txid": 3,
                "temp_1": 50,
                "moist_soil_1": 35,
                "wet_leaf_2": 7,
            },
            {"lsid": 48307, "data_structure_type": 4, "temp_in": 78.0, "hum_in": 41.1},
            {"lsid": 48306, "data_structure_type": 3, "bar_sea_level": 30.008, "bar_trend": None, "bar_absolute": 29},
        ],
    },
    "error": None,
}


def values(posted: PostedBody) -> dict[tuple[str, str], object]:
    return {(each.device, each.name): each.value for each in posted.records}


def test_the_conditions_of_a_weatherlink_live_are_stored_in_the_units_of_their_channels() -> None:
    posted = read_weatherlink(json.dumps(CONDITIONS).encode(), ())
    console, iss, soil = "weatherlink.001D0A700002", "weatherlink.001D0A700002-1", "weatherlink.001D0A700002-3"
    assert {each.time_s for each in posted.records} == {1_531_754_005.0}
    assert values(posted) == {
        (iss, "outside_temperature_degc"): pytest.approx((62.7 - 32) / 1.8),
        (iss, "outside_humidity_pct"): 1.1,
        (iss, "wind_speed_m_s"): pytest.approx(2 * 1609.344 / 3600),
        (iss, "wind_gust_10_min_m_s"): pytest.approx(8 * 1609.344 / 3600),
        (iss, "global_radiation_w_m2"): 747,
        (iss, "daily_rain_mm"): pytest.approx(12.6),
        (iss, "battery_low_on"): 0,
        (soil, "soil_temperature_degc:1"): pytest.approx(10),
        (soil, "soil_water_tension_kpa:1"): 35,
        (soil, "leaf_wetness_count:2"): 7,
        (console, "air_temperature_degc"): pytest.approx((78 - 32) / 1.8),
        (console, "relative_humidity_pct"): 41.1,
        (console, "sea_level_pressure_hpa"): pytest.approx(30.008 * 33.86389),
        (console, "static_pressure_hpa"): pytest.approx(29 * 33.86389),
    }
    assert list(posted.unmapped) == ["rain_rate_last (0): no channel is known for it"]


@pytest.mark.parametrize(("size", "rain_mm"), [(1, 16.002), (2, 12.6), (3, 6.3), (4, 1.6002)])
def test_rain_is_counts_of_the_collector_that_the_record_states(size: int, rain_mm: float) -> None:
    record = {"data_structure_type": 1, "txid": 1, "rain_size": size, "rainfall_daily": 63}
    posted = read_weatherlink(json.dumps({"did": "1", "ts": 1_531_754_005, "conditions": [record]}).encode(), ())
    assert [each.value for each in posted.records] == [pytest.approx(rain_mm)]
    posted = read_weatherlink(
        json.dumps({"did": "1", "ts": 1_531_754_005, "conditions": [{**record, "rain_size": 0}]}).encode(), ()
    )
    assert ([*posted.records], posted.refused[0].reason) == ([], Reason.UNKNOWN_CHANNEL)
    assert list(posted.unmapped) == ["rainfall_daily in counts (63): no channel is known for it"]


def test_an_action_of_a_shelly_says_what_it_measures() -> None:
    posted = read_shelly(b"id=B8D61A8B17CC&tC=19.8&rh=42.2&V=2.9", ())
    assert values(posted) == {
        ("shelly.B8D61A8B17CC", "air_temperature_degc"): 19.8,
        ("shelly.B8D61A8B17CC", "relative_humidity_pct"): 42.2,
    }
    assert (posted.is_undated, list(posted.unmapped)) == (True, ["V (2.9): no channel is known for it"])


def test_the_first_generation_states_no_unit_of_its_temperature() -> None:
    query = b"hum=55&temp=71.6&id=shellyht-6BFF33"
    assert [each.name for each in read_shelly(query, ()).records] == ["relative_humidity_pct"]
    posted = read_shelly(query, ["air_temperature_degc,degF,temp"])
    assert values(posted)["shelly.shellyht-6BFF33", "air_temperature_degc"] == pytest.approx(22)


def test_json_is_read_by_a_map() -> None:
    body = {"src": "tent-1", "at": 1_790_000_000, "air": {"t": 68}, "soil": [{"id": "m", "value": 31, "unit": "%"}]}
    channels = ["air_temperature_degc,degF,air/t", "substrate_moisture_pct,,soil[id=m]"]
    about = BodyMap(device_from=("src",), time="at", time_format="unix_s")
    posted = read_json(json.dumps(body).encode(), channels, about)
    assert values(posted) == {
        ("json.tent-1", "air_temperature_degc"): pytest.approx(20),
        ("json.tent-1", "substrate_moisture_pct"): 31,
    }
    assert ({each.time_s for each in posted.records}, [*posted.unmapped]) == ({1_790_000_000.0}, [])
    posted = read_json(b'{"co2_ppm": 410, "x": 3}', (), BodyMap(device="bed-1"))
    assert (values(posted), posted.is_undated) == ({("bed-1", "co2_ppm"): 410}, True)
    assert list(posted.unmapped) == ["x (3): no channel is known for it"]


@pytest.mark.parametrize(
    ("body", "about", "reason"),
    [
        (b"{", BodyMap(device="a"), Reason.NOT_JSON),
        (b"{}", BodyMap(device_from=("x",)), Reason.WRONG_SHAPE),
        (b'{"co2_ppm": 1, "t": "noon"}', BodyMap(device="a", time="t"), Reason.BAD_TIME),
        (b'{"x": 1}', BodyMap(device="a"), Reason.UNKNOWN_CHANNEL),
    ],
)
def test_json_that_cannot_be_read_is_refused(body: bytes, about: BodyMap, reason: Reason) -> None:
    posted = read_json(body, (), about)
    assert ([*posted.records], [each.reason for each in posted.refused]) == ([], [reason])


@pytest.mark.parametrize("about", [BodyMap(), BodyMap("a", ("b",)), BodyMap("a", time="t", time_format="sundial")])
def test_a_map_that_cannot_be_used_is_an_error(about: BodyMap) -> None:
    with pytest.raises(SettingsError):
        read_json(b"{}", (), about)


@pytest.mark.parametrize(
    "query", [b"", b"tC=1", b"id=a&tC=1&tC=2", b"id=a", b"&".join(b"a%d=1" % n for n in range(99))]
)
def test_an_action_that_cannot_be_read_is_refused(query: bytes) -> None:
    posted = read_shelly(query, ())
    assert ([*posted.records], len(posted.refused)) == ([], 1)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["data", "did", "ts", "conditions", "txid", "temp"]), inner, max_size=4)
    ),
    max_leaves=10,
)


@given(_JSON, st.binary(max_size=40))
def test_nothing_that_is_posted_raises(tree: Any, raw: bytes) -> None:
    body = json.dumps(tree).encode()
    with_header = json.dumps({"did": "1", "ts": 1_531_754_005, "conditions": tree}).encode()
    readings = [read_weatherlink(each, ()) for each in (body, with_header, raw)]
    readings += [read_shelly(raw, ()), read_json(body, (), BodyMap("a")), read_json(raw, (), BodyMap("a"))]
    assert not any(posted.records and posted.refused for posted in readings)
