"""Answers and bodies of treatments and of their check."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import msgspec
from msgspec import Meta

from api.schemas.model import KEPT, answer_of_record, body_of_record, fill
from headland.agronomy.plant_protection.checks import ProtectionFinding
from headland.analysis.plant_protection.harvest_review import HarvestBreach, TreatmentReview
from headland.analysis.plant_protection.intervals import IntervalState, RunningInterval
from headland.analysis.plant_protection.treatment_check import ProductCheck, TreatmentCheck
from headland.registry.models.lots import Lot
from headland.registry.models.models import Positive
from headland.registry.models.plant_protection import EvidenceClass, PlantProtectionProduct, Treatment

RecordName = Annotated[str, Meta(max_length=64)]


class MixPartBody(msgspec.Struct, frozen=True, kw_only=True):
    """A product of a tank mix, with its dose in the product's unit per hectare."""

    product: Annotated[RecordName, "Id of the plant-protection product."]
    dose_ha: Positive


@body_of_record(Treatment, without=(*KEPT, "evidence"))
class NewTreatment(msgspec.Struct, frozen=True, kw_only=True):
    """A treatment of a field or of a greenhouse zone; `corrects` names one that this entry replaces."""

    field: RecordName | None = None
    zone: RecordName | None = None
    pass_id: Annotated[str, Meta(max_length=128)] | None = None
    mix: Annotated[list[MixPartBody], Meta(min_length=1, max_length=10)]
    simulated: bool = False
    corrects: RecordName | None = None

    def record(self) -> Treatment:
        """Return it as a record."""
        evidence = EvidenceClass.SIMULATED if self.simulated else EvidenceClass.DECLARED
        return fill(Treatment, self, mix=tuple(self.mix), evidence=evidence)


@answer_of_record(Treatment)
class TreatmentBody(msgspec.Struct, frozen=True, kw_only=True):
    """A treatment as it was entered; `evidence` is declared or simulated.

    `lots_within` is the number of lots to recall: they hold something that was harvested within its pre-harvest
    interval, whichever of the two was entered first. 0 for one that was corrected.
    """

    mix: list[MixPartBody]
    evidence: str
    lots_within: int


class TreatmentList(msgspec.Struct, frozen=True, kw_only=True):
    """Treatments of a place, those that were corrected left out."""

    items: list[TreatmentBody]
    next: str | None


@answer_of_record(ProtectionFinding)
class FindingBody(msgspec.Struct, frozen=True, kw_only=True):
    """One check. `state` is holds, broken, caution or unknown; `values` are the figures of its sentence."""

    state: Annotated[str, "holds, broken, caution or unknown."]
    text: Annotated[str, "Sentence in English."]
    text_zh: str
    values: dict[str, float | int | str]


@answer_of_record(PlantProtectionProduct, "name", "registration_number", "unit", "is_sample")
class ProductCheckBody(msgspec.Struct, frozen=True, kw_only=True):
    """The checks of one product of the mix; `crop_on_label` is false where the label lacks the crop."""

    product: Annotated[str, "Id of the product."]
    unit: str
    dose_ha: float
    crop_on_label: bool
    findings: Annotated[list[FindingBody], "What was checked, each with its outcome."]


class IntervalBody(msgspec.Struct, frozen=True, kw_only=True):
    """The interval of one product of a treatment; `ends_on` null: the label has none."""

    treatment: Annotated[str, "Id of the treatment."]
    product: Annotated[str, "Name of the product."]
    registration_number: str
    treated_on: Annotated[str, "Local day of the place."]
    ends_on: str | None
    crop_on_label: bool


@answer_of_record(IntervalBody, without=("crop_on_label",))
class IntervalBreachBody(msgspec.Struct, frozen=True, kw_only=True):
    """A harvest within the interval of one product of a treatment.

    `kind` is pre_harvest, or reentry: before the place might be entered again.
    """

    kind: Annotated[str, "pre_harvest, or reentry: before the place might be entered again."]
    ends_on: Annotated[str | None, "First local day on which the crop might be harvested."]
    reentry_until_ms: int | None
    harvest: Annotated[str, "Id of the harvest."]
    place: Annotated[str, "Name of the field or greenhouse zone."]
    harvested_on: Annotated[str, "Local day of the place."]
    entered_late: Annotated[bool, "The treatment was entered after the harvest."]


