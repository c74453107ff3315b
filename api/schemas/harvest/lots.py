"""Schemas of harvests, lots and lot operations, with the mapping from the library."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from api.schemas.harvest.treatments import (
    Instant,
    IntervalBody,
    IntervalBreachBody,
    Named,
    RecordName,
    Title,
    breach_of,
    interval_of,
)
from api.schemas.model import fill
from headland.analysis.lots.lot_history import LotHarvest, LotHistory
from headland.analysis.plant_protection.harvest_review import LotReview
from headland.registry.models.lots import MOST_GRAMS, Harvest, Lot, LotOperation, OperationKind
from headland.registry.models.plant_protection import EvidenceClass
from headland.registry.repositories.harvest.lot_lineage import LotLink

IntervalStateOf = Annotated[
    Literal["breached", "not_known", "no_breach"],
    "breached: something in it was harvested within the pre-harvest interval of a treatment, whichever "
    "was entered first; not_known: a label has no interval; no_breach: no treatment on record breaches one.",
]
GramsOf = Annotated[int, Meta(gt=0, le=MOST_GRAMS)]
Code = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,19}$")]
Note = Annotated[str, Meta(max_length=2000)]


class NewHarvest(msgspec.Struct, frozen=True, kw_only=True):
    """A harvest from a field or a greenhouse zone, which makes a lot. Without a `code` it gets one of the day."""

    field: RecordName | None = None
    zone: RecordName | None = None
    plot: Title = ""
    season: RecordName | None = None
    crop: Named
    variety: Title = ""
    product: Named
    code: Code | None = None
    time_ms: Instant
    grown_from_ms: Instant | None = None
    grams: GramsOf
    author: Named
    note: Note = ""
    evidence: Annotated[Literal["measured", "declared", "simulated"], "measured: by a scale."] = "declared"

    def record(self) -> Harvest:
        """Return it as a record."""
        return fill(Harvest, self, evidence=EvidenceClass(self.evidence))


class HarvestBody(msgspec.Struct, frozen=True, kw_only=True):
    """A harvest as it was entered."""

    id: str
    created_ms: int
    field: str | None
    zone: str | None
    plot: str
    season: str | None
    crop: str
    variety: str
    time_ms: int
    grown_from_ms: int | None
    grams: int
    author: str
    note: str
    evidence: str


class LotBody(msgspec.Struct, frozen=True, kw_only=True):
    """A lot; `remaining_g` is what is left of it."""

    id: str
    code: str
    product: str
    crop: str
    time_ms: int
    grams: int
    remaining_g: int
    packs: int | None
    simulated: bool
    interval_state: IntervalStateOf


class HarvestRecorded(msgspec.Struct, frozen=True, kw_only=True):
    """A harvest with the lot that it made."""

    harvest: HarvestBody
    lot: LotBody


class LotMassBody(msgspec.Struct, frozen=True, kw_only=True):
    """A mass of a lot."""

    lot: RecordName
    grams: GramsOf


class NewLot(msgspec.Struct, frozen=True, kw_only=True):
    """A lot to be made by an operation; without a `code` it gets the next batch number of the day."""

    code: Code | None = None
    product: Named
    crop: Named
    grams: GramsOf
    packs: Annotated[int, Meta(ge=1, le=10_000_000)] | None = None


class NewOperation(msgspec.Struct, frozen=True, kw_only=True):
    """Something done with lots: `inputs` less `loss_g` are the masses of the lots made, to the gram."""

    kind: Literal["mix", "split", "pack", "process", "sell", "loss"]
    time_ms: Instant
    author: Named
    inputs: Annotated[list[LotMassBody], Meta(min_length=1, max_length=1000)]
    outputs: Annotated[list[NewLot], Meta(max_length=1000)] = []
    loss_g: Annotated[int, Meta(ge=0, le=MOST_GRAMS)] = 0
    party: Title = ""
    note: Note = ""

    def record(self) -> LotOperation:
        """Return it as a record, without what it makes."""
        kind = OperationKind(self.kind)
        return fill(LotOperation, self, kind=kind, inputs=tuple(self.inputs), outputs=())


class NewCorrection(msgspec.Struct, frozen=True, kw_only=True):
    """A correction: takes an operation back."""

    author: Named
    note: Note = ""


class OperationBody(msgspec.Struct, frozen=True, kw_only=True):
    """An operation as it was entered."""

    id: str
    created_ms: int
    kind: str
    time_ms: int
    author: str
    inputs: list[LotMassBody]
    outputs: list[LotMassBody]
    loss_g: int
    harvest: str | None
    party: str
    note: str
    corrects: str | None


class OperationRecorded(msgspec.Struct, frozen=True, kw_only=True):
    """An operation with the lots that it made."""

    operation: OperationBody
    lots: list[LotBody]


class LotList(msgspec.Struct, frozen=True, kw_only=True):
    """Lots, the newest first."""

    items: list[LotBody]
    next: str | None


class HarvestList(msgspec.Struct, frozen=True, kw_only=True):
    """Harvests of a place."""

    items: list[HarvestBody]
    next: str | None


class HarvestShareBody(msgspec.Struct, frozen=True, kw_only=True):
    """A harvest in a lot, with its place and its share of the lot's mass; what is mixed is mixed evenly."""

    harvest: HarvestBody
    farm: str
    place: str
    grams: int


