"""The latency histogram against the latencies that it counted."""

from __future__ import annotations

import pytest

from headland.contract.delivery import Latency
from ingest.accounting.latency import LIVE_WITHIN_MS, LatencyHistogram


def test_an_empty_histogram_has_no_percentiles() -> None:
    assert LatencyHistogram().summary() == Latency(None, None, 0)


def test_the_percentiles_are_within_five_percent() -> None:
    histogram = LatencyHistogram()
    for time_ms in range(1, 1001):
        histogram.add(time_ms)
    summary = histogram.summary()
    assert summary.p50 == pytest.approx(500, rel=0.05)
    assert summary.p99 == pytest.approx(990, rel=0.05)
    assert summary.n == 1000


def test_a_back_fill_is_left_out_and_a_clock_ahead_counts_as_zero() -> None:
    histogram = LatencyHistogram()
    histogram.add(LIVE_WITHIN_MS + 1)
    histogram.add(-3000)
    assert histogram.summary() == Latency(0.0, 0.0, 1) or histogram.summary().p50 == pytest.approx(0, abs=0.1)
    assert histogram.summary().n == 1


def test_old_values_lose_weight_slowly_and_memory_is_bounded() -> None:
    histogram = LatencyHistogram()
    for _ in range(15_000):
        histogram.add(300_000)
    for _ in range(60_000):
        histogram.add(20)
    summary = histogram.summary()
    assert summary.p99 == pytest.approx(20, rel=0.05)
    assert summary.n == 75_000
    assert len(histogram._counts) <= 2
