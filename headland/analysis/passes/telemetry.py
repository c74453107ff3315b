"""Telemetry of one vehicle in a window, read from the store once and shared by all answers about a pass.

`index_telemetry` reads the aggregates of each hour of a vehicle by one query, which the store answers from its rollups;
the version of a window is that of its hours, the same whatever else the index holds. `load_pass_telemetry` reads the
samples, from the cache where that version is there. The store only appends: a series changes by new samples or by
deletion, and both change the count or the extremes of its hour, so late data has another version.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

import msgspec
import numpy as np

from headland.agronomy.application.drift import WindDrift, droplet_drift, granule_drift
from headland.agronomy.application.metering import HopperWeights
from headland.agronomy.application.pass_detection import VehicleTelemetry
from headland.agronomy.application.product_answers import DRY_KG_MIN
from headland.agronomy.application.released import Amounts
from headland.agronomy.application.swaths import Track
from headland.agronomy.application.treated import FlowSamples, PumpStates
from headland.analysis.inputs.errors import AnalysisError
from headland.analysis.inputs.origin import for_window
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.inputs.telemetry import EMPTY, ChannelColumn, read_columns
from headland.analysis.inputs.window import Window
from headland.contract.records import Event, Evidence
from headland.store.port import Buckets, DeviceRecord, SeriesFilter
from headland.units_of_time import HOUR_MS

_LONGEST_READ_MS: Final = 24 * HOUR_MS
#: Positions for each height that a height channel needs: a range finder that sees the ground only at times is none.
_LEAST_HEIGHTS: Final = 12
#: Distance from a field's box within which a vehicle's hour is read [deg].
_NEAR_DEG: Final = 0.0005

#: Heights of the machine above the ground, the most direct first: a range finder, the autopilot's terrain, and home.
_HEIGHTS: Final = ("rangefinder_distance_m", "height_above_terrain_m", "relative_altitude_m")
_COMMON: Final = ("latitude_deg", "longitude_deg", "pump_on", "pump_command_us", *_HEIGHTS)
_WIND: Final = ("wind_speed_m_s", "wind_from_deg")
_GRANULES: Final = ("mass_flow_kg_min", "hopper_kg")
#: Most samples of a channel in one answer; more would take minutes and gigabytes.
MAX_SAMPLES: Final = 1_000_000
_LIQUID: Final = ("flow_l_min", "flow_volume_total_l", "tank_l")
_DRY_L_MIN: Final = 0.05
_MOST_EVENTS: Final = 50_000
_ALL_FLAGS: Final = 255

Modes = tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class TelemetryRef:
    """Telemetry that can be loaded: a vehicle, a window, and the version of what the store holds of them."""

    record: DeviceRecord
    window: Window
    version: bytes

    @property
    def unit(self) -> str:
        """The unit of the vehicle's amounts: kg of granules, L of a liquid."""
        return unit_of(self.record)


@dataclass(frozen=True, slots=True)
class PassTelemetry:
    """The samples of one vehicle in a window; amounts are in `unit`, kg or L.

    `columns` and `modes` are what was read; `vehicle` and `amounts` are the same in the form that the agronomy takes.
    `quality` is the worst flag, `inputs` are the channels that have samples.
    """

    record: DeviceRecord
    columns: dict[str, ChannelColumn]
    modes: Modes
    vehicle: VehicleTelemetry
    amounts: Amounts
    unit: str
    quality: int
    inputs: tuple[str, ...]

    @property
    def n(self) -> int:
        """The number of positions."""
        return len(self.vehicle.track.time_ms)

    def drift(self, droplet_class: str | None) -> WindDrift:
        """Return the drift of product by the vehicle's own estimate of the wind and its height above the ground."""
        speed, source = (self.columns.get(name, EMPTY) for name in _WIND)
        height = self.columns.get(_height_of(self.columns) or "", EMPTY)
        time_ms, speed_rows, source_rows = np.intersect1d(speed.time_ms, source.time_ms, return_indices=True)
        if not len(height.time_ms):
            time_ms, speed_rows, source_rows = time_ms[:0], speed_rows[:0], source_rows[:0]
        height_m = np.interp(time_ms, height.time_ms, height.value) if len(time_ms) else EMPTY.value
        wind = time_ms, speed.value[speed_rows], source.value[source_rows], height_m
        return granule_drift(*wind) if self.unit == "kg" else droplet_drift(*wind, droplet_class)

    def within(self, window: Window) -> PassTelemetry:
        """Return the part in a window, the same as if that window alone had been read."""
        columns = {}
        for channel, column in self.columns.items():
            first, last = np.searchsorted(column.time_ms, window.pair).tolist()
            if first < last:
                part = slice(first, last)
                columns[channel] = ChannelColumn(column.time_ms[part], column.value[part], column.quality[part])
        modes = tuple(mode for mode in self.modes if window.start_ms <= mode[0] < window.end_ms)
        return _assemble(self.record, columns, modes)


