"""Plan of a field's next dressing: season, need, rates and mission from what is recorded, and one change of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Final, get_args

import msgspec

from headland.analysis.inputs.errors import AnalysisError, PreconditionError
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.inputs.window import Window
from headland.analysis.passes.detection import list_passes
from headland.analysis.passes.field_plan.flight import plan_mission, plan_rates
from headland.analysis.passes.field_plan.need import Known, plan_need
from headland.analysis.passes.field_plan.numbers import FieldPlan, GivenPass, PlanSeason, PlanStep, ToldName
from headland.analysis.passes.pass_state import PassStates
from headland.analysis.passes.plan import PlanRequest, find_plan
from headland.analysis.prescriptions.build import FIGURE
from headland.registry.models.models import Field, Season
from headland.registry.models.prescriptions import Prescription
from headland.registry.repositories.organisation_repositories import OrganisationRepositories
from headland.units_of_time import DAY_MS

#: A prescription is that of the next dressing for so long.
_CURRENT_MS: Final = 30 * DAY_MS
TOLD_NAMES: Final[tuple[str, ...]] = get_args(ToldName)
#: Figures that hold for a field whatever the season, those of one season, and those of one dressing.
_OF_FIELD: Final = ("unfertilised_yield_t_ha", "uptake_kg_100kg", "recovery", "legal_n_kg_ha")
_OF_SEASON: Final = ("n_total_kg_ha", "n_elsewhere_kg_ha")
_OF_DRESSING: Final = ("n_later_kg_ha",)
#: What a change of a season is: it is stored there.
SEASON_NAMES: Final = ("crop", "sowing_date", "target_yield_t_ha")


def plan_field(
    scope: OrgScope, field: Field, told: Mapping[str, float | str], season_id: str | None, *, anew: bool = False
) -> FieldPlan:
    """Return the plan of a field's next dressing; `told` by name is what a person told and no record holds.

    `anew` leaves a prescription of the last 30 days aside: the dressing after it is planned. Raises AnalysisError:
    other-field for a season; NotFound for a season, product or implement.
    """
    repositories = scope.repositories
    season, before = _seasons(repositories, field, season_id, scope.now_ms)
    if season is None:
        return _without_season(scope, field, told)
    prescriptions = sorted(repositories.prescriptions.all(field=field.id), key=lambda each: (each.created_ms, each.id))
    made = None if anew or told else _current(prescriptions, season, scope.now_ms)
    known = Known(told, _figures(prescriptions, season, made))
    target_before = None if before is None or before.crop != season.crop else before.target_yield_t_ha
    need = plan_need(scope, field, season, known, target_before)
    last_used = _last_used(repositories, field, prescriptions, made)
    rates, implement = plan_rates(repositories, field, season, need, known, made, last_used)
    mission = plan_mission(repositories, rates, implement, known, made)
    flown = [] if made is None else _flown(scope, field, made)
    step: PlanStep = "flight" if flown else "mission" if made is not None else "prescription"
    if made is None and need.total.value is None and "rate_ha" not in told:
        step = "need"
    shown = PlanSeason(
        id=season.id,
        name=season.name,
        crop=season.crop,
        sowing_date=season.sowing_date,
        area_m2=field.usable_area_m2,
    )
    return FieldPlan(
        field=field.id,
        now_ms=scope.now_ms,
        step=step,
        season=shown,
        need=need,
        rates=rates,
        mission=mission,
        flown=flown,
        told=dict(told),
    )


def change_plan(
    scope: OrgScope,
    field: Field,
    told: Mapping[str, float | str],
    season_id: str | None,
    name: str,
    value: float | str | None,
) -> tuple[dict[str, float | str], str | None]:
    """Change one value: in the season where it is one of it, else in what was told; return that and the season's id.

    Null takes a value back. A season is added where the field has none and a crop is told. Raises PreconditionError
    (no-season), InvalidRecord for an impossible value.
    """
    changed = dict(told)
    if name not in SEASON_NAMES:
        changed.pop(name, None)
        if value is not None:
            changed[name] = value
        return changed, season_id
    repositories = scope.repositories
    season, _ = _seasons(repositories, field, season_id, scope.now_ms)
    stored: float | str | date | None = value
    if name == "sowing_date" and isinstance(value, str):
        stored = date.fromisoformat(value)
    if season is None:
        if name != "crop" or not isinstance(value, str):
            sentence = "The field has no season: tell its crop first."
            raise PreconditionError("no-season", "No season", sentence)
        year = datetime.fromtimestamp(scope.now_ms / 1000.0, UTC).year
        season = repositories.seasons.add(Season(field=field.id, name=f"{value} {year}"[:200], crop=value))
    else:
        season = repositories.seasons.change(msgspec.structs.replace(season, **{name: stored}))
    return changed, season.id


def _without_season(scope: OrgScope, field: Field, told: Mapping[str, float | str]) -> FieldPlan:
    return FieldPlan(
        field=field.id,
        now_ms=scope.now_ms,
        step="season",
        season=None,
        need=None,
        rates=None,
        mission=None,
        flown=[],
        told=dict(told),
    )


def _seasons(
    repositories: OrganisationRepositories, field: Field, season_id: str | None, now_ms: int
) -> tuple[Season | None, Season | None]:
    """Return the season of a plan and the one before it: the newest that is not harvested, or the one asked for."""
    seasons = sorted(repositories.seasons.all(field=field.id), key=lambda each: (each.created_ms, each.id))
    if season_id is not None:
        season = repositories.seasons.get(season_id)
        if season.field != field.id:
            sentence = f"The season {season.name!r} belongs to another field: give one of this field."
            raise AnalysisError("other-field", "Season belongs to another field", sentence)
    else:
        today = datetime.fromtimestamp(now_ms / 1000.0, UTC).date()
        growing = [each for each in seasons if each.harvest_date is None or each.harvest_date >= today]
        if not growing:
            return None, None
        season = growing[-1]
    before = [each for each in seasons if (each.created_ms, each.id) < (season.created_ms, season.id)]
    return season, before[-1] if before else None


def _current(prescriptions: list[Prescription], season: Season, now_ms: int) -> Prescription | None:
    """Return the prescription of the next dressing: the season's newest of the last 30 days, none for its rest."""
    own = [
        each
        for each in prescriptions
        if each.season == season.id and now_ms - each.created_ms <= _CURRENT_MS and "rest of" not in each.method
    ]
    return own[-1] if own else None


