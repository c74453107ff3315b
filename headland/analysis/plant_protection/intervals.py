"""Pre-harvest intervals of a place: which run at a time, when they end, and which are not known."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from headland.agronomy.plant_protection.checks import interval_end
from headland.analysis.plant_protection.growing_place import GrowingPlace
from headland.analysis.plant_protection.labels import find_use, label_of
from headland.registry.models.plant_protection import Treatment
from headland.registry.repositories.organisation_repositories import OrganisationRepositories
from headland.units_of_time import DAY_MS

#: The longest interval that a label can have.
_LONGEST_MS: Final = 731 * DAY_MS


@dataclass(frozen=True, slots=True)
class RunningInterval:
    """The interval of one product of a treatment: treated on a local day, over on `ends_on`.

    `ends_on` is None where the label has no interval, or not this crop (`is_on_label` false).
    """

    treatment: Treatment
    product: str
    registration_number: str
    treated_on: date
    ends_on: date | None
    is_on_label: bool
    is_sample: bool


@dataclass(frozen=True, slots=True)
class IntervalState:
    """The intervals of a crop at a place on a local day: those that run, and those that are not known."""

    day: date
    running: list[RunningInterval]
    unknown: list[RunningInterval]
    over: list[RunningInterval]

    @property
    def ends_on(self) -> date | None:
        """The first day on which no interval runs; None where none runs."""
        return max((interval.ends_on for interval in self.running if interval.ends_on is not None), default=None)


def intervals_at(
    repositories: OrganisationRepositories, place: GrowingPlace, crop: str, time_ms: int, from_ms: int | None = None
) -> IntervalState:
    """Return the intervals at an instant, of treatments that had begun then and ended after `from_ms`.

    By default those of the last two years count: no interval is longer.
    """
    day = place.day_of(time_ms)
    state = IntervalState(day, [], [], [])
    treatments = repositories.treatments.list(
        field=None if place.field is None else place.field.id,
        zone=None if place.zone is None else place.zone.id,
        from_ms=max(0, time_ms - _LONGEST_MS),
    )
    for treatment in treatments:
        if treatment.start_ms > time_ms or (from_ms is not None and treatment.end_ms < from_ms):
            continue
        for interval in _intervals_of(repositories, place, crop, treatment):
            if interval.ends_on is None:
                state.unknown.append(interval)
            elif day < interval.ends_on:
                state.running.append(interval)
            else:
                state.over.append(interval)
    return state


def _intervals_of(
    repositories: OrganisationRepositories, place: GrowingPlace, crop: str, treatment: Treatment
) -> list[RunningInterval]:
    treated_on = place.day_of(treatment.end_ms - 1)
    found = []
    for part in treatment.mix:
        product = repositories.plant_protection.get(part.product, also_deleted=True)
        use = find_use(product, crop, treatment.target)
        end_day = None if use is None else interval_end(treated_on.toordinal(), label_of(use))
        ends_on = None if end_day is None else date.fromordinal(end_day)
        found.append(
            RunningInterval(
                treatment,
                product.name,
                product.registration_number,
                treated_on,
                ends_on,
                is_on_label=use is not None,
                is_sample=product.is_sample,
            )
        )
    return found