@dataclass(frozen=True, slots=True)
class VehicleHours:
    """Where a vehicle was in each whole hour of a window, read once for any number of fields."""

    buckets: tuple[Buckets, ...]

    def near(self, box_deg: tuple[float, float, float, float]) -> list[Window]:
        """Return the stretches of whole hours, each at most a day, in which it was near a box (W, S, E, N)."""
        hours: dict[tuple[str, bool], set[int]] = {}
        near_hours: dict[tuple[str, bool], set[int]] = {}
        bounds = {"longitude_deg": (box_deg[0], box_deg[2]), "latitude_deg": (box_deg[1], box_deg[3])}
        for buckets in self.buckets:
            origin = buckets.key.channel, buckets.key.simulated
            hours.setdefault(origin, set()).update(buckets.start_ms[buckets.count > 0].tolist())
            low, high = bounds[buckets.key.channel]
            near = (buckets.high >= low - _NEAR_DEG) & (buckets.low <= high + _NEAR_DEG)
            near_hours.setdefault(origin, set()).update(buckets.start_ms[near].tolist())

        def near_by(origin: bool) -> set[int]:
            return near_hours.get(("latitude_deg", origin), set()) & near_hours.get(("longitude_deg", origin), set())

        # A simulator's positions count in hours without real ones, as in the passes that are found there.
        return _join_hours(near_by(False) | (near_by(True) - hours.get(("latitude_deg", False), set())))


def read_hours(scope: OrgScope, record: DeviceRecord, window: Window) -> VehicleHours:
    """Return where a vehicle was in each whole hour of a window."""
    which = SeriesFilter(scope.organisation, record.descriptor.device, frozenset(("latitude_deg", "longitude_deg")))
    start_ms = window.start_ms // HOUR_MS * HOUR_MS
    return VehicleHours(tuple(scope.store.buckets(which, start_ms, window.end_ms, HOUR_MS)))


def find_visits(
    scope: OrgScope, record: DeviceRecord, box_deg: tuple[float, float, float, float], window: Window
) -> list[Window]:
    """Return the stretches of whole hours, each at most a day, in which a vehicle was near a box (W, S, E, N)."""
    return read_hours(scope, record, window).near(box_deg)


def _join_hours(hours_ms: set[int]) -> list[Window]:
    """Return stretches that hold some hours with the hour before and after each, none longer than is read at once."""
    visits: list[Window] = []
    for hour_ms in sorted(hours_ms):
        last = visits[-1] if visits else None
        # The hour before and after belong to it: a pass may begin or end there, short of the field.
        if last is not None and hour_ms <= last.end_ms and hour_ms + 2 * HOUR_MS - last.start_ms <= _LONGEST_READ_MS:
            visits[-1] = Window(last.start_ms, hour_ms + 2 * HOUR_MS)
        else:
            first_ms = hour_ms - HOUR_MS if last is None else max(hour_ms - HOUR_MS, last.end_ms)
            visits.append(Window(first_ms, hour_ms + 2 * HOUR_MS))
    return visits


