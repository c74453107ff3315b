"""Random weeks of a house with edited rules: no hour in which two doors differ on wet leaves, condensation or frost.

The doors are condensation by hour, disease and overview by day, the station's alarm rules, a gateway's, and tonight's
statements of house and field. Each week has its own samples, holes of the leaf sensor among them, and its own edits.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
import pytest

from edge.pipeline.alarms.evaluator import EdgeAlarmEvaluator
from edge.pipeline.alarms.farm_rules import FarmRules, UsableRules
from edge.sources.source import DeviceId, Reading
from headland.alarms.rules.gateway_rules import rules_of_gateways
from headland.alarms.rules.rule_conditions import RuleInputs, evaluate_rule
from headland.alarms.rules.rule_simulation import simulate_rule
from headland.alarms.rules.rule_values import ChannelSamples, is_beyond
from headland.alarms.rules.targets import EvaluationTargets, load_targets
from headland.analysis.greenhouse.climate import ClimateQuery, answer_condensation, answer_disease
from headland.analysis.greenhouse.crop_targets import load_crop_targets
from headland.analysis.greenhouse.house import House, HouseLocation
from headland.analysis.greenhouse.overview import build_overview
from headland.analysis.greenhouse.rule_limits import RuleLimits, field_frost_limit, limits_of
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.inputs.window import Window
from headland.analysis.tonight.house_statements import HouseLimits, house_statements
from headland.analysis.tonight.outdoor_statements import field_frost
from headland.analysis.tonight.statements import OutlookStatement
from headland.contract.ack_keys import derive_ack_key
from headland.contract.alarm_rules import default_rules
from headland.contract.gateway_rules import encode_rules
from headland.contract.records import Clock, Descriptor
from headland.registry.models.alarms import AlarmRule
from headland.registry.models.models import Farm, Gateway, Site
from headland.registry.registry import Registry, open_registry
from headland.registry.repositories.forecasts import Forecast, QuantityForecast
from headland.store.memory import MemoryStore
from tests.api.farm import OWN, write_series
from tests.examples import some_long

MINUTE_MS, HOUR_MS, DAY_MS = 60_000, 3_600_000, 86_400_000
#: 2026-02-02 00:00 in Shanghai, a Monday.
START_MS = 1_769_961_600_000
DAYS, BEFORE_DAYS = 7, 15
STEP_MS = 5 * MINUTE_MS
HOUR_STEPS = HOUR_MS // STEP_MS
LATITUDE_DEG, LONGITUDE_DEG = 30.6, 114.3
PLACE = HouseLocation(ZoneInfo("Asia/Shanghai"), True, LATITUDE_DEG, LONGITUDE_DEG, 23.0)
AIR, HUMIDITY, LEAF = "air_temperature_degc", "relative_humidity_pct", "leaf_temperature_degc"
SCREEN = "screen_closed_pct"
RULES = ("frost", "condensation", "field-frost")


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    folder: Path = tmp_path_factory.mktemp("registry")
    opened = open_registry(f"sqlite:///{folder}/registry.sqlite", lambda: START_MS)
    organisation = opened.add_organisation(OWN, "Our farm", "test").id
    repositories = opened.repositories(organisation, "tester")
    farm = repositories.farms.add(Farm(name="farm"))
    repositories.sites.add(
        Site(
            farm=farm.id, name="wuhan", time_zone="Asia/Shanghai", latitude_deg=LATITUDE_DEG,
            longitude_deg=LONGITUDE_DEG,
        )
    )  # fmt: skip
    repositories.gateways.add(Gateway(name="gw-1", site="wuhan"))
    for rule in default_rules():
        if rule["name"] in RULES:
            repositories.alarm_rules.add(msgspec.convert(rule, AlarmRule))
    yield opened
    opened.close()


@dataclass(frozen=True)
class Week:
    """A house with its samples and the farm's edited rules by name."""

    scope: OrgScope
    house: House
    time_ms: np.ndarray
    columns: dict[str, np.ndarray]
    rules: dict[str, AlarmRule]
    targets: EvaluationTargets

    @property
    def window(self) -> Window:
        return Window(START_MS, START_MS + DAYS * DAY_MS)

    def query(self, by: str) -> ClimateQuery:
        return ClimateQuery(self.scope, self.house, self.window, by, load_crop_targets())  # type: ignore[arg-type]

    def samples(self) -> dict[str, ChannelSamples]:
        known = {name: np.isfinite(value) for name, value in self.columns.items()}
        return {name: ChannelSamples(self.time_ms[use], self.columns[name][use]) for name, use in known.items()}


