"""Response models of plans, nutrients, plots, weather and the ledger."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from api.schemas.answers import Answer, AnswerMethod, AnswerWindow, LeftOutItem
from api.schemas.model import Model
from api.schemas.passes.passes import CoverBody


class Columns(Model):
    """A table by columns of `rows` values; null for unknown values."""

    rows: Annotated[int, Field(ge=0, json_schema_extra={"example": 1})]
    columns: dict[str, list[str | float | bool | None]]


class RegionBody(Model):
    """A region of neighbouring cells with one class of deviation and one cause. Amounts are in the response's unit."""

    kind: Annotated[str, Field(description="skip, far_under, under, over or double.")]
    cause: Annotated[str, Field(description="The likeliest cause of its cells.")]
    area_m2: float
    planned: float
    applied: float
    difference: float
    latitude_deg: float
    longitude_deg: float


class DisturbanceBody(Model):
    """An event: a gust (`value` in m/s), a refill (in the response's unit), or an empty tank (in seconds)."""

    kind: str
    start_ms: int
    end_ms: int
    value: float


class PlanBody(Model):
    """Plan of a pass: one rate (`rate_ha`), or a prescription; `source` names its origin."""

    source: Annotated[
        str,
        Field(description="query_rate, query_prescription, pass_prescription, pass_rate, or field_prescription: "
              "the field's newest that was made before the pass and contradicts nothing known of it."),
    ]  # fmt: skip
    rate_ha: float | None
    prescription: str | None
    name: str | None
    product: str | None
    season: str | None


class ZoneBody(Model):
    """A zone of the plan, over its cells with a known rate; `kind` is the class of the whole zone."""

    zone: int
    planned_rate_ha: float
    applied_rate_ha: float | None
    area_m2: float
    planned: float
    applied: float
    difference: float
    kind: Annotated[
        str | None,
        Field(description="skip (nothing treated), far_under, under, on_target, over, double; null: nothing planned."),
    ]
    cause: Annotated[str | None, Field(description="Of most of its ground that is off target; null without any.")]
    class_m2: dict[str, float]
    cause_m2: dict[str, float]
    unknown_m2: Annotated[float, Field(description="Its ground of which no amount is known; in no other number here.")]


class BalanceOfAmounts(Model):
    """Where the amount of a pass is, in the response's unit: each line is part of the one that it is indented under.

    released = outside + buffer + exclusion + unlocated + usable; usable = unplanned + not_to_treat + compared.
    """

    released: Annotated[float, Field(description="What left the machine.")]
    outside: float
    buffer: float
    exclusion: float
    unlocated: Annotated[float, Field(description="What left at an unknown time or place.")]
    usable: Annotated[float, Field(description="What landed on the usable ground of the field.")]
    unplanned: Annotated[float, Field(description="Of it, where the plan says nothing.")]
    not_to_treat: Annotated[float, Field(description="Of it, where the plan's rate is 0.")]
    compared: Annotated[float, Field(description="Of it, where a planned rate can be compared: `applied`.")]


class DeviationBody(Model):
    """Deviation of a pass from its plan, over the cells of the usable field."""

    pass_id: str
    unit: str
    simulated: bool
    cell_m: float
    plan: PlanBody
    inputs: Annotated[list[str], Field(description="The channels and the plan that this rests on.")]
    planned_rate_ha: Annotated[float, Field(description="Mean of the plan over its ground.")]
    amount: Answer
    planned: float
    applied: float
    balance: BalanceOfAmounts
    mean_deviation_pct: float
    mean_absolute_ha: float
    rms_ha: float
    on_target_share: float
    class_m2: Annotated[
        dict[str, float],
        Field(description="Compared ground: skip is not treated (no swath covers it); treated: far_under < 50 % of the "
              "plan, under < 90, on_target to 110, over to 150, double above."),
    ]  # fmt: skip
    cause_m2: Annotated[dict[str, float], Field(description="Of it, what is not on target, by its likeliest cause.")]
    zones: list[ZoneBody]
    unknown_m2: Annotated[
        float,
        Field(description="Ground with a plan of which no amount is known; with this and the next two, `class_m2` adds "
              "up to the usable field."),
    ]  # fmt: skip
    not_to_treat_m2: Annotated[float, Field(description="Usable ground where the plan's rate is 0.")]
    unplanned_m2: Annotated[float, Field(description="Usable ground for which the plan says nothing.")]
    unplanned: Annotated[float, Field(description="What landed there.")]
    regions: list[RegionBody]
    happenings: list[DisturbanceBody]
    cover: CoverBody