@answer_of_record(Lot, "id", "code")
class RecalledLot(msgspec.Struct, frozen=True, kw_only=True):
    """A lot to recall, by its id and batch number."""


class TreatmentCheckBody(msgspec.Struct, frozen=True, kw_only=True):
    """A treatment against its labels; `no_map` is why no dose by cell is known, null where it is.

    `breaches` are the harvests within its intervals; `lots_within` counts the lots that hold something of them, and
    `lots` are the newest of these: `/v1/lots/holding` has them all.
    """

    treatment: Annotated[str, "Id of the treatment."]
    place: Annotated[str, "Name of the field or greenhouse zone."]
    products: Annotated[list[ProductCheckBody], "Checks of each product of the mix."]
    no_map: Annotated[str | None, "Why no dose by cell is known; null where it is."]
    breaches: Annotated[list[IntervalBreachBody], "Harvests within its intervals."]
    lots_within: int
    lots: Annotated[list[RecalledLot], "The newest of the lots that hold something of these harvests."]


class IntervalStateBody(msgspec.Struct, frozen=True, kw_only=True):
    """Intervals of a crop at a place on a local day: `ends_on` is the first day on which it may be harvested."""

    day: Annotated[str, "Local day of the place."]
    may_harvest: Annotated[bool, "Whether no known interval runs."]
    ends_on: str | None
    running: Annotated[list[IntervalBody], "Intervals that run."]
    unknown: Annotated[list[IntervalBody], "Intervals that no label gives."]


class RegisterImport(msgspec.Struct, frozen=True, kw_only=True):
    """What a file adds to the register: new products, those that it changes, and those that are as they were."""

    stored: Annotated[bool, "Whether the register was changed; false after a dry run."]
    added: Annotated[list[str], "Names of new products."]
    changed: Annotated[list[str], "Names of products that it changes."]
    unchanged: Annotated[int, "Number of products that are as they were."]


def treatment_of(treatment: Treatment, review: TreatmentReview | None) -> TreatmentBody:
    """Return a treatment as its body; `review` has the lots that were harvested within its intervals."""
    return fill(TreatmentBody, treatment, lots_within=food_lots_of(review))


def food_lots_of(review: TreatmentReview | None) -> int:
    """Return the number of lots to recall: those within a re-entry interval alone are none."""
    return 0 if review is None or not review.food else review.lot_count


def breach_of(breach: HarvestBreach) -> IntervalBreachBody:
    """Return a breach as its body."""
    return fill(
        IntervalBreachBody,
        interval_of(breach.interval),
        breach.interval,
        kind=breach.kind,
        harvest=breach.harvest.id,
        place=breach.place.name,
        harvested_on=breach.harvested_on.isoformat(),
        entered_late=breach.was_entered_late,
    )


def check_of(check: TreatmentCheck) -> TreatmentCheckBody:
    """Return a check as its body."""
    review = check.review
    return fill(
        TreatmentCheckBody,
        check,
        treatment=check.treatment.id,
        place=check.place.name,
        products=[_product_of(each) for each in check.products],
        breaches=[] if review is None else [breach_of(each) for each in review.breaches],
        lots_within=food_lots_of(review),
        lots=[] if review is None else [fill(RecalledLot, lot) for lot in review.lots],
    )


def intervals_of(state: IntervalState) -> IntervalStateBody:
    """Return the intervals of a day as their body."""
    return IntervalStateBody(
        day=state.day.isoformat(),
        may_harvest=state.ends_on is None,
        ends_on=_day(state.ends_on),
        running=[interval_of(each) for each in state.running],
        unknown=[interval_of(each) for each in state.unknown],
    )


def interval_of(interval: RunningInterval) -> IntervalBody:
    """Return an interval as its body."""
    return fill(
        IntervalBody,
        interval,
        treatment=interval.treatment.id,
        treated_on=interval.treated_on.isoformat(),
        ends_on=_day(interval.ends_on),
        crop_on_label=interval.is_on_label,
    )


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _product_of(check: ProductCheck) -> ProductCheckBody:
    return fill(
        ProductCheckBody,
        check,
        check.product,
        product=check.product.id,
        crop_on_label=check.use is not None,
        findings=[
            fill(
                FindingBody,
                each.finding,
                text=each.sentence.text("en"),
                text_zh=each.sentence.text("zh"),
                values=dict(each.finding.values),
            )
            for each in check.findings
        ],
    )
