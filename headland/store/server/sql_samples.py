"""Samples that an engine cannot hold, in the SQL tables beside it: out of its range of time or of numbers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from headland.store.core.batch_rows import Rows
from headland.store.port import Latest, Samples, SeriesKey
from headland.store.server.ports import Extent
from headland.store.server.sql_tables import SAMPLES, SideTables, is_series, key_of, series_row


class SideSamples:
    """The samples of one store that its engine cannot hold; most stores have none, and then no read costs anything."""

    def __init__(self, tables: SideTables) -> None:
        self._tables = tables
        self._keys: set[SeriesKey] = set()

    def open(self) -> None:
        """Make the tables that are missing."""
        self._tables.open()

    def load(self) -> list[Extent]:
        """Return the series that have such samples, and learn them."""
        extents = [_extent(samples) for samples in _by_series(self._tables.rows(SAMPLES))]
        self._keys = {extent.latest.key for extent in extents}
        return extents

    def add(self, keys: Sequence[SeriesKey], rows: Rows, *, moves: bool = False) -> None:
        """Keep samples; those that move are kept until they have arrived in the engine."""
        columns = (rows.sid.tolist(), rows.time_ms.tolist(), rows.value.tolist(), rows.quality.tolist())
        self._tables.add(
            SAMPLES,
            [
                {**series_row(keys[sid]), "time_ms": time_ms, "value": value, "quality": quality, "moves": moves}
                for sid, time_ms, value, quality in zip(*columns, strict=True)
            ],
        )
        self._keys.update(keys[sid] for sid in set(rows.sid.tolist()))

    def read(self, keys: Sequence[SeriesKey], start_ms: int, end_ms: int) -> dict[SeriesKey, Samples]:
        """Return the samples of each series that has any in [start_ms, end_ms)."""
        of = SAMPLES.c
        found: dict[SeriesKey, Samples] = {}
        for key in self._keys.intersection(keys):
            rows = self._tables.rows(SAMPLES, is_series(SAMPLES, key), of.time_ms >= start_ms, of.time_ms < end_ms)
            found.update((samples.key, samples) for samples in _by_series(rows))
        return found

    def moving(self) -> list[Samples]:
        """Return the samples that are on their way into the engine."""
        return _by_series(self._tables.rows(SAMPLES, SAMPLES.c.moves))

    def arrived(self) -> None:
        """Forget the samples that were on their way."""
        self._tables.delete(SAMPLES, SAMPLES.c.moves)

    def delete_before(self, key: SeriesKey, cut_ms: int) -> None:
        """Delete a series' samples before `cut_ms`."""
        if key in self._keys:
            self._tables.delete(SAMPLES, is_series(SAMPLES, key), SAMPLES.c.time_ms < cut_ms)


def merge(one: Samples, other: Samples) -> Samples:
    """Return the samples of both in time order; of two at one instant, which are the same, one."""
    time_ms = np.concatenate((one.time_ms, other.time_ms))
    order = np.argsort(time_ms, kind="stable")
    order = order[np.concatenate(([True], np.diff(time_ms[order]) != 0))]
    value, quality = np.concatenate((one.value, other.value)), np.concatenate((one.quality, other.quality))
    return Samples(one.key, time_ms[order], value[order], quality[order])


def _by_series(rows: Sequence[object]) -> list[Samples]:
    parts: dict[SeriesKey, list[tuple[int, float, int]]] = {}
    for row in rows:
        parts.setdefault(key_of(row), []).append((row.time_ms, row.value, row.quality))  # type: ignore[attr-defined]
    found = []
    for key, part in parts.items():
        time_ms, value, quality = zip(*sorted(part), strict=True)
        found.append(
            Samples(key, np.array(time_ms, np.int64), np.array(value, np.float64), np.array(quality, np.uint8))
        )
    return found


def _extent(samples: Samples) -> Extent:
    newest = Latest(samples.key, int(samples.time_ms[-1]), float(samples.value[-1]), int(samples.quality[-1]))
    return Extent(newest, len(samples.time_ms))
