"""Times of subjects by their own data: what time it is for a device, whatever the station's clock shows. Pure.

A device whose newest sample advances as real seconds do is of now, though the station's clock may be years away from
it. Its time is that of its newest sample and the seconds since that was first seen: the same as on a gateway, see
`edge.pipeline.alarms.evaluator`. So a clock that is wrong neither hides samples that are ahead of it, nor makes
history of those that are behind, and silence is measured all the same.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from headland.clock.station_clock.record import AGREE_MS


@dataclass(frozen=True, slots=True)
class SubjectTimes:
    """Times of devices at one instant. `own_ms`: of those that are judged by their own; `present`: of now, by both."""

    own_ms: Mapping[str, int] = field(default_factory=dict)
    present: frozenset[str] = frozenset()

    def of(self, devices: Sequence[str], now_ms: int) -> int:
        """Return the time for devices that are judged together: one of another time does not move the others."""
        own_ms = [self.own_ms[device] for device in devices if device in self.own_ms]
        if not own_ms or not self.present.isdisjoint(devices):
            return now_ms
        return statistics.median_low(own_ms)


@dataclass(slots=True)
class _Stream:
    """The newest sample of a device and when it was first seen. `runs`: it advances as seconds do.

    `was_present`: it ran at the station's time before that was moved.
    """

    newest_ms: int
    seen_s: float
    runs: bool = False
    was_present: bool = False


class SubjectClocks:
    """Follows the newest samples of devices, round by round. Not safe to call from several threads at once."""

    def __init__(self) -> None:
        self._streams: dict[str, _Stream] = {}
        self._origin_ms: float | None = None

    def observe(
        self, newest: Iterable[tuple[str, int, int]], now_ms: int, up_s: float, *, in_doubt: bool
    ) -> SubjectTimes:
        """Return the times of devices, each given by its name, its newest sample, and the station's time for it.

        `up_s` is any monotonic clock. While the station's clock is in doubt a device is judged by its own time where
        that runs, or is ahead of the clock. A clock that is believed is wrong only for a device that runs ahead of it,
        or that was of now before the clock was moved and runs on as before: anything else is late.
        """
        origin_ms = now_ms - up_s * 1000
        is_moved = self._origin_ms is not None and abs(origin_ms - self._origin_ms) > AGREE_MS
        self._origin_ms = origin_ms
        streams, own, present = dict[str, _Stream](), dict[str, int](), set[str]()
        for name, newest_ms, station_ms in newest:
            stream = streams[name] = self._follow(name, newest_ms, up_s, is_moved=is_moved and not in_doubt)
            own_ms = stream.newest_ms + round((up_s - stream.seen_s) * 1000)
            if abs(own_ms - station_ms) <= AGREE_MS:
                stream.was_present = stream.was_present or stream.runs
                if stream.runs:
                    present.add(name)
            elif _is_by_itself(stream, is_ahead=own_ms > station_ms, in_doubt=in_doubt):
                own[name] = own_ms
        self._streams = streams
        return SubjectTimes(own, frozenset(present))

    def _follow(self, name: str, newest_ms: int, up_s: float, *, is_moved: bool) -> _Stream:
        before = self._streams.get(name)
        if before is None:
            return _Stream(newest_ms, up_s)
        if newest_ms == before.newest_ms:
            # Until its next sample nothing tells whether it followed a clock that was moved.
            before.runs = before.runs and not is_moved
            return before
        passed_ms = newest_ms - before.newest_ms
        runs = passed_ms > 0 and abs(passed_ms - (up_s - before.seen_s) * 1000) <= AGREE_MS
        return _Stream(newest_ms, up_s, runs, runs and before.was_present)


def _is_by_itself(stream: _Stream, *, is_ahead: bool, in_doubt: bool) -> bool:
    """Tell whether a device whose time is not the station's is judged by its own."""
    if in_doubt:
        return stream.runs or is_ahead
    return stream.runs and (is_ahead or stream.was_present)
