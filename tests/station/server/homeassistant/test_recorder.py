"""Days in the tables of Home Assistant's recorder, in SQLite, filled as it fills them."""

from __future__ import annotations

import csv
import sqlite3
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from firmware_sim.greenhouse.past_table import CONTROLLER_STEPS, write_past
from firmware_sim.greenhouse.scenarios import house_named
from headland.contract.quantities import quantity_of
from headland.contract.records import ChannelInfo, Descriptor
from headland.store.port import DeviceRecord, Latest, SeriesKey
from headland.units_of_time import HOUR_MS
from station.server.homeassistant.dead_band import DeadBand
from station.server.homeassistant.discovery import describe

START_MS = 1_795_478_400_000
#: The recorder's tables and indices of states and of five-minute statistics (schema 50), its unused columns left out.
TABLES = """
    CREATE TABLE states (state_id INTEGER PRIMARY KEY, entity_id CHAR(0), state VARCHAR(255), attributes CHAR(0),
        event_id SMALLINT, last_changed CHAR(0), last_changed_ts FLOAT, last_reported_ts FLOAT, last_updated CHAR(0),
        last_updated_ts FLOAT, old_state_id INTEGER, attributes_id INTEGER, context_id CHAR(0), context_user_id CHAR(0),
        context_parent_id CHAR(0), origin_idx SMALLINT, context_id_bin BLOB, context_user_id_bin BLOB,
        context_parent_id_bin BLOB, metadata_id INTEGER);
    CREATE INDEX ix_states_metadata_id_last_updated_ts ON states (metadata_id, last_updated_ts);
    CREATE INDEX ix_states_last_updated_ts ON states (last_updated_ts);
    CREATE INDEX ix_states_context_id_bin ON states (context_id_bin);
    CREATE INDEX ix_states_old_state_id ON states (old_state_id);
    CREATE INDEX ix_states_attributes_id ON states (attributes_id);
    CREATE TABLE statistics_short_term (id INTEGER PRIMARY KEY, created CHAR(0), created_ts FLOAT, metadata_id INTEGER,
        start CHAR(0), start_ts FLOAT, mean FLOAT, mean_weight FLOAT, min FLOAT, max FLOAT, last_reset CHAR(0),
        last_reset_ts FLOAT, state FLOAT, sum FLOAT);
    CREATE UNIQUE INDEX ix_statistic_id_start ON statistics_short_term (metadata_id, start_ts);
    CREATE INDEX ix_start_ts ON statistics_short_term (start_ts);
"""
#: Part of the day that is simulated of the greenhouse, from 8 o'clock in China; the rest counts as much.
_SIMULATED_HOURS = 3
Columns = dict[str, NDArray[np.float64]]


