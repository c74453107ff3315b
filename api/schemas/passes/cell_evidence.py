"""Response models of the evidence for one cell, and their mapping."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import Field

from api.schemas.answers import AnswerMethod
from api.schemas.model import Model
from api.schemas.passes.ledger import PlanBody
from api.schemas.passes.ledger_mapping import plan_of
from headland.analysis.passes import cell_evidence as analysis

_MOST_SAMPLES: Final = 60


class CellSpot(Model):
    """Place and edges of the cell."""

    row: int
    column: int
    cell_m: float
    south_deg: float
    west_deg: float
    north_deg: float
    east_deg: float
    place: str


class CellPlanned(Model):
    """The planned rate of the cell, and its plan."""

    rate_ha: Annotated[float | None, Field(description="Null where the plan does not cover this ground.")]
    zone: int | None
    plan: PlanBody


class CellApplied(Model):
    """The applied rate of the cell; null where no amount is known. `evidence` is the weakest class that matters."""

    rate_ha: float | None
    amount: float | None
    evidence: str | None
    method: AnswerMethod


class CellConditions(Model):
    """Means over the product that landed on the cell; null where unknown."""

    speed_m_s: float | None
    wind_m_s: float | None
    flow_per_min: float | None
    hopper_kg: float | None
    covers: Annotated[int, Field(description="The number of swaths over the cell.")]


class CellSegment(Model):
    """A segment of the pass."""

    kind: str
    start_ms: int
    end_ms: int
    evidence: str | None


class CellSamples(Model):
    """The samples of one channel around a visit as stored, rejected ones included."""

    channel: str
    unit: str
    role: Annotated[str, Field(description="position, amount, command or condition.")]
    evidence: Annotated[str | None, Field(description="The class of evidence in the device's descriptor.")]
    sensor: str | None
    n: int
    quality: Annotated[dict[str, int], Field(description="Samples by QARTOD flag: 1 good, 2 not evaluated, 3, 4, 9.")]
    time_ms: Annotated[list[int], Field(description="At most 60 of them.")]
    value: list[float]


class CellVisit(Model):
    """One visit of the machine: when the product that landed here left it, and how much that was."""

    start_ms: int
    end_ms: int
    amount: float | None
    share: Annotated[float | None, Field(description="Share of the cell's amount.")]
    amounts: Annotated[dict[str, float], Field(description="By class of evidence.")]
    beside_m: Annotated[
        float, Field(description="Least distance of the outlet from the cell's middle, wind included [m].")
    ]
    speed_m_s: float | None
    height_m: Annotated[float | None, Field(description="Above home.")]
    wind_m_s: float | None
    wind_from_deg: float | None
    flow_per_min: float | None
    hopper_kg: float | None
    segments: list[CellSegment]
    samples: list[CellSamples]
    series_url: Annotated[str, Field(description="Address of all samples of these channels in this time.")]


class CellEntry(Model):
    """A ledger entry about the pass."""

    seq: int
    time_ms: int
    kind: str
    hash: str


class CellEvidence(Model):
    """Evidence for one cell of a pass: planned and applied rate, and the visits and samples behind them."""

    pass_id: str
    field: str
    device: str
    gateway: Annotated[str, Field(description="The gateway that reported all samples below.")]
    clock: Annotated[str | None, Field(description="The clock of their times.")]
    simulated: bool
    unit: str
    swath_m: float
    latency_s: float
    cell: CellSpot
    planned: CellPlanned | None
    applied: CellApplied
    difference_ha: float | None
    kind: str | None
    cause: str | None
    reason: Annotated[str | None, Field(description="Why there is no deviation; else null.")]
    conditions: CellConditions | None
    visits: list[CellVisit]
    conflicts: Annotated[int, Field(description="Values that contradict a stored one.")]
    ledger: list[CellEntry]
    delivery_url: Annotated[str, Field(description="Address of the delivery of that gateway's records.")]


def evidence_of(evidence: analysis.CellEvidence) -> CellEvidence:
    """Return the evidence for a cell as a response."""
    cells, record, square = evidence.cells, evidence.record, evidence.square
    applied, field_pass = cells.applied, cells.applied.field_pass
    method = applied.amount.method
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
        cell=CellSpot(
            row=square.row,
            column=square.column,
            cell_m=square.cell_m,
            south_deg=square.south_deg,
            west_deg=square.west_deg,
            north_deg=square.north_deg,
            east_deg=square.east_deg,
            place=square.place,
        ),
        planned=_planned_of(evidence),
        applied=CellApplied(
            rate_ha=evidence.applied_ha,
            amount=evidence.amount,
            evidence=evidence.evidence,
            method=AnswerMethod(id=method.id, version=method.version, source=method.source),
        ),
        difference_ha=evidence.difference_ha,
        kind=evidence.kind,
        cause=evidence.cause,
        reason=cells.reason,
        conditions=_conditions_of(evidence.conditions),
        visits=[_visit_of(field_pass.device, visit) for visit in evidence.visits],
        conflicts=evidence.conflicts,
        ledger=[
            CellEntry(seq=entry.seq, time_ms=entry.time_ms, kind=entry.kind, hash=entry.hash)
            for entry in evidence.ledger
        ],
        delivery_url=f"/v1/gateways/{record.gateway}/delivery",
    )


def _planned_of(evidence: analysis.CellEvidence) -> CellPlanned | None:
    plan = evidence.cells.plan
    if plan is None:
        return None
    return CellPlanned(rate_ha=evidence.planned_ha, zone=evidence.zone, plan=plan_of(plan))


def _conditions_of(conditions: analysis.CellConditions | None) -> CellConditions | None:
    if conditions is None:
        return None
    return CellConditions(
        speed_m_s=conditions.speed_m_s,
        wind_m_s=conditions.wind_m_s,
        flow_per_min=conditions.flow_per_min,
        hopper_kg=conditions.hopper_kg,
        covers=conditions.covers,
    )


def _visit_of(device: str, evidence: analysis.VisitEvidence) -> CellVisit:
    visit, read = evidence.visit, evidence.read
    names = sorted({channel.samples.key.channel for channel in evidence.channels})
    query = "&".join(f"channel={name}" for name in names)
    return CellVisit(
        start_ms=evidence.window.start_ms,
        end_ms=evidence.window.end_ms,
        amount=visit.amount if visit.amounts else None,
        share=evidence.share,
        amounts=visit.amounts,
        beside_m=visit.beside_m,
        speed_m_s=evidence.speed_m_s,
        height_m=evidence.height_m,
        wind_m_s=evidence.wind_m_s,
        wind_from_deg=evidence.wind_from_deg,
        flow_per_min=evidence.flow_per_min,
        hopper_kg=evidence.hopper_kg,
        segments=[
            CellSegment(kind=segment.kind, start_ms=segment.start_ms, end_ms=segment.end_ms, evidence=segment.evidence)
            for segment in evidence.segments
        ],
        samples=[_samples_of(channel) for channel in evidence.channels],
        series_url=f"/v1/devices/{device}/series?{query}&start={read.start_ms}&end={read.end_ms}",
    )


def _samples_of(channel: analysis.ChannelEvidence) -> CellSamples:
    samples = channel.samples
    return CellSamples(
        channel=samples.key.channel,
        unit=channel.unit,
        role=channel.role,
        evidence=channel.evidence,
        sensor=channel.sensor,
        n=len(samples.time_ms),
        quality=channel.quality,
        time_ms=samples.time_ms[:_MOST_SAMPLES].tolist(),
        value=samples.value[:_MOST_SAMPLES].tolist(),
    )
