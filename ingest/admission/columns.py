"""Samples of many messages as one set of columns, made with a few array calls a commit."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from headland.contract.records import Block, Quality
from headland.contract.refusals import Refused
from headland.store.port import Points, SeriesKey
from ingest.admission.admit import ChannelRule, find_rule

#: 2000-01-01T00:00:00Z: an earlier time comes from a clock that was never set.
EARLIEST_MS: Final = 946_684_800_000


class SampleColumns:
    """Collects admitted blocks and turns them into `Points`.

    A segment is one column of one block. Values form one flat list, segment after segment; the times of a block's rows
    are stored once and gathered for each of its segments.
    """

    def __init__(self, organisation: str) -> None:
        self._organisation = organisation
        self._series: list[SeriesKey] = []
        self._rules: list[ChannelRule] = []
        self._index: dict[tuple[str, str, str, bool], dict[str, int]] = {}
        self._values: list[float | None] = []
        self._offsets_ms: list[int] = []
        self._block_start_ms: list[int] = []
        self._block_rows: list[int] = []
        self._segment_series: list[int] = []
        self._segment_rows: list[int] = []
        self._segment_first_row: list[int] = []
        self._segment_origin: list[int] = []
        self._flags: list[tuple[int, list[int]]] = []

    def __len__(self) -> int:
        """Return the number of collected values, missing ones included."""
        return len(self._values)

    def add(self, block: Block, origin: int = 0) -> None:
        """Collect a valid block whose channels all have a rule; `origin` is what its samples are counted by."""
        device = (block.site, block.kind, block.device, block.simulated)
        index = self._index.get(device)
        if index is None:
            index = self._index[device] = {}
        first_row, rows = len(self._offsets_ms), len(block.dt)
        for channel, column in block.c.items():
            series = index.get(channel)
            if series is None:
                series = index[channel] = self._add_series(block, channel)
            if channel in block.q:
                self._flags.append((len(self._values), block.q[channel]))
            self._values += column
            self._segment_series.append(series)
            self._segment_rows.append(rows)
            self._segment_first_row.append(first_row)
            self._segment_origin.append(origin)
        self._offsets_ms += block.dt
        self._block_start_ms.append(block.t0)
        self._block_rows.append(rows)

    def points(self, flag_after_ms: int) -> Points:
        """Return the samples without missing values; impossible ones, and those after an instant, are failed."""
        count = len(self._values)
        value = np.fromiter(self._values, np.float64, count)
        rows = np.array(self._segment_rows, np.int64)
        segment_series = np.array(self._segment_series, np.int32)
        row_time_ms = np.fromiter(self._offsets_ms, np.int64, len(self._offsets_ms))
        row_time_ms += np.repeat(np.array(self._block_start_ms, np.int64), self._block_rows)
        shift = np.array(self._segment_first_row, np.int64) - (np.cumsum(rows) - rows)
        row = np.repeat(shift, rows)
        row += np.arange(count)
        time_ms = row_time_ms[row]

        quality = np.repeat(np.array([rule.flag for rule in self._rules], np.uint8)[segment_series], rows)
        for start, flags in self._flags:
            part = quality[start : start + len(flags)]
            np.maximum(part, np.array(flags, np.uint8), out=part)
        impossible = self._out_of_range(value, segment_series, rows)
        unset = row_time_ms < EARLIEST_MS
        if unset.any():
            impossible |= unset[row]
        quality[impossible] = np.maximum(quality[impossible], Quality.FAIL)
        ahead, own_quality = row_time_ms > flag_after_ms, None
        if ahead.any():
            # What only the station's clock says is kept apart: it may be the one that is wrong.
            own_quality = quality.copy()
            quality[ahead[row]] = np.maximum(quality[ahead[row]], Quality.FAIL)
        index = np.repeat(segment_series, rows)
        origin = np.repeat(np.array(self._segment_origin, np.int32), rows)
        points = Points(self._series, index, time_ms, value, quality, origin, own_quality)
        present = np.isfinite(value)
        return points if present.all() else points.choose(present)

    def _add_series(self, block: Block, channel: str) -> int:
        rule = find_rule(channel)
        match rule:
            case Refused(detail=detail):
                raise ValueError(f"{channel[:80]!r} was not admitted: {detail}")
            case ChannelRule():
                self._rules.append(rule)
        self._series.append(
            SeriesKey(self._organisation, block.site, block.kind, block.device, channel, block.simulated)
        )
        return len(self._series) - 1

    def _out_of_range(
        self, value: NDArray[np.float64], segment_series: NDArray[np.int32], rows: NDArray[np.int64]
    ) -> NDArray[np.bool_]:
        """Return a mask of the values outside their quantity's range; NaN is never outside."""
        low = np.repeat(np.array([rule.low for rule in self._rules])[segment_series], rows)
        high = np.repeat(np.array([rule.high for rule in self._rules])[segment_series], rows)
        outside: NDArray[np.bool_] = (value < low) | (value > high)
        return outside
