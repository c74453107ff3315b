"""A thousand nights of the simulated houses: forecasts from what their sensors said, with and without leaf probes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pytest

from firmware_sim.greenhouse.house import Compartments
from firmware_sim.greenhouse.scenarios import house_named
from headland.agronomy.climate.leaf_wetness import estimate_leaf
from headland.agronomy.climate.psychrometrics import dew_point_degc
from headland.agronomy.climate.sun import is_day
from headland.units_of_time import DAY_MS, HOUR_MS, MINUTE_MS
from tests.analysis.tonight.nights import Night, check_night, forecast_of
from tests.analysis.tonight.places import WUHAN

#: 2026-01-10, 2026-03-05, 2026-06-20 and 2026-10-15 at 16:00 in Wuhan: frost, cold and wet, plum rain, autumn.
SEASONS = (1_768_032_000_000, 1_772_697_600_000, 1_781_942_400_000, 1_792_051_200_000)
READ_MS = 10 * MINUTE_MS
CHANNELS = (
    "air_temperature_degc", "relative_humidity_pct", "leaf_temperature_degc", "cover_temperature_degc",
    "screen_closed_pct",
)  # fmt: skip


def simulated_nights(start_ms: int, days: int, seed: int) -> Iterator[Night]:
    """Yield the nights of all compartments, every second without its leaf probe."""
    scenario = house_named("hubei-greenhouses")
    house = Compartments(scenario, seed, start_ms, step_ms=MINUTE_MS)
    units = len(scenario.compartments)
    rows: list[list[Mapping[str, float | None]]] = [[] for _ in range(units)]
    while house.time_ms < start_ms + (days + 1) * DAY_MS:
        if house.time_ms % READ_MS == 0:
            for unit in range(units):
                rows[unit].append(house.readings(unit + 1))
        house.step()
    for unit in range(units):
        hours = hourly(start_ms, rows[unit], has_probe=unit % 2 == 0)
        for day in range(1, days + 1):
            before, ahead = (
                {name: column[24 * at : 24 * (at + 1)].tolist() for name, column in hours.items()}
                for at in (day - 1, day)
            )
            origin_ms = start_ms + day * DAY_MS
            coldest = min(ahead["air_temperature_degc"])
            alarms = ("frost",) if before["air_temperature_degc"][-1] <= 2.0 or coldest < -2.0 else ()
            yield Night(forecast_of(origin_ms, ahead, before), origin_ms + 20 * MINUTE_MS, WUHAN, alarms)


def hourly(
    start_ms: int, rows: list[Mapping[str, float | None]], *, has_probe: bool
) -> dict[str, np.ndarray[tuple[int], np.dtype[np.float64]]]:
    """Return the hourly means of what a forecast has, the leaf measured or estimated as answers do."""
    time_ms = start_ms + READ_MS * np.arange(len(rows), dtype=np.int64)
    columns = {name: np.array([row.get(name) for row in rows], np.float64) for name in CHANNELS}
    air, humidity = columns["air_temperature_degc"], np.clip(columns["relative_humidity_pct"], 1.0, 100.0)
    assert WUHAN.latitude_deg is not None
    assert WUHAN.longitude_deg is not None
    by_day = is_day(time_ms, WUHAN.latitude_deg, WUHAN.longitude_deg)
    leaf = columns["leaf_temperature_degc"]
    if not has_probe:
        leaf = estimate_leaf(air, by_day, columns["screen_closed_pct"])
    dew = dew_point_degc(air, humidity)
    wanted = {
        "air_temperature_degc": air, "relative_humidity_pct": humidity, "leaf_condensation_margin_k": leaf - dew,
        "cover_condensation_margin_k": columns["cover_temperature_degc"] - dew,
    }  # fmt: skip
    per_hour = HOUR_MS // READ_MS
    return {name: column.reshape(-1, per_hour).mean(axis=1) for name, column in wanted.items()}


def check_all(nights: list[Night]) -> None:
    yielding = sum(check_night(night) > 0 for night in nights)
    wet = sum(any(one.kind == "leaf_condensation" and one.hours > 0 for one in night.statements) for night in nights)
    assert 0 < yielding < len(nights)
    assert 0 < wet < len(nights)


def test_a_simulated_frost_night_has_one_order_for_each_actuator_at_a_time() -> None:
    check_all(list(simulated_nights(SEASONS[0], 1, 1)))


@pytest.mark.long
def test_a_thousand_simulated_nights_have_one_order_for_each_actuator_at_a_time() -> None:
    nights = [night for seed, start_ms in enumerate(SEASONS) for night in simulated_nights(start_ms, 21, seed + 2)]
    assert len(nights) >= 1000
    check_all(nights)
