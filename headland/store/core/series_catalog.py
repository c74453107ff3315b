"""The dictionary of series: a small number for each key, and which numbers a filter means."""

from __future__ import annotations

from collections.abc import Iterable

from headland.store.core.selection import matches, order_of
from headland.store.port import SeriesFilter, SeriesKey


class SeriesCatalog:
    """Series by id 0, 1, 2…; an id never changes. Not safe against threads: its owner locks."""

    def __init__(self) -> None:
        self._keys: list[SeriesKey] = []
        self._ids: dict[SeriesKey, int] = {}
        self._by_organisation: dict[str, list[int]] = {}
        self._by_device: dict[tuple[str, str], list[int]] = {}

    def __len__(self) -> int:
        return len(self._keys)

    def key(self, sid: int) -> SeriesKey:
        """Return the series of an id."""
        return self._keys[sid]

    def find(self, key: SeriesKey) -> int | None:
        """Return the id of a series, or None for one never seen."""
        return self._ids.get(key)

    def add(self, keys: Iterable[SeriesKey]) -> None:
        """Give the next ids to `keys`, in their order."""
        for key in keys:
            sid = len(self._keys)
            self._keys.append(key)
            self._ids[key] = sid
            self._by_organisation.setdefault(key.organisation, []).append(sid)
            self._by_device.setdefault((key.organisation, key.device), []).append(sid)

    def select(self, which: SeriesFilter) -> list[int]:
        """Return the ids of the series that a filter means, ordered by key."""
        if which.device is None:
            candidates = self._by_organisation.get(which.organisation, [])
        else:
            candidates = self._by_device.get((which.organisation, which.device), [])
        found = [sid for sid in candidates if matches(which, self._keys[sid])]
        return sorted(found, key=lambda sid: order_of(self._keys[sid]))

    def of_organisation(self, organisation: str) -> list[int]:
        """Return the ids of an organisation's series."""
        return list(self._by_organisation.get(organisation, []))

    def of_device(self, organisation: str, device: str) -> list[int]:
        """Return the ids of a device's series."""
        return list(self._by_device.get((organisation, device), []))

    def devices(self, organisation: str) -> set[str]:
        """Return the devices that an organisation's series name."""
        return {self._keys[sid].device for sid in self._by_organisation.get(organisation, [])}
