"""Guards of a changed level: what is too small, too short, at no jump, or of a quantity that changes so by itself."""

from __future__ import annotations

import numpy as np
import pytest

from headland.agronomy.sensor_faults.course import Course, course_of
from headland.agronomy.sensor_faults.fault import DRIFT, GAIN, STEP, Fault, Samples
from headland.agronomy.sensor_faults.levels import find_level_changes, hour_of_jump, matters, table_of
from headland.agronomy.sensor_faults.relation import Change, explain, explaining, find_change
from headland.units_of_time import DAY_MS

AIR, HUMIDITY, WIND = "air_temperature_degc", "relative_humidity_pct", "wind_speed_m_s"
PAR, RADIATION, OUTSIDE, SCREEN = (
    "par_umol_m2_s", "global_radiation_w_m2", "outside_temperature_degc", "screen_closed_pct",
)  # fmt: skip
DAYS, ONSET = 14, 10 * 144
TIME_MS = 600_000 * np.arange(DAYS * 144, dtype=np.int64)
AT = np.arange(len(TIME_MS))
AFTER = AT >= ONSET
SWING = np.sin(2.0 * np.pi * TIME_MS / DAY_MS)


def noise(scale: float, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).normal(0.0, scale, len(TIME_MS))


def found(onto: dict[str, np.ndarray], until: int = len(TIME_MS), since: int = 0) -> list[Fault]:
    """Return the changes of the level of channels, each of which is judged."""
    series: dict[str, Samples] = {name: (TIME_MS[since:until], value[since:until]) for name, value in onto.items()}
    courses: dict[str, Course] = {}
    for name, samples in series.items():
        course = course_of(*samples)
        assert course is not None
        courses[name] = course
    return find_level_changes(table_of(series), courses, frozenset())


def told(onto: dict[str, np.ndarray], until: int = len(TIME_MS), since: int = 0) -> list[tuple[str, str]]:
    return [(one.channel, one.kind) for one in found(onto, until, since)]


def stepped(size: float, at: int = ONSET, quantity_swing: float = 3.0) -> np.ndarray:
    return np.asarray(20.0 + quantity_swing * SWING + size * (at <= AT) + noise(0.05))


def test_a_channel_alone_steps_by_its_jump_and_by_no_less_than_matters() -> None:
    assert told({AIR: stepped(4.0)}) == [(AIR, STEP)]
    assert told({AIR: stepped(0.8)}) == []


def test_a_step_needs_four_days_before_it_and_one_behind_it() -> None:
    assert told({AIR: stepped(4.0, 3 * 144)}) == []
    assert told({AIR: stepped(4.0, 13 * 144 + 20)}) == []
    # A channel that begins three days before its step is no longer in the table than that.
    assert told({AIR: stepped(4.0)}, since=7 * 144 + 60) == []


def test_light_and_the_air_outdoors_jump_by_themselves() -> None:
    assert told({PAR: 20.0 * stepped(4.0)}) == []
    assert told({OUTSIDE: stepped(4.0)}) == []
    assert told({WIND: stepped(9.0), AIR: 20.0 + 3.0 * SWING + noise(0.05, 2)}) == []


def test_a_jump_no_larger_than_those_of_other_days_is_no_step() -> None:
    # Heating goes on and off at once each day, and stays on from the onset.
    on = ((AT % 144) >= 40) & ((AT % 144) < 100)
    assert told({AIR: stepped(0.0) + 8.0 * on + 4.0 * AFTER}) == []


def test_a_jump_after_which_the_day_is_as_before_or_goes_the_other_way_is_no_step() -> None:
    assert told({AIR: stepped(4.0) - 4.0 * (AT >= ONSET + 12)}) == []
    away = np.where(AFTER, 4.0 - 8.0 * np.minimum((AT - ONSET) / 40.0, 1.0), 0.0)
    assert told({AIR: stepped(0.0) + away}) == []


def test_days_that_differ_as_much_as_a_jump_make_it_no_step() -> None:
    # The mean of each day is another.
    level = np.repeat(np.random.default_rng(4).choice((-8.0, 0.0, 8.0), DAYS + 1), 144)[: len(AT)]
    smooth = np.convolve(np.pad(level, 72, mode="edge"), np.ones(145) / 145.0, "valid")[: len(AT)]
    assert told({AIR: stepped(0.0) + smooth + 4.0 * AFTER}) == []


