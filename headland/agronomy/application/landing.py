"""Landing of product: from when to when along a row at least half of its usual amount came down.

The signal of a pump or feeder is not the time at which product lands: the flow builds up behind it and dies away after
it, and product falls. A row is covered where half of the flow of the row next to that end came down, the share below
which ground counts as skipped. Between, whatever the rate, the row is covered as long as the signal is on.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from headland.agronomy.application.released import Released
from headland.agronomy.series.arrays import Times, Values
from headland.agronomy.series.intervals import Intervals

#: The share of a row's flow from which ground is covered; below, a cell is skipped (`deviation.CLASSES`).
_COVERED_SHARE: Final = 0.5
#: How far behind the signal a flow may build up or die away, and the time beside an end that shows the row's flow [ms].
_LONGEST_MS: Final = 4000.0
_BESIDE_MS: Final = 3000.0


def find_landing(at_ms: Times, released: Released, stretches: Intervals, latency_s: float) -> Intervals:
    """Return when product landed in each stretch of the signal, `latency_s` after it left the machine.

    `released` has running totals at `at_ms`. An end at which no amount is known is the signal's, with the latency.
    """
    delay_ms = latency_s * 1000.0
    landed = stretches + delay_ms
    if not released.totals or len(at_ms) < 2:
        return landed
    total = sum((np.maximum.accumulate(column) for column in released.totals.values()), np.zeros(len(at_ms)))
    middle_ms = (at_ms[1:] + at_ms[:-1]) / 2.0 + delay_ms
    flow = np.diff(total) / np.diff(at_ms)
    rows = []
    for number, (start_ms, end_ms) in enumerate(landed.tolist()):
        before_ms = landed[number - 1, 1] if number else -np.inf
        after_ms = landed[number + 1, 0] if number + 1 < len(landed) else np.inf
        most_ms = end_ms - start_ms
        first_ms = _edge_ms(middle_ms, flow, start_ms, max(before_ms, start_ms - _LONGEST_MS), most_ms)
        # The end is the start of the reversed time.
        last_ms = -_edge_ms(-middle_ms[::-1], flow[::-1], -end_ms, -min(after_ms, end_ms + _LONGEST_MS), most_ms)
        if last_ms > first_ms:
            rows.append((first_ms, last_ms))
    return np.array(rows, np.float64).reshape(-1, 2)


def _edge_ms(middle_ms: Values, flow: Values, signal_ms: float, earliest_ms: float, most_ms: float) -> float:
    """Return when the flow first reaches half of what it is after the signal, from `earliest_ms` on.

    `middle_ms` are the ascending times of the flow, `most_ms` the time from this signal to the row's other one.
    """
    beside = flow[(middle_ms >= signal_ms) & (middle_ms <= signal_ms + min(_BESIDE_MS, most_ms))]
    usual = float(np.median(beside[beside > 0.0])) if (beside > 0.0).any() else 0.0
    searched = np.flatnonzero((middle_ms >= earliest_ms) & (middle_ms <= signal_ms + min(_LONGEST_MS, most_ms)))
    reached = searched[flow[searched] >= _COVERED_SHARE * usual]
    if usual <= 0.0 or not len(reached) or reached[0] == searched[0]:
        return signal_ms
    at = reached[0]
    share = (_COVERED_SHARE * usual - flow[at - 1]) / (flow[at] - flow[at - 1])
    return float(middle_ms[at - 1] + share * (middle_ms[at] - middle_ms[at - 1]))
