"""Rejections and conflicts of a batch on its way to a server."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from headland.store.core.batch_rows import Rows, note_refused
from headland.store.port import Conflict, Mark, Rejection, SeriesKey, WriteBatch
from headland.store.server.ports import NewConflict, SampleServer


def reject_unstorable(batch: WriteBatch, samples: SampleServer) -> tuple[WriteBatch, list[Rejection], tuple[Mark, ...]]:
    """Return the batch without the samples that a server can never store, these, and the records without others."""
    points = batch.points
    reasons = [samples.rejection_reason(key) for key in points.series]
    first_ms, last_ms = samples.limits_ms()
    time_ms = np.asarray(points.time_ms, np.int64)
    outside = (time_ms < first_ms) | (time_ms > last_ms)
    unnamable = np.array([reason is not None for reason in reasons], np.bool_)[points.index] if len(points) else outside
    rejected = unnamable | outside
    if not rejected.any():
        return batch, [], ()
    too_far = "its time is outside the retention of the store"
    rejections = [
        Rejection(
            points.series[points.index[at]],
            int(time_ms[at]),
            float(points.value[at]),
            int(points.quality[at]),
            reasons[points.index[at]] or too_far,
        )
        for at in np.flatnonzero(rejected).tolist()
    ]
    good = ~rejected
    batch, refused = note_refused(batch, points.choose(good))
    return batch, rejections, refused


def find_conflicts(
    keys: list[SeriesKey], rows: Rows, conflicting: NDArray[np.bool_], seen_ms: int
) -> list[NewConflict]:
    """Return each conflict of the batch once, the first with its flag."""
    once: dict[tuple[int, int, float], NewConflict] = {}
    for at in np.flatnonzero(conflicting).tolist():
        sid, time_ms, value = int(rows.sid[at]), int(rows.time_ms[at]), float(rows.value[at])
        once.setdefault((sid, time_ms, value), NewConflict(keys[sid], time_ms, value, int(rows.quality[at]), seen_ms))
    return list(once.values())


def make_rejection(keys: list[SeriesKey], rows: Rows, at: int, reason: str) -> Rejection:
    """Return the rejection of one row."""
    return Rejection(keys[rows.sid[at]], int(rows.time_ms[at]), float(rows.value[at]), int(rows.quality[at]), reason)


def pair_with_stored(conflicts: list[NewConflict], samples: SampleServer) -> list[Conflict]:
    """Return conflicts with the stored values; conflicts of deleted samples are left out."""
    instants = list(dict.fromkeys((conflict.key, conflict.time_ms) for conflict in conflicts))
    if not instants:
        return []
    number = {key: sid for sid, key in enumerate(dict.fromkeys(key for key, _ in instants))}
    sid = np.array([number[key] for key, _ in instants], np.int32)
    time_ms = np.array([time_ms for _, time_ms in instants], np.int64)
    positions, values = samples.look_up(list(number), sid, time_ms)
    stored = {instants[at]: value for at, value in zip(positions.tolist(), values.tolist(), strict=True)}
    return [
        Conflict(
            conflict.key,
            conflict.time_ms,
            stored[conflict.key, conflict.time_ms],
            conflict.value,
            conflict.quality,
            conflict.seen_ms,
        )
        for conflict in conflicts
        if (conflict.key, conflict.time_ms) in stored
    ]
