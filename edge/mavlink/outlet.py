"""Where a vehicle's stamped rows and events get its device id and leave; they wait here while it has none."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass
from typing import Final

from edge.mavlink.identity import Surroundings
from edge.mavlink.timeline import EventBody, Stamped
from edge.reading import DeviceId, Reading
from headland.contract.quantities import quantity_of
from headland.contract.records import ChannelInfo, Descriptor, Event

KIND: Final = "drone"

Output = Reading | Event | Descriptor


@dataclass(frozen=True, slots=True)
class Nameplate:
    """What a descriptor says of the vehicle itself."""

    model: str
    system: int
    software: str


class Outlet:
    """Appends one vehicle's outputs to `out`. What waits for a name is bounded by `limit`; the oldest go, counted."""

    def __init__(self, out: list[Output], surroundings: Surroundings, limit: int) -> None:
        self.counts: Counter[str] = Counter()
        self._out = out
        self._surroundings = surroundings
        self._limit = limit
        self._waiting: deque[Stamped] = deque()
        self._source: DeviceId | None = None
        self._nameplate = Nameplate("", 0, "")
        self._families: set[str] = set()
        self._channels: dict[str, ChannelInfo] = {}

    @property
    def is_named(self) -> bool:
        """Whether outputs leave at once."""
        return self._source is not None

    def wait_for_name(self) -> None:
        """Hold outputs until the next `name`."""
        self._source = None

    def name(self, device: str, nameplate: Nameplate, *, simulated: bool) -> None:
        """Send all that waits and all that comes as `device`'s."""
        surroundings = self._surroundings
        source = DeviceId(device, KIND, surroundings.site, surroundings.simulated or simulated)
        self._source, self._nameplate = source, nameplate
        self._describe(source)
        while self._waiting:
            self._send(self._waiting.popleft(), source)

    def pass_on(self, ready: list[Stamped]) -> None:
        """Take all of `ready`, which is empty afterwards."""
        if not ready:
            return
        source = self._source
        if source is not None:
            for stamped in ready:
                self._send(stamped, source)
        else:
            self._waiting.extend(ready)
            while len(self._waiting) > self._limit:
                self._waiting.popleft()
                self.counts["dropped_unnamed"] += 1
        ready.clear()

    def _send(self, stamped: Stamped, source: DeviceId) -> None:
        clock, time_ms, family, body = stamped
        if isinstance(body, EventBody):
            self.counts["events"] += 1
            self._out.append(
                Event(
                    t=time_ms,
                    device=source.device,
                    kind=body.kind,
                    device_kind=source.kind,
                    site=source.site,
                    clock=clock,
                    data=body.data,
                    simulated=source.simulated,
                )
            )
            return
        if family not in self._families:
            self._families.add(family)
            for channel in body:
                quantity = quantity_of(channel)
                if quantity is not None:
                    self._channels[channel] = ChannelInfo(unit=quantity.unit)
            self._describe(source)
        self.counts["rows"] += 1
        self._out.append(Reading(source, clock, time_ms, body))

    def _describe(self, source: DeviceId) -> None:
        """Say again what is known of the vehicle: its name or its channels are new."""
        plate = self._nameplate
        self._out.append(
            Descriptor(
                device=source.device,
                kind=source.kind,
                site=source.site,
                name=f"{plate.model}, system {plate.system}",
                model=plate.model,
                software=plate.software,
                channels=dict(self._channels),
                simulated=source.simulated,
            )
        )
