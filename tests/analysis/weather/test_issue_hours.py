"""Hours of an issue from a provider's instants, means, extremes and amounts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headland.analysis.weather.hourly_forecast import hours_from_issue
from headland.analysis.weather.issue_hours import LONGEST_GAP_MS, WIDENED, bands_of, hours_of_issue
from headland.registry.models.weather import Attribution, ForecastIssue, ForecastPlace, ForecastSeries, StepKind
from headland.units_of_time import HOUR_MS, MINUTE_MS
from tests.examples import examples
from tests.formats.weather.answers import CASES, ISSUED_MS

START_MS = 1_800_000_000_000 // HOUR_MS * HOUR_MS
_SOURCE = Attribution(text="Theirs.", text_zh="来自他们。", licence="none", url="https://forecast.example/")


def series(
    channel: str,
    values: tuple[float | None, ...],
    *,
    kind: StepKind = StepKind.INSTANT,
    every_h: float = 1.0,
    from_h: float = 0.0,
    span_h: float = 0.0,
    **more: object,
) -> ForecastSeries:
    """A series whose steps begin every `every_h` hours and last `span_h`."""
    starts_ms = tuple(START_MS + round((from_h + at * every_h) * HOUR_MS) for at in range(len(values)))
    ends_ms = tuple(each + round(span_h * HOUR_MS) for each in starts_ms)
    return ForecastSeries(
        channel=channel, aggregation=kind, starts_ms=starts_ms, ends_ms=ends_ms, values=values, **more  # type: ignore[arg-type]
    )  # fmt: skip


def issue_of(*all_series: ForecastSeries, issued_ms: int | None = START_MS) -> ForecastIssue:
    return ForecastIssue(
        provider="theirs", model="one", asked=ForecastPlace(latitude_deg=31.95, longitude_deg=119.17), answered=None,
        issued_ms=issued_ms, fetched_ms=START_MS + 5 * MINUTE_MS, series=all_series, attribution=_SOURCE,
    )  # fmt: skip


def hourly(issue: ForecastIssue, quantity: str, count: int = 6) -> list[float | None]:
    band = hours_of_issue(issue, START_MS, count).bands[quantity]  # type: ignore[index]
    return [None if np.isnan(each) else round(float(each), 6) for each in band.value]


def test_an_hour_has_the_mean_of_the_instants_at_its_bounds() -> None:
    issue = issue_of(series("air_temperature_degc", (10.0, 12.0, 11.0)))
    assert hourly(issue, "temperature_degc") == [11.0, 11.5, None, None, None, None]


def test_a_value_that_was_left_out_is_not_bridged() -> None:
    issue = issue_of(series("air_temperature_degc", (10.0, None, 11.0, 13.0)))
    assert hourly(issue, "temperature_degc", 4) == [None, None, 12.0, None]


def test_instants_of_three_hours_are_joined_and_those_of_six_are_not() -> None:
    three = issue_of(series("relative_humidity_pct", (60.0, 90.0, 60.0), every_h=3))
    assert hourly(three, "humidity_pct", 7) == [65.0, 75.0, 85.0, 85.0, 75.0, 65.0, None]
    six = issue_of(series("relative_humidity_pct", (60.0, 90.0, 60.0), every_h=6))
    assert hourly(six, "humidity_pct") == [None] * 6


def test_instants_between_the_hours_give_the_mean_of_their_lines() -> None:
    issue = issue_of(series("wind_speed_m_s", (2.0, 4.0, 2.0), from_h=-0.5))
    # From 3 up to 4 and down to 3: 3.5. The next hour is half known.
    assert hourly(issue, "wind_speed_m_s", 2) == [3.5, None]


def test_a_gust_is_the_greatest_of_the_hour() -> None:
    assert hourly(issue_of(series("wind_gust_m_s", (4.0, 9.0, 5.0))), "wind_gust_m_s", 2) == [9.0, 9.0]
    inside = issue_of(series("wind_gust_m_s", (4.0, 9.0, 4.0), from_h=-0.5))
    assert hourly(inside, "wind_gust_m_s", 1) == [9.0]
    maxima = issue_of(series("wind_gust_m_s", (4.0, 9.0), kind=StepKind.MAXIMUM, span_h=1))
    assert hourly(maxima, "wind_gust_m_s", 2) == [4.0, 9.0]


def test_a_mean_is_of_its_own_hour_or_of_the_steps_that_fill_it() -> None:
    of_hours = issue_of(series("global_radiation_w_m2", (100.0, 300.0), kind=StepKind.MEAN, span_h=1))
    assert hourly(of_hours, "global_radiation_w_m2", 2) == [100.0, 300.0]
    quarters = (100.0, 200.0, 300.0, 400.0, 500.0, 500.0, 500.0)
    of_quarters = issue_of(series("global_radiation_w_m2", quarters, kind=StepKind.MEAN, every_h=0.25, span_h=0.25))
    assert hourly(of_quarters, "global_radiation_w_m2", 2) == [250.0, None]
    of_three = issue_of(series("global_radiation_w_m2", (100.0, 300.0), kind=StepKind.MEAN, every_h=3, span_h=3))
    assert hourly(of_three, "global_radiation_w_m2") == [None] * 6


def test_the_extreme_of_a_day_is_of_no_hour() -> None:
    issue = issue_of(series("air_temperature_degc", (25.0,), kind=StepKind.MAXIMUM, span_h=24))
    assert hourly(issue, "temperature_degc") == [None] * 6


def test_an_amount_keeps_the_shortest_step_that_contains_the_hour() -> None:
    issue = issue_of(
        series("precipitation_mm", (6.0, 3.0), kind=StepKind.SUM, every_h=3, span_h=6),
        series("precipitation_mm", (1.0, 2.0), kind=StepKind.SUM, span_h=1),
    )
    amounts = hours_of_issue(issue, START_MS, 10).amounts["rain_mm"]
    told = [None if a is None else (a.value, (a.start_ms - START_MS) // HOUR_MS, (a.end_ms - START_MS) // HOUR_MS)
            for a in amounts]  # fmt: skip
    six, later = (6.0, 0, 6), (3.0, 3, 9)
    assert told == [(1.0, 0, 1), (2.0, 1, 2), six, six, six, six, later, later, later, None]


def test_percentiles_of_ten_and_ninety_are_widened_to_ninety_per_cent_within_bounds() -> None:
    issue = issue_of(
        series("air_temperature_degc", (10.0, 10.0), quantiles={"10": (8.0, 8.0), "90": (11.0, 11.0)}),
        series("relative_humidity_pct", (97.0, 97.0), quantiles={"10": (90.0, 90.0), "90": (99.5, 99.5)}),
        series("wind_speed_m_s", (3.0, 3.0), quantiles={"5": (1.0, 1.0), "95": (6.0, 6.0), "10": (2.0, 2.0)}),
        series("cloud_cover_pct", (50.0, 50.0), quantiles={"10": (20.0, 20.0)}),
    )
    (hour,) = hours_from_issue(issue, START_MS, 3)
    assert hour.temperature_degc is not None
    assert hour.humidity_pct is not None
    assert hour.wind_speed_m_s is not None
    assert hour.cloud_cover_pct is not None
    assert pytest.approx(1.2835, abs=1e-4) == WIDENED
    assert (hour.temperature_degc.low, hour.temperature_degc.high) == (7.433, 11.283)
    assert (hour.humidity_pct.low, hour.humidity_pct.high) == (88.016, 100.0)
    assert (hour.wind_speed_m_s.low, hour.wind_speed_m_s.high) == (1.0, 6.0)
    assert (hour.cloud_cover_pct.low, hour.cloud_cover_pct.high) == (None, None)


def test_an_ensemble_has_its_own_percentiles_of_the_hour_and_a_small_one_none() -> None:
    members = tuple((float(each), float(each) + 2.0) for each in range(21))
    issue = issue_of(series("air_temperature_degc", (None, None), members=members))
    (hour,) = hours_from_issue(issue, START_MS, 3)
    assert hour.temperature_degc is not None
    assert (hour.temperature_degc.low, hour.temperature_degc.value, hour.temperature_degc.high) == (2.0, 11.0, 20.0)
    small = issue_of(series("air_temperature_degc", (None, None), members=members[:9]))
    (few,) = hours_from_issue(small, START_MS, 3)
    assert few.temperature_degc is not None
    assert (few.temperature_degc.low, few.temperature_degc.value) == (None, 5.0)


def test_hours_follow_each_other_from_the_hour_under_way_and_leads_count_to_their_end() -> None:
    issue = issue_of(series("air_temperature_degc", (10.0, 11.0, None, 12.0, 13.0)), issued_ms=None)
    hours = hours_from_issue(issue, START_MS + 20 * MINUTE_MS, 72)
    assert [(each.start_ms - START_MS) // HOUR_MS for each in hours] == [0, 1, 2, 3]
    assert [each.temperature_degc is None for each in hours] == [False, True, True, False]
    # Five minutes were lost between the hour and the fetch.
    assert [each.lead_h for each in hours] == [0.917, 1.917, 2.917, 3.917]


@settings(max_examples=examples(100))
@given(
    st.lists(st.one_of(st.none(), st.floats(-40, 40)), min_size=1, max_size=30),
    st.sampled_from([0.25, 0.5, 1.0, 2.0, 3.0, 6.0]),
    st.floats(-3, 3),
)
def test_an_hour_lies_within_the_instants_around_it(values: list[float | None], every_h: float, from_h: float) -> None:
    issue = issue_of(series("air_temperature_degc", tuple(values), every_h=every_h, from_h=from_h))
    edges_ms = START_MS + HOUR_MS * np.arange(13, dtype=np.int64)
    band = bands_of(issue, "temperature_degc", edges_ms)
    (only,) = issue.series
    for at, value in enumerate(band.value):
        if np.isnan(value):
            continue
        before = max(i for i, each in enumerate(only.ends_ms) if each <= edges_ms[at])
        after = min(i for i, each in enumerate(only.ends_ms) if each >= edges_ms[at + 1])
        around = [each for each in only.values[before : after + 1] if each is not None]
        assert len(around) == after - before + 1
        assert every_h * HOUR_MS <= LONGEST_GAP_MS
        assert min(around) - 1e-6 <= value <= max(around) + 1e-6


@pytest.mark.parametrize("name", sorted(CASES))
def test_every_adapter_s_forecast_has_hours_within_what_it_said(name: str) -> None:
    issue = CASES[name].issue()
    hours = hours_from_issue(issue, ISSUED_MS, 72)
    if name == "qweather by day":
        assert all(each.temperature_degc is None for each in hours)
        return
    temperatures = [each.temperature_degc.value for each in hours if each.temperature_degc is not None]
    assert len(temperatures) >= 48
    (said,) = (s for s in issue.series if s.channel == "air_temperature_degc" and s.aggregation == "instant")
    rows = said.members or (said.values,)
    known = [each for row in rows for each in row if each is not None]
    assert min(known) <= min(temperatures) <= max(temperatures) <= max(known)
    assert all(each.humidity_pct is not None and each.wind_speed_m_s is not None for each in hours[:48])
    assert all(each.rain_mm is not None for each in hours[:48])
