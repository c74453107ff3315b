"""Adapters of providers: times, units, periods and members as each provider means them."""

from __future__ import annotations

import json

import pytest

from headland.formats.weather.provider import DecodedForecast, ForecastQuery, RefusedAnswer, RefusedForecast
from headland.formats.weather.qweather import QWEATHER
from headland.registry.models.weather import ForecastIssue, ForecastPlace, ForecastSeries, StepKind
from headland.units_of_time import HOUR_MS
from tests.formats.weather.answers import ISSUED_MS, met_case, meteo_case, qweather_case, said
from tests.formats.weather.contract import FETCHED_MS, Case, mutated


def series_of(issue: ForecastIssue, channel: str, aggregation: str = "instant", hours: int = 0) -> ForecastSeries:
    (found,) = (
        each
        for each in issue.series
        if (each.channel, each.aggregation) == (channel, aggregation)
        and each.ends_ms[0] - each.starts_ms[0] == hours * HOUR_MS
    )
    return found


def refusal(case: Case, body: bytes) -> RefusedAnswer:
    decoded = case.provider.decode(body, case.query, FETCHED_MS)
    assert isinstance(decoded, RefusedForecast), decoded
    return decoded.reason


def test_amounts_of_met_norway_are_those_of_the_hours_that_follow() -> None:
    case, truth = met_case(), said(80)
    issue = case.issue()
    assert (issue.issued_ms, issue.model) == (ISSUED_MS, "complete")
    hourly, six = (series_of(issue, "precipitation_mm", "sum", hours) for hours in (1, 6))
    assert (hourly.starts_ms[0], hourly.ends_ms[0]) == (ISSUED_MS, ISSUED_MS + HOUR_MS)
    # The simulator's hour is the one before its time.
    assert hourly.values[:40] == tuple(round(hour.rain_mm, 1) for hour in truth.hours[1:41])
    assert six.values[0] == pytest.approx(sum(hour.rain_mm for hour in truth.hours[1:7]), abs=0.06)
    # Far ahead there are six hours at once, and they are not split into hours.
    assert len(hourly.ends_ms) == 55
    assert six.ends_ms[-1] > hourly.ends_ms[-1]
    assert issue.leads_h(hourly)[:3] == (1.0, 2.0, 3.0)


def test_percentiles_of_met_norway_are_quantiles_and_extremes_are_of_their_period() -> None:
    issue = met_case().issue()
    temperature = series_of(issue, "air_temperature_degc")
    low, middle, high = temperature.quantiles["10"][0], temperature.values[0], temperature.quantiles["90"][0]
    assert low is not None
    assert middle is not None
    assert high is not None
    assert low < middle < high
    highest = series_of(issue, "air_temperature_degc", "maximum", 6)
    assert highest.values[0] == pytest.approx(max(hour.temperature_degc for hour in said(80).hours[1:7]), abs=0.06)
    assert (temperature.height_m, series_of(issue, "wind_speed_m_s").height_m) == (2.0, 10.0)


def test_a_compact_answer_has_neither_gusts_nor_quantiles() -> None:
    issue = met_case("compact").issue()
    assert issue.model == "compact"
    assert not any(each.quantiles or each.channel == "wind_gust_m_s" for each in issue.series)


def test_units_are_those_that_the_answer_states() -> None:
    for usual, foreign in ((met_case(), met_case(units="foreign")), (meteo_case(), meteo_case(units="foreign"))):
        one, other = (series_of(case.issue(), "air_temperature_degc") for case in (usual, foreign))
        assert [value for value in one.values if value is not None] == pytest.approx(
            [value for value in other.values if value is not None], abs=0.08
        )
    wind = [series_of(case.issue(), "wind_speed_m_s").values for case in (meteo_case(), meteo_case(units="foreign"))]
    assert wind[0] == pytest.approx(wind[1], abs=0.01)


def test_a_unit_that_nobody_knows_leaves_the_quantity_out_and_is_counted() -> None:
    case = met_case()
    document = json.loads(case.body)
    document["properties"]["meta"]["units"]["wind_speed"] = "furlong/fortnight"
    decoded = case.provider.decode(json.dumps(document).encode(), case.query, FETCHED_MS)
    assert isinstance(decoded, DecodedForecast)
    assert decoded.left_out["unknown_unit"] >= 55
    assert not any(each.channel == "wind_speed_m_s" for each in decoded.issue.series)


def test_an_impossible_value_is_missing_and_its_neighbours_stay() -> None:
    case = meteo_case()
    document = json.loads(case.body)
    document["hourly"]["temperature_2m"][5] = -9999.0
    document["hourly"]["temperature_2m"][6] = None
    decoded = case.provider.decode(json.dumps(document).encode(), case.query, FETCHED_MS)
    assert isinstance(decoded, DecodedForecast)
    assert decoded.left_out == {"out_of_range": 1}
    values = series_of(decoded.issue, "air_temperature_degc").values
    assert values[5] is None
    assert values[6] is None
    assert values[4] is not None
    assert values[7] is not None


def test_amounts_of_open_meteo_are_those_of_the_hour_before() -> None:
    rain = series_of(meteo_case().issue(), "precipitation_mm", "sum", 1)
    assert (rain.starts_ms[0], rain.ends_ms[0]) == (ISSUED_MS - HOUR_MS, ISSUED_MS)
    assert rain.values == pytest.approx(tuple(round(hour.rain_mm, 2) for hour in said().hours))


