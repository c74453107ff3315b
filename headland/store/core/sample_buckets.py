"""Buckets made of samples here: of those in memory, and for servers that cannot filter samples by their flags."""

from __future__ import annotations

from typing import Final

import numpy as np

from headland.store.core.columns import Columns
from headland.store.port import Times

#: The columns of buckets, in the order of the port's.
BUCKET_COLUMNS: Final = ("start", "n", "mean", "low", "high", "last")


def make_buckets(samples: Columns, start_ms: int, step_ms: int, max_quality: int) -> Columns:
    """Return the columns sid, start, n, mean, low, high and last of the samples whose flag is <= `max_quality`.

    `samples` has the columns sid, ts, v and q, in runs of one series, each in time order. Bucket k covers
    [start_ms + k step, start_ms + (k + 1) step).
    """
    sid, time_ms, value, quality = (samples[name] for name in ("sid", "ts", "v", "q"))
    good = quality <= max_quality
    if not good.all():
        sid, time_ms, value = sid[good], time_ms[good], value[good]
    label_ms = _label(time_ms, start_ms, step_ms)
    begins = np.ones(len(sid), np.bool_)
    begins[1:] = (label_ms[1:] != label_ms[:-1]) | (sid[1:] != sid[:-1])
    first = np.flatnonzero(begins)
    if not len(first):
        return {"sid": sid, "start": label_ms, "n": first, "mean": value, "low": value, "high": value, "last": value}
    count = np.diff(np.append(first, len(value)))
    return {
        "sid": sid[first],
        "start": label_ms[first],
        "n": count.astype(np.int64),
        "mean": np.add.reduceat(value, first) / count,
        "low": np.minimum.reduceat(value, first),
        "high": np.maximum.reduceat(value, first),
        "last": value[np.append(first[1:], len(value)) - 1],
    }


def _label(time_ms: Times, start_ms: int, step_ms: int) -> Times:
    # Python's integers: with the widest windows and steps a sum overflows 64 bits.
    if max(abs(start_ms), step_ms) >= 2**61:
        labels = [start_ms + (one_ms - start_ms) // step_ms * step_ms for one_ms in time_ms.tolist()]
        return np.array(labels, np.int64)
    return start_ms + (time_ms - start_ms) // step_ms * step_ms
