"""Where a vehicle's stamped rows and events get its device id and leave; they wait here while it has none.

What another component of the vehicle measures (a smart battery, a range finder on a companion) is a device of its own,
`<vehicle>.comp<number>`: two batteries never share a series.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from edge.sources.mavlink.mapping.rows import Columns, RowKind
from edge.sources.mavlink.output.device_ids import SourceContext, part_device
from edge.sources.source import DeviceId, Readings, Sink
from headland.contract.quantities import quantity_of
from headland.contract.records import ChannelInfo, Clock, Descriptor, Event, Evidence, Scalar

KIND: Final = "drone"
PART_KIND: Final = "component"

Output = Readings | Event | Descriptor


class EventBody(NamedTuple):
    """An event before its time and device are known."""

    kind: str
    data: dict[str, Scalar]


class _Rows(NamedTuple):
    """Messages with their time, that wait for a name."""

    clock: Clock
    kind: RowKind
    times_ms: Sequence[int]
    values: Sequence[Any]


class _Event(NamedTuple):
    """An event with its time, that waits for a name."""

    clock: Clock
    time_ms: int
    body: EventBody


@dataclass(frozen=True, slots=True)
class VehicleInfo:
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


class DeviceOutput:
    """Appends one vehicle's outputs to `out`. What waits for a name is bounded by `limit`; the oldest go, counted."""

    def __init__(self, out: list[Output], surroundings: SourceContext, limit: int, kind: str = KIND) -> None:
        self.counts: Counter[str] = Counter()
        #: What is known of how a channel came about; channels that are not named here are the vehicle's own word.
        self.evidence: dict[str, Evidence] = {}
        self._out = out
        self._surroundings = surroundings
        self._limit = limit
        self._kind = kind
        self._waiting: deque[_Rows | _Event] = deque()
        self._waiting_rows = 0
        self._nameplate = VehicleInfo("", 0)
        self._vehicle: _Device | None = None
        self._parts: dict[int, _Device] = {}
        #: Whose each family is that was seen since the last `name`, and which channels its last rows had.
        self._sources: dict[str, tuple[DeviceId, tuple[str, ...]]] = {}
        self._described: dict[int | None, dict[str, ChannelInfo]] = {}

    @property
    def is_named(self) -> bool:
        """Whether outputs leave at once."""
        return self._vehicle is not None

    def wait_for_name(self) -> None:
        """Hold outputs until the next `name`."""
        self._vehicle = None
        self._sources.clear()

    def name(self, device: str, nameplate: VehicleInfo, *, simulated: bool) -> None:
        """Send all that waits and all that comes as `device`'s."""
        surroundings = self._surroundings
        source = DeviceId(device, self._kind, surroundings.site, surroundings.simulated or simulated)
        self._vehicle = _Device(source, None, self._described.setdefault(None, {}))
        self._nameplate = nameplate
        self._parts.clear()
        self._sources.clear()
        self._describe(self._vehicle)
        waiting, self._waiting, self._waiting_rows = self._waiting, deque(), 0
        for one in waiting:
            if isinstance(one, _Event):
                self.take_event(*one)
            else:
                self.take_rows(*one)

    def take_event(self, clock: Clock, time_ms: int, body: EventBody) -> None:
        """Take an event that has its time."""
        if self._vehicle is None:
            self._wait(_Event(clock, time_ms, body), 1)
        else:
            self._send_event(clock, time_ms, body, self._vehicle.source)

    def take_rows(self, clock: Clock, kind: RowKind, times_ms: Sequence[int], values: Sequence[Any]) -> None:
        """Take messages of one kind that have their times (of the family `180/battery` they are component 180's)."""
        vehicle = self._vehicle
        if vehicle is None:
            self._wait(_Rows(clock, kind, times_ms, values), len(times_ms))
            return
        for run_ms, columns in kind.runs(times_ms, values):
            known, channels = self._sources.get(kind.family), tuple(columns)
            if known is None or known[1] != channels:
                known = self._learn_family(kind.family, columns, vehicle), channels
                self._sources[kind.family] = known
            self._out.append(Readings(known[0], clock, run_ms, columns))

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

    def _wait(self, one: _Rows | _Event, rows: int) -> None:
        """Keep what has no name yet; beyond the limit the oldest go."""
        self._waiting.append(one)
        self._waiting_rows += rows
        while (excess := self._waiting_rows - self._limit) > 0:
            oldest = self._waiting.popleft()
            dropped = 1
            if isinstance(oldest, _Rows):
                dropped = min(excess, len(oldest.times_ms))
                if dropped < len(oldest.times_ms):
                    rest = oldest._replace(times_ms=oldest.times_ms[dropped:], values=oldest.values[dropped:])
                    self._waiting.appendleft(rest)
            self._waiting_rows -= dropped
            self.counts["dropped_unnamed"] += dropped

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

    def _learn_family(self, family: str, columns: Columns, vehicle: _Device) -> DeviceId:
        """Note which channels a family has; return whose it is."""
        component, _, _ = family.rpartition("/")
        device = vehicle if not component else self._part(int(component), vehicle)
        new = {channel: _info(channel, self.evidence.get(channel)) for channel in columns if quantity_of(channel)}
        if not new.keys() <= device.channels.keys():
            device.channels.update(new)
            self._describe(device)
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


def deliver(outputs: list[Output], sink: Sink) -> list[Readings]:
    """Give all to the sink, the rows last and in one go; returns the rows."""
    runs: list[Readings] = []
    for output in outputs:
        if isinstance(output, Readings):
            runs.append(output)
        elif isinstance(output, Event):
            sink.event(output)
        else:
            sink.describe(output)
    if runs:
        sink.runs(runs)
    return runs
