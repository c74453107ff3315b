"""Response models of series, events, flights and conflicts, with the mapping from records."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
import numpy as np
from msgspec import Meta

from api.schemas.model import EXAMPLE_MS, fill
from headland.analysis.inputs.flights import FlightCoverage
from headland.analysis.inputs.origin import LeftOut
from headland.analysis.inputs.telemetry import SeriesColumns, unit_of
from headland.analysis.inputs.window import Window
from headland.contract.records import Event
from headland.store.port import Conflict, DeviceRecord


class Aggregation(msgspec.Struct, frozen=True, kw_only=True):
    """Reduction of samples: the mean of each bucket at its start, or samples selected for a chart."""

    method: Annotated[
        Literal["mean", "min_max", "lttb"],
        Meta(extra_json_schema={"example": "mean"}),
        "Reduction: mean of buckets, or choice of samples.",
    ]
    step_ms: Annotated[int | None, "Bucket length; null for selected samples."]
    time: Annotated[
        Literal["bucket_start", "sample"],
        Meta(extra_json_schema={"example": "bucket_start"}),
        "Time of a row: its bucket's start, or its sample's.",
    ]


class Series(msgspec.Struct, frozen=True, kw_only=True):
    """Samples as columns over one time axis, the union of the channels' times; null where a channel has no value."""

    device: str
    simulated: Annotated[bool, "Whether these are samples of a simulator."]
    left_out: Annotated[LeftOut | None, "Samples of the other origin in the window; null for none."]
    start_ms: int
    end_ms: int
    aggregation: Annotated[Aggregation | None, "Null where the series holds all samples."]
    time_ms: Annotated[list[int], Meta(extra_json_schema={"example": [EXAMPLE_MS, EXAMPLE_MS + 1000]})]
    channels: Annotated[
        dict[str, list[float | None]],
        Meta(extra_json_schema={"example": {"air_temperature_degc": [21.4, None]}}),
        "Values by channel.",
    ]
    units: Annotated[
        dict[str, str], Meta(extra_json_schema={"example": {"air_temperature_degc": "degC"}}), "Units by channel."
    ]


class EventItem(msgspec.Struct, frozen=True, kw_only=True):
    """A change of state or a text at one instant."""

    time_ms: int
    kind: Annotated[str, Meta(extra_json_schema={"example": "mode"}), "Kind of the event."]
    clock: Annotated[str, "Clock of its time: gps, ntp, rtc or arrival."]
    simulated: bool
    data: Annotated[dict[str, str | int | float | bool | None], "Content by name."]


class EventList(msgspec.Struct, frozen=True, kw_only=True):
    """Events in time order; `next` is the cursor of the next page, null on the last."""

    device: str
    items: list[EventItem]
    next: str | None


class ConflictItem(msgspec.Struct, frozen=True, kw_only=True):
    """A value for an instant that already has another stored value; the stored one remains."""

    time_ms: int
    channel: Annotated[str, Meta(extra_json_schema={"example": "air_temperature_degc"})]
    unit: Annotated[str, Meta(extra_json_schema={"example": "degC"})]
    stored: Annotated[float, Meta(extra_json_schema={"example": 21.4}), "Value that is stored."]
    value: Annotated[float, Meta(extra_json_schema={"example": 22.0}), "The later value, which was not stored."]
    quality: Annotated[int, "QARTOD flag of the later value."]
    seen_ms: Annotated[int, Meta(extra_json_schema={"example": EXAMPLE_MS}), "When it came."]
    simulated: bool


class ConflictList(msgspec.Struct, frozen=True, kw_only=True):
    """Conflicts in time order; `next` is the cursor of the next page, null on the last."""

    device: str
    items: list[ConflictItem]
    next: str | None


class FlightList(msgspec.Struct, frozen=True, kw_only=True):
    """The flights of a device that ended in [start, end), by their start."""

    device: str
    items: list[FlightCoverage]


def series_of(
    record: DeviceRecord, window: Window, columns: SeriesColumns, left_out: LeftOut | None = None
) -> dict[str, Any]:
    """Return a `Series` as a dict with array columns: large responses are not validated twice."""
    aggregation = None
    if columns.step_ms is not None:
        aggregation = {"method": "mean", "step_ms": columns.step_ms, "time": "bucket_start"}
    elif columns.chosen_by is not None:
        aggregation = {"method": columns.chosen_by, "step_ms": None, "time": "sample"}
    return {
        "device": record.descriptor.device,
        "simulated": record.descriptor.simulated,
        "left_out": left_out,
        "start_ms": window.start_ms,
        "end_ms": window.end_ms,
        "aggregation": aggregation,
        "time_ms": np.ascontiguousarray(columns.time_ms),
        "channels": {channel: np.ascontiguousarray(values) for channel, values in columns.channels.items()},
        "units": {channel: unit_of(record, channel) for channel in columns.channels},
    }


def events_of(device: str, events: list[Event], following: str | None) -> EventList:
    """Return a page of events."""
    items = [fill(EventItem, event, time_ms=event.t, clock=event.clock.value) for event in events]
    return EventList(device=device, items=items, next=following)


def conflicts_of(record: DeviceRecord, conflicts: list[Conflict], following: str | None) -> ConflictList:
    """Return a page of conflicts."""
    items = [
        fill(
            ConflictItem,
            conflict,
            channel=conflict.key.channel,
            unit=unit_of(record, conflict.key.channel),
            simulated=conflict.key.simulated,
        )
        for conflict in conflicts
    ]
    return ConflictList(device=record.descriptor.device, items=items, next=following)
