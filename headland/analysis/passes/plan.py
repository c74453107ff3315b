"""What was planned for a pass and who said so. A plan that nobody named is told as such, and never a choice of many."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from headland.agronomy.application.as_applied import AsApplied
from headland.agronomy.geometry.local_plane import Plane
from headland.agronomy.geometry.outline import USABLE
from headland.agronomy.series.arrays import Values
from headland.analysis.errors import AnalysisError, PreconditionError
from headland.analysis.passes.detection import FieldPass
from headland.analysis.registry_access import repositories_of
from headland.analysis.scope import OrgScope
from headland.registry.models.errors import NotFound
from headland.registry.models.models import Season
from headland.registry.models.prescriptions import Prescription
from headland.registry.repositories.organisation_repositories import OrganisationRepositories
from headland.units_of_time import DAY_MS

#: Who said what the plan is, in the order in which it is believed.
ASKED_RATE: Final = "query_rate"
ASKED_PRESCRIPTION: Final = "query_prescription"
DECLARED_PRESCRIPTION: Final = "pass_prescription"
DECLARED_RATE: Final = "pass_rate"
FIELD_PRESCRIPTION: Final = "field_prescription"

#: A prescription of no season that is older than this is not taken for the plan of a pass that names none.
_STALE_MS: Final = 60 * DAY_MS


@dataclass(frozen=True, slots=True)
class PlanAsked:
    """What a request says of the plan: at most one of the two."""

    rate_ha: float | None = None
    prescription: str | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """One rate for all of the field, or a prescription; `source` says who said so."""

    source: str
    rate_ha: float | None
    prescription: Prescription | None

    @property
    def inputs(self) -> tuple[str, ...]:
        """What it rests on, as an answer's inputs name it."""
        if self.prescription is None:
            return (f"planned_rate_ha ({self.source})",)
        return (f"prescription {self.prescription.id} ({self.source})",)


@dataclass(frozen=True, slots=True)
class PlanMap:
    """A plan on a grid: the rate of each cell (NaN: no plan), its zone (-1: none), and the zones' own rates."""

    rate_ha: Values
    zone: NDArray[np.int64]
    zone_rates_ha: tuple[float, ...]


def find_plan(scope: OrgScope, one: FieldPass, asked: PlanAsked) -> Plan:
    """Return the plan of a pass; raises PreconditionError for none or several, AnalysisError for another field's.

    What the request names comes first, then what the pass names. Where neither does, it is the newest prescription of
    the field that was made before the pass and contradicts nothing that is known of it, if all such are for one
    product and one season.
    """
    repositories = repositories_of(scope)
    if asked.rate_ha is not None and asked.prescription is not None:
        raise AnalysisError("two-plans", "One plan at a time", "Give planned_rate_ha or prescription, not both.")
    if asked.rate_ha is not None:
        return Plan(ASKED_RATE, asked.rate_ha, None)
    if asked.prescription is not None:
        return _prescribed(repositories, one, asked.prescription, ASKED_PRESCRIPTION)
    declared = one.declared
    if declared is not None and declared.prescription is not None:
        return _prescribed(repositories, one, declared.prescription, DECLARED_PRESCRIPTION)
    if declared is not None and declared.planned_rate_ha is not None:
        return Plan(DECLARED_RATE, declared.planned_rate_ha, None)
    return Plan(FIELD_PRESCRIPTION, None, _newest_of_field(repositories, one))


def lay_plan(plan: Plan, drawn: AsApplied, plane: Plane) -> PlanMap:
    """Return a plan on the grid of an as-applied map; nothing is planned beside the usable field."""
    usable = drawn.places == USABLE
    if plan.prescription is None:
        rate_ha = float(plan.rate_ha or 0.0)
        return PlanMap(np.where(usable, rate_ha, np.nan), np.where(usable, 0, -1), (rate_ha,))
    east, north = np.meshgrid(*drawn.grid.centres_m())
    zone = np.where(usable, plan.prescription.zone_at(*plane.to_degrees(east, north)), -1)
    rates = tuple(each.rate_ha for each in plan.prescription.zones)
    return PlanMap(plan.prescription.rate_of_zone(zone), zone, rates)


def _prescribed(repositories: OrganisationRepositories, one: FieldPass, id: str, source: str) -> Plan:  # noqa: A002 - it is the record's id
    try:
        found = repositories.prescriptions.get(id)
    except NotFound as error:
        raise AnalysisError("unknown-prescription", "No such prescription", str(error)) from error
    if found.field != one.field.id:
        sentence = f"Prescription {id} is of another field than this pass."
        raise AnalysisError("other-field", "The plan is of another field", sentence)
    if one.unit is not None and found.unit != f"{one.unit}/ha":
        sentence = f"Prescription {id} is in {found.unit}, and the pass is known in {one.unit}."
        raise AnalysisError("other-unit", "Plan and pass are in different units", sentence)
    return Plan(source, None, found)


def _newest_of_field(repositories: OrganisationRepositories, one: FieldPass) -> Prescription:
    seasons = {each.id: each for each in repositories.seasons.all(field=one.field.id)}
    fits = [each for each in repositories.prescriptions.all(field=one.field.id) if _fits(each, one, seasons)]
    if not fits:
        sentence = (
            "Nobody has said what was planned, and the field has no prescription that must be it: declare the pass "
            "with its prescription or planned_rate_ha, or give one of them here."
        )
        raise PreconditionError("no-plan", "The plan is not known", sentence)
    if len({(each.product, each.season) for each in fits}) > 1:
        named = ", ".join(f"{each.id} ({each.name})" for each in fits)
        sentence = f"Several prescriptions of the field may be the plan: give one of {named} as prescription."
        raise PreconditionError("ambiguous-plan", "The plan is not clear", sentence)
    return max(fits, key=lambda each: (each.created_ms, each.id))


def _fits(each: Prescription, one: FieldPass, seasons: dict[str, Season]) -> bool:
    """Tell whether a prescription was there before a pass and contradicts nothing that is known of it."""
    declared = one.declared
    product, season = (None, None) if declared is None else (declared.product, declared.season)
    implement = None if one.implement is None else one.implement.id
    told = ((each.product, product), (each.season, season), (each.implement, implement))
    if any(theirs is not None and ours is not None and theirs != ours for theirs, ours in told):
        return False
    if each.created_ms > one.start_ms or (one.unit is not None and each.unit != f"{one.unit}/ha"):
        return False
    if each.season is not None and each.season in seasons:
        return season == each.season or holds(seasons[each.season], one.start_ms)
    return one.start_ms - each.created_ms <= _STALE_MS


def holds(season: Season, time_ms: int) -> bool:
    """Tell whether a moment lies between a season's sowing and its harvest, as far as these are known."""
    day = datetime.fromtimestamp(time_ms / 1000.0, UTC).date()
    after = season.sowing_date is None or day >= season.sowing_date
    return after and (season.harvest_date is None or day <= season.harvest_date)


def summarise_plan(plan: Plan) -> dict[str, Any]:
    """Return a plan as JSON: its source, and its rate or its prescription."""
    prescription = plan.prescription
    return {
        "source": plan.source,
        "rate_ha": plan.rate_ha,
        "prescription": None if prescription is None else prescription.id,
        "name": None if prescription is None else prescription.name,
        "product": None if prescription is None else prescription.product,
        "season": None if prescription is None else prescription.season,
    }
