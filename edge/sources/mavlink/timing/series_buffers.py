"""Buffers of stamped rows, by series: one kind of message (and instance) of one vehicle, whose times are unique.

Most messages only need to be appended: their time since boot is stored as it is and becomes UTC for all of them at
once, as long as the offset between the two is constant.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from operator import lt
from typing import Any, Final

from edge.sources.mavlink.mapping.rows import RowKind
from edge.sources.mavlink.timing.pending import StampedRows
from headland.contract.records import Clock

#: How many stamps of a series are remembered, to recognise a repeated message.
_REMEMBERED: Final = 32


class SeriesBuffer:
    """The rows of one series that have not left yet, all with one clock.

    The last values may have only a time since boot, in `boot_times_ms`; `date` gives them their UTC together.
    """

    __slots__ = (
        "boot_times_ms",
        "clock",
        "kind",
        "last_stamp_ms",
        "last_time_ms",
        "recent_stamps_ms",
        "times_ms",
        "values",
    )

    def __init__(self, kind: RowKind, clock: Clock) -> None:
        self.kind = kind
        self.clock = clock
        self.last_time_ms = -1
        self.last_stamp_ms = -1
        self.recent_stamps_ms: deque[int] = deque(maxlen=_REMEMBERED)
        self.times_ms: list[int] = []
        self.boot_times_ms: list[int] = []
        self.values: list[Any] = []

    def unique_time_ms(self, time_ms: int, stamp_ms: int | None) -> int | None:
        """Return the time of a message that has just come, unique in the series; None for a repeated message.

        It is later than the message before it. A late message, by its own stamp, keeps its time as it is.
        """
        if stamp_ms is not None:
            is_late = stamp_ms <= self.last_stamp_ms
            if is_late and stamp_ms in self.recent_stamps_ms:
                return None
            self.recent_stamps_ms.append(stamp_ms)
            if is_late:
                return time_ms
            self.last_stamp_ms = stamp_ms
        self.last_time_ms = time_ms = max(time_ms, self.last_time_ms + 1)
        return time_ms

    def date(self, offset_ms: int) -> None:
        """Give the values that have only a time since boot their UTC: time since boot plus `offset_ms`, unique."""
        boot_times_ms, self.boot_times_ms = self.boot_times_ms, []
        if not boot_times_ms:
            return
        times_ms = [boot_ms + offset_ms for boot_ms in boot_times_ms]
        if times_ms[0] <= self.last_time_ms or not all(map(lt, times_ms, times_ms[1:])):
            before_ms = self.last_time_ms
            for at, time_ms in enumerate(times_ms):
                times_ms[at] = before_ms = max(time_ms, before_ms + 1)
        self.last_time_ms = times_ms[-1]
        self.times_ms += times_ms
        if self.kind.stamp:
            self.recent_stamps_ms.extend(boot_times_ms)

    def release(self) -> StampedRows:
        """Return the dated rows and empty the buffer."""
        rows = StampedRows(self.clock, self.kind, self.times_ms, self.values)
        self.times_ms, self.values = [], []
        return rows


class SeriesBuffers:
    """All series of one vehicle."""

    def __init__(self) -> None:
        #: Buffers to which a message may be appended by its time since boot alone.
        self.appendable: dict[RowKind, SeriesBuffer] = {}
        self._by_series: dict[str, SeriesBuffer] = {}
        self._clock: Clock | None = None
        self._offset_ms: int | None = None

    def set_clock(self, clock: Clock | None, offset_ms: int | None) -> None:
        """Set the clock of the rows that follow; rows already appended are dated by the offset that was valid.

        `offset_ms`: UTC is time since boot plus this; None while it changes, or where another clock gives the time.
        """
        if offset_ms == self._offset_ms and clock is self._clock:
            return
        for buffer in self._by_series.values():
            buffer.date(self._offset_ms or 0)  # without an offset none was appended
        self.appendable.clear()
        self._clock, self._offset_ms = clock, offset_ms

    def last_stamp_ms(self, series: str) -> int:
        """Return the newest time since boot that a message of a series carried; -1 where there is none."""
        buffer = self._by_series.get(series)
        return -1 if buffer is None else buffer.last_stamp_ms

    def add(
        self, kind: RowKind, clock: Clock, time_ms: int, stamp_ms: int | None, values: Any
    ) -> Sequence[StampedRows] | None:
        """Add a message with its UTC, which is made unique in its series.

        Returns the rows that leave because clock or kind changed; None where the message is a repeated one.
        """
        buffer = self._by_series.get(kind.series)
        if buffer is None:
            buffer = self._by_series[kind.series] = SeriesBuffer(kind, clock)
        if buffer.boot_times_ms:
            buffer.date(self._offset_ms or 0)
        unique_ms = buffer.unique_time_ms(time_ms, stamp_ms)
        if unique_ms is None:
            return None
        released: Sequence[StampedRows] = ()
        if buffer.clock is not clock or buffer.kind is not kind:
            if buffer.values:
                released = (buffer.release(),)
            self.appendable.pop(buffer.kind, None)
            buffer.clock, buffer.kind = clock, kind
        buffer.times_ms.append(unique_ms)
        buffer.values.append(values)
        if self._offset_ms is not None:
            self.appendable[kind] = buffer
        return released

    def flush(self) -> list[StampedRows]:
        """Return all rows and empty the buffers."""
        rows: list[StampedRows] = []
        for buffer in self._by_series.values():
            if buffer.values:
                buffer.date(self._offset_ms or 0)
                rows.append(buffer.release())
        return rows

    def end_segment(self) -> list[StampedRows]:
        """Return all rows and forget their times: the clock was set anew, so that later rows may have earlier times."""
        rows = self.flush()
        self._by_series.clear()
        self.appendable.clear()
        return rows
