"""The vehicles of one source, each kept apart by the link it is heard on and its system id.

Only component 1 of a system can be a vehicle: radios (51, 68), ground stations, cameras and companions that share its
system id are counted and left out, so that nothing of theirs is taken for the vehicle's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from itertools import permutations
from typing import Final

from edge.mavlink.frame import AUTOPILOT, Frame
from edge.mavlink.identity import Surroundings, fallback_device
from edge.mavlink.messages import MESSAGE_BY_ID, decode_message
from edge.mavlink.outlet import Output
from edge.mavlink.settings import SprayerSettings
from edge.mavlink.timeline import Patience
from edge.mavlink.vehicle import Foreknowledge, Vehicle

#: Two vehicles with one system id that were both heard within this are two, not one that changed its address.
_TOGETHER_MS: Final = 3000
_NOTHING_KNOWN: Final = Foreknowledge()


class Fleet:
    """Takes frames, gives outputs. Time comes in with every call; nothing here waits."""

    def __init__(
        self,
        surroundings: Surroundings,
        sprayer: SprayerSettings | None,
        patience: Callable[[int], Patience],
        known: Mapping[int, Foreknowledge] | None = None,
    ) -> None:
        self.vehicles: dict[tuple[str, int], Vehicle] = {}
        self._surroundings = surroundings
        self._sprayer = sprayer
        self._patience = patience
        self._known = known or {}
        self._counts: Counter[str] = Counter()
        self._gone: Counter[str] = Counter()
        self._out: list[Output] = []

    def take_all(self, link: str, frames: list[Frame], now_ms: int) -> None:
        """Take frames that were heard on `link` at one time; most are of kinds that are not read, and pass quickly."""
        for frame in frames:
            if frame[2] == AUTOPILOT and frame[0] not in MESSAGE_BY_ID:
                self._counts["other_message"] += 1
            else:
                self.take(link, frame, now_ms)

    def take(self, link: str, frame: Frame, now_ms: int) -> None:
        """Take a frame that was heard on `link`."""
        system = frame[1]
        if frame[2] != AUTOPILOT or system == 0:
            self._counts["other_component"] += 1
            return
        message = decode_message(frame)
        if message is None:
            self._counts["other_message"] += 1
            return
        key = (link, system)
        vehicle = self.vehicles.get(key)
        if vehicle is None:
            vehicle = self.vehicles[key] = self._meet(key)
        last = vehicle.last_frame
        if last is not None and last[3] == frame[3] and last[:5] == frame[:5]:
            self._counts["repeated_frame"] += 1
            return
        vehicle.last_frame = frame
        vehicle.take(message, now_ms)

    def tick(self, now_ms: int) -> None:
        """Let the bounds pass; call it about once a second."""
        for vehicle in self.vehicles.values():
            vehicle.tick(now_ms)
        self._report_clashes(now_ms)

    def finish(self, now_ms: int) -> None:
        """Stamp and name all that waits: no more bytes will come."""
        for vehicle in self.vehicles.values():
            vehicle.finish(now_ms)

    def forget(self, link: str, now_ms: int) -> None:
        """Finish and drop the vehicles of a link that is gone for good."""
        for key in [key for key in self.vehicles if key[0] == link]:
            vehicle = self.vehicles.pop(key)
            vehicle.finish(now_ms)
            self._gone += vehicle.counters()

    def drain(self) -> list[Output]:
        """Return what has become ready since the last call, in order."""
        out = self._out.copy()
        self._out.clear()
        return out

    def counters(self) -> Counter[str]:
        """Return what was taken and left out, by name."""
        total = self._counts.copy() + self._gone.copy()
        for vehicle in list(self.vehicles.values()):
            total += vehicle.counters()
        return total

    def _meet(self, key: tuple[str, int]) -> Vehicle:
        system = key[1]
        return Vehicle(
            system,
            self._surroundings,
            self._sprayer,
            self._patience(system),
            self._out,
            free_fallback=lambda now_ms: self._free_fallback(key, now_ms),
            known=self._known.get(system, _NOTHING_KNOWN),
        )

    def _others(self, key: tuple[str, int], now_ms: int) -> list[Vehicle]:
        """Return the other vehicles with this system id that are heard now."""
        return [
            vehicle
            for other, vehicle in self.vehicles.items()
            if other != key and other[1] == key[1] and vehicle.is_vehicle and now_ms - vehicle.heard_ms < _TOGETHER_MS
        ]

    def _free_fallback(self, key: tuple[str, int], now_ms: int) -> str:
        taken = {vehicle.device for vehicle in self._others(key, now_ms)}
        twin = 0
        while (device := fallback_device(self._surroundings, key[1], twin)) in taken:
            twin += 1
        return device

    def _report_clashes(self, now_ms: int) -> None:
        by_system: dict[int, list[Vehicle]] = {}
        for (_, system), vehicle in self.vehicles.items():
            if vehicle.is_vehicle and vehicle.device is not None and now_ms - vehicle.heard_ms < _TOGETHER_MS:
                by_system.setdefault(system, []).append(vehicle)
        for vehicles in by_system.values():
            for vehicle, other in permutations(vehicles, 2):
                if vehicle.device != other.device and other.device is not None:
                    vehicle.report_clash(other.device, now_ms)
