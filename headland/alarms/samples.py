"""The samples that rules are judged on, read from the store: fit ones only, and what was simulated never mixed in."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from typing import Final

import numpy as np

from headland.alarms.rule_values import ANY, Column
from headland.store.port import Latest, SeriesFilter, Store
from headland.store.port import Samples as Stored

#: The flags of samples that count: good and not evaluated.
MAX_QUALITY: Final = 2


def read_samples(
    store: Store, organisation: str, channels: frozenset[str], start_ms: int, end_ms: int, device: str | None = None
) -> dict[str, dict[str, Column]]:
    """Return the samples of [start_ms, end_ms) by device and channel; of a simulated device what was simulated."""
    which = SeriesFilter(organisation, device, None if ANY in channels else channels)
    found: dict[str, dict[str, Column]] = {}
    stored = sorted(store.raw(which, start_ms, end_ms), key=lambda one: one.key.device)
    for name, parts in groupby(stored, key=lambda one: one.key.device):
        listed = list(parts)
        simulated = any(one.key.simulated for one in listed)
        columns = found.setdefault(name, {})
        for one in listed:
            if one.key.simulated == simulated:
                columns[one.key.channel] = _join(columns.get(one.key.channel), _fit(one))
    return found


def newest_by_device(latest: Iterable[Latest]) -> dict[str, dict[str, Latest]]:
    """Return the newest sample by device and channel; of a simulated device only what was simulated."""
    newest: dict[str, dict[str, Latest]] = {}
    for name, rows in groupby(sorted(latest, key=lambda one: one.key.device), key=lambda one: one.key.device):
        listed = list(rows)
        simulated = any(one.key.simulated for one in listed)
        channels = newest.setdefault(name, {})
        for one in listed:
            known = channels.get(one.key.channel)
            if one.key.simulated == simulated and (known is None or known.time_ms < one.time_ms):
                channels[one.key.channel] = one
    return newest


def _fit(stored: Stored) -> Column:
    fit = stored.quality <= MAX_QUALITY
    return Column(stored.time_ms, stored.value) if fit.all() else Column(stored.time_ms[fit], stored.value[fit])


def _join(before: Column | None, one: Column) -> Column:
    """Join what a device measured at two sites; where both have an instant the first is kept."""
    if before is None:
        return one
    time_ms, first = np.unique(np.concatenate((before.time_ms, one.time_ms)), return_index=True)
    return Column(time_ms, np.concatenate((before.value, one.value))[first])