def make_week(seed: int, registry: Registry) -> Week:
    """Return a week of random weather; leaf sensors are missing, present, or have holes of hours and days."""
    random = np.random.default_rng(seed)
    first_ms = START_MS - BEFORE_DAYS * DAY_MS
    time_ms = np.arange(first_ms, START_MS + DAYS * DAY_MS, STEP_MS, dtype=np.int64)
    hour = (time_ms - first_ms) / HOUR_MS
    at = (hour // 24).astype(np.int64)
    wave = np.sin(2 * np.pi * (hour - 9.0) / 24.0)
    noise = np.cumsum(random.normal(0.0, 0.05, len(hour))) % 1.5
    air = random.uniform(-2.0, 18.0) + random.normal(0.0, 2.0, at[-1] + 1)[at] + random.uniform(1.0, 7.0) * wave + noise
    dew_gap = random.uniform(0.5, 4.0) + random.uniform(0.2, 4.0) * wave + random.normal(0.0, 0.5, at[-1] + 1)[at]
    humidity = np.clip(99.5 - 5.0 * np.maximum(dew_gap, 0.0) - 0.3 * noise, 20.0, 100.0)
    # Sensors report in tenths, so that values meet the limits of rules.
    columns = {AIR: np.round(air, 1), HUMIDITY: np.round(humidity, 1)}
    if random.random() < 0.5:
        columns[SCREEN] = np.where(wave < -0.2, 100.0, 0.0)
    if seed % 3:
        leaf = np.round(air - random.uniform(-1.5, 2.5) - 0.5 * noise, 1)
        for _ in range(int(random.integers(0, 12)) if seed % 3 == 2 else 0):
            begin = int(random.integers(0, len(hour)))
            leaf[begin : begin + int(random.choice([3, 12, 40, 288, 900]))] = np.nan
        columns[LEAF] = leaf
    store = MemoryStore()
    for channel, value in columns.items():
        known = np.isfinite(value)
        write_series(store, OWN, "wuhan", "greenhouse", "gh-1", time_ms[known], {channel: value[known]})
    store.describe(OWN, "gw-1", Descriptor(device="gh-1", kind="greenhouse", site="wuhan", name="gh-1"))
    scope = OrgScope(store, registry, OWN, START_MS + DAYS * DAY_MS)
    repositories = registry.repositories(registry.organisation(OWN).id, "tester")
    for rule in repositories.alarm_rules.all():
        repositories.alarm_rules.change(edited(rule, random, columns[AIR]))
    rules = {rule.name: rule for rule in repositories.alarm_rules.all()}
    house = House("gh-1", store.devices(OWN), PLACE, {}, crop="tomato", cover="film")
    return Week(scope, house, time_ms, columns, rules, load_targets(store, repositories, OWN, {}))


def edited(rule: AlarmRule, random: np.random.Generator, air: np.ndarray) -> AlarmRule:
    """Return a rule as somebody changed it: its limit, often one that occurs, its hysteresis and its times."""
    ((test,),) = rule.any_of
    below = float(random.choice(air)) if rule.name != "condensation" else float(np.round(random.uniform(-0.5, 3.0), 1))
    test = msgspec.structs.replace(test, below=below, hysteresis=float(random.choice([0.0, 0.5, 1.0])))
    return msgspec.structs.replace(rule, any_of=((test,),), for_s=float(random.choice([0, 600, 1800])))


def hours_with(flags: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Return in how many steps of each hour of the week a flag holds, for two steps on end or more."""
    runs = flags & (np.append(flags[1:], False) | np.insert(flags[:-1], 0, False)) & (times >= START_MS)
    return np.bincount((times[runs] - START_MS) // HOUR_MS, minlength=DAYS * 24)


def tonight(week: Week, hourly: dict[str, np.ndarray], limits: RuleLimits, day: int) -> dict[str, OutlookStatement]:
    """Return the statements of a day whose forecast is what came."""
    made: dict[str, list[float | None]] = {
        name: [float(value) for value in column[24 * day : 24 * day + 24]] for name, column in hourly.items()
    }
    none = [None] * 24
    quantities = {
        name: QuantityForecast(
            made=values, low=list(none), high=list(none), as_now=None, as_yesterday=list(none), measured=list(none)
        )
        for name, values in made.items()
    }
    origin_ms = START_MS + day * DAY_MS
    forecast = Forecast(house="gh-1", origin_ms=origin_ms, made_ms=origin_ms, quantities=quantities)
    return {one.kind: one for one in house_statements(forecast, (), HouseLimits(of_rules=limits))}


def sent_rules(week: Week, folder: Path) -> UsableRules:
    """Return the rules of the house's gateway as they come there: from the registry, over the wire, from its disk."""
    registry = week.scope.registry
    assert registry is not None
    current = rules_of_gateways(registry.repositories(registry.organisation(OWN).id, "tester"))["gw-1"]
    key = derive_ack_key("a secret of this farm", "gw-1")
    farm = FarmRules(folder, "gw-1", key)
    farm.offer(encode_rules("gw-1", registry.change_mark(registry.organisation(OWN).id)[0] or 0, current.content, key))
    farm.take()
    usable = FarmRules(folder, "gw-1", key).usable
    assert usable is not None
    assert (usable.refused, {rule.name for rule in usable.rules}) == ((), set(RULES))
    return usable


def gateway_alarms(week: Week, rules: UsableRules, name: str) -> list[tuple[str, int]]:
    """Return when a gateway with the farm's rules raises and clears the alarm of one, in the week."""
    evaluator = EdgeAlarmEvaluator(rules.rules, place_deg=rules.place_deg, inactive=rules.inactive)
    identity = DeviceId("gh-1", "greenhouse", "wuhan")
    found = []
    for row, time_ms in enumerate(week.time_ms.tolist()):
        if time_ms < START_MS:
            continue
        values = {name: float(column[row]) for name, column in week.columns.items() if np.isfinite(column[row])}
        events = evaluator.evaluate(Reading(identity, Clock.NTP, time_ms, values, {}), time_ms / 1000.0)
        own = [one for one in events if one.data["rule"] == name]
        found += [(one.kind, one.t) for one in own if not one.data["repeats"] or one.kind == "alarm_cleared"]
    return found


def station_alarms(week: Week, rule: AlarmRule) -> list[tuple[str, int]]:
    """Return when the station raises and clears its alarm of a rule, in the week."""
    subject = week.targets.devices["gh-1"]
    window = week.window
    done = simulate_rule(rule, subject, week.targets, week.scope.store, OWN, window.start_ms, window.end_ms)
    found = []
    for alarm in done.alarms:
        found.append(("alarm_raised", alarm.raised_ms))
        if alarm.ended_ms is not None:
            found.append(("alarm_cleared", alarm.ended_ms))
    return found


def column(answers: Sequence[object], name: str) -> np.ndarray:
    values = [period.answers[name].value for period in answers]  # type: ignore[attr-defined]
    return np.array([np.nan if value is None else value for value in values])


@pytest.mark.parametrize("seed", some_long(range(100)))
def test_no_two_doors_differ_on_wet_leaves_condensation_or_frost(seed: int, registry: Registry, tmp_path: Path) -> None:
    week = make_week(seed, registry)
    limits = limits_of(week.scope, week.house)
    hours, days = answer_condensation(week.query("hour")).periods, answer_condensation(week.query("day")).periods
    # Wet leaves and condensation on them are one course: each hour, each day, at each door.
    wet_h = column(days, "leaf_condensation_h")
    assert column(answer_disease(week.query("day")).periods, "wet_h") == pytest.approx(wet_h, nan_ok=True)
    assert column(build_overview(week.query("day"), 100).days, "wet_h") == pytest.approx(wet_h, nan_ok=True)
    by_hour = column(hours, "leaf_condensation_h")
    assert np.nansum(by_hour.reshape(DAYS, 24), axis=1) == pytest.approx(wet_h, nan_ok=True)
    # The station's rule, at each sample, says what the page says of the hour.
    rule = week.rules["condensation"]
    # From an hour before on: two steps on end may begin before the week.
    axis = week.time_ms[week.time_ms >= START_MS - HOUR_MS]
    inside = axis >= START_MS
    site = week.targets.conditions_of("wuhan", START_MS)
    result = evaluate_rule(rule, RuleInputs(week.samples()), axis, site)
    margin = result.values[0][0]
    assert margin[inside].reshape(-1, HOUR_STEPS).mean(axis=1) == pytest.approx(
        column(hours, "leaf_condensation_margin_k")
    )
    assert hours_with(margin <= 0.0, axis) / HOUR_STEPS == pytest.approx(by_hour)
    near = column(hours, "leaf_condensation_warning_h")
    assert hours_with(result.is_bad, axis) / HOUR_STEPS == pytest.approx(near)
    # A gateway with the rules that the farm sent it raises and clears at the same samples.
    sent = sent_rules(week, tmp_path)
    for name in ("frost", "condensation"):
        assert gateway_alarms(week, sent, name) == station_alarms(week, week.rules[name]), name
    # Tonight judges each hour of a forecast as the rules judge it.
    air = week.columns[AIR][week.time_ms >= START_MS].reshape(-1, HOUR_STEPS)[:, 0]
    hourly = {AIR: air, "leaf_condensation_margin_k": column(hours, "leaf_condensation_margin_k")}
    (frost,), (close,) = week.rules["frost"].any_of[0:1][0], rule.any_of[0:1][0]
    for day in range(DAYS):
        part = slice(24 * day, 24 * day + 24)
        said = tonight(week, hourly, limits, day)
        cold, leaf = hourly[AIR][part], hourly["leaf_condensation_margin_k"][part]
        assert said["frost"].hours == int(is_beyond(frost, cold).sum())
        assert (said["frost"].level == "high") == bool(is_beyond(frost, cold).any())
        assert (said["leaf_condensation"].level == "high") == bool((leaf <= 0.0).any())
        assert (said["leaf_condensation"].level == "low") == (not (is_beyond(close, leaf) | (leaf <= 0.0)).any())
        (outdoors,) = week.rules["field-frost"].any_of[0]
        limit = field_frost_limit(week.rules.values(), "wuhan", ())
        field = field_frost([float(value) for value in cold], START_MS + (day + 1) * DAY_MS, limit)
        assert field.hours == int(is_beyond(outdoors, cold).sum())


def test_these_weeks_have_wet_leaves_frost_and_estimated_leaves_beside_measured_ones(registry: Registry) -> None:
    weeks = [make_week(seed, registry) for seed in range(12)]
    answers = [answer_condensation(week.query("hour")).periods for week in weeks]
    wet = [answer.answers["leaf_condensation_h"] for hours in answers for answer in hours]
    assert sum((one.value or 0.0) > 0.0 for one in wet) > 100
    assert {one.evidence for one in wet if one.value is not None} == {"measured", "estimated"}
    assert sum(bool(station_alarms(week, week.rules["frost"])) for week in weeks) > 3


def test_a_rule_of_another_house_or_a_disabled_one_is_no_limit_of_this_house(registry: Registry) -> None:
    week = make_week(1, registry)
    repositories = registry.repositories(registry.organisation(OWN).id, "tester")
    for change in ({"device": "gh-2"}, {"site": "elsewhere"}, {"enabled": False}, {"kind": "weather"}):
        rule = week.rules["frost"]
        current = next(one for one in repositories.alarm_rules.all() if one.name == "frost")
        repositories.alarm_rules.change(msgspec.structs.replace(rule, version=current.version, **change))
        assert limits_of(week.scope, week.house).frost_degc == 2.0
    scope = replace(week.scope, registry=None)
    assert limits_of(scope, week.house) == RuleLimits(2.0, 1.0)
