"""Sensor faults in answers: what is left out, what is doubtful, and the same verdict for every window."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from headland.agronomy.climate.air import AIR_TEMPERATURE
from headland.agronomy.series.time_grid import make_periods
from headland.analysis.greenhouse.house import House, HouseLocation
from headland.analysis.greenhouse.samples import read_grid
from headland.analysis.greenhouse.sensor_health import ChannelHealth, check_sensors
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.inputs.sensor_faults import recent_faults
from headland.analysis.inputs.window import Window
from headland.contract.quantities import unit_of_channel
from headland.contract.records import ChannelInfo, Descriptor
from headland.store.memory import MemoryStore
from headland.store.port import DeviceRecord
from headland.units_of_time import DAY_MS, HOUR_MS
from tests.agronomy.sensor_faults.planted import Planted, Series, plant
from tests.agronomy.sensor_faults.test_detector import ALONE, DAYS, ONSET_D
from tests.api.farm import OWN, write_series

FIRST_MS = 1_770_000_000_000 // (7 * DAY_MS) * 7 * DAY_MS
NOW_MS = FIRST_MS + DAYS * DAY_MS
LAST_DAY = Window(NOW_MS - DAY_MS, NOW_MS)
ONSET_MS = ONSET_D * DAY_MS + 5 * HOUR_MS


def scope_of(series: Series, store: MemoryStore | None = None) -> tuple[OrgScope, House]:
    store = MemoryStore() if store is None else store
    channels = {c: ChannelInfo(unit=unit_of_channel(c) or "", interval_s=300.0) for c in series}
    descriptor = Descriptor(device="gh-1", kind="greenhouse", site="home", name="gh-1", channels=channels)
    for channel, (time_ms, value) in series.items():
        write_series(store, OWN, "home", "greenhouse", "gh-1", FIRST_MS + time_ms, {channel: value})
    record = DeviceRecord(OWN, "gw-1", descriptor, NOW_MS)
    return OrgScope(store, None, OWN, NOW_MS), House("gh-1", [record], HouseLocation(), {})


def faulty(kind: str, size: float) -> tuple[OrgScope, House]:
    fault = Planted(kind, AIR_TEMPERATURE, ONSET_MS, 100 * DAY_MS, size)
    return scope_of(plant(ALONE, fault, np.random.default_rng(8)))


def health_of(scope: OrgScope, house: House, window: Window) -> ChannelHealth:
    (device,) = check_sensors(scope, house, window)
    return next(one for one in device.channels if one.channel == AIR_TEMPERATURE)


def test_a_stuck_sensor_is_left_out_of_the_answer_about_a_day_with_its_onset_days_before() -> None:
    scope, house = faulty("stuck", 0.05)
    health = health_of(scope, house, LAST_DAY)
    (finding,) = health.findings
    assert (health.state, finding.test, finding.left_out) == ("failed", "stuck", True)
    assert abs(finding.start_ms - FIRST_MS - ONSET_MS) <= 3 * HOUR_MS
    assert finding.chance is not None
    assert finding.chance >= 0.75
    grid = read_grid(scope, house, (AIR_TEMPERATURE,), make_periods([LAST_DAY.start_ms], LAST_DAY.end_ms))
    column = grid.mean(AIR_TEMPERATURE)
    assert column is None or not np.isfinite(column).any()


def test_a_sensor_that_stepped_is_used_with_a_doubt() -> None:
    scope, house = faulty("step", 4.0)
    health = health_of(scope, house, LAST_DAY)
    (finding,) = health.findings
    assert (health.state, finding.test, finding.flag, finding.left_out) == ("doubtful", "step", 3, False)
    grid = read_grid(scope, house, (AIR_TEMPERATURE,), make_periods([LAST_DAY.start_ms], LAST_DAY.end_ms))
    assert grid.quality((AIR_TEMPERATURE,)) == 3
    assert np.isfinite(grid.devices[0].values[AIR_TEMPERATURE]).all()


@pytest.mark.parametrize(("kind", "size"), [("stuck", 0.05), ("step", 4.0)])
def test_a_day_has_one_verdict_whatever_window_asks(kind: str, size: float) -> None:
    scope, house = faulty(kind, size)
    wide = Window(NOW_MS - 10 * DAY_MS, NOW_MS)
    grids = [
        read_grid(scope, house, (AIR_TEMPERATURE,), make_periods([window.start_ms], window.end_ms))
        for window in (wide, LAST_DAY)
    ]
    flags = [
        device.flags.get(AIR_TEMPERATURE, np.zeros(288, np.int64))[-288:]
        for device in (grid.devices[0] for grid in grids)
    ]
    assert flags[0].tolist() == flags[1].tolist()


def test_the_house_as_it_is_has_no_finding_and_late_samples_change_the_verdict() -> None:
    time_ms, value = ALONE[AIR_TEMPERATURE]
    last = time_ms >= ONSET_MS
    store = MemoryStore()
    scope, house = scope_of({**ALONE, AIR_TEMPERATURE: (time_ms[~last], value[~last])}, store)
    assert [one.test for one in health_of(scope, house, LAST_DAY).findings] == ["silent"]
    stuck = 21.0 + np.random.default_rng(4).normal(0.0, 0.05, int(last.sum()))
    late = FIRST_MS + time_ms[last]
    write_series(store, OWN, "home", "greenhouse", "gh-1", late, {AIR_TEMPERATURE: stuck})
    later = replace(scope, now_ms=NOW_MS + 60_000)
    assert [one.test for one in health_of(later, house, LAST_DAY).findings] == ["stuck"]


def test_a_forecast_does_not_look_ahead() -> None:
    scope, house = faulty("stuck", 0.05)
    before = Window(FIRST_MS + ONSET_MS - DAY_MS, FIRST_MS + ONSET_MS + HOUR_MS)
    periods = make_periods([before.start_ms], before.end_ms)
    assert read_grid(scope, house, (AIR_TEMPERATURE,), periods, is_past=False).left_out == []
    assert [one.test for one in read_grid(scope, house, (AIR_TEMPERATURE,), periods).left_out] == ["stuck"]


def test_the_card_of_tonight_tells_the_faults_of_the_last_day_with_the_remedy() -> None:
    scope, house = faulty("stuck", 0.05)
    (finding,) = recent_faults(scope, house.records)
    assert (finding.channel, finding.test, finding.left_out) == (AIR_TEMPERATURE, "stuck", True)
    assert finding.text is not None
    assert finding.end_ms <= scope.now_ms
    sound, house = scope_of(ALONE)
    assert recent_faults(sound, house.records) == []
