"""Rows are covered from where half of their flow comes down, whatever the signal says."""

from __future__ import annotations

import numpy as np
import pytest

from headland.agronomy.application.landing import find_landing
from headland.agronomy.application.released import Released
from headland.agronomy.application.treated import MEASURED_FLOW

AT_MS = np.arange(0, 40_001, 200, dtype=np.int64)
ROWS = np.array([[5_000.0, 15_000.0], [20_000.0, 30_000.0]])
NONE = np.empty((0, 2))


def fed(lag_s: float, rate: np.ndarray | float = 1.0, closing_s: float = 0.0) -> Released:
    """What a feeder with a first-order lag has released in both rows."""
    time_s = AT_MS / 1000.0
    flow = np.zeros(len(AT_MS))
    for start_ms, end_ms in ROWS:
        since_s, after_s = time_s - start_ms / 1000.0, time_s - end_ms / 1000.0
        opening = 1.0 - np.exp(-np.maximum(since_s, 0.0) / lag_s) if lag_s else 1.0
        dying = np.exp(-np.maximum(after_s, 0.0) / closing_s) if closing_s else 0.0
        flow += np.where(since_s < 0.0, 0.0, np.where(after_s < 0.0, opening, dying)) * rate
    total = np.concatenate(([0.0], np.cumsum((flow[1:] + flow[:-1]) / 2.0 * 0.2)))
    return Released({MEASURED_FLOW: total}, 0.0, NONE)


def test_a_row_begins_where_half_of_its_flow_has_built_up_and_ends_where_half_is_left() -> None:
    landed = find_landing(AT_MS, fed(0.6, closing_s=0.4), ROWS, 0.3)
    half_s = np.log(2.0)
    expected = ROWS + 300.0 + 1000.0 * half_s * np.array([0.6, 0.4])
    assert landed == pytest.approx(expected, abs=60.0)


def test_a_flow_with_the_signal_is_the_signal_with_the_latency() -> None:
    assert find_landing(AT_MS, fed(0.0), ROWS, 0.5) == pytest.approx(ROWS + 500.0, abs=110.0)


def test_a_lower_rate_within_a_row_is_no_end_of_it() -> None:
    # A prescription of a third, and of none, from the middle of the first row on.
    for share in (0.33, 0.0):
        rate = np.where((AT_MS > 8_200) & (AT_MS < 11_000), share, 1.0)
        assert find_landing(AT_MS, fed(0.0, rate), ROWS, 0.0) == pytest.approx(ROWS, abs=110.0)


def test_without_an_amount_the_signal_counts() -> None:
    assert (find_landing(AT_MS, Released({}, 0.0, ROWS), ROWS, 0.5) == ROWS + 500.0).all()
    nothing = Released({MEASURED_FLOW: np.zeros(len(AT_MS))}, 0.0, NONE)
    assert (find_landing(AT_MS, nothing, ROWS, 0.5) == ROWS + 500.0).all()
