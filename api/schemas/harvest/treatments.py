"""Schemas of treatments and of their check, with the mapping from the library."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from api.schemas.model import EXAMPLE_MS, fill
from headland.analysis.plant_protection.harvest_review import HarvestBreach, TreatmentReview
from headland.analysis.plant_protection.intervals import IntervalState, RunningInterval
from headland.analysis.plant_protection.treatment_check import CheckedFinding, ProductCheck, TreatmentCheck
from headland.registry.models.plant_protection import EvidenceClass, Treatment

RecordName = Annotated[str, Meta(max_length=64)]
Title = Annotated[str, Meta(max_length=200)]
Named = Annotated[str, Meta(min_length=1, max_length=200)]
Instant = Annotated[int, Meta(ge=0, le=253_402_300_799_999, examples=[EXAMPLE_MS])]
Positive = Annotated[float, Meta(gt=0, le=1e9)]


class MixPartBody(msgspec.Struct, frozen=True, kw_only=True):
    """A product of a tank mix, with its dose in the product's unit per hectare."""

    product: RecordName
    dose_ha: Positive


class NewTreatment(msgspec.Struct, frozen=True, kw_only=True):
    """A treatment of a field or of a greenhouse zone; `corrects` names one that this entry replaces."""

    field: RecordName | None = None
    zone: RecordName | None = None
    pass_id: Annotated[Annotated[str, Meta(max_length=128)] | None, "Pass that measured it."] = None
    crop: Named
    target: Title = ""
    start_ms: Instant
    end_ms: Instant
    mix: Annotated[list[MixPartBody], Meta(min_length=1, max_length=10)]
    water_l_ha: Positive | None = None
    treated_area_m2: Positive | None = None
    author: Named
    note: Annotated[str, Meta(max_length=2000)] = ""
    simulated: bool = False
    corrects: RecordName | None = None
    withdrawn: bool = False

    def record(self) -> Treatment:
        """Return it as a record."""
        evidence = EvidenceClass.SIMULATED if self.simulated else EvidenceClass.DECLARED
        return fill(Treatment, self, mix=tuple(self.mix), evidence=evidence)


class TreatmentBody(msgspec.Struct, frozen=True, kw_only=True):
    """A treatment as it was entered; `evidence` is declared or simulated.

    `lots_within` is the number of lots to recall: they hold something that was harvested within its pre-harvest
    interval, whichever of the two was entered first. 0 for one that was corrected.
    """

    id: str
    created_ms: int
    field: str | None
    zone: str | None
    pass_id: str | None
    crop: str
    target: str
    start_ms: int
    end_ms: int
    mix: list[MixPartBody]
    water_l_ha: float | None
    treated_area_m2: float | None
    author: str
    note: str
    evidence: str
    corrects: str | None
    withdrawn: bool
    lots_within: int


class TreatmentList(msgspec.Struct, frozen=True, kw_only=True):
    """Treatments of a place, those that were corrected left out."""

    items: list[TreatmentBody]
    next: str | None


class FindingBody(msgspec.Struct, frozen=True, kw_only=True):
    """One check. `state` is holds, broken, caution or unknown; `values` are the figures of its sentence."""

    check: Annotated[
        str,
        "crop, dose, dose_by_cell, water, interval, uses, buffer, weather or reentry; harvest and "
        "harvest_entry where something was harvested within an interval.",
    ]
    id: str
    state: str
    evidence: Annotated[str, "measured, declared or simulated."]
    text: str
    text_zh: str
    values: dict[str, float | int | str]


class ProductCheckBody(msgspec.Struct, frozen=True, kw_only=True):
    """The checks of one product of the mix; `crop_on_label` is false where the label lacks the crop."""

    product: str
    name: str
    registration_number: str
    unit: str
    dose_ha: float
    crop_on_label: bool
    is_sample: bool
    findings: list[FindingBody]


class IntervalBreachBody(msgspec.Struct, frozen=True, kw_only=True):
    """A harvest within the interval of one product of a treatment.

    `kind` is pre_harvest, or reentry: before the place might be entered again.
    """

    kind: str
    treatment: str
    product: str
    registration_number: str
    treated_on: Annotated[str, "Local day of the place."]
    ends_on: Annotated[str | None, "First local day on which the crop might be harvested."]
    reentry_until_ms: int | None
    harvest: str
    place: str
    harvested_on: Annotated[str, "Local day of the place."]
    entered_late: Annotated[bool, "The treatment was entered after the harvest."]