def test_two_probes_differ_by_no_less_than_a_step_that_matters() -> None:
    twin = f"{AIR}:1"
    slow = 0.5 * np.clip((AT - ONSET) / 36.0, 0.0, 1.0)
    one, other = stepped(0.0), 20.0 + 3.0 * SWING + noise(0.05, 2)
    assert told({AIR: one + slow, twin: other}) == []
    assert {kind for _, kind in told({AIR: one + 8.0 * slow, twin: other})} == {STEP}


def test_a_drift_is_told_from_a_slope_and_a_sum_on_that_matter() -> None:
    days = np.maximum(AT - 6 * 144, 0) / 144.0
    twin = {f"{AIR}:1": 20.0 + 3.0 * SWING + noise(0.05, 2)}
    assert {kind for _, kind in told({AIR: stepped(0.0) + 0.3 * days, **twin})} == {DRIFT}
    assert told({AIR: stepped(0.0) + 0.08 * days, **twin}) == []
    assert told({AIR: stepped(0.0) + 0.3 * np.maximum(AT - 12 * 144, 0) / 144.0, **twin}) == []


@pytest.mark.parametrize(
    ("channel", "kind", "size", "since_h", "is_told"),
    [
        (PAR, GAIN, 0.13, 200, True),
        (PAR, GAIN, -0.11, 200, False),
        (AIR, STEP, -1.6, 200, True),
        (AIR, STEP, 1.4, 200, False),
        (AIR, DRIFT, 0.11, 336 - 10 * 24, True),
        (AIR, DRIFT, -0.09, 336 - 12 * 24, False),
        (AIR, DRIFT, 0.3, 336 - 2 * 24, False),
    ],
)
def test_a_change_matters_from_the_size_of_its_kind_on(
    channel: str, kind: str, size: float, since_h: int, is_told: bool
) -> None:
    assert matters(channel, Change(kind, since_h, size, 99.0), 336) is is_told


@pytest.mark.parametrize(
    ("jump", "at_h", "size", "is_jump"),
    [
        (4.0, 240, 4.0, True),
        (4.0, 247, 4.0, True),
        (4.0, 252, 4.0, False),
        (-4.0, 240, 4.0, False),
        (4.0, 240, 10.0, False),
        (4.0, 240, 2.0, False),
    ],
)
def test_a_step_of_a_relation_is_at_a_jump_that_is_near_like_it_and_goes_its_way(
    jump: float, at_h: int, size: float, is_jump: bool
) -> None:
    course = course_of(TIME_MS, 20.0 + jump * (at_h * 6 <= AT) + noise(0.05))
    assert course is not None
    assert (hour_of_jump(course, Change(STEP, 240, size, 9.0), 0) == at_h) is is_jump


def test_a_jump_as_on_other_days_is_none_of_a_relation() -> None:
    # Heating that is on from ten to fourteen o'clock, which is not near.
    on = ((AT % 144) >= 60) & ((AT % 144) < 84)
    course = course_of(TIME_MS, 20.0 + 5.0 * on + 3.0 * AFTER + noise(0.05))
    assert course is not None
    assert hour_of_jump(course, Change(STEP, 240, 3.0, 9.0), 0) is None


def test_a_relation_needs_eight_days_and_another_channel_that_is_known_and_moves() -> None:
    hours = np.arange(DAYS * 24)
    target, other = (np.sin(hours / 9.0 + k) + np.random.default_rng(k).normal(0.0, 0.1, len(hours)) for k in (0, 1))
    assert explain(target, {HUMIDITY: other}, 0) is not None
    assert explain(target[: 8 * 24 - 1], {HUMIDITY: other[: 8 * 24 - 1]}, 0) is None
    assert explain(target, {}, 0) is None
    assert explain(target, {HUMIDITY: np.full(len(hours), 70.0)}, 0) is None
    assert explain(target, {HUMIDITY: np.where(hours % 10 < 6, other, np.nan)}, 0) is None
    assert explain(target, {HUMIDITY: np.where(hours % 10 < 8, other, np.nan)}, 0) is not None


