"""What a vehicle said over a window, as passes and as-applied maps need it. Reads only, no HTTP."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from headland.agronomy.application.as_applied import GRANULE_FALL_M_S, Air
from headland.agronomy.application.pass_detection import Telemetry
from headland.agronomy.application.released import Amounts
from headland.agronomy.application.spreading import DRY_KG_MIN
from headland.agronomy.application.treated import Flow, PumpStates
from headland.agronomy.application.weighing import Hopper
from headland.analysis.errors import AnalysisError
from headland.analysis.passes.application import MAX_SAMPLES, is_spreader, track_of
from headland.analysis.scope import OrgScope
from headland.analysis.telemetry import EMPTY, Column, read_columns
from headland.analysis.window import Window
from headland.contract.records import Evidence
from headland.store.port import DeviceRecord, SeriesFilter
from headland.units_of_time import HOUR_MS

_LONGEST_READ_MS: Final = 24 * HOUR_MS
#: How far a vehicle's hour may be from a field's box and still be looked at [deg].
_NEAR_DEG: Final = 0.0005

_COMMON: Final = ("latitude_deg", "longitude_deg", "pump_on", "pump_command_us", "relative_altitude_m")
_WIND: Final = ("wind_speed_m_s", "wind_from_deg")
_GRANULES: Final = ("mass_flow_kg_min", "hopper_kg")
_LIQUID: Final = ("flow_l_min", "flow_volume_total_l", "tank_l")
_DRY_L_MIN: Final = 0.05
_EVENTS: Final = 50_000


@dataclass(frozen=True, slots=True)
class PassTelemetry:
    """What was heard of one vehicle in a window; amounts are in `unit`, kg or L. `inputs` are the channels used."""

    record: DeviceRecord
    told: Telemetry
    amounts: Amounts
    air: Air
    unit: str
    quality: int
    inputs: tuple[str, ...]

    @property
    def n(self) -> int:
        """How many positions there are."""
        return len(self.told.track.time_ms)


def find_visits(
    scope: OrgScope, record: DeviceRecord, box_deg: tuple[float, float, float, float], window: Window
) -> list[Window]:
    """Return the stretches of whole hours, each at most a day, in which a vehicle was near a box (W, S, E, N)."""
    which = SeriesFilter(scope.organisation, record.descriptor.device, frozenset(("latitude_deg", "longitude_deg")))
    start_ms = window.start_ms // HOUR_MS * HOUR_MS
    hours: dict[str, set[int]] = {"latitude_deg": set(), "longitude_deg": set()}
    bounds = {"longitude_deg": (box_deg[0], box_deg[2]), "latitude_deg": (box_deg[1], box_deg[3])}
    for found in scope.store.buckets(which, start_ms, window.end_ms, HOUR_MS):
        if found.key.simulated != record.descriptor.simulated:
            continue
        low, high = bounds[found.key.channel]
        near = (found.high >= low - _NEAR_DEG) & (found.low <= high + _NEAR_DEG)
        hours[found.key.channel].update(found.start_ms[near].tolist())
    visits: list[Window] = []
    for hour_ms in sorted(hours["latitude_deg"] & hours["longitude_deg"]):
        last = visits[-1] if visits else None
        # The hour before and after belong to it: a pass may begin or end there, short of the field.
        if last is not None and hour_ms <= last.end_ms and hour_ms + 2 * HOUR_MS - last.start_ms <= _LONGEST_READ_MS:
            visits[-1] = Window(last.start_ms, hour_ms + 2 * HOUR_MS)
        else:
            first_ms = hour_ms - HOUR_MS if last is None else max(hour_ms - HOUR_MS, last.end_ms)
            visits.append(Window(first_ms, hour_ms + 2 * HOUR_MS))
    return visits


def load_pass_telemetry(scope: OrgScope, record: DeviceRecord, window: Window) -> PassTelemetry:
    """Return a vehicle's samples in a window; raises AnalysisError (too-many-samples)."""
    granules = is_spreader(record)
    channels = [*_COMMON, *_WIND, *(_GRANULES if granules else _LIQUID)]
    columns = read_columns(scope, record, channels, window, MAX_SAMPLES)
    if columns is None:
        sentence = f"A channel has more than {MAX_SAMPLES} samples in the pass: declare it in parts."
        raise AnalysisError("too-many-samples", "The pass holds too many samples", sentence)

    def column(name: str) -> Column:
        return columns.get(name, EMPTY)

    track = track_of(column("latitude_deg"), column("longitude_deg"))
    pump = column("pump_on")
    flow_name = "mass_flow_kg_min" if granules else "flow_l_min"
    if not _is_sensed(record, flow_name):
        columns.pop(flow_name, None)
    flow = column(flow_name)
    total = EMPTY if granules else column("flow_volume_total_l")
    weighed = column("hopper_kg" if granules else "tank_l")
    command = column("pump_command_us")
    hopper = Hopper(weighed.time_ms, weighed.value)
    told = Telemetry(
        track,
        PumpStates(pump.time_ms, pump.value > 0.5),
        Flow(flow.time_ms, flow.value, DRY_KG_MIN if granules else _DRY_L_MIN, flow_name),
        hopper,
        _modes(scope, record, window),
    )
    amounts = Amounts(total.time_ms, total.value, flow.time_ms, flow.value, hopper, command.time_ms, command.value)
    air = _air(columns) if granules else Air(EMPTY.time_ms, EMPTY.value, EMPTY.value, EMPTY.value)
    worst = max((int(each.quality.max()) for each in columns.values() if len(each.quality)), default=9)
    used = tuple(name for name in channels if len(column(name).time_ms))
    return PassTelemetry(record, told, amounts, air, "kg" if granules else "L", worst, used)


def _is_sensed(record: DeviceRecord, channel: str) -> bool:
    """Tell whether a flow is a sensor's: one that the gateway made of the hopper's weight is not."""
    told = record.descriptor.channels.get(channel)
    return told is None or told.evidence in {None, Evidence.MEASURED_FLOW}


def _air(columns: dict[str, Column]) -> Air:
    """Return the vehicle's own estimate of the wind, with how long granules fall from its height above home."""
    speed, source = columns.get("wind_speed_m_s", EMPTY), columns.get("wind_from_deg", EMPTY)
    height = columns.get("relative_altitude_m", EMPTY)
    time_ms, one, other = np.intersect1d(speed.time_ms, source.time_ms, return_indices=True)
    if not len(time_ms) or not len(height.time_ms):
        return Air(EMPTY.time_ms, EMPTY.value, EMPTY.value, EMPTY.value)
    height_m = np.maximum(np.interp(time_ms, height.time_ms, height.value), 0.0)
    return Air(time_ms, speed.value[one], source.value[other], height_m / GRANULE_FALL_M_S)


def _modes(scope: OrgScope, record: DeviceRecord, window: Window) -> tuple[tuple[int, str], ...]:
    found = scope.store.events(scope.organisation, window.start_ms, window.end_ms, record.descriptor.device, _EVENTS)
    return tuple((event.t, str(event.data.get("mode"))) for event in found if event.kind == "mode")
