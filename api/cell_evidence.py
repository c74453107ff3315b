"""Why one cell of a pass shows what it shows: the visits that brought it something, and the samples these rest on."""

from __future__ import annotations

from typing import Final

import numpy as np

from api.schemas import cell_map as schema
from api.schemas.base import AnswerMethod
from api.schemas.ledger_mapping import plan_of
from headland.agronomy.application.as_applied import EVIDENCE, way_of
from headland.agronomy.application.cell_conditions import speed_of
from headland.agronomy.application.cell_trace import Visit, cell_of, trace_cell
from headland.agronomy.application.deviation import CAUSES, CLASSES
from headland.agronomy.geometry.outline import PLACES
from headland.agronomy.series.arrays import Values
from headland.analysis.errors import AnalysisError
from headland.analysis.passes.cell_map import CellMap, head_of
from headland.analysis.registry_access import repositories_of
from headland.analysis.scope import OrgScope
from headland.analysis.telemetry import unit_of
from headland.store.port import Samples, SeriesFilter

#: Around a visit, so that each channel's neighbouring sample is there too [ms].
_AROUND_MS: Final = 1_000
_SHOWN_SAMPLES: Final = 60
_MOST_VISITS: Final = 20
_ROLES: Final = {
    "latitude_deg": "position", "longitude_deg": "position", "pump_on": "command", "pump_command_us": "command",
    "mass_flow_kg_min": "amount", "hopper_kg": "amount", "flow_l_min": "amount", "flow_volume_total_l": "amount",
    "tank_l": "amount",
}  # fmt: skip


def explain_cell(scope: OrgScope, cells: CellMap, latitude_deg: float, longitude_deg: float) -> schema.CellEvidence:
    """Return the evidence of the cell at a place; raises AnalysisError (404) where the map has none there."""
    applied, one = cells.applied, cells.applied.one
    row, column, spot = _spot(cells, latitude_deg, longitude_deg)
    drawn, work = applied.drawn, applied.work
    way = way_of(work.heard.told.track, work.plane, applied.machine, work.heard.air)
    unknown_s = np.zeros(len(way.time_ms))
    for start, end in applied.released.unknown:
        unknown_s += (np.clip(way.time_ms, start, end) - start) / 1000.0
    cell = cell_of(drawn.grid, row, column)
    visits = trace_cell(way, applied.released.totals, unknown_s, applied.machine, cell)
    rate = drawn.rate_ha[row, column]
    amount = None if np.isnan(rate) else float(drawn.amount[row, column])
    method, record = applied.amount.method, work.heard.record
    entries = repositories_of(scope).ledger.read(pass_id=one.id)
    conflicts = scope.store.conflicts(scope.organisation, one.start_ms, one.end_ms + 1, one.device)
    return schema.CellEvidence(
        pass_id=one.id,
        field=one.field.id,
        device=one.device,
        gateway=record.gateway,
        clock=None if record.clock is None else record.clock.value,
        simulated=one.simulated,
        unit=applied.unit,
        swath_m=applied.machine.swath_m,
        latency_s=applied.machine.latency_s,
        cell=spot,
        planned=_planned(cells, row, column),
        applied=schema.CellApplied(
            rate_ha=_known(rate),
            amount=amount,
            evidence=EVIDENCE[drawn.evidence[row, column]] if drawn.evidence[row, column] else None,
            method=AnswerMethod(id=method.id, version=method.version, source=method.source),
        ),
        difference_ha=_known(cells.difference_ha[row, column]),
        kind=_named(CLASSES, cells.codes["kind"][row, column]),
        cause=_named(CAUSES, cells.codes["cause"][row, column]),
        reason=cells.reason,
        conditions=_conditions(cells, row, column),
        visits=[_visit(scope, cells, visit, amount) for visit in _chief(visits)],
        conflicts=sum(1 for each in conflicts if each.key.channel in work.heard.inputs),
        ledger=[schema.CellEntry(seq=e.seq, time_ms=e.time_ms, kind=e.kind, hash=e.hash) for e in entries],
        delivery_url=f"/v1/gateways/{record.gateway}/delivery",
    )


def _chief(visits: tuple[Visit, ...]) -> list[Visit]:
    """Return the visits that brought most, in time order."""
    chief = sorted(visits, key=lambda each: (-each.amount, -each.worked_s))[:_MOST_VISITS]
    return sorted(chief, key=lambda each: each.start_ms)


def _spot(cells: CellMap, latitude_deg: float, longitude_deg: float) -> tuple[int, int, schema.CellSpot]:
    head = head_of(cells)
    row = int(np.floor((latitude_deg - head["south_deg"]) / head["north_step_deg"]))
    column = int(np.floor((longitude_deg - head["west_deg"]) / head["east_step_deg"]))
    if not (0 <= row < head["rows"] and 0 <= column < head["columns"]):
        sentence = "This place is beside the map of the pass: latitude and longitude swapped?"
        raise AnalysisError("no-cell", "No such cell", sentence)
    south_deg = head["south_deg"] + row * head["north_step_deg"]
    west_deg = head["west_deg"] + column * head["east_step_deg"]
    spot = schema.CellSpot(
        row=row,
        column=column,
        cell_m=head["cell_m"],
        south_deg=south_deg,
        west_deg=west_deg,
        north_deg=south_deg + head["north_step_deg"],
        east_deg=west_deg + head["east_step_deg"],
        place=PLACES[cells.applied.drawn.places[row, column]],
    )
    return row, column, spot


