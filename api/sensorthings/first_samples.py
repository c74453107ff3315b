"""First sample time of devices, located by days, then hours, without reading all samples."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from headland.analysis.scope import OrgScope
from headland.analysis.window import HIGH_MS, LOW_MS
from headland.store.port import SeriesFilter, SeriesKey
from headland.units_of_time import DAY_MS, HOUR_MS

#: Largest quality flag: samples of every flag count.
ANY_QUALITY: Final = 9


def samples_since_ms(scope: OrgScope) -> int:
    """Return the first full day for which samples, and not only rollups, are stored."""
    since_ms = scope.store.info().samples_since_ms
    return LOW_MS // DAY_MS * DAY_MS if since_ms is None else since_ms


def find_first_ms(
    scope: OrgScope, device: str | None, takes: Callable[[SeriesKey], bool]
) -> dict[tuple[str, str], int]:
    """Return the time of the first sample by device and channel, for the series that `takes` accepts."""
    first: dict[tuple[str, str], int] = {}
    spans = {(samples_since_ms(scope), HIGH_MS + 1): frozenset[str]()}
    for step_ms in (DAY_MS, HOUR_MS):
        labels: dict[tuple[str, str], int] = {}
        for (start_ms, end_ms), channels in spans.items():
            which = SeriesFilter(scope.organisation, device, channels or None)
            for found in scope.store.buckets(which, start_ms, end_ms, step_ms, ANY_QUALITY):
                if takes(found.key):
                    _keep_least(labels, found.key, int(found.start_ms[0]))
        finer: dict[int, set[str]] = {}
        for (_, channel), label_ms in labels.items():
            finer.setdefault(label_ms, set()).add(channel)
        spans = {(at_ms, at_ms + step_ms): frozenset(channels) for at_ms, channels in finer.items()}
    for (start_ms, end_ms), channels in spans.items():
        for samples in scope.store.raw(SeriesFilter(scope.organisation, device, channels), start_ms, end_ms, limit=1):
            if takes(samples.key):
                _keep_least(first, samples.key, int(samples.time_ms[0]))
    return first


def _keep_least(times: dict[tuple[str, str], int], key: SeriesKey, time_ms: int) -> None:
    at = (key.device, key.channel)
    times[at] = min(times.get(at, time_ms), time_ms)
