"""Gives a vehicle's rows and events their UTC; holds them while it is not known and stamps them when it is.

    messages, events --> [ held while the clock is in doubt ] --> stamped by the vehicle's clock (gps, rtc)
                                                              \\-> or, when the bound has passed, by arrival
                     --> gathered by family --> `flush` --> outlet

What puts the clock in doubt: no SYSTEM_TIME with a UTC yet; no 3D fix heard yet that would make that UTC a satellite
clock; an offset that stepped, a boot time that fell, or a silence after which boot time and arrival do not agree, until
more messages confirm or refute it. The same bytes give the same stamps.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

from edge.sources.mavlink.mapping.rows import UNIX_FROM_US, RowKind, Stamp
from edge.sources.mavlink.output.output import DeviceOutput, EventBody
from edge.sources.mavlink.timing.clock import Boot, BootTime, Pair
from edge.sources.mavlink.timing.clock_choice import ClockSelector, HoldPolicy
from edge.sources.mavlink.timing.interleaving import LEAP_MS, ClockInterleaveDetector
from edge.sources.mavlink.timing.pending import PendingMessage
from edge.sources.mavlink.timing.series import Families
from headland.contract.records import Clock, Scalar

__all__ = ["HoldPolicy", "Timeline"]

#: A silence of the link after which boot time is compared with arrival.
_SILENCE_MS: Final = 5000
#: How far they may then differ; more is a vehicle that restarted unheard.
_SILENCE_TOLERANCE_MS: Final = 2000
_ARRIVAL: Final = Clock.ARRIVAL
_BOOT_MS: Final = Stamp.BOOT_MS


class Timeline:
    """The stamping of one vehicle. Events go to `outlet` as soon as they are stamped, rows at the next `flush`."""

    def __init__(self, patience: HoldPolicy, outlet: DeviceOutput) -> None:
        self._patience = patience
        self._outlet = outlet
        self.counts: Counter[str] = Counter()
        #: Counts the vehicle's power-ups as heard here.
        self.session = 0
        #: Two boot times take turns: two vehicles speak as one.
        self.interleaved = False
        #: Whether `session` or `interleaved` has changed since the owner last set this to False.
        self.has_news = False
        self._held: list[PendingMessage] = []
        self._held_since_ms = 0
        self._fallen_at: int | None = None  # where in `_held` a possible reboot begins
        self._fallen_to = (0, 0)  # boot time and arrival of its first message
        self._suspect = False  # the offset may have stepped
        self._unsure = False  # the link was silent and boot time does not fit
        self._boot_due_ms = 0  # when a boot time should have come, else the link was silent
        self._turns = ClockInterleaveDetector()
        self._families = Families(outlet)
        self._boot = BootTime()
        self._ruler = ClockSelector(patience)
        self._map = self._ruler.in_use
        #: What rows that flow are stamped by; None while they are held.
        self._clock: Clock | None = None
        self._decide()

    @property
    def held(self) -> int:
        """How many rows and events wait."""
        return len(self._held) + len(self._turns.strays)

    @property
    def clock(self) -> Clock:
        """What the next row's clock will be called if the doubt is not mended."""
        return self._ruler.clock

    @property
    def boot_ms(self) -> int | None:
        """The newest time since boot of this session."""
        return self._boot.last_ms

    def uncertainty_ms(self) -> float:
        """Return the scatter of the vehicle's UTC; infinite while it is not known."""
        return self._ruler.map.uncertainty_ms()

    def take_row(self, kind: RowKind, values: Any, raw: int, arrival_ms: int) -> None:
        """Take a message that says `raw` as its own time, in the sense of its kind.

        Nearly all take the short way: time since boot goes on, nothing is in doubt, nothing is held.
        """
        stamp, family = kind.stamp, self._families.open.get(kind)
        if stamp == _BOOT_MS:
            if family is not None:
                boot = self._boot
                if (
                    boot.is_plain
                    and 0 <= raw - boot.last_ms <= LEAP_MS  # type: ignore[operator]  # plain: there is a last one
                    and arrival_ms <= self._boot_due_ms
                    and raw > family.last_own_ms
                ):
                    boot.last_ms = family.last_own_ms = raw
                    self._boot_due_ms = arrival_ms + _SILENCE_MS
                    family.moments_ms.append(raw)
                    family.values.append(values)
                    return
            self._take_dated(kind, values, self._observe_boot(raw, arrival_ms), arrival_ms)
            return
        own_ms = self._own_ms(kind, raw) if stamp else None
        if family is not None and not stamp:
            family.moments_ms.append(self._boot.last_ms or 0)
            family.values.append(values)
        elif family is not None and own_ms is not None and own_ms > family.last_own_ms:
            family.last_own_ms = own_ms
            family.moments_ms.append(own_ms)
            family.values.append(values)
        else:
            self._take_dated(kind, values, own_ms, arrival_ms)

    def take_ambient(self, kind: RowKind, values: Any, arrival_ms: int) -> None:
        """Take a message without a time of its own: it has that of the last message that had one."""
        self._take(kind, values, None, arrival_ms)

    def take_event(self, kind: str, data: dict[str, Scalar], arrival_ms: int) -> None:
        """Take an event; its time is that of the last message that had one."""
        self._take(None, EventBody(kind, data), None, arrival_ms)

    def take_time(self, unix_us: int, boot_ms: int, arrival_ms: int) -> None:
        """Take a SYSTEM_TIME."""
        own_ms = self._observe_boot(boot_ms, arrival_ms)
        ruler = self._ruler
        if self._fallen_at is not None:
            return
        if self._turns.is_in_doubt(arrival_ms):
            if not ruler.map.agrees(unix_us, own_ms):
                return
            self._turns.forget_leap()
        was_offset_ms = ruler.map.offset_ms
        pair = ruler.map.observe(unix_us, own_ms)
        ahead_ms = ruler.compare(own_ms, arrival_ms)
        if ahead_ms is not None:
            data: dict[str, Scalar] = {"active": ruler.is_distrusted, "ahead_ms": ahead_ms}
            self._announce("clock_disagrees", data, own_ms, arrival_ms)
            self._decide()
        is_steady = pair is Pair.STEADY and self._clock not in (None, _ARRIVAL) and not ruler.by_arrival
        if pair is Pair.UNKNOWN or is_steady:
            if ruler.by_arrival and self._clock is _ARRIVAL:
                self._decide()
            self._follow_clock()
            return
        self._suspect = pair is Pair.SUSPECT
        self._unsure = self._unsure and self._suspect
        if pair is Pair.STEPPED:
            self._families.end_segment()
            data = {"step_ms": round(ruler.map.offset_ms - was_offset_ms), "followed": not ruler.is_distrusted}
            self._announce("clock_step", data, own_ms, arrival_ms)
        elif ruler.by_arrival and not self._suspect:
            ruler.by_arrival = False
            self._families.end_segment()
            self._announce("clock_found", {}, own_ms, arrival_ms)
        self._decide()

    def note_fix(self) -> None:
        """Take that the vehicle has a 3D fix: its UTC is a satellite clock from now on."""
        if not self._ruler.has_fix:
            self._ruler.has_fix = True
            self._decide()

    def expire(self, now_ms: int) -> None:
        """Stop waiting for what has not come within the bound."""
        if self._clock is not None and self._turns.waited(now_ms):
            self._take_back_strays()
            self.flush()
        wait_ms = self._patience.wait_ms
        if wait_ms is not None and self._held and now_ms - self._held_since_ms > wait_ms:
            self.give_up()
            self.flush()

    def abandon(self) -> int:
        """Drop what waits: it cannot be told whose it is. Returns how much."""
        dropped = len(self._held) + len(self._turns.take_back())
        self._held = []
        return dropped

    def give_up(self) -> None:
        """Stamp what waits with the best there is: the vehicle's undisciplined clock, else arrival."""
        if self._ruler.map.known and not (self._suspect or self._unsure or self._fallen_at is not None):
            self._ruler.without_fix = True
            self._take_back_strays()
        else:
            self._ruler.forget_utc()
            self._suspect = self._unsure = False
            self._fallen_at = None
            self._held = self._turns.take_back() + self._held
        self._families.end_segment()
        self._decide()

    def flush(self) -> None:
        """Let all rows leave that are stamped."""
        self._families.flush()

    def _follow_clock(self) -> None:
        is_by_boot = self._clock is not None and self._clock is not _ARRIVAL
        self._families.follow(self._clock, self._map.rest_ms if is_by_boot else None)

    def _own_ms(self, kind: RowKind, raw: int) -> int | None:
        """Return the time since boot that a stamp which wraps or stands still means, None where it means none."""
        if kind.stamp == Stamp.WRAPPED_US:
            return self._boot.unwrap_us(raw)
        if 0 < raw < UNIX_FROM_US and self._boot.near(raw // 1000):
            return raw // 1000 if raw // 1000 > self._families.last_own_ms(kind.family) else None
        return None

    def _observe_boot(self, raw_ms: int, arrival_ms: int) -> int:
        before_ms, before_arrival_ms = self._boot.last_ms, self._boot_due_ms - _SILENCE_MS
        own_ms, state = self._boot.observe(raw_ms)
        self._boot_due_ms = arrival_ms + _SILENCE_MS
        if state is Boot.RUNNING:
            if self._fallen_at is not None:  # the fall was a late message
                self.counts["late_rows"] += 1
                self._note_stray(own_ms, self._fallen_at)
                self._fallen_at = None
                self._decide()
            elif before_ms is not None:
                silence_ms = arrival_ms - before_arrival_ms
                advance_ms = own_ms - before_ms
                if silence_ms > _SILENCE_MS and abs(advance_ms - silence_ms) > _SILENCE_TOLERANCE_MS:
                    self._unsure = self._ruler.map.known
                    self._decide()
                elif advance_ms - silence_ms > LEAP_MS:
                    self._turns.note_leap(arrival_ms)
                    self._unsure = not self._ruler.by_arrival
                    self._decide()
        elif state is Boot.FALLEN and self._fallen_at is None:
            self._fallen_at, self._fallen_to = len(self._held), (own_ms, arrival_ms)
            if self._turns.has_leapt(arrival_ms):
                self.interleaved = self.has_news = True
            self._decide()
        elif state is Boot.REBOOTED:
            self._restart(arrival_ms)
        return own_ms

    def _note_stray(self, boot_ms: int, fallen_at: int) -> None:
        """Note a boot time far behind that the next one did not confirm."""
        if boot_ms - self._fallen_to[0] < LEAP_MS:
            return
        rows = self._held[fallen_at:]
        del self._held[fallen_at:]
        if self._turns.note_fall(self._fallen_to, rows):
            self.interleaved = self.has_news = True

    def _take_back_strays(self) -> None:
        """Stamp what was only very late, with its own time; what came with it and has none goes too."""
        moment_ms = self._boot.last_ms
        for item in self._turns.take_back():
            moment_ms = item.own_ms if item.own_ms is not None else moment_ms
            self._stamp(item.kind, item.body, item.own_ms, moment_ms, item.arrival_ms)

    def _restart(self, arrival_ms: int) -> None:
        """Begin a session: what was held before the fall is stamped with what the old session knew."""
        at = self._fallen_at or 0
        of_old, of_new = self._held[:at], self._held[at:]
        self._held = of_old
        self._fallen_at = None
        if of_old:
            self.give_up()
        self.session += 1
        self.has_news = True
        self._turns.forget_falls()
        if self._turns.has_leapt(arrival_ms):
            self.interleaved = True
        self._ruler = ClockSelector(self._patience)
        self._suspect = self._unsure = False
        self._families.end_segment()
        first_ms, first_arrival_ms = self._boot.last_ms, arrival_ms
        if of_new:
            first_ms, first_arrival_ms = of_new[0].own_ms, of_new[0].arrival_ms
        reboot = PendingMessage.event("reboot", {"session": self.session}, first_ms, first_arrival_ms)
        self._held = [reboot, *of_new]
        self._held_since_ms = first_arrival_ms
        self._decide()

    def _announce(self, kind: str, data: dict[str, Scalar], boot_ms: int, arrival_ms: int) -> None:
        if not self._held:
            self._held_since_ms = arrival_ms
        self._held.insert(0, PendingMessage.event(kind, data, boot_ms, arrival_ms))

    def _take_dated(self, kind: RowKind, values: Any, own_ms: int | None, arrival_ms: int) -> None:
        """Take a row by itself; by arrival, which is all that some vehicles ever have, there is nothing to ask."""
        if self._clock is not _ARRIVAL:
            self._take(kind, values, own_ms, arrival_ms)
        elif not self._families.take(kind, _ARRIVAL, arrival_ms, own_ms, values):
            self.counts["repeated"] += 1

    def _take(self, kind: RowKind | None, body: Any, own_ms: int | None, arrival_ms: int) -> None:
        ambient_ms = None if self._fallen_at is not None else self._boot.last_ms
        if self._clock is not None:
            self._stamp(kind, body, own_ms, ambient_ms if own_ms is None else own_ms, arrival_ms)
            return
        if not self._held:
            self._held_since_ms = arrival_ms
        self._held.append(PendingMessage(arrival_ms, own_ms, ambient_ms, kind, body))
        self.expire(arrival_ms)
        if len(self._held) > self._patience.rows:
            self.counts["held_overflow"] += len(self._held)
            self.give_up()

    def _decide(self) -> None:
        """See whether rows may flow, and let those that waited go."""
        self._map = self._ruler.in_use
        in_doubt = self._suspect or self._unsure or self._fallen_at is not None
        self._clock = None if in_doubt or not self._ruler.is_known else self._ruler.clock
        self._follow_clock()
        if self._clock is None or not self._held:
            return
        held, self._held = self._held, []
        known = (moment for item in held if (moment := item.moment_ms) is not None)
        moment_ms = next(known, self._boot.last_ms)
        for item in held:
            own_moment_ms = item.moment_ms
            moment_ms = moment_ms if own_moment_ms is None else own_moment_ms
            self._stamp(item.kind, item.body, item.own_ms, moment_ms, item.arrival_ms)

    def _stamp(
        self, kind: RowKind | None, body: Any, own_ms: int | None, moment_ms: int | None, arrival_ms: int
    ) -> None:
        """Give its UTC to what happened at `moment_ms` since boot.

        A row's time is unique within its family; a repeated message (the same `own_ms`) is counted and left out.
        """
        clock = self._ruler.clock
        time_ms = arrival_ms if clock is _ARRIVAL else self._map.utc_ms(moment_ms or 0)
        if kind is None:
            self._outlet.take_event(clock, time_ms, body)
            return
        if not self._families.take(kind, clock, time_ms, own_ms, body):
            self.counts["repeated"] += 1
        self._follow_clock()
