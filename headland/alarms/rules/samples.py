"""Samples for alarm rules, read from the store: usable ones only, simulated ones never mixed with real ones."""

from __future__ import annotations

from itertools import groupby
from typing import Final

import numpy as np

from headland.alarms.rules.rule_values import ANY_CHANNEL, ChannelSamples
from headland.store.port import Samples, SeriesFilter, Store

#: The highest flag of a usable sample: good and not evaluated.
MAX_QUALITY: Final = 2


def read_samples(
    store: Store, organisation: str, channels: frozenset[str], start_ms: int, end_ms: int, device: str | None = None
) -> dict[str, dict[str, ChannelSamples]]:
    """Return the usable samples of [start_ms, end_ms) by device and channel: real ones, else a simulator's."""
    which = SeriesFilter(organisation, device, None if ANY_CHANNEL in channels else channels)
    by_device: dict[str, dict[str, ChannelSamples]] = {}
    stored = sorted(store.raw(which, start_ms, end_ms), key=lambda series: series.key.device)
    for name, group in groupby(stored, key=lambda series: series.key.device):
        listed = list(group)
        is_simulated = all(series.key.simulated for series in listed)
        columns = by_device.setdefault(name, {})
        for series in listed:
            if series.key.simulated == is_simulated:
                columns[series.key.channel] = _join(columns.get(series.key.channel), _usable(series))
    return by_device


def _usable(series: Samples) -> ChannelSamples:
    usable = series.quality <= MAX_QUALITY
    return (
        ChannelSamples(series.time_ms, series.value)
        if usable.all()
        else ChannelSamples(series.time_ms[usable], series.value[usable])
    )


def _join(first: ChannelSamples | None, second: ChannelSamples) -> ChannelSamples:
    """Join the series of a device at two sites; where both have an instant the first one's value remains."""
    if first is None:
        return second
    time_ms, rows = np.unique(np.concatenate((first.time_ms, second.time_ms)), return_index=True)
    return ChannelSamples(time_ms, np.concatenate((first.value, second.value))[rows])
