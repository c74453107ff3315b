"""Answers as providers really write them: structures, units and errors that others recorded, in payloads of our own.

Seen in metno-locationforecast (tests/test_data), metno/forti (healthz), open-meteo/open-meteo (Tests/AppTests),
ashuttl/linecast, mt-empty/pi-inky-weather-epd and tempi-marathon/open-meteo-php (tests), and qwd/dev-site
(assets/openapi, content/en/docs/resource/error-code.md), which is QWeather's own documentation.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from headland.formats.weather.error_documents import read_error
from headland.formats.weather.met_norway import MET_NORWAY
from headland.formats.weather.open_meteo import OPEN_METEO
from headland.formats.weather.provider import (
    DecodedForecast,
    ForecastProvider,
    ForecastQuery,
    RefusedAnswer,
    RefusedForecast,
)
from headland.formats.weather.qweather import PRODUCTS, QWEATHER
from headland.network.polite_requests import RequestFault, fault_of_status
from headland.registry.models.weather import ForecastPlace
from headland.units_of_time import HOUR_MS

PLACE = ForecastPlace(latitude_deg=31.95, longitude_deg=119.17)
#: 2027-01-15 08:00 UTC.
START_MS = 1_800_000_000_000


def decode(provider: ForecastProvider, document: object, **query: Any) -> DecodedForecast:
    body = json.dumps(document).encode()
    decoded = provider.decode(body, ForecastQuery(place=PLACE, **query), START_MS)
    assert isinstance(decoded, DecodedForecast), decoded
    return decoded


def values(decoded: DecodedForecast) -> dict[tuple[str, str], tuple[float | None, ...]]:
    return {(each.channel, str(each.aggregation)): each.values for each in decoded.issue.series}


def met(units: dict[str, str], details: dict[str, float], **periods: object) -> dict[str, Any]:
    step = {"time": "2027-01-15T08:00:00Z", "data": {"instant": {"details": details}, **periods}}
    return {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [119.17, 31.95, 22]},
        "properties": {"meta": {"updated_at": "2027-01-15T07:31:02Z", "units": units}, "timeseries": [step]},
    }


def meteo(units: dict[str, str], columns: dict[str, list[Any]], **more: Any) -> dict[str, Any]:
    return {
        "latitude": 31.9375, "longitude": 119.1875, "generationtime_ms": 0.05, "utc_offset_seconds": 0,
        "timezone": "GMT", "timezone_abbreviation": "GMT", "elevation": 22.0,
        "hourly_units": {"time": "iso8601", **units}, "hourly": columns, **more,
    }  # fmt: skip


def test_met_norway_states_a_unit_of_one_for_what_we_do_not_read_and_periods_without_details() -> None:
    decoded = decode(
        MET_NORWAY,
        met(
            {"air_temperature": "celsius", "ultraviolet_index_clear_sky": "1", "wind_from_direction": "degrees",
             "precipitation_amount": "mm", "precipitation_amount_max": "mm", "precipitation_rate": "mm/h"},
            {"air_temperature": -3.4, "ultraviolet_index_clear_sky": 0.0, "wind_from_direction": 226.5,
             "precipitation_rate": 0.4},
            # Half a day has a symbol alone in some answers, and its chance in others.
            next_12_hours={"summary": {"symbol_code": "cloudy", "symbol_confidence": "uncertain"}},
            next_1_hours={"summary": {"symbol_code": "lightrain"},
                          "details": {"precipitation_amount": 0.2, "precipitation_amount_max": 0.9}},
        ),
    )  # fmt: skip
    assert values(decoded) == {
        ("air_temperature_degc", "instant"): (-3.4,),
        ("wind_from_deg", "instant"): (226.5,),
        ("precipitation_mm", "sum"): (0.2,),
    }
    assert decoded.left_out == {}
    assert decoded.issue.issued_ms == START_MS - 29 * 60_000 + 2_000


@pytest.mark.parametrize(
    "code", ["clearsky_day", "partlycloudy_polartwilight", "lightssleetshowersandthunder_night", "a_new_one", None]
)
def test_a_symbol_is_a_summary_and_changes_no_number(code: str | None) -> None:
    period = {"summary": {"symbol_code": code}, "details": {"precipitation_amount": 1.0}}
    plain = {"details": {"precipitation_amount": 1.0}}
    units = {"precipitation_amount": "mm"}
    one, other = (decode(MET_NORWAY, met(units, {}, next_1_hours=each)) for each in (period, plain))
    assert one.issue == other.issue


@pytest.mark.parametrize(
    ("name", "unit", "said", "expected"),
    [
        ("temperature_2m", "°C", -3.4, -3.4), ("temperature_2m", "°F", 23.0, -5.0),
        ("wind_speed_10m", "km/h", 18.0, 5.0), ("wind_speed_10m", "mp/h", 10.0, 4.47),
        ("wind_speed_10m", "kn", 10.0, 5.144), ("wind_speed_10m", "m/s", 5.0, 5.0),
        ("wind_gusts_10m", "mp/h", 20.0, 8.941), ("wind_direction_10m", "°", 359, 359.0),
        ("precipitation", "mm", 0.3, 0.3), ("precipitation", "inch", 0.1, 2.54),
        ("precipitation_probability", "%", 40, 40.0), ("relative_humidity_2m", "%", 81, 81.0),
        ("cloud_cover", "%", 100, 100.0), ("pressure_msl", "hPa", 1013.2, 1013.2),
        ("shortwave_radiation", "W/m²", 512.0, 512.0),
    ],
)  # fmt: skip
def test_each_unit_that_open_meteo_documents_is_read(name: str, unit: str, said: float, expected: float) -> None:
    decoded = decode(OPEN_METEO, meteo({name: unit}, {"time": ["2027-01-15T08:00"], name: [said]}))
    (column,) = values(decoded).values()
    assert column == pytest.approx((expected,), abs=0.001)
    assert decoded.left_out == {}


def test_open_meteo_writes_local_times_past_days_and_columns_that_a_model_does_not_have() -> None:
    times = [f"2027-01-{day}T{hour:02d}:00" for day in (14, 15) for hour in range(24)]
    columns: dict[str, list[Any]] = {
        "time": times, "temperature_2m": [1.0 * hour for hour in range(48)], "shortwave_radiation": [None] * 48,
        "weather_code": [3] * 48, "is_day": [0] * 48, "snowfall": [0.0] * 48,
    }  # fmt: skip
    units = {"temperature_2m": "°C", "shortwave_radiation": "undefined", "weather_code": "wmo code", "is_day": "",
             "snowfall": "cm"}  # fmt: skip
    decoded = decode(OPEN_METEO, meteo(units, columns, utc_offset_seconds=-14_400, current={"temperature_2m": 7.0}))
    (series,) = decoded.issue.series
    # 2027-01-14 00:00 local is 04:00 UTC.
    assert series.ends_ms[0] == START_MS - 28 * HOUR_MS
    assert (series.values[0], series.values[47], decoded.left_out) == (0.0, 47.0, {})


def test_a_model_of_the_ensemble_api_has_its_own_host_and_a_key_another() -> None:
    def host(model: str, key: str = "") -> tuple[str, str]:
        request = OPEN_METEO.request(ForecastQuery(place=PLACE, model=model), key)
        return request.host, request.path

    assert host("") == host("ecmwf_ifs025") == ("https://api.open-meteo.com", "/v1/forecast")
    for model in ("ecmwf_ifs025_ensemble", "icon_seamless_eps", "ncep_gefs_seamless", "ukmo_global_ensemble_20km"):
        assert host(model) == ("https://ensemble-api.open-meteo.com", "/v1/ensemble")
        assert host(model, "k3y") == ("https://customer-ensemble-api.open-meteo.com", "/v1/ensemble")
    assert host("gfs_global", "k3y")[0] == "https://customer-api.open-meteo.com"


def test_hours_of_qweather_in_another_zone_than_its_issue_are_instants() -> None:
    # The grid's hours are in UTC, its issue in Beijing's time; amounts have two decimals, a chance may be empty.
    row = {"fxTime": "2027-01-15T08:00+00:00", "temp": "-3", "precip": "0.35", "pop": "", "cloud": "", "windSpeed": "3",
           "icon": "302", "text": "Thundershower", "uvIndex": "0"}  # fmt: skip
    decoded = decode(QWEATHER, {"code": "200", "updateTime": "2027-01-15T15:32+08:00", "hourly": [row]})
    assert decoded.issue.issued_ms == START_MS - 28 * 60_000
    assert values(decoded) == {
        ("air_temperature_degc", "instant"): (-3.0,),
        ("wind_speed_m_s", "instant"): (0.833,),
        ("precipitation_mm", "sum"): (0.35,),
    }


def test_version_1_of_qweather_states_units_and_shares() -> None:
    row = {
        "forecastTime": "2027-01-15T08:00Z",
        "condition": {"text": "Overcast", "code": "104"},
        "temperature": {"value": 31.12, "unit": "°C"},
        "feelsLike": {"value": 34.31, "unit": "°C"},
        "humidity": 0.76,
        "wind": {"direction": {"degree": 215, "compass": "sw"}, "speed": {"value": 3.42, "unit": "m/s"}, "scale": 3},
        "windGust": {"value": 8.16, "unit": "m/s"},
        "precipitation": {"amount": {"value": 0.09, "unit": "mm"}, "intensity": {"value": 0.09, "unit": "mm/h"},
                          "probability": 0.31, "type": "rain"},
        "pressure": {"value": 1001.5, "unit": "hPa"}, "visibility": {"value": 14780, "unit": "m"},
        "cloudCover": 0.92, "uvIndex": 6,
    }  # fmt: skip
    decoded = decode(QWEATHER, {"metadata": {"tag": "x"}, "hours": [row]}, model="v1-240h")
    assert values(decoded) == {
        ("air_temperature_degc", "instant"): (31.12,),
        ("relative_humidity_pct", "instant"): (76.0,),
        ("wind_speed_m_s", "instant"): (3.42,),
        ("wind_from_deg", "instant"): (215.0,),
        ("wind_gust_m_s", "instant"): (8.16,),
        ("precipitation_mm", "sum"): (0.09,),
        ("precipitation_chance_pct", "chance"): (31.0,),
        ("sea_level_pressure_hpa", "instant"): (1001.5,),
        ("cloud_cover_pct", "instant"): (92.0,),
    }
    assert (decoded.issue.issued_ms, decoded.left_out) == (None, {})
    request = QWEATHER.request(ForecastQuery(place=PLACE, model="v1-240h"), "k3y")
    assert request.target == "/weather/v1/hourly/31.95/119.17?hours=240&lang=en"
    assert {"v1-24h", "v1-240h", "72h"} <= set(PRODUCTS)


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        ("204", RequestFault.NO_DATA), ("400", RequestFault.WRONG_REQUEST), ("401", RequestFault.NOT_PERMITTED),
        ("402", RequestFault.NOT_PERMITTED), ("403", RequestFault.NOT_PERMITTED), ("404", RequestFault.WRONG_REQUEST),
        ("429", RequestFault.TOO_MANY_REQUESTS), ("500", RequestFault.SERVER_ERROR),
    ],
)  # fmt: skip
def test_a_code_of_qweather_in_a_good_answer_is_the_fault_of_that_status(code: str, fault: RequestFault) -> None:
    for document in ({"code": code}, {"error": {"status": int(code), "title": "No Credit", "detail": "d"}}):
        refused = QWEATHER.decode(json.dumps(document).encode(), ForecastQuery(place=PLACE), START_MS)
        assert isinstance(refused, RefusedForecast)
        assert (refused.reason, fault_of_status(refused.status)) == (RefusedAnswer.PROVIDER_ERROR, fault)


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b'{"error":true,"reason":"Cannot initialize WeatherVariable from invalid String value x for key hourly"}',
         "Cannot initialize WeatherVariable from invalid String value x for key hourly"),
        (b'{"error":{"status":400,"title":"Invalid Parameters","detail":"Check it.","invalidParams":["lang"]}}',
         "Invalid Parameters: Check it.: lang"),
        (b'{"type":"about:blank","title":"Forbidden","detail":"No contact."}', "Forbidden: No contact."),
        (b"<html><head><style>p{x}</style><title>403</title></head><body>\n<p>Please  identify</p></body></html>",
         "403 Please identify"),
        (b"Unprocessable\x00 \x1b[31mlocation", "Unprocessable [31mlocation"),
        (b'{"error":"api key k3y-7 is wrong"}', "api key … is wrong"),
        (b"", ""), (b"[1]", ""), (b"\xff\xfe", "\ufffd\ufffd"), (b'{"error":{"status":1}}', ""),
    ],
)  # fmt: skip
def test_an_error_is_one_printable_line_without_the_key(body: bytes, sentence: str) -> None:
    assert read_error(body, "k3y-7") == sentence


def test_a_long_error_is_cut() -> None:
    assert len(read_error(b"x" * 4096)) == 160
    assert read_error(b"[" * 4096) == "[" * 159 + "…"
