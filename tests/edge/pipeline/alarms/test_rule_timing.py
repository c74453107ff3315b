"""An alarm is raised in time, repeated by its rule, cleared when its condition ends, and never causes a storm."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from edge.pipeline.alarms.evaluator import compare
from edge.pipeline.alarms.rule_tables import MIN_CYCLE_S, AlarmRule, find_mistake
from headland.contract.alarm import AlarmState, Phase, step
from tests.examples import examples

FROST = AlarmRule(
    name="frost", channel="air_temperature_degc", below=2, hysteresis=1, for_s=300, clear_for_s=600, repeat_s=1800
)


def play(rule: AlarmRule, samples: list[tuple[int, float]]) -> tuple[list[tuple[int, str]], AlarmState]:
    """Return (second, kind) of all events, and the last state."""
    state, events = AlarmState(), []
    for time_ms, value in samples:
        is_bad, is_over = compare(rule, value)
        state, event = step(state, rule.timing, time_ms, is_bad=is_bad, is_over=is_over)
        if event is not None:
            events.append((time_ms // 1000, event.removeprefix("alarm_")))
    return events, state


def each_minute(values: list[float]) -> list[tuple[int, float]]:
    return [(at * 60_000, value) for at, value in enumerate(values)]


def test_a_frost_is_raised_after_its_duration_and_cleared_after_the_air_has_warmed_beyond_the_hysteresis() -> None:
    values = [5, 1.9, 1, 0, 0, 0, 0, 2.5, 2.5, *[3.5] * 12]
    events, state = play(FROST, each_minute([float(value) for value in values]))
    assert events == [(6 * 60, "raised"), (19 * 60, "cleared")]
    assert state.phase is Phase.NORMAL
    assert state.began_ms == 60_000


def test_a_dip_that_is_shorter_than_its_duration_is_no_alarm() -> None:
    assert play(FROST, each_minute([5, 1, 1, 1, 1, 5, 1, 1, 1, 1, 5]))[0] == []


def test_an_active_alarm_is_repeated_by_its_rule() -> None:
    events, _ = play(FROST, each_minute([0.0] * 80))
    assert events == [(5 * 60, "raised"), (35 * 60, "raised"), (65 * 60, "raised")]


def test_a_value_between_threshold_and_hysteresis_neither_raises_nor_clears() -> None:
    assert play(FROST, each_minute([2.5] * 60))[0] == []
    events, state = play(FROST, each_minute([0.0] * 6 + [2.5] * 20))
    assert events == [(300, "raised")]
    assert state.is_raised


def test_a_condition_without_samples_for_long_starts_over() -> None:
    assert play(FROST, [(0, 0.0), (7_200_000, 0.0)])[0] == []
    assert play(FROST, [(0, 0.0), (1_200_000, 0.0)])[0] == [(1200, "raised")]


def test_a_time_that_does_not_go_forward_changes_nothing() -> None:
    events, state = play(FROST, [(600_000, 0.0), (0, 9.0), (600_000, 9.0), (900_000, 0.0)])
    assert events == [(900, "raised")]
    assert state.began_ms == 600_000


RULES = st.builds(
    lambda sign, threshold, hysteresis, for_s, clear_for_s, repeat_s: AlarmRule(
        name="any",
        channel="air_temperature_degc",
        below=threshold if sign else None,
        above=None if sign else threshold,
        hysteresis=hysteresis,
        for_s=for_s,
        clear_for_s=clear_for_s,
        repeat_s=repeat_s,
    ),
    st.booleans(),
    st.floats(-10, 10),
    st.floats(0, 5),
    st.integers(0, 600),
    st.integers(10, 600),
    st.one_of(st.none(), st.integers(60, 3600)),
)
WALKS = st.lists(st.tuples(st.integers(-2000, 400_000), st.floats(-15, 15)), max_size=150)


@settings(max_examples=examples(200), deadline=None)
@given(RULES, WALKS)
def test_an_alarm_clears_or_is_still_justified_is_repeated_only_by_its_rule_and_never_storms(
    rule: AlarmRule, walk: list[tuple[int, float]]
) -> None:
    assert find_mistake(rule) is None
    time_ms, samples = 0, []
    for wait_ms, value in walk:
        time_ms += wait_ms
        samples.append((time_ms, value))
    state, raised_ms, repeated_ms, cycles, newest_ms = AlarmState(), None, None, [], None
    is_bad_since: int | None = None
    is_over_since: int | None = None
    for at_ms, value in samples:
        is_new = newest_ms is None or at_ms > newest_ms
        is_bad, is_over = compare(rule, value)
        assert not (is_bad and is_over)
        state, event = step(state, rule.timing, at_ms, is_bad=is_bad, is_over=is_over)
        if not is_new:
            assert event is None
            continue
        newest_ms = at_ms
        is_bad_since = (is_bad_since if is_bad_since is not None else at_ms) if is_bad else None
        is_over_since = (is_over_since if is_over_since is not None else at_ms) if is_over else None
        if event == "alarm_raised" and raised_ms is None:
            assert is_bad_since is not None
            assert at_ms - is_bad_since >= rule.for_s * 1000, "raised before its condition was true for long enough"
            raised_ms = repeated_ms = at_ms
            cycles.append(at_ms)
        elif event == "alarm_raised":
            assert repeated_ms is not None
            assert rule.repeat_s is not None
            assert at_ms - repeated_ms >= rule.repeat_s * 1000, "repeated before its time"
            assert not is_over, "repeated while the value is back"
            repeated_ms = at_ms
        elif event == "alarm_cleared":
            assert raised_ms is not None
            assert is_over_since is not None
            assert at_ms - is_over_since >= rule.clear_for_s * 1000
            raised_ms = None
        if raised_ms is not None:
            waits_ms = at_ms - is_over_since if is_over_since is not None else 0
            assert waits_ms < rule.clear_for_s * 1000, "it has been over for long enough and is still active"
        assert state.is_raised == (raised_ms is not None)
    assert all(later - sooner >= MIN_CYCLE_S * 1000 for sooner, later in pairwise(cycles))
