"""The vehicles of one source, one for each link, system and component of an autopilot; the step from frames to outputs.

A sender is a vehicle when it says that it is an autopilot, in a HEARTBEAT or over a high latency link
(`vehicle.autopilots`); several of one system are several vehicles. Measurements of a system's other components are
stored beside its vehicle under their own names; a telemetry radio's report of itself is the radio's; ground stations
and the rest are counted and left out, and `set_aside` says of whom and why.

Two autopilots under one address: on two links they are two vehicles; in one stream of bytes (two identities, or two
boot times that take turns) their frames are separated by `sender_split`. Either way an event reports it. Ids of those
that have no unique one are the gateway's (`vehicle_names`): two sources never share one.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, Final

from edge.sources.mavlink.mapping.rows import ROW_KINDS
from edge.sources.mavlink.protocol.frame import AUTOPILOT, RawFrame
from edge.sources.mavlink.protocol.messages import (
    CARD_MESSAGES,
    LAYOUTS,
    MESSAGE_BY_ID,
    PLAN_MESSAGES,
    AutopilotVersion,
    decode_message,
)
from edge.sources.mavlink.spray.profile import SprayerSettings
from edge.sources.mavlink.timing.clock_choice import HoldPolicy
from edge.sources.mavlink.timing.pending import StampedRows
from edge.sources.mavlink.vehicle.autopilots import NO_HEARTBEAT, SetAside, why_no_autopilot
from edge.sources.mavlink.vehicle.device_naming import (
    NOTHING_KNOWN,
    DeviceName,
    KnownDevices,
    SourceContext,
    VehicleInfo,
    radio_device,
)
from edge.sources.mavlink.vehicle.device_output import DeviceOutput, Output
from edge.sources.mavlink.vehicle.sender_split import SenderSplit
from edge.sources.mavlink.vehicle.vehicle import Vehicle
from edge.sources.mavlink.vehicle.vehicle_names import VehicleNames
from edge.sources.source import Readings
from headland.contract.records import Clock

_LOGGER = logging.getLogger(__name__)

#: Two vehicles with one system id that were both received within this are two, not one that changed its address.
_TOGETHER_MS: Final = 3000
_AUTOPILOT_VERSION: Final = 148
_RADIO_STATUS: Final = (109, 166)
#: What another component may measure: batteries, range finders, rotation, ESCs, engines, a second wind sensor.
_PART_MESSAGES: Final = frozenset((132, 147, 168, 173, 225, 226, 11030, 11031, 11032))
#: Component id of a mission planner, which sends measurements of its own machine.
_GROUND_STATION: Final = 190
_HEARTBEAT: Final = 0
#: What says what a sender is: HEARTBEAT, and the summaries of high latency links.
_PRESENTATIONS: Final = (_HEARTBEAT, 234, 235)
#: Senders with another component than 1 whose messages wait for a HEARTBEAT, at most; others' are left out at once.
_MOST_WAITING: Final = 32
#: Parts of logs that wait to be taken, at most.
_MOST_CARD_FRAMES: Final = 5000
#: Senders about which `set_aside` counts, at most.
_MOST_ASIDE: Final = 256

#: (link, system, component, 0); a second autopilot in the same stream is number 1.
Key = tuple[str, int, int, int]
#: (link, system, component)
_Place = tuple[str, int, int]
#: The AUTOPILOT_VERSION of each of two vehicles, where it is known.
_Versions = tuple[AutopilotVersion | None, AutopilotVersion | None]
_NO_VERSIONS: Final[_Versions] = (None, None)


class Fleet:
    """The vehicles of one source. Frames go in, outputs are returned; every call brings the time."""

    def __init__(
        self,
        context: SourceContext,
        sprayer: SprayerSettings | None,
        policy: Callable[[int, int], HoldPolicy],
        known: Callable[[int, int], KnownDevices] = lambda _system, _component: NOTHING_KNOWN,
        names: VehicleNames | None = None,
    ) -> None:
        self.vehicles: dict[Key, Vehicle] = {}
        #: Parts of logs on vehicles' cards, not taken yet.
        self.card_frames: list[tuple[Key, RawFrame]] = []
        self._context = context
        self._sprayer = sprayer
        self._policy = policy
        self._known = known
        self._names = names or VehicleNames()
        self._splits: dict[_Place, SenderSplit] = {}
        self._radios: dict[tuple[str, int], _Radio] = {}
        #: MAV_TYPE of senders that said that they are no autopilots.
        self._others: dict[_Place, int] = {}
        self._aside: dict[tuple[int, int], SetAside] = {}
        self._counts: Counter[str] = Counter()
        self._gone: Counter[str] = Counter()

    def read(self, link: str, frames: Sequence[RawFrame], arrivals_ms: Sequence[int]) -> list[Output]:
        """Return the outputs of frames that were received on `link`, each at its own time.

        Rows are made at once: the vehicle's state is in the processor's cache now, and would not be after others'.
        """
        outputs: list[Output] = []
        received: dict[Vehicle, None] = {}  # in order: a set's order would differ from run to run
        at = 0
        while at < len(frames):
            frame = frames[at]
            vehicle = self.vehicles.get((link, frame[1], frame[2], 0))
            if vehicle is not None:
                received[vehicle] = None
                at, run_outputs = vehicle.read_run(frames, at, arrivals_ms)
                outputs += run_outputs
            if at < len(frames):
                outputs += self._read_frame(link, frames[at], arrivals_ms[at], received)
                at += 1
        for vehicle in received:
            outputs += vehicle.flush()
        return self._counted(outputs)

    def tick(self, now_ms: int) -> list[Output]:
        """Stop waiting where a bound has passed; call it about once a second."""
        outputs: list[Output] = []
        for key, vehicle in list(self.vehicles.items()):
            try:
                outputs += vehicle.tick(now_ms)
            except Exception as error:
                self._drop_unread(key, error)
        return self._counted(outputs + self._report_clashes(now_ms))

    def drop_unread(self, link: str, now_ms: int) -> list[Output]:
        """Drop the vehicles of a link after what nobody has foreseen; return what those still had that can tell it."""
        outputs: list[Output] = []
        for key in [key for key in self.vehicles if key[0] == link]:
            try:
                outputs += self._drop(key, now_ms)
            except Exception as error:
                self._drop_unread(key, error)
        return self._counted(outputs)

    def _drop_unread(self, key: Key, error: Exception) -> None:
        _LOGGER.warning("vehicle %d of %s begins anew", key[1], key[0], exc_info=error)
        self._counts["vehicle_failures"] += 1
        self.vehicles.pop(key, None)

    def finish(self, now_ms: int) -> list[Output]:
        """Stamp and name all that waits: no more bytes will come."""
        outputs = [output for vehicle in self.vehicles.values() for output in self._finish(vehicle, now_ms)]
        return self._counted(outputs + self._report_clashes(now_ms))

    def forget(self, link: str, now_ms: int) -> list[Output]:
        """Finish and drop the vehicles of a link that is gone for good."""
        outputs: list[Output] = []
        for key in [key for key in self.vehicles if key[0] == link]:
            outputs += self._drop(key, now_ms)
        for place in [place for place in self._splits if place[0] == link]:
            del self._splits[place]
        for radio in [radio for radio in self._radios if radio[0] == link]:
            self._gone += self._radios.pop(radio).output.counts
        for place in [place for place in self._others if place[0] == link]:
            del self._others[place]
        return self._counted(outputs)

    def autopilots(self, link: str) -> set[tuple[int, int]]:
        """Return the (system, component) of the vehicles of a link."""
        return {key[1:3] for key, vehicle in list(self.vehicles.items()) if key[0] == link and vehicle.is_vehicle}

    def routes(self) -> dict[int, set[str]]:
        """Return the links behind which each system is."""
        routes: dict[int, set[str]] = {}
        for (link, system, _, _), vehicle in self.vehicles.items():
            if vehicle.is_vehicle:
                routes.setdefault(system, set()).add(link)
        return routes

    def set_aside(self) -> list[SetAside]:
        """Return whose messages were left out, and why, the most first; with those that still wait for a HEARTBEAT."""
        aside = {sender: replace(entry) for sender, entry in list(self._aside.items())}
        for (_, system, component, _), vehicle in list(self.vehicles.items()):
            if vehicle.is_vehicle is None and vehicle.waiting:
                entry = aside.setdefault((system, component), SetAside(system, component, 0, NO_HEARTBEAT))
                entry.messages += vehicle.waiting
        return sorted((entry for entry in aside.values() if entry.messages), key=lambda entry: -entry.messages)

    def counters(self) -> Counter[str]:
        """Return what was read and left out, by name."""
        total = self._counts.copy() + self._gone.copy()
        for vehicle in list(self.vehicles.values()):
            total += vehicle.counters()
        for radio in list(self._radios.values()):
            total += radio.output.counts.copy()
        del total["descriptors"]
        return total

    def _counted(self, outputs: list[Output]) -> list[Output]:
        self._counts["rows"] += sum([len(output.times_ms) for output in outputs if isinstance(output, Readings)])
        return outputs

    # One frame

    def _read_frame(self, link: str, frame: RawFrame, now_ms: int, received: dict[Vehicle, None]) -> list[Output]:
        """Read a frame by its sender; a vehicle that it is of is added to `received`."""
        message_id, place = frame[0], (link, frame[1], frame[2])
        vehicle = self.vehicles.get((*place, 0))
        if message_id in CARD_MESSAGES and vehicle is not None and len(self.card_frames) < _MOST_CARD_FRAMES:
            self.card_frames.append(((*place, 0), frame))
            return []
        if message_id not in MESSAGE_BY_ID:
            self._counts["other_component" if vehicle is None else "other_message"] += 1
            return []
        if message_id in _RADIO_STATUS:
            return self._read_radio(link, frame, now_ms)
        if message_id in PLAN_MESSAGES and (vehicle is None or not vehicle.is_vehicle):
            target = self._target(link, frame)
            if target is not None:
                received[target] = None
                return target.read_upload(frame, now_ms)
        if vehicle is not None or self._may_be_vehicle(place, message_id):
            return self._read_autopilot(place, frame, now_ms, received)
        return self._read_part(place, frame, now_ms, received)

    def _target(self, link: str, frame: RawFrame) -> Vehicle | None:
        """Return the vehicle to which a ground station sends a plan, None where it is not known which one it is."""
        message: Any = decode_message(frame)
        system, component = message.target_system, message.target_component
        targets = {
            key: vehicle
            for key, vehicle in self.vehicles.items()
            if key[1] == system and component in (0, key[2]) and vehicle.is_vehicle
        }
        nearest = [vehicle for key, vehicle in targets.items() if key[0] == link] or list(targets.values())
        return nearest[0] if len(nearest) == 1 else None

    def _may_be_vehicle(self, place: _Place, message_id: int) -> bool:
        """Return whether the messages of a sender, of which this is the first, are kept until it says what it is."""
        if message_id in _PRESENTATIONS:
            return True
        if place in self._others or (message_id in _PART_MESSAGES and self._owner(place) is not None):
            return False
        if place[2] == AUTOPILOT:
            return True
        waiting = sum(vehicle.is_vehicle is None and key[2] != AUTOPILOT for key, vehicle in self.vehicles.items())
        return waiting < _MOST_WAITING

    def _read_autopilot(
        self, place: _Place, frame: RawFrame, now_ms: int, received: dict[Vehicle, None]
    ) -> list[Output]:
        outputs: list[Output] = []
        vehicle = self.vehicles.get((*place, 0))
        split = self._splits.get(place)
        if split is None and vehicle is not None and vehicle.has_rival:
            split, outputs = self._split(place, SenderSplit(), _NO_VERSIONS, now_ms)
        if split is not None:
            number = split.assign(frame, now_ms)
            if number is None:
                self._counts["ambiguous_sender"] += 1
                return outputs
            vehicle = self.vehicles[*place, number]
        elif vehicle is None:
            vehicle = self._add_vehicle((*place, 0), self._known(place[1], place[2]))
        if vehicle.is_repeated(frame):
            self._counts["repeated_frame"] += 1
            return outputs
        received[vehicle] = None
        outputs += vehicle.read(frame, now_ms)
        if vehicle.is_vehicle is False:
            self._set_aside_sender(place, vehicle, received)
        if vehicle.has_rival and place not in self._splits:
            split, versions = SenderSplit(), _NO_VERSIONS
            if frame[0] == _AUTOPILOT_VERSION and vehicle.rival is not None:
                split, versions = SenderSplit((None, (frame[3] + 1) & 255)), (vehicle.version, vehicle.rival)
            outputs += self._split(place, split, versions, now_ms)[1]
        return outputs

    def _set_aside_sender(self, place: _Place, vehicle: Vehicle, received: dict[Vehicle, None]) -> None:
        """Remember a sender that said that it is no autopilot; its other messages may be a part's."""
        received.pop(vehicle, None)
        del self.vehicles[*place, 0]
        self._gone += vehicle.counters()
        if len(self._others) < _MOST_ASIDE or place in self._others:
            self._others[place] = vehicle.kind or 0
        self._note_aside(place, vehicle.counts["no_vehicle"])

    def _note_aside(self, place: _Place, messages: int) -> None:
        """Count messages of a sender that is no vehicle."""
        sender = place[1:]
        entry = self._aside.get(sender)
        if entry is None:
            if len(self._aside) >= _MOST_ASIDE:
                return
            kind = self._others.get(place)
            why = NO_HEARTBEAT if kind is None else why_no_autopilot(kind)
            entry = self._aside[sender] = SetAside(*sender, 0, why)
        entry.messages += messages

    def _read_part(self, place: _Place, frame: RawFrame, now_ms: int, received: dict[Vehicle, None]) -> list[Output]:
        vehicle = self._owner(place) if frame[0] in _PART_MESSAGES and frame[2] != _GROUND_STATION else None
        if vehicle is None:
            self._counts["other_component"] += 1
            self._note_aside(place, 1)
            return []
        received[vehicle] = None
        return vehicle.read_part(frame, now_ms)

    def _owner(self, place: _Place) -> Vehicle | None:
        """Return the vehicle beside which measurements of its system's other components are stored, None without one.

        It is component 1 where that is an autopilot. Of two under one address it is not known which one it would be.
        """
        link, system, _ = place
        keys = [(link, system, AUTOPILOT, 0), *self.vehicles]
        for key in keys:
            vehicle = self.vehicles.get(key) if key[:2] == (link, system) else None
            if vehicle is not None and vehicle.is_vehicle:
                return None if key[:3] in self._splits else vehicle
        return None

    def _read_radio(self, link: str, frame: RawFrame, now_ms: int) -> list[Output]:
        """Read a radio's report of its own link; it has no clock, so it is stamped by arrival."""
        place = (link, frame[1])
        radio = self._radios.get(place)
        if radio is not None:
            return radio.read(frame, now_ms)
        twins = sum(other[1] == frame[1] for other in self._radios)
        radio = self._radios[place] = _Radio(self._context)
        return radio.begin(frame[1], twins) + radio.read(frame, now_ms)

    # Vehicles

    def _add_vehicle(self, key: Key, known: KnownDevices) -> Vehicle:
        _, system, component, _ = key
        vehicle = self.vehicles[key] = Vehicle(
            system,
            component,
            self._context,
            self._sprayer,
            self._policy(system, component),
            free_fallback=lambda now_ms: self._free_fallback(key, now_ms),
            known=known,
        )
        return vehicle

    def _drop(self, key: Key, now_ms: int) -> list[Output]:
        vehicle = self.vehicles.pop(key)
        outputs = self._finish(vehicle, now_ms)
        self._gone += vehicle.counters()
        return outputs

    def _finish(self, vehicle: Vehicle, now_ms: int) -> list[Output]:
        if vehicle.waiting:
            self._note_aside(("", vehicle.system, vehicle.component), vehicle.waiting)
        return vehicle.finish(now_ms)

    def _split(
        self,
        place: _Place,
        split: SenderSplit,
        versions: _Versions,
        now_ms: int,
    ) -> tuple[SenderSplit, list[Output]]:
        """Split a vehicle that was two: both begin anew, since what was known of one may be the other's."""
        old = self.vehicles[*place, 0]
        outputs = old.split(now_ms)
        outputs += self._drop((*place, 0), now_ms)
        self._counts["identity_clash"] += 1
        for number, version in enumerate(versions):
            outputs += self._add_vehicle((*place, number), NOTHING_KNOWN).clone_config_from(old, version, now_ms)
        self._splits[place] = split
        return split, outputs + self._report_clashes(now_ms)

    def _free_fallback(self, key: Key, now_ms: int) -> str:
        """Return an id by place that no other vehicle has that is received now."""
        taken = {
            vehicle.device
            for other, vehicle in self.vehicles.items()
            if other != key and other[1] == key[1] and vehicle.device is not None and _is_present(vehicle, now_ms)
        }
        link, system, component, _ = key
        return self._names.choose(self._context, system, component, link, taken)

    def _report_clashes(self, now_ms: int) -> list[Output]:
        """Report vehicles that share a system id, to each about the others."""
        by_system: dict[int, list[Vehicle]] = {}
        for (_, system, _, _), vehicle in self.vehicles.items():
            if vehicle.device is not None and _is_present(vehicle, now_ms):
                by_system.setdefault(system, []).append(vehicle)
        return [
            output
            for system, vehicles in by_system.items()
            for vehicle, other in self._clashes(system, vehicles, now_ms)
            for output in vehicle.report_clash(other, now_ms)
        ]

    def _clashes(self, system: int, vehicles: list[Vehicle], now_ms: int) -> Iterator[tuple[Vehicle, str]]:
        """Yield each vehicle of a system with each other device of it, on this source or another of the gateway."""
        devices = {vehicle.device for vehicle in vehicles if vehicle.device is not None}
        elsewhere = self._names.note_received(self._context.link, system, devices, now_ms)
        for vehicle in vehicles:
            for other in sorted(devices | elsewhere):
                if other != vehicle.device:
                    yield vehicle, other


def _is_present(vehicle: Vehicle, now_ms: int) -> bool:
    return bool(vehicle.is_vehicle) and now_ms - vehicle.received_ms < _TOGETHER_MS


class _Radio:
    """A telemetry radio that reports on the link itself."""

    def __init__(self, context: SourceContext) -> None:
        self.output = DeviceOutput(context, 0, kind="radio")
        self._context = context
        self._last_ms = -1

    def begin(self, system: int, twin: int) -> list[Output]:
        """Return the radio's descriptor."""
        device = radio_device(self._context, system, twin)
        return self.output.set_name(DeviceName(device, VehicleInfo("telemetry radio", system)))

    def read(self, frame: RawFrame, now_ms: int) -> list[Output]:
        """Read a RADIO_STATUS or RADIO: the same report under two ids, of which one at a time is enough."""
        if now_ms <= self._last_ms:
            return []
        self._last_ms = now_ms
        values = LAYOUTS[frame[0]].values(frame[4])
        return self.output.convert((StampedRows(Clock.ARRIVAL, ROW_KINDS[frame[0]], [now_ms], [values]),))
