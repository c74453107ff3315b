"""Variables of a device: what a server says of them becomes rows with their time and quality. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from enum import IntEnum
from typing import NamedTuple

from edge.sources.devices.device_clock import is_credible
from edge.sources.mapping.field_map import FieldMap, FieldSettings, Measurement
from headland.contract.records import Quality


class StatusSeverity(IntEnum):
    """Severity of a status code: its two highest bits (OPC UA Part 4, 7.39.1)."""

    GOOD = 0
    UNCERTAIN = 1
    BAD = 2


class VariableValue(NamedTuple):
    """One value of a variable. `time_ms` is the source's time of it, `status` the status code (uint32)."""

    node_id: str
    value: object
    status: int
    time_ms: int | None

    @property
    def severity(self) -> StatusSeverity:
        """The severity of the status; the reserved one is bad."""
        return StatusSeverity(min(self.status >> 30, StatusSeverity.BAD))


class VariableRow(NamedTuple):
    """Values of one time by channel; `time_ms` None: that at which the gateway has read them."""

    time_ms: int | None
    values: dict[str, float | None]
    flags: dict[str, int]


class Variables:
    """The variables of one device. A bad value is null, an uncertain one has the flag `suspect`.

    A value whose time, status and number are those of the last one is no new sample. One whose time alone is the same
    has the gateway's time: the source's does not tell when it changed.
    """

    def __init__(self, fields: Sequence[FieldSettings], counts: Counter[str], *, has_own_time: bool = True) -> None:
        self._channels = {str(field.key): field.channel for field in fields}
        self._fields = FieldMap(fields, counts)
        self._counts = counts
        self._has_own_time = has_own_time
        self._last: dict[str, VariableValue] = {}
        #: Variables that are bad now, with their status code.
        self.bad: dict[str, int] = {}

    @property
    def node_ids(self) -> Sequence[str]:
        """The node ids to read."""
        return list(self._channels)

    def rows(self, values: Iterable[VariableValue], now_ms: int) -> list[VariableRow]:
        """Return the rows of what was read, the oldest first."""
        rows: dict[int | None, list[VariableValue]] = {}
        for value in values:
            if value.node_id in self._channels:
                time_ms = self._time_of(value, now_ms)
                if time_ms != _NOTHING_NEW:
                    rows.setdefault(time_ms, []).append(value)
        ordered = sorted(rows, key=lambda time_ms: now_ms + 1 if time_ms is None else time_ms)
        made = [self._row(time_ms, rows[time_ms]) for time_ms in ordered]
        return [row for row in made if row.values]

    def _time_of(self, value: VariableValue, now_ms: int) -> int | None:
        """Return the time of a value's row, `_NOTHING_NEW` where it is no new sample."""
        own_ms = value.time_ms if self._has_own_time else None
        if own_ms is not None and not is_credible(own_ms, now_ms):
            self._counts["clock_unset"] += 1
            own_ms = None
        if value.severity is StatusSeverity.BAD:
            self.bad[value.node_id] = value.status
            # A bad value is null, whatever number the server still has.
            value = value._replace(value=None)
        else:
            self.bad.pop(value.node_id, None)
        value = value._replace(time_ms=own_ms)
        before = self._last.get(value.node_id)
        self._last[value.node_id] = value
        if before == value and (own_ms is not None or value.severity is StatusSeverity.BAD):
            self._counts["unchanged"] += 1
            return _NOTHING_NEW
        return None if before is not None and before.time_ms == own_ms else own_ms

    def _row(self, time_ms: int | None, values: Sequence[VariableValue]) -> VariableRow:
        for value in values:
            if value.severity is not StatusSeverity.GOOD:
                self._counts["bad_status" if value.severity is StatusSeverity.BAD else "uncertain_status"] += 1
        converted = self._fields.convert(
            Measurement(value.node_id, None if value.severity is StatusSeverity.BAD else value.value)
            for value in values
        )
        flags = {
            channel: int(Quality.SUSPECT)
            for value in values
            if value.severity is StatusSeverity.UNCERTAIN and (channel := self._channels[value.node_id]) in converted
        }
        return VariableRow(time_ms, converted, flags)


_NOTHING_NEW = -1


def sentences_of(devices: Mapping[str, Variables], names: Mapping[int, str], most: int = 5) -> list[str]:
    """Return a sentence for each of the first variables that are bad; `names` are those of status codes."""
    return [
        f"{device}: {node_id} has the status {names.get(status, f'{status:#010x}')}: its value is missing. Check the "
        "node id, and the sensor behind it."
        for device, variables in devices.items()
        for node_id, status in list(variables.bad.items())
    ][:most]
