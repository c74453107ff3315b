"""Rows of messages with numbered channels: outputs, channels of a remote control, ESCs. Absent ones are left out.

Which ones are present hardly ever changes, so whole columns are checked, and split only where it does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from typing import Any, Final

from edge.sources.mavlink.mapping.field_table import UINT8_MAX, UINT16_MAX
from edge.sources.mavlink.mapping.row_compiler import Raw

_Columns = Mapping[str, Sequence[float | None]]
_Runs = Callable[[Sequence[int], Sequence[Raw]], list[tuple[Sequence[int], _Columns]]]
#: Function from the values of messages, by field, to their columns; None where not all have the same ones.
_MakeColumns = Callable[[list[tuple[Any, ...]]], dict[str, Sequence[float | None]] | None]

_NO_PULSE: Final = frozenset((0, UINT16_MAX))
#: Outputs 1 to 8 come before `port`, 9 to 16 after it; port 1 has outputs 17 to 32.
_SERVO_PLACES: Final = (*range(1, 9), *range(10, 18))
_RC_RSSI_AT: Final = 20
_ESC_CHANNELS: Final = ("esc_voltage_v", "esc_current_a", "esc_consumed_mah", "esc_rpm", "esc_temperature_degc")
#: Places of the values of the first of four ESCs, in the channels' order, and their divisors.
_ESC_PLACES: Final = (0, 4, 8, 12, 20)
_ESC_DIVISORS: Final = (100, 100, 1, 1, 1)
_ESC_COUNT_AT: Final = 16


def _numbered(quantity: str, count: int, first: int = 1) -> tuple[str, ...]:
    return tuple(f"{quantity}:{number}" for number in range(first, first + count))


def _runs(make_columns: _MakeColumns, presence: Callable[[Raw], Sequence[bool]]) -> _Runs:
    """Return the function from messages to runs; `presence` returns which of its channels a message has."""

    def runs(times_ms: Sequence[int], raws: Sequence[Raw]) -> list[tuple[Sequence[int], _Columns]]:
        columns = make_columns(list(zip(*raws)))  # noqa: B905 - a struct's values
        if columns is not None:
            return [(times_ms, columns)] if columns else []
        groups = groupby(zip(times_ms, raws, strict=True), lambda pair: presence(pair[1]))
        return [run for _, group in groups for run in runs(*zip(*group, strict=True))]

    return runs


def _pulse_runs(
    names: Sequence[str], places: Sequence[int], rest: Callable[[list[tuple[Any, ...]]], _Columns] | None = None
) -> _Runs:
    """Return the function to runs of pulse widths, of which 0 and 65535 are absent; `rest` adds columns of all rows."""
    named = tuple(zip(names, places, strict=True))

    def make_columns(fields: list[tuple[Any, ...]]) -> dict[str, Sequence[float | None]] | None:
        columns: dict[str, Sequence[float | None]] = {}
        for name, place in named:
            pulses = fields[place]
            if pulses[0] not in _NO_PULSE:
                if 0 in pulses or UINT16_MAX in pulses:
                    return None
                columns[name] = pulses
            elif pulses.count(pulses[0]) < len(pulses) and not _NO_PULSE.issuperset(pulses):
                return None
        if rest is not None:
            columns.update(rest(fields))
        return columns

    return _runs(make_columns, lambda raw: [raw[place] not in _NO_PULSE for place in places])


def _rssi(fields: list[tuple[Any, ...]]) -> _Columns:
    return {"rc_rssi_code": [None if rssi == UINT8_MAX else rssi for rssi in fields[_RC_RSSI_AT]]}


def _esc_runs(first: int) -> _Runs:
    """Return the function to runs of the message whose first ESC has that number; one that never counted is absent."""
    names = [_numbered(quantity, 4, first) for quantity in _ESC_CHANNELS]

    def presence(raw: Raw) -> list[bool]:
        return [any(raw[at + place] for at in (_ESC_COUNT_AT, *_ESC_PLACES)) for place in range(4)]

    def make_columns(fields: list[tuple[Any, ...]]) -> dict[str, Sequence[float | None]] | None:
        present = [presence(raw) for raw in zip(*fields, strict=True)]
        if any(message_present != present[0] for message_present in present):
            return None
        return {
            names[column][place]: [value / divisor for value in fields[at + place]]
            for place in range(4)
            if present[0][place]
            for column, (at, divisor) in enumerate(zip(_ESC_PLACES, _ESC_DIVISORS, strict=True))
        }

    return _runs(make_columns, presence)


#: By port of SERVO_OUTPUT_RAW.
SERVO_RUNS: Final = {
    port: _pulse_runs(_numbered("servo_output_us", 16, 1 + 16 * port), _SERVO_PLACES) for port in (0, 1)
}
RC_RUNS: Final = _pulse_runs(_numbered("rc_channel_us", 18), range(1, 19), _rssi)
#: ESC_TELEMETRY_1_TO_4, _5_TO_8, _9_TO_12.
ESC_RUNS: Final = tuple(_esc_runs(1 + 4 * number) for number in range(3))
