"""Queries of the store: devices, channels, series, events. Each query names the organisation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from headland.analysis.inputs.downsampling import Method, select_rows
from headland.analysis.inputs.errors import AnalysisError
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.inputs.window import Window
from headland.contract.quantities import quantity_of, unit_of_channel
from headland.contract.records import Event
from headland.store.core.latest import newest_by_device
from headland.store.core.rollup import align_buckets
from headland.store.port import Conflict, DeviceRecord, Flags, SeriesFilter, Times, Values
from headland.store.port import Latest as LatestSample
from headland.units_of_time import DAY_MS, HOUR_MS

#: Highest quality flag of samples that are displayed and computed with: good and not evaluated.
MAX_QUALITY: Final = 2
#: Most rows from which samples are selected for a chart; beyond, buckets are faster and look the same.
CHART_SAMPLES: Final = 200_000
#: Rows in memory at once where all samples are requested.
SLICE_ROWS: Final = 20_000
#: Values of all channels together that are read at once: a chart selects from no more, an answer with more values is
#: read in parts, and a slice has a fifth.
MOST_VALUES: Final = 1_000_000
_FIRST_SLICE_MS: Final = HOUR_MS


@dataclass(frozen=True, slots=True)
class ChannelColumn:
    """The samples of one channel of one device, times ascending."""

    time_ms: Times
    value: Values
    quality: Flags


@dataclass(frozen=True, slots=True)
class SeriesColumns:
    """Channels over one time axis; NaN where a channel has no value.

    `step_ms` is the length of the buckets whose means these are, None for samples; `chosen_by` is the method by which
    samples were selected where some were left out.
    """

    time_ms: Times
    channels: dict[str, Values]
    step_ms: int | None
    chosen_by: Method | None = None


EMPTY: Final = ChannelColumn(np.empty(0, np.int64), np.empty(0), np.empty(0, np.uint8))


def find_device(scope: OrgScope, device: str) -> DeviceRecord:
    """Return a device of the organisation; raises AnalysisError (unknown-device)."""
    found = scope.store.devices(scope.organisation, device)
    if not found:
        raise AnalysisError("unknown-device", "No such device", f"There is no device {device}: list the devices.")
    return found[0]


def list_devices(
    scope: OrgScope, after: str, limit: int, kind: str | None = None, site: str | None = None
) -> tuple[list[DeviceRecord], str | None]:
    """Return devices with ids after `after`, by kind and site where given, and the id that continues the list."""
    matching = [
        record
        for record in scope.store.devices(scope.organisation)
        if record.descriptor.device > after
        and kind in (None, record.descriptor.kind)
        and site in (None, record.descriptor.site)
    ]
    page = matching[:limit]
    return page, page[-1].descriptor.device if len(matching) > limit else None


def list_channels(scope: OrgScope, record: DeviceRecord) -> list[str]:
    """Return the channels that a device has samples of or that its descriptor names."""
    device = record.descriptor.device
    stored = {key.channel for key in scope.store.series(SeriesFilter(scope.organisation, device))}
    return sorted(stored | record.descriptor.channels.keys())


def unit_of(record: DeviceRecord, channel: str) -> str:
    """Return a channel's unit by the nomenclature, else by its descriptor, else by its name; "1" if unknown."""
    quantity = quantity_of(channel)
    if quantity is not None:
        return quantity.unit
    info = record.descriptor.channels.get(channel)
    if info is not None and info.unit:
        return info.unit
    return unit_of_channel(channel) or "1"


def read_latest(scope: OrgScope, device: str | None = None) -> dict[str, dict[str, LatestSample]]:
    """Return the newest sample by device and channel; its key says whether it is simulated."""
    return newest_by_device(scope.store.last(SeriesFilter(scope.organisation, device)))


