"""Mapping of records, series and answers to response models."""

from __future__ import annotations

from typing import Any

import numpy as np

from api.schemas import base
from headland.agronomy.application.product_answers import Application, Spreading
from headland.agronomy.series.answer import Answer
from headland.agronomy.series.sensor_health import Finding
from headland.analysis.telemetry import SeriesColumns, unit_of
from headland.analysis.window import Window
from headland.contract.quantities import quantity_of
from headland.contract.records import Event
from headland.store.port import Conflict, DeviceRecord
from headland.store.port import Latest as LatestSample


def device_of(record: DeviceRecord) -> base.Device:
    """Return a device as a list item."""
    return base.Device(**_device_fields(record))


def device_detail_of(record: DeviceRecord, channels: list[str]) -> base.DeviceDetail:
    """Return a device with its channels."""
    told = record.descriptor
    return base.DeviceDetail(
        **_device_fields(record),
        software=told.software,
        latitude_deg=told.latitude_deg,
        longitude_deg=told.longitude_deg,
        altitude_m=told.altitude_m,
        channels={channel: _channel_of(record, channel) for channel in channels},
    )


def latest_of(record: DeviceRecord, newest: dict[str, LatestSample]) -> base.Latest:
    """Return the newest values of a device."""
    return base.Latest(
        device=record.descriptor.device,
        simulated=record.descriptor.simulated,
        channels={
            channel: base.LatestValue(
                value=sample.value, time_ms=sample.time_ms, unit=unit_of(record, channel), quality=sample.quality
            )
            for channel, sample in sorted(newest.items())
        },
    )


def series_of(record: DeviceRecord, window: Window, columns: SeriesColumns) -> dict[str, Any]:
    """Return a `Series` as a dict with array columns: large responses are not validated twice."""
    aggregation = None
    if columns.step_ms is not None:
        aggregation = {"method": "mean", "step_ms": columns.step_ms, "time": "bucket_start"}
    elif columns.chosen_by is not None:
        aggregation = {"method": columns.chosen_by, "step_ms": None, "time": "sample"}
    return {
        "device": record.descriptor.device,
        "simulated": record.descriptor.simulated,
        "start_ms": window.start_ms,
        "end_ms": window.end_ms,
        "aggregation": aggregation,
        "time_ms": np.ascontiguousarray(columns.time_ms),
        "channels": {channel: np.ascontiguousarray(values) for channel, values in columns.channels.items()},
        "units": {channel: unit_of(record, channel) for channel in columns.channels},
    }


def events_of(device: str, events: list[Event], following: str | None) -> base.EventList:
    """Return a page of events."""
    items = [
        base.EventItem(
            time_ms=event.t, kind=event.kind, clock=event.clock.value, simulated=event.simulated, data=event.data
        )
        for event in events
    ]
    return base.EventList(device=device, items=items, next=following)


def conflicts_of(record: DeviceRecord, conflicts: list[Conflict], following: str | None) -> base.ConflictList:
    """Return a page of conflicts."""
    items = [
        base.ConflictItem(
            time_ms=one.time_ms,
            channel=one.key.channel,
            unit=unit_of(record, one.key.channel),
            stored=one.stored,
            value=one.value,
            quality=one.quality,
            seen_ms=one.seen_ms,
            simulated=one.key.simulated,
        )
        for one in conflicts
    ]
    return base.ConflictList(device=record.descriptor.device, items=items, next=following)


def finding_of(device: str, finding: Finding) -> base.LeftOutItem:
    """Return a finding about a channel."""
    return base.LeftOutItem(
        device=device,
        channel=finding.channel,
        test=finding.test,
        flag=finding.flag,
        n=finding.n,
        start_ms=finding.start_ms,
        end_ms=finding.end_ms,
        left_out=finding.left_out,
        detail=finding.detail,
    )


def application_of(
    record: DeviceRecord, swath_m: float, application: Application | Spreading
) -> base.ApplicationAnswers:
    """Return what a sprayer applied, in litres, or a spreader, in kilograms."""
    simulated = record.descriptor.simulated
    litres = kilograms = rate_l_ha = rate_kg_ha = None
    if isinstance(application, Application):
        litres = answer_of(application.product_applied_l, simulated)
        rate_l_ha = answer_of(application.mean_rate_l_ha, simulated)
    else:
        kilograms = answer_of(application.product_applied_kg, simulated)
        rate_kg_ha = answer_of(application.mean_rate_kg_ha, simulated)
    return base.ApplicationAnswers(
        device=record.descriptor.device,
        simulated=simulated,
        swath_m=swath_m,
        product_applied_l=litres,
        product_applied_kg=kilograms,
        area_treated_m2=answer_of(application.area_treated_m2, simulated),
        area_treated_ha=answer_of(application.area_treated_ha, simulated),
        overlap_m2=answer_of(application.overlap_m2, simulated),
        mean_rate_l_ha=rate_l_ha,
        mean_rate_kg_ha=rate_kg_ha,
    )


def answer_of(answer: Answer, simulated: bool) -> base.Answer:
    """Return an analytic answer."""
    return base.Answer(
        value=answer.value,
        unit=answer.unit,
        window=base.AnswerWindow(start_ms=answer.window[0], end_ms=answer.window[1]),
        n=answer.n,
        coverage=answer.coverage,
        quality=answer.quality,
        method=base.AnswerMethod(id=answer.method.id, version=answer.method.version, source=answer.method.source),
        inputs=list(answer.inputs),
        evidence=answer.evidence,
        reason=answer.reason,
        low=answer.low,
        high=answer.high,
        simulated=simulated,
    )


def _device_fields(record: DeviceRecord) -> dict[str, Any]:
    told = record.descriptor
    return {
        "id": told.device,
        "kind": told.kind,
        "name": told.name,
        "site": told.site,
        "gateway": record.gateway,
        "model": told.model,
        "simulated": told.simulated,
        "clock": None if record.clock is None else record.clock.value,
        "last_seen_ms": record.last_seen_ms,
    }


def _channel_of(record: DeviceRecord, channel: str) -> base.Channel:
    told = record.descriptor.channels.get(channel)
    quantity = quantity_of(channel)
    return base.Channel(
        unit=unit_of(record, channel),
        meaning=None if quantity is None else quantity.meaning,
        interval_s=None if told is None else told.interval_s,
        sensor=None if told is None else told.sensor,
    )
