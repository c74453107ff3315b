"""Series of a store in memory: a number for each key, and how far each series reaches.

A frontier separates samples that are surely new from samples that may be stored already. Per series it holds
`latest_ms`, the newest stored sample that may be the latest; `top_ms`, the newest stored sample of all; and `ahead_ms`,
at most the oldest stored sample between the two. Nothing is stored inside (latest_ms, ahead_ms) or above top_ms, so a
sample there needs no look-up. The three differ only where a clock ran ahead.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from headland.store.core.selection import matches, order_of
from headland.store.port import Flags, Index, SeriesFilter, SeriesKey, Times, Values

#: Ids that are remembered of what was selected (each some 8 bytes), and as how many a filter itself counts.
_MOST_SELECTED_IDS: Final = 100_000
_IDS_OF_A_FILTER: Final = 50


class SeriesCatalog:
    """Series by id 0, 1, 2…; an id never changes. Not thread-safe: its owner locks."""

    def __init__(self) -> None:
        self._keys: list[SeriesKey] = []
        self._ids: dict[SeriesKey, int] = {}
        self._by_organisation: dict[str, list[int]] = {}
        self._by_device: dict[tuple[str, str], list[int]] = {}
        self._devices: dict[str, set[str]] = {}
        #: What was selected since a series was last added: the same filters are asked for again and again.
        self._selected: dict[SeriesFilter, list[int]] = {}
        self._selected_ids = 0

    def __len__(self) -> int:
        return len(self._keys)

    def key(self, sid: int) -> SeriesKey:
        """Return the series of an id."""
        return self._keys[sid]

    def find(self, key: SeriesKey) -> int | None:
        """Return the id of a series, or None for an unknown one."""
        return self._ids.get(key)

    def add(self, keys: Iterable[SeriesKey]) -> None:
        """Assign the next ids to `keys`, in their order."""
        for key in keys:
            self._forget_selected()
            sid = len(self._keys)
            self._keys.append(key)
            self._ids[key] = sid
            self._by_organisation.setdefault(key.organisation, []).append(sid)
            self._by_device.setdefault((key.organisation, key.device), []).append(sid)
            self._devices.setdefault(key.organisation, set()).add(key.device)

    def select(self, which: SeriesFilter) -> Sequence[int]:
        """Return the ids of the series that match a filter, ordered by key."""
        selected = self._selected.get(which)
        if selected is None:
            selected = self._select(which)
            self._selected_ids += _IDS_OF_A_FILTER + len(selected)
            if self._selected_ids > _MOST_SELECTED_IDS:
                self._forget_selected()
            self._selected[which] = selected
        return selected

    def _forget_selected(self) -> None:
        self._selected.clear()
        self._selected_ids = 0

    def _select(self, which: SeriesFilter) -> list[int]:
        if which.device is None:
            candidates = self._by_organisation.get(which.organisation, [])
        else:
            candidates = self._by_device.get((which.organisation, which.device), [])
        matching = [sid for sid in candidates if matches(which, self._keys[sid])]
        return sorted(matching, key=lambda sid: order_of(self._keys[sid]))

    def of_organisation(self, organisation: str) -> list[int]:
        """Return the ids of an organisation's series."""
        return list(self._by_organisation.get(organisation, []))

    def of_device(self, organisation: str, device: str) -> list[int]:
        """Return the ids of a device's series."""
        return list(self._by_device.get((organisation, device), []))

    def devices(self, organisation: str) -> set[str]:
        """Return the devices of an organisation's series."""
        return set(self._devices.get(organisation, ()))


NEVER_MS: Final = int(np.iinfo(np.int64).min)
_FOR_EVER_MS: Final = int(np.iinfo(np.int64).max)


