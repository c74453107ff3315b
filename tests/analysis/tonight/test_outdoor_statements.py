from collections.abc import Sequence

import pytest

from headland.agronomy.prescription.weather_window import Hour, HourVerdict, assess_hour
from headland.analysis.tonight.outdoor_statements import application_window, field_frost, irrigation_need
from headland.units_of_time import HOUR_MS

NOW_MS = 1_795_752_000_000


def verdicts(wind_m_s: Sequence[float | None]) -> list[HourVerdict]:
    first_ms = NOW_MS - len(wind_m_s) * HOUR_MS
    return [
        assess_hour(Hour(first_ms + at * HOUR_MS, 15.0, 60.0, wind, 0.0, False), "liquid")
        for at, wind in enumerate(wind_m_s)
    ]


def test_the_window_is_the_longest_suitable_run_of_the_last_day_one_day_later() -> None:
    day = [9.0] * 8 + [2.0] * 2 + [9.0] * 3 + [2.0] * 4 + [9.0] * 7
    window = application_window(verdicts(day * 2), "liquid", NOW_MS)
    assert (window.kind, window.level, window.occurs, window.value) == ("spray_window", "low", True, 4.0)
    assert (window.start_ms, window.end_ms) == (NOW_MS + 13 * HOUR_MS, NOW_MS + 17 * HOUR_MS)
    assert (window.record.n, window.record.right) == (24, 24)
    assert window.advice is not None
    assert (window.advice.rule, window.advice.until_ms) == ("use_the_window", window.end_ms)
    assert window.basis == "as_yesterday"


def test_a_day_without_a_suitable_hour_is_said_and_one_that_was_not_measured_is_not_judged() -> None:
    stormy = application_window(verdicts([9.0] * 24), "liquid", NOW_MS)
    assert (stormy.level, stormy.occurs, stormy.value, stormy.advice) == ("moderate", False, 0.0, None)
    unknown = application_window(verdicts([None] * 5 + [2.0] * 19), "liquid", NOW_MS)
    assert (unknown.level, unknown.reason, unknown.value) == ("unknown", "insufficient_data", None)
    assert application_window([], "liquid", NOW_MS).reason == "insufficient_data"


def test_hours_that_turned_out_otherwise_are_counted_apart() -> None:
    record = application_window(verdicts([2.0] * 24 + [9.0] * 24 + [2.0] * 24), "liquid", NOW_MS).record
    assert (record.n, record.right, record.missed, record.false_alarms) == (48, 0, 24, 24)


def test_a_frosty_night_is_expected_again_with_the_record_of_such_expectations() -> None:
    frosty, mild = [5.0] * 20 + [-1.0] * 4, [5.0] * 24
    frost = field_frost([*frosty, *mild, *frosty], NOW_MS)
    assert (frost.level, frost.occurs, frost.value, frost.hours) == ("high", True, -1.0, 4)
    assert (frost.start_ms, frost.end_ms) == (NOW_MS + 20 * HOUR_MS, NOW_MS + 24 * HOUR_MS)
    assert (frost.record.n, frost.record.false_alarms, frost.record.missed) == (2, 1, 1)
    assert field_frost([], NOW_MS).reason == "insufficient_data"


def test_water_follows_the_radiation_and_has_an_error_and_no_hits() -> None:
    # 100 W/m2 for 24 h are 864 J/cm2, of which 2 ml each are 1.728 L/m2.
    need = irrigation_need([200.0] * 24 + [100.0] * 24)
    assert need.value == pytest.approx(1.728)
    assert need.unit == "L/m2"
    assert (need.record.n, need.record.right) == (1, 0)
    assert need.record.mean_abs_error == pytest.approx(1.728)
    dark = irrigation_need([0.0] * 24)
    assert (dark.occurs, dark.advice) == (False, None)
    assert irrigation_need([None] * 48).reason == "insufficient_data"
