"""A fleet of trucks and its telemetry: random walks on a grid of instants, the same for the same seed.

Each truck reports ten values at every instant: seven of its way (readings), three of its state (diagnostics). As in
TSBS, some rows are missing, some have a field that is null, and rows arrive out of order, alone or ten at a time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]

READINGS: Final = ("latitude", "longitude", "elevation", "velocity", "heading", "grade", "fuel_consumption")
DIAGNOSTICS: Final = ("fuel_state", "current_load", "status")
FIELDS: Final = (*READINGS, *DIAGNOSTICS)
#: Columns of the grid that belong to each table.
TABLES: Final = {"readings": slice(0, len(READINGS)), "diagnostics": slice(len(READINGS), len(FIELDS))}

FLEETS: Final = ("East", "North", "South", "West")
_DRIVERS: Final = ("Albert", "Andy", "Derek", "Rodney", "Seth", "Trish")
_VERSIONS: Final = ("v1.0", "v1.5", "v2.0", "v2.3")
#: Model, load capacity, fuel capacity and nominal fuel consumption.
_MODELS: Final = (("F-150", 2000.0, 200.0, 15.0), ("G-2000", 5000.0, 300.0, 19.0), ("H-2", 1500.0, 150.0, 12.0))

#: Of each walk: lowest and highest step, lowest and highest value, decimals. Load and status walk otherwise.
_WALKS: Final = (
    (-0.005, 0.005, -90.0, 90.0, 5),
    (-0.005, 0.005, -180.0, 180.0, 5),
    (-10.0, 10.0, 0.0, 5000.0, 0),
    (-10.0, 10.0, 0.0, 100.0, 0),
    (-5.0, 5.0, 0.0, 360.0, 0),
    (-5.0, 5.0, 0.0, 100.0, 0),
    (-5.0, 5.0, 0.0, 50.0, 1),
    (-0.001, 0.0, 0.0, 1.0, 1),
    (0.0, 0.0, 0.0, 5000.0, 0),
    (0.0, 0.0, 0.0, 5.0, 0),
)
_FUEL, _LOAD, _STATUS = (FIELDS.index(name) for name in DIAGNOSTICS)
_NEW_LOAD_CHANCE: Final = 0.05

_LOST_ROW: Final = 0.1
_LOST_TEN: Final = 0.01
_NULL_FIELD: Final = 0.1
_LATE_ROW: Final = 0.3
_LATE_TEN: Final = 0.05
#: A held row, or ten of them, is sent with this chance before each next one.
_SENT_CHANCE: Final = 0.5
_TEN: Final = 10

#: A Monday.
START_MS: Final = 1_767_571_200_000


@dataclass(frozen=True, slots=True)
class Truck:
    """What is known of a truck besides its telemetry."""

    name: str
    fleet: str
    driver: str
    model: str
    device_version: str
    load_capacity: float
    fuel_capacity: float
    nominal_fuel_consumption: float


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of one table: truck n at an instant, with a value for each field, NaN where it is null."""

    table: str
    truck: NDArray[np.int32]
    time_ms: NDArray[np.int64]
    value: Values

    def __len__(self) -> int:
        return len(self.truck)

    @property
    def points(self) -> int:
        """The number of values."""
        return int(np.count_nonzero(~np.isnan(self.value)))


