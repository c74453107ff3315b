"""Where a vehicle's stamped rows and events get its device id and leave; they wait here while it has none."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass
from typing import Final

from edge.mavlink.identity import Surroundings
from edge.mavlink.samples import Values
from edge.mavlink.timeline import EventBody
from edge.reading import DeviceId, Reading
from headland.contract.quantities import quantity_of
from headland.contract.records import ChannelInfo, Clock, Descriptor, Event

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
        self._waiting: deque[tuple[Clock, int, str, Values | EventBody]] = deque()
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
            self.take(*self._waiting.popleft())

    def take(self, clock: Clock, time_ms: int, family: str, body: Values | EventBody) -> None:
        """Take a row of `family`, or an event, that has its time."""
        source = self._source
        if source is None:
            self._waiting.append((clock, time_ms, family, body))
            if len(self._waiting) > self._limit:
                self._waiting.popleft()
                self.counts["dropped_unnamed"] += 1
        elif isinstance(body, EventBody):
            self._send_event(clock, time_ms, body, source)
        else:
            if family not in self._families:
                self._learn_channels(family, body, source)
            self.counts["rows"] += 1
            self._out.append(Reading(source, clock, time_ms, body))

    def _send_event(self, clock: Clock, time_ms: int, body: EventBody, source: DeviceId) -> None:
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

    def _learn_channels(self, family: str, values: Values, source: DeviceId) -> None:
        self._families.add(family)
        for channel in values:
            quantity = quantity_of(channel)
            if quantity is not None:
                self._channels[channel] = ChannelInfo(unit=quantity.unit)
        self._describe(source)

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
