"""Request and response models of passes; times are epoch milliseconds UTC."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from api.http.query_windows import WrittenInstant
from api.schemas.answers import Answer
from api.schemas.model import EXAMPLE_MS
from headland.agronomy.application.pass_detection import Segment

_ID = "01k9v4k8r0q3m8x5w7t2n6y4c1"


class PassDeclaration(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A declared pass: references are ids; the rate is in kg/ha, or in L/ha of a liquid."""

    field: Annotated[str, Meta(max_length=64, extra_json_schema={"example": _ID})]
    device: Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
    start_ms: Annotated[WrittenInstant, Meta(extra_json_schema={"example": EXAMPLE_MS})]
    end_ms: Annotated[WrittenInstant, Meta(extra_json_schema={"example": EXAMPLE_MS + 600_000})]
    implement: Annotated[str, Meta(max_length=64)] | None = None
    product: Annotated[str, Meta(max_length=64)] | None = None
    season: Annotated[str, Meta(max_length=64)] | None = None
    prescription: Annotated[
        Annotated[str, Meta(max_length=64)] | None, "What it carried out, instead of planned_rate_ha."
    ] = None
    planned_rate_ha: Annotated[float, Meta(gt=0, le=100_000)] | None = None
    note: Annotated[str, Meta(max_length=2000)] = ""


PassStateName = Annotated[
    Literal["flying", "finished", "interrupted"],
    "flying: the vehicle is heard, has not landed and may go on: nothing is skipped or settled yet. "
    "interrupted: the link was lost at work, or the mission was left before its last item.",
]


class PassItem(msgspec.Struct, frozen=True, kw_only=True):
    """A pass of a field, declared or detected in telemetry; `id` depends on its start."""

    id: str
    field: str
    device: str
    start_ms: int
    end_ms: int
    declared: bool
    state: PassStateName
    simulated: bool
    implement: str | None
    product: str | None
    season: str | None
    prescription: str | None
    planned_rate_ha: float | None
    note: str
    evidence: Annotated[str | None, "The weakest class among its work; null where nothing was heard of it."]
    work_s: float
    work_m: float


class ListedPass(PassItem, frozen=True, kw_only=True):
    """A pass in a list, with the width at which the machine itself said that it worked."""

    reported_width_m: Annotated[
        float | None,
        "A `swath_m` for a pass without an implement; null where the machine reports none.",
    ]


class PassDetail(PassItem, frozen=True, kw_only=True):
    """A pass with its segments, including the flights to and from the field."""

    segments: list[Segment]


class PassList(msgspec.Struct, frozen=True, kw_only=True):
    """The passes of a field in time order; `next` is the cursor of the next page, null on the last."""

    items: list[ListedPass]
    next: str | None


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """A place: its area and its centre."""

    area_m2: float
    latitude_deg: float
    longitude_deg: float


class CoverBody(msgspec.Struct, frozen=True, kw_only=True):
    """Areas of a pass by its swaths within the usable field, the same at every cell size, with the larger parts."""

    field_m2: Annotated[float, "The usable field; treated and skipped ground add up to it."]
    covered_m2: Annotated[float, "Treated ground: the union of the swaths (treated_ground_union)."]
    overlap_m2: Annotated[float, "Ground that swaths covered again, each repetition counted."]
    skipped_m2: Annotated[
        float | None,
        "Skipped ground: the usable field without the treated ground; null while the pass is under way.",
    ]
    beside_m2: Annotated[
        float,
        "Ground of swaths that is not usable: off the field, on buffer strips and exclusions.",
    ]
    remaining_m2: Annotated[
        float | None,
        "Remaining ground: skipped ground over which the machine was never on; null under way.",
    ]
    skips: list[Place]
    overlaps: list[Place]


class AmountsByPlace(msgspec.Struct, frozen=True, kw_only=True):
    """Mass balance of a pass in the map's unit. The parts add up to `released` within `closure` (a share)."""

    released: float
    usable: float
    buffer: float
    exclusion: float
    outside: float
    unlocated: float
    closure: float


class ReconciliationBody(msgspec.Struct, frozen=True, kw_only=True):
    """The amount by flow meter, by tank or hopper level, and by the pump's curve (commanded only)."""

    by_flow: float | None
    by_tank: float | None
    by_pump_curve: float | None
    flow_residual: Annotated[float | None, "By flow less by tank."]
    pump_curve_residual: Annotated[float | None, "By pump curve less by tank, else by flow."]


class SwathWidths(msgspec.Struct, frozen=True, kw_only=True):
    """The widest swath within a coefficient of variation [m]; null where there is none."""

    one_way: float | None
    back_and_forth: float | None


class UniformityBody(msgspec.Struct, frozen=True, kw_only=True):
    """Uniformity of the implement's pattern at its swath, and over the cells of the field."""

    overlap_cv_one_way_pct: float
    overlap_cv_back_and_forth_pct: float
    effective_swath_cv15_m: SwathWidths
    effective_swath_cv25_m: SwathWidths
    field_cv_pct: float | None


class GridBody(msgspec.Struct, frozen=True, kw_only=True):
    """Grid cells from south to north, each row from west to east. `rate_ha` is null where not measured."""

    cell_m: float
    rows: int
    columns: int
    south_deg: float
    west_deg: float
    east_step_deg: float
    north_step_deg: float
    rate_ha: list[list[float | None]]
    uncertainty_ha: Annotated[
        list[list[float]], "Standard deviation of the rate by the drift's, of the wind or assumed."
    ]
    evidence: Annotated[list[list[int]], "none, measured_flow, tank_mass, pump_pwm, declared, from 0."]
    place: Annotated[list[list[int]], "0 outside, 1 usable, 2 buffer, 3 exclusion."]


class DriftBody(msgspec.Struct, frozen=True, kw_only=True):
    """Drift of product by wind while it falls: its mean, and how uncertain it is (standard deviations)."""

    basis: Annotated[
        str,
        "granules, droplet_class (declared), usual_class (medium is assumed), or not_known: wind "
        "or height is not measured, and nothing was shifted.",
    ]
    shift_east_m: float
    shift_north_m: float
    uncertain_share: Annotated[float, "Of the shift, along the wind."]
    uncertain_m: Annotated[float, "In any direction, where the shift is not known."]


class TimingBody(msgspec.Struct, frozen=True, kw_only=True):
    """How long after its measurement, or after the feeder's signal, product reached the ground."""

    basis: Annotated[
        str,
        "given (in the request), implement (its declared latencies), or fitted: the feeder's lag by "
        "the hopper's weights, the fall declared or, where it is not, modelled.",
    ]
    latency_s: float
    feeder_opening_s: Annotated[float | None, "Time constant of the flow when the feeder opens."]
    feeder_closing_s: float | None


class AppliedHead(msgspec.Struct, frozen=True, kw_only=True):
    """As-applied result of a pass without its cells."""

    pass_id: str
    field: str
    device: str
    simulated: bool
    unit: Annotated[str, "What amounts are in: kg, or L of a liquid."]
    cell_m: Annotated[float, "Side of the cells that the sums of places rest on."]
    swath_m: float
    latency_s: float
    timing: TimingBody
    drift: DriftBody
    amount: Answer
    rate: Answer
    places: AmountsByPlace
    cover: CoverBody
    evidence_m2: Annotated[dict[str, float], "The treated ground by the weakest evidence for its amount; it adds up."]
    reconciliation: ReconciliationBody
    uniformity: UniformityBody


class AppliedBody(AppliedHead, frozen=True, kw_only=True):
    """As-applied result of a pass."""

    grid: GridBody
