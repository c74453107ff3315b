"""Gives a vehicle's rows and events their UTC; holds them while it is not known and stamps them when it is.

    rows, events --> [ held while the clock is in doubt ] --> stamped by the vehicle's clock (gps, rtc)
                                                          \\-> or, when the bound has passed, by arrival

What puts the clock in doubt: no SYSTEM_TIME with a UTC yet; no 3D fix heard yet that would make that UTC a satellite
clock; an offset that stepped, a boot time that fell, or a silence after which boot time and arrival do not agree, until
more messages confirm or refute it. The same bytes give the same stamps.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from edge.mavlink.clock import Boot, BootTime, HostMap, Pair, UtcMap
from edge.mavlink.samples import UNIX_FROM_US, Stamp, Values
from edge.reading import DeviceId, Reading
from headland.contract.records import Clock, Scalar

#: A silence of the link after which boot time is compared with arrival.
_SILENCE_MS: Final = 5000
_ARRIVAL: Final = Clock.ARRIVAL
_BOOT_MS: Final = Stamp.BOOT_MS
#: A vehicle's UTC further from a disciplined gateway's clock than a link can delay is wrong.
_DISAGREES_MS: Final = 1000
#: How far they may then differ; more is a vehicle that restarted unheard.
_SILENCE_TOLERANCE_MS: Final = 2000


#: A boot time that goes on by so much more than has passed, or falls back by as much between others that do not, is
#: another vehicle's, or very late.
_LEAP_MS: Final = 5000
#: A leap and a fall within this are two clocks; one that only leaps is believed again after the second.
_LEAP_MEMORY_MS: Final = 30_000
_LEAP_DOUBT_MS: Final = 1500
#: So many falls between others, with a clock of their own that goes on, are another vehicle's.
_TURNS: Final = 3
#: Without another one for so long, a fall was a very late message.
_STRAY_WAIT_MS: Final = 3000


class EventBody(NamedTuple):
    """An event before its time and device are known."""

    kind: str
    data: dict[str, Scalar]


#: Takes a row (`family` says of what) or an event (no family) with its clock and UTC: (clock, time_ms, family, body).
#: Returns whose further rows of the family are that have as many channels, where they may leave at once.
Emit = Callable[[Clock, int, str, Values | EventBody], DeviceId | None]


class _Held(NamedTuple):
    """What waits: `own_ms` its own time since boot, `ambient_ms` that of the last message that had one."""

    arrival_ms: int
    own_ms: int | None
    ambient_ms: int | None
    family: str
    body: Values | EventBody


@dataclass(slots=True)
class _Track:
    """The last stamps of one family, to keep them unique, and whose its rows are."""

    last_time_ms: int = -1
    last_own_ms: int = -1
    recent_own_ms: deque[int] = field(default_factory=lambda: deque(maxlen=32))
    source: DeviceId | None = None
    width: int = 0


@dataclass(frozen=True, slots=True)
class Patience:
    """How long rows may wait for a clock.

    `wait_ms`: None waits to the end (a file). `rows`: when more wait, all are stamped by arrival, counted as
    `held_overflow`. `utc`, `fix`: False where it is known beforehand that none will come. `host`: arrival is told by a
    clock that a time server keeps right, so that a vehicle whose UTC is seconds away from it is not believed.
    """

    wait_ms: int | None
    rows: int
    utc: bool = True
    fix: bool = True
    host: bool = False


class Timeline:
    """The stamping of one vehicle. What is stamped goes to `emit` at once, in the order it was taken.

    Rows of a family that `emit` gave a device go to `out` without asking again, until `forget_sources`.
    """

    def __init__(self, patience: Patience, emit: Emit, out: list[Any]) -> None:
        self._patience = patience
        self._emit = emit
        self._out = out
        self.counts: Counter[str] = Counter()
        #: Counts the vehicle's power-ups as heard here.
        self.session = 0
        self._held: list[_Held] = []
        self._held_since_ms = 0
        self._fallen_at: int | None = None  # where in `_held` a possible reboot begins
        self._fallen_to = (0, 0)  # boot time and arrival of its first message
        self._suspect = False  # the offset may have stepped
        self._unsure = False  # the link was silent and boot time does not fit
        self._boot_due_ms = 0  # when a boot time should have come, else the link was silent
        #: Two boot times take turns: two vehicles speak as one.
        self.interleaved = False
        #: Whether `session` or `interleaved` has changed since the owner last set this to False.
        self.has_news = False
        self._strays: deque[tuple[int, int]] = deque(maxlen=_TURNS)
        self._stray_rows: list[_Held] = []
        self._last_leap_ms: int | None = None
        self._tracks: dict[str, _Track] = {}
        self._boot = BootTime()
        self._map = UtcMap()
        self._host = HostMap()
        self._ruler: UtcMap | HostMap = self._map  # what rows are stamped with that are not stamped by arrival
        self._is_distrusted = False  # the vehicle's UTC is away from the gateway's, which is known to be right
        self._fix = False
        self._by_arrival = not patience.utc
        self._without_fix = not patience.fix
        #: What rows that flow are stamped by; None while they are held.
        self._clock: Clock | None = None
        self._decide()

    @property
    def held(self) -> int:
        """How many rows and events wait."""
        return len(self._held) + len(self._stray_rows)

    @property
    def clock(self) -> Clock:
        """What the next row's clock will be called if the doubt is not mended."""
        if self._is_distrusted:
            return Clock.NTP
        if self._by_arrival or not self._map.known:
            return Clock.NTP if self._patience.host and self._host.known else Clock.ARRIVAL
        return Clock.GPS if self._fix else Clock.RTC

    def uncertainty_ms(self) -> float:
        """Return the scatter of the vehicle's UTC; infinite while it is not known."""
        return self._map.uncertainty_ms()

    def take_row(self, stamp: int, family: str, values: Values, raw: int, arrival_ms: int) -> None:
        """Take a row of a message that says `raw` as its own time, in the sense of `stamp`.

        Nearly all rows take the short way: time since boot goes on, nothing is in doubt, nothing is held.
        """
        boot, clock = self._boot, self._clock
        own_ms: int | None = None
        if stamp == _BOOT_MS:
            if boot.is_plain and 0 <= raw - boot.last_ms <= _LEAP_MS and arrival_ms <= self._boot_due_ms:  # type: ignore[operator]  # plain: there is a last one
                boot.last_ms = own_ms = raw
                self._boot_due_ms = arrival_ms + _SILENCE_MS
            else:
                own_ms = self._observe_boot(raw, arrival_ms)
                clock = self._clock
        elif stamp:
            own_ms = self._own_ms(stamp, family, raw)
        track = self._tracks.get(family)
        if clock is None or track is None or (own_ms is not None and own_ms <= track.last_own_ms):
            self._take(family, values, own_ms, arrival_ms)
            return
        if own_ms is not None:
            track.last_own_ms = own_ms
            track.recent_own_ms.append(own_ms)
        if clock is _ARRIVAL:
            time_ms = arrival_ms
        else:
            moment_ms = boot.last_ms or 0 if own_ms is None else own_ms
            rest_ms = self._ruler.rest_ms
            time_ms = self._ruler.utc_ms(moment_ms) if rest_ms is None else moment_ms + rest_ms
        if time_ms <= track.last_time_ms:
            time_ms = track.last_time_ms + 1
        track.last_time_ms = time_ms
        if track.source is not None and track.width == len(values):
            self._out.append(Reading(track.source, clock, time_ms, values))
        else:
            track.source, track.width = self._emit(clock, time_ms, family, values), len(values)

    def forget_sources(self) -> None:
        """Ask `emit` again whose rows are: the vehicle's name has changed or is awaited."""
        for track in self._tracks.values():
            track.source = None

    def _own_ms(self, stamp: int, family: str, raw: int) -> int | None:
        """Return the time since boot that a stamp which wraps or stands still means, None where it means none."""
        if stamp == Stamp.WRAPPED_US:
            return self._boot.unwrap_us(raw)
        if 0 < raw < UNIX_FROM_US and self._boot.near(raw // 1000):
            track = self._tracks.get(family)
            return raw // 1000 if track is None or raw // 1000 > track.last_own_ms else None
        return None

    def take_values(self, family: str, values: Values, arrival_ms: int) -> None:
        """Take a row without a time of its own: it has that of the last message that had one."""
        self._take(family, values, None, arrival_ms)

    @property
    def boot_ms(self) -> int | None:
        """The newest time since boot of this session."""
        return self._boot.last_ms

    def take_event(self, kind: str, data: dict[str, Scalar], arrival_ms: int) -> None:
        """Take an event; its time is that of the last message that had one."""
        self._take("", EventBody(kind, data), None, arrival_ms)

    def take_time(self, unix_us: int, boot_ms: int, arrival_ms: int) -> None:
        """Take a SYSTEM_TIME."""
        own_ms = self._observe_boot(boot_ms, arrival_ms)
        if self._fallen_at is not None:
            return
        if self._last_leap_ms is not None and arrival_ms - self._last_leap_ms < _LEAP_DOUBT_MS:
            if not self._map.agrees(unix_us, own_ms):
                return
            self._last_leap_ms = None  # the same clock: messages between were lost
        was_offset_ms = self._map.offset_ms
        pair = self._map.observe(unix_us, own_ms)
        self._compare(own_ms, arrival_ms)
        if pair is Pair.UNKNOWN or (
            pair is Pair.STEADY and self._clock not in (None, _ARRIVAL) and not self._by_arrival
        ):
            if self._by_arrival and self._clock is _ARRIVAL:
                self._decide()
            return
        self._suspect = pair is Pair.SUSPECT
        self._unsure = self._unsure and self._suspect
        if pair is Pair.STEPPED:
            self._tracks.clear()
            step_ms = round(self._map.offset_ms - was_offset_ms)
            data: dict[str, Scalar] = {"step_ms": step_ms, "followed": not self._is_distrusted}
            self._announce("clock_step", data, own_ms, arrival_ms)
        elif self._by_arrival and not self._suspect:
            self._by_arrival = False
            self._tracks.clear()
            self._announce("clock_found", {}, own_ms, arrival_ms)
        self._decide()

    def _compare(self, boot_ms: int, arrival_ms: int) -> None:
        """Hold the vehicle's UTC against the gateway's, where that is known to be right."""
        if not self._patience.host:
            return
        self._host.observe(boot_ms, arrival_ms)
        rest_ms = self._host.rest_ms
        if rest_ms is None or not self._map.known:
            return
        difference_ms = round(self._map.offset_ms - rest_ms)
        is_distrusted = abs(difference_ms) > _DISAGREES_MS
        if is_distrusted != self._is_distrusted:
            self._is_distrusted = is_distrusted
            self._announce("clock_disagrees", {"active": is_distrusted, "ahead_ms": difference_ms}, boot_ms, arrival_ms)
            self._decide()

    def note_fix(self) -> None:
        """Take that the vehicle has a 3D fix: its UTC is a satellite clock from now on."""
        if not self._fix:
            self._fix = True
            self._decide()

    def expire(self, now_ms: int) -> None:
        """Stop waiting for what has not come within the bound."""
        if self._stray_rows and self._clock is not None and now_ms - self._stray_rows[-1].arrival_ms > _STRAY_WAIT_MS:
            self._take_back_strays()
        wait_ms = self._patience.wait_ms
        if wait_ms is not None and self._held and now_ms - self._held_since_ms > wait_ms:
            self.give_up()

    def abandon(self) -> int:
        """Drop what waits: it cannot be told whose it is. Returns how much."""
        dropped = len(self._held) + len(self._stray_rows)
        self._held, self._stray_rows = [], []
        return dropped

    def give_up(self) -> None:
        """Stamp what waits with the best there is: the vehicle's undisciplined clock, else arrival."""
        if self._map.known and not (self._suspect or self._unsure or self._fallen_at is not None):
            self._without_fix = True
            self._take_back_strays()
        else:
            self._by_arrival = True
            self._map = UtcMap()
            self._suspect = self._unsure = False
            self._fallen_at = None
            self._held = self._stray_rows + self._held
            self._stray_rows = []
        self._tracks.clear()
        self._decide()

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
                    self._unsure = self._map.known
                    self._decide()
                elif advance_ms - silence_ms > _LEAP_MS:
                    self._note_leap(arrival_ms)
        elif state is Boot.FALLEN and self._fallen_at is None:
            self._fallen_at, self._fallen_to = len(self._held), (own_ms, arrival_ms)
            if self._last_leap_ms is not None and arrival_ms - self._last_leap_ms < _LEAP_MEMORY_MS:
                self.interleaved = self.has_news = True
            self._decide()
        elif state is Boot.REBOOTED:
            self._restart(arrival_ms)
        return own_ms

    def _note_leap(self, arrival_ms: int) -> None:
        """Note that boot time went on by more than passed: another vehicle's, if it falls back again."""
        self._last_leap_ms = arrival_ms
        self._unsure = not self._by_arrival
        self._decide()

    def _note_stray(self, boot_ms: int, fallen_at: int) -> None:
        """Note a boot time far behind that the next one did not confirm; several that go on evenly are a clock.

        Until then its rows stay aside: they are a very late message's, or another vehicle's.
        """
        stray_ms, arrival_ms = self._fallen_to
        if boot_ms - stray_ms < _LEAP_MS:
            return
        self._strays.append(self._fallen_to)
        self._stray_rows += self._held[fallen_at:]
        del self._held[fallen_at:]
        first_ms, first_arrival_ms = self._strays[0]
        went_on_ms, passed_ms = stray_ms - first_ms, arrival_ms - first_arrival_ms
        if len(self._strays) == _TURNS and went_on_ms > 0 and abs(went_on_ms - passed_ms) < _LEAP_MS / 2:
            self.interleaved = self.has_news = True

    def _take_back_strays(self) -> None:
        """Stamp what was only very late, with its own time; what came with it and has none goes too."""
        rows, self._stray_rows = self._stray_rows, []
        moment_ms = self._boot.last_ms
        for item in rows:
            moment_ms = item.own_ms if item.own_ms is not None else moment_ms
            self._stamp(item.family, item.body, item.own_ms, moment_ms, item.arrival_ms)

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
        self._strays.clear()
        self._host, self._is_distrusted = HostMap(), False
        if self._last_leap_ms is not None and arrival_ms - self._last_leap_ms < _LEAP_MEMORY_MS:
            self.interleaved = self.has_news = True
        self._map = UtcMap()
        self._fix = self._suspect = self._unsure = False
        self._by_arrival = not self._patience.utc
        self._without_fix = not self._patience.fix
        self._tracks.clear()
        first = of_new[0] if of_new else None
        reboot = _Held(
            first.arrival_ms if first else arrival_ms,
            None,
            first.own_ms if first else self._boot.last_ms,
            "",
            EventBody("reboot", {"session": self.session}),
        )
        self._held = [reboot, *of_new]
        self._held_since_ms = reboot.arrival_ms
        self._decide()

    def _announce(self, kind: str, data: dict[str, Scalar], boot_ms: int, arrival_ms: int) -> None:
        if not self._held:
            self._held_since_ms = arrival_ms
        self._held.insert(0, _Held(arrival_ms, None, boot_ms, "", EventBody(kind, data)))

    def _take(self, family: str, body: Values | EventBody, own_ms: int | None, arrival_ms: int) -> None:
        ambient_ms = None if self._fallen_at is not None else self._boot.last_ms
        if self._clock is not None:
            self._stamp(family, body, own_ms, ambient_ms if own_ms is None else own_ms, arrival_ms)
            return
        if not self._held:
            self._held_since_ms = arrival_ms
        self._held.append(_Held(arrival_ms, own_ms, ambient_ms, family, body))
        self.expire(arrival_ms)
        if len(self._held) > self._patience.rows:
            self.counts["held_overflow"] += len(self._held)
            self.give_up()

    def _decide(self) -> None:
        """See whether rows may flow, and let those that waited go."""
        has_clock = self._by_arrival or (self._map.known and (self._fix or self._without_fix))
        is_by_host = self._is_distrusted or (self._by_arrival and self._patience.host and self._host.known)
        self._ruler = self._host if is_by_host else self._map
        in_doubt = self._suspect or self._unsure or self._fallen_at is not None
        self._clock = None if in_doubt or not has_clock else self.clock
        if self._clock is None or not self._held:
            return
        held, self._held = self._held, []
        known = (moment for item in held if (moment := _moment(item)) is not None)
        moment_ms = next(known, self._boot.last_ms)
        for item in held:
            own_moment_ms = _moment(item)
            moment_ms = moment_ms if own_moment_ms is None else own_moment_ms
            self._stamp(item.family, item.body, item.own_ms, moment_ms, item.arrival_ms)

    def _stamp(
        self, family: str, body: Values | EventBody, own_ms: int | None, moment_ms: int | None, arrival_ms: int
    ) -> None:
        """Emit with its UTC what happened at `moment_ms` since boot.

        A row's time is unique within its family; a repeated message (the same `own_ms`) is counted and left out.
        """
        clock = self.clock
        time_ms = arrival_ms if clock is _ARRIVAL else self._ruler.utc_ms(moment_ms or 0)
        if family:
            track = self._tracks.get(family)
            if track is None:
                track = self._tracks[family] = _Track()
            is_late = False
            if own_ms is not None:
                if own_ms > track.last_own_ms:
                    track.last_own_ms = own_ms
                elif own_ms in track.recent_own_ms:
                    self.counts["repeated"] += 1
                    return
                else:
                    is_late = True
                track.recent_own_ms.append(own_ms)
            if not is_late:
                if time_ms <= track.last_time_ms:
                    time_ms = track.last_time_ms + 1
                track.last_time_ms = time_ms
        self._emit(clock, time_ms, family, body)


def _moment(item: _Held) -> int | None:
    return item.own_ms if item.own_ms is not None else item.ambient_ms