@dataclass(frozen=True, slots=True)
class TelemetryIndex:
    """What the store holds of a vehicle by the hour, in whole hours of `span`."""

    scope: OrgScope
    record: DeviceRecord
    span: Window
    since_ms: int | None
    hours: tuple[Buckets, ...]
    modes: Modes | None

    def holds(self, window: Window) -> bool:
        """Return whether `refer` knows a window."""
        hours = _hours_of(window)
        return self.span.start_ms <= hours.start_ms and hours.end_ms <= self.span.end_ms

    def refer(self, window: Window) -> TelemetryRef:
        """Return a reference to the samples in a window, with their present version: real ones, else simulated."""
        record = for_window(self.scope, self.record, window, ("latitude_deg", "longitude_deg"))
        digest = blake2b(msgspec.json.encode((record.gateway, record.descriptor)), digest_size=16)
        digest.update(self._hours_version(window))
        return TelemetryRef(record, window, digest.digest())

    def _hours_version(self, window: Window) -> bytes:
        """Return the version of the hours of a window."""
        first_ms, end_ms = _hours_of(window).pair
        # Samples that retention has deleted are only in rollups, which may hold fewer hours.
        digest = blake2b(repr(self.since_ms).encode(), digest_size=16)
        modes = self.modes
        if modes is None:
            modes = _read_modes(self.scope, self.record, Window(first_ms, end_ms))
        digest.update(msgspec.json.encode([mode for mode in modes if first_ms <= mode[0] < end_ms]))
        for buckets in self.hours:
            first, last = np.searchsorted(buckets.start_ms, (first_ms, end_ms)).tolist()
            if first == last:
                continue
            digest.update(repr(buckets.key).encode())
            for column in (buckets.start_ms, buckets.count, buckets.low, buckets.high, buckets.last):
                digest.update(column[first:last].tobytes())
        return digest.digest()


def index_telemetry(scope: OrgScope, record: DeviceRecord, windows: Sequence[Window]) -> TelemetryIndex:
    """Return the index of a vehicle's samples in some windows and an hour around them, at least one."""
    hours = [_hours_of(window) for window in windows]
    span = Window(min(h.start_ms for h in hours) - HOUR_MS, max(h.end_ms for h in hours) + HOUR_MS)
    which = SeriesFilter(scope.organisation, record.descriptor.device, frozenset(_channels_of(record)))
    buckets = scope.store.buckets(which, span.start_ms, span.end_ms, HOUR_MS, _ALL_FLAGS)
    events = _read_events(scope, record, span)
    # As many as are read at most: there may be more, and each window reads its own.
    modes = _modes_of(events) if len(events) < _MOST_EVENTS else None
    return TelemetryIndex(scope, record, span, scope.store.info().samples_since_ms, tuple(buckets), modes)


def refer_telemetry(scope: OrgScope, record: DeviceRecord, window: Window) -> TelemetryRef:
    """Return a reference to a vehicle's samples in a window, with their present version: real ones, else simulated."""
    return index_telemetry(scope, record, [window]).refer(window)


