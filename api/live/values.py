"""Newest value of each channel. Pure but for the lookup of units."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from headland.analysis.inputs.telemetry import unit_of
from headland.contract.quantities import quantity_of
from headland.store.port import DeviceRecord, Latest, SeriesKey, Store, WriteBatch, WriteResult

#: Largest age of the device records from which a unit is read [s].
_RECORDS_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class LiveValue:
    """The newest value of a channel of a device, as in /v1/latest."""

    device: str
    channel: str
    simulated: bool
    time_ms: int
    value: float
    unit: str
    quality: int


class Newest:
    """The newest value of each channel of each device, each marked where it is simulated."""

    def __init__(self) -> None:
        self._values: dict[str, dict[str, LiveValue]] = {}

    def advance(self, samples: Iterable[tuple[Latest, str]]) -> list[LiveValue]:
        """Update from samples with their units; return the values that are newer, one per channel."""
        fresh: dict[tuple[str, str], LiveValue] = {}
        for sample, unit in samples:
            key = sample.key
            channels = self._values.setdefault(key.device, {})
            known = channels.get(key.channel)
            if known is None or known.time_ms < sample.time_ms:
                value = LiveValue(
                    key.device, key.channel, key.simulated, sample.time_ms, sample.value, unit, sample.quality
                )
                channels[key.channel] = fresh[key.device, key.channel] = value
        return list(fresh.values())

    def put(self, values: Iterable[LiveValue]) -> None:
        """Take values that another process found to be newer."""
        for value in values:
            self._values.setdefault(value.device, {})[value.channel] = value

    def all(self) -> list[LiveValue]:
        """Return all values."""
        return [value for channels in self._values.values() for value in channels.values()]


class Units:
    """Unit of a channel, from the table of quantities or from the device's descriptor in the store."""

    def __init__(self, store: Store, organisation: str) -> None:
        self._store = store
        self._organisation = organisation
        self._records: dict[str, DeviceRecord] = {}
        self._read_s = -_RECORDS_S

    def of(self, key: SeriesKey) -> str:
        """Return the unit; may read the store."""
        quantity = quantity_of(key.channel)
        if quantity is not None:
            return quantity.unit
        if time.monotonic() - self._read_s >= _RECORDS_S:
            self._records = {record.descriptor.device: record for record in self._store.devices(self._organisation)}
            self._read_s = time.monotonic()
        record = self._records.get(key.device)
        return key.unit or "1" if record is None else unit_of(record, key.channel)


def newest_of(batch: WriteBatch, result: WriteResult) -> list[Latest]:
    """Return the newest sample of each series of a committed batch, without rejected and future samples.

    Of two samples at one instant the first counts, as in the store.
    """
    points = batch.points
    if not len(points):
        return []
    is_past = points.time_ms <= batch.latest_until_ms
    time_ms = np.where(is_past, points.time_ms, np.iinfo(np.int64).min)
    newest_ms = np.full(len(points.series), np.iinfo(np.int64).min)
    np.maximum.at(newest_ms, points.index, time_ms)
    rows = np.flatnonzero(is_past & (time_ms == newest_ms[points.index]))[::-1]
    row_of = np.full(len(points.series), -1)
    row_of[points.index[rows]] = rows  # the assignment of the first row comes last and remains
    refused = {(rejection.key, rejection.time_ms) for rejection in result.rejections}
    return [
        Latest(key, int(points.time_ms[row]), float(points.value[row]), int(points.quality[row]))
        for key, row in zip(points.series, row_of.tolist(), strict=True)
        if row >= 0 and (key, int(points.time_ms[row])) not in refused
    ]


def items_of(values: Sequence[LiveValue]) -> list[dict[str, Any]]:
    """Return values as the items of `schema.LatestList`."""
    items: dict[str, dict[str, Any]] = {}
    for value in values:
        item = items.setdefault(value.device, {"device": value.device, "simulated": value.simulated, "channels": {}})
        item["simulated"] |= value.simulated
        item["channels"][value.channel] = {
            "value": value.value,
            "time_ms": value.time_ms,
            "unit": value.unit,
            "quality": value.quality,
            "simulated": value.simulated,
        }
    return list(items.values())
