"""The vehicles of one source, each kept apart by the link it is heard on and its system id.

Only component 1 of a system can be a vehicle. What other components of it measure is kept beside it under their own
names; a telemetry radio's own report is the radio's; ground stations and the rest are counted and left out.

Two autopilots under one system id: on two links they are two vehicles; in one stream of bytes (two identities are
said, or two boot times take turns) they are told apart by `senders`. Either way it is said as an event.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import permutations
from typing import Final

from edge.sources.mavlink.mapping.rows import ROW_KINDS
from edge.sources.mavlink.output.device_ids import SourceContext, fallback_device, radio_device
from edge.sources.mavlink.output.output import DeviceOutput, Output, VehicleInfo
from edge.sources.mavlink.protocol.frame import AUTOPILOT, RawFrame
from edge.sources.mavlink.protocol.messages import LAYOUTS, MESSAGE_BY_ID, AutopilotVersion
from edge.sources.mavlink.spray.profile import SprayerSettings
from edge.sources.mavlink.timing.clock_choice import HoldPolicy
from edge.sources.mavlink.vehicle.device_naming import NOTHING_KNOWN, KnownDevices
from edge.sources.mavlink.vehicle.sender_split import Senders
from edge.sources.mavlink.vehicle.vehicle import Vehicle
from edge.sources.source import Readings
from headland.contract.records import Clock

#: Two vehicles with one system id that were both heard within this are two, not one that changed its address.
_TOGETHER_MS: Final = 3000
_AUTOPILOT_VERSION: Final = 148
_RADIO_STATUS: Final = (109, 166)
#: What another component may measure: batteries, range finders, rotation, ESCs, engines, a second wind sensor.
_PART_MESSAGES: Final = frozenset((132, 147, 168, 173, 225, 226, 11030, 11031, 11032))
#: The component ids of a system's parts; 190 and beyond to 199 are ground stations, planners and onboard computers.
_GROUND_STATION: Final = 190

#: (link, system, 0); a second autopilot in the same stream is number 1.
Key = tuple[str, int, int]


class Fleet:
    """Takes frames, gives outputs. Time comes in with every call; nothing here waits."""

    def __init__(
        self,
        surroundings: SourceContext,
        sprayer: SprayerSettings | None,
        patience: Callable[[int], HoldPolicy],
        known: Mapping[int, KnownDevices] | None = None,
    ) -> None:
        self.vehicles: dict[Key, Vehicle] = {}
        self._surroundings = surroundings
        self._sprayer = sprayer
        self._patience = patience
        self._known = known or {}
        self._senders: dict[tuple[str, int], Senders] = {}
        self._radios: dict[tuple[str, int], _Radio] = {}
        self._counts: Counter[str] = Counter()
        self._gone: Counter[str] = Counter()
        self._heard: set[Vehicle] = set()
        self._out: list[Output] = []
        self._rows = 0

    def take_all(self, link: str, frames: Sequence[RawFrame], arrivals_ms: Sequence[int]) -> None:
        """Take frames that were heard on `link`, each at its own time.

        Their rows are made at once: what the vehicles have in memory is at hand now, and would not be after others'.
        """
        at = 0
        while at < len(frames):
            vehicle = self.vehicles.get((link, frames[at][1], 0))
            if vehicle is not None:
                self._heard.add(vehicle)
                at = vehicle.take_run(frames, at, arrivals_ms)
            if at < len(frames):
                self.take(link, frames[at], arrivals_ms[at])
                at += 1
        self._flush()

    def take(self, link: str, frame: RawFrame, now_ms: int) -> None:
        """Take a frame that was heard on `link`."""
        message_id, system, component = frame[0], frame[1], frame[2]
        if message_id not in MESSAGE_BY_ID:
            self._counts["other_message" if component == AUTOPILOT and system else "other_component"] += 1
        elif message_id in _RADIO_STATUS:
            self._take_radio(link, frame, now_ms)
        elif component != AUTOPILOT or system == 0:
            self._take_part(link, frame, now_ms)
        else:
            self._take_autopilot(link, frame, now_ms)

    def _take_autopilot(self, link: str, frame: RawFrame, now_ms: int) -> None:
        place = (link, frame[1])
        vehicle = self._whose(place, frame, now_ms)
        if vehicle is None:
            return
        if vehicle.repeats(frame):
            self._counts["repeated_frame"] += 1
            return
        self._heard.add(vehicle)
        vehicle.take(frame, now_ms)
        if vehicle.has_rival and place not in self._senders:
            if frame[0] == _AUTOPILOT_VERSION and vehicle.rival is not None:
                self._split(place, Senders((None, (frame[3] + 1) & 255)), (vehicle.version, vehicle.rival), now_ms)
            else:
                self._split(place, Senders(), (None, None), now_ms)

    def tick(self, now_ms: int) -> None:
        """Let the bounds pass; call it about once a second."""
        for vehicle in self.vehicles.values():
            vehicle.tick(now_ms)
        self._report_clashes(now_ms)

    def finish(self, now_ms: int) -> None:
        """Stamp and name all that waits: no more bytes will come."""
        for vehicle in self.vehicles.values():
            vehicle.finish(now_ms)
        self._report_clashes(now_ms)

    def forget(self, link: str, now_ms: int) -> None:
        """Finish and drop the vehicles of a link that is gone for good."""
        for key in [key for key in self.vehicles if key[0] == link]:
            self._drop(key, now_ms)
        for place in [place for place in self._senders if place[0] == link]:
            del self._senders[place]
        for place in [place for place in self._radios if place[0] == link]:
            self._gone += self._radios.pop(place).outlet.counts

    def drain(self) -> list[Output]:
        """Return what has become ready since the last call; the rows of a series are in order."""
        self._flush()
        out = self._out.copy()
        self._out.clear()
        self._rows += sum([len(one.times_ms) for one in out if isinstance(one, Readings)])
        return out

    def counters(self) -> Counter[str]:
        """Return what was taken and left out, by name."""
        total = self._counts.copy() + self._gone.copy()
        for vehicle in list(self.vehicles.values()):
            total += vehicle.counters()
        for radio in list(self._radios.values()):
            total += radio.outlet.counts.copy()
        del total["descriptors"]
        return total + Counter(rows=self._rows)

    def _flush(self) -> None:
        """Let the rows leave of those that were heard."""
        for vehicle in self._heard:
            vehicle.flush()
        self._heard.clear()

    def _whose(self, place: tuple[str, int], frame: RawFrame, now_ms: int) -> Vehicle | None:
        """Return the vehicle that a frame is of, None where two could be."""
        senders = self._senders.get(place)
        if senders is None:
            vehicle = self.vehicles.get((*place, 0))
            if vehicle is None:
                return self._meet((*place, 0), self._known.get(frame[1], NOTHING_KNOWN))
            if not vehicle.has_rival:
                return vehicle
            senders = self._split(place, Senders(), (None, None), now_ms)
        chosen = senders.choose(frame, now_ms)
        if chosen is None:
            self._counts["ambiguous_sender"] += 1
            return None
        return self.vehicles[*place, chosen]

    def _split(
        self,
        place: tuple[str, int],
        senders: Senders,
        versions: tuple[AutopilotVersion | None, AutopilotVersion | None],
        now_ms: int,
    ) -> Senders:
        """Part a vehicle that was two: both begin anew, since what was known of one may be the other's."""
        old = self.vehicles[*place, 0]
        old.part(now_ms)
        self._drop((*place, 0), now_ms)
        self._counts["identity_clash"] += 1
        for number, version in enumerate(versions):
            self._meet((*place, number), NOTHING_KNOWN).be_like(old, version, now_ms)
        self._senders[place] = senders
        self._report_clashes(now_ms)
        return senders

    def _take_radio(self, link: str, frame: RawFrame, now_ms: int) -> None:
        """Take a radio's report of its own link; it has no clock, so it is stamped when it is heard."""
        place = (link, frame[1])
        radio = self._radios.get(place)
        if radio is None:
            twins = sum(other[1] == frame[1] for other in self._radios)
            radio = self._radios[place] = _Radio(self._out, self._surroundings, frame[1], twins)
        radio.take(frame, now_ms)

    def _take_part(self, link: str, frame: RawFrame, now_ms: int) -> None:
        place = (link, frame[1])
        vehicle = self.vehicles.get((*place, 0))
        is_part = frame[0] in _PART_MESSAGES and frame[2] != _GROUND_STATION
        if not is_part or vehicle is None or not vehicle.is_vehicle or place in self._senders:
            self._counts["other_component"] += 1
            return
        self._heard.add(vehicle)
        vehicle.take_part(frame, now_ms)

    def _meet(self, key: Key, known: KnownDevices) -> Vehicle:
        system = key[1]
        vehicle = self.vehicles[key] = Vehicle(
            system,
            self._surroundings,
            self._sprayer,
            self._patience(system),
            self._out,
            free_fallback=lambda now_ms: self._free_fallback(key, now_ms),
            known=known,
        )
        return vehicle

    def _drop(self, key: Key, now_ms: int) -> Vehicle:
        vehicle = self.vehicles.pop(key)
        vehicle.finish(now_ms)
        self._gone += vehicle.counters()
        return vehicle

    def _others(self, key: Key, now_ms: int) -> list[Vehicle]:
        """Return the other vehicles with this system id that are heard now."""
        return [
            vehicle
            for other, vehicle in self.vehicles.items()
            if other != key and other[1] == key[1] and vehicle.is_vehicle and now_ms - vehicle.heard_ms < _TOGETHER_MS
        ]

    def _free_fallback(self, key: Key, now_ms: int) -> str:
        taken = {vehicle.device for vehicle in self._others(key, now_ms)}
        twin = 0
        while (device := fallback_device(self._surroundings, key[1], twin)) in taken:
            twin += 1
        return device

    def _report_clashes(self, now_ms: int) -> None:
        by_system: dict[int, list[Vehicle]] = {}
        for (_, system, _), vehicle in self.vehicles.items():
            if vehicle.is_vehicle and vehicle.device is not None and now_ms - vehicle.heard_ms < _TOGETHER_MS:
                by_system.setdefault(system, []).append(vehicle)
        for vehicles in by_system.values():
            for vehicle, other in permutations(vehicles, 2):
                if vehicle.device != other.device and other.device is not None:
                    vehicle.report_clash(other.device, now_ms)


class _Radio:
    """A telemetry radio that reports on the link itself."""

    def __init__(self, out: list[Output], surroundings: SourceContext, system: int, twin: int) -> None:
        self.outlet = DeviceOutput(out, surroundings, 0, kind="radio")
        device = radio_device(surroundings, system, twin)
        self.outlet.name(device, VehicleInfo("telemetry radio", system), simulated=False)
        self._last_ms = -1

    def take(self, frame: RawFrame, now_ms: int) -> None:
        """Take a RADIO_STATUS or RADIO: the same report under two ids, of which one a moment is enough."""
        if now_ms <= self._last_ms:
            return
        self._last_ms = now_ms
        self.outlet.take_rows(Clock.ARRIVAL, ROW_KINDS[frame[0]], [now_ms], [LAYOUTS[frame[0]].values(frame[4])])
