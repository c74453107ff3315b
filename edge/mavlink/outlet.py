"""Where a vehicle's stamped rows and events get its device id and leave; they wait here while it has none.

What another component of the vehicle measures (a smart battery, a range finder on a companion) is a device of its own,
`<vehicle>.comp<number>`: two batteries never share a series.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from edge.mavlink.identity import Surroundings, part_device
from edge.mavlink.samples import Values
from edge.mavlink.timeline import EventBody
from edge.reading import DeviceId, Reading
from headland.contract.quantities import quantity_of
from headland.contract.records import ChannelInfo, Clock, Descriptor, Event, Evidence

KIND: Final = "drone"
PART_KIND: Final = "component"

Output = Reading | Event | Descriptor


@dataclass(frozen=True, slots=True)
class Nameplate:
    """What a descriptor says of the vehicle itself."""

    model: str
    system: int
    software: str = ""


@dataclass(slots=True)
class _Device:
    """One device of this outlet: the vehicle (component None) or a part of it."""

    source: DeviceId
    component: int | None
    channels: dict[str, ChannelInfo] = field(default_factory=dict)


class Outlet:
    """Appends one vehicle's outputs to `out`. What waits for a name is bounded by `limit`; the oldest go, counted."""

    def __init__(self, out: list[Output], surroundings: Surroundings, limit: int, kind: str = KIND) -> None:
        self.counts: Counter[str] = Counter()
        #: What is known of how a channel came about; channels that are not named here are the vehicle's own word.
        self.evidence: dict[str, Evidence] = {}
        self._out = out
        self._surroundings = surroundings
        self._limit = limit
        self._kind = kind
        self._waiting: deque[tuple[Clock, int, str, Values | EventBody]] = deque()
        self._nameplate = Nameplate("", 0)
        self._vehicle: _Device | None = None
        self._parts: dict[int, _Device] = {}
        #: Whose each family is that was seen since the last `name`, and how many channels its last row had.
        self._sources: dict[str, tuple[DeviceId, int]] = {}
        self._described: dict[int | None, dict[str, ChannelInfo]] = {}

    @property
    def is_named(self) -> bool:
        """Whether outputs leave at once."""
        return self._vehicle is not None

    def wait_for_name(self) -> None:
        """Hold outputs until the next `name`."""
        self._vehicle = None
        self._sources.clear()

    def name(self, device: str, nameplate: Nameplate, *, simulated: bool) -> None:
        """Send all that waits and all that comes as `device`'s."""
        surroundings = self._surroundings
        source = DeviceId(device, self._kind, surroundings.site, surroundings.simulated or simulated)
        self._vehicle = _Device(source, None, self._described.setdefault(None, {}))
        self._nameplate = nameplate
        self._parts.clear()
        self._sources.clear()
        self._describe(self._vehicle)
        while self._waiting:
            self.take(*self._waiting.popleft())

    def take(self, clock: Clock, time_ms: int, family: str, body: Values | EventBody) -> DeviceId | None:
        """Take a row of `family` (`180/battery` is component 180's), or an event, that has its time.

        Returns whose further rows of the family are, as long as they have as many channels; None: ask again.
        """
        if self._vehicle is None:
            self._waiting.append((clock, time_ms, family, body))
            if len(self._waiting) > self._limit:
                self._waiting.popleft()
                self.counts["dropped_unnamed"] += 1
            return None
        if isinstance(body, EventBody):
            self._send_event(clock, time_ms, body, self._vehicle.source)
            return None
        known = self._sources.get(family)
        source = (
            known[0] if known is not None and known[1] == len(body) else self._learn_family(family, body, self._vehicle)
        )
        self._out.append(Reading(source, clock, time_ms, body))
        return source

    def learn_evidence(self, evidence: Mapping[str, Evidence]) -> None:
        """Take how channels come about; says again what has changed."""
        if evidence == self.evidence:
            return
        self.evidence = dict(evidence)
        known = self._described.setdefault(None, {})
        changed = {name: _info(name, evidence[name]) for name in known if name in evidence}
        if any(known[name] != info for name, info in changed.items()):
            known.update(changed)
            if self._vehicle is not None:
                self._describe(self._vehicle)

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

    def _learn_family(self, family: str, values: Values, vehicle: _Device) -> DeviceId:
        """Note whose a family is and which channels it has."""
        component, _, _ = family.rpartition("/")
        device = vehicle if not component else self._part(int(component), vehicle)
        new = {channel: _info(channel, self.evidence.get(channel)) for channel in values if quantity_of(channel)}
        if not new.keys() <= device.channels.keys():
            device.channels.update(new)
            self._describe(device)
        self._sources[family] = (device.source, len(values))
        return device.source

    def _part(self, component: int, vehicle: _Device) -> _Device:
        part = self._parts.get(component)
        if part is None:
            owner = vehicle.source
            source = DeviceId(part_device(owner.device, component), PART_KIND, owner.site, owner.simulated)
            part = self._parts[component] = _Device(source, component, self._described.setdefault(component, {}))
        return part

    def _describe(self, device: _Device) -> None:
        """Say again what is known of a device: its name or its channels are new."""
        self.counts["descriptors"] += 1
        plate, source = self._nameplate, device.source
        name = f"{plate.model}, system {plate.system}"
        self._out.append(
            Descriptor(
                device=source.device,
                kind=source.kind,
                site=source.site,
                name=name if device.component is None else f"{name}, component {device.component}",
                model=plate.model if device.component is None else "",
                software=plate.software if device.component is None else "",
                channels=dict(device.channels),
                simulated=source.simulated,
            )
        )


def _info(channel: str, evidence: Evidence | None) -> ChannelInfo:
    quantity = quantity_of(channel)
    return ChannelInfo(unit=quantity.unit if quantity is not None else "1", evidence=evidence)