class Frontier:
    """Frontiers of all series by id. Not thread-safe: its owner locks."""

    def __init__(self) -> None:
        self.latest_ms: Times = np.empty(0, np.int64)
        self.latest_value: Values = np.empty(0, np.float64)
        self.latest_quality: Flags = np.empty(0, np.uint8)
        self._top_ms: Times = np.empty(0, np.int64)
        self._ahead_ms: Times = np.empty(0, np.int64)

    def grow(self, count: int) -> None:
        """Extend to series up to id `count` - 1; new ones are empty."""
        have = len(self._top_ms)
        if count > have:
            more = max(count, 2 * have, 64) - have
            self.latest_ms = np.append(self.latest_ms, np.full(more, NEVER_MS))
            self.latest_value = np.append(self.latest_value, np.zeros(more))
            self.latest_quality = np.append(self.latest_quality, np.zeros(more, np.uint8))
            self._top_ms = np.append(self._top_ms, np.full(more, NEVER_MS))
            self._ahead_ms = np.append(self._ahead_ms, np.full(more, _FOR_EVER_MS))

    def columns(self, count: int) -> dict[str, NDArray[Any]]:
        """Return the state of the first `count` series as columns, which `restore` accepts."""
        return {
            "latest_ms": self.latest_ms[:count].copy(),
            "latest_v": self.latest_value[:count].copy(),
            "latest_q": self.latest_quality[:count].copy(),
            "top_ms": self._top_ms[:count].copy(),
            "ahead_ms": self._ahead_ms[:count].copy(),
        }

    def restore(self, columns: Mapping[str, NDArray[Any]]) -> None:
        """Take over the state of the series `sid`; they must have been grown to."""
        sid = columns["sid"]
        self.latest_ms[sid] = columns["latest_ms"]
        self.latest_value[sid] = columns["latest_v"]
        self.latest_quality[sid] = columns["latest_q"]
        self._top_ms[sid] = columns["top_ms"]
        self._ahead_ms[sid] = columns["ahead_ms"]

    def surely_new(self, sid: Index, time_ms: Times) -> NDArray[np.bool_]:
        """Return a mask of the samples that cannot be stored yet; unknown ids belong to empty series."""
        if not len(sid) or not len(self._top_ms):
            return np.ones(len(sid), np.bool_)
        known = np.minimum(sid, len(self._top_ms) - 1)
        new = (time_ms > self._top_ms[known]) | ((time_ms > self.latest_ms[known]) & (time_ms < self._ahead_ms[known]))
        return new | (sid >= len(self._top_ms))

    def advance(self, sid: Index, time_ms: Times, value: Values, quality: Flags) -> None:
        """Add stored samples that may be the latest; at most one of each series, its newest."""
        self._top_ms[sid] = np.maximum(self._top_ms[sid], time_ms)
        newer = time_ms > self.latest_ms[sid]
        sid = sid[newer]
        self.latest_ms[sid] = time_ms[newer]
        self.latest_value[sid] = value[newer]
        self.latest_quality[sid] = quality[newer]

    def advance_ahead(self, sid: Index, time_ms: Times) -> None:
        """Add stored samples that may never be the latest."""
        np.maximum.at(self._top_ms, sid, time_ms)
        np.minimum.at(self._ahead_ms, sid, time_ms)

    def take_back(self, sid: Index, first_ms: Times) -> None:
        """Let no sample of the series `sid` from its `first_ms` on be the latest; `advance` sets what is then."""
        later = sid[self.latest_ms[sid] >= first_ms]
        self.latest_ms[later] = NEVER_MS
        self._ahead_ms[sid] = np.minimum(self._ahead_ms[sid], first_ms)

    def cut(self, sid: Index, cut_ms: int) -> None:
        """Remove everything before `cut_ms` from the series `sid`."""
        self.latest_ms[sid[self.latest_ms[sid] < cut_ms]] = NEVER_MS
        # What was ahead before the cut is gone; the next one is not known, and it is at the cut or later.
        self._ahead_ms[sid] = np.maximum(self._ahead_ms[sid], cut_ms)
        empty = sid[self._top_ms[sid] < cut_ms]
        self._top_ms[empty] = NEVER_MS
        self._ahead_ms[empty] = _FOR_EVER_MS

    def holds_samples(self, sid: int) -> bool:
        """Return whether a series has at least one sample."""
        return bool(self._top_ms[sid] != NEVER_MS)

    def filled(self, sids: Sequence[int]) -> list[int]:
        """Return the series of `sids` with at least one sample."""
        which = np.array(sids, np.int32)
        filled: list[int] = which[self._top_ms[which] != NEVER_MS].tolist()
        return filled

    def count_filled(self) -> int:
        """Return the number of series with at least one sample."""
        return int(np.count_nonzero(self._top_ms != NEVER_MS))
