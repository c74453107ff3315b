"""Rows of a group of batches as one set of columns: joined before the transaction, counted by batch after it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from headland.store.core.dedup import DedupResult
from headland.store.core.selection import clamp_ms
from headland.store.core.series import SeriesCatalog
from headland.store.port import (
    Flags,
    Index,
    Mark,
    OriginCounts,
    Points,
    SeriesKey,
    Times,
    Values,
    WriteBatch,
    WriteResult,
)
from headland.store.record_book import REFUSED


@dataclass(frozen=True, slots=True)
class Rows:
    """Samples of a group as columns; `owner` is the number of each sample's batch."""

    sid: Index
    time_ms: Times
    value: Values
    quality: Flags
    owner: Index
    may_be_latest: NDArray[np.bool_]
    own_quality: Flags

    def take(self, at: NDArray[np.integer]) -> Rows:
        """Return the samples at these positions."""
        return Rows(*(getattr(self, name)[at] for name in Rows.__slots__))


def join_batches(catalog: SeriesCatalog, batches: Sequence[WriteBatch]) -> tuple[Rows, list[SeriesKey]]:
    """Return the samples of all batches with series ids, and the new series, whose ids follow the known ones."""
    new_ids: dict[SeriesKey, int] = {}
    sids = [_sids(catalog, batch, new_ids) for batch in batches]
    points = [batch.points for batch in batches]
    sizes = [len(part) for part in points]
    time_ms = np.concatenate([np.asarray(part.time_ms, np.int64) for part in points])
    until_ms = np.repeat(np.array([clamp_ms(batch.latest_until_ms) for batch in batches], np.int64), sizes)
    rows = Rows(
        sid=np.concatenate(sids),
        time_ms=time_ms,
        value=np.concatenate([np.asarray(part.value, np.float64) for part in points]),
        quality=np.concatenate([np.asarray(part.quality, np.uint8) for part in points]),
        owner=np.repeat(np.arange(len(batches), dtype=np.int32), sizes),
        may_be_latest=time_ms <= until_ms,
        own_quality=np.concatenate(
            [np.asarray(part.quality if part.own_quality is None else part.own_quality, np.uint8) for part in points]
        ),
    )
    return rows, list(new_ids)


def count_results(rows: Rows, dedup: DedupResult, batches: Sequence[WriteBatch]) -> list[WriteResult]:
    """Return the counts of each batch."""
    total = np.bincount(rows.owner, minlength=len(batches))
    accepted = np.bincount(rows.owner[dedup.accepted], minlength=len(batches))
    conflicting = np.bincount(rows.owner[dedup.conflicting], minlength=len(batches))
    duplicate = total - accepted - conflicting
    ends = np.cumsum(total)
    columns = (accepted.tolist(), duplicate.tolist(), conflicting.tolist(), ends.tolist())
    return [
        WriteResult(
            new, again, against, by_origin=count_origins(batch.points, dedup, slice(end - len(batch.points), end))
        )
        for batch, new, again, against, end in zip(batches, *columns, strict=True)
    ]


def count_origins(points: Points, dedup: DedupResult, rows: slice) -> dict[int, OriginCounts]:
    """Return the counts by origin of a batch's rows; empty where all were accepted."""
    accepted, conflicting = dedup.accepted[rows], dedup.conflicting[rows]
    if points.origin is None or accepted.all():
        return {}
    origins = np.unique(points.origin).tolist()
    new = np.bincount(points.origin[accepted], minlength=origins[-1] + 1)
    against = np.bincount(points.origin[conflicting], minlength=origins[-1] + 1)
    return {origin: OriginCounts(int(new[origin]), int(against[origin])) for origin in origins}


def note_refused(batch: WriteBatch, kept: Points) -> tuple[WriteBatch, tuple[Mark, ...]]:
    """Return the batch with only the samples `kept`, and the marks of the records of which none is kept."""
    gone = _origins(batch.points) - _origins(kept)
    refused = tuple(mark for mark in (*batch.marks, *batch.filled) if mark.origin in gone)
    if not refused:
        return replace(batch, points=kept), ()
    marks = [replace(mark, entry=REFUSED) if mark.origin in gone else mark for mark in batch.marks]
    filled = [mark for mark in batch.filled if mark.origin not in gone]
    return replace(batch, points=kept, marks=marks, filled=filled), refused


def _origins(points: Points) -> set[int | None]:
    return set() if points.origin is None else set(np.unique(points.origin).tolist())


def _sids(catalog: SeriesCatalog, batch: WriteBatch, new_ids: dict[SeriesKey, int]) -> Index:
    """Return each sample's series id; a new series gets the next id if a sample belongs to it."""
    points = batch.points
    ids = [catalog.find(key) for key in points.series]
    if None in ids:
        used = np.bincount(points.index, minlength=len(ids)).tolist()
        for position, key in enumerate(points.series):
            if ids[position] is None and used[position]:
                ids[position] = new_ids.setdefault(key, len(catalog) + len(new_ids))
    known = np.array([-1 if sid is None else sid for sid in ids], np.int32)
    return known[points.index] if len(points) else np.empty(0, np.int32)