class RecalledLot(msgspec.Struct, frozen=True, kw_only=True):
    """A lot to recall, by its id and batch number."""

    id: str
    code: str


class TreatmentCheckBody(msgspec.Struct, frozen=True, kw_only=True):
    """A treatment against its labels; `no_map` is why no dose by cell is known, null where it is.

    `breaches` are the harvests within its intervals; `lots_within` counts the lots that hold something of them, and
    `lots` are the newest of these: `/v1/lots/holding` has them all.
    """

    treatment: str
    place: str
    products: list[ProductCheckBody]
    no_map: str | None
    breaches: list[IntervalBreachBody]
    lots_within: int
    lots: list[RecalledLot]


class IntervalBody(msgspec.Struct, frozen=True, kw_only=True):
    """The interval of one product of a treatment; `ends_on` null: the label has none."""

    treatment: str
    product: str
    registration_number: str
    treated_on: str
    ends_on: str | None
    crop_on_label: bool


class IntervalStateBody(msgspec.Struct, frozen=True, kw_only=True):
    """Intervals of a crop at a place on a local day: `ends_on` is the first day on which it may be harvested."""

    day: str
    may_harvest: bool
    ends_on: str | None
    running: list[IntervalBody]
    unknown: list[IntervalBody]


class RegisterFaultBody(msgspec.Struct, frozen=True, kw_only=True):
    """A fault of a row of a register's file."""

    row: int
    detail: str


class RegisterImport(msgspec.Struct, frozen=True, kw_only=True):
    """What a file adds to the register: new products, those that it changes, and those that are as they were."""

    stored: bool
    added: list[str]
    changed: list[str]
    unchanged: int


def treatment_of(treatment: Treatment, review: TreatmentReview | None) -> TreatmentBody:
    """Return a treatment as its body; `review` has the lots that were harvested within its intervals."""
    return fill(TreatmentBody, treatment, lots_within=food_lots_of(review))


def food_lots_of(review: TreatmentReview | None) -> int:
    """Return the number of lots to recall: those within a re-entry interval alone are none."""
    return 0 if review is None or not review.food else review.lot_count


def breach_of(breach: HarvestBreach) -> IntervalBreachBody:
    """Return a breach as its body."""
    interval = breach.interval
    return fill(
        IntervalBreachBody,
        interval,
        kind=breach.kind,
        treatment=interval.treatment.id,
        treated_on=interval.treated_on.isoformat(),
        ends_on=None if interval.ends_on is None else interval.ends_on.isoformat(),
        harvest=breach.harvest.id,
        place=breach.place.name,
        harvested_on=breach.harvested_on.isoformat(),
        entered_late=breach.was_entered_late,
    )


def check_of(check: TreatmentCheck) -> TreatmentCheckBody:
    """Return a check as its body."""
    review = check.review
    return TreatmentCheckBody(
        treatment=check.treatment.id,
        place=check.place.name,
        products=[_product_of(each) for each in check.products],
        no_map=check.no_map,
        breaches=[] if review is None else [breach_of(each) for each in review.breaches],
        lots_within=food_lots_of(review),
        lots=[] if review is None else [RecalledLot(id=lot.id, code=lot.code) for lot in review.lots],
    )


def intervals_of(state: IntervalState) -> IntervalStateBody:
    """Return the intervals of a day as their body."""
    return IntervalStateBody(
        day=state.day.isoformat(),
        may_harvest=state.ends_on is None,
        ends_on=None if state.ends_on is None else state.ends_on.isoformat(),
        running=[interval_of(each) for each in state.running],
        unknown=[interval_of(each) for each in state.unknown],
    )


def _product_of(check: ProductCheck) -> ProductCheckBody:
    return fill(
        ProductCheckBody,
        check.product,
        product=check.product.id,
        dose_ha=check.dose_ha,
        crop_on_label=check.use is not None,
        findings=[_finding_of(each) for each in check.findings],
    )


def _finding_of(checked: CheckedFinding) -> FindingBody:
    finding = checked.finding
    return fill(
        FindingBody,
        finding,
        text=checked.sentence.text("en"),
        text_zh=checked.sentence.text("zh"),
        values=dict(finding.values),
    )


def interval_of(interval: RunningInterval) -> IntervalBody:
    """Return an interval as its body."""
    return IntervalBody(
        treatment=interval.treatment.id,
        product=interval.product,
        registration_number=interval.registration_number,
        treated_on=interval.treated_on.isoformat(),
        ends_on=None if interval.ends_on is None else interval.ends_on.isoformat(),
        crop_on_label=interval.is_on_label,
    )
