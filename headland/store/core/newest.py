"""The newest samples of many series, read in few statements: from a short window back to ever longer ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeVar

from headland.store.port import Samples
from headland.units_of_time import MINUTE_MS

Key = TypeVar("Key")

_FIRST_MS: Final = 10 * MINUTE_MS
#: Each window is so many times the last: seven of them are more than a thousand years.
_LONGER: Final = 12


def read_newest(
    latest_ms: Mapping[Key, int],
    start_ms: int,
    end_ms: int,
    limit: int,
    read: Callable[[Sequence[Key], int, int], Mapping[Key, Samples]],
) -> dict[Key, Samples]:
    """Return the newest `limit` samples in [start_ms, end_ms) of each series that has any, in time order.

    `latest_ms` names the series, each with about the time of its newest sample: it only decides where reading begins.
    `read` returns at most `limit` of the newest samples of series in a window.
    """
    found: dict[Key, Samples] = {}
    waiting = list(latest_ms)
    length_ms = _FIRST_MS
    while waiting and start_ms < end_ms:
        newest_ms = max(min(latest_ms[key], end_ms) for key in waiting)
        low_ms = max(start_ms, newest_ms - length_ms)
        parts = read(waiting, low_ms, end_ms)
        found.update(parts)
        if low_ms == start_ms:
            break
        waiting = [key for key in waiting if key not in parts or len(parts[key].time_ms) < limit]
        length_ms *= _LONGER
    return found


def tail_of(samples: Samples, limit: int) -> Samples:
    """Return the newest `limit` samples, at least one, of a series."""
    return Samples(samples.key, samples.time_ms[-limit:], samples.value[-limit:], samples.quality[-limit:])
