"""One vehicle on one link: who it is, what it says, what changed.

    frame --> before its heartbeat: waits --> state changes become events  \\
                                          --> values                        > timeline (UTC) --> outlet (device id)

The device id may be known later than the time: see `naming`.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from edge.mavlink.chronicle import Chronicle
from edge.mavlink.columns import FIX_3D
from edge.mavlink.frame import AUTOPILOT, RawFrame
from edge.mavlink.identity import Surroundings
from edge.mavlink.lanes import NO_ROW, Lane, Note, Tap, make_lanes
from edge.mavlink.messages import (
    LAYOUTS,
    AutopilotVersion,
    CommandAck,
    Heartbeat,
    MissionCurrent,
    ParamValue,
    SystemTime,
    decode_message,
)
from edge.mavlink.names import AUTOPILOT_INVALID, TYPE_GCS, model_name
from edge.mavlink.naming import NOTHING_KNOWN, Foreknowledge, Naming
from edge.mavlink.outlet import Outlet, Output
from edge.mavlink.profile import SprayerSettings
from edge.mavlink.row_compiler import Raw
from edge.mavlink.samples import ROW_KINDS, SYSTEM_BATTERY_KIND, RowKind
from edge.mavlink.spray import NAMED_VALUES
from edge.mavlink.spray_recorder import SprayRecorder
from edge.mavlink.timeline import Patience, Timeline
from headland.contract.records import Clock, Scalar

#: Messages that wait for the first heartbeat, which comes every second; the oldest go first, counted.
_EARLY_MESSAGES: Final = 5000
_HEARTBEAT: Final = 0
_SYSTEM_TIME: Final = 2
_SYS_STATUS: Final = 1
_GPS_RAW_INT: Final = 24
_GLOBAL_POSITION_INT: Final = 33
_BATTERY_STATUS: Final = 147
_AUTOPILOT_VERSION: Final = 148
_HIGH_LATENCY2: Final = 235
#: Where BATTERY_STATUS has its id and GPS_RAW_INT its fix among their flat values.
_BATTERY_ID_AT: Final = 14
_FIX_AT: Final = 8


class Vehicle:
    """The state of one autopilot. Outputs are appended to `out`; time comes in with every call."""

    def __init__(
        self,
        system: int,
        surroundings: Surroundings,
        sprayer: SprayerSettings | None,
        patience: Patience,
        out: list[Output],
        *,
        free_fallback: Callable[[int], str],
        known: Foreknowledge = NOTHING_KNOWN,
        identity_wait_ms: int = 5000,
    ) -> None:
        self.system = system
        self.heard_ms = 0
        self.last_frame: RawFrame | None = None
        self.is_vehicle: bool | None = None  # None: no heartbeat yet
        self.counts: Counter[str] = Counter()
        #: How often each message id was heard in this session: what the link still has to ask for.
        self.heard = dict.fromkeys(LAYOUTS, 0)
        self.acks: dict[int, int] = {}
        self._is_one_of_two = False
        self._session = 0
        self._early: deque[tuple[RawFrame, int]] = deque()
        self._outlet = Outlet(out, surroundings, patience.rows)
        self._timeline = Timeline(patience, self._outlet)
        self._chronicle = Chronicle(self._event)
        self._naming = Naming(
            system, self._outlet, self._timeline, free_fallback, known=known, identity_wait_ms=identity_wait_ms
        )
        self._flight_battery = False
        self._clashes: set[str] = set()
        self._recorder: SprayRecorder | None = None
        if sprayer is not None:
            self._recorder = SprayRecorder(
                sprayer, self._timeline, self._outlet, self._chronicle, self.counts, self._tap_battery
            )
        self._lanes = self._make_lanes()
        #: Without the one message that can tell of another autopilot.
        self._plain_lanes = {number: lane for number, lane in self._lanes.items() if number != _AUTOPILOT_VERSION}

    @property
    def device(self) -> str | None:
        """What the vehicle is called, None before it is known."""
        return self._naming.device

    @property
    def version(self) -> AutopilotVersion | None:
        """What the vehicle says of itself, None where it has not in this session."""
        return self._naming.version

    @property
    def has_rival(self) -> bool:
        """Whether another autopilot speaks under this system id in the same stream: what follows is not of one."""
        return self._naming.has_rival or self._timeline.interleaved

    @property
    def rival(self) -> AutopilotVersion | None:
        """Who the other one is, where it said so."""
        return self._naming.rival

    @property
    def missing_parameters(self) -> list[str]:
        """What the profile would still know of the vehicle's parameters."""
        return [] if self._recorder is None else self._recorder.spray.outputs.missing()

    @property
    def session(self) -> int:
        """How often the vehicle was heard to restart."""
        return self._timeline.session

    @property
    def clock(self) -> Clock:
        """What the vehicle's rows are stamped by now."""
        return self._timeline.clock

    def take(self, frame: RawFrame, now_ms: int) -> None:
        """Take a frame of the vehicle's autopilot."""
        if self.is_vehicle:
            self._take_frames((frame,), 0, (now_ms,), -1, self._lanes)
        else:
            self.heard_ms = now_ms
            self.last_frame = frame
            self._take_early(frame, now_ms)

    def take_run(self, frames: Sequence[RawFrame], at: int, arrivals_ms: Sequence[int]) -> int:
        """Take the frames from `at` on that can be nobody else's: nearly all that is ever heard comes this way.

        Returns where they end: at another's frame, one that may tell of another, or one that may be a repetition.
        """
        if not self.is_vehicle or self.has_rival or self._is_one_of_two:
            return at
        last = self.last_frame
        sequence = -1 if last is None else last[3]
        return self._take_frames(frames, at, arrivals_ms, sequence, self._plain_lanes)

    def _take_frames(
        self,
        frames: Sequence[RawFrame],
        at: int,
        arrivals_ms: Sequence[int],
        sequence: int,
        lanes: Mapping[int, Lane],
    ) -> int:
        own_system, heard, timeline, end = self.system, self.heard, self._timeline, at
        for frame, now_ms in zip(frames[at:], arrivals_ms[at:], strict=True):
            message_id, system, component, number, payload, _, _ = frame
            lane = lanes.get(message_id)
            if lane is None or system != own_system or component != AUTOPILOT or number == sequence:
                break
            note, size, unpack, kind, has_instances, stamp_at, tap = lane
            end, sequence = end + 1, number
            heard[message_id] += 1
            if note is not None:
                note(decode_message(frame), now_ms)
            else:
                values = unpack(payload if len(payload) == size else payload[:size].ljust(size, b"\0"))
                if has_instances:
                    kind = kind.variant(values[kind.instance_at])
                if tap is not None:
                    other = tap(message_id, values, now_ms)
                    if other is NO_ROW:
                        continue
                    if other is not None:
                        kind = other
                timeline.take_row(kind, values, values[stamp_at], now_ms)
            if timeline.has_news:
                self._take_news(now_ms)
                break
        if end > at:
            self.heard_ms = arrivals_ms[end - 1]
            self.last_frame = frames[end - 1]
        return end

    def be_like(self, other: Vehicle, version: AutopilotVersion | None, now_ms: int) -> None:
        """Begin as a vehicle of the kind that `other` is, without waiting for a heartbeat."""
        self.is_vehicle, self.heard_ms = True, now_ms
        self._is_one_of_two = True
        self._naming.model = other._naming.model
        self._naming.expect(now_ms)
        if version is not None:
            self._note_version(version, now_ms)

    def take_part(self, frame: RawFrame, now_ms: int) -> None:
        """Take what another component of the vehicle measures: it has the vehicle's time and its own series."""
        layout, kind = LAYOUTS.get(frame[0]), ROW_KINDS.get(frame[0])
        if not self.is_vehicle or layout is None or kind is None:
            return
        values = layout.values(frame[4])
        if kind.has_instances:
            kind = kind.variant(values[kind.instance_at])
        self._timeline.take_ambient(kind.of_part(frame[2]), values, now_ms)

    def tick(self, now_ms: int) -> None:
        """Give up waiting where a bound has passed; call it about once a second on a live link."""
        if not self.is_vehicle:
            return
        self._chronicle.expire(now_ms)
        self._timeline.expire(now_ms)
        self._naming.expire(now_ms)

    def finish(self, now_ms: int) -> None:
        """Stamp and name all that still waits: the stream has ended."""
        if not self.is_vehicle:
            self.counts["without_heartbeat"] += len(self._early)
            self._early.clear()
            return
        self._chronicle.finish(now_ms)
        if self._timeline.held:
            self._timeline.give_up()
        self._naming.settle(now_ms)
        self.flush()

    def flush(self) -> None:
        """Let the rows leave that have their time."""
        self._timeline.flush()

    def part(self, now_ms: int) -> None:
        """End as one vehicle that was two: what waits is of either, so it is dropped and counted."""
        self.counts["dropped_of_two"] += self._timeline.abandon()
        self.finish(now_ms)

    def report_clash(self, other: str, now_ms: int) -> None:
        """Report, once, that another vehicle with this system id is heard at the same time."""
        if other not in self._clashes:
            self._clashes.add(other)
            self._event("identity_clash", {"system": self.system, "other": other}, now_ms)

    def counters(self) -> Counter[str]:
        """Return what was counted of this vehicle (copies: another thread may ask)."""
        return self.counts.copy() + self._timeline.counts.copy() + self._outlet.counts.copy()

    def _make_notes(self) -> dict[int, Note]:
        """Return how each message is taken that says something of the vehicle's state."""
        chronicle = self._chronicle
        return {
            _HEARTBEAT: chronicle.note_heartbeat,
            _SYSTEM_TIME: self._note_time,
            22: self._note_parameter,
            42: self._note_mission,
            46: chronicle.note_reached,
            73: chronicle.note_item,
            77: self._note_ack,
            _AUTOPILOT_VERSION: self._note_version,
            242: chronicle.note_home,
            245: chronicle.note_landed,
            253: chronicle.note_text,
        }

    def _make_lanes(self) -> dict[int, Lane]:
        """Return how each message is taken."""
        taps: dict[int, Tap] = {
            _SYS_STATUS: self._tap_status,
            _GPS_RAW_INT: self._tap_gps,
            _BATTERY_STATUS: self._tap_battery,
            _HIGH_LATENCY2: self._tap_high_latency,
            **dict.fromkeys(NAMED_VALUES, self._tap_unnamed),
        }
        if self._recorder is not None:
            taps.update(self._recorder.taps())
        return make_lanes(self._make_notes(), taps)

    def _take_early(self, frame: RawFrame, now_ms: int) -> None:
        """Keep what comes before the first heartbeat, which tells whether this is a vehicle at all."""
        if frame[0] == _HEARTBEAT:
            heartbeat = decode_message(frame)
            if isinstance(heartbeat, Heartbeat):
                self._meet(heartbeat, frame, now_ms)
        elif self.is_vehicle is None:
            if len(self._early) >= _EARLY_MESSAGES:
                self._early.popleft()
                self.counts["dropped_before_heartbeat"] += 1
            self._early.append((frame, now_ms))

    def _meet(self, heartbeat: Heartbeat, frame: RawFrame, now_ms: int) -> None:
        self.is_vehicle = heartbeat.autopilot != AUTOPILOT_INVALID and heartbeat.type != TYPE_GCS
        early, self._early = self._early, deque()
        if not self.is_vehicle:
            self.counts["no_vehicle"] += len(early)
            return
        self._naming.model = model_name(heartbeat)
        self._naming.expect(now_ms)
        for one, at_ms in early:
            self.take(one, at_ms)
        self.take(frame, now_ms)

    def _note_time(self, message: SystemTime, now_ms: int) -> None:
        self._timeline.take_time(message.time_unix_usec, message.time_boot_ms, now_ms)

    def _note_ack(self, message: CommandAck, _: int) -> None:
        self.acks[message.command] = message.result

    def _note_mission(self, message: MissionCurrent, now_ms: int) -> None:
        before = self._chronicle.mission_seq
        self._chronicle.note_mission(message, now_ms)
        if self._recorder is not None and self._chronicle.mission_seq != before:
            self._recorder.note_mission(message.seq, now_ms)

    def _note_parameter(self, message: ParamValue, _: int) -> None:
        if self._recorder is not None:
            self._recorder.spray.note_parameter(message.param_id.decode("ascii", "replace"), message.param_value)

    def _tap_gps(self, _: int, values: Raw, _now_ms: int) -> None:
        if values[_FIX_AT] >= FIX_3D:
            self._timeline.note_fix()

    def _tap_battery(self, _: int, values: Raw, _now_ms: int) -> None:
        if values[_BATTERY_ID_AT] == 0:
            self._flight_battery = True

    def _tap_status(self, _: int, values: Raw, now_ms: int) -> None:
        """SYS_STATUS also tells of the flight pack, less well than BATTERY_STATUS does."""
        if not self._flight_battery:
            self._timeline.take_ambient(SYSTEM_BATTERY_KIND, values, now_ms)

    def _tap_high_latency(self, _: int, _values: Raw, _now_ms: int) -> RowKind | None:
        return NO_ROW if self.heard[_GLOBAL_POSITION_INT] else None  # else it is the same track, said less well

    def _tap_unnamed(self, _: int, _values: Raw, _now_ms: int) -> RowKind:
        """Only a profile can say what a named value is."""
        self.counts["unnamed_value"] += 1
        return NO_ROW

    def _event(self, kind: str, data: dict[str, Scalar], now_ms: int) -> None:
        self._timeline.take_event(kind, data, now_ms)

    def _take_news(self, now_ms: int) -> None:
        """Follow what the timeline found out by itself."""
        self._timeline.has_news = False
        if self._timeline.session != self._session:
            self._restart(now_ms)

    def _restart(self, now_ms: int) -> None:
        """Begin a session: what was known of the old one may not be true of the new one."""
        self._session = self._timeline.session
        self.heard.update(dict.fromkeys(LAYOUTS, 0))
        self.acks.clear()
        self.counts["reboots"] += 1
        if self._recorder is not None:
            self._recorder.restart()
        self._naming.restart(now_ms)

    def repeats(self, frame: RawFrame) -> bool:
        """Tell whether a frame is the one before once more, byte for byte."""
        last = self.last_frame
        return last is not None and last[:5] == frame[:5]

    def _note_version(self, version: AutopilotVersion, now_ms: int) -> None:
        change = self._naming.note_version(version, now_ms)
        if change is not None:
            self._event("identified", change, now_ms)
