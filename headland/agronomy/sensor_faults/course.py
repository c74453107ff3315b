"""The course of a channel: blocks of samples with mean, spread and noise, long enough for ten samples each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from headland.agronomy.series.arrays import Counts, Mask, Times, Values
from headland.units_of_time import DAY_MS, HOUR_MS, MINUTE_MS

#: Samples that a block has at least, and the slowest interval at which single samples tell anything.
_LEAST_IN_BLOCK: Final = 10
_SLOWEST_MS: Final = 35 * MINUTE_MS
#: The second difference of white noise has sqrt(6) times its standard deviation, its median size 0.6745 of that.
_OF_SECOND_DIFFERENCE: Final = 0.6745 * np.sqrt(6.0)


@dataclass(frozen=True)
class Course:
    """A channel's samples, and its blocks of `block_ms` from `start_ms` on; NaN in blocks with too few samples.

    `first` is the position of the first sample of each block, with the end behind it; `noise` is the white part of the
    scatter within a block, by second differences, whose median a few spikes or a trend do not change.
    """

    time_ms: Times
    value: Values
    start_ms: int
    block_ms: int
    first: Counts
    mean: Values
    spread: Values
    noise: Values
    low: Values
    high: Values
    count: Counts
    resolution: float

    @property
    def a_day(self) -> int:
        """Blocks of a day."""
        return DAY_MS // self.block_ms

    def since(self, block: int) -> int:
        """Return the instant at which a block begins."""
        return self.start_ms + block * self.block_ms

    def samples_in(self, blocks: Mask) -> Counts:
        """Return the positions of the samples in some blocks."""
        return np.flatnonzero(np.repeat(blocks, self.count))


def course_of(time_ms: Times, value: Values) -> Course | None:
    """Return the course of ascending finite samples; None where they are too few or too rare to tell anything."""
    if len(value) < 4 * _LEAST_IN_BLOCK:
        return None
    interval_ms = float(np.median(np.diff(time_ms)))
    if not 0.0 < interval_ms <= _SLOWEST_MS:
        return None
    hours = next(h for h in (1, 2, 3, 4, 6) if h * HOUR_MS >= _LEAST_IN_BLOCK * interval_ms)
    block_ms = hours * HOUR_MS
    block = time_ms // block_ms
    n = int(block[-1] - block[0]) + 1
    block = block - block[0]
    count = np.bincount(block, minlength=n).astype(np.int64)
    first = np.concatenate(([0], np.cumsum(count)))
    enough = count >= _LEAST_IN_BLOCK // 2
    total, safe = np.bincount(block, value, n), np.maximum(count, 1)
    mean = total / safe
    spread = np.sqrt(np.bincount(block, (value - mean[block]) ** 2, n) / safe)
    second = np.zeros(len(value))
    second[1:-1] = np.abs(value[2:] - 2.0 * value[1:-1] + value[:-2])
    # By block the middle of the sorted sizes.
    order = np.lexsort((second, block))
    middle = np.minimum(first[:-1] + count // 2, len(value) - 1)
    noise = second[order][middle] / _OF_SECOND_DIFFERENCE
    present = np.flatnonzero(count)
    low, high = np.full(n, np.nan), np.full(n, np.nan)
    low[present] = np.minimum.reduceat(value, first[present])
    high[present] = np.maximum.reduceat(value, first[present])
    steps = np.abs(np.diff(value))
    steps = steps[steps > 1e-6]
    resolution = float(np.quantile(steps, 0.05)) if len(steps) else 0.0
    nothing = np.nan
    return Course(
        time_ms, value, int(time_ms[0] // block_ms * block_ms), block_ms, first.astype(np.int64),
        np.where(enough, mean, nothing), np.where(enough, spread, nothing), np.where(enough, noise, nothing),
        np.where(enough, low, nothing), np.where(enough, high, nothing), count, resolution,
    )  # fmt: skip


def rolling(values: Values, width: int) -> Values:
    """Return the windows of `width` values that end at each value, NaN before the first: (n, width)."""
    padded = np.concatenate((np.full(width - 1, np.nan), values))
    return np.lib.stride_tricks.sliding_window_view(padded, width)


def of_known(windows: Values, least: int, *, high: bool) -> Values:
    """Return the largest or smallest known value of each window, NaN where fewer than `least` are known."""
    known = np.isfinite(windows)
    edge = -np.inf if high else np.inf
    filled = np.where(known, windows, edge)
    found = filled.max(axis=1) if high else filled.min(axis=1)
    return np.where(known.sum(axis=1) >= least, found, np.nan)
