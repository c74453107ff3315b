"""The states of a rule at each instant: channels, indices, hours, and tests joined by and and or."""

from __future__ import annotations

import numpy as np
import pytest

from headland.alarms.rules.rule_conditions import (
    ConditionResult,
    RuleInputs,
    channels_of,
    evaluate_rule,
    lookback_ms,
    sample_times,
)
from headland.alarms.rules.rule_values import ChannelSamples, Samples, SiteConditions
from headland.registry.models.alarms import AlarmRule, AlarmTest
from headland.units_of_time import HOUR_MS

MINUTE = 60_000


def rule(*groups: tuple[AlarmTest, ...], **more: float) -> AlarmRule:
    return AlarmRule(name="one", any_of=groups, **more)  # type: ignore[arg-type]


def column(values: list[float], step_ms: int = MINUTE, start_ms: int = 0) -> ChannelSamples:
    return ChannelSamples(start_ms + step_ms * np.arange(len(values), dtype=np.int64), np.array(values, float))


def judged(one: AlarmRule, samples: Samples, utc_offset_ms: int = 0) -> ConditionResult:
    return evaluate_rule(
        one, RuleInputs(samples), sample_times(one, RuleInputs(samples), -1, 2**60), SiteConditions(utc_offset_ms)
    )


def air(temperature: float, humidity: float, leaf: float | None = None) -> dict[str, ChannelSamples]:
    found = {"air_temperature_degc": column([temperature]), "relative_humidity_pct": column([humidity])}
    return found if leaf is None else {**found, "leaf_temperature_degc": column([leaf])}


@pytest.mark.parametrize(
    ("what", "samples", "published"),
    [
        ("vpd_kpa", air(25.0, 60.0), 1.268),
        ("dew_point_degc", air(20.0, 50.0), 9.272),
        ("condensation_margin_k", air(18.0, 95.0, 17.0), -0.2),
        ("condensation_margin_k", air(20.0, 80.0, 18.0), 1.55),
        ("delta_t_k", air(25.0, 60.0), 5.53),
    ],
)
def test_an_index_is_what_is_published_of_it(what: str, samples: Samples, published: float) -> None:
    found = judged(rule((AlarmTest(what=what, below=0.0),)), samples).values[0][0][0]
    assert found == pytest.approx(published, abs=0.05 if what != "vpd_kpa" else 0.002)


@pytest.mark.parametrize(
    ("hour", "screen_pct", "expected_k"), [(4, None, 2.05), (16, None, 0.55), (16, 10.0, 0.55), (16, 100.0, 1.55)]
)
def test_a_rule_estimates_a_leaf_as_the_page_does(hour: int, screen_pct: float | None, expected_k: float) -> None:
    # 12:00 and 00:00 in Wuhan, 20 degC and 88 %: the dew point is 17.95 degC.
    samples = {**air(20.0, 88.0), **({} if screen_pct is None else {"screen_closed_pct": column([screen_pct])})}
    samples = {name: ChannelSamples(one.time_ms + hour * HOUR_MS, one.value) for name, one in samples.items()}
    site = SiteConditions(place_deg=(30.6, 114.3))
    test = rule((AlarmTest(what="condensation_margin_k", below=1.0),))
    found = evaluate_rule(test, RuleInputs(samples), np.array([hour * HOUR_MS]), site)
    assert found.values[0][0][0] == pytest.approx(expected_k, abs=0.05)
    assert found.is_bad[0] == (expected_k < 1.0)


def test_delta_t_of_a_rule_is_at_the_pressure_of_the_site() -> None:
    inputs, one = RuleInputs(air(30.0, 40.0)), rule((AlarmTest(what="delta_t_k", above=10.0),))
    # PsychroLib's wet bulb at 1800 m, 81.8 kPa, is 19.400 degC.
    high = evaluate_rule(one, inputs, np.array([0]), SiteConditions(pressure_kpa=81.8))
    low = evaluate_rule(one, inputs, np.array([0]))
    assert high.values[0][0][0] == pytest.approx(10.6, abs=0.03)
    assert (high.is_bad.tolist(), low.is_bad.tolist()) == ([True], [False])


