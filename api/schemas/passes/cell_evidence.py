"""Response models of the evidence for one cell, and their mapping."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec

from api.schemas.model import fill
from api.schemas.passes.ledger import PlanBody
from api.schemas.passes.ledger_mapping import plan_of
from headland.agronomy.series.answer import Method
from headland.analysis.passes import cell_evidence as analysis
from headland.analysis.passes.cell_evidence import CellConditions, CellSquare

_MOST_SAMPLES: Final = 60


class CellPlanned(msgspec.Struct, frozen=True, kw_only=True):
    """The planned rate of the cell, and its plan."""

    rate_ha: Annotated[float | None, "Null where the plan does not cover this ground."]
    zone: int | None
    plan: PlanBody


class CellApplied(msgspec.Struct, frozen=True, kw_only=True):
    """The applied rate of the cell; null where no amount is known. `evidence` is the weakest class that matters."""

    rate_ha: float | None
    amount: float | None
    evidence: str | None
    method: Method


class CellSegment(msgspec.Struct, frozen=True, kw_only=True):
    """A segment of the pass."""

    kind: str
    start_ms: int
    end_ms: int
    evidence: str | None


class CellSamples(msgspec.Struct, frozen=True, kw_only=True):
    """The samples of one channel around a visit as stored, rejected ones included."""

    channel: str
    unit: str
    role: Annotated[str, "position, amount, command or condition."]
    evidence: Annotated[str | None, "The class of evidence in the device's descriptor."]
    sensor: str | None
    n: int
    quality: Annotated[dict[str, int], "Samples by QARTOD flag: 1 good, 2 not evaluated, 3, 4, 9."]
    time_ms: Annotated[list[int], "At most 60 of them."]
    value: list[float]


class CellVisit(msgspec.Struct, frozen=True, kw_only=True):
    """One visit of the machine: when the product that landed here left it, and how much that was."""

    start_ms: int
    end_ms: int
    amount: float | None
    share: Annotated[float | None, "Share of the cell's amount."]
    amounts: Annotated[dict[str, float], "By class of evidence."]
    beside_m: Annotated[float, "Least distance of the outlet from the cell's middle, wind included [m]."]
    speed_m_s: float | None
    height_m: Annotated[float | None, "Above home."]
    wind_m_s: float | None
    wind_from_deg: float | None
    flow_per_min: float | None
    hopper_kg: float | None
    segments: list[CellSegment]
    samples: list[CellSamples]
    series_url: Annotated[str, "Address of all samples of these channels in this time."]


class CellEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A ledger entry about the pass."""

    seq: int
    time_ms: int
    kind: str
    hash: str


class CellEvidence(msgspec.Struct, frozen=True, kw_only=True):
    """Evidence for one cell of a pass: planned and applied rate, and the visits and samples behind them."""

    pass_id: str
    field: str
    device: str
    gateway: Annotated[str, "The gateway that reported all samples below."]
    clock: Annotated[str | None, "The clock of their times."]
    simulated: bool
    unit: str
    swath_m: float
    latency_s: float
    cell: CellSquare
    planned: CellPlanned | None
    applied: CellApplied
    difference_ha: float | None
    kind: str | None
    cause: str | None
    reason: Annotated[str | None, "Why there is no deviation; else null."]
    conditions: CellConditions | None
    visits: list[CellVisit]
    conflicts: Annotated[int, "Values that contradict a stored one."]
    ledger: list[CellEntry]
    delivery_url: Annotated[str, "Address of the delivery of that gateway's records."]


def evidence_of(evidence: analysis.CellEvidence) -> CellEvidence:
    """Return the evidence for a cell as a response."""
    cells, record, square = evidence.cells, evidence.record, evidence.square
    applied, field_pass = cells.applied, cells.applied.field_pass
    return fill(
        CellEvidence,
        evidence,
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
        planned=_planned_of(evidence),
        applied=CellApplied(
            rate_ha=evidence.applied_ha,
            amount=evidence.amount,
            evidence=evidence.evidence,
            method=applied.amount.method,
        ),
        reason=cells.reason,
        visits=[_visit_of(field_pass.device, visit) for visit in evidence.visits],
        ledger=[fill(CellEntry, entry) for entry in evidence.ledger],
        delivery_url=f"/v1/gateways/{record.gateway}/delivery",
    )


def _planned_of(evidence: analysis.CellEvidence) -> CellPlanned | None:
    plan = evidence.cells.plan
    if plan is None:
        return None
    return CellPlanned(rate_ha=evidence.planned_ha, zone=evidence.zone, plan=plan_of(plan))


def _visit_of(device: str, evidence: analysis.VisitEvidence) -> CellVisit:
    visit, read = evidence.visit, evidence.read
    names = sorted({channel.samples.key.channel for channel in evidence.channels})
    query = "&".join(f"channel={name}" for name in names)
    return fill(
        CellVisit,
        evidence,
        start_ms=evidence.window.start_ms,
        end_ms=evidence.window.end_ms,
        amount=visit.amount if visit.amounts else None,
        amounts=visit.amounts,
        beside_m=visit.beside_m,
        segments=[fill(CellSegment, segment) for segment in evidence.segments],
        samples=[_samples_of(channel) for channel in evidence.channels],
        series_url=f"/v1/devices/{device}/series?{query}&start={read.start_ms}&end={read.end_ms}",
    )


def _samples_of(channel: analysis.ChannelEvidence) -> CellSamples:
    samples = channel.samples
    return fill(
        CellSamples,
        channel,
        channel=samples.key.channel,
        n=len(samples.time_ms),
        time_ms=samples.time_ms[:_MOST_SAMPLES].tolist(),
        value=samples.value[:_MOST_SAMPLES].tolist(),
    )
