"""Time stamping of one vehicle's rows and events: held while their time is in doubt, stamped when it is known.

    rows, events --> [ held while the clock is in doubt ] --> stamped by the vehicle's clock (gps, rtc), the gateway's
                                                              (ntp), or, when the bound has passed, by arrival
                 --> gathered by series --> `flush`

The time model is described in the package's docstring.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from edge.sources.mavlink.mapping.rows import UNIX_FROM_US, RowKind, Stamp
from edge.sources.mavlink.timing.clock import BootClock, BootState, MapUpdate
from edge.sources.mavlink.timing.clock_choice import ClockSelector, HoldPolicy
from edge.sources.mavlink.timing.interleaving import JUMP_MS, ClockInterleaveDetector
from edge.sources.mavlink.timing.pending import EventBody, PendingMessage, Stamped, StampedEvent, StampedRows
from edge.sources.mavlink.timing.series_buffers import SeriesBuffers
from edge.sources.mavlink.timing.stamp_units import StampUnit, StampUnits
from headland.contract.records import Clock, Scalar

#: A silence of the link after which boot time is compared with arrival.
_SILENCE_MS: Final = 5000
#: How far they may then differ; more is a vehicle that restarted during the silence.
_SILENCE_TOLERANCE_MS: Final = 2000
_SYSTEM_TIME: Final = "SYSTEM_TIME"
_ARRIVAL: Final = Clock.ARRIVAL
_BOOT_MS: Final = Stamp.BOOT_MS
_WRAPPED_US: Final = Stamp.WRAPPED_US


class Timestamper:
    """Gives one vehicle's rows and events their UTC. Results are returned by `stamped` and `flush`, in order."""

    def __init__(self, policy: HoldPolicy) -> None:
        self._policy = policy
        self.counts: Counter[str] = Counter()
        #: Number of reboots seen.
        self.session = 0
        #: Two boot times take turns: two vehicles send as one.
        self.interleaved = False
        #: Whether `session` or `interleaved` has changed since the owner last set this to False.
        self.has_changed = False
        self._stamped: list[Stamped] = []
        self._pending: list[PendingMessage] = []
        self._pending_since_ms = 0
        self._fall_at: int | None = None  # index in `_pending` where a possible reboot begins
        self._fallen_to = (0, 0)  # boot time and arrival of its first message
        self._is_step_possible = False  # a SYSTEM_TIME was off the map
        self._is_jump_possible = False  # the link was silent, or boot time jumped, and boot time does not fit arrival
        self._boot_due_ms = 0  # when a boot time should have come, else the link was silent
        self._interleaving = ClockInterleaveDetector()
        self._buffers = SeriesBuffers()
        self._appendable = self._buffers.appendable
        self._units = StampUnits()
        #: The vehicle's time since boot.
        self.boot = BootClock()
        self._selector = ClockSelector(policy)
        self._map = self._selector.in_use
        #: The clock of rows that flow; None while they are held.
        self._clock: Clock | None = None
        self._update_clock()

    @property
    def pending(self) -> int:
        """How many rows and events wait for their time."""
        return len(self._pending) + len(self._interleaving.set_aside)

    @property
    def clock(self) -> Clock:
        """The clock of a row that were stamped now."""
        return self._selector.clock

    def moment_ms(self, now_ms: int) -> int:
        """Return the newest time since boot of this session, which advances evenly; `now_ms` where there is none."""
        boot_ms = self.boot.last_ms
        return now_ms if boot_ms is None else boot_ms

    def uncertainty_ms(self) -> float:
        """Return the scatter of the vehicle's UTC; infinite while it is not known."""
        return self._selector.map.uncertainty_ms()

    def utc_offset_ms(self, arrival_ms: int) -> int | None:
        """Return UTC less time since boot, of rows that are stamped now; None without a time since boot."""
        boot_ms = self.boot.last_ms
        if boot_ms is None:
            return None
        return (arrival_ms if self._selector.clock is _ARRIVAL else self._map.utc_ms(boot_ms)) - boot_ms

    # Input

    def add_row(self, kind: RowKind, values: Any, raw: int, arrival_ms: int) -> None:
        """Add a message whose own stamp is `raw`, in the sense of its kind.

        Nearly all take the short way: time since boot advances, nothing is in doubt, nothing is held.
        """
        stamp, buffer = kind.stamp, self._appendable.get(kind)
        if stamp == _BOOT_MS:
            if buffer is not None:
                boot = self.boot
                if (
                    boot.is_plain
                    and 0 <= raw - boot.last_ms <= JUMP_MS  # type: ignore[operator]  # plain: there is a last one
                    and arrival_ms <= self._boot_due_ms
                    and raw > buffer.last_stamp_ms
                ):
                    boot.last_ms = buffer.last_stamp_ms = raw
                    self._boot_due_ms = arrival_ms + _SILENCE_MS
                    buffer.boot_times_ms.append(raw)
                    buffer.values.append(values)
                    return
            last_ms = self.boot.last_ms
            if self._units.is_settled and last_ms is not None and 0 <= raw - last_ms <= JUMP_MS:
                self._add_row(kind, values, self._observe_boot(raw, arrival_ms), arrival_ms)
            else:
                self._add_row(kind, values, self._boot_stamp_ms(kind.series, raw, arrival_ms), arrival_ms)
            return
        stamp_ms = self._stamp_ms(kind, raw) if stamp else None
        if buffer is not None and not stamp:
            buffer.boot_times_ms.append(self.boot.last_ms or 0)
            buffer.values.append(values)
        elif buffer is not None and stamp_ms is not None and stamp_ms > buffer.last_stamp_ms:
            buffer.last_stamp_ms = stamp_ms
            buffer.boot_times_ms.append(stamp_ms)
            buffer.values.append(values)
        else:
            self._add_row(kind, values, stamp_ms, arrival_ms)

    def add_unstamped_row(self, kind: RowKind, values: Any, arrival_ms: int) -> None:
        """Add a message without a stamp: it has the time of the last message that had one."""
        self._add(kind, values, None, arrival_ms)

    def add_event(self, event: EventBody, arrival_ms: int) -> None:
        """Add an event; its time is that of the last message that had one."""
        self._add(None, event, None, arrival_ms)

    def add_system_time(self, unix_us: int, boot_ms: int, arrival_ms: int) -> None:
        """Add a SYSTEM_TIME: what UTC it was at a time since boot."""
        stamp_ms = self._boot_stamp_ms(_SYSTEM_TIME, boot_ms, arrival_ms)
        selector = self._selector
        if stamp_ms is None:
            return
        if self._fall_at is not None:
            return
        if self._interleaving.is_in_doubt(arrival_ms):
            if not selector.map.agrees(unix_us, stamp_ms):
                return
            self._interleaving.forget_jump()
        before_offset_ms = selector.map.offset_ms
        pair = selector.map.observe(unix_us, stamp_ms)
        ahead_ms = selector.compare(stamp_ms, arrival_ms)
        if ahead_ms is not None:
            data: dict[str, Scalar] = {"active": selector.is_distrusted, "ahead_ms": ahead_ms}
            self._insert_event("clock_disagrees", data, stamp_ms, arrival_ms)
            self._update_clock()
        is_steady = pair is MapUpdate.STEADY and self._clock not in (None, _ARRIVAL) and not selector.by_arrival
        if pair is MapUpdate.UNKNOWN or is_steady:
            if selector.by_arrival and self._clock is _ARRIVAL:
                self._update_clock()
            self._update_buffers()
            return
        self._is_step_possible = pair is MapUpdate.SUSPECT
        self._is_jump_possible = self._is_jump_possible and self._is_step_possible
        if pair is MapUpdate.STEPPED:
            self._stamped += self._buffers.end_segment()
            step_ms = round(selector.map.offset_ms - before_offset_ms)
            data = {"step_ms": step_ms, "followed": not selector.is_distrusted}
            self._insert_event("clock_step", data, stamp_ms, arrival_ms)
        elif selector.by_arrival and not self._is_step_possible:
            selector.by_arrival = False
            self._stamped += self._buffers.end_segment()
            self._insert_event("clock_found", {}, stamp_ms, arrival_ms)
        self._update_clock()

    def add_fix(self) -> None:
        """Note that the vehicle has a 3D fix: its UTC is a satellite clock from now on."""
        if not self._selector.has_fix:
            self._selector.has_fix = True
            self._update_clock()

    def expire(self, now_ms: int) -> None:
        """Stop waiting where the bound has passed."""
        if self._clock is not None and self._interleaving.is_overdue(now_ms):
            self._stamp_set_aside()
            self._stamped += self._buffers.flush()
        wait_ms = self._policy.wait_ms
        if wait_ms is not None and self._pending and now_ms - self._pending_since_ms > wait_ms:
            self.stamp_pending()
            self._stamped += self._buffers.flush()

    def discard_pending(self) -> int:
        """Discard what waits: it may be of either of two vehicles. Returns how much."""
        discarded = len(self._pending) + len(self._interleaving.take_set_aside())
        self._pending = []
        return discarded

    def stamp_pending(self) -> None:
        """Stamp what waits with the best clock there is: the vehicle's undisciplined one, else arrival."""
        is_in_doubt = self._is_step_possible or self._is_jump_possible or self._fall_at is not None
        if self._selector.map.known and not is_in_doubt:
            self._selector.without_fix = True
            self._stamp_set_aside()
        else:
            self._selector.forget_utc()
            self._is_step_possible = self._is_jump_possible = False
            self._fall_at = None
            self._pending = self._interleaving.take_set_aside() + self._pending
        self._stamped += self._buffers.end_segment()
        self._update_clock()

    # Output

    def stamped(self) -> list[Stamped]:
        """Return what was stamped since the last call and is not gathered: events, and rows of a segment that ended."""
        if not self._stamped:
            return []
        stamped, self._stamped = self._stamped, []
        return stamped

    def flush(self) -> list[Stamped]:
        """Return all that was stamped since the last call, gathered rows last."""
        stamped = self.stamped()
        stamped += self._buffers.flush()
        return stamped

    # Times since boot

    def _boot_stamp_ms(self, series: str, raw: int, arrival_ms: int) -> int | None:
        """Return the time since boot of a message of a series, None where its stamp says nothing of it."""
        silence_ms = max(0, arrival_ms - self._boot_due_ms + _SILENCE_MS)
        unit = self._units.observe(series, raw, self.boot.last_ms, arrival_ms, silence_ms)
        if unit is StampUnit.MS:
            return self._observe_boot(raw, arrival_ms)
        if unit is StampUnit.US:
            return self.boot.unwrap_us(raw)
        self._forget_boot()
        return self._observe_boot(raw, arrival_ms) if unit is StampUnit.US_BEFORE else None

    def _forget_boot(self) -> None:
        """Forget the time since boot: it was in microseconds, so what waits has these."""
        self.boot.forget()
        self._interleaving.forget_jump()
        self._interleaving.forget_falls()
        self._is_jump_possible, self._fall_at = False, None
        self._pending = [
            item._replace(
                stamp_ms=None if item.stamp_ms is None else item.stamp_ms // 1000,
                previous_ms=None if item.previous_ms is None else item.previous_ms // 1000,
            )
            for item in self._pending
        ]
        self._update_clock()

    def _stamp_ms(self, kind: RowKind, raw: int) -> int | None:
        """Return the time since boot of a stamp that wraps or repeats, None where it has no meaning."""
        if kind.stamp == _WRAPPED_US:
            return self.boot.unwrap_us(raw)
        if 0 < raw < UNIX_FROM_US and self.boot.is_near(raw // 1000):
            return raw // 1000 if raw // 1000 > self._buffers.last_stamp_ms(kind.series) else None
        return None

    def _observe_boot(self, raw_ms: int, arrival_ms: int) -> int:
        """Return the unwrapped time since boot; follow what it shows of the session."""
        before_ms, before_arrival_ms = self.boot.last_ms, self._boot_due_ms - _SILENCE_MS
        stamp_ms, state = self.boot.observe(raw_ms)
        self._boot_due_ms = arrival_ms + _SILENCE_MS
        if state is BootState.RUNNING:
            if self._fall_at is not None:  # the fall was a late message
                self.counts["late_rows"] += 1
                self._set_fall_aside(stamp_ms, self._fall_at)
                self._fall_at = None
                self._update_clock()
            elif before_ms is not None:
                silence_ms = arrival_ms - before_arrival_ms
                advance_ms = stamp_ms - before_ms
                if silence_ms > _SILENCE_MS and abs(advance_ms - silence_ms) > _SILENCE_TOLERANCE_MS:
                    self._is_jump_possible = self._selector.map.known
                    self._update_clock()
                elif advance_ms - silence_ms > JUMP_MS:
                    self._interleaving.note_jump(arrival_ms)
                    self._is_jump_possible = not self._selector.by_arrival
                    self._update_clock()
        elif state is BootState.FALLEN and self._fall_at is None:
            self._fall_at, self._fallen_to = len(self._pending), (stamp_ms, arrival_ms)
            if self._interleaving.has_jumped(arrival_ms):
                self.interleaved = self.has_changed = True
            self._update_clock()
        elif state is BootState.REBOOTED:
            self._restart(arrival_ms)
        return stamp_ms

    def _set_fall_aside(self, boot_ms: int, fall_at: int) -> None:
        """Set aside what came with a fall that the next message, at `boot_ms`, did not confirm."""
        if boot_ms - self._fallen_to[0] < JUMP_MS:
            return
        rows = self._pending[fall_at:]
        del self._pending[fall_at:]
        if self._interleaving.note_fall(self._fallen_to, rows):
            self.interleaved = self.has_changed = True

    def _stamp_set_aside(self) -> None:
        """Stamp what was only very late with its own time, and what came with it without a stamp likewise."""
        boot_ms = self.boot.last_ms
        for item in self._interleaving.take_set_aside():
            boot_ms = item.stamp_ms if item.stamp_ms is not None else boot_ms
            self._stamp(item.kind, item.body, item.stamp_ms, boot_ms, item.arrival_ms)

    def _restart(self, arrival_ms: int) -> None:
        """Begin a session. What was held before the fall is stamped with what the old session knew."""
        at = self._fall_at or 0
        of_old, of_new = self._pending[:at], self._pending[at:]
        self._pending = of_old
        self._fall_at = None
        if of_old:
            self.stamp_pending()
        self.session += 1
        self.has_changed = True
        self._interleaving.forget_falls()
        if self._interleaving.has_jumped(arrival_ms):
            self.interleaved = True
        self._selector = ClockSelector(self._policy)
        self._is_step_possible = self._is_jump_possible = False
        self._stamped += self._buffers.end_segment()
        first_ms, first_arrival_ms = self.boot.last_ms, arrival_ms
        if of_new:
            first_ms, first_arrival_ms = of_new[0].stamp_ms, of_new[0].arrival_ms
        reboot = PendingMessage.event(EventBody("reboot", {"session": self.session}), first_ms, first_arrival_ms)
        self._pending = [reboot, *of_new]
        self._pending_since_ms = first_arrival_ms
        self._update_clock()

    # Hold and release

    def _insert_event(self, kind: str, data: dict[str, Scalar], boot_ms: int, arrival_ms: int) -> None:
        """Put an event of the clock itself before all that is held."""
        if not self._pending:
            self._pending_since_ms = arrival_ms
        self._pending.insert(0, PendingMessage.event(EventBody(kind, data), boot_ms, arrival_ms))

    def _add_row(self, kind: RowKind, values: Any, stamp_ms: int | None, arrival_ms: int) -> None:
        """Add one row; by arrival, which is all that some vehicles ever have, nothing needs to be checked."""
        if self._clock is not _ARRIVAL:
            self._add(kind, values, stamp_ms, arrival_ms)
            return
        released = self._buffers.add(kind, _ARRIVAL, arrival_ms, stamp_ms, values)
        if released != ():
            self._note_added(released)

    def _add(self, kind: RowKind | None, body: Any, stamp_ms: int | None, arrival_ms: int) -> None:
        previous_ms = None if self._fall_at is not None else self.boot.last_ms
        if self._clock is not None:
            self._stamp(kind, body, stamp_ms, previous_ms if stamp_ms is None else stamp_ms, arrival_ms)
            return
        if not self._pending:
            self._pending_since_ms = arrival_ms
        self._pending.append(PendingMessage(arrival_ms, stamp_ms, previous_ms, kind, body))
        self.expire(arrival_ms)
        if len(self._pending) > self._policy.rows:
            self.counts["held_overflow"] += len(self._pending)
            self.stamp_pending()

    def _update_clock(self) -> None:
        """Determine whether rows may flow, and by which clock; stamp those that waited."""
        self._map = self._selector.in_use
        in_doubt = self._is_step_possible or self._is_jump_possible or self._fall_at is not None
        self._clock = None if in_doubt or not self._selector.is_known else self._selector.clock
        self._update_buffers()
        if self._clock is None or not self._pending:
            return
        pending, self._pending = self._pending, []
        known = (boot_ms for item in pending if (boot_ms := item.boot_ms) is not None)
        boot_ms = next(known, self.boot.last_ms)
        for item in pending:
            item_boot_ms = item.boot_ms
            boot_ms = boot_ms if item_boot_ms is None else item_boot_ms
            self._stamp(item.kind, item.body, item.stamp_ms, boot_ms, item.arrival_ms)

    def _update_buffers(self) -> None:
        is_by_boot = self._clock is not None and self._clock is not _ARRIVAL
        self._buffers.set_clock(self._clock, self._map.constant_offset_ms if is_by_boot else None)

    def _stamp(
        self, kind: RowKind | None, body: Any, stamp_ms: int | None, boot_ms: int | None, arrival_ms: int
    ) -> None:
        """Give its UTC to what happened at `boot_ms`."""
        clock = self._selector.clock
        time_ms = arrival_ms if clock is _ARRIVAL else self._map.utc_ms(boot_ms or 0)
        if kind is None:
            self._stamped.append(StampedEvent(clock, time_ms, body))
            return
        released = self._buffers.add(kind, clock, time_ms, stamp_ms, body)
        if released != ():
            self._note_added(released)
        self._update_buffers()

    def _note_added(self, released: Sequence[StampedRows] | None) -> None:
        """Pass on the rows that an added one released; count a repeated message, which was left out."""
        if released is None:
            self.counts["repeated"] += 1
        else:
            self._stamped += released
