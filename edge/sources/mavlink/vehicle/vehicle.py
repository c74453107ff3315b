"""One vehicle on one link: from its frames to its outputs.

    frames --> (before the first heartbeat: kept) --> dispatcher --> rows, effects --> timestamper --> output
                                                          |                                             ^
                                                          +--> AUTOPILOT_VERSION --> naming ------------+

The dispatcher reads messages, the timestamper gives rows and events their UTC, the naming chooses the device id, which
may be known later than the time, and the output puts them together. None of them knows another; `Vehicle` passes on
what each returns.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from edge.sources.mavlink.mapping.rows import ROW_KINDS
from edge.sources.mavlink.protocol.enum_names import AUTOPILOT_ARDUPILOT, SIMULATOR_PARAMETER, model_name
from edge.sources.mavlink.protocol.frame import AUTOPILOT, RawFrame
from edge.sources.mavlink.protocol.messages import LAYOUTS, AutopilotVersion, Heartbeat, SystemTime, decode_message
from edge.sources.mavlink.spray.profile import SprayerSettings
from edge.sources.mavlink.timing.clock_choice import HoldPolicy
from edge.sources.mavlink.timing.pending import EventBody
from edge.sources.mavlink.timing.timestamper import Timestamper
from edge.sources.mavlink.vehicle.autopilots import is_autopilot
from edge.sources.mavlink.vehicle.device_naming import (
    NOTHING_KNOWN,
    DeviceName,
    DeviceNaming,
    KnownDevices,
    SourceContext,
)
from edge.sources.mavlink.vehicle.device_output import DeviceOutput, Output
from edge.sources.mavlink.vehicle.dispatcher import MessageDispatcher
from edge.sources.mavlink.vehicle.handlers import (
    HAS_FIX,
    NO_ROW,
    DerivedRow,
    Effect,
    EvidenceUpdate,
    MessageHandler,
    Signal,
)
from headland.contract.records import ChannelInfo, Clock

#: Messages kept until the first heartbeat, which comes every second; the oldest go first, counted.
_EARLY_MESSAGES: Final = 5000
#: Of a component that usually has no autopilot.
_EARLY_PART_MESSAGES: Final = 500
_HEARTBEAT: Final = 0
_HIGH_LATENCY: Final = 234
_HIGH_LATENCY2: Final = 235
#: What says what a sender is: over a high latency link there is no HEARTBEAT.
_PRESENTATIONS: Final = (_HEARTBEAT, _HIGH_LATENCY, _HIGH_LATENCY2)
_UNKNOWN_MODEL: Final = "autopilot on a high latency link"
#: Frames of one run at the most: where senders alternate, each run copies what it may read.
_RUN_FRAMES: Final = 200


class Vehicle:
    """The state of one autopilot. Frames go in, outputs are returned; every call brings the time."""

    def __init__(
        self,
        system: int,
        component: int,
        context: SourceContext,
        sprayer: SprayerSettings | None,
        policy: HoldPolicy,
        *,
        free_fallback: Callable[[int], str],
        known: KnownDevices = NOTHING_KNOWN,
        identity_wait_ms: int = 5000,
    ) -> None:
        self.system = system
        self.component = component
        #: MAV_AUTOPILOT, and MAV_TYPE, by its first message that says them.
        self.autopilot: int | None = None
        self.kind: int | None = None
        self.received_ms = 0
        self.last_frame: RawFrame | None = None
        self.is_vehicle: bool | None = None  # None: no heartbeat yet
        self.counts: Counter[str] = Counter()
        self._is_one_of_two = False
        self._session = 0
        self._early: deque[tuple[RawFrame, int]] = deque()
        self._dispatcher = MessageDispatcher(sprayer)
        self._timestamper = Timestamper(policy)
        self._naming = DeviceNaming(system, free_fallback, known=known, identity_wait_ms=identity_wait_ms)
        self._output = DeviceOutput(context, policy.rows)
        self._clashes: set[str] = set()
        #: How many messages of each id came, and what was acknowledged, in this session.
        self.received, self.acks = self._dispatcher.received, self._dispatcher.acks

    @property
    def device(self) -> str | None:
        """The device id, None before it is known."""
        return self._naming.device

    @property
    def version(self) -> AutopilotVersion | None:
        """The AUTOPILOT_VERSION of this session, None before it."""
        return self._naming.version

    @property
    def has_rival(self) -> bool:
        """Whether another autopilot sends under this system id in the same stream: frames may be of either."""
        return self._naming.has_rival or self._timestamper.interleaved

    @property
    def rival(self) -> AutopilotVersion | None:
        """The AUTOPILOT_VERSION of the other one, where it sent one."""
        return self._naming.rival

    @property
    def missing_parameters(self) -> list[str]:
        """The parameters to request: those that the profile still needs, and one that only a simulator has."""
        missing = self._dispatcher.missing_parameters
        may_be_simulator = self.autopilot == AUTOPILOT_ARDUPILOT and not self._naming.is_simulated
        return [*missing, SIMULATOR_PARAMETER] if may_be_simulator else missing

    @property
    def is_high_latency(self) -> bool:
        """Whether only summaries of a high latency link came, no HEARTBEAT: nothing is requested over such a link."""
        return bool(self.is_vehicle) and not self.received[_HEARTBEAT]

    @property
    def waiting(self) -> int:
        """How many messages wait for the first that says what this is."""
        return len(self._early)

    @property
    def session(self) -> int:
        """Number of restarts seen."""
        return self._timestamper.session

    @property
    def clock(self) -> Clock:
        """The clock of rows that are stamped now."""
        return self._timestamper.clock

    @property
    def is_armed(self) -> bool | None:
        """Whether the motors are armed, None before a HEARTBEAT."""
        return self._dispatcher.is_armed

    @property
    def utc_offset_ms(self) -> int | None:
        """UTC less time since boot, of rows that are stamped now."""
        return self._timestamper.utc_offset_ms(self.received_ms)

    def add_channels(self, channels: Mapping[str, ChannelInfo]) -> list[Output]:
        """Describe channels that were read from the vehicle's own log."""
        return self._output.add_channels(channels)

    def read(self, frame: RawFrame, now_ms: int) -> list[Output]:
        """Read a frame of the vehicle's autopilot."""
        if self.is_vehicle:
            return self._read_frames((frame,), 0, (now_ms,), -1, self._dispatcher.handlers)[1]
        self.received_ms = now_ms
        self.last_frame = frame
        return self._read_early(frame, now_ms)

    def read_run(self, frames: Sequence[RawFrame], at: int, arrivals_ms: Sequence[int]) -> tuple[int, list[Output]]:
        """Read the frames from `at` on that can only be this vehicle's; nearly all frames are read here.

        Returns where they end (at another's frame, one that may reveal another vehicle, one that may be a repetition,
        or after many) and the outputs; rows leave at the next `flush`.
        """
        if not self.is_vehicle or self.has_rival or self._is_one_of_two:
            return at, []
        last = self.last_frame
        sequence = -1 if last is None else last[3]
        return self._read_frames(frames, at, arrivals_ms, sequence, self._dispatcher.plain_handlers)

    def _read_frames(
        self,
        frames: Sequence[RawFrame],
        at: int,
        arrivals_ms: Sequence[int],
        sequence: int,
        handlers: Mapping[int, MessageHandler],
    ) -> tuple[int, list[Output]]:
        own_system, own_component, received = self.system, self.component, self.received
        timestamper, end = self._timestamper, at
        boot = timestamper.boot
        outputs: list[Output] = []
        until = at + _RUN_FRAMES
        for frame, now_ms in zip(frames[at:until], arrivals_ms[at:until], strict=True):
            message_id, system, component, number, payload, _, _ = frame
            handler = handlers.get(message_id)
            if handler is None or system != own_system or component != own_component or number == sequence:
                break
            on_message, size, unpack, kind, has_instances, stamp_at, on_values = handler
            end, sequence = end + 1, number
            received[message_id] += 1
            if on_message is not None:
                effects = on_message(decode_message(frame), now_ms)
                outputs += self._apply(effects, now_ms) if effects else ()
            else:
                values = unpack(payload if len(payload) == size else payload.ljust(size, b"\0")[:size])
                if has_instances and (instance := values[kind.instance_at]):
                    kind = kind.variant(instance)
                if on_values is not None:
                    boot_ms = boot.last_ms
                    result = on_values(message_id, values, now_ms if boot_ms is None else boot_ms)
                    if result is not None:
                        row_kind, effects = result
                        if effects:
                            outputs += self._apply(effects, now_ms)
                        if row_kind is NO_ROW:
                            continue
                        kind = row_kind or kind
                timestamper.add_row(kind, values, values[stamp_at], now_ms)
            if timestamper.has_changed:
                outputs += self._follow_session(now_ms)
                break
        if end > at:
            self.received_ms = arrivals_ms[end - 1]
            self.last_frame = frames[end - 1]
            stamped = timestamper.stamped()
            if stamped:
                outputs += self._output.convert(stamped)
        return end, outputs

    def read_part(self, frame: RawFrame, now_ms: int) -> list[Output]:
        """Read a measurement of another component of the vehicle: it has the vehicle's time and its own series."""
        layout, kind = LAYOUTS.get(frame[0]), ROW_KINDS.get(frame[0])
        if not self.is_vehicle or layout is None or kind is None:
            return []
        values = layout.values(frame[4])
        if kind.has_instances:
            kind = kind.variant(values[kind.instance_at])
        self._timestamper.add_unstamped_row(kind.of_part(frame[2]), values, now_ms)
        return self._convert_stamped()

    def read_upload(self, frame: RawFrame, now_ms: int) -> list[Output]:
        """Read a message with which a ground station sends the vehicle a plan."""
        message: Any = decode_message(frame)
        return self._apply(self._dispatcher.read_upload(message), now_ms) + self._convert_stamped()

    def tick(self, now_ms: int) -> list[Output]:
        """Stop waiting where a bound has passed; call it about once a second on a live link."""
        if not self.is_vehicle:
            return []
        self._add_events(self._dispatcher.expire(now_ms), now_ms)
        self._timestamper.expire(now_ms)
        return self._convert_stamped() + self._set_name(self._naming.expire(now_ms))

    def finish(self, now_ms: int) -> list[Output]:
        """Stamp and name all that still waits: the stream has ended."""
        if not self.is_vehicle:
            self.counts["without_heartbeat"] += len(self._early)
            self._early.clear()
            return []
        self._add_events(self._dispatcher.finish(), now_ms)
        if self._timestamper.pending:
            self._timestamper.stamp_pending()
        return self._convert_stamped() + self._set_name(self._naming.settle(now_ms)) + self.flush()

    def flush(self) -> list[Output]:
        """Return the rows that have their time."""
        return self._output.convert(self._timestamper.flush())

    def split(self, now_ms: int) -> list[Output]:
        """End as one vehicle that was two: what waits is of either, so it is discarded and counted."""
        self.counts["dropped_of_two"] += self._timestamper.discard_pending()
        return self.finish(now_ms)

    def clone_config_from(self, other: Vehicle, version: AutopilotVersion | None, now_ms: int) -> list[Output]:
        """Begin as a vehicle of the same model as `other`, without waiting for a heartbeat."""
        self.is_vehicle, self.received_ms = True, now_ms
        self.autopilot, self.kind = other.autopilot, other.kind
        self._is_one_of_two = True
        self._naming.model = other._naming.model
        outputs = self._set_name(self._naming.expect(now_ms))
        return outputs if version is None else outputs + self._apply((version,), now_ms) + self._convert_stamped()

    def report_clash(self, other: str, now_ms: int) -> list[Output]:
        """Report, once, that another vehicle sends under this system id at the same time."""
        if other in self._clashes:
            return []
        self._clashes.add(other)
        self._add_events((EventBody("identity_clash", {"system": self.system, "other": other}),), now_ms)
        return self._convert_stamped()

    def is_repeated(self, frame: RawFrame) -> bool:
        """Return whether a frame is the one before once more, byte for byte."""
        last = self.last_frame
        return last is not None and last[:5] == frame[:5]

    def counters(self) -> Counter[str]:
        """Return the counts of this vehicle (copies: another thread may ask)."""
        parts = (self.counts, self._dispatcher.counts, self._timestamper.counts, self._output.counts)
        return sum((part.copy() for part in parts), Counter())

    def _read_early(self, frame: RawFrame, now_ms: int) -> list[Output]:
        """Keep what comes before the first heartbeat, which shows whether this is a vehicle at all."""
        if frame[0] in _PRESENTATIONS:
            return self._begin(frame, now_ms)
        if self.is_vehicle is None:
            if len(self._early) >= (_EARLY_MESSAGES if self.component == AUTOPILOT else _EARLY_PART_MESSAGES):
                self._early.popleft()
                self.counts["dropped_before_heartbeat"] += 1
            self._early.append((frame, now_ms))
        return []

    def _begin(self, frame: RawFrame, now_ms: int) -> list[Output]:
        """Begin with the first message that says what this is: read what was kept, unless this is no vehicle."""
        message: Any = decode_message(frame)
        self.is_vehicle = frame[0] == _HIGH_LATENCY or is_autopilot(message.type, message.autopilot, self.component)
        early, self._early = self._early, deque()
        if frame[0] != _HIGH_LATENCY:
            self.kind, self.autopilot = message.type, message.autopilot
        if not self.is_vehicle:
            self.counts["no_vehicle"] += len(early)
            return []
        if frame[0] == _HIGH_LATENCY:
            self._naming.model = _UNKNOWN_MODEL
        else:
            self._naming.model = model_name(Heartbeat(0, message.type, message.autopilot, 0, 0, 0))
        outputs = self._set_name(self._naming.expect(now_ms))
        for early_frame, at_ms in (*early, (frame, now_ms)):
            outputs += self.read(early_frame, at_ms)
        return outputs

    def _apply(self, effects: Iterable[Effect], now_ms: int) -> list[Output]:
        """Apply what a message leads to, in order; return the outputs that cannot wait for the next flush."""
        timestamper = self._timestamper
        outputs: list[Output] = []
        if effects is HAS_FIX.effects:  # as nearly every position has
            timestamper.add_fix()
            return outputs
        for effect in effects:
            if isinstance(effect, SystemTime):
                timestamper.add_system_time(effect.time_unix_usec, effect.time_boot_ms, now_ms)
            elif isinstance(effect, Signal):
                outputs += self._follow(effect, now_ms)
            elif isinstance(effect, EventBody):
                timestamper.add_event(effect, now_ms)
            elif isinstance(effect, DerivedRow):
                if effect.raw is None:
                    timestamper.add_unstamped_row(effect.kind, effect.values, now_ms)
                else:
                    timestamper.add_row(effect.kind, effect.values, effect.raw, now_ms)
            elif isinstance(effect, EvidenceUpdate):
                if effect.evidence != self._output.evidence:
                    outputs += self._convert_stamped()
                    outputs += self._output.set_evidence(effect.evidence)
            elif isinstance(effect, AutopilotVersion):
                outputs += self._note_version(effect, now_ms)
        return outputs

    def _follow(self, signal: Signal, now_ms: int) -> list[Output]:
        """Apply an effect without data."""
        if signal is Signal.SIMULATED:
            return self._set_name(self._naming.note_simulated())
        if signal is Signal.FIX:
            self._timestamper.add_fix()
        else:
            self._add_events(self._dispatcher.check_spray(self._timestamper.moment_ms(now_ms)), now_ms)
        return []

    def _note_version(self, version: AutopilotVersion, now_ms: int) -> list[Output]:
        before = self._naming.device
        outputs = self._set_name(self._naming.note_version(version, now_ms))
        device = self._naming.device
        if before is not None and device != before:
            self._add_events((EventBody("identified", {"device": device, "before": before}),), now_ms)
        return outputs

    def _add_events(self, events: Iterable[EventBody], now_ms: int) -> None:
        for event in events:
            self._timestamper.add_event(event, now_ms)

    def _convert_stamped(self) -> list[Output]:
        """Return the outputs of what is stamped and not gathered."""
        stamped = self._timestamper.stamped()
        return self._output.convert(stamped) if stamped else []

    def _set_name(self, name: DeviceName | None) -> list[Output]:
        """Change the name; what was stamped before leaves under the name before."""
        return [] if name is None else self.flush() + self._output.set_name(name)

    def _follow_session(self, now_ms: int) -> list[Output]:
        """Begin a session after a reboot: what was known of the old one may not hold for the new one."""
        self._timestamper.has_changed = False
        if self._timestamper.session == self._session:
            return []
        self._session = self._timestamper.session
        self.counts["reboots"] += 1
        self._dispatcher.restart()
        return self._set_name(self._naming.restart(now_ms))
