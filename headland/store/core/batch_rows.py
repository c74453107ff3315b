"""A group of batches as one set of columns: joined before its transaction, counted apart after it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headland.store.core.dedup import Verdict
from headland.store.core.selection import clamp_ms
from headland.store.core.series import SeriesCatalog
from headland.store.port import Flags, Index, SeriesKey, Times, Values, WriteBatch, WriteResult


@dataclass(frozen=True, slots=True)
class Rows:
    """The samples of a group as columns; `owner` is the batch each came in."""

    sid: Index
    time_ms: Times
    value: Values
    quality: Flags
    owner: Index
    may_be_latest: NDArray[np.bool_]


def join_batches(catalog: SeriesCatalog, batches: Sequence[WriteBatch]) -> tuple[Rows, list[SeriesKey]]:
    """Return the samples of all batches with their series' ids, and the new series, whose ids follow the known ones."""
    coming: dict[SeriesKey, int] = {}
    sids = [_sids(catalog, batch, coming) for batch in batches]
    points = [batch.points for batch in batches]
    sizes = [len(each) for each in points]
    time_ms = np.concatenate([np.asarray(each.time_ms, np.int64) for each in points])
    until_ms = np.repeat(np.array([clamp_ms(batch.latest_until_ms) for batch in batches], np.int64), sizes)
    rows = Rows(
        sid=np.concatenate(sids),
        time_ms=time_ms,
        value=np.concatenate([np.asarray(each.value, np.float64) for each in points]),
        quality=np.concatenate([np.asarray(each.quality, np.uint8) for each in points]),
        owner=np.repeat(np.arange(len(batches), dtype=np.int32), sizes),
        may_be_latest=time_ms <= until_ms,
    )
    return rows, list(coming)


def count_results(rows: Rows, verdict: Verdict, batches: int) -> list[WriteResult]:
    """Return each batch's own counts."""
    total = np.bincount(rows.owner, minlength=batches)
    accepted = np.bincount(rows.owner[verdict.accepted], minlength=batches)
    conflicting = np.bincount(rows.owner[verdict.conflicting], minlength=batches)
    duplicate = total - accepted - conflicting
    return [
        WriteResult(*counts) for counts in zip(accepted.tolist(), duplicate.tolist(), conflicting.tolist(), strict=True)
    ]


def _sids(catalog: SeriesCatalog, batch: WriteBatch, coming: dict[SeriesKey, int]) -> Index:
    """Return each sample's series id; a series never seen gets the next one if a sample names it."""
    points = batch.points
    ids = [catalog.find(key) for key in points.series]
    if None in ids:
        used = np.bincount(points.index, minlength=len(ids)).tolist()
        for position, key in enumerate(points.series):
            if ids[position] is None and used[position]:
                ids[position] = coming.setdefault(key, len(catalog) + len(coming))
    known = np.array([-1 if sid is None else sid for sid in ids], np.int32)
    return known[points.index] if len(points) else np.empty(0, np.int32)
