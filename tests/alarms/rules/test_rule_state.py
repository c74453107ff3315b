"""The transitions of a rule over a day of data: raised in time, never repeated, always ended, in any order of data."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from headland.alarms.rules.rule_conditions import RuleInputs, evaluate_rule, sample_times
from headland.alarms.rules.rule_state import RuleState, Transition, advance
from headland.alarms.rules.rule_values import ChannelSamples
from headland.registry.models.alarms import AlarmRule, AlarmTest
from tests.examples import examples

MINUTE = 60_000
DAY = 1440 * MINUTE
FROST = AlarmRule(
    name="frost",
    any_of=((AlarmTest(what="air_temperature_degc", below=2.0, hysteresis=1.0),),),
    for_s=300.0,
    clear_for_s=600.0,
    lost_after_s=3600.0,
)


def play(
    rule: AlarmRule, time_ms: list[int], values: list[float], now_ms: int, state: RuleState | None = None
) -> tuple[RuleState, list[Transition]]:
    samples = RuleInputs({"air_temperature_degc": ChannelSamples(np.array(time_ms, np.int64), np.array(values))})
    state = state or RuleState()
    axis = sample_times(rule, samples, -1 if state.evaluated_until_ms is None else state.evaluated_until_ms, now_ms)
    return advance(rule, state, evaluate_rule(rule, samples, axis), now_ms)


def test_a_frost_is_raised_after_its_duration_and_cleared_after_the_air_has_warmed_beyond_the_hysteresis() -> None:
    values = [5.0, 1.9, 1.0, 0.0, 0.0, 0.0, 0.0, 2.5, 2.5, *[3.5] * 12]
    state, changes = play(FROST, [at * MINUTE for at in range(21)], values, 21 * MINUTE)
    assert [(change.kind, change.time_ms, change.began_ms) for change in changes] == [
        ("raised", 6 * MINUTE, MINUTE),
        ("cleared", 19 * MINUTE, MINUTE),
    ]
    assert not state.state.is_raised


def test_an_alarm_without_data_ends_as_unknown() -> None:
    times = [at * MINUTE for at in range(10)]
    state, changes = play(FROST, times, [0.0] * 10, 9 * MINUTE)
    assert [change.kind for change in changes] == ["raised"]
    state, changes = advance(
        FROST, state, evaluate_rule(FROST, RuleInputs(), np.empty(0, np.int64)), 9 * MINUTE + 3_600_001
    )
    assert [(change.kind, change.time_ms) for change in changes] == [("no_data", 9 * MINUTE + 3_600_000)]
    assert not state.state.is_raised


def test_late_samples_change_nothing_that_was_evaluated() -> None:
    state, _ = play(FROST, [20 * MINUTE], [5.0], 20 * MINUTE)
    again, changes = play(FROST, [at * MINUTE for at in range(20)], [0.0] * 20, 20 * MINUTE, state)
    assert (again, changes) == (state, [])


DAYS = st.lists(
    st.tuples(st.integers(1, 90 * MINUTE), st.one_of(st.floats(-5, 8), st.sampled_from([1.9, 2.0, 3.0, float("nan")]))),
    max_size=120,
)
RULES = st.builds(
    lambda for_s, clear_for_s, lost_after_s, hysteresis, hold_s: AlarmRule(
        name="frost",
        any_of=((AlarmTest(what="air_temperature_degc", below=2.0, hysteresis=hysteresis),),),
        for_s=for_s,
        clear_for_s=max(clear_for_s, 60.0 - for_s),
        lost_after_s=lost_after_s,
        hold_s=hold_s,
    ),
    st.sampled_from([0.0, 60.0, 1800.0]),
    st.sampled_from([0.0, 60.0, 3600.0]),
    st.sampled_from([600.0, 7200.0]),
    st.sampled_from([0.0, 1.0]),
    st.sampled_from([60.0, 900.0]),
)


def a_day(steps: list[tuple[int, float]]) -> tuple[list[int], list[float]]:
    times = np.cumsum([step for step, _ in steps]).tolist()
    kept = [(time, value) for time, (_, value) in zip(times, steps, strict=True) if time < DAY]
    return [time for time, _ in kept], [value for _, value in kept]


@given(DAYS, RULES)
@settings(max_examples=examples(150), deadline=None)
def test_a_day_of_random_data_never_produces_an_alarm_that_does_not_clear_or_comes_back_too_soon(
    steps: list[tuple[int, float]], rule: AlarmRule
) -> None:
    times, values = a_day(steps)
    state, changes = play(rule, times, values, DAY)
    turns = [change.kind for change in changes]
    assert all(turn == "raised" for turn in turns[::2])
    assert all(turn in ("cleared", "no_data") for turn in turns[1::2])
    assert [change.time_ms for change in changes] == sorted(change.time_ms for change in changes)
    for one, after in pairwise(change.time_ms for change in changes if change.kind == "raised"):
        assert after - one >= min((rule.for_s + rule.clear_for_s) * 1000, rule.lost_after_s * 1000)
    assert all(change.time_ms - change.began_ms >= rule.for_s * 1000 for change in changes if change.kind == "raised")
    # Nothing is heard after the day: whatever stands ends.
    state, rest = advance(rule, state, evaluate_rule(rule, RuleInputs(), np.empty(0, np.int64)), 3 * DAY)
    assert len(turns + [change.kind for change in rest]) % 2 == 0
    assert not state.state.is_raised


@given(DAYS, RULES, st.lists(st.integers(0, 120), max_size=8))
@settings(max_examples=examples(150), deadline=None)
def test_a_day_evaluated_in_parts_gives_the_same_as_in_one_go(
    steps: list[tuple[int, float]], rule: AlarmRule, cuts: list[int]
) -> None:
    times, values = a_day(steps)
    whole, expected = play(rule, times, values, DAY)
    state, found = RuleState(), []
    for cut in [*sorted(cuts), len(times)]:
        until = times[cut - 1] if 0 < cut <= len(times) else 0
        state, changes = play(rule, times[:cut], values[:cut], until if cut < len(times) else DAY, state)
        found += changes
    facts = [(change.kind, change.time_ms, change.began_ms) for change in expected]
    assert [(change.kind, change.time_ms, change.began_ms) for change in found] == facts
    assert state == whole
