"""Rows of one vehicle that have one kind and, by it, one series of times: their last stamps, and those yet to leave."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from operator import lt
from typing import Any, Final

from edge.sources.mavlink.mapping.rows import RowKind
from edge.sources.mavlink.output.output import DeviceOutput
from headland.contract.records import Clock

#: Of so many messages it is remembered that they were taken; one that is repeated later passes for a new one.
_REMEMBERED: Final = 32


class SeriesBuffer:
    """Gathers the messages of rows that have the same kind and clock. Times are unique in it.

    Of the last `values` only the time since boot may be known yet, in `moments_ms`: `date_moments` dates them together.
    """

    __slots__ = ("clock", "kind", "last_own_ms", "last_time_ms", "moments_ms", "recent_own_ms", "times_ms", "values")

    def __init__(self, kind: RowKind, clock: Clock) -> None:
        self.kind = kind
        self.clock = clock
        self.last_time_ms = -1
        self.last_own_ms = -1
        self.recent_own_ms: deque[int] = deque(maxlen=_REMEMBERED)
        #: When the messages were that have not left yet, and what they said.
        self.times_ms: list[int] = []
        self.moments_ms: list[int] = []
        self.values: list[Any] = []

    def date(self, time_ms: int, own_ms: int | None) -> int | None:
        """Return the time of a message that came now, unique in the family; None of one that was taken already.

        Later than another by a time of its own, or by none; what was overtaken has its own time as it is.
        """
        if own_ms is not None:
            is_late = own_ms <= self.last_own_ms
            if is_late and own_ms in self.recent_own_ms:
                return None
            self.recent_own_ms.append(own_ms)
            if is_late:
                return time_ms
            self.last_own_ms = own_ms
        self.last_time_ms = time_ms = max(time_ms, self.last_time_ms + 1)
        return time_ms

    def date_moments(self, rest_ms: int) -> None:
        """Give messages that are not late their times: time since boot plus `rest_ms`, unique in the family."""
        moments_ms, self.moments_ms = self.moments_ms, []
        if not moments_ms:
            return
        times_ms = [moment_ms + rest_ms for moment_ms in moments_ms]
        if times_ms[0] <= self.last_time_ms or not all(map(lt, times_ms, times_ms[1:])):
            before_ms = self.last_time_ms
            for at, time_ms in enumerate(times_ms):
                times_ms[at] = before_ms = max(time_ms, before_ms + 1)
        self.last_time_ms = times_ms[-1]
        self.times_ms += times_ms
        if self.kind.stamp:
            self.recent_own_ms.extend(moments_ms)

    def take_out(self) -> tuple[Sequence[int], Sequence[Any]]:
        """Return times and values of what has not left yet, and forget them."""
        taken = self.times_ms, self.values
        self.times_ms, self.values = [], []
        return taken


class Families:
    """All families of one vehicle. `outlet` takes their rows at the next `flush`."""

    def __init__(self, outlet: DeviceOutput) -> None:
        #: Those whose messages need no more than to be put down: time since boot dates them, by an offset that rests.
        self.open: dict[RowKind, SeriesBuffer] = {}
        self._outlet = outlet
        self._by_name: dict[str, SeriesBuffer] = {}
        self._clock: Clock | None = None
        self._rest_ms: int | None = None

    def follow(self, clock: Clock | None, rest_ms: int | None) -> None:
        """Follow what rows are stamped by: what was put down is dated by the offset that held, what comes by this one.

        `rest_ms`: UTC is time since boot plus this; None while that moves, or is not what tells the time.
        """
        if rest_ms == self._rest_ms and clock is self._clock:
            return
        for family in self._by_name.values():
            family.date_moments(self._rest_ms or 0)  # there are none without a rest
        self.open.clear()
        self._clock, self._rest_ms = clock, rest_ms

    def last_own_ms(self, name: str) -> int:
        """Return the newest time since boot that a message of a family said; -1 where there is none."""
        family = self._by_name.get(name)
        return -1 if family is None else family.last_own_ms

    def take(self, kind: RowKind, clock: Clock, time_ms: int, own_ms: int | None, values: Any) -> bool:
        """Take a message with its time, which becomes unique in its family; tell whether it was not taken before."""
        family = self._by_name.get(kind.family)
        if family is None:
            family = self._by_name[kind.family] = SeriesBuffer(kind, clock)
        if family.moments_ms:
            family.date_moments(self._rest_ms or 0)
        dated_ms = family.date(time_ms, own_ms)
        if dated_ms is None:
            return False
        if family.clock is not clock or family.kind is not kind:
            self._send(family)
            self.open.pop(family.kind, None)
            family.clock, family.kind = clock, kind
        family.times_ms.append(dated_ms)
        family.values.append(values)
        if self._rest_ms is not None:
            self.open[kind] = family
        return True

    def flush(self) -> None:
        """Let all rows leave."""
        for family in self._by_name.values():
            if family.values:
                self._send(family)

    def end_segment(self) -> None:
        """Let no time before now have a say in those that come: the clock stands elsewhere."""
        self.flush()
        self._by_name.clear()
        self.open.clear()

    def _send(self, family: SeriesBuffer) -> None:
        family.date_moments(self._rest_ms or 0)
        if family.values:
            self._outlet.take_rows(family.clock, family.kind, *family.take_out())
