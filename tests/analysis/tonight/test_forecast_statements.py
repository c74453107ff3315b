"""Statements about fields by the forecast: what they say, on which basis, and what came of the last such."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import pytest

from headland.agronomy.prescription.forecast_window import ForecastVerdict, assess_forecast
from headland.agronomy.prescription.weather_window import Hour, assess_hours
from headland.analysis.tonight.forecast_statements import (
    forecast_frost,
    forecast_window,
    window_record,
    with_rain_ahead,
)
from headland.analysis.tonight.outdoor_statements import irrigation_need
from headland.analysis.tonight.statements import NO_RECORD
from headland.analysis.weather.outdoors.forecast_hours import hours_to_judge
from headland.analysis.weather.outdoors.forecast_origin import ForecastOrigin
from headland.analysis.weather.outdoors.frost_ahead import PastDay, frost_ahead
from headland.units_of_time import DAY_MS, HOUR_MS
from tests.analysis.weather.outdoors_hours import hour

NOW_MS = 1_795_752_000_000
PLACE = (32.0, 119.0)
SOURCE = ForecastOrigin(
    basis="provider", reason=None, text="said", text_zh="预报", provider="met-norway", title="MET Norway",
    simulated=False, issued_ms=NOW_MS, fetched_ms=NOW_MS, attribution=None,
)  # fmt: skip
NOTHING = msgspec.structs.replace(SOURCE, basis="nothing")


def test_frost_by_the_forecast_has_its_basis_source_chance_and_the_record_of_past_days() -> None:
    past = [PastDay(at * DAY_MS, tuple([4.0] * 24), tuple([(-1.0 if at % 2 else 1.0)] * 24), True) for at in range(14)]
    ahead = [hour(NOW_MS + at * HOUR_MS, degc=3.0 if at > 19 else 9.0, cloud=10.0) for at in range(24)]
    told = forecast_frost(frost_ahead(ahead, PLACE, past, 0.0), past, SOURCE)
    assert told is not None
    assert (told.kind, told.level, told.occurs, told.value, told.basis) == ("frost", "high", True, -1.0, "corrected")
    assert (told.start_ms, told.hours, told.source) == (NOW_MS + 20 * HOUR_MS, 4, SOURCE)
    assert told.advice is not None
    assert told.record.n == 14
    # Every second day had frost, and none was expected of the first four, which have no offset.
    assert told.record.right + told.record.missed + told.record.false_alarms == 14
    assert told.record.missed >= 2
    assert told.record.chance is not None
    assert told.record.chance == pytest.approx(0.82, abs=0.03)
    assert forecast_frost(frost_ahead(ahead, PLACE, past, 0.0), past, NOTHING) is None
    assert forecast_frost(frost_ahead([], PLACE, past, 0.0), past, SOURCE) is None


def verdicts(winds: Sequence[float | None]) -> list[ForecastVerdict]:
    hours = [hour(NOW_MS + at * HOUR_MS, wind=wind, gust=None) for at, wind in enumerate(winds)]
    return assess_forecast(hours_to_judge(hours, [False] * len(hours), 0), "liquid")


def test_the_window_is_the_longest_run_of_go_of_the_next_day_at_its_own_time() -> None:
    told = forecast_window(
        verdicts([9.0] * 8 + [2.0] * 2 + [9.0] * 3 + [2.0] * 4 + [9.0] * 13), "liquid", SOURCE, NO_RECORD
    )
    assert told is not None
    assert (told.kind, told.level, told.value, told.basis) == ("spray_window", "low", 4.0, "provider")
    assert (told.start_ms, told.end_ms) == (NOW_MS + 13 * HOUR_MS, NOW_MS + 17 * HOUR_MS)
    assert told.advice is not None
    assert told.advice.rule == "use_the_forecast_window"
    stormy = forecast_window(verdicts([9.0] * 24), "granular", SOURCE, NO_RECORD)
    assert stormy is not None
    assert (stormy.kind, stormy.occurs, stormy.value, stormy.advice) == ("spread_window", False, 0.0, None)
    assert forecast_window(verdicts([None] * 5 + [2.0] * 19), "liquid", SOURCE, NO_RECORD) is None
    assert forecast_window(verdicts([2.0] * 24), "liquid", NOTHING, NO_RECORD) is None


def test_the_record_counts_hours_that_came_as_they_were_said() -> None:
    said = [each.likely for each in verdicts([2.0, 2.0, 9.0, 9.0, None])]
    came = assess_hours([Hour(0, 22.0, 60.0, wind, 0.0, False) for wind in (1.5, 9.0, 1.5, 9.0, 1.5)], "liquid")
    record = window_record(list(zip(said, came, strict=True)))
    assert (record.n, record.right, record.missed, record.false_alarms) == (4, 2, 1, 1)


def test_measured_hours_are_judged_by_the_rain_that_followed_them() -> None:
    hours = [
        Hour(at * HOUR_MS, 22.0, 60.0, 2.0, None, False, rain) for at, rain in enumerate((0.0, 0.0, 1.0, 0.0, 0.0))
    ]
    judged = with_rain_ahead(hours, 2)
    assert [each.rain_ahead_mm for each in judged] == [1.0, 1.0, 0.0, None, None]
    assert [each.state for each in assess_hours(judged, "liquid")] == ["stop", "stop", "stop", "caution", "caution"]


def test_water_is_by_the_radiation_that_is_forecast_where_one_is() -> None:
    said = irrigation_need([100.0] * 48, [200.0] * 24, SOURCE)
    assert (said.basis, said.source) == ("provider", SOURCE)
    assert said.value == pytest.approx(3.456)
    silent = irrigation_need([100.0] * 48, [None] * 24, SOURCE)
    assert (silent.basis, silent.source) == ("as_yesterday", SOURCE)
    assert silent.value == pytest.approx(1.728)
    assert irrigation_need([100.0] * 48, [200.0] * 24, NOTHING).basis == "as_yesterday"
