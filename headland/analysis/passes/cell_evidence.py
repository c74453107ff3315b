"""Evidence for one cell of a pass: the visits that applied product to it, with the samples behind each."""

from __future__ import annotations

from typing import Final

import numpy as np

from headland.agronomy.application.as_applied import EVIDENCE, outlet_track
from headland.agronomy.application.cell_conditions import Visit, cell_of, speed_of, trace_cell
from headland.agronomy.application.cell_uncertainty import interval_90
from headland.agronomy.application.deviation import CAUSES, CLASSES
from headland.agronomy.application.drift_tail import share_spread
from headland.agronomy.geometry.outline import OUTSIDE, PLACES
from headland.agronomy.series.arrays import Values
from headland.analysis.inputs.errors import AnalysisError
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.inputs.telemetry import unit_of
from headland.analysis.inputs.window import Window
from headland.analysis.passes.as_applied import AppliedPass
from headland.analysis.passes.cell_answer import (
    CellApplied,
    CellConditions,
    CellEntry,
    CellEvidence,
    CellPlanned,
    CellSamples,
    CellSegment,
    CellSquare,
    CellVisit,
)
from headland.analysis.passes.cell_map import CellMap, head_of
from headland.analysis.passes.plan import summarise_plan
from headland.contract.quantities import QUANTITIES
from headland.store.port import DeviceRecord, Samples, SeriesFilter

#: Time read around a visit, which holds each channel's neighbouring samples [ms].
_AROUND_MS: Final = 1_000
_MOST_VISITS: Final = 20
#: Samples of a channel that a visit lists.
_MOST_SAMPLES: Final = 60
#: What each channel tells of the product on the ground.
_ROLES: Final = {name: row.role for name, row in QUANTITIES.items() if row.role not in ("", "condition")}
_CONDITION_CHANNELS: Final = tuple(name for name, row in QUANTITIES.items() if row.role == "condition")


def explain_cell(scope: OrgScope, cells: CellMap, latitude_deg: float, longitude_deg: float) -> CellEvidence:
    """Return the evidence for the cell at a place; raises AnalysisError (no-cell) for a place beside the map."""
    applied, field_pass = cells.applied, cells.applied.field_pass
    square = _find_square(cells, latitude_deg, longitude_deg)
    if scope.person is not None and square.place == PLACES[OUTSIDE]:
        # A member of the cooperative sees the own field alone.
        sentence = "This place is outside the map of the pass: check that latitude and longitude are not swapped."
        raise AnalysisError("no-cell", "No such cell", sentence)
    row, column = square.row, square.column
    rate_ha = _known(cells.applied_ha[row, column])
    amount = None if rate_ha is None else float(applied.map.amount[row, column])
    visits = [_explain_visit(scope, cells, visit, amount) for visit in _largest(_trace(scope, cells, row, column))]
    conflicts = scope.store.conflicts(scope.organisation, field_pass.start_ms, field_pass.end_ms + 1, field_pass.device)
    record = applied.inputs.telemetry.record
    return CellEvidence(
        pass_id=field_pass.id,
        field=field_pass.field.id,
        device=field_pass.device,
        gateway=record.gateway,
        clock=None if record.clock is None else record.clock.value,
        simulated=field_pass.simulated,
        unit=applied.unit,
        swath_m=applied.machine.swath_m,
        latency_s=applied.machine.latency_s,
        cell=square,
        planned=_planned_of(cells, row, column),
        applied=_applied_of(cells, row, column),
        difference_ha=_known(cells.difference_ha[row, column]),
        kind=_name_of(CLASSES, cells.codes["kind"][row, column]),
        cause=_name_of(CAUSES, cells.codes["cause"][row, column]),
        reason=cells.reason,
        conditions=_conditions_of(cells, row, column),
        visits=visits,
        conflicts=sum(conflict.key.channel in applied.inputs.telemetry.inputs for conflict in conflicts),
        ledger=[
            CellEntry(entry.seq, entry.time_ms, entry.kind, entry.hash)
            for entry in scope.repositories.ledger.read(pass_id=field_pass.id)
        ],
        delivery_url=f"/v1/gateways/{record.gateway}/delivery",
    )


