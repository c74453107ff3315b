"""Stale rollups: hours of series with samples that their rollups do not include; a copy of a table in memory."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headland.store.port import Index, Times
from headland.units_of_time import HOUR_MS


@dataclass(frozen=True, slots=True)
class TouchedHours:
    """Hours of a batch, and the (series, hour) pairs among them that were not dirty before."""

    hours: list[int]
    new_sid: Index
    new_hour: Times


class DirtyHours:
    """Dirty pairs by hour, and the last write to each hour. Used by the writer thread only."""

    def __init__(self) -> None:
        self._flags: dict[int, NDArray[np.bool_]] = {}
        self._written_s: dict[int, float] = {}

    def __len__(self) -> int:
        return len(self._flags)

    def find(self, sid: Index, time_ms: Times) -> TouchedHours:
        """Return the hours of samples; changes nothing."""
        if not len(sid):
            return TouchedHours([], np.empty(0, np.int32), np.empty(0, np.int64))
        hour = time_ms // HOUR_MS * HOUR_MS
        begins = np.ones(len(sid), np.bool_)
        begins[1:] = (sid[1:] != sid[:-1]) | (hour[1:] != hour[:-1])
        sid, hour = sid[begins], hour[begins]
        order = np.lexsort((sid, hour))
        sid, hour = sid[order], hour[order]
        first = np.ones(len(sid), np.bool_)
        first[1:] = (sid[1:] != sid[:-1]) | (hour[1:] != hour[:-1])
        sid, hour = sid[first], hour[first]
        bounds = [0, *(np.flatnonzero(np.diff(hour)) + 1).tolist(), len(hour)]
        hours = hour[bounds[:-1]].tolist()
        new = np.ones(len(sid), np.bool_)
        for value, start, end in zip(hours, bounds[:-1], bounds[1:], strict=True):
            flags = self._flags.get(value)
            if flags is not None:
                known = np.minimum(sid[start:end], len(flags) - 1)
                new[start:end] = ~(flags[known] & (sid[start:end] < len(flags)))
        return TouchedHours(hours, sid[new], hour[new])

    def add(self, touched: TouchedHours, now_s: float) -> None:
        """Add the hours of a commit."""
        for hour in touched.hours:
            self._written_s[hour] = now_s
        if not len(touched.new_hour):
            return
        order = np.argsort(touched.new_hour, kind="stable")
        hours, starts = np.unique(touched.new_hour[order], return_index=True)
        for hour, sids in zip(hours.tolist(), np.split(touched.new_sid[order], starts[1:]), strict=True):
            flags = self._flags.get(hour, np.zeros(0, np.bool_))
            if len(flags) <= int(sids.max()):
                flags = np.append(flags, np.zeros(max(int(sids.max()) + 1, 64) - len(flags), np.bool_))
            flags[sids] = True
            self._flags[hour] = flags

    def drop(self, hours: list[int]) -> None:
        """Remove hours that were rolled up."""
        for hour in hours:
            self._flags.pop(hour, None)
            self._written_s.pop(hour, None)

    def quiet(self, until_s: float) -> list[int]:
        """Return in order the dirty hours that were not written to after `until_s`."""
        return sorted(hour for hour in self._flags if self._written_s[hour] <= until_s)

    def pairs(self, hours: list[int]) -> tuple[Index, Times]:
        """Return the dirty (series, hour) pairs of hours."""
        sids = [np.flatnonzero(self._flags[hour]).astype(np.int32) for hour in hours]
        return np.concatenate(sids), np.repeat(np.array(hours, np.int64), [len(part) for part in sids])