def _planned(cells: CellMap, row: int, column: int) -> schema.CellPlanned | None:
    if cells.plan is None:
        return None
    zone = int(cells.zone[row, column])
    return schema.CellPlanned(
        rate_ha=_known(cells.planned_ha[row, column]), zone=None if zone < 0 else zone, plan=plan_of(cells.plan)
    )


def _conditions(cells: CellMap, row: int, column: int) -> schema.CellConditions | None:
    if cells.judged is None:
        return None
    told = cells.judged.conditions
    return schema.CellConditions(
        speed_m_s=_known(told.speed_m_s[row, column]),
        wind_m_s=_known(told.wind_m_s[row, column]),
        flow_per_min=_known(told.flow_per_min[row, column]),
        hopper_kg=_known(told.hopper_kg[row, column]),
        covers=int(told.covers[row, column]),
    )


def _visit(scope: OrgScope, cells: CellMap, visit: Visit, amount: float | None) -> schema.CellVisit:
    """Return a visit with its samples: what landed then left the machine the latency earlier."""
    applied = cells.applied
    work, one = applied.work, applied.one
    start_ms, end_ms = visit.start_ms - round(applied.machine.latency_s * 1000.0), visit.end_ms
    channels = sorted({*work.heard.inputs, "relative_altitude_m", "ground_speed_m_s", "wind_speed_m_s"})
    which = SeriesFilter(scope.organisation, one.device, frozenset(channels))
    found = [
        each
        for each in scope.store.raw(which, start_ms - _AROUND_MS, end_ms + _AROUND_MS + 1)
        if each.key.simulated == work.heard.record.descriptor.simulated
    ]
    track = work.heard.told.track
    near_ms, earlier_ms = visit.nearest_ms, visit.start_ms - start_ms
    left_ms = (near_ms[0] - earlier_ms, near_ms[1] - earlier_ms)
    by_way = (track.time_ms >= near_ms[0]) & (track.time_ms <= near_ms[1])
    segments = () if one.found is None else one.found.segments
    asked = "&".join(f"channel={name}" for name in sorted({each.key.channel for each in found}))
    amounts = visit.amounts
    return schema.CellVisit(
        start_ms=start_ms,
        end_ms=end_ms,
        amount=visit.amount if amounts else None,
        share=visit.amount / amount if amounts and amount else None,
        amounts=amounts,
        beside_m=visit.beside_m,
        speed_m_s=_known(speed_of(track, work.plane)[by_way].mean()),
        height_m=_mean(found, "relative_altitude_m", near_ms),
        wind_m_s=_mean(found, "wind_speed_m_s", near_ms),
        wind_from_deg=_bearing(found, "wind_from_deg", near_ms),
        flow_per_min=_mean(found, "mass_flow_kg_min" if applied.unit == "kg" else "flow_l_min", left_ms),
        hopper_kg=_mean(found, "hopper_kg", left_ms),
        segments=[
            schema.CellSegment(kind=each.kind, start_ms=each.start_ms, end_ms=each.end_ms, evidence=each.evidence)
            for each in segments
            if each.start_ms <= end_ms and start_ms <= each.end_ms and each.kind in {"work", "off_field"}
        ],
        samples=[_samples(cells, each) for each in found],
        series_url=f"/v1/devices/{one.device}/series?{asked}"
        f"&start={start_ms - _AROUND_MS}&end={end_ms + _AROUND_MS + 1}",
    )


def _samples(cells: CellMap, each: Samples) -> schema.CellSamples:
    record, channel = cells.applied.work.heard.record, each.key.channel
    told = record.descriptor.channels.get(channel)
    flags, counts = np.unique(each.quality, return_counts=True)
    return schema.CellSamples(
        channel=channel,
        unit=unit_of(record, channel),
        role=_ROLES.get(channel, "condition"),
        evidence=None if told is None else told.evidence,
        sensor=None if told is None else told.sensor,
        n=len(each.time_ms),
        quality={str(flag): count for flag, count in zip(flags.tolist(), counts.tolist(), strict=True)},
        time_ms=each.time_ms[:_SHOWN_SAMPLES].tolist(),
        value=each.value[:_SHOWN_SAMPLES].tolist(),
    )


def _around(found: list[Samples], channel: str, window_ms: tuple[int, int]) -> Values:
    """Return the fit values of a channel in a time, else those just around it."""
    parts = [each for each in found if each.key.channel == channel]
    fit = [each.value[each.quality <= 2] for each in parts]
    inside = [
        each.value[(each.quality <= 2) & (each.time_ms >= window_ms[0]) & (each.time_ms <= window_ms[1])]
        for each in parts
    ]
    chosen = np.concatenate(inside) if inside else np.empty(0)
    return chosen if len(chosen) or not fit else np.concatenate(fit)


def _mean(found: list[Samples], channel: str, window_ms: tuple[int, int]) -> float | None:
    values = _around(found, channel, window_ms)
    return float(values.mean()) if len(values) else None


def _bearing(found: list[Samples], channel: str, window_ms: tuple[int, int]) -> float | None:
    """Return the mean direction: of 350 and 10 degrees it is 0."""
    angles = np.radians(_around(found, channel, window_ms))
    if not len(angles):
        return None
    return float(np.degrees(np.arctan2(np.sin(angles).sum(), np.cos(angles).sum())) % 360.0)


def _known(value: np.float64 | float) -> float | None:
    return None if np.isnan(value) else float(value)


def _named(names: tuple[str, ...], code: np.uint8) -> str | None:
    return names[int(code)] if code else None
