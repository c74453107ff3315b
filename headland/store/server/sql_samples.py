"""Samples that an engine cannot store, out of its range of time or numbers, in SQL tables beside it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from headland.store.core.batch_rows import Rows
from headland.store.port import Latest, Samples, SeriesKey
from headland.store.server.ports import Extent
from headland.store.server.sql_tables import SAMPLES, SqlTables, is_series, key_of, series_row


class SqlSamples:
    """Samples of one store that its engine cannot store; without any, reads cost nothing."""

    def __init__(self, tables: SqlTables) -> None:
        self._tables = tables
        self._keys: set[SeriesKey] = set()

    def open(self) -> None:
        """Create the missing tables."""
        self._tables.open()

    def load(self) -> list[Extent]:
        """Return the series with such samples, and remember them."""
        extents = [_extent(samples) for samples in _by_series(self._tables.rows(SAMPLES))]
        self._keys = {extent.latest.key for extent in extents}
        return extents

    def add(self, keys: Sequence[SeriesKey], rows: Rows, *, moves: bool = False) -> None:
        """Store samples; with `moves` only until they have arrived in the engine."""
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
        column = SAMPLES.c
        found: dict[SeriesKey, Samples] = {}
        for key in self._keys.intersection(keys):
            rows = self._tables.rows(
                SAMPLES, is_series(SAMPLES, key), column.time_ms >= start_ms, column.time_ms < end_ms
            )
            found.update((samples.key, samples) for samples in _by_series(rows))
        return found

    def moving(self) -> list[Samples]:
        """Return the samples that are on their way into the engine."""
        return _by_series(self._tables.rows(SAMPLES, SAMPLES.c.moves))

    def finish_move(self) -> None:
        """Delete the samples that were on their way."""
        self._tables.delete(SAMPLES, SAMPLES.c.moves)

    def delete_before(self, key: SeriesKey, cut_ms: int) -> None:
        """Delete a series' samples before `cut_ms`."""
        if key in self._keys:
            self._tables.delete(SAMPLES, is_series(SAMPLES, key), SAMPLES.c.time_ms < cut_ms)


def merge(first: Samples, second: Samples) -> Samples:
    """Return the samples of both in time order; equal samples at one instant once."""
    time_ms = np.concatenate((first.time_ms, second.time_ms))
    order = np.argsort(time_ms, kind="stable")
    order = order[np.concatenate(([True], np.diff(time_ms[order]) != 0))]
    value, quality = np.concatenate((first.value, second.value)), np.concatenate((first.quality, second.quality))
    return Samples(first.key, time_ms[order], value[order], quality[order])


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
