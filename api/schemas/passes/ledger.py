"""Response models of plans, nutrients, plots, weather and the ledger."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from api.schemas.answers import Answer, LeftOutItem
from api.schemas.passes.passes import CoverBody
from headland.agronomy.application.cell_conditions import Disturbance
from headland.agronomy.prescription.nutrients import NitrogenUse
from headland.agronomy.series.answer import Method
from headland.analysis.inputs.window import Window
from headland.registry.repositories.ledger.entries import LedgerEntry


class Columns(msgspec.Struct, frozen=True, kw_only=True):
    """A table by columns of `rows` values; null for unknown values."""

    rows: Annotated[int, Meta(ge=0, extra_json_schema={"example": 1})]
    columns: dict[str, list[str | float | bool | None]]


class RegionBody(msgspec.Struct, frozen=True, kw_only=True):
    """A region of neighbouring cells with one class of deviation and one cause. Amounts are in the response's unit."""

    kind: Annotated[str, "skip, far_under, under, over or double."]
    cause: Annotated[str, "The likeliest cause of its cells."]
    area_m2: float
    planned: float
    applied: float
    difference: float
    latitude_deg: float
    longitude_deg: float


class PlanBody(msgspec.Struct, frozen=True, kw_only=True):
    """Plan of a pass: one rate (`rate_ha`), or a prescription; `source` names its origin."""

    source: Annotated[
        str,
        ("query_rate, query_prescription, pass_prescription, pass_rate, or field_prescription: "
              "the field's newest that was made before the pass and contradicts nothing known of it."),
    ]  # fmt: skip
    rate_ha: float | None
    prescription: str | None
    name: str | None
    product: str | None
    season: str | None


class ZoneBody(msgspec.Struct, frozen=True, kw_only=True):
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
        "skip (nothing treated), far_under, under, on_target, over, double; null: nothing planned.",
    ]
    cause: Annotated[str | None, "Of most of its ground that is off target; null without any."]
    class_m2: dict[str, float]
    cause_m2: dict[str, float]
    unknown_m2: Annotated[float, "Its ground of which no amount is known; in no other number here."]


class BalanceOfAmounts(msgspec.Struct, frozen=True, kw_only=True):
    """Where the amount of a pass is, in the response's unit: each line is part of the one that it is indented under.

    released = outside + buffer + exclusion + unlocated + usable; usable = unplanned + not_to_treat + compared.
    """

    released: Annotated[float, "What left the machine."]
    outside: float
    buffer: float
    exclusion: float
    unlocated: Annotated[float, "What left at an unknown time or place."]
    usable: Annotated[float, "What landed on the usable ground of the field."]
    unplanned: Annotated[float, "Of it, where the plan says nothing."]
    not_to_treat: Annotated[float, "Of it, where the plan's rate is 0."]
    compared: Annotated[float, "Of it, where a planned rate can be compared: `applied`."]


class DeviationBody(msgspec.Struct, frozen=True, kw_only=True):
    """Deviation of a pass from its plan, over the cells of the usable field."""

    pass_id: str
    unit: str
    simulated: bool
    cell_m: float
    plan: PlanBody
    inputs: Annotated[list[str], "The channels and the plan that this rests on."]
    planned_rate_ha: Annotated[float, "Mean of the plan over its ground."]
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
        ("Compared ground: skip is not treated (no swath covers it); treated: far_under < 50 % of the "
              "plan, under < 90, on_target to 110, over to 150, double above."),
    ]  # fmt: skip
    cause_m2: Annotated[dict[str, float], "Of it, what is not on target, by its likeliest cause."]
    zones: list[ZoneBody]
    unknown_m2: Annotated[
        float,
        ("Ground with a plan of which no amount is known; with this and the next two, `class_m2` adds "
              "up to the usable field."),
    ]  # fmt: skip
    not_to_treat_m2: Annotated[float, "Usable ground where the plan's rate is 0."]
    unplanned_m2: Annotated[float, "Usable ground for which the plan says nothing."]
    unplanned: Annotated[float, "What landed there."]
    regions: list[RegionBody]
    happenings: list[Disturbance]
    cover: CoverBody


class ElementsBody(msgspec.Struct, frozen=True, kw_only=True):
    """Nutrients of one area unit [kg]; P and K as elements beside the oxides that labels name."""

    n: float
    p2o5: float
    k2o: float
    p: float
    k: float


class RiskBody(msgspec.Struct, frozen=True, kw_only=True):
    """Risk of loss: low, moderate, high or insufficient_data, with its reasons; `window` is the time after the pass."""

    state: str
    reasons: list[str]
    window: Window
    method: Method


class PassNutrientsBody(msgspec.Struct, frozen=True, kw_only=True):
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
        "What the risks rest on: means and sums of their windows so far, null where not measured.",
    ]
    weather_devices: Annotated[list[str], "The devices of the field's site that measured it."]


class BalanceBody(msgspec.Struct, frozen=True, kw_only=True):
    """The season's nitrogen in the EU panel's box (2015): NUE 0.5 to 0.9, surplus at most 80, output from 80 kg/ha."""

    input_kg_ha: float
    output_kg_ha: float
    nue: float
    surplus_kg_ha: float
    verdict: str


class NutrientsBody(msgspec.Struct, frozen=True, kw_only=True):
    """Nutrients that the passes of a season applied to a field; sums are null while an amount is unknown."""

    field: str
    season: str | None
    simulated: bool
    passes: list[PassNutrientsBody]
    total_kg_ha: ElementsBody | None
    total_kg_mu: ElementsBody | None
    reason: str | None
    balance: BalanceBody | None
    efficiency: NitrogenUse | None


class HourBody(msgspec.Struct, frozen=True, kw_only=True):
    """An hour of weather: go, caution, stop or insufficient_data."""

    start_ms: int
    state: str
    reasons: list[str]
    missing: list[str]
    air_temperature_degc: float | None
    relative_humidity_pct: float | None
    wind_speed_m_s: float | None
    rain_share: Annotated[float | None, "Of the hour, by a detector."]
    rain_mm: Annotated[float | None, "By a gauge."]
    delta_t_k: float | None


class WeatherBody(msgspec.Struct, frozen=True, kw_only=True):
    """The hours of a window, measured by the site's own devices; no forecast."""

    field: str
    kind: str
    devices: list[str]
    altitude_m: Annotated[
        float | None,
        "Of the site, or a device there: Delta-T is at its pressure. Null: not known, sea level.",
    ] = None
    left_out: Annotated[list[LeftOutItem], "Findings about faulty sensors, and what was left out for them."]
    hours: list[HourBody]


class EntryList(msgspec.Struct, frozen=True, kw_only=True):
    """Entries in order of writing; `next` is the cursor of the next page, null on the last."""

    items: list[LedgerEntry]
    next: str | None


class LedgerCheckBody(msgspec.Struct, frozen=True, kw_only=True):
    """Verification of the ledger: `broken_at` is the first altered entry. Store `hash` elsewhere."""

    entries: int
    whole: bool
    broken_at: int | None
    hash: str
