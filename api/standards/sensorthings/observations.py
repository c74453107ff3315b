"""Reads of the observations in the store: pages in time order, counts, and first times."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from headland.analysis.inputs.scope import OrgScope
from headland.analysis.inputs.window import HIGH_MS, LOW_MS
from headland.runtime.cancellation import check_cancelled
from headland.store.port import SeriesFilter, SeriesKey
from headland.units_of_time import DAY_MS, HOUR_MS, MINUTE_MS

#: Largest quality flag: samples of every flag count.
_ANY_QUALITY: Final = 9
#: Number of samples read at once: a day at 1 Hz.
_MOST_AT_ONCE: Final = 100_000
#: Largest number of samples that a request may examine individually, as for a condition on the result.
MOST_EXAMINED: Final = 200_000

_STEPS_MS: Final = (DAY_MS, HOUR_MS, MINUTE_MS)


class ObservedSample(NamedTuple):
    """A sample, ordered by time and then by Datastream id."""

    time_ms: int
    stream: str
    value: float
    quality: int


class PagePosition(NamedTuple):
    """End of a page by time and Datastream, and the number of samples still to skip."""

    time_ms: int
    stream: str
    skip: int = 0


@dataclass(frozen=True, slots=True)
class ObservationQuery:
    """Requested samples: those of [start_ms, end_ms) of Datastreams by (device, channel, simulated)."""

    scope: OrgScope
    streams: dict[tuple[str, str, bool], str]
    start_ms: int
    end_ms: int

    @property
    def series_filter(self) -> SeriesFilter:
        """The narrowest store filter that covers all Datastreams."""
        devices = {device for device, _, _ in self.streams}
        channels = frozenset(channel for _, channel, _ in self.streams)
        return SeriesFilter(self.scope.organisation, devices.pop() if len(devices) == 1 else None, channels)

    def stream_of(self, key: SeriesKey) -> str | None:
        """Return the Datastream of a series; None where it is not requested."""
        return self.streams.get((key.device, key.channel, key.simulated))


class _Span(NamedTuple):
    """[start_ms, end_ms) with at most `most` samples, or exactly `most` where `is_exact`."""

    start_ms: int
    end_ms: int
    most: int
    is_exact: bool


def count_samples(query: ObservationQuery) -> int:
    """Return the number of samples."""
    return sum(
        span.most if span.is_exact else sum(1 for _ in _read(query, span, descending=False))
        for span in _spans(query, descending=False)
    )


def read_samples(
    query: ObservationQuery,
    limit: int,
    *,
    descending: bool,
    skip: int = 0,
    after: PagePosition | None = None,
    matches: Callable[[ObservedSample], bool] | None = None,
) -> tuple[list[ObservedSample], PagePosition | None]:
    """Return at most `need` samples after `after`, and the place to continue; None at the end.

    A page may end early, even empty, where many samples did not match: the place to continue is then set.
    """
    page: list[ObservedSample] = []
    examined = 0
    for span in _spans(_resume(query, after, descending=descending), descending=descending):
        if matches is None and after is None and span.is_exact and span.most <= skip:
            skip -= span.most
            continue
        check_cancelled()
        for sample in _read(query, span, descending=descending):
            position = (sample.time_ms, sample.stream)
            if after is not None and (position >= after[:2] if descending else position <= after[:2]):
                continue
            examined += 1
            if matches is None or matches(sample):
                if skip:
                    skip -= 1
                elif len(page) == limit:
                    return page, PagePosition(page[-1].time_ms, page[-1].stream)
                else:
                    page.append(sample)
            if examined == MOST_EXAMINED and matches is not None:
                return page, PagePosition(*position, skip)
    return page, None


def read_each(query: ObservationQuery, limit: int, *, descending: bool) -> dict[str, list[ObservedSample]]:
    """Return the first samples of each Datastream, or the newest, at most `limit` of each, by one query of the store.

    Of two sites of a device at one instant, the first counts.
    """
    start_ms = max(query.start_ms, _samples_since_ms(query.scope))
    if not query.streams or start_ms >= query.end_ms or limit < 1:
        return {}
    parts: dict[str, dict[int, ObservedSample]] = {}
    for samples in query.scope.store.raw(query.series_filter, start_ms, query.end_ms, limit, newest=descending):
        stream = query.stream_of(samples.key)
        if stream is None:
            continue
        part = parts.setdefault(stream, {})
        columns = (samples.time_ms.tolist(), samples.value.tolist(), samples.quality.tolist())
        for time_ms, value, quality in zip(*columns, strict=True):
            part.setdefault(time_ms, ObservedSample(time_ms, stream, value, quality))
    return {
        stream: [part[time_ms] for time_ms in sorted(part, reverse=descending)[:limit]]
        for stream, part in parts.items()
    }


def find_first_ms(
    scope: OrgScope, device: str | None, accepts: Callable[[SeriesKey], bool]
) -> dict[tuple[str, str], int]:
    """Return the time of the first sample by device and channel, for the series that `accepts` is true for."""
    first: dict[tuple[str, str], int] = {}
    spans = {(_samples_since_ms(scope), HIGH_MS + 1): frozenset[str]()}
    for step_ms in (DAY_MS, HOUR_MS):
        first_buckets: dict[tuple[str, str], int] = {}
        for (start_ms, end_ms), channels in spans.items():
            series_filter = SeriesFilter(scope.organisation, device, channels or None)
            for buckets in scope.store.buckets(series_filter, start_ms, end_ms, step_ms, _ANY_QUALITY):
                if accepts(buckets.key):
                    _keep_earliest(first_buckets, buckets.key, int(buckets.start_ms[0]))
        finer: dict[int, set[str]] = {}
        for (_, channel), bucket_ms in first_buckets.items():
            finer.setdefault(bucket_ms, set()).add(channel)
        spans = {(start_ms, start_ms + step_ms): frozenset(channels) for start_ms, channels in finer.items()}
    for (start_ms, end_ms), channels in spans.items():
        for samples in scope.store.raw(SeriesFilter(scope.organisation, device, channels), start_ms, end_ms, limit=1):
            if accepts(samples.key):
                _keep_earliest(first, samples.key, int(samples.time_ms[0]))
    return first


def _resume(query: ObservationQuery, after: PagePosition | None, *, descending: bool) -> ObservationQuery:
    if after is None:
        return query
    start_ms = query.start_ms if descending else max(query.start_ms, after.time_ms)
    end_ms = min(query.end_ms, after.time_ms + 1) if descending else query.end_ms
    return ObservationQuery(query.scope, query.streams, start_ms, end_ms)


def _spans(query: ObservationQuery, *, descending: bool) -> Iterator[_Span]:
    """Yield consecutive spans that cover all samples, each small enough to read at once."""
    start_ms = max(query.start_ms, _samples_since_ms(query.scope))
    if not query.streams or start_ms >= query.end_ms:
        return
    joined: _Span | None = None
    for span in _subdivide(query, start_ms, query.end_ms, 0, descending=descending):
        if joined is not None and joined.most + span.most <= _MOST_AT_ONCE:
            joined = _join(joined, span)
            continue
        if joined is not None:
            yield joined
        joined = span
    if joined is not None:
        yield joined


def _join(first: _Span, second: _Span) -> _Span:
    ends = (min(first.start_ms, second.start_ms), max(first.end_ms, second.end_ms))
    return _Span(*ends, first.most + second.most, is_exact=first.is_exact and second.is_exact)


def _subdivide(query: ObservationQuery, start_ms: int, end_ms: int, tier: int, *, descending: bool) -> Iterator[_Span]:
    step_ms = _STEPS_MS[tier]
    counts: dict[int, int] = {}
    for buckets in query.scope.store.buckets(
        query.series_filter, start_ms // step_ms * step_ms, end_ms, step_ms, max_quality=_ANY_QUALITY
    ):
        if query.stream_of(buckets.key) is not None:
            for bucket_ms, count in zip(buckets.start_ms.tolist(), buckets.count.tolist(), strict=True):
                counts[bucket_ms] = counts.get(bucket_ms, 0) + count
    for bucket_ms in sorted(counts, reverse=descending):
        # The first bucket may begin before the window: its count includes samples outside of it.
        inner_ms, until_ms = max(bucket_ms, start_ms), min(bucket_ms + step_ms, end_ms)
        if counts[bucket_ms] <= _MOST_AT_ONCE or tier == len(_STEPS_MS) - 1:
            yield _Span(inner_ms, until_ms, counts[bucket_ms], is_exact=inner_ms == bucket_ms)
        else:
            yield from _subdivide(query, inner_ms, until_ms, tier + 1, descending=descending)


def _read(query: ObservationQuery, span: _Span, *, descending: bool) -> Iterator[ObservedSample]:
    """Yield the samples of a span in order; of two sites of a device at one instant, the first counts."""
    parts = [
        (stream, samples)
        for samples in query.scope.store.raw(query.series_filter, span.start_ms, span.end_ms)
        if (stream := query.stream_of(samples.key)) is not None
    ]
    if not parts:
        return
    names = sorted({stream for stream, _ in parts})
    time_ms = np.concatenate([samples.time_ms for _, samples in parts])
    value = np.concatenate([samples.value for _, samples in parts])
    quality = np.concatenate([samples.quality for _, samples in parts])
    name = np.concatenate([np.full(len(samples.time_ms), names.index(stream)) for stream, samples in parts])
    order = np.lexsort((name, time_ms))
    is_new = np.ones(len(order), np.bool_)
    is_new[1:] = (np.diff(time_ms[order]) != 0) | (np.diff(name[order]) != 0)
    order = order[is_new]
    for at in order[::-1] if descending else order:
        yield ObservedSample(int(time_ms[at]), names[name[at]], float(value[at]), int(quality[at]))


def _samples_since_ms(scope: OrgScope) -> int:
    """Return the first full day for which samples, and not only rollups, are stored."""
    since_ms = scope.store.info().samples_since_ms
    return LOW_MS // DAY_MS * DAY_MS if since_ms is None else since_ms


def _keep_earliest(times: dict[tuple[str, str], int], key: SeriesKey, time_ms: int) -> None:
    series = (key.device, key.channel)
    times[series] = min(times.get(series, time_ms), time_ms)
