"""Sensor health: each fault added to good samples is found, and good samples have no findings."""

from __future__ import annotations

import json

import numpy as np
import pytest

from headland.agronomy.series.sensor_health import (
    LIMITS,
    check_channel,
    compare_twins,
    find_blocked_gauge,
    find_drift,
    find_spikes,
    find_stuck,
)
from headland.agronomy.series.time_grid import STEP_MS, make_periods
from headland.units_of_time import DAY_MS
from tests.floors.modules import ROOT

RANDOM = np.random.default_rng(5)
DAYS = 4
PERIODS = make_periods([0], DAYS * 86_400_000)
TIME_MS = PERIODS.time_ms
SUN = np.maximum(500.0 * np.sin(2 * np.pi * (TIME_MS / 86_400_000 - 0.25)), 0.0)
AIR = 18.0 + 6.0 * np.sin(2 * np.pi * (TIME_MS / 86_400_000 - 0.3)) + RANDOM.normal(0, 0.1, len(TIME_MS))
HUMIDITY = 75.0 + RANDOM.normal(0, 1.0, len(TIME_MS))


def test_good_samples_remain() -> None:
    for channel, value in (("air_temperature_degc", AIR), ("relative_humidity_pct:1", HUMIDITY)):
        flags, findings = check_channel(channel, TIME_MS, value)
        assert (flags == 1).all()
        assert findings == []


def test_a_stuck_sensor_is_left_out_from_the_start_of_the_constant_value() -> None:
    value = HUMIDITY.copy()
    value[100:200] = 71.3
    flags, (finding,) = check_channel("relative_humidity_pct", TIME_MS, value)
    assert np.flatnonzero(flags == 4).tolist() == list(range(100, 200))
    assert (finding.test, finding.n, finding.left_out) == ("flat_line", 100, True)
    assert (finding.start_ms, finding.end_ms) == (100 * STEP_MS, 199 * STEP_MS)


def test_saturated_air_and_dark_nights_may_be_constant() -> None:
    # For up to a day: Botrytis weather and a winter night.
    long = slice(0, 23 * 12)
    saturated, dark = np.full(len(TIME_MS), 100.0), np.zeros(len(TIME_MS))
    assert check_channel("relative_humidity_pct", TIME_MS[long], saturated[long])[1] == []
    assert check_channel("par_umol_m2_s", TIME_MS[long], dark[long])[1] == []
    assert check_channel("wind_speed_m_s", TIME_MS[: 17 * 12], dark[: 17 * 12])[1] == []
    assert check_channel("rain_total_mm", TIME_MS, np.full(len(TIME_MS), 12.4))[1] == []


@pytest.mark.parametrize(
    ("channel", "constant", "said"),
    [
        ("relative_humidity_pct", 100.0, "98 or more"),
        ("outside_humidity_pct", 99.5, "98 or more"),
        ("co2_ppm", 5000.0, "4900 or more"),
        ("par_umol_m2_s", 0.0, "below 20"),
        ("global_radiation_w_m2", 0.0, "below 20"),
    ],
)
def test_a_sensor_stuck_at_the_end_of_its_range_is_doubted(channel: str, constant: float, said: str) -> None:
    flags, (finding,) = check_channel(channel, TIME_MS, np.full(len(TIME_MS), constant))
    assert (finding.test, finding.flag, finding.left_out) == ("flat_at_limit", 3, False)
    assert said in finding.detail
    assert (flags == 3).all()


@pytest.mark.parametrize(("stuck", "flag", "left_out"), [(0.0, 4, True), (1.3, 3, False)])
def test_a_stuck_anemometer_is_left_out_at_rest_and_else_doubted(stuck: float, flag: int, left_out: bool) -> None:
    flags, (finding,) = check_channel("wind_speed_m_s", TIME_MS[:288], np.full(288, stuck))
    assert (finding.test, finding.left_out) == ("flat_line", left_out)
    assert (flags == flag).all()


def test_a_gauge_that_counts_nothing_for_two_weeks_is_doubted() -> None:
    time_ms = 3_600_000 * np.arange(15 * 24, dtype=np.int64)
    _, (finding,) = check_channel("rain_total_mm", time_ms, np.full(len(time_ms), 12.4))
    assert (finding.test, finding.left_out) == ("flat_at_limit", False)
    assert "no rain, or a blocked gauge" in finding.detail


