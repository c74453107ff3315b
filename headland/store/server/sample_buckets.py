"""Buckets made of samples: for servers that cannot leave samples out by their flags, and for what they cannot hold."""

from __future__ import annotations

import numpy as np

from headland.store.port import Buckets, Samples


def aggregate(samples: Samples, start_ms: int, step_ms: int, max_quality: int) -> Buckets | None:
    """Return the buckets of samples whose flag is <= `max_quality`; None where there is none.

    Bucket k covers [start_ms + k step, start_ms + (k + 1) step).
    """
    good = samples.quality <= max_quality
    if not good.any():
        return None
    value = samples.value[good]
    # Python's integers: the widest windows and steps leave no room for a sum in 64 bits.
    if max(abs(start_ms), step_ms) >= 2**61:
        labels = [start_ms + (time_ms - start_ms) // step_ms * step_ms for time_ms in samples.time_ms[good].tolist()]
        label_ms = np.array(labels, np.int64)
    else:
        label_ms = start_ms + (samples.time_ms[good] - start_ms) // step_ms * step_ms
    first = np.flatnonzero(np.concatenate(([True], np.diff(label_ms) != 0)))
    count = np.diff(np.append(first, len(value)))
    return Buckets(
        samples.key,
        label_ms[first],
        count.astype(np.int64),
        np.add.reduceat(value, first) / count,
        np.minimum.reduceat(value, first),
        np.maximum.reduceat(value, first),
        value[np.append(first[1:], len(value)) - 1],
    )


def replace_buckets(buckets: Buckets | None, label_ms: list[int], mended: Buckets | None) -> Buckets | None:
    """Return `buckets` without those labelled `label_ms` and with those of `mended`; None where none is left."""
    if buckets is None:
        return mended
    keep = ~np.isin(buckets.start_ms, np.array(label_ms, np.int64))
    columns = ("start_ms", "count", "mean", "low", "high", "last")
    parts = [[getattr(buckets, name)[keep]] for name in columns]
    if mended is not None:
        for part, name in zip(parts, columns, strict=True):
            part.append(getattr(mended, name))
    joined = [np.concatenate(part) for part in parts]
    if not len(joined[0]):
        return None
    order = np.argsort(joined[0], kind="stable")
    return Buckets(buckets.key, *(column[order] for column in joined))
