"""One house-day has one figure of wet leaves at every door: condensation, disease, overview, week report, forecast."""

from __future__ import annotations

from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from headland.analysis.greenhouse.climate import ClimateQuery, PeriodAnswers, answer_condensation, answer_disease
from headland.analysis.greenhouse.crop_targets import load_crop_targets
from headland.analysis.greenhouse.house import House, HouseLocation
from headland.analysis.greenhouse.overview import build_overview
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.inputs.window import Window
from headland.contract.records import Descriptor
from headland.store.memory import MemoryStore
from tests.api.farm import OWN, write_series

MINUTE_MS, DAY_MS = 60_000, 86_400_000
#: 2026-02-02 00:00 in Shanghai, a Monday.
START_MS = 1_769_961_600_000
DAYS, BEFORE_DAYS = 7, 15
PLACE = HouseLocation(ZoneInfo("Asia/Shanghai"), True, 30.6, 114.3, 23.0)
SAME = ("wet_h", "leaf_condensation_h")


@dataclass(frozen=True)
class WetHouse:
    """A house with two weeks and a week of samples, by whose leaf probe or estimate leaves are wet."""

    scope: OrgScope
    house: House
    week: Window

    @property
    def query(self) -> ClimateQuery:
        return ClimateQuery(self.scope, self.house, self.week, "day", load_crop_targets())


def wet_house(seed: int) -> WetHouse:
    """Return a house of random weather; every third has no leaf probe, every third one that comes or fails midway."""
    random = np.random.default_rng(seed)
    step = int(random.choice([5, 10, 20]))
    first_ms = START_MS - BEFORE_DAYS * DAY_MS
    time_ms = np.arange(first_ms, START_MS + DAYS * DAY_MS, step * MINUTE_MS, dtype=np.int64)
    hour = (time_ms - first_ms) / 3_600_000
    at = (hour // 24).astype(np.int64)
    wave = np.sin(2 * np.pi * (hour - 9.0) / 24.0)
    noise = np.cumsum(random.normal(0.0, 0.1, len(hour))) % 1.5
    air = random.uniform(4.0, 20.0) + random.normal(0.0, 2.0, at[-1] + 1)[at] + random.uniform(1.0, 8.0) * wave + noise
    dew_gap = random.uniform(0.5, 4.0) + random.uniform(0.2, 4.0) * wave + random.normal(0.0, 0.5, at[-1] + 1)[at]
    humidity = np.clip(100.0 - 5.0 * np.maximum(dew_gap, 0.0), 20.0, 100.0)
    columns = {"air_temperature_degc": air, "relative_humidity_pct": humidity}
    if random.random() < 0.5:
        columns["screen_closed_pct"] = np.where(wave < -0.2, 100.0, 0.0)
    if random.random() < 0.5:
        columns["outside_temperature_degc"] = air - random.uniform(3.0, 15.0)
    if seed % 3 != 0:
        columns["leaf_temperature_degc"] = air - random.uniform(-1.5, 2.5) - 0.5 * noise
    if seed % 3 == 2:
        turn = int(random.integers(len(hour) // 4, len(hour)))
        part = slice(None, turn) if random.random() < 0.5 else slice(turn, None)
        columns["leaf_temperature_degc"][part] = np.nan
    store = MemoryStore()
    for channel, value in columns.items():
        known = np.isfinite(value)
        write_series(store, OWN, "wuhan", "greenhouse", "gh-1", time_ms[known], {channel: value[known]})
    store.describe(OWN, "gw-1", Descriptor(device="gh-1", kind="greenhouse", site="wuhan", name="gh-1"))
    scope = OrgScope(store, None, OWN, START_MS + DAYS * DAY_MS)
    crop = str(random.choice(["tomato", "lettuce", ""]))
    house = House("gh-1", store.devices(OWN), PLACE, {}, crop=crop, cover=str(random.choice(["film", ""])))
    return WetHouse(scope, house, Window(START_MS, START_MS + DAYS * DAY_MS))


def told(days: list[PeriodAnswers], name: str) -> list[tuple[float | None, str | None]]:
    """Return value and evidence of an index by day."""
    return [(day.answers[name].value, day.answers[name].evidence) for day in days]


@pytest.mark.parametrize("seed", range(9))
def test_condensation_disease_and_overview_have_the_same_wet_hours(seed: int) -> None:
    farm = wet_house(seed)
    condensation, disease = answer_condensation(farm.query).periods, answer_disease(farm.query).periods
    wet = told(condensation, "leaf_condensation_h")
    assert told(disease, "wet_h") == wet
    overview = build_overview(farm.query, 100).days
    assert told(overview, "wet_h") == told(overview, "leaf_condensation_h") == wet
    assert len(wet) == DAYS


def test_some_of_these_days_are_wet_and_some_are_estimated() -> None:
    wet = [one for seed in range(9) for one in told(answer_disease(wet_house(seed).query).periods, "wet_h")]
    assert sum((value or 0.0) > 1.0 for value, _ in wet) > 10
    assert {evidence for value, evidence in wet if value is not None} == {"measured", "estimated"}


@pytest.mark.parametrize("seed", [1, 4])
def test_humid_air_beside_a_leaf_that_is_warmer_is_not_a_wet_leaf(seed: int) -> None:
    """The dew point depression of the air alone said 24 wet hours where the measured leaf was dry."""
    farm = wet_house(seed)
    (device,) = farm.house.records
    store = MemoryStore()
    time_ms = np.arange(farm.week.start_ms - 15 * DAY_MS, farm.week.end_ms, 10 * MINUTE_MS, dtype=np.int64)
    same = np.ones(len(time_ms))
    wave = 0.1 * np.sin(time_ms / 3e6)
    columns = {
        "air_temperature_degc": 16.0 * same + wave, "relative_humidity_pct": 92.0 * same + wave,
        "leaf_temperature_degc": 16.5 * same + wave,
    }  # fmt: skip
    write_series(store, OWN, "wuhan", "greenhouse", "gh-1", time_ms, columns)
    store.describe(OWN, "gw-1", device.descriptor)
    query = replace(farm.query, scope=replace(farm.scope, store=store))
    days = answer_disease(query).periods
    assert [value for value, _ in told(days, "wet_h")] == [0.0] * DAYS
    assert all(day.levels["botrytis_index"] == "low" for day in days)
