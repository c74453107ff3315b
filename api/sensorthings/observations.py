"""Observations of the store in time order, in either direction, a page at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from api.sensorthings.first_samples import ANY_QUALITY, samples_since_ms
from headland.analysis.scope import OrgScope
from headland.store.port import SeriesFilter, SeriesKey
from headland.units_of_time import DAY_MS, HOUR_MS, MINUTE_MS

#: Number of samples read at once: a day at 1 Hz.
_MOST_AT_ONCE: Final = 100_000
#: Largest number of samples a request may examine one by one, as for a condition on the result.
MOST_LOOKED_AT: Final = 200_000

_STEPS_MS: Final = (DAY_MS, HOUR_MS, MINUTE_MS)


class Sample(NamedTuple):
    """A sample, ordered by time and then by Datastream id."""

    time_ms: int
    stream: str
    value: float
    quality: int


class Place(NamedTuple):
    """End of a page by time and Datastream, and the number of samples still to skip."""

    time_ms: int
    stream: str
    skip: int = 0


@dataclass(frozen=True, slots=True)
class Wanted:
    """Requested samples: those of [start_ms, end_ms) of Datastreams by (device, channel, simulated)."""

    scope: OrgScope
    streams: dict[tuple[str, str, bool], str]
    start_ms: int
    end_ms: int

    @property
    def which(self) -> SeriesFilter:
        """The narrowest store filter that covers all Datastreams."""
        devices = {device for device, _, _ in self.streams}
        channels = frozenset(channel for _, channel, _ in self.streams)
        return SeriesFilter(self.scope.organisation, devices.pop() if len(devices) == 1 else None, channels)

    def stream_of(self, key: SeriesKey) -> str | None:
        """Return the Datastream of a series; None where it is not requested."""
        return self.streams.get((key.device, key.channel, key.simulated))


class _Span(NamedTuple):
    """[start_ms, end_ms) with at most `count` samples; exactly `count` where that is known."""

    start_ms: int
    end_ms: int
    most: int
    is_exact: bool


def count_samples(wanted: Wanted) -> int:
    """Return the number of samples."""
    return sum(
        span.most if span.is_exact else sum(1 for _ in _read(wanted, span, descending=False))
        for span in _cut(wanted, descending=False)
    )


def read_samples(
    wanted: Wanted,
    need: int,
    *,
    descending: bool,
    skip: int = 0,
    after: Place | None = None,
    is_wanted: Callable[[Sample], bool] | None = None,
) -> tuple[list[Sample], Place | None]:
    """Return at most `need` samples after `after`, and the place to continue; None at the end.

    A page may end early, even empty, where many samples did not match: the place to continue is then set.
    """
    found: list[Sample] = []
    looked_at = 0
    for span in _cut(_behind(wanted, after, descending=descending), descending=descending):
        if is_wanted is None and after is None and span.is_exact and span.most <= skip:
            skip -= span.most
            continue
        for sample in _read(wanted, span, descending=descending):
            at = (sample.time_ms, sample.stream)
            if after is not None and (at >= after[:2] if descending else at <= after[:2]):
                continue
            looked_at += 1
            if is_wanted is None or is_wanted(sample):
                if skip:
                    skip -= 1
                elif len(found) == need:
                    return found, Place(found[-1].time_ms, found[-1].stream)
                else:
                    found.append(sample)
            if looked_at == MOST_LOOKED_AT and is_wanted is not None:
                return found, Place(*at, skip)
    return found, None


def _behind(wanted: Wanted, after: Place | None, *, descending: bool) -> Wanted:
    if after is None:
        return wanted
    start_ms = wanted.start_ms if descending else max(wanted.start_ms, after.time_ms)
    end_ms = min(wanted.end_ms, after.time_ms + 1) if descending else wanted.end_ms
    return Wanted(wanted.scope, wanted.streams, start_ms, end_ms)


def _cut(wanted: Wanted, *, descending: bool) -> Iterator[_Span]:
    """Yield consecutive spans that cover all samples, each small enough to read at once."""
    start_ms = max(wanted.start_ms, samples_since_ms(wanted.scope))
    if not wanted.streams or start_ms >= wanted.end_ms:
        return
    joined: _Span | None = None
    for span in _cut_finer(wanted, start_ms, wanted.end_ms, 0, descending=descending):
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


def _cut_finer(wanted: Wanted, start_ms: int, end_ms: int, tier: int, *, descending: bool) -> Iterator[_Span]:
    step_ms = _STEPS_MS[tier]
    counts: dict[int, int] = {}
    for found in wanted.scope.store.buckets(
        wanted.which, start_ms // step_ms * step_ms, end_ms, step_ms, max_quality=ANY_QUALITY
    ):
        if wanted.stream_of(found.key) is not None:
            for label_ms, count in zip(found.start_ms.tolist(), found.count.tolist(), strict=True):
                counts[label_ms] = counts.get(label_ms, 0) + count
    for label_ms in sorted(counts, reverse=descending):
        # The first bucket may begin before the window: its count includes samples outside of it.
        inner_ms, until_ms = max(label_ms, start_ms), min(label_ms + step_ms, end_ms)
        if counts[label_ms] <= _MOST_AT_ONCE or tier == len(_STEPS_MS) - 1:
            yield _Span(inner_ms, until_ms, counts[label_ms], is_exact=inner_ms == label_ms)
        else:
            yield from _cut_finer(wanted, inner_ms, until_ms, tier + 1, descending=descending)


def _read(wanted: Wanted, span: _Span, *, descending: bool) -> Iterator[Sample]:
    """Yield the samples of a span in order; of two sites of a device at one instant, the first counts."""
    parts = [
        (stream, found)
        for found in wanted.scope.store.raw(wanted.which, span.start_ms, span.end_ms)
        if (stream := wanted.stream_of(found.key)) is not None
    ]
    if not parts:
        return
    names = sorted({stream for stream, _ in parts})
    time_ms = np.concatenate([found.time_ms for _, found in parts])
    value = np.concatenate([found.value for _, found in parts])
    quality = np.concatenate([found.quality for _, found in parts])
    name = np.concatenate([np.full(len(found.time_ms), names.index(stream)) for stream, found in parts])
    order = np.lexsort((name, time_ms))
    is_new = np.ones(len(order), np.bool_)
    is_new[1:] = (np.diff(time_ms[order]) != 0) | (np.diff(name[order]) != 0)
    order = order[is_new]
    for at in order[::-1] if descending else order:
        yield Sample(int(time_ms[at]), names[name[at]], float(value[at]), int(quality[at]))