def test_local_times_of_open_meteo_are_brought_to_utc_by_the_offset_that_the_answer_states() -> None:
    utc = meteo_case().issue()
    for offset_s in (8 * 3600, -3 * 3600 - 1800, 0):
        local = meteo_case(offset_s=offset_s, unix=False).issue()
        assert [each.ends_ms for each in local.series] == [each.ends_ms for each in utc.series]
    # Unix times are UTC whatever the offset says.
    assert meteo_case(offset_s=3600).issue().series[0].ends_ms == utc.series[0].ends_ms


def test_a_local_hour_that_comes_twice_is_refused_and_not_guessed() -> None:
    case = meteo_case(unix=False)
    document = json.loads(case.body)
    document["hourly"]["time"][3] = document["hourly"]["time"][2]
    assert refusal(case, json.dumps(document).encode()) is RefusedAnswer.TIMES_OUT_OF_ORDER


def test_an_hour_that_is_missing_stays_missing() -> None:
    case = meteo_case()
    document = json.loads(case.body)
    for column in document["hourly"].values():
        del column[7]
    issue = Case(case.provider, case.query, json.dumps(document).encode()).issue()
    ends_ms = series_of(issue, "air_temperature_degc").ends_ms
    assert ISSUED_MS + 7 * HOUR_MS not in ends_ms
    assert ISSUED_MS + 8 * HOUR_MS in ends_ms
    assert len(ends_ms) == 71


def test_an_ensemble_has_its_control_run_as_one_member_more() -> None:
    temperature = series_of(meteo_case(model="ecmwf_ifs025_ensemble", members=4).issue(), "air_temperature_degc")
    assert len(temperature.members) == 5
    assert set(temperature.values) == {None}
    assert temperature.members[0] == series_of(meteo_case().issue(), "air_temperature_degc").values


def test_a_forecast_of_another_place_is_refused() -> None:
    for case in (met_case(), meteo_case()):
        far = ForecastQuery(place=ForecastPlace(latitude_deg=30.55, longitude_deg=114.35))
        assert refusal(Case(case.provider, far, case.body), case.body) is RefusedAnswer.OTHER_PLACE


def test_an_error_of_a_provider_is_said_as_its_own_word() -> None:
    case = meteo_case()
    decoded = case.provider.decode(b'{"error":true,"reason":"Minutely API request limit exceeded."}', case.query, 0)
    assert decoded == RefusedForecast(RefusedAnswer.PROVIDER_ERROR, "Minutely API request limit exceeded.")
    for code in ("204", "402", "429", "500"):
        answer = QWEATHER.decode(b'{"code":"%s"}' % code.encode(), qweather_case().query, 0)
        assert answer == RefusedForecast(RefusedAnswer.PROVIDER_ERROR, f"code {code}", int(code))


def test_an_answer_without_a_value_is_no_forecast() -> None:
    case = met_case()
    document = json.loads(case.body)
    document["properties"]["timeseries"] = []
    assert refusal(case, json.dumps(document).encode()) is RefusedAnswer.NO_VALUES


def test_texts_of_qweather_are_numbers_and_its_hours_begin_at_their_time() -> None:
    issue = qweather_case().issue()
    assert issue.answered is None
    assert issue.issued_ms == ISSUED_MS
    rain, temperature = series_of(issue, "precipitation_mm", "sum", 1), series_of(issue, "air_temperature_degc")
    assert (rain.starts_ms[0], temperature.ends_ms[0]) == (ISSUED_MS, ISSUED_MS)
    assert temperature.values[0] == round(said().hours[0].temperature_degc)
    wind = series_of(issue, "wind_speed_m_s").values[0]
    assert wind == pytest.approx(round(3.6 * said().hours[0].wind_m_s) / 3.6, abs=0.001)
    # Nobody says whether it is that of the place or of the sea level.
    assert not any("pressure" in each.channel for each in issue.series)


def test_a_day_of_qweather_is_the_local_one_with_its_hours() -> None:
    case = qweather_case("7d")
    body = json.dumps(
        {
            "code": "200",
            "updateTime": "2027-03-27T06:35+01:00",
            "daily": [{"fxDate": f"2027-03-{day}", "tempMax": "9", "precip": "1.5", "humidity": "60"}
                      for day in (27, 28, 29)],
        }
    ).encode()  # fmt: skip
    berlin = ForecastQuery(place=case.query.place, model="7d", time_zone="Europe/Berlin")
    issue = Case(QWEATHER, berlin, body).issue()
    (rain,) = (each for each in issue.series if each.channel == "precipitation_mm")
    hours = [(end - start) // HOUR_MS for start, end in zip(rain.starts_ms, rain.ends_ms, strict=True)]
    assert hours == [24, 23, 24]
    assert rain.aggregation is StepKind.SUM
    # The humidity of a day is of no stated time.
    assert {each.channel for each in issue.series} == {"precipitation_mm", "air_temperature_degc"}


def test_a_time_without_an_offset_is_refused() -> None:
    case = qweather_case()
    document = json.loads(case.body)
    document["hourly"][4]["fxTime"] = "2027-01-15T08:00"
    assert refusal(case, json.dumps(document).encode()) is RefusedAnswer.TIMES_OUT_OF_ORDER


def test_a_mutation_changes_the_document() -> None:
    assert json.loads(mutated(b'{"a":[1,2]}', 2, 7)) == {"a": [1, 7]}