def _hours_of(window: Window) -> Window:
    """Return the whole hours that a window touches."""
    return Window(window.start_ms // HOUR_MS * HOUR_MS, -(-window.end_ms // HOUR_MS) * HOUR_MS)


def load_pass_telemetry(scope: OrgScope, ref: TelemetryRef) -> PassTelemetry:
    """Return the samples that a reference names; raises AnalysisError (too-many-samples)."""
    device = ref.record.descriptor.device
    key = ("telemetry", scope.organisation, device, ref.window, ref.version)
    # The window of a pass under way ends later each time.
    family = ("telemetry", scope.organisation, device, ref.window.start_ms)
    return scope.cache.get(key, lambda: _read(scope, ref.record, ref.window), family)


def _read(scope: OrgScope, record: DeviceRecord, window: Window) -> PassTelemetry:
    columns = read_columns(scope, record, _channels_of(record), window, MAX_SAMPLES)
    if columns is None:
        sentence = f"A channel has more than {MAX_SAMPLES} samples in the pass: declare it in parts."
        raise AnalysisError("too-many-samples", "Too many samples in the pass", sentence)
    return _assemble(record, columns, _read_modes(scope, record, window))


def _assemble(record: DeviceRecord, columns: dict[str, ChannelColumn], modes: Modes) -> PassTelemetry:
    granules = is_spreader(record)
    flow_name = "mass_flow_kg_min" if granules else "flow_l_min"
    if not _is_sensed(record, flow_name):
        columns.pop(flow_name, None)

    def column(name: str) -> ChannelColumn:
        return columns.get(name, EMPTY)

    pump, flow, command = column("pump_on"), column(flow_name), column("pump_command_us")
    total = EMPTY if granules else column("flow_volume_total_l")
    weighed = column("hopper_kg" if granules else "tank_l")
    hopper = HopperWeights(weighed.time_ms, weighed.value)
    vehicle = VehicleTelemetry(
        track_of(column("latitude_deg"), column("longitude_deg")),
        PumpStates(pump.time_ms, pump.value > 0.5),
        FlowSamples(flow.time_ms, flow.value, DRY_KG_MIN if granules else _DRY_L_MIN, flow_name),
        hopper,
        modes,
    )
    amounts = Amounts(total.time_ms, total.value, flow.time_ms, flow.value, hopper, command.time_ms, command.value)
    unused = set(_HEIGHTS) - {_height_of(columns)}
    read = {name: part for name, part in columns.items() if name not in unused}
    worst = max((int(part.quality.max()) for part in read.values() if len(part.quality)), default=9)
    used = tuple(name for name in _channels_of(record) if name in read and len(column(name).time_ms))
    return PassTelemetry(record, columns, modes, vehicle, amounts, unit_of(record), worst, used)


def _channels_of(record: DeviceRecord) -> list[str]:
    return [*_COMMON, *_WIND, *(_GRANULES if is_spreader(record) else _LIQUID)]


def is_spreader(record: DeviceRecord) -> bool:
    """Tell whether a device is known to spread granules rather than to spray."""
    return any(channel in record.descriptor.channels for channel in _GRANULES)


def unit_of(record: DeviceRecord) -> str:
    """Return the unit of a vehicle's amounts: kg of granules, L of a liquid."""
    return "kg" if is_spreader(record) else "L"


def _is_sensed(record: DeviceRecord, channel: str) -> bool:
    """Return whether a flow is a sensor's; one that the gateway computed from the hopper's weight is not."""
    info = record.descriptor.channels.get(channel)
    return info is None or info.evidence in {None, Evidence.MEASURED_FLOW}


def _height_of(columns: dict[str, ChannelColumn]) -> str | None:
    """Return the channel of the height above the ground: the first with samples for most of the time of positions."""
    needed = len(columns.get("latitude_deg", EMPTY).time_ms) / _LEAST_HEIGHTS
    known = [name for name in _HEIGHTS if len(columns.get(name, EMPTY).time_ms) >= max(needed, 2)]
    return known[0] if known else None


def _read_modes(scope: OrgScope, record: DeviceRecord, window: Window) -> Modes:
    """Return the flight modes that a vehicle reported in a window: (time, mode) in time order."""
    return _modes_of(_read_events(scope, record, window))


def _read_events(scope: OrgScope, record: DeviceRecord, window: Window) -> list[Event]:
    device = record.descriptor.device
    return scope.store.events(scope.organisation, window.start_ms, window.end_ms, device, _MOST_EVENTS)


def _modes_of(events: list[Event]) -> Modes:
    return tuple((event.t, str(event.data.get("mode"))) for event in events if event.kind == "mode")


def track_of(latitude: ChannelColumn, longitude: ChannelColumn) -> Track:
    """Return the positions whose latitude and longitude have the same instant."""
    time_ms, first, second = np.intersect1d(latitude.time_ms, longitude.time_ms, return_indices=True)
    return Track(time_ms, latitude.value[first], longitude.value[second])
