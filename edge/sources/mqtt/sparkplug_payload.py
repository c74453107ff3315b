"""Payload of Sparkplug B: its metrics with names, aliases, units and values, and the request for births. Pure.

Sparkplug 3.0.0 (sparkplug.eclipse.org), section 6.4, payload B. The unit of a metric is the property `engUnit`, as
Ignition and Cirrus Link's modules write it; `engineeringUnit` and `unit` are read, too.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from edge.sources.mqtt.protobuf_wire import (
    WireValue,
    as_bytes,
    as_float,
    as_int,
    read_fields,
    write_field,
)

MOST_METRICS: Final = 5000
REBIRTH: Final = "Node Control/Rebirth"
BIRTH_NUMBER: Final = "bdSeq"
_BOOLEAN: Final = 11
#: Signed whole numbers, which are in an unsigned field: type and bits.
_SIGNED: Final = {1: 8, 2: 16, 3: 32, 4: 64}
_UNIT_KEYS: Final = ("engUnit", "engineeringUnit", "EngUnit", "unit", "Unit", "units")


class Metric(NamedTuple):
    """A metric; `name` "" where only its alias is there, `unit` "" where no property states one."""

    name: str
    alias: int | None
    unit: str
    time_ms: int | None
    #: A number, a truth value or a text; None for one that is missing (`is_null`) or of another type.
    value: float | bool | str | None
    has_value: bool


class SparkplugPayload(NamedTuple):
    """Metrics of a message, its time and its sequence number of 0 to 255; None for one without."""

    metrics: tuple[Metric, ...]
    time_ms: int | None
    sequence: int | None


def read_payload(data: bytes) -> SparkplugPayload:
    """Return a payload. Raises ValueError where it is none, or has too many metrics."""
    metrics: list[Metric] = []
    time_ms = sequence = None
    for number, value in read_fields(data):
        if number == 1:
            time_ms = as_int(value)
        elif number == 2:
            if len(metrics) >= MOST_METRICS:
                raise ValueError(f"more than {MOST_METRICS} metrics")
            metrics.append(_read_metric(as_bytes(value)))
        elif number == 3:
            sequence = as_int(value)
    return SparkplugPayload(tuple(metrics), time_ms, sequence)


def write_rebirth_request(now_ms: int) -> bytes:
    """Return the payload of a command that asks a node for its births."""
    metric = write_field(1, REBIRTH.encode()) + write_field(3, now_ms) + write_field(4, _BOOLEAN) + write_field(14, 1)
    return write_field(1, now_ms) + write_field(2, metric)


def _read_metric(data: bytes) -> Metric:
    fields: dict[int, WireValue] = dict(read_fields(data))
    name = as_bytes(fields[1]).decode(errors="replace") if 1 in fields else ""
    value, has_value = _read_value(fields)
    return Metric(
        name,
        as_int(fields[2]) if 2 in fields else None,
        _read_unit(as_bytes(fields[9])) if 9 in fields else "",
        as_int(fields[3]) if 3 in fields else None,
        value,
        has_value,
    )


def _read_value(fields: dict[int, WireValue]) -> tuple[float | bool | str | None, bool]:
    """Return a metric's value, and whether it has one at all: data sets, templates and bytes are no number."""
    if as_int(fields.get(7, 0)):
        return None, True
    for key in (12, 13):
        if key in fields:
            return as_float(fields[key]), True
    if 14 in fields:
        return bool(as_int(fields[14])), True
    if 15 in fields:
        return as_bytes(fields[15]).decode(errors="replace"), True
    for key in (10, 11):
        if key in fields:
            number = as_int(fields[key])
            bits = _SIGNED.get(as_int(fields.get(4, 0)))
            # A type of 8 bits may be sent as the 32 bits of the field, or as its own.
            if bits is not None and number >= 1 << (bits - 1):
                number = (number & ((1 << bits) - 1)) - (1 << bits)
            return number, True
    return None, False


def _read_unit(data: bytes) -> str:
    """Return the unit that a set of properties states."""
    keys: list[str] = []
    texts: list[str] = []
    for number, value in read_fields(data):
        if number == 1:
            keys.append(as_bytes(value).decode(errors="replace"))
        elif number == 2:
            inner = dict(read_fields(as_bytes(value)))
            texts.append(as_bytes(inner[8]).decode(errors="replace") if 8 in inner else "")
    stated = dict(zip(keys, texts, strict=False))
    return next((stated[key] for key in _UNIT_KEYS if stated.get(key)), "")