@dataclass(frozen=True, slots=True)
class Telemetry:
    """All values of a fleet, [instant, truck, field], NaN where nothing is sent; and the order in which rows arrive."""

    trucks: tuple[Truck, ...]
    time_ms: NDArray[np.int64]
    value: Values
    arrival: NDArray[np.int64]

    @property
    def end_ms(self) -> int:
        """The end of the last interval."""
        return int(self.time_ms[-1] + (self.time_ms[1] - self.time_ms[0]))

    @property
    def points(self) -> int:
        """The number of values."""
        return int(np.count_nonzero(~np.isnan(self.value)))

    def batches(self, rows: int) -> Iterator[tuple[Rows, ...]]:
        """Return batches of at most so many rows in order of arrival, each split into the two tables."""
        tables, trucks = len(TABLES), len(self.trucks)
        for begin in range(0, len(self.arrival), rows):
            place = self.arrival[begin : begin + rows]
            of_table, at = place % tables, place // tables
            yield tuple(
                Rows(
                    table,
                    (at[mine] % trucks).astype(np.int32),
                    self.time_ms[at[mine] // trucks],
                    self.value[at[mine] // trucks, at[mine] % trucks, columns],
                )
                for number, (table, columns) in enumerate(TABLES.items())
                if (mine := np.flatnonzero(of_table == number)).size
            )


def make_telemetry(trucks: int, instants: int, every_s: int, seed: int) -> Telemetry:
    """Return the telemetry of so many trucks at so many instants."""
    random = np.random.default_rng(seed)
    known = tuple(_make_truck(number, random) for number in range(trucks))
    value = _walk(random, trucks, instants)
    # A row is an instant, a truck and a table, in the order in which they come about.
    sent = random.random((instants, trucks, len(TABLES))) >= _LOST_ROW
    sent &= (random.random(-(-sent.size // _TEN)) >= _LOST_TEN).repeat(_TEN)[: sent.size].reshape(sent.shape)
    for number, columns in enumerate(TABLES.values()):
        part = value[:, :, columns]
        null = random.random(part.shape[:2]) < _NULL_FIELD
        field = random.integers(0, part.shape[2], part.shape[:2])
        part[(field[..., np.newaxis] == np.arange(part.shape[2])) & null[..., np.newaxis]] = np.nan
        part[~sent[:, :, number]] = np.nan
    time_ms = START_MS + np.arange(instants, dtype=np.int64) * (every_s * 1000)
    return Telemetry(known, time_ms, value, _arrive(random, np.flatnonzero(sent.reshape(-1))))


def _make_truck(number: int, random: np.random.Generator) -> Truck:
    model, load, fuel, consumption = _MODELS[random.integers(len(_MODELS))]
    fleet, driver, version = (str(choices[random.integers(len(choices))]) for choices in (FLEETS, _DRIVERS, _VERSIONS))
    return Truck(f"truck_{number}", fleet, driver, model, version, load, fuel, consumption)


def _walk(random: np.random.Generator, trucks: int, instants: int) -> Values:
    """Return the values of all fields, [instant, truck, field]."""
    lowest_step, highest_step, lowest, highest, decimals = (np.array(column) for column in zip(*_WALKS, strict=True))
    state = np.zeros((trucks, len(FIELDS)))
    state[:, 0] = random.uniform(0.0, 90.0, trucks)
    state[:, 1] = random.uniform(0.0, 180.0, trucks)
    state[:, 2] = random.uniform(0.0, 500.0, trucks)
    state[:, 4] = random.uniform(0.0, 360.0, trucks)
    state[:, 6] = 25.0
    state[:, _FUEL] = 1.0
    value = np.empty((instants, trucks, len(FIELDS)))
    for instant in range(instants):
        step = random.uniform(lowest_step, highest_step, state.shape)
        step[:, _STATUS] = random.normal(0.0, 1.0, trucks)
        state = np.clip(state + step, lowest, highest)
        state[state[:, _FUEL] == 0.0, _FUEL] = 1.0
        reload = random.random(trucks) < _NEW_LOAD_CHANCE
        state[reload, _LOAD] = random.uniform(0.0, highest[_LOAD], np.count_nonzero(reload))
        value[instant] = state
    scale = 10.0**decimals
    value *= scale
    np.trunc(value, out=value)
    value /= scale
    return value


def _arrive(random: np.random.Generator, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return rows in the order of arrival: a late one some rows later, and ten that are late some tens later."""
    delay = np.where(random.random(len(rows)) < _LATE_ROW, random.geometric(_SENT_CHANCE, len(rows)), 0)
    tens = -(-len(rows) // _TEN)
    late_ten = np.where(random.random(tens) < _LATE_TEN, random.geometric(_SENT_CHANCE, tens) * _TEN, 0)
    delay += late_ten.repeat(_TEN)[: len(rows)]
    return rows[np.argsort(np.arange(len(rows)) + delay, kind="stable")]