def read_columns(
    scope: OrgScope, record: DeviceRecord, channels: list[str], window: Window, limit: int
) -> dict[str, ChannelColumn] | None:
    """Return the fit samples in a window of each channel that has any; None where a series has more than `limit`.

    A device that moved between sites has a series at each; they are joined. Simulated and real samples are never
    joined: the record says which are meant (`origin.for_window`).
    """
    parts: dict[str, list[ChannelColumn]] = {}
    for samples in scope.store.raw(_which(scope, record, channels), window.start_ms, window.end_ms, limit + 1):
        if samples.key.simulated != record.descriptor.simulated:
            continue
        if len(samples.time_ms) > limit:
            return None
        if len(samples.time_ms):
            column = ChannelColumn(samples.time_ms, samples.value, samples.quality)
            fit = samples.quality <= MAX_QUALITY
            if not fit.all():
                column = ChannelColumn(samples.time_ms[fit], samples.value[fit], samples.quality[fit])
            parts.setdefault(samples.key.channel, []).append(column)
    return {channel: _join(columns) for channel, columns in parts.items()}


def read_first(scope: OrgScope, record: DeviceRecord, channel: str, window: Window) -> ChannelColumn:
    """Return the first fit sample of a channel in a window, or none."""
    firsts = [
        samples
        for samples in scope.store.raw(_which(scope, record, [channel]), window.start_ms, window.end_ms, limit=1)
        if samples.key.simulated == record.descriptor.simulated and samples.quality[0] <= MAX_QUALITY
    ]
    if not firsts:
        return EMPTY
    first = min(firsts, key=lambda samples: int(samples.time_ms[0]))
    return ChannelColumn(first.time_ms, first.value, first.quality)


def read_series(
    scope: OrgScope, record: DeviceRecord, channels: list[str], window: Window, max_points: int
) -> SeriesColumns:
    """Return at most `max_points` rows: the samples where they are few enough, else the means of equal buckets."""
    check_channels(scope, record, channels)
    samples = _read_samples(scope, record, channels, window, max_points)
    return _read_buckets(scope, record, channels, window, max_points) if samples is None else samples


