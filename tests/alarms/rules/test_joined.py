"""Rules over several devices, with negation and nested groups: their states, and that their alarms always end."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from headland.alarms.rules.rule_conditions import ConditionResult, RuleInputs, evaluate_rule, lookback_ms, sample_times
from headland.alarms.rules.rule_simulation import simulate_rule
from headland.alarms.rules.rule_state import RuleState, Transition, advance
from headland.alarms.rules.rule_values import ChannelSamples
from headland.alarms.rules.targets import load_targets
from headland.registry.models.alarms import AlarmRule, AlarmTest
from headland.registry.models.errors import InvalidRecord
from headland.registry.models.models import Farm, Greenhouse, GreenhouseZone, Site
from headland.units_of_time import HOUR_MS
from tests.alarms.conftest import AIR, HANDLE, MINUTE, START_MS, Station
from tests.examples import examples

DAY = 1440 * MINUTE
RH = "relative_humidity_pct"
COLD = AlarmTest(what=AIR, below=2.0, hysteresis=1.0)


def look_at(what: str = AIR, **more: Any) -> AlarmTest:
    return AlarmTest(what=what, **more)


def rule(*groups: tuple[AlarmTest, ...], **more: Any) -> AlarmRule:
    values: dict[str, Any] = {"name": "one", "any_of": groups, "for_s": 0.0, "clear_for_s": 60.0, **more}
    return AlarmRule(**values)


def column(*values: float, step_ms: int = MINUTE) -> ChannelSamples:
    return ChannelSamples(step_ms * np.arange(len(values), dtype=np.int64), np.array(values, float))


def judged(one: AlarmRule, inputs: RuleInputs) -> ConditionResult:
    return evaluate_rule(one, inputs, sample_times(one, inputs, -1, 2**60))


def zone(**devices: ChannelSamples) -> RuleInputs:
    return RuleInputs(others={name: {AIR: one} for name, one in devices.items()}, members=tuple(devices))


def test_any_place_of_a_zone_is_enough_and_all_must_be_over() -> None:
    found = judged(
        rule((look_at(below=2.0, hysteresis=1.0, across="any"),)), zone(a=column(5, 1, 5, 5), b=column(5, 5, 2.5, 5))
    )
    assert found.is_bad.tolist() == [False, True, False, False]
    assert found.is_over.tolist() == [True, False, False, True]
    leaf = found.cause_at(1)
    assert leaf is not None
    assert leaf.device == "a"


def test_all_places_of_a_zone_must_be_bad_and_one_that_is_gone_is_left_out() -> None:
    one = rule((look_at(above=35.0, across="all"),), lost_after_s=600.0, hold_s=120.0)
    found = judged(one, zone(a=column(36, 36, 36, 30), b=column(30, 36, 36, 36)))
    assert found.is_bad.tolist() == [False, True, True, False]
    silent = judged(one, zone(a=column(*[36] * 20), b=column(30, 30)))
    # b is known for two minutes, unknown until nobody has heard it for ten, and then no part of the zone.
    assert silent.is_known.tolist() == [True] * 4 + [False] * 8 + [True] * 8
    assert silent.is_bad.tolist() == [False] * 12 + [True] * 8


def test_a_test_may_name_another_device() -> None:
    one = rule((look_at(below=5.0), look_at("wind_speed_m_s", above=10.0, device="mast")), device="gh-1")
    wind = {"mast": {"wind_speed_m_s": column(12, 12, 8)}}
    found = judged(one, RuleInputs({AIR: column(4, 6, 4)}, wind))
    assert found.is_bad.tolist() == [True, False, False]


def test_not_turns_a_group_around_beyond_its_hysteresis() -> None:
    closed = AlarmTest(none_of=((look_at("vent_open_pct", above=10.0, hysteresis=5.0),),))
    one = rule((look_at(above=30.0), closed))
    found = judged(one, RuleInputs({AIR: column(31, 31, 31), "vent_open_pct": column(20, 8, 3)}))
    assert found.is_bad.tolist() == [False, False, True]
    assert found.is_over.tolist() == [True, False, False]
    assert found.is_known.all()


def test_a_sensor_that_is_gone_raises_nothing_by_what_it_no_longer_denies() -> None:
    denied = AlarmTest(none_of=((look_at(below=2.0),), (look_at(RH, below=50.0),)))
    one = rule((denied,), hold_s=60.0, lost_after_s=600.0)
    # Humidity denies it, then nobody hears of humidity any more: that is no word for it.
    found = judged(one, RuleInputs({AIR: column(*[8.0] * 30), RH: column(*[40.0] * 5)}))
    assert not found.is_bad.any()
    # Where both had said so it stands, and it ends when the one that is left denies it.
    held = judged(one, RuleInputs({AIR: column(*[8.0] * 25, *[1.0] * 5), RH: column(*[60.0] * 5)}))
    assert held.is_bad.tolist() == [True] * 6 + [False] * 24
    assert held.is_over.tolist() == [False] * 25 + [True] * 5


def test_groups_stand_in_groups() -> None:
    either = AlarmTest(any_of=((look_at(RH, above=95.0),), (look_at("leaf_wetness_pct", above=50.0),)))
    found = judged(
        rule((look_at(above=15.0), either)),
        RuleInputs({AIR: column(16, 16, 14), RH: column(96, 90, 96), "leaf_wetness_pct": column(10, 60, 60)}),
    )
    assert found.is_bad.tolist() == [True, True, False]


def test_a_rain_counter_is_looked_at_by_its_rise_also_where_it_began_anew() -> None:
    one = rule((look_at("rain_total_mm", above=20.0, rise_h=2.0),), hold_s=3600.0)
    found = judged(one, RuleInputs({"rain_total_mm": column(100, 110, 125, 3, 3, step_ms=HOUR_MS)}))
    assert found.values[0][0].tolist() == [0.0, 10.0, 25.0, 18.0, 3.0]
    assert found.is_bad.tolist() == [False, False, True, False, False]
    assert lookback_ms(one) == 3 * HOUR_MS


@pytest.mark.parametrize(
    ("groups", "more", "says"),
    [
        (((look_at(below=1.0, across="any"), look_at(RH, above=9.0)),), {}, "each test needs across"),
        (((look_at(below=1.0, across="any"),),), {"device": "gh-1"}, "for zones"),
        (((look_at(below=1.0, device="gh-2"),),), {}, "the one of its alarms"),
        (((AlarmTest(what=AIR, below=1.0, none_of=((COLD,),)),),), {}, "must have nothing else"),
        (((AlarmTest(),),), {}, "needs what, any_of or none_of"),
        (((look_at(below=1.0, rise_h=2.0),),), {}, "a total"),
        (
            ((AlarmTest(any_of=((AlarmTest(any_of=((AlarmTest(any_of=((AlarmTest(any_of=((COLD,),)),),)),),)),),)),),),
            {}, "levels",
        ),
    ],
)  # fmt: skip
def test_a_rule_that_cannot_be_meant_is_refused(
    station: Station, groups: tuple[tuple[AlarmTest, ...], ...], more: dict[str, Any], says: str
) -> None:
    with pytest.raises(InvalidRecord, match=says):
        station.repositories.alarm_rules.add(rule(*groups, for_s=60.0, **more))


def test_an_alarm_clears_although_one_of_its_sensors_speaks_seldom() -> None:
    one = rule((look_at(below=2.0),), (look_at(RH, above=95.0),), clear_for_s=3600.0, hold_s=60.0)
    inputs = RuleInputs({AIR: column(*[1.0] * 5, *[8.0] * 200), RH: column(*[60.0] * 9, step_ms=25 * MINUTE)})
    _, changes = play(one, inputs, 205 * MINUTE)
    # Humidity is known for a minute of each 25: at 25, 50, 75 and 100 min both are known to be over.
    assert [(change.kind, change.time_ms // MINUTE) for change in changes] == [("raised", 0), ("cleared", 100)]


LEAVES = st.builds(
    lambda what, low, hysteresis, across, is_low: AlarmTest(
        what=what, hysteresis=hysteresis, across=across, **({"below": low} if is_low else {"above": low})
    ),
    st.sampled_from([AIR, RH]),
    st.sampled_from([2.0, 4.0]),
    st.sampled_from([0.0, 1.0]),
    st.sampled_from(["any", "all"]),
    st.booleans(),
)
GROUPS = st.lists(LEAVES, min_size=1, max_size=2).map(tuple)
PARTS = st.one_of(
    LEAVES,
    st.lists(GROUPS, min_size=1, max_size=2).map(lambda groups: AlarmTest(any_of=tuple(groups))),
    st.lists(GROUPS, min_size=1, max_size=2).map(lambda groups: AlarmTest(none_of=tuple(groups))),
)
RULES = st.builds(
    lambda groups, for_s, clear_for_s, lost_after_s, hold_s: rule(
        *groups, for_s=for_s, clear_for_s=max(clear_for_s, 60.0 - for_s), lost_after_s=lost_after_s, hold_s=hold_s
    ),
    st.lists(st.lists(PARTS, min_size=1, max_size=2).map(tuple), min_size=1, max_size=2),
    st.sampled_from([0.0, 60.0, 1800.0]),
    st.sampled_from([0.0, 60.0, 3600.0]),
    st.sampled_from([600.0, 7200.0]),
    st.sampled_from([60.0, 900.0]),
)
#: (device, channel, time since the last sample of any, value); where it is the end, the device is silent from then on.
DAYS = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", "c"]),
        st.sampled_from([AIR, RH]),
        st.integers(1, 40 * MINUTE),
        st.one_of(st.floats(-5, 8), st.sampled_from([1.9, 2.0, 3.0, 4.0, float("nan")])),
    ),
    max_size=100,
)


def see(samples: list[tuple[str, str, int, float]]) -> RuleInputs:
    """Return what a zone of three devices says by (device, channel, time, value)."""
    found: dict[str, dict[str, ChannelSamples]] = {"a": {}, "b": {}, "c": {}}
    for device, columns in found.items():
        for channel in (AIR, RH):
            own = [(time, value) for name, what, time, value in samples if (name, what) == (device, channel)]
            if own:
                columns[channel] = ChannelSamples(np.array([t for t, _ in own]), np.array([v for _, v in own]))
    return RuleInputs(others=found, members=("a", "b", "c"))


def a_day(steps: list[tuple[str, str, int, float]]) -> list[tuple[str, str, int, float]]:
    times = np.cumsum([step for _, _, step, _ in steps]).tolist()
    return [(d, c, time, v) for time, (d, c, _, v) in zip(times, steps, strict=True) if time < DAY]


def play(
    one: AlarmRule, inputs: RuleInputs, now_ms: int, state: RuleState | None = None
) -> tuple[RuleState, list[Transition]]:
    state = state or RuleState()
    axis = sample_times(one, inputs, -1 if state.evaluated_until_ms is None else state.evaluated_until_ms, now_ms)
    return advance(one, state, evaluate_rule(one, inputs, axis), now_ms)


@given(DAYS, RULES, st.sets(st.sampled_from(["a", "b", "c"]), max_size=2))
@settings(max_examples=examples(200), deadline=None)
def test_a_day_of_random_data_of_a_zone_never_makes_an_alarm_that_does_not_clear_or_comes_back_too_soon(
    steps: list[tuple[str, str, int, float]], one: AlarmRule, dead: set[str]
) -> None:
    samples = a_day(steps)
    state, changes = play(one, see(samples), DAY)
    turns = [change.kind for change in changes]
    assert all(turn == "raised" for turn in turns[::2])
    assert all(turn in ("cleared", "no_data") for turn in turns[1::2])
    assert [change.time_ms for change in changes] == sorted(change.time_ms for change in changes)
    for first, after in pairwise(change.time_ms for change in changes if change.kind == "raised"):
        assert after - first >= min((one.for_s + one.clear_for_s) * 1000, one.lost_after_s * 1000)
    assert all(change.time_ms - change.began_ms >= one.for_s * 1000 for change in changes if change.kind == "raised")
    # Silence ends it.
    gone, _ = advance(one, state, evaluate_rule(one, RuleInputs(), np.empty(0, np.int64)), 3 * DAY)
    assert not gone.state.is_raised
    # And so does calm on what is left of the zone, however many devices never speak again and how seldom others do.
    calm = next((pair for pair in [(6.0, 6.0), (0.0, 0.0), (6.0, 0.0), (0.0, 6.0)] if is_over(one, dead, *pair)), None)
    assume(calm is not None)
    assert calm is not None
    end = DAY + round((one.lost_after_s + one.clear_for_s + one.hold_s) * 1000) + 60 * MINUTE
    still = [
        (device, channel, time, value)
        for time in range(DAY, end, MINUTE)
        for device in sorted({"a", "b", "c"} - dead)
        for channel, value, every in zip((AIR, RH), calm, (1, 25), strict=True)
        if (time - DAY) % (every * MINUTE) == 0
    ]
    after_all, _ = play(one, see(samples + still), end, state)
    assert not after_all.state.is_raised


def is_over(one: AlarmRule, dead: set[str], air: float, humidity: float) -> bool:
    """Tell whether a rule is over where the living devices say this and the others nothing."""
    said = [(name, what, 0, value) for name in {"a", "b", "c"} - dead for what, value in ((AIR, air), (RH, humidity))]
    return bool(evaluate_rule(one, see(said), np.array([0])).is_over[0])


@given(DAYS, RULES, st.lists(st.integers(0, 100), max_size=6))
@settings(max_examples=examples(100), deadline=None)
def test_a_day_of_a_zone_evaluated_in_parts_gives_the_same_as_in_one_go(
    steps: list[tuple[str, str, int, float]], one: AlarmRule, cuts: list[int]
) -> None:
    samples = a_day(steps)
    whole, expected = play(one, see(samples), DAY)
    state, found = RuleState(), []
    for cut in [*sorted(cut for cut in cuts if cut < len(samples)), len(samples)]:
        until = DAY if cut == len(samples) else samples[cut - 1][2] if cut else 0
        since = max((state.evaluated_until_ms or 0) - lookback_ms(one), -1)
        state, changes = play(one, see([each for each in samples[:cut] if each[2] > since]), until, state)
        found += changes
    facts = [(change.kind, change.time_ms, change.began_ms) for change in expected]
    assert [(change.kind, change.time_ms, change.began_ms) for change in found] == facts
    assert state.state.is_raised == whole.state.is_raised


def put_into_a_zone(station: Station, *devices: str) -> str:
    repositories = station.repositories
    farm = repositories.farms.add(Farm(name="Home"))
    site = repositories.sites.add(Site(farm=farm.id, name="home", time_zone="Asia/Shanghai"))
    house = repositories.greenhouses.add(Greenhouse(farm=farm.id, site=site.id, name="House 1"))
    made = repositories.zones.add(GreenhouseZone(greenhouse=house.id, name="east"))
    for record in station.store.devices(HANDLE):
        if record.descriptor.device in devices:
            known = repositories.record_descriptor("gw-1", record.descriptor)
            repositories.devices.change(
                type(known)(**{**{f: getattr(known, f) for f in known.__struct_fields__}, "zone": made.id})
            )
    return made.id


def test_a_zone_has_one_alarm_and_a_replay_gives_the_same(station: Station) -> None:
    for device in ("gh-1", "gh-2", "gh-3"):
        station.measure({-1.0: 8.0}, device)
    zone_id = put_into_a_zone(station, "gh-1", "gh-2")
    kept = station.repositories.alarm_rules.add(
        rule((look_at(below=2.0, hysteresis=1.0, across="any"),), name="cold-zone", for_s=300.0, clear_for_s=600.0)
    )
    for minute in range(60):
        station.measure({minute: 8.0}, "gh-1")
        station.measure({minute: 1.0 if 10 <= minute < 30 else 8.0}, "gh-2")
        station.measure({minute: 0.0}, "gh-3")
        station.at(minute)
    (alarm,) = station.alarms()
    assert (alarm.subject, alarm.kind, alarm.name, alarm.measured_by) == (zone_id, "zone", "House 1, east", "gh-2")
    assert (alarm.raised_ms, alarm.ended_ms) == (START_MS + 15 * MINUTE, START_MS + 40 * MINUTE)
    assert station.said() == [("cold-zone", "raised"), ("cold-zone", "cleared")]
    assert "House 1, east" in station.repositories.alarms.notices()[0].body
    targets = load_targets(station.store, station.repositories, HANDLE, {})
    (subject,) = targets.subjects_of(kept)
    simulation = simulate_rule(kept, subject, targets, station.store, HANDLE, START_MS - MINUTE, START_MS + 60 * MINUTE)
    assert [(one.raised_ms, one.ended_ms) for one in simulation.alarms] == [(alarm.raised_ms, alarm.ended_ms)]


def test_a_rule_that_names_devices_uses_the_samples_of_both(station: Station) -> None:
    one = station.repositories.alarm_rules.add(
        rule(
            (look_at(below=5.0), look_at(below=0.0, device="mast")),
            name="two",
            device="gh-1",
            for_s=60.0,
            clear_for_s=60.0,
        )
    )
    for minute in range(20):
        station.measure({minute: 4.0}, "gh-1")
        station.measure({minute: -1.0 if minute >= 5 else 1.0}, "mast", kind="weather")
        station.at(minute)
    (alarm,) = station.alarms()
    assert (alarm.subject, alarm.raised_ms) == ("gh-1", START_MS + 6 * MINUTE)
    assert one.any_of[0][1].device == "mast"
