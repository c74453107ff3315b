"""One vehicle on one link: who it is, what it says, what changed.

    frame --> before its heartbeat: waits --> switchboard --> state changes become events  \\
                                                          --> values                        > timeline --> outlet

The timeline knows the time (UTC); the outlet the device id, which may be known later than the time: see `naming`.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from edge.sources.mavlink.mapping.rows import ROW_KINDS
from edge.sources.mavlink.output.device_ids import SourceContext
from edge.sources.mavlink.output.output import DeviceOutput, Output
from edge.sources.mavlink.protocol.enum_names import AUTOPILOT_INVALID, TYPE_GCS, model_name
from edge.sources.mavlink.protocol.frame import AUTOPILOT, RawFrame
from edge.sources.mavlink.protocol.messages import LAYOUTS, AutopilotVersion, Heartbeat, decode_message
from edge.sources.mavlink.spray.profile import SprayerSettings
from edge.sources.mavlink.timing.timestamper import HoldPolicy, Timeline
from edge.sources.mavlink.vehicle.device_naming import NOTHING_KNOWN, KnownDevices, Naming
from edge.sources.mavlink.vehicle.dispatcher import MessageDispatcher
from edge.sources.mavlink.vehicle.handlers import NO_ROW, MessageHandler
from edge.sources.mavlink.vehicle.state_events import StateEvents
from headland.contract.records import Clock, Scalar

#: Messages that wait for the first heartbeat, which comes every second; the oldest go first, counted.
_EARLY_MESSAGES: Final = 5000
_HEARTBEAT: Final = 0


class Vehicle:
    """The state of one autopilot. Outputs are appended to `out`; time comes in with every call."""

    def __init__(
        self,
        system: int,
        surroundings: SourceContext,
        sprayer: SprayerSettings | None,
        patience: HoldPolicy,
        out: list[Output],
        *,
        free_fallback: Callable[[int], str],
        known: KnownDevices = NOTHING_KNOWN,
        identity_wait_ms: int = 5000,
    ) -> None:
        self.system = system
        self.heard_ms = 0
        self.last_frame: RawFrame | None = None
        self.is_vehicle: bool | None = None  # None: no heartbeat yet
        self.counts: Counter[str] = Counter()
        self._is_one_of_two = False
        self._session = 0
        self._early: deque[tuple[RawFrame, int]] = deque()
        self._outlet = DeviceOutput(out, surroundings, patience.rows)
        self._timeline = Timeline(patience, self._outlet)
        self._chronicle = StateEvents(self._event)
        self._naming = Naming(
            system, self._outlet, self._timeline, free_fallback, known=known, identity_wait_ms=identity_wait_ms
        )
        self._clashes: set[str] = set()
        self._switchboard = MessageDispatcher(
            self._timeline, self._outlet, self._chronicle, sprayer, self.counts, self._note_version
        )
        #: How often each message was heard, and what was acknowledged, in this session.
        self.heard, self.acks = self._switchboard.heard, self._switchboard.acks

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
        return self._switchboard.missing_parameters

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
            self._take_frames((frame,), 0, (now_ms,), -1, self._switchboard.lanes)
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
        return self._take_frames(frames, at, arrivals_ms, sequence, self._switchboard.plain_lanes)

    def _take_frames(
        self,
        frames: Sequence[RawFrame],
        at: int,
        arrivals_ms: Sequence[int],
        sequence: int,
        lanes: Mapping[int, MessageHandler],
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
        self.counts["reboots"] += 1
        self._switchboard.restart()
        self._naming.restart(now_ms)

    def repeats(self, frame: RawFrame) -> bool:
        """Tell whether a frame is the one before once more, byte for byte."""
        last = self.last_frame
        return last is not None and last[:5] == frame[:5]

    def _note_version(self, version: AutopilotVersion, now_ms: int) -> None:
        change = self._naming.note_version(version, now_ms)
        if change is not None:
            self._event("identified", change, now_ms)
