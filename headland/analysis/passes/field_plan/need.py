"""Nitrogen that a field's next dressing gives: the season's need, less what landed, less what is kept for later."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final

import msgspec

from headland.agronomy.prescription.season_need import regional_need, usual_recovery, usual_uptake
from headland.analysis.inputs.errors import AnalysisError
from headland.analysis.inputs.field_geometry import bounds_of
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.inputs.window import Window
from headland.analysis.passes.as_applied import compute_as_applied
from headland.analysis.passes.detection import list_passes
from headland.analysis.passes.field_plan.numbers import GivenDressing, Origin, PlanNeed, PlanNumber
from headland.analysis.passes.nutrients import nutrients_of_pass, passes_of_season
from headland.analysis.passes.pass_state import PassStates
from headland.analysis.prescriptions.recommendation import Rule, recommend
from headland.analysis.prescriptions.recommendation_inputs import RecommendationInputs
from headland.registry.models.models import Field, Season
from headland.units_of_time import DAY_MS

#: A dressing within this time after the sowing is the base dressing.
_BASE_DAYS: Final = 45
_LONGEST_SEASON_MS: Final = 399 * DAY_MS
_INPUTS: Final = {
    "target_yield_t_ha": "t/ha",
    "unfertilised_yield_t_ha": "t/ha",
    "uptake_kg_100kg": "kg/100 kg",
    "recovery": "1",
}


@dataclass(frozen=True, slots=True)
class Known:
    """What a plan rests on besides measurements: what a person told, and the figures of the prescription before."""

    told: Mapping[str, float | str]
    before: Mapping[str, float]

    def number(self, name: str, unit: str, *others: tuple[float | None, Origin, str]) -> PlanNumber:
        """Return a number that a person may tell: told, else as before, else the first of the others with a value."""
        told, before = self.told.get(name), self.before.get(name)
        options: list[tuple[float | None, Origin, str]] = [
            (float(told) if isinstance(told, int | float) else None, "told", "entered"),
            (before, "as_before", "prescription_before"),
            *others,
        ]
        for value, source, basis in options:
            if value is not None:
                return PlanNumber(name=name, value=value, unit=unit, source=source, basis=basis, editable=True)
        return PlanNumber(name=name, value=None, unit=unit, source=None, editable=True)


def calculated(name: str, value: float | None, unit: str, basis: str, source: Origin = "calculated") -> PlanNumber:
    """Return a number that follows from others; without a value it has no source."""
    if value is None:
        return PlanNumber(name=name, value=None, unit=unit, source=None)
    return PlanNumber(name=name, value=value, unit=unit, source=source, basis=basis)


def plan_need(scope: OrgScope, field: Field, season: Season, known: Known, target_before: float | None) -> PlanNeed:
    """Return the nitrogen of a season and of its next dressing; `target_before` is that of the season before."""
    inputs = {
        "target_yield_t_ha": _target(season, target_before),
        "unfertilised_yield_t_ha": known.number("unfertilised_yield_t_ha", "t/ha"),
        "uptake_kg_100kg": known.number(
            "uptake_kg_100kg", "kg/100 kg", (usual_uptake(season.crop), "default", "uptake_table")
        ),
        "recovery": known.number("recovery", "1", (usual_recovery(season.crop), "default", "recovery_cereals")),
    }
    values = {name: number.value for name, number in inputs.items()}
    west, south, east, north = bounds_of(field)
    target = values["target_yield_t_ha"]
    region = None if target is None else regional_need(season.crop, ((west + east) / 2, (south + north) / 2), target)
    missing = [name for name, value in values.items() if value is None]
    method: str | None = None
    total = known.number("n_total_kg_ha", "kg/ha")
    if total.value is not None:
        missing = []
    elif not missing:
        told_inputs = RecommendationInputs(
            target_yield_t_ha=target,
            unfertilised_yield_t_ha=values["unfertilised_yield_t_ha"],
            uptake_kg_100kg=values["uptake_kg_100kg"],
            recovery=values["recovery"],
        )
        made = recommend(field, Rule.TARGET_YIELD, told_inputs, None, season.crop)
        total, method = calculated("n_total_kg_ha", made.n_kg_ha, "kg/ha", "target_formula"), made.method.id
    elif region is not None:
        total = calculated("n_total_kg_ha", region.total_kg_ha, "kg/ha", "regional_table", "default")
        method, missing = region.method.id, []
    if region is not None and method == region.method.id:
        # The region's table needs the yield alone; the others would replace it by the formula.
        shown = [inputs["target_yield_t_ha"], inputs["unfertilised_yield_t_ha"]]
    else:
        shown = list(inputs.values())
    total = msgspec.structs.replace(total, editable=True)
    given = _given(scope, field, season)
    given_n = sum(each.n_kg_ha for each in given if each.n_kg_ha is not None)
    stage = "base" if _is_base(season.sowing_date, scope.now_ms) else "top"
    elsewhere = known.number("n_elsewhere_kg_ha", "kg/ha", (0.0, "default", "nothing_told"))
    kept, basis = 0.0, "last_dressing"
    if stage == "base" and total.value is not None:
        if region is not None:
            kept, basis = total.value * (1.0 - region.base_share), "split_table"
        else:
            basis = "one_dressing"
    later = known.number("n_later_kg_ha", "kg/ha", (None if total.value is None else kept, "default", basis))
    now = None
    if total.value is not None:
        now = max(total.value - given_n - (elsewhere.value or 0.0) - (later.value or 0.0), 0.0)
    return PlanNeed(
        inputs=shown,
        total=total,
        stage="base" if stage == "base" else "top",
        given=given,
        given_n=calculated("n_given_kg_ha", given_n, "kg/ha", "landed", "measured"),
        unknown_passes=sum(each.n_kg_ha is None for each in given),
        elsewhere=elsewhere,
        later=later,
        now=calculated("n_now_kg_ha", now, "kg/ha", "need_less_given"),
        missing=missing,
        method=method,
    )


def _target(season: Season, before: float | None) -> PlanNumber:
    """Return the target yield: the season's, else that of the season before."""
    name, unit, own = "target_yield_t_ha", "t/ha", season.target_yield_t_ha
    if own is not None:
        return PlanNumber(name=name, value=own, unit=unit, source="told", basis="of_season", editable=True)
    if before is not None:
        return PlanNumber(name=name, value=before, unit=unit, source="as_before", basis="season_before", editable=True)
    return PlanNumber(name=name, value=None, unit=unit, source=None, editable=True)