def _applied_of(cells: CellMap, row: int, column: int) -> CellApplied:
    applied_map = cells.applied.map
    rate_ha = _known(cells.applied_ha[row, column])
    low, high = interval_90(applied_map.rate_ha, applied_map.uncertainty_ha)
    return CellApplied(
        rate_ha=rate_ha,
        low_ha=_known(low[row, column]),
        high_ha=_known(high[row, column]),
        amount=None if rate_ha is None else float(applied_map.amount[row, column]),
        drifted=None if rate_ha is None else float(applied_map.drifted[row, column]),
        evidence=_name_of(EVIDENCE, applied_map.evidence[row, column]),
        method=cells.applied.amount.method,
    )


def _planned_of(cells: CellMap, row: int, column: int) -> CellPlanned | None:
    if cells.plan is None:
        return None
    zone = int(cells.zone[row, column])
    rate_ha = _known(cells.planned_ha[row, column])
    return CellPlanned(rate_ha, None if zone < 0 else zone, summarise_plan(cells.plan))


def _find_square(cells: CellMap, latitude_deg: float, longitude_deg: float) -> CellSquare:
    head = head_of(cells)
    row = int(np.floor((latitude_deg - head["south_deg"]) / head["north_step_deg"]))
    column = int(np.floor((longitude_deg - head["west_deg"]) / head["east_step_deg"]))
    if not (0 <= row < head["rows"] and 0 <= column < head["columns"]):
        sentence = "This place is outside the map of the pass: check that latitude and longitude are not swapped."
        raise AnalysisError("no-cell", "No such cell", sentence)
    south_deg = head["south_deg"] + row * head["north_step_deg"]
    west_deg = head["west_deg"] + column * head["east_step_deg"]
    return CellSquare(
        row=row,
        column=column,
        cell_m=head["cell_m"],
        south_deg=south_deg,
        west_deg=west_deg,
        north_deg=south_deg + head["north_step_deg"],
        east_deg=west_deg + head["east_step_deg"],
        place=PLACES[cells.applied.map.places[row, column]],
    )


def _trace(scope: OrgScope, cells: CellMap, row: int, column: int) -> tuple[Visit, ...]:
    """Return all visits to a cell, from the cache where the map is the same."""
    applied = cells.applied
    return scope.cache.get(("visits", applied.key, row, column), lambda: _trace_map(applied, row, column))


def _trace_map(applied: AppliedPass, row: int, column: int) -> tuple[Visit, ...]:
    inputs = applied.inputs
    outlet = outlet_track(inputs.telemetry.vehicle.track, inputs.plane, applied.machine, inputs.air)
    unknown_s = np.zeros(len(outlet.time_ms))
    for start, end in applied.released.unknown:
        unknown_s += (np.clip(outlet.time_ms, start, end) - start) / 1000.0
    cell = cell_of(applied.map.grid, row, column)
    kept_share = share_spread(inputs.air.tail)
    return trace_cell(outlet, applied.released.totals, unknown_s, applied.machine, cell, kept_share)


def _largest(visits: tuple[Visit, ...]) -> list[Visit]:
    """Return the visits with the largest amounts, in time order."""
    largest = sorted(visits, key=lambda visit: (-visit.amount, -visit.worked_s))[:_MOST_VISITS]
    return sorted(largest, key=lambda visit: visit.start_ms)


def _conditions_of(cells: CellMap, row: int, column: int) -> CellConditions | None:
    if cells.deviation is None:
        return None
    conditions = cells.deviation.conditions
    return CellConditions(
        speed_m_s=_known(conditions.speed_m_s[row, column]),
        wind_m_s=_known(conditions.wind_m_s[row, column]),
        flow_per_min=_known(conditions.flow_per_min[row, column]),
        hopper_kg=_known(conditions.hopper_kg[row, column]),
        covers=int(conditions.covers[row, column]),
    )


