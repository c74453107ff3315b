"""One vehicle on one link: who it is, what it says, what changed.

    message --> before its heartbeat: waits --> state changes become events  \\
                                            --> rows                          > timeline (UTC) --> device id --> out

The device id may be known later than the time: stamped rows wait for it, at most `identity_wait_ms` on a live link.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from edge.mavlink.frame import Frame
from edge.mavlink.identity import Surroundings, is_simulator, software_name, unique_device
from edge.mavlink.messages import (
    AutopilotVersion,
    BatteryStatus,
    CommandAck,
    ExtendedSysState,
    GpsRawInt,
    Heartbeat,
    Message,
    Statustext,
    SysStatus,
    SystemTime,
)
from edge.mavlink.names import (
    ARMED_FLAG,
    AUTOPILOT_INVALID,
    TYPE_GCS,
    landed_name,
    mode_name,
    model_name,
    severity_name,
)
from edge.mavlink.outlet import Nameplate, Outlet, Output
from edge.mavlink.samples import FIX_3D, samples_of
from edge.mavlink.settings import SprayerSettings
from edge.mavlink.texts import TextAssembler
from edge.mavlink.timeline import Patience, Timeline
from headland.contract.records import Clock, Scalar

#: Messages that wait for the first heartbeat, which comes every second; the oldest go first, counted.
_EARLY_MESSAGES: Final = 5000


@dataclass(frozen=True, slots=True)
class Foreknowledge:
    """What a first look at a file told of a system: the versions it says; live links know nothing beforehand."""

    versions: tuple[AutopilotVersion, ...] = ()
    complete: bool = False  # True: no other version will come


class Vehicle:
    """The state of one (link, system). Outputs are appended to `out`; time comes in with every call."""

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
        self.last_frame: Frame | None = None
        self.is_vehicle: bool | None = None  # None: no heartbeat yet
        self.version: AutopilotVersion | None = None
        self.device: str | None = None
        self.counts: Counter[str] = Counter()
        #: How often each message was heard in this session: what the link still has to ask for.
        self.heard: Counter[type[Message]] = Counter()
        self.acks: dict[int, int] = {}
        self._free_fallback = free_fallback
        self._fallback: str | None = None
        self._is_clash = False
        self._sprayer = sprayer
        self._known = known
        self._identity_wait_ms = identity_wait_ms
        self._identity_due_ms: int | None = None
        self._session = 0
        self._early: deque[tuple[Message, int]] = deque()
        self._outlet = Outlet(out, surroundings, patience.rows)
        self._timeline = Timeline(patience, self._outlet.take)
        self._model = ""
        self._mode: str | None = None
        self._armed: bool | None = None
        self._landed: int | None = None
        self._texts = TextAssembler()
        self._flight_battery = False
        self._clashes: set[str] = set()
        #: What a message changes beyond its row; each says whether there is a row to take.
        self._notes: dict[type[Message], Callable[[Any, int], bool]] = {
            SystemTime: self._note_time,
            Heartbeat: self._note_heartbeat,
            AutopilotVersion: self._note_version,
            Statustext: self._note_text,
            ExtendedSysState: self._note_landed,
            CommandAck: self._note_ack,
            GpsRawInt: self._note_gps,
            BatteryStatus: self._note_battery,
            SysStatus: self._note_status,
        }

    @property
    def session(self) -> int:
        """How often the vehicle was heard to restart."""
        return self._timeline.session

    def take(self, message: Message, now_ms: int) -> None:
        """Take a message of the vehicle's autopilot."""
        self.heard_ms = now_ms
        if self.is_vehicle:
            self._handle(message, now_ms)
        elif isinstance(message, Heartbeat):
            self._meet(message, now_ms)
        elif self.is_vehicle is None:
            if len(self._early) >= _EARLY_MESSAGES:
                self._early.popleft()
                self.counts["dropped_before_heartbeat"] += 1
            self._early.append((message, now_ms))

    def tick(self, now_ms: int) -> None:
        """Give up waiting where a bound has passed; call it about once a second on a live link."""
        if not self.is_vehicle:
            return
        self._say(self._texts.expire(now_ms), now_ms)
        self._timeline.expire(now_ms)
        if self._identity_due_ms is not None and now_ms >= self._identity_due_ms:
            self._settle_identity(now_ms)

    def finish(self, now_ms: int) -> None:
        """Stamp and name all that still waits: the stream has ended."""
        if not self.is_vehicle:
            self.counts["without_heartbeat"] += len(self._early)
            self._early.clear()
            return
        self._say(self._texts.flush(), now_ms)
        if self._timeline.held:
            self._timeline.give_up()
        self._settle_identity(now_ms)

    def report_clash(self, other: str, now_ms: int) -> None:
        """Report, once, that another vehicle with this system id is heard at the same time."""
        if other not in self._clashes:
            self._clashes.add(other)
            self._event("identity_clash", {"system": self.system, "other": other}, now_ms)

    def counters(self) -> Counter[str]:
        """Return what was counted of this vehicle (copies: another thread may ask)."""
        return self.counts.copy() + self._timeline.counts.copy() + self._outlet.counts.copy()

    @property
    def clock(self) -> Clock:
        """What the vehicle's rows are stamped by now."""
        return self._timeline.clock

    def _meet(self, heartbeat: Heartbeat, now_ms: int) -> None:
        """Decide by the first heartbeat whether this is a vehicle at all."""
        self.is_vehicle = heartbeat.autopilot != AUTOPILOT_INVALID and heartbeat.type != TYPE_GCS
        early, self._early = self._early, deque()
        if not self.is_vehicle:
            self.counts["no_vehicle"] += len(early)
            return
        self._model = model_name(heartbeat)
        self._expect_identity(now_ms)
        for message, at_ms in early:
            self._handle(message, at_ms)
        self._handle(heartbeat, now_ms)

    def _handle(self, message: Message, now_ms: int) -> None:
        kind = type(message)
        self.heard[kind] += 1
        note = self._notes.get(kind)
        if note is None or note(message, now_ms):
            sample = samples_of(message, self._sprayer)
            if sample is not None:
                self._timeline.take_sample(sample, now_ms)
        if self._timeline.session != self._session:
            self._restart(now_ms)

    def _note_time(self, message: SystemTime, now_ms: int) -> bool:
        self._timeline.take_time(message.time_unix_usec, message.time_boot_ms, now_ms)
        return False

    def _note_gps(self, message: GpsRawInt, _: int) -> bool:
        if message.fix_type >= FIX_3D:
            self._timeline.note_fix()
        return True

    def _note_battery(self, message: BatteryStatus, _: int) -> bool:
        self._flight_battery = self._flight_battery or message.id == 0
        return True

    def _note_status(self, _: SysStatus, _now_ms: int) -> bool:
        return not self._flight_battery  # else it is the same battery, said less well

    def _note_text(self, message: Statustext, now_ms: int) -> bool:
        self._say(self._texts.take(message, now_ms), now_ms)
        return False

    def _note_ack(self, message: CommandAck, _: int) -> bool:
        self.acks[message.command] = message.result
        return False

    def _note_heartbeat(self, heartbeat: Heartbeat, now_ms: int) -> bool:
        if heartbeat.autopilot == AUTOPILOT_INVALID:
            return False
        mode = mode_name(heartbeat)
        if mode != self._mode:
            self._event("mode", {"mode": mode, "previous": self._mode, "code": heartbeat.custom_mode}, now_ms)
            self._mode = mode
        armed = bool(heartbeat.base_mode & ARMED_FLAG)
        if armed != self._armed:
            self._event("armed", {"armed": armed}, now_ms)
            self._armed = armed
        return False

    def _note_landed(self, message: ExtendedSysState, now_ms: int) -> bool:
        state = message.landed_state
        if state not in (0, self._landed):
            self._event("landed_state", {"state": landed_name(state)}, now_ms)
            self._landed = state
        return False

    def _say(self, texts: list[tuple[int, str]], now_ms: int) -> None:
        for severity, text in texts:
            self._event("text", {"text": text, "severity": severity_name(severity)}, now_ms)

    def _event(self, kind: str, data: dict[str, Scalar], now_ms: int) -> None:
        self._timeline.take_event(kind, data, now_ms)

    def _restart(self, now_ms: int) -> None:
        """Begin a session: what was known of the old one may not be true of the new one."""
        self._is_clash = False
        self._session = self._timeline.session
        self.heard.clear()
        self.acks.clear()
        self.counts["reboots"] += 1
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
            self._identity_due_ms = now_ms + self._identity_wait_ms

    def _note_version(self, version: AutopilotVersion, now_ms: int) -> bool:
        if not self._is_clash:
            self._identify(version, now_ms)
        return False

    def _identify(self, version: AutopilotVersion, now_ms: int) -> None:
        device, before = unique_device(version), self.device
        self.version = version
        if not self._outlet.is_named or before is None:
            self._settle_identity(now_ms)
        elif device is not None and device != before:
            if before == self._fallback:
                self._settle_identity(now_ms)
            else:
                self._split(before, device, now_ms)
                return
        if before is not None and self.device != before:
            self._event("identified", {"device": self.device, "before": before}, now_ms)

    def _split(self, first: str, second: str, now_ms: int) -> None:
        """Two autopilots answer under one system id on the same bytes: whose a row is can no longer be told."""
        self._is_clash = True
        self.counts["identity_clash"] += 1
        self._name(self._choose_fallback(now_ms), simulated=False)
        self._event("identity_clash", {"system": self.system, "first": first, "second": second}, now_ms)

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
        self._outlet.name(device, Nameplate(self._model, self.system, software), simulated=simulated)
