"""Numbers of a plan, each with its unit and where it comes from, and the answer that holds them."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from headland.analysis.passes.pass_state import PassState
from headland.analysis.prescriptions.order import PrescriptionOrder
from headland.registry.models.prescriptions import PrescriptionCheck

Origin = Literal["measured", "calculated", "as_before", "told", "default"]
PlanStep = Literal["season", "need", "prescription", "mission", "flight"]
#: What a person may tell and no record holds before a prescription is made.
ToldName = Literal[
    "unfertilised_yield_t_ha",
    "uptake_kg_100kg",
    "recovery",
    "n_total_kg_ha",
    "n_elsewhere_kg_ha",
    "n_later_kg_ha",
    "rate_ha",
    "legal_n_kg_ha",
    "product",
    "implement",
]


class PlanChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One value of a plan."""

    name: Annotated[
        ToldName | Literal["crop", "sowing_date", "target_yield_t_ha"],
        "What changes; the last three are stored with the season, which is added where the field has none.",
    ]
    value: Annotated[
        Annotated[float, Meta(ge=0, le=100_000)] | Annotated[str, Meta(min_length=1, max_length=200)] | None,
        "A number in the unit of the name, an id, a crop or a day; null takes the value back.",
    ]


class PlanNumber(msgspec.Struct, frozen=True, kw_only=True):
    """A number of a plan with its unit and origin; `value` is null where nothing tells it: a person is asked."""

    name: Annotated[str, "What it is; a name of PATCH where a person may change it."]
    value: Annotated[float | None, "Value in `unit`; null where nothing tells it."]
    unit: Annotated[str, "Unit of the value; 1 for a share."]
    source: Annotated[
        Origin | None,
        "measured, calculated from the others, as_before (of the season or prescription before), told by a person, "
        "or default; null without a value.",
    ]
    basis: Annotated[str, "What it rests on, an identifier of the terms `plan_bases`; empty without a value."] = ""
    editable: Annotated[bool, "Whether PATCH takes it."] = False


class PlanChoice(msgspec.Struct, frozen=True, kw_only=True):
    """A record that a plan uses, and where the choice comes from."""

    id: str
    name: Annotated[str, "Name of the record."]
    source: Annotated[Origin, "As of a number."]
    basis: Annotated[str, "What it rests on, an identifier of the terms `plan_bases`."]


class PlanSeason(msgspec.Struct, frozen=True, kw_only=True):
    """The season that a plan is for."""

    id: str
    name: str
    crop: str
    sowing_date: Annotated[date | None, "Day of the sowing; null where it is not told."]
    area_m2: Annotated[float, "Usable ground of the field."]


class GivenDressing(msgspec.Struct, frozen=True, kw_only=True):
    """What one pass of the season gave: what landed, not what was ordered."""

    pass_id: str
    start_ms: int
    state: Annotated[PassState, "State of the pass; one under way gave what it gave until now."]
    product: Annotated[str | None, "Name of the product; null where none is told."]
    n_kg_ha: Annotated[float | None, "Nitrogen on the usable ground; null with a `reason`."]
    skipped_m2: Annotated[float | None, "Skipped ground of the pass; null where it is not known."]
    reason: Annotated[str | None, "Why the nitrogen is not known; else null."]


class PlanNeed(msgspec.Struct, frozen=True, kw_only=True):
    """Nitrogen of the season: total = given + elsewhere + now + later, where nothing was given too much."""

    inputs: Annotated[list[PlanNumber], "What the total is calculated from."]
    total: Annotated[PlanNumber, "Nitrogen of the whole season."]
    stage: Annotated[Literal["base", "top"], "Which dressing is next: at sowing, or later."]
    given: Annotated[list[GivenDressing], "What passes of the season gave, by time."]
    given_n: Annotated[PlanNumber, "Their sum, as far as it is known."]
    unknown_passes: Annotated[int, "Passes of which it is not known what they gave: they are not in the sum."]
    elsewhere: Annotated[PlanNumber, "What was given otherwise: by hand, as manure."]
    later: Annotated[PlanNumber, "What is kept for later dressings."]
    now: Annotated[PlanNumber, "What this dressing gives."]
    missing: Annotated[list[str], "Names of the numbers without which there is no total."]
    method: Annotated[str | None, "Identifier of the method of the total; null where a person told it, or without one."]


class PlanRates(msgspec.Struct, frozen=True, kw_only=True):
    """The dressing as a product: one rate for all usable ground, which zones may replace."""

    product: Annotated[PlanChoice | None, "The product; null where none is chosen."]
    rate: Annotated[PlanNumber, "The rate on all usable ground."]
    amount: Annotated[PlanNumber, "The amount for the field."]
    area_ha: Annotated[float, "The ground that the amount is for."]
    order: Annotated[
        PrescriptionOrder | None,
        "What POST /v1/prescriptions takes to make it; null while product or rate is missing.",
    ]


class PlanMission(msgspec.Struct, frozen=True, kw_only=True):
    """The flight of the prescription, or of the one rate while none was made."""

    implement: Annotated[PlanChoice | None, "The implement; null where none is chosen."]
    prescription: Annotated[str | None, "Id of the prescription of this dressing; null before it is made."]
    prescription_name: Annotated[str | None, "Its name; null before it is made."]
    loads: Annotated[PlanNumber, "Loads of the tank; null where its capacity is not known."]
    lines: Annotated[PlanNumber, "Lines over the field."]
    minutes: Annotated[PlanNumber, "Time in the air, without refilling."]
    swath: Annotated[PlanNumber, "Distance between the lines."]
    speed: Annotated[PlanNumber, "Speed on the lines: the highest."]
    height: Annotated[PlanNumber, "Height above the terrain."]
    checks: Annotated[tuple[PrescriptionCheck, ...], "Checks of the prescription."]
    legal_n: Annotated[PlanNumber, "Ceiling of nitrogen by law, where the farm has one."]
    speed_m_s: Annotated[float | None, "The `speed_m_s` of the export, where the implement has none; else null."]
    reason: Annotated[str | None, "Why there is no flight, as a kind of problem in snake_case; else null."]
    detail: Annotated[str, "What to do about it, in English; empty without a reason."] = ""
    detail_zh: Annotated[str, "The same in Chinese; empty where it has no translation."] = ""


class GivenPass(msgspec.Struct, frozen=True, kw_only=True):
    """A pass that carried out the prescription."""

    pass_id: str
    start_ms: int
    state: Annotated[PassState, "State of the pass."]


class FieldPlan(msgspec.Struct, frozen=True, kw_only=True):
    """The draft of a field's next dressing, complete after each change."""

    field: str
    now_ms: Annotated[int, "Instant of the draft."]
    step: Annotated[PlanStep, "The first step that is not answered yet."]
    season: Annotated[PlanSeason | None, "The season; null where the field has none."]
    need: Annotated[PlanNeed | None, "What the crop needs; null without a season."]
    rates: Annotated[PlanRates | None, "The dressing as a product; null without a season."]
    mission: Annotated[PlanMission | None, "The flight; null without rates."]
    flown: Annotated[list[GivenPass], "Passes that carried it out, by time."]
    told: Annotated[
        dict[str, float | str],
        "What a person told and no record holds yet: parameters of the next request.",
    ]