@pytest.mark.parametrize(("wet_h", "others_mm", "blocked"), [(3.0, 0.0, True), (0.0, 8.0, True), (0.5, 1.0, False)])
def test_a_gauge_that_counts_nothing_while_it_rains_is_blocked(wet_h: float, others_mm: float, blocked: bool) -> None:
    still = np.full(len(TIME_MS), 12.4)
    finding = find_blocked_gauge("rain_total_mm", TIME_MS, still, wet_h, others_mm)
    assert (finding is not None and finding.left_out) == blocked
    assert find_blocked_gauge("rain_total_mm", TIME_MS, still + 0.2 * (TIME_MS > DAY_MS), wet_h, others_mm) is None


def test_two_equal_samples_around_a_silence_are_no_stuck_sensor() -> None:
    time_ms = np.array([0, 86_400_000])
    assert not find_stuck(time_ms, np.array([20.0, 20.0]), LIMITS["air_temperature_degc"]).any()
    assert not find_stuck(time_ms[:0], np.empty(0), LIMITS["air_temperature_degc"]).any()


def test_a_spike_is_one_sample_and_a_step_is_none() -> None:
    value = AIR.copy()
    value[50] += 15.0
    value[500:] += 8.0
    assert np.flatnonzero(find_spikes(value, 5.0)).tolist() == [50]


def test_humidity_over_a_hundred_is_used_as_saturated_and_is_a_finding() -> None:
    value = HUMIDITY.copy()
    value[10:20] = 101.5
    value[30] = 108.0
    flags, findings = check_channel("relative_humidity_pct", TIME_MS, value)
    assert {f.test: (f.n, f.left_out) for f in findings} == {
        "gross_range": (1, True),
        "spike": (1, True),
        "over_saturation": (10, False),
    }
    assert (flags[10:20] == 3).all()


def test_the_sensor_that_the_sun_heats_is_named_and_its_twin_is_not() -> None:
    heated = AIR + SUN * 2.5 / 600.0
    findings = compare_twins(
        PERIODS, {"air_temperature_degc": (TIME_MS, AIR), "air_temperature_degc:2": (TIME_MS, heated)}, SUN
    )
    assert [(f.channel, f.test, f.left_out) for f in findings] == [("air_temperature_degc:2", "sun_heated", True)]
    assert "2.5 K" in findings[0].detail


def test_of_three_sensors_the_one_that_drifts_is_named() -> None:
    days = TIME_MS / 86_400_000
    noise = [RANDOM.normal(0, 0.1, len(TIME_MS)) for _ in range(3)]
    samples = {
        "air_temperature_degc": (TIME_MS, AIR + noise[0]),
        "air_temperature_degc:1": (TIME_MS, AIR + 0.4 + noise[1]),
        "air_temperature_degc:2": (TIME_MS, AIR + 0.5 * days + noise[2]),
    }
    findings = compare_twins(PERIODS, samples, None)
    assert findings[-1].channel == "air_temperature_degc:2"
    assert (findings[-1].test, findings[-1].left_out) == ("drift", False)


def test_a_drift_has_a_slope_with_its_error_and_an_offset_has_none() -> None:
    rng = np.random.default_rng(2)
    time_ms = np.arange(0, 20 * DAY_MS, 600_000, dtype=np.int64)
    twin = 20.0 + 5.0 * np.sin(time_ms / DAY_MS * 2 * np.pi)
    drifting = twin + 0.05 * time_ms / DAY_MS + rng.normal(0.0, 0.2, len(time_ms))
    drift = find_drift(time_ms, drifting, twin)
    assert drift is not None
    assert drift[0] == pytest.approx(0.05, abs=3 * drift[1])
    assert drift[1] < 0.005
    offset = find_drift(time_ms, twin + 1.5 + rng.normal(0.0, 0.2, len(time_ms)), twin)
    assert offset is not None
    assert abs(offset[0]) < 4 * offset[1]
    assert find_drift(time_ms[:29], drifting[:29], twin[:29]) is None


def test_a_range_includes_its_ends() -> None:
    for value, flag in ((-20.0, 1), (60.0, 1), (-20.1, 4), (60.1, 4)):
        assert check_channel("air_temperature_degc", TIME_MS[:1], np.array([value]))[0].tolist() == [flag]


def test_spikes_are_those_that_ioos_qc_finds_by_differences() -> None:
    vectors = json.loads((ROOT / "tests/qartod_vectors.json").read_text(encoding="utf-8"))
    value = np.array([np.nan if number is None else number for number in vectors["values"]])
    vector = vectors["spike_differential"]
    assert np.flatnonzero(find_spikes(value, vector["limits"]["fail"])).tolist() == [
        at for at, flag in enumerate(vector["flags"]) if flag == 4
    ]
