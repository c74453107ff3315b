"""What the API answers about the cells of a pass, as OpenAPI shows it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from api.schemas.base import AnswerMethod, Model
from api.schemas.ledger import PlanBody


class CellGrids(Model):
    """Rows from the south, each from the west. Rates are null where they are not known or not planned."""

    planned_ha: list[list[float | None]]
    applied_ha: list[list[float | None]]
    difference_ha: list[list[float | None]]
    kind: list[list[int]]
    cause: list[list[int]]
    zone: Annotated[list[list[int]], Field(description="The plan's zone, -1 for none.")]
    evidence: list[list[int]]
    place: list[list[int]]


class CellNames(Model):
    """What the codes of the grids mean, by their place in these lists."""

    kind: list[str]
    cause: list[str]
    evidence: list[str]
    place: list[str]


class CellMapBody(Model):
    """A pass on cells: planned, applied and the difference, with its class and cause."""

    pass_id: str
    field: str
    device: str
    simulated: bool
    unit: Annotated[str, Field(description="kg, or L of a liquid; rates are of it per hectare.")]
    cell_m: float
    rows: int
    columns: int
    south_deg: float
    west_deg: float
    north_step_deg: float
    east_step_deg: float
    plan: PlanBody | None
    reason: Annotated[
        str | None, Field(description="Why nothing is judged: no_plan, ambiguous_plan or no_amount; else null.")
    ]
    names: CellNames
    grid: CellGrids


class CellSpot(Model):
    """Which cell it is."""

    row: int
    column: int
    cell_m: float
    south_deg: float
    west_deg: float
    north_deg: float
    east_deg: float
    place: str


class CellPlanned(Model):
    """What was planned for the cell, and by whom."""

    rate_ha: Annotated[float | None, Field(description="Null where the plan says nothing of this ground.")]
    zone: int | None
    plan: PlanBody


class CellApplied(Model):
    """What came down on the cell; null where nothing measured it. `evidence` is the weakest class that matters."""

    rate_ha: float | None
    amount: float | None
    evidence: str | None
    method: AnswerMethod


class CellConditions(Model):
    """Means over what landed on the cell, weighted by it; null where nothing is known."""

    speed_m_s: float | None
    wind_m_s: float | None
    flow_per_min: float | None
    hopper_kg: float | None
    covers: Annotated[int, Field(description="By how many swaths it was covered.")]


class CellSegment(Model):
    """The segment of the pass."""

    kind: str
    start_ms: int
    end_ms: int
    evidence: str | None


class CellSamples(Model):
    """The samples of one channel around a visit, as they were stored, refused ones included."""

    channel: str
    unit: str
    role: Annotated[str, Field(description="position, amount, command or condition.")]
    evidence: Annotated[str | None, Field(description="The class that its gateway's descriptor gives it.")]
    sensor: str | None
    n: int
    quality: Annotated[dict[str, int], Field(description="Samples by QARTOD flag: 1 good, 2 not evaluated, 3, 4, 9.")]
    time_ms: Annotated[list[int], Field(description="At most 60 of them.")]
    value: list[float]


class CellVisit(Model):
    """One time that the vehicle came by: from when to when what came down here left it, and what it brought."""

    start_ms: int
    end_ms: int
    amount: float | None
    share: Annotated[float | None, Field(description="Of the cell's amount.")]
    amounts: Annotated[dict[str, float], Field(description="By class of evidence.")]
    beside_m: Annotated[float, Field(description="How near the cell's middle the outlet came, wind included.")]
    speed_m_s: float | None
    height_m: Annotated[float | None, Field(description="Above home.")]
    wind_m_s: float | None
    wind_from_deg: float | None
    flow_per_min: float | None
    hopper_kg: float | None
    segments: list[CellSegment]
    samples: list[CellSamples]
    series_url: Annotated[str, Field(description="All samples of these channels in this time.")]


class CellEntry(Model):
    """An entry of the ledger that speaks of the pass."""

    seq: int
    time_ms: int
    kind: str
    hash: str


class CellEvidence(Model):
    """Why one cell of a pass shows what it shows: what was planned, what came down, when, and what that rests on."""

    pass_id: str
    field: str
    device: str
    gateway: Annotated[str, Field(description="Which told all samples below.")]
    clock: Annotated[str | None, Field(description="Where their times come from.")]
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
    reason: Annotated[str | None, Field(description="Why nothing is judged; null where it is.")]
    conditions: CellConditions | None
    visits: list[CellVisit]
    conflicts: Annotated[int, Field(description="Values that came for an instant that held another already.")]
    ledger: list[CellEntry]
    delivery_url: Annotated[str, Field(description="What became of every record of that gateway.")]
