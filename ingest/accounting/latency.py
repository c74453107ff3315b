"""Latency of samples on their way to the store: a histogram of bounded size that favours recent values."""

from __future__ import annotations

import math
from collections import Counter
from typing import Final

from headland.contract.delivery import Latency
from headland.units_of_time import MINUTE_MS

#: Buckets a doubling: the middle of a bucket is within 5 % of every value in it.
_PER_OCTAVE: Final = 8
#: Above this total all counts are halved, so that old values do not outweigh recent ones.
_MAX_COUNT: Final = 10_000
#: A sample older than this on arrival was held back on purpose or imported; it does not measure the transfer.
LIVE_WITHIN_MS: Final = 10 * MINUTE_MS


class LatencyHistogram:
    """Counts latencies in exponential buckets. Not thread-safe: its owner locks."""

    def __init__(self) -> None:
        self._counts: Counter[int] = Counter()
        self._total = 0
        self._seen = 0

    def add(self, time_ms: float) -> None:
        """Count a latency; a negative one (a clock that is ahead) counts as zero, one that is not live is left out."""
        if time_ms > LIVE_WITHIN_MS:
            return
        self._counts[int(math.log2(1.0 + max(0.0, time_ms)) * _PER_OCTAVE)] += 1
        self._total += 1
        self._seen += 1
        if self._total > _MAX_COUNT:
            self._counts = Counter({bucket: count // 2 for bucket, count in self._counts.items() if count > 1})
            self._total = self._counts.total()

    def summary(self) -> Latency:
        """Return the percentiles; `n` is the number of all latencies ever counted."""
        if not self._total:
            return Latency()
        return Latency(self._percentile(0.50), self._percentile(0.99), self._seen)

    def _percentile(self, part: float) -> float:
        left = part * self._total
        bucket = 0
        for bucket in sorted(self._counts):
            left -= self._counts[bucket]
            if left <= 0:
                break
        middle_ms: float = 2.0 ** ((bucket + 0.5) / _PER_OCTAVE) - 1.0
        return round(middle_ms, 1)
