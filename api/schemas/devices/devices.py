"""Response models of devices, their channels and their newest values, with the mapping from records."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from api.schemas.model import EXAMPLE_MS, fill
from headland.analysis.inputs.telemetry import unit_of
from headland.contract.freshness import FreshnessLimits, limits_of_device, limits_of_interval
from headland.contract.quantities import quantity_of
from headland.store.port import DeviceRecord
from headland.store.port import Latest as LatestSample


class Fresh(msgspec.Struct, frozen=True, kw_only=True):
    """Freshness of a value, or of a device by its newest one, with the ages by which a client goes on judging."""

    freshness: Annotated[
        Literal["current", "late", "silent"] | None,
        "By the channel's interval: late beyond two, silent beyond three; null without a value.",
    ] = None
    late_after_s: Annotated[float | None, "Age from which on it is late [s]."] = None
    silent_after_s: Annotated[float | None, "Age from which on it is silent [s]."] = None


class Device(Fresh, frozen=True, kw_only=True):
    """A device of the organisation. `last_seen_ms` is the time of its newest sample, by the device's own clock."""

    id: Annotated[str, Meta(extra_json_schema={"example": "gh-1"})]
    kind: Annotated[str, Meta(extra_json_schema={"example": "greenhouse"}), "Kind of the device."]
    name: Annotated[str, Meta(extra_json_schema={"example": "House 1"})]
    site: Annotated[str, Meta(extra_json_schema={"example": "home"})]
    gateway: Annotated[str, "The gateway that described the device; empty while none has."]
    model: Annotated[str, "Model, as it was described."]
    simulated: Annotated[bool, "True for devices of which a simulator sent data, permanently."]
    clock: Annotated[str | None, "Clock of its times: gps, ntp, rtc or arrival."]
    last_seen_ms: Annotated[int | None, Meta(extra_json_schema={"example": EXAMPLE_MS})]
    latitude_deg: Annotated[float | None, "Of a device that does not move, as it was described."]
    longitude_deg: float | None
    greenhouse: Annotated[
        str | None,
        "Id of the registry's greenhouse that the device is in; null where it is in none, and while "
        "the registry cannot be asked.",
    ] = None


class DeviceList(msgspec.Struct, frozen=True, kw_only=True):
    """Devices by id; `next` is the cursor of the next page, null on the last."""

    items: list[Device]
    next: str | None


class Channel(msgspec.Struct, frozen=True, kw_only=True):
    """One measured quantity of a device."""

    unit: Annotated[str, Meta(extra_json_schema={"example": "degC"})]
    meaning: Annotated[str | None, "Meaning of the quantity; null for a channel outside the table of quantities."]
    interval_s: Annotated[float | None, "Expected interval between values [s]."]
    sensor: Annotated[str | None, "Sensor, as it was described; null where none was."]


class DeviceDetail(Device, frozen=True, kw_only=True):
    """A device with its channels."""

    software: str
    altitude_m: float | None
    channels: Annotated[dict[str, Channel], "Channels by name."]


class LatestValue(Fresh, frozen=True, kw_only=True):
    """The newest value of a channel; `time_ms` gives its age. In the live stream it has no freshness: it is new."""

    value: Annotated[float, Meta(extra_json_schema={"example": 21.4}), "Value in `unit`."]
    time_ms: Annotated[int, Meta(extra_json_schema={"example": EXAMPLE_MS})]
    unit: Annotated[str, Meta(extra_json_schema={"example": "degC"})]
    quality: Annotated[int, "QARTOD: 1 good, 2 not evaluated, 3 suspect, 4 fail, 9 missing."]
    simulated: Annotated[bool, "Whether a simulator made this value."]


class Latest(msgspec.Struct, frozen=True, kw_only=True):
    """The newest value of each channel of a device."""

    device: str
    simulated: Annotated[bool, "Whether a simulator made any of the values."]
    channels: Annotated[dict[str, LatestValue], "Newest values by channel."]


class LatestList(msgspec.Struct, frozen=True, kw_only=True):
    """The newest values of devices, by id; `next` is the cursor of the next page, null on the last."""

    items: list[Latest]
    next: str | None


def device_of(record: DeviceRecord, greenhouse: str | None, now_ms: int) -> Device:
    """Return a device as a list item, with the id of its greenhouse."""
    return Device(**_device_fields(record, now_ms), greenhouse=greenhouse)


def device_detail_of(record: DeviceRecord, channels: list[str], greenhouse: str | None, now_ms: int) -> DeviceDetail:
    """Return a device with its channels and the id of its greenhouse."""
    descriptor = record.descriptor
    return DeviceDetail(
        **_device_fields(record, now_ms),
        greenhouse=greenhouse,
        software=descriptor.software,
        altitude_m=descriptor.altitude_m,
        channels={channel: _channel_of(record, channel) for channel in channels},
    )


def latest_of(record: DeviceRecord, newest: dict[str, LatestSample], now_ms: int) -> Latest:
    """Return the newest values of a device."""
    channels, kind = record.descriptor.channels, record.descriptor.kind
    limits = {name: limits_of_interval(info.interval_s, kind) for name, info in channels.items()}
    usual = limits_of_interval(None, kind)
    return Latest(
        device=record.descriptor.device,
        simulated=any(sample.key.simulated for sample in newest.values()) if newest else record.descriptor.simulated,
        channels={
            channel: fill(
                LatestValue,
                sample,
                unit=unit_of(record, channel),
                simulated=sample.key.simulated,
                **_fresh_fields(limits.get(channel, usual), sample.time_ms, now_ms),
            )
            for channel, sample in sorted(newest.items())
        },
    )


def _fresh_fields(limits: FreshnessLimits, time_ms: int | None, now_ms: int) -> dict[str, Any]:
    return {
        "freshness": None if time_ms is None else limits.verdict((now_ms - time_ms) / 1000.0),
        "late_after_s": limits.late_after_s,
        "silent_after_s": limits.silent_after_s,
    }


def _device_fields(record: DeviceRecord, now_ms: int) -> dict[str, Any]:
    descriptor = record.descriptor
    limits = limits_of_device((info.interval_s for info in descriptor.channels.values()), descriptor.kind)
    return {
        **_fresh_fields(limits, record.last_seen_ms, now_ms),
        "id": descriptor.device,
        "kind": descriptor.kind,
        "name": descriptor.name,
        "site": descriptor.site,
        "gateway": record.gateway,
        "model": descriptor.model,
        "simulated": descriptor.simulated,
        "clock": None if record.clock is None else record.clock.value,
        "last_seen_ms": record.last_seen_ms,
        "latitude_deg": descriptor.latitude_deg,
        "longitude_deg": descriptor.longitude_deg,
    }


def _channel_of(record: DeviceRecord, channel: str) -> Channel:
    info = record.descriptor.channels.get(channel)
    quantity = quantity_of(channel)
    return Channel(
        unit=unit_of(record, channel),
        meaning=None if quantity is None else quantity.meaning,
        interval_s=None if info is None else info.interval_s,
        sensor=None if info is None else info.sensor,
    )