class ElementsBody(Model):
    """Nutrients of one area unit [kg]; P and K as elements beside the oxides that labels name."""

    n: float
    p2o5: float
    k2o: float
    p: float
    k: float


class RiskBody(Model):
    """Risk of loss: low, moderate, high or insufficient_data, with its reasons; `window` is the time after the pass."""

    state: str
    reasons: list[str]
    window: AnswerWindow
    method: AnswerMethod


class PassNutrientsBody(Model):
    """Nutrients applied by a pass; null with a reason where unknown."""

    pass_id: str
    start_ms: int
    product: str | None
    product_kg: float | None
    kg_ha: ElementsBody | None
    kg_mu: ElementsBody | None
    reason: str | None
    volatilisation: RiskBody
    leaching: RiskBody
    weather: Annotated[
        dict[str, float | None],
        Field(description="What the risks rest on: means and sums of their windows so far, null where not measured."),
    ]
    weather_devices: Annotated[list[str], Field(description="The devices of the field's site that measured it.")]


class BalanceBody(Model):
    """The season's nitrogen in the EU panel's box (2015): NUE 0.5 to 0.9, surplus at most 80, output from 80 kg/ha."""

    input_kg_ha: float
    output_kg_ha: float
    nue: float
    surplus_kg_ha: float
    verdict: str


class EfficiencyBody(Model):
    """PFP, AE, RE, PE and PNB (Dobermann 2007) [kg/kg]; null where an input is missing."""

    pfp: float | None
    ae: float | None
    re: float | None
    pe: float | None
    pnb: float | None


class NutrientsBody(Model):
    """Nutrients that the passes of a season applied to a field; sums are null while an amount is unknown."""

    field: str
    season: str | None
    simulated: bool
    passes: list[PassNutrientsBody]
    total_kg_ha: ElementsBody | None
    total_kg_mu: ElementsBody | None
    reason: str | None
    balance: BalanceBody | None
    efficiency: EfficiencyBody | None


class HourBody(Model):
    """An hour of weather: go, caution, stop or insufficient_data."""

    start_ms: int
    state: str
    reasons: list[str]
    missing: list[str]
    air_temperature_degc: float | None
    relative_humidity_pct: float | None
    wind_speed_m_s: float | None
    rain_share: Annotated[float | None, Field(description="Of the hour, by a detector.")]
    rain_mm: Annotated[float | None, Field(description="By a gauge.")]
    delta_t_k: float | None


class WeatherBody(Model):
    """The hours of a window, measured by the site's own devices; no forecast."""

    field: str
    kind: str
    devices: list[str]
    altitude_m: Annotated[
        float | None,
        Field(description="Of the site, or a device there: Delta-T is at its pressure. Null: not known, sea level."),
    ] = None
    left_out: Annotated[
        list[LeftOutItem], Field(description="Findings about faulty sensors, and what was left out for them.")
    ]
    hours: list[HourBody]


class EntryBody(Model):
    """An entry of the ledger; `body` is JSON as written.

    `leaf_sha256` is the hash of the leaf of an entry from which an erasure took names: its hash no longer follows.
    """

    seq: int
    time_ms: int
    who: str
    kind: str
    field: str
    pass_id: str
    body: str
    hash: str
    leaf_sha256: str | None = None


class EntryList(Model):
    """Entries in order of writing; `next` is the cursor of the next page, null on the last."""

    items: list[EntryBody]
    next: str | None


class LedgerCheckBody(Model):
    """Verification of the ledger: `broken_at` is the first altered entry. Store `hash` elsewhere."""

    entries: int
    whole: bool
    broken_at: int | None
    hash: str
