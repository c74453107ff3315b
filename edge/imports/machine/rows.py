"""Rows of a machine from the records of its shapefile: sections of one instant together, amounts as flows. Pure."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from edge.imports.machine.columns import Columns, Role
from edge.imports.machine.layers import MachineRecord
from edge.imports.sentences import Sentence
from headland.plain_numbers import read_decimal

#: Two records further apart belong to different work: nothing is known between them.
_MOST_GAP_MS: Final = 10_000
_MOST_SPEED_M_S: Final = 30.0
_STATES: Final[tuple[tuple[Role, str], ...]] = (("heading", "heading_deg"), ("moisture", "grain_moisture_pct"))
_FLOWS: Final[tuple[tuple[Role, str], ...]] = (
    ("liquid", "flow_l_min"),
    ("mass", "mass_flow_kg_min"),
    ("yield", "harvest_flow_kg_min"),
)
_LOCAL_FORMATS: Final = (
    "%Y-%m-%d %H:%M:%S", "%m/%d/%Y %I:%M:%S %p", "%m/%d/%Y %H:%M:%S", "%d/%m/%Y %H:%M:%S", "%Y/%m/%d %H:%M:%S",
    "%Y%m%d %H:%M:%S", "%m/%d/%Y %I:%M %p", "%Y-%m-%dT%H:%M:%S",
)  # fmt: skip


@dataclass(slots=True)
class _Instant:
    """Sums over the sections of one instant, weighted by their width [m]."""

    width_m: float = 0.0
    weight: float = 0.0
    east: float = 0.0
    north: float = 0.0
    sums: dict[Role, float] = field(default_factory=dict)
    weights: dict[Role, float] = field(default_factory=dict)

    def add(self, record: MachineRecord, values: dict[Role, float]) -> None:
        width = values.get("width", 0.0)
        weight = width or 1.0
        self.width_m += width
        self.weight += weight
        self.east += record.longitude_deg * weight
        self.north += record.latitude_deg * weight
        for role, value in values.items():
            self.sums[role] = self.sums.get(role, 0.0) + value * weight
            self.weights[role] = self.weights.get(role, 0.0) + weight

    def mean(self, role: Role) -> float | None:
        return self.sums[role] / self.weights[role] if role in self.sums else None


def instants_of(
    records: Iterable[MachineRecord], columns: Columns, lost: Counter[str], local_offset_ms: int | None = None
) -> dict[int, _Instant]:
    """Return the sums of each instant [epoch ms]; records without a time or with impossible numbers are counted.

    `local_offset_ms` is UTC less the local time of a file whose times have no zone.
    """
    found: dict[int, _Instant] = {}
    for record in records:
        time_ms = _time_ms(record.cells, local_offset_ms)
        if time_ms is None:
            lost["undated_rows"] += 1
            continue
        values: dict[Role, float] = {}
        for name, column in columns.by_name.items():
            text = record.cells.get(name)
            if text is None:
                continue
            number = read_decimal(text)
            if number is None:
                lost["not_a_number"] += 1
                continue
            value = number * column.factor
            if math.isfinite(value) and (column.role == "elevation" or value >= 0.0):
                values[column.role] = value
            else:
                lost["impossible_value"] += 1
        found.setdefault(time_ms, _Instant()).add(record, values)
    return found


def rows_of(instants: dict[int, _Instant], lost: Counter[str]) -> Iterator[tuple[int, dict[str, float | None]]]:
    """Yield time and values by channel, in the order of time.

    What was applied between two instants is rate by width by distance; as a flow it is divided by their time.
    """
    before_ms: int | None = None
    for time_ms, instant in sorted(instants.items()):
        values: dict[str, float | None] = {
            "longitude_deg": instant.east / instant.weight,
            "latitude_deg": instant.north / instant.weight,
        }
        for role, channel in _STATES:
            mean = instant.mean(role)
            if mean is not None:
                values[channel] = mean
        if instant.width_m > 0.0:
            values["working_width_m"] = instant.width_m
        gap_ms = None if before_ms is None else time_ms - before_ms
        before_ms = time_ms
        speed = _speed(instant, gap_ms)
        if speed is None:
            lost["without_speed"] += 1
        else:
            values["ground_speed_m_s"] = speed
            area_m2_min = instant.width_m * speed * 60.0
            for role, channel in _FLOWS:
                rate = instant.mean(role)
                if rate is not None and area_m2_min > 0.0:
                    values[channel] = rate * area_m2_min
        yield time_ms, values


class MachineSums:
    """Sums over the rows of a machine: the worked area, and what was applied or harvested on it."""

    def __init__(self) -> None:
        self.area_m2 = 0.0
        self.by_channel: dict[str, float] = {}
        self._before_ms: int | None = None

    def add(self, time_ms: int, values: dict[str, float | None]) -> None:
        """Add a row: its values held since the row before, where that is near."""
        gap_ms = 0 if self._before_ms is None else time_ms - self._before_ms
        self._before_ms = time_ms
        if not 0 < gap_ms <= _MOST_GAP_MS:
            return
        self.area_m2 += (
            (values.get("working_width_m") or 0.0) * (values.get("ground_speed_m_s") or 0.0) * gap_ms / 1000.0
        )
        for _, channel in _FLOWS:
            if (flow := values.get(channel)) is not None:
                self.by_channel[channel] = self.by_channel.get(channel, 0.0) + flow * gap_ms / 60_000.0

    def sentences(self) -> Iterator[Sentence]:
        """Yield what was worked, applied and harvested, as sentences."""
        if self.area_m2 > 0.0:
            yield Sentence("worked_area", area_ha=f"{self.area_m2 / 10_000.0:.2f}")
        for channel, amount in self.by_channel.items():
            name = "harvested" if channel == "harvest_flow_kg_min" else "applied"
            yield Sentence(name, amount=f"{amount:,.0f}", unit="L" if channel == "flow_l_min" else "kg")


def first_local_ms(records: Iterable[MachineRecord]) -> int | None:
    """Return the first time of a file whose times have no zone, as if it were UTC."""
    for record in records:
        local = _local(record.cells)
        if local is not None:
            return local
    return None


def _speed(instant: _Instant, gap_ms: int | None) -> float | None:
    """Return the speed since the instant before; None after a gap and where it is not possible."""
    duration = instant.mean("duration")
    distance, stated = instant.mean("distance"), instant.mean("speed")
    if stated is not None:
        speed = stated
    elif distance is not None and duration is not None and duration > 0.0:
        speed = distance / duration
    elif distance is not None and gap_ms is not None and 0 < gap_ms <= _MOST_GAP_MS:
        speed = distance * 1000.0 / gap_ms
    else:
        return None
    return speed if speed <= _MOST_SPEED_M_S else None


def _time_ms(cells: dict[str, str], local_offset_ms: int | None) -> int | None:
    iso = cells.get("IsoTime")
    if iso is not None:
        try:
            instant = datetime.fromisoformat(iso)
        except ValueError:
            return None
        return None if instant.tzinfo is None else round(instant.timestamp() * 1000)
    if local_offset_ms is None:
        return None
    local = _local(cells)
    return None if local is None else local + local_offset_ms


def _local(cells: dict[str, str]) -> int | None:
    by_name = {name.lower(): text for name, text in cells.items()}
    date, time = by_name.get("date", ""), by_name.get("time", "")
    for text in (f"{date} {time}".strip(), time, by_name.get("datetime", "")):
        for form in _LOCAL_FORMATS:
            try:
                return round(datetime.strptime(text, form).replace(tzinfo=UTC).timestamp() * 1000)
            except ValueError:
                continue
    return None
