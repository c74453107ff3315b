"""One vehicle on one link: who it is, what it says, what changed.

    frame --> before its heartbeat: waits --> state changes become events  \\
                                          --> rows                          > timeline (UTC) --> device id --> out

The device id may be known later than the time: stamped rows wait for it, at most `identity_wait_ms` on a live link.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from edge.mavlink.chronicle import Chronicle
from edge.mavlink.columns import FIX_3D
from edge.mavlink.frame import AUTOPILOT, RawFrame
from edge.mavlink.identity import Surroundings, is_simulator, software_name, unique_device
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
from edge.mavlink.outlet import Nameplate, Outlet, Output
from edge.mavlink.profile import SprayerSettings
from edge.mavlink.samples import ROW_KINDS, SYSTEM_BATTERY_KIND, Raw, Values
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


@dataclass(frozen=True, slots=True)
class Foreknowledge:
    """What a first look at a file told of a system: the versions it says; live links know nothing beforehand."""

    versions: tuple[AutopilotVersion, ...] = ()
    complete: bool = False  # True: no other version will come


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
        known: Foreknowledge = Foreknowledge(),
        identity_wait_ms: int = 5000,
    ) -> None:
        self.system = system
        self.heard_ms = 0
        self.last_frame: RawFrame | None = None
        self.is_vehicle: bool | None = None  # None: no heartbeat yet
        self.version: AutopilotVersion | None = None
        self.device: str | None = None
        self.counts: Counter[str] = Counter()
        #: How often each message id was heard in this session: what the link still has to ask for.
        self.heard = dict.fromkeys(LAYOUTS, 0)
        self.acks: dict[int, int] = {}
        #: Another autopilot speaks under this system id in the same stream: what follows is not of one vehicle.
        self.has_rival = False
        self._is_one_of_two = False
        #: Who the other one is, where it said so.
        self.rival: AutopilotVersion | None = None
        self._free_fallback = free_fallback
        self._fallback: str | None = None
        self._known = known
        self._identity_wait_ms = identity_wait_ms
        self._identity_due_ms: int | None = None
        self._session = 0
        self._early: deque[tuple[RawFrame, int]] = deque()
        self._outlet = Outlet(out, surroundings, patience.rows)
        self._timeline = Timeline(patience, self._outlet.take, out)
        self._chronicle = Chronicle(self._event)
        self._model = ""
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
            self._take_frames((frame,), 0, now_ms, None, -1, self._lanes)
        else:
            self.heard_ms = now_ms
            self.last_frame = frame
            self._take_early(frame, now_ms)

    def take_run(
        self, frames: Sequence[RawFrame], at: int, now_ms: int, arrivals_ms: Sequence[int] | None = None
    ) -> int:
        """Take the frames from `at` on that can be nobody else's: nearly all that is ever heard comes this way.

        Returns where they end: at another's frame, one that may tell of another, or one that may be a repetition.
        """
        if not self.is_vehicle or self.has_rival or self._is_one_of_two:
            return at
        last = self.last_frame
        sequence = -1 if last is None else last[3]
        return self._take_frames(frames, at, now_ms, arrivals_ms, sequence, self._plain_lanes)

    def _take_frames(
        self,
        frames: Sequence[RawFrame],
        at: int,
        now_ms: int,
        arrivals_ms: Sequence[int] | None,
        sequence: int,
        lanes: Mapping[int, Lane],
    ) -> int:
        own_system, heard, timeline, start, end = self.system, self.heard, self._timeline, at, len(frames)
        while at < end:
            message_id, system, component, number, payload, _, _ = frames[at]
            lane = lanes.get(message_id)
            if lane is None or system != own_system or component != AUTOPILOT or number == sequence:
                break
            note, size, unpack, make, family, stamp, stamp_at, instanced, tap = lane
            if arrivals_ms is not None:
                now_ms = arrivals_ms[at]
            at, sequence = at + 1, number
            heard[message_id] += 1
            if note is not None:
                note(decode_message(frames[at - 1]), now_ms)
            else:
                values = unpack(payload if len(payload) == size else payload[:size].ljust(size, b"\0"))
                more = None if tap is None else tap(message_id, values, now_ms)
                if more is NO_ROW:
                    continue
                if instanced is not None:
                    kind = instanced.variant(values[instanced.instance_at])
                    make, family = kind.make, kind.family
                row = make(values)
                if more is not None:
                    row = more if row is None else {**row, **more}
                if row is not None:
                    timeline.take_row(stamp, family, row, values[stamp_at], now_ms)
            if timeline.has_news:
                self._take_news(now_ms)
                break
        if at > start:
            self.heard_ms = now_ms
            self.last_frame = frames[at - 1]
        return at

    def be_like(self, other: Vehicle, version: AutopilotVersion | None, now_ms: int) -> None:
        """Begin as a vehicle of the kind that `other` is, without waiting for a heartbeat."""
        self.is_vehicle, self._model, self.heard_ms = True, other._model, now_ms
        self._is_one_of_two = True
        self._expect_identity(now_ms)
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
        row = kind.make(values)
        if row is not None:
            self._timeline.take_values(f"{frame[2]}/{kind.family}", row, now_ms)

    def tick(self, now_ms: int) -> None:
        """Give up waiting where a bound has passed; call it about once a second on a live link."""
        if not self.is_vehicle:
            return
        self._chronicle.expire(now_ms)
        self._timeline.expire(now_ms)
        if self._identity_due_ms is not None and now_ms >= self._identity_due_ms:
            self._settle_identity(now_ms)

    def finish(self, now_ms: int) -> None:
        """Stamp and name all that still waits: the stream has ended."""
        if not self.is_vehicle:
            self.counts["without_heartbeat"] += len(self._early)
            self._early.clear()
            return
        self._chronicle.finish(now_ms)
        if self._timeline.held:
            self._timeline.give_up()
        self._settle_identity(now_ms)

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
        self._model = model_name(heartbeat)
        self._expect_identity(now_ms)
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
            row = SYSTEM_BATTERY_KIND.make(values)
            if row is not None:
                self._timeline.take_values(SYSTEM_BATTERY_KIND.family, row, now_ms)

    def _tap_high_latency(self, _: int, _values: Raw, _now_ms: int) -> Values | None:
        return NO_ROW if self.heard[_GLOBAL_POSITION_INT] else None  # else it is the same track, said less well

    def _tap_unnamed(self, _: int, _values: Raw, _now_ms: int) -> Values:
        """Only a profile can say what a named value is."""
        self.counts["unnamed_value"] += 1
        return NO_ROW

    def _event(self, kind: str, data: dict[str, Scalar], now_ms: int) -> None:
        self._timeline.take_event(kind, data, now_ms)

    def _take_news(self, now_ms: int) -> None:
        """Follow what the timeline found out by itself."""
        self._timeline.has_news = False
        self.has_rival = self.has_rival or self._timeline.interleaved
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
        if not self._known.complete or len({unique_device(version) for version in self._known.versions}) > 1:
            self.version = None
            self._expect_identity(now_ms)

    # Who it is

    def _expect_identity(self, now_ms: int) -> None:
        """Wait for an AUTOPILOT_VERSION, unless it is known what will come."""
        if self._known.complete and self.device is None:
            if self._known.versions:
                self.version = self._known.versions[0]
            self._settle_identity(now_ms)
        else:
            self._outlet.wait_for_name()
            self._timeline.forget_sources()
            self._identity_due_ms = now_ms + self._identity_wait_ms

    def repeats(self, frame: RawFrame) -> bool:
        """Tell whether a frame is the one before once more, byte for byte."""
        last = self.last_frame
        return last is not None and last[:5] == frame[:5]

    def _note_version(self, version: AutopilotVersion, now_ms: int) -> None:
        device, before = unique_device(version), self.device
        if self._outlet.is_named and before not in (None, self._fallback) and device not in (None, before):
            self.has_rival, self.rival = True, version
            return
        self.version = version
        if not self._outlet.is_named or before in (None, self._fallback):
            self._settle_identity(now_ms)
        if before is not None and self.device != before:
            self._event("identified", {"device": self.device, "before": before}, now_ms)

    def _settle_identity(self, now_ms: int) -> None:
        self._identity_due_ms = None
        version = self.version
        unique = None if version is None else unique_device(version)
        if unique is not None and version is not None:
            self._name(unique, simulated=is_simulator(version))
        elif not self._outlet.is_named:
            self._name(self.device or self._choose_fallback(now_ms), simulated=False)

    def _choose_fallback(self, now_ms: int) -> str:
        if self._fallback is None:
            self._fallback = self._free_fallback(now_ms)
        return self._fallback

    def _name(self, device: str, *, simulated: bool) -> None:
        self.device = device
        software = "" if self.version is None else software_name(self.version)
        self._timeline.forget_sources()
        self._outlet.name(device, Nameplate(self._model, self.system, software), simulated=simulated)