def _figures(prescriptions: list[Prescription], season: Season, made: Prescription | None) -> dict[str, float]:
    """Return what was told with prescriptions before, the newest first, as far as it holds for this dressing."""
    figures: dict[str, float] = {}
    for each in reversed(prescriptions):
        names = [*_OF_FIELD]
        if each.season == season.id:
            names += _OF_SEASON
        if made is not None and each.id == made.id:
            names += _OF_DRESSING
        for name in names:
            value = each.method.get(f"{FIGURE}{name}")
            if isinstance(value, int | float):
                figures.setdefault(name, float(value))
    return figures


def _last_used(
    repositories: OrganisationRepositories,
    field: Field,
    prescriptions: list[Prescription],
    made: Prescription | None,
) -> tuple[str | None, str | None]:
    """Return the product and the implement of the newest prescription or declared pass of a field that names one."""
    if made is not None:
        return made.product, made.implement
    used = [(each.created_ms, each.product, each.implement) for each in prescriptions]
    used += [(each.start_ms, each.product, each.implement) for each in repositories.passes.of_field(field.id)]
    used.sort(key=lambda each: each[0])
    products = [product for _, product, _ in used if product is not None]
    implements = [implement for _, _, implement in used if implement is not None]
    return products[-1] if products else None, implements[-1] if implements else None


def _flown(scope: OrgScope, field: Field, made: Prescription) -> list[GivenPass]:
    """Return the passes that carried out a prescription."""
    states, found = PassStates(scope), []
    for field_pass in list_passes(scope, field.id, Window(made.created_ms, scope.now_ms + 1)):
        try:
            prescription = find_plan(scope, field_pass, PlanRequest()).prescription
        except AnalysisError:
            continue
        if prescription is not None and prescription.id == made.id:
            found.append(GivenPass(pass_id=field_pass.id, start_ms=field_pass.start_ms, state=states.of(field_pass)))
    return found
