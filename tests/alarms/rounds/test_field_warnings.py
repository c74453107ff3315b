"""The warnings for fields that come along, on a farm whose only eyes are a weather station."""

from __future__ import annotations

import numpy as np
import pytest

from headland.alarms.rules.default_rules import load_default_rules
from headland.alarms.rules.rule_simulation import simulate_rule
from headland.alarms.rules.targets import load_targets
from headland.contract.records import ChannelInfo, Descriptor
from headland.store.port import Points, SeriesKey, WriteBatch
from tests.alarms.conftest import HANDLE, START_MS, Station

HOUR_MS = 3_600_000
STEP_MS = 600_000
HOURS = 96
TIME_MS = START_MS + STEP_MS * np.arange(HOURS * 6)
HOUR = (TIME_MS - START_MS) / HOUR_MS
CALM = {
    "air_temperature_degc": 15.0,
    "relative_humidity_pct": 60.0,
    "wind_speed_m_s": 2.0,
    "rain_on": 0.0,
    "rain_total_mm": 812.0,
}


def between(first: float, last: float, inside: float, outside: float) -> np.ndarray:
    return np.where((first <= HOUR) & (last > HOUR), inside, outside)


WEATHER = {
    "calm": {},
    "frost": {"air_temperature_degc": between(26, 30, -1.0, 5.0)},
    "freeze": {"air_temperature_degc": between(26, 30, -3.0, 5.0)},
    "heat": {"air_temperature_degc": between(36, 41, 39.0, 28.0)},
    "dry-hot wind": {
        "air_temperature_degc": between(36, 41, 32.0, 28.0),
        "relative_humidity_pct": between(36, 41, 26.0, 45.0),
        "wind_speed_m_s": between(36, 41, 4.5, 2.0),
    },
    "severe": {
        "air_temperature_degc": between(36, 41, 36.0, 28.0),
        "relative_humidity_pct": between(36, 41, 20.0, 45.0),
        "wind_speed_m_s": between(36, 41, 4.5, 2.0),
    },
    "long rain": {"rain_on": between(10, 40, 1.0, 0.0)},
    # 60 mm within twelve hours; the counter begins anew after 40 of them.
    "rainstorm": {"rain_total_mm": np.where(HOUR < 18, 812.0 + 5.0 * np.clip(HOUR - 10, 0, 8),
                                            5.0 * np.clip(HOUR - 18, 0, 4))},
}  # fmt: skip


@pytest.mark.parametrize(
    ("weather", "warned"),
    [
        ("calm", {}),
        ("frost", {"field-frost": 26}),
        ("freeze", {"field-frost": 26, "field-freeze": 28}),
        ("heat", {"field-heat": 36}),
        ("dry-hot wind", {"dry-hot-wind": 36}),
        ("severe", {"dry-hot-wind": 36, "dry-hot-wind-severe": 36}),
        ("long rain", {"waterlogging": 34}),
        ("rainstorm", {"waterlogging": 20}),
    ],
)
def test_a_weather_station_warns_of_what_its_weather_does_and_of_nothing_else(
    station: Station, weather: str, warned: dict[str, int]
) -> None:
    columns = {name: WEATHER[weather].get(name, np.full(len(HOUR), value)) for name, value in CALM.items()}
    keys = [SeriesKey(HANDLE, "moor", "weather", "mast", channel) for channel in columns]
    index = np.repeat(np.arange(len(keys), dtype=np.int32), len(TIME_MS))
    values = np.concatenate([*columns.values()])
    flags = np.ones(len(index), np.uint8)
    station.store.write(WriteBatch(Points(keys, index, np.tile(TIME_MS, len(keys)), values, flags)))
    channels = {channel: ChannelInfo(unit="1") for channel in columns}
    told = Descriptor(device="mast", kind="weather", site="moor", name="mast", channels=channels)
    station.store.describe(HANDLE, "gw-1", told)
    targets = load_targets(station.store, station.repositories, HANDLE, {})
    found = {}
    for rule in load_default_rules():
        for subject in targets.subjects_of(rule):
            if subject.kind == "weather" and not rule.name.endswith("dead"):
                simulation = simulate_rule(
                    rule, subject, targets, station.store, HANDLE, START_MS, START_MS + HOURS * HOUR_MS
                )
                if simulation.alarms:
                    found[rule.name] = (simulation.alarms[0].began_ms - START_MS) // HOUR_MS
                # Rain that fell stays in the hours looked back on; all else is over by the end.
                assert rule.name == "waterlogging" or all(one.ended_why == "cleared" for one in simulation.alarms)
    assert found == warned
