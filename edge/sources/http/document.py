"""Reader of a device's JSON document. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from edge.sources.devices.device_clock import TimeSettings, read_time_ms
from edge.sources.mapping.field_map import FieldSettings, Measurement
from edge.sources.mapping.json_tree import at_pointer, parse_json


class HttpDocument(NamedTuple):
    """The numbers of a document, its own time where it has one, and how many pointers had no value."""

    measurements: Sequence[Measurement]
    time_ms: int | None
    missing: int


def read_document(body: bytes, fields: Sequence[FieldSettings], own_time: TimeSettings | None) -> HttpDocument | None:
    """Return the values at the pointers of `fields`; None where the body is not JSON."""
    try:
        tree = parse_json(body)
    except ValueError:
        return None
    measurements = []
    for field in fields:
        try:
            measurements.append(Measurement(field.key, at_pointer(tree, str(field.key))))
        except KeyError:
            continue
    time_ms = None
    if own_time is not None:
        try:
            time_ms = read_time_ms(at_pointer(tree, str(own_time.key)), own_time.format)
        except KeyError:
            time_ms = None
    return HttpDocument(measurements, time_ms, len(fields) - len(measurements))
