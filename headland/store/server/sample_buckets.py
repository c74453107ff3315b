"""Buckets made of samples here: for servers that cannot filter samples by their flags, and for samples beside them."""

from __future__ import annotations

import numpy as np

from headland.store.port import Buckets, Samples


def aggregate(samples: Samples, start_ms: int, step_ms: int, max_quality: int) -> Buckets | None:
    """Return the buckets of the samples whose flag is <= `max_quality`; None without such samples.

    Bucket k covers [start_ms + k step, start_ms + (k + 1) step).
    """
    good = samples.quality <= max_quality
    if not good.any():
        return None
    value = samples.value[good]
    # Python's integers: with the widest windows and steps a sum overflows 64 bits.
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
