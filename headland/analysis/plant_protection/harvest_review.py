"""Review of harvests and lots against every plant-protection treatment that stands now, whenever it was entered.

A treatment that is entered, corrected or withdrawn after a harvest, and a label that is changed after it, change what
is said of the harvest and of every lot that holds something of it. Nothing of it is stored: each door asks here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from headland.analysis.inputs.scope import OrgScope
from headland.analysis.plant_protection.growing_place import GrowingPlace, find_place, grown_from_ms
from headland.analysis.plant_protection.intervals import (
    IntervalState,
    RegisterReader,
    RunningInterval,
    judge_intervals,
    longest_reach_ms,
    treatments_before,
)
from headland.registry.models.lots import Harvest, Lot
from headland.registry.models.plant_protection import Treatment
from headland.registry.repositories.organisation_repositories import OrganisationRepositories

BreachKind = Literal["pre_harvest", "reentry"]
#: What is known of a lot: harvested within an interval; an interval is not known; no treatment on record breaches one.
LotState = Literal["breached", "not_known", "no_breach"]


@dataclass(frozen=True, slots=True)
class HarvestBreach:
    """A harvest on the local day `harvested_on`, within the interval of a treatment.

    `pre_harvest`: before the day on which the crop might be harvested. `reentry`: before the place might be entered,
    which concerns those who harvested and not what they harvested.
    """

    kind: BreachKind
    harvest: Harvest
    place: GrowingPlace
    harvested_on: date
    interval: RunningInterval

    @property
    def was_entered_late(self) -> bool:
        """Whether the treatment was entered after the harvest."""
        return self.interval.treatment.created_ms >= self.harvest.created_ms


@dataclass(frozen=True, slots=True)
class HarvestReview:
    """A harvest at its place against the treatments that stand: `unknown` are those since its growth began."""

    harvest: Harvest
    place: GrowingPlace
    state: IntervalState
    unknown: list[RunningInterval]

    @property
    def breaches(self) -> list[HarvestBreach]:
        """The intervals within which it was, the longest first; each treatment and product once for each kind."""
        longest = sorted(self.state.running, key=lambda each: (each.ends_on or self.state.day, each.product))
        return [
            *(self._breach("pre_harvest", each) for each in reversed(longest)),
            *(self._breach("reentry", each) for each in self.state.entry),
        ]

    def _breach(self, kind: BreachKind, interval: RunningInterval) -> HarvestBreach:
        return HarvestBreach(kind, self.harvest, self.place, self.state.day, interval)


@dataclass(frozen=True, slots=True)
class LotReview:
    """What the treatments that stand say of a lot, by the harvests that it holds something of."""

    harvests: tuple[HarvestReview, ...] = ()

    @property
    def breaches(self) -> list[HarvestBreach]:
        """The breaches of its harvests."""
        return [breach for review in self.harvests for breach in review.breaches]

    @property
    def unknown(self) -> list[RunningInterval]:
        """The intervals of its harvests that are not known."""
        return [interval for review in self.harvests for interval in review.unknown]

    @property
    def worst(self) -> HarvestBreach | None:
        """The breach of the pre-harvest interval that ends last; None where there is none."""
        return max(self.food, key=lambda each: (each.interval.ends_on or date.min, each.harvest.id), default=None)

    @property
    def food(self) -> list[HarvestBreach]:
        """The breaches of pre-harvest intervals."""
        return [each for each in self.breaches if each.kind == "pre_harvest"]

    @property
    def state(self) -> LotState:
        """The state of the lot, by its pre-harvest intervals."""
        return "breached" if self.food else "not_known" if self.unknown else "no_breach"


@dataclass(frozen=True, slots=True)
class TreatmentReview:
    """A treatment with the harvests within its intervals, and the lots that hold something of these.

    `lots` are the newest of them, `lot_count` counts all; only lots that stand count. Where a pre-harvest interval is
    breached they are those to recall, else those of the harvests within the re-entry interval.
    """

    treatment: Treatment
    place: GrowingPlace
    breaches: list[HarvestBreach]
    lots: Sequence[Lot]
    lot_count: int

    @property
    def worst(self) -> HarvestBreach:
        """The breach of the interval that ends last."""
        return max(self.breaches, key=lambda each: (each.interval.ends_on or date.min, each.harvest.id))

    @property
    def food(self) -> list[HarvestBreach]:
        """The breaches of pre-harvest intervals."""
        return [each for each in self.breaches if each.kind == "pre_harvest"]

    @property
    def harvests(self) -> list[str]:
        """The ids of the harvests to recall, each once."""
        return list(dict.fromkeys(each.harvest.id for each in self.food))


def review_lots(repositories: OrganisationRepositories, lots: Sequence[str]) -> dict[str, LotReview]:
    """Return the review of each lot by its id: of every harvest from which it is, packed, split and mixed."""
    above = repositories.lots.lineage.harvests_of_each(lots)
    harvests = {harvest.id: harvest for found in above.values() for harvest in found}
    reviews = {review.harvest.id: review for review in review_harvests(repositories, harvests.values())}
    return {lot: LotReview(tuple(reviews[harvest.id] for harvest in above[lot])) for lot in lots}


def review_lot(repositories: OrganisationRepositories, lot: str) -> LotReview:
    """Return the review of one lot."""
    return review_lots(repositories, [lot])[lot]


def review_harvests(repositories: OrganisationRepositories, harvests: Iterable[Harvest]) -> list[HarvestReview]:
    """Return the review of each harvest; of a deleted place too."""
    by_place: dict[tuple[str | None, str | None], list[Harvest]] = defaultdict(list)
    for harvest in harvests:
        by_place[harvest.field, harvest.zone].append(harvest)
    register = RegisterReader(repositories)
    reviews = []
    for (field_id, zone_id), some in by_place.items():
        place = find_place(repositories, field_id, zone_id)
        treatments = treatments_before(repositories, place, min(harvest.time_ms for harvest in some))
        reviews += [_review(repositories, register, place, harvest, treatments) for harvest in some]
    return reviews


def review_treatment(
    repositories: OrganisationRepositories, treatment: Treatment, most_lots: int = 20
) -> TreatmentReview | None:
    """Return the harvests within the intervals of a treatment that stands; None where there is none.

    A treatment that was corrected or withdrawn breaches nothing: the entry that replaces it is asked in its place.
    """
    if treatment.withdrawn or repositories.treatments.is_corrected(treatment.id):
        return None
    return _review_treatment(repositories, RegisterReader(repositories), treatment, most_lots)


def standing_breaches(scope: OrgScope) -> Sequence[TreatmentReview]:
    """Return `review_treatments`, computed again after each change of a record."""
    repositories = scope.repositories
    newest = repositories.newest_change()
    family = ("harvest-breaches", scope.organisation)
    key = (*family, newest.seq if newest else 0)
    return scope.cache.get(key, lambda: review_treatments(repositories), family)


def review_treatments(repositories: OrganisationRepositories, most_lots: int = 3) -> list[TreatmentReview]:
    """Return every treatment that stands with lots harvested within its pre-harvest interval, the newest first."""
    register = RegisterReader(repositories)
    found = [
        _review_treatment(repositories, register, treatment, most_lots, only_food=True)
        for treatment in repositories.treatments.list()
    ]
    known = [review for review in found if review is not None]
    return sorted(known, key=lambda review: (review.treatment.start_ms, review.treatment.id), reverse=True)


def _review_treatment(
    repositories: OrganisationRepositories,
    register: RegisterReader,
    treatment: Treatment,
    most_lots: int,
    *,
    only_food: bool = False,
) -> TreatmentReview | None:
    until_ms = longest_reach_ms(register, treatment)
    harvests = repositories.lots.harvested(treatment.field, treatment.zone, treatment.start_ms, until_ms)
    if not harvests:
        return None
    place = find_place(repositories, treatment.field, treatment.zone)
    breaches = [
        breach
        for harvest in harvests
        for breach in _review(repositories, register, place, harvest, [treatment]).breaches
        if breach.kind == "pre_harvest" or not only_food
    ]
    if not breaches:
        return None
    counted = [each for each in breaches if each.kind == "pre_harvest"] or breaches
    # A harvest that was taken back is in no lot.
    held = repositories.lots.lineage.descendants(list({each.harvest.id for each in counted}), limit=most_lots)
    if held.count == 0:
        return None
    return TreatmentReview(treatment, place, breaches, held.lots, held.count)


def _review(
    repositories: OrganisationRepositories,
    register: RegisterReader,
    place: GrowingPlace,
    harvest: Harvest,
    treatments: Iterable[Treatment],
) -> HarvestReview:
    # The growth limits what a lot inherits, not what may be in the crop: every treatment of two years counts.
    state = judge_intervals(register, place, harvest.crop, harvest.time_ms, treatments)
    unknown = state.unknown
    if unknown:
        since_ms = grown_from_ms(repositories, harvest)
        unknown = [each for each in unknown if each.treatment.end_ms >= since_ms]
    return HarvestReview(harvest, place, state, unknown)
