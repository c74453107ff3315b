"""The vehicles of one source, one for each link and system id; the step from frames to outputs.

Only component 1 of a system can be a vehicle. Measurements of its other components are stored beside it under their own
names; a telemetry radio's report of itself is the radio's; ground stations and the rest are counted and left out.

Two autopilots under one system id: on two links they are two vehicles; in one stream of bytes (two identities, or two
boot times that take turns) their frames are separated by `sender_split`. Either way an event reports it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import permutations
from typing import Final

from edge.sources.mavlink.mapping.rows import ROW_KINDS
from edge.sources.mavlink.output.device_naming import (
    NOTHING_KNOWN,
    DeviceName,
    KnownDevices,
    SourceContext,
    VehicleInfo,
    fallback_device,
    radio_device,
)
from edge.sources.mavlink.output.device_output import DeviceOutput, Output
from edge.sources.mavlink.protocol.frame import AUTOPILOT, RawFrame
from edge.sources.mavlink.protocol.messages import LAYOUTS, MESSAGE_BY_ID, AutopilotVersion
from edge.sources.mavlink.spray.profile import SprayerSettings
from edge.sources.mavlink.timing.clock_choice import HoldPolicy
from edge.sources.mavlink.timing.pending import StampedRows
from edge.sources.mavlink.vehicle.sender_split import SenderSplit
from edge.sources.mavlink.vehicle.vehicle import Vehicle
from edge.sources.source import Readings
from headland.contract.records import Clock

#: Two vehicles with one system id that were both received within this are two, not one that changed its address.
_TOGETHER_MS: Final = 3000
_AUTOPILOT_VERSION: Final = 148
_RADIO_STATUS: Final = (109, 166)
#: What another component may measure: batteries, range finders, rotation, ESCs, engines, a second wind sensor.
_PART_MESSAGES: Final = frozenset((132, 147, 168, 173, 225, 226, 11030, 11031, 11032))
#: Component id of a mission planner, which sends measurements of its own machine.
_GROUND_STATION: Final = 190

#: (link, system, 0); a second autopilot in the same stream is number 1.
Key = tuple[str, int, int]
#: (link, system)
_Place = tuple[str, int]
#: The AUTOPILOT_VERSION of each of two vehicles, where it is known.
_Versions = tuple[AutopilotVersion | None, AutopilotVersion | None]
_NO_VERSIONS: Final[_Versions] = (None, None)


class Fleet:
    """The vehicles of one source. Frames go in, outputs are returned; every call brings the time."""

    def __init__(
        self,
        context: SourceContext,
        sprayer: SprayerSettings | None,
        policy: Callable[[int], HoldPolicy],
        known: Mapping[int, KnownDevices] | None = None,
    ) -> None:
        self.vehicles: dict[Key, Vehicle] = {}
        self._context = context
        self._sprayer = sprayer
        self._policy = policy
        self._known = known or {}
        self._splits: dict[_Place, SenderSplit] = {}
        self._radios: dict[_Place, _Radio] = {}
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
            vehicle = self.vehicles.get((link, frame[1], 0))
            if vehicle is not None:
                received[vehicle] = None
                if frame[2] == AUTOPILOT:
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
        outputs = [output for vehicle in self.vehicles.values() for output in vehicle.tick(now_ms)]
        return self._counted(outputs + self._report_clashes(now_ms))

    def finish(self, now_ms: int) -> list[Output]:
        """Stamp and name all that waits: no more bytes will come."""
        outputs = [output for vehicle in self.vehicles.values() for output in vehicle.finish(now_ms)]
        return self._counted(outputs + self._report_clashes(now_ms))

    def forget(self, link: str, now_ms: int) -> list[Output]:
        """Finish and drop the vehicles of a link that is gone for good."""
        outputs: list[Output] = []
        for key in [key for key in self.vehicles if key[0] == link]:
            outputs += self._drop(key, now_ms)
        for place in [place for place in self._splits if place[0] == link]:
            del self._splits[place]
        for place in [place for place in self._radios if place[0] == link]:
            self._gone += self._radios.pop(place).output.counts
        return self._counted(outputs)

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
        message_id, system, component = frame[0], frame[1], frame[2]
        if message_id not in MESSAGE_BY_ID:
            self._counts["other_message" if component == AUTOPILOT and system else "other_component"] += 1
            return []
        if message_id in _RADIO_STATUS:
            return self._read_radio(link, frame, now_ms)
        if component != AUTOPILOT or system == 0:
            return self._read_part((link, system), frame, now_ms, received)
        return self._read_autopilot((link, system), frame, now_ms, received)

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
            vehicle = self._add_vehicle((*place, 0), self._known.get(frame[1], NOTHING_KNOWN))
        if vehicle.is_repeated(frame):
            self._counts["repeated_frame"] += 1
            return outputs
        received[vehicle] = None
        outputs += vehicle.read(frame, now_ms)
        if vehicle.has_rival and place not in self._splits:
            split, versions = SenderSplit(), _NO_VERSIONS
            if frame[0] == _AUTOPILOT_VERSION and vehicle.rival is not None:
                split, versions = SenderSplit((None, (frame[3] + 1) & 255)), (vehicle.version, vehicle.rival)
            outputs += self._split(place, split, versions, now_ms)[1]
        return outputs

    def _read_part(self, place: _Place, frame: RawFrame, now_ms: int, received: dict[Vehicle, None]) -> list[Output]:
        vehicle = self.vehicles.get((*place, 0))
        is_part = frame[0] in _PART_MESSAGES and frame[2] != _GROUND_STATION
        if not is_part or vehicle is None or not vehicle.is_vehicle or place in self._splits:
            self._counts["other_component"] += 1
            return []
        received[vehicle] = None
        return vehicle.read_part(frame, now_ms)

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
        system = key[1]
        vehicle = self.vehicles[key] = Vehicle(
            system,
            self._context,
            self._sprayer,
            self._policy(system),
            free_fallback=lambda now_ms: self._free_fallback(key, now_ms),
            known=known,
        )
        return vehicle

    def _drop(self, key: Key, now_ms: int) -> list[Output]:
        vehicle = self.vehicles.pop(key)
        outputs = vehicle.finish(now_ms)
        self._gone += vehicle.counters()
        return outputs

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
            if other != key and other[1] == key[1] and _is_present(vehicle, now_ms)
        }
        twin = 0
        while (device := fallback_device(self._context, key[1], twin)) in taken:
            twin += 1
        return device

    def _report_clashes(self, now_ms: int) -> list[Output]:
        """Report vehicles that share a system id, to each about the others."""
        by_system: dict[int, list[Vehicle]] = {}
        for (_, system, _), vehicle in self.vehicles.items():
            if vehicle.device is not None and _is_present(vehicle, now_ms):
                by_system.setdefault(system, []).append(vehicle)
        return [
            output
            for vehicles in by_system.values()
            for vehicle, other in permutations(vehicles, 2)
            if vehicle.device != other.device and other.device is not None
            for output in vehicle.report_clash(other.device, now_ms)
        ]


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
