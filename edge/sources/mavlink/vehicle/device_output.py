"""Outputs of one vehicle: stamped rows and events with its device id, and descriptors. They wait while it has no name.

What another component of the vehicle measures (a smart battery, a range finder on a companion) is a device of its own,
`<vehicle>.comp<number>`: two batteries never share a series.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from edge.sources.mavlink.mapping.rows import Columns
from edge.sources.mavlink.timing.pending import Stamped, StampedEvent, StampedRows
from edge.sources.mavlink.vehicle.device_naming import DeviceName, SourceContext, VehicleInfo, part_device
from edge.sources.source import DeviceId, Readings, Sink
from headland.contract.quantities import quantity_of
from headland.contract.records import ChannelInfo, Descriptor, Event, Evidence

KIND: Final = "drone"
PART_KIND: Final = "component"

Output = Readings | Event | Descriptor


@dataclass(slots=True)
class _Device:
    """The vehicle (component None) or a part of it."""

    source: DeviceId
    component: int | None
    channels: dict[str, ChannelInfo] = field(default_factory=dict)


class DeviceOutput:
    """Turns what is stamped into outputs. What waits for a name is bounded by `limit` rows; the oldest go, counted."""

    def __init__(self, context: SourceContext, limit: int, kind: str = KIND) -> None:
        self.counts: Counter[str] = Counter()
        #: Evidence class by channel; channels that are not named here are the vehicle's own report.
        self.evidence: dict[str, Evidence] = {}
        self._context = context
        self._limit = limit
        self._kind = kind
        self._waiting: deque[Stamped] = deque()
        self._waiting_rows = 0
        self._info = VehicleInfo("", 0)
        self._vehicle: _Device | None = None
        self._parts: dict[int, _Device] = {}
        #: By series that came since the last name: its device and the channels of its last rows.
        self._series: dict[str, tuple[DeviceId, tuple[str, ...]]] = {}
        self._described: dict[int | None, dict[str, ChannelInfo]] = {}

    def set_name(self, name: DeviceName) -> list[Output]:
        """Return what waited, under its name; or make outputs wait, where the name is not known."""
        self._series.clear()
        if name.device is None:
            self._vehicle = None
            return []
        context = self._context
        source = DeviceId(name.device, self._kind, context.site, context.simulated or name.simulated)
        self._vehicle = _Device(source, None, self._described.setdefault(None, {}))
        self._info = name.info
        self._parts.clear()
        waiting, self._waiting, self._waiting_rows = self._waiting, deque(), 0
        outputs: list[Output] = [self._describe(self._vehicle)]
        outputs += self.convert(waiting)
        return outputs

    def convert(self, stamped: Iterable[Stamped]) -> list[Output]:
        """Return the outputs of what is stamped, in order; none while there is no name."""
        outputs: list[Output] = []
        vehicle = self._vehicle
        for item in stamped:
            if vehicle is None:
                self._wait(item)
            elif isinstance(item, StampedEvent):
                outputs.append(self._event(item, vehicle.source))
            else:
                self._convert_rows(item, vehicle, outputs)
        return outputs

    def set_evidence(self, evidence: Mapping[str, Evidence]) -> list[Output]:
        """Set how channels were measured; returns a new descriptor where one of them was described otherwise."""
        if evidence == self.evidence:
            return []
        self.evidence = dict(evidence)
        known = self._described.setdefault(None, {})
        changed = {name: _info(name, evidence[name]) for name in known if name in evidence}
        if all(known[name] == info for name, info in changed.items()):
            return []
        known.update(changed)
        return [] if self._vehicle is None else [self._describe(self._vehicle)]

    def add_channels(self, channels: Mapping[str, ChannelInfo]) -> list[Output]:
        """Add channels of the vehicle's own log; returns a new descriptor where one of them was not known."""
        known = self._described.setdefault(None, {})
        new = {channel: info for channel, info in channels.items() if channel not in known}
        known.update(new)
        return [self._describe(self._vehicle)] if new and self._vehicle is not None else []

    def _convert_rows(self, rows: StampedRows, vehicle: _Device, outputs: list[Output]) -> None:
        """Append the rows of one kind by column; the series `180/battery` belongs to component 180."""
        clock, kind, times_ms, values = rows
        for run_ms, columns in kind.runs(times_ms, values):
            known, channels = self._series.get(kind.series), tuple(columns)
            if known is None or known[1] != channels:
                device = self._device(kind.series, vehicle)
                if self._learn_channels(device, columns):
                    outputs.append(self._describe(device))
                known = self._series[kind.series] = device.source, channels
            outputs.append(Readings(known[0], clock, run_ms, columns))

    def _wait(self, item: Stamped) -> None:
        """Keep what has no name yet; beyond the limit the oldest go."""
        self._waiting.append(item)
        self._waiting_rows += len(item.times_ms) if isinstance(item, StampedRows) else 1
        while (excess := self._waiting_rows - self._limit) > 0:
            oldest = self._waiting.popleft()
            dropped = 1
            if isinstance(oldest, StampedRows):
                dropped = min(excess, len(oldest.times_ms))
                if dropped < len(oldest.times_ms):
                    rest = oldest._replace(times_ms=oldest.times_ms[dropped:], values=oldest.values[dropped:])
                    self._waiting.appendleft(rest)
            self._waiting_rows -= dropped
            self.counts["dropped_unnamed"] += dropped

    def _event(self, event: StampedEvent, source: DeviceId) -> Event:
        self.counts["events"] += 1
        return Event(
            t=event.time_ms,
            device=source.device,
            kind=event.body.kind,
            device_kind=source.kind,
            site=source.site,
            clock=event.clock,
            data=event.body.data,
            simulated=source.simulated,
        )

    def _device(self, series: str, vehicle: _Device) -> _Device:
        """Return the device of a series: the vehicle, or the component that its name begins with."""
        number, _, _ = series.rpartition("/")
        if not number:
            return vehicle
        component = int(number)
        part = self._parts.get(component)
        if part is None:
            owner = vehicle.source
            source = DeviceId(part_device(owner.device, component), PART_KIND, owner.site, owner.simulated)
            part = self._parts[component] = _Device(source, component, self._described.setdefault(component, {}))
        return part

    def _learn_channels(self, device: _Device, columns: Columns) -> bool:
        """Add channels to a device; return whether any was new."""
        new = {channel: _info(channel, self.evidence.get(channel)) for channel in columns if quantity_of(channel)}
        if new.keys() <= device.channels.keys():
            return False
        device.channels.update(new)
        return True

    def _describe(self, device: _Device) -> Descriptor:
        self.counts["descriptors"] += 1
        info, source = self._info, device.source
        name = f"{info.model}, system {info.system}"
        return Descriptor(
            device=source.device,
            kind=source.kind,
            site=source.site,
            name=name if device.component is None else f"{name}, component {device.component}",
            model=info.model if device.component is None else "",
            software=info.software if device.component is None else "",
            channels=dict(device.channels),
            simulated=source.simulated,
        )


def _info(channel: str, evidence: Evidence | None) -> ChannelInfo:
    quantity = quantity_of(channel)
    return ChannelInfo(unit=quantity.unit if quantity is not None else "1", evidence=evidence)


def deliver(outputs: Sequence[Output], sink: Sink) -> list[Readings]:
    """Pass all outputs to the sink, the rows last and in one call; return the rows."""
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
