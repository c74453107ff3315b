"""The smoother of soil probes on a truth of another kind, and the probes that lie."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from headland.agronomy.root_zone.probe_checks import ProbeTest, check_probes
from headland.agronomy.root_zone.probe_reading import at_one_temperature, daily_readings, fit_temperature_effect
from headland.agronomy.root_zone.probe_smoother import smooth_season
from headland.agronomy.root_zone.sensors import SensorPrior
from headland.agronomy.series.arrays import Times, Values
from headland.units_of_time import DAY_MS, HOUR_MS
from tests.agronomy.root_zone.layered_truth import DAYS, FieldTruth, make_field

SEEDS = range(10)


@pytest.fixture(scope="module")
def fields() -> list[FieldTruth]:
    return [make_field(seed) for seed in SEEDS]


def error_mm(truth: Values, guess: Values) -> float:
    return float(np.sqrt(np.mean((truth - guess[None, :]) ** 2)))


def test_the_fitted_readings_have_intervals_that_hold_the_prior_or_better(fields: list[FieldTruth]) -> None:
    sensors = fields[0].sensors([0, 1])
    water = smooth_season(fields[0].case, sensors)
    fitted, wilting = water.field_capacity, water.wilting_point
    prior_width = 2.0 * 1.645 * sensors[0].prior.field_capacity_error
    assert np.all(fitted.low < fitted.value)
    assert np.all(fitted.value < fitted.high)
    assert float((fitted.high - fitted.low).mean()) < 0.95 * prior_width
    assert np.all(wilting.value < fitted.value)


def test_readings_while_the_soil_drains_and_days_without_one_teach_nothing(fields: list[FieldTruth]) -> None:
    field = fields[1]
    # A flood in the middle of the season.
    rain = field.case.water.rain_mm.copy()
    rain[60] = 200.0
    case = replace(field.case, water=replace(field.case.water, rain_mm=rain))
    sensors = field.sensors([0, 1])
    water = smooth_season(case, sensors)
    silent = np.isnan(sensors[0].reading)
    assert not water.used[silent, 0].any()
    assert water.used[:, 0].sum() > 80
    draining = water.percolation_mm > 1.0
    assert draining.any()
    assert not water.used[draining].any()


def test_without_probes_the_interval_only_grows_wider(fields: list[FieldTruth]) -> None:
    field = fields[2]
    alone, taught = smooth_season(field.case, []), smooth_season(field.case, field.sensors([0, 1]))
    assert alone.used.shape == (DAYS, 0)
    width = alone.depletion_mm.high - alone.depletion_mm.low
    assert width[60:].mean() > 1.2 * (taught.depletion_mm.high - taught.depletion_mm.low)[60:].mean()


def test_the_same_call_gives_the_same_water(fields: list[FieldTruth]) -> None:
    sensors = fields[3].sensors([0])
    once, again = (smooth_season(fields[3].case, sensors, members=40) for _ in range(2))
    np.testing.assert_array_equal(once.depletion_mm.value, again.depletion_mm.value)


def test_a_raw_sensor_teaches_as_one_in_per_cent(fields: list[FieldTruth]) -> None:
    field = fields[4]
    percent = field.sensors([0, 1])
    # A raw count that falls as the soil gets wetter.
    raw = [
        replace(
            each,
            reading=3000.0 - 40.0 * each.reading,
            prior=SensorPrior(3000.0 - 40.0 * each.prior.field_capacity, 160.0, 48.0, -4000.0),
        )
        for each in percent
    ]
    a, b = smooth_season(field.case, percent), smooth_season(field.case, raw)
    assert float(np.abs(a.depletion_mm.value - b.depletion_mm.value).mean()) < 4.0


def test_honest_probes_are_used_whole(fields: list[FieldTruth]) -> None:
    for field in fields:
        sensors = field.sensors([0, 1, 2])
        kept, findings = check_probes(sensors, field.case.water)
        assert [finding for finding in findings if finding.left_out] == []
        for before, after in zip(sensors, kept, strict=True):
            np.testing.assert_array_equal(before.reading, after.reading)


def lie(kind: str, reading: Values, draw: np.random.Generator) -> Values:
    """Return the readings of a probe [%], day by depth, as it would send them with a fault."""
    faulty = reading.copy()
    days, depths = faulty.shape
    if kind == "stuck":
        faulty[60:] = 21.3
    elif kind == "out_of_soil":
        faulty[70:] = np.round(draw.uniform(0.0, 2.0, (days - 70, depths)), 1)
    elif kind == "spike":
        some = np.flatnonzero(draw.random(days) < 0.15)
        faulty[some] += 15.0 * draw.choice([-1.0, 1.0], (len(some), 1))
    elif kind == "no_rise":
        faulty[:] = np.round(20.0 - np.linspace(0.0, 1.0, days)[:, None] + 0.3 * draw.standard_normal(faulty.shape), 1)
    elif kind == "rise_without_water":
        faulty[20::17] += 9.0
        faulty[21::17] += 8.0
    else:
        faulty += np.linspace(0.0, 14.0, days)[:, None]
    return faulty


@pytest.mark.parametrize("kind", ["stuck", "out_of_soil", "spike", "no_rise", "rise_without_water", "drift"])
def test_a_probe_that_lies_is_left_out_and_named(kind: ProbeTest, fields: list[FieldTruth]) -> None:
    named = 0
    for seed, field in zip(SEEDS, fields, strict=True):
        reading = [lie(kind, field.reading_pct[0], np.random.default_rng(seed)), *field.reading_pct[1:]]
        kept, findings = check_probes(replace(field, reading_pct=reading).sensors([0, 1, 2]), field.case.water)
        assert {finding.probe for finding in findings if finding.left_out} <= {"probe-0"}
        named += any(finding.test == kind for finding in findings)
        assert all(int(np.isfinite(each.reading).sum()) > 90 for each in kept if each.probe != "probe-0")
    assert named >= 9


def test_a_probe_that_drifts_no_longer_moves_the_water(fields: list[FieldTruth]) -> None:
    believed: list[float] = []
    checked: list[float] = []
    honest: list[float] = []
    for seed, field in zip(SEEDS, fields, strict=True):
        lying = [lie("drift", field.reading_pct[0], np.random.default_rng(seed)), *field.reading_pct[1:]]
        with_lie = replace(field, reading_pct=lying).sensors([0, 1, 2])
        held_out = np.array(field.depletion_mm[3:])[:, 100:]
        kept, _ = check_probes(with_lie, field.case.water)
        for sensors, errors in ((with_lie, believed), (kept, checked), (field.sensors([1, 2]), honest)):
            errors.append(error_mm(held_out, smooth_season(field.case, sensors).depletion_mm.value[100:]))
    assert np.mean(checked) < np.mean(believed)
    assert np.mean(checked) == pytest.approx(np.mean(honest), rel=0.1)


def test_of_two_probes_that_part_neither_is_believed_to_lie_without_a_reason(fields: list[FieldTruth]) -> None:
    field = fields[5]
    lower = [field.reading_pct[0] - np.linspace(0.0, 10.0, DAYS)[:, None], *field.reading_pct[1:]]
    _, findings = check_probes(replace(field, reading_pct=lower).sensors([0, 1]), field.case.water)
    drifts = [finding for finding in findings if finding.test == "drift"]
    assert drifts
    assert not any(finding.left_out for finding in drifts)
    assert all("which of the two drifts is not known" in finding.detail for finding in drifts)


def hours(days: int) -> tuple[Times, Times]:
    return np.arange(days * 24, dtype=np.int64) * HOUR_MS, (np.arange(days, dtype=np.int64) + 1) * DAY_MS


def test_the_effect_of_temperature_is_found_and_taken_off() -> None:
    draw = np.random.default_rng(3)
    time_ms, day_end_ms = hours(30)
    of_day = 2.0 * np.pi * (time_ms / HOUR_MS) / 24.0
    temperature = 22.0 + 5.0 * np.sin(of_day) + 4.0 * np.sin(of_day / 30.0)
    water = 28.0 - 0.1 * time_ms / DAY_MS
    value = water + 0.12 * (temperature - 20.0) + 0.05 * draw.standard_normal(len(time_ms))
    effect = fit_temperature_effect(time_ms, value, temperature, day_end_ms)
    assert effect is not None
    assert effect.per_k == pytest.approx(0.12, abs=0.01)
    np.testing.assert_allclose(at_one_temperature(value, temperature, effect), water, atol=0.3)


def test_no_effect_of_temperature_is_made_up() -> None:
    draw = np.random.default_rng(4)
    time_ms, day_end_ms = hours(20)
    temperature = 22.0 + 5.0 * np.sin(2.0 * np.pi * (time_ms / HOUR_MS) / 24.0)
    value = 28.0 - 0.1 * time_ms / DAY_MS + 0.3 * draw.standard_normal(len(time_ms))
    assert fit_temperature_effect(time_ms, value, temperature, day_end_ms) is None
    np.testing.assert_array_equal(at_one_temperature(value, temperature, None), value)


def test_the_reading_of_a_day_is_that_of_its_last_hours() -> None:
    time_ms, day_end_ms = hours(2)
    value = np.concatenate((np.full(20, 30.0), [25.0, 25.0, 99.0, 25.0], np.full(24, np.nan)))
    daily = daily_readings(time_ms, value, day_end_ms)
    assert daily[0] == 25.0
    assert np.isnan(daily[1])