def _is_base(sowing: date | None, now_ms: int) -> bool:
    """Return whether the base dressing is next: before the sowing, and in the weeks after it."""
    if sowing is None:
        return False
    return (datetime.fromtimestamp(now_ms / 1000.0, UTC).date() - sowing).days < _BASE_DAYS


def _given(scope: OrgScope, field: Field, season: Season) -> list[GivenDressing]:
    """Return what the passes of a season gave."""
    since = Window(scope.now_ms - _LONGEST_SEASON_MS, scope.now_ms + 1)
    states, found = PassStates(scope), []
    for field_pass in passes_of_season(list_passes(scope, field.id, since), season):
        try:
            applied = compute_as_applied(scope, field_pass)
            nutrients = nutrients_of_pass(scope, scope.repositories, field_pass, applied=applied)
        except AnalysisError as error:
            applied, nutrients = None, nutrients_of_pass(scope, scope.repositories, field_pass, applied=error)
        state = states.of(field_pass)
        found.append(
            GivenDressing(
                pass_id=field_pass.id,
                start_ms=field_pass.start_ms,
                state=state,
                product=None if nutrients.product is None else nutrients.product.name,
                n_kg_ha=None if nutrients.per_ha is None else nutrients.per_ha.n,
                skipped_m2=None if applied is None or state == "flying" else applied.map.areas.skipped_m2,
                reason=nutrients.reason,
            )
        )
    return found
