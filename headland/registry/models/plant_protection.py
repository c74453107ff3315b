"""Plant-protection register of an organisation: products with their labels, and the treatments made with them."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from headland.registry.models.models import Note, NotNegative, Positive, Text, VersionedRecord

Instant = Annotated[int, Meta(ge=0, le=253_402_300_799_999)]
Title = Annotated[str, Meta(max_length=200)]
#: Unit of the formulation: doses are in it per hectare.
DoseUnit = Literal["kg", "l"]


class EvidenceClass(StrEnum):
    """What a statement rests on: a sensor, a person's word, or a simulator."""

    MEASURED = "measured"
    DECLARED = "declared"
    SIMULATED = "simulated"


class ActiveIngredient(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An active ingredient with its content in the formulation: in percent of mass, or grams per litre."""

    name: Text
    content: Annotated[Positive, "Content in the formulation."]
    unit: Literal["pct", "g_l"]


class ProductUse(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The label of a product for one crop; None where the label is silent.

    Doses are of the formulation, in the product's unit per hectare. `pre_harvest_interval_days` is counted from the day
    of the last treatment.
    """

    crop: Text
    target: Annotated[Title, "What it is used against."] = ""
    least_dose_ha: Annotated[NotNegative | None, "Smallest dose per hectare; null where the label is silent."] = None
    most_dose_ha: Annotated[Positive | None, "Largest dose per hectare; null where the label is silent."] = None
    least_water_l_ha: Annotated[
        NotNegative | None, "Smallest amount of water per hectare; null where the label is silent."
    ] = None
    most_water_l_ha: Annotated[
        Positive | None, "Largest amount of water per hectare; null where the label is silent."
    ] = None
    pre_harvest_interval_days: Annotated[
        Annotated[int, Meta(ge=0, le=730)] | None,
        "Days from the day of the last treatment to the harvest; null where the label is silent.",
    ] = None
    reentry_h: Annotated[
        Annotated[float, Meta(ge=0, le=8760)] | None,
        "Time until people may enter again; null where the label is silent.",
    ] = None
    least_buffer_m: Annotated[
        Annotated[float, Meta(ge=0, le=5000)] | None, "Smallest distance from water; null where the label is silent."
    ] = None
    most_uses_season: Annotated[
        Annotated[int, Meta(ge=1, le=100)] | None, "Most uses in a season; null where the label is silent."
    ] = None


class PlantProtectionProduct(VersionedRecord, frozen=True, kw_only=True):
    """A product by its registration number, with one use for each crop of its label.

    `source` names where the values are from; `is_sample` marks made-up values, with which no certificate is issued.
    """

    name: Text
    registration_number: Text
    unit: DoseUnit
    formulation: Annotated[Title, "Formulation; empty where it is not told."] = ""
    active_ingredients: Annotated[tuple[ActiveIngredient, ...], Meta(min_length=1, max_length=20)]
    uses: Annotated[tuple[ProductUse, ...], Meta(min_length=1, max_length=200), "Uses on the label by crop."]
    source: Annotated[Note, "Source of the values."] = ""
    is_sample: bool = False


class MixPart(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A product of a tank mix, by its id, with its dose in the product's unit per hectare."""

    product: Annotated[str, "Id of the plant-protection product."]
    dose_ha: Positive


class Treatment(VersionedRecord, frozen=True, kw_only=True):
    """A plant-protection treatment of a field or a greenhouse zone in [start_ms, end_ms). It is never changed.

    `pass_id` is the pass whose telemetry measured it; without one it rests on the word of `author`. `corrects` is the
    treatment that this one replaces; a `withdrawn` one only takes that back.
    """

    field: str | None = None
    zone: str | None = None
    pass_id: Annotated[Title | None, "Pass that measured it; null where none did."] = None
    crop: Text
    target: Annotated[Title, "Pest, disease or weed; may be empty."] = ""
    start_ms: Instant
    end_ms: Instant
    mix: Annotated[tuple[MixPart, ...], Meta(min_length=1, max_length=10), "Products of the tank mix."]
    water_l_ha: Positive | None = None
    treated_area_m2: Positive | None = None
    author: Text
    note: Note = ""
    evidence: Annotated[EvidenceClass, "What it rests on: declared (a person's word) or simulated."] = (
        EvidenceClass.DECLARED
    )
    corrects: str | None = None
    withdrawn: bool = False
