"""Answers on what a device sprayed or spread in a window."""

from __future__ import annotations

from typing import Final

import numpy as np

from headland.agronomy.application.metering import FlowMeter, HopperWeights
from headland.agronomy.application.product_answers import (
    DRY_KG_MIN,
    Application,
    Spreading,
    assess_application,
    assess_spreading,
)
from headland.agronomy.application.treated import SILENCE_S, FlowSamples, PumpStates
from headland.agronomy.series.arrays import Mask
from headland.analysis.inputs.errors import AnalysisError
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.inputs.telemetry import EMPTY, ChannelColumn, read_columns, read_first
from headland.analysis.inputs.window import Window
from headland.analysis.passes.telemetry import MAX_SAMPLES, track_of
from headland.contract.records import Evidence
from headland.store.port import DeviceRecord
from headland.units_of_time import DAY_MS

_COLUMN_FIELDS: Final = ("time_ms", "value", "quality")

_SPRAYER: Final = ("latitude_deg", "longitude_deg", "pump_on", "flow_l_min", "flow_volume_total_l")
_MASS_FLOW: Final = "mass_flow_kg_min"
_HOPPER: Final = "hopper_kg"
_SPREADER: Final = ("latitude_deg", "longitude_deg", "pump_on", _MASS_FLOW, _HOPPER)


def answer_application(scope: OrgScope, record: DeviceRecord, window: Window, swath_m: float) -> Application:
    """Return the answers of a sprayer for a window, with swaths of the given width."""
    margin_ms = int(SILENCE_S * 1000)
    columns = _read(scope, record, list(_SPRAYER), Window(window.start_ms - margin_ms, window.end_ms + margin_ms))
    pump = columns.get("pump_on", EMPTY)
    flow = columns.get("flow_l_min", EMPTY)
    total = _with_neighbours(scope, record, "flow_volume_total_l", columns, window, margin_ms)
    worst = max((int(column.quality.max()) for column in columns.values() if len(column.quality)), default=1)
    return assess_application(
        track_of(columns.get("latitude_deg", EMPTY), columns.get("longitude_deg", EMPTY)),
        PumpStates(pump.time_ms, pump.value > 0.5),
        FlowMeter(total.time_ms, total.value, flow.time_ms, flow.value),
        window=window.pair,
        swath_m=swath_m,
        quality=worst,
    )


def answer_spreading(scope: OrgScope, record: DeviceRecord, window: Window, swath_m: float) -> Spreading:
    """Return the answers of a spreader for a window, with swaths of the given width."""
    margin_ms = int(SILENCE_S * 1000)
    columns = _read(scope, record, list(_SPREADER), Window(window.start_ms - margin_ms, window.end_ms + margin_ms))
    feeder = columns.get("pump_on", EMPTY)
    info = record.descriptor.channels.get(_MASS_FLOW)
    # A flow that the gateway computed from the hopper's weight is no sensor's: the weight itself is better evidence.
    sensed = info is None or info.evidence in {None, Evidence.MEASURED_FLOW}
    flow = columns.get(_MASS_FLOW, EMPTY) if sensed else EMPTY
    hopper = _with_neighbours(scope, record, _HOPPER, columns, window, margin_ms)
    worst = max((int(column.quality.max()) for column in columns.values() if len(column.quality)), default=1)
    return assess_spreading(
        track_of(columns.get("latitude_deg", EMPTY), columns.get("longitude_deg", EMPTY)),
        PumpStates(feeder.time_ms, feeder.value > 0.5),
        FlowSamples(flow.time_ms, flow.value, DRY_KG_MIN, _MASS_FLOW),
        HopperWeights(hopper.time_ms, hopper.value),
        window=window.pair,
        swath_m=swath_m,
        quality=worst,
    )


def _read(scope: OrgScope, record: DeviceRecord, channels: list[str], window: Window) -> dict[str, ChannelColumn]:
    columns = read_columns(scope, record, channels, window, MAX_SAMPLES)
    if columns is None:
        sentence = f"A channel has more than {MAX_SAMPLES} samples in the window: ask for a shorter one."
        raise AnalysisError("too-many-samples", "Too many samples in the window", sentence)
    return columns


def _with_neighbours(
    scope: OrgScope,
    record: DeviceRecord,
    channel: str,
    columns: dict[str, ChannelColumn],
    window: Window,
    margin_ms: int,
) -> ChannelColumn:
    """Return a channel's samples with the nearest one on each side, up to a day away.

    A total that rose in a silence at the window's end is work without telemetry; only a neighbour shows it.
    """
    first_ms, end_ms = window.start_ms - margin_ms, window.end_ms + margin_ms
    before = _read(scope, record, [channel], Window(first_ms - DAY_MS, first_ms)).get(channel, EMPTY)
    after = read_first(scope, record, channel, Window(end_ms, end_ms + DAY_MS))
    parts = [_part(before, slice(-1, None)), columns.get(channel, EMPTY), after]
    return ChannelColumn(*(np.concatenate([getattr(part, name) for part in parts]) for name in _COLUMN_FIELDS))


def _part(column: ChannelColumn, rows: slice | Mask) -> ChannelColumn:
    return ChannelColumn(column.time_ms[rows], column.value[rows], column.quality[rows])
