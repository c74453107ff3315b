"""Who one vehicle is: by its autopilot's unique id once it says one, else where it was heard.

The id may be known later than the time: stamped rows wait for it, at most `identity_wait_ms` on a live link.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from edge.sources.mavlink.output.device_ids import is_simulator, software_name, unique_device
from edge.sources.mavlink.output.output import DeviceOutput, VehicleInfo
from edge.sources.mavlink.protocol.messages import AutopilotVersion
from edge.sources.mavlink.timing.timestamper import Timeline
from headland.contract.records import Scalar


@dataclass(frozen=True, slots=True)
class KnownDevices:
    """What a first look at a file told of a system: the versions it says; live links know nothing beforehand."""

    versions: tuple[AutopilotVersion, ...] = ()
    complete: bool = False  # True: no other version will come


NOTHING_KNOWN: Final = KnownDevices()


class Naming:
    """Names what leaves an outlet. What was stamped before a name changes leaves under the name before."""

    def __init__(
        self,
        system: int,
        outlet: DeviceOutput,
        timeline: Timeline,
        free_fallback: Callable[[int], str],
        *,
        known: KnownDevices,
        identity_wait_ms: int,
    ) -> None:
        self.model = ""
        self.version: AutopilotVersion | None = None
        self.device: str | None = None
        #: Another autopilot has said its own id under this system id, and who it is.
        self.has_rival = False
        self.rival: AutopilotVersion | None = None
        self._system = system
        self._outlet = outlet
        self._timeline = timeline
        self._free_fallback = free_fallback
        self._fallback: str | None = None
        self._known = known
        self._identity_wait_ms = identity_wait_ms
        self._due_ms: int | None = None

    def expect(self, now_ms: int) -> None:
        """Wait for an AUTOPILOT_VERSION, unless it is known what will come."""
        if self._known.complete and self.device is None:
            if self._known.versions:
                self.version = self._known.versions[0]
            self.settle(now_ms)
        else:
            self._timeline.flush()
            self._outlet.wait_for_name()
            self._due_ms = now_ms + self._identity_wait_ms

    def restart(self, now_ms: int) -> None:
        """Begin a session: another autopilot may speak now, unless it is known that none does."""
        if not self._known.complete or len({unique_device(version) for version in self._known.versions}) > 1:
            self.version = None
            self.expect(now_ms)

    def note_version(self, version: AutopilotVersion, now_ms: int) -> dict[str, Scalar] | None:
        """Take what the vehicle says of itself; returns what changed where it had another name before."""
        device, before = unique_device(version), self.device
        has_own_name = before is not None and before != self._fallback
        if self._outlet.is_named and has_own_name and device not in (None, before):
            self.has_rival, self.rival = True, version
            return None
        self.version = version
        if not self._outlet.is_named or not has_own_name:
            self.settle(now_ms)
        if before is not None and self.device != before:
            return {"device": self.device, "before": before}
        return None

    def expire(self, now_ms: int) -> None:
        """Give up waiting where the bound has passed."""
        if self._due_ms is not None and now_ms >= self._due_ms:
            self.settle(now_ms)

    def settle(self, now_ms: int) -> None:
        """Name it by what is known."""
        self._due_ms = None
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
        self._timeline.flush()
        self._outlet.name(device, VehicleInfo(self.model, self._system, software), simulated=simulated)
