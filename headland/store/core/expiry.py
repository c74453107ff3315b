"""What comes for a time whose samples a store has let go already: it can neither be told from a duplicate nor kept."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np

from headland.store.port import Points, Rejection, WriteBatch


def leave_out_expired(batch: WriteBatch, kept_ms: int) -> tuple[WriteBatch, tuple[Rejection, ...]]:
    """Return a batch without its samples before `kept_ms`, a start of a day, and those as rejections."""
    points = batch.points
    if not len(points) or int(points.time_ms.min()) >= kept_ms:
        return batch, ()
    keep = points.time_ms >= kept_ms
    day = datetime.fromtimestamp(kept_ms / 1000, UTC).strftime("%Y-%m-%d")
    why = f"samples before {day} have been let go, and only their rollups are kept"
    left_out = tuple(
        Rejection(points.series[points.index[at]], int(points.time_ms[at]), float(points.value[at]), int(flag), why)
        for at, flag in zip(np.flatnonzero(~keep).tolist(), points.quality[~keep].tolist(), strict=True)
    )
    kept = Points(points.series, points.index[keep], points.time_ms[keep], points.value[keep], points.quality[keep])
    return replace(batch, points=kept), left_out
