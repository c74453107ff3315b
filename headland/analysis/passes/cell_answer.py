"""Records of the evidence for one cell of a pass: planned and applied rate, and the visits and samples behind them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from headland.agronomy.series.answer import Method
from headland.analysis.passes.plan import PlanSummary


@dataclass(frozen=True, slots=True)
class CellSquare:
    """One cell of a map: its row, column and edges; `place` is one of `outline.PLACES`."""

    row: Annotated[int, "Row, from the south."]
    column: Annotated[int, "Column, from the west."]
    cell_m: Annotated[float, "Side of the cell."]
    south_deg: Annotated[float, "Southern edge, WGS84."]
    west_deg: Annotated[float, "Western edge, WGS84."]
    north_deg: Annotated[float, "Northern edge, WGS84."]
    east_deg: Annotated[float, "Eastern edge, WGS84."]
    place: Annotated[str, "outside, usable, buffer or exclusion."]


@dataclass(frozen=True, slots=True)
class CellConditions:
    """Means over the product that landed on the cell, None where unknown; `covers` counts the swaths over it."""

    speed_m_s: Annotated[float | None, "Mean ground speed."]
    wind_m_s: Annotated[float | None, "Mean wind speed."]
    flow_per_min: Annotated[float | None, "Mean flow, kg or L a minute."]
    hopper_kg: Annotated[float | None, "Mean weight in the hopper."]
    covers: Annotated[int, "Number of swaths over the cell."]


@dataclass(frozen=True, slots=True)
class CellPlanned:
    """The planned rate of the cell, and its plan."""

    rate_ha: Annotated[float | None, "Null where the plan does not cover this ground."]
    zone: int | None
    plan: Annotated[PlanSummary, "Plan of the pass."]


@dataclass(frozen=True, slots=True)
class CellApplied:
    """The applied rate of the cell; null where no amount is known. `evidence` is the weakest class that matters."""

    rate_ha: float | None
    low_ha: Annotated[float | None, "Low end of the rate's 90 % interval."]
    high_ha: Annotated[float | None, "High end of the rate's 90 % interval."]
    amount: Annotated[float | None, "Amount on the cell, in the answer's unit."]
    drifted: Annotated[float | None, "The part of it that small droplets brought with the wind; in no visit."]
    evidence: Annotated[str | None, "Weakest class of evidence behind the amount."]
    method: Annotated[Method, "Method of the applied amount."]


@dataclass(frozen=True, slots=True)
class CellSegment:
    """A segment of the pass."""

    kind: Annotated[str, "Kind of work: work, or off_field."]
    start_ms: int
    end_ms: int
    evidence: Annotated[str | None, "Class of evidence for the work."]


@dataclass(frozen=True, slots=True)
class CellSamples:
    """The samples of one channel around a visit as stored, rejected ones included."""

    channel: str
    unit: str
    role: Annotated[str, "position, amount, command or condition."]
    evidence: Annotated[str | None, "The class of evidence in the device's descriptor."]
    sensor: Annotated[str | None, "Sensor, as the device described it."]
    n: Annotated[int, "Number of samples."]
    quality: Annotated[dict[str, int], "Samples by QARTOD flag: 1 good, 2 not evaluated, 3, 4, 9."]
    time_ms: Annotated[list[int], "At most 60 of them."]
    value: Annotated[list[float], "Values at these times, in `unit`."]


@dataclass(frozen=True, slots=True)
class CellVisit:
    """One visit of the machine: when the product that landed here left it, and how much that was."""

    start_ms: int
    end_ms: int
    amount: Annotated[float | None, "Amount that landed on the cell; null where none is known."]
    share: Annotated[float | None, "Share of the cell's amount."]
    amounts: Annotated[dict[str, float], "By class of evidence."]
    beside_m: Annotated[float, "Least distance of the outlet from the cell's middle, wind included [m]."]
    speed_m_s: float | None
    height_m: Annotated[float | None, "Above home."]
    wind_m_s: float | None
    wind_from_deg: float | None
    flow_per_min: Annotated[float | None, "Flow a minute, in the answer's unit."]
    hopper_kg: float | None
    segments: Annotated[list[CellSegment], "Segments of work in this time."]
    samples: Annotated[list[CellSamples], "Samples by channel, those a second before and after included."]
    series_url: Annotated[str, "Address of all samples of these channels in this time."]


@dataclass(frozen=True, slots=True)
class CellEntry:
    """A ledger entry about the pass."""

    seq: int
    time_ms: int
    kind: Annotated[str, "Kind of the entry."]
    hash: str


@dataclass(frozen=True, slots=True)
class CellEvidence:
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
    cell: Annotated[CellSquare, "Place of the cell."]
    planned: Annotated[CellPlanned | None, "Planned rate; null without a plan."]
    applied: Annotated[CellApplied, "Applied rate."]
    difference_ha: float | None
    kind: Annotated[str | None, "Class of the deviation; null without one."]
    cause: str | None
    reason: Annotated[str | None, "Why there is no deviation; else null."]
    conditions: Annotated[CellConditions | None, "Conditions of the work; null without a deviation."]
    visits: Annotated[list[CellVisit], "Visits with the largest amounts, at most 20, by time."]
    conflicts: Annotated[int, "Values that contradict a stored one."]
    ledger: Annotated[list[CellEntry], "Entries about the pass."]
    delivery_url: Annotated[str, "Address of the delivery of that gateway's records."]
