"""A small farm that is always the same: a simulated drone, a greenhouse, a weather station without a descriptor."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from headland.contract.records import ChannelInfo, Clock, Descriptor, Event
from headland.store.memory import MemoryStore
from headland.store.port import Points, SeriesKey, StoredEvent, WriteBatch

OWN: Final = "own"
OTHER: Final = "other"

START_MS: Final = 1_795_507_200_000
SECONDS: Final = 400
NOW_MS: Final = START_MS + SECONDS * 1000

DRONE: Final = "uav-484c53494d01"
HOUSE: Final = "gh-1"
WEATHER: Final = "wx-1"

# The drone flies at the equator, where a degree is 111,319.49 m east and 110,574.28 m north (WGS84).
EAST_DEG_M: Final = 111_319.4908
NORTH_DEG_M: Final = 110_574.2758

Columns = Mapping[str, NDArray[np.float64]]


def fill_farm(start_ms: int = START_MS) -> MemoryStore:
    """Return a store that holds the farm, and a device of someone else."""
    store = MemoryStore()
    write_drone_flight(store, start_ms=start_ms)
    write_greenhouse(store, start_ms=start_ms)
    wind = {"wind_speed_m_s": np.full(40, 2.5)}
    write_series(store, OWN, "home", "weather", WEATHER, start_ms + 1000 * np.arange(0, SECONDS, 10), wind)
    write_series(
        store, OTHER, "away", "greenhouse", "gh-9", start_ms + np.arange(3), {"air_temperature_degc": np.full(3, 9.0)}
    )
    return store


def write_drone_flight(
    store: MemoryStore, device: str = DRONE, *, metered: bool = True, start_ms: int = START_MS
) -> None:
    """Fly eight swaths of 200 m at 5 m/s, 5 m apart, spraying 3 L/min for 39 s of each."""
    seconds = np.arange(SECONDS + 1)
    swath, into = seconds // 50, seconds % 50
    along = np.minimum(into, 40) * 5.0
    east = np.where(swath % 2 == 0, along, 200.0 - along)
    on = (into >= 1) & (into <= 39)
    flow = np.where(on, 3.0, 0.0)
    columns = {
        "latitude_deg": (swath * 5.0 + np.maximum(into - 40, 0) * 0.5) / NORTH_DEG_M,
        "longitude_deg": east / EAST_DEG_M + 10.0,
        "relative_altitude_m": np.full(len(seconds), 3.0),
        "ground_speed_m_s": np.where(into < 40, 5.0, 0.5),
        "pump_on": on.astype(np.float64),
        "battery_remaining_pct": 100.0 - seconds / 10.0,
    }
    if metered:
        columns["flow_l_min"] = flow
        columns["flow_volume_total_l"] = 100.0 + np.concatenate(([0.0], np.cumsum((flow[1:] + flow[:-1]) / 120)))
    write_series(store, OWN, "home", "drone", device, start_ms + 1000 * seconds, columns, simulated=True)
    store.describe(
        OWN,
        "gw-1",
        Descriptor(device=device, kind="drone", site="home", name="Drone 1", model="ArduCopter", simulated=True),
    )
    events = [
        Event(
            t=start_ms + 1000 * second,
            device=device,
            kind="mode",
            device_kind="drone",
            site="home",
            clock=Clock.GPS,
            data={"mode": mode},
            simulated=True,
        )
        for second, mode in ((0, "GUIDED"), (5, "AUTO"), (5, "LOITER"), (390, "RTL"))
    ]
    store.write(WriteBatch(points_of([]), [StoredEvent(OWN, event) for event in events]))
    land(store, device, start_ms + 1000 * SECONDS, simulated=True)


def land(store: MemoryStore, device: str, time_ms: int, *, simulated: bool = False) -> None:
    """Report that a vehicle has landed: its pass has ended."""
    landed = Event(
        t=time_ms, device=device, kind="landed_state", device_kind="drone", site="home", clock=Clock.GPS,
        data={"state": "on_ground"}, simulated=simulated,
    )  # fmt: skip
    store.write(WriteBatch(points_of([]), [StoredEvent(OWN, landed)]))


def write_spreader_flight(
    store: MemoryStore, device: str, *, sensed: bool, evidence: str | None = None, start_ms: int = START_MS
) -> None:
    """Spread 18 kg/min for 39 s of each of eight swaths of 200 m at 5 m/s, out of a hopper of 200 kg."""
    seconds = np.arange(401)
    swath, into = seconds // 50, seconds % 50
    along = np.minimum(into, 40) * 5.0
    on = (into >= 1) & (into <= 39)
    flow = np.where(on, 18.0, 0.0)
    columns = {
        "latitude_deg": (swath * 5.0 + np.maximum(into - 40, 0) * 0.5) / NORTH_DEG_M,
        "longitude_deg": 10.0 + np.where(swath % 2 == 0, along, 200.0 - along) / EAST_DEG_M,
        "pump_on": on.astype(np.float64),
        "hopper_kg": 200.0 - np.concatenate(([0.0], np.cumsum((flow[1:] + flow[:-1]) / 120))),
    }
    channels = {channel: ChannelInfo(unit="1") for channel in columns}
    if sensed or evidence is not None:
        columns["mass_flow_kg_min"] = flow if sensed else flow * 0.5
        channels["mass_flow_kg_min"] = ChannelInfo(unit="kg/min", evidence=evidence)
    write_series(store, OWN, "home", "drone", device, start_ms + 1000 * seconds, columns)
    store.describe(OWN, "gw-1", Descriptor(device=device, kind="drone", site="home", name=device, channels=channels))
    land(store, device, start_ms + 400_000)


def write_greenhouse(store: MemoryStore, device: str = HOUSE, *, start_ms: int = START_MS) -> None:
    """Keep a greenhouse at 25 degC and 60 %, but for one impossible reading that is flagged 4."""
    seconds = np.arange(SECONDS)
    columns = {
        "air_temperature_degc": np.full(SECONDS, 25.0),
        "relative_humidity_pct": np.full(SECONDS, 60.0),
        "co2_ppm": 600.0 + seconds / 10.0,
    }
    flags = {"air_temperature_degc": np.where(seconds == 100, 4, 1)}
    columns["air_temperature_degc"][100] = 79.0
    write_series(store, OWN, "home", "greenhouse", device, start_ms + 1000 * seconds, columns, flags=flags)
    store.describe(
        OWN,
        "gw-1",
        Descriptor(
            device=device,
            kind="greenhouse",
            site="home",
            name="番茄一号棚",
            channels={
                "air_temperature_degc": ChannelInfo(unit="degC", interval_s=1.0, sensor="SHT85"),
                "relative_humidity_pct": ChannelInfo(unit="%", interval_s=1.0),
                "leaf_temperature_degc": ChannelInfo(unit="degC", interval_s=1.0),
            },
        ),
    )


def write_series(
    store: MemoryStore,
    organisation: str,
    site: str,
    kind: str,
    device: str,
    time_ms: NDArray[np.int64],
    columns: Columns,
    *,
    flags: Mapping[str, NDArray[np.int64]] | None = None,
    simulated: bool = False,
) -> None:
    """Write rows of one device."""
    series = [SeriesKey(organisation, site, kind, device, channel, simulated) for channel in columns]
    rows = [
        (key, time_ms, values, (flags or {}).get(key.channel, np.ones(len(time_ms), np.int64)))
        for key, values in zip(series, columns.values(), strict=True)
    ]
    store.write(WriteBatch(points_of(rows)))


def points_of(
    rows: Iterable[tuple[SeriesKey, NDArray[np.int64], NDArray[np.float64], NDArray[np.int64]]],
) -> Points:
    """Return columns of several series as the store port expects them."""
    listed = list(rows)
    if not listed:
        return Points([], np.empty(0, np.int32), np.empty(0, np.int64), np.empty(0), np.empty(0, np.uint8))
    return Points(
        [key for key, _, _, _ in listed],
        np.concatenate([np.full(len(time), index, np.int32) for index, (_, time, _, _) in enumerate(listed)]),
        np.concatenate([time for _, time, _, _ in listed]),
        np.concatenate([values for _, _, values, _ in listed]),
        np.concatenate([flag for _, _, _, flag in listed]).astype(np.uint8),
    )
