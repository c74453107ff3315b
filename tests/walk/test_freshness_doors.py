"""Freshness: for intervals of a second to an hour every door has the one verdict, at ages around its limits.

The page's doors (tile, table and head of a card, mark on the map, wind, greenhouse, data link, devices) carry the
answered limits on by one function, `dashboard/src/api/freshness.ts`; the last test finds any other clock there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
import pytest

from api.schemas.devices.devices import device_of, latest_of
from edge.pipeline.alarms.evaluator import EdgeAlarmEvaluator
from edge.pipeline.alarms.rule_tables import load_rules
from edge.sources.source import DeviceId, Reading
from headland.alarms.rules.default_rules import load_default_rules
from headland.alarms.rules.rule_conditions import RuleInputs, evaluate_rule
from headland.alarms.rules.targets import Subject
from headland.analysis.greenhouse.house import House, HouseLocation
from headland.analysis.greenhouse.sensor_health import check_sensors
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.inputs.window import Window
from headland.contract.freshness import freshness, limits_of_interval
from headland.contract.records import ChannelInfo, Clock, Descriptor
from headland.store.memory import MemoryStore
from headland.store.port import DeviceRecord, Latest, SeriesKey
from station.server.homeassistant.discovery import describe, expiry_s, has_data_problem
from tests.api.farm import OWN, write_series
from tests.examples import examples

NOW_MS = 1_770_000_000_000
AIR = "air_temperature_degc"
#: Declared intervals from a second to an hour, evenly by their logarithm.
INTERVALS_S = [round(float(each), 1) for each in np.geomspace(1.0, 3600.0, examples(40))]


@dataclass(frozen=True)
class Case:
    """A thermometer of an interval whose newest value has an age."""

    interval_s: float
    age_s: float

    @property
    def descriptor(self) -> Descriptor:
        channels = {AIR: ChannelInfo(unit="degC", interval_s=self.interval_s)}
        return Descriptor(device="gh-1", kind="greenhouse", site="home", name="gh-1", channels=channels)

    @property
    def record(self) -> DeviceRecord:
        return DeviceRecord(OWN, "gw-1", self.descriptor, self.newest.time_ms)

    @property
    def newest(self) -> Latest:
        key = SeriesKey(OWN, "home", "greenhouse", "gh-1", AIR)
        return Latest(key, NOW_MS - round(self.age_s * 1000), 20.0, 1)


def station_alarm(case: Case) -> bool:
    """Whether the condition of the station's rule `air-sensor-dead` holds."""
    rule = next(each for each in load_default_rules() if each.name == "air-sensor-dead")
    intervals = {AIR: case.interval_s}
    subject = Subject("gh-1", "greenhouse", "home", "gw-1", newest={AIR: case.newest}, intervals_s=intervals)
    return bool(evaluate_rule(rule, RuleInputs(subject.newest_columns()), np.array([NOW_MS])).is_bad[0])


def gateway_alarm(case: Case) -> bool:
    """Whether a gateway's rule `air-sensor-dead` holds, without the time for which it must hold."""
    (rule,) = [each for each in load_rules("greenhouse", Path()) if each.name == "air-sensor-dead"]
    evaluator = EdgeAlarmEvaluator([msgspec.structs.replace(rule, for_s=0.0)])
    evaluator.set_intervals("gh-1", case.descriptor.channels)
    evaluator.evaluate(Reading(DeviceId("gh-1", "greenhouse", "home"), Clock.NTP, NOW_MS, {AIR: 20.0}, {}), 0.0)
    return bool(evaluator.tick(case.age_s))


