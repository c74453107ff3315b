"""Deviation of a pass from its plan as the API gives it: sums, balance, zones and regions."""

from __future__ import annotations

from typing import Annotated

import msgspec
import numpy as np

from headland.agronomy.application.cell_conditions import Disturbance
from headland.agronomy.application.zone_deviation import ZoneDeviation
from headland.analysis.inputs.answers import SourcedAnswer, answer_of
from headland.analysis.passes.applied_answer import PassCover, cover_of
from headland.analysis.passes.deviation import PassDeviation
from headland.analysis.passes.plan import PlanSummary, summarise_plan


class DeviationRegion(msgspec.Struct, frozen=True, kw_only=True):
    """A region of neighbouring cells with one class of deviation and one cause. Amounts are in the response's unit."""

    kind: Annotated[str, "skip, far_under, under, over or double."]
    cause: Annotated[str, "The likeliest cause of its cells."]
    area_m2: float
    planned: Annotated[float, "Planned amount."]
    applied: Annotated[float, "Applied amount."]
    difference: Annotated[float, "Applied less planned amount."]
    latitude_deg: float
    longitude_deg: float


class BalanceOfAmounts(msgspec.Struct, frozen=True, kw_only=True):
    """Where the amount of a pass is, in the response's unit: each line is part of the one that it is indented under.

    released = outside + buffer + exclusion + unlocated + usable; usable = unplanned + not_to_treat + compared.
    """

    released: Annotated[float, "What left the machine."]
    outside: Annotated[float, "What landed beside the field."]
    buffer: Annotated[float, "What landed on buffer strips."]
    exclusion: Annotated[float, "What landed on exclusions."]
    unlocated: Annotated[float, "What left at an unknown time or place."]
    usable: Annotated[float, "What landed on the usable ground of the field."]
    unplanned: Annotated[float, "Of it, where the plan says nothing."]
    not_to_treat: Annotated[float, "Of it, where the plan's rate is 0."]
    compared: Annotated[float, "Of it, where a planned rate can be compared: `applied`."]


class DeviationAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Deviation of a pass from its plan, over the cells of the usable field."""

    pass_id: str
    unit: str
    simulated: bool
    cell_m: float
    plan: Annotated[PlanSummary, "Plan of the pass."]
    inputs: Annotated[list[str], "The channels and the plan that this rests on."]
    planned_rate_ha: Annotated[float, "Mean of the plan over its ground."]
    amount: Annotated[SourcedAnswer, "Amount that left the machine."]
    planned: Annotated[float, "Planned amount of the compared ground."]
    applied: Annotated[float, "Applied amount on it."]
    balance: Annotated[BalanceOfAmounts, "Where the amount is."]
    mean_deviation_pct: Annotated[float, "Applied above planned amount, in percent of the plan."]
    mean_absolute_ha: Annotated[float, "Mean absolute difference of the rates per hectare."]
    rms_ha: Annotated[float, "Root mean square of the differences of the rates per hectare."]
    on_target_share: Annotated[float, "Share of the compared ground that is on target, 0 to 1."]
    class_m2: Annotated[
        dict[str, float],
        ("Compared ground: skip is not treated (no swath covers it); treated: far_under < 50 % of the "
              "plan, under < 90, on_target to 110, over to 150, double above."),
    ]  # fmt: skip
    cause_m2: Annotated[dict[str, float], "Of it, what is not on target, by its likeliest cause."]
    zones: Annotated[tuple[ZoneDeviation, ...], "Zones of the plan."]
    unknown_m2: Annotated[
        float,
        ("Ground with a plan of which no amount is known; with this and the next two, `class_m2` adds "
              "up to the usable field."),
    ]  # fmt: skip
    not_to_treat_m2: Annotated[float, "Usable ground where the plan's rate is 0."]
    unplanned_m2: Annotated[float, "Usable ground for which the plan says nothing."]
    unplanned: Annotated[float, "What landed there."]
    regions: Annotated[list[DeviationRegion], "Regions off target, the largest first, at most 200."]
    happenings: Annotated[list[Disturbance], "Gusts, refills and empty tanks during the pass."]
    cover: Annotated[PassCover, "Treated, skipped and remaining ground."]


def deviation_of(deviation: PassDeviation) -> DeviationAnswer:
    """Return the deviation of a pass from its plan."""
    applied, cells = deviation.applied, deviation.cells
    simulated = applied.field_pass.simulated
    sums = ("planned", "applied", "mean_deviation_pct", "mean_absolute_ha", "rms_ha", "on_target_share")
    ground = ("unknown_m2", "not_to_treat_m2", "unplanned_m2", "unplanned", "zones")
    return DeviationAnswer(
        pass_id=applied.field_pass.id,
        unit=applied.unit,
        simulated=simulated,
        cell_m=applied.map.grid.cell_m,
        plan=summarise_plan(deviation.plan),
        inputs=[*applied.amount.inputs, *deviation.plan.inputs],
        planned_rate_ha=deviation.planned_ha,
        amount=answer_of(applied.amount, simulated),
        balance=_balance_of(deviation),
        class_m2=cells.class_m2,
        cause_m2=cells.cause_m2,
        **{name: getattr(cells, name) for name in sums},
        **{name: getattr(deviation, name) for name in ground},
        regions=_regions_of(deviation),
        happenings=deviation.disturbances,
        cover=cover_of(applied, "finished"),
    )


def _balance_of(deviation: PassDeviation) -> BalanceOfAmounts:
    totals = deviation.applied.map.totals
    places = ("released", "outside", "buffer", "exclusion", "unlocated", "usable")
    return BalanceOfAmounts(
        **{name: getattr(totals, name) for name in places},
        unplanned=deviation.unplanned,
        not_to_treat=deviation.not_to_treat,
        compared=deviation.cells.applied,
    )


def _regions_of(deviation: PassDeviation) -> list[DeviationRegion]:
    grid, plane = deviation.applied.map.grid, deviation.applied.inputs.plane
    regions = deviation.cells.regions
    east_m = np.array([grid.west_m + (region.column + 0.5) * grid.cell_m for region in regions])
    north_m = np.array([grid.south_m + (region.row + 0.5) * grid.cell_m for region in regions])
    latitudes, longitudes = plane.to_degrees(east_m, north_m)
    return [
        DeviationRegion(
            kind=region.kind,
            cause=region.cause,
            area_m2=region.area_m2,
            planned=region.planned,
            applied=region.applied,
            difference=region.applied - region.planned,
            latitude_deg=latitude_deg,
            longitude_deg=longitude_deg,
        )
        for region, latitude_deg, longitude_deg in zip(regions, latitudes.tolist(), longitudes.tolist(), strict=True)
    ]