def read_chart(
    scope: OrgScope, record: DeviceRecord, channels: list[str], window: Window, width: int, method: Method
) -> SeriesColumns:
    """Return the samples that a chart `width` pixels wide needs; of too many samples the means of `width` buckets."""
    check_channels(scope, record, channels)
    samples = _read_samples(scope, record, channels, window, min(CHART_SAMPLES, MOST_VALUES // len(channels)))
    if samples is None:
        return _read_buckets(scope, record, channels, window, width)
    rows = select_rows(samples.time_ms, list(samples.channels.values()), width, method)
    if len(rows) == len(samples.time_ms):
        return samples
    chosen = {channel: values[rows] for channel, values in samples.channels.items()}
    return SeriesColumns(samples.time_ms[rows], chosen, None, method)


def read_slices(scope: OrgScope, record: DeviceRecord, channels: list[str], window: Window) -> Iterator[SeriesColumns]:
    """Yield all fit samples in a window in time order, at most `SLICE_ROWS` rows at a time, however many there are.

    Raises AnalysisError (samples-let-go) where retention has deleted some of the window's samples.
    """
    check_channels(scope, record, channels)
    if not _is_whole(scope, window):
        since_ms = scope.store.info().samples_since_ms
        sentence = f"Samples before {since_ms} (epoch ms) were deleted: start there, or ask for means as JSON."
        raise AnalysisError("samples-let-go", "Samples deleted by retention", sentence)
    yield from _slices(scope, record, channels, window)


def _slices(scope: OrgScope, record: DeviceRecord, channels: list[str], window: Window) -> Iterator[SeriesColumns]:
    most = min(SLICE_ROWS, MOST_VALUES // 5 // len(channels))
    start_ms, length_ms = window.start_ms, _FIRST_SLICE_MS
    while start_ms < window.end_ms:
        end_ms = min(start_ms + length_ms, window.end_ms)
        columns = read_columns(scope, record, channels, Window(start_ms, end_ms), most)
        if columns is None:  # a series has at most one sample a millisecond, so this ends
            length_ms = (end_ms - start_ms) // 2
            continue
        time_ms = _union_of_times(columns)
        if len(time_ms):
            yield SeriesColumns(time_ms, {c: _align(columns.get(c, EMPTY), time_ms) for c in channels}, None)
        if len(time_ms) * 4 < most:
            length_ms *= 2
        start_ms = end_ms


def check_channels(scope: OrgScope, record: DeviceRecord, channels: list[str]) -> None:
    """Raise AnalysisError (unknown-channel) where a device has no such channel."""
    known = list_channels(scope, record)
    for channel in channels:
        if channel not in known:
            sentence = f"{record.descriptor.device} has no channel {channel}; it has {', '.join(known) or 'none'}."
            raise AnalysisError("unknown-channel", "No such channel", sentence)


def read_events(scope: OrgScope, device: str, window: Window, limit: int) -> tuple[list[Event], int | None]:
    """Return events in time order and the start that continues them.

    A page ends between two instants, never within one, so no event is missing or repeated.
    """
    store, organisation = scope.store, scope.organisation
    events = store.events(organisation, window.start_ms, window.end_ms, device, limit + 1)
    if len(events) <= limit:
        return events, None
    cut_ms = events[-1].t
    page = [event for event in events if event.t < cut_ms]
    if page:
        return page, cut_ms
    return store.events(organisation, cut_ms, cut_ms + 1, device), cut_ms + 1


def read_conflicts(scope: OrgScope, device: str, window: Window, limit: int) -> tuple[list[Conflict], int | None]:
    """Return conflicts in time order and the start that continues them; a page ends between two instants."""
    store, organisation = scope.store, scope.organisation
    conflicts = store.conflicts(organisation, window.start_ms, window.end_ms, device, limit + 1)
    if len(conflicts) <= limit:
        return conflicts, None
    cut_ms = conflicts[-1].time_ms
    page = [conflict for conflict in conflicts if conflict.time_ms < cut_ms]
    if page:
        return page, cut_ms
    return store.conflicts(organisation, cut_ms, cut_ms + 1, device), cut_ms + 1


def _read_samples(
    scope: OrgScope, record: DeviceRecord, channels: list[str], window: Window, max_points: int
) -> SeriesColumns | None:
    """Return the fit samples; None where they are more than `max_points` rows, or some were deleted."""
    if not _is_whole(scope, window) or _surely_more(scope, record, channels, window, max_points):
        return None
    if max_points * len(channels) > MOST_VALUES:
        rows = _Rows(channels, max_points)
        fits = all(map(rows.add, _slices(scope, record, channels, window)))
        return rows.columns(None) if fits else None
    samples = read_columns(scope, record, channels, window, max_points)
    if samples is None:
        return None
    time_ms = _union_of_times(samples)
    if len(time_ms) > max_points:
        return None
    return SeriesColumns(time_ms, {c: _align(samples.get(c, EMPTY), time_ms) for c in channels}, None)


def _read_buckets(
    scope: OrgScope, record: DeviceRecord, channels: list[str], window: Window, max_points: int
) -> SeriesColumns:
    """Return the means of at most `max_points` buckets."""
    whole = _is_whole(scope, window)
    if whole:
        window = _shrink_to_data(scope, record, channels, window)
    start_ms, step_ms = align_buckets(window.start_ms, window.end_ms, max_points, only_rollups=not whole)
    length_ms = max(1, MOST_VALUES // 5 // len(channels)) * step_ms
    rows = _Rows(channels, -(-(window.end_ms - start_ms) // step_ms))
    while start_ms < window.end_ms:
        end_ms = min(start_ms + length_ms, window.end_ms)
        means = _read_means(scope, record, channels, Window(start_ms, end_ms), step_ms)
        time_ms = _union_of_times(means)
        rows.add(SeriesColumns(time_ms, {c: _align(means.get(c, EMPTY), time_ms) for c in channels}, step_ms))
        start_ms = end_ms
    return rows.columns(step_ms)


class _Rows:
    """Rows that are read in parts, at most `most`, without a second copy of all of them."""

    def __init__(self, channels: list[str], most: int) -> None:
        self._most = most
        self._count = 0
        self._time_ms = np.empty(most, np.int64)
        self._values = {channel: np.empty(most) for channel in channels}

    def add(self, part: SeriesColumns) -> bool:
        """Add the next rows in time; False where they are too many."""
        start, self._count = self._count, self._count + len(part.time_ms)
        if self._count > self._most:
            return False
        self._time_ms[start : self._count] = part.time_ms
        for channel, values in part.channels.items():
            self._values[channel][start : self._count] = values
        return True

    def columns(self, step_ms: int | None) -> SeriesColumns:
        """Return the rows."""
        values = {channel: values[: self._count] for channel, values in self._values.items()}
        return SeriesColumns(self._time_ms[: self._count], values, step_ms)


def _is_whole(scope: OrgScope, window: Window) -> bool:
    """Tell whether no sample of a window was deleted."""
    since_ms = scope.store.info().samples_since_ms
    return since_ms is None or since_ms <= window.start_ms


def _shrink_to_data(scope: OrgScope, record: DeviceRecord, channels: list[str], window: Window) -> Window:
    """Return the part of a window from the first sample to the newest where that is less than half of it.

    Otherwise a window of decades around a season would be divided into a few buckets of days.
    """
    which = _which(scope, record, channels)
    stored = scope.store.raw(which, window.start_ms, window.end_ms, limit=1)
    simulated = record.descriptor.simulated
    firsts = [int(samples.time_ms[0]) for samples in stored if samples.key.simulated == simulated]
    newest = [latest.time_ms for latest in scope.store.last(which) if latest.key.simulated == simulated]
    start_ms = min(firsts, default=window.start_ms)
    end_ms = max(start_ms + 1, min(window.end_ms, max(newest, default=window.end_ms) + 1))
    return Window(start_ms, end_ms) if (end_ms - start_ms) * 2 < window.end_ms - window.start_ms else window


def _surely_more(scope: OrgScope, record: DeviceRecord, channels: list[str], window: Window, limit: int) -> bool:
    """Tell whether the whole days of a window hold more than `limit` samples of a series, by the rollups."""
    start_ms, end_ms = -(-window.start_ms // DAY_MS) * DAY_MS, window.end_ms // DAY_MS * DAY_MS
    if start_ms >= end_ms:
        return False
    days = scope.store.buckets(_which(scope, record, channels), start_ms, end_ms, DAY_MS, max_quality=255)
    simulated = record.descriptor.simulated
    return any(buckets.key.simulated == simulated and int(buckets.count.sum()) > limit for buckets in days)


def _read_means(
    scope: OrgScope, record: DeviceRecord, channels: list[str], window: Window, step_ms: int
) -> dict[str, ChannelColumn]:
    parts: dict[str, list[ChannelColumn]] = {}
    which = _which(scope, record, channels)
    for buckets in scope.store.buckets(which, window.start_ms, window.end_ms, step_ms, MAX_QUALITY):
        if buckets.key.simulated == record.descriptor.simulated:
            column = ChannelColumn(buckets.start_ms, buckets.mean, np.zeros(len(buckets.start_ms), np.uint8))
            parts.setdefault(buckets.key.channel, []).append(column)
    return {channel: _join(columns) for channel, columns in parts.items()}


def _which(scope: OrgScope, record: DeviceRecord, channels: list[str]) -> SeriesFilter:
    return SeriesFilter(scope.organisation, record.descriptor.device, frozenset(channels))


def _join(columns: list[ChannelColumn]) -> ChannelColumn:
    """Merge the columns of one channel in time order; the first of two values at one instant counts."""
    if len(columns) == 1:
        return columns[0]
    time_ms = np.concatenate([column.time_ms for column in columns])
    _, first = np.unique(time_ms, return_index=True)
    value = np.concatenate([column.value for column in columns])
    quality = np.concatenate([column.quality for column in columns])
    return ChannelColumn(time_ms[first], value[first], quality[first])


def _union_of_times(columns: dict[str, ChannelColumn]) -> Times:
    if not columns:
        return EMPTY.time_ms
    first, *others = (column.time_ms for column in columns.values())
    # Channels of one reading share their instants, and each column ascends already.
    if all(np.array_equal(first, times) for times in others):
        return first
    return np.unique(np.concatenate([column.time_ms for column in columns.values()]))


def _align(column: ChannelColumn, time_ms: Times) -> Values:
    if len(column.time_ms) == len(time_ms):
        return column.value
    aligned = np.full(len(time_ms), np.nan)
    aligned[np.searchsorted(time_ms, column.time_ms)] = column.value
    return aligned