def _explain_visit(scope: OrgScope, cells: CellMap, visit: Visit, amount: float | None) -> CellVisit:
    """Return a visit with its samples: product that landed then left the machine the latency earlier."""
    applied = cells.applied
    inputs, field_pass = applied.inputs, applied.field_pass
    record, track = inputs.telemetry.record, inputs.telemetry.vehicle.track
    window = Window(visit.start_ms - round(applied.machine.latency_s * 1000.0), visit.end_ms)
    read = Window(window.start_ms - _AROUND_MS, window.end_ms + _AROUND_MS + 1)
    channels = frozenset({*inputs.telemetry.inputs, *_CONDITION_CHANNELS})
    which = SeriesFilter(scope.organisation, field_pass.device, channels)
    around = [
        samples
        for samples in scope.store.raw(which, read.start_ms, read.end_ms)
        if samples.key.simulated == record.descriptor.simulated
    ]
    near_ms, latency_ms = visit.nearest_ms, visit.start_ms - window.start_ms
    left_ms = (near_ms[0] - latency_ms, near_ms[1] - latency_ms)
    at_nearest = (track.time_ms >= near_ms[0]) & (track.time_ms <= near_ms[1])
    segments = () if field_pass.detected is None else field_pass.detected.segments
    query = "&".join(f"channel={name}" for name in sorted({samples.key.channel for samples in around}))
    return CellVisit(
        start_ms=window.start_ms,
        end_ms=window.end_ms,
        amount=visit.amount if visit.amounts else None,
        share=visit.amount / amount if visit.amounts and amount else None,
        amounts=visit.amounts,
        beside_m=visit.beside_m,
        speed_m_s=_known(speed_of(track, inputs.plane)[at_nearest].mean()),
        height_m=_mean(around, "relative_altitude_m", near_ms),
        wind_m_s=_mean(around, "wind_speed_m_s", near_ms),
        wind_from_deg=_mean_bearing(around, "wind_from_deg", near_ms),
        flow_per_min=_mean(around, "mass_flow_kg_min" if applied.unit == "kg" else "flow_l_min", left_ms),
        hopper_kg=_mean(around, "hopper_kg", left_ms),
        segments=[
            CellSegment(segment.kind, segment.start_ms, segment.end_ms, segment.evidence)
            for segment in segments
            if segment.start_ms <= window.end_ms
            and window.start_ms <= segment.end_ms
            and segment.kind in {"work", "off_field"}
        ],
        samples=[_samples_of(record, samples) for samples in around],
        series_url=f"/v1/devices/{field_pass.device}/series?{query}&start={read.start_ms}&end={read.end_ms}",
    )


def _samples_of(record: DeviceRecord, samples: Samples) -> CellSamples:
    channel = samples.key.channel
    info = record.descriptor.channels.get(channel)
    flags, counts = np.unique(samples.quality, return_counts=True)
    return CellSamples(
        channel=channel,
        unit=unit_of(record, channel),
        role=_ROLES.get(channel, "condition"),
        evidence=None if info is None else info.evidence,
        sensor=None if info is None else info.sensor,
        n=len(samples.time_ms),
        quality={str(flag): count for flag, count in zip(flags.tolist(), counts.tolist(), strict=True)},
        time_ms=samples.time_ms[:_MOST_SAMPLES].tolist(),
        value=samples.value[:_MOST_SAMPLES].tolist(),
    )


def _values_near(around: list[Samples], channel: str, window_ms: tuple[int, int]) -> Values:
    """Return the fit values of a channel in a time, or those just around it where there are none in it."""
    parts = [samples for samples in around if samples.key.channel == channel]
    fit = [samples.value[samples.quality <= 2] for samples in parts]
    inside = [
        samples.value[(samples.quality <= 2) & (samples.time_ms >= window_ms[0]) & (samples.time_ms <= window_ms[1])]
        for samples in parts
    ]
    chosen = np.concatenate(inside) if inside else np.empty(0)
    return chosen if len(chosen) or not fit else np.concatenate(fit)


def _mean(around: list[Samples], channel: str, window_ms: tuple[int, int]) -> float | None:
    values = _values_near(around, channel, window_ms)
    return float(values.mean()) if len(values) else None


def _mean_bearing(around: list[Samples], channel: str, window_ms: tuple[int, int]) -> float | None:
    """Return the mean direction: of 350 and 10 degrees it is 0."""
    angles = np.radians(_values_near(around, channel, window_ms))
    if not len(angles):
        return None
    return float(np.degrees(np.arctan2(np.sin(angles).sum(), np.cos(angles).sum())) % 360.0)


def _known(value: np.float64 | float) -> float | None:
    return None if np.isnan(value) else float(value)


def _name_of(names: tuple[str, ...], code: np.uint8) -> str | None:
    return names[int(code)] if code else None
