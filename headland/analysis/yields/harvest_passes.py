"""Passes of combines over a field: when grain flowed over it, with the samples of each. They are no application."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

import numpy as np

from headland.agronomy.application.metering import HopperWeights
from headland.agronomy.application.pass_detection import VehicleTelemetry, detect_passes
from headland.agronomy.application.treated import FlowSamples, PumpStates
from headland.agronomy.geometry.local_plane import Plane
from headland.agronomy.geometry.outline import FieldOutline
from headland.agronomy.harvest.harvest_points import LEAST_WIDTH_M, HarvestPoints
from headland.agronomy.series.arrays import Times, Values
from headland.analysis.inputs.errors import AnalysisError
from headland.analysis.inputs.field_geometry import bounds_of, outline_of, plane_of
from headland.analysis.inputs.origin import for_window
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.inputs.telemetry import EMPTY, ChannelColumn, read_columns
from headland.analysis.inputs.window import Window
from headland.analysis.passes.telemetry import MAX_SAMPLES, find_visits, track_of
from headland.analysis.passes.vehicle_visits import find_implement
from headland.registry.models.models import Field
from headland.store.port import DeviceRecord, SeriesFilter

FLOW: Final = "harvest_flow_kg_min"
CHANNELS: Final = (
    "latitude_deg",
    "longitude_deg",
    "working_width_m",
    "ground_speed_m_s",
    FLOW,
    "grain_moisture_pct",
)
#: Flow below which no grain comes in [kg/min].
_DRY_KG_MIN: Final = 1.0
#: Time around a pass whose samples belong to it: grain arrives behind its ground [ms].
_BEFORE_MS: Final = 5000
_AFTER_MS: Final = 30_000
#: Width that detection takes where none is known [m]; it changes no amount.
_UNKNOWN_WIDTH_M: Final = 5.0


@dataclass(frozen=True, slots=True)
class HarvestPass:
    """A pass of a combine over a field, with its samples in metres of the field's plane.

    `width` is where the width comes from: measured, declared (the implement's), or None. `quality` is the worst flag of
    the samples.
    """

    id: str
    field: Field
    record: DeviceRecord
    start_ms: int
    end_ms: int
    points: HarvestPoints
    width: str | None
    quality: Annotated[int, "Worst QARTOD flag of the samples."]

    @property
    def device(self) -> str:
        """The combine's name on the wire."""
        return self.record.descriptor.device

    @property
    def simulated(self) -> bool:
        """Whether a simulator made any of the data."""
        return self.record.descriptor.simulated


def list_harvest_passes(scope: OrgScope, field: Field, window: Window) -> list[HarvestPass]:
    """Return the passes of combines over a field that begin in a window, in time order."""
    repositories = scope.repositories
    plane = plane_of(field)
    outline = outline_of(field, plane)
    found: list[HarvestPass] = []
    for record in _list_combines(scope):
        implement = find_implement(repositories, record.descriptor.device)
        declared_m = None if implement is None else implement.swath_m
        for visit in find_visits(scope, record, bounds_of(field), window):
            shown = for_window(scope, record, visit, CHANNELS)
            for each in _search(scope, field, outline, plane, shown, visit, declared_m):
                is_inside = window.start_ms <= each.start_ms < window.end_ms
                if is_inside and repositories.sees_field_at(field.id, each.start_ms):
                    found.append(each)
    return sorted(found, key=lambda each: (each.start_ms, each.id))


def _list_combines(scope: OrgScope) -> list[DeviceRecord]:
    names = {key.device for key in scope.store.series(SeriesFilter(scope.organisation, None, frozenset((FLOW,))))}
    return [record for record in scope.store.devices(scope.organisation) if record.descriptor.device in names]


def _search(
    scope: OrgScope,
    field: Field,
    outline: FieldOutline,
    plane: Plane,
    record: DeviceRecord,
    visit: Window,
    declared_m: float | None,
) -> list[HarvestPass]:
    columns = read_columns(scope, record, list(CHANNELS), visit, MAX_SAMPLES)
    if columns is None:
        sentence = f"A channel has more than {MAX_SAMPLES} samples in the window: ask for a shorter one."
        raise AnalysisError("too-many-samples", "Too many samples in the window", sentence)
    track = track_of(columns.get("latitude_deg", EMPTY), columns.get("longitude_deg", EMPTY))
    flow = columns.get(FLOW, EMPTY)
    if len(track.time_ms) < 2 or len(flow.time_ms) < 2:
        return []
    widths = columns.get("working_width_m", EMPTY).value
    cutting = widths[widths >= LEAST_WIDTH_M]
    width_m = float(np.median(cutting)) if len(cutting) else declared_m
    none = np.empty(0, np.int64)
    vehicle = VehicleTelemetry(
        track,
        PumpStates(none, np.empty(0, np.bool_)),
        FlowSamples(flow.time_ms, flow.value, _DRY_KG_MIN, FLOW),
        HopperWeights(none, np.empty(0)),
    )
    east_m, north_m = plane.to_metres(track.latitude_deg, track.longitude_deg)
    made = []
    for detected in detect_passes(vehicle, outline.whole, plane, width_m or _UNKNOWN_WIDTH_M):
        first, end = np.searchsorted(track.time_ms, (detected.start_ms - _BEFORE_MS, detected.end_ms + _AFTER_MS))
        part = slice(int(first), int(end))
        points = _points_of(columns, track.time_ms[part], east_m[part], north_m[part], declared_m)
        worst = [
            int(column.quality[low:high].max())
            for column in columns.values()
            for low, high in [np.searchsorted(column.time_ms, (detected.start_ms, detected.end_ms)).tolist()]
            if high > low
        ]
        width = "measured" if len(cutting) else None if declared_m is None else "declared"
        pass_id = f"{field.id}~{record.descriptor.device}~{detected.start_ms}"
        made.append(
            HarvestPass(
                pass_id, field, record, detected.start_ms, detected.end_ms, points, width, max(worst, default=9)
            )
        )
    return made


def _points_of(
    columns: dict[str, ChannelColumn], time_ms: Times, east_m: Values, north_m: Values, declared_m: float | None
) -> HarvestPoints:
    """Return the samples at positions; a channel counts at its own instants only."""

    def at(channel: str) -> Values:
        column = columns.get(channel, EMPTY)
        values = np.full(len(time_ms), np.nan)
        _, here, there = np.intersect1d(time_ms, column.time_ms, return_indices=True)
        values[here] = column.value[there]
        return values

    width = at("working_width_m")
    flow = at(FLOW) / 60.0
    if not np.isfinite(width).any():
        # Without a measured width the header is down while grain flows.
        width = np.where(flow * 60.0 >= _DRY_KG_MIN, np.nan if declared_m is None else declared_m, np.nan)
    speed = at("ground_speed_m_s")
    if len(time_ms) > 1 and not np.isfinite(speed).any():
        seconds = np.maximum(np.gradient(time_ms / 1000.0), 1e-3)
        speed = np.hypot(np.gradient(east_m), np.gradient(north_m)) / seconds
    return HarvestPoints(time_ms, east_m, north_m, width, speed, flow, at("grain_moisture_pct"))