class Recorder:
    """A recorder: a row for each change of an entity's state, and its means of five minutes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection = sqlite3.connect(path)
        self._connection.executescript(TABLES)
        self.states = 0

    def record(self, entity: int, changes: list[tuple[int, float]], first_ms: int, last_ms: int) -> None:
        """Store the changes of an entity (time, state), and its statistics while it had any state."""
        rows = [
            (str(value), at_ms / 1000, self.states + n, entity, (self.states + n).to_bytes(16, "big"), entity)
            for n, (at_ms, value) in enumerate(changes)
        ]
        self._connection.executemany(
            "INSERT INTO states (state, last_updated_ts, old_state_id, attributes_id, context_id_bin, metadata_id) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            rows,
        )
        self.states += len(rows)
        self._connection.executemany(
            "INSERT INTO statistics_short_term (created_ts, metadata_id, start_ts, mean, min, max) "
            "VALUES (?, ?, ?, 20.1, 20.0, 20.2)",
            [(at_ms / 1000, entity, at_ms / 1000) for at_ms in range(first_ms, last_ms, 300_000)],
        )

    def size_bytes(self) -> int:
        """Return the size of the file."""
        self._connection.commit()
        self._connection.close()
        return self._path.stat().st_size


def record_device(recorder: Recorder, record: DeviceRecord, time_ms: NDArray[np.int64], columns: Columns) -> None:
    """Let the recorder store what it is sent of the enabled sensors of a device."""
    units = {channel: quantity.unit if (quantity := quantity_of(channel)) else "1" for channel in columns}
    described = describe(record, columns, units)["components"]
    band = DeadBand()
    for number, (channel, values) in enumerate(columns.items()):
        if not described[channel].get("enabled_by_default", True):
            continue
        key = SeriesKey("own", "home", record.descriptor.kind, record.descriptor.device, channel)
        changes: list[tuple[int, float]] = []
        for at_ms, value in zip(time_ms.tolist(), values.tolist(), strict=True):
            chosen = band.choose(Latest(key, at_ms, value, 1), units[channel], at_ms, 10_000)
            # The same state again is no row.
            if chosen is not None and (not changes or changes[-1][1] != chosen.value):
                changes.append((at_ms, chosen.value))
        recorder.record(hash((record.descriptor.device, number)) & 0xFFFF, changes, int(time_ms[0]), int(time_ms[-1]))


def simulate_house(folder: Path, every_ms: int) -> tuple[NDArray[np.int64], Columns]:
    """Return the morning of a simulated greenhouse, when it changes most, as its controller shows it."""
    path = folder / "house.csv"
    write_past(
        house_named("hubei-tomato"),
        seed=1,
        weather_seed=1,
        start_ms=START_MS,
        end_ms=START_MS + _SIMULATED_HOURS * HOUR_MS,
        every_ms=every_ms,
        steps=CONTROLLER_STEPS,
        paths=[path],
        is_stopped=lambda: False,
    )
    with path.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    channels = [name for name in rows[0] if name in CONTROLLER_STEPS]
    columns = {name: np.array([float(row[name] or "nan") for row in rows]) for name in channels}
    return START_MS + every_ms * np.arange(len(rows)), {
        name: values for name, values in columns.items() if not np.isnan(values).any()
    }


def simulate_flights() -> tuple[NDArray[np.int64], Columns]:
    """Return five hours of flights of a spreader at 2 s: thirty passes of eight swaths, and the autopilot's own."""
    seconds = np.arange(0, 5 * 3600, 2)
    into = seconds % 50
    works = (seconds % 600 < 400) & (into >= 1) & (into <= 39)
    rng = np.random.default_rng(1)
    watched: Columns = {
        "battery_remaining_pct": 100.0 - seconds % 600 / 6.0,
        "ground_speed_m_s": np.where(works, 5.0, 1.0) + rng.normal(0, 0.2, len(seconds)),
        "relative_altitude_m": np.where(seconds % 600 < 400, 3.0, 0.0) + rng.normal(0, 0.3, len(seconds)),
        "hopper_kg": np.asarray(200.0 - np.cumsum(works) % 600 * 0.6, np.float64),
        "mass_flow_kg_min": np.where(works, 18.0, 0.0) + rng.normal(0, 0.3, len(seconds)) * works,
        "pump_on": works.astype(np.float64),
    }
    inner: Columns = {f"{name}_rad": rng.normal(0, 0.1, len(seconds)) for name in ("roll", "pitch", "yaw")}
    return START_MS + 1000 * seconds, {**watched, **inner}


def test_the_recorder_grows_by_less_than_20_mb_in_a_day_of_a_drone_and_a_greenhouse(tmp_path: Path) -> None:
    recorder, flights = Recorder(tmp_path / "house.db"), Recorder(tmp_path / "flights.db")
    time_ms, columns = simulate_house(tmp_path, 30_000)
    assert len(columns) > 10
    channels = {name: ChannelInfo(unit="", interval_s=2.0) for name in columns}
    house = Descriptor(device="gh-1", kind="greenhouse", site="home", name="gh-1", channels=channels)
    record_device(recorder, DeviceRecord("own", "gw-1", house, None), time_ms, columns)
    drone = Descriptor(device="uav-1", kind="drone", site="home", name="uav-1")
    record_device(flights, DeviceRecord("own", "gw-1", drone, None), *simulate_flights())
    assert min(recorder.states, flights.states) > 500  # they are not silent
    days = 24 / _SIMULATED_HOURS
    states, size_mb = (
        recorder.states * days + flights.states,
        (recorder.size_bytes() * days + flights.size_bytes()) / 1e6,
    )
    print(f"recorder: {states:.0f} states, {size_mb:.1f} MB a day")
    assert size_mb < 20.0