class HappeningBody(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened to the crop, with its evidence: measured, declared or simulated."""

    kind: Annotated[str, "pass, treatment, alarm, climate_week or irrigation_week."]
    id: str
    harvest: str
    start_ms: int
    end_ms: int
    evidence: str
    what: str
    device: str | None
    figures: dict[str, float | None]


class LotHistoryBody(msgspec.Struct, frozen=True, kw_only=True):
    """A lot with its operations, its harvests, and what it inherits; `is_whole` false: of the largest shares only."""

    lot: LotBody
    operations: list[OperationBody]
    links: list[LotLink]
    harvests: list[HarvestShareBody]
    happenings: list[HappeningBody]
    is_whole: bool
    was_released: Annotated[bool, "There is a release, withdrawn or not."]
    interval_breaches: Annotated[
        list[IntervalBreachBody], "Harvests in it that were within an interval of a treatment."
    ]
    intervals_unknown: Annotated[
        list[IntervalBody], "Treatments since the growth began whose label has no interval for it."
    ]


class LotsHolding(msgspec.Struct, frozen=True, kw_only=True):
    """The lots that hold something of a crop to which this happened: how many, and a page of them, the newest first."""

    count: int
    items: list[LotBody]
    next: str | None


def harvest_of(harvest: Harvest) -> HarvestBody:
    """Return a harvest as its body."""
    return fill(HarvestBody, harvest)


def lot_of(lot: Lot, remaining_g: int, review: LotReview) -> LotBody:
    """Return a lot as its body."""
    return fill(LotBody, lot, remaining_g=remaining_g, interval_state=review.state)


def operation_of(operation: LotOperation) -> OperationBody:
    """Return an operation as its body."""
    return fill(OperationBody, operation)


def history_of(history: LotHistory, *, was_released: bool) -> LotHistoryBody:
    """Return a lot's history as its body."""
    return fill(
        LotHistoryBody,
        history,
        lot=lot_of(history.lot, history.remaining_g, history.review),
        was_released=was_released,
        operations=[operation_of(each) for each in history.operations],
        harvests=[_share_of(share) for share in history.harvests],
        happenings=[fill(HappeningBody, each, figures=dict(each.figures)) for each in history.happenings],
        interval_breaches=[breach_of(each) for each in history.review.breaches],
        intervals_unknown=[interval_of(each) for each in history.review.unknown],
    )


def _share_of(share: LotHarvest) -> HarvestShareBody:
    return HarvestShareBody(
        harvest=harvest_of(share.harvest), farm=share.place.farm, place=share.place.name, grams=share.grams
    )
