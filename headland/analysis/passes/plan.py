"""Plan of a pass: a rate or a prescription, with its source."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Final

import numpy as np
from numpy.typing import NDArray

from headland.agronomy.application.as_applied import AsApplied
from headland.agronomy.geometry.local_plane import Plane
from headland.agronomy.geometry.outline import USABLE
from headland.agronomy.series.arrays import Values
from headland.analysis.inputs.errors import AnalysisError, PreconditionError
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.passes.detection import FieldPass
from headland.registry.models.errors import NotFound
from headland.registry.models.models import Season
from headland.registry.models.prescriptions import Prescription
from headland.registry.repositories.organisation_repositories import OrganisationRepositories
from headland.units_of_time import DAY_MS

#: Sources of a plan, the one with the highest precedence first.
ASKED_RATE: Final = "query_rate"
ASKED_PRESCRIPTION: Final = "query_prescription"
DECLARED_PRESCRIPTION: Final = "pass_prescription"
DECLARED_RATE: Final = "pass_rate"
FIELD_PRESCRIPTION: Final = "field_prescription"

#: A prescription without a season is the plan of a pass that names none only while it is newer than this.
_STALE_MS: Final = 60 * DAY_MS


@dataclass(frozen=True, slots=True)
class PlanRequest:
    """The plan that a request names: at most one of the two."""

    rate_ha: float | None = None
    prescription: str | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """One rate for the whole field, or a prescription; `source` names where it was given."""

    source: str
    rate_ha: float | None
    prescription: Prescription | None

    @property
    def inputs(self) -> tuple[str, ...]:
        """The plan as an answer's inputs name it."""
        if self.prescription is None:
            return (f"planned_rate_ha ({self.source})",)
        return (f"prescription {self.prescription.id} ({self.source})",)

    @property
    def key(self) -> Hashable:
        """Everything that results about the plan depend on."""
        prescription = self.prescription
        version = None if prescription is None else (prescription.id, prescription.version, prescription.changed_ms)
        return self.source, self.rate_ha, version


@dataclass(frozen=True, slots=True)
class PlanSummary:
    """Plan of a pass: one rate (`rate_ha`), or a prescription; `source` names its origin."""

    source: Annotated[
        str,
        "query_rate, query_prescription, pass_prescription, pass_rate, or field_prescription: "
        "the field's newest that was made before the pass and contradicts nothing known of it.",
    ]
    rate_ha: float | None
    prescription: str | None
    name: Annotated[str | None, "Name of the prescription; null for one rate."]
    product: Annotated[str | None, "Id of the prescription's product; null where none is known."]
    season: str | None


@dataclass(frozen=True, slots=True)
class PlanMap:
    """A plan on a grid: the rate of each cell (NaN: no plan), its zone (-1: none), and the zones' own rates."""

    rate_ha: Values
    zone: NDArray[np.int64]
    zone_rates_ha: tuple[float, ...]


def find_plan(scope: OrgScope, field_pass: FieldPass, plan_request: PlanRequest) -> Plan:
    """Return the plan of a pass; raises PreconditionError for none or several, AnalysisError for another field's.

    The request's plan takes precedence over the pass's own. Where neither names one, the plan is the newest
    prescription of the field that was made before the pass and agrees with all that is known about it, if all such
    prescriptions are for one product and one season.
    """
    repositories = scope.repositories
    if plan_request.rate_ha is not None and plan_request.prescription is not None:
        raise AnalysisError("two-plans", "Two plans given", "Give planned_rate_ha or prescription, not both.")
    if plan_request.rate_ha is not None:
        return Plan(ASKED_RATE, plan_request.rate_ha, None)
    if plan_request.prescription is not None:
        return _prescribed(repositories, field_pass, plan_request.prescription, ASKED_PRESCRIPTION)
    declared = field_pass.declared
    if declared is not None and declared.prescription is not None:
        return _prescribed(repositories, field_pass, declared.prescription, DECLARED_PRESCRIPTION)
    if declared is not None and declared.planned_rate_ha is not None:
        return Plan(DECLARED_RATE, declared.planned_rate_ha, None)
    return Plan(FIELD_PRESCRIPTION, None, _newest_of_field(repositories, field_pass))


