"""Buckets beside those of a server: of servers that cannot filter samples by their flags, and of late samples."""

from __future__ import annotations

import numpy as np

from headland.store.core.sample_buckets import BUCKET_COLUMNS, make_buckets
from headland.store.port import Buckets, Samples


def aggregate(samples: Samples, start_ms: int, step_ms: int, max_quality: int) -> Buckets | None:
    """Return the buckets of the samples whose flag is <= `max_quality`; None without such samples.

    Bucket k covers [start_ms + k step, start_ms + (k + 1) step).
    """
    sid = np.zeros(len(samples.time_ms), np.int32)
    columns = make_buckets(
        {"sid": sid, "ts": samples.time_ms, "v": samples.value, "q": samples.quality}, start_ms, step_ms, max_quality
    )
    if not len(columns["sid"]):
        return None
    return Buckets(samples.key, *(columns[name] for name in BUCKET_COLUMNS))


def replace_buckets(buckets: Buckets | None, label_ms: list[int], replacement: Buckets | None) -> Buckets | None:
    """Return `buckets` with those labelled `label_ms` replaced by `replacement`; None where none remains."""
    if buckets is None:
        return replacement
    keep = ~np.isin(buckets.start_ms, np.array(label_ms, np.int64))
    columns = ("start_ms", "count", "mean", "low", "high", "last")
    parts = [[getattr(buckets, name)[keep]] for name in columns]
    if replacement is not None:
        for part, name in zip(parts, columns, strict=True):
            part.append(getattr(replacement, name))
    joined = [np.concatenate(part) for part in parts]
    if not len(joined[0]):
        return None
    order = np.argsort(joined[0], kind="stable")
    return Buckets(buckets.key, *(column[order] for column in joined))