def test_light_so_far_is_the_days_own_and_unknown_where_too_little_of_the_day_is() -> None:
    test = rule((AlarmTest(what="dli_mol_m2", below=12.0),))
    flux = np.zeros(2 * 288)
    flux[288 + 60 : 288 + 252] = 200.0  # sixteen hours of the second day
    samples = {"par_umol_m2_s": column(flux.tolist(), 5 * MINUTE)}
    found = judged(test, samples).values[0][0]
    assert found[288 + 60] == pytest.approx(0.0, abs=0.05)
    assert found[-1] == pytest.approx(11.52, abs=0.07)
    whole = samples["par_umol_m2_s"]
    holed = {
        "par_umol_m2_s": ChannelSamples(
            np.delete(whole.time_ms, np.s_[300:360]), np.delete(whole.value, np.s_[300:360])
        )
    }
    assert np.isnan(judged(test, holed).values[0][0][310])
    # Eight hours east the day begins eight hours earlier.
    assert judged(test, samples, 8 * HOUR_MS).values[0][0][288 + 191] == pytest.approx(131 * 0.06, abs=0.07)


def test_hours_beyond_a_threshold_are_counted_over_the_last_hours_and_not_across_holes() -> None:
    test = AlarmTest(what="air_temperature_degc", above=30.0, hours=2.0, of_hours=4.0)
    one = rule((test,), hold_s=600.0)
    values = [29.0] * 24 + [31.0] * 36 + [29.0] * 60
    found = judged(one, {"air_temperature_degc": column(values, 5 * MINUTE)})
    assert found.values[0][0].max() == pytest.approx(3.0, abs=0.09)
    assert np.flatnonzero(found.is_bad)[0] == 24 + 24
    assert found.is_over[-1]
    assert lookback_ms(one) == 4 * HOUR_MS + 600_000
    sparse = judged(one, {"air_temperature_degc": column([31.0] * 8, 30 * MINUTE)})
    assert sparse.values[0][0].max() == pytest.approx(7 * 10 / 60)


def test_a_dry_hot_wind_needs_all_three_at_once() -> None:
    group = (
        AlarmTest(what="air_temperature_degc", above=30.0, hysteresis=1.0),
        AlarmTest(what="relative_humidity_pct", below=30.0, hysteresis=5.0),
        AlarmTest(what="wind_speed_m_s", above=3.0),
    )
    samples = {
        "air_temperature_degc": column([31.0, 31.0, 31.0, 29.5, 28.0]),
        "relative_humidity_pct": column([29.0, 29.0, 33.0, 33.0, 33.0]),
        "wind_speed_m_s": column([2.0, 4.0, 4.0, 4.0, 4.0]),
    }
    found = judged(rule(group), samples)
    assert found.is_bad.tolist() == [False, True, False, False, False]
    assert found.is_over.tolist() == [True, False, False, False, True]
    assert channels_of(rule(group)) == set(samples)


def test_of_two_groups_one_is_enough_and_both_must_be_over() -> None:
    one = rule(
        (AlarmTest(what="rain_on", above=0.5),), (AlarmTest(what="substrate_moisture_pct", above=60.0, hysteresis=5.0),)
    )
    both = {"rain_on": column([0.0, 1.0, 0.0, 0.0]), "substrate_moisture_pct": column([50.0, 50.0, 58.0, 50.0])}
    found = judged(one, both)
    assert found.is_bad.tolist() == [False, True, False, False]
    assert found.is_over.tolist() == [True, False, False, True]
    # What a device does not have at all keeps no alarm raised, and raises none.
    alone = judged(one, {"rain_on": both["rain_on"]})
    assert alone.is_bad.tolist() == [False, True, False, False]
    assert alone.is_over.tolist() == [True, False, True, True]


def test_what_is_not_known_is_no_evidence_for_or_against_anything() -> None:
    one = rule((AlarmTest(what="vpd_kpa", below=0.2), AlarmTest(what="air_temperature_degc", above=10.0)), hold_s=120.0)
    samples = {"air_temperature_degc": column([20.0] * 5), "relative_humidity_pct": column([99.0, 99.0])}
    found = judged(one, samples)
    assert found.is_bad.tolist() == [True, True, True, True, False]
    assert found.is_known.tolist() == [True, True, True, True, False]
    assert not found.is_over.any()


def test_the_age_of_the_newest_sample_grows_with_the_clock() -> None:
    one = rule((AlarmTest(what="age_s", above=900.0, of="air_temperature_degc"),))
    samples = {"air_temperature_degc": column([20.0])}
    found = evaluate_rule(one, RuleInputs(samples), np.array([0, 900_000, 900_001, 5_000_000]))
    assert found.is_bad.tolist() == [False, False, True, True]
    assert found.is_known.all()
