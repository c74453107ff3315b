"""Answers and bodies of harvests, lots and lot operations."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from api.schemas.harvest.treatments import IntervalBody, IntervalBreachBody, RecordName, breach_of, interval_of
from api.schemas.model import KEPT, answer_of_record, body_of_record, fill
from headland.analysis.lots.happenings import Happening
from headland.analysis.lots.lot_history import LotHarvest, LotHistory
from headland.analysis.plant_protection.harvest_review import LotReview, LotState
from headland.registry.models.lots import Grams, GramsOrZero, Harvest, Lot, LotCode, LotOperation, OperationKind
from headland.registry.models.models import Note, Text
from headland.registry.models.plant_protection import EvidenceClass, Instant

IntervalStateOf = Annotated[
    LotState,
    "breached: something in it was harvested within the pre-harvest interval of a treatment, whichever "
    "was entered first; not_known: a label has no interval; no_breach: no treatment on record breaches one.",
]
_Code = Annotated[LotCode | None, "Batch number; without one it gets the next of the day."]


@body_of_record(Harvest)
class NewHarvest(msgspec.Struct, frozen=True, kw_only=True):
    """A harvest from a field or a greenhouse zone, which makes a lot. Without a `code` it gets one of the day."""

    field: RecordName | None = None
    zone: RecordName | None = None
    season: RecordName | None = None
    evidence: Annotated[Literal["measured", "declared", "simulated"], "measured: by a scale."] = "declared"
    product: Annotated[Text, "Name of the goods."]
    code: _Code = None

    def record(self) -> Harvest:
        """Return it as a record."""
        return fill(Harvest, self, evidence=EvidenceClass(self.evidence))


@answer_of_record(Harvest)
class HarvestBody(msgspec.Struct, frozen=True, kw_only=True):
    """A harvest as it was entered."""

    evidence: str


@answer_of_record(Lot, without=("version", "created_ms", "changed_ms"))
class LotBody(msgspec.Struct, frozen=True, kw_only=True):
    """A lot; `remaining_g` is what is left of it."""

    remaining_g: Annotated[int, "Mass that is left of it, in grams."]
    interval_state: IntervalStateOf


class HarvestRecorded(msgspec.Struct, frozen=True, kw_only=True):
    """A harvest with the lot that it made."""

    harvest: Annotated[HarvestBody, "The harvest as it was entered."]
    lot: Annotated[LotBody, "The lot that it made."]


class LotMassBody(msgspec.Struct, frozen=True, kw_only=True):
    """A mass of a lot."""

    lot: RecordName
    grams: Grams


@body_of_record(Lot, without=(*KEPT, "time_ms", "simulated"))
class NewLot(msgspec.Struct, frozen=True, kw_only=True):
    """A lot to be made by an operation; without a `code` it gets the next batch number of the day."""

    code: _Code = None


@body_of_record(LotOperation, without=(*KEPT, "harvest", "corrects"))
class NewOperation(msgspec.Struct, frozen=True, kw_only=True):
    """Something done with lots: `inputs` less `loss_g` are the masses of the lots made, to the gram."""

    kind: Annotated[Literal["mix", "split", "pack", "process", "sell", "loss"], "What is done."]
    time_ms: Instant
    inputs: Annotated[list[LotMassBody], Meta(min_length=1, max_length=1000)]
    outputs: Annotated[list[NewLot], Meta(max_length=1000), "Lots that are made."] = []
    loss_g: GramsOrZero = 0

    def record(self) -> LotOperation:
        """Return it as a record, without what it makes."""
        return fill(LotOperation, self, kind=OperationKind(self.kind), inputs=tuple(self.inputs), outputs=())


class NewCorrection(msgspec.Struct, frozen=True, kw_only=True):
    """A correction: takes an operation back."""

    author: Text
    note: Note = ""


@answer_of_record(LotOperation)
class OperationBody(msgspec.Struct, frozen=True, kw_only=True):
    """An operation as it was entered."""

    kind: str
    inputs: list[LotMassBody]
    outputs: list[LotMassBody]


class OperationRecorded(msgspec.Struct, frozen=True, kw_only=True):
    """An operation with the lots that it made."""

    operation: OperationBody
    lots: Annotated[list[LotBody], "The lots that it made."]


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

    harvest: Annotated[HarvestBody, "The harvest as it was entered."]
    farm: Annotated[str, "Name of the farm."]
    place: Annotated[str, "Name of the field or greenhouse zone."]
    grams: int


@answer_of_record(Happening)
class HappeningBody(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened to the crop, with its evidence: measured, declared or simulated."""

    kind: Annotated[str, "pass, treatment, alarm, climate_week or irrigation_week."]
    evidence: Annotated[str, "measured, declared or simulated."]
    figures: dict[str, float | None]


@answer_of_record(LotHistory, "links", "is_whole")
class LotHistoryBody(msgspec.Struct, frozen=True, kw_only=True):
    """A lot with its operations, its harvests, and what it inherits; `is_whole` false: of the largest shares only."""

    lot: LotBody
    operations: Annotated[list[OperationBody], "Operations that made it or took of it."]
    harvests: Annotated[list[HarvestShareBody], "Harvests in it, each with its share."]
    happenings: Annotated[list[HappeningBody], "What happened to the crops of its harvests, by time."]
    was_released: Annotated[bool, "There is a release, withdrawn or not."]
    interval_breaches: Annotated[
        list[IntervalBreachBody], "Harvests in it that were within an interval of a treatment."
    ]
    intervals_unknown: Annotated[
        list[IntervalBody], "Treatments since the growth began whose label has no interval for it."
    ]


class LotsHolding(LotList, frozen=True, kw_only=True):
    """The lots that hold something of a crop to which this happened: how many, and a page of them, the newest first."""

    count: Annotated[int, "Number of the lots on all pages."]


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
    harvest = fill(HarvestBody, share.harvest)
    return fill(HarvestShareBody, share, share.place, harvest=harvest, place=share.place.name)
