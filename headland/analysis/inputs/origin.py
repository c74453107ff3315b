"""Origin of an answer's samples: measured, or made by a simulator. The two are never joined, and neither is hidden.

A device may have both: a simulator's log was imported, or a simulated device became a real one. An answer about a
window rests on the real samples where there are any, else on the simulated ones, or on those that were asked for. Its
record says which (`descriptor.simulated`), and `count_left_out` what it leaves out.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Annotated, Final, TypeVar

import msgspec
from msgspec import Meta

from headland.analysis.inputs.scope import OrgScope
from headland.analysis.inputs.window import Window
from headland.store.port import Buckets, DeviceRecord, Samples, SeriesFilter
from headland.units_of_time import DAY_MS

_Stored = TypeVar("_Stored", Samples, Buckets)
#: Flags of samples that count: all.
_ANY_QUALITY: Final = 255


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Samples that the answer leaves out: a simulator's, or real ones. Request them with `simulated`."""

    simulated: Annotated[bool, "Whether the samples that were left out are a simulator's."]
    samples: Annotated[int, Meta(extra_json_schema={"example": 1756}), "Number of samples that were left out."]


def for_window(
    scope: OrgScope,
    record: DeviceRecord,
    window: Window,
    channels: Iterable[str] | None = None,
    *,
    simulated: bool | None = None,
) -> DeviceRecord:
    """Return a device as an answer about channels (all by default) in a window has it: with its samples' origin."""
    if simulated is None:
        simulated = _is_simulated(scope, record, window, channels)
    if simulated == record.descriptor.simulated:
        return record
    return replace(record, descriptor=msgspec.structs.replace(record.descriptor, simulated=simulated))


def count_left_out(
    scope: OrgScope, record: DeviceRecord, window: Window, channels: Iterable[str] | None = None
) -> LeftOut | None:
    """Return the samples in a window that are not of the record's origin; None where there are none."""
    which, other = _which(scope, record, channels), not record.descriptor.simulated
    if all(key.simulated != other for key in scope.store.series(which)):
        return None
    length_ms = max(1, window.end_ms - window.start_ms)
    buckets = scope.store.buckets(which, window.start_ms, window.end_ms, length_ms, _ANY_QUALITY)
    samples = sum(int(bucket.count.sum()) for bucket in buckets if bucket.key.simulated == other)
    return LeftOut(other, samples) if samples else None


def of_one_origin(stored: Iterable[_Stored]) -> list[_Stored]:
    """Return what was read of some devices: of each what is real, or where nothing is, what is simulated."""
    listed = list(stored)
    real = {series.key.device for series in listed if not series.key.simulated}
    return [series for series in listed if not series.key.simulated or series.key.device not in real]


def _is_simulated(scope: OrgScope, record: DeviceRecord, window: Window, channels: Iterable[str] | None) -> bool:
    which = _which(scope, record, channels)
    origins = {key.simulated for key in scope.store.series(which)}
    if not origins:
        return record.descriptor.simulated
    if len(origins) == 1:
        return origins.pop()
    length_ms = max(1, window.end_ms - window.start_ms)
    stored = scope.store.buckets(which, window.start_ms, window.end_ms, length_ms, _ANY_QUALITY)
    if not stored:  # of deleted samples only rollups remain, whose bounds are those of days
        start_ms, end_ms = window.start_ms // DAY_MS * DAY_MS, -(-window.end_ms // DAY_MS) * DAY_MS
        stored = scope.store.buckets(which, start_ms, end_ms, DAY_MS, _ANY_QUALITY)
    return bool(stored) and all(bucket.key.simulated for bucket in stored)


def _which(scope: OrgScope, record: DeviceRecord, channels: Iterable[str] | None) -> SeriesFilter:
    return SeriesFilter(scope.organisation, record.descriptor.device, None if channels is None else frozenset(channels))