def sensor_health(case: Case) -> str:
    """The state of the sensor in its health, of a window that ends `age_s` after its last sample."""
    step_ms = round(case.interval_s * 1000)
    count = min(400, 4 * 86_400_000 // step_ms)
    time_ms = np.arange(count, dtype=np.int64) * step_ms
    end_ms = NOW_MS // 300_000 * 300_000
    time_ms += end_ms - round(case.age_s * 1000) - int(time_ms[-1])
    store = MemoryStore()
    write_series(store, OWN, "home", "greenhouse", "gh-1", time_ms, {AIR: 15.0 + 5.0 * np.sin(np.arange(count) / 7.0)})
    store.describe(OWN, "gw-1", case.descriptor)
    house = House("gh-1", store.devices(OWN), HouseLocation(ZoneInfo("UTC"), True), {})
    scope = OrgScope(store, None, OWN, end_ms)
    window = Window(end_ms - 4 * 86_400_000, end_ms)
    return next(
        each.state for device in check_sensors(scope, house, window) for each in device.channels if each.channel == AIR
    )


@pytest.mark.parametrize("interval_s", INTERVALS_S)
def test_every_door_has_one_verdict_on_a_channel(interval_s: float) -> None:
    limits = limits_of_interval(interval_s)
    assert limits.late_after_s < limits.silent_after_s
    for limit_s in (limits.late_after_s, limits.silent_after_s):
        for age_s in (0.5 * limit_s, limit_s - 0.5, limit_s + 0.5, 2.0 * limit_s):
            case = Case(interval_s, age_s)
            verdict = freshness(interval_s, age_s)
            (value,) = latest_of(case.record, {AIR: case.newest}, NOW_MS).channels.values()
            device = device_of(case.record, None, NOW_MS)
            assert value.freshness == device.freshness == verdict, (age_s, "API")
            assert (value.late_after_s, value.silent_after_s) == (limits.late_after_s, limits.silent_after_s)
            is_silent = verdict == "silent"
            assert station_alarm(case) == is_silent, (age_s, "station's alarm")
            assert gateway_alarm(case) == is_silent, (age_s, "gateway's alarm")
            sensor = describe(case.record, [AIR], {AIR: "degC"})["components"][AIR]
            assert sensor["expire_after"] == expiry_s(case.record, AIR) == round(limits.silent_after_s)
            assert has_data_problem(case.record, {AIR: case.newest}, NOW_MS) == is_silent, (age_s, "Home Assistant")


@pytest.mark.parametrize("interval_s", INTERVALS_S)
def test_a_sensors_health_is_silent_where_the_others_say_so(interval_s: float) -> None:
    """It counts whole steps of five minutes: near the limit it is known to a step."""
    limit_s = limits_of_interval(interval_s).silent_after_s
    assert sensor_health(Case(interval_s, limit_s - 301.0)) != "silent"
    assert sensor_health(Case(interval_s, limit_s + 301.0)) == "silent"


def test_a_device_without_declared_intervals_has_the_usual_one_and_a_vehicle_its_own() -> None:
    assert freshness(None, 599.0) == "current"
    assert freshness(None, 601.0) == "late"
    assert freshness(None, 16.0, "drone") == "late"
    assert freshness(None, -30.0, "drone") == "current", "a clock that is ahead makes no value old"


def test_the_page_has_no_clock_of_its_own_for_silence() -> None:
    """Its limits are those of the answers; the named exceptions judge no value: a gateway's status, a cached answer."""
    source = Path(__file__).parents[2] / "dashboard" / "src"
    clock = re.compile(r"\b(?:const|let) (\w*(?:OLD|SILENT|STALE|LATE|MOST_AGE)\w*_(?:MS|S))\b")
    found = {name for path in source.rglob("*.ts*") for name in clock.findall(path.read_text(encoding="utf-8"))}
    assert found == {"STATUS_OLD_MS", "STALE_MS"}
    users = {path.name for path in source.rglob("*.ts*") if "freshnessOf(" in path.read_text(encoding="utf-8")}
    assert users >= {
        "value_tile.tsx", "device_card.tsx", "farm_map.tsx", "devices.tsx", "wind_mark.ts", "silent_sensors.tsx",
        "greenhouse.ts",
    }  # fmt: skip