@pytest.mark.parametrize(("onset_h", "is_near"), [(40, False), (160, True), (DAYS * 24 - 12, False)])
def test_a_change_of_a_relation_is_tried_four_days_after_its_begin_and_thirty_hours_before_its_end(
    onset_h: int, is_near: bool
) -> None:
    hours = np.arange(DAYS * 24)
    other = np.sin(hours / 9.0)
    target = other + 5.0 * (hours >= onset_h) + np.random.default_rng(3).normal(0.0, 0.1, len(hours))
    relation = explain(target, {HUMIDITY: other}, 0)
    assert relation is not None
    change = find_change(relation, (STEP,), len(hours))
    assert change is not None
    assert 96 <= change.hour <= len(hours) - 30
    assert (abs(change.hour - onset_h) <= 6) is is_near


def test_neighbouring_hours_that_depend_on_one_another_are_less_evidence() -> None:
    hours = np.arange(DAYS * 24)
    random, other = np.random.default_rng(3), np.sin(hours / 9.0)
    white = random.normal(0.0, 1.0, len(hours))
    walk = np.convolve(np.pad(white, (9, 0)), np.ones(10) / np.sqrt(10.0), "valid")
    errors = []
    for rest in (white, walk):
        relation = explain(other + rest + 3.0 * (hours >= 160), {HUMIDITY: other}, 0)
        assert relation is not None
        change = find_change(relation, (STEP,), len(hours))
        assert change is not None
        errors.append(abs(change.errors))
    assert errors[1] < 0.6 * errors[0]


def test_a_channel_is_explained_by_other_quantities_that_are_not_suspected_and_light_by_what_screens_let_through() -> (
    None
):
    hours = np.arange(48, dtype=np.float64)
    table = {PAR: hours, f"{PAR}:1": hours, RADIATION: 2.0 * hours, SCREEN: np.full(48, 25.0), AIR: hours}
    assert set(explaining(AIR, table, frozenset())) == {PAR, f"{PAR}:1", RADIATION, SCREEN}
    assert set(explaining(AIR, table, frozenset((PAR,)))) == {f"{PAR}:1", RADIATION, SCREEN}
    light = explaining(PAR, table, frozenset())
    assert f"{PAR}:1" not in light
    assert [value[-1] for name, value in light.items() if "under" in name] == [0.75 * 2.0 * 47.0]


@pytest.mark.parametrize(("slow", "is_told"), [(1.0, True), (2.0, False)])
def test_a_jump_needs_days_that_usually_differ_by_less_than_two_thirds_of_it(slow: float, is_told: bool) -> None:
    # A wave of 3.7 days: the means of neighbouring days differ by less or more.
    wave = slow * np.sin(2.0 * np.pi * TIME_MS / (3.7 * DAY_MS))
    assert (told({AIR: stepped(4.0) + wave}) == [(AIR, STEP)]) is is_told


def test_of_many_channels_that_step_four_are_told() -> None:
    sizes = {
        AIR: 3.0, "leaf_temperature_degc": 3.0, "soil_temperature_degc": 3.0, HUMIDITY: 15.0, "co2_ppm": 300.0,
        "outside_humidity_pct": 15.0,
    }  # fmt: skip
    onto = {
        channel: size * (6.0 + 0.3 * SWING + 2.0 * ((6 + number) * 144 + 30 * number <= AT))
        + noise(0.02 * size, number)
        for number, (channel, size) in enumerate(sizes.items())
    }
    assert len(told(onto)) == 4


@pytest.mark.parametrize(("gap_h", "is_told"), [(4, True), (10, False)])
def test_a_jump_needs_eighteen_known_hours_of_the_day_after_it(gap_h: int, is_told: bool) -> None:
    keep = (AT < ONSET + 12) | (ONSET + 12 + 6 * gap_h <= AT)
    samples = TIME_MS[keep], stepped(4.0)[keep]
    course = course_of(*samples)
    assert course is not None
    assert (find_level_changes(table_of({AIR: samples}), {AIR: course}, frozenset()) != []) is is_told