def rasterise_plan(plan: Plan, applied_map: AsApplied, plane: Plane) -> PlanMap:
    """Return a plan on the grid of an as-applied map; nothing is planned outside the usable field."""
    usable = applied_map.places == USABLE
    if plan.prescription is None:
        rate_ha = float(plan.rate_ha or 0.0)
        return PlanMap(np.where(usable, rate_ha, np.nan), np.where(usable, 0, -1), (rate_ha,))
    east, north = np.meshgrid(*applied_map.grid.centres_m())
    zone = np.where(usable, plan.prescription.zone_at(*plane.to_degrees(east, north)), -1)
    rates = tuple(prescribed.rate_ha for prescribed in plan.prescription.zones)
    return PlanMap(plan.prescription.rate_of_zone(zone), zone, rates)


def _prescribed(repositories: OrganisationRepositories, field_pass: FieldPass, id: str, source: str) -> Plan:  # noqa: A002 - it is the record's id
    try:
        prescription = repositories.prescriptions.get(id)
    except NotFound as error:
        raise AnalysisError("unknown-prescription", "No such prescription", str(error)) from error
    if prescription.field != field_pass.field.id:
        sentence = f"Prescription {id} belongs to another field: give one of this pass's field."
        raise AnalysisError("other-field", "Plan belongs to another field", sentence)
    if field_pass.unit is not None and prescription.unit != f"{field_pass.unit}/ha":
        sentence = f"Prescription {id} is in {prescription.unit}, but the pass is measured in {field_pass.unit}."
        raise AnalysisError("other-unit", "Units of plan and pass differ", sentence)
    return Plan(source, None, prescription)


def _newest_of_field(repositories: OrganisationRepositories, field_pass: FieldPass) -> Prescription:
    seasons = {season.id: season for season in repositories.seasons.all(field=field_pass.field.id)}
    every = repositories.prescriptions.all(field=field_pass.field.id)
    fitting = [prescription for prescription in every if _fits(prescription, field_pass, seasons)]
    if not fitting:
        sentence = (
            "The pass names no plan, and no prescription of the field is certain to be it: declare the pass with its "
            "prescription or planned_rate_ha, or give one of them here."
        )
        raise PreconditionError("no-plan", "Plan unknown", sentence)
    if len({(prescription.product, prescription.season) for prescription in fitting}) > 1:
        named = ", ".join(f"{prescription.id} ({prescription.name})" for prescription in fitting)
        sentence = f"Several prescriptions of the field may be the plan: give one of {named} as prescription."
        raise PreconditionError("ambiguous-plan", "Plan ambiguous", sentence)
    return max(fitting, key=lambda prescription: (prescription.created_ms, prescription.id))


def _fits(prescription: Prescription, field_pass: FieldPass, seasons: dict[str, Season]) -> bool:
    """Return whether a prescription existed before a pass and agrees with all that is known about the pass."""
    declared = field_pass.declared
    product, season = (None, None) if declared is None else (declared.product, declared.season)
    implement = None if field_pass.implement is None else field_pass.implement.id
    pairs = (
        (prescription.product, product),
        (prescription.season, season),
        (prescription.implement, implement),
    )
    if any(theirs is not None and ours is not None and theirs != ours for theirs, ours in pairs):
        return False
    if prescription.created_ms > field_pass.start_ms or (
        field_pass.unit is not None and prescription.unit != f"{field_pass.unit}/ha"
    ):
        return False
    if prescription.season is not None and prescription.season in seasons:
        return season == prescription.season or season_contains(seasons[prescription.season], field_pass.start_ms)
    return field_pass.start_ms - prescription.created_ms <= _STALE_MS


def season_contains(season: Season, time_ms: int) -> bool:
    """Return whether an instant is between a season's sowing and its harvest, as far as these are known."""
    day = datetime.fromtimestamp(time_ms / 1000.0, UTC).date()
    after = season.sowing_date is None or day >= season.sowing_date
    return after and (season.harvest_date is None or day <= season.harvest_date)


def summarise_plan(plan: Plan) -> PlanSummary:
    """Return a plan as an answer: its source, and its rate or its prescription."""
    prescription = plan.prescription
    if prescription is None:
        return PlanSummary(plan.source, plan.rate_ha, None, None, None, None)
    named = (prescription.id, prescription.name, prescription.product, prescription.season)
    return PlanSummary(plan.source, plan.rate_ha, *named)
